// Files as sources: what a path names, the order in which files are read, what is refused, and going on after a stop.
import { describe, expect, test } from "vitest";
import { readRows } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import { FileSource } from "../../src/connectors/file-source.js";
import { loadFormat } from "../../src/connectors/formats.js";
import { count, tumble } from "../../src/index.js";
import { newMetrics, type SplitEvent } from "../../src/operators/operator.js";
import { promised } from "../../src/platform/platform.js";
import { SimPlatform } from "../../src/platform/sim.js";
import type { StateValue } from "../../src/state/snapshot.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { MemoryAccount } from "../../src/wasm/memory.js";
import { lines, openSim, TICKS, ticks } from "./support.js";

const HOUR = 3_600_000;

describe("a path", () => {
  test.each([
    ["/data/a.ndjson", 10],
    ["/data", 30],
    ["/data/", 30],
    ["/data/*.ndjson", 30],
    ["/**/*.ndjson", 40],
    ["/data/{a,c}.ndjson", 20],
  ])("%s gives %d rows", async (path, expected) => {
    const { mill, sim, wait } = await openSim();
    for (const name of ["/data/a", "/data/b", "/data/c", "/data/deep/d"])
      sim.files.write(`${name}.ndjson`, lines(ticks(10)));
    expect(await wait(mill.file(path, { schema: TICKS, format: "ndjson" }).toArray())).toHaveLength(expected);
    expect(sim.files.openCount).toBe(0);
  });

  test("of nothing is FILE_NOT_FOUND", async () => {
    const { mill, wait } = await openSim();
    for (const path of ["/none.ndjson", "/none/*.ndjson"]) {
      await expect(wait(mill.file(path).toArray())).rejects.toMatchObject({
        code: "FILE_NOT_FOUND",
        at: { source: path },
      });
    }
  });

  test("with options of another format are refused: they would go unheard", async () => {
    const { mill, sim, wait } = await openSim();
    sim.files.write("/x.ndjson", lines(ticks(2)));
    const table = mill.file("/x.ndjson", { parquet: { truncateTimes: true } });
    await expect(wait(table.toArray())).rejects.toMatchObject({
      code: "OPTION",
      message: '/x.ndjson has options of "parquet", but its format is "ndjson"',
    });
  });

  test("whose ending tells no format wants one, and knows the near names", async () => {
    const { mill, sim, wait } = await openSim();
    sim.files.write("/x.log", lines(ticks(2)));
    await expect(wait(mill.file("/x.log").toArray())).rejects.toMatchObject({ code: "OPTION" });
    await expect(wait(mill.file("/x.log", { format: "ndjsn" }).toArray())).rejects.toMatchObject({
      code: "OPTION",
      hint: expect.stringContaining('"ndjson"'),
    });
    expect(await wait(mill.file("/x.log", { format: "ndjson" }).toArray())).toHaveLength(2);
  });

  test("of an empty file: no rows with a schema, SCHEMA_EMPTY without", async () => {
    const { mill, sim, wait } = await openSim();
    sim.files.write("/empty.ndjson", "");
    expect(await wait(mill.file("/empty.ndjson", { schema: TICKS }).toArray())).toEqual([]);
    await expect(wait(mill.file("/empty.ndjson").toArray())).rejects.toMatchObject({ code: "SCHEMA_EMPTY" });
  });

  test("reads the columns that are wanted, whatever else the records hold", async () => {
    const { mill, sim, wait } = await openSim();
    sim.files.write("/x.ndjson", lines(ticks(3)));
    expect(await wait(mill.file("/x.ndjson").select("n").toArray())).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
  });

  test("counts bytes for progress", async () => {
    const { mill, sim, wait } = await openSim();
    const text = lines(ticks(100));
    sim.files.write("/data/a.ndjson", text);
    sim.files.write("/data/b.ndjson", text);
    const job = mill.file("/data", { schema: TICKS, format: "ndjson" }).to(mill.memory()).start();
    expect(job.progress()).toEqual({ rows: 0, doneBytes: 0, totalBytes: null });
    await wait(job.done);
    expect(job.progress()).toEqual({ rows: 200, doneBytes: 2 * text.length, totalBytes: 2 * text.length });
  });
});

