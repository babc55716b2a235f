// CSV fields by type: every notation that a column reads, and what is refused with code and place.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Value } from "../../src/arrow/rows.js";
import { decodeCsv } from "./csv-support.js";
import { bytesFrom, guarded } from "./json-support.js";

const kit = guarded();

/** One field of one column between two others: the value, or the code it is refused with. */
function field(type: string, text: string | Uint8Array, csv: object = {}): unknown {
  const bytes = typeof text === "string" ? bytesFrom(`x,${text},y\n`) : bytesFrom("x,", [...text], ",y\n");
  const { rows, bad } = decodeCsv(kit.workspace, { v: type }, bytes, {
    csv: { delimiter: ",", header: ["a", "v", "z"], ...csv },
  });
  return bad[0] === undefined ? (rows[0] as Record<string, Value>).v : { code: bad[0].code };
}

describe("values", () => {
  test.each<[string, string, unknown]>([
    ["BIGINT", "9223372036854775807", 9223372036854775807n],
    ["BIGINT", "-9223372036854775808", -9223372036854775808n],
    ["BIGINT", "9223372036854775808", { code: "OVERFLOW" }],
    ["BIGINT", "007", 7n],
    ["BIGINT", "+5", 5n],
    ["BIGINT", " 12 ", 12n],
    ["BIGINT", '"12"', 12n],
    ["BIGINT", "1.0", 1n],
    ["BIGINT", "1e3", 1000n],
    ["BIGINT", "1.5", { code: "TYPE" }],
    ["BIGINT", "12x", { code: "TYPE" }],
    ["BIGINT", "-", { code: "TYPE" }],
    ["BIGINT", "1234567890123456", 1234567890123456n],
    ["INT", "2147483647", 2147483647],
    ["INT", "-2147483648", -2147483648],
    ["INT", "2147483648", { code: "OVERFLOW" }],
    ["SMALLINT", "-32768", -32768],
    ["TINYINT", "128", { code: "OVERFLOW" }],
    ["DOUBLE", "1.5", 1.5],
    ["DOUBLE", ".5", 0.5],
    ["DOUBLE", "5.", 5],
    ["DOUBLE", "-12345678.123456", -12345678.123456],
    ["DOUBLE", "0.1", 0.1],
    ["DOUBLE", "1e-7", 1e-7],
    ["DOUBLE", "123456789012345678901234567890", 1.2345678901234568e29],
    ["DOUBLE", "NaN", Number.NaN],
    ["DOUBLE", "-inf", Number.NEGATIVE_INFINITY],
    ["DOUBLE", "Infinity", Number.POSITIVE_INFINITY],
    ["DOUBLE", "1e400", { code: "OVERFLOW" }],
    ["DOUBLE", "1.2.3", { code: "TYPE" }],
    ["DOUBLE", ".", { code: "TYPE" }],
    ["DOUBLE", "--1", { code: "TYPE" }],
    ["FLOAT", "0.1", Math.fround(0.1)],
    ["DECIMAL(10, 2)", "12.34", "12.34"],
    ["DECIMAL(10, 2)", "12.345", { code: "TYPE" }],
    ["DECIMAL(38, 10)", "1234567890123456789.0123456789", "1234567890123456789.0123456789"],
    ["BOOLEAN", "true", true],
    ["BOOLEAN", "FALSE", false],
    ["BOOLEAN", "t", true],
    ["BOOLEAN", "No", false],
    ["BOOLEAN", "1", true],
    ["BOOLEAN", "2", { code: "TYPE" }],
    ["BOOLEAN", "\x11", { code: "TYPE" }],
    ["DATE", "2020-02-29", "2020-02-29"],
    ["DATE", "2021-02-29", { code: "TIME_RANGE" }],
    ["DATE", "2020-02-29x", { code: "TYPE" }],
    ["TIME", "23:59:59.123", "23:59:59.123"],
    ["TIMESTAMP(3)", "2020-02-29T23:59:59.123Z", new Date("2020-02-29T23:59:59.123Z")],
    ["TIMESTAMP(3)", "2020-02-29 23:59", new Date("2020-02-29T23:59:00Z")],
    ["TIMESTAMP(3)", "2020-02-29", new Date("2020-02-29T00:00:00Z")],
    ["TIMESTAMP(3)", '"2020-02-29 23:59:59"', new Date("2020-02-29T23:59:59Z")],
    ["TIMESTAMP(3)", "2020-02-29T23:59:59+02:00", { code: "TYPE" }],
    ["TIMESTAMP_LTZ(3)", "2020-02-29T23:59:59+02:00", new Date("2020-02-29T21:59:59Z")],
    ["TIMESTAMP(3)", "yesterday", { code: "TYPE" }],
    ["STRING", "", null],
    ["STRING", '""', ""],
    ["STRING NOT NULL", "", { code: "TYPE" }],
    ["BIGINT", "", null],
    ["BIGINT", '""', null],
    ["DOUBLE", "  ", null],
  ])("%s from %j", (type, text, expected) => {
    expect(field(type, text)).toEqual(expected);
  });

  test("BYTES are base64", () => {
    expect(field("BYTES", "aGk=")).toEqual(new Uint8Array([0x68, 0x69]));
    expect(field("BYTES", "aGk")).toEqual({ code: "TYPE" });
  });

  test("text that is not UTF-8 is refused, wherever it stands", () => {
    expect(field("STRING", new Uint8Array([0x61, 0xff]))).toEqual({ code: "UTF8" });
    expect(field("STRING", new Uint8Array([0x22, 0xc3, 0x22]))).toEqual({ code: "UTF8" });
    // A cut sequence at the end of a field is not completed by what follows.
    expect(field("STRING", new Uint8Array([0xe2, 0x82]))).toEqual({ code: "UTF8" });
    expect(field("STRING", `${"x".repeat(40)}€`)).toBe(`${"x".repeat(40)}€`);
  });

  test("doubles are those that JavaScript reads", () => {
    const digits = fc.stringMatching(/^-?\d{0,12}(\.\d{0,12})?$/);
    fc.assert(
      fc.property(digits, (text) => {
        const legal = /\d/.test(text);
        const expected = legal ? Number(text) : text === "" ? null : { code: "TYPE" };
        expect(field("DOUBLE", text)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test("integers are those that BigInt reads", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.integer({ min: 0, max: 64 }),
        (value, shift) => {
          const number = value >> BigInt(shift);
          expect(field("BIGINT", String(number))).toBe(number);
          expect(field("INT", String(BigInt.asIntN(32, number)))).toBe(Number(BigInt.asIntN(32, number)));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("options", () => {
  test.each<[string, string, object, unknown]>([
    ["DOUBLE", "1.234.567,89", { decimal: ",", thousands: ".", delimiter: ";" }, 1234567.89],
    ["DOUBLE", '"1,5"', { decimal: "," }, 1.5],
    ["DOUBLE", "1.5", { decimal: ",", delimiter: ";" }, { code: "TYPE" }],
    ["BIGINT", "1 234", { thousands: " ", delimiter: ";" }, 1234n],
    ["STRING", "  a b ", { trim: true }, "a b"],
    ["STRING", '  " a "  ', { trim: true }, " a "],
    ["STRING", "NULL", { nulls: ["", "NULL", "n/a"] }, null],
    ["STRING", '"NULL"', { nulls: ["NULL"] }, "NULL"],
    ["STRING", "", { nulls: "NULL" }, ""],
    ["INT", "n/a", { nulls: ["n/a"] }, null],
    ["STRING", "'it''s'", { quote: "'" }, "it's"],
    ["STRING", '"a\\"b\\\\"', { escape: "\\" }, 'a"b\\'],
    ["STRING", '"a', { quote: "" }, '"a'],
  ])("%s from %j with %j", (type, text, csv, expected) => {
    const delimiter = (csv as { delimiter?: string }).delimiter ?? ",";
    const { rows, bad } = decodeCsv(kit.workspace, { v: type }, `x${delimiter}${text}${delimiter}y\n`, {
      csv: { delimiter: ",", header: ["a", "v", "z"], ...csv },
    });
    expect(bad[0] === undefined ? (rows[0] as Record<string, Value>).v : { code: bad[0].code }).toEqual(expected);
  });

  test("comments, lines to skip, a header, missing fields", () => {
    const text = 'made by hand\n\n# who, "when\nname,age\nada,36\n#x\nbob\n';
    const csv = { skipRows: 2, comment: "#", pad: true, delimiter: ",", header: true };
    const whole = decodeCsv(kit.workspace, { age: "INT", name: "STRING" }, text, { csv });
    expect(whole.rows).toEqual([
      { age: 36, name: "ada" },
      { age: null, name: "bob" },
    ]);
    for (let size = 1; size < 40; size++) {
      expect(decodeCsv(kit.workspace, { age: "INT", name: "STRING" }, text, { csv, chunks: [size] }).rows).toEqual(
        whole.rows,
      );
    }
  });

  test.each([
    [{ delimiter: "ab" }, "csv.delimiter"],
    [{ delimiter: ",", quote: "," }, "both"],
    [{ delimiter: ",", comment: "," }, "both"],
    [{ delimitr: ";" }, "delimitr"],
    [{ skipRows: -1 }, "csv.skipRows"],
    [{ header: [] }, "csv.header"],
  ])("%j is refused", (csv, part) => {
    const run = () => decodeCsv(kit.workspace, { v: "INT" }, "", { csv });
    expect(run).toThrow(expect.objectContaining({ code: "OPTION", message: expect.stringContaining(part) }));
  });
});

describe("bad records", () => {
  const SCHEMA = { a: "INT", b: "STRING" };
  const run = (text: string | Uint8Array, options: object = {}) =>
    decodeCsv(kit.workspace, SCHEMA, text, { csv: { delimiter: ",", header: true }, ...options });

  test("are refused with place, and reading goes on", () => {
    const text = 'a,b\n1,x\ntwo,y\n3\n4,z,!\n"5" 6,u\n7,"v\nv"\n8,w\n';
    const { rows, bad } = run(text);
    expect(rows).toEqual([
      { a: 1, b: "x" },
      { a: 7, b: "v\nv" },
      { a: 8, b: "w" },
    ]);
    expect(bad.map(({ code, at, message }) => [code, at.line, at.column, at.byte, message])).toEqual([
      ["TYPE", 3, 1, 8, 'column "a" is INT, found "two"'],
      ["CSV_WIDTH", 4, 2, 14, "the record has 1 field, expected 2"],
      ["CSV_WIDTH", 5, 4, 16, "the record has 3 fields, expected 2"],
      ["CSV_QUOTE", 6, 4, 22, 'text behind a closing quote: " 6,u"'],
    ]);
    expect(bad.map(({ raw }) => new TextDecoder().decode(raw))).toEqual(["two,y", "3", "4,z,!", '"5" 6,u']);
    for (let size = 1; size < 60; size++) {
      const cut = run(text, { chunks: [size], batchRowsMax: 2 });
      expect(cut.rows).toEqual(rows);
      expect(cut.bad).toEqual(bad);
    }
  });

  test("a quote that is never closed takes its line only", () => {
    const text = 'a,b\n1,x\n2,"open\n3,y\n4,z';
    for (const chunks of [[100], [1], [3]]) {
      const { rows, bad } = run(text, { chunks });
      expect(rows.map(({ a }) => a)).toEqual([1, 3, 4]);
      expect(bad).toMatchObject([{ code: "CSV_QUOTE", at: { line: 3, byte: 8 } }]);
    }
  });

  test("a record that is too long takes its line only, with or without quotes", () => {
    for (const long of ["x".repeat(500), `"${"y\n".repeat(250)}"`, `"${"y".repeat(500)}`]) {
      const text = `a,b\n1,x\n2,${long}\n3,y\n4,z\n`;
      const whole = run(text, { maxRecordBytes: 100 });
      expect(whole.rows.filter(({ a }) => a !== null).map(({ a }) => a)).toEqual(expect.arrayContaining([1, 3, 4]));
      expect(whole.bad[0]).toMatchObject({ code: "RECORD_TOO_LARGE", at: { line: 3, byte: 8 } });
      for (const size of [1, 7, 50, 99, 101, 333]) {
        const cut = run(text, { maxRecordBytes: 100, chunks: [size] });
        expect(cut.rows).toEqual(whole.rows);
        expect(cut.bad).toEqual(whole.bad);
      }
    }
  });

  test("nothing but bad records comes in bounded pieces", () => {
    const { rows, bad, batchRows } = run(`a,b\n${"x,y\n".repeat(5000)}1,z\n`);
    expect(bad).toHaveLength(5000);
    expect(rows).toEqual([{ a: 1, b: "z" }]);
    expect(batchRows.length).toBeGreaterThan(3);
  });

  test("a column that the header has not is UNKNOWN_COLUMN, with the nearest name", () => {
    const open = () =>
      decodeCsv(kit.workspace, { prise: "INT" }, "price,n\n1,2\n", { csv: { header: true, delimiter: "," } });
    expect(open).toThrow(expect.objectContaining({ code: "UNKNOWN_COLUMN", hint: 'did you mean "price"?' }));
  });

  test("UTF-16 is ENCODING", () => {
    const open = () => run(new Uint8Array([0xff, 0xfe, 0x61, 0, 0x2c, 0]));
    expect(open).toThrow(expect.objectContaining({ code: "ENCODING" }));
  });

  test("names like __proto__ are plain data", () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const schema = Object.fromEntries([
      ["constructor", "STRING"],
      ["toString", "INT"],
    ]);
    const { rows } = decodeCsv(kit.workspace, schema, "__proto__,constructor,toString\npolluted,x,1\n");
    expect(Object.entries(rows[0] ?? {})).toEqual([
      ["constructor", "x"],
      ["toString", 1],
    ]);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });
});
