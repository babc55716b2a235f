// Rows kept by columns under numbers of their own (src/state/row-store.ts): a batch is scattered to its numbers, and gathered
// from them by the kernels of take.ts. Texts lie in a heap, in any order, with gaps where rows were removed.
//
//     entries  by number: │ start in the heap u32 │ length u32 │
import { copyBytes } from "./take";

@inline
function scatter<T>(values: usize, numbers: usize, n: i32, out: usize): void {
  const end = numbers + ((<usize>n) << 2);
  for (; numbers < end; numbers += 4, values += sizeof<T>()) {
    store<T>(out + <usize>load<u32>(numbers) * sizeof<T>(), load<T>(values));
  }
}

/** out[numbers[i]] = values[i], values of `width` bytes: 1, 2, 4, 8 or 16. */
export function scatterValues(values: usize, width: i32, numbers: usize, n: i32, out: usize): void {
  if (width == 8) scatter<u64>(values, numbers, n, out);
  else if (width == 4) scatter<u32>(values, numbers, n, out);
  else if (width == 1) scatter<u8>(values, numbers, n, out);
  else if (width == 2) scatter<u16>(values, numbers, n, out);
  else {
    for (let i: usize = 0; i < <usize>n; i++) {
      v128.store(out + ((<usize>load<u32>(numbers + (i << 2))) << 4), v128.load(values + (i << 4)));
    }
  }
}

/** Bit numbers[i] of out = bit i of `bits`, or `constant` when there are none (address 0). */
export function scatterBits(bits: usize, constant: i32, numbers: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    const number = load<u32>(numbers + ((<usize>i) << 2));
    const bit: u32 = bits == 0 ? constant : (<u32>load<u8>(bits + (i >> 3)) >> (<u32>i & 7)) & 1;
    const at = out + (number >> 3);
    store<u8>(at, (<u32>load<u8>(at) & ~((<u32>1) << (number & 7))) | (bit << (number & 7)));
  }
}

/** Adds n strings to the end of the heap, which has room for them and 16 bytes more. Returns the bytes used then. */
export function keepUtf8(
  offsets: usize,
  bytes: usize,
  numbers: usize,
  n: i32,
  entries: usize,
  heap: usize,
  used: u32,
): u32 {
  for (let i = 0; i < n; i++) {
    const start = load<u32>(offsets + ((<usize>i) << 2));
    const length = load<u32>(offsets + ((<usize>i) << 2), 4) - start;
    const entry = entries + ((<usize>load<u32>(numbers + ((<usize>i) << 2))) << 3);
    store<u32>(entry, used);
    store<u32>(entry, length, 4);
    copyBytes(bytes + <usize>start, heap + <usize>used, <i32>length);
    used += length;
  }
  return used;
}

/** Bytes that the strings of n numbers take together; a number may come many times. */
export function keptUtf8Size(entries: usize, numbers: usize, n: i32): f64 {
  let bytes: u64 = 0;
  for (let i = 0; i < n; i++) bytes += load<u32>(entries + ((<usize>load<u32>(numbers + ((<usize>i) << 2))) << 3), 4);
  return <f64>bytes;
}

/** The strings of n numbers as a column: n + 1 offsets from 0 and their bytes, with room for `keptUtf8Size`. */
export function takeKeptUtf8(entries: usize, heap: usize, numbers: usize, n: i32, offsets: usize, out: usize): void {
  let used: u32 = 0;
  store<u32>(offsets, 0);
  for (let i = 0; i < n; i++) {
    const entry = entries + ((<usize>load<u32>(numbers + ((<usize>i) << 2))) << 3);
    const length = load<u32>(entry, 4);
    copyBytes(heap + <usize>load<u32>(entry), out + <usize>used, <i32>length);
    used += length;
    store<u32>(offsets + ((<usize>(i + 1)) << 2), used);
  }
}

/** Empties the strings of n numbers. Returns the bytes that they leave in the heap. */
export function dropUtf8(entries: usize, numbers: usize, n: i32): u32 {
  let bytes: u32 = 0;
  for (let i = 0; i < n; i++) {
    const entry = entries + ((<usize>load<u32>(numbers + ((<usize>i) << 2))) << 3);
    bytes += load<u32>(entry, 4);
    store<u64>(entry, 0);
  }
  return bytes;
}

/** Moves the strings of the numbers 0 … end (exclusive) to another heap, without gaps. Returns the bytes they take. */
export function packUtf8(entries: usize, end: i32, heap: usize, out: usize): u32 {
  let used: u32 = 0;
  for (let number = 0; number < end; number++) {
    const entry = entries + ((<usize>number) << 3);
    const length = load<u32>(entry, 4);
    memory.copy(out + <usize>used, heap + <usize>load<u32>(entry), length);
    store<u32>(entry, used);
    used += length;
  }
  return used;
}
