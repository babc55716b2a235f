// Windows, S17 to S38: which window a time belongs to, worked out by hand, on both sides of the epoch and over all years.
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  col,
  count,
  cumulate,
  type Duration,
  hop,
  max,
  min,
  tumble,
  type WindowOptions,
  type WindowSpec,
} from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { checkWindowFanout } from "../../src/plan/window.js";
import { DAY_MS, law, sec, shown, windows } from "./support.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

/** Counts by window of rows at these milliseconds, with a bound that keeps all of them in time. */
function byMs(times: readonly number[], size: Duration, batchRows: number, options: WindowOptions = {}) {
  return inWindows(times, tumble(size, options), batchRows);
}

/** The same for any window. */
async function inWindows(times: readonly number[], window: WindowSpec, batchRows: number) {
  const ts = times.map((ms) => ({ ts: new Date(ms) }));
  const stream = mill
    .rows(ts, { schema: { ts: "TIMESTAMP(3)" }, time: "ts", outOfOrder: "2000000 days" })
    .window(window)
    .aggregate({ n: count() });
  return windows(await stream.toArray({ batchRows }));
}

/** Bounds and counts in ISO text, in order of time, of rows at these times. */
async function byIso(times: readonly string[], size: Duration, batchRows: number, options: WindowOptions = {}) {
  const ts = times.map((time) => ({ ts: new Date(time) }));
  const stream = mill
    .rows(ts, { schema: { ts: "TIMESTAMP(3)" }, time: "ts", outOfOrder: "8000000 days" })
    .window(tumble(size, options))
    .aggregate({ n: count() });
  const rows = await stream.toArray({ batchRows });
  return rows
    .sort((a, b) => a.windowStart.getTime() - b.windowStart.getTime())
    .map(({ windowStart, windowEnd, windowTime, n }) => {
      expect(windowTime.getTime()).toBe(windowEnd.getTime() - 1);
      return `${short(windowStart)} ${short(windowEnd)} ${n}`;
    });
}

/** ISO text without what is zero. */
const short = (time: Date): string => time.toISOString().replace(/(T00:00)?:00\.000Z$/, "");

law("S17 a window holds its start and not its end", async (batchRows) => {
  expect(await byMs([0, 9999, 10_000, 19_999, 20_000], "10s", batchRows)).toEqual([
    "[0, 10) n=2",
    "[10, 20) n=2",
    "[20, 30) n=1",
  ]);
  // The smallest window there is: every millisecond its own.
  expect(await byMs([-1, 0, 0, 1], 1, batchRows)).toEqual(["[-0.001, 0) n=1", "[0, 0.001) n=2", "[0.001, 0.002) n=1"]);
});

law("S17 window_time is the last millisecond of the window, and its type a TIMESTAMP", async (batchRows) => {
  const stream = mill
    .rows([{ ts: new Date(12_345) }], { schema: { ts: "TIMESTAMP(3)" }, time: "ts" })
    .window(tumble("10s"))
    .aggregate({ n: count() });
  expect(await stream.toArray({ batchRows })).toEqual([
    { windowStart: new Date(10_000), windowEnd: new Date(20_000), windowTime: new Date(19_999), n: 1 },
  ]);
  expect(await stream.schema()).toEqual({
    windowStart: "TIMESTAMP(3) NOT NULL",
    windowEnd: "TIMESTAMP(3) NOT NULL",
    windowTime: "TIMESTAMP(3) NOT NULL",
    n: "BIGINT NOT NULL",
  });
});

law("S18 negative times floor", async (batchRows) => {
  expect(await byMs([-1, -10_000, -10_001, 0, -20_000, -20_001], "10s", batchRows)).toEqual([
    "[-10, 0) n=2",
    "[-20, -10) n=2",
    "[-30, -20) n=1",
    "[0, 10) n=1",
  ]);
});

law("S18 start = t − floorMod(t − offset, size)", async (batchRows) => {
  // floorMod(−1 − 3000, 10000) = 6999: start −7000. floorMod(−7001 − 3000, 10000) = 9999: start −17000.
  expect(await byMs([-1, -7000, -7001, 0, 2999, 3000], "10s", batchRows, { offset: "3s" })).toEqual([
    "[-17, -7) n=1",
    "[-7, 3) n=4",
    "[3, 13) n=1",
  ]);
  // The same windows by an offset of the other sign, and by one larger than the size.
  for (const offset of ["-7s", "13s", "-27s", 1_000_003_000]) {
    expect(await byMs([-7001, 2999, 3000], "10s", batchRows, { offset })).toEqual([
      "[-17, -7) n=1",
      "[-7, 3) n=1",
      "[3, 13) n=1",
    ]);
  }
});

