// Logical → physical: positions, side outputs, shared nodes; and one program worked by hand from rows to rows.
import { describe, expect, test } from "vitest";
import { parseSchema, schemaLiteral } from "../../src/arrow/types.js";
import { compile } from "../../src/plan/compile.js";
import type { LogicalPlan } from "../../src/plan/logical.js";
import * as logical from "../../src/plan/logical.js";
import type { PhysicalNode, PhysicalPlan } from "../../src/plan/physical.js";
import { lateRows } from "../../src/plan/side-outputs.js";
import { interpret } from "./interpret.js";
import { aggregate, call, col, lit, named, scan, sink, watermark, window } from "./support.js";

const SCHEMA = { ts: "TIMESTAMP(3)", key: "STRING", n: "INT" };
const source = (rowPolicy: "fail" | "deadLetter" = "fail"): LogicalPlan => scan("t", SCHEMA, { rowPolicy });
const lowered = (...program: LogicalPlan[]): PhysicalPlan => compile(program).physical;
const kinds = ({ nodes }: PhysicalPlan): string[] => nodes.map(({ kind }) => kind);

test("inputs come before the nodes that read them, uids are given once", () => {
  const shared = watermark(source("deadLetter"), "ts");
  const windows = window(shared, { k: call("upper", col("key")) }, { n: ["sum", call("add", col("n"), lit(1))] });
  const { nodes } = lowered(
    sink(windows),
    sink(lateRows(windows), "late"),
    sink(logical.sideOutput(windows, "deadLetter"), "dead"),
    sink(logical.union([shared, logical.filter(shared, call("gt", col("n"), lit(1)))]), "both"),
  );
  nodes.forEach(({ inputs }, index) => {
    for (const { node } of inputs) expect(node).toBeLessThan(index);
  });
  const uids = nodes.map(({ uid }) => uid);
  expect(new Set(uids).size).toBe(uids.length);
});

test("a shared node is lowered once", () => {
  const shared = logical.filter(source(), call("gt", col("n"), lit(1)));
  expect(kinds(lowered(sink(shared, "a"), sink(shared, "b")))).toEqual(["source", "filter", "sink", "sink"]);
});

test("a window reads plain columns by position; equal expressions are computed once", () => {
  const plus = call("add", col("n"), lit(1));
  const plan = lowered(
    window(
      watermark(source(), "ts"),
      { k: call("upper", col("key")) },
      {
        rows: ["count_star"],
        sum: ["sum", plus],
        most: ["max", { ...plus }],
        n: ["count", col("n")],
      },
      { sizeMs: 60_000, offsetMs: 5, latenessMs: 60_000 },
    ),
  );
  expect(kinds(plan)).toEqual(["source", "watermark", "project", "window-aggregate"]);
  expect(schemaLiteral((plan.nodes[2] as PhysicalNode).schema)).toEqual({ ...SCHEMA, $0: "STRING", $1: "INT" });
  expect(plan.nodes[3]).toMatchObject({
    window: { kind: "tumble", sizeMs: 60_000, offsetMs: 5 },
    timeColumn: 0,
    latenessMs: 60_000,
    keys: [3],
    aggregates: [
      { name: "rows", fn: "count_star", column: -1, type: { kind: "int64" } },
      { name: "sum", fn: "sum", column: 4, type: { kind: "int64" } },
      { name: "most", fn: "max", column: 4, type: { kind: "int32" } },
      { name: "n", fn: "count", column: 2, type: { kind: "int64" } },
    ],
  });
  expect(plan.nodes[1]).toMatchObject({
    column: 0,
    judges: [{ window: { kind: "tumble", sizeMs: 60_000, offsetMs: 5 }, latenessMs: 60_000, lateRead: false }],
  });
});

test("computed columns get out of the way of the user's names", () => {
  const input = scan("t", { $0: "INT", $$: "INT" });
  const plan = lowered(aggregate(input, {}, { n: ["sum", call("add", col("$0"), col("$$"))] }));
  expect(Object.keys(schemaLiteral((plan.nodes[1] as PhysicalNode).schema))).toEqual(["$0", "$$", "$$$0"]);
});

test("literals of different types are different arguments", () => {
  const plan = lowered(
    aggregate(source(), {}, { a: ["sum", lit(1)], b: ["sum", { kind: "literal", value: 1, type: { kind: "int64" } }] }),
  );
  expect(plan.nodes.at(-1)).toMatchObject({ aggregates: [{ column: 1 }, { column: 2 }] });
});

test("without window an aggregate is one over all input", () => {
  const plan = lowered(aggregate(source(), { key: col("key") }, { n: ["count_star"] }));
  expect(plan.nodes.at(-1)).toMatchObject({
    kind: "window-aggregate",
    window: null,
    timeColumn: -1,
    keys: [0],
    latenessMs: 0,
  });
});

