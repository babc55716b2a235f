// Types, fields and schemas: names there and back, and what is refused.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  columnIndex,
  type DataType,
  decimal,
  field,
  INT32,
  layoutOf,
  parseSchema,
  parseType,
  STRING,
  sameType,
  schemaLiteral,
  schemaOf,
  timestamp,
  timestampLtz,
  typeName,
  unitsPerMs,
  widthOf,
} from "../../src/arrow/types.js";
import { EngineError } from "../../src/errors.js";
import { typeArbitrary } from "../support/nested.js";

function errorOf(act: () => unknown): EngineError {
  try {
    act();
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const simple = [
  "boolean",
  "int8",
  "int16",
  "int32",
  "int64",
  "float32",
  "float64",
  "string",
  "binary",
  "date",
  "time",
  "interval",
] as const;
const anyType: fc.Arbitrary<DataType> = fc.oneof(
  fc.constantFrom(...simple).map((kind) => ({ kind })),
  fc.integer({ min: 0, max: 6 }).map(timestamp),
  fc.integer({ min: 0, max: 6 }).map(timestampLtz),
  fc
    .integer({ min: 1, max: 38 })
    .chain((precision) => fc.integer({ min: 0, max: precision }).map((scale) => decimal(precision, scale))),
);

test("every type's name reads back as the type, with and without NOT NULL, in any case and spacing", () => {
  fc.assert(
    fc.property(anyType, fc.boolean(), fc.boolean(), (type, nullable, odd) => {
      const text = `${typeName(type)}${nullable ? "" : " NOT NULL"}`;
      const written = odd ? `  ${text.toLowerCase().replaceAll(" ", "  ")} ` : text;
      expect(parseType(written)).toEqual({ type, nullable });
      expect(sameType(parseType(text).type, type)).toBe(true);
    }),
  );
});

test("a schema's literal reads back as the schema", () => {
  const column = fc.record({ name: fc.string({ minLength: 1 }), type: anyType, nullable: fc.boolean() });
  fc.assert(
    fc.property(fc.uniqueArray(column, { selector: ({ name }) => name, maxLength: 8 }), (columns) => {
      // Whole numbers as names come first in every JS object, so their order cannot be kept.
      fc.pre(columns.every(({ name }) => !/^\d+$/.test(name)));
      const schema = schemaOf(columns.map(({ name, type, nullable }) => field(name, type, nullable)));
      expect(parseSchema(schemaLiteral(schema))).toEqual(schema);
    }),
  );
});

test("SQL's other names, and defaults of precision", () => {
  const names = ["INTEGER", "VARCHAR", "NUMERIC(4, 1)", "DECIMAL", "TIMESTAMP", "timestamp_ltz", "DECIMAL(7)"];
  expect(names.map((name) => typeName(parseType(name).type))).toEqual([
    ...["INT", "STRING", "DECIMAL(4, 1)", "DECIMAL(10, 0)", "TIMESTAMP(3)", "TIMESTAMP_LTZ(3)", "DECIMAL(7, 0)"],
  ]);
});

test("what is no type is refused and the nearest named", () => {
  expect(errorOf(() => parseType("DUBLE")).format()).toBe('TYPE: "DUBLE" is no type\n  hint: did you mean "DOUBLE"?');
  for (const text of [
    "",
    "INT(3)",
    "TIMESTAMP(7)",
    "TIMESTAMP(3, 1)",
    "DECIMAL(39, 0)",
    "DECIMAL(4, 5)",
    "DECIMAL(0)",
    "INT NOT",
    "INT; DROP",
  ]) {
    expect(errorOf(() => parseType(text)).code).toBe("TYPE");
  }
});

test("two columns of one name, and unknown columns", () => {
  const schema = schemaOf([field("delay", INT32), field("origin", STRING)]);
  expect(errorOf(() => schemaOf([field("a", INT32), field("a", STRING)])).code).toBe("COLUMN_DUP");
  expect(columnIndex(schema, "origin")).toBe(1);
  const error = errorOf(() => columnIndex(schema, "dely", 'table "flights"'));
  expect([error.code, error.message, error.hint]).toEqual([
    ...["UNKNOWN_COLUMN", 'no column "dely" in table "flights"', 'did you mean "delay"?'],
  ]);
  expect(errorOf(() => columnIndex(schema, "price")).hint).toBe("columns: delay, origin");
});

test("layouts, widths and units", () => {
  const layouts = (
    ["BOOLEAN", "TINYINT", "SMALLINT", "INT", "DATE", "TIME", "BIGINT", "TIMESTAMP(6)", "INTERVAL"] as const
  ).map((name) => layoutOf(parseType(name).type));
  expect(layouts).toEqual(["bool", "i8", "i16", "i32", "i32", "i32", "i64", "i64", "i64"]);
  expect([layoutOf(decimal(18, 2)), layoutOf(decimal(19, 2)), layoutOf({ kind: "null" })]).toEqual([
    "i64",
    "i128",
    "none",
  ]);
  expect((["bool", "i8", "i16", "i32", "i64", "i128", "f32", "f64", "utf8", "none"] as const).map(widthOf)).toEqual([
    ...[0, 1, 2, 4, 8, 16, 4, 8, 0, 0],
  ]);
  expect([unitsPerMs(timestamp(3)), unitsPerMs(timestamp(4)), unitsPerMs(INT32)]).toEqual([1, 1000, 1]);
});

test("nested types: their text reads back as the type", () => {
  fc.assert(
    fc.property(typeArbitrary(4), (type) => {
      const { type: back } = parseType(typeName(type));
      expect(back).toEqual(type);
      expect(layoutOf(back)).toBe(layoutOf(type));
    }),
  );
  const odd = parseType(
    " row < a array<int not null>, `b c` Map<STRING not null , Decimal( 4 ,1)> not null > NOT NULL ",
  );
  expect(typeName(odd.type)).toBe("ROW<a ARRAY<INT NOT NULL>, `b c` MAP<STRING, DECIMAL(4, 1)> NOT NULL>");
  expect(odd.nullable).toBe(false);
});

test("nested types that are none, or too deep", () => {
  for (const text of ["ARRAY", "ARRAY<>", "ARRAY<INT", "ARRAY<INT>>", "MAP<INT>", "ROW<>", "ROW<a>", "ROW<a INT,>"]) {
    expect(errorOf(() => parseType(text)).code).toBe("TYPE");
  }
  expect(errorOf(() => parseType("ARRAY<DUBLE>")).hint).toBe('did you mean "DOUBLE"?');
  expect(errorOf(() => parseType("ROW<a INT, a INT>")).code).toBe("COLUMN_DUP");
  const deep = (levels: number) => `${"ARRAY<".repeat(levels)}INT${">".repeat(levels)}`;
  expect(typeName(parseType(deep(32)).type)).toBe(deep(32));
  expect(errorOf(() => parseType(deep(33))).code).toBe("UNSUPPORTED");
  expect(errorOf(() => parseType("ARRAY<".repeat(1_000_000))).code).toBe("UNSUPPORTED");
});
