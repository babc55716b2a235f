// A whole chain is stopped at every place where a barrier could stand and goes on in a new one from its snapshots: what
// comes out, before and after together, is what comes out of an uninterrupted run.
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { Graph } from "../../src/runtime/graph.js";
import { Trace } from "../../src/runtime/trace.js";
import { readSnapshot, type Snapshot, SnapshotBuilder } from "../../src/state/snapshot.js";
import { MemoryAccount } from "../../src/wasm/memory.js";
import { Bench, CollectingSink, Passing, type Script, ScriptedSource } from "./support.js";

type Saved = ReadonlyMap<string, Snapshot>;

/** Builds a program anew into `bench`; gives its sinks. */
type Program = (bench: Bench) => CollectingSink[];

/** One incarnation of a program, stepped by hand, one turn a task at a time. */
class Run {
  readonly sinks: readonly CollectingSink[];
  readonly account: MemoryAccount;
  readonly #graph: Graph;

  constructor(bench: Bench, program: Program, saved?: Saved) {
    bench.nodes.length = 0;
    this.sinks = program(bench);
    this.account = new MemoryAccount(bench.test.memory);
    this.#graph = new Graph(bench.plan, {
      platform: bench.sim,
      workspace: { account: this.account, kernels: bench.test.kernels },
      trace: new Trace(() => 0, { take: unsampled, after: unsampled, idle: unsampled }),
      factory: bench.factory,
      batchRowsMax: 4,
      channelLimits: { rows: 100, bytes: 1e6 },
      schedule: () => undefined,
      arm: () => undefined,
      fail: (error) => {
        throw error;
      },
    });
    const readerOf = (uid: string) => {
      const snapshot = saved?.get(uid);
      return snapshot && readSnapshot(snapshot);
    };
    this.#graph.open((task) => {
      if (saved !== undefined) task.restore(readerOf);
    });
  }

  /** One turn of every source, and all that follows from it; false at the end. */
  step(): boolean {
    let alive = false;
    for (const task of this.#graph.tasks) {
      const isSource = task.slots[0]?.outlet !== task.head.outlet;
      for (;;) {
        const result = task.step(0);
        if (result !== "done") alive = true;
        if (result !== "ready") break;
        if (isSource && !task.head.blocked) break;
      }
    }
    return alive;
  }

  snapshot(): Saved {
    const builders = new Map<string, SnapshotBuilder>();
    for (const task of this.#graph.tasks) {
      task.snapshot((uid) => {
        const builder = builders.get(uid) ?? new SnapshotBuilder();
        builders.set(uid, builder);
        return builder;
      });
    }
    return new Map([...builders].map(([uid, builder]) => [uid, builder.finish()]));
  }

  /** Ends without finishing, as a crash would; gives what reached each sink. */
  close(): string[][] {
    for (const task of this.#graph.tasks) {
      task.close(
        () => undefined,
        () => undefined,
      );
    }
    this.account.arena.release();
    expect(this.account.usedBytes).toBe(0);
    return this.sinks.map((sink) => sink.lines);
  }
}

function uninterrupted(bench: Bench, program: Program): string[][] {
  const run = new Run(bench, program);
  while (run.step());
  return run.close();
}

function rows(bench: Bench, split: number, times: readonly number[]): Batch {
  const cells = times.map((ms) => `${ms} k${ms % 3}`);
  return bench.test.batch`ts:TIMESTAMP(3) key:STRING | ${cells.join(" | ")}`.within(bench.test.workspace, split);
}

const windows =
  (script: Script): Program =>
  (bench) => {
    const first = script.find((piece) => typeof piece === "object" && "schema" in piece) as Batch;
    bench.source("source", new ScriptedSource(first.schema, script));
    bench.watermark("time", "source", { delayMs: 3, windowMs: 10 });
    bench.count("count", "time", 10);
    return [bench.sink("late", "count:late", new CollectingSink()), bench.sink("sink", "count", new CollectingSink())];
  };

const both =
  (left: Script, right: Script): Program =>
  (bench) => {
    const { schema } = left[0] as Batch;
    bench.source("left", new ScriptedSource(schema, left));
    bench.source("right", new ScriptedSource(schema, right));
    bench.union("both", ["left", "right"]);
    bench.watermark("time", "both", { windowMs: 10 });
    bench.operator("pass", ["time"], new Passing());
    bench.count("count", "pass", 10);
    return [bench.sink("sink", "count", new CollectingSink())];
  };

describe("stopping after every step and going on in a new run", () => {
  test.each<[string, (bench: Bench) => Program]>([
    [
      "one source of two splits, with late rows",
      (bench) =>
        windows([
          { split: 0, status: "active" },
          { split: 1, status: "active" },
          rows(bench, 0, [1, 5, 12]),
          rows(bench, 1, [3, 4, 2]),
          rows(bench, 0, [25, 1, 31]),
          rows(bench, 1, [22, 6, 17, 9]),
          { split: 0, status: "done" },
          rows(bench, 1, [41, 3, 44]),
          rows(bench, 1, [55, 60, 12]),
        ]),
    ],
    [
      "a union of two sources",
      (bench) =>
        both(
          [rows(bench, 0, [1, 5, 12]), rows(bench, 0, [14, 33]), rows(bench, 0, [35, 36, 51])],
          [rows(bench, 0, [2, 8]), rows(bench, 0, [21, 24]), rows(bench, 0, [70])],
        ),
    ],
  ])("%s gives the same rows", async (_name, make) => {
    const bench = await Bench.open();
    const program = make(bench);
    const expected = uninterrupted(bench, program);
    expect(expected.flat().length).toBeGreaterThan(4);
    let stops = 0;
    for (let stopAt = 1; ; stopAt++) {
      const first = new Run(bench, program);
      let alive = true;
      for (let i = 0; i < stopAt && alive; i++) alive = first.step();
      const saved = first.snapshot();
      const before = first.close();
      const second = new Run(bench, program, saved);
      while (second.step());
      const after = second.close();
      expect(before.map((lines, index) => [...lines, ...(after[index] as string[])])).toEqual(expected);
      stops++;
      if (!alive) break;
    }
    expect(stops).toBeGreaterThan(5);
  });

  test("stopping at every step in one chain of incarnations gives the same rows", async () => {
    const bench = await Bench.open();
    const program = windows([
      rows(bench, 0, [1, 5, 12]),
      rows(bench, 0, [25, 1, 31]),
      rows(bench, 0, [22, 6, 17, 9]),
      rows(bench, 0, [41, 3, 44]),
    ]);
    const expected = uninterrupted(bench, program);
    const all: string[][] = expected.map(() => []);
    let saved: Saved | undefined;
    for (let alive = true; alive; ) {
      const run = new Run(bench, program, saved);
      // The first step of an incarnation only names the splits.
      run.step();
      alive = run.step();
      saved = run.snapshot();
      run.close().forEach((lines, index) => {
        all[index]?.push(...lines);
      });
    }
    expect(all).toEqual(expected);
  });
});

test("a snapshot while rows are held up is refused: they would be lost", async () => {
  const bench = await Bench.open();
  const program: Program = (made) => {
    const batch = rows(made, 0, [1, 2]);
    made.source("source", new ScriptedSource(batch.schema, [batch, batch]));
    const full = new CollectingSink(1000);
    return [made.sink("sink", "source", full)];
  };
  const run = new Run(bench, program);
  for (let i = 0; i < 3; i++) run.step();
  expect(() => run.snapshot()).toThrow(/held up/);
  run.close();
});

function unsampled(): never {
  throw new Error("nobody reads samples here");
}
