// Batches → a Parquet file, a row group in memory at a time: columns gather their pages (parquet-chunk-writer.ts), a full row
// group is given out as bytes, and what has to be known to find it again goes to the footer at the end.
import * as v from "valibot";
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import { SchemaError } from "../errors.js";
import { ByteBuffer } from "./byte-buffer.js";
import type { Encoder, Format } from "./format.js";
import { checkFormatOptions } from "./options.js";
import { ChunkWriter, type Compress, type WrittenChunk } from "./parquet-chunk-writer.js";
import type { Leaf } from "./parquet-leaf.js";
import { type SchemaElement, Shape, writeElement } from "./parquet-shape.js";
import { shredColumn } from "./parquet-shred.js";
import { ThriftWriter } from "./parquet-thrift-writer.js";
import { compressSnappy } from "./snappy.js";

/** Rows of a row group unless told: as many as DuckDB writes. */
const GROUP_ROWS = 122_880;
const GROUP_ROWS_MAX = 10_000_000;
/** A row group ends at so many bytes, whatever its rows. */
const GROUP_BYTES_MAX = 64 << 20;
/** Larger batches are written in halves, so that neither pages nor row groups grow beyond their bounds by much. */
const BATCH_BYTES_MAX = 8 << 20;
const MAGIC = new TextEncoder().encode("PAR1");
const VERSION = 2;
const CREATED_BY = "millrace";

const CODECS: Readonly<Record<string, { readonly number: number; readonly compress: Compress }>> = {
  none: { number: 0, compress: null },
  snappy: { number: 1, compress: compressSnappy },
};

export const PARQUET_WRITER_OPTIONS = v.strictObject({
  compression: v.optional(v.picklist(["snappy", "none"]), "snappy"),
  rowGroupRows: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(GROUP_ROWS_MAX)), GROUP_ROWS),
});

/**
 * A writer with the options that a table keeps under `parquet`. Its `createEncoder` throws UNSUPPORTED naming a column that
 * Parquet does not get, and SCHEMA_EMPTY.
 * @throws OPTION
 */
export function openParquetWriter(options: unknown, where: string): Pick<Format, "createEncoder"> {
  const { compression, rowGroupRows } = checkFormatOptions(PARQUET_WRITER_OPTIONS, options, "parquet", where);
  return {
    createEncoder: (schema) => {
      if (schema.fields.length > 0) return new ParquetEncoder(schema, compression, rowGroupRows);
      throw new SchemaError("SCHEMA_EMPTY", `${where}: a Parquet file of no columns`, { hint: "select one at least" });
    },
  };
}

interface WrittenGroup {
  readonly rowCount: number;
  /** Where its first chunk begins. */
  readonly start: number;
  /** Without their pages. */
  readonly chunks: readonly WrittenChunk[];
}

class ParquetEncoder implements Encoder {
  readonly #shape: Shape;
  readonly #codec: { readonly number: number; readonly compress: Compress };
  readonly #groupRows: number;
  readonly #groups: WrittenGroup[] = [];
  #chunks: ChunkWriter[];
  #rows = 0;
  /** Bytes that were given out. */
  #offset = 0;
  /** The answer to the call. */
  readonly #out = new ByteBuffer();

  constructor(schema: Schema, compression: "snappy" | "none", groupRows: number) {
    this.#shape = new Shape(schema.fields);
    this.#codec = CODECS[compression] as (typeof CODECS)[string];
    this.#groupRows = groupRows;
    this.#chunks = this.#newChunks();
  }

  encode(batch: Batch): Uint8Array<ArrayBuffer> {
    this.#append(batch);
    return this.#out.take();
  }

