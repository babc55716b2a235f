// One column of a batch from whole values outside linear memory: typed arrays are copied whole, dictionaries keep their
// codes, everything else goes cell by cell (cells.ts). Buffers go to the step's arena or to a region of the column's own.
import { assert, SchemaError } from "../errors.js";
import type { Region } from "../wasm/memory.js";
import { markNull, ofRow, refuse, Target, writeCell } from "./cells.js";
import { align16, bitmapBytes, Column, ownedColumns, type Workspace } from "./column.js";
import { gatherElements, gatherFields, listOf } from "./nested.js";
import { bytesWriter } from "./strings.js";
import {
  childFields,
  childName,
  type Field,
  isNested,
  isTimestamp,
  layoutOf,
  type NestedType,
  unitsPerMs,
  widthOf,
} from "./types.js";
import { TIMESTAMP_MAX_MS, TIMESTAMP_MIN_MS } from "./values.js";

/**
 * A whole column from outside: values in row order (a typed array is the fast way), or with Arrow's validity bitmap
 * where values may be NULL (bit i, LSB first, is 1 when row i is valid), or codes into distinct values (code -1 is NULL).
 * Int64 values of a timestamp column are in its own unit, other numbers are milliseconds.
 */
export type ColumnData =
  | ArrayLike<unknown>
  | { readonly values: ArrayLike<unknown>; readonly validity: Uint8Array | null }
  | { readonly codes: ArrayLike<number>; readonly values: ArrayLike<unknown> };

/** Where a column's buffers go: the step's arena, or a region of its own that its owner releases. */
export type Lifetime = "arena" | "region";

/** One column's buffers: `validity │ offsets │ values`, each 16-byte aligned, in one block. */
export interface Block {
  readonly region: Region | null;
  readonly validity: number;
  readonly offsets: number;
  readonly values: number;
}

/** Room for `n` rows: a validity bitmap of ones, offsets and values of so many bytes. @throws MEMORY_LIMIT */
export function reserveBlock(
  { account }: Workspace,
  lifetime: Lifetime,
  n: number,
  bytes: { readonly offsets: number; readonly values: number },
): Block {
  const validityBytes = align16(bitmapBytes(n));
  const offsetsBytes = align16(bytes.offsets);
  const size = validityBytes + offsetsBytes + bytes.values;
  const region = lifetime === "region" ? account.region(size) : null;
  const validity = region?.ptr ?? account.arena.allocate(size);
  account.memory.u8.fill(0xff, validity, validity + validityBytes);
  const offsets = validity + validityBytes;
  return { region, validity, offsets, values: offsets + offsetsBytes };
}

/** Room for `n` values of fixed width or bits. */
export function reserveValues(workspace: Workspace, lifetime: Lifetime, field: Field, n: number): Block {
  const layout = layoutOf(field.type);
  const values = layout === "bool" ? bitmapBytes(n) : n * widthOf(layout);
  return reserveBlock(workspace, lifetime, n, { offsets: 0, values });
}

/** The column that a written block holds. */
export function columnOf(target: Target, block: Block, length: number, dictionary: Column | null = null): Column {
  const { values, region } = block;
  const validity = target.nulls > 0 ? target.validity : 0;
  return new Column({ type: target.field.type, length, values, validity, dictionary, region });
}

/**
 * Rows `start` to `end` of one column's values. Typed arrays over linear memory of columns that come later have to be
 * detached before (`detachData`), since this one may make memory grow.
 * @throws TYPE, OVERFLOW, TIME_RANGE, MEMORY_LIMIT with column and row.
 */
