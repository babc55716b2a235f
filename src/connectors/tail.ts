// The bytes of a file that others still write: what is there is read, then the request waits until there is more or until
// nobody expects more.
import type { Completion, ReadableFile } from "../platform/platform.js";
import { CHUNK_BYTES, type ReadChunk } from "./bytes.js";

export class Tail {
  readonly #file: ReadableFile;
  #at: number;
  #end: number;
  #waiting: Completion<Uint8Array | null> | null = null;
  #ended = false;

  /** @param lengthBytes - the file's length, as it was last seen */
  constructor(file: ReadableFile, fromByte: number, lengthBytes: number) {
    this.#file = file;
    this.#at = fromByte;
    this.#end = lengthBytes;
  }

  /** Whether everything that is known to be there was read. */
  get waits(): boolean {
    return this.#waiting !== null;
  }

  readonly read: ReadChunk = (done) => {
    if (this.#at >= this.#end) {
      if (this.#ended) done(null, null);
      else this.#waiting = done;
      return;
    }
    this.#file.read(this.#at, Math.min(CHUNK_BYTES, this.#end - this.#at), (error, bytes) => {
      if (error !== null) return done(error, null);
      this.#at += bytes.length;
      // Less is there than was seen: whoever looks at the length finds out why.
      if (bytes.length === 0) this.#end = this.#at;
      return bytes.length === 0 ? this.read(done) : done(null, bytes);
    });
  };

  /** The file has so many bytes now. */
  grow(lengthBytes: number): void {
    this.#end = Math.max(this.#end, lengthBytes);
    if (this.#at < this.#end) this.#resume();
  }

  /** A file without a name cannot be looked at: a read tells whether there is more. */
  probe(): void {
    if (this.#waiting === null) return;
    this.#end = this.#at + CHUNK_BYTES;
    this.#resume();
  }

  /** No more is expected. */
  end(): void {
    this.#ended = true;
    this.#resume();
  }

  #resume(): void {
    const done = this.#waiting;
    this.#waiting = null;
    if (done !== null) this.read(done);
  }
}
