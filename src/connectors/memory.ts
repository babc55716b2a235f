// Tables in the engine's own memory: columns that were copied in once and are read by any number of jobs without another
// copy, and targets that keep a job's rows. Nothing is seen of a job that did not end well, but in live tables, which show
// every batch as it comes.
import { Batch } from "../arrow/batch.js";
import { Column, sliceColumn, type Workspace } from "../arrow/column.js";
import { BatchTable } from "../arrow/table.js";
import { underValidity } from "../arrow/take.js";
import { columnIndex, type Schema } from "../arrow/types.js";
import { assert, SchemaError } from "../errors.js";
import type { Sink } from "../operators/sink.js";
import type { Poll, Source, SourceContext } from "../operators/source.js";
import type { Completion } from "../platform/platform.js";
import type { Connector, Resolved } from "../runtime/connector.js";
import { LiveRows } from "../runtime/live-rows.js";
import type { StateValue } from "../state/snapshot.js";
import { ArraySource } from "./rows.js";

export const memory: Connector = {
  name: "memory",
  resolve: ({ live, ref }, schema): Promise<Resolved> => {
    const known = schema ?? (live as BatchTable | LiveRows).schema;
    if (known !== null) return Promise.resolve({ schema: known, bounded: true, rowFields: live instanceof BatchTable });
    const error = new SchemaError("SCHEMA_EMPTY", `${ref.name} holds no rows yet`, {
      hint: "read it after the job that writes it has ended",
    });
    return Promise.reject(error);
  },
  source: ({ live, ref }, schema) => {
    // The rows as they are when the job starts; what is written meanwhile does not reach it.
    if (live instanceof LiveRows) return new ArraySource(live.rows(), ref.name, schema);
    return new MemorySource(live as BatchTable, schema);
  },
  sink: ({ live }, schema) => {
    if (live instanceof LiveRows) return new LiveSink(live, schema);
    return new MemorySink(live as BatchTable, schema);
  },
};

/** Reads the batches that the table holds when it is opened, in pieces that share their memory. */
class MemorySource implements Source {
  readonly schema: Schema;
  readonly mayIdle = false;
  readonly #table: BatchTable;
  #batches: readonly StoredBatch[] = [];
  #context!: SourceContext;
  #batch = 0;
  #row = 0;
  #doneBytes = 0;
  #totalBytes = 0;

  constructor(table: BatchTable, schema: Schema) {
    this.#table = table;
    this.schema = schema;
  }

  open(context: SourceContext): void {
    this.#context = context;
    this.#batches = this.#table.batches.map((batch) => {
      const columns = this.schema.fields.map(({ name }) => storedColumn(batch, name));
      return { columns, rowCount: batch.rowCount, sizeBytes: batch.sizeBytes };
    });
    this.#totalBytes = this.#batches.reduce((sum, batch) => sum + batch.sizeBytes, 0);
    context.split({ split: 0, status: "active" });
  }

  poll(): Poll {
    const batch = this.#batches[this.#batch];
    if (batch === undefined) return "done";
    const start = this.#row;
    const end = Math.min(start + this.#context.batchRowsMax, batch.rowCount);
    if (end === batch.rowCount) {
      this.#batch++;
      this.#row = 0;
    } else this.#row = end;
    this.#doneBytes += batch.rowCount === 0 ? 0 : (batch.sizeBytes * (end - start)) / batch.rowCount;
    const { workspace } = this.#context;
    const columns = batch.columns.map((column) => sliceStored(workspace, column, start, end - start));
    return new Batch(workspace, this.schema, columns, end - start);
  }

  snapshot(): StateValue {
    return { batch: this.#batch, row: this.#row };
  }

  restore(state: StateValue): void {
    const { batch, row } = state as { batch: number; row: number };
    this.#batch = batch;
    this.#row = row;
  }

  progress(): { doneBytes: number; totalBytes: number } {
    return { doneBytes: Math.round(this.#doneBytes), totalBytes: this.#totalBytes };
  }

  close(done: Completion<void>): void {
    // The batches are the table's.
    done(null);
  }
}

/** What is read of a batch. */
interface StoredBatch {
  readonly columns: readonly StoredColumn[];
  readonly rowCount: number;
  readonly sizeBytes: number;
}

/** A column, and the ROW that it is a field of. */
interface StoredColumn {
  readonly column: Column;
  readonly row: Column | null;
}

/** The column of this name, or the field of a ROW, `row.field`. */
function storedColumn(batch: Batch, name: string): StoredColumn {
  const { schema } = batch;
  const [outer = name, field] = name.split(".");
  if (field === undefined || schema.fields.some((known) => known.name === name)) {
    return { column: batch.column(columnIndex(schema, name)), row: null };
  }
  const row = batch.column(columnIndex(schema, outer));
  const index = row.type.kind === "row" ? row.type.fields.findIndex((known) => known.name === field) : -1;
  const column = row.children[index];
  assert(column !== undefined, `no field ${name}`);
  return { column, row };
}

function sliceStored(workspace: Workspace, { column, row }: StoredColumn, start: number, count: number): Column {
  const slice = sliceColumn(workspace, column, start, count);
  if (row === null || row.validity === 0) return slice;
  const { validity } = sliceColumn(workspace, new Column({ ...row, children: [] }), start, count);
  return underValidity(workspace, slice, validity);
}

class MemorySink implements Sink {
  readonly ready = true;
  readonly #table: BatchTable;
  readonly #schema: Schema;
  #batches: Batch[] = [];

  constructor(table: BatchTable, schema: Schema) {
    this.#table = table;
    this.#schema = schema;
  }

  open(): void {
    // Nothing to prepare.
  }

  write(batch: Batch): void {
    this.#batches.push(this.#table.copy(batch));
  }

  finish(done: Completion<void>): void {
    this.#table.add(this.#schema, this.#batches);
    done(null);
  }

  abort(done: Completion<void>): void {
    for (const batch of this.#batches.splice(0)) batch.release();
    done(null);
  }
}

class LiveSink implements Sink {
  readonly ready = true;
  readonly #rows: LiveRows;

  constructor(rows: LiveRows, schema: Schema) {
    this.#rows = rows;
    rows.open(schema);
  }

  open(): void {
    // Nothing to prepare.
  }

  write(batch: Batch): void {
    this.#rows.write(batch);
  }

  finish(done: Completion<void>): void {
    this.#rows.settled(() => done(null));
  }

  /** What has been seen stays. */
  abort(done: Completion<void>): void {
    done(null);
  }
}
