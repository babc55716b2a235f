// The values of one page in linear memory, without its nulls, handed out a batch at a time in the column's own type. One
// class an encoding; which one is decided once a page (decodeValues), so that each batch is a few kernel calls.
import { Column, takeColumn, type Workspace } from "../arrow/batch.js";
import { layoutOf, widthOf } from "../arrow/types.js";
import type { DataError } from "../errors.js";
import { Status } from "../wasm/kernels.js";
import type { ColumnPlan, Conversion } from "./parquet-types.js";

export type PageErrorCode = "PARQUET_CORRUPT" | "PARQUET_ENCODING" | "PARQUET_PAGE_SIZE" | "PARQUET_PRECISION" | "TYPE";

/** One column of one file while it is read. */
export interface ColumnContext {
  readonly workspace: Workspace;
  readonly plan: ColumnPlan;
  readonly truncateTimes: boolean;
  readonly pageBytesMax: number;
  /** The error to throw: PARQUET_CORRUPT unless another code is given; it names the file, the column and the row group. */
  fail(what: string, code?: PageErrorCode, cause?: unknown): DataError;
}

/** Rows of a batch and which of them are valid: address 0 when all are. `ranks` find each row's value among the values. */
export interface Rows {
  readonly count: number;
  readonly validCount: number;
  readonly validity: number;
  readonly ranks: number;
}

/** The values of a page, in order. */
export interface Values {
  /** The next `rows.validCount` values as a column of `rows.count` rows, in the arena. */
  take(rows: Rows): Column;
  skip(count: number): void;
}

/** A page's values as they lie in memory: `bytes` bytes at `ptr`, `count` of them. */
export interface EncodedValues {
  readonly encoding: string;
  readonly ptr: number;
  readonly bytes: number;
  readonly count: number;
}

/** Blocks that live as long as a page: freed together. */
export class PageMemory {
  readonly #workspace: Workspace;
  readonly #blocks: { ptr: number; bytes: number }[] = [];

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  allocate(bytes: number): number {
    const ptr = this.#workspace.account.allocate(bytes);
    this.#blocks.push({ ptr, bytes });
    return ptr;
  }

  free(): void {
    for (const { ptr, bytes } of this.#blocks) this.#workspace.account.free(ptr, bytes);
    this.#blocks.length = 0;
  }
}

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
      if (physical === "BYTE_ARRAY") return byteArrays(context, memory, page);
      return new Fixed(context, page.ptr, checkedFixed(context, page));
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
      return new Fixed(context, unpackDeltas(context, memory, page, physical === "INT64").values, page.count);
    case "DELTA_LENGTH_BYTE_ARRAY":
      if (physical !== "BYTE_ARRAY") break;
      return deltaLengths(context, memory, page);
    case "DELTA_BYTE_ARRAY":
      if (physical !== "BYTE_ARRAY" && physical !== "FIXED_LEN_BYTE_ARRAY") break;
      return deltaPrefixes(context, memory, page);
    case "BYTE_STREAM_SPLIT":
      if (physical === "BOOLEAN" || physical === "BYTE_ARRAY" || physical === "INT96") break;
      return new Streams(context, page.ptr, checkedFixed(context, page));
  }
  throw context.fail(`pages of ${physical} encoded as ${page.encoding} cannot be read`, "PARQUET_ENCODING");
}

/** How many fixed-width values there are, once it is known that the page holds them. */
function checkedFixed({ plan, fail }: ColumnContext, { bytes, count }: EncodedValues): number {
  if (count * plan.width > bytes) throw fail(`${bytes} bytes are too few for ${count} values of ${plan.width}`);
  return count;
}

/** Bytes of `count` values in the column's own layout. */
export function targetBytes({ plan }: ColumnContext, count: number): number {
  return count * widthOf(layoutOf(plan.field.type));
}

