// The simulator's network: servers are functions of the test, every answer comes later by chance, bodies are cut by chance,
// connections break where the test says so.
import { fetchFailed } from "./errors.js";
import type { Completion, FetchOptions, FetchResult, Socket, SocketEvents } from "./platform.js";

/** Lets something happen after a latency drawn by chance. */
type Later = (label: string, turn: () => void) => void;

/** What a server answers one request with. */
export interface SimAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body; each chunk is cut further by chance. */
  readonly chunks?: readonly Uint8Array[];
  /** What follows the body: its end, a lost connection, or nothing at all. */
  readonly then?: "end" | "break" | "hang";
}

/** What a request carried, and how many came before it to this URL. */
export interface SimRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What was sent, when it was a POST. */
  readonly body?: Uint8Array | undefined;
  readonly count: number;
}

/** A server's end of a WebSocket. */
interface SimServerSocket {
  /** Reaches the client unless the connection is lost first. */
  send(message: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
}

/** What a server does with a connection; `message` is told what the client sends. */
export type SimListener = (socket: SimServerSocket, count: number) => { message?(data: string | Uint8Array): void };

/** RFC 6455: a connection that was lost without a word. */
const ABNORMAL = 1006;
const CHUNK_BYTES_MAX = 65_536;

export class SimNet {
  readonly #later: Later;
  readonly #chance: () => number;
  readonly #answers = new Map<string, (request: SimRequest) => SimAnswer>();
  readonly #listeners = new Map<string, SimListener>();
  readonly #counts = new Map<string, number>();
  /** Bodies and sockets open at this moment; a finished run leaves none. */
  openCount = 0;

  constructor(later: Later, chance: () => number) {
    this.#later = later;
    this.#chance = chance;
  }

  /** Answers requests to a URL from now on; what stands behind `?` is the server's to look at. */
  respond(url: string, answer: (request: SimRequest) => SimAnswer): void {
    this.#answers.set(url, answer);
  }

  /** Takes WebSocket connections to a URL from now on; null: refuses them. */
  listen(url: string, listener: SimListener | null): void {
    if (listener === null) this.#listeners.delete(url);
    else this.#listeners.set(url, listener);
  }

  fetch(url: string, { headers = {}, body }: FetchOptions, done: Completion<FetchResult>): () => void {
    let given = true;
    let result: FetchResult | null = null;
    this.#later(`fetch ${url}`, () => {
      if (!given) return done(fetchFailed(url, "cancelled"), undefined as never);
      const answer = this.#answers.get(url) ?? this.#answers.get(url.replace(/\?.*$/, ""));
      if (answer === undefined) return done(fetchFailed(url, "no such host"), undefined as never);
      result = this.#fetched(url, answer({ url, headers, body, count: this.#count(url) }));
      return done(null, result);
    });
    return () => {
      given = false;
      result?.cancel();
    };
  }

  webSocket(url: string, _options: object, events: SocketEvents): Socket {
    const connection = new SimConnection(url, this.#later, events, (change) => {
      this.openCount += change;
    });
    this.#later(`connect ${url}`, () => connection.accept(this.#listeners.get(url), this.#count(url)));
    return connection;
  }

  #count(url: string): number {
    const count = this.#counts.get(url) ?? 0;
    this.#counts.set(url, count + 1);
    return count;
  }

  #fetched(url: string, { status = 200, headers = {}, chunks = [], then = "end" }: SimAnswer): FetchResult {
    const left = [...chunks];
    let open = true;
    this.openCount++;
    const close = (): void => {
      if (open) this.openCount--;
      open = false;
    };
    return {
      status,
      header: (name) => headers[name] ?? null,
      read: (done) => {
        if (left.length === 0 && then === "hang") return;
        this.#later(`chunk ${url}`, () => {
          if (!open) return done(fetchFailed(url, "cancelled"), null);
          const first = left.shift();
          if (first !== undefined) {
            const end = 1 + Math.floor(this.#chance() * Math.min(first.length, CHUNK_BYTES_MAX));
            if (end < first.length) left.unshift(first.subarray(end));
            return done(null, first.slice(0, end));
          }
          close();
          return then === "break" ? done(fetchFailed(url, "the connection was lost"), null) : done(null, null);
        });
      },
      cancel: close,
    };
  }
}

/** Both ends of one WebSocket. What one end sends comes to the other in order, later. */
class SimConnection implements Socket {
  readonly #url: string;
  readonly #later: Later;
  readonly #events: SocketEvents;
  readonly #counted: (change: number) => void;
  #server: ReturnType<SimListener> = {};
  #state: "connecting" | "open" | "closed" = "connecting";
  #paused = false;
  /** What is on its way to the client. */
  readonly #toClient: (() => void)[] = [];
  #delivering = false;

  constructor(url: string, later: Later, events: SocketEvents, counted: (change: number) => void) {
    this.#url = url;
    this.#later = later;
    this.#events = events;
    this.#counted = counted;
    counted(1);
  }

  accept(listener: SimListener | undefined, count: number): void {
    if (this.#state === "closed") return;
    if (listener === undefined) {
      this.#end();
      this.#events.closed(ABNORMAL, "connection refused");
      return;
    }
    this.#state = "open";
    this.#events.open();
    this.#server = listener(
      {
        send: (message) => this.#deliver(() => this.#events.message(message)),
        close: (code = ABNORMAL, reason = "") => {
          this.#deliver(() => {
            this.#end();
            this.#events.closed(code, reason);
          });
        },
      },
      count,
    );
  }

  send(message: string | Uint8Array): void {
    this.#later(`send ${this.#url}`, () => {
      if (this.#state === "open") this.#server.message?.(message);
    });
  }

  pause(): boolean {
    this.#paused = true;
    return true;
  }

  resume(): void {
    this.#paused = false;
    this.#next();
  }

  close(): void {
    this.#end();
  }

  #deliver(event: () => void): void {
    this.#toClient.push(event);
    this.#next();
  }

  #next(): void {
    if (this.#delivering || this.#paused || this.#toClient.length === 0) return;
    this.#delivering = true;
    this.#later(`message ${this.#url}`, () => {
      this.#delivering = false;
      if (this.#state !== "open" || this.#paused) return;
      this.#toClient.shift()?.();
      this.#next();
    });
  }

  #end(): void {
    if (this.#state !== "closed") this.#counted(-1);
    this.#state = "closed";
  }
}
