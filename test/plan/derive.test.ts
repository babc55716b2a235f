// Columns, event time and boundedness of every kind of node, and what is refused with which hint.
import { describe, expect, test } from "vitest";
import { schemaLiteral } from "../../src/arrow/types.js";
import { derive } from "../../src/plan/derive.js";
import type { LogicalPlan } from "../../src/plan/logical.js";
import * as logical from "../../src/plan/logical.js";
import { lateRows } from "../../src/plan/side-outputs.js";
import { aggregate, call, col, lit, named, scan, sink, watermark, window } from "./support.js";

const SCHEMA = { ts: "TIMESTAMP(6)", key: "STRING NOT NULL", n: "INT", d: "DECIMAL(8, 2) NOT NULL" };
const source = (): LogicalPlan => scan("t", SCHEMA);
const columns = (plan: LogicalPlan): Record<string, string> => schemaLiteral(derive(plan).schema);
const refusal = (code: string, message: string | RegExp, hint: string): unknown =>
  expect.objectContaining({
    code,
    message: typeof message === "string" ? message : expect.stringMatching(message),
    hint: expect.stringContaining(hint),
  });

describe("columns", () => {
  test("of every kind of node", () => {
    expect(columns(source())).toEqual(SCHEMA);
    expect(columns(logical.filter(source(), call("gt", col("n"), lit(1))))).toEqual(SCHEMA);
    expect(columns(logical.project(source(), named({ m: call("add", col("n"), lit(1)), key: col("key") })))).toEqual({
      m: "INT",
      key: "STRING NOT NULL",
    });
    expect(columns(watermark(source(), "ts"))).toEqual(SCHEMA);
    expect(columns(sink(logical.inspect(source(), { id: "f", version: "1", name: "f" })))).toEqual(SCHEMA);
  });

  test("withColumns replaces in place and adds at the end; its expressions see the columns as they were", () => {
    const plan = logical.withColumns(source(), named({ n: lit("x"), twice: call("mul", col("n"), lit(2)) }));
    expect(columns(plan)).toEqual({ ...SCHEMA, n: "STRING NOT NULL", twice: "INT" });
    expect(Object.keys(columns(plan))).toEqual(["ts", "key", "n", "d", "twice"]);
  });

  test("a window gives its bounds, its keys, its aggregates", () => {
    const plan = window(
      watermark(source(), "ts"),
      { key: col("key") },
      { n: ["count_star"], total: ["sum", col("n")], least: ["min", col("d")], mean: ["avg", col("d")] },
    );
    expect(Object.entries(columns(plan))).toEqual([
      ["windowStart", "TIMESTAMP(3) NOT NULL"],
      ["windowEnd", "TIMESTAMP(3) NOT NULL"],
      ["windowTime", "TIMESTAMP(3) NOT NULL"],
      ["key", "STRING NOT NULL"],
      ["n", "BIGINT NOT NULL"],
      ["total", "BIGINT"],
      ["least", "DECIMAL(8, 2) NOT NULL"],
      ["mean", "DECIMAL(38, 6) NOT NULL"],
    ]);
    expect(derive(plan).timeColumn).toBe("windowTime");
  });

  test("windows over instants are bounded by instants", () => {
    const plan = window(watermark(scan("t", { at: "TIMESTAMP_LTZ(6)" }), "at"), {}, { n: ["count_star"] });
    expect(columns(plan)).toMatchObject({ windowStart: "TIMESTAMP_LTZ(3) NOT NULL" });
  });

  test("S50 a global aggregate may be of no rows: all but counts may be NULL", () => {
    expect(
      columns(aggregate(source(), {}, { n: ["count_star"], k: ["count", col("n")], d: ["max", col("d")] })),
    ).toEqual({
      n: "BIGINT NOT NULL",
      k: "BIGINT NOT NULL",
      d: "DECIMAL(8, 2)",
    });
    expect(columns(aggregate(source(), { key: col("key") }, { d: ["max", col("d")] }))).toMatchObject({
      d: "DECIMAL(8, 2) NOT NULL",
    });
  });

  test("late rows have the columns they came with, and why", () => {
    const late = {
      lateReason: "STRING NOT NULL",
      lateWatermark: "TIMESTAMP(3)",
      lateWindowStart: "TIMESTAMP(3)",
      lateWindowEnd: "TIMESTAMP(3)",
      lateOperator: "STRING NOT NULL",
    };
    expect(columns(lateRows(watermark(source(), "ts")))).toEqual({ ...SCHEMA, ...late });
    const narrow = logical.project(watermark(source(), "ts"), named({ ts: col("ts"), m: col("n") }));
    expect(columns(lateRows(window(narrow, {}, { n: ["count_star"] })))).toEqual({
      ts: "TIMESTAMP(6)",
      m: "INT",
      ...late,
    });
  });

  test("a user function's are those it states, or its input's", () => {
    const fn = { id: "f", version: "1", name: "f" };
    expect(columns(logical.map(source(), fn, "filter", null))).toEqual(SCHEMA);
    const mapped = logical.map(watermark(source(), "ts"), fn, "map", derive(scan("t", { ts: "TIMESTAMP(3)" })).schema);
    expect(columns(mapped)).toEqual({ ts: "TIMESTAMP(3)" });
    expect(derive(mapped).timeColumn).toBe("ts");
  });

  test("wrong names are refused with the nearest ones, doubles by name", () => {
    expect(() => derive(logical.filter(source(), call("gt", col("m"), lit(1))))).toThrow(
      refusal("UNKNOWN_COLUMN", /no column "m"/, "n"),
    );
    expect(() => derive(watermark(source(), "t"))).toThrow(refusal("UNKNOWN_COLUMN", /no column "t"/, '"ts"'));
    expect(() => derive(logical.project(source(), [...named({ a: col("n") }), ...named({ a: col("d") })]))).toThrow(
      refusal("COLUMN_DUP", 'column "a" appears twice', "rename"),
    );
    const clash = window(watermark(source(), "ts"), { windowEnd: col("key") }, { n: ["count_star"] });
    expect(() => derive(clash)).toThrow(refusal("COLUMN_DUP", 'column "windowEnd" appears twice', "rename"));
  });

  test("a filter takes a BOOLEAN", () => {
    expect(() => derive(logical.filter(source(), col("n")))).toThrow(refusal("TYPE", /BOOLEAN/, "compare"));
  });
});

