// Lines of text, raw bytes and JSON arrays: through the suite of formats, and what each of them says of its own.
import { describe, expect, test } from "vitest";
import { openJsonDocument } from "../../src/formats/json-array.js";
import { openLines } from "../../src/formats/lines.js";
import { openRaw } from "../../src/formats/raw.js";
import { describeFormat } from "../connectors/conformance.js";
import { openSim } from "../connectors/support.js";
import { bytesFrom } from "./json-support.js";

const text = openLines({}, "test");
const raw = openRaw({ blockBytes: 5 }, "test");
const json = openJsonDocument({}, "test");

describeFormat("lines", {
  schema: { line: "STRING NOT NULL", offset: "BIGINT NOT NULL" },
  bytes: bytesFrom(
    [0xef, 0xbb, 0xbf],
    "first\r\n\né€😀 \r x\nwrong ",
    [0xff],
    "\r\nshort\n\n\r\nlast, without line end",
  ),
  rows: [
    { line: "first", offset: 3n },
    { line: "", offset: 10n },
    { line: "é€😀 \r x", offset: 11n },
    { line: "short", offset: 34n },
    { line: "", offset: 40n },
    { line: "", offset: 41n },
    { line: "last, without line end", offset: 43n },
  ],
  bad: [{ code: "UTF8", at: { source: "subject", line: 4, byte: 25 } }],
  decoder: (options) => text.createDecoder(options),
});

describeFormat("lines that may have eight bytes", {
  schema: { line: "STRING" },
  bytes: bytesFrom("12345678\n", "123456789\n", "12345678\r\n", "x".repeat(100), "\nend\n", "y".repeat(9)),
  rows: [{ line: "12345678" }, { line: "12345678" }, { line: "end" }],
  bad: [
    { code: "RECORD_TOO_LARGE", at: { line: 2, byte: 9 } },
    { code: "RECORD_TOO_LARGE", at: { line: 4, byte: 29 } },
    { code: "RECORD_TOO_LARGE", at: { line: 6, byte: 134 } },
  ],
  decoder: (options) => text.createDecoder({ ...options, maxRecordBytes: 8 }),
});

describeFormat("bytes", {
  schema: { offset: "BIGINT NOT NULL", bytes: "BYTES NOT NULL" },
  bytes: bytesFrom([0, 255, 10, 13, 1], "hello", "end"),
  rows: [
    { offset: 0n, bytes: Uint8Array.of(0, 255, 10, 13, 1) },
    { offset: 5n, bytes: bytesFrom("hello") },
    { offset: 10n, bytes: bytesFrom("end") },
  ],
  bad: [],
  decoder: (options) => raw.createDecoder(options),
});

describeFormat("a JSON array", {
  schema: { n: "BIGINT", s: "STRING" },
  bytes: bytesFrom(
    [0xef, 0xbb, 0xbf],
    '\n [ {"n":1,\n"s":"é[,]\\"}😀"} ,\n\n{"s":["a",{"b":[1,2]}],"n":2}\r\n,{"n":"wrong"},\t7,,{"n":3},[{"n":4}],{"n":5} {}',
    ',{"n":6}\n]\n\n',
  ),
  rows: [
    { n: 1n, s: 'é[,]"}😀' },
    { n: 2n, s: '["a",{"b":[1,2]}]' },
    { n: 3n, s: null },
    { n: 6n, s: null },
  ],
  bad: [
    { code: "TYPE", at: { row: 2, field: "n" } },
    { code: "JSON_SHAPE", at: { row: 3 } },
    { code: "JSON", at: { byte: 87 } },
    { code: "JSON_SHAPE", at: { row: 5 } },
    { code: "JSON", at: { row: 6 } },
  ],
  decoder: (options) => json.createDecoder(options),
  encoder: (schema) => json.createEncoder(schema),
});

describeFormat("JSON lines where an array may be", {
  schema: { n: "BIGINT" },
  bytes: bytesFrom('\n\n{"n":1}\n[{"n":2}]\n{"n":3}'),
  rows: [{ n: 1n }, { n: 3n }],
  bad: [{ code: "JSON_SHAPE", at: { line: 4, column: 1 } }],
  decoder: (options) => json.createDecoder(options),
});

