// Bytes that come in order: a WHATWG ReadableStream or a stream of Node, which come once; fetch.ts reads bodies by the same
// source. One split of records in any format.
import { isNodeBytes, type NodeBytes } from "../api/tables.js";
import type { Schema } from "../arrow/types.js";
import { ConnectorError } from "../errors.js";
import { type DecoderPosition, type Format, START } from "../formats/format.js";
import type { Poll, Source, SourceContext } from "../operators/source.js";
import type { TableRef } from "../plan/logical.js";
import { messageOf } from "../platform/errors.js";
import type { Completion } from "../platform/platform.js";
import type { Connector, Resolved, Table } from "../runtime/connector.js";
import type { StateValue } from "../state/snapshot.js";
import { CHUNK_BYTES, CHUNKS_AHEAD, DecodedSplit, type ReadChunk, takeSample } from "./bytes.js";
import { checkLimits, compressionOf, decompressed } from "./compression.js";
import { endingFormat, loadAndOpen, openFormat } from "./formats.js";

/** Bytes that are looked at for the columns where no schema is given. */
const SAMPLE_BYTES = CHUNK_BYTES / 4;

type Bytes = ReadableStream<Uint8Array> | NodeBytes;

/** What was read of a stream to learn its columns, and how to read on. */
export interface Begun {
  readonly head: readonly Uint8Array[];
  readonly rest: ReadChunk;
  readonly cancel: () => void;
  /** Which bytes these are, where they can be read again; null where they cannot. */
  readonly version?: () => string | null;
}

/** Where a source goes on. */
export interface Start {
  readonly version: string | null;
  /** null: at its beginning. */
  readonly position: DecoderPosition | null;
}

/** How the bytes of a source are had, from `start` on. */
export type Begin = (start: Start, context: SourceContext, done: Completion<Begun>) => void;

/** By stream: what was begun, or null when a job has taken it. */
const streams = new WeakMap<Bytes, Begun | null>();

/** `mill.from(stream)`: a stream is read once. */
export const stream: Connector = {
  name: "stream",
  async resolve(table, schema): Promise<Resolved> {
    const format = await loadAndOpen(streamFormat(table.ref), table.ref);
    if (schema !== null) return resolvedStream(schema);
    const { begun, sample } = await look(takeStream(table));
    streams.set(table.live as Bytes, begun);
    return resolvedStream(format.inferSchema({ ...sample, source: table.ref.name }));
  },
  source: (table, schema) => new StreamSource(table, schema, (_start, _context, done) => done(null, takeStream(table))),
};

/** By option, by the name's ending, else lines of JSON: what a service streams has no ending. */
export function streamFormat({ name, options }: TableRef): string {
  return (options["format"] as string | undefined) ?? endingFormat(name) ?? "ndjson";
}

/** What is known of a stream with these columns. */
export function resolvedStream(schema: Schema): Resolved {
  return { schema, bounded: true, options: { columns: schema.fields.map(({ name }) => name) } };
}

/** Takes a stream for reading. @throws SOURCE_USED when a job or somebody else has it */
function takeStream(table: Table): Begun {
  const { name } = table.ref;
  const bytes = table.live as Bytes;
  const begun = streams.get(bytes);
  if (begun === null || (begun === undefined && isTaken(bytes))) {
    throw new ConnectorError("SOURCE_USED", `${name} was read already`, {
      hint: "a stream can be read once: give a new one to every run, or a URL to mill.fetch()",
      domain: "user",
    });
  }
  streams.set(bytes, null);
  if (begun !== undefined) return begun;
  const { next, cancel } = isNodeBytes(bytes) ? readNode(bytes) : readWeb(bytes);
  const read: ReadChunk = (done) => {
    next().then(
      (value) => {
        if (value === undefined || value instanceof Uint8Array) done(null, value ?? null);
        else if (typeof value === "string" && isNodeBytes(bytes)) done(null, new TextEncoder().encode(value));
        else done(streamFailed(name, `it gives ${typeof value}, not Uint8Array`), null);
      },
      (cause: unknown) => done(streamFailed(name, cause), null),
    );
  };
  return { head: [], rest: plain(read, table), cancel };
}

function isTaken(bytes: Bytes): boolean {
  return isNodeBytes(bytes) ? bytes.readableDidRead : bytes.locked;
}

/** The next chunk, undefined at the end; and how to stop. */
interface Chunks {
  readonly next: () => Promise<unknown>;
  readonly cancel: () => void;
}

function readWeb(bytes: ReadableStream<Uint8Array>): Chunks {
  const reader = bytes.getReader();
  return {
    next: async () => (await reader.read()).value,
    // A stream that fails while it is given up has nothing more to say.
    cancel: () => void reader.cancel().catch(() => undefined),
  };
}

