// Numbers, S52 to S61: NaN and zero of either sign in any order of arrival, sums that never wrap, integers beyond 2^53, exact
// decimals. Expected values are worked out by hand.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { avg, col, count, type DataStream, greatest, least, lit, max, min, sum, tumble } from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { law, windows } from "./support.js";

let mill: Millrace;
let folder: string;
beforeAll(async () => {
  mill = await Millrace.open();
  folder = await mkdtemp(join(tmpdir(), "millrace-numbers-"));
});
afterAll(async () => {
  await mill.close();
  await rm(folder, { recursive: true });
});

const [NAN, INF] = [Number.NaN, Number.POSITIVE_INFINITY];
const I64_MAX = 2n ** 63n - 1n;
const I64_MIN = -(2n ** 63n);

/** All orders of the values. */
function orders<T>(values: readonly T[]): T[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((value, i) => orders(values.toSpliced(i, 1)).map((rest) => [value, ...rest]));
}

/** Values of one column as windows of 1 s, each group of values a window, aggregated. */
function inWindows(type: string, groups: readonly (readonly unknown[])[]) {
  const rows = groups.flatMap((values, second) => values.map((v) => ({ ts: new Date(second * 1000), v })));
  return mill.rows(rows as { ts: Date; v: number }[], {
    schema: { ts: "TIMESTAMP(3)", v: type } as { ts: "TIMESTAMP(3)"; v: "DOUBLE" },
    time: "ts",
  });
}

/** Results in the order of their windows. */
const inOrder = <Row extends { windowStart: Date }>(rows: readonly Row[]): Row[] =>
  rows.toSorted((a, b) => a.windowStart.getTime() - b.windowStart.getTime());

const EXTREMES = { least: min("v"), most: max("v") } as const;

