// NDJSON bytes → columns by schema: one call a batch, one pass over the bytes, every byte checked (RFC 8259). The usual key
// is foretold by the line before it and costs one 16-byte comparison; numbers, times and plain ASCII text are read where
// they stand. The input ends with a line end, which no value can pass: so nothing here looks at the end of the input but
// the loop over records. Null rule: a NULL or a missing key clears its validity bit and leaves zeros.
import { fillGap, nullValue, putBit, takeBack } from "./json-column";
import { Context, Reason, refuse, Slot, skipBlanks, Type } from "./json-context";
import { readKey, slotAt } from "./json-key";
import {
  doubleOf,
  scanNumber,
  storeDecimal64,
  storeDecimal128,
  storeInteger,
  storeShortDouble,
  storeShortInteger,
} from "./json-number";
import { isFalse, isNull, isTrue, skipValue } from "./json-skip";
import { copyString, decodeBase64, skipString, specialBytes } from "./json-string";
import { scannedMs, scanTime, scanTimestamp, TimeKind } from "./json-time";
import { BAD_RECORD, NEED_SPACE } from "./status";

const NEWLINE: u8 = 0x0a;
const QUOTE: u8 = 0x22;

export { openJson } from "./json-key";

/**
 * Decodes records from `at` until the input ends or `rowsMax` rows are written; goes on where it stopped when called again.
 * Returns the number of rows; `BAD_RECORD` with `reason`, `recordStart`, `recordEnd`, `errorAt` and `errorSlot` set, the next
 * call goes on behind that record; or `NEED_SPACE` when a string column (`errorSlot`) has no room for the next record.
 * Either way the columns hold `row` complete rows.
 */
export function decodeJson(contextPtr: usize): i32 {
  const context = changetype<Context>(contextPtr);
  const end = <usize>context.end;
  const rowsMax = context.rowsMax;
  const recordMax = <usize>context.recordMax;
  let row = context.row;
  let at = <usize>context.at;
  let status = 0;
  while (at < end && row < rowsMax) {
    const start = at;
    if (load<u8>(at) != 0x7b) at = skipBlanks(at);
    if (load<u8>(at) == NEWLINE && at - start <= recordMax) {
      // A blank line.
      at++;
      context.lines += 1;
      continue;
    }
    context.errorSlot = 0;
    at = decodeRecord(context, row, at);
    if (at != 0 && at - start > recordMax) at = refuse(context, Reason.TOO_LARGE, start);
    if (at == 0) {
      for (let i: u32 = 0; i < context.columnCount; i++) {
        const slot = changetype<Slot>(slotAt(context, i + 2));
        if (slot.filled > row) takeBack(slot, row);
      }
      if (context.reason == Reason.SPACE) {
        status = NEED_SPACE;
        at = start;
        break;
      }
      at = lineEnd(start);
      if (at - start > recordMax) context.reason = Reason.TOO_LARGE;
      context.recordStart = <u32>start;
      context.recordEnd = <u32>at;
      status = BAD_RECORD;
    } else row++;
    at++;
    context.lines += 1;
    if (status != 0) break;
  }
  for (let i: u32 = 0; i < context.columnCount; i++) {
    const slot = changetype<Slot>(slotAt(context, i + 2));
    if (slot.filled < row) fillGap(slot, row);
  }
  context.at = <u32>at;
  context.row = row;
  return status == 0 ? <i32>row : status;
}

/** The first line end at or behind `at`. */
function lineEnd(at: usize): usize {
  while (true) {
    const ends = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(0x0a)));
    if (ends) return at + ctz(ends);
    at += 16;
  }
}

/** Decodes the record that begins at `at` into row `row`. Returns the address of its line end, or 0. */
function decodeRecord(context: Context, row: u32, at: usize): usize {
  if (load<u8>(at) != 0x7b) return refuseShape(context, at);
  at++;
  let slot = changetype<Slot>(slotAt(context, 0));
  let required: u32 = 0;
  while (true) {
    // Behind `{` or `,`: the key that came here last time, or another one.
    const next = changetype<Slot>(slot.next);
    const text = v128.and(v128.load(at), next.mask0);
    if (
      !v128.any_true(v128.xor(text, next.text0)) &&
      (next.textLength <= 16 || !v128.any_true(v128.xor(v128.and(v128.load(at, 16), next.mask1), next.text1)))
    ) {
      at += next.textLength;
      if (load<u8>(at) <= 0x20) at = skipBlanks(at);
      slot = next;
    } else {
      if (changetype<usize>(slot) == <usize>context.slots) {
        const close = skipBlanks(at);
        if (load<u8>(close) == 0x7d) {
          at = close + 1;
          break;
        }
      }
      at = readKey(context, slot, at);
      if (at == 0) return 0;
      slot = changetype<Slot>(context.found);
    }

    const filled = slot.filled;
    if (filled != row) {
      if (filled < row) fillGap(slot, row);
      else {
        takeBack(slot, row);
        required -= slot.required;
      }
    }
    at = decodeValue(context, slot, row, at);
    if (at == 0) {
      context.errorSlot = <u32>changetype<usize>(slot);
      return 0;
    }
    slot.filled = row + 1;
    required += slot.required;

    let c = load<u8>(at);
    if (c <= 0x20) {
      at = skipBlanks(at);
      c = load<u8>(at);
    }
    at++;
    if (c == 0x2c) continue;
    if (c == 0x7d) break;
    return refuse(context, Reason.EXPECTED_COMMA, at - 1);
  }
  if (load<u8>(at) != NEWLINE) {
    at = skipBlanks(at);
    if (load<u8>(at) != NEWLINE) return refuse(context, Reason.TRAILING, at);
  }
  return required == context.required ? at : refuseMissing(context, row, at);
}

