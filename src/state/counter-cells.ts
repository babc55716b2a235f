// Counters: COUNT(*) where no column is accumulated, and COUNT of a column of which nothing else is asked.
import type { Batch } from "../arrow/batch.js";
import { Column, type Workspace } from "../arrow/column.js";
import type { DataType } from "../arrow/types.js";
import { type Accumulator, type AggregateFunction, type NamedBlock, validRows } from "./accumulator.js";
import type { CellBlock, CellBlocks } from "./cell-blocks.js";
import type { Placed } from "./cells.js";

const EMPTY_CELL = [0n];

export class CounterCells implements Accumulator {
  readonly #workspace: Workspace;
  readonly #index: number;
  readonly #counts: CellBlock;

  /** `index` −1 counts rows. */
  constructor(workspace: Workspace, blocks: CellBlocks, index: number) {
    this.#workspace = workspace;
    this.#index = index;
    this.#counts = blocks.add(EMPTY_CELL);
  }

  update(batch: Batch, placed: Placed): void {
    const { ptr, width } = this.#counts;
    const { cells, count } = this.#counted(batch, placed);
    this.#workspace.kernels.addOnes(ptr + placed.base * width, width, cells, count);
  }

  retract(batch: Batch, placed: Placed): void {
    const { ptr, width } = this.#counts;
    const { cells, count } = this.#counted(batch, placed);
    this.#workspace.kernels.subtractOnes(ptr + placed.base * width, width, cells, count);
  }

  keepEmpty(cells: number, rows: number, count: number): number {
    const { ptr, width } = this.#counts;
    return this.#workspace.kernels.keepZeros(ptr, width, 0, 1, cells, count, rows);
  }

  merge(other: CounterCells, from: number, to: number, count: number): void {
    this.#workspace.kernels.mergeCounts(this.#counts.ptr, to, other.#counts.ptr, from, count, EMPTY_CELL.length);
  }

  result(_fn: AggregateFunction, type: DataType, cells: number, count: number): Column {
    return new Column({ type, length: count, values: this.counts(cells, count) });
  }

  /** The counts of the listed cells, i64 in the arena. */
  counts(cells: number, count: number): number {
    const values = this.#workspace.account.arena.allocate(count * 8);
    this.#workspace.kernels.gatherCells(this.#counts.ptr, this.#counts.width, cells, count, values);
    return values;
  }

  expectNulls(): void {
    // A count is never NULL.
  }

  blocks(): NamedBlock[] {
    return [{ name: `counter ${this.#index}`, block: this.#counts }];
  }

  useBlock(name: string): CellBlock | undefined {
    return name === `counter ${this.#index}` ? this.#counts : undefined;
  }

  /** Cells of the rows that count. */
  #counted(batch: Batch, placed: Placed): { readonly cells: number; readonly count: number } {
    const column = this.#index < 0 ? null : batch.column(this.#index);
    // A column of type NULL has no values at all.
    if (column?.layout === "none") return { cells: placed.ptr, count: 0 };
    return validRows(this.#workspace, column?.validity ?? 0, placed.ptr, 0, batch.rowCount);
  }
}
