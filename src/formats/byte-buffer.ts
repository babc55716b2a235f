// Bytes being written: a buffer that grows, for encoders.
const FIRST_BYTES = 1024;
const TWO_32 = 2 ** 32;
/** Measured: shorter copies are faster byte by byte than by a view for each. */
const COPY_LOOP_BYTES = 24;

export class ByteBuffer {
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written, good until the next write. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** What was written, as the caller's own; the buffer is empty again. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.written;
    this.#bytes = new Uint8Array(FIRST_BYTES);
    this.#view = new DataView(this.#bytes.buffer);
    this.#length = 0;
    return bytes;
  }

  clear(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Bytes `start` to `end` of `bytes`. */
  appendRange(bytes: Uint8Array, start: number, end: number): void {
    if (end - start > COPY_LOOP_BYTES) {
      this.append(bytes.subarray(start, end));
      return;
    }
    this.#reserve(end - start);
    const target = this.#bytes;
    for (let at = start; at < end; at++) target[this.#length++] = bytes[at] as number;
  }

  /** A whole number from 0 to 2^53 in groups of seven bits, least first (LEB128). */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** A signed number of 32 bits as a varint: 0, −1, 1, −2 … are 0, 1, 2, 3 … */
  zigzag32(value: number): void {
    this.varint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** A signed number of 64 bits, its words from the low one, in the same way. */
  zigzag64(low: number, high: number): void {
    const sign = high >> 31;
    let lowRest = ((low << 1) ^ sign) >>> 0;
    let highRest = (((high << 1) | (low >>> 31)) ^ sign) >>> 0;
    while (highRest !== 0) {
      this.byte((lowRest & 0x7f) | 0x80);
      lowRest = ((lowRest >>> 7) | (highRest << 25)) >>> 0;
      highRest >>>= 7;
    }
    this.varint(lowRest);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** The words of a whole number of up to 53 bits, the low one first. */
export function wordsOf(value: number): readonly [low: number, high: number] {
  return [value >>> 0, Math.floor(value / TWO_32) | 0];
}
