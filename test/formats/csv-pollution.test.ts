// Polluted CSV, made from one clean table by the kinds of pollution that Pollock found in files of the wild (Vitagliano et al.,
// "Pollock: A Data Loading Benchmark", PVLDB 16, 2023), at every place where each can stand: the rows of the clean table come
// out, those that are polluted beyond reading are refused by name, and nothing else is touched. Our own texts, not theirs.
import { describe, expect, test } from "vitest";
import type { Value } from "../../src/arrow/rows.js";
import { parseSchema, schemaLiteral } from "../../src/arrow/types.js";
import { openCsv } from "../../src/formats/csv.js";
import { decodeCsv } from "./csv-support.js";
import { bytesOf, guarded } from "./json-support.js";

const kit = guarded();
const NAMES = ["day", "n", "price", "note"] as const;
const SCHEMA = { day: "DATE", n: "BIGINT", price: "DOUBLE", note: "STRING" } as const;
const NOTES = ["plain", "with, comma; and | bar", 'a "word"', "two\nlines", "it's", "é€😀", "tab\there", "back\\slash"];
/** The clean table: fields as text. */
const TABLE = Array.from({ length: 24 }, (_, row) => [
  `2026-01-${String(row + 1).padStart(2, "0")}`,
  String(row * 7 - 20),
  String(row + 0.25),
  NOTES[row % NOTES.length] as string,
]);
const EXPECTED = TABLE.map(([day, n, price, note]) => [day, BigInt(n as string), Number(price), note] as Value[]);

interface Dialect {
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  readonly end: string;
  readonly quoteAll: boolean;
}
const PLAIN: Dialect = { delimiter: ",", quote: '"', escape: '"', end: "\n", quoteAll: false };

function fieldText(text: string, { delimiter, quote, escape: mark, quoteAll }: Dialect): string {
  const needsQuotes = quoteAll || [delimiter, quote, mark, "\n", "\r"].some((special) => text.includes(special));
  if (!needsQuotes) return text;
  const escaped = text.replaceAll(mark, mark + mark);
  return quote + (mark === quote ? escaped : escaped.replaceAll(quote, mark + quote)) + quote;
}

const recordText = (fields: readonly string[], dialect = PLAIN) =>
  fields.map((field) => fieldText(field, dialect)).join(dialect.delimiter);

/** The header's line, then one a row. */
const clean = (dialect = PLAIN) => [NAMES as readonly string[], ...TABLE].map((row) => recordText(row, dialect));
const joined = (records: readonly string[], end = "\n") => records.map((record) => record + end).join("");

interface Read {
  readonly rows: Value[][];
  readonly codes: string[];
}

/** Rows and refusals, the same in one piece and in small ones. */
function read(text: string, csv: object = {}, schema: Record<string, string> = SCHEMA): Read {
  const bytes = bytesOf(text);
  const readings = [[bytes.length + 1], [1], [7, 64]].map((chunks) => {
    const { rows, bad } = decodeCsv(kit.workspace, schema, bytes, { csv, chunks, columns: Object.keys(schema) });
    return { rows: rows.map((row) => NAMES.map((name) => row[name] as Value)), codes: bad.map(({ code }) => code) };
  });
  expect(readings[1]).toEqual(readings[0]);
  expect(readings[2]).toEqual(readings[0]);
  return readings[0] as Read;
}

const without = (row: number) => EXPECTED.filter((_, index) => index !== row);
const GIVEN = { delimiter: ",", quote: '"', header: true };
/** Every row of the table; its record stands one further, behind the header. */
const eachRow = (body: (row: number) => void) => {
  for (let row = 0; row < TABLE.length; row++) body(row);
};

describe("pollution of the dialect is found out", () => {
  const dialects = [",", ";", "\t", "|"].flatMap((delimiter) =>
    ['"', "'"].flatMap((quote) =>
      [quote, "\\"].flatMap((mark) =>
        ["\n", "\r\n", "\r"].flatMap((end) =>
          [false, true].map((quoteAll): Dialect => ({ delimiter, quote, escape: mark, end, quoteAll })),
        ),
      ),
    ),
  );

  test(`${dialects.length} dialects`, () => {
    for (const dialect of dialects) {
      const text = joined(clean(dialect), dialect.end);
      expect(read(text), JSON.stringify(dialect)).toEqual({ rows: EXPECTED, codes: [] });
    }
  });

  test("and its types", () => {
    const sample = { bytes: bytesOf(joined(clean())), complete: true, source: "x.csv" };
    expect(schemaLiteral(openCsv({}, "x.csv").inferSchema(sample))).toEqual(SCHEMA);
    expect(parseSchema(SCHEMA).fields).toHaveLength(NAMES.length);
  });
});

