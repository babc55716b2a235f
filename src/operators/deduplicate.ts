// Deduplication, keep-first: of the rows of one key the first goes on, the others are dropped and counted (append only).
//
// On event time the first is the earliest. A row waits until the watermark has reached its time, since an earlier one may
// still come; then rows are gone through in the order of time, so that neither their arrival nor their batches matter. A row
// behind the watermark is late (S45). Without event time the first is the first to arrive and goes on at once.
//
// With `within` a first row counts for so long by event time, or by the clock where there is none, and then its key is
// forgotten: a row that comes later is a first row again.
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import type { PhysicalOf } from "../plan/physical.js";
import { FirstTimes } from "../state/first-times.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";
import { TimeBuffer } from "../state/time-buffer.js";
import { EventTime } from "./event-time.js";
import { FiringOperator } from "./firing-operator.js";
import { LateRows } from "./late-rows.js";
import type { OperatorContext, Output } from "./operator.js";

export class Deduplicate extends FiringOperator {
  readonly #node: PhysicalOf<"deduplicate">;
  readonly #input: Schema;
  /** null: the first row is the first to arrive. */
  readonly #time: EventTime | null;
  #context!: OperatorContext;
  #late!: LateRows;
  #firsts!: FirstTimes;
  #waiting: TimeBuffer | null = null;
  /** The clock without event time: it never goes back. */
  #nowMs = Number.NEGATIVE_INFINITY;
  #dueMs = Number.POSITIVE_INFINITY;

  /** `input`: the schema of the rows; behind the columns that go on stand those that keys were computed to. */
  constructor(node: PhysicalOf<"deduplicate">, input: Schema) {
    super();
    this.#node = node;
    this.#input = input;
    this.#time = node.timeColumn < 0 ? null : new EventTime(input, node.timeColumn);
  }

  open(context: OperatorContext): void {
    const { workspace } = context;
    const { keys, withinMs } = this.#node;
    this.#context = context;
    this.#late = new LateRows(context);
    this.#firsts = new FirstTimes(workspace, this.#input, keys, withinMs ?? Number.POSITIVE_INFINITY);
    if (this.#time !== null) this.#waiting = new TimeBuffer(workspace, this.#input, this.#time);
    this.measure();
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    if (batch.rowCount === 0) return;
    if (this.#time === null) this.#passArrivals(batch, out);
    else this.#await(batch, this.#time, out);
    this.measure();
  }

  /** When the clock lets the next key be forgotten. */
  get dueMs(): number {
    return this.#dueMs;
  }

  processTime(): void {
    if (this.#time !== null || this.#context.clock.monotonicMs() < this.#dueMs) return;
    this.#forgetByClock();
    this.measure();
  }

  snapshot(writer: SnapshotWriter): void {
    writer.value("watermarkMs", this.watermarkMs);
    writer.value("nowMs", this.#nowMs);
    this.#firsts.snapshot(writer);
    this.#waiting?.snapshot(writer);
  }

  restore(reader: SnapshotReader): void {
    this.reach(reader.value("watermarkMs") as number);
    this.#nowMs = reader.value("nowMs") as number;
    this.#firsts.restore(reader);
    this.#waiting?.restore(reader);
    if (this.#time === null) this.#forgetByClock();
    this.measure();
  }

  close(): void {
    this.#waiting?.release();
    // There is none when opening failed.
    (this.#firsts as FirstTimes | undefined)?.release();
  }

  /** Keeps the rows that are in time until the watermark has come to them. */
  #await(batch: Batch, time: EventTime, out: Output): void {
    const rows = this.#late.inTime(batch, time, this.watermarkMs, this.watermarkMs, out);
    if (rows.rowCount > 0) this.#waiting?.add(rows);
  }

  /** Goes through the rows that the watermark has reached, some at a time. */
  protected fire(out: Output): boolean {
    if (this.#time === null) return true;
    for (;;) {
      const rows = this.#waiting?.take(this.targetMs) ?? null;
      if (rows === null) break;
      this.#emitFirsts(rows, this.#time.milliseconds(rows), out);
      this.#waiting?.sweep();
      if (this.#context.shouldYield()) return false;
    }
    this.#firsts.forget(this.targetMs);
    return true;
  }

  #passArrivals(batch: Batch, out: Output): void {
    const { account, kernels } = this.#context.workspace;
    this.#readClock();
    const times = account.arena.allocate(batch.rowCount * 8);
    kernels.fillI64(this.#nowMs, batch.rowCount, times);
    this.#emitFirsts(batch, times, out);
    this.#forgetByClock();
  }

  #emitFirsts(rows: Batch, times: number, out: Output): void {
    const { metrics, batchRowsMax } = this.#context;
    const { schema } = this.#node;
    const all = this.#firsts.keep(rows, times);
    metrics.duplicateRows += rows.rowCount - all.rowCount;
    const own = schema.fields.length === this.#input.fields.length;
    const firsts = own ? all : all.pick(schema, [...schema.fields.keys()]);
    for (let row = 0; row < firsts.rowCount; row += batchRowsMax) {
      out.emit(firsts.slice(row, Math.min(row + batchRowsMax, firsts.rowCount)));
    }
  }

  #forgetByClock(): void {
    this.#readClock();
    this.#firsts.forget(this.#nowMs);
    this.#dueMs = this.#context.clock.monotonicMs() + this.#firsts.nextExpiryMs - this.#nowMs;
  }

  #readClock(): void {
    this.#nowMs = Math.max(this.#nowMs, Math.floor(this.#context.clock.nowMs()));
  }

  protected measure(): void {
    this.#context.metrics.stateBytes = this.#firsts.usedBytes + (this.#waiting?.usedBytes ?? 0);
  }
}
