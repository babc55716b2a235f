// A function of the program as a sink: it gets the rows of each batch, and is waited for when it answers with a promise.
import type { Batch } from "../arrow/batch.js";
import { type ReadOptions, readRows, type Value } from "../arrow/rows.js";
import { ConnectorError } from "../errors.js";
import type { Sink, SinkContext } from "../operators/sink.js";
import { messageOf } from "../platform/errors.js";
import { type Completion, isThenable } from "../platform/platform.js";
import type { Connector } from "../runtime/connector.js";

/** Takes the rows of one batch. */
type RowsCallback = (rows: readonly Record<string, Value>[]) => void | PromiseLike<void>;

export const callback: Connector = {
  name: "callback",
  sink: ({ live, ref }) => new CallbackSink(live as RowsCallback, ref.name, ref.options as ReadOptions),
};

class CallbackSink implements Sink {
  readonly #fn: RowsCallback;
  readonly #name: string;
  readonly #options: ReadOptions;
  #context!: SinkContext;
  #waiting = false;
  #finished: Completion<void> | null = null;

  constructor(fn: RowsCallback, name: string, options: ReadOptions) {
    this.#fn = fn;
    this.#name = name;
    this.#options = options;
  }

  open(context: SinkContext): void {
    this.#context = context;
  }

  get ready(): boolean {
    return !this.#waiting;
  }

  write(batch: Batch): void {
    const rows = readRows(batch, this.#options);
    let answer: unknown;
    try {
      answer = this.#fn(rows);
    } catch (cause) {
      throw this.#failed(cause);
    }
    // Any other answer means nothing: `(rows) => all.push(...rows)` gives a number.
    if (!isThenable(answer)) return;
    this.#waiting = true;
    answer.then(
      () => {
        this.#waiting = false;
        this.#finished?.(null);
        this.#context.wake();
      },
      (cause: unknown) => this.#context.fail(this.#failed(cause)),
    );
  }

  finish(done: Completion<void>): void {
    if (this.#waiting) this.#finished = done;
    else done(null);
  }

  abort(done: Completion<void>): void {
    done(null);
  }

  #failed(cause: unknown): ConnectorError {
    return new ConnectorError("FUNCTION", `${this.#name} threw: ${messageOf(cause)}`, {
      hint: "the cause is the function's own error",
      domain: "user",
      cause,
    });
  }
}
