// DataStream over a runner that runs nothing: the plans it builds, the mistakes it tells, the way it reads rows.
import { describe, expect, test, vi } from "vitest";
import { avg, count } from "../../src/api/aggregates.js";
import { col } from "../../src/api/expression.js";
import type { AnyRow } from "../../src/api/runner.js";
import { tumble } from "../../src/api/windows.js";
import { FakeRunner } from "./support.js";

const SCHEMA = { ts: "TIMESTAMP(3)", delay: "INT", origin: "STRING" } as const;

function setup() {
  const mill = new FakeRunner();
  mill.define("flights", SCHEMA);
  return { mill, flights: mill.file("flights", { time: "ts", outOfOrder: "5s" }), known: mill.known(SCHEMA) };
}

describe("building", () => {
  test("every method gives another stream and opens nothing", () => {
    const { mill, flights } = setup();
    const before = flights.plan;
    const delays = flights
      .where(col("delay").gt(15))
      .window(tumble("1h"))
      .groupBy("origin")
      .aggregate({ n: count(), delay: avg("delay") });
    delays.late();
    delays.to(mill.file("out")).and(delays.to(mill.file("two")));
    expect(flights.plan).toBe(before);
    expect(delays.plan).toMatchObject({ kind: "window-aggregate", input: { kind: "filter", input: before } });
    expect([mill.resolved, mill.runs, mill.read]).toEqual([[], [], []]);
  });

  test("a table with time is watermarked, one without is not", () => {
    const { mill, known } = setup();
    expect(known.plan.kind).toBe("scan");
    expect(mill.file("f").plan.kind).toBe("unresolved-scan");
    const marked = mill.file("f", { time: "ts", outOfOrder: "5s", idle: "1m", maxFutureDrift: "1 day" });
    expect(marked.plan).toMatchObject({
      kind: "watermark",
      spec: { column: "ts", delayMs: 5000, idleMs: 60_000, quietMs: null, maxFutureDriftMs: 86_400_000 },
    });
    expect(mill.file("f", { time: "ts" }).plan).toMatchObject({ spec: { delayMs: 0, idleMs: null } });
  });

  test("a connector's own options go into the plan, those of every source do not", () => {
    const { mill } = setup();
    const { table } = mill.file("f", { format: "ndjson", time: "ts", rowPolicy: "skip" });
    expect(table).toMatchObject({ connector: "file", name: "f", options: { format: "ndjson" } });
    expect(Object.isFrozen(table) && Object.isFrozen(table.options)).toBe(true);
  });

  test("a union of one is that one", () => {
    const { known } = setup();
    expect(known.union()).toBe(known);
    expect(known.union(known, known).plan).toMatchObject({
      kind: "union",
      inputs: [known.plan, known.plan, known.plan],
    });
  });

  test("user functions are in the catalog, under their name and version", () => {
    const { mill, known } = setup();
    const shorten = (row: AnyRow): AnyRow => row;
    const plan = known.map(shorten as never, { version: "2" }).plan;
    expect(plan).toMatchObject({ kind: "map", mode: "map", fn: { name: "shorten", version: "2" }, schema: null });
    expect(plan.kind === "map" && mill.catalog.function(plan.fn)).toBe(shorten);
    expect(known.filter(() => true).plan).toMatchObject({ mode: "filter", fn: { name: "anonymous", version: "1" } });
    expect(known.flatMap((row) => [row], { name: "twice" }).plan).toMatchObject({
      mode: "flatMap",
      fn: { name: "twice" },
    });
    expect(known.inspect(() => undefined, { name: "watch" }).plan).toMatchObject({
      kind: "inspect",
      fn: { name: "watch" },
    });
    expect(known.mapBatch((columns) => columns, { name: "all" }).plan).toMatchObject({
      mode: "batch",
      fn: { name: "all" },
    });
  });

  test("uid names the last step", () => {
    expect(setup().known.where(col("delay").gt(1)).uid("big").plan).toMatchObject({ kind: "filter", uid: "big" });
  });
});

