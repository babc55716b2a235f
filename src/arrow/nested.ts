// Nested JS values taken apart: the arrays, maps and objects of one column become the cells of its child columns
// (columns.ts), which are then written like any others.
//
//     ARRAY   an array or typed array          MAP   a Map, or with STRING keys a plain object
//     ROW     an object by field name, or an array by position; missing fields are NULL, others are ignored
import { fieldOf, markNull, refuse, type Target } from "./cells.js";
import type { DataType, Field } from "./types.js";

/**
 * Writes the offsets of `length` lists or maps to `offsets`, marks NULLs and gives the elements of all rows in order.
 * @throws TYPE for what is no list or map
 */
export function gatherElements(
  target: Target,
  type: Extract<DataType, { kind: "array" | "map" }>,
  offsets: number,
  cell: (row: number) => unknown,
  length: number,
): unknown[] {
  const elements: unknown[] = [];
  const byName = type.kind === "map" && type.key.type.kind === "string";
  const ends = target.memory.i32;
  const at = (offsets >>> 2) + 1;
  ends[at - 1] = 0;
  for (let row = 0; row < length; row++) {
    const value = cell(row);
    if (value === null || value === undefined) markNull(target, row);
    else if (type.kind === "array") {
      if (!isList(value)) refuse(target, row, value);
      for (let i = 0; i < value.length; i++) elements.push(value[i]);
    } else if (value instanceof Map) {
      for (const [key, entry] of value) elements.push({ key, value: entry });
    } else {
      if (!byName || !isRecord(value)) refuse(target, row, value, "TYPE", "give a Map");
      for (const key of Object.keys(value)) elements.push({ key, value: value[key] });
    }
    ends[at + row] = elements.length;
  }
  return elements;
}

/** Marks NULLs and gives the cells of each field. @throws TYPE for what is no row, and for NULL in a NOT NULL field */
export function gatherFields(
  target: Target,
  fields: readonly Field[],
  cell: (row: number) => unknown,
  length: number,
): unknown[][] {
  const cells = fields.map((): unknown[] => new Array(length).fill(null));
  for (let row = 0; row < length; row++) {
    const value = cell(row);
    if (value === null || value === undefined) {
      markNull(target, row);
      continue;
    }
    if (!Array.isArray(value) && !isRecord(value)) refuse(target, row, value);
    for (let index = 0; index < fields.length; index++) {
      const { name, nullable } = fields[index] as Field;
      const inner: unknown = Array.isArray(value) ? value[index] : fieldOf(value, name);
      if (!nullable && (inner === null || inner === undefined)) {
        refuse(target, row, value, "TYPE", `its field "${name}" is NOT NULL: give it a value`);
      }
      (cells[index] as unknown[])[row] = inner;
    }
  }
  return cells;
}

/** The list that element number `element` lies in: the last one that does not begin behind it. */
export function listOf(offsets: Int32Array, at: number, length: number, element: number): number {
  let low = 0;
  let high = length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[at + middle + 1] as number) > element) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** An array, or a typed array. */
export function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** An object with fields of its own: none of those that stand for one value or for a list. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || isList(value)) return false;
  return !(value instanceof Date || value instanceof Map || value instanceof DataView);
}
