// Window table functions: TUMBLE, HOP, CUMULATE and SESSION with arguments by place or by name, over a table with event time.
import { isTimestamp, timestamp, timestampLtz } from "../arrow/types.js";
import { hintNames } from "../errors.js";
import { derive } from "../plan/derive.js";
import type { Expr } from "../plan/expr.js";
import type { Window } from "../plan/logical.js";
import { checkWindowFanout, floorMod } from "../plan/window.js";
import type { Call, Descriptor, Expression, Span, TableArgument } from "./ast.js";
import { intervalMs } from "./bind-literals.js";
import { type Places, type Relation, resolveColumn, type ScopeColumn, WINDOW_COLUMNS } from "./bind-scope.js";

const FORMS: Readonly<Record<string, readonly string[]>> = {
  TUMBLE: ["DATA", "TIMECOL", "SIZE", "OFFSET"],
  HOP: ["DATA", "TIMECOL", "SLIDE", "SIZE", "OFFSET"],
  CUMULATE: ["DATA", "TIMECOL", "STEP", "SIZE", "OFFSET"],
  SESSION: ["DATA", "TIMECOL", "GAP"],
};

/** Arguments by name. @throws SQL_SYNTAX for wrong ones, UNSUPPORTED and UNKNOWN_FUNCTION for other functions */
function argumentsOf({ name, args, span }: Call, places: Places): ReadonlyMap<string, Expression> {
  const fn = name.parts.map((part) => part.name.toUpperCase()).join(".");
  const form = FORMS[fn];
  if (form === undefined) {
    const hint = hintNames(fn, Object.keys(FORMS), "table functions");
    throw places.error("UNKNOWN_FUNCTION", `no table function "${fn}"`, name.span, hint);
  }
  const optional = form.includes("OFFSET") ? "; OFFSET may be left out" : "";
  const given = new Map<string, Expression>();
  args.forEach((argument, index) => {
    const isNamed = argument.kind === "named-argument";
    const key = isNamed ? argument.name.name.toUpperCase() : form[index];
    if (key === undefined || !form.includes(key) || given.has(key)) {
      const hint = `${fn}(${form.map((known) => `${known} => …`).join(", ")})${optional}`;
      throw places.error("SQL_SYNTAX", `${fn} does not take this argument`, argument.span, hint);
    }
    given.set(key, isNamed ? argument.value : argument);
  });
  const missing = form.find((key) => key !== "OFFSET" && !given.has(key));
  if (missing === undefined) return given;
  throw places.error("SQL_SYNTAX", `${fn} has no ${missing}`, span, `${fn}(${form.join(", ")})${optional}`);
}

/**
 * The rows of a window function: those of its table, with windows to group by.
 * @throws SqlError NO_EVENT_TIME, SQL_SYNTAX, OPTION, WINDOW_FANOUT, TIME_UNIT, UNSUPPORTED
 */
export function windowed(call: Call, places: Places, read: (table: TableArgument) => Relation): Relation {
  const given = argumentsOf(call, places);
  const data = given.get("DATA") as Expression;
  if (data.kind !== "table-argument") {
    throw places.error("SQL_SYNTAX", "the first argument is no table", data.span, "write TABLE name, or a query");
  }
  const [partition] = data.partitionBy;
  if (partition !== undefined && !given.has("GAP")) {
    throw places.unsupported("PARTITION BY of a window is", partition.span, "group by the column");
  }
  const relation = read(data);
  if (relation.window !== null) {
    throw places.unsupported("windows over windows are", data.span, "group by the first ones in a subquery");
  }
  checkTime(given.get("TIMECOL") as Expression, relation, places);
  const millis = (key: string, least: number): number => {
    const argument = given.get(key);
    if (argument === undefined) return 0;
    if (argument.kind !== "interval") {
      throw places.error("TIME_UNIT", `${key} is no interval`, argument.span, "write INTERVAL '10' SECOND");
    }
    const ms = intervalMs(argument, places);
    if (ms >= least) return ms;
    throw places.error("OPTION", `${key} is ${ms} ms`, argument.span, `give ${least} ms or more`);
  };
  if (given.has("GAP")) {
    const window = { kind: "session", gapMs: millis("GAP", 1), maxMs: null } as const;
    return { ...relation, window, sessionKeys: data.partitionBy.map((key) => partitionColumn(key, relation, places)) };
  }
  const sizeMs = millis("SIZE", 1);
  const offset = millis("OFFSET", Number.NEGATIVE_INFINITY);
  const offsetIn = (periodMs: number): number => floorMod(offset, periodMs) + 0;
  const window = places.at(call.span, (): Window => {
    if (given.has("SLIDE")) {
      const slideMs = millis("SLIDE", 1);
      checkWindowFanout(sizeMs, slideMs);
      return { kind: "hop", sizeMs, slideMs, offsetMs: offsetIn(slideMs) };
    }
    if (!given.has("STEP")) return { kind: "tumble", sizeMs, offsetMs: offsetIn(sizeMs) };
    const stepMs = millis("STEP", 1);
    if (sizeMs % stepMs !== 0) {
      throw places.error("OPTION", `${sizeMs} ms in steps of ${stepMs} ms`, call.span, "SIZE is a multiple of STEP");
    }
    checkWindowFanout(sizeMs, stepMs);
    return { kind: "cumulate", sizeMs, stepMs, offsetMs: offsetIn(sizeMs) };
  });
  return { ...relation, window };
}

