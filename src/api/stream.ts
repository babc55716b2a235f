// DataStream: a plan under construction. Every method gives another stream over a new plan node and leaves this one as it
// is; nothing is opened or run before `run`, iteration or `explain`. Names and types are checked as soon as the columns
// are known: at the call when they are declared, else when the plan is bound.
import { type Schema, schemaLiteral } from "../arrow/types.js";
import type { ColumnView } from "../arrow/views.js";
import { PlanError } from "../errors.js";
import { columnNamed, columnsKnown, derive } from "../plan/derive.js";
import { callsUnknown } from "../plan/late-functions.js";
import * as logical from "../plan/logical.js";
import { lateRows } from "../plan/side-outputs.js";
import { Aggregate } from "./aggregates.js";
import { type ConsoleOptions, consoleTarget } from "./console.js";
import { type DeduplicateKey, type DeduplicateOptions, deduplicateOver } from "./deduplicate.js";
import { type Duration, parseDurationMs } from "./duration.js";
import { type ExplainOptions, explainProgram } from "./explain.js";
import { conditionPlan, Expression, type Operand, toPlan } from "./expression.js";
import { type Joined, type JoinOptions, joinOver } from "./join.js";
import { checkFunction, checkOptions, checkRecord, checkSchema, checkText, wrongArgument } from "./options.js";
import { type LimitOptions, limitOver, type OrderKey, orderOver, type TopOptions, topOver } from "./order.js";
import { checkPrintOptions, checkRowOptions, Pipeline, type Target, targetTable } from "./pipeline.js";
import type {
  Aggregated,
  Aggregates,
  BatchColumns,
  Extended,
  Mapped,
  Selected,
  Selector,
  Unnested,
  WindowBounds,
} from "./rows.js";
import type { AnyRow, JobResult, RowOptions, Runner, RunOptions } from "./runner.js";
import type { CheckedSchema, ColumnOf, Flat, SchemaLiteral } from "./types.js";
import type { WindowSpec } from "./windows.js";

const WINDOW_COLUMNS = Object.freeze({ start: "windowStart", end: "windowEnd", time: "windowTime" });

export interface WatermarkOptions {
  /** A split (file, partition) without rows for so long no longer holds the watermark. Never unless given. */
  readonly idle?: Duration;
  /** Without rows for so long, event time goes on with the clock, so that a quiet stream's windows close. Never unless given. */
  readonly advanceWithClock?: Duration;
  /** Rows further ahead of the clock than this are late rows with reason FUTURE. No limit unless given. */
  readonly maxFutureDrift?: Duration;
}

export interface UnnestOptions {
  /** The element's column; of a MAP `[key, value]`. The list's own name unless given, of a MAP `key` and `value`. */
  readonly as?: string | readonly [string, string];
  /** One more column: the element's position in its list, an INT from 1. */
  readonly ordinality?: string;
  /** true keeps rows whose list is empty or NULL, with NULL for the element. */
  readonly outer?: boolean;
}

/** How a user function is known to plans and checkpoints. */
export interface FunctionOptions {
  /** For EXPLAIN and messages; the function's own name unless given. */
  readonly name?: string;
  /** Raise it when the function means something else: a checkpoint of the old one then no longer fits. */
  readonly version?: string;
}

export interface MapOptions<S extends SchemaLiteral> extends FunctionOptions {
  /** Columns of the rows that the function gives; those of its input unless given. */
  readonly schema?: CheckedSchema<S>;
}

/** Rows over time. `Row` is their type where the schema is known to the compiler. */
export class DataStream<Row = AnyRow> implements AsyncIterable<Row> {
  readonly plan: logical.LogicalPlan;
  protected readonly runner: Runner;

  /** @throws what `derive` refuses, when the columns and functions are known */
  constructor(runner: Runner, plan: logical.LogicalPlan) {
    this.runner = runner;
    this.plan = plan;
    if (columnsKnown(plan) && !callsUnknown([plan])) derive(plan);
  }

  /** Rows for which the predicate is TRUE (not FALSE, not NULL). */
  where(predicate: Expression<ColumnOf<Row>>): DataStream<Row> {
    return this.#over(logical.filter(this.plan, conditionPlan(predicate, "where()")));
  }

