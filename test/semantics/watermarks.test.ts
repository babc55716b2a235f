// Watermarks, S1 to S16: where event time stands, row by row, across filters, unions and files. Times are seconds after the
// epoch, windows 10 s unless a test says otherwise.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, expect } from "vitest";
import { col, count, type DataStream, lit, max, min, sum, tumble } from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { gate, HeldNode, law, script, sec, settle, shown, windows, windowsInOrder } from "./support.js";

const SCHEMA = { ts: "TIMESTAMP(3)", v: "INT" } as const;

let mill: Millrace;
let folder: string;
beforeAll(async () => {
  mill = await Millrace.open();
  folder = await mkdtemp(join(tmpdir(), "millrace-watermarks-"));
});
afterAll(async () => {
  await mill.close();
  await rm(folder, { recursive: true });
});

/** A row at so many seconds; `v` is 1 unless given. */
const at = (seconds: number, v = 1) => ({ ts: sec(seconds), v });
const timesOf = (rows: readonly object[]) =>
  rows.map((row) => Number((row as { ts: Date }).ts) / 1000).sort((a, b) => a - b);

/** Counts by 10-s windows and the times of late rows, of rows in one split. */
async function counted(times: readonly number[], outOfOrder: string, batchRows: number) {
  const stream = mill.rows(
    times.map((time) => at(time)),
    { schema: SCHEMA, time: "ts", outOfOrder },
  );
  return await outcome(stream.window(tumble("10s")).aggregate({ n: count() }), batchRows);
}

/** The results of windows and the times of their late rows, sorted, from one run. */
async function outcome<Row>(stream: DataStream<Row>, batchRows: number) {
  const [results, late] = [mill.memory(), mill.memory()];
  const { lateRows } = await stream.to(results).and(stream.late().to(late)).run({ batchRows });
  expect(late.rowCount).toBe(lateRows);
  return { results: windows(results.toRows()), late: timesOf(late.toRows()) };
}

law("S1 the watermark is the greatest time minus the delay, to the millisecond", async (batchRows) => {
  // Row 14.998 makes the watermark 9.998: [0, 10) is open. Row 14.999 makes it 9.999 = end − 1 ms: it is closed.
  expect(await counted([0, 12, 3, 14.998, 9.999, 1, 14.999, 9.999, 2, 30], "5s", batchRows)).toEqual({
    results: ["[0, 10) n=4", "[10, 20) n=3", "[30, 40) n=1"],
    late: [2, 9.999],
  });
});

law("S1 a row is judged by the watermark of the rows before it, never by its own", async (batchRows) => {
  // Without delay row 9.999 makes the watermark that closes its own window: it counts, its twin is late.
  expect(await counted([9.999, 9.999, 0], "0s", batchRows)).toEqual({ results: ["[0, 10) n=1"], late: [0, 9.999] });
  expect(await counted([19.999, 19.998, 29.999, 29.999, 1], "0s", batchRows)).toEqual({
    results: ["[10, 20) n=1", "[20, 30) n=1"],
    late: [1, 19.998, 29.999],
  });
});

law("S1 one row far ahead makes the rows behind it late at once, and no row before it", async (batchRows) => {
  const times = [...Array.from({ length: 20 }, (_, i) => i), 100_000, ...Array.from({ length: 20 }, (_, i) => i)];
  expect(await counted(times, "1s", batchRows)).toEqual({
    results: ["[0, 10) n=10", "[10, 20) n=10", "[100000, 100010) n=1"],
    late: Array.from({ length: 20 }, (_, i) => i),
  });
});

law("S1 before the epoch the watermark counts as it does behind it", async (batchRows) => {
  // Greatest time −15, delay 5: watermark −20, which is below −10.001 = end − 1 ms of [−20, −10) and above that of [−30, −20).
  expect(await counted([-40, -15, -20.001, -20, -12, -35], "5s", batchRows)).toEqual({
    results: ["[-20, -10) n=3", "[-40, -30) n=1"],
    late: [-35, -20.001],
  });
});

law("S2 a watermark never goes back", async (batchRows) => {
  // Were it set back to 3 by the row of second 3, the row of second 4 would be on time.
  expect(await counted([0, 20, 3, 4, 12, 5], "0s", batchRows)).toEqual({
    results: ["[0, 10) n=1", "[20, 30) n=1"],
    late: [3, 4, 5, 12],
  });
});

