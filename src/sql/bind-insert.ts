// INSERT INTO: the rows of a query as the columns of the table that they go to, matched by place and cast where nothing is lost.
import { type Schema, sameType, typeName } from "../arrow/types.js";
import { hintNames } from "../errors.js";
import type { NamedTable } from "../plan/catalog.js";
import { checkCast } from "../plan/coerce.js";
import { derive } from "../plan/derive.js";
import type { Expr } from "../plan/expr.js";
import { type LogicalPlan, type NamedExpr, project, sink } from "../plan/logical.js";
import type { QueryBinder } from "./bind-query.js";
import type { Places } from "./bind-scope.js";
import type { Insert } from "./statements.js";

/** @throws SqlError UNSUPPORTED, UNKNOWN_COLUMN, TYPE for counts and types that do not fit */
export function bindInsert(
  { table, overwrite, hints, partition, columns, query }: Insert,
  title: string,
  { target }: NamedTable,
  queries: QueryBinder,
  places: Places,
): LogicalPlan {
  if (overwrite) throw places.unsupported("OVERWRITE is", table.span, "INSERT INTO a path that is not there yet");
  const [clause] = [...hints, ...partition];
  if (clause !== undefined)
    throw places.unsupported("PARTITION and hints of INSERT are", clause.span, "leave them out");
  if (target === null) {
    throw places.error("UNSUPPORTED", `"${title}" is a view`, table.span, "INSERT INTO the table that it reads");
  }
  const { schema } = target;
  if (schema === null) {
    const [column] = columns;
    if (column === undefined) return sink(queries.query(query), target.table);
    const hint = "leave them out: the table takes the columns of the query";
    throw places.error("UNSUPPORTED", `"${title}" has no columns of its own`, column.span, hint);
  }
  const all = schema.fields.map(({ name }) => name);
  const names = columns.length === 0 ? all : columns.map(({ name }) => name);
  const wrong = columns.find(({ name }) => !all.includes(name));
  if (wrong !== undefined) {
    const hint = hintNames(wrong.name, all, "columns");
    throw places.error("UNKNOWN_COLUMN", `no column "${wrong.name}" in ${title}`, wrong.span, hint);
  }
  return sink(assigned(queries.byPlace(query), names, schema, query.span, places), target.table);
}

/** The rows as the table's columns have them. */
function assigned(
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
