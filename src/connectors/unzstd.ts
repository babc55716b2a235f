// Zstandard frames (RFC 8878) as a stream, by the optional package fzstd: the kernel that reads Parquet pages needs a whole page,
// and a frame of a file may be of any size.
import type { Decompress } from "fzstd";
import { DataError } from "../errors.js";
import { messageOf } from "../platform/errors.js";
import type { Decompressor } from "./gunzip.js";
import { ZstdWindows } from "./zstd-windows.js";

/** Input of one call: four bytes may stand for a block of 128 KiB, and what one call makes is all in memory. */
const SLICE_BYTES = 1024;
/** The largest window that is made, as the zstd command has it: a header asks for one before a byte comes out. */
const WINDOW_BYTES_MAX = 128 << 20;

/** @throws DEPENDENCY_MISSING */
export async function openUnzstd(source: string): Promise<Decompressor> {
  try {
    const library = await import("fzstd");
    return new Unzstd(source, (ondata) => new library.Decompress(ondata));
  } catch (cause) {
    throw new DataError("DEPENDENCY_MISSING", `${source} is compressed with Zstandard, which needs the package fzstd`, {
      hint: "npm install fzstd",
      cause,
    });
  }
}

class Unzstd implements Decompressor {
  readonly #source: string;
  readonly #library: Decompress;
  readonly #windows = new ZstdWindows(WINDOW_BYTES_MAX);
  readonly #pieces: Uint8Array[] = [];
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  #readBytes = 0;
  #finish = false;
  /** Thrown when what was made before it is given out. */
  #error: DataError | null = null;

  constructor(source: string, open: (ondata: (piece: Uint8Array) => void) => Decompress) {
    this.#source = source;
    // Its pieces are views of its window.
    this.#library = open((piece) => {
      if (piece.length > 0) this.#pieces.push(piece.slice());
    });
  }

  push(chunk: Uint8Array | null): void {
    this.#chunk = chunk ?? new Uint8Array(0);
    this.#at = 0;
    this.#readBytes += this.#chunk.length;
    this.#finish = chunk === null;
  }

  get usedBytes(): number {
    return this.#readBytes - this.#chunk.length + this.#at;
  }

  next(): Uint8Array | null {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) return piece;
      if (this.#error !== null) throw this.#error;
      if (this.#at < this.#chunk.length) {
        const slice = this.#chunk.slice(this.#at, this.#at + SLICE_BYTES);
        this.#at += slice.length;
        const allowed = this.#windows.allow(slice);
        this.#decode(slice.subarray(0, allowed), false);
        if (allowed < slice.length) this.#error ??= this.#tooLarge();
      } else if (this.#finish) {
        this.#finish = false;
        if (this.#readBytes > 0) this.#decode(new Uint8Array(0), true);
      } else return null;
    }
  }

  #tooLarge(): DataError {
    const asked = `a window of ${this.#windows.refusedBytes} bytes, more than ${WINDOW_BYTES_MAX}`;
    return new DataError("DECOMPRESS_LIMIT", `${this.#source} asks for ${asked}`, {
      hint: "compress it again with a smaller window: zstd without --long or --ultra",
      at: { source: this.#source, byte: this.usedBytes },
    });
  }

  #decode(bytes: Uint8Array, final: boolean): void {
    try {
      this.#library.push(bytes, final);
    } catch (cause) {
      const byte = this.usedBytes;
      this.#error = new DataError(
        "ZSTD_CORRUPT",
        `${this.#source} is not whole Zstandard near byte ${byte}: ${messageOf(cause)}`,
        {
          hint: "the rows before it were read; get the file again",
          at: { source: this.#source, byte },
          cause,
        },
      );
    }
  }
}
