// Accumulators of one FLOAT or DOUBLE column whose rows may be taken away again: sums and counts. What is gone has left no
// trace: a sum keeps what it loses by rounding, and of no values it is 0 again (S62).
import type { Batch } from "../arrow/batch.js";
import { Column, type Workspace } from "../arrow/column.js";
import type { DataType } from "../arrow/types.js";
import { InternalError } from "../errors.js";
import {
  type Accumulator,
  type AggregateFunction,
  countedValidity,
  type NamedBlock,
  validRows,
} from "./accumulator.js";
import type { CellBlock, CellBlocks } from "./cell-blocks.js";
import type { Placed } from "./cells.js";

/** │ four sums, each of what the one before lost │ count │ NaNs │ +Infinities │ −Infinities │ NULLs │ */
const EMPTY_CELL = [0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n];
const COUNT = 32;
const NULLS = 64;

export class ExactFloatCells implements Accumulator {
  readonly #workspace: Workspace;
  readonly #index: number;
  readonly #states: CellBlock;

  constructor(workspace: Workspace, blocks: CellBlocks, index: number) {
    this.#workspace = workspace;
    this.#index = index;
    this.#states = blocks.add(EMPTY_CELL);
  }

  update(batch: Batch, placed: Placed): void {
    this.#add(batch, placed, 1);
  }

  retract(batch: Batch, placed: Placed): void {
    this.#add(batch, placed, -1);
  }

  keepEmpty(cells: number, rows: number, count: number): number {
    const { ptr, width } = this.#states;
    return this.#workspace.kernels.keepZeros(ptr, width, 0, EMPTY_CELL.length, cells, count, rows);
  }

  merge(): void {
    throw new InternalError("windows do not take rows away");
  }

  result(fn: AggregateFunction, type: DataType, cells: number, count: number): Column {
    const { account, kernels } = this.#workspace;
    const { ptr, width } = this.#states;
    const values = account.arena.allocate(count * 8);
    if (fn === "count" || fn === "count_star") {
      kernels.gatherCells(ptr + COUNT, width, cells, count, values);
      if (fn === "count_star") kernels.addCells(ptr + NULLS, width, cells, count, values);
      return new Column({ type, length: count, values });
    }
    kernels.sumExactF64(ptr, cells, count, fn === "avg" ? 1 : 0, values);
    if (type.kind === "float32") kernels.demoteF64(values, count, values);
    const validity = countedValidity(this.#workspace, ptr + COUNT, width, cells, count);
    return new Column({ type, length: count, values, validity });
  }

  expectNulls(): void {
    // A result without values is always looked for.
  }

  blocks(): NamedBlock[] {
    return [{ name: `exact ${this.#index}`, block: this.#states }];
  }

  useBlock(name: string): CellBlock | undefined {
    return name === `exact ${this.#index}` ? this.#states : undefined;
  }

  #add(batch: Batch, placed: Placed, sign: 1 | -1): void {
    const { account, kernels } = this.#workspace;
    const column = batch.plainColumn(this.#index);
    const { length, layout, validity } = column;
    let { values } = column;
    if (layout === "f32") {
      values = account.arena.allocate(length * 8);
      kernels.promoteF32(column.values, length, values);
    }
    const valid = validRows(this.#workspace, validity, placed.ptr, values, length);
    const { width } = this.#states;
    const states = this.#states.ptr + placed.base * width;
    kernels.updateExactF64(states, valid.cells, valid.values, valid.count, sign);
    const nulls = length - valid.count;
    if (sign > 0) kernels.addOnes(states + NULLS, width, valid.nullCells, nulls);
    else kernels.subtractOnes(states + NULLS, width, valid.nullCells, nulls);
  }
}