  /**
   * These columns, in this order: names, or objects of new names with expressions.
   *
   * @example flights.select("origin", { late: col("delay").gt(15) })
   */
  select<const S extends readonly Selector<Row>[]>(...columns: S): DataStream<Selected<Row, S[number]>> {
    const named = namedExprs(columns, "select()");
    if (named.length === 0) throw noColumns("select()", 'name one or more: select("origin", "delay")');
    return this.#over(logical.project(this.plan, named));
  }

  /** All columns, and one more (or another one of the same name, in its place). */
  withColumn<const Name extends string, O extends Operand<ColumnOf<Row>>>(
    name: Name,
    value: O,
  ): DataStream<Extended<Row, { readonly [K in Name]: O }>> {
    checkText(name, "withColumn()", "a column's name", 0);
    return this.#over(logical.withColumns(this.plan, [{ name, expr: toPlan(value) }]));
  }

  /** All columns, and these. Their expressions see the columns as they were, not each other. */
  withColumns<const C extends Readonly<Record<string, Operand<ColumnOf<Row>>>>>(
    columns: C,
  ): DataStream<Extended<Row, C>> {
    return this.#over(logical.withColumns(this.plan, namedExprs([columns], "withColumns()")));
  }

  /**
   * A row for every element of an ARRAY column, which its element takes the place of, or for every entry of a MAP column,
   * as two columns. Rows without elements go, unless `outer` keeps them.
   *
   * @example orders.unnest("tags", { as: "tag", ordinality: "position" })
   * @throws UNKNOWN_COLUMN, TYPE for other columns, COLUMN_DUP
   */
  unnest<const Name extends ColumnOf<Row>, const O extends UnnestOptions = Record<never, never>>(
    column: Name,
    options?: O,
  ): DataStream<Unnested<Row, Name, O>> {
    return this.#over(unnestOver(this.plan, column, options));
  }

  /**
   * Declares the event time. The watermark stays `outOfOrder` behind the greatest time seen; rows behind it when their
   * window closes are late.
   */
  withWatermark(column: ColumnOf<Row>, outOfOrder: Duration, options?: WatermarkOptions): DataStream<Row> {
    return this.#over(watermarkOver(this.plan, column, outOfOrder, options));
  }

  /** Cuts the stream into windows of event time; `groupBy` and `aggregate` follow. */
  window(window: WindowSpec): WindowedStream<Row> {
    if (window?.window?.kind === undefined) throw wrongArgument("window()", "a window", window, 'tumble("1h")');
    return new WindowedStream(this.runner, this.plan, window);
  }

  /** Groups of equal keys over the whole input, which must be bounded. */
  groupBy<const S extends readonly Selector<Row>[]>(
    ...keys: S
  ): GroupedStream<Row, Selected<Row, S[number]>, S extends readonly [] ? true : false> {
    return new GroupedStream(this.runner, this.plan, null, namedExprs(keys, "groupBy()"));
  }

  /** One row over the whole input, which must be bounded. */
  aggregate<const A extends Aggregates<Row>>(aggregates: A): DataStream<Flat<Aggregated<Row, A, true>>> {
    return this.groupBy().aggregate(aggregates) as DataStream<Flat<Aggregated<Row, A, true>>>;
  }

  /**
   * Drops repeated rows: of those with equal keys the first goes on. By event time that is the earliest, given once the
   * watermark has reached it; rows behind the watermark are late. Without event time it is the first to arrive. NULL keys
   * are equal.
   *
   * @example events.deduplicate("eventId", { within: "10m" })
   * @throws UNKNOWN_COLUMN, TYPE for nested keys, NO_EVENT_TIME where it was declared and dropped, UNSUPPORTED, OPTION
   */
  deduplicate(
    keys: DeduplicateKey<ColumnOf<Row>> | readonly DeduplicateKey<ColumnOf<Row>>[],
    options?: DeduplicateOptions,
  ): DataStream<Row> {
    return this.#over(deduplicateOver(this.plan, keys, options));
  }

  /**
   * All rows in order, at the end of the input; by event time alone as the watermark passes them, so that streams without end
   * can be in order too. Rows with equal keys stay in the order in which they came. `limit` keeps the first ones.
   *
   * @example flights.orderBy(desc("delay"), "origin").limit(10)
   */
  orderBy(...keys: readonly OrderKey<ColumnOf<Row>>[]): DataStream<Row> {
    return this.#over(orderOver(this.plan, keys));
  }

