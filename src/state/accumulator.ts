// What the accumulators of float, integer and other columns share: the contract, and the parting of rows by validity.

import type { Batch } from "../arrow/batch.js";
import type { Column } from "../arrow/column.js";
import { bitmapBytes, type Workspace } from "../arrow/column.js";
import type { DataType } from "../arrow/types.js";
import type { PhysicalAggregate } from "../plan/physical.js";
import type { CellBlock } from "./cell-blocks.js";
import type { Placed } from "./cells.js";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.js";

export type AggregateFunction = PhysicalAggregate["fn"];

/** A block and its name in snapshots. */
export interface NamedBlock {
  readonly name: string;
  readonly block: CellBlock;
}

/** One aggregate's values. */
export interface ResultReader {
  /** Of the listed cells, in the arena. */
  result(cells: number, count: number): Column;
  /** The first listed cell whose SUM is no BIGINT; `count` when all are. Absent where sums cannot overflow. */
  overflow?(cells: number, count: number): number;
}

/** Cells that are read back from a snapshot, in the order in which they were written. */
export interface SavedCells {
  readonly cells: number;
  readonly count: number;
}

/** The accumulators of one column. Layouts of their cells: assembly/aggregate.ts. */
export interface Accumulator {
  /** Adds the rows of a batch to their cells. @throws MEMORY_LIMIT */
  update(batch: Batch, placed: Placed): void;
  /** Takes rows away again; only of accumulators that were made for it. */
  retract?(batch: Batch, placed: Placed): void;
  /** Of `count` rows, numbers of the listed cells, those whose cell has nothing: in their place. Returns how many. */
  keepEmpty?(cells: number, rows: number, count: number): number;
  /** Adds cells `from` of another accumulator of the same column to the cells `to`, one by one (u32 each). */
  merge(other: this, from: number, to: number, count: number): void;
  /** The aggregate's values in the listed cells, in the arena. */
  result(fn: AggregateFunction, type: DataType, cells: number, count: number): Column;
  /** The first listed cell whose SUM is no BIGINT; `count` when all are. Absent where sums cannot overflow. */
  overflow?(cells: number, count: number): number;
  /** Writes what the listed cells have beside their blocks. `where`: what the rows had to meet. */
  save?(writer: SnapshotWriter, where: string, saved: SavedCells): void;
  /** Reads back what `save` wrote, for the same cells in the same order. */
  load?(reader: SnapshotReader, where: string, saved: SavedCells): void;
  /** From now on cells may have nothing but NULLs, or no rows at all. */
  expectNulls(): void;
  /** The blocks in use. */
  blocks(): NamedBlock[];
  /** The block of that name, taken into use; undefined when it is not of this accumulator. */
  useBlock(name: string): CellBlock | undefined;
}

/** The rows where a column is valid, and the cells of those where it is NULL. */
export interface ValidRows {
  readonly count: number;
  readonly cells: number;
  readonly values: number;
  readonly nullCells: number;
}

/** Parts `n` rows by validity. `values`: 8 bytes a row, or 0 when only cells matter. */
export function validRows(
  { account, kernels }: Workspace,
  validity: number,
  cells: number,
  values: number,
  n: number,
): ValidRows {
  if (validity === 0) return { count: n, cells, values, nullCells: 0 };
  const validCells = account.arena.allocate(n * 4);
  const nullCells = account.arena.allocate(n * 4);
  const validValues = values === 0 ? 0 : account.arena.allocate(n * 8);
  const count = kernels.splitValid(validity, cells, values, n, validCells, validValues, nullCells);
  return { count, cells: validCells, values: validValues, nullCells };
}

/** Validity of results: 0 in cells whose 64-bit count (an integer or a float) is 0. Address 0 when there is none. */
export function countedValidity(
  { account, kernels }: Workspace,
  counts: number,
  stride: number,
  cells: number,
  count: number,
): number {
  const words = account.arena.allocate(count * 8);
  kernels.gatherCells(counts, stride, cells, count, words);
  const validity = account.arena.allocate(bitmapBytes(count));
  return kernels.bitsOfWords(words, count, validity) === 0 ? 0 : validity;
}
