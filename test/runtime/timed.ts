// What tests of event time through whole jobs share: rows written `a@5`, sources with a script and a watermark, counts by
// key in windows of 10 ms, and sources that take turns.
import type { Batch } from "../../src/arrow/batch.js";
import type { SplitEvent } from "../../src/operators/operator.js";
import { rebatch } from "../../src/testing/index.js";
import { type Bench, CollectingSink, type Script, ScriptedSource } from "./support.js";

/** Rows of one split: `a@5` is key a at 5 ms. */
export function rows(bench: Bench, split: number, ...cells: string[]): Batch {
  const text = cells.map((cell) => {
    const [key, ms] = cell.split("@");
    return `${ms} ${key}`;
  });
  return bench.test.batch`ts:TIMESTAMP(3) key:STRING | ${text.join(" | ")}`.within(bench.test.workspace, split);
}

/** What a script begins with when its splits are known: all of them active. */
export function active(...splits: number[]): SplitEvent[] {
  return splits.map((split) => ({ split, status: "active" }));
}

/** A source of such rows. */
export function source(bench: Bench, name: string, script: Script, pauseMs?: number): ScriptedSource {
  return bench.source(name, new ScriptedSource(rows(bench, 0, "a@0").schema, script, pauseMs));
}

/** Counts by key in windows of 10 ms, kept as they come. */
export function countingSink(bench: Bench, input: string): CollectingSink {
  bench.count("count", input, 10);
  return bench.sink("sink", "count", new CollectingSink());
}

/** Windows as `start key count`, sorted. */
export function counted(sink: CollectingSink): string[] {
  return sink.lines
    .map((line) => {
      const [, start, , , key, n] = line.split(" ");
      return `${Date.parse(`${start}Z`)} ${key} ${n}`;
    })
    .toSorted();
}

/** Late rows as `a@5`, sorted. */
export function refused(sink: CollectingSink): string[] {
  return sink.lines
    .map((line) => {
      const [, time, key] = line.split(" ");
      return `${key}@${Date.parse(`${time}Z`)}`;
    })
    .toSorted();
}

/** A step of sources that take turns: whose it is, and its rows, or what becomes of its split. */
export type Turn = readonly [source: string, ...cells: string[]] | readonly [source: string, status: "idle"];

/**
 * Sources with a watermark each, named `a` with `aTime`, that take turns: a step is over, and everywhere it matters known,
 * before the next begins. A source ends with its last step.
 */
export function takeTurns(bench: Bench, turns: readonly Turn[], batchRows: number): void {
  for (const name of new Set(turns.map(([source]) => source))) {
    const last = turns.findLastIndex(([source]) => source === name);
    const script = turns.slice(0, last + 1).flatMap(([source, ...cells]): Script => {
      if (source !== name) return ["pause"];
      if (cells[0] === "idle") return [{ split: 0, status: "idle" }, "pause"];
      return [...(rebatch([rows(bench, 0, ...cells)], batchRows) as Batch[]), "pause"];
    });
    source(bench, name, [...active(0), ...script]);
    bench.watermark(`${name}Time`, name, { windowMs: 10 });
  }
}
