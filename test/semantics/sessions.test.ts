// Sessions, S29 to S36 and S93: worked out by hand. Times are seconds after the epoch, gaps 10 s.
import { afterAll, beforeAll, expect, test } from "vitest";
import { count, type DataStream, type SessionOptions, session, sum } from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { gate, HeldNode, law, script, sec, settle, windows, windowsInOrder } from "./support.js";

const SCHEMA = { ts: "TIMESTAMP(3)", k: "STRING", v: "INT" } as const;

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

const at = (seconds: number, k = "a", v = 1) => ({ ts: sec(seconds), k, v });
const source = (rows: readonly object[], outOfOrder = "0s") =>
  mill.rows(rows as ReturnType<typeof at>[], { schema: SCHEMA, time: "ts", outOfOrder });

type Events = DataStream<{ ts: Date | null; k: string | null; v: number | null }>;

const counted = (stream: Events, options?: SessionOptions) =>
  stream
    .window(session("10s", options))
    .groupBy("k")
    .aggregate({ n: count(), v: sum("v") });

interface Outcome {
  readonly sessions: string[];
  readonly late: string[];
}

/** The sessions, and the late rows with the watermark and the session that each has missed. */
async function outcome(stream: ReturnType<typeof counted>, batchRows: number): Promise<Outcome> {
  const [results, late] = [mill.memory(), mill.memory()];
  const { lateRows } = await stream.to(results).and(stream.late().to(late)).run({ batchRows });
  expect(late.rowCount).toBe(lateRows);
  const seconds = (value: unknown) => (value === null ? "-" : (value as Date).getTime() / 1000);
  const told = late.toRows().map(({ ts, lateReason, lateWatermark, lateWindowStart, lateWindowEnd }) => {
    const missed = `[${seconds(lateWindowStart)}, ${seconds(lateWindowEnd)})`;
    return `${seconds(ts)} ${lateReason} by ${seconds(lateWatermark)} ${missed}`;
  });
  return { sessions: windows(results.toRows()), late: told.sort() };
}

law("S29 rows exactly a gap apart are one session, a millisecond more are two", async (batchRows) => {
  const rows = [at(0), at(10), at(20), at(30.001), at(3, "b"), at(13, "b"), at(23.001, "b")];
  expect(await outcome(counted(source(rows, "1m")), batchRows)).toEqual({
    sessions: [
      '[0, 30) k="a" n=3 v=3',
      '[23.001, 33.001) k="b" n=1 v=1',
      '[3, 23) k="b" n=2 v=2',
      '[30.001, 40.001) k="a" n=1 v=1',
    ],
    late: [],
  });
});

law("S29 without a delay the watermark may end a session before the row at its end comes", async (batchRows) => {
  // At 9.999 s the watermark is end − 1 ms of the first session of a: it is over when the row at 10 s comes.
  const rows = [at(0), at(9.998, "b"), at(10), at(20.001, "b"), at(30.001)];
  expect((await outcome(counted(source(rows)), batchRows)).sessions).toContain('[0, 20) k="a" n=2 v=2');
  const closed = [at(0), at(9.999, "b"), at(10), at(20.001, "b"), at(30.001)];
  expect((await outcome(counted(source(closed)), batchRows)).sessions).toContain('[0, 10) k="a" n=1 v=1');
});

law("S30 a row that bridges two sessions merges both", async (batchRows) => {
  const rows = [at(0, "a", 1), at(18, "a", 2), at(40, "a", 4), at(18, "b", 8), at(9, "a", 16), at(0, "b", 32)];
  expect(await outcome(counted(source(rows, "1m")), batchRows)).toEqual({
    sessions: ['[0, 10) k="b" n=1 v=32', '[0, 28) k="a" n=3 v=19', '[18, 28) k="b" n=1 v=8', '[40, 50) k="a" n=1 v=4'],
    late: [],
  });
});

law("S30 the values of DISTINCT aggregates of merged sessions are united", async (batchRows) => {
  const values = [1, 2, 3, 1, 4, 2, 4, 9];
  for (const order of [
    [0, 18, 36, 9, 27, 9, 27, 80],
    [36, 0, 18, 27, 27, 9, 9, 80],
    [0, 9, 9, 18, 27, 27, 36, 80],
  ]) {
    const rows = order.map((second, index) => at(second, "a", values[index]));
    const stream = source(rows, "2m")
      .window(session("10s"))
      .groupBy("k")
      .aggregate({ n: count(), values: count("v").distinct(), sum: sum("v").distinct() });
    expect(windows(await stream.toArray({ batchRows }))).toEqual([
      '[0, 46) k="a" n=7 values=4 sum=10',
      '[80, 90) k="a" n=1 values=1 sum=9',
    ]);
  }
});

