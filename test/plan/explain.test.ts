// EXPLAIN as text, JSON and DOT, with and without counts of a run.
import { expect, test } from "vitest";
import { compile } from "../../src/plan/compile.js";
import { explainAnalyze, explainDot, explainJson, explainText } from "../../src/plan/explain.js";
import type { LogicalPlan } from "../../src/plan/logical.js";
import * as logical from "../../src/plan/logical.js";
import { lateRows } from "../../src/plan/side-outputs.js";
import { call, col, lit, scan, sink, watermark, window } from "./support.js";

const source = (): LogicalPlan => scan("t", { ts: "TIMESTAMP(3)", "a b": "STRING" });
const windows = window(
  watermark(source(), "ts", { delayMs: 5000 }),
  { key: col("a b") },
  { n: ["count_star"] },
  { sizeMs: 60_000 },
);
const { optimized, physical } = compile([sink(windows), sink(lateRows(windows), "late")]);

test("what several read is drawn once and referred to", () => {
  expect(explainText(physical)).toMatchInlineSnapshot(`
    "sink memory out
    └─ window-aggregate tumble 1m on ts #2
       │ keys: \`a b\`
       │ aggregates: n = count(*) BIGINT
       │ state: one entry a key and window, freed at window end
       │ columns: windowStart TIMESTAMP(3) NOT NULL, windowEnd TIMESTAMP(3) NOT NULL, windowTime TIMESTAMP(3) NOT NULL, key STRING, n BIGINT NOT NULL
       └─ watermark ts - 5s #1
          │ cut at the ends of: 1m
          └─ source memory t
               columns: ts TIMESTAMP(3), \`a b\` STRING

    sink memory late
    └─ union
       ├─ late rows of window-aggregate tumble 1m on ts #2, see above
       └─ late rows of watermark ts - 5s #1, see above"
  `);
});

test("names that are no plain words are quoted", () => {
  expect(explainText([logical.filter(source(), call("eq", col("a b"), lit("it's")))])).toContain(
    "filter `a b` = 'it''s'",
  );
});

test("JSON names every node with its inputs and columns, and survives a round trip", () => {
  const json = explainJson(physical);
  expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  expect(json.nodes[1]).toEqual({
    kind: "watermark",
    uid: "0/sink/window-aggregate/watermark",
    title: "watermark ts - 5s",
    details: ["cut at the ends of: 1m"],
    inputs: [{ node: 0, side: null }],
    columns: { ts: "TIMESTAMP(3)", "a b": "STRING" },
  });
  expect(explainJson(optimized).nodes).toHaveLength(8);
});

test("DOT draws an arrow an input, dashed for side outputs", () => {
  expect(explainDot(physical)).toMatchInlineSnapshot(`
    "digraph plan {
      rankdir=BT;
      node [shape=box, fontname="monospace"];
      n0 [label="source memory t\\lcolumns: ts TIMESTAMP(3), \`a b\` STRING\\l"];
      n1 [label="watermark ts - 5s\\lcut at the ends of: 1m\\l"];
      n0 -> n1;
      n2 [label="window-aggregate tumble 1m on ts\\lkeys: \`a b\`\\laggregates: n = count(*) BIGINT\\lstate: one entry a key and window, freed at window end\\lcolumns: windowStart TIMESTAMP(3) NOT NULL, windowEnd TIMESTAMP(3) NOT NULL, windowTime TIMESTAMP(3) NOT NULL, key STRING, n BIGINT NOT NULL\\l"];
      n1 -> n2;
      n3 [label="sink memory out\\l"];
      n2 -> n3;
      n4 [label="union\\l"];
      n2 -> n4 [label="late", style=dashed];
      n1 -> n4 [label="late", style=dashed];
      n5 [label="sink memory late\\l"];
      n4 -> n5;
    }"
  `);
  expect(explainDot([logical.filter(source(), call("eq", col("a b"), lit('"\\')))])).toContain(`= '\\"\\\\'`);
});

test("EXPLAIN ANALYZE tells what each node did", () => {
  const count = {
    rowsIn: 10,
    rowsOut: 2,
    batchesOut: 1,
    lateRows: 0,
    duplicateRows: 0,
    badRows: 0,
    stateBytes: 0,
    busyMs: 1.25,
  };
  const text = explainAnalyze(physical, [
    { ...count, uid: "0/sink/window-aggregate", lateRows: 3, stateBytes: 4096 },
    { ...count, uid: "0/sink/window-aggregate/watermark/scan", rowsIn: 0, rowsOut: 10, batchesOut: 7, badRows: 2 },
    { ...count, uid: "1/sink", rowsOut: 0, batchesOut: 0 },
  ]);
  expect(text).toContain("sink memory late\n│ 10 rows, 1.3 ms\n");
  expect(text).toContain("│ 10 → 2 rows in 1 batch, 3 late, state 4096 bytes, 1.3 ms");
  expect(text).toContain("  10 rows in 7 batches, 2 refused, 1.3 ms");
  expect(text.replaceAll(/^.* 10 .*rows.*\n?/gm, "").trimEnd()).toBe(explainText(physical));
});
