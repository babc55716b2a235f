// GROUP BY without a window: one result a group, which every batch with rows of it updates. Changes go out once a batch for
// each group (its keys are "dirty" until then), in the order in which the batch has them; a result that stays as it was is no
// change (S79).
//
// What stood before an update is not kept beside the accumulators: it is read from them before the rows of a batch are added.
import { Batch } from "../arrow/batch.js";
import type { Column } from "../arrow/column.js";
import type { Schema } from "../arrow/types.js";
import { INSERT, UPDATE_AFTER, UPDATE_BEFORE } from "../plan/changes.js";
import type { PhysicalOf } from "../plan/physical.js";
import type { Entries } from "../state/entries.js";
import { GroupedState } from "../state/grouped-state.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";
import { ChangeRows, sameRow } from "./change-rows.js";
import { type OperatorContext, type Output, StatelessOperator } from "./operator.js";
import { refuseOverflow } from "./result-policy.js";

export class GroupAggregate extends StatelessOperator {
  readonly #node: PhysicalOf<"group-aggregate">;
  readonly #input: Schema;
  #state!: GroupedState;
  #changes!: ChangeRows;

  /** `input`: the schema of the rows. @throws UNSUPPORTED for types that are not aggregated yet, when opened */
  constructor(node: PhysicalOf<"group-aggregate">, input: Schema) {
    super();
    this.#node = node;
    this.#input = input;
  }

  override open(context: OperatorContext): void {
    super.open(context);
    const { keys, aggregates, schema } = this.#node;
    this.#state = new GroupedState(context.workspace, this.#input, { keys, aggregates, slicing: null });
    this.#changes = new ChangeRows(context, schema);
    this.#measure();
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    if (batch.rowCount === 0) return;
    const { placed, touched, fresh } = this.#state.place(batch);
    const known = this.#known(touched, fresh);
    const before = this.#state.resultColumns(known.entries);
    this.#state.update(batch, placed);
    this.#emit(touched, known.places, before, out);
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

  /** The touched entries that are not `fresh`, and their places among them: both lists are in the order of the batch. */
  #known(touched: Entries, fresh: Entries): { readonly entries: Entries; readonly places: readonly number[] } {
    const { u32 } = this.context.workspace.account.memory;
    const entries = this.#state.reserve(touched.count - fresh.count);
    const places: number[] = [];
    let next = 0;
    for (let at = 0; at < touched.count; at++) {
      const cell = u32[(touched.cells >>> 2) + at] as number;
      if (next < fresh.count && cell === u32[(fresh.cells >>> 2) + next]) {
        next++;
        continue;
      }
      u32[(entries.cells >>> 2) + places.length] = cell;
      u32[(entries.groups >>> 2) + places.length] = u32[(touched.groups >>> 2) + at] as number;
      places.push(at);
    }
    return { entries, places };
  }

  /**
   * @param places - those of the touched entries that had a result before
   * @param before - these results, in the order of `places`
   */
  #emit(touched: Entries, places: readonly number[], before: readonly Column[], out: Output): void {
    const { workspace } = this.context;
    const refused = this.#refuseOverflows(touched, out);
    const keys = this.#state.keyColumns(touched);
    const after = this.#state.resultColumns(touched);
    let next = 0;
    for (let at = 0; at < touched.count; at++) {
      const old = places[next] === at ? next++ : -1;
      if (refused.has(at)) continue;
      if (old < 0) this.#changes.add(INSERT, at);
      else if (!sameRow(workspace, before, old, after, at)) {
        if (this.#node.before) this.#changes.add(UPDATE_BEFORE, touched.count + old);
        this.#changes.add(UPDATE_AFTER, at);
      }
    }
    const oldKeys = keys.map((column) => this.#changes.take(column, places));
    this.#changes.emit([...keys, ...after], [...oldKeys, ...before], out);
  }

  /** Results that do not fit follow the row policy: what stood before stays. */
  #refuseOverflows(entries: Entries, out: Output): ReadonlySet<number> {
    const refused = new Set<number>();
    for (let from = 0; from < entries.count; ) {
      const rest = { count: entries.count - from, groups: entries.groups + from * 4, cells: entries.cells + from * 4 };
      const found = this.#state.overflow(rest);
      if (found === null) break;
      const at = from + found.row;
      const keys = this.#state.keyColumns({ count: 1, groups: entries.groups + at * 4, cells: entries.cells + at * 4 });
      const schema = { fields: this.#node.schema.fields.slice(0, keys.length) };
      refuseOverflow(this.context, new Batch(this.context.workspace, schema, keys, 1), found.aggregate, out);
      refused.add(at);
      from = at + 1;
    }
    return refused;
  }

  #measure(): void {
    this.context.metrics.stateBytes = this.#state.usedBytes;
  }
}