for (const type of ["DOUBLE", "FLOAT"] as const) {
  law(`S52 MIN and MAX of ${type}: NaN is the greatest, whatever the order of arrival`, async (batchRows) => {
    const cases: readonly (readonly [values: readonly (number | null)[], least: number | null, most: number | null])[] =
      [
        [[NAN], NAN, NAN],
        [[NAN, NAN], NAN, NAN],
        [[1, NAN], 1, NAN],
        [[INF, NAN], INF, NAN],
        [[-INF, NAN, INF], -INF, NAN],
        [[1, 2, NAN, -3], -3, NAN],
        [[null, NAN], NAN, NAN],
        [[null, NAN, -1.5, null], -1.5, NAN],
        [[-0, NAN, 0], 0, NAN],
        [[-0, 0], 0, 0],
        [[-0], 0, 0],
        [[-0, -1], -1, 0],
        [[INF, -INF], -INF, INF],
      ];
    for (const [values, leastOne, mostOne] of cases) {
      const groups = orders(values);
      const results = await inWindows(type, groups).window(tumble("1s")).aggregate(EXTREMES).toArray({ batchRows });
      expect(inOrder(results).map((row) => [row.least, row.most])).toEqual(groups.map(() => [leastOne, mostOne]));
    }
  });

  law(`S52 SUM and AVG of ${type}: one NaN, or infinities of both signs, make NaN`, async (batchRows) => {
    const groups = [
      [1, NAN, 2],
      [NAN],
      [INF, 1],
      [-INF, 1],
      [INF, -INF],
      [INF, NAN],
      [null, NAN],
      [-0],
      [-0, -0],
      [0.5, -0.5],
    ];
    const results = await inWindows(type, groups)
      .window(tumble("1s"))
      .aggregate({ s: sum("v"), a: avg("v") })
      .toArray({ batchRows });
    expect(inOrder(results).map((row) => [row.s, row.a])).toEqual(
      [NAN, NAN, INF, -INF, NAN, NAN, NAN, 0, 0, 0].map((value) => [value, value]),
    );
  });

  law(`S52 in WHERE and expressions on ${type} NaN equals NaN and is greater than all else`, async (batchRows) => {
    const values = [NAN, INF, 1, 0, -INF, null];
    const source = inWindows(type, [values]).select("v");
    const v = col("v");
    const where = async (predicate: Parameters<typeof source.where>[0]) =>
      (await source.where(predicate).toArray({ batchRows })).map((row) => row.v);
    expect(await where(v.eq(NAN))).toEqual([NAN]);
    expect(await where(v.ne(NAN))).toEqual([INF, 1, 0, -INF]);
    expect(await where(v.gt(INF))).toEqual([NAN]);
    expect(await where(v.ge(INF))).toEqual([NAN, INF]);
    expect(await where(v.lt(NAN))).toEqual([INF, 1, 0, -INF]);
    expect(await where(v.le(NAN))).toEqual([NAN, INF, 1, 0, -INF]);
    expect(await where(v.gt(NAN))).toEqual([]);
    expect(await where(v.lt(1))).toEqual([0, -INF]);
    expect(await where(v.between(0, NAN))).toEqual([NAN, INF, 1, 0]);
    expect(await where(v.in(NAN, 1))).toEqual([NAN, 1]);
    expect(await where(v.eq(col("v")))).toEqual([NAN, INF, 1, 0, -INF]);
    expect(await where(v.isNotDistinctFrom(NAN))).toEqual([NAN]);
    expect(await where(v.isDistinctFrom(NAN))).toEqual([INF, 1, 0, -INF, null]);
    expect(await where(greatest(v, 1).eq(NAN))).toEqual([NAN]);
    expect(await where(least(v, 1).eq(1))).toEqual([NAN, INF, 1]);
  });

  law(`S52 NaN is one group of ${type} keys, whatever its bits`, async (batchRows) => {
    const bits = new DataView(new ArrayBuffer(8));
    const nans = [0x7ff8000000000000n, 0x7ff8000000000001n, 0xfff8000000000000n, 0xffffffffffffffffn].map((pattern) => {
      bits.setBigUint64(0, pattern);
      return bits.getFloat64(0);
    });
    const bits32 = new Uint32Array([0x7fc00000, 0x7fc00001, 0xffc00000, 0xffffffff]);
    const v =
      type === "DOUBLE" ? new Float64Array([...nans, 1]) : new Float32Array([...new Float32Array(bits32.buffer), 1]);
    const ts = new BigInt64Array(5);
    const table = mill.columns({ ts, v }, { schema: { ts: "TIMESTAMP(3)", v: type }, time: "ts" });
    const results = await table.window(tumble("1s")).groupBy("v").aggregate({ n: count() }).toArray({ batchRows });
    expect(windows(results)).toEqual(["[0, 1) v=1 n=1", "[0, 1) v=NaN n=4"]);
    mill.release(table);
  });

  law(`S53 −0 is 0: one group of ${type} keys, printed 0`, async (batchRows) => {
    for (const values of [
      [-0, 0, 1, -1],
      [0, -0, 1, -1],
      [-0, -0, 1, -1],
    ]) {
      const source = inWindows(type, [values]);
      const expected = ["[0, 1) v=-1 n=1", "[0, 1) v=0 n=2", "[0, 1) v=1 n=1"];
      const grouped = source.window(tumble("1s")).groupBy("v").aggregate({ n: count() });
      expect(windows(await grouped.toArray({ batchRows }))).toEqual(expected);
      const composite = source
        .window(tumble("1s"))
        .groupBy({ v: col("v"), w: col("v").neg() })
        .aggregate({ n: count() });
      expect(windows(await composite.toArray({ batchRows }))).toEqual([
        "[0, 1) v=-1 w=1 n=1",
        "[0, 1) v=0 w=0 n=2",
        "[0, 1) v=1 w=-1 n=1",
      ]);
    }
  });
}

