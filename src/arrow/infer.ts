// A schema from JS values, for rows and columns given without one. Types are widened to what holds every value seen:
//
//     whole numbers → BIGINT      with others → DOUBLE         bigint → BIGINT, beyond 64 bits DECIMAL(38, 0)
//     boolean → BOOLEAN           string → STRING              Date → TIMESTAMP(3)      Uint8Array → BYTES
//     typed arrays → the type of their width                   nothing but NULL → STRING
//     arrays → ARRAY of what holds every element               objects → ROW of all their fields        Map → MAP
//
// Every column is nullable. Kinds that do not mix (a string among numbers) are refused, not guessed.
import { SchemaError } from "../errors.js";
import type { Row } from "./builder.js";
import { type ColumnData, checkColumnData } from "./columns.js";
import { isList } from "./nested.js";
import {
  arrayOf,
  BINARY,
  BOOLEAN,
  type DataType,
  decimal,
  FLOAT32,
  FLOAT64,
  field,
  INT8,
  INT16,
  INT32,
  INT64,
  mapOf,
  rowOf,
  type Schema,
  STRING,
  schemaOf,
  TIMESTAMP,
  TYPE_DEPTH_MAX,
} from "./types.js";

// Kinds of values, a bit each.
const NOTHING = 0;
const WHOLE = 1;
const FRACTION = 2;
const BIG = 4;
const HUGE = 8;
const TEXT = 16;
const FLAG = 32;
const TIME = 64;
const BYTES = 128;
const LIST = 256;
const RECORD = 512;
const PAIRS = 1024;

/** What has been seen of a column, and of what its values consist of: `[]`, field names, `key` and `value`. */
interface Seen {
  kinds: number;
  readonly parts: Map<string, Seen>;
}

const newSeen = (): Seen => ({ kinds: NOTHING, parts: new Map() });

const NUMERIC = WHOLE | FRACTION | BIG | HUGE;

/**
 * The schema of row objects: columns in the order in which the rows first name them.
 * @throws TYPE for values that are no scalars or kinds that do not mix, SCHEMA_EMPTY for no rows.
 */
export function inferRowSchema(rows: readonly Row[]): Schema {
  const seen = newSeen();
  for (let row = 0; row < rows.length; row++) {
    const object = rows[row] as Readonly<Record<string, unknown>>;
    if (typeof object !== "object" || object === null || Array.isArray(object)) {
      throw new SchemaError("TYPE", `row ${row} is no object, so its columns have no names`, {
        hint: "give objects, or a schema with rows as arrays",
      });
    }
    lookAtFields(seen, object, "", row, 0);
  }
  if (seen.parts.size === 0) {
    throw new SchemaError("SCHEMA_EMPTY", "no rows to take the columns from", { hint: "give a schema" });
  }
  return schemaOf([...seen.parts].map(([name, part]) => field(name, typeOf(part, name))));
}

/** The schema of whole columns by name. @throws TYPE as `inferRowSchema`. */
export function inferColumnsSchema(columns: Readonly<Record<string, ColumnData>>): Schema {
  return schemaOf(
    Object.entries(columns).map(([name, data]) => {
      checkColumnData(name, data);
      const values = "codes" in data || "validity" in data ? data.values : data;
      return field(name, typedArrayType(values) ?? typeOf(seenIn(values, name), name));
    }),
  );
}

function seenIn(values: ArrayLike<unknown>, name: string): Seen {
  const seen = newSeen();
  for (let row = 0; row < values.length; row++) lookAt(seen, values[row], name, row, 0);
  return seen;
}

/** Adds a value to what was seen. `depth` bounds the recursion, as circles have no other end. */
function lookAt(seen: Seen, value: unknown, name: string, row: number, depth: number): void {
  seen.kinds |= kindOf(value, name, row);
  if (typeof value !== "object" || value === null) return;
  if (depth > TYPE_DEPTH_MAX) {
    throw new SchemaError("UNSUPPORTED", `column "${name}", row ${row}: nested more than ${TYPE_DEPTH_MAX} deep`, {
      hint: "give the inner values as JSON text",
    });
  }
  if (isList(value)) {
    const elements = partOf(seen, "[]");
    // Whole numbers may be chance: the array was made for others.
    if (value instanceof Float64Array || value instanceof Float32Array) elements.kinds |= FRACTION;
    for (let i = 0; i < value.length; i++) lookAt(elements, value[i], `${name}[]`, row, depth + 1);
  } else if (value instanceof Map) {
    for (const [key, entry] of value) {
      lookAt(partOf(seen, "key"), key, `${name}.key`, row, depth + 1);
      lookAt(partOf(seen, "value"), entry, `${name}.value`, row, depth + 1);
    }
  } else if (isPlain(value)) lookAtFields(seen, value, `${name}.`, row, depth + 1);
}

