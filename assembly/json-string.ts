// NDJSON decoding: strings. Plain ASCII is passed over or copied 16 bytes at a time; escapes, and UTF-8 beyond ASCII, are
// checked one by one (RFC 8259 section 7, Unicode 15 table 3-7). Every loop ends at the latest at the record's line end,
// which is a control character and so never part of a string.
import { Context, Reason, refuse } from "./json-context";
import { utf8Length } from "./utf8-check";

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;

/** One bit a byte that ends a plain run: quote, backslash, control character, or not ASCII (negative as i8). */
@inline
export function specialBytes(bytes: v128): i32 {
  return i8x16.bitmask(
    v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
      i8x16.lt_s(bytes, i8x16.splat(0x20)),
    ),
  );
}

/**
 * How many of the 16 bytes at `at` stand before the first quote, backslash or control character and are whole UTF-8
 * sequences; above 16, and refused, when one of them is none. A sequence that the 16th byte cuts is left to the next 16.
 */
function plainBytes(context: Context, at: usize, bytes: v128): u32 {
  const ends = i8x16.bitmask(
    v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
      i8x16.lt_u(bytes, i8x16.splat(0x20)),
    ),
  );
  const count: u32 = ends ? ctz(ends) : 16;
  let high = <u32>i8x16.bitmask(bytes) & ((1 << count) - 1);
  while (high) {
    const first = ctz(high);
    const length = <u32>utf8Length(at + first);
    if (length == 0) {
      refuse(context, Reason.UTF8, at + first);
      return u32.MAX_VALUE;
    }
    if (first + length > 16) return first;
    high &= ~(((1 << length) - 1) << first);
  }
  return count;
}

/** The value of a hex digit, or a number above 15. */
@inline
function hexDigit(c: u32): u32 {
  if (c - 0x30 <= 9) return c - 0x30;
  const letter = (c | 0x20) - 0x61;
  return letter <= 5 ? letter + 10 : 255;
}

/** The four hex digits at `at` as a UTF-16 code unit, or a number above 0xffff. */
function hex4(at: usize): u32 {
  let unit: u32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const digit = hexDigit(load<u8>(at + i));
    if (digit > 15) return u32.MAX_VALUE;
    unit = (unit << 4) | digit;
  }
  return unit;
}

/** What `\` and `c` mean, or 0 when it is no escape of one letter. */
function shortEscape(c: u8): u8 {
  switch (c) {
    case 0x22:
    case 0x5c:
    case 0x2f:
      return c;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return 0;
  }
}

/** Why a string cannot go on at this control character. */
function refuseControl(context: Context, at: usize): usize {
  return refuse(context, load<u8>(at) == 0x0a ? Reason.OPEN_STRING : Reason.CONTROL, at);
}

/**
 * Checks the string whose first byte (behind the quote) is at `at` and returns the address behind its closing quote, or 0.
 * A lone surrogate escape is a legal JSON text and passes here. `context.out` says whether there was an escape.
 */
export function skipString(context: Context, at: usize): usize {
  let escaped: u32 = 0;
  while (true) {
    const bytes = v128.load(at);
    const special = specialBytes(bytes);
    if (special == 0) {
      at += 16;
      continue;
    }
    at += ctz(special);
    const c = load<u8>(at);
    if (c == QUOTE) break;
    if (c >= 0x80) {
      const count = plainBytes(context, at, v128.load(at));
      if (count > 16) return 0;
      at += count;
    } else if (c == BACKSLASH) {
      escaped = 1;
      const letter = load<u8>(at, 1);
      if (letter == 0x75) {
        if (hex4(at + 2) > 0xffff) return refuse(context, Reason.ESCAPE, at);
        at += 6;
      } else {
        if (shortEscape(letter) == 0) return refuse(context, Reason.ESCAPE, at);
        at += 2;
      }
    } else return refuseControl(context, at);
  }
  context.out = escaped;
  return at + 1;
}

