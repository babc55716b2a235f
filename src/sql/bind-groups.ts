// GROUP BY: aggregates are gathered while SELECT and HAVING are bound, and what was written over the rows is then said over the
// groups: keys and aggregates by their names, anything else of a row is refused.

import { INT64 } from "../arrow/types.js";
import { childrenOf } from "../plan/children.js";
import type { Expr } from "../plan/expr.js";
import {
  type AggregateCall,
  aggregate,
  type LogicalPlan,
  type NamedExpr,
  project,
  union,
  windowAggregate,
} from "../plan/logical.js";
import type { Span } from "./ast.js";
import { GROUPING } from "./bind-functions.js";
import {
  isWindowColumn,
  type Places,
  type Relation,
  schemaOfRelation,
  uniqueName,
  WINDOW_COLUMNS,
} from "./bind-scope.js";

interface Gathered {
  readonly call: Omit<AggregateCall, "name">;
  name: string | null;
}

/** Equal texts are equal expressions. */
function fingerprint(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? { bigint: String(inner) } : inner));
}

export class Groups {
  readonly #places: Places;
  readonly #calls = new Map<string, Gathered>();
  /** What stands for an aggregate until it has a name. */
  readonly #standIns = new WeakMap<Expr, Gathered>();
  readonly #keys = new Map<string, NamedExpr>();
  readonly #passed = new WeakSet<Expr>();
  #isWindowed = false;

  constructor(places: Places) {
    this.#places = places;
  }

  get hasAggregates(): boolean {
    return this.#calls.size > 0;
  }

  /** An aggregate of SELECT or HAVING; two that are equal are one. */
  readonly take = (call: Omit<AggregateCall, "name">): Expr => {
    const id = fingerprint(call);
    const gathered = this.#calls.get(id) ?? { call, name: null };
    this.#calls.set(id, gathered);
    const standIn: Expr = { kind: "column", name: `${call.fn}()` };
    this.#standIns.set(standIn, gathered);
    return standIn;
  };

  /** A column that is made of the groups: it is said over them as it is. */
  readonly pass = <E extends Expr>(expr: E): E => {
    this.#passed.add(expr);
    return expr;
  };

  /** Whether an aggregate is in the expression: GROUP BY ALL takes the others. */
  aggregates(expr: Expr): boolean {
    return this.#standIns.has(expr) || childrenOf(expr).some((part) => this.aggregates(part));
  }

