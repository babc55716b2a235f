// The monitor's server: on loopback only, for pages of its own origin only, and what the job does only for who has the token.
// Files come from memory, by exact name; there is no path to walk and nothing to write.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Frame } from "../monitor/frames.js";
import type { Monitor } from "../monitor/monitor.js";
import { EngineError } from "../node.js";

/** What is shown. */
type Followed = Pick<Monitor, "start" | "follow" | "plan">;

/** Who may ask: everybody on this machine for the page itself, only who has the token for what the job does. */
type Permission = "public" | "token";

export interface Route {
  readonly path: string;
  readonly permission: Permission;
  readonly answer: (response: ServerResponse) => void;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};

/** Nothing but the page's own files; WebAssembly only if the page brings an engine; no frames, forms or inline code. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** Pages that may follow the job at a time. */
const FOLLOWERS_MAX = 64;
const TOKEN_BYTES = 32;
/** What may wait for one page; a start with all that a monitor remembers is about a megabyte. */
const BACKLOG_BYTES_MAX = 8 << 20;
/** A page that took nothing for so long is gone. */
const STALLED_MS = 30_000;
const INDEX = "served.html";

export class MonitorServer {
  /** 256 random bits, in the alphabet of URLs. */
  readonly token = randomBytes(TOKEN_BYTES).toString("base64url");
  readonly routes: readonly Route[];
  readonly #monitor: Followed;
  readonly #server: Server;
  readonly #byPath: ReadonlyMap<string, Route>;
  #followers = 0;

  /** @param folder - the built page; it is read into memory now */
  constructor(monitor: Followed, folder: string) {
    this.#monitor = monitor;
    this.routes = [
      ...pageFiles(folder),
      { path: "/api/events", permission: "token", answer: (response) => this.#events(response) },
      { path: "/api/plan", permission: "token", answer: (response) => void this.#plan(response) },
    ];
    this.#byPath = new Map(this.routes.map((route) => [route.path, route]));
    this.#server = createServer(
      { maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 10_000 },
      (request, response) => this.#answer(request, response),
    );
    this.#server.maxConnections = 2 * FOLLOWERS_MAX;
  }

  /** Listens on 127.0.0.1; 0 is any free port. @throws PORT_IN_USE */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, port)));
      this.#server.listen(port, "127.0.0.1", resolve);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The page with its token, behind the `#` that browsers never send. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/#token=${this.token}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    // The path as it was sent: nothing is decoded, so nothing can be hidden in it.
    const route = this.#byPath.get((request.url ?? "").split("?", 1)[0] ?? "");
    const refused = this.#refusal(request, route);
    if (route === undefined || refused !== null) refuse(response, refused ?? 404);
    else route.answer(response);
  }

  /** The status of who may not ask this; null for who may. */
  #refusal(request: IncomingMessage, route: Route | undefined): number | null {
    if (!this.#ownHost(request) || !this.#ownOrigin(request)) return 403;
    if (route === undefined) return 404;
    if (request.method !== "GET") return 405;
    return route.permission === "token" && !this.#hasToken(request) ? 401 : null;
  }

  /** A name that was made to lead here (DNS rebinding) is not ours. */
  #ownHost({ headers }: IncomingMessage): boolean {
    return headers.host === `127.0.0.1:${this.port}` || headers.host === `localhost:${this.port}`;
  }

  /** Browsers send no origin with a page's own GET; whatever they send has to be ours. */
  #ownOrigin({ headers }: IncomingMessage): boolean {
    const site = headers["sec-fetch-site"];
    if (site !== undefined && site !== "same-origin" && site !== "none") return false;
    return headers.origin === undefined || headers.origin === `http://${headers.host}`;
  }

  #hasToken({ headers }: IncomingMessage): boolean {
    const given = Buffer.from(headers.authorization ?? "");
    const wanted = Buffer.from(`Bearer ${this.token}`);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }

  async #plan(response: ServerResponse): Promise<void> {
    const plan = await this.#monitor.plan().catch((error: unknown) => String(error));
    response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end(plan);
  }

  /**
   * Server-Sent Events. What a slow page has not taken is bounded: beyond it frames are passed over, and the page is told
   * everything anew when it has caught up.
   */
  #events(response: ServerResponse): void {
    if (this.#followers >= FOLLOWERS_MAX) {
      refuse(response, 503);
      return;
    }
    this.#followers++;
    response.writeHead(200, { "content-type": "text/event-stream" });
    let stalled: NodeJS.Timeout | null = null;
    let missed = false;
    const send = (frame: Frame): void => {
      if (stalled !== null) {
        missed = true;
        return;
      }
      response.write(`data: ${JSON.stringify(frame)}\n\n`);
      if (response.writableLength > BACKLOG_BYTES_MAX) stalled = setTimeout(() => response.destroy(), STALLED_MS);
    };
    response.on("drain", () => {
      if (stalled !== null) clearTimeout(stalled);
      stalled = null;
      if (missed) send(this.#monitor.start());
      missed = false;
    });
    const stop = this.#monitor.follow(send);
    response.on("close", () => {
      this.#followers--;
      if (stalled !== null) clearTimeout(stalled);
      stop();
    });
  }
}

/** The built page, by the names that its own HTML gives. */
function pageFiles(folder: string): Route[] {
  return readdirSync(folder).flatMap((name) => {
    const type = TYPES[extname(name)];
    if (type === undefined || (type === TYPES[".html"] && name !== INDEX)) return [];
    const body = readFileSync(join(folder, name));
    const answer = (response: ServerResponse) => {
      response.writeHead(200, { "content-type": type }).end(body);
    };
    return [{ path: name === INDEX ? "/" : `/${name}`, permission: "public" as const, answer }];
  });
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end();
}

function listenError(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code !== "EADDRINUSE" && error.code !== "EACCES") return error;
  return new EngineError("PORT_IN_USE", `port ${port} of 127.0.0.1 cannot be had: ${error.message}`, {
    hint: "give another one: --port 0 takes any that is free",
  });
}