law("S30 bridges on bridges: every order of the rows gives the one session", async (batchRows) => {
  for (const order of [
    [0, 30, 60, 10, 50, 20, 40],
    [60, 40, 20, 0, 50, 30, 10],
    [30, 10, 50, 0, 20, 40, 60],
  ]) {
    const rows = order.map((second) => at(second, "a", second));
    expect((await outcome(counted(source(rows, "2m")), batchRows)).sessions).toEqual(['[0, 70) k="a" n=7 v=210']);
  }
});

law("S31 a late row within the gap of a live session is accepted", async (batchRows) => {
  // The watermark is 17 s. 5 s would end at 15 s: it is late alone, and in time where a session begins by 15 s.
  const rows = [at(12, "a"), at(17, "b"), at(5, "a", 2), at(5, "b", 4), at(2, "a", 8), at(1, "c", 16)];
  expect(await outcome(counted(source(rows)), batchRows)).toEqual({
    sessions: ['[17, 27) k="b" n=1 v=1', '[2, 22) k="a" n=3 v=11'],
    late: ["1 LATE by 17 [1, 11)", "5 LATE by 17 [5, 15)"],
  });
});

law("S31 a row that its own session would not outlive is late, a millisecond later it is not", async (batchRows) => {
  const rows = [at(20, "b"), at(10, "a"), at(10.001, "c"), { ts: null, k: "d", v: 1 }, at(10.002, "e")];
  const { sessions, late } = await outcome(counted(source(rows)), batchRows);
  expect(late).toEqual(["- NULL_TIME by 20 [-, -)", "10 LATE by 20 [10, 20)", "10.001 LATE by 20 [10.001, 20.001)"]);
  expect(sessions).toContain('[10.002, 20.002) k="e" n=1 v=1');
});

law("S32 rows out of order begin sessions, which later rows merge", async (batchRows) => {
  const rows = [50, 10, 30, 0, 40, 20, 61].map((second) => at(second));
  expect((await outcome(counted(source(rows, "1m")), batchRows)).sessions).toEqual([
    '[0, 60) k="a" n=6 v=6',
    '[61, 71) k="a" n=1 v=1',
  ]);
});

law("S33 after a session has fired a new row opens a new one", async (batchRows) => {
  // 12 s closes a's [0, 10) at the watermark 9.999 s; 5 s would have been of it, and begins [5, 15).
  const rows = [at(0, "a"), at(12, "b"), at(5, "a", 2), at(7, "a", 4), at(40, "b")];
  expect((await outcome(counted(source(rows)), batchRows)).sessions).toEqual([
    '[0, 10) k="a" n=1 v=1',
    '[12, 22) k="b" n=1 v=1',
    '[40, 50) k="b" n=1 v=1',
    '[5, 17) k="a" n=2 v=6',
  ]);
});

law("S34 a session ends a gap behind its last row, and comes out when the watermark is there", async (batchRows) => {
  const fired = gate();
  const results: object[] = [];
  const rows = script(
    at(0),
    at(4),
    at(14.998, "b"),
    () => settle(),
    () => expect(results).toEqual([]),
    at(13.998, "c"),
    at(14.999, "b"),
    fired.passed,
  );
  await counted(mill.from(rows, { schema: SCHEMA, time: "ts", outOfOrder: "1s" })).forEach(
    (row) => {
      results.push(row);
      fired.open();
    },
    { batchRows },
  );
  expect(windowsInOrder(results)[0]).toBe('[0, 14) k="a" n=2 v=2');
});

law("S34 a quiet stream's sessions end by the clock", async (batchRows) => {
  const node = new HeldNode();
  const own = await node.open();
  const closed = gate();
  const results: object[] = [];
  const rows = script(
    at(0),
    at(3, "b"),
    () => settle(),
    () => node.advance(60_000),
    closed.passed,
  );
  const stream = own.from(rows, { schema: SCHEMA, time: "ts", advanceWithClock: "2s" });
  await counted(stream).forEach(
    (row) => {
      results.push(row);
      if (results.length === 2) closed.open();
    },
    { batchRows },
  );
  expect(windows(results)).toEqual(['[0, 10) k="a" n=1 v=1', '[3, 13) k="b" n=1 v=1']);
  await own.close();
});

