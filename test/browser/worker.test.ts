// Programs of a page in the engine's worker: the same results, errors, counters and ends as in the page itself; what holds a
// program in the page, and what happens where there is no worker.
import * as arrow from "apache-arrow";
import { col, count, tumble } from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Millrace } from "../../src/browser.js";
import { PAGE_OPTIONS, PAGE_RESULT, runPage } from "../support/page.js";

const SERVED = "/test/fixtures/page.ndjson";
const MADE = {
  schema: { ts: "TIMESTAMP(3)", key: "STRING", n: "INT", price: "DOUBLE", ok: "BOOLEAN" },
  time: "ts",
  outOfOrder: "1s",
  disorder: "900ms",
  nulls: 0.1,
  distinct: 7,
} as const;

let mill: Millrace;
let page: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
  page = await Millrace.open({ worker: false });
});
afterAll(() => Promise.all([mill.close(), page.close()]));

test.each([1, 7, 8192])(
  "a fetch by a relative address, late rows and dead letters too (batches of %i)",
  async (batchRows) => {
    expect(await runPage(mill, mill.fetch(SERVED, PAGE_OPTIONS), batchRows)).toEqual(PAGE_RESULT);
  },
);

test.each([1, 7, 8192])(
  "rows of every type are those that the page makes itself (batches of %i)",
  async (batchRows) => {
    const made = (engine: Millrace) => engine.generate({ ...MADE, rows: 3000 });
    const options = { batchRows };
    expect(await made(mill).toArray(options)).toEqual(await made(page).toArray(options));
    const windows = (engine: Millrace) =>
      made(engine).window(tumble("500ms")).groupBy("key").aggregate({ n: count() }).toArray(options);
    expect(await windows(mill)).toEqual(await windows(page));
  },
);

test("a job says that it runs in the worker, and what it counts there", async () => {
  const rows = mill.memory();
  const job = mill
    .generate({ ...MADE, rows: 100_000 })
    .where(col("n").gt(3))
    .to(rows)
    .start();
  expect(job.mode.thread).toBe("starting");
  const { rowsIn, rowsOut } = await job.done;
  expect(job.mode).toEqual({ thread: "worker", why: "the program needs nothing of the page" });
  expect(rowsIn).toBe(100_000);
  expect(rowsOut).toBe(rows.rowCount);
  expect(job.metrics().map(({ name }) => name)).toContain("source(generator)");
  expect(await job.explain()).toContain("rows");
  expect(job.metrics()[0]?.rowsOut).toBe(100_000);
  expect(job.progress().rows).toBe(100_000);
});

test("a running job explains itself, and its events come", async () => {
  const reader = mill.generate({ ...MADE, rowsPerSecond: 100_000 });
  const seen: string[] = [];
  const job = reader.to(mill.callback(() => new Promise((resolve) => setTimeout(resolve, 5)))).start();
  for await (const event of job.trace()) {
    seen.push(event.kind);
    if (event.kind === "batch") break;
  }
  expect(await job.explain()).toContain("generator");
  expect((await job.graph()).nodes.map(({ kind }) => kind)).toContain("source");
  await job.cancel();
  expect(job.state).toBe("cancelled");
  await expect(job.done).rejects.toMatchObject({ code: "CANCELLED" });
  expect(seen).toContain("batch");
});

test("S10 event time is moved by hand there", async () => {
  const made = mill.generate({ ...MADE, rowsPerSecond: 100_000 });
  const job = made.to(mill.callback(() => new Promise((resolve) => setTimeout(resolve, 5)))).start();
  let firstMs: number | null = null;
  for await (const event of job.trace({ kinds: ["watermark"] })) {
    if (event.kind !== "watermark") continue;
    if (firstMs === null) {
      firstMs = event.timeMs;
      job.advanceTime(3_600_000);
      // An hour of these rows is more than the test has time for.
    } else if (event.timeMs >= firstMs + 3_600_000) break;
  }
  expect(job.mode.thread).toBe("worker");
  await job.cancel();
});

