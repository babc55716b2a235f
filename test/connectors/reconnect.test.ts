// Connections that are refused, lost and regained, on the simulator: when they are tried again, how often, and what the
// program sees of it.
import { describe, expect, test } from "vitest";
import { count, tumble } from "../../src/index.js";
import type { SimAnswer } from "../../src/platform/sim-net.js";
import { connections, encode, ndjson, ROWS, SCHEMA } from "./live-support.js";
import { openSim } from "./support.js";

const LINES = ROWS.map((row) => JSON.stringify(row));
const RETRY = { attempts: 3, minDelay: 100, maxDelay: 250 } as const;
const URL_WS = "ws://host/rows";
const URL_HTTP = "http://host/rows";

describe("a WebSocket", () => {
  test("that is lost is opened again, asks anew, and says so in the trace and the metrics", async () => {
    const { mill, sim, wait } = await openSim();
    const asked: unknown[] = [];
    sim.net.listen(URL_WS, (socket, count) => {
      for (const line of LINES.slice(4 * count, 4 * count + 4)) socket.send(line);
      socket.close(count < 2 ? 1006 : 1000, "bye");
      return { message: (data) => asked.push(data) };
    });
    const target = mill.memory();
    const table = mill.webSocket(URL_WS, { schema: SCHEMA, onOpen: () => ["hello", "rows"], reconnect: RETRY });
    const job = table.to(target).start();
    const events = connections(job.trace());
    await wait(job.done);
    expect(target.toRows()).toEqual(ROWS);
    expect(asked.slice(0, 2)).toEqual(["hello", "rows"]);
    expect(job.metrics()[0]?.retries).toBe(2);
    expect(events.map((event) => "status" in event && event.status)).toEqual([
      ...["connecting", "open", "waiting"],
      ...["connecting", "open", "waiting"],
      ...["connecting", "open", "closed"],
    ]);
    // Each connection brought messages, so each failure is the first again: 50 to 100 ms.
    for (const event of events) {
      if (!("status" in event) || event.status !== "waiting") continue;
      expect(event.delayMs).toBeGreaterThanOrEqual(50);
      expect(event.delayMs).toBeLessThanOrEqual(100);
      expect(event.message).toBe("closed with 1006: bye");
    }
    expect(sim.net.openCount).toBe(0);
  });

  test("that nobody takes is tried so often, waiting longer each time, and no more", async () => {
    for (let seed = 0; seed < 5; seed++) {
      const { mill, sim, wait } = await openSim(seed);
      const job = mill.webSocket(URL_WS, { schema: SCHEMA, reconnect: RETRY }).to(mill.memory()).start();
      const events = connections(job.trace());
      await expect(wait(job.done)).rejects.toMatchObject({
        code: "CONNECTION",
        message: expect.stringMatching(/ws:\/\/host\/rows .*connection refused, after 3 attempts/),
        retry: "backoff",
      });
      const delays = events.flatMap((event) => ("delayMs" in event ? [event.delayMs as number] : []));
      expect(delays).toHaveLength(3);
      [100, 200, 250].forEach((fullMs, i) => {
        expect(delays[i]).toBeGreaterThanOrEqual(fullMs / 2);
        expect(delays[i]).toBeLessThanOrEqual(fullMs);
      });
      expect(sim.net.openCount).toBe(0);
    }
  });

  test("that only opens and closes is not one that works", async () => {
    const { mill, sim, wait } = await openSim();
    let opened = 0;
    sim.net.listen(URL_WS, (socket) => {
      opened++;
      socket.close(1011);
      return {};
    });
    await expect(wait(mill.webSocket(URL_WS, { schema: SCHEMA, reconnect: RETRY }).toArray())).rejects.toMatchObject({
      code: "CONNECTION",
    });
    expect(opened).toBe(4);
  });

  test.each([1002, 1003, 1007, 1008, 1009])("closed with %d is not opened again", async (code) => {
    const { mill, sim, wait } = await openSim();
    let opened = 0;
    sim.net.listen(URL_WS, (socket) => {
      opened++;
      socket.close(code, "no");
      return {};
    });
    await expect(wait(mill.webSocket(URL_WS, { schema: SCHEMA }).toArray())).rejects.toMatchObject({
      code: "CONNECTION",
      message: expect.stringContaining(`${code}: no`),
    });
    expect(opened).toBe(1);
  });

  test("with reconnect: false ends with the first loss, after the rows before it", async () => {
    const { mill, sim, wait } = await openSim();
    sim.net.listen(URL_WS, (socket) => {
      for (const line of LINES) socket.send(line);
      socket.close(1006);
      return {};
    });
    const seen: unknown[] = [];
    const read = async () => {
      for await (const row of mill.webSocket(URL_WS, { schema: SCHEMA, reconnect: false })) seen.push(row);
    };
    await expect(wait(read())).rejects.toMatchObject({ code: "CONNECTION" });
    expect(seen).toEqual(ROWS);
  });

  test("is left at once, also while it waits to be opened again", async () => {
    const { mill, sim, wait } = await openSim();
    const job = mill.webSocket(URL_WS, { schema: SCHEMA }).to(mill.memory()).start();
    await wait(new Promise<void>((resolve) => void sim.scheduler.after(300, resolve)));
    await wait(job.cancel());
    expect(job.state).toBe("cancelled");
    expect(sim.net.openCount).toBe(0);
    expect(sim.lines).toEqual([]);
  });

  test("whose onOpen throws ends the job with its error as cause", async () => {
    const { mill, sim, wait } = await openSim();
    sim.net.listen(URL_WS, () => ({}));
    const onOpen = (): string => {
      throw new Error("no token");
    };
    await expect(wait(mill.webSocket(URL_WS, { schema: SCHEMA, onOpen }).toArray())).rejects.toMatchObject({
      code: "FUNCTION",
      cause: expect.objectContaining({ message: "no token" }),
    });
    expect(sim.net.openCount).toBe(0);
  });

  test("is held back while a reader is slow, and loses nothing", async () => {
    const { mill, sim, wait } = await openSim();
    const rows = Array.from({ length: 5000 }, (_, n) => ({ n, key: "k".repeat(20) }));
    sim.net.listen(URL_WS, (socket) => {
      for (const row of rows) socket.send(JSON.stringify(row));
      socket.close(1000);
      return {};
    });
    const seen: unknown[] = [];
    const target = mill.callback(async (batch) => {
      seen.push(...batch);
      await new Promise<void>((resolve) => sim.scheduler.after(3000, resolve));
    });
    const table = mill.webSocket(URL_WS, { schema: SCHEMA, bufferBytes: 4000 });
    expect(await wait(table.to(target).run())).toMatchObject({ badRows: 0, rowsOut: 5000 });
    expect(seen).toEqual(rows);
  });

  test("S9 a slow sink makes none of its rows late, however long it holds them back", async () => {
    const { mill, sim, wait } = await openSim();
    const start = Date.UTC(2026, 0, 1);
    sim.net.listen(URL_WS, (socket) => {
      for (let n = 0; n < 300; n++) socket.send(JSON.stringify({ at: new Date(start + n * 100), n }));
      socket.close(1000);
      return {};
    });
    const table = mill.webSocket(URL_WS, { schema: { at: "TIMESTAMP(3)", n: "BIGINT" }, time: "at", idle: "50ms" });
    const target = mill.callback(() => new Promise<void>((resolve) => sim.scheduler.after(500, resolve)));
    const windows = table.window(tumble("1s")).aggregate({ n: count() });
    const job = windows.to(target).start({ batchRows: 7 });
    expect(await wait(job.done)).toMatchObject({ lateRows: 0, rowsOut: 30 });
  });

  test("wrong options are refused where they are given", async () => {
    const { mill, wait } = await openSim();
    const open = (options: object) => mill.webSocket(URL_WS, { schema: SCHEMA, ...options } as never);
    expect(() => open({ reconect: false })).toThrow(
      expect.objectContaining({ code: "OPTION", hint: expect.stringContaining("reconnect") }),
    );
    expect(() => open({ reconnect: { attempt: 1 } })).toThrow(
      expect.objectContaining({ code: "OPTION", hint: expect.stringContaining("attempts") }),
    );
    expect(() => open({ reconnect: { attempts: -1 } })).toThrow(expect.objectContaining({ code: "OPTION" }));
    expect(() => open({ reconnect: { minDelay: "5" } })).toThrow(expect.objectContaining({ code: "TIME_UNIT" }));
    expect(() => open({ bufferBytes: 0 })).toThrow(expect.objectContaining({ code: "OPTION" }));
    expect(() => open({ protocols: [1] })).toThrow(expect.objectContaining({ code: "OPTION" }));
    expect(() => mill.webSocket("", { schema: SCHEMA })).toThrow(expect.objectContaining({ code: "OPTION" }));
    const table = mill.webSocket("wss://u:secret@host/x?token=secret", {} as never);
    const error = await wait(table.toArray()).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "OPTION", hint: expect.stringContaining("schema") });
    expect(JSON.stringify(error) + String(error)).not.toContain("secret");
  });
});

