// Columns → lines of text, NDJSON or CSV, a row after the other. Exact, as the plain writer has it (src/formats/json-encoder.ts,
// csv-encoder.ts), which is asked for every value that has no short way here: doubles of more than 15 digits, years before 0 and
// behind 9999, fields of CSV that may be taken for NULL or a comment. Integers are written eight digits at a time (Paul Khuong, "How to print
// integers really fast", 2017).
import { POW10, POW10_U64 } from "./tables";
import { ZEROS } from "./json-number";
import { NEED_SPACE } from "./status";

/** Mirrored by src/formats/text-rows.ts. */
@unmanaged
class TextContext {
  slots: u32;
  columnCount: u32;
  /** What stands behind a row. */
  rowEnd: u32;
  rowEndBytes: u32;
  /** 1: texts and times stand in quotes, texts with the escapes of JSON. 0: as CSV has them. */
  json: u32;
  /** Bytes that bring a field of CSV into quotes. */
  delimiter: u32;
  quote: u32;
  escape: u32;
  /** Bit n: a text of n bytes may be one for NULL; bit 31 for longer ones. */
  nullLengths: u32;
  /** What a first field may not begin with: that of a comment. */
  comment: u32;
  /** Text of NULL. */
  none: u32;
  noneBytes: u32;
  /** Where the next value goes, and the end of the room. */
  out: u32;
  outEnd: u32;
  /** The value that is written next, and how many rows there are. */
  row: u32;
  column: u32;
  rowCount: u32;
  /** Room that the next value takes, when there is none. */
  needed: u32;
  /** The date written last. */
  days: i32;
  dateHead: u64;
  dateTail: u32;
}

/** One column. */
@unmanaged
class TextSlot {
  kind: u32;
  values: u32;
  offsets: u32;
  validity: u32;
  /** What stands before a value: a key, a delimiter. */
  prefix: u32;
  prefixBytes: u32;
  /** Digits behind the point of a decimal, of a second. */
  digits: u32;
  /** 1: an instant, with Z. */
  zoned: u32;
}

const SLOT_BYTES: usize = 32;
const SLACK: usize = 16;

namespace Kind {
  export const BOOLEAN: u32 = 0;
  export const INT8: u32 = 1;
  export const INT16: u32 = 2;
  export const INT32: u32 = 3;
  export const INT64: u32 = 4;
  export const FLOAT64: u32 = 5;
  export const DECIMAL64: u32 = 6;
  export const STRING: u32 = 7;
  export const DATE: u32 = 8;
  export const TIMESTAMP_MS: u32 = 9;
  export const TIMESTAMP_US: u32 = 10;
}

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const POINT: u8 = 0x2e;
const MINUS: u8 = 0x2d;
const DAY_MS: i64 = 86400000;
/** Days since 1970 of 0000-01-01 and 9999-12-31. */
const DAY_MIN: i64 = -719528;
const DAY_MAX: i64 = 2932896;

/** Eight digits of a number below 10^8, the first one in the lowest byte, as numbers. */
@inline
function digitsOf(value: u64): u64 {
  const thousands = value / 10000;
  const pairs = thousands | ((value - thousands * 10000) << 32);
  const hundreds = ((pairs * 10486) >> 20) & 0x0000007f0000007f;
  const twos = hundreds | ((pairs - hundreds * 100) << 16);
  const tens = ((twos * 103) >> 10) & 0x000f000f000f000f;
  return tens | ((twos - tens * 10) << 8);
}

/** Writes a whole number. Returns the end of it. */
function writeWhole(value: u64, out: usize): usize {
  if (value < 100000000) {
    const digits = digitsOf(value);
    const zeros = digits == 0 ? <usize>7 : <usize>ctz(digits) >> 3;
    store<u64>(out, (digits | ZEROS) >> (zeros << 3));
    return out + 8 - zeros;
  }
  const high = value / 100000000;
  out = writeWhole(high, out);
  store<u64>(out, digitsOf(value - high * 100000000) | ZEROS);
  return out + 8;
}

/** Writes the last `count` digits of a number below 10^count, zeros in front. Returns the end of them. */
function writeDigits(value: u64, count: usize, out: usize): usize {
  if (count <= 8) {
    store<u64>(out, (digitsOf(value) | ZEROS) >> ((8 - count) << 3));
    return out + count;
  }
  const tail = value % 100000000;
  let head = value / 100000000;
  for (let at = out + count - 8; at > out; ) {
    const tenth = head / 10;
    store<u8>(--at, <u8>(head - tenth * 10 + 0x30));
    head = tenth;
  }
  store<u64>(out + count - 8, digitsOf(tail) | ZEROS);
  return out + count;
}

