// Reading Parquet: files of pyarrow and DuckDB against the values that they hold, files of hyparquet-writer against what was
// written, and three million real flights against hyparquet's own reader. Batches, resuming and memory besides.
import { readFileSync } from "node:fs";
import { parquetReadObjects } from "hyparquet";
import { type BasicType, type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { schemaLiteral } from "../../src/arrow/types.js";
import { seeded } from "../kernels/harness.js";
import {
  account,
  type Cell,
  type Cells,
  columnCells,
  drain,
  MemoryFile,
  open,
  pickColumns,
  readAll,
} from "../support/parquet.js";

const folder = new URL("data/parquet/", import.meta.url);
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`${name}.parquet`, folder)));

/** What a file holds, by its expected values in JSON. */
const expected = (name: string): Record<string, unknown[]> =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));

/** A cell as the fixtures' JSON writes it. */
function asJson(cell: Cell): unknown {
  if (typeof cell === "bigint") return cell.toString();
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString("hex");
  if (typeof cell === "number" && !Number.isFinite(cell)) return String(cell);
  return cell;
}

const asJsonCells = (cells: Cells): Record<string, unknown[]> =>
  Object.fromEntries(Object.entries(cells).map(([name, column]) => [name, column.map(asJson)]));

describe("files of other writers", () => {
  test.each([
    ["types-plain", "types"],
    ["types-dictionary", "types"],
    ["types-gzip", "types"],
    ["types-zstd", "types"],
    ["types-brotli", "types"],
    ["types-lz4", "types"],
    ["types-decimal-integers", "types"],
    ["types-duckdb", "types"],
    ["encodings-v1", "encodings"],
    ["encodings-v2", "encodings"],
    ["dictionary-fallback", "dictionary-fallback"],
    ["int96", "int96"],
    ["all-null", "all-null"],
    ["empty", "empty"],
    ["statistics", "statistics"],
  ])("%s", async (name, values) => {
    const wanted = expected(values);
    for (const batchRowsMax of [1, 7, 8192]) {
      const cells = asJsonCells(await readAll(fixture(name), { batchRowsMax, later: batchRowsMax === 7 }));
      for (const [column, found] of Object.entries(cells)) expect(found, column).toEqual(wanted[column]);
    }
  });

  test("types become ours", async () => {
    const { schema } = await open(new MemoryFile(fixture("types-plain")));
    expect(schemaLiteral(schema)).toEqual({
      bool: "BOOLEAN",
      i8: "TINYINT",
      i16: "SMALLINT",
      i32: "INT",
      i64: "BIGINT",
      u8: "SMALLINT",
      u16: "INT",
      u32: "BIGINT",
      u64: "DECIMAL(20, 0)",
      f32: "FLOAT",
      f64: "DOUBLE",
      text: "STRING",
      bytes: "BYTES",
      fixed: "BYTES",
      day: "DATE",
      time_ms: "TIME",
      time_us: "TIME",
      ts_ms: "TIMESTAMP(3)",
      ts_us: "TIMESTAMP(6)",
      ts_ns: "TIMESTAMP(6)",
      instant: "TIMESTAMP_LTZ(6)",
      required: "BIGINT NOT NULL",
      dec9: "DECIMAL(9, 2)",
      dec18: "DECIMAL(18, 6)",
      dec38: "DECIMAL(38, 10)",
    });
  });
});

