// Dates and times: i64 milliseconds since 1970-01-01 → calendar parts, starts of units, coarser units. Proleptic Gregorian,
// any year.
import { CORRUPT, OVERFLOW } from "./status";

@inline
function floorDiv(a: i64, b: i64): i64 {
  const quotient = a / b;
  return quotient - <i64>(a - quotient * b < 0);
}

/** out = the largest value ≤ values[i] that is a multiple of `size` plus `offset`. i64, size > 0. */
export function floorToI64(values: usize, n: i32, size: i64, offset: i64, out: usize): void {
  const end = out + ((<usize>n) << 3);
  for (; out < end; out += 8, values += 8) {
    store<i64>(out, floorDiv(load<i64>(values) - offset, size) * size + offset);
  }
}

/** out = ((values + offset) floorMod cycle) / unit + base: the hour of a day, the day of a week. i64, cycle and unit > 0. */
export function cycleI64(values: usize, n: i32, offset: i64, cycle: i64, unit: i64, base: i64, out: usize): void {
  const end = out + ((<usize>n) << 3);
  for (; out < end; out += 8, values += 8) {
    const value = load<i64>(values) + offset;
    store<i64>(out, (value - floorDiv(value, cycle) * cycle) / unit + base);
  }
}

const DAY_MS: i64 = 86400000;
/** Days from 0000-03-01, when a year begins that ends with its leap day, to 1970-01-01. */
const EPOCH_DAY: i64 = 719468;
/** Days of 400 years. */
const ERA_DAYS: i64 = 146097;

/** Days since 1970-01-01 of a month's first day; month 1 to 12 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
@inline
export function daysOfMonth<T>(year: T, month: T): T {
  const y = <T>(year - <T>(month <= 2));
  const era = <T>((y >= 0 ? y : y - 399) / 400);
  const yearOfEra = <T>(y - era * 400);
  const dayOfYear = <T>((153 * (month + (month > 2 ? <T>-3 : <T>9)) + 2) / 5);
  return <T>(era * <T>ERA_DAYS + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - <T>EPOCH_DAY);
}

const MONTH: i32 = 1;
const DAY: i32 = 2;
const QUARTER: i32 = 3;
const START: i32 = 4;

/** out = 0 year, 1 month (from 1), 2 day of the month, 3 quarter of each time; 4: the time its `months` months began. */
export function civilI64(values: usize, n: i32, part: i32, months: i64, out: usize): void {
  const end = out + ((<usize>n) << 3);
  for (; out < end; out += 8, values += 8) {
    const day = floorDiv(load<i64>(values), DAY_MS) + EPOCH_DAY;
    const era = floorDiv(day, ERA_DAYS);
    const dayOfEra = day - era * ERA_DAYS;
    const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
    const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    const fromMarch = (5 * dayOfYear + 2) / 153;
    const month = fromMarch + (fromMarch < 10 ? <i64>3 : -9);
    const year = yearOfEra + era * 400 + <i64>(month <= 2);
    let result = year;
    if (part == MONTH) result = month;
    else if (part == DAY) result = dayOfYear - (153 * fromMarch + 2) / 5 + 1;
    else if (part == QUARTER) result = (month + 2) / 3;
    else if (part == START) result = daysOfMonth<i64>(year, month - ((month - 1) % months)) * DAY_MS;
    store<i64>(out, result);
  }
}

/**
 * Times in a finer unit → a coarser one, `divisor` to one, toward the past; i64, or i32 when `narrow`. OVERFLOW when
 * `exact` and something would be cut off.
 */
export function divideTimes(values: usize, n: i32, divisor: i32, exact: i32, narrow: i32, out: usize): i32 {
  const end = values + ((<usize>n) << 3);
  const unit = <i64>divisor;
  for (; values < end; values += 8) {
    const value = load<i64>(values);
    let quotient = value / unit;
    const rest = value - quotient * unit;
    if (rest != 0 && exact) return OVERFLOW;
    quotient -= <i64>(rest < 0);
    if (narrow) {
      if (quotient != <i64>(<i32>quotient)) return CORRUPT;
      store<i32>(out, <i32>quotient);
      out += 4;
    } else {
      store<i64>(out, quotient);
      out += 8;
    }
  }
  return n;
}
