// One node in words: a title and lines of detail, for logical and for physical plans. What EXPLAIN draws.
import { type Field, fieldText, type Schema, typeName } from "../arrow/types.js";
import { describeJoin } from "./describe-join.js";
import {
  describeOver,
  describeSort,
  describeTopN,
  limitText,
  overText,
  sortText,
  topDetails,
  topText,
} from "./describe-order.js";
import { aggregateText, formatBound, formatCall, formatExpr, formatName } from "./format-expr.js";
import type { AggregateCall, LogicalNode, LogicalPlan, NamedExpr, TableRef, WatermarkSpec, Window } from "./logical.js";
import type { PhysicalAggregate, PhysicalNode, PhysicalOf, PhysicalPlan } from "./physical.js";
import type { RowPolicy } from "./policy.js";
import { durationText, judgesByWindow, judgesText, paneMs, windowText } from "./window.js";

export interface Description {
  readonly title: string;
  readonly details: readonly string[];
}

/** What side outputs hold. */
export const SIDE_TITLES = { late: "late rows", deadLetter: "dead letters" } as const;

export function describeLogical(node: LogicalPlan): Description {
  switch (node.kind) {
    case "unresolved-scan":
      return {
        title: `scan ${tableText(node.table)}`,
        details: ["columns: not known yet", ...policyText(node.rowPolicy)],
      };
    case "unresolved-query":
      return { title: `query ${node.query.name}`, details: [] };
    case "scan":
      return describeScan(node);
    case "filter":
      return { title: `filter ${formatExpr(node.predicate)}`, details: [] };
    case "project":
      return { title: `project ${namedText(node.columns)}`, details: [] };
    case "with-columns":
      return { title: `with-columns ${namedText(node.columns)}`, details: [] };
    case "watermark":
      return { title: watermarkText(node.spec.column, node.spec), details: limitsText(node.spec) };
    case "window-aggregate":
      return {
        title: `window-aggregate ${windowText(node.window)}`,
        details: [...groupText(node.keys, node.aggregates), ...latenessText(node.latenessMs)],
      };
    case "aggregate":
      return {
        title: "aggregate",
        details: [...groupText(node.keys, node.aggregates), ...ttlText(node.ttlMs)],
      };
    case "deduplicate":
      return { title: `deduplicate ${node.keys.map(formatExpr).join(", ")}`, details: keepText(node) };
    case "sort":
      return { title: [sortText(node.order), ...limitText(node)].filter((part) => part !== "").join(" "), details: [] };
    case "over":
      return { title: `over ${overText(node)}`, details: [] };
    case "top-n":
      return { title: `top-n ${topText(node)}`, details: topDetails(node) };
    case "union":
      return { title: "union", details: [] };
    case "join":
      return {
        title: `join ${node.type} on ${formatExpr(node.condition)}`,
        details: node.columns === null ? [] : [`columns: ${node.columns.map(formatName).join(", ")}`],
      };
    case "changelog":
      return { title: `changelog ${formatName(node.column)}`, details: [] };
    case "unnest":
      return { title: unnestText(node), details: [] };
    case "map":
      return { title: mapText(node), details: node.schema === null ? [] : [schemaText(node.schema)] };
    case "inspect":
      return { title: `inspect ${node.fn.name}`, details: [] };
    case "side-output":
      return { title: SIDE_TITLES[node.output], details: [] };
    case "sink":
      return { title: `sink ${tableText(node.table)}`, details: [] };
  }
}

