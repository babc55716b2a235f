// Binding: names → positions, literals → their types' units, implicit casts made explicit, constant parts computed.
// Everything a user can get wrong in an expression is told here, with the text of the expression and the nearest names.
import {
  BOOLEAN,
  columnIndex,
  type DataType,
  decimal,
  type Field,
  FLOAT64,
  INT32,
  INT64,
  isNested,
  NULL,
  type Schema,
  STRING,
  sameType,
  TIMESTAMP,
  typeName,
} from "../arrow/types.js";
import { assert, hintNames, PlanError } from "../errors.js";
import { changeChildren, childrenOf } from "./children.js";
import { checkCast, commonType } from "./coerce.js";
import { evaluateConstant } from "./constant.js";
import type { BoundExpr, BoundValue, Expr, LiteralValue } from "./expr.js";
import { formatCall, formatExpr } from "./format-expr.js";
import { AGGREGATES, type AggregateName, FUNCTIONS, type FunctionRow } from "./functions.js";
import type { AggregateCall } from "./logical.js";
import { castValue } from "./scalar/cast.js";
import { Failure } from "./scalar/value.js";
import type { Argument } from "./signatures.js";

type Literal = Extract<BoundExpr, { kind: "literal" }>;

/**
 * The expression over the columns of `schema`; `where` names them in messages ("flights").
 * @throws UNKNOWN_COLUMN, UNKNOWN_FUNCTION with the nearest names; TYPE naming the types; UNSUPPORTED.
 */
export function bindExpr(expr: Expr, schema: Schema, where = "the input"): BoundExpr {
  switch (expr.kind) {
    case "column": {
      refuseDotted(expr.name, schema, where);
      const index = columnIndex(schema, expr.name, where);
      const { type, nullable } = schema.fields[index] as Field;
      return { kind: "column", index, name: expr.name, type, nullable };
    }
    case "literal":
      return bindLiteral(expr.value, expr.type);
    case "call": {
      const { expand, ...row } = functionRow(expr.fn);
      if (expand !== undefined) return bindExpr(expand(expr.args), schema, where);
      return bindCall(
        row,
        expr.args.map((arg) => bindExpr(arg, schema, where)),
        expr,
      );
    }
    case "cast": {
      const input = bindExpr(expr.input, schema, where);
      checkCast(input.type, expr.type, formatExpr(expr));
      if (sameType(input.type, expr.type)) return input;
      return folded({ kind: "cast", input, type: expr.type, try: expr.try, nullable: input.nullable || expr.try });
    }
    case "case":
      return bindCase(expr, schema, where);
  }
}

/** A dot in a name is a letter of it like any other: whoever means a field is told how to name one. */
function refuseDotted(name: string, schema: Schema, where: string): void {
  if (!name.includes(".") || schema.fields.some((candidate) => candidate.name === name)) return;
  const [first = "", ...path] = name.split(".");
  if (schema.fields.find((candidate) => candidate.name === first)?.type.kind !== "row") return;
  const fields = path.map((part) => `.field(${JSON.stringify(part)})`).join("");
  throw new PlanError("UNKNOWN_COLUMN", `no column "${name}" in ${where}`, {
    hint: `a field of the ROW "${first}" is col(${JSON.stringify(first)})${fields}`,
  });
}

/** What to do where whole arrays, maps or rows are not taken. */
export const NESTED_HINT =
  "take plain values out of it: .field(name), .at(1), .get(key), or a row an element by .unnest()";

/** An expression that filters: BOOLEAN. @throws TYPE for any other type, and what `bindExpr` throws. */
export function bindPredicate(expr: Expr, schema: Schema, where?: string): BoundExpr {
  const bound = bindExpr(expr, schema, where);
  if (bound.type.kind === "boolean") return bound;
  if (bound.type.kind === "null") return nullOf(BOOLEAN);
  throw new PlanError("TYPE", `a condition is BOOLEAN, not ${typeName(bound.type)}: ${formatExpr(expr)}`, {
    hint: "compare it with something, for example x > 0 or x IS NOT NULL",
  });
}

/**
 * The result of an aggregate over the columns of `schema`; `nullable` says that a group of one row can give NULL.
 * @throws UNKNOWN_FUNCTION, TYPE, UNSUPPORTED, and what `bindExpr` throws.
 */