  finish(): Uint8Array<ArrayBuffer> {
    this.#endGroup();
    const footer = this.#footer();
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, footer.length, true);
    for (const part of [footer, length, MAGIC]) this.#give(part);
    return this.#out.take();
  }

  #append(batch: Batch): void {
    const { rowCount, workspace } = batch;
    const room = this.#groupRows - this.#rows;
    const isLarge = rowCount > 1 && batch.spanBytes > BATCH_BYTES_MAX;
    if (rowCount > room || isLarge) {
      const cut = isLarge ? Math.min(room, rowCount >>> 1) : room;
      this.#append(batch.slice(0, cut));
      this.#append(batch.slice(cut, rowCount));
      return;
    }
    let next = 0;
    this.#shape.columns.forEach((node, index) => {
      const column = batch.column(index);
      if (node.kind === "leaf") this.#chunk(next++).append(workspace, column);
      else
        for (const entries of shredColumn(workspace, node, column))
          this.#chunk(next++).appendEntries(workspace, entries);
    });
    const bytes = this.#chunks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#rows += rowCount;
    if (this.#rows === this.#groupRows || bytes >= GROUP_BYTES_MAX) this.#endGroup();
  }

  #chunk(leaf: number): ChunkWriter {
    return this.#chunks[leaf] as ChunkWriter;
  }

  #newChunks(): ChunkWriter[] {
    return this.#shape.leaves.map((leaf) => new ChunkWriter(leaf, this.#codec.compress));
  }

  #endGroup(): void {
    if (this.#offset === 0) this.#give(MAGIC);
    if (this.#rows === 0) return;
    const start = this.#offset;
    const chunks = this.#chunks.map((writer) => {
      const chunk = writer.finish();
      for (const page of chunk.pages) this.#give(page);
      return { ...chunk, pages: [] };
    });
    this.#groups.push({ rowCount: this.#rows, start, chunks });
    this.#rows = 0;
    this.#chunks = this.#newChunks();
  }

  #give(bytes: Uint8Array): void {
    this.#out.append(bytes);
    this.#offset += bytes.length;
  }

  /** FileMetaData. */
  #footer(): Uint8Array {
    const thrift = new ThriftWriter();
    thrift.i32(1, VERSION);
    thrift.structs<SchemaElement | null>(2, [null, ...this.#shape.elements], (element) => {
      if (element !== null) return writeElement(thrift, element);
      thrift.text(4, "schema");
      thrift.i32(5, this.#shape.columns.length);
    });
    thrift.i64(
      3,
      this.#groups.reduce((sum, { rowCount }) => sum + rowCount, 0),
    );
    thrift.structs(4, this.#groups, (group) => this.#rowGroup(thrift, group));
    thrift.text(6, CREATED_BY);
    // The order of bounds is that of their types.
    thrift.structs(7, this.#shape.leaves, () => thrift.struct(1, () => undefined));
    return thrift.end();
  }

  #rowGroup(thrift: ThriftWriter, { rowCount, start, chunks }: WrittenGroup): void {
    let offset = start;
    const placed = chunks.map((chunk, index) => {
      const at = offset;
      offset += chunk.compressedBytes;
      return { chunk, leaf: this.#shape.leaves[index] as Leaf, at };
    });
    thrift.structs(1, placed, ({ chunk, leaf, at }) => {
      thrift.i64(2, at);
      thrift.struct(3, () => this.#columnMetaData(thrift, chunk, leaf, at));
    });
    thrift.i64(
      2,
      chunks.reduce((sum, { uncompressedBytes }) => sum + uncompressedBytes, 0),
    );
    thrift.i64(3, rowCount);
    thrift.i64(5, start);
    thrift.i64(6, offset - start);
  }

  #columnMetaData(thrift: ThriftWriter, chunk: WrittenChunk, leaf: Leaf, at: number): void {
    thrift.i32(1, leaf.physical);
    thrift.i32s(2, chunk.encodings);
    thrift.texts(3, leaf.path);
    thrift.i32(4, this.#codec.number);
    thrift.i64(5, chunk.entryCount);
    thrift.i64(6, chunk.uncompressedBytes);
    thrift.i64(7, chunk.compressedBytes);
    thrift.i64(9, at + chunk.dictionaryBytes);
    if (chunk.dictionaryBytes > 0) thrift.i64(11, at);
    thrift.struct(12, () => {
      thrift.i64(3, chunk.nullCount);
      if (chunk.max === undefined || chunk.min === undefined) return;
      thrift.binary(5, chunk.max);
      thrift.binary(6, chunk.min);
    });
  }
}
