// Broadcasts over real servers on loopback: what a client is told is the table; who may listen, and who is dropped; nothing of
// it holds the job up or outlives it. The oracle replays the events onto an array.
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type BroadcastOptions, type Job, Millrace, type Target } from "../../src/node.js";
import { type Client, type Kind, known, listen, type Row } from "./broadcast-support.js";

const SCHEMA = { key: "STRING", n: "INT" } as const;
const TOKEN = "a-secret-of-16-characters-or-more";

/** A source that gives what the test says, when it says so. */
class Tap {
  #rows: Row[] = [];
  #wake: () => void = () => undefined;
  #ended = false;

  push(...rows: readonly Row[]): void {
    this.#rows.push(...rows);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Row> {
    for (;;) {
      yield* this.#rows.splice(0);
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

const open: { mill: Millrace; tap: Tap }[] = [];

afterEach(async () => {
  for (const { mill, tap } of open.splice(0)) {
    tap.end();
    await mill.close();
  }
});

const KINDS: readonly Kind[] = ["eventStream", "webSocketServer"];

interface Running {
  readonly url: string;
  readonly job: Job;
  readonly tap: Tap;
}

/** A job with a broadcast that listens. */
async function broadcast(kind: Kind, options: Partial<BroadcastOptions> = {}): Promise<Running> {
  const mill = await Millrace.open();
  const tap = new Tap();
  open.push({ mill, tap });
  let listening: (url: string) => void = () => undefined;
  const heard = new Promise<string>((resolve) => {
    listening = resolve;
  });
  const target = mill[kind]({ port: 0, everyMs: 1, onListen: listening, ...options });
  const job = mill.from(tap, { schema: SCHEMA }).to(target).start();
  const url = await Promise.race([heard, job.done.then(() => "ended")]);
  return { url: url.replace(/^ws/, "http"), job, tap };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const rows = (start: number, end: number, keys = 7) =>
  Array.from({ length: end - start }, (_, i) => ({ key: `k${(start + i) % keys}`, n: start + i }));

describe.each(KINDS)("%s", (kind) => {
  const END = kind === "eventStream" ? "end" : 1000;

  test("tells every client the table, whenever it comes, and that the job has ended", async () => {
    const { url, job, tap } = await broadcast(kind, { rowsMax: 100 });
    const first = await listen(kind, url);
    tap.push(...rows(0, 60));
    await until(() => known(first, false).length === 60);
    const second = await listen(kind, url);
    await until(() => second.told.length > 0);
    expect(second.told[0]).toMatchObject({ kind: "snapshot", data: rows(0, 60) });
    tap.push(...rows(60, 150));
    tap.end();
    expect(await first.ended).toBe(END);
    expect(await second.ended).toBe(END);
    for (const client of [first, second]) expect(known(client, false)).toEqual(rows(50, 150));
    expect((await job.done).rowsOut).toBe(150);
  });

  test("with a key tells the last row of each", async () => {
    const { url, tap } = await broadcast(kind, { key: "key" });
    const client = await listen(kind, url);
    for (let n = 0; n < 50; n += 10) {
      tap.push(...rows(n, n + 10));
      await until(() => known(client, true).some((row) => row.n === n + 9));
    }
    tap.end();
    await client.ended;
    expect(
      known(client, true)
        .map(({ n }) => n)
        .sort(),
    ).toEqual([43, 44, 45, 46, 47, 48, 49]);
    expect(client.told.some(({ kind: told }) => told === "changes")).toBe(true);
  });

  test("writes rows exactly, as files have them", async () => {
    const mill = await Millrace.open();
    open.push({ mill, tap: new Tap() });
    const schema = { id: "BIGINT", at: "TIMESTAMP_LTZ(3)", x: "DOUBLE", note: "STRING" } as const;
    let client: Promise<Client> | null = null;
    const target = mill[kind]({
      port: 0,
      onListen: (url) => {
        client = listen(kind, url.replace(/^ws/, "http"));
      },
    });
    const values = async function* () {
      await until(() => client !== null);
      await client;
      yield { id: 2n ** 60n, at: new Date(0), x: Number.NaN, note: "a\nb\u2028</script>" };
    };
    await mill.from(values(), { schema }).to(target).run();
    const { told, ended } = await (client as unknown as Promise<Client>);
    await ended;
    const row = { id: 2 ** 60, at: "1970-01-01 00:00:00Z", x: "NaN", note: "a\nb\u2028</script>" };
    const last = told.filter(({ kind: told }) => told !== "end").at(-1)?.data;
    expect(JSON.stringify(last)).toContain(JSON.stringify(row));
  });

  test("a client that does not read holds up neither the job nor the others, and catches up by one event", async () => {
    const { url, tap, job } = await broadcast(kind, { rowsMax: 1000 });
    const [slow, quick] = [await listen(kind, url), await listen(kind, url)];
    slow.pause();
    const note = "x".repeat(2000);
    for (let n = 0; n < 15; n++) {
      tap.push(...rows(n * 1000, (n + 1) * 1000).map((row) => ({ ...row, key: note })));
      await until(() => quick.told.some(({ data }) => JSON.stringify(data).includes(`"n":${n * 1000 + 999}}`)));
      quick.told.splice(0, quick.told.length - 1);
    }
    expect(job.state).toBe("running");
    slow.resume();
    await until(() => known(slow, false).at(-1)?.n === 14_999);
    expect(known(slow, false).map(({ n }) => n)).toEqual(rows(14_000, 15_000).map(({ n }) => n));
    // What was on its way when it stopped reading, and what it was told then.
    expect(slow.told.length).toBeLessThan(20);
  });

  test("a client that takes nothing for too long is dropped", async () => {
    const { url, tap } = await broadcast(kind, { rowsMax: 1000, slowMs: 1000 });
    const [slow, quick] = [await listen(kind, url), await listen(kind, url)];
    slow.pause();
    const note = "x".repeat(8000);
    let isGone = false;
    void slow.ended.then(() => {
      isGone = true;
    });
    for (let n = 0; n < 3; n++) tap.push(...rows(n * 500, (n + 1) * 500).map((row) => ({ ...row, key: note })));
    await new Promise((resolve) => setTimeout(resolve, 2500));
    slow.resume();
    await until(() => isGone);
    await until(() => known(quick, false).length === 1000);
  });

  test("a job that is cancelled closes the connections without a word, and nothing listens any more", async () => {
    const { url, tap, job } = await broadcast(kind);
    const client = await listen(kind, url);
    tap.push(...rows(0, 5));
    await until(() => known(client, false).length === 5);
    await job.cancel();
    expect(await client.ended).not.toBe(END);
    await expect(listen(kind, url)).rejects.toThrow(/ECONNREFUSED/);
  });

  test("a client that goes is told nothing more", async () => {
    const { url, tap } = await broadcast(kind);
    const [leaving, staying] = [await listen(kind, url), await listen(kind, url)];
    tap.push(...rows(0, 5));
    await until(() => known(leaving, false).length === 5 && known(staying, false).length === 5);
    leaving.close();
    await leaving.ended;
    tap.push(...rows(5, 10));
    await until(() => known(staying, false).length === 10);
    expect(known(leaving, false)).toHaveLength(5);
  });

  test("clients that all break off at once leave room for as many others, and the job goes on", async () => {
    const { url, tap, job } = await broadcast(kind, { clientsMax: 60 });
    tap.push(...rows(0, 5));
    for (let storm = 0; storm < 2; storm++) {
      const clients = await Promise.all(Array.from({ length: 60 }, () => listen(kind, url)));
      tap.push(...rows(5, 10));
      for (const client of clients) client.close();
      await Promise.all(clients.map(({ ended }) => ended));
      // The server hears of it a little later.
      let late: Client | null = null;
      while (late === null) late = await listen(kind, url).catch(() => null);
      late.close();
    }
    const last = await listen(kind, url);
    tap.push({ key: "last", n: 99 });
    await until(() => known(last, false).at(-1)?.n === 99);
    expect(job.state).toBe("running");
  });

  test("takes so many clients and no more", async () => {
    const { url, tap } = await broadcast(kind, { clientsMax: 2 });
    const clients = [await listen(kind, url), await listen(kind, url)];
    await expect(listen(kind, url)).rejects.toThrow("status 503");
    clients[0]?.close();
    await clients[0]?.ended;
    tap.push(...rows(0, 1));
    let third: Client | null = null;
    while (third === null) third = await listen(kind, url).catch(() => null);
    await until(() => known(third as Client, false).length === 1);
  });

  test("S3 asks for the token, and refuses foreign hosts and origins", async () => {
    const { url } = await broadcast(kind, {
      token: TOKEN,
      hosts: ["dash.example.com"],
      origins: ["http://localhost:5173"],
    });
    const { host, port } = new URL(url);
    const good = { authorization: `Bearer ${TOKEN}` };
    const status = async (headers: Record<string, string>) => {
      const asked = request(url, {
        headers: kind === "eventStream" ? headers : { ...headers, ...UPGRADE },
        agent: false,
      });
      asked.on("error", () => undefined).end();
      const statusCode = await Promise.race([
        once(asked, "response").then(([response]) => (response as IncomingMessage).statusCode),
        once(asked, "upgrade").then(() => 200),
      ]);
      asked.destroy();
      return statusCode;
    };
    const allowed = [
      host,
      `localhost:${port}`,
      `LOCALHOST:${port}`,
      `[::1]:${port}`,
      "dash.example.com",
      `dash.example.com:${port}`,
    ];
    for (const name of allowed) expect([name, await status({ ...good, host: name })]).toEqual([name, 200]);
    for (const name of [
      "localhost",
      "127.0.0.1",
      `127.0.0.1:${port}0`,
      `127.0.0.2:${port}`,
      `0.0.0.0:${port}`,
      `localhost.evil.com:${port}`,
      `evil.com:${port}`,
      `localhost:${port}@evil.com`,
      `evil.com/localhost:${port}`,
      `dash.example.com.evil.com`,
      `[::1]`,
      `[::ffff:127.0.0.1]:${port}`,
      `2130706433:${port}`,
      `localhost:${port},evil.com`,
    ]) {
      expect([name, await status({ ...good, host: name })]).toEqual([name, 403]);
    }
    for (const origin of [`http://${host}`, `http://localhost:${port}`, "http://localhost:5173"]) {
      expect([origin, await status({ ...good, origin })]).toEqual([origin, 200]);
    }
    for (const origin of [
      "null",
      "",
      "http://evil.com",
      `https://localhost:${port}`,
      "http://localhost",
      "http://localhost:51730",
      `http://localhost:${port}.evil.com`,
      `http://localhost.evil.com:${port}`,
      "file://",
      `http://${host}/`,
      "HTTP://LOCALHOST:5173",
      "http://localhost:5173, http://evil.com",
    ]) {
      expect([origin, await status({ ...good, origin })]).toEqual([origin, 403]);
    }
    if (kind === "webSocketServer") return;
    for (const authorization of [
      "",
      "Bearer",
      `Bearer ${TOKEN}x`,
      `Bearer ${TOKEN.slice(1)}`,
      `Basic ${TOKEN}`,
      TOKEN,
    ]) {
      expect([authorization, await status({ authorization })]).toEqual([authorization, 401]);
    }
    const other = await fetch(`${url}x`, { headers: good });
    const wrong = await fetch(url, { method: "POST", headers: good });
    const asked = await fetch(url, { method: "OPTIONS", headers: { origin: "http://localhost:5173" } });
    expect([other.status, wrong.status, asked.status]).toEqual([404, 405, 204]);
    expect(asked.headers.get("access-control-allow-origin")).toBe("http://localhost:5173");
    expect(other.headers.get("access-control-allow-origin")).toBe(null);
  }, 60_000);

  test("two Host headers are refused", async () => {
    const { url } = await broadcast(kind);
    const { port, host } = new URL(url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nHost: evil.com\r\n\r\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1.1 400/);
  });

  test("a port that is taken ends the job, named", async () => {
    const { url } = await broadcast(kind);
    const { port } = new URL(url);
    const mill = await Millrace.open();
    open.push({ mill, tap: new Tap() });
    const job = mill.rows(rows(0, 5)).to(mill[kind]({ port: Number(port) }));
    await expect(job.run()).rejects.toMatchObject({
      code: "LISTEN",
      message: expect.stringContaining(port),
      hint: expect.stringContaining("port 0"),
      at: { operator: expect.any(String) },
    });
  });

  test("refuses wrong options: names at once, values and keys before the first row", async () => {
    const mill = await Millrace.open();
    open.push({ mill, tap: new Tap() });
    const start = (options: object): Promise<unknown> =>
      mill
        .rows(rows(0, 5))
        .to(mill[kind](options as never) as Target)
        .run();
    expect(() => mill[kind]({ port: 0, tokn: TOKEN } as never)).toThrow(
      expect.objectContaining({ code: "OPTION", hint: expect.stringContaining("token") }),
    );
    expect(() => mill[kind](undefined as never)).toThrow(expect.objectContaining({ code: "OPTION" }));
    for (const options of [
      {},
      { port: "80" },
      { port: 65_536 },
      { port: 0, path: "x" },
      { port: 0, token: "short" },
      { port: 0, rowsMax: 0 },
      { port: 0, host: "0.0.0.0" },
      { port: 0, onListen: 1 },
    ]) {
      await expect(start(options)).rejects.toMatchObject({ code: "OPTION" });
    }
    await expect(start({ port: 0, key: "kee" })).rejects.toMatchObject({ code: "UNKNOWN_COLUMN" });
    await expect(
      start({
        port: 0,
        onListen: () => {
          throw new Error("no");
        },
      }),
    ).rejects.toMatchObject({ code: "FUNCTION" });
  });

  test("jobs that end or are cancelled while the server begins to listen leave none", async () => {
    const mill = await Millrace.open();
    open.push({ mill, tap: new Tap() });
    for (let round = 0; round < 10; round++) {
      const urls: string[] = [];
      const target = mill[kind]({ port: 0, onListen: (url) => urls.push(url.replace(/^ws/, "http")) });
      const job = mill.rows(rows(0, 5)).to(target).start();
      if (round % 2 === 0) await job.cancel();
      else await job.done;
      for (const url of urls) await expect(listen(kind, url)).rejects.toThrow(/ECONNREFUSED/);
    }
  });
});

const UPGRADE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

describe("eventStream", () => {
  test("goes on where a client was, while the table remembers; else it begins anew", async () => {
    const { url, tap } = await broadcast("eventStream", { rowsMax: 100 });
    const staying = await listen("eventStream", url);
    const leaving = await listen("eventStream", url);
    tap.push(...rows(0, 5));
    await until(() => known(leaving, false).length === 5 && known(staying, false).length === 5);
    leaving.close();
    const id = leaving.told.at(-1)?.id as string;
    tap.push(...rows(5, 8));
    await until(() => known(staying, false).length === 8);
    const back = await listen("eventStream", url, { "last-event-id": id });
    await until(() => back.told.length > 0);
    expect(back.told[0]).toMatchObject({ kind: "changes", data: { inserted: rows(5, 8) } });
    for (const wrong of ["", "7", `${id}0000`, `x${id}`, id.replace(/-\d+$/, "--1"), id.replace(/-\d+$/, "-1e99")]) {
      const anew = await listen("eventStream", url, { "last-event-id": wrong });
      await until(() => anew.told.length > 0);
      expect([wrong, anew.told[0]?.kind]).toEqual([wrong, "snapshot"]);
      anew.close();
    }
  });
});

describe("webSocketServer", () => {
  test("takes the token as first message, and closes without", async () => {
    const { url, tap } = await broadcast("webSocketServer", { token: TOKEN });
    tap.push(...rows(0, 3));
    const told: string[] = [];
    const good = new WebSocket(url.replace("http", "ws"));
    good.on("open", () => good.send(JSON.stringify({ token: TOKEN }))).on("message", (data) => told.push(String(data)));
    await until(() => told.length > 0);
    for (const first of ['{"token":"wrong"}', "{}", "null", TOKEN, "x".repeat(5000)]) {
      const bad = new WebSocket(url.replace("http", "ws"));
      bad.on("open", () => bad.send(first)).on("error", () => undefined);
      bad.on("message", () => expect.fail("told without a token"));
      const [code] = (await once(bad, "close")) as [number];
      expect([1008, 1009]).toContain(code);
    }
  });

  test("answers plain requests with 426", async () => {
    const { url } = await broadcast("webSocketServer");
    expect((await fetch(url)).status).toBe(426);
  });
});
