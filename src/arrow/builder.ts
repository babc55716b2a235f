// JS values → batches, by schema. Cells of row objects are read by one short loop a kind of column (row-loops.ts), which
// stops at what is not the plain case (NULL, a misfit) and leaves that cell to `writeCell` (cells.ts). Whole columns:
// columns.ts.
import { SchemaError } from "../errors.js";
import { Batch } from "./batch.js";
import type { Column, Workspace } from "./column.js";
import { type ColumnData, columnFromData, columnsRowCount, detachData, type Lifetime } from "./columns.js";
import { noRow, type RowColumn, type RowSlice, rowColumn } from "./row-columns.js";
import { firstNoRow, type KeyedRow } from "./row-loops.js";
import { StringDictionary } from "./strings.js";
import { columnIndex, type Schema } from "./types.js";

/** A row from outside: an object by column name, or an array by position. Missing fields are NULL, others are ignored. */
export type Row = Readonly<Record<string, unknown>> | readonly unknown[];

/**
 * Makes batches of one schema from rows. Strings that repeat become dictionary codes, and a column's dictionary lives
 * from batch to batch until `close`.
 */
export class RowBuilder {
  readonly #workspace: Workspace;
  readonly #schema: Schema;
  readonly #dictionaries: readonly (StringDictionary | null)[];
  /** Whether a text would pass as a row: it has a `length` and characters by number. */
  readonly #readsText: boolean;

  constructor(workspace: Workspace, schema: Schema) {
    this.#workspace = workspace;
    this.#schema = schema;
    this.#dictionaries = schema.fields.map(({ type }) => {
      return type.kind === "string" ? new StringDictionary(workspace, type) : null;
    });
    this.#readsText = schema.fields.some(({ name }) => /^(length|\d+)$/.test(name));
  }

  /**
   * Rows `start` (inclusive) to `end` (exclusive) as a batch in the arena. Messages count from `firstRow`, for rows that
   * are handed in piece by piece.
   * @throws TYPE, OVERFLOW, TIME_RANGE with column and row.
   */
  build(rows: readonly Row[], start = 0, end = rows.length, firstRow = start): Batch {
    const count = end - start;
    const slice: RowSlice = { rows: rows as readonly KeyedRow[], start, count, firstRow };
    const positional = Array.isArray(rows[start]);
    if (positional || this.#readsText) refuseNoRow(slice);
    const writers = this.#schema.fields.map((field, index) => {
      const key = positional ? index : field.name;
      return rowColumn(this.#workspace, slice, field, key, this.#dictionaries[index] ?? null);
    });
    try {
      writeRows(writers, count);
    } catch (error) {
      // The loops read fields of whatever stands there, also of null.
      if (error instanceof TypeError) refuseNoRow(slice);
      throw error;
    }
    const columns = writers.map((writer) => writer.finish());
    return new Batch(this.#workspace, this.#schema, columns, count);
  }

  /** Gives the dictionaries' memory back. */
  close(): void {
    for (const dictionary of this.#dictionaries) dictionary?.close();
  }
}

/** Rows whose objects stay in the first cache (32 KiB and more) while column after column reads them. */
const ROWS_TOGETHER = 256;

function writeRows(writers: readonly RowColumn[], count: number): void {
  for (let from = 0; from < count; from += ROWS_TOGETHER) {
    const end = Math.min(from + ROWS_TOGETHER, count);
    for (const writer of writers) writer.write(from, end);
  }
}

/** @throws TYPE for the first row that is none. */
function refuseNoRow({ rows, start, count, firstRow }: RowSlice): void {
  const odd = firstNoRow(rows, start, start + count);
  if (odd < start + count) throw noRow(rows[odd], firstRow + odd - start);
}

/** What `batchFromColumns` takes besides the columns; the rows are `start` (inclusive) to `end` (exclusive). */
interface ColumnsOptions {
  readonly start?: number;
  readonly end?: number;
  /** With `region` the batch is persisted: its owner releases it. Default: the step's arena. */
  readonly lifetime?: Lifetime;
}

/**
 * Whole columns as a batch, by name: all fields of the schema and no others.
 * @throws UNKNOWN_COLUMN, TYPE, OVERFLOW, TIME_RANGE with column and row.
 */
export function batchFromColumns(
  workspace: Workspace,
  schema: Schema,
  columns: Readonly<Record<string, ColumnData>>,
  options: ColumnsOptions = {},
): Batch {
  const rowCount = columnsRowCount(columns);
  for (const name of Object.keys(columns)) columnIndex(schema, name);
  const ordered = schema.fields.map(({ name }) => {
    if (Object.hasOwn(columns, name)) return columns[name] as ColumnData;
    throw new SchemaError("UNKNOWN_COLUMN", `no values for column "${name}"`, {
      hint: `the columns given are ${Object.keys(columns).join(", ")}`,
    });
  });
  return buildBatch(workspace, schema, ordered, rowCount, options);
}

/** Like `batchFromColumns`, the columns in the schema's order. */
export function buildBatch(
  workspace: Workspace,
  schema: Schema,
  columns: readonly ColumnData[],
  rowCount: number,
  { start = 0, end = rowCount, lifetime = "arena" }: ColumnsOptions = {},
): Batch {
  const detached = columns.map((data) => detachData(workspace, data));
  const built: Column[] = [];
  const batch = new Batch(workspace, schema, built, end - start);
  try {
    schema.fields.forEach((field, index) => {
      built.push(columnFromData(workspace, field, detached[index] as ColumnData, start, end, lifetime));
    });
  } catch (error) {
    if (lifetime === "region") batch.release();
    throw error;
  }
  return batch;
}
