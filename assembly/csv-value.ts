// CSV decoding: one field of any type, written in any of the ways that a CSV file may write it: quoted, between blanks, with
// leading zeros, a decimal comma, marks between thousands. What the fast loops of csv.ts do not read ends up here.
import { CsvContext, isBlank } from "./csv-context";
import { clearValue, putBit } from "./json-column";
import { Context, Reason, refuse, Slot, Type } from "./json-context";
import { doubleOf, scanNumber, storeDecimal64, storeDecimal128, storeInteger } from "./json-number";
import { decodeBase64 } from "./json-string";
import { scannedMs, scanPlainTime, TimeKind } from "./json-time";
import { utf8Length } from "./utf8-check";

const NEWLINE: u8 = 0x0a;
const POINT: u32 = 0x2e;
const ZERO: u32 = 0x30;

/** True when the text from `at` to `end` is one of those that stand for NULL. */
function isNullText(context: CsvContext, at: usize, end: usize): bool {
  const length = end - at;
  if (((context.nullLengths >> <u32>min<usize>(length, 31)) & 1) == 0) return false;
  let text = <usize>context.nulls;
  while (text < <usize>context.nullsEnd) {
    const textLength = <usize>load<u8>(text++);
    if (textLength == length && memory.compare(text, at, length) == 0) return true;
    text += textLength;
  }
  return false;
}

/** Address of the first byte from `at` to `end` that is not UTF-8, 0 when all are. */
export function findBadUtf8(at: usize, end: usize): usize {
  while (at < end) {
    if (load<u8>(at) < 0x80) at++;
    else {
      const length = utf8Length(at);
      if (length == 0 || at + length > end) return at;
      at += length;
    }
  }
  return 0;
}

/** Copies a quoted text without its escapes. Returns the end of what was written. */
function copyQuoted(context: CsvContext, at: usize, end: usize, out: usize): usize {
  const escape = context.escape;
  const escapes = i8x16.splat(<i8>escape);
  while (at < end) {
    const bytes = v128.load(at);
    v128.store(out, bytes);
    const found = i8x16.bitmask(i8x16.eq(bytes, escapes));
    const count = found ? <usize>ctz(found) : 16;
    const left = end - at;
    if (count >= left) return out + left;
    at += count;
    out += count;
    if (count < 16) {
      // The escape goes, what stands behind it stays whatever it is.
      if (at + 1 < end) at++;
      store<u8>(out++, load<u8>(at++));
    }
  }
  return out;
}

/** NULL in `row`, or a refusal where the column has none. */
function storeNull(context: Context, slot: Slot, row: u32, at: usize): bool {
  if (slot.required) return refuse(context, Reason.NULL, at) != 0;
  putBit(slot.validity, row, 0);
  clearValue(slot, row);
  slot.nulls = 1;
  return true;
}

/** The first byte from `at` on that is no blank. */
@inline
function skipBlanks(at: usize, end: usize): usize {
  while (at < end && isBlank(load<u8>(at))) at++;
  return at;
}

/** Where the blanks before `end` begin. */
@inline
function blanksFrom(at: usize, end: usize): usize {
  while (at < end && isBlank(load<u8>(end - 1))) end--;
  return end;
}

/** Stores the field from `at` to `end`, where `end < at` says that there is none. Returns false when it is refused. */
export function storeField(csv: CsvContext, slot: Slot, row: u32, at: usize, end: usize): bool {
  const context = changetype<Context>(<usize>csv.values);
  if (end < at) return storeNull(context, slot, row, end);
  const isText = slot.type == Type.STRING || slot.type == Type.BINARY;
  if (!isText || csv.trim != 0) {
    at = skipBlanks(at, end);
    end = blanksFrom(at, end);
  }
  const quoted = end - at >= 2 && load<u8>(at) == csv.quote && load<u8>(end - 1) == csv.quote;
  if (quoted) {
    at++;
    end--;
    // To a number or time the blanks within its quotes mean as little as those around it.
    if (!isText) {
      at = skipBlanks(at, end);
      end = blanksFrom(at, end);
    }
  }
  // Quotes tell an empty text from no text; numbers and times have no empty text.
  if ((!quoted || !isText) && isNullText(csv, at, end)) return storeNull(context, slot, row, at);
  if (isText) return storeText(csv, context, slot, row, at, end, quoted);
  if (at == end) return storeNull(context, slot, row, at);
  return storeValue(csv, context, slot, row, at, end);
}

