// Deduplication by S45, S96 and S97: which row of a key goes on, which are duplicates, which are late, and how long a key is
// remembered; by example, and by chance against an oracle that knows one row at a time.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { col, count, lower, tumble } from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { gate, HeldNode, law, script, sec, settle, shown, windows } from "./support.js";

const SCHEMA = { ts: "TIMESTAMP(3)", k: "STRING", v: "INT" } as const;

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

const at = (seconds: number, k: string | null = "a", v = 1) => ({ ts: sec(seconds), k, v });
const source = (rows: readonly object[], outOfOrder = "0s") =>
  mill.rows(rows as ReturnType<typeof at>[], { schema: SCHEMA, time: "ts", outOfOrder });
const untimed = (rows: readonly object[]) => mill.rows(rows as ReturnType<typeof at>[], { schema: SCHEMA });

describe("on event time", () => {
  law("S45 the earliest row of a key goes on, whichever came first", async (batchRows) => {
    const rows = [at(3, "a", 1), at(1, "a", 2), at(2, "b", 4), at(2, "a", 8), at(9, "b", 16), at(2, "c", 32)];
    const stream = source(rows, "10s").deduplicate("k");
    expect(shown(await stream.toArray({ batchRows }))).toEqual(shown([at(1, "a", 2), at(2, "b", 4), at(2, "c", 32)]));
  });

  law("S45 of rows of one time the first to arrive goes on", async (batchRows) => {
    const rows = [at(5, "b", 1), at(1, "a", 2), at(1, "a", 4), at(5, "b", 8), at(5, "b", 16)];
    expect(shown(await source(rows, "10s").deduplicate("k").toArray({ batchRows }))).toEqual(
      shown([at(1, "a", 2), at(5, "b", 1)]),
    );
  });

  law(
    "S45 a row is late iff it is behind the watermark that the rows before it made: t < watermark",
    async (batchRows) => {
      // The watermark is 0, 8, 8, 8, 18 in front of the rows 10, 7.999, 8, 20, 17.
      const rows = [at(2, "a"), at(10, "b"), at(7.999, "c"), at(8, "d"), at(20, "e"), at(17, "a", 2), at(18, "f")];
      const [firsts, late] = [mill.memory(), mill.memory()];
      const stream = source(rows, "2s").deduplicate("k");
      const result = await stream.to(firsts).and(stream.late().to(late)).run({ batchRows });
      expect(shown(firsts.toRows())).toEqual(shown([at(2, "a"), at(10, "b"), at(8, "d"), at(20, "e"), at(18, "f")]));
      expect(
        shown(late.toRows().map(({ ts, k, lateReason, lateWatermark }) => ({ ts, k, lateReason, lateWatermark }))),
      ).toEqual(
        shown([
          { ts: sec(7.999), k: "c", lateReason: "LATE", lateWatermark: sec(8) },
          { ts: sec(17), k: "a", lateReason: "LATE", lateWatermark: sec(18) },
        ]),
      );
      expect(late.toRows().every((row) => row.lateWindowStart === null && row.lateWindowEnd === null)).toBe(true);
      expect(result).toMatchObject({ lateRows: 2, duplicateRows: 0, rowsIn: 7 });
    },
  );

  law("S45 a first row goes on when the watermark has reached it, not at the end", async (batchRows) => {
    const came = gate();
    const seen: object[] = [];
    const rows = script(at(1, "a", 1), at(0.5, "a", 2), at(3, "b", 4), came.passed, at(9, "a", 8));
    await mill
      .from(rows, { schema: SCHEMA, time: "ts", outOfOrder: "2s", bounded: true })
      .deduplicate("k")
      .forEach(
        (row) => {
          seen.push(row);
          // The source says nothing more before the first row of "a", at 0.5 s, is here: the watermark is 1 s.
          came.open();
        },
        { batchRows },
      );
    expect(shown(seen)).toEqual(shown([at(0.5, "a", 2), at(3, "b", 4)]));
  });

  law("S45 NULL keys are equal, and a NULL time goes where late rows go", async (batchRows) => {
    const rows = [at(1, null, 1), at(2, null, 2), { ts: null, k: "a", v: 4 }, at(3, "a", 8)];
    const [firsts, late] = [mill.memory(), mill.memory()];
    const stream = source(rows).deduplicate("k");
    await stream.to(firsts).and(stream.late().to(late)).run({ batchRows });
    expect(shown(firsts.toRows())).toEqual(shown([at(1, null, 1), at(3, "a", 8)]));
    expect(late.toRows().map(({ v, lateReason }) => [v, lateReason])).toEqual([[4, "NULL_TIME"]]);
  });

  law(
    "S45 within: a row is a duplicate less than that behind the first row, and a first row again from there on",
    async (batchRows) => {
      const rows = [at(0, "a", 1), at(9.999, "a", 2), at(10, "a", 4), at(12, "b", 8), at(19, "a", 16), at(20, "a", 32)];
      const stream = source(rows).deduplicate("k", { within: "10s" });
      expect(shown(await stream.toArray({ batchRows }))).toEqual(
        shown([at(0, "a", 1), at(10, "a", 4), at(12, "b", 8), at(20, "a", 32)]),
      );
    },
  );

  law("S45 within, out of order: an earlier row brings back one that a later one had hidden", async (batchRows) => {
    // 5 hides 14, but is hidden by 3 itself, which does not reach to 14.
    const rows = [at(5, "a", 1), at(14, "a", 2), at(3, "a", 4), at(12.5, "a", 8)];
    const stream = source(rows, "1m").deduplicate("k", { within: "10s" });
    expect(shown(await stream.toArray({ batchRows }))).toEqual(shown([at(3, "a", 4), at(14, "a", 2)]));
  });

  law(
    "S28 S45 event time is compared at milliseconds: what is finer does not make a row the earlier one",
    async (batchRows) => {
      const table = mill.columns(
        { ts: BigInt64Array.of(1_000_900n, 1_000_100n, 999_999n), k: ["a", "a", "b"], v: Int32Array.of(1, 2, 4) },
        { schema: { ts: "TIMESTAMP(6)", k: "STRING", v: "INT" }, time: "ts", outOfOrder: "1s" },
      );
      const rows = await table.deduplicate("k").select("v").toArray({ batchRows });
      expect(shown(rows)).toEqual(shown([{ v: 1 }, { v: 4 }]));
      mill.release(table);
    },
  );

  law("S45 several keys and computed ones, which stay out of the rows", async (batchRows) => {
    const rows = [at(1, "A", 1), at(2, "a", 1), at(3, "a", 2), at(4, "B", 1)];
    const [firsts, late] = [mill.memory(), mill.memory()];
    const stream = source([...rows, at(0, "z")]).deduplicate([lower(col("k")), "v"]);
    await stream.to(firsts).and(stream.late().to(late)).run({ batchRows });
    expect(shown(firsts.toRows())).toEqual(shown([at(1, "A", 1), at(3, "a", 2), at(4, "B", 1)]));
    expect(late.toRows().map((row) => Object.keys(row).slice(0, 4))).toEqual([["ts", "k", "v", "lateReason"]]);
  });

  law("S45 a window behind it counts every event once, and late() gives what both refused", async (batchRows) => {
    const rows = [
      at(1, "a"),
      at(1, "a"),
      at(4, "b"),
      at(12, "c"),
      at(3, "late"),
      at(11, "d"),
      at(12, "c"),
      at(30, "e"),
    ];
    const stream = source(rows, "2s").deduplicate("k").window(tumble("10s")).aggregate({ n: count() });
    const [counts, late] = [mill.memory(), mill.memory()];
    const result = await stream.to(counts).and(stream.late().to(late)).run({ batchRows });
    expect(windows(counts.toRows())).toEqual(["[0, 10) n=2", "[10, 20) n=2", "[30, 40) n=1"]);
    expect(late.toRows().map(({ k }) => k)).toEqual(["late"]);
    expect(result).toMatchObject({ lateRows: 1, duplicateRows: 2 });
  });

  test("S10 the rows of a stream that became quiet go on with the clock", async () => {
    const node = new HeldNode();
    const held = await node.open();
    const end = gate();
    const seen: object[] = [];
    const rows = script(at(1, "a"), at(5, "b"), end.passed);
    const running = held
      .from(rows, { schema: SCHEMA, time: "ts", outOfOrder: "1m", advanceWithClock: "10s", bounded: true })
      .deduplicate("k")
      .forEach((row) => void seen.push(row));
    await settle();
    expect(seen).toEqual([]);
    node.advance(90_000);
    await settle();
    expect(shown(seen)).toEqual(shown([at(1, "a"), at(5, "b")]));
    end.open();
    await running;
    await held.close();
  });
});

