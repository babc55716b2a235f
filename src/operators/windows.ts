// Which operator aggregates which windows: spans side by side have a slice of state each, those that overlap share panes,
// and sessions follow their rows.
import type { Schema } from "../arrow/types.js";
import type { PhysicalOf } from "../plan/physical.js";
import type { Operator } from "./operator.js";
import { PaneAggregate } from "./pane-aggregate.js";
import { SessionAggregate } from "./session-aggregate.js";
import { WindowAggregate, type WindowAggregateOptions } from "./window-aggregate.js";

/** The operator of a window-aggregate node over rows of `input`. */
export function openWindowAggregate(
  node: PhysicalOf<"window-aggregate">,
  input: Schema,
  options: WindowAggregateOptions = {},
): Operator {
  const { window } = node;
  if (window === null || window.kind === "tumble") return new WindowAggregate(node, window, input, options);
  if (window.kind === "session") return new SessionAggregate(node, window, input);
  return new PaneAggregate(node, window, input, options);
}
