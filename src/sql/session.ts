// A session of SQL: tables and views by name, and what each statement means for them. Nothing runs here: queries and inserts
// come out as logical plans, as the API makes them. Loaded when there is SQL: `await import("./sql/session.js")`.
import type { Workspace } from "../arrow/column.js";
import { BatchTable } from "../arrow/table.js";
import { type Schema, sameType, typeName } from "../arrow/types.js";
import { hintNames } from "../errors.js";
import type { Catalog } from "../plan/catalog.js";
import { checkCast } from "../plan/coerce.js";
import { derive } from "../plan/derive.js";
import type { Expr } from "../plan/expr.js";
import { type LogicalPlan, type NamedExpr, project, sink, unresolvedScan } from "../plan/logical.js";
import type { Name } from "./ast.js";
import { QueryBinder, type Tables } from "./bind-query.js";
import { Places } from "./bind-scope.js";
import { bindTable, type SqlTable } from "./bind-table.js";
import { parseScript } from "./parser.js";
import type { CreateView, Drop, Explain, Insert, Statement } from "./statements.js";

/** What a statement asks for: rows, a program of sinks, a plan's text, or nothing more than was done. */
type Outcome =
  | { readonly kind: "query"; readonly plan: LogicalPlan }
  | { readonly kind: "run"; readonly plans: readonly LogicalPlan[] }
  | { readonly kind: "explain"; readonly plans: readonly LogicalPlan[] }
  | { readonly kind: "done" };

export class SqlSession {
  readonly #catalog: Catalog;
  readonly #home: Workspace | null;
  readonly #tables = new Map<string, SqlTable>();

  /** @param home - where the rows of tables live that are kept in memory; null where none will be read or written */
  constructor(catalog: Catalog, home: Workspace | null = null) {
    this.#catalog = catalog;
    this.#home = home;
  }

  /**
   * The statements of a text, each bound when it is asked for, so that it sees what those before it have created. All are read
   * before the first is bound.
   *
   * @throws SqlError: SQL_SYNTAX, UNKNOWN_TABLE, UNKNOWN_COLUMN, UNKNOWN_FUNCTION, TYPE, OPTION, UNSUPPORTED …
   */
  *script(text: string): Generator<Outcome, void, undefined> {
    const places = new Places(text);
    for (const statement of parseScript(text)) yield this.#bind(statement, places);
  }

