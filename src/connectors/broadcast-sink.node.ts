// A live table that any number of clients follow over the network. The job writes the table and never waits for a client; each
// client is a subscriber who takes an event when it has taken the one before. What is kept for a client is one event.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import * as v from "valibot";
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import { ConnectorError } from "../errors.js";
import type { Encoder } from "../formats/format.js";
import { checkFormatOptions } from "../formats/options.js";
import type { Sink, SinkContext } from "../operators/sink.js";
import { messageOf } from "../platform/errors.js";
import type { Completion } from "../platform/platform.js";
import type { Table } from "../runtime/connector.js";
import { LiveRows, type TableEvent } from "../runtime/live-rows.js";
import { Subscriptions } from "../runtime/subscriptions.js";
import { checkReach, Guard, SERVER_OPTIONS, Whole } from "./broadcast-guard.node.js";
import { loadFormat, openFormat } from "./formats.js";

const NDJSON = "ndjson";
/** How long clients have for the last event when the job ends well. */
const END_MS = 2000;

export const BROADCAST_SCHEMA = v.strictObject({
  ...SERVER_OPTIONS,
  key: v.optional(v.union([v.string(), v.array(v.string())]), []),
  rowsMax: v.optional(Whole(1, 1_000_000), 1000),
  everyMs: v.optional(Whole(1, 3_600_000), 100),
  clientsMax: v.optional(Whole(1, 100_000), 1000),
  slowMs: v.optional(Whole(1, 3_600_000), 30_000),
});

export type BroadcastSettings = v.InferOutput<typeof BROADCAST_SCHEMA>;

/** Somebody who listens; `send` answers when the event has been taken. */
export interface Client {
  readonly send: (event: TableEvent<string>) => unknown;
  /** The job has ended well, or it has not. */
  readonly end: (well: boolean) => void;
  readonly drop: () => void;
}

/** Loads what a broadcast writes with. */
export const prepareBroadcast = ({ ref }: Table): Promise<void> => loadFormat(NDJSON, ref.name);

export abstract class BroadcastSink implements Sink {
  /** Clients never hold the job up. */
  readonly ready = true;
  protected readonly settings: BroadcastSettings;
  protected readonly name: string;
  protected context!: SinkContext;
  protected guard!: Guard;
  readonly #scheme: string;
  readonly #encoder: Encoder;
  readonly #rows: LiveRows<string>;
  #subscriptions!: Subscriptions<string>;
  readonly #server: Server;
  readonly #clients = new Set<Client>();
  /** Set while the last clients go. */
  #left: (() => void) | null = null;
  #state: "opening" | "open" | "closing" = "opening";
  /** What to do when it is known whether the server listens. */
  #opened: () => void = () => undefined;

