// Arrow → batches: tables and record batches of any chunking, slicing and index type, one copy a buffer. What lies alike is
// copied whole after its lengths and offsets were checked; other units and layouts are converted value by value.
import * as arrow from "apache-arrow";
import { Batch } from "../arrow/batch.js";
import {
  alignBits,
  arrowInvalid,
  columnFromBits,
  columnFromDecimals,
  columnFromFields,
  columnFromLists,
  columnFromOffsets,
} from "../arrow/buffers.js";
import type { Column, Workspace } from "../arrow/column.js";
import { columnFromCodes, columnFromData, isValid, type Lifetime } from "../arrow/columns.js";
import { readColumn, type Value } from "../arrow/rows.js";
import { childFields, type Field, type NestedType, schemaOf } from "../arrow/types.js";
import { DataError } from "../errors.js";
import { schemaFromArrow } from "./arrow-types.js";

/** One Arrow column being read. */
interface Source {
  readonly workspace: Workspace;
  readonly field: Field;
  readonly data: arrow.Data;
  /** Bit i is 1 when row i is valid; null: all are. */
  readonly validity: Uint8Array | null;
  readonly lifetime: Lifetime;
  readonly dictionaries: Dictionaries;
}

/** The values of each dictionary vector, and for strings a column of the distinct ones with the code of every entry. */
type Dictionaries = Map<arrow.Vector, { readonly values: readonly Value[]; readonly coded: CodedStrings | null }>;

interface CodedStrings {
  readonly column: Column;
  readonly codes: Int32Array;
}

/**
 * The rows of a table or record batch as batches, one a record batch; with lifetime `region` (the default) the caller
 * releases each of them.
 *
 * @throws UNSUPPORTED for types that columns do not carry, ARROW_INVALID for buffers that contradict themselves, TYPE for
 * times finer than microseconds, TIME_RANGE, MEMORY_LIMIT.
 */
export function fromArrow(
  workspace: Workspace,
  data: arrow.Table | arrow.RecordBatch,
  lifetime: Lifetime = "region",
): Batch[] {
  const schema = schemaFromArrow(data.schema);
  const parts = "batches" in data ? data.batches : [data];
  const dictionaries: Dictionaries = new Map();
  const batches: Batch[] = [];
  try {
    for (const part of parts) {
      const columns: Column[] = [];
      const batch = new Batch(workspace, schema, columns, part.numRows);
      batches.push(batch);
      schema.fields.forEach((field, index) => {
        const child = part.data.children[index] as arrow.Data;
        columns.push(columnFromArrow(workspace, field, child, lifetime, dictionaries));
      });
    }
    return batches;
  } catch (error) {
    if (lifetime === "region") for (const batch of batches) batch.release();
    throw error;
  } finally {
    for (const { coded } of dictionaries.values()) coded?.column.region?.release();
  }
}

function columnFromArrow(
  workspace: Workspace,
  field: Field,
  data: arrow.Data,
  lifetime: Lifetime,
  dictionaries: Dictionaries,
): Column {
  const { length, type, offset } = data;
  // An empty vector may have no buffers at all.
  if (length === 0) return columnFromData(workspace, field, [], 0, 0, lifetime);
  const hasNulls = data.nullBitmap !== undefined && data.nullBitmap !== null && data.nullBitmap.length > 0;
  const validity = hasNulls ? alignBits({ bytes: data.nullBitmap, offset }, length, field) : null;
  const source: Source = { workspace, field, data, validity, lifetime, dictionaries };
  switch (type.typeId) {
    case arrow.Type.Null:
      return columnFromData(workspace, field, new Array(length), 0, length, lifetime);
    case arrow.Type.Bool:
      return columnFromBits(workspace, field, { bytes: data.values, offset }, validity, length, lifetime);
    case arrow.Type.Decimal:
      return columnFromDecimals(workspace, field, data.values, validity, length, lifetime);
    case arrow.Type.Utf8:
    case arrow.Type.Binary:
      return bytesColumn(source, data.valueOffsets as Int32Array, data.values);
    case arrow.Type.LargeUtf8:
    case arrow.Type.LargeBinary:
      return bytesColumn(source, narrowOffsets(data.valueOffsets as unknown as BigInt64Array, field), data.values);
    case arrow.Type.FixedSizeBinary: {
      const { byteWidth } = type as arrow.FixedSizeBinary;
      return bytesColumn(
        source,
        Int32Array.from({ length: length + 1 }, (_, row) => row * byteWidth),
        data.values,
      );
    }
    case arrow.Type.Utf8View:
    case arrow.Type.BinaryView:
      return viewColumn(source);
    case arrow.Type.Dictionary:
      return dictionaryColumn(source);
    case arrow.Type.List:
    case arrow.Type.Map:
      return listColumn(source, data.valueOffsets as Int32Array);
    case arrow.Type.LargeList:
      return listColumn(source, narrowOffsets(data.valueOffsets as unknown as BigInt64Array, field));
    case arrow.Type.FixedSizeList: {
      const { listSize } = type as arrow.FixedSizeList;
      return listColumn(
        source,
        Int32Array.from({ length: length + 1 }, (_, row) => row * listSize),
      );
    }
    case arrow.Type.Struct:
      return structColumn(source);
    default:
      return columnFromData(workspace, field, { values: unitsOf(source), validity }, 0, length, lifetime);
  }
}

