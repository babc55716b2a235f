// Batches → NDJSON: hand-worked texts, and everything that is written reads back the same.
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { buildBatch } from "../../src/arrow/builder.js";
import { readRows, type Value } from "../../src/arrow/rows.js";
import { parseSchema, type Schema } from "../../src/arrow/types.js";
import { json } from "../../src/formats/json.js";
import { openTestWorkspace, parseBatch, type TestWorkspace } from "../../src/testing/index.js";
import { decode } from "./json-support.js";

let kit: TestWorkspace;
beforeAll(async () => {
  kit = await openTestWorkspace();
});
afterEach(() => kit.account.arena.reset());

/** A batch in the arena from rows, by position or by name. */
function batchOf(schema: Schema, rows: readonly (readonly unknown[] | Record<string, unknown>)[]): Batch {
  const cell = (row: readonly unknown[] | Record<string, unknown>, name: string, index: number) =>
    Array.isArray(row) ? (row[index] as unknown) : (row as Record<string, unknown>)[name];
  const columns = schema.fields.map(({ name }, index) => rows.map((row) => cell(row, name, index)));
  return buildBatch(kit.workspace, schema, columns, rows.length);
}

/** Encodes a batch written as text (testing/text.ts). */
function encode(text: string): string {
  const batch = parseBatch(kit.workspace, text);
  const encoder = json.createEncoder(batch.schema);
  const bytes = new Uint8Array([...encoder.encode(batch), ...encoder.finish()]);
  batch.release();
  return new TextDecoder().decode(bytes);
}

