// The loops that read plain cells out of row objects, one function a kind of column. V8 then gives each loop the inline
// caches of its own columns: a loop that all columns share takes 1.8 times as long. They take rows and memory apart from
// the builder's objects, since V8 throws optimised code away when the hidden class of something that it has seen dies with
// its last instance, and builders come and go with their jobs.
import type { LinearMemory } from "../wasm/memory.js";
import { TIMESTAMP_MAX_MS, TIMESTAMP_MIN_MS } from "./values.js";

/** A column's name in row objects, its position in row arrays. */
export type Key = string | number;
export type KeyedRow = Readonly<Record<Key, unknown>>;

/**
 * Writes the cells `key` of `count` rows from `rows[start]` to the column at `values`, beginning with row `from`. Returns
 * the first row whose cell is not the plain case, which has to be written otherwise, or the count.
 */
export type RowLoop = (
  memory: LinearMemory,
  values: number,
  rows: readonly KeyedRow[],
  start: number,
  count: number,
  key: Key,
  from: number,
) => number;

/** Where no cell is plain. */
export const writeNone: RowLoop = (_memory, _values, _rows, _start, _count, _key, from) => from;

export const writeNumbers: RowLoop = ({ f64 }, values, rows, start, count, key, from) => {
  const at = values >>> 3;
  for (let row = from; row < count; row++) {
    const value = (rows[start + row] as KeyedRow)[key];
    if (typeof value !== "number") return row;
    f64[at + row] = value;
  }
  return count;
};

export const writeInts: RowLoop = ({ i32 }, values, rows, start, count, key, from) => {
  const at = values >>> 2;
  for (let row = from; row < count; row++) {
    const value = (rows[start + row] as KeyedRow)[key];
    if (typeof value !== "number" || (value | 0) !== value) return row;
    i32[at + row] = value;
  }
  return count;
};

/**
 * 2^52 + 2^51. Added to a whole number between ±2^51 it leaves the number in the double's low 52 bits: the bits are those
 * of SHIFT plus the number in two's complement, and only the high word of SHIFT is not zero. A number with a fraction
 * does not survive the way there and back.
 */
const SHIFT = 6_755_399_441_055_744;
const SHIFT_HIGH = 0x4338_0000;
const SHIFTED_MAX = 2 ** 51 - 1;

export const writeLongs: RowLoop = ({ f64, i32 }, values, rows, start, count, key, from) => {
  const at = values >>> 3;
  for (let row = from; row < count; row++) {
    const value = (rows[start + row] as KeyedRow)[key];
    if (typeof value !== "number" || !(value >= -SHIFTED_MAX && value <= SHIFTED_MAX)) return row;
    const shifted = value + SHIFT;
    if (shifted - SHIFT !== value) return row;
    f64[at + row] = shifted;
    i32[2 * (at + row) + 1] = (i32[2 * (at + row) + 1] as number) - SHIFT_HIGH;
  }
  return count;
};

/** TIMESTAMP(3): milliseconds, or dates. */
export const writeTimes: RowLoop = ({ f64, i32 }, values, rows, start, count, key, from) => {
  const at = values >>> 3;
  for (let row = from; row < count; row++) {
    const cell = (rows[start + row] as KeyedRow)[key];
    const value = typeof cell === "number" || !(cell instanceof Date) ? cell : cell.getTime();
    if (typeof value !== "number" || !(value >= TIMESTAMP_MIN_MS && value <= TIMESTAMP_MAX_MS)) return row;
    const shifted = value + SHIFT;
    if (shifted - SHIFT !== value) return row;
    f64[at + row] = shifted;
    i32[2 * (at + row) + 1] = (i32[2 * (at + row) + 1] as number) - SHIFT_HIGH;
  }
  return count;
};

/** Codes of known strings; strings that are not in `codes` yet are not the plain case. */
export function writeKnownCodes(
  { i32 }: LinearMemory,
  values: number,
  rows: readonly KeyedRow[],
  start: number,
  count: number,
  key: Key,
  from: number,
  codes: ReadonlyMap<unknown, number>,
): number {
  const at = values >>> 2;
  for (let row = from; row < count; row++) {
    const code = codes.get((rows[start + row] as KeyedRow)[key]);
    if (code === undefined) return row;
    i32[at + row] = code;
  }
  return count;
}

/** The first of the rows that is neither an object nor an array, or `end`. */
export function firstNoRow(rows: readonly unknown[], start: number, end: number): number {
  for (let row = start; row < end; row++) {
    const value = rows[row];
    if (typeof value !== "object" || value === null) return row;
  }
  return end;
}
