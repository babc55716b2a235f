// Files as targets: whole or not at all, never over somebody's file, nothing left behind.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { arrayContains, col, Millrace } from "../../src/node.js";
import type { Platform } from "../../src/platform/platform.js";
import type { SimPlatform } from "../../src/platform/sim.js";
import { lines, openSim, TICKS, ticks, zstdFrame } from "./support.js";

describe("a file target", () => {
  test("holds the rows when the job has ended, and reads back the same", async () => {
    const { mill, run, wait, sim } = await openSim();
    const rows = ticks(20_000).map(({ key, n }) => ({ key, n }));
    await run(mill.rows(rows).to(mill.file("/out/rows.ndjson")));
    expect(sim.files.paths()).toEqual(["/out/rows.ndjson"]);
    expect(await wait(mill.file("/out/rows.ndjson").toArray())).toEqual(rows);
    expect(sim.files.openCount).toBe(0);
  });

  test("of no rows is an empty file", async () => {
    const { mill, run, text } = await openSim();
    await run(mill.rows([], { schema: TICKS }).to(mill.file("/out.ndjson")));
    expect(text("/out.ndjson")).toBe("");
  });

  test("in a directory is its first part", async () => {
    const { mill, run, text } = await openSim();
    await run(mill.rows([{ n: 1 }]).to(mill.file("/out/", { format: "ndjson" })));
    expect(text("/out/part-0.ndjson")).toBe('{"n":1}\n');
  });

  test("that exists is refused before a row is read, and left as it is", async () => {
    const { mill, sim, wait, text } = await openSim();
    sim.files.write("/out.ndjson", "theirs");
    let read = 0;
    function* rows() {
      for (; read < 1e6; read++) yield { n: read };
    }
    const running = mill
      .from(rows(), { schema: { n: "BIGINT" } })
      .to(mill.file("/out.ndjson"))
      .run();
    await expect(wait(running)).rejects.toMatchObject({ code: "FILE_EXISTS", at: { source: "/out.ndjson" } });
    expect(read).toBeLessThan(1e6);
    expect(sim.files.paths()).toEqual(["/out.ndjson"]);
    expect(text("/out.ndjson")).toBe("theirs");
  });

  test.each([0, 1, 2, 3, 4])("that appears meanwhile is left as it is (seed %d)", async (seed) => {
    const { mill, sim, wait, text } = await openSim(seed);
    const table = mill.rows(ticks(50_000), { schema: TICKS });
    const job = table.to(mill.file("/out.ndjson")).start();
    sim.scheduler.after(40, () => sim.files.write("/out.ndjson", "theirs"));
    await expect(wait(job.done)).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(sim.files.paths()).toEqual(["/out.ndjson"]);
    expect(text("/out.ndjson")).toBe("theirs");
    expect(sim.files.openCount).toBe(0);
  });

  test.each(["list", "create", "write", "sync", "close", "publish"] as const)(
    "that cannot %s ends the job and leaves nothing behind",
    async (call) => {
      for (let seed = 0; seed < 5; seed++) {
        const { mill, sim, wait } = await openSim(seed);
        sim.files.failNextIn(call, "/");
        const job = mill.rows(ticks(40_000), { schema: TICKS }).to(mill.file("/out.ndjson")).start();
        await expect(wait(job.done)).rejects.toMatchObject({ code: "FILE_IO" });
        expect(sim.files.paths()).toEqual([]);
        expect(sim.files.openCount).toBe(0);
      }
    },
  );

  test.each([
    ["parquet", 1],
    ["parquet", 7],
    ["parquet", 8192],
    ["ndjson", 7],
    ["arrow", 7],
  ])("of %s holds nested columns, which expressions take apart (batches of %d)", async (ending, batchRows) => {
    const { mill, run, wait } = await openSim();
    const rows = Array.from({ length: 500 }, (_, i) => ({
      id: i,
      tags: i % 5 === 0 ? null : [`t${i % 9}`, "all"].slice(0, i % 3),
      user: i % 4 === 0 ? null : { name: `n${i % 7}`, spots: [{ x: i }, { x: -i }].slice(0, i % 3) },
    }));
    const schema = { id: "INT", tags: "ARRAY<STRING>", user: "ROW<name STRING, spots ARRAY<ROW<x INT>>>" } as const;
    await run(mill.rows(rows, { schema }).to(mill.file(`/nested.${ending}`)));
    const read = mill.file(`/nested.${ending}`, { schema });
    expect(await wait(read.toArray({ batchRows }))).toEqual(rows);
    const some = read
      .where(arrayContains(col("tags"), "all").and(col("user").field("spots").at(2).field("x").isNotNull()))
      .select("id", { name: col("user").field("name") });
    const expected = rows.filter(({ tags, user }) => tags?.includes("all") && user?.spots[1] !== undefined);
    expect(expected.length).toBeGreaterThan(10);
    expect(await wait(some.toArray({ batchRows }))).toEqual(expected.map(({ id, user }) => ({ id, name: user?.name })));
    const spots = read
      .select({ spot: col("user").field("spots") })
      .unnest("spot")
      .select({ x: col("spot").field("x") });
    const all = rows.flatMap(({ user }) => user?.spots ?? []);
    expect(await wait(spots.toArray({ batchRows }))).toEqual(all);
  });

  test("of Parquet reads back the same, in a directory too; what cannot be written is refused before a row is read", async () => {
    const { mill, run, sim, wait } = await openSim();
    const rows = ticks(20_000).map(({ key, n }) => ({ key, n }));
    await run(mill.rows(rows).to(mill.file("/out/", { format: "parquet" })));
    expect(sim.files.paths()).toEqual(["/out/part-0.parquet"]);
    expect(await wait(mill.file("/out/*.parquet").toArray())).toEqual(rows);
    const spans = mill.rows([{ n: 1 }], { schema: { n: "INTERVAL" } });
    await expect(wait(spans.to(mill.file("/other.parquet")).run())).rejects.toMatchObject({ code: "UNSUPPORTED" });
    const packed = mill.file("/other.parquet", { compression: "gzip" });
    await expect(wait(mill.rows(rows).to(packed).run())).rejects.toMatchObject({ code: "UNSUPPORTED" });
    const options = { compression: "lzo" } as unknown as { compression: "none" };
    const refused = mill.rows(rows).to(mill.file("/other.parquet", { parquet: options }));
    await expect(wait(refused.run())).rejects.toMatchObject({ code: "OPTION" });
    expect(sim.files.paths()).toEqual(["/out/part-0.parquet"]);
  });

  test("is written as fast as the disk takes it: rows wait at the source", async () => {
    const { mill, sim, wait } = await openSim(1, 16 << 20);
    // What loads late is loaded by the host, for which virtual time does not wait.
    await wait(
      mill
        .rows([{ n: 0 }])
        .to(mill.file("/first.ndjson"))
        .run(),
    );
    const long = "x".repeat(500);
    let given = 0;
    function* rows() {
      for (; given < 50_000; given++) yield { n: given, text: long };
    }
    const written = () => sim.files.paths().reduce((sum, path) => sum + (sim.files.read(path)?.length ?? 0), 0);
    let ahead = 0;
    const job = mill
      .from(rows(), { schema: { n: "BIGINT", text: "STRING" } })
      .to(mill.file("/out.ndjson"))
      .start();
    const watch = () => {
      ahead = Math.max(ahead, given * 520 - written());
      if (job.state === "running" || job.state === "starting") sim.scheduler.after(5, watch);
    };
    watch();
    await wait(job.done);
    // 4 MiB may wait in the sink, a batch or two (of 8,192 × 520 bytes) before it.
    expect(ahead).toBeLessThan(4 * 2 ** 20 + 4 * 8192 * 520);
    expect(written()).toBeGreaterThan(50_000 * 510);
  });
});