describe("unions", () => {
  test("match columns by name, the first gives the order, a column may be NULL where one input's may", () => {
    const plan = logical.union([
      scan("a", { x: "INT NOT NULL", y: "STRING NOT NULL" }),
      scan("b", { y: "STRING", x: "INT NOT NULL" }),
    ]);
    expect(Object.entries(columns(plan))).toEqual([
      ["x", "INT NOT NULL"],
      ["y", "STRING"],
    ]);
  });

  test("refuse other names and other types", () => {
    const left = scan("a", { x: "INT", y: "STRING" });
    expect(() => derive(logical.union([left, scan("b", { x: "INT" })]))).toThrow(
      refusal("UNKNOWN_COLUMN", 'no column "y" in input 2 of the union', "x"),
    );
    expect(() => derive(logical.union([left, scan("b", { x: "INT", y: "STRING", z: "INT" })]))).toThrow(
      refusal("UNKNOWN_COLUMN", 'input 2 of the union has column "z", the first has not', "did you mean"),
    );
    expect(() => derive(logical.union([left, scan("b", { x: "BIGINT", y: "STRING" })]))).toThrow(
      refusal("TYPE", 'column "x" of a union is INT and BIGINT (input 2)', "cast"),
    );
  });

  test("have event time where all inputs have the same, an end where all have one, the strictest row policy", () => {
    const a = watermark(scan("a", { ts: "TIMESTAMP(3)" }, { rowPolicy: "skip" }), "ts");
    const b = watermark(scan("b", { ts: "TIMESTAMP(3)" }, { rowPolicy: "deadLetter", bounded: false }), "ts");
    expect(derive(logical.union([a, b]))).toMatchObject({ timeColumn: "ts", bounded: false, rowPolicy: "deadLetter" });
    expect(derive(logical.union([a, scan("c", { ts: "TIMESTAMP(3)" })]))).toMatchObject({
      timeColumn: null,
      bounded: true,
      rowPolicy: "fail",
    });
  });
});

