// CSV decoding: the memory that host and kernels share. Mirrored by src/formats/csv-layout.ts.
//
//   CsvContext │ Context of the value readers (json-context.ts) │ a Slot a column │ scratch │ NULL texts │ index
//
// The index has one entry more than the records have fields for every record:
//
//   │ start − 1 │ end of field 0 │ end of field 1 │ … │     field i: the bytes from entry[i] + 1 to entry[i + 1]
//
// A field that is missing ends before it starts.

/** One decoder's state. Pointers are addresses, everything else is counted in its unit. */
@unmanaged
export class CsvContext {
  /** The Context of the value readers, the first column's slot, how many columns there are. */
  values: u32;
  slots: u32;
  columnCount: u32;
  /** Next byte to index, and the address behind the last byte there is. */
  at: u32;
  end: u32;
  /** The index, the end of its room, and how many records of it are whole. */
  index: u32;
  indexEnd: u32;
  records: u32;
  /** Fields of every record. */
  fields: u32;
  /** The record that is being indexed: its first entry, the next one, fields beyond those that fit. */
  entry: u32;
  out: u32;
  surplus: u32;
  state: u32;
  /** Its first byte behind a closing quote that does not belong there, or 0. */
  strayAt: u32;
  /** Records that may be indexed before the host is asked, and bytes of the longest one. */
  recordsMax: u32;
  recordBytesMax: u32;
  /** Bytes with a meaning: a quote of 0x0a is none, a comment of 0 is none. */
  delimiter: u32;
  quote: u32;
  escape: u32;
  comment: u32;
  /** 1: blanks around fields are no part of them. 1: missing fields are NULL. */
  trim: u32;
  pad: u32;
  /** The decimal point, and the mark between thousands or 0. */
  point: u32;
  thousands: u32;
  /** Texts that are NULL: a byte of length, then the text; bit n is set when one has n bytes, bit 31 for longer ones. */
  nulls: u32;
  nullsEnd: u32;
  nullLengths: u32;
  scratch: u32;
  scratchBytes: u32;
  /** Rows written to the columns; the first record of the index to decode and the one behind the last. */
  row: u32;
  from: u32;
  to: u32;
  /** The refused record: why, its bytes (line end excluded), the byte at fault, the column or −1, its fields. */
  reason: u32;
  recordStart: u32;
  recordEnd: u32;
  errorAt: u32;
  errorColumn: i32;
  found: u32;
  /** Bytes that a text column needs. */
  needed: u32;
}

/** Where the index stands in a record. */
export namespace State {
  export const TEXT: u32 = 0;
  export const QUOTED: u32 = 1;
  export const COMMENT: u32 = 2;
}

/** Why a record is refused, beyond the reasons of json-context.ts. */
export namespace CsvReason {
  export const WIDTH: u32 = 64;
  export const STRAY: u32 = 65;
}

@inline
export function isBlank(c: u8): bool {
  return c == 0x20 || c == 0x09;
}
