// Batches → Arrow IPC bytes, a record batch each: a file with its footer, or a stream.
import * as arrow from "apache-arrow";
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import { toPlainArrow } from "./arrow-export.js";
import { arrowFieldOf, arrowTypeOf } from "./arrow-types.js";
import type { Encoder } from "./format.js";
import { joined } from "./joined.js";

/** `file` can be read from its end, `stream` by whoever gets it piece by piece. */
export type ArrowLayout = "file" | "stream";

/** What a writer gives its bytes to: they are taken as they come, not queued for a reader. */
type Taker = (bytes: Uint8Array) => void;

class StreamWriter extends arrow.RecordBatchStreamWriter {
  readonly #take: Taker;

  constructor(take: Taker) {
    super();
    this.#take = take;
  }

  protected override _write(chunk: ArrayBufferView): this {
    this._position += taken(chunk, this.#take);
    return this;
  }
}

class FileWriter extends arrow.RecordBatchFileWriter {
  readonly #take: Taker;

  constructor(take: Taker) {
    super();
    this.#take = take;
  }

  protected override _write(chunk: ArrayBufferView): this {
    this._position += taken(chunk, this.#take);
    return this;
  }

  /** apache-arrow's files have their schema in the footer alone; the format wants it in front, too, for who reads on the way. */
  protected override _writeSchema(schema: arrow.Schema): this {
    super._writeSchema(schema);
    new StreamWriter((bytes) => void this._write(bytes)).reset(undefined, schema);
    return this;
  }
}

function taken({ buffer, byteOffset, byteLength }: ArrayBufferView, take: Taker): number {
  if (byteLength > 0) take(new Uint8Array(buffer, byteOffset, byteLength));
  return byteLength;
}

export class ArrowEncoder implements Encoder {
  readonly #writer: arrow.RecordBatchWriter;
  readonly #schema: arrow.Schema;
  #parts: Uint8Array[] = [];
  #begun = false;

  /** @throws UNSUPPORTED for types that Arrow's columns here do not carry */
  constructor(schema: Schema, layout: ArrowLayout) {
    const take = (bytes: Uint8Array) => void this.#parts.push(bytes);
    this.#writer = layout === "file" ? new FileWriter(take) : new StreamWriter(take);
    this.#schema = new arrow.Schema(schema.fields.map((field) => arrowFieldOf(field, arrowTypeOf(field.type))));
  }

  encode(batch: Batch): Uint8Array<ArrayBuffer> {
    this.#begin();
    this.#writer.write(toPlainArrow(batch));
    return this.#taken();
  }

  finish(): Uint8Array<ArrayBuffer> {
    this.#begin();
    this.#writer.finish();
    return this.#taken();
  }

  /** Files without rows have their schema, too. */
  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#writer.reset(undefined, this.#schema);
  }

  /** What was written since, copied: parts of it are views of the engine's memory. */
  #taken(): Uint8Array<ArrayBuffer> {
    const parts = this.#parts;
    this.#parts = [];
    return joined(
      parts,
      parts.reduce((sum, { length }) => sum + length, 0),
    );
  }
}
