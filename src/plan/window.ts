// Arithmetic of windows: how many a row falls into, and the moments at which rows become late for them.

import { PlanError } from "../errors.js";
import { derive, isInTime } from "./derive.js";
import type { AlignedWindow, LogicalPlan, SessionWindow, Window } from "./logical.js";
import { inputsOf, type Program, sameData, topological } from "./walk.js";

/** More windows than this for one row are a mistake in units far more often than a wish. */
const FANOUT_MAX = 10_000;

/**
 * What judges rows by a watermark: windows, each of which takes no more rows `latenessMs` after its end; or a step that judges
 * every row on its own, for which a row behind the watermark is late (S45). Sessions end where their rows have been: they judge
 * every row, too, and not only those that are late (S31).
 */
export interface Judge {
  /** null: every row. */
  readonly window: Window | null;
  readonly latenessMs: number;
  /** Whether the rows that it refuses are read. */
  readonly lateRead: boolean;
  /** Whether a row right at the watermark is late, too (S45). */
  readonly atWatermark?: true;
}

/** A judge that is windows whose ends are known before their rows. */
export type WindowJudge = Judge & { readonly window: AlignedWindow };

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

/** Whether it is windows, and no step that judges every row. */
export function judgesByWindow(judge: Judge): judge is WindowJudge {
  return judge.window !== null && judge.window.kind !== "session";
}

/** Whether it is sessions. */
export function judgesBySession(judge: Judge): judge is Judge & { readonly window: SessionWindow } {
  return judge.window?.kind === "session";
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
  if (node.kind === "deduplicate") return { window: null, latenessMs: 0, lateRead };
  // Rows that are numbered or sorted as the watermark passes them.
  if (node.kind === "over" && isInTime(node)) return { window: null, latenessMs: 0, lateRead, atWatermark: true };
  if (node.kind === "sort" && !derive(node).bounded) return { window: null, latenessMs: 0, lateRead };
  return node.kind === "window-aggregate" ? { window: node.window, latenessMs: node.latenessMs, lateRead } : null;
}

function add(judges: Judge[], judge: Judge): void {
  if (!judges.some((known) => sameData(known, judge))) judges.push(judge);
}

/** `value` modulo `divisor`, never negative: the rest above the multiple at or below it. Exact within ±2^53. */
export function floorMod(value: number, divisor: number): number {
  const rest = value % divisor;
  return rest < 0 ? rest + divisor : rest;
}

/** How far apart the ends of windows lie. */
export function periodMs(window: AlignedWindow): number {
  switch (window.kind) {
    case "tumble":
      return window.sizeMs;
    case "hop":
      return window.slideMs;
    case "cumulate":
      return window.stepMs;
  }
}

/** The longest span of time that every window either holds whole or not at all. */
export function paneMs(window: AlignedWindow): number {
  return window.kind === "hop" ? gcd(window.sizeMs, window.slideMs) : periodMs(window);
}

/** The last end of a window at or before `timeMs`. */
export function endBefore(window: AlignedWindow, timeMs: number): number {
  return timeMs - floorMod(timeMs - firstEnd(window), periodMs(window));
}

/** The first end of a window behind `timeMs`. */
export function endAfter(window: AlignedWindow, timeMs: number): number {
  return endBefore(window, timeMs) + periodMs(window);
}

/** Start of the window that ends at `endMs`. */
export function startOfEnd({ kind, sizeMs, offsetMs }: AlignedWindow, endMs: number): number {
  return kind === "cumulate" ? endMs - 1 - floorMod(endMs - 1 - offsetMs, sizeMs) : endMs - sizeMs;
}

/** The first start of windows that end behind `timeMs`: rows from there on are in one of them, or in a gap between. */
export function openFrom(window: AlignedWindow, timeMs: number): number {
  return startOfEnd(window, endAfter(window, timeMs));
}

/** Some end of a window: all others are whole periods away. */
function firstEnd({ kind, sizeMs, offsetMs }: AlignedWindow): number {
  return kind === "hop" ? offsetMs + sizeMs : offsetMs;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Where a watermark's batches are cut: `1m`, `1h + 5m`, the ends of windows and of their lateness; empty without windows. */
export function judgesText(judges: readonly Judge[]): string {
  const texts = judges.filter(judgesByWindow).map(({ window, latenessMs }) => {
    return `${spanText(window)}${latenessMs === 0 ? "" : ` + ${durationText(latenessMs)}`}`;
  });
  return [...new Set(texts)].join(", ");
}

/** A window as the user would write it: `tumble 1h`, `hop 1h every 5m`, `cumulate 1d by 1h offset 8h`, `session 10m`. */
export function windowText(window: Window): string {
  if (window.kind !== "session") return `${window.kind} ${spanText(window)}`;
  const most = window.maxMs === null ? "" : ` at most ${durationText(window.maxMs)}`;
  return `session ${durationText(window.gapMs)}${most}`;
}

function spanText(window: AlignedWindow): string {
  const size = durationText(window.sizeMs);
  const offset = window.offsetMs === 0 ? "" : ` offset ${durationText(window.offsetMs)}`;
  switch (window.kind) {
    case "tumble":
      return `${size}${offset}`;
    case "hop":
      return `${size} every ${durationText(window.slideMs)}${offset}`;
    case "cumulate":
      return `${size} by ${durationText(window.stepMs)}${offset}`;
  }
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
