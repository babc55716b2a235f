// Avro's schemas (Avro 1.12 specification): JSON → types, the columns that they are, and the JSON of columns that are written.
import {
  arrayOf,
  BINARY,
  BOOLEAN,
  DATE,
  type DataType,
  decimal,
  type Field,
  FLOAT32,
  FLOAT64,
  field,
  INT32,
  INT64,
  mapOf,
  rowOf,
  STRING,
  TIME,
  TYPE_DEPTH_MAX,
  timestamp,
  timestampLtz,
  typeName,
} from "../arrow/types.js";
import { DataError, SchemaError } from "../errors.js";

/** A type as it lies in the bytes. Named types may hold themselves, so that their parts are filled in after they are made. */
export interface AvroType {
  readonly kind: AvroKind;
  readonly logical: string | undefined;
  readonly precision: number;
  readonly scale: number;
  /** Bytes of a `fixed`. */
  readonly size: number;
  readonly symbols: readonly string[];
  /** Fields of a record, branches of a union, items of an array, values of a map. */
  readonly parts: AvroPart[];
}

export interface AvroPart {
  readonly name: string;
  readonly type: AvroType;
}

const PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"] as const;
const COMPLEX = ["fixed", "enum", "record", "error", "array", "map", "union"] as const;
type AvroKind = (typeof PRIMITIVES)[number] | Exclude<(typeof COMPLEX)[number], "error">;

const DEPTH_MAX = 64;
/** Types in one schema: each becomes an object. */
const TYPES_MAX = 100_000;
const FIXED_BYTES_MAX = 1 << 20;

/** The record that a file's rows are. @throws AVRO_HEADER for a schema that is none; UNSUPPORTED for rows that are no records */
export function parseAvroSchema(text: string, source: string): AvroType {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DataError("AVRO_HEADER", `the schema of ${source} is no JSON`, {
      hint: "is it an Avro object container file?",
      at: { source },
      cause,
    });
  }
  const type = new SchemaReader(source).read(json, "", 0);
  if (type.kind === "record" && type.parts.length > 0) return type;
  throw new SchemaError("UNSUPPORTED", `${source} holds values of type ${type.kind}, not records with fields`, {
    hint: "only files of records are tables",
    at: { source },
  });
}

type Json = Readonly<Record<string, unknown>>;

class SchemaReader {
  readonly #source: string;
  readonly #named = new Map<string, AvroType>();
  #count = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(json: unknown, namespace: string, depth: number): AvroType {
    if (depth > DEPTH_MAX || ++this.#count > TYPES_MAX) throw this.#bad("it is nested or repeated beyond all reason");
    if (typeof json === "string") return this.#byName(json, namespace);
    if (Array.isArray(json)) {
      const parts = json.map((branch, index) => ({ name: `${index}`, type: this.read(branch, namespace, depth + 1) }));
      if (parts.length === 0) throw this.#bad("a union of nothing");
      return typeOf("union", {}, parts);
    }
    if (typeof json !== "object" || json === null) throw this.#bad(`${JSON.stringify(json)} is no type`);
    return this.#complex(json as Json, namespace, depth);
  }

  #byName(name: string, namespace: string): AvroType {
    const primitive = PRIMITIVES.find((candidate) => candidate === name);
    if (primitive !== undefined) return typeOf(primitive, {});
    const found = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name);
    if (found === undefined) throw this.#bad(`there is no type "${name}"`);
    return found;
  }

  #complex(json: Json, namespace: string, depth: number): AvroType {
    const { type: kind } = json;
    if (typeof kind === "object" && kind !== null) return this.read(kind, namespace, depth + 1);
    const primitive = PRIMITIVES.find((candidate) => candidate === kind);
    if (primitive !== undefined) return typeOf(primitive, json);
    switch (kind) {
      case "array":
        return typeOf("array", json, [{ name: "items", type: this.read(json["items"], namespace, depth + 1) }]);
      case "map":
        return typeOf("map", json, [{ name: "values", type: this.read(json["values"], namespace, depth + 1) }]);
      case "fixed":
        return this.#name(json, namespace, typeOf("fixed", json)).type;
      case "enum":
        return this.#name(json, namespace, typeOf("enum", json)).type;
      case "record":
      case "error":
        return this.#record(json, namespace, depth);
      default:
        if (typeof kind === "string") return this.#byName(kind, namespace);
        throw this.#bad("a type without a name");
    }
  }

  #record(json: Json, outer: string, depth: number): AvroType {
    const { type, namespace } = this.#name(json, outer, typeOf("record", json));
    const { fields } = json;
    if (!Array.isArray(fields)) throw this.#bad(`the record ${JSON.stringify(json["name"])} has no fields`);
    for (const part of fields as unknown[]) {
      const { name, type: partType } = (part ?? {}) as Json;
      if (typeof name !== "string") throw this.#bad("a field without a name");
      type.parts.push({ name, type: this.read(partType, namespace, depth + 1) });
    }
    return type;
  }

  /** Keeps a named type for those that name it later. */
  #name(json: Json, outer: string, type: AvroType): { readonly type: AvroType; readonly namespace: string } {
    const { name } = json;
    if (typeof name !== "string") throw this.#bad(`a type of kind ${type.kind} without a name`);
    if (type.kind === "fixed" && !(Number.isInteger(type.size) && type.size >= 0 && type.size <= FIXED_BYTES_MAX)) {
      throw this.#bad(`"${name}" has values of ${type.size} bytes`);
    }
    const full = fullName(name, typeof json["namespace"] === "string" ? json["namespace"] : outer);
    this.#named.set(full, type);
    return { type, namespace: full.slice(0, Math.max(0, full.lastIndexOf("."))) };
  }

  #bad(what: string): DataError {
    return new DataError("AVRO_HEADER", `the schema of ${this.#source} is not valid: ${what}`, {
      hint: "write the file again",
      at: { source: this.#source },
    });
  }
}

