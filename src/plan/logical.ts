// The logical plan: plain frozen data, made by both front ends through the constructors below. Live things (arrays,
// iterables, user functions, callbacks) are named here and kept in the engine's catalog.
import type { Schema } from "../arrow/types.js";
import type { Expr } from "./expr.js";
import type { RowPolicy } from "./policy.js";

/** Options of a table as plain data; which they are is between the connector and whoever makes its tables. */
export type ConnectorOptions = Readonly<Record<string, unknown>>;

/** A table or target in the catalog: a connector, its options, and what it is called in messages. */
export interface TableRef<Options extends ConnectorOptions = ConnectorOptions> {
  readonly id: string;
  readonly connector: string;
  readonly name: string;
  readonly options: Options;
  /** Which changes it takes as a target: those under a key, or all. Without it rows are only ever added. */
  readonly takes?: "upsert" | "retract";
}

/** A user function in the catalog, by id and version; its source is never part of a plan. */
export interface FunctionRef {
  readonly id: string;
  readonly version: string;
  readonly name: string;
}

/** A query in the catalog that is not read yet: a function gives its plan when somebody asks. */
export interface QueryRef {
  readonly id: string;
  /** Its text, for messages and EXPLAIN. */
  readonly name: string;
}

export interface NamedExpr {
  readonly name: string;
  readonly expr: Expr;
}

/** `fn` is an aggregate's name in functions.ts: `count_star`, `count`, `sum`, `min`, `max`, `avg`. */
export interface AggregateCall {
  readonly name: string;
  readonly fn: string;
  readonly args: readonly Expr[];
  /** Each value of a group counts once; absent: every row. */
  readonly distinct?: true;
  /** Rows that count are those where it is TRUE; absent: all. */
  readonly filter?: Expr;
}

/** Everything that an aggregate computes of a row. */
export function callExprs({ args, filter }: AggregateCall): readonly Expr[] {
  return filter === undefined ? args : [...args, filter];
}

