// The join by itself: rows that expire, in pieces, stopped and restored anywhere; against nested loops over all rows.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { RowBuilder } from "../../src/arrow/builder.js";
import { readRows } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import { buildOperator } from "../../src/operators/build.js";
import type { Operator } from "../../src/operators/operator.js";
import type { Expr } from "../../src/plan/expr.js";
import { type JoinType, join, scan, watermark as watermarked, withUid } from "../../src/plan/logical.js";
import { lower } from "../../src/plan/lower.js";
import type { PhysicalOf } from "../../src/plan/physical.js";
import { nameNodes } from "../../src/plan/uid.js";
import { readSnapshot, type Snapshot, SnapshotBuilder } from "../../src/state/snapshot.js";
import { collect, type Element, openTestWorkspace, testContext, watermark } from "../../src/testing/index.js";

const { workspace } = await openTestWorkspace();

const SCHEMAS = {
  left: parseSchema({ k: "INT", t: "TIMESTAMP(3)", a: "STRING" }),
  right: parseSchema({ rk: "INT", rt: "TIMESTAMP(3)", b: "STRING" }),
} as const;
type Side = keyof typeof SCHEMAS;

interface Row {
  readonly k: number | null;
  readonly t: number;
  readonly name: string;
}
/** Rows of a side, or a watermark. */
type Step = { readonly side: Side; readonly rows: readonly Row[] } | number;

const column = (name: string): Expr => ({ kind: "column", name });
const call = (fn: string, ...args: readonly Expr[]): Expr => ({ kind: "call", fn, args });
const plus = (name: string, ms: number): Expr =>
  call("add", column(name), { kind: "literal", value: ms, type: { kind: "interval" } });
const equal = call("eq", column("k"), column("rk"));
/** `t BETWEEN rt + low AND rt + high`. */
const within = (low: number, high: number): Expr => call("between", column("t"), plus("rt", low), plus("rt", high));
const spec = { delayMs: 0, idleMs: null, quietMs: null, maxFutureDriftMs: null };

function nodeOf(type: JoinType, condition: Expr): PhysicalOf<"join"> {
  const endless = (name: Side, time: string) =>
    watermarked(scan({ id: name, connector: "test", name, options: {} }, SCHEMAS[name], { bounded: false }), {
      ...spec,
      column: time,
    });
  const plan = withUid(join(endless("left", "t"), endless("right", "rt"), { type, condition }), "join");
  return lower(nameNodes([plan])).nodes.find(({ kind }) => kind === "join") as PhysicalOf<"join">;
}

/** Takes the input from the split that a batch has. */
function bySplit(operator: Operator): Operator {
  return new Proxy(operator, {
    get: (of, name) => {
      if (name === "processBatch") {
        return (...[batch, , out]: Parameters<Operator["processBatch"]>) => of.processBatch(batch, batch.split, out);
      }
      const value: unknown = Reflect.get(of, name, of);
      return typeof value === "function" ? value.bind(of) : value;
    },
  });
}

const builders = { left: new RowBuilder(workspace, SCHEMAS.left), right: new RowBuilder(workspace, SCHEMAS.right) };

function batchOf({ side, rows }: Exclude<Step, number>): Batch {
  const built = builders[side].build(rows.map(({ k, t, name }) => [k, new Date(t), name]));
  return built.within(workspace, side === "left" ? 0 : 1);
}

const opOf = (row: Readonly<Record<string, unknown>>): string => {
  const parts = Object.values(row).map((value) => (value instanceof Date ? value.getTime() : value));
  return parts.join(" ");
};

interface Outcome {
  readonly rows: readonly string[];
  readonly watermarks: readonly number[];
  readonly lateRows: number;
  readonly stateBytes: readonly number[];
}

