// Directories written in partitions: what they hold, that they read back the same, and that nothing is left when it fails.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
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