law("S19 days that begin eight hours after and before midnight", async (batchRows) => {
  const times = [
    "1969-12-31T07:59:59.999Z",
    "1969-12-31T08:00:00.000Z",
    "1970-01-01T00:00:00.000Z",
    "1970-01-01T07:59:59.999Z",
    "1970-01-01T08:00:00.000Z",
    "1970-01-01T15:59:59.999Z",
    "1970-01-01T16:00:00.000Z",
  ];
  expect(await byIso(times, "1 day", batchRows, { offset: "8h" })).toEqual([
    "1969-12-30T08:00 1969-12-31T08:00 1",
    "1969-12-31T08:00 1970-01-01T08:00 3",
    "1970-01-01T08:00 1970-01-02T08:00 3",
  ]);
  expect(await byIso(times, "1 day", batchRows, { offset: "-8h" })).toEqual([
    "1969-12-30T16:00 1969-12-31T16:00 2",
    "1969-12-31T16:00 1970-01-01T16:00 4",
    "1970-01-01T16:00 1970-01-02T16:00 1",
  ]);
});

law("S20 windows are aligned to the epoch, never to the first row", async (batchRows) => {
  // 1,767,225,600,000 ms = 2,677,614 × 660,000 ms + 360,000 ms: six minutes into a window.
  expect(
    await byIso(["2026-01-01T00:00:00Z", "2026-01-01T00:04:59.999Z", "2026-01-01T00:05:00Z"], "11m", batchRows),
  ).toEqual(["2025-12-31T23:54 2026-01-01T00:05 2", "2026-01-01T00:05 2026-01-01T00:16 1"]);
});

law("S20 weeks begin on Mondays, seven days on Thursdays", async (batchRows) => {
  // 1970-01-01 was a Thursday, 2026-11-22 is a Sunday.
  const times = [
    "1969-12-28T23:59:59.999Z",
    "1969-12-29T00:00:00.000Z",
    "1970-01-01T00:00:00.000Z",
    "1970-01-04T23:59:59.999Z",
    "1970-01-05T00:00:00.000Z",
    "2026-11-22T23:59:59.999Z",
    "2026-11-23T00:00:00.000Z",
  ];
  const weeks = [
    "1969-12-22 1969-12-29 1",
    "1969-12-29 1970-01-05 3",
    "1970-01-05 1970-01-12 1",
    "2026-11-16 2026-11-23 1",
    "2026-11-23 2026-11-30 1",
  ];
  expect(await byIso(times, "1 week", batchRows)).toEqual(weeks);
  expect(await byIso(times, "1w", batchRows)).toEqual(weeks);
  expect(await byIso(times, "7 days", batchRows)).toEqual([
    "1969-12-25 1970-01-01 2",
    "1970-01-01 1970-01-08 3",
    "2026-11-19 2026-11-26 2",
  ]);
  expect(await byIso(times, 7 * DAY_MS, batchRows)).toEqual(await byIso(times, "7 days", batchRows));
});

law("S21 HOP 10/5: a row at 4 s is in [−5, 5) and [0, 10)", async (batchRows) => {
  expect(await inWindows([4000], hop("10s", "5s"), batchRows)).toEqual(["[-5, 5) n=1", "[0, 10) n=1"]);
  // A row at the end of one window begins another; both sides of the epoch.
  expect(await inWindows([-5000, 0, 5000, 9999], hop("10s", "5s"), batchRows)).toEqual([
    "[-10, 0) n=1",
    "[-5, 5) n=2",
    "[0, 10) n=3",
    "[5, 15) n=2",
  ]);
  expect(await inWindows([4000], hop("10s", "5s", { offset: "1s" }), batchRows)).toEqual([
    "[-4, 6) n=1",
    "[1, 11) n=1",
  ]);
  // As wide as its slide it is a tumbling window.
  const times = [-1, 0, 3, 9_999, 10_000, 25_000];
  expect(await inWindows(times, hop("10s", "10s"), batchRows)).toEqual(await byMs(times, "10s", batchRows));
});