describe("a target in parts", () => {
  const parts = (sim: { files: { paths(): string[] } }) =>
    sim.files.paths().filter((path) => !path.startsWith("/first"));

  /** An engine that has loaded what writes a format: virtual time does not wait for the host. */
  async function openLoaded(format: string) {
    const engine = await openSim();
    const { mill, sim, wait } = engine;
    const first = mill.from(arriving(sim, [0], "end"), { schema: { n: "INT" } });
    await wait(first.to(mill.file("/first/", { format })).run());
    return engine;
  }

  test.each([1, 7, 8192])("begins the next one by rows (batches of %d)", async (batchRows) => {
    const { mill, sim, wait, text } = await openSim();
    const rows = Array.from({ length: 25 }, (_, n) => ({ n }));
    const target = mill.file("/out/", { format: "ndjson", roll: { rows: 10 } });
    await wait(mill.rows(rows).to(target).run({ batchRows }));
    expect(parts(sim)).toEqual(["/out/part-0.ndjson", "/out/part-1.ndjson", "/out/part-2.ndjson"]);
    expect(text("/out/part-1.ndjson")).toBe(lines(rows.slice(10, 20)));
    expect(await wait(mill.file("/out/").toArray())).toEqual(rows);
    expect(sim.files.openCount).toBe(0);
  });

  test("each of them whole, by bytes and by time", async () => {
    const { mill, sim, wait, text } = await openSim();
    const rows = Array.from({ length: 9 }, (_, n) => ({ n }));
    const arrays = mill.file("/arrays/", { format: "json", roll: { bytes: 20 } });
    await wait(mill.rows(rows).to(arrays).run({ batchRows: 2 }));
    expect(parts(sim).map((path) => JSON.parse(text(path) as string))).toEqual([
      rows.slice(0, 4),
      rows.slice(4, 8),
      rows.slice(8),
    ]);
    async function* slowly() {
      for (const row of rows) {
        await new Promise<void>((resolve) => void sim.scheduler.after(1000, resolve));
        yield row;
      }
    }
    const timed = mill.file("/timed/", { format: "ndjson", roll: { every: "2500ms" } });
    await wait(
      mill
        .from(slowly(), { schema: { n: "INT" } })
        .to(timed)
        .run(),
    );
    const times = parts(sim).filter((path) => path.startsWith("/timed/"));
    expect(times.length).toBeGreaterThan(1);
    expect(times.map((path) => text(path)).join("")).toBe(lines(rows));
  });

  test.each([0, 1, 2])("that fails at its end leaves none of them (seed %d)", async (seed) => {
    const { mill, sim, wait } = await openSim(seed);
    const run = () => {
      const target = mill.file("/out/", { format: "ndjson", roll: { rows: 10 } });
      return wait(
        mill
          .rows(Array.from({ length: 25 }, (_, n) => ({ n })))
          .to(target)
          .run({ batchRows: 5 }),
      );
    };
    for (const call of ["write", "sync", "publish"] as const) {
      sim.files.failNext(call, "/out/part-2.ndjson");
      sim.files.failNextIn(call, "/out/.part-2");
      await expect(run()).rejects.toMatchObject({ code: "FILE_IO" });
      expect(parts(sim)).toEqual([]);
    }
    sim.files.write("/out/part-2.ndjson", "theirs");
    await expect(run()).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(parts(sim)).toEqual(["/out/part-2.ndjson"]);
    expect(sim.files.openCount).toBe(0);
  });

  /** Rows that come as virtual time has it: so many milliseconds before each. */
  function arriving(sim: SimPlatform, gapsMs: readonly number[], then: "end" | "hang") {
    return (async function* () {
      for (const [n, gapMs] of gapsMs.entries()) {
        await new Promise<void>((resolve) => void sim.scheduler.after(gapMs, resolve));
        yield { n };
      }
      if (then === "hang") await new Promise(() => undefined);
    })();
  }

  test("is full when its time has come, though the stream is quiet; of rows without end it then has its name", async () => {
    const { mill, sim, wait, text } = await openLoaded("ndjson");
    const rows = arriving(sim, [10, 10, 30_000, 10], "hang");
    const target = mill.file("/out/", { format: "ndjson", roll: { every: "5s" } });
    const job = mill
      .from(rows, { schema: { n: "INT" } })
      .to(target)
      .start();
    const later = (ms: number) => wait(new Promise<void>((resolve) => void sim.scheduler.after(ms, resolve)));
    await later(12_000);
    expect(parts(sim)).toEqual(["/out/part-0.ndjson"]);
    expect(text("/out/part-0.ndjson")).toBe(lines([{ n: 0 }, { n: 1 }]));
    await later(40_000);
    expect(parts(sim)).toEqual(["/out/part-0.ndjson", "/out/part-1.ndjson"]);
    expect(text("/out/part-1.ndjson")).toBe(lines([{ n: 2 }, { n: 3 }]));
    // Nothing is begun before the next row; what has its name keeps it.
    expect(sim.files.openCount).toBe(0);
    await wait(job.cancel());
    expect(parts(sim)).toEqual(["/out/part-0.ndjson", "/out/part-1.ndjson"]);
  });

  test("of rows that end gets its name when all do", async () => {
    const { mill, sim, wait } = await openLoaded("ndjson");
    const target = mill.file("/out/", { format: "ndjson", roll: { every: "5s" } });
    const source = mill.from(arriving(sim, [10, 20_000, 10], "end"), { schema: { n: "INT" }, bounded: true });
    const job = source.to(target).start();
    await wait(new Promise<void>((resolve) => void sim.scheduler.after(15_000, resolve)));
    expect(parts(sim).filter((path) => path.endsWith(".ndjson"))).toEqual([]);
    await wait(job.done);
    expect(parts(sim)).toEqual(["/out/part-0.ndjson", "/out/part-1.ndjson"]);
    expect(await wait(mill.file("/out/").toArray())).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
  });

  test("of rows without end has its name by rows and bytes too; only the part that is written goes", async () => {
    for (const roll of [{ rows: 10 }, { bytes: 25 }]) {
      const { mill, sim, wait } = await openLoaded("csv");
      const rows = arriving(sim, new Array<number>(25).fill(50), "hang");
      const job = mill
        .from(rows, { schema: { n: "INT" } })
        .to(mill.file("/out/", { format: "csv", roll }))
        .start({ batchRows: 1 });
      const named = () => parts(sim).filter((path) => !path.includes(".tmp"));
      for (let turn = 0; turn < 100 && named().length < 2; turn++) {
        await wait(new Promise<void>((resolve) => void sim.scheduler.after(1000, resolve)));
      }
      expect(named()).toEqual(["/out/part-0.csv", "/out/part-1.csv"]);
      await wait(job.cancel());
      expect(parts(sim)).toEqual(["/out/part-0.csv", "/out/part-1.csv"]);
      expect(sim.files.openCount).toBe(0);
      const back = await wait(mill.file("/out/").toArray());
      expect(back).toEqual(Array.from({ length: back.length }, (_, n) => ({ n })));
    }
  });

  test.each(["write", "sync", "close", "publish"] as const)(
    "of rows without end that cannot %s ends the job, and leaves those before it",
    async (call) => {
      const { mill, sim, wait } = await openLoaded("ndjson");
      sim.files.failNextIn(call, "/out/.part-1");
      sim.files.failNext(call, "/out/part-1.ndjson");
      const rows = arriving(sim, new Array<number>(100).fill(20), "hang");
      const job = mill
        .from(rows, { schema: { n: "INT" } })
        .to(mill.file("/out/", { format: "ndjson", roll: { rows: 10 } }))
        .start({ batchRows: 1 });
      await expect(wait(job.done)).rejects.toMatchObject({ code: "FILE_IO" });
      expect(parts(sim)).toEqual(["/out/part-0.ndjson"]);
      expect(sim.files.openCount).toBe(0);
    },
  );

  test("wants a directory and a bound", async () => {
    const { mill, wait } = await openSim();
    const rows = mill.rows([{ n: 1 }]);
    const wrong = [
      mill.file("/out.ndjson", { roll: { rows: 1 } }),
      mill.file("/out/", { format: "ndjson", roll: {} }),
      mill.file("/out/", { format: "ndjson", roll: { rows: 0 } }),
      mill.file("/out/", { format: "ndjson", roll: { row: 1 } as object }),
    ];
    for (const target of wrong) await expect(wait(rows.to(target).run())).rejects.toMatchObject({ code: "OPTION" });
  });

  test("compressed is refused where the host cannot, and says which can", async () => {
    const { mill, wait, sim } = await openSim();
    const rows = mill.rows([{ n: 1 }]);
    for (const path of ["/out.ndjson.gz", "/out.ndjson.zst"]) {
      await expect(wait(rows.to(mill.file(path)).run())).rejects.toMatchObject({
        code: "UNSUPPORTED",
        hint: expect.stringContaining(path.endsWith(".zst") ? "Node 22.15" : "uncompressed") as string,
      });
    }
    expect(sim.files.paths()).toEqual([]);
  });

  test("compressed by Zstandard is frames behind each other, where the host has it", async () => {
    const { mill, run, sim, wait } = await openSim();
    let frames = 0;
    const zstd: Platform["zstd"] = (bytes, done) => {
      frames++;
      sim.scheduler.soon(() => done(null, zstdFrame(bytes)));
    };
    Object.assign(sim, { zstd });
    const rows = ticks(40_000);
    await run(mill.rows(rows).to(mill.file("/out.ndjson.zst")));
    expect(frames).toBeGreaterThan(1);
    const schema = { ts: "STRING", key: "STRING", n: "BIGINT" } as const;
    expect(await wait(mill.file("/out.ndjson.zst", { schema }).toArray())).toEqual(rows);
    await run(mill.rows([], { schema }).to(mill.file("/parts/", { format: "csv", compression: "zstd" })));
    expect(sim.files.paths()).toEqual(["/out.ndjson.zst", "/parts/part-0.csv.zst"]);
  });
});

