// Orders of rows: row numbers sorted by 64-bit words and texts. All sorts are stable, so that several keys are sorted by one
// after another, the last one first, and rows that are equal stay in the order in which they came.
//
//     word   i64 that goes up where the sort key does: floats by their bits, descending keys inverted, a NULL at the end that it
//            sorts to, of a text its first 8 bytes
import { bytesLess } from "./compare";

const SIGN: u64 = 0x8000000000000000;

@inline
function wordAt(words: usize, list: usize, at: i32): i64 {
  return load<i64>(words + ((<usize>load<u32>(list + ((<usize>at) << 2))) << 3));
}

/** Whether row b comes before row a: by their words, then by their texts if there are any (`offsets` not 0). */
@inline
function precedes(words: usize, offsets: usize, bytes: usize, descending: i32, b: u32, a: u32): bool {
  const wordB = load<i64>(words + ((<usize>b) << 3));
  const wordA = load<i64>(words + ((<usize>a) << 3));
  if (wordB != wordA || offsets == 0) return wordB < wordA;
  const first = offsets + ((<usize>(descending ? a : b)) << 2);
  const second = offsets + ((<usize>(descending ? b : a)) << 2);
  const firstStart = load<u32>(first);
  const secondStart = load<u32>(second);
  const firstLength = load<u32>(first, 4) - firstStart;
  const secondLength = load<u32>(second, 4) - secondStart;
  return bytesLess(bytes + <usize>firstStart, firstLength, bytes + <usize>secondStart, secondLength);
}

/** The row numbers 0 … n by their times (i64) at `rows`, u32. `scratch`: room for n × u32. Returns whether they moved: 0 or 1. */
export function sortTimes(times: usize, n: i32, rows: usize, scratch: usize): i32 {
  let sorted = true;
  for (let i = 0; i < n; i++) {
    store<u32>(rows + ((<usize>i) << 2), i);
    if (i > 0 && load<i64>(times + ((<usize>i) << 3)) < load<i64>(times + ((<usize>(i - 1)) << 3))) sorted = false;
  }
  if (sorted) return 0;
  sortTexts(times, 0, 0, 0, rows, n, scratch);
  return 1;
}

/**
 * The n row numbers at `rows` (u32) by words and, where these are equal, by texts: a merge sort, which leaves alone what is in
 * order already. `scratch`: room for n × u32. `offsets` 0: there are no texts.
 */
export function sortTexts(
  words: usize,
  offsets: usize,
  bytes: usize,
  descending: i32,
  rows: usize,
  n: i32,
  scratch: usize,
): void {
  let from = rows;
  let to = scratch;
  for (let width = 1; width < n; width <<= 1) {
    for (let start = 0; start < n; start += 2 * width) {
      const middle = min(start + width, n);
      mergeRuns(words, offsets, bytes, descending, from, start, middle, min(middle + width, n), to);
    }
    const merged = to;
    to = from;
    from = merged;
  }
  if (from != rows) memory.copy(rows, from, (<usize>n) << 2);
}

/** Merges the sorted rows start … middle … end of the list `from` to the same places of `to`; the left ones first. */
function mergeRuns(
  words: usize,
  offsets: usize,
  bytes: usize,
  descending: i32,
  from: usize,
  start: i32,
  middle: i32,
  end: i32,
  to: usize,
): void {
  let a: u32 = middle > start ? load<u32>(from + ((<usize>(middle - 1)) << 2)) : 0;
  let b: u32 = middle < end ? load<u32>(from + ((<usize>middle) << 2)) : 0;
  if (middle == end || !precedes(words, offsets, bytes, descending, b, a)) {
    memory.copy(to + ((<usize>start) << 2), from + ((<usize>start) << 2), (<usize>(end - start)) << 2);
    return;
  }
  let left = start;
  let right = middle;
  a = load<u32>(from + ((<usize>left) << 2));
  for (let at = start; at < end; at++) {
    const takeRight = right < end && (left == middle || precedes(words, offsets, bytes, descending, b, a));
    store<u32>(to + ((<usize>at) << 2), takeRight ? b : a);
    if (takeRight) b = load<u32>(from + ((<usize>++right) << 2));
    else a = load<u32>(from + ((<usize>++left) << 2));
  }
}

/** Up to so many rows are sorted by insertion. */
const INSERTED_MAX: i32 = 24;

/**
 * The n row numbers at `rows` (u32) by their words: a radix sort by bytes, the lowest first; bytes that all words share cost
 * nothing more, nor do rows that are in order. `scratch`: room for n × 32 + 8,192 bytes.
 */
export function sortWords(words: usize, rows: usize, n: i32, scratch: usize): void {
  if (n <= INSERTED_MAX) {
    insertWords(words, rows, n);
    return;
  }
  const counts = scratch;
  let from = scratch + 8192;
  let to = from + ((<usize>n) << 4);
  memory.fill(counts, 0, 8192);
  let sorted = true;
  let last: u64 = 0;
  for (let i = 0; i < n; i++) {
    const row = load<u32>(rows + ((<usize>i) << 2));
    let word = load<u64>(words + ((<usize>row) << 3)) ^ SIGN;
    if (word < last) sorted = false;
    last = word;
    store<u64>(from + ((<usize>i) << 4), word);
    store<u32>(from + ((<usize>i) << 4), row, 8);
    for (let byte: usize = 0; byte < 8; byte++) {
      const count = counts + (byte << 10) + ((<usize>(word & 255)) << 2);
      store<u32>(count, load<u32>(count) + 1);
      word >>= 8;
    }
  }
  if (sorted) return;
  for (let byte: usize = 0; byte < 8; byte++) {
    const table = counts + (byte << 10);
    const first = <usize>load<u8>(from + byte);
    if (load<u32>(table + (first << 2)) == n) continue;
    let start: u32 = 0;
    for (let value: usize = 0; value < 256; value++) {
      const count = load<u32>(table + (value << 2));
      store<u32>(table + (value << 2), start);
      start += count;
    }
    const end = from + ((<usize>n) << 4);
    for (let at = from; at < end; at += 16) {
      const place = table + ((<usize>load<u8>(at + byte)) << 2);
      const index = load<u32>(place);
      store<u32>(place, index + 1);
      v128.store(to + ((<usize>index) << 4), v128.load(at));
    }
    const moved = to;
    to = from;
    from = moved;
  }
  for (let i = 0; i < n; i++) store<u32>(rows + ((<usize>i) << 2), load<u32>(from + ((<usize>i) << 4), 8));
}