function writeInteger(value: i64, out: usize): usize {
  store<u8>(out, MINUS);
  const negative = value < 0;
  return writeWhole(<u64>(negative ? -value : value), out + <usize>negative);
}

/** `value` units of 10^-digits. */
function writeScaled(value: u64, digits: usize, out: usize): usize {
  if (digits == 0) return writeWhole(value, out);
  const unit = load<u64>(POW10_U64 + (digits << 3));
  const whole = value / unit;
  out = writeWhole(whole, out);
  store<u8>(out, POINT);
  return writeDigits(value - whole * unit, digits, out + 1);
}

/**
 * The fewest digits that read back as the same double, where those are at most 15: then they are the only ones. Returns the end
 * of them, 0 when there are more, or JavaScript writes an exponent.
 */
function writeDouble(value: f64, out: usize): usize {
  if (value == 0) {
    store<u8>(out, 0x30);
    return out + 1;
  }
  const size = abs(value);
  if (!(size >= 0.001 && size < 1e15)) return 0;
  if (value < 0) store<u8>(out++, MINUS);
  // Prices and the like first.
  let digits: usize = 2;
  let units = nearest(size * 100);
  if (units >= 1e15 || units / 100 != size) {
    // As many digits as there may be: if these do not do, no fewer will.
    digits = 15;
    for (let above = 1.0; size >= above && digits > 0; above *= 10) digits--;
    if (size < 0.1) digits += size < 0.01 ? 2 : 1;
    const power = load<f64>(POW10 + (digits << 3));
    units = nearest(size * power);
    if (units >= 1e15 || units / power != size) return 0;
  }
  let whole = <u64>units;
  while (digits > 0 && whole % 10 == 0) {
    whole /= 10;
    digits--;
  }
  return writeScaled(whole, digits, out);
}

/** A text of JSON. Six bytes are the most that one becomes. */
function writeString(at: usize, end: usize, out: usize): usize {
  const quotes = i8x16.splat(<i8>QUOTE);
  const backslashes = i8x16.splat(<i8>BACKSLASH);
  const blank = i8x16.splat(0x20);
  store<u8>(out++, QUOTE);
  while (at < end) {
    const bytes = v128.load(at);
    v128.store(out, bytes);
    const odd = v128.or(v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, backslashes)), i8x16.lt_u(bytes, blank));
    const found = i8x16.bitmask(odd);
    const count = found ? <usize>ctz(found) : 16;
    const left = end - at;
    if (count >= left) {
      out += left;
      break;
    }
    at += count;
    out += count;
    if (count < 16) out = writeEscape(load<u8>(at++), out);
  }
  store<u8>(out, QUOTE);
  return out + 1;
}

function writeEscape(c: u8, out: usize): usize {
  store<u8>(out, BACKSLASH);
  if (c >= 0x20) {
    store<u8>(out, c, 1);
    return out + 2;
  }
  let letter: u8 = 0;
  if (c == 8) letter = 0x62;
  else if (c == 9) letter = 0x74;
  else if (c == 10) letter = 0x6e;
  else if (c == 12) letter = 0x66;
  else if (c == 13) letter = 0x72;
  if (letter != 0) {
    store<u8>(out, letter, 1);
    return out + 2;
  }
  // u00 and two hexadecimal digits, of which the first is 0 or 1.
  store<u32>(out + 1, 0x30303075);
  const low = c & 15;
  store<u8>(out, 0x30 + (c >> 4), 4);
  store<u8>(out, low < 10 ? 0x30 + low : 0x57 + low, 5);
  return out + 6;
}

@inline
function isBlank(c: u8): bool {
  return c == 0x20 || c == 0x09;
}

/** A field of CSV. Returns 0 for one that the host has to look at. */
function writeField(context: TextContext, start: usize, end: usize, field: usize): usize {
  let at = start;
  let out = field;
  const length = end - at;
  if ((context.nullLengths >> <u32>min<usize>(length, 31)) & 1) return 0;
  if (length == 0) return out;
  const first = load<u8>(at);
  if (isBlank(first) || isBlank(load<u8>(end - 1))) return 0;
  if (context.column == 0 && (first == 0xef || first == context.comment)) return 0;
  const delimiter = i8x16.splat(<i8>context.delimiter);
  const quote = i8x16.splat(<i8>context.quote);
  const escape = i8x16.splat(<i8>context.escape);
  const newline = i8x16.splat(0x0a);
  const carriage = i8x16.splat(0x0d);
  for (; at < end; at += 16, out += 16) {
    const bytes = v128.load(at);
    v128.store(out, bytes);
    const marks = v128.or(
      v128.or(i8x16.eq(bytes, delimiter), i8x16.eq(bytes, quote)),
      v128.or(i8x16.eq(bytes, escape), v128.or(i8x16.eq(bytes, newline), i8x16.eq(bytes, carriage))),
    );
    const found = i8x16.bitmask(marks);
    if (found && <usize>ctz(found) < end - at) return writeQuoted(context, start, end, field);
  }
  return out - (at - end);
}

