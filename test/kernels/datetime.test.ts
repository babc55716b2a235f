// Kernels of assembly/datetime.ts against JavaScript's Date, which is proleptic Gregorian too.
import { beforeEach, describe, expect, test } from "vitest";
import { expectRows, readLongs } from "./columns.js";
import { type Bench, forEachVariant, SIZES, seeded } from "./harness.js";

const DAY = 86_400_000;
const date = (year: number, month: number, day: number): number => new Date(0).setUTCFullYear(year, month - 1, day);
/** Edges of years, leap days, the epoch, the millisecond before, the first and last year with a text. */
const HARD = [
  0,
  -1,
  1,
  date(1969, 12, 31),
  date(1970, 1, 1) - 1,
  date(2000, 2, 29),
  date(1900, 2, 28),
  date(1900, 3, 1),
  date(2100, 3, 1) - 1,
  date(1582, 10, 15),
  date(1, 1, 1),
  date(0, 12, 31),
  date(0, 2, 29),
  date(-1, 12, 31),
  date(-9999, 1, 1),
  date(9999, 12, 31) + DAY - 1,
  date(2262, 4, 12),
];

function times(n: number, random: () => number): number[] {
  const from = date(-9999, 1, 1);
  return Array.from({ length: n }, (_, i) => HARD[i] ?? Math.floor(from + random() * (date(9999, 12, 31) - from)));
}

const PARTS = [
  (time: Date) => time.getUTCFullYear(),
  (time: Date) => time.getUTCMonth() + 1,
  (time: Date) => time.getUTCDate(),
  (time: Date) => Math.floor(time.getUTCMonth() / 3) + 1,
];

forEachVariant((bench: Bench) => {
  const { kernels } = bench;
  beforeEach(() => bench.account.arena.reset());

  test.each(SIZES)("civilI64 of %i times: year, month, day, quarter and the start of months", (n) => {
    const values = times(n, seeded(n));
    const ptr = bench.put(BigInt64Array.from(values, BigInt));
    const out = bench.room(n * 8);
    for (const [part, oracle] of PARTS.entries()) {
      kernels.civilI64(ptr, n, part, 1n, out);
      expectRows(
        readLongs(bench, out, n),
        values.map((value) => BigInt(oracle(new Date(value)))),
      );
    }
    for (const months of [1, 3, 12]) {
      kernels.civilI64(ptr, n, 4, BigInt(months), out);
      const starts = values.map((value) => {
        const time = new Date(value);
        return BigInt(date(time.getUTCFullYear(), Math.floor(time.getUTCMonth() / months) * months + 1, 1));
      });
      expectRows(readLongs(bench, out, n), starts);
    }
  });

  test("civilI64 of every day of eight centuries", () => {
    const first = date(1600, 1, 1) / DAY;
    const days = Array.from({ length: 800 * 366 }, (_, i) => first + i);
    const ptr = bench.put(BigInt64Array.from(days, (day) => BigInt(day * DAY + 5)));
    const out = bench.room(days.length * 8);
    for (const [part, oracle] of PARTS.entries()) {
      kernels.civilI64(ptr, days.length, part, 1n, out);
      expectRows(
        readLongs(bench, out, days.length),
        days.map((day) => BigInt(oracle(new Date(day * DAY)))),
      );
    }
  });

  describe("even units", () => {
    const units = [
      [1000, 0],
      [60_000, 0],
      [3_600_000, 0],
      [DAY, 0],
      [7 * DAY, 4 * DAY],
    ] as const;

    test.each(SIZES)("floorToI64 of %i times", (n) => {
      const values = times(n, seeded(n));
      const ptr = bench.put(BigInt64Array.from(values, BigInt));
      const out = bench.room(n * 8);
      for (const [size, offset] of units) {
        kernels.floorToI64(ptr, n, BigInt(size), BigInt(offset), out);
        expectRows(
          readLongs(bench, out, n),
          values.map((value) => BigInt(Math.floor((value - offset) / size) * size + offset)),
        );
      }
    });

    test.each(SIZES)("cycleI64 of %i times: clock and weekday", (n) => {
      const values = times(n, seeded(n));
      const ptr = bench.put(BigInt64Array.from(values, BigInt));
      const out = bench.room(n * 8);
      const clocks: [number, number, number, number, (time: Date) => number][] = [
        [0, DAY, 3_600_000, 0, (time) => time.getUTCHours()],
        [0, 3_600_000, 60_000, 0, (time) => time.getUTCMinutes()],
        [0, 60_000, 1000, 0, (time) => time.getUTCSeconds()],
        [0, 1000, 1, 0, (time) => time.getUTCMilliseconds()],
        [4 * DAY, 7 * DAY, DAY, 1, (time) => time.getUTCDay() + 1],
      ];
      for (const [offset, cycle, unit, base, oracle] of clocks) {
        kernels.cycleI64(ptr, n, BigInt(offset), BigInt(cycle), BigInt(unit), BigInt(base), out);
        expectRows(
          readLongs(bench, out, n),
          values.map((value) => BigInt(oracle(new Date(value)))),
        );
      }
    });
  });

  test("the Monday of a week is a Monday", () => {
    const ptr = bench.put(BigInt64Array.from(times(500, seeded(1)), BigInt));
    const out = bench.room(4000);
    kernels.floorToI64(ptr, 500, BigInt(7 * DAY), BigInt(4 * DAY), out);
    expect(Array.from(readLongs(bench, out, 500)).every((value) => new Date(Number(value)).getUTCDay() === 1)).toBe(
      true,
    );
  });
});
