// Bytes of a source in linear memory while kernels read them: chunks are copied piece by piece behind what is kept of the
// pieces before.
//
//   │ used up │ kept │ free │
//   ptr       at     filled
import type { MemoryAccount } from "../wasm/memory.js";

export class InputBuffer {
  readonly #account: MemoryAccount;
  /** Bytes behind the filled ones that kernels may read. */
  readonly #slackBytes: number;
  ptr = 0;
  #bytes = 0;
  /** Offsets from `ptr`: of the first byte that is kept, and behind the last one. */
  at = 0;
  filled = 0;
  /** Offset in the source of the byte at `ptr`. */
  base: number;

  constructor(account: MemoryAccount, base: number, slackBytes: number) {
    this.#account = account;
    this.base = base;
    this.#slackBytes = slackBytes;
  }

  get keptBytes(): number {
    return this.filled - this.at;
  }

  /**
   * Puts bytes behind the kept ones. Those move to the front when there is no room behind them, and when the bytes would not
   * lie there as they lie in the chunk: V8 copies into shared memory by words, but byte by byte (four times slower, measured
   * on Node 20) when the two addresses differ modulo 8. Returns whether they moved.
   */
  append(bytes: Uint8Array): boolean {
    const { memory } = this.#account;
    const kept = this.keptBytes;
    const front = (bytes.byteOffset - kept) & 7;
    const needed = front + kept + bytes.length + this.#slackBytes;
    const aligned = ((this.filled - bytes.byteOffset) & 7) === 0;
    const fits = this.filled + bytes.length + this.#slackBytes <= this.#bytes;
    const moves = needed > this.#bytes || !fits || (!aligned && kept < bytes.length);
    if (needed > this.#bytes) {
      const grown = Math.max(needed, 2 * this.#bytes);
      const ptr = this.#account.allocate(grown);
      memory.u8.copyWithin(ptr + front, this.ptr + this.at, this.ptr + this.filled);
      this.close();
      this.ptr = ptr;
      this.#bytes = grown;
    } else if (moves) memory.u8.copyWithin(this.ptr + front, this.ptr + this.at, this.ptr + this.filled);
    if (moves) {
      this.base += this.at - front;
      this.at = front;
      this.filled = front + kept;
    }
    memory.u8.set(bytes, this.ptr + this.filled);
    this.filled += bytes.length;
    return moves;
  }

  /** The kept bytes, copied. */
  copy(): Uint8Array {
    return this.#account.memory.u8.slice(this.ptr + this.at, this.ptr + this.filled);
  }

  close(): void {
    if (this.ptr !== 0) this.#account.free(this.ptr, this.#bytes);
    this.ptr = 0;
  }
}