describe("text", () => {
  test("one object a line, keys in the order of the columns, NULL as null", () => {
    expect(encode('a:INT b:STRING c:BOOLEAN | 1 x true | NULL "two words" false | -7 NULL NULL')).toBe(
      '{"a":1,"b":"x","c":true}\n{"a":null,"b":"two words","c":false}\n{"a":-7,"b":null,"c":null}\n',
    );
    expect(encode("a:INT")).toBe("");
  });

  test("integers and decimals with all digits", () => {
    expect(encode("a:TINYINT b:SMALLINT c:INT d:BIGINT | -128 32767 -2147483648 -9223372036854775808")).toBe(
      '{"a":-128,"b":32767,"c":-2147483648,"d":-9223372036854775808}\n',
    );
    const integers = [0, 9, 10, 999_999_999, 1_000_000_000, 1_000_000_001, 4_294_967_296, 9_007_199_254_740_991];
    expect(encode(`d:BIGINT | ${integers.join(" | ")} | 9223372036854775807`)).toBe(
      [...integers, "9223372036854775807"].map((value) => `{"d":${value}}\n`).join(""),
    );
    expect(encode("p:DECIMAL(5,2) q:DECIMAL(38,3) | -0.05 12345678901234567890123456789012345.678 | 12 -1")).toBe(
      '{"p":-0.05,"q":12345678901234567890123456789012345.678}\n{"p":12.00,"q":-1.000}\n',
    );
  });

  test("floats as the shortest text, NaN and the infinities as strings, one zero", () => {
    const rows = [
      0.1,
      -0,
      1e21,
      5e-324,
      1.7976931348623157e308,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ];
    const schema = parseSchema({ d: "DOUBLE", f: "FLOAT" });
    const singles = [0.1, -0, 16_777_216, 1e-45, 3.4028234663852886e38, Number.NaN, 1.1, 123_456.79];
    const batch = batchOf(
      schema,
      rows.map((d, row) => ({ d, f: singles[row] })),
    );
    expect(new TextDecoder().decode(json.createEncoder(schema).encode(batch))).toBe(
      [
        '{"d":0.1,"f":0.1}',
        '{"d":0,"f":0}',
        '{"d":1e+21,"f":16777216}',
        '{"d":5e-324,"f":1.4013e-45}',
        '{"d":1.7976931348623157e+308,"f":3.4028235e+38}',
        '{"d":"NaN","f":"NaN"}',
        '{"d":"Infinity","f":1.1}',
        '{"d":"-Infinity","f":123456.79}',
        "",
      ].join("\n"),
    );
  });

  test("strings with escapes where JSON wants them, other characters as UTF-8", () => {
    const texts = ['"\\/', "\b\f\n\r\t", "\0\x1f\x7f", "é€😀\u2028", "", '{"raw":[1]}'];
    const schema = parseSchema({ s: "STRING" });
    const encoded = json.createEncoder(schema).encode(
      batchOf(
        schema,
        texts.map((s) => ({ s })),
      ),
    );
    expect(new TextDecoder().decode(encoded)).toBe(
      [
        String.raw`{"s":"\"\\/"}`,
        String.raw`{"s":"\b\f\n\r\t"}`,
        '{"s":"\\u0000\\u001f\x7f"}',
        '{"s":"é€😀\u2028"}',
        '{"s":""}',
        String.raw`{"s":"{\"raw\":[1]}"}`,
        "",
      ].join("\n"),
    );
  });

  test("dates, times, timestamps in SQL notation, instants with Z, bytes in base64, intervals in milliseconds", () => {
    expect(encode("d:DATE t:TIME | 2020-02-29 23:59:59 | 1969-12-31 00:00:00.007 | -0044-03-15 12:00:00")).toBe(
      '{"d":"2020-02-29","t":"23:59:59"}\n{"d":"1969-12-31","t":"00:00:00.007"}\n{"d":"-0044-03-15","t":"12:00:00"}\n',
    );
    expect(
      encode(
        "a:TIMESTAMP(3) b:TIMESTAMP(6) c:TIMESTAMP_LTZ(3) d:TIMESTAMP(0) | " +
          "1969-12-31T23:59:59.999 1969-12-31T23:59:59.999999 2020-01-01T00:00:00Z 9999-12-31T23:59:59 | " +
          "2020-01-01T00:00:00 1500-01-01T00:00:00.000001 2020-01-01T00:00:00.100Z 0001-01-01T00:00:00",
      ),
    ).toBe(
      '{"a":"1969-12-31 23:59:59.999","b":"1969-12-31 23:59:59.999999","c":"2020-01-01 00:00:00Z","d":"9999-12-31 23:59:59"}\n' +
        '{"a":"2020-01-01 00:00:00","b":"1500-01-01 00:00:00.000001","c":"2020-01-01 00:00:00.100Z","d":"0001-01-01 00:00:00"}\n',
    );
    expect(encode("x:BYTES i:INTERVAL | 0x -1 | 0x68 0 | 0x6869 86400000 | 0xfffefd 1 | 0xfbefbeff 2")).toBe(
      [
        '{"x":"","i":-1}',
        '{"x":"aA==","i":0}',
        '{"x":"aGk=","i":86400000}',
        '{"x":"//79","i":1}',
        '{"x":"++++/w==","i":2}',
        "",
      ].join("\n"),
    );
  });

  test("dictionary-coded columns, selections and slices as the rows they stand for", () => {
    const batch = parseBatch(kit.workspace, "k:STRING# n:INT | a 1 | b 2 | a 3 | NULL 4 | c 5");
    const rows = kit.account.arena.allocate(8);
    kit.memory.u32.set([0, 3], rows >>> 2);
    const encoder = json.createEncoder(batch.schema);
    const text = (part: typeof batch) => new TextDecoder().decode(encoder.encode(part));
    expect(text(batch.slice(1, 4))).toBe('{"k":"b","n":2}\n{"k":"a","n":3}\n{"k":null,"n":4}\n');
    expect(text(batch.slice(1, 5).select(rows, 2))).toBe('{"k":"b","n":2}\n{"k":"c","n":5}\n');
    batch.release();
  });

  test("keys are escaped once", () => {
    const schema = parseSchema({ 'a "quoted"\n': "INT", __proto: "INT" });
    const encoded = json.createEncoder(schema).encode(batchOf(schema, [[1, 2]]));
    expect(new TextDecoder().decode(encoded)).toBe(String.raw`{"a \"quoted\"\n":1,"__proto":2}${"\n"}`);
  });

  test("what was given out is the caller's: the next batch does not touch it", () => {
    const schema = parseSchema({ a: "INT" });
    const encoder = json.createEncoder(schema);
    const first = encoder.encode(batchOf(schema, [[1]]));
    const second = encoder.encode(batchOf(schema, [[2]]));
    expect([first, second].map((bytes) => new TextDecoder().decode(bytes))).toEqual(['{"a":1}\n', '{"a":2}\n']);
  });

  test("times without a date of four digits are TIME_RANGE", () => {
    const schema = parseSchema({ t: "TIMESTAMP(3)", n: "BIGINT" });
    const batch = batchOf(schema, [[0, 1]]);
    kit.memory.i64[batch.column(0).values >>> 3] = 253_402_300_800_000n;
    const encode = () => json.createEncoder(schema).encode(batch);
    expect(encode).toThrow(expect.objectContaining({ code: "TIME_RANGE", at: { row: 0, field: "t" } }));
  });
});

