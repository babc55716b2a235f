// Syntax trees for tests: without their spans, and made at random.
import type { Statement } from "../../src/sql/statements.js";

/** A tree without the places of its nodes, as plain JSON. */
export function withoutSpans(tree: unknown): unknown {
  return JSON.parse(JSON.stringify(tree, (key, value: unknown) => (key === "span" ? undefined : value)));
}

/** Every node of a tree that has a place, with the node around it. */
export function nodesOf(tree: Statement): { kind: string; from: number; to: number; outer: [number, number] }[] {
  const nodes: { kind: string; from: number; to: number; outer: [number, number] }[] = [];
  const visit = (value: unknown, outer: [number, number]) => {
    if (typeof value !== "object" || value === null) return;
    const { kind, span } = value as { kind?: string; span?: { from: number; to: number } };
    const own: [number, number] = span === undefined ? outer : [span.from, span.to];
    if (kind !== undefined && span !== undefined) nodes.push({ kind, ...span, outer });
    for (const [key, inner] of Object.entries(value)) if (key !== "span") visit(inner, own);
  };
  visit(tree, [0, Number.MAX_SAFE_INTEGER]);
  return nodes;
}
