// Short ways to write expressions in tests.
import { type DataType, parseType } from "../../src/arrow/types.js";
import type { Expr, LiteralValue } from "../../src/plan/expr.js";
import type { Case } from "./cases.js";

export const lit = (value: LiteralValue, type?: string): Expr => {
  return type === undefined ? { kind: "literal", value } : { kind: "literal", value, type: parseType(type).type };
};
export const col = (name: string): Expr => ({ kind: "column", name });
export const call = (fn: string, ...args: Expr[]): Expr => ({ kind: "call", fn, args });
export const cast = (input: Expr, type: string): Expr => ({
  kind: "cast",
  input,
  type: parseType(type).type,
  try: false,
});
export const tryCast = (input: Expr, type: string): Expr => ({ ...cast(input, type), try: true }) as Expr;
export const when = (branches: readonly (readonly [Expr, Expr])[], otherwise: Expr | null = null): Expr => ({
  kind: "case",
  branches: branches.map(([condition, then]) => ({ when: condition, then })),
  otherwise,
});

export const typeOf = (text: string): DataType => parseType(text).type;

/** The expression of a case over these arguments. */
export function caseExpr(entry: Case, args: readonly Expr[]): Expr {
  const [first] = args as [Expr];
  if (entry.fn === "CAST") return cast(first, entry.type);
  return entry.fn === "TRY_CAST" ? tryCast(first, entry.type) : call(entry.fn, ...args);
}
