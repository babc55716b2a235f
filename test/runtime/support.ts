// What the runtime's tests build jobs from: scripted sources, sinks of any speed, operators that pass, yield, or fail where
// they are told to, and plans put together by hand. Everything counts how often it was opened and closed.
import type { Batch } from "../../src/arrow/batch.js";
import type { Workspace } from "../../src/arrow/column.js";
import { INT64, parseSchema, type Schema } from "../../src/arrow/types.js";
import type { Operator, OperatorContext, Output, SideOutput, SplitEvent } from "../../src/operators/operator.js";
import type { Sink, SinkContext } from "../../src/operators/sink.js";
import type { Poll, Source, SourceContext } from "../../src/operators/source.js";
import { Union } from "../../src/operators/union.js";
import { Watermark } from "../../src/operators/watermark.js";
import { WindowAggregate } from "../../src/operators/window-aggregate.js";
import type { PhysicalNode, PhysicalOf, PhysicalPlan } from "../../src/plan/physical.js";
import type { Judge } from "../../src/plan/window.js";
import { type Completion, promised } from "../../src/platform/platform.js";
import { SimPlatform } from "../../src/platform/sim.js";
import type { Factory } from "../../src/runtime/graph.js";
import { Job, type JobOptions } from "../../src/runtime/job.js";
import type { SnapshotReader, SnapshotWriter, StateValue } from "../../src/state/snapshot.js";
import { formatBatch, openTestWorkspace, type TestWorkspace } from "../../src/testing/index.js";
import { MemoryAccount } from "../../src/wasm/memory.js";

/** Where something fails on purpose. */
export type Fault = "open" | "batch" | "watermark" | "split" | "resume" | "finish" | "close";

class Planned extends Error {}

/** What a source delivers: batches, split events before them, and pauses until an answer from outside. */
export type Script = readonly (Batch | SplitEvent | "pause")[];

export class ScriptedSource implements Source {
  readonly schema: Schema;
  mayIdle = true;
  opened = 0;
  closed = 0;
  /** The next piece of the script. */
  at = 0;
  fault: Fault | null = null;
  readonly #script: Script;
  readonly #pauseMs: number;
  #context!: SourceContext;
  #waiting = false;

  constructor(schema: Schema, script: Script, pauseMs = 5) {
    this.schema = schema;
    this.#script = script;
    this.#pauseMs = pauseMs;
  }

