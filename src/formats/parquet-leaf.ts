// The engine's types → Parquet's physical and logical ones, for writing (parquet-format, LogicalTypes.md): what parquet-types.ts
// reads back as the same type.
import { type DataType, type Field, type Layout, layoutOf, typeName } from "../arrow/types.js";
import { SchemaError } from "../errors.js";
import type { ThriftWriter } from "./parquet-thrift-writer.js";

/** Physical types as Parquet numbers them. */
const PHYSICAL = { BOOLEAN: 0, INT32: 1, INT64: 2, FLOAT: 4, DOUBLE: 5, BYTE_ARRAY: 6, FIXED: 7 } as const;

/** A column as the file's schema describes it. */
export interface Leaf {
  readonly layout: Layout;
  readonly physical: number;
  /** Names from the column's down to its own. */
  readonly path: readonly string[];
  /** The highest levels of its entries: without lists and NULLs around it 0, and 1 where it may be NULL itself. */
  readonly maxRepetition: number;
  readonly maxDefinition: number;
  /** Bytes of a FIXED value, else 0. */
  readonly typeLength: number;
  /** Adds the rest of the schema element: the old and the new annotation. */
  annotate(thrift: ThriftWriter): void;
}

const DECIMAL_BYTES = 16;

/** @throws UNSUPPORTED for INTERVAL and NULL */
export function leafOf({ type }: Field, place: Pick<Leaf, "path" | "maxRepetition" | "maxDefinition">): Leaf {
  return {
    ...place,
    layout: layoutOf(type),
    physical: physicalOf(place.path, type),
    typeLength: layoutOf(type) === "i128" ? DECIMAL_BYTES : 0,
    annotate: (thrift) => annotate(thrift, type),
  };
}

function physicalOf(path: readonly string[], type: DataType): number {
  switch (type.kind) {
    case "boolean":
      return PHYSICAL.BOOLEAN;
    case "int8":
    case "int16":
    case "int32":
    case "date":
    case "time":
      return PHYSICAL.INT32;
    case "int64":
    case "timestamp":
    case "timestamp_ltz":
      return PHYSICAL.INT64;
    case "float32":
      return PHYSICAL.FLOAT;
    case "float64":
      return PHYSICAL.DOUBLE;
    case "decimal":
      return layoutOf(type) === "i64" ? PHYSICAL.INT64 : PHYSICAL.FIXED;
    case "string":
    case "binary":
      return PHYSICAL.BYTE_ARRAY;
    case "interval":
      throw refused(path, type, `Parquet has no INTERVAL of milliseconds: .withColumn({ ${path[0]}: … }) as a BIGINT`);
    case "null":
    case "array":
    case "map":
    case "row":
      throw refused(path, type, "cast it to the type that it is to have");
  }
}

function refused(path: readonly string[], type: DataType, hint: string): SchemaError {
  const name = path.join(".");
  return new SchemaError("UNSUPPORTED", `column "${name}" of type ${typeName(type)} is not written to Parquet`, {
    hint,
    at: { field: name },
  });
}

/** Fields 6 (ConvertedType), 7, 8 (scale, precision) and 10 (LogicalType) of a SchemaElement. */
function annotate(thrift: ThriftWriter, type: DataType): void {
  switch (type.kind) {
    case "int8":
      annotateInteger(thrift, 8, 15);
      break;
    case "int16":
      annotateInteger(thrift, 16, 16);
      break;
    case "date":
      thrift.i32(6, 6);
      thrift.struct(10, () => thrift.struct(6, nothing));
      break;
    case "time":
      // The old TIME_MILLIS says that it is in UTC, which a time without zone is not.
      thrift.struct(10, () => thrift.struct(7, () => annotateUnit(thrift, false, MILLIS)));
      break;
    case "timestamp":
      thrift.struct(10, () => thrift.struct(8, () => annotateUnit(thrift, false, unitOf(type.precision))));
      break;
    case "timestamp_ltz":
      thrift.i32(6, type.precision > 3 ? 10 : 9);
      thrift.struct(10, () => thrift.struct(8, () => annotateUnit(thrift, true, unitOf(type.precision))));
      break;
    case "decimal":
      thrift.i32(6, 5);
      thrift.i32(7, type.scale);
      thrift.i32(8, type.precision);
      thrift.struct(10, () => {
        thrift.struct(5, () => {
          thrift.i32(1, type.scale);
          thrift.i32(2, type.precision);
        });
      });
      break;
    case "string":
      thrift.i32(6, 0);
      thrift.struct(10, () => thrift.struct(1, nothing));
      break;
    default:
  }
}

const MILLIS = 1;
const MICROS = 2;

function unitOf(precision: number): number {
  return precision > 3 ? MICROS : MILLIS;
}

/** TimeType and TimestampType. */
function annotateUnit(thrift: ThriftWriter, utc: boolean, unit: number): void {
  thrift.bool(1, utc);
  thrift.struct(2, () => thrift.struct(unit, nothing));
}

function annotateInteger(thrift: ThriftWriter, bits: number, converted: number): void {
  thrift.i32(6, converted);
  thrift.struct(10, () => {
    thrift.struct(10, () => {
      thrift.i8(1, bits);
      thrift.bool(2, true);
    });
  });
}

function nothing(): void {
  // A struct without fields.
}
