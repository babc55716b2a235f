// Late rows: what the watermark and the windows refuse. They go to the side output `late` with reason, watermark and
// operator (S42), or, when nobody listens, are counted with one warning (S44); they are never dropped silently.
import { type Batch, bitmapBytes, Column } from "../arrow/batch.js";
import { columnFromData } from "../arrow/columns.js";
import type { Field, Schema } from "../arrow/types.js";
import { LATE_FIELDS, lateSchema } from "../plan/side-outputs.js";
import type { OperatorContext, Output } from "./operator.js";

/** Why a row was refused; `lateReason` in the output. */
export const LATE_REASONS = ["LATE", "NULL_TIME", "FUTURE", "TIME_RANGE"] as const;
export type LateReason = (typeof LATE_REASONS)[number];

/** One operator's late rows. */
export class LateRows {
  readonly #context: OperatorContext;
  /** Of the rows that came with `#input`. */
  #schema: Schema | null = null;
  #input: Schema | null = null;

  constructor(context: OperatorContext) {
    this.#context = context;
  }

  /**
   * Gives refused rows to the side output, or counts them. `reasons`: one for all, or one a row as its number in
   * LATE_REASONS. `watermarkMs`: what they were judged by; −Infinity while there is none.
   */
  refuse(rows: Batch, reasons: LateReason | Uint8Array, watermarkMs: number, out: Output): void {
    const { metrics, name } = this.#context;
    metrics.lateRows += rows.rowCount;
    if (out.hasSide("late")) {
      out.side("late", this.#describe(rows, reasons, watermarkMs));
      return;
    }
    this.#context.warnOnce(
      `late ${this.#context.uid}`,
      `${name}: rows are late and entered no window; they are counted as lateRows. Read them with .late(), or allow more disorder`,
    );
  }

  #describe(rows: Batch, reasons: LateReason | Uint8Array, watermarkMs: number): Batch {
    const { workspace, uid } = this.#context;
    const { rowCount, schema } = rows;
    if (this.#schema === null || this.#input !== schema) {
      this.#input = schema;
      this.#schema = lateSchema(schema);
    }
    const [reasonField, watermarkField, operatorField] = LATE_FIELDS as [Field, Field, Field];
    const coded = (field: Field, codes: Uint8Array, values: readonly string[]) =>
      columnFromData(workspace, field, { codes, values }, 0, rowCount, "arena");
    const none = new Uint8Array(rowCount);
    const reason =
      typeof reasons === "string" ? coded(reasonField, none, [reasons]) : coded(reasonField, reasons, LATE_REASONS);
    const times = workspace.account.arena.allocate(rowCount * 8);
    workspace.kernels.fillI64(watermarkMs, rowCount, times);
    const unknown = watermarkMs === Number.NEGATIVE_INFINITY;
    const watermark = new Column({
      type: watermarkField.type,
      length: rowCount,
      values: times,
      validity: unknown ? workspace.account.arena.allocateZeroed(bitmapBytes(rowCount)) : 0,
    });
    const columns = schema.fields.map((_, index) => rows.column(index));
    return rows.withColumns(this.#schema, [...columns, reason, watermark, coded(operatorField, none, [uid])]);
  }
}
