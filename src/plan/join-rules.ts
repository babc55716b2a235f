// Rules of the optimizer for joins: filters above them become conditions, and what a condition asks of one side alone goes
// below it, where no row without partner depends on it.
import { bindExpr } from "./bind-expr.js";
import { derive } from "./derive.js";
import type { Expr } from "./expr.js";
import { allOf, conjunctsOf, isHalf, isTrue, keepsUnmatched, type Side, sidesOf } from "./join.js";
import { filter, type LogicalNode, type LogicalPlan } from "./logical.js";
import { mayRaise } from "./raise.js";
import { type Program, rewrite, sharedNodes } from "./walk.js";

const SIDES = ["left", "right"] as const;

/**
 * The filter over a join: what reads one side alone goes into that side, unless the join makes NULLs of its columns; of an inner join the rest
 * joins the condition. What may fail on a row, and all behind it, stays.
 */
export function filterIntoJoins(program: Program): Program {
  const shared = sharedNodes(program);
  return rewrite(program, (node, old) => {
    if (node.kind !== "filter" || node.input.kind !== "join" || shared.has((old as LogicalNode<"filter">).input))
      return node;
    const { input: join } = node;
    const { schema } = derive(join);
    const parts = conjunctsOf(node.predicate);
    const end = parts.findIndex((part) => mayRaise(bindExpr(part, schema)));
    const movable = end < 0 ? parts : parts.slice(0, end);
    const below: Record<Side, Expr[]> = { left: [], right: [] };
    const inside: Expr[] = [];
    const above = parts.slice(movable.length);
    for (const part of movable) {
      const side = onlySide(part, join);
      const isOptional =
        side !== null && keepsUnmatched(join.type, side === "left" ? "right" : "left") && !isHalf(join.type);
      if (side !== null && !isOptional) below[side].push(part);
      else if (join.type === "inner") inside.push(part);
      else above.push(part);
    }
    if (above.length === parts.length) return node;
    const changed = withFilters(join, below, [...conjunctsOf(join.condition), ...inside], node.uid);
    return above.length === 0 ? changed : Object.freeze({ ...node, input: changed, predicate: allOf(above) });
  });
}

/** Of the condition what reads one side alone, where rows of that side without partner go nowhere. */
export function conditionsBelowJoins(program: Program): Program {
  return rewrite(program, (node) => {
    if (node.kind !== "join") return node;
    const parts = conjunctsOf(node.condition);
    const below: Record<Side, Expr[]> = { left: [], right: [] };
    const rest: Expr[] = [];
    for (const part of parts) {
      const side = onlySide(part, node);
      const raises = side !== null && mayRaise(bindExpr(part, derive(node[side]).schema));
      if (side !== null && !raises && !keepsUnmatched(node.type, side)) below[side].push(part);
      else rest.push(part);
    }
    return rest.length === parts.length ? node : withFilters(node, below, rest, node.uid);
  });
}

function onlySide(part: Expr, { left, right }: LogicalNode<"join">): Side | null {
  const sides = sidesOf(part, derive(left).schema);
  const [only] = sides;
  if (sides.size !== 1 || only === undefined) return null;
  const { schema } = derive(only === "left" ? left : right);
  return schema.fields.length > 0 ? only : null;
}

function withFilters(
  join: LogicalNode<"join">,
  below: Readonly<Record<Side, readonly Expr[]>>,
  condition: readonly Expr[],
  uid: string | undefined,
): LogicalPlan {
  const [left, right] = SIDES.map((side): LogicalPlan => {
    if (below[side].length === 0) return join[side];
    const made = filter(join[side], allOf(below[side]));
    return uid === undefined ? made : Object.freeze({ ...made, uid: `${uid}/${side}` });
  }) as [LogicalPlan, LogicalPlan];
  return Object.freeze({ ...join, left, right, condition: allOf(condition.filter((part) => !isTrue(part))) });
}
