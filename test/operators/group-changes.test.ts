// Groups over rows that are taken away again, DISTINCT and FILTER: against a bag of rows and plain loops.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { batchFromColumns } from "../../src/arrow/builder.js";
import { readRows } from "../../src/arrow/rows.js";
import { columnIndex, type DataType, FLOAT64, field, INT64, parseSchema, schemaOf } from "../../src/arrow/types.js";
import { GroupAggregate } from "../../src/operators/group-aggregate.js";
import { CHANGE_KINDS, withChanges } from "../../src/plan/changes.js";
import type { PhysicalAggregate } from "../../src/plan/physical.js";
import { readSnapshot, type Snapshot, SnapshotBuilder } from "../../src/state/snapshot.js";
import { collect, type Element, openTestWorkspace, rebatch, testContext, watermark } from "../../src/testing/index.js";
import { BATCH_SIZES } from "./window-support.js";

const { workspace } = await openTestWorkspace();

interface Row {
  readonly k: string | null;
  readonly x: bigint | null;
  readonly d: number | null;
  readonly s: string | null;
  readonly f: boolean | null;
  /** A decimal of 38 digits, as text. */
  readonly w: string | null;
}

/** `k`, … as a bag of changes: `kind` is the place in CHANGE_KINDS. */
interface Change extends Row {
  readonly kind: number;
}

const ROW = parseSchema({ k: "STRING", x: "BIGINT", d: "DOUBLE", s: "STRING", f: "BOOLEAN", w: "DECIMAL(38, 0)" });
const CHANGES = withChanges(ROW);

/** `"sum x"`, `"count distinct s where f"`. */
function aggregateOf(text: string): PhysicalAggregate {
  const [, fn, distinct, name, filter] = /^(\w+)( distinct)?(?: (\w))?(?: where (\w))?$/.exec(text) as RegExpExecArray;
  const column = name === undefined ? -1 : columnIndex(ROW, name);
  const own = ROW.fields[column]?.type ?? INT64;
  const types: Record<string, DataType> = { min: own, max: own, sum: own, avg: FLOAT64 };
  return {
    name: text,
    fn: fn as PhysicalAggregate["fn"],
    column,
    type: types[fn as string] ?? INT64,
    ...(distinct === undefined ? {} : { distinct: true as const }),
    ...(filter === undefined ? {} : { filter: columnIndex(ROW, filter) }),
  };
}

function operatorOf(
  texts: readonly string[],
  keys: readonly string[],
  retracts: boolean,
  before = true,
  ttlMs: number | null = null,
): GroupAggregate {
  const aggregates = texts.map(aggregateOf);
  const input = retracts ? CHANGES : ROW;
  const columns = keys.map((key) => columnIndex(input, key));
  return new GroupAggregate(
    {
      kind: "group-aggregate",
      uid: "groups",
      name: "group-aggregate",
      inputs: [{ node: 0, side: null }],
      schema: withChanges(
        schemaOf([
          ...columns.map((column) => ROW.fields[column] as (typeof ROW.fields)[number]),
          ...aggregates.map(({ name, type, fn }) => field(name, type, !fn.startsWith("count"))),
        ]),
      ),
      rowPolicy: "fail",
      keys: columns,
      aggregates,
      before,
      endless: false,
      ttlMs,
    },
    input,
  );
}

function batchOf(changes: readonly Change[], retracts: boolean): Batch {
  const schema = retracts ? CHANGES : ROW;
  const columns: Record<string, unknown[]> = {};
  for (const { name } of ROW.fields) columns[name] = changes.map((change) => change[name as keyof Row]);
  if (retracts) columns["$change"] = changes.map(({ kind }) => kind);
  return batchFromColumns(workspace, schema, columns).persist();
}

/** What comes out, in one go or with a new operator from a snapshot for every batch. */
function changesOf(
  open: () => GroupAggregate,
  elements: readonly Element[],
  restart: boolean,
): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  let saved: Snapshot | undefined;
  for (const part of restart ? elements.map((element) => [element]) : [elements]) {
    const emitted = collect(open(), part, {
      context: testContext(workspace, { batchRowsMax: 5 }),
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
      rows.push(...readRows(element, { bigint: true }));
      element.release();
    }
  }
  return rows;
}

const show = (row: object) => JSON.stringify(row, (_, value) => (typeof value === "bigint" ? String(value) : value));

/** The rows that changes leave. Each that is taken away must be there. */
function applied(changes: readonly Record<string, unknown>[]): string[] {
  const bag: string[] = [];
  for (const { $change, ...row } of changes) {
    const text = show(row);
    const kind = CHANGE_KINDS[Number($change)] as string;
    if (kind === "+I" || kind === "+U") bag.push(text);
    else {
      const at = bag.indexOf(text);
      expect(at, `${kind} ${text} of ${bag.join(" ")}`).toBeGreaterThanOrEqual(0);
      bag.splice(at, 1);
    }
  }
  return bag.sort();
}

