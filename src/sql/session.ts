// A session of SQL: what each statement means for the tables and views that have names. Nothing runs here: queries and inserts
// come out as logical plans, as the API makes them. It is loaded when there is SQL.

import type { Row } from "../arrow/builder.js";
import type { Workspace } from "../arrow/column.js";
import { BatchTable } from "../arrow/table.js";
import { field, fieldText, type Schema, STRING, sameType, schemaOf } from "../arrow/types.js";
import type { Catalog, NamedTable } from "../plan/catalog.js";
import { columnsKnown, derive } from "../plan/derive.js";
import type { Expr } from "../plan/expr.js";
import { type LogicalPlan, unresolvedScan } from "../plan/logical.js";
import type { Name, Node, Query, Span } from "./ast.js";
import { bindInsert } from "./bind-insert.js";
import { QueryBinder, type Tables } from "./bind-query.js";
import { Places } from "./bind-scope.js";
import { bindTable, mergedTable } from "./bind-table.js";
import { parseScript } from "./parser.js";
import { printStatement } from "./print.js";
import { Settings } from "./settings.js";
import { createText, describeColumns, namedTable, type Shown, show } from "./show.js";
import type { CreateTable, CreateView, Drop, Explain, ExplainDetail, Insert, Show, Statement } from "./statements.js";
import { tokenize } from "./tokens.js";

/** What a statement asks for: rows, a program of sinks, a plan's text, or nothing more than was done. */
export type Outcome =
  | { readonly kind: "query"; readonly plan: LogicalPlan }
  | { readonly kind: "run"; readonly plans: readonly LogicalPlan[] }
  | { readonly kind: "explain"; readonly plans: readonly LogicalPlan[]; readonly details: readonly ExplainDetail[] }
  | { readonly kind: "done" };

/** Opens the tables of a plan whose columns are not known: the same plan, with columns. */
export type OpenTables = (plan: LogicalPlan) => Promise<LogicalPlan>;

/** What a text refers to beside its words: the values of its parameters, and tables by names that it alone knows. */
export interface Given {
  readonly parameters: readonly Expr[];
  readonly tables: ReadonlyMap<string, LogicalPlan>;
}

const NOTHING: Given = Object.freeze({ parameters: [], tables: new Map<string, LogicalPlan>() });

export class SqlSession {
  readonly #catalog: Catalog;
  readonly #home: Workspace | null;
  readonly #settings = new Settings();

  /** @param home - where the rows of tables live that are kept in memory; null where none will be read or written */
  constructor(catalog: Catalog, home: Workspace | null = null) {
    this.#catalog = catalog;
    this.#home = home;
  }

  /**
   * The statements of a text, each bound when it is asked for, so that it sees what those before it have created. All are read
   * before the first is bound. The columns of every table that they read must be known.
   *
   * @throws SqlError: SQL_SYNTAX, UNKNOWN_TABLE, UNKNOWN_COLUMN, UNKNOWN_FUNCTION, TYPE, OPTION, UNSUPPORTED …
   */
  *script(text: string): Generator<Outcome, void, undefined> {
    for (const statement of parseScript(text)) yield this.#bind(statement, this.#places(text), NOTHING);
  }

  /** The same where tables that the program has named may have to be opened for their columns. */
  async *run(text: string, open: OpenTables): AsyncGenerator<Outcome, void, undefined> {
    for (const statement of parseScript(text)) {
      await this.#open(statement, open);
      yield this.#bind(statement, this.#places(text), NOTHING);
    }
  }

  /**
   * The plan of a text that is one query.
   * @param expected - the columns that its rows must have, in any order; null: any
   * @throws SqlError as `script`, and TYPE where the columns are others
   */
  async query(text: string, given: Given, expected: Schema | null, open: OpenTables): Promise<LogicalPlan> {
    const places = this.#places(text, given);
    const [statement, second] = parseScript(text);
    const other = second ?? (statement?.kind === "query" ? undefined : statement);
    if (statement?.kind !== "query" || other !== undefined) {
      const message =
        second === undefined ? "this is no query" : "there is a second statement where one query is expected";
      throw places.error("SQL_SYNTAX", message, other?.span ?? ALL, "mill.script(text) takes statements of every kind");
    }
    checkGiven(statement, given, places);
    const opened = [...given.tables].map(async ([name, plan]) => [name, await open(plan)] as const);
    const tables = new Map(await Promise.all(opened));
    await this.#open(statement, open);
    const queries = this.#queries(places, { ...given, tables });
    const plan = places.at(statement.span, () => queries.query(statement));
    if (expected !== null) checkColumns(derive(plan).schema, expected, places, statement.span);
    return plan;
  }