  /**
   * The first rows: in the order of an `orderBy` right before, else as they come. Of an ordered stream without end they are
   * updated as rows come.
   */
  limit(count: number, options?: LimitOptions): DataStream<Row> {
    return this.#over(limitOver(this.plan, count, options));
  }

  /** The rows of all streams. Columns are matched by name and must be the same. */
  union(...others: readonly DataStream<Row>[]): DataStream<Row> {
    const wrong = others.findIndex((other) => !(other instanceof DataStream));
    if (wrong >= 0) throw wrongArgument("union()", "streams", others[wrong], "each its own argument: a.union(b, c)");
    return others.length === 0 ? this : this.#over(logical.union([this.plan, ...others.map(({ plan }) => plan)]));
  }

  /**
   * Pairs of rows of both streams, which share no column name. A side that ends is read first; a bound on both event times frees
   * what is kept.
   *
   * @example bids.join(auctions, { on: { auction: "id" }, type: "left" })
   */
  join<Right, const Type extends logical.JoinType = "inner">(
    other: DataStream<Right>,
    options: JoinOptions<ColumnOf<Row>, ColumnOf<Right>, Type>,
  ): DataStream<Joined<Row, Right, Type>> {
    if (!(other instanceof DataStream))
      throw wrongArgument("join()", "a stream", other, 'left.join(right, { on: { a: "b" } })');
    return this.#over(joinOver(this.plan, other.plan, options));
  }

  /** One row for each, by a function of your own: slower than expressions, and never moved by the optimizer. */
  map<const S extends SchemaLiteral = never>(
    fn: (row: Row) => NoInfer<Mapped<Row, S>>,
    options?: MapOptions<S>,
  ): DataStream<Mapped<Row, S>> {
    return this.#map("map", fn, options);
  }

  /** Rows for which a function of your own is true. */
  filter(fn: (row: Row) => boolean, options?: FunctionOptions): DataStream<Row> {
    return this.#map("filter", fn, options);
  }

  /** Any number of rows for each. */
  flatMap<const S extends SchemaLiteral = never>(
    fn: (row: Row) => Iterable<NoInfer<Mapped<Row, S>>>,
    options?: MapOptions<S>,
  ): DataStream<Mapped<Row, S>> {
    return this.#map("flatMap", fn, options);
  }

  /**
   * Batches through a function of your own: typed arrays in, typed arrays (or the same columns) out, nothing a row. The
   * views are good until the function returns.
   *
   * @example
   * prices.mapBatch(({ key, price }) => ({ key, euros: (price.values as Float64Array).map((p) => p * 0.92) }),
   *   { schema: { key: "INT", euros: "DOUBLE" } })
   */
  mapBatch<const S extends SchemaLiteral = never>(
    fn: (columns: Readonly<Record<ColumnOf<Row>, ColumnView>>) => NoInfer<BatchColumns<Mapped<Row, S>>>,
    options?: MapOptions<S>,
  ): DataStream<Mapped<Row, S>> {
    return this.#map("batch", fn as (row: never) => unknown, options);
  }

  /** Shows each row to a function on its way; the rows stay as they are. */
  inspect(fn: (row: Row) => void, options?: FunctionOptions): DataStream<Row> {
    return this.#over(logical.inspect(this.plan, this.#function(fn, options, "inspect()")));
  }

  /**
   * The changes of results that are updated, as rows that are only added: `+I` a new row, `-U` and `+U` what it was and what
   * it is now, `-D` a row that is gone. The kind stands in a column behind the others.
   *
   * @example orders.groupBy("customer").aggregate({ total: sum("amount") }).changelog()
   */
  changelog<const C extends string = "op">(column?: C): DataStream<Flat<Row & Record<C, ChangeKind>>> {
    return this.#over(logical.changelog(this.plan, checkText(column ?? "op", "changelog()", "a column")));
  }