law("S53 −0 equals 0 in WHERE, is not less, and is written as 0", async (batchRows) => {
  const source = inWindows("DOUBLE", [[-0, 0]]).select("v");
  expect(await source.where(col("v").eq(0)).toArray({ batchRows })).toHaveLength(2);
  expect(await source.where(col("v").lt(0)).toArray({ batchRows })).toHaveLength(0);
  expect(await source.where(col("v").in(0)).toArray({ batchRows })).toHaveLength(2);
  expect(await source.where(col("v").isNotDistinctFrom(lit(-0))).toArray({ batchRows })).toHaveLength(2);
  const texts = await source.select({ s: col("v").cast("STRING") }).toArray({ batchRows });
  expect(new Set(texts.map(({ s }) => s)).size).toBe(1);
  expect(texts[0]?.s).not.toContain("-");
  const path = join(folder, `zero-${batchRows}.ndjson`);
  await source.to(mill.file(path)).run({ batchRows });
  expect(await readFile(path, "utf8")).not.toContain("-");
});

law("S54 SUM of integers is BIGINT, of decimals DECIMAL(38, s); floats keep their type", async (batchRows) => {
  const schema = {
    t: "TINYINT",
    s: "SMALLINT",
    i: "INT",
    b: "BIGINT",
    m: "DECIMAL(10, 2)",
    f: "FLOAT",
    d: "DOUBLE",
  } as const;
  const row = { t: 127, s: 32_767, i: 2 ** 31 - 1, b: 2 ** 52, m: "99999999.99", f: 0.25, d: 2 ** 900 };
  const rows = Array.from({ length: 9 }, () => row);
  const sums = { t: sum("t"), s: sum("s"), i: sum("i"), b: sum("b"), m: sum("m"), f: sum("f"), d: sum("d") };
  const total = mill.rows(rows, { schema }).aggregate(sums);
  expect(await total.schema()).toEqual({
    t: "BIGINT",
    s: "BIGINT",
    i: "BIGINT",
    b: "BIGINT",
    m: "DECIMAL(38, 2)",
    f: "FLOAT",
    d: "DOUBLE",
  });
  expect(await total.toArray({ batchRows, bigint: true })).toEqual([
    {
      t: 1143n,
      s: 294_903n,
      i: 19_327_352_823n,
      b: 40_532_396_646_334_464n,
      m: "899999999.91",
      f: 2.25,
      d: 9 * 2 ** 900,
    },
  ]);
});

law("S54 a sum that fits is right, whatever it passed through on the way", async (batchRows) => {
  const groups = [
    ...orders([I64_MAX, 1n, -1n]),
    ...orders([I64_MAX, I64_MAX, I64_MIN]),
    ...orders([I64_MIN, -5n, 5n, I64_MAX]),
    [I64_MIN],
    [I64_MAX],
  ];
  const expected = [
    ...orders([1, 2, 3]).map(() => I64_MAX),
    ...orders([1, 2, 3]).map(() => I64_MAX - 1n),
    ...orders([1, 2, 3, 4]).map(() => -1n),
    I64_MIN,
    I64_MAX,
  ];
  const results = await inWindows("BIGINT", groups)
    .window(tumble("1s"))
    .aggregate({ s: sum("v") })
    .toArray({ batchRows, bigint: true });
  expect(inOrder(results).map(({ s }) => s)).toEqual(expected);
});

law("S54 a sum that does not fit is OVERFLOW, never wrapped", async (batchRows) => {
  for (const values of [
    [I64_MAX, 1n],
    [1n, I64_MAX],
    [I64_MIN, -1n],
    [I64_MAX, I64_MAX, I64_MAX],
    [I64_MIN, I64_MIN],
    [0n, I64_MAX, null, 1n],
  ]) {
    const source = inWindows("BIGINT", [values]);
    const windowed = source.window(tumble("1s")).aggregate({ s: sum("v") });
    await expect(windowed.toArray({ batchRows, bigint: true })).rejects.toMatchObject({ code: "OVERFLOW" });
    const all = source.aggregate({ s: sum("v") });
    await expect(all.toArray({ batchRows, bigint: true })).rejects.toMatchObject({ code: "OVERFLOW" });
  }
});

