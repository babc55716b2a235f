// GROUP BY without a window: one result a group, which every batch with rows of it updates. Changes go out once a batch for
// each group (its keys are "dirty" until then), in the order in which the batch has them; a result that stays as it was is no
// change (S79). Rows that are taken away again (their last column says so) are taken out of the accumulators; a group
// without rows goes, but for the one that all rows are in (S50).
//
// What stood before an update is not kept beside the accumulators: it is read from them before the rows of a batch are added.
import { Batch } from "../arrow/batch.js";
import type { Column } from "../arrow/column.js";
import type { Schema } from "../arrow/types.js";
import { DELETE, hasChanges, INSERT, UPDATE_AFTER, UPDATE_BEFORE } from "../plan/changes.js";
import type { PhysicalOf } from "../plan/physical.js";
import type { Overflow } from "../state/accumulators.js";
import type { Placed } from "../state/cells.js";
import type { Entries } from "../state/entries.js";
import { GroupedState } from "../state/grouped-state.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";
import { ChangeRows, sameRow } from "./change-rows.js";
import { type OperatorContext, type Output, StatelessOperator } from "./operator.js";
import { refuseOverflow } from "./result-policy.js";

export class GroupAggregate extends StatelessOperator {
  readonly #node: PhysicalOf<"group-aggregate">;
  readonly #input: Schema;
  /** Whether rows are taken away again. */
  readonly #retracts: boolean;
  #state!: GroupedState;
  #changes!: ChangeRows;

  /** `input`: the schema of the rows. @throws UNSUPPORTED for types that are not aggregated yet, when opened */
  constructor(node: PhysicalOf<"group-aggregate">, input: Schema) {
    super();
    this.#node = node;
    this.#input = input;
    this.#retracts = hasChanges(input);
  }

