// The Parquet reader alone, no engine around it: three columns of the flights to batches, beside hyparquet's columns and a
// scan by DuckDB; and its Zstandard kernel beside the decoder in JavaScript. Every value is read back once.
import { readFileSync } from "node:fs";
import { decompress } from "fzstd";
import { parquetMetadata, parquetRead } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { compressors } from "hyparquet-compressors";
import type { Batch } from "../../src/arrow/batch.js";
import type { Column, Workspace } from "../../src/arrow/column.js";
import type { Schema } from "../../src/arrow/types.js";
import type { FormatWorkspace } from "../../src/formats/format.js";
import { openParquet, type ParquetFile } from "../../src/formats/parquet.js";
import { promised, type ReadableFile } from "../../src/platform/platform.js";
import { loadAllKernels } from "../../src/wasm/inline.js";
import { LinearMemory, MemoryAccount } from "../../src/wasm/memory.js";
import type { Bench, Checksum, Contender } from "../harness.js";
import { FLIGHTS_PATH, FLIGHTS_ROWS } from "../inputs/flights.js";
import { duckdb, queryContender } from "../versus/duckdb.js";
import { isInstalled } from "../versus/rival.js";

const COLUMNS = ["date", "delay", "origin"];
/** Rows, their hours since 1970 and minutes of delay summed, and how many left Chicago; computed once by DuckDB. */
const EXPECTED: Checksum = { rows: FLIGHTS_ROWS, hours: 821_810_373_698, minutes: 20_003_603, ord: 166_341 };
const NOTHING = { rows: 0, hours: 0, minutes: 0, ord: 0 };
const HOUR_US = 3_600_000_000;
const ZSTD_SCRATCH_BYTES = 147_488;

let bytes: Uint8Array<ArrayBuffer> | undefined;
function input(): Uint8Array<ArrayBuffer> {
  bytes ??= new Uint8Array(readFileSync(FLIGHTS_PATH));
  return bytes;
}

/** The file in memory: the disk is not what is measured. */
const file: ReadableFile = {
  path: FLIGHTS_PATH,
  get lengthBytes() {
    return input().length;
  },
  read: (offset, length, done) => done(null, input().slice(offset, offset + length)),
  close: (done) => done(null, undefined),
};

async function openWorkspace(): Promise<FormatWorkspace> {
  const memory = new LinearMemory({ shared: true });
  return { account: new MemoryAccount(memory), kernels: await loadAllKernels(memory) };
}

function addBatch(batch: Batch, totals: typeof NOTHING): void {
  const { i32, u32 } = batch.workspace.account.memory;
  const [dates, delays] = [batch.column(0).values >>> 2, batch.column(1).values >>> 2];
  const origins = batch.column(2);
  const chicago = codeOf(origins.dictionary as Column, "ORD", batch.workspace);
  const codes = origins.values >>> 2;
  for (let row = 0; row < batch.rowCount; row++) {
    const micros = (i32[dates + 2 * row + 1] as number) * 4_294_967_296 + (u32[dates + 2 * row] as number);
    totals.hours += Math.floor(micros / HOUR_US);
    totals.minutes += i32[delays + 2 * row] as number;
    totals.ord += i32[codes + row] === chicago ? 1 : 0;
  }
  totals.rows += batch.rowCount;
}

const codeCache = new WeakMap<Column, number>();
function codeOf(dictionary: Column, word: string, { account }: Workspace): number {
  let code = codeCache.get(dictionary);
  if (code === undefined) {
    const { i32, u8 } = account.memory;
    const text = (row: number): string => {
      const at = (dictionary.offsets >>> 2) + row;
      const from = dictionary.values + (i32[at] as number);
      return String.fromCharCode(...u8.subarray(from, dictionary.values + (i32[at + 1] as number)));
    };
    code = Array.from({ length: dictionary.length }, (_, row) => text(row)).indexOf(word);
    codeCache.set(dictionary, code);
  }
  return code;
}

