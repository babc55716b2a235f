// Sinks: what a connector fills in, and the operator that drives it. A sink takes batches until it is full, and wakes its
// task when it can take more; nothing buffers without a bound.
import type { Batch } from "../arrow/batch.js";
import type { Workspace } from "../arrow/column.js";
import type { Schema } from "../arrow/types.js";
import type { Completion, Platform } from "../platform/platform.js";
import {
  type ConnectionEvent,
  type OperatorContext,
  type OperatorMetrics,
  type Output,
  StatelessOperator,
} from "./operator.js";

/** What a sink works with while its job runs. */
export interface SinkContext {
  readonly platform: Platform;
  readonly workspace: Workspace;
  readonly schema: Schema;
  readonly metrics: OperatorMetrics;
  /** Tells the job's trace how a connection stands; `waiting` counts as a retry. */
  connection(event: ConnectionEvent): void;
  wake(): void;
  /** Ends the job with this error. */
  fail(error: Error): void;
}

/** A bound target, opened for one run. */
export interface Sink {
  open(context: SinkContext): void;
  /** True while `write` may be called. */
  readonly ready: boolean;
  /** Takes the rows; the batch lives for the step, so what is kept is copied or persisted. */
  write(batch: Batch): void;
  /** Event time seen by the sink; most ignore it. */
  watermark?(timeMs: number): void;
  /** All input has been written: make it visible and durable, then answer. */
  finish(done: Completion<void>): void;
  /** Ends without success: removes what was not published. */
  abort(done: Completion<void>): void;
}

/** Drives a sink: gives it batches while it is ready. What comes meanwhile waits before it and holds the source back. */
export class SinkOperator extends StatelessOperator {
  readonly #sink: Sink;
  readonly #schema: Schema;
  readonly #platform: Platform;
  readonly #fail: (error: Error) => void;

  /** @param fail - ends the job with an error that came between two steps */
  constructor(sink: Sink, schema: Schema, platform: Platform, fail: (error: Error) => void) {
    super();
    this.#sink = sink;
    this.#schema = schema;
    this.#platform = platform;
    this.#fail = fail;
  }

  override open(context: OperatorContext): void {
    super.open(context);
    this.#sink.open({
      platform: this.#platform,
      workspace: context.workspace,
      schema: this.#schema,
      metrics: context.metrics,
      connection: (event) => context.connection(event),
      wake: () => context.wake(),
      fail: this.#fail,
    });
  }

  override get pending(): boolean {
    return !this.#sink.ready;
  }

  /** Only the sink itself ends its being full: there is nothing to resume. */
  get waiting(): boolean {
    return !this.#sink.ready;
  }

  processBatch(batch: Batch): void {
    this.#sink.write(batch);
  }

  override processWatermark(timeMs: number, out: Output): void {
    this.#sink.watermark?.(timeMs);
    out.watermark(timeMs);
  }

  /** All input is written: publishes it. */
  finish(done: Completion<void>): void {
    this.#sink.finish(done);
  }

  /** Ends without success. */
  abort(done: Completion<void>): void {
    this.#sink.abort(done);
  }
}
