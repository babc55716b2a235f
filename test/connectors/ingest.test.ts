// The endpoint that other programs push to: the suite that all sources share, and requests as senders make them.
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ingest } from "../../src/connectors/ingest.node.js";
import type { Job } from "../../src/index.js";
import { Millrace } from "../../src/node.js";
import { nodePlatform } from "../../src/platform/node.js";
import { describeSource, type Subject } from "./conformance.js";
import { BAD_MESSAGES, BAD_ROWS, encode, ndjson, ROWS, SCHEMA, tableOf } from "./live-support.js";
import { zstdFrame } from "./support.js";

const LINES = ROWS.map((row) => JSON.stringify(row));
const NDJSON = "application/x-ndjson";

const servers = () => process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length;

/** An endpoint that gets these bodies one after another, each again while too much waits. */
function endpoint(
  bodies: Iterable<readonly [rows: number, body: string, type: string]>,
  options: object = {},
): Subject {
  const before = servers();
  let taken = 0;
  let left = false;
  const onListen = (url: string) => {
    const send = async () => {
      for (const [rows, body, type] of bodies) {
        for (let status = 429; status === 429 && !left; ) {
          status = (await fetch(url, { method: "POST", body, headers: { "content-type": type } })).status;
          if (status === 202) taken += rows;
          else await new Promise((resolve) => setTimeout(resolve, 1));
        }
        if (left) return;
      }
    };
    // The endpoint may be closed while somebody sends.
    send().catch(() => undefined);
  };
  return {
    connector: ingest,
    table: tableOf(ingest, nodePlatform(), { port: 0, onListen, ...options }),
    openCount: () => servers() - before,
    takenRows: () => taken,
    dispose: () => {
      left = true;
      return Promise.resolve();
    },
  };
}

function* flood(): Generator<readonly [number, string, string]> {
  for (;;) yield [10, '{"n":1,"key":"k"}\n'.repeat(10), NDJSON];
}

describeSource("an endpoint", {
  schema: SCHEMA,
  rows: ROWS,
  open: () =>
    endpoint([
      [4, ndjson(ROWS.slice(0, 4)), NDJSON],
      [4, JSON.stringify(ROWS.slice(4, 8)), "application/json"],
      [3, LINES.slice(8).join("\n"), NDJSON],
    ]),
  // A body has 180 bytes. Ten of them wait while as many are decoded.
  flood: { open: () => endpoint(flood(), { bufferBytes: 1800 }), aheadRowsMax: 210 },
  bad: {
    open: () => endpoint([[4, BAD_MESSAGES.join("\n"), NDJSON]]),
    rows: BAD_ROWS,
    places: [
      { code: "JSON", at: { source: "subject", line: 2, byte: 18 } },
      { code: "TYPE", at: { source: "subject", line: 3, field: "n" } },
    ],
  },
  endless: true,
  replayable: false,
});

let mill: Millrace;
const closers: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  mill = await Millrace.open();
});
afterEach(async () => {
  await mill.close();
  for (const close of closers.splice(0)) await close();
});

