// The life of a job: what reaches the sinks, back-pressure, stopping in every state, failing in every place.
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { formatBatch } from "../../src/testing/index.js";
import { Bench, CollectingSink, type Fault, Passing, ScriptedSource } from "./support.js";

/** `count` batches of four rows with ascending numbers. */
function numbers(bench: Bench, count: number, from = 0): Batch[] {
  return Array.from({ length: count }, (_, i) => {
    const rows = [0, 1, 2, 3].map((row) => from + 4 * i + row);
    return bench.test.batch`n:INT | ${rows.join(" | ")}`;
  });
}

const rowsOf = (batches: readonly Batch[]) => batches.flatMap((batch) => formatBatch(batch, false).split("\n"));
const schemaOf = (batches: readonly Batch[]) => (batches[0] as Batch).schema;

/** source → pass → rows (emits row by row, yielding) → sink */
function chain(
  bench: Bench,
  batches: readonly Batch[],
  options: { fault?: [string, Fault]; sinkDelayMs?: number } = {},
) {
  const faultOf = (name: string) => (options.fault?.[0] === name ? options.fault[1] : null);
  const source = bench.source(
    "source",
    new ScriptedSource(
      schemaOf(batches),
      batches.flatMap((b) => [b, "pause"] as const),
    ),
  );
  const pass = bench.operator("pass", ["source"], new Passing({ fault: faultOf("pass") }));
  const byRow = bench.operator("byRow", ["pass"], new Passing({ fault: faultOf("byRow"), byRow: true }));
  const sink = bench.sink("sink", "byRow", new CollectingSink(options.sinkDelayMs));
  source.fault = faultOf("source");
  sink.fault = faultOf("sink");
  return { source, pass, byRow, sink };
}

describe("rows", () => {
  test("reach the sink in order, with totals and metrics", async () => {
    const bench = await Bench.open();
    const batches = numbers(bench, 5);
    const { sink } = chain(bench, batches);
    const job = await bench.run();
    expect(sink.lines).toEqual(rowsOf(batches));
    expect(sink.finished).toBe(1);
    expect(job.state).toBe("done");
    expect(await job.done).toMatchObject({ rowsIn: 20, rowsOut: 20, lateRows: 0, badRows: 0 });
    expect(job.metrics().map(({ uid, rowsIn, rowsOut, batchesOut }) => [uid, rowsIn, rowsOut, batchesOut])).toEqual([
      ["source", 20, 20, 5],
      ["pass", 20, 20, 5],
      ["byRow", 20, 20, 20],
      ["sink", 20, 0, 0],
    ]);
  });

  test("fan out to every reader and come together in a union, each once", async () => {
    const bench = await Bench.open();
    const batches = numbers(bench, 6);
    bench.source("source", new ScriptedSource(schemaOf(batches), batches));
    bench.operator("left", ["source"], new Passing({ byRow: true }));
    bench.operator("right", ["source"], new Passing());
    bench.union("both", ["left", "right"]);
    const direct = bench.sink("direct", "source", new CollectingSink(4));
    const sink = bench.sink("sink", "both", new CollectingSink(1));
    await bench.run({ channelLimits: { rows: 2, bytes: 1e9 } });
    expect(direct.lines).toEqual(rowsOf(batches));
    expect(sink.lines.toSorted()).toEqual([...rowsOf(batches), ...rowsOf(batches)].toSorted());
  });

  test("the end of input reaches every sink as one last watermark of +Infinity", async () => {
    const bench = await Bench.open();
    const batches = numbers(bench, 2);
    const { sink } = chain(bench, batches);
    await bench.run();
    expect(sink.watermarks).toEqual([Number.POSITIVE_INFINITY]);
  });

  test("a job without rows ends too", async () => {
    const bench = await Bench.open();
    const source = bench.source("source", new ScriptedSource(bench.test.batch`n:INT`.schema, []));
    const sink = bench.sink("sink", "source", new CollectingSink());
    await bench.run();
    expect(sink.lines).toEqual([]);
    expect([source.closed, sink.finished]).toEqual([1, 1]);
  });
});

