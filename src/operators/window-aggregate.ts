// GROUP BY a tumbling window and keys: rows go into accumulators, and when the watermark passes a window's end, one row a
// group comes out (append only). Without a window there is one result, at the end of the input.
//
// What happens when (S17, S40–S43): a window fires at the watermark end − 1, `end` exclusive. With lateness it is kept until
// end − 1 + lateness, and fires again, its changed groups only, after every batch that had rows for it. Then its state goes,
// and rows for it are late.
import { Batch, Column } from "../arrow/batch.js";
import { type Schema, TIMESTAMP } from "../arrow/types.js";
import type { PhysicalOf } from "../plan/physical.js";
import { type Entries, GroupedState } from "../state/grouped-state.js";
import type { Slice } from "../state/slices.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";
import { EventTime, floorMod } from "./event-time.js";
import { LateRows } from "./late-rows.js";
import type { Operator, OperatorContext, Output, SplitEvent } from "./operator.js";
import { refuseOverflow } from "./result-policy.js";

export interface WindowAggregateOptions {
  /** Bytes that dense cells may take; 0 makes them sparse. Default: a quarter of the memory budget. */
  readonly denseBytesMax?: number;
}

/** Entries on their way out, with the start of each one's window (i64 milliseconds). */
interface Results {
  readonly entries: Entries;
  readonly starts: number;
}

export class WindowAggregate implements Operator {
  readonly #node: PhysicalOf<"window-aggregate">;
  readonly #input: Schema;
  readonly #options: WindowAggregateOptions;
  /** Infinity without window: the end of its one window comes with the end of input. */
  readonly #sizeMs: number;
  readonly #time: EventTime | null;
  #context!: OperatorContext;
  #late!: LateRows;
  #state!: GroupedState;
  #pending = false;
  #watermarkMs = Number.NEGATIVE_INFINITY;
  /** The watermark that is being processed. */
  #targetMs = Number.NEGATIVE_INFINITY;
  /** Rows before it are late: their windows' state is gone. */
  #lateUntilMs = Number.NEGATIVE_INFINITY;
  /** Windows that start before it have fired. */
  #firedUntilMs = Number.NEGATIVE_INFINITY;
  /** Entries of the first window due that have been emitted already. */
  #emitted = 0;
  /** Entries of the first expired window that have been dropped already. */
  #dropped = 0;

  /** `input`: the schema of the rows. @throws UNSUPPORTED for types that are not aggregated yet, when opened */
  constructor(node: PhysicalOf<"window-aggregate">, input: Schema, options: WindowAggregateOptions = {}) {
    this.#node = node;
    this.#input = input;
    this.#options = options;
    this.#sizeMs = node.window?.sizeMs ?? Number.POSITIVE_INFINITY;
    this.#time = node.window === null ? null : new EventTime(input, node.timeColumn);
  }

