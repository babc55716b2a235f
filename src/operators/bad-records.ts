// Records and rows that could not be read or computed: kept raw with code and place, never silently dropped.
import type { Batch, Workspace } from "../arrow/batch.js";
import { batchFromColumns } from "../arrow/builder.js";
import type { ErrorCode, Place } from "../errors.js";

/** One refused record: its raw bytes (or JSON text of the row) as they came, why, and where. */
export interface BadRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly at: Place;
  readonly raw: Uint8Array;
}

export { DEAD_LETTER_SCHEMA } from "../plan/side-outputs.js";
