// NDJSON decoding: numbers (RFC 8259 section 6), digits read eight at a time (Daniel Lemire, "Quickly parsing eight
// digits", 2018). Integers and decimals are exact or refused, never rounded; doubles are rounded correctly (float.ts).
import { highProduct, scaledDouble, unevenDouble } from "./float";
import { BIG, Context, Reason, refuse, Slot } from "./json-context";
import { POW10, POW10_U64 } from "./tables";

export const ZEROS: u64 = 0x3030303030303030;

/** Bit 7 of every byte of `digits` (text − '0') that is above 9, right up to the first such byte. */
@inline
export function nonDigits(digits: u64): u64 {
  return ((digits + 0x7676767676767676) | digits) & 0x8080808080808080;
}

/** The number that eight digits make, the first one in the lowest byte. */
@inline
export function eightDigits(digits: u64): u64 {
  digits = (digits * 2561) >> 8;
  digits = ((digits & 0x00ff00ff00ff00ff) * 6553601) >> 16;
  return ((digits & 0x0000ffff0000ffff) * 42949672960001) >> 32;
}

/** True for the bytes that usually stand behind a value: `,` and `}`. */
@inline
function endsValue(c: u8): bool {
  return c == 0x2c || c == 0x7d;
}

/**
 * Stores a whole number of one to seven digits (or to fifteen, in 64 bits), which most are. Returns the address behind it, or
 * 0 when the number has to be scanned.
 */
@inline
export function storeShortInteger<T>(at: usize, out: usize): usize {
  const digits = load<u64>(at) ^ ZEROS;
  const others = nonDigits(digits);
  // Zero comes alone.
  const zero = (digits & 0xff) == 0;
  let value: u64;
  let behind: usize;
  if (sizeof<T>() == 8 && others == 0) {
    const more = load<u64>(at, 8) ^ ZEROS;
    const count = <usize>ctz(nonDigits(more)) >> 3;
    if (count - 1 > 6 || zero) return 0;
    behind = at + 8 + count;
    value = eightDigits(digits) * load<u64>(POW10_U64 + (count << 3)) + eightDigits(more << (64 - (count << 3)));
  } else {
    const count = <usize>ctz(others) >> 3;
    if (count - 1 > 6 || (zero && count != 1)) return 0;
    behind = at + count;
    value = eightDigits(digits << (64 - (count << 3)));
  }
  if (!endsValue(load<u8>(behind))) return 0;
  store<T>(out, <T>value);
  return behind;
}

/**
 * Stores a double of up to six digits with a point between them. Returns the address behind it, or 0 when the number has to
 * be scanned.
 */
@inline
export function storeShortDouble(at: usize, out: usize): usize {
  const digits = load<u64>(at) ^ ZEROS;
  const others = nonDigits(digits);
  const point = <usize>ctz(others) >> 3;
  const count = <usize>ctz(others & (others - 1)) >> 3;
  if (count > 7 || point == 0 || count - point < 2 || load<u8>(at + point) != 0x2e) return 0;
  if (((digits & 0xff) == 0 && point != 1) || !endsValue(load<u8>(at + count))) return 0;
  // The digits behind the point move one byte down, over it.
  const whole: u64 = ((<u64>1) << ((<u64>point) << 3)) - 1;
  const joined = (digits & whole) | ((digits >> 8) & ~whole);
  const mantissa = eightDigits(joined << (72 - (count << 3)));
  store<f64>(out, <f64>(<i64>mantissa) / load<f64>(POW10 + ((count - point - 1) << 3)));
  return at + count;
}

/** Adds the digits from `at` to `context.mantissa`, which wraps. Returns the address behind them. */
function scanDigits(context: Context, at: usize): usize {
  let mantissa = context.mantissa;
  while (true) {
    const digits = load<u64>(at) ^ ZEROS;
    const others = nonDigits(digits);
    if (others != 0) {
      const count = <usize>ctz(others) >> 3;
      if (count != 0) {
        mantissa = mantissa * load<u64>(POW10_U64 + (count << 3)) + eightDigits(digits << (64 - (count << 3)));
      }
      context.mantissa = mantissa;
      return at + count;
    }
    mantissa = mantissa * 100000000 + eightDigits(digits);
    at += 8;
  }
}

