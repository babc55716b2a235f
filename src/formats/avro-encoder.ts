// Batches → an Avro object container file: records row by row into blocks of 64 KiB, each with the file's marker behind it.
import type { Batch } from "../arrow/batch.js";
import type { Column } from "../arrow/column.js";
import { type DataType, type Field, layoutOf, type Schema } from "../arrow/types.js";
import type { LinearMemory } from "../wasm/memory.js";
import { snappyBlock } from "./avro-codec.js";
import { avroSchemaText } from "./avro-schema.js";
import { ByteBuffer, wordsOf } from "./byte-buffer.js";
import { crc32 } from "./crc32.js";
import type { Encoder } from "./format.js";

const MAGIC = Uint8Array.of(0x4f, 0x62, 0x6a, 1);
const BLOCK_BYTES = 64 << 10;
const MARKER_BYTES = 16;
/** Branches of a column that may be NULL: a union of null and its type. */
const NULL = 0;
const VALUE = 1;

const encoder = new TextEncoder();

/** Appends one value. */
type WriteValue = (out: ByteBuffer, memory: LinearMemory, column: Column, row: number) => void;

export class AvroEncoder implements Encoder {
  readonly #codec: "null" | "snappy";
  readonly #writers: readonly WriteValue[];
  readonly #header: Uint8Array;
  readonly #marker: Uint8Array;
  readonly #records = new ByteBuffer();
  #rows = 0;
  readonly #out = new ByteBuffer();
  #begun = false;

  /** @throws UNSUPPORTED naming a column that Avro does not get */
  constructor({ fields }: Schema, codec: "null" | "snappy") {
    this.#codec = codec;
    const schema = encoder.encode(avroSchemaText(fields));
    this.#writers = fields.map(fieldWriter);
    this.#marker = markerOf(schema);
    this.#header = headerOf(schema, codec, this.#marker);
  }

