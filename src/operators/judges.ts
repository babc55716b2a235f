// What judges the rows by a watermark. Windows do as moments of event time: when the next of them ends or takes no more rows,
// and which rows come too late; between two such moments no row's lateness can change. Deduplications judge every row.
import { type Judge, judgesEveryRow } from "../plan/window.js";
import { floorMod } from "./event-time.js";

export class Judges {
  /** Whether a step judges every row on its own. */
  readonly everyRow: boolean;
  /** Whether the rows that such a step refuses are read. */
  readonly everyRowRead: boolean;
  readonly #windows: readonly Judge[];
  readonly #read: readonly Judge[];

  constructor(judges: readonly Judge[]) {
    const steps = judges.filter(judgesEveryRow);
    this.everyRow = steps.length > 0;
    this.everyRowRead = steps.some(({ lateRead }) => lateRead);
    this.#windows = judges.filter((judge) => !judgesEveryRow(judge));
    this.#read = this.#windows.filter(({ lateRead }) => lateRead);
  }

  get noWindows(): boolean {
    return this.#windows.length === 0;
  }

  /** The first end of a window, or of its lateness, that is not passed when time has come to `timeMs`. */
  nextEnd(timeMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { sizeMs, offsetMs, latenessMs } of this.#windows) {
      nextMs = Math.min(nextMs, endAfter(timeMs, sizeMs, offsetMs), endAfter(timeMs, sizeMs, offsetMs + latenessMs));
    }
    return nextMs;
  }

  /** Rows before it are late at this watermark, for a window whose late rows are read; −Infinity when there is none. */
  lateBefore(watermarkMs: number): number {
    let beforeMs = Number.NEGATIVE_INFINITY;
    if (watermarkMs === beforeMs) return beforeMs;
    for (const { sizeMs, offsetMs, latenessMs } of this.#read) {
      beforeMs = Math.max(beforeMs, endAfter(watermarkMs - latenessMs, sizeMs, offsetMs) - sizeMs);
    }
    return beforeMs;
  }
}

/** A window [start, end) is passed by the watermark end − 1: the first end whose last millisecond lies behind `timeMs`. */
function endAfter(timeMs: number, sizeMs: number, offsetMs: number): number {
  const nextMs = timeMs + 1;
  return nextMs - floorMod(nextMs - offsetMs, sizeMs) + sizeMs;
}
