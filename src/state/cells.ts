// Cells: where the accumulators of one group in one window (a slice of time) lie. Rows go in, cell numbers come out.
//
//     dense     cell = slot << shift | group: every group has a place in every open slice; nothing is looked up
//     sparse    cell = number of the pair (slot, group) in a table: where dense cells would take too much memory
//
// Both give the same results. A slice holds the groups of its entries, so that their keys are forgotten with it.
import type { Workspace } from "../arrow/column.js";
import type { CellBlocks } from "./cell-blocks.js";
import { SLOT_BYTES, type Slice, Slices } from "./slices.js";
import { type GroupKeys, powerOfTwo, StateBlock, type StateStore } from "./store.js";
import { WordTable } from "./table.js";

/** How time is cut: `[start, start + sizeMs)` with starts at multiples of sizeMs plus offsetMs from the epoch. */
export interface Slicing {
  readonly sizeMs: number;
  readonly offsetMs: number;
  /** Units of the time column in a millisecond. */
  readonly unitsPerMs: number;
}

/** The cells of rows: u32 at `ptr`, counted from cell `base`. Valid for the step, until the next rows are placed. */
export interface Placed {
  readonly ptr: number;
  readonly base: number;
}

const SLOTS_MIN = 2;
/** Dense cells are given back when less than one in so many was used. */
const SHRINK_RATIO = 16;
/** As `shift` beyond every cell number: all cells belong to the slot that is passed. */
const ONE_SLOT = 31;

export class Cells {
  readonly slices: Slices;
  readonly #workspace: Workspace;
  readonly #store: StateStore;
  readonly #keys: GroupKeys;
  readonly #blocks: CellBlocks;
  readonly #slicing: Slicing | null;
  readonly #denseBytesMax: number;
  /** A byte a cell: 1 = it is an entry of its slice. */
  readonly #flags: StateBlock;
  /** Slot and group → cell; null while the cells are dense. */
  #pairs: WordTable | null = null;
  #shift = 0;
  /** Slots that there are dense cells for. */
  #slotCount = 0;
  /** Entries in the list of the one slice that were dropped by themselves. */
  #dropped = 0;

  /** `slicing` null: one slice for ever. `denseBytesMax` bounds dense cells; with 0 they are sparse from the start. */
  constructor(store: StateStore, keys: GroupKeys, blocks: CellBlocks, slicing: Slicing | null, denseBytesMax: number) {
    this.#store = store;
    this.#workspace = store.workspace;
    this.#keys = keys;
    this.#blocks = blocks;
    this.#slicing = slicing;
    this.#denseBytesMax = denseBytesMax;
    this.#flags = new StateBlock(store);
    this.slices = new Slices(store);
  }

