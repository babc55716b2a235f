// Queries in conditions and as values: what is refused, at its place, and S48 worked out by hand. Random ones: test/duckdb.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DataStream, Millrace } from "../../src/node.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
  const tables = `
    CREATE VIEW t AS SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (CAST(NULL AS INT), 'c')) AS v (x, k);
    CREATE VIEW u AS SELECT * FROM (VALUES (1, 'a', 10), (1, 'a', 20), (3, 'b', 30)) AS v (x, k, n);
    CREATE VIEW nulls AS SELECT * FROM (VALUES (1), (CAST(NULL AS INT))) AS v (y);
    CREATE VIEW none AS SELECT y FROM nulls WHERE y > 5;`;
  for await (const _ of mill.script(tables)) throw new Error("views give nothing");
});
afterAll(() => mill.close());

async function streamOf(sql: string): Promise<DataStream> {
  let last: unknown;
  for await (const result of mill.script(sql)) last = result;
  return last as DataStream;
}

async function rowsOf(sql: string): Promise<string[]> {
  const stream = await streamOf(sql);
  const all: string[][] = [];
  for (const batchRows of [1, 7, 8192]) {
    const rows = await stream.toArray({ batchRows });
    all.push(rows.map((row) => Object.values(row).map(String).join(" ")).sort());
  }
  expect(all[1]).toEqual(all[0]);
  expect(all[2]).toEqual(all[0]);
  return all[0] as string[];
}

describe("S48 NOT IN", () => {
  test.each<[string, string[]]>([
    // NULL on the left gives no row, unless the right side is empty.
    ["SELECT k FROM t WHERE x NOT IN (SELECT x FROM u)", ["b"]],
    ["SELECT k FROM t WHERE x NOT IN (SELECT y FROM none)", ["a", "b", "c"]],
    // NULL on the right gives nothing.
    ["SELECT k FROM t WHERE x NOT IN (SELECT y FROM nulls)", []],
    ["SELECT k FROM t WHERE x IN (SELECT y FROM nulls)", ["a"]],
    ["SELECT k FROM t WHERE NOT x IN (SELECT n FROM u WHERE n > 15)", ["a", "b"]],
  ])("%s", async (sql, rows) => {
    expect(await rowsOf(sql)).toEqual(rows);
  });
});

test.each<[string, string[]]>([
  ["SELECT k FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.k = t.k AND u.n > 15)", ["a", "b"]],
  ["SELECT k FROM t WHERE NOT EXISTS (SELECT * FROM u WHERE u.k = t.k) AND x IS NULL", ["c"]],
  ["SELECT k, (SELECT SUM(n) FROM u WHERE u.k = t.k) AS total FROM t", ["a 30", "b 30", "c null"]],
  ["SELECT k, (SELECT COUNT(*) FROM u WHERE u.k = t.k) + 1 AS many FROM t", ["a 3", "b 2", "c 1"]],
  ["SELECT * FROM t WHERE x = (SELECT MIN(x) FROM u)", ["1 a"]],
  ["SELECT k FROM t WHERE x < (SELECT AVG(n) FROM u) AND k IN (SELECT k FROM u GROUP BY k HAVING COUNT(*) > 1)", ["a"]],
  // A name of the query itself comes before one of the rows around it.
  ["SELECT k FROM t WHERE EXISTS (SELECT 1 FROM u WHERE k = 'b' AND u.x = t.x + 1)", ["b"]],
  [
    "SELECT k FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.x = t.x AND EXISTS (SELECT 1 FROM nulls WHERE y = u.x))",
    ["a"],
  ],
])("%s", async (sql, rows) => {
  expect(await rowsOf(sql)).toEqual(rows);
});

test.each([
  ["SELECT k FROM t WHERE x IN (SELECT x, n FROM u)", "TYPE", "IN compares one value, the query gives 2"],
  ["SELECT k FROM t WHERE x = (SELECT n FROM u)", "UNSUPPORTED", "may have several rows"],
  ["SELECT k FROM t WHERE x = 1 OR EXISTS (SELECT 1 FROM u)", "UNSUPPORTED", "EXISTS inside of another condition"],
  ["SELECT k, COUNT(*) AS n, (SELECT MAX(n) FROM u) AS m FROM t GROUP BY k", "UNSUPPORTED", "beside groups"],
  ["SELECT k, (SELECT MAX(n) FROM u WHERE u.x > t.x) AS m FROM t", "UNSUPPORTED", "otherwise"],
  ["SELECT k FROM t WHERE x NOT IN (SELECT x FROM u WHERE u.k = t.k)", "UNSUPPORTED", "NOT IN of a query that reads"],
  ["SELECT k FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.zip = t.k)", "UNKNOWN_COLUMN", 'no column "zip"'],
])("%s is refused", async (sql, code, message) => {
  const error = await streamOf(sql).catch((refused: unknown) => refused);
  expect(error).toMatchObject({ code, message: expect.stringContaining(message), hint: expect.any(String) });
});
