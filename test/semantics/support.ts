// What the tests of the numbered semantics share: every case at three batch sizes, results as text to compare with what was
// worked out by hand, sources whose rows come when the test says so, and a Node whose clock the test moves.
import { test } from "vitest";
import { CONNECTORS } from "../../src/connectors/all.js";
import { Engine, prepareEngine } from "../../src/engine.js";
import { nodePlatform } from "../../src/platform/node.js";
import type { Platform } from "../../src/platform/platform.js";
import { inlineModules } from "../../src/wasm/inline.js";

/** One row, an odd number that ends inside bytes of bitmaps, and the default. */
export const BATCH_ROWS = [1, 7, 8192] as const;

/** A numbered line of the semantics as a test for each batch size. */
export function law(title: string, body: (batchRows: number) => Promise<void>, timeoutMs?: number): void {
  test.each(BATCH_ROWS)(`${title} (batches of %i)`, body, timeoutMs);
}

export const DAY_MS = 86_400_000;

/** The instant so many seconds after the epoch. */
export function sec(seconds: number): Date {
  return new Date(Math.round(seconds * 1000));
}

/** A cell as text in which nothing is lost: the sign of zero, bigint or number, NULL or the word. */
function shownValue(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value);
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Rows as sorted lines: results are equal as multisets. */
export function shown(rows: readonly object[]): string[] {
  return shownInOrder(rows).sort();
}

/** Rows as lines, `name=value` in the order of columns. */
function shownInOrder(rows: readonly object[]): string[] {
  return rows.map((row) =>
    Object.entries(row)
      .map(([name, value]) => `${name}=${shownValue(value)}`)
      .join(" "),
  );
}

/** What a window puts before its keys. */
interface Windowed {
  readonly windowStart: unknown;
  readonly windowEnd: unknown;
  readonly windowTime: unknown;
}

const seconds = (value: unknown): number => (value as Date).getTime() / 1000;

/** Results of a window as sorted lines `[start, end) name=value …`, bounds in seconds since the epoch. */
export function windows(rows: readonly object[]): string[] {
  return windowsInOrder(rows).sort();
}

/** Results of a window as lines in order. Each must say `windowTime = windowEnd − 1 ms`. */
export function windowsInOrder(rows: readonly object[]): string[] {
  return (rows as readonly Windowed[]).map(({ windowStart, windowEnd, windowTime, ...values }) => {
    const [start, end] = [seconds(windowStart), seconds(windowEnd)];
    const time = (windowTime as Date).getTime();
    const odd = time === Math.round(end * 1000) - 1 ? "" : ` windowTime ${time}!`;
    return [`[${start}, ${end})${odd}`, ...shownInOrder([values])].filter((part) => part !== "").join(" ");
  });
}

/** Something that the test waits for: `open` it, and whoever awaits `passed` goes on. */
export interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** A piece of a script: a row, or what has to happen before the next one. */
type Piece<R> = R | Promise<unknown> | (() => unknown);

/** Rows one after another; promises among them are waited for, functions are called (and their promises waited for). */
export async function* script<R extends object>(...pieces: readonly Piece<R>[]): AsyncGenerator<R, void, undefined> {
  for (const piece of pieces) {
    if (typeof piece === "function") await piece();
    else if (piece instanceof Promise) await piece;
    else yield piece;
  }
}

/** Lets everything that is ready in the engine happen. For negative checks only: nothing relies on it being enough. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Timers longer than this wait for `advance`. */
const REAL_TIMERS_MS = 1000;

/** Node, but hours pass at once when the test says so, and warnings are kept to look at. */
export class HeldNode {
  readonly warnings: string[] = [];
  readonly platform: Platform;
  readonly #timers = new Set<{ readonly atMs: number; readonly turn: () => void }>();
  #skewMs = 0;

  constructor(options: { readonly nowMs?: number } = {}) {
    const { nowMs } = options;
    const node = nodePlatform({
      log: (level, message) => {
        if (level === "warn") this.warnings.push(message);
      },
    });
    const monotonicMs = () => node.clock.monotonicMs() + this.#skewMs;
    this.platform = {
      ...node,
      clock: { nowMs: nowMs === undefined ? node.clock.nowMs : () => nowMs, monotonicMs },
      scheduler: {
        soon: node.scheduler.soon,
        after: (delayMs, turn) => {
          if (delayMs <= REAL_TIMERS_MS) return node.scheduler.after(delayMs, turn);
          const timer = { atMs: monotonicMs() + delayMs, turn };
          this.#timers.add(timer);
          return () => void this.#timers.delete(timer);
        },
      },
    };
  }

  async open(): Promise<Engine> {
    return new Engine(await prepareEngine(this.platform, CONNECTORS, inlineModules()));
  }

  /** Time passes at once: long timers that are due fire. */
  advance(ms: number): void {
    this.#skewMs += ms;
    const nowMs = this.platform.clock.monotonicMs();
    for (const timer of [...this.#timers]) {
      if (timer.atMs > nowMs) continue;
      this.#timers.delete(timer);
      timer.turn();
    }
  }
}
