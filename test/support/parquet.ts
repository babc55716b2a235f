// For tests of Parquet: files in memory, and batches back to plain JavaScript values, exactly: 64-bit integers and decimals
// as bigint, strings as text, binary as Uint8Array.
import type { Batch } from "../../src/arrow/batch.js";
import type { Column } from "../../src/arrow/column.js";
import type { Schema } from "../../src/arrow/types.js";
import { openParquet, type ParquetFile, type ParquetOptions, type RangedSplit } from "../../src/formats/parquet.js";
import type { RangedSplitOptions } from "../../src/formats/ranged-file.js";
import { promised, type ReadableFile } from "../../src/platform/platform.js";
import { openTestWorkspace } from "../../src/testing/workspace.js";

export type Cell = null | boolean | number | bigint | string | Uint8Array;
export type Cells = Record<string, Cell[]>;

/** A file in memory. Answers come at once, or in a later turn. Counts what is read. */
export class MemoryFile implements ReadableFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly #later: boolean;
  /** Largest read, and bytes of reads that are not answered yet: now and at most. */
  readMax = 0;
  pending = 0;
  pendingMax = 0;
  readBytes = 0;

  constructor(bytes: Uint8Array, later = false, path = "test.parquet") {
    this.bytes = bytes;
    this.#later = later;
    this.path = path;
  }

  get lengthBytes(): number {
    return this.bytes.length;
  }

  read(offset: number, lengthBytes: number, done: (error: Error | null, value: Uint8Array) => void): void {
    this.readMax = Math.max(this.readMax, lengthBytes);
    this.pending += lengthBytes;
    this.pendingMax = Math.max(this.pendingMax, this.pending);
    const answer = (): void => {
      this.pending -= lengthBytes;
      const bytes = this.bytes.slice(offset, offset + lengthBytes);
      this.readBytes += bytes.length;
      done(null, bytes);
    };
    if (this.#later) setTimeout(answer, 0);
    else answer();
  }

  close(done: (error: Error | null, value: undefined) => void): void {
    done(null, undefined);
  }
}

export const open = (file: ReadableFile, options: ParquetOptions = {}): Promise<ParquetFile> =>
  promised((done) => openParquet(file, options, done));

export const { workspace, account, memory } = await openTestWorkspace();

/** Calls `each` with every batch until the split is done, one step a batch; then everything must have been given back. */
export async function drain(
  file: ParquetFile,
  options: Partial<RangedSplitOptions>,
  each: (batch: Batch, split: RangedSplit) => void,
): Promise<void> {
  let wake = (): void => undefined;
  const split = file.split({ workspace, batchRowsMax: 8192, ...options, wake: () => wake() });
  const { arena } = (options.workspace ?? workspace).account;
  try {
    while (true) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const polled = split.poll();
      if (polled === "done") return;
      if (polled === "blocked") await woken;
      else each(polled, split);
      arena.reset();
    }
  } finally {
    split.close();
    arena.reset();
  }
}

/** All rows by column. */
export async function readAll(
  bytes: Uint8Array,
  {
    later = false,
    pageBytesMax,
    truncateTimes,
    ...options
  }: ParquetOptions & Partial<RangedSplitOptions> & { later?: boolean } = {},
): Promise<Cells> {
  const own = {
    ...(pageBytesMax === undefined ? {} : { pageBytesMax }),
    ...(truncateTimes === undefined ? {} : { truncateTimes }),
  };
  const file = await open(new MemoryFile(bytes, later), own);
  const cells: Cells = {};
  for (const { name } of (options.schema ?? file.schema).fields) cells[name] = [];
  await drain(file, options, (batch) => appendCells(cells, batch));
  return cells;
}

export function appendCells(cells: Cells, batch: Batch): void {
  batch.schema.fields.forEach(({ name }, index) => {
    for (const cell of columnCells(batch.column(index))) (cells[name] as Cell[]).push(cell);
  });
}

export function columnCells(column: Column): Cell[] {
  return Array.from({ length: column.length }, (_, row) => {
    const valid = column.validity === 0 || ((memory.u8[column.validity + (row >> 3)] as number) >> (row & 7)) & 1;
    return valid ? cellOf(column, row) : null;
  });
}

function cellOf(column: Column, row: number): Cell {
  const { values, layout, dictionary } = column;
  if (dictionary !== null) return cellOf(dictionary, memory.i32[(values >> 2) + row] as number);
  switch (layout) {
    case "bool":
      return (((memory.u8[values + (row >> 3)] as number) >> (row & 7)) & 1) === 1;
    case "i8":
      return memory.i8[values + row] as number;
    case "i16":
      return memory.i16[(values >> 1) + row] as number;
    case "i32":
      return memory.i32[(values >> 2) + row] as number;
    case "i64":
      return memory.i64[(values >> 3) + row] as bigint;
    case "i128":
      return (
        ((memory.i64[(values >> 3) + row * 2 + 1] as bigint) << 64n) | (memory.u64[(values >> 3) + row * 2] as bigint)
      );
    case "f32":
      return memory.f32[(values >> 2) + row] as number;
    case "f64":
      return memory.f64[(values >> 3) + row] as number;
    case "utf8": {
      const at = (column.offsets >> 2) + row;
      const bytes = memory.u8.slice(values + (memory.i32[at] as number), values + (memory.i32[at + 1] as number));
      return column.type.kind === "string" ? new TextDecoder("utf-8", { fatal: true }).decode(bytes) : bytes;
    }
    case "none":
      return null;
    case "list":
    case "struct":
      throw new Error("nested columns are compared as rows");
  }
}

/** Some columns of a schema, in another order. */
export function pickColumns(schema: Schema, names: readonly string[]): Schema {
  return {
    fields: names.map((name) => schema.fields.find((field) => field.name === name) as Schema["fields"][number]),
  };
}
