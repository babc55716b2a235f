// Watermarks from event times: max − delay of each split, the minimum over the splits that are not idle (S1–S5). A row is
// judged by the watermark that the rows before it made, so a batch is cut behind the row that carries the watermark over the
// end of a window, and the watermark goes between the parts; elsewhere one watermark a batch is enough. Where late rows are
// read, it is cut in front of each of them too, so that they tell the watermark that they came behind (S42).
//
// Rows without a usable time go where late rows go and move nothing: NULL_TIME (S11), FUTURE (S12), TIME_RANGE.
import type { Batch } from "../arrow/batch.js";
import { TIMESTAMP_MAX_MS, TIMESTAMP_MIN_MS } from "../arrow/values.js";
import type { PhysicalOf } from "../plan/physical.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";
import { EventTime } from "./event-time.js";
import { Judges } from "./judges.js";
import { LATE_REASONS, type LateReason, LateRows } from "./late-rows.js";
import type { Operator, OperatorContext, Output, SplitEvent } from "./operator.js";
import { QuietTime } from "./quiet-time.js";

/** What is known of one split of the source. */
interface SplitState {
  readonly split: number;
  status: SplitEvent["status"];
  /** Largest event time so far; −Infinity before the first row. */
  maxMs: number;
  /** When it had its last rows, by the clock that stands still while the task is held up (S9). */
  aliveMs: number;
}

type SavedSplit = Readonly<Pick<SplitState, "split" | "status" | "maxMs">>;

export class Watermark implements Operator {
  readonly pending = false;
  readonly #node: PhysicalOf<"watermark">;
  readonly #time: EventTime;
  readonly #judges: Judges;
  readonly #quiet: QuietTime;
  readonly #splits = new Map<number, SplitState>();
  #active: SplitState[] = [];
  #watermarkMs = Number.NEGATIVE_INFINITY;
  #context!: OperatorContext;
  #late!: LateRows;

  constructor(node: PhysicalOf<"watermark">) {
    this.#node = node;
    this.#time = new EventTime(node.schema, node.column);
    this.#judges = new Judges(node.judges);
    this.#quiet = new QuietTime(node.quietMs);
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#late = new LateRows(context);
  }

