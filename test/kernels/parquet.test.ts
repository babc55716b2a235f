// Kernels of Parquet pages against plain encoders and decoders written from the format's text: levels and indexes in any
// mix of runs and packed bits, deltas, byte arrays, split streams, conversions. Corrupt pages give CORRUPT, and no kernel
// writes outside its output.
import { expect, test } from "vitest";
import { Status } from "../../src/wasm/kernels.js";
import { forEachVariant, SIZES, seeded } from "./harness.js";

const REPEATED = 0xffffffff;

/** Encodes values in the RLE/bit-packed hybrid; `random` chooses the runs. */
function encodeHybrid(values: readonly number[], width: number, random: () => number): Uint8Array {
  const bytes: number[] = [];
  const varint = (value: number): void => {
    while (value >= 0x80) {
      bytes.push((value & 0x7f) | 0x80);
      value >>>= 7;
    }
    bytes.push(value);
  };
  let at = 0;
  while (at < values.length) {
    let run = 1;
    while (at + run < values.length && values[at + run] === values[at]) run++;
    // Anything may be packed, in groups of eight; only equal values may be a run.
    if (run >= 8 && random() < 0.8) {
      varint(run << 1);
      for (let b = 0; b < Math.ceil(width / 8); b++) bytes.push(((values[at] as number) / 2 ** (8 * b)) & 0xff);
      at += run;
    } else {
      const groups = Math.min(Math.ceil((values.length - at) / 8), 1 + Math.floor(random() * 5));
      varint((groups << 1) | 1);
      let bits = 0n;
      for (let i = 0; i < groups * 8; i++) bits |= BigInt(values[at + i] ?? 0) << BigInt(i * width);
      for (let b = 0; b < groups * width; b++) bytes.push(Number((bits >> BigInt(8 * b)) & 0xffn));
      at += groups * 8;
    }
  }
  return new Uint8Array(bytes);
}

/** Values in runs and noise, each of `width` bits. */
function noisy(n: number, width: number, random: () => number): number[] {
  const values: number[] = [];
  while (values.length < n) {
    const run = random() < 0.3 ? Math.floor(random() * 70) + 1 : 1;
    const value = Math.floor(random() * 2 ** width);
    for (let i = 0; i < run && values.length < n; i++) values.push(value);
  }
  return values;
}

const zigzag = (value: bigint): bigint => BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));

/** DELTA_BINARY_PACKED of 64-bit integers: blocks of 128 values in four miniblocks. */
function encodeDelta(values: readonly bigint[]): Uint8Array {
  const bytes: number[] = [];
  const varint = (value: bigint): void => {
    while (value >= 0x80n) {
      bytes.push(Number(value & 0x7fn) | 0x80);
      value >>= 7n;
    }
    bytes.push(Number(value));
  };
  const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);
  varint(128n);
  varint(4n);
  varint(BigInt(values.length));
  varint(zigzag(values[0] ?? 0n));
  const deltas = values.slice(1).map((value, i) => wrap(value - (values[i] as bigint)));
  for (let block = 0; block < deltas.length; block += 128) {
    const part = deltas.slice(block, block + 128);
    const [least] = part.toSorted((a, b) => (a < b ? -1 : 1)) as [bigint];
    varint(zigzag(least));
    const minis = [0, 1, 2, 3].map((m) =>
      part.slice(m * 32, m * 32 + 32).map((delta) => BigInt.asUintN(64, delta - least)),
    );
    const widths = minis.map((mini) => mini.reduce((widest, v) => Math.max(widest, v.toString(2).length), 0));
    // The width of a miniblock that is not there may be anything.
    bytes.push(...minis.map((mini, m) => (mini.length === 0 ? 77 : (widths[m] as number))));
    minis.forEach((mini, m) => {
      if (mini.length === 0) return;
      let bits = 0n;
      for (let i = 0; i < 32; i++) bits |= (mini[i] ?? 0n) << BigInt(i * (widths[m] as number));
      for (let b = 0; b < (widths[m] as number) * 4; b++) bytes.push(Number((bits >> BigInt(8 * b)) & 0xffn));
    });
  }
  return new Uint8Array(bytes);
}

