// Sessions in every host: the same ones in Node and in a page, whatever the batches are.
import { count, Millrace, max, session } from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

/** Bursts of 20 rows a millisecond apart, 100 ms of silence between, rows moved by up to 50 ms; one user a burst in turn. */
const ROWS = Array.from({ length: 4000 }, (_, n) => {
  const burst = Math.floor(n / 20);
  return { at: new Date(burst * 120 + (n % 20)), user: `user-${burst % 7}`, n };
}).sort((a, b) => a.at.getTime() + ((a.n * 7919) % 50) - b.at.getTime() - ((b.n * 7919) % 50));

test.each([1, 7, 8192])("S29 S32 every burst is a session (batches of %i)", async (batchRows) => {
  const sessions = mill
    .rows(ROWS, { time: "at", outOfOrder: "50ms" })
    .window(session("90ms"))
    .groupBy("user")
    .aggregate({ rows: count(), last: max("n") });
  const result = await sessions.toArray({ batchRows });
  const lines = result.map(({ windowStart, windowEnd, user, rows, last }) => {
    return `${windowStart.getTime()} ${windowEnd.getTime()} ${user} ${rows} ${last}`;
  });
  const bursts = Array.from({ length: 200 }, (_, burst) => {
    return `${burst * 120} ${burst * 120 + 19 + 90} user-${burst % 7} 20 ${burst * 20 + 19}`;
  });
  expect(lines).toEqual(bursts);
});
