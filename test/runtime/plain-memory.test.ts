// Whole programs over every kind of memory give the same results and leave nothing behind: shared; plain, whose growth
// detaches all views; memory that grows at every reservation, so that a view held too long is always found; and memory
// whose blocks lie above 2 GiB, where an address is a negative i32. Once more with every emission that may yield yielding.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Engine } from "../../src/engine.js";
import { avg, col, count, lit, max, min, sum, tumble } from "../../src/node.js";
import { Arena, type LinearMemory } from "../../src/wasm/memory.js";
import { openTestEngine, type TestEngine } from "../support/engine.js";
import { ROOT } from "../support/repository.js";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "millrace-"));
  await writeFile(join(directory, "in.ndjson"), ROWS.map((row) => `${JSON.stringify(row)}\n`).join(""));
});
afterAll(async () => await rm(directory, { recursive: true }));

/** Disordered by up to 30 s, now and then far too late, with NULLs and strings that repeat, and do not. */
const ROWS = Array.from({ length: 5000 }, (_, n) => ({
  ts: new Date(n * 1000 - ((n * 7919) % 30) * 1000 - (n % 501 === 500 ? 600_000 : 0)).toISOString(),
  key: n % 11 === 0 ? null : `key ${n % 13}`,
  text: `text ${n} ${"ü".repeat(n % 7)}`,
  n: n % 17 === 0 ? null : n - 2500,
  big: n * 2 ** 20,
  v: n / 8,
  on: n % 3 === 0,
}));
const SCHEMA = {
  ts: "TIMESTAMP_LTZ(3)",
  key: "STRING",
  text: "STRING",
  n: "INT",
  big: "BIGINT",
  v: "DOUBLE",
  on: "BOOLEAN",
} as const;
const TIME = { schema: SCHEMA, time: "ts", outOfOrder: "30s" } as const;

type Program = (mill: Engine) => Promise<unknown>;

const aggregates = { rows: count(), least: min("n"), most: max("big"), total: sum("n"), mean: avg("v") };

const PROGRAMS: Readonly<Record<string, Program>> = {
  "NDJSON to windows": (mill) =>
    mill
      .file(join(directory, "in.ndjson"), TIME)
      .window(tumble("1m"))
      .groupBy("key", "on")
      .aggregate(aggregates)
      .toArray(),
  "NDJSON to NDJSON": async (mill) => {
    const out = join(directory, `${crypto.randomUUID()}.ndjson`);
    await mill.file(join(directory, "in.ndjson"), TIME).where(col("on")).to(mill.file(out)).run();
    return await mill.file(out).toArray();
  },
  "Parquet, all encodings": (mill) =>
    mill.file(`${ROOT}/test/formats/data/parquet/encodings-v2.parquet`).toArray({ bigint: true }),
  "flights by hour": (mill) =>
    mill
      .file(`${ROOT}/node_modules/vega-datasets/data/flights-3m.parquet`)
      .where(col("delay").gt(600))
      .groupBy("origin")
      .aggregate({ n: count(), worst: max("delay") })
      .toArray(),
  "rows, every key once": (mill) =>
    mill.rows(ROWS, TIME).window(tumble("10m")).groupBy("text").aggregate(aggregates).toArray({ batchRows: 700 }),
  "rows of integers with lateness": (mill) =>
    mill
      .rows(ROWS, TIME)
      .window(tumble("2m", { lateness: "5m" }))
      .groupBy("n")
      .aggregate(aggregates)
      .toArray({ batchRows: 100 }),
  columns: async (mill) => {
    const table = mill.columns({
      k: { codes: Int32Array.from(ROWS, (_, n) => (n % 5) - 1), values: ["a", "b", "c", "d"] },
      v: Float64Array.from(ROWS, ({ v }) => (v % 3 === 0 ? Number.NaN : -v)),
      i: Int32Array.from(ROWS, (_, n) => (n * 7919) % 100_000),
    });
    const totals = await table
      .groupBy("k")
      .aggregate({ n: count(), low: min("v"), high: max("v") })
      .toArray();
    const byInteger = await table.groupBy("i").aggregate({ n: count() }).toArray({ batchRows: 999 });
    mill.release(table);
    return [totals, byInteger];
  },
  "a union": (mill) => {
    const [one, other] = [mill.rows(ROWS, TIME), mill.rows(ROWS.slice(0, 999), TIME)];
    return one
      .union(other)
      .window(tumble("5m"))
      .groupBy("key")
      .aggregate({ n: count(), total: sum("v") })
      .toArray();
  },
  "late rows and dead letters": async (mill) => {
    const [out, late, dead] = [mill.memory(), mill.memory(), mill.memory()];
    const table = mill.rows(ROWS, { ...TIME, rowPolicy: "deadLetter" });
    const inverse = table.select("ts", "key", { q: lit(1000).div(col("n").add(lit(2400))) });
    const windows = inverse
      .window(tumble("1m"))
      .groupBy("key")
      .aggregate({ n: count(), q: sum("q") });
    await windows.to(out).and(windows.late().to(late)).and(inverse.deadLetters().to(dead)).run();
    return [out, late, dead].map((target) => target.toRows());
  },
  "sums that overflow": async (mill) => {
    const [out, dead] = [mill.memory(), mill.memory()];
    const most = 2n ** 63n - 1n;
    const rows = ROWS.map(({ ts, key, n }) => ({ ts, key, big: (n ?? 0) % 50 === 0 ? most : 1n }));
    const schema = { ts: "TIMESTAMP_LTZ(3)", key: "STRING", big: "BIGINT" } as const;
    const table = mill.rows(rows, { ...TIME, schema, rowPolicy: "deadLetter" });
    const windows = table
      .window(tumble("5m"))
      .groupBy("key")
      .aggregate({ total: sum("big") });
    await windows.to(out).and(windows.deadLetters().to(dead)).run();
    return [out, dead].map((target) => target.toRows({ bigint: true }));
  },
  "functions of rows and batches": (mill) =>
    mill
      .rows(ROWS, { schema: SCHEMA })
      .filter(({ n }) => Number(n) % 2 === 0)
      .flatMap(
        ({ key, text, v }) => [
          { key, text, v },
          { key, text: `${text}!`, v: -Number(v) },
        ],
        {
          schema: { key: "STRING", text: "STRING", v: "DOUBLE" },
        },
      )
      .mapBatch(({ key, text, v }) => ({ text, key, twice: (v.values as Float64Array).map((x) => x * 2) }), {
        schema: { text: "STRING", key: "STRING", twice: "DOUBLE" },
      })
      .map(({ key, twice }) => ({ name: key ?? "none", twice }), { schema: { name: "STRING", twice: "DOUBLE" } })
      .groupBy("name")
      .aggregate({ n: count(), total: sum("twice") })
      .toArray({ batchRows: 512 }),
};

