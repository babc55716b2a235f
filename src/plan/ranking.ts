// Rankings that a filter cuts: `ROW_NUMBER() OVER (…) AS place … WHERE place <= 10` is the first ten rows of each key, which is
// computed without numbering all of them.
import { derive } from "./derive.js";
import type { Expr } from "./expr.js";
import { deduplicate, filter, type LogicalNode, type LogicalPlan, project, type SortKey, topN } from "./logical.js";

/** Places that pass, from 1. */
interface Bounds {
  readonly first: number;
  readonly last: number;
}

/**
 * The filter over a ranking as the first rows of each key, and what is left of the filter above it; null when it is none, or
 * does not say how many rows there may be.
 */
export function topOfFilter(plan: LogicalPlan, predicate: Expr): LogicalPlan | null {
  const columns = plan.kind === "project" ? plan.columns : null;
  const over = plan.kind === "project" ? plan.input : plan;
  const [call, ...more] = over.kind === "over" ? over.calls : [];
  if (over.kind !== "over" || call?.fn !== "row_number" || more.length > 0) return null;
  const isRank = (expr: Expr): boolean => {
    if (expr.kind !== "column") return false;
    const source = columns === null ? expr : columns.find(({ name }) => name === expr.name)?.expr;
    return source?.kind === "column" && source.name === call.name;
  };
  let bounds: Bounds = { first: 1, last: Number.POSITIVE_INFINITY };
  const others: Expr[] = [];
  for (const part of conjuncts(predicate)) {
    const told = boundsOf(part, isRank);
    if (told === null) others.push(part);
    else bounds = { first: Math.max(bounds.first, told.first), last: Math.min(bounds.last, told.last) };
  }
  if (!Number.isFinite(bounds.last)) return null;
  const top = ranked(over, call.name, bounds);
  const shown = columns === null ? top : project(top, columns);
  const [first, ...rest] = others;
  if (first === undefined) return shown;
  return filter(shown, rest.length === 0 ? first : { kind: "call", fn: "and", args: others });
}

function ranked(over: LogicalNode<"over">, rank: string, { first, last }: Bounds): LogicalPlan {
  const { input, keys, order } = over;
  const limit = Math.max(last - first + 1, 0);
  if (limit === 0) {
    const none = topN(input, { keys, order, ties: "first", limit: 1, offset: 0, rank });
    return filter(none, { kind: "literal", value: false });
  }
  const only = first === 1 && last === 1 ? timeOrder(input, order) : null;
  if (only === "ascending" && derive(input).changelog === "append" && keys.length > 0) {
    const earliest = deduplicate(input, { keys, keep: "first", withinMs: null });
    const one: Expr = { kind: "cast", input: { kind: "literal", value: 1 }, type: { kind: "int64" }, try: false };
    const names = derive(input).schema.fields.map(({ name }) => name);
    return project(earliest, [
      ...names.map((name) => ({ name, expr: { kind: "column", name } as const })),
      { name: rank, expr: one },
    ]);
  }
  // Of rows of one time the last one to come is the latest (S81).
  const ties = only === "descending" ? "last" : "first";
  return topN(input, { keys, order, ties, limit, offset: first - 1, rank });
}

/** Which way rows go by event time, and by nothing else; null when they do not. */
function timeOrder(input: LogicalPlan, order: readonly SortKey[]): "ascending" | "descending" | null {
  const [key, ...more] = order;
  const { timeColumn } = derive(input);
  if (timeColumn === null || key?.expr.kind !== "column" || key.expr.name !== timeColumn || more.length > 0)
    return null;
  return key.descending ? "descending" : "ascending";
}

/** The places that a condition lets pass; null when it is about something else, too. */
function boundsOf(expr: Expr, isRank: (expr: Expr) => boolean): Bounds | null {
  if (expr.kind !== "call") return null;
  const [left, right, third] = expr.args;
  if (left === undefined || right === undefined) return null;
  const open = Number.POSITIVE_INFINITY;
  if (expr.fn === "between" && third !== undefined && isRank(left)) {
    const [low, high] = [numberOf(right), numberOf(third)];
    return low === null || high === null ? null : { first: Math.ceil(low), last: Math.floor(high) };
  }
  const flipped = isRank(right);
  const value = numberOf(flipped ? left : right);
  if (value === null || !(flipped || isRank(left))) return null;
  const fn = flipped ? (FLIPPED[expr.fn] ?? expr.fn) : expr.fn;
  switch (fn) {
    case "eq":
      return Number.isInteger(value) ? { first: value, last: value } : null;
    case "le":
      return { first: 1, last: Math.floor(value) };
    case "lt":
      return { first: 1, last: Math.ceil(value) - 1 };
    case "ge":
      return { first: Math.ceil(value), last: open };
    case "gt":
      return { first: Math.floor(value) + 1, last: open };
    default:
      return null;
  }
}

const FLIPPED: Readonly<Record<string, string>> = { lt: "gt", le: "ge", gt: "lt", ge: "le" };

/** Beyond this a place has no 32 bits. */
const PLACE_MAX = 2 ** 30;

function numberOf(expr: Expr): number | null {
  if (expr.kind !== "literal") return null;
  const value = typeof expr.value === "bigint" ? Number(expr.value) : expr.value;
  return typeof value === "number" && Math.abs(value) <= PLACE_MAX ? value : null;
}

function conjuncts(predicate: Expr): Expr[] {
  return predicate.kind === "call" && predicate.fn === "and" ? predicate.args.flatMap(conjuncts) : [predicate];
}