export function columnFromData(
  workspace: Workspace,
  field: Field,
  data: ColumnData,
  start: number,
  end: number,
  lifetime: Lifetime,
): Column {
  const length = end - start;
  const safe = detachData(workspace, data);
  if ("codes" in safe) return codedColumn(workspace, field, safe.codes, safe.values, start, length, lifetime);
  const { values, validity } = "validity" in safe ? safe : { values: safe, validity: null };
  assert(values.length >= end, `column "${field.name}": ${values.length} values for ${end} rows`);
  if (validity !== null && validity.length < bitmapBytes(end)) {
    throw new SchemaError(
      "TYPE",
      `column "${field.name}": a validity bitmap of ${validity.length} bytes for ${end} rows`,
      {
        hint: `it needs a bit a row: ${bitmapBytes(end)} bytes`,
      },
    );
  }
  const cell = (row: number) => (isValid(validity, start + row) ? values[start + row] : null);
  if (isNested(field.type)) return nestedColumn(workspace, field, cell, start, length, lifetime);
  if (layoutOf(field.type) === "utf8") return textColumn(workspace, field, cell, start, length, lifetime);
  const block = reserveValues(workspace, lifetime, field, length);
  return written(block, () => {
    const target = new Target(workspace.account.memory, field, block, start);
    if (ArrayBuffer.isView(values) && copyTyped(target, values as unknown as ArrayLike<unknown>, validity, length)) {
      if (validity !== null) copyValidity(target, validity, length);
    } else {
      for (let row = 0; row < length; row++) writeCell(target, row, cell(row));
    }
    return columnOf(target, block, length);
  });
}

/** Lists, maps or rows of `length` rows, from a function that gives each cell. */
export function nestedColumn(
  workspace: Workspace,
  field: Field,
  cell: (row: number) => unknown,
  firstRow: number,
  length: number,
  lifetime: Lifetime,
): Column {
  const { memory } = workspace.account;
  const type = field.type as NestedType;
  const counted = type.kind !== "row";
  const block = reserveBlock(workspace, lifetime, length, { offsets: counted ? (length + 1) * 4 : 0, values: 0 });
  return written(block, () => {
    const target = new Target(memory, field, block, firstRow);
    const gathered = type.kind === "row" ? null : gatherElements(target, type, block.offsets, cell, length);
    const cells = gathered === null ? gatherFields(target, childFields(type), cell, length) : [gathered];
    const rowOf = (element: number): number => {
      return firstRow + (counted ? listOf(memory.i32, block.offsets >>> 2, length, element) : element);
    };
    const children = childFields(type).map((child, index) => ({ child, cells: cells[index] as unknown[] }));
    const columns = makeColumns(lifetime, children, ({ child, cells }) => {
      // What is missing in a row was refused; what remains is missing with its row.
      const named = { ...child, name: childName(field.name, type, child), nullable: child.nullable || !counted };
      try {
        return columnFromData(workspace, named, cells, 0, cells.length, lifetime);
      } catch (error) {
        throw ofRow(error, rowOf);
      }
    });
    const validity = target.nulls > 0 ? block.validity : 0;
    const { offsets, region } = block;
    return new Column({ type, length, validity, values: 0, offsets: counted ? offsets : 0, children: columns, region });
  });
}

/** Columns of one lifetime; when one of those in regions cannot be made, the others go back. */
export function makeColumns<T>(lifetime: Lifetime, items: readonly T[], make: (item: T) => Column): Column[] {
  return lifetime === "arena" ? items.map(make) : ownedColumns(items.length, (index) => make(items[index] as T));
}

function codedColumn(
  workspace: Workspace,
  field: Field,
  codes: ArrayLike<number>,
  values: ArrayLike<unknown>,
  start: number,
  length: number,
  lifetime: Lifetime,
): Column {
  const distinct = { ...field, nullable: false };
  const dictionary = columnFromData(workspace, distinct, values, 0, values.length, lifetime);
  return written(dictionary, () => columnFromCodes(workspace, field, codes, dictionary, start, length, lifetime));
}

/** `length` codes from `start` into a dictionary column, whose reference the new column takes over. -1 is NULL. */
export function columnFromCodes(
  workspace: Workspace,
  field: Field,
  codes: ArrayLike<number>,
  dictionary: Column,
  start: number,
  length: number,
  lifetime: Lifetime,
): Column {
  const block = reserveBlock(workspace, lifetime, length, { offsets: 0, values: length * 4 });
  return written(block, () => {
    const target = new Target(workspace.account.memory, field, block, start);
    writeCodes(target, codes, dictionary.length, length);
    return columnOf(target, block, length, dictionary);
  });
}

/** Copies codes, each one checked: kernels gather by them. */
function writeCodes(target: Target, codes: ArrayLike<number>, size: number, length: number): void {
  const { i32 } = target.memory;
  const at = target.values >>> 2;
  for (let row = 0; row < length; row++) {
    const code = codes[target.firstRow + row] as number;
    if (Number.isInteger(code) && code >= 0 && code < size) i32[at + row] = code;
    else if (code === -1) {
      i32[at + row] = 0;
      markNull(target, row);
    } else refuse(target, row, code, "TYPE", `codes are 0 to ${size - 1}, and -1 for NULL`);
  }
}