function fullName(name: string, namespace: string): string {
  return name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
}

function typeOf(kind: AvroKind, json: Json, parts: AvroPart[] = []): AvroType {
  const { logicalType, precision, scale, size, symbols } = json;
  return {
    kind,
    logical: typeof logicalType === "string" ? logicalType : undefined,
    precision: typeof precision === "number" ? precision : 0,
    scale: typeof scale === "number" ? scale : 0,
    size: typeof size === "number" ? size : 0,
    symbols: Array.isArray(symbols) ? symbols.map(String) : [],
    parts,
  };
}

/** A field of a record, or a part of a nested one, as a column, or why it is none. */
export interface AvroColumn {
  readonly field: Field;
  /** The type of its values that are not NULL. */
  readonly value: AvroType;
  /** Branch of NULL in a union of two, −1 where there is no union of its own; the value's is the other. */
  readonly nullBranch: number;
  readonly branches: number;
  readonly refused: string | undefined;
  /** Of an array its items, of a map keys and values, of a record its fields. */
  readonly children: readonly AvroColumn[];
}

/** Types that one column may have within it: named ones are repeated by name, so that a short schema may hold any number. */
const PARTS_MAX = 4096;

/** What a type is as a column's. */
interface Known {
  /** The column's type, or what it is instead. */
  readonly type: DataType | string;
  readonly children: readonly AvroColumn[];
  /** Types within it, itself too, and how deep they lie. */
  readonly parts: number;
  readonly depth: number;
}

/** Types that were looked at, those too whose parts are being looked at. */
const known = new WeakMap<AvroType, Known>();

export function columnOf({ name, type }: AvroPart): AvroColumn {
  const branches = type.kind === "union" ? type.parts.length : 0;
  const nullBranch = branches === 0 ? -1 : type.parts.findIndex((part) => part.type.kind === "null");
  const values = branches === 0 ? [type] : type.parts.map((part) => part.type).filter(({ kind }) => kind !== "null");
  const [value = type] = values;
  const { type: found, children } = knownOf(value);
  const refused =
    values.length !== 1 ? `is a union of ${branches} types` : typeof found === "string" ? found : undefined;
  const dataType = refused !== undefined || typeof found === "string" ? BINARY : found;
  return { field: field(name, dataType, nullBranch >= 0), value, nullBranch, branches, refused, children };
}

function knownOf(type: AvroType): Known {
  const before = known.get(type);
  if (before !== undefined) return before;
  const { kind } = type;
  if (kind !== "array" && kind !== "map" && kind !== "record") {
    return { type: flatType(type), children: [], parts: 1, depth: 0 };
  }
  known.set(type, { type: "holds itself", children: [], parts: 1, depth: 0 });
  const found = nestedOf(type);
  known.set(type, found);
  return found;
}

const MAP_KEY: AvroPart = { name: "key", type: typeOf("string", {}) };

