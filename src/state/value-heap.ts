// The least or the greatest of the values in a set, of which any may go again (S75): a heap a cell over the entries of the
// set (value-sets.ts). Kernels and layout: assembly/value-sets.ts.
import { bitmapBytes } from "../arrow/column.js";
import { type DataType, layoutOf } from "../arrow/types.js";
import type { CellBlock, CellBlocks } from "./cell-blocks.js";
import { StateBlock, type StateStore } from "./store.js";
import type { WordTable } from "./table.js";

const NODE_BYTES = 12;
/** No entry. */
const EMPTY_CELL = [0xffffffffn];

/** Entries and the cells that they are of: u32 each, cells counted from cell `base`. */
export interface CellEntries {
  readonly count: number;
  readonly entries: number;
  readonly cells: number;
  readonly base: number;
}

interface Firsts {
  readonly numbers: number;
  readonly validity: number;
  readonly found: number;
}

/** How the kernels compare values of a type; their numbers. */
function comparisonOf(type: DataType): number {
  const layout = layoutOf(type);
  if (layout === "f32" || layout === "f64") return 1;
  if (layout === "utf8") return 2;
  return layout === "i128" ? 3 : 0;
}

export class ValueHeap {
  readonly #store: StateStore;
  readonly #comparison: number;
  readonly #descending: number;
  /** The table of the values. */
  readonly #values: number;
  readonly #roots: CellBlock;
  readonly #nodes: StateBlock;

  /** `values`: address of the table of the values' numbers. */
  constructor(store: StateStore, blocks: CellBlocks, type: DataType, values: number, fn: "min" | "max") {
    this.#store = store;
    this.#comparison = comparisonOf(type);
    this.#descending = fn === "max" ? 1 : 0;
    this.#values = values;
    this.#roots = blocks.add(EMPTY_CELL);
    this.#nodes = new StateBlock(store);
  }

  /** Puts entries, whose values have come, under their cells. `pairs`: the table of the entries. */
  enter({ entries, cells, base, count }: CellEntries, pairs: WordTable): void {
    this.#nodes.reserve(pairs.capacity * NODE_BYTES);
    this.#store.workspace.kernels.enterHeaps(...this.#arguments(entries, cells, base, count, pairs));
  }

  /** Takes entries, whose values have gone, from their cells. */
  leave({ entries, cells, base, count }: CellEntries, pairs: WordTable): void {
    this.#store.workspace.kernels.leaveHeaps(...this.#arguments(entries, cells, base, count, pairs));
  }

  /** Numbers of the values that stand first in the listed cells, u32; which cells have one, and how many. */
  firsts(cells: number, count: number, pairs: WordTable): Firsts {
    const { account, kernels } = this.#store.workspace;
    const numbers = account.arena.allocate(count * 4);
    const validity = account.arena.allocate(bitmapBytes(count));
    const found = kernels.firstsOfHeaps(this.#roots.ptr, cells, count, pairs.keys, validity, numbers);
    return { numbers, validity, found };
  }

  release(): void {
    this.#nodes.release();
  }

  #arguments(entries: number, cells: number, base: number, count: number, pairs: WordTable) {
    const roots = this.#roots.ptr + base * this.#roots.width;
    const order = [this.#comparison, this.#descending] as const;
    return [this.#nodes.ptr, roots, entries, cells, count, pairs.keys, this.#values, ...order] as const;
  }
}
