// Snappy, compressing: the block format of github.com/google/snappy/blob/main/format_description.txt. Matches are looked for
// by the hash of four bytes within fragments of 64 KiB, in steps that grow where nothing is found. Decompressing is a kernel.
const FRAGMENT_BYTES = 65_536;
const TABLE_BITS = 14;
/** Matches are not begun closer to a fragment's end: four bytes are read at once. */
const MARGIN_BYTES = 4;
const HASH = 0x1e35a7bd;
/** Every so many misses the step grows by one. */
const MISSES_SHIFT = 5;
const COPY_MAX = 64;
const COPY_MIN = 4;

const table = new Uint16Array(1 << TABLE_BITS);

/** The bytes as one Snappy block; at most a sixth longer than they were. */
export function compressSnappy(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const writer = { out: new Uint8Array(32 + input.length + Math.ceil(input.length / 6)), at: 0 };
  let length = input.length;
  for (; length >= 0x80; length = Math.floor(length / 0x80)) writer.out[writer.at++] = (length % 0x80) | 0x80;
  writer.out[writer.at++] = length;
  for (let start = 0; start < input.length; start += FRAGMENT_BYTES) {
    compressFragment(writer, input, start, Math.min(input.length, start + FRAGMENT_BYTES));
  }
  return writer.out.slice(0, writer.at);
}

interface Writer {
  readonly out: Uint8Array;
  at: number;
}

function compressFragment(writer: Writer, input: Uint8Array, start: number, end: number): void {
  table.fill(0);
  let literal = start;
  let at = start + 1;
  let misses = 1 << MISSES_SHIFT;
  while (at + MARGIN_BYTES <= end) {
    const word = wordAt(input, at);
    const slot = Math.imul(word, HASH) >>> (32 - TABLE_BITS);
    const candidate = start + (table[slot] as number);
    table[slot] = at - start;
    if (wordAt(input, candidate) !== word) {
      at += misses++ >> MISSES_SHIFT;
      continue;
    }
    let matched = COPY_MIN;
    while (at + matched < end && input[candidate + matched] === input[at + matched]) matched++;
    writeLiteral(writer, input, literal, at);
    writeCopy(writer, at - candidate, matched);
    at += matched;
    literal = at;
    misses = 1 << MISSES_SHIFT;
  }
  writeLiteral(writer, input, literal, end);
}

function wordAt(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  return low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
}

function writeLiteral(writer: Writer, input: Uint8Array, start: number, end: number): void {
  if (start === end) return;
  const { out } = writer;
  const last = end - start - 1;
  if (last < 60) out[writer.at++] = last << 2;
  else if (last < 256) {
    out[writer.at++] = 60 << 2;
    out[writer.at++] = last;
  } else {
    out[writer.at++] = 61 << 2;
    out[writer.at++] = last & 0xff;
    out[writer.at++] = last >> 8;
  }
  out.set(input.subarray(start, end), writer.at);
  writer.at += end - start;
}

function writeCopy(writer: Writer, offset: number, matched: number): void {
  let left = matched;
  // No copy may be shorter than four bytes, so that the last two share what is left.
  for (; left >= COPY_MAX + COPY_MIN; left -= COPY_MAX) writeLongCopy(writer, offset, COPY_MAX);
  if (left > COPY_MAX) {
    writeLongCopy(writer, offset, COPY_MAX - COPY_MIN);
    left -= COPY_MAX - COPY_MIN;
  }
  if (left < 12 && offset < 2048) {
    writer.out[writer.at++] = 1 | ((left - COPY_MIN) << 2) | ((offset >> 8) << 5);
    writer.out[writer.at++] = offset & 0xff;
  } else writeLongCopy(writer, offset, left);
}

function writeLongCopy(writer: Writer, offset: number, length: number): void {
  writer.out[writer.at++] = 2 | ((length - 1) << 2);
  writer.out[writer.at++] = offset & 0xff;
  writer.out[writer.at++] = offset >> 8;
}
