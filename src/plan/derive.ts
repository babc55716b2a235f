// What follows from a plan: the columns, event time, boundedness and row policy of every node. Deriving is also checking:
// wrong names and types, windows without event time and groups that never end are refused here, for both front ends.
import {
  columnIndex,
  type Field,
  field,
  INT32,
  INT64,
  isNested,
  isTimestamp,
  type Schema,
  STRING,
  sameType,
  schemaOf,
  timestamp,
  timestampLtz,
  typeName,
} from "../arrow/types.js";
import { hintNames, InternalError, PlanError } from "../errors.js";
import { bindAggregate, bindExpr, bindPredicate, NESTED_HINT } from "./bind-expr.js";
import { CHANGE_COLUMN } from "./changes.js";
import type { Expr } from "./expr.js";
import { formatExpr } from "./format-expr.js";
import { deriveJoin } from "./join.js";
import type { AggregateCall, LogicalNode, LogicalPlan, NamedExpr, OverCall } from "./logical.js";
import { strictest } from "./policy.js";
import { type Properties, UNALIGNED } from "./properties.js";
import { DEAD_LETTER_SCHEMA, lateSchema } from "./side-outputs.js";
import { inputsOf, topological } from "./walk.js";

/** True when the columns of every table are known, so that the plan can be checked before it is bound. */
export function columnsKnown(plan: LogicalPlan): boolean {
  return topological([plan]).every(
    (node) => node.kind !== "unresolved-query" && (node.kind !== "unresolved-scan" || node.schema !== null),
  );
}

const aggregateNames: ReadonlySet<string> = new Set(["count_star", "count", "sum", "min", "max", "avg"]);

/** Rows without event time. */
const NO_TIME = { timeColumn: null, aligned: UNALIGNED } as const;

/** Nodes are frozen, so what was derived once holds; it goes when the node goes. */
const derived = new WeakMap<LogicalPlan, Properties>();

/**
 * Properties of a node whose columns are known.
 * @throws UNKNOWN_COLUMN, COLUMN_DUP, TYPE, NO_EVENT_TIME, UNSUPPORTED, OPTION
 */
export function derive(node: LogicalPlan): Properties {
  let properties = derived.get(node);
  if (properties === undefined) {
    properties = Object.freeze(deriveNode(node));
    checkNames(properties.schema);
    derived.set(node, properties);
  }
  return properties;
}

function deriveNode(node: LogicalPlan): Properties {
  switch (node.kind) {
    case "unresolved-scan":
      return deriveUnresolved(node);
    case "unresolved-query":
      throw new InternalError(`the query ${node.query.name} was not read`);
    case "scan": {
      const { schema, columns, bounded, rowPolicy } = node;
      const read = columns === null ? schema : pickColumns(schema, columns);
      return { ...NO_TIME, schema: read, bounded, changelog: "append", keys: null, rowPolicy };
    }
    case "filter": {
      const input = derive(node.input);
      bindPredicate(node.predicate, input.schema);
      return input;
    }
    case "project":
      return deriveProject(node.columns, derive(node.input));
    case "with-columns": {
      const input = derive(node.input);
      return deriveProject(replacedColumns(input.schema, node.columns), input);
    }
    case "watermark":
      return deriveWatermark(node);
    case "window-aggregate":
      return deriveWindow(node);
    case "aggregate":
      return deriveAggregate(node);
    case "deduplicate":
      return deriveDeduplicate(node);
    case "sort":
      return deriveSort(node);
    case "top-n":
      return deriveTopN(node);
    case "over":
      return deriveOver(node);
    case "union":
      return deriveUnion(node);
    case "join":
      return deriveJoin(node, derive(node.left), derive(node.right));
    case "unnest":
      return deriveUnnest(node);
    case "map": {
      const input = appended(node.input, "a user function");
      const schema = node.schema ?? input.schema;
      const time = schema.fields.find(({ name }) => name === input.timeColumn);
      const timeColumn = time !== undefined && isTimestamp(time.type) ? time.name : null;
      return { ...input, schema, timeColumn, aligned: UNALIGNED, keys: null };
    }
    case "inspect":
      return appended(node.input, "inspect()");
    case "changelog": {
      const input = derive(node.input);
      const fields = [...input.schema.fields, field(node.column, STRING, false)];
      return { ...input, schema: schemaOf(fields), changelog: "append", keys: null };
    }
    case "sink":
      return deriveSink(node);
    case "side-output":
      return deriveSideOutput(node);
  }
}

