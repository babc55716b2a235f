// What judges the rows by a watermark. Windows do as moments of event time: when the next of them ends or takes no more rows,
// and which rows come too late; between two such moments no row's lateness can change. Deduplications and sessions judge every
// row.
import { endAfter, type Judge, judgesBySession, judgesByWindow, openFrom, type WindowJudge } from "../plan/window.js";

/**
 * The watermark w ends sessions whose ends are w + 1 or earlier. So it makes no difference to a row at w + 2 or later, which
 * touches none of them; and any to a row before, which may be of one, or late.
 */
const SESSION_AHEAD_MS = 2;
/** How often a quiet stream looks for sessions that have ended, while the clock goes on by a gap. */
const LOOKS_A_GAP = 16;

export class Judges {
  /** Whether a step judges every row on its own. */
  readonly everyRow: boolean;
  /** Whether it matters which rows come behind a watermark, even when they are behind an earlier one already. */
  readonly everyLateRow: boolean;
  /** A row is behind a watermark when it is less than this ahead of it. */
  readonly aheadMs: number;
  /** The gaps of sessions. */
  readonly #gapsMs: readonly number[];
  readonly #windows: readonly WindowJudge[];
  readonly #read: readonly WindowJudge[];

  constructor(judges: readonly Judge[]) {
    const steps = judges.filter((judge) => !judgesByWindow(judge));
    this.#gapsMs = steps.filter(judgesBySession).map(({ window }) => window.gapMs);
    this.everyRow = steps.length > 0;
    this.everyLateRow = this.#gapsMs.length > 0 || steps.some(({ lateRead }) => lateRead);
    const atWatermark = steps.some((judge) => judge.atWatermark === true);
    this.aheadMs = this.#gapsMs.length > 0 ? SESSION_AHEAD_MS : atWatermark ? 1 : 0;
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

  /**
   * A watermark beyond `timeMs` that is worth sending when no more rows come and the newest is at `newestMs`: one that passes
   * it, or under which sessions may end, the last of them a gap behind the newest row.
   */
  nextQuiet(timeMs: number, newestMs: number): number {
    let nextMs = this.everyRow && newestMs > timeMs ? newestMs : Number.POSITIVE_INFINITY;
    for (const gapMs of this.#gapsMs) {
      const lastMs = newestMs + gapMs - 1;
      if (lastMs > timeMs) nextMs = Math.min(nextMs, lastMs, timeMs + Math.ceil(gapMs / LOOKS_A_GAP));
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
