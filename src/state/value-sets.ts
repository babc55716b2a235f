// The values of one column that each group has had, once each: what DISTINCT aggregates are computed of, and, over rows that
// may be taken away again, minima and maxima too. Calls over one column share its sets, with a bit or a count for each of
// their conditions. Layout and kernels: assembly/value-sets.ts.
//
// A value that comes to a set, or goes, is one row for the accumulators of its conditions.
import { Batch } from "../arrow/batch.js";
import { Column } from "../arrow/column.js";
import { type DataType, type Field, field, INT32, layoutOf, type Schema, schemaOf } from "../arrow/types.js";
import type { PhysicalAggregate } from "../plan/physical.js";
import type { ResultReader, SavedCells } from "./accumulator.js";
import type { CellBlock, CellBlocks } from "./cell-blocks.js";
import type { Placed } from "./cells.js";
import { KeyColumn } from "./key-column.js";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.js";
import { powerOfTwo, StateBlock, type StateStore } from "./store.js";
import { WordTable } from "./table.js";
import { ValueHeap } from "./value-heap.js";

/** │ set │ · │ */
const EMPTY_CELL = [0n];
const WORD_BYTES = 8;
const LINK_BYTES = 8;
/** Conditions that the sets of one table tell apart. */
export const CONDITIONS_MAX = 32;
/** Entries dropped, merged or saved at a time. */
const ENTRIES_AT_ONCE = 65_536;
/** No number is free. */
const NONE = 0xffffffff;

/** Accumulators of what comes and goes, as accumulators.ts makes them. */
export interface InnerAccumulators {
  /** In the order of the calls. */
  readonly readers: readonly ResultReader[];
  update(batch: Batch, placed: Placed): void;
  retract(batch: Batch, placed: Placed): void;
  expectNulls(): void;
}

/** What the values that meet one condition are for. */
interface Condition<Inner> {
  /** Position of the BOOLEAN; −1: every row. */
  readonly filter: number;
  readonly inner: Inner | null;
  readonly heaps: readonly ValueHeap[];
}

/** Rows that have come or gone: their values, their cells, and which conditions they meet (`masks` 0: the first). */
interface Rows {
  readonly values: Batch;
  readonly placed: Placed;
  readonly masks: number;
}

export class ValueSets<Inner extends InnerAccumulators> {
  readonly #store: StateStore;
  readonly #column: number;
  readonly #schema: Schema;
  readonly #retracts: boolean;
  readonly #conditions: readonly Condition<Inner>[];
  readonly #readers = new Map<PhysicalAggregate, ResultReader>();
  readonly #states: CellBlock;
  readonly #values: KeyColumn;
  /** Set and value → entry. */
  readonly #pairs: WordTable;
  readonly #present: StateBlock;
  readonly #links: StateBlock;
  readonly #heads: StateBlock;
  /** │ end │ first free │ of the sets. */
  readonly #numbers: number;

  /**
   * @param calls - over one column, with at most 32 conditions
   * @param open - makes the accumulators of some calls over the values alone
   */
  constructor(
    store: StateStore,
    blocks: CellBlocks,
    schema: Schema,
    calls: readonly PhysicalAggregate[],
    retracts: boolean,
    open: (schema: Schema, calls: readonly PhysicalAggregate[]) => Inner,
  ) {
    const [{ column }] = calls as [PhysicalAggregate];
    const { name, type } = schema.fields[column] as Field;
    this.#store = store;
    this.#column = column;
    this.#schema = schemaOf([field(name, type)]);
    this.#retracts = retracts;
    this.#states = blocks.add(EMPTY_CELL);
    this.#values = new KeyColumn(store, this.#schema, 0);
    this.#pairs = new WordTable(store);
    this.#present = new StateBlock(store);
    this.#links = new StateBlock(store);
    this.#heads = new StateBlock(store);
    this.#numbers = store.allocate(WORD_BYTES);
    this.#forgetNumbers();
    const filters = [...new Set(calls.map(({ filter = -1 }) => filter))];
    this.#conditions = filters.map((filter) => {
      const own = calls.filter((call) => (call.filter ?? -1) === filter);
      const summed = own.filter(({ fn }) => fn !== "min" && fn !== "max");
      const inner = summed.length === 0 ? null : open(this.#schema, summed.map(overValues));
      inner?.expectNulls();
      for (const [index, reader] of (inner?.readers ?? []).entries()) {
        this.#readers.set(summed[index] as PhysicalAggregate, reader);
      }
      const heaps = (["min", "max"] as const).flatMap((fn) => {
        const extremes = own.filter((call) => call.fn === fn);
        if (extremes.length === 0) return [];
        const heap = new ValueHeap(store, blocks, type, this.#values.struct, fn);
        for (const call of extremes) this.#readers.set(call, this.#extremes(heap, type));
        return [heap];
      });
      return { filter, inner, heaps };
    });
    blocks.attach(this);
  }