law("S2 the watermarks of a job's trace only rise", async (batchRows) => {
  const times = Array.from({ length: 300 }, (_, i) => ((i * 7919) % 1000) / 10);
  const stream = mill
    .rows(
      times.map((time) => at(time)),
      { schema: SCHEMA, time: "ts", outOfOrder: "20s" },
    )
    .window(tumble("1s"))
    .aggregate({ n: count() });
  const job = stream.to(mill.memory()).start({ batchRows });
  const seen = new Map<string, number[]>();
  for await (const event of job.trace()) {
    if (event.kind === "watermark") seen.set(event.uid, [...(seen.get(event.uid) ?? []), event.timeMs]);
  }
  await job.done;
  expect(seen.size).toBeGreaterThan(0);
  for (const marks of seen.values()) expect(marks).toEqual([...new Set(marks)].sort((a, b) => a - b));
});

law("S3 rows that a filter drops move the watermark", async (batchRows) => {
  const rows = [at(0), at(5), at(20, -1), at(6), at(15), at(40, -1), at(41)];
  const stream = mill.rows(rows, { schema: SCHEMA, time: "ts" }).where(col("v").gt(0));
  expect(await outcome(stream.window(tumble("10s")).aggregate({ n: count() }), batchRows)).toEqual({
    results: ["[0, 10) n=2", "[40, 50) n=1"],
    late: [6, 15],
  });
});

law("S3 a watermark declared behind a filter knows only the rows that passed it", async (batchRows) => {
  const rows = [at(0), at(5), at(20, -1), at(6), at(15), at(40, -1), at(41)];
  const stream = mill.rows(rows, { schema: SCHEMA }).where(col("v").gt(0)).withWatermark("ts", "0s");
  expect(await outcome(stream.window(tumble("10s")).aggregate({ n: count() }), batchRows)).toEqual({
    results: ["[0, 10) n=3", "[10, 20) n=1", "[40, 50) n=1"],
    late: [],
  });
});

law("S3 rows of Parquet row groups that no filter wants move the watermark all the same", async (batchRows) => {
  const rows = [at(0), at(5), at(20, -1), at(21, -1), at(6), at(15), at(40, -1), at(41, -2), at(42), at(43)];
  const path = join(folder, `groups-${batchRows}.parquet`);
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: "ts", data: rows.map(({ ts }) => ts), type: "TIMESTAMP" },
      { name: "v", data: rows.map(({ v }) => v), type: "INT32" },
    ],
    rowGroupSize: 2,
  });
  await writeFile(path, new Uint8Array(buffer));
  const stream = mill.file(path, { time: "ts" }).where(col("v").gt(0));
  expect(await outcome(stream.window(tumble("10s")).aggregate({ n: count() }), batchRows)).toEqual({
    results: ["[0, 10) n=2", "[40, 50) n=2"],
    late: [6, 15],
  });
});

law("S3 the watermark of a stream whose rows are all dropped lets another one go on", async (batchRows) => {
  const fired = gate();
  const dropped = mill.from(script(at(0), at(30), fired.passed), { schema: SCHEMA, time: "ts" }).where(col("v").gt(5));
  const kept = mill.from(script(at(1), at(25), fired.passed), { schema: SCHEMA, time: "ts" });
  const results: object[] = [];
  // The sources end only after the first window has fired: without the watermark of `dropped` it never would.
  await kept
    .union(dropped)
    .window(tumble("10s"))
    .aggregate({ n: count() })
    .forEach(
      (row) => {
        results.push(row);
        fired.open();
      },
      { batchRows },
    );
  expect(windowsInOrder(results)).toEqual(["[0, 10) n=1", "[20, 30) n=1"]);
});

/** A file of such rows. */
const lines = (...times: readonly number[]) =>
  times.map((time) => `{"ts":${JSON.stringify(sec(time))},"v":1}\n`).join("");

let folders = 0;
async function files(contents: Readonly<Record<string, string>>): Promise<string> {
  const path = join(folder, `files-${folders++}`);
  await mkdir(path);
  for (const [name, text] of Object.entries(contents)) await writeFile(join(path, name), text);
  return path;
}

