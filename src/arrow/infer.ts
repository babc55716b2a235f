// A schema from JS values, for rows and columns given without one. Types are widened to what holds every value seen:
//
//     whole numbers → BIGINT      with others → DOUBLE         bigint → BIGINT, beyond 64 bits DECIMAL(38, 0)
//     boolean → BOOLEAN           string → STRING              Date → TIMESTAMP(3)      Uint8Array → BYTES
//     typed arrays → the type of their width                   nothing but NULL → STRING
//
// Every column is nullable. Kinds that do not mix (a string among numbers) are refused, not guessed.
import { SchemaError } from "../errors.js";
import type { Row } from "./builder.js";
import type { ColumnData } from "./columns.js";
import {
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
  type Schema,
  STRING,
  schemaOf,
  TIMESTAMP,
} from "./types.js";

/** What has been seen of a column: one bit a kind of value. */
const NOTHING = 0;
const WHOLE = 1;
const FRACTION = 2;
const BIG = 4;
const HUGE = 8;
const TEXT = 16;
const FLAG = 32;
const TIME = 64;
const BYTES = 128;

const NUMERIC = WHOLE | FRACTION | BIG | HUGE;

/**
 * The schema of row objects: columns in the order in which the rows first name them.
 * @throws TYPE for values that are no scalars or kinds that do not mix, SCHEMA_EMPTY for no rows.
 */
export function inferRowSchema(rows: readonly Row[]): Schema {
  const seen = new Map<string, number>();
  for (let row = 0; row < rows.length; row++) {
    const object = rows[row] as Readonly<Record<string, unknown>>;
    if (typeof object !== "object" || object === null || Array.isArray(object)) {
      throw new SchemaError("TYPE", `row ${row} is no object, so its columns have no names`, {
        hint: "give objects, or a schema with rows as arrays",
      });
    }
    for (const name of Object.keys(object)) {
      const value = object[name];
      if (typeof value === "function") continue;
      seen.set(name, (seen.get(name) ?? NOTHING) | kindOf(value, name, row));
    }
  }
  if (seen.size === 0) {
    throw new SchemaError("SCHEMA_EMPTY", "no rows to take the columns from", { hint: "give a schema" });
  }
  return schemaOf([...seen].map(([name, kinds]) => field(name, typeOf(kinds, name))));
}

/** The schema of whole columns by name. @throws TYPE as `inferRowSchema`. */
export function inferColumnsSchema(columns: Readonly<Record<string, ColumnData>>): Schema {
  return schemaOf(
    Object.entries(columns).map(([name, data]) => {
      const values = "codes" in data || "validity" in data ? data.values : data;
      return field(name, typedArrayType(values) ?? typeOf(kindsOf(values, name), name));
    }),
  );
}

function kindsOf(values: ArrayLike<unknown>, name: string): number {
  let kinds = NOTHING;
  for (let row = 0; row < values.length; row++) kinds |= kindOf(values[row], name, row);
  return kinds;
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
      throw new SchemaError("UNSUPPORTED", `column "${name}", row ${row}: ${typeof value} values have no column type`, {
        hint: "flatten nested values, or give them as JSON text",
      });
  }
}

function typeOf(kinds: number, name: string): DataType {
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
];
