// ROW columns of which nobody reads more than some fields are read as columns of these fields, `bid.price`, where the source can:
// what is not read is then not made, nor carried through filters.
import type { Field } from "../arrow/types.js";
import { exprColumns } from "./bind-expr.js";
import { changeChildren, childrenOf } from "./children.js";
import { columnNamed, derive } from "./derive.js";
import type { Expr } from "./expr.js";
import type { LogicalNode, LogicalPlan, NamedExpr } from "./logical.js";
import { inputsOf, type Program, rewrite, topological } from "./walk.js";

/** What is read of a column: all of it, or fields. */
type Use = "all" | ReadonlySet<string>;
type Uses = Map<string, Use>;
/** ROW columns of a node's output that are columns of fields now. */
type Splits = ReadonlyMap<string, readonly string[]>;

const NO_SPLITS: Splits = new Map();

/** The program with ROW columns of its scans split. Results, and the names of nodes, stay. */
export function splitRows(program: Program): Program {
  const nodes = topological(program);
  if (!nodes.some((node) => node.kind === "scan" && node.rowFields)) return program;
  // Names with a point are what the columns of fields get: where there are such names already, nothing is split.
  if (nodes.some((node) => derive(node).schema.fields.some(({ name }) => name.includes(".")))) return program;
  const uses = collectUses(program);
  const splits = new Map<LogicalPlan, Splits>();
  return rewrite(program, (node, old) => {
    const [input] = inputsOf(old);
    const below = (input === undefined ? undefined : splits.get(input)) ?? NO_SPLITS;
    switch (node.kind) {
      case "scan": {
        const own = splittable(node, uses.get(old) as Uses);
        splits.set(old, own);
        return own.size === 0 ? node : splitScan(node, own);
      }
      case "watermark":
        splits.set(old, below);
        return node;
      case "filter":
        splits.set(old, below);
        return below.size === 0 ? node : Object.freeze({ ...node, predicate: throughSplits(node.predicate, below) });
      case "project": {
        if (below.size === 0) return node;
        const { columns, passed } = splitProject(node, below, uses.get(old) as Uses);
        splits.set(old, passed);
        return Object.freeze({ ...node, columns });
      }
      default:
        return node;
    }
  });
}

function collectUses(program: Program): Map<LogicalPlan, Uses> {
  const uses = new Map<LogicalPlan, Uses>();
  const add = (node: LogicalPlan, name: string, use: Use): void => {
    const own = uses.get(node) ?? new Map<string, Use>();
    uses.set(node, own);
    const known = own.get(name) ?? new Set<string>();
    own.set(name, use === "all" || known === "all" ? "all" : new Set([...known, ...use]));
  };
  const addAll = (node: LogicalPlan): void => {
    for (const { name } of derive(node).schema.fields) add(node, name, "all");
  };
  program.forEach(addAll);
  // Readers before what they read.
  for (const node of topological(program).reverse()) {
    const own = uses.get(node) ?? new Map<string, Use>();
    switch (node.kind) {
      case "filter":
      case "watermark":
        for (const [name, use] of own) add(node.input, name, use);
        if (node.kind === "watermark") add(node.input, node.spec.column, "all");
        else addFields(node.predicate, (name, use) => add(node.input, name, use));
        break;
      case "project":
        for (const { name, expr } of node.columns) {
          // What nobody reads is there for its errors, or for the rows to be counted by.
          if (expr.kind === "column") add(node.input, expr.name, own.get(name) ?? "all");
          else addFields(expr, (column, use) => add(node.input, column, use));
        }
        break;
      default:
        inputsOf(node).forEach(addAll);
    }
  }
  return uses;
}

function addFields(expr: Expr, add: (name: string, use: Use) => void): void {
  const read = fieldRead(expr);
  if (read !== null) add(read.column, new Set([read.field]));
  else if (expr.kind === "column") add(expr.name, "all");
  else for (const child of childrenOf(expr)) addFields(child, add);
}

/** `column.field` of a ROW column; null for other expressions. */
function fieldRead(expr: Expr): { readonly column: string; readonly field: string } | null {
  if (expr.kind !== "call" || expr.fn !== "field") return null;
  const [row, name] = expr.args;
  if (row?.kind !== "column" || name?.kind !== "literal" || typeof name.value !== "string") return null;
  return { column: row.name, field: name.value };
}

/** ROW columns that only fields are read of, and those in the ROW's order. */
function splittable(node: LogicalNode<"scan">, uses: Uses): Splits {
  // A record that is kept when it is bad must not become good because a query does not look at its fault.
  if (!node.rowFields || node.rowPolicy !== "fail") return NO_SPLITS;
  const splits = new Map<string, readonly string[]>();
  for (const { name, type } of derive(node).schema.fields) {
    const use = uses.get(name);
    if (type.kind !== "row" || use === undefined || use === "all" || use.size === 0) continue;
    splits.set(
      name,
      type.fields.map((field) => field.name).filter((field) => use.has(field)),
    );
  }
  return splits;
}

function splitScan(node: LogicalNode<"scan">, splits: Splits): LogicalPlan {
  const fields = derive(node).schema.fields.flatMap((column): readonly Field[] => {
    const names = splits.get(column.name);
    if (names === undefined || column.type.kind !== "row") return [column];
    const inner = column.type.fields.filter(({ name }) => names.includes(name));
    return inner.map(({ name, type, nullable }) =>
      Object.freeze({ name: `${column.name}.${name}`, type, nullable: nullable || column.nullable }),
    );
  });
  const schema = Object.freeze({ fields: Object.freeze(fields) });
  return Object.freeze({ ...node, schema, columns: Object.freeze(fields.map(({ name }) => name)) });
}

function splitProject(
  { columns }: LogicalNode<"project">,
  below: Splits,
  uses: Uses,
): { readonly columns: readonly NamedExpr[]; readonly passed: Splits } {
  const passed = new Map<string, readonly string[]>();
  const split = columns.flatMap(({ name, expr }): readonly NamedExpr[] => {
    const fields = expr.kind === "column" ? below.get(expr.name) : undefined;
    if (expr.kind !== "column" || fields === undefined) return [{ name, expr: throughSplits(expr, below) }];
    const read = uses.get(name) as ReadonlySet<string>;
    const names = fields.filter((field) => read.has(field));
    passed.set(name, names);
    return names.map((field) => ({ name: `${name}.${field}`, expr: columnNamed(`${expr.name}.${field}`).expr }));
  });
  return { columns: Object.freeze(split), passed };
}

/** The expression with `column.field` as the column that it is now. */
function throughSplits(expr: Expr, splits: Splits): Expr {
  if (!exprColumns(expr).some((name) => splits.has(name))) return expr;
  const read = fieldRead(expr);
  if (read !== null && splits.has(read.column)) return { kind: "column", name: `${read.column}.${read.field}` };
  return changeChildren(expr, (child) => throughSplits(child, splits));
}
