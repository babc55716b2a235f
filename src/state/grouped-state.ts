// State of a grouped aggregation: keys, windows, cells and accumulators put together. Rows are added; entries (one group
// in one window) are read as columns and dropped; all of it can be written as one table and read back.
import { Batch } from "../arrow/batch.js";
import { Column, type Workspace } from "../arrow/column.js";
import { field, INT64, type Schema, schemaOf } from "../arrow/types.js";
import type { PhysicalAggregate } from "../plan/physical.js";
import { Accumulators, type Overflow } from "./accumulators.js";
import { CellBlocks } from "./cell-blocks.js";
import { Cells, type Placed, type Slicing } from "./cells.js";
import type { Entries, EntryReader } from "./entries.js";
import { openKeys } from "./keys.js";
import { MergedCells } from "./merged-cells.js";
import { addCellColumns, restoreCells, type SavedBlocks } from "./saved-cells.js";
import { checkSavedKeys, keyFields, savedKeys, stateMismatch } from "./saved-keys.js";
import type { Slice, Slices } from "./slices.js";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.js";
import { type GroupKeys, StateStore } from "./store.js";
import { TimeToLive } from "./ttl.js";

export interface GroupedOptions {
  /** Positions of the key columns. */
  readonly keys: readonly number[];
  readonly aggregates: readonly PhysicalAggregate[];
  /** null: one window for ever. */
  readonly slicing: Slicing | null;
  /** Whether rows are taken away again. Then there are no windows. */
  readonly retracts?: boolean;
  /** How long an entry lives after its last row; null or absent: for ever. Only without windows. */
  readonly ttlMs?: number | null;
  /** Bytes that dense cells may take; default: a quarter of the memory budget. 0: sparse from the start. */
  readonly denseBytesMax?: number;
}

/** Without a budget, dense cells are bounded as if there were one of a gigabyte. */
const BUDGET_BYTES_MAX = 2 ** 30;
const DENSE_SHARE = 4;
/** Rows restored at a time. */
const RESTORE_ROWS = 8192;
const START = "start";
/** Block of the times of last writes. */
const WRITTEN = "written";
/** Entries looked through at a time. */
const SWEPT_AT_ONCE = 8192;
const NONE: ReadonlySet<number> = new Set();
/** What the state belongs to, in messages. */
const WHOSE = "aggregation";

export class GroupedState implements EntryReader {
  readonly slices: Slices;
  readonly #workspace: Workspace;
  readonly #schema: Schema;
  readonly #keyIndexes: readonly number[];
  readonly #store: StateStore;
  readonly #keys: GroupKeys;
  readonly #blocks: CellBlocks;
  readonly #accumulators: Accumulators;
  readonly #cells: Cells;
  readonly #ttl: TimeToLive | null;
  readonly #aggregates: readonly PhysicalAggregate[];
  #merged: MergedCells | null = null;

  /** Over rows of `schema`. @throws UNSUPPORTED for types that are not aggregated yet, MEMORY_LIMIT; nothing is left then */
  constructor(workspace: Workspace, schema: Schema, options: GroupedOptions) {
    const budgetBytes = Math.min(workspace.account.limitBytes, BUDGET_BYTES_MAX);
    const denseBytesMax = options.denseBytesMax ?? budgetBytes / DENSE_SHARE;
    this.#workspace = workspace;
    this.#schema = schema;
    this.#keyIndexes = options.keys;
    this.#aggregates = options.aggregates;
    this.#store = new StateStore(workspace);
    try {
      this.#blocks = new CellBlocks(this.#store);
      const { retracts = false } = options;
      const counting = { retracts, countsRows: retracts };
      this.#accumulators = new Accumulators(this.#store, this.#blocks, schema, options.aggregates, counting);
      this.#ttl = options.ttlMs == null ? null : new TimeToLive(this.#store, this.#blocks, options.ttlMs);
      this.#keys = openKeys(this.#store, schema, options.keys);
      this.#cells = new Cells(this.#store, this.#keys, this.#blocks, options.slicing, denseBytesMax);
    } catch (error) {
      this.#store.release();
      throw error;
    }
    this.slices = this.#cells.slices;
  }

