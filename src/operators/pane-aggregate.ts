// GROUP BY windows that overlap, and keys: rows go into the accumulators of panes, the longest spans of time that no window
// cuts, each row into one. When the watermark passes a window's end, its panes are put together, and one row a group comes
// out (append only). A pane goes when the last window that holds it is over.
//
// What happens when is as for tumbling windows (window-aggregate.ts), for each window by itself (S40): a row that is late for
// one counts in the next. A group of a cumulating window comes out at every step from its first row on (S25).
//
// Panes are shared as in J. Li et al., "No pane, no gain", SIGMOD Record 34(1), 2005.
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import type { AlignedWindow } from "../plan/logical.js";
import type { PhysicalOf } from "../plan/physical.js";
import { endAfter, endBefore, openFrom, paneMs, startOfEnd } from "../plan/window.js";
import type { Entries } from "../state/entries.js";
import { GroupedState } from "../state/grouped-state.js";
import type { Slice } from "../state/slices.js";
import { EventTime } from "./event-time.js";
import { KeyedOperator } from "./keyed-operator.js";
import type { OperatorContext, Output } from "./operator.js";
import type { WindowAggregateOptions } from "./window-aggregate.js";
import { sizedResults, WindowResults } from "./window-results.js";
import { WindowRows } from "./window-rows.js";

/** Entries that are put together before the step's time is looked at. */
const MERGED_AT_ONCE = 65_536;

/** What is merged: panes from `startMs` on, up to `untilMs`, where `done` entries of the next pane are in, too. */
interface Span {
  readonly startMs: number;
  untilMs: number;
  done: number;
}

export class PaneAggregate extends KeyedOperator<PhysicalOf<"window-aggregate">, GroupedState> {
  readonly #options: WindowAggregateOptions;
  readonly #window: AlignedWindow;
  readonly #paneMs: number;
  readonly #latenessMs: number;
  #rows!: WindowRows;
  #results!: WindowResults;
  /** Windows that end at or before it have fired. */
  #firedUntilMs = Number.NEGATIVE_INFINITY;
  #span: Span | null = null;
  /** Groups of the window being fired that are out already. */
  #emitted = 0;
  /** Entries of the first pane that are dropped already. */
  #dropped = 0;

  /** `input`: the schema of the rows. @throws UNSUPPORTED for types that are not aggregated yet, when opened */
  constructor(
    node: PhysicalOf<"window-aggregate">,
    window: AlignedWindow,
    input: Schema,
    options: WindowAggregateOptions = {},
  ) {
    super(node, input);
    this.#options = options;
    this.#window = window;
    this.#paneMs = paneMs(window);
    this.#latenessMs = node.latenessMs;
  }

