// ORDER BY, LIMIT and OFFSET of statements: results worked out by hand, in order, at batches of 1, 7 and 8,192.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DataStream, Millrace } from "../../src/node.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
  await last(`CREATE VIEW v AS SELECT k, x, name FROM (VALUES
    ('a', 3, 'b'), ('b', 1, 'ab'), ('a', NULL, 'é'), ('c', 2, 'a'), ('b', 3, NULL)) AS t (k, x, name)`);
});
afterAll(() => mill.close());

async function last(sql: string): Promise<unknown> {
  let result: unknown;
  for await (const each of mill.script(sql)) result = each;
  return result;
}

async function rowsOf(sql: string): Promise<unknown[][]> {
  const stream = (await last(sql)) as DataStream;
  const all: unknown[][][] = [];
  for (const batchRows of [1, 7, 8192])
    all.push((await stream.toArray({ batchRows })).map((row) => Object.values(row)));
  expect(all[1]).toEqual(all[0]);
  expect(all[2]).toEqual(all[0]);
  return all[0] as unknown[][];
}

test.each<[string, string, unknown[]]>([
  ["S51 NULLs are low", "SELECT x FROM v ORDER BY x", [null, 1, 2, 3, 3]],
  ["S51 and so last downwards", "SELECT x FROM v ORDER BY x DESC", [3, 3, 2, 1, null]],
  ["S51 unless said otherwise", "SELECT x FROM v ORDER BY x NULLS LAST", [1, 2, 3, 3, null]],
  ["S51 downwards, too", "SELECT x FROM v ORDER BY x DESC NULLS FIRST", [null, 3, 3, 2, 1]],
  ["S63 texts by their bytes", "SELECT name FROM v ORDER BY name DESC", ["é", "b", "ab", "a", null]],
  ["several keys", "SELECT k FROM v ORDER BY k DESC, x", ["c", "b", "b", "a", "a"]],
  ["a column that is not selected", "SELECT name FROM v ORDER BY x DESC, k LIMIT 2", ["b", null]],
  ["an expression", "SELECT x FROM v WHERE x IS NOT NULL ORDER BY -x, k", [3, 3, 2, 1]],
  ["a place", "SELECT k, x FROM v ORDER BY 2 LIMIT 1", ["a"]],
  ["an alias", "SELECT x + 1 AS y FROM v ORDER BY y LIMIT 2 OFFSET 1", [2, 3]],
  ["an aggregate", "SELECT k FROM v GROUP BY k ORDER BY COUNT(*) DESC, k", ["a", "b", "c"]],
  ["an aggregate by its name", "SELECT k, SUM(x) AS s FROM v GROUP BY k ORDER BY s DESC LIMIT 1", ["b"]],
  ["a union", "SELECT k FROM v UNION SELECT 'd' ORDER BY k DESC", ["d", "c", "b", "a"]],
  ["values", "SELECT * FROM (VALUES (2), (1)) AS t (n) ORDER BY n", [1, 2]],
  ["FETCH", "SELECT x FROM v ORDER BY x DESC FETCH FIRST 2 ROWS ONLY", [3, 3]],
  ["a limit alone", "SELECT x FROM v LIMIT 2", [3, 1]],
  ["an offset alone", "SELECT x FROM v OFFSET 3", [2, 3]],
  ["no rows", "SELECT x FROM v ORDER BY x LIMIT 0", []],
  ["in a subquery", "SELECT MAX(x) FROM (SELECT x FROM v ORDER BY x LIMIT 3) AS t", [2]],
  ["with DISTINCT", "SELECT DISTINCT k FROM v ORDER BY k DESC", ["c", "b", "a"]],
])("%s: %s", async (_, sql, wanted) => {
  expect((await rowsOf(sql)).map(([first]) => first)).toEqual(wanted);
});

test.each([
  ["SELECT k FROM v ORDER BY 2", "OPTION", "2"],
  ["SELECT DISTINCT k FROM v ORDER BY x", "TYPE", "x"],
  ["SELECT k FROM v LIMIT 1.5", "OPTION", "1.5"],
  ["SELECT k FROM v ORDER BY nothing", "UNKNOWN_COLUMN", "nothing"],
])("refused at its place: %s", async (sql, code, at) => {
  const refused = last(sql);
  await expect(refused).rejects.toMatchObject({ code });
  await expect(refused).rejects.toMatchObject({ at: { column: sql.lastIndexOf(at) + 1 } });
});
