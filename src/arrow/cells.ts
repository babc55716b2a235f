// One JS value into one cell of a column being built: exact, checked, by the column's type. The builder's fast loops leave
// to `writeCell` whatever is not the plain case: NULLs, dates, text, bigints, and everything that has to be refused.
import { DataError, type ErrorCode } from "../errors.js";
import type { LinearMemory } from "../wasm/memory.js";
import { type DataType, type Field, typeName, unitsPerMs } from "./types.js";
import {
  DATE_MAX,
  DATE_MIN,
  MS_PER_DAY,
  microseconds,
  parseDate,
  parseDecimal,
  parseTime,
  parseTimestamp,
  TIMESTAMP_MAX_MS,
  TIMESTAMP_MIN_MS,
} from "./values.js";

/**
 * A column being written: where its values and validity go. Nothing may be reserved in `memory` while it is written. A
 * class, because V8 drops the hidden class of a spread literal with its last instance, and the optimised loops with it.
 */
export class Target {
  readonly memory: LinearMemory;
  readonly field: Field;
  readonly values: number;
  /** Bitmap that began as all ones. */
  readonly validity: number;
  /** Row of the caller's data that row 0 comes from. */
  readonly firstRow: number;
  nulls = 0;

  constructor(
    memory: LinearMemory,
    field: Field,
    block: { readonly values: number; readonly validity: number },
    firstRow: number,
  ) {
    this.memory = memory;
    this.field = field;
    this.values = block.values;
    this.validity = block.validity;
    this.firstRow = firstRow;
  }
}

/**
 * Writes one cell of any type but strings, bytes and nested ones. `null` and `undefined` are NULL. Numbers stand for milliseconds in
 * timestamps and intervals, milliseconds of the day in TIME, days since 1970-01-01 in DATE; bigints in timestamps are in
 * the column's own unit.
 * @throws TYPE for another kind of value or digits that the type does not keep, OVERFLOW, TIME_RANGE.
 */
export function writeCell(target: Target, row: number, value: unknown): void {
  if (value === null || value === undefined) {
    markNull(target, row);
    return;
  }
  const { memory, values, field } = target;
  const { type } = field;
  switch (type.kind) {
    case "boolean": {
      if (typeof value !== "boolean") refuse(target, row, value);
      const at = values + (row >> 3);
      const bit = 1 << (row & 7);
      const byte = memory.u8[at] as number;
      memory.u8[at] = value ? byte | bit : byte & ~bit;
      break;
    }
    case "int8":
      memory.i8[values + row] = integerIn(target, row, value, -128, 127);
      break;
    case "int16":
      memory.i16[(values >>> 1) + row] = integerIn(target, row, value, -32_768, 32_767);
      break;
    case "int32":
      memory.i32[(values >>> 2) + row] = integerIn(target, row, value, -2_147_483_648, 2_147_483_647);
      break;
    case "date":
      memory.i32[(values >>> 2) + row] = daysOf(target, row, value);
      break;
    case "time":
      memory.i32[(values >>> 2) + row] = msOfDay(target, row, value);
      break;
    case "int64":
    case "interval":
      writeInteger(target, row, value);
      break;
    case "timestamp":
    case "timestamp_ltz":
      writeInteger(target, row, unitsOf(target, type, row, value));
      break;
    case "float32":
      writeFloat(target, row, numberOf(target, row, value));
      break;
    case "float64":
      memory.f64[(values >>> 3) + row] = numberOf(target, row, value);
      break;
    case "decimal":
      writeDecimal(target, type, row, value);
      break;
    default:
      refuse(target, row, value);
  }
}

/** How a message about a cell begins. */
function placeOf(name: string, row: number): string {
  return `column "${name}", row ${row}: `;
}

/** The error of a cell of a child column, told of the row that it is part of. */
export function ofRow(error: unknown, rowOf: (element: number) => number): unknown {
  if (!(error instanceof DataError) || error.at?.row === undefined || error.at.field === undefined) return error;
  const { code, message, hint, at } = error;
  const { row: element, field: name } = error.at;
  const row = rowOf(element);
  const what = message.slice(placeOf(name, element).length);
  return new DataError(code, placeOf(name, row) + what, {
    ...(hint === undefined ? {} : { hint }),
    at: { ...at, row },
  });
}

/** A field of an object. What objects inherit (`constructor`, `__proto__`) is no field. */
export function fieldOf(object: Readonly<Record<string | number, unknown>>, key: string | number): unknown {
  const value = object[key];
  const inherited = typeof value === "function" || key === "__proto__";
  return inherited && !Object.hasOwn(object, key) ? null : value;
}

/** Row `row` is NULL. @throws TYPE in a NOT NULL column. */
export function markNull(target: Target, row: number): void {
  const { field, validity, memory } = target;
  if (!field.nullable) refuse(target, row, null);
  const at = validity + (row >> 3);
  memory.u8[at] = (memory.u8[at] as number) & ~(1 << (row & 7));
  target.nulls++;
}

