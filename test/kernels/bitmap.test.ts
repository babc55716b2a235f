// Kernels of assembly/bitmap.ts against plain booleans.
import { beforeEach, describe, expect, test } from "vitest";
import { expectRows, flags, putBits, readBits } from "./columns.js";
import { type Bench, forEachVariant, SIZES, seeded } from "./harness.js";

forEachVariant((bench: Bench) => {
  const { kernels, memory } = bench;
  beforeEach(() => bench.account.arena.reset());

  const binary = [
    ["andBitmaps", (a: boolean, b: boolean) => a && b],
    ["orBitmaps", (a: boolean, b: boolean) => a || b],
    ["andNotBitmaps", (a: boolean, b: boolean) => a && !b],
    ["xorBitmaps", (a: boolean, b: boolean) => a !== b],
  ] as const;

  describe.each(binary)("%s", (name, oracle) => {
    test.each(SIZES)("%i bits", (n) => {
      const random = seeded(n);
      const [a, b] = [flags(n, random), flags(n, random)];
      const out = bench.room((n + 7) >> 3);
      kernels[name](putBits(bench, a), putBits(bench, b), n, out);
      expectRows(
        readBits(bench, out, n),
        a.map((bit, i) => oracle(bit, b[i] as boolean)),
      );
    });
  });

  test.each(SIZES)("notBitmap and countBits of %i bits", (n) => {
    const bits = flags(n, seeded(n), 0.7);
    const ptr = putBits(bench, bits);
    const out = bench.room((n + 7) >> 3);
    kernels.notBitmap(ptr, n, out);
    expectRows(
      readBits(bench, out, n),
      bits.map((bit) => !bit),
    );
    expect(kernels.countBits(ptr, n)).toBe(bits.filter((bit) => bit).length);
  });

  const threeValued = [
    [
      "andKleene",
      (a: boolean | null, b: boolean | null) =>
        a === false || b === false ? false : a === null || b === null ? null : true,
    ],
    [
      "orKleene",
      (a: boolean | null, b: boolean | null) =>
        a === true || b === true ? true : a === null || b === null ? null : false,
    ],
  ] as const;

  describe.each(threeValued)("%s", (name, oracle) => {
    test.each(SIZES)("%i values", (n) => {
      const random = seeded(n + 1);
      const [a, b, validA, validB] = [flags(n, random), flags(n, random), flags(n, random), flags(n, random)];
      const [out, outValid] = [bench.room((n + 7) >> 3), bench.room((n + 7) >> 3)];
      kernels[name](
        putBits(bench, a),
        putBits(bench, validA),
        putBits(bench, b),
        putBits(bench, validB),
        n,
        out,
        outValid,
      );
      const value = (bits: boolean[], valid: boolean[], i: number) => (valid[i] ? (bits[i] as boolean) : null);
      const [values, valids] = [readBits(bench, out, n), readBits(bench, outValid, n)];
      expectRows(
        values.map((bit, i) => (valids[i] ? bit : null)),
        a.map((_, i) => oracle(value(a, validA, i), value(b, validB, i))),
      );
    });
  });

  test.each(SIZES)("bitmapToSelection of %i bits, and setBits back", (n) => {
    for (const share of [0, 0.02, 0.5, 1]) {
      const bits = flags(n, seeded(n), share);
      const out = bench.room(n * 4);
      const count = kernels.bitmapToSelection(putBits(bench, bits), n, out);
      const rows = bits.flatMap((bit, i) => (bit ? [i] : []));
      expectRows(memory.u32.slice(out >> 2, (out >> 2) + count), rows);
      const back = bench.account.arena.allocateZeroed((n + 7) >> 3);
      kernels.setBits(out, count, back);
      expectRows(readBits(bench, back, n), bits);
    }
  });

  test("copyBits takes any bits out, appendBits puts them at any place and keeps what stands before", () => {
    const random = seeded(5);
    const source = flags(300, random);
    const from = putBits(bench, source);
    for (let start = 0; start < 20; start++) {
      for (const n of [0, 1, 7, 8, 9, 64, 100, 250]) {
        const taken = bench.room((n + 7) >> 3);
        kernels.copyBits(from, start, n, taken);
        expectRows(readBits(bench, taken, n), source.slice(start, start + n));
        const before = flags(start, random);
        const target = bench.room((start + n + 15) >> 3);
        memory.u8.set(new Uint8Array((start + n + 15) >> 3).fill(0x55), target);
        before.forEach((bit, i) => {
          const byte = memory.u8[target + (i >> 3)] as number;
          memory.u8[target + (i >> 3)] = bit ? byte | (1 << (i & 7)) : byte & ~(1 << (i & 7));
        });
        kernels.appendBits(taken, n, target, start);
        expectRows(readBits(bench, target, start + n), [...before, ...source.slice(start, start + n)]);
      }
    }
  });
});
