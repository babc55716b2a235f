// The direct parts of an expression, bound or not: one walk for both. And other columns put into it.
import type { BoundExpr, Expr } from "./expr.js";
import type { NamedExpr } from "./logical.js";

export function childrenOf(node: BoundExpr): readonly BoundExpr[];
export function childrenOf(node: Expr): readonly Expr[];
export function childrenOf(node: Expr | BoundExpr): readonly (Expr | BoundExpr)[] {
  switch (node.kind) {
    case "column":
    case "literal":
      return [];
    case "call":
      return node.args;
    case "cast":
      return [node.input];
    case "case": {
      const branches = node.branches.flatMap(({ when, then }) => [when, then]);
      return node.otherwise === null ? branches : [...branches, node.otherwise];
    }
  }
}

/** The expression with each of its direct parts changed. */
export function changeChildren(expr: Expr, change: (child: Expr) => Expr): Expr {
  switch (expr.kind) {
    case "column":
    case "literal":
      return expr;
    case "call":
      return { ...expr, args: expr.args.map(change) };
    case "cast":
      return { ...expr, input: change(expr.input) };
    case "case":
      return {
        ...expr,
        branches: expr.branches.map(({ when, then }) => ({ when: change(when), then: change(then) })),
        otherwise: expr.otherwise === null ? null : change(expr.otherwise),
      };
  }
}

/** The expression with column names replaced by what a projection computes them from. */
export function substitute(expr: Expr, columns: readonly NamedExpr[]): Expr {
  if (expr.kind === "column") return columns.find(({ name }) => name === expr.name)?.expr ?? expr;
  return changeChildren(expr, (child) => substitute(child, columns));
}
