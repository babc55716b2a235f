// Every function and operator of expressions, one row each: what Flink calls it, its kernels, argument and result types.
// What it does, with examples: plan/function-docs. Semantics: plan/scalar (one row at a time), operators/evaluate (columns).
import { BOOLEAN as BOOL, DATE, type DataType, INT32 as INT, STRING as STR, TIMESTAMP } from "../arrow/types.js";
import { PlanError } from "../errors.js";
import type { Expr } from "./expr.js";
import type { ScalarFunction } from "./scalar/value.js";
import {
  type Argument,
  anything,
  arithmetic,
  arrayWith,
  average,
  bool,
  chosen,
  compared,
  countRows,
  countValues,
  dateFloor,
  doubles,
  elementAt,
  elementCount,
  extract,
  extreme,
  extremeValue,
  type Form,
  fieldOf,
  fromEpoch,
  joined,
  like,
  padded,
  type Resolved,
  rounded,
  sameNumber,
  substring,
  sum,
  text,
  timePart,
  toEpoch,
  valueOfKey,
  wholeNumber,
} from "./signatures.js";

export interface FunctionRow {
  readonly name: string;
  /** Name or operator in Flink SQL; null: rendered as a combination of others. */
  readonly flink: string | null;
  /** Family of kernels that compute it on columns; null: row by row in plan/scalar. */
  readonly kernel: string | null;
  /** Types for these arguments, or null when no form takes them. */
  readonly resolve: (args: readonly Argument[]) => Resolved | null;
  /** `strict`: NULL as soon as one argument is; `own`: the function decides; `never`: the result is never NULL. */
  readonly nulls: "strict" | "own" | "never";
  /** Forms, as shown in docs and messages. */
  readonly signature: string;
  /** Written in terms of other expressions before anything is bound. */
  readonly expand?: (args: readonly Expr[]) => Expr;
  /** What it gives on one row, where plan/scalar does not say. */
  readonly scalar?: ScalarFunction;
  /** Whether equal arguments may give other values: it is computed for every row, and never beforehand. */
  readonly volatile?: boolean;
  /** Whether it has a value for all arguments of its types; plan/raise knows it of those that are there at once. */
  readonly total?: boolean;
  /** The program's own function, which gives its values. */
  readonly user?: (...args: never[]) => unknown;
}

export type NullRule = Pick<FunctionRow, "resolve" | "nulls">;

export const own = (resolve: Form): NullRule => ({ resolve, nulls: "own" });
export const never = (resolve: Form): NullRule => ({ resolve, nulls: "never" });

/** One row. A form alone is strict; a signature that begins with a parenthesis stands behind the name. */
export function fn(
  name: string,
  flink: string | null,
  kernel: string | null,
  form: Form | NullRule,
  signature: string,
): FunctionRow {
  const rule: NullRule = typeof form === "function" ? { resolve: form, nulls: "strict" } : form;
  const shown = signature.startsWith("(") ? name + signature : signature;
  return Object.freeze({
    name,
    flink,
    kernel,
    ...rule,
    signature: shown,
  });
}

/** A row that is written with others, whose types and semantics it has; of as many arguments as `expand` names, or `more`. */
export function written(row: FunctionRow, expand: (...args: Expr[]) => Expr, more = 0): FunctionRow {
  return Object.freeze({
    ...row,
    expand: (args: readonly Expr[]) => {
      if (args.length >= expand.length && args.length <= expand.length + more) return expand(...args);
      throw new PlanError("TYPE", `${row.name} takes ${expand.length} arguments, not ${args.length}`, {
        hint: `forms: ${row.signature}`,
      });
    },
  });
}

const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", fn: name, args });
const cast = (input: Expr, type: DataType): Expr => ({ kind: "cast", input, type, try: false });
export const none: Form = () => null;
const MANY = Number.POSITIVE_INFINITY;

