// The accumulators of a list of aggregates: which blocks of cells they need, how rows are added, how results are read.
// Aggregates over one column share its accumulator; COUNT(*) shares the first, which counts NULLs apart. Aggregates of the
// rows that pass a filter have accumulators of their own, DISTINCT ones the values of their column (value-sets.ts).
import type { Batch } from "../arrow/batch.js";
import { bitmapBytes, type Column } from "../arrow/column.js";
import { type Field, layoutOf, type Schema, typeName } from "../arrow/types.js";
import { PlanError } from "../errors.js";
import type { PhysicalAggregate } from "../plan/physical.js";
import type { Accumulator, NamedBlock, ResultReader, SavedCells } from "./accumulator.js";
import type { CellBlock, CellBlocks } from "./cell-blocks.js";
import type { Placed } from "./cells.js";
import { CounterCells } from "./counter-cells.js";
import { ExactFloatCells } from "./exact-float-cells.js";
import { ExtremeBytes } from "./extreme-bytes.js";
import { FloatCells } from "./float-cells.js";
import { IntegerCells } from "./integer-cells.js";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.js";
import type { StateStore } from "./store.js";
import { CONDITIONS_MAX, ValueSets } from "./value-sets.js";

/** A SUM that is no BIGINT: the row of the output it would be, and whose sum. */
export interface Overflow {
  readonly row: number;
  readonly aggregate: PhysicalAggregate;
}

/** Accumulators of the rows that pass one filter. */
interface Part {
  /** Position of the BOOLEAN; −1: every row. */
  readonly filter: number;
  /** Each once, in the order of the first aggregate that needs it. */
  readonly accumulators: readonly Accumulator[];
}

export interface AccumulatorOptions {
  /** Whether rows are taken away again: minima and maxima then keep all values. */
  readonly retracts: boolean;
  /** Whether the rows of cells are counted, whatever the aggregates are. */
  readonly countsRows: boolean;
}

export class Accumulators {
  /** In the order of the aggregates. */
  readonly readers: readonly ResultReader[];
  readonly #workspace: StateStore["workspace"];
  readonly #aggregates: readonly PhysicalAggregate[];
  readonly #parts: readonly Part[];
  readonly #sets: readonly ValueSets<Accumulators>[];
  /** How many rows a cell has; null where rows are only added. */
  readonly #rows: CounterCells | null;

