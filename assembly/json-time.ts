// NDJSON decoding: dates and times in ISO 8601 or SQL notation, `2020-02-29T23:59:59.123Z`, `2020-02-29 23:59`. The calendar
// is the proleptic Gregorian one; the years are -9999 to 9999; leap seconds and 24:00 are refused.
import { daysOfMonth } from "./datetime";
import { Context, Reason, refuse, Slot } from "./json-context";
import { copyString, skipString } from "./json-string";

const MS_PER_DAY: i64 = 86400000;
const QUOTE: u8 = 0x22;

/** The number that two digits make, or one above 99. */
@inline
function twoDigits(at: usize): u32 {
  const tens = <u32>load<u8>(at) - 0x30;
  const ones = <u32>load<u8>(at, 1) - 0x30;
  return tens > 9 || ones > 9 ? 255 : tens * 10 + ones;
}

function daysInMonth(year: i32, month: i32): i32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  // April, June, September, November.
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** Reads `YYYY-MM-DD` into `context.days`. Returns the address behind it, or 0. */
@inline
function readDate(context: Context, start: usize): usize {
  // Most rows have the date of the row before.
  const same = load<u64>(start) == context.dateHead && <u32>load<u16>(start, 8) == context.dateTail;
  return same ? start + 10 : readOtherDate(context, start);
}

function readOtherDate(context: Context, start: usize): usize {
  const negative = load<u8>(start) == 0x2d;
  const at = start + <usize>negative;
  const century = twoDigits(at);
  const yearOfCentury = twoDigits(at + 2);
  const month = twoDigits(at + 5);
  const day = twoDigits(at + 8);
  if ((century | yearOfCentury | month | day) > 127 || load<u8>(at, 4) != 0x2d || load<u8>(at, 7) != 0x2d) {
    // `+012345-…` and `12345-…` are years that are too large, not another notation.
    const long = load<u8>(start) == 0x2b || ((century | yearOfCentury) <= 127 && <u32>load<u8>(at, 4) - 0x30 <= 9);
    return refuse(context, long ? Reason.TIME_RANGE : Reason.TIME_FORMAT, start);
  }
  let year = <i32>(century * 100 + yearOfCentury);
  if (negative) year = -year;
  if (month - 1 > 11 || day == 0 || <i32>day > daysInMonth(year, month)) {
    return refuse(context, Reason.TIME_RANGE, start);
  }
  context.days = daysOfMonth<i32>(year, <i32>month) + <i32>day - 1;
  // `days` is no longer the date known so far. One with a sign has eleven bytes: nothing is known then.
  context.dateHead = load<u64>(start);
  context.dateTail = negative ? u32.MAX_VALUE : load<u16>(start, 8);
  return at + 10;
}

/** `HH:MM:SS` as eight bytes, and what to add to the difference from it so that a byte that is wrong has its bit 7 set. */
const CLOCK: u64 = 0x30303a30303a3030;
const CLOCK_TEST: u64 = 0x76767f76767f7676;
const HIGH_BITS: u64 = 0x8080808080808080;

/**
 * Reads `HH:MM[:SS[.fraction]]` into `context.clockMs` and `micros`; digits of the fraction beyond the `precision` first
 * must be zeros. Returns the address behind it, or 0.
 */
@inline
function readClock(context: Context, start: usize, precision: u32): usize {
  // Bytes of digits, 0 to 9; colons become 0.
  const digits = load<u64>(start) ^ CLOCK;
  if ((((digits + CLOCK_TEST) | digits) & HIGH_BITS) != 0) return readShortClock(context, start);
  // Every byte: ten times itself and the byte behind it.
  const pairs = digits * 10 + (digits >> 8);
  const hour = <u32>pairs & 0xff;
  const minute = <u32>(pairs >> 24) & 0xff;
  const second = <u32>(pairs >> 48) & 0xff;
  if (hour > 23 || minute > 59 || second > 59) return refuse(context, Reason.TIME_RANGE, start);
  context.clockMs = <i32>((hour * 60 + minute) * 60 + second) * 1000;
  context.micros = 0;
  return load<u8>(start, 8) == 0x2e ? readFraction(context, start + 9, precision) : start + 8;
}

/** Reads `HH:MM`, what a clock without seconds is. */
function readShortClock(context: Context, start: usize): usize {
  const hour = twoDigits(start);
  const minute = twoDigits(start + 3);
  if ((hour | minute) > 127 || load<u8>(start, 2) != 0x3a || load<u8>(start, 5) == 0x3a) {
    return refuse(context, Reason.TIME_FORMAT, start);
  }
  if (hour > 23 || minute > 59) return refuse(context, Reason.TIME_RANGE, start);
  context.clockMs = <i32>(hour * 60 + minute) * 60000;
  context.micros = 0;
  return start + 5;
}

/** Reads the digits of a second's fraction. Returns the address behind them, or 0. */
@inline
function readFraction(context: Context, start: usize, precision: u32): usize {
  // Three digits, as most clocks write them, and a byte that is none.
  const three = load<u32>(start) ^ 0x30303030;
  if ((((three + 0x76767676) | three) & 0x80808080) == 0x80000000 && precision >= 3) {
    context.clockMs += <i32>((three & 0xff) * 100 + ((three >> 8) & 0xff) * 10 + ((three >> 16) & 0xff));
    return start + 3;
  }
  let at = start;
  let micros: u32 = 0;
  let unit: u32 = 100000;
  for (; ; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) break;
    if (<u32>(at - start) >= precision && digit != 0) return refuse(context, Reason.TIME_DIGITS, start);
    micros += digit * unit;
    unit /= 10;
  }
  if (at == start) return refuse(context, Reason.TIME_FORMAT, start);
  context.clockMs += <i32>(micros / 1000);
  context.micros = micros % 1000;
  return at;
}