function storeText(csv: CsvContext, context: Context, slot: Slot, row: u32, at: usize, end: usize, quoted: bool): bool {
  const bad = findBadUtf8(at, end);
  if (bad != 0) return refuse(context, Reason.UTF8, bad) != 0;
  const start = <usize>slot.values + slot.used;
  let out = start;
  if (quoted) out = copyQuoted(csv, at, end, out);
  else {
    memory.copy(out, at, end - at);
    out += end - at;
  }
  if (slot.type == Type.BINARY && out != start) {
    out = decodeBase64(start, out);
    if (out == 0) return refuse(context, Reason.BASE64, at) != 0;
  }
  const used = <u32>(out - slot.values);
  slot.used = used;
  store<u32>(<usize>slot.offsets + ((<usize>row + 1) << 2), used);
  return true;
}

/** The letters from `at` to `end`, at most eight, in lower case; 0 for more. */
function wordOf(at: usize, end: usize): u64 {
  const length = end - at;
  if (length > 8) return 0;
  let word: u64 = 0;
  for (let i: usize = 0; i < length; i++) word |= (<u64>load<u8>(at + i) | 0x20) << (i << 3);
  return word;
}

/** 1, 0, or −1 for what is no boolean. */
function booleanOf(at: usize, end: usize): i32 {
  if (end - at == 1) {
    const digit = <u32>load<u8>(at) - ZERO;
    if (digit <= 1) return <i32>digit;
    if (load<u8>(at) < 0x40) return -1;
  }
  switch (wordOf(at, end)) {
    case 0x65757274: // true
    case 0x74: // t
    case 0x736579: // yes
    case 0x79: // y
      return 1;
    case 0x65736c6166: // false
    case 0x66: // f
    case 0x6f6e: // no
    case 0x6e: // n
      return 0;
    default:
      return -1;
  }
}

/** The float that a word stands for; 0 for none. */
function specialOf(at: usize, end: usize): f64 {
  const sign = load<u8>(at);
  const word = wordOf(sign == 0x2d || sign == 0x2b ? at + 1 : at, end);
  if (word == 0x6e616e) return NaN; // nan
  if (word != 0x666e69 && word != 0x7974696e69666e69) return 0; // inf, infinity
  return sign == 0x2d ? -Infinity : Infinity;
}

/**
 * Writes a number as JSON has it into the scratch: without `+`, leading zeros and marks between thousands, a point for the
 * decimal mark, digits on both sides of it. Returns the end of what was written, 0 when the number is none or too long.
 */
function plainNumber(csv: CsvContext, at: usize, end: usize): usize {
  let out = <usize>csv.scratch;
  if (end - at + 16 > <usize>csv.scratchBytes) return 0;
  if (load<u8>(at) == 0x2d) store<u8>(out++, load<u8>(at++));
  else if (load<u8>(at) == 0x2b) at++;
  const start = out;
  let digits: u32 = 0;
  for (; at < end; at++) {
    const c = <u32>load<u8>(at);
    if (c - ZERO <= 9) {
      // One zero before the point stays.
      if (out == start + 1 && load<u8>(start) == ZERO) out--;
      store<u8>(out++, <u8>c);
      digits++;
    } else if (c != csv.thousands || c == 0 || digits == 0) break;
  }
  if (at < end && load<u8>(at) == csv.point) {
    if (out == start) store<u8>(out++, <u8>ZERO);
    const point = out;
    store<u8>(out++, <u8>POINT);
    for (at++; at < end && <u32>load<u8>(at) - ZERO <= 9; at++, digits++) store<u8>(out++, load<u8>(at));
    if (out == point + 1) out = point;
  }
  if (digits == 0 || (at < end && (load<u8>(at) | 0x20) != 0x65)) return 0;
  for (; at < end; at++) store<u8>(out++, load<u8>(at));
  store<u8>(out, NEWLINE);
  return out;
}

