// Rows to CSV: what stands in quotes, what NULL and empty text become, and that everything reads back the same.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchFromColumns } from "../../src/arrow/builder.js";
import type { ColumnData } from "../../src/arrow/columns.js";
import { parseSchema } from "../../src/arrow/types.js";
import { openCsv } from "../../src/formats/csv.js";
import { decodeCsv } from "./csv-support.js";
import { guarded } from "./json-support.js";

const kit = guarded();

function encode(schema: Record<string, string>, rows: readonly Record<string, unknown>[], csv: object = {}): string {
  const encoder = openCsv(csv, "out.csv").createEncoder(parseSchema(schema));
  const columns = Object.keys(schema).map((name) => [name, rows.map((row) => row[name])] as const);
  const batch = batchFromColumns(
    kit.workspace,
    parseSchema(schema),
    Object.fromEntries(columns) as Record<string, ColumnData>,
  );
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(encoder.encode(batch));
  return text + new TextDecoder().decode(encoder.finish());
}

describe("encoder", () => {
  test("quotes what needs it and nothing else", () => {
    const rows = ["plain", "a,b", 'say "hi"', "two\nlines", " blank ", "", null, "é"].map((s) => ({ s, n: 1 }));
    expect(encode({ s: "STRING", n: "INT" }, rows)).toBe(
      's,n\nplain,1\n"a,b",1\n"say ""hi""",1\n"two\nlines",1\n" blank ",1\n"",1\n,1\né,1\n',
    );
  });

  test("every type", () => {
    const schema = {
      b: "BOOLEAN",
      i: "BIGINT",
      d: "DOUBLE",
      x: "DECIMAL(10, 2)",
      t: "TIMESTAMP(3)",
      z: "TIMESTAMP_LTZ(3)",
      date: "DATE",
      time: "TIME",
      y: "BYTES",
    };
    const at = new Date("2020-02-29T23:59:59.120Z");
    const row = {
      b: true,
      i: 9007199254740993n,
      d: 0.1,
      x: "12.30",
      t: at,
      z: at,
      date: "2020-02-29",
      time: "12:30:00",
      y: new Uint8Array([1, 2]),
    };
    expect(encode(schema, [row], { header: false })).toBe(
      "true,9007199254740993,0.1,12.30,2020-02-29 23:59:59.120,2020-02-29 23:59:59.120Z,2020-02-29,12:30:00,AQI=\n",
    );
  });

  test("options of the dialect", () => {
    const schema = { s: "STRING", d: "DOUBLE" };
    const rows = [
      { s: "a;b", d: 1.5 },
      { s: null, d: Number.NaN },
    ];
    expect(encode(schema, rows, { delimiter: ";", decimal: ",", nulls: "NULL", newline: "\r\n", header: true })).toBe(
      's;d\r\n"a;b";1,5\r\nNULL;NaN\r\n',
    );
    expect(encode(schema, rows, { decimal: "," })).toBe('s,d\na;b,"1,5"\n,NaN\n');
    expect(encode({ s: "STRING" }, [{ s: "#no" }], { comment: "#", header: false })).toBe('"#no"\n');
    expect(encode({ s: "STRING" }, [], {})).toBe("s\n");
    expect(() => encode(schema, [{ s: "a,b", d: 1 }], { quote: "" })).toThrow(
      expect.objectContaining({ code: "CSV_QUOTE" }),
    );
  });

  test("S19 formulas get an apostrophe, in texts alone and on every line", () => {
    const texts = ["=1+1", "+1", "-1", "@x", "\tx", " =1", "\u00a0=1", "a\n=1", "\uff1d1", "a=1", "safe"];
    const csv = { escapeFormulas: true, header: false };
    const { rows } = decodeCsv(
      kit.workspace,
      { s: "STRING", n: "INT" },
      encode(
        { s: "STRING", n: "INT" },
        texts.map((s) => ({ s, n: -1 })),
        csv,
      ),
      {
        csv: { header: false, delimiter: "," },
      },
    );
    expect(rows.map(({ s }) => s)).toEqual([
      "'=1+1",
      "'+1",
      "'-1",
      "'@x",
      "'\tx",
      "' =1",
      "'\u00a0=1",
      "a\n'=1",
      "'\uff1d1",
      "a=1",
      "safe",
    ]);
    expect(rows.every(({ n }) => n === -1)).toBe(true);
  });

  test("everything reads back the same", () => {
    const schema = { s: "STRING", d: "DOUBLE", i: "BIGINT", t: "TIMESTAMP(6)", z: "STRING" };
    const text = fc.option(
      fc.string({
        unit: fc.constantFrom("a", ",", ";", '"', "'", "\n", "\r", " ", "\t", "\\", "é", "😀", "#", "\ufeff"),
        maxLength: 8,
      }),
    );
    const row = fc.record({
      s: text,
      d: fc.option(fc.double({ noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value))),
      i: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      t: fc.option(fc.constantFrom("2020-02-29T23:59:59.123456", "1969-12-31T00:00:00.000001")),
      z: text,
    });
    const dialect = fc.record(
      {
        delimiter: fc.constantFrom(",", ";", "\t", "|", " ", ":"),
        quote: fc.constantFrom('"', "'"),
        escape: fc.option(fc.constant("\\"), { nil: undefined }),
        newline: fc.constantFrom("\n", "\r\n"),
        nulls: fc.constantFrom("", "NULL", "\\N"),
        comment: fc.constantFrom("", "#"),
      },
      { requiredKeys: ["delimiter"] },
    );
    fc.assert(
      fc.property(fc.array(row, { maxLength: 6 }), dialect, fc.boolean(), (rows, csv, header) => {
        const options = { ...csv, header };
        const encoded = encode(schema, rows, options);
        const read = decodeCsv(kit.workspace, schema, encoded, { csv: options, chunks: [7] });
        expect(read.bad).toEqual([]);
        const expected = decodeCsv(kit.workspace, schema, encoded, { csv: options }).rows;
        expect(read.rows).toEqual(expected);
        expect(read.rows.map(({ s, d, i, z }) => ({ s, d, i, z }))).toEqual(
          rows.map(({ s, d, i, z }) => ({ s, d, i, z })),
        );
      }),
      { numRuns: 700 },
    );
  });
});

test("nested columns are refused by name, written and read: a field holds one value", () => {
  const schema = parseSchema({ id: "INT", tags: "ARRAY<INT>" });
  expect(() => openCsv({}, "out.csv").createEncoder(schema)).toThrow(
    'column "tags" is ARRAY<INT>: a field of CSV holds one value',
  );
  expect(() => decodeCsv(kit.workspace, { id: "INT", tags: "ARRAY<INT>" }, "id,tags\n1,2\n")).toThrow(
    'column "tags" is ARRAY<INT>: fields of records cannot be read as that',
  );
});
