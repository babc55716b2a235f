// Rows that would raise, S58 and S59: what is masked never raises, what raises follows the row policy, row by row and whatever
// the batches are.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import {
  avg,
  coalesce,
  col,
  count,
  type DataStream,
  type Expression,
  ifNull,
  lit,
  nullif,
  type RowPolicy,
  sum,
  tumble,
  when,
} from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { law, sec, shown, windows } from "./support.js";

let mill: Millrace;
let folder: string;
beforeAll(async () => {
  mill = await Millrace.open();
  folder = await mkdtemp(join(tmpdir(), "millrace-rows-"));
});
afterAll(async () => {
  await mill.close();
  await rm(folder, { recursive: true });
});

const SCHEMA = { ts: "TIMESTAMP(3)", x: "INT", s: "STRING" } as const;
/** Every third row has nothing to divide by, every fifth no number in its text. */
const ROWS = Array.from({ length: 40 }, (_, i) => ({
  ts: sec(i),
  x: i % 7 === 3 ? null : i % 3,
  s: i % 5 === 0 ? "none" : String(i),
}));
const source = (rowPolicy: RowPolicy = "fail") => mill.rows(ROWS, { schema: SCHEMA, time: "ts", rowPolicy });
const x = col("x");
const ten = lit(10).div(x);

const numbers = ROWS.map((row) => row.x);
/** 10 / x, where x is neither NULL nor 0. */
const quotients = numbers.map((value) => (value === null || value === 0 ? null : Math.trunc(10 / value)));

law("S58 rows masked by AND and OR in WHERE never raise", async (batchRows) => {
  // Of x = 0, 1, 2, NULL: 10 / x is an error, 10, 5, NULL.
  const where = async (predicate: Parameters<DataStream<{ x: number | null }>["where"]>[0]) =>
    (await source().select("x").where(predicate).toArray({ batchRows })).map((row) => row.x);
  expect(await where(x.ne(0).and(ten.gt(7)))).toEqual(numbers.filter((value) => value === 1));
  expect(await where(x.eq(0).or(ten.gt(7)))).toEqual(numbers.filter((value) => value === 0 || value === 1));
  expect(await where(x.ne(0).and(x.ne(1)).and(ten.gt(0)))).toEqual(numbers.filter((value) => value === 2));
  expect(await where(x.eq(0).or(ten.gt(7).and(x.ne(2))))).toEqual(
    numbers.filter((value) => value === 0 || value === 1),
  );
  expect(await where(x.eq(0).or(ten.gt(7)).not())).toEqual(numbers.filter((value) => value === 2));
  expect(await where(x.isNotNull().and(x.gt(0)).and(lit(10).mod(x).eq(0)))).toEqual(
    numbers.filter((value) => value === 1 || value === 2),
  );
});

law("S58 what an earlier WHERE drops is not computed by a later step", async (batchRows) => {
  const kept = source().where(x.ne(0));
  const expected = quotients.filter((value) => value !== null);
  const values = async (stream: DataStream<{ q: number | null }>) =>
    (await stream.toArray({ batchRows })).map(({ q }) => q);
  expect(await values(kept.select({ q: ten }))).toEqual(expected);
  expect(await values(kept.where(ten.gt(0)).select({ q: ten }))).toEqual(expected);
  expect(await values(kept.withColumn("q", ten).where(col("q").gt(0)).select("q"))).toEqual(expected);
  expect(await values(kept.select({ q: ten }).union(kept.select({ q: ten })))).toHaveLength(2 * expected.length);
  const total = expected.reduce((a, b) => a + b, 0);
  const windowed = kept.window(tumble("1h")).aggregate({ q: sum(ten), n: count(ten), a: avg(ten) });
  expect(windows(await windowed.toArray({ batchRows }))).toEqual([
    `[0, 3600) q=${total} n=${expected.length} a=${total / expected.length}`,
  ]);
  const grouped = kept.window(tumble("1h")).groupBy({ q: ten }).aggregate({ n: count() });
  const [tens, fives] = [10, 5].map((quotient) => expected.filter((value) => value === quotient).length);
  expect(windows(await grouped.toArray({ batchRows }))).toEqual([
    `[0, 3600) q=10 n=${tens}`,
    `[0, 3600) q=5 n=${fives}`,
  ]);
});

