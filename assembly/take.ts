// Gather rows by selection (Arrow's `take`), choose rows by bitmap: fixed widths, bitmaps, strings. Selections are u32 row
// numbers in range.

@inline
function take<T>(values: usize, selection: usize, n: i32, out: usize): void {
  const end = selection + ((<usize>n) << 2);
  while (selection < end) {
    store<T>(out, load<T>(values + <usize>load<u32>(selection) * sizeof<T>()));
    selection += 4;
    out += sizeof<T>();
  }
}

/** out[i] = values[selection[i]], 1-byte values. */
export function takeU8(values: usize, selection: usize, n: i32, out: usize): void {
  take<u8>(values, selection, n, out);
}

/** out[i] = values[selection[i]], 2-byte values. */
export function takeU16(values: usize, selection: usize, n: i32, out: usize): void {
  take<u16>(values, selection, n, out);
}

/** out[i] = values[selection[i]], 4-byte values. */
export function takeU32(values: usize, selection: usize, n: i32, out: usize): void {
  take<u32>(values, selection, n, out);
}

/** out[i] = values[selection[i]], 8-byte values. */
export function takeU64(values: usize, selection: usize, n: i32, out: usize): void {
  take<u64>(values, selection, n, out);
}

/** out[i] = values[selection[i]], 16-byte values. */
export function takeU128(values: usize, selection: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    v128.store(out + ((<usize>i) << 4), v128.load(values + ((<usize>load<u32>(selection + ((<usize>i) << 2))) << 4)));
  }
}

/** Bit i of out = bit selection[i] of bits. Writes whole bytes; bits past n are 0. */
export function takeBits(bits: usize, selection: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i += 8) {
    let byte: u32 = 0;
    const count = min(8, n - i);
    for (let j = 0; j < count; j++) {
      const row = load<u32>(selection + ((<usize>(i + j)) << 2));
      byte |= ((load<u8>(bits + (row >> 3)) >> (row & 7)) & 1) << j;
    }
    store<u8>(out + (i >> 3), byte);
  }
}

/** Bytes that the selected strings take together. A string may be taken many times: they can be more than 32 bits count. */
export function takeUtf8Size(offsets: usize, selection: usize, n: i32): f64 {
  let bytes: u64 = 0;
  const end = selection + ((<usize>n) << 2);
  for (; selection < end; selection += 4) {
    const at = offsets + ((<usize>load<u32>(selection)) << 2);
    bytes += <u64>(load<u32>(at, 4) - load<u32>(at));
  }
  return <f64>bytes;
}

/** Copies a string's bytes. Short ones in vectors, up to 15 bytes too far at both ends: the next string overwrites them. */
@inline
export function copyBytes(from: usize, to: usize, length: i32): void {
  if (length > 64) memory.copy(to, from, length);
  else for (let at = 0; at < length; at += 16) v128.store(to + <usize>at, v128.load(from + <usize>at));
}

/** Gathers strings: n + 1 offsets from 0 and their bytes. `out` has room for `takeUtf8Size` bytes. Returns the bytes. */
export function takeUtf8(offsets: usize, bytes: usize, selection: usize, n: i32, outOffsets: usize, out: usize): u32 {
  let used: u32 = 0;
  store<u32>(outOffsets, 0);
  for (let i = 0; i < n; i++) {
    const at = offsets + ((<usize>load<u32>(selection + ((<usize>i) << 2))) << 2);
    const start = load<u32>(at);
    const length = load<u32>(at, 4) - start;
    copyBytes(bytes + <usize>start, out + <usize>used, <i32>length);
    used += length;
    store<u32>(outOffsets + ((<usize>(i + 1)) << 2), used);
  }
  return used;
}

/** Gathers lists: n + 1 offsets from 0, and the positions of their elements (u32). Returns how many elements. */
export function takeLists(offsets: usize, selection: usize, n: i32, outOffsets: usize, outRows: usize): u32 {
  let used: u32 = 0;
  store<u32>(outOffsets, 0);
  for (let i = 0; i < n; i++) {
    const at = offsets + ((<usize>load<u32>(selection + ((<usize>i) << 2))) << 2);
    const end = load<u32>(at, 4);
    for (let element = load<u32>(at); element < end; element++, used++) {
      store<u32>(outRows + ((<usize>used) << 2), element);
    }
    store<u32>(outOffsets + ((<usize>(i + 1)) << 2), used);
  }
  return used;
}

