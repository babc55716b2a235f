// The events of the window benches: 10,000 rows a second of event time, 0 to 5 s of disorder (none late under a bound of 5 s),
// 1,000 keys. Every field is a hash of the row's number, in 32-bit arithmetic that SQL can repeat, so that a database makes
// the same rows by itself instead of being fed 10 million of them.
import type { Checksum } from "../harness.js";

export const KEY_COUNT = 1000;
export const ROWS_PER_MS = 10;
export const DISORDER_MS = 5000;
export const WINDOW_MS = 10_000;
/** 2026-01-01T00:00:00Z, a multiple of the window. */
export const START_MS = 1_767_225_600_000;
/** The raw 64-bit keys: far apart and beyond 32 bits, but exact in a double, so that plain loops need no BigInt. */
export const KEY_BASE = 1_000_000_000_000;
export const KEY_STEP = 7_919_000_017;

/** Which column is grouped by: small codes (i32), raw 64-bit numbers, or 11-byte strings. */
export type KeyKind = "codes" | "i64" | "strings";

/** The event of one row as JavaScript programs have it. */
export interface EventObject {
  readonly time: number;
  readonly key: number | string;
  readonly value: number;
}

export interface WindowEvents {
  readonly rows: number;
  readonly kind: KeyKind;
  /** Milliseconds since the epoch, whole numbers. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly keys: Int32Array | Float64Array | readonly string[];
}

/** A well-mixed 32-bit hash (multiply and shift, as in xxHash's finalizer); duckdb.ts writes the same in SQL. */
function mix(row: number): number {
  let hash = Math.imul(row, 0x9e3779b1) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca77) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae3d) >>> 0;
  return (hash ^ (hash >>> 16)) >>> 0;
}

const timeOf = (row: number) => START_MS + DISORDER_MS + Math.floor(row / ROWS_PER_MS) - (mix(row * 3) % DISORDER_MS);
const codeOf = (row: number) => mix(row * 3 + 1) % KEY_COUNT;
const amountOf = (row: number) => (mix(row * 3 + 2) % 10_000) / 100;

const rawKey = (code: number) => KEY_BASE + code * KEY_STEP;
const stringKey = (code: number) => `sensor-${String(code).padStart(4, "0")}`;

export function windowEvents(rows: number, kind: KeyKind): WindowEvents {
  const times = new Float64Array(rows);
  const values = new Float64Array(rows);
  const codes = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    times[row] = timeOf(row);
    values[row] = amountOf(row);
    codes[row] = codeOf(row);
  }
  return { rows, kind, times, values, keys: keysOf(codes, kind) };
}

function keysOf(codes: Int32Array, kind: KeyKind): WindowEvents["keys"] {
  if (kind === "codes") return codes;
  if (kind === "i64") return Float64Array.from(codes, rawKey);
  const names = Array.from({ length: KEY_COUNT }, (_, code) => stringKey(code));
  return Array.from(codes, (code) => names[code] as string);
}

/** One object a row, of the first `rows` rows. */
export function eventObjects(events: WindowEvents, rows: number): EventObject[] {
  return Array.from({ length: rows }, (_, row) => ({
    time: events.times[row] as number,
    key: events.keys[row] as number | string,
    value: events.values[row] as number,
  }));
}

/** COUNT, SUM, MIN, MAX and AVG by window and key over the first rows: the number of groups and the sum of each column. */
export function expectedWindows(rows: number): Checksum {
  const windows = Math.ceil((rows / ROWS_PER_MS + DISORDER_MS) / WINDOW_MS) + 1;
  const groups = windows * KEY_COUNT;
  const counts = new Float64Array(groups);
  const sums = new Float64Array(groups);
  const mins = new Float64Array(groups).fill(Number.POSITIVE_INFINITY);
  const maxs = new Float64Array(groups).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < rows; row++) {
    const group = Math.floor((timeOf(row) - START_MS) / WINDOW_MS) * KEY_COUNT + codeOf(row);
    const value = amountOf(row);
    counts[group] = (counts[group] as number) + 1;
    sums[group] = (sums[group] as number) + value;
    mins[group] = Math.min(mins[group] as number, value);
    maxs[group] = Math.max(maxs[group] as number, value);
  }
  const total = { groups: 0, count: 0, sum: 0, min: 0, max: 0, avg: 0 };
  for (let group = 0; group < groups; group++) {
    const count = counts[group] as number;
    if (count === 0) continue;
    total.groups++;
    total.count += count;
    total.sum += sums[group] as number;
    total.min += mins[group] as number;
    total.max += maxs[group] as number;
    total.avg += (sums[group] as number) / count;
  }
  return total;
}