async function reader(): Promise<Contender> {
  const workspace = await openWorkspace();
  const run = async (): Promise<Checksum> => {
    const opened = await promised<ParquetFile>((done) => openParquet(file, {}, done));
    const fields = COLUMNS.map((name) => opened.schema.fields.find((field) => field.name === name));
    const schema = { fields } as Schema;
    const split = opened.split({ workspace, schema, batchRowsMax: 8192, wake: () => undefined });
    const totals = { ...NOTHING };
    for (let batch = split.poll(); batch !== "done"; batch = split.poll()) {
      if (batch === "blocked") throw new Error("a file in memory never blocks");
      addBatch(batch, totals);
      workspace.account.arena.reset();
    }
    split.close();
    return totals;
  };
  return { name: "reader", run };
}

const hyparquetColumns: Contender = {
  name: "hyparquet columns",
  run: async () => {
    const totals = { ...NOTHING };
    await parquetRead({
      file: { byteLength: input().length, slice: (start, end) => input().buffer.slice(start, end) },
      columns: COLUMNS,
      compressors,
      onChunk: ({ columnName, columnData }) => {
        for (const value of columnData) {
          if (columnName === "date") totals.hours += Math.floor(Number(value) / 3_600_000);
          else if (columnName === "delay") totals.minutes += Number(value);
          else totals.ord += value === "ORD" ? 1 : 0;
        }
        if (columnName === "date") totals.rows += columnData.length;
      },
    });
    return totals;
  },
};

/** DuckDB's scan with the sums that the others make of the values. */
const DUCKDB_QUERY = `SELECT count(*)::DOUBLE AS rows, sum(epoch_us(date) // ${HOUR_US})::DOUBLE AS hours,
  sum(delay)::DOUBLE AS minutes, count(*) FILTER (origin = 'ORD')::DOUBLE AS ord FROM '${FLIGHTS_PATH}'`;

/** Compressed pages of the three columns, and their sizes. */
function compressedPages(): { readonly page: Uint8Array; readonly size: number }[] {
  const view = new DataView(input().buffer);
  const pages: { page: Uint8Array; size: number }[] = [];
  for (const { columns } of parquetMetadata(input()).row_groups) {
    for (const { meta_data: chunk } of columns) {
      if (chunk === undefined || !COLUMNS.includes(chunk.path_in_schema[0] ?? "")) continue;
      const reader = { view, offset: Number(chunk.data_page_offset) };
      const end = reader.offset + Number(chunk.total_compressed_size);
      while (reader.offset < end) {
        const header = parquetHeader(reader);
        const stop = reader.offset + header.compressed_page_size;
        pages.push({ page: input().slice(reader.offset, stop), size: header.uncompressed_page_size });
        reader.offset = stop;
      }
    }
  }
  return pages;
}

async function zstdKernel(): Promise<Contender> {
  const { account, kernels } = await openWorkspace();
  const pages = compressedPages();
  const block = account.allocate(Math.max(...pages.map(({ page }) => page.length)));
  const out = account.allocate(Math.max(...pages.map(({ size }) => size)));
  const scratch = account.allocate(ZSTD_SCRATCH_BYTES);
  const run = (): Checksum => {
    let total = 0;
    for (const { page, size } of pages) {
      account.memory.u8.set(page, block);
      total += kernels.decodeZstd(block, page.length, out, size, scratch);
    }
    return { bytes: total };
  };
  return { name: "kernel", run };
}

function fzstd(): Contender {
  const pages = compressedPages();
  return { name: "fzstd", run: () => ({ bytes: pages.reduce((sum, { page }) => sum + decompress(page).length, 0) }) };
}

/** Uncompressed bytes of the pages, which stand for rows. */
const ZSTD_BYTES = 9_201_811;

export const benches: readonly Bench[] = [
  {
    name: "kernel-parquet/reader",
    title: "flights-3m.parquet, 3 columns to batches and summed, the reader without the engine.",
    rows: FLIGHTS_ROWS,
    baseline: "reader",
    expected: () => EXPECTED,
    contenders: async () => [
      await reader(),
      hyparquetColumns,
      ...(isInstalled(duckdb) ? [queryContender(DUCKDB_QUERY)] : []),
    ],
  },
  {
    name: "kernel-parquet/zstd",
    title: "The ZSTD pages of 3 columns of flights-3m.parquet, 9.2 MB uncompressed; a row is a byte.",
    rows: ZSTD_BYTES,
    baseline: "kernel",
    expected: () => ({ bytes: ZSTD_BYTES }),
    contenders: async () => [await zstdKernel(), fzstd()],
  },
];