  open(context: OperatorContext): void {
    const { window, keys, aggregates } = this.#node;
    const slicing = window && { ...window, unitsPerMs: (this.#time as EventTime).unitsPerMs };
    this.#context = context;
    this.#late = new LateRows(context);
    this.#state = new GroupedState(context.workspace, this.#input, { keys, aggregates, slicing, ...this.#options });
    this.#measure();
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    if (batch.rowCount === 0) return;
    if (this.#time === null) this.#state.add(batch, 0, 0, 0);
    else this.#add(batch, this.#time, out);
    this.#measure();
  }

  processWatermark(timeMs: number, out: Output): void {
    if (timeMs <= this.#watermarkMs) return;
    this.#targetMs = timeMs;
    const { window, keys } = this.#node;
    const global = window === null && keys.length === 0;
    if (global && timeMs === Number.POSITIVE_INFINITY && this.#state.slices.order.length === 0)
      this.#state.addNothing();
    this.resume(out);
  }

  processSplit(event: SplitEvent, out: Output): void {
    out.split(event);
  }

  get pending(): boolean {
    return this.#pending;
  }

  resume(out: Output): void {
    this.#pending = !(this.#fire(out) && this.#expire());
    if (!this.#pending) {
      this.#reach(this.#targetMs);
      this.#state.settle();
    }
    this.#measure();
    if (!this.#pending) out.watermark(this.#targetMs);
  }

  snapshot(writer: SnapshotWriter): void {
    writer.value("watermarkMs", this.#watermarkMs);
    this.#state.snapshot(writer);
  }

  restore(reader: SnapshotReader): void {
    this.#state.restore(reader);
    this.#reach(reader.value("watermarkMs") as number);
    this.#measure();
  }

  close(): void {
    this.#state.release();
  }

  /** The watermark is `timeMs` now. */
  #reach(timeMs: number): void {
    this.#watermarkMs = timeMs;
    this.#firedUntilMs = this.#boundary(timeMs + 1);
    this.#lateUntilMs = this.#boundary(timeMs + 1 - this.#node.latenessMs);
  }

  /** The last end of a window at or before `timeMs`. */
  #boundary(timeMs: number): number {
    const { window } = this.#node;
    if (!Number.isFinite(timeMs)) return timeMs;
    return window === null ? Number.NEGATIVE_INFINITY : timeMs - floorMod(timeMs - window.offsetMs, window.sizeMs);
  }

  #add(batch: Batch, time: EventTime, out: Output): void {
    let rows = batch;
    if (time.hasNulls(rows)) {
      const { inside, outside } = time.part(rows, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
      this.#late.refuse(outside, "NULL_TIME", this.#watermarkMs, out);
      rows = inside;
    }
    rows = this.#refuseLate(rows, time, out);
    if (rows.rowCount > 0 && time.lowMs < this.#firedUntilMs) rows = this.#addAgain(rows, time, out);
    if (rows.rowCount > 0) this.#state.add(rows, time.values(rows), time.lowMs, time.highMs);
  }

  /** The rows that are not late, measured. */
  #refuseLate(rows: Batch, time: EventTime, out: Output): Batch {
    if (rows.rowCount === 0) return rows;
    time.measure(rows);
    if (time.lowMs >= this.#lateUntilMs) return rows;
    const { inside, outside } = time.part(rows, this.#lateUntilMs, Number.POSITIVE_INFINITY);
    this.#late.refuse(outside, "LATE", this.#watermarkMs, out);
    if (inside.rowCount > 0) time.measure(inside);
    return inside;
  }

  /** Adds the rows of windows that have fired already, and fires these again, one after the other. Returns the others. */
  #addAgain(rows: Batch, time: EventTime, out: Output): Batch {
    let { inside: again, outside: rest } = time.part(rows, this.#lateUntilMs, this.#firedUntilMs);
    while (again.rowCount > 0) {
      time.measure(again);
      const startMs = this.#state.startOf(time.lowMs);
      const { inside, outside } = time.part(again, startMs, startMs + this.#sizeMs);
      again = outside;
      const placed = this.#state.add(inside, time.values(inside), startMs, startMs);
      const entries = this.#state.distinct(placed, inside.rowCount);
      const starts = this.#context.workspace.account.arena.allocate(entries.count * 8);
      this.#context.workspace.kernels.fillI64(startMs, entries.count, starts);
      this.#emit({ entries, starts }, out);
    }
    if (rest.rowCount > 0) time.measure(rest);
    return rest;
  }

  /** Emits the windows that are due, in the order of time. False when it had to stop before the last one. */
  #fire(out: Output): boolean {
    const { slices } = this.#state;
    for (let rowCount = this.#dueRows(); rowCount > 0; rowCount = this.#dueRows()) {
      const entries = this.#state.reserve(rowCount);
      const starts = this.#context.workspace.account.arena.allocate(rowCount * 8);
      const expired: Slice[] = [];
      let filled = 0;
      let dropCount = 0;
      while (filled < rowCount) {
        const slice = slices.order[slices.firstFrom(this.#firedUntilMs)] as Slice;
        const total = slices.count(slice);
        const count = Math.min(rowCount - filled, total - this.#emitted);
        this.#state.read(slice, this.#emitted, count, entries, filled);
        this.#context.workspace.kernels.fillI64(slice.startMs, count, starts + filled * 8);
        filled += count;
        // Windows that expire now come before those that stay.
        if (this.#isExpired(slice)) dropCount = filled;
        this.#emitted += count;
        if (this.#emitted < total) continue;
        this.#emitted = 0;
        this.#firedUntilMs = slice.startMs + this.#sizeMs;
        if (this.#isExpired(slice)) expired.push(slice);
      }
      this.#emit({ entries, starts }, out);
      this.#state.drop(entries, dropCount);
      for (const slice of expired) this.#state.close(slice);
      if (this.#context.shouldYield()) return false;
    }
    return true;
  }

  /** Rows of the next batch of windows due; 0 when there are none. */
  #dueRows(): number {
    const { slices } = this.#state;
    const { batchRowsMax } = this.#context;
    let rows = -this.#emitted;
    for (let index = slices.firstFrom(this.#firedUntilMs); index < slices.order.length; index++) {
      const slice = slices.order[index] as Slice;
      if (slice.startMs + this.#sizeMs - 1 > this.#targetMs || rows >= batchRowsMax) break;
      rows += slices.count(slice);
    }
    return Math.min(rows, batchRowsMax);
  }

  #isExpired({ startMs }: Slice): boolean {
    return startMs + this.#sizeMs - 1 + this.#node.latenessMs <= this.#targetMs;
  }

  /** Drops windows that fired earlier and whose lateness has passed. False when it had to stop before the last one. */
  #expire(): boolean {
    const { slices } = this.#state;
    for (let slice = slices.order[0]; slice !== undefined && this.#isExpired(slice); slice = slices.order[0]) {
      const total = slices.count(slice);
      const entries = this.#state.reserve(Math.min(this.#context.batchRowsMax, total - this.#dropped));
      this.#state.read(slice, this.#dropped, entries.count, entries, 0);
      this.#state.drop(entries, entries.count);
      this.#dropped += entries.count;
      if (this.#dropped === total) {
        this.#dropped = 0;
        this.#state.close(slice);
      }
      if (this.#context.shouldYield()) return false;
    }
    return true;
  }

  #emit(results: Results, out: Output): void {
    const { entries, starts } = this.#withoutOverflows(results, out);
    if (entries.count === 0) return;
    const columns = [...this.#placeColumns({ entries, starts }), ...this.#state.resultColumns(entries)];
    out.emit(new Batch(this.#context.workspace, this.#node.schema, columns, entries.count));
  }

  /** What can be emitted: results that overflow follow the row policy. @throws OVERFLOW */
  #withoutOverflows(results: Results, out: Output): Results {
    let { entries, starts } = results;
    for (let found = this.#state.overflow(entries); found !== null; found = this.#state.overflow(entries)) {
      const { row, aggregate } = found;
      const one = { count: 1, groups: entries.groups + row * 4, cells: entries.cells + row * 4 };
      const columns = this.#placeColumns({ entries: one, starts: starts + row * 8 });
      const schema = { fields: this.#node.schema.fields.slice(0, columns.length) };
      refuseOverflow(this.#context, new Batch(this.#context.workspace, schema, columns, 1), aggregate, out);
      ({ entries, starts } = this.#without({ entries, starts }, row));
    }
    return { entries, starts };
  }

  /** The results but one; the lists stay as they are, for what was read is dropped by them. */
  #without({ entries, starts }: Results, row: number): Results {
    const { u8 } = this.#context.workspace.account.memory;
    const rest = this.#state.reserve(entries.count - 1);
    const restStarts = this.#context.workspace.account.arena.allocate(rest.count * 8);
    const copy = (from: number, to: number, width: number) => {
      u8.copyWithin(to, from, from + row * width);
      u8.copyWithin(to + row * width, from + (row + 1) * width, from + entries.count * width);
    };
    copy(entries.groups, rest.groups, 4);
    copy(entries.cells, rest.cells, 4);
    copy(starts, restStarts, 8);
    return { entries: rest, starts: restStarts };
  }

  /** The columns before the aggregates: window start, end and time, then the keys. */
  #placeColumns({ entries, starts }: Results): Column[] {
    const keys = this.#state.keyColumns(entries);
    if (this.#node.window === null) return keys;
    const { count } = entries;
    const { account, kernels } = this.#context.workspace;
    const shifted = (ms: number): Column => {
      // A constant operand fills a whole vector.
      const shift = account.arena.allocate(16);
      kernels.fillI64(ms, 2, shift);
      const values = account.arena.allocate(count * 8);
      kernels.addI64(starts, 8, shift, 0, count, values);
      return new Column({ type: TIMESTAMP, length: count, values });
    };
    const startColumn = new Column({ type: TIMESTAMP, length: count, values: starts });
    return [startColumn, shifted(this.#sizeMs), shifted(this.#sizeMs - 1), ...keys];
  }

  #measure(): void {
    this.#context.metrics.stateBytes = this.#state.usedBytes;
  }
}
