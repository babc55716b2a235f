// User functions over rows or whole batches. A row that its function refuses (by throwing), or whose result does not fit
// the declared columns, follows the row policy; a batch function that throws ends the job.
import { Batch } from "../arrow/batch.js";
import { type Row, RowBuilder } from "../arrow/builder.js";
import type { Column } from "../arrow/column.js";
import { type ColumnData, columnFromData, columnsRowCount, detachData } from "../arrow/columns.js";
import { readRows, type Value } from "../arrow/rows.js";
import { columnIndex, type Field, type Schema, sameType } from "../arrow/types.js";
import { ColumnView, viewColumns } from "../arrow/views.js";
import { DataError } from "../errors.js";
import type { PhysicalOf } from "../plan/physical.js";
import { messageOf } from "../platform/errors.js";
import { BadRecords, buildGoodRows, rowBytes } from "./bad-records.js";
import { type Operator, type OperatorContext, type Output, StatelessOperator } from "./operator.js";

type InputRow = Record<string, Value>;

/** Anything from the catalog; its operator knows how it is called. */
export type UserFunction = (...args: never[]) => unknown;

/** The operator of a map node. */
export function openMap({ mode, fn, schema }: PhysicalOf<"map">, userFunction: UserFunction): Operator {
  switch (mode) {
    case "map":
      return new MapRows(fn.name, userFunction, schema);
    case "flatMap":
      return new FlatMapRows(fn.name, userFunction, schema);
    case "filter":
      return new FilterRows(fn.name, userFunction);
    case "batch":
      return new MapBatches(fn.name, userFunction, schema);
  }
}

/** The error of a user function that threw. */
export function functionFailed(name: string, cause: unknown, row: number | undefined): DataError {
  const place = row === undefined ? "" : ` at row ${row}`;
  return new DataError("FUNCTION", `${name} threw${place}: ${messageOf(cause)}`, {
    hint: "the cause is the function's own error; with { rowPolicy } rows that it refuses are kept aside or counted",
    at: row === undefined ? {} : { row },
    cause,
  });
}

/** What functions of rows share: each row is called with its number, and refused when the function throws. */
abstract class RowFunction extends StatelessOperator {
  protected readonly name: string;
  readonly #fn: (row: InputRow) => unknown;
  /** Rows of earlier batches. */
  protected seen = 0;

  constructor(name: string, fn: UserFunction) {
    super();
    this.name = name;
    this.#fn = fn as (row: InputRow) => unknown;
  }

  /** Calls the function with row `at` of a batch; `undefined` when it was refused. */
  protected call(rows: readonly InputRow[], at: number, bad: BadRecords): { readonly value: unknown } | undefined {
    const row = rows[at] as InputRow;
    try {
      const value = this.#fn(row);
      if (isPromise(value)) throw new TypeError("it gives a promise; functions of rows are synchronous");
      return { value };
    } catch (cause) {
      this.refuse(bad, functionFailed(this.name, cause, this.seen + at), row);
      return undefined;
    }
  }

  protected refuse(bad: BadRecords, error: DataError, row: unknown): void {
    const { code, message, at, cause } = error;
    bad.refuse({ code, message, at: { ...at }, raw: rowBytes(row), cause });
  }
}

function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

class FilterRows extends RowFunction {
  processBatch(batch: Batch, _input: number, out: Output): void {
    const bad = new BadRecords(this.context, out);
    const rows = readRows(batch);
    const { account } = batch.workspace;
    const selection = account.arena.allocate(rows.length * 4);
    let count = 0;
    for (let at = 0; at < rows.length; at++) {
      const answer = this.call(rows, at, bad);
      if (answer?.value === true) account.memory.u32[(selection >>> 2) + count++] = at;
    }
    this.seen += rows.length;
    bad.emit();
    out.emit(batch.select(selection, count));
  }
}

/** Functions whose rows are made into batches of declared columns. */
abstract class BuildingFunction extends RowFunction {
  readonly #schema: Schema;
  #builder!: RowBuilder;
  #built = 0;

  constructor(name: string, fn: UserFunction, schema: Schema) {
    super(name, fn);
    this.#schema = schema;
  }

  override open(context: OperatorContext): void {
    super.open(context);
    this.#builder = new RowBuilder(context.workspace, this.#schema);
  }

  override close(): void {
    this.#builder.close();
  }

  /** Emits rows that the function gave, as rows of `split`. */
  protected emit(rows: readonly unknown[], split: number, bad: BadRecords, out: Output): void {
    const place = { start: 0, end: rows.length, firstRow: this.#built };
    const batch = buildGoodRows(this.#builder, rows as readonly Row[], place, (error, row) => {
      this.refuse(bad, error, row);
    });
    this.#built += rows.length;
    bad.emit();
    out.emit(batch.within(batch.workspace, split));
  }
}

