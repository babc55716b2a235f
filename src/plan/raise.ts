// Which expressions can fail on a row. The optimizer keeps those where they are: results, refused rows and errors are the
// same with and without it.
import type { DataType } from "../arrow/types.js";
import { isTimestamp } from "../arrow/types.js";
import type { BoundExpr } from "./expr.js";
import { FUNCTIONS } from "./functions.js";

/** Functions without a value of their arguments on which they fail. */
const TOTAL = new Set([
  ...["eq", "ne", "lt", "le", "gt", "ge", "is_distinct_from", "is_not_distinct_from", "in"],
  ...["and", "or", "not", "is_true", "is_not_true", "is_false", "is_not_false", "is_null", "is_not_null"],
  ...[
    "coalesce",
    "greatest",
    "least",
    "char_length",
    "upper",
    "lower",
    "trim",
    "ltrim",
    "rtrim",
    "substring",
    "concat",
  ],
  ...["position", "starts_with", "ends_with", "contains", "like", "replace", "reverse", "to_epoch_ms", "extract"],
  "field",
  ...["year", "quarter", "month", "week", "day", "hour", "minute", "second"],
]);

/** Functions that fail on integers and decimals alone: floats overflow to infinity. */
const TOTAL_ON_FLOATS = new Set(["add", "sub", "mul", "div", "mod", "neg", "abs", "sign", "ceil", "floor", "round"]);

/** False when the expression has a value for every row. */
export function mayRaise(expr: BoundExpr): boolean {
  switch (expr.kind) {
    case "column":
    case "literal":
      return false;
    case "call":
      return !hasValue(expr) || expr.args.some(mayRaise);
    case "cast":
      return (!expr.try && !alwaysFits(expr.input.type, expr.type)) || mayRaise(expr.input);
    case "case":
      return (
        expr.branches.some(({ when, then }) => mayRaise(when) || mayRaise(then)) ||
        (expr.otherwise !== null && mayRaise(expr.otherwise))
      );
  }
}

/** Whether a call has a value for all arguments of its types. */
function hasValue({ fn, args, type }: Extract<BoundExpr, { kind: "call" }>): boolean {
  if (fn === "mod" && isDivisor(args[1])) return true;
  return TOTAL.has(fn) || (TOTAL_ON_FLOATS.has(fn) && isFloat(type)) || FUNCTIONS.get(fn)?.total === true;
}

/** A number that no rest fails by. */
function isDivisor(expr: BoundExpr | undefined): boolean {
  if (expr?.kind === "cast") return isDivisor(expr.input);
  return expr?.kind === "literal" && expr.value !== null && Number(expr.value) > 0;
}

const INTEGER_DIGITS: Partial<Record<DataType["kind"], number>> = { int8: 3, int16: 5, int32: 10, int64: 19 };

/** Casts that only widen. */
function alwaysFits(from: DataType, to: DataType): boolean {
  if (from.kind === "null") return true;
  const digits = INTEGER_DIGITS[from.kind];
  const room = INTEGER_DIGITS[to.kind];
  if (digits !== undefined && room !== undefined) return digits <= room;
  if (to.kind === "float64") return digits !== undefined || from.kind === "decimal" || isFloat(from);
  if (to.kind === "float32") return digits !== undefined || from.kind === "float32";
  if (to.kind === "decimal") {
    if (digits !== undefined) return digits <= to.precision - to.scale;
    return from.kind === "decimal" && from.scale <= to.scale && from.precision - from.scale <= to.precision - to.scale;
  }
  if (to.kind === "string") return from.kind !== "binary";
  if (isTimestamp(to)) return from.kind === "date" || (isTimestamp(from) && from.precision <= to.precision);
  return from.kind === to.kind;
}

function isFloat(type: DataType): boolean {
  return type.kind === "float32" || type.kind === "float64";
}
