// Random streams through the public API against the oracle that knows one row at a time: disorder, NULLs, NaN, late rows,
// windows of any size and offset, batches of any size, one source or several.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { count, cumulate, type DataStream, hop, max, min, sum, tumble } from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { expectedOutput, type Result, type Row, type Windowing } from "./oracle.js";
import { shown } from "./support.js";

const RUNS = 300;

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

const SCHEMA = { ts: "TIMESTAMP(3)", k: "STRING", g: "INT", v: "DOUBLE", b: "BIGINT", s: "STRING" } as const;

/** Multiples of a quarter add up exactly in any order. */
const quarter = fc.integer({ min: -4000, max: 4000 }).map((value) => value / 4);
const double = fc.oneof(
  { weight: 12, arbitrary: quarter },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, -0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
  { weight: 2, arbitrary: fc.constant(null) },
);
const bigint = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: -(2n ** 55n), max: 2n ** 55n }) },
  { weight: 1, arbitrary: fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, null) },
);
const text = fc.constantFrom(
  null,
  "",
  "a",
  "b",
  "B",
  "é",
  "e\u0301",
  "\uffff",
  "😀",
  "longer than sixteen bytes",
  "a\u0000",
);
const key = fc.constantFrom(null, "", "a", "b", "c", "\uffff", "😀");

const shapes: fc.Arbitrary<Pick<Windowing, "kind" | "sizeMs" | "everyMs">> = fc.oneof(
  fc.record({ kind: fc.constant("tumble"), sizeMs: fc.constantFrom(1, 2, 7, 10, 60, 1000), everyMs: fc.constant(0) }),
  fc.record({
    kind: fc.constant("hop"),
    sizeMs: fc.constantFrom(1, 6, 10, 60, 250),
    everyMs: fc.constantFrom(1, 4, 5, 10, 60, 70),
  }),
  fc
    .tuple(fc.constantFrom(1, 3, 10, 60), fc.integer({ min: 1, max: 8 }))
    .map(([everyMs, steps]) => ({ kind: "cumulate", sizeMs: everyMs * steps, everyMs }) as const),
);

const windowing: fc.Arbitrary<Windowing> = fc
  .tuple(
    shapes,
    fc.record({
      offsetMs: fc.integer({ min: -2000, max: 2000 }),
      latenessMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100 })),
      delayMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
    }),
  )
  .map(([shape, more]) => ({ ...shape, ...more }));

/** Where the times lie: around the epoch, in year 1, today, in year 9999. */
const base = fc.constantFrom(0, -62_135_596_000_000, 1_795_000_000_000, 253_402_300_000_000);

/** Rows whose times go up by and by, each set back by some disorder; some have none. */
const rows = fc
  .record({
    base,
    steps: fc.array(
      fc.record({
        step: fc.oneof(
          { weight: 8, arbitrary: fc.integer({ min: 0, max: 6 }) },
          { weight: 1, arbitrary: fc.integer({ min: 0, max: 300 }) },
        ),
        back: fc.oneof(
          { weight: 6, arbitrary: fc.constant(0) },
          { weight: 3, arbitrary: fc.integer({ min: 0, max: 150 }) },
        ),
        untimed: fc.integer({ min: 0, max: 19 }).map((value) => value === 0),
        k: key,
        g: fc.constantFrom(null, 0, 1),
        v: double,
        b: bigint,
        s: text,
      }),
      { maxLength: 120 },
    ),
  })
  .map(({ base: start, steps }) => {
    let now = start;
    return steps.map(({ step, back, untimed, ...cells }): Row => {
      now += step;
      return { ts: untimed ? null : now - back, ...cells };
    });
  });

const batchRows = fc.constantFrom(1, 2, 3, 7, 8, 13, 64, 8192);
/** Whole columns have string dictionaries and bitmaps where rows have neither. */
const shape = fc.constantFrom("rows", "columns", "iterable") satisfies fc.Arbitrary<string>;

const dated = ({ ts, ...cells }: Row) => ({ ts: ts === null ? null : new Date(ts), ...cells });

function sourceOf(some: readonly Row[], kind: "rows" | "columns" | "iterable", { delayMs }: Windowing) {
  const options = { schema: SCHEMA, time: "ts", outOfOrder: delayMs } as const;
  if (kind === "rows") return mill.rows(some.map(dated), options);
  if (kind === "iterable") return mill.from(some.map(dated)[Symbol.iterator](), { ...options, bounded: true });
  const column = <K extends keyof Row>(name: K) => some.map((row) => dated(row)[name]);
  const texts = column("k");
  const values = [...new Set(texts.filter((value) => value !== null))];
  const codes = texts.map((value) => (value === null ? -1 : values.indexOf(value)));
  return mill.columns(
    { ts: column("ts"), k: { codes, values }, g: column("g"), v: column("v"), b: column("b"), s: column("s") },
    options,
  );
}