describe("event time", () => {
  test("is kept by filters and projections, under its new name too", () => {
    const marked = watermark(source(), "ts");
    expect(derive(logical.filter(marked, lit(true))).timeColumn).toBe("ts");
    expect(derive(logical.project(marked, named({ at: col("ts") }))).timeColumn).toBe("at");
    expect(
      derive(logical.project(marked, named({ ts: call("date_floor", col("ts"), lit("hour")) }))).timeColumn,
    ).toBeNull();
  });

  test("must be a time", () => {
    expect(() => derive(watermark(source(), "n"))).toThrow(refusal("TYPE", 'event time "n" is INT', "fromEpochMs"));
  });

  test("a window without it says how to declare it", () => {
    expect(() => derive(window(source(), {}, { n: ["count_star"] }))).toThrow(
      refusal("NO_EVENT_TIME", "a window over a stream without event time", '.withWatermark("ts", "5s")'),
    );
  });

  test("a window behind a projection that dropped it says what to keep", () => {
    const dropped = logical.project(watermark(source(), "ts"), named({ n: col("n") }));
    expect(() => derive(window(dropped, {}, { n: ["count_star"] }))).toThrow(
      refusal("NO_EVENT_TIME", 'a window, but the event time "ts" was dropped before it', 'keep "ts"'),
    );
  });

  test("late rows without it say how to declare it", () => {
    expect(() => lateRows(source())).toThrow(
      refusal("NO_EVENT_TIME", "late rows of a stream without watermark", "withWatermark"),
    );
  });
});

test("groups without a window are updated; a target of an endless one that takes no updates is refused", () => {
  const groups = aggregate(scan("t", SCHEMA, { bounded: false }), { key: col("key") }, { n: ["count_star"] });
  expect(derive(groups)).toMatchObject({ changelog: "retract", keys: ["key"] });
  expect(derive(logical.changelog(groups, "op"))).toMatchObject({ changelog: "append", keys: null });
  const table = { id: "out", connector: "file", name: "out", options: {} };
  expect(() => derive(logical.sink(groups, table))).toThrow(
    refusal("UNSUPPORTED", "results that are updated without end, and out only takes new rows", ".changelog()"),
  );
  expect(derive(logical.sink(groups, { ...table, takes: "upsert" })).changelog).toBe("retract");
});

test("dead letters need a source that keeps them", () => {
  expect(() => derive(logical.sideOutput(source(), "deadLetter"))).toThrow(
    refusal("OPTION", 'dead letters of a stream whose row policy is "fail"', 'rowPolicy: "deadLetter"'),
  );
  expect(columns(logical.sideOutput(scan("t", SCHEMA, { rowPolicy: "deadLetter" }), "deadLetter"))).toMatchObject({
    code: "STRING NOT NULL",
    line: "BIGINT",
    raw: "BYTES NOT NULL",
  });
});

test("nodes are frozen, with the lists and records that they hold", () => {
  const plan = window(
    watermark(source(), "ts"),
    { key: col("key") },
    { n: ["sum", col("n")] },
  ) as logical.LogicalNode<"window-aggregate">;
  const { keys, aggregates, window: bounds, windowColumns, input } = plan;
  const spec = (input as logical.LogicalNode<"watermark">).spec;
  const parts = [plan, keys, keys[0], aggregates, aggregates[0], aggregates[0]?.args, bounds, windowColumns, spec];
  for (const part of [...parts, sink(plan), logical.union([plan, plan]).inputs])
    expect(Object.isFrozen(part)).toBe(true);
});
