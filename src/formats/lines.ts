// Plain text: a row a line, `{ line, offset }`. UTF-8, lines end in LF or CRLF; the last may go without. A line that is not UTF-8
// is a bad record. Written is one STRING column, a line a row.
import * as v from "valibot";
import { Batch } from "../arrow/batch.js";
import { Column } from "../arrow/column.js";
import { INT64, type Schema, STRING } from "../arrow/types.js";
import { assert, DataError, SchemaError } from "../errors.js";
import type { BadRecord } from "../operators/bad-records.js";
import { byteOrderMark } from "./byte-order-mark.js";
import {
  type Decoder,
  type DecoderOptions,
  type DecoderPosition,
  type Encoder,
  type Format,
  MAX_RECORD_BYTES,
  type OpenFormat,
  START,
} from "./format.js";
import { checkFormatOptions } from "./options.js";
import { checkColumns, fixedSchema, writeOffset } from "./plain-columns.js";

const LF = 0x0a;
const CR = 0x0d;
/** Bytes of text in one batch at most, a longer line aside. */
const BATCH_BYTES = 1 << 20;
/** Bytes of a too long line that its bad record keeps. */
const TOO_LARGE_KEPT = 4096;

const COLUMNS = fixedSchema({ line: STRING, offset: INT64 });
const OPTIONS = v.strictObject({});

/** Lines of text; no options. @throws OPTION for any */
export const openLines: OpenFormat = (options, where): Format => {
  checkFormatOptions(OPTIONS, options, "lines", where);
  return {
    name: "lines",
    inferSchema: ({ bytes, source }) => {
      byteOrderMark(bytes, source);
      return COLUMNS;
    },
    createDecoder: (decoderOptions) => new LineDecoder(decoderOptions),
    createEncoder: (schema) => new LineEncoder(schema),
  };
};

class LineDecoder implements Decoder {
  readonly schema: Schema;
  readonly #options: DecoderOptions;
  readonly #recordMax: number;
  #bytes = new Uint8Array(0);
  /** Start of the next line in `#bytes`, and up to where its end was looked for. */
  #at = 0;
  #scanned = 0;
  /** Offset in the source of `#bytes`. */
  #base: number;
  #line: number;
  #skipping: boolean;
  #checked: boolean;
  #finished = false;

  /** @throws UNKNOWN_COLUMN, TYPE */
  constructor(options: DecoderOptions) {
    const { schema, maxRecordBytes = MAX_RECORD_BYTES, start = START } = options;
    checkColumns(schema, COLUMNS, "lines");
    this.schema = schema;
    this.#options = options;
    this.#recordMax = maxRecordBytes;
    this.#base = start.byte;
    this.#line = start.line;
    this.#skipping = start.skipping;
    this.#checked = start.byte > 0;
  }

