// Late rows: what the watermark and the windows refuse. They go to the side output `late` with reason, watermark, missed
// window and operator (S42), or, when nobody listens, are counted with one warning (S44); they are never dropped silently.
import type { Batch } from "../arrow/batch.js";
import type { Column } from "../arrow/column.js";
import { type ColumnData, columnFromData } from "../arrow/columns.js";
import type { Field, Schema } from "../arrow/types.js";
import { LATE_FIELDS, lateSchema } from "../plan/side-outputs.js";
import type { EventTime } from "./event-time.js";
import type { OperatorContext, Output } from "./operator.js";

/** Why a row was refused; `lateReason` in the output. */
export const LATE_REASONS = ["LATE", "NULL_TIME", "FUTURE", "TIME_RANGE"] as const;
export type LateReason = (typeof LATE_REASONS)[number];

/** What is told of refused rows. */
interface Refusal {
  /** One for all, or one a row as its number in LATE_REASONS. */
  readonly reasons: LateReason | Uint8Array;
  /** By which they were judged: one for all, or one a row; −Infinity while there is none. */
  readonly watermarks: number | readonly number[];
  /** The windows they missed, from the start of the first to the end of the last; null when they have no time. */
  readonly missed: { readonly start: Column; readonly end: Column } | null;
}

/** One operator's late rows. */
export class LateRows {
  readonly #context: OperatorContext;
  /** Of the rows that came with `#input`. */
  #schema: Schema | null = null;
  #input: Schema | null = null;

  constructor(context: OperatorContext) {
    this.#context = context;
  }

  /** The rows that have a time; the others are refused (S11). */
  timed(batch: Batch, time: EventTime, watermarkMs: number, out: Output): Batch {
    if (!time.hasNulls(batch)) return batch;
    const { inside, outside } = time.part(batch, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    this.refuse(outside, { reasons: "NULL_TIME", watermarks: watermarkMs, missed: null }, out);
    return inside;
  }

  /** Gives refused rows to the side output, or counts them. */
  refuse(rows: Batch, refusal: Refusal, out: Output): void {
    const { metrics, name } = this.#context;
    metrics.lateRows += rows.rowCount;
    if (out.hasSide("late")) {
      out.side("late", this.#describe(rows, refusal));
      return;
    }
    this.#context.warnOnce(
      `late ${this.#context.uid}`,
      `${name}: rows are late and left out; they are counted as lateRows. Read them with .late(), or allow more disorder`,
    );
  }

  /** The rows that have a time, at `fromMs` or later; the others are refused as late by the watermark. */
  inTime(batch: Batch, time: EventTime, fromMs: number, watermarkMs: number, out: Output): Batch {
    const rows = this.timed(batch, time, watermarkMs, out);
    if (rows.rowCount === 0) return rows;
    time.measure(rows);
    if (time.lowMs >= fromMs) return rows;
    const { inside, outside } = time.part(rows, fromMs, Number.POSITIVE_INFINITY);
    this.refuse(outside, { reasons: "LATE", watermarks: watermarkMs, missed: null }, out);
    return inside;
  }

  #describe(rows: Batch, { reasons, watermarks, missed }: Refusal): Batch {
    const { workspace, uid } = this.#context;
    const { rowCount, schema } = rows;
    if (this.#schema === null || this.#input !== schema) {
      this.#input = schema;
      this.#schema = lateSchema(schema);
    }
    const [reason, watermark, start, end, operator] = LATE_FIELDS as readonly [Field, Field, Field, Field, Field];
    const column = (field: Field, data: ColumnData) => columnFromData(workspace, field, data, 0, rowCount, "arena");
    const none = new Uint8Array(rowCount);
    const told = (row: number) => (typeof watermarks === "number" ? watermarks : (watermarks[row] as number));
    const finite = Array.from({ length: rowCount }, (_, row) => (Number.isFinite(told(row)) ? told(row) : null));
    const nulls = finite.map(() => null);
    return rows.withColumns(this.#schema, [
      ...schema.fields.map((_, index) => rows.column(index)),
      column(
        reason,
        typeof reasons === "string" ? { codes: none, values: [reasons] } : { codes: reasons, values: LATE_REASONS },
      ),
      column(watermark, finite),
      missed === null ? column(start, nulls) : missed.start,
      missed === null ? column(end, nulls) : missed.end,
      column(operator, { codes: none, values: [uid] }),
    ]);
  }
}
