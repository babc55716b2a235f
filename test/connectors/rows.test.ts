// Rows of the program as sources: arrays, iterables, async iterables; what can be read once, what throws, what does not fit.
import { describe, expect, test } from "vitest";
import { count, tumble } from "../../src/index.js";
import { openSim } from "./support.js";

const SCHEMA = { n: "BIGINT", name: "STRING" } as const;
const make = (count: number) => Array.from({ length: count }, (_, n) => ({ n, name: `name ${n % 10}` }));

function* generate(count: number): Generator<{ n: number; name: string }> {
  yield* make(count);
}

/** The same rows asynchronously; it is its own iterator, so it can be read once. */
async function* asyncOnce<T>(rows: Iterable<T>): AsyncGenerator<T> {
  yield* rows;
}

describe("an array", () => {
  test.each([0, 1, 7, 8193, 65_537])("S101 of %d rows comes out as it went in", async (length) => {
    const { mill, wait } = await openSim();
    const rows = make(length);
    expect(await wait(mill.rows(rows, { schema: SCHEMA }).toArray())).toEqual(rows);
  });

  test("tells its columns: integers BIGINT, other numbers DOUBLE, Dates TIMESTAMP(3), NULL where a field is missing", async () => {
    const { mill, wait } = await openSim();
    const table = mill.rows([
      { n: 1, at: new Date(5), x: 1 },
      { n: 2, x: 1.5, name: "b" },
    ] as object[]);
    expect(await wait(table.schema())).toEqual({ n: "BIGINT", at: "TIMESTAMP(3)", x: "DOUBLE", name: "STRING" });
    expect(await wait(table.toArray())).toEqual([
      { n: 1, at: new Date(5), x: 1, name: null },
      { n: 2, at: null, x: 1.5, name: "b" },
    ]);
  });

  test("of arrays is read by position, whichever columns are wanted", async () => {
    const { mill, wait } = await openSim();
    const table = mill.rows(
      [
        [1, "a"],
        [2, "b"],
      ],
      { schema: SCHEMA },
    );
    expect(await wait(table.select("name").toArray())).toEqual([{ name: "a" }, { name: "b" }]);
  });

  test("without rows and schema is refused", async () => {
    const { mill, wait } = await openSim();
    await expect(wait(mill.rows([]).toArray())).rejects.toMatchObject({ code: "SCHEMA_EMPTY" });
  });

  test("is read as it is when a job starts, by any number of jobs", async () => {
    const { mill, wait } = await openSim();
    const rows = make(1);
    const table = mill.rows(rows, { schema: SCHEMA });
    expect(await wait(table.toArray())).toHaveLength(1);
    rows.push({ n: 2, name: "late" });
    expect(await wait(table.toArray())).toHaveLength(2);
  });
});

describe("a row that does not fit", () => {
  const rows = [{ n: 1 }, { n: "x" }, { n: 3 }, 17, { n: 2 ** 60 }, { n: 6 }] as unknown as { n: number }[];

  test("fails the job, with its number and column", async () => {
    const { mill, wait } = await openSim();
    await expect(wait(mill.rows(rows, { schema: { n: "BIGINT" } }).toArray())).rejects.toMatchObject({
      code: "TYPE",
      at: { row: 1, field: "n", source: "rows" },
    });
  });

  test.each([1, 2, 8192])("is kept aside with its number under deadLetter (batches of %d)", async (batchRows) => {
    const { mill, wait } = await openSim();
    const table = mill.rows(rows, { schema: { n: "BIGINT" }, rowPolicy: "deadLetter", name: "mine" });
    const good = mill.memory();
    const bad = mill.memory();
    const job = table.to(good).and(table.deadLetters().to(bad)).start({ batchRows });
    expect(await wait(job.done)).toMatchObject({ rowsIn: 3, badRows: 3 });
    expect(good.toRows()).toEqual([{ n: 1 }, { n: 3 }, { n: 6 }]);
    const letters = bad
      .toRows()
      .map(({ code, source, row, raw }) => [code, source, row, new TextDecoder().decode(raw as Uint8Array)]);
    expect(letters).toEqual([
      ["TYPE", "mine", 1, '{"n":"x"}'],
      ["TYPE", "mine", 3, "17"],
      ["TYPE", "mine", 4, '{"n":1152921504606847000}'],
    ]);
  });

  test("is counted under skip, and said once when nobody reads the dead letters", async () => {
    const { mill, sim, wait } = await openSim();
    const options = { schema: { n: "BIGINT" } } as const;
    const skipped = mill
      .rows(rows, { ...options, rowPolicy: "skip" })
      .to(mill.memory())
      .start();
    expect(await wait(skipped.done)).toMatchObject({ rowsOut: 3, badRows: 3 });
    expect(sim.lines).toEqual([]);
    await wait(mill.rows(rows, { ...options, rowPolicy: "deadLetter" }).toArray({ batchRows: 1 }));
    expect(sim.lines.map(({ level }) => level)).toEqual(["warn"]);
  });
});

