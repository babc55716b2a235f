// Random damage to Snappy blocks: the kernel writes inside its blocks and gives CORRUPT or the very bytes that another decoder
// gives. `npm run fuzz -- snappy --execs N --seed S`.
import { snappyUncompress } from "hyparquet";
import { afterAll } from "vitest";
import { compressSnappy } from "../../src/formats/snappy.js";
import { messageOf } from "../../src/platform/errors.js";
import type { Chance } from "../fuzz/damage.js";
import { expectSame } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";
import { openUnpack } from "./compressed-kit.js";

const SIZE_MAX = 1 << 16;
const { unpack, close } = await openUnpack(8, (kernels, input, length, out, size) =>
  kernels.decodeSnappy(input, length, out, size),
);

const texts = ["", "a", "words and words, ".repeat(20), "0123456789".repeat(3), `${"x".repeat(300)}y${"x".repeat(70)}`];
const seeds = texts.map((text) => compressSnappy(new TextEncoder().encode(text)));

/** The length that a block begins with (a varint), where it is one. */
function declared(bytes: Uint8Array): number {
  let size = 0;
  for (let at = 0; at < 4; at++) {
    const byte = bytes[at] ?? 0;
    size |= (byte & 0x7f) << (7 * at);
    if (byte < 0x80) break;
  }
  return size;
}

function run(bytes: Uint8Array, chance: Chance): void {
  const size = declared(bytes);
  if (size > SIZE_MAX) return;
  const given = chance.below(8) === 0 ? chance.below(400) : size;
  const plain = unpack(bytes, given);
  if (plain === null) return;
  expectSame(given, size, "the declared size");
  const expected = new Uint8Array(size);
  try {
    if (size > 0) snappyUncompress(bytes, expected);
  } catch (error) {
    // It wants more bytes behind a long literal's tag than there have to be.
    if (messageOf(error).includes("pos + 3")) return;
    throw error;
  }
  expectSame(Buffer.from(plain).toString("hex"), Buffer.from(expected).toString("hex"), "bytes");
}

afterAll(close);
fuzz({ name: "snappy", seeds, run });
