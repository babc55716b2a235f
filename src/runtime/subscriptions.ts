// Those who follow a live table. They are told in turns of the host, between the engine's steps: what changes within one
// turn is told together, and once for all who know the same version. Nothing is queued: whoever is slow learns later what
// has changed until then.
import { messageOf } from "../platform/errors.js";
import { isThenable, type Platform } from "../platform/platform.js";
import type { LiveRow, LiveRows, TableEvent } from "./live-rows.js";

/** Takes an event; when it answers with a promise, the next one waits for it. */
export type Listener<Row = LiveRow> = (event: TableEvent<Row>) => unknown;

interface Subscriber<Row> {
  readonly listener: Listener<Row>;
  readonly everyMs: number;
  /** Called when the table will tell nothing more. */
  readonly ended: () => void;
  /** The version it knows; null: none. */
  version: number | null;
  /** When it may be told something again. */
  dueMs: number;
  busy: boolean;
}

/** A table that can be told to end all subscriptions. */
export interface Followed {
  close(): void;
}

/** How long subscribers are told something before the engine has its turn. */
const TURN_MS = 4;

export class Subscriptions<Row = LiveRow> implements Followed {
  readonly #name: string;
  readonly #rows: LiveRows<Row>;
  readonly #platform: Platform;
  readonly #registry: Set<Followed>;
  readonly #all = new Set<Subscriber<Row>>();
  #scheduled = false;
  /** Waits until all have been told all. */
  #toldAll: (() => void) | null = null;

  /** @param registry - the hubs that somebody listens to: this one is in it while that is so */
  constructor(name: string, rows: LiveRows<Row>, platform: Platform, registry: Set<Followed> = new Set()) {
    this.#name = name;
    this.#rows = rows;
    this.#platform = platform;
    this.#registry = registry;
    rows.changed = () => this.#schedule();
    rows.settled = (done) => this.#settle(done);
  }

  /**
   * Tells all rows soon, then what changes, at most every `everyMs`. Gives how to stop, which is at once.
   * @param ended - called when there is nothing more to tell, but not after the stop
   * @param version - what the subscriber knows already
   */
  subscribe(
    listener: Listener<Row>,
    everyMs: number,
    ended: () => void = () => undefined,
    version: number | null = null,
  ): () => void {
    const subscriber = { listener, everyMs, ended, version, dueMs: 0, busy: false };
    this.#all.add(subscriber);
    this.#registry.add(this);
    this.#rows.following = true;
    this.#schedule();
    return () => this.#leave(subscriber);
  }

  /** Answers when all subscribers know the last version, whenever that is. */
  whenToldAll(done: () => void): void {
    this.#toldAll = done;
    for (const subscriber of this.#all) subscriber.dueMs = 0;
    this.#noteToldAll();
    this.#schedule();
  }

  /** Ends all subscriptions. */
  close(): void {
    for (const subscriber of this.#all) {
      this.#leave(subscriber);
      subscriber.ended();
    }
  }

  #leave(subscriber: Subscriber<Row>): void {
    if (!this.#all.delete(subscriber)) return;
    this.#noteToldAll();
    if (this.#all.size > 0) return;
    this.#rows.following = false;
    this.#registry.delete(this);
  }

  #noteToldAll(): void {
    if (this.#toldAll === null) return;
    for (const { busy, version } of this.#all) if (busy || version !== this.#rows.version) return;
    this.#toldAll();
    this.#toldAll = null;
  }

  #schedule(): void {
    if (this.#scheduled || this.#all.size === 0) return;
    this.#scheduled = true;
    this.#platform.scheduler.soon(() => this.#turn());
  }

  /** What a job wrote last is told before the job ends, however lately they were told something. */
  #settle(done: () => void): void {
    if (this.#all.size === 0) {
      done();
      return;
    }
    for (const subscriber of this.#all) subscriber.dueMs = 0;
    this.#platform.scheduler.soon(() => {
      this.#turn();
      done();
    });
  }

  #turn(): void {
    this.#scheduled = false;
    const { clock, scheduler } = this.#platform;
    const nowMs = clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const subscriber of this.#all) {
      if (subscriber.busy || subscriber.version === this.#rows.version) continue;
      if (subscriber.dueMs > nowMs) nextMs = Math.min(nextMs, subscriber.dueMs);
      else if (clock.monotonicMs() - nowMs < TURN_MS) this.#tell(subscriber, nowMs);
      else nextMs = nowMs;
    }
    if (nextMs === nowMs) this.#schedule();
    else if (nextMs < Number.POSITIVE_INFINITY) {
      this.#scheduled = true;
      scheduler.after(nextMs - nowMs, () => this.#turn());
    }
    this.#noteToldAll();
  }

  #tell(subscriber: Subscriber<Row>, nowMs: number): void {
    const event = this.#rows.eventSince(subscriber.version);
    subscriber.version = event.version;
    subscriber.dueMs = nowMs + subscriber.everyMs;
    try {
      const answer = subscriber.listener(event);
      if (isThenable(answer)) this.#waitFor(subscriber, answer);
    } catch (cause) {
      this.#failed(subscriber, cause);
    }
  }

  #waitFor(subscriber: Subscriber<Row>, answer: PromiseLike<unknown>): void {
    subscriber.busy = true;
    answer.then(
      () => {
        subscriber.busy = false;
        if (subscriber.version !== this.#rows.version) this.#schedule();
        this.#noteToldAll();
      },
      (cause: unknown) => this.#failed(subscriber, cause),
    );
  }

  /** The job goes on, and so do the others. */
  #failed(subscriber: Subscriber<Row>, cause: unknown): void {
    this.#leave(subscriber);
    this.#platform.log("error", `a subscriber of ${this.#name} threw and is told no more: ${messageOf(cause)}`);
    subscriber.ended();
  }
}

/** A table's events, one after another. An event that was not taken yet is the only one that waits. */
export class TableWatch implements AsyncIterableIterator<TableEvent> {
  readonly #stop: () => void;
  #event: TableEvent | null = null;
  #ended = false;
  #taken: () => void = () => undefined;
  #wake: () => void = () => undefined;

  constructor(subscriptions: Subscriptions, everyMs: number) {
    const listener = (event: TableEvent) => {
      this.#event = event;
      this.#wake();
      return new Promise<void>((resolve) => {
        this.#taken = resolve;
      });
    };
    this.#stop = subscriptions.subscribe(listener, everyMs, () => this.#end());
  }

  async next(): Promise<IteratorResult<TableEvent, undefined>> {
    while (this.#event === null && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const value = this.#event;
    this.#event = null;
    this.#taken();
    return value === null ? { done: true, value: undefined } : { done: false, value };
  }

  return(): Promise<IteratorResult<TableEvent, undefined>> {
    this.#stop();
    this.#event = null;
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
  }
}
