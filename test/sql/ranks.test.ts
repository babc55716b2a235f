// ROW_NUMBER() OVER (…) cut by WHERE or QUALIFY: plans that equal the API's, and results worked out by hand.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DataStream, Millrace } from "../../src/node.js";

const folder = mkdtempSync(join(tmpdir(), "millrace-ranks-"));
let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
  const rows = [
    { ts: "2026-01-01 00:00:01", k: "a", x: 5 },
    { ts: "2026-01-01 00:00:04", k: "a", x: 7 },
    { ts: "2026-01-01 00:00:02", k: "b", x: 7 },
    { ts: "2026-01-01 00:00:03", k: "a", x: 7 },
    { ts: "2026-01-01 00:00:04", k: "a", x: null },
    { ts: "2026-01-01 00:00:05", k: "b", x: 1 },
  ];
  writeFileSync(join(folder, "t.ndjson"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  await last(`CREATE TABLE t (ts TIMESTAMP(3), k STRING, x INT, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
    WITH ('connector' = 'filesystem', 'path' = '${join(folder, "t.ndjson")}')`);
});
afterAll(async () => {
  await mill.close();
  rmSync(folder, { recursive: true });
});

async function last(sql: string): Promise<unknown> {
  let result: unknown;
  for await (const each of mill.script(sql)) result = each;
  return result;
}

async function rowsOf(sql: string): Promise<string[]> {
  const stream = (await last(sql)) as DataStream;
  const all: string[][] = [];
  for (const batchRows of [1, 7, 8192]) {
    const rows = await stream.toArray({ batchRows });
    all.push(rows.map((row) => Object.values(row).join(" ")).sort());
  }
  expect(all[1]).toEqual(all[0]);
  expect(all[2]).toEqual(all[0]);
  return all[0] as string[];
}

const ranked = (by: string) => `(SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ${by}) AS place FROM t) AS r`;

test.each<[string, string[]]>([
  [`SELECT k, x, place FROM ${ranked("x DESC, ts")} WHERE place <= 2`, ["a 7 1", "a 7 2", "b 1 2", "b 7 1"]],
  [`SELECT k, x FROM ${ranked("x DESC")} WHERE place < 2`, ["a 7", "b 7"]],
  [`SELECT k, x FROM ${ranked("x")} WHERE 1 = place AND x IS NOT NULL`, ["b 1"]],
  [`SELECT k, x, place FROM ${ranked("x")} WHERE place BETWEEN 2 AND 3`, ["a 5 2", "a 7 3", "b 7 2"]],
  [`SELECT k, place FROM ${ranked("x")} WHERE place >= 2 AND place <= 2`, ["a 2", "b 2"]],
  [`SELECT k FROM ${ranked("x")} WHERE place < 1`, []],
  [`SELECT k, EXTRACT(SECOND FROM ts) FROM ${ranked("ts")} WHERE place = 1`, ["a 1", "b 2"]],
  // S81: of two rows of one time the last to come is the latest.
  [`SELECT k, EXTRACT(SECOND FROM ts), x FROM ${ranked("ts DESC")} WHERE place = 1`, ["a 4 ", "b 5 1"]],
  [`SELECT k, x FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY x DESC NULLS LAST) = 1`, ["a 7", "b 7"]],
  ["SELECT k, x, ROW_NUMBER() OVER w AS n FROM t WINDOW w AS (ORDER BY x DESC, ts) QUALIFY n <= 1", ["b 7 1"]],
  [
    "SELECT k, n FROM (SELECT k, COUNT(*) AS n, ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC) AS place FROM t GROUP BY k) AS g WHERE place = 1",
    ["a 4"],
  ],
])("%s", async (sql, wanted) => {
  expect(await rowsOf(sql)).toEqual(wanted);
});

test("S81 keep-last: a new last row is an update, and a tie in time takes the later arrival", async () => {
  const stream = (await last(`SELECT k, x FROM ${ranked("ts DESC")} WHERE place = 1`)) as DataStream;
  expect(await stream.changelog().toArray({ batchRows: 1 })).toEqual([
    { k: "a", x: 5, op: "+I" },
    { k: "a", x: 5, op: "-U" },
    { k: "a", x: 7, op: "+U" },
    { k: "b", x: 7, op: "+I" },
    { k: "a", x: 7, op: "-U" },
    { k: "a", x: null, op: "+U" },
    { k: "b", x: 7, op: "-U" },
    { k: "b", x: 1, op: "+U" },
  ]);
});

test("EXPLAIN says how many rows are kept, and the first by time is a deduplication", async () => {
  const explain = async (by: string, filter: string) =>
    String(await last(`EXPLAIN SELECT k FROM ${ranked(by)} WHERE ${filter}`));
  expect(await explain("x DESC", "place <= 3")).toContain("state: 3 rows a key");
  expect(await explain("ts", "place = 1")).toContain("deduplicate k");
});

test.each([
  ["SELECT k FROM t WHERE ROW_NUMBER() OVER (ORDER BY x) = 1", "TYPE", "ORDER"],
  ["SELECT ROW_NUMBER() OVER (PARTITION BY k) FROM t", "TYPE", "ROW_NUMBER"],
  ["SELECT ROW_NUMBER() OVER nothing FROM t", "UNKNOWN_TABLE", "nothing"],
  ["SELECT NTILE(4) OVER (ORDER BY x) FROM t", "UNKNOWN_FUNCTION", "NTILE"],
])("refused at its place: %s", async (sql, code, at) => {
  const refused = last(sql);
  await expect(refused).rejects.toMatchObject({ code });
  const { at: place } = (await refused.catch((error: unknown) => error)) as { at: { column: number } };
  expect(place.column).toBe(sql.indexOf(at) + 1);
});
