// One column of one row group, being written: pages of up to a megabyte, PLAIN or by dictionary, each compressed as soon as
// it is full. Pages are data pages of the first version, which every reader knows.
//
//     page    header (Thrift) │ levels: length, one run (only where they are not all 0) │ values of the rows that are not NULL
//     levels  a bit a row, 1 = a value: as a run of one value where all are alike, else bit-packed, which is our own bitmap;
//             of nested columns repetition and definition of each entry
import type { Column, Workspace } from "../arrow/column.js";
import { decodeDictionary, takeColumn } from "../arrow/take.js";
import { widthOf } from "../arrow/types.js";
import { ByteBuffer } from "./byte-buffer.js";
import { BitBounds, type Bounds, BytesBounds, type FixedBounds, fixedBounds } from "./parquet-bounds.js";
import { ParquetDictionary } from "./parquet-dictionary.js";
import type { Leaf } from "./parquet-leaf.js";
import { EntryLevels, type Levels, packRun, RowLevels } from "./parquet-page-levels.js";
import type { LeafEntries } from "./parquet-shred.js";
import { ThriftWriter } from "./parquet-thrift-writer.js";

const PAGE_BYTES = 1 << 20;
const PAGE_ROWS = 1 << 16;
const DECIMAL_BYTES = 16;

/** Encodings and kinds of pages as Parquet numbers them. */
const PLAIN = 0;
const RLE = 3;
const RLE_DICTIONARY = 8;
const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;

/** Bytes → compressed bytes; null for none. */
export type Compress = ((bytes: Uint8Array) => Uint8Array<ArrayBuffer>) | null;

/** A finished chunk: what the footer says of it, and its pages in the file's order. */
export interface WrittenChunk {
  readonly pages: readonly Uint8Array<ArrayBuffer>[];
  readonly encodings: readonly number[];
  /** Rows, or of a nested column the entries of its leaf. */
  readonly entryCount: number;
  readonly nullCount: number;
  readonly compressedBytes: number;
  readonly uncompressedBytes: number;
  /** Bytes of the dictionary's page, which comes first; 0 for none. */
  readonly dictionaryBytes: number;
  readonly min: Uint8Array | undefined;
  readonly max: Uint8Array | undefined;
}

export class ChunkWriter {
  readonly #leaf: Leaf;
  readonly #compress: Compress;
  readonly #bounds: FixedBounds | BitBounds | BytesBounds;
  readonly #dictionary: ParquetDictionary | null;
  /** Whether values go on to the dictionary. */
  #isCoded = false;
  readonly #pages: Uint8Array<ArrayBuffer>[] = [];
  readonly #encodings = new Set([RLE]);
  #pagesBytes = 0;
  #uncompressedBytes = 0;
  #entryCount = 0;
  #nullCount = 0;
  /** Of the page being filled. */
  readonly #values = new ByteBuffer();
  readonly #levels: RowLevels | EntryLevels;
  /** Numbers of dictionary entries. */
  #codes = new Int32Array(0);
  #codeCount = 0;

  constructor(leaf: Leaf, compress: Compress) {
    this.#leaf = leaf;
    this.#compress = compress;
    const isNested = leaf.path.length > 1;
    this.#levels = isNested
      ? new EntryLevels(leaf.maxRepetition, leaf.maxDefinition)
      : new RowLevels(leaf.maxDefinition > 0);
    const { layout } = leaf;
    if (layout === "utf8" || layout === "i128") this.#bounds = new BytesBounds(layout === "i128");
    else this.#bounds = layout === "bool" ? new BitBounds() : fixedBounds(layout);
    this.#isCoded = layout === "utf8";
    this.#dictionary = this.#isCoded ? new ParquetDictionary(this.#bounds as BytesBounds) : null;
  }

  /** Bytes that the chunk holds in memory, about. */
  get sizeBytes(): number {
    return this.#pagesBytes + this.#values.length + 4 * this.#codeCount + (this.#dictionary?.plain.length ?? 0);
  }