law("S58 rows masked by CASE never raise", async (batchRows) => {
  const values = async (q: Expression<"x" | "s">) =>
    (await source().select({ q }).toArray({ batchRows })).map((row) => (row as { q: unknown }).q);
  expect(await values(when(x.ne(0)).then(ten))).toEqual(quotients);
  expect(await values(when(x.eq(0)).then(-1).otherwise(ten))).toEqual(
    numbers.map((value, i) => (value === 0 ? -1 : (quotients[i] ?? null))),
  );
  expect(await values(when(x.isNull()).then(-2).when(x.eq(0)).then(-1).otherwise(ten))).toEqual(
    numbers.map((value, i) => (value === null ? -2 : value === 0 ? -1 : (quotients[i] ?? null))),
  );
  // A branch that no row takes: not even its constants are computed.
  expect(await values(when(x.gt(100)).then(lit(1).div(0)).otherwise(7))).toEqual(numbers.map(() => 7));
  expect(await values(when(lit(false)).then(lit(1).div(0)).otherwise(7))).toEqual(numbers.map(() => 7));
  expect(await values(when(x.gt(100)).then(lit("x").cast("INT")).otherwise(x.add(1)))).toEqual(
    numbers.map((value) => (value === null ? null : value + 1)),
  );
  // CASE within CASE, and within the condition.
  expect(
    await values(
      when(when(x.ne(0)).then(ten.gt(7)).otherwise(false))
        .then(ten)
        .otherwise(0),
    ),
  ).toEqual(numbers.map((value) => (value === 1 ? 10 : 0)));
});

law("S58 rows masked by COALESCE and its kin never raise", async (batchRows) => {
  const values = async (q: Expression<"x" | "s">) =>
    (await source().select({ q }).toArray({ batchRows })).map((row) => (row as { q: unknown }).q);
  // Where x is 0 the first argument is there; where x is not, it is NULL.
  const zeroFirst = when(x.eq(0)).then(99);
  expect(await values(coalesce(zeroFirst, ten))).toEqual(
    numbers.map((value, i) => (value === 0 ? 99 : (quotients[i] ?? null))),
  );
  expect(await values(ifNull(zeroFirst, ten))).toEqual(
    numbers.map((value, i) => (value === 0 ? 99 : (quotients[i] ?? null))),
  );
  expect(await values(coalesce(x, -1, lit(1).div(0)))).toEqual(numbers.map((value) => value ?? -1));
  expect(await values(lit(10).div(nullif(x, 0)))).toEqual(quotients);
  expect(await values(coalesce(col("s").tryCast("INT"), -1))).toEqual(
    ROWS.map(({ s }) => (s === "none" ? -1 : Number(s))),
  );
});

law("S59 fail: the job ends with the first error, its code and its place", async (batchRows) => {
  const job = source().select({ q: ten }).to(mill.memory()).start({ batchRows });
  await expect(job.done).rejects.toMatchObject({ code: "DIVISION_BY_ZERO", name: "DataError" });
  expect(job.state).toBe("failed");
  await expect(
    source()
      .select({ q: col("s").cast("INT") })
      .toArray({ batchRows }),
  ).rejects.toMatchObject({ code: "CAST" });
});

const zeros = numbers.filter((value) => value === 0).length;
const words = ROWS.filter(({ s }) => s === "none").length;
const both = ROWS.filter((row) => row.x === 0 && row.s === "none").length;

law("S59 skip: rows that raise are left out and counted, all others are there", async (batchRows) => {
  const target = mill.memory();
  const stream = source("skip").select({ x: x, q: ten });
  expect(await stream.to(target).run({ batchRows })).toMatchObject({ badRows: zeros, rowsIn: 40, rowsOut: 40 - zeros });
  expect(target.toRows()).toEqual(
    numbers.flatMap((value, i) => (value === 0 ? [] : [{ x: value, q: quotients[i] as number | null }])),
  );
});

