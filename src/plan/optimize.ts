// The optimizer: small rules, program → program. The result, the refused rows and the errors stay the same: what can fail on
// a row (raise.ts) is neither dropped nor moved, and what several readers share is not changed for one of them.
import { layoutOf, type Schema } from "../arrow/types.js";
import { bindExpr, exprColumns, foldExpr } from "./bind-expr.js";
import { childrenOf, substitute } from "./children.js";
import { derive } from "./derive.js";
import type { Expr } from "./expr.js";
import { conditionsBelowJoins, filterIntoJoins } from "./join-rules.js";
import type { AggregateCall, LogicalNode, LogicalPlan, NamedExpr, SortKey } from "./logical.js";
import { pruneColumns } from "./prune.js";
import { mayRaise } from "./raise.js";
import { splitRows } from "./split-rows.js";
import { type Program, rewrite, sameData, sharedNodes } from "./walk.js";

export interface Rule {
  readonly name: string;
  readonly apply: (program: Program) => Program;
}

/** Constant parts of expressions become literals. */
const foldConstants: Rule = {
  name: "fold-constants",
  apply: (program) =>
    rewrite(program, (node) => {
      switch (node.kind) {
        case "filter":
          return change(node, { predicate: foldExpr(node.predicate) });
        case "project":
          return change(node, { columns: node.columns.map(({ name, expr }) => ({ name, expr: foldExpr(expr) })) });
        case "deduplicate":
          return change(node, { keys: node.keys.map(foldExpr) });
        case "sort":
          return change(node, { order: node.order.map(foldKey) });
        case "over":
          return change(node, {
            keys: node.keys.map(foldExpr),
            order: node.order.map(foldKey),
            calls: node.calls.map((call) => ({ ...call, args: call.args.map(foldExpr) })),
          });
        case "top-n":
          return change(node, { keys: node.keys.map(foldExpr), order: node.order.map(foldKey) });
        case "window-aggregate":
        case "aggregate":
          return change(node, {
            keys: node.keys.map(({ name, expr }) => ({ name, expr: foldExpr(expr) })),
            aggregates: node.aggregates.map(foldCall),
          });
        default:
          return node;
      }
    }),
};

/** A filter that every row passes is none. */
function foldCall({ filter, ...call }: AggregateCall): AggregateCall {
  const args = call.args.map(foldExpr);
  const folded = filter === undefined ? undefined : foldExpr(filter);
  const passesAll = folded === undefined || (folded.kind === "literal" && folded.value === true);
  return passesAll ? { ...call, args } : { ...call, args, filter: folded };
}

/** A filter that every row passes is none. */
const dropTrueFilters: Rule = {
  name: "drop-true-filters",
  apply: (program) =>
    rewrite(program, (node) =>
      node.kind === "filter" && node.predicate.kind === "literal" && node.predicate.value === true ? node.input : node,
    ),
};

/**
 * Two filters in a row are one. The upper one is then computed where the lower one is NULL, too: it must not fail there.
 */
const mergeFilters: Rule = {
  name: "merge-filters",
  apply: (program) => {
    const shared = sharedNodes(program);
    return rewrite(program, (node, old) => {
      if (node.kind !== "filter" || node.input.kind !== "filter" || shared.has(inputOf(old))) return node;
      const { input, predicate } = node.input;
      if (raises(node.predicate, derive(input).schema)) return node;
      const args = [...conjuncts(predicate), ...conjuncts(node.predicate)];
      return change(node, { input, predicate: { kind: "call", fn: "and", args } });
    });
  },
};

/**
 * Filters go below projections that only rename what they read, into every input of a union, and below a deduplication when
 * they read nothing but its keys: all rows of a key pass, or none. They stay above watermarks (rows they drop move event
 * time), windows, user functions and inspections.
 */