describe("back-pressure", () => {
  test("a sink ten times slower than the source holds it back: memory stays small, nothing is lost", async () => {
    const bench = await Bench.open(1, 4 * 2 ** 20);
    const rows = Array.from({ length: 4096 }, (_, row) => row).join(" | ");
    const batch = bench.test.batch`n:INT | ${rows}`;
    const source = bench.source(
      "source",
      new ScriptedSource(
        batch.schema,
        Array.from({ length: 400 }, () => batch),
      ),
    );
    bench.operator("byRow", ["source"], new Passing());
    const sink = bench.sink("sink", "byRow", new CollectingSink(10));
    const job = bench.start();
    let ahead = 0;
    job.trace((event) => {
      if (event.kind === "batch" && event.uid === "source")
        ahead = Math.max(ahead, source.at - sink.lines.length / 4096);
    });
    await bench.sim.drive(job.done);
    expect(sink.lines.length).toBe(400 * 4096);
    expect(ahead).toBeLessThanOrEqual(2);
    expect(bench.account.peakBytes).toBeLessThan(2 * 2 ** 20);
    expect(bench.complaints).toEqual([]);
  });

  test("a full channel holds the source back, and the other branch goes on only as far as rows allow", async () => {
    const bench = await Bench.open();
    const batches = numbers(bench, 50);
    const source = bench.source("source", new ScriptedSource(schemaOf(batches), batches));
    const empty = bench.source("empty", new ScriptedSource(schemaOf(batches), []));
    bench.union("both", ["source", "empty"]);
    const sink = bench.sink("sink", "both", new CollectingSink(20));
    const job = bench.start({ channelLimits: { rows: 8, bytes: 1e9 } });
    await bench.wait(100);
    // Two batches fill the channel; one may be with the union, one with the sink.
    expect(source.at).toBeLessThanOrEqual(sink.lines.length / 4 + 4);
    await bench.sim.drive(job.done);
    expect(sink.lines).toEqual(rowsOf(batches));
    expect(empty.closed).toBe(1);
  });

  test("an operator is never called while pending, whatever the seed", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const bench = await Bench.open(seed);
      const batches = numbers(bench, 8);
      const { sink } = chain(bench, batches, { sinkDelayMs: seed % 3 });
      await bench.run({ stepMs: 0.2 });
      expect(sink.lines).toEqual(rowsOf(batches));
      expect(bench.complaints).toEqual([]);
    }
  });

  test("what does not fit into the budget ends the job with MEMORY_LIMIT", async () => {
    const bench = await Bench.open(1, 2000);
    const batches = numbers(bench, 4);
    chain(bench, batches);
    await expect(bench.run()).rejects.toMatchObject({ code: "MEMORY_LIMIT", at: { operator: "pass" } });
    expect(bench.account.usedBytes).toBe(0);
  });
});

/** Every count of opening and closing is 1, and nothing is left in the account. */
function expectClosedOnce(bench: Bench, { source, pass, byRow, sink }: ReturnType<typeof chain>): void {
  expect(bench.account.usedBytes).toBe(0);
  expect(bench.complaints).toEqual([]);
  expect(source.closed).toBe(source.opened);
  expect(pass.closed).toBe(pass.opened);
  expect(byRow.closed).toBe(byRow.opened);
  expect(sink.opened).toBeLessThanOrEqual(1);
}

