// Values of OVER: what each function makes of the rows of its frame. Rows stand in the order of their keys, and of one key in
// the order that was asked for; positions count in that order. Of a key's rows the first ones may be rows that went before:
// those that frames still reach, or the last one, whose results go on where a frame has no beginning.
import { Column, type Workspace } from "../arrow/column.js";
import { columnFromData } from "../arrow/columns.js";
import { concatColumns } from "../arrow/concat.js";
import { takeColumn, takeElements } from "../arrow/take.js";
import { type DataType, decimal, FLOAT64, field, INT64, layoutOf, schemaOf } from "../arrow/types.js";
import type { PhysicalOf, PhysicalOver } from "../plan/physical.js";
import { RowOrder, rowNumbers } from "../state/row-order.js";
import { wordsOf } from "../state/words.js";

/** One function over one column. A mean is a sum and a count. */
export interface Step {
  readonly fn: Exclude<PhysicalOver["fn"], "avg">;
  readonly column: number;
  readonly other: number;
  readonly distance: number;
  readonly type: DataType;
}

/** The functions of a node, and which of them each result is made of. */
export function stepsOf({ calls }: PhysicalOf<"over">, typeAt: (column: number) => DataType) {
  const steps: Step[] = [];
  const results = calls.map((call): readonly number[] => {
    const { fn, column } = call;
    if (fn !== "avg") return [steps.push({ ...call, fn }) - 1];
    const layout = layoutOf(typeAt(column));
    const type = layout === "f32" || layout === "f64" ? FLOAT64 : decimal(38, 0);
    return [steps.push({ ...call, fn: "sum", type }) - 1, steps.push({ ...call, fn: "count", type: INT64 }) - 1];
  });
  return { steps, results };
}

/** Where the rows of a key, its equals and its frames begin and end; by position. */
export interface Positions {
  readonly count: number;
  /** Groups of the rows. */
  readonly groups: Int32Array;
  /** What frames of time go by; null: they do not. */
  readonly times: Float64Array | null;
  /** First and behind the last row of the key. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** First row of the key that is new. */
  readonly news: Int32Array;
  /** First and behind the last of the rows that are equal in order. */
  readonly peerStarts: Int32Array;
  readonly peerEnds: Int32Array;
  readonly frameStarts: Int32Array;
  readonly frameEnds: Int32Array;
}

/** Columns of the rows in their order. */
export interface StepColumns {
  /** The argument; where results go on, of the rows that went before their results. */
  readonly argument: Column | null;
  readonly other: Column | null;
  /** What the step made of the rows that went before; by position. null: there are none. */
  readonly before: Column | null;
  /** How many rows of the key came up to each row that went before. */
  readonly rowsBefore: Column | null;
  /** Whether results go on: frames have no beginning. */
  readonly goesOn: boolean;
}

/** The results of a step, a row for each position. @throws OVERFLOW for sums beyond their type */
export function computeStep(workspace: Workspace, step: Step, at: Positions, columns: StepColumns): Column {
  const { count, starts, ends, frameStarts, frameEnds } = at;
  const { argument } = columns;
  switch (step.fn) {
    case "row_number":
    case "rank":
    case "dense_rank":
      return columnOf(workspace, INT64, placesOf(workspace, step.fn, at, columns));
    case "count_star":
    case "count":
      return columnOf(workspace, INT64, countsOf(workspace, step, at, columns));
    case "sum":
      return sumsOf(workspace, step, at, columns);
    case "min":
    case "max":
      return extremesOf(workspace, step.fn === "min", at, argument as Column);
    case "first_value":
      return takeAt(workspace, argument as Column, count, (row) => frameStarts[row] as number);
    case "last_value":
      return takeAt(workspace, argument as Column, count, (row) => (frameEnds[row] as number) - 1);
    case "lag":
    case "lead": {
      const by = step.fn === "lag" ? -step.distance : step.distance;
      const found = (row: number): number => {
        const other = row + by;
        return other >= (starts[row] as number) && other < (ends[row] as number) ? other : -1;
      };
      if (columns.other === null) return takeAt(workspace, argument as Column, count, found);
      const both = concatColumns(workspace, step.type, [argument as Column, columns.other]);
      return takeAt(workspace, both, count, (row) => (found(row) < 0 ? count + row : found(row)));
    }
  }
}

