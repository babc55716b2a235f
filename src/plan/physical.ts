// The physical plan: algorithms chosen, positions and types bound, state named. A directed acyclic graph in topological
// order: each node names its inputs by their index, so a plan prints, compares and travels as JSON.
import type { DataType, Schema } from "../arrow/types.js";
import type { BoundExpr } from "./expr.js";
import type { AggregateName } from "./functions.js";
import type { Frame, FunctionRef, JoinType, TableRef, Window } from "./logical.js";
import type { RowPolicy } from "./policy.js";
import type { Judge } from "./window.js";

/** One aggregate over one input column; `column` is −1 for COUNT(*). */
export interface PhysicalAggregate {
  readonly name: string;
  readonly fn: AggregateName;
  readonly column: number;
  /** Type of the result. */
  readonly type: DataType;
  /** Each value of a group counts once; absent: every row. */
  readonly distinct?: true;
  /** Position of a BOOLEAN: rows that count are those where it is TRUE; absent: all. */
  readonly filter?: number;
}

/** One value over the rows before; `column` and `other` (what stands where there is none) are −1 where there are none. */
export interface PhysicalOver {
  readonly fn:
    | PhysicalAggregate["fn"]
    | "row_number"
    | "rank"
    | "dense_rank"
    | "lag"
    | "lead"
    | "first_value"
    | "last_value";
  readonly name: string;
  readonly column: number;
  readonly other: number;
  readonly distance: number;
  readonly type: DataType;
}

/** A column that rows are put in order by. */
export interface PhysicalSortKey {
  readonly column: number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

interface Node {
  readonly uid: string;
  /** For messages and metrics, e.g. `window-aggregate(tumble 1h)`. */
  readonly name: string;
  /** Indexes of the input nodes. A side output of an input is named beside it. */
  readonly inputs: readonly { readonly node: number; readonly side: "late" | "deadLetter" | null }[];
  /** Columns that the node emits. */
  readonly schema: Schema;
  readonly rowPolicy: RowPolicy;
}

/** One side of a join. */
export interface PhysicalSide {
  /** Positions in its input. */
  readonly keys: readonly number[];
  /** Positions in its input of what is kept: what goes on, and what the rest of the condition reads. */
  readonly columns: readonly number[];
  /** Of these the positions that go on. */
  readonly output: readonly number[];
  /** A row is of no use any more once the watermark is more than `ms` behind this time of it; null: always is. */
  readonly keep: { readonly column: number; readonly ms: number } | null;
}

export type PhysicalNode =
  | (Node & {
      readonly kind: "source";
      readonly table: TableRef;
      /** For skipping (row groups by statistics); rows are filtered again above. */
      readonly predicate: BoundExpr | null;
    })
  | (Node & { readonly kind: "filter"; readonly predicate: BoundExpr })
  | (Node & { readonly kind: "project"; readonly columns: readonly BoundExpr[] })
  | (Node & {
      readonly kind: "watermark";
      readonly column: number;
      readonly delayMs: number;
      readonly idleMs: number | null;
      readonly quietMs: number | null;
      readonly maxFutureDriftMs: number | null;
      /** What judges the rows by it: a batch is cut at the ends of windows. With none there is one watermark a batch. */
      readonly judges: readonly Judge[];
    })
  | (Node & {
      readonly kind: "window-aggregate";
      /** null: one window over all input, emitted at its end. */
      readonly window: Window | null;
      /** Position of the event time; −1 when `window` is null. */
      readonly timeColumn: number;
      readonly latenessMs: number;
      readonly keys: readonly number[];
      readonly aggregates: readonly PhysicalAggregate[];
    })
  /** One result a group, updated by every batch that has rows of it. The last column of its schema tells the changes. */
  | (Node & {
      readonly kind: "group-aggregate";
      readonly keys: readonly number[];
      readonly aggregates: readonly PhysicalAggregate[];
      /** Whether results that no longer hold are named (−U). */
      readonly before: boolean;
      readonly endless: boolean;
      /** How long a group lives after its last row, by the host's clock; null: for ever. */
      readonly ttlMs: number | null;
    })
  /** Rows of its schema, whose columns stand at the front of the input's. */
  | (Node & {
      readonly kind: "deduplicate";
      /** Position of the event time; −1: the first row is the first to arrive. */
      readonly timeColumn: number;
      readonly keys: readonly number[];
      readonly withinMs: number | null;
    })
  /** Rows of its schema, whose columns stand at the front of the input's, in order. */
  | (Node & {
      readonly kind: "sort";
      readonly order: readonly PhysicalSortKey[];
      /** null: all. */
      readonly limit: number | null;
      readonly offset: number;
      /** Position of the event time that endless rows are sorted by; −1: all are sorted at the end of the input. */
      readonly timeColumn: number;
    })
  /** The rows behind the first `offset`, up to `limit`, as they come. */
  | (Node & { readonly kind: "limit"; readonly limit: number | null; readonly offset: number })
  /** Rows of its schema, whose columns stand at the front of the input's; then the place, if it is told, and the kind of change. */
  | (Node & {
      readonly kind: "top-n";
      readonly keys: readonly number[];
      readonly order: readonly PhysicalSortKey[];
      readonly ties: "first" | "last";
      readonly limit: number;
      readonly offset: number;
      readonly rank: boolean;
      /** What is emitted: rows at the end of the input, or changes, those that take rows back among them or not. */
      readonly mode: "final" | "upsert" | "retract";
      /** Whether rows are taken back: then all are kept, for one that goes brings the next. */
      readonly retracting: boolean;
      readonly endless: boolean;
    })
  /** Rows of its schema: columns at the front of the input's, then one for each call. */
  | (Node & {
      readonly kind: "over";
      readonly keys: readonly number[];
      readonly order: readonly PhysicalSortKey[];
      readonly frame: Frame;
      readonly calls: readonly PhysicalOver[];
      /** Position of the event time; −1: all happens at the end of the input. */
      readonly timeColumn: number;
    })
  /** Pairs of rows with equal keys, and what else `type` says. */
  | (Node & {
      readonly kind: "join";
      readonly type: JoinType;
      readonly left: PhysicalSide;
      readonly right: PhysicalSide;
      /** By key: whether NULL equals NULL. */
      readonly nullsEqual: readonly boolean[];
      /** Bound to the left side's columns and, behind them, the right side's; null: every pair with equal keys is one. */
      readonly residual: BoundExpr | null;
      /** The side that is read to its end first, after which the other is not kept; null: both are kept. */
      readonly build: "left" | "right" | null;
      /** Whether no two rows can be close enough in time (S70). */
      readonly never: boolean;
      /** How far the watermark is held back. */
      readonly holdMs: number;
      readonly endless: boolean;
    })
  | (Node & { readonly kind: "union" })
  /** The element columns, and the ordinality if there is one, stand in the place of `column`. */
  | (Node & {
      readonly kind: "unnest";
      readonly column: number;
      readonly ordinality: boolean;
      readonly outer: boolean;
    })
  | (Node & { readonly kind: "map"; readonly fn: FunctionRef; readonly mode: "map" | "filter" | "flatMap" | "batch" })
  | (Node & { readonly kind: "inspect"; readonly fn: FunctionRef })
  | (Node & { readonly kind: "sink"; readonly table: TableRef; readonly bounded: boolean });

export type PhysicalKind = PhysicalNode["kind"];
export type PhysicalOf<K extends PhysicalKind> = Extract<PhysicalNode, { kind: K }>;

export interface PhysicalPlan {
  /** Topologically ordered: inputs come before the nodes that read them. */
  readonly nodes: readonly PhysicalNode[];
}
