// gzip (RFC 1952): members one behind the other, each checked by its CRC and length. What came before a break is given out.
import { DataError } from "../errors.js";
import { crc32 } from "../formats/crc32.js";
import { Inflate } from "../formats/inflate.js";

const MAGIC = [0x1f, 0x8b] as const;
const DEFLATE = 8;
const FLAG_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;
const FLAGS_RESERVED = 0xe0;
/** Fixed part of a member's header, and its trailer: CRC-32 and length. */
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
/** A longer header holds no file name that somebody would write. */
const HEADER_BYTES_MAX = 1 << 17;

/** What makes pieces of compressed ones. */
export interface Decompressor {
  /** The next compressed bytes; null: no more come. Only after `next` gave null. */
  push(chunk: Uint8Array | null): void;
  /** The next bytes, the caller's own; null when it takes more input, or everything was given out. @throws what is wrong */
  next(): Uint8Array | null;
  /** Compressed bytes that what was given out is made of. */
  readonly usedBytes: number;
}

export class Gunzip implements Decompressor {
  readonly #source: string;
  readonly #inflate = new Inflate();
  /** Bytes of the member's header, or trailer, so far. */
  #around: number[] = [];
  #state: "header" | "body" | "trailer" | "padding" = "header";
  #readBytes = 0;
  #members = 0;
  #crc = 0;
  /** Modulo 2^32, as the trailer has it. */
  #length = 0;

  constructor(source: string) {
    this.#source = source;
  }

  push(chunk: Uint8Array | null): void {
    this.#inflate.push(chunk);
    this.#readBytes += chunk?.length ?? 0;
  }

  get usedBytes(): number {
    return this.#readBytes - this.#inflate.unusedBytes;
  }

  next(): Uint8Array | null {
    for (;;) {
      if (this.#state === "body") {
        const piece = this.#body();
        if (piece !== undefined) return piece;
      } else if (!this.#frame()) return null;
    }
  }

  /** A piece, null when it takes more input, undefined when the member's data has ended. */
  #body(): Uint8Array | null | undefined {
    const inflate = this.#inflate;
    const stopped = inflate.run();
    const { piece } = inflate;
    if (stopped === "end") this.#state = "trailer";
    if (piece.length > 0) {
      this.#crc = crc32(piece, this.#crc);
      this.#length = (this.#length + piece.length) >>> 0;
      return piece.slice();
    }
    if (stopped === "truncated") throw this.#truncated();
    if (stopped === "corrupt") throw this.#corrupt("its data is no DEFLATE");
    return stopped === "end" ? undefined : null;
  }

  /** Reads what stands around a member's data, byte by byte. False when it takes more input. */
  #frame(): boolean {
    const byte = this.#inflate.takeByte();
    if (byte < 0) {
      if (!this.#inflate.final) return false;
      const isBetween = this.#state === "padding" || (this.#state === "header" && this.#around.length === 0);
      if (isBetween && (this.#members > 0 || this.#readBytes === 0)) return false;
      throw this.#truncated();
    }
    // Tapes and some file systems fill their last block with zeros.
    if (this.#state === "header" && this.#members > 0 && this.#around.length === 0 && byte === 0)
      this.#state = "padding";
    if (this.#state === "padding") {
      if (byte !== 0) throw this.#corrupt("something else follows it");
      return true;
    }
    this.#around.push(byte);
    if (this.#state === "trailer") this.#trailer();
    else if (this.#isHeaderComplete()) {
      this.#around = [];
      this.#state = "body";
      this.#crc = 0;
      this.#length = 0;
      this.#inflate.reset();
    }
    return true;
  }

  #trailer(): void {
    const bytes = this.#around;
    if (bytes.length < TRAILER_BYTES) return;
    const u32At = (at: number) =>
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24)) >>>
      0;
    if (u32At(0) !== this.#crc) throw this.#corrupt("its check sum (CRC-32) is wrong");
    if (u32At(4) !== this.#length) throw this.#corrupt("its length is wrong");
    this.#around = [];
    this.#members++;
    this.#state = "header";
  }

  #isHeaderComplete(): boolean {
    const bytes = this.#around;
    const count = bytes.length;
    if (count <= 2 && bytes[count - 1] !== MAGIC[count - 1]) {
      throw this.#corrupt(this.#members === 0 ? "it does not begin as gzip does" : "something else follows it");
    }
    if (count < HEADER_BYTES) return false;
    const flags = bytes[3] as number;
    if (bytes[2] !== DEFLATE || (flags & FLAGS_RESERVED) !== 0)
      throw this.#corrupt("it is compressed in an unknown way");
    if (count > HEADER_BYTES_MAX) throw this.#corrupt(`its header has more than ${HEADER_BYTES_MAX} bytes`);
    let end = HEADER_BYTES;
    if ((flags & FLAG_EXTRA) !== 0) {
      if (count < end + 2) return false;
      end += 2 + (bytes[end] as number) + ((bytes[end + 1] as number) << 8);
    }
    for (const flag of [FLAG_NAME, FLAG_COMMENT]) {
      if ((flags & flag) === 0) continue;
      const zero = bytes.indexOf(0, end);
      if (zero < 0) return false;
      end = zero + 1;
    }
    if ((flags & FLAG_CRC) !== 0) end += 2;
    return count >= end;
  }

  #truncated(): DataError {
    return new DataError("GZIP_TRUNCATED", `${this.#source} ends at byte ${this.#readBytes}, inside its gzip data`, {
      hint: "the rows before the break were read; get the rest of the file",
      at: { source: this.#source, byte: this.#readBytes },
    });
  }

  #corrupt(what: string): DataError {
    const byte = this.usedBytes;
    return new DataError("GZIP_CORRUPT", `${this.#source} is not whole gzip: ${what} (near byte ${byte})`, {
      hint: "the rows before it were read; get the file again",
      at: { source: this.#source, byte },
    });
  }
}