describe("on Node's disk", () => {
  const root = mkdtempSync(join(tmpdir(), "millrace-sink-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test("a job writes a whole file, in a directory that did not exist", async () => {
    await using mill = await Millrace.open();
    const path = join(root, "deep", "er", "out.ndjson");
    await mill
      .rows([{ n: 1 }, { n: 2 }])
      .to(mill.file(path))
      .run();
    expect(readFileSync(path, "utf8")).toBe('{"n":1}\n{"n":2}\n');
    expect(readdirSync(join(root, "deep", "er"))).toEqual(["out.ndjson"]);
  });

  test("an aborted job, as by Ctrl-C, leaves no file at all", async () => {
    await using mill = await Millrace.open();
    for (const afterMs of [0, 1, 5, 20, 60]) {
      const path = join(root, `aborted-${afterMs}`, "out.ndjson");
      const controller = new AbortController();
      const job = mill.generate({ schema: TICKS }).to(mill.file(path)).start({ signal: controller.signal });
      setTimeout(() => controller.abort(), afterMs);
      await expect(job.done).rejects.toMatchObject({ name: "AbortError" });
      const directory = join(root, `aborted-${afterMs}`);
      expect(existsSync(directory) ? readdirSync(directory) : []).toEqual([]);
    }
  });

  test("a job writes gzip by the ending, in parts too, and reads it back", async () => {
    await using mill = await Millrace.open();
    const rows = ticks(60_000);
    const path = join(root, "packed.ndjson.gz");
    await mill.rows(rows).to(mill.file(path)).run();
    expect(zlib.gunzipSync(readFileSync(path)).toString()).toBe(lines(rows));
    expect(readFileSync(path).length).toBeLessThan(lines(rows).length / 3);

    const directory = `${join(root, "packed")}/`;
    const target = mill.file(directory, { format: "ndjson", compression: "gzip", roll: { rows: 25_000 } });
    await mill.rows(rows).to(target).run();
    expect(readdirSync(directory)).toEqual(["part-0.ndjson.gz", "part-1.ndjson.gz", "part-2.ndjson.gz"]);
    const schema = { ts: "STRING", key: "STRING", n: "BIGINT" } as const;
    const back = await mill.file(directory, { schema }).toArray();
    expect(back.map(({ n }) => n).sort((a, b) => Number(a) - Number(b))).toEqual(rows.map(({ n }) => n));

    const none = join(root, "none.ndjson.gz");
    await mill.rows([], { schema }).to(mill.file(none)).run();
    expect(zlib.gunzipSync(readFileSync(none)).length).toBe(0);
  });

  test("a job writes Zstandard by the ending, and reads it back; a Node that cannot says so", async () => {
    await using mill = await Millrace.open();
    const rows = ticks(60_000);
    const path = join(root, "packed.ndjson.zst");
    const running = mill.rows(rows).to(mill.file(path)).run();
    if (!("zstdCompress" in zlib)) {
      await expect(running).rejects.toMatchObject({ code: "UNSUPPORTED", hint: expect.stringContaining("22.15") });
      expect(existsSync(path)).toBe(false);
      return;
    }
    await running;
    expect(readFileSync(path).subarray(0, 4).toString("hex")).toBe("28b52ffd");
    expect(readFileSync(path).length).toBeLessThan(lines(rows).length / 3);
    const schema = { ts: "STRING", key: "STRING", n: "BIGINT" } as const;
    expect(await mill.file(path, { schema }).toArray()).toEqual(rows);
  });

  test("an existing file is not written over", async () => {
    await using mill = await Millrace.open();
    const path = join(root, "mine.ndjson");
    writeFileSync(path, "mine");
    const running = mill
      .rows([{ n: 1 }])
      .to(mill.file(path))
      .run();
    await expect(running).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(readFileSync(path, "utf8")).toBe("mine");
  });

  test("a program with two targets publishes neither when one fails", async () => {
    await using mill = await Millrace.open();
    const [good, bad] = [join(root, "two", "good.ndjson"), join(root, "two", "bad.ndjson")];
    const source = mill.generate({ rows: 100_000, schema: TICKS });
    const failing = source.inspect((row) => {
      if (row.n === 99 && row.key === "key-1") throw new Error("no");
    });
    await expect(
      source
        .to(mill.file(good))
        .and(failing.to(mill.file(bad)))
        .run(),
    ).rejects.toMatchObject({
      code: "FUNCTION",
    });
    expect(existsSync(join(root, "two")) ? readdirSync(join(root, "two")) : []).toEqual([]);
  });
});