  /** @throws OPTION; UNKNOWN_COLUMN for a key that is none */
  constructor({ ref, live, platform }: Table, schema: Schema, scheme: string) {
    this.name = ref.name;
    this.settings = checkFormatOptions(BROADCAST_SCHEMA, live, "options", ref.name);
    const { host, token, key, rowsMax } = this.settings;
    checkReach(ref.name, host, token);
    this.#scheme = scheme;
    this.#encoder = openFormat(NDJSON, ref).createEncoder(schema);
    this.#rows = new LiveRows({
      name: ref.name,
      key: typeof key === "string" ? [key] : key,
      rowsMax,
      read: (batch) => this.#lines(batch),
      full: () => undefined,
    });
    this.#rows.open(schema);
    this.#subscriptions = new Subscriptions(ref.name, this.#rows, platform);
    this.#server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
      this.#answer(request, response);
    });
    this.#server.on("upgrade", (request, socket, head) => this.#upgraded(request, socket, head));
  }

  open(context: SinkContext): void {
    this.context = context;
    const { port, host } = this.settings;
    this.#server.on("error", (cause) => {
      if (this.#state === "opening") {
        this.#state = "open";
        context.fail(this.#listenFailed(cause));
      } else if (this.#state === "closing") this.#opened();
      else context.platform.log("warn", `${this.name}: ${cause.message}`);
    });
    this.#server.listen(port, host, () => {
      const { port: taken } = this.#server.address() as AddressInfo;
      this.guard = new Guard({ ...this.settings, port: taken });
      if (this.#state === "opening") {
        this.#state = "open";
        this.#announce(taken);
      }
      this.#opened();
    });
  }

  write(batch: Batch): void {
    this.#rows.write(batch);
  }

  /** Tells the clients the last rows and that these were all, then closes. */
  finish(done: Completion<void>): void {
    if (this.#state === "opening") {
      this.#opened = () => this.#tellLast(done);
      return;
    }
    this.#tellLast(done);
  }

  abort(done: Completion<void>): void {
    const opening = this.#state === "opening";
    this.#state = "closing";
    if (opening) this.#opened = () => this.#close(false, done);
    else this.#close(false, done);
  }

  /** A request that was let in; it carries the token, or there is none. */
  protected abstract serve(request: IncomingMessage, response: ServerResponse): void;

  /** A connection that becomes another protocol; its Host and Origin are good, its token was not looked at. */
  protected upgrade(_request: IncomingMessage, socket: Duplex, _head: Buffer): void {
    refuse(socket, 400);
  }

  /** Whether one more may listen. */
  protected get hasRoom(): boolean {
    return this.#clients.size < this.settings.clientsMax;
  }

  /** Counts a client from now on; gives how to let it go. */
  protected admit(client: Client): () => void {
    this.#clients.add(client);
    return () => {
      this.#clients.delete(client);
      if (this.#clients.size === 0) this.#left?.();
    };
  }

  /** Tells a client the table, and what changes; gives how to stop. @param version - what it knows already */
  protected tell({ send }: Client, version: number | null): () => void {
    return this.#subscriptions.subscribe(send, this.settings.everyMs, undefined, version);
  }

  /**
   * Waits until a client has taken an event; one that takes too long is dropped.
   * @param taking - calls its argument when the client has, or is gone
   */
  protected taken({ drop }: Client, taking: (done: () => void) => void): Promise<void> {
    const { slowMs } = this.settings;
    return new Promise((resolve) => {
      const cancel = deadline(slowMs, () => {
        this.context.platform.log("warn", `${this.name} dropped a client that took nothing for ${slowMs} ms`);
        drop();
      });
      taking(() => {
        cancel();
        resolve();
      });
    });
  }

  #lines(batch: Batch): readonly string[] {
    const text = new TextDecoder().decode(this.#encoder.encode(batch));
    return text.slice(0, -1).split("\n");
  }

  #tellLast(done: Completion<void>): void {
    let told = false;
    const close = () => {
      if (!told) this.#close(true, done);
      told = true;
    };
    const cancel = this.context.platform.scheduler.after(END_MS, close);
    this.#subscriptions.whenToldAll(() => {
      cancel();
      close();
    });
  }

  #announce(port: number): void {
    const { host, path, onListen } = this.settings;
    const url = `${this.#scheme}://${host.includes(":") ? `[${host}]` : host}:${port}${path}`;
    this.context.platform.log("info", `${this.name} is heard at ${url}`);
    try {
      onListen?.(url);
    } catch (cause) {
      this.context.fail(this.#functionFailed(cause));
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const status = this.#state === "closing" ? 503 : this.#statusOf(request);
    const { origin } = request.headers;
    if (status !== 400 && status !== 403 && origin !== undefined) {
      response.setHeader("access-control-allow-origin", origin);
      response.setHeader("vary", "Origin");
    }
    if (status === 200) {
      this.serve(request, response);
      return;
    }
    if (status === 204) response.setHeader("access-control-allow-headers", "authorization, last-event-id");
    if (status === 401) response.setHeader("www-authenticate", "Bearer");
    response.writeHead(status, { "content-length": 0, ...(status === 204 ? {} : { connection: "close" }) }).end();
  }

  #statusOf(request: IncomingMessage): number {
    const refused = this.guard.refusal(request);
    if (refused !== null) return refused;
    if (pathOf(request) !== this.settings.path) return 404;
    // Asked by a browser before it sends a token to another origin.
    if (request.method === "OPTIONS" && request.headers.origin !== undefined) return 204;
    if (request.method !== "GET") return 405;
    if (!this.guard.carriesToken(request)) return 401;
    return this.hasRoom ? 200 : 503;
  }

  #upgraded(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refused = this.#state === "closing" ? 503 : this.guard.refusal(request);
    socket.on("error", () => socket.destroy());
    if (refused !== null) refuse(socket, refused);
    else if (pathOf(request) !== this.settings.path) refuse(socket, 404);
    else if (!this.hasRoom) refuse(socket, 503);
    else this.upgrade(request, socket, head);
  }

  #close(well: boolean, done: Completion<void>): void {
    this.#state = "closing";
    this.#subscriptions.close();
    const cancel = this.context.platform.scheduler.after(well ? END_MS : 0, () => {
      for (const client of this.#clients) client.drop();
      this.#server.closeAllConnections();
    });
    const closed = () => {
      this.#server.close(() => {
        cancel();
        done(null);
      });
      this.#server.closeIdleConnections();
    };
    for (const client of this.#clients) client.end(well);
    if (this.#clients.size === 0) closed();
    else this.#left = closed;
  }

  #listenFailed(cause: Error): ConnectorError {
    const { host, port } = this.settings;
    return new ConnectorError("LISTEN", `${this.name} cannot listen on ${host}:${port}: ${cause.message}`, {
      hint: "choose another port; port 0 takes a free one, which onListen tells",
      at: { source: this.name },
      domain: "user",
      cause,
    });
  }

  #functionFailed(cause: unknown): ConnectorError {
    return new ConnectorError("FUNCTION", `onListen of ${this.name} threw: ${messageOf(cause)}`, {
      hint: "the cause is the function's own error",
      domain: "user",
      cause,
    });
  }
}

/** The event as JSON, without its version. Made once, however many get it. */
export function eventJson(event: TableEvent<string>): string {
  if (event.snapshot !== undefined) return `[${event.snapshot.join(",")}]`;
  const { inserted, updated, removed } = event.changes;
  return `{"inserted":[${inserted.join(",")}],"updated":[${updated.join(",")}],"removed":[${removed.join(",")}]}`;
}

function pathOf({ url = "/" }: IncomingMessage): string {
  return url.replace(/[?#].*$/s, "");
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}

/** Calls `drop` unless the returned function is called within `delayMs`. */
export function deadline(delayMs: number, drop: () => void): () => void {
  const timer = setTimeout(drop, delayMs);
  return () => clearTimeout(timer);
}
