// Computes bound expressions without WASM: constants when a plan is made, single rows where there is no batch. The same
// semantics as operators/evaluate; a table of cases that both must pass is in the tests.
import type { DataType } from "../arrow/types.js";
import { childrenOf } from "./children.js";
import type { BoundExpr, BoundValue } from "./expr.js";
import { FUNCTIONS } from "./functions.js";
import { castValue } from "./scalar/cast.js";
import { SCALAR_FUNCTIONS } from "./scalar/index.js";
import { Failure, type Outcome, type ScalarFunction } from "./scalar/value.js";

/** The value, the failure of computing it, or undefined when it depends on columns. */
export function evaluateConstant(expr: BoundExpr): Outcome | undefined {
  return isConstant(expr) ? evaluateRow(expr, noColumn) : undefined;
}

/** Whether no column is read. */
function isConstant(expr: BoundExpr): boolean {
  if (expr.kind === "call" && FUNCTIONS.get(expr.fn)?.volatile) return false;
  return expr.kind !== "column" && childrenOf(expr).every(isConstant);
}

/** The expression on one row, whose columns `cell` gives. Only what decides the result is evaluated. */
export function evaluateRow(expr: BoundExpr, cell: (index: number) => BoundValue): Outcome {
  switch (expr.kind) {
    case "column":
      return cell(expr.index);
    case "literal":
      return expr.value;
    case "cast": {
      const input = evaluateRow(expr.input, cell);
      if (input instanceof Failure) return input;
      const value = castValue(input, expr.input.type, expr.type);
      return value instanceof Failure && expr.try ? null : value;
    }
    case "case": {
      for (const { when, then } of expr.branches) {
        const holds = evaluateRow(when, cell);
        if (holds instanceof Failure) return holds;
        if (holds === true) return evaluateRow(then, cell);
      }
      return expr.otherwise === null ? null : evaluateRow(expr.otherwise, cell);
    }
    case "call":
      return evaluateCall(expr, cell);
  }
}

function evaluateCall(expr: Extract<BoundExpr, { kind: "call" }>, cell: (index: number) => BoundValue): Outcome {
  if (expr.fn === "and") return decide(expr.args, false, cell);
  if (expr.fn === "or") return decide(expr.args, true, cell);
  if (expr.fn === "coalesce") {
    for (const arg of expr.args) {
      const value = evaluateRow(arg, cell);
      if (value !== null) return value;
    }
    return null;
  }
  const values: BoundValue[] = [];
  for (const arg of expr.args) {
    const value = evaluateRow(arg, cell);
    if (value instanceof Failure) return value;
    values.push(value);
  }
  if (FUNCTIONS.get(expr.fn)?.nulls === "strict" && values.includes(null)) return null;
  return scalarOf(expr.fn)(values, { args: argumentTypes(expr), type: expr.type });
}

/** What a function gives on one row. */
export function scalarOf(fn: string): ScalarFunction {
  return (SCALAR_FUNCTIONS[fn] ?? FUNCTIONS.get(fn)?.scalar) as ScalarFunction;
}

/** Types of a call's arguments. */
export function argumentTypes(expr: Extract<BoundExpr, { kind: "call" }>): DataType[] {
  return expr.args.map((arg) => arg.type);
}

/** AND and OR: the first argument that is `decisive` ends it; otherwise NULL if one was NULL. */
function decide(args: readonly BoundExpr[], decisive: boolean, cell: (index: number) => BoundValue): Outcome {
  let result: BoundValue = !decisive;
  for (const arg of args) {
    const value = evaluateRow(arg, cell);
    if (value instanceof Failure || value === decisive) return value;
    if (value === null) result = null;
  }
  return result;
}

function noColumn(): never {
  throw new TypeError("a constant reads no column");
}
