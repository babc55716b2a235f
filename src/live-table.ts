// Live tables: results to look at while they come. A job writes them like any target; programs read them, or follow them by
// a snapshot and then changes.
import { checkFunction, checkInteger, checkOptions, wrongArgument } from "./api/options.js";
import type { AnyRow, Runner } from "./api/runner.js";
import { Table } from "./api/table.js";
import type { ColumnOf } from "./api/types.js";
import type { Batch } from "./arrow/batch.js";
import { readRows } from "./arrow/rows.js";
import { type TableRef, unresolvedScan } from "./plan/logical.js";
import type { ProgramRunner } from "./runner.js";
import { LiveRows, type TableEvent } from "./runtime/live-rows.js";
import { type Followed, Subscriptions, TableWatch } from "./runtime/subscriptions.js";

export interface LiveOptions<Row = AnyRow> {
  /** For messages and EXPLAIN. */
  readonly name?: string;
  /** The columns that tell rows apart: a later row takes the place of an earlier one. Every row is its own unless given. */
  readonly key?: ColumnOf<Row> | readonly ColumnOf<Row>[];
  /** Rows that the table holds at most; beyond, the oldest go. 100,000 unless given. */
  readonly rowsMax?: number;
  /** BIGINT as bigint; false unless given. Without it a value beyond ±2^53 is UNSAFE_INTEGER. */
  readonly bigint?: boolean;
}

export interface SubscribeOptions {
  /** Milliseconds from one event to the next, at least; 16 unless given. */
  readonly everyMs?: number;
}

const ROWS_MAX = 100_000;
/** A frame at 60 Hz: nobody sees more. */
const EVERY_MS = 16;

/** A target whose rows are seen while jobs write it, and a source for jobs: the rows as they are when the job starts. */
export class LiveTable<Row = AnyRow> extends Table<Row> {
  readonly #live: LiveRows;
  readonly #subscriptions: Subscriptions;

  constructor(runner: Runner, table: TableRef, live: LiveRows, subscriptions: Subscriptions) {
    super(runner, unresolvedScan(table), table);
    this.#live = live;
    this.#subscriptions = subscriptions;
  }

  get rowCount(): number {
    return this.#live.rowCount;
  }

  /** Rows that had to go because there were more than `rowsMax`. */
  get evictedRows(): number {
    return this.#live.evictedRows;
  }

  /** Counts the batches that the table has taken: it has changed when this has. */
  get version(): number {
    return this.#live.version;
  }

  /** All rows as they are after the last batch, by the time that they or their keys came first. They are shared: read only. */
  toRows(): readonly Row[] {
    return this.#live.rows() as readonly Row[];
  }

  /**
   * Follows the table: `listener` gets all rows soon, then what has changed. While it is busy (its answer is a promise that
   * is not settled) nothing is queued: the next event tells all that changed since, or all rows when that is shorter. A
   * listener that throws is logged, and told no more; the job goes on.
   *
   * @returns how to stop; the listener is not called again
   * @throws OPTION
   */
  subscribe(listener: (event: TableEvent<Row>) => unknown, options?: SubscribeOptions): () => void {
    checkFunction(listener, "subscribe()", "as an iterable: for await (const event of table.watch())");
    return this.#subscriptions.subscribe(
      (event) => listener(event as TableEvent<Row>),
      checkEvery(options, "subscribe()"),
    );
  }

  /** Follows the table by an iterable, without end: leave the loop to stop. @throws OPTION */
  watch(options?: SubscribeOptions): AsyncIterableIterator<TableEvent<Row>> {
    const watch = new TableWatch(this.#subscriptions, checkEvery(options, "watch()"));
    return watch as AsyncIterableIterator<TableEvent<Row>>;
  }
}

/** @param followed - takes the table's subscriptions while there are some. @throws OPTION */
export function openLiveTable<Row>(
  runner: ProgramRunner,
  followed: Set<Followed>,
  options: LiveOptions<Row>,
): LiveTable<Row> {
  const checked = checkOptions(options, ["name", "key", "rowsMax", "bigint"], "memory()");
  const { name = "memory", key = [], rowsMax, bigint = false } = checked;
  if (rowsMax !== undefined) checkInteger(rowsMax, 1, "rowsMax");
  const columns: readonly string[] = typeof key === "string" ? [key] : key;
  if (!Array.isArray(columns) || columns.some((column) => typeof column !== "string")) {
    throw wrongArgument("key", "names of columns", key, 'key: "host", or key: ["windowStart", "host"]');
  }
  const { platform, catalog } = runner;
  const full = () => {
    if (rowsMax !== undefined) return;
    platform.log(
      "warn",
      `${name} holds ${ROWS_MAX} rows; the oldest go now. Give { rowsMax } to say how many it keeps`,
    );
  };
  const read = (batch: Batch) => readRows(batch, { bigint });
  const live = new LiveRows({ name, key: columns, rowsMax: rowsMax ?? ROWS_MAX, read, full });
  // What has no key is told apart by nothing: it gets the rows that hold in the end.
  const takes = columns.length > 0 ? "retract" : undefined;
  const table = catalog.addTable("memory", name, { key: columns, rowsMax: rowsMax ?? ROWS_MAX }, live, takes);
  return new LiveTable(runner, table, live, new Subscriptions(name, live, platform, followed));
}

function checkEvery(options: SubscribeOptions | undefined, where: string): number {
  const { everyMs = EVERY_MS } = checkOptions(options, ["everyMs"], where);
  return checkInteger(everyMs, 1, "everyMs");
}
