// What a drawn timeline shows: rows in the order of their arrival, the watermark that they make, the windows that it closes, and
// who is late. test/site.test.ts holds every timeline of the documentation against the engine. Times are in seconds.

/** A window's last moment lies a millisecond before its end. */
const LAST = 0.001;

/**
 * A window: how many rows it has, at which steps it fired with which count, and the step that freed it.
 *
 * @typedef {{ start: number, end: number, count: number, fired: { step: number, count: number }[], freed?: number }} Window
 */

/**
 * @param rows rows as they arrive: `"A 2, B 9"`, name and event time
 * @param size size of the tumbling windows, 0 for none
 * @param outOfOrder how far the watermark stays behind the largest time
 * @param lateness how long after its end a window still takes rows
 */
export function timeline({ rows, size = 0, outOfOrder = 0, lateness = 0 }) {
  const steps = [];
  /** @type {Map<number, Window>} */
  const windows = new Map();
  let watermark = Number.NEGATIVE_INFINITY;
  const fire = (window, step, count = window.count) => window.fired.push({ step, count });
  for (const [step, text] of rows.split(",").entries()) {
    const [name, time] = text.trim().split(/\s+/);
    const at = Number(time);
    const before = watermark;
    watermark = Math.max(before, at - outOfOrder);
    const late = size > 0 && !accept({ at, before, step });
    for (const window of windows.values()) {
      if (window.fired.length === 0 && window.end - LAST <= watermark) fire(window, step);
      if (window.end - LAST + lateness <= watermark) window.freed ??= step;
    }
    steps.push({ name, at, before, after: watermark, late });
  }
  // At the end of the input all that is open fires.
  for (const window of windows.values()) {
    if (window.fired.length === 0) fire(window, steps.length);
    window.freed ??= steps.length;
  }
  return { steps, windows: [...windows.values()].sort((left, right) => left.start - right.start) };

  /** Puts a row into its window, unless that has gone; one that has fired fires again at once. */
  function accept({ at, before, step }) {
    const start = Math.floor(at / size) * size;
    const end = start + size;
    if (end - LAST + lateness <= before) return false;
    const window = windows.get(start) ?? { start, end, count: 0, fired: [] };
    windows.set(start, window);
    window.count++;
    if (window.fired.length > 0 || end - LAST <= before) fire(window, step);
    return true;
  }
}
