// Late rows, S40 to S44, and the end of input, S98: which rows are late, what they carry, what a window gives again for rows
// within its lateness, and that nothing disappears in silence. Times are seconds after the epoch, windows 10 s.
import { afterAll, beforeAll, expect } from "vitest";
import { col, count, type DataStream, max, sum, tumble } from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { gate, HeldNode, law, script, sec, settle, shown, windows, windowsInOrder } from "./support.js";

const SCHEMA = { ts: "TIMESTAMP(3)", k: "STRING", v: "INT" } as const;

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

const at = (seconds: number, k = "a", v = 1) => ({ ts: sec(seconds), k, v });

interface Outcome {
  /** Results in the order in which they came. */
  readonly results: string[];
  /** The last result of each window and key. */
  readonly final: string[];
  readonly late: string[];
  readonly lateRows: number;
}

/** Runs a windowed stream once: its results, its late rows as lines of the columns named. */
async function outcome(stream: DataStream<object>, batchRows: number, columns: readonly string[]): Promise<Outcome> {
  const [results, late] = [mill.memory(), mill.memory()];
  const { lateRows, partiallyLateRows } = await stream.to(results).and(stream.late().to(late)).run({ batchRows });
  // A tumbling window is the only one that a row belongs to.
  expect(partiallyLateRows).toBe(0);
  expect(late.rowCount).toBe(lateRows);
  const lines = windowsInOrder(results.toRows());
  const final = new Map(lines.map((line) => [line.replace(/ n=.*/, ""), line]));
  const picked = late.toRows().map((row) => Object.fromEntries(columns.map((name) => [name, row[name]])));
  return { results: lines, final: [...final.values()].sort(), late: shown(picked), lateRows };
}

const source = (rows: readonly object[], outOfOrder = "0s") =>
  mill.rows(rows as ReturnType<typeof at>[], { schema: SCHEMA, time: "ts", outOfOrder });

law("S40 late is decided by the window: end − 1 ms + lateness ≤ watermark", async (batchRows) => {
  // The watermark is 14.998, then 14.999 = 10 s − 1 ms + 5 s.
  const rows = [at(0), at(14.998), at(1, "a", 2), at(9.999, "a", 4), at(14.999), at(2), at(9.999), at(10, "a", 8)];
  const stream = source(rows)
    .window(tumble("10s", { lateness: "5s" }))
    .groupBy("k")
    .aggregate({ n: count(), v: sum("v") });
  const { final, late, lateRows } = await outcome(stream, batchRows, ["ts"]);
  expect(final).toEqual(['[0, 10) k="a" n=3 v=7', '[10, 20) k="a" n=3 v=10']);
  expect(late).toEqual(["ts=1970-01-01T00:00:02.000Z", "ts=1970-01-01T00:00:09.999Z"]);
  expect(lateRows).toBe(2);
});

law("S40 a key without rows so far is accepted within the lateness, and late beyond it", async (batchRows) => {
  const stream = source([at(0), at(12), at(3, "new"), at(15), at(4, "newer"), at(30), at(12, "newest")])
    .window(tumble("10s", { lateness: "5s" }))
    .groupBy("k")
    .aggregate({ n: count() });
  const { results, late } = await outcome(stream, batchRows, ["k"]);
  expect([...results].sort()).toEqual([
    '[0, 10) k="a" n=1',
    '[0, 10) k="new" n=1',
    '[10, 20) k="a" n=2',
    '[30, 40) k="a" n=1',
  ]);
  expect(late).toEqual(['k="newer"', 'k="newest"']);
});

law("S41 a row within the lateness fires its window again at once, with the full result", async (batchRows) => {
  const rows = [at(0, "a", 1), at(1, "b", 2), at(10, "a", 4), at(5, "a", 8), at(11, "b", 16), at(9, "a", 32), at(30)];
  const stream = source(rows)
    .window(tumble("10s", { lateness: "10s" }))
    .groupBy("k")
    .aggregate({ n: count(), v: sum("v") });
  const { results, final, late } = await outcome(stream, batchRows, ["ts"]);
  expect(final).toEqual([
    '[0, 10) k="a" n=3 v=41',
    '[0, 10) k="b" n=1 v=2',
    '[10, 20) k="a" n=1 v=4',
    '[10, 20) k="b" n=1 v=16',
    '[30, 40) k="a" n=1 v=1',
  ]);
  expect(late).toEqual([]);
  // Only the late row's own key gives another result.
  const ofWindow = results.filter((line) => line.startsWith("[0, 10)"));
  expect(ofWindow.filter((line) => line.includes('k="b"'))).toHaveLength(1);
  // What a window gave in between may depend on the batches; row by row it is every step.
  if (batchRows === 1) {
    expect([...ofWindow.slice(0, 2).sort(), ...ofWindow.slice(2)]).toEqual([
      '[0, 10) k="a" n=1 v=1',
      '[0, 10) k="b" n=1 v=2',
      '[0, 10) k="a" n=2 v=9',
      '[0, 10) k="a" n=3 v=41',
    ]);
  }
});