test("S60 integers beyond 2^53 survive JSON in and out", () => {
  const lines = ["9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808"];
  const text = lines.map((value) => `{"n":${value}}\n`).join("");
  const encoded: string[] = [];
  const { rows } = decode(kit.workspace, { n: "BIGINT" }, text, {
    onBatch: (batch) => encoded.push(new TextDecoder().decode(json.createEncoder(batch.schema).encode(batch))),
  });
  expect(rows.map(({ n }) => n)).toEqual(lines.map(BigInt));
  expect(encoded.join("")).toBe(text);
});

describe("decode(encode(batch)) = batch", () => {
  const day = 86_400_000;
  const ms = fc.integer({ min: Date.parse("-009999-01-01T00:00:00Z"), max: Date.parse("9999-12-31T23:59:59.999Z") });
  const bigint = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const decimal = (digits: number, scale: number) =>
    fc.bigInt({ min: 1n - 10n ** BigInt(digits), max: 10n ** BigInt(digits) - 1n }).map((unscaled) => {
      const text = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
      return `${unscaled < 0n ? "-" : ""}${text.slice(0, text.length - scale)}.${text.slice(text.length - scale)}`;
    });
  /** Types and values that JavaScript can hand in, and how they come back when that differs. */
  const values: Record<string, fc.Arbitrary<unknown>> = {
    BOOLEAN: fc.boolean(),
    TINYINT: fc.integer({ min: -128, max: 127 }),
    SMALLINT: fc.integer({ min: -32_768, max: 32_767 }),
    INT: fc.integer(),
    BIGINT: bigint,
    FLOAT: fc.float().map((x) => (Object.is(x, -0) ? 0 : x)),
    DOUBLE: fc.double().map((x) => (Object.is(x, -0) ? 0 : x)),
    "DECIMAL(9, 4)": decimal(9, 4),
    "DECIMAL(18, 1)": decimal(18, 1),
    "DECIMAL(38, 20)": decimal(38, 20),
    STRING: fc.string({ unit: "binary" }),
    BYTES: fc.uint8Array({ maxLength: 40 }),
    DATE: ms.map((value) => Math.floor(value / day)),
    TIME: fc.integer({ min: 0, max: day - 1 }),
    "TIMESTAMP(0)": ms.map((value) => Math.floor(value / 1000) * 1000),
    "TIMESTAMP(2)": ms.map((value) => Math.floor(value / 10) * 10),
    "TIMESTAMP(3)": ms,
    "TIMESTAMP(4)": ms.map((value) => BigInt(value) * 1000n + 700n),
    "TIMESTAMP(6)": ms.map((value) => BigInt(value) * 1000n + 123n),
    "TIMESTAMP_LTZ(3)": ms,
    "TIMESTAMP_LTZ(6)": ms.map((value) => BigInt(value) * 1000n + 999n),
    INTERVAL: fc.integer(),
  };
  const names = Object.keys(values);

  test("rows of all types, with NULLs", () => {
    const row = fc.tuple(...names.map((name) => fc.option(values[name] as fc.Arbitrary<unknown>, { nil: null })));
    const literal = Object.fromEntries(names.map((name) => [name, name]));
    const schema = parseSchema(literal);
    const property = fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
      const batch = batchOf(schema, rows);
      const written = readRows(batch, { bigint: true });
      const bytes = json.createEncoder(schema).encode(batch);
      const lines = new TextDecoder().decode(bytes).split("\n");
      expect(lines.pop()).toBe("");
      expect(lines.map((line) => Object.keys(JSON.parse(line) as Record<string, Value>))).toEqual(
        rows.map(() => names),
      );
      const { rows: read, bad } = decode(kit.workspace, literal, bytes, { chunks: [777] });
      expect(bad).toEqual([]);
      expect(read).toEqual(written);
    });
    fc.assert(property, { numRuns: 150 });
  });
});
