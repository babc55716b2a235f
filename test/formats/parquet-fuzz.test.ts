// Random damage to Parquet files, small ones of every encoding and compression: rows or an error of ours, inside its memory, which
// is given back. `npm run fuzz -- parquet --execs N --seed S`.
import { readFileSync } from "node:fs";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { Batch } from "../../src/arrow/batch.js";
import { RowBuilder } from "../../src/arrow/builder.js";
import { readRows } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import type { ErrorCode } from "../../src/errors.js";
import { openParquet, type ParquetFile } from "../../src/formats/parquet.js";
import { openParquetWriter } from "../../src/formats/parquet-encoder.js";
import { promised } from "../../src/platform/platform.js";
import type { Chance } from "../fuzz/damage.js";
import { codeOf, openFuzzKit } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";
import { MemoryFile } from "../support/parquet.js";

const CODES: readonly ErrorCode[] = [
  ...(["COLUMN_DUP", "PARQUET_CODEC", "PARQUET_CORRUPT", "PARQUET_ENCODING", "PARQUET_ENCRYPTED"] as const),
  ...(["PARQUET_FOOTER", "PARQUET_MAGIC", "PARQUET_PAGE_SIZE", "PARQUET_PRECISION", "TIME_RANGE", "TYPE"] as const),
  ...(["UNSUPPORTED", "UTF8", "TOO_MANY_COLUMNS", "SCHEMA_EMPTY", "OVERFLOW"] as const),
];
const PAGE_BYTES_MAX = 1 << 18;
const ROWS = 12;

type Columns = NonNullable<Parameters<typeof parquetWriteBuffer>[0]["columnData"]>;
const rows = <T>(value: (row: number) => T): T[] => Array.from({ length: ROWS }, (_, row) => value(row));

/** Some columns as a file, in two row groups. */
function written(columnData: Columns, pageSize = 1 << 20): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData, pageSize, rowGroupSize: 7 }));
}

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`data/parquet/${name}.parquet`, import.meta.url)));

const kit = await openFuzzKit();

/** Nested columns in two row groups, their levels uncompressed, so that damage reaches them. */
function nested(): Uint8Array {
  const schema = parseSchema({
    l: "ARRAY<ARRAY<INT>>",
    r: "ARRAY<ROW<x INT NOT NULL, s STRING, l ARRAY<BOOLEAN>>>",
    m: "MAP<STRING, ROW<d DOUBLE>>",
  });
  const values = rows((row) => ({
    l: row % 4 === 0 ? null : rows((i) => (i % 3 ? [i, null] : null)).slice(0, row % 5),
    r: rows((i) => (i % 4 ? { x: i, s: `s${i % 2}`, l: i % 3 ? [true, null] : [] } : null)).slice(0, row % 4),
    m: new Map(row % 3 ? [[`k${row}`, row % 2 ? { d: row } : null]] : []),
  }));
  const encoder = openParquetWriter({ compression: "none", rowGroupRows: 7 }, "fuzz").createEncoder(schema);
  const builder = new RowBuilder(kit.workspace, schema);
  const parts = [encoder.encode(builder.build(values)), encoder.finish()];
  builder.close();
  kit.account.arena.reset();
  return Buffer.concat(parts);
}

const seeds = [
  nested(),
  written([
    { name: "i", type: "INT32", encoding: "DELTA_BINARY_PACKED", data: rows((row) => row * row) },
    { name: "d", type: "DOUBLE", encoding: "BYTE_STREAM_SPLIT", data: rows((row) => row / 3) },
  ]),
  written([
    { name: "l", type: "INT64", data: rows((row) => (row % 3 ? BigInt(row) << 20n : null)) },
    { name: "b", type: "BOOLEAN", encoding: "RLE", data: rows((row) => row % 3 === 0) },
  ]),
  written([
    { name: "s", type: "STRING", data: rows((row) => (row % 5 ? `word ${row % 3}` : null)) },
    { name: "p", type: "STRING", encoding: "DELTA_BYTE_ARRAY", data: rows((row) => `prefix ${row}`) },
  ]),
  written([{ name: "p", type: "STRING", encoding: "DELTA_LENGTH_BYTE_ARRAY", data: rows((row) => `é ${row}`) }], 40),
  ...["all-null", "int96", "nanoseconds"].map(fixture),
];

/** What opens at once, or is refused. */
function open(bytes: Uint8Array): Promise<ParquetFile> {
  return promised((done) => openParquet(new MemoryFile(bytes), { pageBytesMax: PAGE_BYTES_MAX }, done));
}

/** All batches of the file, one step each. Reads are answered at once, so it is never blocked for long. */
async function readAll(file: ParquetFile, batchRowsMax: number, each: (batch: Batch) => void): Promise<void> {
  let wake = (): void => undefined;
  const split = file.split({ workspace: kit.workspace, batchRowsMax, wake: () => wake() });
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const polled = split.poll();
      if (polled === "done") return;
      if (polled === "blocked") await woken;
      else each(polled);
      kit.account.arena.reset();
    }
  } finally {
    split.close();
  }
}

async function run(bytes: Uint8Array, chance: Chance): Promise<void> {
  let count = 0;
  try {
    const file = await open(bytes);
    await readAll(file, chance.pick([1, 5, 64]), (batch) => {
      readRows(batch, { bigint: true });
      count += batch.rowCount;
    });
    if (count !== file.rowCount) throw new Error(`${count} rows of a file of ${file.rowCount}`);
  } catch (error) {
    codeOf(error, CODES);
  }
  kit.check();
}

fuzz({ name: "parquet", seeds, run, end: kit.check });
