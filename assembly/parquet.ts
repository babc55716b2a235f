// Parquet pages → columns (parquet-format, Encodings.md): the hybrid of runs and packed bits behind levels and dictionary
// indexes, byte arrays, delta encodings, split byte streams, and conversions to the engine's types. Pages are not to be
// trusted: every kernel takes the page's end, reads at most 16 bytes past it (the slack of a block, never used as data),
// and answers CORRUPT to whatever does not fit. Widths and encodings were checked by the host.
import { CORRUPT, NEED_SPACE } from "./status";

/**
 * Where a reader of the RLE/bit-packed hybrid stands; it goes on over many calls. 24 bytes:
 *
 *     0 at: next byte │ 4 end │ 8 left: values of the run │ 12 value: of a repeated run
 *     16 bit: of the next value, counted from `at`; REPEATED in a repeated run │ 20 width: bits a value
 */
@unmanaged
class Hybrid {
  at: u32;
  end: u32;
  left: u32;
  value: u32;
  bit: u32;
  width: u32;
}

const REPEATED: u32 = 0xffffffff;

/** Enters the next run. False when there is none or it does not fit. */
function nextRun(hybrid: Hybrid): bool {
  const width = hybrid.width;
  let at = <usize>hybrid.at;
  const end = <usize>hybrid.end;
  let header: u32 = 0;
  let shift: u32 = 0;
  let byte: u32;
  do {
    if (at >= end || shift > 28) return false;
    byte = load<u8>(at++);
    header |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte & 0x80);
  const count = header >>> 1;
  if (header & 1) {
    // Groups of 8 values. Some writers cut the padding of the last group off: what is there counts.
    let values: u64 = (<u64>count) << 3;
    if (width != 0) values = min(values, ((<u64>(end - at)) << 3) / width);
    hybrid.left = <u32>min(values, 0x7fffffff);
    hybrid.bit = 0;
  } else {
    const bytes = (width + 7) >>> 3;
    if (at + bytes > end) return false;
    let value: u32 = 0;
    for (let i: u32 = 0; i < bytes; i++) value |= (<u32>load<u8>(at + i)) << (i << 3);
    at += bytes;
    hybrid.left = count;
    hybrid.value = value;
    hybrid.bit = REPEATED;
  }
  hybrid.at = <u32>at;
  return true;
}

/** Leaves `count` values of the run behind; at its end `at` moves to the next run's header. */
@inline
function advance(hybrid: Hybrid, count: u32): void {
  hybrid.left -= count;
  if (hybrid.bit == REPEATED) return;
  const bit = hybrid.bit + count * hybrid.width;
  // Whole bytes go into `at`, so that the bit offset stays small in runs of any length.
  hybrid.at += bit >>> 3;
  hybrid.bit = bit & 7;
  // A run ends with a whole byte: groups are 8 values; a run that was cut ends with the page.
  if (hybrid.left == 0 && hybrid.bit != 0) {
    hybrid.at += 1;
    hybrid.bit = 0;
  }
}

/**
 * The next n levels of 1 bit as a bitmap: definition levels of a flat column are its validity, and booleans in RLE are
 * values. Returns how many are set. `out`: (n + 7) / 8 bytes and the slack.
 */
export function decodeBits(state: usize, n: i32, out: usize): i32 {
  const hybrid = changetype<Hybrid>(state);
  memory.fill(out, 0, ((n + 7) >> 3) + 8);
  let row: u32 = 0;
  let set: u32 = 0;
  while (row < <u32>n) {
    if (hybrid.left == 0) {
      if (!nextRun(hybrid)) return CORRUPT;
      continue;
    }
    // Up to 32 bits a turn, or'ed into the output at any bit; a long repeated run of whole bytes is filled at once.
    let count = min(hybrid.left, <u32>n - row);
    if (hybrid.bit == REPEATED) {
      const one = hybrid.value & 1;
      if ((row & 7) == 0 && count >= 64) {
        count &= ~7;
        if (one) memory.fill(out + (row >>> 3), 0xff, count >>> 3);
      } else {
        count = min(count, 32);
        if (one) orBits(out, row, 0xffffffff >>> (32 - count));
      }
      set += one * count;
    } else {
      count = min(count, 32);
      const bits = <u32>(load<u64>(<usize>hybrid.at) >>> hybrid.bit) & (0xffffffff >>> (32 - count));
      orBits(out, row, bits);
      set += popcnt(bits);
    }
    advance(hybrid, count);
    row += count;
  }
  return set;
}

/** out |= bits << row, over bytes. */
@inline
function orBits(out: usize, row: u32, bits: u32): void {
  const at = out + (row >>> 3);
  store<u64>(at, load<u64>(at) | ((<u64>bits) << (row & 7)));
}

