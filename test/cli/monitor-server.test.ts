// The monitor's server by raw HTTP: who is let in, what is answered, and what a slow page costs.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { MonitorServer } from "../../src/cli/monitor-server.js";
import type { Frame, StartFrame } from "../../src/monitor/frames.js";

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return {
    ...fs,
    readFileSync: vi.fn(fs.readFileSync),
    openSync: vi.fn(fs.openSync),
    existsSync: vi.fn(fs.existsSync),
  };
});

const START: StartFrame = {
  kind: "start",
  title: "test",
  state: "running",
  error: null,
  graph: { nodes: [], edges: [] },
  counts: null,
  pulses: [],
  columns: [],
  rows: [],
  key: [],
  rowsMax: 0,
};

/** Frames by hand. */
class Told {
  readonly listeners = new Set<(frame: Frame) => void>();
  starts = 0;
  start(): StartFrame {
    this.starts++;
    return START;
  }
  follow(listener: (frame: Frame) => void): () => void {
    this.listeners.add(listener);
    listener(this.start());
    return () => this.listeners.delete(listener);
  }
  plan(): Promise<string> {
    return Promise.resolve("the plan");
  }
}

const folder = mkdtempSync(join(tmpdir(), "millrace-page-"));
let told: Told;
let server: MonitorServer;