/** What comes out, in order; with a new operator for every step when `restart`. */
function run(node: PhysicalOf<"join">, steps: readonly Step[], restart = false, yieldEvery = 0): Outcome {
  const open = (): Operator => bySplit(buildOperator(node, [SCHEMAS.left, SCHEMAS.right], () => unused()));
  const elements = (step: Step): Element => (typeof step === "number" ? watermark(step) : batchOf(step));
  const out: Element[] = [];
  const stateBytes: number[] = [];
  let lateRows = 0;
  let saved: Snapshot | null = null;
  for (const part of restart ? steps.map((step) => [step]) : [steps]) {
    const context = testContext(workspace, { batchRowsMax: 7, ...(yieldEvery > 0 ? { yieldEvery } : {}) });
    const before = saved;
    const given = part.map(elements);
    const { elements: some } = collect(open(), given, {
      context,
      opened: (operator) => before !== null && operator.restore(readSnapshot(before)),
      between: (operator) => {
        const builder = new SnapshotBuilder();
        operator.snapshot(builder);
        saved = builder.finish();
        stateBytes.push(context.metrics.stateBytes);
      },
    });
    out.push(...some);
    lateRows += context.metrics.lateRows;
  }
  return {
    rows: out.flatMap((element) => ("rowCount" in element ? readRows(element).map(opOf) : [])),
    watermarks: out.flatMap((element) => ("watermarkMs" in element ? [element.watermarkMs] : [])),
    lateRows,
    stateBytes,
  };
}

function unused(): never {
  throw new Error("no user functions");
}

function nested(type: JoinType, steps: readonly Step[], isPair: (left: Row, right: Row) => boolean): string[] {
  const of = (side: Side) => steps.flatMap((step) => (typeof step !== "number" && step.side === side ? step.rows : []));
  const [lefts, rights] = [of("left"), of("right")];
  const text = (row: Row | null) => (row === null ? "  " : `${row.k ?? ""} ${row.t} ${row.name}`);
  const partners = lefts.map((left) =>
    rights.filter((right) => left.k !== null && left.k === right.k && isPair(left, right)),
  );
  const met = new Set(partners.flat());
  const alone = lefts.filter((_, i) => partners[i]?.length === 0);
  if (type === "semi" || type === "anti")
    return lefts
      .filter((row) => alone.includes(row) === (type === "anti"))
      .map(text)
      .sort();
  const rows = lefts.flatMap((left, i) => (partners[i] ?? []).map((right) => `${text(left)} ${text(right)}`));
  if (type === "left" || type === "full") rows.push(...alone.map((left) => `${text(left)} ${text(null)}`));
  if (type === "right" || type === "full") {
    rows.push(...rights.filter((right) => !met.has(right)).map((right) => `${text(null)} ${text(right)}`));
  }
  return rows.sort();
}

const TYPES: readonly JoinType[] = ["inner", "left", "right", "full", "semi", "anti"];

/** Rows that are never late: their times lie at or behind the last watermark. */
const someSteps = fc
  .array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          side: fc.constantFrom<Side>("left", "right"),
          rows: fc.array(
            fc.record({
              k: fc.option(fc.integer({ min: 0, max: 3 }), { freq: 8 }),
              t: fc.integer({ min: 0, max: 30 }),
            }),
            { maxLength: 12 },
          ),
        }),
      },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 25 }) },
    ),
    { maxLength: 14 },
  )
  .map((drawn) => {
    let nowMs = 0;
    let count = 0;
    const steps = drawn.map((step): Step => {
      if (typeof step === "number") {
        nowMs += step;
        return nowMs;
      }
      return {
        side: step.side,
        rows: step.rows.map(({ k, t }) => ({ k, t: nowMs + t, name: `${step.side}${count++}` })),
      };
    });
    return [...steps, Number.POSITIVE_INFINITY];
  });