/** The next n dictionary indexes as u32 and a 0 behind them. Each must be below `limit`. Returns n. */
export function decodeIndexes(state: usize, n: i32, limit: u32, out: usize): i32 {
  const hybrid = changetype<Hybrid>(state);
  const width = hybrid.width;
  const mask: u64 = ((<u64>1) << width) - 1;
  const end = out + ((<usize>n) << 2);
  while (out < end) {
    if (hybrid.left == 0) {
      if (!nextRun(hybrid)) return CORRUPT;
      continue;
    }
    const count = min(hybrid.left, <u32>((end - out) >> 2));
    const stop = out + ((<usize>count) << 2);
    if (hybrid.bit == REPEATED) {
      const value = hybrid.value;
      if (value >= limit) return CORRUPT;
      const four = i32x4.splat(value);
      // Writes up to 12 bytes past the run: later values or the slack.
      for (; out < stop; out += 16) v128.store(out, four);
    } else {
      let bit: u64 = hybrid.bit;
      const from = <usize>hybrid.at;
      let largest: u32 = 0;
      for (; out < stop; out += 4) {
        const value = <u32>((load<u64>(from + <usize>(bit >>> 3)) >>> (bit & 7)) & mask);
        largest = max(largest, value);
        store<u32>(out, value);
        bit += width;
      }
      if (largest >= limit) return CORRUPT;
    }
    out = stop;
    advance(hybrid, count);
  }
  store<u32>(end, 0);
  return n;
}

/**
 * out[i] = how many of the rows before i are valid: where row i finds its value among the values without nulls. Returns how
 * many of the n rows are valid.
 */
export function rankRows(validity: usize, n: i32, out: usize): i32 {
  let rank: u32 = 0;
  for (let i = 0; i < n; i++) {
    store<u32>(out + ((<usize>i) << 2), rank);
    rank += (load<u8>(validity + (i >> 3)) >>> (i & 7)) & 1;
  }
  return rank;
}

/**
 * Offsets of n rows, counted from `base`, from the offsets of the values without nulls: a null is an empty string.
 * `validity` 0: no nulls. out: n + 1.
 */
export function spreadOffsets(offsets: usize, validity: usize, n: i32, base: u32, out: usize): void {
  store<u32>(out, load<u32>(offsets) - base);
  const end = out + ((<usize>n) << 2);
  if (validity == 0) {
    while (out < end) {
      offsets += 4;
      out += 4;
      store<u32>(out, load<u32>(offsets) - base);
    }
    return;
  }
  for (let i = 0; i < n; i++) {
    offsets += ((load<u8>(validity + (i >> 3)) >>> (i & 7)) & 1) << 2;
    store<u32>(out + ((<usize>i) << 2), load<u32>(offsets) - base, 4);
  }
}

/**
 * PLAIN byte arrays (u32 length, bytes) of a page of `bytes` bytes: n + 1 offsets from 0, the bytes packed in `out`, which
 * has room for `bytes`. Returns the bytes of all values.
 */
export function decodeByteArrays(page: usize, bytes: u32, n: i32, offsets: usize, out: usize): i32 {
  const end = page + <usize>bytes;
  let used: u32 = 0;
  store<u32>(offsets, 0);
  for (let i = 0; i < n; i++) {
    if (page + 4 > end) return CORRUPT;
    const length = load<u32>(page);
    page += 4;
    if (length > <u32>(end - page)) return CORRUPT;
    const to = out + <usize>used;
    // Short strings in one move that may write past them: the next string, or the slack, comes after.
    if (length <= 16) v128.store(to, v128.load(page));
    else memory.copy(to, page, length);
    page += length;
    used += length;
    offsets += 4;
    store<u32>(offsets, used);
  }
  return used;
}

/** A varint at the reader's place. Sets `failed` instead of reading past the end or beyond 64 bits. */
@unmanaged
class Cursor {
  at: u32;
  end: u32;
  failed: u32;
}

function readVarint(cursor: Cursor): u64 {
  let value: u64 = 0;
  let shift: u64 = 0;
  while (true) {
    if (cursor.at >= cursor.end || shift > 63) {
      cursor.failed = 1;
      return 0;
    }
    const byte = <u64>load<u8>(<usize>cursor.at);
    cursor.at += 1;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
    shift += 7;
  }
}

@inline
function zigzag(value: u64): i64 {
  return <i64>(value >>> 1) ^ -(<i64>(value & 1));
}

/**
 * DELTA_BINARY_PACKED: a block header of block size, miniblocks a block, count and first value, then blocks of a least
 * delta, a bit width a miniblock, and packed deltas. Writes n values, i64 when `wide` else i32 (arithmetic wraps, as the
 * format says). `state` is a Cursor: 12 bytes, `at` and `end` set; `at` is left behind the last value's miniblock. Returns n.
 */
