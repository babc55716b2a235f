// The rows of a job, read by the program that started it: a sink that fills up while nobody reads, so that a slow reader
// holds the sources back.
import type { Batch } from "../arrow/batch.js";
import { type ReadOptions, readRows, type Value } from "../arrow/rows.js";
import type { Sink, SinkContext } from "../operators/sink.js";
import type { Completion } from "../platform/platform.js";

type Rows = readonly Record<string, Value>[];

/** Chunks of rows that wait for the reader; one is being read, one is ready. */
const CHUNKS_MAX = 2;

export class RowSink implements Sink {
  readonly #options: ReadOptions;
  readonly #chunks: Rows[] = [];
  #context: SinkContext | null = null;
  /** Called when there is a chunk. */
  arrived: () => void = () => undefined;

  constructor(options: ReadOptions) {
    this.#options = options;
  }

  open(context: SinkContext): void {
    this.#context = context;
  }

  get ready(): boolean {
    return this.#chunks.length < CHUNKS_MAX;
  }

  write(batch: Batch): void {
    this.#chunks.push(readRows(batch, this.#options));
    this.arrived();
  }

  take(): Rows | undefined {
    const wasReady = this.ready;
    const chunk = this.#chunks.shift();
    if (!wasReady) this.#context?.wake();
    return chunk;
  }

  /** Rows that were not read yet stay. */
  finish(done: Completion<void>): void {
    done(null);
  }

  abort(done: Completion<void>): void {
    done(null);
  }
}

/** What a reader needs of the job. */
interface RunningJob {
  readonly done: Promise<unknown>;
  cancel(): Promise<void>;
}

/** Chunks of rows in order; then the end, or the job's error. Leaving the loop cancels the job. */
export class RowReader<J extends RunningJob> implements AsyncIterableIterator<Rows> {
  readonly job: J;
  readonly #sink: RowSink;
  #ended = false;
  #error: unknown = null;
  #left = false;
  #wake: () => void = () => undefined;

  constructor(job: J, sink: RowSink) {
    this.job = job;
    this.#sink = sink;
    sink.arrived = () => this.#wake();
    job.done.then(
      () => this.#end(null),
      (error: unknown) => this.#end(error),
    );
  }

  async next(): Promise<IteratorResult<Rows, undefined>> {
    for (;;) {
      const chunk = this.#left ? undefined : this.#sink.take();
      if (chunk !== undefined) return { done: false, value: chunk };
      if (this.#ended) {
        const error = this.#error;
        this.#error = null;
        if (error !== null) throw error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<Rows, undefined>> {
    this.#left = true;
    await this.job.cancel();
    this.#error = null;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(error: unknown): void {
    this.#ended = true;
    this.#error = error;
    this.#wake();
  }
}
