// The memory of accumulators: blocks with one cell for each group and window, all numbered alike (cells.ts says how). Every
// cell that is not in use holds its block's pattern, so that a new one needs no initialisation.
import type { LinearMemory } from "../wasm/memory.js";
import { StateBlock, type StateStore } from "./store.js";

/** One block: `width` bytes a cell, a multiple of 8. Its address changes when it grows: ask `ptr` each time. */
export class CellBlock {
  readonly width: number;
  /** Address of the empty cell. */
  readonly pattern: number;
  readonly #store: StateStore;
  readonly #memory: LinearMemory;
  #cells: StateBlock;

  constructor(store: StateStore, pattern: readonly bigint[], capacity: number) {
    this.#store = store;
    this.#memory = store.workspace.account.memory;
    this.width = pattern.length * 8;
    this.pattern = store.allocate(this.width);
    pattern.forEach((word, index) => {
      this.#memory.u64[(this.pattern >>> 3) + index] = word;
    });
    this.#cells = new StateBlock(store);
    this.resize(0, capacity);
  }

  get ptr(): number {
    return this.#cells.ptr;
  }

  /** Room for `capacity` cells; the first `kept` stay, the rest is empty. */
  resize(kept: number, capacity: number): void {
    this.#cells.resize(capacity * this.width, kept * this.width);
    this.#clear(kept, capacity);
  }

  /** Room for `capacity` cells, all empty but for cells to[i], which become what cells from[i] were. */
  move(from: number, to: number, count: number, capacity: number): void {
    const old = this.#cells;
    this.#cells = new StateBlock(this.#store);
    this.resize(0, capacity);
    this.#store.workspace.kernels.moveCells(old.ptr, from, this.width, count, this.ptr, to);
    old.release();
  }

  /** The listed cells become empty. */
  reset(cells: number, count: number): void {
    this.#store.workspace.kernels.resetCells(this.ptr, this.width, cells, count, this.pattern);
  }

  release(): void {
    this.#cells.release();
    this.#store.free(this.pattern, this.width);
  }

  /** Writes the pattern to one cell, then copies what is there already, twice as much each time. */
  #clear(start: number, end: number): void {
    if (start >= end) return;
    const { u8 } = this.#memory;
    const first = this.ptr + start * this.width;
    const last = this.ptr + end * this.width;
    u8.copyWithin(first, this.pattern, this.pattern + this.width);
    for (let filled = first + this.width; filled < last; ) {
      const bytes = Math.min(filled - first, last - filled);
      u8.copyWithin(filled, first, first + bytes);
      filled += bytes;
    }
  }
}

/** What is kept beside cells, and goes with them. */
export interface CellContents {
  /** The listed cells are about to become empty. */
  reset(cells: number, count: number): void;
  /** No cell has anything: memory may be given back. */
  shrink(): void;
  release(): void;
}

/** All blocks of one operator; they grow together. */
export class CellBlocks {
  readonly #store: StateStore;
  readonly #blocks: CellBlock[] = [];
  readonly #contents: CellContents[] = [];
  #capacity = 0;

  constructor(store: StateStore) {
    this.#store = store;
  }

  /** Cells that every block has room for. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Bytes that one more cell takes. */
  get bytesPerCell(): number {
    return this.#blocks.reduce((bytes, block) => bytes + block.width, 0);
  }

  /** One more block, of words like `pattern`; all cells there are get one. */
  add(pattern: readonly bigint[]): CellBlock {
    const block = new CellBlock(this.#store, pattern, this.#capacity);
    this.#blocks.push(block);
    return block;
  }

  /** What the cells have beside their words. */
  attach(contents: CellContents): void {
    this.#contents.push(contents);
  }

  /** Room for `capacity` cells; those that fit stay. */
  resize(capacity: number): void {
    if (capacity === 0) for (const contents of this.#contents) contents.shrink();
    for (const block of this.#blocks) block.resize(Math.min(this.#capacity, capacity), capacity);
    this.#capacity = capacity;
  }

  /** Cells from[i] become cells to[i]; all others are empty. */
  move(from: number, to: number, count: number, capacity: number): void {
    for (const block of this.#blocks) block.move(from, to, count, capacity);
    this.#capacity = capacity;
  }

  reset(cells: number, count: number): void {
    for (const contents of this.#contents) contents.reset(cells, count);
    for (const block of this.#blocks) block.reset(cells, count);
  }

  release(): void {
    for (const contents of this.#contents) contents.release();
    for (const block of this.#blocks) block.release();
  }
}
