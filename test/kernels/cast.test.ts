// Casts between number types (assembly/arithmetic.ts) against BigInt and DataView.
import { beforeEach, describe, expect, test } from "vitest";
import { doubles, expectRows, ints, longs, readDoubles, readInts, readLongs } from "./columns.js";
import { type Bench, forEachVariant, SIZES, seeded } from "./harness.js";

forEachVariant((bench: Bench) => {
  const { kernels } = bench;
  beforeEach(() => bench.account.arena.reset());

  describe("to f64", () => {
    test.each(SIZES)("%i rows", (n) => {
      const random = seeded(n);
      const out = bench.room(n * 8);
      const small = ints(n, random);
      kernels.castI32F64(bench.put(small), n, out);
      expectRows(readDoubles(bench, out, n), Float64Array.from(small));
      const large = longs(n, random);
      kernels.castI64F64(bench.put(large), n, out);
      expectRows(
        readDoubles(bench, out, n),
        Float64Array.from(large, (value) => Number(value)),
      );
    });
  });

  describe("f64 to integers: the fraction cut, what does not fit told, never a trap", () => {
    const fits = (value: number, bits: number): boolean => {
      const whole = Math.trunc(value);
      return Number.isFinite(whole) && BigInt.asIntN(bits, BigInt(whole)) === BigInt(whole);
    };

    test.each(SIZES)("%i rows", (n) => {
      const random = seeded(n);
      const every = doubles(n, random);
      for (const values of [
        every,
        every.map((value) => (fits(value, 32) ? value : 1.5)),
        every.map((value) => (fits(value, 64) ? value : -2.5)),
      ]) {
        const ptr = bench.put(values);
        const out = bench.room(n * 8);
        expect(kernels.castF64I64(ptr, n, out)).toBe(values.every((value) => fits(value, 64)) ? 0 : 1);
        const long = readLongs(bench, out, n);
        expectRows(
          long,
          Array.from(values, (value, i) => (fits(value, 64) ? BigInt(Math.trunc(value)) : long[i])),
        );
        expect(kernels.castF64I32(ptr, n, out)).toBe(values.every((value) => fits(value, 32)) ? 0 : 1);
        const int = readInts(bench, out, n);
        expectRows(
          int,
          Array.from(values, (value, i) => (fits(value, 32) ? Math.trunc(value) + 0 : int[i])),
        );
      }
    });
  });

  test.each(SIZES)("i64 to i32, %i rows", (n) => {
    const random = seeded(n);
    const fits = (value: bigint): boolean => BigInt.asIntN(32, value) === value;
    const every = longs(n, random);
    for (const values of [every, every.map((value) => BigInt.asIntN(32, value))]) {
      const out = bench.room(n * 4);
      expect(kernels.castI64I32(bench.put(values), n, out)).toBe(values.every(fits) ? 0 : 1);
      expectRows(
        readInts(bench, out, n),
        Array.from(values, (value) => Number(BigInt.asIntN(32, value))),
      );
    }
  });
});
