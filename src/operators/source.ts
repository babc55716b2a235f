// Sources: what a connector fills in, and the operator that drives it. A source moves bytes or rows in; it is polled,
// never waits, and wakes its task when an answer from outside has arrived.
import type { Batch } from "../arrow/batch.js";
import type { Workspace } from "../arrow/column.js";
import type { Schema } from "../arrow/types.js";
import type { RowPolicy } from "../plan/policy.js";
import type { Completion, Platform } from "../platform/platform.js";
import type { StateValue } from "../state/snapshot.js";
import { type BadRecord, BadRecords } from "./bad-records.js";
import type { ConnectionEvent, OperatorContext, OperatorMetrics, Output, SplitEvent } from "./operator.js";

/** What a source works with while its job runs. */
export interface SourceContext {
  readonly platform: Platform;
  readonly workspace: Workspace;
  readonly metrics: OperatorMetrics;
  readonly rowPolicy: RowPolicy;
  readonly batchRowsMax: number;
  /** Tells the task that `poll` has something new. */
  wake(): void;
  /** Announces a split's state before the batches that it concerns. */
  split(event: SplitEvent): void;
  /** A record that could not be decoded: fails the job, is kept as dead letter or counted, by the policy. */
  bad(record: BadRecord): void;
  /** The largest event time that a split has delivered so far (ms), −Infinity before its first row. */
  progressMs(split: number): number;
  /** Tells the job's trace how a connection stands; `waiting` counts as a retry. */
  connection(event: ConnectionEvent): void;
}

/** A batch to process now, or why there is none: `blocked` until `wake`, or `done` for good. */
export type Poll = Batch | "blocked" | "done";

/** A bound table, opened for one run. */
export interface Source {
  readonly schema: Schema;
  /** Whether `blocked` may mean that no rows have come yet. A file waits for its disk only, which makes no split idle (S9). */
  readonly mayIdle: boolean;
  /** Splits that this source reads, announced at the start so that none is overtaken. */
  open(context: SourceContext): void;
  /** Never waits. The batch lives for the step, its `split` says where it came from. */
  poll(): Poll;
  /** Offsets to go on from, when the source can replay. */
  snapshot(): StateValue;
  /** Goes on at a snapshot; before `open`. */
  restore(state: StateValue): void;
  /** Bytes read and bytes in all, for progress displays; total is null when unknown. */
  progress(): { readonly doneBytes: number; readonly totalBytes: number | null };
  /** Stops reading, whatever is under way; answers when nothing is open any more. Called once. */
  close(done: Completion<void>): void;
}

/** What a watermark operator knows of the splits above it. */
export interface SplitProgress {
  /** Largest event time that the split has delivered (ms), −Infinity before its first row. */
  progressMs(split: number): number;
}

/** Drives a source: hands on what it delivers, applies the row policy, ends its splits, then event time. */
export class SourceOperator {
  readonly #source: Source;
  readonly #platform: Platform;
  readonly #progressMs: (split: number) => number;
  #context!: OperatorContext;
  #out!: Output;
  readonly #events: SplitEvent[] = [];
  readonly #openSplits = new Set<number>();
  #bad!: BadRecords;
  #announced = false;
  #ended = false;

  /** @param progressMs - largest event time seen of a split, asked of the watermark operator below */
  constructor(source: Source, platform: Platform, progressMs: (split: number) => number) {
    this.#source = source;
    this.#platform = platform;
    this.#progressMs = progressMs;
  }

  open(context: OperatorContext, out: Output): void {
    this.#context = context;
    this.#out = out;
    this.#bad = new BadRecords(context, out);
    this.#source.open({
      platform: this.#platform,
      workspace: context.workspace,
      metrics: context.metrics,
      rowPolicy: context.rowPolicy,
      batchRowsMax: context.batchRowsMax,
      wake: () => context.wake(),
      split: (event) => void this.#events.push(event),
      bad: (record) => this.#bad.refuse(record),
      progressMs: this.#progressMs,
      connection: (event) => context.connection(event),
    });
  }

  /** Hands on one batch, or says why there is none. */
  poll(): "ready" | "blocked" | "done" {
    if (this.#ended) return "done";
    if (!this.#announced) return this.#announce();
    const polled = this.#source.poll();
    this.#context.metrics.bytesIn = this.#source.progress().doneBytes;
    const passed = this.#passEvents();
    this.#bad.emit();
    if (polled === "done") this.#end();
    else if (polled !== "blocked") this.#pass(polled);
    else if (!passed) return "blocked";
    return "ready";
  }

  get mayIdle(): boolean {
    return this.#source.mayIdle;
  }

  progress(): { readonly doneBytes: number; readonly totalBytes: number | null } {
    return this.#source.progress();
  }

  snapshot(): StateValue {
    return { source: this.#source.snapshot(), ended: this.#ended, splits: [...this.#openSplits] };
  }

  restore(state: StateValue): void {
    const { source, ended, splits } = state as { source: StateValue; ended: boolean; splits: readonly number[] };
    this.#ended = ended;
    this.#announced = true;
    for (const split of splits) this.#openSplits.add(split);
    this.#source.restore(source);
  }

  close(done: Completion<void>): void {
    this.#source.close(done);
  }

  /** All splits are known below before the first row comes, so that none is overtaken. */
  #announce(): "ready" {
    this.#announced = true;
    if (this.#events.length === 0) this.#events.push({ split: 0, status: "active" });
    this.#passEvents();
    return "ready";
  }

  #pass(batch: Batch): void {
    const { metrics } = this.#context;
    metrics.rowsIn += batch.rowCount;
    metrics.batchesIn++;
    this.#out.emit(batch);
  }

  #passEvents(): boolean {
    const events = this.#events.splice(0);
    for (const event of events) {
      if (event.status === "done") this.#openSplits.delete(event.split);
      else this.#openSplits.add(event.split);
      this.#out.split(event);
    }
    return events.length > 0;
  }

  /** The end of input is +∞ per split, and for the source when all of them are done (S15, S16). */
  #end(): void {
    this.#ended = true;
    for (const split of this.#openSplits) this.#out.split({ split, status: "done" });
    this.#openSplits.clear();
    this.#out.watermark(Number.POSITIVE_INFINITY);
  }
}
