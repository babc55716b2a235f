// Batches → NDJSON bytes. Everything is exact: BIGINT and DECIMAL are written as numbers with all their digits, floats as
// the shortest text that reads back the same. What JSON has no notation for:
//
//     NaN, ±Infinity   the strings "NaN", "Infinity", "-Infinity", which the decoder reads back into FLOAT and DOUBLE
//                      (Jackson, and so Flink and Spark, write the same; DuckDB writes a bare NaN, which is no JSON)
//     −0               0: there is one zero
//     TIMESTAMP        "YYYY-MM-DD HH:MM:SS[.fraction]", TIMESTAMP_LTZ with a final Z; DATE and TIME likewise
//     BYTES            base64 │ INTERVAL milliseconds │ JSON text in a STRING column is a string
//     MAP              an object, keys that are no strings as their text; of equal keys readers take the last
import type { Batch } from "../arrow/batch.js";
import type { Column } from "../arrow/column.js";
import { childFields, childName, type DataType, type Field, type NestedType, type Schema } from "../arrow/types.js";
import {
  formatDecimal,
  formatTime,
  formatTimestamp,
  type Integer,
  TIMESTAMP_MAX_MS,
  TIMESTAMP_MIN_MS,
} from "../arrow/values.js";
import { DataError } from "../errors.js";
import type { LinearMemory } from "../wasm/memory.js";
import type { Encoder } from "./format.js";
import { type Cell, JsonWriter } from "./json-writer.js";
import { TextRows } from "./text-rows.js";

const encoder = new TextEncoder();
const NEWLINE = 0x0a;
const CLOSE = 0x7d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const LETTER_Z = 0x5a;

/** Encodes rows as lines of JSON objects; see `Encoder`. */
export class JsonEncoder implements Encoder {
  readonly #schema: Schema;
  readonly #writer = new JsonWriter();
  /** `{"first":`, `,"second":` … */
  readonly #keys: readonly Uint8Array[];
  readonly #rows: TextRows | null;

  constructor(schema: Schema) {
    this.#schema = schema;
    this.#keys = keysOf(schema.fields);
    const [rowEnd, none] = [encoder.encode("}\n"), encoder.encode("null")];
    this.#rows = TextRows.of(schema, { prefixes: this.#keys, rowEnd, none });
  }

  /** @throws TIME_RANGE for times before the year -9999 or after 9999 */
  encode(batch: Batch): Uint8Array<ArrayBuffer> {
    const writer = this.#writer;
    const { memory } = batch.workspace.account;
    const { fields } = this.#schema;
    const cell = (index: number) => cellOf(writer, memory, batch.plainColumn(index), fields[index] as Field);
    return (
      this.#rows?.encode(batch, writer, cell) ??
      this.#encodeByRow(
        batch,
        fields.map((_, index) => cell(index)),
      )
    );
  }

  #encodeByRow(batch: Batch, cells: readonly Cell[]): Uint8Array<ArrayBuffer> {
    const writer = this.#writer;
    const keys = this.#keys;
    for (let row = 0; row < batch.rowCount; row++) {
      if (keys.length === 0) writer.ascii("{");
      for (let index = 0; index < keys.length; index++) {
        writer.bytes(keys[index] as Uint8Array);
        (cells[index] as Cell)(row);
      }
      writer.byte(CLOSE);
      writer.byte(NEWLINE);
    }
    return writer.take();
  }

  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(0);
  }
}

/** `{"first":`, `,"second":` … */
function keysOf(fields: readonly Field[]): Uint8Array[] {
  return fields.map(({ name }, index) => encoder.encode(`${index === 0 ? "{" : ","}${JSON.stringify(name)}:`));
}

function cellOf(writer: JsonWriter, memory: LinearMemory, column: Column, field: Field): Cell {
  const write = valueCell(writer, memory, column, field);
  const { validity } = column;
  if (validity === 0) return write;
  return (row) => {
    const valid = ((memory.u8[validity + (row >> 3)] as number) >> (row & 7)) & 1;
    if (valid === 1) write(row);
    else writer.ascii("null");
  };
}

/** @param quoted - false for formats whose times and floats that are no numbers stand without quotes */
export function valueCell(writer: JsonWriter, memory: LinearMemory, column: Column, field: Field, quoted = true): Cell {
  const { type } = field;
  const { values } = column;
  switch (type.kind) {
    case "boolean":
      return (row) => writer.ascii(((memory.u8[values + (row >> 3)] as number) >> (row & 7)) & 1 ? "true" : "false");
    case "int8":
      return (row) => writer.integer(memory.i8[values + row] as number);
    case "int16":
      return (row) => writer.integer(memory.i16[(values >>> 1) + row] as number);
    case "int32":
      return (row) => writer.integer(memory.i32[(values >>> 2) + row] as number);
    case "int64":
    case "interval":
      return (row) => writeInteger(writer, integerAt(memory, values, row));
    case "float32":
      return (row) => writer.float(memory.f32[(values >>> 2) + row] as number, true, quoted);
    case "float64":
      return (row) => writer.float(memory.f64[(values >>> 3) + row] as number, false, quoted);
    case "decimal":
      return type.precision <= 18
        ? (row) => writer.ascii(formatDecimal(integerAt(memory, values, row), type.scale))
        : (row) => writer.ascii(formatDecimal(wideAt(memory, values, row), type.scale));
    case "string":
    case "binary":
      return textCell(writer, memory, column, type.kind === "binary");
    case "date":
      return (row) => {
        const days = memory.i32[(values >>> 2) + row] as number;
        checkTime(days * 86_400_000, field, row);
        if (quoted) writer.byte(QUOTE);
        writer.date(days);
        if (quoted) writer.byte(QUOTE);
      };
    case "time":
      return (row) => {
        const text = formatTime(memory.i32[(values >>> 2) + row] as number);
        writer.ascii(quoted ? `"${text}"` : text);
      };
    case "timestamp":
    case "timestamp_ltz":
      return timestampCell(writer, memory, values, field, quoted);
    case "array":
    case "map":
    case "row":
      return nestedCell(writer, memory, column, field, type);
    case "null":
      return () => writer.ascii("null");
  }
}

