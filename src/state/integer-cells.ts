// Accumulators of one column of integers, dates, times or decimals up to 18 digits: sums have 128 bits (S54).
import type { Batch } from "../arrow/batch.js";
import { Column, type Workspace } from "../arrow/column.js";
import { type DataType, layoutOf } from "../arrow/types.js";
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
import { valuesOfWords, wordsOf } from "./words.js";

/** │ sum, low half │ sum, high half │ count │ min │ max │ NULLs │ */
const EMPTY_CELL = [0n, 0n, 0n, 0x7fffffffffffffffn, 0x8000000000000000n, 0n];
const COUNT = 16;
const MIN = 24;
const MAX = 32;
const NULLS = 40;

export class IntegerCells implements Accumulator {
  readonly #workspace: Workspace;
  readonly #index: number;
  /** Digits behind the point of the column. */
  readonly #scale: number;
  readonly #states: CellBlock;
  #mayBeNull = false;

  constructor(workspace: Workspace, blocks: CellBlocks, index: number, type: DataType) {
    this.#workspace = workspace;
    this.#index = index;
    this.#scale = type.kind === "decimal" ? type.scale : 0;
    this.#states = blocks.add(EMPTY_CELL);
  }

  update(batch: Batch, placed: Placed): void {
    const { kernels } = this.#workspace;
    const column = batch.plainColumn(this.#index);
    const words = wordsOf(this.#workspace, column);
    const valid = validRows(this.#workspace, column.validity, placed.ptr, words, column.length);
    const { width } = this.#states;
    const states = this.#states.ptr + placed.base * width;
    kernels.updateI64(states, valid.cells, valid.values, valid.count);
    if (valid.count === column.length) return;
    this.#mayBeNull = true;
    kernels.addOnes(states + NULLS, width, valid.nullCells, column.length - valid.count);
  }

  retract(batch: Batch, placed: Placed): void {
    const { kernels } = this.#workspace;
    const column = batch.plainColumn(this.#index);
    const words = wordsOf(this.#workspace, column);
    const valid = validRows(this.#workspace, column.validity, placed.ptr, words, column.length);
    const { width } = this.#states;
    const states = this.#states.ptr + placed.base * width;
    kernels.retractI64(states, valid.cells, valid.values, valid.count);
    kernels.subtractOnes(states + NULLS, width, valid.nullCells, column.length - valid.count);
  }

  keepEmpty(cells: number, rows: number, count: number): number {
    const { kernels } = this.#workspace;
    const { ptr, width } = this.#states;
    const kept = kernels.keepZeros(ptr, width, 0, MIN / 8, cells, count, rows);
    return kernels.keepZeros(ptr, width, NULLS, 1, cells, kept, rows);
  }

  merge(other: IntegerCells, from: number, to: number, count: number): void {
    this.#mayBeNull ||= other.#mayBeNull;
    this.#workspace.kernels.mergeI64(this.#states.ptr, to, other.#states.ptr, from, count);
  }

  result(fn: AggregateFunction, type: DataType, cells: number, count: number): Column {
    const { ptr, width } = this.#states;
    const values = this.#read(fn, type, cells, count);
    const counts = fn === "count" || fn === "count_star";
    const mayBeNull = this.#mayBeNull && !counts;
    const validity = mayBeNull ? countedValidity(this.#workspace, ptr + COUNT, width, cells, count) : 0;
    return new Column({ type, length: count, values, validity });
  }

  overflow(cells: number, count: number): number {
    const { account, kernels } = this.#workspace;
    return kernels.sumI64(this.#states.ptr, cells, count, account.arena.allocate(count * 8));
  }

  expectNulls(): void {
    this.#mayBeNull = true;
  }

  blocks(): NamedBlock[] {
    return [{ name: `integer ${this.#index}`, block: this.#states }];
  }

  useBlock(name: string): CellBlock | undefined {
    return name === `integer ${this.#index}` ? this.#states : undefined;
  }

  /** Values of the aggregate in its type's layout. */
  #read(fn: AggregateFunction, type: DataType, cells: number, count: number): number {
    const { account, kernels } = this.#workspace;
    const { ptr } = this.#states;
    const wide = layoutOf(type) === "i128";
    const out = account.arena.allocate(count * (wide ? 16 : 8));
    switch (fn) {
      case "count":
        this.#gather(COUNT, cells, count, out);
        return out;
      case "count_star":
        this.#gather(COUNT, cells, count, out);
        if (this.#mayBeNull) kernels.addCells(ptr + NULLS, this.#states.width, cells, count, out);
        return out;
      case "min":
      case "max":
        this.#gather(fn === "min" ? MIN : MAX, cells, count, out);
        return valuesOfWords(this.#workspace, type, out, count);
      case "sum":
        if (wide) kernels.sumI128(ptr, cells, count, out);
        else this.#gather(0, cells, count, out);
        return out;
      case "avg":
        if (type.kind === "float64") kernels.averageI64(ptr, cells, count, out);
        else if (wide && type.kind === "decimal") {
          kernels.averageI128(ptr, cells, count, 10 ** (type.scale - this.#scale), out);
        } else throw new InternalError(`AVG of integers as ${type.kind}`);
        return out;
    }
  }

  #gather(place: number, cells: number, count: number, out: number): void {
    this.#workspace.kernels.gatherCells(this.#states.ptr + place, this.#states.width, cells, count, out);
  }
}