law("S41 the result comes again at once, not with the next watermark", async (batchRows) => {
  const [first, again] = [gate(), gate()];
  // The source says nothing more after the late row until its result is there.
  const rows = script(at(0), at(12), first.passed, at(3), again.passed, at(13));
  const results: object[] = [];
  await mill
    .from(rows, { schema: SCHEMA, time: "ts" })
    .window(tumble("10s", { lateness: "1m" }))
    .groupBy("k")
    .aggregate({ n: count() })
    .forEach(
      (row) => {
        results.push(row);
        (results.length === 1 ? first : again).open();
      },
      { batchRows },
    );
  expect(windowsInOrder(results)).toEqual(['[0, 10) k="a" n=1', '[0, 10) k="a" n=2', '[10, 20) k="a" n=2']);
});

law("S42 a late row carries why, by which watermark, and who refused it", async (batchRows) => {
  const rows = [at(0), at(20.5), at(3, "b", 7), at(31), at(4, "c", 8), { ts: null, k: "d", v: 9 }, at(40), at(25)];
  const stream = source(rows, "500ms").window(tumble("10s")).groupBy("k").aggregate({ n: count() }).uid("per-key");
  const { late } = await outcome(stream, batchRows, ["ts", "k", "v", "lateReason"]);
  expect(late).toEqual([
    'ts=1970-01-01T00:00:03.000Z k="b" v=7 lateReason="LATE"',
    'ts=1970-01-01T00:00:04.000Z k="c" v=8 lateReason="LATE"',
    'ts=1970-01-01T00:00:25.000Z k="a" v=1 lateReason="LATE"',
    'ts=null k="d" v=9 lateReason="NULL_TIME"',
  ]);
  const rowsLate = await stream.late().where(col("lateReason").eq("LATE")).toArray({ batchRows });
  expect(new Set(rowsLate.map(({ lateOperator }) => lateOperator))).toEqual(new Set(["per-key"]));
  // The watermark tells at least that the row's window was over.
  for (const { ts, lateWatermark } of rowsLate) {
    const end = Math.floor(Number(ts) / 10_000) * 10_000 + 10_000;
    expect(Number(lateWatermark)).toBeGreaterThanOrEqual(end - 1);
  }
});

/** Late rows of `judged`, each with the watermark that the rows before it had made. */
const JUDGED = [at(0), at(20.5), at(3), at(31), at(4), { ts: null, k: "a", v: 1 }, at(40), at(25)];
async function watermarksOf(batchRows: number): Promise<string[]> {
  const stream = source(JUDGED, "500ms").window(tumble("10s")).aggregate({ n: count() });
  return (await outcome(stream, batchRows, ["ts", "lateWatermark"])).late;
}
const WATERMARKS = [
  "ts=1970-01-01T00:00:03.000Z lateWatermark=1970-01-01T00:00:20.000Z",
  "ts=1970-01-01T00:00:04.000Z lateWatermark=1970-01-01T00:00:30.500Z",
  "ts=1970-01-01T00:00:25.000Z lateWatermark=1970-01-01T00:00:39.500Z",
  "ts=null lateWatermark=1970-01-01T00:00:30.500Z",
];

law("S42 the watermark of a late row is the one that the rows before it made", async (batchRows) => {
  expect(await watermarksOf(batchRows)).toEqual(WATERMARKS);
});

law("S42 a late row tells the window that it missed", async (batchRows) => {
  const window = tumble("10s", { offset: "3s", lateness: "5s" });
  const stream = source([at(0), at(40), at(12.999), at(-7.5), at(33), at(28), { ts: null, k: "a", v: 1 }])
    .window(window)
    .aggregate({ n: count() });
  const { late } = await outcome(stream, batchRows, ["ts", "lateWindowStart", "lateWindowEnd"]);
  expect(late).toEqual([
    "ts=1969-12-31T23:59:52.500Z lateWindowStart=1969-12-31T23:59:43.000Z lateWindowEnd=1969-12-31T23:59:53.000Z",
    "ts=1970-01-01T00:00:12.999Z lateWindowStart=1970-01-01T00:00:03.000Z lateWindowEnd=1970-01-01T00:00:13.000Z",
    "ts=1970-01-01T00:00:28.000Z lateWindowStart=1970-01-01T00:00:23.000Z lateWindowEnd=1970-01-01T00:00:33.000Z",
    "ts=null lateWindowStart=null lateWindowEnd=null",
  ]);
});

