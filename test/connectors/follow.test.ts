// Files that grow and come while they are read: nothing twice, nothing lost, whatever is rotated; and runs that read what there is
// and go on from there the next time.
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { count, tumble } from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { lines, openSim, TICKS, ticks } from "./support.js";

const SCHEMA = { n: "INT" } as const;
const numbers = (from: number, to: number) => lines(Array.from({ length: to - from }, (_, at) => ({ n: from + at })));

/** A followed table whose rows are gathered, and a wait until so many are there. */
async function following(path: string, options: object = {}, seed = 1) {
  const engine = await openSim(seed);
  const { mill, sim, wait } = engine;
  const seen: number[] = [];
  let until = 0;
  let reached: () => void = () => undefined;
  const start = () => {
    const table = mill.file(path, { schema: SCHEMA, format: "ndjson", follow: { every: "100ms" }, ...options });
    return table
      .to(
        mill.callback((rows) => {
          for (const { n } of rows) seen.push(n as number);
          if (seen.length >= until) reached();
        }),
      )
      .start();
  };
  const atLeast = (rows: number) => {
    until = rows;
    return wait(
      new Promise<void>((resolve) => {
        reached = resolve;
        if (seen.length >= until) resolve();
      }),
    );
  };
  const pause = (ms: number) => wait(new Promise<void>((resolve) => void sim.scheduler.after(ms, resolve)));
  return { ...engine, seen, start, atLeast, pause };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

describe("a followed file", () => {
  test.each([1, 2, 3, 4, 5])("is read on as it grows, records cut anywhere (seed %d)", async (seed) => {
    const { sim, seen, start, atLeast, wait } = await following("/log.ndjson", {}, seed);
    const text = numbers(0, 300);
    sim.files.write("/log.ndjson", text.slice(0, 100));
    const job = start();
    for (let at = 100; at < text.length; at += 137) {
      sim.scheduler.after(at, () => sim.files.append("/log.ndjson", text.slice(at, at + 137)));
    }
    await atLeast(300);
    expect(seen).toEqual(range(0, 300));
    await wait(job.cancel());
    expect(sim.files.openCount).toBe(0);
  });

  test.each([1, 2, 3, 4, 5])("that is rotated is read to its end, then the new one (seed %d)", async (seed) => {
    const { sim, seen, start, atLeast, wait, pause } = await following("/log.ndjson", {}, seed);
    sim.files.write("/log.ndjson", numbers(0, 10));
    const job = start();
    await atLeast(10);
    sim.files.append("/log.ndjson", numbers(10, 15));
    sim.files.rename("/log.ndjson", "/log.1");
    sim.files.write("/log.ndjson", numbers(20, 30));
    // The writer has the old one open for a while.
    sim.files.append("/log.1", numbers(15, 20));
    await atLeast(30);
    await pause(1000);
    expect([...seen].sort((a, b) => a - b)).toEqual(range(0, 30));
    expect(sim.files.openCount).toBe(1);
    await wait(job.cancel());
  });

  test("that is renamed within the pattern is not read twice", async () => {
    const { sim, seen, start, atLeast, pause, wait } = await following("/log*");
    sim.files.write("/log", numbers(0, 10));
    const job = start();
    await atLeast(10);
    sim.files.rename("/log", "/log.1");
    sim.files.append("/log.1", numbers(10, 12));
    sim.files.write("/log", numbers(12, 20));
    await atLeast(20);
    await pause(1000);
    expect([...seen].sort((a, b) => a - b)).toEqual(range(0, 20));
    await wait(job.cancel());
  });

  test("R63 that is cut off is FILE_TRUNCATED, or read from its start by the policy", async () => {
    const strict = await following("/log.ndjson");
    strict.sim.files.write("/log.ndjson", numbers(0, 10));
    const failing = strict.start();
    await strict.atLeast(10);
    strict.sim.files.truncate("/log.ndjson", 16);
    await expect(strict.wait(failing.done)).rejects.toMatchObject({
      code: "FILE_TRUNCATED",
      at: { source: "/log.ndjson", byte: 16 },
    });

    const { sim, seen, start, atLeast, wait } = await following("/log.ndjson", { rowPolicy: "skip" });
    sim.files.write("/log.ndjson", numbers(0, 10));
    const job = start();
    await atLeast(10);
    sim.files.truncate("/log.ndjson", 0);
    sim.files.append("/log.ndjson", numbers(50, 55));
    await atLeast(15);
    expect(seen).toEqual([...range(0, 10), ...range(50, 55)]);
    expect(job.metrics()[0]?.badRows).toBe(1);
    await wait(job.cancel());
  });

  test("reads new files of a directory, also one that was empty, and more than may be open", async () => {
    const { sim, seen, start, atLeast, wait } = await following("/in/");
    const job = start();
    for (let at = 0; at < 100; at++) {
      sim.scheduler.after(50 * at, () => sim.files.write(`/in/${at}.ndjson`, numbers(at, at + 1)));
    }
    await atLeast(100);
    expect(sim.files.openCount).toBeLessThanOrEqual(64);
    sim.files.append("/in/0.ndjson", numbers(100, 101));
    await atLeast(101);
    expect([...seen].sort((a, b) => a - b)).toEqual(range(0, 101));
    await wait(job.cancel());
    expect(sim.files.openCount).toBe(0);
  });

  test("S9 waiting for rows makes a file idle, and the windows of the others close", async () => {
    const { sim, mill, wait } = await openSim();
    sim.files.write("/in/quiet.ndjson", lines(ticks(1)));
    sim.files.write("/in/busy.ndjson", "");
    // What loads late is loaded by the host, for which virtual time does not wait.
    await wait(mill.file("/in/", { schema: TICKS }).toArray());
    ticks(40).forEach((tick, at) => {
      sim.scheduler.after(500 * at, () => sim.files.append("/in/busy.ndjson", lines([tick])));
    });
    const table = mill.file("/in/", { schema: TICKS, time: "ts", idle: "2s", follow: { every: "100ms" } });
    const windows = table.window(tumble("10s")).aggregate({ n: count() });
    const first: number[] = [];
    const reading = (async () => {
      for await (const { n } of windows) {
        first.push(n as number);
        if (first.length === 2) break;
      }
    })();
    await wait(reading);
    expect(first).toEqual([11, 10]);
  });

  test("is endless, and wants durations with units", async () => {
    const { sim, mill, wait } = await openSim();
    sim.files.write("/a.ndjson", numbers(0, 1));
    expect(await wait(mill.file("/a.ndjson", { follow: true }).explain())).toContain("endless");
    const wrong = mill.file("/a.ndjson", { follow: { every: "10" } });
    await expect(wait(wrong.toArray())).rejects.toMatchObject({ code: "TIME_UNIT" });
    const unknown = mill.file("/a.ndjson", { follow: { evry: "1s" } as object });
    await expect(wait(unknown.toArray())).rejects.toMatchObject({ code: "OPTION" });
  });
});

describe("available now", () => {
  test("reads what is there, then ends; a line without end is left", async () => {
    const { sim, mill, wait } = await openSim();
    sim.files.write("/in/a.ndjson", `${numbers(0, 3)}{"n":`);
    sim.files.write("/in/b.ndjson", numbers(3, 5));
    const table = mill.file("/in/", { schema: SCHEMA, follow: true });
    const rows = await wait(table.toArray({ availableNow: true }));
    expect(rows.map(({ n }) => n)).toEqual(range(0, 5));
    expect(sim.lines.filter(({ level }) => level === "warn").map(({ message }) => message)).toEqual([
      "/in/a.ndjson: 5 bytes behind the last line end are left for the next run",
    ]);
    expect(sim.files.openCount).toBe(0);
  });
});

describe("on Node's disk", () => {
  const root = mkdtempSync(join(tmpdir(), "millrace-follow-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test("a log that grows, is rotated and cut off is followed", async () => {
    await using mill = await Millrace.open();
    const path = join(root, "app.ndjson");
    writeFileSync(path, numbers(0, 5));
    const table = mill.file(path, { schema: SCHEMA, follow: { every: "10ms" }, rowPolicy: "skip" });
    const seen: number[] = [];
    for await (const { n } of table) {
      seen.push(n as number);
      if (seen.length === 5) appendFileSync(path, numbers(5, 10));
      if (seen.length === 10) {
        renameSync(path, join(root, "app.1"));
        writeFileSync(path, numbers(10, 20));
      }
      if (seen.length === 20) {
        truncateSync(path, 0);
        // The look between has to see that it was shorter.
        setTimeout(() => appendFileSync(path, numbers(20, 22)), 300);
      }
      if (seen.length === 22) break;
    }
    expect(seen).toEqual(range(0, 22));
  });
});
