// When to try again what the outside world refused: exponential back-off with jitter, and an end to it.
import type { Platform } from "../platform/platform.js";

/** How often and how soon; all checked by whoever takes them from the user. */
export interface RetryOptions {
  /** Failures in a row that are tried again; 0: none. */
  readonly attempts: number;
  /** Delay after the first failure; it doubles with each further one. */
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

export const RETRY: RetryOptions = { attempts: 10, minDelayMs: 500, maxDelayMs: 30_000 };

export class Retry {
  readonly #options: RetryOptions;
  readonly #random: Platform["random"];
  #minDelayMs: number;
  /** Failures since something last went well. */
  failures = 0;

  constructor(options: RetryOptions, random: Platform["random"]) {
    this.#options = options;
    this.#random = random;
    this.#minDelayMs = options.minDelayMs;
  }

  /** The server wishes another first delay. */
  set minDelayMs(delayMs: number) {
    this.#minDelayMs = Math.min(delayMs, this.#options.maxDelayMs);
  }

  /**
   * It failed: in how many milliseconds to try again; null when all attempts are used up. Half of the delay is chance, so
   * that clients that lost one server do not come back as one.
   * @param atLeastMs - what the server asked for (Retry-After)
   */
  next(atLeastMs = 0): number | null {
    const { attempts, maxDelayMs } = this.#options;
    if (this.failures >= attempts) return null;
    const fullMs = Math.min(maxDelayMs, this.#minDelayMs * 2 ** this.failures);
    this.failures++;
    const half = fullMs / 2;
    return Math.max(atLeastMs, Math.round(half + (half * this.#random.u32()) / 2 ** 32));
  }

  /** Something went well: the next failure is the first again. */
  succeeded(): void {
    this.failures = 0;
  }
}

/** A server that asks for more is asked again after an hour; timers of hosts end at 24 days, and go off at once beyond. */
const RETRY_AFTER_MS_MAX = 3_600_000;

/** Milliseconds that a Retry-After header asks for (RFC 9110 10.2.3: seconds, or a date), an hour at most; 0 for none. */
export function retryAfterMs(header: string | null, nowMs: number): number {
  if (header === null) return 0;
  const isSeconds = /^\d+$/.test(header.trim());
  const askedMs = isSeconds ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(askedMs) ? 0 : Math.min(RETRY_AFTER_MS_MAX, Math.max(0, askedMs));
}

/** Whether a server that answers so may answer otherwise the next time. */
export function isRetried(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}
