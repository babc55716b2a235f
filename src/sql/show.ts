// SHOW and DESCRIBE: what a session knows, as rows of text.
import { type Field, typeName } from "../arrow/types.js";
import { hintNames } from "../errors.js";
import type { NamedTable } from "../plan/catalog.js";
import { derive } from "../plan/derive.js";
import type { LogicalPlan } from "../plan/logical.js";
import { inputsOf } from "../plan/walk.js";
import { CONNECTOR_NAMES } from "./bind-connectors.js";
import { sqlFunctions } from "./bind-functions.js";
import type { Places } from "./bind-scope.js";
import type { Show, ShowWhat } from "./statements.js";

/** Rows of text under these names. */
export interface Shown {
  readonly names: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

const INSTEAD: Partial<Record<ShowWhat, string>> = {
  FORMATS: "docs/reference/formats.md has them all",
  JOBS: "the program that started a job has it: job.metrics()",
  CATALOGS: "there is one, without a name",
  DATABASES: "there is one, without a name",
  "MATERIALIZED TABLES": "CREATE VIEW, or INSERT INTO a table",
};

/** @throws SqlError UNSUPPORTED */
export function show(statement: Show, tables: ReadonlyMap<string, NamedTable>, places: Places): Shown {
  const { what, like, negated, span } = statement;
  const matches = like === null ? () => true : (name: string) => likePattern(like).test(name) !== negated;
  const list = (title: string, names: Iterable<string>): Shown => ({
    names: [title],
    rows: [...names]
      .filter(matches)
      .sort()
      .map((name) => [name]),
  });
  switch (what) {
    case "TABLES":
      return list("table name", tables.keys());
    case "VIEWS":
      return list(
        "view name",
        [...tables].filter(([, { target }]) => target === null).map(([name]) => name),
      );
    case "FUNCTIONS":
      return list("function name", sqlFunctions());
    case "CONNECTORS":
      return list("connector name", CONNECTOR_NAMES);
    default:
      throw places.unsupported(`SHOW ${what} is`, span, INSTEAD[what] ?? "SHOW TABLES, VIEWS, FUNCTIONS, CONNECTORS");
  }
}

/** The columns of a table or view, as Flink shows them. */
export function describeColumns({ plan, key }: NamedTable, { like, negated }: Pick<Show, "like" | "negated">): Shown {
  const { schema, timeColumn } = derive(plan);
  const matches = like === null ? () => true : (name: string) => likePattern(like).test(name) !== negated;
  const row = ({ name, type, nullable }: Field) => [
    name,
    typeName(type),
    nullable ? "TRUE" : "FALSE",
    key?.includes(name) ? `PRI(${key.join(", ")})` : null,
    name === timeColumn ? watermarkText(plan, name) : null,
  ];
  return {
    names: ["name", "type", "null", "key", "watermark"],
    rows: schema.fields.filter(({ name }) => matches(name)).map(row),
  };
}

/** The statement that made a table or view. @throws SqlError UNSUPPORTED for what the program has named */
export function createText(title: string, { text, target }: NamedTable, statement: Show, places: Places): Shown {
  const type = target === null ? "VIEW" : "TABLE";
  if (text === undefined) {
    throw places.error("UNSUPPORTED", `the program has named "${title}"`, statement.span, `DESCRIBE ${title}`);
  }
  if (statement.what === `CREATE ${type}`) return { names: ["result"], rows: [[text.replaceAll(SECRETS, "$1$2****")]] };
  throw places.error("UNKNOWN_TABLE", `"${title}" is a ${type}`, statement.span, `SHOW CREATE ${type} ${title}`);
}

/** Values of headers, and what stands before the host of a URL. */
const SECRETS = /('header\.(?:[^']|'')*'\s*=\s*')(?:[^']|'')*(?=')|(:\/\/)[^/@']*(?=@)/gi;

/** `ts - 5s`, of the declaration that is nearest. */
function watermarkText(plan: LogicalPlan, column: string): string {
  for (let node: LogicalPlan | undefined = plan; node !== undefined; node = inputsOf(node)[0]) {
    if (node.kind !== "watermark") continue;
    const { delayMs } = node.spec;
    return delayMs === 0 ? column : `${column} - INTERVAL '${delayMs / 1000}' SECOND`;
  }
  return column;
}

/** LIKE of SHOW: % is any text, _ any character. */
function likePattern(like: string): RegExp {
  const pattern = like
    .replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")
    .replaceAll("%", ".*")
    .replaceAll("_", ".");
  return new RegExp(`^${pattern}$`, "su");
}

/** @throws SqlError UNKNOWN_TABLE naming the nearest */
export function namedTable(
  title: string,
  tables: ReadonlyMap<string, NamedTable>,
  span: Show["span"],
  places: Places,
): NamedTable {
  const known = tables.get(title);
  if (known !== undefined) return known;
  const names = [...tables.keys()];
  const hint = names.length > 0 ? hintNames(title, names, "tables") : "CREATE TABLE or CREATE VIEW first";
  throw places.error("UNKNOWN_TABLE", `no table or view "${title}"`, span, hint);
}