describe("an event stream", () => {
  const events = (from: number, to: number): Uint8Array =>
    encode(
      LINES.slice(from, to)
        .map((line, i) => `id: ${from + i}\ndata: ${line}\n\n`)
        .join(""),
    );
  const headers = { "content-type": "text/event-stream" };

  test("that breaks in the middle of an event goes on behind the last whole one", async () => {
    for (let seed = 0; seed < 10; seed++) {
      const { mill, sim, wait } = await openSim(seed);
      const ids: (string | undefined)[] = [];
      sim.net.respond(URL_HTTP, ({ headers: asked, count }): SimAnswer => {
        ids.push(asked["last-event-id"]);
        const from = Number(asked["last-event-id"] ?? -1) + 1;
        if (from === ROWS.length) return { status: 204 };
        if (count % 2 === 0) {
          const whole = events(from, Math.min(from + 3, ROWS.length));
          return { headers, chunks: [whole, encode('id: 99\ndata: {"n":99')], then: "break" };
        }
        return { status: 503 };
      });
      const table = mill.eventSource(URL_HTTP, { schema: SCHEMA, reconnect: RETRY });
      expect(await wait(table.toArray())).toEqual(ROWS);
      expect(ids).toEqual([undefined, "2", "2", "5", "5", "8", "8", "10", "10"].slice(0, ids.length));
      expect(sim.net.openCount).toBe(0);
    }
  });

  test("waits as long as the server says: by `retry`, and by Retry-After", async () => {
    const { mill, sim, wait } = await openSim();
    const answers: SimAnswer[] = [
      { headers, chunks: [encode("retry: 200\n\n"), events(0, 11)] },
      { status: 429, headers: { "retry-after": "7" } },
      { status: 204 },
    ];
    sim.net.respond(URL_HTTP, ({ count }) => answers[count] as SimAnswer);
    const job = mill
      .eventSource(URL_HTTP, { schema: SCHEMA, reconnect: { attempts: 5, minDelay: 1, maxDelay: 1000 } })
      .to(mill.memory())
      .start();
    const told = connections(job.trace());
    await wait(job.done);
    const delays = told.flatMap((event) => ("delayMs" in event ? [event.delayMs as number] : []));
    expect(delays[0]).toBeGreaterThanOrEqual(100);
    expect(delays[1]).toBeGreaterThanOrEqual(7000);
  });

  test.each<[string, SimAnswer, RegExp]>([
    [
      "another type",
      { headers: { "content-type": "text/html" }, chunks: [encode("<html>")] },
      /text\/html, not text\/event-stream/,
    ],
    ["no type", { chunks: [encode("data: x\n\n")] }, /no type/],
    ["404", { status: 404 }, /answered 404/],
    ["401", { status: 401 }, /answered 401/],
  ])("answered with %s is not asked again", async (_what, answer, message) => {
    const { mill, sim, wait } = await openSim();
    let asked = 0;
    sim.net.respond(URL_HTTP, () => {
      asked++;
      return answer;
    });
    await expect(wait(mill.eventSource(URL_HTTP, { schema: SCHEMA }).toArray())).rejects.toMatchObject({
      code: "FETCH",
      message: expect.stringMatching(message),
    });
    expect(asked).toBe(1);
    expect(sim.net.openCount).toBe(0);
  });

  test("that is never there is given up after so many attempts", async () => {
    const { mill, wait } = await openSim();
    await expect(
      wait(mill.eventSource(URL_HTTP, { schema: SCHEMA, reconnect: RETRY }).toArray()),
    ).rejects.toMatchObject({
      code: "FETCH",
      message: expect.stringMatching(/after 3 further attempts.*no such host/),
    });
  });

  test("gives the types of events that are asked for, all unless they are", async () => {
    const { mill, sim, wait } = await openSim();
    const text = 'event: a\ndata: {"n":1}\n\ndata: {"n":2}\n\nevent: b\ndata: {"n":3}\n\n';
    const serve = () =>
      sim.net.respond(URL_HTTP, ({ count }) => (count % 2 ? { status: 204 } : { headers, chunks: [encode(text)] }));
    const numbers = async (options: object) => {
      serve();
      return (await wait(mill.eventSource(URL_HTTP, { schema: { n: "BIGINT" }, ...options }).toArray())).map(
        ({ n }) => n,
      );
    };
    expect(await numbers({})).toEqual([1, 2, 3]);
    expect(await numbers({ events: ["message"] })).toEqual([2]);
    expect(await numbers({ events: ["a", "b"] })).toEqual([1, 3]);
  });

  test("an event that is too long is refused, and the rest goes on", async () => {
    const { mill, sim, wait } = await openSim();
    const text = `data: {"n":1}\n\ndata: {"n":2,"key":"${"x".repeat(500)}"}\n\ndata: {"n":3}\n\n`;
    sim.net.respond(URL_HTTP, ({ count }) => (count ? { status: 204 } : { headers, chunks: [encode(text)] }));
    const table = mill.eventSource(URL_HTTP, { schema: { n: "BIGINT" }, maxRecordBytes: 100, rowPolicy: "deadLetter" });
    const bad = mill.memory();
    const good = mill.memory();
    await wait(table.to(good).and(table.deadLetters().to(bad)).run());
    expect(good.toRows()).toEqual([{ n: 1 }, { n: 3 }]);
    expect(bad.toRows().map(({ code }) => code)).toEqual(["RECORD_TOO_LARGE"]);
  });
});

