// Quiet and blocked streams, S9 and S10: what the wall clock may do to event time, and what it may not. Times are seconds
// after the epoch, windows 10 s; the test moves the clock.
import { expect, test } from "vitest";
import { count, type Engine, type Job, tumble } from "../../src/index.js";
import { gate, HeldNode, law, script, sec, settle, windowsInOrder } from "./support.js";

const SCHEMA = { ts: "TIMESTAMP(3)", v: "INT" } as const;
const at = (seconds: number) => ({ ts: sec(seconds), v: 1 });
const timesOf = (rows: readonly object[]) => rows.map((row) => Number((row as { ts: Date }).ts) / 1000);

/** Waits until everything is quiet, lets seconds pass, waits again. */
const pass = (node: HeldNode, seconds: number) => async () => {
  await settle();
  node.advance(seconds * 1000);
  await settle();
};

type Script = readonly (object | (() => unknown))[];

/** Counts by 10-s windows over one stream; `results` fills while it runs. */
function counting(engine: Engine, pieces: Script, options: object, batchRows: number) {
  const results: string[] = [];
  const late = engine.memory();
  const stream = engine
    .from(script<object>(...pieces), { schema: SCHEMA, time: "ts", ...options })
    .window(tumble("10s"))
    .aggregate({ n: count() });
  const toResults = engine.callback((rows: readonly object[]) => void results.push(...windowsInOrder(rows)));
  const job = stream.to(toResults).and(stream.late().to(late)).start({ batchRows });
  return { job, results, late };
}

law("S9 a slow sink makes no split idle: its rows are not late", async (batchRows) => {
  const node = new HeldNode();
  const engine = await node.open();
  const [held, go] = [gate(), gate()];
  // `b` stands at 1 behind `a`, which is far ahead. Two hours in a sink are no idle time of `b`: its 2 is on time.
  const a = engine.rows([at(0), at(50)], { schema: SCHEMA });
  const b = engine.from(script(at(1), go.passed, at(2), at(60)), { schema: SCHEMA });
  const late = engine.memory();
  let taken = 0;
  const slow = engine.callback(async (rows: readonly object[]) => {
    taken += rows.length;
    if (taken !== rows.length) return;
    held.open();
    await go.passed;
  });
  const stream = a.union(b).withWatermark("ts", "0s", { idle: "1h", advanceWithClock: "1h" });
  const windows = stream.window(tumble("10s")).aggregate({ n: count() });
  const job = stream.to(slow).and(windows.late().to(late)).start({ batchRows });
  await held.passed;
  await pass(node, 2 * 3600)();
  go.open();
  await job.done;
  expect(taken).toBe(5);
  expect(timesOf(late.toRows())).toEqual([]);
  await engine.close();
});

law("S9 time that passes while user code works is no idle time", async (batchRows) => {
  const node = new HeldNode();
  const engine = await node.open();
  let worked = 0;
  const rows = script(at(0), at(5), settle, at(6), settle, at(30));
  const stream = engine.from(rows, { schema: SCHEMA }).map(
    (row) => {
      // An hour of work for each row.
      node.advance(3_600_000);
      worked++;
      return row;
    },
    { schema: SCHEMA },
  );
  const timed = stream.withWatermark("ts", "0s", { idle: "30m", advanceWithClock: "30m" });
  const windows = timed.window(tumble("10s")).aggregate({ n: count() });
  const [results, late] = [engine.memory(), engine.memory()];
  await windows.to(results).and(windows.late().to(late)).run({ batchRows });
  expect(worked).toBe(4);
  expect(windowsInOrder(results.toRows())).toEqual(["[0, 10) n=3", "[30, 40) n=1"]);
  expect(late.rowCount).toBe(0);
  await engine.close();
});

law("S10 the windows of a quiet stream are closed by the clock, the stream going on", async (batchRows) => {
  const node = new HeldNode();
  const engine = await node.open();
  const seen: number[] = [];
  const look = () => void seen.push(run.results.length);
  // At 3: quiet for 60 s it is at 63. 64 comes in time, 59 does not.
  const pieces = [at(1), at(3), pass(node, 30), look, pass(node, 31), look, at(59), at(64), at(80)] as const;
  const run = counting(engine, pieces, { advanceWithClock: "60s" }, batchRows);
  await run.job.done;
  expect(seen).toEqual([0, 1]);
  expect(run.results).toEqual(["[0, 10) n=2", "[60, 70) n=1", "[80, 90) n=1"]);
  expect(timesOf(run.late.toRows())).toEqual([59]);
  await engine.close();
});

