// The levels of a page being written: a length and one run each, in front of its values (parquet-format, Encodings.md, RLE).
import type { LinearMemory } from "../wasm/memory.js";
import { ByteBuffer } from "./byte-buffer.js";
import type { LeafEntries } from "./parquet-shred.js";

/** What a page has of levels so far. */
export interface Levels {
  /** Rows, or entries of a nested column's leaf; those of them without a value. */
  readonly count: number;
  readonly nullCount: number;
  /** Puts the levels of the page behind `body`. */
  write(body: ByteBuffer): void;
  /** Begins the next page. */
  clear(): void;
}

/** Of a column that is not nested: a bit a row, all ones until a NULL comes; none where there can be no NULL. */
export class RowLevels implements Levels {
  readonly #optional: boolean;
  #valid = new Uint8Array(0);
  count = 0;
  nullCount = 0;

  constructor(optional: boolean) {
    this.#optional = optional;
  }

  add({ u8 }: LinearMemory, validity: number, rows: number, nulls: number): void {
    if (this.#optional) this.#reserve(rows);
    for (let row = 0; nulls > 0 && row < rows; row++) {
      if ((((u8[validity + (row >>> 3)] as number) >> (row & 7)) & 1) === 1) continue;
      const bit = this.count + row;
      this.#valid[bit >>> 3] = (this.#valid[bit >>> 3] as number) & ~(1 << (bit & 7));
    }
    this.count += rows;
    this.nullCount += nulls;
  }

  write(body: ByteBuffer): void {
    if (!this.#optional) return;
    const { count, nullCount } = this;
    const isAlike = nullCount === 0 || nullCount === count;
    const run = isAlike ? repeatedRun(count, nullCount === 0 ? 1 : 0) : new ByteBuffer();
    if (!isAlike) {
      const bytes = (count + 7) >>> 3;
      run.varint(bytes * 2 + 1);
      run.append(this.#valid.subarray(0, bytes));
    }
    writeRun(body, run);
  }

  clear(): void {
    this.count = 0;
    this.nullCount = 0;
    this.#valid.fill(0xff);
  }

  #reserve(rows: number): void {
    const needed = (this.count + rows + 7) >>> 3;
    if (needed <= this.#valid.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#valid.length, 1024)).fill(0xff);
    grown.set(this.#valid);
    this.#valid = grown;
  }
}

/** Of a nested column's leaf: repetition and definition of every entry, those that are always 0 left out. */
export class EntryLevels implements Levels {
  readonly #maxRepetition: number;
  readonly #maxDefinition: number;
  readonly #repetitions = new ByteBuffer();
  readonly #definitions = new ByteBuffer();
  count = 0;
  nullCount = 0;

  constructor(maxRepetition: number, maxDefinition: number) {
    this.#maxRepetition = maxRepetition;
    this.#maxDefinition = maxDefinition;
  }

  add({ repetitions, definitions, values }: LeafEntries): void {
    this.#repetitions.append(repetitions);
    this.#definitions.append(definitions);
    this.count += repetitions.length;
    this.nullCount += repetitions.length - values.length;
  }

  write(body: ByteBuffer): void {
    writeLevels(body, this.#repetitions.written, this.#maxRepetition);
    writeLevels(body, this.#definitions.written, this.#maxDefinition);
  }

  clear(): void {
    this.#repetitions.clear();
    this.#definitions.clear();
    this.count = 0;
    this.nullCount = 0;
  }
}

function writeLevels(body: ByteBuffer, levels: Uint8Array, max: number): void {
  if (max === 0) return;
  const first = levels[0] as number;
  if (levels.every((level) => level === first)) {
    writeRun(body, repeatedRun(levels.length, first));
    return;
  }
  const run = new ByteBuffer();
  packRun(run, levels, 32 - Math.clz32(max));
  writeRun(body, run);
}

function writeRun(body: ByteBuffer, run: ByteBuffer): void {
  body.u32(run.length);
  body.append(run.written);
}

/** One value of at most 8 bits, so many times. */
function repeatedRun(count: number, value: number): ByteBuffer {
  const run = new ByteBuffer();
  run.varint(count * 2);
  run.byte(value);
  return run;
}

/** Numbers of `width` bits each, bit-packed as one run. */
export function packRun(out: ByteBuffer, numbers: ArrayLike<number>, width: number): void {
  const groups = Math.ceil(numbers.length / 8);
  out.varint(groups * 2 + 1);
  let bits = 0;
  let filled = 0;
  for (let i = 0; i < groups * 8; i++) {
    bits |= (numbers[i] ?? 0) << filled;
    filled += width;
    for (; filled >= 8; filled -= 8) {
      out.byte(bits & 0xff);
      bits >>>= 8;
    }
  }
}