  protected openState(context: OperatorContext): GroupedState {
    const { timeColumn, keys, aggregates } = this.node;
    const time = new EventTime(this.input, timeColumn);
    const { offsetMs } = this.#window;
    const slicing = { sizeMs: this.#paneMs, offsetMs, unitsPerMs: time.unitsPerMs };
    this.#rows = new WindowRows(context, this.#window, this.#latenessMs, time);
    const state = new GroupedState(context.workspace, this.input, { keys, aggregates, slicing, ...this.#options });
    this.#results = new WindowResults(context, this.node, state.merged);
    return state;
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    if (batch.rowCount === 0) return;
    const rows = this.#rows.usable(batch, out);
    if (rows.rowCount > 0) this.#add(rows, out);
    this.measure();
  }

  /** Fires the windows that the target passes, in the order of time, and drops panes on the way. */
  protected fire(out: Output): boolean {
    for (;;) {
      const endMs = this.#nextEnd();
      if (endMs > this.targetMs + 1 || endMs === Number.POSITIVE_INFINITY) break;
      if (!this.#fireWindow(endMs, out)) return false;
      this.#firedUntilMs = endMs;
      if (!this.#drop(endMs)) return false;
    }
    if (!this.#drop(this.targetMs + 1)) return false;
    this.state.settle();
    return true;
  }

  protected override reach(timeMs: number): void {
    super.reach(timeMs);
    this.#rows.reach(timeMs);
    this.#firedUntilMs = Number.isFinite(timeMs) ? endBefore(this.#window, timeMs + 1) : timeMs;
  }

  #add(rows: Batch, out: Output): void {
    const { time } = this.#rows;
    if (this.#span !== null && time.lowMs < this.#span.untilMs) this.#forgetSpan();
    if (this.#latenessMs > 0 && time.lowMs < this.#firedUntilMs) this.#addAgain(rows, out);
    else this.state.add(rows, time.values(rows), time.lowMs, time.highMs);
  }

  /** Adds rows of which some belong to windows that have fired already, and fires these again, their changed groups only. */
  #addAgain(rows: Batch, out: Output): void {
    const { time } = this.#rows;
    let { inside: again, outside: rest } = time.part(rows, Number.NEGATIVE_INFINITY, this.#firedUntilMs);
    const changed: { readonly startMs: number; readonly entries: Entries }[] = [];
    while (again.rowCount > 0) {
      time.measure(again);
      const startMs = this.state.startOf(time.lowMs);
      const { inside, outside } = time.part(again, startMs, startMs + this.#paneMs);
      const placed = this.state.add(inside, time.values(inside), startMs, startMs);
      changed.push({ startMs, entries: this.state.distinct(placed, inside.rowCount) });
      again = outside;
    }
    if (rest.rowCount > 0) {
      time.measure(rest);
      this.state.add(rest, time.values(rest), time.lowMs, time.highMs);
    }
    const [first] = changed;
    if (first === undefined) return;
    const firstEndMs = endAfter(this.#window, Math.max(first.startMs, this.#rows.closedMs));
    for (let endMs = firstEndMs; endMs <= this.#firedUntilMs; endMs = endAfter(this.#window, endMs)) {
      const fromMs = startOfEnd(this.#window, endMs);
      const lists = changed.filter(({ startMs }) => startMs >= fromMs && startMs < endMs);
      if (lists.length === 0) continue;
      this.#merge(fromMs, endMs, () => false);
      this.#emit(this.state.union(lists.map(({ entries }) => entries)), fromMs, endMs, out);
    }
    this.#forgetSpan();
  }

  /** End of the next window that has rows; +Infinity when there is none. */
  #nextEnd(): number {
    const { slices } = this.state;
    const first = slices.order[0];
    if (first === undefined) return Number.POSITIVE_INFINITY;
    let endMs = endAfter(this.#window, Math.max(this.#firedUntilMs, first.startMs));
    for (;;) {
      const next = slices.order[slices.firstFrom(startOfEnd(this.#window, endMs))];
      if (next === undefined) return Number.POSITIVE_INFINITY;
      if (next.startMs < endMs) return endMs;
      endMs = endAfter(this.#window, next.startMs);
    }
  }

  /** One row for every group of a window; false when it had to stop before the last one. */
  #fireWindow(endMs: number, out: Output): boolean {
    const { batchRowsMax, shouldYield } = this.context;
    const startMs = startOfEnd(this.#window, endMs);
    const { merged } = this.state;
    if (!this.#merge(startMs, endMs, shouldYield)) return false;
    while (this.#emitted < merged.count) {
      const count = Math.min(batchRowsMax, merged.count - this.#emitted);
      this.#emit(merged.read(this.#emitted, count), startMs, endMs, out);
      this.#emitted += count;
      if (this.#emitted < merged.count && shouldYield()) return false;
    }
    this.#emitted = 0;
    return true;
  }

  /** Puts the panes of a window together, going on from those that are already. False when it had to stop. */
  #merge(startMs: number, endMs: number, mayStop: () => boolean): boolean {
    if (this.#span?.startMs !== startMs || this.#span.untilMs > endMs) this.#forgetSpan();
    this.#span ??= { startMs, untilMs: startMs, done: 0 };
    const span = this.#span;
    const { slices } = this.state;
    for (let at = slices.firstFrom(span.untilMs); ; at++) {
      const slice = slices.order[at];
      if (slice === undefined || slice.startMs >= endMs) break;
      const total = slices.count(slice);
      while (span.done < total) {
        const count = Math.min(MERGED_AT_ONCE, total - span.done);
        this.state.merge(slice, span.done, count);
        span.done += count;
        if (span.done < total && mayStop()) return false;
      }
      span.done = 0;
      span.untilMs = slice.startMs + this.#paneMs;
      if (mayStop()) return false;
    }
    span.untilMs = endMs;
    return true;
  }

  #forgetSpan(): void {
    this.#span = null;
    this.state.merged.clear();
  }

  #emit(entries: Entries, startMs: number, endMs: number, out: Output): void {
    const { account, kernels } = this.context.workspace;
    const starts = account.arena.allocate(entries.count * 8);
    kernels.fillI64(startMs, entries.count, starts);
    this.#results.emit(sizedResults(this.context, entries, starts, endMs - startMs), out);
  }

  /** Drops the panes that no window needs once those that end at or before `endMs` have fired. False when it had to stop. */
  #drop(endMs: number): boolean {
    const { slices } = this.state;
    const overMs = Math.min(endMs, this.targetMs + 1 - this.#latenessMs);
    const neededMs = Number.isFinite(overMs) ? openFrom(this.#window, overMs) : overMs;
    for (let slice = slices.order[0]; slice !== undefined && slice.startMs < neededMs; slice = slices.order[0]) {
      if (this.#span !== null && this.#span.startMs <= slice.startMs) this.#forgetSpan();
      if (!this.#dropPane(slice)) return false;
    }
    return true;
  }

  #dropPane(slice: Slice): boolean {
    const total = this.state.slices.count(slice);
    while (this.#dropped < total) {
      const entries = this.state.reserve(Math.min(MERGED_AT_ONCE, total - this.#dropped));
      this.state.read(slice, this.#dropped, entries.count, entries, 0);
      this.state.drop(entries);
      this.#dropped += entries.count;
      if (this.#dropped < total && this.context.shouldYield()) return false;
    }
    this.#dropped = 0;
    this.state.close(1);
    return !this.context.shouldYield();
  }
}
