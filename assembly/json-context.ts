// NDJSON decoding: the memory that host and kernel share, and what every part of the decoder needs of it.
// Mirrored by src/formats/json-layout.ts.
//
//   Context │ Slot 0: before the first key │ Slot 1: any other key │ one Slot a column │ slots learned for other keys
//
// A slot is one key. It remembers the text that stood before its value last time, and which key came next, so that the
// usual line (the keys of the line before, in its order) costs one 16-byte comparison a key.

/** Bytes of a slot. */
export const SLOT_BYTES: usize = 160;
/** Nesting that is accepted; the record itself is the first level. */
export const DEPTH_MAX: u32 = 128;
/** Longest text before a value that a slot remembers. */
export const TEXT_MAX: usize = 32;

/** One decoder's state. Pointers are addresses, everything else is counted in its unit. */
@unmanaged
export class Context {
  /** Next byte to decode, and the address behind the last line end of the input. */
  at: u32;
  end: u32;
  /** Rows written to the columns, and how many they have room for. */
  row: u32;
  rowsMax: u32;
  /** Line ends passed; the host takes and clears it. */
  lines: u32;
  /** Longest record in bytes. */
  recordMax: u32;
  /** The refused record: why, its bytes (line end excluded), the byte at fault, and the slot whose value it is or 0. */
  reason: u32;
  recordStart: u32;
  recordEnd: u32;
  errorAt: u32;
  errorSlot: u32;
  /** The first slot; slots in use, of columns, and that there is room for; the two that stand for no name are not counted. */
  slots: u32;
  slotCount: u32;
  columnCount: u32;
  slotsMax: u32;
  /** Open addressing: u32 slot addresses, 0 is free; at most half full. */
  table: u32;
  tableMask: u32;
  /** How many columns are NOT NULL. */
  required: u32;
  /** Room for a decoded key or time: as long as the longest column name, at least 256 bytes. */
  scratch: u32;
  scratchBytes: u32;
  /** Results of a step beside the address it returns: the slot of a key, the end of a decoded string. */
  found: u32;
  out: u32;
  /** A scanned number: (−1)^negative × mantissa × 10^exponent, plus digits that were not kept when `inexact`. */
  negative: u32;
  exponent: i32;
  inexact: u32;
  /** Where the digits begin that were not kept. */
  rest: u32;
  mantissa: u64;
  /** The last date read as its 10 bytes, and what it means. */
  dateHead: u64;
  dateTail: u32;
  days: i32;
  /** The time read last: milliseconds of the day (beyond it when an offset moved it), and microseconds beside them. */
  clockMs: i32;
  micros: u32;
}

/** Behind the context's fields, within its 1,536 bytes: one byte an open bracket, then room for two big numbers. */
export const STACK: usize = 256;
export const BIG: usize = 512;

/** One key. Offsets are drawn in src/formats/json-layout.ts. */
@unmanaged
export class Slot {
  /** The text between `,` or `{` and the value as last seen; `mask` is 0xff for its bytes. Never matches while unknown. */
  text0: v128;
  text1: v128;
  mask0: v128;
  mask1: v128;
  textLength: u32;
  /** The slot that came next, last time. */
  next: u32;
  type: u32;
  /** Rows written to this column, null or not: `row` before and `row + 1` behind the value of a row. */
  filled: u32;
  values: u32;
  validity: u32;
  offsets: u32;
  /** Strings: bytes written, and how many may be before a 16-byte store. */
  used: u32;
  room: u32;
  nulls: u32;
  /** 1 for NOT NULL. */
  required: u32;
  /** Decimals: digits before and after the point together, and after it. Timestamps: digits of the fraction. */
  precision: u32;
  scale: u32;
  /** UTF-8 of the key. */
  name: u32;
  nameLength: u32;
  hash: u32;
}

/** What a slot's values become. */
export namespace Type {
  export const SKIP: u32 = 0;
  export const STRING: u32 = 1;
  export const INT64: u32 = 2;
  export const FLOAT64: u32 = 3;
  export const TIMESTAMP_MS: u32 = 4;
  export const BOOLEAN: u32 = 5;
  export const INT32: u32 = 6;
  export const DECIMAL64: u32 = 7;
  export const TIMESTAMP_US: u32 = 8;
  export const DATE: u32 = 9;
  export const TIME: u32 = 10;
  export const INT16: u32 = 11;
  export const INT8: u32 = 12;
  export const FLOAT32: u32 = 13;
  export const DECIMAL128: u32 = 14;
  export const BINARY: u32 = 15;
  /** An array or object, kept as its text. */
  export const RAW: u32 = 16;
}

/** Why a record is refused. The host makes code and message of it. */
export namespace Reason {
  export const NONE: u32 = 0;
  /** The values of one string column need more room: no fault of the record. */
  export const SPACE: u32 = 1;
  export const TOO_LARGE: u32 = 2;
  export const DEPTH: u32 = 3;
  export const NOT_OBJECT: u32 = 4;
  export const ARRAY: u32 = 5;
  export const EXPECTED_KEY: u32 = 6;
  export const EXPECTED_COLON: u32 = 7;
  export const EXPECTED_VALUE: u32 = 8;
  export const EXPECTED_COMMA: u32 = 9;
  export const TRAILING: u32 = 10;
  export const NUMBER: u32 = 11;
  export const ESCAPE: u32 = 12;
  export const CONTROL: u32 = 13;
  export const OPEN_STRING: u32 = 14;
  export const UTF8: u32 = 15;
  export const SURROGATE: u32 = 16;
  export const WRONG_TYPE: u32 = 17;
  export const NULL: u32 = 18;
  export const MISSING: u32 = 19;
  export const NOT_INTEGER: u32 = 20;
  export const RANGE: u32 = 21;
  export const DIGITS: u32 = 22;
  export const TIME_FORMAT: u32 = 23;
  export const TIME_RANGE: u32 = 24;
  export const TIME_DIGITS: u32 = 25;
  export const TIME_ZONE: u32 = 26;
  export const BASE64: u32 = 27;
}

/** Notes why and where the record is refused; gives 0, the address that stands for failure. */
export function refuse(context: Context, reason: u32, at: usize): usize {
  context.reason = reason;
  context.errorAt = <u32>at;
  return 0;
}

/** The first byte that is no blank, of JSON's four without the line end: blank, tab, carriage return. */
export function skipBlanks(at: usize): usize {
  while (true) {
    const c = load<u8>(at);
    if (c != 0x20 && c != 0x09 && c != 0x0d) return at;
    at++;
  }
}