/** Before binding a schema that the user wrote is enough to check names; whether the rows end is not known yet. */
function deriveUnresolved({ table, schema, rowPolicy }: LogicalNode<"unresolved-scan">): Properties {
  if (schema === null) throw new InternalError(`table ${table.name} was not bound`);
  return { ...NO_TIME, schema, bounded: true, changelog: "append", keys: null, rowPolicy };
}

function deriveProject(columns: readonly NamedExpr[], input: Properties): Properties {
  const fields = columns.map((column) => bindField(column, input.schema));
  const time = columns.find(({ expr }) => expr.kind === "column" && expr.name === input.timeColumn);
  const names = input.keys?.map((key) => columns.find(({ expr }) => expr.kind === "column" && expr.name === key)?.name);
  const keys = names?.every((name) => name !== undefined) ? names : null;
  const aligned = columns.flatMap(({ name, expr }): [string, number][] => {
    const ms = expr.kind === "column" ? alignedMs(input, expr.name) : undefined;
    return ms === undefined ? [] : [[name, ms]];
  });
  return { ...input, schema: schemaOf(fields), timeColumn: time?.name ?? null, aligned: new Map(aligned), keys };
}

/** How far the column is ahead of the event time, when it always is. */
function alignedMs({ timeColumn, aligned }: Properties, name: string): number | undefined {
  return name === timeColumn ? 0 : aligned.get(name);
}

/** A target that takes no changes gets the rows that hold in the end, so that there has to be one. */
function deriveSink({ input, table }: LogicalNode<"sink">): Properties {
  const properties = derive(input);
  if (properties.changelog === "append" || properties.bounded || table.takes !== undefined) return properties;
  throw new PlanError("UNSUPPORTED", `results that are updated without end, and ${table.name} only takes new rows`, {
    hint: "group by a window, write the changes themselves (.changelog()), or write to a table with a key (mill.memory)",
  });
}

/** What a step takes whose rows are only added. */
function appended(input: LogicalPlan, what: string): Properties {
  const properties = derive(input);
  if (properties.changelog === "append") return properties;
  throw new PlanError("UNSUPPORTED", `${what} over results that are updated`, {
    hint: `put ${what} before the groups, or go on with the changes themselves: .changelog()`,
  });
}

/** @throws COLUMN_DUP for the name that changes are carried under */
function checkNames({ fields }: Schema): void {
  if (fields.every(({ name }) => name !== CHANGE_COLUMN)) return;
  throw new PlanError("COLUMN_DUP", `a column "${CHANGE_COLUMN}", which is the name that changes have`, {
    hint: "call it otherwise",
  });
}

function deriveWatermark({ input, spec }: LogicalNode<"watermark">): Properties {
  const properties = appended(input, "a watermark");
  const { type } = fieldOf(properties.schema, spec.column);
  if (!isTimestamp(type)) {
    throw new PlanError("TYPE", `event time "${spec.column}" is ${typeName(type)}`, {
      hint: `event time is a TIMESTAMP or TIMESTAMP_LTZ; of milliseconds: .withColumn("${spec.column}", fromEpochMs(col("${spec.column}")))`,
    });
  }
  return { ...properties, timeColumn: spec.column, aligned: UNALIGNED };
}

function deriveWindow(node: LogicalNode<"window-aggregate">): Properties {
  const input = appended(node.input, "a window");
  if (input.timeColumn === null) throw noEventTime(node.input, input.schema);
  const { type } = fieldOf(input.schema, input.timeColumn);
  const windowType = type.kind === "timestamp_ltz" ? timestampLtz(3) : timestamp(3);
  const { start, end, time } = node.windowColumns;
  const window = [start, end, time].map((name) => field(name, windowType, false));
  const keys = node.keys.map((key) => bindKey(key, input.schema));
  const aggregates = node.aggregates.map((call) => aggregateField(call, input.schema, false));
  // A window that late rows let fire again gives its rows once more.
  const unique = node.latenessMs > 0 ? null : [start, end, ...keys.map(({ name }) => name)];
  const aligned = new Map([[end, 1]]);
  if (node.window.kind === "tumble" || node.window.kind === "hop") aligned.set(start, 1 - node.window.sizeMs);
  return { ...input, schema: schemaOf([...window, ...keys, ...aggregates]), timeColumn: time, aligned, keys: unique };
}

