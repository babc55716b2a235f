// JSON documents: one top-level array of objects, `[{…}, {…}]`, or lines of objects; the first character tells. An array is
// read by the decoder of lines: on its way there every byte of it stays at its place, but the comma or bracket that ends an
// element becomes a line end, and line ends become blanks. So offsets in errors stay right, and no element waits for another.
import * as v from "valibot";
import type { Batch } from "../arrow/batch.js";
import type { Schema } from "../arrow/types.js";
import type { BadRecord } from "../operators/bad-records.js";
import type { Decoder, DecoderOptions, DecoderPosition, Encoder, Format, OpenFormat } from "./format.js";
import { START } from "./format.js";
import { JsonDecoder } from "./json-decoder.js";
import { JsonEncoder } from "./json-encoder.js";
import { inferJsonSchema } from "./json-infer.js";
import { checkFormatOptions } from "./options.js";

const LF = 0x0a;
const BLANK = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** A control character that no string may hold, for the line end that a broken one does. */
const CONTROL = 0x0b;

const OPTIONS = v.strictObject({});

/** Arrays of objects, or lines of them; no options. @throws OPTION for any */
export const openJsonDocument: OpenFormat = (options, where): Format => {
  checkFormatOptions(OPTIONS, options, "json", where);
  return {
    name: "json",
    inferSchema: (sample) => {
      const bytes = new ArrayLines(START).rewrite(sample.bytes);
      return inferJsonSchema({ ...sample, bytes });
    },
    createDecoder: (decoderOptions) => new JsonArrayDecoder(decoderOptions),
    createEncoder: (schema) => new JsonArrayEncoder(schema),
  };
};

/** Blank space at the start that is kept until the first character tells; who writes more writes lines. */
const HELD_BYTES_MAX = 1 << 16;

/** Where the rewriting stands: before the first character, in lines, in the array, behind it. */
type Shape = "unknown" | "lines" | "array" | "end";

/** What is wrong with an array as such. */
interface Fault {
  readonly message: string;
  readonly byte: number;
}

/** Makes lines of an array's elements, byte for byte. */
class ArrayLines {
  shape: Shape;
  readonly faults: Fault[] = [];
  /** Offset of the bracket that ends the array. */
  closedAt = Number.POSITIVE_INFINITY;
  /** Offset in the source of the next byte. */
  #byte: number;
  #held: Uint8Array = new Uint8Array(0);
  #depth = 1;
  #inString = false;
  #escaped = false;
  /** Whether nothing but blanks stands between the last comma, or the bracket, and here. */
  #isEmpty = true;
  /** Whether a comma stands before here, which asks for an element. */
  #afterComma = false;
  #isFollowed = false;

  constructor({ byte, inside }: DecoderPosition) {
    this.#byte = byte;
    if (inside === "array" || inside === "end") this.shape = inside;
    else this.shape = byte === 0 ? "unknown" : "lines";
    // A position is behind the comma of the element before it.
    this.#afterComma = inside === "array";
    if (inside === "end") this.closedAt = byte - 1;
  }

