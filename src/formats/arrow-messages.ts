// Arrow IPC bytes, cut anywhere → complete messages. A stream is messages one after another up to an end mark; a file is the
// same behind the magic ARROW1, with a footer behind the end mark, which is not needed to read it from its start.
//
//     │ FF FF FF FF │ metadata length i32 │ metadata (flatbuffers, padded to 8) │ body │     old streams: without the FFs
//
// Source: Arrow columnar format, "Serialization and Interprocess Communication".
import * as arrow from "apache-arrow";
import { DataError, EngineError } from "../errors.js";
import { messageOf } from "../platform/errors.js";
import { verifyMessage } from "./arrow-verify.js";
import { joined } from "./joined.js";

const MAGIC = [0x41, 0x52, 0x52, 0x4f, 0x57, 0x31]; // "ARROW1"
/** With the padding behind it. */
const MAGIC_BYTES = 8;
const PREFIX_BYTES = 8;
const CONTINUATION = -1;
/** Metadata names columns and buffers: more than this is a length that lies. */
export const METADATA_BYTES_MAX = 16 * 1024 * 1024;
/** One record batch at most: it has to be in memory whole before its rows can be read. */
const BODY_BYTES_MAX = 1024 * 1024 * 1024;

/** What stands at both ends of a file. */
export function isMagic(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, index) => bytes[index] === byte);
}

type Decoded = NonNullable<ReturnType<arrow.MessageReader["readMessage"]>>;

export interface IpcMessage {
  readonly header: Decoded;
  /** Where it begins in the source. */
  readonly byte: number;
  /** The message with its prefix and body. */
  readonly bytes: Uint8Array;
}

/** Bytes in, messages out. No more is kept than came, however long a message says it is. */
export class IpcMessages {
  readonly #source: string;
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Offset in the source of the first byte that is kept. */
  #byte = 0;
  #begun = false;
  /** The bytes begin as a file's; false until that is known. */
  isFile = false;
  /** The source ended inside a message, as the error said. */
  isTruncated = false;
  #finished = false;
  /** The end mark was read. */
  #ended = false;

  constructor(source: string) {
    this.#source = source;
  }

