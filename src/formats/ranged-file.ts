// Files that are read at any place of them, by what they say at their end: Parquet, and Arrow over HTTP. The contract between
// what opens such a file, what reads its rows, and the sources that ask for them.
import type { Workspace } from "../arrow/column.js";
import type { Schema } from "../arrow/types.js";
import type { Poll } from "../operators/source.js";
import type { BoundExpr } from "../plan/expr.js";
import type { StateValue } from "../state/snapshot.js";

export interface RangedSplitOptions {
  readonly workspace: Workspace;
  /**
   * The columns to read, by name, in the order of the batches' columns; the file's own schema when left out. Types must be
   * the file's (BYTES may be read as STRING); a column without nulls may be declared NOT NULL, which is then checked.
   */
  readonly schema?: Schema;
  /** Row groups that it cannot be true in are skipped; rows are not filtered. Columns are found by name. */
  readonly predicate?: BoundExpr | null;
  readonly batchRowsMax: number;
  /** Number of the split that the batches carry. */
  readonly split?: number;
  /** Called when a poll that said `blocked` may say something else now. */
  wake(): void;
}

/** Reads one file's rows in their order. It does not close the file. */
export interface RangedSplit {
  readonly schema: Schema;
  /** Asks for the first bytes; `poll` does it too. */
  start(): void;
  /** The next batch (it lives for the step), `blocked` until `wake`, or `done`. @throws the first error, again each time. */
  poll(): Poll;
  /** The next row to deliver: its row group or record batch, and its number there. */
  snapshot(): StateValue;
  /** Goes on at a snapshot of the same file; before the first poll. @throws STATE_MISMATCH */
  restore(state: StateValue): void;
  /** Bytes of the selected columns that were decoded or skipped, and all of them. */
  progress(): { readonly doneBytes: number; readonly totalBytes: number };
  /** Gives everything back; answers of reads under way are dropped. */
  close(): void;
}

/** An opened file: what stands at its end, checked. Holds nothing in linear memory. */
export interface RangedFile {
  /** All columns at the top level. */
  readonly schema: Schema;
  /** A reader of the file's rows. @throws what columns are refused with */
  split(options: RangedSplitOptions): RangedSplit;
}
