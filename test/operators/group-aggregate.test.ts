// Groups without a window: every change of a result, once a batch, and what holds in the end.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { avg, col, count, Millrace, max, min, sum } from "../../src/node.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

const SCHEMA = { k: "STRING", x: "BIGINT" } as const;
type Input = { k: string | null; x: number | null };

function grouped(rows: readonly Input[]) {
  return mill
    .from(rows, { schema: SCHEMA })
    .groupBy("k")
    .aggregate({ n: count(), total: sum("x"), least: min("x"), most: max("x"), mean: avg("x") });
}

test("each row of a batch of its own updates its group", async () => {
  const rows = [
    { k: "a", x: 1 },
    { k: "b", x: null },
    { k: "a", x: 4 },
  ];
  const stream = mill
    .from(rows, { schema: SCHEMA })
    .groupBy("k")
    .aggregate({ n: count(), total: sum("x") });
  expect(await stream.changelog().toArray({ batchRows: 1 })).toEqual([
    { k: "a", n: 1, total: 1, op: "+I" },
    { k: "b", n: 1, total: null, op: "+I" },
    { k: "a", n: 1, total: 1, op: "-U" },
    { k: "a", n: 2, total: 5, op: "+U" },
  ]);
});

test("a batch is one change for each of its groups, in the order in which it has them", async () => {
  const rows = ["b", "a", "b", "c", "a", "a"].map((k) => ({ k, x: 1 }));
  const stream = mill.from(rows, { schema: SCHEMA }).groupBy("k").aggregate({ n: count() });
  expect(await stream.changelog("kind").toArray({ batchRows: 4 })).toEqual([
    { k: "b", n: 2, kind: "+I" },
    { k: "a", n: 1, kind: "+I" },
    { k: "c", n: 1, kind: "+I" },
    { k: "a", n: 1, kind: "-U" },
    { k: "a", n: 3, kind: "+U" },
  ]);
});

test("S79 a result that stays as it was is no change", async () => {
  const rows = [3, 1, 2, 5].map((x) => ({ k: "a", x }));
  const stream = mill
    .from(rows, { schema: SCHEMA })
    .groupBy("k")
    .aggregate({ most: max("x") });
  expect(await stream.changelog().toArray({ batchRows: 1 })).toEqual([
    { k: "a", most: 3, op: "+I" },
    { k: "a", most: 3, op: "-U" },
    { k: "a", most: 5, op: "+U" },
  ]);
});

test("S50 one row without keys over no rows, none with keys", async () => {
  const none = mill.from([] as Input[], { schema: SCHEMA });
  const all = none.aggregate({ n: count(), total: sum("x") });
  expect(await all.changelog().toArray()).toEqual([{ n: 0, total: null, op: "+I" }]);
  expect(await all.toArray()).toEqual([{ n: 0, total: null }]);
  expect(await none.groupBy("k").aggregate({ n: count() }).changelog().toArray()).toEqual([]);
});

test("filters, projections and unions pass changes on; what they add is an insertion", async () => {
  const rows = ["a", "a", "b"].map((k) => ({ k, x: 1 }));
  const counts = mill.from(rows, { schema: SCHEMA }).groupBy("k").aggregate({ n: count() });
  const others = mill.from([{ k: "z", n: 9 }], { schema: { k: "STRING", n: "BIGINT NOT NULL" } });
  const stream = counts
    .where(col("n").lt(2))
    .union(others)
    .select({ key: col("k"), twice: col("n").mul(2) });
  const changes = await stream.changelog().toArray({ batchRows: 1 });
  expect(changes.toSorted((a, b) => String(a.key).localeCompare(String(b.key)))).toEqual([
    { key: "a", twice: 2, op: "+I" },
    { key: "a", twice: 2, op: "-U" },
    { key: "b", twice: 2, op: "+I" },
    { key: "z", twice: 18, op: "+I" },
  ]);
  expect((await stream.toArray()).toSorted((a, b) => Number(a.twice) - Number(b.twice))).toEqual([
    { key: "b", twice: 2 },
    { key: "z", twice: 18 },
  ]);
});

test("changes and what holds in the end, of one stream in one program", async () => {
  const rows = ["a", "a"].map((k) => ({ k, x: 1 }));
  const counts = mill.from(rows, { schema: SCHEMA }).groupBy("k").aggregate({ n: count() });
  const [ends, changes] = [mill.memory(), mill.memory()];
  await counts.to(ends).and(counts.changelog().to(changes)).run({ batchRows: 1 });
  expect(await ends.toArray()).toEqual([{ k: "a", n: 2 }]);
  expect((await changes.toArray()).map(({ op }) => op)).toEqual(["+I", "-U", "+U"]);
});

test("sums that do not fit follow the row policy", async () => {
  const rows = [2n ** 62n, 2n ** 62n].map((x) => ({ k: "a", x }));
  const stream = mill
    .from(rows, { schema: SCHEMA })
    .groupBy("k")
    .aggregate({ total: sum("x") });
  await expect(stream.changelog().toArray({ batchRows: 1, bigint: true })).rejects.toMatchObject({ code: "OVERFLOW" });
});

/** What the changes leave: a bag of rows, each taken away by one that is equal to it. */
function applied(changes: readonly { op: string }[]): string[] {
  const bag: string[] = [];
  for (const { op, ...row } of changes) {
    const text = JSON.stringify(row);
    if (op === "+I" || op === "+U") bag.push(text);
    else {
      const at = bag.indexOf(text);
      expect(at, `${op} ${text} of ${bag.join(" ")}`).toBeGreaterThanOrEqual(0);
      bag.splice(at, 1);
    }
  }
  return bag.sort();
}

/** The groups by plain loops. */
function expected(rows: readonly Input[]): string[] {
  const keys = [...new Set(rows.map(({ k }) => k))];
  return keys
    .map((k) => {
      const own = rows.filter((row) => row.k === k);
      const values = own.flatMap(({ x }) => (x === null ? [] : [x]));
      const total = values.length === 0 ? null : values.reduce((a, b) => a + b, 0);
      return JSON.stringify({
        k,
        n: own.length,
        total,
        least: values.length === 0 ? null : Math.min(...values),
        most: values.length === 0 ? null : Math.max(...values),
        mean: total === null ? null : total / values.length,
      });
    })
    .sort();
}

test("changes leave what holds, at every batch size", async () => {
  const row = fc.record({
    k: fc.constantFrom("a", "b", "c", "d", null),
    x: fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constant(null)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 60 }), fc.constantFrom(1, 7, 8192), async (rows, batchRows) => {
      const stream = grouped(rows);
      const ends = await stream.toArray({ batchRows });
      const changes = await stream.changelog().toArray({ batchRows });
      expect(ends.map((end) => JSON.stringify(end)).sort()).toEqual(expected(rows));
      expect(applied(changes)).toEqual(expected(rows));
    }),
    { numRuns: 60 },
  );
});
