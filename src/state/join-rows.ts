// The rows of one side of a join: by number, and by the group of their key as chains (assembly/join.ts), with the number of
// partners that each has. Both sides of a join share their keys, so that equal keys are one group.
import { Batch } from "../arrow/batch.js";
import { Column, type Workspace } from "../arrow/column.js";
import { field, INT32, INT64, type Schema, schemaOf } from "../arrow/types.js";
import { hashColumns } from "./hash.js";
import { RowStore } from "./row-store.js";
import { checkSavedKeys, keyFields, savedKeys, stateMismatch } from "./saved-keys.js";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.js";
import { type GroupKeys, powerOfTwo, StateBlock, type StateStore } from "./store.js";

/** No row, no group. */
export const NONE = 0xffffffff;
const LINK_BYTES = 16;
const WHOSE = "join";

export interface JoinRowsOptions {
  /** Columns that are kept. */
  readonly schema: Schema;
  readonly keys: GroupKeys;
  readonly keySchema: Schema;
  /** Whether rows are taken back, and have to be found. */
  readonly isUpdated: boolean;
  /** Whether rows have a time by which they expire. */
  readonly isTimed: boolean;
}

export class JoinRows {
  readonly rows: RowStore;
  readonly #workspace: Workspace;
  readonly #options: JoinRowsOptions;
  readonly #heads: StateBlock;
  readonly #links: StateBlock;
  readonly #flags: StateBlock;
  readonly #hashes: StateBlock;
  readonly #times: StateBlock;
  #groupCapacity = 0;
  #rowCapacity = 0;
  /** The smallest time that a row has; +∞ without rows. */
  #leastMs = Number.POSITIVE_INFINITY;

  /** @throws UNSUPPORTED for columns of lists */
  constructor(store: StateStore, options: JoinRowsOptions) {
    this.#workspace = store.workspace;
    this.#options = options;
    this.rows = new RowStore(store, options.schema);
    this.#heads = new StateBlock(store);
    this.#links = new StateBlock(store);
    this.#flags = new StateBlock(store);
    this.#hashes = new StateBlock(store);
    this.#times = new StateBlock(store);
  }

  get leastMs(): number {
    return this.#leastMs;
  }

