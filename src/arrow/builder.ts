// JS values → batches, by schema. Cells of row objects are read by one short loop a kind of column (row-loops.ts), which
// stops at what is not the plain case (NULL, a misfit) and leaves that cell to `writeCell` (cells.ts). Whole columns:
// columns.ts.
import { DataError, SchemaError } from "../errors.js";
import { Batch, type Column, type Workspace } from "./batch.js";
import { markNull, refuse, Target, writeCell } from "./cells.js";
import {
  type ColumnData,
  columnFromData,
  columnOf,
  columnsRowCount,
  detachData,
  type Lifetime,
  refuseText,
  reserveBlock,
  reserveValues,
  textColumn,
} from "./columns.js";
import {
  firstNoRow,
  type Key,
  type KeyedRow,
  type RowLoop,
  writeInts,
  writeKnownCodes,
  writeLongs,
  writeNone,
  writeNumbers,
  writeTimes,
} from "./row-loops.js";
import { NOT_UTF8, StringDictionary, TOO_MANY } from "./strings.js";
import { columnIndex, type Field, layoutOf, type Schema } from "./types.js";

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
  /** By column: whether its strings go through the dictionary; false for good once they turned out not to repeat. */
  readonly #coded: boolean[];

  constructor(workspace: Workspace, schema: Schema) {
    this.#workspace = workspace;
    this.#schema = schema;
    this.#dictionaries = schema.fields.map(({ type }) => {
      return type.kind === "string" ? new StringDictionary(workspace, type) : null;
    });
    this.#coded = this.#dictionaries.map((dictionary) => dictionary !== null);
  }

  /**
   * Rows `start` (inclusive) to `end` (exclusive) as a batch in the arena. Messages count from `firstRow`, for rows that
   * are handed in piece by piece.
   * @throws TYPE, OVERFLOW, TIME_RANGE with column and row.
   */
  build(rows: readonly Row[], start = 0, end = rows.length, firstRow = start): Batch {
    const odd = firstNoRow(rows, start, end);
    if (odd < end) {
      const row = firstRow + odd - start;
      throw new DataError("TYPE", `row ${row}: ${String(rows[odd])} is neither an object nor an array`, {
        at: { row },
      });
    }
    const slice: RowSlice = { rows: rows as readonly KeyedRow[], start, count: end - start, firstRow };
    const positional = Array.isArray(rows[start]);
    const columns = this.#schema.fields.map((field, index) => {
      return this.#column(slice, field, positional ? index : field.name, index);
    });
    return new Batch(this.#workspace, this.#schema, columns, slice.count);
  }

  /** Gives the dictionaries' memory back. */
  close(): void {
    for (const dictionary of this.#dictionaries) dictionary?.close();
  }

  #column(slice: RowSlice, field: Field, key: Key, index: number): Column {
    if (this.#coded[index]) {
      const dictionary = this.#dictionaries[index] as StringDictionary;
      const column = codedColumn(this.#workspace, slice, field, key, dictionary);
      if (column !== null) return column;
      this.#coded[index] = false;
    }
    return plainColumn(this.#workspace, slice, field, key);
  }
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

/** `count` rows from `start`, which messages call `firstRow`. */
interface RowSlice {
  readonly rows: readonly KeyedRow[];
  readonly start: number;
  readonly count: number;
  readonly firstRow: number;
}

/** A field of a row. What objects inherit (`constructor`, `__proto__`) is no field. */
function cellOf({ rows, start }: RowSlice, key: Key, row: number): unknown {
  const object = rows[start + row] as KeyedRow;
  const value = object[key];
  const inherited = typeof value === "function" || key === "__proto__";
  return inherited && !Object.hasOwn(object, key) ? null : value;
}

function plainColumn(workspace: Workspace, slice: RowSlice, field: Field, key: Key): Column {
  const { rows, start, count, firstRow } = slice;
  if (layoutOf(field.type) === "utf8") {
    return textColumn(workspace, field, (row) => cellOf(slice, key, row), firstRow, count, "arena");
  }
  const { memory } = workspace.account;
  const block = reserveValues(workspace, "arena", field, count);
  const target = new Target(memory, field, block, firstRow);
  const loop = loopOf(field);
  for (let row = 0; row < count; row++) {
    row = loop(memory, block.values, rows, start, count, key, row);
    if (row < count) writeCell(target, row, cellOf(slice, key, row));
  }
  return columnOf(target, block, count);
}

function loopOf({ type }: Field): RowLoop {
  switch (type.kind) {
    case "float64":
      return writeNumbers;
    case "int32":
      return writeInts;
    case "int64":
      return writeLongs;
    case "timestamp":
    case "timestamp_ltz":
      return type.precision === 3 ? writeTimes : writeNone;
    default:
      return writeNone;
  }
}

/** A column of dictionary codes, or null when its strings do not repeat enough. */
function codedColumn(
  workspace: Workspace,
  slice: RowSlice,
  field: Field,
  key: Key,
  dictionary: StringDictionary,
): Column | null {
  const { rows, start, count, firstRow } = slice;
  const { memory } = workspace.account;
  const block = reserveBlock(workspace, "arena", count, { offsets: 0, values: count * 4 });
  const target = new Target(memory, field, block, firstRow);
  dictionary.begin(count);
  for (let row = 0; row < count; row++) {
    row = writeKnownCodes(memory, block.values, rows, start, count, key, row, dictionary.codes);
    if (row === count) break;
    const value = cellOf(slice, key, row);
    if (typeof value === "string") {
      const code = dictionary.add(value);
      if (code === TOO_MANY) return null;
      if (code === NOT_UTF8) refuseText(target, row, value);
      memory.i32[(block.values >>> 2) + row] = code;
    } else {
      if (value !== null && value !== undefined) refuse(target, row, value);
      markNull(target, row);
    }
  }
  return columnOf(target, block, count, dictionary.column());
}