/** Writes the code point as UTF-8 and returns its length. Writes 4 bytes whatever the length. */
function putCodePoint(out: usize, point: u32): usize {
  if (point < 0x80) {
    store<u8>(out, <u8>point);
    return 1;
  }
  const last = 0x80 | (point & 0x3f);
  if (point < 0x800) {
    store<u16>(out, <u16>(0xc0 | (point >> 6) | (last << 8)));
    return 2;
  }
  const third = 0x80 | ((point >> 6) & 0x3f);
  if (point < 0x10000) {
    store<u32>(out, 0xe0 | (point >> 12) | (third << 8) | (last << 16));
    return 3;
  }
  store<u32>(out, 0xf0 | (point >> 18) | ((0x80 | ((point >> 12) & 0x3f)) << 8) | (third << 16) | (last << 24));
  return 4;
}

/**
 * Decodes the rest of a string from `at`, where plain copying stopped, to `out`. Returns the address behind the closing
 * quote, or 0; `context.out` is the end of what was written. At most 16 bytes are written past `outEnd`.
 */
export function copyString(context: Context, at: usize, out: usize, outEnd: usize): usize {
  while (true) {
    if (out > outEnd) return refuse(context, Reason.SPACE, at);
    const bytes = v128.load(at);
    v128.store(out, bytes);
    const count = plainBytes(context, at, bytes);
    if (count > 16) return 0;
    at += count;
    out += count;
    if (count == 16) continue;
    const c = load<u8>(at);
    if (c == QUOTE) break;
    // A sequence that was cut begins the next vector.
    if (c >= 0x80) continue;
    if (c == BACKSLASH) {
      if (out > outEnd) return refuse(context, Reason.SPACE, at);
      const letter = load<u8>(at, 1);
      if (letter != 0x75) {
        const byte = shortEscape(letter);
        if (byte == 0) return refuse(context, Reason.ESCAPE, at);
        store<u8>(out, byte);
        at += 2;
        out += 1;
        continue;
      }
      let point = hex4(at + 2);
      if (point > 0xffff) return refuse(context, Reason.ESCAPE, at);
      if ((point & 0xf800) == 0xd800) {
        // A high surrogate must be followed by the escape of a low one.
        if (point > 0xdbff || load<u16>(at, 6) != 0x755c) return refuse(context, Reason.SURROGATE, at);
        const low = hex4(at + 8);
        if (low > 0xffff) return refuse(context, Reason.ESCAPE, at + 6);
        if ((low & 0xfc00) != 0xdc00) return refuse(context, Reason.SURROGATE, at);
        point = 0x10000 + ((point & 0x3ff) << 10) + (low & 0x3ff);
        at += 6;
      }
      at += 6;
      out += putCodePoint(out, point);
    } else return refuseControl(context, at);
  }
  context.out = <u32>out;
  return at + 1;
}

/** The six bits that a base64 letter stands for, or a number above 63. */
@inline
function sextet(c: u32): u32 {
  if ((c | 0x20) - 0x61 <= 25) return c < 0x61 ? c - 0x41 : c - 0x47;
  if (c - 0x30 <= 9) return c + 4;
  return c == 0x2b ? 62 : c == 0x2f ? 63 : 255;
}

/** Decodes base64 in place (RFC 4648 section 4, padding required). Returns the end of the bytes, or 0. */
export function decodeBase64(start: usize, end: usize): usize {
  if ((end - start) & 3) return 0;
  let out = start;
  for (let at = start; at < end; at += 4) {
    let bits: u32 = 0;
    let length: usize = 3;
    for (let i: usize = 0; i < 4; i++) {
      const c = load<u8>(at + i);
      let value = sextet(c);
      if (value > 63) {
        // Nothing but padding, and that at the end only.
        if (c != 0x3d || i < 2 || at + 4 != end) return 0;
        value = 0;
        length--;
      } else if (length < 3) return 0;
      bits = (bits << 6) | value;
    }
    // Bits behind the last byte must be zero: one text for one value.
    if (length < 3 && (bits & (length == 2 ? 0xff : 0xffff)) != 0) return 0;
    store<u8>(out, <u8>(bits >> 16));
    if (length > 1) store<u8>(out, <u8>(bits >> 8), 1);
    if (length > 2) store<u8>(out, <u8>bits, 2);
    out += length;
  }
  return out;
}
