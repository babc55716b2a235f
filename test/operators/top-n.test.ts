// Rankings: what is told of each change, what holds in the end, whichever way the rows come.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { count, desc, Millrace, sum } from "../../src/node.js";
import { law } from "../semantics/support.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

const SCHEMA = { k: "STRING", x: "BIGINT", t: "INT" } as const;
type Input = { k: string | null; x: number | null; t: number };

const from = (rows: readonly Input[]) => mill.from(rows, { schema: SCHEMA });
const rowsOf = (...xs: (readonly [k: string, x: number | null])[]): Input[] => xs.map(([k, x], t) => ({ k, x, t }));

test("S77 without its place a row only enters or leaves", async () => {
  const rows = rowsOf(["a", 5], ["a", 7], ["a", 6], ["a", 1], ["b", 2]);
  const top = from(rows).groupBy("k").top(2, desc("x")).select("k", "x");
  expect(await top.changelog().toArray({ batchRows: 1 })).toEqual([
    { k: "a", x: 5, op: "+I" },
    { k: "a", x: 7, op: "+I" },
    { k: "a", x: 5, op: "-D" },
    { k: "a", x: 6, op: "+I" },
    { k: "b", x: 2, op: "+I" },
  ]);
});

test("S77 with its place every row that moves is an update", async () => {
  const rows = rowsOf(["a", 5], ["a", 7], ["a", 6]);
  const top = from(rows).groupBy("k").top(2, desc("x"), { rank: "place" }).select("x", "place");
  expect(await top.changelog().toArray({ batchRows: 1 })).toEqual([
    { x: 5, place: 1, op: "+I" },
    { x: 5, place: 1, op: "-U" },
    { x: 7, place: 1, op: "+U" },
    { x: 5, place: 2, op: "+I" },
    { x: 5, place: 2, op: "-U" },
    { x: 6, place: 2, op: "+U" },
  ]);
});

test("a first row that changes is an update; a batch is one change for each key", async () => {
  const rows = rowsOf(["a", 5], ["b", 1], ["a", 7], ["a", 6]);
  const top = from(rows).groupBy("k").top(1, desc("x")).select("k", "x");
  expect(await top.changelog().toArray({ batchRows: 2 })).toEqual([
    { k: "a", x: 5, op: "+I" },
    { k: "b", x: 1, op: "+I" },
    { k: "a", x: 5, op: "-U" },
    { k: "a", x: 7, op: "+U" },
  ]);
});

law("S76 a row that is taken back brings the next one in", async (batchRows) => {
  const sums = from(rowsOf(["a", 5], ["b", 4], ["c", 3], ["a", -5], ["b", 9], ["c", 4]))
    .groupBy("k")
    .aggregate({ total: sum("x") })
    .groupBy()
    .top(2, desc("total"), { rank: "place" });
  const changes = await sums.changelog().toArray({ batchRows });
  const state = new Map<number, unknown>();
  for (const { op, place, ...row } of changes) {
    if (op === "-D") state.delete(place);
    else if (op !== "-U") state.set(place, row);
  }
  expect([...state]).toEqual([
    [1, { k: "b", total: 13 }],
    [2, { k: "c", total: 7 }],
  ]);
  expect(await sums.toArray({ batchRows })).toEqual([
    { k: "b", total: 13, place: 1 },
    { k: "c", total: 7, place: 2 },
  ]);
});

/** The first rows by a plain sort: x down with NULLs last, then as they came. */
function expected(rows: readonly Input[], limit: number, offset: number): (Input & { place: number })[] {
  const keys = [...new Set(rows.map(({ k }) => k))];
  return keys.flatMap((key) =>
    rows
      .filter(({ k }) => k === key)
      .toSorted((a, b) => (a.x === b.x ? 0 : a.x === null ? 1 : b.x === null ? -1 : b.x - a.x))
      .map((row, index) => ({ ...row, place: index + 1 }))
      .slice(offset, offset + limit),
  );
}

const inputs = fc.array(
  fc.record({
    k: fc.constantFrom("a", "b", null),
    x: fc.option(fc.integer({ min: -5, max: 5 }), { nil: null }),
    t: fc.integer({ min: 0, max: 9 }),
  }),
  { maxLength: 60 },
);
const sorted = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();

test.each([1, 7, 8192])("changes and what holds in the end are a sort's, in batches of %i", async (batchRows) => {
  await fc.assert(
    fc.asyncProperty(
      inputs,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 2 }),
      async (rows, limit, offset) => {
        const wanted = expected(rows, limit, offset);
        const grouped = from(rows).groupBy("k");
        const ranked = grouped.top(limit, desc("x"), { rank: "place", offset });
        const plain = grouped.top(limit, desc("x"), { offset });
        expect(sorted(await ranked.toArray({ batchRows }))).toEqual(sorted(wanted));
        const bag = new Map<string, number>();
        for (const { op, ...row } of await plain.changelog().toArray({ batchRows })) {
          const text = JSON.stringify(row);
          bag.set(text, (bag.get(text) ?? 0) + (op === "+I" || op === "+U" ? 1 : -1));
        }
        const left = [...bag].flatMap(([text, times]) => (times >= 0 ? Array(times).fill(text) : ["negative"]));
        expect(left.sort()).toEqual(sorted(wanted.map(({ place: _, ...row }) => row)));
        const places = new Map<string, string>();
        for (const { op, ...row } of await ranked.changelog().toArray({ batchRows })) {
          const key = JSON.stringify([row.k, row.place]);
          if (op === "-U" || op === "-D") expect(places.get(key)).toBe(JSON.stringify(row));
          if (op === "-D") places.delete(key);
          if (op === "+I") expect(places.has(key)).toBe(false);
          if (op === "+I" || op === "+U") places.set(key, JSON.stringify(row));
        }
        expect([...places.values()].sort()).toEqual(sorted(wanted));
      },
    ),
    { numRuns: 40 },
  );
});

test.each([1, 7, 8192])("over results that are updated, in batches of %i", async (batchRows) => {
  await fc.assert(
    fc.asyncProperty(inputs, fc.integer({ min: 1, max: 3 }), async (rows, limit) => {
      const counts = from(rows).groupBy("k", "t").aggregate({ n: count() });
      const top = counts.groupBy("k").top(limit, desc("n"), "t", { rank: "place" });
      const wanted = await top.toArray({ batchRows });
      const places = new Map<string, string>();
      for (const { op, ...row } of await top.changelog().toArray({ batchRows })) {
        const key = JSON.stringify([row.k, row.place]);
        if (op === "-U" || op === "-D") expect(places.get(key)).toBe(JSON.stringify(row));
        if (op === "-D") places.delete(key);
        if (op === "+I" || op === "+U") places.set(key, JSON.stringify(row));
      }
      expect([...places.values()].sort()).toEqual(sorted(wanted));
    }),
    { numRuns: 40 },
  );
});
