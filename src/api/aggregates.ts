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
  readonly fn: string;
  readonly args: AggregateCall["args"];

  constructor(fn: string, args: readonly Argument[]) {
    this.fn = fn;
    this.args = args.map((argument) =>
      typeof argument === "string" ? ({ kind: "column", name: argument } as const) : toPlan(argument),
    );
  }
}

/** How many rows; of an argument: how many where it is not NULL. */
export function count(): Aggregate<never, number, never>;
export function count<const A extends Argument>(argument: A): Aggregate<ColumnsOf<A>, number, never>;
export function count(argument?: Argument): Aggregate<never, number, never> {
  return argument === undefined ? new Aggregate("count_star", []) : new Aggregate("count", [argument]);
}

/** The sum of the values that are not NULL: BIGINT of integers, DECIMAL(38, s) of decimals, else the argument's type. */
export function sum<const A extends Argument>(argument: A): Aggregate<ColumnsOf<A>, Arithmetic<ArgumentTerm<A>>, null> {
  return new Aggregate("sum", [argument]);
}

/** The smallest value. NaN is the greatest of all numbers. */
export function min<const A extends Argument>(argument: A): Aggregate<ColumnsOf<A>, Same<ArgumentTerm<A>>, null> {
  return new Aggregate("min", [argument]);
}

/** The greatest value. NaN is the greatest of all numbers. */
export function max<const A extends Argument>(argument: A): Aggregate<ColumnsOf<A>, Same<ArgumentTerm<A>>, null> {
  return new Aggregate("max", [argument]);
}

/** The mean of the values that are not NULL: DOUBLE of integers and floats, DECIMAL of decimals. */
export function avg<const A extends Argument>(argument: A): Aggregate<ColumnsOf<A>, Arithmetic<ArgumentTerm<A>>, null> {
  return new Aggregate("avg", [argument]);
}
