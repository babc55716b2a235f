// Parquet's physical values → the engine's types (parquet-format, LogicalTypes.md): narrowed and widened integers, legacy
// INT96 timestamps, big-endian decimals; finer times by divideTimes of the core. Sources may lie at any address. Each kernel
// checks every value: CORRUPT when it is outside its logical type, OVERFLOW when ours cannot hold it.
import { CORRUPT, OVERFLOW } from "./status";

/** i32 → `width` bytes (1, 2 or 4), each value within low … high. */
export function narrowI32(values: usize, n: i32, low: i32, high: i32, width: i32, out: usize): i32 {
  const end = values + ((<usize>n) << 2);
  for (; values < end; values += 4) {
    const value = load<i32>(values);
    if (value < low || value > high) return CORRUPT;
    // Stores 4 bytes whatever the width: the next value or the slack comes after.
    store<i32>(out, value);
    out += width;
  }
  return n;
}

/** u64 → 128-bit. */
export function widenU64(values: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i++) v128.store(out + ((<usize>i) << 4), v128.load64_zero(values + ((<usize>i) << 3)));
}

/** Julian day of 1970-01-01. */
const JULIAN_EPOCH: i64 = 2440588;
const DAY_NANOS: i64 = 86400000000000;
const DAY_MICROS: i64 = 86400000000;

/** INT96 (i64 nanoseconds of the day, i32 Julian day) → i64 microseconds since 1970. OVERFLOW when `exact` loses some. */
export function convertInt96(values: usize, n: i32, exact: i32, out: usize): i32 {
  const end = values + <usize>n * 12;
  for (; values < end; values += 12, out += 8) {
    const nanos = load<i64>(values);
    const days = <i64>load<i32>(values, 8) - JULIAN_EPOCH;
    // 106,751,991 days are the microseconds of 63 bits.
    if (nanos < 0 || nanos > DAY_NANOS || days > 106751990 || days < -106751990) return CORRUPT;
    const micros = nanos / 1000;
    if (exact && micros * 1000 != nanos) return OVERFLOW;
    store<i64>(out, days * DAY_MICROS + micros);
  }
  return n;
}

/**
 * Big-endian two's complement → little-endian, i64 or 128-bit when `wide`. Values lie at `offsets` (u32, n + 1) of
 * `bytes`, or, without offsets, one every `width` bytes. OVERFLOW when one does not fit.
 */
export function convertDecimals(offsets: usize, bytes: usize, width: i32, n: i32, wide: i32, out: usize): i32 {
  for (let i = 0; i < n; i++) {
    let from = bytes + <usize>i * <usize>width;
    let length = width;
    if (offsets != 0) {
      const at = offsets + ((<usize>i) << 2);
      from = bytes + <usize>load<u32>(at);
      length = load<i32>(at, 4) - load<i32>(at);
    }
    let low: u64 = 0;
    let high: u64 = 0;
    if (length > 0) {
      // Begins with the sign in all bits; a byte that leaves 128 bits at the top must be the sign again.
      const sign: u64 = load<i8>(from) < 0 ? -1 : 0;
      low = sign;
      high = sign;
      for (let b = 0; b < length; b++) {
        if (high >>> 56 != (sign & 0xff)) return OVERFLOW;
        high = (high << 8) | (low >>> 56);
        low = (low << 8) | <u64>load<u8>(from + <usize>b);
      }
      // What came in last may have taken the sign's bit.
      if (high >>> 63 != (sign & 1)) return OVERFLOW;
    }
    if (wide) {
      store<u64>(out, low);
      store<u64>(out, high, 8);
      out += 16;
    } else {
      if (high != <u64>(<i64>low >> 63)) return OVERFLOW;
      store<u64>(out, low);
      out += 8;
    }
  }
  return n;
}
