// The windows that Zstandard frames ask for, read ahead of the decoder, which takes the memory before it sees a block: four bytes
// may ask for two gigabytes. Only what parts frames and blocks is looked at (RFC 8878, 3.1.1); the rest is the decoder's.

const MAGIC = 0xfd2fb528;
/** Frames of other bytes, to be passed over: sixteen magic numbers. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const RLE_BLOCK = 1;
const WORD = 2 ** 32;

/** What comes next: `passing` bytes that say nothing here, then the part that is named. */
type Part = "magic" | "skippable" | "descriptor" | "header" | "block" | "end";

export class ZstdWindows {
  readonly #bytesMax: number;
  #part: Part = "magic";
  #passing = 0;
  /** Bytes of the part so far, and how many it has. */
  readonly #bytes = new Uint8Array(14);
  #count = 0;
  #needed = 4;
  #descriptor = 0;
  /** The window that was refused. */
  refusedBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** How many of the next bytes the decoder may have: all, or those before the end of a header whose window is too large. */
  allow(bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length; ) {
      if (this.#part === "end") return bytes.length;
      if (this.#passing > 0) {
        const passed = Math.min(this.#passing, bytes.length - at);
        this.#passing -= passed;
        at += passed;
        continue;
      }
      this.#bytes[this.#count++] = bytes[at++] as number;
      if (this.#count < this.#needed) continue;
      this.#take();
      if (this.refusedBytes > 0) return at - 1;
      this.#count = 0;
    }
    return bytes.length;
  }

  #next(part: Part, needed: number): void {
    this.#part = part;
    this.#needed = needed;
  }

  #take(): void {
    switch (this.#part) {
      case "magic": {
        const magic = this.#number(0, 4);
        if (magic === MAGIC) this.#next("descriptor", 1);
        else if (magic - (magic % 16) === SKIPPABLE_MAGIC) this.#next("skippable", 4);
        // No frame: the decoder will say so.
        else this.#part = "end";
        break;
      }
      case "skippable":
        this.#passing = this.#number(0, 4);
        this.#next("magic", 4);
        break;
      case "descriptor": {
        const descriptor = this.#number(0, 1);
        this.#descriptor = descriptor;
        const isSingle = (descriptor & 0x20) !== 0;
        const idBytes = [0, 1, 2, 4][descriptor & 3] as number;
        const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
        this.#next("header", (isSingle ? 0 : 1) + idBytes + sizeBytes);
        break;
      }
      case "header": {
        const windowBytes = this.#windowBytes();
        if (windowBytes > this.#bytesMax) this.refusedBytes = windowBytes;
        this.#next("block", 3);
        break;
      }
      case "block": {
        const header = this.#number(0, 3);
        const isLast = (header & 1) !== 0;
        const isRepeated = ((header >> 1) & 3) === RLE_BLOCK;
        this.#passing = isRepeated ? 1 : header >> 3;
        if (isLast) {
          if ((this.#descriptor & 4) !== 0) this.#passing += 4;
          this.#next("magic", 4);
        }
        break;
      }
      case "end":
        break;
    }
  }

  /** By the window's descriptor, or the content's size where the content is its own window. */
  #windowBytes(): number {
    if ((this.#descriptor & 0x20) === 0) {
      const window = this.#bytes[0] as number;
      const base = 2 ** (10 + (window >> 3));
      return base + (base / 8) * (window & 7);
    }
    const idBytes = [0, 1, 2, 4][this.#descriptor & 3] as number;
    const sizeBytes = this.#needed - idBytes;
    return this.#number(idBytes, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  }

  /** A little-endian number of up to eight bytes; beyond 2^53 not exact, which is too large all the same. */
  #number(at: number, count: number): number {
    let low = 0;
    let high = 0;
    for (let index = 0; index < count; index++) {
      const byte = this.#bytes[at + index] as number;
      if (index < 4) low += byte * 2 ** (8 * index);
      else high += byte * 2 ** (8 * (index - 4));
    }
    return high * WORD + low;
  }
}
