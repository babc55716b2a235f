// Expressions of SQL → expressions of the plan, over the columns of one relation. Aggregates become columns that the grouping
// makes (bind-groups.ts); types are checked by the plan's own binding, whose errors are told at their place.
import { type DataType, parseType, STRING } from "../arrow/types.js";
import type { Expr } from "../plan/expr.js";
import type { AggregateCall } from "../plan/logical.js";
import type {
  Call,
  Case,
  Expression,
  Identifier,
  IsTest,
  JsonCall,
  JsonFallback,
  Like,
  Span,
  Subquery,
  TypeName,
} from "./ast.js";
import { AGGREGATE_NAMES, GROUPING, scalarName } from "./bind-functions.js";
import { intervalLiteral, numberLiteral, timeLiteral } from "./bind-literals.js";
import { type Places, type Relation, resolveColumn, schemaOfRelation } from "./bind-scope.js";
import { printType } from "./print-query.js";

/** What to do with an aggregate; null where none may stand. */
type TakeAggregate = ((call: Omit<AggregateCall, "name">) => Expr) | null;
/** What to do with a call that has OVER; null where none may stand. */
type TakeOver = ((call: Call) => Expr) | null;

/** What to do with a query as a value; null where none may stand. */
type AskQuery = ((query: Subquery) => Expr) | null;

const OPERATORS: Readonly<Record<string, string>> = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
  "%": "mod",
  "||": "concat",
  "=": "eq",
  "<>": "ne",
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
};

/** What stands in the place of syntax that is read and not computed yet. */
const INSTEAD: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  binary: ["a binary literal is", "read BYTES from a column"],
  "in-query": ["IN (SELECT …) inside of another condition is", "it stands in WHERE, beside others with AND"],
  quantified: ["ANY and ALL are", "compare with values"],
  exists: ["EXISTS inside of another condition is", "it stands in WHERE, beside others with AND"],
  "at-time-zone": ["AT TIME ZONE is", "times are computed in UTC"],
  star: ["* as a value is", "COUNT(*) counts rows"],
  "named-argument": ["a named argument here is", "functions of values take arguments by place"],
  "table-argument": ["a table as an argument is", "window functions stand in FROM"],
  descriptor: ["DESCRIPTOR here is", "it names the event time of a window function in FROM"],
};

const call = (fn: string, ...args: readonly Expr[]): Expr => ({ kind: "call", fn, args });
const text = (value: string): Expr => ({ kind: "literal", value });

export class ExpressionBinder {
  readonly #relation: Relation;
  readonly #places: Places;
  readonly #take: TakeAggregate;
  readonly #ask: AskQuery;
  #isInAggregate = false;
  /** Set once the rows' names are known. */
  takeOver: TakeOver = null;

  constructor(relation: Relation, places: Places, take: TakeAggregate = null, ask: AskQuery = null) {
    this.#relation = relation;
    this.#places = places;
    this.#take = take;
    this.#ask = ask;
  }

  /** The expression, not checked for types. @throws SqlError: UNKNOWN_COLUMN, UNKNOWN_FUNCTION, UNSUPPORTED, TYPE */
  bind(expression: Expression): Expr {
    return this.#places.mark(this.#of(expression), expression.span);
  }

