// DEFLATE (RFC 1951): compressed bytes → bytes, stopping and going on at any byte of either. Ours because the hosts' own
// DecompressionStream hides where a stream ends, so that gzip members one behind the other, which log shippers write,
// cannot be told from garbage; and because the same bytes give the same pieces on every host.
//
// Input is addressed by bits, least significant first. A Huffman table has an entry for every value that the next bits can
// have: symbol << 4 | code length, 0 where no code matches.
import { codeTable, FIXED, type HuffmanTable, LENGTH_ORDER, WINDOW_BYTES } from "./inflate-tables.js";

/** Output that one call makes at most. */
const PIECE_BYTES = 256 << 10;
/** Longest match. */
const MATCH_MAX = 258;
/** A symbol with its extra bits and its distance: 15 + 5 + 15 + 13. */
const SYMBOL_BITS = 48;
/** The header of a dynamic block: 17 bits, 19 × 3, then 316 code lengths of at most 7 + 7 bits. */
const HEADER_BITS = 17 + 57 + 316 * 14;
/** Reads look so far behind the input's end. */
const PADDING_BYTES = 8;
const END_OF_BLOCK = 256;

/** Why no more came of it. */
export type Inflated = "input" | "full" | "end" | "truncated" | "corrupt";

type Block = "header" | "stored" | "codes" | "last";

/** One DEFLATE stream after another. */
export class Inflate {
  #input = new Uint8Array(PADDING_BYTES);
  #bits = 0;
  #bitsEnd = 0;
  #final = false;
  readonly #output = new Uint8Array(WINDOW_BYTES + PIECE_BYTES + MATCH_MAX);
  #start = 0;
  #filled = 0;
  /** How far back a match may reach: what the stream has given so far. */
  #history = 0;
  #block: Block = "header";
  #isLast = false;
  #storedBytes = 0;
  #lengths: HuffmanTable = FIXED.lengths;
  #distances: HuffmanTable = FIXED.distances;

  /** Adds input behind what is left of it; null: no more comes. */
  push(chunk: Uint8Array | null): void {
    if (chunk === null) {
      this.#final = true;
      return;
    }
    const from = this.#bits >>> 3;
    const left = this.#input.subarray(from, this.#bitsEnd >>> 3);
    const input = new Uint8Array(left.length + chunk.length + PADDING_BYTES);
    input.set(left);
    input.set(chunk, left.length);
    this.#input = input;
    this.#bits &= 7;
    this.#bitsEnd = (left.length + chunk.length) * 8;
  }

  /** Whole input bytes that are not used yet. */
  get unusedBytes(): number {
    return (this.#bitsEnd - this.#bits) >> 3;
  }

  get final(): boolean {
    return this.#final;
  }

  /** The next whole byte, for what stands around the stream; −1 when there is none. */
  takeByte(): number {
    this.#bits = (this.#bits + 7) & ~7;
    if (this.#bits >= this.#bitsEnd) return -1;
    const byte = this.#input[this.#bits >>> 3] as number;
    this.#bits += 8;
    return byte;
  }

  /** What the last `run` gave; good until the next. */
  get piece(): Uint8Array {
    return this.#output.subarray(this.#start, this.#filled);
  }

  /** A new stream begins: what came before is no history of it. */
  reset(): void {
    this.#history = 0;
    this.#block = "header";
    this.#isLast = false;
  }

  /** Fills `piece`; says why it stopped. */
  run(): Inflated {
    if (this.#filled > WINDOW_BYTES) {
      this.#output.copyWithin(0, this.#filled - WINDOW_BYTES, this.#filled);
      this.#filled = WINDOW_BYTES;
    }
    this.#start = this.#filled;
    for (;;) {
      const stopped = this.#runBlock();
      if (stopped !== null) return stopped;
    }
  }

  /** null: go on with the next part. */
  #runBlock(): Inflated | null {
    switch (this.#block) {
      case "header":
        return this.#readHeader();
      case "stored":
        return this.#copyStored();
      case "codes":
        return this.#readCodes();
      case "last":
        return "end";
    }
  }

  #endBlock(): null {
    this.#block = this.#isLast ? "last" : "header";
    return null;
  }

