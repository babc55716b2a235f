// Which rows of a batch go into windows: those without a time and those that are late for all of theirs are refused (S11,
// S40, S42), those in a gap between windows are in none (S23).
import type { Batch } from "../arrow/batch.js";
import { Column } from "../arrow/column.js";
import { TIMESTAMP } from "../arrow/types.js";
import type { AlignedWindow } from "../plan/logical.js";
import { endBefore, openFrom, periodMs } from "../plan/window.js";
import { type EventTime, shiftedTimes } from "./event-time.js";
import { LateRows } from "./late-rows.js";
import type { OperatorContext, Output } from "./operator.js";

export class WindowRows {
  /** Measured over the rows that `usable` gave last. */
  readonly time: EventTime;
  readonly #window: AlignedWindow;
  readonly #latenessMs: number;
  readonly #context: OperatorContext;
  readonly #late: LateRows;
  #watermarkMs = Number.NEGATIVE_INFINITY;
  /** Windows that end at or before it take no more rows. */
  #closedMs = Number.NEGATIVE_INFINITY;
  /** Rows before it are late: all their windows are closed. */
  #lateUntilMs = Number.NEGATIVE_INFINITY;

  constructor(context: OperatorContext, window: AlignedWindow, latenessMs: number, time: EventTime) {
    this.#context = context;
    this.#window = window;
    this.#latenessMs = latenessMs;
    this.time = time;
    this.#late = new LateRows(context);
  }

  get closedMs(): number {
    return this.#closedMs;
  }

  /** The watermark is `timeMs` now. */
  reach(timeMs: number): void {
    this.#watermarkMs = timeMs;
    const overMs = timeMs + 1 - this.#latenessMs;
    this.#closedMs = Number.isFinite(timeMs) ? endBefore(this.#window, overMs) : timeMs;
    this.#lateUntilMs = Number.isFinite(timeMs) ? openFrom(this.#window, overMs) : timeMs;
  }

  /** The rows that are in a window which takes them; the others are refused. */
  usable(batch: Batch, out: Output): Batch {
    let rows = this.#inWindows(this.#late.timed(batch, this.time, this.#watermarkMs, out));
    if (rows.rowCount === 0) return rows;
    this.time.measure(rows);
    if (this.time.lowMs < this.#lateUntilMs) {
      const { inside, outside } = this.time.part(rows, this.#lateUntilMs, Number.POSITIVE_INFINITY);
      this.#late.refuse(
        outside,
        { reasons: "LATE", watermarks: this.#watermarkMs, missed: this.#windowsOf(outside) },
        out,
      );
      rows = inside;
      if (rows.rowCount > 0) this.time.measure(rows);
    }
    this.#countPartiallyLate(rows);
    return rows;
  }

  #inWindows(rows: Batch): Batch {
    const window = this.#window;
    if (window.kind !== "hop" || window.slideMs <= window.sizeMs || rows.rowCount === 0) return rows;
    const { account, kernels } = rows.workspace;
    const { slideMs, offsetMs, sizeMs } = window;
    const { unitsPerMs } = this.time;
    const list = account.arena.allocate(rows.rowCount * 4);
    const count = kernels.selectPhase(
      this.time.values(rows),
      rows.rowCount,
      slideMs,
      offsetMs,
      sizeMs,
      unitsPerMs,
      list,
    );
    return count === rows.rowCount ? rows : rows.select(list, count);
  }

  /** Rows that came too late for some of their windows, and not for the others. */
  #countPartiallyLate(rows: Batch): void {
    if (rows.rowCount === 0 || this.time.lowMs >= this.#closedMs) return;
    const { inside } = this.time.part(rows, this.#lateUntilMs, this.#closedMs);
    this.#context.metrics.partiallyLateRows += inside.rowCount;
  }

  /** From the start of the first to the end of the last window that rows fall into. */
  #windowsOf(rows: Batch): { start: Column; end: Column } {
    const { workspace, rowCount } = rows;
    const { kind, sizeMs, offsetMs } = this.#window;
    const stepMs = kind === "hop" ? periodMs(this.#window) : sizeMs;
    const starts = (phaseMs: number): number => {
      const out = workspace.account.arena.allocate(rowCount * 8);
      const { kernels } = workspace;
      kernels.startsOf(this.time.values(rows), rowCount, stepMs, phaseMs, this.time.unitsPerMs, out);
      return out;
    };
    const last = starts(offsetMs);
    const end = shiftedTimes(workspace, last, rowCount, sizeMs);
    if (kind !== "hop") return { start: new Column({ type: TIMESTAMP, length: rowCount, values: last }), end };
    // The window that ends first behind a row begins a size before that end.
    return { start: shiftedTimes(workspace, starts(offsetMs + sizeMs), rowCount, stepMs - sizeMs), end };
  }
}
