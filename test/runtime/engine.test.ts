// The engine as a user meets it on Node: programs from end to end, what is refused when, what is given back.
import { describe, expect, test } from "vitest";
import { avg, col, count, Millrace, sum, tumble } from "../../src/node.js";

const SCHEMA = { ts: "TIMESTAMP(3)", key: "STRING", v: "DOUBLE" } as const;
const at = (seconds: number) => new Date(seconds * 1000);
const ROWS = [
  { ts: at(1), key: "a", v: 1 },
  { ts: at(4), key: "b", v: 2 },
  { ts: at(11), key: "a", v: 4 },
  { ts: at(3), key: "a", v: 8 },
  { ts: at(19), key: "a", v: 16 },
  { ts: at(35), key: "b", v: 32 },
  { ts: at(12), key: "b", v: 64 },
];
const EXPECTED = [
  [0, 10, "a", 2, 9],
  [0, 10, "b", 1, 2],
  [10, 20, "a", 2, 20],
  [30, 40, "b", 1, 32],
];

describe("a program", () => {
  test.each([1, 7, 8192])("from rows through windows to rows (batches of %d)", async (batchRows) => {
    await using mill = await Millrace.open();
    const stream = mill.rows(ROWS, { schema: SCHEMA, time: "ts", outOfOrder: "10s" });
    const windows = stream
      .window(tumble("10s"))
      .groupBy("key")
      .aggregate({ n: count(), total: sum("v") });
    const rows = await windows.toArray({ batchRows });
    expect(
      rows.map(({ windowStart, windowEnd, key, n, total }) => [+windowStart / 1000, +windowEnd / 1000, key, n, total]),
    ).toEqual(EXPECTED);
    const late = await windows.late().toArray({ batchRows });
    const judged = { lateReason: "LATE", lateWatermark: at(25), lateOperator: expect.any(String) };
    expect(late).toEqual([{ ...ROWS[6], ...judged, lateWindowStart: at(10), lateWindowEnd: at(20) }]);
  });

  test.each([0, 1, 65_537])("S101 of %d rows, or all of them filtered, ends with the right groups", async (rows) => {
    await using mill = await Millrace.open();
    const stream = mill.generate({ rows, schema: SCHEMA, time: "ts" });
    const total = (s: typeof stream) => s.aggregate({ n: count(), mean: avg("v") }).toArray();
    const [all] = await total(stream);
    expect(all?.n).toBe(rows);
    expect(await total(stream.where(col("v").lt(-1)) as typeof stream)).toEqual([{ n: 0, mean: null }]);
    const none = stream.where(col("v").lt(-1)).window(tumble("1m")).groupBy("key").aggregate({ n: count() });
    expect(await none.toArray()).toEqual([]);
  });

  test("S98 the end of bounded input closes windows whose watermark never came", async () => {
    await using mill = await Millrace.open();
    const stream = mill.rows(ROWS.slice(0, 2), { schema: SCHEMA, time: "ts", outOfOrder: "1h" });
    const windows = stream.window(tumble("1h")).aggregate({ n: count() });
    expect((await windows.toArray()).map(({ n }) => n)).toEqual([2]);
  });

  test("with several targets reads its source once, and shares what they share", async () => {
    await using mill = await Millrace.open();
    let reads = 0;
    function* source() {
      reads++;
      yield* ROWS;
    }
    const stream = mill.from(source(), { schema: SCHEMA });
    const big = stream.where(col("v").gt(3));
    const [left, right] = [mill.memory(), mill.memory()];
    const result = await big.to(left).and(big.select("v").to(right)).run();
    expect([reads, left.rowCount, right.rowCount]).toEqual([1, 5, 5]);
    expect(result).toMatchObject({ rowsIn: 7, rowsOut: 10 });
  });

  test("over a union has the rows of all, whatever the columns' order", async () => {
    await using mill = await Millrace.open();
    const one = mill.rows([{ a: 1, b: "x" }]);
    const other = mill.rows([{ b: "y", a: 2 }]);
    const rows = await one.union(other).toArray();
    expect(rows.toSorted((l, r) => Number(l.a) - Number(r.a))).toEqual([
      { a: 1, b: "x" },
      { a: 2, b: "y" },
    ]);
  });

  test("with functions of its own, over rows and batches", async () => {
    await using mill = await Millrace.open();
    const numbers = mill.rows(
      [1, 2, 3, 4].map((n) => ({ n })),
      { schema: { n: "INT" } },
    );
    const doubled = numbers.map(({ n }) => ({ n: Number(n) * 2 }));
    expect(await doubled.toArray({ batchRows: 3 })).toEqual([2, 4, 6, 8].map((n) => ({ n })));
    const odd = numbers.filter(({ n }) => Number(n) % 2 === 1);
    expect(await odd.toArray({ batchRows: 3 })).toEqual([{ n: 1 }, { n: 3 }]);
    const repeated = numbers.flatMap(({ n }) => Array.from({ length: Number(n) }, () => ({ text: `${n}` })), {
      schema: { text: "STRING" },
    });
    expect((await repeated.toArray({ batchRows: 3 })).map(({ text }) => text).join("")).toBe("1223334444");
    const batches = numbers.mapBatch(({ n }) => ({ n, half: (n.values as Int32Array).map((value) => value / 2) }), {
      schema: { n: "INT", half: "INT" },
    });
    expect(await batches.toArray()).toEqual([
      { n: 1, half: 0 },
      { n: 2, half: 1 },
      { n: 3, half: 1 },
      { n: 4, half: 2 },
    ]);
    const seen: unknown[] = [];
    await numbers.inspect((row) => void seen.push(row)).toArray();
    expect(seen).toHaveLength(4);
  });
});

