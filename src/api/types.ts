// Row types from schema literals, and the types of expressions over them. Nothing here exists at run time.
//
//     { ts: "TIMESTAMP(3) NOT NULL", price: "DOUBLE" }   →   { ts: Date; price: number | null }
import type { Value } from "../arrow/rows.js";

/** Columns in order: name → SQL type, `NOT NULL` where it holds. */
export type SchemaLiteral = Readonly<Record<string, string>>;

type SimpleType =
  | "BOOLEAN"
  | "TINYINT"
  | "SMALLINT"
  | "INT"
  | "INTEGER"
  | "BIGINT"
  | "FLOAT"
  | "DOUBLE"
  | "STRING"
  | "VARCHAR"
  | "BYTES"
  | "DATE"
  | "TIME"
  | "INTERVAL";
type DecimalType = "DECIMAL" | `DECIMAL(${number})` | `DECIMAL(${number},${" " | ""}${number})`;
type TimestampPrecision = "" | `(${0 | 1 | 2 | 3 | 4 | 5 | 6})`;
type TimestampType = `TIMESTAMP${"" | "_LTZ"}${TimestampPrecision}`;

/** What stands between the brackets is read by `ValueOf`, and checked at run time. */
type NestedTypeName = `ARRAY<${string}>` | `MAP<${string},${string}>` | `ROW<${string}>`;

/** A type's SQL name, as the compiler knows it. */
export type TypeName = SimpleType | DecimalType | TimestampType | NestedTypeName;
type FieldType = TypeName | `${TypeName} NOT NULL`;

/** A schema literal whose types all exist; one that is only known at run time passes. */
export type CheckedSchema<S extends SchemaLiteral> = {
  readonly [K in keyof S]: S[K] extends FieldType ? S[K] : string extends S[K] ? S[K] : FieldType;
};

/** A value of a SQL type, without NULL. */
export type ValueOf<T extends string> = string extends T
  ? Value
  : T extends NestedTypeName
    ? NestedValueOf<T>
    : ScalarOf<T>;

type ScalarOf<T extends string> = T extends "BOOLEAN"
  ? boolean
  : T extends "STRING" | "VARCHAR" | "DATE" | "TIME" | `DECIMAL${string}` | `TIMESTAMP${"" | "_LTZ"}(${4 | 5 | 6})`
    ? string
    : T extends "BYTES"
      ? Uint8Array
      : T extends `TIMESTAMP${string}`
        ? Date
        : number;

type NestedValueOf<T extends string> = T extends `ARRAY<${infer Element}>`
  ? FieldValue<Trimmed<Element>>[]
  : T extends `MAP<${infer Parts}>`
    ? Parted<Parts> extends [infer Key extends string, infer Entry extends string]
      ? ReadonlyMap<ValueOf<Key>, FieldValue<Entry>>
      : never
    : T extends `ROW<${infer Parts}>`
      ? Flat<NestedRowOf<Parted<Parts>[number]>>
      : never;

type NestedRowOf<Columns extends string> = {
  [C in Columns as ColumnName<C>]: FieldValue<ColumnType<C>>;
};

type ColumnName<C extends string> = C extends `\`${infer Name}\` ${string}`
  ? Name
  : C extends `${infer Name} ${string}`
    ? Name
    : never;
type ColumnType<C extends string> = C extends `\`${string}\` ${infer Type}`
  ? Trimmed<Type>
  : C extends `${string} ${infer Type}`
    ? Trimmed<Type>
    : never;

/** A text cut at the commas that stand in no brackets. `Depth` has an element for every open one. */
type Parted<
  Text extends string,
  Depth extends unknown[] = [],
  Part extends string = "",
  Parts extends string[] = [],
> = Text extends `${infer C}${infer Rest}`
  ? C extends "<" | "("
    ? Parted<Rest, [...Depth, C], `${Part}${C}`, Parts>
    : C extends ">" | ")"
      ? Parted<Rest, Depth extends [unknown, ...infer Outer] ? Outer : [], `${Part}${C}`, Parts>
      : C extends ","
        ? Depth extends []
          ? Parted<Rest, [], "", [...Parts, Trimmed<Part>]>
          : Parted<Rest, Depth, `${Part}${C}`, Parts>
        : Parted<Rest, Depth, `${Part}${C}`, Parts>
  : [...Parts, Trimmed<Part>];

