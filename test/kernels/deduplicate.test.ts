// Kernels of deduplication (assembly/deduplicate.ts, assembly/sort.ts, firstBehind) against loops over Maps and sorted arrays.
import { beforeEach, describe, expect, test } from "vitest";
import { expectRows, readInts, readLongs } from "./columns.js";
import { type Bench, forEachVariant, SIZES, seeded } from "./harness.js";

const NONE = -(2n ** 63n);
const sizes = SIZES.filter((n) => n <= 200 || n === 8193);

forEachVariant(({ kernels, account, put, room, ...bench }: Bench) => {
  const read = { kernels, account, put, room, ...bench };
  beforeEach(() => account.arena.reset());

  describe.each(sizes)("%i rows", (n) => {
    const random = seeded(n + 5);
    const times = BigInt64Array.from({ length: n }, () => BigInt(Math.floor((random() - 0.5) * n)));

    test("the order of times, rows of one time as they came", () => {
      const orders = [times, times.toSorted(), times.toSorted().reverse(), new BigInt64Array(n)];
      for (const some of orders) {
        const [rows, scratch] = [room(n * 4), room(n * 4)];
        const moved = kernels.sortTimes(put(some), n, rows, scratch);
        const wanted = [...some.keys()].sort((a, b) => Number((some[a] as bigint) - (some[b] as bigint)) || a - b);
        expectRows(readInts(read, rows, n), wanted);
        expect(moved).toBe(wanted.every((row, at) => row === at) ? 0 : 1);
      }
    });

    test.each([1, 7, Number.POSITIVE_INFINITY])(
      "first rows count for %d ms, and are forgotten in the order of time",
      (within) => {
        const ordered = times.toSorted();
        const groups = Uint32Array.from({ length: n }, () => Math.floor(random() * 9));
        const [firsts, kept] = [put(new BigInt64Array(9).fill(NONE)), room(n * 4)];
        const at = put(ordered);
        const known = new Map<number, bigint>();
        const wanted = [...ordered.keys()].filter((row) => {
          const [group, time] = [groups[row] as number, ordered[row] as bigint];
          const first = known.get(group);
          if (first !== undefined && Number(time - first) < within) return false;
          known.set(group, time);
          return true;
        });
        const count = kernels.keepFirsts(at, put(groups), n, firsts, within, kept);
        expectRows(readInts(read, kept, count), wanted);
        expectRows(
          readLongs(read, firsts, 9),
          [...new Array(9).keys()].map((group) => known.get(group) ?? NONE),
        );

        const [queue, owners] = [
          wanted.map((row) => ordered[row] as bigint),
          wanted.map((row) => groups[row] as number),
        ];
        const until = Number(ordered[n >> 1] ?? 0n);
        const end = queue.filter((time) => Number(time) <= until).length;
        const list = put(Uint32Array.from(owners));
        const queued = put(BigInt64Array.from(queue));
        expect(kernels.forgetFirsts(queued, list, 0, count, until, firsts)).toBe(end);
        const left = [...new Array(9).keys()].map((group) => {
          const first = known.get(group) ?? NONE;
          return Number(first) <= until ? NONE : first;
        });
        expectRows(readLongs(read, firsts, 9), left);
        expect(kernels.forgetFirsts(queued, list, end, count, Number.POSITIVE_INFINITY, firsts)).toBe(count);
        expectRows(
          readLongs(read, firsts, 9),
          left.map(() => NONE),
        );
      },
    );

    test.each([1, 1000])("the first row behind a watermark not sent, %i units to the millisecond", (units) => {
      const fine = times.map((time) => time * BigInt(units) + BigInt(Math.floor(random() * units)));
      const at = put(fine);
      const ms = Array.from(times, Number);
      for (const [maxMs, othersMs, delayMs, sentMs, read] of [
        [-9.2e15, 9.2e15, 0, -9.2e15, false],
        [-9.2e15, 9.2e15, 5, -3, true],
        [2, 9.2e15, 3, -1, false],
        [0, 4, 1, -1, true],
      ] as const) {
        const aheadMs = n % 3;
        const floorMs = read ? -9.2e15 : sentMs;
        for (const from of [0, n >> 2]) {
          let top = maxMs as number;
          let wanted = n;
          for (let row = from; row < n && wanted === n; row++) {
            const time = ms[row] as number;
            // What was there before the first of the rows has been sent.
            const watermark = top === maxMs ? sentMs : Math.min(top, othersMs) - delayMs;
            if (watermark > sentMs && time < watermark + aheadMs && time >= floorMs) wanted = row;
            top = Math.max(top, time);
          }
          const found = kernels.firstBehind(at, from, n, maxMs, othersMs, delayMs, sentMs, floorMs, aheadMs, units);
          expect(found).toBe(wanted);
        }
      }
    });
  });
});