const text = new TextEncoder();

forEachVariant(({ kernels, memory, account, put, room }) => {
  const hybrid = (bytes: Uint8Array, width: number): number => {
    const ptr = put(bytes);
    return put(new Uint32Array([ptr, ptr + bytes.length, 0, 0, 0, width]));
  };
  const u32s = (ptr: number, n: number): number[] => Array.from(memory.u32.subarray(ptr >> 2, (ptr >> 2) + n));
  const i64s = (ptr: number, n: number): bigint[] => Array.from(memory.i64.slice(ptr >> 3, (ptr >> 3) + n));
  const bitsOf = (ptr: number, n: number): number[] =>
    Array.from({ length: n }, (_, i) => ((memory.u8[ptr + (i >> 3)] as number) >> (i & 7)) & 1);

  test("decodeIndexes reads every width, in pieces of any length", () => {
    const random = seeded(1);
    for (let width = 0; width <= 32; width++) {
      for (const n of [0, 1, 7, 8, 9, 64, 333]) {
        const values = noisy(n, width, random);
        const reader =
          width === 0
            ? put(new Uint32Array([0, 0, 0x7fffffff, 0, REPEATED, 0]))
            : hybrid(encodeHybrid(values, width, random), width);
        const found: number[] = [];
        while (found.length < n) {
          const piece = Math.min(n - found.length, 1 + Math.floor(random() * 100));
          const out = room((piece + 1) * 4);
          expect(kernels.decodeIndexes(reader, piece, 0xffffffff, out)).toBe(piece);
          found.push(...u32s(out, piece));
          expect(u32s(out, piece + 1)[piece]).toBe(0);
        }
        expect(found).toEqual(values);
        account.arena.reset();
      }
    }
  });

  test("decodeIndexes refuses an index at the limit, and runs that end early", () => {
    const random = seeded(2);
    const values = [3, 3, 3, 3, 3, 3, 3, 3, 3, 1, 2, 3, 0, 0, 1, 0, 2, 1, 3, 3, 2, 1, 0, 3];
    const bytes = encodeHybrid(values, 2, random);
    const out = room(100);
    expect(kernels.decodeIndexes(hybrid(bytes, 2), values.length, 4, out)).toBe(values.length);
    expect(kernels.decodeIndexes(hybrid(bytes, 2), values.length, 3, out)).toBe(Status.CORRUPT);
    expect(kernels.decodeIndexes(hybrid(new Uint8Array([40, 3]), 2), 20, 3, out)).toBe(Status.CORRUPT);
    for (let cut = 0; cut < bytes.length; cut++) {
      expect(kernels.decodeIndexes(hybrid(bytes.slice(0, cut), 2), values.length, 4, out)).toBe(Status.CORRUPT);
    }
    // A header that never ends, and a run without its value.
    expect(kernels.decodeIndexes(hybrid(new Uint8Array(9).fill(0x80), 2), 1, 4, out)).toBe(Status.CORRUPT);
    expect(kernels.decodeIndexes(hybrid(new Uint8Array([16]), 32), 1, 4, out)).toBe(Status.CORRUPT);
    // Runs of no values lead to the next one.
    expect(kernels.decodeIndexes(hybrid(new Uint8Array([0, 9, 1, 2, 1]), 2), 1, 4, out)).toBe(1);
    expect(u32s(out, 1)).toEqual([1]);
    account.arena.reset();
  });

  test("decodeBits gives a bitmap and its count, in pieces of any length", () => {
    const random = seeded(3);
    for (const n of SIZES) {
      const values = noisy(n, 1, random);
      const reader = hybrid(encodeHybrid(values, 1, random), 1);
      let at = 0;
      while (at < n) {
        const piece = Math.min(n - at, 1 + Math.floor(random() * 5000));
        const out = room((piece + 7) >> 3);
        const wanted = values.slice(at, at + piece);
        expect(kernels.decodeBits(reader, piece, out)).toBe(wanted.filter((bit) => bit === 1).length);
        expect(bitsOf(out, piece)).toEqual(wanted);
        at += piece;
      }
      expect(kernels.decodeBits(hybrid(new Uint8Array(0), 1), n, room((n + 7) >> 3))).toBe(
        n === 0 ? 0 : Status.CORRUPT,
      );
      account.arena.reset();
    }
  });

  test("rankRows and spreadOffsets find each row's value", () => {
    const random = seeded(4);
    for (const n of SIZES) {
      const valid = Array.from({ length: n }, () => (random() < 0.7 ? 1 : 0));
      const bitmap = new Uint8Array((n + 7) >> 3);
      valid.forEach((bit, i) => {
        bitmap[i >> 3] = (bitmap[i >> 3] as number) | (bit << (i & 7));
      });
      const validity = put(bitmap);
      const ranks = room(n * 4);
      const count = valid.reduce((sum: number, bit) => sum + bit, 0);
      expect(kernels.rankRows(validity, n, ranks)).toBe(count);
      let rank = 0;
      const wanted = valid.map((bit) => {
        const own = rank;
        rank += bit;
        return own;
      });
      expect(u32s(ranks, n)).toEqual(wanted);

      const dense = [100];
      for (let i = 0; i < count; i++) dense.push((dense[i] as number) + Math.floor(random() * 9));
      const offsets = put(new Uint32Array(dense));
      const out = room((n + 1) * 4);
      kernels.spreadOffsets(offsets, validity, n, 100, out);
      expect(u32s(out, n + 1)).toEqual([...wanted, count].map((at) => (dense[at] as number) - 100));
      kernels.spreadOffsets(offsets, 0, count, 40, out);
      expect(u32s(out, count + 1)).toEqual(dense.map((offset) => offset - 40));
      account.arena.reset();
    }
  });

  test("decodeByteArrays packs strings of every length, and refuses lengths that lie", () => {
    const random = seeded(5);
    for (const n of [0, 1, 2, 50, 1000]) {
      const strings = Array.from({ length: n }, (_, i) => text.encode("ä".repeat(random() < 0.1 ? 40 : i % 20)));
      const page = new Uint8Array(strings.reduce((sum, s) => sum + 4 + s.length, 0));
      let at = 0;
      for (const s of strings) {
        new DataView(page.buffer).setUint32(at, s.length, true);
        page.set(s, at + 4);
        at += 4 + s.length;
      }
      const ptr = put(page);
      const offsets = room((n + 1) * 4);
      const out = room(page.length);
      const total = page.length - 4 * n;
      expect(kernels.decodeByteArrays(ptr, page.length, n, offsets, out)).toBe(total);
      const found = u32s(offsets, n + 1);
      strings.forEach((s, i) => {
        expect(memory.u8.slice(out + (found[i] as number), out + (found[i + 1] as number))).toEqual(s);
      });
      expect(kernels.decodeByteArrays(ptr, page.length, n + 1, offsets, out)).toBe(Status.CORRUPT);
      if (n > 0) expect(kernels.decodeByteArrays(ptr, page.length - 1, n, offsets, out)).toBe(Status.CORRUPT);
      account.arena.reset();
    }
    const huge = put(new Uint8Array([0xff, 0xff, 0xff, 0xff, 1, 2, 3]));
    expect(kernels.decodeByteArrays(huge, 7, 1, room(8), room(16))).toBe(Status.CORRUPT);
  });

  test("decodeDelta reads 64-bit and 32-bit integers to their extremes", () => {
    const random = seeded(6);
    const kinds: ((i: number) => bigint)[] = [
      (i) => BigInt(i * 3),
      () => 7n,
      () => BigInt(Math.floor(random() * 1000)) - 500n,
      () => BigInt.asIntN(64, BigInt(Math.floor(random() * 2 ** 32)) * BigInt(Math.floor(random() * 2 ** 32))),
      (i) => (i % 2 === 0 ? -(2n ** 63n) : 2n ** 63n - 1n),
    ];
    for (const kind of kinds) {
      for (const n of [1, 2, 32, 33, 34, 129, 130, 300]) {
        const values = Array.from({ length: n }, (_, i) => kind(i));
        const bytes = encodeDelta(values);
        const ptr = put(new Uint8Array([...bytes, 1, 2, 3]));
        const cursor = put(new Uint32Array([ptr, ptr + bytes.length + 3, 0]));
        const out = room(n * 8);
        expect(kernels.decodeDelta(cursor, n, 1, out)).toBe(n);
        expect(i64s(out, n)).toEqual(values);
        // What follows the deltas begins where they end.
        expect(memory.u32[cursor >> 2]).toBe(ptr + bytes.length);
        const narrow = room(n * 4);
        memory.u32[cursor >> 2] = ptr;
        expect(kernels.decodeDelta(cursor, n, 0, narrow)).toBe(n);
        expect(Array.from(memory.i32.subarray(narrow >> 2, (narrow >> 2) + n))).toEqual(
          values.map((value) => Number(BigInt.asIntN(32, value))),
        );
        for (let cut = 0; cut < bytes.length; cut += 1 + Math.floor(bytes.length / 50)) {
          memory.u32.set([ptr, ptr + cut, 0], cursor >> 2);
          expect(kernels.decodeDelta(cursor, n, 1, out)).toBe(Status.CORRUPT);
        }
        account.arena.reset();
      }
    }
  });

  test("decodeDelta refuses headers that make no sense", () => {
    const out = room(4096);
    const tryHeader = (...bytes: number[]): number => {
      const ptr = put(new Uint8Array([...bytes, ...new Array(64).fill(0)]));
      return kernels.decodeDelta(put(new Uint32Array([ptr, ptr + bytes.length + 64, 0])), 3, 1, out);
    };
    expect(tryHeader(0x80, 1, 4, 3, 0)).toBe(3);
    expect(tryHeader(0x80, 1, 4, 2, 0)).toBe(Status.CORRUPT); // another number of values
    expect(tryHeader(0x80, 1, 0, 3, 0)).toBe(Status.CORRUPT); // no miniblocks
    expect(tryHeader(0, 4, 3, 0)).toBe(Status.CORRUPT); // blocks of no values
    expect(tryHeader(0x80, 1, 3, 3, 0)).toBe(Status.CORRUPT); // 128 values in three miniblocks
    expect(tryHeader(0x84, 1, 4, 3, 0)).toBe(Status.CORRUPT); // miniblocks of 33 values
    expect(tryHeader(0x80, 1, 4, 3, 0, 0, 65, 0, 0, 0)).toBe(Status.CORRUPT); // deltas of 65 bits
    account.arena.reset();
  });

  test("lengths and prefixes become offsets and strings", () => {
    const random = seeded(8);
    for (const n of [0, 1, 5, 400]) {
      let last = "";
      const strings = Array.from({ length: n }, () => {
        last = last.slice(0, random() * last.length) + "xyz".repeat(random() * 20);
        return last;
      });
      const prefixes = strings.map((s, i) => {
        const before = strings[i - 1] ?? "";
        let shared = 0;
        while (shared < s.length && s[shared] === before[shared]) shared++;
        return shared;
      });
      const suffixes = strings.map((s, i) => s.slice(prefixes[i]));
      const lengths = put(new Uint32Array(suffixes.map((s) => s.length)));
      const bytes = text.encode(suffixes.join(""));
      const offsets = room((n + 1) * 4);
      expect(kernels.sumLengths(lengths, n, bytes.length, offsets)).toBe(bytes.length);
      let sum = 0;
      expect(u32s(offsets, n + 1)).toEqual([0, ...suffixes.map((s) => (sum += s.length))]);
      if (bytes.length > 0) expect(kernels.sumLengths(lengths, n, bytes.length - 1, offsets)).toBe(Status.CORRUPT);

      const joined = strings.join("");
      const shared = put(new Uint32Array(prefixes));
      const size = (limit: number, available: number): number =>
        kernels.sumPrefixes(shared, lengths, n, available, limit, offsets);
      expect(size(joined.length, bytes.length)).toBe(joined.length);
      const out = room(joined.length);
      kernels.joinPrefixes(shared, n, put(bytes), offsets, out);
      expect(new TextDecoder().decode(memory.u8.slice(out, out + joined.length))).toBe(joined);
      if (joined.length > 0) expect(size(joined.length - 1, bytes.length)).toBe(Status.NEED_SPACE);
      if (bytes.length > 0) expect(size(joined.length, bytes.length - 1)).toBe(Status.CORRUPT);
      account.arena.reset();
    }
    const first = put(new Uint32Array([1]));
    expect(kernels.sumPrefixes(first, first, 1, 1, 100, room(8))).toBe(Status.CORRUPT); // a prefix of nothing
  });

  test("joinStreams puts the bytes of values together", () => {
    const random = seeded(9);
    for (const width of [4, 8, 5, 16]) {
      const count = 137;
      const values = Uint8Array.from({ length: count * width }, () => random() * 256);
      const page = new Uint8Array(values.length);
      for (let i = 0; i < count; i++) {
        for (let b = 0; b < width; b++) page[b * count + i] = values[i * width + b] as number;
      }
      const ptr = put(page);
      const out = room(values.length);
      kernels.joinStreams(ptr, count, width, out);
      expect(memory.u8.slice(out, out + values.length)).toEqual(values);
      account.arena.reset();
    }
  });

  test("conversions check and widen, from any address", () => {
    const i32 = [0, 1, -1, 127, -128, 255, 32767, -32768, 65535, 2147483647, -2147483648];
    const unaligned = (values: ArrayBufferView): number =>
      put(new Uint8Array([9, ...new Uint8Array(values.buffer, values.byteOffset, values.byteLength)])) + 1;
    for (const [low, high, width] of [
      [-128, 127, 1],
      [0, 255, 2],
      [-32768, 32767, 2],
      [0, 65535, 4],
    ] as const) {
      const inside = i32.filter((value) => value >= low && value <= high);
      const out = room(inside.length * width);
      expect(kernels.narrowI32(unaligned(new Int32Array(inside)), inside.length, low, high, width, out)).toBe(
        inside.length,
      );
      const found =
        width === 1 ? memory.i8.slice(out) : width === 2 ? memory.i16.slice(out >> 1) : memory.i32.slice(out >> 2);
      expect(Array.from(found.subarray(0, inside.length))).toEqual(inside);
      for (const value of i32.filter((v) => v < low || v > high)) {
        expect(kernels.narrowI32(put(new Int32Array([value])), 1, low, high, width, out)).toBe(Status.CORRUPT);
      }
    }
    const wide = room(i32.length * 8);
    kernels.widenI32(unaligned(new Int32Array(i32)), i32.length, 1, wide);
    expect(i64s(wide, i32.length)).toEqual(i32.map(BigInt));
    kernels.widenI32(unaligned(new Int32Array(i32)), i32.length, 0, wide);
    expect(i64s(wide, i32.length)).toEqual(i32.map((value) => BigInt(value >>> 0)));
    const u64 = [0n, 1n, 2n ** 63n, 2n ** 64n - 1n];
    const out128 = room(64);
    kernels.widenU64(unaligned(new BigUint64Array(u64)), 4, out128);
    expect(Array.from(memory.u64.slice(out128 >> 3, (out128 >> 3) + 8))).toEqual(u64.flatMap((value) => [value, 0n]));
    account.arena.reset();
  });

  test("divideTimes rounds toward the past, or refuses", () => {
    const values = [0n, 999n, 1000n, 1001n, -1n, -1000n, -1001n, 2n ** 63n - 1n, -(2n ** 63n)];
    const source = put(new BigInt64Array(values));
    const out = room(values.length * 8);
    const floor = (value: bigint): bigint => (value - (((value % 1000n) + 1000n) % 1000n)) / 1000n;
    expect(kernels.divideTimes(source, values.length, 1000, 0, 0, out)).toBe(values.length);
    expect(i64s(out, values.length)).toEqual(values.map(floor));
    for (const value of values) {
      const exact = kernels.divideTimes(put(new BigInt64Array([value])), 1, 1000, 1, 0, out);
      expect(exact).toBe(value % 1000n === 0n ? 1 : Status.OVERFLOW);
    }
    const day = put(new BigInt64Array([86_399_999_000n, 0n]));
    expect(kernels.divideTimes(day, 2, 1000, 1, 1, out)).toBe(2);
    expect(Array.from(memory.i32.subarray(out >> 2, (out >> 2) + 2))).toEqual([86_399_999, 0]);
    expect(kernels.divideTimes(put(new BigInt64Array([2n ** 60n])), 1, 1000, 0, 1, out)).toBe(Status.CORRUPT);
    account.arena.reset();
  });

  test("convertInt96 counts microseconds from 1970", () => {
    const write = (nanos: bigint, day: number): number => {
      const view = new DataView(new ArrayBuffer(12));
      view.setBigInt64(0, nanos, true);
      view.setInt32(8, day, true);
      return put(view);
    };
    const out = room(8);
    const micros = (nanos: bigint, day: number, exact = 1): bigint | number => {
      const status = kernels.convertInt96(write(nanos, day), 1, exact, out);
      return status < 0 ? status : (i64s(out, 1)[0] as bigint);
    };
    expect(micros(0n, 2440588)).toBe(0n);
    expect(micros(1000n, 2440588)).toBe(1n);
    expect(micros(86_399_999_999_000n, 2440587)).toBe(-1n);
    expect(micros(1n, 2440588)).toBe(Status.OVERFLOW);
    expect(micros(1999n, 2440588, 0)).toBe(1n);
    expect(micros(-1n, 2440588)).toBe(Status.CORRUPT);
    expect(micros(86_400_000_000_001n, 2440588, 0)).toBe(Status.CORRUPT);
    expect(micros(0n, 2147483647)).toBe(Status.CORRUPT);
    account.arena.reset();
  });

  test("convertDecimals reads big-endian integers of any length that fit", () => {
    const random = seeded(10);
    const bigEndian = (value: bigint, length: number): Uint8Array =>
      Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * (length - 1 - i))) & 0xffn));
    for (let length = 0; length <= 20; length++) {
      const out = room(16);
      for (let round = 0; round < 60; round++) {
        const bits = Math.min(length * 8, 1 + Math.floor(random() * length * 8));
        let value = 0n;
        for (let i = 0; i < bits; i++) value = (value << 1n) | BigInt(random() < 0.5 ? 0 : 1);
        value = length === 0 ? 0n : BigInt.asIntN(bits, value);
        const bytes = put(bigEndian(value, length));
        const fits = (width: number): boolean => BigInt.asIntN(width, value) === value;
        expect(kernels.convertDecimals(0, bytes, length, 1, 0, out)).toBe(fits(64) ? 1 : Status.OVERFLOW);
        if (fits(64)) expect(i64s(out, 1)).toEqual([value]);
        const offsets = put(new Uint32Array([0, length]));
        expect(kernels.convertDecimals(offsets, bytes, 0, 1, 1, out)).toBe(fits(128) ? 1 : Status.OVERFLOW);
        if (fits(128)) {
          const [low, high] = i64s(out, 2) as [bigint, bigint];
          expect((high << 64n) | BigInt.asUintN(64, low)).toBe(value);
        }
      }
      account.arena.reset();
    }
  });

  test("checkUtf8 agrees with TextDecoder on each string", () => {
    const random = seeded(11);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const pieces = [
      [0x41],
      [0xc3, 0xa9],
      [0xe2, 0x82, 0xac],
      [0xf0, 0x9f, 0x99, 0x82],
      [0x80],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe0, 0x80, 0x80],
      [0xff],
      [0xc3],
    ];
    let bad = 0;
    for (let round = 0; round < 2000; round++) {
      const strings = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
        Array.from(
          { length: random() * 12 },
          () => pieces[Math.floor(random() ** 4 * pieces.length)] as number[],
        ).flat(),
      );
      const offsets = [0];
      for (const s of strings) offsets.push((offsets.at(-1) as number) + s.length);
      const good = strings.every((s) => {
        try {
          decoder.decode(new Uint8Array(s));
          return true;
        } catch {
          return false;
        }
      });
      bad += good ? 0 : 1;
      const found = kernels.checkUtf8(
        put(new Uint32Array(offsets)),
        put(new Uint8Array(strings.flat())),
        strings.length,
      );
      expect(found).toBe(good ? 0 : Status.BAD_UTF8);
      if (round % 100 === 0) account.arena.reset();
    }
    expect(bad).toBeGreaterThan(200);
    expect(bad).toBeLessThan(1800);
    account.arena.reset();
  });
});
