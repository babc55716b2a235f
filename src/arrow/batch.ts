// Columns and batches: Arrow's layout over linear memory. A batch lives as long as its step (its columns are in the arena
// or belong to somebody who outlives the step); whoever keeps one longer calls `persist`, which gives columns that own
// reference-counted regions. A selection is carried along and each column is compacted when it is first asked for.
import { assert, ResourceError } from "../errors.js";
import type { Kernels } from "../wasm/kernels.js";
import type { MemoryAccount, Region } from "../wasm/memory.js";
import { childFields, type DataType, isNested, type Layout, layoutOf, type Schema, widthOf } from "./types.js";

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
    const columns = ownedColumns(this.schema.fields.length, (index) =>
      persistColumn(this.workspace, this.column(index)),
    );
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
  if (dictionary === null && column.children.length > 0) {
    return new Column({
      type,
      length: count,
      validity,
      values: 0,
      ...takeChildren(workspace, column, selection, count),
    });
  }
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

/** What lies below the selected rows of a nested column. */
function takeChildren(workspace: Workspace, column: Column, selection: number, count: number) {
  const { children, layout } = column;
  if (layout === "struct") {
    return { children: children.map((child) => takeColumn(workspace, child, selection, count)) };
  }
  const { account, kernels } = workspace;
  const total = kernels.takeUtf8Size(column.offsets, selection, count);
  checkElements(total);
  const offsets = account.arena.allocate((count + 1) * 4);
  const rows = account.arena.allocate(total * 4);
  kernels.takeLists(column.offsets, selection, count, offsets, rows);
  return { offsets, children: children.map((child) => takeColumn(workspace, child, rows, total)) };
}

/** The column without dictionaries: codes replaced by the values they stand for, in the arena. */
export function decodeDictionary(workspace: Workspace, column: Column): Column {
  if (column.dictionary === null) return decodeChildren(workspace, column);
  const { type, validity, length, values } = column;
  if (column.dictionary.length === 0) return emptyValues(workspace, type, length, validity);
  // Codes under a null are undefined: clear them, so that the gather stays inside the dictionary.
  let codes = values;
  if (validity !== 0) {
    codes = workspace.account.arena.allocate(length * 4);
    workspace.kernels.clearNulls32(values, validity, length, codes);
  }
  const plain = takeColumn(workspace, column.dictionary, codes, length);
  return decodeChildren(
    workspace,
    withoutHiddenElements(workspace, new Column({ ...plain, validity, dictionary: null })),
  );
}

function decodeChildren(workspace: Workspace, column: Column): Column {
  const children = column.children.map((child) => decodeDictionary(workspace, child));
  if (children.every((child, index) => child === column.children[index])) return column;
  return new Column({ ...column, children, region: null });
}

/** Values of rows that are all NULL: zeros, empty texts and lists. 16 bytes a row are enough for offsets, too. */
export function emptyValues(workspace: Workspace, type: DataType, length: number, validity: number): Column {
  const zeros = workspace.account.arena.allocateZeroed((length + 1) * 16);
  const rows = layoutOf(type) === "struct" ? length : 0;
  const children = isNested(type)
    ? childFields(type).map((child) => emptyValues(workspace, child.type, rows, child.nullable ? zeros : 0))
    : CHILDLESS;
  return new Column({ type, length, validity, values: zeros, offsets: zeros, children });
}

/** A list column whose NULLs may have elements, as Arrow allows, without those. */
export function withoutHiddenElements(workspace: Workspace, column: Column): Column {
  const { layout, validity, length } = column;
  if (layout !== "list" || validity === 0) return column;
  const { account } = workspace;
  const { memory } = account;
  const at = column.offsets >>> 2;
  const startOf = (row: number): number => memory.i32[at + row] as number;
  const isNull = (row: number): boolean => (((memory.u8[validity + (row >>> 3)] as number) >> (row & 7)) & 1) === 0;
  const hides = (row: number): boolean => isNull(row) && startOf(row) !== startOf(row + 1);
  let row = 0;
  while (row < length && !hides(row)) row++;
  if (row === length) return column;
  // Pairs of offsets, so that each row has an end of its own; a NULL's is its start.
  const pairs = account.arena.allocate(2 * length * 4);
  const selection = account.arena.allocate(length * 4);
  for (let i = 0; i < length; i++) {
    memory.i32[(pairs >>> 2) + 2 * i] = startOf(i);
    memory.i32[(pairs >>> 2) + 2 * i + 1] = startOf(isNull(i) ? i : i + 1);
    memory.u32[(selection >>> 2) + i] = 2 * i;
  }
  const paired = new Column({ ...column, validity: 0, offsets: pairs, region: null });
  return new Column({ ...paired, validity, ...takeChildren(workspace, paired, selection, length) });
}

/**
 * A nested column whose children hold its own rows' elements and no others, offsets from 0, without dictionaries but of
 * strings; NULLs of a ROW are NULLs of its fields. Others as they are. For whoever reads children as a whole.
 */
export function compactColumn(workspace: Workspace, column: Column): Column {
  const { layout, length, validity } = column;
  if (column.dictionary !== null && layout !== "utf8") {
    return compactColumn(workspace, decodeDictionary(workspace, column));
  }
  if (layout === "struct") {
    const children = column.children.map((child) =>
      compactColumn(workspace, underValidity(workspace, child, validity)),
    );
    return new Column({ ...column, children, region: null });
  }
  if (layout !== "list") return column;
  const { account, kernels } = workspace;
  const at = column.offsets >>> 2;
  const first = account.memory.i32[at] as number;
  const count = (account.memory.i32[at + length] as number) - first;
  const offsets = account.arena.allocate((length + 1) * 4);
  kernels.rebaseOffsets(column.offsets, length, offsets);
  const children = column.children.map((child) => {
    return compactColumn(workspace, count === child.length ? child : sliceColumn(workspace, child, first, count));
  });
  return new Column({ ...column, offsets, children, region: null });
}

/** The column with more NULLs: those of the row that it is a field of. */
export function underValidity(workspace: Workspace, column: Column, validity: number): Column {
  if (validity === 0) return column;
  const { length } = column;
  let both = validity;
  if (column.validity !== 0) {
    both = workspace.account.arena.allocate(bitmapBytes(length));
    workspace.kernels.andBitmaps(column.validity, validity, length, both);
  }
  return withoutHiddenElements(workspace, new Column({ ...column, validity: both, region: null }));
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

function persistColumn(workspace: Workspace, column: Column): Column {
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
function columnBytes(workspace: Workspace, column: Column, start = 0, length = column.length): number {
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

/** @throws MEMORY_LIMIT when the lists of one batch cannot hold so many elements */
function checkElements(count: number): void {
  if (count <= TEXT_BYTES_MAX / 4) return;
  throw new ResourceError("MEMORY_LIMIT", `the lists of one batch would hold ${count} elements`, {
    hint: "run the job with fewer rows a batch (batchRows)",
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
