// Queries that are not read yet → their plans. SQL is loaded, and its tables may have to be opened, before a query has a plan;
// a stream over it is made without waiting for that.
import type { Catalog } from "./catalog.js";
import type { LogicalPlan } from "./logical.js";
import { lateRows } from "./side-outputs.js";
import { type Program, rewrite, topological } from "./walk.js";

/** Whether a program holds queries that are not read yet. */
export function hasQueries(program: Program): boolean {
  return topological(program).some(({ kind }) => kind === "unresolved-query");
}

/**
 * The program with the plans of its queries, all read at the same time; itself when there are none.
 * @throws what reading and binding SQL throws
 */
export async function expandQueries(program: Program, catalog: Catalog): Promise<Program> {
  const queries = topological(program).filter((node) => node.kind === "unresolved-query");
  if (queries.length === 0) return program;
  const plans = new Map<LogicalPlan, LogicalPlan>(
    await Promise.all(queries.map(async (node) => [node, await catalog.plan(node.query)] as const)),
  );
  return rewrite(program, (node, old) => {
    const plan = plans.get(old);
    if (plan !== undefined) return node.uid === undefined ? plan : Object.freeze({ ...plan, uid: node.uid });
    const isLate = node.kind === "side-output" && node.output === "late" && old.kind === "side-output";
    return isLate && hasQueries([old.input]) ? lateRows(node.input) : node;
  });
}
