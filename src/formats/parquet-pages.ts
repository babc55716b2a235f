// The pages of one chunk, one after the other: headers are checked, dictionaries kept, what is neither dictionary nor data passed
// over. What a data page holds is its reader's business: rows (parquet-column.ts) or entries of lists (parquet-levels.ts).
import type { Column, Workspace } from "../arrow/column.js";
import { DataError } from "../errors.js";
import { formatWorkspace } from "./format.js";
import type { ChunkStream } from "./parquet-chunk.js";
import type { Codec } from "./parquet-codec.js";
import type { ColumnContext, PageErrorCode } from "./parquet-context.js";
import type { Hyparquet } from "./parquet-library.js";
import { type PageHeader, readDictionary, readPageHeader } from "./parquet-page.js";
import type { ColumnPlan } from "./parquet-types.js";

export interface ColumnReaderOptions {
  readonly workspace: Workspace;
  readonly library: Hyparquet;
  readonly path: string;
  readonly pageBytesMax: number;
  readonly truncateTimes: boolean;
}

/** A chunk of a row group that is to be read. */
export interface OpenChunk {
  readonly stream: ChunkStream;
  readonly codec: Codec;
  readonly rowGroup: number;
  readonly rowCount: number;
  /** Entries of its pages. */
  readonly valueCount: number;
  /** Rows at its start that are passed over. */
  readonly skip: number;
}

/** A data page as the file holds it. */
export interface RawPage {
  readonly header: PageHeader;
  readonly bytes: Uint8Array;
}

const HINTS: Partial<Record<PageErrorCode, string>> = {
  PARQUET_PAGE_SIZE: "raise `pageBytesMax` if the file is to be trusted",
  PARQUET_PRECISION: "read the file with `truncateTimes: true` to cut the digits off",
  PARQUET_ENCODING: "write the column with PLAIN or dictionary encoding",
  TYPE: "declare the column without NOT NULL",
};

export class PageReader {
  readonly context: ColumnContext;
  readonly #options: ColumnReaderOptions;
  #stream: ChunkStream | null = null;
  #rowGroup = 0;
  #header: PageHeader | null = null;
  /** Of the chunk that is open. */
  codec!: Codec;
  dictionary: Column | null = null;

  constructor(plan: ColumnPlan, options: ColumnReaderOptions) {
    this.#options = options;
    const { workspace, truncateTimes, pageBytesMax, path } = options;
    const fail = (what: string, code: PageErrorCode = "PARQUET_CORRUPT", cause?: unknown): DataError =>
      new DataError(code, `${path}, column "${plan.field.name}", row group ${this.#rowGroup}: ${what}`, {
        at: { source: path, field: plan.field.name },
        hint: HINTS[code] ?? "write the file again, or leave the column out",
        cause,
      });
    this.context = { workspace: formatWorkspace(workspace), plan, truncateTimes, pageBytesMax, fail };
  }

  open({ stream, codec, rowGroup }: OpenChunk): void {
    this.leave();
    this.#stream = stream;
    this.codec = codec;
    this.#rowGroup = rowGroup;
  }

  /**
   * The next data page; null when its bytes have been asked for.
   * @param ahead - what is still to come, for the error at the chunk's end: "5 rows"
   */
  next(ahead: string): RawPage | null {
    const stream = this.#stream as ChunkStream;
    const { context } = this;
    while (true) {
      if (this.#header === null) {
        if (stream.left === 0) throw context.fail(`the pages end ${ahead} too early`);
        this.#header = readPageHeader(context, stream, this.#options.library);
        if (this.#header === null) return null;
        this.#checkCount(this.#header);
      }
      const header = this.#header;
      if (!stream.require(header.bytes)) return null;
      this.#header = null;
      const bytes = stream.take(header.bytes);
      if (header.kind === "data") return { header, bytes };
      if (header.kind === "dictionary") this.#readDictionary(header, bytes);
    }
  }

  /** Leaves the chunk: batches of this step may still use its dictionary. */
  leave(): void {
    this.#header = null;
    const region = this.dictionary?.region;
    if (region) this.#options.workspace.account.arena.retire(region);
    this.dictionary = null;
  }

  close(): void {
    this.leave();
    this.#stream?.close();
    this.#stream = null;
  }

  /** Eight bytes a value is what decoding takes at most beside the values. */
  #checkCount({ count }: PageHeader): void {
    const { pageBytesMax, fail } = this.context;
    if (count * 8 <= pageBytesMax) return;
    throw fail(`a page of ${count} values takes more than ${pageBytesMax} bytes`, "PARQUET_PAGE_SIZE");
  }

  #readDictionary(header: PageHeader, bytes: Uint8Array): void {
    if (this.dictionary !== null) throw this.context.fail("a chunk has two dictionaries");
    this.dictionary = readDictionary(this.context, header, bytes, this.codec);
  }
}
