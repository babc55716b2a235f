// CSV decoding, second pass: indexed records → columns by schema, one column after the other in a loop of its own, so that
// nothing is decided a field. The usual notation of each type is read here, every other one in csv-value.ts. Null rule: a
// NULL clears its validity bit and leaves zeros.
import { CsvContext } from "./csv-context";
import { findBadUtf8, storeField } from "./csv-value";
import { putBit } from "./json-column";
import { Context, Reason, Slot, SLOT_BYTES, Type } from "./json-context";
import { eightDigits, nonDigits, ZEROS } from "./json-number";
import { scannedMs, scanPlainTimestamp } from "./json-time";
import { BAD_RECORD, NEED_SPACE } from "./status";
import { POW10, POW10_U64 } from "./tables";

export { countLines, indexCsv, openCsv } from "./csv-index";

const POINT: u64 = 0x2e ^ 0x30;
/** Marks a text that is not all digits. */
const NO_DIGITS: u64 = u64.MAX_VALUE;

/** The number that the `length` digits at `at` make, 1 to 16 of them; NO_DIGITS when they are others. */
@inline
function digitsOf(at: usize, length: usize): u64 {
  const first = load<u64>(at) ^ ZEROS;
  if (length <= 8) {
    const digits = first << ((<u64>(8 - length)) << 3);
    return nonDigits(digits) == 0 ? eightDigits(digits) : NO_DIGITS;
  }
  const rest = (load<u64>(at, 8) ^ ZEROS) << ((<u64>(16 - length)) << 3);
  if (nonDigits(first) | nonDigits(rest)) return NO_DIGITS;
  return eightDigits(first) * load<u64>(POW10_U64 + ((length - 8) << 3)) + eightDigits(rest);
}

/** Integers of few digits, maybe with a minus. Returns false when the field has to be looked at. */
@inline
function storeShort<T>(at: usize, end: usize, out: usize): bool {
  const negative = <usize>(load<u8>(at) == 0x2d);
  at += negative;
  const length = end - at;
  // No more digits than fit whatever they are.
  if (length - 1 > (sizeof<T>() == 8 ? 15 : 8)) return false;
  const value = digitsOf(at, length);
  if (value == NO_DIGITS) return false;
  store<T>(out, <T>((value ^ -(<u64>negative)) + <u64>negative));
  return true;
}

/** Doubles of at most 15 digits with at most a point: their quotient of two exact doubles is rounded once, so correctly. */
@inline
function storeDouble(at: usize, end: usize, out: usize): bool {
  const negative = load<u8>(at) == 0x2d;
  at += <usize>negative;
  const length = end - at;
  let value: f64;
  if (length - 1 <= 7) {
    const digits = (load<u64>(at) ^ ZEROS) << ((<u64>(8 - length)) << 3);
    const others = nonDigits(digits);
    if (others == 0) value = <f64>(<i64>eightDigits(digits));
    else {
      // The digits before the point move one byte up, over it.
      const point = ctz(others) & 0x38;
      if (((digits >> point) & 0xff) != POINT || length == 1) return false;
      const before = ((<u64>1) << point) - 1;
      const joined = ((digits & before) << 8) | (digits & ~((before << 8) | 0xff));
      if (nonDigits(joined)) return false;
      value = <f64>(<i64>eightDigits(joined)) / load<f64>(POW10 + <usize>(56 - point));
    }
  } else {
    if (length > 16) return false;
    const points = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(0x2e)));
    const point = <usize>ctz(points);
    const fraction = length - point - 1;
    if (points == 0 || point - 1 > 14 || fraction - 1 > 14) return false;
    const whole = digitsOf(at, point);
    const rest = digitsOf(at + point + 1, fraction);
    if (whole == NO_DIGITS || rest == NO_DIGITS) return false;
    const mantissa = whole * load<u64>(POW10_U64 + (fraction << 3)) + rest;
    value = <f64>(<i64>mantissa) / load<f64>(POW10 + (fraction << 3));
  }
  store<f64>(out, negative ? -value : value);
  return true;
}

@inline
function startOf(entry: usize): usize {
  return <usize>load<u32>(entry) + 1;
}

@inline
function endOf(entry: usize): usize {
  return <usize>load<u32>(entry, 4);
}

/** How a text was copied. */
const enum Copied {
  /** It holds an escape, or is not UTF-8. */
  NO,
  YES,
}

