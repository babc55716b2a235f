// What functions and aggregates do: a sentence each, and for functions an example that the tests run. Docs are made of it; the
// engine never loads it.
import type { BoundValue, LiteralValue } from "./expr.js";
import type { AggregateName } from "./functions.js";

export interface FunctionDoc {
  readonly doc: string;
  /** A call with literals and what it gives; null for rows that only binding calls. */
  readonly example: FunctionExample | null;
}

interface FunctionExample {
  /** A first argument that no literal can be: a column of this type with this value. */
  readonly over?: { readonly type: string; readonly value: unknown };
  readonly args: readonly LiteralValue[];
  readonly result: BoundValue;
}

function about(doc: string, args: readonly LiteralValue[], result: BoundValue): FunctionDoc {
  return { doc, example: { args, result } };
}

function ofNested(
  doc: string,
  type: string,
  value: unknown,
  args: readonly LiteralValue[],
  result: BoundValue,
): FunctionDoc {
  return { doc, example: { over: { type, value }, args, result } };
}

const LEAP = new Date("2024-02-29T13:05:09.250Z");

/** By the name of the row in functions.ts. */
export const FUNCTION_DOCS: Readonly<Record<string, FunctionDoc>> = {
  add: about("Sum; OVERFLOW when it does not fit.", [2, 3], 5),
  sub: about("Difference; of two timestamps the INTERVAL between.", [2, 3], -1),
  mul: about("Product; OVERFLOW when it does not fit.", [2, 3], 6),
  div: about(
    "Quotient; integers truncate toward zero, decimals round half up, x / 0 is DIVISION_BY_ZERO unless DOUBLE.",
    [-7, 2],
    -3,
  ),
  mod: about("Remainder, with the sign of the dividend.", [-7, 2], -1),
  neg: about("The number with the other sign.", [5], -5),
  abs: about("Size without sign.", [-5], 5),
  sign: about("-1, 0 or 1.", [-2.5], -1),
  ceil: about("The smallest whole number that is not less.", [2.1], 3),
  floor: about("The largest whole number that is not greater.", [-2.1], -3),
  round: about("Rounded half away from zero, to so many digits after the point.", [2.345, 2], 2.35),
  sqrt: about("Square root; OVERFLOW of a negative number.", [9], 3),
  ln: about("Natural logarithm; OVERFLOW of a negative number.", [1], 0),
  log10: about("Logarithm to base 10.", [1000], 3),
  exp: about("e to the power of the number.", [0], 1),
  power: about("Base to the power of exponent.", [2, 10], 1024),
  eq: about("Equal; NULL if either is NULL.", [1, 1], true),
  ne: about("Not equal.", [1, 1], false),
  lt: about("Less.", ["a", "b"], true),
  le: about("Less or equal.", [2, 1], false),
  gt: about("Greater.", [Number.NaN, 1], true),
  ge: about("Greater or equal.", [1, 1], true),
  is_distinct_from: about("Not equal, where NULL equals NULL.", [1, null], true),
  is_not_distinct_from: about("Equal, where NULL equals NULL.", [null, null], true),
  in: about("Equal to one of the list; NULL when none is and a NULL is among them.", [2, 1, 2], true),
  between: about("low <= x AND x <= high.", [2, 1, 3], true),
  and: about("TRUE when all are; later ones are not evaluated where an earlier is FALSE.", [true, null], null),
  or: about("TRUE when one is; later ones are not evaluated where an earlier is TRUE.", [true, null], true),
  not: about("TRUE of FALSE and the reverse.", [true], false),
  is_true: about("TRUE of TRUE, else FALSE.", [null], false),
  is_not_true: about("FALSE of TRUE, else TRUE.", [null], true),
  is_false: about("TRUE of FALSE, else FALSE.", [false], true),
  is_not_false: about("FALSE of FALSE, else TRUE.", [null], true),
  is_null: about("TRUE of NULL, else FALSE.", [null], true),
  is_not_null: about("FALSE of NULL, else TRUE.", [null], false),
  coalesce: about("The first that is not NULL; later ones are not evaluated where an earlier is not.", [null, 2], 2),
  if_null: about("x, or y where x is NULL.", [null, 1], 1),
  nullif: about("NULL where x = y, else x.", [0, 0], null),
  greatest: about("The greatest of all; NULL if one is NULL.", [1, 3, 2], 3),
  least: about("The least of all; NULL if one is NULL.", [1, 3, 2], 1),
  char_length: about("Code points of the string.", ["naïve"], 5),
  upper: about("In upper case.", ["ab"], "AB"),
  lower: about("In lower case.", ["AB"], "ab"),
  trim: about("Without blanks, or those characters, at both ends.", ["  x "], "x"),
  ltrim: about("Without them at the start.", ["xxab", "x"], "ab"),
  rtrim: about("Without them at the end.", ["ab  "], "ab"),
  substring: about(
    "From the 1-based start (negative: from the end), at most so many characters; NULL for a negative length.",
    ["stream", 2, 3],
    "tre",
  ),
  concat: about("All strings joined; NULL if one is NULL.", ["a", "b", "c"], "abc"),
  position: about("1-based place of the first occurrence, 0 when there is none.", ["re", "stream"], 3),
  starts_with: about("Whether the string begins so.", ["stream", "st"], true),
  ends_with: about("Whether the string ends so.", ["stream", "am"], true),
  contains: about("Whether the part occurs.", ["stream", "rea"], true),
  like: about("Matches the whole string: % is any text, _ any one character.", ["stream", "s%m"], true),
  replace: about("Every occurrence replaced.", ["a-b-c", "-", "+"], "a+b+c"),
  reverse: about("Characters in reverse order.", ["abc"], "cba"),
  lpad: about("Filled at the start, or cut, to the length; NULL for a negative one.", ["7", 3, "0"], "007"),
  rpad: about("Filled at the end, or cut, to the length; NULL for a negative one.", ["7", 3, "0"], "700"),
  extract: about(
    "Part of a time: year quarter month week day dow isodow doy hour minute second millisecond epoch.",
    ["hour", LEAP],
    13n,
  ),
  year: about("Year.", [LEAP], 2024n),
  quarter: about("1 to 4.", [LEAP], 1n),
  month: about("1 to 12.", [LEAP], 2n),
  week: about("ISO week, 1 to 53.", [LEAP], 9n),
  day: about("Day of the month.", [LEAP], 29n),
  hour: about("0 to 23.", [LEAP], 13n),
  minute: about("0 to 59.", [LEAP], 5n),
  second: about("0 to 59.", [LEAP], 9n),
  date_floor: about(
    "The start of the year, quarter, month, week (Monday), day, hour, minute, second it lies in.",
    [LEAP, "hour"],
    1709211600000n,
  ),
  time_add: { doc: "A later time; TIME_RANGE beyond the years -9999 to 9999.", example: null },
  time_sub: { doc: "An earlier time.", example: null },
  time_diff: { doc: "The INTERVAL between two times.", example: null },
  to_timestamp: about("TIMESTAMP(3) of its ISO text.", ["1970-01-01 00:01"], 60000n),
  to_date: about("DATE of its ISO text.", ["1970-01-02"], 1),
  to_epoch_ms: about("Milliseconds since 1970-01-01.", [new Date(1000)], 1000n),
  from_epoch_ms: about(
    "The instant so many milliseconds after 1970-01-01; TIME_RANGE beyond the years -9999 to 9999.",
    [1000],
    1000n,
  ),
  field: ofNested(
    "The field of a row; NULL of a row that is NULL.",
    "ROW<name STRING>",
    { name: "Ada" },
    ["name"],
    "Ada",
  ),
  at: ofNested("The element, counted from 1; NULL where there is none.", "ARRAY<STRING>", ["a", "b"], [2], "b"),
  get: ofNested(
    "The value of the key; NULL where the map has no such key.",
    "MAP<STRING, INT>",
    new Map([["EUR", 9]]),
    ["EUR"],
    9,
  ),
  cardinality: ofNested("How many elements, or entries, NULLs included.", "ARRAY<INT>", [7, null], [], 2),
  array_contains: ofNested(
    "Whether an element equals it; NULL is looked for as a value, and the result NULL only of an array that is.",
    "ARRAY<INT>",
    [7, null],
    [7],
    true,
  ),
};

export const AGGREGATE_DOCS: Readonly<Record<AggregateName, string>> = {
  count_star: "Rows.",
  count: "Values that are not NULL.",
  sum: "BIGINT of integers, DECIMAL(38, s) of decimals, else the argument's type; NULL of nothing, OVERFLOW when it does not fit.",
  min: "The least value; NaN is greatest, texts are compared as UTF-8 bytes.",
  max: "The greatest value; NaN is greatest, texts are compared as UTF-8 bytes.",
  avg: "Mean: DOUBLE of integers and floats, DECIMAL(38, max(6, s)) of decimals.",
};
