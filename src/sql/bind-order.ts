// ORDER BY, LIMIT and OFFSET: sort items as columns of what is selected, or as columns beside it that are dropped again.

import type { Expr } from "../plan/expr.js";
import type { NamedExpr, SortKey } from "../plan/logical.js";
import { sameData } from "../plan/walk.js";
import type { Expression, Query, SortItem, Span } from "./ast.js";
import { type Places, uniqueName } from "./bind-scope.js";

/** What a query does with its rows: their order, and how many of them it wants. */
export interface Ordering {
  readonly items: readonly SortItem[];
  readonly limit: number | null;
  readonly offset: number;
}

/** Numbers of rows have 32 bits. */
const COUNT_MAX = 2 ** 30;

/** The query's order and limits; null when it has none. @throws SqlError OPTION, UNSUPPORTED */
export function orderingOf({ orderBy, limit, offset }: Query, places: Places): Ordering | null {
  if (orderBy.length === 0 && limit === null && offset === null) return null;
  const count = (expression: Expression | null, name: string): number | null => {
    if (expression === null) return null;
    if (expression.kind !== "number")
      throw places.unsupported(`${name} of anything but a number is`, expression.span, "write it");
    const value = Number(expression.text);
    if (Number.isInteger(value) && value <= COUNT_MAX) return value;
    throw places.error("OPTION", `${name} is ${expression.text}`, expression.span, `a whole number up to ${COUNT_MAX}`);
  };
  return { items: orderBy, limit: count(limit, "LIMIT"), offset: count(offset, "OFFSET") ?? 0 };
}

export interface NamedItem extends NamedExpr {
  readonly span: Span;
}

/**
 * The columns that rows are sorted by: selected ones, by name or place, and others, which are made beside them.
 * @param bind - an expression over the rows that the columns are selected from
 * @param isValue - whether equal expressions are equal values
 * @throws SqlError OPTION for a place that is none, and what `bind` does
 */
export function sortColumns(
  items: readonly SortItem[],
  selected: readonly NamedItem[],
  places: Places,
  bind: (expression: Expression) => Expr,
  isValue: (expr: Expr) => boolean,
): { readonly order: readonly SortKey[]; readonly hidden: readonly NamedItem[] } {
  const hidden: NamedItem[] = [];
  const used = new Set(selected.map(({ name }) => name));
  const nameOf = (expression: Expression): string => {
    if (expression.kind === "number") {
      const place = selected[Number(expression.text) - 1];
      if (place !== undefined) return place.name;
      const message = `ORDER BY ${expression.text} of ${selected.length} columns`;
      throw places.error("OPTION", message, expression.span, "a place counts from 1; or write the column");
    }
    const [name, ...path] = expression.kind === "column" ? expression.name.parts : [];
    if (name !== undefined && path.length === 0 && used.has(name.name)) return name.name;
    const expr = bind(expression);
    const known = isValue(expr) ? selected.find((item) => sameData(item.expr, expr)) : undefined;
    if (known !== undefined) return known.name;
    const own = uniqueName(`order_${hidden.length}`, used);
    hidden.push({ name: own, expr, span: expression.span });
    return own;
  };
  const order = items.map(({ expression, descending, nulls }): SortKey => {
    const nullsFirst = nulls === null ? !descending : nulls === "FIRST";
    return { expr: { kind: "column", name: nameOf(expression) }, descending, nullsFirst };
  });
  return { order, hidden };
}
