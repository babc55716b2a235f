// Decimal digits → the nearest double, ties to even, exactly as IEEE 754 and JavaScript's Number() want it.
// Clinger's fast path (exact powers of ten); else Eisel–Lemire with 128-bit powers of five (Daniel Lemire, "Number Parsing
// at a Gigabyte per Second", 2021; Noble Mushtak and Lemire, "Fast Number Parsing Without Fallback", 2022: 19 digits never
// need more); beyond 19 digits, where both neighbours are possible, the digits are compared with the half way in big numbers.
import { POW5_MAX, POW5_MIN } from "./powers";
import { POW5, POW10 } from "./tables";

/** The high 64 bits of a × b. */
export function highProduct(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const lowHigh = aLow * bHigh;
  const highLow = aHigh * bLow;
  const middle = ((aLow * bLow) >> 32) + (lowHigh & 0xffffffff) + (highLow & 0xffffffff);
  return aHigh * bHigh + (lowHigh >> 32) + (highLow >> 32) + (middle >> 32);
}

/** mantissa × 10^exponent as a double. Any mantissa, any exponent; Infinity beyond the largest double. */
export function scaledDouble(mantissa: u64, exponent: i32): f64 {
  if (mantissa <= 1 << 53 && exponent >= -22 && exponent <= 22) {
    const value = <f64>mantissa;
    return exponent < 0
      ? value / load<f64>(POW10 + ((<usize>-exponent) << 3))
      : value * load<f64>(POW10 + ((<usize>exponent) << 3));
  }
  if (mantissa == 0 || exponent < POW5_MIN) return 0;
  if (exponent > POW5_MAX) return Infinity;
  const zeros = clz(mantissa);
  const shifted = mantissa << zeros;
  const power = POW5 + ((<usize>(exponent - POW5_MIN)) << 4);
  let high = highProduct(shifted, load<u64>(power));
  let low = shifted * load<u64>(power);
  // The upper half of the power decides unless all bits that rounding looks at are ones.
  if ((high & 0x1ff) == 0x1ff) {
    const second = highProduct(shifted, load<u64>(power, 8));
    low += second;
    if (second > low) high++;
  }
  const top = <i32>(high >> 63);
  const shift = top + 9;
  let bits = high >> shift;
  let binary = ((217706 * exponent) >> 16) + 63 + top - <i32>zeros + 1023;
  if (binary <= 0) {
    if (binary <= -63) return 0;
    bits >>= 1 - binary;
    bits = (bits + (bits & 1)) >> 1;
    // Rounding may have made it the smallest normal number: its exponent is then the bit that was carried.
    return reinterpret<f64>(bits);
  }
  // Half way exactly: to even. Possible only while 5^exponent fits in 64 bits.
  if (low <= 1 && exponent >= -4 && exponent <= 23 && (bits & 3) == 1 && bits << shift == high) bits &= ~1;
  bits = (bits + (bits & 1)) >> 1;
  if (bits >= 1 << 53) {
    bits = 1 << 52;
    binary++;
  }
  if (binary >= 0x7ff) return Infinity;
  return reinterpret<f64>((bits & 0xfffffffffffff) | ((<u64>binary) << 52));
}

/**
 * The double nearest to a number of more than 19 digits: `mantissa` are the first 19, `at` to `end` is its text (digits,
 * point, exponent), `exponent` what the mantissa's last digit counts. scratch: 1,024 bytes.
 */
export function unevenDouble(mantissa: u64, exponent: i32, at: usize, end: usize, scratch: usize): f64 {
  const below = scaledDouble(mantissa, exponent);
  const above = scaledDouble(mantissa + 1, exponent);
  if (below == above) return below;
  const word = reinterpret<u64>(below);
  const biased = <i32>(word >> 52);
  const fraction = word & 0xfffffffffffff;
  const half = ((biased == 0 ? fraction : fraction | (1 << 52)) << 1) | 1;
  const halfExponent = (biased == 0 ? 1 : biased) - 1076;
  // digits × 10^last against half × 2^halfExponent, all brought to whole numbers.
  const digits = scratch;
  const middle = scratch + BIG_BYTES;
  const last = exponent - readDigits(digits, at, end);
  setBig(middle, half);
  if (last >= 0) multiplyFives(digits, last);
  else multiplyFives(middle, -last);
  const twos = halfExponent - last;
  if (twos >= 0) multiplyTwos(middle, twos);
  else multiplyTwos(digits, -twos);
  const order = compareBig(digits, middle);
  if (order != 0) return order < 0 ? below : above;
  return word & 1 ? above : below;
}

/** Digits that can matter to a double; what follows is only zero or not. */
const DIGITS_MAX = 770;
/** A big number: its count of limbs, then that many u32, lowest first. Room for 4,064 bits; 2,700 are ever used. */
const BIG_BYTES: usize = 512;

function setBig(big: usize, value: u64): void {
  store<u32>(big, 2);
  store<u64>(big, value, 4);
}

/** big = big × factor + addend. */
function multiplyBig(big: usize, factor: u32, addend: u32): void {
  const count = load<u32>(big);
  let carry = <u64>addend;
  let limb = big + 4;
  for (let i: u32 = 0; i < count; i++) {
    carry += <u64>load<u32>(limb) * factor;
    store<u32>(limb, <u32>carry);
    carry >>= 32;
    limb += 4;
  }
  if (carry != 0) {
    store<u32>(limb, <u32>carry);
    store<u32>(big, count + 1);
  }
}

/** big = big × base^count; `step` is base^stepCount, the largest power that a limb holds. */
function multiplyPower(big: usize, base: u32, step: u32, stepCount: i32, count: i32): void {
  for (; count >= stepCount; count -= stepCount) multiplyBig(big, step, 0);
  for (; count > 0; count--) multiplyBig(big, base, 0);
}

function multiplyFives(big: usize, count: i32): void {
  multiplyPower(big, 5, 1220703125, 13, count);
}

function multiplyTwos(big: usize, count: i32): void {
  multiplyPower(big, 2, 1 << 31, 31, count);
}

/** −1, 0 or 1. */
function compareBig(left: usize, right: usize): i32 {
  let limbs = max(load<u32>(left), load<u32>(right));
  for (; limbs > 0; limbs--) {
    const a = limbs <= load<u32>(left) ? load<u32>(left + ((<usize>limbs) << 2)) : 0;
    const b = limbs <= load<u32>(right) ? load<u32>(right + ((<usize>limbs) << 2)) : 0;
    if (a != b) return a < b ? -1 : 1;
  }
  return 0;
}

/** Reads up to 770 significant digits of a number's text into `big`. Returns how many there were beyond the first 19. */
function readDigits(big: usize, at: usize, end: usize): i32 {
  setBig(big, 0);
  let count = 0;
  let chunk: u32 = 0;
  let chunkPower: u32 = 1;
  let sticky = false;
  for (; at < end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) {
      if ((load<u8>(at) | 0x20) == 0x65) break;
      continue;
    }
    if (count == 0 && digit == 0) continue;
    if (count == DIGITS_MAX) {
      if (digit == 0) continue;
      sticky = true;
      break;
    }
    count++;
    chunk = chunk * 10 + digit;
    chunkPower *= 10;
    if (chunkPower == 1000000000) {
      multiplyBig(big, chunkPower, chunk);
      chunk = 0;
      chunkPower = 1;
    }
  }
  multiplyBig(big, chunkPower, chunk);
  if (sticky) {
    // Whatever follows, it is more than nothing.
    multiplyBig(big, 10, 1);
    count++;
  }
  return count - 19;
}
