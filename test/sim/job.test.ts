// Whole jobs on the simulator, by seed: files with latencies and short reads, overlapping in time, windows, two targets. The
// seed decides the order of everything; the rows must not depend on it.
import { describe, expect, test } from "vitest";
import { avg, col, count, type Engine, type Pipeline, tumble } from "../../src/index.js";
import { lines, openSim, type SimEngine } from "../connectors/support.js";

const SCHEMA = { ts: "TIMESTAMP_LTZ(3)", key: "STRING", v: "DOUBLE" } as const;
const MINUTE = 60_000;

interface Tick {
  readonly ms: number;
  readonly key: string;
  readonly v: number;
}

/** Seeded rows of one file: an hour from `startMs`, up to a minute out of order. */
function ticksOf(file: number, startMs: number): Tick[] {
  let state = file + 1;
  const chance = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: 600 }, (_, i) => ({
    ms: Math.floor(startMs + i * 6000 - chance() * MINUTE),
    key: `k${Math.floor(chance() * 5)}`,
    v: Math.floor(chance() * 1000) / 4,
  }));
}

const FILES = [0, 1, 2, 3, 4].map((file) => ticksOf(file, Math.floor(file / 2) * 45 * MINUTE));

/** What the windows must hold, row by row. */
function oracle(): string[] {
  const groups = new Map<string, { n: number; sum: number }>();
  for (const { ms, key, v } of FILES.flat()) {
    if (v <= 10) continue;
    const start = Math.floor(ms / (10 * MINUTE)) * 10 * MINUTE;
    const group = groups.get(`${start} ${key}`) ?? { n: 0, sum: 0 };
    group.n++;
    group.sum += v;
    groups.set(`${start} ${key}`, group);
  }
  return [...groups].map(([name, { n, sum }]) => `${name} ${n} ${(sum / n).toFixed(9)}`).toSorted();
}

function writeFiles({ sim }: SimEngine): void {
  FILES.forEach((ticks, file) => {
    const rows = ticks.map(({ ms, key, v }) => ({ ts: new Date(ms).toISOString(), key, v }));
    sim.files.write(`/in/${file}.ndjson`, lines(rows));
  });
}

function program(mill: Engine): Pipeline {
  const ticks = mill.file("/in/*.ndjson", { schema: SCHEMA, time: "ts", outOfOrder: "1m" });
  const windows = ticks
    .where(col("v").gt(10))
    .window(tumble("10m"))
    .groupBy("key")
    .aggregate({ n: count(), mean: avg("v") });
  return windows.to(mill.file("/out/windows.ndjson")).and(windows.late().to(mill.file("/out/late.ndjson")));
}

function windowsOf({ text }: SimEngine): string[] {
  const out = (text("/out/windows.ndjson") ?? "").split("\n").filter((line) => line !== "");
  return out
    .map((line) => JSON.parse(line) as { windowStart: string; key: string; n: number; mean: number })
    .map(({ windowStart, key, n, mean }) => `${Date.parse(windowStart)} ${key} ${n} ${mean.toFixed(9)}`)
    .toSorted();
}

/** Runs the program once; the trace of the job goes into the hash. */
async function runOnce(
  seed: number,
  batchRows: number,
): Promise<{ hash: string; windows: string[]; late: string | undefined }> {
  const engine = await openSim(seed);
  writeFiles(engine);
  const job = program(engine.mill).start({ batchRows });
  const reading = (async () => {
    for await (const event of job.trace()) engine.sim.record("uid" in event ? event.uid : "job", JSON.stringify(event));
  })();
  await engine.wait(Promise.all([job.done, reading]));
  expect(engine.sim.files.openCount).toBe(0);
  expect(engine.sim.lines).toEqual([]);
  return { hash: engine.sim.traceHash, windows: windowsOf(engine), late: engine.text("/out/late.ndjson") };
}

describe("a program over overlapping files", () => {
  const expected = oracle();

  test.each([1, 7, 64, 8192])("gives the oracle's windows with batches of %d, whatever the seed", async (batchRows) => {
    const seeds = batchRows === 1 ? [0] : [0, 1, 2, 3, 4, 5];
    for (const seed of seeds) {
      const { windows, late } = await runOnce(seed, batchRows);
      expect(windows).toEqual(expected);
      expect(late).toBe("");
    }
  });

  test("is the same run for the same seed, and another one for another", async () => {
    const hashes: string[] = [];
    for (let seed = 100; seed < 110; seed++) {
      const first = await runOnce(seed, 64);
      expect(await runOnce(seed, 64)).toEqual(first);
      hashes.push(first.hash);
    }
    expect(new Set(hashes).size).toBe(10);
  });

  test("stopped at any time leaves no file open, none behind, and the engine as it was", async () => {
    for (let seed = 0; seed < 40; seed++) {
      const engine = await openSim(seed);
      writeFiles(engine);
      const before = engine.sim.files.paths();
      const job = program(engine.mill).start({ batchRows: 64 });
      await engine.wait(new Promise<void>((resolve) => engine.sim.scheduler.after(seed * 7, resolve)));
      await engine.wait(job.cancel());
      expect(engine.sim.files.openCount).toBe(0);
      const after = engine.sim.files.paths();
      if (job.state === "cancelled") expect(after.filter((path) => path.includes(".tmp"))).toEqual([]);
      if (job.state === "cancelled" && after.length === before.length) expect(after).toEqual(before);
      expect(engine.sim.lines).toEqual([]);
    }
  });

  test("with a disk that fails once, anywhere, ends with its error and leaves nothing behind", async () => {
    const calls = ["open", "read", "create", "write", "sync", "publish", "list"] as const;
    for (let seed = 0; seed < 35; seed++) {
      const engine = await openSim(seed);
      writeFiles(engine);
      const call = calls[seed % calls.length] as (typeof calls)[number];
      const input = call === "open" || call === "read";
      if (call === "list") engine.sim.files.failNext("list", "/out/late.ndjson");
      else if (input) engine.sim.files.failNext(call, `/in/${seed % 5}.ndjson`);
      else if (call === "publish") engine.sim.files.failNext(call, "/out/windows.ndjson");
      const job = program(engine.mill).start({ batchRows: 64 });
      if (call === "create" || call === "write" || call === "sync") {
        engine.sim.files.failNextIn(call, "/out/");
      }
      await expect(engine.wait(job.done)).rejects.toMatchObject({ code: "FILE_IO" });
      expect(engine.sim.files.openCount).toBe(0);
      expect(engine.sim.files.paths().filter((path) => path.includes(".tmp"))).toEqual([]);
      expect(engine.text("/out/windows.ndjson")).toBeUndefined();
    }
  });
});