export function decodeDelta(state: usize, n: i32, wide: i32, out: usize): i32 {
  const cursor = changetype<Cursor>(state);
  cursor.failed = 0;
  const blockValues = readVarint(cursor);
  const miniblocks = readVarint(cursor);
  const total = readVarint(cursor);
  let value = zigzag(readVarint(cursor));
  if (cursor.failed || total != <u64>n || blockValues > 0x100000 || miniblocks == 0 || miniblocks > 0x1000)
    return CORRUPT;
  const perMiniblock = blockValues / miniblocks;
  if (perMiniblock == 0 || perMiniblock % 8 != 0 || perMiniblock * miniblocks != blockValues) return CORRUPT;
  if (n == 0) return 0;
  storeInteger(out, 0, wide, value);
  let row = 1;
  while (row < n) {
    const least = zigzag(readVarint(cursor));
    let widths = <usize>cursor.at;
    if (cursor.failed || miniblocks > <u64>(cursor.end - cursor.at)) return CORRUPT;
    cursor.at += <u32>miniblocks;
    for (let m: u64 = 0; m < miniblocks && row < n; m++) {
      const width = <u64>load<u8>(widths++);
      const bytes = (perMiniblock * width) >>> 3;
      if (width > 64 || bytes > <u64>(cursor.end - cursor.at)) return CORRUPT;
      const stop = min(n, row + <i32>perMiniblock);
      const mask: u64 = width == 64 ? <u64>-1 : ((<u64>1) << width) - 1;
      let bit: u64 = 0;
      for (; row < stop; row++) {
        const from = <usize>cursor.at + <usize>(bit >>> 3);
        const shift = bit & 7;
        let delta = load<u64>(from) >>> shift;
        // A value of up to 64 bits at an odd bit reaches into a ninth byte.
        if (shift + width > 64) delta |= (<u64>load<u8>(from, 8)) << (64 - shift);
        value += least + <i64>(delta & mask);
        storeInteger(out, row, wide, value);
        bit += width;
      }
      cursor.at += <u32>bytes;
    }
  }
  return n;
}

@inline
function storeInteger(out: usize, row: i32, wide: i32, value: i64): void {
  if (wide) store<i64>(out + ((<usize>row) << 3), value);
  else store<i32>(out + ((<usize>row) << 2), <i32>value);
}

/** DELTA_LENGTH_BYTE_ARRAY: n lengths (i32) → n + 1 offsets from 0, within `bytes` bytes. Returns the last offset. */
export function sumLengths(lengths: usize, n: i32, bytes: u32, offsets: usize): i32 {
  let used: u32 = 0;
  store<u32>(offsets, 0);
  for (let i = 0; i < n; i++) {
    const length = load<u32>(lengths + ((<usize>i) << 2));
    if (length > bytes - used) return CORRUPT;
    used += length;
    store<u32>(offsets + ((<usize>i) << 2), used, 4);
  }
  return used;
}

/**
 * DELTA_BYTE_ARRAY, first pass: lengths shared with the value before and lengths of what follows (n × i32 each) → offsets.
 * Returns the bytes of all values, NEED_SPACE when they are more than `limit`, CORRUPT when a prefix is longer than the
 * value before or the suffixes than `bytes`.
 */
export function sumPrefixes(prefixes: usize, suffixes: usize, n: i32, bytes: u32, limit: u32, offsets: usize): i32 {
  let used: u32 = 0;
  let suffixBytes: u32 = 0;
  let last: u32 = 0;
  store<u32>(offsets, 0);
  for (let i = 0; i < n; i++) {
    const prefix = load<u32>(prefixes + ((<usize>i) << 2));
    const suffix = load<u32>(suffixes + ((<usize>i) << 2));
    if (prefix > last || suffix > bytes - suffixBytes) return CORRUPT;
    suffixBytes += suffix;
    last = prefix + suffix;
    if (last > limit - used) return NEED_SPACE;
    used += last;
    store<u32>(offsets + ((<usize>i) << 2), used, 4);
  }
  return used;
}

/** DELTA_BYTE_ARRAY, second pass: puts the values together at their offsets. */
export function joinPrefixes(prefixes: usize, n: i32, suffix: usize, offsets: usize, out: usize): void {
  let before = out;
  for (let i = 0; i < n; i++) {
    const at = offsets + ((<usize>i) << 2);
    const to = out + <usize>load<u32>(at);
    const prefix = load<u32>(prefixes + ((<usize>i) << 2));
    const rest = load<u32>(at, 4) - load<u32>(at) - prefix;
    memory.copy(to, before, prefix);
    memory.copy(to + <usize>prefix, suffix, rest);
    suffix += <usize>rest;
    before = to;
  }
}

/** BYTE_STREAM_SPLIT: `count` values of `width` bytes, as `width` streams of `count` bytes → side by side. */
export function joinStreams(page: usize, count: i32, width: i32, out: usize): void {
  for (let stream = 0; stream < width; stream++) {
    let to = out + <usize>stream;
    for (const end = page + <usize>count; page < end; page++) {
      store<u8>(to, load<u8>(page));
      to += width;
    }
  }
}
