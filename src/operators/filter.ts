// Filter: keeps the rows whose predicate is TRUE; FALSE and NULL go. Nothing is copied: the batch gets a selection.
import type { Batch } from "../arrow/batch.js";
import type { BoundExpr } from "../plan/expr.js";
import { RowFailures } from "./evaluate/evaluation.js";
import { Evaluator } from "./evaluate.js";
import { type Output, StatelessOperator } from "./operator.js";
import { settleFailures } from "./row-failures.js";

export class Filter extends StatelessOperator {
  readonly #predicate: Evaluator;
  #rowsSeen = 0;

  /** `predicate` is BOOLEAN and bound to the schema of the input. */
  constructor(predicate: BoundExpr) {
    super();
    this.#predicate = new Evaluator(predicate);
  }

  /** @throws OVERFLOW, DIVISION_BY_ZERO, CAST, TIME_RANGE of a row under the policy `fail`. */
  processBatch(batch: Batch, _input: number, out: Output): void {
    const { workspace, rowCount } = batch;
    const failures = new RowFailures(workspace, rowCount);
    // A row that failed is NULL, so it does not pass either.
    const passing = this.#predicate.truth(batch, failures);
    if (failures.rows !== 0) settleFailures(this.context, out, batch, failures, this.#rowsSeen);
    this.#rowsSeen += rowCount;
    const selection = workspace.account.arena.allocate(rowCount * 4);
    const count = workspace.kernels.bitmapToSelection(passing, rowCount, selection);
    if (count > 0) out.emit(batch.select(selection, count));
  }
}
