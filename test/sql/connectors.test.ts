// Connectors of the network as tables of SQL, against a server on this machine; options that are wrong name what is right.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { DataStream, Millrace, Pipeline } from "../../src/node.js";

let mill: Millrace;
let server: Server;
let sockets: WebSocketServer;
let base: string;
const posted: { readonly body: string; readonly secret: string | undefined }[] = [];
let polls = 0;

beforeAll(async () => {
  mill = await Millrace.open();
  server = createServer((request, response) => {
    if (request.method === "POST") {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on("end", () => {
        posted.push({ body, secret: request.headers["x-secret"] as string | undefined });
        response.end();
      });
    } else if (request.url === "/sse") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('event: a\ndata: {"n":1}\n\nevent: b\ndata: {"n":2}\n\nevent: a\ndata: {"n":3}\n\n');
    } else if (request.url?.startsWith("/poll")) {
      response.end(`{"n":${++polls}}\n`);
    } else response.end(request.headers["x-secret"] === "s3" ? '{"n":1}\n{"n":2}\n' : '{"n":0}\n');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => {
    socket.on("message", (data) => socket.send(`{"n":${String(data)}}`));
  });
});
afterAll(async () => {
  await mill.close();
  for (const client of sockets.clients) client.terminate();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** The first rows of the last statement; pipelines run. */
async function first(rows: number, sql: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const result of mill.script(sql)) {
    if (result instanceof Pipeline) await result.run();
    if (!(result instanceof DataStream)) continue;
    for await (const row of result) {
      found.push(Object.values(row)[0]);
      if (found.length === rows) break;
    }
  }
  return found;
}

const table = (name: string, options: string) => `CREATE TABLE ${name} (n INT) WITH (${options})`;

test("http with a header, which SHOW CREATE leaves out", async () => {
  const sql = table("remote", `'connector' = 'http', 'url' = 'http://${base}/rows', 'header.x-secret' = 's3'`);
  expect(await first(9, `${sql}; SELECT n FROM remote`)).toEqual([1, 2]);
  const [text] = await first(1, "SHOW CREATE TABLE remote");
  expect(text).toContain("'header.x-secret' = '****'");
  expect(text).not.toContain("s3");
});

test("http-poll asks again and again", async () => {
  const sql = table("polled", `'connector' = 'http-poll', 'url' = 'http://${base}/poll', 'poll.interval' = '10 ms'`);
  expect(await first(3, `${sql}; SELECT n FROM polled`)).toEqual([1, 2, 3]);
});

test("websocket sends what on-open says", async () => {
  const sql = table("socket", `'connector' = 'websocket', 'url' = 'ws://${base}', 'on-open' = '7'`);
  expect(await first(1, `${sql}; SELECT n FROM socket`)).toEqual([7]);
});

test("sse reads the events that are named", async () => {
  const sql = table("events", `'connector' = 'sse', 'url' = 'http://${base}/sse', 'events' = 'a'`);
  expect(await first(2, `${sql}; SELECT n FROM events`)).toEqual([1, 3]);
});

test("webhook takes rows", async () => {
  const options = `'connector' = 'webhook', 'url' = 'http://${base}/hook', 'header.x-secret' = 's3', 'batch.rows' = '2'`;
  await first(0, `${table("hook", options)}; INSERT INTO hook VALUES (1), (2), (3)`);
  expect(posted.map(({ body }) => body)).toEqual(['{"n":1}\n{"n":2}\n', '{"n":3}\n']);
  expect(posted.every(({ secret }) => secret === "s3")).toBe(true);
});

test.each([
  ["'connector' = 'htp'", 'did you mean "http"'],
  ["'connector' = 'http'", "'http' has no 'url'"],
  ["'connector' = 'http', 'url' = 'x', 'formt' = 'csv'", 'did you mean "format"'],
  ["'connector' = 'websocket', 'url' = 'x', 'header.a' = 'b'", "no option 'header.a'"],
  ["'connector' = 'http-poll', 'url' = 'x', 'poll.interval' = '5 parsecs'", "a time such as"],
  ["'connector' = 'http-poll', 'url' = 'x', 'poll.interval' = '0 s'", "a time such as"],
])("%s is refused", async (options, message) => {
  const error = await first(0, table("wrong", options)).catch((thrown: unknown) => thrown);
  expect((error as { format(): string }).format()).toContain(message);
});
