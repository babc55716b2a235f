// Every function and operator of expressions, one row each: what Flink calls it, its kernels, argument and result types, a
// sentence and an example that the tests run. Semantics: plan/scalar (one row at a time), operators/evaluate (columns).
import { BOOLEAN as BOOL, DATE, type DataType, INT32 as INT, STRING as STR, TIMESTAMP } from "../arrow/types.js";
import { PlanError } from "../errors.js";
import type { BoundValue, Expr, LiteralValue } from "./expr.js";
import {
  type Argument,
  anything,
  arithmetic,
  average,
  bool,
  chosen,
  compared,
  countRows,
  countValues,
  dateFloor,
  doubles,
  extract,
  extreme,
  extremeValue,
  type Form,
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
  readonly doc: string;
  readonly example: { readonly args: readonly LiteralValue[]; readonly result: BoundValue };
  /** Written in terms of other expressions before anything is bound. */
  readonly expand?: (args: readonly Expr[]) => Expr;
}

type NullRule = Pick<FunctionRow, "resolve" | "nulls">;

const own = (resolve: Form): NullRule => ({ resolve, nulls: "own" });
const never = (resolve: Form): NullRule => ({ resolve, nulls: "never" });

/** One row. A form alone is strict; a signature that begins with a parenthesis stands behind the name. */
function fn(
  name: string,
  flink: string | null,
  kernel: string | null,
  form: Form | NullRule,
  signature: string,
  doc: string,
  args: readonly LiteralValue[],
  result: BoundValue,
): FunctionRow {
  const rule: NullRule = typeof form === "function" ? { resolve: form, nulls: "strict" } : form;
  const shown = signature.startsWith("(") ? name + signature : signature;
  return Object.freeze({
    name,
    flink,
    kernel,
    ...rule,
    signature: shown,
    doc,
    example: Object.freeze({ args, result }),
  });
}

/** A row that is written with others, whose types and semantics it has; `expand` gets as many arguments as it names. */
function written(row: FunctionRow, expand: (...args: Expr[]) => Expr): FunctionRow {
  return Object.freeze({
    ...row,
    expand: (args: readonly Expr[]) => {
      if (args.length === expand.length) return expand(...args);
      throw new PlanError("TYPE", `${row.name} takes ${expand.length} arguments, not ${args.length}`, {
        hint: `forms: ${row.signature}`,
      });
    },
  });
}

const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", fn: name, args });
const cast = (input: Expr, type: DataType): Expr => ({ kind: "cast", input, type, try: false });
const none: Form = () => null;
const LEAP = new Date("2024-02-29T13:05:09.250Z");
const MANY = Number.POSITIVE_INFINITY;