export function bindAggregate(
  call: AggregateCall,
  schema: Schema,
): { readonly type: DataType; readonly nullable: boolean } {
  const row = AGGREGATES.get(call.fn as AggregateName);
  if (row === undefined) {
    throw new PlanError("UNKNOWN_FUNCTION", `no aggregate "${call.fn}"`, {
      hint: hintNames(call.fn, [...AGGREGATES.keys()], "aggregates"),
    });
  }
  const [argument, ...more] = call.args.map((arg) => bindExpr(arg, schema));
  const type = more.length > 0 ? null : row.resolve(argument?.type ?? null);
  const text = formatCall(call);
  if (type === null) {
    const given =
      argument === undefined ? "no argument" : [argument, ...more].map((arg) => typeName(arg.type)).join(", ");
    throw new PlanError("TYPE", `${call.fn} does not take ${given}: ${text}`, { hint: `form: ${row.signature}` });
  }
  const counts = row.name === "count" || row.name === "count_star";
  const adds = row.name === "sum" || row.name === "avg";
  if (argument?.type.kind === "decimal" && argument.type.precision > 18 && adds) {
    throw new PlanError(
      "UNSUPPORTED",
      `${text} of ${typeName(argument.type)}: sums and averages take up to 18 digits`,
      {
        hint: `cast it to DECIMAL(18, ${Math.min(argument.type.scale, 18)}) or to DOUBLE`,
      },
    );
  }
  if (call.distinct && argument === undefined) {
    throw new PlanError("TYPE", `${text} counts rows`, { hint: "DISTINCT is of values: name a column" });
  }
  if (call.distinct && argument !== undefined && isNested(argument.type)) {
    throw new PlanError("TYPE", `${text} of ${typeName(argument.type)}`, { hint: NESTED_HINT });
  }
  if (call.filter !== undefined) bindPredicate(call.filter, schema);
  // A group may have no row that passes a filter.
  return { type, nullable: !counts && (call.filter !== undefined || argument?.nullable === true) };
}

/** Names of all columns that an expression reads, each once, in order. */
export function exprColumns(expr: Expr): string[] {
  const names = new Set<string>();
  const visit = (node: Expr): void => {
    if (node.kind === "column") names.add(node.name);
    else for (const child of childrenOf(node)) visit(child);
  };
  visit(expr);
  return [...names];
}

/** A bound value as a literal that binds to the same value and type: what a folded constant becomes in a logical plan. */
export function literalOf(value: BoundValue, type: DataType): Expr {
  if (value !== null && type.kind === "decimal") {
    return { kind: "literal", value: castValue(value, type, STRING) as string, type };
  }
  if (value !== null && sameType(naturalLiteral(value).type, type)) return { kind: "literal", value };
  return { kind: "literal", value, type };
}

const NO_COLUMNS: Schema = Object.freeze({ fields: Object.freeze([]) });

/** The expression with its constant parts computed; parts that would fail stay, for they may never be evaluated. */
export function foldExpr(expr: Expr): Expr {
  if (expr.kind === "literal" || expr.kind === "column") return expr;
  if (exprColumns(expr).length === 0) {
    const bound = bindExpr(expr, NO_COLUMNS);
    return bound.kind === "literal" ? literalOf(bound.value, bound.type) : expr;
  }
  return changeChildren(expr, foldExpr);
}

function functionRow(name: string): FunctionRow {
  const row = FUNCTIONS.get(name);
  if (row !== undefined) return row;
  throw new PlanError("UNKNOWN_FUNCTION", `no function "${name}"`, {
    hint: hintNames(name, [...FUNCTIONS.keys()], "functions"),
  });
}

function bindCall(row: Omit<FunctionRow, "expand">, args: readonly BoundExpr[], expr: Expr): BoundExpr {
  const given: Argument[] = args.map((arg) => ({
    type: arg.type,
    nullable: arg.nullable,
    ...(arg.kind === "literal" ? { value: arg.value } : {}),
  }));
  const resolved = row.resolve(given);
  if (resolved === null) {
    const types = given.map(({ type }) => typeName(type)).join(", ");
    const nested = given.some(({ type }) => isNested(type));
    throw new PlanError("TYPE", `${row.name} does not take (${types}): ${formatExpr(expr)}`, {
      hint: `forms: ${row.signature}; ${nested ? NESTED_HINT : "cast an argument if it means the other type"}`,
    });
  }
  const cast = args.map((arg, i) => castTo(arg, resolved.args[i] as DataType, expr));
  const target = resolved.fn === undefined ? row : functionRow(resolved.fn);
  const nullable = resolved.nullable ?? nullableBy(target.nulls, cast);
  const call = folded({ kind: "call", fn: target.name, args: cast, type: resolved.type, nullable });
  if (resolved.castTo === undefined || sameType(resolved.castTo, call.type)) return call;
  return folded({ kind: "cast", input: call, type: resolved.castTo, try: false, nullable: call.nullable });
}

function nullableBy(nulls: FunctionRow["nulls"], args: readonly BoundExpr[]): boolean {
  return nulls !== "never" && args.some((arg) => arg.nullable);
}