describe("without event time", () => {
  law("S45 the first row to arrive goes on, at once", async (batchRows) => {
    const came = gate();
    const seen: object[] = [];
    const rows = script(at(3, "a", 1), at(1, "a", 2), came.passed, at(0, "b", 4), at(9, "b", 8));
    const stream = mill.from(rows, { schema: SCHEMA, bounded: true }).deduplicate("k");
    await stream.forEach(
      (row) => {
        seen.push(row);
        came.open();
      },
      { batchRows },
    );
    expect(seen).toEqual([at(3, "a", 1), at(0, "b", 4)]);
  });

  test("S97 within is by the clock, and the memory of keys is given back while nothing comes", async () => {
    let nowMs = 1_000_000;
    const node = new HeldNode();
    Object.assign(node.platform.clock, { nowMs: () => nowMs });
    const held = await node.open();
    const [again, end] = [gate(), gate()];
    const seen: object[] = [];
    const rows = script(at(0, "a", 1), at(0, "a", 2), again.passed, at(0, "a", 4), end.passed);
    const target = held.callback((some: readonly object[]) => void seen.push(...some));
    const job = held
      .from(rows, { schema: SCHEMA, bounded: true })
      .deduplicate("k", { within: "1h" })
      .uid("once")
      .to(target)
      .start();
    await settle();
    expect(seen).toEqual([at(0, "a", 1)]);
    const stateBytes = () => job.metrics().find(({ uid }) => uid === "once")?.stateBytes ?? 0;
    const fullBytes = stateBytes();
    nowMs += 3_600_000;
    node.advance(3_600_000);
    await settle();
    expect(stateBytes()).toBeLessThan(fullBytes);
    again.open();
    await settle();
    expect(seen).toEqual([at(0, "a", 1), at(0, "a", 4)]);
    end.open();
    expect(await job.done).toMatchObject({ duplicateRows: 1 });
    await held.close();
  });
});