describe.each(TYPES)("%s join", (type) => {
  test("S69 S71 pairs within inclusive bounds, and rows without partner once; in pieces and restored", () => {
    fc.assert(
      fc.property(someSteps, fc.integer({ min: -20, max: 5 }), fc.integer({ min: 0, max: 25 }), (steps, low, width) => {
        const high = low + width;
        const node = nodeOf(type, call("and", equal, within(low, high)));
        const wanted = nested(type, steps, (left, right) => left.t - right.t >= low && left.t - right.t <= high);
        for (const { rows, lateRows } of [run(node, steps), run(node, steps, true), run(node, steps, false, 1)]) {
          expect([...rows].sort()).toEqual(wanted);
          expect(lateRows).toBe(0);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("every pair, and what is told and taken back, without bounds", () => {
    fc.assert(
      fc.property(someSteps, (steps) => {
        const node = nodeOf(type, call("and", equal, call("ne", column("a"), column("b"))));
        for (const { rows } of [run(node, steps), run(node, steps, true), run(node, steps, false, 1)]) {
          const bag = new Map<string, number>();
          const isUpdated = node.schema.fields.at(-1)?.name === "$change";
          for (const row of rows) {
            const text = isUpdated ? row.slice(0, -2) : row;
            const count = (bag.get(text) ?? 0) + (isUpdated && row.endsWith("3") ? -1 : 1);
            expect(count).toBeGreaterThanOrEqual(0);
            bag.set(text, count);
          }
          const left = [...bag].flatMap(([text, count]) => Array.from({ length: count }, () => text));
          expect(left.sort()).toEqual(nested(type, steps, () => true));
        }
      }),
      { numRuns: 40 },
    );
  });
});

const row = (side: Side, k: number, t: number): Step => ({ side, rows: [{ k, t, name: side }] });

test("S70 an empty interval has no pairs: rows without partner go on at once", () => {
  const node = nodeOf("left", call("and", equal, within(10, 5)));
  const { rows, stateBytes } = run(node, [row("left", 1, 100), row("right", 1, 93)]);
  expect(rows).toEqual(["1 100 left   "]);
  expect(stateBytes.at(-1)).toBe(stateBytes[0]);
});

test("S14 the watermark is held back by as much as results can be older", () => {
  const held = (type: JoinType, low: number, high: number) =>
    run(nodeOf(type, call("and", equal, within(low, high))), [100, Number.POSITIVE_INFINITY]).watermarks;
  // Left rows are up to 30 ms older than what they meet, and go on alone by then.
  expect(held("left", -30, 0)).toEqual([70, Number.POSITIVE_INFINITY]);
  // The time of pairs is the later one.
  expect(held("inner", -30, 0)).toEqual([100, Number.POSITIVE_INFINITY]);
  expect(held("inner", 0, 30)).toEqual([100, Number.POSITIVE_INFINITY]);
  expect(held("right", 0, 30)).toEqual([70, Number.POSITIVE_INFINITY]);
});

test("S46 a late row joins what is kept, and is counted when it is not kept itself", () => {
  const node = nodeOf("inner", call("and", equal, within(-10, 10)));
  const { rows, lateRows } = run(node, [
    row("left", 1, 100),
    105,
    row("right", 1, 91),
    row("right", 1, 96),
    row("left", 1, 97),
  ]);
  expect(rows).toEqual([
    "1 100 left 1 91 right",
    "1 100 left 1 96 right",
    "1 97 left 1 96 right",
    "1 97 left 1 91 right",
  ]);
  expect(lateRows).toBe(1);
});

test.each(TYPES)("S95 state is freed while the other side is silent: %s", (type) => {
  const node = nodeOf(type, call("and", equal, within(-10, 10)));
  const steps = Array.from({ length: 200 }, (_, i): Step[] => {
    return [{ side: "left", rows: Array.from({ length: 50 }, (__, j) => ({ k: j, t: i * 10, name: `${i}` })) }, i * 10];
  }).flat();
  const { stateBytes } = run(node, steps);
  const most = (some: readonly number[]) => Math.max(...some);
  expect(most(stateBytes.slice(200))).toBeLessThanOrEqual(1.5 * most(stateBytes.slice(0, 200)));
});
