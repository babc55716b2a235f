// Streams on a real engine: the same rows with and without the optimizer, in batches of any size, side outputs included.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { avg, count, max, min, sum } from "../../src/api/aggregates.js";
import { col, interval, lit, when } from "../../src/api/expression.js";
import { coalesce, concat, dateFloor, upper } from "../../src/api/functions.js";
import type { DataStream } from "../../src/api/stream.js";
import { tumble } from "../../src/api/windows.js";
import { Millrace } from "../../src/node.js";

const SCHEMA = { ts: "TIMESTAMP(3)", a: "INT", b: "INT", x: "DOUBLE", s: "STRING" } as const;
const START = Date.UTC(2026, 0, 1);

/** 500 rows, mostly in order, with NULLs, zeros to divide by, and some that are very late. */
const ROWS = Array.from({ length: 500 }, (_, i) => ({
  ts: i % 41 === 7 ? null : new Date(START + i * 1000 - (i % 13 === 0 ? 90_000 : (i * 7919) % 4000)),
  a: i % 11 === 0 ? null : (i % 7) - 3,
  b: i % 17 === 5 ? null : i % 5,
  x: i % 19 === 3 ? Number.NaN : i % 23 === 1 ? null : i / 4,
  s: ["SFO", "LAX", null, "JFK"][i % 4] as string | null,
}));

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

/** Programs over the rows; none of them fails on a row. */
const programs: Record<string, (rows: ReturnType<typeof source>) => DataStream<never>> = {
  filters: (rows) => rows.where(col("a").gt(0)).where(col("s").isNotNull().or(col("x").lt(50))) as DataStream<never>,
  projections: (rows) =>
    rows
      .select("ts", { n: col("a").mul(2), m: col("x").div(col("b").cast("DOUBLE")), s: upper(col("s")) })
      .where(col("n").ge(0))
      .select({ k: concat(coalesce(col("s"), "?"), "-"), n: col("n") }) as DataStream<never>,
  unions: (rows) =>
    rows
      .where(col("b").eq(1))
      .union(rows.where(col("a").isNull()), rows)
      .where(col("s").eq("LAX")) as DataStream<never>,
  groups: (rows) =>
    rows
      .groupBy("s", { big: col("a").gt(1) })
      .aggregate({ n: count(), k: count("x"), total: sum("a"), mean: avg(col("b").add(1)) }) as DataStream<never>,
  global: (rows) => rows.where(lit(false)).aggregate({ n: count(), total: sum("a") }) as DataStream<never>,
  windows: (rows) =>
    rows
      .where(col("a").ne(0))
      .window(tumble("10s"))
      .groupBy("s", { minute: dateFloor(col("ts"), "minute") })
      .aggregate({ n: count(), most: max("a"), least: min("b") })
      .where(col("n").gt(1)) as DataStream<never>,
  late: (rows) =>
    rows.where(col("a").ne(0)).window(tumble("10s")).aggregate({ n: count() }).late() as DataStream<never>,
  functions: (rows) =>
    rows
      .map((row) => ({ ...row, a: 1 }))
      .filter((row) => row.b !== 2)
      .select("a", "b") as DataStream<never>,
};

function source(rowPolicy: "fail" | "skip" | "deadLetter" = "fail") {
  return mill.rows(ROWS, { schema: SCHEMA, time: "ts", outOfOrder: "5s", rowPolicy });
}

test.each(Object.keys(programs))("%s: the optimizer and the size of batches change no row", async (name) => {
  const stream = (programs[name] as (typeof programs)[string])(source());
  // Which watermark a row was late by is told for the part of a batch that it came in.
  const texts = (rows: readonly object[]): string[] =>
    rows.map((row) => JSON.stringify({ ...row, lateWatermark: 0 })).sort();
  const expected = texts(await stream.toArray({ optimize: false }));
  expect(expected.length).toBeGreaterThan(0);
  for (const batchRows of [1, 7, 8192]) {
    expect(texts(await stream.toArray({ batchRows })), `${batchRows} rows a batch`).toEqual(expected);
  }
});

