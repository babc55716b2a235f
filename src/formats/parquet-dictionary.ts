// The dictionary of a column chunk being written: distinct strings or bytes, each with a number, found by the hash of their
// bytes. No JavaScript string is made.
import type { Column } from "../arrow/column.js";
import type { LinearMemory } from "../wasm/memory.js";
import { ByteBuffer } from "./byte-buffer.js";
import type { BytesBounds } from "./parquet-bounds.js";

/** More entries, or bytes, than these are no dictionary worth its lookups: the rest of the chunk is written plain. */
const ENTRIES_MAX = 32_768;
const BYTES_MAX = 1 << 20;
/** From so many values on, more than half of them have to repeat. */
const SAMPLE_VALUES = 4096;
/** Twice the entries, a power of two. */
const SLOTS = 2 * ENTRIES_MAX;
const LENGTH_BYTES = 4;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export class ParquetDictionary {
  readonly #bounds: BytesBounds;
  /** PLAIN: each value's length, then its bytes. */
  readonly #values = new ByteBuffer();
  /** Where each entry's bytes begin in `#values`. */
  readonly #starts = new Int32Array(ENTRIES_MAX);
  /** 1 + the entry's number; 0 is free. */
  readonly #slots = new Uint16Array(SLOTS);
  #count = 0;
  #seen = 0;
  /** The input's dictionary that `#codes` translates: 1 + our number, 0 where it is not known yet. */
  #translated: Column | null = null;
  #codes = new Int32Array(0);

  constructor(bounds: BytesBounds) {
    this.#bounds = bounds;
  }

  get count(): number {
    return this.#count;
  }

  /** The distinct values in the order of their numbers, PLAIN. */
  get plain(): Uint8Array<ArrayBuffer> {
    return this.#values.written;
  }

  /** Writes the numbers of a column's values, none of which is NULL. False when they do not repeat, or are too many. */
  encode(memory: LinearMemory, column: Column, out: Int32Array): boolean {
    const { length, dictionary } = column;
    this.#seen += length;
    const isKnown =
      dictionary === null ? this.#encodePlain(memory, column, out) : this.#encodeCodes(memory, column, out);
    return isKnown && (this.#seen < SAMPLE_VALUES || 2 * this.#count <= this.#seen);
  }

  #encodePlain({ u8, u32 }: LinearMemory, { values, offsets, length }: Column, out: Int32Array): boolean {
    const at = offsets >>> 2;
    for (let row = 0; row < length; row++) {
      const start = values + (u32[at + row] as number);
      const code = this.#numberOf(u8, start, values + (u32[at + row + 1] as number));
      if (code < 0) return false;
      out[row] = code;
    }
    return true;
  }

  #encodeCodes({ u8, u32 }: LinearMemory, column: Column, out: Int32Array): boolean {
    const dictionary = column.dictionary as Column;
    if (dictionary !== this.#translated) {
      this.#translated = dictionary;
      this.#codes = new Int32Array(dictionary.length);
    }
    const { values, offsets } = dictionary;
    for (let row = 0; row < column.length; row++) {
      const code = u32[(column.values >>> 2) + row] as number;
      let known = this.#codes[code] as number;
      if (known === 0) {
        const start = values + (u32[(offsets >>> 2) + code] as number);
        const number = this.#numberOf(u8, start, values + (u32[(offsets >>> 2) + code + 1] as number));
        if (number < 0) return false;
        known = number + 1;
        this.#codes[code] = known;
      }
      out[row] = known - 1;
    }
    return true;
  }

  /** The number of bytes `start` to `end`, a new one if need be; −1 when there is no room for it. */
  #numberOf(bytes: Uint8Array, start: number, end: number): number {
    let hash = FNV_OFFSET;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), FNV_PRIME);
    for (let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const entry = this.#slots[slot] as number;
      if (entry === 0) return this.#add(slot, bytes, start, end);
      if (this.#equals(entry - 1, bytes, start, end)) return entry - 1;
    }
  }

  #equals(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const known = this.#values.written;
    const from = this.#starts[entry] as number;
    const next = entry + 1 < this.#count ? (this.#starts[entry + 1] as number) - LENGTH_BYTES : known.length;
    if (next - from !== end - start) return false;
    for (let i = 0; i < end - start; i++) if (known[from + i] !== bytes[start + i]) return false;
    return true;
  }

  #add(slot: number, bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (this.#count === ENTRIES_MAX || this.#values.length + LENGTH_BYTES + length > BYTES_MAX) return -1;
    this.#bounds.add(bytes, start, end);
    this.#values.u32(length);
    this.#starts[this.#count] = this.#values.length;
    this.#values.appendRange(bytes, start, end);
    this.#slots[slot] = ++this.#count;
    return this.#count - 1;
  }
}
