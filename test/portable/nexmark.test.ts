// Nexmark's events are the same bytes on every host: here is what they come to.
import { Millrace } from "millrace";
import { expect, test } from "vitest";

test("the same seed gives the same events in Node and in a page", async () => {
  const mill = await Millrace.open();
  const rows = await mill.nexmark({ events: 20_000, seed: 42 }).toArray();
  const bids = await mill.nexmark({ events: 20_000, seed: 2 ** 40 + 1, only: "bid" }).toArray({ batchRows: 1000 });
  await mill.close();
  expect([rows.length, bids.length]).toEqual([20_000, 18_400]);
  expect([digestOf(rows), digestOf(bids)]).toEqual(["a13cc162", "c83846d9"]);
});

/** FNV-1a of the rows as text. */
function digestOf(rows: unknown): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(JSON.stringify(rows))) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16);
}
