// ORDER BY: all rows in order at the end of the input, or of its first rows as many as a limit asks for. By event time alone
// rows go out as the watermark passes them, so that what does not end can be sorted too; then rows behind it are late (S45).
import { Batch } from "../arrow/batch.js";
import { concatColumns } from "../arrow/concat.js";
import { takeColumn } from "../arrow/take.js";
import type { Schema } from "../arrow/types.js";
import type { PhysicalOf } from "../plan/physical.js";
import { RowOrder, rowNumbers } from "../state/row-order.js";
import type { SnapshotReader, SnapshotWriter } from "../state/snapshot.js";
import { StateBlock, StateStore } from "../state/store.js";
import { TimeBuffer } from "../state/time-buffer.js";
import { EventTime } from "./event-time.js";
import { FiringOperator } from "./firing-operator.js";
import { LateRows } from "./late-rows.js";
import type { OperatorContext, Output } from "./operator.js";

/** With a limit so many rows more than it are kept before the rest is thrown away, and twice the limit at least. */
const SPARE_ROWS = 8192;
const TABLE = "rows";

/** Rows that wait for the end of the input. */
export class Sort extends FiringOperator {
  readonly #node: PhysicalOf<"sort">;
  readonly #input: Schema;
  /** Rows that may be in the result. */
  readonly #rowsMax: number;
  #context!: OperatorContext;
  #store!: StateStore;
  #order!: RowOrder;
  /** One word: rows whose first key is behind it are in no result. */
  #bound!: StateBlock;
  #bounded = false;
  #kept: Batch[] = [];
  #keptRows = 0;
  /** What is being emitted, and how far that has come. */
  #sorted: Batch | null = null;
  #emitted = 0;

  /** `input`: the schema of the rows; behind the columns that go on stand those that keys were computed to. */
  constructor(node: PhysicalOf<"sort">, input: Schema) {
    super();
    this.#node = node;
    this.#input = input;
    this.#rowsMax = node.limit === null ? Number.POSITIVE_INFINITY : node.limit + node.offset;
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#store = new StateStore(context.workspace);
    this.#order = new RowOrder(context.workspace, this.#input, this.#node.order);
    this.#bound = new StateBlock(this.#store, 8);
    this.measure();
  }

