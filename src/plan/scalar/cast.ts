// CAST of one value, for every pair of scalar types that `canCast` admits; Flink's rules and texts, but checked: what does
// not fit is OVERFLOW, what cannot be read CAST (Flink wraps integers). Exact: no decimal passes through a double.
import { type DataType, isTimestamp, typeName, unitsPerMs } from "../../arrow/types.js";
import {
  formatDate,
  formatDecimal,
  formatHex,
  formatTime,
  formatTimestamp,
  type Integer,
  MS_PER_DAY,
  parseDate,
  parseHex,
  parseTime,
  parseTimestamp,
} from "../../arrow/values.js";
import { isFloat, isInteger } from "../coerce.js";
import type { BoundValue } from "../expr.js";
import { fitInteger, floorDiv, NOT_CASTABLE, type Outcome, OVERFLOW, rescale } from "./value.js";

/** The value as `to`, or why not. NULL stays NULL. */
export function castValue(value: BoundValue, from: DataType, to: DataType): Outcome {
  if (value === null || typeName(from) === typeName(to)) return value;
  switch (to.kind) {
    case "string":
      return toText(value, from);
    case "boolean":
      return typeof value === "string" ? parseBoolean(value) : Number(value) !== 0;
    case "int8":
    case "int16":
    case "int32":
    case "int64":
      return toInteger(value, from, to);
    case "float64":
      return toDouble(value, from);
    case "float32": {
      const double = toDouble(value, from);
      return typeof double === "number" ? Math.fround(double) : double;
    }
    case "decimal":
      return toDecimal(value, from, to);
    case "binary":
      return formatHex(new TextEncoder().encode(value as string));
    case "date":
      return toDate(value, from);
    case "time":
      return toTime(value, from);
    case "timestamp":
    case "timestamp_ltz":
      return toTimestamp(value, from, to);
    default:
      return NOT_CASTABLE;
  }
}

function toText(value: Exclude<BoundValue, null>, from: DataType): Outcome {
  switch (from.kind) {
    case "boolean":
      return value ? "TRUE" : "FALSE";
    case "float32":
      return formatDouble(shortestFloat(value as number));
    case "float64":
      return formatDouble(value as number);
    case "decimal":
      return formatDecimal(value as bigint, from.scale);
    case "date":
      return formatDate(value as number);
    case "time":
      return formatTime(value as number);
    case "timestamp":
    case "timestamp_ltz":
      return formatTimestamp(value as bigint, from.precision, " ");
    case "interval":
      return formatInterval(value as bigint);
    case "binary":
      return decodeText(value as string);
    default:
      return String(value);
  }
}

/**
 * A DOUBLE as Java and so Flink write it, in the fewest digits that read back as the same value: plain from 0.001 to 10^7
 * with at least one digit after the point, else with an exponent. −0 prints 0.
 */
function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0.0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) {
    const text = String(value);
    return text.includes(".") ? text : `${text}.0`;
  }
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  return `${digits.includes(".") ? digits : `${digits}.0`}E${exponent.replace("+", "")}`;
}

/** The double with the fewest decimal digits that rounds to this FLOAT. */
function shortestFloat(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return value;
}

/** Sign, days and time of day: `+1 02:03:04.005`. */
function formatInterval(ms: bigint): string {
  const size = ms < 0n ? -ms : ms;
  const day = BigInt(MS_PER_DAY);
  const clock = formatTimestamp(size % day, 3, " ").slice(11);
  return `${ms < 0n ? "-" : "+"}${size / day} ${clock}`;
}

function decodeText(hex: string): Outcome {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(parseHex(hex));
  } catch {
    return NOT_CASTABLE;
  }
}

const TRUE_TEXTS = new Set(["t", "true", "y", "yes", "1"]);
const FALSE_TEXTS = new Set(["f", "false", "n", "no", "0"]);

function parseBoolean(text: string): Outcome {
  const lower = text.toLowerCase();
  if (TRUE_TEXTS.has(lower)) return true;
  return FALSE_TEXTS.has(lower) ? false : NOT_CASTABLE;
}

/** Fractions are cut, toward zero. */
function toInteger(value: Exclude<BoundValue, null>, from: DataType, to: DataType): Outcome {
  if (typeof value === "string") {
    const match = /^([+-]?\d+)(?:\.\d*)?$/.exec(value);
    return match === null ? NOT_CASTABLE : fitInteger(BigInt((match[1] as string).replace("+", "")), to);
  }
  if (isFloat(from)) {
    const whole = Math.trunc(value as number);
    return Number.isFinite(whole) ? fitInteger(BigInt(whole), to) : OVERFLOW;
  }
  if (from.kind === "decimal") return fitInteger((value as bigint) / 10n ** BigInt(from.scale), to);
  return fitInteger(BigInt(value), to);
}

