// Live sources in every host: events, observables, event streams and polled URLs give the same in Node and in a page.
import { count, Millrace, tumble } from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";

const SCHEMA = { at: "TIMESTAMP(3)", n: "BIGINT" } as const;
const ROWS = Array.from({ length: 10 }, (_, n) => ({ at: new Date(n * 400), n }));
const RESULT = [3, 2, 3, 2].map((n, i) => ({ windowStart: new Date(i * 1000), n }));

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

function urlOf(text: string, type: string): string {
  return URL.createObjectURL(new Blob([text], { type }));
}

test("an observable → windows", async () => {
  const pushed = {
    subscribe(observer: { next(row: object): void; complete(): void }) {
      for (const row of ROWS) observer.next(row);
      observer.complete();
      return { unsubscribe: () => undefined };
    },
  };
  const observable = { "@@observable": () => pushed, ...pushed };
  const table = mill.from(observable, { schema: SCHEMA, time: "at" });
  const windows = table.window(tumble("1s")).aggregate({ n: count() }).select("windowStart", "n");
  expect(await windows.toArray()).toEqual(RESULT);
});

test("events of an EventTarget, from the job's start to its end", async () => {
  const target = new EventTarget();
  let listeners = 0;
  const watched = {
    addEventListener: (type: string, listener: (event: Event) => void) => {
      listeners++;
      target.addEventListener(type, listener);
      // The job listens: what happens from now on is its own.
      setTimeout(() => {
        for (const row of ROWS) target.dispatchEvent(new CustomEvent(type, { detail: row }));
      }, 0);
    },
    removeEventListener: (type: string, listener: (event: Event) => void) => {
      listeners--;
      target.removeEventListener(type, listener);
    },
  };
  const map = (event: Event) => (event as CustomEvent<(typeof ROWS)[0]>).detail;
  const seen: unknown[] = [];
  for await (const row of mill.events(watched, "tick", { schema: SCHEMA, map })) {
    seen.push(row);
    if (seen.length === ROWS.length) break;
  }
  expect(seen).toEqual(ROWS);
  expect(listeners).toBe(0);
});

test("rows that nobody takes are refused at the bound, and those before it come", async () => {
  const target = new EventTarget();
  const seen: unknown[] = [];
  const read = async () => {
    const table = mill.events(target, "tick", { schema: { n: "BIGINT" }, map: () => ROWS, bufferRows: 5 });
    for await (const row of table) seen.push(row);
  };
  const reading = read();
  // One event is ten rows at once: more than may wait.
  const timer = setInterval(() => target.dispatchEvent(new Event("tick")), 5);
  await expect(reading).rejects.toMatchObject({ code: "SOURCE_OVERRUN" });
  clearInterval(timer);
  expect(seen.length).toBeLessThanOrEqual(6);
});

test("an event stream", async () => {
  const text = ROWS.map((row) => `data: ${JSON.stringify(row)}\n\n`).join("");
  const url = urlOf(text, "text/event-stream");
  const seen: unknown[] = [];
  const read = async () => {
    for await (const row of mill.eventSource(url, { schema: SCHEMA, reconnect: false })) seen.push(row);
  };
  await expect(read()).rejects.toMatchObject({ code: "FETCH", message: expect.stringContaining("closed the stream") });
  expect(seen).toEqual(ROWS);
  URL.revokeObjectURL(url);
});

test("a polled URL", async () => {
  const url = urlOf(ROWS.map((row) => `${JSON.stringify(row)}\n`).join(""), "application/x-ndjson");
  const seen: unknown[] = [];
  for await (const row of mill.poll(url, { schema: SCHEMA, every: 10 })) {
    seen.push(row);
    if (seen.length === 2 * ROWS.length) break;
  }
  expect(seen).toEqual([...ROWS, ...ROWS]);
  URL.revokeObjectURL(url);
});

test("a WebSocket that nobody takes is given up", async () => {
  const table = mill.webSocket("ws://127.0.0.1:1", {
    schema: SCHEMA,
    reconnect: { attempts: 2, minDelay: 1, maxDelay: 2 },
  });
  await expect(table.toArray()).rejects.toMatchObject({
    code: "CONNECTION",
    message: expect.stringContaining("after 2 attempts"),
  });
});