  #bind(statement: Statement, places: Places): Outcome {
    switch (statement.kind) {
      case "query":
        return { kind: "query", plan: this.#queries(places).query(statement) };
      case "insert":
        return { kind: "run", plans: [this.#insert(statement, places)] };
      case "statement-set":
        return { kind: "run", plans: statement.statements.map((insert) => this.#insert(insert, places)) };
      case "explain":
        return { kind: "explain", plans: this.#explained(statement, places) };
      case "create-table":
        this.#create(statement, places, () => bindTable(statement, this.#catalog, this.#home, places));
        return { kind: "done" };
      case "create-view":
        this.#create(statement, places, () => this.#view(statement, places));
        return { kind: "done" };
      case "drop":
        this.#drop(statement, places);
        return { kind: "done" };
      default:
        throw places.unsupported(`this statement (${statement.kind}) is`, statement.span, INSTEAD);
    }
  }

  #queries(places: Places): QueryBinder {
    const tables: Tables = {
      names: [...this.#tables.keys()],
      find: (name) => this.#tables.get(name)?.plan ?? null,
      makeRows: (rows, schema) => unresolvedScan(this.#catalog.addTable("rows", "values", {}, rows), schema),
    };
    return new QueryBinder(tables, places);
  }

  #create(
    { name, ifNotExists }: { readonly name: Name; readonly ifNotExists: boolean },
    places: Places,
    make: () => SqlTable,
  ): void {
    const title = this.#title(name, places);
    if (!this.#tables.has(title)) this.#tables.set(title, make());
    else if (!ifNotExists) {
      throw places.error("TABLE_EXISTS", `"${title}" exists`, name.span, "DROP it first, or take another name");
    }
  }

  #title({ parts, span }: Name, places: Places): string {
    const [first, second] = parts;
    if (first !== undefined && second === undefined) return first.name;
    throw places.unsupported("catalogs and databases are", span, "name the table alone");
  }

  #view({ query, columns, span }: CreateView, places: Places): SqlTable {
    const queries = this.#queries(places);
    const plan = queries.query(query);
    return { plan: columns.length === 0 ? plan : queries.renamed(plan, columns, span), target: null };
  }

  #drop({ type, ifExists, name }: Drop, places: Places): void {
    const title = this.#title(name, places);
    const known = this.#tables.get(title);
    const isView = known?.target === null;
    if (known !== undefined && isView === (type === "VIEW")) {
      this.#tables.delete(title);
      const live = known.target === null ? undefined : this.#catalog.live(known.target.table);
      if (live instanceof BatchTable) live.release();
    } else if (known !== undefined) {
      const kind = isView ? "VIEW" : "TABLE";
      throw places.error("UNKNOWN_TABLE", `"${title}" is a ${kind}`, name.span, `DROP ${kind} ${title}`);
    } else if (!ifExists) throw this.#unknown(title, name, places);
  }

  #unknown(title: string, { span }: Name, places: Places): Error {
    const hint = hintNames(title, [...this.#tables.keys()], "tables");
    return places.error("UNKNOWN_TABLE", `no table or view "${title}"`, span, hint);
  }

  #explained({ statement, details, span }: Explain, places: Places): readonly LogicalPlan[] {
    if (details.length > 0)
      throw places.unsupported(`EXPLAIN ${details.join(", ")} is`, span, "EXPLAIN alone shows the plan");
    const outcome = this.#bind(statement, places);
    return outcome.kind === "query" ? [outcome.plan] : outcome.kind === "run" ? outcome.plans : [];
  }

  #insert({ table, overwrite, hints, partition, columns, query, span }: Insert, places: Places): LogicalPlan {
    if (overwrite) throw places.unsupported("OVERWRITE is", span, "INSERT INTO a path that is not there yet");
    const [clause] = [...hints, ...partition];
    if (clause !== undefined)
      throw places.unsupported("PARTITION and hints of INSERT are", clause.span, "leave them out");
    const title = this.#title(table, places);
    const known = this.#tables.get(title);
    if (known === undefined) throw this.#unknown(title, table, places);
    if (known.target === null) {
      throw places.error("UNSUPPORTED", `"${title}" is a view`, table.span, "INSERT INTO the table that it reads");
    }
    const { schema, table: target } = known.target;
    const names = columns.length === 0 ? schema.fields.map(({ name }) => name) : columns.map(({ name }) => name);
    const wrong = columns.find(({ name }) => !schema.fields.some((candidate) => candidate.name === name));
    if (wrong !== undefined) {
      const all = schema.fields.map(({ name }) => name);
      const hint = hintNames(wrong.name, all, "columns");
      throw places.error("UNKNOWN_COLUMN", `no column "${wrong.name}" in ${title}`, wrong.span, hint);
    }
    const plan = this.#queries(places).query(query);
    return sink(this.#assigned(plan, names, schema, query.span, places), target);
  }

  /** The rows as the table's columns have them. @throws SqlError TYPE for counts and types that do not fit */
  #assigned(
    plan: LogicalPlan,
    names: readonly string[],
    schema: Schema,
    span: Insert["span"],
    places: Places,
  ): LogicalPlan {
    const given = derive(plan).schema.fields;
    if (given.length !== names.length || new Set(names).size !== names.length) {
      const message = `${given.length} values for the columns ${names.join(", ")}`;
      throw places.error("TYPE", message, span, "select one value for each column");
    }
    const columns = schema.fields.map(({ name, type, nullable }): NamedExpr => {
      const source = given[names.indexOf(name)];
      if (source === undefined || (source.nullable && !nullable)) {
        const expr: Expr = { kind: "literal", value: null, type };
        if (nullable) return { name, expr };
        const hint = source === undefined ? "give it a value" : `COALESCE(${source.name}, …), or filter the NULLs`;
        throw places.error("TYPE", `"${name}" is NOT NULL`, span, hint);
      }
      const column: Expr = { kind: "column", name: source.name };
      if (sameType(source.type, type)) return { name, expr: column };
      // Texts are no numbers, and numbers no texts, unless somebody says so.
      if ((source.type.kind === "string") !== (type.kind === "string") && source.type.kind !== "null") {
        const types = `"${name}" is ${typeName(type)}, the value is ${typeName(source.type)}`;
        throw places.error("TYPE", types, span, `CAST(${source.name} AS ${typeName(type)})`);
      }
      places.at(span, () => checkCast(source.type, type, source.name));
      return { name, expr: { kind: "cast", input: column, type, try: false } };
    });
    const isSame = columns.every(
      ({ name, expr }, i) => expr.kind === "column" && expr.name === name && given[i]?.name === name,
    );
    return isSame && columns.length === given.length ? plan : project(plan, columns);
  }
}

const INSTEAD = "CREATE TABLE, CREATE VIEW, DROP, SELECT, INSERT INTO, EXECUTE STATEMENT SET and EXPLAIN run";