/** 10-s counts over files, each a split. */
async function overFiles(path: string, batchRows: number) {
  const source = mill.file(path, { schema: SCHEMA, time: "ts", format: "ndjson" });
  return await outcome(source.window(tumble("10s")).aggregate({ n: count() }), batchRows);
}

law("S4 the watermark of several files is the least of theirs", async (batchRows) => {
  // Each file is in order, so none of its rows is late, however far another one is.
  const ahead = lines(0, 60, 61);
  const behind = lines(1, 5, 12, 25, 26, 62);
  for (const path of [
    await files({ "a.ndjson": ahead, "b.ndjson": behind }),
    await files({ "a.ndjson": behind, "b.ndjson": ahead }),
    await files({ "a.ndjson": ahead, "b.ndjson": lines(), "c.ndjson": behind }),
  ]) {
    expect(await overFiles(path, batchRows)).toEqual({
      results: ["[0, 10) n=3", "[10, 20) n=1", "[20, 30) n=2", "[60, 70) n=3"],
      late: [],
    });
  }
});

law("S4 a hundred files that overlap: nothing is late, nothing is missing", async (batchRows) => {
  // File i holds the seconds i to i + 49, so at most 50 files are open at one time, and each window sees many.
  const names = Array.from({ length: 100 }, (_, i) => `part-${String((i * 37) % 100).padStart(3, "0")}.ndjson`);
  const contents = names.map(
    (name, i) => [name, lines(...Array.from({ length: 50 }, (_, second) => i + second))] as const,
  );
  const { results, late } = await overFiles(await files(Object.fromEntries(contents)), batchRows);
  const counts = new Map<number, number>();
  for (let i = 0; i < 100; i++) {
    for (let second = i; second < i + 50; second++) {
      const start = Math.floor(second / 10) * 10;
      counts.set(start, (counts.get(start) ?? 0) + 1);
    }
  }
  expect(results).toEqual([...counts].map(([start, n]) => `[${start}, ${start + 10}) n=${n}`).sort());
  expect(late).toEqual([]);
});

/** Waits until everything is quiet, lets two hours pass, waits again. */
const twoHours = (node: HeldNode) => async () => {
  await settle();
  node.advance(2 * 3_600_000);
  await settle();
};

law("S4 an idle split leaves the least; resumed, it is in again at once and holds it", async (batchRows) => {
  const [fired, bSeen, aSeen] = [gate(), gate(), gate()];
  const node = new HeldNode();
  const engine = await node.open();
  // A watermark behind a union has its inputs for splits. After two hours both are idle; `a` goes on alone, to 25.
  const a = engine.from(script(at(0), twoHours(node), at(12), at(25), bSeen.passed, at(40), at(50)), {
    schema: SCHEMA,
  });
  const b = engine.from(script(fired.passed, at(5), at(22), aSeen.passed, at(26), at(51)), { schema: SCHEMA });
  const stream = a
    .union(b)
    .inspect(({ ts }) => {
      if (Number(ts) === 22_000) bSeen.open();
      if (Number(ts) === 50_000) aSeen.open();
    })
    .withWatermark("ts", "0s", { idle: "1h" })
    .window(tumble("10s"))
    .aggregate({ n: count() });
  const results: string[] = [];
  const toResults = engine.callback((rows: readonly object[]) => {
    results.push(...windowsInOrder(rows));
    if (results.some((result) => result.startsWith("[10, 20)"))) fired.open();
  });
  const late = engine.memory();
  await stream.to(toResults).and(stream.late().to(late)).run({ batchRows });
  // 5 is behind the watermark 25. 22 is not, and holds the watermark although `a` goes on to 50: 26 is on time.
  expect(results).toEqual(["[0, 10) n=1", "[10, 20) n=1", "[20, 30) n=3", "[40, 50) n=1", "[50, 60) n=2"]);
  expect(timesOf(late.toRows())).toEqual([5]);
  await engine.close();
});

