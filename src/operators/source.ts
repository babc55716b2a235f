// Sources: what a connector fills in, and the operator that drives it. A source moves bytes or rows in; it is polled,
// never waits, and wakes its task when an answer from outside has arrived.
import type { Batch, Workspace } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import type { RowPolicy } from "../plan/policy.js";
import type { Platform } from "../platform/platform.js";
import type { StateValue } from "../state/snapshot.js";
import type { BadRecord } from "./bad-records.js";
import type { OperatorMetrics, SplitEvent } from "./operator.js";

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
}

/** A batch to process now, or why there is none: `blocked` until `wake`, or `done` for good. */
export type Poll = Batch | "blocked" | "done";

/** A bound table, opened for one run. */
export interface Source {
  readonly schema: Schema;
  /** Splits that this source reads, announced at the start so that none is overtaken. */
  open(context: SourceContext): void;
  /** Never waits. The batch lives for the step, its `split` says where it came from. */
  poll(): Poll;
  /** Offsets to go on from, when the source can replay. */
  snapshot(): StateValue;
  restore(state: StateValue): void;
  /** Bytes read and bytes in all, for progress displays; total is null when unknown. */
  progress(): { readonly doneBytes: number; readonly totalBytes: number | null };
  close(): void;
}
