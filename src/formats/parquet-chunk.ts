// The bytes of one column chunk, read in order and a little ahead, so that neither a large chunk nor many columns fill the
// memory: a stream holds what is asked for or one read, whichever is more, and at most one read more under way.
import { DataError } from "../errors.js";
import type { ReadableFile } from "../platform/platform.js";

const READ_BYTES = 1 << 20;

export class ChunkStream {
  readonly lengthBytes: number;
  readonly #file: ReadableFile;
  readonly #start: number;
  readonly #onRead: () => void;
  /** Bytes at hand: `#bytes` from `#at`. */
  #bytes = new Uint8Array(0);
  #at = 0;
  /** Bytes of the chunk that have arrived. */
  #arrived = 0;
  #reading = false;
  #error: Error | null = null;
  #closed = false;

  /** `onRead` is called after each answer. */
  constructor(file: ReadableFile, start: number, lengthBytes: number, onRead: () => void) {
    this.#file = file;
    this.#start = start;
    this.lengthBytes = lengthBytes;
    this.#onRead = onRead;
  }

  /** Bytes taken so far. */
  get taken(): number {
    return this.#arrived - this.#held;
  }

  /** Bytes that are left, here or in the file. */
  get left(): number {
    return this.lengthBytes - this.taken;
  }

  /** Whether every byte is here or was taken. */
  get complete(): boolean {
    return this.#arrived === this.lengthBytes;
  }

  get #held(): number {
    return this.#bytes.length - this.#at;
  }

  /**
   * Whether `count` bytes, or all that are left, are at hand; if not, they have been asked for.
   * @throws the error of the read that failed, PARQUET_CORRUPT when the file ends inside the chunk
   */
  require(count: number): boolean {
    const wanted = Math.min(count, this.left);
    while (this.#held < wanted && !this.#reading && this.#error === null) this.#read(wanted - this.#held);
    if (this.#error !== null) throw this.#error;
    return this.#held >= wanted;
  }

  /** The bytes at hand, a view until the next call. */
  peek(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  /** Takes `count` of the bytes at hand; a view until the next call. */
  take(count: number): Uint8Array {
    const bytes = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    // The next read is on its way while these are decoded.
    if (this.#held < READ_BYTES / 2 && !this.complete && !this.#reading && this.#error === null) this.#read(0);
    return bytes;
  }

  /** Drops the bytes; answers under way are ignored. */
  close(): void {
    this.#closed = true;
    this.#bytes = new Uint8Array(0);
    this.#at = 0;
  }

  #read(atLeast: number): void {
    const offset = this.#start + this.#arrived;
    const count = Math.min(Math.max(READ_BYTES, atLeast), this.lengthBytes - this.#arrived);
    this.#reading = true;
    this.#file.read(offset, count, (error, bytes) => {
      this.#reading = false;
      if (this.#closed) return;
      if (error !== null) this.#error = error;
      else if (bytes.length !== count) this.#error = this.#endsEarly(offset, count, bytes.length);
      else this.#append(bytes);
      this.#onRead();
    });
  }

  /** Appended in a new array: views of the old one stay what they are. */
  #append(bytes: Uint8Array): void {
    this.#arrived += bytes.length;
    const held = this.#held;
    if (held === 0) {
      this.#bytes = bytes as Uint8Array<ArrayBuffer>;
    } else {
      const joined = new Uint8Array(held + bytes.length);
      joined.set(this.peek());
      joined.set(bytes, held);
      this.#bytes = joined;
    }
    this.#at = 0;
  }

  #endsEarly(offset: number, wanted: number, got: number): DataError {
    return new DataError("PARQUET_CORRUPT", `${this.#file.path} gave ${got} of ${wanted} bytes at ${offset}`, {
      at: { source: this.#file.path, byte: offset },
      hint: "the file changed while it was read; run the job again on a file that is complete",
    });
  }
}
