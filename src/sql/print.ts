// A statement → SQL text that parses to the same tree: for views and tables that are shown or kept as text.
import type { Expression, Identifier } from "./ast.js";
import {
  printExpression,
  printHints,
  printIdentifier,
  printName,
  printNames,
  printOption,
  printQuery,
  printText,
  printType,
  words,
} from "./print-query.js";
import type { Assignment, CreateTable, Insert, Show, Statement, TableElement } from "./statements.js";

/** One line, without a semicolon at its end. */
export function printStatement(statement: Statement): string {
  switch (statement.kind) {
    case "query":
      return printQuery(statement);
    case "create-table":
      return printCreateTable(statement);
    case "create-materialized-table":
      return words(
        "CREATE MATERIALIZED TABLE",
        statement.ifNotExists && "IF NOT EXISTS",
        printName(statement.name),
        elements(statement.elements),
        comment(statement.comment),
        withOptions(statement.options),
        statement.query && `AS ${printQuery(statement.query)}`,
      );
    case "create-view":
      return words(
        "CREATE",
        statement.temporary && "TEMPORARY",
        "VIEW",
        statement.ifNotExists && "IF NOT EXISTS",
        printName(statement.name),
        columns(statement.columns),
        comment(statement.comment),
        `AS ${printQuery(statement.query)}`,
      );
    case "drop":
      return words(
        "DROP",
        statement.temporary && "TEMPORARY",
        statement.type,
        statement.ifExists && "IF EXISTS",
        printName(statement.name),
      );
    case "insert":
      return printInsert(statement);
    case "update":
      return words(
        `UPDATE ${printName(statement.table)}`,
        alias(statement.alias),
        `SET ${assignments(statement.assignments)}`,
        where(statement.where),
      );
    case "delete":
      return words(`DELETE FROM ${printName(statement.table)}`, alias(statement.alias), where(statement.where));
    case "statement-set":
      return `EXECUTE STATEMENT SET BEGIN ${statement.statements.map((insert) => `${printInsert(insert)}; `).join("")}END`;
    case "explain":
      return words("EXPLAIN", statement.details.join(", "), printStatement(statement.statement));
    case "compile-plan":
      return words(
        statement.execute ? "COMPILE AND EXECUTE PLAN" : "COMPILE PLAN",
        printText(statement.path),
        statement.ifNotExists && "IF NOT EXISTS",
        `FOR ${printStatement(statement.statement)}`,
      );
    case "execute-plan":
      return `EXECUTE PLAN ${printText(statement.path)}`;
    case "set":
      return words("SET", statement.option && printOption(statement.option));
    case "reset":
      return words("RESET", statement.key !== null && printText(statement.key));
    case "show":
      return printShow(statement);
    case "describe":
      return words("DESCRIBE", statement.extended && "EXTENDED", printName(statement.name));
    case "use":
      return words("USE", statement.catalog && "CATALOG", printName(statement.name));
    default:
      return statement satisfies never;
  }
}

const comment = (text: string | null): string | null => (text === null ? null : `COMMENT ${printText(text)}`);
const columns = (names: readonly Identifier[]): string | null => (names.length > 0 ? printNames(names) : null);
const alias = (name: Identifier | null): string | null => name && `AS ${printIdentifier(name)}`;
const where = (condition: Expression | null): string | null => condition && `WHERE ${printExpression(condition)}`;
const withOptions = (options: CreateTable["options"]): string | null =>
  options.length > 0 ? `WITH (${options.map(printOption).join(", ")})` : null;
const assignments = (items: readonly Assignment[]): string =>
  items.map(({ column, value }) => `${printIdentifier(column)} = ${printExpression(value)}`).join(", ");
const elements = (items: readonly TableElement[]): string | null =>
  items.length > 0 ? `(${items.map(printElement).join(", ")})` : null;

function printCreateTable(table: CreateTable): string {
  const { distribution, partitionedBy, like, query } = table;
  return words(
    "CREATE",
    table.temporary && "TEMPORARY",
    "TABLE",
    table.ifNotExists && "IF NOT EXISTS",
    printName(table.name),
    elements(table.elements),
    comment(table.comment),
    distribution && "DISTRIBUTED",
    distribution && distribution.columns.length > 0 && words("BY", distribution.type, printNames(distribution.columns)),
    distribution && distribution.buckets !== null && `INTO ${distribution.buckets} BUCKETS`,
    partitionedBy.length > 0 && `PARTITIONED BY ${printNames(partitionedBy)}`,
    withOptions(table.options),
    like && `LIKE ${printName(like.name)}`,
    like && like.options.length > 0 && `(${like.options.map(({ mode, what }) => `${mode} ${what}`).join(" ")})`,
    query && `AS ${printQuery(query)}`,
  );
}

function printElement(element: TableElement): string {
  switch (element.kind) {
    case "watermark":
      return `WATERMARK FOR ${printName(element.column)} AS ${printExpression(element.expression)}`;
    case "primary-key":
      return words(
        element.name && `CONSTRAINT ${printIdentifier(element.name)}`,
        `PRIMARY KEY ${printNames(element.columns)} NOT ENFORCED`,
      );
    case "computed-column":
      return words(
        `${printIdentifier(element.name)} AS ${printExpression(element.expression)}`,
        comment(element.comment),
      );
    case "metadata-column":
      return words(
        `${printIdentifier(element.name)} ${printType(element.type)} METADATA`,
        element.key !== null && `FROM ${printText(element.key)}`,
        element.virtual && "VIRTUAL",
        comment(element.comment),
      );
    case "table-column":
      return words(
        `${printIdentifier(element.name)} ${printType(element.type)}`,
        element.primaryKey && "PRIMARY KEY NOT ENFORCED",
        comment(element.comment),
      );
    default:
      return element satisfies never;
  }
}

function printInsert(insert: Insert): string {
  return words(
    insert.overwrite ? "INSERT OVERWRITE" : "INSERT INTO",
    printName(insert.table),
    insert.hints.length > 0 && printHints(insert.hints),
    insert.partition.length > 0 && `PARTITION (${assignments(insert.partition)})`,
    columns(insert.columns),
    printQuery(insert.query),
  );
}

function printShow({ what, name, negated, like }: Show): string {
  return words(
    `SHOW ${what}`,
    name && (what === "COLUMNS" ? `FROM ${printName(name)}` : printName(name)),
    like !== null && `${negated ? "NOT " : ""}LIKE ${printText(like)}`,
  );
}
