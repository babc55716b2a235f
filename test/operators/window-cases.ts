// Random input for watermarks and windows (disorder, splits, NULLs, NaN, lateness, keys, batch cuts), what the operators make
// of it and what the row-by-row oracle does.
import fc from "fast-check";
import { expect } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { batchFromColumns } from "../../src/arrow/builder.js";
import type { Workspace } from "../../src/arrow/column.js";
import { readRows, type Value } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import type { Window } from "../../src/plan/logical.js";
import { readSnapshot, type Snapshot, SnapshotBuilder } from "../../src/state/snapshot.js";
import { collect, type Element, type Emitted, openTestWorkspace, split, testContext } from "../../src/testing/index.js";
import { sessionAnswer } from "./session-oracle.js";
import { answer, type OracleRow, type OracleSpec, results } from "./window-oracle.js";
import { chain, watermarkOf, windowAggregate } from "./window-support.js";

const { workspace: usual } = await openTestWorkspace();

/** Kinds of keys: how many distinct values, and what they are. Equal keys have equal `text`. */
const KEYS: Record<string, { type: string; value(code: number): unknown; text?(code: number): string }> = {
  smallInts: { type: "INT", value: (code) => code - 3 },
  wideInts: { type: "INT", value: (code) => code * 100_000_007 - 900_000_000 },
  bigints: { type: "BIGINT", value: (code) => BigInt(code) * 1_234_567_890_123n },
  shorts: { type: "SMALLINT", value: (code) => code - 5 },
  bytes: { type: "TINYINT", value: (code) => code - 5 },
  booleans: { type: "BOOLEAN", value: (code) => code % 2 === 0, text: (code) => String(code % 2 === 0) },
  // −0 and 0 are one key, and so is every NaN.
  doubles: {
    type: "DOUBLE",
    value: (code) => [0, -0, Number.NaN, 1.5, -1.5, Number.POSITIVE_INFINITY][code % 6],
    text: (code) => ["0", "0", "NaN", "1.5", "-1.5", "Infinity"][code % 6] as string,
  },
  floats: { type: "FLOAT", value: (code) => code / 4 },
  decimals: { type: "DECIMAL(30, 2)", value: (code) => `${code + 1}00000000000000000000.25` },
  shortStrings: { type: "STRING", value: (code) => "k".repeat(code) },
  longStrings: { type: "STRING", value: (code) => `${"a".repeat(20)}${code}${"z".repeat(20)}` },
  dates: { type: "DATE", value: (code) => code - 4 },
};

/** One random input and how it is run. */
export interface Case {
  readonly kind: string;
  readonly coded: boolean;
  readonly second: boolean;
  readonly micros: boolean;
  /** undefined: dense; 0: sparse; between: dense while it fits. */
  readonly denseBytesMax: number | undefined;
  readonly spec: OracleSpec;
  readonly rows: readonly { time: number | null; code: number | null; float: number | null; split: number }[];
  readonly cuts: number;
  readonly batchRowsMax: number;
  readonly yieldEvery: number;
}

const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 8, nil: null });
const floats = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -1000, max: 1000 }).map((value) => value / 8) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, 0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
);

const SHAPES: readonly Pick<OracleSpec, "kind" | "sizeMs" | "everyMs">[] = [
  ...[1, 2, 10, 100].map((sizeMs) => ({ kind: "tumble", sizeMs, everyMs: sizeMs }) as const),
  // Overlapping, side by side, no multiple, and with gaps.
  ...[
    [10, 5],
    [10, 10],
    [12, 8],
    [100, 9],
    [3, 7],
  ].map(([sizeMs, everyMs]) => ({ kind: "hop", sizeMs, everyMs }) as OracleSpec),
  ...[
    [10, 5],
    [10, 1],
    [60, 10],
  ].map(([sizeMs, everyMs]) => ({ kind: "cumulate", sizeMs, everyMs }) as OracleSpec),
];