/** One aggregate by plain loops. */
function resultOf(text: string, rows: readonly Row[]): unknown {
  const { fn, column, distinct, filter } = aggregateOf(text);
  const passing = filter === undefined ? rows : rows.filter(({ f }) => f === true);
  if (fn === "count_star") return BigInt(passing.length);
  const name = ROW.fields[column]?.name as keyof Row;
  const all = passing.flatMap((row) => (row[name] === null ? [] : [row[name] as bigint | number | string]));
  const values = distinct ? [...new Set(all)] : all;
  if (fn === "count") return BigInt(values.length);
  if (values.length === 0) return null;
  const less = (a: bigint | number | string, b: bigint | number | string) =>
    name === "w"
      ? BigInt(a) < BigInt(b)
      : typeof a === "string"
        ? Buffer.compare(Buffer.from(a), Buffer.from(String(b))) < 0
        : a < (b as typeof a);
  if (fn === "min") return values.reduce((a, b) => (less(b, a) ? b : a));
  if (fn === "max") return values.reduce((a, b) => (less(a, b) ? b : a));
  const isWhole = typeof values[0] === "bigint";
  const total = isWhole
    ? (values as bigint[]).reduce((a, b) => a + b, 0n)
    : (values as number[]).reduce((a, b) => a + b, 0);
  return fn === "sum" ? total : Number(total) / values.length;
}

function expected(texts: readonly string[], keys: readonly string[], rows: readonly Row[]): string[] {
  const groups = keys.length === 0 ? [null] : [...new Set(rows.map(({ k }) => k))];
  return groups
    .map((k) => {
      const own = keys.length === 0 ? rows : rows.filter((row) => row.k === k);
      const values = texts.map((text) => [text, resultOf(text, own)]);
      return show({ ...(keys.length === 0 ? {} : { k }), ...Object.fromEntries(values) });
    })
    .sort();
}

const AGGREGATES = [
  ...[
    "count_star",
    "count_star where f",
    "count s",
    "sum x",
    "avg x where f",
    "min x",
    "max x",
    "sum d",
    "avg d",
    "min d",
  ],
  ...["max d where f", "count distinct x", "count distinct s where f", "count distinct s", "sum distinct x where f"],
  ...["avg distinct d", "sum distinct d", "min s", "max s", "min s where f", "max s where f", "min w", "max w where f"],
];

const rows = fc.record<Row>({
  k: fc.constantFrom("a", "b", "c", null),
  x: fc.oneof(fc.bigInt({ min: -9n, max: 9n }), fc.constantFrom(null, 2n ** 60n, -(2n ** 60n))),
  // Quarters, whose sums are exact in any order.
  d: fc.oneof(
    fc.integer({ min: -9, max: 9 }).map((n) => n / 4),
    fc.constant(null),
  ),
  s: fc.constantFrom(
    "",
    "x",
    "xy",
    "é",
    "\u{1f600}",
    "a text of more than thirty-two bytes: one",
    "a text of more than thirty-two bytes: two",
    null,
  ),
  f: fc.constantFrom(true, false, null),
  w: fc.constantFrom(
    "-1",
    "0",
    "18446744073709551616",
    "-18446744073709551617",
    "99999999999999999999999999999999999999",
    null,
  ),
});
/** A row comes, or one that is there goes. */
const steps = fc.array(fc.tuple(rows, fc.nat(), fc.boolean(), fc.boolean()), { maxLength: 50 });

function changesFrom(script: readonly [Row, number, boolean, boolean][]): { changes: Change[]; left: Row[] } {
  const changes: Change[] = [];
  const left: Row[] = [];
  for (const [row, at, goes, updates] of script) {
    if (goes && left.length > 0) {
      const [gone] = left.splice(at % left.length, 1) as [Row];
      changes.push({ ...gone, kind: updates ? 1 : 3 });
    } else {
      left.push(row);
      changes.push({ ...row, kind: updates ? 2 : 0 });
    }
  }
  return { changes, left };
}

