// Samples of the trace, and the graph they belong to: what went over every edge, what waits there, who is held up.
import { count, Millrace, tumble } from "millrace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Sample, TraceEvent } from "../../src/runtime/trace.js";
import { Bench, CollectingSink, Passing, ScriptedSource } from "./support.js";

/** A source of `count` batches of four rows, a pause of a millisecond after each. */
function numbers(bench: Bench, name: string, count: number): ScriptedSource {
  const batches = Array.from({ length: count }, (_, i) => {
    return bench.test.batch`n:INT | ${[0, 1, 2, 3].map((row) => 4 * i + row).join(" | ")}`;
  });
  const script = batches.flatMap((batch) => [batch, "pause"] as const);
  return bench.source(name, new ScriptedSource((batches[0] as (typeof batches)[0]).schema, script));
}

/** Runs the bench; all samples that a reader of every one of them got. */
async function samplesOf(bench: Bench, sampleMs: number): Promise<Sample[]> {
  const job = bench.start();
  const samples: Sample[] = [];
  const reading = (async () => {
    for await (const event of job.trace({ kinds: ["sample"], sampleMs }))
      if (event.kind === "sample") samples.push(event);
  })();
  await bench.sim.drive(Promise.all([job.done, reading]));
  return samples;
}

describe("edges", () => {
  test("count rows, batches and bytes; the last sample has them all", async () => {
    const bench = await Bench.open();
    numbers(bench, "source", 5);
    bench.operator("pass", ["source"], new Passing());
    bench.operator("byRow", ["pass"], new Passing({ byRow: true }));
    bench.sink("sink", "byRow", new CollectingSink());
    const samples = await samplesOf(bench, 10);
    const last = samples.at(-1) as Sample;
    expect(last.edges.map(({ rows, batches, bytes }) => [rows, batches, bytes])).toEqual([
      [20, 5, 80],
      [20, 5, 80],
      [20, 20, 80],
    ]);
    expect(last.nodes.map(({ uid, rowsOut }) => [uid, rowsOut])).toEqual([
      ["source", 20],
      ["pass", 20],
      ["byRow", 20],
      ["sink", 0],
    ]);
    expect(last.edges.every(({ queuedRows, heldMs }) => queuedRows === 0 && heldMs === 0)).toBe(true);
  });

  test("one node's edges each count for themselves, channels too", async () => {
    const bench = await Bench.open();
    numbers(bench, "left", 3);
    numbers(bench, "right", 2);
    bench.union("both", ["left", "right"]);
    bench.sink("a", "both", new CollectingSink());
    bench.sink("b", "both", new CollectingSink());
    const last = (await samplesOf(bench, 10)).at(-1) as Sample;
    expect(last.edges.map(({ rows }) => rows)).toEqual([12, 8, 20, 20]);
  });

  test("a slow sink holds up every edge above it, and rows wait before it", async () => {
    const bench = await Bench.open();
    numbers(bench, "source", 10);
    bench.operator("byRow", ["source"], new Passing({ byRow: true }));
    bench.sink("sink", "byRow", new CollectingSink(50));
    const samples = await samplesOf(bench, 100);
    // 40 rows at 50 ms each: held all the time but where the source itself pauses.
    const [above, below] = (samples.at(-1) as Sample).edges;
    expect(below?.heldMs).toBeGreaterThan(1500);
    expect(below?.heldMs).toBeLessThanOrEqual(2100);
    expect(above?.heldMs).toBeGreaterThan(1500);
    const shares = samples.slice(1, -1).map((sample, index) => {
      const before = samples[index] as Sample;
      return ((sample.edges[1]?.heldMs ?? 0) - (before.edges[1]?.heldMs ?? 0)) / 100;
    });
    for (const share of shares) expect(share).toBeLessThanOrEqual(1.001);
    expect(Math.max(...shares)).toBeGreaterThan(0.9);
  });

  test("nothing is measured while nobody reads samples", async () => {
    const bench = await Bench.open();
    numbers(bench, "source", 4);
    bench.sink("sink", "source", new CollectingSink(50));
    const job = bench.start();
    const reader = job.trace({ kinds: ["sample"], sampleMs: 20 });
    await bench.sim.drive(reader.next());
    await bench.sim.drive(Promise.resolve(reader.return?.()));
    await bench.sim.drive(job.done);
    const after: TraceEvent[] = [];
    for await (const event of job.trace({ kinds: ["sample"] })) after.push(event);
    expect(after).toEqual([]);
    expect(bench.complaints).toEqual([]);
  });
});

test("a reader that lags gets the newest sample alone, and every state", async () => {
  const bench = await Bench.open();
  numbers(bench, "source", 20);
  bench.sink("sink", "source", new CollectingSink(10));
  const job = bench.start();
  const reader = job.trace({ kinds: ["state", "sample"], sampleMs: 10 });
  await bench.sim.drive(job.done);
  const events: string[] = [];
  for await (const event of reader) events.push(event.kind === "state" ? event.state : event.kind);
  expect(events).toEqual(["finishing", "sample", "done"]);
});

describe("a job of the engine", () => {
  let mill: Millrace;
  beforeAll(async () => {
    mill = await Millrace.open();
  });
  afterAll(() => mill.close());

  test("its graph is the plan that runs, with its edges and what EXPLAIN says", async () => {
    const at = new Date(0);
    const stream = mill
      .rows([{ at, k: "a" }], { schema: { at: "TIMESTAMP(3)", k: "STRING" }, time: "at" })
      .window(tumble("1s"))
      .groupBy("k")
      .aggregate({ n: count() });
    const job = stream
      .to(mill.memory("counts"))
      .and(stream.late().to(mill.memory("late")))
      .start();
    expect(await job.graph()).toEqual({ nodes: [], edges: [] });
    await job.done;
    const { nodes, edges } = await job.graph();
    expect(nodes.slice(0, 4).map(({ kind }) => kind)).toEqual(["source", "watermark", "window-aggregate", "sink"]);
    expect(nodes.at(-1)?.kind).toBe("sink");
    for (const { source, target } of edges) expect(source).toBeLessThan(target);
    expect(edges.filter(({ side }) => side === "late").length).toBeGreaterThan(0);
    expect(nodes[2]?.title).toBe("window-aggregate tumble 1s on at");
    expect(nodes[2]?.details).toContain("keys: k");
  });

  test("trace() refuses what it does not know", () => {
    const job = mill
      .rows([{ a: 1 }])
      .to(mill.memory())
      .start();
    expect(() => job.trace({ kinds: ["samples" as "sample"] })).toThrow("knows no events");
    expect(() => job.trace({ sampleMs: 1 })).toThrow("sampleMs is 1");
    expect(() => job.trace({ kinds: [], ...{ sample: 3 } })).toThrow('no option "sample"');
    return job.done;
  });
});