describe("pollution at every row", () => {
  const spliced = (row: number, removed: number, ...records: string[]) => {
    const all = clean();
    all.splice(row + 1, removed, ...records);
    return joined(all);
  };
  const fields = (row: number) => TABLE[row] as string[];

  test.each<[string, (row: number) => string, string]>([
    ["a field more", (row) => spliced(row, 1, recordText([...fields(row), "more"])), "CSV_WIDTH"],
    ["a field less", (row) => spliced(row, 1, recordText(fields(row).slice(0, 3))), "CSV_WIDTH"],
    ["a delimiter at the end", (row) => spliced(row, 1, `${recordText(fields(row))},`), "CSV_WIDTH"],
    [
      "text behind a closing quote",
      (row) => spliced(row, 1, `${recordText(fields(row).slice(0, 3))},"x"y`),
      "CSV_QUOTE",
    ],
    [
      "a text for a number",
      (row) => spliced(row, 1, recordText([...fields(row).slice(0, 1), "many", "1", "x"])),
      "TYPE",
    ],
    ["a day that does not exist", (row) => spliced(row, 1, recordText(["2026-02-30", "1", "1", "x"])), "TIME_RANGE"],
  ])("%s costs that row", (_, pollute, code) => {
    eachRow((row) => expect(read(pollute(row), GIVEN)).toEqual({ rows: without(row), codes: [code] }));
  });

  test.each<[string, (row: number) => string, object]>([
    ["blank lines", (row) => spliced(row, 0, "", ""), {}],
    ["a comment", (row) => spliced(row, 0, "# a note, of somebody"), { comment: "#" }],
  ])("%s before it cost nothing", (_, pollute, csv) => {
    eachRow((row) => expect(read(pollute(row), { ...GIVEN, ...csv })).toEqual({ rows: EXPECTED, codes: [] }));
  });

  test.each<[string, (row: number) => string, string[]]>([
    ["the header again", (row) => spliced(row, 0, NAMES.join(",")), ["TYPE"]],
    ["a line of a report", (row) => spliced(row, 0, "Sum of the above"), ["CSV_WIDTH"]],
    ["another table", (row) => spliced(row, 0, "a,b", "1,2"), ["CSV_WIDTH", "CSV_WIDTH"]],
  ])("%s before it is refused, and costs no row", (_, pollute, codes) => {
    eachRow((row) => expect(read(pollute(row), GIVEN)).toEqual({ rows: EXPECTED, codes }));
  });

  test("another line end behind it", () => {
    for (const end of ["\r\n", "\r"]) {
      eachRow((row) => {
        const text = clean()
          .map((record, index) => record + (index === row + 1 ? end : "\n"))
          .join("");
        expect(read(text, GIVEN)).toEqual({ rows: EXPECTED, codes: [] });
      });
    }
  });

  test("a field less is NULL with `pad`", () => {
    eachRow((row) => {
      const rows = EXPECTED.map((cells, index) => (index === row ? [...cells.slice(0, 3), null] : cells));
      const text = spliced(row, 1, recordText(fields(row).slice(0, 3)));
      expect(read(text, { ...GIVEN, pad: true })).toEqual({ rows, codes: [] });
    });
  });

  test("a quote that is never closed costs its line, and no other", () => {
    eachRow((row) => {
      const { rows, codes } = read(spliced(row, 0, '2026-01-01,1,1,"open'), GIVEN);
      expect(codes).toContain("CSV_QUOTE");
      // Where a later field opens with a quote, that one closes it: what stands between is lost, and is told.
      const lost = EXPECTED.length - rows.length;
      expect(codes.length).toBeGreaterThanOrEqual(Math.min(1, lost));
      expect(EXPECTED).toEqual(expect.arrayContaining(rows));
      expect(rows.slice(0, row)).toEqual(EXPECTED.slice(0, row));
    });
  });
});

describe("pollution of the whole file", () => {
  test.each([1, 2, 5])("%d lines of a report before the header", (count) => {
    const text = joined([...Array.from({ length: count }, (_, line) => `Report, part ${line}`), ...clean()]);
    expect(read(text, { ...GIVEN, skipRows: count })).toEqual({ rows: EXPECTED, codes: [] });
  });

  test("columns in any order, and columns that nobody asked for", () => {
    const order = [3, 1, 0, 2];
    const turn = (row: readonly string[]) => [...order.map((place) => row[place] as string), "more"];
    const text = joined([[...NAMES], ...TABLE].map((row) => recordText(turn(row))));
    expect(read(text, GIVEN)).toEqual({ rows: EXPECTED, codes: [] });
  });

  test("no header", () => {
    const text = joined(clean().slice(1));
    expect(read(text, { ...GIVEN, header: false })).toEqual({ rows: EXPECTED, codes: [] });
    expect(read(text, { ...GIVEN, header: [...NAMES] })).toEqual({ rows: EXPECTED, codes: [] });
  });

  test("blanks around every field", () => {
    const text = joined(
      [[...NAMES], ...TABLE].map((row) => row.map((field) => ` ${fieldText(field, PLAIN)} `).join(",")),
    );
    expect(read(text, { ...GIVEN, trim: true })).toEqual({ rows: EXPECTED, codes: [] });
  });

  test("cut off at any byte: the rows before are right, and the last record is read, refused, or part of its text", () => {
    const text = joined(clean());
    // Where each record ends, the header first.
    let end = 0;
    const ends = clean().map((record) => (end += record.length + 1));
    for (let cut = (ends[0] as number) + 1; cut < text.length; cut++) {
      const whole = ends.filter((at) => at <= cut).length - 1;
      const { rows } = decodeCsv(kit.workspace, SCHEMA, bytesOf(text.slice(0, cut)), {
        csv: GIVEN,
        columns: [...NAMES],
      });
      expect(rows.slice(0, whole).map((row) => NAMES.map((name) => row[name]))).toEqual(EXPECTED.slice(0, whole));
      expect(rows.length - whole).toBeLessThanOrEqual(1);
    }
  });
});
