// The flatbuffers of Arrow IPC messages, checked before apache-arrow reads them: it trusts every count and offset, and a
// damaged one sends it round for ever. What is checked is what it walks over: vectors lie inside the metadata, fields are not
// too many nor too deep, buffers lie inside the body.
//
//     table   │ back to its vtable i32 │ … │          vtable │ its bytes u16 │ table's bytes u16 │ offset of field 0 u16 │ …
//     vector  │ count u32 │ elements │               an offset u32 counts from where it stands
//
// Sources: flatbuffers.dev, "Internals"; Message.fbs, Schema.fbs, File.fbs of Apache Arrow.

/** As many columns as any format gives. */
const FIELDS_MAX = 10_000;
const DEPTH_MAX = 128;
/** Rows of a record batch; counts of rows are i32 here. */
const ROWS_MAX = 2 ** 31 - 1;

/** Positions of fields in the tables of the .fbs files. */
const MESSAGE = { headerType: 1, header: 2, bodyLength: 3 };
const SCHEMA = { endianness: 0, fields: 1, metadata: 2 };
const FIELD = { name: 0, children: 5, metadata: 6 };
const KEY_VALUE = { key: 0, value: 1 };
const RECORD_BATCH = { length: 0, nodes: 1, buffers: 2, variadicCounts: 4 };
const DICTIONARY_BATCH = { data: 1 };
const FOOTER = { version: 0, schema: 1, dictionaries: 2, recordBatches: 3, metadata: 4 };
const HEADER_SCHEMA = 1;
const HEADER_DICTIONARY = 2;
const HEADER_RECORD_BATCH = 3;

/** Bytes of the structs FieldNode, Buffer and Block. */
const NODE_BYTES = 16;
const BLOCK_BYTES = 24;

/** Metadata of one message or of a footer. What it reads beyond the end is a RangeError. */
class Metadata {
  readonly #view: DataView;
  #fields = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The root table. */
  get root(): number {
    return this.#view.getUint32(0, true);
  }

  /** Where a field's value stands; −1 when the table has none. */
  at(table: number, field: number): number {
    const offsets = table - this.#view.getInt32(table, true);
    const place = 4 + 2 * field;
    const offset = place < this.#view.getUint16(offsets, true) ? this.#view.getUint16(offsets + place, true) : 0;
    return offset === 0 ? -1 : table + offset;
  }

  byte(at: number): number {
    return at < 0 ? 0 : this.#view.getUint8(at);
  }

  short(at: number): number {
    return at < 0 ? 0 : this.#view.getInt16(at, true);
  }