law("S22 HOP whose size is no multiple of its slide starts at multiples of the slide", async (batchRows) => {
  const at = (hour: number, minute: number) => Date.UTC(2026, 0, 1, hour, minute);
  const rows = [at(14, 45)].map((ms) => ({ ts: new Date(ms) }));
  const stream = mill.rows(rows, { time: "ts" }).window(hop("1h", "40m")).aggregate({ n: count() });
  const starts = (await stream.toArray({ batchRows })).map(({ windowStart, windowEnd }) => [
    windowStart.toISOString().slice(11, 16),
    windowEnd.toISOString().slice(11, 16),
  ]);
  expect(starts).toEqual([
    ["14:00", "15:00"],
    ["14:40", "15:40"],
  ]);
  // In minutes: 10 is in [−40, 20) and [0, 60), 30 only in [0, 60), 70 only in [40, 100), 90 in [40, 100) and [80, 140).
  const minutes = [10, 30, 70, 90].map((minute) => minute * 60_000);
  expect(await inWindows(minutes, hop("1h", "40m"), batchRows)).toEqual([
    "[-2400, 1200) n=1",
    "[0, 3600) n=2",
    "[2400, 6000) n=2",
    "[4800, 8400) n=1",
  ]);
});

law("S23 a slide beyond the size leaves gaps: rows there are in no window and not late", async (batchRows) => {
  const rows = [3, 12, 10, 17, 16, 5, 4, 40].map((second) => ({ ts: sec(second) }));
  const stream = mill.rows(rows, { time: "ts" }).window(hop("5s", "10s")).aggregate({ n: count() });
  const [results, late] = [mill.memory(), mill.memory()];
  const { lateRows, partiallyLateRows } = await stream.to(results).and(stream.late().to(late)).run({ batchRows });
  // 17, 16 and 5 s are in gaps. 4 s came at 17 s, when [0, 5) was over.
  expect(windows(results.toRows())).toEqual(["[0, 5) n=1", "[10, 15) n=2", "[40, 45) n=1"]);
  expect(shown(late.toRows().map(({ ts }) => ({ ts })))).toEqual(shown([{ ts: sec(4) }]));
  expect({ lateRows, partiallyLateRows }).toEqual({ lateRows: 1, partiallyLateRows: 0 });
});

test("S24 more than 10,000 windows a row are refused when planned, 10,000 are not", () => {
  expect(() => checkWindowFanout(10_000, 1)).not.toThrow();
  expect(() => checkWindowFanout(2 ** 53 - 1, 2 ** 53 - 1)).not.toThrow();
  const fanout = expect.objectContaining({ code: "WINDOW_FANOUT" });
  expect(() => hop("10s", 1)).not.toThrow();
  expect(() => hop(10_001, 1)).toThrow(fanout);
  expect(() => hop("366 days", 1)).toThrow(fanout);
  expect(() => cumulate("10s", 1)).not.toThrow();
  expect(() => cumulate(10_001, 1)).toThrow(fanout);
});

law("S24 a row in 10,000 windows is in each of them", async (batchRows) => {
  const lines = await inWindows([4], hop(10_000, 1), batchRows);
  expect(lines).toHaveLength(10_000);
  expect(lines.every((line) => line.endsWith(" n=1"))).toBe(true);
});

law(
  "S25 CUMULATE: a key comes out from its first step on, at every step, with or without new rows",
  async (batchRows) => {
    const rows = [
      { ts: sec(1), k: "a" },
      { ts: sec(12), k: "b" },
      { ts: sec(13), k: "b" },
      { ts: sec(35), k: "a" },
      { ts: sec(40), k: "b" },
    ];
    const stream = mill
      .rows(rows, { time: "ts" })
      .window(cumulate("40s", "10s"))
      .groupBy("k")
      .aggregate({ n: count() });
    expect(windows(await stream.toArray({ batchRows }))).toEqual([
      '[0, 10) k="a" n=1',
      '[0, 20) k="a" n=1',
      '[0, 20) k="b" n=2',
      '[0, 30) k="a" n=1',
      '[0, 30) k="b" n=2',
      '[0, 40) k="a" n=2',
      '[0, 40) k="b" n=2',
      '[40, 50) k="b" n=1',
      '[40, 60) k="b" n=1',
      '[40, 70) k="b" n=1',
      '[40, 80) k="b" n=1',
    ]);
  },
);

law("S26 empty windows give no output", async (batchRows) => {
  expect(await byMs([0, 100_000, 86_400_000], "10s", batchRows)).toEqual([
    "[0, 10) n=1",
    "[100, 110) n=1",
    "[86400, 86410) n=1",
  ]);
  expect(await byMs([], "10s", batchRows)).toEqual([]);
});

