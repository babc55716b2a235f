// Column ⊕ column and column ⊕ constant over i32, i64, f64, and casts between number types. An operand is an address and
// the bytes from one row to the next: 0 for a constant, whose value is then repeated to 16 bytes. Every row is computed,
// nulls too; outputs are written in whole vectors, up to 15 bytes past the end. f64 follows IEEE 754.
//
// Casts of f64 saturate instead of trapping. Checked kernels answer whether any row overflowed; the host then asks for a bitmap of the failures among the rows that
// count (`overflowedI32`, `overflowedI64`). So the usual batch, where none does, pays one OR a vector for the check.

const ADD: i32 = 0;
const SUB: i32 = 1;
const MUL: i32 = 2;
const DIV: i32 = 3;

@inline
function perVector<T>(): i32 {
  return sizeof<T>() == 8 ? 2 : 4;
}

/** f64: one loop an operation. */
@inline
function floats(
  operation: i32,
  left: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  n: i32,
  out: usize,
): void {
  const end = out + ((<usize>n) << 3);
  for (; out < end; out += 16, left += leftStep << 1, right += rightStep << 1) {
    const a = v128.load(left);
    const b = v128.load(right);
    let r = a;
    if (operation == ADD) r = f64x2.add(a, b);
    else if (operation == SUB) r = f64x2.sub(a, b);
    else if (operation == MUL) r = f64x2.mul(a, b);
    else r = f64x2.div(a, b);
    v128.store(out, r);
  }
}

/** out = left + right, f64. */
export function addF64(left: usize, leftStep: usize, right: usize, rightStep: usize, n: i32, out: usize): void {
  floats(ADD, left, leftStep, right, rightStep, n, out);
}

/** out = left − right, f64. */
export function subF64(left: usize, leftStep: usize, right: usize, rightStep: usize, n: i32, out: usize): void {
  floats(SUB, left, leftStep, right, rightStep, n, out);
}

/** out = left × right, f64. */
export function mulF64(left: usize, leftStep: usize, right: usize, rightStep: usize, n: i32, out: usize): void {
  floats(MUL, left, leftStep, right, rightStep, n, out);
}

/** out = left / right, f64: x / 0 is ±Infinity or NaN. */
export function divF64(left: usize, leftStep: usize, right: usize, rightStep: usize, n: i32, out: usize): void {
  floats(DIV, left, leftStep, right, rightStep, n, out);
}

/** Sums and differences of integers: an overflow has a sign that neither operand explains (Hacker's Delight, 2-13). */
@inline
function sums<T>(
  operation: i32,
  left: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  n: i32,
  out: usize,
): i32 {
  const leftVector = leftStep * <usize>perVector<T>();
  const rightVector = rightStep * <usize>perVector<T>();
  const end = out + <usize>n * sizeof<T>();
  let signs = i64x2.splat(0);
  for (; out < end; out += 16, left += leftVector, right += rightVector) {
    const a = v128.load(left);
    const b = v128.load(right);
    const r = operation == ADD ? v128.add<T>(a, b) : v128.sub<T>(a, b);
    const other = operation == ADD ? v128.xor(b, r) : v128.xor(a, b);
    signs = v128.or(signs, v128.and(v128.xor(a, r), other));
    v128.store(out, r);
  }
  return i32((sizeof<T>() == 8 ? i64x2.bitmask(signs) : i32x4.bitmask(signs)) != 0);
}

/** out = left + right, i32. Returns whether any row may have overflowed. */
export function addI32(left: usize, leftStep: usize, right: usize, rightStep: usize, n: i32, out: usize): i32 {
  return sums<i32>(ADD, left, leftStep, right, rightStep, n, out);
}

/** out = left − right, i32. Returns whether any row may have overflowed. */
export function subI32(left: usize, leftStep: usize, right: usize, rightStep: usize, n: i32, out: usize): i32 {
  return sums<i32>(SUB, left, leftStep, right, rightStep, n, out);
}

/** out = left + right, i64. Returns whether any row may have overflowed. */
export function addI64(left: usize, leftStep: usize, right: usize, rightStep: usize, n: i32, out: usize): i32 {
  return sums<i64>(ADD, left, leftStep, right, rightStep, n, out);
}

/** out = left − right, i64. Returns whether any row may have overflowed. */
export function subI64(left: usize, leftStep: usize, right: usize, rightStep: usize, n: i32, out: usize): i32 {
  return sums<i64>(SUB, left, leftStep, right, rightStep, n, out);
}

