// Physical node → operator: one switch. Sources and sinks are made by the connectors.
import type { Schema } from "../arrow/types.js";
import type { FunctionRef } from "../plan/logical.js";
import type { PhysicalNode } from "../plan/physical.js";
import { Deduplicate } from "./deduplicate.js";
import { Filter } from "./filter.js";
import { GroupAggregate } from "./group-aggregate.js";
import { HashJoin } from "./hash-join.js";
import { Inspect } from "./inspect.js";
import { Join } from "./join.js";
import { Limit } from "./limit.js";
import { openMap, type UserFunction } from "./map.js";
import type { Operator } from "./operator.js";
import { Over } from "./over.js";
import { Project } from "./project.js";
import { Sort, TimeSort } from "./sort.js";
import { TopN } from "./top-n.js";
import { Union } from "./union.js";
import { Unnest } from "./unnest.js";
import { Watermark } from "./watermark.js";
import { openWindowAggregate } from "./windows.js";

/**
 * The operator of a node.
 * @param inputs - columns of the rows of each input
 * @param functionOf - finds the user functions that the plan names
 */
export function buildOperator(
  node: Exclude<PhysicalNode, { kind: "source" | "sink" }>,
  inputs: readonly Schema[],
  functionOf: (ref: FunctionRef) => UserFunction,
): Operator {
  const input = inputs[0] as Schema;
  switch (node.kind) {
    case "filter":
      return new Filter(node.predicate);
    case "project":
      return new Project(node.columns, node.schema);
    case "watermark":
      return new Watermark(node);
    case "window-aggregate":
      return openWindowAggregate(node, input);
    case "group-aggregate":
      return new GroupAggregate(node, input);
    case "deduplicate":
      return new Deduplicate(node, input);
    case "sort":
      return node.timeColumn < 0 ? new Sort(node, input) : new TimeSort(node, input);
    case "limit":
      return new Limit(node);
    case "over":
      return new Over(node, input);
    case "top-n":
      return new TopN(node, input);
    case "join":
      return node.build === null ? new Join(node, inputs) : new HashJoin(node, inputs);
    case "union":
      return new Union();
    case "unnest":
      return new Unnest(node);
    case "map":
      return openMap(node, functionOf(node.fn));
    case "inspect":
      return new Inspect(node.fn.name, functionOf(node.fn));
  }
}
