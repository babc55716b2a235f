// Rows of JS values: arrays, whatever can be iterated, whatever can be iterated asynchronously. An array is read by any
// number of jobs; what can be read once only (a generator) says SOURCE_USED the second time.
import type { Batch } from "../arrow/batch.js";
import { type Row, RowBuilder } from "../arrow/builder.js";
import { inferRowSchema } from "../arrow/infer.js";
import { columnIndex, type Schema } from "../arrow/types.js";
import { ConnectorError } from "../errors.js";
import { buildGoodRows, rowBytes } from "../operators/bad-records.js";
import type { Poll, Source, SourceContext } from "../operators/source.js";
import { messageOf } from "../platform/errors.js";
import type { Completion } from "../platform/platform.js";
import type { Connector, Resolved, Table } from "../runtime/connector.js";
import type { StateValue } from "../state/snapshot.js";

/** Rows that are looked at for the columns where no schema is given. */
const SAMPLE_ROWS = 1000;
/** The same for rows that come over time: binding waits for so many, or for the end. */
const SAMPLE_ROWS_ASYNC = 100;
/** How long rows are gathered for a batch while more may come: what a quiet stream is held up at most. */
const GATHER_MS = 10;
/** Rows that may have come from an async iterable and wait for the engine. */
const AHEAD_ROWS_MAX = 8192;

type Rows = Iterable<Row> | AsyncIterable<Row>;

/** What is remembered of rows that were looked at before a job reads them. */
interface Known {
  /** All columns: the positions of rows that are arrays, whichever columns are read. */
  schema: Schema | null;
  /** Rows taken to learn the columns, and the iterator that goes on behind them. */
  begun: { readonly head: readonly Row[]; readonly rest: Iterator<Row> | AsyncIterator<Row> } | null;
  used: boolean;
}

const known = new WeakMap<object, Known>();

export const rows = {
  name: "rows",

  async resolve({ live, ref }: Table, schema: Schema | null): Promise<Resolved> {
    const values = live as Rows;
    const memory = knownOf(values);
    const bounded = (ref.options["bounded"] as boolean | undefined) ?? !isAsync(values);
    memory.schema = schema ?? memory.schema ?? inferRowSchema(await sample(values, memory, ref.name));
    return { schema: memory.schema, bounded };
  },

  source: ({ live, ref }: Table, schema: Schema): Source => {
    const values = live as Rows;
    if (Array.isArray(values)) return new ArraySource(values, ref.name, schema);
    return isAsync(values) ? new AsyncSource(values, ref.name, schema) : new IteratorSource(values, ref.name, schema);
  },
} satisfies Connector;

function knownOf(values: Rows): Known {
  let memory = known.get(values);
  if (memory === undefined) {
    memory = { schema: null, begun: null, used: false };
    known.set(values, memory);
  }
  return memory;
}

function isAsync(values: Rows): values is AsyncIterable<Row> {
  return Symbol.asyncIterator in values;
}

/** The first rows. What was taken from an iterator is kept for the job that reads on. */
async function sample(values: Rows, memory: Known, name: string): Promise<readonly Row[]> {
  if (Array.isArray(values)) return values.slice(0, SAMPLE_ROWS);
  const head: Row[] = [];
  const rest = beginIterator(values, name);
  const rowsMax = isAsync(values) ? SAMPLE_ROWS_ASYNC : SAMPLE_ROWS;
  while (head.length < rowsMax) {
    const { done, value } = await failing(name, async () => await rest.next());
    if (done) break;
    head.push(value);
  }
  memory.begun = { head, rest };
  return head;
}

/** An iterator over all rows. @throws SOURCE_USED for what can be read once and was */
function beginIterator(values: Rows, name: string): Iterator<Row> | AsyncIterator<Row> {
  const memory = knownOf(values);
  let iterator: Iterator<Row> | AsyncIterator<Row>;
  try {
    iterator = isAsync(values) ? values[Symbol.asyncIterator]() : values[Symbol.iterator]();
  } catch (cause) {
    throw sourceFailed(name, cause);
  }
  if (memory.used && (iterator as unknown) === values) {
    throw new ConnectorError("SOURCE_USED", `${name} was read already`, {
      hint: "give an array, or an object whose [Symbol.iterator]() begins anew",
      domain: "user",
    });
  }
  memory.used = true;
  return iterator;
}

