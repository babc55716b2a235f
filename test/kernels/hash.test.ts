// The hash of keys (assembly/hash.ts) against the same arithmetic in BigInt, and pinned: it is part of the checkpoint format.
import { beforeEach, describe, expect, test } from "vitest";
import {
  doubles,
  expectRows,
  flags,
  ints,
  longs,
  putBits,
  putStrings,
  readDoubles,
  readLongs,
  texts,
} from "./columns.js";
import { type Bench, forEachVariant, SIZES, seeded } from "./harness.js";

const u64 = (value: bigint) => BigInt.asUintN(64, value);
const signed = (value: bigint) => BigInt.asIntN(64, value);
const HASH_NULL = 0x6a09e667f3bcc908n;

function hashWord(word: bigint): bigint {
  let hash = u64(word);
  hash = u64((hash ^ (hash >> 32n)) * 0x9e3779b97f4a7c15n);
  hash = u64((hash ^ (hash >> 32n)) * 0xd6e8feb86659fd93n);
  return hash ^ (hash >> 32n);
}

function hashBytes(bytes: Uint8Array): bigint {
  const word = (start: number) => {
    let value = 0n;
    for (let i = 7; i >= 0; i--)
      value = (value << 8n) | BigInt(start + i < bytes.length ? (bytes[start + i] as number) : 0);
    return value;
  };
  const mix = (hash: bigint, next: bigint) => {
    const mixed = u64((hash ^ next) * 0xa0761d6478bd642fn);
    return mixed ^ (mixed >> 32n);
  };
  const length = bytes.length;
  const last = Math.max(0, length - 16);
  let hash = u64(BigInt(length) * 0x9e3779b97f4a7c15n);
  for (const start of length > 16 ? [0, 8, last, last + 8] : [0, 8]) hash = mix(hash, word(start));
  if (length > 32) for (let at = 16; at < last; at += 16) hash = mix(mix(hash, word(at)), word(at + 8));
  return hash;
}

const combine = (hash: bigint, next: bigint) => hashWord(u64((hash << 23n) | (hash >> 41n)) ^ next);

/** 0, 1, −1, 1,000,000,007 and four strings; worked out by the functions above, outside this test. */
const PINNED = [
  "0",
  "17fb89ee9dcab42a",
  "98148b00525875f1",
  "febecbb39a017ec8",
  "0",
  "28a884cd616ad2e4",
  "69c96ee72ada1056",
  "6d7d37a693e17c8d",
];

const bits = new BigUint64Array(1);
const float = new Float64Array(bits.buffer);

/** The word of a double: its bits, −0 as 0, every NaN as one. */
function wordOf(value: number): bigint {
  if (Number.isNaN(value)) return 0x7ff8000000000000n;
  float[0] = value === 0 ? 0 : value;
  return bits[0] as bigint;
}