beforeAll(async () => {
  writeFileSync(join(folder, "served.html"), "<!doctype html><title>page</title>");
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>other</title>");
  writeFileSync(join(folder, "page-1a2b.js"), "export {};");
  writeFileSync(join(folder, "page.css"), "body {}");
  writeFileSync(join(folder, "notes.txt"), "nobody's business");
  told = new Told();
  server = new MonitorServer(told, folder);
  await server.listen(0);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  vi.clearAllMocks();
});

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly host?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request as bytes, so that nothing is normalised on the way; the head of the answer. */
async function ask({ path = "/", method = "GET", host = `127.0.0.1:${server.port}`, headers = {} }: Asked) {
  const socket = connect(server.port, "127.0.0.1");
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...(host === null ? [] : [`Host: ${host}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "Connection: close",
    "",
    "",
  ];
  socket.write(lines.join("\r\n"));
  const text = await answerOf(socket);
  socket.destroy();
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, "im").exec(text)?.[1]?.trim();
  return { status, header, text };
}

/** Until the head is there, and of what is no stream the whole. */
function answerOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (/text\/event-stream/.test(text) && text.includes("data: ")) resolve(text);
    });
    socket.on("close", () => resolve(text));
    socket.on("error", () => resolve(text));
  });
}

const bearer = () => ({ Authorization: `Bearer ${server.token}` });

describe("S1 every route declares who may ask", () => {
  test("the routes are these, and no others", () => {
    expect(server.routes.map(({ path, permission }) => `${permission} ${path}`).sort()).toEqual([
      "public /",
      "public /page-1a2b.js",
      "public /page.css",
      "token /api/events",
      "token /api/plan",
    ]);
  });

  test("without the token, or with a wrong one, a route that wants it is 401", async () => {
    const wrong = server.token.slice(0, -1) + (server.token.endsWith("A") ? "B" : "A");
    const tries = [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      `Bearer ${wrong}`,
      `bearer ${server.token}`,
      `Basic ${server.token}`,
    ];
    for (const { path, permission } of server.routes) {
      for (const authorization of tries) {
        const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
        const { status, text } = await ask({ path, headers });
        expect([path, authorization, status]).toEqual([path, authorization, permission === "token" ? 401 : 200]);
        expect(text).not.toContain("the plan");
      }
    }
    expect((await ask({ path: `/api/plan?token=${server.token}` })).status).toBe(401);
  });

  test("with it the answer comes", async () => {
    expect((await ask({ path: "/api/plan", headers: bearer() })).text).toContain("the plan");
    expect((await ask({ path: "/api/events", headers: bearer() })).text).toContain('data: {"kind":"start"');
  });

  test("the token has 256 bits, and every server its own", () => {
    expect(Buffer.from(server.token, "base64url").length).toBe(32);
    expect(new MonitorServer(told, folder).token).not.toBe(server.token);
  });

  test("it listens on loopback alone", () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=/);
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])("%s is refused", async (method) => {
    expect((await ask({ path: "/api/plan", method, headers: bearer() })).status).toBe(405);
  });
});

describe("S3 pages of other origins and names that lead here are refused", () => {
  const own = () => `127.0.0.1:${server.port}`;
  const hosts: readonly (readonly [string, () => string])[] = [
    ["another port", () => `127.0.0.1:${server.port + 1}`],
    ["no port", () => "127.0.0.1"],
    ["localhost without port", () => "localhost"],
    ["a name that ends like ours", () => `evil-localhost:${server.port}`],
    ["a name that begins like ours", () => `localhost.evil.com:${server.port}`],
    ["a name around the address", () => `127.0.0.1.nip.io:${server.port}`],
    ["IPv6 loopback", () => `[::1]:${server.port}`],
    ["mapped IPv6", () => `[::ffff:127.0.0.1]:${server.port}`],
    ["another loopback address", () => `127.0.0.2:${server.port}`],
    ["decimal address", () => `2130706433:${server.port}`],
    ["octal address", () => `0177.0.0.1:${server.port}`],
    ["any address", () => `0.0.0.0:${server.port}`],
    ["a trailing dot", () => `localhost.:${server.port}`],
    ["user information", () => `a@127.0.0.1:${server.port}`],
    ["nothing", () => ""],
  ];
  const origins: readonly (readonly [string, () => string])[] = [
    ["null", () => "null"],
    ["another port", () => `http://127.0.0.1:${server.port + 1}`],
    ["https", () => `https://${own()}`],
    ["no scheme", () => own()],
    ["localhost for the address", () => `http://localhost:${server.port}`],
    ["localhost.evil.com", () => `http://localhost.evil.com:${server.port}`],
    ["a path behind it", () => `http://${own()}/`],
    ["user information", () => `http://a@${own()}`],
    ["two origins", () => `http://${own()} http://evil.com`],
    ["evil.com", () => "http://evil.com"],
    ["a file", () => "file://"],
    ["an extension", () => "chrome-extension://abcdefgh"],
    ["upper case", () => `HTTP://${own()}`],
    ["IPv6 loopback", () => `http://[::1]:${server.port}`],
    ["no port", () => "http://127.0.0.1"],
  ];

  test.each(hosts)("Host: %s", async (_, host) => {
    const { status } = await ask({ path: "/api/plan", host: host(), headers: bearer() });
    expect(status).toBe(403);
  });

  test("no Host at all", async () => {
    expect((await ask({ path: "/api/plan", host: null, headers: bearer() })).status).toBe(400);
  });

  test.each(origins)("Origin: %s", async (_, origin) => {
    const { status } = await ask({ path: "/api/plan", headers: { ...bearer(), Origin: origin() } });
    expect(status).toBe(403);
  });

  test.each(["cross-site", "same-site"])("Sec-Fetch-Site: %s", async (site) => {
    const { status } = await ask({ path: "/", headers: { "Sec-Fetch-Site": site } });
    expect(status).toBe(403);
  });

  test("its own page is let in, by either name", async () => {
    for (const host of [own(), `localhost:${server.port}`]) {
      const headers = { ...bearer(), Origin: `http://${host}`, "Sec-Fetch-Site": "same-origin" };
      expect((await ask({ path: "/api/plan", host, headers })).status).toBe(200);
    }
  });
});