/** Bytes that growing for the sake of it may reach. */
const GROWN_BYTES_MAX = 48_000 * 65_536;

/**
 * Outdates every view. Plain memory detaches its buffer when it grows by no page too, which costs next to nothing; views of
 * shared memory go on to serve what they span, so there new blocks must lie beyond.
 */
function grow(memory: LinearMemory): void {
  const shared = memory.wasm.buffer instanceof SharedArrayBuffer;
  if (shared && memory.sizeBytes >= GROWN_BYTES_MAX) return;
  const { u8 } = memory;
  memory.wasm.grow(shared ? 1 : 0);
  if (!shared && u8.length > 0) throw new Error("growing by no page left the views attached");
  memory.refresh();
}

/** Every reservation makes the memory grow. */
function growAlways(memory: LinearMemory): void {
  const allocate = memory.allocate.bind(memory);
  memory.allocate = (bytes) => {
    const ptr = allocate(bytes);
    grow(memory);
    return ptr;
  };
  const bump = Arena.prototype.allocate;
  vi.spyOn(Arena.prototype, "allocate").mockImplementation(function (this: Arena, bytes: number) {
    const ptr = bump.call(this, bytes);
    grow(memory);
    return ptr;
  });
}

/** Counts the bytes that are reserved now. */
function countLive(memory: LinearMemory): () => number {
  let live = 0;
  const [allocate, free] = [memory.allocate.bind(memory), memory.free.bind(memory)];
  memory.allocate = (bytes) => {
    const ptr = allocate(bytes);
    live += bytes;
    return ptr;
  };
  memory.free = (ptr, bytes) => {
    free(ptr, bytes);
    live -= bytes;
  };
  return () => live;
}

const VARIANTS: Readonly<Record<string, () => Promise<TestEngine>>> = {
  "plain memory, and the time of every step used up at once": () => {
    let timeMs = 0;
    const monotonicMs = () => {
      timeMs += 100;
      return timeMs;
    };
    return openTestEngine({ sharedMemory: false, clock: { nowMs: () => Date.now(), monotonicMs } });
  },
  "plain memory": () => openTestEngine({ sharedMemory: false }),
  "plain memory that grows at every reservation": async () => {
    const engine = await openTestEngine({ sharedMemory: false });
    growAlways(engine.memory);
    return engine;
  },
  "shared memory that grows at every reservation": async () => {
    const engine = await openTestEngine();
    growAlways(engine.memory);
    return engine;
  },
  "memory above 2 GiB": async () => {
    const engine = await openTestEngine();
    expect(engine.memory.allocate(2 ** 31)).toBeGreaterThan(0);
    return engine;
  },
};

describe.each(Object.entries(PROGRAMS))("%s", (_, program) => {
  let expected: unknown;
  beforeAll(async () => {
    await using engine = await openTestEngine();
    expected = await program(engine.mill);
  });

  test.each(Object.entries(VARIANTS))("%s", async (_variant, open) => {
    const { mill, memory, complaints } = await open();
    const live = countLive(memory);
    try {
      expect(await program(mill)).toEqual(expected);
    } finally {
      await mill.close();
      vi.restoreAllMocks();
    }
    expect(live()).toBe(0);
    // Rows are late on purpose, and said to be; what a job leaves behind is said too.
    expect(complaints.filter((message) => message.includes("bytes behind"))).toEqual([]);
  });
});