function deriveAggregate(node: LogicalNode<"aggregate">): Properties {
  const input = derive(node.input);
  const keys = node.keys.map((key) => bindKey(key, input.schema));
  const global = keys.length === 0;
  const aggregates = node.aggregates.map((call) => aggregateField(call, input.schema, global));
  return {
    ...input,
    schema: schemaOf([...keys, ...aggregates]),
    ...NO_TIME,
    changelog: "retract",
    keys: keys.map(({ name }) => name),
  };
}

function deriveDeduplicate({ input, keys, keep, withinMs }: LogicalNode<"deduplicate">): Properties {
  const properties = appended(input, "a deduplication");
  for (const expr of keys) bindKey({ name: formatExpr(expr), expr }, properties.schema, "deduplicates");
  const lost = properties.timeColumn === null ? lostTime(input) : null;
  if (lost !== null) throw timeDropped("a deduplication", lost);
  const names = keys.flatMap((expr) => (expr.kind === "column" ? [expr.name] : []));
  if (keep === "last") {
    const own = names.length === keys.length ? names : properties.keys;
    return { ...properties, timeColumn: null, changelog: "retract", keys: own };
  }
  return { ...properties, keys: withinMs === null && names.length === keys.length ? names : properties.keys };
}

/** What ends is sorted at its end; of what does not, the first rows are kept up to date. */
function deriveSort({ input, order, limit }: LogicalNode<"sort">): Properties {
  const properties = derive(input);
  for (const { expr } of order) bindKey({ name: formatExpr(expr), expr }, properties.schema, "sorts");
  if (properties.bounded) return { ...properties, changelog: "append" };
  if (limit === null) return appended(input, "ORDER BY");
  if (limit === 0 || (order.length === 0 && properties.changelog === "append")) {
    return { ...properties, changelog: "append" };
  }
  return { ...properties, timeColumn: null, changelog: "retract" };
}

/** Partition keys tell rows apart where there is one of each, or together with its place. */
function deriveTopN(node: LogicalNode<"top-n">): Properties {
  const { input, keys, order, limit, rank } = node;
  const properties = derive(input);
  for (const expr of keys) bindKey({ name: formatExpr(expr), expr }, properties.schema, "ranks");
  for (const { expr } of order) bindKey({ name: formatExpr(expr), expr }, properties.schema, "sorts");
  const { fields } = properties.schema;
  const schema = rank === null ? properties.schema : schemaOf([...fields, field(rank, INT64, false)]);
  const names = keys.flatMap((expr) => (expr.kind === "column" ? [expr.name] : []));
  const own = names.length < keys.length ? null : limit === 1 ? names : rank === null ? null : [...names, rank];
  return { ...properties, schema, timeColumn: null, changelog: "retract", keys: own ?? properties.keys };
}

/** Whether rows can be numbered as the watermark passes them: they are in the order of event time first. */
export function isInTime({ input, order }: Pick<LogicalNode<"over">, "input" | "order">): boolean {
  const { timeColumn, changelog } = derive(input);
  const [first] = order;
  const isTime = first?.expr.kind === "column" && first.expr.name === timeColumn && !first.descending;
  return isTime && timeColumn !== null && changelog === "append";
}

function deriveOver(node: LogicalNode<"over">): Properties {
  const { input, keys, order, frame, calls } = node;
  const properties = derive(input);
  const { schema, bounded } = properties;
  for (const expr of keys) bindKey({ name: formatExpr(expr), expr }, schema, "partitions");
  for (const { expr } of order) bindKey({ name: formatExpr(expr), expr }, schema, "sorts");
  const [first, ...others] = order;
  const isByTime = first !== undefined && others.length === 0 && isTimestamp(bindExpr(first.expr, schema).type);
  if (frame.unit === "range" && (frame.preceding ?? 0) > 0 && !isByTime) {
    throw new PlanError("UNSUPPORTED", "a RANGE of time over rows that are not in the order of one time", {
      hint: "ORDER BY a TIMESTAMP alone, or count rows: ROWS BETWEEN 10 PRECEDING AND CURRENT ROW",
    });
  }
  const fields = calls.map((call) => overField(call, schema));
  const changelog = bounded || isInTime(node) ? "append" : "retract";
  return { ...properties, schema: schemaOf([...schema.fields, ...fields]), changelog };
}