describe("a polled URL", () => {
  test("gives the rows of what has changed, and none of what has not (ETag)", async () => {
    const { mill, sim, wait } = await openSim();
    const asked: (string | undefined)[] = [];
    sim.net.respond(URL_HTTP, ({ headers, count }): SimAnswer => {
      const etag = headers["if-none-match"];
      asked.push(etag);
      const version = `"v${Math.floor(count / 3)}"`;
      if (count === 8) return { status: 410 };
      return etag === version ? { status: 304 } : { headers: { etag: version }, chunks: [encode(ndjson(ROWS))] };
    });
    const seen: unknown[] = [];
    const table = mill.poll(URL_HTTP, { schema: SCHEMA, every: "1s" });
    const job = table.to(mill.callback((rows) => void seen.push(...rows))).run();
    await expect(wait(job)).rejects.toMatchObject({ code: "FETCH", message: expect.stringContaining("410") });
    expect(seen).toEqual([...ROWS, ...ROWS, ...ROWS]);
    expect(asked[0]).toBeUndefined();
    expect(asked.slice(1, 4)).toEqual(['"v0"', '"v0"', '"v0"']);
  });

  test("asked every so often, whatever an answer takes", async () => {
    const { mill, sim, wait } = await openSim();
    const times: number[] = [];
    sim.net.respond(URL_HTTP, ({ count }) => {
      times.push(sim.timeMs);
      return count === 10 ? { status: 400 } : { chunks: [encode(ndjson(ROWS))] };
    });
    await expect(wait(mill.poll(URL_HTTP, { schema: SCHEMA, every: "1s" }).toArray())).rejects.toMatchObject({
      code: "FETCH",
    });
    expect(times).toHaveLength(11);
    for (let i = 1; i < times.length; i++) {
      expect((times[i] as number) - (times[i - 1] as number)).toBeGreaterThan(950);
      expect((times[i] as number) - (times[i - 1] as number)).toBeLessThan(1100);
    }
  });

  test("a body that breaks off has given no row, and is asked for again; 5xx too", async () => {
    const { mill, sim, wait } = await openSim();
    const body = encode(ndjson(ROWS));
    const answers: SimAnswer[] = [
      { chunks: [body.subarray(0, 100)], then: "break" },
      { status: 503 },
      { chunks: [body] },
      { status: 400 },
    ];
    sim.net.respond(URL_HTTP, ({ count }) => answers[count] as SimAnswer);
    const seen: unknown[] = [];
    const table = mill.poll(URL_HTTP, { schema: SCHEMA, every: "1s" });
    const job = table.to(mill.callback((rows) => void seen.push(...rows))).start();
    await expect(wait(job.done)).rejects.toMatchObject({ code: "FETCH" });
    expect(seen).toEqual(ROWS);
    expect(job.metrics()[0]?.retries).toBe(2);
  });

  test("tells its columns by its first answer, and keeps the cursor's column to itself", async () => {
    const { mill, sim, wait } = await openSim();
    sim.net.respond(URL_HTTP, ({ url }) => {
      const after = Number(new URL(url).searchParams.get("after") ?? -1);
      const rows = ROWS.filter(({ n }) => n > after).slice(0, 3);
      return rows.length === 0 ? { status: 400 } : { chunks: [encode(ndjson(rows))] };
    });
    const table = mill.poll(URL_HTTP, { every: "1s", cursor: { column: "n", parameter: "after" } });
    expect(await wait(table.schema())).toMatchObject({ n: "BIGINT", key: "STRING" });
    const seen: unknown[] = [];
    const job = table
      .select("key")
      .to(mill.callback((rows) => void seen.push(...rows)))
      .run();
    await expect(wait(job)).rejects.toMatchObject({ code: "FETCH" });
    expect(seen).toEqual(ROWS.map(({ key }) => ({ key })));
  });

  test("a body beyond its bound is refused, not swallowed", async () => {
    const { mill, sim, wait } = await openSim();
    sim.net.respond(URL_HTTP, () => ({ chunks: [encode(ndjson(ROWS))] }));
    const table = mill.poll(URL_HTTP, { schema: SCHEMA, every: "1s", bodyBytesMax: 50, retry: false });
    await expect(wait(table.toArray())).rejects.toMatchObject({ message: expect.stringContaining("50 bytes") });
    expect(sim.net.openCount).toBe(0);
  });
});
