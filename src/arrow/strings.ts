// JS strings → UTF-8 columns: a writer of bytes and offsets outside linear memory (its size is known only at the end),
// and a dictionary that gives equal strings one code and lives from batch to batch.
import type { Region } from "../wasm/memory.js";
import { align16, Column, checkTextBytes, TEXT_BYTES_MAX, type Workspace } from "./column.js";
import type { DataType } from "./types.js";

/** Measured: below, one store a character wins over the fixed price of TextEncoder.encodeInto. */
const ENCODER_MIN = 32;
/** Room that the writer begins with, and the most that it keeps for the next column. */
const BYTES_FIRST = 65_536;
const BYTES_KEPT = 2 ** 22;

const encoder = new TextEncoder();

/** Appends values as bytes. */
class BytesWriter {
  #bytes = new Uint8Array(BYTES_FIRST);
  #offsets = new Int32Array(0);
  #used = 0;
  #count = 0;

  /** Empties the writer for up to `count` values. */
  begin(count: number): void {
    if (this.#offsets.length <= count || this.#offsets.length * 4 > BYTES_KEPT) {
      this.#offsets = new Int32Array(count + 1);
    }
    if (this.#bytes.length > BYTES_KEPT) this.#bytes = new Uint8Array(BYTES_FIRST);
    this.#used = 0;
    this.#count = 0;
  }

  get byteLength(): number {
    return this.#used;
  }

  /** Appends an empty value, which is what lies under a NULL. */
  skip(): void {
    this.#offsets[++this.#count] = this.#used;
  }

  /** Appends bytes. */
  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
    this.#offsets[++this.#count] = this.#used;
  }

