// A Parquet file written and read where the tests run, in Node and in Chromium: strings, nulls, dictionaries and compressed
// pages over shared and plain memory.
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { buildBatch } from "../../src/arrow/builder.js";
import { readRows } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import type { ParquetFile } from "../../src/formats/parquet.js";
import { openParquet } from "../../src/formats/parquet.js";
import { openParquetWriter } from "../../src/formats/parquet-encoder.js";
import { promised, type ReadableFile } from "../../src/platform/platform.js";
import { openTestWorkspace } from "../../src/testing/index.js";

const ROWS = 1000;
const column = (name: string, type: ColumnSource["type"], value: (row: number) => unknown): ColumnSource => ({
  name,
  type,
  data: Array.from({ length: ROWS }, (_, row) => value(row)),
});

const columnData = [
  column("id", "INT64", (row) => BigInt(row) * 3n),
  column("city", "STRING", (row) => (row % 7 === 0 ? null : ["Genève", "東京", "ORD"][row % 3])),
  column("price", "DOUBLE", (row) => row / 8),
  column("note", "STRING", (row) => `note ${row}`),
  column("paid", "BOOLEAN", (row) => row % 5 === 0),
];

/** The rows of a file in memory, which never blocks. */
async function rowsOf(bytes: Uint8Array, { workspace, account }: Opened): Promise<Record<string, unknown>[]> {
  const file: ReadableFile = {
    path: "orders.parquet",
    lengthBytes: bytes.length,
    read: (offset, length, done) => done(null, bytes.slice(offset, offset + length)),
    close: (done) => done(null, undefined),
  };
  const parquet = await promised<ParquetFile>((done) => openParquet(file, {}, done));
  const split = parquet.split({ workspace, batchRowsMax: 128, wake: () => undefined });
  const rows: Record<string, unknown>[] = [];
  for (let batch = split.poll(); batch !== "done"; batch = split.poll()) {
    if (batch === "blocked") throw new Error("a file in memory never blocks");
    rows.push(...readRows(batch));
    account.arena.reset();
  }
  split.close();
  return rows.map((row) => ({ ...row }));
}

type Opened = Awaited<ReturnType<typeof openTestWorkspace>>;

test.each([true, false])("shared memory: %s", async (shared) => {
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 400, pageSize: 2000 }));
  const wanted = Array.from({ length: ROWS }, (_, row) =>
    Object.fromEntries(
      columnData.map(({ name, data }) => [name, name === "id" ? Number(data[row]) : (data[row] as unknown)]),
    ),
  );
  expect(await rowsOf(bytes, await openTestWorkspace({ shared }))).toEqual(wanted);
});

test.each([true, false])("nested columns, written and read; shared memory: %s", async (shared) => {
  const schema = parseSchema({
    tags: "ARRAY<STRING>",
    user: "ROW<name STRING, ids ARRAY<INT>>",
    m: "MAP<STRING, INT>",
  });
  const cells = [
    Array.from({ length: ROWS }, (_, i) => (i % 5 === 0 ? null : Array.from({ length: i % 4 }, (_, k) => `tag ${k}`))),
    Array.from({ length: ROWS }, (_, i) => (i % 7 === 0 ? null : { name: `n${i}`, ids: i % 3 === 0 ? null : [i, -i] })),
    Array.from({ length: ROWS }, (_, i) => new Map(i % 2 === 0 ? [] : [["k", i]])),
  ];
  const opened = await openTestWorkspace({ shared });
  const encoder = openParquetWriter({ rowGroupRows: 300 }, "test").createEncoder(schema);
  const parts = [encoder.encode(buildBatch(opened.workspace, schema, cells, ROWS)), encoder.finish()];
  opened.account.arena.reset();
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  const wanted = Array.from({ length: ROWS }, (_, i) => ({
    tags: cells[0]?.[i],
    user: cells[1]?.[i],
    m: cells[2]?.[i],
  }));
  expect(await rowsOf(bytes, opened)).toEqual(wanted);
});
