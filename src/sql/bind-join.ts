// Joins in FROM: columns of both sides under names of their own in the plan, conditions of ON, USING and NATURAL.
import type { Field } from "../arrow/types.js";
import { hintNames } from "../errors.js";
import { bindPredicate } from "../plan/bind-expr.js";
import { derive } from "../plan/derive.js";
import type { Expr } from "../plan/expr.js";
import { allOf } from "../plan/join.js";
import { type JoinType, join, withColumns } from "../plan/logical.js";
import type { Identifier, Join } from "./ast.js";
import { ExpressionBinder } from "./bind-expressions.js";
import { apart, type Places, type Relation, type ScopeColumn, schemaOfRelation, uniqueName } from "./bind-scope.js";

const TYPES: Readonly<Record<Join["type"], JoinType>> = {
  INNER: "inner",
  LEFT: "left",
  RIGHT: "right",
  FULL: "full",
  CROSS: "inner",
};

/** @throws SqlError UNKNOWN_COLUMN, TYPE, UNSUPPORTED */
export function joined(table: Join, left: Relation, given: Relation, places: Places): Relation {
  for (const { window } of [left, given]) {
    if (window === null) continue;
    const hint = "group them by window_start and window_end in a subquery, and join that";
    throw places.unsupported("joins of rows that are not grouped by their windows are", table.span, hint);
  }
  const right = apart(given, new Set(derive(left.plan).schema.fields.map(({ name }) => name)));
  const type = TYPES[table.type];
  const shared = table.natural ? sharedNames(left, right, table) : table.using;
  const pairs = shared.map((name) => ({ name, left: named(name, left, places), right: named(name, right, places) }));
  const both: Relation = { plan: left.plan, columns: [...left.columns, ...right.columns], window: null };
  const parts = pairs.map(
    (pair): Expr => ({ kind: "call", fn: "eq", args: [columnOf(pair.left.field), columnOf(pair.right.field)] }),
  );
  if (table.on !== null) parts.push(new ExpressionBinder(both, places).bind(table.on));
  const condition = allOf(parts);
  const span = table.on?.span ?? table.span;
  places.check(condition, schemaOfRelation(both), span);
  places.at(span, () => bindPredicate(condition, schemaOfRelation(both)));
  const plan = join(left.plan, right.plan, { type, condition });
  const { fields } = places.at(table.span, () => derive(plan).schema);
  const columns = both.columns.map((column) => ({
    ...column,
    field: fields.find(({ name }) => name === column.field.name) as Field,
  }));
  return pairs.length === 0 ? { plan, columns, window: null } : merged({ plan, columns, window: null }, pairs, type);
}

interface Pair {
  readonly name: Identifier;
  readonly left: ScopeColumn;
  readonly right: ScopeColumn;
}

/** Columns of USING are one, and come first: the value of the side that has it. */
function merged(relation: Relation, pairs: readonly Pair[], type: JoinType): Relation {
  const used = new Set(derive(relation.plan).schema.fields.map(({ name }) => name));
  const coalesced = pairs.map((pair) => ({
    name: uniqueName(pair.name.name, used),
    expr: { kind: "call" as const, fn: "coalesce", args: [columnOf(pair.left.field), columnOf(pair.right.field)] },
  }));
  const plan = type === "full" ? withColumns(relation.plan, coalesced) : relation.plan;
  const { fields } = derive(plan).schema;
  const fieldOf = (name: string): Field => fields.find((field) => field.name === name) as Field;
  const firsts = pairs.map((pair, index): ScopeColumn => {
    const own = type === "right" ? pair.right : pair.left;
    const name = type === "full" ? (coalesced[index]?.name ?? "") : own.field.name;
    return { qualifier: type === "full" ? null : own.qualifier, name: pair.name.name, field: fieldOf(name) };
  });
  const gone = new Set(pairs.flatMap((pair) => [pair.left.field.name, pair.right.field.name]));
  return { plan, columns: [...firsts, ...relation.columns.filter(({ field }) => !gone.has(field.name))], window: null };
}

function sharedNames(left: Relation, right: Relation, { span }: Join): Identifier[] {
  const names = new Set(right.columns.map(({ name }) => name));
  return left.columns.flatMap(({ name }) => (names.has(name) ? [{ kind: "identifier", name, span }] : []));
}

function named({ name, span }: Identifier, { columns }: Relation, places: Places): ScopeColumn {
  const found = columns.filter((column) => column.name === name);
  if (found.length === 1) return found[0] as ScopeColumn;
  const names = columns.map((column) => column.name);
  const hint = found.length > 1 ? "write ON a.x = b.x" : hintNames(name, names, "columns");
  const message = found.length > 1 ? `column "${name}" is in several tables` : `no column "${name}" to join by`;
  throw places.error("UNKNOWN_COLUMN", message, span, hint);
}

function columnOf({ name }: Field): Expr {
  return { kind: "column", name };
}