/** Positions are shown as the names they stand for. */
export function describePhysical(node: PhysicalNode, plan: PhysicalPlan): Description {
  const columns = schemaText(node.schema);
  switch (node.kind) {
    case "source": {
      const skip = node.predicate === null ? [] : [`skips by: ${formatBound(node.predicate)}`];
      return {
        title: `source ${tableText(node.table)}`,
        details: [columns, ...partitionText(node.table), ...skip, ...policyText(node.rowPolicy)],
      };
    }
    case "filter":
      return { title: `filter ${formatBound(node.predicate)}`, details: [] };
    case "project": {
      const exprs = node.columns.map((expr, index) =>
        assigned((node.schema.fields[index] as Field).name, formatBound(expr)),
      );
      return { title: `project ${exprs.join(", ")}`, details: [columns] };
    }
    case "watermark": {
      const windows = judgesText(node.judges);
      const cuts = [
        ...(windows === "" ? [] : [`cut at the ends of: ${windows}`]),
        ...(!node.judges.every(judgesByWindow) ? ["cut in front of late rows"] : []),
      ];
      const name = (node.schema.fields[node.column] as Field).name;
      return { title: watermarkText(name, node), details: [...cuts, ...limitsText(node)] };
    }
    case "window-aggregate":
      return describeGrouping(node, inputSchema(node, plan));
    case "group-aggregate":
      return describeGroups(node, inputSchema(node, plan));
    case "deduplicate":
      return describeDeduplicate(node, inputSchema(node, plan));
    case "sort":
      return describeSort(node, inputSchema(node, plan));
    case "limit":
      return { title: limitText(node).join(" "), details: [] };
    case "over":
      return describeOver(node, inputSchema(node, plan));
    case "top-n":
      return describeTopN(node, inputSchema(node, plan));
    case "join": {
      const { title, details } = describeJoin(node, plan);
      return { title, details: [...details, columns] };
    }
    case "union":
      return { title: "union", details: [] };
    case "unnest": {
      const column = (inputSchema(node, plan).fields[node.column] as Field).name;
      return { title: `unnest ${formatName(column)}${node.outer ? " outer" : ""}`, details: [columns] };
    }
    case "map":
      return { title: mapText(node), details: [columns] };
    case "inspect":
      return { title: `inspect ${node.fn.name}`, details: [] };
    case "sink":
      return { title: `sink ${tableText(node.table)}`, details: [] };
  }
}

function unnestText({ column, names, ordinality, outer }: LogicalNode<"unnest">): string {
  const as = names === null ? "" : ` as ${names.map(formatName).join(", ")}`;
  const position = ordinality === null ? "" : ` with ordinality ${formatName(ordinality)}`;
  return `unnest ${formatName(column)}${as}${position}${outer ? " outer" : ""}`;
}

function describeScan({ table, schema, columns, predicate, bounded, rowPolicy }: LogicalNode<"scan">): Description {
  const names = columns ?? schema.fields.map(({ name }) => name);
  const share = columns === null ? "" : ` (${columns.length} of ${schema.fields.length})`;
  return {
    title: `scan ${tableText(table)}`,
    details: [
      `columns: ${names.map(formatName).join(", ")}${share}`,
      ...partitionText(table),
      ...(predicate === null ? [] : [`skips by: ${formatExpr(predicate)}`]),
      ...(bounded ? [] : ["endless"]),
      ...policyText(rowPolicy),
    ],
  };
}

function describeGrouping(node: PhysicalOf<"window-aggregate">, input: Schema): Description {
  const { window, latenessMs } = node;
  const nameAt = (column: number): string => formatName((input.fields[column] as Field).name);
  const keys = node.keys.map(nameAt);
  const calls = node.aggregates.map((aggregate) => physicalText(aggregate, nameAt));
  const entry = keys.length > 0 ? "one entry a key" : "one entry";
  const span = window === null ? "window" : spanText(window);
  const windowed = keys.length > 0 ? `${entry} and ${span}` : `${entry} a ${span}`;
  return {
    title: window === null ? "aggregate" : `window-aggregate ${windowText(window)} on ${nameAt(node.timeColumn)}`,
    details: [
      ...(keys.length > 0 ? [`keys: ${keys.join(", ")}`] : []),
      `aggregates: ${calls.join(", ")}`,
      window === null
        ? `state: ${entry}, until the input ends`
        : `state: ${windowed}, freed at window end${latenessMs > 0 ? ` + ${durationText(latenessMs)}` : ""}`,
      schemaText(node.schema),
    ],
  };
}

/** State that grows for ever says so. */
function describeGroups(node: PhysicalOf<"group-aggregate">, input: Schema): Description {
  const nameAt = (column: number): string => formatName((input.fields[column] as Field).name);
  const { keys, aggregates, before, endless, ttlMs } = node;
  const entry = keys.length > 0 ? "one entry a key" : "one entry";
  const freed = ttlMs === null ? "" : `, freed ${durationText(ttlMs)} after its last row`;
  const growing = "; never freed: it grows with the keys, a window or a time to live would bound it";
  const bound = ttlMs === null && keys.length > 0 && endless ? growing : freed;
  return {
    title: "group-aggregate",
    details: [
      ...(keys.length > 0 ? [`keys: ${keys.map(nameAt).join(", ")}`] : []),
      `aggregates: ${aggregates.map((aggregate) => physicalText(aggregate, nameAt)).join(", ")}`,
      `changes: ${before ? "+I -U +U -D" : "+I +U -D"}, once a batch for each key`,
      `state: ${entry}${bound}`,
      schemaText(node.schema),
    ],
  };
}

/** What the state has an entry for. */
function spanText(window: Window): string {
  if (window.kind === "session") return "session";
  return window.kind === "tumble" ? "window" : `pane of ${durationText(paneMs(window))}`;
}

