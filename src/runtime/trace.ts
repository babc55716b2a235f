// A job's event stream: the metrics display, the dashboard and the simulator's hash are readers of it. With nobody
// listening an event costs one comparison.

export type JobState = "starting" | "running" | "finishing" | "done" | "failed" | "cancelled";

/** Something that happened. `atMs` is the platform's monotonic clock; `uid` names the node of the physical plan. */
export type TraceEvent = { readonly atMs: number } & (
  | { readonly kind: "state"; readonly state: JobState }
  /** A node emitted so many rows. */
  | { readonly kind: "batch"; readonly uid: string; readonly rows: number }
  | { readonly kind: "watermark"; readonly uid: string; readonly timeMs: number }
  /** Rows that went to the late output, whether or not somebody listens there. */
  | { readonly kind: "late"; readonly uid: string; readonly rows: number }
  /** Rows refused by the row policy. */
  | { readonly kind: "bad"; readonly uid: string; readonly rows: number }
);

/** An event before the clock was read. */
export type TraceNews = TraceEvent extends infer E ? (E extends unknown ? Omit<E, "atMs"> : never) : never;

/** Events that a reader may lag behind; the oldest are dropped beyond. */
const LAG_MAX = 65_536;

export class Trace {
  readonly #nowMs: () => number;
  readonly #listeners = new Set<(event: TraceEvent) => void>();
  readonly #readers = new Set<TraceReader>();
  /** Whether anybody listens: asked before an event is made. */
  active = false;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  emit(news: TraceNews): void {
    if (!this.active) return;
    const event: TraceEvent = { ...news, atMs: this.#nowMs() };
    for (const listener of this.#listeners) listener(event);
  }

  /** Calls `listener` with every event from now on, inside the step: it must be quick. Returns how to stop it. */
  listen(listener: (event: TraceEvent) => void): () => void {
    this.#listeners.add(listener);
    this.active = true;
    return () => {
      this.#listeners.delete(listener);
      this.active = this.#listeners.size > 0;
    };
  }

  /** Events from now on, to the job's end. A reader that lags far behind misses the oldest. */
  read(): AsyncIterableIterator<TraceEvent> {
    const reader: TraceReader = new TraceReader(() => {
      stop();
      this.#readers.delete(reader);
    });
    const stop = this.listen((event) => reader.push(event));
    this.#readers.add(reader);
    return reader;
  }

  /** The job is over: readers end after what they have. */
  end(): void {
    for (const reader of this.#readers) reader.end();
  }
}

class TraceReader implements AsyncIterableIterator<TraceEvent> {
  readonly #events: TraceEvent[] = [];
  readonly #stop: () => void;
  #wake: (() => void) | null = null;
  #ended = false;

  constructor(stop: () => void) {
    this.#stop = stop;
  }

  push(event: TraceEvent): void {
    if (this.#events.length === LAG_MAX) this.#events.shift();
    this.#events.push(event);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#stop();
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<TraceEvent>> {
    while (this.#events.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const value = this.#events.shift();
    return value === undefined ? { done: true, value: undefined } : { done: false, value };
  }

  return(): Promise<IteratorResult<TraceEvent>> {
    this.#events.length = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