const pushFilters: Rule = {
  name: "push-filters",
  apply: (program) => {
    const shared = sharedNodes(program);
    return rewrite(program, (node, old) => {
      if (node.kind !== "filter" || shared.has(inputOf(old))) return node;
      const { input } = node;
      if (input.kind === "union") {
        // A row that fails is treated by its source's policy below the union, by the strictest of all above it.
        const { schema, rowPolicy } = derive(input);
        const alike = input.inputs.every((each) => derive(each).rowPolicy === rowPolicy);
        if (!alike && raises(node.predicate, schema)) return node;
        const inputs = input.inputs.map((each, index) =>
          change(node, { input: each, ...(node.uid === undefined ? {} : { uid: `${node.uid}[${index}]` }) }),
        );
        return change(input, { inputs });
      }
      if (input.kind === "deduplicate") {
        const { schema } = derive(input);
        if (raises(node.predicate, schema) || !readsKeysOnly(node.predicate, input.keys, schema)) return node;
        return change(input, { input: change(node, { input: input.input }) });
      }
      if (input.kind !== "project" || !input.columns.every(({ expr }) => !raises(expr, derive(input.input).schema))) {
        return node;
      }
      const predicate = substitute(node.predicate, input.columns);
      if (!columnsRead(node.predicate, input.columns).every(({ expr }) => isTrivial(expr))) return node;
      return change(input, { input: change(node, { input: input.input, predicate }) });
    });
  },
};

/** A projection of a projection is one, unless something would then be computed twice, or where it was not before. */
const mergeProjects: Rule = {
  name: "merge-projects",
  apply: (program) => {
    const shared = sharedNodes(program);
    return rewrite(program, (node, old) => {
      if (node.kind !== "project" || node.input.kind !== "project" || shared.has(inputOf(old))) return node;
      const { columns, input } = node.input;
      const { schema } = derive(input);
      const mergeable = columns.every(({ name, expr }) => {
        const uses = node.columns.reduce((sum, column) => sum + countUses(column.expr, name), 0);
        return isTrivial(expr) || uses <= 1;
      });
      // What may fail is computed for every row still, in the same order: of several errors the first is told.
      const failing = columns.filter(({ expr }) => raises(expr, schema)).map(({ name }) => name);
      const outer = node.columns.flatMap(({ expr }) => {
        if (expr.kind === "column") return failing.includes(expr.name) ? [expr.name] : [];
        return raises(expr, derive(node.input).schema) || failing.some((name) => countUses(expr, name) > 0)
          ? [null]
          : [];
      });
      const sameErrors = failing.length === 0 || sameData(outer, failing);
      if (!mergeable || !sameErrors) return node;
      const merged = node.columns.map(({ name, expr }) => ({ name, expr: substitute(expr, columns) }));
      return change(node, { input, columns: merged });
    });
  },
};

/** A projection to the columns that are there, in their order, is none. */
const dropIdleProjects: Rule = {
  name: "drop-idle-projects",
  apply: (program) =>
    rewrite(program, (node) => {
      if (node.kind !== "project") return node;
      const { fields } = derive(node.input).schema;
      const idle = node.columns.every(({ name, expr }, index) => isColumn(expr, name) && fields[index]?.name === name);
      return idle && node.columns.length === fields.length ? node.input : node;
    }),
};

/** Scans read the columns that somebody needs. */
const pruneUnread: Rule = { name: "prune-columns", apply: pruneColumns };

/** Of ROWs whose fields alone are read the fields are. */
const splitRowColumns: Rule = { name: "split-rows", apply: splitRows };

/**
 * The filter right above a scan also goes into it, for skipping. Of one that may fail only the parts before that do, and
 * only those that are never NULL: where one is, the rest is computed, and fails.
 */
