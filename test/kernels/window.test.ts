// Slices of time (assembly/window.ts) against BigInt arithmetic: negative times, microseconds, the ends of the calendar.
import { beforeEach, describe, expect, test } from "vitest";
import { expectRows, flags, putBits, readDoubles, readInts, readLongs } from "./columns.js";
import { type Bench, forEachVariant, SIZES, seeded } from "./harness.js";

const MS_PER_YEAR = 31_556_952_000;

function floorDiv(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return quotient * divisor > value ? quotient - 1n : quotient;
}

/** Times in units of 1 ms or 1 µs, most of them close together, some anywhere between the years −9999 and 9999. */
function timesOf(n: number, random: () => number, units: number): BigInt64Array {
  return BigInt64Array.from({ length: n }, () => {
    const near = Math.floor((random() - 0.5) * 50_000);
    const far = Math.floor((random() - 0.5) * 2 * 9998 * MS_PER_YEAR);
    return BigInt(random() < 0.9 ? near : far) * BigInt(units) + BigInt(Math.floor(random() * units));
  });
}

forEachVariant((bench: Bench) => {
  const { kernels, memory } = bench;
  beforeEach(() => bench.account.arena.reset());

  describe.each([1, 1000])("%i units to the millisecond", (units) => {
    describe.each(SIZES.filter((n) => n <= 200 || n > 8192))("%i rows", (n) => {
      const random = seeded(n * units + 11);
      const times = timesOf(n, random, units);
      const ms = Array.from(times, (time) => Number(floorDiv(time, BigInt(units))));

      test("S28 the range in milliseconds, floored", () => {
        if (n === 0) return expect(ms).toEqual([]);
        const out = bench.room(16);
        kernels.rangeTimes(bench.put(times), n, units, out);
        const sorted = ms.toSorted((a, b) => a - b);
        expectRows(readDoubles(bench, out, 2), [sorted[0], sorted.at(-1)]);
      });

      test("the first row at a bound", () => {
        const at = bench.put(times);
        for (const bound of [0, ms[n >> 1] ?? 0, 9.2e15, -9.2e15]) {
          for (const from of [0, n >> 2, n]) {
            const row = ms.findIndex((time, index) => index >= from && time >= bound);
            expect(kernels.firstTime(at, from, n, bound, units)).toBe(row < 0 ? n : row);
          }
        }
      });

      test("rows inside and outside of a span, NULLs outside", () => {
        const valid = flags(n, random, 0.9);
        const [inside, outside] = [bench.room(n * 4), bench.room(n * 4)];
        for (const bits of [0, putBits(bench, valid)]) {
          const count = kernels.selectTimes(bench.put(times), bits, n, -5000, 7000, units, inside, outside);
          const isIn = (row: number) =>
            (bits === 0 || valid[row] === true) && (ms[row] as number) >= -5000 && (ms[row] as number) < 7000;
          const rows = [...ms.keys()];
          expectRows(readInts(bench, inside, count), rows.filter(isIn));
          expectRows(
            readInts(bench, outside, n - count),
            rows.filter((row) => !isIn(row)),
          );
        }
      });

      test.each([
        [1, 0],
        [10_000, 0],
        [10_000, 3000],
        [7, -5],
        [86_400_000, 8 * 3_600_000],
        [86_400_000, -8 * 3_600_000],
        [2 ** 31 + 12_345, 77],
        [2 ** 40, -1],
      ])("S18 S19 S27 starts of windows of %i ms with offset %i", (sizeMs, offsetMs) => {
        const out = bench.room(n * 8);
        kernels.startsOf(bench.put(times), n, sizeMs, offsetMs, units, out);
        const [size, offset] = [BigInt(sizeMs), BigInt(offsetMs)];
        expectRows(
          readLongs(bench, out, n),
          ms.map((time) => floorDiv(BigInt(time) - offset, size) * size + offset),
        );
      });

      test("cells of two windows", () => {
        const groups = Uint32Array.from({ length: n }, () => Math.floor(random() * 1000));
        const out = bench.room(n * 4 + 16);
        kernels.cellsOfTwo(bench.put(times), bench.put(groups), n, 1234, units, 2048, 1024, out);
        expectRows(
          readInts(bench, out, n),
          ms.map((time, row) => (time >= 1234 ? 1024 : 2048) + (groups[row] as number)),
        );
      });
    });
  });

  describe.each(SIZES.filter((n) => n <= 200 || n > 8192))("%i rows", (n) => {
    const random = seeded(n + 23);
    const SHIFT = 5;
    const slots = Uint32Array.from({ length: n }, () => Math.floor(random() * 7));
    const groups = Uint32Array.from({ length: n }, () => Math.floor(random() * 20));
    const cells = Uint32Array.from(slots, (slot, row) => (slot << SHIFT) | (groups[row] as number));

    test("cells of slots and groups, and lists of them", () => {
      const out = bench.room(n * 4 + 16);
      kernels.cellsOfSlots(bench.put(slots), bench.put(groups), n, SHIFT, out);
      expectRows(readInts(bench, out, n), cells);
      kernels.offsetEntries(bench.put(groups), n, 96, out);
      expectRows(
        readInts(bench, out, n),
        groups.map((group) => group + 96),
      );
    });

    /** A slot's lists as the host lays them out: room for `capacity` entries each. */
    const lists = (capacity: number) => {
      const lists = Array.from({ length: 7 }, () => bench.room(80));
      const entries = bench.put(Uint32Array.from(lists.flatMap((list) => [list, 0, capacity, 0])));
      const listed = lists.map((list, slot) => () => [
        ...readInts(bench, list, memory.u32[(entries >> 2) + 4 * slot + 1] as number),
      ]);
      return {
        entries,
        listed,
        grow: (slot: number) => {
          memory.u32[(entries >> 2) + 4 * slot + 2] = 20;
        },
      };
    };

    test.each([20, 3])("dense cells are entered once, in the order of rows, %i at first", (capacity) => {
      const flagsAt = bench.put(new Uint8Array(256));
      const holders = bench.put(new Uint32Array(32));
      const { entries, listed, grow } = lists(capacity);
      const cellsAt = bench.put(cells);
      let row = kernels.enterDense(cellsAt, 0, n, SHIFT, flagsAt, entries, holders);
      while (row < n) {
        grow(slots[row] as number);
        row = kernels.enterDense(cellsAt, row, n, SHIFT, flagsAt, entries, holders);
      }
      const first = [...new Set(cells)];
      listed.forEach((list, slot) => {
        expect(list()).toEqual(first.filter((cell) => cell >> SHIFT === slot).map((cell) => cell & 31));
      });
      const held = readInts(bench, holders, 20);
      expectRows(
        held,
        Array.from({ length: 20 }, (_, group) => first.filter((cell) => (cell & 31) === group).length),
      );
      const out = bench.room(n * 4);
      const count = kernels.distinctCells(cellsAt, n, flagsAt, out);
      expectRows(readInts(bench, out, count), first);
      expect(memory.u8.slice(flagsAt, flagsAt + 256).filter((flag) => flag === 1).length).toBe(first.length);
      kernels.fillFlags(flagsAt, out, count, 0);
      expect(memory.u8.slice(flagsAt, flagsAt + 256).every((flag) => flag === 0)).toBe(true);
    });

    test("sparse cells are entered in their slots", () => {
      const pairs = [...new Set(cells)];
      const words = bench.put(BigInt64Array.from(pairs, (cell) => (BigInt(cell >> SHIFT) << 32n) | BigInt(cell & 31)));
      const holders = bench.put(new Uint32Array(32));
      const { entries, listed } = lists(20);
      const fresh = bench.put(Uint32Array.from(pairs.keys()));
      expect(kernels.enterSparse(fresh, 0, pairs.length, words, entries, holders)).toBe(pairs.length);
      listed.forEach((list, slot) => {
        expect(list()).toEqual([...pairs.keys()].filter((cell) => (pairs[cell] as number) >> SHIFT === slot));
      });
    });

    test("cells not flagged are flagged and listed, each once", () => {
      const flagsAt = bench.put(new Uint8Array(256));
      const known = [...new Set(cells)].slice(0, 2);
      kernels.fillFlags(flagsAt, bench.put(Uint32Array.from(known)), known.length, 1);
      const out = bench.room(n * 4);
      const count = kernels.newFlags(bench.put(cells), n, flagsAt, out);
      expectRows(
        readInts(bench, out, count),
        [...new Set(cells)].filter((cell) => !known.includes(cell)),
      );
      expect(memory.u8.slice(flagsAt, flagsAt + 256).filter((flag) => flag === 1).length).toBe(new Set(cells).size);
    });

    test.each([1, 1000])("rows within a part of each period, %i units a millisecond", (units) => {
      const times = BigInt64Array.from({ length: n }, (_, row) =>
        BigInt(Math.floor((random() - 0.5) * 4000 * units) + row),
      );
      const out = bench.room(n * 4);
      const count = kernels.selectPhase(bench.put(times), n, 70, 3, 20, units, out);
      const inside = [...times.keys()].filter((row) => {
        const ms = Math.floor(Number(times[row]) / units) - 3;
        return ((ms % 70) + 70) % 70 < 20;
      });
      expectRows(readInts(bench, out, count), inside);
    });

    test("copies of one integer", () => {
      const out = bench.room(n * 8);
      kernels.fillI64(-62_135_596_800_000, n, out);
      expectRows(readLongs(bench, out, n), new BigInt64Array(n).fill(-62_135_596_800_000n));
    });
  });
});
