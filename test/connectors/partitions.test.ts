// Columns that stand in the paths of files: found, typed, and used to pass over whole files. Directories with all that is below.
import { describe, expect, test } from "vitest";
import { col } from "../../src/index.js";
import { lines, openSim } from "./support.js";

const FILES = {
  "/in/day=2026-01-30/region=eu/a.ndjson": [{ n: 1 }, { n: 2 }],
  "/in/day=2026-01-31/region=eu/a.ndjson": [{ n: 3 }],
  "/in/day=2026-01-31/region=us%2Fwest/b.ndjson": [{ n: 4, region: "from the file" }],
  "/in/day=2026-01-31/region=__HIVE_DEFAULT_PARTITION__/c.ndjson": [{ n: 5 }],
};

async function opened() {
  const engine = await openSim();
  for (const [path, rows] of Object.entries(FILES)) engine.sim.files.write(path, lines(rows));
  const opens: string[] = [];
  const { open } = engine.sim.files;
  engine.sim.files.open = (path, done) => {
    opens.push(path);
    open.call(engine.sim.files, path, done);
  };
  return { ...engine, opens };
}

const byN = (rows: readonly object[]) => [...rows].sort((a, b) => (a as { n: number }).n - (b as { n: number }).n);

describe("partitions", () => {
  test("are columns, typed by their values", async () => {
    const { mill, wait } = await opened();
    const table = mill.file("/in", { recursive: true });
    expect(byN(await wait(table.toArray()))).toEqual([
      { n: 1, day: "2026-01-30", region: "eu" },
      { n: 2, day: "2026-01-30", region: "eu" },
      { n: 3, day: "2026-01-31", region: "eu" },
      { n: 4, day: "2026-01-31", region: "us/west" },
      { n: 5, day: "2026-01-31", region: null },
    ]);
  });

  test.each([1, 7, 8192])("have the types of the schema (batches of %d)", async (batchRows) => {
    const { mill, wait } = await opened();
    const schema = { region: "STRING", n: "INT", day: "STRING NOT NULL" } as const;
    const rows = await wait(mill.file("/in/**/*.ndjson", { schema }).toArray({ batchRows }));
    expect(byN(rows)[0]).toEqual({ region: "eu", n: 1, day: "2026-01-30" });
    const other = mill.file("/in/**/*.ndjson", { schema: { region: "INT" } });
    await expect(wait(other.toArray())).rejects.toMatchObject({ code: "CAST", at: { field: "region" } });
  });

  test("that a predicate rules out are not opened, which EXPLAIN shows", async () => {
    const { mill, wait, opens } = await opened();
    const schema = { n: "INT", day: "DATE", region: "STRING" } as const;
    const table = mill.file("/in/**/*.ndjson", { schema });
    const one = table.where(col("region").eq("eu").and(col("day").gt("2026-01-30")).and(col("n").gt(0)));
    expect(await wait(one.select("n").toArray())).toEqual([{ n: 3 }]);
    expect(opens).toEqual(["/in/day=2026-01-31/region=eu/a.ndjson"]);
    const text = await wait(one.explain());
    expect(text).toContain("partitions: day, region");
    expect(text).toContain("skips by: ");
    opens.length = 0;
    expect(await wait(table.where(col("region").isNull()).toArray())).toHaveLength(1);
    expect(opens).toHaveLength(1);
  });

  test("alone can be asked for, and counted", async () => {
    const { mill, wait } = await opened();
    const table = mill.file("/in/**/*.ndjson", { schema: { n: "INT", region: "STRING" } });
    expect(await wait(table.select("region").where(col("region").eq("eu")).toArray())).toHaveLength(3);
  });

  test("are none where they are not wanted, or paths differ", async () => {
    const { mill, wait, sim } = await opened();
    const plain = await wait(mill.file("/in/**", { partitions: false }).toArray());
    expect(Object.keys(byN(plain)[0] ?? {})).toEqual(["n"]);
    sim.files.write("/in/other.ndjson", lines([{ n: 0 }]));
    const mixed = await wait(mill.file("/in/**").toArray());
    expect(mixed).toHaveLength(6);
    expect(Object.keys(byN(mixed)[0] ?? {})).toEqual(["n"]);
  });
});

describe("recursive", () => {
  test("reads a directory with all that is below it; hidden files are somebody's work", async () => {
    const { mill, wait, sim } = await openSim();
    for (const path of ["/d/a.ndjson", "/d/x/b.ndjson", "/d/x/y/c.ndjson", "/d/x/.tmp/d.ndjson", "/d/.e.ndjson"]) {
      sim.files.write(path, lines([{ path }]));
    }
    const paths = (rows: readonly object[]) => rows.map((row) => (row as { path: string }).path).sort();
    expect(paths(await wait(mill.file("/d").toArray()))).toEqual(["/d/a.ndjson"]);
    for (const path of ["/d", "/d/"]) {
      const all = await wait(mill.file(path, { recursive: true }).toArray());
      expect(paths(all)).toEqual(["/d/a.ndjson", "/d/x/b.ndjson", "/d/x/y/c.ndjson"]);
    }
  });
});
