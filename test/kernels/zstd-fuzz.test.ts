// Random damage to Zstandard frames: the kernel writes inside its blocks and gives CORRUPT or the very bytes that another decoder
// gives; the reader of streams ends in bytes or codes, and gives the same bytes of what is whole, cut anywhere. `npm run fuzz -- zstd --execs N --seed S`.
import { readFileSync } from "node:fs";
import { decompress } from "fzstd";
import { afterAll } from "vitest";
import { openPieces } from "../../src/connectors/compression.js";
import { ZstdWindows } from "../../src/connectors/zstd-windows.js";
import type { ErrorCode } from "../../src/errors.js";
import type { Chance } from "../fuzz/damage.js";
import { codeOf, expectSame } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";
import { openUnpack } from "./compressed-kit.js";

const CODES: readonly ErrorCode[] = ["DECOMPRESS_LIMIT", "ZSTD_CORRUPT"];
const SCRATCH_BYTES = 147_488;
const SIZE_MAX = 6000;
const SEEN_WINDOW_BYTES = 1 << 20;
const WINDOW_BYTES_MAX = 128 << 20;

const fixtures = JSON.parse(readFileSync(new URL("data/zstd/frames.json", import.meta.url), "utf8")) as {
  size: number;
  frame: string;
}[];
const frames = fixtures
  .filter(({ size }) => size <= SIZE_MAX)
  .map(({ size, frame }) => ({ size, bytes: new Uint8Array(Buffer.from(frame, "base64")) }))
  .filter(({ bytes }) => bytes.length <= 1500);
const sizes = [...new Set(frames.map(({ size }) => size))];

const { unpack, close } = await openUnpack(SCRATCH_BYTES, (kernels, input, length, out, size, scratch) =>
  kernels.decodeZstd(input, length, out, size, scratch),
);

/** The size is a page's own, told beside it: that of the seed which the bytes begin like, or another one. */
function sizeOf(bytes: Uint8Array, chance: Chance): number {
  if (chance.below(4) === 0) return chance.pick(sizes);
  const found = frames.find((frame) => frame.bytes.subarray(0, 12).every((byte, at) => byte === bytes[at]));
  return found?.size ?? chance.pick(sizes);
}

/** The first window beyond what is looked at here; 0 when there is none. */
function windowOf(bytes: Uint8Array): number {
  const windows = new ZstdWindows(SEEN_WINDOW_BYTES);
  windows.allow(bytes);
  return windows.refusedBytes;
}

function runKernel(bytes: Uint8Array, chance: Chance): void {
  const size = sizeOf(bytes, chance);
  const plain = unpack(bytes, size);
  if (plain === null || chance.below(4) !== 0 || windowOf(bytes) > SEEN_WINDOW_BYTES) return;
  let expected: Uint8Array;
  try {
    expected = decompress(bytes);
  } catch {
    // What fzstd refuses although we do not is looked at by the bytes of frames that are whole: its checks are other ones.
    return;
  }
  // The page's size counts; fzstd takes the frame's word for it, and leaves zeros behind what is there.
  const same = expected.subarray(0, plain.length);
  expectSame(Buffer.from(plain).toString("hex"), Buffer.from(same).toString("hex"), "bytes");
}

/** What comes out before the end, and the code that ended it. */
async function read(bytes: Uint8Array, chunkBytes: number): Promise<{ hex: string; code: ErrorCode | null }> {
  const pieces = await openPieces({ compression: "zstd", source: "fuzz.zst", limits: { bytesMax: 1 << 20 } });
  const out: Uint8Array[] = [];
  let code: ErrorCode | null = null;
  const drain = (chunk: Uint8Array | null): void => {
    pieces.push(chunk);
    for (let piece = pieces.next(); piece !== null; piece = pieces.next()) out.push(piece);
  };
  try {
    for (let at = 0; at < bytes.length; at += chunkBytes) drain(bytes.subarray(at, at + chunkBytes));
    drain(null);
  } catch (error) {
    code = codeOf(error, CODES);
  }
  return { hex: Buffer.concat(out).toString("hex"), code };
}

async function run(bytes: Uint8Array, chance: Chance): Promise<void> {
  if (chance.below(8) > 0) {
    runKernel(bytes, chance);
    return;
  }
  // A window of 128 MiB is made and moved, which takes its time; those that are larger are refused.
  const windowBytes = windowOf(bytes);
  if (windowBytes > SEEN_WINDOW_BYTES && windowBytes <= WINDOW_BYTES_MAX) return;
  const { hex, code } = await read(bytes, 1 + chance.below(200));
  const plain = unpack(bytes, sizeOf(bytes, chance));
  // fzstd has fewer checks than the kernel: what it makes of damage is bounded, and not compared.
  if (plain === null) return;
  expectSame(code, windowBytes > WINDOW_BYTES_MAX ? "DECOMPRESS_LIMIT" : null, "as a stream");
  if (code === null) expectSame(hex, Buffer.from(plain).toString("hex"), "as a stream");
}

afterAll(close);
fuzz({ name: "zstd", seeds: frames.map(({ bytes }) => bytes), run });
