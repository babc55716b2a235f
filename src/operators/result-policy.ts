// Results that cannot be computed: a SUM beyond BIGINT is never wrapped (S54), it follows the row policy of the job (S59).
import type { Batch } from "../arrow/batch.js";
import { DataError } from "../errors.js";
import type { PhysicalAggregate } from "../plan/physical.js";
import { deadLetterBatch } from "./bad-records.js";
import type { OperatorContext, Output } from "./operator.js";
import { rowJson } from "./row-failures.js";

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
  const json = rowJson(place, 0);
  const message = `${fn.toUpperCase()} for "${name}" does not fit into BIGINT, at ${json}`;
  const at = { field: name, operator: context.name };
  if (context.rowPolicy === "fail") {
    throw new DataError("OVERFLOW", message, {
      hint: "cast the argument to DECIMAL(18, 0): its sum has 38 digits; or set the row policy to deadLetter or skip",
      at,
    });
  }
  context.metrics.badRows++;
  if (context.rowPolicy === "skip") return;
  if (!out.hasSide("deadLetter")) {
    context.warnOnce(
      `deadLetter ${context.uid}`,
      `${context.name}: results could not be computed and nobody reads the dead letters; they are counted as badRows`,
    );
    return;
  }
  const raw = new TextEncoder().encode(json);
  out.side("deadLetter", deadLetterBatch(context.workspace, [{ code: "OVERFLOW", message, at, raw }]));
}
