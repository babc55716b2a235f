// The two entropy coders of Zstandard (RFC 8878, section 4): finite state entropy (FSE) tables and Huffman-coded literals.
// Both read their bits backwards: from the last byte's highest set bit, which marks the end, down to the first byte.
import { CORRUPT } from "./status";

// Room for one frame, given by the host:
//
//     0 Huffman table, 2,048 × {symbol u8, bits u8} │ 4096 literal lengths, 8192 offsets, 10240 match lengths: FSE tables
//     14336 counts, 14464 next states, 14592 weights, 14848 their FSE table │ 15360 Frame │ 15872 values of symbols, 64 × 8
//     16384 literals, 128 KiB and the slack
export const LITERAL_LENGTHS: usize = 4096;
export const OFFSETS: usize = 8192;
export const MATCH_LENGTHS: usize = 10240;
const COUNTS: usize = 14336;
const NEXT: usize = 14464;
const WEIGHTS: usize = 14592;
const WEIGHT_TABLE: usize = 14848;
const FRAME: usize = 15360;
const VALUES: usize = 15872;
export const LITERALS: usize = 16384;
export const BLOCK_BYTES_MAX: u32 = 131072;

/** What lives from block to block. Bits of a table are −1 until there is one. */
@unmanaged
export class Frame {
  offset1: u32;
  offset2: u32;
  offset3: u32;
  huffmanBits: i32;
  literalBits: i32;
  offsetBits: i32;
  matchBits: i32;
  /** Bits and symbols of the counts that were read last. */
  bits: i32;
  symbols: i32;
  /** The current block's literals. */
  literals: u32;
  literalCount: u32;
}

@inline
export function frameOf(scratch: usize): Frame {
  return changetype<Frame>(scratch + FRAME);
}

/** Whose symbols a table holds; it says what a symbol's value is. */
export const WEIGHT_SYMBOLS: i32 = 0;
export const LITERAL_SYMBOLS: i32 = 1;
export const OFFSET_SYMBOLS: i32 = 2;
export const MATCH_SYMBOLS: i32 = 3;

/** Bits that follow a symbol and are added to its value (RFC 8878, section 3.1.1.3.2.1.1). */
function extraBits(kind: i32, symbol: i32): i32 {
  if (kind == OFFSET_SYMBOLS) return symbol;
  // From one symbol on a nibble each, then one bit more each.
  if (kind == LITERAL_SYMBOLS) {
    if (symbol < 16) return 0;
    return symbol < 25 ? <i32>((<u64>0x433221111 >> ((<u64>(symbol - 16)) << 2)) & 15) : symbol - 19;
  }
  if (kind == MATCH_SYMBOLS) {
    if (symbol < 32) return 0;
    return symbol < 43 ? <i32>((<u64>0x54433221111 >> ((<u64>(symbol - 32)) << 2)) & 15) : symbol - 36;
  }
  return 0;
}

@inline
function countAt(scratch: usize, symbol: i32): i32 {
  return load<i16>(scratch + COUNTS + ((<usize>symbol) << 1));
}

@inline
function setCount(scratch: usize, symbol: i32, count: i32): void {
  store<i16>(scratch + COUNTS + ((<usize>symbol) << 1), count);
}

/** Reads a table's description: bits and a count a symbol (section 4.1.1). Returns its bytes. */
export function readCounts(from: usize, end: usize, bitsMax: i32, symbolsMax: i32, scratch: usize): i32 {
  const limit = (<u32>(end - from)) << 3;
  if (limit < 8) return CORRUPT;
  const bits = (<i32>load<u8>(from) & 15) + 5;
  if (bits > bitsMax) return CORRUPT;
  let at: u32 = 4;
  let remaining = 1 << bits;
  let symbol = 0;
  while (remaining > 0) {
    if (symbol >= symbolsMax || at >= limit) return CORRUPT;
    // A count takes as many bits as what remains; the smallest values take one bit less.
    const width = 32 - clz(remaining + 1);
    const low = (1 << (width - 1)) - 1;
    const threshold = (1 << width) - 2 - remaining;
    let value = <i32>(load<u32>(from + <usize>(at >>> 3)) >>> (at & 7)) & ((1 << width) - 1);
    if ((value & low) < threshold) {
      value &= low;
      at += width - 1;
    } else {
      if (value > low) value -= threshold;
      at += width;
    }
    const count = value - 1;
    remaining -= count < 0 ? 1 : count;
    setCount(scratch, symbol++, count);
    if (count != 0) continue;
    // How many symbols more have no count: two bits at a time, 3 goes on.
    let repeat: u32 = 3;
    while (repeat == 3) {
      if (at >= limit) return CORRUPT;
      repeat = (load<u16>(from + <usize>(at >>> 3)) >>> (at & 7)) & 3;
      at += 2;
      if (symbol + <i32>repeat > symbolsMax) return CORRUPT;
      for (let i: u32 = 0; i < repeat; i++) setCount(scratch, symbol++, 0);
    }
  }
  if (remaining != 0 || at > limit) return CORRUPT;
  const frame = frameOf(scratch);
  frame.bits = bits;
  frame.symbols = symbol;
  return (at + 7) >>> 3;
}

