// Digests of texts and bytes, in small hexadecimal letters: MD5 (RFC 1321), SHA-1 and SHA-2 (FIPS 180-4), CRC-32. The host's own
// would have to be waited for.
import { BINARY, INT32, INT64, STRING } from "../../arrow/types.js";
import { formatHex, parseHex } from "../../arrow/values.js";
import { isInteger } from "../coerce.js";
import type { FunctionRow } from "../functions.js";
import type { CellFunction } from "../scalar/value.js";
import { late, maybe, type Rule, takes } from "./row.js";

type Digest = (bytes: Uint8Array) => Uint8Array;

/** The message, a one, zeros and its length in bits, in whole blocks. */
function padded(bytes: Uint8Array, block: number, little: boolean): DataView {
  const lengthBytes = block / 8;
  const size = Math.ceil((bytes.length + 1 + lengthBytes) / block) * block;
  const all = new Uint8Array(size);
  all.set(bytes);
  all[bytes.length] = 0x80;
  const view = new DataView(all.buffer);
  view.setBigUint64(size - 8, BigInt(bytes.length) * 8n, little);
  return view;
}

function wordsToBytes(words: Uint32Array, little: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, i) => {
    view.setUint32(4 * i, word, little);
  });
  return new Uint8Array(view.buffer);
}

const left = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
const right = (x: number, by: number): number => (x >>> by) | (x << (32 - by));

const MD5_SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const MD5_SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0);

const md5: Digest = (bytes) => {
  const view = padded(bytes, 64, true);
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let at = 0; at < view.byteLength; at += 64) {
    let [a, b, c, d] = state as unknown as [number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round] as number;
      const word = [i, 5 * i + 1, 3 * i + 5, 7 * i][round] as number;
      const sum = (a + mixed + (MD5_SINES[i] as number) + view.getUint32(at + 4 * (word & 15), true)) | 0;
      [a, d, c, b] = [d, c, b, (b + left(sum, MD5_SHIFTS[4 * round + (i & 3)] as number)) | 0];
    }
    state.set([a, b, c, d].map((word, i) => word + (state[i] as number)));
  }
  return wordsToBytes(state, true);
};

const sha1: Digest = (bytes) => {
  const view = padded(bytes, 64, false);
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  const words = new Int32Array(80);
  for (let at = 0; at < view.byteLength; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 80; i++) {
      const [w, x, y, z] = [words[i - 3], words[i - 8], words[i - 14], words[i - 16]] as [
        number,
        number,
        number,
        number,
      ];
      words[i] = left(w ^ x ^ y ^ z, 1);
    }
    let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
    for (let i = 0; i < 80; i++) {
      const round = Math.floor(i / 20);
      const mixed = round === 0 ? (b & c) | (~b & d) : round === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
      const key = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6][round] as number;
      const sum = (left(a, 5) + mixed + e + key + (words[i] as number)) | 0;
      [a, b, c, d, e] = [sum, a, left(b, 30), c, d];
    }
    state.set([a, b, c, d, e].map((word, i) => word + (state[i] as number)));
  }
  return wordsToBytes(state, false);
};

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

/** The first 64 bits behind the point of a root of a number: the constants of SHA-2 are those of the first primes. */
function rootBits(n: number, degree: 2 | 3): bigint {
  const scaled = BigInt(n) << BigInt(64 * degree);
  let low = 0n;
  let high = 1n << 70n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(degree) <= scaled) low = middle;
    else high = middle;
  }
  return BigInt.asUintN(64, low);
}

const PRIMES = primes(80);
const KEYS_64 = PRIMES.map((prime) => rootBits(prime, 3));
const KEYS_32 = Int32Array.from(KEYS_64.slice(0, 64), (key) => Number(key >> 32n));
const STARTS_512 = PRIMES.slice(0, 8).map((prime) => rootBits(prime, 2));
const STARTS_384 = PRIMES.slice(8, 16).map((prime) => rootBits(prime, 2));
const STARTS_256 = STARTS_512.map((start) => Number(start >> 32n));
const STARTS_224 = STARTS_384.map((start) => Number(start & 0xffffffffn));

function sha256(starts: readonly number[], length: number): Digest {
  return (bytes) => {
    const view = padded(bytes, 64, false);
    const state = Uint32Array.from(starts);
    const words = new Int32Array(64);
    for (let at = 0; at < view.byteLength; at += 64) {
      for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
      for (let i = 16; i < 64; i++) {
        const [x, y] = [words[i - 15], words[i - 2]] as [number, number];
        const low = right(x, 7) ^ right(x, 18) ^ (x >>> 3);
        const high = right(y, 17) ^ right(y, 19) ^ (y >>> 10);
        words[i] = ((words[i - 16] as number) + low + (words[i - 7] as number) + high) | 0;
      }
      let [a, b, c, d, e, f, g, h] = state as unknown as number[] as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      for (let i = 0; i < 64; i++) {
        const first = (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + ((e & f) ^ (~e & g));
        const sum = (h + first + (KEYS_32[i] as number) + (words[i] as number)) | 0;
        const second = (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + sum) | 0, c, b, a, (sum + second) | 0];
      }
      state.set([a, b, c, d, e, f, g, h].map((word, i) => word + (state[i] as number)));
    }
    return wordsToBytes(state, false).slice(0, length);
  };
}

