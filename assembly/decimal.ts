// Decimals: scaled integers, i64 up to 18 digits and 128 bits (low half first) to 38. Rescaling, wide products, text.

/** out = values / power to the nearest, halves away from zero: a scale that shrinks. i64, power > 1. */
export function rescaleI64(values: usize, n: i32, power: i64, out: usize): void {
  const end = out + ((<usize>n) << 3);
  for (; out < end; out += 8, values += 8) {
    const value = load<i64>(values);
    const quotient = value / power;
    const rest = value - quotient * power;
    // 2 × rest may not fit: compare with what is missing to the next.
    const up = <i64>(rest < 0 ? -rest >= power + rest : rest >= power - rest);
    store<i64>(out, quotient + (value < 0 ? -up : up));
  }
}

/** i64 → 128 bits. */
export function widenI64(values: usize, n: i32, out: usize): void {
  const end = out + ((<usize>n) << 4);
  for (; out < end; out += 16, values += 8) {
    const value = load<i64>(values);
    store<i64>(out, value);
    store<i64>(out, value >> 63, 8);
  }
}

/** 128 bits → i64. Returns whether any row does not fit. */
export function narrowI128(values: usize, n: i32, out: usize): i32 {
  const end = out + ((<usize>n) << 3);
  let beyond: i64 = 0;
  for (; out < end; out += 8, values += 16) {
    const low = load<i64>(values);
    beyond |= load<i64>(values, 8) ^ (low >> 63);
    store<i64>(out, low);
  }
  return i32(beyond != 0);
}

/** out = left × right, i64 × i64 → 128 bits, always exact. Steps: bytes between rows, 0 for a constant. */
export function multiplyWideI64(
  left: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  n: i32,
  out: usize,
): void {
  const end = out + ((<usize>n) << 4);
  for (; out < end; out += 16, left += leftStep, right += rightStep) {
    const a = load<i64>(left);
    const b = load<i64>(right);
    // Halves of 32 bits (Hacker's Delight, 8-2): the high ones signed, the low ones not.
    const lowA = <u64>(<u32>a);
    const lowB = <u64>(<u32>b);
    const middle = (a >> 32) * <i64>lowB + <i64>((lowA * lowB) >> 32);
    const carry = <i64>(<u32>middle) + <i64>lowA * (b >> 32);
    store<i64>(out, a * b);
    store<i64>(out, (a >> 32) * (b >> 32) + (middle >> 32) + (carry >> 32), 8);
  }
}

/** Text of values × 10^−scale with all `scale` digits (0 to 18). out: room for n × 24 bytes. Returns the bytes. */
export function formatI64(values: usize, n: i32, scale: i32, outOffsets: usize, out: usize): i32 {
  const first = out;
  store<i32>(outOffsets, 0);
  for (let i = 0; i < n; i++, values += 8) {
    const value = load<i64>(values);
    // Without its sign the least i64 is still right as u64.
    let rest = <u64>(value < 0 ? -value : value);
    if (value < 0) store<u8>(out++, 45);
    let digits = 1;
    for (let power = rest / 10; power != 0; power /= 10) digits++;
    digits = max(digits, scale + 1);
    const length = digits + i32(scale > 0);
    let at = out + <usize>length;
    for (let digit = 0; digit < digits; digit++) {
      if (digit == scale && scale > 0) store<u8>(--at, 46);
      const tenth = rest / 10;
      store<u8>(--at, <u32>(rest - tenth * 10) + 48);
      rest = tenth;
    }
    out += <usize>length;
    outOffsets += 4;
    store<i32>(outOffsets, <i32>(out - first));
  }
  return <i32>(out - first);
}
