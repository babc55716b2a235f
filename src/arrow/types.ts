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

/** How values lie in memory. `bool` is a bitmap; `utf8` i32 offsets and bytes; `list` i32 offsets and a child column;
 * `struct` a child column a field; `i128` is 16 bytes. */
export type Layout =
  | "bool"
  | "i8"
  | "i16"
  | "i32"
  | "i64"
  | "i128"
  | "f32"
  | "f64"
  | "utf8"
  | "list"
  | "struct"
  | "none";

export type NestedType = Extract<DataType, { kind: "array" | "map" | "row" }>;

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

/** Types are nested so deep at most: what walks them may recurse. */
export const TYPE_DEPTH_MAX = 32;

/** Lists of one element type. @throws UNSUPPORTED when it is nested too deep. */
export function arrayOf(element: DataType, nullable = true): DataType {
  return checkDepth({ kind: "array", element: field("item", element, nullable) });
}

const KEY_KINDS = new Set<DataType["kind"]>([
  ...["boolean", "int8", "int16", "int32", "int64", "decimal", "string", "binary"],
  ...["date", "time", "timestamp", "timestamp_ltz", "interval"],
] as const);

/** Key-value pairs in order; keys are never NULL. @throws UNSUPPORTED for keys that are no exact scalars, or when too deep. */
export function mapOf(key: DataType, value: DataType, nullable = true): DataType {
  if (!KEY_KINDS.has(key.kind)) {
    throw new SchemaError("UNSUPPORTED", `MAP keys of type ${typeName(key)}`, {
      hint: "keys are strings, whole numbers, decimals, times or truth values; make it an ARRAY<ROW<key …, value …>>",
    });
  }
  return checkDepth({ kind: "map", key: field("key", key, false), value: field("value", value, nullable) });
}

/** A row in a column. @throws COLUMN_DUP, UNSUPPORTED when it is nested too deep. */
export function rowOf(fields: readonly Field[]): DataType {
  return checkDepth({ kind: "row", fields: schemaOf(fields).fields });
}

export function isNested(type: DataType): type is NestedType {
  return type.kind === "array" || type.kind === "map" || type.kind === "row";
}

const entries = new WeakMap<DataType, readonly Field[]>();

/**
 * Fields of a nested type's child columns: the element of ARRAY, the fields of ROW, and for MAP one ROW of key and value
 * that is never NULL, as in Arrow.
 */
export function childFields(type: NestedType): readonly Field[] {
  if (type.kind === "row") return type.fields;
  let fields = entries.get(type);
  if (fields === undefined) {
    const { kind } = type;
    fields = [
      kind === "array" ? type.element : field("entries", { kind: "row", fields: [type.key, type.value] }, false),
    ];
    entries.set(type, fields);
  }
  return fields;
}

/** What messages call a child column: `tags[]`, `position.x`, `prices.key`. */
export function childName(parent: string, type: DataType, child: Field): string {
  if (type.kind === "array") return `${parent}[]`;
  return type.kind === "map" && child.name === "entries" ? parent : `${parent}.${child.name}`;
}

function checkDepth(type: NestedType): DataType {
  if (depthOf(type) > TYPE_DEPTH_MAX) throw tooDeep();
  return Object.freeze(type);
}

function tooDeep(): SchemaError {
  return new SchemaError("UNSUPPORTED", `a type nested more than ${TYPE_DEPTH_MAX} deep`, {
    hint: "keep the inner values as JSON text in a STRING column",
  });
}

function depthOf(type: DataType): number {
  return isNested(type) ? 1 + Math.max(0, ...childFields(type).map((child) => depthOf(child.type))) : 0;
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
      return "list";
    case "row":
      return "struct";
  }
}

const WIDTHS = {
  bool: 0,
  i8: 1,
  i16: 2,
  i32: 4,
  i64: 8,
  i128: 16,
  f32: 4,
  f64: 8,
  utf8: 0,
  list: 0,
  struct: 0,
  none: 0,
};

/** Bytes a value takes; 0 for bitmaps and where offsets or child columns hold the values. */
export function widthOf(layout: Layout): number {
  return WIDTHS[layout];
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
      return `ARRAY<${typeText(type.element)}>`;
    case "map":
      return `MAP<${typeName(type.key.type)}, ${typeText(type.value)}>`;
    case "row":
      return `ROW<${type.fields.map((column) => `${quotedName(column.name)} ${typeText(column)}`).join(", ")}>`;
    default:
      return SIMPLE_NAMES[type.kind] as string;
  }
}

