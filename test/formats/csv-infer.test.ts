// The schema of CSV from its first bytes: dialect, header, names and types, as users of DuckDB's sniffer expect.
import { describe, expect, test } from "vitest";
import { schemaLiteral } from "../../src/arrow/types.js";
import { openCsv } from "../../src/formats/csv.js";
import { decodeCsv } from "./csv-support.js";
import { bytesOf, guarded } from "./json-support.js";

const kit = guarded();
const infer = (text: string | Uint8Array, csv: object = {}, complete = true) =>
  schemaLiteral(openCsv(csv, "sample.csv").inferSchema({ bytes: bytesOf(text), complete, source: "sample.csv" }));

describe("inferred schema", () => {
  test("types of columns", () => {
    const text = [
      "i,d,b,date,time,ts,us,ltz,zip,s,mixed,none",
      '1,1.5,true,2020-02-29,12:30,2020-02-29 12:30:00,2020-02-29T12:30:00.123456,2020-02-29T12:30:00+01:00,007,"a, b",1,',
      "-2,2,FALSE,1999-12-31,23:59:59.5,2020-02-29T12:30:00.5Z,,2020-02-29T12:30:00Z,123,x,y,",
    ].join("\n");
    expect(infer(text)).toEqual({
      i: "BIGINT",
      d: "DOUBLE",
      b: "BOOLEAN",
      date: "DATE",
      time: "TIME",
      ts: "TIMESTAMP(3)",
      us: "TIMESTAMP(6)",
      ltz: "TIMESTAMP_LTZ(3)",
      zip: "STRING",
      s: "STRING",
      mixed: "STRING",
      none: "STRING",
    });
  });

  test.each<[string, string, object, Record<string, string>]>([
    ["semicolons and decimal commas", "a;b\n1,5;x\n2,5;y\n", { decimal: "," }, { a: "DOUBLE", b: "STRING" }],
    ["semicolons among commas", "a;b\nx,y;1\nz;2\n", {}, { a: "STRING", b: "BIGINT" }],
    ["tabs", "a\tb\n1\t2\n", {}, { a: "BIGINT", b: "BIGINT" }],
    ["bars", "a|b\n1|2\n", {}, { a: "BIGINT", b: "BIGINT" }],
    ["single quotes", "a,b\n'1,2',3\n'x',4\n", {}, { a: "STRING", b: "BIGINT" }],
    ["backslashes", 'a,b\n"x \\" y, z",3\n"q",4\n', {}, { a: "STRING", b: "BIGINT" }],
    ["no header", "1,x\n2,y\n", {}, { column0: "BIGINT", column1: "STRING" }],
    ["nothing but text has a header", "name,town\nada,london\n", {}, { name: "STRING", town: "STRING" }],
    ["nothing but text, the same twice, has none", "x,x\ny,y\n", {}, { column0: "STRING", column1: "STRING" }],
    ["one column", "n\n1\n2\n", {}, { n: "BIGINT" }],
    ["header alone", "a,b\n", {}, { a: "STRING", b: "STRING" }],
    ["a name that is missing", ",b\n1,2\n", { header: true }, { column0: "BIGINT", b: "BIGINT" }],
    [
      "names twice",
      "a,a,a\n1,2,3\n",
      { header: true, duplicateNames: "suffix" },
      { a: "BIGINT", a_1: "BIGINT", a_2: "BIGINT" },
    ],
    ["names given", "1,x\n", { header: ["n", "s"] }, { n: "BIGINT", s: "STRING" }],
    ["lines before the header", "made by hand\n\na,b\n1,2\n", { skipRows: 2 }, { a: "BIGINT", b: "BIGINT" }],
    ["comments", "# x\na,b\n1,2\n", { comment: "#" }, { a: "BIGINT", b: "BIGINT" }],
    ["a byte order mark", "\ufeffa,b\n1,2\n", {}, { a: "BIGINT", b: "BIGINT" }],
    ["names in quotes with line ends", '"a\nb",c\n1,2\n', {}, { "a\nb": "BIGINT", c: "BIGINT" }],
    ["old line ends", "a,b\r1,2\r", {}, { a: "BIGINT", b: "BIGINT" }],
  ])("%s", (_, text, csv, expected) => {
    expect(infer(text, csv)).toEqual(expected);
    // The decoder finds the same, byte by byte.
    const { rows, bad } = decodeCsv(kit.workspace, expected, text, {
      csv,
      chunks: [1],
      columns: Object.keys(expected),
    });
    expect(bad).toEqual([]);
    expect(rows).toEqual(decodeCsv(kit.workspace, expected, text, { csv }).rows);
    for (const row of rows) expect(Object.keys(row)).toEqual(Object.keys(expected));
  });

  test.each([
    ["SCHEMA_EMPTY", "", {}],
    ["SCHEMA_EMPTY", "\n\n", {}],
    ["COLUMN_DUP", "a,a\n1,2\n", { header: true }],
    ["TOO_MANY_COLUMNS", `${"x,".repeat(10_000)}x\n`, {}],
  ])("%s", (code, text, csv) => {
    expect(() => infer(text, csv)).toThrow(expect.objectContaining({ code }));
  });

  test("a cut last record is not looked at", () => {
    expect(infer("a,b\n1,2\n3,x", {}, false)).toEqual({ a: "BIGINT", b: "BIGINT" });
  });
});