describe("mistakes are told at the call when the columns are declared", () => {
  const { mill, known } = setup();
  const declared = mill.file("flights", { schema: SCHEMA });

  test.each([
    ["where", () => known.where(col<string>("dely").gt(1) as never), "UNKNOWN_COLUMN", 'did you mean "delay"?'],
    ["where of a declared file", () => declared.where(col<string>("dely").gt(1) as never), "UNKNOWN_COLUMN", "delay"],
    ["select", () => known.select("orign" as never), "UNKNOWN_COLUMN", 'did you mean "origin"?'],
    ["types", () => known.where(col("origin").gt(1)), "TYPE", ""],
    ["a predicate", () => known.where(col("delay")), "TYPE", "compare"],
    [
      "windows",
      () => known.window(tumble("1h")).aggregate({ n: count() }),
      "NO_EVENT_TIME",
      '.withWatermark("ts", "5s")',
    ],
    ["late rows", () => known.late(), "NO_EVENT_TIME", "withWatermark"],
    ["dead letters", () => known.deadLetters(), "OPTION", 'rowPolicy: "deadLetter"'],
    ["event time", () => known.withWatermark("delay", "5s"), "TYPE", "fromEpochMs"],
    ["disorder", () => known.withWatermark("ts", -5), "OPTION", "0 ms or more"],
    ["durations", () => known.withWatermark("ts", "5"), "TIME_UNIT", '"5s"'],
    ["options", () => known.withWatermark("ts", 0, { idel: "1m" } as object), "OPTION", 'did you mean "idle"?'],
    [
      "function options",
      () => known.filter(() => true, { vrsion: "1" } as object),
      "OPTION",
      'did you mean "version"?',
    ],
    ["schemas of filters", () => known.filter(() => true, { schema: {} } as object), "OPTION", "name, version"],
    ["functions", () => known.map(col("delay") as never), "OPTION", "withColumn()"],
    ["targets", () => known.to((() => undefined) as never), "OPTION", "forEach()"],
    ["selectors", () => known.select(col("delay") as never), "OPTION", "name an expression"],
    ["values", () => col("delay").eq(undefined as never), "TYPE", "null"],
    ["table options", () => mill.file("f", { tiem: "ts" } as object), "OPTION", 'did you mean "time"?'],
    ["policies", () => mill.file("f", { rowPolicy: "skp" as never }), "OPTION", 'did you mean "skip"?'],
    ["disorder without time", () => mill.file("f", { outOfOrder: "5s" }), "OPTION", 'time: "ts"'],
    ["schema types", () => mill.file("f", { schema: { a: "DUBLE" as string } }), "TYPE", "DOUBLE"],
  ])("%s", (_, build, code, hint) => {
    expect(build).toThrow(expect.objectContaining({ code, hint: expect.stringContaining(hint) }));
  });
});

test("mistakes over a file's own columns are told when the plan is bound", async () => {
  const { flights, mill } = setup();
  const wrong = flights.where(col("dely").gt(1));
  await expect(wrong.schema()).rejects.toMatchObject({ code: "UNKNOWN_COLUMN", hint: 'did you mean "delay"?' });
  await expect(wrong.explain()).rejects.toMatchObject({ code: "UNKNOWN_COLUMN" });
  await expect(mill.file("nowhere").schema()).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
});

test("the columns of a stream, as a schema literal", async () => {
  const { flights } = setup();
  const delays = flights
    .window(tumble("1h"))
    .groupBy("origin")
    .aggregate({ n: count(), delay: avg("delay") });
  expect(await delays.schema()).toEqual({
    windowStart: "TIMESTAMP(3) NOT NULL",
    windowEnd: "TIMESTAMP(3) NOT NULL",
    windowTime: "TIMESTAMP(3) NOT NULL",
    origin: "STRING",
    n: "BIGINT NOT NULL",
    delay: "DOUBLE",
  });
});

