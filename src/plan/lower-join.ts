// Logical → physical of joins: which columns of each side are kept, which go on, and until when rows are of use.
import { columnIndex, type Field, type Schema, schemaOf } from "../arrow/types.js";
import { bindPredicate, exprColumns } from "./bind-expr.js";
import { derive } from "./derive.js";
import { checkKept, isHalf, type JoinPlan, keepMs, type Side, timeOf } from "./join.js";
import type { LogicalNode } from "./logical.js";
import type { PhysicalNode, PhysicalOf, PhysicalSide } from "./physical.js";

/** A side as it is read: its columns, those of the keys among them. */
export interface JoinPort {
  readonly edge: PhysicalNode["inputs"][number];
  readonly schema: Schema;
  readonly keys: readonly number[];
  readonly isUpdated: boolean;
}

/** The node without what all nodes have. @throws UNSUPPORTED for columns that cannot be kept */
export function physicalJoin(
  node: LogicalNode<"join">,
  plan: JoinPlan,
  left: JoinPort,
  right: JoinPort,
): Omit<PhysicalOf<"join">, "uid" | "inputs" | "schema" | "rowPolicy"> {
  const { build, holdMs, residual, bounds } = plan;
  const sides = { left: sideOf(node, plan, "left", left), right: sideOf(node, plan, "right", right) };
  const pairs = schemaOf([...sides.left.kept, ...sides.right.kept]);
  return {
    kind: "join",
    name: `${node.type}-join`,
    type: node.type,
    left: sides.left.bound,
    right: sides.right.bound,
    nullsEqual: plan.keys.map(({ nullsEqual }) => nullsEqual),
    residual: residual === null ? null : bindPredicate(residual, pairs),
    build,
    never: bounds.lowMs > bounds.highMs,
    holdMs,
    endless: !derive(node).bounded,
  };
}

function sideOf(
  node: LogicalNode<"join">,
  { residual, isTimed, bounds }: JoinPlan,
  side: Side,
  port: JoinPort,
): { readonly kept: readonly Field[]; readonly bound: PhysicalSide } {
  const result = new Set(derive(node).schema.fields.map(({ name }) => name));
  const asked = new Set(residual === null ? [] : exprColumns(residual));
  const own = derive(node[side]);
  const kept = own.schema.fields.filter(({ name }) => result.has(name) || asked.has(name));
  checkKept({ fields: kept });
  const goesOn = (name: string): boolean => result.has(name) && !(isHalf(node.type) && side === "right");
  const time = isTimed ? timeOf(own, own.schema) : null;
  const bound: PhysicalSide = {
    keys: port.keys,
    columns: kept.map(({ name }) => columnIndex(port.schema, name)),
    output: kept.flatMap(({ name }, at) => (goesOn(name) ? [at] : [])),
    keep: time === null ? null : { column: columnIndex(port.schema, time.name), ms: keepMs(bounds, side) - time.ms },
  };
  return { kept, bound };
}
