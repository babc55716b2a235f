// What rows are put in order by: columns and expressions, up unless desc() says down; and how many of them are kept.
import { PlanError } from "../errors.js";
import type { Expr } from "../plan/expr.js";
import { type LogicalPlan, type SortKey, sort, topN } from "../plan/logical.js";
import { Expression, toPlan } from "./expression.js";
import { checkChoice, checkInteger, checkOptions, checkText, wrongArgument } from "./options.js";

export interface OrderOptions {
  /** Where NULLs stand: they are low unless given, first where the order goes up, last where it goes down. */
  readonly nulls?: "first" | "last";
}

/** A direction with what it is of. */
export class Ordering<out Columns extends string = string> {
  declare readonly columns: Columns;
  readonly plan: SortKey;

  constructor(plan: SortKey) {
    this.plan = plan;
  }
}

/** A column, what is computed from the row, or one of them with its direction. */
export type OrderKey<Names extends string> = Names | Expression<Names> | Ordering<Names>;

type ColumnsOf<K> = K extends string ? K : K extends Expression<infer Names> ? Names : never;

export interface LimitOptions {
  /** Rows passed over before the first that counts. None unless given. */
  readonly offset?: number;
}

export interface TopOptions<Rank extends string = string> extends LimitOptions {
  /** One more column: the row's place in its group, a BIGINT from 1. Then every row that moves is an update. */
  readonly rank?: Rank;
}

/** Upwards: smallest first. NaN is the greatest number, texts compare by their bytes. */
export function asc<const K extends string | Expression>(key: K, options?: OrderOptions): Ordering<ColumnsOf<K>> {
  return ordering(key, false, options, "asc()");
}

/** Downwards: greatest first. */
export function desc<const K extends string | Expression>(key: K, options?: OrderOptions): Ordering<ColumnsOf<K>> {
  return ordering(key, true, options, "desc()");
}

function ordering<Names extends string>(
  key: unknown,
  descending: boolean,
  options: OrderOptions | undefined,
  where: string,
): Ordering<Names> {
  const { nulls } = checkOptions(options, ["nulls"], where);
  const nullsFirst = nulls === undefined ? !descending : checkChoice(nulls, ["first", "last"], "nulls") === "first";
  return new Ordering({ expr: keyPlan(key, where), descending, nullsFirst });
}

const KEYS_HINT = 'name columns: orderBy("time"), orderBy(desc("price"), "time")';

function keyPlan(key: unknown, where: string): Expr {
  if (typeof key === "string") return { kind: "column", name: key };
  if (key instanceof Expression) return toPlan(key);
  throw wrongArgument(where, "columns and expressions", key, KEYS_HINT);
}

function orderPlan(keys: readonly unknown[], where: string): SortKey[] {
  if (keys.length === 0) throw new PlanError("OPTION", `${where} got no key`, { hint: KEYS_HINT });
  return keys.map((key) =>
    key instanceof Ordering ? key.plan : { expr: keyPlan(key, where), descending: false, nullsFirst: true },
  );
}

/** The plan with its rows in order. @throws OPTION */
export function orderOver(plan: LogicalPlan, keys: readonly unknown[]): LogicalPlan {
  return sort(plan, { order: orderPlan(keys, "orderBy()"), limit: null, offset: 0 });
}

/** The plan cut to its first rows, in the order that it was given last. @throws OPTION */
export function limitOver(plan: LogicalPlan, count: number, options: LimitOptions | undefined): LogicalPlan {
  const { offset = 0 } = checkOptions(options, ["offset"], "limit()");
  const limit = checkInteger(count, 0, "limit()", COUNT_MAX);
  checkInteger(offset, 0, "offset", COUNT_MAX);
  const isOrdered = plan.kind === "sort" && plan.limit === null && plan.uid === undefined;
  return isOrdered ? sort(plan.input, { ...plan, limit, offset }) : sort(plan, { order: [], limit, offset });
}

/** The plan cut to the first rows of each key. @throws OPTION */
export function topOver(
  plan: LogicalPlan,
  keys: readonly Expr[],
  count: number,
  order: readonly unknown[],
): LogicalPlan {
  const last = order.at(-1);
  const isKey = typeof last !== "object" || last instanceof Ordering || last instanceof Expression;
  const { rank, offset = 0 } = checkOptions(isKey ? {} : (last as TopOptions), ["rank", "offset"], "top()");
  const limit = checkInteger(count, 1, "top()", COUNT_MAX);
  checkInteger(offset, 0, "offset", COUNT_MAX);
  return topN(plan, {
    keys,
    order: orderPlan(isKey ? order : order.slice(0, -1), "top()"),
    ties: "first",
    limit,
    offset,
    rank: rank === undefined ? null : checkText(rank, "top() rank", "a column's name"),
  });
}

/** So many rows have numbers of 32 bits, also with an offset. */
const COUNT_MAX = 2 ** 30;