describe.each([[["k"]], [[]]])("keys %j", (keys) => {
  test("S75 changes leave what the rows that are left make, at every batch size and from snapshots", () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(...BATCH_SIZES), fc.boolean(), (script, size, restart) => {
        const { changes, left } = changesFrom(script);
        if (changes.length === 0) return;
        const elements = rebatch([batchOf(changes, true)], size);
        const out = changesOf(() => operatorOf(AGGREGATES, keys, true), elements, restart);
        expect(applied(out)).toEqual(expected(AGGREGATES, keys, left));
      }),
      { numRuns: 80 },
    );
  });

  test("DISTINCT and FILTER over rows that are only added", () => {
    fc.assert(
      fc.property(
        fc.array(rows, { minLength: 1 }),
        fc.constantFrom(...BATCH_SIZES),
        fc.boolean(),
        (all, size, restart) => {
          const elements = rebatch(
            [
              batchOf(
                all.map((row) => ({ ...row, kind: 0 })),
                false,
              ),
            ],
            size,
          );
          const out = changesOf(() => operatorOf(AGGREGATES, keys, false), elements, restart);
          expect(applied(out)).toEqual(expected(AGGREGATES, keys, all));
        },
      ),
      { numRuns: 80 },
    );
  });
});

const change = (kind: "+I" | "-U" | "+U" | "-D", row: Partial<Row>): Change => {
  return { k: "a", x: null, d: null, s: null, f: null, w: null, ...row, kind: CHANGE_KINDS.indexOf(kind) };
};

/** Changes as `+I a 1 2`, a batch each. */
function told(texts: readonly string[], keys: readonly string[], changes: readonly Change[], before = true): string[] {
  const elements = rebatch([batchOf(changes, true)], 1);
  return changesOf(
    () => operatorOf(texts, keys, true, before),
    [...elements, watermark(Number.POSITIVE_INFINITY)],
    false,
  ).map(({ $change, ...row }) => [CHANGE_KINDS[Number($change)], ...Object.values(row)].join(" "));
}

test("S50 a group without rows goes, the one of all rows stays", () => {
  const changes = [change("+I", { x: 5n }), change("-D", { x: 5n }), change("+I", { x: 7n })];
  const texts = ["count_star", "sum x"];
  expect(told(texts, ["k"], changes)).toEqual(["+I a 1 5", "-D a 1 5", "+I a 1 7"]);
  expect(told(texts, ["k"], changes, false)).toEqual(["+I a 1 5", "-D a 1 5", "+I a 1 7"]);
  expect(told(texts, [], changes)).toEqual(["+I 1 5", "-U 1 5", "+U 0 ", "-U 0 ", "+U 1 7"]);
});

test("S62 float sums do not drift, and are 0 or NULL when nothing is left", () => {
  const large = [1e16, 0.1, 0.2, 1e-7, Number.POSITIVE_INFINITY, Number.NaN, Number.NEGATIVE_INFINITY];
  const changes = [
    change("+I", { d: 0.3 }),
    ...large.map((d) => change("+I", { d })),
    ...large.map((d) => change("-D", { d })),
  ];
  expect(told(["sum d", "avg d", "count d"], ["k"], changes).at(-1)).toBe("+U a 0.3 0.3 1");
  const gone = [...changes, change("-D", { d: 0.3 }), change("+I", {})];
  expect(told(["sum d", "avg d", "count d"], [], gone).slice(-1)).toEqual(["+U   0"]);
});

test("S74 what is taken away before it came is held until it comes", () => {
  const changes = [change("-D", { x: 5n }), change("+I", { x: 7n }), change("+I", { x: 5n })];
  expect(told(["count_star", "max x", "sum x", "count distinct x"], ["k"], changes)).toEqual(["+I a 1 7 7 1"]);
});

test("S75 the greatest that goes is followed by the next, NaN greatest of all", () => {
  const values = [1, Number.NaN, 3, -0, 3];
  const changes = [...values.map((d) => change("+I", { d })), ...[Number.NaN, 3, 3, 1].map((d) => change("-D", { d }))];
  expect(told(["max d", "min d"], [], changes)).toEqual([
    ...["+I 1 1", "-U 1 1", "+U NaN 1", "-U NaN 1", "+U NaN 0", "-U NaN 0", "+U 3 0", "-U 3 0", "+U 1 0"],
    ...["-U 1 0", "+U 0 0"],
  ]);
});

test("S79 an update to what stood before is none, and updates of a batch are one", () => {
  const both = [change("+I", { x: 5n }), change("-U", { x: 5n }), change("+U", { x: 5n })];
  expect(told(["max x"], [], both)).toEqual(["+I 5", "-U 5", "+U ", "-U ", "+U 5"]);
  const elements = [batchOf(both, true), batchOf(both.slice(1), true)];
  expect(changesOf(() => operatorOf(["max x"], [], true), elements, false)).toEqual([{ "max x": 5n, $change: 0 }]);
});