  encode(batch: Batch): Uint8Array<ArrayBuffer> {
    this.#begin();
    const columns = this.#writers.map((_, index) => batch.plainColumn(index));
    const { memory } = batch.workspace.account;
    for (let row = 0; row < batch.rowCount; row++) {
      for (let index = 0; index < columns.length; index++) {
        (this.#writers[index] as WriteValue)(this.#records, memory, columns[index] as Column, row);
      }
      this.#rows++;
      if (this.#records.length >= BLOCK_BYTES) this.#endBlock();
    }
    return this.#out.take();
  }

  finish(): Uint8Array<ArrayBuffer> {
    this.#begin();
    this.#endBlock();
    return this.#out.take();
  }

  #begin(): void {
    if (!this.#begun) this.#out.append(this.#header);
    this.#begun = true;
  }

  #endBlock(): void {
    if (this.#rows === 0) return;
    const records = this.#records.written;
    const block = this.#codec === "snappy" ? snappyBlock(records) : records;
    writeLong(this.#out, this.#rows);
    writeLong(this.#out, block.length);
    this.#out.append(block);
    this.#out.append(this.#marker);
    this.#records.clear();
    this.#rows = 0;
  }
}

function writeLong(out: ByteBuffer, value: number): void {
  out.zigzag64(...wordsOf(value));
}

function headerOf(schema: Uint8Array, codec: string, marker: Uint8Array): Uint8Array {
  const out = new ByteBuffer();
  out.append(MAGIC);
  writeLong(out, 2);
  for (const bytes of [encoder.encode("avro.schema"), schema, encoder.encode("avro.codec"), encoder.encode(codec)]) {
    writeLong(out, bytes.length);
    out.append(bytes);
  }
  writeLong(out, 0);
  out.append(marker);
  return out.take();
}

/** The marker has to be none of the data; the same columns give the same one, so that the same rows give the same file. */
function markerOf(schema: Uint8Array): Uint8Array {
  const marker = new Uint8Array(MARKER_BYTES);
  const view = new DataView(marker.buffer);
  let sum = 0;
  for (let at = 0; at < MARKER_BYTES; at += 4) {
    sum = crc32(schema, sum);
    view.setUint32(at, sum);
  }
  return marker;
}

/** Of what may be NULL: the branch of the union, then the value. */
function fieldWriter({ type, nullable }: Field): WriteValue {
  const write = writerOf(type);
  if (!nullable) return write;
  return (out, memory, column, row) => {
    const { validity } = column;
    const isNull = validity !== 0 && (((memory.u8[validity + (row >>> 3)] as number) >> (row & 7)) & 1) === 0;
    out.zigzag32(isNull ? NULL : VALUE);
    if (!isNull) write(out, memory, column, row);
  };
}

/** The fields of a record in their order. */
function recordWriter(fields: readonly Field[]): WriteValue {
  const writers = fields.map(fieldWriter);
  return (out, memory, { children }, row) => {
    for (let i = 0; i < writers.length; i++) (writers[i] as WriteValue)(out, memory, children[i] as Column, row);
  };
}

/** Elements, or of a map keys and values, in one block: how many, they, and 0. */
function listWriter(write: WriteValue): WriteValue {
  return (out, memory, { offsets, children: [child] }, row) => {
    const start = memory.u32[(offsets >>> 2) + row] as number;
    const end = memory.u32[(offsets >>> 2) + row + 1] as number;
    if (end > start) writeLong(out, end - start);
    for (let element = start; element < end; element++) write(out, memory, child as Column, element);
    writeLong(out, 0);
  };
}

function writerOf(type: DataType): WriteValue {
  if (type.kind === "array") return listWriter(fieldWriter(type.element));
  if (type.kind === "map") return listWriter(recordWriter([type.key, type.value]));
  if (type.kind === "row") return recordWriter(type.fields);
  const layout = layoutOf(type);
  if (type.kind === "decimal")
    return layout === "i64" ? (...value) => writeDecimal(8, ...value) : (...value) => writeDecimal(16, ...value);
  switch (layout) {
    case "bool":
      return (out, { u8 }, { values }, row) => out.byte(((u8[values + (row >>> 3)] as number) >> (row & 7)) & 1);
    case "i8":
      return (out, { i8 }, { values }, row) => out.zigzag32(i8[values + row] as number);
    case "i16":
      return (out, { i16 }, { values }, row) => out.zigzag32(i16[(values >>> 1) + row] as number);
    case "i32":
      return (out, { i32 }, { values }, row) => out.zigzag32(i32[(values >>> 2) + row] as number);
    case "i64":
      return (out, { i32 }, { values }, row) => {
        const at = (values >>> 2) + 2 * row;
        out.zigzag64(i32[at] as number, i32[at + 1] as number);
      };
    case "f32":
      return (out, { u8 }, { values }, row) => out.appendRange(u8, values + 4 * row, values + 4 * row + 4);
    case "f64":
      return (out, { u8 }, { values }, row) => out.appendRange(u8, values + 8 * row, values + 8 * row + 8);
    default:
      return (out, { u8, u32 }, { values, offsets }, row) => {
        const start = u32[(offsets >>> 2) + row] as number;
        const end = u32[(offsets >>> 2) + row + 1] as number;
        writeLong(out, end - start);
        out.appendRange(u8, values + start, values + end);
      };
  }
}

/** Little-endian → the shortest big-endian with the same sign, behind its length. */
function writeDecimal(width: number, out: ByteBuffer, { u8 }: LinearMemory, { values }: Column, row: number): void {
  const first = values + row * width;
  let last = first + width - 1;
  const sign = (u8[last] as number) >= 0x80 ? 0xff : 0;
  while (last > first && u8[last] === sign && ((u8[last - 1] as number) ^ sign) < 0x80) last--;
  writeLong(out, last - first + 1);
  for (let at = last; at >= first; at--) out.byte(u8[at] as number);
}
