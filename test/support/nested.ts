// Nested types and JS values of them, at random: NULLs at every level, empty lists, odd field names.
import fc from "fast-check";
import type { Row } from "../../src/arrow/builder.js";
import type { Value } from "../../src/arrow/rows.js";
import {
  arrayOf,
  BOOLEAN,
  type DataType,
  decimal,
  type Field,
  FLOAT64,
  field,
  INT8,
  INT32,
  INT64,
  mapOf,
  rowOf,
  type Schema,
  STRING,
  schemaOf,
  TIMESTAMP,
} from "../../src/arrow/types.js";

const SCALARS = [BOOLEAN, INT8, INT32, INT64, FLOAT64, decimal(30, 2), STRING, TIMESTAMP];
const NAMES = ["a", "b", "x y", "__proto__", "constructor", "length"];

/** Types up to `depth` levels of nesting. */
export function typeArbitrary(depth: number): fc.Arbitrary<DataType> {
  const scalar = fc.constantFrom(...SCALARS);
  if (depth === 0) return scalar;
  const inner = typeArbitrary(depth - 1);
  return fc.oneof(
    scalar,
    fc.tuple(inner, fc.boolean()).map(([type, nullable]) => arrayOf(type, nullable)),
    fc.tuple(fc.constantFrom(STRING, INT32), inner).map(([key, value]) => mapOf(key, value)),
    fieldsArbitrary(inner, 3).map(rowOf),
  );
}

function fieldsArbitrary(type: fc.Arbitrary<DataType>, maxLength: number): fc.Arbitrary<Field[]> {
  const one = fc.record({ name: fc.constantFrom(...NAMES), type, nullable: fc.boolean() });
  return fc
    .uniqueArray(one, { selector: ({ name }) => name, minLength: 1, maxLength })
    .map((fields) => fields.map(({ name, type, nullable }) => field(name, type, nullable)));
}

/** Values of a field as rows hand them out. */
function valueArbitrary({ type, nullable }: Field): fc.Arbitrary<Value> {
  const value = presentArbitrary(type);
  return nullable ? fc.option(value, { freq: 4, nil: null }) : value;
}

/** Values of a type that are not NULL. */
export function presentArbitrary(type: DataType): fc.Arbitrary<Value> {
  switch (type.kind) {
    case "boolean":
      return fc.boolean();
    case "int8":
      return fc.integer({ min: -128, max: 127 });
    case "int32":
      return fc.integer();
    case "int64":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "float64":
      return fc.double({ noNaN: true }).map((value) => value + 0);
    case "decimal":
      return fc.bigInt({ min: 10n ** 20n, max: 10n ** 28n - 1n }).map((units) => `${units}.25`);
    case "string":
      return fc.string({ unit: "grapheme", maxLength: 6 });
    case "timestamp":
      return fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true });
    case "array":
      return fc.array(valueArbitrary(type.element), { maxLength: 4 });
    case "map": {
      const entry = fc.tuple(presentArbitrary(type.key.type), valueArbitrary(type.value));
      return fc.uniqueArray(entry, { selector: ([key]) => key, maxLength: 3 }).map((entries) => new Map(entries));
    }
    case "row":
      return recordArbitrary(type.fields);
    default:
      throw new Error(`no values of ${type.kind}`);
  }
}

/** Objects with these fields as own properties, `__proto__` too. */
function recordArbitrary(fields: readonly Field[]): fc.Arbitrary<Record<string, Value>> {
  return fc.tuple(...fields.map(valueArbitrary)).map((values) => {
    const record: Record<string, Value> = {};
    fields.forEach(({ name }, index) => {
      const value = values[index] as Value;
      Object.defineProperty(record, name, { value, writable: true, enumerable: true, configurable: true });
    });
    return record;
  });
}

export interface Rows {
  readonly schema: Schema;
  readonly rows: readonly (Row & Record<string, Value>)[];
}

/** A schema of nested columns, and rows of it. */
export function rowsArbitrary(depth = 3, maxLength = 20): fc.Arbitrary<Rows> {
  return fieldsArbitrary(typeArbitrary(depth), 3).chain((fields) => {
    return fc.array(recordArbitrary(fields), { maxLength }).map((rows) => ({ schema: schemaOf(fields), rows }));
  });
}
