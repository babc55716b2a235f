// CSV decoding, first pass: where fields and records end (RFC 4180). Sixty-four bytes at a time become bits for the bytes that
// may have a meaning; the bits are walked, those inside quotes passed over. A quote opens a field only where the field
// begins: elsewhere it is text. CR, LF and CRLF end a record alike.
import { CsvContext, CsvReason, isBlank, State } from "./csv-context";
import { Reason } from "./json-context";
import { BAD_RECORD } from "./status";

const NEWLINE: u32 = 0x0a;
const RETURN: u32 = 0x0d;
/** Entries that 64 bytes make at most: an end for every byte, a start for every record. */
const ENTRIES_MAX: usize = 128;

@inline
function joinBits(a: i32, b: i32, c: i32, d: i32): u64 {
  return <u64>a | ((<u64>b) << 16) | ((<u64>c) << 32) | ((<u64>d) << 48);
}

/** Bits of those 64 bytes at `at` that equal `c`. */
@inline
function bitsOf(at: usize, c: v128): u64 {
  return joinBits(
    i8x16.bitmask(i8x16.eq(v128.load(at), c)),
    i8x16.bitmask(i8x16.eq(v128.load(at, 16), c)),
    i8x16.bitmask(i8x16.eq(v128.load(at, 32), c)),
    i8x16.bitmask(i8x16.eq(v128.load(at, 48), c)),
  );
}

/** Bits of those 64 bytes at `at` that equal one of two. */
@inline
function bitsOfBoth(at: usize, c: v128, d: v128): u64 {
  const v0 = v128.load(at);
  const v1 = v128.load(at, 16);
  const v2 = v128.load(at, 32);
  const v3 = v128.load(at, 48);
  return joinBits(
    i8x16.bitmask(v128.or(i8x16.eq(v0, c), i8x16.eq(v0, d))),
    i8x16.bitmask(v128.or(i8x16.eq(v1, c), i8x16.eq(v1, d))),
    i8x16.bitmask(v128.or(i8x16.eq(v2, c), i8x16.eq(v2, d))),
    i8x16.bitmask(v128.or(i8x16.eq(v3, c), i8x16.eq(v3, d))),
  );
}

/** The bits of the first `count` bytes. */
@inline
function firstBits(count: usize): u64 {
  return count < 64 ? ((<u64>1) << (<u64>count)) - 1 : ~(<u64>0);
}

/** Bit n: whether an odd number of the bits up to n is set. */
@inline
function parity(bits: u64): u64 {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  bits ^= bits << 8;
  bits ^= bits << 16;
  return bits ^ (bits << 32);
}

/** True when the bytes from `at` to `end` are blanks. */
function areBlank(at: usize, end: usize): bool {
  for (; at < end; at++) if (!isBlank(load<u8>(at))) return false;
  return true;
}

/** Begins a record at `start`, behind those that the index holds. */
@inline
function beginRecord(context: CsvContext, start: usize): void {
  store<u32>(context.entry, <u32>start - 1);
  context.out = context.entry + 4;
  context.surplus = 0;
  context.strayAt = 0;
}

/** Makes the index empty; the next record begins at `at`. */
export function openCsv(contextPtr: usize): void {
  const context = changetype<CsvContext>(contextPtr);
  context.records = 0;
  context.from = 0;
  context.entry = context.index;
  context.state = State.TEXT;
  beginRecord(context, context.at);
}

/** Gives up the room of the records that were decoded: what there is of the next one moves to the front. */
function dropRecords(context: CsvContext): void {
  const length = context.out - context.entry;
  memory.copy(context.index, context.entry, length);
  context.entry = context.index;
  context.out = context.index + length;
  context.records = 0;
  context.from = 0;
}