  /**
   * Keeps rows.
   * @param groups - of their keys, u32; each is held by its row
   * @param times - i64 milliseconds; 0 when rows have none
   * @returns their numbers, u32 in the arena
   */
  add(batch: Batch, groups: number, times: number): number {
    const { kernels } = this.#workspace;
    const { rowCount } = batch;
    const numbers = this.rows.append(batch);
    this.#makeRoom();
    kernels.linkRows(numbers, groups, rowCount, this.#heads.ptr, this.#links.ptr, this.#flags.ptr);
    this.#options.keys.hold(groups, rowCount);
    if (this.#options.isUpdated) {
      kernels.scatterValues(this.#hashesOf(batch), 8, numbers, rowCount, this.#hashes.ptr);
    }
    if (this.#options.isTimed) {
      kernels.scatterValues(times, 8, numbers, rowCount, this.#times.ptr);
      const { account } = this.#workspace;
      const range = account.arena.allocate(16);
      kernels.rangeTimes(times, rowCount, 1, range);
      this.#leastMs = Math.min(this.#leastMs, account.memory.f64[range >>> 3] as number);
    }
    return numbers;
  }

  /** Forgets rows, which nobody lists any more. */
  remove(numbers: number, count: number): void {
    if (count === 0) return;
    const groups = this.groupsOf(numbers, count);
    this.#workspace.kernels.unlinkRows(numbers, count, this.#heads.ptr, this.#links.ptr);
    this.#options.keys.drop(groups, count);
    this.rows.remove(numbers, count);
    if (this.rows.count > 0) return;
    for (const block of [this.#links, this.#flags, this.#hashes, this.#times]) block.release();
    this.#rowCapacity = 0;
    this.#leastMs = Number.POSITIVE_INFINITY;
  }

  groupsOf(numbers: number, count: number): number {
    const groups = this.#workspace.account.arena.allocate(count * 4);
    this.#workspace.kernels.groupsOfRows(numbers, count, this.#links.ptr, groups);
    return groups;
  }

  /** The rows of groups, some at a time: see `probeRows` of assembly/join.ts. */
  probe(groups: number, count: number, cursor: number, limit: number, positions: number, numbers: number): number {
    this.#makeRoom();
    const { kernels } = this.#workspace;
    return kernels.probeRows(groups, count, cursor, this.#heads.ptr, this.#links.ptr, limit, positions, numbers);
  }

  /** For each row of a batch the number of one that is equal and was not taken before, or NONE; u32 in the arena. */
  takeEqual(batch: Batch, groups: number): number {
    const { account, kernels } = this.#workspace;
    const { rowCount } = batch;
    const found = account.arena.allocate(rowCount * 4);
    this.#makeRoom();
    const { ptr } = this.#hashes;
    const hashes = this.#hashesOf(batch);
    kernels.takeEqualRows(hashes, groups, rowCount, this.#heads.ptr, this.#links.ptr, ptr, this.#flags.ptr, found);
    return found;
  }

  /** So many partners more; `touched` lists the rows whose partners changed, behind `touchedCount` others; 0: no list. */
  countPartners(numbers: number, count: number, more: number, touched: number, touchedCount: number): number {
    const { kernels } = this.#workspace;
    return kernels.countPartners(numbers, count, more, this.#links.ptr, this.#flags.ptr, touched, touchedCount);
  }

  /** Those that stand in the result on their own: they no longer do. In the arena. */
  hide(numbers: number, count: number): { ptr: number; count: number } {
    const ptr = this.#workspace.account.arena.allocate(count * 4);
    return { ptr, count: this.#workspace.kernels.hideRows(numbers, count, this.#flags.ptr, ptr) };
  }

  /** Those that stand in the result on their own from now on, or (`shows` 0) no longer do. In the arena. */
  settle(numbers: number, count: number, matched: number, shows: number): { ptr: number; count: number } {
    const ptr = this.#workspace.account.arena.allocate(count * 4);
    const { kernels } = this.#workspace;
    const found = kernels.settleRows(numbers, count, matched, shows, this.#links.ptr, this.#flags.ptr, ptr);
    return { ptr, count: found };
  }

  /** Those without partners, in the arena. */
  unmatched(numbers: number, count: number): { ptr: number; count: number } {
    const ptr = this.#workspace.account.arena.allocate((count + 1) * 4);
    return { ptr, count: this.#workspace.kernels.unmatchedRows(numbers, count, this.#links.ptr, ptr) };
  }

  /** The rows with a time before `boundMs`, in the arena; each is listed once. */
  expire(boundMs: number): { ptr: number; count: number } {
    const { account, kernels } = this.#workspace;
    const ptr = account.arena.allocate(this.rows.end * 4);
    const least = account.arena.allocate(8);
    const count = kernels.expireRows(this.#times.ptr, this.rows.end, Math.min(boundMs, 2 ** 62), least, ptr);
    this.#leastMs = account.memory.f64[least >>> 3] as number;
    return { ptr, count };
  }

  snapshot(writer: SnapshotWriter, table: string): void {
    const { account, kernels } = this.#workspace;
    const { schema, keys, keySchema } = this.#options;
    const { ptr, count } = this.rows.numbers();
    const partners = account.arena.allocate(count * 4);
    kernels.partnersOfRows(ptr, count, this.#links.ptr, partners);
    const flags = account.arena.allocate(count * 4);
    const times = account.arena.allocateZeroed(count * 8);
    if (this.#options.isTimed) kernels.takeU64(this.#times.ptr, ptr, count, times);
    const { u8, u32 } = account.memory;
    for (let at = 0; at < count; at++) {
      u32[(flags >>> 2) + at] = u8[this.#flags.ptr + (u32[(ptr >>> 2) + at] as number)] as number;
    }
    const own = [
      new Column({ type: INT32, length: count, values: partners }),
      new Column({ type: INT32, length: count, values: flags }),
      new Column({ type: INT64, length: count, values: times }),
    ];
    const columns = [...own, ...keys.columns(this.groupsOf(ptr, count), count), ...this.rows.take(ptr, count)];
    writer.table(table, new Batch(this.#workspace, savedSchema(schema, keySchema), columns, count));
  }

  /** Reads back what `snapshot` wrote, into empty state. @throws STATE_MISMATCH */
  restore(reader: SnapshotReader, table: string): void {
    const { account } = this.#workspace;
    const { schema, keys, keySchema } = this.#options;
    const saved = reader.table(table, this.#workspace);
    if (saved === undefined) throw stateMismatch(WHOSE, `it has no ${table}`);
    const keyIndexes = [...keySchema.fields.keys()];
    checkSavedKeys(saved.schema, keyFields(keySchema, keyIndexes), WHOSE);
    if (saved.schema.fields.length !== 3 + keyIndexes.length + schema.fields.length) {
      throw stateMismatch(WHOSE, `rows of its ${table} have other columns`);
    }
    if (saved.rowCount === 0) return;
    const groups = keys.intern(
      savedKeys(saved.pick(saved.schema, [...saved.schema.fields.keys()].slice(2)), keySchema, keyIndexes),
    );
    const kept = saved.pick(
      schema,
      [...schema.fields.keys()].map((at) => 3 + keyIndexes.length + at),
    );
    const numbers = this.add(kept, groups, saved.column(2).values);
    const { u8, u32 } = account.memory;
    const [partners, flags] = [saved.column(0).values >>> 2, saved.column(1).values >>> 2];
    for (let at = 0; at < saved.rowCount; at++) {
      const number = u32[(numbers >>> 2) + at] as number;
      u32[(this.#links.ptr + number * LINK_BYTES + 12) >>> 2] = u32[partners + at] as number;
      u8[this.#flags.ptr + number] = u32[flags + at] as number;
    }
  }

  release(): void {
    this.rows.release();
    for (const block of [this.#heads, this.#links, this.#flags, this.#hashes, this.#times]) block.release();
  }

  #hashesOf(batch: Batch): number {
    const columns = batch.schema.fields.map((_, index) => batch.column(index));
    if (columns.length === 0) return this.#workspace.account.arena.allocateZeroed(batch.rowCount * 8);
    return hashColumns(this.#workspace, columns, batch.rowCount);
  }

  /** A head for every group, a link for every row. */
  #makeRoom(): void {
    const groups = this.#options.keys.end;
    if (groups > this.#groupCapacity) {
      const capacity = powerOfTwo(groups);
      this.#heads.resize(capacity * 4, this.#groupCapacity * 4);
      this.#workspace.account.memory.u8.fill(
        0xff,
        this.#heads.ptr + this.#groupCapacity * 4,
        this.#heads.ptr + capacity * 4,
      );
      this.#groupCapacity = capacity;
    }
    const rows = this.rows.end;
    if (rows <= this.#rowCapacity) return;
    const capacity = powerOfTwo(rows);
    const used = this.#rowCapacity;
    this.#links.resize(capacity * LINK_BYTES, used * LINK_BYTES);
    this.#flags.resize(capacity, used);
    if (this.#options.isUpdated) this.#hashes.resize(capacity * 8, used * 8);
    if (this.#options.isTimed) {
      this.#times.resize(capacity * 8, used * 8);
      // Numbers that were never used do not expire.
      this.#workspace.kernels.fillI64(2 ** 62, capacity - used, this.#times.ptr + used * 8);
    }
    this.#rowCapacity = capacity;
  }
}

function savedSchema(schema: Schema, keySchema: Schema): Schema {
  return schemaOf([
    field("partners", INT32, false),
    field("flags", INT32, false),
    field("time", INT64, false),
    ...keyFields(keySchema, [...keySchema.fields.keys()]),
    ...schema.fields.map(({ type }, index) => field(`column ${index}`, type)),
  ]);
}