/** Converts `count` values of fixed width from any address; `out` has room for `targetBytes`. */
export function convertFixed(context: ColumnContext, from: number, count: number, out: number): void {
  const { workspace, plan } = context;
  const { kernels, account } = workspace;
  const { conversion } = plan;
  switch (conversion.kind) {
    case "copy":
      account.memory.u8.copyWithin(out, from, from + count * plan.width);
      return;
    case "narrow": {
      const { low, high } = conversion;
      check(context, kernels.narrowI32(from, count, low, high, targetBytes(context, 1), out));
      return;
    }
    case "widen":
      kernels.widenI32(from, count, conversion.signed ? 1 : 0, out);
      return;
    case "widen64":
      kernels.widenU64(from, count, out);
      return;
    case "divide": {
      const exact = context.truncateTimes ? 0 : 1;
      check(context, kernels.divideTimes(from, count, conversion.divisor, exact, conversion.narrow ? 1 : 0, out));
      return;
    }
    case "int96":
      check(context, kernels.convertInt96(from, count, context.truncateTimes ? 0 : 1, out));
      return;
    case "decimal":
      check(context, kernels.convertDecimals(0, from, plan.width, count, conversion.wide ? 1 : 0, out));
      return;
    case "boolean":
    case "bytes":
      throw context.fail(`${conversion.kind} values have no fixed width`);
  }
}

/** Turns a kernel's status into the column's error. */
function check(context: ColumnContext, status: number): void {
  if (status >= 0) return;
  const { field, conversion } = context.plan;
  if (status === Status.BAD_UTF8) throw context.fail("a string is not UTF-8");
  if (status === Status.OVERFLOW && conversion.kind !== "decimal") {
    throw context.fail(`a time of column "${field.name}" has more digits than its type`, "PARQUET_PRECISION");
  }
  if (status === Status.OVERFLOW) throw context.fail("a decimal has more digits than its type");
  throw context.fail("a value or run does not fit its page or its type");
}

/** Puts values without nulls, in the arena, at the rows that they belong to. */
function spread(workspace: Workspace, values: Column, rows: Rows): Column {
  if (rows.validity === 0) return values;
  return new Column({ ...takeColumn(workspace, values, rows.ranks, rows.count), validity: rows.validity });
}

/** Values of one width side by side: PLAIN, and DELTA_BINARY_PACKED once unpacked. */
class Fixed implements Values {
  protected readonly context: ColumnContext;
  protected readonly ptr: number;
  protected readonly count: number;
  protected at = 0;

  constructor(context: ColumnContext, ptr: number, count: number) {
    this.context = context;
    this.ptr = ptr;
    this.count = count;
  }

  take(rows: Rows): Column {
    const { workspace, plan } = this.context;
    const values = this.next(rows.validCount);
    this.at += rows.validCount;
    const { type } = plan.field;
    if (plan.conversion.kind !== "bytes") {
      return spread(workspace, this.#converted(values, rows.validCount), rows);
    }
    // Binary values of one width: their offsets are multiples of it.
    const { account, kernels } = workspace;
    const dense = strideOffsets(
      workspace,
      plan.width,
      rows.validCount,
      account.arena.allocate((rows.validCount + 1) * 4),
    );
    const offsets = account.arena.allocate((rows.count + 1) * 4);
    kernels.spreadOffsets(dense, rows.validity, rows.count, 0, offsets);
    const bytes = copyToArena(workspace, values, rows.validCount * plan.width);
    if (plan.conversion.text) check(this.context, kernels.checkUtf8(offsets, bytes, rows.count));
    return new Column({ type, length: rows.count, validity: rows.validity, values: bytes, offsets });
  }

  skip(count: number): void {
    this.at += count;
  }

  /** Where the next `count` physical values lie side by side. */
  protected next(_count: number): number {
    return this.ptr + this.at * this.context.plan.width;
  }

  #converted(from: number, count: number): Column {
    const { workspace, plan } = this.context;
    const values = workspace.account.arena.allocate(targetBytes(this.context, count));
    convertFixed(this.context, from, count, values);
    return new Column({ type: plan.field.type, length: count, values });
  }
}

/** BYTE_STREAM_SPLIT: the first bytes of all values, then the second bytes, … */
class Streams extends Fixed {
  protected override next(count: number): number {
    const { workspace, plan } = this.context;
    const joined = workspace.account.arena.allocate(count * plan.width);
    workspace.kernels.joinStreams(this.ptr, this.count, plan.width, this.at, count, joined);
    return joined;
  }
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

/** Strings and binaries: offsets and bytes of the whole page. */
class Bytes implements Values {
  readonly #context: ColumnContext;
  readonly #offsets: number;
  readonly #bytes: number;
  #at = 0;

