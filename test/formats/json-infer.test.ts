// The schema of NDJSON from its first lines.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { schemaLiteral, schemaOf } from "../../src/arrow/types.js";
import { json } from "../../src/formats/json.js";
import { inferJsonSchema } from "../../src/formats/json-infer.js";
import { openTestWorkspace } from "../../src/testing/index.js";

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
    ["STRING", ["{}", "null", "{ }"]],
    ["ARRAY<BIGINT>", ["[1, 2]", "[]", "null", "[null]"]],
    ["ARRAY<DOUBLE>", ["[1]", "[2.5]"]],
    ["ARRAY<STRING>", ["[]", "[null]"]],
    ["STRING", ['[1, "a"]']],
    ["ARRAY<STRING>", ['["a", {"b":1}, [2]]']],
    ["ROW<a STRING, b BIGINT>", ['{"a":[1,"x"],"b":1}']],
    ["ARRAY<ARRAY<BOOLEAN>>", ["[[true],[]]", "[null, [null , false]]"]],
    ["ROW<a BIGINT, b ARRAY<STRING>, c ROW<d BOOLEAN>>", ['{"a":1,"b":["]"]}', '{"c":{"d":true},"a":null}']],
    ["ROW<a DOUBLE>", ['{"a":1}', '{"a":0.5}']],
    ["STRING", ['{"a":1}', '{"a":[1]}']],
    ["ROW<a STRING>", ['{"a":{}}']],
    ["ARRAY<ROW<`x y` TIMESTAMP(3), n BIGINT>>", ['[{"x y":"2020-01-01T00:00:00Z"},{"n":5}]']],
    ["STRING", ['{"a":1}', "[1]"]],
    ["STRING", ['{"a":1}', "1"]],
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
  expect(() => infer('{"a":1', false)).toThrow(expect.objectContaining({ code: "SCHEMA_EMPTY" }));
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

/** `{"k0": value, "k1": value, …}` */
const wide = (count: number, value: (i: number) => string) =>
  `{${Array.from({ length: count }, (_, i) => `"k${i}":${value(i)}`).join(",")}}`;

describe("limits", () => {
  test("an object of more than 200 keys is a MAP where its values are of one type", () => {
    expect(typeOf(wide(200, String))).toMatch(/^ROW<k0 BIGINT, .*k199 BIGINT>$/);
    expect(typeOf(wide(201, String))).toBe("MAP<STRING, BIGINT>");
    expect(typeOf(wide(201, (i) => (i === 7 ? "null" : `${i}.5`)))).toBe("MAP<STRING, DOUBLE>");
    expect(typeOf(wide(201, (i) => (i === 7 ? '"a"' : "[1]")))).toMatch(/^ROW<k0 ARRAY<BIGINT>, .*k7 STRING/);
    expect(typeOf(wide(201, (i) => `[{"${i % 2 === 0 ? "a" : "b"}":${i}}]`))).toBe(
      "MAP<STRING, ARRAY<ROW<a BIGINT, b BIGINT>>>",
    );
  });

  test("what is nested more than 32 deep stays JSON text", () => {
    const nested = (depth: number) => typeOf("[".repeat(depth) + "]".repeat(depth)) as string;
    expect(nested(32)).toBe(`${"ARRAY<".repeat(32)}STRING${">".repeat(32)}`);
    expect(nested(33)).toBe(nested(32));
    expect(nested(10_000)).toBe(nested(32));
  });

  test("keys are counted at all depths", () => {
    const many = wide(60, (i) => wide(180, () => (i % 2 === 0 ? "1" : '"a"')));
    expect(() => typeOf(many)).toThrow(
      expect.objectContaining({ code: "TOO_MANY_COLUMNS", at: { source: "sample.ndjson", line: 1 } }),
    );
  });
});

test("every line of the sample can be read with the schema that it gave", async () => {
  const value = fc.jsonValue({ maxDepth: 4, noUnicodeString: false });
  const { workspace } = await openTestWorkspace();
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.constantFrom("a", "b", "__proto__"), value), { minLength: 1 }), (records) => {
      const text = bytes(records.map((record) => JSON.stringify({ ...record, id: 1 })).join("\n"));
      const schema = json.inferSchema({ bytes: text, complete: true, source: "x" });
      // A mixture with numbers at the top is STRING, and its numbers are bad records, as before.
      const columns = schema.fields.filter(({ name, type }) => {
        const kinds = new Set(records.map((record) => kindOf(Object.hasOwn(record, name) ? record[name] : null)));
        return type.kind !== "string" || !(kinds.has("number") || kinds.has("boolean"));
      });
      const bad: unknown[] = [];
      const options = {
        workspace,
        source: "x",
        split: 0,
        batchRowsMax: 8192,
        bad: (record: unknown) => bad.push(record),
      };
      const decoder = json.createDecoder({ ...options, schema: schemaOf(columns) });
      decoder.feed(text);
      while (decoder.next() !== null);
      decoder.finish();
      while (decoder.next() !== null);
      decoder.close();
      workspace.account.arena.reset();
      expect(bad).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

const kindOf = (value: unknown): string => (value === null ? "null" : typeof value);
