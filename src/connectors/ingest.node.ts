// `mill.ingest(options)`: a small HTTP endpoint that other programs push records to. A body is taken as a whole or not at all:
// 202 says that it waits for the job, 429 that too much waits already. On this machine alone unless the options say otherwise.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as v from "valibot";
import type { Schema } from "../arrow/types.js";
import { ConnectorError, DataError } from "../errors.js";
import { joined } from "../formats/joined.js";
import { checkFormatOptions } from "../formats/options.js";
import type { Poll, Source, SourceContext } from "../operators/source.js";
import type { TableRef } from "../plan/logical.js";
import { messageOf } from "../platform/errors.js";
import type { Completion } from "../platform/platform.js";
import type { Connector, Table } from "../runtime/connector.js";
import type { StateValue } from "../state/snapshot.js";
import { checkReach, Guard, SERVER_OPTIONS, Whole } from "./broadcast-guard.node.js";
import { DecodedSplit } from "./bytes.js";
import { type Compression, openPieces, type Pieces } from "./compression.js";
import { loadFormat, openFormat } from "./formats.js";

const NEWLINE = Uint8Array.of(0x0a);
/** Seconds after which a client that was refused for want of room may come again. */
const RETRY_AFTER = "1";

export const INGEST_SCHEMA = v.strictObject({
  ...SERVER_OPTIONS,
  bodyBytesMax: v.optional(Whole(1, 1 << 30), 16 << 20),
  bufferBytes: v.optional(Whole(1, 1 << 30), 64 << 20),
});

type Settings = v.InferOutput<typeof INGEST_SCHEMA>;

/** Formats by the media type of a body. */
const FORMATS: ReadonlyMap<string, string> = new Map([
  ["application/x-ndjson", "ndjson"],
  ["application/ndjson", "ndjson"],
  ["application/jsonl", "ndjson"],
  ["application/json", "json"],
  ["text/csv", "csv"],
]);

/** Compressions by the coding of a body (RFC 9110, 8.4.1). */
const CODINGS: ReadonlyMap<string, Compression> = new Map([
  ["", "none"],
  ["identity", "none"],
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["zstd", "zstd"],
]);

/** What a 415 says may come, in its headers and for people. */
const ACCEPTED = { types: [...FORMATS.keys()].join(", "), codings: "gzip, zstd" };
/** Zstandard is read by an optional package. */
const ACCEPTED_WITHOUT_ZSTD = { ...ACCEPTED, codings: "gzip" };

export const ingest: Connector = {
  name: "ingest",
  async resolve({ ref }, schema) {
    await Promise.all([...new Set(FORMATS.values())].map((format) => loadFormat(format, ref.name)));
    if (schema !== null) return { schema, bounded: false, options: { columns: schema.fields.map(({ name }) => name) } };
    throw new ConnectorError("OPTION", `${ref.name} has no schema`, {
      hint: 'the columns cannot be found out before the first request: { schema: { ts: "TIMESTAMP(3)", price: "DOUBLE" } }',
      domain: "user",
    });
  },
  source: (table, schema) => new IngestSource(table, schema),
};

/** A body that waits. */
interface Body {
  readonly format: string;
  readonly bytes: Uint8Array;
}

class IngestSource implements Source {
  readonly schema: Schema;
  readonly mayIdle = true;
  readonly #ref: TableRef;
  readonly #settings: Settings;
  readonly #server: Server;
  #guard!: Guard;
  #context!: SourceContext;
  readonly #bodies: Body[] = [];
  /** Bytes of bodies that wait, and of those that are on their way. */
  #waitingBytes = 0;
  #doneBytes = 0;
  #split: DecodedSplit | null = null;
  #error: Error | null = null;
  #closed = false;

