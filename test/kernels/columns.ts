// Columns for kernel tests: values with everything that hurts, bitmaps and strings in and out of linear memory, and one
// comparison that names the first row that differs.
import { expect } from "vitest";
import type { Bench } from "./harness.js";

/** Doubles at the edges: zeros, NaN, infinities, least and greatest, halves, beyond 2^53 and the integer ranges. */
const HARD_DOUBLES = [
  0,
  -0,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MIN_VALUE,
  -Number.MAX_VALUE,
  0.5,
  -0.5,
  2 ** 31 - 0.5,
  -(2 ** 31) - 0.5,
  2 ** 51,
  -(2 ** 51) - 1,
  2 ** 53 + 2,
  -(2 ** 63),
  2 ** 63,
];

/** i64 at the edges. */
const HARD_LONGS = [
  0n,
  1n,
  -1n,
  2n ** 31n - 1n,
  -(2n ** 31n),
  2n ** 31n,
  2n ** 32n,
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  2n ** 62n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];

const HARD_INTS = [0, 1, -1, 2, -2, 46341, -46341, 65536, 2 ** 31 - 1, -(2 ** 31)];

/** n of the hard values and random ones, mixed by chance. */
function mix<T>(n: number, random: () => number, hard: readonly T[], other: () => T): T[] {
  return Array.from({ length: n }, () => (random() < 0.3 ? (hard[Math.floor(random() * hard.length)] as T) : other()));
}

export const doubles = (n: number, random: () => number): Float64Array =>
  Float64Array.from(mix(n, random, HARD_DOUBLES, () => (random() - 0.5) * 10 ** Math.floor(random() * 20)));

export const longs = (n: number, random: () => number): BigInt64Array =>
  BigInt64Array.from(
    mix(n, random, HARD_LONGS, () => BigInt(Math.floor((random() - 0.5) * 10 ** Math.floor(random() * 18)))),
  );

export const ints = (n: number, random: () => number): Int32Array =>
  Int32Array.from(mix(n, random, HARD_INTS, () => Math.floor((random() - 0.5) * 2 ** Math.floor(random() * 32))));

export const flags = (n: number, random: () => number, share = 0.5): boolean[] =>
  Array.from({ length: n }, () => random() < share);

/** Bytes of a bitmap, LSB first; the bits behind the last are ones, so that a kernel that counts them is seen. */
function packBits(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array((bits.length + 7) >> 3).fill(0xff);
  bits.forEach((bit, i) => {
    if (!bit) bytes[i >> 3] = (bytes[i >> 3] as number) & ~(1 << (i & 7));
  });
  return bytes;
}

export const putBits = (bench: Bench, bits: readonly boolean[]): number => bench.put(packBits(bits));

export function readBits(bench: Bench, ptr: number, n: number): boolean[] {
  return Array.from({ length: n }, (_, i) => (((bench.memory.u8[ptr + (i >> 3)] as number) >> (i & 7)) & 1) === 1);
}

/** Strings in memory, their first offset at `base`, so that a kernel that takes it for 0 is seen. */
export function putStrings(bench: Bench, strings: readonly string[], base = 3): { offsets: number; bytes: number } {
  const encoded = strings.map((text) => new TextEncoder().encode(text));
  const offsets = new Int32Array(strings.length + 1);
  offsets[0] = base;
  encoded.forEach((text, i) => {
    offsets[i + 1] = (offsets[i] as number) + text.length;
  });
  const bytes = new Uint8Array(offsets[strings.length] as number).fill(0x7e);
  for (const [i, text] of encoded.entries()) bytes.set(text, offsets[i]);
  return { offsets: bench.put(offsets), bytes: bench.put(bytes) };
}

export function readStrings(bench: Bench, offsets: number, bytes: number, n: number): string[] {
  const { i32, u8 } = bench.memory;
  const at = offsets >> 2;
  return Array.from({ length: n }, (_, i) =>
    new TextDecoder().decode(u8.slice(bytes + (i32[at + i] as number), bytes + (i32[at + i + 1] as number))),
  );
}

export const readDoubles = (bench: Bench, ptr: number, n: number): Float64Array =>
  bench.memory.f64.slice(ptr >> 3, (ptr >> 3) + n);
export const readLongs = (bench: Bench, ptr: number, n: number): BigInt64Array =>
  bench.memory.i64.slice(ptr >> 3, (ptr >> 3) + n);
export const readInts = (bench: Bench, ptr: number, n: number): Int32Array =>
  bench.memory.i32.slice(ptr >> 2, (ptr >> 2) + n);

/** Fails on the first row that differs; −0 and 0 differ, NaN equals NaN. */
export function expectRows(actual: ArrayLike<unknown>, expected: ArrayLike<unknown>): void {
  expect(actual.length).toBe(expected.length);
  for (let row = 0; row < expected.length; row++) {
    if (!Object.is(actual[row], expected[row]))
      expect({ row, value: actual[row] }).toEqual({ row, value: expected[row] });
  }
}

const POOL = [
  "",
  "a",
  "ab",
  "abc",
  "b",
  "ba",
  " x ",
  "naïve",
  "ß",
  "€uro",
  "𝄞 clef",
  "日本語",
  "exactly sixteen!",
  "seventeen letters",
  "x".repeat(100),
  "\u0000",
  "\uffff",
  "%_%",
];

/** Strings of every width of code point and around the vector width. */
export function texts(n: number, random: () => number): string[] {
  const letters = ["a", "b", "A", "Z", "é", "€", "𝄞", " ", "0"];
  const word = (): string =>
    Array.from({ length: Math.floor(random() * 40) }, () => letters[Math.floor(random() * letters.length)]).join("");
  return mix(n, random, POOL, word);
}
