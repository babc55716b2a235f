// Jobs at their edges: stopped before they begin, sources and sinks that misbehave, memory that is given back.
import { describe, expect, test } from "vitest";
import { col, concat, count, lit, max, sum, tumble } from "../../src/node.js";
import { nodePlatform } from "../../src/platform/node.js";
import { openTestEngine } from "../support/engine.js";

describe("a signal that is aborted already", () => {
  test("ends the job with its reason, and the engine closes", async () => {
    const { mill, complaints } = await openTestEngine();
    const reason = new Error("not today");
    const job = mill
      .rows([{ a: 1 }])
      .to(mill.memory())
      .run({ signal: AbortSignal.abort(reason) });
    await expect(job).rejects.toBe(reason);
    await mill.close();
    expect(complaints).toEqual([]);
  });
});

describe("a program that is refused when it is compiled", () => {
  test("ends the job", async () => {
    await using engine = await openTestEngine();
    const { mill } = engine;
    const stream = mill
      .rows([{ a: 1 }])
      .where(col("a").gt(0))
      .uid("twice")
      .where(col("a").lt(5))
      .uid("twice");
    await expect(stream.to(mill.memory()).run()).rejects.toMatchObject({ code: "OPTION" });
  });
});

describe("text that repeats", () => {
  // 8,192 × 600,000 bytes are more than 32 bits count, though they are one string and its codes.
  const s = "x".repeat(600_000);
  const rows = Array.from({ length: 8192 }, () => ({ s }));
  const aBatch = { schema: { s: "STRING" } } as const;

  test("beyond what a column holds is MEMORY_LIMIT, and passes in smaller batches", async () => {
    await using engine = await openTestEngine();
    const { mill, complaints } = engine;
    const table = mill.rows(rows, aBatch);
    await expect(table.to(mill.memory()).run()).rejects.toMatchObject({ code: "MEMORY_LIMIT" });
    const grown = table.select({ s: concat(col("s"), col("s")) });
    await expect(grown.to(mill.memory()).run()).rejects.toMatchObject({ code: "MEMORY_LIMIT" });
    const few = mill.rows(rows.slice(0, 20), aBatch);
    const target = mill.memory();
    await few.to(target).run({ batchRows: 7 });
    expect(target.toRows()).toEqual(rows.slice(0, 20));
    expect(complaints).toEqual([]);
  });
});

test("a span of months is waited for in pieces that timers take", async () => {
  const delays: number[] = [];
  const { scheduler } = nodePlatform();
  const after = (delayMs: number, turn: () => void) => {
    delays.push(delayMs);
    return scheduler.after(delayMs, turn);
  };
  await using engine = await openTestEngine({ scheduler: { ...scheduler, after } });
  async function* quiet() {
    yield { ts: new Date(0) };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const options = { schema: { ts: "TIMESTAMP(3)" }, time: "ts", outOfOrder: "1s", idle: "60 days" } as const;
  expect(await engine.mill.from(quiet(), options).toArray()).toHaveLength(1);
  expect(Math.max(...delays)).toBe(2 ** 31 - 1);
});

describe("a batch of nothing but rows that fail", () => {
  // A dictionary column: to show one row's text, the texts of all rows were made.
  const rows = Array.from({ length: 8192 }, (_, n) => ({ s: `name ${n % 20} ${"x".repeat(60)}`, n: 0 }));
  const declared = { schema: { s: "STRING", n: "INT" } } as const;

  test.each(["deadLetter", "skip", "fail"] as const)("takes little memory under %s", async (rowPolicy) => {
    await using engine = await openTestEngine();
    const { mill } = engine;
    const letters = mill.memory();
    const failing = mill.rows(rows, { ...declared, rowPolicy }).select("s", { q: lit(1).div(col("n")) });
    const main = failing.to(mill.memory());
    const program = rowPolicy === "deadLetter" ? main.and(failing.deadLetters().to(letters)) : main;
    const running = program.run({ memoryBytes: 24 << 20 });
    if (rowPolicy === "fail") await expect(running).rejects.toMatchObject({ code: "DIVISION_BY_ZERO" });
    else expect(await running).toMatchObject({ badRows: 8192, rowsOut: rowPolicy === "skip" ? 0 : 8192 });
    if (rowPolicy !== "deadLetter") return;
    const { raw, row } = letters.toRows()[4321] as { raw: Uint8Array; row: number };
    expect([row, JSON.parse(new TextDecoder().decode(raw))]).toEqual([4321, rows[4321]]);
  });
});

test("whatever the budget, a job ends well or with MEMORY_LIMIT, and gives back all that it took", async () => {
  const rows = Array.from({ length: 1500 }, (_, n) => ({
    ts: new Date(n * 1000),
    key: `key ${n % 13}`,
    text: `text ${n}`,
    n,
  }));
  const options = {
    schema: { ts: "TIMESTAMP(3)", key: "STRING", text: "STRING", n: "INT" },
    time: "ts",
    rowPolicy: "deadLetter",
  } as const;
  const outcomes = new Set<string>();
  for (let memoryBytes = 1000; memoryBytes < 8e6; memoryBytes = Math.ceil(memoryBytes * 1.1 + 777)) {
    await using engine = await openTestEngine();
    const { mill, complaints } = engine;
    const [out, letters] = [mill.memory(), mill.memory()];
    const both = mill.rows(rows, options).union(mill.rows(rows, options));
    const inverse = both.select("ts", "key", "text", "n", { q: lit(1000).div(col("n").sub(50)) });
    const windows = inverse
      .window(tumble("1m"))
      .groupBy("text", "key")
      .aggregate({ rows: count(), total: sum("n"), most: max("q") });
    const program = windows.to(out).and(inverse.deadLetters().to(letters));
    outcomes.add(
      await program.run({ memoryBytes, batchRows: 512 }).then(
        ({ badRows }) => `${badRows} bad rows`,
        ({ code }: { code: string }) => code,
      ),
    );
    expect(complaints).toEqual([]);
  }
  expect([...outcomes]).toEqual(["MEMORY_LIMIT", "2 bad rows"]);
});

test.each([null, undefined, "text", 5])("columns(%s) is refused by name", async (columns) => {
  await using engine = await openTestEngine();
  expect(() => engine.mill.columns(columns as never)).toThrow(expect.objectContaining({ code: "OPTION" }));
});
