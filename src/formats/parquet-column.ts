// One selected column that is not nested: its chunk in the current row group, page after page. The reader asks every column whether
// it has rows (`prepare`), takes as many as all of them have, and so keeps the columns of a batch aligned.
import type { Column } from "../arrow/column.js";
import type { Field } from "../arrow/types.js";
import { DataPage } from "./parquet-page.js";
import { type ColumnReaderOptions, type OpenChunk, PageReader, type RawPage } from "./parquet-pages.js";
import type { ColumnPlan } from "./parquet-types.js";

/** A column of the batches. */
export interface ColumnSource {
  readonly field: Field;
  /** The leaves whose chunks it reads. */
  readonly leaves: readonly ColumnPlan[];
  /** Begins a row group; a chunk a leaf. */
  open(chunks: readonly OpenChunk[]): void;
  /** Rows that `take` can give now. */
  readonly rowsReady: number;
  /** Whether rows are ready; if not, the bytes that it takes have been asked for. @throws the column's first error */
  prepare(): boolean;
  /** The next `count` rows, at most `rowsReady`, in the arena; a dictionary is the same object for the whole chunk. */
  take(count: number): Column;
  close(): void;
}

export class ColumnReader implements ColumnSource {
  readonly field: Field;
  readonly leaves: readonly ColumnPlan[];
  readonly #pages: PageReader;
  /** Rows of the chunk that no page has brought yet, and rows to pass over before the next batch. */
  #rowsAhead = 0;
  #rowsToSkip = 0;
  #page: DataPage | null = null;

  constructor(plan: ColumnPlan, options: ColumnReaderOptions) {
    this.field = plan.field;
    this.leaves = [plan];
    this.#pages = new PageReader(plan, options);
  }

  open(chunks: readonly OpenChunk[]): void {
    const [chunk] = chunks as [OpenChunk];
    this.#free();
    this.#pages.open(chunk);
    this.#rowsAhead = chunk.rowCount;
    this.#rowsToSkip = chunk.skip;
  }

  get rowsReady(): number {
    return this.#page === null ? 0 : this.#page.rowsLeft;
  }

  prepare(): boolean {
    while (this.rowsReady === 0) {
      this.#free();
      const raw = this.#pages.next(`${this.#rowsAhead} rows`);
      if (raw === null) return false;
      this.#read(raw);
    }
    return true;
  }

  take(count: number): Column {
    const page = this.#page as DataPage;
    const column = page.take(count);
    if (column.validity !== 0 && !this.field.nullable) {
      throw this.#pages.context.fail("NULL in a column that is declared NOT NULL", "TYPE");
    }
    return column;
  }

  close(): void {
    this.#free();
    this.#pages.close();
  }

  #free(): void {
    this.#page?.free();
    this.#page = null;
  }

  #read({ header, bytes }: RawPage): void {
    const { context, codec, dictionary } = this.#pages;
    if (header.count > this.#rowsAhead) {
      throw context.fail(`a page has ${header.count} rows where ${this.#rowsAhead} are left`);
    }
    this.#rowsAhead -= header.count;
    if (header.count <= this.#rowsToSkip) {
      this.#rowsToSkip -= header.count;
      return;
    }
    this.#page = new DataPage(context, header, bytes, codec, dictionary);
    this.#page.skip(this.#rowsToSkip);
    this.#rowsToSkip = 0;
  }
}
