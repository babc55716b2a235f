// The least and the greatest value of a column chunk, in the order that Parquet's statistics have (parquet.thrift, ColumnOrder):
// numbers by value, bytes as unsigned, decimals of 128 bits as signed big-endian. NaN counts for neither.
import type { Layout } from "../arrow/types.js";
import type { LinearMemory } from "../wasm/memory.js";

/** Longer bounds are left out: they would make a footer of large values, which nobody skips by. */
const BOUND_BYTES_MAX = 256;

/** Grows with the values of one chunk. Bounds are as statistics hold them: PLAIN, undefined for none. */
export interface Bounds {
  readonly min: Uint8Array | undefined;
  readonly max: Uint8Array | undefined;
}

/** Bounds of values of fixed width, seen column by column where they lie. */
export interface FixedBounds extends Bounds {
  add(memory: LinearMemory, values: number, count: number): void;
}

/** @param layout - one of fixed width; others have `BytesBounds` */
export function fixedBounds(layout: Layout): FixedBounds {
  switch (layout) {
    case "i64":
      return new WordBounds();
    case "f32":
      return new NumberBounds(4, (view, value) => view.setFloat32(0, value, true), viewF32);
    case "f64":
      return new NumberBounds(8, (view, value) => view.setFloat64(0, value, true), viewF64);
    case "i8":
      return new NumberBounds(4, setInt32, viewI8);
    case "i16":
      return new NumberBounds(4, setInt32, viewI16);
    default:
      return new NumberBounds(4, setInt32, viewI32);
  }
}

type Numbers = Float32Array | Float64Array | Int8Array | Int16Array | Int32Array;

const viewF32 = ({ f32 }: LinearMemory, at: number, count: number): Numbers =>
  f32.subarray(at >>> 2, (at >>> 2) + count);
const viewF64 = ({ f64 }: LinearMemory, at: number, count: number): Numbers =>
  f64.subarray(at >>> 3, (at >>> 3) + count);
const viewI8 = ({ i8 }: LinearMemory, at: number, count: number): Numbers => i8.subarray(at, at + count);
const viewI16 = ({ i16 }: LinearMemory, at: number, count: number): Numbers =>
  i16.subarray(at >>> 1, (at >>> 1) + count);
const viewI32 = ({ i32 }: LinearMemory, at: number, count: number): Numbers =>
  i32.subarray(at >>> 2, (at >>> 2) + count);

function setInt32(view: DataView, value: number): void {
  view.setInt32(0, value, true);
}

class NumberBounds implements FixedBounds {
  readonly #width: number;
  readonly #write: (view: DataView, value: number) => void;
  readonly #view: (memory: LinearMemory, at: number, count: number) => Numbers;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  constructor(
    width: number,
    write: (view: DataView, value: number) => void,
    view: (memory: LinearMemory, at: number, count: number) => Numbers,
  ) {
    this.#width = width;
    this.#write = write;
    this.#view = view;
  }

  add(memory: LinearMemory, values: number, count: number): void {
    const numbers = this.#view(memory, values, count);
    let min = this.#min;
    let max = this.#max;
    for (let i = 0; i < count; i++) {
      const value = numbers[i] as number;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    this.#min = min;
    this.#max = max;
  }

  /** Zeros have a sign in their bytes, and none in their order: the least is −0, the greatest +0. */
  get min(): Uint8Array | undefined {
    return this.#bytes(this.#min === 0 && this.#isFloat ? -0 : this.#min);
  }

  get max(): Uint8Array | undefined {
    return this.#bytes(this.#max === 0 ? 0 : this.#max);
  }

  get #isFloat(): boolean {
    return this.#write !== setInt32;
  }

  #bytes(value: number): Uint8Array | undefined {
    if (this.#min > this.#max) return undefined;
    const bytes = new Uint8Array(this.#width);
    this.#write(new DataView(bytes.buffer), value);
    return bytes;
  }
}

/** 64-bit integers by their words. */
class WordBounds implements FixedBounds {
  #seen = false;
  #minLow = 0;
  #minHigh = 0;
  #maxLow = 0;
  #maxHigh = 0;

  add({ u32, i32 }: LinearMemory, values: number, count: number): void {
    const at = values >>> 2;
    for (let i = 0; i < count; i++) {
      const low = u32[at + 2 * i] as number;
      const high = i32[at + 2 * i + 1] as number;
      if (!this.#seen || high < this.#minHigh || (high === this.#minHigh && low < this.#minLow)) {
        this.#minLow = low;
        this.#minHigh = high;
      }
      if (!this.#seen || high > this.#maxHigh || (high === this.#maxHigh && low > this.#maxLow)) {
        this.#maxLow = low;
        this.#maxHigh = high;
      }
      this.#seen = true;
    }
  }

  get min(): Uint8Array | undefined {
    return this.#seen ? wordBytes(this.#minLow, this.#minHigh) : undefined;
  }

  get max(): Uint8Array | undefined {
    return this.#seen ? wordBytes(this.#maxLow, this.#maxHigh) : undefined;
  }
}

function wordBytes(low: number, high: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, low, true);
  view.setInt32(4, high, true);
  return bytes;
}

/** Truth values: one byte a value, 0 or 1. */
export class BitBounds implements Bounds {
  #has = [false, false];

  add(value: number): void {
    this.#has[value] = true;
  }

  get min(): Uint8Array | undefined {
    return this.#bound(this.#has.indexOf(true));
  }

  get max(): Uint8Array | undefined {
    return this.#bound(this.#has.lastIndexOf(true));
  }

  #bound(value: number): Uint8Array | undefined {
    return value < 0 ? undefined : Uint8Array.of(value);
  }
}

/** Values that are bytes. */
export class BytesBounds implements Bounds {
  /** What is added to the first byte to make the order that of unsigned bytes: 0x80 where it has a sign. */
  readonly #flip: number;
  #min: Uint8Array | null = null;
  #max: Uint8Array | null = null;

  constructor(signed: boolean) {
    this.#flip = signed ? 0x80 : 0;
  }

  /** Bytes `start` to `end` of `bytes`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    if (this.#min === null || this.#compare(bytes, start, end, this.#min) < 0) this.#min = bytes.slice(start, end);
    if (this.#max === null || this.#compare(bytes, start, end, this.#max) > 0) this.#max = bytes.slice(start, end);
  }

  get min(): Uint8Array | undefined {
    return this.#bound(this.#min);
  }

  get max(): Uint8Array | undefined {
    return this.#bound(this.#max);
  }

  /** Readers take bounds in pairs, so that both are left out when one is too long. */
  #bound(bytes: Uint8Array | null): Uint8Array | undefined {
    const isLong = (this.#min?.length ?? 0) > BOUND_BYTES_MAX || (this.#max?.length ?? 0) > BOUND_BYTES_MAX;
    return isLong ? undefined : (bytes ?? undefined);
  }

  #compare(bytes: Uint8Array, start: number, end: number, bound: Uint8Array): number {
    const length = Math.min(end - start, bound.length);
    for (let i = 0; i < length; i++) {
      const flip = i === 0 ? this.#flip : 0;
      const difference = ((bytes[start + i] as number) ^ flip) - ((bound[i] as number) ^ flip);
      if (difference !== 0) return difference;
    }
    return end - start - bound.length;
  }
}
