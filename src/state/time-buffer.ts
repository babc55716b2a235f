// Rows that wait until event time has passed them: runs sorted by time, whose heads are taken when they are due. Runs of
// about one size are merged, so that rows that come one by one make few of them. Rows of one millisecond stay in the order in
// which they came.
import { Batch } from "../arrow/batch.js";
import type { Workspace } from "../arrow/column.js";
import { concatColumns } from "../arrow/concat.js";
import { takeColumn } from "../arrow/take.js";
import type { Schema } from "../arrow/types.js";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.js";

/** How the buffer reads the times of its rows. */
interface TimeReader {
  /** i64 milliseconds in the arena or in the column itself. */
  milliseconds(batch: Batch): number;
  /** One row's. */
  at(batch: Batch, row: number): number;
  /** The first row from `row` on at `boundMs` or later; `rowCount` when there is none. */
  firstAt(batch: Batch, row: number, boundMs: number): number;
}

/** Persisted rows in the order of time. */
interface Run {
  readonly rows: Batch;
  readonly bytes: number;
  /** Rows that were taken. */
  taken: number;
  /** Time of the next one. */
  nextMs: number;
}

/** Runs are merged up to so many rows, and no more than so many are taken at a time: a batch as it usually is. */
const RUN_ROWS_MAX = 8192;
const TABLE = "waiting";

export class TimeBuffer {
  readonly #workspace: Workspace;
  readonly #schema: Schema;
  readonly #time: TimeReader;
  /** Oldest arrivals first. */
  #runs: Run[] = [];

  /** For rows of `schema`. */
  constructor(workspace: Workspace, schema: Schema, time: TimeReader) {
    this.#workspace = workspace;
    this.#schema = schema;
    this.#time = time;
  }

  get usedBytes(): number {
    return this.#runs.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Keeps a copy of rows that all have a time. @throws MEMORY_LIMIT */
  add(batch: Batch): void {
    let rows = this.#inOrder(batch);
    for (let last = this.#runs.at(-1); last !== undefined; last = this.#runs.at(-1)) {
      const left = last.rows.rowCount - last.taken;
      if (left > 2 * rows.rowCount || left + rows.rowCount > RUN_ROWS_MAX) break;
      rows = this.#inOrder(this.#joined([last.rows.slice(last.taken, last.rows.rowCount), rows]));
      last.rows.release();
      this.#runs.pop();
    }
    const owned = rows.persist();
    this.#runs.push({ rows: owned, bytes: owned.sizeBytes, taken: 0, nextMs: this.#time.at(owned, 0) });
  }

  /** The next rows at or before `timeMs` in the order of time; null when there are none. Valid for the step, until `sweep`. */
  take(timeMs: number): Batch | null {
    const due = this.#runs
      .filter(({ nextMs }) => nextMs <= timeMs)
      .map((run) => ({
        run,
        end: Math.min(this.#time.firstAt(run.rows, run.taken, timeMs + 1), run.taken + RUN_ROWS_MAX),
      }));
    const parts = () => due.map(({ run, end }) => run.rows.slice(run.taken, end));
    if (due.length === 0) return null;
    let rows = this.#joined(parts());
    if (rows.rowCount > RUN_ROWS_MAX) {
      const counts = this.#shares(rows, parts(), RUN_ROWS_MAX);
      due.forEach((part, index) => {
        part.end = part.run.taken + (counts[index] as number);
      });
      rows = this.#joined(parts());
    }
    rows = this.#inOrder(rows);
    for (const { run, end } of due) {
      run.taken = end;
      run.nextMs = end < run.rows.rowCount ? this.#time.at(run.rows, end) : Number.POSITIVE_INFINITY;
    }
    return rows;
  }

  /** Gives back runs that were taken to their end. */
  sweep(): void {
    const isDone = ({ rows, taken }: Run) => taken === rows.rowCount;
    for (const run of this.#runs) if (isDone(run)) run.rows.release();
    this.#runs = this.#runs.filter((run) => !isDone(run));
  }

  snapshot(writer: SnapshotWriter): void {
    const parts = this.#runs.map(({ rows, taken }) => rows.slice(taken, rows.rowCount));
    if (parts.length > 0) writer.table(TABLE, this.#joined(parts));
  }

  restore(reader: SnapshotReader): void {
    const rows = reader.table(TABLE, this.#workspace);
    if (rows !== undefined) this.add(rows);
  }

  release(): void {
    for (const { rows } of this.#runs) rows.release();
    this.#runs = [];
  }

  /** How many of the first `count` rows in the order of time each of the sorted parts has. */
  #shares(rows: Batch, parts: readonly Batch[], count: number): number[] {
    const { order } = this.#order(rows);
    const counts = parts.map(() => 0);
    const ends: number[] = [];
    for (const { rowCount } of parts) ends.push((ends.at(-1) ?? 0) + rowCount);
    const { u32 } = this.#workspace.account.memory;
    for (let at = 0; at < count; at++) {
      const row = u32[(order >>> 2) + at] as number;
      const part = ends.findIndex((end) => row < end);
      counts[part] = (counts[part] as number) + 1;
    }
    return counts;
  }

  /** The parts one behind the other. */
  #joined(parts: readonly Batch[]): Batch {
    const [first] = parts as [Batch];
    if (parts.length === 1) return first;
    const columns = this.#schema.fields.map(({ type }, index) =>
      concatColumns(
        this.#workspace,
        type,
        parts.map((part) => part.column(index)),
      ),
    );
    const rowCount = parts.reduce((sum, part) => sum + part.rowCount, 0);
    return new Batch(this.#workspace, this.#schema, columns, rowCount);
  }

  #inOrder(batch: Batch): Batch {
    const { rowCount } = batch;
    const { order, moved } = this.#order(batch);
    if (!moved) return batch;
    const columns = this.#schema.fields.map((_, index) =>
      takeColumn(this.#workspace, batch.column(index), order, rowCount),
    );
    return new Batch(this.#workspace, this.#schema, columns, rowCount, batch.split);
  }

  /** The row numbers in the order of time, and whether that is another order. */
  #order(batch: Batch): { order: number; moved: boolean } {
    const { account, kernels } = this.#workspace;
    const order = account.arena.allocate(batch.rowCount * 4);
    const scratch = account.arena.allocate(batch.rowCount * 4);
    const moved = kernels.sortTimes(this.#time.milliseconds(batch), batch.rowCount, order, scratch);
    return { order, moved: moved === 1 };
  }
}
