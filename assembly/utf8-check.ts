// Whether bytes are UTF-8 (Unicode 15 table 3-7): one sequence, and columns of strings.
import { BAD_UTF8 } from "./status";

/** Bytes of the UTF-8 sequence at `at`, whose first byte is not ASCII; 0 when it is none. */
export function utf8Length(at: usize): usize {
  const x = load<u32>(at);
  // The masks pick the marker bits of each byte (the first byte is the lowest of the little-endian word).
  if ((x & 0xc0e0) == 0x80c0) return (x & 0x1e) != 0 ? 2 : 0;
  if ((x & 0xc0c0f0) == 0x8080e0) {
    const top = x & 0x200f;
    return top != 0 && top != 0x200d ? 3 : 0; // overlong, surrogates
  }
  if ((x & 0xc0c0c0f8) == 0x808080f0) {
    if ((x & 0x3007) == 0) return 0; // overlong
    return (x & 7) < 4 || (x & 0x3007) == 4 ? 4 : 0; // beyond U+10FFFF
  }
  return 0;
}

/** Whether n strings are UTF-8, each for itself: 0, or BAD_UTF8. */
export function checkUtf8(offsets: usize, bytes: usize, n: i32): i32 {
  const last = bytes + <usize>load<u32>(offsets + ((<usize>n) << 2));
  const first = bytes + <usize>load<u32>(offsets);
  // ASCII, as most are: no high bit anywhere. The last vector reads into the slack or the bytes before the first string.
  let any = i64x2.splat(0);
  let at = first;
  for (; at + 16 <= last; at += 16) any = v128.or(any, v128.load(at));
  let tail: u32 = 0;
  for (; at < last; at++) tail |= load<u8>(at);
  if (i8x16.bitmask(any) == 0 && tail < 0x80) return 0;
  for (let i = 0; i < n; i++) {
    const place = offsets + ((<usize>i) << 2);
    if (!isUtf8(bytes + <usize>load<u32>(place), bytes + <usize>load<u32>(place, 4))) return BAD_UTF8;
  }
  return 0;
}

function isUtf8(at: usize, end: usize): bool {
  while (at < end) {
    if (load<u8>(at) < 0x80) {
      at += 1;
      continue;
    }
    const length = utf8Length(at);
    // A sequence that goes on in the next string, or in whatever follows, is none.
    if (length == 0 || length > end - at) return false;
    at += length;
  }
  return true;
}
