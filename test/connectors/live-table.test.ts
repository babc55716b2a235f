// Live tables: rows seen batch by batch, subscribers that are told a snapshot and then changes, and slow ones that hold up
// nobody. The oracle replays the events onto an array.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { count, type LiveTable, type TableEvent, tumble } from "../../src/index.js";
import { openSim, TICKS, ticks } from "./support.js";

const COUNTED = { key: "STRING NOT NULL", n: "INT NOT NULL" } as const;
type Counted = { key: string; n: number };

/** What a follower holds who applies each event to an array, as the documentation says. */
function replay<Row>(
  rows: readonly Row[],
  { snapshot, changes }: TableEvent<Row>,
  keyOf?: (row: Row) => unknown,
): Row[] {
  if (snapshot !== undefined) return [...snapshot];
  if (keyOf === undefined) return [...rows.slice(changes.removed.length), ...changes.inserted];
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  for (const row of changes.removed) byKey.delete(keyOf(row));
  for (const row of [...changes.updated, ...changes.inserted]) byKey.set(keyOf(row), row);
  return [...byKey.values()];
}

const sorted = <Row extends { key: unknown }>(rows: readonly Row[]) =>
  [...rows].sort((a, b) => (String(a.key) < String(b.key) ? -1 : 1));

const numbered = (length: number, keys: number) =>
  Array.from({ length }, (_, n) => ({ key: `k${(n * 7) % keys}`, n }) satisfies Counted);

