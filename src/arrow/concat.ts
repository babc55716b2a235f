// Columns put one behind the other, in the arena: for whoever gets a column in parts. Rare, so that plain loops do.
import type { LinearMemory } from "../wasm/memory.js";
import { bitmapBytes, Column, checkTextBytes, type Workspace } from "./column.js";
import { compactColumn, decodeDictionary, emptyValues } from "./take.js";
import { type DataType, widthOf } from "./types.js";

/** The rows of all parts, which are of one type. @throws MEMORY_LIMIT */
export function concatColumns(workspace: Workspace, type: DataType, parts: readonly Column[]): Column {
  const [first] = parts;
  if (first === undefined) return emptyValues(workspace, type, 0, 0);
  if (parts.length === 1) return first;
  const plain = parts.map((part) => compactColumn(workspace, decodeDictionary(workspace, part)));
  const length = plain.reduce((sum, part) => sum + part.length, 0);
  const hasNulls = plain.some(({ validity }) => validity !== 0);
  const validity = hasNulls ? joinBits(workspace, plain, length, ({ validity: bits }) => bits) : 0;
  const children = first.children.map((child, index) => {
    return concatColumns(
      workspace,
      child.type,
      plain.map((part) => part.children[index] as Column),
    );
  });
  const column = new Column({ type, length, validity, values: 0, children });
  switch (first.layout) {
    case "struct":
    case "none":
      return column;
    case "bool":
      return new Column({ ...column, values: joinBits(workspace, plain, length, ({ values }) => values) });
    case "utf8":
    case "list":
      return new Column({ ...column, ...joinOffsets(workspace, plain, length) });
    default: {
      const width = widthOf(first.layout);
      const values = workspace.account.arena.allocate(length * width);
      const { u8 } = workspace.account.memory;
      let at = values;
      for (const part of plain) {
        u8.copyWithin(at, part.values, part.values + part.length * width);
        at += part.length * width;
      }
      return new Column({ ...column, values });
    }
  }
}

/** Bitmaps one behind the other; where a part has none, ones. */
function joinBits(
  { account }: Workspace,
  parts: readonly Column[],
  length: number,
  bitsOf: (part: Column) => number,
): number {
  const joined = account.arena.allocateZeroed(bitmapBytes(length));
  let at = 0;
  for (const part of parts) {
    copyBits(account.memory, bitsOf(part), part.length, joined, at);
    at += part.length;
  }
  return joined;
}

/** Copies `count` bits from bit 0 of `from` (0: ones) to bit `at` of `to`, which are zeros. */
function copyBits({ u8 }: LinearMemory, from: number, count: number, to: number, at: number): void {
  for (let i = 0; i < count; i++) {
    const bit = from === 0 ? 1 : ((u8[from + (i >> 3)] as number) >> (i & 7)) & 1;
    const byte = to + ((at + i) >> 3);
    u8[byte] = (u8[byte] as number) | (bit << ((at + i) & 7));
  }
}

/** Offsets that go on, and of texts their bytes. */
function joinOffsets({ account }: Workspace, parts: readonly Column[], length: number) {
  const { memory, arena } = account;
  const sizes = parts.map(({ offsets, length: rows }) => {
    const at = offsets >>> 2;
    return (memory.i32[at + rows] as number) - (memory.i32[at] as number);
  });
  const size = sizes.reduce((sum, bytes) => sum + bytes, 0);
  checkTextBytes(size);
  const isText = (parts[0] as Column).layout === "utf8";
  const offsets = arena.allocate((length + 1) * 4);
  const values = isText ? arena.allocate(size) : 0;
  const { i32, u8 } = memory;
  let at = offsets >>> 2;
  let used = 0;
  parts.forEach((part, index) => {
    const from = part.offsets >>> 2;
    const first = i32[from] as number;
    for (let row = 0; row < part.length; row++) i32[at++] = (i32[from + row] as number) - first + used;
    const bytes = sizes[index] as number;
    if (isText) u8.copyWithin(values + used, part.values + first, part.values + first + bytes);
    used += bytes;
  });
  i32[at] = used;
  return { offsets, values };
}