law("S42 late rows come with all columns of the window's input, also those that no result needs", async (batchRows) => {
  const schema = { ...SCHEMA, extra: "DECIMAL(10, 2)", raw: "BYTES" } as const;
  const more = { extra: "1.50", raw: new Uint8Array([0, 255]) };
  const rows = [at(20), at(3, "late", 5)].map((row) => ({ ...row, ...more }));
  const stream = mill
    .rows(rows, { schema, time: "ts" })
    .withColumn("twice", col("v").mul(2))
    .window(tumble("10s"))
    .aggregate({ n: count() });
  const [late] = await stream.late().toArray({ batchRows });
  expect(late).toMatchObject({ ts: sec(3), k: "late", v: 5, twice: 10, extra: "1.50", raw: new Uint8Array([0, 255]) });
});

law("S42 every row is either in a window or late", async (batchRows) => {
  const rows = Array.from({ length: 2000 }, (_, i) => at(i / 10 - (i % 13 === 0 ? (i % 29) * 2 : 0), `k${i % 7}`, i));
  const stream = source(rows, "3s")
    .window(tumble("10s"))
    .groupBy("k")
    .aggregate({ n: count(), v: sum("v") });
  const [results, late] = [mill.memory(), mill.memory()];
  const { rowsIn, lateRows } = await stream.to(results).and(stream.late().to(late)).run({ batchRows });
  const total = (name: string) => results.toRows().reduce((all, row) => all + Number(row[name]), 0);
  const lateTotal = late.toRows().reduce((all, row) => all + Number(row["v"]), 0);
  expect(rowsIn).toBe(2000);
  expect(lateRows).toBeGreaterThan(50);
  expect(total("n") + lateRows).toBe(2000);
  expect(total("v") + lateTotal).toBe((2000 * 1999) / 2);
});

law("S43 a fired window keeps its rows until its lateness is over", async (batchRows) => {
  // All of [0, 10)'s rows are in its results as long as it takes late ones: until the watermark 19.999.
  const rows = [at(0, "a", 1), at(9, "a", 2), at(10), at(19.998), at(5, "a", 4), at(19.999), at(5, "a", 8), at(60)];
  const stream = source(rows)
    .window(tumble("10s", { lateness: "10s" }))
    .groupBy("k")
    .aggregate({ n: count(), v: sum("v"), most: max("v") });
  const { final, late } = await outcome(stream, batchRows, ["v"]);
  expect(final).toEqual([
    '[0, 10) k="a" n=3 v=7 most=4',
    '[10, 20) k="a" n=3 v=3 most=1',
    '[60, 70) k="a" n=1 v=1 most=1',
  ]);
  expect(late).toEqual(["v=8"]);
});

law("S43 state is freed when the lateness is over, not at firing", async (batchRows) => {
  const keys = batchRows === 1 ? 300 : 3000;
  /** Rows of a window, each of a key of its own. */
  const filling = (start: number) =>
    Array.from({ length: keys }, (_, i) => at(start + (i * 9) / keys, `key ${start} ${i}`));
  const [first, second, third] = [filling(100), filling(110), filling(200)];
  const reached = new Map([first, second, third].map((rows) => [Number(rows.at(-1)?.ts), gate()]));
  const bytes: number[] = [];
  let stateBytes = (): number => 0;
  const measure = async () => {
    await settle();
    bytes.push(stateBytes());
  };
  type Piece = ReturnType<typeof at> | Promise<void> | (() => Promise<void>);
  const pieces = [first, second, third].flatMap((rows, i): Piece[] => [
    ...rows,
    [...reached.values()][i]?.passed as Promise<void>,
    measure,
  ]);
  const stream = mill
    .from(script<ReturnType<typeof at>>(...pieces), { schema: SCHEMA, time: "ts" })
    .inspect(({ ts }) => reached.get(Number(ts))?.open())
    .window(tumble("10s", { lateness: "20s" }))
    .groupBy("k")
    .aggregate({ n: count() });
  const results = mill.memory();
  const job = stream.to(results).start({ batchRows });
  stateBytes = () => job.metrics().reduce((all, node) => all + node.stateBytes, 0);
  await job.done;
  expect(results.rowCount).toBe(3 * keys);
  const [one, two, afterTwo] = bytes as [number, number, number];
  // The first window has fired when the second fills, but rows may still come for it: its keys stay. Both windows are over when
  // the third one fills, in the room that they left.
  const kept = two - one;
  expect(kept).toBeGreaterThan(one / 3);
  expect(afterTwo - two).toBeLessThan(kept / 2);
});