law("S5 while both splits are idle the watermark stays and nothing is emitted", async (batchRows) => {
  const [rest, aEnded] = [gate(), gate()];
  const node = new HeldNode();
  const engine = await node.open();
  // They rest at 8.5 and 9. When `a` has ended and `b` is still idle, the watermark stays too, and 8 is in time.
  const a = engine.from(script(at(0), at(8.5), rest.passed, at(3), at(9.5)), { schema: SCHEMA });
  const b = engine.from(script(at(1), at(9), twoHours(node), rest.open, aEnded.passed, settle, at(8), at(30)), {
    schema: SCHEMA,
  });
  let rows = 0;
  const rowsAtResult: number[] = [];
  const results: string[] = [];
  await a
    .union(b)
    .inspect(({ ts }) => {
      rows++;
      if (Number(ts) === 9500) aEnded.open();
    })
    .withWatermark("ts", "0s", { idle: "1h" })
    .window(tumble("10s"))
    .aggregate({ n: count() })
    .forEach(
      (row) => {
        rowsAtResult.push(rows);
        results.push(...windowsInOrder([row]));
      },
      { batchRows },
    );
  expect(results).toEqual(["[0, 10) n=7", "[30, 40) n=1"]);
  expect(rowsAtResult).toEqual([8, 8]);
  await engine.close();
});

law("S5 while all splits are idle the watermark stays and nothing is emitted", async (batchRows) => {
  const node = new HeldNode();
  const engine = await node.open();
  const results: object[] = [];
  let early = -1;
  const rows = script(at(0), at(8.5), twoHours(node), () => (early = results.length), at(3), at(30));
  await engine
    .from(rows, { schema: SCHEMA, time: "ts", idle: "1h" })
    .window(tumble("10s"))
    .aggregate({ n: count() })
    .forEach((row) => void results.push(row), { batchRows });
  expect(early).toBe(0);
  expect(windowsInOrder(results)).toEqual(["[0, 10) n=3", "[30, 40) n=1"]);
  await engine.close();
});

law("S6 the watermark of a union is the least of its inputs, each at −∞ before its first", async (batchRows) => {
  const [aSeen, bSeen, last] = [gate(), gate(), gate()];
  const a = mill.from(script(at(0), at(30), bSeen.passed, at(15)), { schema: SCHEMA, time: "ts" });
  // `b` gives nothing before `a` stands at 30, and does not end before the row of second 15 is on its way into the window.
  const b = mill.from(
    script(aSeen.passed, at(2), at(3), at(12), () => bSeen.open(), last.passed),
    { schema: SCHEMA, time: "ts" },
  );
  const stream = a
    .union(b)
    .inspect(({ ts }) => {
      if (Number(ts) === 30_000) aSeen.open();
      if (Number(ts) === 15_000) last.open();
    })
    .window(tumble("10s"))
    .aggregate({ n: count() });
  // By its own source's watermark, 30, the row of second 15 would be late; by the window's, 12, it is not.
  expect(await outcome(stream, batchRows)).toEqual({
    results: ["[0, 10) n=3", "[10, 20) n=2", "[30, 40) n=1"],
    late: [],
  });
});

law("S6 a row behind the least watermark of a union's inputs is late", async (batchRows) => {
  const [fired, aSeen] = [gate(), gate()];
  const a = mill.from(script(at(0), at(30), fired.passed, at(5)), { schema: SCHEMA, time: "ts" });
  const b = mill.from(script(aSeen.passed, at(2), at(12), fired.passed, at(13)), { schema: SCHEMA, time: "ts" });
  const late = mill.memory();
  const stream = a
    .union(b)
    .inspect(({ ts }) => {
      if (Number(ts) === 30_000) aSeen.open();
    })
    .window(tumble("10s"))
    .aggregate({ n: count() });
  const results: object[] = [];
  const target = mill.callback((rows: readonly object[]) => {
    results.push(...rows);
    fired.open();
  });
  await stream.to(target).and(stream.late().to(late)).run({ batchRows });
  expect(windows(results)).toEqual(["[0, 10) n=2", "[10, 20) n=2", "[30, 40) n=1"]);
  expect(timesOf(late.toRows())).toEqual([5]);
});

