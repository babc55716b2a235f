// The schema of NDJSON from its first lines.
import { describe, expect, test } from "vitest";
import { schemaLiteral } from "../../src/arrow/types.js";
import { json } from "../../src/formats/json.js";
import { inferJsonSchema } from "../../src/formats/json-infer.js";

const bytes = (text: string) => new TextEncoder().encode(text);
const infer = (text: string, complete = true) =>
  schemaLiteral(json.inferSchema({ bytes: bytes(text), complete, source: "sample.ndjson" }));
/** The type of one column by its values. */
const typeOf = (...values: string[]) => infer(values.map((value) => `{"v":${value}}`).join("\n")).v;

describe("types", () => {
  test.each([
    ["BIGINT", ["1", "-5", "0"]],
    ["BIGINT", ["9223372036854775807", "-9223372036854775808"]],
    ["DOUBLE", ["9223372036854775808"]],
    ["DOUBLE", ["-9223372036854775809", "1"]],
    ["DOUBLE", ["100000000000000000000000"]],
    ["DOUBLE", ["1", "1.5"]],
    ["DOUBLE", ["1.0"]],
    ["DOUBLE", ["1e3"]],
    ["DOUBLE", ["1.5", '"NaN"', '"-Infinity"']],
    ["DOUBLE", ['"Infinity"', "1"]],
    ["STRING", ['"NaN"', '"NaN"']],
    ["STRING", ['"NaN"', "1", '"a"']],
    ["STRING", ['"NaN"', "true"]],
    ["BOOLEAN", ["true", "null", "false"]],
    ["STRING", ['"a"', '""']],
    ["STRING", ["null", "null"]],
    ["STRING", ["{}", '[{"a":[1,"]"]}]']],
    ["STRING", ['"a"', "[1]"]],
    ["STRING", ["1", '"a"']],
    ["STRING", ["1", "true"]],
    ["STRING", ['"2020-01-01T00:00:00Z"', "1"]],
    ["STRING", ['"2020-01-01T00:00:00Z"', '"soon"']],
    ["TIMESTAMP(3)", ['"2020-01-01T00:00:00Z"', '"2020-01-01T00:00:00.123Z"', "null"]],
    ["TIMESTAMP(3)", ['"2020-01-01 00:00:00"', '"2020-01-01T00:00"']],
    ["TIMESTAMP(6)", ['"2020-01-01T00:00:00.1234Z"']],
    ["TIMESTAMP(6)", ['"2020-01-01T00:00:00.123456"', '"2020-01-01T00:00:00"']],
    ["STRING", ['"2020-01-01T00:00:00.1234567"']],
    ["TIMESTAMP_LTZ(3)", ['"2020-01-01T00:00:00+02:00"', '"2020-01-01T00:00:00Z"']],
    ["STRING", ['"2020-01-01T00:00:00+02:00"', '"2020-01-01T00:00:00"']],
    ["STRING", ['"2020-02-30T00:00:00Z"']],
    ["STRING", ['"2020-01-01"']],
    ["STRING", ['"12:00"']],
    ["STRING", [String.raw`"2020-01-01T00:00:00\u002b02:00"`, "1"]],
    ["TIMESTAMP_LTZ(3)", [String.raw`"2020-01-01T00:00:00\u002b02:00"`]],
  ])("%s of %s", (type, values) => {
    expect(typeOf(...values)).toBe(type);
  });
});

test("columns in the order in which their keys first appear, whatever stands between", () => {
  const text = '{"b":1, "a" : [1,{"x":"}"}] ,"c":"\\",\\"z\\":1"}\r\n\n{"a":{},"d":true}\n{ }\n';
  expect(infer(text)).toEqual({ b: "BIGINT", a: "STRING", c: "STRING", d: "BOOLEAN" });
  expect(Object.keys(infer(text))).toEqual(["b", "a", "c", "d"]);
  expect(infer(String.raw`{"\u0061":1,"a":2.5,"é":null}`)).toEqual({ a: "DOUBLE", é: "STRING" });
});

test("an unfinished last line of a sample is not looked at, of a whole file it is", () => {
  expect(infer('{"a":1}\n{"a":1.5', false)).toEqual({ a: "BIGINT" });
  expect(infer('{"a":1}\n{"a":1.5}', true)).toEqual({ a: "DOUBLE" });
  expect(() => infer('{"a":1', false)).toThrow(expect.objectContaining({ code: "JSON" }));
});

test("only the first lines are looked at", () => {
  const text = bytes('{"a":1}\n{"a":2}\n{"a":0.5,"b":1}\n');
  const sample = { bytes: text, complete: true, source: "x" };
  expect(schemaLiteral(inferJsonSchema(sample, 2))).toEqual({ a: "BIGINT" });
  expect(schemaLiteral(inferJsonSchema(sample, 3))).toEqual({ a: "DOUBLE", b: "BIGINT" });
});

test("lines that are no records are passed over while there are others, else the first one is told", () => {
  expect(infer('not json\n{"a":1}\n{"a":')).toEqual({ a: "BIGINT" });
  expect(() => infer("\nnot json\n{\n")).toThrow(
    expect.objectContaining({ code: "JSON", at: { source: "sample.ndjson", line: 2, byte: 1 } }),
  );
  expect(() => infer("42\n")).toThrow(expect.objectContaining({ code: "JSON_SHAPE" }));
  const latin = Uint8Array.of(...bytes('{"a":"'), 0xe9, ...bytes('"}\n'));
  const run = () => json.inferSchema({ bytes: latin, complete: true, source: "x" });
  expect(run).toThrow(expect.objectContaining({ code: "JSON" }));
});

test("records without keys have no schema", () => {
  expect(() => infer("{}\n{}\n")).toThrow(expect.objectContaining({ code: "SCHEMA_EMPTY" }));
});