function nestedOf({ kind, parts: own }: AvroType): Known {
  const children = (kind === "map" ? [MAP_KEY, ...own] : own).map(columnOf);
  const inner = children.map(({ value }) => knownOf(value));
  const parts = inner.reduce((sum, child) => sum + child.parts, 1);
  const depth = 1 + Math.max(0, ...inner.map((child) => child.depth));
  const none = (type: string): Known => ({ type, children: [], parts: 1, depth: 0 });
  const bad = children.find(({ refused }) => refused !== undefined);
  if (bad !== undefined) return none(`has a part "${bad.field.name}" that ${bad.refused}`);
  if (children.length === 0) return none("is a record without fields");
  if (parts > PARTS_MAX) return none(`has more than ${PARTS_MAX} parts`);
  if (depth > TYPE_DEPTH_MAX) return none(`is nested more than ${TYPE_DEPTH_MAX} deep`);
  const fields = children.map((child) => child.field);
  const [first, second] = fields as [Field, Field];
  if (kind === "record") return { type: rowOf(fields), children, parts, depth };
  const type = kind === "map" ? mapOf(first.type, second.type, second.nullable) : arrayOf(first.type, first.nullable);
  return { type, children, parts, depth };
}

/** Logical types that are not known, or do not fit, are none, as Avro asks. */
function flatType(type: AvroType): DataType | string {
  const { kind, logical, precision, scale } = type;
  switch (kind) {
    case "boolean":
      return BOOLEAN;
    case "int":
      return logical === "date" ? DATE : logical === "time-millis" ? TIME : INT32;
    case "long":
      if (logical === "time-micros") return "is a TIME of microseconds";
      return LONGS.get(logical ?? "") ?? INT64;
    case "float":
      return FLOAT32;
    case "double":
      return FLOAT64;
    case "string":
    case "enum":
      return STRING;
    case "bytes":
    case "fixed": {
      const isDecimal = logical === "decimal" && precision >= 1 && scale >= 0 && scale <= precision;
      if (!isDecimal) return BINARY;
      return precision <= 38 ? decimal(precision, scale) : `is a DECIMAL of ${precision} digits`;
    }
    case "null":
      return "is always NULL";
    default:
      return `is of type ${kind}`;
  }
}

const LONGS: ReadonlyMap<string, DataType> = new Map([
  ["timestamp-millis", timestampLtz(3)],
  ["timestamp-micros", timestampLtz(6)],
  ["local-timestamp-millis", timestamp(3)],
  ["local-timestamp-micros", timestamp(6)],
]);

/** Names of Avro. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The JSON of a record with these columns. @throws UNSUPPORTED naming a column that Avro does not get */
export function avroSchemaText(fields: readonly Field[]): string {
  return JSON.stringify(recordJson(fields, null, { count: 0 }));
}

/** Records have names, which no two may share. */
interface Records {
  count: number;
}

/** @param path - of the ROW that the record is of; null: the table's own */
function recordJson(fields: readonly Field[], path: string | null, records: Records): object {
  const name = path === null ? "row" : `row${++records.count}`;
  const columns = fields.map((column) => {
    const where = path === null ? column.name : `${path}.${column.name}`;
    if (!NAME.test(column.name)) throw refused(where, "its name", "rename it: letters, digits and _, no digit first");
    return { name: column.name, type: fieldJson(where, column, records) };
  });
  return { type: "record", name, fields: columns };
}

function fieldJson(path: string, { type, nullable }: Field, records: Records): unknown {
  const json = typeJson(path, type, records);
  return nullable ? ["null", json] : json;
}

function typeJson(name: string, type: DataType, records: Records): unknown {
  switch (type.kind) {
    case "array":
      return { type: "array", items: fieldJson(`${name}[]`, type.element, records) };
    case "map":
      if (type.key.type.kind === "string") {
        return { type: "map", values: fieldJson(`${name}.value`, type.value, records) };
      }
      throw refused(name, `its type ${typeName(type)}`, "keys of Avro's maps are STRING: make it an ARRAY of ROW");
    case "row":
      return recordJson(type.fields, name, records);
    case "boolean":
      return "boolean";
    case "int8":
    case "int16":
    case "int32":
      return "int";
    case "int64":
      return "long";
    case "float32":
      return "float";
    case "float64":
      return "double";
    case "string":
      return "string";
    case "binary":
      return "bytes";
    case "date":
      return { type: "int", logicalType: "date" };
    case "time":
      return { type: "int", logicalType: "time-millis" };
    case "timestamp":
      return { type: "long", logicalType: `local-timestamp-${type.precision > 3 ? "micros" : "millis"}` };
    case "timestamp_ltz":
      return { type: "long", logicalType: `timestamp-${type.precision > 3 ? "micros" : "millis"}` };
    case "decimal":
      return { type: "bytes", logicalType: "decimal", precision: type.precision, scale: type.scale };
    default:
      throw refused(name, `its type ${typeName(type)}`, "select the other columns, or cast it");
  }
}

function refused(name: string, why: string, hint: string): SchemaError {
  return new SchemaError("UNSUPPORTED", `column "${name}" is not written to Avro for ${why}`, {
    hint,
    at: { field: name },
  });
}
