// Messages on their way into a decoder, as the bytes of one stream: what comes within a few milliseconds is laid behind each
// other, a line end behind each message, and decoded by one call. Two buffers take turns: one is lent to the decoder, the
// other one fills.

const NEWLINE = 0x0a;
/** First size of a buffer. */
const START_BYTES = 64 << 10;

export class MessageQueue {
  readonly #bytesMax: number;
  readonly #encoder = new TextEncoder();
  #filling = new Uint8Array(START_BYTES);
  #lent = new Uint8Array(START_BYTES);
  /** Bytes that wait, line ends included, and of how many messages. */
  bytes = 0;
  messages = 0;
  /** Bytes that were ever taken in: the offset in the stream behind the last message. */
  endByte = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Time to hold the server back. */
  get full(): boolean {
    return this.bytes >= this.#bytesMax;
  }

  /** As much again has come although the server should be held back: this is not what was under way. */
  get overrun(): boolean {
    return this.bytes >= 2 * this.#bytesMax;
  }

  push(message: string | Uint8Array): void {
    const before = this.bytes;
    if (typeof message === "string") {
      // A UTF-16 unit is 3 bytes at most (RFC 3629).
      this.#reserve(3 * message.length + 1);
      this.bytes += this.#encoder.encodeInto(message, this.#filling.subarray(this.bytes)).written;
    } else {
      this.#reserve(message.length + 1);
      this.#filling.set(message, this.bytes);
      this.bytes += message.length;
    }
    this.#filling[this.bytes++] = NEWLINE;
    this.messages++;
    this.endByte += this.bytes - before;
  }

  /** All that waits. The bytes stay as they are until the next `take`. */
  take(): Uint8Array {
    const taken = this.#filling;
    const length = this.bytes;
    this.#filling = this.#lent;
    this.#lent = taken;
    this.bytes = 0;
    this.messages = 0;
    return taken.subarray(0, length);
  }

  clear(): void {
    this.bytes = 0;
    this.messages = 0;
  }

  #reserve(bytes: number): void {
    const needed = this.bytes + bytes;
    if (needed <= this.#filling.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#filling.length));
    larger.set(this.#filling.subarray(0, this.bytes));
    this.#filling = larger;
  }
}