  /** Appends a column's rows. */
  append(workspace: Workspace, column: Column): void {
    const { length, validity } = column;
    let dense = column;
    let nulls = 0;
    if (validity !== 0) {
      const selection = workspace.account.arena.allocate(length * 4);
      const count = workspace.kernels.bitmapToSelection(validity, length, selection);
      nulls = length - count;
      if (nulls > 0) dense = takeColumn(workspace, column, selection, count);
    }
    this.#append(workspace, dense, () => {
      (this.#levels as RowLevels).add(workspace.account.memory, validity, length, nulls);
    });
  }

  /** Appends the entries that the leaf of a nested column has for whole rows. */
  appendEntries(workspace: Workspace, entries: LeafEntries): void {
    this.#append(workspace, entries.values, () => (this.#levels as EntryLevels).add(entries));
  }

  #append(workspace: Workspace, dense: Column, addLevels: () => void): void {
    // A page has one encoding: where the dictionary ends, so does the page.
    if (this.#isCoded && !this.#appendCodes(workspace, dense)) {
      this.#isCoded = false;
      this.#endPage();
    }
    addLevels();
    if (!this.#isCoded) this.#appendPlain(workspace, dense);
    if (this.#values.length + 4 * this.#codeCount >= PAGE_BYTES || this.#levels.count >= PAGE_ROWS) this.#endPage();
  }

  /** The chunk; the writer is done with. */
  finish(): WrittenChunk {
    this.#endPage();
    const { min, max } = this.#bounds as Bounds;
    let dictionaryBytes = 0;
    if (this.#dictionary !== null && this.#encodings.has(RLE_DICTIONARY)) {
      const { plain, count } = this.#dictionary;
      const page = this.#page(plain, DICTIONARY_PAGE, count, PLAIN);
      this.#encodings.add(PLAIN);
      dictionaryBytes = page.length;
      this.#pages.unshift(page);
    }
    return {
      pages: this.#pages,
      encodings: [...this.#encodings],
      entryCount: this.#entryCount,
      nullCount: this.#nullCount,
      compressedBytes: this.#pagesBytes,
      uncompressedBytes: this.#uncompressedBytes,
      dictionaryBytes,
      min,
      max,
    };
  }

  /** False when the values do not go on to the dictionary: then none of these did. */
  #appendCodes({ account }: Workspace, column: Column): boolean {
    const needed = this.#codeCount + column.length;
    if (needed > this.#codes.length) {
      const grown = new Int32Array(Math.max(needed, 2 * this.#codes.length));
      grown.set(this.#codes.subarray(0, this.#codeCount));
      this.#codes = grown;
    }
    const dictionary = this.#dictionary as ParquetDictionary;
    const isCoded = dictionary.encode(account.memory, column, this.#codes.subarray(this.#codeCount));
    if (isCoded) this.#codeCount += column.length;
    return isCoded;
  }

  #appendPlain(workspace: Workspace, column: Column): void {
    const { memory } = workspace.account;
    const { u8, u32, i8, i16 } = memory;
    const { layout, length } = column;
    const plain = decodeDictionary(workspace, column);
    const { values } = plain;
    const target = this.#values;
    if (this.#bounds instanceof BitBounds) {
      for (let row = 0; row < length; row++) {
        const bit = ((u8[values + (row >>> 3)] as number) >> (row & 7)) & 1;
        this.#bounds.add(bit);
        target.byte(bit);
      }
    } else if (this.#bounds instanceof BytesBounds) {
      if (layout === "i128") this.#appendDecimals(u8, values, length, this.#bounds);
      else {
        const at = plain.offsets >>> 2;
        for (let row = 0; row < length; row++) {
          const start = values + (u32[at + row] as number);
          const end = values + (u32[at + row + 1] as number);
          this.#bounds.add(u8, start, end);
          target.u32(end - start);
          target.appendRange(u8, start, end);
        }
      }
    } else {
      this.#bounds.add(memory, values, length);
      if (layout === "i8") for (let row = 0; row < length; row++) target.u32(i8[values + row] as number);
      else if (layout === "i16") for (let row = 0; row < length; row++) target.u32(i16[(values >>> 1) + row] as number);
      else target.append(u8.subarray(values, values + length * widthOf(layout)));
    }
  }

  /** Little-endian → big-endian. */
  #appendDecimals(u8: Uint8Array, values: number, count: number, bounds: BytesBounds): void {
    const bytes = new Uint8Array(DECIMAL_BYTES);
    for (let row = 0; row < count; row++) {
      const last = values + row * DECIMAL_BYTES + DECIMAL_BYTES - 1;
      for (let i = 0; i < DECIMAL_BYTES; i++) bytes[i] = u8[last - i] as number;
      bounds.add(bytes, 0, DECIMAL_BYTES);
      this.#values.append(bytes);
    }
  }

  /** Cuts the page off and compresses it. */
  #endPage(): void {
    const levels: Levels = this.#levels;
    if (levels.count === 0) return;
    const coded = this.#codeCount > 0 || this.#isCoded;
    if (coded) packCodes(this.#values, this.#codes.subarray(0, this.#codeCount), (this.#dictionary?.count ?? 1) - 1);
    else if (this.#leaf.layout === "bool") packBits(this.#values);
    const body = new ByteBuffer();
    levels.write(body);
    body.append(this.#values.written);
    const encoding = coded ? RLE_DICTIONARY : PLAIN;
    this.#pages.push(this.#page(body.written, DATA_PAGE, levels.count, encoding));
    this.#encodings.add(encoding);
    this.#entryCount += levels.count;
    this.#nullCount += levels.nullCount;
    this.#codeCount = 0;
    this.#values.clear();
    levels.clear();
  }

  /** A page with its header. */
  #page(body: Uint8Array, kind: number, count: number, encoding: number): Uint8Array<ArrayBuffer> {
    const stored = this.#compress === null ? body : this.#compress(body);
    const thrift = new ThriftWriter();
    thrift.i32(1, kind);
    thrift.i32(2, body.length);
    thrift.i32(3, stored.length);
    thrift.struct(kind === DATA_PAGE ? 5 : 7, () => {
      thrift.i32(1, count);
      thrift.i32(2, encoding);
      if (kind !== DATA_PAGE) return;
      thrift.i32(3, RLE);
      thrift.i32(4, RLE);
    });
    const header = thrift.end();
    const page = new Uint8Array(header.length + stored.length);
    page.set(header);
    page.set(stored, header.length);
    this.#pagesBytes += page.length;
    this.#uncompressedBytes += header.length + body.length;
    return page;
  }
}

/** Numbers up to `max`, bit-packed as one run behind the width of each, in bits. */
function packCodes(out: ByteBuffer, codes: Int32Array, max: number): void {
  const width = Math.max(1, 32 - Math.clz32(max));
  out.byte(width);
  packRun(out, codes, width);
}

/** Bytes of 0 and 1 → bits. */
function packBits(values: ByteBuffer): void {
  const bytes = values.take();
  for (let start = 0; start < bytes.length; start += 8) {
    let bits = 0;
    for (let i = 0; i < 8; i++) bits |= (bytes[start + i] ?? 0) << i;
    values.byte(bits);
  }
}
