// Damage to bytes, by chance: what every fuzz test tries its parser with. Bytes are changed in place in one buffer, by steps that
// find bugs: single bits and bytes, numbers of 8, 16 and 32 bits at their extremes, pieces of the format's own grammar put in or
// laid over, parts removed, repeated, moved in from another input, and the end cut off.

/** One seeded stream of choices. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 32 bits (mulberry32, public domain). */
  u32(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number from 0 on, below `end`. */
  below(end: number): number {
    return Math.floor((this.u32() / 2 ** 32) * end);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** No damaged input is longer. */
const BYTES_MAX = 1 << 15;
/** Where programs count wrongly. */
const NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

export class Damage {
  readonly #seeds: readonly Uint8Array[];
  readonly #pieces: readonly Uint8Array[];
  readonly #bytes = new Uint8Array(BYTES_MAX);
  readonly #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** @param pieces - of the format's grammar; none: only bytes and numbers are changed, as binary formats want it */
  constructor(seeds: readonly Uint8Array[], pieces: readonly Uint8Array[]) {
    this.#seeds = seeds;
    this.#pieces = pieces;
  }

  /** One of the seeds with up to five places damaged; the bytes are the caller's. */
  next(chance: Chance): Uint8Array<ArrayBuffer> {
    const seed = chance.pick(this.#seeds).subarray(0, BYTES_MAX);
    this.#bytes.set(seed);
    this.#length = seed.length;
    for (let count = chance.below(6); count > 0; count--) this.#step(chance);
    return this.#bytes.slice(0, this.#length);
  }

  #step(chance: Chance): void {
    const at = chance.below(this.#length + 1);
    switch (chance.below(this.#pieces.length > 0 ? 11 : 8)) {
      case 0:
        this.#bytes[at] = chance.below(256);
        break;
      case 1:
        this.#bytes[at] = (this.#bytes[at] as number) ^ (1 << chance.below(8));
        break;
      case 2:
        this.#number(at, chance);
        break;
      case 3:
        this.#remove(at, 1 + chance.below(chance.below(4) === 0 ? 64 : 4));
        break;
      case 4:
        this.#repeat(at, chance);
        break;
      case 5:
        this.#insert(at, Uint8Array.of(chance.below(256)));
        break;
      case 6: {
        const other = chance.pick(this.#seeds);
        const from = chance.below(other.length);
        this.#insert(at, other.subarray(from, from + 1 + chance.below(60)));
        break;
      }
      case 7:
        // Most inputs shall stay long enough to lead somewhere.
        if (chance.below(3) === 0) this.#length = at;
        break;
      case 8: {
        const piece = chance.pick(this.#pieces);
        this.#remove(at, piece.length);
        this.#insert(at, piece);
        break;
      }
      default:
        this.#insert(at, chance.pick(this.#pieces));
    }
  }

  #number(at: number, chance: Chance): void {
    const value = chance.pick(NUMBERS);
    const little = chance.below(2) === 0;
    const width = chance.pick([1, 2, 4]);
    if (at + width > this.#length) return;
    if (width === 1) this.#view.setUint8(at, value);
    else if (width === 2) this.#view.setUint16(at, value, little);
    else this.#view.setUint32(at, value, little);
  }

  #remove(at: number, count: number): void {
    const end = Math.min(this.#length, at + count);
    this.#bytes.copyWithin(at, end, this.#length);
    this.#length -= end - at;
  }

  #repeat(at: number, chance: Chance): void {
    const from = chance.below(this.#length + 1);
    this.#insert(at, this.#bytes.slice(from, Math.min(this.#length, from + chance.below(30))));
  }

  #insert(at: number, piece: Uint8Array): void {
    if (this.#length + piece.length > BYTES_MAX) return;
    this.#bytes.copyWithin(at + piece.length, at, this.#length);
    this.#bytes.set(piece, at);
    this.#length += piece.length;
  }
}
