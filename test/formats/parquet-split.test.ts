// The reader as a source drives it: selected columns, resuming at every batch, null and type checks, dictionaries that end
// within a chunk, reads that fail, and memory that stays flat.
import { readFileSync } from "node:fs";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { field, parseSchema, STRING, typeName } from "../../src/arrow/types.js";
import { ConnectorError, EngineError } from "../../src/errors.js";
import type { ParquetFile } from "../../src/formats/parquet.js";
import type { StateValue } from "../../src/state/snapshot.js";
import {
  account,
  appendCells,
  type Cells,
  drain,
  MemoryFile,
  memory,
  open,
  pickColumns,
  readAll,
  workspace,
} from "../support/parquet.js";

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`data/parquet/${name}.parquet`, import.meta.url)));
const written = (columnData: Parameters<typeof parquetWriteBuffer>[0]["columnData"], options = {}): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData, ...options }));

const codeOf = async (run: () => unknown): Promise<string> => {
  try {
    await run();
  } catch (error) {
    if (error instanceof EngineError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "no error";
};

const split = (file: ParquetFile, batchRowsMax = 8192) =>
  file.split({ workspace, batchRowsMax, wake: () => undefined });

describe("columns", () => {
  test("are those selected, in the order asked for", async () => {
    const bytes = fixture("types-plain");
    const all = await readAll(bytes);
    const file = await open(new MemoryFile(bytes));
    const some = await readAll(bytes, { schema: pickColumns(file.schema, ["text", "bool", "i64"]) });
    expect(Object.keys(some)).toEqual(["text", "bool", "i64"]);
    expect(some).toEqual({ text: all["text"], bool: all["bool"], i64: all["i64"] });
  });

  test("none at all still give their rows", async () => {
    const file = await open(new MemoryFile(fixture("statistics")));
    const counts: number[] = [];
    await drain(file, { schema: { fields: [] }, batchRowsMax: 64 }, (batch) => counts.push(batch.rowCount));
    expect(counts).toEqual(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 64 : 36)));
  });

  test("that cannot be read are named in the schema and refused only when selected", async () => {
    const bytes = fixture("nested");
    const file = await open(new MemoryFile(bytes));
    expect(file.schema.fields.map(({ name, type }) => `${name} ${typeName(type)}`)).toEqual([
      "id BIGINT",
      "tags ARRAY<STRING>",
      "place ROW<x INT, y INT>",
      "props MAP<STRING, INT>",
      "half FLOAT",
    ]);
    expect(await readAll(bytes, { schema: pickColumns(file.schema, ["id"]) })).toEqual({ id: [1n, 2n, 3n] });
    const schema = pickColumns(file.schema, ["id", "half"]);
    expect(await codeOf(() => readAll(bytes, { schema }))).toMatch(/^UNSUPPORTED: column "half" is a FLOAT16/);
  });

  test("that the file does not have are refused with those it has", async () => {
    const schema = parseSchema({ nope: "INT" });
    expect(await codeOf(() => readAll(fixture("nested"), { schema }))).toBe(
      'UNKNOWN_COLUMN: the file has no column "nope"',
    );
  });

  test("of bytes are read as strings when declared so, and must then be UTF-8", async () => {
    const text = (value: string): Uint8Array => new TextEncoder().encode(value);
    const schema = { fields: [field("b", STRING)] };
    const good = written([{ name: "b", data: [text("é"), null, text("abc")], type: "BYTE_ARRAY" }]);
    expect(await readAll(good, { schema })).toEqual({ b: ["é", null, "abc"] });
    const bad = written([{ name: "b", data: [text("ok"), new Uint8Array([0xc3])], type: "BYTE_ARRAY" }]);
    expect(await codeOf(() => readAll(bad, { schema }))).toMatch(/^PARQUET_CORRUPT: .*not UTF-8/);
    // Two halves of one character are not two strings, though their bytes side by side are UTF-8.
    const halves = [new Uint8Array([0xc3]), new Uint8Array([0xa9])];
    for (const encoding of ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "RLE_DICTIONARY"] as const) {
      const torn = written([{ name: "b", data: [...halves, ...halves, ...halves], type: "BYTE_ARRAY", encoding }]);
      expect(await codeOf(() => readAll(torn, { schema }))).toMatch(/^PARQUET_CORRUPT: .*not UTF-8/);
    }
  });

  test("of another type than declared are refused", async () => {
    const schema = parseSchema({ i64: "INT" });
    expect(await codeOf(() => readAll(fixture("types-plain"), { schema }))).toBe(
      'TYPE: column "i64" is BIGINT in the file, not INT',
    );
  });

  test("declared NOT NULL may hold none", async () => {
    const schema = parseSchema({ i64: "BIGINT NOT NULL" });
    expect(await codeOf(() => readAll(fixture("types-plain"), { schema }))).toMatch(/^TYPE: .*"i64".*NOT NULL/);
    const required = parseSchema({ required: "BIGINT NOT NULL" });
    expect((await readAll(fixture("types-plain"), { schema: required }))["required"]).toHaveLength(120);
  });
});

