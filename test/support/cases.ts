// Hand-worked cases of expressions as text. Constant folding and the kernels must both pass every one of them.
//
//     fn(TYPE; TYPE; …): RESULT TYPE | argument argument … = result | …
//
// `!` after a type: the argument must be a literal. Cells: NULL │ numbers │ true false │ "JSON text" │ "hex" of BYTES │ DATE and
// TIMESTAMP in ISO text │ TIME and INTERVAL in milliseconds │ DECIMAL unscaled. A code in place of a result: the row fails so.
import { parseType } from "../../src/arrow/types.js";
import type { BoundValue } from "../../src/plan/expr.js";

/** A value of a type in the units of bound literals: BIGINT, times and decimals (unscaled) as bigint, bytes as hex. */
export type Typed = readonly [type: string, value: BoundValue];

/** `fn` of the arguments gives `result` of `type`, or fails with the code. `fn` may be CAST or TRY_CAST to the type. */
export interface Case {
  readonly fn: string;
  readonly args: readonly Typed[];
  readonly type: string;
  readonly result: BoundValue;
  readonly fails?: string;
  /** Places of the arguments that must be literals. */
  readonly literals: readonly number[];
}

const CODES = new Set(["OVERFLOW", "DIVISION_BY_ZERO", "CAST", "TIME_RANGE"]);

function parseCases(text: string): Case[] {
  const joined = text.replace(/ *--.*\n/g, "").replace(/\n +\| /g, " | ");
  return joined
    .split("\n")
    .filter((line) => line.trim() !== "")
    .flatMap(parseGroup);
}

function parseGroup(line: string): Case[] {
  const [head, ...rows] = line.trim().split(" | ") as [string, ...string[]];
  const [, fn, given, type] = /^(\w+)\((.*)\): (.+)$/.exec(head) as unknown as [string, string, string, string];
  const types = given.split("; ").map((name) => name.replace("!", ""));
  const literals = given.split("; ").flatMap((name, i) => (name.endsWith("!") ? [i] : []));
  return rows.map((row) => {
    const cells = row.match(/"(?:[^"\\]|\\.)*"|\S+/g) as string[];
    const args = types.map((name, i): Typed => [name, parseCell(cells[i] as string, name)]);
    const result = cells.at(-1) as string;
    if (cells.length !== types.length + 2) throw new Error(`${row} does not fit ${head}`);
    return CODES.has(result)
      ? { fn, args, type, result: null, fails: result, literals }
      : { fn, args, type, result: parseCell(result, type), literals };
  });
}

function parseCell(cell: string, type: string): BoundValue {
  if (cell === "NULL") return null;
  if (cell.startsWith('"')) return JSON.parse(cell) as string;
  const { kind } = parseType(type).type;
  if (kind === "boolean") return cell === "true";
  if (kind === "date") return Date.parse(`${cell}T00:00:00Z`) / 86_400_000;
  if (kind === "timestamp" || kind === "timestamp_ltz") {
    const [second, fraction = ""] = cell.split(".") as [string, string?];
    const micros = BigInt(Date.parse(`${second}Z`)) * 1000n + BigInt(fraction.padEnd(6, "0"));
    return type.includes("6") ? micros : micros / 1000n;
  }
  return kind === "int64" || kind === "interval" || kind === "decimal" ? BigInt(cell) : Number(cell);
}

