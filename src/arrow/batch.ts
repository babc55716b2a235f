// Batches: columns of the same rows under a schema. A batch lives as long as its step (its columns are in the arena or belong
// to somebody who outlives the step); whoever keeps one longer calls `persist`, which gives columns that own
// reference-counted regions. A selection is carried along and each column is compacted when it is first asked for.
import { assert } from "../errors.js";
import {
  type Column,
  columnBytes,
  ownedColumns,
  persistColumn,
  releaseColumn,
  sliceColumn,
  type Workspace,
} from "./column.js";
import { decodeDictionary, takeColumn } from "./take.js";
import type { Schema } from "./types.js";

/** Rows that the batch's columns are narrowed to: u32 row numbers, ascending, in the arena. */
interface Selection {
  readonly ptr: number;
  readonly count: number;
}

/** Rows of one schema, all columns equally long. Immutable: every method returns another batch over the same memory. */
export class Batch {
  readonly schema: Schema;
  readonly workspace: Workspace;
  readonly rowCount: number;
  /** The split of the source that the rows came from; watermarks are per split. */
  readonly split: number;
  readonly #columns: readonly Column[];
  readonly #selection: Selection | null;
  readonly #compacted: (Column | undefined)[] = [];

  constructor(
    workspace: Workspace,
    schema: Schema,
    columns: readonly Column[],
    rowCount: number,
    split = 0,
    selection: Selection | null = null,
  ) {
    this.workspace = workspace;
    this.schema = schema;
    this.rowCount = selection === null ? rowCount : selection.count;
    this.split = split;
    this.#columns = columns;
    this.#selection = selection;
  }

  /** Column `index`, dense (the selection applied), possibly dictionary-coded. Valid for the step. */
  column(index: number): Column {
    const column = this.#columns[index];
    assert(column !== undefined, `column ${index} of ${this.#columns.length}`);
    if (this.#selection === null) return column;
    let dense = this.#compacted[index];
    if (dense === undefined) {
      dense = takeColumn(this.workspace, column, this.#selection.ptr, this.#selection.count);
      this.#compacted[index] = dense;
    }
    return dense;
  }

  /** Column `index` with any dictionary decoded. */
  plainColumn(index: number): Column {
    return decodeDictionary(this.workspace, this.column(index));
  }

  /** The rows numbered by `count` u32 at `ptr` (ascending positions of this batch's rows). */
  select(ptr: number, count: number): Batch {
    if (count === this.rowCount) return this;
    let rows = ptr;
    if (this.#selection !== null) {
      rows = this.workspace.account.arena.allocate(count * 4);
      this.workspace.kernels.takeU32(this.#selection.ptr, ptr, count, rows);
    }
    return new Batch(this.workspace, this.schema, this.#columns, count, this.split, { ptr: rows, count });
  }

  /** Rows `start` (inclusive) to `end` (exclusive), sharing the memory. */
  slice(start: number, end: number): Batch {
    assert(start >= 0 && start <= end && end <= this.rowCount, `slice ${start}…${end} of ${this.rowCount} rows`);
    if (end - start === this.rowCount) return this;
    if (this.#selection !== null) {
      const selection = { ptr: this.#selection.ptr + start * 4, count: end - start };
      return new Batch(this.workspace, this.schema, this.#columns, end - start, this.split, selection);
    }
    const columns = this.#columns.map((column) => sliceColumn(this.workspace, column, start, end - start));
    return new Batch(this.workspace, this.schema, columns, end - start, this.split);
  }

  /** The columns at `indexes` under another schema: nothing is computed, a selection stays. */
  pick(schema: Schema, indexes: readonly number[]): Batch {
    const columns = indexes.map((index) => this.#columns[index] as Column);
    return new Batch(
      this.workspace,
      schema,
      columns,
      this.#selection?.count ?? this.rowCount,
      this.split,
      this.#selection,
    );
  }

  /** Other columns of the same rows. */
  withColumns(schema: Schema, columns: readonly Column[]): Batch {
    return new Batch(this.workspace, schema, columns, this.rowCount, this.split);
  }

  /** The same rows for another job's workspace, or as another split's. */
  within(workspace: Workspace, split = this.split): Batch {
    return new Batch(workspace, this.schema, this.#columns, this.rowCount, split, this.#selection);
  }

  /**
   * A batch that outlives the step: columns in regions are retained, columns in the arena copied. The caller owns it and
   * calls `release` once.
   * @throws MEMORY_LIMIT
   */
  persist(): Batch {
    const columns = ownedColumns(this.schema.fields.length, (index) =>
      persistColumn(this.workspace, this.column(index)),
    );
    return new Batch(this.workspace, this.schema, columns, this.rowCount, this.split);
  }

  /** Gives back a persisted batch's references. */
  release(): void {
    for (const column of this.#columns) releaseColumn(column);
  }

  /** Bytes that the columns span, dictionaries not counted. */
  get sizeBytes(): number {
    let bytes = 0;
    for (let index = 0; index < this.#columns.length; index++) bytes += columnBytes(this.workspace, this.column(index));
    return bytes;
  }

  /** About how many bytes the rows are: a selection counts by its share of the columns, and nothing is compacted for it. */
  get spanBytes(): number {
    const { length } = this.#columns[0] ?? { length: 0 };
    let bytes = 0;
    for (const column of this.#columns) bytes += columnBytes(this.workspace, column);
    return length === 0 ? 0 : Math.round((bytes * this.rowCount) / length);
  }
}