/** Copies the text from `at` to `end` 16 bytes at a time, if it is UTF-8 and holds no `escape`. */
@inline
function copyText(at: usize, end: usize, out: usize, escapes: v128, quoted: bool): Copied {
  let all = i64x2.splat(0);
  for (let from = at; from < end; from += 16, out += 16) {
    const bytes = v128.load(from);
    v128.store(out, bytes);
    all = v128.or(all, bytes);
    if (quoted) {
      const found = i8x16.bitmask(i8x16.eq(bytes, escapes));
      // The closing quote, which may be the escape, is no part of the text.
      if (found && <usize>ctz(found) < end - from) return Copied.NO;
    }
  }
  // Bytes behind the text may not be ASCII: then it is looked at once more for nothing.
  return i8x16.bitmask(all) == 0 || findBadUtf8(at, end) == 0 ? Copied.YES : Copied.NO;
}

/** Texts that stand as they are, with or without quotes around them; the others are for `storeField`. */
@inline
function decodeTexts(csv: CsvContext, slot: Slot, entry: usize, stride: usize, count: u32): u32 {
  const plain = csv.trim == 0;
  const quote = csv.quote;
  const escapes = i8x16.splat(<i8>csv.escape);
  const nullLengths = csv.nullLengths;
  let row = csv.row;
  for (let i: u32 = 0; i < count; i++, entry += stride, row++) {
    const at = startOf(entry);
    const end = endOf(entry);
    // A missing field's length is above all others.
    const length = end - at;
    let taken: usize = usize.MAX_VALUE;
    if (plain && length - 1 < 0x7ffffff0) {
      const out = <usize>slot.values + slot.used;
      if (load<u8>(at) != quote) {
        const isNull = (nullLengths >> <u32>min<usize>(length, 31)) & 1;
        if (isNull == 0 && copyText(at, end, out, escapes, false) == Copied.YES) taken = length;
      } else if (length > 1 && load<u8>(end - 1) == quote) {
        if (copyText(at + 1, end - 1, out, escapes, true) == Copied.YES) taken = length - 2;
      }
    }
    if (taken != usize.MAX_VALUE) {
      const used = slot.used + <u32>taken;
      slot.used = used;
      store<u32>(<usize>slot.offsets + ((<usize>row + 1) << 2), used);
    } else if (!storeField(csv, slot, row, at, end)) return i;
  }
  return count;
}

@inline
function decodeIntegers<T>(csv: CsvContext, slot: Slot, entry: usize, stride: usize, count: u32): u32 {
  let row = csv.row;
  let out = <usize>slot.values + <usize>row * sizeof<T>();
  for (let i: u32 = 0; i < count; i++, entry += stride, row++, out += sizeof<T>()) {
    const at = startOf(entry);
    const end = endOf(entry);
    if (!storeShort<T>(at, end, out) && !storeField(csv, slot, row, at, end)) return i;
  }
  return count;
}

@inline
function decodeDoubles(csv: CsvContext, slot: Slot, entry: usize, stride: usize, count: u32): u32 {
  const plain = csv.point == 0x2e && csv.thousands == 0;
  let row = csv.row;
  let out = <usize>slot.values + ((<usize>row) << 3);
  for (let i: u32 = 0; i < count; i++, entry += stride, row++, out += 8) {
    const at = startOf(entry);
    const end = endOf(entry);
    if (!(plain && storeDouble(at, end, out)) && !storeField(csv, slot, row, at, end)) return i;
  }
  return count;
}

@inline
function decodeTimestamps(csv: CsvContext, slot: Slot, entry: usize, stride: usize, count: u32): u32 {
  const context = changetype<Context>(<usize>csv.values);
  let row = csv.row;
  let out = <usize>slot.values + ((<usize>row) << 3);
  for (let i: u32 = 0; i < count; i++, entry += stride, row++, out += 8) {
    const at = startOf(entry);
    const end = endOf(entry);
    if (scanPlainTimestamp(context, at, slot) == end) store<i64>(out, scannedMs(context));
    else if (!storeField(csv, slot, row, at, end)) return i;
  }
  return count;
}