describe("JSON arrays", () => {
  test.each([
    ['[{"n":1}', [1], "the array is not closed"],
    ['[{"n":1},]', [1], "a comma without an element"],
    ['[,{"n":1}]', [1], "a comma without an element"],
    ['[{"n":1}] x', [1], "something follows the array"],
    ["[", [], "the array is not closed"],
  ])("R12 %s gives its rows, and says what is wrong", async (document, rows, message) => {
    const { sim, mill, wait } = await openSim();
    sim.files.write("/in.json", document);
    const table = mill.file("/in.json", { schema: { n: "INT" }, rowPolicy: "skip" });
    expect((await wait(table.toArray())).map(({ n }) => n)).toEqual(rows);
    const strict = mill.file("/in.json", { schema: { n: "INT" } });
    await expect(wait(strict.toArray())).rejects.toMatchObject({
      code: "JSON",
      message: expect.stringContaining(message),
    });
  });

  test("R12 in a file of lines is JSON_SHAPE, with the format that reads it", async () => {
    const { sim, mill, wait } = await openSim();
    sim.files.write("/in.ndjson", '[{"n":1}]');
    const lines = mill.file("/in.ndjson", { schema: { n: "INT" } });
    await expect(wait(lines.toArray())).rejects.toMatchObject({ code: "JSON_SHAPE" });
    expect(await wait(mill.file("/in.ndjson", { format: "json" }).toArray())).toEqual([{ n: 1 }]);
  });

  test("of nothing have no rows", async () => {
    const { sim, mill, wait } = await openSim();
    for (const document of ["[]", " [ \n ] \n", ""]) {
      sim.files.write("/in.json", document);
      expect(await wait(mill.file("/in.json", { schema: { n: "INT" } }).toArray())).toEqual([]);
      await expect(wait(mill.file("/in.json").toArray())).rejects.toMatchObject({ code: "SCHEMA_EMPTY" });
    }
  });

  test("are what a .json target is written as", async () => {
    const { mill, run, text: read } = await openSim();
    await run(mill.rows([{ n: 1 }, { n: 2 }]).to(mill.file("/out.json")));
    expect(read("/out.json")).toBe('[\n{"n":1},\n{"n":2}\n]\n');
    await run(mill.rows([], { schema: { n: "INT" } }).to(mill.file("/none.json")));
    expect(read("/none.json")).toBe("[]\n");
  });
});

describe("plain formats", () => {
  test("tell their columns, and refuse others", async () => {
    const { sim, mill, wait, run, text: read } = await openSim();
    sim.files.write("/in.txt", "a\nbb\n");
    sim.files.write("/in.bin", "abcdefg");
    expect(await wait(mill.file("/in.txt").toArray())).toEqual([
      { line: "a", offset: 0 },
      { line: "bb", offset: 2 },
    ]);
    expect(await wait(mill.file("/in.bin", { bytes: { blockBytes: 4 } }).toArray())).toEqual([
      { bytes: bytesFrom("abcd"), offset: 0 },
      { bytes: bytesFrom("efg"), offset: 4 },
    ]);
    const wrong = mill.file("/in.txt", { schema: { lines: "STRING" } });
    await expect(wait(wrong.toArray())).rejects.toMatchObject({ code: "UNKNOWN_COLUMN" });
    await run(mill.file("/in.txt").select("line").to(mill.file("/out.txt")));
    expect(read("/out.txt")).toBe("a\nbb\n");
    await run(mill.file("/in.bin").select("bytes").to(mill.file("/out.bin")));
    expect(read("/out.bin")).toBe("abcdefg");
    const two = mill.file("/in.txt").to(mill.file("/two.txt"));
    await expect(wait(two.run())).rejects.toMatchObject({ code: "UNSUPPORTED" });
    const broken = mill.rows([{ line: "a\nb" }]).to(mill.file("/broken.txt"));
    await expect(wait(broken.run())).rejects.toMatchObject({ code: "TYPE" });
  });
});
