// Avro for tests: files made byte by byte, and by avsc with 64-bit integers as bigint.
import avro from "avsc";

const MARKER = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);

/** A number as Avro writes it. */
export function long(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

export function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [...long(bytes.length), ...bytes];
}

export function header(schema: unknown, codec = "null"): number[] {
  const metadata = [...text("avro.schema"), ...text(JSON.stringify(schema)), ...text("avro.codec"), ...text(codec)];
  return [0x4f, 0x62, 0x6a, 1, ...long(2), ...metadata, ...long(0), ...MARKER];
}

export function block(rows: number, bytes: readonly number[], marker: Iterable<number> = MARKER): number[] {
  return [...long(rows), ...long(bytes.length), ...bytes, ...marker];
}

const longs = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

const typeHook = (part: unknown): avro.Type | undefined =>
  part === "long" || (part as { type?: unknown }).type === "long" ? longs : undefined;

/** A file by avsc, but for its header: avsc leaves out logical types that it does not know. */
export async function writeAvsc(
  schema: avro.Schema,
  rows: readonly object[],
  { codec = "null", blockSize }: { codec?: string; blockSize?: number } = {},
): Promise<Uint8Array> {
  const encoder = new avro.streams.BlockEncoder(avro.Type.forSchema(schema, { typeHook }), {
    codec,
    ...(blockSize === undefined ? {} : { blockSize }),
    writeHeader: false,
    syncMarker: Buffer.from(MARKER),
  });
  const chunks: Buffer[] = [Buffer.from(header(schema, codec))];
  const done = new Promise<void>((resolve, reject) => {
    encoder.on("data", (chunk: Buffer) => void chunks.push(chunk));
    encoder.on("end", () => resolve());
    encoder.on("error", reject);
  });
  for (const row of rows) encoder.write(row);
  encoder.end();
  await done;
  return new Uint8Array(Buffer.concat(chunks));
}

/** The rows of a file by avsc. */
export async function readAvsc(bytes: Uint8Array): Promise<Record<string, unknown>[]> {
  const decoder = new avro.streams.BlockDecoder({ parseHook: (schema) => avro.Type.forSchema(schema, { typeHook }) });
  const rows: Record<string, unknown>[] = [];
  const done = new Promise<void>((resolve, reject) => {
    decoder.on("data", (row: object) => void rows.push({ ...row }));
    decoder.on("end", () => resolve());
    decoder.on("error", reject);
  });
  decoder.end(Buffer.from(bytes));
  await done;
  return rows;
}