  #all(expressions: readonly Expression[]): Expr[] {
    return expressions.map((expression) => this.bind(expression));
  }

  #of(expression: Expression): Expr {
    switch (expression.kind) {
      case "null":
        return { kind: "literal", value: null };
      case "parameter":
        return this.#places.parameter(expression);
      case "boolean":
      case "string":
        return { kind: "literal", value: expression.value };
      case "number":
        return numberLiteral(expression, false, this.#places);
      case "time":
        return timeLiteral(expression);
      case "interval":
        return intervalLiteral(expression, this.#places);
      case "column": {
        const { column, path } = resolveColumn(expression.name, this.#relation, this.#places);
        return this.#fields({ kind: "column", name: column.field.name }, path, expression.span);
      }
      case "field":
        return this.#fields(this.bind(expression.operand), [expression.name], expression.span);
      case "element":
        return this.#element(this.bind(expression.operand), this.bind(expression.index), expression.operand.span);
      case "unary":
        if (expression.op === "+") return this.#of(expression.operand);
        if (expression.op === "-" && expression.operand.kind === "number") {
          return numberLiteral(expression.operand, true, this.#places);
        }
        return call(expression.op === "-" ? "neg" : "not", this.bind(expression.operand));
      case "binary-op":
        return call(OPERATORS[expression.op] as string, this.bind(expression.left), this.bind(expression.right));
      case "logical":
        return call(expression.op.toLowerCase(), ...this.#all(expression.operands));
      case "between": {
        if (expression.symmetric) throw this.#places.unsupported("SYMMETRIC is", expression.span, "order the bounds");
        const { operand, low, high, negated } = expression;
        return negate(call("between", ...this.#all([operand, low, high])), negated);
      }
      case "in-list":
        return negate(call("in", ...this.#all([expression.operand, ...expression.items])), expression.negated);
      case "like":
        return this.#like(expression);
      case "is":
        return this.#is(expression);
      case "case":
        return this.#case(expression);
      case "cast": {
        const { type } = typeOf(expression.type, this.#places);
        return { kind: "cast", input: this.bind(expression.operand), type, try: expression.safe };
      }
      case "extract":
        return call("extract", text(expression.unit.toLowerCase()), this.bind(expression.operand));
      case "round-to":
        if (expression.op === "FLOOR") {
          return call("date_floor", this.bind(expression.operand), text(expression.unit.toLowerCase()));
        }
        return call("date_ceil", this.bind(expression.operand), text(expression.unit.toLowerCase()));
      case "trim": {
        const fn = { BOTH: "trim", LEADING: "ltrim", TRAILING: "rtrim" }[expression.side];
        return call(fn, ...this.#all([expression.operand, ...(expression.characters ? [expression.characters] : [])]));
      }
      case "call":
        return this.#call(expression);
      case "json":
        return this.#json(expression);
      case "array":
      case "row":
        return call(expression.kind, ...this.#all(expression.items));
      case "map":
        return call("map", ...this.#all(expression.items));
      case "subquery": {
        if (this.#ask !== null) return this.#ask(expression);
        throw this.#places.unsupported(
          "a query as a value here is",
          expression.span,
          "it may stand in WHERE and SELECT",
        );
      }
      default: {
        const [what, hint] = INSTEAD[expression.kind] as readonly [string, string];
        throw this.#places.unsupported(what, expression.span, hint);
      }
    }
  }

  /** A field at a time, each at the place of the whole name. */
  #fields(expr: Expr, path: readonly Identifier[], span: Span): Expr {
    return path.reduce((row, { name }) => this.#places.mark(call("field", row, text(name)), span), expr);
  }

  /** `[]` is of an ARRAY or of a MAP, which only the type tells. */
  #element(list: Expr, index: Expr, span: Span): Expr {
    const { field } = this.#places.check(list, schemaOfRelation(this.#relation), span);
    return call(field.type.kind === "map" ? "get" : "at", list, index);
  }

  #like({ op, negated, operand, pattern, escape: mark }: Like): Expr {
    const args = this.#all([operand, pattern, ...(mark === null ? [] : [mark])]);
    return negate(call(op === "LIKE" ? "like" : "similar_to", ...args), negated);
  }

  #is({ test, negated, operand, other }: IsTest): Expr {
    const not = negated ? "not_" : "";
    if (other !== null) return call(`is_${not}distinct_from`, this.bind(operand), this.bind(other));
    if (test === "UNKNOWN") return call(`is_${not}null`, this.bind(operand));
    if (test === "NULL" || test === "TRUE" || test === "FALSE") {
      return call(`is_${not}${test.toLowerCase()}`, this.bind(operand));
    }
    return negate(call("is_json", this.bind(operand), text(test.replace("JSON ", ""))), negated);
  }

  #json(node: JsonCall): Expr {
    const { args, name, onEmpty, onError, onNull, returning, wrapper, span } = node;
    switch (name) {
      case "JSON_VALUE": {
        const value = call("json_value", ...this.#all(args), ...this.#fallback(onEmpty), ...this.#fallback(onError));
        if (returning === null) return value;
        return {
          kind: "cast",
          input: value,
          type: typeOf(returning, this.#places).type,
          try: onError?.type !== "ERROR",
        };
      }
      case "JSON_QUERY":
        if (returning !== null)
          throw this.#places.unsupported("RETURNING here is", returning.span, "the result is a STRING");
        return call("json_query", ...this.#all(args), ...[wrapper, onEmpty?.type, onError?.type].map(mode));
      case "JSON_EXISTS":
        return call("json_exists", ...this.#all(args), text(onError?.type ?? "FALSE"));
      case "JSON_OBJECT":
        return call("json_object", text(onNull ?? "NULL"), text(jsonArguments(args)), ...this.#all(args));
      case "JSON_ARRAY":
        return call("json_array", text(onNull ?? "ABSENT"), text(jsonArguments(args)), ...this.#all(args));
      default:
        throw this.#places.unsupported(`${name} is`, span, "aggregates of JSON come later");
    }
  }

  /** What to do, and the text of a DEFAULT. */
  #fallback(fallback: JsonFallback | null): readonly Expr[] {
    const value = fallback?.value ?? null;
    const other: Expr =
      value === null
        ? { kind: "literal", value: "" }
        : { kind: "cast", input: this.bind(value), type: STRING, try: false };
    return [mode(fallback?.type), other];
  }

  #case({ operand, whens, otherwise }: Case): Expr {
    const value = operand === null ? null : this.bind(operand);
    const branches = whens.map(({ condition, result }) => {
      const when = this.bind(condition);
      const tested = value === null ? when : this.#places.mark(call("eq", value, when), condition.span);
      return { when: tested, then: this.bind(result) };
    });
    return { kind: "case", branches, otherwise: otherwise === null ? null : this.bind(otherwise) };
  }

  #call(node: Call): Expr {
    const name = node.name.parts.map((part) => part.name.toUpperCase()).join(".");
    const { over, nulls, withinGroup, span } = node;
    if (over !== null) {
      if (this.takeOver !== null) return this.takeOver(node);
      const hint = "OVER stands in SELECT, QUALIFY and ORDER BY; filter its results in a query around it";
      throw this.#places.error("TYPE", "OVER may not stand here", over.span, hint);
    }
    if (nulls !== null)
      throw this.#places.unsupported(`${nulls} NULLS is`, span, "filter the NULLs: WHERE x IS NOT NULL");
    const [order] = withinGroup;
    if (order !== undefined) throw this.#places.unsupported("WITHIN GROUP is", order.span, "groups have no order yet");
    const aggregate = AGGREGATE_NAMES.get(name);
    if (aggregate !== undefined) return this.#aggregate(aggregate, node);
    if (node.distinct || node.filter !== null) {
      const hint = "DISTINCT and FILTER belong to aggregates";
      throw this.#places.error("SQL_SYNTAX", `${name} is no aggregate`, span, hint);
    }
    if (name === "GROUPING" || name === "GROUPING_ID") return this.#aggregate(GROUPING, node);
    const row = scalarName(node, this.#places);
    const [unit, ...rest] = node.args;
    // The unit of time stands there as a name.
    if ((row === "timestampadd" || row === "timestampdiff") && unit?.kind === "column") {
      const name = unit.name.parts.map((part) => part.name).join(".");
      return call(row, text(name.toLowerCase().replace(/^sql_tsi_/, "")), ...this.#all(rest));
    }
    return call(row, ...this.#all(node.args));
  }

  /** The type that Flink's SUM and AVG of a value have: the value's own; null for decimals, whose rule is the same. */
  #numberType([value]: readonly Expr[], span: Span): DataType | null {
    if (value === undefined) return null;
    const { type } = this.#places.check(value, schemaOfRelation(this.#relation), span).field;
    return isInteger(type) || type.kind.startsWith("float") ? type : null;
  }

  #aggregate(fn: string, node: Call): Expr {
    const { args, distinct, filter, span } = node;
    if (this.#take === null || this.#isInAggregate) {
      const hint = this.#isInAggregate ? "aggregate in a subquery first" : "aggregates stand in SELECT and HAVING";
      throw this.#places.error("TYPE", `an aggregate may not stand here`, span, hint);
    }
    this.#isInAggregate = true;
    try {
      const [first] = args;
      const isStar = fn === "count" && args.length === 1 && first?.kind === "star";
      const values = isStar ? [] : this.#all(args);
      const details = {
        args: values,
        ...(distinct ? { distinct } : {}),
        ...(filter === null ? {} : { filter: this.bind(filter) }),
      };
      const take = this.#take;
      const taken = (name: string) => take({ fn: name, ...details });
      const flink =
        this.#places.hasFlinkTypes && (fn === "sum" || fn === "avg") ? this.#numberType(values, span) : null;
      if (flink === null) return taken(isStar ? "count_star" : fn);
      // Flink's average of whole numbers is one too: what their sum is cut to.
      const value = fn === "avg" && isInteger(flink) ? call("div", taken("sum"), taken("count")) : taken(fn);
      return { kind: "cast", input: value, type: flink, try: false };
    } finally {
      this.#isInAggregate = false;
    }
  }
}

function isInteger({ kind }: DataType): boolean {
  return kind.startsWith("int") && kind !== "interval";
}

/** What to do where something is missing; NULL unless said. */
const mode = (name: string | null | undefined): Expr => text(name ?? "NULL");

/** Which arguments are JSON already: a letter each. */
function jsonArguments(args: readonly Expression[]): string {
  const isMade = (arg: Expression): boolean =>
    arg.kind === "json" && (arg.name === "JSON_OBJECT" || arg.name === "JSON_ARRAY");
  return args.map((arg) => (isMade(arg) ? "r" : "v")).join("");
}

function negate(expr: Expr, isNegated: boolean): Expr {
  return isNegated ? call("not", expr) : expr;
}

/** @throws TYPE, UNSUPPORTED at the type's place */
export function typeOf(type: TypeName, places: Places): ReturnType<typeof parseType> {
  return places.at(type.span, () => parseType(printType(type)));
}
