// gzip by our own decoder, against zlib: however the input is cut, whatever is broken.
import { constants, deflateRawSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Gunzip } from "../../src/connectors/gunzip.js";

/** What a decoder gives for input in chunks of such a size, and the code it fails with. */
function gunzip(bytes: Uint8Array, chunkBytes = bytes.length || 1): { bytes: Buffer; code: string | null } {
  const decoder = new Gunzip("x.gz");
  const pieces: Uint8Array[] = [];
  let code: string | null = null;
  const drain = (chunk: Uint8Array | null): void => {
    decoder.push(chunk);
    for (let piece = decoder.next(); piece !== null; piece = decoder.next()) pieces.push(piece);
  };
  try {
    for (let at = 0; at < bytes.length; at += chunkBytes) drain(bytes.subarray(at, at + chunkBytes));
    drain(null);
  } catch (error) {
    code = (error as { code: string }).code;
  }
  return { bytes: Buffer.concat(pieces), code };
}

/** Text with repetitions, near and far, and runs. */
function sample(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 8;
  };
  for (let at = 0; at < length; ) {
    const count = 1 + (next() % 40);
    const kind = next() % 4;
    const from = at === 0 ? 0 : next() % at;
    for (let index = 0; index < count && at < length; index++, at++) {
      bytes[at] = kind === 0 ? next() & 0xff : kind === 1 ? 97 : (bytes[from + index] as number) || 98;
    }
  }
  return bytes;
}

const LEVELS = [
  { level: 0 },
  { level: 1 },
  { level: 9 },
  { level: 6, strategy: constants.Z_FIXED },
  { level: 6, strategy: constants.Z_HUFFMAN_ONLY },
  { level: 6, strategy: constants.Z_RLE },
];

describe("gzip", () => {
  test.each(LEVELS)("gives what zlib compressed (%o)", (options) => {
    for (const length of [0, 1, 2, 100, 40_000, 300_000, 1_000_001]) {
      const plain = sample(length, length + 1);
      const { bytes, code } = gunzip(gzipSync(plain, options));
      expect(code).toBeNull();
      // Not by toEqual, which takes seconds for a megabyte.
      expect(bytes.equals(plain)).toBe(true);
    }
  });

  test("gives the same however it is cut", () => {
    const plain = sample(2000, 7);
    const packed = Buffer.concat([gzipSync(plain, { level: 9 }), gzipSync(plain.subarray(0, 50), { level: 0 })]);
    const whole = Buffer.concat([plain, plain.subarray(0, 50)]);
    for (let chunkBytes = 1; chunkBytes < 40; chunkBytes++) {
      expect(gunzip(packed, chunkBytes)).toEqual({ bytes: whole, code: null });
    }
  });

  test("gives all of any bytes", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 5000 }),
        fc.nat(9),
        fc.integer({ min: 1, max: 5000 }),
        (plain, level, cut) => {
          expect(gunzip(gzipSync(plain, { level }), cut)).toEqual({ bytes: Buffer.from(plain), code: null });
        },
      ),
    );
  });

  test("reads members one behind the other, and zeros behind the last", () => {
    const one = gzipSync("one\n");
    const packed = Buffer.concat([one, gzipSync(""), gzipSync("two\n"), Buffer.alloc(512)]);
    expect(gunzip(packed)).toEqual({ bytes: Buffer.from("one\ntwo\n"), code: null });
    expect(gunzip(packed, 1)).toEqual({ bytes: Buffer.from("one\ntwo\n"), code: null });
  });

  test("passes over the optional parts of a header", () => {
    const plain = Buffer.from("hello");
    const trailer = gzipSync(plain).subarray(-8);
    const header = Buffer.from([0x1f, 0x8b, 8, 2 + 4 + 8 + 16, 0, 0, 0, 0, 0, 3]);
    const extra = Buffer.from([3, 0, 1, 2, 3]);
    const names = Buffer.from("name\0comment\0");
    const packed = Buffer.concat([header, extra, names, Buffer.from([9, 9]), deflateRawSync(plain), trailer]);
    expect(gunzip(packed)).toEqual({ bytes: plain, code: null });
  });

  test("that ends too early gives what was there, and GZIP_TRUNCATED with the byte", () => {
    const plain = sample(3000, 3);
    for (const options of LEVELS) {
      const packed = gzipSync(plain, options);
      let most = 0;
      for (let end = 1; end < packed.length; end++) {
        const { bytes, code } = gunzip(packed.subarray(0, end));
        expect(code).toBe("GZIP_TRUNCATED");
        expect(bytes.equals(plain.subarray(0, bytes.length))).toBe(true);
        expect(bytes.length).toBeGreaterThanOrEqual(most);
        most = bytes.length;
      }
      expect(most).toBe(plain.length);
    }
  });

  test("with a wrong check sum gives its bytes, and GZIP_CORRUPT", () => {
    const packed = gzipSync("hello");
    for (const at of [packed.length - 8, packed.length - 1]) {
      const broken = Buffer.from(packed);
      broken[at] = (broken[at] as number) ^ 1;
      expect(gunzip(broken)).toEqual({ bytes: Buffer.from("hello"), code: "GZIP_CORRUPT" });
    }
  });

  test("that is none, or has something behind it, is GZIP_CORRUPT", () => {
    expect(gunzip(Buffer.from("plain text")).code).toBe("GZIP_CORRUPT");
    expect(gunzip(Buffer.concat([gzipSync("a"), Buffer.from("b")])).code).toBe("GZIP_CORRUPT");
    expect(gunzip(Buffer.from([0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0])).code).toBe("GZIP_CORRUPT");
  });

  test("with any byte changed ends, with an error or with bytes of the right length", () => {
    const plain = sample(600, 11);
    const packed = gzipSync(plain, { level: 9 });
    for (let at = 0; at < packed.length; at++) {
      for (const flip of [1, 0x80, 0xff]) {
        const broken = Buffer.from(packed);
        broken[at] = (broken[at] as number) ^ flip;
        const { bytes, code } = gunzip(broken);
        if (code === null) expect(bytes.equals(plain)).toBe(true);
        else expect(code).toMatch(/^GZIP_(TRUNCATED|CORRUPT)$/);
      }
    }
  });
});