  /**
   * Rows that entered no window, or came too late for a deduplication. Behind their columns stand `lateReason`,
   * `lateWatermark`, `lateWindowStart`, `lateWindowEnd` and `lateOperator`. It is what the window refused, and what
   * deduplications and the watermark did before it, as the steps between would have passed it on. Across a user function only the window's are given, since the function takes rows of
   * other columns.
   *
   * @throws NO_EVENT_TIME
   */
  late(): DataStream<AnyRow> {
    return this.#over(lateRows(this.plan));
  }

  /** Records and rows that this stream's sources and expressions refused, raw and with their place. */
  deadLetters(): DataStream<DeadLetter> {
    return this.#over(logical.sideOutput(this.plan, "deadLetter"));
  }

  /** Names the last step: its state and its metrics are found under this name. */
  uid(name: string): DataStream<Row> {
    return this.#over(logical.withUid(this.plan, checkText(name, "uid()", "a name")));
  }

  /** The stream with a target for its rows; `run` follows. */
  to(target: Target): Pipeline {
    return new Pipeline(this.runner, [logical.sink(this.plan, targetTable(target, "to()"))]);
  }

  /** Runs the stream; `fn` gets every row, and is waited for when it answers with a promise. */
  async forEach(fn: (row: Row) => void | Promise<void>, options?: RowOptions): Promise<JobResult> {
    checkFunction(fn, "forEach()", "forEach((row) => console.log(row)); without a function: toArray()");
    const reader = this.runner.rows(this.plan, checkRowOptions(options));
    for await (const chunk of reader) {
      for (const row of chunk as readonly Row[]) {
        const answer = fn(row);
        if (answer !== undefined) await answer;
      }
    }
    return reader.job.done;
  }

  /** Runs the stream and shows its first rows as a table, on standard output or in the page's console. */
  async print(options?: ConsoleOptions & RunOptions): Promise<JobResult> {
    const { rowsMax, ...run } = checkPrintOptions(options);
    const target = consoleTarget(this.runner.catalog, rowsMax === undefined ? {} : { rowsMax }, "print()");
    return await this.to(target).run(run);
  }

  /** Runs the stream; all its rows. */
  async toArray(options?: RowOptions): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const chunk of this.runner.rows(this.plan, checkRowOptions(options))) {
      for (const row of chunk as readonly Row[]) rows.push(row);
    }
    return rows;
  }

  /** Runs the stream; its rows one after another, as fast as they are taken. Leaving the loop cancels the job. */
  async *rows(options?: RowOptions): AsyncGenerator<Row, void, undefined> {
    for await (const chunk of this.runner.rows(this.plan, checkRowOptions(options))) {
      for (const row of chunk as readonly Row[]) yield row;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<Row, void, undefined> {
    return this.rows();
  }

  /** The columns, as a schema literal. Opens the source when it has to. */
  async schema(): Promise<Record<string, string>> {
    const [bound] = await this.runner.bind([this.plan]);
    return schemaLiteral(derive(bound as logical.LogicalPlan).schema);
  }

  /**
   * What is known of the rows before one is read: whether they come to an end, whether results are updated, and the columns
   * that tell them apart, where there are such. Opens the source when it has to.
   */
  async traits(): Promise<StreamTraits> {
    const [plan] = await this.runner.bind([this.plan]);
    const { bounded, changelog, keys } = derive(plan as logical.LogicalPlan);
    return { bounded, updating: changelog === "retract", key: keys };
  }

  /** The plan as text (or JSON, DOT): as written, optimized and lowered. Opens the source when it has to; runs nothing. */
  explain(options?: ExplainOptions): Promise<string> {
    return explainProgram(this.runner, [this.plan], options);
  }

  /** Row types are known to the compiler only; at run time a stream is its plan. */
  #over<Result>(plan: logical.LogicalPlan): DataStream<Result> {
    return new DataStream<Result>(this.runner, plan);
  }

  #map<Result>(
    mode: logical.LogicalNode<"map">["mode"],
    fn: (row: never) => unknown,
    options: MapOptions<SchemaLiteral> | undefined,
  ): DataStream<Result> {
    const schema: Schema | null = options?.schema === undefined ? null : checkSchema(options.schema);
    const legal = mode === "filter" ? [] : (["schema"] as const);
    const where = mode === "batch" ? "mapBatch()" : `${mode}()`;
    return this.#over(logical.map(this.plan, this.#function(fn, options, where, legal), mode, schema));
  }

  #function(
    fn: (row: never) => unknown,
    options: MapOptions<SchemaLiteral> | undefined,
    where: string,
    more: readonly "schema"[] = [],
  ): logical.FunctionRef {
    const { name, version } = checkOptions(options, ["name", "version", ...more], where);
    if (name !== undefined) checkText(name, `${where} name`, "a name");
    if (version !== undefined) checkText(version, `${where} version`, "a version");
    checkFunction(fn, where, 'expressions go to where() and withColumn(): where(col("delay").gt(15))');
    return this.runner.catalog.addFunction(fn, name ?? (fn.name || "anonymous"), version);
  }
}

