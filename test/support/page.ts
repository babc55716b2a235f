// One small stream with everything in it that can go wrong, and what Node and pages alike have to make of it: by hand, from
// test/fixtures/page.ndjson with a bound of 5 s and windows of 10 s. Shared by the tests of all hosts.
import { count, type Engine, max, min, sum, type Table, tumble } from "millrace";

const SCHEMA = { ts: "TIMESTAMP(3)", k: "STRING", v: "DOUBLE", b: "BIGINT" } as const;

export const PAGE_OPTIONS = { schema: SCHEMA, time: "ts", outOfOrder: "5s", rowPolicy: "deadLetter" } as const;

/** `second` counts from 2026-01-01. The line `no record` is bad, one time is NULL; "late" and "old" are behind the watermark. */
export const PAGE_RESULT = {
  results: [
    "0 a n=2 v=1.75 0.25..1.5 b=9007199254740993",
    "0 b n=1 v=0 0..0 b=1",
    "0 😀 n=1 v=null null..null b=5",
    "10 a n=1 v=2 2..2 b=2",
    "10 null n=1 v=4 4..4 b=-3",
    "20 😀 n=1 v=2.5 2.5..2.5 b=0",
    "30 a n=1 v=1000 1000..1000 b=9007199254740992",
    "30 \uffff n=1 v=3 3..3 b=4",
  ],
  late: ["late LATE", "old LATE", "untimed NULL_TIME"],
  dead: ["JSON 8 no record"],
  totals: { rowsIn: 12, lateRows: 3, badRows: 1 },
};

type Source = Table<{ ts: Date | null; k: string | null; v: number | null; b: number | null }>;

/** Runs the stream over any source of those bytes; lines as in PAGE_RESULT. */
export async function runPage(mill: Engine, source: Source, batchRows = 8192): Promise<typeof PAGE_RESULT> {
  const stream = source
    .window(tumble("10s"))
    .groupBy("k")
    .aggregate({ n: count(), v: sum("v"), least: min("v"), most: max("v"), b: sum("b") });
  const [results, late, dead] = [mill.memory(), mill.memory(), mill.memory()];
  const { rowsIn, lateRows, badRows } = await stream
    .to(results)
    .and(stream.late().to(late))
    .and(stream.deadLetters().to(dead))
    .run({ batchRows });
  const zero = Date.UTC(2026, 0, 1);
  return {
    results: results
      .toRows({ bigint: true })
      .map(({ windowStart, k, n, v, least, most, b }) => {
        return `${(Number(windowStart) - zero) / 1000} ${k} n=${n} v=${v} ${least}..${most} b=${b}`;
      })
      .sort(),
    late: late
      .toRows()
      .map(({ k, lateReason }) => `${k} ${lateReason}`)
      .sort(),
    dead: dead.toRows().map(({ code, line, raw }) => `${code} ${line} ${new TextDecoder().decode(raw as Uint8Array)}`),
    totals: { rowsIn, lateRows, badRows },
  };
}
