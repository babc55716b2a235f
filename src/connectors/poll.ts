// `mill.poll(url)`: a URL that is asked again and again. Each new answer gives its records; one that has not changed (ETag,
// Last-Modified) gives none. With a cursor every request goes on behind the last row, and so does a snapshot.
//
// A body is decoded once all of it has come: what breaks off on the way has given no row, and is simply asked for again.
import { readColumn } from "../arrow/rows.js";
import { columnIndex, type Field, type Schema } from "../arrow/types.js";
import { ConnectorError } from "../errors.js";
import type { Format } from "../formats/format.js";
import type { Poll, Source, SourceContext } from "../operators/source.js";
import type { TableRef } from "../plan/logical.js";
import { fetchFailed } from "../platform/errors.js";
import { type Completion, type FetchResult, promised } from "../platform/platform.js";
import type { Connector, Resolved, Table } from "../runtime/connector.js";
import type { StateValue } from "../state/snapshot.js";
import { readBody } from "./body.js";
import { DecodedSplit } from "./bytes.js";
import { loadAndOpen, openFormat } from "./formats.js";
import { isRetried, RETRY, Retry, type RetryOptions, retryAfterMs } from "./retry.js";

/** What `mill.poll` keeps with the table. */
interface PollOptions {
  readonly everyMs: number;
  readonly format?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxRecordBytes?: number;
  readonly bodyBytesMax?: number;
  readonly cursor?: { readonly column: string; readonly parameter: string; readonly start?: string };
  readonly retry?: RetryOptions;
  /** Found out while binding: all columns, and that of the cursor. */
  readonly columns?: readonly string[];
  readonly cursorField?: Field;
}

const BODY_BYTES_MAX = 64 << 20;
const NOT_MODIFIED = 304;

export const poll: Connector = {
  name: "poll",
  async resolve(table, schema): Promise<Resolved> {
    const { ref, live, platform } = table;
    const { cursor, headers, bodyBytesMax } = optionsOf(ref);
    const format = await loadAndOpen(formatOf(ref), ref);
    const found = schema ?? (await inferSchema(format));
    const columns = found.fields.map(({ name }) => name);
    if (cursor === undefined) return { schema: found, bounded: false, options: { columns } };
    const cursorField = found.fields[columnIndex(found, cursor.column)];
    return { schema: found, bounded: false, options: { columns, cursorField } };

    async function inferSchema(open: Format): Promise<Schema> {
      const url = withCursor(live as string, cursor, cursor?.start ?? null);
      const response = await promised<FetchResult>((done) => platform.net.fetch(url, { headers }, done));
      if (response.status !== 200) {
        response.cancel();
        throw fetchFailed(url, `the server answered ${response.status}`);
      }
      const bytes = await promised<Uint8Array>((done) =>
        readBounded(response, url, bodyBytesMax ?? BODY_BYTES_MAX, done),
      );
      return open.inferSchema({ bytes, complete: true, source: ref.name });
    }
  },
  source: (table, schema) => new PollSource(table, schema),
};

function optionsOf(ref: TableRef): PollOptions {
  return ref.options as unknown as PollOptions;
}

function formatOf(ref: TableRef): string {
  return optionsOf(ref).format ?? "ndjson";
}

/** The URL that asks for what lies behind the cursor. */
function withCursor(url: string, cursor: PollOptions["cursor"], value: string | null): string {
  if (cursor === undefined || value === null) return url;
  const [address, fragment = ""] = url.split("#", 2) as [string, string?];
  const joint = address.includes("?") ? "&" : "?";
  return `${address}${joint}${encodeURIComponent(cursor.parameter)}=${encodeURIComponent(value)}${fragment && `#${fragment}`}`;
}

/** The whole body. Fails with FETCH when it is longer than `bytesMax`. */
function readBounded(response: FetchResult, url: string, bytesMax: number, done: Completion<Uint8Array>): void {
  const tooLong = () => fetchFailed(url, `the body is longer than ${bytesMax} bytes (bodyBytesMax)`);
  readBody(response, bytesMax, tooLong, done);
}

export class PollSource implements Source {
  readonly schema: Schema;
  readonly mayIdle = true;
  readonly #url: string;
  readonly #ref: TableRef;
  readonly #options: PollOptions;
  /** What is decoded: the columns that are read, and the cursor's. */
  readonly #decoded: Schema;
  readonly #retry: Retry;
  #context!: SourceContext;
  #response: FetchResult | null = null;
  #split: DecodedSplit | null = null;
  #cursor: string | null;
  #etag: string | null = null;
  #modified: string | null = null;
  #error: Error | null = null;
  #closed = false;
  #cancelTimer: (() => void) | null = null;
  #askedMs = 0;
  #doneBytes = 0;

  constructor({ live, ref, platform }: Table, schema: Schema) {
    this.schema = schema;
    this.#url = live as string;
    this.#ref = ref;
    this.#options = optionsOf(ref);
    const { cursor, cursorField, retry } = this.#options;
    const has = schema.fields.some(({ name }) => name === cursor?.column);
    this.#decoded = cursorField === undefined || has ? schema : { ...schema, fields: [...schema.fields, cursorField] };
    this.#cursor = cursor?.start ?? null;
    this.#retry = new Retry(retry ?? RETRY, platform.random);
  }

