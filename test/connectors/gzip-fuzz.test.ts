// Random damage to gzip and to the DEFLATE streams within: the same pieces however the input is cut, and the bytes and refusals of
// zlib, where ours is not stricter. `npm run fuzz -- gzip --execs N --seed S`.
import { constants, deflateRawSync, gunzipSync, gzipSync, inflateRawSync } from "node:zlib";
import { Gunzip } from "../../src/connectors/gunzip.js";
import type { ErrorCode } from "../../src/errors.js";
import { Inflate } from "../../src/formats/inflate.js";
import type { Chance } from "../fuzz/damage.js";
import { codeOf, expectSame } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";

const CODES: readonly ErrorCode[] = ["GZIP_CORRUPT", "GZIP_TRUNCATED"];
/** A kilobyte of DEFLATE may become a megabyte; nothing here is larger than 32 of them. */
const OUTPUT_BYTES_MAX = 40 << 20;
const FLAG_HEADER_CRC = 2;

const TEXT = Buffer.from(`${"words and words, ".repeat(12)}0123456789abcdef ${"é€😀 ".repeat(5)}`);
const members = [
  gzipSync(TEXT),
  gzipSync(TEXT, { level: 0 }),
  gzipSync(TEXT, { strategy: constants.Z_FIXED }),
  gzipSync(TEXT, { strategy: constants.Z_HUFFMAN_ONLY }),
  gzipSync(Buffer.alloc(0)),
].map((bytes) => new Uint8Array(bytes));
/** A name, extra bytes and a comment in the header. */
const named = Uint8Array.of(...[0x1f, 0x8b, 8, 0x1c, 0, 0, 0, 0, 0, 3, 2, 0, 7, 7], ...Buffer.from("name\0comment\0"));
const seeds = [
  ...members,
  Uint8Array.of(...(members[0] as Uint8Array), ...(members[2] as Uint8Array), 0, 0, 0),
  Uint8Array.of(...named, ...(members[0] as Uint8Array).subarray(10)),
  new Uint8Array(deflateRawSync(TEXT)),
  new Uint8Array(deflateRawSync(Buffer.alloc(70_000, "ab"), { level: 9 })),
];

/** What came out before the end, and the code of what ended it. */
function gunzip(bytes: Uint8Array, chunkBytes: number): { bytes: Buffer; code: ErrorCode | null } {
  const decoder = new Gunzip("fuzz.gz");
  const pieces: Uint8Array[] = [];
  let code: ErrorCode | null = null;
  let length = 0;
  const drain = (chunk: Uint8Array | null): void => {
    decoder.push(chunk);
    for (let piece = decoder.next(); piece !== null; piece = decoder.next()) {
      length += piece.length;
      if (length > OUTPUT_BYTES_MAX) throw new Error(`${bytes.length} bytes became more than ${OUTPUT_BYTES_MAX}`);
      pieces.push(piece);
    }
  };
  try {
    for (let at = 0; at < bytes.length; at += chunkBytes) drain(bytes.subarray(at, at + chunkBytes));
    drain(null);
  } catch (error) {
    code = codeOf(error, CODES);
  }
  return { bytes: Buffer.concat(pieces), code };
}

/** What zlib gives, or null. */
function zlib(call: () => Buffer): Buffer | null {
  try {
    return call();
  } catch {
    return null;
  }
}

function expectBytes(actual: Buffer, expected: Buffer): void {
  if (!actual.equals(expected)) expectSame(actual.toString("hex"), expected.toString("hex"), "bytes");
}

/** The stream within, which no check sum guards. */
function checkDeflate(stream: Uint8Array): void {
  const inflate = new Inflate();
  inflate.push(stream);
  inflate.push(null);
  const pieces: Uint8Array[] = [];
  let stopped = inflate.run();
  for (; stopped === "full"; stopped = inflate.run()) pieces.push(inflate.piece.slice());
  pieces.push(inflate.piece.slice());
  const expected = zlib(() => inflateRawSync(stream));
  expectSame(stopped === "end", expected !== null, `ends as ${stopped}`);
  if (expected !== null) expectBytes(Buffer.concat(pieces), expected);
}

function run(bytes: Uint8Array, chance: Chance): void {
  const choice = chance.below(4);
  if (choice < 2) {
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    checkDeflate(isGzip ? bytes.subarray(10) : bytes);
    return;
  }
  const whole = gunzip(bytes, Math.max(1, bytes.length));
  if (choice === 2) {
    const cut = gunzip(bytes, 1 + chance.below(40));
    expectSame(cut.code, whole.code, "cut into chunks");
    expectBytes(cut.bytes, whole.bytes);
    return;
  }
  const expected = zlib(() => gunzipSync(bytes));
  const isUnchecked = ((bytes[3] ?? 0) & FLAG_HEADER_CRC) !== 0;
  if (whole.code !== null || bytes.length === 0 || isUnchecked) return;
  if (expected === null) throw new Error("zlib refuses it");
  expectBytes(whole.bytes, expected);
}

fuzz({ name: "gzip", seeds, run });
