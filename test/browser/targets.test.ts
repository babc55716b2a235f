// Targets in a page: its console, live tables, and requests that a real server answers; and what a page does not have, by name.
import { Millrace, type TableEvent } from "millrace";
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.restoreAllMocks();
});

test("print() shows rows by console.table, and says how many more there were", async () => {
  const tables: unknown[] = [];
  const lines: unknown[] = [];
  vi.spyOn(console, "table").mockImplementation((rows) => void tables.push(rows));
  vi.spyOn(console, "log").mockImplementation((line) => void lines.push(line));
  await using mill = await Millrace.open();
  await mill.rows([{ n: 1 }, { n: 2 }, { n: 3 }]).print({ rowsMax: 2 });
  expect(tables).toEqual([[{ n: 1n }, { n: 2n }]]);
  expect(lines).toEqual(["… 1 more rows"]);
});

test("a page has no standard output", async () => {
  await using mill = await Millrace.open();
  await expect(
    mill
      .rows([{ n: 1 }])
      .to(mill.stdout())
      .run(),
  ).rejects.toMatchObject({
    code: "UNSUPPORTED",
    hint: expect.stringContaining("print"),
  });
});

test("a live table is followed in a page", async () => {
  await using mill = await Millrace.open();
  const table = mill.memory<{ key: string; n: number }>({ key: "key" });
  const events: TableEvent<{ key: string; n: number }>[] = [];
  table.subscribe((event) => events.push(event), { everyMs: 1 });
  const rows = Array.from({ length: 20_000 }, (_, n) => ({ key: `k${n % 3}`, n }));
  await mill.rows(rows).to(table).run();
  expect(table.toRows()).toEqual([
    { key: "k0", n: 19_998 },
    { key: "k1", n: 19_999 },
    { key: "k2", n: 19_997 },
  ]);
  expect(events[0]?.snapshot).toEqual([]);
  expect(events.at(-1)?.version).toBe(table.version);
});

test("a webhook is answered by the page's own server, and not sent again when that refuses it", async () => {
  const bodies: unknown[] = [];
  const { fetch } = globalThis;
  vi.spyOn(globalThis, "fetch").mockImplementation((url, init) => {
    bodies.push(new TextDecoder().decode(init?.body as Uint8Array));
    return fetch(url, init);
  });
  await using mill = await Millrace.open();
  const target = mill.webhook(new URL("/no/such/route", location.href).href, { retry: { attempts: 3, minDelayMs: 1 } });
  await expect(
    mill
      .rows([{ n: 1 }, { n: 2 }])
      .to(target)
      .run(),
  ).rejects.toMatchObject({
    code: "DELIVERY",
    message: expect.stringMatching(/answered 4\d\d$/),
  });
  expect(bodies).toEqual(['{"n":1}\n{"n":2}\n']);
});