/** A stream of Node reads on only while it is asked. Its iterator's own `return` would wait for the chunk that is asked for. */
function readNode(bytes: NodeBytes): Chunks {
  const iterator = bytes[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { done, value } = await iterator.next();
      return done === true ? undefined : value;
    },
    cancel: () => void bytes.destroy(),
  };
}

function streamFailed(name: string, cause: unknown): ConnectorError {
  return new ConnectorError("SOURCE_FAILED", `${name} failed: ${messageOf(cause)}`, {
    hint: "the cause is the stream's own error",
    cause,
  });
}

/** Reads the first bytes, and keeps them for whoever reads on. */
export async function look(begun: Begun): Promise<{ begun: Begun; sample: { bytes: Uint8Array; complete: boolean } }> {
  const { bytes, head, complete } = await takeSample(fromHead(begun), SAMPLE_BYTES);
  return { begun: { ...begun, head }, sample: { bytes, complete } };
}

/** Reads what is known already, then on. */
function fromHead({ head, rest }: Begun): ReadChunk {
  const known = [...head];
  return (done) => {
    const chunk = known.shift();
    if (chunk === undefined) rest(done);
    else done(null, chunk);
  };
}

/** The bytes as the decoder wants them: what is compressed, by option or by its name, is made whole on the way. */
export function plain(read: ReadChunk, { ref, platform }: Table, fromByte = 0): ReadChunk {
  const { name: source, options } = ref;
  const compression = compressionOf(source, options["compression"]);
  const limits = checkLimits(options["decompress"], source);
  return decompressed(read, { compression, source, limits, platform, fromByte });
}

const BEGINNING: Start = { version: null, position: null };

export class StreamSource implements Source {
  readonly schema: Schema;
  readonly mayIdle = true;
  readonly #source: string;
  readonly #format: Format;
  readonly #columns: readonly string[] | undefined;
  readonly #maxRecordBytes: number | undefined;
  readonly #begin: Begin;
  #start: Start = BEGINNING;
  #context!: SourceContext;
  #begun: Begun | null = null;
  #split: DecodedSplit | null = null;
  #error: Error | null = null;
  #closed = false;

  constructor(table: Table, schema: Schema, begin: Begin) {
    this.schema = schema;
    this.#source = table.ref.name;
    this.#format = openFormat(streamFormat(table.ref), table.ref);
    this.#columns = table.ref.options["columns"] as readonly string[] | undefined;
    this.#maxRecordBytes = table.ref.options["maxRecordBytes"] as number | undefined;
    this.#begin = begin;
  }

  open(context: SourceContext): void {
    this.#context = context;
    context.split({ split: 0, status: "active" });
    this.#begin(this.#start, context, (error, begun) => {
      if (this.#closed) {
        begun?.cancel();
        return;
      }
      if (error !== null) this.#error = error;
      else this.#attemptDecode(begun);
      context.wake();
    });
  }

  poll(): Poll {
    if (this.#error !== null) throw this.#error;
    return this.#split?.poll() ?? "blocked";
  }

  snapshot(): StateValue {
    const { version, position } = this.#start;
    const now = this.#split?.position ?? position;
    const isBeginning = now === null || (now.byte === 0 && (now.rows ?? 0) === 0);
    return { version: this.#begun?.version?.() ?? version, position: isBeginning ? null : { ...now } };
  }

  /** @throws UNSUPPORTED for bytes that do not come again, once some of them were read */
  restore(state: StateValue): void {
    this.#start = state as { version: string | null; position: DecoderPosition | null };
    if (this.#start.version !== null || this.#start.position === null) return;
    throw new ConnectorError("UNSUPPORTED", `${this.#source} cannot be read again from where it was`, {
      hint: "read it from a file, or from a server that gives an ETag, to go on after a stop",
      domain: "user",
    });
  }

  progress(): { doneBytes: number; totalBytes: null } {
    return { doneBytes: this.#split?.progress().doneBytes ?? 0, totalBytes: null };
  }

  close(done: Completion<void>): void {
    this.#closed = true;
    this.#begun?.cancel();
    this.#split?.close();
    done(null);
  }

  /** An error is the next poll's: where this is called from, nobody waits for it. */
  #attemptDecode(begun: Begun): void {
    try {
      this.#decode(begun);
    } catch (error) {
      this.#error = error as Error;
    }
  }

  #decode(begun: Begun): void {
    this.#begun = begun;
    this.#split = new DecodedSplit(fromHead(begun), {
      format: this.#format,
      schema: this.schema,
      columns: this.#columns,
      source: this.#source,
      split: 0,
      context: this.#context,
      maxRecordBytes: this.#maxRecordBytes,
      start: this.#start.position ?? START,
    });
    this.#split.chunks.chunksAhead = CHUNKS_AHEAD;
  }
}
