// Parquet's physical and logical types → the engine's (parquet-format, LogicalTypes.md), and how the values of each get
// from one to the other. Types that are not read stay in the schema, so that they are refused by name when selected.
import {
  BINARY,
  BOOLEAN,
  DATE,
  type DataType,
  decimal,
  type Field,
  FLOAT32,
  FLOAT64,
  field,
  INT8,
  INT16,
  INT32,
  INT64,
  isTimestamp,
  STRING,
  sameType,
  TIME,
  timestamp,
  timestampLtz,
  typeName,
  unitsPerMs,
} from "../arrow/types.js";
import { SchemaError } from "../errors.js";
import type { SchemaNode } from "./parquet-footer.js";

/** How physical values become the column's: what is decided once a column, before any loop. */
export type Conversion =
  /** Same bytes. */
  | { readonly kind: "copy" }
  /** i32 → 1, 2 or 4 bytes, within low … high. */
  | { readonly kind: "narrow"; readonly low: number; readonly high: number }
  /** i32 → i64. */
  | { readonly kind: "widen"; readonly signed: boolean }
  /** u64 → 128-bit. */
  | { readonly kind: "widen64" }
  /** Time units → coarser ones; `narrow` to i32. */
  | { readonly kind: "divide"; readonly divisor: number; readonly narrow: boolean }
  | { readonly kind: "int96" }
  /** Big-endian bytes → i64, or 128-bit when `wide`. */
  | { readonly kind: "decimal"; readonly wide: boolean }
  | { readonly kind: "boolean" }
  /** Offsets and bytes; `text` is checked to be UTF-8. */
  | { readonly kind: "bytes"; readonly text: boolean };

/** A leaf of the schema, and what it takes to read it. */
export interface ColumnPlan {
  /** Its name is the leaf's path. */
  readonly field: Field;
  readonly leaf: number;
  readonly physical: string;
  /** Bytes of one physical value; 0 for BYTE_ARRAY and BOOLEAN. */
  readonly width: number;
  /** The highest levels that pages carry; those that are 0 are left out. At the top both are at most 0 and 1. */
  readonly maxRepetition: number;
  readonly maxDefinition: number;
  readonly conversion: Conversion;
}

/** A column that is named but not read: why. */
export interface RefusedColumn {
  readonly field: Field;
  readonly refused: string;
}

const WIDTHS: Readonly<Record<string, number>> = {
  BOOLEAN: 0,
  INT32: 4,
  INT64: 8,
  INT96: 12,
  FLOAT: 4,
  DOUBLE: 8,
  BYTE_ARRAY: 0,
};

const COPY: Conversion = { kind: "copy" };
const TEXT: Conversion = { kind: "bytes", text: true };
const BYTES: Conversion = { kind: "bytes", text: false };

/** How the values of a leaf are read, whatever it is nested in, or why they are not. */
export function leafPlan(node: SchemaNode, levels: Pick<ColumnPlan, "maxRepetition" | "maxDefinition">): LeafColumn {
  const value = scalarOf(node);
  const column = field(node.name, value.type, node.repetition === "OPTIONAL");
  if ("refused" in value) return { field: column, refused: value.refused };
  const physical = node.physical as string;
  const width = physical === "FIXED_LEN_BYTE_ARRAY" ? node.typeLength : (WIDTHS[physical] as number);
  return { field: column, leaf: node.leaf, physical, width, ...levels, conversion: value.conversion };
}

type LeafColumn = ColumnPlan | RefusedColumn;

type Scalar = { readonly type: DataType } & ({ readonly conversion: Conversion } | { readonly refused: string });

/** The one switch on physical type; annotations that do not fit it are ignored, as the format asks. */
function scalarOf(node: SchemaNode): Scalar {
  switch (node.physical) {
    case "BOOLEAN":
      return { type: BOOLEAN, conversion: { kind: "boolean" } };
    case "INT32":
      return int32Of(node);
    case "INT64":
      return int64Of(node);
    case "INT96":
      return { type: timestamp(6), conversion: { kind: "int96" } };
    case "FLOAT":
      return { type: FLOAT32, conversion: COPY };
    case "DOUBLE":
      return { type: FLOAT64, conversion: COPY };
    case "BYTE_ARRAY":
      return byteArrayOf(node);
    case "FIXED_LEN_BYTE_ARRAY":
      return fixedOf(node);
    default:
      return { type: BINARY, refused: `has the unknown physical type ${node.physical}` };
  }
}

/** Width and sign of an annotated integer; undefined without annotation. */
function integerOf({ logical, converted }: SchemaNode): { bits: number; signed: boolean } | undefined {
  if (logical?.kind === "INTEGER") return { bits: logical.bits as number, signed: logical.signed as boolean };
  const match = /^(U?)INT_(\d+)$/.exec(converted ?? "");
  return match === null ? undefined : { bits: Number(match[2]), signed: match[1] === "" };
}

