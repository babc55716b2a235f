// Queries in conditions and as values, as joins: EXISTS and IN become a semi join, NOT EXISTS and NOT IN an anti join, a query as
// a value a left join with its one row. A query that reads columns of the rows around it is decorrelated: what it says of them
// becomes the join's condition.
import { exprColumns } from "../plan/bind-expr.js";
import { substitute } from "../plan/children.js";
import { derive } from "../plan/derive.js";
import type { Expr } from "../plan/expr.js";
import { allOf } from "../plan/join.js";
import {
  aggregate,
  filter,
  type JoinType,
  join,
  type LogicalPlan,
  type NamedExpr,
  project,
  withColumns,
} from "../plan/logical.js";
import type { Call, Exists, Expression, InQuery, Query, Select, Span, Subquery } from "./ast.js";
import { ExpressionBinder } from "./bind-expressions.js";
import { AGGREGATE_NAMES } from "./bind-functions.js";
import { Groups } from "./bind-groups.js";
import { apart, type Places, type Relation, relationOf, schemaOfRelation, uniqueName } from "./bind-scope.js";

/** EXISTS or IN as one of the conditions that all have to hold. */
export interface QueryTest {
  readonly test: Exists | InQuery;
  readonly negated: boolean;
}

/** What the binder of queries does for those inside. */
export interface QueryParts {
  query(query: Query): LogicalPlan;
  from(select: Select): Relation;
  /** WHERE, with the queries in it. */
  where(relation: Relation, conditions: readonly Expression[]): Relation;
}

/** A query inside: its rows under names of their own, and what it asks of the rows around it. */
interface Inner {
  readonly relation: Relation;
  readonly conditions: readonly Expr[];
}

const call = (fn: string, ...args: readonly Expr[]): Expr => ({ kind: "call", fn, args });
const column = (name: string): Extract<Expr, { kind: "column" }> => ({ kind: "column", name });
const ZERO: Expr = { kind: "literal", value: 0 };

/** What `a AND b AND …` consists of. */
export function conditionsOf(condition: Expression): readonly Expression[] {
  return condition.kind === "logical" && condition.op === "AND"
    ? condition.operands.flatMap(conditionsOf)
    : [condition];
}

/** The condition as a test of a query; null when it is another. */
export function queryTestOf(condition: Expression, negated = false): QueryTest | null {
  if (condition.kind === "exists") return { test: condition, negated };
  if (condition.kind === "in-query") return { test: condition, negated: condition.negated !== negated };
  if (condition.kind === "unary" && condition.op === "NOT") return queryTestOf(condition.operand, !negated);
  return null;
}

export class Subqueries {
  readonly #places: Places;
  readonly #parts: QueryParts;

  constructor(places: Places, parts: QueryParts) {
    this.#places = places;
    this.#parts = parts;
  }

  /** The rows of which the test is TRUE. */
  tested(outer: Relation, { test, negated }: QueryTest): Relation {
    const { relation, conditions } = this.#inner(test.query, outer);
    if (test.kind === "exists") return this.#matched(outer, relation.plan, conditions, negated);
    const [found, ...more] = relation.columns.filter(({ qualifier }) => qualifier === RESULT);
    if (found === undefined || more.length > 0) {
      const message = `IN compares one value, the query gives ${more.length + 1}`;
      throw this.#places.error("TYPE", message, test.query.span, "select one column");
    }
    const value = new ExpressionBinder(outer, this.#places).bind(test.operand);
    const equal = call("eq", value, column(found.field.name));
    const check = this.#places.check(value, schemaOfRelation(outer), test.operand.span);
    if (!negated || (!check.field.nullable && !found.field.nullable)) {
      return this.#matched(outer, relation.plan, [...conditions, equal], negated);
    }
    if (conditions.length > 0) {
      const hint = `say NOT EXISTS, or leave NULLs out: … IS NOT NULL`;
      throw this.#places.unsupported(
        "NOT IN of a query that reads the rows around it, with NULLs, is",
        test.span,
        hint,
      );
    }
    return this.#notIn(outer, relation.plan, value, found.field.name);
  }

