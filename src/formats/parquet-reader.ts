// Reads the rows of one Parquet file in order: row groups that cannot match are skipped, the selected columns of the others
// are read page by page, and each batch is as long as the columns' pages have rows in common. Never waits; bounded by one
// page and two reads a column, and the next row group's first reads while this one's last pages are decoded.
import { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import { DataError, StateError } from "../errors.js";
import type { Poll } from "../operators/source.js";
import type { ReadableFile } from "../platform/platform.js";
import type { StateValue } from "../state/snapshot.js";
import { ChunkStream } from "./parquet-chunk.js";
import type { Codec, Codecs } from "./parquet-codec.js";
import { ColumnReader, type ColumnSource } from "./parquet-column.js";
import type { ColumnChunk, Footer } from "./parquet-footer.js";
import type { Hyparquet } from "./parquet-library.js";
import { NestedColumn } from "./parquet-nested.js";
import { canMatch } from "./parquet-statistics.js";
import { bindColumns, type ColumnNode } from "./parquet-tree.js";
import type { ColumnPlan } from "./parquet-types.js";
import type { RangedSplit, RangedSplitOptions } from "./ranged-file.js";

/** What a reader needs to know of an opened file. */
export interface ParquetSource {
  readonly file: ReadableFile;
  readonly footer: Footer;
  readonly columns: readonly ColumnNode[];
  readonly library: Hyparquet;
  readonly codecs: Codecs;
  readonly pageBytesMax: number;
  readonly truncateTimes: boolean;
}

/** A row group whose chunks are being read. */
interface OpenGroup {
  readonly index: number;
  readonly streams: readonly ChunkStream[];
}

export class ParquetReader implements RangedSplit {
  readonly schema: Schema;
  readonly #source: ParquetSource;
  readonly #options: RangedSplitOptions;
  readonly #columns: readonly ColumnSource[];
  /** The leaves of the columns, one behind the other. */
  readonly #leaves: readonly ColumnPlan[];
  /** One a leaf and row group: found out before anything is read. */
  readonly #codecs: readonly (readonly Codec[])[];
  readonly #skipped: readonly boolean[];
  readonly #totalBytes: number;
  #doneBytes = 0;
  /** The position: the next row to deliver. */
  #rowGroup = 0;
  #row = 0;
  /** The row group that the columns stand in, and the next one once its first reads were asked for. */
  #current: OpenGroup | null = null;
  #ahead: OpenGroup | null = null;
  #blocked = false;
  #error: unknown = null;

  /** @throws UNKNOWN_COLUMN, UNSUPPORTED, TYPE, PARQUET_CODEC, PARQUET_ENCRYPTED, DEPENDENCY_MISSING */
  constructor(source: ParquetSource, schema: Schema, options: RangedSplitOptions) {
    this.schema = schema;
    this.#source = source;
    this.#options = options;
    const { footer, codecs, file, library, pageBytesMax, truncateTimes } = source;
    const { workspace, predicate } = options;
    const nodes = bindColumns(source.columns, schema);
    const reader = { workspace, library, path: file.path, pageBytesMax, truncateTimes };
    this.#columns = nodes.map((node) => {
      return node.kind === "leaf" ? new ColumnReader(node.plan, reader) : new NestedColumn(node, reader);
    });
    this.#leaves = this.#columns.flatMap(({ leaves }) => leaves);
    this.#skipped = footer.rowGroups.map(
      (group) => group.rowCount === 0 || (predicate ? !canMatch(predicate, source.columns, group) : false),
    );
    this.#codecs = footer.rowGroups.map((_, index) =>
      this.#skipped[index] ? [] : this.#chunks(index).map((chunk, leaf) => this.#codecOf(chunk, leaf, codecs)),
    );
    this.#totalBytes = footer.rowGroups.reduce((sum, _, index) => sum + this.#groupBytes(index), 0);
  }

  start(): void {
    if (this.#current !== null || this.#error !== null) return;
    try {
      this.#enterGroup();
    } catch (error) {
      this.#error = error;
    }
  }

  poll(): Poll {
    if (this.#error !== null) throw this.#error;
    this.#blocked = false;
    try {
      return this.#nextBatch();
    } catch (error) {
      this.#error = error;
      throw error;
    }
  }

  snapshot(): StateValue {
    return { rowGroup: this.#rowGroup, row: this.#row };
  }

  restore(state: StateValue): void {
    const { rowGroup, row } = (state ?? {}) as Readonly<Record<string, StateValue>>;
    const { rowGroups } = this.#source.footer;
    const isCount = (value: StateValue | undefined): value is number =>
      Number.isSafeInteger(value) && Number(value) >= 0;
    if (
      !isCount(rowGroup) ||
      !isCount(row) ||
      rowGroup > rowGroups.length ||
      row > (rowGroups[rowGroup]?.rowCount ?? 0)
    ) {
      throw new StateError("STATE_MISMATCH", `${this.#source.file.path} has no row ${row} in a row group ${rowGroup}`, {
        hint: "the file is not the one that the state was taken with",
      });
    }
    this.#rowGroup = rowGroup;
    this.#row = row;
    this.#doneBytes = 0;
    for (let index = 0; index < rowGroup; index++) this.#doneBytes += this.#groupBytes(index);
  }

  progress(): { readonly doneBytes: number; readonly totalBytes: number } {
    const taken = this.#current?.streams.reduce((sum, stream) => sum + stream.taken, 0) ?? 0;
    return { doneBytes: this.#doneBytes + taken, totalBytes: this.#totalBytes };
  }

  close(): void {
    for (const column of this.#columns) column.close();
    for (const group of [this.#current, this.#ahead]) for (const stream of group?.streams ?? []) stream.close();
    this.#current = null;
    this.#ahead = null;
    this.#rowGroup = this.#source.footer.rowGroups.length;
    this.#row = 0;
  }

  #nextBatch(): Poll {
    if (this.#current === null) this.#enterGroup();
    const group = this.#current;
    if (group === null) return "done";
    const { rowCount } = this.#source.footer.rowGroups[group.index] as { rowCount: number };
    let ready = true;
    // Every column is asked, so that all missing bytes are on their way at once.
    for (const column of this.#columns) ready = column.prepare() && ready;
    if (!ready) {
      this.#blocked = true;
      return "blocked";
    }
    let count = Math.min(this.#options.batchRowsMax, rowCount - this.#row);
    for (const column of this.#columns) count = Math.min(count, column.rowsReady);
    const columns = this.#columns.map((column) => column.take(count));
    this.#row += count;
    if (this.#row === rowCount) this.#leaveGroup();
    else if (this.#ahead === null && group.streams.every((stream) => stream.complete)) {
      this.#ahead = this.#openGroup(this.#nextGroup(group.index + 1));
    }
    return new Batch(this.#options.workspace, this.schema, columns, count, this.#options.split ?? 0);
  }

  /** Goes to the row group of the position, or the first one behind it that is to be read. */
  #enterGroup(): void {
    const { rowGroups } = this.#source.footer;
    const at = rowGroups[this.#rowGroup];
    if (at !== undefined && (this.#skipped[this.#rowGroup] || this.#row === at.rowCount)) this.#moveTo(this.#rowGroup);
    const index = this.#rowGroup;
    if (index === rowGroups.length) return;
    this.#current = this.#ahead?.index === index ? this.#ahead : this.#openGroup(index);
    this.#ahead = null;
    const { rowCount } = rowGroups[index] as { rowCount: number };
    const chunks = this.#chunks(index).map(({ valueCount }, leaf) => ({
      stream: (this.#current as OpenGroup).streams[leaf] as ChunkStream,
      codec: (this.#codecs[index] as readonly Codec[])[leaf] as Codec,
      rowGroup: index,
      rowCount,
      valueCount,
      skip: this.#row,
    }));
    let next = 0;
    for (const column of this.#columns) {
      column.open(chunks.slice(next, next + column.leaves.length));
      next += column.leaves.length;
    }
  }

  #leaveGroup(): void {
    for (const stream of (this.#current as OpenGroup).streams) stream.close();
    this.#current = null;
    this.#moveTo(this.#rowGroup);
  }

  /** Counts row group `from` and those skipped behind it as done; the position is the next one's first row. */
  #moveTo(from: number): void {
    const next = this.#nextGroup(from + 1);
    for (let index = from; index < next; index++) this.#doneBytes += this.#groupBytes(index);
    this.#rowGroup = next;
    this.#row = 0;
  }

  /** The first row group from `index` on that is not skipped; their number when there is none. */
  #nextGroup(index: number): number {
    while (index < this.#skipped.length && this.#skipped[index]) index++;
    return index;
  }

  /** Asks for the first bytes of a row group's chunks. */
  #openGroup(index: number): OpenGroup | null {
    if (index === this.#skipped.length) return null;
    const streams = this.#chunks(index).map(
      (chunk) => new ChunkStream(this.#source.file, chunk.start, chunk.lengthBytes, () => this.#wake()),
    );
    for (const stream of streams) stream.require(1);
    return { index, streams };
  }

  #wake(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#options.wake();
  }

  /** The chunks of the selected columns' leaves. */
  #chunks(index: number): ColumnChunk[] {
    const group = this.#source.footer.rowGroups[index];
    return this.#leaves.map(({ leaf }) => group?.columns[leaf] as ColumnChunk);
  }

  #groupBytes(index: number): number {
    return this.#chunks(index).reduce((sum, chunk) => sum + chunk.lengthBytes, 0);
  }

  #codecOf(chunk: ColumnChunk, leaf: number, codecs: Codecs): Codec {
    if (!chunk.encrypted) return codecs.find(chunk.codec);
    const { name } = (this.#leaves[leaf] as ColumnPlan).field;
    throw new DataError("PARQUET_ENCRYPTED", `column "${name}" of ${this.#source.file.path} is encrypted`, {
      at: { source: this.#source.file.path, field: name },
      hint: "select the other columns, or write the file without encryption",
    });
  }
}