const pushPredicates: Rule = {
  name: "push-predicates",
  apply: (program) => {
    const shared = sharedNodes(program);
    return rewrite(program, (node, old) => {
      if (node.kind !== "filter" || node.input.kind !== "scan" || shared.has(inputOf(old))) return node;
      const { schema } = derive(node.input);
      const parts = conjuncts(node.predicate);
      const end = parts.findIndex((part) => raises(part, schema) || bindExpr(part, schema).nullable);
      const safe = end < 0 || !raises(node.predicate, schema) ? parts : parts.slice(0, end);
      const [first] = safe;
      if (first === undefined) return node;
      const predicate: Expr = safe.length === 1 ? first : { kind: "call", fn: "and", args: safe };
      return change(node, { input: change(node.input, { predicate }) });
    });
  },
};

/** Filters over a join go into its condition and its sides. */
const pushIntoJoins: Rule = {
  name: "push-into-joins",
  apply: (program) => conditionsBelowJoins(filterIntoJoins(program)),
};

/** Applied in turn until nothing changes. */
const MOVES: readonly Rule[] = [
  foldConstants,
  dropTrueFilters,
  pushFilters,
  pushIntoJoins,
  mergeFilters,
  mergeProjects,
  dropIdleProjects,
];
/** Applied once at the end. */
const LAST: readonly Rule[] = [pruneUnread, dropIdleProjects, splitRowColumns, pushPredicates];

/** Every rule, in order of first use. */
export const RULES: readonly Rule[] = [...new Set([...MOVES, ...LAST])];

/** Bound plans → plans with the same results. */
export function optimize(program: Program): Program {
  let current = program;
  for (let previous: Program = []; !sameProgram(current, previous); ) {
    previous = current;
    for (const rule of MOVES) current = rule.apply(current);
  }
  for (const rule of LAST) current = rule.apply(current);
  return current;
}

function foldKey(key: SortKey): SortKey {
  return { ...key, expr: foldExpr(key.expr) };
}

function sameProgram(a: Program, b: Program): boolean {
  return a.length === b.length && a.every((root, index) => root === b[index]);
}

function inputOf(node: LogicalPlan): LogicalPlan {
  return (node as LogicalNode<"filter">).input;
}

/** The node with other parts; itself when none of them is new, so that a rule that finds nothing changes nothing. */
function change<N extends LogicalPlan>(node: N, parts: Partial<N>): N {
  const same = Object.entries(parts).every(([name, value]) => {
    const old: unknown = node[name as keyof N];
    if (name === "input") return value === old;
    if (name === "inputs") return (value as unknown[]).every((input, index) => input === (old as unknown[])[index]);
    return sameData(value, old);
  });
  return same ? node : Object.freeze(Object.assign({}, node, parts));
}

function raises(expr: Expr, schema: Schema): boolean {
  return mayRaise(bindExpr(expr, schema));
}

/** Whether equal keys make an expression equal: it reads columns that are keys, none of them a float, whose zeros are two. */
function readsKeysOnly(expr: Expr, keys: readonly Expr[], schema: Schema): boolean {
  const names = exprColumns(expr);
  return (
    names.length > 0 &&
    names.every((name) => {
      const layout = layoutOf(bindExpr({ kind: "column", name }, schema).type);
      return keys.some((key) => isColumn(key, name)) && layout !== "f32" && layout !== "f64";
    })
  );
}

function isColumn(expr: Expr, name: string): boolean {
  return expr.kind === "column" && expr.name === name;
}

/** A column or a literal: nothing to compute. */
function isTrivial(expr: Expr): boolean {
  return expr.kind === "column" || expr.kind === "literal";
}

/** What `a AND b AND …` consists of, in order. */
function conjuncts(predicate: Expr): Expr[] {
  return predicate.kind === "call" && predicate.fn === "and" ? predicate.args.flatMap(conjuncts) : [predicate];
}

function columnsRead(expr: Expr, columns: readonly NamedExpr[]): NamedExpr[] {
  return columns.filter(({ name }) => countUses(expr, name) > 0);
}

function countUses(expr: Expr, name: string): number {
  if (expr.kind === "column") return expr.name === name ? 1 : 0;
  return childrenOf(expr).reduce((sum, child) => sum + countUses(child, name), 0);
}
