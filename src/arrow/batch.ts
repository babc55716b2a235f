// Columns and batches: Arrow's layout over linear memory. A batch lives as long as its step (its columns are in the arena
// or belong to somebody who outlives the step); whoever keeps one longer calls `persist`, which gives columns that own
// reference-counted regions. A selection is carried along and each column is compacted when it is first asked for.
import { assert, ResourceError } from "../errors.js";
import type { Kernels } from "../wasm/kernels.js";
import type { MemoryAccount, Region } from "../wasm/memory.js";
import { type DataType, type Layout, layoutOf, type Schema, widthOf } from "./types.js";

/**
 * `length` values of one type.
 *
 *     values    i8…f64, i128: length × width   │ bool: bitmap, LSB first   │ utf8: the bytes
 *     offsets   utf8 only: (length + 1) × i32, the first one need not be 0
 *     validity  bitmap, 1 = valid; address 0 = no nulls. Bits past `length` are undefined.
 *
 * Bitmaps always begin at bit 0 of their address: slices at odd places are shifted into the arena. Values under a null
 * are undefined but readable. Dictionary columns carry i32 codes in `values` and their distinct values in `dictionary`.
 */
export class Column {
  readonly type: DataType;
  readonly layout: Layout;
  readonly length: number;
  readonly validity: number;
  readonly values: number;
  readonly offsets: number;
  readonly dictionary: Column | null;
  /** The region that holds all buffers of this column; null when they lie in the arena. */
  readonly region: Region | null;

  constructor(parts: {
    type: DataType;
    length: number;
    values: number;
    validity?: number;
    offsets?: number;
    dictionary?: Column | null;
    region?: Region | null;
  }) {
    this.type = parts.type;
    this.layout = layoutOf(parts.type);
    this.length = parts.length;
    this.values = parts.values;
    this.validity = parts.validity ?? 0;
    this.offsets = parts.offsets ?? 0;
    this.dictionary = parts.dictionary ?? null;
    this.region = parts.region ?? null;
  }
}

/** What columns are computed with: a job's share of memory, and the kernels over it. */
export interface Workspace {
  readonly account: MemoryAccount;
  readonly kernels: Kernels;
}

/** Rows that the batch's columns are narrowed to: u32 row numbers, ascending, in the arena. */
interface Selection {
  readonly ptr: number;
  readonly count: number;
}

/** Rows of one schema, all columns equally long. Immutable: every method returns another batch over the same memory. */
export class Batch {
  readonly schema: Schema;
  readonly workspace: Workspace;
  readonly rowCount: number;
  /** The split of the source that the rows came from; watermarks are per split. */
  readonly split: number;
  readonly #columns: readonly Column[];
  readonly #selection: Selection | null;
  readonly #compacted: (Column | undefined)[] = [];

  constructor(
    workspace: Workspace,
    schema: Schema,
    columns: readonly Column[],
    rowCount: number,
    split = 0,
    selection: Selection | null = null,
  ) {
    this.workspace = workspace;
    this.schema = schema;
    this.rowCount = selection === null ? rowCount : selection.count;
    this.split = split;
    this.#columns = columns;
    this.#selection = selection;
  }

