// VALUES and SELECT without FROM: rows that are constants, computed while the statement is bound.
import type { Row } from "../arrow/builder.js";
import { BOOLEAN, type DataType, field, type Schema, STRING, schemaOf } from "../arrow/types.js";
import { bindExpr } from "../plan/bind-expr.js";
import { commonType } from "../plan/coerce.js";
import type { BoundExpr, BoundValue } from "../plan/expr.js";
import type { LogicalPlan } from "../plan/logical.js";
import { castValue } from "../plan/scalar/cast.js";
import { Failure } from "../plan/scalar/value.js";
import type { Values } from "./ast.js";
import { ExpressionBinder } from "./bind-expressions.js";
import type { Places } from "./bind-scope.js";

/** Puts rows where plans can read them: a table of these columns. */
export type MakeRows = (rows: readonly Row[], schema: Schema) => LogicalPlan;

const NOTHING: Schema = schemaOf([]);

/** One row, whose column nobody sees. */
export function oneRow(makeRows: MakeRows): LogicalPlan {
  return makeRows([[true]], schemaOf([field("row", BOOLEAN, false)]));
}

/** Columns `EXPR$0`, `EXPR$1`, …, as Flink calls them. @throws SqlError TYPE, UNSUPPORTED for what is no constant */
export function valuesPlan({ rows, span }: Values, makeRows: MakeRows, places: Places): LogicalPlan {
  const binder = new ExpressionBinder({ plan: oneRow(makeRows), columns: [], window: null }, places);
  const bound = rows.map((row) =>
    row.items.map((item): BoundExpr & { kind: "literal" } => {
      const expr = binder.bind(item);
      places.check(expr, NOTHING, item.span);
      const value = bindExpr(expr, NOTHING);
      if (value.kind === "literal") return value;
      throw places.unsupported("a value that is no constant is", item.span, "write it out, or SELECT it from a table");
    }),
  );
  const width = bound[0]?.length ?? 0;
  const wrong = bound.findIndex((row) => row.length !== width);
  if (wrong >= 0) {
    const message = `a row of ${bound[wrong]?.length} values, the first has ${width}`;
    throw places.error("TYPE", message, rows[wrong]?.span ?? span, "give each row as many values");
  }
  const fields = Array.from({ length: width }, (_, column) => {
    const values = bound.map((row) => row[column] as BoundExpr);
    const common = commonType(values.map(({ type }) => type));
    if (common === null || common.kind === "null") {
      const hint = "cast them to one type: CAST(x AS STRING)";
      throw places.error("TYPE", `the values of column ${column + 1} have no common type`, span, hint);
    }
    return field(
      `EXPR$${column}`,
      common,
      values.some(({ nullable }) => nullable),
    );
  });
  const cells = bound.map((row) => row.map(({ value, type }, i) => cellOf(value, type, fields[i]?.type ?? type)));
  return makeRows(cells, schemaOf(fields));
}

/** A bound value as rows have it: exact and temporal ones as text. */
function cellOf(value: BoundValue, from: DataType, type: DataType): unknown {
  const cast = value === null ? null : castValue(value, from, type);
  if (cast === null || cast instanceof Failure) return null;
  const isText =
    type.kind === "decimal" || type.kind === "date" || type.kind === "time" || type.kind.startsWith("timestamp");
  return isText ? castValue(cast, type, STRING) : cast;
}