describe("a live table", () => {
  test.each([1, 7, 8192])(
    "without a key keeps the last rows, in batches of %d",
    async (batchRows) => {
      const { mill, wait } = await openSim();
      const table = mill.memory<Counted>({ rowsMax: 100 });
      await wait(mill.rows(numbered(20_000, 5)).to(table).run({ batchRows }));
      expect(table.toRows()).toEqual(numbered(20_000, 5).slice(-100));
      expect([table.rowCount, table.evictedRows]).toEqual([100, 19_900]);
      expect(table.version).toBe(Math.ceil(20_000 / batchRows));
    },
    60_000,
  );

  test.each([1, 7, 8192])(
    "with a key keeps the last row of each, in its first place, in batches of %d",
    async (batchRows) => {
      const { mill, wait } = await openSim();
      const table = mill.memory<Counted>({ key: "key" });
      await wait(mill.rows(numbered(5000, 300)).to(table).run({ batchRows }));
      const expected = new Map<string, Counted>();
      for (const row of numbered(5000, 300)) expected.set(row.key, row);
      expect(table.toRows()).toEqual([...expected.values()]);
      expect(table.evictedRows).toBe(0);
    },
  );

  test("S47 S52 S53 NULL is one key, NaN another, and −0 is 0", async () => {
    const { mill, wait } = await openSim();
    const rows = [null, Number.NaN, -0, 0, Number.NaN, null, 1].map((x, n) => ({ x, day: new Date(0), n }));
    const schema = { x: "DOUBLE", day: "TIMESTAMP(3)", n: "INT" } as const;
    for (const key of [["x"], ["x", "day"]] as const) {
      const table = mill.memory<{ x: number; n: number; day: Date }>({ key });
      await wait(mill.rows(rows, { schema }).to(table).run());
      expect(table.toRows().map(({ n }) => n)).toEqual([5, 4, 3, 6]);
    }
  });

  test("keys of several columns are not confused, wherever one ends", async () => {
    const { mill, wait } = await openSim();
    const rows = ["|", ":", "1", "", "null"].flatMap((a) => ["|a", "a", "null", null].map((b) => ({ a, b, c: a + b })));
    const table = mill.memory({ key: ["a", "b"] });
    await wait(mill.rows(rows).to(table).run());
    expect(table.toRows()).toEqual(rows);
  });

  test("windows that fire again take the place of their first result", async () => {
    const { mill, wait } = await openSim();
    const late = { ts: new Date(2500).toISOString(), key: "a", n: 99 };
    const rows = [...ticks(12), late];
    const source = mill.rows(rows, { schema: TICKS, time: "ts" });
    const counted = source
      .window(tumble("5s", { lateness: "1m" }))
      .groupBy("key")
      .aggregate({ n: count() });
    const table = mill.memory({ key: ["windowStart", "key"] });
    const all = mill.memory({});
    await wait(counted.to(table).and(counted.to(all)).run({ batchRows: 1 }));
    expect(table.toRows().map(({ n }) => n)).toEqual([6, 5, 2]);
    expect(all.toRows().map(({ n }) => n)).toEqual([5, 5, 6, 2]);
  });

  test("shows the rows of a job that fails later, and is a source for other jobs", async () => {
    const { mill, wait } = await openSim();
    const table = mill.memory<Counted>({ rowsMax: 50 });
    const failing = mill.rows(numbered(100, 3)).map((row) => {
      if (row.n === 99) throw new Error("enough");
      return row;
    });
    await expect(wait(failing.to(table).run({ batchRows: 10 }))).rejects.toMatchObject({ code: "FUNCTION" });
    expect(table.toRows()).toEqual(numbered(90, 3).slice(-50));
    expect(await wait(table.aggregate({ rows: count() }).toArray())).toEqual([{ rows: 50 }]);
    mill.release(table as never);
    expect(table.toRows()).toEqual([]);
  });

  test("round trips every type as a source", async () => {
    const { mill, wait } = await openSim();
    const schema = { b: "BIGINT", d: "DECIMAL(20, 3)", t: "TIMESTAMP(6)", z: "TIMESTAMP_LTZ(3)", x: "BYTES" } as const;
    const row = {
      b: 2n ** 60n,
      d: "12345678901234567.125",
      t: "2026-01-02T03:04:05.000006",
      z: new Date(5),
      x: Uint8Array.of(1, 2),
    };
    const table = mill.memory({ bigint: true });
    await wait(mill.rows([row], { schema }).to(table).run());
    expect(table.toRows()).toEqual([row]);
    expect(await wait(table.toArray({ bigint: true }))).toEqual([row]);
  });

  test("refuses wrong options at once, and wrong keys and columns before the first row", async () => {
    const { mill, wait } = await openSim();
    const option = expect.objectContaining({ code: "OPTION" });
    expect(() => mill.memory({ keys: "a" } as never)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/"key"/) }),
    );
    for (const rowsMax of [0, -1, 1.5, "10"]) expect(() => mill.memory({ rowsMax } as never)).toThrow(option);
    for (const key of [1, [1], { a: 1 }, null]) expect(() => mill.memory({ key } as never)).toThrow(option);
    const table = mill.memory({});
    expect(() => table.subscribe(undefined as never)).toThrow(option);
    expect(() => table.subscribe(() => undefined, { everyMs: 0 })).toThrow(option);
    expect(() => table.watch({ every: 5 } as never)).toThrow(option);
    const wrong = mill.rows(numbered(1, 1)).to(mill.memory({ key: ["kee"] }));
    await expect(wait(wrong.run())).rejects.toMatchObject({ code: "UNKNOWN_COLUMN" });
    await wait(
      mill
        .rows([{ a: 1 }])
        .to(table)
        .run(),
    );
    await expect(
      wait(
        mill
          .rows([{ b: 1 }])
          .to(table)
          .run(),
      ),
    ).rejects.toMatchObject({ code: "TYPE" });
    await expect(wait(mill.memory({}).toArray())).rejects.toMatchObject({ code: "SCHEMA_EMPTY" });
  });

  test("says once when rows have to go without anybody having said how many stay", async () => {
    const { mill, wait, sim } = await openSim();
    const numbers = mill.generate({ rows: 100_002, schema: { n: "INT" } });
    const [silent, told] = [mill.memory({ rowsMax: 3 }), mill.memory({ name: "results" })];
    await wait(numbers.to(silent).and(numbers.to(told)).run());
    expect(told.rowCount).toBe(100_000);
    expect(sim.lines.filter(({ level }) => level === "warn").map(({ message }) => message)).toEqual([
      expect.stringMatching(/^results holds 100000 rows/),
    ]);
  });
});

