// Nested columns as NDJSON: what is written is what JSON.stringify makes of the rows, and it is read back as the rows.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RowBuilder } from "../../src/arrow/builder.js";
import type { Value } from "../../src/arrow/rows.js";
import { parseSchema, schemaLiteral } from "../../src/arrow/types.js";
import { JsonEncoder } from "../../src/formats/json-encoder.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { rowsArbitrary } from "../support/nested.js";
import { decode } from "./json-support.js";

const { workspace, account } = await openTestWorkspace();

/** A value as JSON has it, numbers as far as a double holds them. */
function jsonOf(value: Value): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (value instanceof Date)
    return value
      .toISOString()
      .replace("T", " ")
      .replace(/(\.000)?Z$/, "");
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(jsonOf);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const object: Record<string, unknown> = {};
  for (const [key, inner] of entries) {
    Object.defineProperty(object, String(key), {
      value: jsonOf(inner),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

/** Numbers stand in for the text of decimals. */
function decimalsAsNumbers(value: unknown): unknown {
  if (typeof value === "string" && /^\d{19,}\.25$/.test(value)) return Number(value);
  if (Array.isArray(value)) return value.map(decimalsAsNumbers);
  if (typeof value !== "object" || value === null) return value;
  return JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
    typeof inner === "string" ? decimalsAsNumbers(inner) : inner,
  );
}

test("lines are the rows as JSON", () => {
  fc.assert(
    fc.property(rowsArbitrary(), ({ schema, rows }) => {
      const builder = new RowBuilder(workspace, schema);
      const text = new TextDecoder().decode(new JsonEncoder(schema).encode(builder.build(rows)));
      builder.close();
      account.arena.reset();
      const lines = text.split("\n").slice(0, -1);
      expect(lines.map((line) => JSON.parse(line))).toEqual(rows.map((row) => decimalsAsNumbers(jsonOf(row))));
    }),
  );
});

test("keys that are no strings stand in quotes, and exact numbers keep their digits", () => {
  const schema = parseSchema({
    m: "MAP<BIGINT, DECIMAL(20, 2)>",
    d: "MAP<DATE, ARRAY<BOOLEAN>>",
    b: "MAP<BOOLEAN, INT>",
  });
  const builder = new RowBuilder(workspace, schema);
  const row = {
    m: new Map([[9007199254740993n, "123456789012345678.90"]]),
    d: new Map([["2026-01-31", [true, null]]]),
    b: new Map([[false, null]]),
  };
  const text = new TextDecoder().decode(new JsonEncoder(schema).encode(builder.build([row, {}])));
  builder.close();
  account.arena.reset();
  expect(text).toBe(
    '{"m":{"9007199254740993":123456789012345678.90},"d":{"2026-01-31":[true,null]},"b":{"false":null}}\n' +
      '{"m":null,"d":null,"b":null}\n',
  );
});

test("what is written is read back, in chunks of any size and batches of 1, 7 and 8,192 rows", () => {
  fc.assert(
    fc.property(rowsArbitrary(), fc.integer({ min: 1, max: 400 }), fc.constantFrom(1, 7, 8192), (data, chunk, size) => {
      const builder = new RowBuilder(workspace, data.schema);
      const bytes = new JsonEncoder(data.schema).encode(builder.build(data.rows));
      builder.close();
      const before = account.usedBytes;
      const options = { chunks: [chunk], batchRowsMax: size };
      const { rows, bad, batchRows } = decode(workspace, schemaLiteral(data.schema), bytes, options);
      expect(bad).toEqual([]);
      expect(rows).toEqual(data.rows);
      expect(Math.max(0, ...batchRows)).toBeLessThanOrEqual(size);
      account.arena.reset();
      expect(account.usedBytes).toBeLessThanOrEqual(before);
    }),
    { numRuns: 200 },
  );
});

describe("nested values by schema", () => {
  const schema = {
    id: "INT NOT NULL",
    tags: "ARRAY<STRING NOT NULL>",
    at: "ROW<x DOUBLE NOT NULL, `y z` ARRAY<BIGINT>>",
    m: "MAP<BIGINT, STRING>",
  };
  const rowsOf = (...lines: string[]) => decode(workspace, schema, `${lines.join("\n")}\n`);

  test("blanks, escapes, other keys, missing ones, the last of equal keys", () => {
    const { rows, bad } = rowsOf(
      '{"id":1,"tags": [ "a" , "[b,\\"}" ,"\\u00fc" ] , "at":{ "y z" : [1, null ,9007199254740993], "other":{"x":[]}, "x":1e1} }',
      '{"id":2,"tags":[],"at":null,"m":{ "1" : "a", "-2":null,"1":"b" }}',
      "",
      '{"id":3,"m":{},"at":{"x":1,"x":2.5}}',
    );
    expect(bad).toEqual([]);
    expect(rows).toEqual([
      { id: 1, tags: ["a", '[b,"}', "ü"], at: { x: 10, "y z": [1n, null, 9007199254740993n] }, m: null },
      {
        id: 2,
        tags: [],
        at: null,
        m: new Map<bigint, string | null>([
          [1n, "b"],
          [-2n, null],
        ]),
      },
      { id: 3, tags: null, at: { x: 2.5, "y z": null }, m: new Map() },
    ]);
  });

  test("a record with a wrong value inside is refused whole, with its place; the others stay", () => {
    const lines = [
      '{"id":0,"tags":["a"]}',
      '{"id":1,"tags":["a",null]}',
      " ",
      '{"id":2,"at":{"y z":[]}}',
      '{"id":3,"tags":[1],"m":{"x":"y"}}',
      '{"id":4,"m":{"1,\\"m.value\\":2":"y"}}',
      '{"id":5,"at":[1]}',
      '{"id":6,"tags":{"a":1}}',
      '{"id":7,"tags":"a"}',
      '{"id":8,"at":{"x":1,"y z":[1,"2"]}}',
      '{"id":9}',
    ];
    const { rows, bad } = rowsOf(...lines);
    expect(rows.map(({ id }) => id)).toEqual([0, 9]);
    const text = (raw: Uint8Array) => new TextDecoder().decode(raw);
    const told = bad.map(({ at, message, raw }) => [at.line, at.field, message, lines.indexOf(text(raw)) + 1]);
    expect(told.sort(([a], [b]) => Number(a) - Number(b))).toEqual([
      [2, "tags", 'column "tags[]" is STRING NOT NULL, found null', 2],
      [4, "at", 'in "at": column "x" is DOUBLE NOT NULL, but the record has no such key', 4],
      [5, "tags", 'column "tags[]" is STRING, found a number: 1', 5],
      [6, "m", 'a key of MAP column "m" is of another type', 6],
      [7, "at", 'column "at" is ROW, found an array', 7],
      [8, "tags", 'column "tags" is ARRAY, found an object', 8],
      [9, "tags", 'column "tags" is ARRAY<STRING NOT NULL>, found a string: "a"', 9],
      [10, "at", 'in "at": column "y z[]" is BIGINT, found a string: "2"', 10],
    ]);
    let byte = 0;
    const bytes = lines.map((line) => {
      byte += line.length + 1;
      return byte - line.length - 1;
    });
    for (const { at } of bad) expect(at.byte).toBe(bytes[(at.line as number) - 1]);
  });

  test("depth beyond 128 is refused by the kernel; a type is nested up to 32 deep", () => {
    const deep = (levels: number) => `{"a":${"[".repeat(levels)}${"]".repeat(levels)}}\n`;
    const type = `${"ARRAY<".repeat(32)}INT${">".repeat(32)}`;
    const { rows } = decode(workspace, { a: type }, deep(32));
    expect(JSON.stringify(rows)).toBe(`[{"a":${"[".repeat(32)}${"]".repeat(32)}}]`);
    expect(decode(workspace, { a: type }, deep(33)).bad.map(({ code }) => code)).toEqual(["TYPE"]);
    expect(decode(workspace, { a: type }, deep(1000)).bad.map(({ code }) => code)).toEqual(["JSON_DEPTH"]);
  });

  test("many rows: columns in parts are put together", () => {
    const lines = Array.from({ length: 30_000 }, (_, i) => {
      const text = "x".repeat(i % 97);
      return `{"id":${i},"tags":[${i % 3 === 0 ? "" : `"${text}","${i}"`}],"at":{"x":${i},"y z":[${i}]}}`;
    });
    const { rows, bad } = decode(workspace, schema, `${lines.join("\n")}\n`);
    expect(bad).toEqual([]);
    expect(rows.length).toBe(lines.length);
    rows.forEach((row, i) => {
      const tags = i % 3 === 0 ? [] : ["x".repeat(i % 97), String(i)];
      if (JSON.stringify(row.tags) !== JSON.stringify(tags)) expect(row.tags).toEqual(tags);
    });
    expect(rows[29_997]).toEqual({ id: 29_997, tags: [], at: { x: 29_997, "y z": [29_997n] }, m: null });
  });
});
