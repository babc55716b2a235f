// Snappy (github.com/google/snappy, format_description.txt): blocks as in Parquet pages, without framing.
import { CORRUPT } from "./status";

/**
 * Uncompresses a block of `bytes` bytes into `out`, which has room for `size` bytes and the slack. Returns `size`, or
 * CORRUPT when the block does not hold exactly so many.
 *
 *     varint length │ literal: tag 00, length − 1 in 6 bits or 1…4 bytes, then the bytes
 *                   │ copy: tag 01 (4…11 bytes, 11-bit distance), 10 (1…64, 16 bits), 11 (1…64, 32 bits)
 */
export function decodeSnappy(block: usize, bytes: u32, out: usize, size: u32): i32 {
  const end = block + <usize>bytes;
  const start = out;
  const stop = out + <usize>size;
  let declared: u64 = 0;
  let shift: u64 = 0;
  let byte: u64;
  do {
    if (block >= end || shift > 28) return CORRUPT;
    byte = load<u8>(block++);
    declared |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte & 0x80);
  if (declared != <u64>size) return CORRUPT;
  while (block < end) {
    const tag = <u32>load<u8>(block++);
    if ((tag & 3) == 0) {
      let length = <usize>(tag >>> 2);
      if (length >= 60) {
        const lengthBytes = length - 59;
        if (lengthBytes > end - block) return CORRUPT;
        length = <usize>(load<u32>(block) & (0xffffffff >>> (32 - ((<u32>lengthBytes) << 3))));
        block += lengthBytes;
        if (length == 0xffffffff) return CORRUPT;
      }
      length += 1;
      if (length > end - block || length > stop - out) return CORRUPT;
      copyBytes(out, block, length);
      block += length;
      out += length;
      continue;
    }
    let length: usize;
    let distance: usize;
    if ((tag & 3) == 1) {
      if (block + 1 > end) return CORRUPT;
      length = <usize>((tag >>> 2) & 7) + 4;
      distance = ((<usize>(tag >>> 5)) << 8) | <usize>load<u8>(block);
      block += 1;
    } else if ((tag & 3) == 2) {
      if (block + 2 > end) return CORRUPT;
      length = <usize>(tag >>> 2) + 1;
      distance = <usize>load<u16>(block);
      block += 2;
    } else {
      if (block + 4 > end) return CORRUPT;
      length = <usize>(tag >>> 2) + 1;
      distance = <usize>load<u32>(block);
      block += 4;
    }
    if (distance == 0 || distance > out - start || length > stop - out) return CORRUPT;
    copyMatch(out, distance, length);
    out += length;
  }
  return out == stop ? <i32>size : CORRUPT;
}

/** Copies `length` bytes. May read and write up to 15 more: calls of `memory.copy` are dear for few bytes. */
@inline
export function copyBytes(out: usize, from: usize, length: usize): void {
  if (length > 128) {
    memory.copy(out, from, length);
    return;
  }
  for (const stop = out + length; out < stop; out += 16, from += 16) v128.store(out, v128.load(from));
}

/** Copies `length` bytes from `distance` before `out`; the two may overlap, then the bytes repeat. Writes up to 15 more. */
@inline
export function copyMatch(out: usize, distance: usize, length: usize): void {
  let from = out - distance;
  const stop = out + length;
  if (distance >= 16) {
    for (; out < stop; out += 16, from += 16) v128.store(out, v128.load(from));
  } else if (distance >= 8) {
    for (; out < stop; out += 8, from += 8) store<u64>(out, load<u64>(from));
  } else {
    for (; out < stop; out++, from++) store<u8>(out, load<u8>(from));
  }
}