/** Counts of the tables that need no description (section 3.1.1.3.2.2): count + 1 of 16 symbols, a nibble each. */
function defaultNibbles(kind: i32, group: i32): u64 {
  if (kind == LITERAL_SYMBOLS) return group == 0 ? 0x2223333333333345 : group == 1 ? 0x2222234333333333 : 0;
  if (kind == OFFSET_SYMBOLS) return group == 0 ? 0x2222222333222222 : 0x22222222;
  if (group == 0) return 0x2222222333333452;
  return group == 1 ? 0x2222222222222222 : group == 2 ? 0x22222222222222 : 0;
}

export function defaultCounts(kind: i32, scratch: usize): void {
  const frame = frameOf(scratch);
  frame.bits = kind == OFFSET_SYMBOLS ? 5 : 6;
  frame.symbols = kind == LITERAL_SYMBOLS ? 36 : kind == OFFSET_SYMBOLS ? 29 : 53;
  for (let symbol = 0; symbol < frame.symbols; symbol++) {
    const nibbles = defaultNibbles(kind, symbol >> 4);
    setCount(scratch, symbol, <i32>((nibbles >> ((<u64>(symbol & 15)) << 2)) & 15) - 1);
  }
}

/**
 * An entry of an FSE table, 8 bytes. It gives a value, which `extra` bits are added to, and the next state: `next` plus
 * `bits` bits.
 */
@unmanaged
export class Entry {
  next: u16;
  bits: u8;
  extra: u8;
  value: u32;
}

/** Entry of a state. */
@inline
export function entryAt(table: usize, state: u32): Entry {
  return changetype<Entry>(table + ((<usize>state) << 3));
}

/** Builds the table of the counts that were read last (section 4.1.1). Returns its bits, or CORRUPT. */
export function buildTable(table: usize, kind: i32, scratch: usize): i32 {
  const frame = frameOf(scratch);
  const bits = frame.bits;
  const size = 1 << bits;
  const mask = size - 1;
  const step = (size >> 1) + (size >> 3) + 3;
  fillValues(kind, frame.symbols, scratch);
  // Symbols rarer than one state in the table's size stand at its end, and take a whole read each.
  let high = size - 1;
  for (let symbol = 0; symbol < frame.symbols; symbol++) {
    if (countAt(scratch, symbol) < 0) entryAt(table, high--).next = <u16>symbol;
  }
  // All others are strewn over the rest. `next` holds the symbol until the second pass.
  let at = 0;
  for (let symbol = 0; symbol < frame.symbols; symbol++) {
    const count = countAt(scratch, symbol);
    store<u16>(scratch + NEXT + ((<usize>symbol) << 1), count < 0 ? 1 : count);
    for (let i = 0; i < count; i++) {
      entryAt(table, at).next = <u16>symbol;
      do at = (at + step) & mask;
      while (at > high);
    }
  }
  if (at != 0) return CORRUPT;
  for (let state = 0; state < size; state++) {
    const entry = entryAt(table, state);
    const symbol = <i32>entry.next;
    const place = scratch + NEXT + ((<usize>symbol) << 1);
    const next = <u32>load<u16>(place);
    store<u16>(place, next + 1);
    const width = bits - (31 - clz(next));
    entry.next = <u16>((next << width) - size);
    entry.bits = <u8>width;
    setValue(entry, symbol, scratch);
  }
  return bits;
}

/** A table of one symbol that takes no bits. */
export function buildSingle(table: usize, kind: i32, symbol: i32, scratch: usize): i32 {
  fillValues(kind, symbol + 1, scratch);
  const entry = entryAt(table, 0);
  entry.next = 0;
  entry.bits = 0;
  setValue(entry, symbol, scratch);
  return 0;
}

