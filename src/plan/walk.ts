// Going over plans: a program is several plans that may share nodes. Sharing is by identity and is kept by every rewrite,
// for a shared node runs once.
import type { LogicalPlan } from "./logical.js";

/** Sinks (or results) of one program. */
export type Program = readonly LogicalPlan[];

export function inputsOf(node: LogicalPlan): readonly LogicalPlan[] {
  switch (node.kind) {
    case "unresolved-scan":
    case "unresolved-query":
    case "scan":
      return [];
    case "union":
      return node.inputs;
    case "join":
      return [node.left, node.right];
    case "filter":
    case "project":
    case "with-columns":
    case "watermark":
    case "window-aggregate":
    case "aggregate":
    case "deduplicate":
    case "sort":
    case "top-n":
    case "over":
    case "changelog":
    case "unnest":
    case "map":
    case "inspect":
    case "side-output":
    case "sink":
      return [node.input];
  }
}

/** The node over other inputs, as many as it has; itself when they are the same. */
function withInputs(node: LogicalPlan, inputs: readonly LogicalPlan[]): LogicalPlan {
  const old = inputsOf(node);
  if (old.every((input, index) => input === inputs[index])) return node;
  if (node.kind === "union") return Object.freeze({ ...node, inputs: Object.freeze([...inputs]) });
  if (node.kind === "join") {
    const [left, right] = inputs as [LogicalPlan, LogicalPlan];
    return Object.freeze({ ...node, left, right });
  }
  return Object.freeze({ ...node, input: inputs[0] }) as LogicalPlan;
}

/** Every node once, inputs before the nodes that read them. */
export function topological(program: Program): LogicalPlan[] {
  const order: LogicalPlan[] = [];
  const seen = new Set<LogicalPlan>();
  const visit = (node: LogicalPlan): void => {
    if (seen.has(node)) return;
    seen.add(node);
    inputsOf(node).forEach(visit);
    order.push(node);
  };
  program.forEach(visit);
  return order;
}

/** Rebuilds a program from its inputs up: `change` sees each node once, over its changed inputs, with the node it came from. */
export function rewrite(program: Program, change: (node: LogicalPlan, old: LogicalPlan) => LogicalPlan): Program {
  const done = new Map<LogicalPlan, LogicalPlan>();
  for (const old of topological(program)) {
    const inputs = inputsOf(old).map((input) => done.get(input) as LogicalPlan);
    done.set(old, change(withInputs(old, inputs), old));
  }
  return program.map((root) => done.get(root) as LogicalPlan);
}

/** Nodes that more than one node reads. What holds for one reader only must not be pushed into them. */
export function sharedNodes(program: Program): Set<LogicalPlan> {
  const shared = new Set<LogicalPlan>();
  const read = new Set<LogicalPlan>(program);
  for (const node of topological(program)) {
    for (const input of inputsOf(node)) {
      if (read.has(input)) shared.add(input);
      read.add(input);
    }
  }
  return shared;
}

/** Who reads each node. */
export function readersOf(program: Program): Map<LogicalPlan, LogicalPlan[]> {
  const readers = new Map<LogicalPlan, LogicalPlan[]>();
  for (const node of topological(program)) {
    for (const input of inputsOf(node)) readers.set(input, [...(readers.get(input) ?? []), node]);
  }
  return readers;
}

/** Equality of plain data: expressions, options. */
export function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Date || b instanceof Date) return a instanceof Date && b instanceof Date && +a === +b;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => sameData(a[key as keyof typeof a], b[key as keyof typeof b]))
  );
}
