// Columns from Arrow buffers made elsewhere: bitmaps at any bit, offsets and bytes, 128-bit decimals. Whatever kernels will
// trust later is checked here before anything is copied: lengths, ascending offsets in range, UTF-8.
import { DataError } from "../errors.js";
import { Target } from "./cells.js";
import { bitmapBytes, Column, copyColumn, releaseColumn, type Workspace } from "./column.js";
import { columnOf, copyValidity, type Lifetime, makeColumns, reserveBlock, reserveValues, written } from "./columns.js";
import { withoutHiddenElements } from "./take.js";
import { childFields, type DataType, type Field, type NestedType } from "./types.js";

/** Bits from bit `offset` of `bytes` on, LSB first. */
export interface Bits {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/** `n` bits as a bitmap that begins at bit 0. @throws ARROW_INVALID when there are fewer. */
export function alignBits({ bytes, offset }: Bits, n: number, field: Field): Uint8Array {
  if (bytes.length < bitmapBytes(offset + n)) {
    throw arrowInvalid(field, `a bitmap of ${bytes.length} bytes for ${offset + n} bits`);
  }
  const start = offset >>> 3;
  const shift = offset & 7;
  if (shift === 0) return bytes.subarray(start, start + bitmapBytes(n));
  const aligned = new Uint8Array(bitmapBytes(n));
  for (let i = 0; i < aligned.length; i++) {
    const pair = (bytes[start + i] as number) | ((bytes[start + i + 1] ?? 0) << 8);
    aligned[i] = pair >> shift;
  }
  return aligned;
}

/** A BOOLEAN column. */
export function columnFromBits(
  workspace: Workspace,
  field: Field,
  bits: Bits,
  validity: Uint8Array | null,
  length: number,
  lifetime: Lifetime,
): Column {
  const values = alignBits(bits, length, field);
  const block = reserveValues(workspace, lifetime, field, length);
  return written(block, () => {
    const target = new Target(workspace.account.memory, field, block, 0);
    target.memory.u8.set(values, block.values);
    if (validity !== null) copyValidity(target, validity, length);
    return columnOf(target, block, length);
  });
}

/** A STRING or BYTES column from `length + 1` offsets into `bytes`. @throws ARROW_INVALID */
export function columnFromOffsets(
  workspace: Workspace,
  field: Field,
  offsets: Int32Array,
  bytes: Uint8Array,
  validity: Uint8Array | null,
  length: number,
  lifetime: Lifetime,
): Column {
  checkOffsets(offsets, bytes.length, length, field);
  const first = length === 0 ? 0 : (offsets[0] as number);
  const last = length === 0 ? 0 : (offsets[length] as number);
  const sizes = { offsets: (length + 1) * 4, values: last - first };
  const block = reserveBlock(workspace, lifetime, length, sizes);
  return written(block, () => {
    const { memory } = workspace.account;
    const target = new Target(memory, field, block, 0);
    if (validity !== null) copyValidity(target, validity, length);
    memory.u8.set(bytes.subarray(first, last), block.values);
    const { i32 } = memory;
    const at = block.offsets >>> 2;
    i32[at] = 0;
    for (let i = 1; i <= length; i++) i32[at + i] = (offsets[i] as number) - first;
    const { type } = field;
    if (type.kind === "string" && workspace.kernels.checkUtf8(block.offsets, block.values, length) < 0) {
      throw arrowInvalid(field, "bytes that are not UTF-8");
    }
    return new Column({ ...block, type, length, validity: target.nulls > 0 ? block.validity : 0 });
  });
}

/**
 * An ARRAY or MAP column from `length + 1` offsets into `elements` elements, of which `child` makes a column of a range.
 * @throws ARROW_INVALID
 */
export function columnFromLists(
  workspace: Workspace,
  field: Field,
  lists: { readonly offsets: Int32Array; readonly elements: number },
  validity: Uint8Array | null,
  length: number,
  lifetime: Lifetime,
  child: (start: number, count: number) => Column,
): Column {
  const { offsets, elements } = lists;
  checkOffsets(offsets, elements, length, field);
  const first = offsets[0] as number;
  const block = reserveBlock(workspace, lifetime, length, { offsets: (length + 1) * 4, values: 0 });
  return written(block, () => {
    const target = new Target(workspace.account.memory, field, block, 0);
    if (validity !== null) copyValidity(target, validity, length);
    const { i32 } = target.memory;
    const at = block.offsets >>> 2;
    for (let i = 0; i <= length; i++) i32[at + i] = (offsets[i] as number) - first;
    const children = [child(first, (offsets[length] as number) - first)];
    const { type } = field;
    const { region } = block;
    const nulls = target.nulls > 0 ? block.validity : 0;
    const column = new Column({ type, length, validity: nulls, offsets: block.offsets, values: 0, children, region });
    const clean = withoutHiddenElements(workspace, column);
    if (clean === column || lifetime === "arena") return clean;
    const copy = copyColumn(workspace, clean);
    for (const unclean of children) releaseColumn(unclean);
    region?.release();
    return copy;
  });
}

/** A ROW column of fields made by `child`. */
export function columnFromFields(
  workspace: Workspace,
  field: Field,
  validity: Uint8Array | null,
  length: number,
  lifetime: Lifetime,
  child: (field: Field, index: number) => Column,
): Column {
  const block = reserveBlock(workspace, lifetime, length, { offsets: 0, values: 0 });
  return written(block, () => {
    const target = new Target(workspace.account.memory, field, block, 0);
    if (validity !== null) copyValidity(target, validity, length);
    const type = field.type as NestedType;
    const fields = childFields(type).map((inner, index) => ({ inner, index }));
    const children = makeColumns(lifetime, fields, ({ inner, index }) => {
      // A row that is NULL has no fields, whatever they are otherwise.
      return child(target.nulls > 0 ? { ...inner, nullable: true } : inner, index);
    });
    const nulls = target.nulls > 0 ? block.validity : 0;
    return new Column({ type, length, validity: nulls, values: 0, children, region: block.region });
  });
}

function checkOffsets(offsets: Int32Array, bytes: number, length: number, field: Field): void {
  if (length === 0) return;
  if (offsets.length <= length) throw arrowInvalid(field, `${offsets.length} offsets for ${length} values`);
  let last = offsets[0] as number;
  if (last < 0) throw arrowInvalid(field, `a negative offset ${last}`);
  for (let i = 1; i <= length; i++) {
    const next = offsets[i] as number;
    if (next < last) throw arrowInvalid(field, `offset ${i} is ${next}, the one before ${last}`);
    last = next;
  }
  if (last > bytes) throw arrowInvalid(field, `offset ${length} is ${last}, beyond the ${bytes} bytes there are`);
}

/** A DECIMAL column from 128-bit little-endian two's complement, four words a value. @throws ARROW_INVALID */
export function columnFromDecimals(
  workspace: Workspace,
  field: Field,
  words: Uint32Array,
  validity: Uint8Array | null,
  length: number,
  lifetime: Lifetime,
): Column {
  if (words.length < 4 * length) throw arrowInvalid(field, `${words.length} words for ${length} decimals`);
  const block = reserveValues(workspace, lifetime, field, length);
  return written(block, () => {
    const target = new Target(workspace.account.memory, field, block, 0);
    if (validity !== null) copyValidity(target, validity, length);
    const type = field.type as Extract<DataType, { kind: "decimal" }>;
    if (type.precision > 18) target.memory.u32.set(words.subarray(0, 4 * length), block.values >>> 2);
    else narrowDecimals(target, words, length, type.precision);
    return columnOf(target, block, length);
  });
}

/** 128 bits → 64: the upper words may hold nothing but the sign. */
function narrowDecimals(target: Target, words: Uint32Array, length: number, precision: number): void {
  const { i32, u8 } = target.memory;
  const at = target.values >>> 2;
  const limit = 10 ** precision;
  for (let row = 0; row < length; row++) {
    const low = words[4 * row] as number;
    const high = (words[4 * row + 1] as number) | 0;
    const sign = high >> 31;
    i32[at + 2 * row] = low;
    i32[at + 2 * row + 1] = high;
    const extended = ((words[4 * row + 2] as number) | 0) === sign && ((words[4 * row + 3] as number) | 0) === sign;
    // A double is rounded: close to the limit the integer itself decides.
    const near = Math.abs(high * 4_294_967_296 + low);
    if (extended && (near < limit * (1 - Number.EPSILON) || fits(high, low, limit))) continue;
    const valid = (((u8[target.validity + (row >>> 3)] as number) >> (row & 7)) & 1) === 1;
    if (valid) throw arrowInvalid(target.field, `row ${row} has more than ${precision} digits`);
  }
}

function fits(high: number, low: number, limit: number): boolean {
  const value = (BigInt(high) << 32n) | BigInt(low);
  return value < BigInt(limit) && -value < BigInt(limit);
}

export function arrowInvalid(field: Field, what: string): DataError {
  return new DataError("ARROW_INVALID", `column "${field.name}": ${what}`, {
    hint: "the data was damaged or written wrongly; nothing of it was used",
    at: { field: field.name },
  });
}
