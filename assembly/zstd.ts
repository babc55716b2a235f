// Zstandard frames (RFC 8878) → bytes, for pages whose uncompressed size is known: the output is one block, so that matches
// reach back over all of it and no window is kept. Dictionaries are refused, checksums passed over. Every read and write is
// checked against its end; up to 16 bytes around a buffer may be touched but are never used.
import { copyBytes, copyMatch } from "./snappy";
import { CORRUPT } from "./status";
import {
  BLOCK_BYTES_MAX,
  buildSingle,
  buildTable,
  decodeHuffman,
  defaultCounts,
  entryAt,
  frameOf,
  LITERAL_LENGTHS,
  LITERAL_SYMBOLS,
  LITERALS,
  MATCH_LENGTHS,
  MATCH_SYMBOLS,
  OFFSET_SYMBOLS,
  OFFSETS,
  openBits,
  peekBits,
  readCounts,
  readHuffman,
  topBits,
} from "./zstd-entropy";

const MAGIC: u32 = 0xfd2fb528;
/** Frames that hold no data: 0x184D2A50 to 0x184D2A5F, then their length. */
const SKIPPABLE: u32 = 0x184d2a50;

/**
 * Uncompresses `bytes` bytes of frames into `out`, which has room for `size` bytes and the slack. `scratch`: 147,488 bytes,
 * contents of no matter. Returns `size`, or CORRUPT when the frames do not hold exactly so many.
 */
export function decodeZstd(from: usize, bytes: u32, out: usize, size: u32, scratch: usize): i32 {
  const end = from + <usize>bytes;
  const stop = out + <usize>size;
  while (from < end) {
    if (end - from < 8) return CORRUPT;
    const magic = load<u32>(from);
    if ((magic & 0xfffffff0) == SKIPPABLE) {
      const length = <usize>load<u32>(from, 4);
      if (length > end - from - 8) return CORRUPT;
      from += 8 + length;
      continue;
    }
    const header = frameHeaderBytes(from, end);
    if (magic != MAGIC || header < 0) return CORRUPT;
    const hasChecksum = load<u8>(from, 4) & 4;
    const frame = frameOf(scratch);
    frame.offset1 = 1;
    frame.offset2 = 4;
    frame.offset3 = 8;
    frame.huffmanBits = -1;
    frame.literalBits = -1;
    frame.offsetBits = -1;
    frame.matchBits = -1;
    const start = out;
    from += header;
    let isLast: u32 = 0;
    while (!isLast) {
      if (end - from < 3) return CORRUPT;
      const block = <u32>load<u16>(from) | ((<u32>load<u8>(from, 2)) << 16);
      from += 3;
      isLast = block & 1;
      const type = (block >>> 1) & 3;
      const length = <usize>(block >>> 3);
      if (type == 0) {
        if (length > end - from || length > stop - out) return CORRUPT;
        memory.copy(out, from, length);
        from += length;
        out += length;
      } else if (type == 1) {
        if (from == end || length > stop - out) return CORRUPT;
        memory.fill(out, load<u8>(from), length);
        from += 1;
        out += length;
      } else if (type == 2) {
        if (length > end - from) return CORRUPT;
        out = decodeBlock(from, from + length, out, start, stop, scratch);
        if (out == 0) return CORRUPT;
        from += length;
      } else {
        return CORRUPT;
      }
    }
    if (hasChecksum) from += 4;
    if (from > end) return CORRUPT;
  }
  return out == stop ? <i32>size : CORRUPT;
}

/** Magic number, descriptor, window, dictionary and content size (section 3.1.1.1); CORRUPT when they are not all there. */
function frameHeaderBytes(from: usize, end: usize): i32 {
  const descriptor = <u32>load<u8>(from, 4);
  const isSingle = (descriptor >>> 5) & 1;
  const sizeFlag = descriptor >>> 6;
  // A dictionary, or a bit that is reserved.
  if ((descriptor & 3) != 0 || (descriptor & 8) != 0) return CORRUPT;
  const sizeBytes = sizeFlag == 0 ? isSingle : (<u32>1) << sizeFlag;
  const bytes = 6 - isSingle + sizeBytes;
  return <usize>bytes > end - from ? CORRUPT : bytes;
}

