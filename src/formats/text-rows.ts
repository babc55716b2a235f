// Rows of text written by a kernel (assembly/text-rows.ts), for NDJSON and CSV: the schema's columns are described to it once a
// batch, and it asks back for the values that have no short way there, which the encoder's own cells write.
import type { Batch } from "../arrow/batch.js";
import type { Column, Workspace } from "../arrow/column.js";
import type { DataType, Schema } from "../arrow/types.js";
import { hasFormats, Status } from "../wasm/kernels.js";
import type { Cell, JsonWriter } from "./json-writer.js";

/** Fields of the context, as u32 numbers from its address; mirrors TextContext. */
const Context = {
  SLOTS: 0,
  COLUMN_COUNT: 1,
  ROW_END: 2,
  ROW_END_BYTES: 3,
  JSON: 4,
  DELIMITER: 5,
  QUOTE: 6,
  ESCAPE: 7,
  NULL_LENGTHS: 8,
  COMMENT: 9,
  NONE: 10,
  NONE_BYTES: 11,
  OUT: 12,
  OUT_END: 13,
  ROW: 14,
  COLUMN: 15,
  ROW_COUNT: 16,
  NEEDED: 17,
} as const;
const CONTEXT_BYTES = 96;

/** A column's slot has eight words: kind, values, offsets, validity, prefix, bytes of it, digits, zoned; mirrors TextSlot. */
const SLOT_WORDS = 8;

/** What the kernel reads, and writes, behind the last byte. */
const SLACK_BYTES = 16;
/** Room for the end of a row, and more, behind what the host writes. */
const BEHIND_BYTES = 128;
/** Less a status of the kernel it is the column whose value the host writes. */
const FIRST_COLUMN = -2;

/** How rows stand in the text. */
export interface RowText {
  /** Before each column's value, behind a row, and for NULL. */
  readonly prefixes: readonly Uint8Array[];
  readonly rowEnd: Uint8Array;
  readonly none: Uint8Array;
  /** What CSV quotes; without it texts and times are those of JSON. Bytes, −1: none. */
  readonly csv?: {
    readonly delimiter: number;
    readonly quote: number;
    readonly escape: number;
    readonly comment: number;
    /** Lengths of the texts for NULL. */
    readonly nullLengths: readonly number[];
  };
}

/** A column for the kernel: its kind, digits behind the point, whether it holds instants. Undefined: not one of its types. */
function kindOf(type: DataType): readonly [kind: number, digits: number, zoned: number] | undefined {
  switch (type.kind) {
    case "boolean":
      return [0, 0, 0];
    case "int8":
      return [1, 0, 0];
    case "int16":
      return [2, 0, 0];
    case "int32":
      return [3, 0, 0];
    case "int64":
    case "interval":
      return [4, 0, 0];
    case "float64":
      return [5, 0, 0];
    case "decimal":
      return type.precision <= 18 ? [6, type.scale, 0] : undefined;
    case "string":
      return [TEXT, 0, 0];
    case "date":
      return [8, 0, 0];
    case "timestamp":
    case "timestamp_ltz":
      return [type.precision > 3 ? 10 : 9, type.precision, type.kind === "timestamp_ltz" ? 1 : 0];
    default:
      return undefined;
  }
}

const TEXT = 7;

export class TextRows {
  readonly #text: RowText;
  readonly #kinds: readonly (readonly [kind: number, digits: number, zoned: number])[];
  /** Bytes of a row without its texts, so far. */
  #rowBytes: number;

  private constructor(text: RowText, kinds: readonly (readonly [kind: number, digits: number, zoned: number])[]) {
    this.#text = text;
    this.#kinds = kinds;
    this.#rowBytes = text.prefixes.reduce((sum, prefix) => sum + prefix.length + 16, 0);
  }

  /** null where the kernel does not know all the types. */
  static of(schema: Schema, text: RowText): TextRows | null {
    const kinds = schema.fields.flatMap(({ type }) => {
      const kind = kindOf(type);
      return kind === undefined ? [] : [kind];
    });
    return kinds.length === 0 || kinds.length < schema.fields.length ? null : new TextRows(text, kinds);
  }