/** Why the record up to `end` is none of the table's, with `errorAt`; NONE when it is one. */
function reasonOf(context: CsvContext, start: usize, end: usize, found: usize): u32 {
  context.errorAt = <u32>start;
  // Before all others: the host refuses a record for its length before its end is there.
  if (end - start > <usize>context.recordBytesMax) return Reason.TOO_LARGE;
  if (context.strayAt != 0) {
    context.errorAt = context.strayAt;
    return CsvReason.STRAY;
  }
  const fields = <usize>context.fields;
  if (found == fields || (found < fields && context.pad != 0)) return Reason.NONE;
  context.errorAt = found > fields ? load<u32>(<usize>context.entry + (fields << 2)) : <u32>end;
  return CsvReason.WIDTH;
}

/**
 * Ends the record whose last field ends at `end`; the next one begins at `next`. Returns false when the host has to look:
 * the record is refused, with `reason`, or there is no room for another one.
 */
function endRecord(context: CsvContext, end: usize, next: usize): bool {
  const entry = <usize>context.entry;
  const fields = <usize>context.fields;
  const out = <usize>context.out;
  const start = <usize>load<u32>(entry) + 1;
  const found = ((out - entry) >> 2) + context.surplus;
  context.reason = Reason.NONE;
  // A line without anything is none, unless it may be a NULL.
  if (start != end || fields == 1) {
    const reason = reasonOf(context, start, end, found);
    if (reason != Reason.NONE) {
      context.reason = reason;
      context.found = <u32>found;
      context.recordStart = <u32>start;
      context.recordEnd = <u32>end;
      context.errorColumn = -1;
      beginRecord(context, next);
      return false;
    }
    // A field that is missing ends where the one before it does.
    for (let i = found; i <= fields; i++) store<u32>(entry + (i << 2), <u32>end);
    context.entry = <u32>(entry + ((fields + 1) << 2));
    context.records += 1;
  }
  beginRecord(context, next);
  const room = <usize>context.indexEnd - context.entry;
  return context.records < context.recordsMax && room >= (fields + 1 + ENTRIES_MAX) << 2;
}

/**
 * Keeps no more ends of a record than it has fields, and the last one: one that has more, as has the one that is being indexed,
 * is refused anyway.
 */
function limitFields(context: CsvContext, out: usize): usize {
  const last = <usize>context.entry + ((<usize>(context.fields + 1)) << 2);
  context.surplus += <u32>((out - last - 4) >> 2);
  store<u32>(last, load<u32>(out - 4));
  return last + 4;
}

/** Address behind the line end at `at`; 0 when the byte behind a CR is not there yet. */
@inline
function behindLineEnd(at: usize, end: usize): usize {
  if (load<u8>(at) != RETURN) return at + 1;
  if (at + 1 == end) return 0;
  return at + 1 + <usize>(load<u8>(at, 1) == NEWLINE);
}

/**
 * Address of the last byte that belongs to the quote at `at` inside a quoted field, which it closes (`state`) or escapes; 0
 * when the bytes behind it are not there yet.
 */
function passQuote(context: CsvContext, at: usize, end: usize): usize {
  if (at + 1 == end) return 0;
  const c = load<u8>(at);
  if (c != context.quote) return at + 1; // an escape
  let behind = at + 1;
  if (load<u8>(behind) == c && context.escape == c) return behind;
  while (context.trim != 0 && isBlank(load<u8>(behind)) && load<u8>(behind) != context.delimiter) {
    if (++behind == end) return 0;
  }
  const next = <u32>load<u8>(behind);
  if (next != context.delimiter && next != NEWLINE && next != RETURN && context.strayAt == 0) {
    context.strayAt = <u32>behind;
  }
  context.state = State.TEXT;
  return at;
}

/** True when the record that is being indexed is a comment. */
@inline
function isComment(context: CsvContext, out: usize): bool {
  if (context.comment == 0 || out != <usize>context.entry + 4) return false;
  return load<u8>(<usize>load<u32>(context.entry) + 1) == context.comment;
}

/**
 * Indexes records from `at` on. Returns how many the index holds, or `BAD_RECORD` with `reason`, `recordStart`, `recordEnd`,
 * `errorAt` and `found` set for the record behind them. Goes on where it stopped when called again; all records that the
 * index holds have been decoded then.
 */