function insertWords(words: usize, rows: usize, n: i32): void {
  for (let i = 1; i < n; i++) {
    const row = load<u32>(rows + ((<usize>i) << 2));
    const word = load<i64>(words + ((<usize>row) << 3));
    let at = i;
    for (; at > 0 && wordAt(words, rows, at - 1) > word; at--) {
      store<u32>(rows + ((<usize>at) << 2), load<u32>(rows + ((<usize>(at - 1)) << 2)));
    }
    store<u32>(rows + ((<usize>at) << 2), row);
  }
}

/**
 * Parts the n row numbers at `rows` by their bits in `validity`: those of NULLs first or last, all in the order they had.
 * `scratch`: room for n × u32. Returns how many are not NULL.
 */
export function partNulls(validity: usize, rows: usize, n: i32, nullsFirst: i32, scratch: usize): i32 {
  let valid = 0;
  for (let i = 0; i < n; i++) {
    const row = load<u32>(rows + ((<usize>i) << 2));
    valid += (load<u8>(validity + (row >> 3)) >> (<u8>row & 7)) & 1;
  }
  if (valid == n || valid == 0) return valid;
  const nulls: usize = nullsFirst ? 0 : valid;
  let toNull = scratch + (nulls << 2);
  let toValid = scratch + (nullsFirst ? (<usize>(n - valid)) << 2 : 0);
  for (let i = 0; i < n; i++) {
    const row = load<u32>(rows + ((<usize>i) << 2));
    if ((load<u8>(validity + (row >> 3)) >> (<u8>row & 7)) & 1) {
      store<u32>(toValid, row);
      toValid += 4;
    } else {
      store<u32>(toNull, row);
      toNull += 4;
    }
  }
  memory.copy(rows, scratch, (<usize>n) << 2);
  return valid;
}

/**
 * Words to sort by of n words as keys have them (`float`: bits of f64 with one NaN and one zero). NULLs (`validity` not 0) get
 * the smallest or the greatest word. In place where `out` is `words`.
 */
export function orderWords(
  words: usize,
  validity: usize,
  n: i32,
  float: i32,
  descending: i32,
  nullsFirst: i32,
  out: usize,
): void {
  const mask: i64 = descending ? -1 : 0;
  const none: i64 = nullsFirst ? i64.MIN_VALUE : i64.MAX_VALUE;
  for (let i = 0; i < n; i++) {
    let word = load<i64>(words + ((<usize>i) << 3));
    // Of negative floats the greater bits are the smaller value.
    if (float) word ^= (word >> 63) & i64.MAX_VALUE;
    const valid = validity == 0 || ((load<u8>(validity + (i >> 3)) >> (<u8>i & 7)) & 1) != 0;
    store<i64>(out + ((<usize>i) << 3), valid ? word ^ mask : none);
  }
}

/** out[i] = the first 8 bytes of string i as a word that goes up where the strings do. */
export function prefixWords(offsets: usize, bytes: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    const start = load<u32>(offsets + ((<usize>i) << 2));
    const length = load<u32>(offsets + ((<usize>i) << 2), 4) - start;
    let word: u64 = 0;
    if (length > 0) {
      word = bswap<u64>(load<u64>(bytes + <usize>start));
      if (length < 8) word &= ~(<u64>0) << (<u64>(64 - 8 * length));
    }
    store<u64>(out + ((<usize>i) << 3), word ^ SIGN);
  }
}

/** The halves of n 128-bit integers as words that go up: the high one first decides, then the low one. */
export function halveI128(values: usize, n: i32, high: usize, low: usize): void {
  for (let i = 0; i < n; i++) {
    store<u64>(low + ((<usize>i) << 3), load<u64>(values + ((<usize>i) << 4)) ^ SIGN);
    store<i64>(high + ((<usize>i) << 3), load<i64>(values + ((<usize>i) << 4), 8));
  }
}

/**
 * Rows that may be among the first of their groups: those whose word is at most the group's bound, or less where `strict`. The
 * row numbers go to `out` (u32). `groups` 0: there is one group. Returns how many.
 */
export function selectBelow(words: usize, groups: usize, n: i32, bounds: usize, strict: i32, out: usize): i32 {
  let count: usize = 0;
  for (let i = 0; i < n; i++) {
    const word = load<i64>(words + ((<usize>i) << 3));
    const group: usize = groups == 0 ? 0 : <usize>load<u32>(groups + ((<usize>i) << 2));
    const bound = load<i64>(bounds + (group << 3));
    store<u32>(out + (count << 2), i);
    count += <usize>(word < bound || (strict == 0 && word == bound));
  }
  return <i32>count;
}