/** A record that is no object. */
function refuseShape(context: Context, at: usize): usize {
  if (load<u8>(at) == 0x5b) return refuse(context, Reason.ARRAY, at);
  const behind = skipValue(context, at);
  if (behind == 0) return 0;
  const rest = skipBlanks(behind);
  return load<u8>(rest) == NEWLINE ? refuse(context, Reason.NOT_OBJECT, at) : refuse(context, Reason.TRAILING, rest);
}

/** A record without the value of a NOT NULL column. */
function refuseMissing(context: Context, row: u32, at: usize): usize {
  for (let i: u32 = 0; i < context.columnCount; i++) {
    const slot = changetype<Slot>(slotAt(context, i + 2));
    if (slot.required && slot.filled <= row) {
      context.errorSlot = <u32>changetype<usize>(slot);
      break;
    }
  }
  return refuse(context, Reason.MISSING, at);
}

/** NULL, or a value of the wrong type: refused once it is known to be a value at all. */
function decodeOther(context: Context, slot: Slot, row: u32, at: usize): usize {
  if (isNull(at)) return nullValue(context, slot, row, at);
  return skipValue(context, at) == 0 ? 0 : refuse(context, Reason.WRONG_TYPE, at);
}

@inline
function startsNumber(c: u32): bool {
  return c - 0x30 <= 9 || c == 0x2d;
}

/** Decodes a whole number of any notation into `width` bytes, or NULL. */
function decodeInteger(context: Context, slot: Slot, row: u32, at: usize, out: usize, width: u32): usize {
  if (!startsNumber(load<u8>(at))) return decodeOther(context, slot, row, at);
  const behind = scanNumber(context, at);
  return behind != 0 && storeInteger(context, at, out, width) ? behind : 0;
}

/** Decodes a number into the nearest float, NULL, or one of the floats that are no numbers. Beyond all floats is refused. */
function decodeFloat<T>(context: Context, slot: Slot, row: u32, at: usize, out: usize): usize {
  if (!startsNumber(load<u8>(at))) return decodeSpecial(context, slot, row, at);
  const behind = scanNumber(context, at);
  if (behind == 0) return 0;
  const value = <T>doubleOf(context, at, behind);
  if (!isFinite<T>(value)) return refuse(context, Reason.RANGE, at);
  store<T>(out, value);
  return behind;
}

/** Decodes the value at `at` into its column. Returns the address behind it, or 0. */
@inline
function decodeValue(context: Context, slot: Slot, row: u32, at: usize): usize {
  const c = <u32>load<u8>(at);
  const values = <usize>slot.values;
  switch (slot.type) {
    case Type.STRING:
      return c == QUOTE ? decodeString(context, slot, row, at + 1) : decodeRaw(context, slot, row, at);
    case Type.INT64: {
      const out = values + ((<usize>row) << 3);
      const behind = storeShortInteger<i64>(at, out);
      return behind != 0 ? behind : decodeInteger(context, slot, row, at, out, 8);
    }
    case Type.INT32: {
      const out = values + ((<usize>row) << 2);
      const behind = storeShortInteger<i32>(at, out);
      return behind != 0 ? behind : decodeInteger(context, slot, row, at, out, 4);
    }
    case Type.FLOAT64: {
      const out = values + ((<usize>row) << 3);
      const behind = storeShortDouble(at, out);
      return behind != 0 ? behind : decodeFloat<f64>(context, slot, row, at, out);
    }
    case Type.TIMESTAMP_MS: {
      if (c != QUOTE) return decodeOther(context, slot, row, at);
      const behind = scanTimestamp(context, at + 1, slot);
      if (behind != 0) store<i64>(values + ((<usize>row) << 3), scannedMs(context));
      return behind;
    }
    case Type.SKIP:
      return c == QUOTE ? skipString(context, at + 1) : skipValue(context, at);
    case Type.BOOLEAN: {
      const yes = isTrue(at);
      if (!yes && !isFalse(at)) return decodeOther(context, slot, row, at);
      putBit(values, row, <u32>yes);
      return at + 5 - <usize>yes;
    }
    default:
      return decodeRare(context, slot, row, at, c);
  }
}

