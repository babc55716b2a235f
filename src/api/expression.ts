// Expressions as the API writes them: `col("delay").gt(15).and(col("origin").ne("SFO"))`. Each is a plan expression that
// also tells the compiler which columns it uses and what type its value has.
import { parseType } from "../arrow/types.js";
import { PlanError } from "../errors.js";
import type { LiteralValue, Expr as PlanExpr } from "../plan/expr.js";
import { formatExpr } from "../plan/format-expr.js";
import { type Duration, parseDurationMs } from "./duration.js";
import { checkText, describeValue, wrongArgument } from "./options.js";
import type { Arithmetic, ElementOf, EntryOf, FieldOf, Ref, Strict, TypeName, ValueOf } from "./types.js";

declare const TYPES: unique symbol;

/** What stands beside an operator: an expression, or a value as it is (a string is text, never a column's name). */
export type Operand<Columns extends string = string> = Expression<Columns> | LiteralValue;

/** Names of the columns that an operand uses. */
export type ColumnsIn<O> = O extends Expression<infer Columns, unknown> ? Columns : never;

/** Type of an operand's value. */
export type TermOf<O> =
  O extends Expression<string, infer Term>
    ? Term
    : O extends number | bigint
      ? number
      : O extends string
        ? string
        : O extends boolean
          ? boolean
          : O;

type Comparison<C extends string, T, O> = Expression<C | ColumnsIn<O>, Strict<boolean, T | TermOf<O>>>;
type Calculation<C extends string, T, O> = Expression<C | ColumnsIn<O>, Arithmetic<T | TermOf<O>>>;
type Definite<C extends string, O = never> = Expression<C | ColumnsIn<O>, boolean>;

/** A computed value. Immutable; every method gives another one. */
export class Expression<out Columns extends string = string, out Term = unknown> {
  declare readonly [TYPES]: { columns: Columns; term: Term };
  readonly plan: PlanExpr;

  constructor(plan: PlanExpr) {
    this.plan = plan;
  }

  eq<O extends Operand>(other: O): Comparison<Columns, Term, O> {
    return call("eq", this, other);
  }

  ne<O extends Operand>(other: O): Comparison<Columns, Term, O> {
    return call("ne", this, other);
  }

  lt<O extends Operand>(other: O): Comparison<Columns, Term, O> {
    return call("lt", this, other);
  }

  le<O extends Operand>(other: O): Comparison<Columns, Term, O> {
    return call("le", this, other);
  }

  gt<O extends Operand>(other: O): Comparison<Columns, Term, O> {
    return call("gt", this, other);
  }

  ge<O extends Operand>(other: O): Comparison<Columns, Term, O> {
    return call("ge", this, other);
  }

  /** From `low` to `high`, both included. */
  between<L extends Operand, H extends Operand>(low: L, high: H): Comparison<Columns, Term, L | H> {
    return call("between", this, low, high);
  }

  /** Equal to one of the values. */
  in<const A extends readonly Operand[]>(...values: A): Comparison<Columns, Term, A[number]> {
    return call("in", this, ...values);
  }

  /** SQL's LIKE: `%` stands for any text, `_` for one character. */
  like<O extends Operand>(pattern: O): Comparison<Columns, Term, O> {
    return call("like", this, pattern);
  }

  isNull(): Definite<Columns> {
    return call("is_null", this);
  }

  isNotNull(): Definite<Columns> {
    return call("is_not_null", this);
  }

  /** TRUE where this is TRUE, FALSE where it is FALSE or NULL. */
  isTrue(): Definite<Columns> {
    return call("is_true", this);
  }

  /** TRUE where this is FALSE, FALSE where it is TRUE or NULL. */
  isFalse(): Definite<Columns> {
    return call("is_false", this);
  }

  isNotTrue(): Definite<Columns> {
    return call("is_not_true", this);
  }

  isNotFalse(): Definite<Columns> {
    return call("is_not_false", this);
  }

  /** Like `ne`, but NULL is a value: never NULL itself. */
  isDistinctFrom<O extends Operand>(other: O): Definite<Columns, O> {
    return call("is_distinct_from", this, other);
  }

  /** Like `eq`, but NULL equals NULL. */
  isNotDistinctFrom<O extends Operand>(other: O): Definite<Columns, O> {
    return call("is_not_distinct_from", this, other);
  }

  and<O extends Operand>(other: O): Comparison<Columns, Term, O> {
    return call("and", this, other);
  }

  or<O extends Operand>(other: O): Comparison<Columns, Term, O> {
    return call("or", this, other);
  }

  not(): Expression<Columns, Strict<boolean, Term>> {
    return call("not", this);
  }

  add<O extends Operand>(other: O): Calculation<Columns, Term, O> {
    return call("add", this, other);
  }

  sub<O extends Operand>(other: O): Calculation<Columns, Term, O> {
    return call("sub", this, other);
  }

  mul<O extends Operand>(other: O): Calculation<Columns, Term, O> {
    return call("mul", this, other);
  }

  /** Integers divide to integers, truncated toward zero. */
  div<O extends Operand>(other: O): Calculation<Columns, Term, O> {
    return call("div", this, other);
  }

  mod<O extends Operand>(other: O): Calculation<Columns, Term, O> {
    return call("mod", this, other);
  }

  neg(): Expression<Columns, Arithmetic<Term>> {
    return call("neg", this);
  }

  /** Element `index` of an ARRAY, counted from 1 as in SQL; NULL where there is none. */
  at<O extends Operand>(index: O): Expression<Columns | ColumnsIn<O>, ElementOf<Term>> {
    return call("at", this, index);
  }

