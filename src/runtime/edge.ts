// One edge of the running graph: what went over it, what waits on it, and how long its reader has held its writer up.
import type { Batch } from "../arrow/batch.js";
import type { SideOutput, SplitEvent } from "../operators/operator.js";
import type { EdgeReport } from "./trace.js";

/** What takes elements: an operator of the same task, or a channel to another task. */
export interface Receiver {
  /** True while more elements would only pile up. */
  readonly congested: boolean;
  /** Rows that wait here. */
  readonly queuedRows: number;
  batch(batch: Batch): void;
  watermark(timeMs: number): void;
  split(event: SplitEvent): void;
}

/** Where an edge begins and ends: positions of its nodes in the plan, and the side output that it carries. */
export interface EdgePlace {
  readonly source: number;
  readonly target: number;
  readonly side: SideOutput | null;
}

export class Edge {
  readonly place: EdgePlace;
  readonly receiver: Receiver;
  #rows = 0;
  #batches = 0;
  #bytes = 0;
  #heldMs = 0;
  #heldSinceMs: number | null = null;

  constructor(place: EdgePlace, receiver: Receiver) {
    this.place = place;
    this.receiver = receiver;
  }

  batch(batch: Batch): void {
    this.#rows += batch.rowCount;
    this.#batches++;
    this.#bytes += batch.spanBytes;
    this.receiver.batch(batch);
  }

  /** Notes whether the reader holds the edge up from `nowMs` on; null ends the measuring. */
  look(nowMs: number | null): void {
    if (nowMs !== null) this.#heldMs = this.#heldUntil(nowMs);
    this.#heldSinceMs = nowMs !== null && this.receiver.congested ? nowMs : null;
  }

  report(nowMs: number): EdgeReport {
    return {
      rows: this.#rows,
      batches: this.#batches,
      bytes: this.#bytes,
      queuedRows: this.receiver.queuedRows,
      heldMs: this.#heldUntil(nowMs),
    };
  }

  #heldUntil(nowMs: number): number {
    return this.#heldMs + (this.#heldSinceMs === null ? 0 : nowMs - this.#heldSinceMs);
  }
}