forEachVariant((bench: Bench) => {
  const { kernels } = bench;
  beforeEach(() => bench.account.arena.reset());

  describe.each(SIZES.filter((n) => n <= 200 || n === 8193))("%i rows", (n) => {
    const random = seeded(n + 1);

    test("words with NULLs, then combined", () => {
      const words = longs(n, random);
      const valid = flags(n, random, 0.8);
      const out = bench.room(n * 8);
      kernels.hashWords(bench.put(words), putBits(bench, valid), n, 0, out);
      const expected = Array.from(words, (word, i) => (valid[i] ? hashWord(word) : HASH_NULL));
      expectRows(readLongs(bench, out, n), expected.map(signed));
      kernels.hashWords(bench.put(words), 0, n, 1, out);
      expectRows(
        readLongs(bench, out, n),
        expected.map((hash, i) => signed(combine(hash, hashWord(words[i] as bigint)))),
      );
    });

    test("strings with NULLs, then combined", () => {
      const strings = texts(n, random);
      const valid = flags(n, random, 0.8);
      const { offsets, bytes } = putStrings(bench, strings);
      const out = bench.room(n * 8);
      kernels.hashUtf8(offsets, bytes, putBits(bench, valid), n, 0, out);
      const hashes = strings.map((text) => hashBytes(new TextEncoder().encode(text)));
      const expected = hashes.map((hash, i) => (valid[i] ? hash : HASH_NULL));
      expectRows(readLongs(bench, out, n), expected.map(signed));
      kernels.hashUtf8(offsets, bytes, 0, n, 1, out);
      expectRows(
        readLongs(bench, out, n),
        expected.map((hash, i) => signed(combine(hash, hashes[i] as bigint))),
      );
    });

    test("words of every width, and back", () => {
      const values = ints(n, random);
      const out = bench.room(n * 8);
      const back = bench.room(n * 8);
      const cases = [
        { widen: kernels.wordsI8, array: Int8Array.from(values), width: 1 },
        { widen: kernels.wordsI16, array: Int16Array.from(values), width: 2 },
        { widen: kernels.wordsI32, array: values, width: 4 },
      ];
      for (const { widen, array, width } of cases) {
        widen(bench.put(array), n, out);
        expectRows(
          readLongs(bench, out, n),
          Array.from(array, (value) => BigInt(value)),
        );
        kernels.narrowWords(out, n, width, back);
        const bytes = bench.memory.u8.slice(back, back + n * width);
        expectRows(bytes, new Uint8Array(array.buffer));
      }
    });

    test("words of bits, and back", () => {
      const values = flags(n, random);
      const out = bench.room(n * 8);
      const back = bench.room(n);
      kernels.wordsBits(putBits(bench, values), n, out);
      expectRows(
        readLongs(bench, out, n),
        values.map((value) => (value ? 1n : 0n)),
      );
      expect(kernels.bitsOfWords(out, n, back)).toBe(values.filter((value) => !value).length);
      const bit = (i: number) => (((bench.memory.u8[back + (i >> 3)] as number) >> (i & 7)) & 1) === 1;
      expectRows(
        values.map((_, i) => bit(i)),
        values,
      );
    });

    test("S52 S53 words of doubles: −0 is 0, every NaN the same", () => {
      const values = doubles(n, random);
      const out = bench.room(n * 8);
      kernels.wordsF64(bench.put(values), n, out);
      expectRows(
        readLongs(bench, out, n),
        Array.from(values, (value) => signed(wordOf(value))),
      );
    });

    test("FLOAT to DOUBLE and back", () => {
      const values = Float32Array.from(doubles(n, random));
      const out = bench.room(n * 8);
      const back = bench.room(n * 4);
      kernels.promoteF32(bench.put(values), n, out);
      expectRows(readDoubles(bench, out, n), Float64Array.from(values));
      kernels.demoteF64(out, n, back);
      expectRows(bench.memory.f32.slice(back >> 2, (back >> 2) + n), values);
    });
  });

  test("NaNs of any payload are one key", () => {
    const payloads = BigInt64Array.of(0x7ff8000000000000n, 0x7ff8000000000001n, -1n, 0x7ff0000000000001n);
    const out = bench.room(32);
    kernels.wordsF64(bench.put(payloads), 4, out);
    expect(new Set(readLongs(bench, out, 4))).toEqual(new Set([0x7ff8000000000000n]));
  });

  test("version 1 gives these hashes for ever", () => {
    const out = bench.room(64);
    kernels.hashWords(bench.put(BigInt64Array.of(0n, 1n, -1n, 1_000_000_007n)), 0, 4, 0, out);
    const { offsets, bytes } = putStrings(bench, [
      "",
      "a",
      "millrace",
      "a string that is longer than thirty-two bytes",
    ]);
    kernels.hashUtf8(offsets, bytes, 0, 4, 0, out + 32);
    expect(Array.from(readLongs(bench, out, 8), u64).map((hash) => hash.toString(16))).toEqual(PINNED);
  });

  test("offsets of values of one width", () => {
    const out = bench.room(16);
    kernels.strideOffsets(3, 16, out);
    expect([...bench.memory.i32.slice(out >> 2, (out >> 2) + 4)]).toEqual([0, 16, 32, 48]);
  });
});