law("S59 a row that raises twice is one bad row", async (batchRows) => {
  const target = mill.memory();
  const stream = source("skip").select({ q: ten, n: col("s").cast("INT"), again: ten.add(1) });
  const bad = zeros + words - both;
  expect(both).toBeGreaterThan(0);
  expect(await stream.to(target).run({ batchRows })).toMatchObject({ badRows: bad, rowsOut: 40 - bad });
});

law("S59 deadLetter: rows that raise come out with code and message, in windows as anywhere", async (batchRows) => {
  const stream = source("deadLetter")
    .withColumn("n", col("s").cast("INT"))
    .window(tumble("10s"))
    .groupBy({ q: ten })
    .aggregate({ total: sum("n"), rows: count() });
  const [results, dead] = [mill.memory(), mill.memory()];
  const { badRows } = await stream.to(results).and(stream.deadLetters().to(dead)).run({ batchRows });
  expect(badRows).toBe(zeros + words - both);
  const codes = dead.toRows().map(({ code }) => code);
  // The cast comes first, so rows that raise both ways are the cast's.
  expect(codes.filter((code) => code === "CAST")).toHaveLength(words);
  expect(codes.filter((code) => code === "DIVISION_BY_ZERO")).toHaveLength(zeros - both);
  expect(codes).toHaveLength(badRows);
  for (const { message } of dead.toRows()) expect(message).toMatch(/\w/);
  const expected = new Map<string, { total: number; rows: number }>();
  ROWS.forEach(({ s }, i) => {
    if (s === "none" || numbers[i] === 0) return;
    const key = `[${Math.floor(i / 10) * 10}, ${Math.floor(i / 10) * 10 + 10}) q=${quotients[i]}`;
    const group = expected.get(key) ?? { total: 0, rows: 0 };
    expected.set(key, { total: group.total + Number(s), rows: group.rows + 1 });
  });
  expect(windows(results.toRows())).toEqual(
    [...expected].map(([key, { total, rows }]) => `${key} total=${total} rows=${rows}`).sort(),
  );
});

law("S59 a dead letter holds the whole row, also the columns that no result needs", async (batchRows) => {
  const rows = [
    { ts: sec(0), x: 1, s: "fine" },
    { ts: sec(1), x: 0, s: "whose" },
    { ts: sec(2), x: null, s: "fine" },
    { ts: sec(3), x: 0, s: "else" },
  ];
  const open = () => mill.rows(rows, { schema: SCHEMA, time: "ts", rowPolicy: "deadLetter" });
  const streams = [
    open().select({ q: ten }),
    open().where(ten.gt(0)).select("x"),
    open()
      .withColumn("q", ten)
      .window(tumble("10s"))
      .aggregate({ q: sum("q") }),
    open().window(tumble("10s")).groupBy({ q: ten }).aggregate({ n: count() }),
    open()
      .window(tumble("10s"))
      .aggregate({ q: sum(ten) }),
  ];
  for (const stream of streams) {
    for (const optimize of [true, false]) {
      const dead = (stream as DataStream).deadLetters();
      const letters = (await dead.toArray({ batchRows, optimize })).map(({ code, row, raw }) => {
        const { x: value, s } = JSON.parse(new TextDecoder().decode(raw)) as Record<string, unknown>;
        return { code, row, x: value, s };
      });
      expect(shown(letters)).toEqual([
        'code="DIVISION_BY_ZERO" row=1 x=0 s="whose"',
        'code="DIVISION_BY_ZERO" row=3 x=0 s="else"',
      ]);
    }
  }
});