describe("memory", () => {
  law(
    "S96 keys that never come again are forgotten: flat memory",
    async (batchRows) => {
      const keys = { 1: 30_000, 7: 100_000 }[batchRows] ?? 1_000_000;
      function* passing() {
        for (let i = 0; i < keys; i++) {
          const row = { ts: new Date(Math.floor((i * 200_000) / keys)), k: i * 2_654_435_761 };
          yield row;
          if (i % 2 === 0) yield row;
        }
      }
      const bytes: number[] = [];
      let rows = 0;
      const target = mill.callback((some: readonly object[]) => {
        rows += some.length;
        bytes.push(job.metrics().reduce((all, node) => all + node.stateBytes, 0));
      });
      const job = mill
        .from(passing(), {
          schema: { ts: "TIMESTAMP(3)", k: "BIGINT" },
          time: "ts",
          outOfOrder: "100ms",
          bounded: true,
        })
        .deduplicate("k", { within: "2s" })
        .to(target)
        .start({ batchRows, memoryBytes: 16 << 20 });
      expect(await job.done).toMatchObject({ duplicateRows: keys / 2 });
      expect(rows).toBe(keys);
      const half = Math.floor(bytes.length / 2);
      expect(Math.max(...bytes.slice(half))).toBeLessThanOrEqual(1.25 * Math.max(...bytes.slice(0, half)));
    },
    60_000,
  );

  test("S97 EXPLAIN says that keys without bound are kept for ever, and what bounds them", async () => {
    const forever = await source([]).deduplicate("k").explain();
    expect(forever).toContain(
      'state: one entry a key, never freed: it grows without bound; to bound it: { within: "1h" }',
    );
    const bounded = await source([]).deduplicate("k", { within: "10m" }).explain();
    expect(bounded).toContain("state: one entry a key, freed 10m of event time after its first row");
    expect(await untimed([]).deduplicate("k", { within: "10m" }).explain()).toContain("freed 10m by the clock after");
  });

  test.each([1, 7, 8192])(
    "S97 keys without bound stop at the memory limit, and all memory is given back (batches of %i)",
    async (batchRows) => {
      const endless = function* () {
        for (let i = 0; ; i++) yield { ts: new Date(i), k: `key-${i}` };
      };
      const stream = mill.from(endless(), { schema: { ts: "TIMESTAMP(3)", k: "STRING" }, time: "ts" }).deduplicate("k");
      const run = stream.toArray({ batchRows, memoryBytes: 2 << 20 });
      await expect(run).rejects.toMatchObject({ code: "MEMORY_LIMIT" });
    },
  );
});

