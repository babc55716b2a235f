// Project: other columns of the same rows. Columns that are only picked or reordered cost nothing and keep a selection.
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import type { BoundExpr } from "../plan/expr.js";
import { RowFailures } from "./evaluate/evaluation.js";
import { Evaluator } from "./evaluate.js";
import { type Output, StatelessOperator } from "./operator.js";
import { settleFailures, withoutFailed } from "./row-failures.js";

export class Project extends StatelessOperator {
  readonly #schema: Schema;
  readonly #columns: readonly Evaluator[];
  /** Positions in the input when every column is one of its columns, else null. */
  readonly #picked: readonly number[] | null;
  #rowsSeen = 0;

  /** `columns` are bound to the schema of the input, one for each field of `schema`. */
  constructor(columns: readonly BoundExpr[], schema: Schema) {
    super();
    this.#schema = schema;
    this.#columns = columns.map((column) => new Evaluator(column));
    const picked = columns.flatMap((column) => (column.kind === "column" ? [column.index] : []));
    this.#picked = picked.length === columns.length ? picked : null;
  }

  /** @throws OVERFLOW, DIVISION_BY_ZERO, CAST, TIME_RANGE of a row under the policy `fail`. */
  processBatch(batch: Batch, _input: number, out: Output): void {
    if (this.#picked !== null) {
      out.emit(batch.pick(this.#schema, this.#picked));
      return;
    }
    const failures = new RowFailures(batch.workspace, batch.rowCount);
    const columns = this.#columns.map((column) => column.evaluate(batch, failures));
    if (failures.rows !== 0) settleFailures(this.context, out, batch, failures, this.#rowsSeen);
    this.#rowsSeen += batch.rowCount;
    const computed = withoutFailed(batch.withColumns(this.#schema, columns), failures);
    if (computed.rowCount > 0) out.emit(computed);
  }
}