  /** As many bytes as came, sooner or later. */
  rewrite(chunk: Uint8Array): Uint8Array {
    if (this.shape === "lines") return chunk;
    const bytes = new Uint8Array(this.#held.length + chunk.length);
    bytes.set(this.#held);
    bytes.set(chunk, this.#held.length);
    this.#held = new Uint8Array(0);
    let at = 0;
    if (this.shape === "unknown") {
      at = bytes.findIndex((byte) => !isBlank(byte) && !isMark(byte));
      if (at < 0 && bytes.length < HELD_BYTES_MAX) {
        this.#held = bytes;
        return new Uint8Array(0);
      }
      this.shape = bytes[at] === OPEN_ARRAY ? "array" : "lines";
      if (this.shape === "lines") return bytes;
      for (let before = 0; before < at; before++) if (bytes[before] === LF) bytes[before] = BLANK;
      bytes[at++] = BLANK;
    }
    for (; at < bytes.length; at++) bytes[at] = this.#next(bytes[at] as number, this.#byte + at);
    this.#byte += bytes.length;
    return bytes;
  }

  /** No more bytes come: what is still held, and whether the array is closed. */
  end(): Uint8Array {
    if (this.shape === "array") this.#fault("the array is not closed", this.#byte);
    return this.#held;
  }

  #next(byte: number, at: number): number {
    if (this.shape === "end") {
      if (!isBlank(byte) && !this.#isFollowed) this.#fault("something follows the array", at);
      this.#isFollowed ||= !isBlank(byte);
      return BLANK;
    }
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return byte === LF ? CONTROL : byte;
    }
    if (isBlank(byte)) return BLANK;
    if (this.#depth === 1 && (byte === COMMA || byte === CLOSE_ARRAY)) return this.#endElement(byte, at);
    this.#isEmpty = false;
    if (byte === QUOTE) this.#inString = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#depth++;
    // What closes too much is the record decoder's to refuse.
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && this.#depth > 1) this.#depth--;
    return byte;
  }

  #endElement(byte: number, at: number): number {
    const isEmpty = this.#isEmpty;
    if (isEmpty && (byte === COMMA || this.#afterComma)) this.#fault("a comma without an element", at);
    if (byte === CLOSE_ARRAY) {
      this.shape = "end";
      this.closedAt = at;
    }
    this.#afterComma = byte === COMMA;
    this.#isEmpty = true;
    return isEmpty ? BLANK : LF;
  }

  #fault(message: string, byte: number): void {
    this.faults.push({ message, byte });
  }
}

/** Decodes arrays by the decoder of lines; see `Decoder`. The line of a position in an array counts its elements. */
class JsonArrayDecoder implements Decoder {
  readonly schema: Schema;
  readonly #options: DecoderOptions;
  readonly #lines: ArrayLines;
  readonly #decoder: JsonDecoder;
  #ended = false;
  #ending = false;

  constructor(options: DecoderOptions) {
    const { schema, start = START } = options;
    this.schema = schema;
    this.#options = options;
    this.#lines = new ArrayLines(start);
    this.#decoder = new JsonDecoder({ ...options, bad: (record) => this.#refuse(record) });
  }

  get position(): DecoderPosition {
    const position = this.#decoder.position;
    const { shape, closedAt } = this.#lines;
    if (shape === "unknown" || shape === "lines") return position;
    if (position.byte > closedAt) return { ...position, inside: "end" };
    // Nothing is decoded yet: the bracket is found again.
    return position.line === 1 ? START : { ...position, inside: "array" };
  }

  feed(chunk: Uint8Array): void {
    this.#decoder.feed(this.#lines.rewrite(chunk));
  }

  /** Blanks that were held back go into the decoder first, for its position. */
  finish(): void {
    const left = this.#lines.end();
    this.#ended = true;
    this.#ending = left.length > 0;
    if (this.#ending) this.#decoder.feed(left);
    else this.#decoder.finish();
  }

  next(): Batch | null {
    const batch = this.#decoder.next();
    if (batch !== null || !this.#ending) {
      this.#tellFaults(batch === null && this.#ended ? Number.POSITIVE_INFINITY : this.position.byte);
      return batch;
    }
    this.#ending = false;
    this.#decoder.finish();
    return this.next();
  }

  close(): void {
    this.#decoder.close();
  }

  /** Tells what lies before `end`: behind the position, so that who goes on there does not meet it again. */
  #tellFaults(end: number): void {
    const { source, bad } = this.#options;
    const { faults } = this.#lines;
    while (faults[0] !== undefined && faults[0].byte < end) {
      const { message, byte } = faults.shift() as Fault;
      bad({ code: "JSON", message, at: { source, byte }, raw: new Uint8Array(0) });
    }
  }

  /** Lines of an array are its elements: their number is a row's. */
  #refuse(record: BadRecord): void {
    if (this.#lines.shape === "lines") {
      this.#options.bad(record);
      return;
    }
    const { line = 1, column: _, ...at } = record.at;
    this.#tellFaults(at.byte ?? 0);
    this.#options.bad({ ...record, at: { ...at, row: line - 1 } });
  }
}

/** Writes one array of objects, one a line. */
class JsonArrayEncoder implements Encoder {
  readonly #encoder: JsonEncoder;
  #isFirst = true;

  constructor(schema: Schema) {
    this.#encoder = new JsonEncoder(schema);
  }

  encode(batch: Batch): Uint8Array<ArrayBuffer> {
    // Every record ends with the only line end that it has; here it stands before the next one, behind a comma.
    const lines = this.#encoder.encode(batch);
    const bytes = new Uint8Array(lines.length + batch.rowCount);
    let filled = 0;
    let isStart = true;
    for (const byte of lines) {
      if (isStart) {
        bytes[filled++] = this.#isFirst ? OPEN_ARRAY : COMMA;
        bytes[filled++] = LF;
        this.#isFirst = false;
        isStart = false;
      }
      if (byte === LF) isStart = true;
      else bytes[filled++] = byte;
    }
    return bytes;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#isFirst ? Uint8Array.of(OPEN_ARRAY, CLOSE_ARRAY, LF) : Uint8Array.of(LF, CLOSE_ARRAY, LF);
  }
}

function isBlank(byte: number): boolean {
  return byte === BLANK || byte === LF || byte === 0x0d || byte === 0x09;
}

/** A byte of UTF-8's byte order mark. */
function isMark(byte: number): boolean {
  return byte === 0xef || byte === 0xbb || byte === 0xbf;
}