export const CASES: readonly Case[] = parseCases(String.raw`
  -- Arithmetic: integers are checked, DOUBLE follows IEEE 754
  add(INT; INT): INT | 2 3 = 5 | -5 5 = 0 | 2147483647 -1 = 2147483646 | 2147483647 1 = OVERFLOW
  sub(INT; INT): INT | -2147483648 1 = OVERFLOW
  mul(INT; INT): INT | 65536 32768 = OVERFLOW | 46341 -46340 = -2147441940 | -2147483648 1 = -2147483648
  add(INT; BIGINT): BIGINT | 1 9007199254740992 = 9007199254740993
  add(BIGINT; BIGINT): BIGINT | 9223372036854775807 1 = OVERFLOW
  sub(BIGINT; BIGINT): BIGINT | -9223372036854775808 1 = OVERFLOW
  mul(BIGINT; BIGINT): BIGINT | 3037000500 3037000500 = OVERFLOW | 3037000499 3037000499 = 9223372030926249001
    | -9223372036854775808 1 = -9223372036854775808 | -9223372036854775808 -1 = OVERFLOW
  div(INT; INT): INT | 7 2 = 3 | -7 2 = -3 | 7 -2 = -3 | -2147483648 1 = -2147483648 | 1 0 = DIVISION_BY_ZERO
    | -2147483648 -1 = OVERFLOW
  div(BIGINT; BIGINT): BIGINT | -9223372036854775808 -1 = OVERFLOW
  mod(INT; INT): INT | 7 3 = 1 | -7 3 = -1 | 7 -3 = 1 | -2147483648 -1 = 0
  mod(BIGINT; INT): INT | 4611686018427387904 7 = 4
  mod(BIGINT; BIGINT): BIGINT | 1 0 = DIVISION_BY_ZERO
  add(TINYINT; TINYINT): TINYINT | 100 27 = 127 | 100 28 = OVERFLOW
  mul(SMALLINT; TINYINT): SMALLINT | 300 100 = 30000
  div(DOUBLE; DOUBLE): DOUBLE | 1 0 = Infinity | -1 0 = -Infinity | 0 0 = NaN | 1 4 = 0.25
  mod(DOUBLE; DOUBLE): DOUBLE | 7.5 2 = 1.5 | -7.5 2 = -1.5 | 1 0 = NaN
  add(FLOAT; FLOAT): FLOAT | 0.10000000149011612 0.20000000298023224 = 0.30000001192092896
  mul(INT; DOUBLE): DOUBLE | 3 0.5 = 1.5
  add(INT; FLOAT): FLOAT | 1 0.5 = 1.5
  neg(INT): INT | 5 = -5 | 0 = 0
  neg(DOUBLE): DOUBLE | 1.5 = -1.5 | NaN = NaN
  neg(BIGINT): BIGINT | -9223372036854775808 = OVERFLOW
  abs(BIGINT): BIGINT | -5 = 5 | 9223372036854775807 = 9223372036854775807
  abs(INT): INT | -2147483648 = OVERFLOW
  abs(DOUBLE): DOUBLE | -2.5 = 2.5 | -Infinity = Infinity
  sign(DOUBLE): DOUBLE | -2.5 = -1 | 0 = 0 | NaN = NaN
  sign(DECIMAL(5, 2)): DECIMAL(5, 2) | -250 = -100
  ceil(DOUBLE): DOUBLE | 2.1 = 3 | -2.1 = -2
  floor(DOUBLE): DOUBLE | 2.9 = 2 | -2.1 = -3
  ceil(DECIMAL(3, 2)): DECIMAL(3, 0) | 999 = 10 | -250 = -2
  floor(DECIMAL(3, 2)): DECIMAL(3, 0) | 999 = 9 | -250 = -3
  floor(INT): INT | 7 = 7
  round(DOUBLE): DOUBLE | 2.5 = 3 | -2.5 = -3 | 0.49999999999999994 = 0 | NaN = NaN | 1e+300 = 1e+300
  round(DOUBLE; INT): DOUBLE | 2.345 2 = 2.35 | 1.005 2 = 1.01 | 1234.5 -2 = 1200 | 1e-9 20 = 1e-9
    | 1.2345e-15 18 = 1.235e-15 | 123456.5 0 = 123457 | 0.285 2 = 0.29 | -1.15 1 = -1.2 | 1e+300 -299 = 1e+300
    | 5e+299 -300 = 1e+300 | 4.9e+299 -300 = 0 | 1.5 -2147483648 = 0 | 1.5 2147483647 = 1.5
    | 5e-324 400 = 5e-324
  round(INT; INT): INT | 1250 -2 = 1300 | -1250 -2 = -1300 | 7 3 = 7
  round(DECIMAL(5, 3); INT!): DECIMAL(4, 1) | 99995 1 = 1000
  round(DECIMAL(5, 3)): DECIMAL(3, 0) | 2500 = 3 | -2500 = -3 | 2499 = 2
  sqrt(DOUBLE): DOUBLE | 9 = 3 | NaN = NaN
  sqrt(INT): DOUBLE | 2 = 1.4142135623730951
  sqrt(DOUBLE): DOUBLE | -1 = OVERFLOW
  ln(DOUBLE): DOUBLE | 1 = 0 | 0 = -Infinity | -1 = OVERFLOW
  power(DOUBLE; INT): DOUBLE | 2 10 = 1024 | 0 -1 = Infinity
  -- Decimals: unscaled values
  add(DECIMAL(10, 2); DECIMAL(5, 3)): DECIMAL(12, 3) | 1250 5 = 12505
  sub(DECIMAL(4, 2); INT): DECIMAL(13, 2) | 1250 20 = -750
  add(DECIMAL(18, 0); DECIMAL(18, 0)): DECIMAL(19, 0)
    | 999999999999999999 999999999999999999 = 1999999999999999998
  mul(DECIMAL(3, 3); DECIMAL(4, 2)): DECIMAL(8, 5) | 908 1250 = 1135000
  mul(DECIMAL(10, 2); DECIMAL(10, 2)): DECIMAL(21, 4) | 9999999999 -9999999999 = -99999999980000000001
  mul(DECIMAL(20, 2); DECIMAL(5, 0)): DECIMAL(26, 2) | 10000000000000000000 -3 = -30000000000000000000
  div(DECIMAL(5, 2); DECIMAL(5, 2)): DECIMAL(13, 8) | 100 300 = 33333333 | 200 300 = 66666667
    | -200 300 = -66666667 | 100 0 = DIVISION_BY_ZERO
  mod(DECIMAL(5, 2); DECIMAL(3, 1)): DECIMAL(4, 2) | 1234 50 = 234 | -1234 50 = -234
  add(DECIMAL(38, 0); DECIMAL(38, 0)): DECIMAL(38, 0) | 99999999999999999999999999999999999999 1 = OVERFLOW
  add(DECIMAL(5, 2); DOUBLE): DOUBLE | 125 0.25 = 1.5
  neg(DECIMAL(20, 2)): DECIMAL(20, 2) | 10000000000000000000 = -10000000000000000000
  abs(DECIMAL(5, 2)): DECIMAL(5, 2) | -125 = 125
  eq(DECIMAL(5, 2); DECIMAL(4, 1)): BOOLEAN | 150 15 = true | 151 15 = false
  lt(DECIMAL(38, 0); DECIMAL(4, 2)): BOOLEAN | 2 151 = false | 1 151 = true
  gt(DECIMAL(30, 10); DECIMAL(30, 10)): BOOLEAN | 1180591620717411303424 -1180591620717411303424 = true
    | 18446744073709551616 18446744073709551617 = false
  in(DECIMAL(38, 0); DECIMAL(4, 2)): BOOLEAN | 2 151 = false | 2 200 = true
  -- Comparison: NaN = NaN and greatest of all, -0 = 0, strings by their UTF-8 bytes
  eq(DOUBLE; DOUBLE): BOOLEAN | NaN NaN = true | 0 -0 = true | 1 NaN = false
  lt(DOUBLE; DOUBLE): BOOLEAN | Infinity NaN = true | NaN Infinity = false | NaN NaN = false | -0 0 = false
  ge(DOUBLE; DOUBLE): BOOLEAN | NaN Infinity = true | NaN NaN = true
  gt(FLOAT; FLOAT): BOOLEAN | NaN 1 = true | 1 NaN = false
  eq(BIGINT; BIGINT): BOOLEAN | 9007199254740992 9007199254740993 = false
  lt(INT; BIGINT): BOOLEAN | -1 0 = true
  le(TINYINT; SMALLINT): BOOLEAN | 127 128 = true
  lt(STRING; STRING): BOOLEAN | "a" "ab" = true | "\uffff" "\ud800\udc00" = true | "B" "a" = true | "é" "z" = false
  eq(STRING; STRING): BOOLEAN | "e\u0301" "é" = false | "" "" = true
  lt(BYTES; BYTES): BOOLEAN | "00ff" "01" = true | "7f" "80" = true
  lt(BOOLEAN; BOOLEAN): BOOLEAN | false true = true | true true = false | true false = false
  ge(BOOLEAN; BOOLEAN): BOOLEAN | true false = true | false true = false
  eq(TIMESTAMP(3); TIMESTAMP(6)): BOOLEAN | 1970-01-01T00:00:01 1970-01-01T00:00:01 = true
    | 1970-01-01T00:00:01 1970-01-01T00:00:01.000001 = false
  gt(TIMESTAMP(3); DATE): BOOLEAN | 1970-01-02T00:00:00.001 1970-01-02 = true
    | 1970-01-02T00:00:00 1970-01-02 = false
  lt(TIME; TIME): BOOLEAN | 1 2 = true
  ge(TIMESTAMP(3); STRING!): BOOLEAN | 1970-01-01T00:01:00 "1970-01-01 00:01:00" = true
  eq(DECIMAL(5, 2); STRING!): BOOLEAN | 1250 "12.5" = true
  is_distinct_from(INT; INT): BOOLEAN | 1 1 = false | 1 2 = true | NULL 1 = true | NULL NULL = false
  is_not_distinct_from(STRING; STRING): BOOLEAN | "a" "a" = true | NULL "a" = false | NULL NULL = true
  in(INT; INT; INT): BOOLEAN | 1 2 1 = true | 1 2 3 = false | 1 NULL 1 = true | 1 NULL 2 = NULL | NULL 1 2 = NULL
  between(INT; INT; INT): BOOLEAN | 2 1 3 = true | 1 1 1 = true | 0 1 3 = false | 0 1 NULL = false
    | 2 1 NULL = NULL
  -- Truth in three values, and choice
  and(BOOLEAN; BOOLEAN): BOOLEAN | true true = true | true false = false | false NULL = false | NULL false = false
    | true NULL = NULL | NULL NULL = NULL
  or(BOOLEAN; BOOLEAN): BOOLEAN | false false = false | true false = true | true NULL = true | NULL true = true
    | false NULL = NULL | NULL NULL = NULL
  not(BOOLEAN): BOOLEAN | true = false | false = true | NULL = NULL
  is_true(BOOLEAN): BOOLEAN | true = true | false = false | NULL = false
  is_not_true(BOOLEAN): BOOLEAN | true = false | false = true | NULL = true
  is_false(BOOLEAN): BOOLEAN | true = false | false = true | NULL = false
  is_not_false(BOOLEAN): BOOLEAN | true = true | false = false | NULL = true
  is_null(STRING): BOOLEAN | "" = false | NULL = true
  is_not_null(BIGINT): BOOLEAN | 0 = true | NULL = false
  coalesce(INT; INT; BIGINT): BIGINT | NULL 2 3 = 2 | NULL NULL 3 = 3 | NULL NULL NULL = NULL
  coalesce(STRING; STRING): STRING | NULL "b" = "b" | "" "b" = ""
  coalesce(DECIMAL(20, 2); DECIMAL(5, 2)): DECIMAL(20, 2) | NULL 125 = 125
    | 10000000000000000000 1 = 10000000000000000000
  coalesce(TINYINT; TINYINT): TINYINT | NULL -5 = -5 | 7 1 = 7
  if_null(DOUBLE; INT): DOUBLE | NULL 2 = 2 | 1.5 2 = 1.5
  nullif(INT; INT): INT | 0 0 = NULL | 1 0 = 1 | NULL 0 = NULL
  greatest(INT; BIGINT; INT): BIGINT | 1 3 2 = 3 | 1 NULL 2 = NULL
  greatest(DOUBLE; DOUBLE): DOUBLE | 1 NaN = NaN | 2 1 = 2
  least(STRING; STRING): STRING | "b" "ab" = "ab" | "b" NULL = NULL
  least(FLOAT; FLOAT): FLOAT | NaN 1.5 = 1.5
  -- Text: code points
  char_length(STRING): INT | "" = 0 | "naïve" = 5 | "𝄞€a" = 3
  upper(STRING): STRING | "straße é" = "STRASSE É" | "abc" = "ABC"
  lower(STRING): STRING | "ÀB" = "àb" | "[Z]@" = "[z]@"
  trim(STRING): STRING | "  a b " = "a b" | "   " = "" | "\ta" = "\ta"
  ltrim(STRING; STRING): STRING | "xyxab" "yx" = "ab" | "€€a" "€" = "a"
  rtrim(STRING): STRING | "  a " = "  a"
  substring(STRING; INT): STRING | "stream" 3 = "ream" | "𝄞clef" 2 = "clef" | "abc" -2 = "bc" | "abc" -5 = ""
    | "abc" 9 = ""
  substring(STRING; INT; INT): STRING | "stream" 0 2 = "st" | "stream" 5 99 = "am" | "abc" 1 0 = ""
    | "abc" 1 -1 = NULL
  substring(STRING; INT!; INT!): STRING | "é€𝄞!" -3 2 = "€𝄞"
  concat(STRING; STRING; STRING): STRING | "a" "" "é" = "aé" | "a" NULL "b" = NULL
  position(STRING; STRING): INT | "re" "stream" = 3 | "x" "abc" = 0 | "" "abc" = 1 | "b" "€𝄞b" = 3
  starts_with(STRING; STRING): BOOLEAN | "stream" "str" = true | "s" "str" = false | "a" "" = true
  ends_with(STRING; STRING): BOOLEAN | "stream" "eam" = true | "m" "eam" = false
  contains(STRING; STRING): BOOLEAN | "stream" "rea" = true | "stream" "ae" = false | "" "" = true
  like(STRING; STRING): BOOLEAN | "stream" "s%m" = true | "stream" "s_m" = false | "𝄞" "_" = true
    | "a\nb" "a%b" = true | "" "" = true | "a" "" = false | "ab" "a%b%" = true
  like(STRING; STRING!; STRING!): BOOLEAN | "50%" "50!%" "!" = true | "500" "50!%" "!" = false
  like(STRING; STRING!): BOOLEAN
    | "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab" "%aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab" = true
  replace(STRING; STRING; STRING): STRING | "a-b-" "-" "" = "ab" | "aa" "a" "aa" = "aaaa" | "ab" "" "-" = "-a-b-"
  reverse(STRING): STRING | "a𝄞b" = "b𝄞a"
  lpad(STRING; INT; STRING): STRING | "7" 3 "0" = "007" | "abc" 2 "x" = "ab" | "a" 4 "xy" = "xyxa"
    | "a" 2 "" = NULL | "a" -1 "x" = NULL
  rpad(STRING; INT): STRING | "a" 3 = "a  " | "a" 2147483647 = OVERFLOW
  -- Time: proleptic Gregorian, weeks begin on Monday
  extract(STRING!; TIMESTAMP(3)): BIGINT | "year" 2024-02-29T13:05:09.25 = 2024
    | "quarter" 2024-02-29T13:05:09.25 = 1 | "month" 2024-02-29T13:05:09.25 = 2
    | "week" 2024-02-29T13:05:09.25 = 9 | "day" 2024-02-29T13:05:09.25 = 29 | "dow" 2024-02-29T13:05:09.25 = 5
    | "isodow" 2024-02-29T13:05:09.25 = 4 | "doy" 2024-02-29T13:05:09.25 = 60
    | "hour" 2024-02-29T13:05:09.25 = 13 | "minute" 2024-02-29T13:05:09.25 = 5
    | "second" 2024-02-29T13:05:09.25 = 9 | "millisecond" 2024-02-29T13:05:09.25 = 250
    | "epoch" 2024-02-29T13:05:09.25 = 1709211909
  extract(STRING!; TIMESTAMP(6)): BIGINT | "year" 2024-02-29T13:05:09.250007 = 2024
    | "second" 2024-02-29T13:05:09.250007 = 9 | "millisecond" 2024-02-29T13:05:09.250007 = 250
    | "isodow" 2024-02-29T13:05:09.250007 = 4
  extract(STRING!; TIMESTAMP(3)): BIGINT | "year" 1969-12-31T23:59:59.999 = 1969
    | "month" 1969-12-31T23:59:59.999 = 12 | "day" 1969-12-31T23:59:59.999 = 31
    | "hour" 1969-12-31T23:59:59.999 = 23 | "second" 1969-12-31T23:59:59.999 = 59
    | "millisecond" 1969-12-31T23:59:59.999 = 999 | "epoch" 1969-12-31T23:59:59.999 = -1
    | "dow" 1969-12-31T23:59:59.999 = 4 | "week" 1969-12-31T23:59:59.999 = 1 | "week" 2021-01-03T00:00:00 = 53
    | "isodow" 2021-01-03T00:00:00 = 7 | "dow" 2021-01-03T00:00:00 = 1
  year(DATE): BIGINT | 2024-02-29 = 2024 | 1969-12-31 = 1969
  hour(TIME): BIGINT | 47109250 = 13
  date_floor(TIMESTAMP(3); STRING!): TIMESTAMP(3) | 2024-02-29T13:05:09.25 "second" = 2024-02-29T13:05:09
  date_floor(TIMESTAMP(6); STRING!): TIMESTAMP(6) | 2024-02-29T13:05:09.250007 "second" = 2024-02-29T13:05:09
  date_floor(TIMESTAMP(3); STRING!): TIMESTAMP(3) | 2024-02-29T13:05:09.25 "minute" = 2024-02-29T13:05:00
  date_floor(TIMESTAMP(6); STRING!): TIMESTAMP(6) | 2024-02-29T13:05:09.250007 "minute" = 2024-02-29T13:05:00
  date_floor(TIMESTAMP(3); STRING!): TIMESTAMP(3) | 2024-02-29T13:05:09.25 "hour" = 2024-02-29T13:00:00
  date_floor(TIMESTAMP(6); STRING!): TIMESTAMP(6) | 2024-02-29T13:05:09.250007 "hour" = 2024-02-29T13:00:00
  date_floor(TIMESTAMP(3); STRING!): TIMESTAMP(3) | 2024-02-29T13:05:09.25 "day" = 2024-02-29T00:00:00
  date_floor(TIMESTAMP(6); STRING!): TIMESTAMP(6) | 2024-02-29T13:05:09.250007 "day" = 2024-02-29T00:00:00
  date_floor(TIMESTAMP(3); STRING!): TIMESTAMP(3) | 2024-02-29T13:05:09.25 "week" = 2024-02-26T00:00:00
  date_floor(TIMESTAMP(6); STRING!): TIMESTAMP(6) | 2024-02-29T13:05:09.250007 "week" = 2024-02-26T00:00:00
  date_floor(TIMESTAMP(3); STRING!): TIMESTAMP(3) | 2024-02-29T13:05:09.25 "month" = 2024-02-01T00:00:00
  date_floor(TIMESTAMP(6); STRING!): TIMESTAMP(6) | 2024-02-29T13:05:09.250007 "month" = 2024-02-01T00:00:00
  date_floor(TIMESTAMP(3); STRING!): TIMESTAMP(3) | 2024-02-29T13:05:09.25 "quarter" = 2024-01-01T00:00:00
  date_floor(TIMESTAMP(6); STRING!): TIMESTAMP(6) | 2024-02-29T13:05:09.250007 "quarter" = 2024-01-01T00:00:00
  date_floor(TIMESTAMP(3); STRING!): TIMESTAMP(3) | 2024-02-29T13:05:09.25 "year" = 2024-01-01T00:00:00
  date_floor(TIMESTAMP(6); STRING!): TIMESTAMP(6) | 2024-02-29T13:05:09.250007 "year" = 2024-01-01T00:00:00
  date_floor(DATE; STRING!): DATE | 2024-02-29 "week" = 2024-02-26 | 1969-12-31 "year" = 1969-01-01
  add(TIMESTAMP(3); INTERVAL): TIMESTAMP(3) | 1970-01-01T00:00:01 500 = 1970-01-01T00:00:01.5
    | 1970-01-01T00:00:00 -1 = 1969-12-31T23:59:59.999
  add(INTERVAL; TIMESTAMP(6)): TIMESTAMP(6) | 500 1970-01-01T00:00:00.000001 = 1970-01-01T00:00:00.500001
  sub(DATE; INTERVAL): TIMESTAMP(3) | 1970-01-02 1 = 1970-01-01T23:59:59.999
  sub(TIMESTAMP(3); TIMESTAMP(6)): INTERVAL | 1970-01-01T00:00:01.5 1970-01-01T00:00:00.500000 = 1000
  mul(INTERVAL; INT): INTERVAL | 60000 -3 = -180000
  mul(BIGINT; INTERVAL): INTERVAL | 2 5 = 10
  add(INTERVAL; INTERVAL): INTERVAL | 1 2 = 3
  add(TIMESTAMP(3); INTERVAL): TIMESTAMP(3) | 9999-12-31T00:00:00 86400000 = TIME_RANGE
  sub(TIMESTAMP(3); INTERVAL): TIMESTAMP(3) | 1970-01-01T00:00:00 9223372036854775807 = TIME_RANGE
  to_timestamp(STRING): TIMESTAMP(3) | "2024-02-29T13:05:09.250" = 2024-02-29T13:05:09.25
    | "2024-02-29" = 2024-02-29T00:00:00 | "yesterday" = CAST
  to_date(STRING): DATE | "1969-12-31" = 1969-12-31
  to_epoch_ms(TIMESTAMP(6)): BIGINT | 1969-12-31T23:59:59.999999 = -1 | 1970-01-01T00:00:00.001999 = 1
  from_epoch_ms(BIGINT): TIMESTAMP_LTZ(3) | -1 = 1969-12-31T23:59:59.999 | 253402300800000 = TIME_RANGE
  -- Casts: fractions are cut, decimals rounded half up
  CAST(INT): TINYINT | 127 = 127 | -128 = -128 | 128 = OVERFLOW
  CAST(BIGINT): INT | 2147483647 = 2147483647 | 2147483648 = OVERFLOW
  CAST(BIGINT): SMALLINT | -32768 = -32768 | 4294967296 = OVERFLOW
  CAST(TINYINT): BIGINT | -1 = -1
  CAST(BIGINT): DOUBLE | 9007199254740993 = 9007199254740992 | -5 = -5
  CAST(INT): FLOAT | 16777217 = 16777216
  CAST(SMALLINT): DOUBLE | -7 = -7
  CAST(DOUBLE): INT | 2.9 = 2 | -2.9 = -2 | -2147483648.9 = -2147483648 | 2147483648 = OVERFLOW | NaN = OVERFLOW
    | -Infinity = OVERFLOW
  CAST(DOUBLE): BIGINT | -0.5 = 0 | 9007199254740992 = 9007199254740992
    | -9223372036854776000 = -9223372036854775808 | 9223372036854776000 = OVERFLOW | NaN = OVERFLOW
  CAST(DOUBLE): TINYINT | 127.9 = 127 | 128 = OVERFLOW
  CAST(FLOAT): INT | 1.5 = 1
  CAST(FLOAT): DOUBLE | 0.10000000149011612 = 0.10000000149011612
  CAST(DOUBLE): FLOAT | 0.1 = 0.10000000149011612 | NaN = NaN
  CAST(INT): BOOLEAN | 0 = false | -3 = true
  CAST(DOUBLE): BOOLEAN | 0 = false | 0.5 = true
  CAST(BOOLEAN): INT | true = 1 | false = 0
  CAST(BOOLEAN): DOUBLE | true = 1
  CAST(BOOLEAN): STRING | true = "TRUE" | false = "FALSE"
  CAST(INT): DECIMAL(5, 2) | -123 = -12300 | 1000 = OVERFLOW
  CAST(BIGINT): DECIMAL(18, 0) | 999999999999999999 = 999999999999999999 | 1000000000000000000 = OVERFLOW
  CAST(BIGINT): DECIMAL(38, 10) | -9223372036854775808 = -92233720368547758080000000000
  CAST(DECIMAL(5, 2)): DECIMAL(4, 1) | 1255 = 126 | -1255 = -126 | 1254 = 125 | 99995 = OVERFLOW | 99994 = 9999
  CAST(DECIMAL(5, 2)): DECIMAL(6, 4) | 9999 = 999900 | 10000 = OVERFLOW
  CAST(DECIMAL(5, 2)): DECIMAL(30, 4) | -12345 = -1234500
  CAST(DECIMAL(30, 4)): DECIMAL(5, 2) | -1234550 = -12346 | 100000000000000000000 = OVERFLOW
  CAST(DECIMAL(5, 2)): INT | -1299 = -12
  CAST(DECIMAL(18, 0)): TINYINT | 127 = 127 | 128 = OVERFLOW
  CAST(DECIMAL(30, 2)): BIGINT | 100000000000000000000 = 1000000000000000000
    | 10000000000000000000000000 = OVERFLOW
  CAST(DECIMAL(5, 2)): DOUBLE | -12345 = -123.45
  CAST(DECIMAL(38, 0)): DOUBLE | 1000000000000000000000000000000 = 1e+30
  CAST(DOUBLE): DECIMAL(5, 2) | 2.345 = 235 | -2.345 = -235 | 999.995 = OVERFLOW | NaN = OVERFLOW | 1e-30 = 0
  CAST(FLOAT): DECIMAL(5, 2) | 0.10000000149011612 = 10
  CAST(INT): STRING | -2147483648 = "-2147483648" | 0 = "0"
  CAST(BIGINT): STRING | -9223372036854775808 = "-9223372036854775808"
  CAST(TINYINT): STRING | -5 = "-5"
  CAST(DECIMAL(5, 2)): STRING | 5 = "0.05" | -12345 = "-123.45"
  CAST(DECIMAL(38, 10)): STRING | -1 = "-0.0000000001"
  CAST(DOUBLE): STRING | 1 = "1.0" | -0 = "0.0" | 0.1 = "0.1" | 10000000 = "1.0E7" | 1234567.5 = "1234567.5"
    | 0.0001 = "1.0E-4" | -1.5e+300 = "-1.5E300" | NaN = "NaN" | -Infinity = "-Infinity"
  CAST(FLOAT): STRING | 0.10000000149011612 = "0.1" | 16777216 = "1.6777216E7"
  CAST(DATE): STRING | 1969-12-31 = "1969-12-31" | 2024-02-29 = "2024-02-29"
  CAST(TIME): STRING | 47109000 = "13:05:09" | 1 = "00:00:00.001"
  CAST(TIMESTAMP(3)): STRING | 2024-02-29T13:05:09.25 = "2024-02-29 13:05:09.250"
  CAST(TIMESTAMP(0)): STRING | 1969-12-31T23:59:59 = "1969-12-31 23:59:59"
  CAST(TIMESTAMP(6)): STRING | 2024-02-29T13:05:09.250007 = "2024-02-29 13:05:09.250007"
  CAST(INTERVAL): STRING | 93784005 = "+1 02:03:04.005" | -1 = "-0 00:00:00.001"
  CAST(BYTES): STRING | "c3a9" = "é" | "ff" = CAST
  CAST(STRING): BYTES | "é" = "c3a9"
  CAST(STRING): INT | "-12" = -12 | "+7" = 7 | "12.9" = 12 | "2147483648" = OVERFLOW | "" = CAST | " 1" = CAST
    | "1e3" = CAST | "0x1" = CAST
  CAST(STRING): BIGINT | "9223372036854775807" = 9223372036854775807 | "9223372036854775808" = OVERFLOW
  CAST(STRING): DOUBLE | "1e3" = 1000 | " -.5 " = -0.5 | "NaN" = NaN | "-Infinity" = -Infinity | "1,5" = CAST
    | "" = CAST
  CAST(STRING): FLOAT | "0.1" = 0.10000000149011612
  CAST(STRING): DECIMAL(5, 2) | "12.345" = 1235 | "-1e1" = -1000 | "1000" = OVERFLOW | "abc" = CAST
    | "1e400" = OVERFLOW | "1e-400" = 0
  CAST(STRING): BOOLEAN | "TRUE" = true | "no" = false | "1" = true | "maybe" = CAST
  CAST(STRING): DATE | "2024-02-29" = 2024-02-29 | "2023-02-29" = CAST | "-0001-12-31" = -000001-12-31
  CAST(STRING): TIME | "13:05:09.25" = 47109250 | "24:00:00" = CAST
  CAST(STRING): TIMESTAMP(3) | "2024-02-29 13:05:09.250999" = 2024-02-29T13:05:09.25 | "2024-13-01" = CAST
  CAST(STRING): TIMESTAMP(6) | "2024-02-29T13:05:09.250007" = 2024-02-29T13:05:09.250007
  CAST(STRING): TIMESTAMP_LTZ(3) | "2024-02-29T15:05:09.250+02:00" = 2024-02-29T13:05:09.25
  CAST(TIMESTAMP(6)): TIMESTAMP(3) | 1969-12-31T23:59:59.999999 = 1969-12-31T23:59:59.999
    | 1970-01-01T00:00:00.001999 = 1970-01-01T00:00:00.001
  CAST(TIMESTAMP(3)): TIMESTAMP(6) | 1969-12-31T23:59:59.995 = 1969-12-31T23:59:59.995000
  CAST(TIMESTAMP(3)): TIMESTAMP(0) | 1970-01-01T00:00:01.999 = 1970-01-01T00:00:01
    | 1969-12-31T23:59:59.999 = 1969-12-31T23:59:59
  CAST(TIMESTAMP(3)): TIMESTAMP_LTZ(3) | 1970-01-01T00:00:00.007 = 1970-01-01T00:00:00.007
  CAST(DATE): TIMESTAMP(6) | 1969-12-31 = 1969-12-31T00:00:00
  CAST(TIMESTAMP(3)): DATE | 1969-12-31T23:59:59.999 = 1969-12-31 | 1970-01-02T00:00:00 = 1970-01-02
  CAST(TIMESTAMP(6)): DATE | 1969-12-31T23:59:59.999999 = 1969-12-31
  CAST(TIMESTAMP(3)): TIME | 1969-12-31T23:59:59.999 = 86399999
  CAST(TIMESTAMP(6)): TIME | 2024-02-29T13:05:09.250007 = 47109250
  TRY_CAST(STRING): INT | "x" = NULL
  TRY_CAST(BIGINT): INT | 2147483648 = NULL
  TRY_CAST(DOUBLE): BIGINT | NaN = NULL
  TRY_CAST(INT): DECIMAL(5, 2) | 1000 = NULL
  TRY_CAST(DECIMAL(5, 2)): DECIMAL(6, 4) | 10000 = NULL
  TRY_CAST(STRING): INT | "12" = 12
`);

/** What a case is called: `add(INT 2147483647, INT 1) → INT OVERFLOW`. */
export function caseName({ fn, args, type, fails }: Case): string {
  const given = args.map(
    ([name, value]) => `${name} ${typeof value === "string" ? JSON.stringify(value) : String(value)}`,
  );
  return `${fn}(${given.join(", ")}) → ${type}${fails === undefined ? "" : ` ${fails}`}`;
}