  open(context: SourceContext): void {
    this.#context = context;
    context.split({ split: 0, status: "active" });
    this.#ask();
  }

  poll(): Poll {
    if (this.#error !== null) throw this.#error;
    const split = this.#split;
    if (split === null) return "blocked";
    const polled = split.poll();
    if (polled !== "done") return polled === "blocked" ? polled : this.#passCursor(polled);
    this.#doneBytes += split.progress().doneBytes;
    split.close();
    this.#split = null;
    this.#askAfter(this.#askedMs + this.#options.everyMs - this.#nowMs());
    return "blocked";
  }

  snapshot(): StateValue {
    return this.#cursor;
  }

  restore(state: StateValue): void {
    if (this.#options.cursor === undefined) {
      throw new ConnectorError("UNSUPPORTED", `${this.#ref.name} cannot be read again from where it was`, {
        hint: 'name what the server can go on behind: { cursor: { column: "id", parameter: "after" } }',
        domain: "user",
      });
    }
    this.#cursor = state as string | null;
  }

  progress(): { doneBytes: number; totalBytes: null } {
    return { doneBytes: this.#doneBytes + (this.#split?.progress().doneBytes ?? 0), totalBytes: null };
  }

  close(done: Completion<void>): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#response?.cancel();
    this.#split?.close();
    done(null);
  }

  #ask(): void {
    const { platform } = this.#context;
    const url = withCursor(this.#url, this.#options.cursor, this.#cursor);
    const headers: Record<string, string> = { ...this.#options.headers };
    if (this.#etag !== null) headers["if-none-match"] = this.#etag;
    if (this.#modified !== null) headers["if-modified-since"] = this.#modified;
    this.#askedMs = this.#nowMs();
    platform.net.fetch(url, { headers }, (error, response) => {
      if (this.#closed) response?.cancel();
      else if (error !== null) this.#again(error);
      else this.#answered(url, response);
    });
  }

  #answered(url: string, response: FetchResult): void {
    const { status } = response;
    if (status >= 200 && status < 300) {
      this.#response = response;
      readBounded(response, url, this.#options.bodyBytesMax ?? BODY_BYTES_MAX, (error, body) => {
        this.#response = null;
        if (this.#closed) return;
        if (error !== null) this.#again(error);
        else this.#start(response, body);
      });
      return;
    }
    response.cancel();
    if (status === NOT_MODIFIED) {
      this.#worked();
      this.#askAfter(this.#options.everyMs);
    } else if (isRetried(status)) {
      const waitMs = retryAfterMs(response.header("retry-after"), this.#context.platform.clock.nowMs());
      this.#again(fetchFailed(url, `the server answered ${status}`), waitMs);
    } else this.#fail(fetchFailed(url, `the server answered ${status}`));
  }

  #start(response: FetchResult, body: Uint8Array): void {
    this.#worked();
    // With a cursor the next request is another one, to which what is known of this one does not apply.
    if (this.#options.cursor === undefined) {
      this.#etag = response.header("etag");
      this.#modified = response.header("last-modified");
    }
    const chunks = [body];
    try {
      this.#split = new DecodedSplit((done) => done(null, chunks.shift() ?? null), {
        format: openFormat(formatOf(this.#ref), this.#ref),
        schema: this.#decoded,
        columns: this.#options.columns,
        source: this.#ref.name,
        split: 0,
        context: this.#context,
        maxRecordBytes: this.#options.maxRecordBytes,
      });
    } catch (error) {
      this.#error = error as Error;
    }
    this.#context.wake();
  }

  /** The last row says where the next request goes on. */
  #passCursor(batch: Exclude<Poll, string>): Poll {
    const { cursor } = this.#options;
    if (cursor === undefined || batch.rowCount === 0) return batch;
    const index = columnIndex(this.#decoded, cursor.column);
    const [value] = readColumn(batch.slice(batch.rowCount - 1, batch.rowCount), index, { bigint: true });
    if (value !== null && value !== undefined) {
      this.#cursor = value instanceof Date ? value.toISOString() : String(value);
    }
    return this.#decoded === this.schema
      ? batch
      : batch.pick(
          this.schema,
          this.schema.fields.map((_, at) => at),
        );
  }

  #worked(): void {
    if (this.#retry.failures > 0) this.#context.connection({ status: "open" });
    this.#retry.succeeded();
  }

  #again(error: Error, atLeastMs = 0): void {
    const delayMs = (error as ConnectorError).retry === "none" ? null : this.#retry.next(atLeastMs);
    if (delayMs === null) {
      this.#fail(error);
      return;
    }
    this.#context.connection({ status: "waiting", delayMs, message: error.message });
    this.#askAfter(delayMs);
  }

  #fail(error: Error): void {
    this.#context.connection({ status: "closed", message: error.message });
    this.#error = error;
    this.#context.wake();
  }

  #askAfter(delayMs: number): void {
    this.#cancelTimer = this.#context.platform.scheduler.after(Math.max(0, delayMs), () => this.#ask());
  }

  #nowMs(): number {
    return this.#context.platform.clock.monotonicMs();
  }
}
