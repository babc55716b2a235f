// `mill.webSocket(url)`: the messages of a WebSocket, each one or more records. A connection that is lost is opened again; the
// protocol knows no place to go on at, so what the server sends meanwhile is not seen. What it closes as complete (1000) ends.
import { ConnectorError } from "../errors.js";
import { messageOf } from "../platform/errors.js";
import type { Completion, Socket } from "../platform/platform.js";
import type { Connector, Table } from "../runtime/connector.js";
import { type Feed, type Inlet, LiveSource, resolveLive } from "./live.js";
import { RETRY, Retry, type RetryOptions } from "./retry.js";

type Messages = string | Uint8Array | readonly (string | Uint8Array)[];

/** What `mill.webSocket` keeps as the table's live object. */
export interface SocketTable {
  readonly url: string;
  /** What is sent whenever the connection is open. */
  readonly onOpen?: Messages | (() => Messages);
}

interface SocketTableOptions {
  readonly protocols?: readonly string[];
  readonly retry?: RetryOptions;
  readonly bufferBytes?: number;
}

export const webSocket: Connector = {
  name: "websocket",
  resolve: ({ ref }, schema) => resolveLive(ref, schema),
  source: (table, schema) => new LiveSource(table.ref, schema, new SocketFeed(table)),
};

/** The server has said all (RFC 6455 section 7.4.1). */
const NORMAL = 1000;
/** Closed for reasons that another attempt would meet again: a breach of the protocol, data, policy, size, extensions. */
const FINAL_CODES: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 1010]);

class SocketFeed implements Feed {
  readonly #table: SocketTable;
  readonly #name: string;
  readonly #options: SocketTableOptions;
  readonly #retry: Retry;
  #inlet!: Inlet;
  #socket: Socket | null = null;
  #cancelTimer: (() => void) | null = null;

  constructor({ live, ref, platform }: Table) {
    this.#table = live as SocketTable;
    this.#name = ref.name;
    this.#options = ref.options as SocketTableOptions;
    this.#retry = new Retry(this.#options.retry ?? RETRY, platform.random);
  }

  open(inlet: Inlet): void {
    this.#inlet = inlet;
    this.#connect();
  }

  resume(): void {
    this.#socket?.resume();
  }

  close(done: Completion<void>): void {
    this.#cancelTimer?.();
    this.#socket?.close();
    this.#socket = null;
    done(null);
  }

  #connect(): void {
    const { context } = this.#inlet;
    const { protocols, bufferBytes } = this.#options;
    context.connection({ status: "connecting" });
    try {
      this.#socket = context.platform.net.webSocket(
        this.#table.url,
        { protocols, messageBytesMax: bufferBytes },
        {
          open: () => this.#opened(),
          message: (data) => this.#take(data),
          closed: (code, reason) => this.#closed(code, reason),
          failed: (error) => this.#inlet.fail(this.#refused(error)),
        },
      );
    } catch (cause) {
      this.#inlet.fail(this.#refused(cause));
    }
  }

  #opened(): void {
    this.#inlet.context.connection({ status: "open" });
    try {
      const { onOpen } = this.#table;
      const messages = typeof onOpen === "function" ? onOpen() : (onOpen ?? []);
      const all = typeof messages === "string" || messages instanceof Uint8Array ? [messages] : messages;
      for (const message of all) this.#socket?.send(message);
    } catch (cause) {
      this.#socket?.close();
      const details = { hint: "the cause is the function's own error", domain: "user", cause } as const;
      this.#inlet.fail(new ConnectorError("FUNCTION", `onOpen of ${this.#name} threw: ${messageOf(cause)}`, details));
    }
  }

  #take(data: string | Uint8Array): void {
    // A server that only opens and closes is not one that works.
    this.#retry.succeeded();
    if (!this.#inlet.push(data)) this.#socket?.pause();
  }

  #closed(code: number, reason: string): void {
    const { context } = this.#inlet;
    this.#socket = null;
    const what = reason === "" ? `closed with ${code}` : `closed with ${code}: ${reason}`;
    if (code === NORMAL) {
      context.connection({ status: "closed", message: what });
      this.#inlet.end();
      return;
    }
    const delayMs = FINAL_CODES.has(code) ? null : this.#retry.next();
    if (delayMs === null) {
      context.connection({ status: "closed", message: what });
      this.#inlet.fail(this.#lost(what));
      return;
    }
    context.connection({ status: "waiting", delayMs, message: what });
    this.#cancelTimer = context.platform.scheduler.after(delayMs, () => this.#connect());
  }

  #lost(what: string): ConnectorError {
    const { failures } = this.#retry;
    const tried = failures === 0 ? "" : `, after ${failures} attempts to open it again`;
    return new ConnectorError("CONNECTION", `the WebSocket ${this.#name} was ${what}${tried}`, {
      hint: "look at the address and the server; { reconnect: { attempts } } says how often it is opened again",
      at: { source: this.#name },
      retry: "backoff",
    });
  }

  #refused(cause: unknown): Error {
    if (cause instanceof ConnectorError) return cause;
    return new ConnectorError("CONNECTION", `the WebSocket ${this.#name} cannot be opened: ${messageOf(cause)}`, {
      hint: "an address begins with ws:// or wss://; a page of https opens wss:// alone",
      at: { source: this.#name },
      domain: "user",
      cause,
    });
  }
}