  /** Bits from `at` on, 25 of them at least. */
  #peek(at: number): number {
    const input = this.#input;
    const byte = at >>> 3;
    const four =
      (input[byte] as number) |
      ((input[byte + 1] as number) << 8) |
      ((input[byte + 2] as number) << 16) |
      ((input[byte + 3] as number) << 24);
    return four >>> (at & 7);
  }

  #take(count: number): number {
    const value = this.#peek(this.#bits) & ((1 << count) - 1);
    this.#bits += count;
    return value;
  }

  /** A header is read when even the longest would be there; at the end of the input as far as it goes. */
  #readHeader(): Inflated | null {
    if (!this.#final && this.#bitsEnd - this.#bits < HEADER_BITS) return "input";
    const stopped = this.#parseHeader();
    if (this.#bits > this.#bitsEnd) return "truncated";
    return stopped === "corrupt" ? this.#wrongCode(this.#bits) : stopped;
  }

  /** A code that matches nothing: where the trailer would have no room behind it, the padding was read. */
  #wrongCode(bits: number): Inflated {
    return this.#bitsEnd - bits < SYMBOL_BITS ? "truncated" : "corrupt";
  }

  #parseHeader(): Inflated | null {
    this.#isLast = this.#take(1) === 1;
    const kind = this.#take(2);
    if (kind === 3) return "corrupt";
    if (kind === 0) {
      this.#bits = (this.#bits + 7) & ~7;
      const length = this.#take(16);
      const check = this.#take(16);
      if ((length ^ check) !== 0xffff) return "corrupt";
      this.#storedBytes = length;
      this.#block = "stored";
      return null;
    }
    this.#block = "codes";
    if (kind === 2) return this.#readTables();
    this.#lengths = FIXED.lengths;
    this.#distances = FIXED.distances;
    return null;
  }

  #readTables(): Inflated | null {
    const lengthCount = this.#take(5) + 257;
    const distanceCount = this.#take(5) + 1;
    const codeCount = this.#take(4) + 4;
    const codeLengths = new Uint8Array(19);
    for (let index = 0; index < codeCount; index++) codeLengths[LENGTH_ORDER[index] as number] = this.#take(3);
    const codes = codeTable(codeLengths, "complete");
    if (codes === null) return "corrupt";
    const all = new Uint8Array(lengthCount + distanceCount);
    for (let at = 0; at < all.length; ) {
      if (this.#bits > this.#bitsEnd) return null;
      const entry = codes.entries[this.#peek(this.#bits) & codes.mask] as number;
      if (entry === 0) return "corrupt";
      this.#bits += entry & 15;
      const symbol = entry >>> 4;
      if (symbol < 16) {
        all[at++] = symbol;
        continue;
      }
      if (symbol === 16 && at === 0) return "corrupt";
      const value = symbol === 16 ? (all[at - 1] as number) : 0;
      const count = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (at + count > all.length) return "corrupt";
      all.fill(value, at, at + count);
      at += count;
    }
    const lengths = codeTable(all.subarray(0, lengthCount), "complete");
    const distances = codeTable(all.subarray(lengthCount), "one may be missing");
    if (lengths === null || distances === null || all[END_OF_BLOCK] === 0) return "corrupt";
    this.#lengths = lengths;
    this.#distances = distances;
    return null;
  }

  #copyStored(): Inflated | null {
    const from = this.#bits >>> 3;
    const room = WINDOW_BYTES + PIECE_BYTES - this.#filled;
    const count = Math.min(this.#storedBytes, this.unusedBytes, room);
    this.#output.set(this.#input.subarray(from, from + count), this.#filled);
    this.#bits += count * 8;
    this.#advance(count);
    this.#storedBytes -= count;
    if (this.#storedBytes === 0) return this.#endBlock();
    if (count === room) return "full";
    return this.#final ? "truncated" : "input";
  }

  #advance(count: number): void {
    this.#filled += count;
    this.#history = Math.min(WINDOW_BYTES, this.#history + count);
  }

  /** The loop that takes the time: literals and matches, until the block, the input or the room ends. */
  #readCodes(): Inflated | null {
    const input = this.#input;
    const output = this.#output;
    const lengths = this.#lengths;
    const distances = this.#distances;
    const outputEnd = WINDOW_BYTES + PIECE_BYTES;
    // While the input goes on, a symbol is read when all its bits are certain to be there.
    const bitsEnd = this.#final ? this.#bitsEnd : this.#bitsEnd - SYMBOL_BITS;
    const filledBefore = this.#filled;
    const history = this.#history;
    let bits = this.#bits;
    let filled = filledBefore;
    let stopped: Inflated | null = null;
    let ended = false;
    for (;;) {
      if (filled >= outputEnd) {
        stopped = "full";
        break;
      }
      if (bits >= bitsEnd) {
        stopped = this.#final ? "truncated" : "input";
        break;
      }
      const symbolStart = bits;
      let byte = bits >>> 3;
      let ahead =
        ((input[byte] as number) |
          ((input[byte + 1] as number) << 8) |
          ((input[byte + 2] as number) << 16) |
          ((input[byte + 3] as number) << 24)) >>>
        (bits & 7);
      let entry = lengths.entries[ahead & lengths.mask] as number;
      bits += entry & 15;
      let symbol = entry >>> 4;
      if (symbol < END_OF_BLOCK && entry !== 0) {
        if (bits > this.#bitsEnd) {
          bits = symbolStart;
          stopped = "truncated";
          break;
        }
        output[filled++] = symbol;
        continue;
      }
      if (entry === 0 || symbol > 285) {
        stopped = this.#wrongCode(bits);
        break;
      }
      if (symbol === END_OF_BLOCK) {
        ended = true;
        break;
      }
      symbol -= 257;
      const lengthBits = LENGTH_BITS[symbol] as number;
      const length = (LENGTH_BASE[symbol] as number) + ((ahead >>> (entry & 15)) & ((1 << lengthBits) - 1));
      bits += lengthBits;
      byte = bits >>> 3;
      ahead =
        ((input[byte] as number) |
          ((input[byte + 1] as number) << 8) |
          ((input[byte + 2] as number) << 16) |
          ((input[byte + 3] as number) << 24)) >>>
        (bits & 7);
      entry = distances.entries[ahead & distances.mask] as number;
      symbol = entry >>> 4;
      if (entry === 0 || symbol > 29) {
        stopped = this.#wrongCode(bits);
        break;
      }
      bits += entry & 15;
      const distanceBits = DISTANCE_BITS[symbol] as number;
      const distance = (DISTANCE_BASE[symbol] as number) + (this.#peek(bits) & ((1 << distanceBits) - 1));
      bits += distanceBits;
      if (bits > this.#bitsEnd) {
        bits = symbolStart;
        stopped = "truncated";
        break;
      }
      if (distance > history + filled - filledBefore) {
        stopped = "corrupt";
        break;
      }
      const end = filled + length;
      for (let from = filled - distance; filled < end; ) output[filled++] = output[from++] as number;
    }
    this.#bits = bits;
    this.#advance(filled - filledBefore);
    if (!ended) return stopped;
    if (bits > this.#bitsEnd) return "truncated";
    return this.#endBlock();
  }
}

/** Extra bits and smallest value of the length symbols from 257 on, and of the distance symbols (RFC 1951 section 3.2.5). */
const LENGTH_BITS = Uint8Array.from([
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]);
const LENGTH_BASE = Uint16Array.from([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]);
const DISTANCE_BITS = Uint8Array.from([
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]);
const DISTANCE_BASE = Uint16Array.from([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
]);
