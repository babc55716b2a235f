// The values of one page in linear memory, without its nulls, handed out a batch at a time in the column's own type. One
// class an encoding; which one is decided once a page, so that each batch is a few kernel calls.
import { Column, type Workspace } from "../arrow/column.js";
import { takeColumn } from "../arrow/take.js";
import { deltaLengths, deltaPrefixes, fixedBytes, plainBytes, unpackDeltas } from "./parquet-bytes.js";
import {
  type ColumnContext,
  check,
  type EncodedValues,
  type PageMemory,
  type Rows,
  readU32,
  type Values,
} from "./parquet-context.js";
import { FixedValues, spread } from "./parquet-fixed.js";

/**
 * Readies a page's values.
 * @throws PARQUET_CORRUPT, PARQUET_ENCODING, PARQUET_PAGE_SIZE, PARQUET_PRECISION
 */
export function decodeValues(
  context: ColumnContext,
  memory: PageMemory,
  page: EncodedValues,
  dictionary: Column | null,
): Values {
  const { physical } = context.plan;
  switch (page.encoding) {
    case "PLAIN":
      if (physical === "BOOLEAN") return new Bits(context, page);
      if (physical === "BYTE_ARRAY") return plainBytes(context, memory, page);
      checkFixed(context, page);
      return fixedValues(context, memory, page.ptr, page.count);
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      if (physical === "BOOLEAN") break;
      if (dictionary === null) throw context.fail("a page of dictionary indexes comes before any dictionary");
      return new Codes(context, memory, page, dictionary);
    case "RLE":
      if (physical !== "BOOLEAN") break;
      return new BitRuns(context, memory, page);
    case "DELTA_BINARY_PACKED":
      if (physical !== "INT32" && physical !== "INT64") break;
      return new FixedValues(context, unpackDeltas(context, memory, page, physical === "INT64").values);
    case "DELTA_LENGTH_BYTE_ARRAY":
      if (physical !== "BYTE_ARRAY") break;
      return deltaLengths(context, memory, page);
    case "DELTA_BYTE_ARRAY":
      if (physical !== "BYTE_ARRAY" && physical !== "FIXED_LEN_BYTE_ARRAY") break;
      return deltaPrefixes(context, memory, page);
    case "BYTE_STREAM_SPLIT":
      if (physical === "BOOLEAN" || physical === "BYTE_ARRAY" || physical === "INT96") break;
      checkFixed(context, page);
      return fixedValues(context, memory, joinedStreams(context, memory, page), page.count);
  }
  throw context.fail(`pages of ${physical} encoded as ${page.encoding} cannot be read`, "PARQUET_ENCODING");
}

/** Values of one width: converted batch by batch, or binary. */
function fixedValues(context: ColumnContext, memory: PageMemory, ptr: number, count: number): Values {
  if (context.plan.conversion.kind === "bytes") return fixedBytes(context, memory, ptr, count);
  return new FixedValues(context, ptr);
}

function checkFixed({ plan, fail }: ColumnContext, { bytes, count }: EncodedValues): void {
  if (count * plan.width > bytes) throw fail(`${bytes} bytes are too few for ${count} values of ${plan.width}`);
}

/** BYTE_STREAM_SPLIT: the first bytes of all values, then the second bytes, … */
function joinedStreams(context: ColumnContext, memory: PageMemory, { ptr, count }: EncodedValues): number {
  const { width } = context.plan;
  const joined = memory.allocate(count * width);
  context.workspace.kernels.joinStreams(ptr, count, width, joined);
  return joined;
}

/** PLAIN booleans: a bitmap. */
class Bits implements Values {
  readonly #context: ColumnContext;
  readonly #page: EncodedValues;
  #at = 0;

  constructor(context: ColumnContext, page: EncodedValues) {
    if (page.count > page.bytes * 8) throw context.fail(`${page.bytes} bytes are too few for ${page.count} bits`);
    this.#context = context;
    this.#page = page;
  }

