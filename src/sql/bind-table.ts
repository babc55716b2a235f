// CREATE TABLE: columns, computed columns, the event time and the connector → what queries read, and what INSERT writes to.
import type { Workspace } from "../arrow/column.js";
import { BatchTable } from "../arrow/table.js";
import { type Field, field, type Schema, schemaOf } from "../arrow/types.js";
import { hintNames } from "../errors.js";
import type { Catalog, NamedTable } from "../plan/catalog.js";
import { columnNamed, derive } from "../plan/derive.js";
import { type LogicalPlan, project, unresolvedScan, watermark, withColumns } from "../plan/logical.js";
import type { Expression } from "./ast.js";
import { connectorTable } from "./bind-connectors.js";
import { ExpressionBinder, typeOf } from "./bind-expressions.js";
import { intervalMs } from "./bind-literals.js";
import { type Places, relationOf } from "./bind-scope.js";
import type { CreateTable, TableColumn, TableElement, Watermark } from "./statements.js";

/** @throws SqlError at the place: TYPE, COLUMN_DUP, OPTION, UNSUPPORTED, UNKNOWN_COLUMN */
export function bindTable(
  statement: CreateTable,
  catalog: Catalog,
  home: Workspace | null,
  places: Places,
): NamedTable {
  const { elements, name, options, span } = statement;
  refuseClauses(statement, places);
  const stored = elements.filter((element) => element.kind === "table-column");
  if (stored.length === 0) {
    throw places.error("SQL_SYNTAX", "a table without columns", span, "declare them: (id BIGINT, ts TIMESTAMP(3))");
  }
  const schema = places.at(span, () => schemaOf(stored.map((column) => fieldOf(column, places))));
  const title = name.parts.map((part) => part.name).join(".");
  const spec = connectorTable(title, options, span, places);
  const key = keyOf(statement, schema, places);
  const live = spec.connector === "memory" && home !== null ? new BatchTable(home) : spec.live;
  const table = catalog.addTable(spec.connector, spec.name, spec.options, live, spec.takes);
  const scan = unresolvedScan(table, schema);
  const plan = withWatermark(withComputed(scan, statement, places), statement, places);
  places.at(span, () => derive(plan));
  return { plan, target: { table, schema }, ...(key === null ? {} : { key }) };
}

/** The statement with what it takes over of the table that it is LIKE: its columns and options, unless it has its own. */
export function mergedTable(statement: CreateTable, source: CreateTable, places: Places): CreateTable {
  const excluded = new Set<string>();
  for (const { mode, what, span } of statement.like?.options ?? []) {
    if (mode === "OVERWRITING") throw places.unsupported("OVERWRITING is", span, "own options count without it");
    if (mode === "EXCLUDING") excluded.add(what);
    else excluded.delete(what);
  }
  const isTaken = (what: string): boolean =>
    !excluded.has(what) && !(excluded.has("ALL") && !included(statement, what));
  const hasOwn = (kind: TableElement["kind"]) => statement.elements.some((element) => element.kind === kind);
  const elements = source.elements.filter((element) => {
    if (element.kind === "watermark") return isTaken("WATERMARKS") && !hasOwn("watermark");
    if (element.kind === "primary-key") return isTaken("CONSTRAINTS") && !hasOwn("primary-key");
    if (element.kind === "computed-column") return isTaken("GENERATED");
    return true;
  });
  const given = new Set(statement.options.map(({ key }) => key));
  const options = isTaken("OPTIONS") ? source.options.filter(({ key }) => !given.has(key)) : [];
  return {
    ...statement,
    elements: [...elements, ...statement.elements],
    options: [...options, ...statement.options],
    like: null,
  };
}

function included({ like }: CreateTable, what: string): boolean {
  return like?.options.some((option) => option.mode === "INCLUDING" && option.what === what) ?? false;
}

