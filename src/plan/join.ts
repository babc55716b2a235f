// What a join's condition says: which columns of the two sides have to be equal, what is asked of pairs besides, and how far
// apart in event time the rows of a pair can be, by which state is freed.
import { type Field, field, isNested, isTimestamp, type Schema, sameType, schemaOf, typeName } from "../arrow/types.js";
import { PlanError } from "../errors.js";
import { bindExpr, bindPredicate, exprColumns } from "./bind-expr.js";
import { commonType } from "./coerce.js";
import type { Expr } from "./expr.js";
import type { LogicalNode, LogicalPlan } from "./logical.js";
import { strictest } from "./policy.js";
import { type Properties, UNALIGNED } from "./properties.js";
import { mayRaise } from "./raise.js";
import { topological } from "./walk.js";

export type Side = "left" | "right";

/** What is known of the rows of a side. */
type JoinInput = Pick<Properties, "schema" | "timeColumn" | "aligned">;

/** Two expressions, one over each side, that are equal in every pair. */
interface JoinKey {
  readonly left: Expr;
  readonly right: Expr;
  /** Whether NULL equals NULL (IS NOT DISTINCT FROM). */
  readonly nullsEqual: boolean;
}

/** Left time − right time lies between the two, inclusive; ±Infinity: there is no bound. */
export interface TimeBounds {
  readonly lowMs: number;
  readonly highMs: number;
}

interface JoinCondition {
  readonly keys: readonly JoinKey[];
  /** What is asked of pairs with equal keys; null: nothing. */
  readonly residual: Expr | null;
  readonly bounds: TimeBounds;
}

/** The opposite side. */
function otherSide(side: Side): Side {
  return side === "left" ? "right" : "left";
}

/** Whether rows of this side go on without a partner too. */
export function keepsUnmatched(type: LogicalNode<"join">["type"], side: Side): boolean {
  return type === "full" || type === side || (type === "anti" && side === "left");
}

/** Whether the result is rows of the left side alone. */
export function isHalf(type: LogicalNode<"join">["type"]): boolean {
  return type === "semi" || type === "anti";
}

/** What `a AND b AND …` consists of, in order. */
export function conjunctsOf(predicate: Expr): Expr[] {
  return predicate.kind === "call" && predicate.fn === "and" ? predicate.args.flatMap(conjunctsOf) : [predicate];
}

/** All of them; TRUE of none. */
export function allOf(conjuncts: readonly Expr[]): Expr {
  const [first] = conjuncts;
  if (first === undefined) return { kind: "literal", value: true };
  return conjuncts.length === 1 ? first : { kind: "call", fn: "and", args: conjuncts };
}

export function isTrue(expr: Expr): boolean {
  return expr.kind === "literal" && expr.value === true;
}

/** The sides that an expression reads. */
export function sidesOf(expr: Expr, left: Schema): ReadonlySet<Side> {
  const names = new Set(left.fields.map(({ name }) => name));
  return new Set(exprColumns(expr).map((name): Side => (names.has(name) ? "left" : "right")));
}

/** Columns of the pairs that a condition is asked of. @throws COLUMN_DUP for a name on both sides */
function pairSchema(left: Schema, right: Schema): Schema {
  const names = new Set(left.fields.map(({ name }) => name));
  const twice = right.fields.find(({ name }) => names.has(name));
  if (twice === undefined) return schemaOf([...left.fields, ...right.fields]);
  throw new PlanError("COLUMN_DUP", `column "${twice.name}" is on both sides of a join`, {
    hint: `rename one of them before the join: .select({ …, other: col("${twice.name}") })`,
  });
}

/** Columns of the result: of pairs, or of the left side alone; those of a side that may be missing are NULL then. */
function joinSchema(node: LogicalNode<"join">, left: Schema, right: Schema): Schema {
  const { type, columns } = node;
  const pairs = pairSchema(left, right);
  const optional = (fields: readonly Field[], isOptional: boolean): Field[] =>
    fields.map((known) => (isOptional ? field(known.name, known.type, true) : known));
  const fields = isHalf(type)
    ? left.fields
    : [
        ...optional(left.fields, keepsUnmatched(type, "right")),
        ...optional(right.fields, keepsUnmatched(type, "left")),
      ];
  const kept = columns === null ? fields : fields.filter(({ name }) => columns.includes(name));
  bindPredicate(node.condition, pairs);
  return schemaOf(kept);
}

/** Takes the condition apart. */
function joinCondition({ condition }: LogicalNode<"join">, left: JoinInput, right: JoinInput): JoinCondition {
  const keys: JoinKey[] = [];
  const rest: Expr[] = [];
  let bounds: TimeBounds = { lowMs: Number.NEGATIVE_INFINITY, highMs: Number.POSITIVE_INFINITY };
  const [first, ...more] = conjunctsOf(condition);
  for (const part of first === undefined ? [] : [first, ...more]) {
    for (const bound of boundsOf(part, left, right)) bounds = narrower(bounds, bound);
    // The first part is asked of every pair.
    const key = keyOf(part, left.schema, right.schema, part === first);
    if (key !== null) keys.push(key);
    else if (!isTrue(part)) rest.push(part);
  }
  return { keys, residual: rest.length === 0 ? null : allOf(rest), bounds };
}

