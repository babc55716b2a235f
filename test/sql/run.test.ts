// SQL over files, end to end: CREATE TABLE, SELECT, INSERT, EXPLAIN; results worked out by hand, at batches of 1, 7 and 8,192.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DataStream, Millrace, Pipeline } from "../../src/node.js";

const folder = mkdtempSync(join(tmpdir(), "millrace-sql-"));
let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
  const rows = [
    ["00:00:01.000", "A", "1.50", 10],
    ["00:00:02.000", "B", "2.25", 20],
    ["00:00:09.999", "A", "2.50", 30],
    ["00:00:10.000", "A", null, 9_007_199_254_740_993n],
  ] as const;
  const lines = rows.map(
    ([time, symbol, price, size], i) =>
      `{"ts":"2026-01-01 ${time}","symbol":"${symbol}","price":${price},"size":${size},"tags":${i === 0 ? '["x","y"]' : "[]"}}\n`,
  );
  writeFileSync(join(folder, "trades.ndjson"), lines.join(""));
  for await (const _ of mill.script(`CREATE TABLE trades (
    ts TIMESTAMP(3), symbol STRING, price DECIMAL(10, 2), size BIGINT, tags ARRAY<STRING>, cost AS price * 2,
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
  ) WITH ('connector' = 'filesystem', 'path' = '${join(folder, "trades.ndjson")}')`)) {
    throw new Error("CREATE gives nothing");
  }
});
afterAll(async () => {
  await mill.close();
  rmSync(folder, { recursive: true });
});

async function lastOf(sql: string): Promise<DataStream | Pipeline | string> {
  const results: (DataStream | Pipeline | string)[] = [];
  for await (const result of mill.script(sql)) results.push(result);
  return results.at(-1) as DataStream | Pipeline | string;
}

async function rowsOf(sql: string): Promise<unknown[]> {
  const stream = (await lastOf(sql)) as DataStream;
  const all: unknown[][] = [];
  for (const batchRows of [1, 7, 8192]) {
    all.push((await stream.toArray({ batchRows, bigint: true })).map((row) => Object.values(row)));
  }
  expect(all[1]).toEqual(all[0]);
  expect(all[2]).toEqual(all[0]);
  return all[0] as unknown[];
}

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

test.each<[string, unknown[]]>([
  [
    "SELECT symbol, price, cost, size FROM trades WHERE symbol = 'A' AND size > 10",
    [
      ["A", "2.50", "5.00", 30n],
      ["A", null, null, 9_007_199_254_740_993n],
    ],
  ],
  [
    "SELECT symbol, COUNT(*) AS n, SUM(price) AS total FROM trades GROUP BY symbol HAVING COUNT(*) > 1",
    [["A", 3n, "4.00"]],
  ],
  [
    "SELECT window_start, window_end, symbol, COUNT(*) AS n FROM TUMBLE(TABLE trades, DESCRIPTOR(ts), INTERVAL '10' SECOND) WHERE symbol = 'A' GROUP BY window_start, window_end, symbol",
    [
      [at(0), at(10), "A", 2n],
      [at(10), at(20), "A", 1n],
    ],
  ],
  [
    "SELECT window_start, window_end, symbol, COUNT(*) AS n FROM SESSION(TABLE trades PARTITION BY symbol, DESCRIPTOR(ts), INTERVAL '5' SECOND) GROUP BY window_start, window_end, symbol",
    [
      [at(1), at(6), "A", 1n],
      [at(2), at(7), "B", 1n],
      [new Date(at(9).getTime() + 999), at(15), "A", 2n],
    ],
  ],
  ["SELECT COUNT(*) FILTER (WHERE price > 2) AS n, COUNT(price) AS p FROM trades", [[2n, 3n]]],
  [
    "SELECT COUNT(DISTINCT symbol) AS s, COUNT(DISTINCT symbol) FILTER (WHERE size < 20) AS few FROM trades",
    [[2n, 1n]],
  ],
  ["SELECT SUM(10 / (size - 10)) FILTER (WHERE size > 10) AS s FROM trades", [[1n]]],
  [
    "SELECT symbol, SUM(DISTINCT size) FILTER (WHERE size > 20) AS s FROM trades WHERE size < 100 GROUP BY symbol HAVING COUNT(DISTINCT price) > 1",
    [["A", 30n]],
  ],
  [
    "SELECT symbol, tag, place FROM trades CROSS JOIN UNNEST(tags) WITH ORDINALITY AS u (tag, place)",
    [
      ["A", "x", 1],
      ["A", "y", 2],
    ],
  ],
  ["SELECT 1 + 1 AS two, UPPER('a') || 'b' AS t", [[2, "Ab"]]],
  [
    "VALUES (1, 'a', 1.5, DATE '2026-01-31', TIMESTAMP '2026-01-31 12:00:00'), (2, NULL, 20, NULL, NULL)",
    [
      [1, "a", "1.5", "2026-01-31", new Date(Date.UTC(2026, 0, 31, 12))],
      [2, null, "20.0", null, null],
    ],
  ],
  ["SELECT DISTINCT LOWER(symbol) AS s FROM trades WHERE symbol = 'A'", [["a"]]],
  ["SELECT size FROM trades WHERE symbol = 'B' UNION ALL VALUES (7)", [[20n], [7n]]],
])("%s", async (sql, expected) => {
  const rows = await rowsOf(sql);
  expect(sql.includes("UNION") ? new Set(rows) : rows).toEqual(sql.includes("UNION") ? new Set(expected) : expected);
});

test("INSERT INTO writes a file with the columns of its table", async () => {
  const path = join(folder, "out.csv");
  const sql = `CREATE TABLE sums (symbol STRING, total DECIMAL(12, 2)) WITH ('connector' = 'filesystem', 'path' = '${path}');
    INSERT INTO sums SELECT symbol, SUM(price) FROM trades WHERE symbol = 'A' GROUP BY symbol`;
  await ((await lastOf(sql)) as Pipeline).run();
  expect(readFileSync(path, "utf8")).toBe("symbol,total\nA,4.00\n");
});

test("EXPLAIN gives the plan and runs nothing", async () => {
  expect(await lastOf("EXPLAIN SELECT symbol FROM trades WHERE size > 10")).toContain("== physical ==");
});

test("groups over an endless table are updated for ever, which rows cannot tell", async () => {
  const stream = (await lastOf(
    "CREATE TABLE endless (k STRING) WITH ('connector' = 'datagen'); SELECT k, COUNT(*) AS n FROM endless GROUP BY k",
  )) as DataStream;
  await expect(stream.toArray()).rejects.toThrow("results that are updated without end");
});

test("a print table and statement sets are pipelines", async () => {
  const sql =
    "CREATE TABLE p (k STRING) WITH ('connector' = 'print'); EXECUTE STATEMENT SET BEGIN INSERT INTO p VALUES ('a'); INSERT INTO p VALUES ('b'); END";
  const pipeline = (await lastOf(sql)) as Pipeline;
  expect(pipeline).toBeInstanceOf(Pipeline);
  expect(pipeline.plans.length).toBe(2);
});