const DOUBLE_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function toDouble(value: Exclude<BoundValue, null>, from: DataType): Outcome {
  if (typeof value === "string") {
    const text = value.trim();
    if (DOUBLE_TEXT.test(text)) return Number(text);
    return /^(NaN|[+-]?Infinity)$/.test(text) ? Number(text) : NOT_CASTABLE;
  }
  return from.kind === "decimal" ? Number(formatDecimal(value as bigint, from.scale)) : Number(value);
}

function toDecimal(value: Exclude<BoundValue, null>, from: DataType, to: DataType & { kind: "decimal" }): Outcome {
  if (from.kind === "decimal") return fitInteger(rescale(value as bigint, from.scale, to.scale), to);
  if (isInteger(from) || from.kind === "boolean") return fitInteger(BigInt(value) * 10n ** BigInt(to.scale), to);
  if (typeof value === "number" && !Number.isFinite(value)) return OVERFLOW;
  const text = from.kind === "float32" ? String(shortestFloat(value as number)) : String(value);
  const exact = parseNumber(text.trim());
  if (exact === null) return NOT_CASTABLE;
  const { unscaled, scale } = exact;
  if (unscaled === 0n) return 0n;
  // An exponent may ask for thousands of digits: those before the point cannot fit, those far behind it are 0.
  const wholeDigits = String(unscaled).length - scale;
  if (wholeDigits > to.precision + 1) return OVERFLOW;
  return wholeDigits < -to.scale ? 0n : fitInteger(rescale(unscaled, scale, to.scale), to);
}

/** Any decimal number's text as `unscaled` × 10^-scale, exactly; null when it is none. */
function parseNumber(text: string): { unscaled: bigint; scale: number } | null {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,6}))?$/.exec(text);
  const digits = `${match?.[2] ?? ""}${match?.[3] ?? ""}`;
  if (match === null || digits === "") return null;
  const size = BigInt(digits);
  return { unscaled: match[1] === "-" ? -size : size, scale: (match[3] as string).length - Number(match[4] ?? 0) };
}

function toDate(value: Exclude<BoundValue, null>, from: DataType): Outcome {
  if (typeof value === "string") return parseDate(value.trim()) ?? NOT_CASTABLE;
  return Number(floorDiv(value as bigint, BigInt(MS_PER_DAY * unitsPerMs(from))));
}

function toTime(value: Exclude<BoundValue, null>, from: DataType): Outcome {
  if (typeof value === "string") return parseTime(value.trim()) ?? NOT_CASTABLE;
  const ms = floorDiv(value as bigint, BigInt(unitsPerMs(from)));
  return Number(ms - floorDiv(ms, BigInt(MS_PER_DAY)) * BigInt(MS_PER_DAY));
}

function toTimestamp(value: Exclude<BoundValue, null>, from: DataType, to: DataType): Outcome {
  if (!isTimestamp(to)) return NOT_CASTABLE;
  if (typeof value === "string") return parseTimestampCut(value.trim(), to.precision, to.kind === "timestamp_ltz");
  const units = BigInt(unitsPerMs(to));
  if (from.kind === "date") return BigInt(value) * BigInt(MS_PER_DAY) * units;
  const scaled = rescaleUnits(value as bigint, unitsPerMs(from), unitsPerMs(to));
  const step = timestampStep(to.precision);
  return floorDiv(scaled, step) * step;
}

/** Column units (milliseconds or microseconds) in one unit of the last digit that a precision keeps. */
export function timestampStep(precision: number): bigint {
  return 10n ** BigInt((precision > 3 ? 6 : 3) - precision);
}

function rescaleUnits(value: bigint, from: number, to: number): bigint {
  if (from === to) return value;
  return from < to ? value * 1000n : floorDiv(value, 1000n);
}

/** Reads a timestamp's text; digits finer than the precision are cut, as Flink does. */
function parseTimestampCut(text: string, precision: number, zoned: boolean): Outcome {
  const cut = text.replace(/(:\d\d)\.(\d+)/, (_, second: string, fraction: string) => {
    return precision === 0 ? second : `${second}.${fraction.slice(0, precision)}`;
  });
  const units: Integer | undefined = parseTimestamp(cut, precision, zoned);
  return units === undefined ? NOT_CASTABLE : BigInt(units);
}