/** Every kind of window, as often as tumbling ones. */
const windowed = (
  rest: {
    [Name in Exclude<keyof OracleSpec, "kind" | "sizeMs" | "everyMs">]: fc.Arbitrary<OracleSpec[Name]>;
  },
): fc.Arbitrary<OracleSpec> =>
  fc.tuple(fc.constantFrom(...SHAPES), fc.record(rest)).map(([shape, more]) => ({ ...shape, ...more }));

export const cases: fc.Arbitrary<Case> = fc.record({
  kind: fc.constantFrom(...Object.keys(KEYS)),
  coded: fc.boolean(),
  second: fc.boolean(),
  micros: fc.boolean(),
  denseBytesMax: fc.constantFrom(undefined, undefined, 0, 5_000, 20_000),
  spec: windowed({
    offsetMs: fc.constantFrom(0, 0, 3, -7),
    latenessMs: fc.constantFrom(0, 0, 0, 5, 10, 25),
    delayMs: fc.constantFrom(0, 1, 7, 30),
    splits: fc.constantFrom(1, 1, 2, 3),
  }),
  rows: fc.array(
    fc.record({
      // Offsets from a slowly rising time: disorder around the windows' ends.
      time: nullable(fc.integer({ min: -40, max: 40 })),
      code: nullable(fc.integer({ min: 0, max: 9 })),
      float: nullable(floats),
      split: fc.nat({ max: 2 }),
    }),
    // Left alone, fast-check gives five rows on average.
    { maxLength: 120, size: "max" },
  ),
  cuts: fc.nat(),
  batchRowsMax: fc.constantFrom(1, 3, 8192),
  yieldEvery: fc.constantFrom(0, 1, 3),
});

/** Event time of a row in the column's units. */
function unitsOf({ time }: { time: number | null }, index: number, micros: boolean): number | null {
  if (time === null) return null;
  const ms = Math.floor(index / 2) + time - 20;
  return micros ? ms * 1000 + ((index * 377) % 1000) : ms;
}

function schemaOf({ kind, second, micros }: Case) {
  return parseSchema({
    id: "BIGINT",
    t: micros ? "TIMESTAMP(6)" : "TIMESTAMP(3)",
    k: (KEYS[kind] as { type: string }).type,
    ...(second ? { k2: "STRING" } : {}),
    v: "DOUBLE",
    i: "BIGINT",
  });
}

const splitOf = (row: { split: number }, { spec }: Case) => row.split % spec.splits;
const secondKey = (index: number) => (index % 3 === 0 ? null : `s${index % 2}`);
const integerOf = (index: number) => (index % 7 === 0 ? null : BigInt(index * index) * 97n - 50_000n);

/** The rows as batches: a batch never holds rows of two splits, and is cut after a row with a chance of one in `size`. */
function batchesOf(input: Case, size: number, workspace: Workspace): Element[] {
  const schema = schemaOf(input);
  const key = KEYS[input.kind] as (typeof KEYS)[string];
  const elements: Element[] = Array.from({ length: input.spec.splits }, (_, number) => split(number, "active"));
  let start = 0;
  for (let end = 1; end <= input.rows.length; end++) {
    const here = input.rows[end - 1] as Case["rows"][number];
    const next = input.rows[end];
    const sameSplit = next !== undefined && splitOf(next, input) === splitOf(here, input);
    const cut = size === 1 || ((input.cuts >>> 3) + end * 2_654_435_761) % size === 0;
    if (sameSplit && !cut) continue;
    const rows = input.rows.slice(start, end);
    const at = (index: number) => start + index;
    const codes = [...new Set(rows.map(({ code }) => code))].filter((code) => code !== null);
    const keys = input.coded
      ? {
          codes: rows.map(({ code }) => (code === null ? -1 : codes.indexOf(code))),
          values: codes.map((code) => key.value(code)),
        }
      : rows.map(({ code }) => (code === null ? null : key.value(code)));
    const batch = batchFromColumns(workspace, schema, {
      id: rows.map((_, index) => at(index)),
      t: rows.map((row, index) => {
        const units = unitsOf(row, at(index), input.micros);
        return units === null ? null : BigInt(units);
      }),
      k: keys,
      ...(input.second ? { k2: rows.map((_, index) => secondKey(at(index))) } : {}),
      v: rows.map(({ float }) => float),
      i: rows.map((_, index) => integerOf(at(index))),
    });
    elements.push(batch.within(workspace, splitOf(here, input)).persist());
    start = end;
  }
  elements.push({ watermarkMs: Number.POSITIVE_INFINITY });
  return elements;
}

