// NULL and nothing, S47 to S50: NULL keys, groups of nothing but NULLs, aggregates over no rows at all.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { avg, col, count, lit, max, min, sum, tumble } from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { law, script, shown, windows } from "./support.js";

let mill: Millrace;
let folder: string;
beforeAll(async () => {
  mill = await Millrace.open();
  folder = await mkdtemp(join(tmpdir(), "millrace-nulls-"));
});
afterAll(async () => {
  await mill.close();
  await rm(folder, { recursive: true });
});

const ts = (ms: number) => new Date(ms);

law("S47 NULL keys are one group, of every type, and no value's group", async (batchRows) => {
  const schema = { ts: "TIMESTAMP(3)", s: "STRING", i: "INT", b: "BIGINT", d: "DOUBLE", o: "BOOLEAN" } as const;
  const nothing = { s: null, i: null, b: null, d: null, o: null };
  const zero = { s: "", i: 0, b: 0, d: 0, o: false };
  const word = { s: "NULL", i: -1, b: -1, d: Number.NaN, o: true };
  const rows = [nothing, zero, word, nothing, zero, nothing, word, nothing].map((row, i) => ({ ts: ts(i), ...row }));
  const source = mill.rows(rows, { schema, time: "ts" });
  const expected: Record<string, string[]> = {
    s: ['s="" n=2', 's="NULL" n=2', "s=null n=4"],
    i: ["i=-1 n=2", "i=0 n=2", "i=null n=4"],
    b: ["b=-1 n=2", "b=0 n=2", "b=null n=4"],
    d: ["d=0 n=2", "d=NaN n=2", "d=null n=4"],
    o: ["o=false n=2", "o=null n=4", "o=true n=2"],
  };
  for (const key of ["s", "i", "b", "d", "o"] as const) {
    const grouped = source.window(tumble("10s")).groupBy(key).aggregate({ n: count() });
    expect(windows(await grouped.toArray({ batchRows }))).toEqual(
      (expected[key] ?? []).map((line) => `[0, 10) ${line}`),
    );
    expect(shown(await source.groupBy(key).aggregate({ n: count() }).toArray({ batchRows }))).toEqual(expected[key]);
  }
});

/** Counts of pairs by both their parts, in one window. */
async function countsByPair(
  types: Record<"x" | "y", string>,
  pairs: readonly (readonly unknown[])[],
  batchRows: number,
): Promise<string[]> {
  const rows = pairs.map(([x, y], i) => ({ ts: ts(i), x, y }));
  const source = mill.rows<Record<string, string>>(rows, { schema: { ts: "TIMESTAMP(3)", ...types }, time: "ts" });
  const grouped = source.window(tumble("10s")).groupBy("x", "y").aggregate({ n: count() });
  return windows(await grouped.toArray({ batchRows }));
}

law("S47 a NULL is one part of a composite key like any other value", async (batchRows) => {
  const pairs = [
    ["a", null],
    [null, "a"],
    [null, null],
    ["a", "a"],
    ["", null],
    [null, ""],
    ["a", null],
    [null, null],
  ];
  expect(await countsByPair({ x: "STRING", y: "STRING" }, pairs, batchRows)).toEqual([
    '[0, 10) x="" y=null n=1',
    '[0, 10) x="a" y="a" n=1',
    '[0, 10) x="a" y=null n=2',
    '[0, 10) x=null y="" n=1',
    '[0, 10) x=null y="a" n=1',
    "[0, 10) x=null y=null n=2",
  ]);
});

law("S47 numbers and NULLs in a composite key: (NULL, 1) is not (1, NULL)", async (batchRows) => {
  const pairs = [
    [null, 1],
    [1, null],
    [null, 0],
    [0, null],
    [1, null],
    [0, 0],
  ];
  expect(await countsByPair({ x: "BIGINT", y: "INT" }, pairs, batchRows)).toEqual([
    "[0, 10) x=0 y=0 n=1",
    "[0, 10) x=0 y=null n=1",
    "[0, 10) x=1 y=null n=2",
    "[0, 10) x=null y=0 n=1",
    "[0, 10) x=null y=1 n=1",
  ]);
});

