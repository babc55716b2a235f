// State and batches, S93 to S101: memory stays flat however many keys come and go, and how rows are cut into batches changes
// nothing.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { avg, col, count, type DataStream, hop, max, min, sum, tumble } from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { BATCH_ROWS, law, shown, windows } from "./support.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

/** What a job did to memory: the state's bytes each time that results came, and what came. */
interface Watched {
  readonly results: number;
  readonly rows: number;
  readonly stateBytes: readonly number[];
}

/** Runs the stream within a budget; `count` adds up its column `n`. */
async function watched(
  stream: DataStream<{ n: number }>,
  options: { readonly batchRows: number; readonly memoryBytes: number },
): Promise<Watched> {
  let [results, rows] = [0, 0];
  const stateBytes: number[] = [];
  const target = mill.callback((some: readonly { n: number }[]) => {
    results += some.length;
    for (const { n } of some) rows += n;
    stateBytes.push(job.metrics().reduce((all, node) => all + node.stateBytes, 0));
  });
  const job = stream.to(target).start(options);
  await job.done;
  return { results, rows, stateBytes };
}

/** The most of the second half is no more than that of the first, but for some slack of its allocator. */
function expectFlat({ stateBytes }: Watched): void {
  const half = Math.floor(stateBytes.length / 2);
  const [early, later] = [Math.max(...stateBytes.slice(0, half)), Math.max(...stateBytes.slice(half))];
  expect(stateBytes.length).toBeGreaterThan(10);
  expect(early).toBeGreaterThan(0);
  expect(later).toBeLessThanOrEqual(early * 1.25);
}

/** Rows of keys that each come once, so many a window of a second. */
function* passing(keys: number, keysPerSecond: number, keyOf: (index: number) => string | number) {
  for (let index = 0; index < keys; index++)
    yield { ts: new Date(Math.floor((index * 1000) / keysPerSecond)), k: keyOf(index) };
}

law("S93 the state of keys that never come again is freed at end + lateness", async (batchRows) => {
  const keys = { 1: 40_000, 7: 100_000 }[batchRows] ?? 400_000;
  // So many windows a key.
  for (const [type, window, windows, keyOf] of [
    ["BIGINT", tumble("1s", { lateness: "2s" }), 1, (index: number) => index * 1_000_003],
    ["STRING", tumble("1s", { lateness: "2s" }), 1, (index: number) => `customer-${index * 7}-of-many`],
    ["BIGINT", hop("1s", "500ms", { lateness: "1s" }), 2, (index: number) => index * 1_000_003],
  ] as const) {
    const stream = mill
      .from(passing(keys, keys / 200, keyOf), {
        schema: { ts: "TIMESTAMP(3)", k: type },
        time: "ts",
        outOfOrder: "500ms",
      })
      .window(window)
      .groupBy("k")
      .aggregate({ n: count() });
    const result = await watched(stream, { batchRows, memoryBytes: 16 << 20 });
    expect([result.results, result.rows]).toEqual([keys * windows, keys * windows]);
    expectFlat(result);
  }
});

law(
  "S96 2 M distinct keys through a 1-s window: flat memory",
  async (batchRows) => {
    const keys = { 1: 50_000, 7: 100_000 }[batchRows] ?? 2_000_000;
    const stream = mill
      .from(
        passing(keys, keys / 200, (index) => index * 2_654_435_761),
        // Ten rows share a millisecond: without a bound the first of a window's last one would close it on the others.
        { schema: { ts: "TIMESTAMP(3)", k: "BIGINT" }, time: "ts", outOfOrder: "1ms" },
      )
      .window(tumble("1s"))
      .groupBy("k")
      .aggregate({ n: count() });
    const result = await watched(stream, { batchRows, memoryBytes: 16 << 20 });
    expect([result.results, result.rows]).toEqual([keys, keys]);
    expectFlat(result);
  },
  120_000,
);

const SCHEMA = {
  ts: "TIMESTAMP(3)",
  b: "BOOLEAN",
  i: "INT",
  l: "BIGINT",
  d: "DOUBLE",
  m: "DECIMAL(9, 2)",
  s: "STRING",
} as const;

/** Row `i`, with NULLs in every column at its own rhythm. */
function cells(i: number) {
  return {
    ts: new Date(i * 10),
    b: i % 3 === 0 ? null : i % 2 === 0,
    i: i % 5 === 1 ? null : (i % 101) - 50,
    l: i % 7 === 2 ? null : i * 4_294_967_296,
    d: i % 11 === 3 ? null : i / 8,
    m: i % 13 === 4 ? null : `${i % 1000}.25`,
    s: i % 4 === 2 ? null : `s${i % 10}`,
  };
}

interface Totals {
  n: number;
  i: number | null;
  d: number | null;
  least: number | null;
  cents: number | null;
}

/** What the window has to give, row by row in plain JavaScript. Sums are of whole eighths and cents, so exact. */
function expectedWindows(rows: readonly ReturnType<typeof cells>[]): string[] {
  const groups = new Map<string, Totals>();
  for (const { ts, i, d, m, s } of rows) {
    const start = Math.floor(ts.getTime() / 60_000) * 60;
    const key = `[${start}, ${start + 60}) s=${s === null ? null : JSON.stringify(s)}`;
    const group = groups.get(key) ?? { n: 0, i: null, d: null, least: null, cents: null };
    group.n++;
    if (i !== null) group.i = (group.i ?? 0) + i;
    if (d !== null) group.d = (group.d ?? 0) + d;
    if (i !== null) group.least = Math.min(group.least ?? i, i);
    if (m !== null) group.cents = (group.cents ?? 0) + Math.round(Number(m) * 100);
    groups.set(key, group);
  }
  const lines = [...groups].map(([key, { n, i, d, least, cents }]) => {
    const m = cents === null ? null : `"${(cents / 100).toFixed(2)}"`;
    return `${key} n=${n} i=${i} d=${d} least=${least} m=${m}`;
  });
  return lines.sort();
}

