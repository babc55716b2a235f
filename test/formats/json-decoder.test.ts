// The NDJSON decoder: records in chunks of any size, keys in any order, positions to go on from. Tests that begin with R are
// the lines of the table of bad input that every format answers to; the others are in json-bad-input.test.ts.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRows } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import { type DecoderPosition, START } from "../../src/formats/format.js";
import { json } from "../../src/formats/json.js";
import type { BadRecord } from "../../src/operators/bad-records.js";
import { bytesFrom, bytesOf, type DecodeOptions, decode as decodeIn, guarded } from "./json-support.js";

const kit = guarded();
const decode = (schema: Record<string, string>, text: string | Uint8Array, options?: DecodeOptions) =>
  decodeIn(kit.workspace, schema, text, options);

/** What matters of a bad record, in one line. */
const told = ({ code, at, raw }: BadRecord) =>
  `${code} ${at.line}:${at.column} ${at.field ?? "-"} ${new TextDecoder().decode(raw)}`;

/** Lines with everything in them that a boundary might cut badly. */
const MIXED = bytesFrom(
  [0xef, 0xbb, 0xbf],
  '{"a":1,"s":"plain"}\n',
  '{"s":"é€😀 and much more text than one vector holds, ü","a":-2.0}\r\n',
  "\n  \t\r\n",
  String.raw`{"a":9007199254740993,"s":"\ud83d\ude00\u00e9\n\\\"","x":{"y":[1,{"z":"]}"}]}}`,
  "\n",
  ' { "s" : null , "a" : 1e3 } \n',
  '{"a":"wrong"}\n',
  '{"s":"',
  [0xff],
  '"}\n',
  '{"a":12345678901234567890}\n',
  `{"s":"${"long ".repeat(40)}"}\n`,
  "not json\n",
  '{"s":["kept",  "raw"]}\n',
  '{"a":7}',
);
const MIXED_SCHEMA = { a: "BIGINT", s: "STRING" };

