// The life of a job: it is bound, started, stepped task by task, finished or stopped, and closes everything exactly once.
// The first error wins. Nothing in here waits: turns come from the platform's scheduler, answers through completions.
import type { Workspace } from "../arrow/column.js";
import { AbortError, PlanError } from "../errors.js";
import type { PhysicalPlan } from "../plan/physical.js";
import { loadPart } from "../platform/errors.js";
import type { Platform } from "../platform/platform.js";
import type { ChannelLimits } from "./channel.js";
import type { EdgePlace } from "./edge.js";
import { type Factory, Graph, type OpenSink } from "./graph.js";
import { located, type Task } from "./task.js";
import { type JobState, type NodeReport, type Sample, Trace, type TraceEvent, type TraceOptions } from "./trace.js";

export interface JobOptions {
  readonly platform: Platform;
  /** The account is the job's own: what is left in it at the end is given back. */
  readonly workspace: Workspace;
  readonly signal?: AbortSignal;
  readonly batchRowsMax?: number;
  /** How long a task works before others, and the host, have their turn. */
  readonly stepMs?: number;
  readonly channelLimits?: ChannelLimits;
  /** For messages. */
  readonly name?: string;
  /** Why the job runs in this thread. */
  readonly why?: string;
  /** Called when everything is closed; within the constructor when the signal is aborted already. */
  readonly ended?: (job: Job) => void;
}

/** Which thread does the work of a job, and why that one; `starting` while it is not known yet. */
export interface JobMode {
  readonly thread: "starting" | "main" | "worker";
  readonly why: string;
}

/** Totals of a job that ran to its end. */
export interface JobTotals {
  /** Rows that the sources delivered. */
  readonly rowsIn: number;
  /** Rows that the sinks took. */
  readonly rowsOut: number;
  readonly lateRows: number;
  readonly partiallyLateRows: number;
  readonly duplicateRows: number;
  readonly badRows: number;
  readonly elapsedMs: number;
}

/** The plan that runs, as plain data: nodes in its order, edges in the order that samples have them in. */
export interface GraphReport {
  readonly nodes: readonly {
    readonly uid: string;
    readonly kind: string;
    readonly name: string;
    /** What EXPLAIN says: a title and lines of detail. */
    readonly title: string;
    readonly details: readonly string[];
  }[];
  readonly edges: readonly EdgePlace[];
}

export interface Progress {
  /** Rows that the sources have delivered. */
  readonly rows: number;
  readonly doneBytes: number;
  /** null while a source cannot tell. */
  readonly totalBytes: number | null;
}

type EndState = "done" | "failed" | "cancelled";

const STEP_MS = 8;
/** Timers of Node and browsers fire at once beyond that (HTML, timers: a signed 32-bit long). A task is armed again. */
const TIMER_MAX_MS = 2 ** 31 - 1;
const BATCH_ROWS = 8192;
const CHANNEL_LIMITS: ChannelLimits = { rows: 65_536, bytes: 16 * 2 ** 20 };

/** `Symbol.asyncDispose` where the host has it (Node ≥ 20, Chromium ≥ 134), else what TypeScript's helpers look for. */
export const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for("Symbol.asyncDispose") as typeof Symbol.asyncDispose);

export class Job implements AsyncDisposable {
  /** Settles when everything is closed; rejects with the first error, or the reason of the cancellation. */
  readonly done: Promise<JobTotals>;
  readonly #options: JobOptions;
  readonly #trace: Trace;
  readonly #startedMs: number;
  readonly #timers = new Map<Task, () => void>();
  readonly #scheduled = new Set<Task>();
  readonly #running = new Set<Task>();
  readonly #finished = new Set<OpenSink>();
  #state: JobState = "starting";
  #graph: Graph | null = null;
  #closing = false;
  #busy = false;
  #stopLater: [EndState, unknown] | null = null;
  #resolve!: (totals: JobTotals) => void;
  #reject!: (error: unknown) => void;

  constructor(options: JobOptions) {
    this.#options = options;
    const { clock, scheduler } = options.platform;
    this.#trace = new Trace(() => clock.monotonicMs(), {
      take: () => this.#sample(),
      after: (delayMs, turn) => scheduler.after(delayMs, turn),
      idle: () => {
        for (const edge of this.#graph?.edges ?? []) edge.look(null);
      },
    });
    this.#startedMs = clock.monotonicMs();
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (options.signal?.aborted) this.#abort();
    else options.signal?.addEventListener("abort", this.#abort, { once: true });
  }

  get state(): JobState {
    return this.#state;
  }