function oracleRows(input: Case): OracleRow[] {
  const key = KEYS[input.kind] as (typeof KEYS)[string];
  return input.rows.map((row, id) => {
    const units = unitsOf(row, id, input.micros);
    const first = row.code === null ? "NULL" : (key.text?.(row.code) ?? String(key.value(row.code)));
    return {
      id,
      split: splitOf(row, input),
      timeMs: units === null ? null : Math.floor(units / (input.micros ? 1000 : 1)),
      key: input.second ? `${first},${secondKey(id) ?? "NULL"}` : first,
      float: row.float,
      integer: integerOf(id),
    };
  });
}

const AGGREGATES = [
  "count",
  "count v",
  "sum v",
  "min v",
  "max v",
  "avg v",
  "count i",
  "sum i",
  "min i",
  "max i",
  "avg i",
];

function windowOf({ kind, sizeMs, everyMs, offsetMs }: OracleSpec): Window {
  if (kind === "session") return { kind, gapMs: sizeMs, maxMs: everyMs === 0 ? null : everyMs };
  if (kind === "tumble") return { kind, sizeMs, offsetMs };
  return kind === "hop" ? { kind, sizeMs, slideMs: everyMs, offsetMs } : { kind, sizeMs, stepMs: everyMs, offsetMs };
}

/** The watermark and the window operator of a case, and their state. */
function openOperators(input: Case) {
  const schema = schemaOf(input);
  const { latenessMs, delayMs } = input.spec;
  const kind = windowOf(input.spec);
  const window = windowAggregate(
    schema,
    {
      latenessMs,
      window: kind,
      keys: input.second ? ["k", "k2"] : ["k"],
      aggregates: AGGREGATES.map((text) => (text === "count" ? "count_star" : text)),
    },
    input.denseBytesMax === undefined ? {} : { denseBytesMax: input.denseBytesMax },
  );
  const watermark = watermarkOf(schema, {
    delayMs,
    // What is read decides what late rows have to tell, never which they are.
    judges: [{ window: kind, latenessMs, lateRead: input.cuts % 2 === 0 }],
  });
  return { watermark, window, both: chain(watermark, window) };
}

/** The same inputs, of all or of few keys, for sessions of some gaps, with and without a longest duration (0: none). */
export const sessionCases: fc.Arbitrary<Case> = fc
  .tuple(cases, fc.constantFrom(1, 2, 10), fc.constantFrom(1, 2, 3, 7, 20), fc.constantFrom(0, 0, 0, 1, 4, 10, 25))
  .map(([input, keys, sizeMs, everyMs]) => {
    const rows = input.rows.map((row) => ({ ...row, code: row.code === null ? null : row.code % keys }));
    const spec = { ...input.spec, kind: "session" as const, sizeMs, everyMs, offsetMs: 0, latenessMs: 0 };
    return { ...input, rows, spec };
  });

const contextOf = ({ batchRowsMax, yieldEvery }: Case, workspace: Workspace) =>
  testContext(workspace, { batchRowsMax, yieldEvery });

/** What the operators emit, the rows cut into batches of about `size`. */
export function runEngine(input: Case, size: number, workspace = usual): Emitted {
  const elements = batchesOf(input, size, workspace);
  const emitted = collect(openOperators(input).both, elements, { context: contextOf(input, workspace) });
  releaseAll(elements);
  return emitted;
}

/**
 * The same, but stopped after every element: the state is saved, the operators are closed, new ones go on with it. Each time
 * another layout of cells, and another size of output batches.
 */
