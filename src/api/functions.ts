// The functions of plan/functions.ts under their names in the API, with types. Operators are methods of an expression.
// An argument that is text is text: a column is written col("name").
import { type ColumnsIn, call, type Expression, type Operand, type TermOf } from "./expression.js";
import type { Arithmetic, OrElse, Same, Strict } from "./types.js";

/** A function's result: NULL when an argument is. `O` is the union of all arguments. */
type Of<Result, O> = Expression<ColumnsIn<O>, Strict<Result, TermOf<O>>>;
/** A number of the argument's kind. */
type NumberLike<O> = Expression<ColumnsIn<O>, Arithmetic<TermOf<O>>>;

type Coalesced<Args> = Args extends readonly [infer First, ...infer Rest]
  ? Rest extends readonly []
    ? TermOf<First>
    : OrElse<TermOf<First>, Coalesced<Rest>>
  : unknown;

/** Units that a time can be cut down to. */
export type FloorUnit = "year" | "quarter" | "month" | "week" | "day" | "hour" | "minute" | "second";
/** Parts of a time. */
export type TimePart = FloorUnit | "dow" | "isodow" | "doy" | "millisecond" | "epoch";

// Choice

/** The first argument that is not NULL; later ones are not computed where an earlier one is not. */
export function coalesce<const A extends readonly Operand[]>(
  ...args: A
): Expression<ColumnsIn<A[number]>, Coalesced<A>> {
  return call("coalesce", ...args);
}

/** `value`, or `other` where it is NULL. */
export function ifNull<A extends Operand, B extends Operand>(
  value: A,
  other: B,
): Expression<ColumnsIn<A | B>, OrElse<TermOf<A>, TermOf<B>>> {
  return call("if_null", value, other);
}

/** NULL where the two are equal, else `value`. */
export function nullif<A extends Operand, B extends Operand>(
  value: A,
  other: B,
): Expression<ColumnsIn<A | B>, TermOf<A> | null> {
  return call("nullif", value, other);
}

/** The greatest of all; NULL if one is NULL. */
export function greatest<const A extends readonly Operand[]>(
  ...args: A
): Expression<ColumnsIn<A[number]>, Same<TermOf<A[number]>>> {
  return call("greatest", ...args);
}

/** The least of all; NULL if one is NULL. */
export function least<const A extends readonly Operand[]>(
  ...args: A
): Expression<ColumnsIn<A[number]>, Same<TermOf<A[number]>>> {
  return call("least", ...args);
}

// Numbers

export function abs<O extends Operand>(number: O): NumberLike<O> {
  return call("abs", number);
}

/** -1, 0 or 1. */
export function sign<O extends Operand>(number: O): NumberLike<O> {
  return call("sign", number);
}

export function ceil<O extends Operand>(number: O): NumberLike<O> {
  return call("ceil", number);
}

export function floor<O extends Operand>(number: O): NumberLike<O> {
  return call("floor", number);
}

/** Half away from zero, to so many digits behind the point. */
export function round<O extends Operand, D extends Operand = never>(number: O, digits?: D): NumberLike<O | D> {
  return digits === undefined ? call("round", number) : call("round", number, digits);
}

export function sqrt<O extends Operand>(number: O): Of<number, O> {
  return call("sqrt", number);
}

/** Natural logarithm. */
export function ln<O extends Operand>(number: O): Of<number, O> {
  return call("ln", number);
}

export function log10<O extends Operand>(number: O): Of<number, O> {
  return call("log10", number);
}

export function exp<O extends Operand>(number: O): Of<number, O> {
  return call("exp", number);
}

export function power<A extends Operand, B extends Operand>(base: A, exponent: B): Of<number, A | B> {
  return call("power", base, exponent);
}

// Text: lengths and positions count code points, positions from 1

export function charLength<O extends Operand>(text: O): Of<number, O> {
  return call("char_length", text);
}

export function upper<O extends Operand>(text: O): Of<string, O> {
  return call("upper", text);
}

export function lower<O extends Operand>(text: O): Of<string, O> {
  return call("lower", text);
}

/** Without blanks (or those characters) at both ends. */
export function trim<O extends Operand, C extends Operand = never>(text: O, characters?: C): Of<string, O | C> {
  return characters === undefined ? call("trim", text) : call("trim", text, characters);
}

/** Without blanks (or those characters) at the start. */
export function ltrim<O extends Operand, C extends Operand = never>(text: O, characters?: C): Of<string, O | C> {
  return characters === undefined ? call("ltrim", text) : call("ltrim", text, characters);
}

/** Without blanks (or those characters) at the end. */
export function rtrim<O extends Operand, C extends Operand = never>(text: O, characters?: C): Of<string, O | C> {
  return characters === undefined ? call("rtrim", text) : call("rtrim", text, characters);
}