  override open(context: OperatorContext): void {
    super.open(context);
    const { keys, aggregates, schema } = this.#node;
    this.#state = new GroupedState(context.workspace, this.#input, {
      keys,
      aggregates,
      slicing: null,
      retracts: this.#retracts,
      ttlMs: this.#node.ttlMs,
    });
    this.#changes = new ChangeRows(context, schema);
    this.#measure();
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    if (batch.rowCount === 0) return;
    const nowMs = this.context.clock.nowMs();
    if (this.#state.sweepMs <= nowMs) this.#state.sweep(nowMs);
    const { placed, touched, fresh } = this.#state.place(batch);
    const known = this.#known(touched, fresh, this.#state.touch(touched, nowMs));
    const before = this.#state.resultColumns(known.entries);
    if (this.#retracts) this.#change(batch, placed);
    else this.#state.update(batch, placed);
    this.#emit(touched, known.places, before, out);
    if (this.#retracts && this.#node.keys.length > 0) this.#dropGone(touched);
    this.#measure();
  }

  /** When the clock lets the next group be forgotten. */
  get dueMs(): number {
    const { clock } = this.context;
    return clock.monotonicMs() + Math.max(0, this.#state.sweepMs - clock.nowMs());
  }

  processTime(): void {
    const nowMs = this.context.clock.nowMs();
    if (this.#state.sweepMs > nowMs) return;
    this.#state.sweep(nowMs);
    this.#measure();
  }

  /** One row without keys, also over no rows (S50). */
  override processWatermark(timeMs: number, out: Output): void {
    const ends = timeMs === Number.POSITIVE_INFINITY;
    if (ends && this.#node.keys.length === 0 && this.#state.slices.order.length === 0) {
      const entries = this.#state.addNothing();
      this.#emit(entries, [], [], out);
    }
    super.processWatermark(timeMs, out);
  }

  /** Groups that there are. */
  get groupCount(): number {
    return this.#state.groupCount;
  }

  override snapshot(writer: SnapshotWriter): void {
    this.#state.snapshot(writer);
  }

  override restore(reader: SnapshotReader): void {
    this.#state.restore(reader);
    this.#measure();
  }

  override close(): void {
    // There is none when opening failed.
    (this.#state as GroupedState | undefined)?.release();
  }

  /** Adds rows and takes rows away, as their last column says: −U and −D are odd. */
  #change(batch: Batch, placed: Placed): void {
    const { account, kernels } = this.context.workspace;
    const { rowCount } = batch;
    const { values } = batch.plainColumn(this.#input.fields.length - 1);
    const added = account.arena.allocate(rowCount * 4);
    const taken = account.arena.allocate(rowCount * 4);
    const count = kernels.partChanges(values, rowCount, added, taken);
    if (count === rowCount) {
      this.#state.update(batch, placed);
      return;
    }
    const cellsOf = (rows: number, n: number): Placed => {
      const ptr = account.arena.allocate(n * 4);
      kernels.takeU32(placed.ptr, rows, n, ptr);
      return { ptr, base: placed.base };
    };
    if (count > 0) this.#state.update(batch.select(added, count), cellsOf(added, count));
    this.#state.retract(batch.select(taken, rowCount - count), cellsOf(taken, rowCount - count));
  }

  /**
   * Drops groups without rows. What was taken away before it came is held (S74), unless what it was of may have expired: then
   * it is ignored and counted.
   */
  #dropGone(touched: Entries): void {
    if (this.#node.ttlMs === null) {
      this.#state.dropEmpty(touched);
      return;
    }
    const { lateRows } = this.context.metrics;
    this.context.metrics.lateRows = lateRows + this.#state.dropWithoutRows(touched);
  }

  /** Which of the entries have a result: they have rows, and it fits. `null`: all. */
  #standing(entries: Entries): ((at: number) => boolean) | null {
    const overflows = new Set(this.#overflows(entries).map(({ row }) => row));
    if (!this.#retracts || this.#node.keys.length === 0) {
      return overflows.size === 0 ? null : (at) => !overflows.has(at);
    }
    const counts = this.#state.rowCounts(entries) >>> 2;
    const { memory } = this.context.workspace.account;
    return (at) => {
      const { i32 } = memory;
      const high = i32[counts + 2 * at + 1] as number;
      return high >= 0 && (high | (i32[counts + 2 * at] as number)) !== 0 && !overflows.has(at);
    };
  }

  /** The touched entries that had a result before, and their places among them: both lists are in the order of the batch. */
  #known(
    touched: Entries,
    fresh: Entries,
    expired: ReadonlySet<number>,
  ): { readonly entries: Entries; readonly places: readonly number[] } {
    const { u32 } = this.context.workspace.account.memory;
    const stands = this.#standing(touched);
    const entries = this.#state.reserve(touched.count - fresh.count);
    const places: number[] = [];
    let next = 0;
    for (let at = 0; at < touched.count; at++) {
      const cell = u32[(touched.cells >>> 2) + at] as number;
      if (next < fresh.count && cell === u32[(fresh.cells >>> 2) + next]) {
        next++;
        continue;
      }
      if (expired.has(at) || (stands !== null && !stands(at))) continue;
      u32[(entries.cells >>> 2) + places.length] = cell;
      u32[(entries.groups >>> 2) + places.length] = u32[(touched.groups >>> 2) + at] as number;
      places.push(at);
    }
    return { entries: { ...entries, count: places.length }, places };
  }

  /**
   * @param places - those of the touched entries that had a result before
   * @param before - these results, in the order of `places`
   */
  #emit(touched: Entries, places: readonly number[], before: readonly Column[], out: Output): void {
    const { workspace } = this.context;
    this.#refuse(touched, out);
    const stands = this.#standing(touched);
    const keys = this.#state.keyColumns(touched);
    const after = this.#state.resultColumns(touched);
    let next = 0;
    for (let at = 0; at < touched.count; at++) {
      const old = places[next] === at ? next++ : -1;
      if (stands !== null && !stands(at)) {
        if (old >= 0) this.#changes.add(DELETE, touched.count + old);
      } else if (old < 0) this.#changes.add(INSERT, at);
      else if (!sameRow(workspace, before, old, after, at)) {
        if (this.#node.before) this.#changes.add(UPDATE_BEFORE, touched.count + old);
        this.#changes.add(UPDATE_AFTER, at);
      }
    }
    const oldKeys = keys.map((column) => this.#changes.take(column, places));
    this.#changes.emit([...keys, ...after], [...oldKeys, ...before], out);
  }

  /** Results that do not fit follow the row policy: their groups have none. */
  #refuse({ groups, cells, count }: Entries, out: Output): void {
    for (const { row, aggregate } of this.#overflows({ groups, cells, count })) {
      const keys = this.#state.keyColumns({ count: 1, groups: groups + row * 4, cells: cells + row * 4 });
      const schema = { fields: this.#node.schema.fields.slice(0, keys.length) };
      refuseOverflow(this.context, new Batch(this.context.workspace, schema, keys, 1), aggregate, out);
    }
  }

  #overflows({ groups, cells, count }: Entries): Overflow[] {
    const found: Overflow[] = [];
    for (let from = 0; from < count; ) {
      const rest = { count: count - from, groups: groups + from * 4, cells: cells + from * 4 };
      const next = this.#state.overflow(rest);
      if (next === null) break;
      found.push({ ...next, row: from + next.row });
      from += next.row + 1;
    }
    return found;
  }

  #measure(): void {
    this.context.metrics.stateBytes = this.#state.usedBytes;
  }
}
