// Statements that look around and set: SHOW, DESCRIBE, SET, LIKE, EXPLAIN ANALYZE; and those that are refused with what to do.
import { afterEach, beforeEach, expect, test } from "vitest";
import { DataStream, Millrace, Pipeline } from "../../src/node.js";

let mill: Millrace;
beforeEach(async () => {
  mill = await Millrace.open();
});
afterEach(() => mill.close());

const ORDERS = `CREATE TEMPORARY TABLE orders (
  id BIGINT NOT NULL, ts TIMESTAMP(3), price INT, twice AS price * 2,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'datagen', 'number-of-rows' = '10')`;

/** What the statements give, one after another: rows, texts; pipelines are run. */
async function results(sql: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const result of mill.script(sql)) {
    if (result instanceof DataStream) all.push((await result.toArray()).map((row) => Object.values(row)));
    else if (result instanceof Pipeline) await result.run();
    else all.push(result);
  }
  return all;
}

test("SHOW lists what there is", async () => {
  mill.table("given", mill.rows([{ a: 1 }]));
  const sql = `${ORDERS}; CREATE VIEW large AS SELECT * FROM orders WHERE price > 10;
    SHOW TABLES; SHOW TABLES LIKE 'l_rg%'; SHOW TABLES NOT LIKE 'o%'; SHOW VIEWS; DROP VIEW large; SHOW VIEWS`;
  expect(await results(sql)).toEqual([
    [["given"], ["large"], ["orders"]],
    [["large"]],
    [["given"], ["large"]],
    [["large"]],
    [],
  ]);
  const [functions, connectors] = (await results("SHOW FUNCTIONS; SHOW CONNECTORS LIKE 'f%'")) as unknown[][][];
  expect(functions).toContainEqual(["UPPER"]);
  expect(functions).toContainEqual(["COUNT"]);
  expect(connectors).toEqual([["filesystem"]]);
});

test("DESCRIBE and SHOW COLUMNS tell the columns, SHOW CREATE the statement", async () => {
  const columns = [
    ["id", "BIGINT", "FALSE", "PRI(id)", null],
    ["ts", "TIMESTAMP(3)", "TRUE", null, "ts - INTERVAL '5' SECOND"],
    ["price", "INT", "TRUE", null, null],
    ["twice", "INT", "TRUE", null, null],
  ];
  const found = await results(
    `${ORDERS}; DESCRIBE orders; SHOW COLUMNS FROM orders LIKE '%i%'; SHOW CREATE TABLE orders`,
  );
  expect(found).toEqual([columns, columns.filter(([name]) => name?.includes("i")), [[ORDERS]]]);
});

