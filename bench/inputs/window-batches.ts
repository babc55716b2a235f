// The events of the window benches in linear memory, as the columns that a source would hand on, and the sums over results.
import { Batch } from "../../src/arrow/batch.js";
import { Column, type Workspace } from "../../src/arrow/column.js";
import { FLOAT64, field, INT32, INT64, type Schema, STRING, schemaOf, TIMESTAMP } from "../../src/arrow/types.js";
import { loadAllKernels } from "../../src/wasm/inline.js";
import { LinearMemory, MemoryAccount } from "../../src/wasm/memory.js";
import type { Checksum } from "../harness.js";
import { KEY_COUNT, type WindowEvents, windowEvents } from "./events.js";

/** How the key column lies in memory, or what is the matter with the values. */
export type Variant = "codes" | "dictionary" | "i64" | "strings" | "nulls" | "nans";

export interface WindowInput {
  readonly workspace: Workspace;
  readonly schema: Schema;
  /** All rows; cut them with `slice`. Columns: t, k, v. */
  readonly rows: Batch;
}

/** One row in so many is NULL or NaN in the variants that have them. */
export const ODD_EVERY = 16;

/** Rows in memory of their own. */
export async function windowInput(rowCount: number, variant: Variant): Promise<WindowInput> {
  const memory = new LinearMemory({ shared: true });
  const workspace = { account: new MemoryAccount(memory), kernels: await loadAllKernels(memory) };
  const events = windowEvents(rowCount, variant === "i64" ? "i64" : "codes");
  const t = workspace.account.allocate(rowCount * 8);
  const v = workspace.account.allocate(rowCount * 8);
  for (let row = 0; row < rowCount; row++) writeI64(memory, t, row, events.times[row] as number);
  memory.f64.set(events.values, v >>> 3);
  let validity = 0;
  if (variant === "nulls") {
    validity = workspace.account.allocate((rowCount + 7) >> 3);
    for (let at = 0; at < rowCount; at += 8) memory.u8[validity + (at >> 3)] = at % ODD_EVERY === 0 ? 0xfe : 0xff;
  }
  if (variant === "nans") for (let row = 0; row < rowCount; row += ODD_EVERY) memory.f64[(v >>> 3) + row] = Number.NaN;
  const key = keyColumn(workspace, events, variant);
  const schema = schemaOf([field("t", TIMESTAMP), field("k", key.type), field("v", FLOAT64)]);
  const columns = [
    new Column({ type: TIMESTAMP, length: rowCount, values: t }),
    key,
    new Column({ type: FLOAT64, length: rowCount, values: v, validity }),
  ];
  return { workspace, schema, rows: new Batch(workspace, schema, columns, rowCount) };
}

const stringKey = (code: number) => `sensor-${String(code).padStart(4, "0")}`;

function writeI64(memory: LinearMemory, ptr: number, row: number, value: number): void {
  const low = value >>> 0;
  const at = (ptr >>> 2) + 2 * row;
  memory.u32[at] = low;
  memory.i32[at + 1] = (value - low) / 2 ** 32;
}

function keyColumn({ account }: Workspace, events: WindowEvents, variant: Variant): Column {
  const { memory } = account;
  const { rows } = events;
  const keys = events.keys as Int32Array | Float64Array;
  if (variant === "i64") {
    const values = account.allocate(rows * 8);
    for (let row = 0; row < rows; row++) writeI64(memory, values, row, keys[row] as number);
    return new Column({ type: INT64, length: rows, values });
  }
  const names = Array.from({ length: KEY_COUNT }, (_, code) => stringKey(code));
  if (variant === "strings") {
    return textColumn(account, rows, (row) => names[keys[row] as number] as string);
  }
  const values = account.allocate(rows * 4);
  memory.i32.set(keys, values >>> 2);
  if (variant !== "dictionary") return new Column({ type: INT32, length: rows, values });
  const dictionary = textColumn(account, KEY_COUNT, (code) => names[code] as string);
  return new Column({ type: STRING, length: rows, values, dictionary });
}

function textColumn(account: MemoryAccount, rows: number, text: (row: number) => string): Column {
  const { memory } = account;
  const width = text(0).length;
  const offsets = account.allocate((rows + 1) * 4);
  const values = account.allocate(rows * width);
  for (let row = 0; row < rows; row++) {
    const bytes = text(row);
    for (let at = 0; at < width; at++) memory.u8[values + row * width + at] = bytes.charCodeAt(at);
    memory.i32[(offsets >>> 2) + row + 1] = (row + 1) * width;
  }
  memory.i32[offsets >>> 2] = 0;
  return new Column({ type: STRING, length: rows, values, offsets });
}

/** Sums over result columns: what every contender has to come to. */
export class Totals {
  readonly #totals = { groups: 0, count: 0, sum: 0, min: 0, max: 0, avg: 0 };

  /** Adds `count` results; addresses of i64 counts and of f64 columns. */
  add(memory: LinearMemory, count: number, columns: readonly [number, number, number, number, number]): void {
    const { u32, f64 } = memory;
    const [counts, sums, mins, maxs, avgs] = columns;
    const totals = this.#totals;
    totals.groups += count;
    for (let row = 0; row < count; row++) {
      totals.count += u32[(counts >>> 2) + 2 * row] as number;
      totals.sum += f64[(sums >>> 3) + row] as number;
      totals.min += f64[(mins >>> 3) + row] as number;
      totals.max += f64[(maxs >>> 3) + row] as number;
      totals.avg += f64[(avgs >>> 3) + row] as number;
    }
  }

  get checksum(): Checksum {
    return { ...this.#totals };
  }
}