  get mode(): JobMode {
    return { thread: "main", why: this.#options.why ?? "an engine of this host has one thread" };
  }

  /** Builds and starts the plan; does nothing when the job was stopped meanwhile. Errors end the job. */
  start(plan: PhysicalPlan, factory: Factory, restore?: (task: Task) => void): void {
    if (this.#closing) return;
    this.#guarded(() => {
      const { platform, workspace } = this.#options;
      this.#graph = new Graph(plan, {
        platform,
        workspace,
        trace: this.#trace,
        factory,
        batchRowsMax: this.#options.batchRowsMax ?? BATCH_ROWS,
        channelLimits: this.#options.channelLimits ?? CHANNEL_LIMITS,
        schedule: (task) => this.#schedule(task),
        arm: (task) => this.#arm(task),
        fail: (error) => this.fail(error),
      });
      this.#enter("running");
      this.#graph.open(restore);
      for (const task of this.#graph.tasks) {
        this.#running.add(task);
        this.#schedule(task);
      }
    });
  }

  /** Ends the job with an error, unless it is ending already. One that somebody stopped it with is no failure. */
  fail(error: unknown): void {
    this.#stop(error instanceof AbortError ? "cancelled" : "failed", located(error, null));
  }

  /** Stops the job; resolves when everything is closed. Does nothing after the end. */
  async cancel(reason?: unknown): Promise<void> {
    // Who cancels knows that the job does not end well; nobody else has to listen.
    const closed = this.done.then(nothing, nothing);
    this.#stop("cancelled", reason ?? new AbortError("CANCELLED", "the job was cancelled"));
    await closed;
  }

  /** Moves the event time of every stream on, in a step to come; what has no rows yet has no time to move. */
  advanceTime(ms: number): void {
    checkAdvance(ms);
    for (const task of this.#running) task.advanceTime(ms);
  }

  [asyncDispose](): Promise<void> {
    return this.cancel();
  }

  /** One report a node, in the order of the plan; empty before the plan is bound. */
  metrics(): readonly NodeReport[] {
    return (this.#graph?.outlets ?? []).map(({ uid, name, metrics }) => ({ uid, name, ...metrics }));
  }

  /** The plan with what each node did until this call (EXPLAIN ANALYZE); empty before the plan is bound. */
  async explain(): Promise<string> {
    if (this.#graph === null) return "";
    const { plan } = this.#graph;
    const metrics = this.metrics();
    const { explainAnalyze } = await loadPart("EXPLAIN", () => import("../plan/explain.js"));
    return explainAnalyze(plan, metrics);
  }

  /** Nodes and edges of the plan that runs; empty before the plan is bound. */
  async graph(): Promise<GraphReport> {
    if (this.#graph === null) return { nodes: [], edges: [] };
    const { plan, edges } = this.#graph;
    const { describePhysical } = await loadPart("EXPLAIN", () => import("../plan/describe.js"));
    return {
      nodes: plan.nodes.map((node) => {
        const { uid, kind, name } = node;
        return { uid, kind, name, ...describePhysical(node, plan) };
      }),
      edges: edges.map(({ place }) => place),
    };
  }

  progress(): Progress {
    let doneBytes = 0;
    let totalBytes: number | null = 0;
    for (const source of this.#graph?.sources ?? []) {
      const progress = source.progress();
      doneBytes += progress.doneBytes;
      totalBytes = totalBytes === null || progress.totalBytes === null ? null : totalBytes + progress.totalBytes;
    }
    return { rows: this.#totals().rowsIn, doneBytes, totalBytes: this.#graph === null ? null : totalBytes };
  }

  /** Events from now on, as an iterable or to a listener that is called inside the step; the latter gives how to stop. */
  trace(options?: Partial<TraceOptions>): AsyncIterableIterator<TraceEvent>;
  trace(listener: (event: TraceEvent) => void): () => void;
  trace(
    wanted?: Partial<TraceOptions> | ((event: TraceEvent) => void),
  ): AsyncIterableIterator<TraceEvent> | (() => void) {
    return typeof wanted === "function" ? this.#trace.listen(wanted) : this.#trace.read(wanted);
  }

  #sample(): Sample {
    const { clock } = this.#options.platform;
    const nowMs = clock.monotonicMs();
    const edges = (this.#graph?.edges ?? []).map((edge) => edge.report(nowMs));
    return { kind: "sample", nowMs: clock.nowMs(), nodes: this.metrics(), edges };
  }

  get #name(): string {
    return this.#options.name ?? "a job";
  }

  readonly #abort = (): void => {
    void this.cancel(this.#options.signal?.reason);
  };

  #enter(state: JobState): void {
    this.#state = state;
    this.#trace.emit({ kind: "state", state });
  }

  #schedule(task: Task): void {
    if (this.#closing || this.#scheduled.has(task)) return;
    this.#scheduled.add(task);
    this.#options.platform.scheduler.soon(() => this.#turn(task));
  }

  #turn(task: Task): void {
    this.#scheduled.delete(task);
    if (this.#closing || !this.#running.has(task)) return;
    this.#guarded(() => {
      const result = task.step(this.#options.stepMs ?? STEP_MS);
      if (result === "ready") this.#schedule(task);
      else if (result === "done") this.#taskDone(task);
      else this.#arm(task);
    });
  }

  /** Runs code of operators and users. It may stop the job, but nothing is closed under its feet. */
  #guarded(work: () => void): void {
    this.#busy = true;
    try {
      work();
    } catch (error) {
      this.fail(error);
    } finally {
      this.#busy = false;
    }
    if (this.#stopLater !== null) this.#stop(...this.#stopLater);
  }

  /** A blocked task is woken by what it waits for, or by the clock when something in it goes by that. */
  #arm(task: Task): void {
    this.#timers.get(task)?.();
    this.#timers.delete(task);
    const delayMs = task.timerMs;
    if (this.#closing || delayMs === Number.POSITIVE_INFINITY) return;
    const cancel = this.#options.platform.scheduler.after(Math.min(delayMs, TIMER_MAX_MS), () => this.#schedule(task));
    this.#timers.set(task, cancel);
  }

  #taskDone(task: Task): void {
    this.#running.delete(task);
    if (this.#running.size === 0) this.#finish();
  }

  /** All rows are with the sinks. None is finished before that: an error elsewhere must not leave half a program published. */
  #finish(): void {
    this.#enter("finishing");
    const sinks = this.#graph?.sinks ?? [];
    let left = sinks.length;
    if (left === 0) this.#stop("done", null);
    for (const sink of sinks) {
      if (this.#closing || this.#stopLater !== null) return;
      sink.operator.finish((error) => {
        if (error !== null) this.fail(located(error, sink.outlet));
        else {
          this.#finished.add(sink);
          if (--left === 0) this.#stop("done", null);
        }
      });
    }
  }

  /** Closes everything once, then ends in `state`. */
  #stop(state: EndState, reason: unknown): void {
    if (this.#closing) return;
    if (this.#busy) {
      this.#stopLater ??= [state, reason];
      return;
    }
    this.#closing = true;
    this.#options.signal?.removeEventListener("abort", this.#abort);
    for (const cancel of this.#timers.values()) cancel();
    const { platform } = this.#options;
    const report = (error: Error) => platform.log("error", `while closing ${this.#name}: ${error.message}`);
    const tasks = this.#graph?.tasks ?? [];
    const open = (this.#graph?.sinks ?? []).filter((sink) => !this.#finished.has(sink));
    let left = tasks.length + open.length + 1;
    const closed = () => {
      if (--left === 0) this.#end(state, reason);
    };
    for (const task of tasks) task.close(report, closed);
    for (const sink of open) {
      sink.operator.abort((error) => {
        if (error !== null) report(error);
        closed();
      });
    }
    closed();
  }

  #end(state: EndState, reason: unknown): void {
    const { workspace, platform } = this.#options;
    const totals = this.#totals();
    workspace.account.arena.release();
    const { usedBytes } = workspace.account;
    if (usedBytes > 0) platform.log("warn", `${this.#name} left ${usedBytes} bytes behind; they were taken back`);
    workspace.account.dispose();
    this.#trace.sampleNow();
    this.#enter(state);
    this.#trace.end();
    this.#options.ended?.(this);
    if (state === "done") this.#resolve(totals);
    else this.#reject(reason);
  }

  #totals(): JobTotals {
    const { clock } = this.#options.platform;
    const totals = { rowsIn: 0, rowsOut: 0, lateRows: 0, partiallyLateRows: 0, duplicateRows: 0, badRows: 0 };
    this.#graph?.forEach((kind, { metrics }) => {
      if (kind === "source") totals.rowsIn += metrics.rowsOut;
      if (kind === "sink") totals.rowsOut += metrics.rowsIn;
      totals.lateRows += metrics.lateRows;
      totals.partiallyLateRows += metrics.partiallyLateRows;
      totals.duplicateRows += metrics.duplicateRows;
      totals.badRows += metrics.badRows;
    });
    return { ...totals, elapsedMs: clock.monotonicMs() - this.#startedMs };
  }
}

/** @throws OPTION when event time cannot be moved by so much: it never goes back (S2) */
export function checkAdvance(ms: number): void {
  if (Number.isSafeInteger(ms) && ms >= 0) return;
  throw new PlanError("OPTION", `advanceTime() got ${String(ms)}`, {
    hint: "a whole number of milliseconds, 0 or more",
  });
}

function nothing(): void {
  // What a cancelled job ends with is of no interest to who cancelled it.
}
