// CROSS JOIN UNNEST(list) and LEFT JOIN UNNEST(list) ON TRUE: a row for every element, beside the columns of its row. The
// elements of an ARRAY of ROWs become its fields.
import type { Field } from "../arrow/types.js";
import { derive } from "../plan/derive.js";
import { unnest, withColumns } from "../plan/logical.js";
import type { Join, UnnestTable } from "./ast.js";
import { ExpressionBinder } from "./bind-expressions.js";
import { type Places, type Relation, type ScopeColumn, schemaOfRelation, uniqueName } from "./bind-scope.js";

/** @throws SqlError TYPE for what is no list, UNSUPPORTED for other joins */
export function unnested(left: Relation, join: Join, right: UnnestTable, places: Places): Relation {
  const isTrue = join.on === null || (join.on.kind === "boolean" && join.on.value);
  if (left.window !== null || join.natural || join.using.length > 0 || !isTrue) {
    throw places.unsupported("UNNEST with a condition is", join.span, "CROSS JOIN UNNEST(list), and filter by WHERE");
  }
  if (join.type === "RIGHT" || join.type === "FULL") {
    throw places.unsupported(`${join.type} JOIN UNNEST is`, join.span, "CROSS JOIN, or LEFT JOIN … ON TRUE");
  }
  const schema = schemaOfRelation(left);
  const list = new ExpressionBinder(left, places).bind(right.operand);
  const { type } = places.check(list, schema, right.operand.span).field;
  if (type.kind !== "array" && type.kind !== "map") {
    throw places.error("TYPE", "UNNEST takes an ARRAY or a MAP", right.operand.span, "name a column of such a type");
  }
  const used = new Set(derive(left.plan).schema.fields.map(({ name }) => name));
  const element = uniqueName("element", used);
  const names = type.kind === "map" ? [uniqueName("key", used), uniqueName("value", used)] : [element];
  const ordinality = right.ordinality ? uniqueName("ordinality", used) : null;
  const plan = unnest(withColumns(left.plan, [{ name: element, expr: list }]), {
    column: element,
    names,
    ordinality,
    outer: join.type === "LEFT",
  });
  const row = type.kind === "array" && type.element.type.kind === "row" ? type.element.type : null;
  const fields = row?.fields.map((part) => ({ part, name: uniqueName(part.name, used) })) ?? [];
  const parts = fields.map(({ part, name }) => ({
    name,
    expr: {
      kind: "call" as const,
      fn: "field",
      args: [
        { kind: "column" as const, name: element },
        { kind: "literal" as const, value: part.name },
      ],
    },
  }));
  const whole = row === null ? plan : withColumns(plan, parts);
  const made = derive(whole).schema.fields;
  const shown = [
    ...(row === null ? names : fields.map(({ name }) => name)),
    ...(ordinality === null ? [] : [ordinality]),
  ];
  const given = right.alias?.columns ?? [];
  if (given.length > 0 && given.length !== shown.length) {
    const hint = "name the element, of a MAP key and value, of ROWs each field, and the ordinality";
    throw places.error("TYPE", `${given.length} names for ${shown.length} columns`, right.span, hint);
  }
  const defaults = [...(row?.fields.map(({ name }) => name) ?? names), "ordinality"];
  const columns = shown.map((name, index): ScopeColumn => {
    const field = made.find((candidate) => candidate.name === name) as Field;
    const called = given[index]?.name ?? (defaults[index] as string);
    return { qualifier: right.alias?.name.name ?? null, name: called, field };
  });
  return { plan: whole, columns: [...left.columns, ...columns], window: null };
}
