// NDJSON decoding: the rows of one column that got no value, a NULL, or a value that is taken back.
import { Context, Reason, refuse, Slot, Type } from "./json-context";

/** True for the columns whose values are offsets and bytes. */
@inline
function isText(slot: Slot): bool {
  return slot.type == Type.STRING || slot.type == Type.BINARY || slot.type == Type.RAW;
}

/** Sets the value of `row` to zeros, so that what stands under a NULL does not depend on what was there before. */
export function clearValue(slot: Slot, row: u32): void {
  const values = <usize>slot.values;
  switch (slot.type) {
    case Type.STRING:
    case Type.BINARY:
    case Type.RAW:
      store<u32>(<usize>slot.offsets + ((<usize>row + 1) << 2), slot.used);
      break;
    case Type.BOOLEAN:
      putBit(values, row, 0);
      break;
    case Type.INT8:
      store<u8>(values + row, 0);
      break;
    case Type.INT16:
      store<u16>(values + ((<usize>row) << 1), 0);
      break;
    case Type.INT32:
    case Type.DATE:
    case Type.TIME:
    case Type.FLOAT32:
      store<u32>(values + ((<usize>row) << 2), 0);
      break;
    case Type.DECIMAL128:
      v128.store(values + ((<usize>row) << 4), i64x2.splat(0));
      break;
    default:
      store<u64>(values + ((<usize>row) << 3), 0);
  }
}

/** Sets bit `row` of a bitmap to `bit`. */
export function putBit(bits: usize, row: u32, bit: u32): void {
  const at = bits + (row >> 3);
  const shift = row & 7;
  store<u8>(at, <u8>((<u32>load<u8>(at) & ~(1 << shift)) | (bit << shift)));
}

/** Rows from `slot.filled` to `row` (exclusive) had no such key: they are NULL. */
export function fillGap(slot: Slot, row: u32): void {
  if (slot.type != Type.SKIP) {
    for (let missing = slot.filled; missing < row; missing++) {
      putBit(slot.validity, missing, 0);
      clearValue(slot, missing);
      slot.nulls += 1;
    }
  }
  slot.filled = row;
}

/** Takes back the value of `row`: the key came twice (the last one counts), or the record is refused. */
export function takeBack(slot: Slot, row: u32): void {
  slot.filled = row;
  if (slot.type == Type.SKIP) return;
  if (isText(slot)) slot.used = load<u32>(<usize>slot.offsets + ((<usize>row) << 2));
  const bit = (<u32>load<u8>(<usize>slot.validity + (row >> 3)) >> (row & 7)) & 1;
  if (bit == 0) {
    putBit(slot.validity, row, 1);
    slot.nulls -= 1;
  }
}

/** Writes a NULL, or refuses it. Returns the address behind `null`. */
export function nullValue(context: Context, slot: Slot, row: u32, at: usize): usize {
  if (slot.required) return refuse(context, Reason.NULL, at);
  putBit(slot.validity, row, 0);
  clearValue(slot, row);
  slot.nulls += 1;
  return at + 4;
}
