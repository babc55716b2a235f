// Directories written in partitions: what they hold, that they read back the same, and that nothing is left when it fails.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchFromColumns } from "../../src/arrow/builder.js";
import { parseSchema } from "../../src/arrow/types.js";
import { loadWriter } from "../../src/connectors/formats.js";
import { PartitionedSink } from "../../src/connectors/partitioned-sink.js";
import { newMetrics } from "../../src/operators/operator.js";
import { promised } from "../../src/platform/platform.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { lines, openSim } from "./support.js";

const SCHEMA = { day: "DATE", region: "STRING", n: "BIGINT" } as const;
const sorted = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();

describe("a target in partitions", () => {
  test.each([1, 7, 8192])(
    "has a directory for each value, which the files do not repeat (batches of %i)",
    async (batchRows) => {
      const { mill, sim, wait, text } = await openSim();
      const rows = [
        { day: "2024-01-01", region: "eu", n: 1 },
        { day: "2024-01-02", region: "eu", n: 2 },
        { day: "2024-01-01", region: "us", n: 3 },
        { day: null, region: "eu", n: 4 },
        { day: "2024-01-01", region: "eu", n: 5 },
      ];
      const target = mill.file("/out/", { format: "ndjson", partitionBy: ["day", "region"] });
      await wait(mill.rows(rows, { schema: SCHEMA }).to(target).run({ batchRows }));
      expect(sim.files.paths()).toEqual([
        "/out/day=2024-01-01/region=eu/part-0.ndjson",
        "/out/day=2024-01-01/region=us/part-0.ndjson",
        "/out/day=2024-01-02/region=eu/part-0.ndjson",
        "/out/day=__HIVE_DEFAULT_PARTITION__/region=eu/part-0.ndjson",
      ]);
      expect(text("/out/day=2024-01-01/region=eu/part-0.ndjson")).toBe(lines([{ n: 1 }, { n: 5 }]));
      const back = mill.file("/out/", { schema: SCHEMA, format: "ndjson", recursive: true }).select("n", "region");
      expect(sorted(await wait(back.toArray()))).toEqual(sorted(rows.map(({ n, region }) => ({ n, region }))));
      expect(sim.files.openCount).toBe(0);
    },
  );

  test("reads back any text, and no text leaves the directory", async () => {
    const value = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.constantFrom("..", "../../x", "a/b", "a\\b", "%2F", "a=b", "*", "", "~", "null", "{a,b}", "[a]", "?"),
      fc.constant(null),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
        const { mill, sim, wait } = await openSim();
        const rows = values.map((region, n) => ({ n, region }));
        const table = mill.rows(rows, { schema: { n: "BIGINT", region: "STRING" } });
        await wait(table.to(mill.file("/out/", { format: "ndjson", partitionBy: ["region"] })).run());
        expect(sim.files.paths().every((path) => /^\/out\/region=[^/]*\/part-0\.ndjson$/.test(path))).toBe(true);
        const back = mill.file("/out/", {
          schema: { n: "BIGINT", region: "STRING" },
          format: "ndjson",
          recursive: true,
        });
        expect(sorted(await wait(back.toArray()))).toEqual(sorted(rows));
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ["ndjson", {}],
    ["csv", {}],
    ["json", {}],
    ["avro", { avro: { codec: "snappy" } }],
    ["arrow", { arrow: { layout: "stream" } }],
    ["arrow", {}],
    ["parquet", { parquet: { rowGroupRows: 7 } }],
  ] as const)(
    "of %s reads back the same, in parts too (%o)",
    async (format, options) => {
      const rows = Array.from({ length: 400 }, (_, n) => ({
        n,
        text: n % 9 === 0 ? null : `é "${n}", x`,
        share: n / 8,
        flag: n % 3 === 0,
        day: n % 11 === 0 ? null : `2024-02-0${1 + (n % 3)}`,
        region: `r/${n % 5}`,
      }));
      const schema = {
        n: "BIGINT",
        text: "STRING",
        share: "DOUBLE",
        flag: "BOOLEAN",
        day: "DATE",
        region: "STRING",
      } as const;
      for (const roll of [undefined, { rows: 6 }, { bytes: 500, rows: 50 }]) {
        for (const batchRows of [1, 7, 8192]) {
          const { mill, sim, wait } = await openSim();
          const target = mill.file("/out/", {
            format,
            partitionBy: ["day", "region"],
            ...options,
            ...(roll && { roll }),
          });
          await wait(mill.rows(rows, { schema }).to(target).run({ batchRows }));
          expect(sim.files.paths().length).toBe(new Set(sim.files.paths()).size);
          expect(sim.files.paths().length).toBeGreaterThanOrEqual(20);
          const back = mill.file("/out/", { schema, format, recursive: true });
          expect(sorted(await wait(back.toArray()))).toEqual(sorted(await wait(mill.rows(rows, { schema }).toArray())));
          expect(sim.files.openCount).toBe(0);
        }
      }
    },
    60_000,
  );

  test.each(["lines", "bytes"] as const)("of %s has that one column beside the partitions'", async (format) => {
    const { mill, sim, wait } = await openSim();
    const name = format === "lines" ? "line" : "bytes";
    const value = (n: number) => (format === "lines" ? `line ${n}` : new TextEncoder().encode(`block ${n};`));
    const schema = { [name]: format === "lines" ? "STRING" : "BYTES", k: "INT" };
    const rows = Array.from({ length: 9 }, (_, n) => ({ [name]: value(n), k: n % 2 }));
    await wait(
      mill
        .rows(rows, { schema })
        .to(mill.file("/out/", { format, partitionBy: ["k"] }))
        .run(),
    );
    const back = (await wait(mill.file("/out/k=1/*", { format, partitions: false }).toArray())) as Record<
      string,
      unknown
    >[];
    const text = back.map((row) =>
      format === "lines" ? `${row["line"]}` : new TextDecoder().decode(row["bytes"] as Uint8Array),
    );
    const mark = format === "lines" ? ["line 1", "line 3", "line 5", "line 7"] : ["block 1;block 3;block 5;block 7;"];
    expect(text).toEqual(mark);
    expect(sim.files.openCount).toBe(0);
  });

  test("of rows without end has its parts as they are full, and by the clock", async () => {
    const { mill, sim, wait } = await openSim();
    // What loads late is loaded by the host, for which virtual time does not wait.
    await wait(
      mill
        .from([{ n: 0 }], { schema: { n: "INT" } })
        .to(mill.file("/first.ndjson"))
        .run(),
    );
    async function* rows() {
      for (let n = 0; n < 400; n++) {
        if (n % 100 === 0) await new Promise<void>((resolve) => void sim.scheduler.after(10_000, resolve));
        yield { n, k: n % 150 };
      }
      await new Promise(() => undefined);
    }
    const job = mill
      .from(rows(), { schema: { n: "BIGINT", k: "INT" } })
      .to(mill.file("/out/", { format: "ndjson", partitionBy: ["k"], roll: { every: "4s" } }))
      .start({ batchRows: 10 });
    await wait(new Promise<void>((resolve) => void sim.scheduler.after(120_000, resolve)));
    await wait(job.cancel());
    const back = mill.file("/out/", { schema: { n: "BIGINT", k: "INT" }, format: "ndjson", recursive: true });
    const all = Array.from({ length: 400 }, (_, n) => ({ n, k: n % 150 }));
    expect(sorted(await wait(back.toArray()))).toEqual(sorted(all));
    expect(sim.files.openCount).toBe(0);
  });

  test("of too many partitions is refused, and leaves nothing behind", async () => {
    const { sim, wait } = await openSim();
    await loadWriter("ndjson", "/out/");
    const kit = await openTestWorkspace();
    const schema = parseSchema({ k: "INT", n: "INT" });
    const ref = { id: "t", connector: "file", name: "/out/", options: { format: "ndjson" } };
    const sink = new PartitionedSink({ ref, live: null, platform: sim }, schema, ["k"], 10);
    const nothing = () => undefined;
    const told = { metrics: newMetrics(), connection: nothing, wake: nothing, fail: nothing };
    sink.open({ platform: sim, workspace: kit.workspace, schema, ...told });
    const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
    const batch = (count: number) => batchFromColumns(kit.workspace, schema, { k: numbers(count), n: numbers(count) });
    sink.write(batch(10));
    expect(() => sink.write(batch(11))).toThrow(expect.objectContaining({ code: "TOO_MANY_PARTITIONS" }));
    await wait(promised<void>((done) => sink.abort(done)));
    expect(sim.files.paths()).toEqual([]);
  });

  test("of more partitions than may be open goes on in new parts, and loses nothing", async () => {
    const { mill, sim, wait } = await openSim();
    const rows = Array.from({ length: 3000 }, (_, n) => ({ k: n % 150, n }));
    let most = 0;
    const table = mill.rows(rows, { schema: { k: "INT", n: "BIGINT" } }).inspect(() => {
      most = Math.max(most, sim.files.openCount);
    });
    const target = mill.file("/out/", { format: "ndjson", partitionBy: ["k"] });
    await wait(table.to(target).run({ batchRows: 100 }));
    expect(most).toBeLessThanOrEqual(128);
    const back = mill.file("/out/", { schema: { n: "BIGINT", k: "INT" }, format: "ndjson", recursive: true });
    expect(sorted(await wait(back.toArray()))).toEqual(sorted(rows.map(({ k, n }) => ({ n, k }))));
    expect(sim.files.openCount).toBe(0);
  });

  test.each(["create", "write", "sync", "close", "publish"] as const)(
    "that cannot %s ends the job and leaves nothing behind",
    async (call) => {
      for (let seed = 0; seed < 5; seed++) {
        const { mill, sim, wait } = await openSim(seed);
        sim.files.failNextIn(call, "/out/k=3/");
        const rows = Array.from({ length: 5000 }, (_, n) => ({ k: n % 9, n }));
        const job = mill
          .rows(rows)
          .to(mill.file("/out/", { format: "ndjson", partitionBy: ["k"] }))
          .start();
        await expect(wait(job.done)).rejects.toMatchObject({ code: "FILE_IO" });
        expect(sim.files.paths()).toEqual([]);
        expect(sim.files.openCount).toBe(0);
      }
    },
  );

  test("is refused where it makes no sense", async () => {
    const { mill, wait } = await openSim();
    const rows = mill.rows([{ k: 1, x: 1.5 }]);
    const refused = (path: string, partitionBy: unknown) =>
      wait(rows.to(mill.file(path, { format: "ndjson", partitionBy: partitionBy as string[] })).run());
    await expect(refused("/out.ndjson", ["k"])).rejects.toMatchObject({ code: "OPTION" });
    await expect(refused("/out/", [])).rejects.toMatchObject({ code: "OPTION" });
    await expect(refused("/out/", ["k", "k"])).rejects.toMatchObject({ code: "OPTION" });
    await expect(refused("/out/", ["k", "x"])).rejects.toMatchObject({ code: "TYPE" });
    await expect(refused("/out/", ["kk"])).rejects.toMatchObject({ code: "UNKNOWN_COLUMN" });
    const nulls = mill.rows([{ k: "__HIVE_DEFAULT_PARTITION__", n: 1 }]);
    const target = mill.file("/out/", { format: "ndjson", partitionBy: ["k"] });
    await expect(wait(nulls.to(target).run())).rejects.toMatchObject({ code: "CAST" });
  });
});
