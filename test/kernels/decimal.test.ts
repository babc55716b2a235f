// Kernels of assembly/decimal.ts against BigInt.
import { beforeEach, expect, test } from "vitest";
import { expectRows, longs, readLongs, readStrings } from "./columns.js";
import { type Bench, forEachVariant, SIZES, seeded } from "./harness.js";

/** Nearest, halves away from zero. */
function halfUp(value: bigint, power: bigint): bigint {
  const size = value < 0n ? -value : value;
  const rounded = (size * 2n + power) / (power * 2n);
  return value < 0n ? -rounded : rounded;
}

/** The digits with a point before the last `scale`. */
function decimalText(value: bigint, scale: number): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${value < 0n ? "-" : ""}${digits.slice(0, point)}${scale > 0 ? "." : ""}${digits.slice(point)}`;
}

forEachVariant((bench: Bench) => {
  const { kernels } = bench;
  beforeEach(() => bench.account.arena.reset());

  const wide = (ptr: number, n: number): bigint[] => {
    const halves = readLongs(bench, ptr, 2 * n);
    return Array.from(
      { length: n },
      (_, i) => ((halves[2 * i + 1] as bigint) << 64n) | BigInt.asUintN(64, halves[2 * i] as bigint),
    );
  };

  test.each(SIZES)("rescaleI64 of %i rows rounds half up, away from zero", (n) => {
    const random = seeded(n);
    const values = longs(n, random).map((value, i) =>
      i % 4 === 0 ? (value / 1000n) * 1000n + (value < 0n ? -500n : 500n) : value,
    );
    const ptr = bench.put(values);
    const out = bench.room(n * 8);
    for (const digits of [1, 3, 9, 18]) {
      const power = 10n ** BigInt(digits);
      kernels.rescaleI64(ptr, n, power, out);
      expectRows(
        readLongs(bench, out, n),
        Array.from(values, (value) => halfUp(value, power)),
      );
    }
  });

  test.each(SIZES)("widenI64, narrowI128 and multiplyWideI64 of %i rows", (n) => {
    const random = seeded(n);
    const [a, b] = [longs(n, random), longs(n, random)];
    const [left, right] = [bench.put(a), bench.put(b)];
    const out = bench.room(n * 16);
    kernels.widenI64(left, n, out);
    expectRows(wide(out, n), Array.from(a));
    const back = bench.room(n * 8);
    expect(kernels.narrowI128(out, n, back)).toBe(0);
    expectRows(readLongs(bench, back, n), a);
    kernels.multiplyWideI64(left, 8, right, 8, n, out);
    const products = Array.from(a, (value, i) => value * (b[i] as bigint));
    expectRows(wide(out, n), products);
    const fits = products.every((value) => BigInt.asIntN(64, value) === value);
    expect(kernels.narrowI128(out, n, back)).toBe(fits ? 0 : 1);
    const constant = bench.put(BigInt64Array.of(-(2n ** 63n), -(2n ** 63n)));
    kernels.multiplyWideI64(left, 8, constant, 0, n, out);
    expectRows(
      wide(out, n),
      Array.from(a, (value) => value * -(2n ** 63n)),
    );
  });

  test.each(SIZES)("formatI64 of %i rows at every scale", (n) => {
    const values = longs(n, seeded(n));
    const ptr = bench.put(values);
    const [offsets, out] = [bench.room((n + 1) * 4), bench.room(n * 24)];
    for (const scale of n > 200 ? [0, 2] : [0, 1, 2, 6, 17, 18]) {
      const bytes = kernels.formatI64(ptr, n, scale, offsets, out);
      expect(bytes).toBe(bench.memory.i32[(offsets >> 2) + n]);
      expectRows(
        readStrings(bench, offsets, out, n),
        Array.from(values, (value) => decimalText(value, scale)),
      );
    }
  });
});