/** @throws the given code, naming column, row, value and type. */
export function refuse(target: Target, row: number, value: unknown, code: ErrorCode = "TYPE", hint?: string): never {
  const { field, firstRow } = target;
  const relation = code === "TYPE" ? "is no" : "does not fit";
  const what = value === null ? "NULL in a NOT NULL column" : `${showValue(value)} ${relation} ${typeName(field.type)}`;
  throw new DataError(code, placeOf(field.name, firstRow + row) + what, {
    hint: hint ?? "correct the value, or the column's type in the schema",
    at: { row: firstRow + row, field: field.name },
  });
}

const SHOWN_MAX = 60;

function showValue(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}…` : value);
  if (typeof value === "object")
    return value instanceof Date ? `Date(${value.getTime()})` : `an ${value?.constructor?.name ?? "object"}`;
  return String(value);
}

function integerIn(target: Target, row: number, value: unknown, min: number, max: number): number {
  const whole = typeof value === "bigint" ? Number(value) : value;
  if (typeof whole !== "number" || !Number.isInteger(whole)) return refuse(target, row, value);
  if (whole < min || whole > max) refuse(target, row, value, "OVERFLOW");
  return whole;
}

/** Writes an i64 as two 32-bit halves: a BigInt64Array would make a bigint a cell. */
function writeInteger(target: Target, row: number, value: unknown): void {
  const { memory, values } = target;
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) {
      refuse(target, row, value, "TYPE", Number.isInteger(value) ? "give integers beyond 2^53 as bigint" : undefined);
    }
    const low = value >>> 0;
    const at = (values >>> 2) + 2 * row;
    memory.u32[at] = low;
    memory.i32[at + 1] = (value - low) / 4_294_967_296;
  } else if (typeof value === "bigint") {
    if (BigInt.asIntN(64, value) !== value) refuse(target, row, value, "OVERFLOW");
    memory.i64[(values >>> 3) + row] = value;
  } else {
    refuse(target, row, value);
  }
}

function numberOf(target: Target, row: number, value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint" && BigInt(Number(value)) === value) return Number(value);
  return refuse(target, row, value);
}

/** Rounds to 32 bits, as FLOAT does; a finite number must stay one. */
function writeFloat(target: Target, row: number, value: number): void {
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) refuse(target, row, value, "OVERFLOW");
  target.memory.f32[(target.values >>> 2) + row] = value;
}

function daysOf(target: Target, row: number, value: unknown): number {
  if (typeof value === "string") return parseDate(value) ?? refuse(target, row, value);
  const days = value instanceof Date ? value.getTime() / MS_PER_DAY : value;
  if (typeof days !== "number" || !Number.isInteger(days)) {
    return refuse(target, row, value, "TYPE", "give YYYY-MM-DD, a Date at midnight UTC, or days since 1970-01-01");
  }
  if (days < DATE_MIN || days > DATE_MAX) refuse(target, row, value, "TIME_RANGE");
  return days;
}

function msOfDay(target: Target, row: number, value: unknown): number {
  const ms = typeof value === "string" ? parseTime(value) : value;
  if (typeof ms !== "number" || !Number.isInteger(ms)) {
    return refuse(target, row, value, "TYPE", "give HH:MM:SS or whole milliseconds of the day");
  }
  if (ms < 0 || ms >= MS_PER_DAY) refuse(target, row, value, "TIME_RANGE");
  return ms;
}

type TimestampType = Extract<DataType, { kind: "timestamp" | "timestamp_ltz" }>;

/** A timestamp in its column's units: `number` while safe, else bigint. */
function unitsOf(target: Target, type: TimestampType, row: number, value: unknown): number | bigint {
  const perMs = unitsPerMs(type);
  if (typeof value === "string") {
    return parseTimestamp(value, type.precision, type.kind === "timestamp_ltz") ?? refuse(target, row, value);
  }
  if (typeof value === "bigint") {
    const ms = Number(value / BigInt(perMs));
    if (ms < TIMESTAMP_MIN_MS || ms > TIMESTAMP_MAX_MS) refuse(target, row, value, "TIME_RANGE");
    if (value % BigInt(10 ** ((perMs === 1 ? 3 : 6) - type.precision)) !== 0n) refuse(target, row, value);
    return value;
  }
  const ms = value instanceof Date ? value.getTime() : value;
  if (typeof ms !== "number" || !Number.isInteger(ms)) return refuse(target, row, value);
  if (ms < TIMESTAMP_MIN_MS || ms > TIMESTAMP_MAX_MS) refuse(target, row, value, "TIME_RANGE");
  if (type.precision < 3 && ms % 10 ** (3 - type.precision) !== 0) {
    refuse(target, row, value, "TYPE", "declare the column as TIMESTAMP(3) to keep its milliseconds");
  }
  return perMs === 1 ? ms : microseconds(ms);
}

function writeDecimal(target: Target, type: Extract<DataType, { kind: "decimal" }>, row: number, value: unknown): void {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint") refuse(target, row, value);
  const unscaled = parseDecimal(String(value), type.precision, type.scale);
  if (typeof unscaled === "string") refuse(target, row, value, unscaled === "precision" ? "OVERFLOW" : "TYPE");
  const { memory, values } = target;
  const wide = type.precision > 18;
  const at = (values >>> 3) + row * (wide ? 2 : 1);
  memory.i64[at] = unscaled;
  if (wide) memory.i64[at + 1] = unscaled >> 64n;
}