describe("an iterable", () => {
  test("is pulled in batches, and its end is the end of input", async () => {
    const { mill, wait } = await openSim();
    expect(await wait(mill.from(generate(20_000), { schema: SCHEMA }).toArray())).toEqual(make(20_000));
  });

  test("that was looked at for its columns loses no row", async () => {
    const { mill, wait } = await openSim();
    const table = mill.from(generate(5000));
    expect(await wait(table.schema())).toEqual({ n: "BIGINT", name: "STRING" });
    expect(await wait(table.toArray())).toEqual(make(5000));
  });

  test("that can be read once says so the second time; others begin anew", async () => {
    const { mill, wait } = await openSim();
    const once = mill.from(generate(3), { schema: SCHEMA });
    expect(await wait(once.toArray())).toHaveLength(3);
    await expect(wait(once.toArray())).rejects.toMatchObject({ code: "SOURCE_USED" });
    const again = mill.from({ [Symbol.iterator]: () => generate(3) }, { schema: SCHEMA });
    expect(await wait(again.toArray())).toHaveLength(3);
    expect(await wait(again.toArray())).toHaveLength(3);
  });

  test.each(["sync", "async"])("read once (%s) and asked again is closed without a word", async (kind) => {
    const { mill, sim, wait } = await openSim();
    const rows = generate(3);
    const live = kind === "sync" ? rows : asyncOnce(rows);
    const once = mill.from(live, { schema: SCHEMA, bounded: true });
    await wait(once.toArray());
    await expect(wait(once.toArray())).rejects.toMatchObject({ code: "SOURCE_USED" });
    expect(sim.lines).toEqual([]);
  });

  test("without end is left when the reader leaves, and is closed", async () => {
    const { mill, wait } = await openSim();
    let closed = 0;
    function* endless() {
      try {
        for (let n = 0; ; n++) yield { n, name: "x" };
      } finally {
        closed++;
      }
    }
    const first = async () => {
      for await (const row of mill.from(endless(), { schema: SCHEMA })) if (row.n === 10) return row;
      return null;
    };
    expect(await wait(first())).toEqual({ n: 10, name: "x" });
    expect(closed).toBe(1);
  });

  test("that throws ends the job with its error as cause", async () => {
    const { mill, wait } = await openSim();
    function* broken() {
      yield { n: 1, name: "a" };
      throw new Error("disk on fire");
    }
    const error = await wait(mill.from(broken(), { schema: SCHEMA, name: "sensor" }).toArray()).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: "SOURCE_FAILED", cause: expect.objectContaining({ message: "disk on fire" }) });
    expect(String((error as Error).message)).toContain("sensor");
  });

  test.each([null, 17, "text", {}])("%s is no iterable of rows", async (value) => {
    const { mill } = await openSim();
    expect(() => mill.from(value as never)).toThrow(expect.objectContaining({ code: "OPTION" }));
  });
});

