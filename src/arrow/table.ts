// Rows that stay: batches copied into a workspace of their own, read any number of times, until they are released.
import { Batch } from "./batch.js";
import { copyColumn, ownedColumns, type Workspace } from "./column.js";
import { type ReadOptions, readRows, type Value } from "./rows.js";
import type { Schema } from "./types.js";

export class BatchTable {
  readonly #home: Workspace;
  readonly #batches: Batch[] = [];
  #schema: Schema | null = null;
  #rowCount = 0;

  /** @param home - the workspace that the rows live in; it outlives whoever writes or reads them */
  constructor(home: Workspace) {
    this.#home = home;
  }

  /** Columns of the rows; null before the first rows came. */
  get schema(): Schema | null {
    return this.#schema;
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** The batches so far, the table's own. */
  get batches(): readonly Batch[] {
    return this.#batches;
  }

  /** A copy of the batch in the table's memory, for `add`. @throws MEMORY_LIMIT */
  copy(batch: Batch): Batch {
    // Decoded first: a dictionary may belong to a job that ends before the table does.
    const columns = ownedColumns(batch.schema.fields.length, (index) =>
      copyColumn(this.#home, batch.plainColumn(index)),
    );
    return new Batch(this.#home, batch.schema, columns, batch.rowCount);
  }

  /** Takes persisted batches of one schema, which are the table's from now on. */
  add(schema: Schema, batches: readonly Batch[]): void {
    this.#schema ??= schema;
    for (const batch of batches) {
      this.#batches.push(batch);
      this.#rowCount += batch.rowCount;
    }
  }

  /** All rows as objects. @throws UNSAFE_INTEGER */
  rows(options: ReadOptions = {}): Record<string, Value>[] {
    return this.#batches.flatMap((batch) => readRows(batch, options));
  }

  /** Gives the memory back; the table is empty again. */
  release(): void {
    for (const batch of this.#batches.splice(0)) batch.release();
    this.#rowCount = 0;
    this.#schema = null;
  }
}