function nestedCell(writer: JsonWriter, memory: LinearMemory, column: Column, { name }: Field, type: NestedType): Cell {
  const cells = childFields(type).map((child, index) => {
    const named = { ...child, name: childName(name, type, child) };
    const inner = column.children[index] as Column;
    return type.kind === "map" ? entryCell(writer, memory, inner, type, name) : cellOf(writer, memory, inner, named);
  });
  if (type.kind === "row") {
    const keys = keysOf(type.fields);
    return (row) => {
      for (let index = 0; index < keys.length; index++) {
        writer.bytes(keys[index] as Uint8Array);
        (cells[index] as Cell)(row);
      }
      writer.byte(CLOSE);
    };
  }
  const [element] = cells as [Cell];
  const [open, close] = type.kind === "map" ? ["{", "}"] : ["[", "]"];
  const offsets = column.offsets >>> 2;
  return (row) => {
    const end = memory.i32[offsets + row + 1] as number;
    const start = memory.i32[offsets + row] as number;
    writer.ascii(open);
    for (let i = start; i < end; i++) {
      if (i > start) writer.byte(COMMA);
      element(i);
    }
    writer.ascii(close);
  };
}

/** `"key":value` of a map. Numbers and truth values stand in quotes as keys; other scalars have theirs already. */
function entryCell(
  writer: JsonWriter,
  memory: LinearMemory,
  entries: Column,
  { key, value }: Extract<DataType, { kind: "map" }>,
  name: string,
): Cell {
  const [keys, values] = entries.children as [Column, Column];
  const writeKey = cellOf(writer, memory, keys, { ...key, name: `${name}.key` });
  const writeValue = cellOf(writer, memory, values, { ...value, name: `${name}.value` });
  const bare = isBare(key.type);
  return (row) => {
    if (bare) writer.byte(QUOTE);
    writeKey(row);
    if (bare) writer.byte(QUOTE);
    writer.byte(COLON);
    writeValue(row);
  };
}

/** Whether JSON writes values of the type without quotes. */
function isBare({ kind }: DataType): boolean {
  return kind === "boolean" || kind === "decimal" || kind === "interval" || kind.startsWith("int");
}

function textCell(writer: JsonWriter, memory: LinearMemory, column: Column, binary: boolean): Cell {
  const { values } = column;
  const offsets = column.offsets >>> 2;
  return (row) => {
    const start = values + (memory.i32[offsets + row] as number);
    const end = values + (memory.i32[offsets + row + 1] as number);
    if (binary) writer.base64(memory.u8, start, end);
    else writer.string(memory.u8, start, end);
  };
}

function timestampCell(writer: JsonWriter, memory: LinearMemory, values: number, field: Field, quoted: boolean): Cell {
  const type = field.type as Extract<DataType, { kind: "timestamp" | "timestamp_ltz" }>;
  const { precision } = type;
  const zoned = type.kind === "timestamp_ltz";
  const perMs = precision > 3 ? 1000 : 1;
  return (row) => {
    const units = integerAt(memory, values, row);
    if (quoted) writer.byte(QUOTE);
    if (typeof units === "number") {
      const ms = Math.floor(units / perMs);
      checkTime(ms, field, row);
      writer.timestamp(ms, units - ms * perMs, precision);
    } else {
      checkTime(Number(units / BigInt(perMs)), field, row);
      writer.ascii(formatTimestamp(units, precision, " ", true));
    }
    if (zoned) writer.byte(LETTER_Z);
    if (quoted) writer.byte(QUOTE);
  };
}

function checkTime(ms: number, field: Field, row: number): void {
  if (ms >= TIMESTAMP_MIN_MS && ms <= TIMESTAMP_MAX_MS) return;
  throw new DataError("TIME_RANGE", `column "${field.name}": ${ms} ms has no date in the years -9999 to 9999`, {
    hint: "filter such rows, or write the column as BIGINT",
    at: { row, field: field.name },
  });
}

function writeInteger(writer: JsonWriter, value: Integer): void {
  if (typeof value === "number") writer.integer(value);
  else writer.ascii(value.toString());
}

/** A 64-bit value: two halves make a number faster than a bigint does, while it is safe. */
function integerAt(memory: LinearMemory, values: number, row: number): Integer {
  const at = (values >>> 2) + 2 * row;
  const value = (memory.i32[at + 1] as number) * 4_294_967_296 + (memory.u32[at] as number);
  return Number.isSafeInteger(value) ? value : (memory.i64[at >>> 1] as bigint);
}

function wideAt(memory: LinearMemory, values: number, row: number): bigint {
  const at = (values >>> 3) + 2 * row;
  return ((memory.i64[at + 1] as bigint) << 64n) | (memory.u64[at] as bigint);
}
