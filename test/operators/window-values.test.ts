// DISTINCT and FILTER in windows: sets of values are united over panes, go with their windows, and survive restarts.
import fc from "fast-check";
import { expect, test } from "vitest";
import { batchFromColumns } from "../../src/arrow/builder.js";
import { readRows } from "../../src/arrow/rows.js";
import { columnIndex, FLOAT64, field, INT64, parseSchema, STRING, schemaOf, TIMESTAMP } from "../../src/arrow/types.js";
import { openWindowAggregate } from "../../src/operators/windows.js";
import type { AlignedWindow } from "../../src/plan/logical.js";
import type { PhysicalAggregate } from "../../src/plan/physical.js";
import { readSnapshot, type Snapshot, SnapshotBuilder } from "../../src/state/snapshot.js";
import { collect, type Element, openTestWorkspace, rebatch, testContext, watermark } from "../../src/testing/index.js";
import { BATCH_SIZES } from "./window-support.js";

const { workspace } = await openTestWorkspace();
const INPUT = parseSchema({ t: "TIMESTAMP(3)", k: "STRING", x: "BIGINT", s: "STRING", f: "BOOLEAN" });

interface Row {
  readonly t: number;
  readonly k: string;
  readonly x: bigint | null;
  readonly s: string | null;
  readonly f: boolean | null;
}

const at = (name: string) => columnIndex(INPUT, name);
const AGGREGATES: readonly PhysicalAggregate[] = [
  { name: "n", fn: "count_star", column: -1, type: INT64 },
  { name: "nf", fn: "count_star", column: -1, type: INT64, filter: at("f") },
  { name: "dx", fn: "count", column: at("x"), type: INT64, distinct: true },
  { name: "ds", fn: "count", column: at("s"), type: INT64, distinct: true },
  { name: "dsf", fn: "count", column: at("s"), type: INT64, distinct: true, filter: at("f") },
  { name: "sx", fn: "sum", column: at("x"), type: INT64, distinct: true, filter: at("f") },
  { name: "ax", fn: "avg", column: at("x"), type: FLOAT64, distinct: true },
  { name: "least", fn: "min", column: at("s"), type: STRING },
  { name: "most", fn: "max", column: at("s"), type: STRING, filter: at("f") },
  { name: "mx", fn: "max", column: at("x"), type: INT64, filter: at("f") },
];

const WINDOWS: readonly AlignedWindow[] = [
  { kind: "tumble", sizeMs: 10, offsetMs: 0 },
  { kind: "hop", sizeMs: 10, slideMs: 5, offsetMs: 0 },
  { kind: "hop", sizeMs: 9, slideMs: 6, offsetMs: 0 },
  { kind: "cumulate", sizeMs: 12, stepMs: 4, offsetMs: 0 },
];

function open(window: AlignedWindow, denseBytesMax: number | undefined) {
  const times = ["windowStart", "windowEnd", "windowTime"].map((name) => field(name, TIMESTAMP, false));
  const node = {
    kind: "window-aggregate" as const,
    uid: "window",
    name: "window-aggregate",
    inputs: [{ node: 0, side: null }],
    schema: schemaOf([
      ...times,
      field("k", INPUT.fields[1]?.type ?? INT64),
      ...AGGREGATES.map((a) => field(a.name, a.type)),
    ]),
    rowPolicy: "fail" as const,
    window,
    timeColumn: 0,
    latenessMs: 0,
    keys: [1],
    aggregates: AGGREGATES,
  };
  return openWindowAggregate(node, INPUT, denseBytesMax === undefined ? {} : { denseBytesMax });
}

/** Starts and ends of the windows that a time is in. */
function windowsOf(window: AlignedWindow, t: number): [number, number][] {
  const floor = (period: number) => Math.floor(t / period) * period;
  if (window.kind === "tumble") return [[floor(window.sizeMs), floor(window.sizeMs) + window.sizeMs]];
  const all: [number, number][] = [];
  if (window.kind === "hop") {
    for (let start = floor(window.slideMs); start > t - window.sizeMs; start -= window.slideMs) {
      all.push([start, start + window.sizeMs]);
    }
    return all;
  }
  const start = floor(window.sizeMs);
  for (let end = start + window.stepMs; end <= start + window.sizeMs; end += window.stepMs) {
    if (end > t) all.push([start, end]);
  }
  return all;
}

