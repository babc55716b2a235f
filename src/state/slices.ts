// The open windows of an operator, as slices of time: each has a slot (a small number), and lists its entries, the cells
// that have rows, in the order of their first row.
import type { Workspace } from "../arrow/column.js";
import { StateBlock, type StateStore } from "./store.js";
import { WordTable } from "./table.js";

/** One open window. */
export interface Slice {
  readonly startMs: number;
  /** Its place among the open ones; another one after `renumber`. */
  slot: number;
  readonly list: StateBlock;
}

/** Bytes a slot, read and written by the kernels: │ address of the list u32 │ count u32 │ capacity u32 │ · │ */
export const SLOT_BYTES = 16;
const ENTRIES_MIN = 16;

export class Slices {
  readonly #store: StateStore;
  readonly #workspace: Workspace;
  /** Start in milliseconds → slot. */
  #table: WordTable;
  readonly #slots: StateBlock;
  readonly #byStart = new Map<number, Slice>();
  readonly #bySlot: Slice[] = [];
  readonly #order: Slice[] = [];
  /** Entries of the slice closed last: what a new one will need. */
  #entriesHint = ENTRIES_MIN;

  constructor(store: StateStore) {
    this.#store = store;
    this.#workspace = store.workspace;
    this.#table = new WordTable(store);
    this.#slots = new StateBlock(store);
  }

  /** All open slices, ascending by start. */
  get order(): readonly Slice[] {
    return this.#order;
  }

  /** Slots are 0 … end (exclusive). */
  get slotEnd(): number {
    return this.#table.end;
  }

  /** Address of the slots. */
  get ptr(): number {
    return this.#slots.ptr;
  }

  /** How many entries the slice has. */
  count({ slot }: Slice): number {
    return this.#workspace.account.memory.u32[((this.#slots.ptr + slot * SLOT_BYTES) >>> 2) + 1] as number;
  }

  /** The slice that starts at `startMs`, opened when it is not. */
  open(startMs: number): Slice {
    const slice = this.#byStart.get(startMs);
    if (slice !== undefined) return slice;
    const { account, kernels } = this.#workspace;
    const word = account.arena.allocate(8);
    kernels.fillI64(startMs, 1, word);
    this.intern(word, 1);
    return this.#byStart.get(startMs) as Slice;
  }

  /** Slots of `n` starts (i64 milliseconds), u32 in the arena; opens those that are not. */
  intern(starts: number, n: number): number {
    const slots = this.#table.intern(starts, 0, n);
    const { ptr, count } = this.#table.fresh;
    for (let i = 0; i < count; i++) {
      const slot = this.#workspace.account.memory.u32[(ptr >>> 2) + i] as number;
      this.#add(this.#startOf(slot), slot);
    }
    return slots;
  }

  /** The slot's list is full: doubles it. */
  growList(slot: number): void {
    const slice = this.#bySlot[slot] as Slice;
    const { bytes } = slice.list;
    slice.list.resize(2 * bytes, bytes);
    this.#writeSlot(slice, bytes >>> 2);
  }

  /** The slice's entries are the first `count` of those at `entries`, of which it had as many or more. */
  replaceList(slice: Slice, entries: number, count: number): void {
    this.#workspace.account.memory.u8.copyWithin(slice.list.ptr, entries, entries + count * 4);
    this.#writeSlot(slice, count);
  }

  /** Position in `order` of the first slice that starts at `startMs` or later. */
  firstFrom(startMs: number): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#order[middle] as Slice).startMs < startMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Closes the first `count` slices, whose entries have been dropped. */
  close(count: number): void {
    if (count === 0) return;
    const { account } = this.#workspace;
    const closed = this.#order.splice(0, count);
    this.#entriesHint = Math.max(ENTRIES_MIN, this.count(closed[count - 1] as Slice));
    const list = account.arena.allocate(count * 4);
    closed.forEach((slice, index) => {
      account.memory.u32[(list >>> 2) + index] = slice.slot;
      this.#byStart.delete(slice.startMs);
      slice.list.release();
    });
    this.#table.remove(list, count);
  }

  /** Gives the open slices the slots 0, 1, 2 … in the order of their starts. */
  renumber(): void {
    const { arena } = this.#workspace.account;
    const counts = this.#order.map((slice) => this.count(slice));
    this.#table.release();
    this.#table = new WordTable(this.#store);
    const words = arena.allocate(this.#order.length * 8);
    this.#order.forEach((slice, index) => {
      this.#workspace.kernels.fillI64(slice.startMs, 1, words + index * 8);
    });
    this.#table.intern(words, 0, this.#order.length);
    this.#order.forEach((slice, index) => {
      slice.slot = index;
      this.#bySlot[index] = slice;
      this.#writeSlot(slice, counts[index] as number);
    });
  }

  release(): void {
    for (const { list } of this.#order) list.release();
    this.#slots.release();
    this.#table.release();
  }

  #startOf(slot: number): number {
    const { i32, u32 } = this.#workspace.account.memory;
    const at = (this.#table.keys >>> 2) + slot * 2;
    return (i32[at + 1] as number) * 2 ** 32 + (u32[at] as number);
  }

  #add(startMs: number, slot: number): void {
    const slice: Slice = { startMs, slot, list: new StateBlock(this.#store, this.#entriesHint * 4) };
    this.#byStart.set(startMs, slice);
    this.#bySlot[slot] = slice;
    this.#order.splice(this.firstFrom(startMs), 0, slice);
    this.#slots.reserve((slot + 1) * SLOT_BYTES);
    this.#writeSlot(slice, 0);
  }

  #writeSlot({ slot, list }: Slice, count: number): void {
    const { u32 } = this.#workspace.account.memory;
    const at = (this.#slots.ptr + slot * SLOT_BYTES) >>> 2;
    u32[at] = list.ptr;
    u32[at + 1] = count;
    u32[at + 2] = list.bytes >>> 2;
  }
}