  /** @throws UNSUPPORTED for a type that is not aggregated yet */
  constructor(
    store: StateStore,
    blocks: CellBlocks,
    schema: Schema,
    aggregates: readonly PhysicalAggregate[],
    { retracts, countsRows }: AccumulatorOptions = { retracts: false, countsRows: false },
  ) {
    this.#workspace = store.workspace;
    this.#aggregates = aggregates;
    this.#rows = countsRows ? new CounterCells(store.workspace, blocks, -1) : null;
    const readers = new Map<PhysicalAggregate, ResultReader>();
    const ofValues = aggregates.filter(({ fn, distinct }) => distinct || (retracts && (fn === "min" || fn === "max")));
    const ofRows = aggregates.filter((aggregate) => !ofValues.includes(aggregate));
    const filters = [...new Set([...(countsRows ? [-1] : []), ...ofRows.map(filterOf)])];
    this.#parts = filters.map((filter) => {
      const own = ofRows.filter((aggregate) => filterOf(aggregate) === filter);
      const rows = filter < 0 ? this.#rows : null;
      const byColumn = openColumns(store, blocks, schema, own, rows, retracts);
      for (const aggregate of own) {
        const { fn, type } = aggregate;
        const accumulator = byColumn.get(placeOf(aggregate, schema)) as Accumulator;
        readers.set(aggregate, {
          result: (cells, count) => accumulator.result(fn, type, cells, count),
          ...(fn === "sum" && accumulator.overflow !== undefined && layoutOf(type) === "i64"
            ? { overflow: accumulator.overflow.bind(accumulator) }
            : {}),
        });
      }
      const accumulators = [...new Set(byColumn.values())];
      // Of a filter's rows a group may have none, and where rows go, none of its own.
      if (filter >= 0 || retracts) for (const accumulator of accumulators) accumulator.expectNulls();
      return { filter, accumulators };
    });
    this.#sets = columnsOf(ofValues).map((calls) => {
      const sets = new ValueSets<Accumulators>(store, blocks, schema, calls, retracts, (values, inner) => {
        return new Accumulators(store, blocks, values, inner, { retracts, countsRows: false });
      });
      for (const call of calls) readers.set(call, sets.reader(call));
      return sets;
    });
    this.readers = aggregates.map((aggregate) => readers.get(aggregate) as ResultReader);
  }

  /** Adds the rows of a batch to their cells. @throws MEMORY_LIMIT */
  update(batch: Batch, placed: Placed): void {
    for (const { filter, accumulators } of this.#parts) {
      const passing = filter < 0 ? { rows: batch, placed } : this.#passing(batch, placed, filter);
      if (passing.rows.rowCount === 0) continue;
      for (const accumulator of accumulators) accumulator.update(passing.rows, passing.placed);
    }
    for (const sets of this.#sets) sets.update(batch, placed);
  }

  /** Takes rows away from their cells again; only of accumulators that were made for it. @throws MEMORY_LIMIT */
  retract(batch: Batch, placed: Placed): void {
    for (const { filter, accumulators } of this.#parts) {
      const passing = filter < 0 ? { rows: batch, placed } : this.#passing(batch, placed, filter);
      if (passing.rows.rowCount === 0) continue;
      for (const accumulator of accumulators) accumulator.retract?.(passing.rows, passing.placed);
    }
    for (const sets of this.#sets) sets.retract(batch, placed);
  }

  /** How many rows the listed cells have, i64 in the arena; 0 where rows are only added. */
  rowCounts(cells: number, count: number): number {
    return this.#rows?.counts(cells, count) ?? 0;
  }

  /** Numbers of the listed cells that have nothing at all, u32 in the arena. */
  empty(cells: number, count: number): { readonly rows: number; readonly count: number } {
    const { account } = this.#workspace;
    const rows = account.arena.allocate(count * 4);
    for (let row = 0; row < count; row++) account.memory.u32[(rows >>> 2) + row] = row;
    let kept = count;
    for (const { accumulators } of this.#parts) {
      for (const accumulator of accumulators) kept = accumulator.keepEmpty?.(cells, rows, kept) ?? kept;
    }
    for (const sets of this.#sets) kept = sets.keepEmpty(cells, rows, kept);
    return { rows, count: kept };
  }

  /** Adds cells `from` of accumulators over the same columns to the cells `to`, one by one. */
  merge(others: Accumulators, from: number, to: number, count: number): void {
    this.#parts.forEach(({ accumulators }, part) => {
      accumulators.forEach((accumulator, index) => {
        accumulator.merge(others.#parts[part]?.accumulators[index] as Accumulator, from, to, count);
      });
    });
    this.#sets.forEach((sets, index) => {
      sets.merge(others.#sets[index] as ValueSets<Accumulators>, from, to, count);
    });
  }

  /** The first of the listed cells that has a SUM beyond BIGINT; null when all are right. */
  overflow(cells: number, count: number): Overflow | null {
    for (const [index, aggregate] of this.#aggregates.entries()) {
      const row = this.readers[index]?.overflow?.(cells, count) ?? count;
      if (row < count) return { row, aggregate };
    }
    return null;
  }

  /** One column an aggregate, in their order, of the listed cells; in the arena. */
  results(cells: number, count: number): Column[] {
    return this.readers.map((reader) => reader.result(cells, count));
  }

  /** From now on cells may have no rows at all. */
  expectNulls(): void {
    for (const { accumulators } of this.#parts) for (const accumulator of accumulators) accumulator.expectNulls();
  }

  /** The blocks in use, for snapshots. What `save` writes is not among them. */
  blocks(): NamedBlock[] {
    return this.#parts.flatMap(({ filter, accumulators }) =>
      accumulators.flatMap((accumulator) =>
        accumulator.blocks().map(({ name, block }) => ({ name: `${name}${whereText(filter)}`, block })),
      ),
    );
  }

  /** The block of that name, taken into use; undefined when these aggregates have none of that name. */
  useBlock(name: string): CellBlock | undefined {
    for (const { filter, accumulators } of this.#parts) {
      const where = whereText(filter);
      if (!name.endsWith(where) || (where === "" && name.includes(WHERE))) continue;
      for (const accumulator of accumulators) {
        const block = accumulator.useBlock(name.slice(0, name.length - where.length));
        if (block !== undefined) return block;
      }
    }
    return undefined;
  }

  /** Writes what the listed cells have beside their blocks. */
  save(writer: SnapshotWriter, cells: number, count: number): void {
    for (const { filter, accumulators } of this.#parts) {
      for (const accumulator of accumulators) accumulator.save?.(writer, whereText(filter), { cells, count });
    }
    for (const [index, sets] of this.#sets.entries()) sets.save(writer, `values ${index}`, cells, count);
  }

  /** Reads back what `save` wrote. */
  load(reader: SnapshotReader, saved: SavedCells): void {
    for (const { filter, accumulators } of this.#parts) {
      for (const accumulator of accumulators) accumulator.load?.(reader, whereText(filter), saved);
    }
    for (const [index, sets] of this.#sets.entries()) sets.load(reader, `values ${index}`, saved);
  }

  /** The rows that pass a filter, and their cells. */
  #passing(batch: Batch, { ptr, base }: Placed, filter: number): { readonly rows: Batch; readonly placed: Placed } {
    const { account, kernels } = this.#workspace;
    const { values, validity, layout, length } = batch.plainColumn(filter);
    if (layout === "none") return { rows: batch.slice(0, 0), placed: { ptr, base } };
    let bits = values;
    if (validity !== 0) {
      bits = account.arena.allocate(bitmapBytes(length));
      kernels.andBitmaps(values, validity, length, bits);
    }
    const selection = account.arena.allocate(length * 4);
    const count = kernels.bitmapToSelection(bits, length, selection);
    const cells = account.arena.allocate(count * 4);
    kernels.takeU32(ptr, selection, count, cells);
    return { rows: batch.select(selection, count), placed: { ptr: cells, base } };
  }
}

const WHERE = " where ";

function whereText(filter: number): string {
  return filter < 0 ? "" : `${WHERE}${filter}`;
}

function filterOf({ filter = -1 }: PhysicalAggregate): number {
  return filter;
}

/** Calls by column, at most so many conditions at once. */
function columnsOf(calls: readonly PhysicalAggregate[]): PhysicalAggregate[][] {
  return [...new Set(calls.map(({ column }) => column))].flatMap((column) => {
    const own = calls.filter((call) => call.column === column);
    const filters = [...new Set(own.map(filterOf))];
    const parts: PhysicalAggregate[][] = [];
    for (let from = 0; from < filters.length; from += CONDITIONS_MAX) {
      const some = new Set(filters.slice(from, from + CONDITIONS_MAX));
      parts.push(own.filter((call) => some.has(filterOf(call))));
    }
    return parts;
  });
}

/** What aggregates share an accumulator by: a column, −1 for rows; extremes of bytes have one each. */
function placeOf({ fn, column }: PhysicalAggregate, schema: Schema): number | string {
  if (fn === "count_star") return -1;
  return (fn === "min" || fn === "max") && isBytes(schema, column) ? `${fn} ${column}` : column;
}

/** Values that do not fit into a word. */
function isBytes(schema: Schema, column: number): boolean {
  const layout = layoutOf((schema.fields[column] as Field).type);
  return layout === "utf8" || layout === "i128";
}

/** Accumulators by `placeOf`. `rows`: what counts rows already. */
function openColumns(
  store: StateStore,
  blocks: CellBlocks,
  schema: Schema,
  aggregates: readonly PhysicalAggregate[],
  rows: CounterCells | null,
  retracts: boolean,
): Map<number | string, Accumulator> {
  const places = new Map<number | string, Accumulator>();
  for (const aggregate of aggregates) {
    const { fn } = aggregate;
    const place = placeOf(aggregate, schema);
    if (fn === "count" || fn === "count_star" || places.has(place)) continue;
    places.set(place, openCells(store, blocks, schema, aggregate, retracts));
  }
  const shared = rows ?? [...places].find(([place]) => typeof place === "number")?.[1];
  for (const { fn, column } of aggregates) {
    if (fn !== "count" || places.has(column)) continue;
    places.set(column, new CounterCells(store.workspace, blocks, column));
  }
  if (rows !== null || aggregates.some(({ fn }) => fn === "count_star")) {
    places.set(-1, shared ?? new CounterCells(store.workspace, blocks, -1));
  }
  return places;
}

function openCells(
  store: StateStore,
  blocks: CellBlocks,
  schema: Schema,
  { fn, column }: PhysicalAggregate,
  retracts: boolean,
): Accumulator {
  const { name, type } = schema.fields[column] as Field;
  if ((fn === "min" || fn === "max") && isBytes(schema, column)) {
    return new ExtremeBytes(store, blocks, column, type, fn);
  }
  switch (layoutOf(type)) {
    case "f32":
    case "f64":
      return new (retracts ? ExactFloatCells : FloatCells)(store.workspace, blocks, column);
    case "i8":
    case "i16":
    case "i32":
    case "i64":
      return new IntegerCells(store.workspace, blocks, column, type);
    default:
      throw new PlanError("UNSUPPORTED", `${fn.toUpperCase()} of "${name}", which is ${typeName(type)}`, {
        hint: "numbers, dates, times and decimals up to 18 digits are; MIN, MAX and COUNT take texts and longer decimals, too",
      });
  }
}
