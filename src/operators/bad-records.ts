// Records and rows that could not be read or computed: kept raw with code and place, never silently dropped.
import type { Batch, Workspace } from "../arrow/batch.js";
import { batchFromColumns } from "../arrow/builder.js";
import type { ErrorCode, Place } from "../errors.js";
import { DEAD_LETTER_SCHEMA } from "../plan/side-outputs.js";

/** One refused record: its raw bytes (or JSON text of the row) as they came, why, and where. */
export interface BadRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly at: Place;
  readonly raw: Uint8Array;
}

export { DEAD_LETTER_SCHEMA };

/** The records as rows of the dead-letter output, in the arena. */
export function deadLetterBatch(workspace: Workspace, records: readonly BadRecord[]): Batch {
  return batchFromColumns(workspace, DEAD_LETTER_SCHEMA, {
    code: records.map(({ code }) => code),
    message: records.map(({ message }) => message),
    source: records.map(({ at }) => at.source),
    line: records.map(({ at }) => at.line),
    byte: records.map(({ at }) => at.byte),
    row: records.map(({ at }) => at.row),
    field: records.map(({ at }) => at.field),
    raw: records.map(({ raw }) => raw),
  });
}