describe("times finer than our types", () => {
  test("are refused when digits would be lost, and cut toward the past when asked", async () => {
    const bytes = fixture("nanoseconds");
    expect(await codeOf(() => readAll(bytes))).toMatch(/^PARQUET_PRECISION: /);
    expect(await readAll(bytes, { truncateTimes: true })).toEqual({ t: [1n, 2n, -1n] });
  });
});

describe("batches", () => {
  test("never cross a page and are aligned over columns with other pages", async () => {
    // Pages of 200 bytes: 25 doubles, 50 integers, strings of any length.
    const rows = 1000;
    const columnData = [
      { name: "d", type: "DOUBLE" as const, data: Array.from({ length: rows }, (_, i) => i / 2) },
      {
        name: "i",
        type: "INT32" as const,
        data: Array.from({ length: rows }, (_, i) => i),
        encoding: "PLAIN" as const,
      },
      { name: "s", type: "STRING" as const, data: Array.from({ length: rows }, (_, i) => "x".repeat(i % 90)) },
    ];
    const cells: Cells = { d: [], i: [], s: [] };
    const file = await open(new MemoryFile(written(columnData, { pageSize: 200, rowGroupSize: 300 }), true));
    await drain(file, { batchRowsMax: 40, split: 3 }, (batch) => {
      expect(batch.rowCount).toBeGreaterThan(0);
      expect(batch.rowCount).toBeLessThanOrEqual(40);
      expect(batch.split).toBe(3);
      appendCells(cells, batch);
    });
    for (const { name, data } of columnData) expect(cells[name]).toEqual(data);
  });

  test("of a chunk whose dictionary ends are coded first and plain after", async () => {
    const file = await open(new MemoryFile(fixture("dictionary-fallback")));
    const forms: boolean[] = [];
    await drain(file, { schema: pickColumns(file.schema, ["key"]) }, (batch) =>
      forms.push(batch.column(0).dictionary !== null),
    );
    const plainFrom = forms.indexOf(false);
    expect(plainFrom).toBeGreaterThan(0);
    expect(forms.slice(plainFrom)).not.toContain(true);
  });
});

