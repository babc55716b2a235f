// A Parquet file written and read where the tests run, in Node and in Chromium: strings, nulls, dictionaries and compressed
// pages over shared and plain memory.
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { readRows } from "../../src/arrow/rows.js";
import type { ParquetFile } from "../../src/formats/parquet.js";
import { openParquet } from "../../src/formats/parquet.js";
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

test.each([true, false])("shared memory: %s", async (shared) => {
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 400, pageSize: 2000 }));
  const file: ReadableFile = {
    path: "orders.parquet",
    lengthBytes: bytes.length,
    read: (offset, length, done) => done(null, bytes.slice(offset, offset + length)),
    close: (done) => done(null, undefined),
  };
  const { workspace, account } = await openTestWorkspace({ shared });
  const parquet = await promised<ParquetFile>((done) => openParquet(file, {}, done));
  const split = parquet.split({ workspace, batchRowsMax: 128, wake: () => undefined });
  const rows: Record<string, unknown>[] = [];
  for (let batch = split.poll(); batch !== "done"; batch = split.poll()) {
    if (batch === "blocked") throw new Error("a file in memory never blocks");
    rows.push(...readRows(batch));
    account.arena.reset();
  }
  split.close();
  const wanted = Array.from({ length: ROWS }, (_, row) =>
    Object.fromEntries(
      columnData.map(({ name, data }) => [name, name === "id" ? Number(data[row]) : (data[row] as unknown)]),
    ),
  );
  expect(rows.map((row) => ({ ...row }))).toEqual(wanted);
});