describe("a function that throws", () => {
  const rows = [1, 2, 3, 4].map((n) => ({ n }));
  const refuse = ({ n }: { n: number | null }) => {
    if (n === 3) throw new Error("three");
    return { n };
  };

  test("ends the job, with its error as cause and the row's number", async () => {
    await using mill = await Millrace.open();
    const stream = mill.rows(rows, { schema: { n: "INT" } }).map(refuse);
    await expect(stream.toArray({ batchRows: 2 })).rejects.toMatchObject({
      code: "FUNCTION",
      at: { row: 2, operator: expect.stringContaining("refuse") },
      cause: expect.objectContaining({ message: "three" }),
    });
  });

  test.each(["map", "flatMap", "filter"] as const)("costs its row under deadLetter (%s)", async (how) => {
    await using mill = await Millrace.open();
    const source = mill.rows(rows, { schema: { n: "INT" }, rowPolicy: "deadLetter" });
    const stream =
      how === "map"
        ? source.map(refuse)
        : how === "flatMap"
          ? source.flatMap((row) => [refuse(row)])
          : source.filter((row) => refuse(row) !== null);
    const [good, bad] = [mill.memory(), mill.memory()];
    const result = await stream.to(good).and(stream.deadLetters().to(bad)).run();
    expect(result.badRows).toBe(1);
    expect(good.toRows()).toEqual([{ n: 1 }, { n: 2 }, { n: 4 }]);
    expect(bad.toRows()).toMatchObject([{ code: "FUNCTION", row: 2, message: expect.stringContaining("three") }]);
  });

  test("or gives something else than rows, is told what it gave", async () => {
    await using mill = await Millrace.open();
    const source = mill.rows(rows, { schema: { n: "INT" } });
    const giving = (value: unknown) => source.map((() => value) as never).toArray();
    await expect(giving(Promise.resolve({ n: 1 }))).rejects.toThrow(/promise/);
    await expect(giving(17)).rejects.toThrow(/17/);
    await expect(giving({ n: "x" })).rejects.toMatchObject({ code: "TYPE" });
    await expect(source.flatMap((() => 5) as never).toArray()).rejects.toThrow(/5, not rows/);
    await expect(source.mapBatch((() => ({ m: [1] })) as never).toArray()).rejects.toMatchObject({
      code: "UNKNOWN_COLUMN",
    });
    await expect(source.mapBatch((() => ({})) as never).toArray()).rejects.toThrow(/no column "n"/);
  });

  test("a flatMap of endless rows is read as far as its reader goes", async () => {
    await using mill = await Millrace.open();
    let open = 0;
    const endless = mill.rows([{ n: 0 }], { schema: { n: "INT" } }).flatMap(function* () {
      open++;
      try {
        for (let n = 0; ; n++) yield { n };
      } finally {
        open--;
      }
    });
    for await (const { n } of endless) if (n === 30_000) break;
    expect(open).toBe(0);
  });
});

