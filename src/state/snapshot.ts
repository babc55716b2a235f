// One operator's part of a checkpoint: named values and named column tables, detached from linear memory, so that another
// build, another parallelism or another host can read them back. Writing them to a store is the checkpoint's business.
import type { Batch, Workspace } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";

/** JSON-able value; numbers may be ±Infinity, bigint is allowed. */
export type StateValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly StateValue[]
  | { readonly [name: string]: StateValue };

/** The buffers of one column, copied out of linear memory. Dictionary columns are written plain. */
export interface DetachedColumn {
  readonly validity: Uint8Array | null;
  readonly offsets: Int32Array | null;
  readonly values: Uint8Array;
}

/** Rows outside linear memory. */
export interface DetachedBatch {
  readonly schema: Schema;
  readonly rowCount: number;
  readonly columns: readonly DetachedColumn[];
}

/** One operator's state. `version` is the layout's, raised when an operator writes something else. */
export interface Snapshot {
  readonly version: number;
  readonly values: Readonly<Record<string, StateValue>>;
  readonly tables: Readonly<Record<string, DetachedBatch>>;
}

export interface SnapshotWriter {
  value(name: string, value: StateValue): void;
  /** Copies the batch's rows. */
  table(name: string, batch: Batch): void;
}

export interface SnapshotReader {
  value(name: string): StateValue | undefined;
  /** The rows in the arena of `workspace`, or undefined when nothing was written under the name. */
  table(name: string, workspace: Workspace): Batch | undefined;
}