/**
 * Scans the number at `at` into `context.negative`, `mantissa`, `exponent` and `inexact`. Returns the address behind it, or
 * 0 when it is no number.
 */
export function scanNumber(context: Context, at: usize): usize {
  // A branch, not arithmetic: the address of the digits shall not wait for the byte before them.
  context.negative = 0;
  if (load<u8>(at) == 0x2d) {
    context.negative = 1;
    at++;
  }
  context.mantissa = 0;
  context.exponent = 0;
  context.inexact = 0;
  const start = at;
  at = scanDigits(context, at);
  let digitCount = at - start;
  // No digit at all, or a zero before others.
  if (digitCount == 0 || (load<u8>(start) == 0x30 && digitCount != 1)) return refuse(context, Reason.NUMBER, start);
  if (load<u8>(at) == 0x2e) {
    const point = at + 1;
    at = scanDigits(context, point);
    if (at == point) return refuse(context, Reason.NUMBER, at);
    digitCount += at - point;
    context.exponent = -(<i32>(at - point));
  }
  // 19 digits always fit in 64 bits; more are counted one by one.
  if (digitCount > 19) keepDigits(context, start, at);
  return (load<u8>(at) | 0x20) == 0x65 ? scanExponent(context, at + 1) : at;
}

/** Scans the digits behind `e` and adds them to the exponent. Returns the address behind them, or 0. */
function scanExponent(context: Context, at: usize): usize {
  const sign = load<u8>(at);
  if (sign == 0x2b || sign == 0x2d) at++;
  const start = at;
  let exponent = 0;
  while (true) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) break;
    // Beyond any double by far, and far from overflow when 16 million digits are added.
    if (exponent < 100000000) exponent = exponent * 10 + <i32>digit;
    at++;
  }
  if (at == start) return refuse(context, Reason.NUMBER, at);
  context.exponent += sign == 0x2d ? -exponent : exponent;
  return at;
}

/** Takes the first 19 significant digits of the digits (and point) from `at` to `end` as mantissa. */
function keepDigits(context: Context, at: usize, end: usize): void {
  let mantissa: u64 = 0;
  let kept = 0;
  let exponent = 0;
  let inFraction = 0;
  let inexact: u32 = 0;
  context.rest = 0;
  for (; at < end; at++) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) {
      inFraction = 1;
      continue;
    }
    if (kept < 19) {
      mantissa = mantissa * 10 + digit;
      exponent -= inFraction;
      if (mantissa != 0) kept++;
    } else {
      if (context.rest == 0) context.rest = <u32>at;
      exponent += 1 - inFraction;
      inexact |= digit;
    }
  }
  context.mantissa = mantissa;
  context.exponent = exponent;
  context.inexact = inexact;
}

/** The scanned number, whose text is `at` to `end`, as the nearest double; ±Infinity when it is beyond all of them. */
export function doubleOf(context: Context, at: usize, end: usize): f64 {
  const value =
    context.inexact == 0
      ? scaledDouble(context.mantissa, context.exponent)
      : unevenDouble(context.mantissa, context.exponent, at, end, changetype<usize>(context) + BIG);
  return context.negative ? -value : value;
}

/**
 * Makes the scanned number's mantissa the whole number `mantissa × 10^(exponent + scale)`. Returns `Reason.NONE`,
 * `NOT_INTEGER` when digits would be lost, or `RANGE` beyond 64 bits.
 */
function makeWhole(context: Context, scale: i32): u32 {
  let mantissa = context.mantissa;
  if (mantissa == 0) return Reason.NONE;
  const exponent = context.exponent + scale;
  if (exponent >= 0) {
    if (exponent > 19) return Reason.RANGE;
    const power = load<u64>(POW10_U64 + ((<usize>exponent) << 3));
    if (mantissa > u64.MAX_VALUE / power) return Reason.RANGE;
    mantissa *= power;
    // Digits that were not kept stand behind 19 others.
    if (context.inexact) return exponent == 0 ? Reason.NOT_INTEGER : Reason.RANGE;
  } else {
    if (context.inexact || exponent < -19) return Reason.NOT_INTEGER;
    const power = load<u64>(POW10_U64 + ((<usize>-exponent) << 3));
    const whole = mantissa / power;
    if (whole * power != mantissa) return Reason.NOT_INTEGER;
    mantissa = whole;
  }
  context.mantissa = mantissa;
  context.exponent = 0;
  return Reason.NONE;
}