/** What equals what, cast to one type; null when it is something else, or may fail, which only pairs shall. */
function keyOf(part: Expr, left: Schema, right: Schema, mayFail: boolean): JoinKey | null {
  if (part.kind !== "call" || (part.fn !== "eq" && part.fn !== "is_not_distinct_from")) return null;
  const [a, b] = part.args as [Expr, Expr];
  const sides = [sidesOf(a, left), sidesOf(b, left)] as const;
  if (sides.some((side) => side.size !== 1)) return null;
  const [of] = [...sides[0]] as [Side];
  if (sides[1].has(of)) return null;
  const ends = of === "left" ? { left: a, right: b } : { left: b, right: a };
  const bound = { left: bindExpr(ends.left, left), right: bindExpr(ends.right, right) };
  const type = commonType([bound.left.type, bound.right.type]);
  if (type === null || isNested(type)) return null;
  if (!mayFail && (mayRaise(bound.left) || mayRaise(bound.right))) return null;
  const castTo = (side: Side): Expr =>
    sameType(bound[side].type, type) ? ends[side] : { kind: "cast", input: ends[side], type, try: false };
  return { left: castTo("left"), right: castTo("right"), nullsEqual: part.fn === "is_not_distinct_from" };
}

/** An event time, of a side, moved by so many milliseconds. */
interface Moment {
  readonly side: Side;
  readonly ms: number;
}

/** What a comparison says of left time − right time. */
function boundsOf(part: Expr, left: JoinInput, right: JoinInput): TimeBounds[] {
  if (part.kind !== "call") return [];
  const { fn, args } = part;
  if (fn === "between") {
    const [value, low, high] = args as [Expr, Expr, Expr];
    return [
      ...boundsOf({ kind: "call", fn: "ge", args: [value, low] }, left, right),
      ...boundsOf({ kind: "call", fn: "le", args: [value, high] }, left, right),
    ];
  }
  if (!["eq", "ge", "gt", "le", "lt"].includes(fn)) return [];
  const [a, b] = args.map((arg) => momentOf(arg, left, right));
  if (a === null || b === null || a === undefined || b === undefined || a.side === b.side) return [];
  // a.t + a.ms OP b.t + b.ms: a.t − b.t OP b.ms − a.ms.
  const ms = a.side === "left" ? b.ms - a.ms : a.ms - b.ms;
  const isLow = (fn === "ge" || fn === "gt") === (a.side === "left");
  return [
    {
      lowMs: fn === "eq" || isLow ? ms : Number.NEGATIVE_INFINITY,
      highMs: fn === "eq" || !isLow ? ms : Number.POSITIVE_INFINITY,
    },
  ];
}

function momentOf(expr: Expr, left: JoinInput, right: JoinInput): Moment | null {
  if (expr.kind === "column") {
    const isLeft = left.schema.fields.some(({ name }) => name === expr.name);
    const { timeColumn, aligned, schema } = isLeft ? left : right;
    const type = schema.fields.find(({ name }) => name === expr.name)?.type;
    // What is finer than a millisecond would have to be rounded.
    if (type === undefined || !isTimestamp(type) || type.precision > 3) return null;
    const ms = expr.name === timeColumn ? 0 : aligned.get(expr.name);
    return ms === undefined ? null : { side: isLeft ? "left" : "right", ms };
  }
  if (expr.kind !== "call" || (expr.fn !== "add" && expr.fn !== "sub")) return null;
  const [a, b] = expr.args as [Expr, Expr];
  const time = momentOf(a, left, right) ?? (expr.fn === "add" ? momentOf(b, left, right) : null);
  const span = intervalOf(b) ?? (expr.fn === "add" ? intervalOf(a) : null);
  if (time === null || span === null) return null;
  return { side: time.side, ms: time.ms + (expr.fn === "add" ? span : -span) };
}

function intervalOf(expr: Expr): number | null {
  return expr.kind === "literal" && expr.type?.kind === "interval" ? Number(expr.value) : null;
}

function narrower(a: TimeBounds, b: TimeBounds): TimeBounds {
  return { lowMs: Math.max(a.lowMs, b.lowMs), highMs: Math.min(a.highMs, b.highMs) };
}

/** How long after its time a row of the side may still find a partner; +Infinity: for ever. */
export function keepMs({ lowMs, highMs }: TimeBounds, side: Side): number {
  return side === "left" ? -lowMs + 0 : highMs;
}

/**
 * A column of the side that tells the event time, and how far it is ahead of it.
 * @param columns - those of the side that are left
 */
export function timeOf({ timeColumn, aligned }: JoinInput, columns: Schema): { name: string; ms: number } | null {
  const has = (name: string): boolean => columns.fields.some((known) => known.name === name);
  if (timeColumn !== null && has(timeColumn)) return { name: timeColumn, ms: 0 };
  const [first] = [...aligned].filter(([name]) => has(name));
  return first === undefined ? null : { name: first[0], ms: first[1] };
}

