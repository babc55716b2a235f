// The simulator: the same seed is the same run, another seed another one, and time is virtual.
import { describe, expect, test } from "vitest";
import { type FetchResult, promised, type ReadableFile } from "../../src/platform/platform.js";
import { SimPlatform } from "../../src/platform/sim.js";

/** Starts turns, timers, reads and a fetch at once; gives the order in which they were answered. */
async function muddle(seed: number): Promise<{ order: string[]; hash: string; timeMs: number }> {
  const sim = new SimPlatform(seed);
  sim.files.write("/x", "some bytes");
  sim.serve("http://host/y", new Uint8Array(200_000));
  const order: string[] = [];
  const ready = (label: string) => () => void order.push(label);
  const all: Promise<void>[] = [];
  for (const name of ["a", "b", "c"]) {
    all.push(new Promise((resolve) => sim.scheduler.soon(() => resolve(ready(`turn ${name}`)()))));
    all.push(promised((done) => sim.storage.list(`/${name}`, done)).then(ready(`list ${name}`)));
  }
  all.push(new Promise((resolve) => sim.scheduler.after(5, () => resolve(ready("timer")()))));
  all.push(
    promised<FetchResult>((done) => sim.net.fetch("http://host/y", {}, done)).then(async (result) => {
      let bytes = 0;
      for (;;) {
        const chunk = await promised<Uint8Array | null>((done) => result.read(done));
        if (chunk === null) break;
        bytes += chunk.length;
      }
      order.push(`fetched ${bytes}`);
    }),
  );
  await sim.drive(Promise.all(all));
  return { order, hash: sim.traceHash, timeMs: sim.timeMs };
}

describe("a seed", () => {
  test("replays one run exactly", async () => {
    for (const seed of [1, 2, 3, 4, 5]) expect(await muddle(seed)).toEqual(await muddle(seed));
  });

  test("another one gives another order and another hash", async () => {
    const runs = await Promise.all(Array.from({ length: 20 }, (_, seed) => muddle(seed)));
    expect(new Set(runs.map((run) => run.hash)).size).toBe(20);
    expect(new Set(runs.map((run) => run.order.join())).size).toBeGreaterThan(10);
    for (const { order } of runs) expect(order).toContain("fetched 200000");
  });
});

test("a timer costs no real time, and a cancelled one never fires", async () => {
  const sim = new SimPlatform(1);
  const fired: string[] = [];
  const cancel = sim.scheduler.after(1000, () => fired.push("cancelled"));
  cancel();
  await sim.drive(
    new Promise<void>((resolve) => {
      sim.scheduler.after(86_400_000, () => resolve(void fired.push("day")));
    }),
  );
  expect(fired).toEqual(["day"]);
  expect(sim.timeMs).toBeGreaterThanOrEqual(86_400_000);
});

test("a promise that nothing will settle is reported, not waited for", async () => {
  const sim = new SimPlatform(1);
  await expect(sim.drive(new Promise(() => undefined))).rejects.toMatchObject({ code: "INTERNAL" });
});

test("a fault is answered once", async () => {
  const sim = new SimPlatform(1);
  sim.files.write("/x", "x");
  sim.files.failNext("open", "/x");
  const open = () => sim.drive(promised<ReadableFile>((done) => sim.storage.open("/x", done)));
  await expect(open()).rejects.toMatchObject({ code: "FILE_IO" });
  expect((await open()).lengthBytes).toBe(1);
});

test("a recorded event changes the hash", () => {
  const [one, other] = [new SimPlatform(1), new SimPlatform(1)];
  one.record("task", "batch 1");
  other.record("task", "batch 2");
  expect(one.traceHash).not.toBe(other.traceHash);
});
