// Batches → JS values: one reader a column, chosen once. The rules of the row edge stand at `readValue`.
import type { Batch, Column } from "./batch.js";
import { formatDate, formatDecimal, formatTime, formatTimestamp, type Integer } from "./values.js";

/** What a cell is in JavaScript. */
export type Value = null | boolean | number | bigint | string | Date | Uint8Array;

/** A cell in its column's own units: integers, times and unscaled decimals as `number` while safe, else `bigint`. */
export function readCell(batch: Batch, index: number, row: number): null | boolean | Integer | string | Uint8Array {
  const column = batch.plainColumn(index);
  const { memory } = batch.workspace.account;
  if (isNull(batch, column, row)) return null;
  const { values } = column;
  switch (column.layout) {
    case "bool":
      return (((memory.u8[values + (row >> 3)] as number) >> (row & 7)) & 1) === 1;
    case "i8":
      return memory.i8[values + row] as number;
    case "i16":
      return memory.i16[(values >>> 1) + row] as number;
    case "i32":
      return memory.i32[(values >>> 2) + row] as number;
    case "i64":
      return shrink(memory.i64[(values >>> 3) + row] as bigint);
    case "i128": {
      const at = (values >>> 3) + 2 * row;
      return shrink(((memory.i64[at + 1] as bigint) << 64n) | (memory.u64[at] as bigint));
    }
    case "f32":
      return memory.f32[(values >>> 2) + row] as number;
    case "f64":
      return memory.f64[(values >>> 3) + row] as number;
    case "utf8": {
      const at = (column.offsets >>> 2) + row;
      const bytes = memory.u8.slice(values + (memory.i32[at] as number), values + (memory.i32[at + 1] as number));
      return column.type.kind === "binary" ? bytes : new TextDecoder().decode(bytes);
    }
    case "none":
      return null;
  }
}

/** A cell as text, as SQL would print it; null is null. */
export function readText(batch: Batch, index: number, row: number): string | null {
  const value = readCell(batch, index, row);
  const { type } = batch.column(index);
  if (value === null) return null;
  switch (type.kind) {
    case "date":
      return formatDate(value as number);
    case "time":
      return formatTime(value as number);
    case "timestamp":
    case "timestamp_ltz":
      return formatTimestamp(value as Integer, type.precision);
    case "decimal":
      return formatDecimal(value as Integer, type.scale);
    default:
      return String(value);
  }
}

function isNull(batch: Batch, column: Column, row: number): boolean {
  if (column.layout === "none") return true;
  if (column.validity === 0) return false;
  const byte = batch.workspace.account.memory.u8[column.validity + (row >> 3)] as number;
  return ((byte >> (row & 7)) & 1) === 0;
}

function shrink(value: bigint): Integer {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
