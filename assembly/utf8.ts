// Strings as offsets and UTF-8 bytes: lengths in code points, case, substrings, joining, searching, LIKE. Offsets of inputs
// may begin anywhere, those of outputs begin at 0. Bytes are read and written in whole vectors, up to 15 past the end.
import { sameBytes } from "./compare";
import { copyBytes } from "./take";

/** Bytes of the code point that begins with `lead`. */
@inline
function widthOf(lead: u32): usize {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

@inline
function continues(byte: u32): bool {
  return (byte & 0xc0) == 0x80;
}

/** out[i] = code points of string i (i32): all bytes but continuations. */
export function charLengthUtf8(offsets: usize, bytes: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i++, offsets += 4, out += 4) {
    const length = load<i32>(offsets, 4) - load<i32>(offsets);
    const at = bytes + <usize>load<u32>(offsets);
    let count = 0;
    for (let b = 0; b < length; b += 16) {
      // Continuations are −128 … −65 as signed bytes.
      let leads = i8x16.bitmask(i8x16.gt_s(v128.load(at + <usize>b), i8x16.splat(-65)));
      if (length - b < 16) leads &= (1 << (length - b)) - 1;
      count += popcnt(leads);
    }
    store<i32>(out, count);
  }
}

/** ASCII letters of `count` bytes in upper or lower case, other bytes as they are. Returns whether there were non-ASCII bytes. */
export function changeCaseUtf8(bytes: usize, count: i32, upper: i32, out: usize): i32 {
  const end = bytes + <usize>count;
  const first = i8x16.splat(<i8>(upper ? 97 : 65));
  let high = i64x2.splat(0);
  for (; bytes + 16 <= end; bytes += 16, out += 16) {
    const text = v128.load(bytes);
    const letters = i8x16.lt_u(i8x16.sub(text, first), i8x16.splat(26));
    v128.store(out, v128.xor(text, v128.and(letters, i8x16.splat(32))));
    high = v128.or(high, text);
  }
  let last: u32 = 0;
  for (; bytes < end; bytes++, out++) {
    const byte = <u32>load<u8>(bytes);
    store<u8>(out, byte ^ ((<u32>(byte - (upper ? 97 : 65) < 26)) << 5));
    last |= byte;
  }
  return i32(i8x16.bitmask(high) != 0 || last > 127);
}

/** Address of the code point `count` further, or `end`. */
@inline
function forward(at: usize, end: usize, count: i32): usize {
  for (; count > 0 && at < end; count--) at += widthOf(load<u8>(at));
  return min(at, end);
}

/** Address of the code point `count` before `end`, or 0 when there are fewer. */
@inline
function backward(start: usize, end: usize, count: i32): usize {
  for (; count > 0; count--) {
    if (end <= start) return 0;
    do end--;
    while (end > start && continues(load<u8>(end)));
  }
  return end;
}

/**
 * Code points from the 1-based `start` (0 is 1, negative counts from the end), at most `length` ≥ 0 of them.
 * out: room for the bytes of all inputs. Returns the bytes.
 */
export function substringUtf8(
  offsets: usize,
  bytes: usize,
  n: i32,
  start: i32,
  length: i32,
  outOffsets: usize,
  out: usize,
): i32 {
  const first = out;
  store<i32>(outOffsets, 0);
  for (let i = 0; i < n; i++) {
    const from = bytes + <usize>load<u32>(offsets);
    const end = bytes + <usize>load<u32>(offsets, 4);
    const at = start < 0 ? backward(from, end, -start) : forward(from, end, start - 1);
    if (at != 0) {
      const size = forward(at, end, length) - at;
      copyBytes(at, out, <i32>size);
      out += size;
    }
    offsets += 4;
    outOffsets += 4;
    store<i32>(outOffsets, <i32>(out - first));
  }
  return <i32>(out - first);
}

/** Without blanks at the start (sides & 1) and the end (sides & 2). out: room for the bytes of all inputs. Returns the bytes. */
export function trimUtf8(offsets: usize, bytes: usize, n: i32, sides: i32, outOffsets: usize, out: usize): i32 {
  const first = out;
  store<i32>(outOffsets, 0);
  for (let i = 0; i < n; i++) {
    let from = bytes + <usize>load<u32>(offsets);
    let end = bytes + <usize>load<u32>(offsets, 4);
    if (sides & 1) while (from < end && load<u8>(from) == 32) from++;
    if (sides & 2) while (from < end && load<u8>(end - 1) == 32) end--;
    copyBytes(from, out, <i32>(end - from));
    out += end - from;
    offsets += 4;
    outOffsets += 4;
    store<i32>(outOffsets, <i32>(out - first));
  }
  return <i32>(out - first);
}

/** left[i] then right[i]; steps are of offsets, 0 for a constant. out: room for all bytes. Returns the bytes. */
export function concatUtf8(
  leftOffsets: usize,
  leftBytes: usize,
  leftStep: usize,
  rightOffsets: usize,
  rightBytes: usize,
  rightStep: usize,
  n: i32,
  outOffsets: usize,
  out: usize,
): i32 {
  const first = out;
  store<i32>(outOffsets, 0);
  for (let i = 0; i < n; i++, leftOffsets += leftStep, rightOffsets += rightStep) {
    const left = load<i32>(leftOffsets, 4) - load<i32>(leftOffsets);
    const right = load<i32>(rightOffsets, 4) - load<i32>(rightOffsets);
    copyBytes(leftBytes + <usize>load<u32>(leftOffsets), out, left);
    out += <usize>left;
    copyBytes(rightBytes + <usize>load<u32>(rightOffsets), out, right);
    out += <usize>right;
    outOffsets += 4;
    store<i32>(outOffsets, <i32>(out - first));
  }
  return <i32>(out - first);
}

