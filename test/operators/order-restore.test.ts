// Sorts, limits, rankings and OVER stopped and restored after every element: they say the same as in one go.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { batchFromColumns } from "../../src/arrow/builder.js";
import { readRows } from "../../src/arrow/rows.js";
import { field, INT64, parseSchema, type Schema, schemaOf } from "../../src/arrow/types.js";
import { Limit } from "../../src/operators/limit.js";
import type { Operator } from "../../src/operators/operator.js";
import { Over } from "../../src/operators/over.js";
import { Sort, TimeSort } from "../../src/operators/sort.js";
import { TopN } from "../../src/operators/top-n.js";
import { withChanges } from "../../src/plan/changes.js";
import type { PhysicalOf } from "../../src/plan/physical.js";
import { readSnapshot, type Snapshot, SnapshotBuilder } from "../../src/state/snapshot.js";
import { collect, type Element, openTestWorkspace, testContext, watermark } from "../../src/testing/index.js";

const { workspace } = await openTestWorkspace();
const SCHEMA = parseSchema({ t: "TIMESTAMP(3)", k: "STRING", x: "INT" });
const common = { uid: "it", name: "it", inputs: [{ node: 0, side: null }], rowPolicy: "fail" } as const;
const down = [{ column: 2, descending: true, nullsFirst: false }];
const inTime = [{ column: 0, descending: false, nullsFirst: true }];
const also = (...names: string[]): Schema =>
  schemaOf([...SCHEMA.fields, ...names.map((name) => field(name, INT64, name === "sum"))]);

function top(mode: PhysicalOf<"top-n">["mode"], rank: boolean, ties: "first" | "last" = "first"): Operator {
  const own = rank ? also("place") : SCHEMA;
  return new TopN(
    {
      ...common,
      kind: "top-n",
      schema: mode === "final" ? own : withChanges(own),
      keys: [1],
      order: ties === "last" ? [] : down,
      ties,
      limit: ties === "last" ? 1 : 2,
      offset: 0,
      rank,
      mode,
      retracting: false,
      endless: true,
    },
    SCHEMA,
  );
}

function over(preceding: number | null, timeColumn: number): Operator {
  const call = { column: -1, other: -1, distance: 0, type: INT64 };
  return new Over(
    {
      ...common,
      kind: "over",
      schema: also("place", "sum"),
      keys: [1],
      order: inTime,
      frame: { unit: "rows", preceding },
      calls: [
        { ...call, fn: "row_number", name: "place" },
        { ...call, fn: "sum", name: "sum", column: 2 },
      ],
      timeColumn,
    },
    SCHEMA,
  );
}

const sort = { ...common, kind: "sort", schema: SCHEMA, offset: 1 } as const;
const OPERATORS: Readonly<Record<string, () => Operator>> = {
  sort: () => new Sort({ ...sort, order: down, limit: null, timeColumn: -1 }, SCHEMA),
  "sort with a limit": () => new Sort({ ...sort, order: down, limit: 3, timeColumn: -1 }, SCHEMA),
  "sort by time": () => new TimeSort({ ...sort, order: inTime, limit: null, timeColumn: 0 }, SCHEMA),
  limit: () => new Limit({ ...common, kind: "limit", schema: SCHEMA, limit: 5, offset: 2 }),
  "top-n at the end": () => top("final", true),
  "top-n": () => top("retract", false),
  "top-n with places": () => top("retract", true),
  "the last row": () => top("upsert", false, "last"),
  "over all rows before": () => over(null, 0),
  "over some rows before": () => over(2, 0),
  "over rows at the end": () => over(2, -1),
};

const elements = fc
  .array(
    fc.oneof(
      fc.array(
        fc.record({
          ms: fc.integer({ min: -5, max: 30 }),
          k: fc.constantFrom("a", "some longer key", null),
          x: fc.option(fc.integer({ min: 0, max: 9 })),
        }),
        { minLength: 1, maxLength: 8 },
      ),
      fc.integer({ min: 1, max: 20 }),
    ),
    { maxLength: 20 },
  )
  .map((steps): Element[] => {
    let now = 0;
    const all = steps.map((step): Element => {
      if (typeof step === "number") {
        now += step;
        return watermark(now);
      }
      const columns = {
        t: step.map(({ ms }) => new Date(now + ms)),
        k: step.map(({ k }) => k),
        x: step.map(({ x }) => x),
      };
      return batchFromColumns(workspace, SCHEMA, columns).persist();
    });
    return [...all, watermark(Number.POSITIVE_INFINITY)];
  });

function run(open: () => Operator, given: readonly Element[], restart: boolean, yieldEvery: number): string[] {
  const rows: string[] = [];
  let saved: Snapshot | undefined;
  for (const part of restart ? given.map((element) => [element]) : [given]) {
    const emitted = collect(open(), part, {
      context: testContext(workspace, { yieldEvery, batchRowsMax: 5 }),
      opened: (operator) => saved && operator.restore(readSnapshot(saved)),
      between: (operator) => {
        if (!restart) return;
        const builder = new SnapshotBuilder();
        operator.snapshot(builder);
        saved = structuredClone(builder.finish());
      },
    });
    const batches = emitted.elements.filter((element): element is Batch => "rowCount" in element);
    for (const batch of batches) rows.push(...readRows(batch).map((row) => JSON.stringify(Object.values(row))));
  }
  return rows;
}

test.each(Object.entries(OPERATORS))("%s: restored after every element, it says the same", (_, open) => {
  fc.assert(
    fc.property(elements, fc.integer({ min: 0, max: 3 }), (given, yieldEvery) => {
      expect(run(open, given, true, yieldEvery).sort()).toEqual(run(open, given, false, 0).sort());
    }),
    { numRuns: 40 },
  );
});