/** Strings or bytes of `length` rows, from a function that gives each cell. */
export function textColumn(
  workspace: Workspace,
  field: Field,
  cell: (row: number) => unknown,
  firstRow: number,
  length: number,
  lifetime: Lifetime,
): Column {
  const { account } = workspace;
  const { memory } = account;
  // The size is known only at the end, so the bytes wait outside; the bitmap waits in a block of its own.
  const bitmap = bitmapBytes(length);
  const validity = account.allocate(bitmap);
  try {
    memory.u8.fill(0xff, validity, validity + bitmap);
    const target = new Target(memory, field, { values: 0, validity }, firstRow);
    writeText(target, cell, length);
    const offsetsBytes = (length + 1) * 4;
    const block = reserveBlock(workspace, lifetime, length, { offsets: offsetsBytes, values: bytesWriter.byteLength });
    bytesWriter.copyTo(workspace, block.offsets, block.values);
    if (target.nulls > 0) memory.u8.copyWithin(block.validity, validity, validity + bitmap);
    const { values, offsets, region } = block;
    const nulls = target.nulls > 0 ? block.validity : 0;
    return new Column({ type: field.type, length, validity: nulls, offsets, values, region });
  } finally {
    account.free(validity, bitmap);
  }
}

function writeText(target: Target, cell: (row: number) => unknown, length: number): void {
  const binary = target.field.type.kind === "binary";
  bytesWriter.begin(length);
  for (let row = 0; row < length; row++) {
    const value = cell(row);
    if (typeof value === "string" && !binary) {
      if (!bytesWriter.write(value)) refuseText(target, row, value);
    } else if (value === null || value === undefined) {
      markNull(target, row);
      bytesWriter.skip();
    } else if (binary && value instanceof Uint8Array) {
      bytesWriter.append(value);
    } else refuse(target, row, value);
  }
}

/** @throws TYPE: the string has no UTF-8 form. */
export function refuseText(target: Target, row: number, value: string): never {
  refuse(target, row, value, "TYPE", "the string holds half of a surrogate pair: repair it, e.g. by toWellFormed()");
}

/**
 * Copies a typed array into a column whose values lie alike. False when they do not: then it goes cell by cell. Values
 * under a 0 bit of `validity` are not looked at.
 */
function copyTyped(target: Target, values: ArrayLike<unknown>, validity: Uint8Array | null, length: number): boolean {
  const { type } = target.field;
  const { kind } = type;
  const whole = kind === "int64" || kind === "interval";
  const time = isTimestamp(type) && (type.precision === 3 || type.precision === 6);
  if (values instanceof Float64Array && (whole || (time && unitsPerMs(type) === 1))) {
    writeWhole(target, values, validity, length);
    return true;
  }
  const alike =
    (values instanceof Float64Array && kind === "float64") ||
    (values instanceof Float32Array && kind === "float32") ||
    (values instanceof Int32Array && kind === "int32") ||
    (values instanceof Int16Array && kind === "int16") ||
    (values instanceof Int8Array && kind === "int8") ||
    (values instanceof BigInt64Array && (whole || time));
  if (!alike) return false;
  const { buffer, byteOffset, BYTES_PER_ELEMENT: width } = values;
  const bytes = new Uint8Array(buffer, byteOffset + target.firstRow * width, length * width);
  target.memory.u8.set(bytes, target.values);
  if (time) checkTimes(target, values, validity, length);
  return true;
}