law("S36 an endless session is cut by maxDuration, in whatever order its rows come", async (batchRows) => {
  const seconds = [0, 7, 14, 21, 28, 35, 42, 49, 56, 63];
  for (const order of [seconds, seconds.toReversed(), [35, 0, 63, 7, 56, 14, 49, 21, 42, 28]]) {
    const rows = order.map((second) => at(second, "a", second));
    expect(await outcome(counted(source(rows, "2m"), { maxDuration: "30s" }), batchRows)).toEqual({
      // 28 s is the last row less than 30 s behind 0 s; the next session begins with the next row.
      sessions: ['[0, 30) k="a" n=5 v=70', '[35, 65) k="a" n=5 v=245'],
      late: [],
    });
  }
  expect(
    (
      await outcome(
        counted(
          source(
            seconds.map((second) => at(second)),
            "1s",
          ),
        ),
        batchRows,
      )
    ).sessions,
  ).toEqual(['[0, 73) k="a" n=10 v=10']);
});

law("S36 a session that is cut comes out at its cut, while its rows go on", async (batchRows) => {
  const cut = gate();
  const results: object[] = [];
  const rows = script(at(0), at(5), at(9), at(15), at(20), cut.passed, at(25));
  await counted(mill.from(rows, { schema: SCHEMA, time: "ts" }), { maxDuration: "15s" }).forEach(
    (row) => {
      results.push(row);
      cut.open();
    },
    { batchRows },
  );
  expect(windowsInOrder(results)).toEqual(['[0, 15) k="a" n=3 v=3', '[15, 30) k="a" n=3 v=3']);
});

law("S36 rows behind the watermark join a session whose span they fit in, or are judged alone", async (batchRows) => {
  // Watermark 20 s. 8 s is within [0, 15)…, which is over; 12 s reaches 20 s and would make a span of 8 s.
  const rows = [at(0), at(20), at(8, "a", 2), at(12, "a", 4), at(11, "b", 8)];
  expect(await outcome(counted(source(rows), { maxDuration: "15s" }), batchRows)).toEqual({
    sessions: ['[0, 10) k="a" n=1 v=1', '[11, 21) k="b" n=1 v=8', '[12, 27) k="a" n=2 v=5'],
    late: ["8 LATE by 20 [8, 18)"],
  });
});

law("S93 the sessions of keys that never come again are freed when they end", async (batchRows) => {
  const keys = { 1: 6000, 7: 20_000 }[batchRows] ?? 200_000;
  function* passing() {
    for (let index = 0; index < keys; index++) yield { ts: new Date(index), k: `customer-${index * 7}-of-many` };
  }
  for (const options of [{}, { maxDuration: "400ms" }]) {
    const stateBytes: number[] = [];
    let sessions = 0;
    const stream = mill
      .from(passing(), { schema: { ts: "TIMESTAMP(3)", k: "STRING" }, time: "ts", outOfOrder: "50ms" })
      .window(session("500ms", options))
      .groupBy("k")
      .aggregate({ n: count() });
    const target = mill.callback((rows: readonly { n: number }[]) => {
      sessions += rows.reduce((total, { n }) => total + n, 0);
      stateBytes.push(job.metrics().reduce((all, node) => all + node.stateBytes, 0));
    });
    const job = stream.to(target).start({ batchRows, memoryBytes: 16 << 20 });
    await job.done;
    expect(sessions).toBe(keys);
    const half = Math.floor(stateBytes.length / 2);
    expect(Math.max(...stateBytes.slice(half))).toBeLessThanOrEqual(Math.max(...stateBytes.slice(0, half)) * 1.25);
  }
});

test("session() refuses what it cannot do", () => {
  const option = expect.objectContaining({ code: "OPTION" });
  expect(() => session("0s")).toThrow(option);
  expect(() => session("10s", { maxDuration: 0 })).toThrow(option);
  expect(() => session("10s", { lateness: "1s" } as SessionOptions)).toThrow(option);
  expect(() => session("1 month")).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
  expect(session("10s", { maxDuration: "1h" })).toEqual({
    window: { kind: "session", gapMs: 10_000, maxMs: 3_600_000 },
    latenessMs: 0,
  });
});