  /** @throws OPTION */
  constructor({ ref, live }: Table, schema: Schema) {
    this.schema = schema;
    this.#ref = ref;
    this.#settings = checkFormatOptions(INGEST_SCHEMA, live, "options", ref.name);
    checkReach(ref.name, this.#settings.host, this.#settings.token);
    const limits = { requestTimeout: 60_000, headersTimeout: 10_000 };
    this.#server = createServer(limits, (request, response) => this.#answer(request, response));
  }

  open(context: SourceContext): void {
    this.#context = context;
    context.split({ split: 0, status: "active" });
    const { port, host } = this.#settings;
    this.#server.on("error", (cause) => {
      const details = { hint: "choose another port; port 0 takes a free one", domain: "user", cause } as const;
      this.#fail(new ConnectorError("LISTEN", `${this.#ref.name} cannot listen: ${cause.message}`, details));
    });
    this.#server.listen(port, host, () => this.#listening(host));
  }

  poll(): Poll {
    if (this.#error !== null) throw this.#error;
    for (;;) {
      this.#split ??= this.#next();
      if (this.#split === null) return "blocked";
      const polled = this.#split.poll();
      if (polled !== "done") return polled;
      this.#doneBytes += this.#split.progress().doneBytes;
      this.#split.close();
      this.#split = null;
    }
  }

  snapshot(): StateValue {
    return null;
  }

  restore(): void {
    throw new ConnectorError("UNSUPPORTED", `${this.#ref.name} cannot be read again from where it was`, {
      hint: "what was pushed is not kept: let its senders write files, and read those",
      domain: "user",
    });
  }

  progress(): { doneBytes: number; totalBytes: null } {
    return { doneBytes: this.#doneBytes + (this.#split?.progress().doneBytes ?? 0), totalBytes: null };
  }

  close(done: Completion<void>): void {
    this.#closed = true;
    this.#split?.close();
    this.#bodies.length = 0;
    // A server that never listened says so, and is closed as well.
    this.#server.close(() => done(null));
    this.#server.closeAllConnections();
  }

  #listening(host: string): void {
    const { port } = this.#server.address() as AddressInfo;
    const { path, onListen } = this.#settings;
    this.#guard = new Guard({ ...this.#settings, port });
    this.#context.connection({ status: "open" });
    try {
      onListen?.(`http://${host.includes(":") ? `[${host}]` : host}:${port}${path}`);
    } catch (cause) {
      const details = { hint: "the cause is the function's own error", domain: "user", cause } as const;
      this.#fail(new ConnectorError("FUNCTION", `onListen of ${this.#ref.name} threw: ${messageOf(cause)}`, details));
    }
  }

  #fail(error: Error): void {
    this.#error ??= error;
    if (!this.#closed) this.#context.wake();
  }

  /** The bodies that come next and have one format: lines of several may stand behind each other. */
  #next(): DecodedSplit | null {
    const first = this.#bodies.shift();
    if (first === undefined) return null;
    const chunks = [first.bytes];
    while (first.format === "ndjson" && this.#bodies[0]?.format === "ndjson") {
      chunks.push(NEWLINE, (this.#bodies.shift() as Body).bytes);
    }
    return new DecodedSplit((done) => this.#hand(chunks, done), {
      format: openFormat(first.format, this.#ref),
      schema: this.schema,
      columns: this.#ref.options["columns"] as readonly string[] | undefined,
      source: this.#ref.name,
      split: 0,
      context: this.#context,
      maxRecordBytes: this.#settings.bodyBytesMax,
    });
  }

  #hand(chunks: Uint8Array[], done: Completion<Uint8Array | null>): void {
    const chunk = chunks.shift() ?? null;
    if (chunk !== null && chunk !== NEWLINE) this.#waitingBytes -= chunk.length;
    done(null, chunk);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const status = this.#refusal(request);
    if (status !== null) {
      refuse(response, status);
      return;
    }
    const format = formatOf(request) as string;
    const compression = compressionOf(request) as Compression;
    if (compression === "none") {
      this.#read(request, response, format, null);
      return;
    }
    // Nothing is read before somebody listens for it.
    openPieces({ compression, source: this.#ref.name, limits: {} }).then(
      (pieces) => this.#read(request, response, format, pieces),
      () => refuse(response, 415, ACCEPTED_WITHOUT_ZSTD),
    );
  }

  /** The status that a request is refused with before its body is read; null when it may go on. */
  #refusal(request: IncomingMessage): number | null {
    const { path, bodyBytesMax, bufferBytes } = this.#settings;
    const forbidden = this.#guard.refusal(request);
    if (forbidden !== null) return forbidden;
    if (request.url !== path) return 404;
    if (!this.#guard.carriesToken(request)) return 401;
    if (request.method !== "POST") return 405;
    if (formatOf(request) === null || compressionOf(request) === null) return 415;
    const length = Number(request.headers["content-length"] ?? 0);
    if (length > bodyBytesMax) return 413;
    return this.#waitingBytes > 0 && this.#waitingBytes + length > bufferBytes ? 429 : null;
  }

  /** @param pieces - what unpacks the body, null for one that is plain */
  #read(request: IncomingMessage, response: ServerResponse, format: string, pieces: Pieces | null): void {
    const { bodyBytesMax, bufferBytes } = this.#settings;
    const chunks: Uint8Array[] = [];
    let length = 0;
    let open = true;
    /** Gives the room back that the body has taken so far. */
    const drop = (): void => {
      if (open) this.#waitingBytes -= length;
      open = false;
    };
    const stop = (status: number): void => {
      drop();
      refuse(response, status);
    };
    const keep = (bytes: Uint8Array): void => {
      const others = this.#waitingBytes - length;
      length += bytes.length;
      this.#waitingBytes += bytes.length;
      chunks.push(bytes);
      if (length > bodyBytesMax) stop(413);
      else if (others > 0 && this.#waitingBytes > bufferBytes) stop(429);
    };
    const take = (chunk: Uint8Array | null): void => {
      if (!open) return;
      if (pieces === null) {
        if (chunk !== null) keep(chunk);
        return;
      }
      try {
        pieces.push(chunk);
        for (let piece = pieces.next(); piece !== null && open; piece = pieces.next()) keep(piece);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        stop(error.code === "DECOMPRESS_LIMIT" ? 413 : 400);
      }
    };
    request.on("data", take);
    request.on("end", () => {
      take(null);
      if (!open || this.#closed) return;
      open = false;
      this.#bodies.push({ format, bytes: joined(chunks, length) });
      this.#context.wake();
      response.writeHead(202).end();
    });
    // A client that leaves in the middle has sent nothing.
    request.on("close", drop);
    request.on("error", drop);
  }
}

function formatOf({ headers }: IncomingMessage): string | null {
  const [type = ""] = (headers["content-type"] ?? "").split(";", 1);
  return FORMATS.get(type.trim().toLowerCase()) ?? null;
}

/** How a body is compressed; null for a coding that is none of ours, or several. */
function compressionOf({ headers }: IncomingMessage): Compression | null {
  return CODINGS.get((headers["content-encoding"] ?? "").trim().toLowerCase()) ?? null;
}

/** Answers without having read the body: what is still on its way ends with the connection. */
function refuse(response: ServerResponse, status: number, { types, codings } = ACCEPTED): void {
  const headers: Record<string, string> = { connection: "close" };
  if (status === 429) headers["retry-after"] = RETRY_AFTER;
  if (status === 401) headers["www-authenticate"] = "Bearer";
  if (status === 405) headers["allow"] = "POST";
  if (status !== 415) {
    response.writeHead(status, headers).end();
    return;
  }
  response.writeHead(status, {
    ...headers,
    "accept-post": types,
    "accept-encoding": codings,
    "content-type": "text/plain",
  });
  response.end(`Content-Type: ${types}\nContent-Encoding: ${codings}, or none\n`);
}
