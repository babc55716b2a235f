// Runs programs: binds their tables, compiles them, and starts a job over a share of the engine's memory. It is the
// `Runner` that the front ends know, and where plans, operators, runtime and connectors meet.
import { checkRowOptions, checkRunOptions } from "./api/pipeline.js";
import type { Job, RowOptions, RowReader, Runner, RunOptions } from "./api/runner.js";
import type { Workspace } from "./arrow/column.js";
import { assert, ConnectorError, EngineError, InternalError } from "./errors.js";
import { bindProgram, type ResolvedTable } from "./plan/bind.js";
import { Catalog } from "./plan/catalog.js";
import { expandQueries, hasQueries } from "./plan/expand.js";
import { type LogicalNode, type LogicalPlan, sink, type TableRef } from "./plan/logical.js";
import type { PhysicalPlan } from "./plan/physical.js";
import { removeUserFunctions } from "./plan/user-functions.js";
import { type Program, topological } from "./plan/walk.js";
import { loadPart } from "./platform/errors.js";
import type { Platform } from "./platform/platform.js";
import type { Connector, LateConnector, Table } from "./runtime/connector.js";
import type { Factory } from "./runtime/graph.js";
import { Job as RunningJob } from "./runtime/job.js";
import { PORT, port } from "./runtime/port.js";
import { type Remote, RemoteJob } from "./runtime/remote-job.js";
import { RowReader as Reader, RowSink } from "./runtime/row-reader.js";
import { addFormatKernels, type KernelModules, type Kernels } from "./wasm/kernels.js";
import { type LinearMemory, MemoryAccount } from "./wasm/memory.js";

/** What programs run on. */
export interface EngineParts {
  readonly platform: Platform;
  readonly connectors: readonly (Connector | LateConnector)[];
  readonly memory: LinearMemory;
  readonly modules: KernelModules;
  readonly kernels: Kernels;
  readonly compiler: LoadCompiler;
  /** What one job may hold unless it says otherwise. */
  readonly memoryBytes: number;
  /** Another thread for programs that need nothing of this one, where the host has one. */
  readonly offload?: Offload;
}

/** Loads what programs that run in this thread need. @throws MODULE_MISSING; the next call tries again */
export type LoadCompiler = () => Promise<Compiler>;

export type Compiler = typeof import("./compiler.js");

/** Runs programs in another thread. */
export interface Offload {
  /** Why a program cannot leave this thread; null when it can. */
  refusal(program: Program, catalog: Catalog): string | null;
  /** Starts a program there: what stands for it here, or why it could not leave. Never rejects. */
  move(program: Program, options: RunOptions, catalog: Catalog): Promise<Moved | string>;
  close(): void;
}

export interface Moved {
  /** What feeds the same targets from there, once their columns are known. */
  plan(): Promise<PhysicalPlan>;
  readonly remote: Remote;
}

/** Name of the tables that stand for a program's own reading of rows. */
const READER = "reader";

