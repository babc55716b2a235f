// Accumulators of one FLOAT or DOUBLE column. NULLs and NaNs are counted beside, in a block that exists once there was one.
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

const INFINITY_BITS = 0x7ff0000000000000n;
/** │ sum │ count │ min │ −max │ */
const EMPTY_CELL = [0n, 0n, INFINITY_BITS, INFINITY_BITS];
const COUNT = 8;
/** │ NULLs │ NaNs │ */
const EMPTY_ODD_CELL = [0n, 0n];

export class FloatCells implements Accumulator {
  readonly #workspace: Workspace;
  readonly #blocks: CellBlocks;
  readonly #index: number;
  readonly #states: CellBlock;
  #odd: CellBlock | null = null;
  #mayBeNull = false;

  constructor(workspace: Workspace, blocks: CellBlocks, index: number) {
    this.#workspace = workspace;
    this.#blocks = blocks;
    this.#index = index;
    this.#states = blocks.add(EMPTY_CELL);
  }

  update(batch: Batch, placed: Placed): void {
    const { account, kernels } = this.#workspace;
    const column = batch.plainColumn(this.#index);
    let { values } = column;
    if (column.layout === "f32") {
      values = account.arena.allocate(column.length * 8);
      kernels.promoteF32(column.values, column.length, values);
    }
    const valid = validRows(this.#workspace, column.validity, placed.ptr, values, column.length);
    if (valid.count < column.length) {
      this.#mayBeNull = true;
      const nulls = this.#useOdd().ptr + placed.base * EMPTY_ODD_CELL.length * 8;
      kernels.addOnes(nulls, this.#useOdd().width, valid.nullCells, column.length - valid.count);
    }
    const { width } = this.#states;
    const anyNaN = kernels.updateF64(this.#states.ptr + placed.base * width, valid.cells, valid.values, valid.count);
    if (anyNaN === 0) return;
    const odd = this.#useOdd();
    kernels.countNaNs(odd.ptr + placed.base * odd.width, valid.cells, valid.values, valid.count);
  }

  merge(other: FloatCells, from: number, to: number, count: number): void {
    const { kernels } = this.#workspace;
    this.#mayBeNull ||= other.#mayBeNull;
    kernels.mergeF64(this.#states.ptr, to, other.#states.ptr, from, count);
    if (other.#odd === null) return;
    kernels.mergeCounts(this.#useOdd().ptr, to, other.#odd.ptr, from, count, EMPTY_ODD_CELL.length);
  }

  result(fn: AggregateFunction, type: DataType, cells: number, count: number): Column {
    const { account, kernels } = this.#workspace;
    const { ptr, width } = this.#states;
    const values = account.arena.allocate(count * 8);
    if (fn === "count" || fn === "count_star") {
      kernels.gatherCells(ptr + COUNT, width, cells, count, values);
      kernels.integersOfF64(values, count, values);
      if (fn === "count_star" && this.#odd !== null) {
        kernels.addCells(this.#odd.ptr, this.#odd.width, cells, count, values);
      }
      return new Column({ type, length: count, values });
    }
    this.#read(fn, cells, count, values);
    if (type.kind === "float32") kernels.demoteF64(values, count, values);
    const validity = this.#mayBeNull ? countedValidity(this.#workspace, ptr + COUNT, width, cells, count) : 0;
    return new Column({ type, length: count, values, validity });
  }

  expectNulls(): void {
    this.#mayBeNull = true;
  }

  blocks(): NamedBlock[] {
    const states = { name: `float ${this.#index}`, block: this.#states };
    return this.#odd === null ? [states] : [states, { name: `odd ${this.#index}`, block: this.#odd }];
  }

  useBlock(name: string): CellBlock | undefined {
    if (name === `float ${this.#index}`) return this.#states;
    return name === `odd ${this.#index}` ? this.#useOdd() : undefined;
  }

  #read(fn: AggregateFunction, cells: number, count: number, out: number): void {
    const { kernels } = this.#workspace;
    const { ptr } = this.#states;
    const odd = this.#odd?.ptr ?? 0;
    if (fn === "sum") kernels.sumF64(ptr, cells, count, out);
    else if (fn === "avg") kernels.averageF64(ptr, cells, count, out);
    else if (fn === "min") kernels.minF64(ptr, odd, cells, count, out);
    else if (fn === "max") kernels.maxF64(ptr, odd, cells, count, out);
    else throw new InternalError(`${fn} of floats`);
  }

  #useOdd(): CellBlock {
    this.#odd ??= this.#blocks.add(EMPTY_ODD_CELL);
    return this.#odd;
  }
}