describe("running", () => {
  const rows = (...values: number[]): AnyRow[] => values.map((delay) => ({ delay }));

  test("a pipeline is one program, started once", async () => {
    const { mill, flights } = setup();
    const controller = new AbortController();
    const late = flights.where(col("delay").gt(15));
    await late
      .to(mill.file("a"))
      .and(flights.to(mill.file("b")))
      .run({ signal: controller.signal, batchRows: 7 });
    expect(mill.runs).toHaveLength(1);
    expect(mill.runs[0]?.sinks).toMatchObject([
      { kind: "sink", table: { name: "a" }, input: late.plan },
      { kind: "sink", table: { name: "b" }, input: flights.plan },
    ]);
    expect(mill.runs[0]?.options).toEqual({ signal: controller.signal, batchRows: 7 });
  });

  test("a memory table that was read can be written, and the other way round", () => {
    const { mill, flights } = setup();
    const table = mill.known({ delay: "INT" });
    expect(flights.select("delay").to(table).plans[0]).toMatchObject({ kind: "sink", table: table.table });
  });

  test("start gives the job", () => {
    const { mill, flights } = setup();
    expect(flights.to(mill.file("a")).start().state).toBe("done");
  });

  test("iteration starts at the first row and ends with the last", async () => {
    const { mill, flights } = setup();
    mill.deliver(rows(1, 2), [], rows(3));
    const iterator = flights[Symbol.asyncIterator]();
    expect(mill.read).toHaveLength(0);
    const seen: unknown[] = [];
    for await (const row of { [Symbol.asyncIterator]: () => iterator }) seen.push(row["delay"]);
    expect(seen).toEqual([1, 2, 3]);
    expect(mill.read).toHaveLength(1);
    expect(mill.cancelled).toBe(0);
  });

  test("leaving the loop cancels the job", async () => {
    const { mill, flights } = setup();
    mill.deliver(rows(1, 2), rows(3));
    for await (const row of flights.rows({ bigint: true })) if (row["delay"] === 2) break;
    expect(mill.cancelled).toBe(1);
    expect(mill.read[0]?.options).toEqual({ bigint: true });
  });

  test("toArray gives all rows", async () => {
    const { mill, flights } = setup();
    mill.deliver(rows(1, 2), rows(3));
    expect(await flights.toArray()).toEqual(rows(1, 2, 3));
  });

  test("forEach waits for its function, and cancels the job when that fails", async () => {
    const { mill, flights } = setup();
    mill.deliver(rows(1, 2), rows(3));
    const order: string[] = [];
    const result = await flights.forEach(async (row) => {
      order.push(`start ${row["delay"]}`);
      await Promise.resolve();
      order.push(`end ${row["delay"]}`);
    });
    expect(order).toEqual(["start 1", "end 1", "start 2", "end 2", "start 3", "end 3"]);
    expect(result).toMatchObject({ rowsIn: 0 });
    const failing = vi.fn(() => {
      throw new Error("no");
    });
    await expect(flights.forEach(failing)).rejects.toThrow("no");
    expect(failing).toHaveBeenCalledTimes(1);
    expect(mill.cancelled).toBe(1);
  });

  test("wrong run options name their neighbour", async () => {
    const { mill, flights } = setup();
    const wrong: object = { singal: null };
    expect(() => flights.to(mill.file("a")).start(wrong)).toThrow(
      expect.objectContaining({ code: "OPTION", hint: 'did you mean "signal"?' }),
    );
    await expect(flights.toArray(wrong)).rejects.toMatchObject({ code: "OPTION" });
    await expect(flights.forEach(async () => undefined, wrong)).rejects.toMatchObject({ code: "OPTION" });
  });
});

describe("explain", () => {
  test("one stage, or all; text, JSON or DOT", async () => {
    const { flights } = setup();
    const plan = flights.select("delay");
    expect(await plan.explain({ stage: "optimized" })).toMatch(/^project delay\n└─ watermark ts - 5s/);
    expect(await plan.explain()).toMatch(/^== logical ==\n[\s\S]*\n\n== optimized ==\n[\s\S]*\n\n== physical ==\n/);
    expect(await plan.explain({ format: "dot" })).toMatch(/^digraph plan \{/);
    const json = JSON.parse(await plan.explain({ format: "json" })) as Record<string, { nodes: object[] }>;
    expect(Object.keys(json)).toEqual(["logical", "optimized", "physical"]);
    expect(json["physical"]?.nodes).toHaveLength(3);
    expect(Object.keys(JSON.parse(await plan.explain({ format: "json", stage: "logical" })))).toEqual(["logical"]);
  });

  test("wrong options name their neighbour", async () => {
    const { flights } = setup();
    await expect(flights.explain({ stage: "optimised" as never })).rejects.toMatchObject({
      hint: 'did you mean "optimized"?',
    });
    await expect(flights.explain({ formt: "dot" } as object)).rejects.toMatchObject({ hint: 'did you mean "format"?' });
  });
});