test("groups that come and go give their memory back to those that come after", () => {
  const elements: Element[] = [];
  for (let round = 0; round < 40; round++) {
    const some = Array.from({ length: 500 }, (_, i) =>
      change("+I", { k: `${round} ${i}`, x: BigInt(i), s: `text ${i % 7}` }),
    );
    elements.push(
      batchOf(some, true),
      batchOf(
        some.map((row) => ({ ...row, kind: 3 })),
        true,
      ),
    );
  }
  const context = testContext(workspace);
  const bytes: number[] = [];
  const { elements: emitted } = collect(
    operatorOf(["count_star", "max x", "count distinct s"], ["k"], true),
    elements,
    {
      context,
      between: () => bytes.push(context.metrics.stateBytes),
    },
  );
  for (const element of emitted) if ("rowCount" in element) element.release();
  expect(Math.max(...bytes)).toBeLessThan(1.05 * Math.max(...bytes.slice(0, 8)));
});

describe("time to live", () => {
  const TTL_MS = 1000;

  /** Changes a step, and the clock before each; what comes out, the bytes of state at the end, and rows that came too late. */
  function outlived(
    texts: readonly string[],
    script: readonly (readonly [atMs: number, ...changes: Change[]])[],
    restart = false,
  ) {
    const lines: string[] = [];
    const sizes: number[] = [];
    let lateRows = 0;
    let saved: Snapshot | undefined;
    const context = testContext(workspace);
    const steps = restart ? script.map((step) => [step]) : [script];
    for (const part of steps) {
      const [first] = part as [(typeof script)[number]];
      context.clock.advance(first[0] - context.clock.nowMs());
      const elements = part.map(([, ...changes]) => batchOf(changes, true));
      context.metrics.lateRows = 0;
      const { elements: emitted } = collect(operatorOf(texts, ["k"], true, true, TTL_MS), elements, {
        context,
        opened: (operator) => saved && operator.restore(readSnapshot(saved)),
        between: (operator, index) => {
          sizes.push((operator as GroupAggregate).groupCount);
          const builder = new SnapshotBuilder();
          operator.snapshot(builder);
          saved = structuredClone(builder.finish());
          const next = part[index + 1];
          if (next === undefined) return;
          context.clock.advance(next[0] - context.clock.nowMs());
          operator.processTime?.({
            emit: () => undefined,
            watermark: () => undefined,
            split: () => undefined,
            side: () => undefined,
            hasSide: () => false,
          });
        },
      });
      lateRows += context.metrics.lateRows;
      for (const element of emitted) {
        if (!("rowCount" in element)) continue;
        for (const { $change, ...row } of readRows(element, { bigint: true })) {
          lines.push([CHANGE_KINDS[Number($change)], ...Object.values(row)].join(" "));
        }
        element.release();
      }
    }
    return { lines, sizes, lateRows };
  }

  test.each([false, true])(
    "S94 a group has expired when its last row and the time to live lie at or before now (restored: %s)",
    (restart) => {
      const texts = ["count_star", "sum x", "max x", "count distinct x"];
      const { lines } = outlived(
        texts,
        [
          [0, change("+I", { k: "a", x: 1n }), change("+I", { k: "b", x: 5n })],
          [999, change("+I", { k: "a", x: 2n })],
          // b expires at 1000, a, which had a row at 999, a millisecond before 2000.
          [1000, change("+I", { k: "b", x: 7n })],
          [1998, change("+I", { k: "a", x: 3n })],
          [2998, change("+I", { k: "a", x: 9n })],
        ],
        restart,
      );
      expect(lines).toEqual([
        ...["+I a 1 1 1 1", "+I b 1 5 5 1", "-U a 1 1 1 1", "+U a 2 3 2 2", "+I b 1 7 7 1"],
        ...["-U a 2 3 2 2", "+U a 3 6 3 3", "+I a 1 9 9 1"],
      ]);
    },
  );

  test("S94 groups that nobody asks for go too", () => {
    const many = Array.from({ length: 100 }, (_, i) => change("+I", { k: `k${i}`, x: BigInt(i) }));
    const { sizes } = outlived(
      ["sum x", "min x"],
      [
        [0, ...many],
        [500, change("+I", { k: "a" })],
        [1300, change("+I", { k: "b" })],
      ],
    );
    expect(sizes).toEqual([100, 101, 2]);
  });

  test("S74 what is taken away from a group that may have expired is ignored and counted", () => {
    const { lines, lateRows, sizes } = outlived(
      ["count_star", "sum x"],
      [
        [0, change("+I", { x: 1n }), change("+I", { x: 2n })],
        [1000, change("-D", { x: 1n }), change("-D", { x: 2n })],
        [1001, change("+I", { x: 5n })],
      ],
    );
    expect(lines).toEqual(["+I a 2 3", "+I a 1 5"]);
    expect(lateRows).toBe(2);
    expect(sizes).toEqual([1, 0, 1]);
  });
});
