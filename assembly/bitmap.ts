// Validity and boolean bitmaps, Arrow layout (LSB first): and, or, not, three-valued logic, count, to and from selection.
// Results are written in whole vectors: up to 15 bytes past the bitmap, and bits past n are undefined.
import { LANES } from "./tables";

const AND: i32 = 0;
const OR: i32 = 1;
const AND_NOT: i32 = 2;
const XOR: i32 = 3;

/** One operation on 128 bits a step; the branch goes the same way each time. */
function combine(operation: i32, left: usize, right: usize, n: i32, out: usize): void {
  const end = out + ((<usize>n + 7) >> 3);
  for (; out < end; out += 16, left += 16, right += 16) {
    const a = v128.load(left);
    const b = v128.load(right);
    let r = v128.and(a, b);
    if (operation == OR) r = v128.or(a, b);
    else if (operation == AND_NOT) r = v128.andnot(a, b);
    else if (operation == XOR) r = v128.xor(a, b);
    v128.store(out, r);
  }
}

/** out = left AND right, n bits. */
export function andBitmaps(left: usize, right: usize, n: i32, out: usize): void {
  combine(AND, left, right, n, out);
}

/** out = left OR right, n bits. */
export function orBitmaps(left: usize, right: usize, n: i32, out: usize): void {
  combine(OR, left, right, n, out);
}

/** out = left AND NOT right, n bits. */
export function andNotBitmaps(left: usize, right: usize, n: i32, out: usize): void {
  combine(AND_NOT, left, right, n, out);
}

/** out = left XOR right, n bits. */
export function xorBitmaps(left: usize, right: usize, n: i32, out: usize): void {
  combine(XOR, left, right, n, out);
}

/** out = NOT bits, n bits. */
export function notBitmap(bits: usize, n: i32, out: usize): void {
  const end = out + ((<usize>n + 7) >> 3);
  for (; out < end; out += 16, bits += 16) v128.store(out, v128.not(v128.load(bits)));
}

/** Three-valued AND of (value, validity) pairs; a value under a null counts for nothing. OR by De Morgan, `flip` all ones. */
@inline
function kleene(
  left: usize,
  leftValid: usize,
  right: usize,
  rightValid: usize,
  n: i32,
  flip: v128,
  out: usize,
  outValid: usize,
): void {
  const bytes = (<usize>n + 7) >> 3;
  for (let at: usize = 0; at < bytes; at += 16) {
    const a = v128.xor(v128.load(left + at), flip);
    const b = v128.xor(v128.load(right + at), flip);
    const validA = v128.load(leftValid + at);
    const validB = v128.load(rightValid + at);
    const both = v128.and(v128.and(a, validA), v128.and(b, validB));
    const none = v128.or(v128.andnot(validA, a), v128.andnot(validB, b));
    v128.store(out + at, v128.xor(both, flip));
    v128.store(outValid + at, v128.or(both, none));
  }
}

/** Three-valued AND: FALSE wins over NULL. All four inputs and both outputs are bitmaps of n bits. */
export function andKleene(
  left: usize,
  leftValid: usize,
  right: usize,
  rightValid: usize,
  n: i32,
  out: usize,
  outValid: usize,
): void {
  kleene(left, leftValid, right, rightValid, n, i64x2.splat(0), out, outValid);
}

/** Three-valued OR: TRUE wins over NULL. */
export function orKleene(
  left: usize,
  leftValid: usize,
  right: usize,
  rightValid: usize,
  n: i32,
  out: usize,
  outValid: usize,
): void {
  kleene(left, leftValid, right, rightValid, n, i64x2.splat(-1), out, outValid);
}

/** How many of n bits are set. */
export function countBits(bits: usize, n: i32): i32 {
  let count: i64 = 0;
  const end = bits + ((<usize>(n >> 6)) << 3);
  for (; bits < end; bits += 8) count += popcnt(load<i64>(bits));
  const rest = n & 63;
  if (rest > 0) count += popcnt(load<i64>(bits) & (((<i64>1) << rest) - 1));
  return <i32>count;
}

/** Copies n bits that begin at bit `start` of `bits` to bit 0 of `out`; bits past n in the last byte are undefined. */
export function copyBits(bits: usize, start: i32, n: i32, out: usize): void {
  const shift = <u32>(start & 7);
  let at = bits + (start >> 3);
  const end = out + ((n + 7) >> 3);
  for (; out < end; out++, at++) {
    store<u8>(out, (<u32>load<u8>(at) | ((<u32>load<u8>(at, 1)) << 8)) >> shift);
  }
}

/** Appends n bits of `bits` (from bit 0) at bit `start` of `out`; the bits before stay, those after are undefined. */
export function appendBits(bits: usize, n: i32, out: usize, start: i32): void {
  out += <usize>(start >> 3);
  const shift = <u32>(start & 7);
  const end = bits + ((<usize>n + 7) >> 3);
  let carry = <u32>load<u8>(out) & ((1 << shift) - 1);
  for (; bits < end; bits++, out++) {
    carry |= (<u32>load<u8>(bits)) << shift;
    store<u8>(out, carry);
    carry >>= 8;
  }
  store<u8>(out, carry);
}

/** Numbers of the set bits among n, ascending. out: room for n × u32 (+ slack). Returns how many. */
export function bitmapToSelection(bits: usize, n: i32, out: usize): i32 {
  const start = out;
  const four = i32x4.splat(4);
  for (let row = 0; row < n; row += 64, bits += 8) {
    let word = load<u64>(bits);
    if (n - row < 64) word &= ((<u64>1) << (n - row)) - 1;
    let base = i32x4.splat(row);
    // Eight rows a step: for each half their lanes, packed left by a table.
    for (; word != 0; word >>= 8) {
      const low = <usize>word & 15;
      v128.store(out, i32x4.add(base, v128.load(LANES + (low << 4))));
      out += popcnt(low) << 2;
      base = i32x4.add(base, four);
      const high = <usize>(word >> 4) & 15;
      v128.store(out, i32x4.add(base, v128.load(LANES + (high << 4))));
      out += popcnt(high) << 2;
      base = i32x4.add(base, four);
    }
  }
  return <i32>((out - start) >> 2);
}

/** Sets bit selection[i] of `out` for each of n rows; the other bits stay. */
export function setBits(selection: usize, n: i32, out: usize): void {
  const end = selection + ((<usize>n) << 2);
  for (; selection < end; selection += 4) {
    const row = load<u32>(selection);
    const at = out + (row >> 3);
    store<u8>(at, load<u8>(at) | (1 << (<u8>row & 7)));
  }
}
