// Outputs beside the main one: what a stream's late rows and dead letters are, and which columns they have.
import { BINARY, field, INT64, type Schema, STRING, schemaOf, TIMESTAMP } from "../arrow/types.js";
import { PlanError } from "../errors.js";
import { filter, type LogicalPlan, project, sideOutput, union, unnest, withColumns } from "./logical.js";
import { inputsOf, topological } from "./walk.js";

/**
 * What late rows carry behind the columns they came with. The watermark is the one that the rows before it had
 * made, NULL while there is none.
 */
export const LATE_FIELDS = Object.freeze([
  /** `LATE`: behind the watermark; `NULL_TIME`, `TIME_RANGE`: no event time; `FUTURE`: too far ahead of the clock. */
  field("lateReason", STRING, false),
  field("lateWatermark", TIMESTAMP, true),
  /** The windows the row missed, from the start of the first to the end of the last; NULL when it has no time or met none. */
  field("lateWindowStart", TIMESTAMP, true),
  field("lateWindowEnd", TIMESTAMP, true),
  /** The uid of the operator that refused the row. */
  field("lateOperator", STRING, false),
]);

/** Columns of the dead-letter output. `line` is 1-based; `byte` is the record's offset in its source. */
export const DEAD_LETTER_SCHEMA: Schema = schemaOf([
  field("code", STRING, false),
  field("message", STRING, false),
  field("source", STRING),
  field("line", INT64),
  field("byte", INT64),
  field("row", INT64),
  field("field", STRING),
  field("raw", BINARY, false),
]);

/** @throws COLUMN_DUP when the rows already have one of the columns. */
export function lateSchema(input: Schema): Schema {
  return schemaOf([...input.fields, ...LATE_FIELDS]);
}

/**
 * The rows of a stream that entered no window: those its nearest window refused, and those that deduplications (S45) and the
 * watermark (S11, S12) below it refused, which are put through the filters and projections between the two first, so that all have the same columns.
 * @throws NO_EVENT_TIME when neither stands below
 */
export function lateRows(plan: LogicalPlan): LogicalPlan {
  // What a query refuses is known when it is read: expanding asks again.
  if (topological([plan]).some(({ kind }) => kind === "unresolved-query")) return sideOutput(plan, "late");
  const found = lateOf(plan);
  if (found !== null) return found;
  throw new PlanError("NO_EVENT_TIME", "late rows of a stream without watermark", {
    hint: 'declare its event time: `time` and `outOfOrder` of the source, or .withWatermark("column", "5s")',
  });
}

function lateOf(node: LogicalPlan): LogicalPlan | null {
  if (node.kind === "window-aggregate") return unite([sideOutput(node, "late"), refusedBelow(node.input)]);
  if (node.kind === "union" && node.inputs.some(endsInWindow)) return unite(node.inputs.map(lateOf));
  // Filters and projections of a window's results have nothing to say about the rows it refused.
  return endsInWindow(node) ? lateOf(inputsOf(node)[0] as LogicalPlan) : refusedBelow(node);
}

/** True when nothing but filters, projections and inspections stands between the plan and a window. */
function endsInWindow(node: LogicalPlan): boolean {
  switch (node.kind) {
    case "window-aggregate":
      return true;
    case "filter":
    case "project":
    case "with-columns":
    case "unnest":
    case "inspect":
    case "sink":
      return endsInWindow(node.input);
    default:
      return false;
  }
}

/** What watermarks and deduplications refused, as this node would have passed it on; null when there is none below. */
function refusedBelow(node: LogicalPlan): LogicalPlan | null {
  switch (node.kind) {
    case "watermark":
      return sideOutput(node, "late");
    case "filter": {
      const below = refusedBelow(node.input);
      return below && filter(below, node.predicate);
    }
    case "project": {
      const late = LATE_FIELDS.map(({ name }) => ({ name, expr: { kind: "column", name } as const }));
      const below = refusedBelow(node.input);
      return below && project(below, [...node.columns, ...late]);
    }
    case "with-columns": {
      const below = refusedBelow(node.input);
      return below && withColumns(below, node.columns);
    }
    case "unnest": {
      const below = refusedBelow(node.input);
      return below && unnest(below, node);
    }
    // Its late rows have the columns that went in, as those of the watermark have.
    case "deduplicate":
      // Last rows are never late.
      if (node.keep === "last") return refusedBelow(node.input);
      return unite([sideOutput(node, "late"), refusedBelow(node.input)]);
    case "union":
      return unite(node.inputs.map(refusedBelow));
    case "sort":
    case "inspect":
    case "sink":
      return refusedBelow(node.input);
    // A user function takes rows without the late columns, and what a window or a group refused stays its own.
    case "map":
    case "window-aggregate":
    case "aggregate":
    case "top-n":
    case "over":
    case "join":
    case "changelog":
    case "side-output":
    case "scan":
    case "unresolved-scan":
    case "unresolved-query":
      return null;
  }
}

function unite(plans: readonly (LogicalPlan | null)[]): LogicalPlan | null {
  const found = plans.filter((plan) => plan !== null);
  return found.length > 1 ? union(found) : (found[0] ?? null);
}
