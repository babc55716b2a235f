// The simulator as a host: virtual time, seeded chance, files in memory. Everything that happens is an event on one heap,
// ordered by time and then by chance, so that a seed is a whole run: what ran between what, how long every read took, how
// short it fell. A rolling hash over (time, task, event) tells whether two runs were the same.
import { InternalError } from "../errors.js";
import type { Completion, LogLevel, Platform } from "./platform.js";
import { SimFiles } from "./sim-files.js";
import { SimNet } from "./sim-net.js";

/** Reading the clock takes up to so much virtual time, so that step budgets run out here as they do on a real host. */
const TICK_MS = 0.05;
/** Turns of the promise queue after each event, for the code outside jobs that awaits. Any fixed number is deterministic. */
const PROMISE_TURNS = 64;
/** With nothing left to happen, a promise that does not settle within so many turns never will. */
const STALLED_TURNS = 10_000;
const EPOCH_MS = Date.UTC(2026, 0, 1);

export interface SimOptions {
  /** Longest latency of one read, write or fetched chunk; every one is drawn anew. Default 20 ms. */
  readonly latencyMs?: number;
  /** Lets the real host run while nothing is left to happen here: for modules that load late. */
  readonly hostTurn?: () => Promise<void>;
}

interface SimEvent {
  readonly timeMs: number;
  /** Drawn by chance: events of one time happen in the order of their ties. */
  readonly tie: number;
  readonly label: string;
  readonly turn: () => void;
}

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
}

export class SimPlatform implements Platform {
  readonly name = "sim";
  readonly sharedMemory = true;
  readonly files: SimFiles;
  readonly net: SimNet;
  /** What was logged, in order. */
  readonly lines: LogLine[] = [];
  readonly #options: SimOptions;
  readonly #next: () => number;
  readonly #heap = new EventHeap();
  readonly #hash = new RollingHash();
  #timeMs = 0;

  constructor(seed: number, options: SimOptions = {}) {
    this.#options = options;
    this.#next = seeded(seed);
    const later = (label: string, turn: () => void) => this.#later(label, turn);
    this.files = new SimFiles(later, this.#next);
    this.net = new SimNet(later, this.#next);
  }

  readonly clock = {
    nowMs: () => EPOCH_MS + Math.floor(this.#timeMs),
    monotonicMs: () => {
      this.#timeMs += this.#next() * TICK_MS;
      return this.#timeMs;
    },
  };

  readonly random = {
    u32: () => Math.floor(this.#next() * 2 ** 32),
    uuid: () => {
      const hex = Array.from({ length: 32 }, () => Math.floor(this.#next() * 16).toString(16)).join("");
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
  };

  readonly scheduler = {
    soon: (turn: () => void) => this.#push(this.#timeMs, "turn", turn),
    after: (delayMs: number, turn: () => void) => {
      let cancelled = false;
      this.#push(this.#timeMs + delayMs, "timer", () => {
        if (!cancelled) turn();
      });
      return () => {
        cancelled = true;
      };
    },
  };

  /** What was written to standard output. */
  printed = "";

  readonly output = {
    write: (bytes: Uint8Array, done: Completion<void>) => {
      // A pipe keeps the order, however long each piece takes.
      this.printed += new TextDecoder().decode(bytes);
      this.#later("write standard output", () => done(null));
    },
  };

  get storage() {
    return this.files;
  }

  log(level: LogLevel, message: string): void {
    this.lines.push({ level, message });
  }

  /** Answers a URL with these bytes, in chunks cut by chance. */
  serve(url: string, body: Uint8Array): void {
    this.net.respond(url, () => ({ chunks: [body] }));
  }

  /** Virtual milliseconds since the start. */
  get timeMs(): number {
    return this.#timeMs;
  }

  /** 64 bits over all that happened so far, as hex digits. */
  get traceHash(): string {
    return this.#hash.hex();
  }

  /** Counts something that a task did into the hash: the reader of a job's trace calls it. */
  record(task: string, event: string): void {
    this.#hash.add(`${this.#timeMs} ${task} ${event}`);
  }

  /**
   * Lets things happen until the promise settles.
   * @throws INTERNAL when nothing is left to happen and the promise hangs: a lost wake-up.
   */
  async drive<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const end = () => {
      settled = true;
    };
    promise.then(end, end);
    for (let idleTurns = 0; !settled; ) {
      await promiseTurns(PROMISE_TURNS);
      if (settled) break;
      if (this.#step()) idleTurns = 0;
      else if (this.#options.hostTurn !== undefined) await this.#options.hostTurn();
      else if (++idleTurns > STALLED_TURNS / PROMISE_TURNS) {
        throw new InternalError(`the simulation stalled at ${this.#timeMs} ms: nothing left to happen, but not done`);
      }
    }
    return await promise;
  }

  /** The next event happens; false when there is none. */
  #step(): boolean {
    const event = this.#heap.pop();
    if (event === undefined) return false;
    this.#timeMs = Math.max(this.#timeMs, event.timeMs);
    this.record("host", event.label);
    event.turn();
    return true;
  }

  #later(label: string, turn: () => void): void {
    this.#push(this.#timeMs + this.#next() * (this.#options.latencyMs ?? 20), label, turn);
  }

  #push(timeMs: number, label: string, turn: () => void): void {
    this.#heap.push({ timeMs, tie: this.#next(), label, turn });
  }
}

async function promiseTurns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await undefined;
}

/** mulberry32 (public domain): numbers in [0, 1), the same on every host. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** FNV-1a over UTF-16 units in two 32-bit lanes with different primes: 64 bits without BigInt. */
class RollingHash {
  #low = 0x811c9dc5;
  #high = 0x9747b28c;

  add(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      this.#low = Math.imul(this.#low ^ unit, 0x01000193);
      this.#high = Math.imul(this.#high ^ unit ^ (this.#low >>> 15), 0x85ebca6b);
    }
  }

  hex(): string {
    const digits = (lane: number) => (lane >>> 0).toString(16).padStart(8, "0");
    return digits(this.#high) + digits(this.#low);
  }
}

/** Binary heap by (time, tie). */
class EventHeap {
  readonly #events: SimEvent[] = [];

  push(event: SimEvent): void {
    const events = this.#events;
    let at = events.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, events[parent] as SimEvent)) break;
      events[at] = events[parent] as SimEvent;
      at = parent;
    }
    events[at] = event;
  }

  pop(): SimEvent | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (first === undefined || last === undefined || events.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= events.length) break;
      const right = events[child + 1];
      if (right !== undefined && isBefore(right, events[child] as SimEvent)) child++;
      if (!isBefore(events[child] as SimEvent, last)) break;
      events[at] = events[child] as SimEvent;
      at = child;
    }
    events[at] = last;
    return first;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.tie < b.tie);
}
