// Bound expressions → columns. An expression is compiled once into nested functions over vectors; each batch then costs one
// call a node, and each call one kernel or a few. Expressions over one dictionary-coded column are computed on its values.
import type { Batch } from "../arrow/batch.js";
import { Column } from "../arrow/column.js";
import { decodeDictionary, takeColumn } from "../arrow/take.js";
import { layoutOf } from "../arrow/types.js";
import type { BoundExpr } from "../plan/expr.js";
import { FUNCTIONS } from "../plan/functions.js";
import { arithmetic, doubles, rounding } from "./evaluate/arithmetic.js";
import { cast } from "./evaluate/cast.js";
import { caseOf, coalesce, extreme } from "./evaluate/choice.js";
import { compare, distinct, isIn } from "./evaluate/compare.js";
import { constantVector } from "./evaluate/constants.js";
import { type BoundCall, type Compute, Evaluation, type Family, RowFailures } from "./evaluate/evaluation.js";
import { logic, truth } from "./evaluate/logic.js";
import { nested } from "./evaluate/nested.js";
import { rowByRow } from "./evaluate/rows.js";
import { concat, like, search, substring, text, trim } from "./evaluate/text.js";
import { dateFloor, epoch, timeDiff, timeMove, timePart } from "./evaluate/time.js";

/** Families of functions.ts by the name in their `kernel` column. */
const FAMILIES: Record<string, Family> = {
  arithmetic,
  rounding,
  doubles,
  compare,
  distinct,
  in: isIn,
  logic,
  truth,
  choice: coalesce,
  extreme,
  text,
  trim,
  substring,
  concat,
  search,
  like,
  time_part: timePart,
  date_floor: dateFloor,
  time_move: timeMove,
  time_diff: timeDiff,
  epoch,
  nested,
};

/** Adds families that are loaded with the functions they compute. */
export function addFamilies(families: Readonly<Record<string, Family>>): void {
  Object.assign(FAMILIES, families);
}

/** An expression ready to be evaluated on batches of the schema that it was bound to. */
export class Evaluator {
  readonly expr: BoundExpr;
  readonly #compute: Compute;
  /** The only column that is read, when the expression may be computed on its dictionary; else −1. */
  readonly #coded: number;

  constructor(expr: BoundExpr) {
    this.expr = expr;
    this.#compute = compile(expr);
    this.#coded = codedColumn(expr);
  }

  /**
   * The value of every row, dense and in the arena. Rows that cannot be computed are added to `failures` and NULL.
   * `rows`: bitmap of the rows that count, 0 for all; the others get any value and never fail.
   */
  evaluate(batch: Batch, failures = new RowFailures(batch.workspace, batch.rowCount), rows = 0): Column {
    if (this.expr.kind === "column") return batch.column(this.expr.index);
    const run = evaluationOf(batch, failures);
    if (this.#coded >= 0) {
      const result = onDictionary(run, this.#coded, this.#compute);
      if (result !== null) return result;
    }
    return run.columnOf(this.#compute(run, rows));
  }

  /** Rows where a BOOLEAN expression is TRUE, as a bitmap. */
  truth(batch: Batch, failures: RowFailures): number {
    const run = evaluationOf(batch, failures);
    return run.truth(run.vectorOf(decodeDictionary(batch.workspace, this.evaluate(batch, failures))));
  }
}

function evaluationOf(batch: Batch, failures: RowFailures): Evaluation {
  return new Evaluation(batch.workspace, batch.rowCount, (index) => batch.column(index), failures);
}

function compile(expr: BoundExpr): Compute {
  const coded = expr.kind === "column" ? -1 : codedColumn(expr);
  const compute = compileNode(expr);
  if (coded < 0) return compute;
  return (run, rows) => {
    const column = onDictionary(run, coded, compute);
    return column === null ? compute(run, rows) : run.vectorOf(decodeDictionary(run.workspace, column));
  };
}

function compileNode(expr: BoundExpr): Compute {
  switch (expr.kind) {
    case "column":
      return (run) => run.vectorOf(decodeDictionary(run.workspace, run.input(expr.index)));
    case "literal":
      return (run) => constantVector(run, expr.value, expr.type);
    case "cast":
      return cast(expr, compile(expr.input));
    case "case": {
      const branches = expr.branches.map(({ when, then }) => ({ when: compile(when), then: compile(then) }));
      const { type } = expr;
      return caseOf(
        branches,
        expr.otherwise === null ? (run) => constantVector(run, null, type) : compile(expr.otherwise),
      );
    }
    case "call": {
      const family = FAMILIES[FUNCTIONS.get(expr.fn)?.kernel ?? ""] ?? rowByRow;
      return family(expr, expr.args.map(compile));
    }
  }
}

/** The one string column that an expression reads, when it gives NULL for NULL and so may be computed value by value; else −1. */
function codedColumn(expr: BoundExpr): number {
  switch (expr.kind) {
    case "column":
      return layoutOf(expr.type) === "utf8" ? expr.index : -1;
    case "literal":
    case "case":
      return -1;
    case "cast":
      return codedColumn(expr.input);
    case "call": {
      // The arguments whose NULL alone makes the result NULL; the others must be literals or read the same column.
      const deciding = givesNull(expr);
      const columns = expr.args.filter((arg) => arg.kind !== "literal").map(codedColumn);
      const [first = -1] = columns;
      return deciding.some((arg) => codedColumn(arg) >= 0) && columns.every((column) => column === first) ? first : -1;
    }
  }
}

/** Arguments of which one NULL is enough for the result to be NULL, whatever the others are. */
function givesNull({ fn, args }: BoundCall): readonly BoundExpr[] {
  if (FUNCTIONS.get(fn)?.nulls === "strict") return args;
  if (fn === "in") return args.slice(0, 1);
  // AND and OR give NULL when all arguments are NULL, as they are when all read the column.
  return (fn === "and" || fn === "or") && args.every((arg) => arg.kind !== "literal") ? args : [];
}

/**
 * Evaluates on the dictionary of column `index` and puts the results in the places of its codes. Null when there is no
 * dictionary, when it is longer than the batch, or when one of its values fails: no row may have it.
 */
function onDictionary(run: Evaluation, index: number, compute: Compute): Column | null {
  const column = run.input(index);
  const { dictionary } = column;
  if (dictionary === null || dictionary.length > run.n) return null;
  const { workspace, kernels, n } = run;
  const inner = new Evaluation(workspace, dictionary.length, () => dictionary);
  const values = decodeDictionary(workspace, inner.columnOf(compute(inner, 0)));
  if (inner.failures.rows !== 0) return null;
  let codes = column.values;
  if (column.validity !== 0) {
    codes = run.arena.allocate(n * 4);
    kernels.clearNulls32(column.values, column.validity, n, codes);
  }
  if (values.layout !== "utf8") {
    const taken = takeColumn(workspace, values, codes, n);
    return new Column({ ...taken, validity: run.and(column.validity, taken.validity) });
  }
  let { validity } = column;
  if (values.validity !== 0) {
    const taken = run.bitmap();
    kernels.takeBits(values.validity, codes, n, taken);
    validity = run.and(validity, taken);
  }
  return new Column({
    ...values,
    length: n,
    values: codes,
    offsets: 0,
    validity,
    dictionary: new Column({ ...values, validity: 0 }),
  });
}