/** Bit i of out = string i begins (or ends, when `atEnd`) with the `length` bytes of `part`. */
export function affixUtf8(
  offsets: usize,
  bytes: usize,
  n: i32,
  part: usize,
  length: i32,
  atEnd: i32,
  out: usize,
): void {
  let byte: u32 = 0;
  for (let i = 0; i < n; i++, offsets += 4) {
    const size = load<i32>(offsets, 4) - load<i32>(offsets);
    const skipped = atEnd ? size - length : 0;
    const at = bytes + <usize>load<u32>(offsets) + <usize>skipped;
    byte |= (<u32>(size >= length && sameBytes(at, part, length))) << (i & 7);
    if ((i & 7) == 7 || i == n - 1) {
      store<u8>(out++, byte);
      byte = 0;
    }
  }
}

// LIKE. The host cuts the pattern at its % into segments of at most 64 code points; `_` is any one code point.
//
//   program   u32 segments │ u32 first is at the start │ u32 last is at the end │ u32 empty pattern │ segments …
//   segment   u16 code points m │ u16 first byte, 0 when `_` │ u32 others k │ u64 places of `_`
//             │ 128 × u64 places of each ASCII character │ k × (u64 bytes of another character │ u64 its places)
//
// A place is a bit: bit j of a character's places says that it may stand j-th. One word of state holds every partial match
// of a segment (Shift-And; Baeza-Yates and Gonnet, "A New Approach to Text Searching", 1992): a step a character, whatever
// the pattern, so the time is linear. The leftmost match of each segment is enough, for any later one leaves less text.

const SEGMENT_HEAD: usize = 1040;

/** End of the leftmost match at or after `at` (only at `at` itself when `fixed`), or 0. */
function matchSegment(segment: usize, at: usize, end: usize, fixed: bool): usize {
  const full = (<u64>1) << (<u64>load<u16>(segment) - 1);
  const first = fixed ? 0 : <u32>load<u16>(segment, 2);
  const firsts = i8x16.splat(<i8>first);
  const others = segment + SEGMENT_HEAD;
  const othersEnd = others + ((<usize>load<u32>(segment, 4)) << 4);
  let state: u64 = 0;
  let begin: u64 = 1;
  while (at < end) {
    if (state == 0 && first != 0) {
      // No match has begun: on to the next place where one can. No byte inside a code point equals a first byte.
      const found = <u32>i8x16.bitmask(i8x16.eq(v128.load(at), firsts));
      at += found == 0 ? 16 : <usize>ctz(found);
      if (found == 0) continue;
      if (at >= end) break;
    }
    const lead = <u32>load<u8>(at);
    let places: u64;
    if (lead < 0x80) {
      places = load<u64>(segment + 16 + ((<usize>lead) << 3));
      at++;
    } else {
      const width = widthOf(lead);
      const point = load<u32>(at) & (<u32>0xffffffff >> ((4 - <u32>width) << 3));
      places = load<u64>(segment, 8);
      for (let other = others; other < othersEnd; other += 16) {
        if (load<u64>(other) == <u64>point) places = load<u64>(other, 8);
      }
      at += width;
    }
    state = ((state << 1) | begin) & places;
    if (state & full) return at;
    if (fixed) {
      if (state == 0) return 0;
      begin = 0;
    }
  }
  return 0;
}

@inline
function nextSegment(segment: usize): usize {
  return segment + SEGMENT_HEAD + ((<usize>load<u32>(segment, 4)) << 4);
}

function isLike(program: usize, at: usize, end: usize): bool {
  let count = load<u32>(program);
  let segment = program + 16;
  if (load<u32>(program, 4)) {
    at = matchSegment(segment, at, end, true);
    if (at == 0) return false;
    segment = nextSegment(segment);
    if (--count == 0) return !load<u32>(program, 8) || at == end;
  }
  for (; count > 1; count--, segment = nextSegment(segment)) {
    at = matchSegment(segment, at, end, false);
    if (at == 0) return false;
  }
  if (count == 0) return !load<u32>(program, 12) || at == end;
  if (!load<u32>(program, 8)) return matchSegment(segment, at, end, false) != 0;
  const tail = backward(at, end, <i32>load<u16>(segment));
  return tail != 0 && matchSegment(segment, tail, end, true) != 0;
}

/** Bit i of out = string i is like the pattern of `program`. */
export function likeUtf8(offsets: usize, bytes: usize, n: i32, program: usize, out: usize): void {
  let byte: u32 = 0;
  for (let i = 0; i < n; i++, offsets += 4) {
    const at = bytes + <usize>load<u32>(offsets);
    const end = bytes + <usize>load<u32>(offsets, 4);
    byte |= (<u32>isLike(program, at, end)) << (i & 7);
    if ((i & 7) == 7 || i == n - 1) {
      store<u8>(out++, byte);
      byte = 0;
    }
  }
}
