// NDJSON decoding: dates and times in ISO 8601 or SQL notation, `2020-02-29T23:59:59.123Z`, `2020-02-29 23:59`. The calendar
// is the proleptic Gregorian one; the years are -9999 to 9999; leap seconds and 24:00 are refused.
import { Context, Reason, refuse, Slot } from "./json-context";
import { copyString, skipString } from "./json-string";

const US_PER_DAY: i64 = 86400000000;
const QUOTE: u8 = 0x22;

/** The number that two digits make, or one above 99. */
@inline
function twoDigits(at: usize): u32 {
  const tens = <u32>load<u8>(at) - 0x30;
  const ones = <u32>load<u8>(at, 1) - 0x30;
  return tens > 9 || ones > 9 ? 255 : tens * 10 + ones;
}

/** Days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
function daysFromCivil(year: i32, month: i32, day: i32): i32 {
  const y = month <= 2 ? year - 1 : year;
  const era = (y >= 0 ? y : y - 399) / 400;
  const yearOfEra = y - era * 400;
  const dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

function daysInMonth(year: i32, month: i32): i32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  // April, June, September, November.
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** Reads `YYYY-MM-DD` into `context.days`. Returns the address behind it, or 0. */
function readDate(context: Context, start: usize): usize {
  const head = load<u64>(start);
  const tail = <u32>load<u16>(start, 8);
  // Most rows have the date of the row before.
  if (head == context.dateHead && tail == context.dateTail) return start + 10;
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
  context.days = daysFromCivil(year, month, day);
  if (!negative) {
    context.dateHead = head;
    context.dateTail = tail;
  }
  return at + 10;
}

/**
 * Reads `HH:MM[:SS[.fraction]]` into `context.clock`, microseconds of the day; digits of the fraction beyond the
 * `precision` first must be zeros. Returns the address behind it, or 0.
 */
function readClock(context: Context, start: usize, precision: u32): usize {
  const hour = twoDigits(start);
  const minute = twoDigits(start + 3);
  let second: u32 = 0;
  if ((hour | minute) > 127 || load<u8>(start, 2) != 0x3a) return refuse(context, Reason.TIME_FORMAT, start);
  let at = start + 5;
  let micros: u32 = 0;
  if (load<u8>(at) == 0x3a) {
    second = twoDigits(at + 1);
    if (second > 99) return refuse(context, Reason.TIME_FORMAT, start);
    at += 3;
    if (load<u8>(at) == 0x2e) {
      at++;
      let unit: u32 = 100000;
      let count: u32 = 0;
      for (; ; at++, count++) {
        const digit = <u32>load<u8>(at) - 0x30;
        if (digit > 9) break;
        if (count >= precision && digit != 0) return refuse(context, Reason.TIME_DIGITS, start);
        micros += digit * unit;
        unit /= 10;
      }
      if (count == 0) return refuse(context, Reason.TIME_FORMAT, start);
    }
  }
  if (hour > 23 || minute > 59 || second > 59) return refuse(context, Reason.TIME_RANGE, start);
  context.clock = <i64>((hour * 60 + minute) * 60 + second) * 1000000 + micros;
  return at;
}

/** Reads `±HH:MM` or `±HHMM` and moves `context.clock` to UTC. Returns the address behind it, or 0. */
function readOffset(context: Context, start: usize): usize {
  const hours = twoDigits(start + 1);
  const minutesAt = start + (load<u8>(start, 3) == 0x3a ? 4 : 3);
  const minutes = twoDigits(minutesAt);
  if ((hours | minutes) > 127) return refuse(context, Reason.TIME_FORMAT, start);
  if (hours > 23 || minutes > 59) return refuse(context, Reason.TIME_RANGE, start);
  const offset = <i64>(hours * 60 + minutes) * 60000000;
  context.clock += load<u8>(start) == 0x2d ? offset : -offset;
  return minutesAt + 2;
}

/** Reads a date, then maybe a time, then maybe a zone; `context.days` and `clock` are UTC. Returns the address behind. */
function readTimestamp(context: Context, start: usize, slot: Slot): usize {
  let at = readDate(context, start);
  if (at == 0) return 0;
  context.clock = 0;
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

/** Reads what the slot's type wants and checks that the closing quote follows. Returns the address behind it, or 0. */
@inline
function readTime(context: Context, start: usize, slot: Slot, kind: TimeKind): usize {
  const at =
    kind == TimeKind.DATE
      ? readDate(context, start)
      : kind == TimeKind.CLOCK
        ? readClock(context, start, 3)
        : readTimestamp(context, start, slot);
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
 * Reads the time whose text (behind the quote) begins at `start` into `context.days` and `clock`. Returns the address behind
 * the closing quote, or 0.
 */
@inline
export function scanTime(context: Context, start: usize, slot: Slot, kind: TimeKind): usize {
  const at = readTime(context, start, slot, kind);
  return at != 0 ? at : scanOddTime(context, start, slot, kind);
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
  store<u8>(context.out, QUOTE);
  if (readTime(context, scratch, slot, kind) == 0) return refuse(context, context.reason, start);
  return end;
}

/** The scanned timestamp in microseconds. */
@inline
export function scannedMicros(context: Context): i64 {
  return <i64>context.days * US_PER_DAY + context.clock;
}
