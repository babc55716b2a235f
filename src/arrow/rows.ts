// Batches → JS values: columns as arrays, batches as row objects. The rules of the row edge:
//
//     BOOLEAN boolean │ TINYINT…INT, FLOAT, DOUBLE number │ STRING string │ BYTES Uint8Array (a copy) │ NULL null
//     BIGINT      number; beyond ±2^53 UNSAFE_INTEGER, or bigint throughout with { bigint: true }
//     DECIMAL     string with all digits of its scale
//     TIMESTAMP   Date up to precision 3, ISO text beyond ("…T00:00:00.000001", TIMESTAMP_LTZ with "Z")
//     DATE, TIME  ISO text │ INTERVAL milliseconds as number
//     ARRAY array │ MAP Map, in the order of its entries │ ROW plain object
//
// A row is a plain object whose columns are its own properties, whatever their names: `__proto__` too.
import { DataError } from "../errors.js";
import type { LinearMemory } from "../wasm/memory.js";
import type { Batch } from "./batch.js";
import type { Column } from "./column.js";
import { compactColumn } from "./take.js";
import { childFields, childName, type DataType, type Field, isNested } from "./types.js";
import { formatDate, formatDecimal, formatTime, formatTimestamp } from "./values.js";

/** What a cell is in JavaScript. */
export type Value = Scalar | readonly Value[] | ReadonlyMap<Value, Value> | NestedRow;

/** A cell that is not nested. */
export type Scalar = null | boolean | number | bigint | string | Date | Uint8Array;

/** A ROW as a plain object. */
export interface NestedRow {
  readonly [name: string]: Value;
}

type TimestampType = Extract<DataType, { kind: "timestamp" | "timestamp_ltz" }>;

export interface ReadOptions {
  /** BIGINT as bigint; false unless given. Without it a value beyond ±2^53 is UNSAFE_INTEGER. */
  readonly bigint?: boolean;
}

/** The rows of a batch as objects. @throws UNSAFE_INTEGER, TIME_RANGE with column and row. */
export function readRows(batch: Batch, options: ReadOptions = {}): Record<string, Value>[] {
  const { fields } = batch.schema;
  const template = templateOf(fields);
  const rows: Record<string, Value>[] = new Array(batch.rowCount);
  for (let row = 0; row < rows.length; row++) rows[row] = { ...template };
  for (let index = 0; index < fields.length; index++) {
    setField(rows, (fields[index] as Field).name, readColumn(batch, index, options));
  }
  return rows;
}

/** The values of one column in row order. @throws UNSAFE_INTEGER, TIME_RANGE with column and row. */
export function readColumn(batch: Batch, index: number, options: ReadOptions = {}): Value[] {
  const field = batch.schema.fields[index] as Field;
  return readValuesOf(batch.workspace.account.memory, readableColumn(batch, index), field, options);
}

/** Column `index` without dictionary, but for strings: those are read once a dictionary. May reserve memory. */
export function readableColumn(batch: Batch, index: number): Column {
  return compactColumn(batch.workspace, batch.column(index));
}

/** The values of a `readableColumn`. Reserves nothing. @throws UNSAFE_INTEGER, TIME_RANGE with column and row. */
export function readValuesOf(memory: LinearMemory, column: Column, field: Field, options: ReadOptions): Value[] {
  if (column.dictionary !== null) return readCodes(column, column.dictionary, memory);
  const reader: Reader = { memory, column, name: field.name, options };
  const values = column.children.length > 0 ? readNested(reader, field.type) : readValues(reader, field.type);
  if (column.validity !== 0) for (let row = 0; row < values.length; row++) if (isNull(reader, row)) values[row] = null;
  return values;
}

function setField(rows: Record<string, Value>[], name: string, values: readonly Value[]): void {
  for (let row = 0; row < rows.length; row++) (rows[row] as Record<string, Value>)[name] = values[row] as Value;
}

const templates = new WeakMap<readonly Field[], Record<string, Value>>();

/**
 * An object with the schema's columns, which V8 copies as a block (`{ ...template }`), several times faster than adding
 * the columns one by one. Each column holds a number first, then a string, so that its field is of the general kind from
 * the start, and rows need not be moved to another hidden class later.
 */
function templateOf(fields: readonly Field[]): Record<string, Value> {
  let template = templates.get(fields);
  if (template === undefined) {
    template = {};
    for (const { name } of fields) {
      // Defined, not assigned: to assign `__proto__` would set the prototype.
      Object.defineProperty(template, name, { value: 0, writable: true, enumerable: true, configurable: true });
    }
    for (const { name } of fields) template[name] = "";
    templates.set(fields, template);
  }
  return template;
}

/** Decoded dictionaries of strings. Such a column never changes, so its values are kept as long as it lives. */
const dictionaries = new WeakMap<Column, string[]>();