/** One compressed block: literals, then sequences of literals and matches. Returns the output's new end, 0 if corrupt. */
function decodeBlock(from: usize, end: usize, out: usize, start: usize, stop: usize, scratch: usize): usize {
  const frame = frameOf(scratch);
  const used = readLiterals(from, end, scratch);
  if (used < 0) return 0;
  from += used;
  if (from >= end) return 0;
  let count = <i32>load<u8>(from++);
  if (count >= 128) {
    // Two bytes, or three.
    if (from + 2 > end) return 0;
    if (count < 255) {
      count = ((count - 128) << 8) + <i32>load<u8>(from++);
    } else {
      count = <i32>load<u16>(from) + 0x7f00;
      from += 2;
    }
  }
  let literals = <usize>frame.literals;
  const literalsEnd = literals + <usize>frame.literalCount;
  if (count > 0) {
    if (from >= end) return 0;
    const modes = <u32>load<u8>(from++);
    if (modes & 3) return 0;
    const afterLiterals = readTable(from, end, modes >>> 6, LITERAL_SYMBOLS, scratch);
    if (afterLiterals == 0) return 0;
    const afterOffsets = readTable(afterLiterals, end, (modes >>> 4) & 3, OFFSET_SYMBOLS, scratch);
    if (afterOffsets == 0) return 0;
    const afterMatches = readTable(afterOffsets, end, (modes >>> 2) & 3, MATCH_SYMBOLS, scratch);
    if (afterMatches == 0) return 0;
    out = runSequences(afterMatches, end, count, out, start, stop, scratch);
    if (out == 0) return 0;
    literals = <usize>frame.literals;
  }
  const rest = literalsEnd - literals;
  if (rest > stop - out) return 0;
  copyBytes(out, literals, rest);
  return out + rest;
}

/** The literals section (3.1.1.3.1); sets the frame's literals. Returns its bytes. */
function readLiterals(from: usize, end: usize, scratch: usize): i32 {
  if (end - from < 1) return CORRUPT;
  const frame = frameOf(scratch);
  const head = <u32>load<u8>(from);
  const type = head & 3;
  const format = (head >>> 2) & 3;
  // Up to 5 bytes of header, of which those beyond the end are no data.
  const bits = load<u64>(from);
  if (type < 2) {
    const headBytes = format == 1 ? 2 : format == 3 ? 3 : 1;
    const count = <u32>(
      (headBytes == 1 ? (bits & 0xff) >>> 3 : headBytes == 2 ? (bits & 0xffff) >>> 4 : (bits & 0xffffff) >>> 4)
    );
    const dataBytes = type == 0 ? count : 1;
    if (count > BLOCK_BYTES_MAX || <usize>(headBytes + dataBytes) > end - from) return CORRUPT;
    frame.literalCount = count;
    if (type == 0) {
      frame.literals = <u32>(from + headBytes);
    } else {
      frame.literals = <u32>(scratch + LITERALS);
      memory.fill(scratch + LITERALS, load<u8>(from + headBytes), count);
    }
    return headBytes + dataBytes;
  }
  const width: u64 = format < 2 ? 10 : format == 2 ? 14 : 18;
  const headBytes = format < 2 ? 3 : format == 2 ? 4 : 5;
  const mask = ((<u64>1) << width) - 1;
  const count = <u32>((bits >>> 4) & mask);
  const dataBytes = <u32>((bits >>> (4 + width)) & mask);
  if (count > BLOCK_BYTES_MAX || <usize>(headBytes + dataBytes) > end - from) return CORRUPT;
  let data = from + headBytes;
  const dataEnd = data + <usize>dataBytes;
  if (type == 2) {
    const described = readHuffman(data, dataEnd, scratch);
    if (described < 0) return CORRUPT;
    data += described;
  }
  if (frame.huffmanBits < 0) return CORRUPT;
  if (!decodeHuffman(data, dataEnd, format != 0, scratch + LITERALS, count, scratch)) return CORRUPT;
  frame.literals = <u32>(scratch + LITERALS);
  frame.literalCount = count;
  return headBytes + dataBytes;
}

/** A table of the sequences section by its mode: predefined, one symbol, described, the last block's. Returns what follows. */
function readTable(from: usize, end: usize, mode: u32, kind: i32, scratch: usize): usize {
  const frame = frameOf(scratch);
  const isLiteral = kind == LITERAL_SYMBOLS;
  const isOffset = kind == OFFSET_SYMBOLS;
  const table = scratch + (isLiteral ? LITERAL_LENGTHS : isOffset ? OFFSETS : MATCH_LENGTHS);
  const symbols = isLiteral ? 36 : isOffset ? 32 : 53;
  let bits: i32;
  if (mode == 0) {
    defaultCounts(kind, scratch);
    bits = buildTable(table, kind, scratch);
  } else if (mode == 1) {
    if (from >= end) return 0;
    const symbol = <i32>load<u8>(from++);
    if (symbol >= symbols) return 0;
    bits = buildSingle(table, kind, symbol, scratch);
  } else if (mode == 2) {
    const described = readCounts(from, end, isOffset ? 8 : 9, symbols, scratch);
    if (described < 0) return 0;
    from += described;
    bits = buildTable(table, kind, scratch);
  } else {
    bits = isLiteral ? frame.literalBits : isOffset ? frame.offsetBits : frame.matchBits;
  }
  if (bits < 0) return 0;
  if (isLiteral) frame.literalBits = bits;
  else if (isOffset) frame.offsetBits = bits;
  else frame.matchBits = bits;
  return from;
}