law("S11 a NULL event time goes where late rows go, and moves nothing", async (batchRows) => {
  const rows = [{ ts: null, v: 0 }, at(0), { ts: null, v: 1 }, at(12), at(3), { ts: null, v: 2 }, at(14)];
  const [results, late] = [mill.memory(), mill.memory()];
  const stream = mill
    .rows(rows, { schema: SCHEMA, time: "ts", outOfOrder: "5s" })
    .window(tumble("10s"))
    .aggregate({ n: count() });
  const { lateRows } = await stream.to(results).and(stream.late().to(late)).run({ batchRows });
  expect(windows(results.toRows())).toEqual(["[0, 10) n=2", "[10, 20) n=2"]);
  const refused = late.toRows().map(({ ts, v, lateReason }) => ({ ts, v, lateReason }));
  expect(shown(refused)).toEqual([0, 1, 2].map((v) => `ts=null v=${v} lateReason="NULL_TIME"`));
  expect(lateRows).toBe(3);
});

law("S11 nothing but NULL times: no window, every row accounted for", async (batchRows) => {
  const rows = Array.from({ length: 20 }, (_, v) => ({ ts: null, v }));
  const [results, late] = [mill.memory(), mill.memory()];
  const stream = mill.rows(rows, { schema: SCHEMA, time: "ts" }).window(tumble("10s")).aggregate({ n: count() });
  expect(await stream.to(results).and(stream.late().to(late)).run({ batchRows })).toMatchObject({ lateRows: 20 });
  expect([results.rowCount, late.rowCount]).toEqual([0, 20]);
});

law(
  "S11 NULL times are counted where they are refused; behind a WHERE late() gives those that pass it",
  async (batchRows) => {
    const rows = [at(0), { ts: null, v: 0 }, { ts: null, v: 1 }, at(5, 0), { ts: null, v: 2 }];
    const source = mill.rows(rows, { schema: SCHEMA, time: "ts" });
    // The division is for rows that pass: a refused one with 0 must not raise either (S58).
    const stream = source
      .where(col("v").gt(0))
      .withColumn("w", lit(6).div(col("v")))
      .window(tumble("10s"))
      .aggregate({ n: count() });
    const [results, refused, late] = [mill.memory(), mill.memory(), mill.memory()];
    const program = stream.to(results).and(source.late().to(refused)).and(stream.late().to(late));
    const { lateRows } = await program.run({ batchRows });
    expect(windows(results.toRows())).toEqual(["[0, 10) n=1"]);
    expect([lateRows, refused.rowCount]).toEqual([3, 3]);
    expect(late.toRows().map(({ v, w }) => [v, w])).toEqual([
      [1, 6],
      [2, 3],
    ]);
  },
);

law("S12 an event beyond the drift goes where late rows go and moves nothing", async (batchRows) => {
  const nowMs = Date.UTC(2026, 0, 1);
  const engine = await new HeldNode({ nowMs }).open();
  const after = (ms: number) => ({ ts: new Date(nowMs + ms), v: 1 });
  const YEAR_2500 = { ts: new Date("2500-01-01T00:00:00Z"), v: 2 };
  // Exactly one hour ahead is not beyond one hour; a millisecond more is.
  const rows = [after(0), YEAR_2500, after(3000), after(3_600_001), after(4000), after(3_600_000), after(5000)];
  const stream = engine
    .rows(rows, { schema: SCHEMA, time: "ts", outOfOrder: "2h", maxFutureDrift: "1h" })
    .window(tumble("1h"))
    .aggregate({ n: count(), last: max("ts") });
  const [results, late] = [engine.memory(), engine.memory()];
  const { lateRows } = await stream.to(results).and(stream.late().to(late)).run({ batchRows });
  expect(shown(results.toRows().map(({ windowStart, n, last }) => ({ windowStart, n, last })))).toEqual([
    "windowStart=2026-01-01T00:00:00.000Z n=4 last=2026-01-01T00:00:05.000Z",
    "windowStart=2026-01-01T01:00:00.000Z n=1 last=2026-01-01T01:00:00.000Z",
  ]);
  expect(shown(late.toRows().map(({ ts, lateReason }) => ({ ts, lateReason })))).toEqual([
    'ts=2026-01-01T01:00:00.001Z lateReason="FUTURE"',
    'ts=2500-01-01T00:00:00.000Z lateReason="FUTURE"',
  ]);
  expect(lateRows).toBe(2);
  await engine.close();
});

