// OVER: calls are gathered while SELECT, QUALIFY and ORDER BY are bound, and stand as columns in what is selected. Those with
// the same window are computed together.
import type { Expr } from "../plan/expr.js";
import { type Frame, type LogicalPlan, type OverCall, over, type SortKey } from "../plan/logical.js";
import { sameData } from "../plan/walk.js";
import type { Call, Expression, FrameBound, NamedWindow, SortItem, Span, WindowSpec } from "./ast.js";
import { AGGREGATE_NAMES } from "./bind-functions.js";
import { intervalMs } from "./bind-literals.js";
import { type Places, uniqueName } from "./bind-scope.js";

/** Functions that only OVER has, and how many arguments they take. */
const RANKS: ReadonlyMap<string, readonly [least: number, most: number]> = new Map([
  ["ROW_NUMBER", [0, 0]],
  ["RANK", [0, 0]],
  ["DENSE_RANK", [0, 0]],
  ["LAG", [1, 3]],
  ["LEAD", [1, 3]],
  ["FIRST_VALUE", [1, 1]],
  ["LAST_VALUE", [1, 1]],
]);

interface Gathered {
  readonly keys: readonly Expr[];
  readonly order: readonly SortKey[];
  readonly frame: Frame;
  readonly calls: OverCall[];
}

const ALL_BEFORE: Frame = { unit: "range", preceding: null };

export class Overs {
  readonly #places: Places;
  readonly #windows: readonly NamedWindow[];
  readonly #bind: (expression: Expression) => Expr;
  readonly #pass: (expr: Expr) => Expr;
  readonly #used: Set<string>;
  readonly #gathered: Gathered[] = [];

  /**
   * @param windows - those that the query names
   * @param names - of the columns that the rows have already
   * @param bind - an expression over the rows
   * @param pass - told of each column that comes of a call
   */
  constructor(
    places: Places,
    windows: readonly NamedWindow[],
    names: readonly string[],
    bind: (expression: Expression) => Expr,
    pass: (expr: Expr) => Expr,
  ) {
    this.#places = places;
    this.#windows = windows;
    this.#used = new Set(names);
    this.#bind = bind;
    this.#pass = pass;
  }