  /** The largest event time that a split has delivered (ms), −Infinity before its first row. */
  progressMs(split: number): number {
    return this.#splits.get(split)?.maxMs ?? Number.NEGATIVE_INFINITY;
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    if (batch.rowCount === 0) return;
    // What follows, a union for one, is told of idleness that only the clock here has seen (S7).
    if (this.#splits.get(batch.split)?.status === "idle") out.split({ split: batch.split, status: "active" });
    const split = this.#enter(batch.split, "active");
    this.processTime(out);
    const usable = this.#refuseUnusable(batch, split, out);
    if (usable.rowCount > 0) this.#pass(usable, split, out);
    this.#advance(out);
    this.#stir();
  }

  /** Upstream knows nothing finite that the rows do not say; the end of input passes (S15). */
  processWatermark(timeMs: number, out: Output): void {
    if (timeMs !== Number.POSITIVE_INFINITY) return;
    this.#watermarkMs = timeMs;
    out.watermark(timeMs);
  }

  processSplit(event: SplitEvent, out: Output): void {
    this.#enter(event.split, event.status);
    out.split(event);
    this.#advance(out);
  }

  resume(): void {
    // Never pending.
  }

  /** When the next split becomes idle, or the clock brings a quiet stream to the end of a window. */
  get dueMs(): number {
    const idleMs = this.#node.idleMs ?? Number.POSITIVE_INFINITY;
    return this.#active.reduce((due, { aliveMs }) => Math.min(due, aliveMs + idleMs), this.#endDueMs());
  }

  processTime(out: Output): void {
    this.#retireIdle(out);
    this.#advance(out);
    this.#raise(this.#quiet.watermarkAt(this.#context.clock.monotonicMs()), out);
  }

  /** Before the first row there is no time that could go on. */
  advanceTime(ms: number, out: Output): void {
    this.#quiet.skip(ms);
    this.#raise(this.#watermarkMs + ms, out);
  }

  snapshot(writer: SnapshotWriter): void {
    writer.value("watermarkMs", this.#watermarkMs);
    writer.value(
      "splits",
      [...this.#splits.values()].map(({ split, status, maxMs }) => ({ split, status, maxMs })),
    );
  }

  restore(reader: SnapshotReader): void {
    this.#watermarkMs = reader.value("watermarkMs") as number;
    for (const saved of reader.value("splits") as readonly SavedSplit[]) {
      this.#enter(saved.split, saved.status).maxMs = saved.maxMs;
    }
    this.#stir();
  }

  close(): void {
    // Nothing held.
  }

  /** Something happened to a split: its state, from now on with this status. */
  #enter(split: number, status: SplitEvent["status"]): SplitState {
    const aliveMs = this.#context.clock.monotonicMs();
    let state = this.#splits.get(split);
    if (state === undefined) {
      state = { split, status, maxMs: Number.NEGATIVE_INFINITY, aliveMs };
      this.#splits.set(split, state);
      this.#findActive();
    } else if (state.status !== status) {
      state.status = status;
      this.#findActive();
    }
    state.aliveMs = aliveMs;
    return state;
  }

  #findActive(): void {
    this.#active = [...this.#splits.values()].filter(({ status }) => status === "active");
  }

  /**
   * When the clock brings the watermark over the next end of a window, or over all rows where each is judged, or on to where
   * sessions may have ended: nothing else is worth a turn.
   */
  #endDueMs(): number {
    if (!Number.isFinite(this.#watermarkMs)) return Number.POSITIVE_INFINITY;
    const endMs = this.#judges.nextEnd(this.#watermarkMs) - 1;
    const newestMs = Math.max(...[...this.#splits.values()].map(({ maxMs }) => maxMs));
    return this.#quiet.dueMs(Math.min(endMs, this.#judges.nextQuiet(this.#watermarkMs, newestMs)));
  }

  #stir(): void {
    this.#quiet.stir(this.#context.clock.monotonicMs(), this.#watermarkMs);
  }

  /** Splits without rows for too long stop holding the watermark (S4). */
  #retireIdle(out: Output): void {
    const { idleMs } = this.#node;
    if (idleMs === null) return;
    const nowMs = this.#context.clock.monotonicMs();
    const idle = this.#active.filter(({ aliveMs }) => nowMs - aliveMs >= idleMs);
    if (idle.length === 0) return;
    for (const state of idle) {
      state.status = "idle";
      out.split({ split: state.split, status: "idle" });
    }
    this.#findActive();
  }

  /** Passes rows on, cut where the watermark crosses the end of a window. */
  #pass(batch: Batch, split: SplitState, out: Output): void {
    const time = this.#time;
    const { rowCount } = batch;
    const { delayMs } = this.#node;
    const { lowMs, highMs } = time;
    const othersMs = this.#othersMs(split);
    let start = 0;
    while (!this.#judges.noWindows && othersMs > Number.NEGATIVE_INFINITY) {
      // The first watermark of all passes every earlier end, where there is nothing to fire: only ends behind rows count.
      const passedMs = this.#watermarkMs === Number.NEGATIVE_INFINITY ? lowMs - 1 : this.#watermarkMs;
      // A window [start, end) is passed by the watermark end − 1, which the first row at `boundMs` brings.
      const boundMs = this.#judges.nextEnd(passedMs) - 1 + delayMs;
      if (highMs < boundMs || othersMs < boundMs) break;
      const row = time.firstAt(batch, start, boundMs);
      if (row >= rowCount - 1) break;
      this.#emit(batch, start, row + 1, lowMs, split, out);
      split.maxMs = Math.max(split.maxMs, time.at(batch, row));
      start = row + 1;
      this.#advance(out);
    }
    this.#emit(batch, start, rowCount, lowMs, split, out);
    split.maxMs = Math.max(split.maxMs, highMs);
  }

  /**
   * Emits rows between two ends of windows. Where every row is judged, they are cut in front of each that has come behind a
   * watermark which was not sent: one that is late already may wait, unless late rows are read and have to tell it, or may be
   * of a session.
   * `lowMs`: the batch's smallest time.
   */
  #emit(batch: Batch, start: number, end: number, lowMs: number, split: SplitState, out: Output): void {
    const time = this.#time;
    const { delayMs } = this.#node;
    let from = start;
    while (this.#judges.everyRow) {
      const watermarkMs = this.#watermarkMs;
      const { aheadMs, everyLateRow } = this.#judges;
      const floorMs = everyLateRow ? Number.NEGATIVE_INFINITY : watermarkMs;
      const marks = { maxMs: split.maxMs, othersMs: this.#othersMs(split), delayMs, watermarkMs, floorMs, aheadMs };
      const row = time.firstBehind(batch, from, end, marks);
      if (row >= end) break;
      this.#emitForWindows(batch, from, row, lowMs, split, out);
      time.measure(batch.slice(from, row));
      split.maxMs = Math.max(split.maxMs, time.highMs);
      this.#advance(out);
      from = row;
    }
    this.#emitForWindows(batch, from, end, lowMs, split, out);
  }

  /** Emits rows, cut in front of those that are late for a window if these are read. */
  #emitForWindows(batch: Batch, start: number, end: number, lowMs: number, split: SplitState, out: Output): void {
    const lateMs = this.#judges.lateBefore(this.#watermarkMs);
    const time = this.#time;
    let from = start;
    for (let row = start + 1; lowMs < lateMs && row < end; row++) {
      row = time.firstBefore(batch, row, lateMs);
      if (row >= end) break;
      const before = batch.slice(from, row);
      time.measure(before);
      if (time.highMs <= split.maxMs) continue;
      out.emit(before);
      split.maxMs = time.highMs;
      this.#advance(out);
      from = row;
    }
    out.emit(batch.slice(from, end));
  }

