// Page headers, and pages brought into linear memory: header and sizes checked, bytes uncompressed, definition levels
// turned into a validity bitmap, values readied by their encoding (parquet-format, README: data pages).
import type { Column } from "../arrow/column.js";
import { bitmapBytes } from "../arrow/column.js";
import { decodeDictionary } from "./parquet-bytes.js";
import type { ChunkStream } from "./parquet-chunk.js";
import type { Codec } from "./parquet-codec.js";
import { type ColumnContext, PageMemory, type Rows, readU32, type Values } from "./parquet-context.js";
import type { Hyparquet } from "./parquet-library.js";
import { structEnd, TRUNCATED } from "./parquet-thrift.js";
import { decodeValues, openHybrid } from "./parquet-values.js";

/** A page header, checked; its bytes are the next ones of the stream. */
export interface PageHeader {
  readonly kind: "dictionary" | "data" | "other";
  /** Bytes in the file, and uncompressed. */
  readonly bytes: number;
  readonly size: number;
  /** Rows of a data page, entries of a dictionary. */
  readonly count: number;
  readonly encoding: string;
  /** Version 2: bytes of the levels, which lie uncompressed before the values; −1 in version 1. */
  readonly levelBytes: number;
  /** Version 2: those of them that are repetition levels, which come first. */
  readonly repetitionBytes: number;
  readonly compressed: boolean;
}

/** Statistics in page headers may hold whole strings; more than this is a lie. */
const HEADER_BYTES_MAX = 1 << 24;
/** Few headers are longer. */
const HEADER_BYTES_USUAL = 256;

/** The next page's header, taken from the stream; null when its bytes have yet to come. @throws PARQUET_CORRUPT, … */
export function readPageHeader(context: ColumnContext, stream: ChunkStream, library: Hyparquet): PageHeader | null {
  let wanted = HEADER_BYTES_USUAL;
  while (true) {
    if (!stream.require(wanted)) return null;
    const bytes = stream.peek();
    const end = structEnd(bytes, 0);
    if (end >= 0) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, end);
      const header = checkHeader(context, library.parquetHeader({ view, offset: 0 }), stream.left - end);
      stream.take(end);
      return header;
    }
    if (end !== TRUNCATED || stream.left <= bytes.length || bytes.length > HEADER_BYTES_MAX) {
      throw context.fail("a page header is not valid");
    }
    wanted = bytes.length * 2;
  }
}

function checkHeader(
  context: ColumnContext,
  header: ReturnType<Hyparquet["parquetHeader"]>,
  bytesLeft: number,
): PageHeader {
  const count = (value: unknown, what: string): number => {
    if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
    throw context.fail(`a page has ${String(value)} ${what}`);
  };
  const bytes = count(header.compressed_page_size, "bytes");
  const size = count(header.uncompressed_page_size, "uncompressed bytes");
  if (bytes > bytesLeft) throw context.fail(`a page claims ${bytes} of the ${bytesLeft} bytes left in its chunk`);
  const page = { bytes, size, levelBytes: -1, repetitionBytes: 0, compressed: true };
  const { maxRepetition, maxDefinition } = context.plan;
  const { dictionary_page_header: dictionary, data_page_header: v1, data_page_header_v2: v2 } = header;
  if (header.type === "DATA_PAGE" && v1 !== undefined) {
    const { definition_level_encoding: definitions, repetition_level_encoding: repetitions } = v1;
    if ((maxDefinition > 0 && definitions !== "RLE") || (maxRepetition > 0 && repetitions !== "RLE")) {
      throw context.fail(`levels encoded as ${definitions} and ${repetitions} cannot be read`, "PARQUET_ENCODING");
    }
    return {
      ...page,
      kind: "data",
      count: count(v1.num_values, "values"),
      encoding: v1.encoding ?? "something unknown",
    };
  }
  if (header.type === "DATA_PAGE_V2" && v2 !== undefined) {
    const repetitionBytes = count(v2.repetition_levels_byte_length, "bytes of repetition levels");
    const levelBytes = repetitionBytes + count(v2.definition_levels_byte_length, "bytes of definition levels");
    if (repetitionBytes > 0 && maxRepetition === 0) {
      throw context.fail("a column that is not repeated has repetition levels");
    }
    if (levelBytes > bytes || levelBytes > size) throw context.fail(`levels of ${levelBytes} bytes exceed their page`);
    return {
      ...page,
      kind: "data",
      count: count(v2.num_values, "values"),
      encoding: v2.encoding ?? "something unknown",
      levelBytes,
      repetitionBytes,
      compressed: v2.is_compressed !== false,
    };
  }
  if (header.type === "DICTIONARY_PAGE" && dictionary !== undefined) {
    const { num_values, encoding } = dictionary;
    if (encoding !== "PLAIN" && encoding !== "PLAIN_DICTIONARY") {
      throw context.fail(`dictionaries encoded as ${encoding} cannot be read`, "PARQUET_ENCODING");
    }
    return { ...page, kind: "dictionary", count: count(num_values, "dictionary entries"), encoding };
  }
  // Index pages were never used; readers pass over what they do not know.
  return { ...page, kind: "other", count: 0, encoding: "" };
}