law("S54 a window whose sum overflows follows the row policy; the others are not touched", async (batchRows) => {
  const rows = [
    { ts: new Date(0), k: "big", v: I64_MAX },
    { ts: new Date(1), k: "small", v: 1n },
    { ts: new Date(2), k: "big", v: 1n },
    { ts: new Date(10_000), k: "big", v: 7n },
  ];
  const schema = { ts: "TIMESTAMP(3)", k: "STRING", v: "BIGINT" } as const;
  const windowed = (rowPolicy: "skip" | "deadLetter") =>
    mill
      .rows(rows, { schema, time: "ts", rowPolicy })
      .window(tumble("10s"))
      .groupBy("k")
      .aggregate({ s: sum("v"), n: count() });
  const expected = ['[0, 10) k="small" s=1 n=1', '[10, 20) k="big" s=7 n=1'];
  const results = mill.memory();
  expect(await windowed("skip").to(results).run({ batchRows })).toMatchObject({ badRows: 1 });
  expect(windows(results.toRows())).toEqual(expected);
  const [kept, dead] = [mill.memory(), mill.memory()];
  const stream = windowed("deadLetter");
  expect(await stream.to(kept).and(stream.deadLetters().to(dead)).run({ batchRows })).toMatchObject({ badRows: 1 });
  expect(windows(kept.toRows())).toEqual(expected);
  expect(dead.toRows().map(({ code }) => code)).toEqual(["OVERFLOW"]);
});

law("S54 sums of DECIMAL pass 18 digits", async (batchRows) => {
  const nines = "999999999999999.999";
  const source = mill.rows(
    Array.from({ length: 1000 }, () => ({ v: nines })),
    { schema: { v: "DECIMAL(18, 3)" } },
  );
  expect(await source.aggregate({ s: sum("v") }).toArray({ batchRows })).toEqual([{ s: "999999999999999999.000" }]);
  const negative = source.select({ v: col("v").neg() }).aggregate({ s: sum("v"), least: min("v"), most: max("v") });
  expect(await negative.toArray({ batchRows })).toEqual([
    { s: "-999999999999999999.000", least: `-${nines}`, most: `-${nines}` },
  ]);
});

law(
  "S55 AVG of integers and floats is DOUBLE, of DECIMAL(p, s) DECIMAL(38, max(6, s)) rounded HALF_UP",
  async (batchRows) => {
    const schema = { i: "INT", b: "BIGINT", f: "FLOAT", m: "DECIMAL(10, 2)", w: "DECIMAL(18, 9)" } as const;
    const averages = { i: avg("i"), b: avg("b"), f: avg("f"), m: avg("m"), w: avg("w") };
    const rows = [
      { i: 1, b: 2, f: 0.5, m: "2.00", w: "0.000000001" },
      { i: 2, b: 3, f: 1, m: "0.00", w: "0.000000002" },
      { i: null, b: null, f: null, m: "0.00", w: null },
    ];
    const mean = mill.rows(rows, { schema }).aggregate(averages);
    expect(await mean.schema()).toEqual({
      i: "DOUBLE",
      b: "DOUBLE",
      f: "DOUBLE",
      m: "DECIMAL(38, 6)",
      w: "DECIMAL(38, 9)",
    });
    // 0.0000000015 is half way: up, away from zero.
    expect(await mean.toArray({ batchRows })).toEqual([{ i: 1.5, b: 2.5, f: 0.75, m: "0.666667", w: "0.000000002" }]);
    const negated = mill
      .rows(rows, { schema })
      .select({ m: col("m").neg(), w: col("w").neg() })
      .aggregate({ m: avg("m"), w: avg("w") });
    expect(await negated.toArray({ batchRows })).toEqual([{ m: "-0.666667", w: "-0.000000002" }]);
  },
);