describe("rows that cannot be computed", () => {
  const divided = (rows: ReturnType<typeof source>) =>
    rows.withColumn("q", col("a").div(col("b"))).where(col("q").ge(0));
  // By hand: a and b are not NULL, b is 0.
  const failing = ROWS.filter(({ a, b, ts }) => ts !== null && a !== null && b === 0).length;

  test("end the job, are skipped, or are dead letters, with and without the optimizer", async () => {
    for (const optimize of [true, false]) {
      await expect(divided(source()).toArray({ optimize })).rejects.toMatchObject({ code: "DIVISION_BY_ZERO" });
      const kept = await divided(source("skip")).toArray({ optimize });
      const dead = await divided(source("deadLetter")).deadLetters().toArray({ optimize });
      expect(dead).toHaveLength(failing);
      expect(new Set(dead.map(({ code }) => code))).toEqual(new Set(["DIVISION_BY_ZERO"]));
      const expected = ROWS.filter(
        ({ ts, a, b }) => ts !== null && a !== null && b !== null && b !== 0 && Math.trunc(a / b) >= 0,
      );
      expect(kept).toHaveLength(expected.length);
    }
  });
});

test("one program of several outputs reads its source once", async () => {
  const rows = source();
  const windows = rows.window(tumble("10s")).aggregate({ n: count() });
  const [results, late] = [mill.memory("results"), mill.memory("late")];
  const { rowsIn, lateRows } = await windows.to(results).and(windows.late().to(late)).run();
  expect(rowsIn).toBe(ROWS.length);
  const counted = results.toRows().reduce((total, row) => total + Number(row["n"]), 0);
  expect(late.rowCount).toBe(lateRows);
  expect(counted + late.rowCount).toBe(ROWS.length);
  expect(late.toRows().filter(({ lateReason }) => lateReason === "NULL_TIME")).toHaveLength(
    ROWS.filter(({ ts }) => ts === null).length,
  );
});

test("S20 weeks of real rows begin on Mondays, seven days on Thursdays", async () => {
  const days = mill.rows([{ ts: new Date("2026-11-22T23:59:59Z") }, { ts: new Date("2026-11-23T00:00:00Z") }], {
    schema: { ts: "TIMESTAMP(3)" },
    time: "ts",
  });
  const starts = async (size: string) =>
    (await days.window(tumble(size)).aggregate({ n: count() }).toArray()).map(({ windowStart }) =>
      windowStart.toISOString().slice(0, 10),
    );
  expect(await starts("1 week")).toEqual(["2026-11-16", "2026-11-23"]);
  expect(await starts("7 days")).toEqual(["2026-11-19"]);
});

test("the typed sketch: what a result row holds", async () => {
  const rows = source();
  const delays = rows
    .where(col("a").gt(0))
    .withColumn("later", col("ts").add(interval("1h")))
    .window(tumble("1 day"))
    .groupBy("s")
    .aggregate({ flights: count(), share: avg(when(col("b").gt(2)).then(1).otherwise(0)) });
  const results = await delays.toArray();
  expect(results).toHaveLength(4);
  for (const row of results) {
    const { windowStart, windowEnd, windowTime, s, flights, share } = row;
    expect(windowStart).toEqual(new Date("2026-01-01"));
    expect(windowEnd).toEqual(new Date("2026-01-02"));
    expect(windowTime).toEqual(new Date("2026-01-01T23:59:59.999Z"));
    // By hand, over all rows that had a time: none of the first day's is late for a day that ends at the end of input.
    const group = ROWS.filter((one) => one.ts !== null && one.ts.getTime() >= START && (one.a ?? 0) > 0 && one.s === s);
    expect(flights).toBe(group.length);
    expect(share).toBeCloseTo(group.filter(({ b }) => (b ?? 0) > 2).length / group.length, 12);
  }
});
