// Arithmetic of windows: how many a row falls into, and the moments at which rows become late for them.
import { PlanError } from "../errors.js";
import type { LogicalPlan, Window } from "./logical.js";
import { inputsOf, type Program, sameData, topological } from "./walk.js";

/** More windows than this for one row are a mistake in units far more often than a wish. */
const FANOUT_MAX = 10_000;

/**
 * What judges rows by a watermark: a window ends every `sizeMs`, and `latenessMs` later it takes no more rows. A step that
 * judges every row on its own has size 0: a row behind the watermark is late (S45).
 */
export interface Judge {
  readonly sizeMs: number;
  readonly offsetMs: number;
  readonly latenessMs: number;
  /** Whether the rows that it refuses are read. */
  readonly lateRead: boolean;
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

/** Whether it is no window, but a step that judges every row. */
export function judgesEveryRow({ sizeMs }: Judge): boolean {
  return sizeMs === 0;
}

/** For every watermark node of a program: the windows and deduplications that its watermark reaches, each kind once. */
export function judgesOf(program: Program): Map<LogicalPlan, readonly Judge[]> {
  const reaching = new Map<LogicalPlan, ReadonlySet<LogicalPlan>>();
  const judges = new Map<LogicalPlan, Judge[]>();
  const nodes = topological(program);
  const read = new Set(
    nodes.flatMap((node) => (node.kind === "side-output" && node.output === "late" ? [node.input] : [])),
  );
  for (const node of nodes) {
    const sources = new Set(inputsOf(node).flatMap((input) => [...(reaching.get(input) ?? [])]));
    const judge = judgeOf(node, read.has(node));
    if (judge !== null) for (const source of sources) add(judges.get(source) as Judge[], judge);
    if (node.kind === "watermark") judges.set(node, []);
    // Refused rows travel without watermark; a watermark node makes its own and ignores the one it gets.
    if (node.kind === "side-output") sources.clear();
    reaching.set(node, node.kind === "watermark" ? new Set([node]) : sources);
  }
  return judges;
}

function judgeOf(node: LogicalPlan, lateRead: boolean): Judge | null {
  if (node.kind === "deduplicate") return { sizeMs: 0, offsetMs: 0, latenessMs: 0, lateRead };
  if (node.kind !== "window-aggregate") return null;
  const { sizeMs, offsetMs } = node.window;
  return { sizeMs, offsetMs, latenessMs: node.latenessMs, lateRead };
}

function add(judges: Judge[], judge: Judge): void {
  if (!judges.some((known) => sameData(known, judge))) judges.push(judge);
}

/** Where a watermark's batches are cut: `1m`, `1h + 5m`, the ends of windows and of their lateness; empty without windows. */
export function judgesText(judges: readonly Judge[]): string {
  const windows = judges.filter((judge) => !judgesEveryRow(judge));
  const texts = windows.map(({ sizeMs, offsetMs, latenessMs }) => {
    return `${durationText(sizeMs)}${offsetText(offsetMs)}${latenessMs === 0 ? "" : ` + ${durationText(latenessMs)}`}`;
  });
  return [...new Set(texts)].join(", ");
}

/** A window as the user would write it: `tumble 1h`, `tumble 1d offset 8h`. */
export function windowText({ kind, sizeMs, offsetMs }: Window): string {
  return `${kind} ${durationText(sizeMs)}${offsetText(offsetMs)}`;
}

function offsetText(offsetMs: number): string {
  return offsetMs === 0 ? "" : ` offset ${durationText(offsetMs)}`;
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