export function indexCsv(contextPtr: usize): i32 {
  const context = changetype<CsvContext>(contextPtr);
  if (context.records != 0) dropRecords(context);
  const end = <usize>context.end;
  const delimiter = i8x16.splat(<i8>context.delimiter);
  const quote = i8x16.splat(<i8>context.quote);
  const escape = i8x16.splat(<i8>context.escape);
  const newline = i8x16.splat(<i8>NEWLINE);
  const carriage = i8x16.splat(<i8>RETURN);
  const quotes = context.quote != NEWLINE;
  const oneMark = context.escape == context.quote;
  const noComment = context.comment == 0;
  // Blanks may stand between a quote and the end of its field where they are trimmed.
  const doubles = quotes && noComment && context.escape == context.quote && context.trim == 0;
  let at = <usize>context.at;
  let out = <usize>context.out;
  let state = context.state;
  // Most records are whole and end with a LF: they are closed here, all others by `endRecord`.
  const fieldBytes = (<usize>context.fields) << 2;
  const bytesMax = <usize>context.recordBytesMax;
  const recordsLast = context.recordsMax - 1;
  const entryLast = <usize>context.indexEnd - fieldBytes - ((ENTRIES_MAX + 1) << 2);
  let entry = <usize>context.entry;
  let records = context.records;
  context.reason = Reason.NONE;
  while (at < end) {
    const inside = firstBits(end - at);
    const ends = bitsOfBoth(at, newline, carriage) & inside;
    let marks: u64 = 0;
    if (quotes) marks = (oneMark ? bitsOf(at, quote) : bitsOfBoth(at, quote, escape)) & inside;
    const delimiters = bitsOf(at, delimiter) & inside;
    let bits = delimiters | ends | marks;
    let next = at + 64;
    let quoted: u64 = 0;
    let regular = marks == 0 && state == State.TEXT && noComment;
    if (!regular && doubles && at + 64 < end) {
      // Quotes in pairs, as most are: two make an escape, too, so what stands inside them is where their number is odd.
      quoted = parity(marks) ^ -(<u64>state);
      const opens = marks & quoted;
      const closes = marks & ~quoted;
      // A quote opens a field at its start, or closed just before; it closes before an end, or opens again at once.
      const first = <u64>(state == State.TEXT && <usize>load<u32>(out - 4) + 1 == at);
      const behind = <u32>load<u8>(at, 64);
      const follows = behind == context.delimiter || behind == NEWLINE || behind == RETURN;
      regular = (opens & ~((bits << 1) | first)) == 0 && (closes & ~((bits >> 1) | ((<u64>follows) << 63))) == 0;
      if (regular) bits = (delimiters | ends) & ~quoted;
    }
    if (regular) {
      context.state = State.TEXT;
      state = <u32>(quoted >> 63);
      while (bits) {
        const bit = ctz(bits);
        const pos = at + <usize>bit;
        bits &= bits - 1;
        store<u32>(out, <u32>pos);
        if (((ends >> bit) & 1) == 0) {
          out += 4;
          continue;
        }
        if (
          out == entry + fieldBytes &&
          load<u8>(pos) == NEWLINE &&
          pos - <usize>load<u32>(entry) <= bytesMax &&
          out + 4 <= entryLast &&
          records < recordsLast &&
          context.strayAt == 0
        ) {
          records++;
          entry = out + 4;
          store<u32>(entry, <u32>pos);
          out = entry + 4;
          continue;
        }
        context.entry = <u32>entry;
        context.records = records;
        context.out = <u32>out;
        const behind = behindLineEnd(pos, end);
        if (behind == 0) return pauseAt(context, pos);
        if (!endRecord(context, pos, behind)) return pauseAt(context, behind);
        entry = context.entry;
        records = context.records;
        out = context.out;
        if (behind == pos + 2) {
          if (bit == 63) next++;
          else bits &= bits - 1;
        }
      }
    } else {
      context.entry = <u32>entry;
      context.records = records;
      while (bits) {
        const bit = ctz(bits);
        const pos = at + <usize>bit;
        bits &= bits - 1;
        const isEnd = ((ends >> bit) & 1) != 0;
        const isMark = ((marks >> bit) & 1) != 0;
        let last = pos;
        if (state == State.TEXT && isComment(context, out)) state = State.COMMENT;
        if (state == State.QUOTED) {
          if (!isMark) continue;
          context.state = state;
          last = passQuote(context, pos, end);
          if (last == 0) {
            context.out = <u32>out;
            return pauseAt(context, pos);
          }
          state = context.state;
        } else if (isEnd) {
          context.out = <u32>out;
          context.state = state;
          const behind = behindLineEnd(pos, end);
          if (behind == 0) return pauseAt(context, pos);
          last = behind - 1;
          context.state = State.TEXT;
          if (state == State.COMMENT) beginRecord(context, behind);
          else if (!endRecord(context, pos, behind)) return pauseAt(context, behind);
          state = State.TEXT;
          out = context.out;
        } else if (state == State.TEXT) {
          if (!isMark) {
            store<u32>(out, <u32>pos);
            out += 4;
          } else if (load<u8>(pos) == context.quote) {
            const start = <usize>load<u32>(out - 4) + 1;
            if (pos == start || (context.trim != 0 && areBlank(start, pos))) {
              state = State.QUOTED;
            }
          }
        }
        // The byte behind is part of this one: of a CRLF, of an escape.
        if (last != pos) {
          if (bit == 63) next++;
          else bits &= ~((<u64>2) << bit);
        }
      }
      entry = context.entry;
      records = context.records;
    }
    if (out > entry + fieldBytes + 8) {
      context.entry = <u32>entry;
      out = limitFields(context, out);
    }
    at = next;
  }
  context.entry = <u32>entry;
  context.records = records;
  context.out = <u32>out;
  context.state = state;
  return pauseAt(context, at < end ? at : end);
}

