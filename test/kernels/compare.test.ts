// Kernels of assembly/compare.ts against one comparison function a type.
import { beforeEach, describe, test } from "vitest";
import { doubles, expectRows, ints, longs, putStrings, readBits, texts } from "./columns.js";
import { type Bench, forEachVariant, SIZES, seeded } from "./harness.js";

/** NaN equals itself and is greater than every number; −0 equals 0. */
function compareDoubles(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : a < b ? -1 : 1;
}

const compare = (a: number | bigint, b: number | bigint): number => (a === b ? 0 : a < b ? -1 : 1);
const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

forEachVariant((bench: Bench) => {
  const { kernels } = bench;
  beforeEach(() => bench.account.arena.reset());

  const numbers = [
    ["I32", 4, ints, compare],
    ["I64", 8, longs, compare],
    ["F64", 8, doubles, compareDoubles],
  ] as const;

  describe.each(numbers)("equal and less, %s", (type, width, make, order) => {
    const [equal, less] = [kernels[`equal${type}`], kernels[`less${type}`]];
    type Values = ArrayLike<number | bigint> & ArrayBufferView;
    const oracle = order as (a: number | bigint, b: number | bigint) => number;

    test.each(SIZES)("%i rows: columns, constants left and right, inverted", (n) => {
      const random = seeded(n);
      const [a, b] = [make(n, random) as Values, make(n, random) as Values];
      const constant = make(4, random).fill((a[0] ?? make(1, random)[0]) as never) as Values;
      const [left, right, fixed] = [bench.put(a), bench.put(b), bench.put(constant)];
      const out = bench.room((n + 7) >> 3);
      const cases = [
        [left, width, a, right, width, b],
        [left, width, a, fixed, 0, null],
        [fixed, 0, null, right, width, b],
      ] as const;
      for (const [l, lStep, lValues, r, rStep, rValues] of cases) {
        const expected = Array.from({ length: n }, (_, i) =>
          oracle(
            (lValues ?? constant)[lValues === null ? 0 : i] as number,
            (rValues ?? constant)[rValues === null ? 0 : i] as number,
          ),
        );
        equal(l, lStep, r, rStep, n, 0, out);
        expectRows(
          readBits(bench, out, n),
          expected.map((sign) => sign === 0),
        );
        equal(l, lStep, r, rStep, n, 255, out);
        expectRows(
          readBits(bench, out, n),
          expected.map((sign) => sign !== 0),
        );
        less(l, lStep, r, rStep, n, 0, out);
        expectRows(
          readBits(bench, out, n),
          expected.map((sign) => sign < 0),
        );
        less(l, lStep, r, rStep, n, 255, out);
        expectRows(
          readBits(bench, out, n),
          expected.map((sign) => sign >= 0),
        );
      }
    });
  });

  test.each(SIZES)("compareI128, %i rows", (n) => {
    const random = seeded(n);
    const make = (): { wide: bigint[]; ptr: number } => {
      const halves = longs(2 * n, random);
      // Few high halves, so that low halves decide as well.
      for (let i = 1; i < 2 * n; i += 2) halves[i] = (halves[i] as bigint) & 1n ? -1n : 0n;
      const wide = Array.from(
        { length: n },
        (_, i) => ((halves[2 * i + 1] as bigint) << 64n) | BigInt.asUintN(64, halves[2 * i] as bigint),
      );
      return { wide, ptr: bench.put(halves) };
    };
    const [a, b] = [make(), make()];
    const out = bench.room((n + 7) >> 3);
    kernels.compareI128(a.ptr, 16, b.ptr, 16, n, 0, 0, out);
    expectRows(
      readBits(bench, out, n),
      a.wide.map((value, i) => value === b.wide[i]),
    );
    kernels.compareI128(a.ptr, 16, b.ptr, 16, n, 1, 255, out);
    expectRows(
      readBits(bench, out, n),
      a.wide.map((value, i) => value >= (b.wide[i] as bigint)),
    );
    kernels.compareI128(a.ptr, 0, b.ptr, 16, n, 1, 0, out);
    expectRows(
      readBits(bench, out, n),
      b.wide.map((value) => (a.wide[0] as bigint) < value),
    );
  });

  test.each(SIZES)("compareUtf8, %i rows: by bytes, prefixes first", (n) => {
    const random = seeded(n);
    const [a, b] = [texts(n, random), texts(n, random)];
    const [left, right] = [putStrings(bench, a), putStrings(bench, b, 0)];
    const out = bench.room((n + 7) >> 3);
    kernels.compareUtf8(left.offsets, left.bytes, 4, right.offsets, right.bytes, 4, n, 0, 0, out);
    expectRows(
      readBits(bench, out, n),
      a.map((text, i) => text === b[i]),
    );
    kernels.compareUtf8(left.offsets, left.bytes, 4, right.offsets, right.bytes, 4, n, 1, 0, out);
    expectRows(
      readBits(bench, out, n),
      a.map((text, i) => compareBytes(text, b[i] as string) < 0),
    );
    const constant = putStrings(bench, ["naïve"]);
    kernels.compareUtf8(left.offsets, left.bytes, 4, constant.offsets, constant.bytes, 0, n, 0, 255, out);
    expectRows(
      readBits(bench, out, n),
      a.map((text) => text !== "naïve"),
    );
    kernels.compareUtf8(constant.offsets, constant.bytes, 0, right.offsets, right.bytes, 4, n, 1, 255, out);
    expectRows(
      readBits(bench, out, n),
      b.map((text) => compareBytes("naïve", text) >= 0),
    );
  });
});