/** Reads `±HH:MM` or `±HHMM` and moves `context.clockMs` to UTC. Returns the address behind it, or 0. */
function readOffset(context: Context, start: usize): usize {
  const hours = twoDigits(start + 1);
  const minutesAt = start + (load<u8>(start, 3) == 0x3a ? 4 : 3);
  const minutes = twoDigits(minutesAt);
  if ((hours | minutes) > 127) return refuse(context, Reason.TIME_FORMAT, start);
  if (hours > 23 || minutes > 59) return refuse(context, Reason.TIME_RANGE, start);
  const offset = <i32>(hours * 60 + minutes) * 60000;
  context.clockMs += load<u8>(start) == 0x2d ? offset : -offset;
  return minutesAt + 2;
}

/** Reads a date, then maybe a time, then maybe a zone; all of it in UTC. Returns the address behind, or 0. */
@inline
function readTimestamp(context: Context, start: usize, slot: Slot): usize {
  let at = readDate(context, start);
  if (at == 0) return 0;
  context.clockMs = 0;
  context.micros = 0;
  if (load<u8>(at) != 0x54 && load<u8>(at) != 0x20) return at;
  at = readClock(context, at + 1, slot.precision);
  if (at == 0) return 0;
  const zone = load<u8>(at);
  if (zone == 0x5a) return at + 1;
  if (zone != 0x2b && zone != 0x2d) return at;
  // A wall-clock time has no offset to apply; `scale` says that the column holds instants.
  if (slot.scale == 0) return refuse(context, Reason.TIME_ZONE, start);
  return readOffset(context, at);
}

/** Reads what the slot's type wants. Returns the address behind it, or 0. */
@inline
function readNotation(context: Context, start: usize, slot: Slot, kind: TimeKind): usize {
  return kind == TimeKind.DATE
    ? readDate(context, start)
    : kind == TimeKind.CLOCK
      ? readClock(context, start, 3)
      : readTimestamp(context, start, slot);
}

/** A timestamp that no quote ends, into `context.days`, `clockMs` and `micros`. Returns the address behind it, or 0. */
@inline
export function scanPlainTimestamp(context: Context, start: usize, slot: Slot): usize {
  return readTimestamp(context, start, slot);
}

/** Like `scanPlainTimestamp`, for any notation. */
export function scanPlainTime(context: Context, start: usize, slot: Slot, kind: TimeKind): usize {
  return readNotation(context, start, slot, kind);
}

/** `readNotation`, and checks that the closing quote follows. Returns the address behind it, or 0. */
@inline
function readTime(context: Context, start: usize, slot: Slot, kind: TimeKind): usize {
  const at = readNotation(context, start, slot, kind);
  if (at == 0) return 0;
  if (load<u8>(at) != QUOTE) return refuse(context, Reason.TIME_FORMAT, start);
  return at + 1;
}

/** Which of the three notations a column has. */
export const enum TimeKind {
  DATE,
  CLOCK,
  TIMESTAMP,
}

/**
 * Reads the time whose text (behind the quote) begins at `start` into `context.days`, `clockMs` and `micros`. Returns the
 * address behind the closing quote, or 0.
 */
@inline
export function scanTimestamp(context: Context, start: usize, slot: Slot): usize {
  const at = readTime(context, start, slot, TimeKind.TIMESTAMP);
  return at != 0 ? at : scanOddTime(context, start, slot, TimeKind.TIMESTAMP);
}

/** Like `scanTimestamp`, for any notation. */
export function scanTime(context: Context, start: usize, slot: Slot, kind: TimeKind): usize {
  const at = readAnyTime(context, start, slot, kind);
  return at != 0 ? at : scanOddTime(context, start, slot, kind);
}

/** `readTime` once, for the calls that are rare. */
function readAnyTime(context: Context, start: usize, slot: Slot, kind: TimeKind): usize {
  return readTime(context, start, slot, kind);
}

/** A text that is no time as it stands: broken as a string, written with escapes (`\u002b` for `+`), or simply no time. */
function scanOddTime(context: Context, start: usize, slot: Slot, kind: TimeKind): usize {
  const reason = context.reason;
  const end = skipString(context, start);
  if (end == 0) return 0;
  if (context.out == 0) return refuse(context, reason, start);
  const scratch = <usize>context.scratch;
  if (copyString(context, start, scratch, scratch + context.scratchBytes) == 0) {
    return refuse(context, context.reason == Reason.SPACE ? Reason.TIME_FORMAT : context.reason, start);
  }
  const textEnd = <usize>context.out;
  store<u8>(textEnd, QUOTE);
  const at = readAnyTime(context, scratch, slot, kind);
  if (at == 0) return refuse(context, context.reason, start);
  // A quote that was escaped does not end the text.
  return at == textEnd + 1 ? end : refuse(context, Reason.TIME_FORMAT, start);
}

/** The scanned timestamp in milliseconds; `context.micros` stand beside them. */
@inline
export function scannedMs(context: Context): i64 {
  return <i64>context.days * MS_PER_DAY + context.clockMs;
}