law("S26 a key gives output only for the windows that it has rows in", async (batchRows) => {
  const rows = [
    { ts: new Date(0), k: "a" },
    { ts: new Date(1), k: "b" },
    { ts: new Date(10_000), k: "a" },
    { ts: new Date(20_000), k: "b" },
  ];
  const stream = mill
    .rows(rows, { schema: { ts: "TIMESTAMP(3)", k: "STRING" }, time: "ts" })
    .window(tumble("10s"))
    .groupBy("k")
    .aggregate({ n: count() });
  expect(windows(await stream.toArray({ batchRows }))).toEqual([
    '[0, 10) k="a" n=1',
    '[0, 10) k="b" n=1',
    '[10, 20) k="a" n=1',
    '[20, 30) k="b" n=1',
  ]);
});

const YEARS = [
  "0001-01-01T00:00:00.000Z",
  "0001-01-01T23:59:59.999Z",
  "1582-10-04T12:00:00.000Z",
  "1582-10-10T00:00:00.000Z",
  "1582-10-15T00:00:00.001Z",
  "1900-03-01T00:00:00.000Z",
  "1969-12-31T23:59:59.999Z",
  "2038-01-19T03:14:08.000Z",
  "2262-04-11T23:47:16.855Z",
  "2262-04-12T00:00:00.000Z",
  "9999-12-31T23:59:59.999Z",
];

law("S27 the years 1, 1582, 1969, 2262 and 9999 survive in day windows", async (batchRows) => {
  // Proleptic Gregorian: 1582-10-10 exists, and 1900 is no leap year.
  expect(await byIso(YEARS, "1 day", batchRows)).toEqual([
    "0001-01-01 0001-01-02 2",
    "1582-10-04 1582-10-05 1",
    "1582-10-10 1582-10-11 1",
    "1582-10-15 1582-10-16 1",
    "1900-03-01 1900-03-02 1",
    "1969-12-31 1970-01-01 1",
    "2038-01-19 2038-01-20 1",
    "2262-04-11 2262-04-12 1",
    "2262-04-12 2262-04-13 1",
    "9999-12-31 +010000-01-01 1",
  ]);
});

law("S27 from year 1 to year 9999 the watermark closes window by window", async (batchRows) => {
  const late: object[] = [];
  const rows = [...YEARS, "9999-12-30T00:00:00.000Z", "0001-01-01T00:00:00.000Z"].map((time) => ({
    ts: new Date(time),
  }));
  const stream = mill
    .rows(rows, { schema: { ts: "TIMESTAMP(3)" }, time: "ts" })
    .window(tumble("1 day"))
    .aggregate({ n: count(), first: min("ts"), last: max("ts") });
  const results = mill.memory();
  const toLate = mill.callback((rows: readonly object[]) => void late.push(...rows));
  await stream.to(results).and(stream.late().to(toLate)).run({ batchRows });
  // The last row of 9999-12-31 is its window's last millisecond: the window closes with it, like all days before.
  expect(shown(results.toRows().map(({ n, first, last }) => ({ n, first, last })))).toEqual(
    [
      "n=2 first=0001-01-01T00:00:00.000Z last=0001-01-01T23:59:59.999Z",
      ...YEARS.slice(2).map((time) => `n=1 first=${time} last=${time}`),
    ].sort(),
  );
  expect(shown((late as { ts: Date }[]).map(({ ts }) => ({ ts })))).toEqual([
    "ts=0001-01-01T00:00:00.000Z",
    "ts=9999-12-30T00:00:00.000Z",
  ]);
});

law("S27 sizes above 2^31 ms", async (batchRows) => {
  const size = 2 ** 31 + 1;
  expect(await byMs([0, size - 1, size, -1, -size, -size - 1], size, batchRows)).toEqual(
    [
      `[${(-2 * size) / 1000}, ${-size / 1000}) n=1`,
      `[${-size / 1000}, 0) n=2`,
      `[0, ${size / 1000}) n=2`,
      `[${size / 1000}, ${(2 * size) / 1000}) n=1`,
    ].sort(),
  );
  // A hundred thousand days are 8.64e12 ms. Day 100,000 is 2243-10-17.
  expect(
    await byIso(["1969-12-31T00:00:00Z", "2243-10-16T23:59:59.999Z", "2243-10-17T00:00:00Z"], "100000 days", batchRows),
  ).toEqual(["1696-03-17 1970-01-01 1", "1970-01-01 2243-10-17 1", "2243-10-17 2517-08-01 1"]);
});

