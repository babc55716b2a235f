// UNION, INTERSECT and EXCEPT. Columns are matched by place, get the names of the first query and the type that fits all.
// INTERSECT and EXCEPT count each row on both sides, so that both sides may be updated and endless.
import { type Field, INT32, sameType, typeName } from "../arrow/types.js";
import { commonType } from "../plan/coerce.js";
import { derive } from "../plan/derive.js";
import type { Expr } from "../plan/expr.js";
import {
  type AggregateCall,
  aggregate,
  filter,
  type LogicalPlan,
  type NamedExpr,
  project,
  union,
} from "../plan/logical.js";
import type { SetOperation, Span } from "./ast.js";
import { type Places, uniqueName } from "./bind-scope.js";

/** A query and where it stands. */
export interface Part {
  readonly plan: LogicalPlan;
  readonly span: Span;
}

/** The parts under one operation. @throws SqlError TYPE for columns that do not fit, UNSUPPORTED */
export function combined({ op, all, span }: SetOperation, parts: readonly Part[], places: Places): LogicalPlan {
  const inputs = alike(op, parts, span, places);
  if (op === "UNION") return all ? union(inputs) : distinct(union(inputs));
  if (all) {
    throw places.unsupported(`${op} ALL is`, span, `${op} takes every row once; UNION ALL keeps all`);
  }
  const [left, right] = inputs as [LogicalPlan, LogicalPlan];
  return counted(left, right, op);
}

/** Equal rows once. */
export function distinct(plan: LogicalPlan): LogicalPlan {
  return aggregate(plan, derive(plan).schema.fields.map(columnOf), []);
}

/** Rows of both sides in groups of equal ones, with how many each side has. */
function counted(left: LogicalPlan, right: LogicalPlan, op: "INTERSECT" | "EXCEPT"): LogicalPlan {
  const columns = derive(left).schema.fields.map(columnOf);
  const used = new Set(columns.map(({ name }) => name));
  const sides = [uniqueName("left", used), uniqueName("right", used)] as const;
  const marked = (plan: LogicalPlan, side: string): LogicalPlan =>
    project(plan, [
      ...columns,
      ...sides.map(
        (name): NamedExpr => ({ name, expr: { kind: "literal", value: name === side ? 1 : null, type: INT32 } }),
      ),
    ]);
  const counts = sides.map((name): AggregateCall => ({ name, fn: "count", args: [{ kind: "column", name }] }));
  const groups = aggregate(union([marked(left, sides[0]), marked(right, sides[1])]), columns, counts);
  const has = (name: string, fn: "gt" | "eq"): Expr => {
    return {
      kind: "call",
      fn,
      args: [
        { kind: "column", name },
        { kind: "literal", value: 0 },
      ],
    };
  };
  const wanted = [has(sides[0], "gt"), has(sides[1], op === "EXCEPT" ? "eq" : "gt")];
  return project(filter(groups, { kind: "call", fn: "and", args: wanted }), columns);
}

/** The parts with the same columns. */
function alike(op: string, parts: readonly Part[], span: Span, places: Places): LogicalPlan[] {
  const schemas = parts.map(({ plan }) => derive(plan).schema.fields);
  const [first] = schemas as [readonly Field[]];
  const types = first.map(({ name }, column) => {
    const wrong = schemas.findIndex((fields) => fields.length !== first.length);
    if (wrong >= 0) {
      const counts = `${schemas[wrong]?.length} columns, the first query has ${first.length}`;
      throw places.error(
        "TYPE",
        `a query of ${op} has ${counts}`,
        (parts[wrong] as Part).span,
        "select as many in each",
      );
    }
    const known = schemas.map((fields) => (fields[column] as Field).type);
    const common = commonType(known);
    if (common !== null) return common;
    const text = known.map(typeName).join(" and ");
    throw places.error("TYPE", `column "${name}" of ${op} is ${text}`, span, "cast them to one type");
  });
  return parts.map(({ plan }, index) => {
    const fields = schemas[index] as readonly Field[];
    const isSame = fields.every(({ name, type }, i) => name === first[i]?.name && sameType(type, types[i] ?? type));
    if (isSame) return plan;
    return project(
      plan,
      fields.map((known, i): NamedExpr => {
        const type = types[i] ?? known.type;
        const { expr } = columnOf(known);
        const cast: Expr = sameType(known.type, type) ? expr : { kind: "cast", input: expr, type, try: false };
        return { name: (first[i] as Field).name, expr: cast };
      }),
    );
  });
}

function columnOf({ name }: Field): NamedExpr {
  return { name, expr: { kind: "column", name } };
}