  /** A query as a value: the rows with its columns, and the value over them. */
  valued(outer: Relation, { query, span }: Subquery): { readonly relation: Relation; readonly value: Expr } {
    const select = onlySelect(query);
    const [item] = select?.items ?? [];
    if (select === null || select.groupBy !== null || item?.kind !== "item" || !isAggregate(item.expression)) {
      const hint = "aggregate it: (SELECT MAX(x) FROM …) has one row";
      throw this.#places.unsupported("a query as a value that may have several rows is", span, hint);
    }
    if (select.items.length > 1 || select.having !== null) {
      throw this.#places.error("TYPE", "a query as a value selects one", span, "select one aggregate, without HAVING");
    }
    const used = namesOf(outer.plan);
    const { relation, correlated } = this.#split(select, outer, new Set(used));
    const keys = correlated.map((condition) => this.#equality(condition, used, span));
    const groups = new Groups(this.#places);
    const expr = new ExpressionBinder(relation, this.#places, groups.take).bind(item.expression);
    const inner = keys.map((key) => key.inner);
    const plan = groups.plan(relation, [inner], [{ name: "value", expr }], span);
    const value = groups.lift(expr, span);
    // Of no rows COUNT is 0, and a group that is not there has none.
    const counts = plan.kind === "aggregate" ? plan.aggregates.filter(({ fn }) => fn.startsWith("count")) : [];
    const names = new Set(used);
    const renamed = derive(plan).schema.fields.map(({ name }) => ({
      name: uniqueName(name, names),
      expr: column(name),
    }));
    const read = renamed.map(({ name, expr: { name: old } }): NamedExpr => {
      const isCount = counts.some((count) => count.name === old);
      return { name: old, expr: isCount ? call("coalesce", column(name), ZERO) : column(name) };
    });
    const right = project(plan, renamed);
    const on = keys.map((key) => call("eq", key.outer, substitute(groups.lift(key.inner, span), read)));
    const joined = this.#joined(outer.plan, right, "left", on);
    const made = derive(joined).schema.fields.filter(({ name }) => !used.has(name));
    const hidden = made.map((field) => ({ qualifier: null, name: RESULT, field }));
    const around = [...(outer.around ?? []), ...hidden];
    return { relation: { ...outer, plan: joined, around }, value: substitute(value, read) };
  }

  #matched(outer: Relation, inner: LogicalPlan, conditions: readonly Expr[], negated: boolean): Relation {
    return { ...outer, plan: this.#joined(outer.plan, inner, negated ? "anti" : "semi", conditions) };
  }

  /** Without any condition, by a constant on both sides: a join goes by equal columns. */
  #joined(left: LogicalPlan, right: LogicalPlan, type: JoinType, conditions: readonly Expr[]): LogicalPlan {
    if (conditions.length > 0) return join(left, right, { type, condition: allOf(conditions) });
    const used = new Set([left, right].flatMap((plan) => derive(plan).schema.fields.map(({ name }) => name)));
    const [a, b] = [uniqueName("one", used), uniqueName("one", used)];
    const one: Expr = { kind: "literal", value: 1 };
    const both = join(withColumns(left, [{ name: a, expr: one }]), withColumns(right, [{ name: b, expr: one }]), {
      type,
      condition: call("eq", column(a), column(b)),
    });
    return project(
      both,
      derive(both)
        .schema.fields.filter(({ name }) => name !== a && name !== b)
        .map(named),
    );
  }

  /**
   * NOT IN where there may be NULLs (S48): a NULL on the left passes only when the query has no rows, and one on the right lets
   * nothing pass that it does not hold. So each row is told how many rows the query has, and how many that are not NULL.
   */
  #notIn(outer: Relation, inner: LogicalPlan, value: Expr, found: string): Relation {
    const { fields } = derive(outer.plan).schema;
    const used = new Set([...fields, ...derive(inner).schema.fields].map(({ name }) => name));
    const [rows, values] = [uniqueName("rows", used), uniqueName("values", used)];
    const counts = aggregate(
      inner,
      [],
      [
        { name: rows, fn: "count_star", args: [] },
        { name: values, fn: "count", args: [column(found)] },
      ],
    );
    const counted = this.#joined(outer.plan, counts, "inner", []);
    const known = call("and", call("is_not_null", value), call("eq", column(rows), column(values)));
    const possible = filter(counted, call("or", call("eq", column(rows), ZERO), known));
    const unmatched = this.#joined(possible, inner, "anti", [call("eq", value, column(found))]);
    return { ...outer, plan: project(unmatched, fields.map(named)) };
  }

  #inner(query: Query, outer: Relation): Inner {
    const names = namesOf(outer.plan);
    const select = onlySelect(query);
    if (select === null || select.groupBy !== null || select.having !== null || select.items.some(selectsAggregate)) {
      const plan = this.#parts.query(query);
      return { relation: apart(relationOf(plan, derive(plan).schema, RESULT), names), conditions: [] };
    }
    const { relation, correlated } = this.#split(select, outer, names);
    const binder = new ExpressionBinder(relation, this.#places);
    const items = select.items.flatMap((item): NamedExpr[] =>
      item.kind === "item" ? [{ name: uniqueName("item", names), expr: binder.bind(item.expression) }] : [],
    );
    for (const { expr } of items) this.#places.check(expr, schemaOfRelation(relation), query.span);
    const plan = items.length === 0 ? relation.plan : withColumns(relation.plan, items);
    const results = derive(plan).schema.fields.filter(({ name }) => items.some((item) => item.name === name));
    // Of SELECT * the columns of the tables are what it gives.
    const given = results.length > 0 ? results : relation.columns.map(({ field }) => field);
    const columns = given.map((field) => ({ qualifier: RESULT, name: field.name, field }));
    return { relation: { ...relation, plan, columns }, conditions: correlated };
  }

  /** FROM and WHERE of a query inside: its rows, under names apart from `names`, and what it says of the rows around it. */
  #split(
    select: Select,
    outer: Relation,
    names: Set<string>,
  ): { readonly relation: Relation; readonly correlated: readonly Expr[] } {
    const outerNames = namesOf(outer.plan);
    const from = apart(this.#parts.from(select), names);
    const scope: Relation = { ...from, around: [...outer.columns, ...(outer.around ?? [])] };
    const own: Expression[] = [];
    const correlated: Expr[] = [];
    for (const condition of select.where === null ? [] : conditionsOf(select.where)) {
      const bound = holds(condition, isQuery) ? null : new ExpressionBinder(scope, this.#places).bind(condition);
      if (bound === null || !exprColumns(bound).some((name) => outerNames.has(name))) own.push(condition);
      else {
        this.#places.check(bound, schemaOfRelation(scope), condition.span);
        correlated.push(bound);
      }
    }
    return { relation: this.#parts.where(from, own), correlated };
  }

  /** `inner = outer`, whichever stands first. */
  #equality(condition: Expr, names: ReadonlySet<string>, span: Span): { readonly inner: Expr; readonly outer: Expr } {
    const isOuter = (expr: Expr) => exprColumns(expr).every((name) => names.has(name));
    const isInner = (expr: Expr) => exprColumns(expr).every((name) => !names.has(name));
    if (condition.kind === "call" && condition.fn === "eq") {
      const [a, b] = condition.args as readonly [Expr, Expr];
      if (isOuter(a) && isInner(b)) return { inner: b, outer: a };
      if (isOuter(b) && isInner(a)) return { inner: a, outer: b };
    }
    const hint = "compare a column of the query with one of the rows around it by =";
    throw this.#places.unsupported("a query as a value that reads the rows around it otherwise is", span, hint);
  }
}

/** The qualifier, or the name, of what a query inside gives: no name of SQL. */
const RESULT = "\u0000";

/** The SELECT that a query is when it has no clauses of its own. */
function onlySelect({ with: named, orderBy, limit, offset, body }: Query): Select | null {
  if (named.length > 0 || orderBy.length > 0 || limit !== null || offset !== null) return null;
  if (body.kind === "query") return onlySelect(body);
  return body.kind === "select" && body.from !== null && !body.distinct && body.qualify === null ? body : null;
}

function selectsAggregate(item: Select["items"][number]): boolean {
  return item.kind === "item" && isAggregate(item.expression);
}

/** Whether an aggregate is in an expression, outside of the queries in it. */
function isAggregate(expression: Expression): boolean {
  return holds(expression, (node) => {
    const { kind, name, over } = node as Partial<Call>;
    return kind === "call" && over === null && AGGREGATE_NAMES.has(name?.parts.at(-1)?.name.toUpperCase() ?? "");
  });
}

const QUERIES: readonly string[] = ["exists", "in-query", "subquery", "quantified"];

function isQuery({ kind }: { readonly kind: string }): boolean {
  return QUERIES.includes(kind);
}

/** Whether a part of an expression is such a node. Queries in it are looked at, and not into. */
function holds(part: unknown, is: (node: { readonly kind: string }) => boolean): boolean {
  if (typeof part !== "object" || part === null) return false;
  if (Array.isArray(part)) return part.some((each) => holds(each, is));
  if ("kind" in part && is(part as { readonly kind: string })) return true;
  return Object.entries(part).some(([key, each]) => key !== "span" && key !== "query" && holds(each, is));
}

function namesOf(plan: LogicalPlan): Set<string> {
  return new Set(derive(plan).schema.fields.map(({ name }) => name));
}

function named({ name }: { readonly name: string }): NamedExpr {
  return { name, expr: column(name) };
}
