// The block that an NDJSON decoder shares with its kernel, reserved and filled once a decoder:
//
//     context │ slots: before the first key, any other key, the columns, keys to be learned │ table │ scratch │ names
import type { Field, Schema } from "../arrow/types.js";
import type { FormatWorkspace } from "./format.js";
import { CONTEXT_BYTES, Context, jsonCode, SLOT_BYTES, SLOTS_BEFORE, Slot } from "./json-layout.js";

/** Keys without a column that are remembered, so that passing over them is as fast as reading a column. */
const LEARNED_MAX = 256;
/** Room for a key or a time whose text holds escapes, beside the longest column name. */
const SCRATCH_BYTES_MIN = 256;
/** Strings are written 16 bytes at a time, up to 16 behind their end. */
const SCRATCH_SLACK = 32;

const encoder = new TextEncoder();

/** Where the block lies. Its owner frees it. */
export interface JsonBlock {
  /** Address of the context. */
  readonly ptr: number;
  readonly bytes: number;
  readonly columnCount: number;
}

/** Reserves and fills the block for the columns of a schema. @throws UNSUPPORTED, MEMORY_LIMIT */
export function openBlock(
  { account, kernels }: FormatWorkspace,
  { fields }: Schema,
  recordBytesMax: number,
): JsonBlock {
  const codes = fields.map(({ name, type }) => jsonCode(name, type));
  const names = fields.map(({ name }) => encoder.encode(name));
  const slotsMax = fields.length + LEARNED_MAX;
  const tableSize = 2 ** Math.ceil(Math.log2(2 * slotsMax));
  const scratchBytes = names.reduce((most, name) => Math.max(most, name.length), SCRATCH_BYTES_MIN);
  const tableAt = CONTEXT_BYTES + (SLOTS_BEFORE + slotsMax) * SLOT_BYTES;
  const scratchAt = tableAt + tableSize * 4;
  const namesAt = scratchAt + scratchBytes + SCRATCH_SLACK;
  const bytes = names.reduce((sum, name) => sum + name.length, namesAt);
  const ptr = account.allocate(bytes);
  const block: JsonBlock = { ptr, bytes, columnCount: fields.length };

  const { u8, u32 } = account.memory;
  u8.fill(0, ptr, ptr + bytes);
  const context = ptr >>> 2;
  u32[context + Context.RECORD_MAX] = recordBytesMax;
  u32[context + Context.SLOTS] = ptr + CONTEXT_BYTES;
  u32[context + Context.SLOT_COUNT] = fields.length;
  u32[context + Context.COLUMN_COUNT] = fields.length;
  u32[context + Context.SLOTS_MAX] = slotsMax;
  u32[context + Context.TABLE] = ptr + tableAt;
  u32[context + Context.TABLE_MASK] = tableSize - 1;
  u32[context + Context.REQUIRED] = fields.filter(({ nullable }) => !nullable).length;
  u32[context + Context.SCRATCH] = ptr + scratchAt;
  u32[context + Context.SCRATCH_BYTES] = scratchBytes;
  let nameAt = ptr + namesAt;
  fields.forEach((field: Field, index) => {
    const slot = slotOf(block, index);
    const name = names[index] as Uint8Array;
    const code = codes[index] as (typeof codes)[number];
    u32[slot + Slot.TYPE] = code.type;
    u32[slot + Slot.REQUIRED] = field.nullable ? 0 : 1;
    u32[slot + Slot.PRECISION] = code.precision;
    u32[slot + Slot.SCALE] = code.scale;
    u32[slot + Slot.NAME] = nameAt;
    u32[slot + Slot.NAME_LENGTH] = name.length;
    u8.set(name, nameAt);
    nameAt += name.length;
  });
  kernels.openJson(ptr);
  return block;
}

/** Index in the u32 view of a column's slot. */
export function slotOf({ ptr }: JsonBlock, column: number): number {
  return (ptr + CONTEXT_BYTES + (SLOTS_BEFORE + column) * SLOT_BYTES) >>> 2;
}

/** The column whose slot is at an address; −1 when it is none's. */
export function columnOfSlot(block: JsonBlock, address: number): number {
  const column = ((address >>> 2) - slotOf(block, 0)) / (SLOT_BYTES >> 2);
  return column >= 0 && column < block.columnCount ? column : -1;
}
