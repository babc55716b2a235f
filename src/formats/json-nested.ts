// Nested JSON → columns. The kernel keeps arrays and objects, checked to the last byte, as their text; here the texts of a
// batch are cut into their elements, which a decoder of their own reads as records of a line each:
//
//     ARRAY   [1, 2]        → {"tags[]":1}  {"tags[]":2}          MAP   {"a": 1}  → {"m.key":"a","m.value":1}
//     ROW     {"x": 1}      → the text as it is
//
// So every type is read inside as it is outside, nested ones again by this file.
import { Column } from "../arrow/column.js";
import { concatColumns } from "../arrow/concat.js";
import { emptyValues, takeColumn } from "../arrow/take.js";
import { childFields, childName, type Field, type NestedType, schemaOf } from "../arrow/types.js";
import type { ErrorCode } from "../errors.js";
import type { BadRecord } from "../operators/bad-records.js";
import type { Decoder, DecoderOptions, FormatWorkspace } from "./format.js";

/** Why a record is refused for what one of its nested columns holds. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field: string;
}

/** Lines go in whole, so nothing of a record waits for the next batch. Byte 0 would be looked at for its encoding. */
const INSIDE = Object.freeze({ byte: 1, line: 1, skipping: false });
/** An element's line holds its name and a bracket or two besides the element. */
const WRAPPING_BYTES = 4096;

const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const NEWLINE = 0x0a;
const CLOSE = 0x7d;

const encoder = new TextEncoder();
/** Keys that stand for a number or a truth value: what they hold is written as it is, so it must be nothing else. */
const BARE_KEY = /^(?:-?\d[\d.eE+-]*|true|false)$/;

/** Reads one nested column, batch after batch. */
export class NestedReader {
  readonly #field: Field;
  readonly #type: NestedType;
  readonly #workspace: FormatWorkspace;
  readonly #decoder: Decoder;
  readonly #lines = new Lines();
  readonly #refused: BadRecord[] = [];
  /** `{"tags[]":`, or of a map `{"m.key":` and `,"m.value":`. */
  readonly #keys: readonly Uint8Array[];
  readonly #bareKeys: boolean;