test("S6 every answer carries the policy, errors too, and nothing inline is allowed", async () => {
  for (const path of ["/", "/page.css", "/none", "/api/plan"]) {
    const { header } = await ask({ path });
    const policy = header("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toContain("unsafe-inline");
    expect(header("x-content-type-options")).toBe("nosniff");
    expect(header("cache-control")).toBe("no-store");
  }
});

/** Ways that have led out of a folder of files elsewhere. */
function traversals(): string[] {
  const ups = [
    "../",
    "..%2f",
    "..%5c",
    "..\\",
    "%2e%2e/",
    "%2e%2e%2f",
    "%252e%252e%252f",
    "..%c0%af",
    "..;/",
    "....//",
    ".%00./",
    "..%00/",
  ];
  const ends = ["etc/passwd", "notes.txt", "index.html", "package.json", "win.ini"];
  const starts = ["/", "//", "/api/", "/page.css/", "/./"];
  const made = starts.flatMap((start) => ups.flatMap((up) => ends.map((end) => start + up.repeat(3) + end)));
  const others = [
    "/notes.txt",
    "/index.html",
    "/served.html",
    "/PAGE.CSS",
    "/page.css/",
    "/page.css%00",
    "/%70age.css",
    "file:///etc/passwd",
    "/\\\\host\\share\\x",
    `/${"a".repeat(6000)}`,
  ];
  return [...made, ...others];
}

test("S8 no path leads to a file that is not the page's, and none is opened", async () => {
  const paths = traversals();
  expect(paths.length).toBeGreaterThanOrEqual(300);
  for (const path of paths) {
    const { status, text } = await ask({ path, headers: bearer() });
    expect([path, status]).toEqual([path, 404]);
    expect(text).not.toContain("nobody's business");
  }
  expect(vi.mocked(readFileSync)).not.toHaveBeenCalled();
});

test("a page that does not read is sent nothing more, and everything anew when it reads again", async () => {
  const socket = connect(server.port, "127.0.0.1");
  socket.pause();
  socket.write(
    `GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAuthorization: Bearer ${server.token}\r\n\r\n`,
  );
  await vi.waitFor(() => expect(told.listeners.size).toBe(1));
  const text = "x".repeat(1 << 16);
  const starts = told.starts;
  for (let i = 0; i < 1000; i++) {
    for (const listener of told.listeners) listener({ kind: "rows", rows: [[i, text]] });
    if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  let bytes = 0;
  let tail = "";
  socket.on("data", (chunk) => {
    bytes += chunk.length;
    tail = (tail + chunk.toString("latin1")).slice(-4000);
  });
  socket.resume();
  await vi.waitFor(() => expect(told.starts).toBe(starts + 1));
  await vi.waitFor(() => expect(tail).toContain('"kind":"start"'));
  // Of 64 MB it got what the sockets had taken before they were full.
  expect(bytes).toBeLessThan(24 << 20);
  socket.destroy();
  await vi.waitFor(() => expect(told.listeners.size).toBe(0));
});

test("the page after the 64th is asked to come later, and comes in when one has gone", async () => {
  const open = (): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = connect(server.port, "127.0.0.1");
      const own = `127.0.0.1:${server.port}`;
      socket.write(`GET /api/events HTTP/1.1\r\nHost: ${own}\r\nAuthorization: Bearer ${server.token}\r\n\r\n`);
      socket.once("data", () => resolve(socket));
    });
  await vi.waitFor(() => expect(told.listeners.size).toBe(0));
  const sockets = await Promise.all(Array.from({ length: 64 }, open));
  expect(told.listeners.size).toBe(64);
  expect((await ask({ path: "/api/events", headers: bearer() })).status).toBe(503);
  sockets.pop()?.destroy();
  await vi.waitFor(() => expect(told.listeners.size).toBe(63));
  expect((await ask({ path: "/api/events", headers: bearer() })).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  await vi.waitFor(() => expect(told.listeners.size).toBe(0));
});

test("a port that is taken is PORT_IN_USE, with what to do", async () => {
  const second = new MonitorServer(told, folder);
  await expect(second.listen(server.port)).rejects.toMatchObject({ code: "PORT_IN_USE" });
});
