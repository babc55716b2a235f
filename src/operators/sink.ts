// Sinks: what a connector fills in, and the operator that drives it. A sink takes batches until it is full, and wakes its
// task when it can take more; nothing buffers without a bound.
import type { Batch, Workspace } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import type { Completion, Platform } from "../platform/platform.js";

/** What a sink works with while its job runs. */
export interface SinkContext {
  readonly platform: Platform;
  readonly workspace: Workspace;
  readonly schema: Schema;
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
