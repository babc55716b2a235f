// Columns: Arrow's layout over linear memory, in a step's arena or in regions of their own; what they share when they are
// sliced, and what is copied when they are to outlive the step.
import { assert, ResourceError } from "../errors.js";
import type { Platform } from "../platform/platform.js";
import type { Kernels } from "../wasm/kernels.js";
import type { MemoryAccount, Region } from "../wasm/memory.js";
import { type DataType, type Layout, layoutOf, widthOf } from "./types.js";

/**
 * `length` values of one type.
 *
 *     values    i8…f64, i128: length × width   │ bool: bitmap, LSB first   │ utf8: the bytes
 *     offsets   utf8, list: (length + 1) × i32, the first one need not be 0; the list of a NULL is empty
 *     children  list: the elements of all rows, which the offsets count │ struct: a column a field, `length` rows each
 *     validity  bitmap, 1 = valid; address 0 = no nulls. Bits past `length` are undefined.
 *
 * Bitmaps always begin at bit 0 of their address: slices at odd places are shifted into the arena. Values under a null
 * are undefined but readable. Dictionary columns carry i32 codes in `values` and their distinct values in `dictionary`;
 * of child columns only strings do.
 */
export class Column {
  readonly type: DataType;
  readonly layout: Layout;
  readonly length: number;
  readonly validity: number;
  readonly values: number;
  readonly offsets: number;
  readonly dictionary: Column | null;
  readonly children: readonly Column[];
  /** The region that holds all buffers of this column but its children's; null when they lie in the arena. */
  readonly region: Region | null;

  constructor(parts: {
    type: DataType;
    length: number;
    values: number;
    validity?: number;
    offsets?: number;
    dictionary?: Column | null;
    children?: readonly Column[];
    region?: Region | null;
  }) {
    this.type = parts.type;
    this.layout = layoutOf(parts.type);
    this.length = parts.length;
    this.values = parts.values;
    this.validity = parts.validity ?? 0;
    this.offsets = parts.offsets ?? 0;
    this.dictionary = parts.dictionary ?? null;
    this.children = parts.children ?? CHILDLESS;
    this.region = parts.region ?? null;
  }
}

export const CHILDLESS: readonly Column[] = Object.freeze([]);

/** What columns are computed with: a job's share of memory, and the kernels over it. */
export interface Workspace {
  readonly account: MemoryAccount;
  readonly kernels: Kernels;
  /** Clock and chance, for the functions that ask for them. */
  readonly host?: Pick<Platform, "clock" | "random">;
}

/** `count` rows from `start`, sharing the buffers; bitmaps at odd bits are shifted into the arena. */
export function sliceColumn(workspace: Workspace, column: Column, start: number, count: number): Column {
  const { type, layout, dictionary, region } = column;
  const validity = column.validity === 0 ? 0 : sliceBits(workspace, column.validity, start, count);
  const bits = dictionary === null && layout === "bool";
  const moved = (validity !== 0 && start % 8 !== 0) || (bits && start % 8 !== 0);
  if (bits) {
    const values = sliceBits(workspace, column.values, start, count);
    return new Column({ type, length: count, validity, values, region: moved ? null : region });
  }
  const owned = { region: moved ? null : region };
  if (layout === "struct" && dictionary === null) {
    const children = column.children.map((child) => sliceColumn(workspace, child, start, count));
    return new Column({ type, length: count, validity, values: 0, children, ...owned });
  }
  if ((layout === "utf8" || layout === "list") && dictionary === null) {
    const { values, children } = column;
    return new Column({
      type,
      length: count,
      validity,
      values,
      offsets: column.offsets + start * 4,
      children,
      ...owned,
    });
  }
  const values = column.values + start * (dictionary === null ? widthOf(layout) : 4);
  return new Column({ type, length: count, validity, values, dictionary, ...owned });
}

function sliceBits(workspace: Workspace, bits: number, start: number, count: number): number {
  if (start % 8 === 0) return bits + start / 8;
  const shifted = workspace.account.arena.allocate(bitmapBytes(count));
  workspace.kernels.copyBits(bits, start, count, shifted);
  return shifted;
}

/** Columns that own their regions; when one cannot be made, those before it go back. */
export function ownedColumns(count: number, make: (index: number) => Column): Column[] {
  const columns: Column[] = [];
  try {
    for (let index = 0; index < count; index++) columns.push(make(index));
  } catch (error) {
    for (const column of columns) releaseColumn(column);
    throw error;
  }
  return columns;
}

export function persistColumn(workspace: Workspace, column: Column): Column {
  if (!isOwned(column)) return copyColumn(workspace, column);
  retainColumn(column);
  return column;
}

/** Whether all buffers of the column lie in regions. */
function isOwned({ region, dictionary, children }: Column): boolean {
  return region !== null && (dictionary === null || dictionary.region !== null) && children.every(isOwned);
}

function retainColumn({ region, dictionary, children }: Column): void {
  region?.retain();
  dictionary?.region?.retain();
  children.forEach(retainColumn);
}

