// EXPLAIN: plans of any stage as a text tree for people, JSON for programs, DOT for drawings. Plain text from plain data.
//
//     window-aggregate tumble 1h
//     │ keys: origin
//     │ aggregates: flights = count(), delay = avg(delay)
//     └─ filter delay > 15
//        └─ watermark date - 5s
//           └─ scan file flights.parquet
//              columns: date, delay, origin (3 of 5)
import { type Schema, schemaLiteral } from "../arrow/types.js";
import { CHANGE_KINDS, hasChanges, INSERT } from "./changes.js";
import { derive } from "./derive.js";
import { describeLogical, describePhysical, SIDE_TITLES } from "./describe.js";
import type { LogicalPlan } from "./logical.js";
import type { PhysicalNode, PhysicalPlan } from "./physical.js";
import { inputsOf, type Program, topological } from "./walk.js";

/** One node as it is shown: a title, lines of detail, and what it reads. */
interface Shown {
  readonly kind: string;
  readonly uid: string;
  readonly title: string;
  readonly details: readonly string[];
  readonly schema: Schema;
  readonly inputs: PhysicalNode["inputs"];
}

/** What a run counted at one node. */
export interface NodeCounts {
  readonly uid: string;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly batchesOut: number;
  readonly lateRows: number;
  readonly duplicateRows: number;
  readonly badRows: number;
  readonly stateBytes: number;
  readonly busyMs: number;
}

type Plan = Program | PhysicalPlan;

/** A tree an output, what is read first at the bottom. A node that several read is drawn once and referred to. */
export function explainText(plan: Plan): string {
  return draw(showPlan(plan));
}

/** The physical plan with what each node did: EXPLAIN ANALYZE. */
export function explainAnalyze(plan: PhysicalPlan, counts: readonly NodeCounts[]): string {
  const byUid = new Map(counts.map((count) => [count.uid, count]));
  return draw(
    showPlan(plan).map((node) => {
      const count = byUid.get(node.uid);
      return count === undefined ? node : { ...node, details: [...node.details, countsText(node.kind, count)] };
    }),
  );
}

/** The physical plan with the kinds of changes that each node gives: EXPLAIN CHANGELOG_MODE. */
export function explainChanges(plan: PhysicalPlan): string {
  return draw(
    showPlan(plan).map((node) => {
      const kinds = hasChanges(node.schema) ? CHANGE_KINDS.join(", ") : CHANGE_KINDS[INSERT];
      return { ...node, details: [...node.details, `changes: ${kinds}`] };
    }),
  );
}

/** Nodes in order, inputs by their position: `{ nodes: [{ kind, uid, title, details, columns, inputs }] }`. */
export function explainJson(plan: Plan): { readonly nodes: readonly object[] } {
  return { nodes: showPlan(plan).map(({ schema, ...node }) => ({ ...node, columns: schemaLiteral(schema) })) };
}

/** A Graphviz digraph; rows flow along its arrows. */
export function explainDot(plan: Plan): string {
  const nodes = showPlan(plan);
  const lines = nodes.flatMap(({ title, details, inputs }, index) => [
    `  n${index} [label="${[title, ...details].map(dotText).join("\\l")}\\l"];`,
    ...inputs.map(
      ({ node, side }) => `  n${node} -> n${index}${side === null ? "" : ` [label="${side}", style=dashed]`};`,
    ),
  ]);
  return ["digraph plan {", "  rankdir=BT;", '  node [shape=box, fontname="monospace"];', ...lines, "}"].join("\n");
}

function showPlan(plan: Plan): Shown[] {
  if (!("nodes" in plan)) return showProgram(plan);
  return plan.nodes.map((node) => {
    const { kind, uid, schema, inputs } = node;
    return { kind, uid, ...describePhysical(node, plan), schema, inputs };
  });
}

function showProgram(program: Program): Shown[] {
  const order = topological(program);
  const position = new Map<LogicalPlan, number>(order.map((node, index) => [node, index]));
  return order.map((node) => ({
    kind: node.kind,
    uid: node.uid ?? "",
    ...describeLogical(node),
    schema: derive(node).schema,
    inputs: inputsOf(node).map((input) => ({ node: position.get(input) as number, side: null })),
  }));
}

function draw(nodes: readonly Shown[]): string {
  const readers = new Map<number, number>();
  for (const { inputs } of nodes) for (const { node } of inputs) readers.set(node, (readers.get(node) ?? 0) + 1);
  const drawn = new Set<number>();
  const mark = (index: number): string => ((readers.get(index) ?? 0) > 1 ? ` #${index}` : "");

  const subtree = (index: number, side: keyof typeof SIDE_TITLES | null): string[] => {
    const { title, details, inputs } = nodes[index] as Shown;
    const head = `${side === null ? "" : `${SIDE_TITLES[side]} of `}${title}${mark(index)}`;
    if (drawn.has(index)) return [`${head}, see above`];
    drawn.add(index);
    const bar = inputs.length > 0 ? "│ " : "  ";
    const children = inputs.map(({ node, side: from }, at) => {
      const last = at === inputs.length - 1;
      return subtree(node, from).map(
        (line, row) => `${row === 0 ? (last ? "└─ " : "├─ ") : last ? "   " : "│  "}${line}`,
      );
    });
    return [head, ...details.map((line) => bar + line), ...children.flat()];
  };
  return nodes
    .flatMap((_, index) =>
      readers.has(index)
        ? []
        : [
            subtree(index, null)
              .map((line) => line.trimEnd())
              .join("\n"),
          ],
    )
    .join("\n\n");
}

function countsText(kind: string, counts: NodeCounts): string {
  const { rowsIn, rowsOut, batchesOut, lateRows, duplicateRows, badRows, stateBytes, busyMs } = counts;
  const optional = [
    lateRows > 0 ? [`${lateRows} late`] : [],
    duplicateRows > 0 ? [`${duplicateRows} duplicates`] : [],
    badRows > 0 ? [`${badRows} refused`] : [],
    stateBytes > 0 ? [`state ${stateBytes} bytes`] : [],
  ].flat();
  const batches = batchesOut === 1 ? "1 batch" : `${batchesOut} batches`;
  const moved = kind === "source" ? `${rowsOut} rows in ${batches}` : `${rowsIn} → ${rowsOut} rows in ${batches}`;
  return [kind === "sink" ? `${rowsIn} rows` : moved, ...optional, `${busyMs.toFixed(1)} ms`].join(", ");
}

function dotText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