/** From the 1-based `start` (negative: from the end), at most `length` characters; NULL for a negative length. */
export function substring<O extends Operand, S extends Operand, L extends Operand = never>(
  text: O,
  start: S,
  length?: L,
): Expression<ColumnsIn<O | S | L>, string | null> {
  return length === undefined ? call("substring", text, start) : call("substring", text, start, length);
}

export function concat<const A extends readonly Operand[]>(...texts: A): Of<string, A[number]> {
  return call("concat", ...texts);
}

/** Where `search` first occurs, 0 when it does not. */
export function position<A extends Operand, B extends Operand>(search: A, text: B): Of<number, A | B> {
  return call("position", search, text);
}

export function startsWith<A extends Operand, B extends Operand>(text: A, prefix: B): Of<boolean, A | B> {
  return call("starts_with", text, prefix);
}

export function endsWith<A extends Operand, B extends Operand>(text: A, suffix: B): Of<boolean, A | B> {
  return call("ends_with", text, suffix);
}

export function contains<A extends Operand, B extends Operand>(text: A, part: B): Of<boolean, A | B> {
  return call("contains", text, part);
}

/** Every occurrence of `search` replaced. */
export function replace<A extends Operand, B extends Operand, C extends Operand>(
  text: A,
  search: B,
  replacement: C,
): Of<string, A | B | C> {
  return call("replace", text, search, replacement);
}

export function reverse<O extends Operand>(text: O): Of<string, O> {
  return call("reverse", text);
}

/** Filled at the start, or cut, to the length; NULL for a negative one. */
export function lpad<A extends Operand, B extends Operand, C extends Operand = never>(
  text: A,
  length: B,
  fill?: C,
): Expression<ColumnsIn<A | B | C>, string | null> {
  return fill === undefined ? call("lpad", text, length) : call("lpad", text, length, fill);
}

/** Filled at the end, or cut, to the length; NULL for a negative one. */
export function rpad<A extends Operand, B extends Operand, C extends Operand = never>(
  text: A,
  length: B,
  fill?: C,
): Expression<ColumnsIn<A | B | C>, string | null> {
  return fill === undefined ? call("rpad", text, length) : call("rpad", text, length, fill);
}

// Nested values

/** How many elements an ARRAY, or entries a MAP has. */
export function cardinality<O extends Operand>(nested: O): Of<number, O> {
  return call("cardinality", nested);
}

/** Whether an element of the array equals it; NULL is looked for as a value. */
export function arrayContains<A extends Operand, B extends Operand>(
  array: A,
  element: B,
): Expression<ColumnsIn<A | B>, Strict<boolean, TermOf<A>>> {
  return call("array_contains", array, element);
}

// Time: proleptic Gregorian; an instant is read in UTC

/** A part of a time, as a number. */
export function extract<O extends Operand>(part: TimePart, time: O): Of<number, O> {
  return call("extract", part, time);
}

export function year<O extends Operand>(time: O): Of<number, O> {
  return call("year", time);
}

/** 1 to 4. */
export function quarter<O extends Operand>(time: O): Of<number, O> {
  return call("quarter", time);
}

/** 1 to 12. */
export function month<O extends Operand>(time: O): Of<number, O> {
  return call("month", time);
}

/** The ISO week, 1 to 53. */
export function week<O extends Operand>(time: O): Of<number, O> {
  return call("week", time);
}

/** Day of the month. */
export function day<O extends Operand>(time: O): Of<number, O> {
  return call("day", time);
}

export function hour<O extends Operand>(time: O): Of<number, O> {
  return call("hour", time);
}

export function minute<O extends Operand>(time: O): Of<number, O> {
  return call("minute", time);
}

export function second<O extends Operand>(time: O): Of<number, O> {
  return call("second", time);
}

/** The start of the year, month, week (Monday) … that a time lies in. */
export function dateFloor<O extends Operand>(time: O, unit: FloorUnit): Expression<ColumnsIn<O>, Same<TermOf<O>>> {
  return call("date_floor", time, unit);
}

/** TIMESTAMP(3) of its ISO 8601 text. */
export function toTimestamp<O extends Operand>(text: O): Of<Date, O> {
  return call("to_timestamp", text);
}

/** DATE of its ISO 8601 text. */
export function toDate<O extends Operand>(text: O): Of<string, O> {
  return call("to_date", text);
}

/** Milliseconds since 1970-01-01. */
export function toEpochMs<O extends Operand>(time: O): Of<number, O> {
  return call("to_epoch_ms", time);
}

/** The instant so many milliseconds after 1970-01-01. */
export function fromEpochMs<O extends Operand>(ms: O): Of<Date, O> {
  return call("from_epoch_ms", ms);
}