  /** Smallest maximum of the other active splits: the rows of this one cannot bring the watermark further. */
  #othersMs(split: SplitState): number {
    let minMs = Number.POSITIVE_INFINITY;
    for (const state of this.#active) if (state !== split) minMs = Math.min(minMs, state.maxMs);
    return minMs;
  }

  /** Sends the watermark when it has moved. It never goes back (S2), and stays when all splits are idle or done (S5). */
  #advance(out: Output): void {
    if (this.#raise(this.#watermarkBy(this.#activeMinMs()), out)) this.#stir();
  }

  #raise(watermarkMs: number, out: Output): boolean {
    if (watermarkMs <= this.#watermarkMs) return false;
    this.#watermarkMs = watermarkMs;
    out.watermark(watermarkMs);
    return true;
  }

  /** The watermark when the active splits have come to `minMs`. */
  #watermarkBy(minMs: number): number {
    return this.#active.length === 0 ? this.#watermarkMs : Math.max(this.#watermarkMs, minMs - this.#node.delayMs);
  }

  /** Smallest maximum of the active splits. */
  #activeMinMs(): number {
    let minMs = Number.POSITIVE_INFINITY;
    for (const { maxMs } of this.#active) minMs = Math.min(minMs, maxMs);
    return minMs;
  }

  /** Measures the usable rows and returns them; the others go to the late output. */
  #refuseUnusable(batch: Batch, split: SplitState, out: Output): Batch {
    const { maxFutureDriftMs } = this.#node;
    const time = this.#time;
    const futureMs = maxFutureDriftMs === null ? TIMESTAMP_MAX_MS : this.#context.clock.nowMs() + maxFutureDriftMs;
    const endMs = Math.min(futureMs, TIMESTAMP_MAX_MS) + 1;
    if (!time.hasNulls(batch)) {
      time.measure(batch);
      if (time.lowMs >= TIMESTAMP_MIN_MS && time.highMs < endMs) return batch;
    }
    const { inside, outside, outsideRows } = time.part(batch, TIMESTAMP_MIN_MS, endMs);
    if (outside.rowCount > 0) {
      const watermarks = out.hasSide("late") ? this.#watermarksBefore(batch, outsideRows, outside.rowCount, split) : [];
      this.#late.refuse(outside, { reasons: this.#reasons(outside), watermarks, missed: null }, out);
    }
    if (inside.rowCount > 0) time.measure(inside);
    return inside;
  }

  /** The watermark that the rows before each of `count` unusable rows have made. */
  #watermarksBefore(batch: Batch, rows: number, count: number, split: SplitState): readonly number[] {
    const { memory } = batch.workspace.account;
    const othersMs = this.#othersMs(split);
    let { maxMs } = split;
    let from = 0;
    return Array.from(memory.u32.slice(rows >>> 2, (rows >>> 2) + count), (row) => {
      if (row > from) {
        this.#time.measure(batch.slice(from, row));
        maxMs = Math.max(maxMs, this.#time.highMs);
      }
      from = row + 1;
      return this.#watermarkBy(Math.min(maxMs, othersMs));
    });
  }

  /** Why each of these rows has no usable time. */
  #reasons(rows: Batch): Uint8Array {
    const { memory } = rows.workspace.account;
    const { validity } = rows.column(this.#node.column);
    const reasonOf = (row: number): LateReason => {
      if (validity !== 0 && (((memory.u8[validity + (row >> 3)] as number) >> (row & 7)) & 1) === 0) return "NULL_TIME";
      const timeMs = this.#time.at(rows, row);
      return timeMs >= TIMESTAMP_MIN_MS && timeMs <= TIMESTAMP_MAX_MS ? "FUTURE" : "TIME_RANGE";
    };
    return Uint8Array.from({ length: rows.rowCount }, (_, row) => LATE_REASONS.indexOf(reasonOf(row)));
  }
}
