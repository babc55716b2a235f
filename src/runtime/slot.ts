// An operator's place in a task: what reaches it, where its results go, its counters and its time. Calls run straight down
// the tree; what reaches an operator that has yielded waits in its queue, and nothing upstream goes on before that is empty.
import type { Batch } from "../arrow/batch.js";
import type {
  Operator,
  OperatorContext,
  OperatorMetrics,
  Output,
  SideOutput,
  SplitEvent,
} from "../operators/operator.js";
import type { Edge, Receiver } from "./edge.js";
import type { Trace } from "./trace.js";

/** What waits in a queue. The batch is persisted: whoever takes it out releases it at the end of the turn. */
export type Element =
  | { readonly kind: "batch"; readonly batch: Batch }
  | { readonly kind: "watermark"; readonly timeMs: number }
  | { readonly kind: "split"; readonly event: SplitEvent };

/** What a slot needs of its task. */
export interface TaskTurn {
  readonly trace: Trace;
  /** Charges the time from now on to `outlet`; returns who was charged before. */
  charge(outlet: Outlet | null): Outlet | null;
  /** Releases a persisted batch when the turn ends. */
  releaseLater(batch: Batch): void;
}

/** The outgoing half of a node: counts what is emitted and hands it to everybody who reads it. */
export class Outlet implements Output {
  readonly uid: string;
  readonly name: string;
  readonly metrics: OperatorMetrics;
  readonly #main: Edge[] = [];
  readonly #sides: Record<SideOutput, Edge[]> = { late: [], deadLetter: [] };
  readonly #edges: Edge[] = [];
  readonly #trace: Trace;

  constructor(uid: string, name: string, metrics: OperatorMetrics, trace: Trace) {
    this.uid = uid;
    this.name = name;
    this.metrics = metrics;
    this.#trace = trace;
  }

  /** Hands what leaves by the edge's output to its receiver from now on. */
  connect(edge: Edge): void {
    const { side } = edge.place;
    (side === null ? this.#main : this.#sides[side]).push(edge);
    this.#edges.push(edge);
  }

  /** Has every edge note whether it is held up. */
  look(nowMs: number): void {
    for (const edge of this.#edges) edge.look(nowMs);
  }

  emit(batch: Batch): void {
    if (batch.rowCount === 0) return;
    this.metrics.rowsOut += batch.rowCount;
    this.metrics.batchesOut++;
    if (this.#trace.active) this.#trace.emit({ kind: "batch", uid: this.uid, rows: batch.rowCount });
    for (const edge of this.#main) edge.batch(batch);
  }

  /** Side outputs see it too, so that what reads them can close windows and end. A lower watermark is ignored (S2). */
  watermark(timeMs: number): void {
    if (timeMs <= this.metrics.watermarkMs) return;
    this.metrics.watermarkMs = timeMs;
    if (this.#trace.active) this.#trace.emit({ kind: "watermark", uid: this.uid, timeMs });
    for (const { receiver } of this.#edges) receiver.watermark(timeMs);
  }

  split(event: SplitEvent): void {
    for (const { receiver } of this.#edges) receiver.split(event);
  }

  side(output: SideOutput, batch: Batch): void {
    if (batch.rowCount === 0) return;
    for (const edge of this.#sides[output]) edge.batch(batch);
  }

  hasSide(output: SideOutput): boolean {
    return this.#sides[output].length > 0;
  }

  /** Whether something that reads this output is held up. */
  get blocked(): boolean {
    for (const { receiver } of this.#edges) if (receiver.congested) return true;
    return false;
  }
}

/** An operator with what waits for it and what reads it. */
export class Slot implements Receiver {
  readonly operator: Operator;
  readonly outlet: Outlet;
  readonly #turn: TaskTurn;
  readonly #queue: Element[] = [];
  #open = false;

  constructor(operator: Operator, outlet: Outlet, turn: TaskTurn) {
    this.operator = operator;
    this.outlet = outlet;
    this.#turn = turn;
  }

  open(context: OperatorContext): void {
    this.#open = true;
    const before = this.#enter();
    this.operator.open(context);
    this.#leave(before);
  }

  get congested(): boolean {
    return this.#mustWait || this.outlet.blocked;
  }

  get queuedRows(): number {
    return this.#queue.reduce((rows, element) => rows + (element.kind === "batch" ? element.batch.rowCount : 0), 0);
  }

  /** Whether there is something to do that needs no new input: an emission to go on with, or queued elements. */
  get runnable(): boolean {
    return this.#mustWait && this.operator.waiting !== true && !this.outlet.blocked;
  }

  get #mustWait(): boolean {
    return this.operator.pending || this.#queue.length > 0;
  }

  batch(batch: Batch): void {
    if (this.#mustWait) this.#queue.push({ kind: "batch", batch: batch.persist() });
    else this.processBatch(batch, 0);
  }

  watermark(timeMs: number): void {
    if (this.#mustWait) this.#queue.push({ kind: "watermark", timeMs });
    else this.#processWatermark(timeMs);
  }

  split(event: SplitEvent): void {
    if (this.#mustWait) this.#queue.push({ kind: "split", event });
    else this.#processSplit(event);
  }

  /** A batch for input `input`; only while the slot is not congested. */
  processBatch(batch: Batch, input: number): void {
    const { metrics } = this.outlet;
    metrics.rowsIn += batch.rowCount;
    metrics.batchesIn++;
    const before = this.#enter();
    this.operator.processBatch(batch, input, this.outlet);
    this.#leave(before);
  }

  /** Goes on with what was held up: first the operator's own emission, then the queue, one element a call. */
  run(): void {
    if (this.operator.pending) {
      const before = this.#enter();
      this.operator.resume(this.outlet);
      this.#leave(before);
      return;
    }
    const element = this.#queue.shift();
    if (element?.kind === "batch") {
      this.#turn.releaseLater(element.batch);
      this.processBatch(element.batch, 0);
    } else if (element?.kind === "watermark") this.#processWatermark(element.timeMs);
    else if (element?.kind === "split") this.#processSplit(element.event);
  }

  /** Lets an operator whose time has come act on the clock; false when there was nothing due. */
  processTime(nowMs: number): boolean {
    const { operator } = this;
    if (operator.processTime === undefined || (operator.dueMs ?? Number.POSITIVE_INFINITY) > nowMs) return false;
    const before = this.#enter();
    operator.processTime(this.outlet);
    this.#leave(before);
    return true;
  }

  /** Moves the operator's event time on, where it has one of its own. Only while the slot is not congested. */
  advanceTime(ms: number): void {
    if (this.operator.advanceTime === undefined) return;
    const before = this.#enter();
    this.operator.advanceTime(ms, this.outlet);
    this.#leave(before);
  }

  /** Drops what waits, and closes the operator if it was opened. */
  close(): void {
    for (const element of this.#queue.splice(0)) if (element.kind === "batch") element.batch.release();
    if (!this.#open) return;
    this.#open = false;
    this.operator.close();
  }

  #processWatermark(timeMs: number): void {
    const before = this.#enter();
    this.operator.processWatermark(timeMs, this.outlet);
    this.#leave(before);
  }

  #processSplit(event: SplitEvent): void {
    const before = this.#enter();
    this.operator.processSplit(event, this.outlet);
    this.#leave(before);
  }

  // After a throw nobody leaves: the task still knows in whose code it happened.
  #enter(): Outlet | null {
    return this.#turn.charge(this.outlet);
  }

  #leave(before: Outlet | null): void {
    this.#turn.charge(before);
  }
}
