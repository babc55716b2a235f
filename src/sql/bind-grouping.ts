// GROUP BY → the lists of keys to group by: one, or several for GROUPING SETS, ROLLUP and CUBE. Several are as many groupings
// of the same rows, put together: what a grouping has no key for is NULL in its rows.
import type { Expr } from "../plan/expr.js";
import type { NamedExpr } from "../plan/logical.js";
import type { Expression, GroupBy, GroupElement, GroupingSets, NumberLiteral } from "./ast.js";
import type { Places } from "./bind-scope.js";

/** More groupings than this are a mistake: CUBE of eight keys has 256. */
const SETS_MAX = 256;

type KeyList = readonly Expr[];

/**
 * The groupings of a GROUP BY: the product of its elements.
 * @param items - what SELECT says: GROUP BY 1 is its first
 * @param bind - binds a key; throws for an aggregate
 */
export function groupingsOf(
  { elements }: GroupBy,
  items: readonly NamedExpr[],
  bind: (key: Expression) => Expr,
  places: Places,
): readonly KeyList[] {
  const keyOf = (element: Expression): Expr =>
    element.kind === "number" ? itemAt(element, items, places) : bind(element);
  const setsOf = (element: GroupElement): readonly KeyList[] => {
    if (element.kind === "row") return [element.items.map(keyOf)];
    if (element.kind !== "grouping") return [[keyOf(element)]];
    const parts = element.elements.map(setsOf);
    switch (element.type) {
      case "GROUPING SETS":
        return parts.flat();
      case "ROLLUP":
        return parts.map((_, dropped) => joined(parts, parts.length - dropped)).concat([[]]);
      case "CUBE":
        return subsets(parts, element, places);
    }
  };
  let sets: readonly KeyList[] = [[]];
  for (const element of elements) {
    const own = setsOf(element);
    if (sets.length * own.length > SETS_MAX) throw tooMany(element, places);
    sets = sets.flatMap((before) => own.map((keys) => [...before, ...keys]));
  }
  return sets;
}

/** The first `count` elements as one list of keys. */
function joined(parts: readonly (readonly KeyList[])[], count: number): KeyList {
  return parts.slice(0, count).flatMap((sets) => sets.flat());
}

/** From all elements to none, in the order of SQL's examples: (a, b), (a), (b), (). */
function subsets(parts: readonly (readonly KeyList[])[], element: GroupingSets, places: Places): KeyList[] {
  if (2 ** parts.length > SETS_MAX) throw tooMany(element, places);
  return Array.from({ length: 2 ** parts.length }, (_, number) =>
    parts.filter((__, index) => (number & (1 << (parts.length - 1 - index))) === 0).flatMap((sets) => sets.flat()),
  );
}

function itemAt({ text, span }: NumberLiteral, items: readonly NamedExpr[], places: Places): Expr {
  const item = items[Number(text) - 1];
  if (item !== undefined) return item.expr;
  throw places.error("TYPE", `GROUP BY ${text} of ${items.length} columns`, span, "count from 1, or write the column");
}

function tooMany({ span }: GroupElement, places: Places): Error {
  return places.error(
    "UNSUPPORTED",
    `more than ${SETS_MAX} groupings`,
    span,
    "name those that are wanted: GROUPING SETS",
  );
}
