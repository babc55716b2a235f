// Runs physical plans in plain TypeScript, a row at a time: what two plans for one program are compared by. A source that is
// given a predicate drops everything it may, so that a predicate in the wrong place shows.
import type { Schema } from "../../src/arrow/types.js";
import { evaluateRow } from "../../src/plan/constant.js";
import type { BoundExpr, BoundValue } from "../../src/plan/expr.js";
import type { PhysicalNode, PhysicalOf, PhysicalPlan } from "../../src/plan/physical.js";
import { Failure } from "../../src/plan/scalar/value.js";

type Row = readonly BoundValue[];
export type Tables = Readonly<Record<string, { readonly schema: Schema; readonly rows: readonly Row[] }>>;

/** A row, and the watermark that the rows before it made. */
interface Element {
  readonly row: Row;
  readonly watermark: number;
}

interface Outputs {
  readonly main: readonly Element[];
  readonly late: readonly Element[];
  /** Codes of the rows that could not be computed. */
  readonly deadLetter: readonly string[];
}

/** Raised where the policy is to fail. */
class RowFailure extends Error {}

/** Rows by the name of their sink, sorted; or that the job fails. Window results are counted with their number of rows. */
export function interpret(plan: PhysicalPlan, tables: Tables): Record<string, string[]> | "fails" {
  try {
    const done: Outputs[] = [];
    const sinks: Record<string, string[]> = {};
    for (const node of plan.nodes) {
      const inputs = node.inputs.map(({ node: index, side }) => {
        const from = done[index] as Outputs;
        if (side === "deadLetter") return from.deadLetter.map((code) => element([code]));
        return side === "late" ? from.late : from.main;
      });
      const outputs = run(node, inputs, tables);
      done.push(outputs);
      if (node.kind === "sink") sinks[node.table.name] = outputs.main.map(({ row }) => row.map(text).join(" ")).sort();
    }
    return sinks;
  } catch (error) {
    if (error instanceof RowFailure) return "fails";
    throw error;
  }
}

const element = (row: Row): Element => ({ row, watermark: Number.NEGATIVE_INFINITY });
const refused = (row: Row, reason: string, watermark: number, window: Row, { kind }: PhysicalNode): Element => {
  return { row: [...row, reason, Number.isFinite(watermark) ? watermark : null, ...window, kind], watermark };
};
const text = (value: BoundValue): string => (typeof value === "string" ? `"${value}"` : String(value));

function run(node: PhysicalNode, inputs: readonly (readonly Element[])[], tables: Tables): Outputs {
  const input = inputs[0] ?? [];
  const dead: string[] = [];
  const compute = (expr: BoundExpr, row: Row): BoundValue | Failure => {
    const value = evaluateRow(expr, (index) => row[index] as BoundValue);
    if (!(value instanceof Failure)) return value;
    if (node.rowPolicy === "fail") throw new RowFailure();
    dead.push(value.code);
    return value;
  };
  const main = (rows: readonly Element[], late: readonly Element[] = []): Outputs => ({
    main: rows,
    late,
    deadLetter: dead,
  });
  switch (node.kind) {
    case "source":
      return main(readSource(node, tables));
    case "filter":
      return main(input.filter(({ row }) => compute(node.predicate, row) === true));
    case "project":
      return main(
        input.flatMap(({ row, watermark }) => {
          const before = dead.length;
          const values = node.columns.map((expr) => (dead.length > before ? null : compute(expr, row)));
          return dead.length > before ? [] : [{ row: values as Row, watermark }];
        }),
      );
    case "watermark":
      return main(...markRows(node, input));
    case "window-aggregate":
      return main(...aggregateRows(node, input));
    case "deduplicate":
      return main(...firstRows(node, input));
    case "union":
      return main(inputs.flat());
    case "join":
      return main(joinRows(node, inputs, compute));
    case "inspect":
    case "sink":
    case "map":
      return main(input);
    case "group-aggregate":
      throw new Error("its programs end, and only what holds in the end is asked for");
    case "sort":
    case "limit":
    case "top-n":
    case "over":
      throw new Error("its programs have no order");
    case "unnest":
      throw new Error("lists are no values of this interpreter");
  }
}

/** Every row with every other; of a bounded program. */
function joinRows(
  { type, left, right, nullsEqual, residual }: PhysicalOf<"join">,
  [lefts = [], rights = []]: readonly (readonly Element[])[],
  compute: (expr: BoundExpr, row: Row) => BoundValue | Failure,
): Element[] {
  const pick = (row: Row | null, places: readonly number[]): Row => places.map((place) => row?.[place] ?? null);
  const isPair = (a: Row, b: Row): boolean =>
    left.keys.every((place, index) => {
      const [x, y] = [a[place], b[right.keys[index] as number]];
      return x === y && (x !== null || nullsEqual[index] === true);
    }) &&
    (residual === null || compute(residual, [...pick(a, left.columns), ...pick(b, right.columns)]) === true);
  const partners = lefts.map((a) => rights.filter((b) => isPair(a.row, b.row)));
  const out = (a: Row | null, b: Row | null): Element => {
    const of = (row: Row | null, { columns, output }: typeof left) =>
      pick(
        row,
        output.map((at) => columns[at] as number),
      );
    return element([...of(a, left), ...of(b, right)]);
  };
  if (type === "semi" || type === "anti") {
    return lefts.filter((_, i) => (partners[i]?.length === 0) === (type === "anti")).map(({ row }) => out(row, null));
  }
  const met = new Set(partners.flat());
  return [
    ...lefts.flatMap(({ row }, i) => (partners[i] ?? []).map((b) => out(row, b.row))),
    ...(type === "left" || type === "full"
      ? lefts.filter((_, i) => partners[i]?.length === 0).map(({ row }) => out(row, null))
      : []),
    ...(type === "right" || type === "full" ? rights.filter((b) => !met.has(b)).map(({ row }) => out(null, row)) : []),
  ];
}

