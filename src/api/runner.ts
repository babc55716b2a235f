// What the front ends ask of the engine: tell a table's schema, run plans, hand back rows. engine.ts fills it; the front
// ends never see operators, so a plan can be built, checked and explained where nothing can run.
import type { Value } from "../arrow/rows.js";
import type { ResolvedTable } from "../plan/bind.js";
import type { Catalog } from "../plan/catalog.js";
import type { LogicalNode, LogicalPlan } from "../plan/logical.js";
import type { Program } from "../plan/walk.js";

/** A row whose columns are not known to the compiler. */
export type AnyRow = Record<string, Value>;

/** How a job runs; all optional. Unknown names are refused with OPTION. */
export interface RunOptions {
  /** Stops the job: it ends as `cancelled` and everything it holds is closed. */
  readonly signal?: AbortSignal;
  /** For messages and metrics. */
  readonly name?: string;
  /** Bytes of linear memory that the job may hold; the default is the engine's. Beyond it: MEMORY_LIMIT. */
  readonly memoryBytes?: number;
  /** Rows a batch has at most (default 8,192). */
  readonly batchRows?: number;
  /** Reads what is there now, then ends, where tables could be followed without end. */
  readonly availableNow?: boolean;
  /** false runs the plan as written; results are the same. */
  readonly optimize?: boolean;
}

/** How rows are handed out. */
export interface RowOptions extends RunOptions {
  /** BIGINT as bigint. Without it a value beyond ±2^53 is UNSAFE_INTEGER. */
  readonly bigint?: boolean;
}

export type JobState = "starting" | "running" | "finishing" | "done" | "failed" | "cancelled";

/** Which thread does the work of a job, and why that one; `starting` while it is not known yet. */
export interface JobMode {
  readonly thread: "starting" | "main" | "worker";
  readonly why: string;
}

/** Totals of a job that ran to its end. */
export interface JobResult {
  /** Rows that the sources delivered. */
  readonly rowsIn: number;
  /** Rows that the sinks took. */
  readonly rowsOut: number;
  /**
   * Rows that entered no window or came too late for a deduplication, and rows that missed some of their windows. Each is
   * counted where it is refused: one without a usable time by the watermark, before any `where` behind it.
   */
  readonly lateRows: number;
  readonly partiallyLateRows: number;
  /** Rows that deduplications dropped. */
  readonly duplicateRows: number;
  /** Rows refused by the row policy (`deadLetter`, `skip`). */
  readonly badRows: number;
  readonly elapsedMs: number;
}

/** Counters of one node of the physical plan, in the plan's order. */
export interface NodeMetrics {
  readonly uid: string;
  readonly name: string;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly batchesIn: number;
  readonly batchesOut: number;
  readonly bytesIn: number;
  /** How often something outside failed and was tried again. */
  readonly retries: number;
  readonly lateRows: number;
  readonly partiallyLateRows: number;
  readonly duplicateRows: number;
  readonly badRows: number;
  readonly watermarkMs: number;
  readonly stateBytes: number;
  readonly busyMs: number;
}

/** Something that happened in a job. `atMs` is the platform's monotonic clock. */
export type JobEvent = { readonly atMs: number } & (
  | { readonly kind: "state"; readonly state: JobState }
  | { readonly kind: "batch"; readonly uid: string; readonly rows: number }
  | { readonly kind: "watermark"; readonly uid: string; readonly timeMs: number }
  | { readonly kind: "late"; readonly uid: string; readonly rows: number }
  | { readonly kind: "bad"; readonly uid: string; readonly rows: number }
  | JobSample
  /** How a source's connection stands: `waiting` was lost and is opened again in `delayMs`; `message` says why. */
  | {
      readonly kind: "connection";
      readonly uid: string;
      readonly status: "connecting" | "open" | "waiting" | "closed";
      readonly delayMs?: number;
      readonly message?: string;
    }
);

/**
 * All counters of a job at one time, nodes and edges in the order of `graph()`. `nowMs` is the platform's clock, in
 * milliseconds since the epoch: what watermarks lag behind.
 */
export interface JobSample {
  readonly kind: "sample";
  readonly nowMs: number;
  readonly nodes: readonly NodeMetrics[];
  readonly edges: readonly EdgeMetrics[];
}

