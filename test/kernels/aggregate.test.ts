// Grouped accumulators (assembly/aggregate.ts) against plain loops, with NaN, −0, infinities and i64 extremes.
import { beforeEach, describe, expect, test } from "vitest";
import { doubles, expectRows, flags, longs, putBits, readDoubles, readInts, readLongs } from "./columns.js";
import { type Bench, forEachVariant, SIZES, seeded } from "./harness.js";

const CELLS = 13;
const INFINITY = Number.POSITIVE_INFINITY;
const LONG_MAX = 2n ** 63n - 1n;

/** Rows of each cell. */
function byCell<T>(cells: Uint32Array, values: ArrayLike<T>): T[][] {
  const rows: T[][] = Array.from({ length: CELLS }, () => []);
  cells.forEach((cell, row) => {
    rows[cell]?.push(values[row] as T);
  });
  return rows;
}

const ascending = (values: bigint[]) => values.toSorted((a, b) => (a < b ? -1 : 1));
const noSign = (value: number) => (value === 0 ? 0 : value);
const every = Uint32Array.from({ length: CELLS }, (_, cell) => cell);

forEachVariant((bench: Bench) => {
  const { kernels, memory } = bench;
  beforeEach(() => bench.account.arena.reset());

  const floatCells = () => bench.put(Float64Array.from({ length: CELLS * 4 }, (_, i) => (i % 4 < 2 ? 0 : INFINITY)));
  const longCells = () =>
    bench.put(
      BigInt64Array.from({ length: CELLS * 6 }, (_, i) => [0n, 0n, 0n, LONG_MAX, -LONG_MAX - 1n, 0n][i % 6] as bigint),
    );
  const zeros = (words: number) => bench.put(new BigInt64Array(words));

  const sizes = SIZES.filter((n) => n <= 200 || n > 8192);
  describe.each(
    sizes.flatMap((n) => [
      [n, CELLS],
      [n, 1],
    ]),
  )("%i rows of %i cells", (n, used) => {
    const random = seeded(n + 3);
    const first = used === 1 ? 5 : 0;
    const cells = Uint32Array.from({ length: n }, () => first + Math.floor(random() ** 2 * used));

    test("S52 S53 sums, counts, minima, maxima and averages of doubles", () => {
      const values = doubles(n, random);
      const states = floatCells();
      const odd = zeros(CELLS * 2);
      const [cellsAt, valuesAt] = [bench.put(cells), bench.put(values)];
      const anyNaN = kernels.updateF64(states, cellsAt, valuesAt, n);
      expect(anyNaN).toBe(values.some(Number.isNaN) ? 1 : 0);
      kernels.countNaNs(odd, cellsAt, valuesAt, n);
      const list = bench.put(every);
      const out = bench.room(CELLS * 8);
      const results = (read: () => void) => {
        read();
        return readDoubles(bench, out, CELLS);
      };
      const groups = byCell<number>(cells, values);
      const sums = groups.map((group) => noSign(group.reduce((sum, value) => sum + value, 0)));
      expectRows(
        results(() => kernels.sumF64(states, list, CELLS, out)),
        sums,
      );
      expectRows(
        results(() => kernels.averageF64(states, list, CELLS, out)),
        sums.map((sum, i) => noSign(sum / (groups[i] as number[]).length)),
      );
      expectRows(
        results(() => kernels.minF64(states, odd, list, CELLS, out)),
        groups.map((group) => {
          const numbers = group.filter((value) => !Number.isNaN(value));
          return noSign(numbers.length === 0 && group.length > 0 ? Number.NaN : Math.min(...numbers));
        }),
      );
      expectRows(
        results(() => kernels.maxF64(states, odd, list, CELLS, out)),
        groups.map((group) => noSign(Math.max(...group))),
      );
      kernels.gatherCells(states + 8, 32, list, CELLS, out);
      kernels.integersOfF64(out, CELLS, out);
      expectRows(
        readLongs(bench, out, CELLS),
        groups.map((group) => BigInt(group.length)),
      );
    });

    test("S54 sums of integers have 128 bits", () => {
      const values = longs(n, random);
      const states = longCells();
      kernels.updateI64(states, bench.put(cells), bench.put(values), n);
      const list = bench.put(every);
      const groups = byCell<bigint>(cells, values);
      const sums = groups.map((group) => group.reduce((sum, value) => sum + value, 0n));
      const wide = bench.room(CELLS * 16);
      kernels.sumI128(states, list, CELLS, wide);
      expectRows(
        readLongs(bench, wide, CELLS * 2),
        sums.flatMap((sum) => [BigInt.asIntN(64, sum), sum >> 64n]),
      );
      const out = bench.room(CELLS * 8);
      const wrong = sums.findIndex((sum) => sum !== BigInt.asIntN(64, sum));
      const fit = kernels.sumI64(states, list, CELLS, out);
      expect(fit).toBe(wrong < 0 ? CELLS : wrong);
      expectRows(readLongs(bench, out, fit), sums.slice(0, fit));
      for (const [place, of] of [
        [16, (group: bigint[]) => BigInt(group.length)],
        [24, (group: bigint[]) => ascending(group)[0] ?? LONG_MAX],
        [32, (group: bigint[]) => ascending(group).at(-1) ?? -LONG_MAX - 1n],
      ] as const) {
        kernels.gatherCells(states + place, 48, list, CELLS, out);
        expectRows(readLongs(bench, out, CELLS), groups.map(of));
      }
      kernels.averageI64(states, list, CELLS, out);
      readDoubles(bench, out, CELLS).forEach((average, i) => {
        const count = (groups[i] as bigint[]).length;
        const exact = Number(sums[i]) / count;
        if (count === 0) expect(average).toBeNaN();
        else expect(Math.abs(average - exact)).toBeLessThanOrEqual(1e-15 * Math.abs(exact));
      });
    });

    test("averages of decimals round half away from zero", () => {
      const values = BigInt64Array.from({ length: n }, () => BigInt(Math.floor((random() - 0.5) * 1e18)));
      const states = longCells();
      kernels.updateI64(states, bench.put(cells), bench.put(values), n);
      const groups = byCell<bigint>(cells, values);
      for (const factor of [1, 10, 1_000_000]) {
        const out = bench.room(CELLS * 16);
        kernels.averageI128(states, bench.put(every), CELLS, factor, out);
        const averages = groups.map((group) => {
          if (group.length === 0) return 0n;
          const scaled = group.reduce((sum, value) => sum + value, 0n) * BigInt(factor);
          const count = BigInt(group.length);
          const size = scaled < 0n ? -scaled : scaled;
          const rounded = (2n * size + count) / (2n * count);
          return scaled < 0n ? -rounded : rounded;
        });
        expectRows(
          readLongs(bench, out, CELLS * 2),
          averages.flatMap((average) => [BigInt.asIntN(64, average), average >> 64n]),
        );
      }
    });

    test("cells merged are the cells of all their rows", () => {
      const [doubleValues, longValues] = [doubles(n, random), longs(n, random)];
      // The rows of each cell, dealt to three blocks, come together in a fourth, each cell at another place.
      const to = every.map((cell) => (cell + 5) % CELLS);
      const parts = [0, 1, 2].map((part) => [...cells.keys()].filter((row) => row % 3 === part));
      const [floats, integers, odd] = [floatCells(), longCells(), zeros(CELLS * 2)];
      for (const rows of parts) {
        const cellsAt = bench.put(Uint32Array.from(rows, (row) => cells[row] as number));
        const doublesAt = bench.put(Float64Array.from(rows, (row) => doubleValues[row] as number));
        const longsAt = bench.put(BigInt64Array.from(rows, (row) => longValues[row] as bigint));
        const [someFloats, someIntegers, someOdd] = [floatCells(), longCells(), zeros(CELLS * 2)];
        kernels.updateF64(someFloats, cellsAt, doublesAt, rows.length);
        kernels.countNaNs(someOdd, cellsAt, doublesAt, rows.length);
        kernels.updateI64(someIntegers, cellsAt, longsAt, rows.length);
        kernels.addOnes(someIntegers + 40, 48, cellsAt, rows.length);
        kernels.mergeF64(floats, bench.put(to), someFloats, bench.put(every), CELLS);
        kernels.mergeI64(integers, bench.put(to), someIntegers, bench.put(every), CELLS);
        kernels.mergeCounts(odd, bench.put(to), someOdd, bench.put(every), CELLS, 2);
      }
      const list = bench.put(to);
      const out = bench.room(CELLS * 16);
      const groups = byCell<number>(cells, doubleValues);
      kernels.minF64(floats, odd, list, CELLS, out);
      expectRows(
        readDoubles(bench, out, CELLS),
        groups.map((group) => {
          const numbers = group.filter((value) => !Number.isNaN(value));
          return noSign(numbers.length === 0 && group.length > 0 ? Number.NaN : Math.min(...numbers));
        }),
      );
      kernels.maxF64(floats, odd, list, CELLS, out);
      expectRows(
        readDoubles(bench, out, CELLS),
        groups.map((group) => noSign(Math.max(...group))),
      );
      kernels.gatherCells(floats + 8, 32, list, CELLS, out);
      expectRows(
        readDoubles(bench, out, CELLS),
        groups.map((group) => group.length),
      );
      const longGroups = byCell<bigint>(cells, longValues);
      const sums = longGroups.map((group) => group.reduce((sum, value) => sum + value, 0n));
      kernels.sumI128(integers, list, CELLS, out);
      expectRows(
        readLongs(bench, out, CELLS * 2),
        sums.flatMap((sum) => [BigInt.asIntN(64, sum), sum >> 64n]),
      );
      for (const [place, of] of [
        [16, (group: bigint[]) => BigInt(group.length)],
        [24, (group: bigint[]) => ascending(group)[0] ?? LONG_MAX],
        [32, (group: bigint[]) => ascending(group).at(-1) ?? -LONG_MAX - 1n],
        [40, (group: bigint[]) => BigInt(group.length)],
      ] as const) {
        kernels.gatherCells(integers + place, 48, list, CELLS, out);
        expectRows(readLongs(bench, out, CELLS), longGroups.map(of));
      }
    });

    test("rows are parted by validity, and counted", () => {
      const values = longs(n, random);
      const valid = flags(n, random, 0.7);
      const rows = [...cells.keys()];
      const [validCells, validValues, nullCells] = [bench.room(n * 4), bench.room(n * 8), bench.room(n * 4)];
      const bits = putBits(bench, valid);
      const count = kernels.splitValid(
        bits,
        bench.put(cells),
        bench.put(values),
        n,
        validCells,
        validValues,
        nullCells,
      );
      const kept = rows.filter((row) => valid[row]);
      expect(count).toBe(kept.length);
      expectRows(
        readInts(bench, validCells, count),
        kept.map((row) => cells[row]),
      );
      expectRows(
        readLongs(bench, validValues, count),
        kept.map((row) => values[row]),
      );
      const nulls = rows.filter((row) => !valid[row]);
      expectRows(
        readInts(bench, nullCells, nulls.length),
        nulls.map((row) => cells[row]),
      );
      const again = kernels.splitValid(bits, bench.put(cells), 0, n, validCells, 0, nullCells);
      expect(again).toBe(count);

      const counters = zeros(CELLS * 3);
      kernels.addOnes(counters + 8, 24, nullCells, nulls.length);
      const counts = byCell<number>(cells, rows).map((group) => group.filter((row) => !valid[row]).length);
      expectRows(
        readLongs(bench, counters, CELLS * 3),
        counts.flatMap((nullCount) => [0n, BigInt(nullCount), 0n]),
      );
      const out = bench.put(new BigInt64Array(CELLS).fill(5n));
      kernels.addCells(counters + 8, 24, bench.put(every), CELLS, out);
      expectRows(
        readLongs(bench, out, CELLS),
        counts.map((nullCount) => BigInt(nullCount) + 5n),
      );
    });
  });

  test("one NaN among infinities, only NaNs, only zeros of both signs", () => {
    const states = floatCells();
    const odd = zeros(CELLS * 2);
    const rows = [
      [0, INFINITY],
      [0, Number.NaN],
      [0, -INFINITY],
      [1, Number.NaN],
      [1, Number.NaN],
      [2, -0],
      [3, INFINITY],
      [3, -INFINITY],
    ] as const;
    const cells = bench.put(Uint32Array.from(rows, ([cell]) => cell));
    const values = bench.put(Float64Array.from(rows, ([, value]) => value));
    expect(kernels.updateF64(states, cells, values, rows.length)).toBe(1);
    kernels.countNaNs(odd, cells, values, rows.length);
    const list = bench.put(every);
    const out = bench.room(32);
    kernels.minF64(states, odd, list, 4, out);
    expectRows(readDoubles(bench, out, 4), [-INFINITY, Number.NaN, 0, -INFINITY]);
    kernels.maxF64(states, odd, list, 4, out);
    expectRows(readDoubles(bench, out, 4), [Number.NaN, Number.NaN, 0, INFINITY]);
    kernels.sumF64(states, list, 4, out);
    expectRows(readDoubles(bench, out, 4), [Number.NaN, Number.NaN, 0, Number.NaN]);
  });

  test("a sum that leaves 64 bits and comes back is right", () => {
    const states = longCells();
    const values = [LONG_MAX, LONG_MAX, -LONG_MAX, -LONG_MAX, 42n];
    kernels.updateI64(states, bench.put(new Uint32Array(5)), bench.put(BigInt64Array.from(values)), 5);
    const out = bench.room(8);
    expect(kernels.sumI64(states, bench.put(every), 1, out)).toBe(1);
    expect([...readLongs(bench, out, 1)]).toEqual([42n]);
  });

  test("cells are emptied, written and moved", () => {
    const words = BigInt64Array.from({ length: 30 }, (_, i) => BigInt(i));
    const block = bench.put(words);
    const list = bench.put(Uint32Array.of(4, 0, 7));
    kernels.resetCells(block, 24, list, 3, bench.put(BigInt64Array.of(-1n, -2n, -3n)));
    const emptied = Array.from(words, (word, i) =>
      [0, 4, 7].includes(Math.floor(i / 3)) ? BigInt(-1 - (i % 3)) : word,
    );
    expectRows(readLongs(bench, block, 30), emptied);
    kernels.scatterCells(block + 8, 24, list, bench.put(BigInt64Array.of(100n, 200n, 300n)), 3);
    expect([13, 1, 22].map((word) => memory.i64[(block >> 3) + word])).toEqual([100n, 200n, 300n]);
    const target = bench.put(new BigInt64Array(30));
    kernels.moveCells(block, list, 24, 3, target, bench.put(Uint32Array.of(0, 9, 1)));
    const moved = new BigInt64Array(30);
    moved.set([-1n, 100n, -3n], 0);
    moved.set([-1n, 200n, -3n], 27);
    moved.set([-1n, 300n, -3n], 3);
    expectRows(readLongs(bench, target, 30), moved);
  });
});