function lookAtFields(
  seen: Seen,
  object: Readonly<Record<string, unknown>>,
  path: string,
  row: number,
  depth: number,
): void {
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (typeof value !== "function") lookAt(partOf(seen, name), value, path + name, row, depth);
  }
}

function partOf({ parts }: Seen, name: string): Seen {
  let part = parts.get(name);
  if (part === undefined) {
    part = newSeen();
    parts.set(name, part);
  }
  return part;
}

/** An object of fields, and no class of somebody's own. */
function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function typedArrayType(values: ArrayLike<unknown>): DataType | null {
  if (values instanceof Float64Array) return FLOAT64;
  if (values instanceof Float32Array) return FLOAT32;
  if (values instanceof BigInt64Array || values instanceof BigUint64Array || values instanceof Uint32Array)
    return INT64;
  if (values instanceof Int32Array || values instanceof Uint16Array) return INT32;
  if (values instanceof Int16Array || values instanceof Uint8Array) return INT16;
  return values instanceof Int8Array ? INT8 : null;
}

function kindOf(value: unknown, name: string, row: number): number {
  switch (typeof value) {
    case "number":
      // -0 and whole numbers beyond 2^53 are doubles: a BIGINT would not hold what they are.
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? WHOLE : FRACTION;
    case "bigint":
      return BigInt.asIntN(64, value) === value ? BIG : HUGE;
    case "string":
      return TEXT;
    case "boolean":
      return FLAG;
    case "undefined":
      return NOTHING;
    default:
      if (value === null) return NOTHING;
      if (value instanceof Date) return TIME;
      if (value instanceof Uint8Array) return BYTES;
      if (isList(value)) return LIST;
      if (value instanceof Map) return PAIRS;
      if (typeof value === "object" && isPlain(value)) return RECORD;
      throw new SchemaError("UNSUPPORTED", `column "${name}", row ${row}: ${typeof value} values have no column type`, {
        hint: "give plain objects, arrays, Maps or scalars",
      });
  }
}

function typeOf({ kinds, parts }: Seen, name: string): DataType {
  switch (kinds) {
    case NOTHING:
    case TEXT:
      return STRING;
    case FLAG:
      return BOOLEAN;
    case TIME:
      return TIMESTAMP;
    case BYTES:
      return BINARY;
    case LIST:
      return arrayOf(typeOf(parts.get("[]") ?? newSeen(), `${name}[]`));
    case PAIRS: {
      const typeOfPart = (part: "key" | "value"): DataType => typeOf(parts.get(part) ?? newSeen(), `${name}.${part}`);
      return mapOf(typeOfPart("key"), typeOfPart("value"));
    }
    case RECORD:
      if (parts.size > 0) return rowOf([...parts].map(([part, seen]) => field(part, typeOf(seen, `${name}.${part}`))));
      throw new SchemaError("TYPE", `column "${name}" holds objects without any field`, { hint: "leave it out" });
  }
  if ((kinds & ~(WHOLE | BIG)) === 0) return INT64;
  if ((kinds & ~(WHOLE | BIG | HUGE)) === 0) return decimal(38, 0);
  if ((kinds & ~NUMERIC) === 0) return FLOAT64;
  const names = KIND_NAMES.filter(([kind]) => (kinds & kind) !== 0).map(([, text]) => text);
  throw new SchemaError("TYPE", `column "${name}" mixes ${names.join(", ")}`, {
    hint: "give a schema, or make the values of one kind",
  });
}

const KIND_NAMES: readonly (readonly [number, string])[] = [
  [NUMERIC, "numbers"],
  [TEXT, "strings"],
  [FLAG, "booleans"],
  [TIME, "dates"],
  [BYTES, "bytes"],
  [LIST, "arrays"],
  [RECORD, "objects"],
  [PAIRS, "Maps"],
];
