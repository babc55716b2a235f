// GROUP BY a tumbling window and keys: rows go into accumulators, and when the watermark passes a window's end, one row a
// group comes out (append only). Without a window there is one result, at the end of the input.
//
// What happens when (S17, S40–S43): a window fires at the watermark end − 1, `end` exclusive. With lateness it is kept until
// end − 1 + lateness, and fires again, its changed groups only, after every batch that had rows for it. Then its state goes,
// and rows for it are late.
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import type { TumbleWindow } from "../plan/logical.js";
import type { PhysicalOf } from "../plan/physical.js";
import { endBefore } from "../plan/window.js";
import { GroupedState } from "../state/grouped-state.js";
import type { Slice } from "../state/slices.js";
import { EventTime } from "./event-time.js";
import { KeyedOperator } from "./keyed-operator.js";
import type { OperatorContext, Output } from "./operator.js";
import { type Results, sizedResults, WindowResults } from "./window-results.js";
import { WindowRows } from "./window-rows.js";

export interface WindowAggregateOptions {
  /** Bytes that dense cells may take; 0 makes them sparse. Default: a quarter of the memory budget. */
  readonly denseBytesMax?: number;
}

/** What is done with windows: one row a group comes out, their state goes. */
const EMIT = 1;
const DROP = 2;

export class WindowAggregate extends KeyedOperator<PhysicalOf<"window-aggregate">, GroupedState> {
  readonly #options: WindowAggregateOptions;
  /** null: one for the whole input. */
  readonly #window: TumbleWindow | null;
  /** Infinity without window: the end of its one window comes with the end of input. */
  readonly #sizeMs: number;
  /** null without window. */
  #rows: WindowRows | null = null;
  #results!: WindowResults;
  /** Windows that start before it have fired. */
  #firedUntilMs = Number.NEGATIVE_INFINITY;
  /** Entries of the window being emitted or dropped that are done already. */
  #done = 0;

  /** `input`: the schema of the rows. @throws UNSUPPORTED for types that are not aggregated yet, when opened */
  constructor(
    node: PhysicalOf<"window-aggregate">,
    window: TumbleWindow | null,
    input: Schema,
    options: WindowAggregateOptions = {},
  ) {
    super(node, input);
    this.#options = options;
    this.#window = window;
    this.#sizeMs = window?.sizeMs ?? Number.POSITIVE_INFINITY;
  }