/**
 * Stores the scanned number as a signed integer of `width` bytes. `at` is where it began, for the error. Returns false when
 * it is refused.
 */
export function storeInteger(context: Context, at: usize, out: usize, width: u32): bool {
  if (context.exponent != 0 || context.inexact) {
    const reason = makeWhole(context, 0);
    if (reason != Reason.NONE) {
      refuse(context, reason, at);
      return false;
    }
  }
  const negative = <u64>context.negative;
  if (context.mantissa > ((<u64>1) << (((<u64>width) << 3) - 1)) - 1 + negative) {
    refuse(context, Reason.RANGE, at);
    return false;
  }
  const value = (context.mantissa ^ -negative) + negative;
  if (width == 8) store<u64>(out, value);
  else if (width == 4) store<u32>(out, <u32>value);
  else if (width == 2) store<u16>(out, <u16>value);
  else store<u8>(out, <u8>value);
  return true;
}

/** Stores the scanned number as DECIMAL(precision ≤ 18, scale). Returns false when it is refused. */
export function storeDecimal64(context: Context, slot: Slot, at: usize, out: usize): bool {
  const reason = makeWhole(context, slot.scale);
  if (reason != Reason.NONE) {
    refuse(context, reason == Reason.NOT_INTEGER ? Reason.DIGITS : reason, at);
    return false;
  }
  if (context.mantissa >= load<u64>(POW10_U64 + ((<usize>slot.precision) << 3))) {
    refuse(context, Reason.RANGE, at);
    return false;
  }
  const negative = <u64>context.negative;
  store<u64>(out, (context.mantissa ^ -negative) + negative);
  return true;
}

/**
 * Stores the scanned number, whose text ends at `end`, as DECIMAL(19 ≤ precision ≤ 38, scale), 128 bits. Returns false when
 * it is refused.
 */
export function storeDecimal128(context: Context, slot: Slot, at: usize, end: usize, out: usize): bool {
  let places = context.exponent + <i32>slot.scale;
  let reason = Reason.NONE;
  let low = context.mantissa;
  let high: u64 = 0;
  if (low != 0 && places < 0) {
    reason = makeWhole(context, slot.scale);
    low = context.mantissa;
  } else if (low != 0) {
    // The 19 digits of the mantissa, then those that did not fit into it, then zeros.
    let rest = context.inexact ? <usize>context.rest : end;
    for (; places > 0 && reason == Reason.NONE; places--) {
      if (high >> 60) reason = Reason.RANGE; // ten times 2^124 is beyond 38 digits
      if (load<u8>(rest) == 0x2e) rest++;
      let digit = rest < end ? <u64>load<u8>(rest) - 0x30 : 0;
      if (digit > 9) {
        rest = end; // the exponent begins
        digit = 0;
      }
      if (rest < end) rest++;
      high = high * 10 + highProduct(low, 10);
      low = low * 10 + digit;
      if (low < digit) high++;
    }
    for (; rest < end && (load<u8>(rest) | 0x20) != 0x65; rest++) {
      if (reason == Reason.NONE && load<u8>(rest) > 0x30) reason = Reason.NOT_INTEGER;
    }
  }
  const limit = load<u64>(POW10_U64 + (19 << 3));
  const power = load<u64>(POW10_U64 + ((<usize>slot.precision - 19) << 3));
  const limitHigh = highProduct(limit, power);
  if (reason == Reason.NONE && (high > limitHigh || (high == limitHigh && low >= limit * power))) reason = Reason.RANGE;
  if (reason != Reason.NONE) {
    refuse(context, reason == Reason.NOT_INTEGER ? Reason.DIGITS : reason, at);
    return false;
  }
  const negative = <u64>context.negative;
  low = (low ^ -negative) + negative;
  high = (high ^ -negative) + (negative & <u64>(low == 0));
  store<u64>(out, low);
  store<u64>(out, high, 8);
  return true;
}