law("S59 a row that raises has still moved the watermark", async (batchRows) => {
  const rows = [
    { ts: sec(0), x: 1, s: "" },
    { ts: sec(50), x: 0, s: "" },
    { ts: sec(1), x: 1, s: "" },
  ];
  const stream = mill
    .rows(rows, { schema: SCHEMA, time: "ts", rowPolicy: "skip" })
    .withColumn("q", ten)
    .window(tumble("10s"))
    .aggregate({ n: count(), q: sum("q") });
  const results = mill.memory();
  expect(await stream.to(results).run({ batchRows })).toMatchObject({ lateRows: 1, badRows: 1 });
  expect(windows(results.toRows())).toEqual(["[0, 10) n=1 q=10"]);
});

law("S59 poison rows: every row of a source is bad, and the job ends", async (batchRows) => {
  const stream = source("skip").select({ q: lit(1).div(x.sub(x)) });
  // NULL / NULL is NULL and no error.
  const nulls = numbers.filter((value) => value === null).length;
  const target = mill.memory();
  expect(await stream.to(target).run({ batchRows })).toMatchObject({ badRows: 40 - nulls, rowsOut: nulls });
});

law("S59 records that cannot be read follow the same policy", async (batchRows) => {
  const path = join(folder, `bad-${batchRows}.ndjson`);
  const lines = [
    '{"ts":"1970-01-01T00:00:01","x":1,"s":"a"}',
    '{"ts":"1970-01-01T00:00:02","x":"one","s":"b"}',
    "{nonsense",
    '{"ts":"1970-01-01T00:00:03","x":3,"s":"c"}',
    "[1, 2]",
    '{"ts":"1970-13-01T00:00:03","x":3,"s":"d"}',
    '{"ts":"1970-01-01T00:00:04","x":4,"s":"e"}',
  ];
  await writeFile(path, `${lines.join("\n")}\n`);
  const open = (rowPolicy: RowPolicy) => mill.file(path, { schema: SCHEMA, time: "ts", rowPolicy });
  await expect(open("fail").toArray({ batchRows })).rejects.toMatchObject({ code: "TYPE", at: { line: 2 } });
  const skipped = mill.memory();
  expect(await open("skip").to(skipped).run({ batchRows })).toMatchObject({ badRows: 4, rowsOut: 3 });
  expect(skipped.toRows().map(({ s }) => s)).toEqual(["a", "c", "e"]);
  const windowed = open("deadLetter")
    .window(tumble("10s"))
    .aggregate({ n: count(), total: sum("x") });
  const [results, dead] = [mill.memory(), mill.memory()];
  expect(await windowed.to(results).and(windowed.deadLetters().to(dead)).run({ batchRows })).toMatchObject({
    badRows: 4,
  });
  expect(windows(results.toRows())).toEqual(["[0, 10) n=3 total=8"]);
  const letters = dead.toRows().map(({ code, line, field, raw }) => ({
    code,
    line,
    field,
    raw: new TextDecoder().decode(raw as Uint8Array),
  }));
  expect(shown(letters)).toEqual(
    [
      `code="TYPE" line=2 field="x" raw=${JSON.stringify(lines[1])}`,
      `code="JSON" line=3 field=null raw=${JSON.stringify(lines[2])}`,
      `code="JSON_SHAPE" line=5 field=null raw=${JSON.stringify(lines[4])}`,
      `code="TIME_RANGE" line=6 field="ts" raw=${JSON.stringify(lines[5])}`,
    ].sort(),
  );
});

law("S59 a row object of the wrong type is a bad row, not the end of the others", async (batchRows) => {
  const rows = [{ x: 1 }, { x: "two" }, { x: 3 }, { x: 2 ** 40 }, { x: 5 }, { x: 1.5 }] as unknown as { x: number }[];
  const open = (rowPolicy: RowPolicy) => mill.rows(rows, { schema: { x: "INT" }, rowPolicy });
  await expect(open("fail").toArray({ batchRows })).rejects.toMatchObject({ code: "TYPE" });
  const target = mill.memory();
  expect(await open("skip").to(target).run({ batchRows })).toMatchObject({ badRows: 3, rowsOut: 3 });
  expect(target.toRows()).toEqual([{ x: 1 }, { x: 3 }, { x: 5 }]);
});
