// Literals as values of the plan: numbers with every digit, times by their type, intervals in milliseconds.
import { DATE, type DataType, decimal, FLOAT64, INTERVAL, TIME, timestamp } from "../arrow/types.js";
import type { Expr } from "../plan/expr.js";
import type { IntervalLiteral, NumberLiteral, TimeLiteral } from "./ast.js";
import type { Places } from "./bind-scope.js";

const DIGITS_MAX = 38;

/** INT or BIGINT of whole numbers, DECIMAL with a point, DOUBLE with an exponent. @throws TYPE beyond 38 digits */
export function numberLiteral({ text, span }: NumberLiteral, isNegative: boolean, places: Places): Expr {
  const signed = isNegative ? `-${text}` : text;
  if (/e/i.test(text)) return { kind: "literal", value: Number(signed), type: FLOAT64 };
  const [whole = "", fraction = ""] = text.replace(/^0+(?=\d)/, "").split(".");
  const digits = whole.replace(/^0/, "").length + fraction.length;
  if (digits > DIGITS_MAX) {
    const hint = `write it with an exponent to make it a DOUBLE: ${Number(text).toExponential()}`;
    throw places.error("TYPE", `a number of ${digits} digits; a DECIMAL has ${DIGITS_MAX} at most`, span, hint);
  }
  if (text.includes(".")) {
    return { kind: "literal", value: signed, type: decimal(Math.max(digits, 1), fraction.length) };
  }
  const number = Number(signed);
  return { kind: "literal", value: Number.isSafeInteger(number) && !Object.is(number, -0) ? number : BigInt(signed) };
}

/** The text is read by the type, like that of any literal. */
export function timeLiteral({ type, text }: TimeLiteral): Expr {
  const fraction = /\.(\d+)$/.exec(text.trim())?.[1]?.length ?? 0;
  const types: Readonly<Record<TimeLiteral["type"], DataType>> = {
    DATE,
    TIME,
    TIMESTAMP: timestamp(fraction > 3 ? 6 : 3),
  };
  return { kind: "literal", value: text, type: types[type] };
}

/** Largest first, as `DAY TO SECOND` counts them; milliseconds each. */
const DAY_UNITS: readonly (readonly [name: string, ms: number])[] = [
  ["DAY", 86_400_000],
  ["HOUR", 3_600_000],
  ["MINUTE", 60_000],
  ["SECOND", 1000],
];
const SINGLE_UNITS: ReadonlyMap<string, number> = new Map([...DAY_UNITS, ["WEEK", 604_800_000], ["MILLISECOND", 1]]);

/** Whole milliseconds. @throws UNSUPPORTED for months and years, TIME_UNIT for a text that is no such interval */
export function intervalMs(literal: IntervalLiteral, places: Places): number {
  const { text, unit, to, negative, span } = literal;
  if (!SINGLE_UNITS.has(unit)) {
    throw places.unsupported(`an INTERVAL of ${unit}, whose length differs, is`, span, "count days: INTERVAL '30' DAY");
  }
  const ms = to === null ? singleMs(text, unit) : rangeMs(text, unit, to);
  if (ms !== null && Number.isSafeInteger(ms)) return negative ? -ms + 0 : ms;
  const range = to === null ? unit : `${unit} TO ${to}`;
  const hint = to === null ? `INTERVAL '5' ${unit}` : "INTERVAL '1 02:03:04.5' DAY TO SECOND";
  throw places.error("TIME_UNIT", `'${text}' is no interval of ${range} in whole milliseconds`, span, `write ${hint}`);
}

export function intervalLiteral(literal: IntervalLiteral, places: Places): Expr {
  return { kind: "literal", value: intervalMs(literal, places), type: INTERVAL };
}

function singleMs(text: string, unit: string): number | null {
  const match = /^\s*([+-]?\d+(?:\.\d+)?)\s*$/.exec(text);
  return match === null ? null : Number(match[1]) * (SINGLE_UNITS.get(unit) as number);
}

function rangeMs(text: string, unit: string, to: string): number | null {
  const first = DAY_UNITS.findIndex(([name]) => name === unit);
  const last = DAY_UNITS.findIndex(([name]) => name === to);
  const match = /^\s*([+-]?)(\d+(?:[ :]\d+)*(?:\.\d+)?)\s*$/.exec(text);
  const parts = match?.[2]?.split(/[ :]/) ?? [];
  if (match === null || first < 0 || last < first || parts.length !== last - first + 1) return null;
  const ms = parts.reduce((sum, part, index) => sum + Number(part) * (DAY_UNITS[first + index]?.[1] ?? 0), 0);
  return match[1] === "-" ? -ms : ms;
}
