// Memory of one operator's state: blocks of linear memory that live from `open` to `close`, with their bytes counted, so
// that metrics can say what the state takes. What is kept in them stands in tables.ts, cells.ts and accumulators.ts.
import type { Batch } from "../arrow/batch.js";
import type { Column, Workspace } from "../arrow/column.js";

/** All blocks of one operator. They count against the job's memory budget. */
export class StateStore {
  readonly workspace: Workspace;
  readonly #live = new Map<number, number>();
  #usedBytes = 0;

  constructor(workspace: Workspace) {
    this.workspace = workspace;
  }

  /** Bytes that the state takes now, without the allocator's rounding. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Contents undefined. @throws MEMORY_LIMIT */
  allocate(bytes: number): number {
    const ptr = this.workspace.account.allocate(bytes);
    this.#live.set(ptr, bytes);
    this.#usedBytes += bytes;
    return ptr;
  }

  free(ptr: number, bytes: number): void {
    this.#live.delete(ptr);
    this.workspace.account.free(ptr, bytes);
    this.#usedBytes -= bytes;
  }

  /** Gives back whatever is left: for state that could not be built to its end. */
  release(): void {
    for (const [ptr, bytes] of this.#live) this.free(ptr, bytes);
  }
}

/** One block that grows. Its address changes when it does: ask `ptr` each time. */
export class StateBlock {
  readonly #store: StateStore;
  #ptr = 0;
  #bytes = 0;

  constructor(store: StateStore, bytes = 0) {
    this.#store = store;
    if (bytes > 0) this.resize(bytes, 0);
  }

  get ptr(): number {
    return this.#ptr;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Another size; the first `keepBytes` stay, the rest is undefined. @throws MEMORY_LIMIT and stays as it was */
  resize(bytes: number, keepBytes: number): void {
    const ptr = bytes === 0 ? 0 : this.#store.allocate(bytes);
    if (keepBytes > 0) this.#store.workspace.account.memory.u8.copyWithin(ptr, this.#ptr, this.#ptr + keepBytes);
    if (this.#bytes > 0) this.#store.free(this.#ptr, this.#bytes);
    this.#ptr = ptr;
    this.#bytes = bytes;
  }

  /** At least `bytes`, all contents kept; grows by doubling, so that steady growth stays cheap. */
  reserve(bytes: number): void {
    if (bytes > this.#bytes) this.resize(Math.max(bytes, 2 * this.#bytes), this.#bytes);
  }

  release(): void {
    this.resize(0, 0);
  }
}

/** Groups are held by whoever has them in its state; a group that nobody holds any more is forgotten. */
export interface GroupKeys {
  /** Groups of all rows, u32; valid for the step. @throws MEMORY_LIMIT */
  intern(batch: Batch): number;
  /** Groups of all rows, u32, −1 for keys that are in no group; none is added. Valid for the step, and the caller's to change. */
  find(batch: Batch): number;
  /** Group numbers are 0 … end (exclusive). */
  readonly end: number;
  /** Groups in use. */
  readonly live: number;
  /** Address of the counts of holders, u32 a group; raised by kernels that enter cells. */
  readonly holders: number;
  hold(list: number, count: number): void;
  /** One holder less for each listed group. */
  drop(list: number, count: number): void;
  /** The key columns of the listed groups, in the arena. */
  columns(list: number, count: number): Column[];
  /** Called when no state is left: gives back memory, where groups are numbered anew. */
  shrink(): void;
  release(): void;
}

/** Smallest power of two that is at least `count`. */
export function powerOfTwo(count: number): number {
  return count <= 1 ? 1 : 2 ** Math.ceil(Math.log2(count));
}