function listColumn({ workspace, field, data, validity, lifetime, dictionaries }: Source, offsets: Int32Array): Column {
  const [child] = data.children;
  const [element] = childFields(field.type as NestedType);
  if (child === undefined || element === undefined) throw arrowInvalid(field, "its elements are missing");
  const lists = { offsets, elements: child.length };
  return columnFromLists(workspace, field, lists, validity, data.length, lifetime, (start, count) => {
    return columnFromArrow(workspace, element, child.slice(start, count), lifetime, dictionaries);
  });
}

function structColumn({ workspace, field, data, validity, lifetime, dictionaries }: Source): Column {
  const { length } = data;
  return columnFromFields(workspace, field, validity, length, lifetime, (inner, index) => {
    const child = data.children[index];
    if (child === undefined || child.length < length)
      throw arrowInvalid(field, `its field "${inner.name}" is too short`);
    return columnFromArrow(
      workspace,
      inner,
      child.length === length ? child : child.slice(0, length),
      lifetime,
      dictionaries,
    );
  });
}

function bytesColumn(
  { workspace, field, data, validity, lifetime }: Source,
  offsets: Int32Array,
  bytes: Uint8Array,
): Column {
  return columnFromOffsets(workspace, field, offsets, bytes, validity, data.length, lifetime);
}

function narrowOffsets(offsets: BigInt64Array, field: Field): Int32Array {
  return Int32Array.from(offsets, (offset) => {
    if (offset < 0n || offset > 0x7fffffffn)
      throw arrowInvalid(field, `offset ${offset} is beyond the 2 GB of a batch`);
    return Number(offset);
  });
}

/** Bytes of a view that lie in the view itself (Arrow columnar format, "Variable-size Binary View Layout"). */
const INLINE_MAX = 12;

/** Views of 16 bytes: a length, then the bytes themselves or a prefix, the number of a buffer and an offset into it. */
function viewColumn(source: Source): Column {
  const { data, field, validity } = source;
  const { length, variadicBuffers } = data;
  const views = data.values as Uint8Array;
  if (views.length < 16 * length) throw arrowInvalid(field, `${views.length} bytes for ${length} views`);
  const fields = new DataView(views.buffer, views.byteOffset, views.length);
  const parts: Uint8Array[] = [];
  const offsets = new Int32Array(length + 1);
  for (let row = 0; row < length; row++) {
    const valid = isValid(validity, row);
    const size = valid ? fields.getInt32(16 * row, true) : 0;
    const inline = size <= INLINE_MAX;
    const buffer = inline ? views : variadicBuffers[fields.getInt32(16 * row + 8, true)];
    const start = inline ? 16 * row + 4 : fields.getInt32(16 * row + 12, true);
    if (size < 0 || start < 0 || buffer === undefined || start + size > buffer.length) {
      throw arrowInvalid(field, `the view of row ${row} points outside its buffers`);
    }
    parts.push(buffer.subarray(start, start + size));
    offsets[row + 1] = (offsets[row] as number) + size;
  }
  const bytes = new Uint8Array(offsets[length] as number);
  parts.forEach((part, row) => {
    bytes.set(part, offsets[row] as number);
  });
  return bytesColumn(source, offsets, bytes);
}

