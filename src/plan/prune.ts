// Projection pushdown: which columns each node's readers need, from the outputs down to the scans. Sources whose bad records
// are kept or skipped read every column, since a record must not become good because a query does not look at its fault.
import { type Field, isNested, layoutOf, type Schema, widthOf } from "../arrow/types.js";
import { bindExpr, exprColumns } from "./bind-expr.js";
import { columnNamed, derive, unnestedNames } from "./derive.js";
import type { Expr } from "./expr.js";
import { callExprs, type LogicalNode, type LogicalPlan, type NamedExpr } from "./logical.js";
import { mayRaise } from "./raise.js";
import { LATE_FIELDS } from "./side-outputs.js";
import { inputsOf, type Program, rewrite, topological } from "./walk.js";

/** Names needed of each node's output. */
type Needs = Map<LogicalPlan, Set<string>>;

/** The program with narrower scans and projections. Columns keep their order; outputs keep all of theirs. */
export function pruneColumns(program: Program): Program {
  const needs = collectNeeds(program);
  return rewrite(program, (node, old) => {
    const needed = needs.get(old) as Set<string>;
    switch (node.kind) {
      case "scan":
        return narrowScan(node, needed);
      case "project": {
        const columns = keptColumns(old as LogicalNode<"project">, needed);
        return columns.length === node.columns.length ? node : Object.freeze({ ...node, columns });
      }
      case "top-n":
        return node.rank === null || needed.has(node.rank) ? node : Object.freeze({ ...node, rank: null });
      case "union": {
        const names = derive(old).schema.fields.map(({ name }) => name);
        return narrowUnion(
          node,
          names.filter((name) => needed.has(name)),
        );
      }
      case "join":
        return narrowJoin(node, derive(old).schema, needed);
      default:
        return node;
    }
  });
}

function collectNeeds(program: Program): Needs {
  const needs: Needs = new Map();
  const need = (node: LogicalPlan, names: Iterable<string>): void => {
    needs.set(node, new Set([...(needs.get(node) ?? []), ...names]));
  };
  for (const root of program) need(root, allColumns(root));
  // Readers before what they read: a node is visited when all that is needed of it is known.
  for (const node of topological(program).reverse()) {
    for (const input of inputsOf(node)) need(input, neededOfInput(node, input, needs.get(node) as Set<string>));
    if (node.kind === "side-output" && node.output === "late") {
      const late = new Set(LATE_FIELDS.map(({ name }) => name));
      const names = [...(needs.get(node) as Set<string>)].filter((name) => !late.has(name));
      for (const input of inputsOf(node.input)) need(input, names);
    }
    // A dead letter holds the whole row.
    if (node.kind === "side-output" && node.output === "deadLetter") {
      for (const input of topological([node.input]).flatMap(refusedInputs)) need(input, allColumns(input));
    }
  }
  return needs;
}

/** Inputs whose rows a node may refuse, because an expression of it can fail. */
function refusedInputs(node: LogicalPlan): readonly LogicalPlan[] {
  return inputsOf(node).filter((input) => {
    const { schema } = derive(input);
    return expressionsOf(node).some((expr) => mayRaise(bindExpr(expr, schema)));
  });
}

function expressionsOf(node: LogicalPlan): readonly Expr[] {
  switch (node.kind) {
    case "filter":
      return [node.predicate];
    case "project":
      return node.columns.map(({ expr }) => expr);
    case "window-aggregate":
    case "aggregate":
      return [...node.keys.map(({ expr }) => expr), ...node.aggregates.flatMap(callExprs)];
    case "deduplicate":
      return node.keys;
    case "sort":
      return node.order.map(({ expr }) => expr);
    case "over":
      return [...node.keys, ...node.order.map(({ expr }) => expr), ...node.calls.flatMap(({ args }) => args)];
    case "top-n":
      return [...node.keys, ...node.order.map(({ expr }) => expr)];
    default:
      return [];
  }
}

