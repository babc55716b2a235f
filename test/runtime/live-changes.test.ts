// Live tables over results that are updated: changes put rows under their keys and take them away; print tables show each.
import { expect, test } from "vitest";
import { col, count, Millrace, Pipeline, sum } from "../../src/node.js";

const ROWS = [
  { k: "a", v: 1 },
  { k: "b", v: 2 },
  { k: "a", v: 3 },
  { k: "a", v: -4 },
];

test.each([1, 7, 8192])("a table with a key follows groups of endless input (batches of %i)", async (batchRows) => {
  await using mill = await Millrace.open();
  async function* endless() {
    yield* ROWS;
    await new Promise(() => undefined);
  }
  const table = mill.memory<{ k: string; n: number; total: number }>({ key: "k" });
  const groups = mill
    .from(endless(), { schema: { k: "STRING", v: "BIGINT" } })
    .groupBy("k")
    .aggregate({ n: count(), total: sum("v") })
    .where(col("total").gt(0));
  expect(await groups.traits()).toEqual({ bounded: false, updating: true, key: ["k"] });
  const seen: unknown[] = [];
  table.subscribe(({ snapshot, changes }) => seen.push(snapshot ?? changes), { everyMs: 1 });
  const job = groups.to(table).start({ batchRows });
  job.done.catch(() => undefined);
  // The total of a is 0 in the end: it is gone, whether or not it was there.
  while (!(table.rowCount === 1 && table.toRows()[0]?.k === "b"))
    await new Promise((resolve) => setTimeout(resolve, 2));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(table.toRows()).toEqual([{ k: "b", n: 1, total: 2 }]);
  expect(seen.length).toBeGreaterThan(0);
  await job.cancel();
});

test("over bounded input it holds in the end what the groups are", async () => {
  await using mill = await Millrace.open();
  const table = mill.memory<{ k: string; n: number }>({ key: "k" });
  for (const batchRows of [1, 7, 8192]) {
    await mill.rows(ROWS).groupBy("k").aggregate({ n: count() }).to(table).run({ batchRows });
    expect(table.toRows().toSorted((a, b) => (a.k < b.k ? -1 : 1))).toEqual([
      { k: "a", n: 3 },
      { k: "b", n: 1 },
    ]);
  }
});

test("a print table shows every change", async () => {
  await using mill = await Millrace.open();
  mill.table("rows_in", mill.rows(ROWS));
  const sql = `CREATE TABLE shown (k STRING, n BIGINT) WITH ('connector' = 'print');
    INSERT INTO shown SELECT k, COUNT(*) FROM rows_in GROUP BY k`;
  let text = "";
  const write = process.stdout.write;
  process.stdout.write = ((chunk: Uint8Array | string, ...rest: unknown[]) => {
    text += typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
    const done = rest.at(-1);
    if (typeof done === "function") done();
    return true;
  }) as typeof process.stdout.write;
  try {
    for await (const result of mill.script(sql)) if (result instanceof Pipeline) await result.run({ batchRows: 1 });
  } finally {
    process.stdout.write = write;
  }
  const lines = text.split("\n").map((line) => line.trim().split(/ +/));
  expect(lines.slice(0, 1)).toEqual([["op", "k", "n"]]);
  expect(lines.slice(2, -1)).toEqual([
    ["+I", "a", "1"],
    ["+I", "b", "1"],
    ["-U", "a", "1"],
    ["+U", "a", "2"],
    ["-U", "a", "2"],
    ["+U", "a", "3"],
  ]);
});
