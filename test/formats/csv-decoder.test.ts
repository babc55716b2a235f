// CSV to columns: RFC 4180 and beyond, every type, every cutting of the input, positions to go on from.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DecoderPosition } from "../../src/formats/format.js";
import { decodeCsv, decodeTexts, referenceRecords, texts } from "./csv-support.js";
import { bytesOf, guarded } from "./json-support.js";

const kit = guarded();

describe("fields and records", () => {
  test.each<[string, number, string, unknown[][]]>([
    [
      "plain",
      3,
      "a,b,c\n1,2,3\n",
      [
        ["a", "b", "c"],
        ["1", "2", "3"],
      ],
    ],
    [
      "no line end at the end",
      2,
      "a,b\nc,d",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "CRLF",
      2,
      "a,b\r\nc,d\r\n",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "CR",
      2,
      "a,b\rc,d\r",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "line ends of all kinds",
      2,
      "a,b\rc,d\r\ne,f\ng,h",
      [
        ["a", "b"],
        ["c", "d"],
        ["e", "f"],
        ["g", "h"],
      ],
    ],
    ["delimiters in quotes", 2, '"a,b",c\n', [["a,b", "c"]]],
    ["line ends in quotes", 2, '"a\nb","c\r\nd"\n', [["a\nb", "c\r\nd"]]],
    ["quotes in quotes", 2, '"a ""b"" c",""""\n', [['a "b" c', '"']]],
    [
      "an empty text and no text",
      2,
      '"",\n,""\n',
      [
        ["", null],
        [null, ""],
      ],
    ],
    ["a quote inside a text", 2, 'a"b,5" disk\n', [['a"b', '5" disk']]],
    ["blanks belong to a text", 2, " a , b\n", [[" a ", " b"]]],
    [
      "blank lines between records",
      2,
      "\na,b\n\n\r\nc,d\n\n",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    ["a line without anything is a NULL of one column", 1, "a\n\nb\n", [["a"], [null], ["b"]]],
    ["text beyond ASCII", 2, "é€😀,ünï\n", [["é€😀", "ünï"]]],
    ["NUL bytes", 2, "ab\0c,d\n", [["ab\0c", "d"]]],
    [
      "longer than a vector",
      2,
      `${"x".repeat(100)},"${"y".repeat(90)}""${"z".repeat(90)}"\n`,
      [["x".repeat(100), `${"y".repeat(90)}"${"z".repeat(90)}`]],
    ],
    ["nothing", 2, "", []],
  ])("%s", (_, count, text, expected) => {
    expect(decodeTexts(kit.workspace, count, text)).toEqual({ rows: expected, codes: [] });
    const bytes = bytesOf(text).length;
    for (let size = 1; size <= Math.min(bytes, 70); size++) {
      expect(decodeTexts(kit.workspace, count, text, { chunks: [size] }).rows).toEqual(expected);
    }
  });

  const piece = fc.constantFrom(",", "\n", "\r", '"', '""', "a", "b c", " ", "é", "x".repeat(70), '"q"', ',"', '",');
  // Fields in quotes as writers make them, which the kernel reads 64 bytes at a time, and now and then something else.
  const regular = fc
    .tuple(
      fc.array(fc.constantFrom(...'a",é\n\r ', "x".repeat(30)), { maxLength: 12 }),
      fc.constantFrom(",", ",", "\n", "\r\n"),
    )
    .map(([text, end]) => `"${text.join("").replaceAll('"', '""')}"${end}`);
  const mostlyRegular = fc.oneof({ weight: 12, arbitrary: regular }, { weight: 1, arbitrary: piece });

  test.each([
    ["any pieces", piece, 1500],
    ["mostly regular fields", mostlyRegular, 800],
  ])("like a plain automaton has them, however they are cut: %s", (_, parts, numRuns) => {
    fc.assert(
      fc.property(
        fc.array(parts, { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 90, max: 500 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (pieces, count, chunks) => {
          // Every quote closes: what is left open takes a line with it, which the automaton does not know.
          const text = pieces.join("");
          const expected = referenceRecords(text, count);
          const open = decodeTexts(kit.workspace, count, text, { csv: {} });
          const all = decodeCsv(kit.workspace, texts(count), text, { csv: { header: false, delimiter: "," } });
          if (!all.bad.some(({ message }) => message.includes("never closed"))) {
            expect(open.rows).toEqual(expected.filter(([first, ...rest]) => first !== "refused" || rest.length > 0));
            expect(open.codes).toHaveLength(
              expected.filter((record) => record.length === 1 && record[0] === "refused").length,
            );
          }
          const cut = decodeCsv(kit.workspace, texts(count), text, {
            csv: { header: false, delimiter: "," },
            chunks,
            batchRowsMax: 2,
          });
          expect(cut.rows).toEqual(all.rows);
          expect(cut.bad).toEqual(all.bad);
        },
      ),
      { numRuns },
    );
  });
});

describe("positions", () => {
  test("go on behind every batch, in another decoder", () => {
    const text = `id;text\n${Array.from({ length: 40 }, (_, i) => `${i};${i % 5 === 0 ? `"a\n${i};"` : "plain"}\r\n`).join("")}`;
    const schema = { text: "STRING", id: "INT" };
    const whole = decodeCsv(kit.workspace, schema, text);
    for (const batchRowsMax of [1, 3, 7]) {
      const positions: DecoderPosition[] = [];
      const counts: number[] = [];
      decodeCsv(kit.workspace, schema, text, {
        batchRowsMax,
        onBatch: (batch, position) => {
          positions.push(position);
          counts.push(batch.rowCount);
        },
      });
      let done = 0;
      positions.forEach((start, i) => {
        done += counts[i] as number;
        const rest = decodeCsv(kit.workspace, schema, bytesOf(text).subarray(start.byte), { start });
        expect(rest.rows).toEqual(whole.rows.slice(done));
        expect(start.line).toBe(
          bytesOf(text)
            .subarray(0, start.byte)
            .filter((byte) => byte === 0x0a).length + 1,
        );
      });
    }
  });
});
