// Event time through whole jobs: watermarks of splits, inputs and sources come together as SEMANTICS.md says, whatever the
// order in which the simulator lets tasks run.
import { describe, expect, test } from "vitest";
import { Bench, CollectingSink, Passing } from "./support.js";
import { active, counted, countingSink, rows, source } from "./timed.js";

const SEEDS = Array.from({ length: 10 }, (_, seed) => seed);

describe.each(SEEDS)("seed %d", (seed) => {
  test("S3 a watermark passes through operators that drop every row", async () => {
    const bench = await Bench.open(seed);
    source(bench, "source", [rows(bench, 0, "a@5"), rows(bench, 0, "a@25"), rows(bench, 0, "a@45")]);
    bench.watermark("watermark", "source");
    const dropping = bench.operator("drop", ["watermark"], new Passing());
    dropping.processBatch = () => undefined;
    const sink = bench.sink("sink", "drop", new CollectingSink());
    await bench.run();
    expect(sink.lines).toEqual([]);
    expect(sink.watermarks).toEqual([5, 25, 45, Number.POSITIVE_INFINITY]);
  });

  test("S6 an operator of two inputs goes by the slower one, and an input starts at minus infinity", async () => {
    const bench = await Bench.open(seed);
    const fast = [rows(bench, 0, "a@5"), rows(bench, 0, "a@1000")];
    const slow = [
      "pause",
      rows(bench, 0, "b@5"),
      "pause",
      rows(bench, 0, "b@15"),
      "pause",
      rows(bench, 0, "b@25"),
    ] as const;
    source(bench, "fast", fast);
    bench.watermark("fastTime", "fast");
    source(bench, "slow", slow, 30);
    bench.watermark("slowTime", "slow");
    bench.union("both", ["fastTime", "slowTime"]);
    const window = bench.count("count", "both", 10);
    const sink = bench.sink("sink", "count", new CollectingSink());
    const job = await bench.run();
    expect(window).toBeDefined();
    expect(counted(sink)).toEqual(["0 a 1", "0 b 1", "10 b 1", "1000 a 1", "20 b 1"]);
    expect((await job.done).lateRows).toBe(0);
  });

  test("S6 a watermark over a union waits for every source's first row", async () => {
    const bench = await Bench.open(seed);
    const fast = [rows(bench, 0, "a@5"), rows(bench, 0, "a@1000")];
    const slow = ["pause", rows(bench, 0, "b@5"), "pause", rows(bench, 0, "b@15")] as const;
    source(bench, "fast", fast);
    source(bench, "slow", slow, 30);
    bench.union("both", ["fast", "slow"]);
    bench.watermark("time", "both");
    const sink = countingSink(bench, "time");
    const job = await bench.run();
    expect(counted(sink)).toEqual(["0 a 1", "0 b 1", "10 b 1", "1000 a 1"]);
    expect((await job.done).lateRows).toBe(0);
  });

  test("S15 the end of input is plus infinity, and a finished split does not hold the others", async () => {
    const bench = await Bench.open(seed);
    const script = [
      ...active(0, 1),
      rows(bench, 0, "a@5"),
      rows(bench, 1, "b@7"),
      { split: 0, status: "done" },
      rows(bench, 1, "b@100"),
      "pause",
      rows(bench, 1, "b@120"),
    ] as const;
    const scripted = source(bench, "source", script);
    bench.watermark("time", "source");
    const sink = bench.sink("sink", "time", new CollectingSink());
    await bench.run();
    expect(sink.watermarks).toEqual([5, 7, 100, 120, Number.POSITIVE_INFINITY]);
    expect(scripted.closed).toBe(1);
  });

  test("S16 a split that ends does not push plus infinity past its siblings", async () => {
    const bench = await Bench.open(seed);
    const script = [
      ...active(0, 1),
      rows(bench, 0, "a@1000"),
      { split: 0, status: "done" },
      "pause",
      rows(bench, 1, "b@5"),
      rows(bench, 1, "b@15"),
    ] as const;
    source(bench, "source", script);
    bench.watermark("time", "source");
    const sink = countingSink(bench, "time");
    const job = await bench.run();
    expect(counted(sink)).toEqual(["0 b 1", "10 b 1", "1000 a 1"]);
    expect((await job.done).lateRows).toBe(0);
  });

  test("S4 a split without rows for `idle` leaves the minimum, by the clock", async () => {
    const bench = await Bench.open(seed);
    const script = [
      ...active(0, 1),
      rows(bench, 1, "b@5"),
      rows(bench, 0, "a@50"),
      "pause",
      rows(bench, 0, "a@70"),
    ] as const;
    source(bench, "source", script, 1000);
    bench.watermark("time", "source", { idleMs: 300 });
    const sink = bench.sink("sink", "time", new CollectingSink());
    await bench.run();
    // Split 1 is idle at 300 ms; split 0 then too, and all idle holds the watermark (S5).
    expect(sink.watermarks[0]).toBe(5);
    expect(sink.watermarks.slice(-2)).toEqual([70, Number.POSITIVE_INFINITY]);
  });

  test("S9 a slow sink makes no split idle", async () => {
    const bench = await Bench.open(seed);
    const script = [
      ...active(0, 1),
      rows(bench, 1, "b@5"),
      rows(bench, 0, "a@50"),
      rows(bench, 0, "a@60"),
      rows(bench, 1, "b@15"),
      rows(bench, 0, "a@70"),
      rows(bench, 1, "b@25"),
    ] as const;
    source(bench, "source", script);
    bench.watermark("time", "source", { idleMs: 100 });
    bench.count("count", "time", 10);
    // Every batch takes the sink a second: far longer than `idle`, but no split waits for input.
    bench.sink("slow", "time", new CollectingSink(1000));
    const sink = bench.sink("sink", "count", new CollectingSink());
    const job = await bench.run();
    expect((await job.done).lateRows).toBe(0);
    expect(counted(sink)).toEqual(["0 b 1", "10 b 1", "20 b 1", "50 a 1", "60 a 1", "70 a 1"]);
  });

  test("S9 a source held back by another branch's slow sink is not idle behind a union", async () => {
    const bench = await Bench.open(seed);
    const held = [rows(bench, 0, "a@5"), rows(bench, 0, "a@6"), rows(bench, 0, "a@7"), rows(bench, 0, "a@15")];
    source(bench, "held", held);
    // It is never quiet for long, and far ahead.
    const quick = Array.from({ length: 100 }, () => ["pause", rows(bench, 0, "b@90")] as const).flat();
    source(bench, "quick", [rows(bench, 0, "b@5"), ...quick], 60);
    bench.sink("slow", "held", new CollectingSink(1000));
    bench.union("both", ["held", "quick"]);
    bench.watermark("time", "both", { idleMs: 100 });
    const sink = countingSink(bench, "time");
    const job = await bench.run();
    expect((await job.done).lateRows).toBe(0);
    expect(counted(sink)).toEqual(["0 a 3", "0 b 1", "10 a 1", "90 b 100"]);
  });

  test("S4 a quiet source behind a union leaves the minimum, and windows close without it", async () => {
    const bench = await Bench.open(seed);
    source(bench, "quiet", [rows(bench, 0, "a@5"), "pause", rows(bench, 0, "a@200")], 10_000);
    const script = [0, 10, 20, 30].flatMap((ms) => [rows(bench, 0, `b@${ms}`), "pause"] as const);
    source(bench, "steady", script, 300);
    bench.union("both", ["quiet", "steady"]);
    bench.watermark("time", "both", { idleMs: 500 });
    const sink = countingSink(bench, "time");
    const job = bench.start();
    await bench.wait(5000);
    // All but the last window, with five seconds to go before the quiet source says anything.
    expect(counted(sink)).toEqual(["0 a 1", "0 b 1", "10 b 1", "20 b 1"]);
    await bench.sim.drive(job.done);
    expect(counted(sink)).toEqual(["0 a 1", "0 b 1", "10 b 1", "20 b 1", "200 a 1", "30 b 1"]);
  });

  test("S9 waiting for a disk makes no file idle", async () => {
    const bench = await Bench.open(seed);
    const script = [
      ...active(0, 1),
      rows(bench, 0, "a@5"),
      "pause",
      rows(bench, 0, "a@90"),
      "pause",
      rows(bench, 1, "b@6"),
    ] as const;
    const scripted = source(bench, "source", script, 1000);
    scripted.mayIdle = false;
    bench.watermark("time", "source", { idleMs: 100 });
    const sink = countingSink(bench, "time");
    const job = await bench.run();
    expect((await job.done).lateRows).toBe(0);
    expect(counted(sink)).toEqual(["0 a 1", "0 b 1", "90 a 1"]);
  });

  test("S98 the end of bounded input closes every window", async () => {
    const bench = await Bench.open(seed);
    source(bench, "source", [rows(bench, 0, "a@1", "b@2", "a@13"), rows(bench, 0, "a@14")]);
    bench.watermark("time", "source", { delayMs: 1_000_000 });
    const sink = countingSink(bench, "time");
    await bench.run();
    expect(counted(sink)).toEqual(["0 a 1", "0 b 1", "10 a 2"]);
    expect(bench.complaints).toEqual([]);
  });
});