describe("stopping", () => {
  test.each([0, 1, 4, 9, 14, 22, 35, 50])("after %d ms closes everything once and publishes nothing", async (ms) => {
    const bench = await Bench.open(7);
    const parts = chain(bench, numbers(bench, 100), { sinkDelayMs: 2 });
    const controller = new AbortController();
    const job = bench.start({ signal: controller.signal });
    await bench.wait(ms);
    controller.abort(new Error("enough"));
    await expect(bench.sim.drive(job.done)).rejects.toThrow("enough");
    expect(job.state).toBe("cancelled");
    expectClosedOnce(bench, parts);
    expect([parts.sink.finished, parts.sink.aborted]).toEqual([0, 1]);
  });

  test("before the start opens nothing", async () => {
    const bench = await Bench.open();
    const parts = chain(bench, numbers(bench, 1));
    const controller = new AbortController();
    controller.abort(new Error("early"));
    await expect(bench.run({ signal: controller.signal })).rejects.toThrow("early");
    expect([parts.source.opened, parts.pass.opened, parts.sink.opened]).toEqual([0, 0, 0]);
  });

  test("while finishing aborts what is not published yet", async () => {
    const bench = await Bench.open();
    const parts = chain(bench, numbers(bench, 1));
    const job = bench.start();
    const stopped = new Promise<void>((resolve) => {
      job.trace((event) => {
        if (event.kind === "state" && event.state === "finishing") resolve(job.cancel());
      });
    });
    await bench.sim.drive(stopped);
    expect(job.state).toBe("cancelled");
    expectClosedOnce(bench, parts);
    expect([parts.sink.finished, parts.sink.aborted]).toEqual([0, 1]);
  });

  test("after the end changes nothing", async () => {
    const bench = await Bench.open();
    const parts = chain(bench, numbers(bench, 1));
    const job = await bench.run();
    await bench.sim.drive(job.cancel());
    expect(job.state).toBe("done");
    expect([parts.sink.finished, parts.sink.aborted]).toEqual([1, 0]);
  });

  test("twice resolves twice and closes once", async () => {
    const bench = await Bench.open();
    const parts = chain(bench, numbers(bench, 10));
    const job = bench.start();
    await bench.sim.drive(Promise.all([job.cancel(), job.cancel()]));
    expectClosedOnce(bench, parts);
    expect(parts.sink.aborted).toBe(1);
  });

  test("from inside an operator waits until that has returned", async () => {
    const bench = await Bench.open();
    const batches = numbers(bench, 3);
    const parts = chain(bench, batches);
    let job: ReturnType<typeof bench.start> | null = null;
    const stopper = bench.sink("stopper", "pass", new CollectingSink());
    stopper.write = () => {
      void job?.cancel();
      expect(parts.pass.closed).toBe(0);
    };
    job = bench.start();
    await expect(bench.sim.drive(job.done)).rejects.toMatchObject({ code: "CANCELLED", name: "AbortError" });
    expectClosedOnce(bench, parts);
  });

  test("by leaving an `await using` block", async () => {
    const bench = await Bench.open();
    const parts = chain(bench, numbers(bench, 100));
    const job = bench.start();
    await bench.sim.drive(job[Symbol.asyncDispose]());
    expect(job.state).toBe("cancelled");
    expectClosedOnce(bench, parts);
  });
});