function readCodes({ values, length, validity }: Column, dictionary: Column, memory: LinearMemory): Value[] {
  let distinct = dictionaries.get(dictionary);
  if (distinct === undefined) {
    distinct = readStrings(dictionary, memory);
    dictionaries.set(dictionary, distinct);
  }
  const codes = memory.i32.subarray(values >>> 2, (values >>> 2) + length);
  const texts: Value[] = new Array(length);
  for (let row = 0; row < length; row++) {
    texts[row] = validity === 0 || isBitSet(memory, validity, row) ? (distinct[codes[row] as number] as string) : null;
  }
  return texts;
}

/** Lists, maps and rows: the children are read as whole columns, then cut. */
function readNested({ memory, column, name, options }: Reader, type: DataType): Value[] {
  const { length, children, offsets } = column;
  const fields = isNested(type) ? childFields(type) : [];
  const below = children.map((child, index): Value[] => {
    const field = fields[index] as Field;
    return readValuesOf(memory, child, { ...field, name: childName(name, type, field) }, options);
  });
  if (type.kind === "row") return readStructs(below, fields, length);
  const [elements = []] = below;
  const at = offsets >>> 2;
  const lists: Value[] = new Array(length);
  for (let row = 0; row < length; row++) {
    const list = elements.slice(memory.i32[at + row] as number, memory.i32[at + row + 1] as number);
    lists[row] = type.kind === "map" ? mapOfEntries(list as NestedRow[]) : list;
  }
  return lists;
}

function readStructs(columns: readonly Value[][], fields: readonly Field[], length: number): Value[] {
  const template = templateOf(fields);
  const rows: Record<string, Value>[] = new Array(length);
  for (let row = 0; row < length; row++) rows[row] = { ...template };
  fields.forEach(({ name }, index) => {
    setField(rows, name, columns[index] as Value[]);
  });
  return rows;
}

/** Of entries with one key the last counts, as in JSON. */
function mapOfEntries(entries: readonly NestedRow[]): ReadonlyMap<Value, Value> {
  const map = new Map<Value, Value>();
  for (const { key, value } of entries) map.set(key as Value, value as Value);
  return map;
}

/** One column being read. */
interface Reader {
  readonly memory: LinearMemory;
  readonly column: Column;
  readonly name: string;
  readonly options: ReadOptions;
}

/** The values of a column without dictionary; what stands under a NULL is read like the rest, but never refused. */
function readValues(reader: Reader, type: DataType): Value[] {
  const { memory, column, options } = reader;
  const { values, length } = column;
  switch (type.kind) {
    case "boolean":
      return Array.from({ length }, (_, row) => isBitSet(memory, values, row));
    case "int8":
      return copyNumbers(memory.i8.subarray(values, values + length));
    case "int16":
      return copyNumbers(memory.i16.subarray(values >>> 1, (values >>> 1) + length));
    case "int32":
      return copyNumbers(memory.i32.subarray(values >>> 2, (values >>> 2) + length));
    case "float32":
      return copyNumbers(memory.f32.subarray(values >>> 2, (values >>> 2) + length));
    case "float64":
      return copyDoubles(memory.f64.subarray(values >>> 3, (values >>> 3) + length));
    case "date":
      return Array.from(memory.i32.subarray(values >>> 2, (values >>> 2) + length), formatDate);
    case "time":
      return Array.from(memory.i32.subarray(values >>> 2, (values >>> 2) + length), formatTime);
    case "int64":
      return options.bigint ? readBigints(memory, column) : readIntegers(reader);
    case "interval":
      return readIntegers(reader);
    case "timestamp":
    case "timestamp_ltz":
      return type.precision <= 3 ? readDates(reader) : readTimestampTexts(memory, column, type);
    case "decimal":
      return type.precision <= 18
        ? readDecimals(memory, column, type.scale)
        : readWideDecimals(memory, column, type.scale);
    case "string":
      return readStrings(column, memory);
    case "binary":
      return readBytes(memory, column);
    default:
      return new Array(length).fill(null);
  }
}

function isBitSet({ u8 }: LinearMemory, bits: number, row: number): boolean {
  return (((u8[bits + (row >>> 3)] as number) >> (row & 7)) & 1) === 1;
}

function isNull({ column, memory }: Reader, row: number): boolean {
  return column.validity !== 0 && !isBitSet(memory, column.validity, row);
}

// Array.from takes ten times as long, and one loop for all five kinds of array three times.

function copyDoubles(values: Float64Array): Value[] {
  const copy: Value[] = new Array(values.length);
  for (let i = 0; i < copy.length; i++) copy[i] = values[i] as number;
  return copy;
}

function copyNumbers(values: Int8Array | Int16Array | Int32Array | Float32Array): Value[] {
  const copy: Value[] = new Array(values.length);
  for (let i = 0; i < copy.length; i++) copy[i] = values[i] as number;
  return copy;
}

