// Types and schemas between Arrow (apache-arrow) and columns.
//
//     BOOLEAN Bool │ TINYINT…BIGINT Int8…Int64 │ FLOAT, DOUBLE Float32, Float64 │ STRING Utf8 │ BYTES Binary
//     DECIMAL(p, s) Decimal128 │ DATE Date32 │ TIME Time32(ms) │ INTERVAL Duration(ms)
//     ARRAY List │ MAP Map │ ROW Struct
//     TIMESTAMP(0…3) Timestamp(ms), (4…6) Timestamp(µs); TIMESTAMP_LTZ the same with timezone "UTC"
//
// The exact type stands in the field's metadata when Arrow's does not tell it. Arrow types that no column type equals are
// read into the next one that holds every value: unsigned integers, other units of time, large and view layouts.
import * as arrow from "apache-arrow";
import {
  arrayOf,
  BINARY,
  BOOLEAN,
  childFields,
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
  INTERVAL,
  isTimestamp,
  mapOf,
  type NestedType,
  NULL,
  parseType,
  rowOf,
  type Schema,
  STRING,
  sameType,
  schemaOf,
  TIME,
  timestamp,
  timestampLtz,
  typeName,
} from "../arrow/types.js";
import { SchemaError } from "../errors.js";

const TYPE_KEY = "millrace:type";

/** The Arrow type that carries a column of this type. */
export function arrowTypeOf(type: DataType): arrow.DataType {
  switch (type.kind) {
    case "boolean":
      return new arrow.Bool();
    case "int8":
      return new arrow.Int8();
    case "int16":
      return new arrow.Int16();
    case "int32":
      return new arrow.Int32();
    case "int64":
      return new arrow.Int64();
    case "float32":
      return new arrow.Float32();
    case "float64":
      return new arrow.Float64();
    case "decimal":
      return new arrow.Decimal(type.scale, type.precision, 128);
    case "string":
      return new arrow.Utf8();
    case "binary":
      return new arrow.Binary();
    case "date":
      return new arrow.DateDay();
    case "time":
      return new arrow.TimeMillisecond();
    case "timestamp":
    case "timestamp_ltz": {
      const zone = type.kind === "timestamp_ltz" ? "UTC" : null;
      return type.precision <= 3 ? new arrow.TimestampMillisecond(zone) : new arrow.TimestampMicrosecond(zone);
    }
    case "interval":
      return new arrow.DurationMillisecond();
    case "null":
      return new arrow.Null();
    case "array":
    case "map":
    case "row":
      return nestedArrowType(
        type,
        childFields(type).map((child) => arrowFieldOf(child, arrowTypeOf(child.type))),
      );
  }
}

/** The Arrow type of a nested column whose children are these fields. */
export function nestedArrowType(type: NestedType, children: readonly arrow.Field[]): arrow.DataType {
  if (type.kind === "row") return new arrow.Struct([...children]);
  const [child] = children as [arrow.Field];
  return type.kind === "array" ? new arrow.List(child) : new arrow.Map_(child);
}

/** The Arrow field of a column; `type` is its Arrow type, a dictionary's for instance. */
export function arrowFieldOf({ name, type, nullable }: Field, as: arrow.DataType): arrow.Field {
  const plain = columnTypeOf(arrowTypeOf(type));
  const metadata = sameType(plain, type) ? undefined : new Map([[TYPE_KEY, typeName(type)]]);
  return new arrow.Field(name, as, nullable, metadata);
}

/** The schema that `fromArrow` gives columns of an Arrow schema. @throws UNSUPPORTED naming column and type. */
export function schemaFromArrow(schema: arrow.Schema): Schema {
  return schemaOf(schema.fields.map((column) => fieldFromArrow(column)));
}

/** The field's name. In a file it may have none, which apache-arrow gives as null, against its type: that is the empty name. */
export function arrowName({ name }: arrow.Field): string {
  return (name as string | null) ?? "";
}

/** `path` is what messages call the field. */
function fieldFromArrow(column: arrow.Field, path = arrowName(column)): Field {
  const { type, nullable, metadata } = column;
  const plain = columnTypeOf(type, path);
  const text = metadata.get(TYPE_KEY);
  return field(arrowName(column), text === undefined ? plain : refined(plain, text), nullable);
}

/** The type that the metadata names, if it lies in memory as the Arrow type does; nobody else's word counts for more. */
function refined(plain: DataType, text: string): DataType {
  const { type } = parseType(text);
  const alike = isTimestamp(plain) && type.kind === plain.kind && type.precision > 3 === plain.precision > 3;
  return alike ? type : plain;
}

/** The column type that holds every value of an Arrow type. @throws UNSUPPORTED */
function columnTypeOf(type: arrow.DataType, name = ""): DataType {
  if (arrow.DataType.isInt(type)) {
    const { bitWidth, isSigned } = type;
    if (bitWidth === 64) return isSigned ? INT64 : decimal(20, 0);
    if (bitWidth === 32) return isSigned ? INT32 : INT64;
    if (bitWidth === 16) return isSigned ? INT16 : INT32;
    return isSigned ? INT8 : INT16;
  }
  if (arrow.DataType.isFloat(type)) return type.precision === arrow.Precision.DOUBLE ? FLOAT64 : FLOAT32;
  if (arrow.DataType.isDecimal(type) && type.bitWidth === 128) return decimal(type.precision, type.scale);
  if (arrow.DataType.isBool(type)) return BOOLEAN;
  if (arrow.DataType.isUtf8(type) || arrow.DataType.isLargeUtf8(type) || arrow.DataType.isUtf8View(type)) return STRING;
  if (
    arrow.DataType.isBinary(type) ||
    arrow.DataType.isLargeBinary(type) ||
    arrow.DataType.isBinaryView(type) ||
    arrow.DataType.isFixedSizeBinary(type)
  ) {
    return BINARY;
  }
  if (arrow.DataType.isDate(type)) return DATE;
  if (arrow.DataType.isTime(type)) return TIME;
  if (arrow.DataType.isTimestamp(type)) {
    const precision = { [arrow.TimeUnit.SECOND]: 0, [arrow.TimeUnit.MILLISECOND]: 3 }[type.unit as number] ?? 6;
    return type.timezone ? timestampLtz(precision) : timestamp(precision);
  }
  if (arrow.DataType.isDuration(type)) return INTERVAL;
  if (arrow.DataType.isNull(type)) return NULL;
  if (arrow.DataType.isDictionary(type)) return columnTypeOf(type.dictionary, name);
  if (arrow.DataType.isStruct(type))
    return rowOf(type.children.map((child) => fieldFromArrow(child, `${name}.${arrowName(child)}`)));
  if (arrow.DataType.isMap(type)) {
    const [key, value] = (type.children[0] as arrow.Field<arrow.Struct>).type.children as [arrow.Field, arrow.Field];
    const { type: valueType, nullable } = fieldFromArrow(value, `${name}.value`);
    return mapOf(fieldFromArrow(key, `${name}.key`).type, valueType, nullable);
  }
  if (arrow.DataType.isList(type) || arrow.DataType.isFixedSizeList(type) || type.typeId === arrow.Type.LargeList) {
    const { type: element, nullable } = fieldFromArrow(type.children[0] as arrow.Field, `${name}[]`);
    return arrayOf(element, nullable);
  }
  throw unsupported(`Arrow type ${String(type)}`, name);
}

function unsupported(what: string, name = ""): SchemaError {
  return new SchemaError("UNSUPPORTED", `${name === "" ? "" : `column "${name}": `}${what} is not carried yet`, {
    hint: "drop the column, or flatten it or turn it into text before",
  });
}
