// Avro object container files → batches: block by block, record by record, straight into the buffers of the columns by the
// schema that the file was written with. Columns that are not asked for are passed over.
import { Batch } from "../arrow/batch.js";
import type { Workspace } from "../arrow/column.js";
import { type Field, isTimestamp, type Schema, sameType, schemaOf, typeName, unitsPerMs } from "../arrow/types.js";
import { assert, hintNames, SchemaError } from "../errors.js";
import { AvroBlocks, type AvroHeader, readHeader } from "./avro-blocks.js";
import { type AvroCodec, avroCodec } from "./avro-codec.js";
import { ColumnReader } from "./avro-columns.js";
import { AvroCursor } from "./avro-cursor.js";
import { type AvroColumn, type AvroType, columnOf, parseAvroSchema } from "./avro-schema.js";
import {
  type Decoder,
  type DecoderOptions,
  type DecoderPosition,
  MAX_RECORD_BYTES,
  type Sample,
  START,
} from "./format.js";

/** A field of the record: read into a column, or passed over. */
type Step = { readonly reader: ColumnReader } | { readonly skipped: AvroType };

/** What is known behind the header. */
interface Plan {
  readonly header: AvroHeader;
  readonly codec: AvroCodec;
  readonly record: AvroType;
  readonly steps: readonly Step[];
  /** In the order of the schema. */
  readonly readers: readonly ColumnReader[];
}

/** A block whose records are being given out. */
interface Open {
  readonly byte: number;
  readonly rows: number;
  /** Of the block and its marker. */
  readonly lengthBytes: number;
  /** Records behind the cursor. */
  row: number;
}

export class AvroDecoder implements Decoder {
  readonly schema: Schema;
  readonly #options: DecoderOptions;
  readonly #blocks: AvroBlocks;
  readonly #blockBytesMax: number;
  readonly #cursor = new AvroCursor();
  #plan: Plan | null = null;
  #open: Open | null = null;
  /** Records of the first block that were given out in the run before. */
  #passRows: number;

  /** @throws UNKNOWN_COLUMN, TYPE, UNSUPPORTED where it goes on behind the header; else `next` does */
  constructor(options: DecoderOptions) {
    const { start = START, maxRecordBytes = MAX_RECORD_BYTES, schema } = options;
    this.schema = schema;
    this.#options = options;
    this.#blockBytesMax = maxRecordBytes;
    this.#blocks = new AvroBlocks(start.byte, start.skipping, maxRecordBytes);
    const found = start.found as { readonly header: AvroHeader; readonly row: number } | undefined;
    this.#passRows = found?.row ?? 0;
    if (found !== undefined) this.#begin(found.header);
  }