/** A frame has the current row at least. */
function overField(call: OverCall, schema: Schema): Field {
  const { name, fn, args } = call;
  if (fn === "row_number" || fn === "rank" || fn === "dense_rank") return field(name, INT64, false);
  const [first] = args;
  if (first === undefined || aggregateNames.has(fn)) {
    const made = aggregateField(call, schema, false);
    if (fn !== "avg" || made.type.kind !== "decimal") return made;
    throw new PlanError("UNSUPPORTED", `${fn}(${formatExpr(first as Expr)}) of a DECIMAL with OVER`, {
      hint: "cast it to DOUBLE, or divide a SUM by a COUNT",
    });
  }
  const { type, nullable } = bindKey({ name: formatExpr(first), expr: first }, schema, "looks at values");
  const other = args[1] === undefined ? null : bindExpr(args[1], schema);
  if (other !== null && !sameType(other.type, type) && other.type.kind !== "null") {
    throw new PlanError("TYPE", `${fn}: ${typeName(type)}, or else ${typeName(other.type)}`, {
      hint: `cast the other value to ${typeName(type)}`,
    });
  }
  const mayMiss = (fn === "lag" || fn === "lead") && (other === null || other.nullable);
  return field(name, type, nullable || mayMiss);
}

/** The event time that a step has dropped whose rows are still those it belonged to; null when there was none. */
function lostTime(node: LogicalPlan): string | null {
  // Groups and side outputs have rows of their own, which never had one.
  return node.kind === "aggregate" || node.kind === "top-n" || node.kind === "join" || node.kind === "side-output"
    ? null
    : timeBelow(node, lostTime);
}

function deriveUnion({ inputs }: LogicalNode<"union">): Properties {
  const all = inputs.map(derive);
  const [first] = all;
  if (first === undefined) throw new PlanError("OPTION", "a union of no streams", { hint: "give one or more" });
  const fields = first.schema.fields.map(({ name, type }) => {
    const same = all.map(({ schema }, index) => fieldOf(schema, name, `input ${index + 1} of the union`));
    const other = same.findIndex((candidate) => !sameType(candidate.type, type));
    if (other >= 0) {
      const types = `${typeName(type)} and ${typeName((same[other] as Field).type)}`;
      throw new PlanError("TYPE", `column "${name}" of a union is ${types} (input ${other + 1})`, {
        hint: "cast one of them before the union",
      });
    }
    return field(
      name,
      type,
      same.some((candidate) => candidate.nullable),
    );
  });
  all.forEach(({ schema }, index) => {
    const names = first.schema.fields.map(({ name }) => name);
    const more = schema.fields.find(({ name }) => !names.includes(name));
    if (more === undefined) return;
    throw new PlanError(
      "UNKNOWN_COLUMN",
      `input ${index + 1} of the union has column "${more.name}", the first has not`,
      {
        hint: hintNames(more.name, names, "columns of the first"),
      },
    );
  });
  return {
    schema: schemaOf(fields),
    timeColumn: all.every(({ timeColumn }) => timeColumn === first.timeColumn) ? first.timeColumn : null,
    aligned: UNALIGNED,
    bounded: all.every(({ bounded }) => bounded),
    changelog: all.some(({ changelog }) => changelog === "retract") ? "retract" : "append",
    keys: all.length === 1 ? first.keys : null,
    rowPolicy: strictest(all.map(({ rowPolicy }) => rowPolicy)),
  };
}

/** Names of the columns that stand in the place of the unnested one, without the ordinality. */
export function unnestedNames({ input, column, names }: LogicalNode<"unnest">): readonly string[] {
  if (names !== null) return names;
  return fieldOf(derive(input).schema, column).type.kind === "map" ? ["key", "value"] : [column];
}

function deriveUnnest(node: LogicalNode<"unnest">): Properties {
  const { column, ordinality, outer } = node;
  const names = unnestedNames(node);
  const input = derive(node.input);
  const { type } = fieldOf(input.schema, column);
  if (type.kind !== "array" && type.kind !== "map") {
    throw new PlanError("TYPE", `unnest("${column}"): the column is ${typeName(type)}`, {
      hint: `it takes an ARRAY or a MAP${type.kind === "row" ? "; the fields of a ROW are read by .map()" : ""}`,
    });
  }
  const parts = type.kind === "array" ? [type.element] : [type.key, type.value];
  if (names.length !== parts.length) {
    throw new PlanError("OPTION", `unnest("${column}") of ${typeName(type)} makes ${parts.length} columns`, {
      hint: type.kind === "map" ? 'name both: { as: ["key", "value"] }' : 'name it: { as: "item" }',
    });
  }
  const fields = parts.map((part, index) => field(names[index] as string, part.type, part.nullable || outer));
  if (ordinality !== null) fields.push(field(ordinality, INT32, outer));
  const schema = schemaOf(input.schema.fields.flatMap((known) => (known.name === column ? fields : [known])));
  return { ...input, schema, aligned: UNALIGNED, keys: null };
}