describe("files of hyparquet-writer", () => {
  /** Column types with the encodings that the writer has for them, and a value of each. */
  const KINDS: readonly {
    readonly type: BasicType;
    readonly encodings: readonly (ColumnSource["encoding"] | undefined)[];
    readonly value: (random: () => number) => Cell;
  }[] = [
    { type: "BOOLEAN", encodings: [undefined, "PLAIN", "RLE"], value: (random) => random() < 0.5 },
    {
      type: "INT32",
      encodings: [undefined, "PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
      value: (random) => (random() < 0.1 ? -0x80000000 : Math.floor((random() - 0.5) * 2 ** (random() * 32)) | 0),
    },
    {
      type: "INT64",
      encodings: [undefined, "PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
      value: (random) => BigInt.asIntN(64, BigInt(Math.floor(random() * 2 ** 53)) << BigInt(Math.floor(random() * 12))),
    },
    {
      type: "FLOAT",
      encodings: [undefined, "PLAIN", "BYTE_STREAM_SPLIT"],
      value: (random) => Math.fround(random() * 1e6),
    },
    { type: "DOUBLE", encodings: [undefined, "PLAIN", "BYTE_STREAM_SPLIT"], value: (random) => random() * 1e300 },
    {
      type: "STRING",
      encodings: [undefined, "PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"],
      value: (random) => "prefix é".slice(0, random() * 9).repeat(1 + random() * 4) + Math.floor(random() * 50),
    },
  ];

  test.each(Array.from({ length: 40 }, (_, seed) => seed))("random columns, seed %i", async (seed) => {
    const random = seeded(seed);
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
    const rowCount = pick([1, 8, 63, 500, 3000]);
    const columnData = Array.from({ length: 1 + Math.floor(random() * 5) }, (_, index) => {
      const { type, encodings, value } = pick(KINDS);
      const nulls = pick([0, 0, 0.1, 0.9, 1]);
      // Few distinct values make a dictionary, runs make runs.
      const distinct = Array.from({ length: pick([1, 3, 200, 10_000]) }, () => value(random));
      const run = pick([1, 1, 20]);
      let last: Cell = null;
      const data = Array.from({ length: rowCount }, (_, row) => {
        if (row % run === 0) last = random() < nulls ? null : pick(distinct);
        return last;
      });
      return { name: `c${index}`, type, data, encoding: pick(encodings), nullable: nulls > 0 || pick([true, false]) };
    });
    const bytes = new Uint8Array(
      parquetWriteBuffer({
        columnData,
        codec: pick(["SNAPPY", "UNCOMPRESSED"]),
        pageSize: pick([200, 4000, 1 << 20]),
        rowGroupSize: pick([50, 1000, 100_000]),
      }),
    );
    const cells = await readAll(bytes, { batchRowsMax: pick([1, 7, 100, 8192]), later: pick([true, false]) });
    for (const { name, data } of columnData) expect(cells[name], name).toEqual(data);
  });
});

describe("three million flights", () => {
  const bytes = new Uint8Array(readFileSync("node_modules/vega-datasets/data/flights-3m.parquet"));

  /** An order-sensitive sum of a column; strings count by what they spell. */
  class Checksum {
    value = 0;
    rows = 0;
    add(value: number): void {
      this.value = (Math.imul(this.value, 31) + value) | 0;
      this.rows++;
    }
  }
  const spell = (text: string): number => [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7);

  test("have the values that hyparquet reads", async () => {
    const { parquetRead } = await import("hyparquet");
    const { compressors } = await import("hyparquet-compressors");
    const names = ["date", "delay", "distance", "origin", "destination"];
    const theirs = Object.fromEntries(names.map((name) => [name, new Checksum()]));
    const spelled = new Map<string, number>();
    const asNumber = (value: unknown): number => {
      if (typeof value === "bigint") return Number(value);
      if (value instanceof Date) return value.getTime() / 1000;
      const text = value as string;
      const known = spelled.get(text) ?? spell(text);
      spelled.set(text, known);
      return known;
    };
    await parquetRead({
      file: { byteLength: bytes.length, slice: (start, end) => bytes.buffer.slice(start, end) as ArrayBuffer },
      compressors,
      onChunk: ({ columnName, columnData }) => {
        for (const value of columnData) theirs[columnName]?.add(asNumber(value));
      },
    });

    const ours = Object.fromEntries(names.map((name) => [name, new Checksum()]));
    const file = await open(new MemoryFile(bytes, true));
    expect(file.rowCount).toBe(3_000_000);
    await drain(file, {}, (batch) => addBatch(ours, batch));
    expect(ours).toEqual(theirs);
  });

  function addBatch(sums: Readonly<Record<string, Checksum>>, batch: Batch): void {
    const { memory } = account;
    batch.schema.fields.forEach(({ name }, index) => {
      const column = batch.column(index);
      const sum = sums[name] as Checksum;
      expect(column.validity).toBe(0);
      if (column.dictionary === null) {
        const unit = name === "date" ? 1_000_000n : 1n;
        const at = column.values >> 3;
        for (let i = 0; i < column.length; i++) sum.add(Number((memory.i64[at + i] as bigint) / unit));
        return;
      }
      const spelled = columnCells(column.dictionary).map((cell) => spell(cell as string));
      const at = column.values >> 2;
      for (let i = 0; i < column.length; i++) sum.add(spelled[memory.i32[at + i] as number] as number);
    });
  }

  test("keep one dictionary a row group, and it outlives the step when a batch is kept", async () => {
    const file = await open(new MemoryFile(bytes));
    const dictionaries = new Set<unknown>();
    let kept: Batch | null = null;
    const schema = pickColumns(file.schema, ["origin"]);
    await drain(file, { schema }, (batch) => {
      dictionaries.add(batch.column(0).dictionary);
      kept ??= batch.persist();
    });
    expect(dictionaries.size).toBe(file.rowGroupCount);
    const batch = kept as unknown as Batch;
    expect(columnCells(batch.column(0)).slice(0, 3)).toEqual(await firstOrigins(3));
    batch.release();
    account.arena.reset();
  });

  async function firstOrigins(count: number): Promise<Cell[]> {
    const { compressors } = await import("hyparquet-compressors");
    const file = { byteLength: bytes.length, slice: (start: number, end?: number) => bytes.slice(start, end).buffer };
    const rows = await parquetReadObjects({ file, columns: ["origin"], rowEnd: count, compressors });
    return rows.map((row) => row["origin"] as string);
  }

  test("are read in bounded memory, and leave nothing", async () => {
    const before = account.usedBytes;
    const source = new MemoryFile(bytes, true);
    const file = await open(source);
    const schema = pickColumns(file.schema, ["date", "origin"]);
    let progress = 0;
    await drain(file, { schema }, (_, split) => {
      // Two columns, this row group and the next: at most two reads each are held or under way.
      expect(source.pendingMax).toBeLessThanOrEqual(8 << 20);
      expect(account.usedBytes - before).toBeLessThan(8 << 20);
      const { doneBytes, totalBytes } = split.progress();
      expect(doneBytes).toBeGreaterThanOrEqual(progress);
      expect(doneBytes).toBeLessThanOrEqual(totalBytes);
      progress = doneBytes;
    });
    // The columns that were not selected were not read.
    expect(source.readBytes).toBeLessThan(bytes.length / 2);
    expect(account.usedBytes).toBe(before);
  });
});
