// GROUP BY sessions and keys: rows of a key that lie no more than a gap apart go into one accumulator, and when the watermark
// passes the session's end, the last row's time + gap, one row comes out (append only) and the session is forgotten.
//
// What happens when (S29–S34, S93): a row that touches an open session is in it, however late it is, since the session is not
// over; one that touches none begins its own, or is late when that would be over (end − 1 ≤ watermark). So sessions depend on
// the order of rows and watermarks, and the watermark cuts batches in front of every row that comes behind one (watermark.ts).
//
// With a longest duration (S36) where a session is cut depends on its first row. So that this is the same in whatever order rows
// arrive, they wait here for the watermark, and sessions are made in the order of time.
import type { Batch } from "../arrow/batch.js";
import { Column } from "../arrow/column.js";
import { type Schema, TIMESTAMP } from "../arrow/types.js";
import type { SessionWindow } from "../plan/logical.js";
import type { PhysicalOf } from "../plan/physical.js";
import { SessionState } from "../state/session-state.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";
import { TimeBuffer } from "../state/time-buffer.js";
import { EventTime, shiftedTimes } from "./event-time.js";
import { KeyedOperator } from "./keyed-operator.js";
import { LateRows } from "./late-rows.js";
import type { OperatorContext, Output } from "./operator.js";
import { WindowResults } from "./window-results.js";

export class SessionAggregate extends KeyedOperator<PhysicalOf<"window-aggregate">, SessionState> {
  readonly #window: SessionWindow;
  readonly #time: EventTime;
  #late!: LateRows;
  #results!: WindowResults;
  /** Rows that the watermark has not reached; null where their order makes no difference. */
  #waiting: TimeBuffer | null = null;

  /** `input`: the schema of the rows. @throws UNSUPPORTED for types that are not aggregated yet, when opened */
  constructor(node: PhysicalOf<"window-aggregate">, window: SessionWindow, input: Schema) {
    super(node, input);
    this.#window = window;
    this.#time = new EventTime(input, node.timeColumn);
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    if (batch.rowCount === 0) return;
    const rows = this.#late.timed(batch, this.#time, this.watermarkMs, out);
    if (rows.rowCount > 0) this.#add(this.#unordered(rows), out);
    this.measure();
  }

  override snapshot(writer: SnapshotWriter): void {
    super.snapshot(writer);
    this.#waiting?.snapshot(writer);
  }

  override restore(reader: SnapshotReader): void {
    super.restore(reader);
    this.#waiting?.restore(reader);
    this.measure();
  }

  override close(): void {
    this.#waiting?.release();
    super.close();
  }

  protected openState(context: OperatorContext): SessionState {
    const { workspace } = context;
    const { keys, aggregates } = this.node;
    const { gapMs, maxMs } = this.#window;
    const options = { keys, aggregates, gapMs, maxMs: maxMs ?? Number.POSITIVE_INFINITY };
    const state = new SessionState(workspace, this.input, options);
    this.#late = new LateRows(context);
    this.#results = new WindowResults(context, this.node, state);
    if (maxMs !== null) this.#waiting = new TimeBuffer(workspace, this.input, this.#time);
    return state;
  }

  /** Adds the rows that have waited, then gives out the sessions that are over, a batch at a time. */
  protected fire(out: Output): boolean {
    const overMs = this.targetMs + 1;
    for (;;) {
      // A row at the end of a session is in it (S29): those of that millisecond come first.
      const rows = this.#waiting?.take(overMs) ?? null;
      if (rows === null) break;
      // They were judged when they came.
      this.state.add(rows, this.#time.values(rows), this.#time.unitsPerMs, Number.NEGATIVE_INFINITY);
      this.#waiting?.sweep();
      if (this.context.shouldYield()) return false;
    }
    const { batchRowsMax } = this.context;
    for (;;) {
      const due = this.state.due(overMs, batchRowsMax);
      if (due.entries.count > 0) {
        this.#results.emit(due, out);
        this.state.drop(due.entries);
      }
      if (due.entries.count < batchRowsMax) break;
      if (this.context.shouldYield()) return false;
    }
    this.state.settle();
    return true;
  }

  protected override measure(): void {
    this.context.metrics.stateBytes = this.state.usedBytes + (this.#waiting?.usedBytes ?? 0);
  }

  /** The rows that need not wait for the watermark. */
  #unordered(rows: Batch): Batch {
    if (this.#waiting === null) return rows;
    const { inside, outside } = this.#time.part(rows, Number.NEGATIVE_INFINITY, this.watermarkMs + 2);
    if (outside.rowCount > 0) this.#waiting.add(outside);
    return inside;
  }

  #add(rows: Batch, out: Output): void {
    if (rows.rowCount === 0) return;
    const late = this.state.add(rows, this.#time.values(rows), this.#time.unitsPerMs, this.watermarkMs + 1);
    if (late.rowCount === 0) return;
    const { workspace, rowCount } = late;
    const starts = this.#time.milliseconds(late);
    const missed = {
      start: new Column({ type: TIMESTAMP, length: rowCount, values: starts }),
      end: shiftedTimes(workspace, starts, rowCount, this.#window.gapMs),
    };
    this.#late.refuse(late, { reasons: "LATE", watermarks: this.watermarkMs, missed }, out);
  }
}
