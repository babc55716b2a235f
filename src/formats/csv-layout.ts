// What the CSV decoder and its kernels share in linear memory; mirrors assembly/csv-context.ts. Columns are described to the
// kernels by the slots of json-layout.ts, whose readers of numbers and times they use.

import type { Workspace } from "../arrow/column.js";
import type { Schema } from "../arrow/types.js";
import type { MemoryAccount } from "../wasm/memory.js";
import type { CsvDialect } from "./csv-dialect.js";
import { CONTEXT_BYTES, columnCode, SLOT_BYTES, Slot } from "./json-layout.js";

/** Fields of the context, as u32 numbers from its address. */
export const Csv = {
  VALUES: 0,
  SLOTS: 1,
  COLUMN_COUNT: 2,
  AT: 3,
  END: 4,
  INDEX: 5,
  INDEX_END: 6,
  RECORDS: 7,
  FIELDS: 8,
  ENTRY: 9,
  OUT: 10,
  SURPLUS: 11,
  STATE: 12,
  STRAY_AT: 13,
  RECORDS_MAX: 14,
  RECORD_BYTES_MAX: 15,
  DELIMITER: 16,
  QUOTE: 17,
  ESCAPE: 18,
  COMMENT: 19,
  TRIM: 20,
  PAD: 21,
  POINT: 22,
  THOUSANDS: 23,
  NULLS: 24,
  NULLS_END: 25,
  NULL_LENGTHS: 26,
  SCRATCH: 27,
  SCRATCH_BYTES: 28,
  ROW: 29,
  FROM: 30,
  TO: 31,
  REASON: 32,
  RECORD_START: 33,
  RECORD_END: 34,
  ERROR_AT: 35,
  ERROR_COLUMN: 36,
  FOUND: 37,
  NEEDED: 38,
} as const;

/** Context.STATE inside quotes. */
export const QUOTED = 1;

/** Why the kernels refused a record, beyond the reasons of json-layout.ts. */
export const CsvReason = { WIDTH: 64, STRAY: 65, OPEN: 66 } as const;

/** Bytes of the context, up to where the readers' own begins. */
const HEAD_BYTES = 192;
/** Room for a number or a time that is written in another way than JSON writes it. */
const SCRATCH_BYTES = 1024;
/** Entries of the index, unless one record has more. */
const ENTRIES = 16_384;
/** Entries that 64 bytes make at most (assembly/csv-index.ts). */
const ENTRIES_AHEAD = 128;
/** A quote that is none: a line end, which no field begins with. */
const NO_QUOTE = 0x0a;
/** Column of the decoder (u32 of a slot): the field of a record that it takes. */
const PLACE = 17;

const encoder = new TextEncoder();

/** Where the block lies: context, slots, scratch, texts for NULL, index. Its owner frees it. */
export interface CsvBlock {
  readonly ptr: number;
  readonly bytes: number;
  readonly slots: number;
}

/** What a block is made for. */
export interface CsvPlan {
  readonly schema: Schema;
  /** By column of the schema: the field of a record that it takes. */
  readonly places: readonly number[];
  /** Fields of a record. */
  readonly fieldCount: number;
  readonly dialect: CsvDialect;
  readonly recordBytesMax: number;
}

/** Reserves and fills the block. @throws UNSUPPORTED, MEMORY_LIMIT */
export function openBlock({ account }: Workspace, plan: CsvPlan): CsvBlock {
  const { schema, places, fieldCount, dialect, recordBytesMax } = plan;
  const { fields } = schema;
  const codes = fields.map(({ name, type }) => columnCode(name, type));
  const nulls = dialect.nulls.map((text) => encoder.encode(text));
  const valuesAt = HEAD_BYTES;
  const slotsAt = valuesAt + CONTEXT_BYTES;
  const scratchAt = slotsAt + fields.length * SLOT_BYTES;
  const nullsAt = scratchAt + SCRATCH_BYTES + 32;
  const nullsEnd = nulls.reduce((end, text) => end + 1 + text.length, nullsAt);
  const indexAt = (nullsEnd + 7) & ~7;
  const indexEnd = indexAt + 4 * Math.max(ENTRIES, 2 * (fieldCount + 1) + 2 * ENTRIES_AHEAD);
  const ptr = account.allocate(indexEnd);
  const { u8, u32 } = account.memory;
  u8.fill(0, ptr, ptr + indexAt);
  const context = ptr >>> 2;
  u32[context + Csv.VALUES] = ptr + valuesAt;
  u32[context + Csv.SLOTS] = ptr + slotsAt;
  u32[context + Csv.COLUMN_COUNT] = fields.length;
  u32[context + Csv.INDEX] = ptr + indexAt;
  u32[context + Csv.INDEX_END] = ptr + indexEnd;
  u32[context + Csv.FIELDS] = fieldCount;
  u32[context + Csv.RECORDS_MAX] = 0xffff_ffff;
  u32[context + Csv.RECORD_BYTES_MAX] = recordBytesMax;
  u32[context + Csv.DELIMITER] = dialect.delimiter.charCodeAt(0);
  u32[context + Csv.QUOTE] = dialect.quote === "" ? NO_QUOTE : dialect.quote.charCodeAt(0);
  u32[context + Csv.ESCAPE] = dialect.quote === "" ? NO_QUOTE : dialect.escape.charCodeAt(0);
  u32[context + Csv.COMMENT] = dialect.comment === "" ? 0 : dialect.comment.charCodeAt(0);
  u32[context + Csv.TRIM] = Number(dialect.trim);
  u32[context + Csv.PAD] = Number(dialect.pad);
  u32[context + Csv.POINT] = dialect.decimal.charCodeAt(0);
  u32[context + Csv.THOUSANDS] = dialect.thousands === "" ? 0 : dialect.thousands.charCodeAt(0);
  u32[context + Csv.NULLS] = ptr + nullsAt;
  u32[context + Csv.NULLS_END] = ptr + nullsEnd;
  u32[context + Csv.NULL_LENGTHS] = nulls.reduce((bits, { length }) => bits | (1 << Math.min(length, 31)), 0);
  u32[context + Csv.SCRATCH] = ptr + scratchAt;
  u32[context + Csv.SCRATCH_BYTES] = SCRATCH_BYTES;
  let at = ptr + nullsAt;
  for (const text of nulls) {
    u8[at] = text.length;
    u8.set(text, at + 1);
    at += 1 + text.length;
  }
  fields.forEach(({ nullable }, column) => {
    const slot = (ptr + slotsAt + column * SLOT_BYTES) >>> 2;
    const code = codes[column] as (typeof codes)[number];
    u32[slot + PLACE] = places[column] as number;
    u32[slot + Slot.TYPE] = code.type;
    u32[slot + Slot.REQUIRED] = nullable ? 0 : 1;
    u32[slot + Slot.PRECISION] = code.precision;
    u32[slot + Slot.SCALE] = code.scale;
  });
  return { ptr, bytes: indexEnd, slots: ptr + slotsAt };
}

/** Index in the u32 view of a column's slot. */
export function slotOf({ slots }: CsvBlock, column: number): number {
  return (slots + column * SLOT_BYTES) >>> 2;
}

/** Gives the block back. */
export function closeBlock(account: MemoryAccount, { ptr, bytes }: CsvBlock): void {
  account.free(ptr, bytes);
}