  take(rows: Rows): Column {
    const { workspace, plan } = this.#context;
    const values = workspace.account.arena.allocate((rows.validCount + 7) >> 3);
    workspace.kernels.copyBits(this.#page.ptr, this.#at, rows.validCount, values);
    this.#at += rows.validCount;
    return spread(workspace, new Column({ type: plan.field.type, length: rows.validCount, values }), rows);
  }

  skip(count: number): void {
    this.#at += count;
  }
}

/** Bytes of the state that the hybrid's kernels keep (assembly/parquet.ts). */
const HYBRID_BYTES = 24;
const REPEATED = 0xffffffff;

/** A reader of runs and packed bits at `ptr`. Of width 0 every value is 0, with or without runs that say so. */
export function openHybrid(
  { account }: Workspace,
  memory: PageMemory,
  ptr: number,
  bytes: number,
  width: number,
): number {
  const state = memory.allocate(HYBRID_BYTES);
  const left = width === 0 ? 0x7fffffff : 0;
  account.memory.u32.set([ptr, ptr + bytes, left, 0, width === 0 ? REPEATED : 0, width], state >>> 2);
  return state;
}

/** RLE booleans: u32 bytes, then runs. */
class BitRuns implements Values {
  readonly #context: ColumnContext;
  readonly #state: number;

  constructor(context: ColumnContext, memory: PageMemory, page: EncodedValues) {
    const { workspace } = context;
    const length = page.bytes < 4 ? -1 : readU32(workspace, page.ptr);
    if (length < 0 || length > page.bytes - 4) throw context.fail(`${page.bytes} bytes are too few for ${length}`);
    this.#context = context;
    this.#state = openHybrid(workspace, memory, page.ptr + 4, length, 1);
  }

  take(rows: Rows): Column {
    const { workspace, plan } = this.#context;
    const values = this.#next(rows.validCount);
    return spread(workspace, new Column({ type: plan.field.type, length: rows.validCount, values }), rows);
  }

  skip(count: number): void {
    this.#next(count);
  }

  #next(count: number): number {
    const { workspace } = this.#context;
    const bits = workspace.account.arena.allocate((count + 7) >> 3);
    check(this.#context, workspace.kernels.decodeBits(this.#state, count, bits));
    return bits;
  }
}

/** Indexes into the chunk's dictionary. Strings stay codes over one dictionary; all others are looked up. */
class Codes implements Values {
  readonly #context: ColumnContext;
  readonly #dictionary: Column;
  readonly #state: number;

  constructor(context: ColumnContext, memory: PageMemory, page: EncodedValues, dictionary: Column) {
    const { workspace } = context;
    // A page of nulls alone may leave out even the width.
    const width = page.bytes === 0 ? 0 : (workspace.account.memory.u8[page.ptr] as number);
    if (width > 32) throw context.fail(`dictionary indexes of ${width} bits`);
    this.#context = context;
    this.#dictionary = dictionary;
    this.#state = openHybrid(workspace, memory, page.ptr + 1, Math.max(0, page.bytes - 1), width);
  }

  take(rows: Rows): Column {
    const { workspace } = this.#context;
    const { arena } = workspace.account;
    const dictionary = this.#dictionary;
    let codes = arena.allocate((rows.validCount + 1) * 4);
    this.#next(rows.validCount, codes);
    if (rows.validity !== 0) {
      const spreadCodes = arena.allocate(rows.count * 4);
      workspace.kernels.takeU32(codes, rows.ranks, rows.count, spreadCodes);
      codes = spreadCodes;
    }
    const { count: length, validity } = rows;
    if (dictionary.layout === "utf8") {
      return new Column({ type: dictionary.type, length, validity, values: codes, dictionary });
    }
    return new Column({ ...takeColumn(workspace, dictionary, codes, length), validity });
  }

  skip(count: number): void {
    this.#next(count, this.#context.workspace.account.arena.allocate((count + 1) * 4));
  }

  #next(count: number, out: number): void {
    check(
      this.#context,
      this.#context.workspace.kernels.decodeIndexes(this.#state, count, this.#dictionary.length, out),
    );
  }
}
