// Types, fields and schemas: plain data. SQL names are the only notation ("TIMESTAMP(6)", "DECIMAL(12, 2) NOT NULL"),
// in schema literals, in `describe` and in messages. Each logical type is carried by one physical layout.
import { hintNames, SchemaError } from "../errors.js";

/** A value's type. Scalar types carry no nullability: that is the field's. */
export type DataType =
  | { readonly kind: "boolean" }
  | { readonly kind: "int8" }
  | { readonly kind: "int16" }
  | { readonly kind: "int32" }
  | { readonly kind: "int64" }
  | { readonly kind: "float32" }
  | { readonly kind: "float64" }
  /** Scaled integer: i64 up to 18 digits, 128-bit little-endian two's complement up to 38. */
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "string" }
  | { readonly kind: "binary" }
  /** Days since 1970-01-01, i32. */
  | { readonly kind: "date" }
  /** Milliseconds of the day, i32. */
  | { readonly kind: "time" }
  /** Wall-clock time without zone: i64 milliseconds up to precision 3, i64 microseconds from 4 to 6. */
  | { readonly kind: "timestamp"; readonly precision: number }
  /** An instant, stored like `timestamp` in UTC. */
  | { readonly kind: "timestamp_ltz"; readonly precision: number }
  /** A span of time: i64 milliseconds. */
  | { readonly kind: "interval" }
  | { readonly kind: "null" }
  | { readonly kind: "array"; readonly element: Field }
  | { readonly kind: "map"; readonly key: Field; readonly value: Field }
  | { readonly kind: "row"; readonly fields: readonly Field[] };

export interface Field {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
}

export interface Schema {
  readonly fields: readonly Field[];
}

/** How values lie in memory. `bool` is a bitmap; `utf8` and `binary` are i32 offsets and bytes; `i128` is 16 bytes. */
export type Layout = "bool" | "i8" | "i16" | "i32" | "i64" | "i128" | "f32" | "f64" | "utf8" | "none";

const scalar = <K extends DataType["kind"]>(kind: K) => Object.freeze({ kind });

export const BOOLEAN = scalar("boolean");
export const INT8 = scalar("int8");
export const INT16 = scalar("int16");
export const INT32 = scalar("int32");
export const INT64 = scalar("int64");
export const FLOAT32 = scalar("float32");
export const FLOAT64 = scalar("float64");
export const STRING = scalar("string");
export const BINARY = scalar("binary");
export const DATE = scalar("date");
export const TIME = scalar("time");
export const INTERVAL = scalar("interval");
export const NULL = scalar("null");
export const TIMESTAMP: DataType = timestamp(3);

export function timestamp(precision: number): DataType {
  return Object.freeze({ kind: "timestamp", precision });
}

export function timestampLtz(precision: number): DataType {
  return Object.freeze({ kind: "timestamp_ltz", precision });
}

/** @throws TYPE unless 1 ≤ precision ≤ 38 and 0 ≤ scale ≤ precision. */
export function decimal(precision: number, scale: number): DataType {
  if (!(precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision)) {
    throw new SchemaError("TYPE", `DECIMAL(${precision}, ${scale}) is no type`, {
      hint: "precision is 1 to 38, scale 0 to precision",
    });
  }
  return Object.freeze({ kind: "decimal", precision, scale });
}

export function field(name: string, type: DataType, nullable = true): Field {
  return Object.freeze({ name, type, nullable });
}

/** @throws COLUMN_DUP when two fields share a name. */
export function schemaOf(fields: readonly Field[]): Schema {
  const seen = new Set<string>();
  for (const { name } of fields) {
    if (seen.has(name)) {
      throw new SchemaError("COLUMN_DUP", `column "${name}" appears twice`, { hint: "rename one of them" });
    }
    seen.add(name);
  }
  return Object.freeze({ fields: Object.freeze([...fields]) });
}

/** Position of a column. @throws UNKNOWN_COLUMN naming the nearest columns. */
export function columnIndex(schema: Schema, name: string, where = "the schema"): number {
  const index = schema.fields.findIndex((candidate) => candidate.name === name);
  if (index < 0) {
    const names = schema.fields.map((candidate) => candidate.name);
    throw new SchemaError("UNKNOWN_COLUMN", `no column "${name}" in ${where}`, {
      hint: hintNames(name, names, "columns"),
    });
  }
  return index;
}

export function layoutOf(type: DataType): Layout {
  switch (type.kind) {
    case "boolean":
      return "bool";
    case "int8":
      return "i8";
    case "int16":
      return "i16";
    case "int32":
    case "date":
    case "time":
      return "i32";
    case "int64":
    case "timestamp":
    case "timestamp_ltz":
    case "interval":
      return "i64";
    case "float32":
      return "f32";
    case "float64":
      return "f64";
    case "decimal":
      return type.precision <= 18 ? "i64" : "i128";
    case "string":
    case "binary":
      return "utf8";
    case "null":
      return "none";
    case "array":
    case "map":
    case "row":
      throw new SchemaError("UNSUPPORTED", `${typeName(type)} columns are not carried yet`, {
        hint: "keep nested values as JSON text in a STRING column",
      });
  }
}

