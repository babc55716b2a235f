// Comparisons → boolean bitmap. Numbers have one total order: NaN = NaN and greatest of all, −0 = 0; strings compare by
// their bytes. `equal` and `less` are enough: the host swaps operands and inverts. An operand is an address and the bytes
// from one row to the next: 0 for a constant, whose value is then repeated to 16 bytes. Nulls: every row is computed.
// `invert` is 0 or 255. Outputs are written byte by byte; bits past n are undefined.
import { MASK } from "./tables";

const EQUAL: i32 = 0;
const LESS: i32 = 1;

/** Lanes of all ones where `a op b`. */
@inline
function holds<T>(operation: i32, a: v128, b: v128): v128 {
  if (isFloat<T>()) {
    if (operation == EQUAL) return v128.or(v128.eq<T>(a, b), v128.and(v128.ne<T>(a, a), v128.ne<T>(b, b)));
    // a is a number, and b is not at most a: it is more, or NaN.
    return v128.andnot(v128.eq<T>(a, a), v128.le<T>(b, a));
  }
  return operation == EQUAL ? v128.eq<T>(a, b) : v128.lt<T>(a, b);
}

@inline
function lanes<T>(operation: i32, left: usize, right: usize): u32 {
  const mask = holds<T>(operation, v128.load(left), v128.load(right));
  return sizeof<T>() == 8 ? i64x2.bitmask(mask) : i32x4.bitmask(mask);
}

@inline
function compare<T>(
  operation: i32,
  left: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  n: i32,
  invert: u32,
  out: usize,
): void {
  const perVector: i32 = sizeof<T>() == 8 ? 2 : 4;
  const leftVector = leftStep * <usize>perVector;
  const rightVector = rightStep * <usize>perVector;
  for (; n >= 8; n -= 8) {
    let byte = lanes<T>(operation, left, right);
    left += leftVector;
    right += rightVector;
    byte |= lanes<T>(operation, left, right) << perVector;
    left += leftVector;
    right += rightVector;
    if (perVector == 2) {
      byte |= lanes<T>(operation, left, right) << 4;
      left += leftVector;
      right += rightVector;
      byte |= lanes<T>(operation, left, right) << 6;
      left += leftVector;
      right += rightVector;
    }
    store<u8>(out++, byte ^ invert);
  }
  if (n == 0) return;
  // Vectors of the last rows: reads stay within 15 bytes of the end.
  let byte: u32 = 0;
  for (let row = 0; row < n; row += perVector) {
    byte |= lanes<T>(operation, left, right) << row;
    left += leftVector;
    right += rightVector;
  }
  store<u8>(out, byte ^ invert);
}

/** Bit i of out = left[i] = right[i], i32. */
export function equalI32(l: usize, lStep: usize, r: usize, rStep: usize, n: i32, invert: u32, out: usize): void {
  compare<i32>(EQUAL, l, lStep, r, rStep, n, invert, out);
}

/** Bit i of out = left[i] < right[i], i32. */
export function lessI32(l: usize, lStep: usize, r: usize, rStep: usize, n: i32, invert: u32, out: usize): void {
  compare<i32>(LESS, l, lStep, r, rStep, n, invert, out);
}

/** Bit i of out = left[i] = right[i], i64. */
export function equalI64(l: usize, lStep: usize, r: usize, rStep: usize, n: i32, invert: u32, out: usize): void {
  compare<i64>(EQUAL, l, lStep, r, rStep, n, invert, out);
}

/** Bit i of out = left[i] < right[i], i64. */
export function lessI64(l: usize, lStep: usize, r: usize, rStep: usize, n: i32, invert: u32, out: usize): void {
  compare<i64>(LESS, l, lStep, r, rStep, n, invert, out);
}

/** Bit i of out = left[i] = right[i], f64, NaN = NaN. */
export function equalF64(l: usize, lStep: usize, r: usize, rStep: usize, n: i32, invert: u32, out: usize): void {
  compare<f64>(EQUAL, l, lStep, r, rStep, n, invert, out);
}

/** Bit i of out = left[i] < right[i], f64, every number < NaN. */
export function lessF64(l: usize, lStep: usize, r: usize, rStep: usize, n: i32, invert: u32, out: usize): void {
  compare<f64>(LESS, l, lStep, r, rStep, n, invert, out);
}

/** Bit i of out = left[i] = right[i], or left[i] < right[i] when `less`; 128-bit integers. */
export function compareI128(
  left: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  n: i32,
  less: i32,
  invert: u32,
  out: usize,
): void {
  let byte: u32 = 0;
  for (let i = 0; i < n; i++, left += leftStep, right += rightStep) {
    const highA = load<i64>(left, 8);
    const highB = load<i64>(right, 8);
    let bit = highA == highB;
    if (less) bit = highA < highB || (bit && load<u64>(left) < load<u64>(right));
    else bit = bit && load<u64>(left) == load<u64>(right);
    byte |= (<u32>bit) << (i & 7);
    if ((i & 7) == 7 || i == n - 1) {
      store<u8>(out++, byte ^ invert);
      byte = 0;
    }
  }
}

/** Whether the first `length` bytes are equal. Reads whole vectors, up to 15 bytes past the end. */
@inline
export function sameBytes(a: usize, b: usize, length: i32): bool {
  for (; length > 16; length -= 16, a += 16, b += 16) {
    if (v128.any_true(v128.xor(v128.load(a), v128.load(b)))) return false;
  }
  const kept = v128.load(MASK + <usize>(16 - length));
  return !v128.any_true(v128.and(v128.xor(v128.load(a), v128.load(b)), kept));
}

/** Whether the string a comes before b: the first byte that differs decides, else the length. */
@inline
export function bytesLess(a: usize, lengthA: i32, b: usize, lengthB: i32): bool {
  const shared = min(lengthA, lengthB);
  for (let at = 0; at < shared; at += 16) {
    const different = i8x16.bitmask(i8x16.ne(v128.load(a + <usize>at), v128.load(b + <usize>at)));
    if (different != 0) {
      const place = at + <i32>ctz(different);
      if (place >= shared) break;
      return load<u8>(a + <usize>place) < load<u8>(b + <usize>place);
    }
  }
  return lengthA < lengthB;
}

/** Bit i of out = left[i] = right[i], or left[i] < right[i] when `less`; strings by their bytes. Steps are of offsets: 4 or 0. */
export function compareUtf8(
  leftOffsets: usize,
  leftBytes: usize,
  leftStep: usize,
  rightOffsets: usize,
  rightBytes: usize,
  rightStep: usize,
  n: i32,
  less: i32,
  invert: u32,
  out: usize,
): void {
  let byte: u32 = 0;
  for (let i = 0; i < n; i++, leftOffsets += leftStep, rightOffsets += rightStep) {
    const startA = load<u32>(leftOffsets);
    const startB = load<u32>(rightOffsets);
    const lengthA = load<i32>(leftOffsets, 4) - startA;
    const lengthB = load<i32>(rightOffsets, 4) - startB;
    const a = leftBytes + <usize>startA;
    const b = rightBytes + <usize>startB;
    let bit: bool;
    if (less) bit = bytesLess(a, lengthA, b, lengthB);
    else bit = lengthA == lengthB && sameBytes(a, b, lengthA);
    byte |= (<u32>bit) << (i & 7);
    if ((i & 7) == 7 || i == n - 1) {
      store<u8>(out++, byte ^ invert);
      byte = 0;
    }
  }
}