law("S10 without the option a quiet stream keeps its windows open", async (batchRows) => {
  const node = new HeldNode();
  const engine = await node.open();
  const seen: number[] = [];
  const look = () => void seen.push(run.results.length);
  const run = counting(engine, [at(1), pass(node, 86_400), look, at(2), at(30)], {}, batchRows);
  await run.job.done;
  expect(seen).toEqual([0]);
  expect(run.results).toEqual(["[0, 10) n=2", "[30, 40) n=1"]);
  await engine.close();
});

law("S10 outOfOrder holds back by the clock too", async (batchRows) => {
  const node = new HeldNode();
  const engine = await node.open();
  const seen: number[] = [];
  const look = () => void seen.push(run.results.length);
  // The watermark is −17 at 3 with 20 s, and 9.999 not before 27 s later.
  const pieces = [at(3), pass(node, 12), look, pass(node, 10), look, pass(node, 6), look, at(4), at(40)] as const;
  const run = counting(engine, pieces, { outOfOrder: "20s", advanceWithClock: "2s" }, batchRows);
  await run.job.done;
  expect(seen).toEqual([0, 0, 1]);
  expect(timesOf(run.late.toRows())).toEqual([4]);
  await engine.close();
});

law("S10 a stream whose splits are all idle goes on by the clock", async (batchRows) => {
  const node = new HeldNode();
  const engine = await node.open();
  const seen: number[] = [];
  const look = () => void seen.push(run.results.length);
  const pieces = [at(3), pass(node, 10), look, pass(node, 60), look, at(90)] as const;
  const run = counting(engine, pieces, { idle: "2s", advanceWithClock: "30s" }, batchRows);
  await run.job.done;
  expect(seen).toEqual([0, 1]);
  expect(run.results).toEqual(["[0, 10) n=1", "[90, 100) n=1"]);
  await engine.close();
});

law("S10 a stream without rows has no time that could go on", async (batchRows) => {
  const node = new HeldNode();
  const engine = await node.open();
  const run = counting(engine, [pass(node, 3600), at(3), at(2), at(30)], { advanceWithClock: "1m" }, batchRows);
  await run.job.done;
  expect(run.results).toEqual(["[0, 10) n=2", "[30, 40) n=1"]);
  expect(run.late.rowCount).toBe(0);
  await engine.close();
});

law("S10 advanceTime moves event time by hand: what it passes is closed, what is behind it late", async (batchRows) => {
  const engine = await new HeldNode().open();
  const seen: number[] = [];
  const advance = (ms: number) => async () => {
    await settle();
    run.job.advanceTime(ms);
    await settle();
    seen.push(run.results.length);
  };
  // From 3 to 9.998, then to 9.999 = end − 1 ms.
  const pieces = [advance(99_999), at(3), advance(6998), advance(0), at(4), advance(1), at(5), at(12), at(30)] as const;
  const run = counting(engine, pieces, {}, batchRows);
  await run.job.done;
  expect(seen).toEqual([0, 0, 0, 1]);
  expect(run.results).toEqual(["[0, 10) n=2", "[10, 20) n=1", "[30, 40) n=1"]);
  expect(timesOf(run.late.toRows())).toEqual([5]);
  run.job.advanceTime(1);
  await engine.close();
});

law("S10 advanceTime while the rows are held up waits for its turn", async (batchRows) => {
  const engine = await new HeldNode().open();
  const [held, go] = [gate(), gate()];
  const order: string[] = [];
  const stream = engine.from(script(at(3), go.passed, settle, at(30)), { schema: SCHEMA, time: "ts" });
  const slow = engine.callback(async () => {
    held.open();
    await go.passed;
  });
  const toOrder = engine.callback((rows: readonly object[]) => void order.push(...windowsInOrder(rows)));
  const windows = stream.window(tumble("10s")).aggregate({ n: count() });
  const job: Job = stream.to(slow).and(windows.to(toOrder)).start({ batchRows });
  await held.passed;
  job.advanceTime(20_000);
  go.open();
  await job.done;
  expect(order).toEqual(["[0, 10) n=1", "[30, 40) n=1"]);
  await engine.close();
});

test.each([-1, 1.5, Number.NaN, "5s"])("S10 advanceTime(%s) is refused", async (ms) => {
  const engine = await new HeldNode().open();
  const job = engine
    .rows([at(1)], { schema: SCHEMA })
    .to(engine.memory())
    .start();
  expect(() => job.advanceTime(ms as number)).toThrow(expect.objectContaining({ code: "OPTION" }) as Error);
  await job.done;
  await engine.close();
});