  /**
   * The grouped rows: windows, keys, aggregates. `items` are what SELECT says of the rows; they give aggregates their names.
   * @param sets - the keys of each grouping; several are put together
   * @throws SqlError UNSUPPORTED for a grouping of nothing
   */
  plan(relation: Relation, sets: readonly (readonly Expr[])[], items: readonly NamedExpr[], span: Span): LogicalPlan {
    this.#isWindowed = relation.window !== null;
    const used = new Set<string>(this.#isWindowed ? Object.values(WINDOW_COLUMNS) : []);
    for (const expr of sets.flat()) {
      const id = fingerprint(expr);
      if (this.#keys.has(id)) continue;
      const alias = items.find((item) => fingerprint(item.expr) === id)?.name;
      const name = uniqueName(expr.kind === "column" ? expr.name : (alias ?? "key"), used);
      this.#keys.set(id, { name, expr });
    }
    for (const { name, expr } of items) {
      const call = this.#standIns.get(expr);
      if (call !== undefined) call.name ??= uniqueName(name, used);
    }
    for (const gathered of this.#calls.values()) gathered.name ??= uniqueName(gathered.call.fn, used);
    const plans = sets.map((keys) => this.#grouping(relation, keys, sets.length > 1, span));
    return plans.length === 1 ? (plans[0] as LogicalPlan) : union(plans);
  }

  /** One grouping; `isOneOfSeveral`: with all keys of the others, as NULL. */
  #grouping(relation: Relation, exprs: readonly Expr[], isOneOfSeveral: boolean, span: Span): LogicalPlan {
    const ids = new Set(exprs.map(fingerprint));
    const keys = [...this.#keys].filter(([id]) => ids.has(id)).map(([, named]) => named);
    const gathered = [...this.#calls.values()];
    const aggregates = gathered
      .filter(({ call }) => call.fn !== GROUPING)
      .map(({ name, call }): AggregateCall => ({ name: name as string, ...call }));
    const { plan: input, window } = relation;
    if (window === null && keys.length === 0 && aggregates.length === 0) {
      throw this.#places.unsupported("a group without keys and aggregates is", span, "select an aggregate");
    }
    const plan =
      window === null
        ? aggregate(input, keys, aggregates)
        : windowAggregate(input, { window, latenessMs: 0, windowColumns: WINDOW_COLUMNS, keys, aggregates });
    const groupings = gathered.filter(({ call }) => call.fn === GROUPING);
    if (!isOneOfSeveral && groupings.length === 0) return plan;
    const column = (name: string): NamedExpr => ({ name, expr: { kind: "column", name } });
    const rows = schemaOfRelation(relation);
    return project(plan, [
      ...(window === null ? [] : Object.values(WINDOW_COLUMNS).map(column)),
      ...[...this.#keys].map(([id, { name, expr }]): NamedExpr => {
        if (ids.has(id)) return column(name);
        const { type } = this.#places.check(expr, rows, span).field;
        return { name, expr: { kind: "literal", value: null, type } };
      }),
      ...aggregates.map(({ name }) => column(name)),
      ...groupings.map(({ name, call: { args } }): NamedExpr => {
        return {
          name: name as string,
          expr: { kind: "literal", value: this.#groupingId(args, ids, span), type: INT64 },
        };
      }),
    ]);
  }

  /** A bit a key, the first the highest: 1 where the grouping has no such key. */
  #groupingId(args: readonly Expr[], ids: ReadonlySet<string>, span: Span): number {
    let number = 0;
    for (const arg of args) {
      const id = fingerprint(arg);
      if (!this.#keys.has(id)) {
        const hint = "GROUPING takes keys of GROUP BY";
        throw this.#places.error("TYPE", "GROUPING of what is no key", this.#places.spanOf(arg, span), hint);
      }
      number = number * 2 + (ids.has(id) ? 0 : 1);
    }
    return number;
  }

  /** An expression over the rows, said over the groups. @throws SqlError UNKNOWN_COLUMN for a column that is not grouped by */
  lift(expr: Expr, span: Span): Expr {
    const place = this.#places.spanOf(expr, span);
    return this.#places.mark(this.#lifted(expr, place), place);
  }

  #lifted(expr: Expr, span: Span): Expr {
    if (this.#passed.has(expr)) return expr;
    const call = this.#standIns.get(expr);
    if (call?.name !== undefined && call.name !== null) return { kind: "column", name: call.name };
    const key = this.#keys.get(fingerprint(expr));
    if (key !== undefined) return { kind: "column", name: key.name };
    switch (expr.kind) {
      case "literal":
        return expr;
      case "column": {
        if (this.#isWindowed && isWindowColumn(expr.name)) return expr;
        const hint = `GROUP BY ${expr.name} too, or aggregate it: MAX(${expr.name})`;
        const message = `"${expr.name}" is neither grouped by nor aggregated`;
        throw this.#places.error("UNKNOWN_COLUMN", message, span, hint);
      }
      case "cast":
        return { ...expr, input: this.lift(expr.input, span) };
      case "call":
        return { ...expr, args: expr.args.map((arg) => this.lift(arg, span)) };
      case "case":
        return {
          kind: "case",
          branches: expr.branches.map(({ when, then }) => ({
            when: this.lift(when, span),
            then: this.lift(then, span),
          })),
          otherwise: expr.otherwise === null ? null : this.lift(expr.otherwise, span),
        };
    }
  }
}