describe("errors", () => {
  test("of binding reach the job's end, and name what was wrong", async () => {
    await using mill = await Millrace.open();
    await expect(mill.file("/nonexistent/x.ndjson").toArray()).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    const stream = mill.from(ROWS).where(col("kye").eq("a") as never);
    await expect(stream.toArray()).rejects.toMatchObject({
      code: "UNKNOWN_COLUMN",
      hint: expect.stringContaining("key"),
    });
  });

  test("of options name the nearest one, at the call", async () => {
    await using mill = await Millrace.open();
    const wrong = (call: () => unknown, hint: string) => {
      expect(call).toThrow(expect.objectContaining({ code: "OPTION", hint: expect.stringContaining(hint) }));
    };
    wrong(() => mill.file("x.json", { formt: "ndjson" } as never), "format");
    wrong(() => mill.file("" as never), "path");
    wrong(() => mill.fetch("http://x", { header: {} } as never), "headers");
    wrong(() => mill.rows([], { shema: {} } as never), "schema");
    wrong(() => mill.rows({} as never), "from()");
    wrong(() => mill.columns({ n: [1] }, { nam: "x" } as never), "name");
    wrong(
      () =>
        mill
          .rows([])
          .to(mill.memory())
          .start({ memroyBytes: 1 } as never),
      "memoryBytes",
    );
    wrong(() => mill.rows([]).to(mill.memory()).start({ batchRows: 0 }), "from 1 on");
    wrong(
      () =>
        mill
          .rows([])
          .to(mill.memory())
          .start({ memoryBytes: "1GB" } as never),
      "from 1 on",
    );
    await expect(Millrace.open({ memorybytes: 1 } as never)).rejects.toMatchObject({ code: "OPTION" });
    await expect(Millrace.open({ memoryBytes: 10 })).rejects.toMatchObject({ code: "OPTION" });
  });

  test("of memory come from the job's budget", async () => {
    await using mill = await Millrace.open();
    const wide = mill.generate({ rows: 1_000_000, schema: { k: "BIGINT", s: "STRING" }, distinct: 500_000 });
    const grouped = wide.groupBy("k").aggregate({ n: count() });
    await expect(grouped.toArray({ memoryBytes: 4 << 20 })).rejects.toMatchObject({ code: "MEMORY_LIMIT" });
    expect(await wide.aggregate({ n: count() }).toArray({ memoryBytes: 4 << 20 })).toEqual([{ n: 1_000_000 }]);
  });
});

test("dead letters alone are a program too, and so are late rows", async () => {
  await using mill = await Millrace.open();
  const rows = [{ n: 1 }, { n: "x" }, { n: 3 }] as unknown as { n: number }[];
  const letters = mill.rows(rows, { schema: { n: "INT" }, rowPolicy: "deadLetter" }).deadLetters();
  expect(await letters.select("code", "row").toArray()).toEqual([{ code: "TYPE", row: 1 }]);
  const stream = mill.rows(ROWS, { schema: SCHEMA, time: "ts", outOfOrder: "10s" });
  const late = stream.window(tumble("10s")).aggregate({ n: count() }).late();
  expect(await late.select("key", "v").toArray()).toEqual([{ key: "b", v: 64 }]);
});

describe("the engine", () => {
  test("runs jobs side by side", async () => {
    await using mill = await Millrace.open();
    const counts = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        mill
          .generate({ rows: 50_000 + i, schema: SCHEMA })
          .aggregate({ n: count() })
          .toArray(),
      ),
    );
    expect(counts.map(([row]) => row?.n)).toEqual(Array.from({ length: 8 }, (_, i) => 50_000 + i));
  });

  test("closed stops its jobs and refuses new ones", async () => {
    const mill = await Millrace.open();
    const stream = mill.generate({ schema: SCHEMA });
    const job = stream.to(mill.memory()).start();
    await mill.close();
    expect(job.state).toBe("cancelled");
    await expect(job.done).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(stream.toArray()).rejects.toMatchObject({ code: "CLOSED" });
    expect(() => mill.columns({ n: [1] })).toThrow(expect.objectContaining({ code: "CLOSED" }));
  });

  test("memory is flat over 1,000 jobs on one engine", async () => {
    // Less memory than the jobs together need, and far less than a leak of one batch a job would take.
    await using mill = await Millrace.open({ memoryBytes: 16 << 20 });
    const table = mill.columns({
      ts: Array.from({ length: 2000 }, (_, i) => new Date(i * 100)),
      key: Array.from({ length: 2000 }, (_, i) => `k${i % 10}`),
      v: new Float64Array(2000),
    });
    const program = table
      .withWatermark("ts", "1s")
      .where(col("v").eq(0))
      .map(({ ts, key, v }) => ({ ts, key, v }))
      .window(tumble("10s"))
      .groupBy("key")
      .aggregate({ n: count() });
    for (let round = 0; round < 1000; round++) expect((await program.toArray()).length).toBe(200);
  });

  test("explains a job with what each operator did", async () => {
    await using mill = await Millrace.open();
    const job = mill.rows(ROWS, { schema: SCHEMA }).where(col("v").gt(3)).to(mill.memory()).start();
    await job.done;
    expect(await job.explain()).toMatch(/7 → 5 rows/);
    expect(job.progress().rows).toBe(7);
  });
});
