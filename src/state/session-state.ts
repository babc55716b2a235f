// State of an aggregation by sessions: keys, the open sessions of each, and an accumulator cell a session. Rows are added,
// sessions that are over are read as columns and dropped; all of it can be written as one table and read back.
import { Batch } from "../arrow/batch.js";
import { Column, type Workspace } from "../arrow/column.js";
import { field, INT64, type Schema, schemaOf } from "../arrow/types.js";
import type { PhysicalAggregate } from "../plan/physical.js";
import { Accumulators, type Overflow } from "./accumulators.js";
import { CellBlocks } from "./cell-blocks.js";
import type { Entries, EntryReader } from "./entries.js";
import { openKeys } from "./keys.js";
import { addCellColumns, restoreCells } from "./saved-cells.js";
import { checkSavedKeys, keyFields, savedKeys, stateMismatch } from "./saved-keys.js";
import { SessionTable } from "./session-table.js";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.js";
import { type GroupKeys, StateStore } from "./store.js";

export interface SessionOptions {
  /** Positions of the key columns. */
  readonly keys: readonly number[];
  readonly aggregates: readonly PhysicalAggregate[];
  readonly gapMs: number;
  /** +Infinity: sessions may be as long as they like. */
  readonly maxMs: number;
}

/** Sessions that are over: entries, and the start and end of each (i64 ms). */
export interface DueSessions {
  readonly entries: Entries;
  readonly starts: number;
  readonly ends: number;
}

/** Rows restored at a time. */
const RESTORE_ROWS = 8192;
const TABLE = "sessions";
const START = "start";
const LAST = "last";
/** What the state belongs to, in messages. */
const WHOSE = "aggregation";
/** Columns before the keys. */
const TIMES = 2;

export class SessionState implements EntryReader {
  readonly #workspace: Workspace;
  readonly #schema: Schema;
  readonly #keyIndexes: readonly number[];
  readonly #store: StateStore;
  readonly #keys: GroupKeys;
  readonly #blocks: CellBlocks;
  readonly #accumulators: Accumulators;
  readonly #sessions: SessionTable;