test.each([0, 1, 2])("late rows have watermarks and an end of their own (seed %d)", async (seed) => {
  const bench = await Bench.open(seed);
  source(bench, "source", [rows(bench, 0, "a@1", "a@25", "b@3"), rows(bench, 0, "a@26", "c@4")]);
  bench.watermark("time", "source", { windowMs: 10 });
  bench.count("count", "time", 10);
  const late = bench.sink("late", "count:late", new CollectingSink());
  const sink = bench.sink("sink", "count", new CollectingSink(2));
  const job = await bench.run();
  expect(counted(sink)).toEqual(["0 a 1", "20 a 2"]);
  expect(late.lines.map((line) => line.split(" ").slice(2, 4).join(" "))).toEqual(["b LATE", "c LATE"]);
  expect(late.watermarks.at(-1)).toBe(Number.POSITIVE_INFINITY);
  expect((await job.done).lateRows).toBe(2);
});

test("a source is told how far each of its splits is, through filters and unions", async () => {
  const bench = await Bench.open();
  const script = (fromMs: number) => [
    rows(bench, 0, `a@${fromMs}`),
    rows(bench, 2, `a@${fromMs + 7}`, `a@${fromMs + 1}`),
  ];
  const one = source(bench, "one", script(100));
  const two = source(bench, "two", script(200));
  const three = source(bench, "three", script(300));
  bench.operator("pass", ["two"], new Passing());
  bench.union("inner", ["one", "pass"]);
  bench.union("outer", ["three", "inner"]);
  bench.watermark("time", "outer");
  bench.sink("sink", "time", new CollectingSink());
  const alone = source(bench, "alone", script(400));
  bench.sink("untimed", "alone", new CollectingSink());
  await bench.run();
  const progress = [one, two, three].map((source) => [0, 1, 2].map((split) => source.progressMs(split)));
  expect(progress).toEqual([
    [100, -Infinity, 107],
    [200, -Infinity, 207],
    [300, -Infinity, 307],
  ]);
  expect(alone.progressMs(0)).toBe(-Infinity);
});
