// Nested columns → the entries of their leaves (Dremel's levels; parquet-format, Nested Encoding): what parquet-nested.ts puts
// together again. Every value of a leaf is an entry, and so is every NULL and every empty list above it.
import type { Column, Workspace } from "../arrow/column.js";
import { isValid } from "../arrow/columns.js";
import { compactColumn, takeColumn } from "../arrow/take.js";
import type { ShapeNode } from "./parquet-shape.js";

/** The entries of one leaf for some rows. */
export interface LeafEntries {
  readonly repetitions: Uint8Array;
  readonly definitions: Uint8Array;
  /** The values of those that have one, in the arena. */
  readonly values: Column;
}

/** Entries as far as they are known above a node: `rows` are rows of its column, −1 for those that end above it. */
interface Slots {
  readonly repetitions: Uint8Array;
  readonly definitions: Uint8Array;
  readonly rows: Int32Array;
}

/** The entries of every leaf below a column, in the order of the leaves. */
export function shredColumn(workspace: Workspace, node: ShapeNode, column: Column): LeafEntries[] {
  const { length } = column;
  const rows = Int32Array.from({ length }, (_, row) => row);
  const start = { repetitions: new Uint8Array(length), definitions: new Uint8Array(length), rows };
  const leaves: LeafEntries[] = [];
  shred(workspace, node, compactColumn(workspace, column), start, leaves);
  return leaves;
}

function shred(workspace: Workspace, node: ShapeNode, column: Column, around: Slots, leaves: LeafEntries[]): void {
  const slots = node.nullable ? withoutNulls(workspace, node, column, around) : around;
  const { children } = column;
  if (node.kind === "leaf") {
    leaves.push({ ...slots, values: valuesOf(workspace, column, slots.rows) });
  } else if (node.kind === "row") {
    node.children.forEach((child, index) => {
      shred(workspace, child, children[index] as Column, slots, leaves);
    });
  } else {
    shred(workspace, node.child, children[0] as Column, elementSlots(workspace, node, column, slots), leaves);
  }
}

/** The entries go on where the column is not NULL, one level up. */
function withoutNulls({ account }: Workspace, { definition }: ShapeNode, column: Column, around: Slots): Slots {
  const { u8 } = account.memory;
  const validity = column.validity === 0 ? null : u8.subarray(column.validity);
  const definitions = around.definitions.slice();
  const rows = around.rows.slice();
  for (let entry = 0; entry < rows.length; entry++) {
    const row = rows[entry] as number;
    if (row < 0) continue;
    if (isValid(validity, row)) definitions[entry] = definition;
    else rows[entry] = -1;
  }
  return { ...around, definitions, rows };
}

/** An entry an element, one level up; a list without any ends. */
function elementSlots(
  { account }: Workspace,
  { definition, repetition }: ShapeNode & { kind: "list" },
  { offsets }: Column,
  slots: Slots,
): Slots {
  const { i32 } = account.memory;
  const at = offsets >>> 2;
  let count = 0;
  for (const row of slots.rows) {
    count += row < 0 ? 1 : Math.max(1, (i32[at + row + 1] as number) - (i32[at + row] as number));
  }
  const repetitions = new Uint8Array(count);
  const definitions = new Uint8Array(count);
  const rows = new Int32Array(count);
  let to = 0;
  for (let entry = 0; entry < slots.rows.length; entry++) {
    const row = slots.rows[entry] as number;
    const first = row < 0 ? 0 : (i32[at + row] as number);
    const end = row < 0 ? 0 : (i32[at + row + 1] as number);
    repetitions[to] = slots.repetitions[entry] as number;
    definitions[to] = slots.definitions[entry] as number;
    rows[to] = -1;
    for (let element = first; element < end; element++) {
      if (element > first) repetitions[to] = repetition;
      definitions[to] = definition + 1;
      rows[to] = element;
      if (element < end - 1) to++;
    }
    to++;
  }
  return { repetitions, definitions, rows };
}

function valuesOf(workspace: Workspace, column: Column, rows: Int32Array): Column {
  const { arena, memory } = workspace.account;
  const selection = arena.allocate(rows.length * 4);
  const { u32 } = memory;
  let count = 0;
  for (const row of rows) if (row >= 0) u32[(selection >>> 2) + count++] = row;
  return count === column.length ? column : takeColumn(workspace, column, selection, count);
}
