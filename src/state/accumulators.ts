// The accumulators of a list of aggregates: which blocks of cells they need, how rows are added, how results are read.
// Aggregates over one column share its accumulator; COUNT(*) shares the first, which counts NULLs apart.
import type { Batch } from "../arrow/batch.js";
import type { Column } from "../arrow/column.js";
import { type Field, layoutOf, type Schema, typeName } from "../arrow/types.js";
import { PlanError } from "../errors.js";
import type { PhysicalAggregate } from "../plan/physical.js";
import type { Accumulator, NamedBlock } from "./accumulator.js";
import type { CellBlock, CellBlocks } from "./cell-blocks.js";
import type { Placed } from "./cells.js";
import { CounterCells } from "./counter-cells.js";
import { FloatCells } from "./float-cells.js";
import { IntegerCells } from "./integer-cells.js";
import type { StateStore } from "./store.js";

/** A SUM that is no BIGINT: the row of the output it would be, and whose sum. */
export interface Overflow {
  readonly row: number;
  readonly aggregate: PhysicalAggregate;
}

export class Accumulators {
  readonly #aggregates: readonly PhysicalAggregate[];
  /** Each once, in the order of the first aggregate that needs it. */
  readonly #accumulators: Accumulator[];
  /** By column; −1 for rows, which may be a column's. */
  readonly #byColumn = new Map<number, Accumulator>();
  /** SUMs that give BIGINT and have to be checked. */
  readonly #checked: readonly PhysicalAggregate[];

  /** @throws UNSUPPORTED for a type that is not aggregated yet */
  constructor(store: StateStore, blocks: CellBlocks, schema: Schema, aggregates: readonly PhysicalAggregate[]) {
    this.#aggregates = aggregates;
    this.#checked = aggregates.filter(({ fn, type }) => fn === "sum" && layoutOf(type) === "i64");
    for (const aggregate of aggregates) {
      const { fn, column } = aggregate;
      if (fn === "count" || fn === "count_star" || this.#byColumn.has(column)) continue;
      this.#byColumn.set(column, openCells(store, blocks, schema, aggregate));
    }
    const shared = [...this.#byColumn.values()][0];
    for (const { fn, column } of aggregates) {
      if (fn !== "count" || this.#byColumn.has(column)) continue;
      this.#byColumn.set(column, new CounterCells(store.workspace, blocks, column));
    }
    if (aggregates.some(({ fn }) => fn === "count_star")) {
      this.#byColumn.set(-1, shared ?? new CounterCells(store.workspace, blocks, -1));
    }
    this.#accumulators = [...new Set(this.#byColumn.values())];
  }

  /** Adds the rows of a batch to their cells. @throws MEMORY_LIMIT */
  update(batch: Batch, placed: Placed): void {
    for (const accumulator of this.#accumulators) accumulator.update(batch, placed);
  }

  /** Adds cells `from` of accumulators over the same columns to the cells `to`, one by one. */
  merge(others: Accumulators, from: number, to: number, count: number): void {
    this.#accumulators.forEach((accumulator, index) => {
      accumulator.merge(others.#accumulators[index] as Accumulator, from, to, count);
    });
  }

  /** The first of the listed cells that has a SUM beyond BIGINT; null when all are right. */
  overflow(cells: number, count: number): Overflow | null {
    for (const aggregate of this.#checked) {
      const row = this.#of(aggregate).overflow?.(cells, count) ?? count;
      if (row < count) return { row, aggregate };
    }
    return null;
  }

  /** One column an aggregate, in their order, of the listed cells; in the arena. */
  results(cells: number, count: number): Column[] {
    return this.#aggregates.map((aggregate) => this.#of(aggregate).result(aggregate.fn, aggregate.type, cells, count));
  }

  /** From now on cells may have no rows at all. */
  expectNulls(): void {
    for (const accumulator of this.#accumulators) accumulator.expectNulls();
  }

  /** The blocks in use, for snapshots. */
  blocks(): NamedBlock[] {
    return this.#accumulators.flatMap((accumulator) => accumulator.blocks());
  }

  /** The block of that name, taken into use; undefined when these aggregates have none of that name. */
  useBlock(name: string): CellBlock | undefined {
    for (const accumulator of this.#accumulators) {
      const block = accumulator.useBlock(name);
      if (block !== undefined) return block;
    }
    return undefined;
  }

  #of({ fn, column }: PhysicalAggregate): Accumulator {
    return this.#byColumn.get(fn === "count_star" ? -1 : column) as Accumulator;
  }
}

function openCells(
  store: StateStore,
  blocks: CellBlocks,
  schema: Schema,
  { fn, column }: PhysicalAggregate,
): Accumulator {
  const { name, type } = schema.fields[column] as Field;
  switch (layoutOf(type)) {
    case "f32":
    case "f64":
      return new FloatCells(store.workspace, blocks, column);
    case "i8":
    case "i16":
    case "i32":
    case "i64":
      return new IntegerCells(store.workspace, blocks, column, type);
    default:
      throw new PlanError("UNSUPPORTED", `${fn.toUpperCase()} of "${name}", which is ${typeName(type)}`, {
        hint: "numbers, dates, times and decimals up to 18 digits are aggregated; COUNT takes every type",
      });
  }
}
