// One selected column: its chunk in the current row group, page after page. The reader asks every column whether it has
// rows (`prepare`), takes as many as all of them have, and so keeps the columns of a batch aligned.
import type { Column, Workspace } from "../arrow/column.js";
import { DataError } from "../errors.js";
import { formatWorkspace } from "./format.js";
import type { ChunkStream } from "./parquet-chunk.js";
import type { Codec } from "./parquet-codec.js";
import type { ColumnContext, PageErrorCode } from "./parquet-context.js";
import type { Hyparquet } from "./parquet-library.js";
import { DataPage, type PageHeader, readDictionary, readPageHeader } from "./parquet-page.js";
import type { ColumnPlan } from "./parquet-types.js";

export interface ColumnReaderOptions {
  readonly workspace: Workspace;
  readonly library: Hyparquet;
  readonly path: string;
  readonly pageBytesMax: number;
  readonly truncateTimes: boolean;
}

const HINTS: Partial<Record<PageErrorCode, string>> = {
  PARQUET_PAGE_SIZE: "raise `pageBytesMax` if the file is to be trusted",
  PARQUET_PRECISION: "read the file with `truncateTimes: true` to cut the digits off",
  PARQUET_ENCODING: "write the column with PLAIN or dictionary encoding",
  TYPE: "declare the column without NOT NULL",
};

export class ColumnReader {
  readonly plan: ColumnPlan;
  readonly #options: ColumnReaderOptions;
  readonly #context: ColumnContext;
  #stream: ChunkStream | null = null;
  #codec!: Codec;
  #rowGroup = 0;
  /** Rows of the chunk that no page has brought yet, and rows to pass over before the next batch. */
  #rowsAhead = 0;
  #rowsToSkip = 0;
  #header: PageHeader | null = null;
  #page: DataPage | null = null;
  #dictionary: Column | null = null;

  constructor(plan: ColumnPlan, options: ColumnReaderOptions) {
    this.plan = plan;
    this.#options = options;
    const { workspace, truncateTimes, pageBytesMax, path } = options;
    const fail = (what: string, code: PageErrorCode = "PARQUET_CORRUPT", cause?: unknown): DataError =>
      new DataError(code, `${path}, column "${plan.field.name}", row group ${this.#rowGroup}: ${what}`, {
        at: { source: path, field: plan.field.name },
        hint: HINTS[code] ?? "write the file again, or leave the column out",
        cause,
      });
    this.#context = { workspace: formatWorkspace(workspace), plan, truncateTimes, pageBytesMax, fail };
  }

  /** Begins a chunk of `rowCount` rows, the first `skip` of which are passed over. */
  open(stream: ChunkStream, codec: Codec, rowGroup: number, rowCount: number, skip: number): void {
    this.#leaveChunk();
    this.#stream = stream;
    this.#codec = codec;
    this.#rowGroup = rowGroup;
    this.#rowsAhead = rowCount;
    this.#rowsToSkip = skip;
  }

  /** Rows that `take` can give now. */
  get rowsReady(): number {
    return this.#page === null ? 0 : this.#page.rowsLeft;
  }

  /** Whether rows are ready; if not, the bytes that it takes have been asked for. @throws the column's first error */
  prepare(): boolean {
    while (this.rowsReady === 0) {
      this.#page?.free();
      this.#page = null;
      if (!this.#nextPage()) return false;
    }
    return true;
  }

  /** The next `count` rows, at most `rowsReady`, in the arena; a dictionary is the same object for the whole chunk. */
  take(count: number): Column {
    const page = this.#page as DataPage;
    const column = page.take(count);
    if (column.validity !== 0 && !this.plan.field.nullable) {
      throw this.#context.fail("NULL in a column that is declared NOT NULL", "TYPE");
    }
    return column;
  }

  close(): void {
    this.#leaveChunk();
    this.#stream?.close();
    this.#stream = null;
  }

  #leaveChunk(): void {
    this.#page?.free();
    this.#page = null;
    this.#header = null;
    // Batches of this step may still use the dictionary.
    const region = this.#dictionary?.region;
    if (region) this.#options.workspace.account.arena.retire(region);
    this.#dictionary = null;
  }

  /** Reads one page, of whatever kind; false when bytes are missing. */
  #nextPage(): boolean {
    const stream = this.#stream as ChunkStream;
    const context = this.#context;
    if (this.#header === null) {
      if (stream.left === 0) throw context.fail(`the pages end ${this.#rowsAhead} rows too early`);
      this.#header = readPageHeader(context, stream, this.#options.library);
      if (this.#header === null) return false;
      this.#checkRows(this.#header);
    }
    const header = this.#header;
    if (!stream.require(header.bytes)) return false;
    this.#header = null;
    const bytes = stream.take(header.bytes);
    if (header.kind === "dictionary") this.#readDictionary(header, bytes);
    else if (header.kind === "data") this.#readData(header, bytes);
    return true;
  }

  #checkRows({ kind, count }: PageHeader): void {
    const { pageBytesMax } = this.#context;
    if (kind === "data" && count > this.#rowsAhead) {
      throw this.#context.fail(`a page has ${count} rows where ${this.#rowsAhead} are left`);
    }
    // Eight bytes a row is what decoding takes at most beside the values.
    if (count * 8 > pageBytesMax) {
      throw this.#context.fail(`a page of ${count} values takes more than ${pageBytesMax} bytes`, "PARQUET_PAGE_SIZE");
    }
  }

  #readDictionary(header: PageHeader, bytes: Uint8Array): void {
    if (this.#dictionary !== null) throw this.#context.fail("a chunk has two dictionaries");
    this.#dictionary = readDictionary(this.#context, header, bytes, this.#codec);
  }

  #readData(header: PageHeader, bytes: Uint8Array): void {
    this.#rowsAhead -= header.count;
    if (header.count <= this.#rowsToSkip) {
      this.#rowsToSkip -= header.count;
      return;
    }
    this.#page = new DataPage(this.#context, header, bytes, this.#codec, this.#dictionary);
    this.#page.skip(this.#rowsToSkip);
    this.#rowsToSkip = 0;
  }
}