describe("a record that is refused", () => {
  const TEXT = `${lines(ticks(2))}{"ts":"x"}\n${lines(ticks(1))}nonsense\n${lines(ticks(2))}`;

  test.each(["/a.ndjson", "/a*.ndjson"])("goes to the dead letters with place and bytes (%s)", async (path) => {
    const { mill, sim, wait } = await openSim();
    sim.files.write("/a.ndjson", TEXT);
    const table = mill.file(path, { schema: TICKS, rowPolicy: "deadLetter" });
    const [good, bad] = [mill.memory(), mill.memory()];
    const result = await wait(table.to(good).and(table.deadLetters().to(bad)).run());
    expect(result).toMatchObject({ rowsIn: 5, badRows: 2 });
    expect(good.rowCount).toBe(5);
    const letters = bad
      .toRows()
      .map(({ source, line, raw }) => [source, line, new TextDecoder().decode(raw as Uint8Array)]);
    expect(letters).toEqual([
      ["/a.ndjson", 3, '{"ts":"x"}'],
      ["/a.ndjson", 5, "nonsense"],
    ]);
  });

  test("ends the job by default and leaves no file open", async () => {
    const { mill, sim, wait } = await openSim();
    sim.files.write("/a.ndjson", TEXT);
    await expect(wait(mill.file("/a.ndjson", { schema: TICKS }).toArray())).rejects.toMatchObject({
      at: { source: "/a.ndjson", line: 3 },
    });
    expect(sim.files.openCount).toBe(0);
  });
});

describe("the order of files", () => {
  /** The most rows that any window state held: how far one file ran ahead of another. */
  async function windowed(seed: number, files: Readonly<Record<string, string>>, outOfOrder: string) {
    const { mill, sim, wait } = await openSim(seed);
    for (const [path, text] of Object.entries(files)) sim.files.write(path, text);
    const table = mill.file("/data/*.ndjson", { schema: TICKS, time: "ts", outOfOrder });
    const windows = table.window(tumble("1h")).groupBy("key").aggregate({ n: count() });
    const target = mill.memory();
    const job = windows.to(target).start({ batchRows: 16 });
    const result = await wait(job.done);
    return { result, rows: target.toRows().map(({ windowStart, key, n }) => [Number(windowStart) / HOUR, key, n]) };
  }

  test.each([0, 1, 2, 3])("files cut by time are read one after another: nothing is late (seed %d)", async (seed) => {
    // Names in another order than times.
    const files = Object.fromEntries(
      ["e", "b", "d", "a", "c"].map((name, i) => [`/data/${name}.ndjson`, lines(ticks(60, i * HOUR, 60_000, name))]),
    );
    const { result, rows } = await windowed(seed, files, "0s");
    expect(result.lateRows).toBe(0);
    expect(rows).toEqual(["e", "b", "d", "a", "c"].map((name, hour) => [hour, name, 60]));
  });

  test.each([0, 1, 2, 3])("overlapping files are read side by side: nothing is late (seed %d)", async (seed) => {
    const files = {
      "/data/a.ndjson": lines(ticks(300, 0, 60_000, "a")),
      "/data/b.ndjson": lines(ticks(300, 30_000, 60_000, "b")),
      "/data/c.ndjson": lines(ticks(100, 2 * HOUR, 60_000, "c")),
    };
    const { result, rows } = await windowed(seed, files, "0s");
    expect(result.lateRows).toBe(0);
    const perHour = rows.filter(([hour]) => hour === 2).map(([, key, n]) => [key, n]);
    expect(perHour.toSorted()).toEqual([
      ["a", 60],
      ["b", 60],
      ["c", 60],
    ]);
  });
});

/** Drives a FileSource by hand; event time is the row's own, as a watermark operator would know it. */
async function drive(openMax: number, options: { sim: SimPlatform; saved?: StateValue; stopAfter?: number }) {
  const { sim, saved, stopAfter = Number.POSITIVE_INFINITY } = options;
  const { workspace, memory, kernels } = await openTestWorkspace();
  const account = new MemoryAccount(memory);
  const ref = { id: "t", connector: "file", name: "/data/*.ndjson", options: { format: "ndjson" } };
  await loadFormat("ndjson", ref.name);
  const source = new FileSource({ ref, live: undefined, platform: sim }, parseSchema(TICKS), null, openMax);
  const maxMs = new Map<number, number>();
  const events: SplitEvent[] = [];
  let wake: () => void = () => undefined;
  if (saved !== undefined) source.restore(saved);
  source.open({
    platform: sim,
    workspace: { account, kernels },
    metrics: newMetrics(),
    rowPolicy: "fail",
    batchRowsMax: 10,
    wake: () => wake(),
    split: (event) => void events.push(event),
    bad: (record) => {
      throw new Error(record.message);
    },
    progressMs: (split) => maxMs.get(split) ?? Number.NEGATIVE_INFINITY,
    connection: () => undefined,
  });
  const order: string[] = [];
  const seen: number[] = [];
  let openMost = 0;
  for (;;) {
    const polled = seen.length >= stopAfter ? "done" : source.poll();
    openMost = Math.max(openMost, sim.files.openCount);
    if (polled === "done") break;
    if (polled === "blocked") {
      await sim.drive(new Promise<void>((resolve) => (wake = resolve)));
      continue;
    }
    for (const { ts, key, n } of readRows(polled)) {
      const ms = Number(ts);
      maxMs.set(polled.split, Math.max(maxMs.get(polled.split) ?? ms, ms));
      seen.push(ms);
      order.push(`${key}${n}`);
    }
    account.arena.reset();
  }
  const state = source.snapshot();
  await sim.drive(promised<void>((done) => source.close(done)));
  account.arena.release();
  expect(account.usedBytes).toBe(0);
  expect(sim.files.openCount).toBe(0);
  return { order, seen, events, openMost, state, workspace };
}

