// What names mean while a query is bound: the columns that an expression sees, and the text that errors point into.
import { type Field, type Schema, schemaOf } from "../arrow/types.js";
import { EngineError, type ErrorCode, hintNames } from "../errors.js";
import { bindExpr } from "../plan/bind-expr.js";
import { childrenOf } from "../plan/children.js";
import { derive } from "../plan/derive.js";
import type { Expr } from "../plan/expr.js";
import { type LogicalPlan, type NamedExpr, project, type Window } from "../plan/logical.js";
import type { Identifier, Name, Parameter, Span } from "./ast.js";
import { SqlError } from "./sql-error.js";

/** A column as SQL knows it, and what the plan calls it. */
export interface ScopeColumn {
  readonly qualifier: string | null;
  readonly name: string;
  /** The column's name in the plan, and its type. */
  readonly field: Field;
}

/** Rows of FROM: a plan and what its columns are called. */
export interface Relation {
  readonly plan: LogicalPlan;
  readonly columns: readonly ScopeColumn[];
  /** The windows of a table function that nothing groups by yet. */
  readonly window: Window | null;
  /** Columns that sessions are made by, as the plan calls them; absent for other windows. */
  readonly sessionKeys?: readonly string[];
  /** Columns that a name means only where none of its own has it: of the rows around a query inside, or made for one. */
  readonly around?: readonly ScopeColumn[];
}

/** Names of the columns that a window function adds. */
export const WINDOW_COLUMNS = Object.freeze({ start: "window_start", end: "window_end", time: "window_time" });

/** Whether a name is one of the columns that windows add. */
export function isWindowColumn(name: string): boolean {
  return name === WINDOW_COLUMNS.start || name === WINDOW_COLUMNS.end || name === WINDOW_COLUMNS.time;
}

export function relationOf(plan: LogicalPlan, schema: Schema, qualifier: string | null): Relation {
  return { plan, columns: schema.fields.map((field) => ({ qualifier, name: field.name, field })), window: null };
}

export function schemaOfRelation({ columns, around = [] }: Relation): Schema {
  return schemaOf([...columns, ...around].map(({ field }) => field));
}

/** A name like `wanted` that is not among `used`, and is from now on. */
export function uniqueName(wanted: string, used: Set<string>): string {
  let name = wanted;
  for (let count = 0; used.has(name); count++) name = `${wanted}_${count}`;
  used.add(name);
  return name;
}

/** The relation with names in the plan that are not among `used`, and are from now on. */
export function apart(relation: Relation, used: Set<string>): Relation {
  const { fields } = derive(relation.plan).schema;
  const names = new Map(fields.map(({ name }) => [name, uniqueName(name, used)]));
  if (fields.every(({ name }) => names.get(name) === name)) return relation;
  const renamed = fields.map(
    ({ name }): NamedExpr => ({ name: names.get(name) as string, expr: { kind: "column", name } }),
  );
  const columns = relation.columns.map((column) => {
    return { ...column, field: { ...column.field, name: names.get(column.field.name) as string } };
  });
  return { ...relation, plan: project(relation.plan, renamed), columns };
}

/** Errors of one text of SQL, the places that expressions were made at, and the values of its parameters. */
export class Places {
  readonly text: string;
  /** Whether SUM and AVG have the types of Flink. */
  readonly hasFlinkTypes: boolean;
  /** The program's own functions, by their names in capitals: what plans call them. */
  readonly functions: ReadonlyMap<string, string>;
  readonly #parameters: readonly Expr[];
  readonly #spans = new WeakMap<Expr, Span>();

  constructor(
    text: string,
    parameters: readonly Expr[] = [],
    hasFlinkTypes = false,
    functions: ReadonlyMap<string, string> = new Map(),
  ) {
    this.text = text;
    this.functions = functions;
    this.#parameters = parameters;
    this.hasFlinkTypes = hasFlinkTypes;
  }

  /** The value of a `?`. @throws SqlError UNSUPPORTED where nobody has given one */
  parameter({ index, span }: Parameter): Expr {
    const value = this.#parameters[index];
    if (value !== undefined) return { ...value };
    throw this.error(
      "UNSUPPORTED",
      "a parameter without a value",
      span,
      "give it by mill.sql, or write the value itself",
    );
  }

  error(code: ErrorCode, message: string, span: Span, hint: string): SqlError {
    return new SqlError(code, message, this.text, span, { hint });
  }

  unsupported(what: string, span: Span, hint: string): SqlError {
    return this.error("UNSUPPORTED", `${what} not done yet`, span, hint);
  }

  /** Keeps where an expression was written. */
  mark<E extends Expr>(expr: E, span: Span): E {
    this.#spans.set(expr, span);
    return expr;
  }

  spanOf(expr: Expr, otherwise: Span): Span {
    return this.#spans.get(expr) ?? otherwise;
  }

  /** What `work` gives; an error of the compiler gets the place. */
  at<T>(span: Span, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof EngineError) || error instanceof SqlError || error.code === "INTERNAL") throw error;
      const details = { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) };
      throw new SqlError(error.code, error.message, this.text, span, details);
    }
  }

  /** Type and NULLs of an expression; what is wrong with it is told at the smallest part that is wrong alone. */
  check(expr: Expr, schema: Schema, span: Span): { readonly field: Omit<Field, "name"> } {
    try {
      const { type, nullable } = bindExpr(expr, schema);
      return { field: { type, nullable } };
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      for (const child of childrenOf(expr)) this.check(child, schema, this.spanOf(child, span));
      return this.at(this.spanOf(expr, span), () => {
        throw error;
      });
    }
  }
}

/** The column that a name begins with, and the names behind it, which are fields of a ROW. @throws UNKNOWN_COLUMN */
export function resolveColumn(
  name: Name,
  { columns: own, around = [], window }: Relation,
  places: Places,
): { readonly column: ScopeColumn; readonly path: readonly Identifier[] } {
  const [first, second, ...rest] = name.parts as [Identifier, ...Identifier[]];
  const isQualified = (column: ScopeColumn) => column.qualifier === first.name && column.name === second?.name;
  const isPlain = (column: ScopeColumn) => column.name === first.name;
  const columns = own.some((column) => isQualified(column) || isPlain(column)) ? own : [...own, ...around];
  const qualified = columns.filter(isQualified);
  const plain = columns.filter(isPlain);
  const found = qualified.length > 0 ? qualified : plain;
  const [column] = found;
  if (found.length > 1) {
    const tables = found.map(({ qualifier }) => `${qualifier ?? "?"}.${first.name}`).join(" or ");
    throw places.error("UNKNOWN_COLUMN", `column "${first.name}" is in several tables`, name.span, `write ${tables}`);
  }
  if (column !== undefined) {
    return { column, path: qualified.length > 0 ? rest : name.parts.slice(1) };
  }
  if (window !== null && isWindowColumn(first.name)) {
    const hint = "GROUP BY window_start, window_end and take it from the result, in a subquery";
    throw places.unsupported(`"${first.name}" of rows that are not grouped by their windows is`, name.span, hint);
  }
  const known = columns.some(({ qualifier }) => qualifier === first.name);
  const wrong = known && second !== undefined ? second : first;
  const names = [...new Set(columns.map((candidate) => candidate.name))];
  throw places.error(
    "UNKNOWN_COLUMN",
    `no column "${wrong.name}"`,
    wrong.span,
    hintNames(wrong.name, names, "columns"),
  );
}