  /** Where the results of a call are read. */
  reader(call: PhysicalAggregate): ResultReader {
    return this.#readers.get(call) as ResultReader;
  }

  /** Adds the rows of a batch to their cells. @throws MEMORY_LIMIT */
  update(batch: Batch, placed: Placed): void {
    this.#change(this.#rowsOf(batch, placed), 1);
  }

  /** Takes rows away from their cells again. @throws MEMORY_LIMIT */
  retract(batch: Batch, placed: Placed): void {
    this.#change(this.#rowsOf(batch, placed), -1);
  }

  /** Unites the sets of cells `from` with those of the cells `to`, one by one; only where nothing is taken away. */
  merge(others: this, from: number, to: number, count: number): void {
    others.#eachEntries(from, count, (entries, positions, entryCount) => {
      const { account, kernels } = this.#store.workspace;
      const cells = account.arena.allocate(entryCount * 4);
      kernels.takeU32(to, positions, entryCount, cells);
      const masks = account.arena.allocate(entryCount * 4);
      kernels.takeU32(others.#present.ptr, entries, entryCount, masks);
      this.#change({ values: others.#valuesOf(entries, entryCount), placed: { ptr: cells, base: 0 }, masks }, 1);
    });
  }

  /** Of the listed cells those without values, in the place of the list of their rows. Returns how many. */
  keepEmpty(cells: number, rows: number, count: number): number {
    return this.#store.workspace.kernels.keepHeadless(this.#states.ptr, cells, this.#heads.ptr, rows, count);
  }

  reset(cells: number, count: number): void {
    if (this.#heads.bytes === 0) return;
    const { account, kernels } = this.#store.workspace;
    const most = Math.min(ENTRIES_AT_ONCE, this.#pairs.live + 1);
    const list = account.arena.allocate(most * 4);
    const { ptr } = this.#states;
    for (let popped = most; popped === most; ) {
      popped = kernels.popEntries(ptr, cells, count, this.#heads.ptr, this.#links.ptr, this.#numbers, most, list);
      this.#remove(list, popped);
    }
  }

  shrink(): void {
    if (this.#pairs.live > 0) return;
    this.#pairs.shrink();
    this.#values.shrink();
    this.#heads.release();
    this.#forgetNumbers();
  }

  release(): void {
    for (const { heaps } of this.#conditions) for (const heap of heaps) heap.release();
    for (const block of [this.#present, this.#links, this.#heads]) block.release();
    this.#pairs.release();
    this.#values.release();
    this.#store.free(this.#numbers, WORD_BYTES);
  }

  /** Writes the sets of `count` cells: the cell's place in the list, the value, then the words of what is present. */
  save(writer: SnapshotWriter, name: string, cells: number, count: number): void {
    const { account, kernels } = this.#store.workspace;
    const total = this.#list(cells, count, 0, 0);
    const entries = account.arena.allocate(total * 4);
    const positions = account.arena.allocate(total * 4);
    this.#list(cells, count, entries, positions);
    const columns = [new Column({ type: INT32, length: total, values: positions })];
    columns.push(this.#valuesOf(entries, total).column(0));
    const width = this.#width / 4;
    const fields = [field("cell", INT32, false), ...this.#schema.fields];
    for (let word = 0; word < width; word++) {
      const values = account.arena.allocate(total * 4);
      kernels.gatherWords(this.#present.ptr + word * 4, this.#width, entries, total, values);
      fields.push(field(`present ${word}`, INT32, false));
      columns.push(new Column({ type: INT32, length: total, values }));
    }
    writer.table(name, new Batch(this.#store.workspace, { fields }, columns, total));
  }

  /** Reads back what `save` wrote, for the same cells in the same order. */
  load(reader: SnapshotReader, name: string, { cells }: SavedCells): void {
    const { workspace } = this.#store;
    const table = reader.table(name, workspace);
    if (table === undefined || table.rowCount === 0) return;
    const { account, kernels } = workspace;
    const count = table.rowCount;
    const ptr = account.arena.allocate(count * 4);
    kernels.takeU32(cells, table.column(0).values, count, ptr);
    const rows = { values: table.pick(this.#schema, [1]), placed: { ptr, base: 0 } };
    const words = table.schema.fields.slice(2).map((_, word) => table.column(2 + word).values);
    if (!this.#retracts) {
      this.#change({ ...rows, masks: words[0] as number }, 1);
      return;
    }
    const entries = this.#enter(rows.values, rows.placed);
    const changed = account.arena.allocateZeroed(count * 4);
    const { u32, i32 } = account.memory;
    words.forEach((values, word) => {
      for (let row = 0; row < count; row++) {
        const found = i32[(values >>> 2) + row] as number;
        const entry = u32[(entries >>> 2) + row] as number;
        i32[((this.#present.ptr + entry * this.#width) >>> 2) + word] = found;
        if (found > 0) u32[(changed >>> 2) + row] = (u32[(changed >>> 2) + row] as number) | (1 << word);
      }
    });
    this.#tell(rows.values, rows.placed, entries, changed, 1);
  }

  /** Bytes of what is present of one entry. */
  get #width(): number {
    return this.#retracts ? this.#conditions.length * 4 : 4;
  }

  #forgetNumbers(): void {
    const { u32 } = this.#store.workspace.account.memory;
    u32[this.#numbers >>> 2] = 1;
    u32[(this.#numbers >>> 2) + 1] = NONE;
  }

  /** The rows of a batch that have a value and meet a condition. */
  #rowsOf(batch: Batch, placed: Placed): Rows {
    const { account, kernels } = this.#store.workspace;
    const n = batch.rowCount;
    const { layout, validity } = batch.column(this.#column);
    const values = batch.pick(this.#schema, [this.#column]);
    const [first] = this.#conditions;
    if (this.#conditions.length === 1 && first?.filter === -1 && validity === 0 && layout !== "none") {
      return { values, placed, masks: 0 };
    }
    const masks = account.arena.allocateZeroed(n * 4);
    this.#conditions.forEach(({ filter }, index) => {
      const mask = 1 << index;
      if (layout === "none") return;
      if (filter >= 0) {
        const met = batch.plainColumn(filter);
        if (met.layout !== "none") kernels.markRows(met.values, met.validity, n, mask, masks);
      } else kernels.markAll(masks, n, mask);
    });
    if (validity !== 0) kernels.clearNulls32(masks, validity, n, masks);
    const selection = account.arena.allocate(n * 4);
    const count = kernels.selectMasks(masks, n, -1, selection);
    if (count === n) return { values, placed, masks };
    const cells = account.arena.allocate(count * 4);
    const kept = account.arena.allocate(count * 4);
    kernels.takeU32(placed.ptr, selection, count, cells);
    kernels.takeU32(masks, selection, count, kept);
    return { values: values.select(selection, count), placed: { ptr: cells, base: placed.base }, masks: kept };
  }

  #change({ values, placed, masks }: Rows, step: 1 | -1): void {
    const { account, kernels } = this.#store.workspace;
    const n = values.rowCount;
    if (n === 0) return;
    const entries = this.#enter(values, placed);
    let met = masks;
    if (met === 0) {
      met = account.arena.allocateZeroed(n * 4);
      kernels.markAll(met, n, 1);
    }
    const changed = account.arena.allocate(n * 4);
    if (this.#retracts) kernels.countValues(this.#present.ptr, this.#width, entries, met, n, step, changed);
    else kernels.seeValues(this.#present.ptr, entries, met, n, changed);
    this.#tell(values, placed, entries, changed, step);
    if (this.#retracts) this.#forgetAbsent(entries, n);
  }

  /** Entries of rows, u32 in the arena. @throws MEMORY_LIMIT */
  #enter(values: Batch, { ptr, base }: Placed): number {
    const { account, kernels } = this.#store.workspace;
    const n = values.rowCount;
    const numbers = this.#values.intern(values);
    const sets = account.arena.allocate(n * 4);
    // Every row may be the first of its cell.
    const end = account.memory.u32[this.#numbers >>> 2] as number;
    this.#heads.reserve(powerOfTwo(end + n) * 4);
    const states = this.#states.ptr + base * WORD_BYTES;
    kernels.openSets(states, ptr, n, this.#heads.ptr, this.#numbers, sets);
    const words = account.arena.allocate(n * 8);
    kernels.pairWords(sets, numbers, n, words);
    const entries = this.#pairs.intern(words, 0, n);
    const { ptr: fresh, count } = this.#pairs.fresh;
    if (count === 0) return entries;
    this.#present.reserve(this.#pairs.capacity * this.#width);
    this.#links.reserve(this.#pairs.capacity * LINK_BYTES);
    const { keys } = this.#pairs;
    kernels.linkEntries(fresh, count, keys, this.#heads.ptr, this.#links.ptr, this.#present.ptr, this.#width);
    this.#values.hold(this.#numbersOf(fresh, count), count);
    return entries;
  }

  /** Tells each condition of the values that have come (step 1) or gone. */
  #tell(values: Batch, { ptr, base }: Placed, entries: number, changed: number, step: 1 | -1): void {
    const { account, kernels } = this.#store.workspace;
    const n = values.rowCount;
    const rows = account.arena.allocate(n * 4);
    this.#conditions.forEach(({ inner, heaps }, index) => {
      const count = kernels.selectMasks(changed, n, 1 << index, rows);
      if (count === 0) return;
      const cells = account.arena.allocate(count * 4);
      kernels.takeU32(ptr, rows, count, cells);
      const selected = account.arena.allocate(count * 4);
      account.memory.u8.copyWithin(selected, rows, rows + count * 4);
      const part = values.select(selected, count);
      if (step > 0) inner?.update(part, { ptr: cells, base });
      else inner?.retract(part, { ptr: cells, base });
      if (heaps.length === 0) return;
      const own = account.arena.allocate(count * 4);
      kernels.takeU32(entries, rows, count, own);
      const moved = { entries: own, cells, base, count };
      for (const heap of heaps) {
        if (step > 0) heap.enter(moved, this.#pairs);
        else heap.leave(moved, this.#pairs);
      }
    });
  }

  #forgetAbsent(entries: number, n: number): void {
    const { account, kernels } = this.#store.workspace;
    const list = account.arena.allocate(n * 4);
    const { ptr } = this.#present;
    const { keys } = this.#pairs;
    const count = kernels.unlinkAbsent(entries, n, ptr, this.#width, keys, this.#heads.ptr, this.#links.ptr, list);
    this.#remove(list, count);
  }

  /** Takes entries, which are in no set any more, out of the table. */
  #remove(list: number, count: number): void {
    if (count === 0) return;
    const numbers = this.#numbersOf(list, count);
    this.#pairs.remove(list, count);
    this.#values.drop(numbers, count);
  }

  /** Numbers of the values of entries. */
  #numbersOf(entries: number, count: number): number {
    const { arena } = this.#store.workspace.account;
    const numbers = arena.allocate(count * 4);
    this.#pairs.split(entries, count, arena.allocate(count * 4), numbers);
    return numbers;
  }

  #valuesOf(entries: number, count: number): Batch {
    const columns = this.#values.columns(this.#numbersOf(entries, count), count);
    return new Batch(this.#store.workspace, this.#schema, columns, count);
  }

  #list(cells: number, count: number, entries: number, positions: number): number {
    const { kernels } = this.#store.workspace;
    return kernels.listEntries(this.#states.ptr, cells, count, this.#heads.ptr, this.#links.ptr, entries, positions);
  }

  /** Calls `take` with the entries of cells and the positions of their cells among these, about so many at a time. */
  #eachEntries(
    cells: number,
    count: number,
    take: (entries: number, positions: number, count: number) => void,
    first = 0,
  ): void {
    const total = this.#list(cells, count, 0, 0);
    if (total === 0) return;
    if (total > ENTRIES_AT_ONCE && count > 1) {
      const half = count >>> 1;
      this.#eachEntries(cells, half, take, first);
      this.#eachEntries(cells + half * 4, count - half, take, first + half);
      return;
    }
    const { account, kernels } = this.#store.workspace;
    const entries = account.arena.allocate(total * 4);
    const positions = account.arena.allocate(total * 4);
    this.#list(cells, count, entries, positions);
    kernels.offsetEntries(positions, total, first, positions);
    take(entries, positions, total);
  }

  #extremes(heap: ValueHeap, type: DataType): ResultReader {
    return {
      result: (cells, count) => {
        const { account } = this.#store.workspace;
        const { numbers, validity, found } = heap.firsts(cells, count, this.#pairs);
        if (found === 0) return nullsOf(account.arena, type, count, validity);
        const [column] = this.#values.columns(numbers, count) as [Column];
        const { values, offsets } = column;
        return new Column({ type, length: count, values, offsets, validity: found === count ? 0 : validity });
      },
    };
  }
}

/** The call over the values alone, each of which comes once. */
function overValues({ name, fn, type }: PhysicalAggregate): PhysicalAggregate {
  return { name, fn, column: 0, type };
}

/** `count` NULLs. `validity` has no bit set. */
function nullsOf(arena: { allocateZeroed(bytes: number): number }, type: DataType, length: number, validity: number) {
  const zeros = arena.allocateZeroed((length + 1) * (layoutOf(type) === "utf8" ? 4 : 16));
  return new Column({ type, length, values: zeros, offsets: zeros, validity });
}