describe("many files", () => {
  const write = (sim: SimPlatform, files: number) => {
    for (let i = 0; i < files; i++) {
      const name = String(i).padStart(3, "0");
      sim.files.write(`/data/${name}.ndjson`, lines(ticks(25, i * 25_000, 1000, `${name}:`)));
    }
  };

  test.each([2, 5, 64])("are all announced at the start, with at most %d open", async (openMax) => {
    const sim = new SimPlatform(1);
    write(sim, 40);
    const { events, openMost, order } = await drive(openMax, { sim });
    expect(events.slice(0, 40)).toEqual(Array.from({ length: 40 }, (_, split) => ({ split, status: "active" })));
    expect(events.filter(({ status }) => status === "done")).toHaveLength(40);
    expect(openMost).toBeLessThanOrEqual(openMax);
    expect(order.toSorted()).toEqual(
      Array.from({ length: 40 * 25 }, (_, i) => `${String(Math.floor(i / 25)).padStart(3, "0")}:${i % 25}`).toSorted(),
    );
  });

  test("cut by time, after each one's first batch, are read in their order of time", async () => {
    const sim = new SimPlatform(2);
    write(sim, 20);
    const { seen } = await drive(3, { sim });
    const behindFirst = seen.slice(20 * 10);
    expect(behindFirst).toEqual(behindFirst.toSorted((a, b) => a - b));
  });

  test("go on after a stop at any batch, none lost and none twice", async () => {
    const sim = new SimPlatform(3);
    write(sim, 6);
    const whole = await drive(2, { sim });
    for (let stopAfter = 0; stopAfter <= 150; stopAfter += 10) {
      const first = await drive(2, { sim, stopAfter });
      const second = await drive(2, { sim, saved: JSON.parse(JSON.stringify(first.state)) as StateValue });
      expect([...first.order, ...second.order].toSorted()).toEqual(whole.order.toSorted());
    }
  });
});

test("a file that fails to open, or to read, ends the job and closes the others", async () => {
  for (const call of ["open", "read", "list"] as const) {
    const { mill, sim, wait } = await openSim(5);
    sim.files.write("/data/a.ndjson", lines(ticks(100, 0)));
    sim.files.write("/data/b.ndjson", lines(ticks(100, 1)));
    sim.files.failNext(call, call === "list" ? "/data/*.ndjson" : "/data/b.ndjson");
    const table = mill.file("/data/*.ndjson", { schema: TICKS, time: "ts" });
    await expect(wait(table.toArray({ batchRows: 10 }))).rejects.toMatchObject({ code: "FILE_IO" });
    expect(sim.files.openCount).toBe(0);
  }
});

test("Parquet and NDJSON of the same rows give the same windows", async () => {
  const { mill, sim, wait } = await openSim();
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const rows = ticks(5000);
  const column = <T>(name: string, type: "STRING" | "INT64" | "TIMESTAMP", data: T[]) => ({ name, type, data });
  const buffer = parquetWriteBuffer({
    columnData: [
      column(
        "ts",
        "TIMESTAMP",
        rows.map(({ ts }) => new Date(ts)),
      ),
      column(
        "key",
        "STRING",
        rows.map(({ n }) => `k${n % 3}`),
      ),
      column(
        "n",
        "INT64",
        rows.map(({ n }) => BigInt(n)),
      ),
    ],
    rowGroupSize: 700,
  });
  sim.files.write("/x.parquet", new Uint8Array(buffer));
  sim.files.write("/x.ndjson", lines(rows.map((row) => ({ ...row, key: `k${row.n % 3}` }))));
  const counted = (path: string) =>
    wait(
      mill
        .file(path, { time: "ts" })
        .window(tumble("10m"))
        .groupBy("key")
        .aggregate({ n: count() })
        .select("key", "n")
        .toArray(),
    );
  const expected = await counted("/x.ndjson");
  expect(expected).toHaveLength(27);
  expect(await counted("/x.parquet")).toEqual(expected);
  expect(sim.files.openCount).toBe(0);
});
