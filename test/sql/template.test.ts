// mill.sql`…`: a query of a program. Its values are parameters, streams stand in it as tables, and it is a stream like others.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, expectTypeOf, test } from "vitest";
import { col, count, lit, Millrace, Pipeline, tumble } from "../../src/node.js";

const folder = mkdtempSync(join(tmpdir(), "millrace-template-"));
let mill: Millrace;
const FLIGHTS = [
  { at: new Date(1000), origin: "BOS", delay: 5, distance: 1.5 },
  { at: new Date(2000), origin: "JFK", delay: 20, distance: 2.5 },
  { at: new Date(3000), origin: "it's", delay: 40, distance: null },
];
beforeAll(async () => {
  mill = await Millrace.open();
  writeFileSync(join(folder, "flights.ndjson"), FLIGHTS.map((row) => `${JSON.stringify(row)}\n`).join(""));
  mill.table("flights", mill.rows(FLIGHTS));
  mill.table("file", mill.file(join(folder, "flights.ndjson")));
});
afterAll(async () => {
  await mill.close();
  rmSync(folder, { recursive: true });
});

const origins = async (rows: AsyncIterable<unknown>): Promise<unknown[]> => {
  const all: unknown[] = [];
  for await (const row of rows) all.push((row as { origin: unknown }).origin);
  return all;
};

test("values of every kind are compared as they are, never as text of the query", async () => {
  expect(await origins(mill.sql`SELECT origin FROM flights WHERE delay > ${15}`)).toEqual(["JFK", "it's"]);
  expect(await origins(mill.sql`SELECT origin FROM flights WHERE delay = ${20n}`)).toEqual(["JFK"]);
  expect(await origins(mill.sql`SELECT origin FROM flights WHERE distance = ${2.5}`)).toEqual(["JFK"]);
  expect(await origins(mill.sql`SELECT origin FROM flights WHERE origin = ${"it's"}`)).toEqual(["it's"]);
  expect(await origins(mill.sql`SELECT origin FROM flights WHERE origin = ${"' OR TRUE --"}`)).toEqual([]);
  expect(await origins(mill.sql`SELECT origin FROM flights WHERE at >= ${new Date(2000)}`)).toEqual(["JFK", "it's"]);
  expect(await origins(mill.sql`SELECT origin FROM flights WHERE delay IN (${5}, ${40}) AND ${true}`)).toEqual([
    "BOS",
    "it's",
  ]);
  expect(await mill.sql`SELECT ${null} AS nothing, ${"a"} || 'b' AS text`.toArray()).toEqual([
    { nothing: null, text: "ab" },
  ]);
});

test("a file that nobody has opened is opened for its columns", async () => {
  expect(await origins(mill.sql`SELECT * FROM file WHERE delay > ${15}`)).toEqual(["JFK", "it's"]);
  expect(await mill.sql`SELECT origin FROM file`.schema()).toEqual({ origin: "STRING" });
});

test("it is a stream: steps follow, and it goes to targets", async () => {
  const late = mill.sql`SELECT * FROM flights WHERE delay > ${15}`;
  expect(await origins(late.where(col("delay").lt(30)).select("origin"))).toEqual(["JFK"]);
  const table = mill.memory<{ origin: string }>({ key: "origin" });
  await late.select("origin").to(table).run();
  expect(table.toRows()).toEqual([{ origin: "JFK" }, { origin: "it's" }]);
  expect(await late.explain({ stage: "optimized" })).toContain("filter delay > 15");
  expect(await late.union(mill.sql`SELECT * FROM flights WHERE delay < ${15}`).toArray()).toHaveLength(3);
});

test("streams stand where tables do, other queries too", async () => {
  const rows = mill.rows([{ origin: "A", delay: 1 }]);
  expect(await origins(mill.sql`SELECT origin FROM ${rows}`)).toEqual(["A"]);
  expect(await origins(mill.sql`SELECT t.origin FROM ${rows} AS t WHERE t.delay = ${1}`)).toEqual(["A"]);
  const first = mill.sql`SELECT origin, delay * 2 AS twice FROM ${rows}`;
  expect(await mill.sql`SELECT twice FROM ${first} UNION ALL SELECT delay FROM ${rows}`.toArray()).toEqual([
    { twice: 2 },
    { twice: 1 },
  ]);
  const timed = mill.rows(FLIGHTS, { time: "at" });
  const windows = mill.sql`SELECT window_start, COUNT(*) AS n FROM TUMBLE(TABLE ${timed}, DESCRIPTOR(at), INTERVAL '2' SECOND)
    GROUP BY window_start, window_end`;
  expect(await windows.toArray()).toEqual([
    { window_start: new Date(0), n: 1 },
    { window_start: new Date(2000), n: 2 },
  ]);
});