  get usedBytes(): number {
    return this.#store.usedBytes;
  }

  /** Groups in use, by windows or by a dictionary. */
  get groupCount(): number {
    return this.#keys.live;
  }

  /** Start of the window that a time falls into, in milliseconds. */
  startOf(timeMs: number): number {
    return this.#cells.startOf(timeMs);
  }

  /** Adds rows whose times, i64 at `times`, lie within lowMs … highMs. @throws MEMORY_LIMIT */
  add(batch: Batch, times: number, lowMs: number, highMs: number): Placed {
    const groups = this.#keys.intern(batch);
    const placed = this.#cells.place(times, lowMs, highMs, groups, batch.rowCount);
    this.#accumulators.update(batch, placed);
    return placed;
  }

  /**
   * The first half of adding rows where there is one window for ever: their cells, the entries that these are, and which of
   * them are new, in the order of the rows. `update` is the second.
   * @throws MEMORY_LIMIT
   */
  place(batch: Batch): { readonly placed: Placed; readonly touched: Entries; readonly fresh: Entries } {
    const groups = this.#keys.intern(batch);
    this.#cells.tidy();
    const known = this.#entryCount;
    const placed = this.#cells.place(0, 0, 0, groups, batch.rowCount);
    const fresh = this.reserve(this.#entryCount - known);
    this.read(this.slices.order[0] as Slice, known, fresh.count, fresh, 0);
    return { placed, touched: this.distinct(placed, batch.rowCount), fresh };
  }

  /** Adds the rows to the cells that they were placed in. @throws MEMORY_LIMIT */
  update(batch: Batch, placed: Placed): void {
    this.#accumulators.update(batch, placed);
  }

  /** Takes rows away from the cells that they were placed in. @throws MEMORY_LIMIT */
  retract(batch: Batch, placed: Placed): void {
    this.#accumulators.retract(batch, placed);
  }

  /** How many rows entries have, i64 in the arena; where rows are taken away. */
  rowCounts({ cells, count }: Entries): number {
    return this.#accumulators.rowCounts(cells, count);
  }

  /** Drops those entries that have nothing at all; where rows are taken away. */
  dropEmpty(entries: Entries): void {
    const { rows, count } = this.#accumulators.empty(entries.cells, entries.count);
    this.dropSome(this.#take(entries, rows, count));
  }

  /** Drops those entries that have no rows, or less than none. Returns how many rows they lack. */
  dropWithoutRows(entries: Entries): number {
    const counts = this.rowCounts(entries) >>> 2;
    const { i32 } = this.#workspace.account.memory;
    const positions: number[] = [];
    let lacking = 0;
    for (let at = 0; at < entries.count; at++) {
      const low = i32[counts + 2 * at] as number;
      const high = i32[counts + 2 * at + 1] as number;
      if (high > 0 || (high === 0 && low !== 0)) continue;
      positions.push(at);
      lacking -= high * 2 ** 32 + (low >>> 0);
    }
    this.dropSome(this.#takeAt(entries, positions));
    return lacking;
  }

  /**
   * S94: empties those entries that have expired, and starts the time of all anew. Returns the positions of the expired ones.
   */
  touch(entries: Entries, nowMs: number): ReadonlySet<number> {
    if (this.#ttl === null) return NONE;
    const positions = this.#ttl.expired(entries.cells, entries.count, nowMs);
    const expired = this.#takeAt(entries, positions);
    this.#blocks.reset(expired.cells, expired.count);
    this.#ttl.touch(entries.cells, entries.count, nowMs);
    return new Set(positions);
  }

  /** When `sweep` is next needed, by the host's clock; +Infinity: not at all. */
  get sweepMs(): number {
    return this.#ttl?.sweepMs ?? Number.POSITIVE_INFINITY;
  }

  /** Drops the entries that have expired. */
  sweep(nowMs: number): void {
    const [slice] = this.slices.order;
    if (this.#ttl === null || slice === undefined) return;
    this.#cells.tidy(true);
    const total = this.slices.count(slice);
    const entries = this.reserve(Math.min(total, SWEPT_AT_ONCE));
    let left = 0;
    for (let from = 0; from < total; from += SWEPT_AT_ONCE) {
      const some = { ...entries, count: Math.min(SWEPT_AT_ONCE, total - from) };
      this.read(slice, from, some.count, some, 0);
      const positions = this.#ttl.expired(some.cells, some.count, nowMs);
      left += some.count - positions.length;
      this.dropSome(this.#takeAt(some, positions));
    }
    this.#ttl.swept(nowMs, left > 0);
  }

  /** Drops some entries of the one window there is. */
  dropSome({ groups, cells, count }: Entries): void {
    if (count > 0) this.#cells.dropSome(groups, cells, count);
  }

  /** The entries at `count` positions, u32 at `rows`. */
  #take({ groups, cells }: Entries, rows: number, count: number): Entries {
    const { kernels } = this.#workspace;
    const taken = this.reserve(count);
    kernels.takeU32(groups, rows, count, taken.groups);
    kernels.takeU32(cells, rows, count, taken.cells);
    return taken;
  }

  /** The entries at the positions. */
  #takeAt(entries: Entries, positions: readonly number[]): Entries {
    const { account } = this.#workspace;
    const rows = account.arena.allocate(positions.length * 4);
    account.memory.u32.set(positions, rows >>> 2);
    return this.#take(entries, rows, positions.length);
  }

  /** Makes the one group of an aggregation without keys and window, so that it has a result without rows (S50). */
  addNothing(): Entries {
    const group = this.#workspace.account.arena.allocateZeroed(4);
    const placed = this.#cells.place(0, 0, 0, group, 1);
    this.#accumulators.expectNulls();
    return this.distinct(placed, 1);
  }

  /** Entries of the one window. */
  get #entryCount(): number {
    const [slice] = this.slices.order;
    return slice === undefined ? 0 : this.slices.count(slice);
  }

  /** Room for `count` entries, in the arena. */
  reserve(count: number): Entries {
    const { arena } = this.#workspace.account;
    return { count, groups: arena.allocate(count * 4), cells: arena.allocate(count * 4) };
  }

  /** Writes the slice's entries `from` … `from + count` to `target`, from its place `at` on. */
  read(slice: Slice, from: number, count: number, target: Entries, at: number): void {
    this.#cells.entries(slice, from, count, target.groups + at * 4, target.cells + at * 4);
  }

  /** Slices put together, nothing at first. */
  get merged(): MergedCells {
    if (this.#merged !== null) return this.#merged;
    const blocks = new CellBlocks(this.#store);
    const accumulators = new Accumulators(this.#store, blocks, this.#schema, this.#aggregates);
    this.#merged = new MergedCells(this.#store, this.#keys, blocks, accumulators);
    return this.#merged;
  }

  /** Adds the slice's entries `from` … `from + count` to what is merged. @throws MEMORY_LIMIT */
  merge(slice: Slice, from: number, count: number): void {
    const entries = this.reserve(count);
    this.read(slice, from, count, entries, 0);
    this.merged.add(entries, this.#accumulators);
  }

  /** The groups of several lists of entries, each once, as entries of what is merged. */
  union(lists: readonly Entries[]): Entries {
    const { account, kernels } = this.#workspace;
    const total = lists.reduce((sum, { count }) => sum + count, 0);
    const groups = account.arena.allocate(total * 4);
    const flags = account.arena.allocateZeroed(this.#keys.end);
    let count = 0;
    for (const list of lists) count += kernels.newFlags(list.groups, list.count, flags, groups + count * 4);
    return { count, groups, cells: groups };
  }

  /** The entries that `count` rows of one slice were added to, each once. */
  distinct(placed: Placed, count: number): Entries {
    const { groups, cells } = this.reserve(count);
    return { groups, cells, count: this.#cells.distinct(placed, count, groups, cells) };
  }

  overflow({ cells, count }: Entries): Overflow | null {
    return this.#accumulators.overflow(cells, count);
  }

  keyColumns({ groups, count }: Entries): Column[] {
    return this.#keys.columns(groups, count);
  }

  resultColumns({ cells, count }: Entries): Column[] {
    return this.#accumulators.results(cells, count);
  }

  /** Empties the cells of entries and lets go of their keys. */
  drop({ groups, cells, count }: Entries): void {
    this.#cells.drop(groups, cells, count);
  }

  /** Forgets the first `count` slices, whose entries have all been dropped. */
  close(count: number): void {
    this.slices.close(count);
  }

  /** After closing: gives back memory that is not needed any more. No slice may be half dropped. */
  settle(): void {
    // Without slices keys are numbered anew, and what was merged is of no use.
    if (this.slices.order.length === 0) this.#merged?.shrink();
    this.#cells.settle();
  }

  /** Writes all entries, windows in the order of time: start, keys, then the accumulators' words. */
  snapshot(writer: SnapshotWriter): void {
    const { account, kernels } = this.#workspace;
    this.#cells.tidy(true);
    const entries = this.#allEntries();
    const starts = account.arena.allocate(entries.count * 8);
    let at = 0;
    for (const slice of this.slices.order) {
      const count = this.slices.count(slice);
      kernels.fillI64(slice.startMs, count, starts + at * 8);
      at += count;
    }
    const fields = [field(START, INT64, false), ...keyFields(this.#schema, this.#keyIndexes)];
    const columns = [new Column({ type: INT64, length: at, values: starts }), ...this.keyColumns(entries)];
    addCellColumns(this.#workspace, this.#saved, entries.cells, at, fields, columns);
    writer.table("entries", new Batch(this.#workspace, schemaOf(fields), columns, at));
    this.#accumulators.save(writer, entries.cells, at);
  }

  /** Reads back what `snapshot` wrote, into empty state. @throws STATE_MISMATCH when it is of another aggregation */
  restore(reader: SnapshotReader): void {
    const table = reader.table("entries", this.#workspace);
    if (table === undefined) throw stateMismatch(WHOSE, "it has no entries");
    checkSavedKeys(table.schema, keyFields(this.#schema, this.#keyIndexes), WHOSE);
    for (let row = 0; row < table.rowCount; row += RESTORE_ROWS) {
      this.#restoreRows(table.slice(row, Math.min(row + RESTORE_ROWS, table.rowCount)));
    }
    this.#accumulators.load(reader, this.#allEntries());
    this.#ttl?.restored();
    // What the saved cells held is not known: they may have had nothing but NULLs.
    this.#accumulators.expectNulls();
  }

  /** The blocks that snapshots have. */
  get #saved(): SavedBlocks {
    const written = this.#ttl?.block;
    if (written === undefined) return this.#accumulators;
    return {
      blocks: () => [...this.#accumulators.blocks(), { name: WRITTEN, block: written }],
      useBlock: (name) => (name === WRITTEN ? written : this.#accumulators.useBlock(name)),
    };
  }

  /** All entries, windows in the order of time. */
  #allEntries(): Entries {
    const counts = this.slices.order.map((slice) => this.slices.count(slice));
    const entries = this.reserve(counts.reduce((sum, count) => sum + count, 0));
    let at = 0;
    this.slices.order.forEach((slice, index) => {
      this.read(slice, 0, counts[index] as number, entries, at);
      at += counts[index] as number;
    });
    return entries;
  }

  release(): void {
    this.#cells.release();
    this.#merged?.release();
    this.#keys.release();
    this.#blocks.release();
    // What a step that ran out of memory was about to move belongs to none of them.
    this.#store.release();
  }

  #restoreRows(rows: Batch): void {
    const groups = this.#keys.intern(savedKeys(rows, this.#schema, this.#keyIndexes));
    const { ptr } = this.#cells.placeAt(rows.column(0).values, groups, rows.rowCount);
    restoreCells(this.#saved, rows, 1 + this.#keyIndexes.length, ptr, WHOSE);
  }
}
