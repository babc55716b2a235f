// Windows as the API names them. They are aligned to the epoch, never to the first row: weeks to Mondays, everything else
// to 1970-01-01T00:00.
import { PlanError } from "../errors.js";
import type { AlignedWindow, SessionWindow, Window } from "../plan/logical.js";
import { checkWindowFanout, durationText, floorMod } from "../plan/window.js";
import { type Duration, isWeeks, parseDurationMs } from "./duration.js";
import { checkOptions } from "./options.js";

/** A window and how long it stays open for late rows. */
export interface WindowSpec<W extends Window = Window> {
  readonly window: W;
  readonly latenessMs: number;
}

export interface WindowOptions {
  /** Shifts every window's start, e.g. "8h" for days that begin at 08:00; may be negative. */
  readonly offset?: Duration;
  /** Rows up to this much behind the watermark still count: the window fires again with the updated result. */
  readonly lateness?: Duration;
}

export interface SessionOptions {
  /**
   * The longest that a session may be: rows so far behind its first begin another one. Default: it goes on for as long as its
   * rows do. Rows then wait for the watermark before they are counted.
   */
  readonly maxDuration?: Duration;
}

/** Monday 1969-12-29, the first day of the week that holds the epoch. */
const MONDAY_MS = -3 * 86_400_000;

/**
 * Windows `[start, start + size)` side by side. Starts are multiples of the size from the epoch (weeks: from Monday
 * 1969-12-29), plus the offset.
 *
 * @throws TIME_UNIT, UNSUPPORTED (months, years), OPTION
 * @example
 * tumble("1h")
 * tumble("1 day", { offset: "-8h", lateness: "5m" })
 */
export function tumble(size: Duration, options?: WindowOptions): WindowSpec<AlignedWindow> {
  const sizeMs = parseDurationMs(size, "window size", 1);
  const { offsetMs, latenessMs } = placing("tumble()", size, sizeMs, options);
  return windowSpec({ kind: "tumble", sizeMs, offsetMs }, latenessMs);
}

/**
 * Windows `[start, start + size)` that begin every `slide`: each row is in size ÷ slide of them. Starts are multiples of the
 * slide from the epoch (weeks: from Monday 1969-12-29), plus the offset. The size need not be a multiple of the slide; a
 * slide beyond the size leaves gaps, and rows in a gap are in no window.
 *
 * @throws TIME_UNIT, UNSUPPORTED (months, years), OPTION, WINDOW_FANOUT when a row would be in more than 10,000 windows
 * @example
 * hop("10s", "2s")
 * hop("1 day", "1h", { lateness: "5m" })
 */
export function hop(size: Duration, slide: Duration, options?: WindowOptions): WindowSpec<AlignedWindow> {
  const sizeMs = parseDurationMs(size, "window size", 1);
  const slideMs = parseDurationMs(slide, "window slide", 1);
  checkWindowFanout(sizeMs, slideMs);
  const { offsetMs, latenessMs } = placing("hop()", slide, slideMs, options);
  return windowSpec({ kind: "hop", sizeMs, slideMs, offsetMs }, latenessMs);
}

/**
 * Windows that grow: from one start, `[start, start + step)`, `[start, start + 2 · step)` … up to `size`, then from the next
 * start. A key comes out at every step from its first row on, with the totals since the start. Starts are multiples of the
 * size from the epoch (weeks: from Monday 1969-12-29), plus the offset.
 *
 * @throws TIME_UNIT, UNSUPPORTED (months, years), OPTION, WINDOW_FANOUT when there are more than 10,000 steps
 * @example cumulate("1 day", "1h")
 */
export function cumulate(size: Duration, step: Duration, options?: WindowOptions): WindowSpec<AlignedWindow> {
  const sizeMs = parseDurationMs(size, "window size", 1);
  const stepMs = parseDurationMs(step, "window step", 1);
  if (sizeMs % stepMs !== 0) {
    throw new PlanError("OPTION", `cumulate() of ${durationText(sizeMs)} in steps of ${durationText(stepMs)}`, {
      hint: "the size has to be a multiple of the step",
    });
  }
  checkWindowFanout(sizeMs, stepMs);
  const { offsetMs, latenessMs } = placing("cumulate()", size, sizeMs, options);
  return windowSpec({ kind: "cumulate", sizeMs, stepMs, offsetMs }, latenessMs);
}

/**
 * Sessions: rows of one key that lie no more than `gap` apart, `[first row, last row + gap)`. They follow the rows and are not
 * aligned to anything; each key has its own. A row between two sessions that reaches both makes them one.
 *
 * @throws TIME_UNIT, UNSUPPORTED (months, years), OPTION
 * @example
 * session("30m")
 * session("10s", { maxDuration: "1h" })
 */
export function session(gap: Duration, options?: SessionOptions): WindowSpec<SessionWindow> {
  const gapMs = parseDurationMs(gap, "session gap", 1);
  const { maxDuration } = checkOptions(options, ["maxDuration"], "session()");
  const maxMs = maxDuration === undefined ? null : parseDurationMs(maxDuration, "longest session", 1);
  return windowSpec({ kind: "session", gapMs, maxMs }, 0);
}

/** The offset within `periodMs`, which the user wrote as `period`, and the lateness. */
function placing(where: string, period: Duration, periodMs: number, options: WindowOptions | undefined) {
  const { offset = 0, lateness = 0 } = checkOptions(options, ["offset", "lateness"], where);
  const shiftMs = parseDurationMs(offset, "window offset") + (isWeeks(period) ? MONDAY_MS : 0);
  // Plus 0: a remainder of −0 is 0.
  return { offsetMs: floorMod(shiftMs, periodMs) + 0, latenessMs: parseDurationMs(lateness, "lateness", 0) };
}

function windowSpec<W extends Window>(window: W, latenessMs: number): WindowSpec<W> {
  return Object.freeze({ window: Object.freeze(window), latenessMs });
}
