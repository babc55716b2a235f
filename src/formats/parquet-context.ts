// What is shared by everything that decodes the values of a page: the column and its errors, the rows of a batch, blocks
// that live as long as a page, and the small moves between page, arena and region.
import type { Column, Workspace } from "../arrow/column.js";
import { layoutOf, widthOf } from "../arrow/types.js";
import type { DataError } from "../errors.js";
import { Status } from "../wasm/kernels.js";
import type { FormatWorkspace } from "./format.js";
import type { ColumnPlan } from "./parquet-types.js";

export type PageErrorCode = "PARQUET_CORRUPT" | "PARQUET_ENCODING" | "PARQUET_PAGE_SIZE" | "PARQUET_PRECISION" | "TYPE";

/** One column of one file while it is read. */
export interface ColumnContext {
  readonly workspace: FormatWorkspace;
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

/** Bytes of `count` values in the column's own layout. */
export function targetBytes({ plan }: ColumnContext, count: number): number {
  return count * widthOf(layoutOf(plan.field.type));
}

/** Turns a kernel's status into the column's error. */
export function check(context: ColumnContext, status: number): void {
  if (status >= 0) return;
  const { field, conversion } = context.plan;
  if (status === Status.BAD_UTF8) throw context.fail("a string is not UTF-8");
  if (status === Status.OVERFLOW && conversion.kind !== "decimal") {
    throw context.fail(`a time of column "${field.name}" has more digits than its type`, "PARQUET_PRECISION");
  }
  if (status === Status.OVERFLOW) throw context.fail("a decimal has more digits than its type");
  throw context.fail("a value or run does not fit its page or its type");
}

/** `bytes`, once it is known that a page may take so many. */
export function limited({ pageBytesMax, fail }: ColumnContext, bytes: number): number {
  if (bytes > pageBytesMax) throw fail(`a page takes ${bytes} bytes, more than ${pageBytesMax}`, "PARQUET_PAGE_SIZE");
  return bytes;
}

export function copyToArena({ account }: Workspace, from: number, bytes: number): number {
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