/** The means of sums and counts. */
export function means(workspace: Workspace, sums: Column, counts: Column): Column {
  const { f64, i64 } = workspace.account.memory;
  const isFloat = sums.layout === "f64";
  const values = Array.from({ length: sums.length }, (_, row) => {
    const count = Number(i64[(counts.values >>> 3) + row]);
    if (count === 0) return null;
    return (isFloat ? (f64[(sums.values >>> 3) + row] as number) : Number(wideAt(i64, sums.values, row))) / count;
  });
  return columnOf(workspace, FLOAT64, values);
}

function columnOf(workspace: Workspace, type: DataType, values: readonly (number | bigint | null)[]): Column {
  return columnFromData(workspace, field("value", type), values, 0, values.length, "arena");
}

/** Values by position; NULL where `found` is −1. */
function takeAt(workspace: Workspace, column: Column, count: number, found: (row: number) => number): Column {
  const { account } = workspace;
  const list = account.arena.allocate(count * 4);
  const present = account.arena.allocateZeroed((count + 7) >> 3);
  const { u8, u32 } = account.memory;
  let missing = false;
  for (let row = 0; row < count; row++) {
    const from = found(row);
    u32[(list >>> 2) + row] = Math.max(from, 0);
    if (from < 0) missing = true;
    else u8[present + (row >> 3)] = (u8[present + (row >> 3)] as number) | (1 << (row & 7));
  }
  return missing ? takeElements(workspace, column, list, count, present) : takeColumn(workspace, column, list, count);
}

function placesOf(
  workspace: Workspace,
  fn: "row_number" | "rank" | "dense_rank",
  { count, starts, news, peerStarts }: Positions,
  { before, rowsBefore }: StepColumns,
): number[] {
  const values: number[] = [];
  const { i64 } = workspace.account.memory;
  const last = (column: Column | null, row: number): number => {
    const first = news[row] as number;
    return column === null || first === starts[row] ? 0 : Number(i64[(column.values >>> 3) + first - 1]);
  };
  let dense = 0;
  for (let row = 0; row < count; row++) {
    const first = news[row] as number;
    if (fn === "dense_rank") {
      if (row === first) dense = last(before, row) + 1;
      else if (row > first && peerStarts[row] === row) dense++;
      values.push(dense);
    } else {
      const place = fn === "rank" ? Math.max(peerStarts[row] as number, first) : row;
      values.push(last(rowsBefore, row) + place - first + 1);
    }
  }
  return values;
}

/** How many values that are not NULL stand before each position: one more than there are positions. */
function countsBefore(workspace: Workspace, { fn }: Step, at: Positions, { argument, before, goesOn }: StepColumns) {
  const { u8, i64 } = workspace.account.memory;
  const sums = new Float64Array(at.count + 1);
  for (let row = 0; row < at.count; row++) {
    const isBefore = row < (at.news[row] as number);
    let weight = fn === "count_star" || isValid(u8, argument, row) ? 1 : 0;
    const isCount = fn === "count" || fn === "count_star";
    if (goesOn && isBefore && before !== null && isCount) weight = Number(i64[(before.values >>> 3) + row]);
    sums[row + 1] = (sums[row] as number) + weight;
  }
  return sums;
}

function countsOf(workspace: Workspace, step: Step, at: Positions, columns: StepColumns): number[] {
  const before = countsBefore(workspace, step, at, columns);
  return Array.from({ length: at.count }, (_, row) => {
    return (before[at.frameEnds[row] as number] as number) - (before[at.frameStarts[row] as number] as number);
  });
}

