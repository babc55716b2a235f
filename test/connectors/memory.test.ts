// Tables in the engine's memory: columns copied in once, and targets that are read when their jobs have ended.
import { describe, expect, test } from "vitest";
import { col, count, type Engine, sum } from "../../src/index.js";
import { openSim } from "./support.js";

const SCHEMA = { n: "INT", even: "BOOLEAN", name: "STRING" } as const;

function numbers(mill: Engine, length: number) {
  const n = Int32Array.from({ length }, (_, i) => i);
  const even = Array.from(n, (value) => (value % 5 === 0 ? null : value % 2 === 0));
  return mill.columns({ n, even, name: { codes: n.map((i) => i % 3), values: ["x", "y", "z"] } }, { schema: SCHEMA });
}

const expected = (length: number) =>
  Array.from({ length }, (_, n) => ({ n, even: n % 5 === 0 ? null : n % 2 === 0, name: "xyz"[n % 3] }));

describe("columns", () => {
  test.each([0, 1, 7, 8193, 65_537])("S101 %d rows come out as they went in", async (length) => {
    const { mill, wait } = await openSim();
    for (const batchRows of [7, 1000, 8192]) {
      if (length > 10_000 && batchRows < 1000) continue;
      expect(await wait(numbers(mill, length).toArray({ batchRows }))).toEqual(expected(length));
    }
  });

  test("S101 columns are read in any order, some or all, with all rows filtered", async () => {
    const { mill, wait } = await openSim();
    const table = numbers(mill, 20);
    expect(await wait(table.select("name", "n").toArray())).toEqual(expected(20).map(({ n, name }) => ({ name, n })));
    expect(await wait(table.where(col("n").gt(100)).toArray())).toEqual([]);
    expect(
      await wait(
        table
          .where(col("n").gt(100))
          .aggregate({ rows: count(), total: sum("n") })
          .toArray(),
      ),
    ).toEqual([{ rows: 0, total: null }]);
  });

  test("are copied when the table is made, and read by several jobs at once", async () => {
    const { mill, wait } = await openSim();
    const n = Int32Array.from([1, 2, 3]);
    const table = mill.columns({ n });
    n.fill(9);
    const both = await wait(Promise.all([table.toArray(), table.toArray()]));
    expect(both).toEqual([
      [{ n: 1 }, { n: 2 }, { n: 3 }],
      [{ n: 1 }, { n: 2 }, { n: 3 }],
    ]);
  });

  test("of different lengths, missing ones and unknown ones are refused at once", async () => {
    const { mill } = await openSim();
    expect(() => mill.columns({ a: [1], b: [1, 2] })).toThrow(/2 rows/);
    expect(() => mill.columns({ a: [1] }, { schema: { a: "INT", b: "INT" } })).toThrow(/"b"/);
    expect(() => mill.columns({ a: [1], c: [1] }, { schema: { a: "INT" } })).toThrow(/"c"/);
    expect(() => mill.columns({ a: ["x"] }, { schema: { a: "INT" } })).toThrow(
      expect.objectContaining({ code: "TYPE" }),
    );
  });

  test("know their columns at once: a wrong name is refused where it is written", async () => {
    const { mill } = await openSim();
    expect(() => mill.columns({ price: [1] }).where(col("prise").gt(1))).toThrow(/"prise"/);
  });

  test("give their memory back on release", async () => {
    const { mill, wait } = await openSim(1, 8 << 20);
    for (let round = 0; round < 30; round++) {
      const table = mill.columns({ n: new Float64Array(500_000) });
      expect(await wait(table.aggregate({ rows: count() }).toArray())).toEqual([{ rows: 500_000 }]);
      mill.release(table);
    }
  });
});

describe("a memory table", () => {
  test("keeps the rows of jobs that ended well, in order, and is read like any table", async () => {
    const { mill, run, wait } = await openSim();
    const table = mill.memory();
    const job = await run(numbers(mill, 20_000).to(table));
    expect(job.state).toBe("done");
    expect(table.rowCount).toBe(20_000);
    expect(table.toRows()).toEqual(expected(20_000));
    expect(await wait(table.where(col("n").lt(3)).select("n").toArray())).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    await run(numbers(mill, 5).to(table));
    expect(table.rowCount).toBe(20_005);
    mill.release(table);
    expect(table.rowCount).toBe(0);
  });

  test("shows nothing of a job that failed or was cancelled, and keeps no memory for it", async () => {
    const { mill, wait } = await openSim(1, 8 << 20);
    for (let round = 0; round < 40; round++) {
      const table = mill.memory();
      const failing = mill.generate({ rows: 100_000, schema: { n: "INT" } }).map((row, ...rest) => {
        void rest;
        if (row.n === 99) throw new Error("enough");
        return row;
      });
      await expect(wait(failing.to(table).run())).rejects.toMatchObject({ code: "FUNCTION" });
      expect(table.rowCount).toBe(0);
      const endless = mill
        .generate({ schema: { n: "INT" } })
        .to(table)
        .start();
      await wait(endless.cancel());
      expect(table.rowCount).toBe(0);
    }
  });

  test("without rows yet has no columns", async () => {
    const { mill, wait } = await openSim();
    await expect(wait(mill.memory("results").toArray())).rejects.toMatchObject({ code: "SCHEMA_EMPTY" });
  });

  test("BIGINT beyond 2^53 is refused as number and exact as bigint", async () => {
    const { mill, run } = await openSim();
    const table = mill.memory();
    await run(mill.columns({ n: BigInt64Array.of(2n ** 53n + 1n) }).to(table));
    expect(() => table.toRows()).toThrow(expect.objectContaining({ code: "UNSAFE_INTEGER" }));
    expect(table.toRows({ bigint: true })).toEqual([{ n: 2n ** 53n + 1n }]);
  });
});
