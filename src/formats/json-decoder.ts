// NDJSON bytes → batches. The bytes of a chunk are copied piece by piece behind the unfinished record of the piece before;
// whole records go to the kernel, which fills columns in the arena (assembly/json.ts). One call a batch, and one more a
// refused record.
//
//   input:  │ decoded │ whole records … │ unfinished record │ free │
//           0         at                complete            filled
import { Batch } from "../arrow/batch.js";
import { bitmapBytes, Column } from "../arrow/column.js";
import { isNested, layoutOf, type Schema, STRING, widthOf } from "../arrow/types.js";
import { assert } from "../errors.js";
import { Status } from "../wasm/kernels.js";
import { byteOrderMark } from "./byte-order-mark.js";
import {
  type Decoder,
  type DecoderOptions,
  type DecoderPosition,
  formatWorkspace,
  MAX_RECORD_BYTES,
  START,
} from "./format.js";
import { columnOfSlot, type JsonBlock, openBlock, slotOf } from "./json-block.js";
import { describeRefusal } from "./json-errors.js";
import { Context, isText, Reason, rowBytes, Slot } from "./json-layout.js";
import { NestedReader, type Refusal } from "./json-nested.js";

/** Bytes that are copied into linear memory at once: they are decoded while they are in the first-level cache. */
const PIECE_BYTES = 32 * 1024;
const NESTED_PIECE_BYTES = 512 * 1024;
/** Bytes that the columns of a batch take at most, strings not counted: few rows of a wide schema at a time. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/** Records that one call refuses at most: it does a bounded piece of work. */
const REFUSED_MAX = 1024;
/** Bytes of a too large record that its bad record keeps. */
const TOO_LARGE_KEPT = 4096;
/** First guess of a string's length. */
const STRING_BYTES = 24;

const NEWLINE = 0x0a;

/** Decodes lines of JSON objects; see `Decoder`. */
export class JsonDecoder implements Decoder {
  readonly schema: Schema;
  readonly #options: DecoderOptions;
  readonly #recordMax: number;
  readonly #block: JsonBlock;
  /** Address of the context as an index of the u32 view. */
  readonly #context: number;
  /** Rows that a batch may have, by the width of the schema. */
  readonly #rowsMax: number;
  /** Expected bytes a row of each column; 0 where values have a width. */
  readonly #stringBytes: number[];

  readonly #nested: readonly { readonly index: number; readonly reader: NestedReader }[];

  #input = 0;
  #inputBytes = 0;
  #at = 0;
  #complete = 0;
  #filled = 0;
  /** Up to where line ends were looked for. */
  #scanned = 0;
  /** Offset in the source of the input's first byte. */
  #base: number;
  #line: number;
  #skipping: boolean;
  #chunk: Uint8Array | null = null;
  #chunkAt = 0;
  #finished = false;
  /** False until the first bytes have shown that they are UTF-8. */
  #checked: boolean;
  /** True once the last record was closed, with a line end of our own where the source had none. */
  #ended = false;
  #addedBytes = 0;
  #closed = false;
  /** Mean bytes of a record so far. */
  #recordBytes = 64;