/** The columns of PRIMARY KEY. @throws SqlError UNKNOWN_COLUMN; SQL_SYNTAX for a second one */
function keyOf({ elements }: CreateTable, { fields }: Schema, places: Places): readonly string[] | null {
  const keys = elements.flatMap((element) => {
    if (element.kind === "primary-key") return [element.columns];
    return element.kind === "table-column" && element.primaryKey ? [[element.name]] : [];
  });
  const [columns, second] = keys;
  if (second?.[0] !== undefined) {
    throw places.error("SQL_SYNTAX", "a second PRIMARY KEY", second[0].span, "a table has one: PRIMARY KEY (a, b)");
  }
  const names = fields.map(({ name }) => name);
  for (const { name, span } of columns ?? []) {
    if (names.includes(name)) continue;
    throw places.error("UNKNOWN_COLUMN", `no column "${name}"`, span, hintNames(name, names, "columns"));
  }
  return columns?.map(({ name }) => name) ?? null;
}

function refuseClauses({ elements, distribution, partitionedBy, query }: CreateTable, places: Places): void {
  for (const element of elements) {
    if (element.kind === "metadata-column") {
      throw places.unsupported("METADATA columns are", element.span, "read the columns that the rows have");
    }
  }
  if (distribution !== null) throw places.unsupported("DISTRIBUTED BY is", distribution.span, "leave it out");
  const [partition] = partitionedBy;
  if (partition !== undefined) throw places.unsupported("PARTITIONED BY is", partition.span, "write to one path");
  if (query !== null) throw places.unsupported("CREATE TABLE AS is", query.span, "CREATE TABLE, then INSERT INTO");
}

function fieldOf({ name, type }: TableColumn, places: Places): Field {
  const read = typeOf(type, places);
  return field(name.name, read.type, read.nullable);
}

/** The columns in the order they are declared in. Computed ones see those of the rows, not each other. */
function withComputed(scan: LogicalPlan, { elements }: CreateTable, places: Places): LogicalPlan {
  const { schema } = derive(scan);
  const binder = new ExpressionBinder(relationOf(scan, schema, null), places);
  const computed = elements
    .filter((element) => element.kind === "computed-column")
    .map(({ name, expression }) => {
      const expr = binder.bind(expression);
      places.check(expr, schema, expression.span);
      return { name: name.name, expr };
    });
  if (computed.length === 0) return scan;
  const all = withColumns(scan, computed);
  const columns = elements.flatMap((element) =>
    element.kind === "table-column" || element.kind === "computed-column" ? [element] : [],
  );
  const isLast = columns.slice(-computed.length).every(({ kind }) => kind === "computed-column");
  return isLast
    ? all
    : project(
        all,
        columns.map(({ name }) => columnNamed(name.name)),
      );
}

function withWatermark(plan: LogicalPlan, { elements }: CreateTable, places: Places): LogicalPlan {
  const [declared, second] = elements.filter((element) => element.kind === "watermark");
  if (second !== undefined) {
    throw places.error("SQL_SYNTAX", "a second watermark", second.span, "a table has one event time");
  }
  if (declared === undefined) return plan;
  const column = declared.column.parts.map(({ name }) => name).join(".");
  const delayMs = delayOf(declared, column, places);
  const spec = { column, delayMs, idleMs: null, quietMs: null, maxFutureDriftMs: null };
  const timed = watermark(plan, spec);
  places.at(declared.span, () => derive(timed));
  return timed;
}

/** `ts`, or `ts - INTERVAL '5' SECOND`. */
function delayOf({ expression }: Watermark, column: string, places: Places): number {
  if (isColumn(expression, column)) return 0;
  if (expression.kind === "binary-op" && expression.op === "-" && isColumn(expression.left, column)) {
    if (expression.right.kind === "interval") {
      const ms = intervalMs(expression.right, places);
      if (ms >= 0) return ms;
    }
  }
  const hint = `WATERMARK FOR ${column} AS ${column} - INTERVAL '5' SECOND`;
  throw places.unsupported("a watermark that is computed otherwise is", expression.span, hint);
}

function isColumn(expression: Expression, column: string): boolean {
  return expression.kind === "column" && expression.name.parts.map(({ name }) => name).join(".") === column;
}
