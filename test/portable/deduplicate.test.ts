// Deduplication in every host: the same first rows and the same late rows in Node and in a page.
import { count, Millrace, tumble } from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

const ROWS = Array.from({ length: 3000 }, (_, n) => ({
  at: new Date(1_000_000 + n * 10 - ((n * 7919) % 97)),
  id: `event-${n % 2 === 0 ? n : Math.max(0, n - 51)}`,
}));

test.each([1, 7, 8192])("S45 every event is counted once (batches of %i)", async (batchRows) => {
  const once = mill.rows(ROWS, { time: "at", outOfOrder: "100ms" }).deduplicate("id", { within: "1m" });
  const [counts, firsts] = [mill.memory(), mill.memory()];
  const windows = once.window(tumble("1s")).aggregate({ n: count() });
  const result = await windows.to(counts).and(once.select("id").to(firsts)).run({ batchRows });
  const ids = new Set(ROWS.map(({ id }) => id));
  expect(result).toMatchObject({ lateRows: 0, duplicateRows: ROWS.length - ids.size });
  expect(new Set(firsts.toRows().map(({ id }) => id))).toEqual(ids);
  expect(firsts.rowCount).toBe(ids.size);
  expect(counts.toRows().reduce((sum, { n }) => sum + Number(n), 0)).toBe(ids.size);
});

test("S45 without event time the first to arrive goes on", async () => {
  const rows = await mill
    .rows([{ k: 2 }, { k: 1 }, { k: 2 }, { k: null }, { k: null }])
    .deduplicate("k")
    .toArray();
  expect(rows).toEqual([{ k: 2 }, { k: 1 }, { k: null }]);
});