// 64-bit values are read as two 32-bit halves: a BigInt64Array makes a bigint a cell and is ten times slower.

function readIntegers(reader: Reader): Value[] {
  const { memory, column, name } = reader;
  const { i32, u32 } = memory;
  const at = column.values >>> 2;
  const integers: Value[] = new Array(column.length);
  for (let row = 0; row < integers.length; row++) {
    const value = (i32[at + 2 * row + 1] as number) * 4_294_967_296 + (u32[at + 2 * row] as number);
    if (!Number.isSafeInteger(value) && !isNull(reader, row)) {
      const exact = memory.i64[(column.values >>> 3) + row] as bigint;
      throw new DataError("UNSAFE_INTEGER", `column "${name}", row ${row}: ${exact} is no safe JavaScript number`, {
        hint: "read the rows with { bigint: true }",
        at: { row, field: name },
      });
    }
    integers[row] = value;
  }
  return integers;
}

function readBigints({ i64 }: LinearMemory, { values, length }: Column): Value[] {
  return Array.from(i64.subarray(values >>> 3, (values >>> 3) + length));
}

/** A Date holds 100 million days around 1970 (ECMA-262), more than any calendar year of four digits needs. */
const DATE_LIMIT_MS = 8.64e15;

function readDates(reader: Reader): Value[] {
  const { memory, column, name } = reader;
  const { i32, u32 } = memory;
  const at = column.values >>> 2;
  const dates: Value[] = new Array(column.length);
  for (let row = 0; row < dates.length; row++) {
    const ms = (i32[at + 2 * row + 1] as number) * 4_294_967_296 + (u32[at + 2 * row] as number);
    if (Math.abs(ms) > DATE_LIMIT_MS && !isNull(reader, row)) {
      throw new DataError("TIME_RANGE", `column "${name}", row ${row}: ${ms} ms is beyond what a Date holds`, {
        hint: "cast the column to BIGINT to read its milliseconds",
        at: { row, field: name },
      });
    }
    dates[row] = new Date(ms);
  }
  return dates;
}

function readTimestampTexts({ i64 }: LinearMemory, { values, length }: Column, type: TimestampType): Value[] {
  const zone = type.kind === "timestamp_ltz" ? "Z" : "";
  const at = values >>> 3;
  return Array.from({ length }, (_, row) => formatTimestamp(i64[at + row] as bigint, type.precision) + zone);
}

function readDecimals({ i64 }: LinearMemory, { values, length }: Column, scale: number): Value[] {
  return Array.from(i64.subarray(values >>> 3, (values >>> 3) + length), (unscaled) => formatDecimal(unscaled, scale));
}

function readWideDecimals({ i64, u64 }: LinearMemory, { values, length }: Column, scale: number): Value[] {
  const at = values >>> 3;
  return Array.from({ length }, (_, row) => {
    return formatDecimal(((i64[at + 2 * row + 1] as bigint) << 64n) | (u64[at + 2 * row] as bigint), scale);
  });
}

function readBytes({ i32, u8 }: LinearMemory, { values, offsets, length }: Column): Value[] {
  const at = offsets >>> 2;
  return Array.from({ length }, (_, row) =>
    u8.slice(values + (i32[at + row] as number), values + (i32[at + row + 1] as number)),
  );
}

/** Strings are decoded together up to so many bytes: a call of TextDecoder costs as much as 100 bytes of its work. More
 * would save little, and each string keeps the text that it was cut from alive. */
const GROUP_BYTES = 4096;

/** A text that begins with U+FEFF keeps it. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function readStrings({ values, offsets: offsetsPtr, length }: Column, { i32, u8 }: LinearMemory): string[] {
  const texts: string[] = new Array(length);
  const offsets = i32.subarray(offsetsPtr >>> 2, (offsetsPtr >>> 2) + length + 1);
  const first = offsets[0] as number;
  // Copied: Chromium's TextDecoder refuses views of shared memory.
  const bytes = u8.slice(values + first, values + (offsets[length] as number));
  for (let start = 0; start < length; ) {
    const from = (offsets[start] as number) - first;
    let end = start + 1;
    while (end < length && (offsets[end + 1] as number) - first - from <= GROUP_BYTES) end++;
    const to = (offsets[end] as number) - first;
    const text = decoder.decode(bytes.subarray(from, to));
    // As many characters as bytes: all ASCII, so the offsets are good for the text too.
    const ascii = text.length === to - from;
    for (let row = start; row < end; row++) {
      const a = (offsets[row] as number) - first;
      const b = (offsets[row + 1] as number) - first;
      texts[row] = ascii ? text.slice(a - from, b - from) : decoder.decode(bytes.subarray(a, b));
    }
    start = end;
  }
  return texts;
}
