// The contract of every operator: batches, watermarks and split events in, the same out. An operator sees no thread,
// queue, barrier or file; the task calls it, and nothing in it waits.
import type { Batch } from "../arrow/batch.js";
import type { Workspace } from "../arrow/column.js";
import type { RowPolicy } from "../plan/policy.js";
import type { Clock } from "../platform/platform.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";

/** What happened to one split of a source. An idle split does not hold the watermark; a done one never again. */
export interface SplitEvent {
  readonly split: number;
  readonly status: "active" | "idle" | "done";
}

/** How a connection to the outside stands. `waiting`: it was lost, and is opened again in `delayMs`. */
export interface ConnectionEvent {
  readonly status: "connecting" | "open" | "waiting" | "closed";
  readonly delayMs?: number;
  /** Why it is not open. */
  readonly message?: string;
}

/** Outputs beside the main one. Late rows and dead letters go where the user sends them, or are counted. */
export type SideOutput = "late" | "deadLetter";

/** Where an operator's results go. `emit` gives the batch away; an empty batch is not passed on. */
export interface Output {
  emit(batch: Batch): void;
  /** Event time has reached `timeMs`; +Infinity is the end of input. */
  watermark(timeMs: number): void;
  split(event: SplitEvent): void;
  /** Gives rows to a side output. `hasSide` says whether anybody listens. */
  side(output: SideOutput, batch: Batch): void;
  hasSide(output: SideOutput): boolean;
}

/** Counters of one operator, read by metrics, EXPLAIN ANALYZE and the progress display. */
export interface OperatorMetrics {
  rowsIn: number;
  rowsOut: number;
  batchesIn: number;
  batchesOut: number;
  /** Rows that entered no window, or came too late for a deduplication. */
  lateRows: number;
  /** Rows that missed some of their windows. */
  partiallyLateRows: number;
  /** Rows of a key that had its first row already, dropped by a deduplication. */
  duplicateRows: number;
  /** Rows refused by the row policy (deadLetter or skip). */
  badRows: number;
  watermarkMs: number;
  stateBytes: number;
  /** Time spent inside the operator, its downstream not counted. */
  busyMs: number;
  bytesIn: number;
  /** How often something outside failed and was tried again. */
  retries: number;
}

export interface OperatorContext {
  /** Stable name of the operator's state. */
  readonly uid: string;
  /** For messages and metrics. */
  readonly name: string;
  readonly workspace: Workspace;
  /** `monotonicMs` stands still unless the task waits for input: work and back-pressure make no split idle (S9). */
  readonly clock: Clock;
  readonly metrics: OperatorMetrics;
  readonly rowPolicy: RowPolicy;
  /** Rows an emitted batch has at most. */
  readonly batchRowsMax: number;
  /** True when the step's time is used up or what follows is full: a long emission stops and goes on in `resume`. */
  shouldYield(): boolean;
  /** One line to the host's log, at most once a key. */
  warnOnce(key: string, message: string): void;
  /** Wakes the task: an answer from outside has arrived. */
  wake(): void;
  /** Tells the job's trace how a connection stands; `waiting` counts as a retry. */
  connection(event: ConnectionEvent): void;
}

export interface Operator {
  open(context: OperatorContext): void;
  /** `input` is 0 but for operators with several inputs. */
  processBatch(batch: Batch, input: number, out: Output): void;
  /** The only input that it takes now, whose rows the others wait for; absent: any. */
  readonly reads?: number;
  /** Called when an input has ended, before its last watermark. */
  endInput?(input: number): void;
  /** Fires what is due, then passes the watermark on. */
  processWatermark(timeMs: number, out: Output): void;
  processSplit(event: SplitEvent, out: Output): void;
  /** True while `resume` has to be called before anything else is given to the operator. */
  readonly pending: boolean;
  /** True while a pending operator waits for an answer from outside: it is not resumed before `context.wake()`. */
  readonly waiting?: boolean;
  /** Goes on with an emission that yielded. */
  resume(out: Output): void;
  /** When `processTime` is next needed, in `context.clock.monotonicMs()`; +Infinity or absent: not at all. */
  readonly dueMs?: number;
  /** Called when the task has waited for input until `dueMs`: for what depends on the clock, such as idle splits. */
  processTime?(out: Output): void;
  /** Moves event time on by so many milliseconds, as if the stream had been quiet for so long (S10). */
  advanceTime?(ms: number, out: Output): void;
  /** Called between batches, never while pending. */
  snapshot(writer: SnapshotWriter): void;
  restore(reader: SnapshotReader): void;
  close(): void;
}

/** Defaults of an operator without state: passes watermarks and split events on, is never pending. */
export abstract class StatelessOperator implements Operator {
  protected context!: OperatorContext;

  get pending(): boolean {
    return false;
  }

  open(context: OperatorContext): void {
    this.context = context;
  }

  abstract processBatch(batch: Batch, input: number, out: Output): void;

  processWatermark(timeMs: number, out: Output): void {
    out.watermark(timeMs);
  }

  processSplit(event: SplitEvent, out: Output): void {
    out.split(event);
  }

  resume(_out: Output): void {
    // Never pending.
  }

  snapshot(_writer: SnapshotWriter): void {
    // No state.
  }

  restore(_reader: SnapshotReader): void {
    // No state.
  }

  close(): void {
    // Nothing held.
  }
}

export function newMetrics(): OperatorMetrics {
  return {
    rowsIn: 0,
    rowsOut: 0,
    batchesIn: 0,
    batchesOut: 0,
    lateRows: 0,
    partiallyLateRows: 0,
    duplicateRows: 0,
    badRows: 0,
    watermarkMs: Number.NEGATIVE_INFINITY,
    stateBytes: 0,
    busyMs: 0,
    bytesIn: 0,
    retries: 0,
  };
}
