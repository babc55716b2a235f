// Validity and boolean bitmaps, Arrow layout (LSB first): and, or, not, count, to selection.

/** out = left AND right over the bytes of n bits. */
export function andBitmaps(left: usize, right: usize, n: i32, out: usize): void {
  const bytes = (n + 7) >> 3;
  for (let i = 0; i < bytes; i++) store<u8>(out + i, load<u8>(left + i) & load<u8>(right + i));
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