/** A field of CSV in quotes. Returns 0 where there are none. */
function writeQuoted(context: TextContext, at: usize, end: usize, out: usize): usize {
  const quote = context.quote;
  const escape = context.escape;
  if (quote > 0xff || escape > 0xff) return 0;
  const quotes = i8x16.splat(<i8>quote);
  const escapes = i8x16.splat(<i8>escape);
  store<u8>(out++, <u8>quote);
  while (at < end) {
    const bytes = v128.load(at);
    v128.store(out, bytes);
    const found = i8x16.bitmask(v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, escapes)));
    const count = found ? <usize>ctz(found) : 16;
    const left = end - at;
    if (count >= left) {
      out += left;
      break;
    }
    at += count;
    out += count;
    if (count < 16) {
      store<u8>(out, <u8>escape);
      store<u8>(out, load<u8>(at++), 1);
      out += 2;
    }
  }
  store<u8>(out, <u8>quote);
  return out + 1;
}

/** `YYYY-MM-DD`; the years are 0 to 9999 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
function writeDate(context: TextContext, days: i32, out: usize): usize {
  if (days != context.days || context.dateTail == 0) {
    const day = <u32>(days + 719468);
    // Only January and February of the year 0 lie before the first era.
    const early = days + 719468 < 0;
    const shifted = early ? day + 146097 : day;
    const era = shifted / 146097;
    const dayOfEra = shifted - era * 146097;
    const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
    const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    const fromMarch = (5 * dayOfYear + 2) / 153;
    const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
    const year = yearOfEra + era * 400 + <u32>(month <= 2) - (early ? 400 : 0);
    const dayOfMonth = dayOfYear - (153 * fromMarch + 2) / 5 + 1;
    // YYYYMMDD, then a dash behind the fourth and the sixth digit.
    const digits = digitsOf(<u64>(year * 10000 + month * 100 + dayOfMonth)) | ZEROS;
    context.dateHead =
      (digits & 0xffffffff) | ((<u64>0x2d) << 32) | (((digits >> 32) & 0xffff) << 40) | ((<u64>0x2d) << 56);
    context.dateTail = <u32>(digits >> 48);
    context.days = days;
  }
  store<u64>(out, context.dateHead);
  store<u16>(out, <u16>context.dateTail, 8);
  return out + 10;
}

/** `YYYY-MM-DD HH:MM:SS[.fraction]`; 0 for the years that have no four digits. `units` of a day, `perMs` to a millisecond. */
function writeTimestamp(context: TextContext, slot: TextSlot, value: i64, perMs: i64, out: usize): usize {
  const perDay = DAY_MS * perMs;
  let days = value / perDay;
  let rest = value - days * perDay;
  if (rest < 0) {
    days--;
    rest += perDay;
  }
  if (days < DAY_MIN || days > DAY_MAX) return 0;
  out = writeDate(context, <i32>days, out);
  const perSecond = 1000 * perMs;
  const second = <u64>(rest / perSecond);
  const fraction = <u64>(rest - <i64>second * perSecond);
  const minute = second / 60;
  const hour = minute / 60;
  // 00HHMMSS: the zeros make room for the blank and the colons.
  const digits = digitsOf(hour * 10000 + (minute - hour * 60) * 100 + second - minute * 60) | ZEROS;
  store<u8>(out, 0x20);
  store<u16>(out, <u16>(digits >> 16), 1);
  store<u8>(out, 0x3a, 3);
  store<u16>(out, <u16>(digits >> 32), 4);
  store<u8>(out, 0x3a, 6);
  store<u16>(out, <u16>(digits >> 48), 7);
  out += 9;
  const precision = <usize>slot.digits;
  if (fraction != 0 && precision != 0) {
    store<u8>(out, POINT);
    // Digits that the column has: the units have three, or six.
    const unitDigits: usize = perMs == 1 ? 3 : 6;
    out = writeDigits(fraction / load<u64>(POW10_U64 + ((unitDigits - precision) << 3)), precision, out + 1);
  }
  if (slot.zoned) store<u8>(out++, 0x5a);
  return out;
}

@inline
function writeBoolean(value: u32, out: usize): usize {
  store<u32>(out, value ? 0x65757274 : 0x736c6166);
  store<u8>(out, 0x65, 4);
  return out + 5 - value;
}

