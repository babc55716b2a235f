// Columns of other rows or in plainer form, made in the step's arena: rows gathered by number, dictionaries decoded, nested
// columns without what belongs to no row of theirs.
import { ResourceError } from "../errors.js";
import { bitmapBytes, CHILDLESS, Column, sliceColumn, TEXT_BYTES_MAX, textRoom, type Workspace } from "./column.js";
import { childFields, type DataType, isNested, layoutOf, widthOf } from "./types.js";

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

/** Elements at `places` (u32), NULL where the bit in `present` is 0: there the place is any, of no elements too. */
export function takeElements(
  workspace: Workspace,
  elements: Column,
  places: number,
  count: number,
  present: number,
): Column {
  if (elements.length === 0) return emptyValues(workspace, elements.type, count, present);
  return underValidity(workspace, takeColumn(workspace, elements, places, count), present);
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

/** @throws MEMORY_LIMIT when the lists of one batch cannot hold so many elements */
function checkElements(count: number): void {
  if (count <= TEXT_BYTES_MAX / 4) return;
  throw new ResourceError("MEMORY_LIMIT", `the lists of one batch would hold ${count} elements`, {
    hint: "run the job with fewer rows a batch (batchRows)",
  });
}
