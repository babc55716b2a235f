// Windows as the API names them. They are aligned to the epoch, never to the first row: weeks to Mondays, everything else
// to 1970-01-01T00:00.
import type { TumbleWindow } from "../plan/logical.js";
import { checkWindowFanout } from "../plan/window.js";
import { type Duration, isWeeks, parseDurationMs } from "./duration.js";
import { checkOptions } from "./options.js";

/** A window and how long it stays open for late rows. */
export interface WindowSpec {
  readonly window: TumbleWindow;
  readonly latenessMs: number;
}

export interface TumbleOptions {
  /** Shifts every window's start, e.g. "8h" for days that begin at 08:00; may be negative. */
  readonly offset?: Duration;
  /** Rows up to this much behind the watermark still count: the window fires again with the updated result. */
  readonly lateness?: Duration;
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
export function tumble(size: Duration, options?: TumbleOptions): WindowSpec {
  const { offset = 0, lateness = 0 } = checkOptions(options, ["offset", "lateness"], "tumble()");
  const sizeMs = parseDurationMs(size, "window size", 1);
  const latenessMs = parseDurationMs(lateness, "lateness", 0);
  checkWindowFanout(sizeMs, sizeMs);
  const shiftMs = parseDurationMs(offset, "window offset") + (isWeeks(size) ? MONDAY_MS : 0);
  // The remainder first, and once more: JavaScript's % keeps the sign.
  const offsetMs = ((shiftMs % sizeMs) + sizeMs) % sizeMs;
  return Object.freeze({ window: Object.freeze({ kind: "tumble", sizeMs, offsetMs }), latenessMs });
}