law("S55 AVG of integers whose sum is beyond i64 is right all the same", async (batchRows) => {
  const results = await inWindows("BIGINT", [
    [I64_MAX, I64_MAX, I64_MAX],
    [I64_MIN, I64_MIN],
    [I64_MAX, I64_MIN],
  ])
    .window(tumble("1s"))
    .aggregate({ a: avg("v") })
    .toArray({ batchRows });
  expect(inOrder(results).map(({ a }) => a)).toEqual([2 ** 63, -(2 ** 63), -0.5]);
});

/** What a computed column gives, or the code of the error, for each row by itself. */
async function each<Row>(
  stream: (rows: readonly unknown[]) => DataStream<Row>,
  rows: readonly unknown[],
  batchRows: number,
) {
  return await Promise.all(
    rows.map(async (row) => {
      try {
        const [result] = await stream([row]).toArray({ batchRows, bigint: true });
        return (result as { q: unknown }).q;
      } catch (error) {
        return (error as { code: string }).code;
      }
    }),
  );
}

law("S57 integer division truncates toward zero, and the remainder has the sign of the dividend", async (batchRows) => {
  for (const type of ["TINYINT", "SMALLINT", "INT", "BIGINT"] as const) {
    const rows = [
      [7, 2],
      [-7, 2],
      [7, -2],
      [-7, -2],
      [1, 2],
      [-1, 2],
      [0, 5],
      [null, 2],
      [2, null],
      [null, 0],
      [6, 3],
    ].map(([a, b]) => ({ a, b }));
    const source = mill.rows(rows, { schema: { a: type, b: type } });
    const results = await source
      .select({ q: col("a").div(col("b")), r: col("a").mod(col("b")) })
      .toArray({ batchRows });
    expect(results.map(({ q, r }) => [q, r])).toEqual([
      [3, 1],
      [-3, -1],
      [-3, 1],
      [3, -1],
      [0, 1],
      [0, -1],
      [0, 0],
      [null, null],
      [null, null],
      [null, null],
      [2, 0],
    ]);
  }
});

law("S57 x / 0 and −2^63 / −1 are errors, for integers and decimals", async (batchRows) => {
  const divided = (type: "INT" | "BIGINT" | "DECIMAL(10, 2)") => (rows: readonly unknown[]) =>
    mill
      .rows(rows as { a: number; b: number }[], { schema: { a: type, b: type } })
      .select({ q: col("a").div(col("b")) });
  expect(
    await each(
      divided("INT"),
      [
        { a: 1, b: 0 },
        { a: 0, b: 0 },
        { a: -(2 ** 31), b: -1 },
      ],
      batchRows,
    ),
  ).toEqual(["DIVISION_BY_ZERO", "DIVISION_BY_ZERO", "OVERFLOW"]);
  expect(
    await each(
      divided("BIGINT"),
      [
        { a: 1, b: 0 },
        { a: I64_MIN, b: -1n },
        { a: I64_MIN, b: 1n },
        { a: I64_MIN, b: 2n },
        { a: I64_MAX, b: -1n },
      ],
      batchRows,
    ),
  ).toEqual(["DIVISION_BY_ZERO", "OVERFLOW", I64_MIN, -(2n ** 62n), -I64_MAX]);
  expect(await each(divided("DECIMAL(10, 2)"), [{ a: "1.00", b: "0.00" }], batchRows)).toEqual(["DIVISION_BY_ZERO"]);
  const remainder = (rows: readonly unknown[]) =>
    mill
      .rows(rows as { a: number; b: number }[], { schema: { a: "INT", b: "INT" } })
      .select({ q: col("a").mod(col("b")) });
  expect(await each(remainder, [{ a: 5, b: 0 }], batchRows)).toEqual(["DIVISION_BY_ZERO"]);
});