/** A copy of the column in one fresh region (children in their own): validity, offsets, values, each 16-byte aligned. */
export function copyColumn(workspace: Workspace, column: Column): Column {
  const { account } = workspace;
  const { length, type, layout } = column;
  const counted = (layout === "utf8" || layout === "list") && column.dictionary === null;
  const validityBytes = column.validity === 0 ? 0 : align16(bitmapBytes(length));
  const offsetsBytes = counted ? align16((length + 1) * 4) : 0;
  const valueBytes = valuesBytes(workspace, column, 0, length);
  const dictionary = column.dictionary === null ? null : persistColumn(workspace, column.dictionary);
  let children: Column[] = [];
  let region: Region;
  try {
    children = copyChildren(workspace, column);
    region = account.region(Math.max(validityBytes + offsetsBytes + valueBytes, 16));
  } catch (error) {
    for (const child of children) releaseColumn(child);
    if (dictionary !== null) releaseColumn(dictionary);
    throw error;
  }
  const { memory } = account;
  const validity = column.validity === 0 ? 0 : region.ptr;
  if (validity !== 0) memory.u8.copyWithin(validity, column.validity, column.validity + bitmapBytes(length));
  const values = region.ptr + validityBytes + offsetsBytes;
  let offsets = 0;
  let first = column.values;
  if (counted) {
    offsets = region.ptr + validityBytes;
    if (layout === "utf8") first += memory.i32[column.offsets >>> 2] as number;
    workspace.kernels.rebaseOffsets(column.offsets, length, offsets);
  }
  memory.u8.copyWithin(values, first, first + valueBytes);
  return new Column({ type, length, validity, values, offsets, dictionary, children, region });
}

/** Copies of what the column's rows have below them, and of nothing else. */
function copyChildren(workspace: Workspace, { dictionary, layout, offsets, length, children }: Column): Column[] {
  if (dictionary !== null) return [];
  const { i32 } = workspace.account.memory;
  const first = layout === "list" ? (i32[offsets >>> 2] as number) : 0;
  const count = layout === "list" ? (i32[(offsets >>> 2) + length] as number) - first : length;
  return ownedColumns(children.length, (index) => {
    const child = children[index] as Column;
    return copyColumn(workspace, count === child.length ? child : sliceColumn(workspace, child, first, count));
  });
}

export function releaseColumn(column: Column): void {
  assert(column.region !== null, "release of a batch that was not persisted");
  column.region.release();
  if (column.dictionary !== null) releaseColumn(column.dictionary);
  column.children.forEach(releaseColumn);
}

/** Bytes of the values of `length` rows from `start`, without offsets and children. */
export function valuesBytes({ account }: Workspace, column: Column, start: number, length: number): number {
  if (column.dictionary !== null) return length * 4;
  if (column.layout === "bool") return bitmapBytes(length);
  if (column.layout === "utf8") {
    const { i32 } = account.memory;
    const at = (column.offsets >>> 2) + start;
    return (i32[at + length] as number) - (i32[at] as number);
  }
  return length * widthOf(column.layout);
}

/** Bytes that `length` rows from `start` span. */
export function columnBytes(workspace: Workspace, column: Column, start = 0, length = column.length): number {
  const { layout, offsets, dictionary, children } = column;
  const bitmap = column.validity === 0 ? 0 : bitmapBytes(length);
  let bytes = bitmap + valuesBytes(workspace, column, start, length);
  if (layout === "utf8" || layout === "list") bytes += (length + 1) * 4;
  if (dictionary !== null || children.length === 0) return bytes;
  const { i32 } = workspace.account.memory;
  const first = layout === "list" ? (i32[(offsets >>> 2) + start] as number) : start;
  const count = layout === "list" ? (i32[(offsets >>> 2) + start + length] as number) - first : length;
  for (const child of children) bytes += columnBytes(workspace, child, first, count);
  return bytes;
}

/** Offsets are i32. */
export const TEXT_BYTES_MAX = 2 ** 31 - 1;

/** @throws MEMORY_LIMIT when one column of a batch cannot hold so many bytes of strings */
export function checkTextBytes(bytes: number): void {
  if (bytes <= TEXT_BYTES_MAX) return;
  throw new ResourceError("MEMORY_LIMIT", `a column of one batch would hold ${bytes} bytes of text`, {
    hint: `${TEXT_BYTES_MAX} is the most: run the job with fewer rows a batch (batchRows), or give the rows in several batches`,
  });
}

/** Room in the arena for the strings of a column. @throws MEMORY_LIMIT */
export function textRoom({ account }: Workspace, bytes: number): number {
  checkTextBytes(bytes);
  return account.arena.allocate(bytes);
}

/** Bytes of a bitmap of `bits` bits. */
export function bitmapBytes(bits: number): number {
  return (bits + 7) >> 3;
}

/** Rounded up to whole vectors of 16 bytes. */
export function align16(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