  /** Start of the window that a time falls into (S18: negative times floor); exact within ±2^53. */
  startOf(timeMs: number): number {
    if (this.#slicing === null) return 0;
    const { sizeMs, offsetMs } = this.#slicing;
    const rest = (timeMs - offsetMs) % sizeMs;
    return timeMs - (rest < 0 ? rest + sizeMs : rest);
  }

  /** Cells of `n` rows whose times (i64) lie within lowMs … highMs. @throws MEMORY_LIMIT */
  place(times: number, lowMs: number, highMs: number, groups: number, n: number): Placed {
    const start = this.startOf(lowMs);
    const last = this.startOf(highMs);
    if (last === start) return this.#placeInOne(start, groups, n);
    const { sizeMs, offsetMs, unitsPerMs } = this.#slicing as Slicing;
    if (last === start + sizeMs && this.#pairs === null) return this.#placeInTwo(times, start, last, groups, n);
    const starts = this.#workspace.account.arena.allocate(n * 8);
    this.#workspace.kernels.startsOf(times, n, sizeMs, offsetMs, unitsPerMs, starts);
    return this.placeAt(starts, groups, n);
  }

  /** Cells of `n` rows in the windows that begin at `starts` (i64 milliseconds). @throws MEMORY_LIMIT */
  placeAt(starts: number, groups: number, n: number): Placed {
    let slots = this.slices.intern(starts, n);
    // Another layout gives the slices other slots.
    if (this.#makeRoom()) slots = this.slices.intern(starts, n);
    if (this.#pairs !== null) return this.#placeSparse(this.#pairs, slots, groups, n);
    const cells = this.#workspace.account.arena.allocate(n * 4);
    this.#workspace.kernels.cellsOfSlots(slots, groups, n, this.#shift, cells);
    this.#enter(cells, n, this.#shift, 0);
    return { ptr: cells, base: 0 };
  }

  /** Groups and cells of a slice's entries from … from + count, u32 each at `groups` and `cells`. */
  entries(slice: Slice, from: number, count: number, groups: number, cells: number): void {
    const { account, kernels } = this.#workspace;
    const list = slice.list.ptr + from * 4;
    if (this.#pairs === null) {
      account.memory.u8.copyWithin(groups, list, list + count * 4);
      kernels.offsetEntries(list, count, slice.slot << this.#shift, cells);
    } else {
      account.memory.u8.copyWithin(cells, list, list + count * 4);
      this.#pairs.split(cells, count, account.arena.allocate(count * 4), groups);
    }
  }

  /** The first of each cell among `n` rows of one slice, as its entries: groups and cells. Returns how many. */
  distinct(placed: Placed, n: number, groups: number, cells: number): number {
    const { kernels, account } = this.#workspace;
    const count = kernels.distinctCells(placed.ptr, n, this.#flags.ptr + placed.base, groups);
    kernels.offsetEntries(groups, count, placed.base, cells);
    // Dense cells counted from their slice's base are the groups.
    if (this.#pairs !== null) this.#pairs.split(cells, count, account.arena.allocate(count * 4), groups);
    return count;
  }

  /** Empties the cells of entries and lets go of their groups. */
  drop(groups: number, cells: number, count: number): void {
    this.#blocks.reset(cells, count);
    this.#workspace.kernels.fillFlags(this.#flags.ptr, cells, count, 0);
    this.#pairs?.remove(cells, count);
    this.#keys.drop(groups, count);
  }

  /** The same where there is one slice for ever. The entries stay in its list until it is tidied. */
  dropSome(groups: number, cells: number, count: number): void {
    this.drop(groups, cells, count);
    this.#dropped += count;
  }

  /** Takes what was dropped by itself out of the slice's list: when it is half of it, or when cells are about to be moved. */
  tidy(isMoving = this.#isFullOfGroups()): void {
    const [slice] = this.slices.order;
    if (slice === undefined || this.#dropped === 0) return;
    const count = this.slices.count(slice);
    if (!isMoving && 2 * this.#dropped < count) return;
    const { account, kernels } = this.#workspace;
    const list = account.arena.allocate(count * 4);
    const flags = this.#pairs === null ? this.#flags.ptr + (slice.slot << this.#shift) : this.#flags.ptr;
    this.slices.replaceList(slice, list, kernels.distinctCells(slice.list.ptr, count, flags, list));
    this.#dropped = 0;
  }

  /** After slices were closed, none half dropped: gives back what is not needed any more. */
  settle(): void {
    if (this.slices.order.length === 0) this.#shrink();
    else if (this.#pairs !== null && 2 * this.#denseBytes() <= this.#denseBytesMax) this.#relayout();
  }

  release(): void {
    this.slices.release();
    this.#flags.release();
    this.#pairs?.release();
  }

  #placeInOne(startMs: number, groups: number, n: number): Placed {
    const slice = this.slices.open(startMs);
    this.#makeRoom();
    if (this.#pairs !== null) {
      const { memory, arena } = this.#workspace.account;
      const slots = arena.allocate(n * 4);
      memory.u32.fill(slice.slot, slots >>> 2, (slots >>> 2) + n);
      return this.#placeSparse(this.#pairs, slots, groups, n);
    }
    const base = slice.slot << this.#shift;
    if (!this.#isFull(slice)) this.#enter(groups, n, ONE_SLOT, slice.slot);
    return { ptr: groups, base };
  }

  #placeInTwo(times: number, startMs: number, lastMs: number, groups: number, n: number): Placed {
    const before = this.slices.open(startMs);
    const after = this.slices.open(lastMs);
    this.#makeRoom();
    const { account, kernels } = this.#workspace;
    if (this.#pairs !== null) {
      const { sizeMs, offsetMs, unitsPerMs } = this.#slicing as Slicing;
      const starts = account.arena.allocate(n * 8);
      kernels.startsOf(times, n, sizeMs, offsetMs, unitsPerMs, starts);
      return this.placeAt(starts, groups, n);
    }
    const cells = account.arena.allocate(n * 4);
    const shift = this.#shift;
    const { unitsPerMs } = this.#slicing as Slicing;
    kernels.cellsOfTwo(times, groups, n, lastMs, unitsPerMs, before.slot << shift, after.slot << shift, cells);
    if (!this.#isFull(before) || !this.#isFull(after)) this.#enter(cells, n, shift, 0);
    return { ptr: cells, base: 0 };
  }

  /** Every group has rows in the slice already: nothing can be entered. */
  #isFull(slice: Slice): boolean {
    return this.slices.count(slice) - this.#dropped === this.#keys.live;
  }

  /** Enters dense cells that have their first row; they lie in slot `firstSlot` and those behind it. */
  #enter(cells: number, n: number, shift: number, firstSlot: number): void {
    const { account, kernels } = this.#workspace;
    const flags = this.#flags.ptr + (firstSlot << this.#shift);
    for (let row = 0; ; ) {
      const slots = this.slices.ptr + firstSlot * SLOT_BYTES;
      row = kernels.enterDense(cells, row, n, shift, flags, slots, this.#keys.holders);
      if (row === n) return;
      this.slices.growList(firstSlot + ((account.memory.u32[(cells >>> 2) + row] as number) >>> shift));
    }
  }

  #placeSparse(pairs: WordTable, slots: number, groups: number, n: number): Placed {
    const { account, kernels } = this.#workspace;
    const words = account.arena.allocate(n * 8);
    kernels.pairWords(slots, groups, n, words);
    const cells = pairs.intern(words, 0, n);
    if (pairs.capacity > this.#blocks.capacity) {
      this.#blocks.resize(pairs.capacity);
      this.#growFlags(pairs.capacity);
    }
    const { ptr, count } = pairs.fresh;
    kernels.fillFlags(this.#flags.ptr, ptr, count, 1);
    for (let row = 0; ; ) {
      row = kernels.enterSparse(ptr, row, count, pairs.keys, this.slices.ptr, this.#keys.holders);
      if (row === count) return { ptr: cells, base: 0 };
      const cell = account.memory.u32[(ptr >>> 2) + row] as number;
      this.slices.growList(account.memory.u32[((pairs.keys + cell * 8) >>> 2) + 1] as number);
    }
  }

  /** Makes dense cells large enough for all slots and groups. True when the slots have changed. */
  #makeRoom(): boolean {
    if (this.slices.slotEnd <= this.#slotCount && !this.#isFullOfGroups()) return false;
    if (this.#pairs !== null) return false;
    this.#relayout();
    return true;
  }

  /** There are more groups than dense cells have room for. */
  #isFullOfGroups(): boolean {
    return this.#pairs === null && this.#keys.end > 1 << this.#shift;
  }

  /** Bytes of dense cells for the open slices and all groups. */
  #denseBytes(): number {
    const slots = Math.max(SLOTS_MIN, powerOfTwo(this.slices.order.length));
    const groups = powerOfTwo(this.#keys.end);
    return slots * groups * (this.#blocks.bytesPerCell + 1);
  }

  /** Moves all cells into a layout that has room for what is there: dense where it may be, else sparse. */
  #relayout(): void {
    this.tidy(true);
    const { account, kernels } = this.#workspace;
    const { order } = this.slices;
    const counts = order.map((slice) => this.slices.count(slice));
    const total = counts.reduce((sum, count) => sum + count, 0);
    const groups = account.arena.allocate(total * 4);
    const from = account.arena.allocate(total * 4);
    const slots = account.arena.allocate(total * 4);
    let at = 0;
    order.forEach((slice, index) => {
      const count = counts[index] as number;
      this.entries(slice, 0, count, groups + at * 4, from + at * 4);
      account.memory.u32.fill(index, (slots >>> 2) + at, (slots >>> 2) + at + count);
      at += count;
    });
    this.slices.renumber();
    this.#pairs?.release();
    this.#pairs = null;
    let to = account.arena.allocate(total * 4);
    if (this.#denseBytes() <= this.#denseBytesMax) {
      this.#slotCount = Math.max(SLOTS_MIN, powerOfTwo(order.length));
      this.#shift = Math.log2(powerOfTwo(this.#keys.end));
      kernels.cellsOfSlots(slots, groups, total, this.#shift, to);
      this.#moveCells(from, to, total, this.#slotCount << this.#shift);
      this.#writeLists(counts, groups);
    } else {
      this.#pairs = new WordTable(this.#store);
      const words = account.arena.allocate(total * 8);
      kernels.pairWords(slots, groups, total, words);
      to = this.#pairs.intern(words, 0, total);
      this.#moveCells(from, to, total, this.#pairs.capacity);
      this.#writeLists(counts, to);
    }
  }

  #moveCells(from: number, to: number, count: number, capacity: number): void {
    this.#blocks.move(from, to, count, capacity);
    this.#flags.resize(0, 0);
    this.#growFlags(capacity);
    this.#workspace.kernels.fillFlags(this.#flags.ptr, to, count, 1);
  }

  #growFlags(capacity: number): void {
    const { bytes } = this.#flags;
    this.#flags.resize(capacity, bytes);
    this.#workspace.account.memory.u8.fill(0, this.#flags.ptr + bytes, this.#flags.ptr + capacity);
  }

  /** The slices' lists, one after the other at `entries`. */
  #writeLists(counts: readonly number[], entries: number): void {
    let at = entries;
    this.slices.order.forEach(({ list }, index) => {
      const bytes = (counts[index] as number) * 4;
      this.#workspace.account.memory.u8.copyWithin(list.ptr, at, at + bytes);
      at += bytes;
    });
  }

  /** Nothing is open: goes back to small dense cells where the state hardly used what it had. */
  #shrink(): void {
    const used = Math.max(this.#keys.end, 1);
    this.#keys.shrink();
    if (this.#pairs === null && this.#slotCount << this.#shift <= SHRINK_RATIO * SLOTS_MIN * used) return;
    this.slices.renumber();
    this.#pairs?.release();
    this.#pairs = null;
    this.#slotCount = 0;
    this.#blocks.resize(0);
    this.#flags.release();
  }
}