/** Values of a kind lie side by side: each symbol covers as many as its extra bits count. */
function fillValues(kind: i32, symbols: i32, scratch: usize): void {
  let value: u32 = kind == MATCH_SYMBOLS ? 3 : kind == OFFSET_SYMBOLS ? 1 : 0;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const extra = extraBits(kind, symbol);
    const place = scratch + VALUES + ((<usize>symbol) << 3);
    store<u32>(place, value);
    store<u8>(place, extra, 4);
    value += (<u32>1) << extra;
  }
}

@inline
function setValue(entry: Entry, symbol: i32, scratch: usize): void {
  const place = scratch + VALUES + ((<usize>symbol) << 3);
  entry.value = load<u32>(place);
  entry.extra = load<u8>(place, 4);
}

/** Bits left in a backward stream from `from` to `end`; −1 when its last byte marks no end. */
export function openBits(from: usize, end: usize): i32 {
  if (end <= from) return -1;
  const last = <u32>load<u8>(end - 1);
  return last == 0 ? -1 : ((<i32>(end - from)) << 3) - <i32>clz(last) + 23;
}

/** At least 57 bits that end at bit `left` of a stream, the next ones highest. What lies before the stream is no data. */
@inline
export function peekBits(from: usize, left: i32): u64 {
  const bytes = (left + 7) >> 3;
  return load<u64>(from + bytes - 8) << (<u64>((bytes << 3) - left));
}

/** The highest `count` bits. Two shifts, so that 0 bits give 0. */
@inline
export function topBits(bits: u64, count: u32): u32 {
  return <u32>((bits >>> 1) >>> (63 - <u64>count));
}

/** Reads a Huffman table's description (section 4.2.1) and builds it. Returns the description's bytes. */
export function readHuffman(from: usize, end: usize, scratch: usize): i32 {
  if (from >= end) return CORRUPT;
  const head = <i32>load<u8>(from++);
  const weights = scratch + WEIGHTS;
  let count: i32;
  let bytes: i32;
  if (head >= 128) {
    count = head - 127;
    bytes = (count + 1) >> 1;
    if (from + bytes > end) return CORRUPT;
    for (let i = 0; i < count; i++) {
      const pair = <u32>load<u8>(from + (i >> 1));
      store<u8>(weights + i, i & 1 ? pair & 15 : pair >>> 4);
    }
  } else {
    bytes = head;
    if (from + bytes > end) return CORRUPT;
    count = decodeWeights(from, from + bytes, scratch);
    if (count < 0) return CORRUPT;
  }
  const bits = buildHuffman(count, scratch);
  if (bits < 0) return CORRUPT;
  frameOf(scratch).huffmanBits = bits;
  return bytes + 1;
}

/** Weights coded with FSE by two states that take turns (section 4.2.1.2). Returns how many, at most 255. */
function decodeWeights(from: usize, end: usize, scratch: usize): i32 {
  const described = readCounts(from, end, 6, 13, scratch);
  if (described < 0) return CORRUPT;
  const table = scratch + WEIGHT_TABLE;
  const bits = buildTable(table, WEIGHT_SYMBOLS, scratch);
  if (bits < 0) return CORRUPT;
  from += described;
  let left = openBits(from, end);
  if (left < bits << 1) return CORRUPT;
  const weights = scratch + WEIGHTS;
  let container = peekBits(from, left);
  let state = topBits(container, bits);
  let other = topBits(container << (<u64>bits), bits);
  left -= bits << 1;
  for (let count = 0; count < 254; ) {
    const entry = entryAt(table, state);
    store<u8>(weights + count++, entry.value);
    container = peekBits(from, left);
    left -= entry.bits;
    // A state that asks for more bits than there are was the last one; the other's symbol still counts.
    if (left < 0) {
      store<u8>(weights + count++, entryAt(table, other).value);
      return count;
    }
    state = other;
    other = entry.next + topBits(container, entry.bits);
  }
  return CORRUPT;
}

