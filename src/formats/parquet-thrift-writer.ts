// Thrift's compact protocol, written: Parquet's footer and page headers (thrift.apache.org, doc/specs/thrift-compact-protocol.md).
// Fields of a struct are given in ascending order of their ids.
import { ByteBuffer, wordsOf } from "./byte-buffer.js";

const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;
/** Longer lists have their length behind their type. */
const SHORT_LIST = 15;

const encoder = new TextEncoder();

/** Writes one struct, whose fields the methods add. */
export class ThriftWriter {
  readonly #bytes = new ByteBuffer();
  /** Id of the field before, in the struct being written. */
  #last = 0;

  /** The struct's bytes; the writer begins anew. */
  end(): Uint8Array<ArrayBuffer> {
    this.#bytes.byte(0);
    this.#last = 0;
    return this.#bytes.take();
  }

  bool(id: number, value: boolean): void {
    this.#field(id, value ? TRUE : FALSE);
  }

  i8(id: number, value: number): void {
    this.#field(id, BYTE);
    this.#bytes.byte(value & 0xff);
  }

  i16(id: number, value: number): void {
    this.#field(id, I16);
    this.#bytes.zigzag32(value);
  }

  i32(id: number, value: number): void {
    this.#field(id, I32);
    this.#bytes.zigzag32(value);
  }

  /** A safe integer. */
  i64(id: number, value: number): void {
    this.#field(id, I64);
    this.#bytes.zigzag64(...wordsOf(value));
  }

  binary(id: number, bytes: Uint8Array): void {
    this.#field(id, BINARY);
    this.#binary(bytes);
  }

  text(id: number, text: string): void {
    this.binary(id, encoder.encode(text));
  }

  struct(id: number, fields: () => void): void {
    this.#field(id, STRUCT);
    this.#struct(fields);
  }

  structs<T>(id: number, items: readonly T[], fields: (item: T) => void): void {
    this.#list(id, STRUCT, items.length);
    for (const item of items) this.#struct(() => fields(item));
  }

  i32s(id: number, values: readonly number[]): void {
    this.#list(id, I32, values.length);
    for (const value of values) this.#bytes.zigzag32(value);
  }

  texts(id: number, texts: readonly string[]): void {
    this.#list(id, BINARY, texts.length);
    for (const text of texts) this.#binary(encoder.encode(text));
  }

  #field(id: number, type: number): void {
    const step = id - this.#last;
    if (step > 0 && step < 16) this.#bytes.byte((step << 4) | type);
    else {
      this.#bytes.byte(type);
      this.#bytes.zigzag32(id);
    }
    this.#last = id;
  }

  #struct(fields: () => void): void {
    const last = this.#last;
    this.#last = 0;
    fields();
    this.#bytes.byte(0);
    this.#last = last;
  }

  #list(id: number, type: number, count: number): void {
    this.#field(id, LIST);
    this.#bytes.byte((Math.min(count, SHORT_LIST) << 4) | type);
    if (count >= SHORT_LIST) this.#bytes.varint(count);
  }

  #binary(bytes: Uint8Array): void {
    this.#bytes.varint(bytes.length);
    this.#bytes.append(bytes);
  }
}