// ---- By chance ----

interface Row {
  readonly ts: number | null;
  readonly k: string | null;
  readonly g: number | null;
  readonly v: number;
}

interface How {
  readonly delayMs: number;
  readonly withinMs: number | null;
}

/** Rows one at a time: a list of those that wait, gone through anew with every watermark. */
function expected(rows: readonly Row[], { delayMs, withinMs }: How) {
  const late: { row: Row; reason: string; watermark: number | null }[] = [];
  const inTime: Row[] = [];
  let watermark = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    const told = watermark === Number.NEGATIVE_INFINITY ? null : watermark;
    if (row.ts === null) {
      late.push({ row, reason: "NULL_TIME", watermark: told });
      continue;
    }
    if (row.ts < watermark) late.push({ row, reason: "LATE", watermark: told });
    else inTime.push(row);
    watermark = Math.max(watermark, row.ts - delayMs);
  }
  const firsts: Row[] = [];
  const known = new Map<string, number>();
  for (const row of inTime.toSorted((a, b) => (a.ts as number) - (b.ts as number))) {
    const key = JSON.stringify([row.k, row.g]);
    const first = known.get(key);
    if (first !== undefined && (withinMs === null || (row.ts as number) < first + withinMs)) continue;
    known.set(key, row.ts as number);
    firsts.push(row);
  }
  return { firsts, late, duplicates: inTime.length - firsts.length };
}

const rowsOf = fc
  .array(
    fc.record({
      step: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: 0, max: 6 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 200 }) },
      ),
      back: fc.oneof(
        { weight: 6, arbitrary: fc.constant(0) },
        { weight: 3, arbitrary: fc.integer({ min: 0, max: 120 }) },
      ),
      untimed: fc.integer({ min: 0, max: 19 }).map((value) => value === 0),
      k: fc.constantFrom(null, "", "a", "b", "longer than sixteen bytes"),
      g: fc.constantFrom(null, 0, 1),
    }),
    { maxLength: 150 },
  )
  .map((steps) => {
    let now = 1_795_000_000_000;
    return steps.map(({ step, back, untimed: none, k, g }, v): Row => {
      now += step;
      return { ts: none ? null : now - back, k, g, v };
    });
  });
const howOf = fc.record({
  delayMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 80 })),
  withinMs: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 150 })),
});
const batchRowsOf = fc.constantFrom(1, 2, 7, 13, 8192);
const dated = ({ ts, ...cells }: Row) => ({ ts: ts === null ? null : new Date(ts), ...cells });

test("S45 300 random streams: first rows, duplicates and late rows are the oracle's, whatever the batches", async () => {
  await fc.assert(
    fc.asyncProperty(
      rowsOf,
      howOf,
      batchRowsOf,
      fc.boolean(),
      fc.boolean(),
      async (rows, how, batchRows, filtered, told) => {
        const table = mill.rows(rows.map(dated), {
          schema: { ts: "TIMESTAMP(3)", k: "STRING", g: "INT", v: "INT" },
          time: "ts",
          outOfOrder: how.delayMs,
        });
        const unique = table.deduplicate(["k", "g"], how.withinMs === null ? {} : { within: how.withinMs });
        // A filter on keys may go below, which must not show.
        const stream = filtered ? unique.where(col("g").isNotNull()) : unique;
        const wanted = expected(rows, how);
        const [firsts, late] = [mill.memory(), mill.memory()];
        const pipeline = stream.to(firsts);
        const result = await (told ? pipeline.and(unique.late().to(late)) : pipeline).run({ batchRows });
        expect(shown(firsts.toRows())).toEqual(
          shown(wanted.firsts.filter(({ g }) => !filtered || g !== null).map(dated)),
        );
        if (told || !filtered) {
          expect(result).toMatchObject({ lateRows: wanted.late.length, duplicateRows: wanted.duplicates });
        }
        if (told) {
          const got = late.toRows().map(({ lateOperator: _, lateWindowStart: __, lateWindowEnd: ___, ...row }) => row);
          const told = wanted.late.map(({ row, reason, watermark }) => ({
            ...dated(row),
            lateReason: reason,
            lateWatermark: watermark === null ? null : new Date(watermark),
          }));
          expect(shown(got)).toEqual(shown(told));
        }
        for (const each of [firsts, late, table]) mill.release(each);
      },
    ),
    { numRuns: 300 },
  );
}, 120_000);