  constructor(
    field: Field,
    workspace: FormatWorkspace,
    options: DecoderOptions,
    open: (options: DecoderOptions) => Decoder,
  ) {
    this.#field = field;
    this.#type = field.type as NestedType;
    this.#workspace = workspace;
    const inner = recordFields(field.name, this.#type);
    this.#keys = this.#type.kind === "row" ? [] : inner.map(({ name }, index) => keyBytes(name, index));
    this.#bareKeys = this.#type.kind === "map" && /^(?:int|decimal|boolean)/.test(this.#type.key.type.kind);
    const { source, split, maxRecordBytes } = options;
    this.#decoder = open({
      workspace,
      schema: schemaOf(inner),
      source,
      split,
      batchRowsMax: Number.MAX_SAFE_INTEGER,
      ...(maxRecordBytes === undefined ? {} : { maxRecordBytes: maxRecordBytes + WRAPPING_BYTES }),
      start: INSIDE,
      bad: (record) => void this.#refused.push(record),
    });
  }

  /** The column of these texts; rows that cannot be read are NULL and stand in `refusals`, those that stand there already, too. */
  read(texts: Column, refusals: Map<number, Refusal>): Column {
    let column = this.#attempt(texts, refusals);
    // Without the rows that were refused nothing is refused any more.
    if (column === null) column = this.#attempt(texts, refusals);
    return column ?? emptyValues(this.#workspace, this.#field.type, texts.length, 0);
  }

  close(): void {
    this.#decoder.close();
  }

  /** Null when a row was refused. */
  #attempt(texts: Column, refusals: Map<number, Refusal>): Column | null {
    const { account } = this.#workspace;
    const { memory } = account;
    const { length } = texts;
    const counted = this.#type.kind !== "row";
    const offsets = new Int32Array(length + 1);
    const present = new Uint8Array((length + 7) >> 3);
    const lines = this.#lines;
    lines.clear();
    const before = refusals.size;
    for (let row = 0; row < length; row++) {
      const valid = texts.validity === 0 || bitOf(memory.u8, texts.validity, row);
      if (valid && !refusals.has(row)) {
        present[row >> 3] = (present[row >> 3] as number) | (1 << (row & 7));
        const at = (texts.offsets >>> 2) + row;
        const start = texts.values + (memory.i32[at] as number);
        const end = texts.values + (memory.i32[at + 1] as number);
        const problem = this.#write(memory.u8, start, end);
        if (problem !== null) refusals.set(row, { ...problem, field: this.#field.name });
      }
      offsets[row + 1] = lines.count;
    }
    if (refusals.size > before) return null;
    const children = this.#decode(offsets, refusals);
    if (children === null) return null;
    const validity = account.arena.allocate(present.length);
    memory.u8.set(present, validity);
    const hasNulls = texts.validity !== 0 || refusals.size > 0;
    const column = new Column({ type: this.#type, length, values: 0, validity: hasNulls ? validity : 0 });
    if (!counted) return new Column({ ...column, children: this.#spread(children, offsets, length) });
    const offsetsPtr = account.arena.allocate(offsets.byteLength);
    memory.i32.set(offsets, offsetsPtr >>> 2);
    const entries = childFields(this.#type)[0] as Field;
    const child =
      this.#type.kind === "array"
        ? (children[0] as Column)
        : new Column({ type: entries.type, length: lines.count, values: 0, children });
    return new Column({ ...column, offsets: offsetsPtr, children: [child] });
  }

  /** Columns of all lines; null when one was refused, whose row is then in `refusals`. */
  #decode(offsets: Int32Array, refusals: Map<number, Refusal>): Column[] | null {
    const decoder = this.#decoder;
    const parts: Column[][] = decoder.schema.fields.map(() => []);
    const { line } = decoder.position;
    this.#refused.length = 0;
    if (this.#lines.count > 0) {
      decoder.feed(this.#lines.bytes);
      for (let batch = decoder.next(); batch !== null; batch = decoder.next()) {
        if (batch.rowCount === 0) continue;
        for (let index = 0; index < parts.length; index++) (parts[index] as Column[]).push(batch.column(index));
      }
    }
    for (const { code, message, at } of this.#refused) {
      const row = rowOfLine(offsets, (at.line ?? line) - line);
      if (!refusals.has(row)) refusals.set(row, { code, message: this.#located(message), field: this.#field.name });
    }
    if (this.#refused.length > 0) return null;
    return decoder.schema.fields.map(({ type }, index) => {
      return concatColumns(this.#workspace, type, parts[index] as Column[]);
    });
  }

  /** Fields of a row name themselves only. */
  #located(message: string): string {
    return this.#type.kind === "row" ? `in "${this.#field.name}": ${message}` : message;
  }

  /** A ROW's fields have a line for every row that is there: spread over all rows. */
  #spread(columns: readonly Column[], offsets: Int32Array, length: number): Column[] {
    if (this.#lines.count === length) return [...columns];
    const { arena, memory } = this.#workspace.account;
    const places = arena.allocate(length * 4);
    const empty = this.#lines.count === 0;
    for (let row = 0; row < length; row++) {
      memory.u32[(places >>> 2) + row] = Math.min(offsets[row] as number, Math.max(this.#lines.count - 1, 0));
    }
    return columns.map((column) => {
      return empty
        ? emptyValues(this.#workspace, column.type, length, 0)
        : takeColumn(this.#workspace, column, places, length);
    });
  }

  /** Writes the lines of one value; gives what is wrong with it, if something is. */
  #write(u8: Uint8Array, start: number, end: number): Omit<Refusal, "field"> | null {
    const { kind } = this.#type;
    const isObject = u8[start] !== 0x5b;
    if (isObject !== (kind !== "array")) {
      const found = isObject ? "an object" : "an array";
      return { code: "TYPE", message: `column "${this.#field.name}" is ${kind.toUpperCase()}, found ${found}` };
    }
    const lines = this.#lines;
    if (kind === "row") {
      lines.add(u8, start, end);
      lines.end();
      return null;
    }
    for (let at = skipBlanks(u8, start + 1); at < end - 1; ) {
      const valueEnd = endOfValue(u8, at);
      if (kind === "array") this.#writeElement(u8, at, valueEnd);
      else {
        const valueAt = skipBlanks(u8, skipBlanks(u8, valueEnd) + 1);
        const entryEnd = endOfValue(u8, valueAt);
        if (!this.#writeEntry(u8, at, valueEnd, valueAt, entryEnd)) {
          return { code: "TYPE", message: `a key of MAP column "${this.#field.name}" is of another type` };
        }
        at = skipBlanks(u8, entryEnd);
        if (u8[at] === COMMA) at = skipBlanks(u8, at + 1);
        continue;
      }
      at = skipBlanks(u8, valueEnd);
      if (u8[at] === COMMA) at = skipBlanks(u8, at + 1);
    }
    return null;
  }

  #writeElement(u8: Uint8Array, start: number, end: number): void {
    const key = this.#keys[0] as Uint8Array;
    this.#lines.add(key, 0, key.length);
    this.#lines.add(u8, start, end);
    this.#lines.close();
  }

  /** False for a key that does not stand for a value of the map's key type. */
  #writeEntry(u8: Uint8Array, keyAt: number, keyEnd: number, valueAt: number, valueEnd: number): boolean {
    const [key, value] = this.#keys as [Uint8Array, Uint8Array];
    const bare = this.#bareKeys ? 1 : 0;
    if (bare === 1) {
      const text = String.fromCharCode(...u8.slice(keyAt + 1, Math.min(keyEnd - 1, keyAt + 100)));
      if (!BARE_KEY.test(text)) return false;
    }
    this.#lines.add(key, 0, key.length);
    this.#lines.add(u8, keyAt + bare, keyEnd - bare);
    this.#lines.add(value, 0, value.length);
    this.#lines.add(u8, valueAt, valueEnd);
    this.#lines.close();
    return true;
  }
}

/** The columns that the lines of a nested column hold. */
function recordFields(name: string, type: NestedType): readonly Field[] {
  if (type.kind === "row") return type.fields;
  const parts = type.kind === "array" ? [type.element] : [type.key, type.value];
  return parts.map((part) => ({ ...part, name: childName(name, type, part) }));
}

function keyBytes(name: string, index: number): Uint8Array {
  return encoder.encode(`${index === 0 ? "{" : ","}${JSON.stringify(name)}:`);
}

/** Lines of JSON being put together. */
class Lines {
  #bytes = new Uint8Array(4096);
  #used = 0;
  count = 0;

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#used);
  }

  clear(): void {
    this.#used = 0;
    this.count = 0;
  }

  add(source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    // Most pieces are short: a loop is faster than the call of `set`.
    if (end - start > 64) this.#bytes.set(source.subarray(start, end), this.#used);
    else for (let i = start; i < end; i++) this.#bytes[this.#used + i - start] = source[i] as number;
    this.#used += end - start;
  }

  /** Ends the object and the line. */
  close(): void {
    this.#reserve(1);
    this.#bytes[this.#used++] = CLOSE;
    this.end();
  }

  end(): void {
    this.#reserve(1);
    this.#bytes[this.#used++] = NEWLINE;
    this.count++;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * (this.#used + bytes));
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }
}

function skipBlanks(u8: Uint8Array, at: number): number {
  while (u8[at] === 0x20 || u8[at] === 0x09 || u8[at] === 0x0d) at++;
  return at;
}

/** Behind the value that begins at `at`; it was checked before, so that brackets match. */
function endOfValue(u8: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = start; ; at++) {
    const c = u8[at] as number;
    if (c === QUOTE) {
      for (at++; u8[at] !== QUOTE; at++) if (u8[at] === BACKSLASH) at++;
    } else if (c === 0x7b || c === 0x5b) depth++;
    else if (c === 0x7d || c === 0x5d) {
      if (depth === 0) return at;
      depth--;
    } else if (depth === 0) {
      if (c === COMMA || c === COLON || c === 0x20 || c === 0x09 || c === 0x0d || c === NEWLINE) return at;
      continue;
    } else continue;
    if (depth === 0) return at + 1;
  }
}

function bitOf(u8: Uint8Array, bits: number, row: number): boolean {
  return (((u8[bits + (row >> 3)] as number) >> (row & 7)) & 1) === 1;
}

/** The row whose lines line number `line` (from 0) is one of. */
function rowOfLine(offsets: Int32Array, line: number): number {
  let row = 0;
  while (row < offsets.length - 2 && (offsets[row + 1] as number) <= line) row++;
  return row;
}
