// The rows of a changelog on their way out: which rows, as which kind of change, gathered into batches.
import { Batch } from "../arrow/batch.js";
import { Column, type Workspace } from "../arrow/column.js";
import { concatColumns } from "../arrow/concat.js";
import { takeColumn } from "../arrow/take.js";
import { INT8, type Schema, widthOf } from "../arrow/types.js";
import type { OperatorContext, Output } from "./operator.js";

/** Gathers changes by row number, then emits them. Kinds are those of plan/changes.ts. */
export class ChangeRows {
  readonly #context: OperatorContext;
  readonly #schema: Schema;
  #kinds: number[] = [];
  #rows: number[] = [];

  /** `schema`: of what is emitted, the kind of change last. */
  constructor(context: OperatorContext, schema: Schema) {
    this.#context = context;
    this.#schema = schema;
  }

  /** Row `row` of what `emit` is given: the first columns, and behind them the second. */
  add(kind: number, row: number): void {
    this.#kinds.push(kind);
    this.#rows.push(row);
  }

  /** The listed rows of a column, in the arena. */
  take(column: Column, rows: readonly number[]): Column {
    const { workspace } = this.#context;
    return takeColumn(workspace, column, listOf(workspace, rows), rows.length);
  }

  /** What was added, in its order. `others` may have no rows. */
  emit(columns: readonly Column[], others: readonly Column[], out: Output): void {
    const { workspace, batchRowsMax } = this.#context;
    const { length } = this.#rows;
    const all = columns.map((column, index) => {
      const other = others[index];
      return other === undefined || other.length === 0
        ? column
        : concatColumns(workspace, column.type, [column, other]);
    });
    for (let from = 0; from < length; from += batchRowsMax) {
      const rows = this.#rows.slice(from, from + batchRowsMax);
      const list = listOf(workspace, rows);
      const kinds = workspace.account.arena.allocate(rows.length);
      workspace.account.memory.u8.set(this.#kinds.slice(from, from + batchRowsMax), kinds);
      const taken = all.map((column) => takeColumn(workspace, column, list, rows.length));
      taken.push(new Column({ type: INT8, length: rows.length, values: kinds }));
      out.emit(new Batch(workspace, this.#schema, taken, rows.length));
    }
    this.#kinds = [];
    this.#rows = [];
  }
}

function listOf({ account }: Workspace, rows: readonly number[]): number {
  const list = account.arena.allocate(rows.length * 4);
  account.memory.u32.set(rows, list >>> 2);
  return list;
}

/** Whether row `i` of some columns and row `j` of others of the same types are equal, bit for bit; texts by their bytes. */
export function sameRow(
  workspace: Workspace,
  left: readonly Column[],
  i: number,
  right: readonly Column[],
  j: number,
): boolean {
  return left.every((column, index) => sameValue(workspace, column, i, right[index] as Column, j));
}

function sameValue({ account }: Workspace, left: Column, i: number, right: Column, j: number): boolean {
  const { u8 } = account.memory;
  const valid = isValid(u8, left, i);
  if (valid !== isValid(u8, right, j)) return false;
  if (!valid || left.layout === "none") return true;
  if (left.layout === "bool") return bit(u8, left.values, i) === bit(u8, right.values, j);
  const [a, length] = bytesAt(account.memory.i32, left, i);
  const [b, otherLength] = bytesAt(account.memory.i32, right, j);
  if (length !== otherLength) return false;
  for (let at = 0; at < length; at++) if (u8[a + at] !== u8[b + at]) return false;
  return true;
}

function isValid(u8: Uint8Array, { validity }: Column, row: number): boolean {
  return validity === 0 || bit(u8, validity, row) === 1;
}

function bit(u8: Uint8Array, bitmap: number, row: number): number {
  return ((u8[bitmap + (row >> 3)] as number) >> (row & 7)) & 1;
}

/** Where a value's bytes lie, and how many they are. */
function bytesAt(i32: Int32Array, column: Column, row: number): readonly [at: number, length: number] {
  if (column.layout === "utf8") {
    const start = i32[(column.offsets >>> 2) + row] as number;
    return [column.values + start, (i32[(column.offsets >>> 2) + row + 1] as number) - start];
  }
  const width = widthOf(column.layout as Parameters<typeof widthOf>[0]);
  return [column.values + row * width, width];
}
