// A page's own fetch against a real server of files, which vitest.config.ts starts beside the page: Arrow by ranges, and bodies
// that go on where their connection broke.
import * as arrow from "apache-arrow";
import { col, Millrace, sum } from "millrace";
import { expect, test } from "vitest";
import { commands } from "vitest/browser";

const COUNT = 40_000;

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

const sent = async (origin: string) =>
  (await (await fetch(`${origin}/sent`)).json()) as { bytes: number; starts: number[] };

test("an Arrow file is read by the ranges of the columns that are wanted", async () => {
  const table = arrow.tableFromArrays({
    a: Float64Array.from({ length: COUNT }, (_, i) => i),
    b: Float64Array.from({ length: COUNT }, (_, i) => i / 2),
    c: Float64Array.from({ length: COUNT }, (_, i) => -i),
  });
  const bytes = arrow.tableToIPC(table, "file");
  const origin = `http://127.0.0.1:${await commands.serveFile(base64(bytes), bytes.length)}`;
  await using mill = await Millrace.open();
  const found = await mill
    .fetch(`${origin}/x.arrow`)
    .aggregate({ b: sum(col("b")) })
    .toArray();
  expect(found).toEqual([{ b: (COUNT * (COUNT - 1)) / 4 }]);
  const { bytes: sentBytes, starts } = await sent(origin);
  expect(starts.length).toBeGreaterThan(1);
  // One column of three, and the ends of the file where its parts are told.
  expect(sentBytes).toBeGreaterThan(COUNT * 8);
  expect(sentBytes).toBeLessThan(bytes.length);
});

test("a body goes on where its connection broke", async () => {
  const rows = Array.from({ length: 2000 }, (_, n) => ({ n, key: `ключ ${n}` }));
  const bytes = new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const origin = `http://127.0.0.1:${await commands.serveFile(base64(bytes), Math.ceil(bytes.length / 3))}`;
  await using mill = await Millrace.open();
  const table = mill.fetch(`${origin}/x.ndjson`, { schema: { n: "BIGINT", key: "STRING" } });
  expect(await table.toArray()).toEqual(rows);
  // How much of a body that breaks off reaches the page is up to the browser; what did is not asked for again.
  const { starts } = await sent(origin);
  expect(starts[0]).toBe(0);
  expect(starts.length).toBeGreaterThanOrEqual(3);
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  expect(starts.at(-1)).toBeGreaterThanOrEqual(Math.floor(bytes.length / 3));
});
