// Batches → CSV bytes. A field stands in quotes where it would be read as something else without: what holds the delimiter, a
// quote or a line end, begins or ends with a blank, is a text for NULL, or looks like a comment. NULL is the first of `nulls`,
// without quotes. Everything is exact, as in NDJSON; BYTES are base64.
import type { Batch } from "../arrow/batch.js";
import type { Column } from "../arrow/column.js";
import { type Field, isNested, type Schema, typeName } from "../arrow/types.js";
import { DataError, SchemaError } from "../errors.js";
import type { LinearMemory } from "../wasm/memory.js";
import type { CheckedCsvOptions } from "./csv-options.js";
import type { Encoder } from "./format.js";
import { joined } from "./joined.js";
import { valueCell } from "./json-encoder.js";
import { type Cell, JsonWriter } from "./json-writer.js";
import { type RowText, TextRows } from "./text-rows.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * What a spreadsheet takes for a formula at the start of a line of text, blanks and full-width signs included (OWASP, "CSV
 * Injection").
 */
const FORMULA = /(^|[\r\n])(?=[\s\u00a0\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])/g;

/** Encodes rows as records of fields; see `Encoder`. */
export class CsvEncoder implements Encoder {
  readonly #schema: Schema;
  readonly #options: CheckedCsvOptions;
  readonly #writer = new JsonWriter();
  readonly #delimiter: Uint8Array;
  readonly #newline: Uint8Array;
  readonly #null: Uint8Array;
  /** Texts for NULL, which stand in quotes where they are none. */
  readonly #nulls: readonly Uint8Array[];
  readonly #quote: number;
  readonly #escape: number;
  /** By byte: 1 where a field that holds it stands in quotes. */
  readonly #special = new Uint8Array(256);
  /** null where fields are more than their text. */
  readonly #rows: TextRows | null;
  #started = false;

  /** @throws UNSUPPORTED for nested types */
  constructor(options: CheckedCsvOptions, schema: Schema) {
    for (const { name, type } of schema.fields) {
      if (!isNested(type)) continue;
      throw new SchemaError("UNSUPPORTED", `column "${name}" is ${typeName(type)}: a field of CSV holds one value`, {
        hint: "take it apart by .field(name), .at(1), .get(key) or unnest(), or write NDJSON or Parquet",
      });
    }
    const { delimiter = ",", quote = '"', escape: escaping = quote, newline, nulls } = options;
    this.#schema = schema;
    this.#options = options;
    this.#delimiter = encoder.encode(delimiter);
    this.#newline = encoder.encode(newline);
    this.#nulls = (typeof nulls === "string" ? [nulls] : nulls).map((text) => encoder.encode(text));
    this.#null = this.#nulls[0] ?? new Uint8Array(0);
    this.#quote = quote === "" ? -1 : quote.charCodeAt(0);
    this.#escape = escaping === "" ? -1 : escaping.charCodeAt(0);
    for (const byte of [this.#delimiter[0] as number, this.#quote, this.#escape, NEWLINE, RETURN]) {
      if (byte >= 0) this.#special[byte] = 1;
    }
    this.#rows = this.#isPlain ? TextRows.of(schema, this.#rowText()) : null;
  }

  /** @throws TIME_RANGE; CSV_QUOTE for a field that needs quotes where there are none */
  encode(batch: Batch): Uint8Array<ArrayBuffer> {
    this.#start();
    const head = this.#writer.take();
    const { fields } = this.#schema;
    const cell = (index: number) => this.#cell(batch, fields[index] as Field, index);
    const rows =
      this.#rows?.encode(batch, this.#writer, cell) ??
      this.#encodeByRow(
        batch,
        fields.map((_, index) => cell(index)),
      );
    return head.length === 0 ? rows : joined([head, rows], head.length + rows.length);
  }

  #encodeByRow(batch: Batch, cells: readonly Cell[]): Uint8Array<ArrayBuffer> {
    const writer = this.#writer;
    for (let row = 0; row < batch.rowCount; row++) {
      for (let index = 0; index < cells.length; index++) {
        if (index > 0) writer.bytes(this.#delimiter);
        (cells[index] as Cell)(row);
      }
      writer.bytes(this.#newline);
    }
    return writer.take();
  }

  /** The header, when no batch came. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#start();
    return this.#writer.take();
  }

  /** Whether values other than texts always stand as they are. */
  get #isPlain(): boolean {
    const { decimal, escapeFormulas } = this.#options;
    return decimal !== "," && !escapeFormulas && !this.#delimits && this.#special[0x2d] === 0;
  }