class MapRows extends BuildingFunction {
  processBatch(batch: Batch, _input: number, out: Output): void {
    const bad = new BadRecords(this.context, out);
    const rows = readRows(batch);
    const results: unknown[] = [];
    for (let at = 0; at < rows.length; at++) {
      const answer = this.call(rows, at, bad);
      if (answer !== undefined) results.push(answer.value);
    }
    this.seen += rows.length;
    this.emit(results, batch.split, bad, out);
  }
}

/** One input row may give any number: it stops between two batches when the step's time is up, and goes on later. */
class FlatMapRows extends BuildingFunction {
  #rows: readonly InputRow[] = [];
  #at = 0;
  #split = 0;
  /** What is left of the rows that the last call gave. */
  #results: Iterator<unknown> | null = null;

  override get pending(): boolean {
    return this.#at < this.#rows.length || this.#results !== null;
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    this.#rows = readRows(batch);
    this.#at = 0;
    this.#split = batch.split;
    this.resume(out);
  }

  override resume(out: Output): void {
    const bad = new BadRecords(this.context, out);
    do {
      const results: unknown[] = [];
      while (results.length < this.context.batchRowsMax && this.pending) this.#take(results, bad);
      this.emit(results, this.#split, bad, out);
    } while (this.pending && !this.context.shouldYield());
    if (this.pending) return;
    this.seen += this.#rows.length;
    this.#rows = [];
    this.#at = 0;
  }

  override close(): void {
    super.close();
    this.#results?.return?.();
    this.#results = null;
    this.#rows = [];
  }

  /** One more row from the current call, or the next call. */
  #take(results: unknown[], bad: BadRecords): void {
    if (this.#results === null) {
      const answer = this.call(this.#rows, this.#at++, bad);
      if (answer !== undefined) this.#attempt(bad, () => this.#begin(answer.value));
      return;
    }
    const iterator = this.#results;
    this.#attempt(bad, () => {
      const { done, value } = iterator.next();
      if (done) this.#results = null;
      else results.push(value);
    });
  }

  #begin(value: unknown): void {
    if (typeof value !== "object" || value === null || !(Symbol.iterator in value)) {
      throw new TypeError(`it gave ${String(value)}, not rows; give an array (an empty one for no rows)`);
    }
    this.#results = (value as Iterable<unknown>)[Symbol.iterator]();
  }

  #attempt(bad: BadRecords, work: () => void): void {
    try {
      work();
    } catch (cause) {
      this.#results = null;
      const at = this.#at - 1;
      this.refuse(bad, functionFailed(this.name, cause, this.seen + at), this.#rows[at]);
    }
  }
}

class MapBatches extends StatelessOperator {
  readonly #name: string;
  readonly #fn: (columns: Record<string, ColumnView>) => unknown;
  readonly #schema: Schema;

  constructor(name: string, fn: UserFunction, schema: Schema) {
    super();
    this.#name = name;
    this.#fn = fn as (columns: Record<string, ColumnView>) => unknown;
    this.#schema = schema;
  }

  processBatch(batch: Batch, _input: number, out: Output): void {
    const views = viewColumns(batch);
    const results = this.#call(views);
    for (const name of Object.keys(results)) columnIndex(this.#schema, name, `the result of ${this.#name}`);
    const rowCount = columnsRowCount(results);
    const given = Object.values(views);
    // Typed arrays over linear memory are copied before any column is made: that may take them away.
    const safe = this.#schema.fields.map((field) => {
      const data = this.#column(results, field);
      return data instanceof ColumnView ? data : detachData(batch.workspace, data);
    });
    const columns = this.#schema.fields.map((field, position): Column => {
      const data = safe[position] as ColumnData;
      const index = given.indexOf(data as ColumnView);
      const same = index >= 0 && sameType((batch.schema.fields[index] as Field).type, field.type);
      if (same) return batch.column(index);
      return columnFromData(batch.workspace, field, data, 0, rowCount, "arena");
    });
    out.emit(new Batch(batch.workspace, this.#schema, columns, rowCount, batch.split));
  }

  #call(views: Record<string, ColumnView>): Record<string, ColumnData> {
    let results: unknown;
    try {
      results = this.#fn(views);
    } catch (cause) {
      throw functionFailed(this.#name, cause, undefined);
    }
    if (typeof results === "object" && results !== null && !isPromise(results)) {
      return results as Record<string, ColumnData>;
    }
    throw functionFailed(this.#name, new TypeError("it gave no object of columns"), undefined);
  }

  #column(results: Record<string, ColumnData>, { name }: Field): ColumnData {
    if (Object.hasOwn(results, name)) return results[name] as ColumnData;
    throw functionFailed(this.#name, new TypeError(`it gave no column "${name}"`), undefined);
  }
}