export class ProgramRunner implements Runner {
  readonly catalog = new Catalog();
  /** The share of memory that lives longer than a job. */
  readonly home: Workspace;
  readonly #parts: EngineParts;
  /** By name; a late one is replaced by itself when it is loaded. */
  readonly #connectors: Map<string, Connector | LateConnector>;
  readonly #jobs = new Set<RunningJob>();
  /** The kernels of formats, once a connector needs them; forgotten when they did not load. */
  #formats: Promise<unknown> | undefined;
  /**
   * The job that ended last. V8 forgets the hidden class of objects that are all gone, and throws the code away that it has
   * compiled for it: after a garbage collection between two jobs the second would begin in the interpreter again, which
   * doubles the time of one that takes a tenth of a second.
   */
  readonly #last: RunningJob[] = [];
  #closed = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#connectors = new Map(parts.connectors.map((connector) => [connector.name, connector]));
    this.home = { account: new MemoryAccount(parts.memory), kernels: parts.kernels };
  }

  get platform(): Platform {
    return this.#parts.platform;
  }

  async resolve(scan: LogicalNode<"unresolved-scan">, availableNow = false): Promise<ResolvedTable> {
    const { table } = scan;
    const connector = await this.#load(table);
    if (connector.resolve === undefined) throw refused(table, "cannot be read");
    const { options, ...found } = await connector.resolve(this.#tableOf(table, availableNow), scan.schema);
    return { ...found, table: options === undefined ? table : this.catalog.withOptions(table, options) };
  }

  async bind(program: Program, availableNow = false): Promise<Program> {
    return bindProgram(await expandQueries(program, this.catalog), (scan) => this.resolve(scan, availableNow));
  }

  run(sinks: readonly LogicalPlan[], options: RunOptions): Job {
    return this.#start(sinks, checkRunOptions(options));
  }

  rows(plan: LogicalPlan, options: RowOptions): RowReader {
    const { bigint = false, ...rest } = checkRowOptions(options);
    const target = new RowSink({ bigint });
    const table = this.catalog.addTable(READER, "rows", {}, target);
    return new Reader(this.#start([sink(plan, table)], rest), target);
  }

  /** @throws CLOSED after `close` */
  checkOpen(): void {
    if (this.#closed) throw new EngineError("CLOSED", "the engine is closed", { hint: "open another one" });
  }

  /** Stops all jobs, waits for their end, and gives back what lived longer than they. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#jobs].map((job) => job.cancel()));
    this.#parts.offload?.close();
    removeUserFunctions(this.catalog.functions.values());
    this.home.account.dispose();
  }

  #start(sinks: readonly LogicalPlan[], options: RunOptions): RunningJob | RemoteJob {
    this.checkOpen();
    const { platform, memory, kernels, memoryBytes, offload } = this.#parts;
    const refusal = hasQueries(sinks) ? null : offload?.refusal(sinks, this.catalog);
    const workspace = {
      account: new MemoryAccount(memory, options.memoryBytes ?? memoryBytes),
      kernels,
      host: platform,
    };
    const job = new RunningJob({
      platform,
      workspace,
      signal: options.signal,
      name: options.name,
      why: refusal ?? undefined,
      batchRowsMax: options.batchRows,
      // Not by job.done: to listen there would hide the failure of a job that nobody waits for.
      ended: (ended) => {
        this.#jobs.delete(ended);
        this.#last.splice(0, 1, ended);
      },
    });
    // Aborted before it began, it has ended already.
    if (job.state !== "cancelled") this.#jobs.add(job);
    const moved = refusal === null && offload !== undefined ? this.#move(sinks, options, offload) : undefined;
    this.#prepare(sinks, moved, options)
      .then(({ plan, factory }) => job.start(plan, factory))
      .catch((error: unknown) => job.fail(error));
    if (moved === undefined) return job;
    return new RemoteJob(
      job,
      moved.then((answer) => (typeof answer === "string" ? answer : answer.remote)),
    );
  }

  /** The answer of the other thread. A query is read first: what the program needs is known then. Never rejects. */
  #move(program: Program, options: RunOptions, offload: Offload): Promise<Moved | string> {
    if (!hasQueries(program)) return offload.move(program, options, this.catalog);
    return expandQueries(program, this.catalog).then(
      (expanded) => offload.refusal(expanded, this.catalog) ?? offload.move(expanded, options, this.catalog),
      () => "its query cannot be read",
    );
  }

  /** What runs here of a program: all of it, or what feeds its targets. Everything is loaded, since building does not wait. */
  async #prepare(
    program: Program,
    moved: Promise<Moved | string> | undefined,
    options: RunOptions,
  ): Promise<{ readonly plan: PhysicalPlan; readonly factory: Factory }> {
    const { availableNow = false } = options;
    if (moved !== undefined) {
      const [answer] = await Promise.all([moved, this.#loadTables(program)]);
      if (typeof answer === "object") return { plan: await answer.plan(), factory: this.#factory(availableNow) };
    }
    const [compiler, bound] = await Promise.all([this.#parts.compiler(), this.#bind(program, availableNow)]);
    await compiler.loadFamilies();
    return { plan: compiler.compile(bound, options).physical, factory: this.#factory(availableNow, compiler) };
  }

  async #bind(program: Program, availableNow: boolean): Promise<Program> {
    const expanded = await expandQueries(program, this.catalog);
    await this.#loadTables(topological(expanded));
    return this.bind(expanded, availableNow);
  }

  /** Loads what the tables of these nodes are read and written by, all at the same time. */
  async #loadTables(nodes: readonly LogicalPlan[]): Promise<void> {
    const loads = nodes.map(async (node) => {
      if (!("table" in node) || node.table.connector === READER) return;
      const connector = await this.#load(node.table);
      if (node.kind === "sink") await connector.prepareSink?.(this.#tableOf(node.table));
    });
    await Promise.all(loads);
  }

  /** @param compiler - where the plan holds more than sources and sinks */
  readonly #factory = (availableNow: boolean, compiler?: Compiler): Factory => ({
    source: ({ table, schema, predicate }) => {
      const connector = this.#connector(table);
      if (connector.source === undefined) throw refused(table, "cannot be read");
      return connector.source(this.#tableOf(table, availableNow), schema, predicate);
    },
    sink: ({ table, bounded }, schema) => {
      if (table.connector === READER) return this.catalog.live(table) as RowSink;
      const connector = this.#connector(table);
      if (connector.sink === undefined) throw refused(table, "cannot be written to");
      return connector.sink({ ...this.#tableOf(table), endless: !bounded }, schema);
    },
    operator: (node, inputs) => {
      assert(compiler !== undefined, `a ${node.kind} where rows are handed on alone`);
      return compiler.buildOperator(node, inputs, (ref) => this.catalog.function(ref));
    },
  });

  #tableOf(ref: TableRef, availableNow = false): Table {
    return { ref, live: this.catalog.live(ref), platform: this.#parts.platform, availableNow };
  }

  /** @throws MODULE_MISSING, KERNELS */
  async #load(table: TableRef): Promise<Connector> {
    const { connector, name } = table;
    const found = this.#connectors.get(connector);
    if (connector === PORT) return port;
    if (found === undefined) throw new InternalError(`no connector "${connector}" for the table ${name}`);
    if (!("load" in found)) return found;
    const [loaded] = await Promise.all([
      loadPart(`the connector "${connector}"`, () => found.load(table)),
      found.formats ? this.#loadFormats() : undefined,
    ]);
    this.#connectors.set(connector, loaded);
    return loaded;
  }

  #loadFormats(): Promise<unknown> {
    const { kernels, memory, modules } = this.#parts;
    this.#formats ??= addFormatKernels(kernels, memory, modules.formats(memory.shared)).catch((error: unknown) => {
      this.#formats = undefined;
      throw error;
    });
    return this.#formats;
  }

  #connector({ connector }: TableRef): Connector {
    if (connector === PORT) return port;
    const found = this.#connectors.get(connector);
    assert(found !== undefined && !("load" in found), `the connector "${connector}" was not loaded`);
    return found;
  }
}

function refused({ name, connector }: TableRef, what: string): ConnectorError {
  return new ConnectorError("UNSUPPORTED", `${name} (${connector}) ${what}`, {
    hint: "files, memory tables and callbacks are written; files, rows, columns, streams and generators are read",
    domain: "user",
  });
}
