// Comparison and truth on one row. `and`, `or`, `coalesce` and CASE are not here: they decide which of their arguments are
// evaluated at all, so that what they exclude never fails, and belong to whoever walks the expression.
import type { DataType } from "../../arrow/types.js";
import type { BoundValue } from "../expr.js";
import { compareValues, rescale, type ScalarFunction } from "./value.js";

/** Order of two values; decimals of different scales are compared exactly. */
function compare(a: BoundValue, b: BoundValue, left: DataType, right: DataType): number {
  if (left.kind === "decimal" && right.kind === "decimal" && left.scale !== right.scale) {
    const scale = Math.max(left.scale, right.scale);
    return compareValues(rescale(a as bigint, left.scale, scale), rescale(b as bigint, right.scale, scale), left);
  }
  return compareValues(a, b, left);
}

const comparison =
  (holds: (order: number) => boolean): ScalarFunction =>
  ([a, b], { args }) =>
    holds(compare(a as BoundValue, b as BoundValue, args[0] as DataType, args[1] as DataType));

function isDistinct(a: BoundValue, b: BoundValue, args: readonly DataType[]): boolean {
  if (a === null || b === null) return a !== b;
  return compare(a, b, args[0] as DataType, args[1] as DataType) !== 0;
}

/** NULL unless a listed value is equal, when either side is NULL. */
const isIn: ScalarFunction = ([value, ...list], { args }) => {
  if (value === null) return null;
  const type = args[0] as DataType;
  if (
    list.some((item, i) => item !== null && compare(value as BoundValue, item, type, args[i + 1] as DataType) === 0)
  ) {
    return true;
  }
  return list.includes(null) ? null : false;
};

/** The first of the extreme values. */
const extreme =
  (sign: 1 | -1): ScalarFunction =>
  (values, { type }) =>
    values.reduce((best, value) => (compareValues(value, best, type) * sign > 0 ? value : best));

export const LOGIC_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
  eq: comparison((order) => order === 0),
  ne: comparison((order) => order !== 0),
  lt: comparison((order) => order < 0),
  le: comparison((order) => order <= 0),
  gt: comparison((order) => order > 0),
  ge: comparison((order) => order >= 0),
  is_distinct_from: ([a, b], { args }) => isDistinct(a as BoundValue, b as BoundValue, args),
  is_not_distinct_from: ([a, b], { args }) => !isDistinct(a as BoundValue, b as BoundValue, args),
  is_null: ([a]) => a === null,
  is_not_null: ([a]) => a !== null,
  is_true: ([a]) => a === true,
  is_not_true: ([a]) => a !== true,
  is_false: ([a]) => a === false,
  is_not_false: ([a]) => a !== false,
  not: ([a]) => !a,
  in: isIn,
  greatest: extreme(1),
  least: extreme(-1),
};