describe("an async iterable", () => {
  test("keeps its order, whatever the pauses", async () => {
    for (let seed = 0; seed < 10; seed++) {
      const { mill, sim, wait } = await openSim(seed);
      async function* slow() {
        for (const row of make(200)) {
          if (row.n % 20 === 0)
            await new Promise<void>((resolve) => sim.scheduler.after(sim.random.u32() % 30, resolve));
          yield row;
        }
      }
      expect(await wait(mill.from(slow(), { schema: SCHEMA }).toArray())).toEqual(make(200));
    }
  });

  test("hands a few rows on within 10 ms, although no batch is full", async () => {
    const { mill, sim, wait } = await openSim();
    async function* quiet() {
      yield { n: 1, name: "a" };
      yield { n: 2, name: "b" };
      await new Promise<void>((resolve) => sim.scheduler.after(60_000, resolve));
      yield { n: 3, name: "c" };
    }
    const seenMs: number[] = [];
    await wait(mill.from(quiet(), { schema: SCHEMA }).forEach(() => void seenMs.push(sim.timeMs)));
    expect(seenMs).toHaveLength(3);
    expect(seenMs[1]).toBeLessThan(100);
    expect(seenMs[2]).toBeGreaterThan(60_000);
  });

  test("is not asked far ahead of a slow reader", async () => {
    const { mill, sim, wait } = await openSim();
    let given = 0;
    async function* fast() {
      for (; given < 200_000; given++) {
        await undefined;
        yield { n: given, name: "x" };
      }
    }
    let taken = 0;
    let ahead = 0;
    const slowly = async () => {
      for await (const row of mill.from(fast(), { schema: SCHEMA }).rows({ batchRows: 1000 })) {
        taken++;
        ahead = Math.max(ahead, given - taken);
        if (Number(row.n) % 1000 === 0) await new Promise<void>((resolve) => sim.scheduler.after(50, resolve));
        if (taken === 60_000) return;
      }
    };
    await wait(slowly());
    // 8,192 rows may wait in the source, and a few batches of 1,000 between it and the reader.
    expect(ahead).toBeLessThan(8192 + 6000);
  });

  test("is unbounded unless told otherwise: groups without window are refused", async () => {
    const { mill, wait } = await openSim();
    async function* some() {
      await undefined;
      yield* make(3);
    }
    const endless = mill.from(some(), { schema: SCHEMA });
    await expect(wait(endless.aggregate({ rows: count() }).toArray())).rejects.toMatchObject({ code: "UNSUPPORTED" });
    const ending = mill.from(some(), { schema: SCHEMA, bounded: true });
    expect(await wait(ending.aggregate({ rows: count() }).toArray())).toEqual([{ rows: 3 }]);
  });

  test("that rejects ends the job, after the rows before", async () => {
    const { mill, wait } = await openSim();
    async function* broken() {
      yield { n: 1, name: "a" };
      await undefined;
      throw new Error("gone");
    }
    const seen: unknown[] = [];
    const reading = mill.from(broken(), { schema: SCHEMA }).forEach((row) => void seen.push(row));
    await expect(wait(reading)).rejects.toMatchObject({ code: "SOURCE_FAILED" });
    expect(seen).toEqual([{ n: 1, name: "a" }]);
  });

  test("is closed when the job is cancelled, and a row that comes later is ignored", async () => {
    const { mill, sim, wait } = await openSim();
    let closed = 0;
    const source: AsyncIterable<{ n: number; name: string }> = {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise((resolve) => {
            sim.scheduler.after(100, () => resolve({ done: false, value: { n: 1, name: "a" } }));
          }),
        return: () => {
          closed++;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    const job = mill.from(source, { schema: SCHEMA }).to(mill.memory()).start();
    await wait(new Promise<void>((resolve) => sim.scheduler.after(250, resolve)));
    await wait(job.cancel());
    await wait(new Promise<void>((resolve) => sim.scheduler.after(250, resolve)));
    expect([job.state, closed, sim.lines]).toEqual(["cancelled", 1, []]);
  });

  test("whose answers are no promises is read all the same", async () => {
    const { mill, wait } = await openSim();
    const source = {
      [Symbol.asyncIterator]: () => {
        let n = 0;
        return { next: () => ({ done: n === 3, value: { n: n++, name: "a" } }) };
      },
    } as unknown as AsyncIterable<{ n: number; name: string }>;
    for (const options of [{ schema: SCHEMA }, {}]) {
      const rows = await wait(mill.from(source, options).toArray());
      expect(rows.map(({ n }) => n)).toEqual([0, 1, 2]);
    }
  });

  test.each([
    ["[Symbol.asyncIterator]()", -1],
    ["the first next()", 0],
    ["a later next()", 3],
  ])("that throws in %s, and not by a promise, ends the job", async (_, at) => {
    const { mill, wait } = await openSim();
    const fail = () => {
      throw new Error("disk on fire");
    };
    const source: AsyncIterable<{ n: number; name: string }> = {
      [Symbol.asyncIterator]: () => {
        if (at < 0) fail();
        let n = 0;
        return { next: () => (n === at ? fail() : Promise.resolve({ done: false, value: { n: n++, name: "a" } })) };
      },
    };
    const expected = { code: "SOURCE_FAILED", cause: expect.objectContaining({ message: "disk on fire" }) };
    await expect(wait(mill.from(source, { schema: SCHEMA }).toArray())).rejects.toMatchObject(expected);
  });

  test("that throws while it is closed leaves nothing behind", async () => {
    const { mill, sim, wait } = await openSim();
    const value = { n: 1, name: "a" };
    const fail = () => {
      throw new Error("no end");
    };
    const iterable: Iterable<typeof value> = {
      [Symbol.iterator]: () => ({ next: () => ({ done: false, value }), return: fail }),
    };
    const asyncIterable: AsyncIterable<typeof value> = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: false, value }), return: fail }),
    };
    for (const source of [iterable, asyncIterable]) {
      const reading = mill.from(source, { schema: SCHEMA })[Symbol.asyncIterator]();
      await wait(reading.next());
      await wait(reading.return());
    }
    const said = { level: "warn", message: "rows threw while it was closed: no end" };
    expect(sim.lines).toEqual([said, said]);
  });

  test("windows close as event time goes on, long before the end", async () => {
    const { mill, sim, wait } = await openSim();
    async function* quotes() {
      for (let n = 0; n < 100; n++) {
        await new Promise<void>((resolve) => sim.scheduler.after(1000, resolve));
        yield { ts: new Date(n * 1000) };
      }
    }
    const windows = mill
      .from(quotes(), { schema: { ts: "TIMESTAMP(3)" }, time: "ts", outOfOrder: "2s" })
      .window(tumble("10s"))
      .aggregate({ n: count() });
    const seen: number[] = [];
    await wait(windows.forEach(({ windowEnd }) => void seen.push(sim.timeMs - windowEnd.getTime())));
    // A window [0 s, 10 s) closes with the row of 12 s, which comes in the 13th second.
    for (const delayMs of seen.slice(0, 9)) expect(delayMs).toBeLessThan(3200);
    expect(seen).toHaveLength(10);
  });
});
