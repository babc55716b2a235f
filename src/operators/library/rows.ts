// Functions that are computed row by row and take or give nested values: an ARRAY is a list of its elements, a MAP of its entries, a
// ROW of its fields.
import { Column } from "../../arrow/column.js";
import { decodeDictionary } from "../../arrow/take.js";
import { type DataType, type Field, isNested } from "../../arrow/types.js";
import { argumentTypes, scalarOf } from "../../plan/constant.js";
import type { BoundValue } from "../../plan/expr.js";
import { formatBound } from "../../plan/format-expr.js";
import { FUNCTIONS } from "../../plan/functions.js";
import type { Cell, CellFunction } from "../../plan/scalar/value.js";
import { cellReader, hasBit, vectorFrom } from "../evaluate/constants.js";
import { Evaluation, type Family, type Vector } from "../evaluate/evaluation.js";
import { collectRows, rowByRow } from "../evaluate/rows.js";

/** Any late function. */
export const lateRows: Family = (call, args) => {
  if (![call, ...call.args].some(({ type }) => isNested(type))) return rowByRow(call, args);
  const compute = scalarOf(call.fn) as CellFunction;
  const signature = { args: argumentTypes(call), type: call.type };
  const strict = FUNCTIONS.get(call.fn)?.nulls === "strict";
  return (run, rows) => {
    const readers = args.map((arg) => nestedReader(run, arg(run, rows)));
    const cells = collectRows<Cell>(
      run,
      rows,
      (row) => {
        const values = readers.map((read) => read(row));
        return strict && values.includes(null) ? null : compute(values, signature);
      },
      () => formatBound(call),
    );
    return run.vectorOf(columnOf(run, call.type, cells));
  };
};

/** Reads one row of a vector, nested or not. Nothing may be reserved while readers are used. */
function nestedReader(run: Evaluation, vector: Vector): (row: number) => Cell {
  if (!isNested(vector.type) || vector.constant) return isNested(vector.type) ? () => null : cellReader(run, vector);
  const { type, offsets, validity, children } = vector;
  const { memory } = run;
  const parts = children.map((child) => nestedReader(run, run.vectorOf(decodeDictionary(run.workspace, child))));
  const at = offsets >>> 2;
  const read =
    type.kind === "row"
      ? (row: number): Cell => parts.map((part) => part(row))
      : (row: number): Cell => {
          const [part] = parts as [(row: number) => Cell];
          const cells: Cell[] = [];
          const end = memory.i32[at + row + 1] as number;
          for (let i = memory.i32[at + row] as number; i < end; i++) cells.push(part(i));
          return cells;
        };
  return (row) => (hasBit(memory, validity, row) ? read(row) : null);
}

/** A column of these values, in the arena. */
function columnOf(run: Evaluation, type: DataType, cells: readonly Cell[]): Column {
  const inner = new Evaluation(run.workspace, cells.length, (index) => run.input(index));
  if (!isNested(type)) {
    const { values, validity, offsets } = vectorFrom(inner, type, cells as readonly BoundValue[]);
    return new Column({ type, length: cells.length, values, validity, offsets });
  }
  // A column of truth values has the bitmap that is asked for.
  const validity = cells.includes(null)
    ? vectorFrom(
        inner,
        { kind: "boolean" },
        cells.map((cell) => cell !== null),
      ).values
    : 0;
  const parts = { type, length: cells.length, values: 0, validity };
  const lists = cells.map((cell) => (cell ?? []) as readonly Cell[]);
  if (type.kind === "row") return new Column({ ...parts, children: structOf(run, type.fields, lists) });
  const elements = lists.flat();
  const element: DataType = type.kind === "array" ? type.element.type : { kind: "row", fields: [type.key, type.value] };
  const children = [columnOf(run, element, elements)];
  const offsets = run.arena.allocate((cells.length + 1) * 4);
  let used = 0;
  lists.forEach((list, row) => {
    run.memory.i32[(offsets >>> 2) + row] = used;
    used += list.length;
  });
  run.memory.i32[(offsets >>> 2) + cells.length] = used;
  return new Column({ ...parts, offsets, children });
}

/** A column a field. */
function structOf(run: Evaluation, fields: readonly Field[], rows: readonly (readonly Cell[])[]): Column[] {
  return fields.map(({ type }, index) => {
    return columnOf(
      run,
      type,
      rows.map((row) => row[index] ?? null),
    );
  });
}