function int32Of(node: SchemaNode): Scalar {
  const { converted, logical } = node;
  const digits = decimalOf(node);
  if (digits !== undefined) {
    const type = smallDecimal(digits);
    return type === null ? wrongDigits(digits, 18) : { type, conversion: { kind: "widen", signed: true } };
  }
  if (logical?.kind === "DATE" || converted === "DATE") return { type: DATE, conversion: COPY };
  if ((logical?.kind === "TIME" && logical.unit === "MILLIS") || converted === "TIME_MILLIS") {
    return { type: TIME, conversion: COPY };
  }
  const integer = integerOf(node);
  if (integer?.bits === 8) {
    return integer.signed
      ? { type: INT8, conversion: { kind: "narrow", low: -0x80, high: 0x7f } }
      : { type: INT16, conversion: { kind: "narrow", low: 0, high: 0xff } };
  }
  if (integer?.bits === 16) {
    return integer.signed
      ? { type: INT16, conversion: { kind: "narrow", low: -0x8000, high: 0x7fff } }
      : { type: INT32, conversion: { kind: "narrow", low: 0, high: 0xffff } };
  }
  if (integer?.signed === false) return { type: INT64, conversion: { kind: "widen", signed: false } };
  return { type: INT32, conversion: COPY };
}

function int64Of(node: SchemaNode): Scalar {
  const { converted, logical } = node;
  const digits = decimalOf(node);
  if (digits !== undefined) {
    const type = smallDecimal(digits);
    return type === null ? wrongDigits(digits, 18) : { type, conversion: COPY };
  }
  // The converted types of before 2018 are instants (LogicalTypes.md, compatibility).
  if (converted === "TIMESTAMP_MILLIS" && logical === undefined) return { type: timestampLtz(3), conversion: COPY };
  if (converted === "TIMESTAMP_MICROS" && logical === undefined) return { type: timestampLtz(6), conversion: COPY };
  if (logical?.kind === "TIMESTAMP") {
    const precision = logical.unit === "MILLIS" ? 3 : 6;
    const type = logical.utc ? timestampLtz(precision) : timestamp(precision);
    const divided: Conversion = { kind: "divide", divisor: 1000, narrow: false };
    return { type, conversion: logical.unit === "NANOS" ? divided : COPY };
  }
  if (logical?.kind === "TIME" || converted === "TIME_MICROS") {
    const divisor = logical?.unit === "NANOS" ? 1_000_000 : 1000;
    return { type: TIME, conversion: { kind: "divide", divisor, narrow: true } };
  }
  if (integerOf(node)?.signed === false) return { type: decimal(20, 0), conversion: { kind: "widen64" } };
  return { type: INT64, conversion: COPY };
}

function byteArrayOf(node: SchemaNode): Scalar {
  const digits = decimalOf(node);
  if (digits !== undefined) return bigDecimal(digits);
  const annotation = node.logical?.kind ?? node.converted;
  const isText = annotation === "STRING" || annotation === "UTF8" || annotation === "ENUM" || annotation === "JSON";
  return isText ? { type: STRING, conversion: TEXT } : { type: BINARY, conversion: BYTES };
}

function fixedOf(node: SchemaNode): Scalar {
  const digits = decimalOf(node);
  const annotation = node.logical?.kind ?? node.converted;
  if (node.typeLength === 0 || node.typeLength > 0x100000) {
    return { type: BINARY, refused: `has values of ${node.typeLength} bytes` };
  }
  if (digits !== undefined) return bigDecimal(digits);
  if (annotation === "UUID") return { type: BINARY, refused: "is a UUID" };
  if (annotation === "FLOAT16") return { type: FLOAT32, refused: "is a FLOAT16" };
  if (annotation === "INTERVAL") return { type: BINARY, refused: "is an INTERVAL of months, days and milliseconds" };
  return { type: BINARY, conversion: BYTES };
}

interface Digits {
  readonly precision: number;
  readonly scale: number;
}

function decimalOf({ logical, converted, precision, scale }: SchemaNode): Digits | undefined {
  if (logical?.kind === "DECIMAL") return { precision: logical.precision as number, scale: logical.scale as number };
  return converted === "DECIMAL" ? { precision, scale } : undefined;
}

/** A decimal that 64 bits hold, null for others. */
function smallDecimal({ precision, scale }: Digits): DataType | null {
  return precision >= 1 && precision <= 18 && scale <= precision ? decimal(precision, scale) : null;
}

function bigDecimal(digits: Digits): Scalar {
  const { precision, scale } = digits;
  if (precision < 1 || precision > 38 || scale > precision) return wrongDigits(digits, 38);
  return { type: decimal(precision, scale), conversion: { kind: "decimal", wide: precision > 18 } };
}

function wrongDigits({ precision, scale }: Digits, max: number): Scalar {
  return { type: BINARY, refused: `is a DECIMAL(${precision}, ${scale}) where 1 to ${max} digits are possible` };
}

/**
 * How values of a leaf become those of the field that is asked for: BYTES may be read as STRING and the other way round.
 * @throws TYPE
 */
export function conversionTo(column: ColumnPlan, wanted: Field): Conversion {
  const found = column.field.type;
  const isBytes = column.conversion.kind === "bytes";
  if (isBytes && wanted.type.kind === "string") return TEXT;
  if (isBytes && wanted.type.kind === "binary") return BYTES;
  if (sameType(found, wanted.type) || sameTimes(found, wanted.type)) return column.conversion;
  throw new SchemaError(
    "TYPE",
    `column "${wanted.name}" is ${typeName(found)} in the file, not ${typeName(wanted.type)}`,
    {
      hint: `declare it as ${typeName(found)} and cast it`,
      at: { field: wanted.name },
    },
  );
}

/** Timestamps of other digits in the same unit. */
function sameTimes(a: DataType, b: DataType): boolean {
  return a.kind === b.kind && isTimestamp(a) && unitsPerMs(a) === unitsPerMs(b);
}
