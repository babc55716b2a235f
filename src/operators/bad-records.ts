// Records and rows that could not be read or computed: kept raw with code and place, never silently dropped.
import type { Batch } from "../arrow/batch.js";
import { batchFromColumns, type Row, type RowBuilder } from "../arrow/builder.js";
import type { Workspace } from "../arrow/column.js";
import { DataError, type ErrorCode, type Place } from "../errors.js";
import { DEAD_LETTER_SCHEMA } from "../plan/side-outputs.js";
import type { OperatorContext, Output } from "./operator.js";

/** One refused record: its raw bytes (or JSON text of the row) as they came, why, and where. */
export interface BadRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly at: Place;
  readonly raw: Uint8Array;
  /** What was thrown, when a user function did. */
  readonly cause?: unknown;
}

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

/** How many records wait at most, so that input of nothing else is bounded too. */
const WAITING_MAX = 1024;

/** Applies one operator's row policy: ends the job, keeps records for the dead-letter output, or counts them. */
export class BadRecords {
  readonly #context: OperatorContext;
  readonly #out: Output;
  readonly #waiting: BadRecord[] = [];

  constructor(context: OperatorContext, out: Output) {
    this.#context = context;
    this.#out = out;
  }

  /** @throws DataError with the record's code, under the policy `fail` */
  refuse(record: BadRecord): void {
    const { metrics, rowPolicy } = this.#context;
    if (rowPolicy === "fail") {
      throw new DataError(record.code, record.message, {
        at: record.at,
        hint: 'correct the record, or let the job go on without it: { rowPolicy: "deadLetter" } or "skip"',
        cause: record.cause,
      });
    }
    metrics.badRows++;
    if (rowPolicy === "skip") return;
    if (!this.#out.hasSide("deadLetter")) {
      this.#context.warnOnce("deadLetter", "refused records go nowhere: nobody reads the dead letters");
      return;
    }
    this.#waiting.push(record);
    if (this.#waiting.length === WAITING_MAX) this.emit();
  }

  /** Hands the records on that wait. */
  emit(): void {
    if (this.#waiting.length === 0) return;
    this.#out.side("deadLetter", deadLetterBatch(this.#context.workspace, this.#waiting.splice(0)));
  }
}

/** A row as JSON text, for the dead-letter output; what JSON cannot say is said as text. */
export function rowBytes(row: unknown): Uint8Array {
  let text: string | undefined;
  try {
    text = JSON.stringify(row, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
  } catch {
    text = undefined;
  }
  return new TextEncoder().encode(text ?? String(row));
}

/**
 * Rows `start` to `end` as one batch, without those that do not fit the schema: these go to `refuse`. Messages count from
 * `firstRow`. Only when there is such a row is every row looked at by itself.
 */
export function buildGoodRows(
  builder: RowBuilder,
  rows: readonly Row[],
  { start, end, firstRow }: { readonly start: number; readonly end: number; readonly firstRow: number },
  refuse: (error: DataError, row: unknown) => void,
): Batch {
  try {
    return builder.build(rows, start, end, firstRow);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
  }
  const good: Row[] = [];
  for (let at = start; at < end; at++) {
    try {
      builder.build(rows, at, at + 1, firstRow + at - start);
      good.push(rows[at] as Row);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      refuse(error, rows[at]);
    }
  }
  return builder.build(good);
}
