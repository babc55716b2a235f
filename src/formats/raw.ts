// Raw bytes: rows `{ bytes, offset }` of equal length, the last one shorter, whatever chunks they came in. Written is one BYTES
// column, its values one behind the other.
import * as v from "valibot";
import { Batch } from "../arrow/batch.js";
import { Column } from "../arrow/column.js";
import { BINARY, INT64, type Schema } from "../arrow/types.js";
import { assert, SchemaError } from "../errors.js";
import type { OpenFormat } from "./format.js";
import { type Decoder, type DecoderOptions, type DecoderPosition, type Encoder, type Format, START } from "./format.js";
import { checkFormatOptions } from "./options.js";
import { checkColumns, fixedSchema, writeOffset } from "./plain-columns.js";

const BLOCK_BYTES = 64 << 10;
const BLOCK_BYTES_MAX = 64 << 20;
/** Bytes of one batch at most, a longer block aside. */
const BATCH_BYTES = 4 << 20;

const COLUMNS = fixedSchema({ bytes: BINARY, offset: INT64 });
export const RAW_OPTIONS = v.strictObject({
  blockBytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(BLOCK_BYTES_MAX)), BLOCK_BYTES),
});

/** Blocks of bytes; `blockBytes` (64 KiB) says how long. @throws OPTION */
export const openRaw: OpenFormat = (options, where): Format => {
  const { blockBytes } = checkFormatOptions(RAW_OPTIONS, options, "bytes", where);
  return {
    name: "bytes",
    inferSchema: () => COLUMNS,
    createDecoder: (decoderOptions) => new RawDecoder(decoderOptions, blockBytes),
    createEncoder: (schema) => new RawEncoder(schema),
  };
};

class RawDecoder implements Decoder {
  readonly schema: Schema;
  readonly #options: DecoderOptions;
  readonly #blockBytes: number;
  /** Bytes that are not in a batch yet. */
  #bytes = new Uint8Array(0);
  #at = 0;
  #base: number;
  #finished = false;

  /** @throws UNKNOWN_COLUMN, TYPE */
  constructor(options: DecoderOptions, blockBytes: number) {
    checkColumns(options.schema, COLUMNS, "bytes");
    this.schema = options.schema;
    this.#options = options;
    this.#blockBytes = blockBytes;
    this.#base = (options.start ?? START).byte;
  }

  get position(): DecoderPosition {
    return { byte: this.#base + this.#at, line: 1, skipping: false };
  }

  feed(chunk: Uint8Array): void {
    assert(!this.#finished, "a chunk is fed after the end");
    const kept = this.#bytes.subarray(this.#at);
    this.#base += this.#at;
    this.#at = 0;
    this.#bytes = new Uint8Array(kept.length + chunk.length);
    this.#bytes.set(kept);
    this.#bytes.set(chunk, kept.length);
  }

  finish(): void {
    this.#finished = true;
  }

  next(): Batch | null {
    const left = this.#bytes.length - this.#at;
    const whole = Math.floor(left / this.#blockBytes);
    const blocks = this.#finished ? Math.ceil(left / this.#blockBytes) : whole;
    const rowsMax = Math.max(1, Math.floor(BATCH_BYTES / this.#blockBytes));
    const rows = Math.min(blocks, rowsMax, this.#options.batchRowsMax);
    if (rows === 0) return null;
    const { workspace, split } = this.#options;
    const { arena, memory } = workspace.account;
    const length = Math.min(left, rows * this.#blockBytes);
    const values = arena.allocate(length);
    const offsets = arena.allocate((rows + 1) * 4);
    const places = arena.allocate(rows * 8);
    memory.u8.set(this.#bytes.subarray(this.#at, this.#at + length), values);
    for (let row = 0; row < rows; row++) {
      memory.u32[(offsets >>> 2) + row] = row * this.#blockBytes;
      writeOffset(memory, places + row * 8, this.#base + this.#at + row * this.#blockBytes);
    }
    memory.u32[(offsets >>> 2) + rows] = length;
    this.#at += length;
    const columns = this.schema.fields.map(({ name, type }) =>
      name === "bytes"
        ? new Column({ type, length: rows, values, offsets })
        : new Column({ type, length: rows, values: places }),
    );
    return new Batch(workspace, this.schema, columns, rows, split);
  }

  close(): void {
    this.#bytes = new Uint8Array(0);
    this.#at = 0;
  }
}

class RawEncoder implements Encoder {
  /** @throws UNSUPPORTED for other columns */
  constructor({ fields }: Schema) {
    if (fields.length === 1 && fields[0]?.type.kind === "binary") return;
    throw new SchemaError("UNSUPPORTED", `bytes are written of one BYTES column, not of ${fields.length} columns`, {
      hint: 'select it: .select({ bytes: col("body") })',
    });
  }

  /** NULL is no bytes. */
  encode(batch: Batch): Uint8Array<ArrayBuffer> {
    const { values, offsets, validity } = batch.plainColumn(0);
    const { u8, u32 } = batch.workspace.account.memory;
    const startOf = (row: number) => values + (u32[(offsets >>> 2) + row] as number);
    const bytes = new Uint8Array(startOf(batch.rowCount) - startOf(0));
    let filled = 0;
    for (let row = 0; row < batch.rowCount; row++) {
      const isNull = validity !== 0 && (((u8[validity + (row >> 3)] as number) >> (row & 7)) & 1) === 0;
      if (isNull) continue;
      bytes.set(u8.subarray(startOf(row), startOf(row + 1)), filled);
      filled += startOf(row + 1) - startOf(row);
    }
    return bytes.slice(0, filled);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(0);
  }
}
