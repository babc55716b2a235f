// Arithmetic of windows: how many a row falls into, and the panes at which their rows become late.
import { PlanError } from "../errors.js";
import type { LogicalNode, LogicalPlan, Window } from "./logical.js";
import { inputsOf, type Program, topological } from "./walk.js";

/** More windows than this for one row are a mistake in units far more often than a wish. */
const FANOUT_MAX = 10_000;

/** A grid of times: multiples of `sizeMs`, shifted by `offsetMs`. */
export interface Pane {
  readonly sizeMs: number;
  readonly offsetMs: number;
}

/** @throws WINDOW_FANOUT when windows of `sizeMs` that begin every `slideMs` hold a row more than 10,000 times. */
export function checkWindowFanout(sizeMs: number, slideMs: number): void {
  const windows = Math.ceil(sizeMs / slideMs);
  if (windows <= FANOUT_MAX) return;
  throw new PlanError(
    "WINDOW_FANOUT",
    `windows of ${sizeMs} ms every ${slideMs} ms hold each row ${windows} times, the limit is ${FANOUT_MAX}`,
    { hint: `slide by ${Math.ceil(sizeMs / FANOUT_MAX)} ms or more` },
  );
}

/**
 * The coarsest grid that holds every end of the windows, and every moment at which one of them stops taking late rows
 * (end plus lateness). Between two of its lines no row's lateness can change.
 */
export function paneOf(windows: readonly { readonly window: Window; readonly latenessMs: number }[]): Pane | null {
  const grids = windows.flatMap(({ window, latenessMs }) => [
    { sizeMs: window.sizeMs, offsetMs: window.offsetMs },
    { sizeMs: window.sizeMs, offsetMs: window.offsetMs + latenessMs },
  ]);
  const [first] = grids;
  if (first === undefined) return null;
  let sizeMs = first.sizeMs;
  for (const grid of grids) sizeMs = gcd(gcd(sizeMs, grid.sizeMs), Math.abs(grid.offsetMs - first.offsetMs));
  return { sizeMs, offsetMs: first.offsetMs % sizeMs };
}

/** For every watermark node of a program: the pane of the windows that its watermark reaches; null when there is none. */
export function panesOf(program: Program): Map<LogicalPlan, Pane | null> {
  const reaching = new Map<LogicalPlan, ReadonlySet<LogicalPlan>>();
  const windows = new Map<LogicalPlan, LogicalNode<"window-aggregate">[]>();
  for (const node of topological(program)) {
    const sources = new Set(inputsOf(node).flatMap((input) => [...(reaching.get(input) ?? [])]));
    if (node.kind === "window-aggregate") for (const source of sources) windows.get(source)?.push(node);
    if (node.kind === "watermark") windows.set(node, []);
    // Refused rows travel without watermark; a watermark node makes its own and ignores the one it gets.
    if (node.kind === "side-output") sources.clear();
    reaching.set(node, node.kind === "watermark" ? new Set([node]) : sources);
  }
  return new Map([...windows].map(([node, reached]) => [node, paneOf(reached)]));
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** A window as the user would write it: `tumble 1h`, `tumble 1d offset 8h`. */
export function windowText({ kind, sizeMs, offsetMs }: Window): string {
  return `${kind} ${durationText(sizeMs)}${offsetMs === 0 ? "" : ` offset ${durationText(offsetMs)}`}`;
}

const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [604_800_000, "w"],
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1000, "s"],
  [1, "ms"],
];

/** A span in the units that the API reads: `1h`, `1m 30s`, `250ms`. */
export function durationText(ms: number): string {
  const parts: string[] = [];
  let rest = ms;
  for (const [size, unit] of UNITS) {
    const amount = Math.floor(rest / size);
    if (amount > 0) parts.push(`${amount}${unit}`);
    rest -= amount * size;
  }
  return parts.length > 0 ? parts.join(" ") : "0ms";
}