describe("chunks", () => {
  test("R7 CRLF and LF, and a chunk boundary at every byte, give identical rows and bad records", () => {
    const whole = decode(MIXED_SCHEMA, MIXED);
    expect(whole.rows).toEqual([
      { a: 1n, s: "plain" },
      { a: -2n, s: "é€😀 and much more text than one vector holds, ü" },
      { a: 9007199254740993n, s: '😀é\n\\"' },
      { a: 1000n, s: null },
      { a: null, s: "long ".repeat(40) },
      { a: null, s: '["kept",  "raw"]' },
      { a: 7n, s: null },
    ]);
    expect(whole.bad.map(told)).toEqual([
      'TYPE 7:6 a {"a":"wrong"}',
      'UTF8 8:7 s {"s":"\ufffd"}',
      'OVERFLOW 9:6 a {"a":12345678901234567890}',
      "JSON 11:1 - not json",
    ]);
    for (const { at, raw } of whole.bad) {
      const byte = at.byte as number;
      expect(MIXED.subarray(byte, byte + raw.length)).toEqual(raw);
      expect(MIXED[byte + raw.length]).toBe(0x0a);
    }
    expect(whole.position).toEqual({ byte: MIXED.length, line: 14, skipping: false });
    for (let cut = 1; cut < MIXED.length; cut++) {
      const parts = decode(MIXED_SCHEMA, MIXED, { chunks: [cut, MIXED.length] });
      expect(parts.rows).toEqual(whole.rows);
      expect(parts.bad).toEqual(whole.bad);
      expect(parts.position).toEqual(whole.position);
    }
    const crlf = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytesFrom('{"a":1}\n{"a":2,"s":"x"}\n'));
    expect(decode(MIXED_SCHEMA, crlf.replaceAll("\n", "\r\n")).rows).toEqual(decode(MIXED_SCHEMA, crlf).rows);
  });

  test("any chunks and batch sizes give identical rows and bad records", () => {
    const whole = decode(MIXED_SCHEMA, MIXED);
    const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 });
    const property = fc.property(sizes, fc.integer({ min: 1, max: 9 }), (chunks, batchRowsMax) => {
      const parts = decode(MIXED_SCHEMA, MIXED, { chunks, batchRowsMax });
      expect(parts.rows).toEqual(whole.rows);
      expect(parts.bad).toEqual(whole.bad);
      expect(Math.max(...parts.batchRows)).toBeLessThanOrEqual(batchRowsMax);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("a decoder goes on at the position of any batch as if nothing had been", () => {
    const whole = decode(MIXED_SCHEMA, MIXED);
    for (const chunks of [[1], [13], [50], [1000]]) {
      const stops: { position: DecoderPosition; rows: number; bad: number }[] = [{ position: START, rows: 0, bad: 0 }];
      const bad: BadRecord[] = [];
      let rows = 0;
      decode(MIXED_SCHEMA, MIXED, {
        chunks,
        batchRowsMax: 2,
        bad: (record) => bad.push(record),
        onBatch: (batch, position) => {
          rows += batch.rowCount;
          stops.push({ position, rows, bad: bad.length });
        },
      });
      expect(stops.length).toBeGreaterThan(3);
      for (const stop of stops) {
        const rest = decode(MIXED_SCHEMA, MIXED.subarray(stop.position.byte), { start: stop.position });
        expect(rest.rows).toEqual(whole.rows.slice(stop.rows));
        expect(rest.bad).toEqual(whole.bad.slice(stop.bad));
      }
    }
  });

  test("a batch is at most batchRowsMax rows, and a large chunk makes full ones", () => {
    const text = Array.from({ length: 20_000 }, (_, row) => `{"a":${row}}\n`).join("");
    for (const batchRowsMax of [1, 7, 8192]) {
      const { rows, batchRows } = decode({ a: "INT" }, text, { batchRowsMax });
      expect(rows.map(({ a }) => a)).toEqual(Array.from({ length: 20_000 }, (_, row) => row));
      expect(batchRows.every((count) => count <= batchRowsMax)).toBe(true);
      if (batchRowsMax < 8192) expect(batchRows[0]).toBe(batchRowsMax);
    }
  });

  test("strings of very different lengths", () => {
    const lengths = [0, 1, 15, 16, 17, 31, 32, 33, 500, 0, 70_000, 3, 200_000, 0, 1];
    const lines = lengths.map((length, row) => `{"s":"${"x".repeat(length)}","t":"${row}"}\n`);
    const { rows } = decode({ s: "STRING", t: "STRING" }, lines.join("").repeat(20), { chunks: [100_000] });
    expect(rows.map(({ s }) => (s as string).length)).toEqual(Array.from({ length: 20 }, () => lengths).flat());
    expect(rows.map(({ t }) => t)).toEqual(Array.from({ length: 20 }, () => lengths.map((_, row) => `${row}`)).flat());
  });
});

describe("keys", () => {
  test("any order, missing ones, others between, nested values: as JSON.parse has them", () => {
    const names = ["a", "b", "a very long key, longer than two vectors hold", "ключ", "", "n"];
    const others = ["x", "another key without a column", "b2", "é"];
    const value = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constant(null),
      fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 }).map((list) => ({ nested: list })),
    );
    const record = fc.tuple(
      fc.shuffledSubarray([...names, ...others]),
      fc.array(value, { minLength: 10, maxLength: 10 }),
      fc.constantFrom(JSON.stringify, (x: unknown) => JSON.stringify(x, null, " ").replaceAll("\n", " ")),
    );
    const property = fc.property(fc.array(record, { maxLength: 30 }), (records) => {
      const lines = records.map(([keys, values, print]) =>
        print(Object.fromEntries(keys.map((key, index) => [key, values[index]]))),
      );
      const schema = Object.fromEntries(names.map((name) => [name, "STRING"]));
      const { rows, bad } = decode(schema, lines.join("\n"));
      expect(bad).toEqual([]);
      const expected = lines.map((line) => {
        const parsed = JSON.parse(line) as Record<string, unknown>;
        return Object.fromEntries(
          names.map((name) => {
            const got = parsed[name];
            // Nested values keep their text: compared as what it says.
            return [name, typeof got === "object" && got !== null ? got : (got ?? null)];
          }),
        );
      });
      const read = rows.map((row, index) =>
        Object.fromEntries(
          names.map((name) => {
            const nested = typeof expected[index]?.[name] === "object" && expected[index]?.[name] !== null;
            return [name, nested ? JSON.parse(row[name] as string) : row[name]];
          }),
        ),
      );
      expect(read).toEqual(expected);
    });
    fc.assert(property, { numRuns: 200 });
  });

  test("keys written with escapes are the same keys", () => {
    const text = String.raw`{"\u0061":1,"na\u00efve \"x\"":2,"\u0061b":3}`;
    expect(decode({ a: "INT", 'naïve "x"': "INT" }, text).rows).toEqual([{ a: 1, 'naïve "x"': 2 }]);
    const long = "k".repeat(1000);
    const escaped = `{"${String.raw`\u006b`.repeat(1000)}":5,"${String.raw`\u006b`.repeat(5000)}":6}`;
    expect(decode({ [long]: "INT" }, escaped).rows).toEqual([{ [long]: 5 }]);
  });

  test("R11 of equal keys the last one counts, whatever came before it", () => {
    const schema = { a: "INT", s: "STRING", b: "BOOLEAN" };
    const lines = [
      '{"a":1,"s":"first","a":2,"s":"x"}',
      '{"a":1,"a":null,"s":null,"s":"y","b":true,"b":false}',
      '{"s":"long enough to be copied in two vectors","s":"","a":null,"a":3}',
      '{"a":1,"a":1,"a":1}',
    ];
    const { rows, bad } = decode(schema, lines.join("\n"));
    expect(bad).toEqual([]);
    expect(rows).toEqual(
      lines.map((line) => ({ a: null, s: null, b: null, ...(JSON.parse(line) as Record<string, number>) })),
    );
    const required = { a: "INT NOT NULL", b: "INT NOT NULL" };
    const twice = decode(required, '{"a":1,"a":2}\n{"a":1,"a":2,"b":3}\n{"b":3,"b":4}');
    expect(twice.rows).toEqual([{ a: 2, b: 3 }]);
    expect(twice.bad.map(({ at }) => at.field)).toEqual(["b", "a"]);
  });

  test("R8 __proto__ and constructor are plain data", () => {
    const text = '{"__proto__":"p","constructor":"c","toString":"t","hasOwnProperty":{"__proto__":1}}\n{}\n';
    const before = Object.getOwnPropertyNames(Object.prototype);
    const inferred = json.inferSchema({ bytes: bytesOf(text), complete: true, source: "x" });
    expect(inferred.fields.map(({ name }) => name)).toEqual(["__proto__", "constructor", "toString", "hasOwnProperty"]);
    const schema = parseSchema(JSON.parse('{"__proto__":"STRING","constructor":"STRING"}') as Record<string, string>);
    const decoder = json.createDecoder({
      workspace: kit.workspace,
      schema,
      source: "x",
      split: 3,
      batchRowsMax: 10,
      bad: (record) => {
        throw new Error(record.message);
      },
    });
    expect(decoder.next()).toBeNull();
    decoder.feed(bytesOf(text));
    const batch = decoder.next();
    const rows = batch === null ? [] : readRows(batch);
    expect(batch?.split).toBe(3);
    expect(rows.map((row) => Object.getOwnPropertyDescriptor(row, "__proto__")?.value)).toEqual(["p", null]);
    expect(rows.map((row) => Object.getOwnPropertyDescriptor(row, "constructor")?.value)).toEqual(["c", null]);
    decoder.close();
    decoder.close();
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });

  test("R10 more than 10,000 different keys are TOO_MANY_COLUMNS for an inferred schema, 10,000 columns are read", () => {
    const record = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i])));
    const infer = (count: number) => json.inferSchema({ bytes: bytesOf(record(count)), complete: true, source: "x" });
    expect(() => infer(100_000)).toThrow(expect.objectContaining({ code: "TOO_MANY_COLUMNS" }));
    const schema = Object.fromEntries(infer(10_000).fields.map(({ name }) => [name, "INT"]));
    const { rows } = decode(schema, `${record(10_000)}\n{"k9999":5}\n${record(3)}\n`);
    expect(rows.length).toBe(3);
    expect(rows[0]?.k9999).toBe(9999);
    expect(rows[1]?.k9999).toBe(5);
    expect(rows[1]?.k0).toBeNull();
    expect(rows[2]?.k2).toBe(2);
    // 100,000 keys that no column wants are passed over.
    expect(decode({ k7: "INT" }, record(100_000)).rows).toEqual([{ k7: 7 }]);
  });
});

test("types that JSON records cannot carry are refused by name when the decoder is made", () => {
  const nested = { fields: [{ name: "list", nullable: true, type: { kind: "null" } as const }] };
  const open = () =>
    json.createDecoder({
      workspace: kit.workspace,
      schema: nested,
      source: "x",
      split: 0,
      batchRowsMax: 1,
      bad: () => 0,
    });
  expect(open).toThrow(expect.objectContaining({ code: "UNSUPPORTED", message: expect.stringContaining('"list"') }));
});
