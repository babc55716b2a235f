// Rows by group and in order: what a ranking remembers. The rows of a group are a chain of row numbers, the first one first.
//
//     heads   by group: number of the first row, NONE without rows     counts   by group: how many rows
//     bounds  by group: word (state/row-order.ts) of the last row once the group is full, before that the greatest word
//     next    by row: number of the row behind it
import type { Batch } from "../arrow/batch.js";
import type { Workspace } from "../arrow/column.js";
import type { Schema } from "../arrow/types.js";
import { openKeys } from "./keys.js";
import { RowStore } from "./row-store.js";
import { type GroupKeys, powerOfTwo, StateBlock, StateStore } from "./store.js";

const NONE = 0xffffffff;
/** Half of the greatest word, in 32 bits. */
const MAX_HIGH = 0x7fffffff;

/** The rows of some groups: those of group i begin at `starts[i]`, and end where those of the next begin. */
export interface Chains {
  /** Row numbers, u32 in the arena. */
  readonly ids: number;
  readonly count: number;
  /** One more than there are groups. */
  readonly starts: readonly number[];
}

export class RankedRows {
  readonly rows: RowStore;
  readonly #workspace: Workspace;
  readonly #store: StateStore;
  readonly #keys: GroupKeys;
  readonly #heads: StateBlock;
  readonly #counts: StateBlock;
  readonly #bounds: StateBlock;
  readonly #next: StateBlock;
  /** Groups that there is room for. */
  #capacity = 0;

  /**
   * @param schema - of the rows that are kept; they stand at the front of the batches that come
   * @param keys - positions of the key columns
   * @throws MEMORY_LIMIT, UNSUPPORTED for columns that are not kept; nothing is left then
   */
  constructor(workspace: Workspace, schema: Schema, keys: readonly number[]) {
    this.#workspace = workspace;
    this.#store = new StateStore(workspace);
    this.#heads = new StateBlock(this.#store);
    this.#counts = new StateBlock(this.#store);
    this.#bounds = new StateBlock(this.#store);
    this.#next = new StateBlock(this.#store);
    try {
      this.rows = new RowStore(this.#store, schema);
      this.#keys = openKeys(this.#store, schema, keys);
    } catch (error) {
      this.#store.release();
      throw error;
    }
  }

  get usedBytes(): number {
    return this.#store.usedBytes;
  }

  /** Group numbers are 0 … end (exclusive); some of them have no rows. */
  get end(): number {
    return this.#capacity === 0 ? 0 : this.#keys.end;
  }

  /** Address of the bounds: i64 a group. */
  get bounds(): number {
    return this.#bounds.ptr;
  }

  /** Groups of the rows of a batch, u32 in the arena. @throws MEMORY_LIMIT */
  groupsOf(batch: Batch): number {
    const groups = this.#keys.intern(batch);
    const { end } = this.#keys;
    if (end > this.#capacity) {
      const from = this.#capacity;
      const capacity = powerOfTwo(Math.max(end, 16));
      this.#heads.resize(capacity * 4, from * 4);
      this.#counts.resize(capacity * 4, from * 4);
      this.#bounds.resize(capacity * 8, from * 8);
      this.#capacity = capacity;
      const { u32 } = this.#workspace.account.memory;
      u32.fill(NONE, (this.#heads.ptr >>> 2) + from, (this.#heads.ptr >>> 2) + capacity);
      u32.fill(0, (this.#counts.ptr >>> 2) + from, (this.#counts.ptr >>> 2) + capacity);
      for (let group = from; group < capacity; group++) this.unbind(group);
    }
    return groups;
  }

  /** The rows of the listed groups. */
  chains(groups: readonly number[]): Chains {
    const { account } = this.#workspace;
    const starts = [0];
    let count = 0;
    for (const group of groups) {
      count += account.memory.u32[(this.#counts.ptr >>> 2) + group] as number;
      starts.push(count);
    }
    const ids = account.arena.allocate(count * 4);
    const { u32 } = account.memory;
    const [heads, next] = [this.#heads.ptr >>> 2, this.#next.ptr >>> 2];
    let at = ids >>> 2;
    for (const group of groups) {
      for (let id = u32[heads + group] as number; id !== NONE; id = u32[next + id] as number) u32[at++] = id;
    }
    return { ids, count, starts };
  }

  /** Has room for links of all rows: after rows were kept, before `link`. @throws MEMORY_LIMIT */
  reserveLinks(): void {
    this.#next.reserve(this.rows.end * 4);
  }

  /** Makes `count` rows, numbered at index `at` of the u32 memory, those of the group. */
  link(group: number, at: number, count: number): void {
    const { u32 } = this.#workspace.account.memory;
    const next = this.#next.ptr >>> 2;
    u32[(this.#heads.ptr >>> 2) + group] = count === 0 ? NONE : (u32[at] as number);
    for (let i = 0; i < count; i++)
      u32[next + (u32[at + i] as number)] = i + 1 < count ? (u32[at + i + 1] as number) : NONE;
    u32[(this.#counts.ptr >>> 2) + group] = count;
  }

  /** How many rows the group has. */
  countOf(group: number): number {
    return this.#workspace.account.memory.u32[(this.#counts.ptr >>> 2) + group] as number;
  }

  /** The group is full: `word` is the address of the last row's word. */
  bind(group: number, word: number): void {
    const { u32 } = this.#workspace.account.memory;
    const bound = (this.#bounds.ptr >>> 2) + 2 * group;
    u32[bound] = u32[word >>> 2] as number;
    u32[bound + 1] = u32[(word >>> 2) + 1] as number;
  }

  /** All rows may enter the group. */
  unbind(group: number): void {
    const { u32 } = this.#workspace.account.memory;
    const bound = (this.#bounds.ptr >>> 2) + 2 * group;
    u32[bound] = NONE;
    u32[bound + 1] = MAX_HIGH;
  }

  /** Groups that have rows from now on. */
  hold(groups: readonly number[]): void {
    if (groups.length > 0) this.#keys.hold(this.#listOf(groups), groups.length);
  }

  /** Groups that have none any more: their numbers will be others'. */
  drop(groups: readonly number[]): void {
    if (groups.length > 0) this.#keys.drop(this.#listOf(groups), groups.length);
  }

  release(): void {
    this.rows.release();
    this.#keys.release();
    for (const block of [this.#heads, this.#counts, this.#bounds, this.#next]) block.release();
    // What a step that ran out of memory was about to move belongs to none of them.
    this.#store.release();
  }

  #listOf(groups: readonly number[]): number {
    const { account } = this.#workspace;
    const list = account.arena.allocate(groups.length * 4);
    account.memory.u32.set(groups, list >>> 2);
    return list;
  }
}