const wrap = (x: bigint): bigint => BigInt.asUintN(64, x);
const right64 = (x: bigint, by: bigint): bigint => wrap((x >> by) | (x << (64n - by)));

function sha512(starts: readonly bigint[], length: number): Digest {
  return (bytes) => {
    const view = padded(bytes, 128, false);
    const state = BigUint64Array.from(starts);
    const words = new BigUint64Array(80);
    for (let at = 0; at < view.byteLength; at += 128) {
      for (let i = 0; i < 16; i++) words[i] = view.getBigUint64(at + 8 * i);
      for (let i = 16; i < 80; i++) {
        const [x, y] = [words[i - 15], words[i - 2]] as [bigint, bigint];
        const low = right64(x, 1n) ^ right64(x, 8n) ^ (x >> 7n);
        const high = right64(y, 19n) ^ right64(y, 61n) ^ (y >> 6n);
        words[i] = (words[i - 16] as bigint) + low + (words[i - 7] as bigint) + high;
      }
      let [a, b, c, d, e, f, g, h] = Array.from(state) as [
        bigint,
        bigint,
        bigint,
        bigint,
        bigint,
        bigint,
        bigint,
        bigint,
      ];
      for (let i = 0; i < 80; i++) {
        const first = (right64(e, 14n) ^ right64(e, 18n) ^ right64(e, 41n)) + ((e & f) ^ (wrap(~e) & g));
        const sum = h + first + (KEYS_64[i] as bigint) + (words[i] as bigint);
        const second = (right64(a, 28n) ^ right64(a, 34n) ^ right64(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
        [h, g, f, e, d, c, b, a] = [g, f, e, wrap(d + sum), c, b, a, wrap(sum + second)];
      }
      [a, b, c, d, e, f, g, h].forEach((word, i) => {
        state[i] = (state[i] as bigint) + word;
      });
    }
    const view64 = new DataView(new ArrayBuffer(64));
    state.forEach((word, i) => {
      view64.setBigUint64(8 * i, word);
    });
    return new Uint8Array(view64.buffer).slice(0, length);
  };
}

const DIGESTS = {
  224: sha256(STARTS_224, 28),
  256: sha256(STARTS_256, 32),
  384: sha512(STARTS_384, 48),
  512: sha512(STARTS_512, 64),
};

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function crc32(bytes: Uint8Array): bigint {
  let rest = -1;
  for (const byte of bytes) rest = (rest >>> 8) ^ (CRC_TABLE[(rest ^ byte) & 0xff] as number);
  return BigInt(~rest >>> 0);
}

const encoder = new TextEncoder();
const bytesOf = (value: unknown, kind: string | undefined): Uint8Array =>
  kind === "binary" ? (parseHex(value as string) as Uint8Array) : encoder.encode(value as string);

const hashed: Rule = ({ type }) =>
  type.kind === "binary" ? BINARY : type.kind === "string" || type.kind === "null" ? STRING : null;
const bits: Rule = ({ type }) => (isInteger(type) ? INT32 : null);

function digest(name: string, compute: Digest): FunctionRow {
  const scalar: CellFunction = ([value], { args }) => formatHex(compute(bytesOf(value, args[0]?.kind))).toLowerCase();
  return late(name, takes([hashed], STRING), "(STRING | BYTES)", scalar);
}

const sha2: CellFunction = ([value, count], { args }) => {
  const compute = DIGESTS[(count === 0 ? 256 : count) as keyof typeof DIGESTS] as Digest | undefined;
  return compute === undefined ? null : formatHex(compute(bytesOf(value, args[0]?.kind))).toLowerCase();
};

export const HASH_ROWS: readonly FunctionRow[] = [
  digest("MD5", md5),
  digest("SHA1", sha1),
  digest("SHA224", DIGESTS[224]),
  digest("SHA256", DIGESTS[256]),
  digest("SHA384", DIGESTS[384]),
  digest("SHA512", DIGESTS[512]),
  late("SHA2", maybe(takes([hashed, bits], STRING)), "(STRING | BYTES, bits)", sha2),
  late("CRC32", takes([hashed], INT64), "(STRING | BYTES)", ([value], { args }) =>
    crc32(bytesOf(value, args[0]?.kind)),
  ),
];
