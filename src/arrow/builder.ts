// JS values → batches, by schema: exact and checked. One writer a column is chosen before its loop; a value that does not
// fit ends with TYPE, OVERFLOW or TIME_RANGE naming column and row, never with a rounded one.
import { DataError, type ErrorCode } from "../errors.js";
import { Batch, bitmapBytes, Column, type Workspace } from "./batch.js";
import { type DataType, type Field, type Schema, typeName, unitsPerMs, widthOf } from "./types.js";
import {
  DATE_MAX,
  DATE_MIN,
  MS_PER_DAY,
  microseconds,
  parseDate,
  parseDecimal,
  parseTime,
  parseTimestamp,
} from "./values.js";

/** Values of one column in row order, or codes into distinct values (a code's row is NULL where the code is −1). */
export type ColumnData = ArrayLike<unknown> | DictionaryData;

export interface DictionaryData {
  readonly codes: ArrayLike<number>;
  readonly values: ArrayLike<unknown>;
}

/** A column being written: where its values go, and which rows are NULL. */
interface Target {
  readonly workspace: Workspace;
  readonly field: Field;
  readonly values: number;
  readonly validity: number;
  nulls: number;
}

/** A batch in the arena, one `ColumnData` a field of the schema. @throws TYPE, OVERFLOW, TIME_RANGE with column and row. */
export function buildBatch(
  workspace: Workspace,
  schema: Schema,
  columns: readonly ColumnData[],
  rowCount: number,
): Batch {
  const built = schema.fields.map((field, index) =>
    buildColumn(workspace, field, columns[index] as ColumnData, rowCount),
  );
  return new Batch(workspace, schema, built, rowCount);
}

/** `n` values of one type, in the arena. */
export function buildColumn(workspace: Workspace, field: Field, data: ColumnData, n: number): Column {
  if ("codes" in data) return buildDictionary(workspace, field, data, n);
  const { arena, memory } = workspace.account;
  const { type } = field;
  const validity = arena.allocate(bitmapBytes(n));
  memory.u8.fill(0xff, validity, validity + bitmapBytes(n));
  const plain = { type, length: n };
  if (type.kind === "string" || type.kind === "binary") {
    const target: Target = { workspace, field, values: 0, validity, nulls: 0 };
    const { offsets, values } = writeBytes(target, data, n);
    return new Column({ ...plain, values, offsets, validity: target.nulls > 0 ? validity : 0 });
  }
  const column = new Column({ ...plain, values: 0 });
  const values = arena.allocateZeroed(column.layout === "bool" ? bitmapBytes(n) : n * widthOf(column.layout));
  const target: Target = { workspace, field, values, validity, nulls: 0 };
  writeValues(target, data, n);
  return new Column({ ...plain, values, validity: target.nulls > 0 ? validity : 0 });
}

function buildDictionary(workspace: Workspace, field: Field, data: DictionaryData, n: number): Column {
  const dictionary = buildColumn(workspace, { ...field, nullable: false }, data.values, data.values.length);
  const codes = { name: field.name, type: { kind: "int32" } as const, nullable: field.nullable };
  const rows = Array.from({ length: n }, (_, row) => (data.codes[row] === -1 ? null : data.codes[row]));
  const { values, validity } = buildColumn(workspace, codes, rows, n);
  return new Column({ type: field.type, length: n, values, validity, dictionary });
}

function writeValues(target: Target, data: ArrayLike<unknown>, n: number): void {
  const { type } = target.field;
  const { memory } = target.workspace.account;
  switch (type.kind) {
    case "boolean":
      return eachValue(target, data, n, (row, value) => {
        if (typeof value !== "boolean") refuse(target, row, value);
        if (value)
          memory.u8[target.values + (row >> 3)] = (memory.u8[target.values + (row >> 3)] as number) | (1 << (row & 7));
      });
    case "int8":
      return eachValue(target, data, n, (row, value) => {
        memory.i8[target.values + row] = integer(target, row, value, -128, 127);
      });
    case "int16":
      return eachValue(target, data, n, (row, value) => {
        memory.i16[(target.values >> 1) + row] = integer(target, row, value, -32768, 32767);
      });
    case "int32":
      return eachValue(target, data, n, (row, value) => {
        memory.i32[(target.values >> 2) + row] = integer(target, row, value, -(2 ** 31), 2 ** 31 - 1);
      });
    case "date":
      return eachValue(target, data, n, (row, value) => {
        memory.i32[(target.values >> 2) + row] = dateOf(target, row, value);
      });
    case "time":
      return eachValue(target, data, n, (row, value) => {
        const ms = typeof value === "string" ? parseTime(value) : value;
        if (ms === undefined) refuse(target, row, value);
        memory.i32[(target.values >> 2) + row] = integer(target, row, ms, 0, MS_PER_DAY - 1);
      });
    case "int64":
    case "interval":
      return eachValue(target, data, n, (row, value) => writeI64(target, row, value));
    case "timestamp":
    case "timestamp_ltz":
      return eachValue(target, data, n, (row, value) =>
        writeI64(target, row, timestampUnits(target, type, row, value)),
      );
    case "float32":
      return eachValue(target, data, n, (row, value) => {
        if (typeof value !== "number") refuse(target, row, value);
        memory.f32[(target.values >> 2) + row] = value;
      });
    case "float64":
      return eachValue(target, data, n, (row, value) => {
        if (typeof value !== "number") refuse(target, row, value);
        memory.f64[(target.values >> 3) + row] = value;
      });
    case "decimal":
      return eachValue(target, data, n, (row, value) => {
        const unscaled = unscaledOf(target, type, row, value);
        const at = (target.values >> 3) + row * (type.precision > 18 ? 2 : 1);
        memory.i64[at] = BigInt.asIntN(64, unscaled);
        if (type.precision > 18) memory.i64[at + 1] = unscaled >> 64n;
      });
    case "null":
      return eachValue(target, data, n, (row, value) => refuse(target, row, value));
    default:
      return refuse(target, 0, data[0]);
  }
}