  get position(): DecoderPosition {
    return { byte: this.#base + this.#at, line: this.#line, skipping: this.#skipping };
  }

  feed(chunk: Uint8Array): void {
    assert(!this.#finished, "a chunk is fed after the end");
    const kept = this.#bytes.subarray(this.#at);
    this.#base += this.#at;
    this.#scanned -= this.#at;
    this.#at = 0;
    if (kept.length === 0) {
      this.#bytes = chunk as Uint8Array<ArrayBuffer>;
      return;
    }
    this.#bytes = new Uint8Array(kept.length + chunk.length);
    this.#bytes.set(kept);
    this.#bytes.set(chunk, kept.length);
  }

  finish(): void {
    this.#finished = true;
  }

  next(): Batch | null {
    if (!this.#checked && !this.#checkEncoding()) return null;
    if (this.#skipping && !this.#skip()) return null;
    const { batchRowsMax, workspace } = this.#options;
    const { arena, memory } = workspace.account;
    const rowsMax = Math.min(batchRowsMax, this.#bytes.length - this.#at + 1);
    // Where each line starts and ends, from `from` on; then its text moves to where the text before it ends.
    const from = this.#at;
    const starts = new Uint32Array(rowsMax);
    const ends = new Uint32Array(rowsMax);
    let rows = 0;
    while (rows < rowsMax && this.#at - from < BATCH_BYTES) {
      const start = this.#at;
      const end = this.#nextEnd();
      if (end < 0) break;
      const textEnd = end > start && this.#bytes[end - 1] === CR && this.#bytes[end] === LF ? end - 1 : end;
      if (textEnd - start > this.#recordMax) {
        if (rows > 0) break;
        this.#pass(end);
        this.#refuseLong(start);
        return this.#batch(0, 0, 0);
      }
      starts[rows] = start - from;
      ends[rows++] = textEnd - from;
      this.#pass(end);
    }
    if (rows === 0) return this.#giveUpLong() ? this.#batch(0, 0, 0) : null;
    const text = arena.allocate(Math.max(1, this.#at - from));
    const offsets = arena.allocate((rows + 1) * 4);
    const places = arena.allocate(rows * 8);
    memory.u8.set(this.#bytes.subarray(from, Math.min(this.#at, this.#bytes.length)), text);
    let filled = 0;
    for (let row = 0; row < rows; row++) {
      const start = starts[row] as number;
      const end = ends[row] as number;
      memory.u32[(offsets >>> 2) + row] = filled;
      if (start > filled) memory.u8.copyWithin(text + filled, text + start, text + end);
      filled += end - start;
      writeOffset(memory, places + row * 8, this.#base + from + start);
    }
    memory.u32[(offsets >>> 2) + rows] = filled;
    const firstLine = this.#line - rows;
    const batch = this.#batch(rows, offsets, text, places);
    return workspace.kernels.checkUtf8(offsets, text, rows) < 0
      ? this.#refuseWrong(batch, offsets, text, firstLine, places)
      : batch;
  }

  close(): void {
    this.#bytes = new Uint8Array(0);
    this.#at = 0;
  }

  #batch(rows: number, offsets: number, text: number, places = 0): Batch {
    const { workspace, split } = this.#options;
    const columns = this.schema.fields.map(({ name, type }) =>
      name === "line"
        ? new Column({ type, length: rows, values: text, offsets })
        : new Column({ type, length: rows, values: places }),
    );
    return new Batch(workspace, this.schema, columns, rows, split);
  }

  /** Where the line that begins at `#at` ends; −1 while that is not known. */
  #nextEnd(): number {
    const bytes = this.#bytes;
    const end = bytes.indexOf(LF, this.#scanned);
    if (end >= 0) return end;
    this.#scanned = bytes.length;
    return this.#finished && this.#at < bytes.length ? bytes.length : -1;
  }

  /** Passes over the rest of a line that was refused. False while its end is not there. */
  #skip(): boolean {
    const end = this.#bytes.indexOf(LF, this.#at);
    if (end < 0) {
      this.#at = this.#bytes.length;
      this.#scanned = this.#at;
      return false;
    }
    this.#skipping = false;
    this.#pass(end);
    return true;
  }

  /** The line that ends at `end` is behind us. */
  #pass(end: number): void {
    this.#at = Math.min(end + 1, this.#bytes.length);
    this.#scanned = this.#at;
    this.#line++;
  }

  /** Looks at the first bytes. False while there are too few. @throws ENCODING */
  #checkEncoding(): boolean {
    const start = this.#bytes.subarray(this.#at);
    if (start.length < 4 && !this.#finished) return false;
    this.#at += byteOrderMark(start, this.#options.source);
    this.#checked = true;
    return true;
  }

  /** A line that is too long already is not waited for. True when there was one. */
  #giveUpLong(): boolean {
    const length = this.#bytes.length - this.#at;
    // One more may be the CR of a line end.
    if (length <= this.#recordMax + 1) return false;
    const start = this.#at;
    this.#at = this.#bytes.length;
    this.#skipping = true;
    this.#refuseLong(start, this.#line);
    return true;
  }

  #refuseLong(start: number, line = this.#line - 1): void {
    const { source, bad } = this.#options;
    bad({
      code: "RECORD_TOO_LARGE",
      message: `the line is longer than ${this.#recordMax} bytes`,
      at: { source, line, column: 1, byte: this.#base + start },
      raw: this.#bytes.slice(start, start + Math.min(TOO_LARGE_KEPT, this.#recordMax)),
    });
  }

  /** Takes out the lines that are not UTF-8. */
  #refuseWrong(batch: Batch, offsets: number, text: number, firstLine: number, places: number): Batch {
    const { workspace, source, bad } = this.#options;
    const { memory, arena } = workspace.account;
    const { rowCount } = batch;
    const selection = arena.allocate(rowCount * 4);
    let count = 0;
    for (let row = 0; row < rowCount; row++) {
      if (workspace.kernels.checkUtf8(offsets + row * 4, text, 1) >= 0) {
        memory.u32[(selection >>> 2) + count++] = row;
        continue;
      }
      const start = text + (memory.u32[(offsets >>> 2) + row] as number);
      const end = text + (memory.u32[(offsets >>> 2) + row + 1] as number);
      const at = (places >>> 2) + row * 2;
      const byte = (memory.u32[at] as number) + (memory.u32[at + 1] as number) * 2 ** 32;
      const record: BadRecord = {
        code: "UTF8",
        message: "the line is not valid UTF-8",
        at: { source, line: firstLine + row, column: 1, byte, field: "line" },
        raw: memory.u8.slice(start, end),
      };
      bad(record);
    }
    return batch.select(selection, count);
  }
}

/** One STRING column as lines; NULL is an empty one. */
class LineEncoder implements Encoder {
  /** @throws UNSUPPORTED for other columns */
  constructor({ fields }: Schema) {
    if (fields.length === 1 && fields[0]?.type.kind === "string") return;
    throw new SchemaError("UNSUPPORTED", `lines are written of one STRING column, not of ${fields.length} columns`, {
      hint: 'select it: .select({ line: col("message") })',
    });
  }

  /** @throws TYPE for text that holds a line end */
  encode(batch: Batch): Uint8Array<ArrayBuffer> {
    const { values, offsets, validity } = batch.plainColumn(0);
    const { u8, u32 } = batch.workspace.account.memory;
    const { rowCount } = batch;
    const startOf = (row: number) => u32[(offsets >>> 2) + row] as number;
    const bytes = new Uint8Array(startOf(rowCount) - startOf(0) + rowCount);
    let filled = 0;
    for (let row = 0; row < rowCount; row++) {
      const isNull = validity !== 0 && (((u8[validity + (row >> 3)] as number) >> (row & 7)) & 1) === 0;
      if (!isNull) {
        for (let at = values + startOf(row); at < values + startOf(row + 1); at++) {
          const byte = u8[at] as number;
          if (byte === LF) throw lineEndWithin(row);
          bytes[filled++] = byte;
        }
      }
      bytes[filled++] = LF;
    }
    return bytes.slice(0, filled);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(0);
  }
}

function lineEndWithin(row: number): DataError {
  return new DataError("TYPE", `row ${row} of a batch holds a line end, and would become two lines`, {
    hint: 'replace them, or write "ndjson"',
    at: { row },
  });
}
