// CSV bytes → batches. The bytes of a chunk are copied piece by piece into linear memory; a first kernel finds the fields of
// the records in a piece, a second one fills columns with them (assembly/csv-index.ts, csv.ts). Before that the start of the
// source is read in plain TypeScript: dialect, header, which field goes to which column.
import type { Batch } from "../arrow/batch.js";
import { assert, hintNames, SchemaError } from "../errors.js";
import { Status } from "../wasm/kernels.js";
import { byteOrderMark } from "./byte-order-mark.js";
import { CsvColumns } from "./csv-columns.js";
import { type CsvDialect, type CsvStart, readStart, SNIFFED_BYTES } from "./csv-dialect.js";
import { describeCsvRefusal } from "./csv-errors.js";
import { Csv, type CsvBlock, CsvReason, closeBlock, openBlock, QUOTED } from "./csv-layout.js";
import type { CheckedCsvOptions } from "./csv-options.js";
import {
  type Decoder,
  type DecoderOptions,
  type DecoderPosition,
  type FormatWorkspace,
  formatWorkspace,
  MAX_RECORD_BYTES,
  START,
} from "./format.js";
import { InputBuffer } from "./input-buffer.js";
import { Reason } from "./json-layout.js";

/** Bytes that are copied into linear memory at once: they are decoded while they are in the first caches. */
const PIECE_BYTES = 32 * 1024;
/** What the kernels read behind the last byte. */
const SLACK_BYTES = 128;
/** Records that one call refuses at most: it does a bounded piece of work. */
const REFUSED_MAX = 1024;
/** Bytes of a too large record that its bad record keeps. */
const TOO_LARGE_KEPT = 4096;

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** What was found out at the start: all that decoding on takes. */
interface Found {
  readonly dialect: CsvDialect;
  /** Names of a record's fields. */
  readonly columns: readonly string[];
}

/** A record that the kernels refused; addresses of its bytes and of the one at fault. */
interface Refused {
  readonly reason: number;
  readonly start: number;
  readonly end: number;
  readonly errorAt: number;
  /** Column of the schema, or −1. */
  readonly column: number;
}

/** Decodes records of fields; see `Decoder`. */
export class CsvDecoder implements Decoder {
  readonly schema: DecoderOptions["schema"];
  readonly #csv: CheckedCsvOptions;
  readonly #options: DecoderOptions;
  readonly #workspace: FormatWorkspace;
  readonly #recordMax: number;
  readonly #input: InputBuffer;
  /** What is known once the start of the source is read. */
  #found: Found | null = null;
  #block: CsvBlock | null = null;
  #columns!: CsvColumns;
  /** Line of the source's byte `#lineByte`. */
  #line: number;
  #lineByte: number;
  #skipping: boolean;
  /** The refused record that the index ends in. */
  #pending: Refused | null = null;
  /** Records that are decoded at once: few behind a refused one, since what was decoded behind it is decoded again. */
  #group = 1 << 16;
  #chunk: Uint8Array | null = null;
  #chunkAt = 0;
  #finished = false;
  /** True once the last record was closed, with a line end of our own where the source had none. */
  #ended = false;
  #addedBytes = 0;
  #closed = false;
  /** Mean bytes of a record so far. */
  #recordBytes = 64;

  constructor(csv: CheckedCsvOptions, options: DecoderOptions) {
    const { byte, line, skipping, found } = options.start ?? START;
    this.schema = options.schema;
    this.#csv = csv;
    this.#options = options;
    this.#workspace = formatWorkspace(options.workspace);
    this.#recordMax = options.maxRecordBytes ?? MAX_RECORD_BYTES;
    this.#input = new InputBuffer(options.workspace.account, byte, SLACK_BYTES);
    this.#line = line;
    this.#lineByte = byte;
    this.#skipping = skipping;
    if (found !== undefined) this.#open(found as unknown as Found);
  }