export function runRestarting(input: Case, size: number): Emitted {
  const elements = batchesOf(input, size, usual);
  const emitted = { elements: [] as Element[], sides: { late: [] as Batch[], deadLetter: [] as Batch[] } };
  let saved: readonly Snapshot[] | null = null;
  elements.forEach((element, index) => {
    const here = { ...input, denseBytesMax: [undefined, 0, 5_000][index % 3], batchRowsMax: 1 + (index % 5) };
    const { watermark, window, both } = openOperators(here);
    const part = collect(both, [element], {
      context: contextOf(here, usual),
      opened: () => {
        if (saved === null) return;
        watermark.restore(readSnapshot(saved[0] as Snapshot));
        window.restore(readSnapshot(saved[1] as Snapshot));
      },
      between: () => {
        // Through a structured clone, as a checkpoint would take it out of the process.
        saved = [watermark, window].map((operator) => {
          const builder = new SnapshotBuilder();
          operator.snapshot(builder);
          return structuredClone(builder.finish());
        });
      },
    });
    emitted.elements.push(...part.elements);
    emitted.sides.late.push(...part.sides.late);
  });
  releaseAll(elements);
  return emitted;
}

function releaseAll(elements: readonly Element[]): void {
  for (const element of elements) if ("rowCount" in element) (element as Batch).release();
}

export function release({ elements, sides }: Emitted): void {
  releaseAll([...elements, ...sides.late, ...sides.deadLetter]);
}

/** Every row of the output, in order, as text. */
export function outputOf({ elements }: Emitted): string {
  return rowsOf(elements)
    .map((row) => Object.values(row).map(cellText).join(" "))
    .join("\n");
}

const rowsOf = (batches: readonly Element[]) =>
  batches.flatMap((element) => ("rowCount" in element ? readRows(element as Batch, { bigint: true }) : []));

const textOf = (value: Value | undefined): string => {
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  return value === null ? "NULL" : String(value);
};

/** The last result of each window and group, as lines; and the late rows' ids with their reasons. */
export function summarize(emitted: Emitted, input: Case) {
  const last = new Map<string, string>();
  for (const row of rowsOf(emitted.elements)) {
    const key = input.second ? `${textOf(row.k)},${textOf(row.k2)}` : textOf(row.k);
    const { windowStart, windowEnd, windowTime } = row as Record<string, Date>;
    expect(windowTime?.getTime()).toBe((windowEnd as Date).getTime() - 1);
    const cells = [row.n, ...AGGREGATES.slice(1).map((name) => row[name.replace(" ", "_")])];
    last.set(`${windowStart?.getTime()}…${windowEnd?.getTime()}|${key}`, cells.map(cellText).join(" "));
  }
  const late = rowsOf(emitted.sides.late).map(({ id, lateReason }) => `${id} ${lateReason}`);
  return { groups: [...last].map(([name, cells]) => `${name}: ${cells}`).sort(), late: late.sort() };
}

const cellText = (value: unknown) => (Object.is(value, -0) ? "-0" : String(value));

export function expected(input: Case) {
  const { groups, late } = (input.spec.kind === "session" ? sessionAnswer : answer)(oracleRows(input), input.spec);
  const dates = input.kind === "dates";
  const lines = [...groups].map(([name, group]) => {
    const [start, key = ""] = [name.slice(0, name.indexOf("|")), name.slice(name.indexOf("|") + 1)];
    const day = (text: string) =>
      /^-?\d+$/.test(text) ? new Date(Number(text) * 86_400_000).toISOString().slice(0, 10) : text;
    const shown = dates
      ? key
          .split(",")
          .map((text, index) => (index === 0 ? day(text) : text))
          .join(",")
      : key;
    return `${start}|${shown}: ${Object.values(results(group)).map(cellText).join(" ")}`;
  });
  return { groups: lines.sort(), late: [...late].map(([id, reason]) => `${id} ${reason}`).sort() };
}
