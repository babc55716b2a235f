// Results that cannot be computed: a SUM beyond BIGINT is never wrapped (S54), it follows the row policy of the job (S59).
import type { Batch } from "../arrow/batch.js";
import { readRows, type Value } from "../arrow/rows.js";
import { DataError } from "../errors.js";
import type { PhysicalAggregate } from "../plan/physical.js";
import { deadLetterBatch } from "./bad-records.js";
import type { OperatorContext, Output } from "./operator.js";

/**
 * Refuses one result. `place`: one row, the window and the keys that the result would have had.
 * @throws OVERFLOW under the policy `fail`
 */
export function refuseOverflow(
  context: OperatorContext,
  place: Batch,
  { name, fn }: PhysicalAggregate,
  out: Output,
): void {
  const [row = {}] = readRows(place, { bigint: true });
  const where = Object.entries(row)
    .map(([column, value]) => `${column} ${text(value)}`)
    .join(", ");
  const message = `${fn.toUpperCase()} for "${name}" does not fit into BIGINT${where === "" ? "" : ` (${where})`}`;
  const at = { field: name, operator: context.name };
  if (context.rowPolicy === "fail") {
    throw new DataError("OVERFLOW", message, {
      hint: "cast the argument to DECIMAL(18, 0): its sum has 38 digits",
      at,
    });
  }
  context.metrics.badRows++;
  if (context.rowPolicy === "skip") return;
  if (!out.hasSide("deadLetter")) {
    context.warnOnce("deadLetter", "refused results go nowhere: nobody reads the dead letters");
    return;
  }
  const raw = new TextEncoder().encode(
    JSON.stringify(row, (_, value) => (typeof value === "bigint" ? String(value) : value)),
  );
  out.side("deadLetter", deadLetterBatch(context.workspace, [{ code: "OVERFLOW", message, at, raw }]));
}

function text(value: Value): string {
  if (value instanceof Date) return value.toISOString();
  return value === null ? "NULL" : String(value);
}
