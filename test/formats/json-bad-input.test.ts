// What the NDJSON decoder does with bad input. Tests that begin with R are the lines of the table of bad input that every
// format answers to.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRows } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import { EngineError } from "../../src/errors.js";
import { json } from "../../src/formats/json.js";
import type { BadRecord } from "../../src/operators/bad-records.js";
import { bytesFrom, bytesOf, type DecodeOptions, decode as decodeIn, guarded } from "./json-support.js";

const kit = guarded();
const decode = (schema: Record<string, string>, text: string | Uint8Array, options?: DecodeOptions) =>
  decodeIn(kit.workspace, schema, text, options);

describe("bad input", () => {
  test("R1 an empty file has no rows under a schema, and no schema of its own", () => {
    for (const text of ["", "\n", "\r\n \n\t\n", "\ufeff", "\ufeff\n"]) {
      const { rows, bad } = decode({ a: "INT" }, text);
      expect(rows).toEqual([]);
      expect(bad).toEqual([]);
      const infer = () => json.inferSchema({ bytes: bytesOf(text), complete: true, source: "empty.ndjson" });
      expect(infer).toThrow(expect.objectContaining({ code: "SCHEMA_EMPTY" }));
    }
  });

  test("R2 a UTF-8 byte order mark is stripped at the start and nowhere else", () => {
    expect(decode({ a: "INT" }, '\ufeff{"a":1}\n{"a":2}').rows).toEqual([{ a: 1 }, { a: 2 }]);
    const { rows, bad } = decode({ a: "INT" }, '{"a":1}\n\ufeff{"a":2}\n\ufeff\n{"a":3}');
    expect(rows).toEqual([{ a: 1 }, { a: 3 }]);
    expect(bad.map(({ code }) => code)).toEqual(["JSON", "JSON"]);
    expect(decode({ s: "STRING" }, '{"s":"\ufeffx"}').rows).toEqual([{ s: "\ufeffx" }]);
  });

  test("R2 UTF-16 and UTF-32 are ENCODING with a hint, with or without a mark, in any chunks", () => {
    const utf16 = (text: string, big: boolean) =>
      [...text].flatMap((c) => (big ? [0, c.charCodeAt(0)] : [c.charCodeAt(0), 0]));
    const texts = [
      bytesFrom([0xff, 0xfe], utf16('{"a":1}', false)),
      bytesFrom([0xfe, 0xff], utf16('{"a":1}', true)),
      bytesFrom(utf16('{"a":1}\n', false)),
      bytesFrom(utf16('{"a":1}\n', true)),
      bytesFrom([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0]),
      bytesFrom([0, 0, 0xfe, 0xff, 0, 0, 0, 0x7b]),
    ];
    for (const text of texts) {
      for (const chunks of [[100], [1]]) {
        const run = () => decode({ a: "INT" }, text, { chunks });
        expect(run).toThrow(expect.objectContaining({ code: "ENCODING", hint: expect.stringContaining("iconv") }));
        expect(() => json.inferSchema({ bytes: text, complete: true, source: "x" })).toThrow(EngineError);
      }
    }
  });

  test("R3 invalid UTF-8 and lone surrogates are UTF8 and go by the row policy, never mojibake", () => {
    const lines = bytesFrom(
      '{"s":"ok"}\n{"s":"a',
      [0xc3, 0x28],
      '"}\n{"s":"',
      [0xed, 0xa0, 0x80],
      String.raw`"}${"\n"}{"s":"\ud800"}${"\n"}{"x":"`,
      [0xf8],
      '"}\n{"',
      [0xe9],
      '":1}\n{"s":"fine"}',
    );
    const { rows, bad } = decode({ s: "STRING" }, lines);
    expect(rows).toEqual([{ s: "ok" }, { s: "fine" }]);
    expect(bad.map(({ code, at }) => [code, at.line])).toEqual([2, 3, 4, 5, 6].map((line) => ["UTF8", line]));
    expect(bad[0]?.raw).toEqual(bytesFrom('{"s":"a', [0xc3, 0x28], '"}'));
    const failing = () =>
      decode({ s: "STRING" }, lines, {
        bad: (record) => {
          throw new EngineError(record.code, record.message, { at: record.at });
        },
      });
    expect(failing).toThrow(expect.objectContaining({ code: "UTF8" }));
  });

  test("R4 NUL characters are preserved, raw NUL bytes are refused", () => {
    expect(decode({ s: "STRING" }, String.raw`{"s":"a\u0000b"}`).rows).toEqual([{ s: "a\0b" }]);
    expect(decode({ s: "STRING" }, '{"s":"a\0b"}\n{"s":1\0}\n\0\n').bad.map(({ code }) => code)).toEqual([
      "JSON",
      "TYPE",
      "JSON",
    ]);
  });

  test("R9 a record beyond maxRecordBytes is RECORD_TOO_LARGE, the rest of the file continues", () => {
    const long = `{"s":"${"x".repeat(5000)}"}`;
    const text = `{"s":"a"}\n${long}\n{"s":"b"}\n${" ".repeat(3000)}\n{"s":"c"}\n${long}`;
    for (const chunks of [[1], [100], [1024], [1025], [4000], [100_000]]) {
      const { rows, bad, position } = decode({ s: "STRING" }, text, { chunks, maxRecordBytes: 1024 });
      expect(rows).toEqual([{ s: "a" }, { s: "b" }, { s: "c" }]);
      expect(bad.map(({ code, at }) => [code, at.line, at.byte, at.column])).toEqual([
        ["RECORD_TOO_LARGE", 2, 10, 1],
        ["RECORD_TOO_LARGE", 4, 10 + 5009 + 10, 1],
        ["RECORD_TOO_LARGE", 6, 10 + 5009 + 10 + 3001 + 10, 1],
      ]);
      expect(new TextDecoder().decode(bad[0]?.raw)).toBe(long.slice(0, bad[0]?.raw.length));
      expect(bad[0]?.raw.length).toBeGreaterThan(1000);
      expect(position.byte).toBe(text.length);
    }
    const exactly = `{"s":"${"y".repeat(1024 - 8)}"}`;
    for (const chunks of [[1], [1024], [5000]]) {
      expect(decode({ s: "STRING" }, `${exactly}\n${exactly}`, { chunks, maxRecordBytes: 1024 }).rows.length).toBe(2);
      expect(decode({ s: "STRING" }, `${exactly} \n${exactly} `, { chunks, maxRecordBytes: 1024 }).bad.length).toBe(2);
    }
  });

  test("R9 one gigabyte in a single record takes bounded memory, and a decoder goes on within it", () => {
    const chunk = new Uint8Array(1 << 20).fill(0x78);
    const bad: BadRecord[] = [];
    const options = {
      workspace: kit.workspace,
      schema: parseSchema({ s: "STRING" }),
      source: "x",
      split: 0,
      batchRowsMax: 100,
      bad: (record: BadRecord) => bad.push(record),
    };
    let decoder = json.createDecoder(options);
    expect(decoder.next()).toBeNull();
    decoder.feed(bytesOf('{"s":"'));
    for (let i = 0; i < 1024; i++) {
      expect(decoder.next()).toBeNull();
      decoder.feed(chunk);
      if (i === 700) {
        expect(decoder.next()).toBeNull();
        const start = decoder.position;
        expect(start).toEqual({ byte: 6 + 701 * chunk.length, line: 1, skipping: true });
        decoder.close();
        decoder = json.createDecoder({ ...options, start });
        expect(decoder.next()).toBeNull();
        decoder.feed(new Uint8Array(0));
      }
    }
    expect(decoder.next()).toBeNull();
    decoder.feed(bytesOf('"}\n{"s":"next"}\n'));
    const batch = decoder.next();
    expect(batch === null ? [] : readRows(batch)).toEqual([{ s: "next" }]);
    expect(decoder.position).toEqual({ byte: 6 + 1024 * chunk.length + 16, line: 3, skipping: false });
    decoder.close();
    expect(bad.map(({ code }) => code)).toEqual(["RECORD_TOO_LARGE"]);
    expect(kit.account.peakBytes).toBeLessThan(64 << 20);
  });

  test("R11 depth, trailing garbage, NaN, numbers beyond doubles and integers beyond 2^53", () => {
    const nested = (depth: number, open: string, close: string) =>
      `{"a":${open.repeat(depth)}1${close.repeat(depth)},"b":1}`;
    const codeOf = (text: string, type = "STRING") => decode({ a: type }, text).bad.map(({ code }) => code);
    // The record itself is the first level.
    expect(codeOf(nested(127, "[", "]"))).toEqual([]);
    expect(codeOf(nested(128, "[", "]"))).toEqual(["JSON_DEPTH"]);
    expect(codeOf(nested(127, '{"a":', "}"))).toEqual([]);
    expect(codeOf(nested(1_000_000, "[", "]"))).toEqual(["JSON_DEPTH"]);
    expect(codeOf(nested(1_000_000, '{"a":', "}"), "INT")).toEqual(["JSON_DEPTH"]);
    for (const text of ['{"a":"x"} x', '{"a":"x"}}', '{"a":"x"},', '{"a":"x"} {"a":"y"}', '{"a":"x"', '{"a":NaN}']) {
      expect(codeOf(text)).toEqual(["JSON"]);
    }
    for (const text of [
      '{"a":-Infinity}',
      '{"a":Infinity}',
      '{"a":01}',
      '{"a":+1}',
      '{"a":.5}',
      '{"a":1.}',
      '{"a":0x1}',
    ]) {
      expect(codeOf(text, "DOUBLE")).toEqual(["JSON"]);
    }
    expect(codeOf('{"a":1e400}', "DOUBLE")).toEqual(["OVERFLOW"]);
    expect(decode({ b: "INT" }, '{"a":1e400,"b":1}').rows).toEqual([{ b: 1 }]);
    expect(decode({ a: "BIGINT" }, '{"a":9007199254740993}').rows).toEqual([{ a: 9007199254740993n }]);
  });

  test("R12 a top-level array and other values are JSON_SHAPE", () => {
    const { rows, bad } = decode({ a: "INT" }, '[{"a":1},{"a":2}]\n42\n"x"\nnull\n[\n{"a":3}');
    expect(rows).toEqual([{ a: 3 }]);
    expect(bad.map(({ code }) => code)).toEqual(["JSON_SHAPE", "JSON_SHAPE", "JSON_SHAPE", "JSON_SHAPE", "JSON_SHAPE"]);
    expect(bad[0]?.message).toContain("one object a line");
    const infer = (text: string) => () => json.inferSchema({ bytes: bytesOf(text), complete: true, source: "x" });
    expect(infer('[\n  {"a":1}\n]')).toThrow(expect.objectContaining({ code: "JSON_SHAPE" }));
  });

  test("R17 null in NOT NULL, a missing key and another type are TYPE with the column", () => {
    const schema = { id: "BIGINT NOT NULL", name: "STRING", ok: "BOOLEAN NOT NULL" };
    const lines = [
      '{"id":1,"name":"a","ok":true}',
      '{"id":null,"name":"a","ok":true}',
      '{"name":"a","ok":true}',
      '{"id":2,"name":3,"ok":true}',
      '{"id":2,"ok":"true"}',
      '{"id":2,"name":"b"}',
      "{}",
      '{"ok":false,"id":4}',
    ];
    const { rows, bad } = decode(schema, lines.join("\n"));
    expect(rows).toEqual([
      { id: 1n, name: "a", ok: true },
      { id: 4n, name: null, ok: false },
    ]);
    expect(bad.map(({ code, at }) => [code, at.line, at.field])).toEqual([
      ["TYPE", 2, "id"],
      ["TYPE", 3, "id"],
      ["TYPE", 4, "name"],
      ["TYPE", 5, "ok"],
      ["TYPE", 6, "ok"],
      ["TYPE", 7, "id"],
    ]);
    expect(bad.map(({ message }) => message)).toEqual([
      'column "id" is BIGINT NOT NULL, found null',
      'column "id" is BIGINT NOT NULL, but the record has no such key',
      'column "name" is STRING, found a number: 3',
      'column "ok" is BOOLEAN, found a string: "true"',
      'column "ok" is BOOLEAN NOT NULL, but the record has no such key',
      'column "id" is BIGINT NOT NULL, but the record has no such key',
    ]);
  });

  test("R21 times before 1970, in year 10000, leap seconds, without zone, in microseconds", () => {
    const read = (type: string, text: string) => {
      const { rows, bad } = decode({ t: type }, `{"t":"${text}"}`);
      return bad[0]?.code ?? rows[0]?.t;
    };
    expect(read("TIMESTAMP(3)", "1969-12-31T23:59:59.999Z")).toEqual(new Date(-1));
    expect(read("TIMESTAMP(3)", "0001-01-01 00:00:00")).toEqual(new Date("0001-01-01T00:00:00Z"));
    expect(read("TIMESTAMP(3)", "10000-01-01T00:00:00")).toBe("TIME_RANGE");
    expect(read("TIMESTAMP(3)", "2016-12-31T23:59:60Z")).toBe("TIME_RANGE");
    expect(read("TIMESTAMP_LTZ(3)", "2021-03-14T02:30:00-08:00")).toEqual(new Date("2021-03-14T10:30:00Z"));
    expect(read("TIMESTAMP_LTZ(3)", "2021-03-14T02:30:00")).toEqual(new Date("2021-03-14T02:30:00Z"));
    expect(read("TIMESTAMP(3)", "2021-03-14T02:30:00.000001")).toBe("TYPE");
    expect(read("TIMESTAMP(6)", "2021-03-14T02:30:00.000001")).toBe("2021-03-14T02:30:00.000001");
  });

  test("messages say what was expected and what was found, and where", () => {
    const { bad } = decode(
      { a: "INT", t: "TIMESTAMP(3)", d: "DECIMAL(4, 1)" },
      [
        "{a:1}",
        '{"a" 1}',
        '{"a":}',
        '{"a":1 "t":2}',
        '{"a":1,}',
        '{"a":-}',
        '{"a":1}x',
        '{"q":"\\q"}',
        '{"q":"\u0001"}',
        '{"q":"open',
        '{"a":3000000000}',
        '{"a":1.5}',
        '{"t":"2020-02-30T00:00"}',
        '{"t":"2020-02-01T00:00+01:00"}',
        '{"t":"2020-02-01T00:00:00.0001"}',
        '{"d":0.25}',
        "{",
      ].join("\n"),
    );
    expect(bad.map(({ message, at }) => `${at.line}:${at.column} ${message}`)).toEqual([
      "1:2 expected a key in double quotes, found a",
      '2:6 expected ":" behind a key, found 1',
      "3:6 expected a value, found }",
      '4:8 expected "," or the closing bracket, found "t"',
      "5:8 expected a key in double quotes, found }",
      "6:7 a number is not written as JSON wants it, at }",
      "7:8 expected the line's end behind the record, found x",
      "8:7 unknown escape \\q in a string",
      "9:7 control character U+0001 in a string, write it as an escape",
      "10:11 a string is not closed before the line's end",
      '11:6 column "a" is INT, 3000000000 is out of its range',
      '12:6 column "a" is INT, found a fraction: 1.5',
      '13:7 column "t" is TIMESTAMP(3), there is no such time or it is out of range: 2020-02-30T00:00',
      '14:7 column "t" is TIMESTAMP(3), which has no zone, found an offset: 2020-02-01T00:00+01:00; declare TIMESTAMP_LTZ',
      '15:7 column "t" is TIMESTAMP(3), 2020-02-01T00:00:00.0001 has more digits of seconds',
      '16:6 column "d" is DECIMAL(4, 1), 0.25 has more digits behind the point',
      "17:2 expected a key in double quotes, found the line's end",
    ]);
  });

  test("rows before and behind bad records are those of the good lines alone", () => {
    const good = fc.record({
      a: fc.option(fc.integer(), { nil: null }),
      s: fc.option(fc.string(), { nil: undefined }),
    });
    const wrong = fc.constantFrom(
      '{"s":"kept?","a":"x"}',
      '{"a":1,"s":2}',
      '{"a":1,"s":"half',
      '{"s":"x","s":1}',
      "x",
      '{"b":[}',
    );
    const line = fc.oneof(
      good.map((record) => JSON.stringify(record)),
      wrong,
    );
    const property = fc.property(
      fc.array(line, { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      (lines, batchRowsMax) => {
        const isWrong = (text: string) =>
          !text.startsWith('{"a":null') && !/^\{"a":-?\d+(,"s":"(.|\n)*")?\}$/.test(text);
        const { rows, bad } = decode({ a: "INT", s: "STRING" }, lines.join("\n"), { batchRowsMax });
        const expected = lines.filter((text) => !isWrong(text)).map((text) => JSON.parse(text) as object);
        expect(rows).toEqual(expected.map((record) => ({ a: null, s: null, ...record })));
        expect(bad.map(({ raw }) => new TextDecoder().decode(raw))).toEqual(lines.filter(isWrong));
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  test("many bad records are reported a bounded number at a time", () => {
    const bad: BadRecord[] = [];
    const decoder = json.createDecoder({
      workspace: kit.workspace,
      schema: parseSchema({ a: "INT" }),
      source: "x",
      split: 0,
      batchRowsMax: 100,
      bad: (record) => bad.push(record),
    });
    expect(decoder.next()).toBeNull();
    decoder.feed(bytesOf("x\n".repeat(10_000)));
    const first = decoder.next();
    expect(first?.rowCount).toBe(0);
    expect(bad.length).toBeLessThan(5000);
    while (decoder.next() !== null) expect(bad.length).toBeLessThanOrEqual(10_000);
    expect(bad.length).toBe(10_000);
    expect(bad.at(-1)?.at).toMatchObject({ line: 10_000, byte: 19_998 });
    decoder.close();
  });
});
