// LIKE patterns → the program that the kernel `likeUtf8` runs; its layout is drawn in assembly/utf8.ts.
import { ANY_ONE, ANY_TEXT, type LikeUnit } from "../../plan/scalar/text.js";

/** Code points that one segment of the kernel's program holds: the bits of its state. */
const SEGMENT_MAX = 64;
const HEADER_BYTES = 16;
const SEGMENT_BYTES = 1040;
const ENTRY_BYTES = 16;

/** The program of a pattern, or null when a stretch between two `%` has more than 64 code points. */
export function likeProgram(units: readonly LikeUnit[]): Uint8Array | null {
  const segments: LikeUnit[][] = [[]];
  for (const unit of units) {
    if (unit === ANY_TEXT) segments.push([]);
    else (segments.at(-1) as LikeUnit[]).push(unit);
  }
  if (segments.some((segment) => segment.length > SEGMENT_MAX)) return null;
  const anchoredStart = segments[0]?.length !== 0;
  const anchoredEnd = segments.at(-1)?.length !== 0;
  const filled = segments.filter((segment) => segment.length > 0);
  const empty = units.length === 0;
  const header = new Uint8Array(HEADER_BYTES);
  new Uint32Array(header.buffer).set([filled.length, Number(anchoredStart), Number(anchoredEnd), Number(empty)]);
  const parts = [header, ...filled.map(segmentProgram)];
  const program = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    program.set(part, at);
    at += part.length;
  }
  return program;
}

function segmentProgram(segment: readonly LikeUnit[]): Uint8Array {
  const anyOne = segment.reduce((places, unit, i) => (unit === ANY_ONE ? places | (1n << BigInt(i)) : places), 0n);
  const ascii = new BigUint64Array(128).fill(anyOne);
  const others = new Map<bigint, bigint>();
  segment.forEach((unit, i) => {
    if (typeof unit !== "string") return;
    const place = 1n << BigInt(i);
    const point = packed(unit);
    if (point < 128n) ascii[Number(point)] = (ascii[Number(point)] as bigint) | place;
    else others.set(point, (others.get(point) ?? anyOne) | place);
  });
  const bytes = new Uint8Array(SEGMENT_BYTES + others.size * ENTRY_BYTES);
  const [first] = segment;
  const firstByte = typeof first === "string" ? Number(packed(first) & 0xffn) : 0;
  new Uint32Array(bytes.buffer).set([segment.length | (firstByte << 16), others.size]);
  const words = new BigUint64Array(bytes.buffer);
  words[1] = anyOne;
  words.set(ascii, 2);
  words.set([...others].flat(), SEGMENT_BYTES / 8);
  return bytes;
}

/** The UTF-8 bytes of a code point as one little-endian number. */
function packed(point: string): bigint {
  return new TextEncoder().encode(point).reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}