  /**
   * The batch's rows; null where the kernels of formats are not loaded. `cellOf` makes what writes those values of a column to
   * `writer` that the kernel leaves out.
   */
  encode(batch: Batch, writer: JsonWriter, cellOf: (column: number) => Cell): Uint8Array<ArrayBuffer> | null {
    const { account, kernels } = batch.workspace;
    if (!hasFormats(kernels)) return null;
    const { arena, memory } = account;
    const { ptr, textBytes } = this.#describe(batch);
    const context = ptr >>> 2;
    const get = (field: number) => memory.u32[context + field] as number;
    const cells = new Map<number, Cell>();
    let start = 0;
    let end = 0;
    /** Room for so many bytes behind what was written. */
    const widen = (bytes: number): void => {
      const out = get(Context.OUT);
      const moved = arena.allocate(bytes + SLACK_BYTES);
      memory.u8.copyWithin(moved, start, out);
      end = moved + bytes;
      memory.u32[context + Context.OUT] = moved + out - start;
      memory.u32[context + Context.OUT_END] = end;
      start = moved;
    };
    const wanted = (bytes: number): number => 2 * (get(Context.OUT) - start) + bytes + BEHIND_BYTES;
    widen(Math.ceil(1.125 * this.#rowBytes * batch.rowCount) + textBytes + BEHIND_BYTES);
    for (let status = kernels.writeRows(ptr); status < 0; status = kernels.writeRows(ptr)) {
      if (status === Status.NEED_SPACE) {
        widen(wanted(get(Context.NEEDED)));
        continue;
      }
      const column = FIRST_COLUMN - status;
      const cell = cells.get(column) ?? cellOf(column);
      cells.set(column, cell);
      cell(get(Context.ROW));
      const value = writer.take();
      if (end - get(Context.OUT) < value.length + BEHIND_BYTES) widen(wanted(value.length));
      memory.u8.set(value, get(Context.OUT));
      memory.u32[context + Context.OUT] = get(Context.OUT) + value.length;
      memory.u32[context + Context.COLUMN] = column + 1;
    }
    const bytes = memory.u8.slice(start, get(Context.OUT)) as Uint8Array<ArrayBuffer>;
    if (batch.rowCount > 0) this.#rowBytes = Math.max(16, (bytes.length - textBytes) / batch.rowCount);
    return bytes;
  }

  /** Writes context and slots for a batch, in the arena. */
  #describe(batch: Batch): { ptr: number; textBytes: number } {
    const { prefixes, rowEnd, none, csv } = this.#text;
    const columns = this.#kinds.map((_, index) => batch.plainColumn(index));
    const { arena, memory } = batch.workspace.account;
    const ptr = arena.allocateZeroed(CONTEXT_BYTES + this.#kinds.length * SLOT_WORDS * 4);
    const context = ptr >>> 2;
    const slots = context + CONTEXT_BYTES / 4;
    let textBytes = 0;
    this.#kinds.forEach(([kind, digits, zoned], index) => {
      const { values, offsets, validity } = columns[index] as Column;
      const prefix = prefixes[index] as Uint8Array;
      const fields = [kind, values, offsets, validity, lend(batch.workspace, prefix), prefix.length, digits, zoned];
      memory.u32.set(fields, slots + index * SLOT_WORDS);
      if (kind !== TEXT) return;
      const first = offsets >>> 2;
      textBytes += (memory.i32[first + batch.rowCount] as number) - (memory.i32[first] as number);
    });
    const set = (field: number, value: number): void => {
      memory.u32[context + field] = value;
    };
    set(Context.SLOTS, slots << 2);
    set(Context.COLUMN_COUNT, this.#kinds.length);
    set(Context.ROW_COUNT, batch.rowCount);
    set(Context.ROW_END, lend(batch.workspace, rowEnd));
    set(Context.ROW_END_BYTES, rowEnd.length);
    set(Context.NONE, lend(batch.workspace, none));
    set(Context.NONE_BYTES, none.length);
    set(Context.JSON, csv === undefined ? 1 : 0);
    if (csv !== undefined) {
      set(Context.DELIMITER, csv.delimiter);
      set(Context.QUOTE, csv.quote);
      set(Context.ESCAPE, csv.escape);
      set(Context.COMMENT, csv.comment);
      set(
        Context.NULL_LENGTHS,
        csv.nullLengths.reduce((bits, length) => bits | (1 << Math.min(length, 31)), 0),
      );
    }
    return { ptr, textBytes };
  }
}

/** Bytes in the arena. */
function lend({ account }: Workspace, bytes: Uint8Array): number {
  const ptr = account.arena.allocate(bytes.length);
  account.memory.u8.set(bytes, ptr);
  return ptr;
}