/** Uncompresses a page into `memory`; returns its address. `bytes` are what the file holds. */
export function uncompress(
  context: ColumnContext,
  memory: PageMemory,
  header: PageHeader,
  bytes: Uint8Array,
  codec: Codec,
): number {
  const { size } = header;
  const { workspace, pageBytesMax } = context;
  if (size > pageBytesMax) {
    throw context.fail(`a page of ${size} bytes is larger than ${pageBytesMax}`, "PARQUET_PAGE_SIZE");
  }
  const ptr = memory.allocate(size);
  const levelBytes = Math.max(0, header.levelBytes);
  workspace.account.memory.u8.set(bytes.subarray(0, levelBytes), ptr);
  const packed = bytes.subarray(levelBytes);
  const valueBytes = size - levelBytes;
  if (!header.compressed) {
    if (packed.length !== valueBytes) throw context.fail(`a page has ${packed.length} of its ${valueBytes} bytes`);
    workspace.account.memory.u8.set(packed, ptr + levelBytes);
    return ptr;
  }
  let complete = false;
  let cause: unknown;
  try {
    // Pages without values, all NULL, may have no compressed bytes at all.
    complete = valueBytes === 0 || codec(workspace, packed, ptr + levelBytes, valueBytes);
  } catch (thrown) {
    cause = thrown;
  }
  if (!complete) {
    const what = `a page of ${packed.length} bytes does not uncompress to ${valueBytes}`;
    throw context.fail(what, "PARQUET_CORRUPT", cause);
  }
  return ptr;
}

/** Reads a dictionary page into a column with a region of its own. */
export function readDictionary(context: ColumnContext, header: PageHeader, bytes: Uint8Array, codec: Codec): Column {
  const memory = new PageMemory(context.workspace);
  try {
    const ptr = uncompress(context, memory, header, bytes, codec);
    return decodeDictionary(context, memory, { encoding: "PLAIN", ptr, bytes: header.size, count: header.count });
  } finally {
    memory.free();
  }
}

/** Where levels lie of which a page of version 2 says how many bytes they have; −1: their length stands before them. */
export function levelsAt(
  context: ColumnContext,
  ptr: number,
  pageBytes: number,
  levelBytes: number,
): { readonly start: number; readonly bytes: number } {
  const told = levelBytes >= 0;
  if (!told && pageBytes < 4) throw context.fail(`${pageBytes} bytes of a page are too few for its levels`);
  const bytes = told ? levelBytes : readU32(context.workspace, ptr);
  const start = told ? ptr : ptr + 4;
  if (start - ptr + bytes <= pageBytes) return { start, bytes };
  throw context.fail(`levels of ${bytes} bytes exceed their page of ${pageBytes}`);
}

/** A data page being read: rows come out in order. */
export class DataPage {
  readonly rowCount: number;
  readonly #context: ColumnContext;
  readonly #memory: PageMemory;
  readonly #values: Values;
  /** Validity of all rows; 0 when none is NULL. */
  readonly #validity: number;
  #at = 0;

  constructor(context: ColumnContext, header: PageHeader, bytes: Uint8Array, codec: Codec, dictionary: Column | null) {
    this.#context = context;
    this.rowCount = header.count;
    this.#memory = new PageMemory(context.workspace);
    try {
      const ptr = uncompress(context, this.#memory, header, bytes, codec);
      const { validity, validCount, levelBytes } = this.#readLevels(header, ptr);
      this.#validity = validity;
      this.#values = decodeValues(
        context,
        this.#memory,
        {
          encoding: header.encoding,
          ptr: ptr + levelBytes,
          bytes: header.size - levelBytes,
          count: validCount,
        },
        dictionary,
      );
    } catch (error) {
      this.#memory.free();
      throw error;
    }
  }

  get rowsLeft(): number {
    return this.rowCount - this.#at;
  }

  /** The next `count` rows as a column in the arena; at most `rowsLeft`. */
  take(count: number): Column {
    const rows = this.#nextRows(count);
    return this.#values.take(rows);
  }

  skip(count: number): void {
    this.#values.skip(this.#nextRows(count).validCount);
  }

  free(): void {
    this.#memory.free();
  }

  #nextRows(count: number): Rows {
    const start = this.#at;
    this.#at += count;
    if (this.#validity === 0) return { count, validCount: count, validity: 0, ranks: 0 };
    const { account, kernels } = this.#context.workspace;
    const validity = account.arena.allocate(bitmapBytes(count));
    kernels.copyBits(this.#validity, start, count, validity);
    const ranks = account.arena.allocate(count * 4);
    const validCount = kernels.rankRows(validity, count, ranks);
    return { count, validCount, validity: validCount === count ? 0 : validity, ranks };
  }

  /** Definition levels of a column that is not nested are 0 for NULL and 1 for a value. */
  #readLevels(header: PageHeader, ptr: number): { validity: number; validCount: number; levelBytes: number } {
    const context = this.#context;
    const { workspace, plan } = context;
    const { count, size } = header;
    const isV2 = header.levelBytes >= 0;
    if (plan.maxDefinition === 0) return { validity: 0, validCount: count, levelBytes: isV2 ? header.levelBytes : 0 };
    const { start, bytes } = levelsAt(context, ptr, size, isV2 ? header.levelBytes : -1);
    const state = openHybrid(workspace, this.#memory, start, bytes, 1);
    const validity = this.#memory.allocate(bitmapBytes(count));
    const validCount = workspace.kernels.decodeBits(state, count, validity);
    if (validCount < 0) throw context.fail("the definition levels do not cover their page");
    return { validity: validCount === count ? 0 : validity, validCount, levelBytes: start + bytes - ptr };
  }
}