law("S12 without the guard one event of the year 2500 makes all others late", async (batchRows) => {
  const late = (Date.UTC(2500, 0, 1) - Date.UTC(1970, 0, 1)) / 1000;
  expect(await counted([0, late, 1, 2], "5s", batchRows)).toEqual({
    results: ["[0, 10) n=1", `[${late}, ${late + 10}) n=1`],
    late: [1, 2],
  });
});

law("S13 a window over windows: results come before the watermark that fired them", async (batchRows) => {
  // Row 19.999 makes the watermark 19.999. It fires [0, 10) and [10, 20), whose results (at 9.999 and 19.999) belong to
  // [0, 20), which the same watermark closes: they must be there first.
  const stream = mill
    .rows([at(0, 1), at(5, 2), at(12, 4), at(19.999, 8), at(40, 16)], { schema: SCHEMA, time: "ts" })
    .window(tumble("10s"))
    .groupBy("v")
    .aggregate({ n: count() })
    .window(tumble("20s"))
    .aggregate({ results: count(), n: sum("n"), first: min("v"), last: max("v") });
  expect(await outcome(stream, batchRows)).toEqual({
    results: ["[0, 20) results=4 n=4 first=1 last=8", "[40, 60) results=1 n=1 first=16 last=16"],
    late: [],
  });
});

law("S15 the end of input fires what is open", async (batchRows) => {
  expect(await counted([0, 5, 10], "1 day", batchRows)).toEqual({
    results: ["[0, 10) n=2", "[10, 20) n=1"],
    late: [],
  });
});

law("S15 an input that has ended does not hold the watermark", async (batchRows) => {
  const fired = gate();
  const short = mill.rows([at(1)], { schema: SCHEMA, time: "ts" });
  const long = mill.from(script(at(0), at(12), fired.passed, at(13)), { schema: SCHEMA, time: "ts" });
  const results: object[] = [];
  await short
    .union(long)
    .window(tumble("10s"))
    .aggregate({ n: count() })
    .forEach(
      (row) => {
        results.push(row);
        fired.open();
      },
      { batchRows },
    );
  expect(windowsInOrder(results)).toEqual(["[0, 10) n=2", "[10, 20) n=2"]);
});

law("S15 a file that has ended does not hold the watermark", async (batchRows) => {
  for (const [ended, lasting] of [
    ["a.ndjson", "b.ndjson"],
    ["b.ndjson", "a.ndjson"],
  ] as const) {
    // Were it held at second 1 by the file that ends there, 2 and 12 at the end of the other one would be in time.
    const long = Array.from({ length: 20_000 }, (_, i) => i);
    const path = await files({ [ended]: lines(1), [lasting]: lines(...long, 2, 12) });
    const { results, late } = await overFiles(path, batchRows);
    const counts = Array.from({ length: 2000 }, (_, i) => `[${i * 10}, ${i * 10 + 10}) n=${i === 0 ? 11 : 10}`);
    expect(results).toEqual(counts.sort());
    expect(late).toEqual([2, 12]);
  }
});

law("S15 a source that is idle at its end still fires what is open", async (batchRows) => {
  const node = new HeldNode();
  const engine = await node.open();
  const stream = engine
    .from(script(at(0), at(5), twoHours(node)), { schema: SCHEMA, time: "ts", idle: "1h" })
    .window(tumble("10s"))
    .aggregate({ n: count() });
  expect(windows(await stream.toArray({ batchRows }))).toEqual(["[0, 10) n=2"]);
  await engine.close();
});

law("S16 a file that ends does not close the windows of its siblings", async (batchRows) => {
  for (const short of [[0.5], [0.5, 500], []]) {
    for (const [one, other] of [
      ["a.ndjson", "b.ndjson"],
      ["b.ndjson", "a.ndjson"],
    ] as const) {
      const long = Array.from({ length: 100 }, (_, i) => i);
      const path = await files({ [one]: lines(...short), [other]: lines(...long), "c.ndjson": "" });
      const counts = Array.from(
        { length: 10 },
        (_, i) => `[${i * 10}, ${i * 10 + 10}) n=${i === 0 ? 10 + Math.min(1, short.length) : 10}`,
      );
      expect(await overFiles(path, batchRows)).toEqual({
        results: [...counts, ...(short.length > 1 ? ["[500, 510) n=1"] : [])].sort(),
        late: [],
      });
    }
  }
});