const show = (row: object) => JSON.stringify(row, (_, value) => (typeof value === "bigint" ? String(value) : value));

function expected(window: AlignedWindow, rows: readonly Row[]): string[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    for (const [start, end] of windowsOf(window, row.t)) {
      const id = JSON.stringify([start, end, row.k]);
      groups.set(id, [...(groups.get(id) ?? []), row]);
    }
  }
  const distinct = <T>(values: readonly (T | null)[]) => [...new Set(values.filter((value) => value !== null))] as T[];
  const sum = (values: readonly bigint[]) => values.reduce((a, b) => a + b, 0n);
  return [...groups]
    .map(([id, own]) => {
      const passing = own.filter(({ f }) => f === true);
      const x = distinct(own.map((row) => row.x));
      const xf = distinct(passing.map((row) => row.x));
      return show([
        ...JSON.parse(id),
        ...[own.length, passing.length, x.length, distinct(own.map((row) => row.s)).length].map(String),
        String(distinct(passing.map((row) => row.s)).length),
        xf.length === 0 ? null : String(sum(xf)),
        x.length === 0 ? null : Number(sum(x)) / x.length,
        distinct(own.map((row) => row.s)).sort()[0] ?? null,
        distinct(passing.map((row) => row.s))
          .sort()
          .at(-1) ?? null,
        xf.length === 0 ? null : String(xf.toSorted((a, b) => Number(a - b)).at(-1)),
      ]);
    })
    .sort();
}

function outputOf(
  window: AlignedWindow,
  elements: readonly Element[],
  restart: boolean,
  denseBytesMax?: number,
): string[] {
  const out: string[] = [];
  let saved: Snapshot | undefined;
  for (const part of restart ? elements.map((element) => [element]) : [elements]) {
    const emitted = collect(open(window, denseBytesMax), part, {
      context: testContext(workspace, { batchRowsMax: 5, yieldEvery: 2 }),
      workspace,
      opened: (operator) => saved && operator.restore(readSnapshot(saved)),
      between: (operator) => {
        if (!restart) return;
        const builder = new SnapshotBuilder();
        operator.snapshot(builder);
        saved = structuredClone(builder.finish());
      },
    });
    for (const element of emitted.elements) {
      if (!("rowCount" in element)) continue;
      for (const { windowTime: _, ...row } of readRows(element, { bigint: true })) {
        out.push(show(Object.values(row).map((value) => (value instanceof Date ? value.getTime() : value))));
      }
      element.release();
    }
  }
  return out.sort();
}

const rows = fc.record<Row>({
  t: fc.integer({ min: -15, max: 40 }),
  k: fc.constantFrom("a", "b", "c"),
  x: fc.oneof(fc.bigInt({ min: -4n, max: 4n }), fc.constant(null)),
  s: fc.constantFrom("x", "y", "a text of more than thirty-two bytes", null),
  f: fc.constantFrom(true, false, null),
});

test("S30 what is distinct in a window is what is distinct in all of its panes, at every batch size and from snapshots", () => {
  fc.assert(
    fc.property(
      fc.array(rows, { minLength: 1, maxLength: 60 }),
      fc.constantFrom(...WINDOWS),
      fc.constantFrom(...BATCH_SIZES),
      fc.boolean(),
      fc.constantFrom(undefined, 0, 3000),
      (all, window, size, restart, denseBytesMax) => {
        // In order, with a watermark every ten milliseconds: windows come and go on the way.
        const sorted = all.toSorted((a, b) => a.t - b.t);
        const elements: Element[] = [];
        for (let from = -20; from < 50; from += 10) {
          const some = sorted.filter(({ t }) => t >= from && t < from + 10);
          const columns: Record<string, unknown[]> = { t: some.map(({ t }) => new Date(t)) };
          for (const name of ["k", "x", "s", "f"] as const) columns[name] = some.map((row) => row[name]);
          if (some.length > 0) elements.push(batchFromColumns(workspace, INPUT, columns).persist());
          elements.push(watermark(from + 9));
        }
        elements.push(watermark(Number.POSITIVE_INFINITY));
        const cut = rebatch(elements, size);
        expect(outputOf(window, cut, restart, denseBytesMax)).toEqual(expected(window, all));
      },
    ),
    { numRuns: 80 },
  );
});