  get position(): DecoderPosition {
    const at = Math.min(this.#recordAt(), this.#input.filled - this.#addedBytes);
    const byte = this.#input.base + at;
    const place = { byte, line: this.#lineOf(byte), skipping: this.#skipping };
    if (this.#found === null) return place;
    const { dialect, columns } = this.#found;
    return { ...place, found: { dialect: { ...dialect }, columns } };
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
    const { kernels } = this.#workspace;
    let rows = 0;
    let rowsMax = 0;
    let byte = 0;
    for (let refused = 0; refused < REFUSED_MAX; ) {
      if (!this.#hasRecords && this.#pending === null) {
        const filled = this.#fill();
        if (filled === "nothing") {
          if (rows === 0) return null;
          break;
        }
        if (filled === "refused") {
          refused++;
          continue;
        }
      }
      if (!this.#hasRecords) {
        const pending = this.#pending as Refused;
        if (pending.reason === Reason.TOO_LARGE) this.#refuseLarge();
        else this.#refuse(pending);
        this.#pending = null;
        refused++;
        continue;
      }
      if (rowsMax === 0) {
        rowsMax = this.#openBatch();
        byte = this.#recordAt() + this.#input.base;
      }
      const from = this.#get(Csv.FROM);
      this.#set(Csv.TO, Math.min(this.#get(Csv.RECORDS), from + Math.min(rowsMax - rows, this.#group)));
      const status = kernels.decodeCsv((this.#block as CsvBlock).ptr);
      rows = this.#get(Csv.ROW);
      if (status === Status.BAD_RECORD) {
        refused++;
        this.#group = 1;
        this.#refuse(this.#refused());
      } else if (status === Status.NEED_SPACE) {
        const column = this.#get(Csv.ERROR_COLUMN);
        this.#columns.expectMore(column);
        if (rows > 0) break;
        this.#columns.widen(column, this.#get(Csv.NEEDED));
      } else this.#group = Math.min(2 * this.#group, 1 << 16);
      if (rows === rowsMax) break;
    }
    if (rowsMax === 0) this.#openBatch();
    if (rows > 0) this.#recordBytes += ((this.#recordAt() + this.#input.base - byte) / rows - this.#recordBytes) / 4;
    return this.#columns.close(rows, this.#options.split);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { account } = this.#workspace;
    if (this.#block !== null) closeBlock(account, this.#block);
    this.#input.close();
    this.#chunk = null;
  }

  #get(field: number): number {
    const { u32 } = this.#workspace.account.memory;
    return u32[((this.#block as CsvBlock).ptr >>> 2) + field] as number;
  }

  #set(field: number, value: number): void {
    this.#workspace.account.memory.u32[((this.#block as CsvBlock).ptr >>> 2) + field] = value;
  }

  get #hasRecords(): boolean {
    return this.#block !== null && this.#get(Csv.FROM) < this.#get(Csv.RECORDS);
  }

  /** Offset in the input of the first record that is neither decoded nor reported. */
  #recordAt(): number {
    if (this.#block === null || this.#input.ptr === 0 || this.#skipping) return this.#input.at;
    if (this.#pending !== null && !this.#hasRecords) return this.#pending.start - this.#input.ptr;
    const ahead = this.#get(Csv.FROM) * (this.#get(Csv.FIELDS) + 1) * 4;
    const entry = this.#hasRecords ? this.#get(Csv.INDEX) + ahead : this.#get(Csv.ENTRY);
    return (this.#workspace.account.memory.u32[entry >>> 2] as number) + 1 - this.#input.ptr;
  }

  /** Line of a byte of the input, which is not in the midst of a CRLF. */
  #lineOf(byte: number): number {
    if (byte <= this.#lineByte) return this.#line;
    const { ptr, base } = this.#input;
    const { kernels } = this.#workspace;
    return this.#line + kernels.countLines(ptr + this.#lineByte - base, ptr + byte - base);
  }

  /** Brings whole records into the index. */
  #fill(): "records" | "refused" | "nothing" {
    for (;;) {
      if (this.#block !== null && !this.#skipping) {
        if (this.#get(Csv.AT) < this.#get(Csv.END)) {
          const status = this.#workspace.kernels.indexCsv(this.#block.ptr);
          if (status === Status.BAD_RECORD) this.#pending = this.#refused();
          if (this.#pending !== null || this.#hasRecords) return "records";
        }
        if (this.#get(Csv.AT) - this.#input.ptr - this.#recordAt() > this.#recordMax + this.#addedBytes) {
          this.#refuseLarge();
          return "refused";
        }
      }
      const chunk = this.#chunk;
      if (chunk !== null) {
        const bytes = Math.min(PIECE_BYTES, chunk.length - this.#chunkAt);
        this.#append(chunk.subarray(this.#chunkAt, this.#chunkAt + bytes));
        this.#chunkAt += bytes;
        if (this.#chunkAt === chunk.length) this.#chunk = null;
      } else if (!this.#finished) return "nothing";
      else if (this.#block !== null && !this.#ended) this.#end();
      else if (this.#block !== null && !this.#skipping && this.#get(Csv.STATE) === QUOTED) {
        this.#refuseOpen();
        return "refused";
      } else if (this.#block !== null) return "nothing";
      if (this.#skipping) this.#skip();
      else if (this.#block === null) this.#begin();
    }
  }

  /** Puts bytes behind the record that is not whole yet. */
  #append(bytes: Uint8Array): void {
    const at = this.#recordAt();
    const byte = this.#input.base + at;
    // Lines are counted before their bytes go; a CR at the end may be half of a line end.
    if (!this.#skipping) {
      this.#line = this.#lineOf(byte);
      this.#lineByte = Math.max(byte, this.#lineByte);
    }
    this.#input.at = at;
    const moved = this.#input.append(bytes);
    if (this.#block === null || this.#skipping) return;
    if (moved) this.#indexFrom(this.#input.at);
    this.#set(Csv.END, this.#input.ptr + this.#input.filled);
  }

  /** Looks for records anew, from an offset of the input on. */
  #indexFrom(at: number): void {
    this.#input.at = at;
    this.#set(Csv.AT, this.#input.ptr + at);
    this.#set(Csv.END, this.#input.ptr + this.#input.filled);
    this.#workspace.kernels.openCsv((this.#block as CsvBlock).ptr);
  }

  /** Closes the last record. */
  #end(): void {
    this.#ended = true;
    if (this.#input.filled === this.#recordAt()) return;
    this.#append(new Uint8Array([NEWLINE]));
    this.#addedBytes = 1;
  }

  /** Reads the start of the source, when enough of it is there. */
  #begin(): void {
    const { source } = this.#options;
    const { keptBytes } = this.#input;
    const complete = this.#finished && this.#chunk === null;
    if (keptBytes < 4 && !complete) return;
    // Every look costs: not before there are bytes to guess by.
    if (keptBytes <= SNIFFED_BYTES && !complete && this.#csv.delimiter === undefined) return;
    const bytes = this.#input.copy();
    const known = this.#options.columns ?? this.schema.fields.map(({ name }) => name);
    const sample = { bytes, start: byteOrderMark(bytes, source), complete, source, columns: known };
    let begun = readStart(this.#csv, sample);
    if (begun === null && keptBytes > Math.max(this.#recordMax, SNIFFED_BYTES)) {
      // A first record that is too long is refused as such: no header is taken from it.
      begun = readStart({ ...this.#csv, header: this.#csv.header ?? false }, { ...sample, complete: true });
    }
    if (begun === null) return;
    this.#open(foundAt(begun, known));
    this.#indexFrom(this.#input.at + begun.byte);
  }

  /** @throws UNKNOWN_COLUMN for a column of the schema that no field of the records is */
  #open(found: Found): void {
    const { source, batchRowsMax } = this.#options;
    const workspace = this.#workspace;
    const places = this.schema.fields.map(({ name }) => {
      const place = found.columns.indexOf(name);
      if (place >= 0) return place;
      throw new SchemaError("UNKNOWN_COLUMN", `${source} has no column "${name}"`, {
        hint: hintNames(name, found.columns, "columns"),
        at: { source },
      });
    });
    this.#found = found;
    this.#block = openBlock(workspace, {
      schema: this.schema,
      places,
      fieldCount: found.columns.length,
      dialect: found.dialect,
      recordBytesMax: this.#recordMax,
    });
    this.#columns = new CsvColumns(workspace, this.schema, this.#block, batchRowsMax);
    this.#indexFrom(this.#input.at);
  }

  /** Reserves the columns of a batch. Returns how many rows they have room for. */
  #openBatch(): number {
    const { keptBytes } = this.#input;
    const ahead = keptBytes + (this.#chunk === null ? 0 : this.#chunk.length - this.#chunkAt);
    // A guess that is too low makes two batches of one, no more.
    const rowsMax = Math.min(this.#columns.rowsMax, 16 + Math.ceil((1.5 * ahead) / this.#recordBytes));
    this.#columns.open(rowsMax, ahead);
    this.#set(Csv.ROW, 0);
    return rowsMax;
  }

  /** Passes over the rest of a record that was too large, up to its line end. */
  #skip(): void {
    const input = this.#input;
    const { u8 } = this.#workspace.account.memory;
    const end = input.ptr + input.filled;
    let at = input.ptr + input.at;
    while (at < end && u8[at] !== NEWLINE && u8[at] !== RETURN) at++;
    input.at = at - input.ptr;
    // A CR waits for what is behind it.
    if (at === end || (u8[at] === RETURN && at + 1 === end)) {
      if (this.#ended) input.at = input.filled;
      return;
    }
    input.at += u8[at] === RETURN && u8[at + 1] === NEWLINE ? 2 : 1;
    this.#line++;
    this.#lineByte = input.base + input.at;
    this.#skipping = false;
    if (this.#block !== null) this.#indexFrom(input.at);
  }

  /** A record that is longer than may be takes one line with it: what quotes hold together are other records maybe. */
  #refuseLarge(): void {
    const at = this.#recordAt();
    const comment = this.#get(Csv.COMMENT);
    const first = this.#workspace.account.memory.u8[this.#input.ptr + at];
    // A comment may be as long as it likes.
    if (comment === 0 || first !== comment) {
      this.#refuseAt(Reason.TOO_LARGE, at, at + Math.min(this.#recordMax, TOO_LARGE_KEPT));
    }
    const lineEnd = this.#resumeBehindLine(at);
    if (lineEnd === null) return;
    this.#line = this.#lineOf(this.#input.base + at);
    this.#skipping = true;
    this.#input.at = lineEnd;
    this.#lineByte = this.#input.base + lineEnd;
  }

  /** A quote that is never closed takes one line with it, not all that follow. */
  #refuseOpen(): void {
    const at = this.#recordAt();
    const end = this.#input.filled - this.#addedBytes;
    this.#refuseAt(CsvReason.OPEN, at, Math.min(end, at + TOO_LARGE_KEPT));
    // The line end of our own is none of a record where the source ends with one.
    const last = this.#workspace.account.memory.u8[this.#input.ptr + end - 1];
    if (this.#addedBytes > 0 && end > at && (last === NEWLINE || last === RETURN)) {
      this.#input.filled = end;
      this.#addedBytes = 0;
    }
    if (this.#resumeBehindLine(at) !== null) this.#indexFrom(this.#input.filled);
  }

  /** Goes on behind the line end that follows `at`; null. Where none is there as a whole: the offset to look for it from. */
  #resumeBehindLine(at: number): number | null {
    const { u8 } = this.#workspace.account.memory;
    const { ptr, filled } = this.#input;
    let behind = ptr + at;
    while (behind < ptr + filled && u8[behind] !== NEWLINE && u8[behind] !== RETURN) behind++;
    if (behind === ptr + filled || (u8[behind] === RETURN && behind + 1 === ptr + filled)) return behind - ptr;
    behind += u8[behind] === RETURN && u8[behind + 1] === NEWLINE ? 2 : 1;
    this.#indexFrom(behind - ptr);
    return null;
  }

  /** What the kernels left of a record that they refused. */
  #refused(): Refused {
    return {
      reason: this.#get(Csv.REASON),
      start: this.#get(Csv.RECORD_START),
      end: this.#get(Csv.RECORD_END),
      errorAt: this.#get(Csv.ERROR_AT),
      column: this.#get(Csv.ERROR_COLUMN) | 0,
    };
  }

  /** Reports a record that the kernels refused. */
  #refuse({ reason, start, end, errorAt, column }: Refused): void {
    const { u8, u32 } = this.#workspace.account.memory;
    const { ptr, base } = this.#input;
    let textEnd = end;
    if (column >= 0) {
      // The field at fault: the record before `from`, the entry of the column's place.
      const record = this.#get(Csv.INDEX) + (this.#get(Csv.FROM) - 1) * (this.#get(Csv.FIELDS) + 1) * 4;
      const name = this.schema.fields[column]?.name ?? "";
      const place = (this.#found as Found).columns.indexOf(name);
      textEnd = u32[(record >>> 2) + place + 1] as number;
    }
    let lineStart = errorAt;
    while (lineStart > start && u8[lineStart - 1] !== NEWLINE && u8[lineStart - 1] !== RETURN) lineStart--;
    this.#report(reason, {
      text: new TextDecoder().decode(u8.slice(errorAt, Math.max(errorAt, Math.min(textEnd, errorAt + 200)))),
      column,
      at: { line: this.#lineOf(base + lineStart - ptr), byte: base + start - ptr, column: errorAt - lineStart + 1 },
      raw: u8.slice(start, end),
    });
  }

  /** Reports a record of which there are the bytes from `start` to `end`, offsets of the input. */
  #refuseAt(reason: number, start: number, end: number): void {
    const { ptr, base } = this.#input;
    const raw = this.#workspace.account.memory.u8.slice(ptr + start, ptr + end);
    this.#report(reason, {
      text: "",
      column: -1,
      at: { line: this.#lineOf(base + start), byte: base + start, column: 1 },
      raw,
    });
  }

  #report(
    reason: number,
    what: { text: string; column: number; at: { line: number; byte: number; column: number }; raw: Uint8Array },
  ): void {
    const { source } = this.#options;
    const field = this.schema.fields[what.column];
    const { code, message } = describeCsvRefusal({
      reason,
      text: what.text,
      field,
      found: this.#get(Csv.FOUND),
      expected: this.#get(Csv.FIELDS),
      recordBytesMax: this.#recordMax,
    });
    const at = field === undefined ? { source, ...what.at } : { source, ...what.at, field: field.name };
    this.#options.bad({ code, message, at, raw: what.raw });
  }
}

function foundAt({ dialect, names }: CsvStart, known: readonly string[]): Found {
  return { dialect, columns: names ?? known };
}
