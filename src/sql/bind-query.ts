// Queries → logical plans, by the same constructors as the API's. What is read and not computed yet is refused at its place.
import { type Field, INT64, type Schema } from "../arrow/types.js";
import { hintNames } from "../errors.js";
import { bindPredicate } from "../plan/bind-expr.js";
import { substitute } from "../plan/children.js";
import { columnNamed, derive } from "../plan/derive.js";
import type { Expr } from "../plan/expr.js";
import { allOf, conjunctsOf, isTrue } from "../plan/join.js";
import { filter, join, type LogicalPlan, project, sort } from "../plan/logical.js";
import { topOfFilter } from "../plan/ranking.js";
import type {
  Expression,
  GroupBy,
  Identifier,
  Name,
  Query,
  QueryBody,
  Select,
  SelectItem,
  SelectStar,
  SetOperation,
  Span,
  Subquery,
  TableRef,
} from "./ast.js";
import { ExpressionBinder } from "./bind-expressions.js";
import { groupingsOf } from "./bind-grouping.js";
import { Groups } from "./bind-groups.js";
import { joined } from "./bind-join.js";
import { type NamedItem, type Ordering, orderingOf, sortColumns } from "./bind-order.js";
import { Overs } from "./bind-over.js";
import { type Places, type Relation, relationOf, schemaOfRelation, WINDOW_COLUMNS } from "./bind-scope.js";
import { combined, distinct } from "./bind-sets.js";
import { conditionsOf, queryTestOf, Subqueries } from "./bind-subqueries.js";
import { unnested } from "./bind-unnest.js";
import { type MakeRows, oneRow, valuesPlan } from "./bind-values.js";
import { checkSessionKeys, windowed, withWindowColumns } from "./bind-windows.js";

/** Tables and views by name; null: there is none. */
export interface Tables {
  readonly names: readonly string[];
  find(name: string): LogicalPlan | null;
  readonly makeRows: MakeRows;
}

/** A query that WITH names. */
type CommonTables = ReadonlyMap<string, LogicalPlan>;

interface Item extends NamedItem {
  readonly isStar: boolean;
}

/** QUALIFY, over the rows that have what OVER computes. */
interface Qualify {
  readonly expr: Expr;
  readonly span: Span;
}

export class QueryBinder {
  readonly #tables: Tables;
  readonly #places: Places;
  /** Whose columns nobody knows by name. */
  readonly #nameless = new Set<Select>();

  constructor(tables: Tables, places: Places) {
    this.#tables = tables;
    this.#places = places;
  }

  /** @throws SqlError with its place; PlanError for what only the whole plan tells */
  query(query: Query, outer: CommonTables = new Map()): LogicalPlan {
    const named = new Map(outer);
    for (const { name, columns, query: common } of query.with) {
      const plan = this.query(common, named);
      named.set(name.name, columns.length === 0 ? plan : this.renamed(plan, columns, name.span));
    }
    const ordering = orderingOf(query, this.#places);
    if (ordering === null) return this.#body(query.body, named);
    if (query.body.kind === "select") return this.#select(query.body, named, ordering);
    const plan = this.#body(query.body, named);
    const relation = relationOf(plan, derive(plan).schema, null);
    const items = relation.columns.map(({ field: { name } }) => ({
      name,
      expr: columnNamed(name).expr,
      span: query.span,
    }));
    const binder = new ExpressionBinder(relation, this.#places);
    return this.#inOrder(
      ordering,
      items,
      binder,
      () => true,
      (all) => this.#project(plan, all, derive(plan).schema, true),
    );
  }

  /** A query whose columns are taken by their place alone: they may have equal names. */
  byPlace(query: Query): LogicalPlan {
    const bodies: QueryBody[] = [query.body];
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
      if (body.kind === "select") this.#nameless.add(body);
      else if (body.kind === "query") bodies.push(body.body);
      else if (body.kind === "set-operation") bodies.push(body.left, body.right);
    }
    return this.query(query);
  }

