// Webhooks against real servers on loopback: what is sent, in which bodies, how often and when not again; what a server that fails,
// hangs or is not there does to the job. Delays are short, never measured.
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Millrace, type WebhookFailure, type WebhookOptions } from "../../src/node.js";

interface Received {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Answer = (response: ServerResponse, count: number, received: Received) => void;

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

class Receiver {
  readonly requests: Received[] = [];
  answer: Answer = (response) => void response.end();
  /** Requests that are not answered yet. */
  pending = 0;
  pendingMost = 0;
  readonly #server: Server = createServer((request, response) => {
    let body = "";
    this.pending++;
    this.pendingMost = Math.max(this.pendingMost, this.pending);
    response.on("close", () => this.pending--);
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const received = { method: request.method ?? "", headers: request.headers, body };
      this.requests.push(received);
      this.answer(response, this.requests.length, received);
    });
  });

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#server.listen(port, "127.0.0.1", resolve);
    });
    open.push(this);
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/rows`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** The rows of all bodies, in the order in which they came. */
  get rows(): unknown[] {
    return this.requests.flatMap(({ body }) => body.trim().split("\n")).map((line) => JSON.parse(line));
  }
}

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(code, headers).end();

const SHORT = { retry: { attempts: 5, minDelayMs: 1, maxDelayMs: 10 } } as const;

async function setUp() {
  const mill = await Millrace.open();
  open.push(mill);
  const receiver = new Receiver();
  return { mill, receiver, url: await receiver.listen() };
}

const numbered = (length: number) => Array.from({ length }, (_, n) => ({ n, key: `k${n % 3}` }));

describe("a webhook", () => {
  test.each([1, 7, 8192])(
    "sends all rows in order, in bodies of so many rows, from batches of %d",
    async (batchRows) => {
      const { mill, receiver, url } = await setUp();
      await mill
        .rows(numbered(100))
        .to(mill.webhook(url, { batchRows: 30, batchMs: 60_000 }))
        .run({ batchRows });
      expect(receiver.rows).toEqual(numbered(100));
      expect(receiver.requests.map(({ body }) => body.trim().split("\n").length)).toEqual([30, 30, 30, 10]);
      expect(receiver.pendingMost).toBe(1);
      const [first] = receiver.requests;
      expect(first?.method).toBe("POST");
      expect(first?.headers["content-type"]).toBe("application/x-ndjson");
    },
  );

  test("sends JSON arrays, each of them whole, and the headers that it was given", async () => {
    const { mill, receiver, url } = await setUp();
    const headers = { Authorization: "Bearer secret", "Content-Type": "application/vnd.rows+json" };
    await mill
      .rows(numbered(5))
      .to(mill.webhook(url, { batchRows: 2, format: "json", headers }))
      .run();
    expect(receiver.requests.flatMap(({ body }) => JSON.parse(body))).toEqual(numbered(5));
    expect(receiver.requests).toHaveLength(3);
    expect(receiver.requests[0]?.headers).toMatchObject({
      authorization: "Bearer secret",
      "content-type": headers["Content-Type"],
    });
  });

  test("sends a body when it is large or old enough, not only when it has its rows", async () => {
    const { mill, receiver, url } = await setUp();
    const large = numbered(20).map((row) => ({ ...row, key: "x".repeat(1000) }));
    await mill
      .rows(large)
      .to(mill.webhook(url, { batchBytes: 4000, batchMs: 60_000 }))
      .run({ batchRows: 1 });
    expect(receiver.requests).toHaveLength(5);
    let end: () => void = () => undefined;
    const slowly = async function* () {
      yield { n: 1 };
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    };
    receiver.requests.length = 0;
    const job = mill
      .from(slowly(), { schema: { n: "INT" } })
      .to(mill.webhook(url, { batchMs: 1 }))
      .start();
    while (receiver.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(job.state).toBe("running");
    end();
    await job.done;
    expect(receiver.rows).toEqual([{ n: 1 }]);
  });

  test.each([500, 502, 503, 408, 425, 429])("sends a body again after %d, with the same key", async (code) => {
    const { mill, receiver, url } = await setUp();
    receiver.answer = (response, count, received) => status(count % 3 === 0 ? 200 : code)(response, count, received);
    const job = mill
      .rows(numbered(4))
      .to(mill.webhook(url, { batchRows: 2, ...SHORT }))
      .start();
    await job.done;
    const keys = receiver.requests.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toEqual([keys[0], keys[0], keys[0], keys[3], keys[3], keys[3]]);
    expect(keys[0]).not.toBe(keys[3]);
    expect(keys[0]).toMatch(/^[\w-]{20,}$/);
    expect(receiver.requests.slice(0, 3).map(({ body }) => body)).toEqual(Array(3).fill(receiver.requests[0]?.body));
    expect(job.metrics().find(({ retries }) => retries > 0)?.retries).toBe(4);
  });

  test.each([400, 401, 403, 404, 410, 413, 422, 301, 302, 307])("does not send it again after %d", async (code) => {
    const { mill, receiver, url } = await setUp();
    receiver.answer = status(code, { location: "/elsewhere" });
    await expect(mill.rows(numbered(2)).to(mill.webhook(url, SHORT)).run()).rejects.toMatchObject({
      code: "DELIVERY",
      message: expect.stringContaining(`${code}`),
      hint: expect.stringContaining("giveUp"),
      at: { source: url, operator: expect.stringContaining("sink") },
    });
    expect(receiver.requests).toHaveLength(1);
  });

  test("gives up after so many attempts, and says how many they were", async () => {
    const { mill, receiver, url } = await setUp();
    receiver.answer = status(500);
    const job = mill.rows(numbered(2)).to(mill.webhook(url, SHORT)).start();
    const waits: unknown[] = [];
    const traced = (async () => {
      for await (const event of job.trace()) if (event.kind === "connection") waits.push(event.status);
    })();
    await expect(job.done).rejects.toMatchObject({ code: "DELIVERY", hint: expect.stringContaining("6 attempts") });
    await traced;
    expect(receiver.requests).toHaveLength(6);
    expect(waits).toEqual(Array(5).fill("waiting"));
  });

  test("waits as long as the server asks for", async () => {
    const { mill, receiver, url } = await setUp();
    const at: number[] = [];
    receiver.answer = (response, count, received) => {
      at.push(performance.now());
      if (count === 1) status(429, { "retry-after": "1" })(response, count, received);
      else response.end();
    };
    await mill.rows(numbered(2)).to(mill.webhook(url, SHORT)).run();
    expect((at[1] as number) - (at[0] as number)).toBeGreaterThan(950);
  });

  test("hands on what it gives up, counts it, and goes on", async () => {
    const { mill, receiver, url } = await setUp();
    receiver.answer = (response, count, received) =>
      status(received.body.includes('"n":3') ? 422 : 200)(response, count, received);
    const failures: WebhookFailure[] = [];
    const giveUp = async (failure: WebhookFailure) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      failures.push(failure);
    };
    const job = mill
      .rows(numbered(6))
      .to(mill.webhook(url, { batchRows: 2, giveUp }))
      .start();
    await job.done;
    expect(receiver.rows).toEqual(numbered(6));
    expect(failures).toMatchObject([{ rows: 2, status: 422, attempts: 1, error: { code: "DELIVERY" } }]);
    expect(new TextDecoder().decode(failures[0]?.bytes)).toBe(receiver.requests[1]?.body);
    expect(failures[0]?.key).toBe(receiver.requests[1]?.headers["idempotency-key"]);
    expect((await job.done).badRows).toBe(2);
    const throwing = () => {
      throw new Error("no");
    };
    await expect(
      mill
        .rows(numbered(6))
        .to(mill.webhook(url, { batchRows: 2, giveUp: throwing }))
        .run(),
    ).rejects.toMatchObject({ code: "FUNCTION" });
  });

  test("takes up with a server that comes late, and with one that breaks off", async () => {
    const { mill, receiver, url } = await setUp();
    receiver.close();
    const later = new Receiver();
    later.answer = (response, count) => {
      if (count < 3) response.destroy();
      else response.end();
    };
    const run = mill
      .rows(numbered(2))
      .to(mill.webhook(url, { retry: { attempts: 100, minDelayMs: 10, maxDelayMs: 20 } }))
      .run();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await later.listen(Number(new URL(url).port));
    await run;
    expect(later.requests).toHaveLength(3);
  });

  test("does not wait for an answer for ever, whether head or body is missing", async () => {
    const { mill, receiver, url } = await setUp();
    receiver.answer = (response, count) => {
      if (count === 2) response.writeHead(503).write("x");
      if (count === 3) response.writeHead(200).write("x");
    };
    await mill
      .rows(numbered(2))
      .to(mill.webhook(url, { ...SHORT, timeoutMs: 100 }))
      .run();
    expect(receiver.requests).toHaveLength(3);
    receiver.answer = () => undefined;
    await expect(
      mill
        .rows(numbered(2))
        .to(mill.webhook(url, { timeoutMs: 50, retry: { attempts: 0 } }))
        .run(),
    ).rejects.toMatchObject({ code: "DELIVERY", message: expect.stringContaining("no answer within 50 ms") });
  });

  test("an answer without end is passed over", async () => {
    const { mill, receiver, url } = await setUp();
    receiver.answer = (response) => {
      const timer = setInterval(() => response.write("x".repeat(10_000)), 1);
      response.on("close", () => clearInterval(timer));
    };
    await mill.rows(numbered(2)).to(mill.webhook(url)).run();
    expect(receiver.requests).toHaveLength(1);
  });

  test("holds the sources back while the server takes nothing, and lets go when cancelled", async () => {
    const { mill, receiver, url } = await setUp();
    receiver.answer = () => undefined;
    let given = 0;
    const endless = function* () {
      for (;;) yield { n: given++ };
    };
    const job = mill
      .from(endless(), { schema: { n: "INT" } })
      .to(mill.webhook(url, { batchRows: 100 }))
      .start();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = given;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(given).toBe(before);
    expect(given).toBeLessThan(50_000);
    await job.cancel();
    while (receiver.pending > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(receiver.requests).toHaveLength(1);
  });

  test("is cancelled while it waits to try again", async () => {
    const { mill, receiver, url } = await setUp();
    receiver.answer = status(503, { "retry-after": "100" });
    const job = mill.rows(numbered(2)).to(mill.webhook(url)).start();
    while (receiver.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await job.cancel();
    expect(receiver.requests).toHaveLength(1);
  });

  test("refuses wrong options: names at once, values before the first row; and shows no secrets", async () => {
    const { mill, receiver, url } = await setUp();
    const run = (options: object, to = url) =>
      mill
        .rows(numbered(2))
        .to(mill.webhook(to, options as WebhookOptions))
        .run();
    expect(() => mill.webhook(url, { batchRow: 1 } as never)).toThrow(
      expect.objectContaining({ code: "OPTION", hint: expect.stringContaining("batchRows") }),
    );
    for (const wrong of ["", 5, null])
      expect(() => mill.webhook(wrong as never)).toThrow(expect.objectContaining({ code: "OPTION" }));
    for (const options of [
      { batchRows: 0 },
      { batchMs: "1s" },
      { retry: { attempt: 1 } },
      { retry: { attempts: -1 } },
      { giveUp: "skip" },
      { headers: { a: 1 } },
      { format: "xml" },
    ]) {
      await expect(run(options)).rejects.toMatchObject({ code: "OPTION" });
    }
    for (const wrong of ["ftp://host/", "host", "file:///etc/passwd"])
      await expect(run({}, wrong)).rejects.toMatchObject({ code: "OPTION" });
    await expect(run({}, url.replace("http://", "http://user:secret@"))).rejects.toMatchObject({
      code: "OPTION",
      message: expect.not.stringContaining("secret"),
    });
    receiver.answer = status(400);
    const headers = { authorization: "secret" };
    const stream = mill.rows(numbered(2)).to(mill.webhook(`${url}?token=secret`, { headers }));
    expect(await stream.explain()).not.toContain("secret");
    const error = await stream.run().catch((thrown: unknown) => thrown as Error & { format(): string });
    expect((error as { format(): string }).format()).not.toContain("secret");
  });
});