/**
 * Decodes and runs `count` sequences: so many literals, then so many bytes from before. Moves the frame's literals on.
 * Returns the output's new end, 0 if corrupt.
 */
function runSequences(
  from: usize,
  end: usize,
  count: i32,
  out: usize,
  start: usize,
  stop: usize,
  scratch: usize,
): usize {
  const frame = frameOf(scratch);
  let left = openBits(from, end);
  if (left < frame.literalBits + frame.offsetBits + frame.matchBits) return 0;
  const literalTable = scratch + LITERAL_LENGTHS;
  const offsetTable = scratch + OFFSETS;
  const matchTable = scratch + MATCH_LENGTHS;
  let bits = peekBits(from, left);
  let literalState = topBits(bits, frame.literalBits);
  bits <<= <u64>frame.literalBits;
  let offsetState = topBits(bits, frame.offsetBits);
  bits <<= <u64>frame.offsetBits;
  let matchState = topBits(bits, frame.matchBits);
  left -= frame.literalBits + frame.offsetBits + frame.matchBits;
  let literals = <usize>frame.literals;
  const literalsEnd = literals + <usize>frame.literalCount;
  let offset1 = frame.offset1;
  let offset2 = frame.offset2;
  let offset3 = frame.offset3;
  while (true) {
    const literalEntry = entryAt(literalTable, literalState);
    const offsetEntry = entryAt(offsetTable, offsetState);
    const matchEntry = entryAt(matchTable, matchState);
    const offsetExtra = <u32>offsetEntry.extra;
    const matchExtra = <u32>matchEntry.extra;
    const literalExtra = <u32>literalEntry.extra;
    bits = peekBits(from, left);
    let offset = offsetEntry.value + topBits(bits, offsetExtra);
    bits <<= <u64>offsetExtra;
    if (offsetExtra + matchExtra + literalExtra > 57) bits = peekBits(from, left - <i32>offsetExtra);
    const matchLength = <usize>(matchEntry.value + topBits(bits, matchExtra));
    bits <<= <u64>matchExtra;
    const literalLength = <usize>(literalEntry.value + topBits(bits, literalExtra));
    left -= <i32>(offsetExtra + matchExtra + literalExtra);
    if (left < 0) return 0;
    // Values 1 to 3 name one of the last three offsets (section 3.1.1.5).
    if (offset > 3) {
      offset -= 3;
      offset3 = offset2;
      offset2 = offset1;
      offset1 = offset;
    } else {
      const index = offset - <u32>(literalLength != 0);
      if (index == 0) {
        offset = offset1;
      } else {
        offset = index == 1 ? offset2 : index == 2 ? offset3 : offset1 - 1;
        if (index != 1) offset3 = offset2;
        offset2 = offset1;
        offset1 = offset;
      }
    }
    if (literalLength > literalsEnd - literals || literalLength > stop - out) return 0;
    copyBytes(out, literals, literalLength);
    out += literalLength;
    literals += literalLength;
    if (offset == 0 || <usize>offset > out - start || matchLength > stop - out) return 0;
    copyMatch(out, <usize>offset, matchLength);
    out += matchLength;
    if (--count == 0) break;
    bits = peekBits(from, left);
    literalState = <u32>literalEntry.next + topBits(bits, literalEntry.bits);
    bits <<= <u64>literalEntry.bits;
    matchState = <u32>matchEntry.next + topBits(bits, matchEntry.bits);
    bits <<= <u64>matchEntry.bits;
    offsetState = <u32>offsetEntry.next + topBits(bits, offsetEntry.bits);
    left -= literalEntry.bits + matchEntry.bits + offsetEntry.bits;
    if (left < 0) return 0;
  }
  if (left != 0) return 0;
  frame.offset1 = offset1;
  frame.offset2 = offset2;
  frame.offset3 = offset3;
  frame.literals = <u32>literals;
  return out;
}