law("S57 DOUBLE / 0 is infinite or NaN", async (batchRows) => {
  const rows = [
    [1, 0],
    [-1, 0],
    [0, 0],
    [NAN, 0],
    [INF, 0],
    [null, 0],
    [7, 2],
  ].map(([a, b]) => ({ a, b }));
  const source = mill.rows(rows, { schema: { a: "DOUBLE", b: "DOUBLE" } });
  const results = await source.select({ q: col("a").div(col("b")) }).toArray({ batchRows });
  expect(results.map(({ q }) => q)).toEqual([INF, -INF, NAN, NAN, INF, null, 3.5]);
  const literals = source.select({ q: col("a").div(lit(0, "DOUBLE")) });
  expect((await literals.toArray({ batchRows })).map(({ q }) => q)).toEqual([INF, -INF, NAN, NAN, INF, null, INF]);
});

law("S57 sums, differences and products of integers overflow as errors", async (batchRows) => {
  const source = (rows: readonly unknown[]) =>
    mill.rows(rows as { a: number; b: number }[], { schema: { a: "BIGINT", b: "BIGINT" } });
  const [a, b] = [col("a"), col("b")];
  const rows = [
    { a: I64_MAX, b: 1n },
    { a: I64_MIN, b: 1n },
    { a: I64_MIN, b: -1n },
  ];
  expect(await each((some) => source(some).select({ q: a.add(b) }), rows, batchRows)).toEqual([
    "OVERFLOW",
    I64_MIN + 1n,
    "OVERFLOW",
  ]);
  expect(await each((some) => source(some).select({ q: a.sub(b) }), rows, batchRows)).toEqual([
    I64_MAX - 1n,
    "OVERFLOW",
    I64_MIN + 1n,
  ]);
  expect(await each((some) => source(some).select({ q: a.mul(b) }), rows, batchRows)).toEqual([
    I64_MAX,
    I64_MIN,
    "OVERFLOW",
  ]);
  expect(await each((some) => source(some).select({ q: a.neg() }), rows, batchRows)).toEqual([
    -I64_MAX,
    "OVERFLOW",
    "OVERFLOW",
  ]);
});

law("S60 integers beyond 2^53 survive as keys, in sums and extremes", async (batchRows) => {
  const big = 2n ** 53n;
  const values = [big - 1n, big, big + 1n, big + 1n, -big - 1n, -big, I64_MAX, I64_MAX - 1n, I64_MIN, I64_MIN + 1n];
  const rows = values.map((v) => ({ ts: new Date(0), v }));
  const source = mill.rows(rows, { schema: { ts: "TIMESTAMP(3)", v: "BIGINT" }, time: "ts" });
  const grouped = source
    .window(tumble("1s"))
    .groupBy("v")
    .aggregate({ n: count(), s: sum("v"), least: min("v"), most: max("v") });
  const results = await grouped.toArray({ batchRows, bigint: true });
  const expected = [...new Set(values)].map((v) => {
    const n = v === big + 1n ? 2n : 1n;
    return `[0, 1) v=${v}n n=${n}n s=${v * n}n least=${v}n most=${v}n`;
  });
  expect(windows(results)).toEqual(expected.sort());
  // The small ones add up to 2 × 2^53, the four extremes to −2.
  const all = await source
    .aggregate({ s: sum("v"), least: min("v"), most: max("v") })
    .toArray({ batchRows, bigint: true });
  expect(all).toEqual([{ s: 2n ** 54n - 2n, least: I64_MIN, most: I64_MAX }]);
  await expect(grouped.toArray({ batchRows })).rejects.toMatchObject({ code: "UNSAFE_INTEGER" });
});

