// Live sources against real servers on loopback: `ws` and node:http.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { Millrace } from "../../src/node.js";
import { encode, ndjson, ROWS, SCHEMA } from "./live-support.js";

const RECONNECT = { attempts: 20, minDelay: 5, maxDelay: 50 } as const;
const LINES = ROWS.map((row) => JSON.stringify(row));

let mill: Millrace;
const closers: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  mill = await Millrace.open();
});
afterEach(async () => {
  await mill.close();
  for (const close of closers.splice(0)) await close();
});

/** A WebSocket server on a free port, or on that one. */
async function socketServer(serve: (socket: WebSocket, count: number) => void, port = 0): Promise<number> {
  const server = new WebSocketServer({ port, host: "127.0.0.1" });
  let count = 0;
  server.on("connection", (socket) => serve(socket, count++));
  await new Promise((resolve) => server.on("listening", resolve));
  closers.push(() => {
    for (const client of server.clients) client.terminate();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

async function httpServer(serve: (response: ServerResponse, count: number, lastId: unknown) => void): Promise<string> {
  let count = 0;
  const server: Server = createServer((asked, response) => serve(response, count++, asked.headers["last-event-id"]));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
}

describe("a WebSocket", () => {
  test("is read by text and bytes, over connections that break", async () => {
    const port = await socketServer((socket, count) => {
      for (const line of LINES.slice(count * 4, count * 4 + 4)) socket.send(count === 1 ? encode(line) : line);
      if (count === 2) socket.close(1000);
      // After the messages are out; `terminate` would drop what is still on its way.
      else setTimeout(() => socket.terminate(), 50);
    });
    const table = mill.webSocket(`ws://127.0.0.1:${port}`, { schema: SCHEMA, reconnect: RECONNECT });
    expect(await table.toArray()).toEqual(ROWS);
  });

  test("whose server comes later than the job is found", async () => {
    const free = await socketServer(() => undefined);
    await (closers.pop() as () => Promise<unknown>)();
    const job = mill.webSocket(`ws://127.0.0.1:${free}`, { schema: SCHEMA, reconnect: RECONNECT }).toArray();
    await new Promise((resolve) => setTimeout(resolve, 60));
    await socketServer((socket) => {
      for (const line of LINES) socket.send(line);
      socket.close(1000);
    }, free);
    expect(await job).toEqual(ROWS);
  });

  test("a message beyond what may wait ends the job, and is not asked for again", async () => {
    let opened = 0;
    const port = await socketServer((socket) => {
      opened++;
      socket.on("error", () => undefined);
      socket.send(`{"n":1,"key":"${"x".repeat(10_000)}"}`);
    });
    const table = mill.webSocket(`ws://127.0.0.1:${port}`, { schema: SCHEMA, bufferBytes: 1000, reconnect: RECONNECT });
    await expect(table.toArray()).rejects.toMatchObject({
      code: "CONNECTION",
      message: expect.stringContaining("1009"),
    });
    expect(opened).toBe(1);
  });

  test("whose job is slow is held back: its server's buffer fills, and nothing is lost", async () => {
    const count = 20_000;
    let buffered = 0;
    const port = await socketServer((socket) => {
      for (let n = 0; n < count; n++) socket.send(JSON.stringify({ n, key: "k".repeat(1000) }));
      setTimeout(() => {
        buffered = socket.bufferedAmount;
      }, 300);
      socket.close(1000);
    });
    let seen = 0;
    const target = mill.callback(async (rows) => {
      seen += rows.length;
      await new Promise((resolve) => setTimeout(resolve, seen < 500 ? 400 : 0));
    });
    const table = mill.webSocket(`ws://127.0.0.1:${port}`, { schema: SCHEMA, bufferBytes: 100_000 });
    expect(await table.to(target).run()).toMatchObject({ rowsOut: count, badRows: 0 });
    expect(buffered).toBeGreaterThan(1_000_000);
  });

  test("an address that is none is refused", async () => {
    const reading = mill.webSocket("nonsense", { schema: SCHEMA, reconnect: RECONNECT }).toArray();
    await expect(reading).rejects.toMatchObject({ code: "CONNECTION", domain: "user" });
  });
});

test("an event stream goes on behind the last id, over 5xx and connections cut in the middle of an event", async () => {
  const asked: unknown[] = [];
  const url = await httpServer((response, count, lastId) => {
    asked.push(lastId);
    const from = Number(lastId ?? -1) + 1;
    if (count === 1) {
      response.writeHead(503).end();
      return;
    }
    if (from === ROWS.length) {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const events = LINES.slice(from, from + 6).map((line, i) => `id: ${from + i}\ndata: ${line}\n\n`);
    response.write(`${events.join("")}id: 99\ndata: {"n":`);
    setTimeout(() => response.destroy(), 50);
  });
  expect(await mill.eventSource(url, { schema: SCHEMA, reconnect: RECONNECT }).toArray()).toEqual(ROWS);
  expect(asked).toEqual([undefined, "5", "5", "10"]);
});

test("a polled URL is asked by its ETag", async () => {
  let asked = 0;
  const url = await httpServer((response, count) => {
    asked = count;
    if (count === 0) response.writeHead(200, { etag: '"1"' }).end(ndjson(ROWS));
    else response.writeHead(count < 3 ? 304 : 410).end();
  });
  const seen: unknown[] = [];
  const table = mill.poll(url, { schema: SCHEMA, every: 20 });
  await expect(table.to(mill.callback((rows) => void seen.push(...rows))).run()).rejects.toMatchObject({
    code: "FETCH",
  });
  expect(seen).toEqual(ROWS);
  expect(asked).toBe(3);
});

describe("a stream of Node", () => {
  const chunks = (size: number) => {
    const bytes = encode(ndjson(ROWS));
    return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, i * size + size));
  };

  test.each([1, 7, 1000])("is read in chunks of %d bytes, once", async (size) => {
    const stream = Readable.from(chunks(size), { objectMode: false });
    const table = mill.from(stream, { schema: SCHEMA, format: "ndjson" });
    expect(await table.toArray()).toEqual(ROWS);
    await expect(table.toArray()).rejects.toMatchObject({ code: "SOURCE_USED" });
  });

  test("that gives text is read as UTF-8, its columns found out", async () => {
    const stream = Readable.from(chunks(1000), { objectMode: false }).setEncoding("utf8");
    expect(await mill.from(stream).toArray()).toEqual(ROWS);
  });

  test("is destroyed when its reader leaves, whatever it waits for", async () => {
    const stream = new Readable({ read: () => undefined });
    stream.push(encode(`${LINES[0]}\n`));
    const job = mill.from(stream, { schema: SCHEMA, format: "ndjson" }).to(mill.memory()).start();
    await expect.poll(() => job.progress().rows).toBe(1);
    await job.cancel();
    expect(stream.destroyed).toBe(true);
  });
});