function unnestOver(
  plan: logical.LogicalPlan,
  column: string,
  options: UnnestOptions | undefined,
): logical.LogicalPlan {
  const { as, ordinality = null, outer = false } = checkOptions(options, ["as", "ordinality", "outer"], "unnest()");
  const names = as === undefined ? null : typeof as === "string" ? [as] : as;
  for (const name of [column, ...(names ?? []), ordinality ?? ""]) {
    if (typeof name !== "string") throw wrongArgument("unnest()", "names", name, '("tags", { as: "tag" })');
  }
  if (typeof outer !== "boolean") throw wrongArgument("unnest() outer", "true or false", outer, "{ outer: true }");
  return logical.unnest(plan, { column, names, ordinality, outer });
}

/** A stream cut into windows. */
export class WindowedStream<Row> {
  readonly #runner: Runner;
  readonly #plan: logical.LogicalPlan;
  readonly #window: WindowSpec;

  constructor(runner: Runner, plan: logical.LogicalPlan, window: WindowSpec) {
    this.#runner = runner;
    this.#plan = plan;
    this.#window = window;
  }

  /** Groups of equal keys in each window. NULL keys are one group. */
  groupBy<const S extends readonly Selector<Row>[]>(
    ...keys: S
  ): GroupedStream<Row, Flat<WindowBounds & Selected<Row, S[number]>>, false> {
    return new GroupedStream(this.#runner, this.#plan, this.#window, namedExprs(keys, "groupBy()"));
  }

  /** One row a window. */
  aggregate<const A extends Aggregates<Row>>(
    aggregates: A,
  ): DataStream<Flat<WindowBounds & Aggregated<Row, A, false>>> {
    return this.groupBy().aggregate(aggregates) as DataStream<Flat<WindowBounds & Aggregated<Row, A, false>>>;
  }
}

export interface AggregateOptions {
  /**
   * How long a group is remembered after its last row, by the host's clock: what comes later begins a new one. It bounds the
   * memory of groups without a window over endless input; unless given, every group is remembered for ever.
   */
  readonly ttl?: Duration;
}

/** Groups that wait for their aggregates. `Keys` is what a result row begins with. */
export class GroupedStream<Row, Keys, MayBeEmpty> {
  readonly #runner: Runner;
  readonly #plan: logical.LogicalPlan;
  readonly #window: WindowSpec | null;
  readonly #keys: readonly logical.NamedExpr[];

  constructor(
    runner: Runner,
    plan: logical.LogicalPlan,
    window: WindowSpec | null,
    keys: readonly logical.NamedExpr[],
  ) {
    this.#runner = runner;
    this.#plan = plan;
    this.#window = window;
    this.#keys = keys;
  }