@inline
function decodeBooleans(csv: CsvContext, slot: Slot, entry: usize, stride: usize, count: u32): u32 {
  let row = csv.row;
  for (let i: u32 = 0; i < count; i++, entry += stride, row++) {
    const at = startOf(entry);
    const end = endOf(entry);
    const word = load<u32>(at);
    if (end - at == 4 && word == 0x65757274) putBit(slot.values, row, 1);
    else if (end - at == 5 && word == 0x736c6166 && load<u8>(at, 4) == 0x65) putBit(slot.values, row, 0);
    else if (!storeField(csv, slot, row, at, end)) return i;
  }
  return count;
}

/** Decodes one column of `count` records. Returns how many it took before one was refused. */
function decodeColumn(csv: CsvContext, slot: Slot, entry: usize, stride: usize, count: u32): u32 {
  switch (slot.type) {
    case Type.STRING:
      return decodeTexts(csv, slot, entry, stride, count);
    case Type.INT64:
      return decodeIntegers<i64>(csv, slot, entry, stride, count);
    case Type.INT32:
      return decodeIntegers<i32>(csv, slot, entry, stride, count);
    case Type.FLOAT64:
      return decodeDoubles(csv, slot, entry, stride, count);
    case Type.TIMESTAMP_MS:
      return decodeTimestamps(csv, slot, entry, stride, count);
    case Type.BOOLEAN:
      return decodeBooleans(csv, slot, entry, stride, count);
    default:
      for (let i: u32 = 0; i < count; i++, entry += stride) {
        if (!storeField(csv, slot, csv.row + i, startOf(entry), endOf(entry))) return i;
      }
      return count;
  }
}

/** Bytes of one column's fields. */
function measure(entry: usize, stride: usize, count: u32): u32 {
  let bytes: u32 = 0;
  for (let i: u32 = 0; i < count; i++, entry += stride) bytes += max<i32>(0, <i32>(endOf(entry) - startOf(entry)));
  return bytes;
}

/** The rows from `row` on are to be written anew: no NULLs, no texts. */
function takeBack(csv: CsvContext, row: u32, end: u32): void {
  for (let c: u32 = 0; c < csv.columnCount; c++) {
    const slot = changetype<Slot>(<usize>csv.slots + <usize>c * SLOT_BYTES);
    for (let i = row; i < end && slot.nulls != 0; i++) putBit(slot.validity, i, 1);
    if (slot.type == Type.STRING || slot.type == Type.BINARY) {
      slot.used = load<u32>(<usize>slot.offsets + ((<usize>row) << 2));
    }
  }
}

/**
 * Decodes the records `from` to `to` of the index into rows from `row` on and moves both. Returns the number of rows;
 * `BAD_RECORD` with the first refused one (`reason`, `errorAt`, `errorColumn`, `recordStart`, `recordEnd`), which is passed
 * over; or `NEED_SPACE` when a text column (`errorColumn`) has no room for `needed` bytes, and no record was taken.
 */
export function decodeCsv(contextPtr: usize): i32 {
  const csv = changetype<CsvContext>(contextPtr);
  const context = changetype<Context>(<usize>csv.values);
  const stride = (<usize>(csv.fields + 1)) << 2;
  const first = <usize>csv.index + <usize>csv.from * stride;
  const wanted = csv.to - csv.from;
  let count = wanted;
  for (let c: u32 = 0; c < csv.columnCount; c++) {
    const slot = changetype<Slot>(<usize>csv.slots + <usize>c * SLOT_BYTES);
    // The place of the column's field.
    const entry = first + ((<usize>slot.next) << 2);
    if (slot.type == Type.STRING || slot.type == Type.BINARY) {
      const needed = slot.used + measure(entry, stride, count);
      if (needed > slot.room) {
        csv.errorColumn = <i32>c;
        csv.needed = needed;
        takeBack(csv, csv.row, csv.row + wanted);
        return NEED_SPACE;
      }
    }
    const taken = decodeColumn(csv, slot, entry, stride, count);
    if (taken == count) continue;
    count = taken;
    csv.errorColumn = <i32>c;
    csv.reason = context.reason;
    csv.errorAt = context.errorAt;
  }
  if (count < wanted) takeBack(csv, csv.row + count, csv.row + wanted);
  csv.row += count;
  csv.from += count;
  if (count == wanted) return <i32>csv.row;
  const record = first + <usize>count * stride;
  csv.recordStart = load<u32>(record) + 1;
  csv.recordEnd = load<u32>(record + stride - 4);
  csv.from += 1;
  return BAD_RECORD;
}