test("a wrong wish for events is refused, and the worker goes on", async () => {
  const job = mill
    .generate(MADE)
    .to(mill.callback(() => undefined))
    .start();
  const events = job.trace({ kinds: ["nonsense" as "late"] });
  await expect(events.next()).rejects.toMatchObject({ name: "PlanError", code: "OPTION" });
  expect(await job.explain()).toContain("generator");
  await job.cancel();
});

test("a slow reader holds an endless source back", async () => {
  const job = mill
    .generate(MADE)
    .to(mill.callback(() => new Promise((resolve) => setTimeout(resolve, 20))))
    .start({ batchRows: 100 });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const { rowsOut } = job.metrics().at(-1) ?? { rowsOut: 0 };
  const rowsIn = job.metrics()[0]?.rowsOut ?? 0;
  await job.cancel();
  expect(rowsIn).toBeGreaterThan(0);
  // What the callback took, two batches under way, and the channel between source and target.
  expect(rowsIn - rowsOut).toBeLessThan(70_000);
});

test("leaving a loop ends the job", async () => {
  let rows = 0;
  for await (const row of mill.generate(MADE)) {
    expect(row).toHaveProperty("price");
    if (++rows === 10) break;
  }
  expect(rows).toBe(10);
});

test("errors keep their class, code, hint and place", async () => {
  const missing = mill.fetch("/test/fixtures/nothing-here.ndjson", { schema: { a: "INT" } }).toArray();
  const there = await missing.catch((error: unknown) => error);
  const here = await page
    .fetch("/test/fixtures/nothing-here.ndjson", { schema: { a: "INT" } })
    .toArray()
    .catch((error: unknown) => error);
  expect(there).toBeInstanceOf(Error);
  const parts = ({ name, code, hint, domain, retry }: Record<string, unknown>) => ({ name, code, hint, domain, retry });
  expect(parts(there as never)).toEqual(parts(here as never));

  const column = mill.fetch(SERVED).where(col("nothing").gt(1)).toArray();
  await expect(column).rejects.toMatchObject({ name: "SchemaError", code: "UNKNOWN_COLUMN", hint: expect.any(String) });
});

test("a data file is read in the worker of data files, while another one reads a stream", async () => {
  const bytes = arrow.tableToIPC(arrow.tableFromArrays({ n: new Int32Array([1, 2, 3]) }), "file");
  const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  const rows = mill.memory();
  const file = mill.fetch(url, { format: "arrow" }).where(col("n").gt(1)).to(rows).start();
  const stream = mill
    .generate({ ...MADE, rows: 10 })
    .to(mill.memory())
    .start();
  await Promise.all([file.done, stream.done]);
  URL.revokeObjectURL(url);
  expect([file.mode.thread, stream.mode.thread]).toEqual(["worker", "worker"]);
  expect(rows.toRows()).toEqual([{ n: 2 }, { n: 3 }]);
});

test("what needs the page stays there, and says what it needs", async () => {
  const program = async (stream: ReturnType<Millrace["generate"]>) => {
    const job = stream.to(mill.memory()).start();
    await job.done;
    return job.mode;
  };
  const made = mill.generate({ ...MADE, rows: 10 });
  expect(
    await program(
      made.filter(function large() {
        return true;
      }) as never,
    ),
  ).toEqual({
    thread: "main",
    why: "the function large is in the page",
  });
  expect(await program(mill.rows([{ a: 1 }]) as never)).toEqual({ thread: "main", why: "rows (rows) is in the page" });
});

test("without a worker programs run in the page, and say why", async () => {
  await using without = await Millrace.open({ worker: "/test/no-such-worker.js" });
  const job = without
    .generate({ ...MADE, rows: 10 })
    .to(without.memory())
    .start();
  await expect(job.done).resolves.toMatchObject({ rowsIn: 10 });
  expect(job.mode.thread).toBe("main");
  await using never = await Millrace.open({ worker: false });
  expect(
    never
      .generate({ ...MADE, rows: 10 })
      .to(never.memory())
      .start().mode.thread,
  ).toBe("main");
});

test("closing the engine ends its jobs and its worker", async () => {
  const other = await Millrace.open();
  const job = other
    .generate(MADE)
    .to(other.callback(() => undefined))
    .start();
  const ended = job.done.catch((error: unknown) => error);
  await other.close();
  expect(await ended).toMatchObject({ code: "CANCELLED" });
});
