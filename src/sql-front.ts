// SQL from a program: queries as template texts, scripts of statements, and streams by name. What reads SQL is loaded with the
// first text; until then a query is a plan that waits (plan/expand.ts).

import { explainChangelog, explainProgram, explainRun } from "./api/explain.js";
import { Expression, toPlan } from "./api/expression.js";
import { checkSchema, checkText, wrongArgument } from "./api/options.js";
import { Pipeline } from "./api/pipeline.js";
import type { AnyRow, RunOptions } from "./api/runner.js";
import { DataStream } from "./api/stream.js";
import { Table } from "./api/table.js";
import type { CheckedSchema, RowOf, SchemaLiteral } from "./api/types.js";
import type { Schema } from "./arrow/types.js";
import { PlanError } from "./errors.js";
import { withKnownColumns } from "./plan/bind.js";
import { expandQueries } from "./plan/expand.js";
import type { Expr, LiteralValue } from "./plan/expr.js";
import { type LogicalPlan, unresolvedQuery } from "./plan/logical.js";
import { loadPart } from "./platform/errors.js";
import type { ProgramRunner } from "./runner.js";
import type { Given, Outcome, SqlSession } from "./sql/session.js";

/** A stream of whatever rows. */
export type Named = Pick<DataStream, "plan">;

/** What stands between the texts of a query: a value, or a stream in the place of a table. */
export type SqlValue = LiteralValue | Named;

export interface SqlTag {
  /** The rows of one query. */
  (text: TemplateStringsArray, ...values: readonly SqlValue[]): DataStream;
  /**
   * The same with rows of these columns, which is verified when the query is read.
   *
   * @example mill.sql.rows({ origin: "STRING", n: "BIGINT NOT NULL" })`SELECT origin, COUNT(*) AS n FROM flights GROUP BY origin`
   * @throws OPTION, TYPE (schema literals); and, when it is read, TYPE where the query gives other columns
   */
  rows<const S extends SchemaLiteral>(
    schema: CheckedSchema<S>,
  ): (text: TemplateStringsArray, ...values: readonly SqlValue[]) => DataStream<RowOf<S>>;
}

export class SqlFront {
  readonly tag: SqlTag;
  readonly #runner: ProgramRunner;
  #session: SqlSession | undefined;

  constructor(runner: ProgramRunner) {
    this.#runner = runner;
    const query = (text: TemplateStringsArray, ...values: readonly SqlValue[]) => this.#query(text, values, null);
    this.tag = Object.assign(query, {
      rows: <const S extends SchemaLiteral>(schema: CheckedSchema<S>) => {
        const expected = checkSchema(schema);
        return (text: TemplateStringsArray, ...values: readonly SqlValue[]) =>
          this.#query<RowOf<S>>(text, values, expected);
      },
    });
  }

  /** @throws TABLE_EXISTS, OPTION */
  name(name: string, stream: Named): void {
    checkText(name, "table()", "a name");
    if (!(stream instanceof DataStream))
      throw wrongArgument("table()", "a stream", stream, "mill.table(name, mill.file(path))");
    const { tables } = this.#runner.catalog;
    if (tables.has(name)) {
      throw new PlanError("TABLE_EXISTS", `"${name}" exists`, { hint: "DROP it first, or take another name" });
    }
    const target = stream instanceof Table ? { table: stream.table, schema: null } : null;
    tables.set(name, { plan: stream.plan, target });
  }

  async *script(text: string, options?: RunOptions): AsyncGenerator<DataStream | Pipeline | string, void, undefined> {
    const session = await this.#load();
    for await (const outcome of session.run(text, this.#open)) {
      if (outcome.kind === "query") yield new DataStream(this.#runner, outcome.plan);
      else if (outcome.kind === "run") yield new Pipeline(this.#runner, outcome.plans);
      else if (outcome.kind === "explain") yield await this.#explain(outcome, options);
    }
  }

  #query<Row = AnyRow>(
    text: TemplateStringsArray,
    values: readonly SqlValue[],
    expected: Schema | null,
  ): DataStream<Row> {
    const { joined, given } = givenBy(text, values);
    let plan: Promise<LogicalPlan> | undefined;
    const read = (): Promise<LogicalPlan> => {
      plan ??= this.#load().then((session) => session.query(joined, given, expected, this.#open));
      // What could not be read may be later: a table that was not there, a file.
      plan.catch(() => {
        plan = undefined;
      });
      return plan;
    };
    const query = this.#runner.catalog.addQuery(read, joined);
    return new DataStream<Row>(this.#runner, unresolvedQuery(query));
  }

  #explain({ plans, details }: Extract<Outcome, { kind: "explain" }>, options?: RunOptions): Promise<string> {
    if (details.includes("ANALYZE")) return explainRun(this.#runner, plans, options);
    if (details.includes("CHANGELOG_MODE")) return explainChangelog(this.#runner, plans);
    return explainProgram(this.#runner, plans);
  }

  async #load(): Promise<SqlSession> {
    const { SqlSession } = await loadPart("SQL", () => import("./sql/session.js"));
    this.#session ??= new SqlSession(this.#runner.catalog, this.#runner.home);
    return this.#session;
  }

  readonly #open = async (plan: LogicalPlan): Promise<LogicalPlan> => {
    const [expanded] = await expandQueries([plan], this.#runner.catalog);
    return withKnownColumns(expanded as LogicalPlan, (scan) => this.#runner.resolve(scan));
  };
}

/** The text with `?` for each value, and a name that nobody would take for each stream. @throws OPTION, TYPE */
function givenBy(
  text: TemplateStringsArray,
  values: readonly SqlValue[],
): { readonly joined: string; readonly given: Given } {
  if (!Array.isArray(text) || !Array.isArray(text.raw)) {
    throw wrongArgument(
      "sql",
      "a template text",
      text,
      "mill.sql`SELECT …`; statements as a text go to mill.script(text)",
    );
  }
  const parameters: Expr[] = [];
  const tables = new Map<string, LogicalPlan>();
  const names = values.map((value): string => {
    if (value instanceof DataStream) {
      const name = `$${tables.size + 1}`;
      tables.set(name, value.plan);
      return `\`${name}\``;
    }
    if (value instanceof Expression)
      throw wrongArgument("sql", "values and streams", value, "write columns in the text itself");
    parameters.push(toPlan(value as LiteralValue));
    return "?";
  });
  const parts = text.map((part, index) => (part ?? "") + (names[index] ?? ""));
  return { joined: parts.join(""), given: { parameters, tables } };
}
