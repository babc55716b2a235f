// The engine as its users meet it: tables of every kind, each a stream to go on with and some also targets. `node.ts` and
// `browser.ts` open it as `Millrace`, with their platform and connectors.

import { type ConsoleOptions, consoleTarget } from "./api/console.js";
import { parseDurationMs } from "./api/duration.js";
import {
  type EventSourceOptions,
  type EventSourceTarget,
  type EventsOptions,
  type ObservableLike,
  observableOf,
  openEventSource,
  openEvents,
  openObservable,
  openPoll,
  openWebSocket,
  type PollOptions,
  type PushOptions,
  type WebSocketOptions,
} from "./api/live.js";
import { type NexmarkEvent, type NexmarkOptions, type NexmarkRows, openNexmark } from "./api/nexmark.js";
import {
  checkDate,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOptions,
  checkReadOptions,
  checkRecord,
  checkSchema,
  checkText,
  wrongArgument,
} from "./api/options.js";
import { type Pipeline, type Target, targetTable } from "./api/pipeline.js";
import { type ArgumentsOf, type FunctionTypes, type Registered, registerFunction } from "./api/register.js";
import type { AnyRow, Runner, RunOptions } from "./api/runner.js";
import type { DataStream } from "./api/stream.js";
import { openTable, TABLE_OPTIONS, Table } from "./api/table.js";
import {
  type BatchesOptions,
  BYTES_OPTIONS,
  type BytesOptions,
  type ColumnsOptions,
  type FetchOptions,
  FILE_OPTIONS,
  type FileOptions,
  type GenerateOptions,
  isNodeBytes,
  type NodeBytes,
  type RowsOptions,
} from "./api/tables.js";
import { STDOUT_OPTIONS, type StdoutOptions, WEBHOOK_OPTIONS, type WebhookOptions } from "./api/targets.js";
import type { CheckedSchema, RowOf, SchemaLiteral, TypeName, ValueOf } from "./api/types.js";
import { Batch } from "./arrow/batch.js";
import { batchFromColumns, type Row } from "./arrow/builder.js";
import type { Workspace } from "./arrow/column.js";
import type { ColumnData } from "./arrow/columns.js";
import { inferColumnsSchema } from "./arrow/infer.js";
import type { ReadOptions } from "./arrow/rows.js";
import { BatchTable } from "./arrow/table.js";
import type { Schema } from "./arrow/types.js";
import { PlanError } from "./errors.js";
import { type LiveOptions, type LiveTable, openLiveTable } from "./live-table.js";
import { type TableRef, unresolvedScan } from "./plan/logical.js";
import { loadPart, redacted } from "./platform/errors.js";
import type { Platform } from "./platform/platform.js";
import { type EngineParts, type LoadCompiler, ProgramRunner } from "./runner.js";
import type { Connector, LateConnector } from "./runtime/connector.js";
import { asyncDispose } from "./runtime/job.js";
import { LiveRows } from "./runtime/live-rows.js";
import type { Followed } from "./runtime/subscriptions.js";
import { type Named, SqlFront, type SqlTag } from "./sql-front.js";
import { type KernelModules, loadKernels } from "./wasm/kernels.js";
import { LinearMemory } from "./wasm/memory.js";

/** How an engine is opened; all optional. */
export interface EngineOptions {
  /** Bytes of linear memory that the engine may grow to, and that one job may hold unless it says otherwise. */
  readonly memoryBytes?: number;
}

/** What a job needs before its first row. */
const MEMORY_BYTES_MIN = 4 << 20;
const GENERATE_START_MS = Date.UTC(2026, 0, 1);
/** The strings of a generated column are all in memory. */
const DISTINCT_MAX = 10_000_000;

/** Loads the compiler with the first program that needs it. @throws MODULE_MISSING */
export const loadCompiler: LoadCompiler = () =>
  loadPart("what runs programs in the page", () => import("./compiler.js"));

