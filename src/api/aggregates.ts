// Aggregates as the API writes them: `{ flights: count(), delay: avg("delay") }`.
import type { AggregateCall } from "../plan/logical.js";
import { type ColumnsIn, type Expression, type TermOf, toPlan } from "./expression.js";
import type { Arithmetic, Ref, Same } from "./types.js";

declare const TYPES: unique symbol;

/** A column by name, or an expression. */
type Argument = string | Expression;
type ColumnsOf<A> = A extends string ? A : ColumnsIn<A>;
type ArgumentTerm<A> = A extends string ? Ref<A> : TermOf<A>;

/** One value a group. `Term` is its type, `Empty` what it is of no rows at all. */
export class Aggregate<out Columns extends string = string, out Term = unknown, out Empty = unknown> {
  declare readonly [TYPES]: { columns: Columns; term: Term; empty: Empty };
  readonly call: Omit<AggregateCall, "name">;

  constructor(call: Omit<AggregateCall, "name">) {
    this.call = call;
  }

  /** Each value of a group counts once: `sum("price").distinct()`. */
  distinct(): Aggregate<Columns, Term, Empty> {
    return new Aggregate({ ...this.call, distinct: true });
  }

  /**
   * Of the rows where the condition is TRUE; with several, where all are.
   * @example flights.groupBy("origin").aggregate({ late: count().where(col("delay").gt(15)) })
   */
  where<const C extends Expression>(condition: C): Aggregate<Columns | ColumnsIn<C>, Term | Empty, Empty> {
    const { filter: before, ...call } = this.call;
    const filter = toPlan(condition);
    return new Aggregate({
      ...call,
      filter: before === undefined ? filter : { kind: "call", fn: "and", args: [before, filter] },
    });
  }
}

function aggregateOf<C extends string, Term, Empty>(
  fn: string,
  ...args: readonly Argument[]
): Aggregate<C, Term, Empty> {
  const plans = args.map((argument) =>
    typeof argument === "string" ? ({ kind: "column", name: argument } as const) : toPlan(argument),
  );
  return new Aggregate({ fn, args: plans });
}

/** How many rows; of an argument: how many where it is not NULL. */
export function count(): Aggregate<never, number, never>;
export function count<const A extends Argument>(argument: A): Aggregate<ColumnsOf<A>, number, never>;
export function count(argument?: Argument): Aggregate<never, number, never> {
  return argument === undefined ? aggregateOf("count_star") : aggregateOf("count", argument);
}

/** How many values there are, each once; NULL is none. */
export function countDistinct<const A extends Argument>(argument: A): Aggregate<ColumnsOf<A>, number, never> {
  return aggregateOf<ColumnsOf<A>, number, never>("count", argument).distinct();
}

/** The sum of the values that are not NULL: BIGINT of integers, DECIMAL(38, s) of decimals, else the argument's type. */
export function sum<const A extends Argument>(argument: A): Aggregate<ColumnsOf<A>, Arithmetic<ArgumentTerm<A>>, null> {
  return aggregateOf("sum", argument);
}

/** The smallest value. NaN is the greatest of all numbers. */
export function min<const A extends Argument>(argument: A): Aggregate<ColumnsOf<A>, Same<ArgumentTerm<A>>, null> {
  return aggregateOf("min", argument);
}

/** The greatest value. NaN is the greatest of all numbers. */
export function max<const A extends Argument>(argument: A): Aggregate<ColumnsOf<A>, Same<ArgumentTerm<A>>, null> {
  return aggregateOf("max", argument);
}

/** The mean of the values that are not NULL: DOUBLE of integers and floats, DECIMAL of decimals. */
export function avg<const A extends Argument>(argument: A): Aggregate<ColumnsOf<A>, Arithmetic<ArgumentTerm<A>>, null> {
  return aggregateOf("avg", argument);
}