function deriveSideOutput({ input, output }: LogicalNode<"side-output">): Properties {
  const { bounded, rowPolicy } = derive(input);
  if (output === "late" && input.kind === "deduplicate" && derive(input.input).timeColumn === null) {
    throw new PlanError("NO_EVENT_TIME", "late rows of a deduplication without event time, which has none", {
      hint: 'declare it: `time` and `outOfOrder` of the source, or .withWatermark("column", "5s") before the deduplication',
    });
  }
  const schema = output === "deadLetter" ? DEAD_LETTER_SCHEMA : lateSchema(refusedSchema(input));
  if (output === "deadLetter" && rowPolicy !== "deadLetter") {
    throw new PlanError("OPTION", `dead letters of a stream whose row policy is "${rowPolicy}"`, {
      hint: 'open its source with { rowPolicy: "deadLetter" }',
    });
  }
  return { ...NO_TIME, schema, bounded, changelog: "append", keys: null, rowPolicy: "fail" };
}

/** Late rows are rows of the operator's input. */
function refusedSchema(node: LogicalPlan): Schema {
  return derive(inputsOf(node)[0] as LogicalPlan).schema;
}

/** All columns of a schema as a projection, those in `columns` replaced in place or added at the end. */
export function replacedColumns(schema: Schema, columns: readonly NamedExpr[]): NamedExpr[] {
  const names = schema.fields.map(({ name }) => name);
  return [
    ...names.map((name) => columns.find((column) => column.name === name) ?? columnNamed(name)),
    ...columns.filter(({ name }) => !names.includes(name)),
  ];
}

/** A column passed on as it is. */
export function columnNamed(name: string): NamedExpr {
  return { name, expr: { kind: "column", name } };
}

function pickColumns(schema: Schema, names: readonly string[]): Schema {
  return schemaOf(names.map((name) => fieldOf(schema, name)));
}

function fieldOf(schema: Schema, name: string, where?: string): Field {
  return schema.fields[columnIndex(schema, name, where)] as Field;
}

function bindField({ name, expr }: NamedExpr, schema: Schema): Field {
  const { type, nullable } = bindExpr(expr, schema);
  return field(name, type, nullable);
}

/** Keys are plain values. */
function bindKey(key: NamedExpr, schema: Schema, does = "groups"): Field {
  const bound = bindField(key, schema);
  if (!isNested(bound.type)) return bound;
  throw new PlanError("TYPE", `${does} by "${key.name}", which is ${typeName(bound.type)}`, { hint: NESTED_HINT });
}

/** A group has rows, so an aggregate is NULL only if its argument may be; but a global one may have seen no row (S50). */
function aggregateField(call: AggregateCall, schema: Schema, mayBeEmpty: boolean): Field {
  const { type, nullable } = bindAggregate(call, schema);
  return field(call.name, type, !isCount(call) && (nullable || mayBeEmpty));
}

function isCount({ fn }: AggregateCall): boolean {
  return fn === "count" || fn === "count_star";
}

function noEventTime(input: LogicalPlan, schema: Schema): PlanError {
  const lost = timeBelow(input);
  if (lost !== null) return timeDropped("a window", lost);
  const times = schema.fields.filter(({ type }) => isTimestamp(type)).map(({ name }) => name);
  const column = times[0] ?? "ts";
  return new PlanError("NO_EVENT_TIME", "a window over a stream without event time", {
    hint: `declare it: { time: "${column}", outOfOrder: "5s" } of the source, or .withWatermark("${column}", "5s")`,
  });
}

function timeDropped(what: string, lost: string): PlanError {
  return new PlanError("NO_EVENT_TIME", `${what}, but the event time "${lost}" was dropped before it`, {
    hint: `keep "${lost}" in select() and map(), or put ${what} before them`,
  });
}

/** The nearest event time of the node or of those below; `look` goes on to these. */
function timeBelow(node: LogicalPlan, look: (input: LogicalPlan) => string | null = timeBelow): string | null {
  const { timeColumn } = derive(node);
  if (timeColumn !== null) return timeColumn;
  // Pairs of rows that may be far apart have no time of their own.
  if (node.kind === "join") return null;
  for (const input of inputsOf(node)) {
    const below = look(input);
    if (below !== null) return below;
  }
  return null;
}