/** Reserves memory and loads the kernels. @throws MEMORY_LIMIT, KERNELS, OPTION */
export async function prepareEngine(
  platform: Platform,
  connectors: readonly (Connector | LateConnector)[],
  modules: KernelModules,
  options?: EngineOptions,
  compiler = loadCompiler,
): Promise<EngineParts> {
  const { memoryBytes } = checkOptions(options, ["memoryBytes"], "open()");
  if (memoryBytes !== undefined) checkInteger(memoryBytes, MEMORY_BYTES_MIN, "memoryBytes");
  const memory = new LinearMemory({ shared: platform.sharedMemory, maxBytes: memoryBytes });
  const kernels = await loadKernels(memory, modules.core(memory.shared));
  return {
    platform,
    connectors,
    memory,
    modules,
    kernels,
    compiler,
    memoryBytes: memoryBytes ?? Number.POSITIVE_INFINITY,
  };
}

type Rows = Iterable<Row> | AsyncIterable<Row>;
/** Options that declare the columns. */
type Declared<S extends SchemaLiteral> = { readonly schema: CheckedSchema<S> };

export class Engine implements AsyncDisposable {
  readonly #runner: ProgramRunner;
  readonly #sql: SqlFront;
  /** Live tables that somebody follows. */
  readonly #followed = new Set<Followed>();

  /** @throws OPTION: engines are opened, not made */
  constructor(parts: EngineParts) {
    if (parts?.connectors === undefined) {
      throw wrongArgument("an engine", "what prepareEngine() gives", parts, "await Millrace.open()");
    }
    this.#runner = new ProgramRunner(parts);
    this.#sql = new SqlFront(this.#runner);
  }

