// The least or greatest text of each cell, which keeps a copy of its own: for MIN and MAX of strings, bytes and 128-bit
// decimals, which do not fit into a word. Rows are only added; where they go again there are heaps (value-sets.ts).
//
//     cell   16 B  │ start in the heap u32 │ length u32, NONE = nothing yet │ room u32 │ · │
//     heap   │ address u32 │ capacity u32 │ used u32 │, then the bytes; what a longer text has left behind is garbage
const NONE: u32 = 0xffffffff;

@inline
function wordAt(list: usize, index: i32): u32 {
  return load<u32>(list + ((<usize>index) << 2));
}

/** Below 0 when the first is less: by bytes, or as 128-bit integers when `width` is 16. */
@inline
function order(a: usize, length: u32, b: usize, other: u32, width: i32): i32 {
  if (width == 16) {
    const high = load<i64>(a, 8);
    const otherHigh = load<i64>(b, 8);
    if (high != otherHigh) return high < otherHigh ? -1 : 1;
    return i32(load<u64>(a) > load<u64>(b)) - i32(load<u64>(a) < load<u64>(b));
  }
  const differ = memory.compare(a, b, min(length, other));
  return differ != 0 ? differ : i32(length > other) - i32(length < other);
}

/**
 * Rows from … n, none of them NULL: each cell keeps the least of its texts, or the greatest (`descending`). Returns n, or the
 * row whose text the heap has no room for.
 */
export function keepExtremes(
  states: usize,
  cells: usize,
  offsets: usize,
  bytes: usize,
  from: i32,
  n: i32,
  width: i32,
  descending: i32,
  heap: usize,
): i32 {
  const base = <usize>load<u32>(heap);
  for (let i = from; i < n; i++) {
    const start = wordAt(offsets, i);
    const length = wordAt(offsets, i + 1) - start;
    const at = bytes + start;
    const cell = states + ((<usize>wordAt(cells, i)) << 4);
    const kept = load<u32>(cell, 4);
    if (kept != NONE) {
      const differ = order(at, length, base + load<u32>(cell), kept, width);
      if (descending ? differ <= 0 : differ >= 0) continue;
    }
    if (load<u32>(cell, 8) < length) {
      const used = load<u32>(heap, 8);
      if (load<u32>(heap, 4) - used < length) return i;
      store<u32>(cell, used);
      store<u32>(cell, length, 8);
      store<u32>(heap, used + length, 8);
    }
    memory.copy(base + load<u32>(cell), at, length);
    store<u32>(cell, length, 4);
  }
  return n;
}

/** Bytes that the texts of n cells take; `cells` 0: the first n. */
export function sizeOfExtremes(states: usize, cells: usize, n: i32): f64 {
  let bytes: u64 = 0;
  for (let i = 0; i < n; i++) {
    const length = load<u32>(states + ((<usize>(cells == 0 ? i : wordAt(cells, i))) << 4), 4);
    bytes += length == NONE ? 0 : <u64>length;
  }
  return <f64>bytes;
}

/** Moves the texts of the first n cells to another heap, without gaps. */
export function packExtremes(states: usize, n: i32, heap: usize, target: usize, capacity: u32): void {
  const base = <usize>load<u32>(heap);
  let used: u32 = 0;
  for (let cell = states; cell < states + ((<usize>n) << 4); cell += 16) {
    const length = load<u32>(cell, 4);
    if (length == NONE) continue;
    memory.copy(target + used, base + load<u32>(cell), length);
    store<u32>(cell, used);
    store<u32>(cell, length, 8);
    used += length;
  }
  store<u32>(heap, <u32>target);
  store<u32>(heap, capacity, 4);
  store<u32>(heap, used, 8);
}

/**
 * The texts of n cells as a column: n + 1 offsets, bytes, validity; with `width` 16 no offsets, and 16 bytes for each. Returns
 * how many cells have one.
 */
export function gatherExtremes(
  states: usize,
  cells: usize,
  n: i32,
  heap: usize,
  width: i32,
  offsets: usize,
  bytes: usize,
  validity: usize,
): i32 {
  const base = <usize>load<u32>(heap);
  let found = 0;
  let used: u32 = 0;
  memory.fill(validity, 0, (n + 7) >> 3);
  for (let i = 0; i < n; i++) {
    const cell = states + ((<usize>wordAt(cells, i)) << 4);
    const length = load<u32>(cell, 4);
    if (offsets != 0) store<u32>(offsets + ((<usize>i) << 2), used);
    if (length != NONE) {
      memory.copy(bytes + used, base + load<u32>(cell), length);
      const byte = validity + (i >> 3);
      store<u8>(byte, load<u8>(byte) | ((<u8>1) << (<u8>i & 7)));
      found++;
      used += length;
    } else {
      used += width;
    }
  }
  if (offsets != 0) store<u32>(offsets + ((<usize>n) << 2), used);
  return found;
}