const ROWS: readonly FunctionRow[] = [
  // Arithmetic
  fn(
    "add",
    "+",
    "arithmetic",
    arithmetic("add"),
    "number + number, timestamp + INTERVAL, INTERVAL + INTERVAL",
    "Sum; OVERFLOW when it does not fit.",
    [2, 3],
    5,
  ),
  fn(
    "sub",
    "-",
    "arithmetic",
    arithmetic("sub"),
    "number - number, timestamp - INTERVAL, timestamp - timestamp",
    "Difference; of two timestamps the INTERVAL between.",
    [2, 3],
    -1,
  ),
  fn(
    "mul",
    "*",
    "arithmetic",
    arithmetic("mul"),
    "number * number, INTERVAL * integer",
    "Product; OVERFLOW when it does not fit.",
    [2, 3],
    6,
  ),
  fn(
    "div",
    "/",
    "arithmetic",
    arithmetic("div"),
    "number / number, INTERVAL / integer",
    "Quotient; integers truncate toward zero, decimals round half up, x / 0 is DIVISION_BY_ZERO unless DOUBLE.",
    [-7, 2],
    -3,
  ),
  fn(
    "mod",
    "%",
    "arithmetic",
    arithmetic("mod"),
    "number % number",
    "Remainder, with the sign of the dividend.",
    [-7, 2],
    -1,
  ),
  fn(
    "neg",
    "-",
    "arithmetic",
    sameNumber({ interval: true }),
    "-number, -INTERVAL",
    "The number with the other sign.",
    [5],
    -5,
  ),
  fn("abs", "ABS", "arithmetic", sameNumber({ interval: true }), "(number)", "Size without sign.", [-5], 5),
  fn("sign", "SIGN", "doubles", sameNumber({}), "(number)", "-1, 0 or 1.", [-2.5], -1),
  fn("ceil", "CEIL", "rounding", wholeNumber, "(number)", "The smallest whole number that is not less.", [2.1], 3),
  fn(
    "floor",
    "FLOOR",
    "rounding",
    wholeNumber,
    "(number)",
    "The largest whole number that is not greater.",
    [-2.1],
    -3,
  ),
  fn(
    "round",
    "ROUND",
    "doubles",
    rounded,
    "(number [, digits])",
    "Rounded half away from zero, to so many digits after the point.",
    [2.345, 2],
    2.35,
  ),
  fn("sqrt", "SQRT", "rounding", doubles(1), "(number)", "Square root; OVERFLOW of a negative number.", [9], 3),
  fn("ln", "LN", "doubles", doubles(1), "(number)", "Natural logarithm; OVERFLOW of a negative number.", [1], 0),
  fn("log10", "LOG10", "doubles", doubles(1), "(number)", "Logarithm to base 10.", [1000], 3),
  fn("exp", "EXP", "doubles", doubles(1), "(number)", "e to the power of the number.", [0], 1),
  fn("power", "POWER", "doubles", doubles(2), "(base, exponent)", "Base to the power of exponent.", [2, 10], 1024),
  // Comparison: one total order of numbers, NaN = NaN and greatest of all; strings by their UTF-8 bytes
  fn("eq", "=", "compare", compared(2, 2), "x = y", "Equal; NULL if either is NULL.", [1, 1], true),
  fn("ne", "<>", "compare", compared(2, 2), "x <> y", "Not equal.", [1, 1], false),
  fn("lt", "<", "compare", compared(2, 2), "x < y", "Less.", ["a", "b"], true),
  fn("le", "<=", "compare", compared(2, 2), "x <= y", "Less or equal.", [2, 1], false),
  fn("gt", ">", "compare", compared(2, 2), "x > y", "Greater.", [Number.NaN, 1], true),
  fn("ge", ">=", "compare", compared(2, 2), "x >= y", "Greater or equal.", [1, 1], true),
  fn(
    "is_distinct_from",
    "IS DISTINCT FROM",
    "distinct",
    never(compared(2, 2)),
    "x IS DISTINCT FROM y",
    "Not equal, where NULL equals NULL.",
    [1, null],
    true,
  ),
  fn(
    "is_not_distinct_from",
    "IS NOT DISTINCT FROM",
    "distinct",
    never(compared(2, 2)),
    "x IS NOT DISTINCT FROM y",
    "Equal, where NULL equals NULL.",
    [null, null],
    true,
  ),
  fn(
    "in",
    "IN",
    "in",
    own(compared(2, MANY)),
    "x IN (y, …)",
    "Equal to one of the list; NULL when none is and a NULL is among them.",
    [2, 1, 2],
    true,
  ),
  written(
    fn("between", "BETWEEN", null, none, "x BETWEEN low AND high", "low <= x AND x <= high.", [2, 1, 3], true),
    (x, low, high) => call("and", call("ge", x, low), call("le", x, high)),
  ),
  // Truth: three-valued, NULL is unknown
  fn(
    "and",
    "AND",
    "logic",
    own(bool(1, MANY)),
    "a AND b [AND …]",
    "TRUE when all are; later ones are not evaluated where an earlier is FALSE.",
    [true, null],
    null,
  ),
  fn(
    "or",
    "OR",
    "logic",
    own(bool(1, MANY)),
    "a OR b [OR …]",
    "TRUE when one is; later ones are not evaluated where an earlier is TRUE.",
    [true, null],
    true,
  ),
  fn("not", "NOT", "logic", bool(1, 1), "NOT a", "TRUE of FALSE and the reverse.", [true], false),
  fn("is_true", "IS TRUE", "truth", never(bool(1, 1)), "a IS TRUE", "TRUE of TRUE, else FALSE.", [null], false),
  fn(
    "is_not_true",
    "IS NOT TRUE",
    "truth",
    never(bool(1, 1)),
    "a IS NOT TRUE",
    "FALSE of TRUE, else TRUE.",
    [null],
    true,
  ),
  fn("is_false", "IS FALSE", "truth", never(bool(1, 1)), "a IS FALSE", "TRUE of FALSE, else FALSE.", [false], true),
  fn(
    "is_not_false",
    "IS NOT FALSE",
    "truth",
    never(bool(1, 1)),
    "a IS NOT FALSE",
    "FALSE of FALSE, else TRUE.",
    [null],
    true,
  ),
  fn("is_null", "IS NULL", "truth", never(anything), "x IS NULL", "TRUE of NULL, else FALSE.", [null], true),
  fn(
    "is_not_null",
    "IS NOT NULL",
    "truth",
    never(anything),
    "x IS NOT NULL",
    "FALSE of NULL, else TRUE.",
    [null],
    false,
  ),
  // Choice
  fn(
    "coalesce",
    "COALESCE",
    "choice",
    own(chosen),
    "(x, y, …)",
    "The first that is not NULL; later ones are not evaluated where an earlier is not.",
    [null, 2],
    2,
  ),
  written(fn("if_null", "IFNULL", null, none, "(x, y)", "x, or y where x is NULL.", [null, 1], 1), (x, y) =>
    call("coalesce", x, y),
  ),
  written(fn("nullif", "NULLIF", null, none, "(x, y)", "NULL where x = y, else x.", [0, 0], null), (x, y) => ({
    kind: "case",
    branches: [{ when: call("eq", x, y), then: { kind: "literal", value: null } }],
    otherwise: x,
  })),
  fn(
    "greatest",
    "GREATEST",
    "extreme",
    extreme,
    "(x, y, …)",
    "The greatest of all; NULL if one is NULL.",
    [1, 3, 2],
    3,
  ),
  fn("least", "LEAST", "extreme", extreme, "(x, y, …)", "The least of all; NULL if one is NULL.", [1, 3, 2], 1),
  // Text: lengths and positions in code points, comparison by UTF-8 bytes
  fn("char_length", "CHAR_LENGTH", "text", text([STR], INT), "(STRING)", "Code points of the string.", ["naïve"], 5),
  fn("upper", "UPPER", "text", text([STR], STR), "(STRING)", "In upper case.", ["ab"], "AB"),
  fn("lower", "LOWER", "text", text([STR], STR), "(STRING)", "In lower case.", ["AB"], "ab"),
  fn(
    "trim",
    "TRIM",
    "trim",
    text([STR, STR], STR, 1),
    "(STRING [, characters])",
    "Without blanks, or those characters, at both ends.",
    ["  x "],
    "x",
  ),
  fn(
    "ltrim",
    "LTRIM",
    "trim",
    text([STR, STR], STR, 1),
    "(STRING [, characters])",
    "Without them at the start.",
    ["xxab", "x"],
    "ab",
  ),
  fn(
    "rtrim",
    "RTRIM",
    "trim",
    text([STR, STR], STR, 1),
    "(STRING [, characters])",
    "Without them at the end.",
    ["ab  "],
    "ab",
  ),
  fn(
    "substring",
    "SUBSTRING",
    "substring",
    substring,
    "(STRING, start [, length])",
    "From the 1-based start (negative: from the end), at most so many characters; NULL for a negative length.",
    ["stream", 2, 3],
    "tre",
  ),
  fn(
    "concat",
    "CONCAT",
    "concat",
    joined,
    "(STRING, …)",
    "All strings joined; NULL if one is NULL.",
    ["a", "b", "c"],
    "abc",
  ),
  fn(
    "position",
    "POSITION",
    null,
    text([STR, STR], INT),
    "(search, STRING)",
    "1-based place of the first occurrence, 0 when there is none.",
    ["re", "stream"],
    3,
  ),
  fn(
    "starts_with",
    "STARTSWITH",
    "search",
    text([STR, STR], BOOL),
    "(STRING, prefix)",
    "Whether the string begins so.",
    ["stream", "st"],
    true,
  ),
  fn(
    "ends_with",
    "ENDSWITH",
    "search",
    text([STR, STR], BOOL),
    "(STRING, suffix)",
    "Whether the string ends so.",
    ["stream", "am"],
    true,
  ),
  fn(
    "contains",
    null,
    "search",
    text([STR, STR], BOOL),
    "(STRING, part)",
    "Whether the part occurs.",
    ["stream", "rea"],
    true,
  ),
  fn(
    "like",
    "LIKE",
    "like",
    like,
    "STRING LIKE pattern [ESCAPE character]",
    "Matches the whole string: % is any text, _ any one character.",
    ["stream", "s%m"],
    true,
  ),
  fn(
    "replace",
    "REPLACE",
    null,
    text([STR, STR, STR], STR),
    "(STRING, search, replacement)",
    "Every occurrence replaced.",
    ["a-b-c", "-", "+"],
    "a+b+c",
  ),
  fn("reverse", "REVERSE", null, text([STR], STR), "(STRING)", "Characters in reverse order.", ["abc"], "cba"),
  fn(
    "lpad",
    "LPAD",
    null,
    padded,
    "(STRING, length [, fill])",
    "Filled at the start, or cut, to the length; NULL for a negative one.",
    ["7", 3, "0"],
    "007",
  ),
  fn(
    "rpad",
    "RPAD",
    null,
    padded,
    "(STRING, length [, fill])",
    "Filled at the end, or cut, to the length; NULL for a negative one.",
    ["7", 3, "0"],
    "700",
  ),
  // Time: proleptic Gregorian, an instant is UTC
  fn(
    "extract",
    "EXTRACT",
    "time_part",
    extract,
    "(unit, DATE | TIME | TIMESTAMP)",
    "Part of a time: year quarter month week day dow isodow doy hour minute second millisecond epoch.",
    ["hour", LEAP],
    13n,
  ),
  fn("year", "YEAR", "time_part", timePart, "(DATE | TIMESTAMP)", "Year.", [LEAP], 2024n),
  fn("quarter", "QUARTER", "time_part", timePart, "(DATE | TIMESTAMP)", "1 to 4.", [LEAP], 1n),
  fn("month", "MONTH", "time_part", timePart, "(DATE | TIMESTAMP)", "1 to 12.", [LEAP], 2n),
  fn("week", "WEEK", "time_part", timePart, "(DATE | TIMESTAMP)", "ISO week, 1 to 53.", [LEAP], 9n),
  fn("day", "DAYOFMONTH", "time_part", timePart, "(DATE | TIMESTAMP)", "Day of the month.", [LEAP], 29n),
  fn("hour", "HOUR", "time_part", timePart, "(TIME | TIMESTAMP)", "0 to 23.", [LEAP], 13n),
  fn("minute", "MINUTE", "time_part", timePart, "(TIME | TIMESTAMP)", "0 to 59.", [LEAP], 5n),
  fn("second", "SECOND", "time_part", timePart, "(TIME | TIMESTAMP)", "0 to 59.", [LEAP], 9n),
  fn(
    "date_floor",
    "FLOOR",
    "date_floor",
    dateFloor,
    "(DATE | TIMESTAMP, unit)",
    "The start of the year, quarter, month, week (Monday), day, hour, minute, second it lies in.",
    [LEAP, "hour"],
    1709211600000n,
  ),
  fn(
    "time_add",
    "+",
    "time_move",
    none,
    "timestamp + INTERVAL",
    "A later time; TIME_RANGE beyond the years -9999 to 9999.",
    [],
    null,
  ),
  fn("time_sub", "-", "time_move", none, "timestamp - INTERVAL", "An earlier time.", [], null),
  fn(
    "time_diff",
    "TIMESTAMPDIFF",
    "time_diff",
    none,
    "timestamp - timestamp",
    "The INTERVAL between two times.",
    [],
    null,
  ),
  written(
    fn(
      "to_timestamp",
      "TO_TIMESTAMP",
      null,
      none,
      "(STRING)",
      "TIMESTAMP(3) of its ISO text.",
      ["1970-01-01 00:01"],
      60000n,
    ),
    (text) => cast(text, TIMESTAMP),
  ),
  written(fn("to_date", "TO_DATE", null, none, "(STRING)", "DATE of its ISO text.", ["1970-01-02"], 1), (text) =>
    cast(text, DATE),
  ),
  fn("to_epoch_ms", null, "epoch", toEpoch, "(TIMESTAMP)", "Milliseconds since 1970-01-01.", [new Date(1000)], 1000n),
  fn(
    "from_epoch_ms",
    "TO_TIMESTAMP_LTZ",
    "epoch",
    fromEpoch,
    "(integer)",
    "The instant so many milliseconds after 1970-01-01; TIME_RANGE beyond the years -9999 to 9999.",
    [1000],
    1000n,
  ),
];

