// Binding: asks the connectors for the columns of unresolved tables and fills in what follows from them. Front ends build
// plans without waiting for a file; everything behind this step sees only nodes whose columns are known.
import type { Schema } from "../arrow/types.js";
import { derive, replacedColumns } from "./derive.js";
import { loadFunctions } from "./late-functions.js";
import type { LogicalNode, LogicalPlan, TableRef } from "./logical.js";
import { project, scan } from "./logical.js";
import { type Program, rewrite, topological } from "./walk.js";

/** What a connector tells about a table. */
export interface ResolvedTable {
  /** The scan's own reference, or one with more options (the format that was found). */
  readonly table: TableRef;
  readonly schema: Schema;
  readonly bounded: boolean;
  /** Whether fields of its ROWs are read as columns of their own. */
  readonly rowFields?: boolean | undefined;
  /** How its text is written, where that was found out. */
  readonly dialect?: Readonly<Record<string, string>> | undefined;
}

export type ResolveTable = (scan: LogicalNode<"unresolved-scan">) => Promise<ResolvedTable>;

/** True when every column of the plan is known without asking a connector. */
export function isBound(plan: LogicalPlan): boolean {
  return topological([plan]).every(
    ({ kind }) => kind !== "unresolved-scan" && kind !== "unresolved-query" && kind !== "with-columns",
  );
}

/**
 * The program with every unresolved scan replaced by what `resolve` tells (asked once a scan, all at the same time), and
 * checked: names, types, windows. Functions that it names and that are not there yet are loaded.
 * @throws the first refusal of a connector; UNKNOWN_COLUMN, TYPE, UNSUPPORTED … as `derive` does
 */
export async function bindProgram(program: Program, resolve: ResolveTable): Promise<Program> {
  const scans = topological(program).filter((node) => node.kind === "unresolved-scan");
  const [tables] = await Promise.all([
    Promise.all(scans.map(async (node) => [node, await resolve(node)] as const)),
    loadFunctions(program),
  ]);
  const resolved = new Map<LogicalPlan, ResolvedTable>(tables);
  const bound = rewrite(program, (node, old) => {
    if (node.kind === "unresolved-scan") {
      const { table, schema, bounded, rowFields } = resolved.get(old) as ResolvedTable;
      return keepUid(node, scan(table, schema, { bounded, rowPolicy: node.rowPolicy, rowFields }));
    }
    if (node.kind === "with-columns") {
      return keepUid(node, project(node.input, replacedColumns(derive(node.input).schema, node.columns)));
    }
    return node;
  });
  for (const root of bound) derive(root);
  return bound;
}

/** The plan with the columns of every table, which is opened for them, and still to be bound: SQL can look names up in it. */
export async function withKnownColumns(plan: LogicalPlan, resolve: ResolveTable): Promise<LogicalPlan> {
  const unknown = topological([plan]).filter((node) => node.kind === "unresolved-scan" && node.schema === null);
  const known = new Map<LogicalPlan, Schema>(
    await Promise.all(
      unknown.map(async (node) => [node, (await resolve(node as LogicalNode<"unresolved-scan">)).schema] as const),
    ),
  );
  const [declared] = rewrite([plan], (node, old) => {
    const schema = known.get(old);
    return schema === undefined ? node : (Object.freeze({ ...node, schema }) as LogicalPlan);
  });
  return declared as LogicalPlan;
}

function keepUid(from: LogicalPlan, to: LogicalPlan): LogicalPlan {
  return from.uid === undefined ? to : Object.freeze({ ...to, uid: from.uid });
}