/** Bytes a value takes; 0 for bitmaps and the offsets-and-bytes layout. */
export function widthOf(layout: Layout): number {
  return { bool: 0, i8: 1, i16: 2, i32: 4, i64: 8, i128: 16, f32: 4, f64: 8, utf8: 0, none: 0 }[layout];
}

export function sameType(a: DataType, b: DataType): boolean {
  return typeName(a) === typeName(b);
}

export function isTimestamp(
  type: DataType,
): type is Extract<DataType, { kind: "timestamp" }> | Extract<DataType, { kind: "timestamp_ltz" }> {
  return type.kind === "timestamp" || type.kind === "timestamp_ltz";
}

/** Units of a timestamp column in one millisecond: 1 up to precision 3, 1,000 beyond. */
export function unitsPerMs(type: DataType): number {
  return isTimestamp(type) && type.precision > 3 ? 1000 : 1;
}

const SIMPLE_NAMES: Partial<Record<DataType["kind"], string>> = {
  boolean: "BOOLEAN",
  int8: "TINYINT",
  int16: "SMALLINT",
  int32: "INT",
  int64: "BIGINT",
  float32: "FLOAT",
  float64: "DOUBLE",
  string: "STRING",
  binary: "BYTES",
  date: "DATE",
  time: "TIME",
  interval: "INTERVAL",
  null: "NULL",
};

/** The type in SQL notation, as Flink writes it. */
export function typeName(type: DataType): string {
  switch (type.kind) {
    case "decimal":
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case "timestamp":
      return `TIMESTAMP(${type.precision})`;
    case "timestamp_ltz":
      return `TIMESTAMP_LTZ(${type.precision})`;
    case "array":
      return `ARRAY<${typeName(type.element.type)}>`;
    case "map":
      return `MAP<${typeName(type.key.type)}, ${typeName(type.value.type)}>`;
    case "row":
      return `ROW<${type.fields.map(fieldText).join(", ")}>`;
    default:
      return SIMPLE_NAMES[type.kind] as string;
  }
}

export function fieldText({ name, type, nullable }: Field): string {
  return `${name} ${typeName(type)}${nullable ? "" : " NOT NULL"}`;
}

const TYPES_BY_NAME: Readonly<Record<string, DataType>> = {
  BOOLEAN,
  TINYINT: INT8,
  SMALLINT: INT16,
  INT: INT32,
  INTEGER: INT32,
  BIGINT: INT64,
  FLOAT: FLOAT32,
  DOUBLE: FLOAT64,
  STRING,
  VARCHAR: STRING,
  BYTES: BINARY,
  DATE,
  TIME,
  INTERVAL,
};

/** `"DECIMAL(12, 2) NOT NULL"` → type and nullability. @throws TYPE for anything that is no type, naming the nearest. */
export function parseType(text: string): { type: DataType; nullable: boolean } {
  const match = /^\s*([A-Za-z_]+)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*(NOT\s+NULL)?\s*$/i.exec(text);
  const name = match?.[1]?.toUpperCase() ?? "";
  const first = match?.[2] === undefined ? undefined : Number(match[2]);
  const second = match?.[3] === undefined ? undefined : Number(match[3]);
  const nullable = match?.[4] === undefined;
  if (name === "DECIMAL" || name === "NUMERIC") return { type: decimal(first ?? 10, second ?? 0), nullable };
  if ((name === "TIMESTAMP" || name === "TIMESTAMP_LTZ") && second === undefined && (first ?? 0) <= 6) {
    const precision = first ?? 3;
    return { type: name === "TIMESTAMP" ? timestamp(precision) : timestampLtz(precision), nullable };
  }
  const type = first === undefined ? TYPES_BY_NAME[name] : undefined;
  if (type !== undefined) return { type, nullable };
  const names = [...Object.keys(TYPES_BY_NAME), "DECIMAL", "TIMESTAMP", "TIMESTAMP_LTZ"];
  throw new SchemaError("TYPE", `"${text}" is no type`, { hint: hintNames(name, names, "types") });
}

/** A schema from its literal: `{ ts: "TIMESTAMP(3)", price: "DOUBLE NOT NULL" }`, columns in the order written. */
export function parseSchema(literal: Readonly<Record<string, string>>): Schema {
  return schemaOf(
    Object.entries(literal).map(([name, text]) => {
      const { type, nullable } = parseType(text);
      return field(name, type, nullable);
    }),
  );
}

/** The literal that `parseSchema` reads back. */
export function schemaLiteral(schema: Schema): Record<string, string> {
  return Object.fromEntries(
    schema.fields.map(({ name, type, nullable }) => [name, `${typeName(type)}${nullable ? "" : " NOT NULL"}`]),
  );
}
