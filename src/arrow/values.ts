// Single values between their units in columns and their text: dates, times, timestamps, decimals, bytes. Plain
// functions on numbers and strings, used at the row edge, in the test kit and wherever a literal is read or shown.
// Calendar: proleptic Gregorian (ISO 8601), years -9999 to 9999; an instant is UTC.

/** A whole number: `number` while it is safe, else `bigint`. */
export type Integer = number | bigint;

export const MS_PER_DAY = 86_400_000;
/** -9999-01-01 and 9999-12-31 in days since 1970-01-01. */
export const DATE_MIN = -4_371_587;
export const DATE_MAX = 2_932_896;
/** The first and the last millisecond of those days. */
export const TIMESTAMP_MIN_MS = DATE_MIN * MS_PER_DAY;
export const TIMESTAMP_MAX_MS = (DATE_MAX + 1) * MS_PER_DAY - 1;

/** Days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). Month and day start at 1. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Year, month and day of a number of days since 1970-01-01; the inverse of `daysFromCivil`. */
export function civilFromDays(days: number): { year: number; month: number; day: number } {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

/** `YYYY-MM-DD`; years before 0 carry a minus sign. */
export function formatDate(days: number): string {
  const { year, month, day } = civilFromDays(days);
  return `${year < 0 ? "-" : ""}${pad(Math.abs(year), 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

/** `HH:MM:SS` and as many digits of the fraction as asked for; `fraction` counts in units of 10^-digits seconds. */
function clockText(secondOfDay: number, fraction: number, digits: number): string {
  const hour = Math.floor(secondOfDay / 3600);
  const minute = Math.floor(secondOfDay / 60) % 60;
  const text = `${pad(hour, 2)}:${pad(minute, 2)}:${pad(secondOfDay % 60, 2)}`;
  return digits === 0 ? text : `${text}.${pad(fraction, digits)}`;
}

/** `HH:MM:SS`, with `.mmm` when there are milliseconds. */
export function formatTime(msOfDay: number): string {
  const ms = msOfDay % 1000;
  return clockText(Math.floor(msOfDay / 1000), ms, ms === 0 ? 0 : 3);
}

/**
 * A timestamp in its column's units (milliseconds up to precision 3, microseconds beyond) as
 * `YYYY-MM-DD<separator>HH:MM:SS[.fraction]`, with `precision` digits of fraction, or none when `trim` is set and it is 0.
 */
export function formatTimestamp(units: Integer, precision: number, separator = "T", trim = false): string {
  const unitsPerSecond = precision > 3 ? 1_000_000 : 1000;
  let second: number;
  let fraction: number;
  if (typeof units === "number") {
    second = Math.floor(units / unitsPerSecond);
    fraction = units - second * unitsPerSecond;
  } else {
    const rest = ((units % 1_000_000n) + 1_000_000n) % 1_000_000n;
    fraction = precision > 3 ? Number(rest) : Number(rest % 1000n);
    second = Number((units - BigInt(fraction)) / BigInt(unitsPerSecond));
  }
  const days = Math.floor(second / 86_400);
  const digits = trim && fraction === 0 ? 0 : precision;
  const shown = Math.floor(fraction / 10 ** ((precision > 3 ? 6 : 3) - precision));
  return `${formatDate(days)}${separator}${clockText(second - days * 86_400, shown, digits)}`;
}

const DATE_TEXT = /^([+-]?\d{4,6})-(\d\d)-(\d\d)$/;
const TIME_TEXT = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?$/;
const ZONE_TEXT = /(Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)$/;

/** Days since 1970-01-01, or undefined when the text is no date of the years -9999 to 9999. */
export function parseDate(text: string): number | undefined {
  const match = DATE_TEXT.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year < -9999 || year > 9999 || month < 1 || month > 12 || day < 1) return undefined;
  const days = daysFromCivil(year, month, day);
  // February 30 would be March 2: a day that does not come back as written does not exist.
  return civilFromDays(days).day === day ? days : undefined;
}

/** Microseconds of the day and whether finer digits were cut, or undefined. `24:00` and leap seconds are no times. */
function parseClock(text: string): { us: number; finer: boolean } | undefined {
  const match = TIME_TEXT.exec(text);
  if (match === null) return undefined;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const nanos = Number((match[4] ?? "").padEnd(9, "0"));
  const us = Math.floor(nanos / 1000);
  return { us: (hour * 3600 + minute * 60 + second) * 1_000_000 + us, finer: nanos % 1000 !== 0 };
}

/** Milliseconds of the day, or undefined when the text is no `HH:MM[:SS[.mmm]]` in whole milliseconds. */
export function parseTime(text: string): number | undefined {
  const clock = parseClock(text);
  if (clock === undefined || clock.finer || clock.us % 1000 !== 0) return undefined;
  return clock.us / 1000;
}

/**
 * A timestamp in its column's units, or undefined when the text is none or has more digits than `precision` keeps.
 * The date and the time are parted by `T` or a blank, the time may be missing. A final `Z` is UTC; an offset
 * (`+02:00`) is taken where `zoned` says that the column holds instants.
 */
export function parseTimestamp(text: string, precision: number, zoned: boolean): Integer | undefined {
  const parted = /[T ]/.exec(text);
  let clockPart = parted === null ? "00:00" : text.slice(parted.index + 1);
  let offsetMs = 0;
  const zone = ZONE_TEXT.exec(clockPart)?.[1];
  if (zone !== undefined && parted !== null) {
    clockPart = clockPart.slice(0, -zone.length);
    if (zone !== "Z") {
      if (!zoned) return undefined;
      offsetMs = (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))) * 60_000 * (zone[0] === "-" ? -1 : 1);
    }
  }
  const days = parseDate(parted === null ? text : text.slice(0, parted.index));
  const clock = parseClock(clockPart);
  if (days === undefined || clock === undefined || clock.finer || clock.us % 10 ** (6 - precision) !== 0)
    return undefined;
  const ms = days * MS_PER_DAY + Math.floor(clock.us / 1000) - offsetMs;
  return precision > 3 ? microseconds(ms, clock.us % 1000) : ms;
}

/** `ms` milliseconds and `us` microseconds, as microseconds. */
export function microseconds(ms: number, us = 0): Integer {
  const sum = ms * 1000 + us;
  return Number.isSafeInteger(sum) ? sum : BigInt(ms) * 1000n + BigInt(us);
}

const DECIMAL_TEXT = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** Why a decimal was refused: it is no number, it has digits beyond the scale, or too many before the point. */
export type DecimalRefusal = "syntax" | "scale" | "precision";

/** The exact unscaled value of a decimal's text (`-12.50`, `1e3`), or why DECIMAL(precision, scale) cannot hold it. */
export function parseDecimal(text: string, precision: number, scale: number): bigint | DecimalRefusal {
  const match = DECIMAL_TEXT.exec(text);
  const whole = match?.[2] ?? "";
  const fraction = match?.[3] ?? "";
  if (match === null || whole.length + fraction.length === 0) return "syntax";
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return 0n;
  // The value is digits × 10^-(fraction digits) × 10^exponent; move the point to `scale` places.
  const shift = scale - fraction.length + Number(match[4] ?? 0);
  let unscaled: string;
  if (shift >= 0) {
    if (digits.length + shift > precision) return "precision";
    unscaled = digits + "0".repeat(shift);
  } else {
    if (!/^0*$/.test(digits.slice(shift))) return "scale";
    unscaled = digits.slice(0, shift);
    if (unscaled.length > precision) return "precision";
  }
  const value = BigInt(unscaled === "" ? "0" : unscaled);
  return match[1] === "-" ? -value : value;
}

/** `unscaled` × 10^-scale with all `scale` digits. */
export function formatDecimal(unscaled: Integer, scale: number): string {
  const negative = unscaled < 0;
  const digits = String(unscaled)
    .slice(negative ? 1 : 0)
    .padStart(scale + 1, "0");
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return negative ? `-${text}` : text;
}

/** Two lower-case hex digits a byte. */
export function formatHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** The bytes of hex digits, or undefined when the text is none. */
export function parseHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
