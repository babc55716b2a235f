// Small tables and expressions for tests of the planner.
import { parseSchema } from "../../src/arrow/types.js";
import type { Expr, LiteralValue } from "../../src/plan/expr.js";
import type { LogicalPlan, NamedExpr, TableRef, WatermarkSpec } from "../../src/plan/logical.js";
import * as logical from "../../src/plan/logical.js";
import type { RowPolicy } from "../../src/plan/policy.js";

export const table = (name: string): TableRef => ({ id: name, connector: "memory", name, options: {} });

export function scan(
  name: string,
  schema: Record<string, string>,
  options: { bounded?: boolean; rowPolicy?: RowPolicy } = {},
): LogicalPlan {
  const { bounded = true, rowPolicy = "fail" } = options;
  return logical.scan(table(name), parseSchema(schema), { bounded, rowPolicy });
}

export const col = (name: string): Expr => ({ kind: "column", name });
export const lit = (value: LiteralValue): Expr => ({ kind: "literal", value });
export const call = (fn: string, ...args: Expr[]): Expr => ({ kind: "call", fn, args });
export const named = (columns: Record<string, Expr>): NamedExpr[] =>
  Object.entries(columns).map(([name, expr]) => ({ name, expr }));

export function watermark(input: LogicalPlan, column: string, options: Partial<WatermarkSpec> = {}): LogicalPlan {
  return logical.watermark(input, {
    column,
    delayMs: 0,
    idleMs: null,
    quietMs: null,
    maxFutureDriftMs: null,
    ...options,
  });
}

export function window(
  input: LogicalPlan,
  keys: Record<string, Expr>,
  aggregates: Record<string, [fn: string, ...args: Expr[]]>,
  options: { sizeMs?: number; offsetMs?: number; latenessMs?: number } = {},
): LogicalPlan {
  const { sizeMs = 10, offsetMs = 0, latenessMs = 0 } = options;
  return logical.windowAggregate(input, {
    window: { kind: "tumble", sizeMs, offsetMs },
    latenessMs,
    windowColumns: { start: "windowStart", end: "windowEnd", time: "windowTime" },
    keys: named(keys),
    aggregates: aggregateCalls(aggregates),
  });
}

export function aggregate(
  input: LogicalPlan,
  keys: Record<string, Expr>,
  aggregates: Record<string, [fn: string, ...args: Expr[]]>,
): LogicalPlan {
  return logical.aggregate(input, named(keys), aggregateCalls(aggregates));
}

function aggregateCalls(aggregates: Record<string, [fn: string, ...args: Expr[]]>): logical.AggregateCall[] {
  return Object.entries(aggregates).map(([name, [fn, ...args]]) => ({ name, fn, args }));
}

export const sink = (input: LogicalPlan, name = "out"): LogicalPlan => logical.sink(input, table(name));