describe("subscribers", () => {
  test("are told a snapshot first, then changes, and know the table by them alone", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.integer({ min: 1, max: 1e6 }),
          rows: fc.integer({ min: 0, max: 3000 }),
          keys: fc.integer({ min: 1, max: 400 }),
          keyed: fc.boolean(),
          rowsMax: fc.integer({ min: 1, max: 500 }),
          batchRows: fc.constantFrom(1, 7, 8192),
          everyMs: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 }),
          busyMs: fc.constantFrom(0, 0, 50, 1000),
        }),
        async ({ seed, rows, keys, keyed, rowsMax, batchRows, everyMs, busyMs }) => {
          const { mill, wait, sim } = await openSim(seed);
          const table = mill.memory<Counted>({ rowsMax, ...(keyed ? { key: "key" as const } : {}) });
          const followers = everyMs.map((ms) => follow(table, { everyMs: ms, busyMs, keyed, sim }));
          await wait(mill.rows(numbered(rows, keys), { schema: COUNTED }).to(table).run({ batchRows }));
          await wait(new Promise((resolve) => sim.scheduler.after(5000, () => resolve(null))));
          for (const { state, stop } of followers) {
            expect(state.first).toBe("snapshot");
            expect(sorted(state.rows)).toEqual(sorted(table.toRows()));
            if (!keyed) expect(state.rows).toEqual(table.toRows());
            stop();
          }
          await mill.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  test("see the table only after whole batches", async () => {
    const { mill, wait } = await openSim();
    const table = mill.memory<Counted>({});
    const counts: number[] = [];
    table.subscribe(() => counts.push(table.rowCount), { everyMs: 1 });
    await wait(mill.rows(numbered(1000, 3)).to(table).run({ batchRows: 7 }));
    expect(counts.length).toBeGreaterThan(1);
    expect(counts.filter((rows) => rows % 7 !== 0 && rows !== 1000)).toEqual([]);
  });

  test("that know the same are told the same event, made once", async () => {
    const { mill, wait, sim } = await openSim();
    const table = mill.memory<Counted>({ key: "key" });
    const told: TableEvent<Counted>[][] = Array.from({ length: 100 }, () => []);
    for (const events of told) table.subscribe((event) => events.push(event));
    await wait(mill.rows(numbered(3000, 20)).to(table).run({ batchRows: 10 }));
    await wait(new Promise((resolve) => sim.scheduler.after(1000, () => resolve(null))));
    const distinct = new Set(told.flat());
    expect(distinct.size).toBeLessThan(2 * (told[0] as unknown[]).length);
    expect(told.every((events) => events.at(-1)?.version === table.version)).toBe(true);
  });

  test("ten thousand, of whom most leave at once, are told events that are made once; the others go on", async () => {
    const { mill, wait, sim } = await openSim();
    const table = mill.memory<Counted>({ key: "key" });
    const events = new Set<TableEvent<Counted>>();
    const versions = new Array<number>(10_000).fill(-1);
    const subscriptions = versions.map((_, index) =>
      table.subscribe((event) => {
        events.add(event);
        versions[index] = event.version;
      }),
    );
    await wait(mill.rows(numbered(2000, 20)).to(table).run({ batchRows: 100 }));
    await wait(new Promise((resolve) => sim.scheduler.after(20_000, () => resolve(null))));
    expect(versions.every((version) => version === table.version)).toBe(true);
    const left = table.version;
    for (const leave of subscriptions.slice(10)) leave();
    await wait(mill.rows(numbered(2000, 20)).to(table).run({ batchRows: 100 }));
    await wait(new Promise((resolve) => sim.scheduler.after(20_000, () => resolve(null))));
    expect(versions.slice(0, 10).every((version) => version === table.version)).toBe(true);
    expect(versions.slice(10).every((version) => version === left)).toBe(true);
    // At most one event a batch, and the snapshot.
    expect(events.size).toBeLessThan(45);
  });

  test("who are slow get a snapshot instead of a queue", async () => {
    const { mill, wait, sim } = await openSim();
    const table = mill.memory<Counted>({ rowsMax: 10 });
    const events: TableEvent<Counted>[] = [];
    table.subscribe((event) => {
      events.push(event);
      return new Promise((resolve) => sim.scheduler.after(100_000, () => resolve(null)));
    });
    await wait(mill.rows(numbered(50, 3)).to(table).run());
    await wait(new Promise((resolve) => sim.scheduler.after(100_000, () => resolve(null))));
    await wait(mill.rows(numbered(50_000, 3)).to(table).run({ batchRows: 1000 }));
    await wait(new Promise((resolve) => sim.scheduler.after(500_000, () => resolve(null))));
    expect(events.length).toBeLessThan(5);
    expect(events.map(({ snapshot, changes }) => (snapshot ?? changes.inserted).length)).toContain(10);
    expect(events.at(-1)?.snapshot).toEqual(table.toRows());
  });

  test("who leave are told nothing more, even in the turn in which the others are told", async () => {
    const { mill, wait } = await openSim();
    const table = mill.memory<Counted>({});
    let [first, second] = [0, 0];
    const stop = table.subscribe(() => {
      first++;
      stop();
      stopSecond();
      stop();
    });
    const stopSecond = table.subscribe(() => second++);
    await wait(mill.rows(numbered(1000, 3)).to(table).run({ batchRows: 7 }));
    expect([first, second]).toEqual([1, 0]);
  });

  test("who throw or reject are logged and left out; the job and the others go on", async () => {
    const { mill, wait, sim } = await openSim();
    const table = mill.memory<Counted>({ name: "results" });
    let told = 0;
    table.subscribe(() => {
      throw new Error("no");
    });
    table.subscribe(() => Promise.reject(new Error("never")));
    table.subscribe(() => told++, { everyMs: 1 });
    await wait(mill.rows(numbered(2000, 3)).to(table).run({ batchRows: 7 }));
    expect(told).toBeGreaterThan(1);
    const errors = sim.lines.filter(({ level }) => level === "error").map(({ message }) => message);
    expect(errors.sort()).toEqual([
      "a subscriber of results threw and is told no more: never",
      "a subscriber of results threw and is told no more: no",
    ]);
  });
});

