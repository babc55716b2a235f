// Bodies of HTTP answers whose connection breaks: the suite of all sources on a simulated server, then real servers on loopback.
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { http } from "../../src/connectors/fetch.js";
import { Millrace } from "../../src/node.js";
import type { SimAnswer, SimRequest } from "../../src/platform/sim-net.js";
import { describeSource } from "./conformance.js";
import { encode, ndjson, ROWS, SCHEMA, simulated, tableOf } from "./live-support.js";
import { serving } from "./range-support.js";

const BYTES = encode(ndjson(ROWS));
const URL_OF_ROWS = "https://host/rows.ndjson";

/** What a server answers that can go on at a byte, as RFC 9110 (13.1.5, 14.2) has it. */
function resumed(bytes: Uint8Array, headers: Readonly<Record<string, string | undefined>>, version = '"1"') {
  const [, first] = /^bytes=(\d+)-$/.exec(headers["range"] ?? "") ?? [];
  if (first === undefined || headers["if-range"] !== version) {
    return { status: 200, headers: { etag: version } as Record<string, string>, body: bytes };
  }
  const start = Number(first);
  if (start >= bytes.length) {
    return { status: 416, headers: { "content-range": `bytes */${bytes.length}` }, body: new Uint8Array(0) };
  }
  const range = { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}`, etag: version };
  return { status: 206, headers: range, body: bytes.subarray(start) };
}

function subject(answer: (request: SimRequest, count: number) => SimAnswer) {
  return simulated((sim) => {
    let count = 0;
    sim.net.respond(URL_OF_ROWS, (request) => answer(request, count++));
    return { connector: http, table: tableOf(http, sim, URL_OF_ROWS) };
  });
}

/** Every connection but the last breaks after so many bytes. */
const breaking =
  (pieceBytes: number, hasRanges: boolean) =>
  ({ headers: asked }: SimRequest, count: number): SimAnswer => {
    const { status, headers, body } = resumed(BYTES, hasRanges ? asked : {});
    const given = hasRanges ? pieceBytes : pieceBytes * (count + 1);
    const isCut = body.length > given;
    return { status, headers, chunks: [body.subarray(0, given)], ...(isCut ? { then: "break" } : {}) };
  };

describeSource("a fetch of a body with an ETag, over connections that break", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => subject(breaking(70, true)),
  cuts: { byteCount: BYTES.length, open: (_kit, cut) => subject(breaking(Math.max(cut, 40), true)) },
  replayable: true,
});

describeSource("a fetch of a body with an ETag, of a server without ranges", {
  schema: SCHEMA,
  rows: ROWS,
  open: () => subject(breaking(70, false)),
  replayable: true,
});

let mill: Millrace;
beforeEach(async () => {
  mill = await Millrace.open();
});
afterEach(async () => await mill.close());

/** 400 kB of rows. */
const MANY = Array.from({ length: 10_000 }, (_, n) => ({ n, key: `key ${n} ${"x".repeat(20)}` }));

describe("a body whose connection breaks", () => {
  test.each([
    ["plain", encode(ndjson(MANY)), "x.ndjson"],
    ["packed", gzipSync(ndjson(MANY)), "x.ndjson.gz"],
  ])("goes on at the byte where it was: %s", async (_, bytes, name) => {
    const third = Math.ceil(bytes.length / 3);
    const { url, sent } = await serving((asked, response) => {
      const { status, headers, body } = resumed(bytes, asked.headers as Record<string, string>);
      const part = body.subarray(0, third);
      sent.bytes += part.length;
      response.writeHead(status, { ...headers, "content-length": body.length });
      if (part.length === body.length) response.end(body);
      else response.write(part, () => setTimeout(() => response.destroy(), 20));
    }, name);
    expect(await mill.fetch(url, { schema: SCHEMA }).toArray()).toEqual(MANY);
    expect(sent.requests).toBe(3);
    // What was on its way when it broke may come again.
    expect(sent.bytes).toBeLessThan(bytes.length * 1.5);
  });

  test("is not gone on with when the server has another by now, or cannot say which it is", async () => {
    const bytes = encode(ndjson(MANY));
    for (const [tag, code] of [
      ["strong", "STATE_MISMATCH"],
      ["none", "FETCH"],
      ["weak", "FETCH"],
    ] as const) {
      const { url, sent } = await serving((_, response, count) => {
        const etag = { strong: `"${count}"`, none: "", weak: 'W/"1"' }[tag];
        response.writeHead(200, { ...(etag === "" ? {} : { etag }), "content-length": bytes.length });
        response.write(bytes.subarray(0, 200_000), () => setTimeout(() => response.destroy(), 20));
      }, "x.ndjson");
      await expect(mill.fetch(url, { schema: SCHEMA }).toArray()).rejects.toMatchObject({ code });
      expect(sent.requests).toBe(tag === "strong" ? 2 : 1);
    }
  });

  test("that breaks at its end, or before its first byte, loses nothing", async () => {
    const bytes = encode(ndjson(ROWS));
    const { url, sent } = await serving((asked, response, count) => {
      if (count === 0) response.destroy();
      else if (count === 1) response.writeHead(503, { "retry-after": "0" }).end();
      else {
        const { status, headers, body } = resumed(bytes, asked.headers as Record<string, string>);
        // Chunked, and never ended.
        response.writeHead(status, headers);
        if (status === 416) response.end();
        else response.write(body, () => setTimeout(() => response.destroy(), 20));
      }
    }, "x.ndjson");
    expect(await mill.fetch(url, { schema: SCHEMA }).toArray()).toEqual(ROWS);
    expect(sent.requests).toBe(4);
  });

  test("that breaks again and again ends the job, and the trace tells every attempt", async () => {
    const { url, sent } = await serving((_, response) => response.destroy(), "x.ndjson");
    const job = mill.fetch(url, { schema: SCHEMA }).to(mill.memory()).start();
    const told: string[] = [];
    const watching = (async () => {
      for await (const event of job.trace()) if (event.kind === "connection") told.push(event.status);
    })();
    await expect(job.done).rejects.toMatchObject({ code: "FETCH" });
    await watching;
    expect(sent.requests).toBe(5);
    expect(told).toEqual(["waiting", "waiting", "waiting", "waiting", "closed"]);
  });
});

test("a body is read as fast as the job takes it", async () => {
  const chunk = encode(ndjson(MANY));
  let written = 0;
  const { url } = await serving((_, response) => {
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed && written < 1 << 30) {
        written += chunk.length;
        if (!response.write(chunk)) {
          response.once("drain", more);
          return;
        }
      }
    };
    more();
  }, "x.ndjson");
  let free: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    free = resolve;
  });
  const job = mill
    .fetch(url, { schema: SCHEMA })
    .to(mill.callback(() => gate))
    .start();
  // The server stands still: what it has written is what sockets, chunks ahead and the engine's queues hold.
  const isStill = async (): Promise<boolean> => {
    const before = written;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return written > 0 && written === before;
  };
  await expect.poll(isStill, { timeout: 10_000 }).toBe(true);
  expect(written).toBeLessThan(64 << 20);
  free();
  await job.cancel();
});
