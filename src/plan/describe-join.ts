// A join in words, for EXPLAIN: what it goes by, what it keeps, and what bounds that.
import type { Field } from "../arrow/types.js";
import { formatBound, formatName } from "./format-expr.js";
import type { PhysicalNode, PhysicalOf, PhysicalPlan, PhysicalSide } from "./physical.js";
import { durationText } from "./window.js";

/** State that grows for ever says so, and how it is bounded. */
export function describeJoin(node: PhysicalOf<"join">, plan: PhysicalPlan): { title: string; details: string[] } {
  const { type, left, right, build, residual, endless } = node;
  const sides = [left, right].map((side, index) => {
    const schema = (plan.nodes[(node.inputs[index] as PhysicalNode["inputs"][number]).node] as PhysicalNode).schema;
    return { ...side, nameAt: (column: number): string => formatName((schema.fields[column] as Field).name) };
  }) as [PhysicalSide & { nameAt: (column: number) => string }, PhysicalSide & { nameAt: (column: number) => string }];
  const keys = left.keys.map((column, index) => {
    const equals = node.nullsEqual[index] ? "IS NOT DISTINCT FROM" : "=";
    return `${sides[0].nameAt(column)} ${equals} ${sides[1].nameAt(right.keys[index] as number)}`;
  });
  const kept = sides.map(({ keep, nameAt }) =>
    keep === null
      ? ""
      : `${nameAt(keep.column)}${keep.ms === 0 ? "" : ` ${keep.ms < 0 ? "-" : "+"} ${durationText(Math.abs(keep.ms))}`}`,
  );
  const growing = endless
    ? ", never freed: it grows without bound; a condition on their event times would bound it"
    : ", until the input ends";
  return {
    title: `join ${type}${build === null ? "" : ` with the ${build} side as a table`}`,
    details: [
      keys.length > 0 ? `keys: ${keys.join(", ")}` : "keys: none, every row meets every row of the other side",
      ...(residual === null ? [] : [`and: ${formatBound(residual)}`]),
      build !== null
        ? `state: the rows of the ${build} side, which is read first`
        : left.keep !== null
          ? `state: rows of both sides, freed when the watermark passes ${kept.join(" and ")}`
          : `state: rows of both sides${growing}`,
      ...(node.holdMs > 0 ? [`holds the watermark back by: ${durationText(node.holdMs)}`] : []),
    ],
  };
}