  /** Opens the tables that a statement names and whose columns nobody has told. */
  async #open(statement: Statement, open: OpenTables): Promise<void> {
    const unknown = [...this.#catalog.tables].filter(([, { plan }]) => !columnsKnown(plan));
    if (unknown.length === 0) return;
    const names = namesIn(readIn(statement));
    const opened = unknown.map(async ([name, table]) => {
      if (names.has(name)) this.#catalog.tables.set(name, { ...table, plan: await open(table.plan) });
    });
    await Promise.all(opened);
  }

  /** What only a whole plan tells is told at the statement. */
  #bind(statement: Statement, places: Places, given: Given): Outcome {
    return places.at(statement.span, () => this.#outcome(statement, places, given));
  }

  #outcome(statement: Statement, places: Places, given: Given): Outcome {
    switch (statement.kind) {
      case "query":
        return { kind: "query", plan: this.#queries(places, given).query(statement) };
      case "insert":
        return { kind: "run", plans: [this.#insert(statement, places)] };
      case "statement-set":
        return { kind: "run", plans: statement.statements.map((insert) => this.#insert(insert, places)) };
      case "explain":
        return this.#explained(statement, places, given);
      case "create-table":
        this.#create(statement, places, () => this.#table(statement, places));
        return { kind: "done" };
      case "create-view":
        this.#create(statement, places, () => this.#view(statement, places));
        return { kind: "done" };
      case "drop":
        this.#drop(statement, places);
        return { kind: "done" };
      case "set":
        if (statement.option === null) return this.#shown({ names: ["key", "value"], rows: this.#settings.rows });
        this.#settings.set({ ...statement, option: statement.option }, places);
        return { kind: "done" };
      case "reset":
        this.#settings.reset(statement, places);
        return { kind: "done" };
      case "describe":
        return this.#shown(describeColumns(this.#named(statement.name, places), { like: null, negated: false }));
      case "show":
        return this.#shown(this.#show(statement, places));
      default:
        throw places.unsupported(`this statement (${statement.kind}) is`, statement.span, INSTEAD);
    }
  }

  /** Of one statement, as the settings are when its turn has come. */
  #places(text: string, { parameters }: Given = NOTHING): Places {
    return new Places(text, parameters, this.#settings.hasFlinkTypes, this.#catalog.functions);
  }

  #show(statement: Show, places: Places): Shown {
    const { what, name } = statement;
    if (name === null) return show(statement, this.#catalog.tables, places);
    const table = this.#named(name, places);
    return what === "COLUMNS"
      ? describeColumns(table, statement)
      : createText(titleOf(name, places), table, statement, places);
  }

  #named(name: Name, places: Places): NamedTable {
    return namedTable(titleOf(name, places), this.#catalog.tables, name.span, places);
  }

  #shown({ names, rows }: Shown): Outcome {
    const schema = schemaOf(names.map((name) => field(name, STRING)));
    return { kind: "query", plan: this.#rows(rows, schema) };
  }

  readonly #rows = (rows: readonly Row[], schema: Schema): LogicalPlan =>
    unresolvedScan(this.#catalog.addTable("rows", "values", {}, rows), schema);

  #table(statement: CreateTable, places: Places): NamedTable {
    if (statement.like === null) return bindTable(statement, this.#catalog, this.#home, places);
    const { name } = statement.like;
    const { text } = this.#named(name, places);
    const [source] = text === undefined ? [] : parseScript(text);
    if (source?.kind !== "create-table") {
      throw places.unsupported(
        "LIKE a view, or a table that the program has named, is",
        name.span,
        "write the columns out",
      );
    }
    const merged = mergedTable(statement, source, places);
    const table = bindTable(merged, this.#catalog, this.#home, places);
    return { ...table, text: printStatement(merged) };
  }

  #queries(places: Places, given: Given = NOTHING): QueryBinder {
    const known = this.#catalog.tables;
    const tables: Tables = {
      names: [...known.keys()],
      find: (name) => given.tables.get(name) ?? known.get(name)?.plan ?? null,
      makeRows: this.#rows,
    };
    return new QueryBinder(tables, places);
  }

  #create({ name, ifNotExists, span }: CreateTable | CreateView, places: Places, make: () => NamedTable): void {
    const title = titleOf(name, places);
    const { tables } = this.#catalog;
    if (!tables.has(title)) tables.set(title, { text: places.text.slice(span.from, span.to), ...make() });
    else if (!ifNotExists) {
      throw places.error("TABLE_EXISTS", `"${title}" exists`, name.span, "DROP it first, or take another name");
    }
  }

  #view({ query, columns, span }: CreateView, places: Places): NamedTable {
    const queries = this.#queries(places);
    const plan = queries.query(query);
    return { plan: columns.length === 0 ? plan : queries.renamed(plan, columns, span), target: null };
  }

  #drop({ type, ifExists, name }: Drop, places: Places): void {
    const title = titleOf(name, places);
    const { tables } = this.#catalog;
    const known = tables.get(title);
    const isView = known?.target === null;
    if (known !== undefined && isView === (type === "VIEW")) {
      tables.delete(title);
      // What the program has named is the program's.
      const live =
        known.target === null || known.text === undefined ? undefined : this.#catalog.live(known.target.table);
      if (live instanceof BatchTable) live.release();
    } else if (known !== undefined) {
      const kind = isView ? "VIEW" : "TABLE";
      throw places.error("UNKNOWN_TABLE", `"${title}" is a ${kind}`, name.span, `DROP ${kind} ${title}`);
    } else if (!ifExists) this.#named(name, places);
  }

  #explained({ statement, details, span }: Explain, places: Places, given: Given): Outcome {
    const other = details.find((detail) => detail !== "ANALYZE" && detail !== "CHANGELOG_MODE");
    if (other !== undefined) {
      throw places.unsupported(`EXPLAIN ${other} is`, span, "EXPLAIN [ANALYZE | CHANGELOG_MODE] shows plans");
    }
    const outcome = this.#bind(statement, places, given);
    const plans = outcome.kind === "query" ? [outcome.plan] : outcome.kind === "run" ? outcome.plans : [];
    return { kind: "explain", plans, details };
  }

  #insert(statement: Insert, places: Places): LogicalPlan {
    const title = titleOf(statement.table, places);
    return bindInsert(statement, title, this.#named(statement.table, places), this.#queries(places), places);
  }
}

const ALL: Span = Object.freeze({ from: 0, to: 0 });
const INSTEAD =
  "CREATE TABLE or VIEW, DROP, SELECT, INSERT INTO, EXECUTE STATEMENT SET, EXPLAIN, SHOW, DESCRIBE, SET and RESET run";

/** The name of a table. @throws SqlError UNSUPPORTED for names of several parts */
function titleOf({ parts, span }: Name, places: Places): string {
  const [first, second] = parts;
  if (first !== undefined && second === undefined) return first.name;
  throw places.unsupported("catalogs and databases are", span, "name the table alone");
}

/** What a statement reads tables in. */
function readIn(statement: Statement): readonly Node<string>[] {
  switch (statement.kind) {
    case "insert":
    case "create-view":
      return [statement.query];
    case "statement-set":
      return statement.statements.flatMap(readIn);
    case "explain":
      return readIn(statement.statement);
    case "query":
    case "show":
    case "describe":
      return [statement];
    default:
      return [];
  }
}

/** Every name in these nodes, of whatever it is one. */
function namesIn(nodes: readonly Node<string>[]): ReadonlySet<string> {
  const names = new Set<string>();
  const waiting: unknown[] = [...nodes];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const node = next as Partial<Name>;
    if (node.kind === "name") names.add((node.parts ?? []).map(({ name }) => name).join("."));
    else for (const inner of Object.values(node)) if (typeof inner === "object" && inner !== null) waiting.push(inner);
  }
  return names;
}