/** Stores a value that is neither text nor NULL. */
function storeValue(csv: CsvContext, context: Context, slot: Slot, row: u32, at: usize, end: usize): bool {
  const values = <usize>slot.values;
  const type = slot.type;
  if (type == Type.BOOLEAN) {
    const yes = booleanOf(at, end);
    if (yes < 0) return refuse(context, Reason.WRONG_TYPE, at) != 0;
    putBit(values, row, yes);
    return true;
  }
  if (type == Type.DATE || type == Type.TIME || type == Type.TIMESTAMP_MS || type == Type.TIMESTAMP_US) {
    return storeTime(csv, context, slot, row, at, end);
  }
  const isFloat = type == Type.FLOAT64 || type == Type.FLOAT32;
  const special = isFloat ? specialOf(at, end) : 0;
  let value = special;
  if (special == 0) {
    // Where it stands, if it is written as JSON writes it.
    const plain = csv.point == POINT && csv.thousands == 0;
    let numberAt = at;
    let numberEnd = plain ? scanNumber(context, at) : 0;
    if (numberEnd != end || numberEnd == 0) {
      numberAt = <usize>csv.scratch;
      numberEnd = plainNumber(csv, at, end);
      if (numberEnd == 0 || scanNumber(context, numberAt) != numberEnd) {
        return refuse(context, Reason.WRONG_TYPE, at) != 0;
      }
    }
    if (!isFloat) return storeExact(context, slot, row, at, numberAt, numberEnd);
    value = doubleOf(context, numberAt, numberEnd);
    if (type == Type.FLOAT32) value = <f64>(<f32>value);
    if (!isFinite(value)) return refuse(context, Reason.RANGE, at) != 0;
  }
  if (type == Type.FLOAT64) store<f64>(values + ((<usize>row) << 3), value);
  else store<f32>(values + ((<usize>row) << 2), <f32>value);
  return true;
}

/** Stores the scanned number as an integer or a decimal. */
function storeExact(context: Context, slot: Slot, row: u32, at: usize, numberAt: usize, numberEnd: usize): bool {
  const values = <usize>slot.values;
  switch (slot.type) {
    case Type.INT64:
      return storeInteger(context, at, values + ((<usize>row) << 3), 8);
    case Type.INT32:
      return storeInteger(context, at, values + ((<usize>row) << 2), 4);
    case Type.INT16:
      return storeInteger(context, at, values + ((<usize>row) << 1), 2);
    case Type.INT8:
      return storeInteger(context, at, values + row, 1);
    case Type.DECIMAL64:
      return storeDecimal64(context, slot, at, values + ((<usize>row) << 3));
    default:
      return storeDecimal128(context, slot, at, numberEnd, values + ((<usize>row) << 4));
  }
}

/** Stores a date, a time of day or a timestamp. */
function storeTime(csv: CsvContext, context: Context, slot: Slot, row: u32, at: usize, end: usize): bool {
  const type = slot.type;
  const kind = type == Type.DATE ? TimeKind.DATE : type == Type.TIME ? TimeKind.CLOCK : TimeKind.TIMESTAMP;
  if (scanPlainTime(context, at, slot, kind) != end) {
    // Once more where nothing stands behind it: a delimiter may look like a part of it.
    const length = end - at;
    if (length + 16 > <usize>csv.scratchBytes) return refuse(context, Reason.TIME_FORMAT, at) != 0;
    const scratch = <usize>csv.scratch;
    memory.copy(scratch, at, length);
    store<u8>(scratch + length, NEWLINE);
    const behind = scanPlainTime(context, scratch, slot, kind);
    if (behind != scratch + length) {
      return refuse(context, behind == 0 ? context.reason : Reason.TIME_FORMAT, at) != 0;
    }
  }
  const values = <usize>slot.values;
  if (type == Type.DATE) store<i32>(values + ((<usize>row) << 2), context.days);
  else if (type == Type.TIME) store<i32>(values + ((<usize>row) << 2), context.clockMs);
  else if (type == Type.TIMESTAMP_MS) store<i64>(values + ((<usize>row) << 3), scannedMs(context));
  else store<i64>(values + ((<usize>row) << 3), scannedMs(context) * 1000 + context.micros);
  return true;
}
