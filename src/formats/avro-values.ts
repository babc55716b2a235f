// Flat values of Avro → the buffers of a column: one reader a type, chosen once, that writes where the column's values lie.
import { bitmapBytes, type Column, textRoom, type Workspace } from "../arrow/column.js";
import { type Field, layoutOf } from "../arrow/types.js";
import type { AvroCursor } from "./avro-cursor.js";
import type { AvroType } from "./avro-schema.js";
import { ByteBuffer } from "./byte-buffer.js";

/** Told of rows whose value is not the column's. */
export type BadValue = (row: number, code: "UTF8" | "TYPE", what: string) => void;

/** Where the values of a column lie in the arena. */
export type Buffers = Pick<Column, "values"> & Partial<Pick<Column, "offsets" | "children">>;

/** Values of one column for the rows of a batch, in row order. */
export abstract class Values {
  /** Makes room for so many rows, and forgets those before. */
  abstract begin(rows: number): void;
  /** Makes room for so many rows in all; those that are there stay. */
  abstract grow(rows: number): void;
  abstract read(cursor: AvroCursor, row: number): void;
  /** What lies under a NULL. */
  abstract skip(row: number): void;
  /** The first rows as buffers in the arena. */
  abstract finish(workspace: Workspace, rows: number, bad: BadValue): Buffers;
}

/** A longer array that begins alike. */
export function grownBytes(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(length);
  grown.set(bytes);
  return grown;
}

/** The same of numbers. */
export function grownInts(ints: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length);
  grown.set(ints);
  return grown;
}

class Ints extends Values {
  #values = new Int32Array(0);

  begin(rows: number): void {
    this.#values = new Int32Array(rows);
  }

  grow(rows: number): void {
    this.#values = grownInts(this.#values, rows);
  }

  read(cursor: AvroCursor, row: number): void {
    this.#values[row] = cursor.int();
  }

  skip(): void {
    // A zero is there already.
  }

  finish({ account }: Workspace, rows: number) {
    const values = account.arena.allocate(rows * 4);
    account.memory.i32.set(this.#values.subarray(0, rows), values >>> 2);
    return { values };
  }
}

class Longs extends Values {
  #words = new Int32Array(0);

  begin(rows: number): void {
    this.#words = new Int32Array(2 * rows);
  }

  grow(rows: number): void {
    this.#words = grownInts(this.#words, 2 * rows);
  }

  read(cursor: AvroCursor, row: number): void {
    cursor.long();
    this.#words[2 * row] = cursor.low;
    this.#words[2 * row + 1] = cursor.high;
  }

  skip(): void {
    // A zero is there already.
  }

  finish({ account }: Workspace, rows: number) {
    const values = account.arena.allocate(rows * 8);
    account.memory.i32.set(this.#words.subarray(0, 2 * rows), values >>> 2);
    return { values };
  }
}

/** Values of fixed width that lie alike in both. */
class Copies extends Values {
  readonly #width: number;
  #bytes = new Uint8Array(0);

  constructor(width: number) {
    super();
    this.#width = width;
  }

  begin(rows: number): void {
    this.#bytes = new Uint8Array(rows * this.#width);
  }

  grow(rows: number): void {
    this.#bytes = grownBytes(this.#bytes, rows * this.#width);
  }