law("S28 sub-millisecond timestamps keep their digits", async (batchRows) => {
  const times = ["1969-12-31T23:59:59.999999", "1970-01-01T00:00:00.000001", "2026-01-01T12:34:56.654321"];
  const source = mill.rows(
    times.map((ts) => ({ ts })),
    { schema: { ts: "TIMESTAMP(6)" }, time: "ts" },
  );
  expect((await source.toArray({ batchRows })).map(({ ts }) => ts)).toEqual(times);
  const stream = source
    .window(tumble("10s"))
    .groupBy({ k: col("ts") })
    .aggregate({ first: min("ts"), last: max("ts") });
  expect(windows(await stream.toArray({ batchRows }))).toEqual([
    `[-10, 0) k="${times[0]}" first="${times[0]}" last="${times[0]}"`,
    `[0, 10) k="${times[1]}" first="${times[1]}" last="${times[1]}"`,
    `[1767270890, 1767270900) k="${times[2]}" first="${times[2]}" last="${times[2]}"`,
  ]);
});

law("S28 event time compares at milliseconds, floored", async (batchRows) => {
  // −1 µs lies in the millisecond −1; 9.999500 and 9.999900 in the same one, which closes [0, 10) without delay.
  const rows = ["1969-12-31T23:59:59.999999", "1970-01-01T00:00:09.999500", "1970-01-01T00:00:09.999900"];
  const stream = mill
    .rows(
      rows.map((ts) => ({ ts })),
      { schema: { ts: "TIMESTAMP(6)" }, time: "ts" },
    )
    .window(tumble("10s"))
    .aggregate({ n: count(), last: max("ts") });
  const [results, late] = [mill.memory(), mill.memory()];
  await stream.to(results).and(stream.late().to(late)).run({ batchRows });
  expect(windows(results.toRows())).toEqual([
    '[-10, 0) n=1 last="1969-12-31T23:59:59.999999"',
    '[0, 10) n=1 last="1970-01-01T00:00:09.999500"',
  ]);
  expect(late.toRows().map(({ ts }) => ts)).toEqual(["1970-01-01T00:00:09.999900"]);
});

law("S28 microseconds in all years", async (batchRows) => {
  const times = ["0001-01-01T00:00:00.000001", "1582-10-10T23:59:59.999999", "9999-12-31T23:59:59.999999"];
  const stream = mill
    .rows(
      times.map((ts) => ({ ts })),
      { schema: { ts: "TIMESTAMP(6)" }, time: "ts" },
    )
    .window(tumble("1 day"))
    .aggregate({ last: max("ts") });
  const rows = await stream.toArray({ batchRows });
  expect(rows.map(({ windowStart, windowEnd, last }) => `${short(windowStart)} ${short(windowEnd)} ${last}`)).toEqual([
    "0001-01-01 0001-01-02 0001-01-01T00:00:00.000001",
    "1582-10-10 1582-10-11 1582-10-10T23:59:59.999999",
    "9999-12-31 +010000-01-01 9999-12-31T23:59:59.999999",
  ]);
});

law("S38 plain TIMESTAMP days are 24 h, whatever zone the host is in", async (batchRows) => {
  const zone = process.env["TZ"];
  process.env["TZ"] = "America/Los_Angeles";
  try {
    // In that zone 2021-03-14 has 23 hours, 02:30 does not exist, and 2021-11-07 has 25 hours with 01:30 twice.
    const rows = ["2021-03-13T23:59:59.999", "2021-03-14T00:00:00.000", "2021-03-14T02:30:00.000"].concat([
      "2021-03-14T23:59:59.999",
      "2021-03-15T00:00:00.000",
      "2021-11-07T01:30:00.000",
      "2021-11-07T23:59:59.999",
      "2021-11-08T00:00:00.000",
    ]);
    const stream = mill
      .rows(
        rows.map((ts) => ({ ts })),
        { schema: { ts: "TIMESTAMP(3)" }, time: "ts" },
      )
      .window(tumble("1 day"))
      .aggregate({ n: count() });
    const results = (await stream.toArray({ batchRows })).sort((a, b) => +a.windowStart - +b.windowStart);
    expect(results.map(({ windowStart, windowEnd, n }) => `${short(windowStart)} ${short(windowEnd)} ${n}`)).toEqual([
      "2021-03-13 2021-03-14 1",
      "2021-03-14 2021-03-15 3",
      "2021-03-15 2021-03-16 1",
      "2021-11-07 2021-11-08 2",
      "2021-11-08 2021-11-09 1",
    ]);
  } finally {
    if (zone === undefined) Reflect.deleteProperty(process.env, "TZ");
    else process.env["TZ"] = zone;
  }
});