/** A field's type with `NOT NULL` where it holds: what `parseType` reads. */
function typeText({ type, nullable }: Field): string {
  return `${typeName(type)}${nullable ? "" : " NOT NULL"}`;
}

export function fieldText(column: Field): string {
  return `${column.name} ${typeText(column)}`;
}

/** A field's name inside ROW<…>, in backticks unless it is a plain word. */
function quotedName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
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

const TYPE_NAMES = [...Object.keys(TYPES_BY_NAME), "DECIMAL", "TIMESTAMP", "TIMESTAMP_LTZ", "ARRAY", "MAP", "ROW"];

interface NullableType {
  readonly type: DataType;
  readonly nullable: boolean;
}

/**
 * `"DECIMAL(12, 2) NOT NULL"`, `"ROW<id BIGINT, tags ARRAY<STRING>>"` → type and nullability.
 * @throws TYPE for anything that is no type, naming the nearest; UNSUPPORTED when it is nested too deep.
 */
export function parseType(text: string): NullableType {
  return new TypeReader(text).read();
}

/** Reads a type's text from left to right. */
class TypeReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    // A program in plain JavaScript may hand in anything, symbols too, which only String() makes text of.
    this.#text = String(text);
  }

  read(): NullableType {
    const result = this.#type();
    if (this.#take(/\s*$/y) === null) throw this.#refused();
    return result;
  }

  #type(): NullableType {
    const name = this.#take(/\s*([A-Za-z_]+)\s*/y)?.[1]?.toUpperCase() ?? "";
    const nested = name === "ARRAY" || name === "MAP" || name === "ROW";
    // Counted on the way in: a text of a million brackets must not use up the stack.
    if (nested && ++this.#depth > TYPE_DEPTH_MAX) throw tooDeep();
    const type = nested ? this.#nested(name) : this.#scalar(name);
    if (nested) this.#depth--;
    return { type, nullable: this.#take(/\s*NOT\s+NULL\b/iy) === null };
  }

  #nested(name: "ARRAY" | "MAP" | "ROW"): DataType {
    this.#expect(/\s*</y);
    let type: DataType;
    if (name === "ARRAY") {
      const element = this.#type();
      type = arrayOf(element.type, element.nullable);
    } else if (name === "MAP") {
      const key = this.#type();
      this.#expect(/\s*,/y);
      const value = this.#type();
      type = mapOf(key.type, value.type, value.nullable);
    } else {
      const fields: Field[] = [];
      do {
        const [, word, quoted = ""] = this.#expect(/\s*(?:([A-Za-z_]\w*)|`((?:[^`]|``)*)`)/y);
        const column = this.#type();
        fields.push(field(word ?? quoted.replaceAll("``", "`"), column.type, column.nullable));
      } while (this.#take(/\s*,/y) !== null);
      type = rowOf(fields);
    }
    this.#expect(/\s*>/y);
    return type;
  }

  #scalar(name: string): DataType {
    const match = this.#take(/\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)/y);
    const first = match?.[1] === undefined ? undefined : Number(match[1]);
    const second = match?.[2] === undefined ? undefined : Number(match[2]);
    if (name === "DECIMAL" || name === "NUMERIC") return decimal(first ?? 10, second ?? 0);
    if ((name === "TIMESTAMP" || name === "TIMESTAMP_LTZ") && second === undefined && (first ?? 0) <= 6) {
      return name === "TIMESTAMP" ? timestamp(first ?? 3) : timestampLtz(first ?? 3);
    }
    const type = first === undefined && Object.hasOwn(TYPES_BY_NAME, name) ? TYPES_BY_NAME[name] : undefined;
    if (type === undefined) throw this.#refused(name);
    return type;
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }

  #expect(pattern: RegExp): RegExpExecArray {
    const match = this.#take(pattern);
    if (match === null) throw this.#refused();
    return match;
  }

  #refused(name = ""): SchemaError {
    const hint =
      name === "" || TYPE_NAMES.includes(name)
        ? "write INT, DECIMAL(10, 2), ARRAY<INT>, MAP<STRING, INT>, ROW<a INT, b STRING>, and NOT NULL behind it"
        : hintNames(name, TYPE_NAMES, "types");
    return new SchemaError("TYPE", `"${this.#text}" is no type`, { hint });
  }
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
  return Object.fromEntries(schema.fields.map((column) => [column.name, typeText(column)]));
}
