// What the NDJSON decoder and its kernel share in linear memory; mirrors assembly/json-context.ts.
//
//   context │ slot: before the first key │ slot: any other key │ a slot a column … │ slots for keys without column …
import { type DataType, isNested, layoutOf, typeName } from "../arrow/types.js";
import { SchemaError } from "../errors.js";

export const CONTEXT_BYTES = 1536;
export const SLOT_BYTES = 160;
/** Slots before the first column's. */
export const SLOTS_BEFORE = 2;

/** Fields of the context, as u32 numbers from its address. */
export const Context = {
  AT: 0,
  END: 1,
  ROW: 2,
  ROWS_MAX: 3,
  LINES: 4,
  RECORD_MAX: 5,
  REASON: 6,
  RECORD_START: 7,
  RECORD_END: 8,
  ERROR_AT: 9,
  ERROR_SLOT: 10,
  SLOTS: 11,
  COLUMN_COUNT: 13,
  SLOT_COUNT: 12,
  SLOTS_MAX: 14,
  TABLE: 15,
  TABLE_MASK: 16,
  REQUIRED: 17,
  SCRATCH: 18,
  SCRATCH_BYTES: 19,
} as const;

/** Fields of a slot, as u32 numbers from its address. The texts and masks of 64 bytes come first. */
export const Slot = {
  TYPE: 18,
  FILLED: 19,
  VALUES: 20,
  VALIDITY: 21,
  OFFSETS: 22,
  USED: 23,
  ROOM: 24,
  NULLS: 25,
  REQUIRED: 26,
  PRECISION: 27,
  SCALE: 28,
  NAME: 29,
  NAME_LENGTH: 30,
} as const;

const Type = {
  STRING: 1,
  INT64: 2,
  FLOAT64: 3,
  TIMESTAMP_MS: 4,
  BOOLEAN: 5,
  INT32: 6,
  DECIMAL64: 7,
  TIMESTAMP_US: 8,
  DATE: 9,
  TIME: 10,
  INT16: 11,
  INT8: 12,
  FLOAT32: 13,
  DECIMAL128: 14,
  BINARY: 15,
  RAW: 16,
} as const;

/** Why the kernel refused a record. */
export const Reason = {
  TOO_LARGE: 2,
  DEPTH: 3,
  NOT_OBJECT: 4,
  ARRAY: 5,
  EXPECTED_KEY: 6,
  EXPECTED_COLON: 7,
  EXPECTED_VALUE: 8,
  EXPECTED_COMMA: 9,
  TRAILING: 10,
  NUMBER: 11,
  ESCAPE: 12,
  CONTROL: 13,
  OPEN_STRING: 14,
  UTF8: 15,
  SURROGATE: 16,
  WRONG_TYPE: 17,
  NULL: 18,
  MISSING: 19,
  NOT_INTEGER: 20,
  RANGE: 21,
  DIGITS: 22,
  TIME_FORMAT: 23,
  TIME_RANGE: 24,
  TIME_DIGITS: 25,
  TIME_ZONE: 26,
  BASE64: 27,
} as const;

/** How the kernel reads a column: its type, and what the type's parameters are to it. */
export interface ColumnCode {
  readonly type: number;
  readonly precision: number;
  readonly scale: number;
}

/** @throws UNSUPPORTED for types that no text stands for. */
export function columnCode(name: string, type: DataType): ColumnCode {
  const plain = (code: number): ColumnCode => ({ type: code, precision: 0, scale: 0 });
  switch (type.kind) {
    case "boolean":
      return plain(Type.BOOLEAN);
    case "int8":
      return plain(Type.INT8);
    case "int16":
      return plain(Type.INT16);
    case "int32":
      return plain(Type.INT32);
    case "int64":
    case "interval":
      return plain(Type.INT64);
    case "float32":
      return plain(Type.FLOAT32);
    case "float64":
      return plain(Type.FLOAT64);
    case "decimal":
      return {
        type: type.precision <= 18 ? Type.DECIMAL64 : Type.DECIMAL128,
        precision: type.precision,
        scale: type.scale,
      };
    case "string":
      return plain(Type.STRING);
    case "binary":
      return plain(Type.BINARY);
    case "date":
      return plain(Type.DATE);
    case "time":
      return plain(Type.TIME);
    case "timestamp":
    case "timestamp_ltz":
      return {
        type: type.precision <= 3 ? Type.TIMESTAMP_MS : Type.TIMESTAMP_US,
        precision: type.precision,
        // Only instants have an offset that can be applied.
        scale: type.kind === "timestamp_ltz" ? 1 : 0,
      };
    case "null":
    case "array":
    case "map":
    case "row":
      throw new SchemaError(
        "UNSUPPORTED",
        `column "${name}" is ${typeName(type)}: fields of records cannot be read as that`,
        {
          hint: "leave the column out, or declare its type",
        },
      );
  }
}

/** Whether the kernel gives offsets and bytes: of nested values their text. */
export function isText(type: DataType): boolean {
  return isNested(type) || layoutOf(type) === "utf8";
}

/** The code of a column of JSON records, where nested values are kept as their text. @throws UNSUPPORTED */
export function jsonCode(name: string, type: DataType): ColumnCode {
  return isNested(type) ? { type: Type.RAW, precision: 0, scale: 0 } : columnCode(name, type);
}

/** Bytes that one row of a column takes at least, for bounding a batch. */
export function rowBytes(type: DataType): number {
  if (isText(type)) return 20;
  return layoutOf(type) === "i128" ? 16 : 8;
}
