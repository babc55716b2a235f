// Group keys: the key columns of a batch → one dense group number a row, and back to columns for the output. No key, one
// column, or a pair of (keys before, one more column): a pair of group numbers is a 64-bit word, interned like any other.
import type { Batch } from "../arrow/batch.js";
import type { Column } from "../arrow/column.js";
import type { Schema } from "../arrow/types.js";
import { KeyColumn } from "./key-column.js";
import { type GroupKeys, StateBlock, type StateStore } from "./store.js";
import { WordTable } from "./table.js";

/** Keys at the positions `columns` of a schema. */
export function openKeys(store: StateStore, schema: Schema, columns: readonly number[]): GroupKeys {
  let keys: GroupKeys | null = null;
  for (const index of columns) {
    const column = new KeyColumn(store, schema, index);
    keys = keys === null ? column : new PairKeys(store, keys, column);
  }
  return keys ?? new NoKeys(store);
}

/** Without keys every row is in group 0, for ever. */
class NoKeys implements GroupKeys {
  readonly end = 1;
  readonly live = 1;
  readonly #store: StateStore;
  readonly #zeros: StateBlock;
  readonly #holder: StateBlock;

  constructor(store: StateStore) {
    this.#store = store;
    this.#zeros = new StateBlock(store);
    this.#holder = new StateBlock(store, 4);
  }

  get holders(): number {
    return this.#holder.ptr;
  }

  intern({ rowCount }: Batch): number {
    if (this.#zeros.bytes < rowCount * 4) {
      this.#zeros.resize(rowCount * 4, 0);
      this.#store.workspace.account.memory.u8.fill(0, this.#zeros.ptr, this.#zeros.ptr + this.#zeros.bytes);
    }
    return this.#zeros.ptr;
  }

  find({ rowCount }: Batch): number {
    return this.#store.workspace.account.arena.allocateZeroed(rowCount * 4);
  }

  hold(): void {
    // The group is never forgotten.
  }

  drop(): void {
    // The group is never forgotten.
  }

  columns(): Column[] {
    return [];
  }

  shrink(): void {
    // Nothing grows.
  }

  release(): void {
    this.#zeros.release();
    this.#holder.release();
  }
}

/** Two keys as one. Each pair holds its two halves. */
class PairKeys implements GroupKeys {
  readonly #store: StateStore;
  readonly #left: GroupKeys;
  readonly #right: GroupKeys;
  readonly #table: WordTable;

  constructor(store: StateStore, left: GroupKeys, right: GroupKeys) {
    this.#store = store;
    this.#left = left;
    this.#right = right;
    this.#table = new WordTable(store);
  }

  get end(): number {
    return this.#table.end;
  }

  get live(): number {
    return this.#table.live;
  }

  get holders(): number {
    return this.#table.holders;
  }

  intern(batch: Batch): number {
    const { account, kernels } = this.#store.workspace;
    const left = this.#left.intern(batch);
    const right = this.#right.intern(batch);
    const words = account.arena.allocate(batch.rowCount * 8);
    kernels.pairWords(left, right, batch.rowCount, words);
    const groups = this.#table.intern(words, 0, batch.rowCount);
    const { ptr, count } = this.#table.fresh;
    if (count > 0) {
      const halves = this.#halves(ptr, count);
      this.#left.hold(halves.left, count);
      this.#right.hold(halves.right, count);
    }
    return groups;
  }

  find(batch: Batch): number {
    const { account, kernels } = this.#store.workspace;
    const left = this.#left.find(batch);
    const right = this.#right.find(batch);
    const words = account.arena.allocate(batch.rowCount * 8);
    // No pair has a half that is in no group.
    kernels.pairWords(left, right, batch.rowCount, words);
    return this.#table.find(words, 0, batch.rowCount);
  }

  hold(list: number, count: number): void {
    this.#table.hold(list, count);
  }

  drop(list: number, count: number): void {
    const released = this.#store.workspace.account.arena.allocate(count * 4);
    const releasedCount = this.#table.drop(list, count, released);
    if (releasedCount === 0) return;
    const { left, right } = this.#halves(released, releasedCount);
    this.#table.remove(released, releasedCount);
    this.#left.drop(left, releasedCount);
    this.#right.drop(right, releasedCount);
  }

  columns(list: number, count: number): Column[] {
    const { left, right } = this.#halves(list, count);
    return [...this.#left.columns(left, count), ...this.#right.columns(right, count)];
  }

  shrink(): void {
    this.#table.shrink();
    this.#left.shrink();
    this.#right.shrink();
  }

  release(): void {
    this.#left.release();
    this.#right.release();
    this.#table.release();
  }

  #halves(list: number, count: number): { left: number; right: number } {
    const { arena } = this.#store.workspace.account;
    const left = arena.allocate(count * 4);
    const right = arena.allocate(count * 4);
    this.#table.split(list, count, left, right);
    return { left, right };
  }
}