function bindCase(expr: Extract<Expr, { kind: "case" }>, schema: Schema, where: string): BoundExpr {
  const branches = expr.branches.map(({ when, then }) => ({
    when: bindPredicate(when, schema, where),
    then: bindExpr(then, schema, where),
  }));
  const otherwise = expr.otherwise === null ? null : bindExpr(expr.otherwise, schema, where);
  const results = [...branches.map(({ then }) => then), ...(otherwise === null ? [] : [otherwise])];
  const type = commonType(results.map((result) => result.type));
  if (type === null || isNested(type)) {
    const types = [...new Set(results.map((result) => typeName(result.type)))].join(" and ");
    throw new PlanError("TYPE", `the branches of CASE are ${types}: ${formatExpr(expr)}`, {
      hint: type === null ? "cast them to one type" : NESTED_HINT,
    });
  }
  return folded({
    kind: "case",
    branches: branches.map(({ when, then }) => ({ when, then: castTo(then, type, expr) })),
    otherwise: otherwise === null ? null : castTo(otherwise, type, expr),
    type,
    nullable: otherwise === null || results.some((result) => result.nullable),
  });
}

/** An implicit cast. Literals are cast now: one that does not fit is an error of the plan, not of every row. */
function castTo(expr: BoundExpr, type: DataType, whole: Expr): BoundExpr {
  if (sameType(expr.type, type)) return expr;
  if (expr.kind !== "literal") return { kind: "cast", input: expr, type, try: false, nullable: expr.nullable };
  const value = castValue(expr.value, expr.type, type);
  if (!(value instanceof Failure)) return { kind: "literal", value, type, nullable: value === null };
  throw new PlanError("TYPE", `${String(expr.value)} is no ${typeName(type)}: ${formatExpr(whole)}`, {
    hint: `write it as ${typeName(type)} or cast the other side`,
  });
}

/** A constant as its value. One that fails stays: it may stand where no row is evaluated. */
function folded(expr: BoundExpr): BoundExpr {
  if (!childrenOf(expr).every((child) => child.kind === "literal")) return expr;
  const value = evaluateConstant(expr);
  if (value === undefined || value instanceof Failure || (typeof value === "object" && value !== null)) return expr;
  return { kind: "literal", value, type: expr.type, nullable: value === null };
}

function nullOf(type: DataType): Literal {
  return { kind: "literal", value: null, type, nullable: true };
}

/** A literal in the units of its type. Without a type: INT, BIGINT, DOUBLE, STRING, BOOLEAN, TIMESTAMP(3) by the value. */
function bindLiteral(value: LiteralValue, type?: DataType): Literal {
  if (value === null) return nullOf(type ?? NULL);
  const natural = naturalLiteral(value);
  if (type === undefined || sameType(natural.type, type)) return natural;
  const units = unitsOf(value, type);
  if (units !== undefined) return { kind: "literal", value: units, type, nullable: false };
  checkCast(natural.type, type, String(value));
  const cast = castValue(natural.value, natural.type, type);
  if (!(cast instanceof Failure)) return { kind: "literal", value: cast, type, nullable: false };
  throw new PlanError("TYPE", `${String(value)} is no ${typeName(type)}`, { hint: "correct the literal or its type" });
}

/** Times as whole numbers of their own units, binary as hex digits: already what a bound literal holds. */
function unitsOf(value: LiteralValue, type: DataType): BoundValue | undefined {
  if (type.kind === "binary" && typeof value === "string") return value;
  const whole = typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value));
  if (!whole) return undefined;
  if (type.kind === "date" || type.kind === "time") return Number(value);
  return type.kind === "timestamp" || type.kind === "timestamp_ltz" || type.kind === "interval"
    ? BigInt(value)
    : undefined;
}

function naturalLiteral(value: Exclude<LiteralValue, null>): Literal {
  const literal = (bound: BoundValue, type: DataType): Literal => ({
    kind: "literal",
    value: bound,
    type,
    nullable: false,
  });
  switch (typeof value) {
    case "boolean":
      return literal(value, BOOLEAN);
    case "string":
      return literal(value, STRING);
    case "number":
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return literal(value, FLOAT64);
      return (value | 0) === value ? literal(value, INT32) : literal(BigInt(value), INT64);
    case "bigint":
      if (BigInt.asIntN(64, value) === value) return literal(value, INT64);
      return literal(value, decimal(String(value < 0n ? -value : value).length, 0));
    default: {
      const ms = value.getTime();
      assert(Number.isInteger(ms), "an invalid Date is no literal");
      return literal(BigInt(ms), TIMESTAMP);
    }
  }
}