function eachValue(
  target: Target,
  data: ArrayLike<unknown>,
  n: number,
  write: (row: number, value: unknown) => void,
): void {
  for (let row = 0; row < n; row++) {
    const value = data[row];
    if (value === null || value === undefined) markNull(target, row);
    else write(row, value);
  }
}

function markNull(target: Target, row: number): void {
  const { field, validity } = target;
  if (!field.nullable) refuse(target, row, null);
  const { u8 } = target.workspace.account.memory;
  u8[validity + (row >> 3)] = (u8[validity + (row >> 3)] as number) & ~(1 << (row & 7));
  target.nulls++;
}

function integer(target: Target, row: number, value: unknown, min: number, max: number): number {
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number)) return refuse(target, row, value);
  if (number < min || number > max) refuse(target, row, value, "OVERFLOW");
  return number;
}

function writeI64(target: Target, row: number, value: unknown): void {
  const { memory } = target.workspace.account;
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) refuse(target, row, value);
    const at = (target.values >> 2) + 2 * row;
    const low = value >>> 0;
    memory.u32[at] = low;
    memory.i32[at + 1] = (value - low) / 4294967296;
  } else if (typeof value === "bigint") {
    if (BigInt.asIntN(64, value) !== value) refuse(target, row, value, "OVERFLOW");
    memory.i64[(target.values >> 3) + row] = value;
  } else refuse(target, row, value);
}

function dateOf(target: Target, row: number, value: unknown): number {
  let days = typeof value === "string" ? parseDate(value) : value;
  if (value instanceof Date) days = value.getTime() / MS_PER_DAY;
  if (days === undefined) refuse(target, row, value);
  return integer(target, row, days, DATE_MIN, DATE_MAX);
}

function timestampUnits(target: Target, type: DataType & { precision: number }, row: number, value: unknown): unknown {
  if (typeof value === "string") {
    const units = parseTimestamp(value, type.precision, type.kind === "timestamp_ltz");
    return units ?? refuse(target, row, value);
  }
  const ms = value instanceof Date ? value.getTime() : value;
  if (typeof ms !== "number") return ms;
  if (!Number.isInteger(ms)) return refuse(target, row, value);
  return unitsPerMs(type) === 1 ? ms : microseconds(ms);
}

function unscaledOf(
  target: Target,
  type: DataType & { precision: number; scale: number },
  row: number,
  value: unknown,
): bigint {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint")
    return refuse(target, row, value);
  const unscaled = parseDecimal(String(value), type.precision, type.scale);
  if (typeof unscaled === "bigint") return unscaled;
  return refuse(target, row, value, unscaled === "precision" ? "OVERFLOW" : "TYPE");
}

/** Strings as UTF-8 and binary values: offsets and bytes. */
function writeBytes(target: Target, data: ArrayLike<unknown>, n: number): { offsets: number; values: number } {
  const { arena, memory } = target.workspace.account;
  const binary = target.field.type.kind === "binary";
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const offsets = arena.allocate((n + 1) * 4);
  let used = 0;
  memory.i32[offsets >> 2] = 0;
  for (let row = 0; row < n; row++) {
    const value = data[row];
    if (value === null || value === undefined) markNull(target, row);
    else {
      if (binary ? !(value instanceof Uint8Array) : typeof value !== "string") refuse(target, row, value);
      const part = typeof value === "string" ? encoder.encode(value) : (value as Uint8Array);
      parts.push(part);
      used += part.length;
    }
    memory.i32[(offsets >> 2) + row + 1] = used;
  }
  const values = arena.allocate(used);
  let at = values;
  for (const part of parts) {
    memory.u8.set(part, at);
    at += part.length;
  }
  return { offsets, values };
}

function refuse(target: Target, row: number, value: unknown, code: ErrorCode = "TYPE"): never {
  const { field } = target;
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  const wanted = `${typeName(field.type)}${value === null ? " NOT NULL" : ""}`;
  throw new DataError(code, `column "${field.name}" row ${row}: ${shown} is no ${wanted}`, {
    hint: "correct the value or the column's type in the schema",
    at: { row, field: field.name },
  });
}
