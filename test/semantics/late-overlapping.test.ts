// Late rows of windows that overlap, S40 and S41: each window judges for itself. Times are seconds after the epoch.
import { afterAll, beforeAll, expect } from "vitest";
import { count, cumulate, hop, type WindowSpec } from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { law, sec, windowsInOrder } from "./support.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

/** Results in order, late rows with the windows that they missed, and the counts of a run over rows at these seconds. */
async function outcome(seconds: readonly number[], window: WindowSpec, batchRows: number) {
  const rows = seconds.map((second) => ({ ts: sec(second) }));
  const stream = mill.rows(rows, { time: "ts" }).window(window).aggregate({ n: count() });
  const [results, late] = [mill.memory(), mill.memory()];
  const { lateRows, partiallyLateRows } = await stream.to(results).and(stream.late().to(late)).run({ batchRows });
  return {
    results: windowsInOrder(results.toRows()),
    late: late.toRows().map(({ ts, lateWindowStart, lateWindowEnd }) => {
      return `${Number(ts) / 1000} missed ${Number(lateWindowStart) / 1000} to ${Number(lateWindowEnd) / 1000}`;
    }),
    lateRows,
    partiallyLateRows,
  };
}

law("S40 a row that is late for one window counts in the next", async (batchRows) => {
  // At 7 s the window [−5, 5) is over; 4 s still counts in [0, 10).
  expect(await outcome([3, 7, 4], hop("10s", "5s"), batchRows)).toMatchObject({
    results: ["[-5, 5) n=1", "[0, 10) n=3", "[5, 15) n=1"],
    late: [],
    lateRows: 0,
    partiallyLateRows: 1,
  });
});

law("S40 a row is late when all its windows are over, and tells the first and the last of them", async (batchRows) => {
  expect(await outcome([3, 17, 4, 9], hop("10s", "5s"), batchRows)).toMatchObject({
    results: ["[-5, 5) n=1", "[0, 10) n=1", "[10, 20) n=1", "[15, 25) n=1"],
    late: ["4 missed -5 to 10", "9 missed 0 to 15"],
    lateRows: 2,
    partiallyLateRows: 0,
  });
});

law("S40 windows whose size is no multiple of the slide judge by their own ends", async (batchRows) => {
  // [−4, 3), [0, 7), [4, 11), [8, 15). At 9 s [0, 7) is over: 2 s missed two windows, 3 s one, 6 s one of two.
  expect(await outcome([9, 2, 3, 6, 20], hop("7s", "4s"), batchRows)).toMatchObject({
    results: ["[4, 11) n=2", "[8, 15) n=1", "[16, 23) n=1", "[20, 27) n=1"],
    late: ["2 missed -4 to 7", "3 missed 0 to 7"],
    partiallyLateRows: 1,
  });
});

law("S40 a row of a cumulating window misses the steps that are over", async (batchRows) => {
  // At 15 s the step [0, 10) is over, at 31 s all are.
  expect(await outcome([2, 15, 4, 31, 5], cumulate("30s", "10s"), batchRows)).toMatchObject({
    results: ["[0, 10) n=1", "[0, 20) n=3", "[0, 30) n=3", "[30, 40) n=1", "[30, 50) n=1", "[30, 60) n=1"],
    late: ["5 missed 0 to 30"],
    partiallyLateRows: 1,
  });
});

law(
  "S41 within the lateness every window of the row fires again at once, in the order of their ends",
  async (batchRows) => {
    expect(await outcome([3, 12, 4, 30], hop("10s", "5s", { lateness: "10s" }), batchRows)).toMatchObject({
      results: [
        "[-5, 5) n=1",
        "[0, 10) n=1",
        "[-5, 5) n=2",
        "[0, 10) n=2",
        "[5, 15) n=1",
        "[10, 20) n=1",
        "[25, 35) n=1",
        "[30, 40) n=1",
      ],
      lateRows: 0,
      partiallyLateRows: 0,
    });
  },
);

law("S41 a window past its lateness does not fire again, the next one does", async (batchRows) => {
  // At 16 s [−5, 5) is over with its lateness of 10 s, [0, 10) is not.
  expect(await outcome([3, 16, 4, 40], hop("10s", "5s", { lateness: "10s" }), batchRows)).toMatchObject({
    results: [
      "[-5, 5) n=1",
      "[0, 10) n=1",
      "[0, 10) n=2",
      "[10, 20) n=1",
      "[15, 25) n=1",
      "[35, 45) n=1",
      "[40, 50) n=1",
    ],
    partiallyLateRows: 1,
  });
});
