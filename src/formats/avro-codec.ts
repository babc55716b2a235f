// Compressed blocks of Avro files → their records: `null`, `deflate` (RFC 1951) and `snappy` with its check sum behind it.
import type { Workspace } from "../arrow/column.js";
import { SchemaError } from "../errors.js";
import { ByteBuffer } from "./byte-buffer.js";
import { crc32 } from "./crc32.js";
import { formatWorkspace } from "./format.js";
import { Inflate } from "./inflate.js";
import { compressSnappy } from "./snappy.js";

const CRC_BYTES = 4;

/** The records' bytes, or what is wrong with them. */
export type AvroCodec = (
  workspace: Workspace,
  bytes: Uint8Array<ArrayBuffer>,
  bytesMax: number,
) => Uint8Array<ArrayBuffer> | string;

const CODECS: ReadonlyMap<string, AvroCodec> = new Map<string, AvroCodec>([
  ["null", (_, bytes) => bytes],
  ["deflate", (_, bytes, bytesMax) => inflate(bytes, bytesMax)],
  ["snappy", uncompressSnappy],
]);

/** @throws UNSUPPORTED for a codec that is not known */
export function avroCodec(name: string, source: string): AvroCodec {
  const codec = CODECS.get(name);
  if (codec !== undefined) return codec;
  throw new SchemaError("UNSUPPORTED", `the blocks of ${source} are compressed with ${name}`, {
    hint: `known are ${[...CODECS.keys()].join(", ")}`,
    at: { source },
  });
}

function inflate(bytes: Uint8Array, bytesMax: number): Uint8Array<ArrayBuffer> | string {
  const stream = new Inflate();
  stream.push(bytes);
  stream.push(null);
  const out = new ByteBuffer();
  for (;;) {
    const stopped = stream.run();
    out.append(stream.piece);
    if (out.length > bytesMax) return tooLarge(bytesMax);
    if (stopped === "end") return out.take();
    if (stopped !== "full") return "its compressed bytes are damaged";
  }
}

function uncompressSnappy(
  workspace: Workspace,
  bytes: Uint8Array<ArrayBuffer>,
  bytesMax: number,
): Uint8Array<ArrayBuffer> | string {
  const { kernels, account } = formatWorkspace(workspace);
  const { arena, memory } = account;
  const block = bytes.subarray(0, Math.max(0, bytes.length - CRC_BYTES));
  const size = uncompressedBytes(block);
  if (size < 0) return "its compressed bytes are damaged";
  if (size > bytesMax) return tooLarge(bytesMax);
  const from = arena.allocate(block.length);
  const to = arena.allocate(size);
  memory.u8.set(block, from);
  if (kernels.decodeSnappy(from, block.length, to, size) !== size) return "its compressed bytes are damaged";
  const records = memory.u8.slice(to, to + size);
  const check = new DataView(bytes.buffer, bytes.byteOffset + block.length).getUint32(0);
  return crc32(records) === check ? new Uint8Array(records) : "its check sum is wrong";
}

/** What a Snappy block says that it becomes; −1 for none. */
function uncompressedBytes(block: Uint8Array): number {
  let size = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i];
    if (byte === undefined) return -1;
    size += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return size;
  }
  return -1;
}

function tooLarge(bytesMax: number): string {
  return `it becomes more than ${bytesMax} bytes: raise maxRecordBytes if the file is to be trusted`;
}

/** A block as the codec `snappy` has it. */
export function snappyBlock(records: Uint8Array): Uint8Array<ArrayBuffer> {
  const block = compressSnappy(records);
  const bytes = new Uint8Array(block.length + CRC_BYTES);
  bytes.set(block);
  new DataView(bytes.buffer).setUint32(block.length, crc32(records));
  return bytes;
}