  /** Appends a string as UTF-8; false, with nothing appended, when it holds a lone surrogate and so has no UTF-8. */
  write(text: string): boolean {
    const { length } = text;
    this.#reserve(length * 3);
    const bytes = this.#bytes;
    let at = this.#used;
    if (length < ENCODER_MIN) {
      for (let i = 0; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 127) return this.#encode(text);
        bytes[at++] = unit;
      }
      this.#used = at;
      this.#offsets[++this.#count] = at;
      return true;
    }
    return this.#encode(text);
  }

  /** Copies the bytes to `values` and the offsets to `offsets`, the first of them being `base`. */
  copyTo({ account: { memory } }: Workspace, offsets: number, values: number, base = 0): void {
    const ours = this.#offsets.subarray(0, this.#count + 1);
    const at = offsets >>> 2;
    if (base === 0) memory.i32.set(ours, at);
    else for (let i = 0; i < ours.length; i++) memory.i32[at + i] = base + (ours[i] as number);
    memory.u8.set(this.#bytes.subarray(0, this.#used), values);
  }

  #encode(text: string): boolean {
    if (!isWellFormed(text)) return false;
    this.#used += encoder.encodeInto(text, this.#bytes.subarray(this.#used)).written;
    this.#offsets[++this.#count] = this.#used;
    return true;
  }

  #reserve(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#bytes.length) return;
    checkTextBytes(needed);
    const grown = new Uint8Array(Math.min(Math.max(needed, 2 * this.#bytes.length), TEXT_BYTES_MAX));
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }
}

/** The writer of columns and dictionaries: each is begun, written and copied to linear memory before the next. */
export const bytesWriter = new BytesWriter();

/** Whether the string has a UTF-8 form: no surrogate stands alone. With the `u` flag a pair is one code point. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** A column whose strings are mostly new after so many distinct ones, or that has too many, is better written plain. */
const SAMPLE_VALUES = 128;
const VALUES_MAX = 32_768;
const CHARACTERS_MAX = 2 ** 22;

/** What `add` answers instead of a code. TOO_MANY is for good: then the dictionary is `abandoned`. */
export const TOO_MANY = -1;
export const NOT_UTF8 = -2;

/**
 * Distinct strings of one column in the order they first came. Codes stay the same for good; `column()` is the same
 * object until a new string arrives, so that consumers may cache by it, and stays readable until `close`.
 */
export class StringDictionary {
  readonly #workspace: Workspace;
  readonly #type: DataType;
  readonly #codes = new Map<unknown, number>();
  readonly #fresh: string[] = [];
  #abandoned = false;
  #rows = 0;
  #characters = 0;
  #column: Column | null = null;
  #region: Region | null = null;
  #valuesMax = 0;
  #bytesMax = 0;
  #usedBytes = 0;

  constructor(workspace: Workspace, type: DataType) {
    this.#workspace = workspace;
    this.#type = type;
  }

  /** Whether the strings turned out not to repeat, so that they are better written plain. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** Says that the codes of so many rows are asked for next. */
  begin(rows: number): void {
    this.#rows += rows;
  }

  /** The codes of the strings known so far. */
  get codes(): ReadonlyMap<unknown, number> {
    return this.#codes;
  }

  /** Gives a new string its code: TOO_MANY once the strings turned out not to repeat, NOT_UTF8 for a lone surrogate. */
  add(text: string): number {
    const code = this.#codes.size;
    const characters = this.#characters + text.length;
    const rare = code >= SAMPLE_VALUES && code * 2 > this.#rows;
    if (rare || code >= VALUES_MAX || characters > CHARACTERS_MAX) this.#abandoned = true;
    if (this.#abandoned) return TOO_MANY;
    if (!isWellFormed(text)) return NOT_UTF8;
    this.#codes.set(text, code);
    this.#characters = characters;
    this.#fresh.push(text);
    return code;
  }

  /** The distinct values so far. @throws MEMORY_LIMIT */
  column(): Column {
    if (this.#column === null || this.#fresh.length > 0) this.#column = this.#append();
    return this.#column;
  }

  /** Gives the memory back; persisted batches keep theirs by references of their own. */
  close(): void {
    this.#region?.release();
    this.#region = null;
    this.#column = null;
  }

  #append(): Column {
    bytesWriter.begin(this.#fresh.length);
    for (const text of this.#fresh) bytesWriter.write(text);
    const length = this.#codes.size;
    const known = length - this.#fresh.length;
    const region = this.#grow(known, length, this.#usedBytes + bytesWriter.byteLength);
    const values = region.ptr + offsetsBytes(this.#valuesMax);
    bytesWriter.copyTo(this.#workspace, region.ptr + known * 4, values + this.#usedBytes, this.#usedBytes);
    this.#usedBytes += bytesWriter.byteLength;
    this.#fresh.length = 0;
    return new Column({ type: this.#type, length, offsets: region.ptr, values, region });
  }

  /** A region with room for so many values and bytes that holds the `known` first ones. */
  #grow(known: number, length: number, bytes: number): Region {
    const old = this.#region;
    if (old !== null && length <= this.#valuesMax && bytes <= this.#bytesMax) return old;
    const valuesMax = Math.max(2 * this.#valuesMax, length, 64);
    const bytesMax = Math.max(2 * this.#bytesMax, bytes, 1024);
    const { account } = this.#workspace;
    const region = account.region(offsetsBytes(valuesMax) + bytesMax);
    if (old !== null) {
      const { u8 } = account.memory;
      u8.copyWithin(region.ptr, old.ptr, old.ptr + (known + 1) * 4);
      const from = old.ptr + offsetsBytes(this.#valuesMax);
      u8.copyWithin(region.ptr + offsetsBytes(valuesMax), from, from + this.#usedBytes);
      // Batches of this step may still read it.
      account.arena.retire(old);
    }
    this.#region = region;
    this.#valuesMax = valuesMax;
    this.#bytesMax = bytesMax;
    return region;
  }
}

/** Bytes of the offsets of so many values. */
function offsetsBytes(values: number): number {
  return align16((values + 1) * 4);
}