test("what a query refused is known when it is read", async () => {
  const at = (ms: number) => ({ ts: new Date(ms) });
  const late = mill.sql`SELECT ts FROM ${mill.rows([at(60_000), at(1000)], { time: "ts" })}`;
  const hours = late.window(tumble("10s")).aggregate({ n: count() });
  expect(await hours.toArray({ batchRows: 1 })).toMatchObject([{ n: 1 }]);
  expect(await hours.late().toArray({ batchRows: 1 })).toMatchObject([{ ts: new Date(1000), lateReason: "LATE" }]);
});

test("rows have the types that are declared, and are verified", async () => {
  const typed = mill.sql.rows({ origin: "STRING", twice: "BIGINT" })`SELECT delay * 2 AS twice, origin FROM flights`;
  expectTypeOf(await typed.toArray()).toEqualTypeOf<{ origin: string | null; twice: number | null }[]>();
  expect((await typed.toArray())[0]).toEqual({ twice: 10, origin: "BOS" });
  await expect(mill.sql.rows({ origin: "INT" })`SELECT origin FROM flights`.toArray()).rejects.toThrow(
    '"origin" shall be origin INT, and the query gives origin STRING',
  );
  await expect(mill.sql.rows({ n: "INT" })`SELECT origin FROM flights`.toArray()).rejects.toThrow("no such column");
  await expect(mill.sql.rows({ origin: "STRING NOT NULL" })`SELECT origin FROM flights`.toArray()).rejects.toThrow(
    "NOT NULL",
  );
  await expect(mill.sql.rows({ origin: "STRING" })`SELECT origin, delay FROM flights`.toArray()).rejects.toThrow(
    'gives a column "delay"',
  );
});

test.each<[string, (engine: Millrace) => Promise<unknown>, string]>([
  ["a typing error has its place", (m) => m.sql`SELECT orign FROM flights`.toArray(), 'did you mean "origin"'],
  ["several statements", (m) => m.sql`SELECT 1; SELECT 2`.toArray(), "mill.script"],
  ["what is no query", (m) => m.sql`DROP TABLE flights`.toArray(), "mill.script"],
  ["a value in quotes", (m) => m.sql`SELECT origin FROM flights WHERE origin = '${"x"}'`.toArray(), "part of a text"],
  ["a stream in quotes", (m) => m.sql`SELECT '${m.rows([{ a: 1 }])}' AS x`.toArray(), "part of a text"],
  ["a ? of one's own", (m) => m.sql`SELECT origin FROM flights WHERE delay > ?`.toArray(), "without a value"],
  ["explain and schema too", (m) => m.sql`SELECT x FROM nowhere`.explain(), 'no table or view "nowhere"'],
])("%s", async (_, run, message) => {
  const error = (await run(mill).catch((thrown: unknown) => thrown)) as { format(): string };
  expect(error.format()).toContain(message);
});

test("what is no value is refused at once", () => {
  expect(() => mill.sql`SELECT ${Symbol("x") as never}`).toThrow("is no value");
  expect(() => mill.sql`SELECT ${lit(1) as never}`).toThrow("sql takes values and streams");
  expect(() => (mill.sql as (text: never) => unknown)("SELECT 1" as never)).toThrow("takes a template text");
});

test("a query that failed is read anew", async () => {
  const query = mill.sql`SELECT a FROM later`;
  await expect(query.toArray()).rejects.toThrow("later");
  mill.table("later", mill.rows([{ a: 1 }]));
  expect(await query.toArray()).toEqual([{ a: 1 }]);
});

test("names of the program and of CREATE are the same", async () => {
  const path = join(folder, "out.ndjson");
  mill.table("out", mill.file(path));
  expect(() => mill.table("out", mill.rows([]))).toThrow('"out" exists');
  expect(() => mill.table("x", {} as never)).toThrow("takes a stream");
  for await (const result of mill.script(
    "CREATE VIEW late AS SELECT origin FROM flights WHERE delay > 15; INSERT INTO out SELECT origin, 1 AS one FROM late",
  )) {
    if (result instanceof Pipeline) await result.run();
  }
  expect(readFileSync(path, "utf8")).toBe('{"origin":"JFK","one":1}\n{"origin":"it\'s","one":1}\n');
  expect(await origins(mill.sql`SELECT * FROM late`)).toEqual(["JFK", "it's"]);
});

test("INSERT takes columns by place, whatever they are called", async () => {
  const path = join(folder, "twice.csv");
  for await (const result of mill.script(`CREATE TABLE twice (x STRING, y STRING, z STRING)
      WITH ('connector' = 'filesystem', 'path' = '${path}');
    INSERT INTO twice SELECT origin, origin, LOWER(origin) AS origin FROM flights WHERE delay = 20
      UNION ALL SELECT 'a', 'a', 'b'`)) {
    if (result instanceof Pipeline) await result.run();
  }
  expect(readFileSync(path, "utf8").split("\n").sort()).toEqual(["", "JFK,JFK,jfk", "a,a,b", "x,y,z"]);
});