/** Numbers in the column's units; typed arrays stay what they are wherever the units agree. @throws TYPE, ARROW_INVALID */
function unitsOf(source: Source): ArrayLike<unknown> {
  const { data, field } = source;
  const { type, length } = data;
  const values = data.values as Int32Array | BigInt64Array;
  if (values.length < length) throw arrowInvalid(field, `${values.length} values for ${length} rows`);
  if (arrow.DataType.isFloat(type) && type.precision === arrow.Precision.HALF) {
    const vector = new arrow.Vector([data]);
    return Array.from({ length }, (_, row) => vector.get(row));
  }
  if (arrow.DataType.isDate(type)) return type.unit === arrow.DateUnit.DAY ? values : scaled(source, 1n, 86_400_000n);
  // Times, timestamps and durations: to milliseconds, or microseconds where the column has them.
  if (arrow.DataType.isTime(type) || arrow.DataType.isDuration(type) || arrow.DataType.isTimestamp(type)) {
    const stays = arrow.DataType.isTimestamp(type) && type.unit === arrow.TimeUnit.MICROSECOND;
    if (stays || type.unit === arrow.TimeUnit.MILLISECOND) return values;
    if (type.unit === arrow.TimeUnit.SECOND) return scaled(source, 1000n, 1n);
    const nanosecond = type.unit === arrow.TimeUnit.NANOSECOND;
    return scaled(source, 1n, nanosecond && !arrow.DataType.isTimestamp(type) ? 1_000_000n : 1000n);
  }
  return values;
}

/** Values × multiplier ÷ divisor, exactly; number for 32-bit columns. NULLs are left out. */
function scaled({ data, field, validity }: Source, multiplier: bigint, divisor: bigint): unknown[] {
  const values = data.values as ArrayLike<number | bigint>;
  const narrow = field.type.kind === "date" || field.type.kind === "time";
  return Array.from({ length: data.length }, (_, row) => {
    if (!isValid(validity, row)) return null;
    const product = BigInt(values[row] as number | bigint) * multiplier;
    if (product % divisor !== 0n) {
      throw new DataError(
        "TYPE",
        `column "${field.name}", row ${row}: ${String(values[row])} is finer than the column keeps`,
        {
          hint: "truncate the times before: columns keep microseconds at most, DATE whole days",
          at: { row, field: field.name },
        },
      );
    }
    const units = product / divisor;
    return narrow ? Number(units) : units;
  });
}

function dictionaryColumn(source: Source): Column {
  const { workspace, field, data, validity, lifetime } = source;
  const { length } = data;
  const indexes = data.values as ArrayLike<number | bigint>;
  if (indexes.length < length) throw arrowInvalid(field, `${indexes.length} codes for ${length} rows`);
  const { values, coded } = dictionaryOf(source);
  const codes = new Int32Array(length);
  for (let row = 0; row < length; row++) {
    const valid = isValid(validity, row);
    const index = valid ? Number(indexes[row]) : -1;
    if (valid && !(index >= 0 && index < values.length)) {
      throw arrowInvalid(field, `row ${row} has code ${index} of a dictionary of ${values.length}`);
    }
    codes[row] = index;
  }
  if (coded === null) {
    const plain = Array.from(codes, (code) => (code < 0 ? null : values[code]));
    return columnFromData(workspace, field, plain, 0, length, lifetime);
  }
  for (let row = 0; row < length; row++)
    codes[row] = codes[row] === -1 ? -1 : (coded.codes[codes[row] as number] as number);
  const column = columnFromCodes(workspace, field, codes, coded.column, 0, length, lifetime);
  coded.column.region?.retain();
  return column;
}

/** The dictionary of a column, read once for all batches that share it. Entries may repeat and may be NULL. */
function dictionaryOf({ workspace, field, data, lifetime, dictionaries }: Source) {
  const vector = data.dictionary;
  if (vector === undefined) throw arrowInvalid(field, "its dictionary is missing");
  let dictionary = dictionaries.get(vector);
  if (dictionary === undefined) {
    const entry = { ...field, nullable: true };
    const values = vector.data.flatMap((chunk) => {
      const column = columnFromArrow(workspace, entry, chunk, "region", dictionaries);
      const batch = new Batch(workspace, schemaOf([entry]), [column], chunk.length);
      const read = readColumn(batch, 0, { bigint: true });
      batch.release();
      return read;
    });
    const coded = field.type.kind === "string" ? codeStrings(workspace, entry, values, lifetime) : null;
    dictionary = { values, coded };
    dictionaries.set(vector, dictionary);
  }
  return dictionary;
}

function codeStrings(workspace: Workspace, field: Field, values: readonly Value[], lifetime: Lifetime): CodedStrings {
  const distinct = new Map<Value, number>();
  const codes = Int32Array.from(values, (value) => {
    if (value === null) return -1;
    const code = distinct.get(value) ?? distinct.size;
    distinct.set(value, code);
    return code;
  });
  const column = columnFromData(workspace, field, [...distinct.keys()], 0, distinct.size, lifetime);
  return { column, codes };
}
