// Accumulators of the least or the greatest text, bytes or long decimal of a column: each cell keeps its own copy in a heap,
// which is packed when it is full. Layout and kernels: assembly/extremes.ts.
import { Batch } from "../arrow/batch.js";
import { bitmapBytes, Column, textRoom } from "../arrow/column.js";
import { type DataType, field, layoutOf, schemaOf } from "../arrow/types.js";
import type { Accumulator, AggregateFunction, NamedBlock, SavedCells } from "./accumulator.js";
import type { CellBlock, CellBlocks } from "./cell-blocks.js";
import type { Placed } from "./cells.js";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.js";
import { StateBlock, type StateStore } from "./store.js";

/** │ start, length: none │ room │ */
const EMPTY_CELL = [0xffffffff00000000n, 0n];
const CELL_BYTES = 16;
/** │ address │ capacity │ used │ */
const HEAP_BYTES = 16;
const LONG_BYTES = 16;
const BYTES_MIN = 1024;

export class ExtremeBytes implements Accumulator {
  readonly #store: StateStore;
  readonly #blocks: CellBlocks;
  readonly #index: number;
  readonly #type: DataType;
  readonly #fn: "min" | "max";
  readonly #states: CellBlock;
  readonly #heap: number;
  #bytes: StateBlock;

  constructor(store: StateStore, blocks: CellBlocks, index: number, type: DataType, fn: "min" | "max") {
    this.#store = store;
    this.#blocks = blocks;
    this.#index = index;
    this.#type = type;
    this.#fn = fn;
    this.#states = blocks.add(EMPTY_CELL);
    this.#heap = store.allocate(HEAP_BYTES);
    this.#bytes = new StateBlock(store);
    this.#forget();
    blocks.attach(this);
  }

  update(batch: Batch, { ptr, base }: Placed): void {
    const { account, kernels } = this.#store.workspace;
    const { validity, length, layout } = batch.column(this.#index);
    if (layout === "none") return;
    if (validity === 0) {
      this.#keep(batch.plainColumn(this.#index), ptr, base);
      return;
    }
    const selection = account.arena.allocate(length * 4);
    const count = kernels.bitmapToSelection(validity, length, selection);
    const cells = account.arena.allocate(count * 4);
    kernels.takeU32(ptr, selection, count, cells);
    this.#keep(batch.select(selection, count).plainColumn(this.#index), cells, base);
  }

  merge(other: ExtremeBytes, from: number, to: number, count: number): void {
    this.#restore(other.#column(from, count), to);
  }

  result(_fn: AggregateFunction, _type: DataType, cells: number, count: number): Column {
    return this.#column(cells, count);
  }

  expectNulls(): void {
    // A cell without text is always looked for.
  }

  blocks(): NamedBlock[] {
    return [];
  }

  useBlock(): CellBlock | undefined {
    return undefined;
  }

  save(writer: SnapshotWriter, where: string, { cells, count }: SavedCells): void {
    const schema = schemaOf([field("value", this.#type)]);
    writer.table(this.#nameOf(where), new Batch(this.#store.workspace, schema, [this.#column(cells, count)], count));
  }

  load(reader: SnapshotReader, where: string, { cells }: SavedCells): void {
    const table = reader.table(this.#nameOf(where), this.#store.workspace);
    if (table !== undefined) this.#restore(table.column(0), cells);
  }

  reset(): void {
    // Cells are emptied with their block; what they leave in the heap is packed away when it is full.
  }

  shrink(): void {
    this.#bytes.release();
    this.#forget();
  }

  release(): void {
    this.#bytes.release();
    this.#store.free(this.#heap, HEAP_BYTES);
  }

  #nameOf(where: string): string {
    return `${this.#fn} ${this.#index}${where}`;
  }

  #forget(): void {
    const at = this.#heap >>> 2;
    this.#store.workspace.account.memory.u32.fill(0, at, at + 3);
  }

  /** Width of values that all have the same; 0: texts. */
  get #width(): number {
    return layoutOf(this.#type) === "i128" ? LONG_BYTES : 0;
  }

  /** Adds one value to each cell, but NULLs. */
  #restore(values: Column, cells: number): void {
    const schema = schemaOf([field("value", this.#type)]);
    const { account, kernels } = this.#store.workspace;
    const { length, validity } = values;
    let rows = new Batch(this.#store.workspace, schema, [values], length);
    let ptr = cells;
    if (validity !== 0) {
      const selection = account.arena.allocate(length * 4);
      const count = kernels.bitmapToSelection(validity, length, selection);
      ptr = account.arena.allocate(count * 4);
      kernels.takeU32(cells, selection, count, ptr);
      rows = rows.select(selection, count);
    }
    this.#keep(rows.column(0), ptr, 0);
  }

  /** Rows without NULLs. @throws MEMORY_LIMIT */
  #keep({ length: n, values, offsets: given, layout }: Column, cells: number, base: number): void {
    const { account, kernels } = this.#store.workspace;
    let offsets = given;
    if (layout !== "utf8") {
      offsets = account.arena.allocate((n + 1) * 4);
      kernels.strideOffsets(n, LONG_BYTES, offsets);
    }
    const descending = this.#fn === "max" ? 1 : 0;
    for (let row = 0; ; ) {
      const states = this.#states.ptr + base * CELL_BYTES;
      row = kernels.keepExtremes(states, cells, offsets, values, row, n, this.#width, descending, this.#heap);
      if (row >= n) return;
      const { i32 } = account.memory;
      const at = (offsets >>> 2) + row;
      this.#makeRoom((i32[at + 1] as number) - (i32[at] as number));
    }
  }

  /** Packs the heap into one with room for twice what is kept, and `moreBytes`. */
  #makeRoom(moreBytes: number): void {
    const { kernels } = this.#store.workspace;
    const { capacity } = this.#blocks;
    const keptBytes = kernels.sizeOfExtremes(this.#states.ptr, 0, capacity);
    const bytes = new StateBlock(this.#store, Math.max(BYTES_MIN, 2 * (keptBytes + moreBytes)));
    kernels.packExtremes(this.#states.ptr, capacity, this.#heap, bytes.ptr, bytes.bytes);
    this.#bytes.release();
    this.#bytes = bytes;
  }

  #column(cells: number, count: number): Column {
    const { workspace } = this.#store;
    const { account, kernels } = workspace;
    const validity = account.arena.allocate(bitmapBytes(count));
    const isText = this.#width === 0;
    const offsets = isText ? account.arena.allocate((count + 1) * 4) : 0;
    const { ptr } = this.#states;
    const values = isText
      ? textRoom(workspace, kernels.sizeOfExtremes(ptr, cells, count))
      : account.arena.allocateZeroed(count * LONG_BYTES);
    const found = kernels.gatherExtremes(ptr, cells, count, this.#heap, this.#width, offsets, values, validity);
    const nulls = found === count ? 0 : validity;
    return new Column({ type: this.#type, length: count, values, offsets, validity: nulls });
  }
}