  open(context: SourceContext): void {
    this.opened++;
    this.#context = context;
    if (this.fault === "open") throw new Planned("open");
    // Splits that the script begins with are announced at once, as sources do.
    while (isEvent(this.#script[this.at])) context.split(this.#script[this.at++] as SplitEvent);
  }

  poll(): Poll {
    if (this.#waiting) return "blocked";
    const piece = this.#script[this.at++];
    if (piece === undefined) return "done";
    if (this.fault === "batch" && piece !== "pause") throw new Planned("batch");
    if (piece === "pause") {
      this.#waiting = true;
      this.#context.platform.scheduler.after(this.#pauseMs, () => {
        this.#waiting = false;
        this.#context.wake();
      });
      return "blocked";
    }
    if (isEvent(piece)) {
      this.#context.split(piece);
      return this.poll();
    }
    return piece.within(this.#context.workspace);
  }

  /** How far event time is in a split, as the source is told. */
  progressMs(split: number): number {
    return this.#context.progressMs(split);
  }

  snapshot(): StateValue {
    return this.at;
  }

  restore(state: StateValue): void {
    this.at = state as number;
  }

  progress() {
    return { doneBytes: this.at, totalBytes: this.#script.length };
  }

  close(done: Completion<void>): void {
    this.closed++;
    if (this.fault === "close") throw new Planned("close");
    this.#context.platform.scheduler.after(2, () => done(null));
  }
}

function isEvent(piece: Script[number] | undefined): piece is SplitEvent {
  return typeof piece === "object" && "status" in piece;
}

/** Keeps what it gets as text. With `delayMs` it is busy for so long after every batch. */
export class CollectingSink implements Sink {
  readonly delayMs: number;
  opened = 0;
  finished = 0;
  aborted = 0;
  fault: Fault | null = null;
  ready = true;
  readonly lines: string[] = [];
  readonly watermarks: number[] = [];
  context!: SinkContext;

  constructor(delayMs = 0) {
    this.delayMs = delayMs;
  }

  open(context: SinkContext): void {
    this.opened++;
    this.context = context;
    if (this.fault === "open") throw new Planned("open");
  }

  write(batch: Batch): void {
    if (!this.ready) throw new Error("written to while not ready");
    if (this.fault === "batch") throw new Planned("batch");
    this.lines.push(...formatBatch(batch, false).split("\n"));
    if (this.delayMs === 0) return;
    this.ready = false;
    this.context.platform.scheduler.after(this.delayMs, () => {
      this.ready = true;
      this.context.wake();
    });
  }

  watermark(timeMs: number): void {
    this.watermarks.push(timeMs);
  }

  finish(done: Completion<void>): void {
    this.finished++;
    this.context.platform.scheduler.after(3, () => done(this.fault === "finish" ? new Planned("finish") : null));
  }

  abort(done: Completion<void>): void {
    this.aborted++;
    this.context.platform.scheduler.after(3, () => done(null));
  }
}

/** Passes everything on, holds some memory, and can emit each batch row by row, yielding in between. */
export class Passing implements Operator {
  readonly fault: Fault | null;
  readonly byRow: boolean;
  opened = 0;
  closed = 0;
  #context!: OperatorContext;
  #held = 0;
  #rest: Batch | null = null;
  #at = 0;
  batches = 0;

  constructor(options: { fault?: Fault | null; byRow?: boolean } = {}) {
    this.fault = options.fault ?? null;
    this.byRow = options.byRow ?? false;
  }

  get pending(): boolean {
    return this.#rest !== null;
  }

  open(context: OperatorContext): void {
    this.opened++;
    this.#context = context;
    this.#held = context.workspace.account.allocate(1000);
    this.#fail("open");
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    if (this.#rest !== null) throw new Error("given a batch while pending");
    this.#fail("batch");
    this.batches++;
    if (!this.byRow) {
      out.emit(batch);
      return;
    }
    this.#rest = batch.persist();
    this.#at = 0;
    this.#goOn(out);
  }

  processWatermark(timeMs: number, out: Output): void {
    if (this.#rest !== null) throw new Error("given a watermark while pending");
    this.#fail("watermark");
    out.watermark(timeMs);
  }

  processSplit(event: SplitEvent, out: Output): void {
    this.#fail("split");
    out.split(event);
  }

  resume(out: Output): void {
    this.#fail("resume");
    this.#goOn(out);
  }

  snapshot(writer: SnapshotWriter): void {
    writer.value("batches", this.batches);
  }

  restore(reader: SnapshotReader): void {
    this.batches = reader.value("batches") as number;
  }

  close(): void {
    this.closed++;
    this.#context.workspace.account.free(this.#held, 1000);
    this.#rest?.release();
    this.#rest = null;
    this.#fail("close");
  }

  #goOn(out: Output): void {
    const rest = this.#rest as Batch;
    do out.emit(rest.slice(this.#at, ++this.#at));
    while (this.#at < rest.rowCount && !this.#context.shouldYield());
    if (this.#at < rest.rowCount) return;
    rest.release();
    this.#rest = null;
  }

  #fail(at: Fault): void {
    if (this.fault === at) throw new Planned(at);
  }
}

/** A plan by hand: sources, operators and sinks with their inputs, each known by its name. */
export class Bench {
  readonly sim: SimPlatform;
  readonly test: TestWorkspace;
  readonly nodes: PhysicalNode[] = [];
  readonly sources = new Map<string, Source>();
  readonly operators = new Map<string, Operator>();
  readonly sinks = new Map<string, Sink>();
  readonly #limitBytes: number | undefined;

  static async open(seed = 1, limitBytes?: number): Promise<Bench> {
    return new Bench(new SimPlatform(seed), await openTestWorkspace(), limitBytes);
  }

  private constructor(sim: SimPlatform, test: TestWorkspace, limitBytes: number | undefined) {
    this.sim = sim;
    this.test = test;
    this.#limitBytes = limitBytes;
  }

  /** The account of the job started last; every job has its own, so that what it leaves behind is seen. */
  account!: MemoryAccount;

  source<S extends Source>(name: string, source: S): S {
    this.sources.set(name, source);
    this.#add({ kind: "source", name, table: table(name), predicate: null }, source.schema, []);
    return source;
  }

  /** An operator; several inputs make a union. An input is written `node`, or `node:late` for a side output. */
  operator<O extends Operator>(name: string, inputs: readonly string[], operator: O, schema = this.#schema(inputs)): O {
    this.operators.set(name, operator);
    this.#add({ kind: "union", name }, schema, inputs);
    return operator;
  }

  /** A watermark on the first column, in a plan as lowered: the source above can ask it how far a split is. */
  watermark(
    name: string,
    input: string,
    spec: { delayMs?: number; idleMs?: number; windowMs?: number } = {},
  ): Watermark {
    const { delayMs = 0, idleMs = null, windowMs } = spec;
    const schema = this.#schema([input]);
    const tumbling = (sizeMs: number) => ({ kind: "tumble", sizeMs, offsetMs: 0 }) as const;
    const judges: readonly Judge[] =
      windowMs === undefined ? [] : [{ window: tumbling(windowMs), latenessMs: 0, lateRead: false }];
    const limits = { column: 0, delayMs, idleMs, quietMs: null, maxFutureDriftMs: null, judges };
    this.#add({ kind: "watermark", name, ...limits }, schema, [input]);
    const operator = new Watermark(this.nodes.at(-1) as PhysicalOf<"watermark">);
    this.operators.set(name, operator);
    return operator;
  }

  /** Counts rows by the second column in tumbling windows over the first. */
  count(name: string, input: string, sizeMs: number): WindowAggregate {
    const schema = parseSchema({
      windowStart: "TIMESTAMP(3)",
      windowEnd: "TIMESTAMP(3)",
      windowTime: "TIMESTAMP(3)",
      key: "STRING",
      n: "BIGINT NOT NULL",
    });
    const aggregates = [{ name: "n", fn: "count_star", column: -1, type: INT64 }];
    const window = { kind: "tumble", sizeMs, offsetMs: 0 } as const;
    const grouping = { window, timeColumn: 0, latenessMs: 0, keys: [1], aggregates };
    this.#add({ kind: "window-aggregate", name, ...grouping }, schema, [input]);
    const node = this.nodes.at(-1) as PhysicalOf<"window-aggregate">;
    const operator = new WindowAggregate(node, window, this.#schema([input]));
    this.operators.set(name, operator);
    return operator;
  }

  union(name: string, inputs: readonly string[]): Union {
    return this.operator(name, inputs, new Union());
  }

  sink<S extends Sink>(name: string, input: string, sink: S): S {
    this.sinks.set(name, sink);
    this.#add({ kind: "sink", name, table: table(name) }, this.#schema([input]), [input]);
    return sink;
  }

  get plan(): PhysicalPlan {
    return { nodes: this.nodes };
  }

  readonly factory: Factory = {
    source: (node) => this.sources.get(node.name) as Source,
    sink: (node) => this.sinks.get(node.name) as Sink,
    operator: (node) => this.operators.get(node.name) as Operator,
  };

  /** Starts a job over the plan. Its trace goes into the simulator's hash. */
  start(options: Partial<JobOptions> = {}): Job {
    const { memory, kernels } = this.test;
    this.account = new MemoryAccount(memory, this.#limitBytes);
    const workspace: Workspace = { account: this.account, kernels };
    const job = new Job({ platform: this.sim, workspace, ...options });
    job.trace((event) => this.sim.record("uid" in event ? event.uid : "job", JSON.stringify(event)));
    job.start(this.plan, this.factory);
    return job;
  }

  /** Runs the plan to its end. */
  async run(options: Partial<JobOptions> = {}): Promise<Job> {
    const job = this.start(options);
    await this.sim.drive(job.done);
    return job;
  }

  async wait(ms: number): Promise<void> {
    await this.sim.drive(promised<void>((done) => void this.sim.scheduler.after(ms, () => done(null))));
  }

  /** What jobs wrote to the log: warnings, errors while closing, memory that was not given back. A clean job says nothing. */
  get complaints(): string[] {
    return this.sim.lines.map(({ message }) => message);
  }

  #schema(inputs: readonly string[]): Schema {
    return (this.nodes[this.#input(inputs[0] as string).node] as PhysicalNode).schema;
  }

  #input(text: string): PhysicalNode["inputs"][0] {
    const [name, side] = text.split(":");
    return { node: this.nodes.findIndex((node) => node.name === name), side: (side ?? null) as SideOutput | null };
  }

  #add(
    node: { kind: PhysicalNode["kind"]; name: string; [more: string]: unknown },
    schema: Schema,
    inputs: readonly string[],
  ): void {
    const common = { uid: node.name, schema, inputs: inputs.map((input) => this.#input(input)), rowPolicy: "fail" };
    this.nodes.push({ ...node, ...common } as PhysicalNode);
  }
}

function table(name: string) {
  return { id: name, connector: "test", name, options: {} };
}