/** Every value is a parameter, and every stream a table: none of them stands in a text in quotes or in a comment. */
function checkGiven(query: Query, { parameters, tables }: Given, places: Places): void {
  const { size } = tokenize(places.text).parameters;
  const names = namesIn([query]);
  if (size === parameters.length && [...tables.keys()].every((name) => names.has(name))) return;
  const isOwn = size > parameters.length;
  const message = isOwn ? "a ? without a value" : "a value that is part of a text, a name or a comment";
  const hint = isOwn ? "give it as a value of the template" : "a value stands alone, without quotes around it";
  throw places.error("SQL_SYNTAX", message, query.span, hint);
}

/** @throws SqlError TYPE naming the first column that is missing, too many or of another type */
function checkColumns({ fields }: Schema, expected: Schema, places: Places, span: Span): void {
  for (const wanted of expected.fields) {
    const found = fields.find(({ name }) => name === wanted.name);
    if (found !== undefined && sameType(found.type, wanted.type) && (wanted.nullable || !found.nullable)) continue;
    const given = found === undefined ? "no such column" : fieldText(found);
    const message = `"${wanted.name}" shall be ${fieldText(wanted)}, and the query gives ${given}`;
    throw places.error("TYPE", message, span, "change the schema of sql.rows(), or CAST in the query");
  }
  const extra = fields.find(({ name }) => !expected.fields.some((wanted) => wanted.name === name));
  if (extra === undefined) return;
  const hint = "add it to the schema of sql.rows(), or select less";
  throw places.error("TYPE", `the query gives a column "${extra.name}" that the schema has not`, span, hint);
}