/** Every function by name. */
export const FUNCTIONS: ReadonlyMap<string, FunctionRow> = new Map(ROWS.map((entry) => [entry.name, entry]));

/** An aggregate: `resolve` gives the result's type for its argument's (null for COUNT(*)), or null when it takes another. */
export interface AggregateRow {
  readonly name: AggregateName;
  readonly signature: string;
  readonly resolve: (argument: DataType | null) => DataType | null;
  readonly flink: string;
  readonly doc: string;
}

export type AggregateName = "count_star" | "count" | "sum" | "min" | "max" | "avg";

const AGGREGATE_ROWS: readonly AggregateRow[] = [
  { name: "count_star", signature: "count()", resolve: countRows, flink: "COUNT(*)", doc: "Rows." },
  { name: "count", signature: "count(x)", resolve: countValues, flink: "COUNT", doc: "Values that are not NULL." },
  {
    name: "sum",
    signature: "sum(number)",
    resolve: sum,
    flink: "SUM",
    doc: "BIGINT of integers, DECIMAL(38, s) of decimals, else the argument's type; NULL of nothing, OVERFLOW when it does not fit.",
  },
  {
    name: "min",
    signature: "min(number | time)",
    resolve: extremeValue,
    flink: "MIN",
    doc: "The least value; NaN is greatest.",
  },
  {
    name: "max",
    signature: "max(number | time)",
    resolve: extremeValue,
    flink: "MAX",
    doc: "The greatest value; NaN is greatest.",
  },
  {
    name: "avg",
    signature: "avg(number)",
    resolve: average,
    flink: "AVG",
    doc: "Mean: DOUBLE of integers and floats, DECIMAL(38, max(6, s)) of decimals.",
  },
];

/** Every aggregate by name. */
export const AGGREGATES: ReadonlyMap<string, AggregateRow> = new Map(
  AGGREGATE_ROWS.map((entry) => [entry.name, entry]),
);
