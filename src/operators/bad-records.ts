// Records and rows that could not be read or computed: kept raw with code and place, never silently dropped.
import type { Batch, Workspace } from "../arrow/batch.js";
import { buildBatch } from "../arrow/builder.js";
import { BINARY, field, INT64, type Schema, STRING, schemaOf } from "../arrow/types.js";
import type { ErrorCode, Place } from "../errors.js";

/** One refused record: its raw bytes (or JSON text of the row) as they came, why, and where. */
export interface BadRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly at: Place;
  readonly raw: Uint8Array;
}

/** Columns of the dead-letter output. `line` is 1-based; `byte` is the record's offset in its source. */
export const DEAD_LETTER_SCHEMA: Schema = schemaOf([
  field("code", STRING, false),
  field("message", STRING, false),
  field("source", STRING),
  field("line", INT64),
  field("byte", INT64),
  field("row", INT64),
  field("field", STRING),
  field("raw", BINARY, false),
]);

/** The records as rows of the dead-letter output, in the arena. */
export function deadLetterBatch(workspace: Workspace, records: readonly BadRecord[]): Batch {
  const columns = [
    records.map(({ code }) => code),
    records.map(({ message }) => message),
    records.map(({ at }) => at.source),
    records.map(({ at }) => at.line),
    records.map(({ at }) => at.byte),
    records.map(({ at }) => at.row),
    records.map(({ at }) => at.field),
    records.map(({ raw }) => raw),
  ];
  return buildBatch(workspace, DEAD_LETTER_SCHEMA, columns, records.length);
}