/** The rows that were looked at, and an iterator that goes on behind them. */
function takeIterator(values: Rows, name: string): NonNullable<Known["begun"]> {
  const memory = knownOf(values);
  const begun = memory.begun ?? { head: [], rest: beginIterator(values, name) };
  memory.begun = null;
  return begun;
}

async function failing<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw sourceFailed(name, cause);
  }
}

function sourceFailed(name: string, cause: unknown): ConnectorError {
  // What is pushed and does not fit says so itself.
  if (cause instanceof ConnectorError) return cause;
  return new ConnectorError("SOURCE_FAILED", `${name} threw: ${messageOf(cause)}`, {
    hint: "the cause is the program's own error",
    domain: "user",
    cause,
  });
}

/** What sources of rows share: rows to batches by schema, bad rows by the row policy. */
abstract class RowsSource implements Source {
  readonly schema: Schema;
  readonly mayIdle = true;
  protected readonly name: string;
  protected context!: SourceContext;
  /** Rows that were delivered, or refused. */
  protected delivered = 0;
  readonly #full: Schema;
  #builder!: RowBuilder;

  constructor(values: Rows, name: string, schema: Schema) {
    this.name = name;
    this.schema = schema;
    this.#full = knownOf(values).schema ?? schema;
  }

  open(context: SourceContext): void {
    this.context = context;
    this.#builder = new RowBuilder(context.workspace, this.#full);
    context.split({ split: 0, status: "active" });
  }

  abstract poll(): Poll;

