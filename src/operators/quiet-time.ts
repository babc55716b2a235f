// Event time of a stream that is quiet: after a while it goes on with the clock, so that windows close without rows (S10).
// The clock is the operator's, which stands still while the task works or is held up: nothing of that makes rows late (S9).

export class QuietTime {
  readonly #afterMs: number;
  /** Since when nothing has moved, in whole milliseconds, so that what is due then has come when the clock says so. */
  #sinceMs = 0;
  /** The watermark since then. */
  #fromMs = Number.NEGATIVE_INFINITY;

  /** @param afterMs - how long the stream is quiet before the clock counts; null: it never does */
  constructor(afterMs: number | null) {
    this.#afterMs = afterMs ?? Number.POSITIVE_INFINITY;
  }

  /** Rows have come, or splits have: what is quiet begins anew at this watermark. */
  stir(nowMs: number, watermarkMs: number): void {
    this.#sinceMs = Math.ceil(nowMs);
    this.#fromMs = watermarkMs;
  }

  /** The watermark was moved on by hand; the stream is as quiet as before. */
  skip(ms: number): void {
    this.#fromMs += ms;
  }

  /** The watermark by the clock; −Infinity while that does not count. */
  watermarkAt(nowMs: number): number {
    const quietMs = Math.floor(nowMs) - this.#sinceMs;
    return quietMs < this.#afterMs ? Number.NEGATIVE_INFINITY : this.#fromMs + quietMs;
  }

  /** When the clock brings the watermark to `targetMs`; +Infinity before there is one: no clock says when the rows began. */
  dueMs(targetMs: number): number {
    if (this.#fromMs === Number.NEGATIVE_INFINITY) return Number.POSITIVE_INFINITY;
    return this.#sinceMs + Math.max(this.#afterMs, targetMs - this.#fromMs);
  }
}