/** Copies a few bytes, sixteen at a time. Returns the end of the copy. */
@inline
function writeBytes(at: usize, count: usize, out: usize): usize {
  for (let i: usize = 0; i < count; i += 16) v128.store(out + i, v128.load(at + i));
  return out + count;
}

/** Writes one value that is no NULL and no text. Returns the end of it, 0 when the host has to. */
@inline
function writeValue(context: TextContext, slot: TextSlot, row: usize, out: usize): usize {
  const values = <usize>slot.values;
  switch (slot.kind) {
    case Kind.BOOLEAN:
      return writeBoolean((<u32>load<u8>(values + (row >> 3)) >> (<u32>row & 7)) & 1, out);
    case Kind.INT8:
      return writeInteger(<i64>load<i8>(values + row), out);
    case Kind.INT16:
      return writeInteger(<i64>load<i16>(values + (row << 1)), out);
    case Kind.INT32:
      return writeInteger(<i64>load<i32>(values + (row << 2)), out);
    case Kind.INT64:
      return writeInteger(load<i64>(values + (row << 3)), out);
    case Kind.FLOAT64:
      return writeDouble(load<f64>(values + (row << 3)), out);
    case Kind.DECIMAL64: {
      const value = load<i64>(values + (row << 3));
      store<u8>(out, MINUS);
      const negative = value < 0;
      return writeScaled(<u64>(negative ? -value : value), slot.digits, out + <usize>negative);
    }
    default:
      return writeTime(context, slot, row, out);
  }
}

function writeTime(context: TextContext, slot: TextSlot, row: usize, out: usize): usize {
  const values = <usize>slot.values;
  const quoted = <usize>context.json;
  store<u8>(out, QUOTE);
  let at = out + quoted;
  if (slot.kind == Kind.DATE) {
    const days = load<i32>(values + (row << 2));
    if (<i64>days < DAY_MIN || <i64>days > DAY_MAX) return 0;
    at = writeDate(context, days, at);
  } else {
    const value = load<i64>(values + (row << 3));
    at =
      slot.kind == Kind.TIMESTAMP_MS
        ? writeTimestamp(context, slot, value, 1, at)
        : writeTimestamp(context, slot, value, 1000, at);
    if (at == 0) return 0;
  }
  store<u8>(at, QUOTE);
  return at + quoted;
}

/** Bytes of a value that is no text, at most: 20 digits, a sign, a point, quotes and what is stored beyond them. */
const VALUE_BYTES: usize = 64;

/**
 * Writes values from `row`, `column` on. Returns the rows that are whole when all are written; `NEED_SPACE` when the next value
 * takes `needed` bytes and there are fewer; or −2 − the column whose value the host is to write: its prefix is there already.
 */
export function writeRows(contextPtr: usize): i32 {
  const context = changetype<TextContext>(contextPtr);
  const columnCount = context.columnCount;
  const json = context.json != 0;
  let out = <usize>context.out;
  const outEnd = <usize>context.outEnd;
  for (; context.row < context.rowCount; context.row++) {
    const row = <usize>context.row;
    for (; context.column < columnCount; context.column++) {
      const slot = changetype<TextSlot>(<usize>context.slots + <usize>context.column * SLOT_BYTES);
      const isText = slot.kind == Kind.STRING;
      let at: usize = 0;
      let end: usize = 0;
      if (isText) {
        const offsets = <usize>slot.offsets + (row << 2);
        at = <usize>slot.values + load<u32>(offsets);
        end = <usize>slot.values + load<u32>(offsets, 4);
      }
      // Behind every value there is room for the end of a row.
      const needed =
        <usize>(slot.prefixBytes + context.noneBytes + context.rowEndBytes) + 6 * (end - at) + VALUE_BYTES + SLACK;
      if (outEnd - out < needed) {
        context.out = <u32>out;
        context.needed = <u32>needed;
        return NEED_SPACE;
      }
      out = writeBytes(slot.prefix, slot.prefixBytes, out);
      let behind: usize;
      if (slot.validity != 0 && ((<u32>load<u8>(<usize>slot.validity + (row >> 3)) >> (<u32>row & 7)) & 1) == 0) {
        behind = writeBytes(context.none, context.noneBytes, out);
      } else if (!isText) behind = writeValue(context, slot, row, out);
      else behind = json ? writeString(at, end, out) : writeField(context, at, end, out);
      if (behind == 0) {
        context.out = <u32>out;
        return -2 - <i32>context.column;
      }
      out = behind;
    }
    out = writeBytes(context.rowEnd, context.rowEndBytes, out);
    context.column = 0;
  }
  context.out = <u32>out;
  return <i32>context.row;
}
