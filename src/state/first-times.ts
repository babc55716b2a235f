// Keys that were seen, each with the time of its first row: what a deduplication remembers. Times never go back, so that the
// first rows are a queue, and those that are too old to matter stand at its head.
//
//     firsts   by group: i64 milliseconds, or none
//     queue    times │ groups, in the order in which rows became first; an entry holds its group
import { Batch } from "../arrow/batch.js";
import { Column, type Workspace } from "../arrow/column.js";
import { field, INT64, type Schema, schemaOf } from "../arrow/types.js";
import { openKeys } from "./keys.js";
import { checkSavedKeys, keyFields, savedKeys, stateMismatch } from "./saved-keys.js";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.js";
import { type GroupKeys, powerOfTwo, StateBlock, StateStore } from "./store.js";

/** What the kernels take for no time: the smallest i64. */
const NONE = -(2 ** 63);
/** Entries restored at a time. */
const RESTORE_ROWS = 8192;
const TABLE = "firsts";

export class FirstTimes {
  readonly #workspace: Workspace;
  readonly #schema: Schema;
  readonly #keyIndexes: readonly number[];
  readonly #withinMs: number;
  readonly #store: StateStore;
  readonly #keys: GroupKeys;
  readonly #firsts: StateBlock;
  readonly #times: StateBlock;
  readonly #groups: StateBlock;
  /** Groups that `firsts` has room for. */
  #capacity = 0;
  /** The queue's entries: `start` … `end` (exclusive). */
  #start = 0;
  #end = 0;

  /**
   * @param keys - positions of the key columns in `schema`
   * @param withinMs - a first row counts for so long; +Infinity: for ever
   * @throws MEMORY_LIMIT; nothing is left then
   */
  constructor(workspace: Workspace, schema: Schema, keys: readonly number[], withinMs: number) {
    this.#workspace = workspace;
    this.#schema = schema;
    this.#keyIndexes = keys;
    this.#withinMs = withinMs;
    this.#store = new StateStore(workspace);
    this.#firsts = new StateBlock(this.#store);
    this.#times = new StateBlock(this.#store);
    this.#groups = new StateBlock(this.#store);
    try {
      this.#keys = openKeys(this.#store, schema, keys);
    } catch (error) {
      this.#store.release();
      throw error;
    }
  }

  get usedBytes(): number {
    return this.#store.usedBytes;
  }

  /** First rows that are remembered. */
  get count(): number {
    return this.#end - this.#start;
  }

  /** When the oldest first row no longer counts; +Infinity when there is none, or never. */
  get nextExpiryMs(): number {
    if (this.count === 0) return Number.POSITIVE_INFINITY;
    const { account, kernels } = this.#workspace;
    const range = account.arena.allocate(16);
    kernels.rangeTimes(this.#times.ptr + this.#start * 8, 1, 1, range);
    return (account.memory.f64[range >>> 3] as number) + this.#withinMs;
  }

  /**
   * The rows that are the first of their keys, now remembered.
   * @param times - of the rows, i64 milliseconds; they do not go down, nor below those of earlier rows
   * @throws MEMORY_LIMIT
   */
  keep(batch: Batch, times: number): Batch {
    const kept = this.#workspace.account.arena.allocate(batch.rowCount * 4);
    return batch.select(kept, this.#enter(batch, times, this.#withinMs, kept));
  }

  /** Forgets first rows that no longer count for rows at `timeMs` or later. */
  forget(timeMs: number): void {
    const from = this.#start;
    const { ptr } = this.#groups;
    const untilMs = timeMs - this.#withinMs;
    const { kernels } = this.#workspace;
    this.#start = kernels.forgetFirsts(this.#times.ptr, ptr, from, this.#end, untilMs, this.#firsts.ptr);
    if (this.#start === from) return;
    this.#keys.drop(ptr + from * 4, this.#start - from);
    this.#settle();
  }

  snapshot(writer: SnapshotWriter): void {
    const { count } = this;
    const times = new Column({ type: INT64, length: count, values: this.#times.ptr + this.#start * 8 });
    const columns = [times, ...this.#keys.columns(this.#groups.ptr + this.#start * 4, count)];
    const schema = schemaOf([field("first", INT64, false), ...keyFields(this.#schema, this.#keyIndexes)]);
    writer.table(TABLE, new Batch(this.#workspace, schema, columns, count));
  }

  /** Reads back what `snapshot` wrote, into empty state. @throws STATE_MISMATCH when it has other keys */
  restore(reader: SnapshotReader): void {
    const table = reader.table(TABLE, this.#workspace);
    if (table === undefined) throw stateMismatch("deduplication", "it has no first rows");
    checkSavedKeys(table.schema, keyFields(this.#schema, this.#keyIndexes), "deduplication");
    for (let row = 0; row < table.rowCount; row += RESTORE_ROWS) {
      const rows = table.slice(row, Math.min(row + RESTORE_ROWS, table.rowCount));
      const kept = this.#workspace.account.arena.allocate(rows.rowCount * 4);
      // Each was a first row, whatever the query now takes for too old.
      this.#enter(savedKeys(rows, this.#schema, this.#keyIndexes), rows.column(0).values, 0, kept);
    }
  }

  release(): void {
    this.#keys.release();
    for (const block of [this.#firsts, this.#times, this.#groups]) block.release();
    // What a step that ran out of memory was about to move belongs to none of them.
    this.#store.release();
  }

  /** Writes the rows that become first to `kept`; returns how many. */
  #enter(batch: Batch, times: number, withinMs: number, kept: number): number {
    const { kernels } = this.#workspace;
    const groups = this.#keys.intern(batch);
    this.#makeRoom();
    const count = kernels.keepFirsts(times, groups, batch.rowCount, this.#firsts.ptr, withinMs, kept);
    this.#times.reserve((this.#end + count) * 8);
    this.#groups.reserve((this.#end + count) * 4);
    const entries = this.#groups.ptr + this.#end * 4;
    kernels.takeU64(times, kept, count, this.#times.ptr + this.#end * 8);
    kernels.takeU32(groups, kept, count, entries);
    this.#keys.hold(entries, count);
    this.#end += count;
    return count;
  }

  /** Every group has a place in `firsts`; those that are not in use hold no time. */
  #makeRoom(): void {
    const { end } = this.#keys;
    if (end <= this.#capacity) return;
    const capacity = powerOfTwo(end);
    this.#firsts.resize(capacity * 8, this.#capacity * 8);
    const added = capacity - this.#capacity;
    this.#workspace.kernels.fillI64(NONE, added, this.#firsts.ptr + this.#capacity * 8);
    this.#capacity = capacity;
  }

  /** Gives back what the queue has left behind: all of it when nothing is remembered, else once it is half of the room. */
  #settle(): void {
    const { count } = this;
    if (count === 0) {
      this.#keys.shrink();
      for (const block of [this.#firsts, this.#times, this.#groups]) block.release();
      this.#capacity = 0;
    } else if (this.#start < count) {
      return;
    } else {
      const { u8 } = this.#workspace.account.memory;
      for (const [block, width] of [
        [this.#times, 8],
        [this.#groups, 4],
      ] as const) {
        u8.copyWithin(block.ptr, block.ptr + this.#start * width, block.ptr + this.#end * width);
        if (block.bytes > 8 * count * width) block.resize(2 * count * width, count * width);
      }
    }
    this.#start = 0;
    this.#end = count;
  }
}