describe("an endpoint", () => {
  const seen: unknown[] = [];
  let job: Job | null = null;
  let url = "";
  let free: () => void;

  /** Starts a job that keeps what is pushed; `held` holds its first batch until `free` is called. */
  async function listen(options: object = {}, held = false): Promise<void> {
    seen.length = 0;
    const gate = new Promise<void>((resolve) => {
      free = resolve;
    });
    const target = mill.callback(async (rows) => {
      seen.push(...rows);
      if (held) await gate;
    });
    url = await new Promise<string>((resolve, reject) => {
      const table = mill.ingest({ port: 0, path: "/rows", schema: SCHEMA, onListen: resolve, ...options });
      job = table.to(target).start();
      job.done.catch(reject);
    });
    closers.push(async () => await job?.cancel());
  }

  const post = async (
    body: string | Uint8Array<ArrayBuffer>,
    type = "application/x-ndjson",
    headers: Record<string, string> = {},
  ) => await fetch(url, { method: "POST", body, headers: { "content-type": type, ...headers } });
  const arrived = async (rows: readonly unknown[]) => await expect.poll(() => [...seen]).toEqual(rows);

  test("takes NDJSON, JSON and CSV, each body as a whole", async () => {
    await listen();
    expect((await post(ndjson(ROWS.slice(0, 3)))).status).toBe(202);
    expect((await post(JSON.stringify(ROWS.slice(3, 6)), "application/json; charset=utf-8")).status).toBe(202);
    await arrived(ROWS.slice(0, 6));
    expect((await post("n,key\n7,seven\n8,eight\n", "text/csv")).status).toBe(202);
    expect((await post('{"n":9,"key":"no line end"}')).status).toBe(202);
    expect((await post('{"n":10,"key":"x"}')).status).toBe(202);
    await arrived([
      ...ROWS.slice(0, 6),
      { n: 7, key: "seven" },
      { n: 8, key: "eight" },
      { n: 9, key: "no line end" },
      { n: 10, key: "x" },
    ]);
  });

  test("refuses what it does not take, and says why by the status", async () => {
    await listen({ token: "a-secret-of-some-length", bodyBytesMax: 100 });
    const token = { authorization: "Bearer a-secret-of-some-length" };
    const status = async (answer: Promise<Response>) => (await answer).status;
    expect(await status(post(LINES[0] as string))).toBe(401);
    expect(await status(post(LINES[0] as string, "application/x-ndjson", { authorization: "Bearer wrong" }))).toBe(401);
    expect(await status(post("<rows/>", "text/xml", token))).toBe(415);
    expect(await status(post("x".repeat(101), "text/csv", token))).toBe(413);
    expect(await status(fetch(url, { headers: token }))).toBe(405);
    expect(await status(fetch(url.replace("/rows", "/other"), { method: "POST", headers: token }))).toBe(404);
    expect(
      await status(post(LINES[0] as string, "application/x-ndjson", { ...token, origin: "https://evil.example" })),
    ).toBe(403);
    const rebound = new Promise<number | undefined>((resolve, reject) => {
      const asked = request(url, { method: "POST", headers: { ...token, host: "evil.example" } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.on("error", reject).end();
    });
    expect(await rebound).toBe(403);
    expect(await status(post(LINES[1] as string, "application/x-ndjson", token))).toBe(202);
    await arrived([ROWS[1]]);
  });

  test("tells senders to come again while too much waits, and loses nothing that it took", async () => {
    await listen({ bufferBytes: 2000 }, true);
    const answers: Response[] = [];
    let taken = 0;
    for (let n = 0; n < 100; n++) {
      const answer = await post(JSON.stringify({ n: taken, key: "k".repeat(100) }));
      answers.push(answer);
      if (answer.status === 202) taken++;
    }
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202, 429]));
    expect(answers.at(-1)?.headers.get("retry-after")).toBe("1");
    expect(taken).toBeLessThan(40);
    free();
    await expect.poll(() => seen.length).toBe(taken);
    expect((await post(JSON.stringify({ n: taken, key: "last" }))).status).toBe(202);
    await expect.poll(() => seen.length).toBe(taken + 1);
  });

  test("bad records go by the row policy", async () => {
    await listen({ rowPolicy: "skip" });
    await post(`${LINES[0]}\nnonsense\n${LINES[1]}`);
    await arrived(ROWS.slice(0, 2));
    expect(job?.metrics()[0]?.badRows).toBe(1);
  });

  test("a port that is taken ends the job", async () => {
    await listen();
    const port = Number(new URL(url).port);
    const second = mill.ingest({ port, schema: SCHEMA }).toArray();
    await expect(second).rejects.toMatchObject({ code: "LISTEN" });
  });

  test("others than this machine are listened to with a token alone", async () => {
    const open = mill.ingest({ port: 0, host: "0.0.0.0", schema: SCHEMA }).toArray();
    await expect(open).rejects.toMatchObject({ code: "OPTION", hint: expect.stringContaining("token") });
    const wrong = mill.ingest({ port: -1, schema: SCHEMA }).toArray();
    await expect(wrong).rejects.toMatchObject({ code: "OPTION" });
  });

  test("takes bodies that are compressed by gzip, its members too, and by Zstandard", async () => {
    await listen();
    const packed = async (coding: string, body: Uint8Array, type?: string) =>
      (await post(new Uint8Array(body), type, { "content-encoding": coding })).status;
    expect(await packed("gzip", gzipSync(ndjson(ROWS.slice(0, 3))))).toBe(202);
    const members = [ROWS.slice(3, 5), ROWS.slice(5, 8)].map((rows) => gzipSync(ndjson(rows)));
    expect(await packed("X-GZIP", Buffer.concat(members))).toBe(202);
    expect(await packed("zstd", zstdFrame(encode(ndjson(ROWS.slice(8, 10)))))).toBe(202);
    expect(await packed("identity", encode(ndjson(ROWS.slice(10))))).toBe(202);
    await arrived(ROWS);
  });

  test("refuses compressed bodies that are broken, too long or of another coding, and says what it takes", async () => {
    await listen({ bodyBytesMax: 4 << 20 });
    const status = async (coding: string, body: Uint8Array) =>
      (await post(new Uint8Array(body), "application/x-ndjson", { "content-encoding": coding })).status;
    const good = gzipSync(ndjson(ROWS));
    expect(await status("gzip", good.subarray(0, -9))).toBe(400);
    expect(await status("gzip", encode(ndjson(ROWS)))).toBe(400);
    expect(await status("zstd", good)).toBe(400);
    // Five megabytes where four are let in, by less than 200 for one; and a bomb that would fit.
    expect(await status("gzip", gzipSync(randomBytes(5 << 20).toString("hex")))).toBe(413);
    expect(await status("gzip", gzipSync(Buffer.alloc(3 << 20, 32)))).toBe(413);
    for (const coding of ["br", "gzip, gzip", "deflate"]) expect(await status(coding, good)).toBe(415);
    const answer = await post("x", "application/x-ndjson", { "content-encoding": "br" });
    expect(answer.headers.get("accept-encoding")).toBe("gzip, zstd");
    expect(answer.headers.get("accept-post")).toContain("text/csv");
    expect(await answer.text()).toContain("application/json");
    expect(await status("gzip", good)).toBe(202);
    await arrived(ROWS);
  });

  test("gives the room of broken bodies back", async () => {
    await listen({ bufferBytes: 2000 });
    const broken = new Uint8Array(gzipSync(randomBytes(900).toString("hex")).subarray(0, -9));
    for (let n = 0; n < 10; n++) {
      const headers = { "content-encoding": "gzip" };
      expect((await post(broken, "application/x-ndjson", headers)).status).toBe(400);
    }
    expect((await post(ndjson(ROWS))).status).toBe(202);
    await arrived(ROWS);
  });
});
