// Rows as HTTP requests: gathered into bodies, sent one after another, so that they arrive in order, and sent again while that may
// help. Every body has a key that stays the same when it is sent again: a server that remembers keys takes each row once.
import * as v from "valibot";
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import { ConnectorError, PlanError } from "../errors.js";
import type { Encoder, Format } from "../formats/format.js";
import { checkFormatOptions } from "../formats/options.js";
import type { Sink, SinkContext } from "../operators/sink.js";
import type { TableRef } from "../plan/logical.js";
import { messageOf } from "../platform/errors.js";
import { type Completion, type FetchResult, isThenable } from "../platform/platform.js";
import type { Connector, Table } from "../runtime/connector.js";
import { loadFormat, openFormat } from "./formats.js";
import { isRetried, RETRY, Retry, retryAfterMs } from "./retry.js";

const Whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));

export const WEBHOOK_SCHEMA = v.strictObject({
  format: v.optional(v.string(), "ndjson"),
  headers: v.optional(v.record(v.string(), v.string()), {}),
  batchRows: v.optional(Whole(1, 1_000_000), 1000),
  batchMs: v.optional(Whole(0, 3_600_000), 1000),
  batchBytes: v.optional(Whole(1, 64 << 20), 1 << 20),
  timeoutMs: v.optional(Whole(1, 3_600_000), 30_000),
  retry: v.optional(
    v.strictObject({
      attempts: v.optional(Whole(0, 1000), RETRY.attempts),
      minDelayMs: v.optional(Whole(1, 3_600_000), RETRY.minDelayMs),
      maxDelayMs: v.optional(Whole(1, 3_600_000), RETRY.maxDelayMs),
    }),
    {},
  ),
  giveUp: v.optional(v.union([v.literal("fail"), v.function()]), "fail"),
});

type Options = v.InferOutput<typeof WEBHOOK_SCHEMA>;

/** What the engine keeps with the table: there may be secrets in it. */
export interface WebhookTarget {
  readonly url: string;
  readonly options: object;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ndjson: "application/x-ndjson",
  json: "application/json",
  csv: "text/csv; charset=utf-8",
  lines: "text/plain; charset=utf-8",
};

/** Bodies and bytes that wait before the sink says that it is full. */
const WAITING_BODIES_MAX = 8;
const WAITING_BYTES_MAX = 4 << 20;
/** A server that wishes a longer pause than this is asked again before it ends. */
const RETRY_AFTER_MAX_MS = 300_000;
/** What is read of an answer, so that the connection can be used again; a longer one is given up. */
const ANSWER_BYTES_MAX = 64 << 10;

export const webhook: Connector = {
  name: "webhook",
  prepareSink: ({ ref, live }) => loadFormat(checked(ref, live).format, ref.name),
  sink: (table, schema) => new WebhookSink(table, schema),
};

/** @throws OPTION */
function checked({ name }: TableRef, live: unknown): Options {
  const { url, options } = live as WebhookTarget;
  if (!/^https?:\/\/[^/]/i.test(url)) {
    throw new PlanError("OPTION", `webhook() takes a URL, got "${name}"`, { hint: "https://example.com/rows" });
  }
  if (/^[^/]*\/\/[^/]*@/.test(url)) {
    throw new PlanError("OPTION", `the URL of ${name} has a user or password in it`, {
      hint: 'hosts refuse to send to such URLs: give { headers: { authorization: "Basic …" } }',
    });
  }
  return checkFormatOptions(WEBHOOK_SCHEMA, options, "options", name);
}

/** Rows of one request. */
interface Body {
  /** Stays the same when the body is sent again. */
  readonly key: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly rows: number;
}

/** How one attempt ended: a status, or why there is none. */
interface Answer {
  readonly status: number | null;
  readonly error: Error | null;
  readonly retryAfterMs: number;
}