describe("failing", () => {
  const places: [string, Fault][] = [
    ...(["open", "batch"] as const).map((fault): [string, Fault] => ["source", fault]),
    ...(["open", "batch", "watermark", "split"] as const).map((fault): [string, Fault] => ["pass", fault]),
    ...(["open", "batch", "watermark", "split", "resume"] as const).map((fault): [string, Fault] => ["byRow", fault]),
    ...(["open", "batch", "finish"] as const).map((fault): [string, Fault] => ["sink", fault]),
  ];

  test.each(places)("%s at %s closes everything once, and says where", async (place, fault) => {
    const bench = await Bench.open(3);
    const parts = chain(bench, numbers(bench, 20), { fault: [place, fault] });
    const job = bench.start({ stepMs: 0.1 });
    const error = await bench.sim.drive(job.done).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "INTERNAL", message: fault });
    expect(error).toMatchObject({ at: { operator: place } });
    expect(job.state).toBe("failed");
    expectClosedOnce(bench, parts);
    expect(parts.sink.aborted).toBe(parts.sink.opened);
  });

  test.each(["source", "pass", "byRow"])(
    "%s at close is reported, and the others are closed all the same",
    async (place) => {
      const bench = await Bench.open();
      const parts = chain(bench, numbers(bench, 2), { fault: [place, "close"] });
      const job = await bench.run();
      expect(job.state).toBe("done");
      expect(bench.complaints).toEqual(["while closing a job: close"]);
      expect([parts.source.closed, parts.pass.closed, parts.byRow.closed, parts.sink.finished]).toEqual([1, 1, 1, 1]);
      expect(bench.account.usedBytes).toBe(0);
    },
  );

  test("the first error wins", async () => {
    const bench = await Bench.open();
    const batches = numbers(bench, 3);
    chain(bench, batches, { fault: ["byRow", "batch"] });
    const other = bench.sink("other", "source", new CollectingSink());
    other.fault = "batch";
    const error = await bench.run().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ at: { operator: "byRow" } });
  });

  test("a sink's own failure between two steps ends the job", async () => {
    const bench = await Bench.open();
    const { sink } = chain(bench, numbers(bench, 50));
    const job = bench.start();
    await bench.wait(20);
    sink.context.fail(new Error("disk gone"));
    await expect(bench.sim.drive(job.done)).rejects.toThrow("disk gone");
    expect(sink.aborted).toBe(1);
  });

  test("a finished sink is not aborted when another one fails to finish", async () => {
    const bench = await Bench.open();
    const batches = numbers(bench, 2);
    const { sink } = chain(bench, batches);
    const other = bench.sink("other", "source", new CollectingSink());
    other.fault = "finish";
    await expect(bench.run()).rejects.toThrow("finish");
    expect([sink.finished + other.finished, sink.aborted + other.aborted]).toEqual([2, 1]);
  });
});

test("memory is flat over 1,000 jobs", async () => {
  const bench = await Bench.open();
  const batches = numbers(bench, 3);
  const sizes: number[] = [];
  for (let round = 0; round < 1000; round++) {
    bench.nodes.length = 0;
    chain(bench, batches);
    await bench.run();
    sizes.push(bench.test.memory.sizeBytes);
  }
  expect(sizes[999]).toBe(sizes[10]);
  expect(bench.complaints).toEqual([]);
});

test("the same seed gives the same trace, another one another", async () => {
  const hashOf = async (seed: number) => {
    const bench = await Bench.open(seed);
    const batches = numbers(bench, 10);
    bench.source(
      "left",
      new ScriptedSource(
        schemaOf(batches),
        batches.flatMap((b) => [b, "pause"] as const),
      ),
    );
    bench.source(
      "right",
      new ScriptedSource(
        schemaOf(batches),
        batches.flatMap((b) => [b, "pause"] as const),
      ),
    );
    bench.union("both", ["left", "right"]);
    bench.operator("byRow", ["both"], new Passing({ byRow: true }));
    const sink = bench.sink("sink", "byRow", new CollectingSink(1));
    await bench.run({ stepMs: 0.3 });
    return { hash: bench.sim.traceHash, rows: sink.lines.toSorted().join() };
  };
  const seeds = Array.from({ length: 12 }, (_, seed) => seed);
  const first = await Promise.all(seeds.map(hashOf));
  const second = await Promise.all(seeds.map(hashOf));
  expect(second).toEqual(first);
  expect(new Set(first.map(({ hash }) => hash)).size).toBe(12);
  expect(new Set(first.map(({ rows }) => rows)).size).toBe(1);
});

test("a trace tells states, batches and watermarks, and ends with the job", async () => {
  const bench = await Bench.open();
  const { sink } = chain(bench, numbers(bench, 2));
  const job = bench.start();
  const kinds = new Map<string, number>();
  const reading = (async () => {
    for await (const event of job.trace()) {
      const key = event.kind === "state" ? event.state : event.kind;
      kinds.set(key, (kinds.get(key) ?? 0) + 1);
    }
  })();
  await bench.sim.drive(Promise.all([job.done, reading]));
  expect(sink.finished).toBe(1);
  // `running` was entered before the trace was read; every node but the sink emits.
  expect(Object.fromEntries(kinds)).toEqual({ batch: 2 + 2 + 8, watermark: 4, finishing: 1, done: 1 });
});