/** What rows are put in order by. NULLs are low: first where it goes up, last where it goes down, unless said otherwise (S51). */
export interface SortKey {
  readonly expr: Expr;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** The rows behind and with the current one that a value is computed over: so many before it, or within so much of its time. */
export interface Frame {
  readonly unit: "rows" | "range";
  /** Rows, or milliseconds; null: all before it. */
  readonly preceding: number | null;
}

/**
 * `fn` is an aggregate's name, or `row_number`, `rank`, `dense_rank`, `first_value`, `last_value`, `lag`, `lead`: the value
 * `distance` rows before (lag) or behind (lead), or that of the second argument.
 */
export interface OverCall extends AggregateCall {
  readonly distance: number;
}

/** `[start, start + sizeMs)` with starts at multiples of sizeMs plus offsetMs from the epoch. */
export interface TumbleWindow {
  readonly kind: "tumble";
  readonly sizeMs: number;
  readonly offsetMs: number;
}

/**
 * `[start, start + sizeMs)` with starts at multiples of slideMs plus offsetMs: a row is in size ÷ slide of them. With a slide
 * beyond the size there are gaps, whose rows are in none.
 */
interface HopWindow {
  readonly kind: "hop";
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly offsetMs: number;
}

/** From the same start, windows of stepMs, of twice stepMs, and so on up to sizeMs; then from the next multiple of sizeMs. */
interface CumulateWindow {
  readonly kind: "cumulate";
  readonly sizeMs: number;
  readonly stepMs: number;
  readonly offsetMs: number;
}

/** `[first row, last row + gapMs)` of rows of one key that lie no more than gapMs apart; each key has its own. */
export interface SessionWindow {
  readonly kind: "session";
  readonly gapMs: number;
  /** Rows so far behind the first begin another session; null: a session is as long as it likes. */
  readonly maxMs: number | null;
}

/** Windows whose bounds follow from the clock, whatever the rows are. */
export type AlignedWindow = TumbleWindow | HopWindow | CumulateWindow;
export type Window = AlignedWindow | SessionWindow;

/** Names of the columns that a window aggregate puts before its keys. */
interface WindowColumns {
  readonly start: string;
  readonly end: string;
  /** The last millisecond of the window: the event time of the result rows. */
  readonly time: string;
}

/**
 * `inner`: pairs. `left`, `right`, `full`: and the rows of that side, or of both, without partner, the others' columns NULL.
 * `semi`, `anti`: rows of the left side that have a partner, or have none.
 */
export type JoinType = "inner" | "left" | "right" | "full" | "semi" | "anti";

export interface WatermarkSpec {
  readonly column: string;
  readonly delayMs: number;
  /** A split without rows for so long leaves the minimum; null: never. */
  readonly idleMs: number | null;
  /** Without rows for so long the watermark goes on with the clock; null: never. */
  readonly quietMs: number | null;
  /** Rows further ahead of the clock than this are late rows with reason FUTURE; null: no limit. */
  readonly maxFutureDriftMs: number | null;
}

interface Node {
  /** The user's name for the node's state and metrics. */
  readonly uid?: string;
}

export type LogicalPlan =
  /** A table whose columns are not known yet. Binding (bind.ts) puts a `scan` in its place; nothing later sees it. */
  | (Node & {
      readonly kind: "unresolved-scan";
      readonly table: TableRef;
      /** As the user wrote it; null: the connector tells. */
      readonly schema: Schema | null;
      readonly rowPolicy: RowPolicy;
    })
  /** A query of SQL that is not read yet. Expanding (expand.ts) puts its plan in its place; nothing later sees it. */
  | (Node & { readonly kind: "unresolved-query"; readonly query: QueryRef })
  | (Node & {
      readonly kind: "scan";
      readonly table: TableRef;
      readonly schema: Schema;
      readonly bounded: boolean;
      readonly rowPolicy: RowPolicy;
      /** Columns that are read, set by projection pushdown; null: all. */
      readonly columns: readonly string[] | null;
      /** A predicate that the source may use to skip; the filter above stays. */
      readonly predicate: Expr | null;
      /** Whether the source reads fields of a ROW as columns of their own, `row.field`. */
      readonly rowFields?: boolean;
    })
  | (Node & { readonly kind: "filter"; readonly input: LogicalPlan; readonly predicate: Expr })
  | (Node & { readonly kind: "project"; readonly input: LogicalPlan; readonly columns: readonly NamedExpr[] })
  /** All columns of the input, some replaced, others added at the end. Binding makes it a `project`. */
  | (Node & { readonly kind: "with-columns"; readonly input: LogicalPlan; readonly columns: readonly NamedExpr[] })
  | (Node & { readonly kind: "watermark"; readonly input: LogicalPlan; readonly spec: WatermarkSpec })
  | (Node & {
      readonly kind: "window-aggregate";
      readonly input: LogicalPlan;
      readonly window: Window;
      readonly latenessMs: number;
      readonly windowColumns: WindowColumns;
      readonly keys: readonly NamedExpr[];
      readonly aggregates: readonly AggregateCall[];
    })
  /** Without window: a result a group that every row of it updates. */
  | (Node & {
      readonly kind: "aggregate";
      readonly input: LogicalPlan;
      readonly keys: readonly NamedExpr[];
      readonly aggregates: readonly AggregateCall[];
      /** How long a group lives after its last row, by the host's clock; absent: for ever. */
      readonly ttlMs?: number;
    })
  /** One row a key; the others are dropped. */
  | (Node & {
      readonly kind: "deduplicate";
      readonly input: LogicalPlan;
      readonly keys: readonly Expr[];
      /** The earliest or the latest by event time; without event time the first or the last to arrive. A last row is updated. */
      readonly keep: "first" | "last";
      /** For how long a first row counts; null: for ever. */
      readonly withinMs: number | null;
    })
  /** Rows in order, those behind the first `offset` of them, up to `limit`. Without order as they come. */
  | (Node & {
      readonly kind: "sort";
      readonly input: LogicalPlan;
      readonly order: readonly SortKey[];
      /** null: all. */
      readonly limit: number | null;
      readonly offset: number;
    })
  /** Of each key the first rows in an order, updated as rows come. */
  | (Node & {
      readonly kind: "top-n";
      readonly input: LogicalPlan;
      readonly keys: readonly Expr[];
      readonly order: readonly SortKey[];
      /** Which of equal rows comes first: the one that came first, or the one that came last. */
      readonly ties: "first" | "last";
      readonly limit: number;
      readonly offset: number;
      /** A column for the row's place, from 1; null: none. */
      readonly rank: string | null;
    })
  /** All columns, and values computed over the rows of the same key before each. */
  | (Node & {
      readonly kind: "over";
      readonly input: LogicalPlan;
      readonly keys: readonly Expr[];
      readonly order: readonly SortKey[];
      readonly frame: Frame;
      readonly calls: readonly OverCall[];
    })
  /** Pairs of rows of which `condition` is TRUE. */
  | (Node & {
      readonly kind: "join";
      readonly type: JoinType;
      readonly left: LogicalPlan;
      readonly right: LogicalPlan;
      /** Over the columns of both sides, whose names differ. */
      readonly condition: Expr;
      /** Columns that go on, set by projection pushdown; null: all. */
      readonly columns: readonly string[] | null;
    })
  | (Node & { readonly kind: "union"; readonly inputs: readonly LogicalPlan[] })
  /** Changes as rows that are only added, the kind of each (`+I`, `-U`, `+U`, `-D`) in a column at the end. */
  | (Node & { readonly kind: "changelog"; readonly input: LogicalPlan; readonly column: string })
  /** A row for every element of an ARRAY or entry of a MAP. */
  | (Node & {
      readonly kind: "unnest";
      readonly input: LogicalPlan;
      readonly column: string;
      /** What stands in the column's place: the element, or a map's key and value; null: the column's name, `key`, `value`. */
      readonly names: readonly string[] | null;
      /** A column for the position in the list, from 1. */
      readonly ordinality: string | null;
      /** Whether a row without elements stays, with NULL. */
      readonly outer: boolean;
    })
  | (Node & {
      readonly kind: "map";
      readonly input: LogicalPlan;
      readonly fn: FunctionRef;
      readonly mode: "map" | "filter" | "flatMap" | "batch";
      /** Columns of the rows that the function gives; null: those of its input. */
      readonly schema: Schema | null;
    })
  | (Node & { readonly kind: "inspect"; readonly input: LogicalPlan; readonly fn: FunctionRef })
  /** The late rows or dead letters of another node. */
  | (Node & { readonly kind: "side-output"; readonly input: LogicalPlan; readonly output: "late" | "deadLetter" })
  | (Node & { readonly kind: "sink"; readonly input: LogicalPlan; readonly table: TableRef });

type LogicalKind = LogicalPlan["kind"];
export type LogicalNode<K extends LogicalKind> = Extract<LogicalPlan, { kind: K }>;

// The constructors: each gives one frozen node. What they are given was checked by the front end; names and types are
// checked by derive.ts, once the columns are known.

/** A table of unknown columns, to be bound. `schema` is the user's, null when the connector shall tell. */
export function unresolvedScan(
  table: TableRef,
  schema: Schema | null = null,
  rowPolicy: RowPolicy = "fail",
): LogicalNode<"unresolved-scan"> {
  return freeze({ kind: "unresolved-scan", table, schema, rowPolicy });
}

/** The plan of a query, once it is read. */
export function unresolvedQuery(query: QueryRef): LogicalNode<"unresolved-query"> {
  return freeze({ kind: "unresolved-query", query });
}

/** A table of known columns; all are read until the optimizer says otherwise. */
export function scan(
  table: TableRef,
  schema: Schema,
  options: { bounded: boolean; rowPolicy?: RowPolicy; rowFields?: boolean | undefined },
): LogicalNode<"scan"> {
  const { bounded, rowPolicy = "fail", rowFields = false } = options;
  const own = { kind: "scan", table, schema, bounded, rowPolicy, columns: null, predicate: null } as const;
  return freeze(rowFields ? { ...own, rowFields } : own);
}

/** Rows where `predicate` is TRUE. */
export function filter(input: LogicalPlan, predicate: Expr): LogicalNode<"filter"> {
  return freeze({ kind: "filter", input, predicate });
}

/** These columns and no others, in this order. */
export function project(input: LogicalPlan, columns: readonly NamedExpr[]): LogicalNode<"project"> {
  return freeze({ kind: "project", input, columns: freezeAll(columns) });
}

/** All columns of the input, those named here replaced or added. */
export function withColumns(input: LogicalPlan, columns: readonly NamedExpr[]): LogicalNode<"with-columns"> {
  return freeze({ kind: "with-columns", input, columns: freezeAll(columns) });
}

/** Declares `spec.column` the event time and makes watermarks from it. */
export function watermark(input: LogicalPlan, spec: WatermarkSpec): LogicalNode<"watermark"> {
  return freeze({ kind: "watermark", input, spec: freeze({ ...spec }) });
}

export function windowAggregate(
  input: LogicalPlan,
  options: Omit<LogicalNode<"window-aggregate">, "kind" | "input" | "uid">,
): LogicalNode<"window-aggregate"> {
  const { window, latenessMs, windowColumns, keys, aggregates } = options;
  return freeze({
    kind: "window-aggregate",
    input,
    window: freeze({ ...window }),
    latenessMs,
    windowColumns: freeze({ ...windowColumns }),
    keys: freezeAll(keys),
    aggregates: freezeCalls(aggregates),
  });
}

/** Groups over all rows; over none there is one when there are no keys and the input ends. */
export function aggregate(
  input: LogicalPlan,
  keys: readonly NamedExpr[],
  aggregates: readonly AggregateCall[],
  ttlMs?: number,
): LogicalNode<"aggregate"> {
  const parts = { keys: freezeAll(keys), aggregates: freezeCalls(aggregates) };
  return freeze({ kind: "aggregate", input, ...parts, ...(ttlMs === undefined ? {} : { ttlMs }) });
}

/** The first row of each key. */
export function deduplicate(
  input: LogicalPlan,
  options: Omit<LogicalNode<"deduplicate">, "kind" | "input" | "uid">,
): LogicalNode<"deduplicate"> {
  const { keys, keep, withinMs } = options;
  return freeze({ kind: "deduplicate", input, keys: freeze([...keys]), keep, withinMs });
}

/** All rows in order, or those of them that a limit leaves. */
export function sort(
  input: LogicalPlan,
  options: Omit<LogicalNode<"sort">, "kind" | "input" | "uid">,
): LogicalNode<"sort"> {
  const { order, limit, offset } = options;
  return freeze({ kind: "sort", input, order: freezeAll(order), limit, offset });
}

/** The first rows of each key. */
export function topN(
  input: LogicalPlan,
  options: Omit<LogicalNode<"top-n">, "kind" | "input" | "uid">,
): LogicalNode<"top-n"> {
  const { keys, order, ties, limit, offset, rank } = options;
  return freeze({ kind: "top-n", input, keys: freeze([...keys]), order: freezeAll(order), ties, limit, offset, rank });
}

/** Values over the rows before each. */
export function over(
  input: LogicalPlan,
  options: Omit<LogicalNode<"over">, "kind" | "input" | "uid">,
): LogicalNode<"over"> {
  const { keys, order, frame, calls } = options;
  return freeze({
    kind: "over",
    input,
    keys: freeze([...keys]),
    order: freezeAll(order),
    frame: freeze({ ...frame }),
    calls: freezeAll(calls.map((call) => ({ ...call, args: freeze([...call.args]) }))),
  });
}

export function join(
  left: LogicalPlan,
  right: LogicalPlan,
  { type, condition }: Pick<LogicalNode<"join">, "type" | "condition">,
): LogicalNode<"join"> {
  return freeze({ kind: "join", type, left, right, condition, columns: null });
}

/** All rows of all inputs. Columns are matched by name; the first input gives their order. */
export function union(inputs: readonly LogicalPlan[]): LogicalNode<"union"> {
  return freeze({ kind: "union", inputs: freeze([...inputs]) });
}

/** The changes of a stream as rows, with their kind in `column`. */
export function changelog(input: LogicalPlan, column: string): LogicalNode<"changelog"> {
  return freeze({ kind: "changelog", input, column });
}

/** Elements instead of the list they are in. */
export function unnest(
  input: LogicalPlan,
  options: Omit<LogicalNode<"unnest">, "kind" | "input" | "uid">,
): LogicalNode<"unnest"> {
  const { column, names, ordinality, outer } = options;
  return freeze({ kind: "unnest", input, column, names: names && freeze([...names]), ordinality, outer });
}

/** Rows through a user function. `schema` null: the function keeps the columns. */
export function map(
  input: LogicalPlan,
  fn: FunctionRef,
  mode: LogicalNode<"map">["mode"],
  schema: Schema | null,
): LogicalNode<"map"> {
  return freeze({ kind: "map", input, fn, mode, schema });
}

/** The rows unchanged, shown to a user function on their way. */
export function inspect(input: LogicalPlan, fn: FunctionRef): LogicalNode<"inspect"> {
  return freeze({ kind: "inspect", input, fn });
}

/** See side-outputs.ts for what a stream's late rows and dead letters are. */
export function sideOutput(
  input: LogicalPlan,
  output: LogicalNode<"side-output">["output"],
): LogicalNode<"side-output"> {
  return freeze({ kind: "side-output", input, output });
}

export function sink(input: LogicalPlan, table: TableRef): LogicalNode<"sink"> {
  return freeze({ kind: "sink", input, table });
}

/** The node under the user's name for its state and metrics. */
export function withUid(node: LogicalPlan, uid: string): LogicalPlan {
  return freeze({ ...node, uid });
}

function freeze<T extends object>(value: T): Readonly<T> {
  return Object.freeze(value);
}

function freezeCalls(calls: readonly AggregateCall[]): readonly AggregateCall[] {
  return freezeAll(calls.map((call) => ({ ...call, args: freeze([...call.args]) })));
}

function freezeAll<T extends object>(values: readonly T[]): readonly T[] {
  return freeze(values.map((value) => freeze({ ...value })));
}