  /**
   * One row a group (and window), with these values behind its keys.
   *
   * @example flights.window(tumble("1h")).groupBy("origin").aggregate({ flights: count(), delay: avg("delay") })
   */
  aggregate<const A extends Aggregates<Row>>(
    aggregates: A,
    options?: AggregateOptions,
  ): DataStream<Flat<Keys & Aggregated<Row, A, MayBeEmpty>>> {
    const { ttl } = checkOptions(options, ["ttl"], "aggregate()");
    const ttlMs = ttl === undefined ? undefined : parseDurationMs(ttl, "ttl", 1);
    if (ttlMs !== undefined && this.#window !== null) {
      throw new PlanError("OPTION", "a time to live of windows", {
        hint: "a window frees its state by itself, at its end",
      });
    }
    const hint = 'names with aggregates: { n: count(), delay: avg("delay") }';
    const calls = Object.entries(checkRecord(aggregates, "aggregate()", "an object", hint)).map(([name, value]) => {
      if (value instanceof Aggregate) return { name, ...value.call };
      throw wrongArgument(`aggregate() "${name}"`, "an aggregate", value, hint);
    });
    if (calls.length === 0 && this.#keys.length === 0 && this.#window === null) throw noColumns("aggregate()", hint);
    const plan =
      this.#window === null
        ? logical.aggregate(this.#plan, this.#keys, calls, ttlMs)
        : logical.windowAggregate(this.#plan, {
            ...this.#window,
            windowColumns: WINDOW_COLUMNS,
            keys: this.#keys,
            aggregates: calls,
          });
    return new DataStream(this.#runner, plan);
  }

  /**
   * The first rows of each group in an order, updated as rows come; of rows with equal keys the one that came first stands
   * first.
   *
   * @example bids.groupBy("auction").top(10, desc("price"), "time", { rank: "place" })
   * @throws UNKNOWN_COLUMN, COLUMN_DUP, TYPE for nested keys, UNSUPPORTED over windows, OPTION
   */
  top<const Rank extends string = never>(
    count: number,
    ...order: readonly [OrderKey<ColumnOf<Row>>, ...(OrderKey<ColumnOf<Row>> | TopOptions<Rank>)[]]
  ): DataStream<Flat<Row & Record<Rank, number>>> {
    if (this.#window !== null) {
      throw new PlanError("UNSUPPORTED", "top() of the rows of a window", {
        hint: 'aggregate first, then rank what the windows give: .groupBy("windowStart", "windowEnd").top(…)',
      });
    }
    const keys = this.#keys.map(({ expr }) => expr);
    return new DataStream(this.#runner, topOver(this.#plan, keys, count, order));
  }
}

/** What a plan tells of its rows. */
export interface StreamTraits {
  readonly bounded: boolean;
  /** Whether rows may be taken back: see `changelog()`. */
  readonly updating: boolean;
  /** Columns of which no two rows that hold have the same values; null: none are known. */
  readonly key: readonly string[] | null;
}

/** How a result changed: it is new, was, is now, or is gone. */
export type ChangeKind = "+I" | "-U" | "+U" | "-D";

/** A record or row that was refused, as `deadLetters()` gives it. Lines are 1-based; `byte` is the record's offset. */
export interface DeadLetter {
  code: string;
  message: string;
  source: string | null;
  line: number | null;
  byte: number | null;
  row: number | null;
  field: string | null;
  raw: Uint8Array;
}

export const WATERMARK_OPTIONS = ["idle", "advanceWithClock", "maxFutureDrift"] as const;

/** The plan below a watermark node, for streams and for tables that declare their event time. */
export function watermarkOver(
  plan: logical.LogicalPlan,
  column: string,
  outOfOrder: Duration,
  options?: WatermarkOptions,
): logical.LogicalPlan {
  const { idle, advanceWithClock, maxFutureDrift } = checkOptions(options, WATERMARK_OPTIONS, "withWatermark()");
  return logical.watermark(plan, {
    column: checkText(column, "the event time", "a column", 0),
    delayMs: parseDurationMs(outOfOrder, "outOfOrder", 0),
    idleMs: idle === undefined ? null : parseDurationMs(idle, "idle", 1),
    quietMs: advanceWithClock === undefined ? null : parseDurationMs(advanceWithClock, "advanceWithClock", 1),
    maxFutureDriftMs: maxFutureDrift === undefined ? null : parseDurationMs(maxFutureDrift, "maxFutureDrift", 0),
  });
}

/** Rows without columns could not be told from no rows. */
function noColumns(where: string, hint: string): PlanError {
  return new PlanError("OPTION", `${where} got nothing to compute`, { hint });
}

function namedExprs(selectors: readonly unknown[], where: string): logical.NamedExpr[] {
  return selectors.flatMap((selector) => {
    if (typeof selector === "string") return [columnNamed(selector)];
    const hint = 'name an expression: { late: col("delay").gt(15) }';
    if (selector instanceof Expression) throw wrongArgument(where, "names and objects", selector, hint);
    const named = checkRecord(selector as object, where, "names and objects", hint);
    return Object.entries(named).map(([name, value]) => ({ name, expr: toPlan(value as Operand) }));
  });
}