law("S47 NULL equals nothing, itself included; IS NOT DISTINCT FROM says otherwise", async (batchRows) => {
  const rows = [
    [null, null],
    [null, 1],
    [1, null],
    [1, 1],
    [1, 2],
  ].map(([x, y]) => ({ x, y }));
  const source = mill.rows(rows, { schema: { x: "INT", y: "INT" } });
  const eq = col("x").eq(col("y"));
  const same = col("x").isNotDistinctFrom(col("y"));
  const all = source.select({ eq, ne: col("x").ne(col("y")), same, other: col("x").isDistinctFrom(col("y")) });
  expect(shown(await all.toArray({ batchRows }))).toEqual(
    [
      "eq=null ne=null same=true other=false",
      "eq=null ne=null same=false other=true",
      "eq=null ne=null same=false other=true",
      "eq=true ne=false same=true other=false",
      "eq=false ne=true same=false other=true",
    ].sort(),
  );
  expect(await source.where(eq).toArray({ batchRows })).toEqual([{ x: 1, y: 1 }]);
  expect(await source.where(eq.not()).toArray({ batchRows })).toEqual([{ x: 1, y: 2 }]);
  expect(shown(await source.where(same).toArray({ batchRows }))).toEqual(["x=1 y=1", "x=null y=null"]);
  expect(await source.where(col("x").in(1, null).not()).toArray({ batchRows })).toEqual([]);
});

const TYPES = {
  ts: "TIMESTAMP(3)",
  k: "STRING",
  i: "INT",
  b: "BIGINT",
  f: "FLOAT",
  d: "DOUBLE",
  m: "DECIMAL(10, 2)",
  s: "STRING",
  t: "TIMESTAMP(3)",
  u: "TIMESTAMP(6)",
  a: "DATE",
  c: "TIME",
} as const;
const NOTHING = { i: null, b: null, f: null, d: null, m: null, s: null, t: null, u: null, a: null, c: null };
const SOMETHING = {
  i: 1,
  b: 2,
  f: 0.5,
  d: -1.5,
  m: "3.25",
  s: "x",
  t: ts(5),
  u: "1970-01-01T00:00:00.000007",
  a: "2026-11-22",
  c: "12:00:00",
};

law("S49 SUM, AVG, MIN, MAX of nothing but NULLs are NULL and COUNT is 0, for every type", async (batchRows) => {
  // "none" has only NULLs, "some" one value among NULLs: the NULLs do not count there.
  const rows = ["none", "some", "none", "some", "some"].map((k, i) => ({
    ts: ts(i),
    k,
    ...(i === 3 ? SOMETHING : NOTHING),
  }));
  const source = mill.rows(rows, { schema: TYPES, time: "ts" });
  const numbers = {
    n: count(),
    i: sum("i"),
    b: sum("b"),
    f: sum("f"),
    d: sum("d"),
    m: sum("m"),
    ai: avg("i"),
    ab: avg("b"),
    af: avg("f"),
    ad: avg("d"),
    am: avg("m"),
  };
  const none = 'k="none" n=2 i=null b=null f=null d=null m=null ai=null ab=null af=null ad=null am=null';
  const some = 'k="some" n=3 i=1 b=2 f=0.5 d=-1.5 m="3.25" ai=1 ab=2 af=0.5 ad=-1.5 am="3.250000"';
  const windowed = source.window(tumble("10s")).groupBy("k");
  expect(windows(await windowed.aggregate(numbers).toArray({ batchRows }))).toEqual([
    `[0, 10) ${none}`,
    `[0, 10) ${some}`,
  ]);
  expect(shown(await source.groupBy("k").aggregate(numbers).toArray({ batchRows }))).toEqual([none, some]);

  const columns = ["i", "b", "f", "d", "m", "t", "u", "a", "c"] as const;
  const extremes = Object.fromEntries(
    columns.flatMap((name) => [
      [`min_${name}`, min(name)],
      [`max_${name}`, max(name)],
      [`n_${name}`, count(name)],
    ]),
  );
  const results = await windowed.aggregate(extremes).toArray({ batchRows });
  const byKey = new Map(results.map((row) => [row.k, row as Record<string, unknown>]));
  for (const name of columns) {
    expect(byKey.get("none")).toMatchObject({ [`min_${name}`]: null, [`max_${name}`]: null, [`n_${name}`]: 0 });
    const value = SOMETHING[name];
    const shownOnes = byKey.get("some") as Record<string, unknown>;
    expect(shownOnes[`n_${name}`]).toBe(1);
    expect([shownOnes[`min_${name}`], shownOnes[`max_${name}`]]).toEqual([value, value]);
  }
});