/** out = left × right, i32. Returns whether any row may have overflowed. */
export function mulI32(left: usize, leftStep: usize, right: usize, rightStep: usize, n: i32, out: usize): i32 {
  const end = out + ((<usize>n) << 2);
  let beyond: i64 = 0;
  for (; out < end; out += 4, left += leftStep, right += rightStep) {
    const product = <i64>load<i32>(left) * <i64>load<i32>(right);
    beyond |= product - <i64>(<i32>product);
    store<i32>(out, <i32>product);
  }
  return i32(beyond != 0);
}

/** out = left × right, i64. Returns whether any row may have overflowed: false for sure when all operands fit 32 bits. */
export function mulI64(left: usize, leftStep: usize, right: usize, rightStep: usize, n: i32, out: usize): i32 {
  const end = out + ((<usize>n) << 3);
  const half = i64x2.splat(1 << 31);
  let high = i64x2.splat(0);
  for (; out < end; out += 16, left += leftStep << 1, right += rightStep << 1) {
    const a = v128.load(left);
    const b = v128.load(right);
    high = v128.or(high, v128.or(i64x2.add(a, half), i64x2.add(b, half)));
    v128.store(out, i64x2.mul(a, b));
  }
  return i32(v128.any_true(i64x2.shr_u(high, 32)));
}

/** Quotient (or remainder) where it exists, 0 by 0; integers truncate toward zero. */
@inline
function quotients<T>(
  divide: bool,
  left: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  n: i32,
  out: usize,
): i32 {
  const end = out + <usize>n * sizeof<T>();
  let fails: i32 = 0;
  for (; out < end; out += sizeof<T>(), left += leftStep, right += rightStep) {
    const a = load<T>(left);
    const b = load<T>(right);
    // The machine traps on x / 0 and least / −1: both are answered without dividing.
    let r: T = 0;
    if (b == <T>-1) {
      if (divide) {
        r = <T>0 - a;
        if (a == r && a != 0) fails = 1;
      }
    } else if (b != 0) r = divide ? a / b : a % b;
    else fails = 1;
    store<T>(out, r);
  }
  return fails;
}

/** out = left / right toward zero, i32. Returns whether any row has divisor 0 or overflows. */
export function divI32(left: usize, leftStep: usize, right: usize, rightStep: usize, n: i32, out: usize): i32 {
  return quotients<i32>(true, left, leftStep, right, rightStep, n, out);
}

/** out = left mod right with the sign of left, i32. Returns whether any row has divisor 0. */
export function modI32(left: usize, leftStep: usize, right: usize, rightStep: usize, n: i32, out: usize): i32 {
  return quotients<i32>(false, left, leftStep, right, rightStep, n, out);
}

/** out = left / right toward zero, i64. Returns whether any row has divisor 0 or overflows. */
export function divI64(left: usize, leftStep: usize, right: usize, rightStep: usize, n: i32, out: usize): i32 {
  return quotients<i64>(true, left, leftStep, right, rightStep, n, out);
}

/** out = left mod right with the sign of left, i64. Returns whether any row has divisor 0. */
export function modI64(left: usize, leftStep: usize, right: usize, rightStep: usize, n: i32, out: usize): i32 {
  return quotients<i64>(false, left, leftStep, right, rightStep, n, out);
}

/** Whether a op b does not fit T. */
@inline
function overflows<T>(operation: i32, a: T, b: T): bool {
  if (operation == ADD) return ((a ^ (a + b)) & (b ^ (a + b))) < 0;
  if (operation == SUB) return ((a ^ b) & (a ^ (a - b))) < 0;
  if (operation == DIV) return b == <T>-1 && a != 0 && a == <T>0 - a;
  // Sizes of k and m bits make a product of at most k + m bits: only what comes near 64 is divided to find out.
  const bits: T = sizeof<T>() == 8 ? 64 : 32;
  if (clz<T>(a < 0 ? ~a : a) + clz<T>(b < 0 ? ~b : b) > bits + <T>1) return false;
  if (a == 0 || b == 0) return false;
  if (a == <T>-1 || b == <T>-1) return (a == <T>-1 ? b : a) == (<T>1) << (bits - <T>1);
  return (a * b) / b != a;
}

@inline
function overflowed<T>(
  operation: i32,
  left: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  n: i32,
  rows: usize,
  out: usize,
): i32 {
  let count = 0;
  let byte: u32 = 0;
  for (let i = 0; i < n; i++, left += leftStep, right += rightStep) {
    if ((load<u8>(rows + (i >> 3)) >> (<u8>i & 7)) & 1) {
      const bit = <u32>overflows<T>(operation, load<T>(left), load<T>(right));
      byte |= bit << (i & 7);
      count += bit;
    }
    if ((i & 7) == 7 || i == n - 1) {
      store<u8>(out++, byte);
      byte = 0;
    }
  }
  return count;
}

