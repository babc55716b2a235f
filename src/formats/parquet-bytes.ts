// Page values of any length: strings, binaries and the decimals that are written as such. Whatever the encoding, a page
// becomes offsets and bytes once, and batches are cut from them; a dictionary becomes a column.
import { Column } from "../arrow/column.js";
import { Status } from "../wasm/kernels.js";
import {
  type ColumnContext,
  check,
  copyToArena,
  type EncodedValues,
  limited,
  type PageMemory,
  type Rows,
  readU32,
  targetBytes,
  type Values,
} from "./parquet-context.js";
import { ConvertedValues, convertFixed } from "./parquet-fixed.js";
import type { Conversion } from "./parquet-types.js";

/** Strings and binaries: count + 1 offsets, and the bytes that they count from. */
interface Strings {
  readonly offsets: number;
  readonly bytes: number;
  /** Bytes of all values. */
  readonly byteCount: number;
}

class ByteValues implements Values {
  readonly #context: ColumnContext;
  readonly #strings: Strings;
  #at = 0;

  constructor(context: ColumnContext, strings: Strings) {
    this.#context = context;
    this.#strings = strings;
  }

  take(rows: Rows): Column {
    const { workspace, plan } = this.#context;
    const from = this.#strings.offsets + this.#at * 4;
    const first = readU32(workspace, from);
    const last = readU32(workspace, from + rows.validCount * 4);
    this.#at += rows.validCount;
    const offsets = workspace.account.arena.allocate((rows.count + 1) * 4);
    workspace.kernels.spreadOffsets(from, rows.validity, rows.count, first, offsets);
    const values = copyToArena(workspace, this.#strings.bytes + first, last - first);
    return new Column({ type: plan.field.type, length: rows.count, validity: rows.validity, values, offsets });
  }

  skip(count: number): void {
    this.#at += count;
  }
}

/** Batches of strings; decimals are converted at once. */
function valuesOf(context: ColumnContext, memory: PageMemory, strings: Strings, count: number): Values {
  const { conversion } = context.plan;
  if (conversion.kind === "decimal") {
    const values = memory.allocate(limited(context, targetBytes(context, count)));
    convertStrings(context, conversion, strings, count, values);
    return new ConvertedValues(context, values);
  }
  checkText(context, strings, count);
  return new ByteValues(context, strings);
}

function convertStrings(
  context: ColumnContext,
  { wide }: Extract<Conversion, { kind: "decimal" }>,
  { offsets, bytes }: Strings,
  count: number,
  out: number,
): void {
  check(context, context.workspace.kernels.convertDecimals(offsets, bytes, 0, count, wide ? 1 : 0, out));
}

function checkText(context: ColumnContext, { offsets, bytes }: Strings, count: number): void {
  const { conversion } = context.plan;
  if (conversion.kind !== "bytes" || !conversion.text) return;
  check(context, context.workspace.kernels.checkUtf8(offsets, bytes, count));
}

/** PLAIN: each value after its length. */
function plainStrings(context: ColumnContext, memory: PageMemory, page: EncodedValues): Strings {
  const offsets = memory.allocate(limited(context, (page.count + 1) * 4));
  const bytes = memory.allocate(page.bytes);
  const { kernels } = context.workspace;
  const byteCount = kernels.decodeByteArrays(page.ptr, page.bytes, page.count, offsets, bytes);
  check(context, byteCount);
  return { offsets, bytes, byteCount };
}

/** Values of one width: offsets are its multiples. */
function fixedStrings(context: ColumnContext, memory: PageMemory, ptr: number, count: number): Strings {
  const { workspace, plan } = context;
  const offsets = memory.allocate(limited(context, (count + 1) * 4));
  const { u32 } = workspace.account.memory;
  for (let i = 0; i <= count; i++) u32[(offsets >>> 2) + i] = i * plan.width;
  return { offsets, bytes: ptr, byteCount: count * plan.width };
}

/** Strings of a PLAIN page. */
export function plainBytes(context: ColumnContext, memory: PageMemory, page: EncodedValues): Values {
  return valuesOf(context, memory, plainStrings(context, memory, page), page.count);
}

/** Binary values of one width. */
export function fixedBytes(context: ColumnContext, memory: PageMemory, ptr: number, count: number): Values {
  return valuesOf(context, memory, fixedStrings(context, memory, ptr, count), count);
}

/** The chunk's dictionary as a column in a region of its own, which the caller releases. @throws PARQUET_CORRUPT, … */
export function decodeDictionary(context: ColumnContext, memory: PageMemory, page: EncodedValues): Column {
  const { workspace, plan } = context;
  const { account } = workspace;
  const { conversion, physical, field, width } = plan;
  const { count } = page;
  if (physical === "BOOLEAN") throw context.fail("BOOLEAN pages cannot have a dictionary", "PARQUET_ENCODING");
  const isBytes = conversion.kind === "bytes";
  if (physical !== "BYTE_ARRAY" && count * width > page.bytes) {
    throw context.fail(`${page.bytes} bytes are too few for ${count} values of ${width}`);
  }
  let strings: Strings | null = null;
  if (physical === "BYTE_ARRAY") strings = plainStrings(context, memory, page);
  else if (isBytes) strings = fixedStrings(context, memory, page.ptr, count);
  const offsetBytes = isBytes ? ((count + 1) * 4 + 15) & ~15 : 0;
  const valueBytes = isBytes && strings !== null ? strings.byteCount : targetBytes(context, count);
  const region = account.region(limited(context, offsetBytes + valueBytes));
  const values = region.ptr + offsetBytes;
  try {
    if (strings === null) {
      convertFixed(context, page.ptr, count, values);
    } else if (conversion.kind === "decimal") {
      convertStrings(context, conversion, strings, count, values);
    } else {
      checkText(context, strings, count);
      const { u8 } = account.memory;
      u8.copyWithin(region.ptr, strings.offsets, strings.offsets + (count + 1) * 4);
      u8.copyWithin(values, strings.bytes, strings.bytes + strings.byteCount);
    }
  } catch (error) {
    region.release();
    throw error;
  }
  return new Column({ type: field.type, length: count, values, offsets: isBytes ? region.ptr : 0, region });
}

/** Unpacked integers (DELTA_BINARY_PACKED), and where their bytes end. */
export function unpackDeltas(
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

/** DELTA_LENGTH_BYTE_ARRAY: lengths as deltas, then all bytes. */
export function deltaLengths(context: ColumnContext, memory: PageMemory, page: EncodedValues): Values {
  const { values: lengths, end } = unpackDeltas(context, memory, page, false);
  const offsets = memory.allocate((page.count + 1) * 4);
  const byteCount = context.workspace.kernels.sumLengths(lengths, page.count, page.ptr + page.bytes - end, offsets);
  check(context, byteCount);
  return valuesOf(context, memory, { offsets, bytes: end, byteCount }, page.count);
}

/** DELTA_BYTE_ARRAY: lengths shared with the value before as deltas, then what follows as DELTA_LENGTH_BYTE_ARRAY. */
export function deltaPrefixes(context: ColumnContext, memory: PageMemory, page: EncodedValues): Values {
  const { kernels } = context.workspace;
  const { count } = page;
  const stop = page.ptr + page.bytes;
  const prefixes = unpackDeltas(context, memory, page, false);
  const suffixes = unpackDeltas(context, memory, { ptr: prefixes.end, bytes: stop - prefixes.end, count }, false);
  const offsets = memory.allocate((count + 1) * 4);
  const limit = context.pageBytesMax;
  const rest = stop - suffixes.end;
  const byteCount = kernels.sumPrefixes(prefixes.values, suffixes.values, count, rest, limit, offsets);
  if (byteCount === Status.NEED_SPACE) {
    throw context.fail(`the strings of a page take more than ${limit} bytes`, "PARQUET_PAGE_SIZE");
  }
  check(context, byteCount);
  const bytes = memory.allocate(byteCount);
  kernels.joinPrefixes(prefixes.values, count, suffixes.end, offsets, bytes);
  return valuesOf(context, memory, { offsets, bytes, byteCount }, count);
}
