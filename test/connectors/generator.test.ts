// Made-up rows: the seed is all there is to them.
import { describe, expect, test } from "vitest";
import { Millrace } from "../../src/node.js";
import { openSim } from "./support.js";

const SCHEMA = {
  ts: "TIMESTAMP(3)",
  us: "TIMESTAMP(6)",
  key: "STRING",
  n: "INT",
  big: "BIGINT",
  x: "DOUBLE",
  flag: "BOOLEAN",
  day: "DATE",
  at: "TIME",
} as const;

describe("the same seed", () => {
  test("gives the same rows, whatever the batch size and the columns that are read", async () => {
    await using mill = await Millrace.open();
    const table = mill.generate({ rows: 1000, seed: 42, schema: SCHEMA, nulls: 0.1, disorder: "5s" });
    const rows = await table.toArray();
    expect(rows).toHaveLength(1000);
    for (const batchRows of [1, 7, 333]) expect(await table.toArray({ batchRows })).toEqual(rows);
    expect(await table.select("x", "key").toArray()).toEqual(rows.map(({ x, key }) => ({ x, key })));
  });

  test("another seed gives others", async () => {
    await using mill = await Millrace.open();
    const [one, other] = await Promise.all(
      [1, 2].map((seed) => mill.generate({ rows: 10, seed, schema: { x: "DOUBLE" } }).toArray()),
    );
    expect(one).not.toEqual(other);
  });
});

test("values are spread as asked", async () => {
  await using mill = await Millrace.open();
  const options = {
    rows: 20_000,
    schema: SCHEMA,
    nulls: 0.25,
    distinct: 50,
    rowsPerSecond: 100,
    disorder: "3s",
  } as const;
  const rows = await mill.generate(options).toArray();
  const of = (name: keyof typeof SCHEMA) => rows.map((row) => row[name]);
  expect(new Set(of("key")).size).toBe(51); // NULL is one of them
  expect(new Set(of("n")).size).toBe(51);
  const nulls = of("x").filter((x) => x === null).length;
  expect(nulls).toBeGreaterThan(4500);
  expect(nulls).toBeLessThan(5500);
  const startMs = Date.UTC(2026, 0, 1);
  let lag = 0;
  rows.forEach(({ ts }, i) => {
    const behindMs = startMs + i * 10 - Number(ts);
    expect(behindMs).toBeGreaterThanOrEqual(0);
    expect(behindMs).toBeLessThanOrEqual(3000);
    lag = Math.max(lag, behindMs);
  });
  expect(lag).toBeGreaterThan(2900);
});

test("without a number of rows it goes on until it is left", async () => {
  const { mill, wait } = await openSim();
  let seen = 0;
  const read = async () => {
    for await (const row of mill.generate({ schema: { n: "INT" } })) if (row.n !== null && ++seen === 50_000) return;
  };
  await wait(read());
  expect(seen).toBe(50_000);
});

test("wrong options name their neighbours", async () => {
  const { mill, wait } = await openSim();
  const generate = (options: object) => mill.generate({ schema: { n: "INT" }, ...options } as never);
  expect(() => generate({ sede: 1 })).toThrow(
    expect.objectContaining({ code: "OPTION", hint: expect.stringContaining("seed") }),
  );
  expect(() => generate({ rows: -1 })).toThrow(expect.objectContaining({ code: "OPTION" }));
  expect(() => generate({ disorder: "5" })).toThrow(expect.objectContaining({ code: "TIME_UNIT" }));
  expect(() => mill.generate({ rows: 1 } as never)).toThrow(expect.objectContaining({ code: "OPTION" }));
  const decimals = mill.generate({ rows: 1, schema: { d: "DECIMAL(4, 2)" } });
  await expect(wait(decimals.toArray())).rejects.toMatchObject({ code: "UNSUPPORTED" });
});

test.each([
  { start: "2026-01-01" },
  { start: new Date(Number.NaN) },
  { rowsPerSecond: 0 },
  { rowsPerSecond: -5 },
  { rowsPerSecond: Number.POSITIVE_INFINITY },
  { nulls: 7 },
  { nulls: "many" },
  { seed: "s" },
  { distinct: 1e12 },
  { disorder: "-5s" },
])("%o is refused where it is given", async (options) => {
  const { mill } = await openSim();
  const given = { rows: 3, schema: { ts: "TIMESTAMP(3)", k: "STRING" }, ...options };
  expect(() => mill.generate(given as never)).toThrow(expect.objectContaining({ code: "OPTION" }));
});