describe("a snapshot", () => {
  test.each(["types-plain", "types-dictionary", "encodings-v1", "encodings-v2", "dictionary-fallback", "statistics"])(
    "%s goes on at every batch",
    async (name) => {
      const file = await open(new MemoryFile(fixture(name), true));
      const whole: Cells = Object.fromEntries(file.schema.fields.map((column) => [column.name, []]));
      const stops: { state: StateValue; rows: number }[] = [];
      const batchRowsMax = 37;
      await drain(file, { batchRowsMax }, (batch, reader) => {
        appendCells(whole, batch);
        stops.push({ state: reader.snapshot(), rows: Object.values(whole)[0]?.length ?? 0 });
      });
      for (const { state, rows } of stops) {
        const rest: Cells = Object.fromEntries(file.schema.fields.map((column) => [column.name, []]));
        await drain(
          {
            ...file,
            split: (options) => {
              const reader = file.split(options);
              reader.restore(state);
              return reader;
            },
          },
          { batchRowsMax },
          (batch) => appendCells(rest, batch),
        );
        for (const [column, cells] of Object.entries(whole)) expect(rest[column]).toEqual(cells.slice(rows));
      }
    },
  );

  test("of another file is refused", async () => {
    const reader = split(await open(new MemoryFile(fixture("statistics"))));
    const others: StateValue[] = [
      null,
      {},
      { rowGroup: 6, row: 0 },
      { rowGroup: 0, row: 101 },
      { rowGroup: -1, row: 0 },
      3,
    ];
    for (const state of others) {
      expect(await codeOf(() => reader.restore(state))).toMatch(/^STATE_MISMATCH: /);
    }
  });

  test("counts the bytes before it as done", async () => {
    const file = await open(new MemoryFile(fixture("statistics")));
    const reader = split(file);
    const fresh = reader.progress();
    expect(fresh.doneBytes).toBe(0);
    reader.restore({ rowGroup: 5, row: 0 });
    expect(reader.progress()).toEqual({ doneBytes: fresh.totalBytes, totalBytes: fresh.totalBytes });
    expect(reader.poll()).toBe("done");
  });
});

describe("reads", () => {
  test("that fail end the split with their error, each time it is asked", async () => {
    const source = new MemoryFile(fixture("types-plain"));
    const file = await open(source);
    const failure = new ConnectorError("FILE_IO", "the disk is gone");
    source.read = (_offset, _length, done) => done(failure, undefined as never);
    const reader = split(file);
    reader.start();
    expect(() => reader.poll()).toThrow(failure);
    expect(() => reader.poll()).toThrow(failure);
    reader.close();
    account.arena.reset();
  });

  test("of a file that became shorter say so", async () => {
    const bytes = fixture("types-plain");
    const source = new MemoryFile(bytes);
    const file = await open(source);
    source.read = (offset, length, done) => done(null, bytes.slice(offset, Math.min(offset + length, 100)));
    expect(await codeOf(() => drain(file, {}, () => undefined))).toMatch(/^PARQUET_CORRUPT: .* bytes at /);
  });

  test("that are answered after close are dropped", async () => {
    const source = new MemoryFile(fixture("types-plain"));
    const file = await open(source);
    const answers: (() => void)[] = [];
    let wakes = 0;
    source.read = (offset, length, done) => {
      answers.push(() => done(null, source.bytes.slice(offset, offset + length)));
    };
    const reader = file.split({ workspace, batchRowsMax: 10, wake: () => wakes++ });
    reader.start();
    expect(answers.length).toBe(file.schema.fields.length);
    expect(reader.poll()).toBe("blocked");
    reader.close();
    for (const answer of answers) answer();
    expect(wakes).toBe(0);
    expect(reader.poll()).toBe("done");
  });

  test("wake a reader that is blocked, and no other", async () => {
    const source = new MemoryFile(fixture("types-plain"));
    const file = await open(source);
    const answers: (() => void)[] = [];
    let wakes = 0;
    source.read = (offset, length, done) => {
      answers.push(() => done(null, source.bytes.slice(offset, offset + length)));
    };
    const reader = file.split({ workspace, batchRowsMax: 10, wake: () => wakes++ });
    reader.start();
    answers.shift()?.();
    expect(wakes).toBe(0);
    expect(reader.poll()).toBe("blocked");
    answers.shift()?.();
    expect(wakes).toBe(1);
    reader.close();
  });
});

test("a thousand readers leave the memory as one did", async () => {
  const bytes = fixture("types-dictionary");
  const file = await open(new MemoryFile(bytes));
  const once = async (): Promise<void> => drain(file, {}, () => undefined);
  await once();
  const { usedBytes } = account;
  const { sizeBytes } = memory;
  for (let round = 0; round < 1000; round++) {
    if (round % 2 === 0) await once();
    else {
      // Given up half-way, with pages and dictionaries open.
      const reader = split(file, 10);
      reader.poll();
      reader.close();
      account.arena.reset();
    }
  }
  expect(account.usedBytes).toBe(usedBytes);
  expect(memory.sizeBytes).toBe(sizeBytes);
});