/**
 * Takes the lists of n rows apart, from element `element` of row `row` on, up to `limit` results: the row of each (u32), its
 * position in its list (i32, from 1), and with `present` (a bitmap of zeros; 0: none) an element a row at least: one without
 * bit, position and element 0, where the list is empty. `elements` takes the places of the elements (u32). Returns how many.
 */
export function unnestLists(
  offsets: usize,
  n: i32,
  row: i32,
  element: u32,
  limit: i32,
  rows: usize,
  positions: usize,
  elements: usize,
  present: usize,
): i32 {
  let count = 0;
  for (; row < n && count < limit; row++) {
    const start = load<u32>(offsets + ((<usize>row) << 2));
    const end = load<u32>(offsets + ((<usize>row) << 2), 4);
    if (start == end) {
      if (present == 0) continue;
      store<u32>(rows + ((<usize>count) << 2), row);
      store<i32>(positions + ((<usize>count) << 2), 0);
      store<u32>(elements + ((<usize>count) << 2), 0);
      count++;
      continue;
    }
    for (let at = max<u32>(start, element); at < end && count < limit; at++, count++) {
      store<u32>(rows + ((<usize>count) << 2), row);
      store<i32>(positions + ((<usize>count) << 2), at - start + 1);
      store<u32>(elements + ((<usize>count) << 2), at);
      if (present != 0) {
        const byte = present + (count >> 3);
        store<u8>(byte, load<u8>(byte) | (1 << (<u8>count & 7)));
      }
    }
  }
  return count;
}

/** out[i] = values[i] where bit i of validity is set, else 0 (4-byte values). */
export function clearNulls32(values: usize, validity: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    const valid = (load<u8>(validity + (i >> 3)) >> (<u8>i & 7)) & 1;
    store<u32>(out + ((<usize>i) << 2), load<u32>(values + ((<usize>i) << 2)) & -(<u32>valid));
  }
}

@inline
function choose<T>(
  bits: usize,
  left: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  n: i32,
  out: usize,
): void {
  for (let i = 0; i < n; i++, left += leftStep, right += rightStep, out += sizeof<T>()) {
    const set = (load<u8>(bits + (i >> 3)) >> (<u8>i & 7)) & 1;
    store<T>(out, select<T>(load<T>(left), load<T>(right), set));
  }
}

/** out[i] = bit i ? left[i] : right[i], 4-byte values. A step is the bytes between rows, 0 for a constant. */
export function chooseU32(
  bits: usize,
  left: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  n: i32,
  out: usize,
): void {
  choose<u32>(bits, left, leftStep, right, rightStep, n, out);
}

/** out[i] = bit i ? left[i] : right[i], 8-byte values. */
export function chooseU64(
  bits: usize,
  left: usize,
  leftStep: usize,
  right: usize,
  rightStep: usize,
  n: i32,
  out: usize,
): void {
  choose<u64>(bits, left, leftStep, right, rightStep, n, out);
}

/** out[i] = bit i ? left[i] : right[i], strings: n + 1 offsets from 0 and their bytes, which have room for both inputs'. Returns the bytes. */
export function chooseUtf8(
  bits: usize,
  leftOffsets: usize,
  leftBytes: usize,
  leftStep: usize,
  rightOffsets: usize,
  rightBytes: usize,
  rightStep: usize,
  n: i32,
  outOffsets: usize,
  out: usize,
): u32 {
  let used: u32 = 0;
  store<u32>(outOffsets, 0);
  for (let i = 0; i < n; i++, leftOffsets += leftStep, rightOffsets += rightStep) {
    const set = (load<u8>(bits + (i >> 3)) >> (<u8>i & 7)) & 1;
    const at = set ? leftOffsets : rightOffsets;
    const start = load<u32>(at);
    const length = load<u32>(at, 4) - start;
    copyBytes((set ? leftBytes : rightBytes) + <usize>start, out + <usize>used, <i32>length);
    used += length;
    store<u32>(outOffsets + ((<usize>(i + 1)) << 2), used);
  }
  return used;
}

/** out[i] = offsets[i] − offsets[0], n + 1 offsets: those of a slice, counted from its own start. */
export function rebaseOffsets(offsets: usize, n: i32, out: usize): void {
  const base = i32x4.splat(load<i32>(offsets));
  const end = out + ((<usize>(n + 1)) << 2);
  for (; out < end; out += 16, offsets += 16) v128.store(out, i32x4.sub(v128.load(offsets), base));
}
