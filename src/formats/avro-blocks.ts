// The frame of an Avro object container file: header, then blocks of records, each behind the file's own marker of 16 bytes.
//
//     "Obj" 1 │ metadata: schema, codec │ marker │ count, bytes, records │ marker │ count, bytes, records │ marker …
//
// A block is taken when its marker is where its length says; where it is not, reading goes on behind the next marker.
import { DataError, type ErrorCode } from "../errors.js";
import { AvroCursor } from "./avro-cursor.js";

const MAGIC = [0x4f, 0x62, 0x6a, 1] as const;
const MARKER_BYTES = 16;
/** Two numbers of ten bytes. */
const BLOCK_HEAD_BYTES = 20;
/** Compared with room to spare for the numbers before it: more metadata is nobody's. */
const HEADER_BYTES_MAX = 16 << 20;

const decoder = new TextDecoder();

/** What a file says of itself. */
export interface AvroHeader {
  readonly schema: string;
  readonly codec: string;
  /** In hexadecimal digits. */
  readonly marker: string;
}

/** The header at the start of `bytes`, and where it ends; null when it goes on behind them. @throws AVRO_HEADER */
export function readHeader(bytes: Uint8Array<ArrayBuffer>, source: string): { header: AvroHeader; end: number } | null {
  const bad = (what: string) =>
    new DataError("AVRO_HEADER", `${source} ${what}`, {
      hint: "is it an Avro object container file?",
      at: { source, byte: 0 },
    });
  if (MAGIC.some((byte, at) => at < bytes.length && bytes[at] !== byte)) throw bad("does not begin as Avro files do");
  if (bytes.length < MAGIC.length) return null;
  const cursor = new AvroCursor();
  cursor.start(bytes);
  cursor.at = MAGIC.length;
  const metadata = new Map<string, string>();
  for (;;) {
    cursor.long();
    const count = cursor.high < 0 ? -(cursor.low | 0) : cursor.low;
    if (cursor.high < 0) cursor.long();
    if (count === 0 || cursor.problem !== null) break;
    for (let i = 0; i < count && cursor.problem === null; i++) {
      const key = take(cursor);
      metadata.set(key, take(cursor));
    }
  }
  const end = cursor.at + MARKER_BYTES;
  if (cursor.problem !== null || end > bytes.length) {
    if (bytes.length > HEADER_BYTES_MAX) throw bad(`has a header of more than ${HEADER_BYTES_MAX} bytes`);
    return null;
  }
  const schema = metadata.get("avro.schema");
  if (schema === undefined) throw bad("tells no schema");
  const marker = Array.from(bytes.subarray(cursor.at, end), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { header: { schema, codec: metadata.get("avro.codec") ?? "null", marker }, end };
}

function take(cursor: AvroCursor): string {
  const length = cursor.lengthBytes();
  const from = cursor.at;
  cursor.pass(length);
  return decoder.decode(cursor.bytes.subarray(from, cursor.at));
}

/** A block as it lies in the file. */
export interface AvroBlock {
  /** Offset in the source. */
  readonly byte: number;
  readonly rows: number;
  /** Compressed, as the header says. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Something in the file that is no block. */
export interface AvroBreak {
  readonly code: ErrorCode;
  readonly message: string;
  readonly byte: number;
}

/** Bytes fed in pieces → blocks. */
export class AvroBlocks {
  readonly #blockBytesMax: number;
  #marker = new Uint8Array(0);
  #bytes: Uint8Array<ArrayBuffer>;
  #at = 0;
  /** Offset in the source of the first byte in memory. */
  #base: number;
  #finished = false;
  /** True while the next marker is looked for. */
  #lost: boolean;
  readonly #cursor = new AvroCursor();

  constructor(byte: number, lost: boolean, blockBytesMax: number) {
    this.#bytes = new Uint8Array(0);
    this.#base = byte;
    this.#lost = lost;
    this.#blockBytesMax = blockBytesMax;
  }

  /** Offset in the source of what is next. */
  get byte(): number {
    return this.#base + this.#at;
  }

  get lost(): boolean {
    return this.#lost;
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** What is there and not taken yet. */
  get left(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#at);
  }

  set marker(digits: string) {
    this.#marker = Uint8Array.from({ length: MARKER_BYTES }, (_, i) =>
      Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
    );
  }

  feed(chunk: Uint8Array): void {
    const kept = this.left;
    this.#base += this.#at;
    this.#at = 0;
    this.#bytes = new Uint8Array(kept.length + chunk.length);
    this.#bytes.set(kept);
    this.#bytes.set(chunk, kept.length);
  }

  finish(): void {
    this.#finished = true;
  }

  /** Passes over bytes that are there. */
  pass(count: number): void {
    this.#at += count;
  }

  close(): void {
    this.#bytes = new Uint8Array(0);
    this.#at = 0;
  }

  /** The next block, which stays until `pass`; or why there is none; null when more bytes are needed, or none are left. */
  next(): { block: AvroBlock; lengthBytes: number } | AvroBreak | null {
    if (this.#lost && !this.#findMarker()) return null;
    const left = this.left;
    if (left.length === 0) return null;
    const cursor = this.#cursor;
    cursor.start(left);
    cursor.long();
    const rows = cursor.low + cursor.high * 2 ** 32;
    cursor.long();
    const size = cursor.low + cursor.high * 2 ** 32;
    if (cursor.problem !== null) {
      if (left.length < BLOCK_HEAD_BYTES && !this.#finished) return null;
      return left.length < BLOCK_HEAD_BYTES
        ? this.#truncated()
        : this.#lose("AVRO_CORRUPT", "a block's length is no number");
    }
    if (rows < 0 || size < 0) return this.#lose("AVRO_CORRUPT", `a block claims ${rows} records in ${size} bytes`);
    if (size > this.#blockBytesMax) {
      return this.#lose("RECORD_TOO_LARGE", `a block of ${size} bytes, more than ${this.#blockBytesMax}`);
    }
    const end = cursor.at + size;
    if (left.length < end + MARKER_BYTES) return this.#finished ? this.#truncated() : null;
    if (!startsWith(left, end, this.#marker)) {
      return this.#lose("AVRO_CORRUPT", "a block does not end with the file's marker");
    }
    const block = { byte: this.byte, rows, bytes: left.subarray(cursor.at, end) };
    return { block, lengthBytes: end + MARKER_BYTES };
  }

  #truncated(): AvroBreak {
    const broken = { code: "AVRO_TRUNCATED" as const, message: "the file ends within a block", byte: this.byte };
    this.#at = this.#bytes.length;
    return broken;
  }

  /** Gives up the block that begins here. */
  #lose(code: ErrorCode, message: string): AvroBreak {
    const broken = { code, message, byte: this.byte };
    this.#lost = true;
    // Past the first byte, so that going on never finds the same place again.
    this.#at++;
    return broken;
  }

  /** Passes over what comes before the next marker, and over it. False when it is not there yet. */
  #findMarker(): boolean {
    const bytes = this.#bytes;
    for (let at = this.#at; at + MARKER_BYTES <= bytes.length; at++) {
      at = bytes.indexOf(this.#marker[0] as number, at);
      if (at < 0 || at + MARKER_BYTES > bytes.length) break;
      if (!startsWith(bytes, at, this.#marker)) continue;
      this.#at = at + MARKER_BYTES;
      this.#lost = false;
      return true;
    }
    this.#at = this.#finished ? bytes.length : Math.max(this.#at, bytes.length - MARKER_BYTES + 1);
    return false;
  }
}

function startsWith(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  return wanted.every((byte, index) => bytes[at + index] === byte);
}