  read(cursor: AvroCursor, row: number): void {
    const from = cursor.at;
    cursor.pass(this.#width);
    if (cursor.problem !== null) return;
    for (let i = 0; i < this.#width; i++) this.#bytes[row * this.#width + i] = cursor.bytes[from + i] as number;
  }

  skip(): void {
    // Zeros are there already.
  }

  finish({ account }: Workspace, rows: number) {
    const values = account.arena.allocate(rows * this.#width);
    account.memory.u8.set(this.#bytes.subarray(0, rows * this.#width), values);
    return { values };
  }
}

class Booleans extends Values {
  #bits = new Uint8Array(0);

  begin(rows: number): void {
    this.#bits = new Uint8Array(bitmapBytes(rows));
  }

  grow(rows: number): void {
    this.#bits = grownBytes(this.#bits, bitmapBytes(rows));
  }

  read(cursor: AvroCursor, row: number): void {
    const from = cursor.at;
    cursor.pass(1);
    const bit = cursor.bytes[from] ?? 0;
    if (bit > 1) cursor.fail(`a truth value is ${bit}`);
    this.#bits[row >>> 3] = (this.#bits[row >>> 3] as number) | (bit << (row & 7));
  }

  skip(): void {
    // A zero is there already.
  }

  finish({ account }: Workspace, rows: number) {
    const values = account.arena.allocate(bitmapBytes(rows));
    account.memory.u8.set(this.#bits.subarray(0, bitmapBytes(rows)), values);
    return { values };
  }
}

const encoder = new TextEncoder();

/** Strings, bytes, enums and fixed ones. */
class Texts extends Values {
  readonly #type: AvroType;
  readonly #symbols: readonly Uint8Array[];
  readonly #bytes = new ByteBuffer();
  #offsets = new Int32Array(1);

  constructor(type: AvroType) {
    super();
    this.#type = type;
    this.#symbols = type.symbols.map((symbol) => encoder.encode(symbol));
  }

  begin(rows: number): void {
    this.#bytes.clear();
    this.#offsets = new Int32Array(rows + 1);
  }

  grow(rows: number): void {
    this.#offsets = grownInts(this.#offsets, rows + 1);
  }

  read(cursor: AvroCursor, row: number): void {
    if (this.#type.kind === "enum") {
      const symbol = this.#symbols[cursor.int()];
      if (symbol === undefined) cursor.fail("an enum has no such symbol");
      else this.#bytes.append(symbol);
    } else {
      const length = this.#type.kind === "fixed" ? this.#type.size : cursor.lengthBytes();
      const from = cursor.at;
      cursor.pass(length);
      if (cursor.problem === null) this.#bytes.appendRange(cursor.bytes, from, from + length);
    }
    this.skip(row);
  }

  skip(row: number): void {
    this.#offsets[row + 1] = this.#bytes.length;
  }

  finish(workspace: Workspace, rows: number) {
    const { arena, memory } = workspace.account;
    const offsets = arena.allocate((rows + 1) * 4);
    const length = this.#offsets[rows] as number;
    const values = textRoom(workspace, length);
    memory.i32.set(this.#offsets.subarray(0, rows + 1), offsets >>> 2);
    memory.u8.set(this.#bytes.written.subarray(0, length), values);
    return { values, offsets };
  }
}

/** Big-endian two's complement of any length → 64 or 128 bits. */
class Decimals extends Values {
  readonly #type: AvroType;
  readonly #width: number;
  readonly #limit: bigint;
  #bytes = new Uint8Array(0);

  constructor(type: AvroType, width: number) {
    super();
    this.#type = type;
    this.#width = width;
    this.#limit = 10n ** BigInt(type.precision);
  }

  begin(rows: number): void {
    this.#bytes = new Uint8Array(rows * this.#width);
  }

  grow(rows: number): void {
    this.#bytes = grownBytes(this.#bytes, rows * this.#width);
  }

  read(cursor: AvroCursor, row: number): void {
    const length = this.#type.kind === "fixed" ? this.#type.size : cursor.lengthBytes();
    const from = cursor.at;
    cursor.pass(length);
    if (cursor.problem !== null) return;
    const { bytes } = cursor;
    const sign = length > 0 && (bytes[from] as number) >= 0x80 ? 0xff : 0;
    let first = from;
    while (first < from + length - 1 && bytes[first] === sign) first++;
    const at = row * this.#width;
    const count = from + length - first;
    for (let i = 0; i < this.#width; i++) {
      this.#bytes[at + i] = i < count ? (bytes[from + length - 1 - i] as number) : sign;
    }
    // Only what has nearly as many bytes as the type can have too many digits.
    const isLong =
      count > this.#width || (count * 8 > this.#type.precision * 3.32 - 8 && !this.#fits(bytes, from, length));
    if (isLong) cursor.fail(`a decimal has more than ${this.#type.precision} digits`);
  }

  skip(): void {
    // A zero is there already.
  }

  finish({ account }: Workspace, rows: number) {
    const values = account.arena.allocate(rows * this.#width);
    account.memory.u8.set(this.#bytes.subarray(0, rows * this.#width), values);
    return { values };
  }

  #fits(bytes: Uint8Array, from: number, length: number): boolean {
    let value = (bytes[from] as number) >= 0x80 ? -1n : 0n;
    for (let i = 0; i < length; i++) value = (value << 8n) | BigInt(bytes[from + i] as number);
    return value < this.#limit && -value < this.#limit;
  }
}

/** What reads values that are not nested. */
export function flatValues(type: AvroType, { type: dataType }: Field): Values {
  const layout = layoutOf(dataType);
  if (dataType.kind === "decimal") return new Decimals(type, layout === "i64" ? 8 : 16);
  switch (layout) {
    case "bool":
      return new Booleans();
    case "i32":
      return new Ints();
    case "i64":
      return new Longs();
    case "f32":
      return new Copies(4);
    case "f64":
      return new Copies(8);
    default:
      return new Texts(type);
  }
}