/** @throws UNSUPPORTED for the first nested column that a step would keep */
export function checkKept(schema: Schema): void {
  const nested = schema.fields.find(({ type }) => type.kind === "array" || type.kind === "map");
  if (nested === undefined) return;
  throw new PlanError("UNSUPPORTED", `a join of rows with "${nested.name}", which is ${typeName(nested.type)}`, {
    hint: "leave it out by .select(), or unnest it before the join",
  });
}

/** How a join is computed, by what is known of its sides. */
export interface JoinPlan extends JoinCondition {
  /** The side that ends and is read first: the other then goes past it and is not kept; null: both are kept. */
  readonly build: Side | null;
  /** Whether rows are freed when the watermark passes the bounds, and go without partner only then. */
  readonly isTimed: boolean;
  /** How far the watermark is held back, for results older than it (S14). */
  readonly holdMs: number;
}

/** @throws COLUMN_DUP, TYPE */
export function planJoin(node: LogicalNode<"join">, left: Properties, right: Properties): JoinPlan {
  const condition = joinCondition(node, left, right);
  const build = buildSide(node, left, right);
  const { lowMs, highMs } = condition.bounds;
  const appends = left.changelog === "append" && right.changelog === "append";
  const isTimed = build === null && appends && Number.isFinite(lowMs) && Number.isFinite(highMs);
  const holdMs = isTimed ? Math.max(0, resultTime(node.type, condition.bounds) === "left" ? -lowMs : highMs) : 0;
  return { ...condition, build, isTimed, holdMs };
}

/** The side whose event time pairs go by: the later of the two where one always is (S71), but none that may be NULL. */
function resultTime(type: LogicalNode<"join">["type"], { lowMs, highMs }: TimeBounds): Side {
  if (type === "right") return "right";
  if (type !== "inner") return "left";
  return Math.max(0, highMs) < Math.max(0, -lowMs) ? "right" : "left";
}

/**
 * A side that ends is read to its end first, so that the other need not be kept and nothing is taken back (S83). Not when
 * rows of it come without partner, and not when both are read from one source: it could not give one side before the other.
 */
function buildSide({ type, left, right }: LogicalNode<"join">, ofLeft: Properties, ofRight: Properties): Side | null {
  const scans = new Set(topological([left]).filter(({ kind }) => isSource(kind)));
  if (topological([right]).some((node) => scans.has(node))) return null;
  if (ofRight.bounded && type !== "right" && type !== "full") return "right";
  return ofLeft.bounded && (type === "inner" || type === "right") ? "left" : null;
}

function isSource(kind: LogicalPlan["kind"]): boolean {
  return kind === "scan" || kind === "unresolved-scan";
}

/** @throws COLUMN_DUP, TYPE, UNKNOWN_COLUMN */
export function deriveJoin(node: LogicalNode<"join">, left: Properties, right: Properties): Properties {
  const { type } = node;
  const schema = joinSchema(node, left.schema, right.schema);
  const { build, isTimed, bounds, keys } = planJoin(node, left, right);
  const has = (name: string): boolean => schema.fields.some((known) => known.name === name);
  const common = {
    schema,
    bounded: left.bounded && right.bounded,
    keys: uniqueColumns(type, keys, left, right)?.every(has) ? uniqueColumns(type, keys, left, right) : null,
    rowPolicy: strictest([left.rowPolicy, right.rowPolicy]),
  };
  if (build === null && !isTimed) {
    const appends = left.changelog === "append" && right.changelog === "append";
    const changelog = appends && (type === "inner" || type === "semi") ? "append" : "retract";
    return { ...common, timeColumn: null, aligned: UNALIGNED, changelog };
  }
  const of = build === null ? resultTime(type, bounds) : otherSide(build);
  const { timeColumn, aligned, changelog } = of === "left" ? left : right;
  // Of rows without partner on either side each would have another time.
  const isMixed = build === null && type === "full";
  return {
    ...common,
    timeColumn: !isMixed && timeColumn !== null && has(timeColumn) ? timeColumn : null,
    aligned: isMixed ? UNALIGNED : new Map([...aligned].filter(([name]) => has(name))),
    changelog: build === null ? "append" : changelog,
  };
}

/** Columns that no two rows of the result have the same values in. */
function uniqueColumns(
  type: LogicalNode<"join">["type"],
  keys: readonly JoinKey[],
  left: Properties,
  right: Properties,
): readonly string[] | null {
  if (isHalf(type)) return left.keys;
  // Whether a row of the other side has one partner of this side at most.
  const isUnique = (side: Side, known: readonly string[] | null): boolean =>
    known?.every((name) => keys.some((key) => key[side].kind === "column" && key[side].name === name)) ?? false;
  if ((type === "inner" || type === "left") && isUnique("right", right.keys)) return left.keys;
  if ((type === "inner" || type === "right") && isUnique("left", left.keys)) return right.keys;
  return left.keys === null || right.keys === null ? null : [...left.keys, ...right.keys];
}
