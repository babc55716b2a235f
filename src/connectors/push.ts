// Rows that a program hands over when it has them: events of an `EventTarget`, values of an observable. They cannot be held
// back, so a bounded number waits; one more ends the job. Every job listens anew, from its start to its end.
import type { Pushed } from "../api/live.js";
import type { Row } from "../arrow/builder.js";
import { ConnectorError } from "../errors.js";
import type { Connector, Table } from "../runtime/connector.js";
import type { StateValue } from "../state/snapshot.js";
import { AsyncSource, rows } from "./rows.js";

/** The iterables that stand for what is pushed: what was looked at to learn its columns is read on by the job. */
const iterables = new WeakMap<Pushed, AsyncIterable<Row>>();

export const push: Connector = {
  name: "push",
  resolve: (table, schema) => rows.resolve(asRows(table), schema),
  source: (table, schema) => {
    const listening = asRows(table);
    const { repeats } = table.live as Pushed;
    return repeats ? rows.source(listening, schema) : new OnceSource(listening.live, table.ref.name, schema);
  },
};

/** Rows that nobody gives again: those who listen anew get the next ones, of which none may be passed over. */
class OnceSource extends AsyncSource {
  /** @throws UNSUPPORTED once rows were delivered */
  override restore(state: StateValue): void {
    if (state === 0) return;
    throw new ConnectorError("UNSUPPORTED", `${this.name} cannot be read again from where it was`, {
      hint: "events come once: keep them in a file, and read that",
      domain: "user",
    });
  }
}

function asRows(table: Table): Table & { readonly live: AsyncIterable<Row> } {
  const pushed = table.live as Pushed;
  let live = iterables.get(pushed);
  if (live === undefined) {
    live = { [Symbol.asyncIterator]: () => new PushedRows(pushed, table.ref.name) };
    iterables.set(pushed, live);
  }
  return { ...table, live };
}

/** Rows that are given and still in the array; an array is not moved for fewer. */
const GIVEN_MAX = 4096;

/** One subscription, pulled row by row. */
class PushedRows implements AsyncIterator<Row> {
  #stop: (() => void) | null = null;
  #waiting: Row[] = [];
  /** The next of `waiting`: shifting a long array would move it every time. */
  #next = 0;
  #ended = false;
  #error: Error | null = null;
  #answer: ((result: IteratorResult<Row>) => void) | null = null;
  #refuse: ((error: Error) => void) | null = null;

  constructor({ subscribe, bufferRows }: Pushed, name: string) {
    const stop = subscribe({
      next: (row) => this.#take(row as Row, bufferRows, name),
      error: (cause) => this.#end(cause instanceof Error ? cause : new Error(String(cause))),
      complete: () => this.#end(null),
    });
    // It may have ended while it was subscribed to, when there was nothing to stop yet.
    if (this.#ended) stop();
    else this.#stop = stop;
  }

  next(): Promise<IteratorResult<Row>> {
    if (this.#next < this.#waiting.length) {
      const value = this.#waiting[this.#next++] as Row;
      if (this.#next === this.#waiting.length || this.#next === GIVEN_MAX) {
        this.#waiting = this.#waiting.slice(this.#next);
        this.#next = 0;
      }
      return Promise.resolve({ done: false, value });
    }
    if (this.#error !== null) return Promise.reject(this.#error);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#refuse = reject;
    });
  }

  return(): Promise<IteratorResult<Row>> {
    this.#waiting = [];
    this.#next = 0;
    this.#end(null);
    return Promise.resolve({ done: true, value: undefined });
  }

  #take(row: Row, bufferRows: number, name: string): void {
    if (this.#ended) return;
    if (this.#answer !== null) {
      this.#answer({ done: false, value: row });
      this.#forget();
    } else if (this.#waiting.length - this.#next < bufferRows) this.#waiting.push(row);
    else {
      this.#end(
        new ConnectorError("SOURCE_OVERRUN", `${name}: more than ${bufferRows} rows wait for the engine`, {
          hint: "raise bufferRows, or let fewer rows come: they cannot be held back",
          domain: "user",
        }),
      );
    }
  }

  /** What waits is still given; then it ends, with the error if there is one. */
  #end(error: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#stop?.();
    if (error === null) this.#answer?.({ done: true, value: undefined });
    else this.#refuse?.(error);
    this.#forget();
  }

  #forget(): void {
    this.#answer = null;
    this.#refuse = null;
  }
}
