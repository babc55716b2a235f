// Tables in the engine's own memory: columns that were copied in once and are read by any number of jobs without another
// copy, and targets that keep a job's rows. Nothing is seen of a job that did not end well, but in live tables, which show
// every batch as it comes.
import type { Batch } from "../arrow/batch.js";
import type { BatchTable } from "../arrow/table.js";
import { columnIndex, type Schema } from "../arrow/types.js";
import { SchemaError } from "../errors.js";
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
    if (known !== null) return Promise.resolve({ schema: known, bounded: true });
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
  #batches: readonly Batch[] = [];
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
      const indexes = this.schema.fields.map(({ name }) => columnIndex(batch.schema, name));
      return batch.pick(this.schema, indexes).within(context.workspace);
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
    return batch.slice(start, end);
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