  /** Up to a full batch of `values` from `start`; `delivered` counts them, the bad ones too. */
  protected build(values: readonly Row[], start: number): Batch {
    const end = Math.min(values.length, start + this.context.batchRowsMax);
    const place = { start, end, firstRow: this.delivered };
    const batch = buildGoodRows(this.#builder, values, place, (error, row) => {
      const { code, message, at } = error;
      this.context.bad({ code, message, at: { source: this.name, ...at }, raw: rowBytes(row) });
    });
    this.delivered += end - start;
    return this.#projected(batch);
  }

  snapshot(): StateValue {
    return this.delivered;
  }

  restore(state: StateValue): void {
    this.delivered = state as number;
  }

  progress(): { doneBytes: number; totalBytes: number | null } {
    return { doneBytes: 0, totalBytes: null };
  }

  close(done: Completion<void>): void {
    this.#builder.close();
    done(null);
  }

  protected closeFailed(cause: unknown): void {
    this.context.platform.log("warn", `${this.name} threw while it was closed: ${messageOf(cause)}`);
  }

  #projected(batch: Batch): Batch {
    if (this.#full === this.schema) return batch;
    const indexes = this.schema.fields.map(({ name }) => columnIndex(this.#full, name));
    return batch.pick(this.schema, indexes);
  }
}

/** Rows that all are there. */
export class ArraySource extends RowsSource {
  readonly #rows: readonly Row[];

  constructor(values: readonly Row[], name: string, schema: Schema) {
    super(values, name, schema);
    this.#rows = values;
  }

  poll(): Poll {
    return this.delivered === this.#rows.length ? "done" : this.build(this.#rows, this.delivered);
  }
}

class IteratorSource extends RowsSource {
  readonly #values: Iterable<Row>;
  /** null until it is taken: what was read already cannot be. */
  #iterator: Iterator<Row> | null = null;
  #ahead: Row[] = [];
  #ended = false;

  constructor(values: Iterable<Row>, name: string, schema: Schema) {
    super(values, name, schema);
    this.#values = values;
  }

  override open(context: SourceContext): void {
    super.open(context);
    const { head, rest } = takeIterator(this.#values, this.name);
    this.#iterator = rest as Iterator<Row>;
    this.#ahead = [...head];
    // A restored source passes over what was delivered before.
    for (let left = this.delivered; left > 0; left -= this.#ahead.splice(0, left).length) {
      this.#fill();
      if (this.#ahead.length === 0) break;
    }
  }

  poll(): Poll {
    this.#fill();
    if (this.#ahead.length === 0) return "done";
    const before = this.delivered;
    const batch = this.build(this.#ahead, 0);
    this.#ahead = this.#ahead.slice(this.delivered - before);
    return batch;
  }

  override close(done: Completion<void>): void {
    try {
      if (!this.#ended) this.#iterator?.return?.();
    } catch (cause) {
      this.closeFailed(cause);
    }
    super.close(done);
  }

  #fill(): void {
    try {
      while (!this.#ended && this.#ahead.length < this.context.batchRowsMax) {
        const { done, value } = (this.#iterator as Iterator<Row>).next();
        if (done) this.#ended = true;
        else this.#ahead.push(value);
      }
    } catch (cause) {
      this.#ended = true;
      throw sourceFailed(this.name, cause);
    }
  }
}

/** Rows that come over time. */
export class AsyncSource extends RowsSource {
  readonly #values: AsyncIterable<Row>;
  /** null until it is taken: what was read already cannot be. */
  #iterator: AsyncIterator<Row> | null = null;
  #ahead: Row[] = [];
  /** When the oldest row that waits has come. */
  #sinceMs = 0;
  #skip = 0;
  #asking = false;
  #ended = false;
  #closed = false;
  #error: ConnectorError | null = null;
  #cancelTimer: (() => void) | null = null;

  constructor(values: AsyncIterable<Row>, name: string, schema: Schema) {
    super(values, name, schema);
    this.#values = values;
  }

  override open(context: SourceContext): void {
    super.open(context);
    const { head, rest } = takeIterator(this.#values, this.name);
    this.#iterator = rest as AsyncIterator<Row>;
    this.#skip = this.delivered;
    for (const row of head) this.#take(row);
    this.#ask();
  }

  poll(): Poll {
    const full = this.#ahead.length >= Math.min(this.context.batchRowsMax, AHEAD_ROWS_MAX);
    if (!full && !this.#ended) {
      if (this.#ahead.length === 0) return "blocked";
      const waitMs = this.#sinceMs + GATHER_MS - this.#nowMs();
      if (waitMs > 0) {
        this.#cancelTimer ??= this.context.platform.scheduler.after(waitMs, () => {
          this.#cancelTimer = null;
          this.context.wake();
        });
        return "blocked";
      }
    }
    if (this.#ahead.length === 0) {
      if (this.#error !== null) throw this.#error;
      return "done";
    }
    const before = this.delivered;
    const batch = this.build(this.#ahead, 0);
    this.#ahead = this.#ahead.slice(this.delivered - before);
    this.#sinceMs = this.#nowMs();
    this.#ask();
    return batch;
  }

  override close(done: Completion<void>): void {
    this.#closed = true;
    this.#cancelTimer?.();
    if (!this.#ended) {
      // Not waited for: a generator that hangs in an await of its own would never answer.
      const leave = async () => void (await this.#iterator?.return?.());
      leave().catch((cause: unknown) => this.closeFailed(cause));
    }
    super.close(done);
  }

  /** Reads on as long as there is room; one question at a time. */
  #ask(): void {
    if (this.#asking || this.#ended || this.#closed || this.#ahead.length >= AHEAD_ROWS_MAX) return;
    this.#asking = true;
    // Asked in an async function, as `for await` does: what is thrown and what is no promise are answers like others.
    const ask = async () => {
      const { done, value } = await (this.#iterator as AsyncIterator<Row>).next();
      return { done, value: value as Row };
    };
    ask().then(
      ({ done, value }) => {
        this.#asking = false;
        if (this.#closed) return;
        if (done) this.#end(null);
        else this.#take(value);
        this.#ask();
      },
      (cause: unknown) => this.#end(sourceFailed(this.name, cause)),
    );
  }

  #take(row: Row): void {
    if (this.#skip > 0) {
      this.#skip--;
      return;
    }
    this.#ahead.push(row);
    if (this.#ahead.length === 1) {
      this.#sinceMs = this.#nowMs();
      this.context.wake();
    } else if (this.#ahead.length === this.context.batchRowsMax) this.context.wake();
  }

  #end(error: ConnectorError | null): void {
    this.#ended = true;
    this.#error = error;
    if (!this.#closed) this.context.wake();
  }

  #nowMs(): number {
    return this.context.platform.clock.monotonicMs();
  }
}
