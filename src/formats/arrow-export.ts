// Batches → Arrow: record batches over the engine's memory, tables, IPC bytes.
import * as arrow from "apache-arrow";
import type { Batch } from "../arrow/batch.js";
import { bitmapBytes, type Column, type Workspace } from "../arrow/column.js";
import { compactColumn } from "../arrow/take.js";
import { childFields, type Field, type NestedType, type Schema } from "../arrow/types.js";
import { arrowFieldOf, arrowTypeOf, nestedArrowType } from "./arrow-types.js";

export interface ToArrowOptions {
  /** Copies every buffer, so that the result outlives the batch and the growth of memory. */
  readonly copy?: boolean;
}

/**
 * A persisted batch as an Arrow record batch. Without `copy` it is a view: good until the batch is released or the engine's
 * memory grows, whichever comes first. Copied in any case are DECIMALs up to 18 digits (64 bits here, 128 in Arrow),
 * dictionaries (once each), and the bytes of strings in shared memory, which Chromium's TextDecoder refuses.
 */
export function toArrow(batch: Batch, options: ToArrowOptions = {}): arrow.RecordBatch {
  return recordBatch(batch, options.copy === true, () => true);
}

/** A batch as a record batch of its schema's types: a view that is good until memory grows, without dictionaries. */
export function toPlainArrow(batch: Batch): arrow.RecordBatch {
  return recordBatch(batch, false, () => false);
}

/** Batches of one schema as a table, copied. Columns keep their dictionary when all batches share it. */
export function toTable(schema: Schema, batches: readonly Batch[]): arrow.Table {
  const shared = schema.fields.map((_, index) => {
    const dictionaries = new Set(batches.map((batch) => batch.column(index).dictionary));
    return dictionaries.size === 1;
  });
  const parts = batches.map((batch) => recordBatch(batch, true, (index) => shared[index] as boolean));
  const plain = schema.fields.map((field) => arrowFieldOf(field, arrowTypeOf(field.type)));
  return new arrow.Table(parts[0]?.schema ?? new arrow.Schema(plain), parts);
}

/** Batches of one schema as Arrow IPC: a stream, or with `file` a file that readers can seek in. */
export function writeIpc(schema: Schema, batches: readonly Batch[], format: "stream" | "file" = "stream"): Uint8Array {
  return arrow.tableToIPC(toTable(schema, batches), format);
}

function recordBatch(batch: Batch, copy: boolean, keepsDictionary: (index: number) => boolean): arrow.RecordBatch {
  // All columns before the first view: to compact or decode one reserves memory, whose growth takes views away.
  const columns = batch.schema.fields.map((_, index) => {
    const column = keepsDictionary(index) ? batch.column(index) : batch.plainColumn(index);
    return copy && column.children.length > 0 ? compactColumn(batch.workspace, batch.plainColumn(index)) : column;
  });
  const children = columns.map((column) => dataOf(batch.workspace, column, copy));
  const fields = batch.schema.fields.map((field, index) => arrowFieldOf(field, (children[index] as arrow.Data).type));
  const type = new arrow.Struct(fields);
  const data = arrow.makeData({ type, length: batch.rowCount, nullCount: 0, children });
  return new arrow.RecordBatch(new arrow.Schema(fields), data);
}