/** Counters of one edge. Totals, so that two samples give a rate. */
export interface EdgeMetrics {
  readonly rows: number;
  readonly batches: number;
  /** What the columns of those rows span; dictionaries are not counted. */
  readonly bytes: number;
  /** Rows that wait for the reader now. */
  readonly queuedRows: number;
  /** Time in which the reader took nothing (back-pressure), measured only while somebody reads samples. */
  readonly heldMs: number;
}

/** The plan that runs, as plain data. */
export interface JobGraph {
  readonly nodes: readonly JobGraphNode[];
  readonly edges: readonly JobGraphEdge[];
}

export interface JobGraphNode {
  readonly uid: string;
  /** `source`, `filter`, `watermark`, `window-aggregate`, `sink` …: what the physical plan calls it. */
  readonly kind: string;
  readonly name: string;
  /** What EXPLAIN says: a title and lines of detail. */
  readonly title: string;
  readonly details: readonly string[];
}

/** From node `source` to node `target`, positions in `nodes`; `side` is the side output that the edge carries. */
export interface JobGraphEdge {
  readonly source: number;
  readonly target: number;
  readonly side: "late" | "deadLetter" | null;
}

export interface TraceOptions {
  /** What to hear of; unless given all but `sample`. */
  readonly kinds?: readonly JobEvent["kind"][];
  /** How often counters are read, in milliseconds, where `kinds` has `sample`; 250 unless given, 10 at least. */
  readonly sampleMs?: number;
}

/** How far the sources are; totals are null while unknown. */
export interface JobProgress {
  readonly rows: number;
  readonly doneBytes: number;
  readonly totalBytes: number | null;
}

/** A running (or ended) program. Leaving an `await using` block cancels it. */
export interface Job extends AsyncDisposable {
  readonly state: JobState;
  /** In a page a job runs in a worker when its program needs nothing of the page; `why` tells what holds it. */
  readonly mode: JobMode;
  /** Settles when everything is closed; rejects with the first error, or the signal's reason. */
  readonly done: Promise<JobResult>;
  /** Stops the job; resolves when everything is closed. Does nothing after the end. */
  cancel(reason?: unknown): Promise<void>;
  /**
   * Moves event time on by so many milliseconds, as if the streams had been quiet for so long: windows that it passes are
   * closed, and rows behind it are late. Returns at once. Streams without rows yet have no time to move.
   *
   * @throws OPTION unless it is a whole number, 0 or more
   */
  advanceTime(ms: number): void;
  metrics(): readonly NodeMetrics[];
  progress(): JobProgress;
  /** The physical plan with what each node did until this call: EXPLAIN ANALYZE. Empty while starting. */
  explain(): Promise<string>;
  /** Nodes and edges of the plan that runs. Empty while starting. */
  graph(): Promise<JobGraph>;
  /**
   * Events from now on. Costs nothing while nobody listens; leaving the loop ends the listening. A reader that lags misses
   * the oldest events, and of samples it gets the newest alone.
   *
   * @throws OPTION
   */
  trace(options?: TraceOptions): AsyncIterableIterator<JobEvent>;
}

/** Chunks of rows in order, as the job makes them. `return()` (leaving a loop) cancels the job and waits until it is closed. */
export interface RowReader extends AsyncIterableIterator<readonly AnyRow[]> {
  readonly job: Job;
}

/**
 * Plans given here may hold unresolved scans: the runner binds them (`bindProgram(plans, resolve)` in plan/bind.ts), then
 * compiles (`compile(bound)` in plan/compile.ts) and builds operators. Several plans are one program: a node that two of them share
 * by identity runs once.
 */
export interface Runner {
  /** Where live objects and user functions are kept. */
  readonly catalog: Catalog;
  /** Opens a table far enough to know its columns. @throws a coded error when it cannot be read. */
  resolve(scan: LogicalNode<"unresolved-scan">): Promise<ResolvedTable>;
  /** The program with the plans of its queries and the columns of its tables, checked. */
  bind(program: Program): Promise<Program>;
  /** Starts a program of sinks. Returns at once, in state `starting`; errors of binding reach `job.done`. */
  run(sinks: readonly LogicalPlan[], options: RunOptions): Job;
  /** Starts one plan without sink, whose rows the caller reads; reading slowly holds the sources back. */
  rows(plan: LogicalPlan, options: RowOptions): RowReader;
}