/**
 * Bit i of out = row i is in `rows` and left[i] op right[i] does not fit an i32; operation: 0 add, 1 sub, 2 mul, 3 div.
 * Returns how many.
 */
export function overflowedI32(
  operation: i32,
  left: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  n: i32,
  rows: usize,
  out: usize,
): i32 {
  return overflowed<i32>(operation, left, leftStep, right, rightStep, n, rows, out);
}

/** As overflowedI32, of i64. */
export function overflowedI64(
  operation: i32,
  left: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  n: i32,
  rows: usize,
  out: usize,
): i32 {
  return overflowed<i64>(operation, left, leftStep, right, rightStep, n, rows, out);
}

/** out = operation of values, f64; operation: 0 ceil, 1 floor, 2 square root, 3 without sign, 4 toward zero. */
export function mapF64(operation: i32, values: usize, n: i32, out: usize): void {
  const end = out + ((<usize>n) << 3);
  for (; out < end; out += 16, values += 16) {
    const a = v128.load(values);
    let r = a;
    if (operation == 0) r = f64x2.ceil(a);
    else if (operation == 1) r = f64x2.floor(a);
    else if (operation == 2) r = f64x2.sqrt(a);
    else if (operation == 3) r = f64x2.abs(a);
    else r = f64x2.trunc(a);
    v128.store(out, r);
  }
}

/** i32 → f64, exact. */
export function castI32F64(values: usize, n: i32, out: usize): void {
  const end = out + ((<usize>n) << 3);
  for (; out < end; out += 16, values += 8) v128.store(out, f64x2.convert_low_i32x4_s(v128.load64_zero(values)));
}

/** i64 → f64, rounded to nearest, ties to even. */
export function castI64F64(values: usize, n: i32, out: usize): void {
  const end = out + ((<usize>n) << 3);
  for (; out < end; out += 8, values += 8) store<f64>(out, <f64>load<i64>(values));
}

/** f64 → i32, the fraction cut. Returns whether any row does not fit (NaN does not). */
export function castF64I32(values: usize, n: i32, out: usize): i32 {
  const end = out + ((<usize>n) << 2);
  let fits: i32 = 1;
  for (; out < end; out += 4, values += 8) {
    const value = load<f64>(values);
    fits &= i32(value > -2147483649.0) & i32(value < 2147483648.0);
    store<i32>(out, <i32>value);
  }
  return i32(fits == 0);
}

/** Added to a whole number below 2^51 it leaves the number in the low bits of the sum. */
const SHIFTER: f64 = 6755399441055744.0;

/** f64 → i64, the fraction cut. Returns whether any row does not fit (NaN does not). */
export function castF64I64(values: usize, n: i32, out: usize): i32 {
  const end = out + ((<usize>n) << 3);
  const shifter = f64x2.splat(SHIFTER);
  const limit = f64x2.splat(2251799813685248.0);
  let small = i64x2.splat(-1);
  let from = values;
  for (let to = out; to < end; to += 16, from += 16) {
    const value = f64x2.trunc(v128.load(from));
    small = v128.and(small, f64x2.lt(f64x2.abs(value), limit));
    v128.store(to, i64x2.sub(f64x2.add(value, shifter), shifter));
  }
  if (i64x2.all_true(small)) return 0;
  let fits: i32 = 1;
  for (; out < end; out += 8, values += 8) {
    const value = load<f64>(values);
    fits &= i32(value >= -9223372036854775808.0) & i32(value < 9223372036854775808.0);
    store<i64>(out, <i64>value);
  }
  return i32(fits == 0);
}

/** i64 → i32. Returns whether any row does not fit. */
export function castI64I32(values: usize, n: i32, out: usize): i32 {
  const end = out + ((<usize>n) << 2);
  let beyond: i64 = 0;
  for (; out < end; out += 4, values += 8) {
    const value = load<i64>(values);
    beyond |= value - <i64>(<i32>value);
    store<i32>(out, <i32>value);
  }
  return i32(beyond != 0);
}

/** i32 → i64, the sign extended or, for unsigned values, not. */
export function widenI32(values: usize, n: i32, signed: i32, out: usize): void {
  const end = values + ((<usize>n) << 2);
  const mask: i64 = signed ? -1 : 0xffffffff;
  for (; values < end; values += 4, out += 8) store<i64>(out, <i64>load<i32>(values) & mask);
}