law("S49 a key that had values in one window and none in the next", async (batchRows) => {
  const rows = [
    { ts: ts(0), d: 5 },
    { ts: ts(10_000), d: null },
    { ts: ts(20_000), d: 7 },
    { ts: ts(30_000), d: null },
  ];
  const windowed = mill
    .rows(rows, { schema: { ts: "TIMESTAMP(3)", d: "DOUBLE" }, time: "ts" })
    .window(tumble("10s"))
    .aggregate({ n: count("d"), s: sum("d"), least: min("d"), most: max("d"), mean: avg("d") });
  expect(windows(await windowed.toArray({ batchRows }))).toEqual([
    "[0, 10) n=1 s=5 least=5 most=5 mean=5",
    "[10, 20) n=0 s=null least=null most=null mean=null",
    "[20, 30) n=1 s=7 least=7 most=7 mean=7",
    "[30, 40) n=0 s=null least=null most=null mean=null",
  ]);
});

law("S50 a global aggregate over nothing gives one row, a keyed one none, a window none", async (batchRows) => {
  const schema = { ts: "TIMESTAMP(3)", k: "STRING", v: "INT", d: "DECIMAL(5, 1)" } as const;
  const empty = join(folder, `empty-${batchRows}.ndjson`);
  await writeFile(empty, "");
  const rows = [{ ts: ts(0), k: "a", v: 1, d: "0.5" }];
  const sources = [
    mill.rows([], { schema, time: "ts" }),
    mill.columns({ ts: [], k: [], v: [], d: [] }, { schema, time: "ts" }),
    mill.from(script<never>(), { schema, time: "ts", bounded: true }),
    mill.file(empty, { schema, time: "ts" }),
    mill.rows(rows, { schema, time: "ts" }).where(col("v").gt(1)),
    mill.rows(rows, { schema, time: "ts" }).where(lit(false)),
    mill.rows(rows, { schema, time: "ts" }).where(lit(null, "BOOLEAN")),
  ];
  const values = { n: count(), c: count("v"), s: sum("v"), d: sum("d"), a: avg("v"), least: min("d"), most: max("ts") };
  for (const [index, make] of sources.entries()) {
    // What is async can be read once.
    const once = index === 2 ? [0] : [0, 1, 2];
    for (const kind of once) {
      if (kind === 0) {
        expect(await make.aggregate(values).toArray({ batchRows })).toEqual([
          { n: 0, c: 0, s: null, d: null, a: null, least: null, most: null },
        ]);
      } else if (kind === 1) {
        expect(await make.groupBy("k").aggregate(values).toArray({ batchRows })).toEqual([]);
      } else {
        expect(await make.window(tumble("10s")).aggregate(values).toArray({ batchRows })).toEqual([]);
      }
    }
  }
});

law(
  "S50 the one row of a global aggregate over nothing can be computed with, filtered and counted",
  async (batchRows) => {
    const none = mill.rows([], { schema: { v: "INT" } }).aggregate({ n: count(), s: sum("v") });
    expect(
      await none
        .where(col("n").eq(0))
        .select({ m: col("n").add(1), s: col("s").isNull() })
        .toArray({ batchRows }),
    ).toEqual([{ m: 1, s: true }]);
    expect(await none.where(col("n").gt(0)).toArray({ batchRows })).toEqual([]);
    expect(await none.aggregate({ rows: count() }).toArray({ batchRows })).toEqual([{ rows: 1 }]);
  },
);