type Trimmed<T extends string> = T extends ` ${infer Rest}` | `${infer Rest} ` ? Trimmed<Rest> : T;

type FieldValue<T extends string> = string extends T
  ? Value
  : T extends `${infer Base} NOT NULL`
    ? ValueOf<Base>
    : ValueOf<T> | null;

/** The rows of a schema literal; `Record<string, Value>` when it is known at run time only. */
export type RowOf<S extends SchemaLiteral> = Flat<{ [K in keyof S]: FieldValue<S[K]> }>;

/** Names of a row's columns: any string when they are not known. */
export type ColumnOf<Row> = Extract<keyof Row, string>;

/** One flat object type instead of an intersection or a name, so that messages and hovers show the columns. */
export type Flat<T> = T extends unknown ? { -readonly [K in keyof T]: T[K] } : never;

// The type of an expression depends on the row that it meets. It is kept as a term, resolved when both are known.

/** The value of a column. */
export interface Ref<Name extends string> {
  readonly term: "column";
  readonly name: Name;
}

/** A `Result`, NULL when one of the arguments is. */
export interface Strict<Result, Arguments> {
  readonly term: "strict";
  readonly result: Result;
  readonly arguments: Arguments;
}

/** Arithmetic: of numbers a number, of DECIMALs their text, of a time and an interval a time. */
export interface Arithmetic<Arguments> {
  readonly term: "arithmetic";
  readonly arguments: Arguments;
}

/** One of the arguments as it is (MIN, NULLIF's first); NULL when one of them is. */
export interface Same<Arguments> {
  readonly term: "same";
  readonly arguments: Arguments;
}

/** The first argument, or where it is NULL the second. */
export interface OrElse<First, Second> {
  readonly term: "or-else";
  readonly first: First;
  readonly second: Second;
}

/** An element of an ARRAY: NULL where there is none. */
export interface ElementOf<Array> {
  readonly term: "element";
  readonly of: Array;
}

/** The value of a MAP's key: NULL where there is none. */
export interface EntryOf<Map> {
  readonly term: "entry";
  readonly of: Map;
}

/** A field of a ROW, NULL where the row is. */
export interface FieldOf<Row, Name extends string> {
  readonly term: "field";
  readonly of: Row;
  readonly name: Name;
}

/** What a term is over rows of this type. Unions are resolved one by one. */
export type Resolve<Term, Row> =
  Term extends Ref<infer Name>
    ? Name extends keyof Row
      ? Row[Name]
      : Value
    : Term extends Strict<infer Result, infer Arguments>
      ? Result | NullOf<Arguments, Row>
      : Term extends Arithmetic<infer Arguments>
        ? Computed<NonNullable<Resolve<Arguments, Row>>> | NullOf<Arguments, Row>
        : Term extends Same<infer Arguments>
          ? Resolve<Arguments, Row>
          : Term extends OrElse<infer First, infer Second>
            ? NonNullable<Resolve<First, Row>> | Resolve<Second, Row>
            : Term extends ElementOf<infer Of>
              ? Part<NonNullable<Resolve<Of, Row>>> | null
              : Term extends EntryOf<infer Of>
                ? Part<NonNullable<Resolve<Of, Row>>> | null
                : Term extends FieldOf<infer Of, infer Name>
                  ? Part<NonNullable<Resolve<Of, Row>>, Name> | NullOf<Of, Row>
                  : Term;

/** What an array's elements, a map's values or a row's field are; any value where the type is not known. */
type Part<Of, Name extends string = never> = Of extends readonly (infer Element)[]
  ? Element
  : Of extends ReadonlyMap<unknown, infer Entry>
    ? Entry
    : Name extends keyof Of
      ? Of[Name]
      : Value;

type NullOf<Arguments, Row> = null extends Resolve<Arguments, Row> ? null : never;

/** Two times give an interval in milliseconds, a time and an interval a time. */
type Computed<V> = [V] extends [number | Date]
  ? [V] extends [number] | [Date]
    ? number
    : Date
  : [V] extends [string]
    ? string
    : Exclude<V, boolean | Uint8Array>;