  long(at: number): number {
    return at < 0 ? 0 : Number(this.#view.getBigInt64(at, true));
  }

  /** The table, vector or string that an offset leads to; −1 when there is none. */
  follow(at: number): number {
    return at < 0 ? -1 : at + this.#view.getUint32(at, true);
  }

  /** Elements of the vector that an offset leads to: where the first is, and how many. */
  vector(at: number, elementBytes: number): { readonly first: number; readonly count: number } {
    const start = this.follow(at);
    if (start < 0) return { first: 0, count: 0 };
    const count = this.#view.getUint32(start, true);
    if (start + 4 + count * elementBytes > this.#view.byteLength) throw new Error(`a vector of ${count} elements`);
    return { first: start + 4, count };
  }

  /** The struct Block: i64, i32 and 4 bytes of nothing, i64. */
  block(at: number): Block {
    return { byte: this.long(at), metadataBytes: this.#view.getInt32(at + 8, true), bodyBytes: this.long(at + 16) };
  }

  schema(table: number): void {
    this.#keyValues(this.at(table, SCHEMA.metadata));
    this.#children(this.at(table, SCHEMA.fields), 0);
  }

  recordBatch(table: number, bodyLength: number): void {
    const rows = this.long(this.at(table, RECORD_BATCH.length));
    if (!(rows >= 0 && rows <= ROWS_MAX)) throw new Error(`${rows} rows`);
    const nodes = this.vector(this.at(table, RECORD_BATCH.nodes), NODE_BYTES);
    for (let i = 0; i < nodes.count; i++) {
      const length = this.long(nodes.first + i * NODE_BYTES);
      const nulls = this.long(nodes.first + i * NODE_BYTES + 8);
      if (!(length >= 0 && length <= ROWS_MAX)) throw new Error(`a column of ${length} values`);
      if (!(nulls >= 0 && nulls <= length)) throw new Error(`${nulls} NULLs among ${length} values`);
    }
    const buffers = this.vector(this.at(table, RECORD_BATCH.buffers), NODE_BYTES);
    for (let i = 0; i < buffers.count; i++) {
      const offset = this.long(buffers.first + i * NODE_BYTES);
      const length = this.long(buffers.first + i * NODE_BYTES + 8);
      if (!(offset >= 0 && length >= 0 && offset + length <= bodyLength)) {
        throw new Error(`a buffer of ${length} bytes at ${offset} of ${bodyLength}`);
      }
    }
    this.vector(this.at(table, RECORD_BATCH.variadicCounts), 8);
  }

  #children(at: number, depth: number): void {
    const { first, count } = this.vector(at, 4);
    this.#fields += count;
    if (this.#fields > FIELDS_MAX) throw new Error(`more than ${FIELDS_MAX} columns`);
    if (depth > DEPTH_MAX) throw new Error(`columns ${depth} deep`);
    for (let i = 0; i < count; i++) {
      const field = this.follow(first + 4 * i);
      this.vector(this.at(field, FIELD.name), 1);
      this.#keyValues(this.at(field, FIELD.metadata));
      this.#children(this.at(field, FIELD.children), depth + 1);
    }
  }

  #keyValues(at: number): void {
    const { first, count } = this.vector(at, 4);
    for (let i = 0; i < count; i++) {
      const pair = this.follow(first + 4 * i);
      this.vector(this.at(pair, KEY_VALUE.key), 1);
      this.vector(this.at(pair, KEY_VALUE.value), 1);
    }
  }
}

/** Checks the metadata of a message, its prefix not among the bytes. @throws Error that says what is wrong */
export function verifyMessage(bytes: Uint8Array): void {
  const metadata = new Metadata(bytes);
  const { root } = metadata;
  const kind = metadata.byte(metadata.at(root, MESSAGE.headerType));
  const header = metadata.follow(metadata.at(root, MESSAGE.header));
  const bodyLength = metadata.long(metadata.at(root, MESSAGE.bodyLength));
  if (!(bodyLength >= 0)) throw new Error(`a body of ${bodyLength} bytes`);
  if (header < 0) throw new Error("a message without header");
  if (kind === HEADER_SCHEMA) {
    if (metadata.short(metadata.at(header, SCHEMA.endianness)) !== 0) throw new Error("its buffers are big-endian");
    metadata.schema(header);
  } else if (kind === HEADER_RECORD_BATCH) metadata.recordBatch(header, bodyLength);
  else if (kind === HEADER_DICTIONARY) {
    const batch = metadata.follow(metadata.at(header, DICTIONARY_BATCH.data));
    if (batch < 0) throw new Error("a dictionary without values");
    metadata.recordBatch(batch, bodyLength);
  } else throw new Error(`a message of the unknown kind ${kind}`);
}

/** Where a footer says that a message is. */
export interface Block {
  readonly byte: number;
  /** Of its metadata, with the prefix before it. */
  readonly metadataBytes: number;
  readonly bodyBytes: number;
}

/** What a footer says. */
export interface Footer {
  /** Of the metadata, as in messages. */
  readonly version: number;
  /** Where the schema's table stands in the footer. */
  readonly schemaAt: number;
  readonly dictionaries: readonly Block[];
  readonly recordBatches: readonly Block[];
}

/** Checks the footer of a file; whether its blocks are messages is for others to see. @throws Error that says what is wrong */
export function verifyFooter(bytes: Uint8Array): Footer {
  const metadata = new Metadata(bytes);
  const { root } = metadata;
  const schema = metadata.follow(metadata.at(root, FOOTER.schema));
  if (schema < 0) throw new Error("a footer without schema");
  if (metadata.short(metadata.at(schema, SCHEMA.endianness)) !== 0) throw new Error("its buffers are big-endian");
  metadata.schema(schema);
  metadata.vector(metadata.at(root, FOOTER.metadata), 4);
  const blocks = (field: number): Block[] => {
    const { first, count } = metadata.vector(metadata.at(root, field), BLOCK_BYTES);
    return Array.from({ length: count }, (_, index) => metadata.block(first + index * BLOCK_BYTES));
  };
  return {
    version: metadata.short(metadata.at(root, FOOTER.version)),
    schemaAt: schema,
    dictionaries: blocks(FOOTER.dictionaries),
    recordBatches: blocks(FOOTER.recordBatches),
  };
}
