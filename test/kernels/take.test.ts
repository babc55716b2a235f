// Kernels of assembly/take.ts against plain indexing.
import { beforeEach, describe, expect, test } from "vitest";
import {
  doubles,
  expectRows,
  flags,
  ints,
  longs,
  putBits,
  putStrings,
  readBits,
  readDoubles,
  readInts,
  readLongs,
  readStrings,
  texts,
} from "./columns.js";
import { type Bench, forEachVariant, SIZES, seeded } from "./harness.js";

forEachVariant((bench: Bench) => {
  const { kernels, memory } = bench;
  beforeEach(() => bench.account.arena.reset());

  describe.each(SIZES.filter((n) => n <= 200 || n > 8192))("%i rows", (n) => {
    const random = seeded(n);
    /** Any rows of n + 3, in any order. */
    const rows = Uint32Array.from({ length: n }, () => Math.floor(random() * (n + 3)));

    test("take of every width", () => {
      const selection = bench.put(rows);
      const [small, wide] = [ints(n + 3, random), longs(2 * (n + 3), random)];
      const out = bench.room(n * 16);
      kernels.takeU32(bench.put(small), selection, n, out);
      expectRows(
        readInts(bench, out, n),
        Array.from(rows, (row) => small[row]),
      );
      kernels.takeU64(bench.put(wide), selection, n, out);
      expectRows(
        readLongs(bench, out, n),
        Array.from(rows, (row) => wide[row]),
      );
      kernels.takeU128(bench.put(wide), selection, n, out);
      expectRows(
        readLongs(bench, out, 2 * n),
        Array.from(rows).flatMap((row) => [wide[2 * row], wide[2 * row + 1]]),
      );
      const short = Int16Array.from(small);
      kernels.takeU16(bench.put(short), selection, n, out);
      expectRows(
        memory.i16.slice(out >> 1, (out >> 1) + n),
        Array.from(rows, (row) => short[row]),
      );
      const tiny = Int8Array.from(small);
      kernels.takeU8(bench.put(tiny), selection, n, out);
      expectRows(
        memory.i8.slice(out, out + n),
        Array.from(rows, (row) => tiny[row]),
      );
      const bits = flags(n + 3, random);
      kernels.takeBits(putBits(bench, bits), selection, n, out);
      expectRows(
        readBits(bench, out, n),
        Array.from(rows, (row) => bits[row]),
      );
    });

    test("takeUtf8 and its size", () => {
      const strings = texts(n + 3, random);
      const { offsets, bytes } = putStrings(bench, strings);
      const selection = bench.put(rows);
      const size = kernels.takeUtf8Size(offsets, selection, n);
      const expected = Array.from(rows, (row) => strings[row] as string);
      expect(size).toBe(Buffer.byteLength(expected.join("")));
      const [outOffsets, out] = [bench.room((n + 1) * 4), bench.room(size)];
      expect(kernels.takeUtf8(offsets, bytes, selection, n, outOffsets, out)).toBe(size);
      expectRows(readStrings(bench, outOffsets, out, n), expected);
    });

    test("choose by bitmap: numbers, strings, constants", () => {
      const bits = flags(n, random);
      const mask = putBits(bench, bits);
      const [a, b, c, d] = [ints(n, random), ints(n, random), doubles(n, random), doubles(n, random)];
      const out = bench.room(n * 8);
      kernels.chooseU32(mask, bench.put(a), 4, bench.put(b), 4, n, out);
      expectRows(
        readInts(bench, out, n),
        bits.map((bit, i) => (bit ? a[i] : b[i])),
      );
      kernels.chooseU64(mask, bench.put(c), 8, bench.put(d), 8, n, out);
      expectRows(
        readDoubles(bench, out, n),
        bits.map((bit, i) => (bit ? c[i] : d[i])),
      );
      kernels.chooseU64(mask, bench.put(Float64Array.of(7.5, 7.5)), 0, bench.put(d), 8, n, out);
      expectRows(
        readDoubles(bench, out, n),
        bits.map((bit, i) => (bit ? 7.5 : d[i])),
      );
      const [left, right] = [texts(n, random), texts(n, random)];
      const [l, r, fixed] = [putStrings(bench, left), putStrings(bench, right, 0), putStrings(bench, ["€"])];
      const [outOffsets, bytes] = [
        bench.room((n + 1) * 4),
        bench.room(Buffer.byteLength(left.join("") + right.join("")) + 3 * n),
      ];
      kernels.chooseUtf8(mask, l.offsets, l.bytes, 4, r.offsets, r.bytes, 4, n, outOffsets, bytes);
      expectRows(
        readStrings(bench, outOffsets, bytes, n),
        bits.map((bit, i) => (bit ? left[i] : right[i])),
      );
      kernels.chooseUtf8(mask, l.offsets, l.bytes, 4, fixed.offsets, fixed.bytes, 0, n, outOffsets, bytes);
      expectRows(
        readStrings(bench, outOffsets, bytes, n),
        bits.map((bit, i) => (bit ? left[i] : "€")),
      );
    });

    test("rebaseOffsets counts a slice from its own start", () => {
      const { offsets } = putStrings(bench, texts(n, random), 1000);
      const out = bench.room((n + 1) * 4);
      kernels.rebaseOffsets(offsets, n, out);
      expectRows(
        readInts(bench, out, n + 1),
        readInts(bench, offsets, n + 1).map((offset) => offset - 1000),
      );
    });

    test("clearNulls32 leaves 0 under a null", () => {
      const [values, valid] = [ints(n, random), flags(n, random)];
      const out = bench.room(n * 4);
      kernels.clearNulls32(bench.put(values), putBits(bench, valid), n, out);
      expectRows(
        readInts(bench, out, n),
        valid.map((bit, i) => (bit ? values[i] : 0)),
      );
    });
  });
});