/** What the plan calls a column of PARTITION BY. */
function partitionColumn(key: Expression, relation: Relation, places: Places): string {
  if (key.kind === "column") {
    const { column, path } = resolveColumn(key.name, relation, places);
    if (path.length === 0) return column.field.name;
  }
  throw places.unsupported("PARTITION BY of what is no column is", key.span, "compute it in a subquery");
}

/** Sessions are made by the columns of PARTITION BY, each group of them by itself: GROUP BY has to name just these. */
export function checkSessionKeys({ sessionKeys }: Relation, keys: readonly Expr[], places: Places, span: Span): void {
  if (sessionKeys === undefined) return;
  const names = keys.map((expr) => (expr.kind === "column" ? expr.name : null));
  if (sessionKeys.every((name) => names.includes(name)) && names.every((name) => sessionKeys.includes(name ?? "")))
    return;
  const by = ["window_start", "window_end", ...sessionKeys].join(", ");
  const hint = `GROUP BY ${by}; or make sessions of each group: SESSION(TABLE t PARTITION BY …, DESCRIPTOR(ts), gap)`;
  throw places.unsupported("groups by other columns than those that sessions are made by are", span, hint);
}

/** Windows go by the event time that the table declares. */
function checkTime(argument: Expression, relation: Relation, places: Places): void {
  const time = derive(relation.plan).timeColumn;
  const [column] = argument.kind === "descriptor" ? (argument as Descriptor).columns : [];
  if (column === undefined) {
    throw places.error("SQL_SYNTAX", "TIMECOL is no descriptor", argument.span, "write DESCRIPTOR(column)");
  }
  const known = relation.columns.find(({ name }) => name === column.name);
  if (known === undefined) {
    const names = relation.columns.map(({ name }) => name);
    throw places.error(
      "UNKNOWN_COLUMN",
      `no column "${column.name}"`,
      column.span,
      hintNames(column.name, names, "columns"),
    );
  }
  if (known.field.name === time) return;
  const hint =
    time === null
      ? `declare it in CREATE TABLE: WATERMARK FOR ${column.name} AS ${column.name} - INTERVAL '5' SECOND`
      : `the event time is "${time}"`;
  throw places.error("NO_EVENT_TIME", `"${column.name}" is not the event time of the table`, column.span, hint);
}

/** The relation with the columns of its windows, which groups have. */
export function withWindowColumns(relation: Relation): Relation {
  const { columns, plan, window } = relation;
  if (window === null) return relation;
  const time = columns.find(({ field }) => field.name === derive(plan).timeColumn)?.field.type;
  const type =
    time !== undefined && isTimestamp(time) && time.kind === "timestamp_ltz" ? timestampLtz(3) : timestamp(3);
  const added = Object.values(WINDOW_COLUMNS).map(
    (name): ScopeColumn => ({ qualifier: columns[0]?.qualifier ?? null, name, field: { name, type, nullable: false } }),
  );
  return { ...relation, columns: [...columns, ...added] };
}