  processBatch(batch: Batch): void {
    const rows = this.#bounded ? this.#below(batch) : batch;
    if (rows.rowCount === 0 || this.#rowsMax === 0) return;
    this.#kept.push(rows.persist());
    this.#keptRows += rows.rowCount;
    if (this.#keptRows >= Math.max(2 * this.#rowsMax, this.#rowsMax + SPARE_ROWS)) this.#cut();
    this.measure();
  }

  /** Nothing goes out before the end, watermarks neither: rows behind them are not late. */
  override processWatermark(timeMs: number, out: Output): void {
    if (timeMs === Number.POSITIVE_INFINITY) super.processWatermark(timeMs, out);
  }

  snapshot(writer: SnapshotWriter): void {
    writer.table(TABLE, this.#joined());
  }

  restore(reader: SnapshotReader): void {
    const rows = reader.table(TABLE, this.#context.workspace);
    if (rows !== undefined && rows.rowCount > 0) this.processBatch(rows);
  }

  close(): void {
    this.#release();
    this.#sorted?.release();
    this.#sorted = null;
    // There is none when opening failed.
    (this.#store as StateStore | undefined)?.release();
  }

  protected fire(out: Output): boolean {
    const { batchRowsMax } = this.#context;
    if (this.#sorted === null) {
      const sorted = this.#inOrder(this.#node.schema);
      this.#release();
      this.#sorted = sorted;
      this.#emitted = Math.min(this.#node.offset, sorted.rowCount);
    }
    while (this.#emitted < this.#sorted.rowCount) {
      const end = Math.min(this.#emitted + batchRowsMax, this.#sorted.rowCount);
      out.emit(this.#sorted.slice(this.#emitted, end));
      this.#emitted = end;
      if (this.#context.shouldYield() && end < this.#sorted.rowCount) return false;
    }
    return true;
  }

  protected measure(): void {
    const batches = this.#sorted === null ? this.#kept : [this.#sorted];
    this.#context.metrics.stateBytes = batches.reduce((sum, batch) => sum + batch.sizeBytes, 0);
  }

  /** Rows that may come before the last one that is kept. */
  #below(batch: Batch): Batch {
    const { account, kernels } = this.#context.workspace;
    const words = this.#order.firstWords(this.#keysOf(batch), batch.rowCount);
    const rows = account.arena.allocate(batch.rowCount * 4 + 16);
    const strict = this.#order.isOneWord ? 1 : 0;
    return batch.select(rows, kernels.selectBelow(words, 0, batch.rowCount, this.#bound.ptr, strict, rows));
  }

  /** Throws away what is in no result. */
  #cut(): void {
    const { account } = this.#context.workspace;
    const first = this.#inOrder(this.#input);
    this.#release();
    this.#kept = [first];
    this.#keptRows = first.rowCount;
    if (first.rowCount < this.#rowsMax) return;
    const last = first.slice(first.rowCount - 1, first.rowCount);
    const word = this.#order.firstWords(this.#keysOf(last), 1);
    account.memory.u8.copyWithin(this.#bound.ptr, word, word + 8);
    this.#bounded = true;
  }

  /** The first rows in order, persisted, with the columns of `schema`. */
  #inOrder(schema: Schema): Batch {
    const { workspace } = this.#context;
    const all = this.#joined();
    const rows = rowNumbers(workspace, all.rowCount);
    this.#order.sort(this.#keysOf(all), rows, all.rowCount);
    const count = Math.min(this.#rowsMax, all.rowCount);
    const columns = schema.fields.map((_, index) => takeColumn(workspace, all.column(index), rows, count));
    return new Batch(workspace, schema, columns, count).persist();
  }

  #joined(): Batch {
    const { workspace } = this.#context;
    const columns = this.#input.fields.map(({ type }, index) =>
      concatColumns(
        workspace,
        type,
        this.#kept.map((batch) => batch.column(index)),
      ),
    );
    return new Batch(workspace, this.#input, columns, this.#keptRows);
  }

  #keysOf(batch: Batch) {
    return this.#node.order.map(({ column }) => batch.column(column));
  }

  #release(): void {
    for (const batch of this.#kept) batch.release();
    this.#kept = [];
    this.#keptRows = 0;
  }
}

/** Rows in the order of event time, as the watermark passes them. */
export class TimeSort extends FiringOperator {
  readonly #schema: Schema;
  readonly #time: EventTime;
  #context!: OperatorContext;
  #late!: LateRows;
  #waiting!: TimeBuffer;

  constructor({ timeColumn }: PhysicalOf<"sort">, input: Schema) {
    super();
    this.#schema = input;
    this.#time = new EventTime(input, timeColumn);
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#late = new LateRows(context);
    this.#waiting = new TimeBuffer(context.workspace, this.#schema, this.#time);
    this.measure();
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    if (batch.rowCount === 0) return;
    const rows = this.#late.inTime(batch, this.#time, this.watermarkMs, this.watermarkMs, out);
    if (rows.rowCount > 0) this.#waiting.add(rows);
    this.measure();
  }

  snapshot(writer: SnapshotWriter): void {
    writer.value("watermarkMs", this.watermarkMs);
    this.#waiting.snapshot(writer);
  }

  restore(reader: SnapshotReader): void {
    this.reach(reader.value("watermarkMs") as number);
    this.#waiting.restore(reader);
    this.measure();
  }

  close(): void {
    // There is none when opening failed.
    (this.#waiting as TimeBuffer | undefined)?.release();
  }

  protected fire(out: Output): boolean {
    const { batchRowsMax } = this.#context;
    for (;;) {
      const rows = this.#waiting.take(this.targetMs);
      if (rows === null) return true;
      for (let row = 0; row < rows.rowCount; row += batchRowsMax) {
        out.emit(rows.slice(row, Math.min(row + batchRowsMax, rows.rowCount)));
      }
      this.#waiting.sweep();
      if (this.#context.shouldYield()) return false;
    }
  }

  protected measure(): void {
    this.#context.metrics.stateBytes = this.#waiting.usedBytes;
  }
}
