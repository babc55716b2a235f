// What operators have in common that fire when the watermark passes something: a watermark is passed on once everything due
// by it is out (S13), however often that has to stop and be resumed.
import type { Batch } from "../arrow/batch.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";
import type { Operator, OperatorContext, Output, SplitEvent } from "./operator.js";

export abstract class FiringOperator implements Operator {
  /** The watermark that was passed on last; −Infinity before the first. */
  protected watermarkMs = Number.NEGATIVE_INFINITY;
  /** The watermark that is being processed. */
  protected targetMs = Number.NEGATIVE_INFINITY;
  #pending = false;

  abstract open(context: OperatorContext): void;
  abstract processBatch(batch: Batch, input: number, out: Output): void;
  abstract snapshot(writer: SnapshotWriter): void;
  abstract restore(reader: SnapshotReader): void;
  abstract close(): void;

  /** Fires what is due by `targetMs`; false when it had to stop before the end. */
  protected abstract fire(out: Output): boolean;
  /** Tells the metrics what the state takes. */
  protected abstract measure(): void;

  get pending(): boolean {
    return this.#pending;
  }

  processWatermark(timeMs: number, out: Output): void {
    if (timeMs <= this.watermarkMs) return;
    this.targetMs = timeMs;
    this.resume(out);
  }

  processSplit(event: SplitEvent, out: Output): void {
    out.split(event);
  }

  resume(out: Output): void {
    this.#pending = !this.fire(out);
    if (!this.#pending) this.reach(this.targetMs);
    this.measure();
    if (!this.#pending) out.watermark(this.targetMs);
  }

  /** The watermark is `timeMs` now: everything due by it is out, or was before a restore. */
  protected reach(timeMs: number): void {
    this.watermarkMs = timeMs;
  }
}