class WebhookSink implements Sink {
  readonly #name: string;
  readonly #url: string;
  readonly #options: Options;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #format: Format;
  readonly #schema: Schema;
  #context!: SinkContext;
  #retry!: Retry;
  #run = "";
  #count = 0;
  /** The body that rows are added to. */
  #encoder: Encoder;
  #parts: Uint8Array[] = [];
  #partsBytes = 0;
  #partsRows = 0;
  #cancelGathering: (() => void) | null = null;
  /** Bodies that are to be sent; the first one is on its way. */
  readonly #bodies: Body[] = [];
  #waitingBytes = 0;
  #sending = false;
  /** A body was not taken, and that was the end. */
  #over = false;
  #attempts = 0;
  /** Stops what is under way: a request, or the pause before the next one. */
  #stop: (() => void) | null = null;
  #aborted: Completion<void> | null = null;
  #finished: Completion<void> | null = null;

  constructor({ ref, live }: Table, schema: Schema) {
    this.#name = ref.name;
    this.#url = (live as WebhookTarget).url;
    this.#options = checked(ref, live);
    this.#schema = schema;
    this.#format = openFormat(this.#options.format, ref);
    this.#encoder = this.#format.createEncoder(schema);
    const own = Object.entries(this.#options.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    const type = CONTENT_TYPES[this.#options.format] ?? "application/octet-stream";
    this.#headers = { "content-type": type, ...Object.fromEntries(own) };
  }

  open(context: SinkContext): void {
    this.#context = context;
    this.#retry = new Retry(this.#options.retry, context.platform.random);
    this.#run = context.platform.random.uuid();
  }

  get ready(): boolean {
    return this.#bodies.length < WAITING_BODIES_MAX && this.#waitingBytes < WAITING_BYTES_MAX;
  }

  write(batch: Batch): void {
    const { batchRows, batchBytes, batchMs } = this.#options;
    for (let start = 0; start < batch.rowCount; ) {
      const end = Math.min(batch.rowCount, start + batchRows - this.#partsRows);
      this.#add(this.#encoder.encode(batch.slice(start, end)), end - start);
      if (this.#partsRows === batchRows || this.#partsBytes >= batchBytes) this.#close();
      start = end;
    }
    if (this.#partsRows === 0) return;
    this.#cancelGathering ??= this.#context.platform.scheduler.after(batchMs, () => this.#close());
  }

  finish(done: Completion<void>): void {
    this.#finished = done;
    this.#close();
    this.#next();
  }

  /** Rows that were sent have arrived; those that wait are not sent. */
  abort(done: Completion<void>): void {
    this.#cancelGathering?.();
    this.#bodies.length = 0;
    this.#finished = null;
    if (!this.#sending) {
      done(null);
      return;
    }
    this.#aborted = done;
    this.#stop?.();
  }

  #add(bytes: Uint8Array, rows: number): void {
    this.#parts.push(bytes);
    this.#partsBytes += bytes.length;
    this.#partsRows += rows;
  }

  /** The body is complete; rows that come later go into another one. */
  #close(): void {
    this.#cancelGathering?.();
    this.#cancelGathering = null;
    const rows = this.#partsRows;
    if (rows === 0) return;
    this.#add(this.#encoder.finish(), 0);
    const bytes = new Uint8Array(this.#partsBytes);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    this.#encoder = this.#format.createEncoder(this.#schema);
    this.#parts = [];
    this.#partsBytes = 0;
    this.#partsRows = 0;
    this.#bodies.push({ key: `${this.#run}-${this.#count++}`, bytes, rows });
    this.#waitingBytes += bytes.length;
    this.#next();
  }

  #next(): void {
    if (this.#sending || this.#over) return;
    const [body] = this.#bodies;
    if (body !== undefined) {
      this.#sending = true;
      this.#attempts = 0;
      this.#attempt(body);
    } else if (this.#partsRows === 0) {
      const finished = this.#finished;
      this.#finished = null;
      finished?.(null);
    }
  }

  #attempt(body: Body): void {
    this.#attempts++;
    this.#post(body, (answer) => {
      this.#stop = null;
      if (this.#aborted !== null) this.#aborted(null);
      else if (answer.status !== null && answer.status >= 200 && answer.status < 300) this.#taken(body);
      else this.#refused(body, answer);
    });
  }

  #post({ key, bytes }: Body, done: (answer: Answer) => void): void {
    const { net, scheduler, clock } = this.#context.platform;
    const headers = { "idempotency-key": key, ...this.#headers };
    let late = false;
    const answered = (answer: Answer) => {
      cancelTimer();
      done(answer);
    };
    const cancelFetch = net.fetch(this.#url, { headers, body: bytes }, (error, result) => {
      if (error !== null) {
        const shown = late ? new Error(`no answer within ${this.#options.timeoutMs} ms`) : error;
        answered({ status: null, error: shown, retryAfterMs: 0 });
        return;
      }
      const { status } = result;
      const afterMs = Math.min(RETRY_AFTER_MAX_MS, retryAfterMs(result.header("retry-after"), clock.nowMs()));
      passOver(result, () => answered({ status, error: null, retryAfterMs: afterMs }));
    });
    const cancelTimer = scheduler.after(this.#options.timeoutMs, () => {
      late = true;
      cancelFetch();
    });
    this.#stop = cancelFetch;
  }

  #taken(body: Body): void {
    if (this.#retry.failures > 0) this.#context.connection({ status: "open" });
    this.#retry.succeeded();
    this.#sent(body);
  }

  #refused(body: Body, { status, error, retryAfterMs: afterMs }: Answer): void {
    const message = error === null ? `the server answered ${status}` : messageOf(error);
    const delayMs = status === null || isRetried(status) ? this.#retry.next(afterMs) : null;
    if (delayMs === null) {
      this.#giveUp(body, status, message);
      return;
    }
    this.#context.connection({ status: "waiting", delayMs, message });
    const cancel = this.#context.platform.scheduler.after(delayMs, () => this.#attempt(body));
    this.#stop = () => {
      cancel();
      this.#aborted?.(null);
    };
  }

  #giveUp({ bytes, rows, key }: Body, status: number | null, message: string): void {
    const { giveUp } = this.#options;
    const attempts = this.#attempts;
    this.#retry.succeeded();
    const error = new ConnectorError("DELIVERY", `${this.#name} did not take ${rows} rows: ${message}`, {
      hint: `${attempts} attempts were made; look at the address and the server, or keep such rows: { giveUp: (body) => … }`,
      at: { source: this.#name },
    });
    if (giveUp === "fail") {
      this.#failed(error);
      return;
    }
    this.#context.metrics.badRows += rows;
    this.#stop = () => this.#aborted?.(null);
    // Asked in an async function: what is thrown and what is rejected are the same.
    const ask = async () => {
      const answer: unknown = giveUp({ bytes, rows, key, status, attempts, error });
      if (isThenable(answer)) await answer;
    };
    ask().then(
      () => {
        if (this.#aborted === null) this.#sent({ bytes, rows, key });
      },
      (cause: unknown) => {
        const failure = new ConnectorError("FUNCTION", `giveUp of ${this.#name} threw: ${messageOf(cause)}`, {
          hint: "the cause is the function's own error",
          domain: "user",
          cause,
        });
        if (this.#aborted === null) this.#failed(failure);
      },
    );
  }

  #sent({ bytes }: Body): void {
    const wasReady = this.ready;
    this.#bodies.shift();
    this.#waitingBytes -= bytes.length;
    this.#sending = false;
    this.#stop = null;
    this.#next();
    if (!wasReady && this.ready) this.#context.wake();
  }

  #failed(error: ConnectorError): void {
    this.#over = true;
    this.#sending = false;
    this.#stop = null;
    const finished = this.#finished;
    this.#finished = null;
    if (finished === null) this.#context.fail(error);
    else finished(error);
  }
}

/** Reads what is left of an answer, up to a limit. */
function passOver(result: FetchResult, done: () => void, readBytes = 0): void {
  result.read((error, chunk) => {
    if (error !== null || chunk === null) done();
    else if (readBytes + chunk.length <= ANSWER_BYTES_MAX) passOver(result, done, readBytes + chunk.length);
    else {
      result.cancel();
      done();
    }
  });
}