function readSource(node: PhysicalOf<"source">, tables: Tables): Element[] {
  const { schema, rows } = tables[node.table.name] as Tables[string];
  const places = node.schema.fields.map(({ name }) => schema.fields.findIndex((field) => field.name === name));
  return rows
    .map((row) => places.map((place) => row[place] as BoundValue))
    .filter((row) => {
      if (node.predicate === null) return true;
      const value = evaluateRow(node.predicate, (index) => row[index] as BoundValue);
      if (value instanceof Failure) throw new Error("a skipping predicate failed");
      return value === true;
    })
    .map(element);
}

function markRows(node: PhysicalOf<"watermark">, input: readonly Element[]): [Element[], Element[]] {
  const passed: Element[] = [];
  const late: Element[] = [];
  let watermark = Number.NEGATIVE_INFINITY;
  for (const { row } of input) {
    const time = row[node.column] as bigint | null;
    if (time === null) {
      late.push(refused(row, "NULL_TIME", watermark, [null, null], node));
      continue;
    }
    passed.push({ row, watermark });
    watermark = Math.max(watermark, Number(time) - node.delayMs);
  }
  return [passed, late];
}

function aggregateRows(node: PhysicalOf<"window-aggregate">, input: readonly Element[]): [Element[], Element[]] {
  const groups = new Map<string, { head: Row; rows: Row[] }>();
  const late: Element[] = [];
  if (node.window === null && node.keys.length === 0) groups.set("", { head: [], rows: [] });
  for (const { row, watermark } of input) {
    const keys = node.keys.map((index) => row[index] as BoundValue);
    let head: Row = keys;
    if (node.window !== null) {
      if (node.window.kind !== "tumble") throw new Error("only tumbling windows are worked out here");
      const { sizeMs, offsetMs } = node.window;
      const start = Math.floor((Number(row[node.timeColumn]) - offsetMs) / sizeMs) * sizeMs + offsetMs;
      if (start + sizeMs - 1 + node.latenessMs <= watermark) {
        late.push(refused(row, "LATE", watermark, [start, start + sizeMs], node));
        continue;
      }
      head = [start, start + sizeMs, start + sizeMs - 1, ...keys];
    }
    const name = head.map(text).join(" ");
    const group = groups.get(name) ?? { head, rows: [] };
    group.rows.push(row);
    groups.set(name, group);
  }
  const results = [...groups.values()].map(({ head, rows }) => [
    ...head,
    ...node.aggregates.map(({ fn, column }) => aggregateValues(fn, column, rows)),
  ]);
  return [results.map(element), late];
}

/** Event times are those of the rows' own column; without one the first to arrive is the first, and all arrive at once. */
function firstRows(node: PhysicalOf<"deduplicate">, input: readonly Element[]): [Element[], Element[]] {
  const width = node.schema.fields.length;
  const timeOf = ({ row }: Element) => (node.timeColumn < 0 ? 0 : Number(row[node.timeColumn]));
  const isLate = (element: Element) => node.timeColumn >= 0 && timeOf(element) < element.watermark;
  const late = input.filter(isLate).map(({ row, watermark }) => refused(row, "LATE", watermark, [null, null], node));
  const firsts = new Map<string, number>();
  const kept = input
    .filter((element) => !isLate(element))
    .toSorted((a, b) => timeOf(a) - timeOf(b))
    .filter((element) => {
      const key = node.keys.map((index) => text(element.row[index] as BoundValue)).join(" ");
      const first = firsts.get(key);
      if (first !== undefined && timeOf(element) - first < (node.withinMs ?? Number.POSITIVE_INFINITY)) return false;
      firsts.set(key, timeOf(element));
      return true;
    });
  return [kept.map(({ row, watermark }) => ({ row: row.slice(0, width), watermark })), late];
}

function aggregateValues(fn: string, column: number, rows: readonly Row[]): BoundValue {
  if (fn === "count_star") return rows.length;
  const values = rows
    .map((row) => row[column])
    .filter((value) => value !== null)
    .map(Number);
  if (fn === "count") return values.length;
  if (values.length === 0) return null;
  if (fn === "min") return Math.min(...values);
  if (fn === "max") return Math.max(...values);
  const sum = values.reduce((a, b) => a + b, 0);
  return fn === "sum" ? sum : sum / values.length;
}