  /** The plan's columns under other names. @throws SqlError TYPE unless there are as many */
  renamed(plan: LogicalPlan, names: readonly Identifier[], span: Span): LogicalPlan {
    const { fields } = derive(plan).schema;
    if (fields.length !== names.length) throw this.#wrongCount(fields.length, names.length, span);
    return project(
      plan,
      fields.map((known, index) => ({ name: (names[index] as Identifier).name, expr: columnOf(known) })),
    );
  }

  #wrongCount(columns: number, names: number, span: Span): Error {
    const hint = "name each column, in order";
    return this.#places.error("TYPE", `${names} names for ${columns} columns`, span, hint);
  }

  #body(body: QueryBody, named: CommonTables): LogicalPlan {
    switch (body.kind) {
      case "query":
        return this.query(body, named);
      case "select":
        return this.#select(body, named);
      case "explicit-table":
        return this.#named(body.name, named);
      case "values":
        return valuesPlan(body, this.#tables.makeRows, this.#places);
      case "set-operation":
        return this.#combined(body, named);
    }
  }

  #named(name: Name, named: CommonTables): LogicalPlan {
    const text = name.parts.map((part) => part.name).join(".");
    const plan = named.get(text) ?? this.#tables.find(text);
    if (plan !== null) return plan;
    const names = [...named.keys(), ...this.#tables.names];
    const hint = names.length > 0 ? hintNames(text, names, "tables") : "CREATE TABLE or CREATE VIEW first";
    throw this.#places.error("UNKNOWN_TABLE", `no table or view "${text}"`, name.span, hint);
  }

  /** A chain of UNIONs is one union. */
  #combined(body: SetOperation, named: CommonTables): LogicalPlan {
    const parts: QueryBody[] = [];
    let left: QueryBody = body;
    const isChained = (part: QueryBody): part is SetOperation =>
      part === body ||
      (part.kind === "set-operation" && body.op === "UNION" && part.op === "UNION" && part.all === body.all);
    while (isChained(left)) {
      parts.unshift(left.right);
      left = left.left;
    }
    parts.unshift(left);
    const plans = parts.map((part) => ({ plan: this.#body(part, named), span: part.span }));
    return combined(body, plans, this.#places);
  }

  #select(select: Select, named: CommonTables, ordering: Ordering | null = null): LogicalPlan {
    this.#refuseClauses(select);
    const relation = select.from === null ? this.#oneRow() : this.#from(select.from, named);
    const conditions = select.where === null ? [] : conditionsOf(select.where);
    let rows = this.#filter(relation, conditions, named);
    const groups = new Groups(this.#places);
    const grouped = withWindowColumns(rows);
    const asked: Subquery[] = [];
    const ask = (query: Subquery): Expr => {
      asked.push(query);
      const { relation: joined, value } = this.#subqueries(named).valued(rows, query);
      rows = joined;
      return value;
    };
    const binder = new ExpressionBinder(grouped, this.#places, groups.take, ask);
    const names = [...grouped.columns.map(({ field: { name } }) => name), ...aliasesOf(select)];
    const bind = (inner: Expression) => binder.bind(inner);
    const overs = new Overs(this.#places, select.windows, names, bind, groups.pass);
    binder.takeOver = overs.take;
    const listed = select.items.flatMap((item, index) => this.#item(item, index, grouped, binder, select));
    const items = this.#nameless.has(select) ? apart(listed) : this.#refuseTwice(listed);
    const qualify = select.qualify === null ? null : this.#qualify(select.qualify, grouped, items, groups, overs);
    const having =
      select.having === null ? null : new ExpressionBinder(grouped, this.#places, groups.take).bind(select.having);
    const make = (all: readonly Item[]): LogicalPlan => {
      const isGrouped = select.groupBy !== null || having !== null || groups.hasAggregates;
      const [beside] = asked;
      if (isGrouped && beside !== undefined) {
        const hint = "group in a subquery in FROM, and put the value beside it";
        throw this.#places.unsupported("a query as a value beside groups is", beside.span, hint);
      }
      const plan = isGrouped
        ? this.#grouped(select, rows, all, having, groups, binder, overs, qualify)
        : this.#projected(rows, all, overs, qualify, select.span);
      return select.distinct ? distinct(plan) : plan;
    };
    if (ordering === null) return make(items);
    const isValue = (expr: Expr) => !groups.aggregates(expr);
    return this.#inOrder(ordering, items, binder, isValue, (all) => {
      const isApart = (expr: Expr) => select.distinct || (select.groupBy?.all === true && !groups.aggregates(expr));
      const beside = all.slice(items.length).find(({ expr }) => isApart(expr));
      if (beside === undefined) return make(all);
      const hint = "SELECT it too, or sort by what is selected";
      throw this.#places.error("TYPE", "what is left of rows is sorted by a column that is gone", beside.span, hint);
    });
  }

  /** The rows of `make` in order, whose sort keys may be columns beside those that are wanted. */
  #inOrder(
    { items: sortItems, limit, offset }: Ordering,
    items: readonly NamedItem[],
    binder: ExpressionBinder,
    isValue: (expr: Expr) => boolean,
    make: (all: readonly Item[]) => LogicalPlan,
  ): LogicalPlan {
    const bind = (expression: Expression) => binder.bind(expression);
    const { order, hidden } = sortColumns(sortItems, items, this.#places, bind, isValue);
    const plan = make([...items, ...hidden].map((item) => ({ isStar: false, ...item })));
    const sorted = sort(plan, { order, limit, offset });
    this.#places.at(sortItems[0]?.span ?? { from: 0, to: 0 }, () => derive(sorted));
    if (hidden.length === 0) return sorted;
    return project(
      sorted,
      items.map(({ name }) => columnNamed(name)),
    );
  }

  #oneRow(): Relation {
    const plan = oneRow(this.#tables.makeRows);
    return { plan, columns: [], window: null };
  }

  #refuseClauses({ hints }: Select): void {
    const [hint] = hints;
    if (hint !== undefined) throw this.#places.unsupported("hints are", hint.span, "set options in CREATE TABLE");
  }

  #refuseTwice(items: readonly Item[]): readonly Item[] {
    const seen = new Set<string>();
    for (const { name, span } of items) {
      if (seen.has(name)) {
        throw this.#places.error("COLUMN_DUP", `two columns "${name}"`, span, "name one of them otherwise: AS name");
      }
      seen.add(name);
    }
    return items;
  }

  /** Plain conditions first, so that the queries in the others are asked of fewer rows. */
  #filter(relation: Relation, conditions: readonly Expression[], named: CommonTables): Relation {
    const subqueries = this.#subqueries(named);
    let rows = relation;
    const ask = (query: Subquery): Expr => {
      const { relation: joined, value } = subqueries.valued(rows, query);
      rows = joined;
      return value;
    };
    const plain = conditions.filter((each) => queryTestOf(each) === null);
    const bound = plain.map((each) => new ExpressionBinder(rows, this.#places, null, ask).bind(each));
    const schema = schemaOfRelation(rows);
    bound.forEach((predicate, index) => {
      this.#checkPredicate(predicate, schema, (plain[index] as Expression).span);
    });
    if (bound.length > 0) rows = { ...rows, plan: this.#where(rows.plan, bound) };
    for (const condition of conditions) {
      const test = queryTestOf(condition);
      if (test !== null) rows = subqueries.tested(rows, test);
    }
    return rows;
  }

  #subqueries(named: CommonTables): Subqueries {
    return new Subqueries(this.#places, {
      query: (query) => this.query(query, named),
      from: ({ from }) => this.#from(from as TableRef, named),
      where: (relation, conditions) => this.#filter(relation, conditions, named),
    });
  }

  /** What WHERE says of tables behind commas is what they are joined by, and may bound their event times. */
  #where(plan: LogicalPlan, predicates: readonly Expr[]): LogicalPlan {
    if (plan.kind !== "join" || plan.type !== "inner") return this.#filtered(plan, allOf(predicates));
    const parts = [...conjunctsOf(plan.condition).filter((part) => !isTrue(part)), ...predicates];
    return join(plan.left, plan.right, { type: "inner", condition: allOf(parts) });
  }

  /** A filter of ranks keeps the first rows of each key. */
  #filtered(plan: LogicalPlan, predicate: Expr): LogicalPlan {
    return topOfFilter(plan, predicate) ?? filter(plan, predicate);
  }

  /** QUALIFY may name what SELECT does. */
  #qualify(condition: Expression, relation: Relation, items: readonly Item[], groups: Groups, overs: Overs): Qualify {
    const own = relation.columns.map(({ name }) => name);
    const named = items.filter(({ name }) => !own.includes(name));
    const columns = named.map(({ name }) => ({ qualifier: null, name, field: { name, type: INT64, nullable: true } }));
    const seen = { ...relation, columns: [...relation.columns, ...columns] };
    const binder = new ExpressionBinder(seen, this.#places, groups.take);
    binder.takeOver = overs.take;
    const expr = binder.bind(condition);
    return { expr: named.length === 0 ? expr : substitute(expr, named), span: condition.span };
  }

  /** The rows with what OVER computes, and those that QUALIFY lets pass. */
  #over(plan: LogicalPlan, overs: Overs, qualify: Qualify | null, lift: (expr: Expr) => Expr): LogicalPlan {
    const numbered = overs.plan(plan, lift);
    if (qualify === null) return numbered;
    const predicate = lift(qualify.expr);
    this.#checkPredicate(predicate, derive(numbered).schema, qualify.span);
    return this.#filtered(numbered, predicate);
  }

  #checkPredicate(predicate: Expr, schema: Schema, span: Span): void {
    this.#places.check(predicate, schema, span);
    this.#places.at(span, () => bindPredicate(predicate, schema));
  }

  #item(
    item: SelectItem | SelectStar,
    index: number,
    relation: Relation,
    binder: ExpressionBinder,
    { groupBy }: Select,
  ): Item[] {
    if (item.kind === "item") {
      const { expression, alias, span } = item;
      const named = expression.kind === "column" ? expression.name.parts.at(-1)?.name : undefined;
      const name = alias?.name ?? (expression.kind === "field" ? expression.name.name : named) ?? `EXPR$${index}`;
      return [{ name, expr: binder.bind(expression), span, isStar: false }];
    }
    if (groupBy !== null) throw this.#places.error("TYPE", "* of groups", item.span, "name the keys and aggregates");
    const qualifier = item.qualifier?.parts.map((part) => part.name).join(".");
    const columns = relation.columns.filter((column) => qualifier === undefined || column.qualifier === qualifier);
    if (columns.length === 0) {
      const known = [...new Set(relation.columns.flatMap((column) => column.qualifier ?? []))];
      const hint = hintNames(qualifier ?? "", known, "tables");
      throw this.#places.error("UNKNOWN_TABLE", `no table "${qualifier ?? "*"}" in FROM`, item.span, hint);
    }
    const names = columns.map(({ name }) => name);
    for (const changed of [...item.exclude, ...item.replace.flatMap(({ alias }) => alias ?? [])]) {
      if (names.includes(changed.name)) continue;
      const hint = hintNames(changed.name, names, "columns");
      throw this.#places.error("UNKNOWN_COLUMN", `no column "${changed.name}"`, changed.span, hint);
    }
    const kept = columns.filter(({ name }) => !item.exclude.some((excluded) => excluded.name === name));
    return kept.map(({ name, field: known }) => {
      const replaced = item.replace.find(({ alias }) => alias?.name === name);
      const expr = replaced === undefined ? columnOf(known) : binder.bind(replaced.expression);
      return { name, expr: this.#places.mark(expr, item.span), span: item.span, isStar: true };
    });
  }

  #projected(
    relation: Relation,
    items: readonly Item[],
    overs: Overs,
    qualify: Qualify | null,
    span: Span,
  ): LogicalPlan {
    if (relation.window !== null) {
      const hint = "GROUP BY window_start, window_end";
      throw this.#places.unsupported("rows of windows that are not grouped by them are", span, hint);
    }
    const plan = this.#places.at(span, () => this.#over(relation.plan, overs, qualify, (expr) => expr));
    const { schema } = this.#places.at(span, () => derive(plan));
    return this.#project(
      plan,
      items,
      schema,
      items.every(({ isStar }) => isStar),
    );
  }

  /** No step at all where every column goes on as it is and nobody asked for a selection. */
  #project(plan: LogicalPlan, items: readonly Item[], schema: Schema, mayPass: boolean): LogicalPlan {
    for (const { expr, span } of items) this.#places.check(expr, schema, span);
    const isSame =
      items.length === schema.fields.length &&
      items.every(
        ({ name, expr }, i) => expr.kind === "column" && expr.name === name && schema.fields[i]?.name === name,
      );
    if (mayPass && isSame) return plan;
    return project(
      plan,
      items.map(({ name, expr }) => ({ name, expr })),
    );
  }

  #grouped(
    select: Select,
    relation: Relation,
    items: readonly Item[],
    having: Expr | null,
    groups: Groups,
    binder: ExpressionBinder,
    overs: Overs,
    qualify: Qualify | null,
  ): LogicalPlan {
    const sets = select.groupBy === null ? [[]] : this.#groupings(select.groupBy, items, groups, binder);
    const isBound = (expr: Expr, name: string) => expr.kind === "column" && expr.name === name;
    const { start, end, time } = WINDOW_COLUMNS;
    const isWindowed = relation.window !== null;
    if (isWindowed && ![start, end].every((name) => sets.every((keys) => keys.some((expr) => isBound(expr, name))))) {
      const hint = "GROUP BY window_start, window_end";
      throw this.#places.unsupported("groups over some of the window's bounds are", select.span, hint);
    }
    const own = sets.map((keys) =>
      isWindowed ? keys.filter((expr) => ![start, end, time].some((name) => isBound(expr, name))) : keys,
    );
    for (const keys of own) checkSessionKeys(relation, keys, this.#places, select.groupBy?.span ?? select.span);
    const rows = schemaOfRelation(relation);
    for (const expr of own.flat()) this.#places.check(expr, rows, select.span);
    const plan = groups.plan(relation, own, items, select.span);
    this.#places.at(select.span, () => derive(plan));
    const kept = having === null ? plan : this.#having(plan, groups.lift(having, select.span), select);
    const numbered = this.#over(kept, overs, qualify, (expr) => groups.lift(expr, select.span));
    const { schema } = this.#places.at(select.span, () => derive(numbered));
    const lifted = items.map((item) => ({ ...item, expr: groups.lift(item.expr, item.span) }));
    return this.#project(numbered, lifted, schema, true);
  }

  #having(plan: LogicalPlan, predicate: Expr, select: Select): LogicalPlan {
    this.#checkPredicate(predicate, derive(plan).schema, select.having?.span ?? select.span);
    return filter(plan, predicate);
  }

  #groupings(groupBy: GroupBy, items: readonly Item[], groups: Groups, binder: ExpressionBinder): readonly Expr[][] {
    if (groupBy.all) return [items.map(({ expr }) => expr).filter((expr) => !groups.aggregates(expr))];
    const bind = (key: Expression): Expr => binder.bind(key);
    const sets = groupingsOf(groupBy, items, bind, this.#places);
    const wrong = sets.flat().find((key) => groups.aggregates(key));
    if (wrong === undefined) return sets.map((keys) => [...keys]);
    const span = this.#places.spanOf(wrong, groupBy.span);
    throw this.#places.error("TYPE", "a key of groups is no aggregate", span, "aggregate in a subquery first");
  }

  #from(table: TableRef, named: CommonTables): Relation {
    switch (table.kind) {
      case "table": {
        if (table.asOf !== null)
          throw this.#places.unsupported("FOR SYSTEM_TIME AS OF is", table.span, "read the table as it is");
        const [hint] = table.hints;
        if (hint !== undefined) throw this.#places.unsupported("hints are", hint.span, "set options in CREATE TABLE");
        const plan = this.#named(table.name, named);
        return this.#aliased(relationOf(plan, derive(plan).schema, table.name.parts.at(-1)?.name ?? null), table);
      }
      case "derived": {
        const plan = this.query(table.query, named);
        return this.#aliased(relationOf(plan, derive(plan).schema, null), table);
      }
      case "function-table": {
        const read = ({ table: source }: { readonly table: Name | Query }): Relation => {
          const plan = source.kind === "name" ? this.#named(source, named) : this.query(source, named);
          const qualifier = source.kind === "name" ? (source.parts.at(-1)?.name ?? null) : null;
          return relationOf(plan, derive(plan).schema, qualifier);
        };
        return this.#aliased(windowed(table.call, this.#places, read), table);
      }
      case "join":
        if (table.right.kind === "unnest") {
          return unnested(this.#from(table.left, named), table, table.right, this.#places);
        }
        return joined(table, this.#from(table.left, named), this.#joinable(table.right, named), this.#places);
      case "unnest":
        throw this.#places.unsupported("UNNEST alone is", table.span, "FROM t CROSS JOIN UNNEST(t.list) AS u (item)");
      case "match-recognize":
        throw this.#places.unsupported("MATCH_RECOGNIZE is", table.span, "look for single rows by WHERE");
      case "pivot":
      case "unpivot":
        throw this.#places.unsupported("PIVOT is", table.span, "SUM(x) FILTER (WHERE name = 'a') AS a, one by one");
    }
  }

  /** A table AS OF now is read as it is, once, which is right for one that ends. */
  #joinable(table: TableRef, named: CommonTables): Relation {
    if (table.kind !== "table" || table.asOf === null) return this.#from(table, named);
    const relation = this.#from({ ...table, asOf: null }, named);
    if (derive(relation.plan).bounded) return relation;
    const hint = "join a table that ends (a file), or bound the join by both event times";
    throw this.#places.unsupported("FOR SYSTEM_TIME AS OF of a table without end is", table.span, hint);
  }

  #aliased(relation: Relation, { alias }: Extract<TableRef, { alias: unknown }>): Relation {
    if (alias === null) return relation;
    const { name, columns: names } = alias;
    const { length } = relation.columns;
    if (names.length > 0 && names.length !== length) throw this.#wrongCount(length, names.length, alias.span);
    const columns = relation.columns.map((column, index) => ({
      ...column,
      qualifier: name.name,
      name: names[index]?.name ?? column.name,
    }));
    return { ...relation, columns };
  }
}

/** Under names that nobody asks for, each its own. */
function apart(items: readonly Item[]): readonly Item[] {
  const names = new Set(items.map(({ name }) => name));
  const seen = new Set<string>();
  return items.map((item) => {
    let { name } = item;
    for (let count = 2; seen.has(name); count++) {
      if (!names.has(`${item.name}_${count}`)) name = `${item.name}_${count}`;
    }
    seen.add(name);
    return { ...item, name };
  });
}

function aliasesOf({ items }: Select): string[] {
  return items.flatMap((item) => (item.kind === "item" && item.alias !== null ? [item.alias.name] : []));
}

function columnOf({ name }: Field): Expr {
  return { kind: "column", name };
}
