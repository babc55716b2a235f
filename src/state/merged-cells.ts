// Slices put together: the accumulators of several slices of time merged into one cell a group, for windows that hold more
// than one slice.
import type { Column, Workspace } from "../arrow/column.js";
import type { Accumulators, Overflow } from "./accumulators.js";
import type { CellBlocks } from "./cell-blocks.js";
import type { Entries, EntryReader } from "./entries.js";
import { type GroupKeys, powerOfTwo, StateBlock, type StateStore } from "./store.js";

/** A cell is a group's number. */
export class MergedCells implements EntryReader {
  readonly #workspace: Workspace;
  readonly #keys: GroupKeys;
  readonly #blocks: CellBlocks;
  readonly #accumulators: Accumulators;
  /** A byte a group: 1 = it is listed. */
  readonly #flags: StateBlock;
  /** The groups that have something, u32 each, in the order in which they came. */
  readonly #list: StateBlock;
  #count = 0;

  constructor(store: StateStore, keys: GroupKeys, blocks: CellBlocks, accumulators: Accumulators) {
    this.#workspace = store.workspace;
    this.#keys = keys;
    this.#blocks = blocks;
    this.#accumulators = accumulators;
    this.#flags = new StateBlock(store);
    this.#list = new StateBlock(store);
  }

  /** Groups that have something. */
  get count(): number {
    return this.#count;
  }

  /** Adds entries that `accumulators` holds, each group at most once. @throws MEMORY_LIMIT */
  add({ groups, cells, count }: Entries, accumulators: Accumulators): void {
    this.#makeRoom();
    this.#list.reserve((this.#count + count) * 4);
    const free = this.#list.ptr + this.#count * 4;
    this.#count += this.#workspace.kernels.newFlags(groups, count, this.#flags.ptr, free);
    this.#accumulators.merge(accumulators, cells, groups, count);
  }

  /** The groups `from` … `from + count` of the list, as entries of their own in the arena. */
  read(from: number, count: number): Entries {
    const { arena, memory } = this.#workspace.account;
    const groups = arena.allocate(count * 4);
    const ptr = this.#list.ptr + from * 4;
    memory.u8.copyWithin(groups, ptr, ptr + count * 4);
    return { count, groups, cells: groups };
  }

  /** Nothing is merged. */
  clear(): void {
    if (this.#count === 0) return;
    this.#blocks.reset(this.#list.ptr, this.#count);
    this.#workspace.kernels.fillFlags(this.#flags.ptr, this.#list.ptr, this.#count, 0);
    this.#count = 0;
  }

  /** Nothing is merged, and its memory is given back. */
  shrink(): void {
    this.clear();
    this.#blocks.resize(0);
    this.#flags.release();
    this.#list.release();
  }

  keyColumns({ groups, count }: Entries): Column[] {
    return this.#keys.columns(groups, count);
  }

  resultColumns({ cells, count }: Entries): Column[] {
    return this.#accumulators.results(cells, count);
  }

  overflow({ cells, count }: Entries): Overflow | null {
    return this.#accumulators.overflow(cells, count);
  }

  release(): void {
    this.#flags.release();
    this.#list.release();
    this.#blocks.release();
  }

  #makeRoom(): void {
    const { capacity } = this.#blocks;
    if (this.#keys.end <= capacity) return;
    const wanted = powerOfTwo(this.#keys.end);
    this.#blocks.resize(wanted);
    this.#flags.resize(wanted, this.#flags.bytes);
    this.#workspace.account.memory.u8.fill(0, this.#flags.ptr + capacity, this.#flags.ptr + wanted);
  }
}
