// What a file source asks of an opened Parquet file: the contract between parquet.ts, which opens files, and
// parquet-reader.ts, which reads their rows.
import type { Workspace } from "../arrow/column.js";
import type { Schema } from "../arrow/types.js";
import type { Poll } from "../operators/source.js";
import type { BoundExpr } from "../plan/expr.js";
import type { StateValue } from "../state/snapshot.js";

export interface ParquetSplitOptions {
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
export interface ParquetSplit {
  readonly schema: Schema;
  /** Asks for the first bytes; `poll` does it too. */
  start(): void;
  /** The next batch (it lives for the step), `blocked` until `wake`, or `done`. @throws the first error, again each time. */
  poll(): Poll;
  /** The next row to deliver: `{ rowGroup, row }`, row counted from the row group's start. */
  snapshot(): StateValue;
  /** Goes on at a snapshot of the same file; before the first poll. @throws STATE_MISMATCH */
  restore(state: StateValue): void;
  /** Bytes of the selected columns that were decoded or skipped, and all of them. */
  progress(): { readonly doneBytes: number; readonly totalBytes: number };
  /** Gives everything back; answers of reads under way are dropped. */
  close(): void;
}
