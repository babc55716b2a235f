// Schemas inferred from rows and columns: widened to what holds every value, refused where kinds do not mix.
import { expect, test } from "vitest";
import { inferColumnsSchema, inferRowSchema } from "../../src/arrow/infer.js";
import { schemaLiteral } from "../../src/arrow/types.js";
import type { EngineError } from "../../src/errors.js";

/** Type of a column of these values. */
const typeOf = (...values: unknown[]) => schemaLiteral(inferRowSchema(values.map((x) => ({ x })))).x;

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as EngineError).code;
  }
  return "accepted";
}

test("types are widened to what holds every value", () => {
  expect(typeOf(1, null, -5)).toBe("BIGINT");
  expect(typeOf(1, 0.5)).toBe("DOUBLE");
  expect(typeOf(1, Number.NaN)).toBe("DOUBLE");
  expect(typeOf(1, -0)).toBe("DOUBLE");
  expect(typeOf(1, 2 ** 53)).toBe("DOUBLE");
  expect(typeOf(1, 2n ** 63n - 1n)).toBe("BIGINT");
  expect(typeOf(1, 2n ** 63n)).toBe("DECIMAL(38, 0)");
  expect(typeOf(1n, 0.5)).toBe("DOUBLE");
  expect(typeOf(true, null)).toBe("BOOLEAN");
  expect(typeOf("a", undefined)).toBe("STRING");
  expect(typeOf(new Date(0))).toBe("TIMESTAMP(3)");
  expect(typeOf(new Uint8Array(1))).toBe("BYTES");
  expect(typeOf(null, undefined)).toBe("STRING");
});

test("arrays, objects and Maps are nested types, widened inside", () => {
  expect(typeOf([1, null], [0.5], [])).toBe("ARRAY<DOUBLE>");
  expect(typeOf([])).toBe("ARRAY<STRING>");
  expect(typeOf({ a: 1 }, { "b c": ["x"], a: null }, null)).toBe("ROW<a BIGINT, `b c` ARRAY<STRING>>");
  expect(typeOf(new Map([["k", 1]]), new Map())).toBe("MAP<STRING, BIGINT>");
  expect(typeOf(new Float64Array(2))).toBe("ARRAY<DOUBLE>");
  expect(() => typeOf({ a: [1, "x"] })).toThrow('column "x.a[]" mixes numbers, strings');
  const circle: unknown[] = [];
  circle.push(circle);
  expect(codeOf(() => typeOf(circle))).toBe("UNSUPPORTED");
});

test("kinds that do not mix, odd objects and rows without names are refused", () => {
  expect(() => typeOf(1, "1")).toThrow('column "x" mixes numbers, strings');
  expect(() => typeOf(true, new Date(0), 1)).toThrow('column "x" mixes numbers, booleans, dates');
  expect(codeOf(() => typeOf(1, "1"))).toBe("TYPE");
  expect(() => typeOf([1], { a: 1 })).toThrow('column "x" mixes arrays, objects');
  expect(codeOf(() => typeOf(new Set([1])))).toBe("UNSUPPORTED");
  expect(codeOf(() => typeOf({}))).toBe("TYPE");
  expect(codeOf(() => typeOf(Symbol("x")))).toBe("UNSUPPORTED");
  expect(codeOf(() => inferRowSchema([[1, 2]]))).toBe("TYPE");
  expect(codeOf(() => inferRowSchema([{ a: 1 }, null as never]))).toBe("TYPE");
  expect(codeOf(() => inferRowSchema([]))).toBe("SCHEMA_EMPTY");
  expect(codeOf(() => inferRowSchema([{}]))).toBe("SCHEMA_EMPTY");
});

test("columns come in the order in which rows first name them; methods are no columns", () => {
  const rows = [{ b: 1, f: () => 1 }, { a: "x" }, JSON.parse('{"b": 0.5, "__proto__": true}')];
  expect(JSON.stringify(schemaLiteral(inferRowSchema(rows)))).toBe('{"b":"DOUBLE","a":"STRING","__proto__":"BOOLEAN"}');
});

test("whole columns: typed arrays by their width, others by their values", () => {
  const columns = {
    ...{ f8: new Float64Array(1), f4: new Float32Array(1), i8: new BigInt64Array(1), u8: new BigUint64Array(1) },
    ...{
      u4: new Uint32Array(1),
      i4: new Int32Array(1),
      u2: new Uint16Array(1),
      i2: new Int16Array(1),
      u1: new Uint8Array(1),
    },
    ...{ i1: new Int8Array(1), numbers: [1.5], masked: { values: new Int32Array(1), validity: new Uint8Array([1]) } },
    coded: { codes: [0], values: ["a"] },
  };
  expect(schemaLiteral(inferColumnsSchema(columns))).toEqual({
    ...{ f8: "DOUBLE", f4: "FLOAT", i8: "BIGINT", u8: "BIGINT", u4: "BIGINT", i4: "INT", u2: "INT", i2: "SMALLINT" },
    ...{ u1: "SMALLINT", i1: "TINYINT", numbers: "DOUBLE", masked: "INT", coded: "STRING" },
  });
});