  /**
   * Files: a path, a directory, or a pattern (`*`, `**`, `?`, `[a-z]`, `{a,b}`), each file a split. As a target it is one
   * new file; an existing one is never written over.
   *
   * @example mill.file("flights.parquet", { time: "date", outOfOrder: "5s" })
   */
  file<const S extends SchemaLiteral = SchemaLiteral>(path: string, options?: FileOptions<S>): Table<RowOf<S>> {
    checkText(path, "file()", "a path");
    const spec = { where: "file()", connector: "file", name: path, own: FILE_OPTIONS };
    return openTable(this.#runner, spec, options);
  }

  /** Records over HTTP; every job fetches them anew. */
  fetch<const S extends SchemaLiteral = SchemaLiteral>(url: string, options?: FetchOptions<S>): Table<RowOf<S>> {
    checkText(url, "fetch()", "a URL");
    const own = [...BYTES_OPTIONS, "headers"] as const;
    const spec = { where: "fetch()", connector: "fetch", name: redacted(url), own, live: url };
    return openTable(this.#runner, spec, options);
  }

  /**
   * The messages of a WebSocket, each one or more records. A lost connection is opened again.
   *
   * @example mill.webSocket("wss://host/trades", { schema: { ts: "TIMESTAMP(3)", price: "DOUBLE" }, time: "ts" })
   */
  webSocket<const S extends SchemaLiteral>(url: string, options: WebSocketOptions<S>): Table<RowOf<S>> {
    return openWebSocket(this.#runner, url, options as WebSocketOptions);
  }

  /** Server-sent events, each one or more records. A lost connection is opened again behind the last event's id. */
  eventSource<const S extends SchemaLiteral>(url: string, options: EventSourceOptions<S>): Table<RowOf<S>> {
    return openEventSource(this.#runner, url, options as EventSourceOptions);
  }

  /**
   * Records of a URL that is asked again and again: what has not changed gives none.
   *
   * @example mill.poll("https://host/orders", { every: "5s", cursor: { column: "id", parameter: "after" } })
   */
  poll<const S extends SchemaLiteral = SchemaLiteral>(url: string, options: PollOptions<S>): Table<RowOf<S>> {
    return openPoll(this.#runner, url, options as PollOptions);
  }

  /**
   * A row for each event of an `EventTarget`.
   *
   * @example mill.events(window, "pointermove", { map: ({ clientX, timeStamp }) => ({ clientX, timeStamp }) })
   */
  events<const S extends SchemaLiteral, E = unknown>(
    target: EventSourceTarget<E>,
    types: string | readonly string[],
    options: EventsOptions<E, Row, S> & Declared<S>,
  ): Table<RowOf<S>>;
  events<R extends object, E = unknown>(
    target: EventSourceTarget<E>,
    types: string | readonly string[],
    options: EventsOptions<E, R>,
  ): Table<R>;
  events<E>(
    target: EventSourceTarget<E>,
    types: string | readonly string[],
    options: EventsOptions<E, unknown>,
  ): Table<never> {
    return openEvents(this.#runner, target, types, options);
  }

  /**
   * What comes over time: anything iterable or async-iterable that gives rows, an observable of rows, or a stream of bytes
   * (a `ReadableStream`, or Node's; `format` says of what). What can be read once is read once.
   *
   * @example mill.from(quotes, { schema: { ts: "TIMESTAMP(3)", price: "DOUBLE" }, time: "ts", outOfOrder: "1s" })
   */
  from<const S extends SchemaLiteral>(values: Rows, options: RowsOptions<S> & Declared<S>): Table<RowOf<S>>;
  from<const S extends SchemaLiteral = SchemaLiteral>(
    bytes: ReadableStream<Uint8Array> | NodeBytes,
    options?: BytesOptions<S>,
  ): Table<RowOf<S>>;
  from<R extends object>(values: Iterable<R> | AsyncIterable<R>, options?: RowsOptions): Table<R>;
  from<const S extends SchemaLiteral>(
    values: ObservableLike<Row>,
    options: PushOptions<S> & Declared<S>,
  ): Table<RowOf<S>>;
  from<R extends object>(values: ObservableLike<R>, options?: PushOptions): Table<R>;
  from(
    values: Rows | ReadableStream<Uint8Array> | NodeBytes | ObservableLike<unknown>,
    options?: RowsOptions & BytesOptions & PushOptions,
  ): Table<never> {
    if (typeof values === "object" && values !== null) {
      if ("getReader" in values || isNodeBytes(values)) {
        const spec = { where: "from()", connector: "stream", name: "stream", own: BYTES_OPTIONS, live: values };
        return openTable(this.#runner, spec, options);
      }
      if (Symbol.iterator in values || Symbol.asyncIterator in values) return this.#rows("from()", values, options);
      const observable = observableOf(values);
      if (observable !== null) return openObservable(this.#runner, observable, options);
    }
    const hint = "an iterable, an async iterable, an observable, a ReadableStream of bytes, or one of Node's";
    throw wrongArgument("from()", "rows", values, hint);
  }

  /** Row objects, or with a schema arrays by position. Every job reads the array as it then is. */
  rows<const S extends SchemaLiteral>(values: readonly Row[], options: RowsOptions<S> & Declared<S>): Table<RowOf<S>>;
  rows<R extends object>(values: readonly R[], options?: RowsOptions): Table<R>;
  rows(values: readonly Row[], options?: RowsOptions): Table<never> {
    if (Array.isArray(values)) return this.#rows("rows()", values, options);
    throw wrongArgument("rows()", "an array", values, "other iterables go to from(), whole columns to columns()");
  }

  /**
   * Whole columns: typed arrays, arrays, `{ values, validity }`, or `{ codes, values }` for few distinct values. They are
   * copied into the engine's memory once and stay there until `release`.
   *
   * @example mill.columns({ price: new Float64Array(1000) }, { schema: { price: "DOUBLE" } })
   * @throws TYPE, OVERFLOW, TIME_RANGE with column and row; MEMORY_LIMIT
   */
  columns<const S extends SchemaLiteral = SchemaLiteral>(
    columns: Readonly<Record<string, ColumnData>>,
    options?: ColumnsOptions<S>,
  ): Table<RowOf<S>> {
    checkRecord(columns, "columns()", "an object of columns", "{ price: new Float64Array(1000) }");
    const literal = options?.schema;
    const schema = literal === undefined ? inferColumnsSchema(columns) : checkSchema(literal);
    const copied = () => {
      const batch = batchFromColumns(this.#runner.home, schema, columns, { lifetime: "region" });
      this.#runner.home.account.arena.release();
      return [batch];
    };
    return this.#kept<RowOf<S>>("columns", schema, copied, options as ColumnsOptions | undefined);
  }

  /**
   * Batches in this engine's `workspace` as a table, which owns them from now on: until `release`.
   *
   * @example mill.batches(fromArrow(mill.workspace, arrowTable), { time: "ts" })
   * @throws OPTION when there are none
   */
  batches(batches: readonly Batch[], options?: BatchesOptions): Table {
    const first = batches?.[0];
    if (first === undefined) {
      throw new PlanError("OPTION", "batches() got no batch", { hint: "an empty batch still tells its columns" });
    }
    const wrong = batches.findIndex((batch) => !(batch instanceof Batch));
    if (wrong >= 0) throw wrongArgument("batches()", "batches", batches[wrong], "fromArrow(mill.workspace, table)");
    return this.#kept("batches", first.schema, () => batches, options);
  }

  /** Where tables live: what makes batches for `batches()` takes it. */
  get workspace(): Workspace {
    return this.#runner.home;
  }

  /** Made-up rows, the same for the same seed: for tests, benches and first steps. */
  generate<const S extends SchemaLiteral>(options: GenerateOptions<S>): Table<RowOf<S>> {
    const { shared, own } = generatorOptions(options as GenerateOptions);
    const name = options.name === undefined ? "generator" : checkText(options.name, "name", "a name");
    const spec = { where: "generate()", connector: "generator", name, own: Object.keys(own) };
    return openTable(this.#runner, spec, { ...shared, ...own });
  }

  /**
   * The events of the Nexmark benchmark: persons, auctions and bids, the same for the same seed on every host.
   *
   * @example mill.nexmark({ only: "bid", events: 1_000_000, time: "dateTime", outOfOrder: "4s" })
   */
  nexmark<K extends keyof NexmarkRows>(options: NexmarkOptions & { readonly only: K }): Table<NexmarkRows[K]>;
  nexmark(options?: NexmarkOptions): Table<NexmarkEvent>;
  nexmark(options?: NexmarkOptions): Table<never> {
    return openNexmark(this.#runner, options);
  }

  /** An empty table in the engine's memory: a target, to be read when the jobs that write it have ended. */
  memory(name?: string): MemoryTable;
  /**
   * The same, to be looked at while jobs write it: rows by key or in the order they come, as they are after each batch.
   *
   * @example
   * const table = mill.memory({ key: ["windowStart", "host"], rowsMax: 10_000 });
   * table.subscribe(({ snapshot, changes }) => draw(snapshot ?? changes));
   */
  memory<Row = AnyRow>(options: LiveOptions<NoInfer<Row>>): LiveTable<Row>;
  memory<Row>(options: string | LiveOptions<Row> = "memory"): MemoryTable | LiveTable<Row> {
    if (typeof options !== "string") return openLiveTable(this.#runner, this.#followed, options);
    const name = checkText(options, "memory()", "a name");
    const live = new BatchTable(this.#runner.home);
    return new MemoryTable(this.#runner, this.#runner.catalog.addTable("memory", name, {}, live), live);
  }

  /** A function as a target: it gets the rows batch by batch, and is waited for when it answers with a promise. */
  callback<R = AnyRow>(fn: (rows: readonly R[]) => void | PromiseLike<void>, options?: ReadOptions): Target {
    const checked = checkReadOptions(options, "callback()");
    checkFunction(fn, "callback()", "for one row at a time: stream.forEach(fn)");
    return { table: this.#runner.catalog.addTable("callback", fn.name || "callback", { ...checked }, fn) };
  }

  /**
   * A query: a stream like others, whose text is read when something is asked of it. Values become parameters, which are never
   * part of the text; a stream or a table stands where a table's name would.
   *
   * @example for await (const row of mill.sql`SELECT origin FROM flights WHERE delay > ${15}`) console.log(row.origin);
   * @throws TYPE for what is no value; and, when it is read, SqlError with line and column
   */
  get sql(): SqlTag {
    return this.#sql.tag;
  }

  /**
   * Gives a stream a name that SQL knows it by; INSERT INTO writes to it when it is a table that can be written to.
   *
   * @example mill.table("flights", mill.file("flights.parquet", { time: "date" }))
   * @throws TABLE_EXISTS, OPTION
   */
  table(name: string, stream: Named): void {
    this.#sql.name(name, stream);
  }

  /**
   * The statements of a text of SQL in order, each bound when the loop asks for it: a SELECT is a stream, an INSERT a pipeline
   * to run, EXPLAIN a text. What CREATE makes stays as long as the engine.
   *
   * @param options - how EXPLAIN ANALYZE runs its statement
   * @example for await (const result of mill.script(text)) if (result instanceof Pipeline) await result.run();
   * @throws SqlError with line and column
   */
  script(text: string, options?: RunOptions): AsyncGenerator<DataStream | Pipeline | string, void, undefined> {
    return this.#sql.script(text, options);
  }

  /**
   * A function of the program for expressions, and for SQL under its name, which has no case. It is called once for every row that asks
   * for it, with null for NULL; a row for which it throws, or gives what the type does not hold, follows the row policy.
   *
   * @example mill.registerFunction("fee", { args: ["DOUBLE"], returns: "DOUBLE" }, (price) => price && price * 0.01)
   * @throws OPTION, TYPE
   */
  registerFunction<const A extends readonly TypeName[], R extends TypeName>(
    name: string,
    types: FunctionTypes<A, R>,
    fn: (...args: ArgumentsOf<A>) => ValueOf<R> | null,
  ): Registered<A, R> {
    return registerFunction(this.#runner.catalog, name, types, fn);
  }

  /** What only some hosts have: a connector's source. */
  protected source<T>(open: (runner: Runner) => T): T {
    return open(this.#runner);
  }

  /**
   * A table for people, on standard output or in the page's console: the first rows, as they come.
   *
   * @example await perHour.to(mill.console({ rowsMax: 100 })).and(perHour.to(mill.file("hours.ndjson"))).run()
   */
  console(options?: ConsoleOptions): Target {
    return consoleTarget(this.#runner.catalog, options, "console()");
  }

  /**
   * Rows by HTTP POST, in order, a body at a time; sent again while that may help, with an Idempotency-Key that stays the same.
   *
   * @example await alerts.to(mill.webhook("https://example.com/alerts", { headers: { authorization: "…" } })).run()
   */
  webhook(url: string, options?: WebhookOptions): Target {
    checkText(url, "webhook()", "a URL");
    const live = { url, options: checkOptions(options, WEBHOOK_OPTIONS, "webhook()") };
    return { table: this.#runner.catalog.addTable("webhook", redacted(url), {}, live) };
  }

  /** A target that keeps nothing: for what a program costs without writing. */
  blackhole(): Target {
    return { table: this.#runner.catalog.addTable("blackhole", "blackhole", {}) };
  }

  /** Standard output as a target, for programs behind a pipe. A page has none: UNSUPPORTED. */
  stdout(options?: StdoutOptions): Target {
    const checked = checkOptions(options, STDOUT_OPTIONS, "stdout()");
    return { table: this.#runner.catalog.addTable("stdout", "standard output", { ...checked }) };
  }

  /**
   * A target of a connector that only some hosts have. What the connector works with is kept beside the plan, not in it:
   * there may be functions and secrets among it.
   * @throws OPTION for a name that is not among `names`
   */
  protected target<O extends object>(
    spec: { readonly where: string; readonly connector: string; readonly name: string },
    options: O,
    names: readonly (keyof O & string)[],
  ): Target {
    const live = checkOptions(
      checkRecord(options, spec.where, "an object of options", names.join(", ")),
      names,
      spec.where,
    );
    return { table: this.#runner.catalog.addTable(spec.connector, spec.name, {}, live) };
  }

  /** Gives the memory of `columns()` or `memory()` back. Jobs that read the table must have ended. */
  release(target: Target): void {
    const live = this.#runner.catalog.live(targetTable(target, "release()"));
    if (live instanceof BatchTable || live instanceof LiveRows) live.release();
  }

  /** Stops all jobs, ends all subscriptions and gives back all memory of tables. */
  async close(): Promise<void> {
    await this.#runner.close();
    for (const subscriptions of this.#followed) subscriptions.close();
  }

  [asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A table over batches that stay in the engine's memory. Options are checked before `load` takes any. */
  #kept<Row>(kind: string, schema: Schema, load: () => readonly Batch[], options?: ColumnsOptions): Table<Row> {
    this.#runner.checkOpen();
    const live = new BatchTable(this.#runner.home);
    const known = { schema, bounded: true };
    const name = options?.name ?? kind;
    const spec = { where: `${kind}()`, connector: "memory", name, own: ["name"] as const, live, known };
    const table = openTable<Row, "name">(this.#runner, spec, options);
    live.add(schema, load());
    return table;
  }

  #rows(where: string, live: Rows, options: RowsOptions | undefined): Table<never> {
    const name = options?.name ?? "rows";
    return openTable(this.#runner, { where, connector: "rows", name, own: ["name", "bounded"], live }, options);
  }
}

/** Rows in the engine's memory: a target for jobs, and a table to read when they have ended. */
export class MemoryTable extends Table {
  readonly #live: BatchTable;

  constructor(runner: Runner, table: TableRef, live: BatchTable) {
    super(runner, unresolvedScan(table), table);
    this.#live = live;
  }

  /** Rows so far: those of jobs that ended well. */
  get rowCount(): number {
    return this.#live.rowCount;
  }

  /** The rows as the table has them, for `toArrow` and `toTable`; good until `release`. */
  get batches(): readonly Batch[] {
    return this.#live.batches;
  }

  /** The rows as objects. @throws UNSAFE_INTEGER */
  toRows(options?: ReadOptions): AnyRow[] {
    return this.#live.rows(checkReadOptions(options, "toRows()"));
  }
}

const GENERATE_OPTIONS = ["rows", "seed", "start", "rowsPerSecond", "disorder", "distinct", "nulls", "name"] as const;

/** What the connector keeps, in its own units, beside what every table takes. @throws OPTION, TIME_UNIT */
function generatorOptions(options: GenerateOptions) {
  const checked = checkOptions(options, [...GENERATE_OPTIONS, ...TABLE_OPTIONS], "generate()");
  const { rows, seed = 1, start, rowsPerSecond = 1000, name: _, ...others } = checked;
  const { disorder = 0, distinct = 100, nulls = 0, ...shared } = others;
  if (shared.schema === undefined) {
    throw new PlanError("OPTION", "generate() has no schema", {
      hint: '{ schema: { ts: "TIMESTAMP(3)", key: "STRING" } }',
    });
  }
  const own = {
    rows: rows === undefined ? null : checkInteger(rows, 0, "rows"),
    seed: checkInteger(seed, Number.MIN_SAFE_INTEGER, "seed"),
    startMs: start === undefined ? GENERATE_START_MS : checkDate(start, "start"),
    rowsPerSecond: checkNumber(rowsPerSecond, Number.MIN_VALUE, Number.MAX_VALUE, "rowsPerSecond"),
    disorderMs: parseDurationMs(disorder, "disorder", 0),
    distinct: checkInteger(distinct, 1, "distinct", DISTINCT_MAX),
    nulls: checkNumber(nulls, 0, 1, "nulls"),
  };
  return { shared, own };
}
