// The hash of keys, version 1. It decides which key group, and so which checkpoint file and subtask, a key belongs to:
// fixed for ever. Tables (table.ts) use it too, but rebuild their index when they are restored.
//
//     word     what a fixed-width key is hashed as: integers, dates, times and booleans as i64, floats as the bits of their
//              f64 with −0 as 0 and every NaN as one; so an INT and a BIGINT of the same value hash alike
//     bytes    the length, the first 16 bytes (zeros behind shorter ones), the last 16 of longer ones, and what is between
//              the two, if anything, 16 at a time
//     columns  hash of the first, then combined with the next: the order counts
import { MASK } from "./tables";

/** The hash of NULL, whatever its type. */
export const HASH_NULL: u64 = 0x6a09e667f3bcc908;
/** The one NaN that stands for all of them (S52). */
const CANONICAL_NAN: u64 = 0x7ff8000000000000;

/** A bijective mix of 64 bits: shift-multiply twice, as in SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
@inline
export function hashWord(word: u64): u64 {
  word = (word ^ (word >>> 32)) * 0x9e3779b97f4a7c15;
  word = (word ^ (word >>> 32)) * 0xd6e8feb86659fd93;
  return word ^ (word >>> 32);
}

@inline
function mix(hash: u64, word: u64): u64 {
  hash = (hash ^ word) * 0xa0761d6478bd642f;
  return hash ^ (hash >>> 32);
}

/** The first min(length, 16) bytes at `at`, zeros behind them. Reads 16 bytes. */
@inline
export function prefixOf(at: usize, length: u32): v128 {
  return v128.and(v128.load(at), v128.load(MASK + 16 - min(length, 16)));
}

/** The last 16 bytes of a string longer than that; else zeros. */
@inline
export function suffixOf(at: usize, length: u32): v128 {
  return length > 16 ? v128.load(at + length - 16) : i64x2.splat(0);
}

/** Hash of a string by its parts; the middle of those beyond 32 bytes is read from `at`. */
@inline
export function hashParts(prefix: v128, suffix: v128, at: usize, length: u32): u64 {
  let hash = mix(<u64>length * 0x9e3779b97f4a7c15, i64x2.extract_lane(prefix, 0));
  hash = mix(hash, i64x2.extract_lane(prefix, 1));
  if (length > 16) {
    hash = mix(hash, i64x2.extract_lane(suffix, 0));
    hash = mix(hash, i64x2.extract_lane(suffix, 1));
    const end = at + length - 16;
    for (let p = at + 16; p < end; p += 16) hash = mix(mix(hash, load<u64>(p)), load<u64>(p, 8));
  }
  return hash;
}

@inline
function isValid(validity: usize, row: i32): bool {
  return validity == 0 || ((load<u8>(validity + (row >> 3)) >> (<u8>row & 7)) & 1) != 0;
}

@inline
function put(out: usize, row: i32, hash: u64, combine: i32): void {
  const at = out + ((<usize>row) << 3);
  store<u64>(at, combine ? hashWord(rotl(load<u64>(at), 23) ^ hash) : hash);
}

/** out[i] = hash of words[i] (u64), combined with the hash that is there when `combine`. NULL has a hash of its own. */
export function hashWords(words: usize, validity: usize, n: i32, combine: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    const hash = hashWord(load<u64>(words + ((<usize>i) << 3)));
    put(out, i, isValid(validity, i) ? hash : HASH_NULL, combine);
  }
}

/** out[i] = hash of string i, combined with the hash that is there when `combine`. */
export function hashUtf8(offsets: usize, bytes: usize, validity: usize, n: i32, combine: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    const start = load<u32>(offsets + ((<usize>i) << 2));
    const length = load<u32>(offsets + ((<usize>i) << 2), 4) - start;
    const at = bytes + start;
    const hash = hashParts(prefixOf(at, length), suffixOf(at, length), at, length);
    put(out, i, isValid(validity, i) ? hash : HASH_NULL, combine);
  }
}

/** n + 1 offsets of values that take `width` bytes each: 0, width, 2 × width … */
export function strideOffsets(n: i32, width: i32, out: usize): void {
  for (let i = 0; i <= n; i++) store<i32>(out + ((<usize>i) << 2), i * width);
}

@inline
function widen<T>(values: usize, n: i32, out: usize): void {
  const end = values + <usize>n * sizeof<T>();
  for (; values < end; values += sizeof<T>(), out += 8) store<i64>(out, <i64>load<T>(values));
}

/** Words of n i8. */
export function wordsI8(values: usize, n: i32, out: usize): void {
  widen<i8>(values, n, out);
}

/** Words of n i16. */
export function wordsI16(values: usize, n: i32, out: usize): void {
  widen<i16>(values, n, out);
}

/** Words of n i32. */
export function wordsI32(values: usize, n: i32, out: usize): void {
  widen<i32>(values, n, out);
}

/** Words of n bits: 0 or 1. */
export function wordsBits(bits: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    store<u64>(out + ((<usize>i) << 3), (load<u8>(bits + (i >> 3)) >> (<u8>i & 7)) & 1);
  }
}

/** Words of n f64; −0 becomes 0 and every NaN the same one. */
export function wordsF64(values: usize, n: i32, out: usize): void {
  const end = values + ((<usize>n) << 3);
  for (; values < end; values += 8, out += 8) {
    const value = load<f64>(values);
    store<u64>(out, value == value ? reinterpret<u64>(value + 0.0) : CANONICAL_NAN);
  }
}

/** out[i] = the low `width` bytes (1, 2 or 4) of words[i]: words back to integers. */
export function narrowWords(words: usize, n: i32, width: i32, out: usize): void {
  const end = words + ((<usize>n) << 3);
  // Little-endian: the wide stores overrun by less than a word, and the next one puts right what they covered.
  for (; words < end; words += 8, out += width) store<u32>(out, load<u32>(words));
}

/** Bit i of out = words[i] is not 0. Writes whole bytes. Returns how many bits are 0. */
export function bitsOfWords(words: usize, n: i32, out: usize): i32 {
  let ones = 0;
  for (let i = 0; i < n; i += 8) {
    let byte: u32 = 0;
    const count = min(8, n - i);
    for (let j = 0; j < count; j++) byte |= u32(load<u64>(words + ((<usize>(i + j)) << 3)) != 0) << j;
    store<u8>(out + (i >> 3), byte);
    ones += popcnt(byte);
  }
  return n - ones;
}

/** n f32 as f64. */
export function promoteF32(values: usize, n: i32, out: usize): void {
  const end = values + ((<usize>n) << 2);
  for (; values < end; values += 4, out += 8) store<f64>(out, <f64>load<f32>(values));
}

/** n f64 as f32. */
export function demoteF64(values: usize, n: i32, out: usize): void {
  const end = values + ((<usize>n) << 3);
  for (; values < end; values += 8, out += 4) store<f32>(out, <f32>load<f64>(values));
}
