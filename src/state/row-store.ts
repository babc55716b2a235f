// Rows kept by columns: each under a number that stays its own until it is removed, then another row's. What joins, rankings
// and frames remember.
import { Batch } from "../arrow/batch.js";
import { bitmapBytes, type Column, type Workspace } from "../arrow/column.js";
import { type Schema, sameType, typeName } from "../arrow/types.js";
import { KeptColumn } from "./kept-column.js";
import { stateMismatch } from "./saved-keys.js";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.js";
import { powerOfTwo, StateBlock, type StateStore } from "./store.js";

const ROWS_MIN = 64;

/** Numbers of rows, u32 each; in the arena, or where the call says. */
export interface RowNumbers {
  readonly ptr: number;
  readonly count: number;
}

export class RowStore {
  readonly #workspace: Workspace;
  readonly #schema: Schema;
  readonly #columns: readonly KeptColumn[];
  /** Bit i is set while row i is there. */
  readonly #live: StateBlock;
  /** A stack of numbers below `end` that are not in use. */
  readonly #free: StateBlock;
  #freeCount = 0;
  #end = 0;
  #capacity = 0;

  /** Its memory is counted by `store`. @throws UNSUPPORTED for columns of lists */
  constructor(store: StateStore, schema: Schema) {
    this.#workspace = store.workspace;
    this.#schema = schema;
    this.#columns = schema.fields.map((column) => new KeptColumn(store, column));
    this.#live = new StateBlock(store);
    this.#free = new StateBlock(store);
  }

  get schema(): Schema {
    return this.#schema;
  }

  /** Rows that are there. */
  get count(): number {
    return this.#end - this.#freeCount;
  }

  /** Row numbers are 0 … end (exclusive); some of them may be free. Whoever keeps something a row needs so many places. */
  get end(): number {
    return this.#end;
  }

  /** Keeps the rows of a batch; returns their numbers, u32 in the arena. @throws MEMORY_LIMIT */
  append(batch: Batch): number {
    const count = batch.rowCount;
    const numbers = this.#newNumbers(count);
    this.#columns.forEach((column, index) => {
      column.put(batch.plainColumn(index), numbers);
    });
    this.#workspace.kernels.scatterBits(0, 1, numbers, count, this.#live.ptr);
    return numbers;
  }

  /** Forgets rows, each listed once. Their numbers will be reused. */
  remove(numbers: number, count: number): void {
    if (count === 0) return;
    for (const column of this.#columns) column.drop(numbers, count);
    this.#workspace.kernels.scatterBits(0, 0, numbers, count, this.#live.ptr);
    this.#free.reserve((this.#freeCount + count) * 4);
    const { u8 } = this.#workspace.account.memory;
    u8.copyWithin(this.#free.ptr + this.#freeCount * 4, numbers, numbers + count * 4);
    this.#freeCount += count;
    // Numbers begin at 0 again, and what was used goes back.
    if (this.count === 0) this.release();
  }

  /** All columns of the listed rows, in the arena; a row may be listed many times. @throws MEMORY_LIMIT */
  take(numbers: number, count: number): Column[] {
    return this.#columns.map((column) => column.take(numbers, count));
  }

  /** One column of the listed rows, in the arena. @throws MEMORY_LIMIT */
  takeColumn(index: number, numbers: number, count: number): Column {
    return (this.#columns[index] as KeptColumn).take(numbers, count);
  }

  /** The listed rows as a batch, in the arena. @throws MEMORY_LIMIT */
  rows(numbers: number, count: number): Batch {
    return new Batch(this.#workspace, this.#schema, this.take(numbers, count), count);
  }

  /** The numbers of all rows, ascending, in the arena. */
  numbers(): RowNumbers {
    const { account, kernels } = this.#workspace;
    // The kernel writes whole vectors.
    const ptr = account.arena.allocate(this.count * 4 + 64);
    return { ptr, count: kernels.bitmapToSelection(this.#live.ptr, this.#end, ptr) };
  }

  /** Writes the rows in the order of their numbers. */
  snapshot(writer: SnapshotWriter, table: string): void {
    const { ptr, count } = this.numbers();
    writer.table(table, this.rows(ptr, count));
  }

  /**
   * Reads back what `snapshot` wrote, into an empty store: the rows are numbered anew from 0, in the same order.
   * @param whose - says in messages what the state should belong to
   * @throws STATE_MISMATCH when there are no such rows
   */
  restore(reader: SnapshotReader, table: string, whose: string): void {
    const rows = reader.table(table, this.#workspace);
    if (rows === undefined) throw stateMismatch(whose, `it has no ${table}`);
    const show = ({ fields }: Schema) => fields.map(({ type }) => typeName(type)).join(", ") || "none";
    const { fields } = this.#schema;
    const saved = rows.schema.fields;
    if (fields.length !== saved.length || fields.some(({ type }, i) => !sameType(type, (saved[i] ?? { type }).type))) {
      throw stateMismatch(whose, `its columns are ${show(rows.schema)}, the query's ${show(this.#schema)}`);
    }
    this.append(rows);
  }

  release(): void {
    for (const column of this.#columns) column.release();
    this.#live.release();
    this.#free.release();
    this.#freeCount = 0;
    this.#end = 0;
    this.#capacity = 0;
  }

  /** Free numbers first, then new ones. */
  #newNumbers(count: number): number {
    const { account } = this.#workspace;
    const numbers = account.arena.allocate(count * 4);
    const reused = Math.min(count, this.#freeCount);
    const added = count - reused;
    if (this.#end + added > this.#capacity) this.#grow(powerOfTwo(Math.max(this.#end + added, ROWS_MIN)));
    this.#freeCount -= reused;
    const { u8, u32 } = account.memory;
    const free = this.#free.ptr + this.#freeCount * 4;
    u8.copyWithin(numbers, free, free + reused * 4);
    let number = this.#end;
    const to = numbers >>> 2;
    for (let at = to + reused; at < to + count; at++) u32[at] = number++;
    this.#end = number;
    return numbers;
  }

  #grow(capacity: number): void {
    for (const column of this.#columns) column.grow(capacity, this.#end);
    const kept = bitmapBytes(this.#end);
    // The kernel that lists the rows reads whole words.
    this.#live.resize(bitmapBytes(capacity) + 8, kept);
    this.#workspace.account.memory.u8.fill(0, this.#live.ptr + kept, this.#live.ptr + this.#live.bytes);
    this.#capacity = capacity;
  }
}