  /** Takes the bytes over: they stay as they are. */
  feed(chunk: Uint8Array): void {
    // Behind the end mark of a file stands its footer.
    if (this.#ended && this.isFile) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  finish(): void {
    this.#finished = true;
  }

  /** The next message; null when there is none in the bytes so far. @throws ARROW_INVALID, RECORD_TOO_LARGE */
  next(): IpcMessage | null {
    if (!this.#begun && !this.#begin()) return null;
    if (this.#ended) return this.#checkEnd();
    const prefix = this.#peek(PREFIX_BYTES);
    if (prefix === null) return this.#missing(0);
    const { prefixBytes, metadataBytes } = readPrefix(prefix);
    if (metadataBytes === 0) {
      this.#take(prefixBytes);
      this.#ended = true;
      if (this.isFile) this.#take(this.#length);
      return this.#checkEnd();
    }
    if (metadataBytes < 0 || metadataBytes > METADATA_BYTES_MAX) {
      throw this.#invalid(`a message says that its metadata has ${metadataBytes} bytes`);
    }
    const front = this.#peek(prefixBytes + metadataBytes);
    if (front === null) return this.#missing(prefixBytes + metadataBytes);
    const header = decodeHeader(front.subarray(0, prefixBytes + metadataBytes), this.#source, this.#byte);
    const { bodyLength } = header;
    checkBody(bodyLength, this.#source, this.#byte);
    const total = prefixBytes + metadataBytes + bodyLength;
    if (this.#length < total) return this.#missing(total);
    const byte = this.#byte;
    return { header, byte, bytes: this.#take(total) };
  }

  #begin(): boolean {
    const head = this.#peek(MAGIC_BYTES);
    if (head === null) {
      this.#missing(MAGIC_BYTES);
      return false;
    }
    this.#begun = true;
    this.isFile = isMagic(head);
    if (this.isFile) this.#take(MAGIC_BYTES);
    return true;
  }

  #checkEnd(): null {
    if (this.#length > 0) throw this.#invalid(`${this.#length} bytes follow the end mark`);
    return null;
  }

  /** More bytes are needed: the end of the source must not come here. */
  #missing(needed: number): null {
    if (this.#finished && this.#length > 0) {
      this.isTruncated = true;
      throw this.#invalid(
        `it ends after ${this.#length} bytes of a message${needed > 0 ? ` of ${needed} or more` : ""}`,
      );
    }
    return null;
  }

  /** The first bytes, at least so many, in one piece; null when there are fewer. */
  #peek(count: number): Uint8Array | null {
    if (this.#length < count) return null;
    if ((this.#chunks[0] as Uint8Array).length < count) this.#join(count);
    return this.#chunks[0] as Uint8Array;
  }

  #take(count: number): Uint8Array {
    const first = count === 0 ? null : this.#peek(count);
    if (first === null) return new Uint8Array(0);
    this.#length -= count;
    this.#byte += count;
    if (first.length === count) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(count);
    return first.subarray(0, count);
  }

  /** Puts as many chunks together as hold `count` bytes. */
  #join(count: number): void {
    let chunks = 0;
    let bytes = 0;
    while (bytes < count) bytes += (this.#chunks[chunks++] as Uint8Array).length;
    this.#chunks.unshift(joined(this.#chunks.splice(0, chunks), bytes));
  }

  #invalid(what: string): DataError {
    return arrowIpcInvalid(this.#source, what, this.#byte);
  }
}

/** How long a message's prefix is, and the metadata behind it. */
function readPrefix(bytes: Uint8Array): { readonly prefixBytes: number; readonly metadataBytes: number } {
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const modern = head.getInt32(0, true) === CONTINUATION;
  return { prefixBytes: modern ? PREFIX_BYTES : 4, metadataBytes: head.getInt32(modern ? 4 : 0, true) };
}

/** The header of a message, of its prefix and metadata. @throws ARROW_INVALID */
export function decodeHeader(front: Uint8Array, source: string, byte: number): Decoded {
  try {
    const { prefixBytes, metadataBytes } = readPrefix(front);
    if (!(metadataBytes > 0 && prefixBytes + metadataBytes <= front.length)) {
      throw new Error(`metadata of ${metadataBytes} bytes in ${front.length - prefixBytes}`);
    }
    verifyMessage(front.subarray(prefixBytes, prefixBytes + metadataBytes));
    const header = new arrow.MessageReader(front).readMessage();
    if (header === null) throw new Error("it is empty");
    // What it is about is decoded when it is first asked for; what is wrong with it belongs here.
    header.header();
    return header;
  } catch (cause) {
    throw arrowIpcInvalid(source, messageOf(cause), byte, cause);
  }
}

/** @throws RECORD_TOO_LARGE for a body that is not to be held in memory */
export function checkBody(bodyBytes: number, source: string, byte: number): void {
  if (bodyBytes <= BODY_BYTES_MAX) return;
  throw new DataError("RECORD_TOO_LARGE", `${source}: a record batch of ${bodyBytes} bytes`, {
    hint: `${BODY_BYTES_MAX} is the most: write smaller record batches`,
    at: { source, byte },
  });
}

/** What apache-arrow throws over contents that make no sense is the source's fault, not the engine's. @throws ARROW_INVALID */
export function readingArrow<T>(source: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw cause instanceof EngineError ? cause : arrowIpcInvalid(source, messageOf(cause), undefined, cause);
  }
}

export function arrowIpcInvalid(source: string, what: string, byte?: number, cause?: unknown): DataError {
  return new DataError("ARROW_INVALID", `${source}: ${what}`, {
    hint: "give an uncompressed, little-endian Arrow stream or file",
    at: byte === undefined ? { source } : { source, byte },
    cause,
  });
}
