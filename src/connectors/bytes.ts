// Bytes on their way into a decoder: where chunks come from (a file, a stream, a fetch), read ahead within a bound, and the
// reader of one split that all of them share.
import type { Schema } from "../arrow/types.js";
import { DataError } from "../errors.js";
import type { Decoder, DecoderPosition, Format } from "../formats/format.js";
import { joined } from "../formats/joined.js";
import type { Poll, SourceContext } from "../operators/source.js";
import { type Completion, promised, type ReadableFile } from "../platform/platform.js";
import type { StateValue } from "../state/snapshot.js";

export const CHUNK_BYTES = 1 << 20;
/** Chunks that one split reads ahead at most while it is being read. */
export const CHUNKS_AHEAD = 4;

/** Asks for the next bytes; null: there are no more. `room` as in `ReadableFile.read`. */
export type ReadChunk = (done: Completion<Uint8Array | null>, room?: ArrayBufferLike) => void;

/** Chunks read ahead, one request at a time. */
export class ChunkQueue {
  readonly #read: ReadChunk;
  readonly #wake: () => void;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #asking = false;
  #ended = false;
  #closed = false;
  #error: Error | null = null;
  /** Memory of chunks that are used up, for those that are read next. */
  readonly #rooms: ArrayBufferLike[] = [];
  /** How many chunks' worth of bytes may wait; CHUNKS_AHEAD while the split is the one that is read. */
  chunksAhead = 1;

  constructor(read: ReadChunk, wake: () => void) {
    this.#read = read;
    this.#wake = wake;
  }

  /** True when all chunks have been taken. */
  get ended(): boolean {
    return this.#ended && this.#chunks.length === 0;
  }

  /** Reads on while there is room. */
  ask(): void {
    if (this.#asking || this.#ended || this.#closed || this.#bytes >= this.chunksAhead * CHUNK_BYTES) return;
    this.#asking = true;
    this.#read((error, chunk) => {
      this.#asking = false;
      if (this.#closed) return;
      if (error !== null || chunk === null) {
        this.#ended = true;
        this.#error = error;
      } else if (chunk.length > 0) {
        this.#chunks.push(chunk);
        this.#bytes += chunk.length;
      }
      this.#wake();
      this.ask();
    }, this.#rooms.pop());
  }

  /** The next chunk, null while none is there. @throws the error that reading ended with, when all before it is taken */
  take(): Uint8Array | null {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) {
      if (this.#error !== null) throw this.#error;
      this.ask();
      return null;
    }
    this.#bytes -= chunk.length;
    this.ask();
    return chunk;
  }

  /** Nobody looks at a chunk any more. */
  recycle({ buffer }: Uint8Array): void {
    if (this.#rooms.length < CHUNKS_AHEAD) this.#rooms.push(buffer);
  }

  close(): void {
    this.#closed = true;
    this.#chunks.length = 0;
    this.#rooms.length = 0;
  }
}

/** Reads a file from an offset, chunk by chunk. */
export function fileChunks(file: ReadableFile, fromByte: number): ReadChunk {
  let at = fromByte;
  return (done, room) => {
    if (at >= file.lengthBytes) {
      done(null, null);
      return;
    }
    const answer: Completion<Uint8Array> = (error, bytes) => {
      at += bytes?.length ?? 0;
      done(error, bytes?.length === 0 ? null : bytes);
    };
    file.read(at, Math.min(CHUNK_BYTES, file.lengthBytes - at), answer, room);
  };
}

/** The first bytes, for whoever looks for columns: `bytesMin` of them, or all. `head` are the chunks they came in. */
export async function takeSample(
  read: ReadChunk,
  bytesMin = CHUNK_BYTES,
): Promise<{ bytes: Uint8Array; head: Uint8Array[]; complete: boolean }> {
  const head: Uint8Array[] = [];
  let length = 0;
  let complete = false;
  while (length < bytesMin && !complete) {
    const chunk = await promised(read);
    complete = chunk === null;
    if (chunk === null) break;
    head.push(chunk);
    length += chunk.length;
  }
  return { bytes: joined(head, length), head, complete };
}

/** Reads the rows of one split. Parquet's reader has the same shape. */
export interface SplitReader {
  poll(): Poll;
  /** Where to go on after the batches given so far. */
  snapshot(): StateValue;
  /** Without `totalBytes` it is the bytes of the whole split. */
  progress(): { readonly doneBytes: number; readonly totalBytes?: number };
  close(): void;
}

export interface DecodedSplitOptions {
  readonly format: Format;
  readonly schema: Schema;
  /** Names of all columns of the table, when they are more than the schema's. */
  readonly columns?: readonly string[];
  /** Name in messages and dead letters. */
  readonly source: string;
  readonly split: number;
  readonly context: SourceContext;
  readonly maxRecordBytes?: number;
  readonly start?: DecoderPosition;
  /** Bytes of the source so far, where they are not those that the decoder is fed: compressed ones. */
  readonly readBytes?: () => number;
}

/** A split of records: chunks through a decoder. */
export class DecodedSplit implements SplitReader {
  readonly chunks: ChunkQueue;
  readonly #decoder: Decoder;
  readonly #context: SourceContext;
  readonly #readBytes: () => number;
  #fedBytes: number;
  /** The chunk that the decoder has. */
  #fed: Uint8Array | null = null;
  #finished = false;

  constructor(read: ReadChunk, options: DecodedSplitOptions) {
    const { format, schema, columns, source, split, context, maxRecordBytes, start } = options;
    this.chunks = new ChunkQueue(read, () => context.wake());
    this.#context = context;
    this.#fedBytes = start?.byte ?? 0;
    this.#readBytes = options.readBytes ?? (() => this.#fedBytes);
    this.#decoder = format.createDecoder({
      workspace: context.workspace,
      schema,
      columns,
      source,
      split,
      batchRowsMax: context.batchRowsMax,
      maxRecordBytes,
      start,
      bad: (record) => context.bad(record),
    });
    this.chunks.ask();
  }

  poll(): Poll {
    for (;;) {
      const batch = this.#decoder.next();
      if (batch !== null) return batch;
      if (this.#finished) return "done";
      const chunk = this.#takeChunk();
      if (this.#finished) return "done";
      if (chunk !== null) {
        this.#fedBytes += chunk.length;
        this.#decoder.feed(chunk);
        if (this.#fed !== null) this.chunks.recycle(this.#fed);
        this.#fed = chunk;
      } else if (this.chunks.ended) {
        this.#decoder.finish();
        this.#finished = true;
      } else return "blocked";
    }
  }

  /** Where to go on, as decoders have it. */
  get position(): DecoderPosition {
    return this.#decoder.position;
  }

  snapshot(): StateValue {
    return { ...this.position };
  }

  progress(): { readonly doneBytes: number } {
    return { doneBytes: this.#readBytes() };
  }

  close(): void {
    this.chunks.close();
    this.#decoder.close();
  }

  /** Compressed data that breaks off is a bad record: what came before it is read, and the row policy decides. */
  #takeChunk(): Uint8Array | null {
    try {
      return this.chunks.take();
    } catch (error) {
      if (!(error instanceof DataError) || this.#context.rowPolicy === "fail") throw error;
      const { code, message, at = {} } = error;
      this.#finished = true;
      this.#context.bad({ code, message, at, raw: new Uint8Array(0) });
      return null;
    }
  }
}
