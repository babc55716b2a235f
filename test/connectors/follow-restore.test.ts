// Followed files across a stop: a source goes on at its snapshot in the files as they are by then, and gives every record once.
import fc from "fast-check";
import { expect, test } from "vitest";
import { readRows } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import { file } from "../../src/connectors/file.js";
import { newMetrics } from "../../src/operators/operator.js";
import type { Source } from "../../src/operators/source.js";
import { promised } from "../../src/platform/platform.js";
import { SimPlatform } from "../../src/platform/sim.js";
import type { StateValue } from "../../src/state/snapshot.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { MemoryAccount } from "../../src/wasm/memory.js";

const kit = await openTestWorkspace();
const SCHEMA = parseSchema({ n: "BIGINT" });
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => `{"n":${from + at}}\n`).join("");
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

/** The files of one test, and a followed table of them that is read, stopped and read on. */
class World {
  readonly sim: SimPlatform;
  readonly seen: number[] = [];
  readonly bad: string[] = [];
  readonly #path: string;
  readonly #rowPolicy: "fail" | "skip";
  #source: Source | null = null;
  #account: MemoryAccount | null = null;
  #wake: () => void = () => undefined;
  #state: StateValue | undefined;

  constructor(path: string, seed = 1, rowPolicy: "fail" | "skip" = "fail") {
    this.sim = new SimPlatform(seed, { hostTurn: () => new Promise((resolve) => setTimeout(resolve, 0)) });
    this.#path = path;
    this.#rowPolicy = rowPolicy;
  }