law("S43 without lateness state is freed at firing", async (batchRows) => {
  const keys = batchRows === 1 ? 300 : 3000;
  const rows = Array.from({ length: 10 * keys }, (_, i) =>
    at(Math.floor(i / keys) * 10 + ((i % keys) * 9) / keys, `key ${i}`),
  );
  const bytes: number[] = [];
  const target = mill.callback(() => {
    bytes.push(job.metrics().reduce((all, node) => all + node.stateBytes, 0));
  });
  const job = source(rows).window(tumble("10s")).groupBy("k").aggregate({ n: count() }).to(target).start({ batchRows });
  await job.done;
  const half = Math.floor(bytes.length / 2);
  expect(half).toBeGreaterThan(2);
  expect(Math.max(...bytes.slice(half))).toBeLessThanOrEqual(1.25 * Math.max(...bytes.slice(0, half)));
});

law("S44 without a late output late rows are counted and one warning is given", async (batchRows) => {
  const node = new HeldNode();
  const engine = await node.open();
  const rows = [at(0), at(20), at(1), at(2), at(30), at(3), at(12), at(40), at(4)];
  const stream = engine
    .rows(rows, { schema: SCHEMA, time: "ts" })
    .window(tumble("10s"))
    .groupBy("k")
    .aggregate({ n: count() });
  const results = engine.memory();
  expect(await stream.to(results).run({ batchRows })).toMatchObject({ lateRows: 5, rowsIn: 9 });
  expect(windows(results.toRows())).toHaveLength(4);
  expect(node.warnings).toHaveLength(1);
  expect(node.warnings[0]).toMatch(/late/);
  // Each job warns of its own; one whose late rows go somewhere does not.
  const late = engine.memory();
  await stream.to(engine.memory()).and(stream.late().to(late)).run({ batchRows });
  expect(late.rowCount).toBe(5);
  expect(node.warnings).toHaveLength(1);
  await stream.toArray({ batchRows });
  expect(node.warnings).toHaveLength(2);
  await engine.close();
});

law("S44 a job's metrics tell which operator refused how many rows", async (batchRows) => {
  const stream = source([at(0), at(20), at(1), at(2), at(30), at(3)])
    .window(tumble("10s"))
    .aggregate({ n: count() })
    .uid("ten-seconds");
  const job = stream.to(mill.memory()).start({ batchRows });
  await job.done;
  const refusing = job.metrics().filter(({ lateRows }) => lateRows > 0);
  expect(refusing.map(({ uid, lateRows }) => ({ uid, lateRows }))).toEqual([{ uid: "ten-seconds", lateRows: 3 }]);
});

law("S98 the end of bounded input fires every open window", async (batchRows) => {
  const stream = source([at(0), at(100), at(55, "b"), at(200, "c")], "1 day")
    .window(tumble("10s", { lateness: "1 day" }))
    .groupBy("k")
    .aggregate({ n: count() });
  const { results, late } = await outcome(stream, batchRows, ["ts"]);
  // Once each: what is fired by the end is not fired again.
  expect([...results].sort()).toEqual([
    '[0, 10) k="a" n=1',
    '[100, 110) k="a" n=1',
    '[200, 210) k="c" n=1',
    '[50, 60) k="b" n=1',
  ]);
  expect(late).toEqual([]);
});

law("S98 windows that fired before the end do not fire again at it", async (batchRows) => {
  const stream = source([at(0), at(12), at(1), at(25)])
    .window(tumble("10s", { lateness: "1 day" }))
    .groupBy("k")
    .aggregate({ n: count() });
  const { results, final } = await outcome(stream, batchRows, ["ts"]);
  expect(final).toEqual(['[0, 10) k="a" n=2', '[10, 20) k="a" n=1', '[20, 30) k="a" n=1']);
  expect(new Set(results).size).toBe(results.length);
  if (batchRows === 1) expect(results).toEqual(['[0, 10) k="a" n=1', ...final]);
});

law(
  "S98 an async source that ends is bounded input too; one that is cancelled emits nothing more",
  async (batchRows) => {
    const stream = mill
      .from(script(at(0), at(5)), { schema: SCHEMA, time: "ts" })
      .window(tumble("10s"))
      .aggregate({ n: count() });
    expect(windows(await stream.toArray({ batchRows }))).toEqual(["[0, 10) n=2"]);

    const [seen, controller] = [gate(), new AbortController()];
    const endless = mill
      .from(script(at(0), at(5), new Promise(() => undefined)), { schema: SCHEMA, time: "ts" })
      .inspect(({ ts }) => {
        if (Number(ts) === 5000) seen.open();
      })
      .window(tumble("10s"))
      .aggregate({ n: count() });
    const results: object[] = [];
    const target = mill.callback((some: readonly object[]) => void results.push(...some));
    const job = endless.to(target).start({ batchRows, signal: controller.signal });
    await seen.passed;
    controller.abort();
    await expect(job.done).rejects.toThrow();
    expect(job.state).toBe("cancelled");
    expect(results).toEqual([]);
  },
);