  get position(): DecoderPosition {
    const { byte, lost } = this.#blocks;
    const header = this.#plan?.header;
    const found = header && { header: { ...header }, row: this.#open?.row ?? this.#passRows };
    return { byte, line: 1, skipping: lost, ...(found && { found }) };
  }

  feed(chunk: Uint8Array): void {
    assert(!this.#blocks.finished, "a chunk is fed after the end");
    this.#blocks.feed(chunk);
  }

  finish(): void {
    this.#blocks.finish();
  }

  next(): Batch | null {
    const plan = this.#plan ?? this.#readHeader();
    if (plan === null) return null;
    for (;;) {
      if (this.#open === null && !this.#openBlock(plan)) return null;
      const batch = this.#readRows(plan);
      if (batch !== null) return batch;
    }
  }

  close(): void {
    this.#blocks.close();
    this.#open = null;
  }

  #readHeader(): Plan | null {
    const { left, finished } = this.#blocks;
    const read = readHeader(left, this.#options.source);
    if (read !== null) {
      this.#blocks.pass(read.end);
      return this.#begin(read.header);
    }
    if (finished && left.length > 0) {
      this.#refuse("AVRO_TRUNCATED", "the file ends within its header", this.#blocks.byte);
      this.#blocks.pass(left.length);
    }
    return null;
  }

  #begin(header: AvroHeader): Plan {
    const { source, schema } = this.#options;
    const record = parseAvroSchema(header.schema, source);
    const { parts } = record;
    const columns = parts.map(columnOf);
    const wanted = schema.fields.map((field) => columnFor(field, columns, source));
    const readers = schema.fields.map((field, index) => new ColumnReader(field, wanted[index] as AvroColumn));
    const steps = parts.map((part, index): Step => {
      const reader = readers[wanted.indexOf(columns[index] as AvroColumn)];
      return reader === undefined ? { skipped: part.type } : { reader };
    });
    this.#blocks.marker = header.marker;
    this.#plan = { header, codec: avroCodec(header.codec, source), record, steps, readers };
    return this.#plan;
  }

  /** Opens the next block, and refuses what is none. False when there is nothing to read. */
  #openBlock({ codec }: Plan): boolean {
    for (;;) {
      const next = this.#blocks.next();
      if (next === null) return false;
      if ("code" in next) {
        this.#passRows = 0;
        this.#refuse(next.code, next.message, next.byte);
        continue;
      }
      const { block, lengthBytes } = next;
      const records = codec(this.#options.workspace, block.bytes, this.#blockBytesMax);
      this.#open = { byte: block.byte, rows: block.rows, lengthBytes, row: 0 };
      if (typeof records !== "string") {
        this.#cursor.start(records);
        return true;
      }
      this.#refuse("AVRO_CORRUPT", `a block of ${block.rows} records: ${records}`, block.byte);
      this.#endBlock();
    }
  }

  #endBlock(): void {
    this.#blocks.pass((this.#open as Open).lengthBytes);
    this.#open = null;
    this.#passRows = 0;
  }

  /** The next records of the block. null when it has no more, and is behind us. */
  #readRows({ record, steps, readers }: Plan): Batch | null {
    const cursor = this.#cursor;
    const open = this.#open as Open;
    // Rows that were given out before: read again, since only reading tells where they end.
    for (; open.row < this.#passRows && cursor.problem === null; open.row++) cursor.skip(record);
    this.#passRows = 0;
    const left = cursor.bytes.length - cursor.at;
    // A record takes a byte at least; those that take none are of no use, and could be claimed without end.
    const rowsMax = Math.min(this.#options.batchRowsMax, open.rows - open.row, Math.max(1, left));
    let rows = 0;
    if (rowsMax > 0 && cursor.problem === null) {
      for (const reader of readers) reader.begin(rowsMax);
      for (; rows < rowsMax; rows++) {
        const from = cursor.at;
        for (const step of steps) {
          if ("reader" in step) step.reader.read(cursor, rows);
          else cursor.skip(step.skipped);
          if (cursor.problem !== null) break;
        }
        if (cursor.problem === null && cursor.at === from) cursor.fail("a record has no bytes");
        if (cursor.problem !== null) break;
      }
    }
    const firstRow = open.row;
    open.row += rows;
    const batch = rows === 0 ? null : this.#batch(rows, readers, firstRow);
    const { problem, at, bytes } = cursor;
    if (problem !== null) {
      const count = open.rows - open.row;
      this.#refuse(
        "AVRO_CORRUPT",
        `record ${open.row + 1} of a block, and the ${count - 1} behind it: ${problem}`,
        open.byte,
      );
    } else if (open.row < open.rows) return batch;
    else if (at < bytes.length) {
      this.#refuse("AVRO_CORRUPT", `a block has ${bytes.length - at} bytes behind its ${open.rows} records`, open.byte);
    }
    this.#endBlock();
    return batch;
  }

  /** Rows whose values are not the columns' are refused one by one. */
  #batch(rows: number, readers: readonly ColumnReader[], firstRow: number): Batch {
    const { workspace, split } = this.#options;
    const refused = new Map<number, { readonly code: "UTF8" | "TYPE"; readonly what: string }>();
    const columns = readers.map((reader) =>
      reader.finish(workspace, rows, (row, code, what) => {
        if (!refused.has(row)) refused.set(row, { code, what });
      }),
    );
    const batch = new Batch(workspace, this.schema, columns, rows, split);
    if (refused.size === 0) return batch;
    const { byte } = this.#open as Open;
    for (const row of [...refused.keys()].sort((a, b) => a - b)) {
      const { code, what } = refused.get(row) as { code: "UTF8" | "TYPE"; what: string };
      this.#refuse(code, `record ${firstRow + row + 1} of a block: ${what}`, byte);
    }
    return withoutRows(workspace, batch, refused);
  }

  /** Bytes of blocks are compressed or of many records, so that they are not kept with the refusal. */
  #refuse(code: Parameters<DecoderOptions["bad"]>[0]["code"], message: string, byte: number): void {
    const { source, bad } = this.#options;
    bad({ code, message: `${source}: ${message}`, at: { source, byte }, raw: new Uint8Array(0) });
  }
}

function withoutRows(workspace: Workspace, batch: Batch, refused: ReadonlyMap<number, unknown>): Batch {
  const { arena, memory } = workspace.account;
  const selection = arena.allocate(batch.rowCount * 4);
  let count = 0;
  for (let row = 0; row < batch.rowCount; row++) {
    if (!refused.has(row)) memory.u32[(selection >>> 2) + count++] = row;
  }
  return batch.select(selection, count);
}

/** The file's column for one of the table's. @throws UNKNOWN_COLUMN, UNSUPPORTED, TYPE */
function columnFor({ name, type }: Field, columns: readonly AvroColumn[], source: string): AvroColumn {
  const column = columns.find(({ field }) => field.name === name);
  const at = { source, field: name };
  if (column === undefined) {
    const names = columns.map(({ field }) => field.name);
    throw new SchemaError("UNKNOWN_COLUMN", `${source} has no column "${name}"`, {
      hint: hintNames(name, names, "columns"),
      at,
    });
  }
  if (column.refused !== undefined) {
    throw new SchemaError("UNSUPPORTED", `column "${name}" of ${source} ${column.refused}, which is not read`, {
      hint: "select the other columns",
      at,
    });
  }
  const found = column.field.type;
  const sameUnit = found.kind === type.kind && isTimestamp(type) && unitsPerMs(type) === unitsPerMs(found);
  if (sameUnit || sameType(found, type)) return column;
  throw new SchemaError("TYPE", `${source}: column "${name}" is ${typeName(found)}, not ${typeName(type)}`, {
    hint: `declare it as ${typeName(found)} and cast it`,
    at,
  });
}

/** The columns that the header tells, those that cannot be read too. @throws AVRO_HEADER, COLUMN_DUP, UNSUPPORTED */
export function inferAvroSchema({ bytes, source, complete }: Sample): Schema {
  const read = readHeader(new Uint8Array(bytes), source);
  if (read === null) {
    throw new SchemaError("SCHEMA_EMPTY", `${source} tells no columns in its first ${bytes.length} bytes`, {
      hint: complete ? "the file ends within its header: get the rest of it" : "give { schema }",
      at: { source },
    });
  }
  return schemaOf(parseAvroSchema(read.header.schema, source).parts.map((part) => columnOf(part).field));
}
