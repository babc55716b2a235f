// What a monitor tells its pages: plain data, the same from a server's stream and within one page. Counters are totals, so a
// page that missed frames is right again with the next one; one that missed rows is sent a new start.
import type { EdgeMetrics, JobGraph, JobState } from "../index.js";

/** A value as it is shown: times in milliseconds since the epoch, what JSON does not know as text. */
export type Cell = string | number | boolean | null;

export interface FrameColumn {
  readonly name: string;
  /** Its SQL type. */
  readonly type: string;
}

/** Counters of one node, in the order of the graph. */
interface NodeCounts {
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly lateRows: number;
  readonly duplicateRows: number;
  readonly badRows: number;
  readonly stateBytes: number;
  readonly busyMs: number;
  /** null before the first watermark and after the last. */
  readonly watermarkMs: number | null;
}

export interface Counts {
  /** Wall clock of the engine, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** Its monotonic clock: what rates are computed by. */
  readonly atMs: number;
  readonly nodes: readonly NodeCounts[];
  readonly edges: readonly EdgeMetrics[];
}

/** The job between two samples. */
export interface Pulse {
  readonly nowMs: number;
  readonly rowsPerSecond: number;
  /** How far the watermark is behind the clock; null while there is none. */
  readonly lagMs: number | null;
  /** Totals. */
  readonly rowsIn: number;
  readonly lateRows: number;
  readonly badRows: number;
}

/** Everything that is known. */
export interface StartFrame {
  readonly kind: "start";
  readonly title: string;
  readonly state: JobState;
  readonly error: string | null;
  readonly graph: JobGraph;
  readonly counts: Counts | null;
  readonly pulses: readonly Pulse[];
  /** Columns of the results; empty when they cannot be looked at. */
  readonly columns: readonly FrameColumn[];
  readonly rows: readonly (readonly Cell[])[];
  /** Columns that tell rows apart: a later row takes the place of an earlier one. */
  readonly key: readonly string[];
  readonly rowsMax: number;
}

export type Frame =
  | StartFrame
  | { readonly kind: "counts"; readonly counts: Counts; readonly pulse: Pulse }
  | { readonly kind: "rows"; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: "state"; readonly state: JobState; readonly error: string | null };

/** Where a page gets its frames. */
export interface Feed {
  /** Frames from now on, the first one a start. Returns how to stop. `lost` is told when the connection is. */
  follow(listener: (frame: Frame) => void, lost: (reason: string) => void): () => void;
  /** EXPLAIN ANALYZE of the job as it is now. */
  plan(): Promise<string>;
}