/** Doubles that are whole numbers, as i64 in two halves. */
function writeWhole(target: Target, values: Float64Array, validity: Uint8Array | null, length: number): void {
  const { memory, firstRow, field } = target;
  const [min, max] = isTimestamp(field.type)
    ? [TIMESTAMP_MIN_MS, TIMESTAMP_MAX_MS]
    : [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  const { i32 } = memory;
  const at = target.values >>> 2;
  for (let row = 0; row < length; row++) {
    const value = values[firstRow + row] as number;
    if (value >= min && value <= max && Number.isInteger(value)) {
      const low = value >>> 0;
      i32[at + 2 * row] = low;
      i32[at + 2 * row + 1] = (value - low) / 4_294_967_296;
    } else if (isValid(validity, firstRow + row)) writeCell(target, row, value);
  }
}

/** Timestamps copied as they came lie in the years that a timestamp has; the upper halves decide nearly all of them. */
function checkTimes(target: Target, values: ArrayLike<unknown>, validity: Uint8Array | null, length: number): void {
  const perMs = unitsPerMs(target.field.type);
  const min = Math.floor((TIMESTAMP_MIN_MS * perMs) / 4_294_967_296) + 1;
  const max = Math.floor((TIMESTAMP_MAX_MS * perMs) / 4_294_967_296) - 1;
  const { i32 } = target.memory;
  const at = (target.values >>> 2) + 1;
  for (let row = 0; row < length; row++) {
    const upper = i32[at + 2 * row] as number;
    if ((upper < min || upper > max) && isValid(validity, target.firstRow + row)) {
      writeCell(target, row, values[target.firstRow + row]);
    }
  }
}

/** Marks the rows NULL whose bits are 0. @throws TYPE in a NOT NULL column. */
export function copyValidity(target: Target, validity: Uint8Array, length: number): void {
  for (let row = 0; row < length; ) {
    const at = target.firstRow + row;
    if (at % 8 === 0 && row + 8 <= length && validity[at / 8] === 0xff) row += 8;
    else {
      if (!isValid(validity, at)) markNull(target, row);
      row++;
    }
  }
}

/** Whether bit `row` of a bitmap is set; without bitmap every row is valid. */
export function isValid(validity: Uint8Array | null, row: number): boolean {
  return validity === null || (((validity[row >>> 3] as number) >> (row & 7)) & 1) === 1;
}

/** What `write` makes; when it throws, the region reserved for it goes back. */
export function written<T>({ region }: { readonly region: Region | null }, write: () => T): T {
  try {
    return write();
  } catch (error) {
    region?.release();
    throw error;
  }
}

/**
 * The same values, safe from what is reserved next: views of linear memory are copied, since `memory.grow` would take it
 * away under them.
 */
export function detachData(workspace: Workspace, data: ColumnData): ColumnData {
  const { buffer } = workspace.account.memory.wasm;
  const detach = <T extends ArrayLike<unknown>>(values: T): T =>
    ArrayBuffer.isView(values) && values.buffer === buffer
      ? ((values as unknown as Uint8Array).slice() as unknown as T)
      : values;
  if ("codes" in data) return { codes: detach(data.codes), values: detach(data.values) };
  if (!("validity" in data)) return detach(data);
  return { values: detach(data.values), validity: data.validity === null ? null : detach(data.validity) };
}

/** @throws TYPE for what is no column: neither values, nor those with their validity or codes. */
export function checkColumnData(name: string, data: ColumnData): void {
  if (isArrayLike(data)) return;
  const given: unknown = data;
  if (typeof given !== "object" || given === null) {
    throw notValues(name, `is ${given === null ? "null" : `a ${typeof given}`}, not its values`);
  }
  const { values, validity = null, codes } = given as { values?: unknown; validity?: unknown; codes?: unknown };
  if (!isArrayLike(values)) throw notValues(name, "has no list of values");
  if ("codes" in given ? !isArrayLike(codes) : !("validity" in given))
    throw notValues(name, "has neither validity nor codes");
  if (validity !== null && !(validity instanceof Uint8Array)) throw notValues(name, "has a validity that is no bitmap");
}

function isArrayLike(data: unknown): boolean {
  return typeof data === "object" && data !== null && Number.isSafeInteger((data as ArrayLike<unknown>).length);
}

function notValues(name: string, fault: string): SchemaError {
  return new SchemaError("TYPE", `column "${name}" ${fault}`, {
    hint: "give an array, a typed array, { values, validity: Uint8Array or null }, or { codes, values }",
  });
}

/** Rows that columns given by name have. @throws TYPE when they differ in length. */
export function columnsRowCount(columns: Readonly<Record<string, ColumnData>>): number {
  let rowCount = 0;
  let first: string | null = null;
  for (const [name, data] of Object.entries(columns)) {
    checkColumnData(name, data);
    const { length } = "codes" in data ? data.codes : "validity" in data ? data.values : data;
    if (first === null) {
      first = name;
      rowCount = length;
    } else if (length !== rowCount) {
      throw new SchemaError("TYPE", `column "${name}" has ${length} rows, "${first}" has ${rowCount}`, {
        hint: "all columns of a batch are equally long",
      });
    }
  }
  return rowCount;
}