const ROWS: readonly FunctionRow[] = [
  // Arithmetic
  fn("add", "+", "arithmetic", arithmetic("add"), "number + number, timestamp + INTERVAL, INTERVAL + INTERVAL"),
  fn("sub", "-", "arithmetic", arithmetic("sub"), "number - number, timestamp - INTERVAL, timestamp - timestamp"),
  fn("mul", "*", "arithmetic", arithmetic("mul"), "number * number, INTERVAL * integer"),
  fn("div", "/", "arithmetic", arithmetic("div"), "number / number, INTERVAL / integer"),
  fn("mod", "%", "arithmetic", arithmetic("mod"), "number % number"),
  fn("neg", "-", "arithmetic", sameNumber({ interval: true }), "-number, -INTERVAL"),
  fn("abs", "ABS", "arithmetic", sameNumber({ interval: true }), "(number)"),
  fn("sign", "SIGN", "doubles", sameNumber({}), "(number)"),
  fn("ceil", "CEIL", "rounding", wholeNumber, "(number)"),
  fn("floor", "FLOOR", "rounding", wholeNumber, "(number)"),
  fn("round", "ROUND", "doubles", rounded, "(number [, digits])"),
  fn("sqrt", "SQRT", "rounding", doubles(1), "(number)"),
  fn("ln", "LN", "doubles", doubles(1), "(number)"),
  fn("log10", "LOG10", "doubles", doubles(1), "(number)"),
  fn("exp", "EXP", "doubles", doubles(1), "(number)"),
  fn("power", "POWER", "doubles", doubles(2), "(base, exponent)"),
  // Comparison: one total order of numbers, NaN = NaN and greatest of all; strings by their UTF-8 bytes
  fn("eq", "=", "compare", compared(2, 2), "x = y"),
  fn("ne", "<>", "compare", compared(2, 2), "x <> y"),
  fn("lt", "<", "compare", compared(2, 2), "x < y"),
  fn("le", "<=", "compare", compared(2, 2), "x <= y"),
  fn("gt", ">", "compare", compared(2, 2), "x > y"),
  fn("ge", ">=", "compare", compared(2, 2), "x >= y"),
  fn("is_distinct_from", "IS DISTINCT FROM", "distinct", never(compared(2, 2)), "x IS DISTINCT FROM y"),
  fn("is_not_distinct_from", "IS NOT DISTINCT FROM", "distinct", never(compared(2, 2)), "x IS NOT DISTINCT FROM y"),
  fn("in", "IN", "in", own(compared(2, MANY)), "x IN (y, …)"),
  written(fn("between", "BETWEEN", null, none, "x BETWEEN low AND high"), (x, low, high) =>
    call("and", call("ge", x, low), call("le", x, high)),
  ),
  // Truth: three-valued, NULL is unknown
  fn("and", "AND", "logic", own(bool(1, MANY)), "a AND b [AND …]"),
  fn("or", "OR", "logic", own(bool(1, MANY)), "a OR b [OR …]"),
  fn("not", "NOT", "logic", bool(1, 1), "NOT a"),
  fn("is_true", "IS TRUE", "truth", never(bool(1, 1)), "a IS TRUE"),
  fn("is_not_true", "IS NOT TRUE", "truth", never(bool(1, 1)), "a IS NOT TRUE"),
  fn("is_false", "IS FALSE", "truth", never(bool(1, 1)), "a IS FALSE"),
  fn("is_not_false", "IS NOT FALSE", "truth", never(bool(1, 1)), "a IS NOT FALSE"),
  fn("is_null", "IS NULL", "truth", never(anything), "x IS NULL"),
  fn("is_not_null", "IS NOT NULL", "truth", never(anything), "x IS NOT NULL"),
  // Choice
  fn("coalesce", "COALESCE", "choice", own(chosen), "(x, y, …)"),
  written(fn("if_null", "IFNULL", null, none, "(x, y)"), (x, y) => call("coalesce", x, y)),
  written(fn("nullif", "NULLIF", null, none, "(x, y)"), (x, y) => ({
    kind: "case",
    branches: [{ when: call("eq", x, y), then: { kind: "literal", value: null } }],
    otherwise: x,
  })),
  fn("greatest", "GREATEST", "extreme", extreme, "(x, y, …)"),
  fn("least", "LEAST", "extreme", extreme, "(x, y, …)"),
  // Text: lengths and positions in code points, comparison by UTF-8 bytes
  fn("char_length", "CHAR_LENGTH", "text", text([STR], INT), "(STRING)"),
  fn("upper", "UPPER", "text", text([STR], STR), "(STRING)"),
  fn("lower", "LOWER", "text", text([STR], STR), "(STRING)"),
  fn("trim", "TRIM", "trim", text([STR, STR], STR, 1), "(STRING [, characters])"),
  fn("ltrim", "LTRIM", "trim", text([STR, STR], STR, 1), "(STRING [, characters])"),
  fn("rtrim", "RTRIM", "trim", text([STR, STR], STR, 1), "(STRING [, characters])"),
  fn("substring", "SUBSTRING", "substring", substring, "(STRING, start [, length])"),
  fn("concat", "CONCAT", "concat", joined, "(STRING, …)"),
  fn("position", "POSITION", null, text([STR, STR], INT), "(search, STRING)"),
  fn("starts_with", "STARTSWITH", "search", text([STR, STR], BOOL), "(STRING, prefix)"),
  fn("ends_with", "ENDSWITH", "search", text([STR, STR], BOOL), "(STRING, suffix)"),
  fn("contains", null, "search", text([STR, STR], BOOL), "(STRING, part)"),
  fn("like", "LIKE", "like", like, "STRING LIKE pattern [ESCAPE character]"),
  fn("replace", "REPLACE", null, text([STR, STR, STR], STR), "(STRING, search, replacement)"),
  fn("reverse", "REVERSE", null, text([STR], STR), "(STRING)"),
  fn("lpad", "LPAD", null, padded, "(STRING, length [, fill])"),
  fn("rpad", "RPAD", null, padded, "(STRING, length [, fill])"),
  // Time: proleptic Gregorian, an instant is UTC
  fn("extract", "EXTRACT", "time_part", extract, "(unit, DATE | TIME | TIMESTAMP)"),
  fn("year", "YEAR", "time_part", timePart, "(DATE | TIMESTAMP)"),
  fn("quarter", "QUARTER", "time_part", timePart, "(DATE | TIMESTAMP)"),
  fn("month", "MONTH", "time_part", timePart, "(DATE | TIMESTAMP)"),
  fn("week", "WEEK", "time_part", timePart, "(DATE | TIMESTAMP)"),
  fn("day", "DAYOFMONTH", "time_part", timePart, "(DATE | TIMESTAMP)"),
  fn("hour", "HOUR", "time_part", timePart, "(TIME | TIMESTAMP)"),
  fn("minute", "MINUTE", "time_part", timePart, "(TIME | TIMESTAMP)"),
  fn("second", "SECOND", "time_part", timePart, "(TIME | TIMESTAMP)"),
  fn("date_floor", "FLOOR", "date_floor", dateFloor, "(DATE | TIMESTAMP, unit)"),
  fn("time_add", "+", "time_move", none, "timestamp + INTERVAL"),
  fn("time_sub", "-", "time_move", none, "timestamp - INTERVAL"),
  fn("time_diff", "TIMESTAMPDIFF", "time_diff", none, "timestamp - timestamp"),
  written(
    fn("to_timestamp", "TO_TIMESTAMP", null, none, "(STRING [, format])"),
    (text, ...format) => (format.length === 0 ? cast(text, TIMESTAMP) : call("parse_timestamp", text, ...format)),
    1,
  ),
  written(
    fn("to_date", "TO_DATE", null, none, "(STRING [, format])"),
    (text, ...format) =>
      format.length === 0 ? cast(text, DATE) : cast(call("parse_timestamp", text, ...format), DATE),
    1,
  ),
  fn("to_epoch_ms", null, "epoch", toEpoch, "(TIMESTAMP)"),
  fn("from_epoch_ms", "TO_TIMESTAMP_LTZ", "epoch", fromEpoch, "(integer)"),
  // Nested values: elements from 1
  fn("field", ".", "nested", fieldOf, "ROW.name"),
  fn("at", "[]", "nested", elementAt, "ARRAY[integer]"),
  fn("get", "[]", "nested", valueOfKey, "MAP[key]"),
  fn("cardinality", "CARDINALITY", "nested", elementCount, "(ARRAY | MAP)"),
  fn("array_contains", "ARRAY_CONTAINS", "nested", own(arrayWith), "(ARRAY, element)"),
];