test("LIKE takes columns and options over, own ones count", async () => {
  const sql = `${ORDERS}; CREATE TABLE copy (extra STRING) WITH ('number-of-rows' = '3') LIKE orders;
    CREATE TABLE bare WITH ('connector' = 'print') LIKE copy (EXCLUDING ALL INCLUDING CONSTRAINTS);
    SELECT COUNT(*) AS n, MIN(twice) IS NOT NULL AS t FROM copy; DESCRIBE bare; SHOW CREATE TABLE bare`;
  const [counted, columns, text] = (await results(sql)) as [unknown, string[][], string[][]];
  expect(counted).toEqual([[3, true]]);
  expect(columns.map(([name, , , key, time]) => [name, key, time])).toEqual([
    ["id", "PRI(id)", null],
    ["ts", null, null],
    ["price", null, null],
    ["extra", null, null],
  ]);
  expect(text[0]?.[0]).toMatch(/^CREATE TABLE bare \(.*PRIMARY KEY.*'connector' = 'print'/);
});

test("S56 SET 'sql.typing' = 'flink' gives SUM and AVG the types of Flink", async () => {
  const sums = "SELECT SUM(a) AS s, AVG(a) AS m FROM (VALUES (1), (2), (4)) AS t (a)";
  const text = `${sums}; SET 'sql.typing' = 'flink'; ${sums}; RESET 'sql.typing'; ${sums}`;
  const schemas: unknown[] = [];
  const rows: unknown[] = [];
  for await (const result of mill.script(text)) {
    if (!(result instanceof DataStream)) continue;
    schemas.push(await result.schema());
    for (const batchRows of [1, 7, 8192]) rows.push(...(await result.toArray({ batchRows })));
  }
  const standard = { s: "BIGINT", m: "DOUBLE" };
  expect(schemas).toEqual([standard, { s: "INT", m: "INT" }, standard]);
  expect(rows.slice(3, 6)).toEqual([
    { s: 7, m: 2 },
    { s: 7, m: 2 },
    { s: 7, m: 2 },
  ]);
  expect(rows[0]).toEqual({ s: 7, m: 7 / 3 });
  const wide = "SET 'sql.typing' = 'flink'; SELECT SUM(a) AS s FROM (VALUES (2147483647), (1)) AS t (a)";
  await expect(results(wide)).rejects.toMatchObject({ code: "OVERFLOW" });
});

test("SET alone lists the options", async () => {
  expect(await results("SET 'sql.typing' = 'flink'; SET; RESET; SET")).toEqual([
    [
      ["sql.typing", "flink"],
      ["table.local-time-zone", "UTC"],
    ],
    [
      ["sql.typing", "standard"],
      ["table.local-time-zone", "UTC"],
    ],
  ]);
});

test("EXPLAIN ANALYZE runs and counts, EXPLAIN CHANGELOG_MODE tells the changes", async () => {
  const [analyzed] = await results(`${ORDERS}; EXPLAIN ANALYZE SELECT price FROM orders WHERE id IS NOT NULL`);
  expect(analyzed).toMatch(/source[\s\S]*10 rows/);
  const [changes] = await results("EXPLAIN CHANGELOG_MODE SELECT COUNT(*) AS n FROM orders");
  expect(changes).toContain("changes: +I");
  await expect(
    results("CREATE TABLE endless (a INT) WITH ('connector' = 'datagen'); EXPLAIN ANALYZE SELECT * FROM endless"),
  ).rejects.toThrow("never ends");
});

test.each<[string, string, string]>([
  ["SHOW COLUMNS FROM ordrs", "UNKNOWN_TABLE", 'did you mean "orders"'],
  ["SHOW CREATE VIEW orders", "UNKNOWN_TABLE", "SHOW CREATE TABLE orders"],
  ["SHOW CREATE TABLE given", "UNSUPPORTED", "DESCRIBE given"],
  ["SHOW JOBS", "UNSUPPORTED", "job.metrics()"],
  ["SET 'sql.typin' = 'flink'", "OPTION", 'did you mean "sql.typing"'],
  ["SET 'sql.typing' = 'flank'", "OPTION", "'standard' or 'flink'"],
  ["SET 'table.local-time-zone' = 'Europe/Berlin'", "UNSUPPORTED", "only 'UTC'"],
  ["SET 'pipeline.name' = 'x'", "UNSUPPORTED", "run({ name"],
  ["RESET 'nothing'", "OPTION", "options: sql.typing"],
  ["CREATE TABLE x LIKE given", "UNSUPPORTED", "write the columns out"],
  ["CREATE TABLE x (a INT, PRIMARY KEY (b) NOT ENFORCED) WITH ('connector' = 'print')", "UNKNOWN_COLUMN", '"b"'],
  ["ALTER TABLE orders ADD x INT", "SQL_SYNTAX", "DROP it, and CREATE it"],
  ["CREATE FUNCTION f AS 'x'", "SQL_SYNTAX", "functions come from the program"],
  ["CREATE DATABASE d", "SQL_SYNTAX", "one database"],
  ["USE d", "UNSUPPORTED", "run"],
  ["EXPLAIN ESTIMATED_COST SELECT 1", "UNSUPPORTED", "ANALYZE"],
  ["DROP TABLE nothing", "UNKNOWN_TABLE", "nothing"],
])("%s is %s", async (sql, code, text) => {
  mill.table("given", mill.rows([{ a: 1 }]));
  const error = await results(`${ORDERS}; ${sql}`).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code });
  expect((error as { format(): string }).format()).toContain(text);
});

test("DROP IF EXISTS and CREATE IF NOT EXISTS pass over what is so already", async () => {
  const sql = `DROP TABLE IF EXISTS orders; ${ORDERS}; CREATE TABLE IF NOT EXISTS orders (a INT) WITH ('connector' = 'print');
    DROP TEMPORARY TABLE IF EXISTS orders; SHOW TABLES`;
  expect(await results(sql)).toEqual([[]]);
});
