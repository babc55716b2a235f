// Expressions as SQL-like text, for EXPLAIN and messages: operators between their operands, parentheses only where needed.
import { type DataType, STRING, typeName } from "../arrow/types.js";
import { isDecimal, isFloat, isInteger } from "./coerce.js";
import type { BoundExpr, BoundValue, Expr, LiteralValue } from "./expr.js";
import type { AggregateCall } from "./logical.js";
import { castValue } from "./scalar/cast.js";

/** How an operator is written: its symbol and how tightly it binds. */
const INFIX: Readonly<Record<string, readonly [symbol: string, binding: number]>> = {
  or: ["OR", 1],
  and: ["AND", 2],
  eq: ["=", 4],
  ne: ["<>", 4],
  lt: ["<", 4],
  le: ["<=", 4],
  gt: [">", 4],
  ge: [">=", 4],
  is_distinct_from: ["IS DISTINCT FROM", 4],
  is_not_distinct_from: ["IS NOT DISTINCT FROM", 4],
  like: ["LIKE", 4],
  add: ["+", 5],
  sub: ["-", 5],
  time_add: ["+", 5],
  time_sub: ["-", 5],
  time_diff: ["-", 5],
  mul: ["*", 6],
  div: ["/", 6],
  mod: ["%", 6],
};
const POSTFIX: Readonly<Record<string, string>> = {
  is_null: "IS NULL",
  is_not_null: "IS NOT NULL",
  is_true: "IS TRUE",
  is_not_true: "IS NOT TRUE",
  is_false: "IS FALSE",
  is_not_false: "IS NOT FALSE",
};
const [NOT, RELATION, SIGN, ATOM] = [3, 4, 7, 8];

/** An expression as its author would write it. */
export function formatExpr(expr: Expr): string {
  return write(expr, literalText)[0];
}

/** An aggregate as its author would write it. */
export function formatCall({ fn, args, distinct, filter }: AggregateCall): string {
  const call = fn === "count_star" ? "count(*)" : `${fn}(${args.map(formatExpr).join(", ")})`;
  return aggregateText(call, distinct, filter && formatExpr(filter));
}

/** `call` with what SQL says of the rows that count. */
export function aggregateText(call: string, distinct: true | undefined, filter: string | undefined): string {
  const values = distinct ? call.replace("(", "(DISTINCT ") : call;
  return filter === undefined ? values : `${values} FILTER (WHERE ${filter})`;
}

/** A bound expression, with the casts that binding added. */
export function formatBound(expr: BoundExpr): string {
  return write(expr, (value, type) => boundText(value as BoundValue, type as DataType))[0];
}

/** A value of a type as a SQL literal. */
export function boundText(value: BoundValue, type: DataType): string {
  if (value === null) return "NULL";
  if (type.kind === "binary") return `X'${value}'`;
  const text = castValue(value, type, STRING);
  if (typeof text !== "string") return String(value);
  if (type.kind === "string") return quoted(text);
  if (isFloat(type)) return Number.isFinite(value) ? String(value) : quoted(text);
  if (isInteger(type) || isDecimal(type) || type.kind === "boolean") return text;
  return `${typeName(type).replace(/\(.*/, "")} ${quoted(text)}`;
}

function literalText(value: LiteralValue, type?: DataType): string {
  if (value === null) return "NULL";
  if (value instanceof Date) return `TIMESTAMP ${quoted(value.toISOString().slice(0, -1).replace("T", " "))}`;
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  const text = typeof value === "string" ? quoted(value) : String(value);
  return type === undefined || type.kind === "string" || isDecimal(type) ? text : `${typeName(type)} ${text}`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A name as it must be written: between backquotes unless it is a plain word. */
export function formatName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}

type Node = Expr | BoundExpr;
type WriteLiteral = (value: never, type: DataType | undefined) => string;

/** The text and how tightly its outermost operator binds. */
function write(node: Node, literal: WriteLiteral): readonly [text: string, binding: number] {
  const part = (child: Node, binding: number): string => {
    const [text, own] = write(child, literal);
    return own < binding ? `(${text})` : text;
  };
  switch (node.kind) {
    case "column":
      return [formatName(node.name), ATOM];
    case "literal": {
      const text = literal(node.value as never, node.type);
      return [text, text.startsWith("-") ? SIGN : ATOM];
    }
    case "cast":
      return [`${node.try ? "TRY_CAST" : "CAST"}(${part(node.input, 0)} AS ${typeName(node.type as DataType)})`, ATOM];
    case "case": {
      const branches = node.branches.map(({ when, then }) => ` WHEN ${part(when, 0)} THEN ${part(then, 0)}`).join("");
      return [`CASE${branches}${node.otherwise === null ? "" : ` ELSE ${part(node.otherwise, 0)}`} END`, ATOM];
    }
    case "call":
      return writeCall(node.fn, node.args, part);
  }
}

function writeCall(
  fn: string,
  args: readonly Node[],
  part: (child: Node, binding: number) => string,
): readonly [string, number] {
  const infix = INFIX[fn];
  const [first, ...rest] = args;
  if (infix !== undefined && first !== undefined && rest.length > 0) {
    const [symbol, binding] = infix;
    if (fn === "like" && rest.length === 2) {
      const [pattern, mark] = rest as [Node, Node];
      return [`${part(first, 5)} LIKE ${part(pattern, 5)} ESCAPE ${part(mark, 5)}`, RELATION];
    }
    // Relations do not chain, the others associate to the left.
    const left = part(first, binding === RELATION ? binding + 1 : binding);
    return [[left, ...rest.map((arg) => part(arg, binding + 1))].join(` ${symbol} `), binding];
  }
  const postfix = POSTFIX[fn];
  if (postfix !== undefined && first !== undefined) return [`${part(first, RELATION + 1)} ${postfix}`, RELATION];
  if (fn === "not" && first !== undefined) return [`NOT ${part(first, NOT)}`, NOT];
  if (fn === "neg" && first !== undefined) return [`-${part(first, SIGN + 1)}`, SIGN];
  if (fn === "in" && first !== undefined) {
    return [`${part(first, RELATION + 1)} IN (${rest.map((arg) => part(arg, 0)).join(", ")})`, RELATION];
  }
  if (fn === "between" && args.length === 3) {
    const [value, low, high] = args as [Node, Node, Node];
    return [`${part(value, 5)} BETWEEN ${part(low, 5)} AND ${part(high, 5)}`, RELATION];
  }
  const [, second] = args;
  if ((fn === "at" || fn === "get") && first !== undefined && second !== undefined) {
    return [`${part(first, ATOM)}[${part(second, 0)}]`, ATOM];
  }
  if (fn === "field" && first !== undefined && second?.kind === "literal") {
    return [`${part(first, ATOM)}.${formatName(String(second.value))}`, ATOM];
  }
  return [`${fn}(${args.map((arg) => part(arg, 0)).join(", ")})`, ATOM];
}