const known = new Map(ROWS.map((entry) => [entry.name, entry]));

/** Every function by name: those of this file, and those that were added. */
export const FUNCTIONS: ReadonlyMap<string, FunctionRow> = known;

/** Adds functions that are loaded when somebody names one (plan/library). */
export function addFunctions(rows: readonly FunctionRow[]): void {
  for (const row of rows) known.set(row.name, row);
}

/** Forgets functions that were added. */
export function removeFunctions(names: Iterable<string>): void {
  for (const name of names) known.delete(name);
}

/** An aggregate: `resolve` gives the result's type for its argument's (null for COUNT(*)), or null when it takes another. */
export interface AggregateRow {
  readonly name: AggregateName;
  readonly signature: string;
  readonly resolve: (argument: DataType | null) => DataType | null;
  readonly flink: string;
}

export type AggregateName = "count_star" | "count" | "sum" | "min" | "max" | "avg";

const AGGREGATE_ROWS: readonly AggregateRow[] = [
  { name: "count_star", signature: "count()", resolve: countRows, flink: "COUNT(*)" },
  { name: "count", signature: "count(x)", resolve: countValues, flink: "COUNT" },
  {
    name: "sum",
    signature: "sum(number)",
    resolve: sum,
    flink: "SUM",
  },
  {
    name: "min",
    signature: "min(number | time | text)",
    resolve: extremeValue,
    flink: "MIN",
  },
  {
    name: "max",
    signature: "max(number | time | text)",
    resolve: extremeValue,
    flink: "MAX",
  },
  {
    name: "avg",
    signature: "avg(number)",
    resolve: average,
    flink: "AVG",
  },
];

/** Every aggregate by name. */
export const AGGREGATES: ReadonlyMap<string, AggregateRow> = new Map(
  AGGREGATE_ROWS.map((entry) => [entry.name, entry]),
);