  protected openState(context: OperatorContext): GroupedState {
    const { timeColumn, latenessMs, keys, aggregates } = this.node;
    const time = this.#window && new EventTime(this.input, timeColumn);
    const slicing = this.#window && time && { ...this.#window, unitsPerMs: time.unitsPerMs };
    const state = new GroupedState(context.workspace, this.input, { keys, aggregates, slicing, ...this.#options });
    this.#results = new WindowResults(context, this.node, state);
    if (this.#window !== null && time !== null) this.#rows = new WindowRows(context, this.#window, latenessMs, time);
    return state;
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    if (batch.rowCount === 0) return;
    if (this.#rows === null) this.state.add(batch, 0, 0, 0);
    else this.#add(batch, this.#rows, out);
    this.measure();
  }

  override processWatermark(timeMs: number, out: Output): void {
    const { keys } = this.node;
    const ends = timeMs === Number.POSITIVE_INFINITY && this.watermarkMs < timeMs;
    const global = this.#window === null && keys.length === 0;
    if (global && ends && this.state.slices.order.length === 0) this.state.addNothing();
    super.processWatermark(timeMs, out);
  }

  /** Windows that fired earlier and expire now go first, so that those that are closed are always the oldest. */
  protected fire(out: Output): boolean {
    const dueMs = this.#lastStart(this.targetMs);
    const expiredMs = this.#lastStart(this.targetMs - this.node.latenessMs);
    const fired =
      this.#drain(Math.min(expiredMs, this.#firedUntilMs - 1), DROP, out) &&
      this.#drain(expiredMs, EMIT | DROP, out) &&
      this.#drain(dueMs, EMIT, out);
    if (fired) this.state.settle();
    return fired;
  }

  protected override reach(timeMs: number): void {
    super.reach(timeMs);
    this.#rows?.reach(timeMs);
    if (!Number.isFinite(timeMs)) this.#firedUntilMs = timeMs;
    else if (this.#window !== null) this.#firedUntilMs = endBefore(this.#window, timeMs + 1);
  }

  #add(batch: Batch, windows: WindowRows, out: Output): void {
    const { time } = windows;
    let rows = windows.usable(batch, out);
    if (rows.rowCount > 0 && time.lowMs < this.#firedUntilMs) rows = this.#addAgain(rows, time, out);
    if (rows.rowCount > 0) this.state.add(rows, time.values(rows), time.lowMs, time.highMs);
  }

  /** Adds the rows of windows that have fired already, and fires these again, one after the other. Returns the others. */
  #addAgain(rows: Batch, time: EventTime, out: Output): Batch {
    let { inside: again, outside: rest } = time.part(rows, Number.NEGATIVE_INFINITY, this.#firedUntilMs);
    while (again.rowCount > 0) {
      time.measure(again);
      const startMs = this.state.startOf(time.lowMs);
      const { inside, outside } = time.part(again, startMs, startMs + this.#sizeMs);
      again = outside;
      const placed = this.state.add(inside, time.values(inside), startMs, startMs);
      const entries = this.state.distinct(placed, inside.rowCount);
      const starts = this.context.workspace.account.arena.allocate(entries.count * 8);
      this.context.workspace.kernels.fillI64(startMs, entries.count, starts);
      this.#results.emit(sizedResults(this.context, entries, starts, this.#sizeMs), out);
    }
    if (rest.rowCount > 0) time.measure(rest);
    return rest;
  }

  /** The end − 1 of a window is at or before `timeMs` when it starts at or before this. */
  #lastStart(timeMs: number): number {
    return timeMs === Number.POSITIVE_INFINITY ? timeMs : timeMs + 1 - this.#sizeMs;
  }

  /**
   * Emits windows that have not fired yet, or drops the oldest, or both: those that start at or before `lastMs`, in the
   * order of time, a batch at a time. False when it had to stop before the last one.
   */
  #drain(lastMs: number, actions: number, out: Output): boolean {
    const { slices } = this.state;
    for (;;) {
      const first = (actions & EMIT) === 0 ? 0 : slices.firstFrom(this.#firedUntilMs);
      const { results, whole, rest } = this.#read(first, lastMs);
      if (results.entries.count === 0) return true;
      if ((actions & EMIT) !== 0) {
        this.#results.emit(results, out);
        if (whole > 0) this.#firedUntilMs = (slices.order[first + whole - 1] as Slice).startMs + this.#sizeMs;
      }
      if ((actions & DROP) !== 0) {
        this.state.drop(results.entries);
        this.state.close(whole);
      }
      this.#done = rest;
      if (this.context.shouldYield()) return false;
    }
  }

  /**
   * The next entries of the windows from `order[first]` on, up to the one that starts at `lastMs`, at most a batch of them:
   * how many windows they are to their end, and how many entries of the one after.
   */
  #read(first: number, lastMs: number): { results: Results; whole: number; rest: number } {
    const { slices } = this.state;
    const { batchRowsMax, workspace } = this.context;
    const due: number[] = [];
    let count = -this.#done;
    for (let slice = slices.order[first]; slice !== undefined; slice = slices.order[first + due.length]) {
      if (slice.startMs > lastMs || count >= batchRowsMax) break;
      due.push(slices.count(slice));
      count += slices.count(slice);
    }
    const entries = this.state.reserve(due.length === 0 ? 0 : Math.min(count, batchRowsMax));
    const starts = workspace.account.arena.allocate(entries.count * 8);
    let filled = 0;
    let rest = this.#done;
    let whole = 0;
    for (const total of due) {
      const slice = slices.order[first + whole] as Slice;
      const taken = Math.min(total - rest, entries.count - filled);
      this.state.read(slice, rest, taken, entries, filled);
      workspace.kernels.fillI64(slice.startMs, taken, starts + filled * 8);
      filled += taken;
      rest += taken;
      if (rest < total) break;
      rest = 0;
      whole++;
    }
    return { results: sizedResults(this.context, entries, starts, this.#sizeMs), whole, rest };
  }
}