const summed = <Row>(stream: DataStream<Row>) =>
  (stream as unknown as DataStream<{ ts: Date; s: string; i: number; d: number; m: string }>)
    .window(tumble("1m"))
    .groupBy("s")
    .aggregate({ n: count(), i: sum("i"), d: sum("d"), least: min("i"), m: sum("m") });

describe("S101 batches of any size and shape give the same results", () => {
  law("S101 an empty input and one row", async (batchRows) => {
    for (const rows of [[], [cells(1)], [cells(2)], [cells(6)]]) {
      const source = mill.rows(rows, { schema: SCHEMA, time: "ts" });
      expect(shown(await source.toArray({ batchRows }))).toEqual(shown(rows));
      expect(windows(await summed(source).toArray({ batchRows }))).toEqual(expectedWindows(rows));
    }
  });

  law("S101 65,537 rows", async (batchRows) => {
    const rows = Array.from({ length: 65_537 }, (_, i) => cells(i));
    const source = mill.rows(rows, { schema: SCHEMA, time: "ts" });
    expect(windows(await summed(source).toArray({ batchRows }))).toEqual(expectedWindows(rows));
    expect(
      await source.aggregate({ n: count(), b: count("b"), least: min("d"), most: max("d") }).toArray({ batchRows }),
    ).toEqual([{ n: 65_537, b: 65_537 - Math.ceil(65_537 / 3), least: 0, most: 65_536 / 8 }]);
  });

  law("S101 all rows filtered, all but the first, all but the last", async (batchRows) => {
    // Three batches of the largest size; one row a batch needs no more than one that the last predicate keeps.
    const last = batchRows === 1 ? 4100 : 20_000;
    const rows = Array.from({ length: last + 1 }, (_, i) => ({ ...cells(i), row: i }));
    const source = mill.rows(rows, { schema: { ...SCHEMA, row: "INT" }, time: "ts" });
    for (const [predicate, kept] of [
      [col("row").lt(0), []],
      [col("row").eq(0), rows.slice(0, 1)],
      [col("row").eq(last), rows.slice(last)],
      [col("row").mod(4096).eq(4095), rows.filter(({ row }) => row % 4096 === 4095)],
    ] as const) {
      const filtered = source.where(predicate);
      expect(windows(await summed(filtered).toArray({ batchRows }))).toEqual(expectedWindows(kept));
      expect((await filtered.select("row").toArray({ batchRows })).map(({ row }) => row)).toEqual(
        kept.map(({ row }) => row),
      );
    }
  });

  // Whole columns with validity bitmaps are cut into batches that begin at every bit of a byte.
  test.each([...BATCH_ROWS, 3, 5, 8, 9, 63, 64, 65])(
    "S101 sliced validity at any bit offset (batches of %i)",
    async (batchRows) => {
      const rows = Array.from({ length: batchRows === 1 ? 600 : 3001 }, (_, i) => cells(i));
      const column = <K extends keyof (typeof rows)[number]>(name: K, empty: unknown) => {
        const validity = new Uint8Array(Math.ceil(rows.length / 8));
        const values = rows.map((row, i) => {
          if (row[name] === null) return empty;
          validity[i >> 3] = (validity[i >> 3] as number) | (1 << (i & 7));
          return row[name];
        });
        return { values, validity };
      };
      const typed = (data: { values: unknown[]; validity: Uint8Array }, array: ArrayLike<number | bigint>) => ({
        values: array,
        validity: data.validity,
      });
      const [i, l, d] = [column("i", 77), column("l", 77), column("d", 77)];
      const table = mill.columns(
        {
          ts: BigInt64Array.from(rows, ({ ts }) => BigInt(ts.getTime())),
          b: column("b", true),
          // What stands under a NULL must not count.
          i: typed(i, Int32Array.from(i.values as number[])),
          l: typed(
            l,
            BigInt64Array.from(l.values as number[], (value) => BigInt(value)),
          ),
          d: typed(d, Float64Array.from(d.values as number[])),
          m: column("m", "77.77"),
          s: column("s", "77"),
        },
        { schema: SCHEMA, time: "ts" },
      );
      expect(shown(await table.toArray({ batchRows }))).toEqual(shown(rows));
      expect(windows(await summed(table).toArray({ batchRows }))).toEqual(expectedWindows(rows));
      const flags = table
        .window(tumble("1 day"))
        .groupBy("b")
        .aggregate({ n: count(), a: avg("d"), l: count("l") });
      const expected = [true, false, null].map((flag) => {
        const group = rows.filter(({ b }) => b === flag);
        const numbers = group.flatMap((row) => (row.d === null ? [] : [row.d]));
        const mean = numbers.reduce((total, value) => total + value, 0) / numbers.length;
        return `[0, 86400) b=${flag} n=${group.length} a=${mean} l=${group.filter((row) => row.l !== null).length}`;
      });
      expect(windows(await flags.toArray({ batchRows }))).toEqual(expected.sort());
      const odd = table.where(col("b")).where(col("i").gt(0)).select("i", "s");
      expect(await odd.toArray({ batchRows })).toEqual(
        rows.filter((row) => row.b === true && (row.i ?? 0) > 0).map((row) => ({ i: row.i, s: row.s })),
      );
      mill.release(table);
    },
  );
});
