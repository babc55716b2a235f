// What judges the rows by a watermark. Windows do as moments of event time: when the next of them ends or takes no more rows,
// and which rows come too late; between two such moments no row's lateness can change. Deduplications judge every row.
import { endAfter, type Judge, judgesByWindow, openFrom, type WindowJudge } from "../plan/window.js";

export class Judges {
  /** Whether a step judges every row on its own. */
  readonly everyRow: boolean;
  /** Whether the rows that such a step refuses are read. */
  readonly everyRowRead: boolean;
  readonly #windows: readonly WindowJudge[];
  readonly #read: readonly WindowJudge[];

  constructor(judges: readonly Judge[]) {
    const steps = judges.filter((judge) => !judgesByWindow(judge));
    this.everyRow = steps.length > 0;
    this.everyRowRead = steps.some(({ lateRead }) => lateRead);
    this.#windows = judges.filter(judgesByWindow);
    this.#read = this.#windows.filter(({ lateRead }) => lateRead);
  }

  get noWindows(): boolean {
    return this.#windows.length === 0;
  }

  /** The first end of a window, or of its lateness, that is not passed when time has come to `timeMs`. */
  nextEnd(timeMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    // A window is passed by the watermark end − 1: the end looked for has its last millisecond behind `timeMs`.
    for (const { window, latenessMs } of this.#windows) {
      const closesMs = endAfter(window, timeMs + 1 - latenessMs) + latenessMs;
      nextMs = Math.min(nextMs, endAfter(window, timeMs + 1), closesMs);
    }
    return nextMs;
  }

  /** Rows before it are late at this watermark, for a window whose late rows are read; −Infinity when there is none. */
  lateBefore(watermarkMs: number): number {
    let beforeMs = Number.NEGATIVE_INFINITY;
    if (watermarkMs === beforeMs) return beforeMs;
    for (const { window, latenessMs } of this.#read) {
      beforeMs = Math.max(beforeMs, openFrom(window, watermarkMs + 1 - latenessMs));
    }
    return beforeMs;
  }
}
