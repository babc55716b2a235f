// A page's own WebSocket against a real server, which vitest.config.ts starts beside the page.
import { Millrace } from "millrace";
import { expect, test } from "vitest";
import { commands } from "vitest/browser";

const SCHEMA = { n: "BIGINT", key: "STRING" } as const;
const ROWS = Array.from({ length: 2000 }, (_, n) => ({ n, key: `ключ ${n}` }));

test("messages of a WebSocket, text and bytes, over connections that are lost", async () => {
  // A connection brings 500 messages and breaks; the last one is closed as complete.
  const port = await commands.serveSocket(
    ROWS.map((row) => JSON.stringify(row)),
    500,
  );
  await using mill = await Millrace.open();
  const table = mill.webSocket(`ws://127.0.0.1:${port}`, {
    schema: SCHEMA,
    onOpen: "go",
    reconnect: { attempts: 5, minDelay: 5, maxDelay: 50 },
  });
  const target = mill.memory();
  const job = table.to(target).start();
  expect(await job.done).toMatchObject({ rowsOut: 2000, badRows: 0 });
  expect(target.toRows()).toEqual(ROWS);
  expect(job.metrics()[0]?.retries).toBe(3);
});
