// The event time of rows, as milliseconds on the JS side: its range in a batch, and rows chosen by it. What is finer than a
// millisecond is floored (S28).
import type { Batch } from "../arrow/batch.js";
import { Column, type Workspace } from "../arrow/column.js";
import { type Schema, TIMESTAMP, unitsPerMs } from "../arrow/types.js";

/** Kernels take bounds within this; a thousand times it still has 64 bits. */
const BOUND_MAX_MS = 9.2e15;

interface TimeRange {
  readonly lowMs: number;
  readonly highMs: number;
}

/** What a row is judged by, in milliseconds. */
interface Marks {
  /** The greatest time of its split before the first row. */
  readonly maxMs: number;
  /** The smallest such time of the other splits. */
  readonly othersMs: number;
  readonly delayMs: number;
  /** The watermark that was sent last. */
  readonly watermarkMs: number;
  /** Rows before it are of no account. */
  readonly floorMs: number;
  /** Rows this far ahead of a watermark, and further, do not come behind it. */
  readonly aheadMs: number;
}

/**
 * What was measured, by column. Columns do not change, and one batch is measured by the watermark and then by the windows
 * behind it: a fifth of the time that a batch takes there.
 */
const ranges = new WeakMap<Column, TimeRange>();

/** Reads one timestamp column. */
export class EventTime {
  readonly unitsPerMs: number;
  /** Range of the rows measured last. */
  lowMs = Number.POSITIVE_INFINITY;
  highMs = Number.NEGATIVE_INFINITY;
  readonly #index: number;

  constructor(schema: Schema, index: number) {
    this.#index = index;
    this.unitsPerMs = unitsPerMs((schema.fields[index] as Schema["fields"][number]).type);
  }

  /** Address of the times: i64 in the column's units. */
  values(batch: Batch): number {
    return batch.plainColumn(this.#index).values;
  }

  hasNulls(batch: Batch): boolean {
    const { validity, length } = batch.column(this.#index);
    return validity !== 0 && batch.workspace.kernels.countBits(validity, length) < length;
  }

  /** Finds `lowMs` and `highMs` of at least one row. NULLs count with the undefined times under them. */
  measure(batch: Batch): void {
    const column = batch.plainColumn(this.#index);
    let range = ranges.get(column);
    if (range === undefined) {
      range = this.#range(batch, column.values, batch.rowCount);
      ranges.set(column, range);
    }
    this.lowMs = range.lowMs;
    this.highMs = range.highMs;
  }

  /** One row's time, in milliseconds. */
  at(batch: Batch, row: number): number {
    return this.#range(batch, this.values(batch) + row * 8, 1).lowMs;
  }

  /** The first row from `row` on at `boundMs` or later; `rowCount` when there is none. */
  firstAt(batch: Batch, row: number, boundMs: number): number {
    return batch.workspace.kernels.firstTime(this.values(batch), row, batch.rowCount, clamp(boundMs), this.unitsPerMs);
  }

  /** The first row from `row` on before `boundMs`; `rowCount` when there is none. */
  firstBefore(batch: Batch, row: number, boundMs: number): number {
    const { kernels } = batch.workspace;
    return kernels.firstTimeBefore(this.values(batch), row, batch.rowCount, clamp(boundMs), this.unitsPerMs);
  }

  /** The first row from `row` on, up to `end`, that comes behind a watermark not sent yet: see the kernel of that name. */
  firstBehind(
    batch: Batch,
    row: number,
    end: number,
    { maxMs, othersMs, delayMs, watermarkMs, floorMs, aheadMs }: Marks,
  ): number {
    return batch.workspace.kernels.firstBehind(
      this.values(batch),
      row,
      end,
      clamp(maxMs),
      clamp(othersMs),
      delayMs,
      clamp(watermarkMs),
      clamp(floorMs),
      aheadMs,
      this.unitsPerMs,
    );
  }

  /** The times in milliseconds, i64 in the arena; the column's own where it counts these. */
  milliseconds(batch: Batch): number {
    const values = this.values(batch);
    if (this.unitsPerMs === 1) return values;
    const { account, kernels } = batch.workspace;
    const times = account.arena.allocate(batch.rowCount * 8);
    // Windows of a millisecond begin where their times do.
    kernels.startsOf(values, batch.rowCount, 1, 0, this.unitsPerMs, times);
    return times;
  }

  /** Rows with startMs ≤ time < endMs, and the others with their row numbers (u32); NULLs are among the others. */
  part(batch: Batch, startMs: number, endMs: number): { inside: Batch; outside: Batch; outsideRows: number } {
    const { account, kernels } = batch.workspace;
    const { rowCount } = batch;
    const inside = account.arena.allocate(rowCount * 4);
    const outsideRows = account.arena.allocate(rowCount * 4);
    const { values, validity } = batch.plainColumn(this.#index);
    const count = kernels.selectTimes(
      values,
      validity,
      rowCount,
      clamp(startMs),
      clamp(endMs),
      this.unitsPerMs,
      inside,
      outsideRows,
    );
    const outside = batch.select(outsideRows, rowCount - count);
    return { inside: batch.select(inside, count), outside, outsideRows };
  }

  #range({ workspace }: Batch, values: number, count: number): TimeRange {
    const { account, kernels } = workspace;
    const out = account.arena.allocate(16);
    kernels.rangeTimes(values, count, this.unitsPerMs, out);
    const { f64 } = account.memory;
    return { lowMs: f64[out >>> 3] as number, highMs: f64[(out >>> 3) + 1] as number };
  }
}

/** The times (`count` i64 milliseconds), each so much later. */
export function shiftedTimes(workspace: Workspace, times: number, count: number, shiftMs: number): Column {
  const { account, kernels } = workspace;
  // A constant operand fills a whole vector.
  const shift = account.arena.allocate(16);
  kernels.fillI64(shiftMs, 2, shift);
  const values = account.arena.allocate(count * 8);
  kernels.addI64(times, 8, shift, 0, count, values);
  return new Column({ type: TIMESTAMP, length: count, values });
}

function clamp(ms: number): number {
  return Math.max(-BOUND_MAX_MS, Math.min(BOUND_MAX_MS, ms));
}
