// docs/reference/sql-differences.md, line by line: where Millrace's answer is another than Flink's.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DataStream, Millrace } from "../../src/node.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

async function valuesOf(sql: string): Promise<unknown[][]> {
  let last: unknown;
  for await (const result of mill.script(sql)) last = result;
  return (await (last as DataStream).toArray({ bigint: true })).map((row) => Object.values(row));
}

const EVENTS = `CREATE VIEW IF NOT EXISTS n AS SELECT * FROM (VALUES (1), (2147483647)) AS v (x);`;

test.each<[string, unknown[][]]>([
  ["SELECT SUM(x) AS total FROM n", [[2_147_483_648n]]],
  ["SELECT AVG(x) AS mean FROM (VALUES (1), (2)) AS t (x)", [[1.5]]],
  ["SELECT x = x AS same, x > 1e300 AS greatest FROM (SELECT CAST('NaN' AS DOUBLE) AS x) AS t", [[true, true]]],
  ["SELECT COUNT(*) AS n FROM (SELECT DISTINCT x FROM (VALUES (0e0), (-0e0)) AS t (x)) AS u", [[1n]]],
  ["SELECT k, COUNT(*) AS n FROM (VALUES ('a'), ('a')) AS t (k) GROUP BY 1", [["a", 2n]]],
  ["SELECT k, COUNT(*) AS n FROM (VALUES ('a'), ('a')) AS t (k) GROUP BY ALL", [["a", 2n]]],
  ["SELECT * EXCLUDE (b) REPLACE (a + 1 AS a) FROM (VALUES (1, 2)) AS t (a, b)", [[2]]],
])("%s", async (sql, rows) => {
  expect(await valuesOf(EVENTS + sql)).toEqual(rows);
});

test("integers are not divided by zero, and sums do not wrap", async () => {
  await expect(valuesOf("SELECT x / 0 AS q FROM (VALUES (1)) AS t (x)")).rejects.toMatchObject({
    code: "DIVISION_BY_ZERO",
  });
  const beyond = "SELECT SUM(x) AS total FROM (VALUES (9223372036854775807), (1)) AS t (x)";
  await expect(valuesOf(beyond)).rejects.toMatchObject({ code: "OVERFLOW" });
});