function sumsOf(workspace: Workspace, step: Step, at: Positions, columns: StepColumns): Column {
  const argument = columns.argument as Column;
  const valid = countsBefore(workspace, step, at, columns);
  const has = (row: number): boolean => valid[at.frameEnds[row] as number] !== valid[at.frameStarts[row] as number];
  const { memory } = workspace.account;
  const { layout } = argument;
  if (layout === "f32" || layout === "f64") {
    const words = wordsOf(workspace, argument);
    const { f64, u8 } = memory;
    const value = (row: number): number => (isValid(u8, argument, row) ? (f64[(words >>> 3) + row] as number) : 0);
    const sums = slide(at, value, (a, b) => a + b);
    return columnOf(
      workspace,
      step.type,
      Array.from(sums, (sum, row) => (has(row) ? sum : null)),
    );
  }
  const isWide = layout === "i128";
  const words = isWide ? argument.values : wordsOf(workspace, argument);
  const { i64, u8 } = memory;
  const before: bigint[] = [0n];
  for (let row = 0; row < at.count; row++) {
    const value = isWide ? wideAt(i64, words, row) : (i64[(words >>> 3) + row] as bigint);
    before.push((before[row] as bigint) + (isValid(u8, argument, row) ? value : 0n));
  }
  const sum = (row: number): bigint | null => {
    return has(row)
      ? (before[at.frameEnds[row] as number] as bigint) - (before[at.frameStarts[row] as number] as bigint)
      : null;
  };
  const sums = Array.from({ length: at.count }, (_, row) => sum(row));
  if (layoutOf(step.type) !== "i128") return columnOf(workspace, step.type, sums);
  const values = workspace.account.arena.allocate(at.count * 16);
  const validity = workspace.account.arena.allocateZeroed((at.count + 7) >> 3);
  sums.forEach((wide, row) => {
    if (wide === null) return;
    memory.i64[(values >>> 3) + 2 * row] = BigInt.asIntN(64, wide);
    memory.i64[(values >>> 3) + 2 * row + 1] = wide >> 64n;
    memory.u8[validity + (row >> 3)] = (memory.u8[validity + (row >> 3)] as number) | (1 << (row & 7));
  });
  return new Column({ type: step.type, length: at.count, values, validity });
}

function extremesOf(workspace: Workspace, isLeast: boolean, at: Positions, argument: Column): Column {
  const { count } = at;
  const key = { column: 0, descending: false, nullsFirst: isLeast };
  const schema = schemaOf([field("value", argument.type)]);
  const order = rowNumbers(workspace, count);
  new RowOrder(workspace, schema, [key]).sort([argument], order, count);
  const { u8, u32 } = workspace.account.memory;
  const places = new Float64Array(count);
  for (let place = 0; place < count; place++) places[u32[(order >>> 2) + place] as number] = place;
  // NULLs are never the least, nor the greatest.
  const none = isLeast ? Number.POSITIVE_INFINITY : -1;
  const value = (row: number): number => (isValid(u8, argument, row) ? (places[row] as number) : none);
  const found = slide(at, value, isLeast ? Math.min : Math.max);
  return takeAt(workspace, argument, count, (row) => {
    return found[row] === none ? -1 : (workspace.account.memory.u32[(order >>> 2) + (found[row] as number)] as number);
  });
}

/**
 * All values of each frame combined: those up to the middle from behind, which are kept, and those behind it in one; when the
 * frame has left the middle behind, there is a new one. Each value is combined twice, however long the frames are.
 */
function slide(
  { count, starts, frameStarts, frameEnds }: Positions,
  value: (row: number) => number,
  combine: (a: number, b: number) => number,
): Float64Array {
  const results = new Float64Array(count);
  const kept = new Float64Array(count);
  let middle = 0;
  let end = 0;
  let behind = Number.NaN;
  for (let row = 0; row < count; row++) {
    const from = frameStarts[row] as number;
    const to = frameEnds[row] as number;
    if (row === starts[row] || from >= middle) {
      middle = to;
      end = to;
      for (let i = to - 1; i >= from; i--) kept[i] = i === to - 1 ? value(i) : combine(value(i), kept[i + 1] as number);
    }
    for (; end < to; end++) behind = end === middle ? value(end) : combine(behind, value(end));
    results[row] = end === middle ? (kept[from] as number) : combine(kept[from] as number, behind);
  }
  return results;
}

function isValid(u8: Uint8Array, column: Column | null, row: number): boolean {
  return (
    column === null || column.validity === 0 || ((u8[column.validity + (row >> 3)] as number) & (1 << (row & 7))) !== 0
  );
}

function wideAt(i64: BigInt64Array, values: number, row: number): bigint {
  const at = (values >>> 3) + 2 * row;
  return ((i64[at + 1] as bigint) << 64n) | BigInt.asUintN(64, i64[at] as bigint);
}