/** S97: state that grows for ever says so, and how it is bounded. */
function describeDeduplicate(node: PhysicalOf<"deduplicate">, input: Schema): Description {
  const nameAt = (column: number): string => formatName((input.fields[column] as Field).name);
  const { keys, timeColumn, withinMs } = node;
  const clock = timeColumn < 0 ? "by the clock" : "of event time";
  return {
    title: `deduplicate ${keys.map(nameAt).join(", ")}`,
    details: [
      timeColumn < 0 ? "keeps: the first row to arrive" : `keeps: the earliest row by ${nameAt(timeColumn)}`,
      withinMs === null
        ? 'state: one entry a key, never freed: it grows without bound; to bound it: { within: "1h" }'
        : `state: one entry a key, freed ${durationText(withinMs)} ${clock} after its first row`,
    ],
  };
}

function physicalText(aggregate: PhysicalAggregate, nameAt: (column: number) => string): string {
  const { name, fn, column, type, distinct, filter } = aggregate;
  const call = fn === "count_star" ? "count(*)" : `${fn}(${nameAt(column)})`;
  const text = aggregateText(call, distinct, filter === undefined ? undefined : nameAt(filter));
  return `${formatName(name)} = ${text} ${typeName(type)}`;
}

function inputSchema(node: PhysicalNode, plan: PhysicalPlan): Schema {
  return (plan.nodes[(node.inputs[0] as PhysicalNode["inputs"][number]).node] as PhysicalNode).schema;
}

function tableText({ connector, name }: TableRef): string {
  return connector === name ? connector : `${connector} ${name}`;
}

/** Columns that stand in the paths: a predicate on them passes over whole files. */
function partitionText({ options }: TableRef): string[] {
  const names = options["partitionedBy"] as readonly string[] | undefined;
  return names === undefined || names.length === 0 ? [] : [`partitions: ${names.map(formatName).join(", ")}`];
}

function policyText(policy: RowPolicy): string[] {
  return policy === "fail"
    ? []
    : [`bad records: ${policy === "skip" ? "skipped and counted" : "kept as dead letters"}`];
}

function mapText({ mode, fn }: Pick<LogicalNode<"map">, "mode" | "fn">): string {
  return `map ${fn.name}${mode === "map" ? "" : ` (${mode})`}`;
}

function watermarkText(column: string, { delayMs }: Pick<WatermarkSpec, "delayMs">): string {
  return `watermark ${formatName(column)}${delayMs === 0 ? "" : ` - ${durationText(delayMs)}`}`;
}

type Limits = Pick<WatermarkSpec, "idleMs" | "quietMs" | "maxFutureDriftMs">;

function limitsText({ idleMs, quietMs, maxFutureDriftMs }: Limits): string[] {
  return [
    ...(idleMs === null ? [] : [`idle after: ${durationText(idleMs)}`]),
    ...(quietMs === null ? [] : [`goes on with the clock after: ${durationText(quietMs)}`]),
    ...(maxFutureDriftMs === null ? [] : [`refuses rows ahead of the clock by: ${durationText(maxFutureDriftMs)}`]),
  ];
}

function groupText(keys: readonly NamedExpr[], aggregates: readonly AggregateCall[]): string[] {
  const calls = aggregates.map((call) => `${formatName(call.name)} = ${formatCall(call)}`);
  return [...(keys.length > 0 ? [`keys: ${namedText(keys)}`] : []), `aggregates: ${calls.join(", ")}`];
}

function keepText({ keep, withinMs }: LogicalNode<"deduplicate">): string[] {
  const last = keep === "last" ? ["keeps: the last row"] : [];
  return withinMs === null ? last : [...last, `within: ${durationText(withinMs)}`];
}

function ttlText(ttlMs: number | undefined): string[] {
  return ttlMs === undefined ? [] : [`time to live: ${durationText(ttlMs)}`];
}

function latenessText(latenessMs: number): string[] {
  return latenessMs === 0 ? [] : [`lateness: ${durationText(latenessMs)}`];
}

function namedText(columns: readonly NamedExpr[]): string {
  return columns.map(({ name, expr }) => assigned(name, formatExpr(expr))).join(", ");
}

/** `x = a + 1`, but `a` for a column under its own name. */
function assigned(name: string, text: string): string {
  const shown = formatName(name);
  return shown === text ? shown : `${shown} = ${text}`;
}

function schemaText({ fields }: Schema): string {
  return `columns: ${fields.map((each) => fieldText({ ...each, name: formatName(each.name) })).join(", ")}`;
}