  /** Column `index`, dense (the selection applied), possibly dictionary-coded. Valid for the step. */
  column(index: number): Column {
    const column = this.#columns[index];
    assert(column !== undefined, `column ${index} of ${this.#columns.length}`);
    if (this.#selection === null) return column;
    let dense = this.#compacted[index];
    if (dense === undefined) {
      dense = takeColumn(this.workspace, column, this.#selection.ptr, this.#selection.count);
      this.#compacted[index] = dense;
    }
    return dense;
  }

  /** Column `index` with any dictionary decoded. */
  plainColumn(index: number): Column {
    return decodeDictionary(this.workspace, this.column(index));
  }

  /** The rows numbered by `count` u32 at `ptr` (ascending positions of this batch's rows). */
  select(ptr: number, count: number): Batch {
    if (count === this.rowCount) return this;
    let rows = ptr;
    if (this.#selection !== null) {
      rows = this.workspace.account.arena.allocate(count * 4);
      this.workspace.kernels.takeU32(this.#selection.ptr, ptr, count, rows);
    }
    return new Batch(this.workspace, this.schema, this.#columns, count, this.split, { ptr: rows, count });
  }

  /** Rows `start` (inclusive) to `end` (exclusive), sharing the memory. */
  slice(start: number, end: number): Batch {
    assert(start >= 0 && start <= end && end <= this.rowCount, `slice ${start}…${end} of ${this.rowCount} rows`);
    if (end - start === this.rowCount) return this;
    if (this.#selection !== null) {
      const selection = { ptr: this.#selection.ptr + start * 4, count: end - start };
      return new Batch(this.workspace, this.schema, this.#columns, end - start, this.split, selection);
    }
    const columns = this.#columns.map((column) => sliceColumn(this.workspace, column, start, end - start));
    return new Batch(this.workspace, this.schema, columns, end - start, this.split);
  }

  /** The columns at `indexes` under another schema: nothing is computed, a selection stays. */
  pick(schema: Schema, indexes: readonly number[]): Batch {
    const columns = indexes.map((index) => this.#columns[index] as Column);
    return new Batch(
      this.workspace,
      schema,
      columns,
      this.#selection?.count ?? this.rowCount,
      this.split,
      this.#selection,
    );
  }

  /** Other columns of the same rows. */
  withColumns(schema: Schema, columns: readonly Column[]): Batch {
    return new Batch(this.workspace, schema, columns, this.rowCount, this.split);
  }

  /** The same rows for another job's workspace, or as another split's. */
  within(workspace: Workspace, split = this.split): Batch {
    return new Batch(workspace, this.schema, this.#columns, this.rowCount, split, this.#selection);
  }

  /**
   * A batch that outlives the step: columns in regions are retained, columns in the arena copied. The caller owns it and
   * calls `release` once.
   * @throws MEMORY_LIMIT
   */
  persist(): Batch {
    const columns = ownedColumns(this.schema, (index) => persistColumn(this.workspace, this.column(index)));
    return new Batch(this.workspace, this.schema, columns, this.rowCount, this.split);
  }

  /** Gives back a persisted batch's references. */
  release(): void {
    for (const column of this.#columns) releaseColumn(column);
  }

  /** Bytes that the columns span, dictionaries not counted. */
  get sizeBytes(): number {
    let bytes = 0;
    for (let index = 0; index < this.#columns.length; index++) bytes += columnBytes(this.workspace, this.column(index));
    return bytes;
  }

  /** About how many bytes the rows are: a selection counts by its share of the columns, and nothing is compacted for it. */
  get spanBytes(): number {
    const { length } = this.#columns[0] ?? { length: 0 };
    let bytes = 0;
    for (const column of this.#columns) bytes += columnBytes(this.workspace, column);
    return length === 0 ? 0 : Math.round((bytes * this.rowCount) / length);
  }
}

/** Rows `selection[0…count)` of a column, in the arena. Dictionary columns stay coded. */
export function takeColumn(workspace: Workspace, column: Column, selection: number, count: number): Column {
  const { account, kernels } = workspace;
  const { arena } = account;
  let validity = 0;
  if (column.validity !== 0) {
    validity = arena.allocate(bitmapBytes(count));
    kernels.takeBits(column.validity, selection, count, validity);
  }
  const { type, dictionary } = column;
  if (dictionary === null && column.layout === "utf8") {
    const offsets = arena.allocate((count + 1) * 4);
    const values = textRoom(workspace, kernels.takeUtf8Size(column.offsets, selection, count));
    kernels.takeUtf8(column.offsets, column.values, selection, count, offsets, values);
    return new Column({ type, length: count, validity, values, offsets });
  }
  const bits = dictionary === null && column.layout === "bool";
  const width = dictionary === null ? widthOf(column.layout) : 4;
  const values = arena.allocate(bits ? bitmapBytes(count) : count * width);
  if (bits) kernels.takeBits(column.values, selection, count, values);
  else if (width === 8) kernels.takeU64(column.values, selection, count, values);
  else if (width === 4) kernels.takeU32(column.values, selection, count, values);
  else if (width === 16) kernels.takeU128(column.values, selection, count, values);
  else if (width === 2) kernels.takeU16(column.values, selection, count, values);
  else if (width === 1) kernels.takeU8(column.values, selection, count, values);
  return new Column({ type, length: count, validity, values, dictionary });
}

/** The column without dictionary: codes replaced by the values they stand for, in the arena. */
export function decodeDictionary(workspace: Workspace, column: Column): Column {
  if (column.dictionary === null) return column;
  const { type, validity, length, values } = column;
  if (column.dictionary.length === 0) {
    // Nothing but NULLs: there is no value for their codes to stand for. 16 bytes a row are enough for offsets, too.
    const zeros = workspace.account.arena.allocateZeroed((length + 1) * 16);
    return new Column({ type, length, validity, values: zeros, offsets: zeros });
  }
  // Codes under a null are undefined: clear them, so that the gather stays inside the dictionary.
  let codes = values;
  if (validity !== 0) {
    codes = workspace.account.arena.allocate(length * 4);
    workspace.kernels.clearNulls32(values, validity, length, codes);
  }
  const plain = takeColumn(workspace, column.dictionary, codes, length);
  return new Column({ ...plain, validity, dictionary: null });
}

/** `count` rows from `start`, sharing the buffers; bitmaps at odd bits are shifted into the arena. */
function sliceColumn(workspace: Workspace, column: Column, start: number, count: number): Column {
  const { type, layout, dictionary, region } = column;
  const validity = column.validity === 0 ? 0 : sliceBits(workspace, column.validity, start, count);
  const bits = dictionary === null && layout === "bool";
  const moved = (validity !== 0 && start % 8 !== 0) || (bits && start % 8 !== 0);
  if (bits) {
    const values = sliceBits(workspace, column.values, start, count);
    return new Column({ type, length: count, validity, values, region: moved ? null : region });
  }
  if (layout === "utf8" && dictionary === null) {
    const offsets = column.offsets + start * 4;
    return new Column({ type, length: count, validity, values: column.values, offsets, region: moved ? null : region });
  }
  const values = column.values + start * (dictionary === null ? widthOf(layout) : 4);
  return new Column({ type, length: count, validity, values, dictionary, region: moved ? null : region });
}

function sliceBits(workspace: Workspace, bits: number, start: number, count: number): number {
  if (start % 8 === 0) return bits + start / 8;
  const shifted = workspace.account.arena.allocate(bitmapBytes(count));
  workspace.kernels.copyBits(bits, start, count, shifted);
  return shifted;
}

/** Columns that own their regions, one a field; when one cannot be made, those before it go back. */
export function ownedColumns({ fields }: Schema, make: (index: number) => Column): Column[] {
  const columns: Column[] = [];
  try {
    for (let index = 0; index < fields.length; index++) columns.push(make(index));
  } catch (error) {
    for (const column of columns) releaseColumn(column);
    throw error;
  }
  return columns;
}

function persistColumn(workspace: Workspace, column: Column): Column {
  const { region, dictionary } = column;
  if (region === null || (dictionary !== null && dictionary.region === null)) return copyColumn(workspace, column);
  region.retain();
  dictionary?.region?.retain();
  return column;
}

/** A copy of the column in one fresh region: validity, offsets, values, each 16-byte aligned. */
export function copyColumn(workspace: Workspace, column: Column): Column {
  const { account } = workspace;
  const { length, type, layout } = column;
  const plainUtf8 = layout === "utf8" && column.dictionary === null;
  const validityBytes = column.validity === 0 ? 0 : align16(bitmapBytes(length));
  const offsetsBytes = plainUtf8 ? align16((length + 1) * 4) : 0;
  const valueBytes = valuesBytes(workspace, column);
  const dictionary = column.dictionary === null ? null : persistColumn(workspace, column.dictionary);
  let region: Region;
  try {
    region = account.region(validityBytes + offsetsBytes + valueBytes);
  } catch (error) {
    if (dictionary !== null) releaseColumn(dictionary);
    throw error;
  }
  const { memory } = account;
  const validity = column.validity === 0 ? 0 : region.ptr;
  if (validity !== 0) memory.u8.copyWithin(validity, column.validity, column.validity + bitmapBytes(length));
  const values = region.ptr + validityBytes + offsetsBytes;
  let offsets = 0;
  let first = column.values;
  if (plainUtf8) {
    offsets = region.ptr + validityBytes;
    first += memory.i32[column.offsets >>> 2] as number;
    workspace.kernels.rebaseOffsets(column.offsets, length, offsets);
  }
  memory.u8.copyWithin(values, first, first + valueBytes);
  return new Column({ type, length, validity, values, offsets, dictionary, region });
}

function releaseColumn(column: Column): void {
  assert(column.region !== null, "release of a batch that was not persisted");
  column.region.release();
  if (column.dictionary !== null) releaseColumn(column.dictionary);
}

function valuesBytes({ account }: Workspace, column: Column): number {
  if (column.dictionary !== null) return column.length * 4;
  if (column.layout === "bool") return bitmapBytes(column.length);
  if (column.layout === "utf8") {
    const { i32 } = account.memory;
    const at = column.offsets >>> 2;
    return (i32[at + column.length] as number) - (i32[at] as number);
  }
  return column.length * widthOf(column.layout);
}

function columnBytes(workspace: Workspace, column: Column): number {
  const bitmap = column.validity === 0 ? 0 : bitmapBytes(column.length);
  return bitmap + valuesBytes(workspace, column) + (column.layout === "utf8" ? (column.length + 1) * 4 : 0);
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