test("what was written by one job is read by the next as it was, over all types", async () => {
  const { mill, run, wait } = await openSim();
  const schema = {
    i: "BIGINT",
    d: "DECIMAL(12, 2)",
    f: "DOUBLE",
    b: "BOOLEAN",
    s: "STRING",
    t: "TIMESTAMP(3)",
    u: "TIMESTAMP(6)",
    z: "TIMESTAMP_LTZ(3)",
    day: "DATE",
  } as const;
  const rows = [
    {
      i: 1,
      d: "1.50",
      f: 0.1,
      b: true,
      s: 'a "quoted"\nline',
      t: new Date(5),
      u: "2024-01-01T00:00:00.000001",
      z: new Date(7),
      day: "1969-12-31",
    },
    { i: null, d: null, f: null, b: null, s: null, t: null, u: null, z: null, day: null },
    {
      i: -9007199254740991,
      d: "-0.01",
      f: 1e300,
      b: false,
      s: "ü😀",
      t: new Date(-1),
      u: "0001-01-01T00:00:00",
      z: new Date(0),
      day: "9999-12-31",
    },
  ];
  await run(mill.rows(rows, { schema }).to(mill.file("/all.ndjson")));
  const back = await wait(mill.file("/all.ndjson", { schema }).toArray());
  const before = await wait(mill.rows(rows, { schema }).toArray());
  expect(back).toEqual(before);
  expect(lines(rows).length).toBeGreaterThan(0);
});
