// SQL on every host: what reads it is loaded with the first query, and its programs leave the page as others do.
import { Millrace, Pipeline } from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
  mill.table("trades", mill.generate({ schema: { ts: "TIMESTAMP(3)", n: "BIGINT" }, rows: 10_000, time: "ts" }));
});
afterAll(() => mill.close());

test("a query with values over a table of the program", async () => {
  const rows = mill.sql.rows({ n: "BIGINT NOT NULL" })`SELECT COUNT(*) AS n FROM trades WHERE ts >= ${new Date(
    Date.UTC(2026, 0, 1, 0, 0, 5),
  )}`;
  expect(await rows.toArray()).toEqual([{ n: 5000 }]);
});

test("it runs where the engine's other programs run", async () => {
  const table = mill.memory();
  const job = mill.sql`SELECT n FROM trades WHERE n < ${50}`.to(table).start();
  await job.done;
  expect(job.mode.thread).toBe(typeof document === "undefined" ? "main" : "worker");
  expect(table.rowCount).toBeGreaterThan(1000);
  expect(table.toRows().every(({ n }) => Number(n) < 50)).toBe(true);
});

test("what only the page has keeps a query there", async () => {
  const table = mill.memory();
  const job = mill.sql`SELECT a + 1 AS b FROM ${mill.rows([{ a: 1 }])}`.to(table).start();
  await job.done;
  expect(job.mode.thread).toBe("main");
  expect(table.toRows()).toEqual([{ b: 2 }]);
});

test("statements and queries share their tables", async () => {
  const table = mill.memory();
  mill.table("sums", table);
  const text = `CREATE VIEW few AS SELECT n FROM trades WHERE n < 10;
    INSERT INTO sums SELECT n, COUNT(*) AS count_n FROM few GROUP BY n`;
  for await (const result of mill.script(text)) if (result instanceof Pipeline) await result.run();
  const sums = table.toRows().reduce((sum, { count_n }) => sum + Number(count_n), 0);
  expect(await mill.sql`SELECT COUNT(*) AS n FROM few`.toArray()).toEqual([{ n: sums }]);
});

test("errors have their place", async () => {
  await expect(mill.sql`SELECT x FROM trades`.toArray()).rejects.toMatchObject({
    code: "UNKNOWN_COLUMN",
    at: { line: 1, column: 8 },
  });
});