  /** The column that the call will be. @throws SqlError UNKNOWN_FUNCTION, SQL_SYNTAX, UNSUPPORTED, OPTION */
  readonly take = (call: Call): Expr => {
    const name = call.name.parts.map((part) => part.name.toUpperCase()).join(".");
    const spec = this.#spec(call.over as WindowSpec);
    const keys = spec.partitionBy.map(this.#bind);
    const order = spec.orderBy.map((item) => this.#sortKey(item));
    const frame = this.#frame(spec);
    const made = { keys, order, frame };
    const same = this.#gathered.find((known) => sameData({ ...made, calls: 0 }, { ...known, calls: 0 }));
    const group = same ?? { ...made, calls: [] };
    if (same === undefined) this.#gathered.push(group);
    const built = this.#call(name, call, order);
    const known = group.calls.find((other) => sameData({ ...other, name: "" }, { ...built, name: "" }));
    const column = known?.name ?? uniqueName(name.toLowerCase(), this.#used);
    if (known === undefined) group.calls.push({ ...built, name: column });
    return this.#pass({ kind: "column", name: column });
  };

  /** The rows with the columns of all calls; `lift` says what was bound over rows over their groups. */
  plan(input: LogicalPlan, lift: (expr: Expr) => Expr = (expr) => expr): LogicalPlan {
    return this.#gathered.reduce((rows: LogicalPlan, { keys, order, frame, calls }) => {
      return over(rows, {
        keys: keys.map(lift),
        order: order.map((key) => ({ ...key, expr: lift(key.expr) })),
        frame,
        calls: calls.map((call) => ({ ...call, args: call.args.map(lift) })),
      });
    }, input);
  }

  #spec(spec: WindowSpec): WindowSpec {
    if (spec.base === null) return spec;
    const { base } = spec;
    const named = this.#windows.find(({ name }) => name.name === base.name);
    if (named === undefined) {
      throw this.#places.error(
        "UNKNOWN_TABLE",
        `no window "${base.name}"`,
        base.span,
        "WINDOW name AS (PARTITION BY …)",
      );
    }
    const under = this.#spec(named.spec);
    return {
      ...spec,
      base: null,
      partitionBy: spec.partitionBy.length > 0 ? spec.partitionBy : under.partitionBy,
      orderBy: spec.orderBy.length > 0 ? spec.orderBy : under.orderBy,
      frame: spec.frame ?? under.frame,
    };
  }

  #sortKey({ expression, descending, nulls }: SortItem): SortKey {
    return { expr: this.#bind(expression), descending, nullsFirst: nulls === null ? !descending : nulls === "FIRST" };
  }

  /** Without a frame all rows up to the current one and its equals. */
  #frame({ frame }: WindowSpec): Frame {
    if (frame === null) return ALL_BEFORE;
    const { unit, start, end, span } = frame;
    const isCurrent = end === null || end.side === "CURRENT ROW";
    if (start.side === "FOLLOWING" || !isCurrent) {
      const hint = "BETWEEN n PRECEDING AND CURRENT ROW";
      throw this.#places.unsupported(
        "a frame that looks ahead is",
        (isCurrent ? start : (end ?? start)).span ?? span,
        hint,
      );
    }
    return unit === "ROWS"
      ? { unit: "rows", preceding: this.#rows(start) }
      : { unit: "range", preceding: this.#time(start) };
  }

  #rows({ side, offset }: FrameBound): number | null {
    if (side === "CURRENT ROW") return 0;
    return offset === null ? null : this.#count(offset, "a number of rows");
  }

  #time({ side, offset, span }: FrameBound): number | null {
    if (side === "CURRENT ROW") return 0;
    if (offset === null) return null;
    if (offset.kind === "interval") return intervalMs(offset, this.#places);
    throw this.#places.unsupported("RANGE by anything but time is", span, "INTERVAL '10' MINUTE PRECEDING");
  }

  #call(name: string, { args, distinct, filter, nulls, span }: Call, order: readonly SortKey[]): OverCall {
    const wrong = (what: string, hint: string): Error => this.#places.unsupported(what, span, hint);
    if (distinct) throw wrong("DISTINCT with OVER is", "aggregate by windows or groups");
    if (nulls === "IGNORE") throw wrong("IGNORE NULLS is", "filter the NULLs: WHERE x IS NOT NULL");
    const limits = RANKS.get(name);
    if (limits === undefined) return this.#aggregate(name, args, filter, span);
    if (filter !== null)
      throw this.#places.error("SQL_SYNTAX", `${name} is no aggregate`, span, "FILTER belongs to aggregates");
    const [least, most] = limits;
    if (args.length < least || args.length > most) {
      throw this.#places.error("TYPE", `${name} of ${args.length} arguments`, span, `it takes ${least} to ${most}`);
    }
    if (order.length === 0)
      throw this.#places.error("TYPE", `${name} of rows without order`, span, "OVER (ORDER BY …)");
    const [value, distance, other] = args;
    const isLag = name === "LAG" || name === "LEAD";
    const by = isLag ? (distance === undefined ? 1 : this.#count(distance, "a number of rows")) : 0;
    const given = [value, ...(other === undefined ? [] : [other])].flatMap((arg) => (arg ? [this.#bind(arg)] : []));
    return { name, fn: name.toLowerCase(), args: given, distance: by };
  }

  #aggregate(name: string, args: readonly Expression[], filter: Expression | null, span: Span): OverCall {
    const fn = AGGREGATE_NAMES.get(name);
    if (fn === undefined) {
      const hint = `one of ${[...RANKS.keys(), ...AGGREGATE_NAMES.keys()].join(", ")}`;
      throw this.#places.error("UNKNOWN_FUNCTION", `no function "${name}" with OVER`, span, hint);
    }
    const isStar = fn === "count" && args[0]?.kind === "star";
    const values = isStar ? [] : args.map(this.#bind);
    if (filter === null) return { name, fn: isStar ? "count_star" : fn, args: values, distance: 0 };
    const value: Expr = values[0] ?? { kind: "literal", value: 1 };
    const kept: Expr = { kind: "case", branches: [{ when: this.#bind(filter), then: value }], otherwise: null };
    return { name, fn, args: [kept, ...values.slice(1)], distance: 0 };
  }

  #count(expression: Expression, what: string): number {
    const value = expression.kind === "number" ? Number(expression.text) : Number.NaN;
    if (Number.isInteger(value) && value <= COUNT_MAX) return value;
    throw this.#places.error(
      "OPTION",
      `${what} is no whole number`,
      expression.span,
      `write one from 0 to ${COUNT_MAX}`,
    );
  }
}

/** Rows have numbers of 32 bits. */
const COUNT_MAX = 2 ** 30;
