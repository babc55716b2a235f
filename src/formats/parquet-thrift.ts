// Thrift's compact protocol, in which Parquet writes its footer and page headers: walked once before hyparquet reads it.
// hyparquet allocates what a list's length says and follows any depth; behind this guard both are bounded by the bytes
// that are really there. Format: thrift.apache.org, doc/specs/thrift-compact-protocol.md.

/** The struct goes on behind the bytes at hand. */
export const TRUNCATED = -1;
/** Not the compact protocol, or nested or repeated beyond all reason. */
const MALFORMED = -2;

/** Deeper than any struct of Parquet (FileMetaData › RowGroup › ColumnChunk › ColumnMetaData › Statistics is 5). */
const DEPTH_MAX = 24;
/** Structs and lists in one footer: each becomes an object. A file of 10,000 columns and 100 row groups has as many. */
const NODES_MAX = 4_000_000;
const VARINT_BYTES_MAX = 10;

const STOP = 0;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

/** Where the struct that begins at `start` ends, TRUNCATED or MALFORMED. Allocates nothing. */
export function structEnd(bytes: Uint8Array, start: number): number {
  const walk = { bytes, at: start, nodes: 0, status: 0 };
  skipStruct(walk, 0);
  return walk.status === 0 ? walk.at : walk.status;
}

interface Walk {
  readonly bytes: Uint8Array;
  at: number;
  nodes: number;
  /** 0, or why the walk stopped. */
  status: number;
}

function stop(walk: Walk, status: number): void {
  if (walk.status === 0) walk.status = status;
}

function nextByte(walk: Walk): number {
  if (walk.at >= walk.bytes.length) {
    stop(walk, TRUNCATED);
    return 0;
  }
  return walk.bytes[walk.at++] as number;
}

/** A varint's value, exact up to 2^53; larger ones are only skipped. */
function varint(walk: Walk): number {
  let value = 0;
  for (let i = 0; i < VARINT_BYTES_MAX; i++) {
    const byte = nextByte(walk);
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return value;
  }
  stop(walk, MALFORMED);
  return 0;
}

function skipBytes(walk: Walk, count: number): void {
  if (count > walk.bytes.length - walk.at) stop(walk, TRUNCATED);
  else walk.at += count;
}

function enter(walk: Walk, depth: number): boolean {
  walk.nodes += 1;
  if (depth > DEPTH_MAX || walk.nodes > NODES_MAX) stop(walk, MALFORMED);
  return walk.status === 0;
}

function skipStruct(walk: Walk, depth: number): void {
  if (!enter(walk, depth)) return;
  while (walk.status === 0) {
    const header = nextByte(walk);
    const type = header & 0x0f;
    if (type === STOP) return;
    if (header >> 4 === 0) varint(walk);
    // In a struct the value of a boolean is its type.
    if (type !== TRUE && type !== FALSE) skipValue(walk, type, depth + 1);
  }
}

function skipList(walk: Walk, depth: number): void {
  if (!enter(walk, depth)) return;
  const header = nextByte(walk);
  const type = header & 0x0f;
  const count = header >> 4 === 15 ? varint(walk) : header >> 4;
  // Every element takes a byte at least, so that a list cannot claim more than there is.
  if (count > walk.bytes.length - walk.at) stop(walk, TRUNCATED);
  for (let i = 0; i < count && walk.status === 0; i++) {
    skipValue(walk, type === TRUE || type === FALSE ? BYTE : type, depth + 1);
  }
}

function skipValue(walk: Walk, type: number, depth: number): void {
  switch (type) {
    case BYTE:
      skipBytes(walk, 1);
      break;
    case I16:
    case I32:
    case I64:
      varint(walk);
      break;
    case DOUBLE:
      skipBytes(walk, 8);
      break;
    case BINARY: {
      const length = varint(walk);
      // hyparquet reads lengths as 32 bits.
      if (length > 0x7fffffff) stop(walk, MALFORMED);
      else skipBytes(walk, length);
      break;
    }
    case LIST:
      skipList(walk, depth);
      break;
    case STRUCT:
      skipStruct(walk, depth);
      break;
    default:
      // Sets, maps and UUIDs, which Parquet does not use, and types that do not exist.
      stop(walk, MALFORMED);
  }
}