function aggregated(
  source: DataStream<Record<keyof typeof SCHEMA, never>>,
  { kind, sizeMs, everyMs, offsetMs: offset, latenessMs: lateness }: Windowing,
) {
  const options = { offset, lateness };
  return source
    .window(kind === "tumble" ? tumble(sizeMs, options) : { hop, cumulate }[kind](sizeMs, everyMs, options))
    .groupBy("k", "g")
    .aggregate({
      n: count(),
      sumV: sum("v"),
      minV: min("v"),
      maxV: max("v"),
      sumB: sum("b"),
      countS: count("s"),
    });
}

const timesOf = ({ start, end, ...values }: Result) => ({
  windowStart: new Date(start),
  windowEnd: new Date(end),
  windowTime: new Date(end - 1),
  ...values,
  n: BigInt(values.n),
  countS: BigInt(values.countS),
});

/** The last of the lines that begin alike: what a table that is updated ends up with. */
function finalOf(results: readonly object[]): string[] {
  const lines = new Map<string, object>();
  for (const row of results as { windowStart: Date; windowEnd: Date; k: unknown; g: unknown }[]) {
    lines.set(JSON.stringify([row.windowStart, row.windowEnd, row.k, Number(row.g), row.g === null]), row);
  }
  return shown([...lines.values()]);
}

test(`${RUNS} random streams of one source: results, late rows and counts are the oracle's`, async () => {
  await fc.assert(
    fc.asyncProperty(rows, windowing, batchRows, shape, fc.boolean(), async (some, how, size, kind, optimize) => {
      const source = sourceOf(some, kind, how);
      const stream = aggregated(source as never, how);
      const [results, late] = [mill.memory(), mill.memory()];
      const job = await stream.to(results).and(stream.late().to(late)).run({ batchRows: size, optimize });
      const expected = expectedOutput(some, how);
      const emitted = results.toRows({ bigint: true });
      const wanted = expected.emitted.map(timesOf);
      expect(finalOf(emitted)).toEqual(finalOf(wanted));
      // With lateness the steps in between may depend on the batches; row by row, and without lateness, nothing may.
      if (size === 1 || how.latenessMs === 0) expect(shown(emitted)).toEqual(shown(wanted));
      else expect(emitted.length).toBeLessThanOrEqual(wanted.length);
      const timeOf = (ms: number | undefined | null) => (ms === undefined || ms === null ? null : new Date(ms));
      const wantedLate = expected.late.map(({ row, reason, watermark, missed }) => ({
        ...dated(row),
        lateReason: reason,
        lateWatermark: timeOf(watermark),
        lateWindowStart: timeOf(missed?.start),
        lateWindowEnd: timeOf(missed?.end),
      }));
      const gotLate = late.toRows({ bigint: true });
      expect(shown(gotLate.map(({ lateOperator: _, ...row }) => row))).toEqual(shown(wantedLate));
      expect(job).toMatchObject({
        rowsIn: some.length,
        lateRows: expected.late.length,
        partiallyLateRows: expected.partiallyLate,
        badRows: 0,
      });
      for (const table of [results, late, source]) mill.release(table);
    }),
    { numRuns: RUNS },
  );
}, 120_000);

test(`${RUNS / 2} random unions of sources within their bounds: nothing is late, and the order between them is of no account`, async () => {
  const within = fc.tuple(rows, windowing).map(([some, how]) => {
    // A row is never late when it is less than the bound behind the greatest time before it: at the bound itself it may be.
    let latest = Number.NEGATIVE_INFINITY;
    return {
      how,
      some: some.flatMap((row): Row[] => {
        if (row.ts === null) return [];
        const ts = Math.max(row.ts, latest - how.delayMs + 1);
        latest = Math.max(latest, ts);
        return [{ ...row, ts }];
      }),
    };
  });
  await fc.assert(
    fc.asyncProperty(
      within,
      fc.integer({ min: 2, max: 4 }),
      batchRows,
      shape,
      async ({ some, how }, inputs, size, kind) => {
        const parts = Array.from({ length: inputs }, (_, input) =>
          some.filter((_, i) => (i * 7919) % inputs === input),
        );
        const sources = parts.map((part) => sourceOf(part, kind, how));
        const [first, ...others] = sources as [(typeof sources)[number], ...typeof sources];
        const stream = aggregated(first.union(...others) as never, how);
        const results = mill.memory();
        const { lateRows } = await stream.to(results).run({ batchRows: size });
        // In order of time nothing is late either, so the oracle's results are those of all rows.
        const inOrder = some.toSorted((a, b) => (a.ts as number) - (b.ts as number));
        const expected = expectedOutput(inOrder, how);
        expect(lateRows).toBe(0);
        expect(expected.late).toEqual([]);
        // Sums of infinities of both signs and NaN are NaN in any order, all other values add up exactly.
        expect(shown(results.toRows({ bigint: true }))).toEqual(shown(expected.emitted.map(timesOf)));
        for (const table of [results, ...sources]) mill.release(table);
      },
    ),
    { numRuns: RUNS / 2 },
  );
}, 120_000);
