// Date and time functions on one row. Calendar: proleptic Gregorian, weeks begin on Monday (ISO 8601), an instant is UTC.
// Timestamps arrive in their column's units (milliseconds up to precision 3, microseconds beyond), dates in days.
import { type DataType, unitsPerMs } from "../../arrow/types.js";
import { civilFromDays, DATE_MAX, DATE_MIN, daysFromCivil, MS_PER_DAY } from "../../arrow/values.js";
import type { BoundValue } from "../expr.js";
import { fitInteger, floorDiv, OUT_OF_TIME, type Outcome, type ScalarFunction } from "./value.js";

const DAY_MS = BigInt(MS_PER_DAY);

/** Units that `extract` knows, each from the day number and the millisecond of the day. */
export const PARTS: Readonly<Record<string, (days: number, ms: number) => number>> = {
  year: (days) => civilFromDays(days).year,
  quarter: (days) => Math.ceil(civilFromDays(days).month / 3),
  month: (days) => civilFromDays(days).month,
  week: isoWeek,
  day: (days) => civilFromDays(days).day,
  dow: (days) => weekday(days + 1) + 1,
  isodow: (days) => weekday(days) + 1,
  doy: (days) => days - daysFromCivil(civilFromDays(days).year, 1, 1) + 1,
  hour: (_, ms) => Math.floor(ms / 3_600_000),
  minute: (_, ms) => Math.floor(ms / 60_000) % 60,
  second: (_, ms) => Math.floor(ms / 1000) % 60,
  millisecond: (_, ms) => ms % 1000,
  epoch: (days, ms) => days * 86_400 + Math.floor(ms / 1000),
};

/** Units of even length that `date_floor` knows, in milliseconds, and where their count begins. */
export const EVEN_UNITS: Readonly<Record<string, { readonly sizeMs: number; readonly offsetMs: number }>> = {
  millisecond: { sizeMs: 1, offsetMs: 0 },
  second: { sizeMs: 1000, offsetMs: 0 },
  minute: { sizeMs: 60_000, offsetMs: 0 },
  hour: { sizeMs: 3_600_000, offsetMs: 0 },
  day: { sizeMs: MS_PER_DAY, offsetMs: 0 },
  // 1970-01-01 was a Thursday: Mondays lie four days after the multiples of seven.
  week: { sizeMs: 7 * MS_PER_DAY, offsetMs: 4 * MS_PER_DAY },
};

/** Units of whole months that `date_floor` knows. */
export const MONTH_UNITS: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 };

/** 0 is Monday. */
function weekday(days: number): number {
  return (((days + 3) % 7) + 7) % 7;
}

/** The week that holds the day's Thursday, counted in that Thursday's year. */
function isoWeek(days: number): number {
  const thursday = days - weekday(days) + 3;
  return Math.floor((thursday - daysFromCivil(civilFromDays(thursday).year, 1, 1)) / 7) + 1;
}

/** Milliseconds since 1970-01-01 of a DATE, TIME or TIMESTAMP. */
function millis(value: BoundValue, type: DataType): bigint {
  if (type.kind === "date") return BigInt(value as number) * DAY_MS;
  if (type.kind === "time") return BigInt(value as number);
  return floorDiv(value as bigint, BigInt(unitsPerMs(type)));
}

function extract(part: string, value: BoundValue, type: DataType): bigint {
  const ms = millis(value, type);
  const days = floorDiv(ms, DAY_MS);
  return BigInt((PARTS[part] as (days: number, ms: number) => number)(Number(days), Number(ms - days * DAY_MS)));
}

/** The first instant of the unit that holds `ms`. */
function floorTo(unit: string, ms: bigint): bigint {
  const even = EVEN_UNITS[unit];
  if (even !== undefined) {
    const [size, offset] = [BigInt(even.sizeMs), BigInt(even.offsetMs)];
    return floorDiv(ms - offset, size) * size + offset;
  }
  const months = MONTH_UNITS[unit] as number;
  const { year, month } = civilFromDays(Number(floorDiv(ms, DAY_MS)));
  return BigInt(daysFromCivil(year, month - ((month - 1) % months), 1)) * DAY_MS;
}

const dateFloor: ScalarFunction = ([value, unit], { args }) => {
  const type = args[0] as DataType;
  const floored = floorTo(unit as string, millis(value as BoundValue, type));
  return type.kind === "date" ? Number(floored / DAY_MS) : floored * BigInt(unitsPerMs(type));
};

const part =
  (name: string): ScalarFunction =>
  ([value], { args }) =>
    extract(name, value as BoundValue, args[0] as DataType);

/** Whether a day number lies in the years -9999 to 9999. */
function isTimeDay(days: number): boolean {
  return days >= DATE_MIN && days <= DATE_MAX;
}

/** A timestamp ± a span of milliseconds, in the timestamp's units. Beyond the years that have a text: TIME_RANGE. */
function moved(value: BoundValue | undefined, ms: bigint, type: DataType): Outcome {
  const units = BigInt(unitsPerMs(type));
  const sum = fitInteger((value as bigint) + ms * units, type);
  return typeof sum === "bigint" && isTimeDay(Number(floorDiv(sum, DAY_MS * units))) ? sum : OUT_OF_TIME;
}

export const TIME_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
  extract: ([name, value], { args }) => extract(name as string, value as BoundValue, args[1] as DataType),
  year: part("year"),
  quarter: part("quarter"),
  month: part("month"),
  week: part("week"),
  day: part("day"),
  hour: part("hour"),
  minute: part("minute"),
  second: part("second"),
  date_floor: dateFloor,
  time_add: ([a, b], { args, type }) =>
    args[0]?.kind === "interval" ? moved(b, a as bigint, type) : moved(a, b as bigint, type),
  time_sub: ([value, ms], { type }) => moved(value, -(ms as bigint), type),
  time_diff: ([a, b], { args }) =>
    millis(a as BoundValue, args[0] as DataType) - millis(b as BoundValue, args[1] as DataType),
  to_epoch_ms: ([value], { args }) => millis(value as BoundValue, args[0] as DataType),
  from_epoch_ms: ([value]) => (isTimeDay(Number(floorDiv(value as bigint, DAY_MS))) ? (value as bigint) : OUT_OF_TIME),
};