  /** The value of a MAP's key; NULL where it has no such key. */
  get<O extends Operand>(key: O): Expression<Columns | ColumnsIn<O>, EntryOf<Term>> {
    return call("get", this, key);
  }

  /** A field of a ROW, by its name. */
  field<const Name extends string>(name: Name): Expression<Columns, FieldOf<Term, Name>> {
    return call("field", this, checkText(name, "field()", "a field's name", 0));
  }

  /** As another type. A value that does not fit ends up with the row policy; see `tryCast`. */
  cast<T extends TypeName>(type: T): Expression<Columns, Strict<ValueOf<T>, Term>> {
    return castTo(this, type, false);
  }

  /** As another type, NULL where the value does not fit. */
  tryCast<T extends TypeName>(type: T): Expression<Columns, ValueOf<T> | null> {
    return castTo(this, type, true);
  }

  /** SQL-like text. */
  toString(): string {
    return formatExpr(this.plan);
  }
}

/** A column by name. */
export function col<const Name extends string>(name: Name): Expression<Name, Ref<Name>> {
  return new Expression({ kind: "column", name: checkText(name, "col()", "a column's name", 0) });
}

/** A value as an expression; with `type` as that type: `lit("1.50", "DECIMAL(10, 2)")`. */
export function lit<V extends LiteralValue>(value: V): Expression<never, TermOf<V>>;
export function lit<T extends TypeName>(value: LiteralValue, type: T): Expression<never, ValueOf<T>>;
export function lit(value: LiteralValue, type?: TypeName): Expression<never, never> {
  const literal = new Expression<never, never>({ kind: "literal", value: checkLiteral(value) });
  return type === undefined ? literal : castTo(literal, type, false);
}

/** A span of time to add to times: `col("ts").add(interval("5m"))`. */
export function interval(duration: Duration): Expression<never, number> {
  const value = parseDurationMs(duration, "interval");
  return new Expression({ kind: "literal", value, type: { kind: "interval" } });
}

type CaseBranches = Extract<PlanExpr, { kind: "case" }>["branches"];

/**
 * The value of the first branch whose condition is TRUE; NULL when none is, unless `otherwise` says what then.
 *
 * @example when(col("delay").gt(60)).then("late").when(col("delay").gt(0)).then("behind").otherwise("on time")
 */
export function when<C extends Expression>(condition: C): Branch<ColumnsIn<C>, never> {
  return new Branch([], conditionPlan(condition, "when()"));
}

/** A CASE whose last condition waits for its value. */
export class Branch<out Columns extends string, out Term> {
  declare readonly [TYPES]: { columns: Columns; term: Term };
  readonly #before: CaseBranches;
  readonly #condition: PlanExpr;

  constructor(before: CaseBranches, condition: PlanExpr) {
    this.#before = before;
    this.#condition = condition;
  }

  /** The branch's value. (No promise's `then`: awaiting a branch by mistake is refused with TYPE.) */
  then<O extends Operand>(value: O): Case<Columns | ColumnsIn<O>, Term | TermOf<O>> {
    return new Case([...this.#before, { when: this.#condition, then: toPlan(value) }]);
  }
}

/** A CASE that is complete: NULL where no condition is TRUE. */
export class Case<out Columns extends string, out Term> extends Expression<Columns, Term | null> {
  readonly #branches: CaseBranches;

  constructor(branches: CaseBranches) {
    super({ kind: "case", branches, otherwise: null });
    this.#branches = branches;
  }

  when<C extends Expression>(condition: C): Branch<Columns | ColumnsIn<C>, Term> {
    return new Branch(this.#branches, conditionPlan(condition, "when()"));
  }

  otherwise<O extends Operand>(value: O): Expression<Columns | ColumnsIn<O>, Term | TermOf<O>> {
    return new Expression({ kind: "case", branches: this.#branches, otherwise: toPlan(value) });
  }
}

/** Any function or operator of the table in plan/functions.ts. The caller states what the compiler shall know of it. */
export function call<C extends string, T>(fn: string, ...args: readonly Operand[]): Expression<C, T> {
  return new Expression({ kind: "call", fn, args: args.map(toPlan) });
}

/** @throws TYPE for what is neither an expression nor a value */
export function toPlan(operand: Operand): PlanExpr {
  if (operand instanceof Expression) return operand.plan;
  return { kind: "literal", value: checkLiteral(operand) };
}

/** A condition is never a value alone: `where(null)` is a mistake, not a filter. @throws OPTION for what is no expression */
export function conditionPlan(condition: Expression, where: string): PlanExpr {
  if (condition instanceof Expression) return condition.plan;
  throw wrongArgument(where, "an expression", condition, 'write col("delay").gt(15); a function goes to filter()');
}

function castTo<C extends string, T>(input: Expression, text: string, tolerant: boolean): Expression<C, T> {
  const { type } = parseType(text);
  return new Expression({ kind: "cast", input: input.plan, type, try: tolerant });
}

function checkLiteral(value: LiteralValue): LiteralValue {
  if (value === null) return value;
  if (value instanceof Date) {
    if (!Number.isNaN(value.getTime())) return value;
    throw new PlanError("TYPE", "an invalid Date is no value", { hint: "use null for what is not known" });
  }
  if (["boolean", "number", "bigint", "string"].includes(typeof value)) return value;
  throw new PlanError("TYPE", `${describeValue(value)} is no value of an expression`, {
    hint: "give null, a boolean, number, bigint, string or Date, or an expression such as col(name)",
  });
}
