// What a monitor tells its pages of a job: its graph, its counters and its results, whenever somebody comes to look.
import { count, Millrace, tumble } from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Frame, StartFrame } from "../../src/monitor/frames.js";
import { Monitor } from "../../src/monitor/monitor.js";
import { RowStore } from "../../src/monitor/rows.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

/** A job over 1,000 rows that come slowly enough for a few samples. */
async function followed(rowsMax: number) {
  async function* ticks() {
    for (let n = 0; n < 1000; n++) {
      if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 60));
      yield { at: new Date(n * 100), k: `k${n % 3}` };
    }
  }
  const stream = mill
    .from(ticks(), { schema: { at: "TIMESTAMP(3)", k: "STRING" }, time: "at", bounded: true })
    .window(tumble("1s"))
    .groupBy("k")
    .aggregate({ n: count() });
  const key = ["windowStart", "k"];
  const table = mill.memory({ key, rowsMax });
  const columns = await stream.schema();
  const job = stream.to(table).start({ name: "ticks" });
  return { job, table, monitor: new Monitor({ title: "ticks", job, results: { table, columns, key, rowsMax } }) };
}

/** What a page makes of the frames. */
function rowsAfter(frames: readonly Frame[]): unknown[] {
  let store = new RowStore([], [], 0);
  for (const frame of frames) {
    if (frame.kind === "start") {
      store = new RowStore(frame.columns, frame.key, frame.rowsMax);
      store.add(frame.rows);
    } else if (frame.kind === "rows") store.add(frame.rows);
  }
  return store.rows;
}

test.each([10_000, 50])(
  "pages that came early, late and after the end know the same (%i rows at most)",
  async (rowsMax) => {
    const { job, table, monitor } = await followed(rowsMax);
    const early: Frame[] = [];
    const late: Frame[] = [];
    monitor.follow((frame) => early.push(frame));
    const watching = monitor.watch();
    await new Promise((resolve) => setTimeout(resolve, 300));
    monitor.follow((frame) => late.push(frame));
    await job.done;
    await watching;
    const after: Frame[] = [];
    monitor.follow((frame) => after.push(frame));

    const want = table
      .toRows()
      .map(({ windowStart, windowEnd, windowTime, k, n }) => [
        Number(windowStart),
        Number(windowEnd),
        Number(windowTime),
        k,
        n,
      ]);
    expect(want.length).toBe(Math.min(rowsMax, 300));
    for (const frames of [early, late, after]) expect(rowsAfter(frames)).toEqual(want);

    const end = after[0] as StartFrame;
    expect([end.state, end.error]).toEqual(["done", null]);
    expect(end.graph).toEqual(await job.graph());
    expect(end.counts?.nodes.map(({ rowsIn, rowsOut }) => [rowsIn, rowsOut])).toEqual(
      job.metrics().map(({ rowsIn, rowsOut }) => [rowsIn, rowsOut]),
    );
    expect(end.pulses.at(-1)?.rowsIn).toBe(1000);
    expect(end.pulses.length).toBeGreaterThan(1);
    expect(early.filter(({ kind }) => kind === "state").at(-1)).toMatchObject({ state: "done" });
  },
);

test("how a job failed is told", async () => {
  const job = mill
    .rows([{ a: 1 }])
    .to(
      mill.callback(() => {
        throw new Error("the disk is on fire");
      }),
    )
    .start();
  const monitor = new Monitor({ title: "fails", job, results: null });
  await monitor.watch();
  expect(monitor.start().state).toBe("failed");
  expect(monitor.start().error).toContain("the disk is on fire");
  expect(monitor.start().rows).toEqual([]);
});

test("cells are what JSON can carry", async () => {
  const rows = [
    {
      d: new Date(5),
      x: Number.POSITIVE_INFINITY,
      s: "é".repeat(300),
      b: new Uint8Array(3),
      n: null,
      t: true,
      i: 2n ** 60n,
      j: 7n,
    },
  ];
  const schema = {
    d: "TIMESTAMP(3)",
    x: "DOUBLE",
    s: "STRING",
    b: "BYTES",
    n: "INT",
    t: "BOOLEAN",
    i: "BIGINT",
    j: "BIGINT",
  } as const;
  const table = mill.memory({ rowsMax: 10, bigint: true });
  const stream = mill.rows(rows, { schema });
  const job = stream.to(table).start();
  const monitor = new Monitor({ title: "cells", job, results: { table, columns: schema, key: [], rowsMax: 10 } });
  await monitor.watch();
  const [row] = monitor.start().rows;
  expect(row).toEqual([5, "Infinity", `${"é".repeat(200)}…`, "3 bytes", null, true, "1152921504606846976", 7]);
  expect(JSON.parse(JSON.stringify(row))).toEqual(row);
});
