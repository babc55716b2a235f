// `mill.eventSource(url)`: server-sent events, each one or more records. A connection that ends is opened again behind the last
// event's id, which the server may repeat from; the same id is what a snapshot keeps. The server ends the stream with 204.
import { ConnectorError } from "../errors.js";
import { MAX_RECORD_BYTES } from "../formats/format.js";
import { fetchFailed } from "../platform/errors.js";
import type { Completion, FetchResult } from "../platform/platform.js";
import type { Connector, Table } from "../runtime/connector.js";
import { EventStreamParser, type StreamEvent } from "./event-stream.js";
import { type Feed, type Inlet, LiveSource, resolveLive } from "./live.js";
import { isRetried, RETRY, Retry, type RetryOptions, retryAfterMs } from "./retry.js";

interface EventSourceOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Types of events that are read; all unless given. */
  readonly events?: readonly string[];
  readonly retry?: RetryOptions;
  readonly maxRecordBytes?: number;
}

export const eventSource: Connector = {
  name: "event-source",
  resolve: ({ ref }, schema) => resolveLive(ref, schema),
  source: (table, schema) => new LiveSource(table.ref, schema, new EventStreamFeed(table)),
};

/** Nothing more comes (HTML 9.2.3). */
const NO_CONTENT = 204;

class EventStreamFeed implements Feed {
  readonly #url: string;
  readonly #name: string;
  readonly #options: EventSourceOptions;
  readonly #retry: Retry;
  #inlet!: Inlet;
  #response: FetchResult | null = null;
  #parser!: EventStreamParser;
  #lastId = "";
  #held = false;
  #reading = false;
  #closed = false;
  #cancelTimer: (() => void) | null = null;

  constructor({ live, ref, platform }: Table) {
    this.#url = live as string;
    this.#name = ref.name;
    this.#options = ref.options as EventSourceOptions;
    this.#retry = new Retry(this.#options.retry ?? RETRY, platform.random);
  }

  restore(mark: string | null): void {
    this.#lastId = mark ?? "";
  }

  open(inlet: Inlet): void {
    this.#inlet = inlet;
    this.#connect();
  }

  resume(): void {
    this.#held = false;
    this.#read();
  }

  close(done: Completion<void>): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#response?.cancel();
    done(null);
  }

  #connect(): void {
    const { context } = this.#inlet;
    context.connection({ status: "connecting" });
    const headers: Record<string, string> = { ...this.#options.headers, accept: "text/event-stream" };
    if (this.#lastId !== "") headers["last-event-id"] = this.#lastId;
    context.platform.net.fetch(this.#url, { headers }, (error, response) => {
      if (this.#closed) response?.cancel();
      else if (error !== null) this.#again(error);
      else this.#answered(response);
    });
  }

  #answered(response: FetchResult): void {
    const { status } = response;
    const type = response.header("content-type") ?? "";
    if (status === 200 && /^text\/event-stream\b/i.test(type.trim())) {
      this.#inlet.context.connection({ status: "open" });
      this.#response = response;
      this.#parser = this.#newParser();
      this.#read();
      return;
    }
    response.cancel();
    if (status === NO_CONTENT) {
      this.#inlet.context.connection({ status: "closed", message: "the server has no more events" });
      this.#inlet.end();
    } else if (isRetried(status)) {
      const waitMs = retryAfterMs(response.header("retry-after"), this.#inlet.context.platform.clock.nowMs());
      this.#again(fetchFailed(this.#url, `the server answered ${status}`), waitMs);
    } else if (status === 200) {
      this.#fail(
        fetchFailed(this.#url, `the server answered with ${type === "" ? "no type" : type}, not text/event-stream`),
      );
    } else this.#fail(fetchFailed(this.#url, `the server answered ${status}`));
  }

  #newParser(): EventStreamParser {
    const dataMax = this.#options.maxRecordBytes ?? MAX_RECORD_BYTES;
    const handlers = {
      take: (event: StreamEvent) => this.#take(event),
      retry: (delayMs: number) => {
        this.#retry.minDelayMs = delayMs;
      },
      tooLarge: () => {
        const message = `an event is longer than ${dataMax} bytes`;
        this.#inlet.refuse({ code: "RECORD_TOO_LARGE", message, at: { source: this.#name }, raw: new Uint8Array(0) });
      },
    };
    return new EventStreamParser(handlers, this.#lastId, dataMax);
  }

  /** One chunk after the other while there is room: a server that is not read from is held back. */
  #read(): void {
    const response = this.#response;
    if (response === null || this.#reading || this.#held) return;
    this.#reading = true;
    response.read((error, chunk) => {
      this.#reading = false;
      if (this.#closed || this.#response !== response) return;
      if (error === null && chunk !== null) {
        this.#parser.feed(chunk);
        this.#lastId = this.#parser.lastId;
        this.#read();
        return;
      }
      this.#response = null;
      this.#again(error ?? fetchFailed(this.#url, "the server closed the stream"));
    });
  }

  #take({ type, data }: StreamEvent): void {
    const { events } = this.#options;
    const { lastId } = this.#parser;
    this.#retry.succeeded();
    if (events !== undefined && !events.includes(type)) return;
    if (!this.#inlet.push(data, lastId === "" ? undefined : lastId)) this.#held = true;
  }

  #again(error: Error, atLeastMs = 0): void {
    const { context } = this.#inlet;
    const delayMs = this.#retry.next(atLeastMs);
    if (delayMs === null) {
      this.#fail(error);
      return;
    }
    context.connection({ status: "waiting", delayMs, message: error.message });
    this.#cancelTimer = context.platform.scheduler.after(delayMs, () => this.#connect());
  }

  #fail(error: Error): void {
    const { failures } = this.#retry;
    this.#inlet.context.connection({ status: "closed", message: error.message });
    if (failures === 0) {
      this.#inlet.fail(error);
      return;
    }
    const message = `${this.#name}: given up after ${failures} further attempts; the last: ${error.message}`;
    this.#inlet.fail(
      new ConnectorError("FETCH", message, {
        hint: "look at the address and the server; { reconnect: { attempts } } says how often it is asked again",
        at: { source: this.#name },
        retry: "backoff",
        cause: error,
      }),
    );
  }
}