function pauseAt(context: CsvContext, at: usize): i32 {
  context.at = <u32>at;
  return context.reason == Reason.NONE ? <i32>context.records : BAD_RECORD;
}

/** Line ends from `at` to `end` where no other one than LF is; −1 where there is a CR. */
function countFeeds(at: usize, end: usize): i32 {
  const newline = i8x16.splat(<i8>NEWLINE);
  const carriage = i8x16.splat(<i8>RETURN);
  let returns = i64x2.splat(0);
  let lines: i32 = 0;
  while (at + 16 <= end) {
    // A lane holds 255 at most.
    const stop = min(end - 15, at + 255 * 16);
    let feeds = i64x2.splat(0);
    for (; at < stop; at += 16) {
      const bytes = v128.load(at);
      feeds = i8x16.sub(feeds, i8x16.eq(bytes, newline));
      returns = v128.or(returns, i8x16.eq(bytes, carriage));
    }
    const sums = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(feeds));
    lines += i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1);
    lines += i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3);
  }
  if (v128.any_true(returns)) return -1;
  for (; at < end; at++) {
    if (load<u8>(at) == RETURN) return -1;
    lines += <i32>(load<u8>(at) == NEWLINE);
  }
  return lines;
}

/** Line ends (LF, CR, CRLF) from `at` to `end`, which cuts no CRLF. */
export function countLines(at: usize, end: usize): i32 {
  const feedsAlone = countFeeds(at, end);
  if (feedsAlone >= 0) return feedsAlone;
  const newline = i8x16.splat(<i8>NEWLINE);
  const carriage = i8x16.splat(<i8>RETURN);
  let lines: u64 = 0;
  for (; at < end; at += 64) {
    const inside = firstBits(end - at);
    const feeds = bitsOf(at, newline) & inside;
    const returns = bitsOf(at, carriage) & inside;
    // A CR before a LF is no line end of its own.
    const pairs = (feeds >> 1) | ((<u64>(at + 64 < end && load<u8>(at, 64) == NEWLINE)) << 63);
    lines += popcnt(feeds) + popcnt(returns & ~pairs);
  }
  return <i32>lines;
}