function neededOfInput(node: LogicalPlan, input: LogicalPlan, needed: Set<string>): Iterable<string> {
  switch (node.kind) {
    case "filter":
      return [...needed, ...exprColumns(node.predicate)];
    case "project":
      return keptColumns(node, needed).flatMap(({ expr }) => exprColumns(expr));
    case "watermark":
      return [...needed, node.spec.column];
    case "unnest": {
      const made = [...unnestedNames(node), ...(node.ordinality === null ? [] : [node.ordinality])];
      return [...[...needed].filter((name) => !made.includes(name)), node.column];
    }
    case "window-aggregate":
      return [...groupColumns(node), derive(input).timeColumn as string];
    case "aggregate":
      return groupColumns(node);
    case "deduplicate": {
      const { timeColumn } = derive(input);
      return [...needed, ...node.keys.flatMap(exprColumns), ...(timeColumn === null ? [] : [timeColumn])];
    }
    case "sort":
      return [...needed, ...expressionsOf(node).flatMap(exprColumns)];
    case "over": {
      const made = node.calls.map(({ name }) => name);
      return [...[...needed].filter((name) => !made.includes(name)), ...expressionsOf(node).flatMap(exprColumns)];
    }
    case "top-n":
      return [...[...needed].filter((name) => name !== node.rank), ...expressionsOf(node).flatMap(exprColumns)];
    case "union":
      return needed;
    case "join": {
      const own = new Set(allColumns(input));
      return [...needed, ...exprColumns(node.condition)].filter((name) => own.has(name));
    }
    // What is refused is needed of the refusing node's input, not of its results.
    case "side-output":
      return [];
    case "map":
    case "inspect":
    case "sink":
    case "changelog":
    case "with-columns":
      return allColumns(input);
    case "scan":
    case "unresolved-scan":
    case "unresolved-query":
      return [];
  }
}

function groupColumns(node: LogicalNode<"window-aggregate" | "aggregate">): string[] {
  return expressionsOf(node).flatMap(exprColumns);
}

function allColumns(node: LogicalPlan): string[] {
  return derive(node).schema.fields.map(({ name }) => name);
}

/** Columns that are read, or may fail; the first one when there are none, for rows need a column to be counted by. */
function keptColumns(node: LogicalNode<"project">, needed: Set<string>): readonly NamedExpr[] {
  const { schema } = derive(node.input);
  const kept = node.columns.filter(({ name, expr }) => needed.has(name) || mayRaise(bindExpr(expr, schema)));
  return kept.length > 0 ? kept : node.columns.slice(0, 1);
}

function narrowScan(node: LogicalNode<"scan">, needed: Set<string>): LogicalPlan {
  if (node.rowPolicy !== "fail") return node;
  const { fields } = derive(node).schema;
  const names = fields.map(({ name }) => name).filter((name) => needed.has(name));
  if (names.length === fields.length) return node;
  const columns =
    names.length > 0
      ? names
      : fields
          .toSorted(byWidth)
          .slice(0, 1)
          .map(({ name }) => name);
  return Object.freeze({ ...node, columns: Object.freeze(columns) });
}

/** Narrow columns first; texts and nested ones, whose width is not known, last. */
function byWidth(a: Field, b: Field): number {
  return fieldWidth(a) - fieldWidth(b);
}

function fieldWidth({ type }: Field): number {
  const layout = layoutOf(type);
  return layout === "utf8" || isNested(type) ? Number.MAX_SAFE_INTEGER : widthOf(layout);
}

/** A join gathers what goes on; rows need a column to be counted by. */
function narrowJoin(node: LogicalNode<"join">, { fields }: Schema, needed: Set<string>): LogicalPlan {
  const names = fields.map(({ name }) => name).filter((name) => needed.has(name));
  if (names.length === fields.length) return node;
  const columns = names.length > 0 ? names : fields.slice(0, 1).map(({ name }) => name);
  return Object.freeze({ ...node, columns: Object.freeze(columns) });
}

/** Inputs that kept more than is needed (a shared one, a filter's column) are cut down, unless all kept the same. */
function narrowUnion(node: LogicalNode<"union">, names: readonly string[]): LogicalPlan {
  const kept = node.inputs.map((input) => allColumns(input).sort().join("\n"));
  if (kept.every((columns) => columns === kept[0])) return node;
  const inputs = node.inputs.map((input): LogicalPlan => {
    if (derive(input).schema.fields.length === names.length) return input;
    const uid = `${input.uid ?? input.kind}/columns`;
    return Object.freeze({ kind: "project", input, columns: Object.freeze(names.map(columnNamed)), uid });
  });
  return inputs.every((input, index) => input === node.inputs[index])
    ? node
    : Object.freeze({ ...node, inputs: Object.freeze(inputs) });
}