  /** Whether the delimiter may be part of a number or a time. */
  get #delimits(): boolean {
    return /[-+.: /=]/.test(String.fromCharCode(this.#delimiter[0] as number));
  }

  #rowText(): RowText {
    const { comment = "" } = this.#options;
    const csv = {
      delimiter: this.#delimiter[0] as number,
      quote: this.#quote,
      escape: this.#escape,
      comment: comment === "" ? -1 : comment.charCodeAt(0),
      nullLengths: this.#nulls.map(({ length }) => length),
    };
    const prefixes = this.#schema.fields.map((_, index) => (index === 0 ? new Uint8Array(0) : this.#delimiter));
    return { prefixes, rowEnd: this.#newline, none: this.#null, csv };
  }

  #start(): void {
    const { header = true } = this.#options;
    if (this.#started) return;
    this.#started = true;
    // Names of the fields say that the file has none, as they do for reading.
    if (header !== true) return;
    this.#schema.fields.forEach(({ name }, index) => {
      if (index > 0) this.#writer.bytes(this.#delimiter);
      const bytes = encoder.encode(name);
      this.#text(bytes, 0, bytes.length, index, name);
    });
    this.#writer.bytes(this.#newline);
  }

  #cell(batch: Batch, field: Field, index: number): Cell {
    const writer = this.#writer;
    const column = batch.plainColumn(index);
    const { memory } = batch.workspace.account;
    const write = this.#valueCell(memory, column, field, index);
    const { validity } = column;
    if (validity === 0) return write;
    return (row) => {
      const valid = ((memory.u8[validity + (row >> 3)] as number) >> (row & 7)) & 1;
      if (valid === 1) write(row);
      else writer.bytes(this.#null);
    };
  }

  #valueCell(memory: LinearMemory, column: Column, field: Field, index: number): Cell {
    const { kind } = field.type;
    if (kind === "string") return this.#textCell(memory, column, field.name, index);
    const { decimal } = this.#options;
    const comma = decimal === "," && (kind === "decimal" || kind === "float32" || kind === "float64");
    // What holds only characters of numbers and times needs quotes where one of them delimits.
    const looked = kind === "binary" || comma || this.#delimits || this.#special[0x2d] === 1;
    if (!looked) return valueCell(this.#writer, memory, column, field, false);
    const aside = new JsonWriter();
    const write = valueCell(aside, memory, column, field, false);
    return (row) => {
      write(row);
      const bytes = aside.take();
      const quoted = kind === "binary" ? bytes.subarray(1, bytes.length - 1) : bytes;
      if (comma) for (let i = 0; i < quoted.length; i++) if (quoted[i] === 0x2e) quoted[i] = 0x2c;
      this.#text(quoted, 0, quoted.length, index, field.name);
    };
  }

  #textCell(memory: LinearMemory, column: Column, name: string, index: number): Cell {
    const { values } = column;
    const offsets = column.offsets >>> 2;
    const { escapeFormulas } = this.#options;
    return (row) => {
      const start = values + (memory.i32[offsets + row] as number);
      const end = values + (memory.i32[offsets + row + 1] as number);
      if (!escapeFormulas) this.#text(memory.u8, start, end, index, name);
      else {
        const bytes = encoder.encode(decoder.decode(memory.u8.slice(start, end)).replace(FORMULA, "$1'"));
        this.#text(bytes, 0, bytes.length, index, name);
      }
    };
  }

  /** UTF-8 as a field. */
  #text(source: Uint8Array, start: number, end: number, index: number, name: string): void {
    const writer = this.#writer;
    if (!this.#needsQuotes(source, start, end, index)) {
      writer.part(source, start, end);
      return;
    }
    if (this.#quote < 0) {
      throw new DataError("CSV_QUOTE", `column "${name}" holds a text that needs quotes, and csv.quote is ""`, {
        hint: "choose a delimiter that no text holds, or write with quotes",
        at: { field: name },
      });
    }
    writer.byte(this.#quote);
    for (let at = start; at < end; at++) {
      const byte = source[at] as number;
      if (byte === this.#quote || byte === this.#escape) writer.byte(this.#escape);
      writer.byte(byte);
    }
    writer.byte(this.#quote);
  }

  #needsQuotes(source: Uint8Array, start: number, end: number, index: number): boolean {
    const special = this.#special;
    for (let at = start; at < end; at++) if (special[source[at] as number] === 1) return true;
    const first = source[start];
    const last = source[end - 1];
    if (start < end && (isBlank(first) || isBlank(last))) return true;
    const { comment = "" } = this.#options;
    // A byte order mark, which a reader would take away, or a comment.
    if (index === 0 && start < end && (first === 0xef || (comment !== "" && first === comment.charCodeAt(0))))
      return true;
    return this.#nulls.some(
      (text) => text.length === end - start && text.every((byte, i) => byte === source[start + i]),
    );
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}