  /** Over rows of `schema`. @throws UNSUPPORTED for types that are not aggregated yet, MEMORY_LIMIT; nothing is left then */
  constructor(workspace: Workspace, schema: Schema, { keys, aggregates, gapMs, maxMs }: SessionOptions) {
    this.#workspace = workspace;
    this.#schema = schema;
    this.#keyIndexes = keys;
    this.#store = new StateStore(workspace);
    try {
      const blocks = new CellBlocks(this.#store);
      this.#blocks = blocks;
      this.#accumulators = new Accumulators(this.#store, blocks, schema, aggregates);
      this.#keys = openKeys(this.#store, schema, keys);
      this.#sessions = new SessionTable(this.#store, gapMs, maxMs, (capacity) => blocks.resize(capacity));
    } catch (error) {
      this.#store.release();
      throw error;
    }
  }

  get usedBytes(): number {
    return this.#store.usedBytes;
  }

  /** Sessions that are open. */
  get sessionCount(): number {
    return this.#sessions.live;
  }

  /**
   * Adds rows whose times are i64 at `times`. Returns those that are late: they touch no open session, and their own would
   * end at or before `closedMs`. @throws MEMORY_LIMIT
   */
  add(batch: Batch, times: number, unitsPerMs: number, closedMs: number): Batch {
    const groups = this.#keys.intern(batch);
    this.#sessions.close(closedMs);
    const placed = this.#sessions.place(times, unitsPerMs, groups, batch.rowCount, this.#keys);
    this.#accumulators.update(batch.select(placed.rows, placed.count), { ptr: placed.cells, base: 0 });
    const { absorbed, into, absorbedCount } = placed;
    if (absorbedCount > 0) this.#unite(absorbed, into, absorbedCount);
    if (placed.refusedCount > 0) this.#forgetUnused(groups, placed.refused, placed.refusedCount);
    return batch.select(placed.refused, placed.refusedCount);
  }

  /** The next sessions that end at or before `untilMs`, in the order of their ends, fewer than `room` when these are all. */
  due(untilMs: number, room: number): DueSessions {
    const { account, kernels } = this.#workspace;
    const found = account.arena.allocate(room * 4);
    const count = this.#sessions.due(untilMs, room, found);
    const ends = account.arena.allocate(count * 8);
    const starts = account.arena.allocate(count * 8);
    const groups = account.arena.allocate(count * 4);
    this.#sessions.read(found, count, groups, starts, ends);
    const order = account.arena.allocate(count * 4);
    const cells = account.arena.allocate(count * 4);
    if (kernels.sortTimes(ends, count, order, cells) === 0) {
      return { entries: { count, groups, cells: found }, starts, ends };
    }
    kernels.takeU32(found, order, count, cells);
    this.#sessions.read(cells, count, groups, starts, ends);
    return { entries: { count, groups, cells }, starts, ends };
  }

  /** Forgets sessions that were due, and the keys that have no other. */
  drop({ groups, cells, count }: Entries): void {
    this.#sessions.drop(cells, count);
    this.#blocks.reset(cells, count);
    this.#keys.drop(groups, count);
  }

  /** After dropping: gives back memory that is not needed any more. */
  settle(): void {
    if (this.#sessions.live > 0) return;
    this.#keys.shrink();
    this.#sessions.shrink();
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

  /** Writes all open sessions: the times of their first and last rows, keys, then the accumulators' words. */
  snapshot(writer: SnapshotWriter): void {
    const { account } = this.#workspace;
    const count = this.#sessions.live;
    const cells = this.#sessions.list();
    const groups = account.arena.allocate(count * 4);
    const starts = account.arena.allocate(count * 8);
    this.#sessions.read(cells, count, groups, starts, account.arena.allocate(count * 8));
    const times = [starts, this.#sessions.lasts(cells, count)];
    const fields = [
      field(START, INT64, false),
      field(LAST, INT64, false),
      ...keyFields(this.#schema, this.#keyIndexes),
    ];
    const columns = [
      ...times.map((values) => new Column({ type: INT64, length: count, values })),
      ...this.#keys.columns(groups, count),
    ];
    addCellColumns(this.#workspace, this.#accumulators, cells, count, fields, columns);
    writer.table(TABLE, new Batch(this.#workspace, schemaOf(fields), columns, count));
    this.#accumulators.save(writer, cells, count);
  }

  /** Reads back what `snapshot` wrote, into empty state. @throws STATE_MISMATCH when it is of another aggregation */
  restore(reader: SnapshotReader): void {
    const table = reader.table(TABLE, this.#workspace);
    if (table === undefined) throw stateMismatch(WHOSE, "it has no sessions");
    checkSavedKeys(table.schema, keyFields(this.#schema, this.#keyIndexes), WHOSE);
    const { arena, memory } = this.#workspace.account;
    const cells = arena.allocate(table.rowCount * 4);
    for (let row = 0; row < table.rowCount; row += RESTORE_ROWS) {
      const rows = table.slice(row, Math.min(row + RESTORE_ROWS, table.rowCount));
      const some = this.#restoreRows(rows);
      memory.u8.copyWithin(cells + row * 4, some, some + rows.rowCount * 4);
    }
    this.#accumulators.load(reader, { cells, count: table.rowCount });
    // What the saved cells held is not known: they may have had nothing but NULLs.
    this.#accumulators.expectNulls();
  }

  release(): void {
    this.#sessions.release();
    this.#keys.release();
    this.#blocks.release();
    // What a step that ran out of memory was about to move belongs to none of them.
    this.#store.release();
  }

  /** Adds sessions that others have absorbed to those that are left in the end. */
  #unite(absorbed: number, into: number, count: number): void {
    const { u32 } = this.#workspace.account.memory;
    const last = new Map<number, number>();
    for (let at = count - 1; at >= 0; at--) {
      const taker = u32[(into >>> 2) + at] as number;
      const left = last.get(taker) ?? taker;
      last.set(u32[(absorbed >>> 2) + at] as number, left);
      u32[(into >>> 2) + at] = left;
    }
    this.#accumulators.merge(this.#accumulators, absorbed, into, count);
    this.#blocks.reset(absorbed, count);
  }

  /** Lets go of keys that nothing but late rows has brought. */
  #forgetUnused(groups: number, rows: number, count: number): void {
    const { account, kernels } = this.#workspace;
    const list = account.arena.allocate(count * 4);
    kernels.takeU32(groups, rows, count, list);
    this.#keys.hold(list, count);
    this.#keys.drop(list, count);
  }

  /** The cells of the rows. */
  #restoreRows(rows: Batch): number {
    const { rowCount } = rows;
    const groups = this.#keys.intern(savedKeys(rows, this.#schema, this.#keyIndexes, TIMES));
    const [starts, lasts] = [rows.column(0).values, rows.column(1).values];
    const cells = this.#sessions.restore(groups, starts, lasts, rowCount, this.#keys);
    restoreCells(this.#accumulators, rows, TIMES + this.#keyIndexes.length, cells, WHOSE);
    return cells;
  }
}