function dataOf(workspace: Workspace, column: Column, copy: boolean): arrow.Data {
  const { memory } = workspace.account;
  const { type, layout, length, values } = column;
  const view = <T extends { subarray(start: number, end: number): T; slice(): T }>(
    array: T,
    start: number,
    count: number,
    copied = copy,
  ): T => {
    const part = array.subarray(start, start + count);
    return copied ? part.slice() : part;
  };
  const bitmap = column.validity === 0 ? undefined : view(memory.u8, column.validity, bitmapBytes(length));
  const nulls = { length, nullCount: bitmap === undefined ? 0 : -1, nullBitmap: bitmap };
  if (column.dictionary !== null) {
    const dictionary = dictionaryOf(workspace, column.dictionary);
    const codes = view(memory.i32, values >>> 2, length);
    return arrow.makeData({ type: dictionary.type, ...nulls, data: codes, dictionary: dictionary.vector });
  }
  const as = arrowTypeOf(type);
  switch (layout) {
    case "bool":
      return arrow.makeData({ type: as as arrow.Bool, ...nulls, data: view(memory.u8, values, bitmapBytes(length)) });
    case "i8":
      return arrow.makeData({ type: as as arrow.Int8, ...nulls, data: view(memory.i8, values, length) });
    case "i16":
      return arrow.makeData({ type: as as arrow.Int16, ...nulls, data: view(memory.i16, values >>> 1, length) });
    case "i32":
      return arrow.makeData({ type: as as arrow.Int32, ...nulls, data: view(memory.i32, values >>> 2, length) });
    case "f32":
      return arrow.makeData({ type: as as arrow.Float32, ...nulls, data: view(memory.f32, values >>> 2, length) });
    case "f64":
      return arrow.makeData({ type: as as arrow.Float64, ...nulls, data: view(memory.f64, values >>> 3, length) });
    case "i64":
      if (type.kind === "decimal") return decimalData(workspace, column, as as arrow.Decimal, nulls);
      return arrow.makeData({ type: as as arrow.Int64, ...nulls, data: view(memory.i64, values >>> 3, length) });
    case "i128":
      return arrow.makeData({ type: as as arrow.Decimal, ...nulls, data: view(memory.u32, values >>> 2, 4 * length) });
    case "utf8": {
      const valueOffsets = view(memory.i32, column.offsets >>> 2, length + 1);
      const bytes = valueOffsets[length] as number;
      const data = view(memory.u8, values, bytes, copy || (memory.shared && type.kind === "string"));
      return arrow.makeData({ type: as as arrow.Utf8, ...nulls, valueOffsets, data });
    }
    case "none":
      return arrow.makeData({ type: as as arrow.Null, length });
    case "struct": {
      const { children, type: struct } = childrenOf(workspace, column, copy);
      return arrow.makeData({ type: struct as arrow.Struct, ...nulls, children });
    }
    case "list": {
      const { children, type: list } = childrenOf(workspace, column, copy);
      const valueOffsets = view(memory.i32, column.offsets >>> 2, length + 1);
      return arrow.makeData({ type: list as arrow.List, ...nulls, valueOffsets, child: children[0] as arrow.Data });
    }
  }
}

function childrenOf(workspace: Workspace, column: Column, copy: boolean) {
  const type = column.type as NestedType;
  const children = column.children.map((child) => dataOf(workspace, child, copy));
  const fields = childFields(type).map((field: Field, index) =>
    arrowFieldOf(field, (children[index] as arrow.Data).type),
  );
  return { children, type: nestedArrowType(type, fields) };
}

interface Nulls {
  readonly length: number;
  readonly nullCount: number;
  readonly nullBitmap: Uint8Array | undefined;
}

/** 64 bits → 128, the sign extended. Outside linear memory: to reserve there could take the views made before away. */
function decimalData({ account }: Workspace, column: Column, type: arrow.Decimal, nulls: Nulls): arrow.Data {
  const { i32 } = account.memory;
  const at = column.values >>> 2;
  const data = new Uint32Array(4 * column.length);
  for (let row = 0; row < column.length; row++) {
    const high = i32[at + 2 * row + 1] as number;
    data[4 * row] = i32[at + 2 * row] as number;
    data[4 * row + 1] = high;
    data.fill(high >> 31, 4 * row + 2, 4 * row + 4);
  }
  return arrow.makeData({ type, ...nulls, data });
}

interface ArrowDictionary {
  readonly type: arrow.Dictionary<arrow.Utf8, arrow.Int32>;
  readonly vector: arrow.Vector<arrow.Utf8>;
}

/** Dictionaries as Arrow has them, copied: batches that share a dictionary share its vector and its id. */
const dictionaries = new WeakMap<Column, ArrowDictionary>();

function dictionaryOf(workspace: Workspace, column: Column): ArrowDictionary {
  let dictionary = dictionaries.get(column);
  if (dictionary === undefined) {
    const vector = new arrow.Vector([dataOf(workspace, column, true) as arrow.Data<arrow.Utf8>]);
    dictionary = { type: new arrow.Dictionary(vector.type, new arrow.Int32()), vector };
    dictionaries.set(column, dictionary);
  }
  return dictionary;
}
