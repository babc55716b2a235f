// The windows that judge the rows by a watermark, as moments of event time: when the next of them ends or takes no more
// rows, and which rows come too late. Between two such moments no row's lateness can change.
import type { Judge } from "../plan/window.js";
import { floorMod } from "./event-time.js";

export class Judges {
  readonly #windows: readonly Judge[];
  readonly #read: readonly Judge[];

  constructor(windows: readonly Judge[]) {
    this.#windows = windows;
    this.#read = windows.filter(({ lateRead }) => lateRead);
  }

  get none(): boolean {
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