  constructor(context: ColumnContext, offsets: number, bytes: number, count: number) {
    const { conversion } = context.plan;
    if (conversion.kind === "bytes" && conversion.text) {
      check(context, context.workspace.kernels.checkUtf8(offsets, bytes, count));
    }
    this.#context = context;
    this.#offsets = offsets;
    this.#bytes = bytes;
  }

  take(rows: Rows): Column {
    const { workspace, plan } = this.#context;
    const from = this.#offsets + this.#at * 4;
    const first = readU32(workspace, from);
    const last = readU32(workspace, from + rows.validCount * 4);
    this.#at += rows.validCount;
    const offsets = workspace.account.arena.allocate((rows.count + 1) * 4);
    workspace.kernels.spreadOffsets(from, rows.validity, rows.count, first, offsets);
    const values = copyToArena(workspace, this.#bytes + first, last - first);
    return new Column({ type: plan.field.type, length: rows.count, validity: rows.validity, values, offsets });
  }

  skip(count: number): void {
    this.#at += count;
  }
}

/** Strings, or the decimals that were written as such, converted at once. */
function bytesOrDecimals(
  context: ColumnContext,
  memory: PageMemory,
  offsets: number,
  bytes: number,
  count: number,
): Values {
  const { workspace, plan } = context;
  if (plan.conversion.kind !== "decimal") return new Bytes(context, offsets, bytes, count);
  const values = memory.allocate(limited(context, targetBytes(context, count)));
  decimalsOf(context, plan.conversion, offsets, bytes, count, values);
  const { field } = plan;
  const width = widthOf(layoutOf(field.type));
  return new Fixed({ ...context, workspace, plan: { ...plan, width, conversion: { kind: "copy" } } }, values, count);
}

function decimalsOf(
  context: ColumnContext,
  conversion: Extract<Conversion, { kind: "decimal" }>,
  offsets: number,
  bytes: number,
  count: number,
  out: number,
): void {
  check(context, context.workspace.kernels.convertDecimals(offsets, bytes, 0, count, conversion.wide ? 1 : 0, out));
}

/** PLAIN byte arrays. */
function byteArrays(context: ColumnContext, memory: PageMemory, page: EncodedValues): Values {
  const offsets = memory.allocate(limited(context, (page.count + 1) * 4));
  const bytes = memory.allocate(page.bytes);
  check(context, context.workspace.kernels.decodeByteArrays(page.ptr, page.bytes, page.count, offsets, bytes));
  return bytesOrDecimals(context, memory, offsets, bytes, page.count);
}

/** The chunk's dictionary as a column in a region of its own, which the caller releases. @throws PARQUET_CORRUPT, … */
export function decodeDictionary(context: ColumnContext, memory: PageMemory, page: EncodedValues): Column {
  const { workspace, plan } = context;
  const { account, kernels } = workspace;
  const { conversion, physical, field } = plan;
  const { count } = page;
  if (physical === "BOOLEAN") throw context.fail("BOOLEAN pages cannot have a dictionary", "PARQUET_ENCODING");
  let offsets = 0;
  let bytes = page.ptr;
  let byteCount = page.bytes;
  if (physical === "BYTE_ARRAY") {
    offsets = memory.allocate(limited(context, (count + 1) * 4));
    bytes = memory.allocate(page.bytes);
    byteCount = kernels.decodeByteArrays(page.ptr, page.bytes, count, offsets, bytes);
    check(context, byteCount);
  } else {
    byteCount = checkedFixed(context, page) * plan.width;
  }
  const isBytes = conversion.kind === "bytes";
  const offsetBytes = isBytes ? ((count + 1) * 4 + 15) & ~15 : 0;
  const region = account.region(limited(context, offsetBytes + (isBytes ? byteCount : targetBytes(context, count))));
  const values = region.ptr + offsetBytes;
  try {
    if (isBytes) {
      if (offsets === 0) strideOffsets(workspace, plan.width, count, region.ptr);
      else account.memory.u8.copyWithin(region.ptr, offsets, offsets + (count + 1) * 4);
      account.memory.u8.copyWithin(values, bytes, bytes + byteCount);
      if (conversion.text) check(context, kernels.checkUtf8(region.ptr, values, count));
    } else if (conversion.kind === "decimal" && offsets !== 0) {
      decimalsOf(context, conversion, offsets, bytes, count, values);
    } else {
      convertFixed(context, page.ptr, count, values);
    }
  } catch (error) {
    region.release();
    throw error;
  }
  return new Column({ type: field.type, length: count, values, offsets: isBytes ? region.ptr : 0, region });
}

/** Unpacked integers and where their bytes end. */
function unpackDeltas(
  context: ColumnContext,
  memory: PageMemory,
  { ptr, bytes, count }: Pick<EncodedValues, "ptr" | "bytes" | "count">,
  wide: boolean,
): { values: number; end: number } {
  const { kernels, account } = context.workspace;
  const values = memory.allocate(limited(context, count * (wide ? 8 : 4)));
  // A page of nulls alone may leave out even the header.
  if (bytes === 0 && count === 0) return { values, end: ptr };
  const cursor = memory.allocate(12);
  account.memory.u32.set([ptr, ptr + bytes, 0], cursor >>> 2);
  check(context, kernels.decodeDelta(cursor, count, wide ? 1 : 0, values));
  return { values, end: readU32(context.workspace, cursor) };
}

/** Lengths as deltas, then all bytes. */
function deltaLengths(context: ColumnContext, memory: PageMemory, page: EncodedValues): Values {
  const { values: lengths, end } = unpackDeltas(context, memory, page, false);
  const offsets = memory.allocate((page.count + 1) * 4);
  const rest = page.ptr + page.bytes - end;
  check(context, context.workspace.kernels.sumLengths(lengths, page.count, rest, offsets));
  return bytesOrDecimals(context, memory, offsets, end, page.count);
}

/** Lengths shared with the value before as deltas, then what follows as DELTA_LENGTH_BYTE_ARRAY. */
function deltaPrefixes(context: ColumnContext, memory: PageMemory, page: EncodedValues): Values {
  const { kernels } = context.workspace;
  const { count } = page;
  const stop = page.ptr + page.bytes;
  const prefixes = unpackDeltas(context, memory, page, false);
  const suffixes = unpackDeltas(context, memory, { ptr: prefixes.end, bytes: stop - prefixes.end, count }, false);
  const offsets = memory.allocate((count + 1) * 4);
  const limit = context.pageBytesMax;
  const rest = stop - suffixes.end;
  const total = kernels.sumPrefixes(prefixes.values, suffixes.values, count, rest, limit, offsets);
  if (total === Status.NEED_SPACE) {
    throw context.fail(`the strings of a page take more than ${limit} bytes`, "PARQUET_PAGE_SIZE");
  }
  check(context, total);
  const bytes = memory.allocate(total);
  kernels.joinPrefixes(prefixes.values, count, suffixes.end, offsets, bytes);
  return bytesOrDecimals(context, memory, offsets, bytes, count);
}

/** `bytes`, once it is known that a page may take so many. */
function limited({ pageBytesMax, fail }: ColumnContext, bytes: number): number {
  if (bytes > pageBytesMax) throw fail(`a page takes ${bytes} bytes, more than ${pageBytesMax}`, "PARQUET_PAGE_SIZE");
  return bytes;
}

/** Offsets 0, width, 2 × width, … at `out`. */
function strideOffsets({ account }: Workspace, width: number, count: number, out: number): number {
  const { u32 } = account.memory;
  for (let i = 0; i <= count; i++) u32[(out >>> 2) + i] = i * width;
  return out;
}

function copyToArena({ account }: Workspace, from: number, bytes: number): number {
  const to = account.arena.allocate(bytes);
  account.memory.u8.copyWithin(to, from, from + bytes);
  return to;
}

/** A little-endian u32 at any address. */
export function readU32({ account }: Workspace, ptr: number): number {
  const { u8 } = account.memory;
  const low = (u8[ptr] as number) | ((u8[ptr + 1] as number) << 8) | ((u8[ptr + 2] as number) << 16);
  return (low | ((u8[ptr + 3] as number) << 24)) >>> 0;
}