/** The table of `count` weights and one more, which follows from them. Returns its bits, at most 11. */
function buildHuffman(count: i32, scratch: usize): i32 {
  const weights = scratch + WEIGHTS;
  let total: u32 = 0;
  for (let i = 0; i < count; i++) {
    const weight = <u32>load<u8>(weights + i);
    if (weight > 11) return CORRUPT;
    total += ((<u32>1) << weight) >>> 1;
  }
  if (total == 0) return CORRUPT;
  const bits = 32 - clz(total);
  const rest = ((<u32>1) << bits) - total;
  if (bits > 11 || popcnt(rest) != 1) return CORRUPT;
  store<u8>(weights + count, ctz(rest) + 1);
  // Light symbols, which have the long codes, come first.
  let at = scratch;
  for (let weight: u32 = 1; weight <= <u32>bits; weight++) {
    for (let symbol = 0; symbol <= count; symbol++) {
      if (load<u8>(weights + symbol) != weight) continue;
      const entry = <u16>(symbol | ((bits + 1 - weight) << 8));
      for (const stop = at + ((<usize>1) << weight); at < stop; at += 2) store<u16>(at, entry);
    }
  }
  return bits;
}

/** The symbol at the top of `bits`: {symbol u8, bits u8}. */
@inline
function symbolOf(table: usize, bits: u64, shift: u64): u32 {
  return load<u16>(table + ((<usize>(bits >>> shift)) << 1));
}

/** Decodes one stream of exactly `count` literals. False when it does not hold them. */
function decodeStream(from: usize, left: i32, out: usize, count: u32, scratch: usize): bool {
  const shift = <u64>(64 - frameOf(scratch).huffmanBits);
  for (const stop = out + <usize>count; out < stop; out++) {
    if (left <= 0) return false;
    const entry = symbolOf(scratch, peekBits(from, left), shift);
    store<u8>(out, entry);
    left -= entry >>> 8;
  }
  return left == 0;
}

/** Decodes `count` literals of one stream, or of four that follow a table of their sizes, to `out`. */
export function decodeHuffman(from: usize, end: usize, four: bool, out: usize, count: u32, scratch: usize): bool {
  if (!four) return decodeStream(from, openBits(from, end), out, count, scratch);
  if (end - from < 10 || count < 6) return false;
  const from0 = from + 6;
  const from1 = from0 + <usize>load<u16>(from);
  const from2 = from1 + <usize>load<u16>(from, 2);
  const from3 = from2 + <usize>load<u16>(from, 4);
  if (from3 >= end) return false;
  let left0 = openBits(from0, from1);
  let left1 = openBits(from1, from2);
  let left2 = openBits(from2, from3);
  let left3 = openBits(from3, end);
  const quarter = (count + 3) >>> 2;
  if (quarter * 3 > count) return false;
  let out0 = out;
  let out1 = out0 + <usize>quarter;
  let out2 = out1 + <usize>quarter;
  let out3 = out2 + <usize>quarter;
  const shift = <u64>(64 - frameOf(scratch).huffmanBits);
  const last = out + <usize>count;
  // Five symbols of at most 11 bits from the 57 that one load gives, of four streams at once.
  while (out3 + 5 <= last && (left0 | left1 | left2 | left3) >= 0) {
    let bits0 = peekBits(from0, left0);
    let bits1 = peekBits(from1, left1);
    let bits2 = peekBits(from2, left2);
    let bits3 = peekBits(from3, left3);
    for (let i = 0; i < 5; i++) {
      const entry0 = symbolOf(scratch, bits0, shift);
      const entry1 = symbolOf(scratch, bits1, shift);
      const entry2 = symbolOf(scratch, bits2, shift);
      const entry3 = symbolOf(scratch, bits3, shift);
      store<u8>(out0++, entry0);
      store<u8>(out1++, entry1);
      store<u8>(out2++, entry2);
      store<u8>(out3++, entry3);
      bits0 <<= <u64>(entry0 >>> 8);
      bits1 <<= <u64>(entry1 >>> 8);
      bits2 <<= <u64>(entry2 >>> 8);
      bits3 <<= <u64>(entry3 >>> 8);
      left0 -= entry0 >>> 8;
      left1 -= entry1 >>> 8;
      left2 -= entry2 >>> 8;
      left3 -= entry3 >>> 8;
    }
  }
  const done = <u32>(out0 - out);
  return (
    decodeStream(from0, left0, out0, quarter - done, scratch) &&
    decodeStream(from1, left1, out1, quarter - done, scratch) &&
    decodeStream(from2, left2, out2, quarter - done, scratch) &&
    decodeStream(from3, left3, out3, <u32>(last - out3), scratch)
  );
}
