// Row types of results: what select, groupBy and aggregate make of a row type. Nothing here exists at run time.
import type { ColumnData } from "../arrow/columns.js";
import type { Value } from "../arrow/rows.js";
import type { ColumnView } from "../arrow/views.js";
import type { Aggregate } from "./aggregates.js";
import type { Operand, TermOf } from "./expression.js";
import type { ColumnOf, Flat, Resolve, RowOf, SchemaLiteral } from "./types.js";

/** What select and groupBy take: names of columns, and objects of new names with their expressions. */
export type Selector<Row> = Row extends unknown
  ? ColumnOf<Row> | Readonly<Record<string, Operand<ColumnOf<Row>>>>
  : never;

/** What aggregate takes: result names with their aggregates. */
export type Aggregates<Row> = Readonly<Record<string, Aggregate<ColumnOf<Row>>>>;

type Computed<S> = Exclude<S, string>;
type ComputedName<S> = S extends string ? never : keyof S & string;
type OperandAt<S, K> = S extends Readonly<Record<K & string, infer O>> ? O : never;

/** The row of a user function: its schema's, or the row it got. */
export type Mapped<Row, S extends SchemaLiteral> = [S] extends [never] ? Row : RowOf<S>;

/** What a function of the batch form gives back: its columns by name, all equally long. */
export type BatchColumns<Row> = Readonly<Record<ColumnOf<Row>, ColumnView | ColumnData>>;

/** The row that selectors make. */
export type Selected<Row, S> = Flat<{
  [K in Extract<S, string> | ComputedName<S>]: K extends ComputedName<S>
    ? Resolve<TermOf<OperandAt<Computed<S>, K>>, Row>
    : K extends keyof Row
      ? Row[K]
      : Value;
}>;

/** A row with columns replaced or added. */
export type Extended<Row, C extends Readonly<Record<string, Operand>>> = Flat<
  Omit<Row, keyof C> & { [K in keyof C]: Resolve<TermOf<C[K]>, Row> }
>;

/** A row with one of a column's elements in the column's place. */
export type Unnested<Row, Name extends string, O> = string extends keyof Row
  ? Row
  : Name extends keyof Row
    ? Flat<Omit<Row, Name> & ElementOf<NonNullable<Row[Name]>, Name, O> & PositionOf<O>>
    : never;

type OuterNull<O> = O extends { readonly outer: true } ? null : never;

type ElementOf<List, Name extends string, O> =
  List extends ReadonlyMap<infer Key, infer Entry>
    ? O extends { readonly as: readonly [infer K extends string, infer V extends string] }
      ? { [N in K]: Key | OuterNull<O> } & { [N in V]: Entry | OuterNull<O> }
      : { key: Key | OuterNull<O>; value: Entry | OuterNull<O> }
    : List extends readonly (infer Element)[]
      ? { [N in O extends { readonly as: infer As extends string } ? As : Name]: Element | OuterNull<O> }
      : never;

type PositionOf<O> = O extends { readonly ordinality: infer Name extends string }
  ? { [N in Name]: number | OuterNull<O> }
  : unknown;

/** What a window puts before its keys. `windowTime` is the window's last millisecond, the event time of the result. */
export interface WindowBounds {
  windowStart: Date;
  windowEnd: Date;
  windowTime: Date;
}

/** Values of aggregates; `MayBeEmpty` where they may be of no rows at all. */
export type Aggregated<Row, A, MayBeEmpty> = {
  [K in keyof A]: A[K] extends Aggregate<string, infer Term, infer Empty>
    ? Resolve<Term, Row> | (MayBeEmpty extends true ? Empty : never)
    : never;
};