law("S60 integers beyond 2^53 survive in JSON, in and out", async (batchRows) => {
  const values = [
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    `${I64_MAX}`,
    `${I64_MIN}`,
  ];
  const [source, target] = [join(folder, `in-${batchRows}.ndjson`), join(folder, `out-${batchRows}.ndjson`)];
  await writeFile(source, values.map((v) => `{"v":${v}}\n`).join(""));
  const table = mill.file(source, { schema: { v: "BIGINT" } });
  await table.to(mill.file(target)).run({ batchRows });
  expect((await readFile(target, "utf8")).trim().split("\n")).toEqual(values.map((v) => `{"v":${v}}`));
  // Found out without a schema too: such numbers are no DOUBLEs.
  const inferred = mill.file(source);
  expect(await inferred.schema()).toEqual({ v: "BIGINT" });
  expect((await inferred.toArray({ batchRows, bigint: true })).map(({ v }) => v)).toEqual(values.map(BigInt));
  // One more than fits is refused, not rounded.
  const tooLarge = join(folder, `large-${batchRows}.ndjson`);
  await writeFile(tooLarge, `{"v":${I64_MAX + 1n}}\n`);
  const refused = mill.file(tooLarge, { schema: { v: "BIGINT" } }).toArray({ batchRows, bigint: true });
  await expect(refused).rejects.toMatchObject({ code: expect.stringMatching(/OVERFLOW|TYPE/) });
});

law("S60 comparisons, literals and casts of integers beyond 2^53 are exact", async (batchRows) => {
  const big = 2n ** 53n;
  const source = mill.rows(
    [big - 1n, big, big + 1n, big + 2n].map((v) => ({ v })),
    { schema: { v: "BIGINT" } },
  );
  const where = async (predicate: Parameters<typeof source.where>[0]) =>
    (await source.where(predicate).toArray({ batchRows, bigint: true })).map(({ v }) => v);
  expect(await where(col("v").eq(big + 1n))).toEqual([big + 1n]);
  expect(await where(col("v").gt(big))).toEqual([big + 1n, big + 2n]);
  expect(await where(col("v").in(big + 1n, big - 1n))).toEqual([big - 1n, big + 1n]);
  const texts = await source
    .select({ s: col("v").cast("STRING"), w: col("v").add(1n).sub(1n) })
    .toArray({ batchRows, bigint: true });
  expect(texts).toEqual([big - 1n, big, big + 1n, big + 2n].map((v) => ({ s: `${v}`, w: v })));
});

law(
  "S61 decimals are exact: 0.908 × price has scale 3, casts round HALF_UP, what does not fit is an error",
  async (batchRows) => {
    const rows = [1, 3, 1_000_000, -7].map((price) => ({ price }));
    const source = mill.rows(rows, { schema: { price: "INT" } });
    const euros = source.select({ q: lit("0.908", "DECIMAL(4, 3)").mul(col("price")) });
    expect((await euros.toArray({ batchRows })).map(({ q }) => q)).toEqual(["0.908", "2.724", "908000.000", "-6.356"]);

    const halves = mill.rows(
      ["0.125", "0.135", "-0.125", "-0.135", "2.345", "0.004", "-0.005", "99.994", "99.995"].map((v) => ({ v })),
      { schema: { v: "DECIMAL(6, 3)" } },
    );
    const rounded = halves.select({ q: col("v").tryCast("DECIMAL(4, 2)") });
    expect((await rounded.toArray({ batchRows })).map(({ q }) => q)).toEqual([
      "0.13",
      "0.14",
      "-0.13",
      "-0.14",
      "2.35",
      "0.00",
      "-0.01",
      "99.99",
      null,
    ]);
    const strict = halves.select({ q: col("v").cast("DECIMAL(4, 2)") });
    await expect(strict.toArray({ batchRows })).rejects.toMatchObject({ code: expect.stringMatching(/OVERFLOW|CAST/) });
    // 0.1 + 0.2 is 0.3, ten times 0.1 is 1.
    const tenths = mill.rows(
      Array.from({ length: 10 }, () => ({ v: "0.1" })),
      { schema: { v: "DECIMAL(2, 1)" } },
    );
    const summed = tenths.aggregate({ s: sum("v") });
    expect(await summed.toArray({ batchRows })).toEqual([{ s: "1.0" }]);
    const three = tenths.select({ q: col("v").add(lit("0.2", "DECIMAL(2, 1)")) });
    expect((await three.toArray({ batchRows }))[0]).toEqual({ q: "0.3" });
  },
);