  constructor(options: DecoderOptions) {
    const { schema, workspace } = options;
    const start = options.start ?? START;
    this.schema = schema;
    this.#options = options;
    this.#recordMax = options.maxRecordBytes ?? MAX_RECORD_BYTES;
    this.#base = start.byte;
    this.#line = start.line;
    this.#skipping = start.skipping;
    this.#checked = start.byte > 0;
    const { fields } = schema;
    const width = fields.reduce((sum, { type }) => sum + rowBytes(type), 0);
    this.#rowsMax = Math.max(1, Math.min(options.batchRowsMax, Math.floor(BATCH_BYTES_MAX / Math.max(width, 1))));
    this.#stringBytes = fields.map(({ type }) => (isText(type) ? STRING_BYTES : 0));

    this.#block = openBlock(formatWorkspace(workspace), schema, this.#recordMax);
    this.#context = this.#block.ptr >>> 2;
    this.#nested = fields.flatMap((field, index) => {
      if (!isNested(field.type)) return [];
      return [
        {
          index,
          reader: new NestedReader(field, formatWorkspace(workspace), options, (inner) => new JsonDecoder(inner)),
        },
      ];
    });
  }

  get position(): DecoderPosition {
    const at = Math.min(this.#at, this.#filled - this.#addedBytes);
    return { byte: this.#base + at, line: this.#line, skipping: this.#skipping };
  }

  feed(chunk: Uint8Array): void {
    assert(this.#chunk === null && !this.#finished, "a chunk is fed before the last one is used up");
    this.#chunk = chunk;
    this.#chunkAt = 0;
  }

  finish(): void {
    assert(this.#chunk === null, "the input is finished before the last chunk is used up");
    this.#finished = true;
  }

  next(): Batch | null {
    const { workspace } = this.#options;
    const { kernels, account } = formatWorkspace(workspace);
    const { memory } = account;
    let opened = false;
    let refused = 0;
    let rows = 0;
    let rowsMax = 0;
    let whole: Batch | null = null;
    while (refused < REFUSED_MAX) {
      if (this.#at === this.#complete && !this.#fill()) {
        if (rows === 0) return null;
        break;
      }
      if (!opened) {
        rowsMax = this.#openBatch();
        opened = true;
      }
      const { u32 } = memory;
      u32[this.#context + Context.AT] = this.#input + this.#at;
      u32[this.#context + Context.END] = this.#input + this.#complete;
      u32[this.#context + Context.LINES] = 0;
      const rowsBefore = rows;
      const status = kernels.decodeJson(this.#block.ptr);
      const from = this.#at;
      const line = this.#line;
      this.#at = (u32[this.#context + Context.AT] as number) - this.#input;
      this.#line += u32[this.#context + Context.LINES] as number;
      rows = u32[this.#context + Context.ROW] as number;
      if (rows > rowsBefore) this.#recordBytes += ((this.#at - from) / (rows - rowsBefore) - this.#recordBytes) / 4;
      // The records still lie in the input, to be shown if one of them is refused for what is nested in it.
      if (this.#nested.length > 0 && rows > 0) whole = this.#readNested(this.#closeBatch(rows), from, line);
      if (status === Status.BAD_RECORD) {
        refused++;
        this.#refuse(line);
      } else if (status === Status.NEED_SPACE) {
        const index = this.#errorColumn();
        this.#stringBytes[index] = 2 * (this.#stringBytes[index] as number);
        if (rows > 0) break;
        this.#openStrings(index, rowsMax);
      } else if (rows === rowsMax) break;
      if (whole !== null) break;
    }
    if (whole !== null) return whole;
    return opened ? this.#closeBatch(rows) : null;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { account } = this.#options.workspace;
    account.free(this.#block.ptr, this.#block.bytes);
    for (const { reader } of this.#nested) reader.close();
    if (this.#input !== 0) account.free(this.#input, this.#inputBytes);
    this.#chunk = null;
  }

  /** The column that the kernel stopped at, −1 for none. */
  #errorColumn(): number {
    const slot = this.#options.workspace.account.memory.u32[this.#context + Context.ERROR_SLOT] as number;
    return columnOfSlot(this.#block, slot);
  }

  /** Brings whole records into the input. Returns false when it takes more bytes to have one. */
  #fill(): boolean {
    while (!this.#ended) {
      const chunk = this.#chunk;
      if (chunk === null) {
        if (!this.#finished) return false;
        this.#end();
      } else {
        // What is nested is read a piece at a time: pieces are then the batches, and rather large.
        const most = this.#nested.length > 0 ? NESTED_PIECE_BYTES : PIECE_BYTES;
        const pieceBytes = Math.min(most, chunk.length - this.#chunkAt);
        const piece = chunk.subarray(this.#chunkAt, this.#chunkAt + pieceBytes);
        this.#append(piece);
        this.#chunkAt += pieceBytes;
        if (this.#chunkAt === chunk.length) this.#chunk = null;
      }
      if (this.#checked || this.#checkEncoding()) this.#findRecords();
      if (this.#complete > this.#at) return true;
    }
    return false;
  }

  /** Closes the last record. */
  #end(): void {
    this.#ended = true;
    if (this.#filled === this.#at) return;
    this.#append(new Uint8Array([NEWLINE]));
    this.#addedBytes = 1;
  }

  /**
   * Puts bytes behind the unfinished record. That moves to the front when there is no room behind it, and when the bytes
   * would not lie there as they lie in the chunk: V8 copies into shared memory by words, but byte by byte (four times
   * slower, measured on Node 20) when the two addresses differ modulo 8.
   */
  #append(bytes: Uint8Array): void {
    const { account } = this.#options.workspace;
    const kept = this.#filled - this.#at;
    const front = (bytes.byteOffset - kept) & 7;
    const needed = front + kept + bytes.length;
    const aligned = ((this.#filled - bytes.byteOffset) & 7) === 0;
    if (needed > this.#inputBytes) {
      const inputBytes = Math.max(needed, 2 * this.#inputBytes);
      const input = account.allocate(inputBytes);
      const old = this.#input;
      account.memory.u8.copyWithin(input + front, old + this.#at, old + this.#filled);
      if (old !== 0) account.free(old, this.#inputBytes);
      this.#input = input;
      this.#inputBytes = inputBytes;
      this.#moveTo(front);
    } else if (this.#filled + bytes.length > this.#inputBytes || (!aligned && kept < bytes.length)) {
      account.memory.u8.copyWithin(this.#input + front, this.#input + this.#at, this.#input + this.#filled);
      this.#moveTo(front);
    }
    this.#complete = this.#at;
    this.#filled = this.#at + kept + bytes.length;
    account.memory.u8.set(bytes, this.#input + this.#filled - bytes.length);
  }

  /** Counts positions anew: the unfinished record now begins at `at`. */
  #moveTo(at: number): void {
    this.#base += this.#at - at;
    this.#scanned += at - this.#at;
    this.#at = at;
  }

  /** Looks for the end of the last whole record, and gives up a record that is too long. */
  #findRecords(): void {
    const { u8 } = this.#options.workspace.account.memory;
    const fresh = u8.subarray(this.#input + this.#scanned, this.#input + this.#filled);
    if (this.#skipping) {
      const end = fresh.indexOf(NEWLINE);
      this.#at = end < 0 ? this.#filled : this.#scanned + end + 1;
      this.#scanned = this.#at;
      this.#complete = this.#at;
      if (end < 0) return;
      this.#line++;
      this.#skipping = false;
      this.#findRecords();
      return;
    }
    const last = fresh.lastIndexOf(NEWLINE);
    if (last >= 0) this.#complete = this.#scanned + last + 1;
    this.#scanned = this.#filled;
    if (last >= 0 || this.#filled - this.#at <= this.#recordMax) return;
    const start = this.#input + this.#at;
    const raw = u8.slice(start, Math.min(start + TOO_LARGE_KEPT, this.#input + this.#filled));
    const byte = this.#base + this.#at;
    this.#at = this.#filled;
    this.#complete = this.#filled;
    this.#skipping = true;
    this.#report(Reason.TOO_LARGE, "", -1, { line: this.#line, byte, column: 1 }, raw);
  }

  /**
   * Takes a byte order mark away. Returns false while there are too few bytes to say.
   * @throws ENCODING for UTF-16 and UTF-32
   */
  #checkEncoding(): boolean {
    const { memory } = this.#options.workspace.account;
    if (this.#filled - this.#at < 4 && !this.#finished) return false;
    const start = memory.u8.subarray(this.#input + this.#at, this.#input + this.#filled);
    this.#at += byteOrderMark(start, this.#options.source);
    this.#scanned = this.#at;
    this.#complete = this.#at;
    this.#checked = true;
    return true;
  }

  /** Reserves the columns of a batch in the arena. Returns how many rows they have room for. */
  #openBatch(): number {
    const { arena, memory } = this.#options.workspace.account;
    const ahead = this.#bytesAhead();
    // A guess that is too low makes two batches of one, no more.
    const rowsMax = Math.min(this.#rowsMax, 16 + Math.ceil((1.5 * ahead) / this.#recordBytes));
    const bits = bitmapBytes(rowsMax);
    this.schema.fields.forEach(({ type }, index) => {
      const slot = slotOf(this.#block, index);
      const layout = layoutOf(type);
      const text = isText(type);
      const validity = arena.allocate(bits);
      let values = 0;
      let offsets = 0;
      if (text) offsets = arena.allocate((rowsMax + 1) * 4);
      else values = arena.allocate(layout === "bool" ? bits : rowsMax * widthOf(layout));
      memory.u8.fill(0xff, validity, validity + bits);
      const { u32 } = memory;
      u32[slot + Slot.VALIDITY] = validity;
      u32[slot + Slot.VALUES] = values;
      u32[slot + Slot.OFFSETS] = offsets;
      u32[slot + Slot.FILLED] = 0;
      u32[slot + Slot.NULLS] = 0;
      if (text) {
        u32[offsets >>> 2] = 0;
        this.#openStrings(index, rowsMax);
      }
    });
    memory.u32[this.#context + Context.ROW] = 0;
    memory.u32[this.#context + Context.ROWS_MAX] = rowsMax;
    return rowsMax;
  }

  /** Bytes that are there but not decoded. */
  #bytesAhead(): number {
    return this.#filled - this.#at + (this.#chunk === null ? 0 : this.#chunk.length - this.#chunkAt);
  }

  /** Reserves the bytes of a string column that has no row yet: decoded strings are never longer than their JSON. */
  #openStrings(index: number, rowsMax: number): void {
    const { arena, memory } = this.#options.workspace.account;
    const room = Math.min(this.#bytesAhead(), Math.ceil((this.#stringBytes[index] as number) * rowsMax));
    const values = arena.allocate(room);
    const slot = slotOf(this.#block, index);
    memory.u32[slot + Slot.VALUES] = values;
    memory.u32[slot + Slot.ROOM] = room;
    memory.u32[slot + Slot.USED] = 0;
  }

  #closeBatch(rows: number): Batch {
    const { workspace, split } = this.#options;
    const { u32 } = workspace.account.memory;
    const columns = this.schema.fields.map(({ type }, index) => {
      const slot = slotOf(this.#block, index);
      if (isText(type) && rows > 0) {
        // Room for half as much again as the mean string of this batch.
        const mean = (u32[slot + Slot.USED] as number) / rows;
        this.#stringBytes[index] = Math.max(1.5 * mean + 16 / rows, 0.75 * (this.#stringBytes[index] as number));
      }
      return new Column({
        type: isNested(type) ? STRING : type,
        length: rows,
        values: u32[slot + Slot.VALUES] as number,
        offsets: u32[slot + Slot.OFFSETS] as number,
        validity: (u32[slot + Slot.NULLS] as number) === 0 ? 0 : (u32[slot + Slot.VALIDITY] as number),
      });
    });
    return new Batch(workspace, this.schema, columns, rows, split);
  }

  /** The batch with its nested columns read, without the rows that are refused; its records begin at `from` of the input. */
  #readNested(batch: Batch, from: number, line: number): Batch {
    const { workspace } = this.#options;
    const refusals = new Map<number, Refusal>();
    const columns = this.schema.fields.map((_, index) => batch.column(index));
    for (const { index, reader } of this.#nested) columns[index] = reader.read(batch.column(index), refusals);
    const read = batch.withColumns(this.schema, columns);
    if (refusals.size === 0) return read;
    this.#refuseRows(refusals, from, line);
    const rows = Array.from({ length: batch.rowCount }, (_, row) => row).filter((row) => !refusals.has(row));
    const { arena, memory } = workspace.account;
    const selection = arena.allocate(rows.length * 4);
    memory.u32.set(rows, selection >>> 2);
    return read.select(selection, rows.length);
  }

  /** Reports rows of the batch whose records begin at `from`, in order. Blank lines between them are no records. */
  #refuseRows(refusals: ReadonlyMap<number, Refusal>, from: number, firstLine: number): void {
    const { source } = this.#options;
    const { u8 } = this.#options.workspace.account.memory;
    const input = u8.slice(this.#input + from, this.#input + this.#complete);
    const last = Math.max(...refusals.keys());
    let line = firstLine;
    for (let row = 0, at = 0; row <= last; line++) {
      const end = input.indexOf(NEWLINE, at);
      const raw = input.subarray(at, end);
      const blank = raw.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
      const refusal = blank ? undefined : refusals.get(row);
      if (refusal !== undefined) {
        const { code, message, field } = refusal;
        const place = { source, line, byte: this.#base + from + at, field };
        this.#options.bad({ code, message, at: place, raw: raw.slice() });
      }
      if (!blank) row++;
      at = end + 1;
    }
  }

  /** Reports the record that the kernel refused; `line` is the line at which the kernel began. */
  #refuse(line: number): void {
    const { memory } = this.#options.workspace.account;
    const { u32 } = memory;
    const start = u32[this.#context + Context.RECORD_START] as number;
    const end = u32[this.#context + Context.RECORD_END] as number;
    const errorAt = u32[this.#context + Context.ERROR_AT] as number;
    const reason = u32[this.#context + Context.REASON] as number;
    const tooLarge = reason === Reason.TOO_LARGE;
    const raw = memory.u8.slice(start, tooLarge ? Math.min(end, start + TOO_LARGE_KEPT) : end);
    const text = new TextDecoder().decode(memory.u8.slice(errorAt, Math.min(end, errorAt + 200)));
    const at = {
      line: line + (u32[this.#context + Context.LINES] as number) - 1,
      byte: this.#base + start - this.#input,
      column: tooLarge ? 1 : errorAt - start + 1,
    };
    this.#report(reason, text, this.#errorColumn(), at, raw);
  }

  #report(
    reason: number,
    text: string,
    column: number,
    at: { line: number; byte: number; column: number },
    raw: Uint8Array,
  ): void {
    const { source } = this.#options;
    const field = this.schema.fields[column];
    const { code, message } = describeRefusal(reason, text, field, { recordBytes: this.#recordMax });
    const place = field === undefined ? { source, ...at } : { source, ...at, field: field.name };
    this.#options.bad({ code, message, at: place, raw });
  }
}