describe("watch()", () => {
  test("gives the events one after another, and ends when the loop is left", async () => {
    const { mill, wait } = await openSim();
    const table = mill.memory<Counted>({ key: "key" });
    const job = mill.rows(numbered(3000, 40)).to(table).start({ batchRows: 7 });
    let rows: Counted[] = [];
    const watched = async () => {
      for await (const event of table.watch({ everyMs: 1 })) {
        rows = replay(rows, event, ({ key }) => key);
        if (event.version === Math.ceil(3000 / 7)) break;
      }
    };
    await wait(watched());
    await wait(job.done);
    expect(rows).toEqual(table.toRows());
  });

  test("ends when the engine closes", async () => {
    const { mill, wait } = await openSim();
    const table = mill.memory({});
    const watch = table.watch();
    expect((await wait(watch.next())).value).toEqual({ version: 0, snapshot: [] });
    const next = watch.next();
    await wait(mill.close());
    expect(await wait(next)).toEqual({ done: true, value: undefined });
  });
});

interface FollowOptions {
  readonly everyMs: number;
  readonly busyMs: number;
  readonly keyed: boolean;
  readonly sim: Awaited<ReturnType<typeof openSim>>["sim"];
}

function follow(table: LiveTable<Counted>, { everyMs, busyMs, keyed, sim }: FollowOptions) {
  const state = { first: "", rows: [] as Counted[] };
  const listener = (event: TableEvent<Counted>) => {
    if (state.first === "") state.first = event.snapshot === undefined ? "changes" : "snapshot";
    state.rows = replay(state.rows, event, keyed ? ({ key }) => key : undefined);
    return busyMs === 0 ? undefined : new Promise((resolve) => sim.scheduler.after(busyMs, () => resolve(null)));
  };
  return { state, stop: table.subscribe(listener, { everyMs }) };
}