test("columns of a union come in one order", () => {
  const plan = lowered(logical.union([scan("a", { x: "INT", y: "STRING" }), scan("b", { y: "STRING", x: "INT" })]));
  expect(kinds(plan)).toEqual(["source", "source", "project", "union"]);
  expect(schemaLiteral((plan.nodes[2] as PhysicalNode).schema)).toEqual({ x: "INT", y: "STRING" });
});

test("a source's predicate goes by the columns that it reads", () => {
  const plan = lowered(logical.project(logical.filter(source(), call("gt", col("n"), lit(1))), named({ n: col("n") })));
  expect(plan.nodes[0]).toMatchObject({
    kind: "source",
    predicate: { args: [{ kind: "column", index: 0, name: "n" }, {}] },
  });
});

describe("side outputs", () => {
  test("late rows are an edge; columns that lowering added are taken off", () => {
    const windows = window(watermark(source(), "ts"), { k: call("upper", col("key")) }, { n: ["count_star"] });
    const plan = lowered(sink(lateRows(windows), "late"));
    const taken = plan.nodes.find(({ inputs }) => inputs.some(({ side }) => side === "late")) as PhysicalNode;
    expect(taken.kind).toBe("project");
    expect(Object.keys(schemaLiteral(taken.schema))).toEqual([
      "ts",
      "key",
      "n",
      "lateReason",
      "lateWatermark",
      "lateWindowStart",
      "lateWindowEnd",
      "lateOperator",
    ]);
  });

  test("windows over late rows know their columns", () => {
    const late = lateRows(window(watermark(source(), "ts"), {}, { n: ["count_star"] }));
    const known = logical.project(late, named({ ts: col("ts"), why: col("lateReason") }));
    const again = window(watermark(known, "ts", { delayMs: 1000 }), {}, { n: ["count_star"] });
    expect(() => lowered(sink(again), sink(lateRows(again), "later"))).not.toThrow();
  });

  test("dead letters come from every node below that can refuse a row", () => {
    const computed = logical.project(
      logical.filter(source("deadLetter"), call("gt", call("div", lit(10), col("n")), lit(1))),
      named({ m: call("add", col("n"), lit(1)) }),
    );
    const plan = lowered(sink(computed), sink(logical.sideOutput(computed, "deadLetter"), "dead"));
    const dead = plan.nodes.findLast(({ kind }) => kind === "union") as PhysicalNode;
    expect(dead.inputs.map(({ node, side }) => [plan.nodes[node]?.kind, side])).toEqual([
      ["source", "deadLetter"],
      ["filter", "deadLetter"],
      ["project", "deadLetter"],
    ]);
  });

  test("those of one node need no union", () => {
    const plan = lowered(sink(logical.sideOutput(source("deadLetter"), "deadLetter"), "dead"));
    expect(kinds(plan)).toEqual(["source", "sink"]);
    expect(plan.nodes[1]?.inputs).toEqual([{ node: 0, side: "deadLetter" }]);
  });
});

test("hand-worked: a program with windows, late rows and refused rows, from rows to rows", () => {
  // Windows of 10 ms, 2 ms of disorder allowed; n = 0 cannot be divided by.
  const computed = logical.project(
    watermark(source("deadLetter"), "ts", { delayMs: 2 }),
    named({ ts: col("ts"), key: col("key"), share: call("div", lit(12), col("n")) }),
  );
  const windows = window(computed, { key: col("key") }, { rows: ["count_star"], shares: ["sum", col("share")] });
  const plan = lowered(
    sink(windows),
    sink(lateRows(windows), "late"),
    sink(logical.sideOutput(windows, "deadLetter"), "dead"),
  );
  const rows = [
    [1n, "a", 3],
    [9n, "a", 4],
    [5n, "b", 0],
    [null, "a", 1],
    [12n, "a", 6],
    [8n, "b", 2], // The watermark is 10: [0, 10) is over.
    [11n, "b", 2],
    [-1n, "b", 1],
  ];
  expect(interpret(plan, { t: { schema: parseSchema(SCHEMA), rows } })).toEqual({
    out: ['0 10 9 "a" 2 7', '10 20 19 "a" 1 2', '10 20 19 "b" 1 6'],
    late: [
      '-1 "b" 12 "LATE" 10 -10 0 "window-aggregate"',
      '8 "b" 6 "LATE" 10 0 10 "window-aggregate"',
      'null "a" 12 "NULL_TIME" 7 null null "watermark"',
    ],
    dead: ['"DIVISION_BY_ZERO"'],
  });
});