/** Decodes a string's text, which begins at `at`. */
@inline
function decodeString(context: Context, slot: Slot, row: u32, at: usize): usize {
  const values = <usize>slot.values;
  const outEnd = values + slot.room;
  let out = values + slot.used;
  while (true) {
    if (out > outEnd) return refuse(context, Reason.SPACE, at);
    const bytes = v128.load(at);
    v128.store(out, bytes);
    const special = specialBytes(bytes);
    if (special) {
      const count = <usize>ctz(special);
      at += count;
      out += count;
      break;
    }
    at += 16;
    out += 16;
  }
  if (load<u8>(at) == QUOTE) at++;
  else {
    at = copyString(context, at, out, outEnd);
    if (at == 0) return 0;
    out = context.out;
  }
  endString(slot, row, out);
  return at;
}

@inline
function endString(slot: Slot, row: u32, out: usize): void {
  const used = <u32>(out - slot.values);
  slot.used = used;
  store<u32>(<usize>slot.offsets + ((<usize>row + 1) << 2), used);
}

/** An object or array, which keeps its text: the value of a nested column, or of a STRING column what is no string. */
function decodeRaw(context: Context, slot: Slot, row: u32, at: usize): usize {
  const c = load<u8>(at);
  if (c != 0x7b && c != 0x5b) return decodeOther(context, slot, row, at);
  const behind = skipValue(context, at);
  if (behind == 0) return 0;
  const out = <usize>slot.values + slot.used;
  if (out + (behind - at) > <usize>slot.values + slot.room) return refuse(context, Reason.SPACE, at);
  memory.copy(out, at, behind - at);
  endString(slot, row, out + (behind - at));
  return behind;
}

/** A float that is no number: JSON has no NaN and no infinities, so they travel as the strings that Number() reads. */
function decodeSpecial(context: Context, slot: Slot, row: u32, at: usize): usize {
  const negative = <usize>(load<u16>(at) == 0x2d22); // `"-`
  const word = load<u64>(at + negative, 1);
  let value = NaN;
  let behind: usize = 0;
  if (load<u32>(at) == 0x4e614e22 && load<u8>(at, 4) == QUOTE) behind = at + 5;
  else if (load<u8>(at) == QUOTE && word == 0x7974696e69666e49 && load<u8>(at + negative, 9) == QUOTE) {
    value = negative ? -Infinity : Infinity;
    behind = at + negative + 10;
  } else return decodeOther(context, slot, row, at);
  if (slot.type == Type.FLOAT64) store<f64>(<usize>slot.values + ((<usize>row) << 3), value);
  else store<f32>(<usize>slot.values + ((<usize>row) << 2), <f32>value);
  return behind;
}

/** The types that fewer columns have. */
function decodeRare(context: Context, slot: Slot, row: u32, at: usize, c: u32): usize {
  const values = <usize>slot.values;
  const type = slot.type;
  if (type == Type.DATE || type == Type.TIME || type == Type.TIMESTAMP_US) {
    if (c != QUOTE) return decodeOther(context, slot, row, at);
    const kind = type == Type.DATE ? TimeKind.DATE : type == Type.TIME ? TimeKind.CLOCK : TimeKind.TIMESTAMP;
    const behind = scanTime(context, at + 1, slot, kind);
    if (behind == 0) return 0;
    if (type != Type.TIMESTAMP_US) {
      store<i32>(values + ((<usize>row) << 2), type == Type.DATE ? context.days : context.clockMs);
    } else store<i64>(values + ((<usize>row) << 3), scannedMs(context) * 1000 + context.micros);
    return behind;
  }
  if (type == Type.RAW) return decodeRaw(context, slot, row, at);
  if (type == Type.BINARY) {
    if (c != QUOTE) return decodeOther(context, slot, row, at);
    const behind = decodeString(context, slot, row, at + 1);
    if (behind == 0) return 0;
    const start = values + load<u32>(<usize>slot.offsets + ((<usize>row) << 2));
    const end = decodeBase64(start, values + slot.used);
    if (end == 0) {
      slot.used = <u32>(start - values);
      return refuse(context, Reason.BASE64, at);
    }
    endString(slot, row, end);
    return behind;
  }
  switch (type) {
    case Type.INT8:
      return decodeInteger(context, slot, row, at, values + row, 1);
    case Type.INT16:
      return decodeInteger(context, slot, row, at, values + ((<usize>row) << 1), 2);
    case Type.FLOAT32:
      return decodeFloat<f32>(context, slot, row, at, values + ((<usize>row) << 2));
  }
  if (!startsNumber(c)) return decodeOther(context, slot, row, at);
  const behind = scanNumber(context, at);
  if (behind == 0) return 0;
  const stored =
    type == Type.DECIMAL64
      ? storeDecimal64(context, slot, at, values + ((<usize>row) << 3))
      : storeDecimal128(context, slot, at, behind, values + ((<usize>row) << 4));
  return stored ? behind : 0;
}