  async start(batchRowsMax = 8192): Promise<void> {
    const options = { format: "ndjson", follow: { every: "100ms" } };
    const ref = { id: "t", connector: "file", name: this.#path, options };
    const table = { ref, live: null, platform: this.sim };
    await this.sim.drive(file.resolve?.(table, SCHEMA) ?? Promise.reject(new Error("files resolve")));
    const source = file.source?.(table, SCHEMA, null) as Source;
    if (this.#state !== undefined) source.restore(this.#state);
    const account = new MemoryAccount(kit.memory);
    source.open({
      platform: this.sim,
      workspace: { account, kernels: kit.kernels },
      metrics: newMetrics(),
      rowPolicy: this.#rowPolicy,
      batchRowsMax,
      wake: () => this.#wake(),
      split: () => undefined,
      bad: ({ code }) => void this.bad.push(code),
      progressMs: () => Number.NEGATIVE_INFINITY,
      connection: () => undefined,
    });
    this.#source = source;
    this.#account = account;
  }

  /** Reads until so many rows were seen in all, or for some seconds of its time without any. */
  async read(rows: number, patienceMs = 2000): Promise<void> {
    const source = this.#source as Source;
    while (this.seen.length < rows) {
      const polled = source.poll();
      if (polled === "done") return;
      if (polled !== "blocked") {
        for (const { n } of readRows(polled)) this.seen.push(Number(n));
        this.#account?.arena.reset();
        continue;
      }
      const isOver = await this.sim.drive(
        new Promise<boolean>((resolve) => {
          const cancel = this.sim.scheduler.after(patienceMs, () => resolve(true));
          this.#wake = () => {
            cancel();
            resolve(false);
          };
        }),
      );
      if (isOver) return;
      patienceMs -= 10;
    }
  }

  /** Keeps a snapshot, as a checkpoint would, and closes. */
  async stop(): Promise<void> {
    const source = this.#source as Source;
    this.#wake = () => undefined;
    this.#state = JSON.parse(JSON.stringify(source.snapshot())) as StateValue;
    await this.sim.drive(promised<void>((done) => source.close(done)));
    this.#account?.dispose();
    expect(this.sim.files.openCount).toBe(0);
  }
}

test.each([1, 7, 8192])("S89 what was written while it was stopped is read on (batches of %i)", async (batchRows) => {
  const world = new World("/log.ndjson", batchRows);
  world.sim.files.write("/log.ndjson", `${lines(0, 20)}{"n":2`);
  await world.start(batchRows);
  await world.read(batchRows === 8192 ? 20 : 7);
  await world.stop();
  world.sim.files.append("/log.ndjson", `0}\n${lines(21, 30)}`);
  await world.start(batchRows);
  await world.read(30);
  await world.stop();
  await world.start(batchRows);
  await world.read(31);
  await world.stop();
  expect(world.seen).toEqual(range(0, 30));
});

test("S89 a file that was renamed within the pattern while it was stopped is known again", async () => {
  const world = new World("/log*");
  world.sim.files.write("/log", lines(0, 10));
  await world.start();
  await world.read(10);
  await world.stop();
  world.sim.files.append("/log", lines(10, 12));
  world.sim.files.rename("/log", "/log.1");
  world.sim.files.write("/log", lines(12, 15));
  await world.start();
  await world.read(15);
  await world.stop();
  expect([...world.seen].sort((a, b) => a - b)).toEqual(range(0, 15));
});

test("R63 a file that was cut off while it was stopped is FILE_TRUNCATED, or read from its start", async () => {
  for (const rowPolicy of ["fail", "skip"] as const) {
    const world = new World("/log", 1, rowPolicy);
    world.sim.files.write("/log", lines(0, 10));
    await world.start();
    await world.read(10);
    await world.stop();
    world.sim.files.truncate("/log", 0);
    world.sim.files.append("/log", lines(50, 52));
    await world.start();
    if (rowPolicy === "fail") await expect(world.read(12)).rejects.toMatchObject({ code: "FILE_TRUNCATED" });
    else await world.read(12);
    await world.stop();
    expect(world.seen).toEqual(rowPolicy === "fail" ? range(0, 10) : [...range(0, 10), 50, 51]);
    expect(world.bad).toEqual(rowPolicy === "fail" ? [] : ["FILE_TRUNCATED"]);
  }
});

test("a file that went away with unread records while it was stopped is said, or passed over by the policy", async () => {
  for (const rowPolicy of ["fail", "skip"] as const) {
    const world = new World("/log", 1, rowPolicy);
    world.sim.files.write("/log", lines(0, 10));
    await world.start(1);
    await world.read(4);
    await world.stop();
    world.sim.files.rename("/log", "/elsewhere");
    world.sim.files.write("/log", lines(20, 23));
    await world.start();
    if (rowPolicy === "fail") {
      await expect(world.read(20)).rejects.toMatchObject({ code: "FILE_NOT_FOUND", at: { source: "/log" } });
    } else await world.read(7);
    if (rowPolicy === "skip") await world.read(8);
    await world.stop();
    expect(world.seen).toEqual([...range(0, 4), 20, 21, 22]);
    expect(world.bad).toEqual(rowPolicy === "fail" ? [] : ["FILE_NOT_FOUND"]);
  }
});

test("S89 every record comes once, whenever it is stopped and whatever happens to the files meanwhile", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("append" as const), rows: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant("cut" as const), rows: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constant("rotate" as const), rows: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ kind: fc.constant("read" as const), rows: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ kind: fc.constant("restart" as const), rows: fc.constantFrom(1, 7, 8192) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.integer({ min: 1, max: 99 }), async (steps, seed) => {
      const world = new World("/log*", seed);
      const { files } = world.sim;
      let [written, rotations, rest] = [0, 0, ""];
      const append = (rows: number) => {
        files.append("/log", rest + lines(written, written + rows));
        rest = "";
        written += rows;
      };
      files.write("/log", "");
      await world.start();
      for (const { kind, rows } of steps) {
        if (kind === "append") append(rows);
        else if (kind === "cut") {
          // Half of a record, whose other half comes with the next ones.
          files.append("/log", rest);
          files.append("/log", `{"n":${written}`);
          written++;
          rest = "}\n";
        } else if (kind === "rotate") {
          append(0);
          files.rename("/log", `/log.${rotations++}`);
          files.write("/log", "");
          append(rows);
        } else if (kind === "read") await world.read(Math.min(written, world.seen.length + rows), 300);
        else {
          await world.stop();
          await world.start(rows);
        }
      }
      append(0);
      await world.read(written);
      await world.stop();
      expect([...world.seen].sort((a, b) => a - b)).toEqual(range(0, written));
    }),
    { numRuns: 60 },
  );
});
