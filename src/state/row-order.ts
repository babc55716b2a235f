// Orders of rows by sort keys: numbers, times, decimals and texts, each up or down, NULLs first or last. NaN is the greatest
// number (S52), texts compare by their bytes (S63). The sort is stable.
import type { Column, Workspace } from "../arrow/column.js";
import { decodeDictionary } from "../arrow/take.js";
import { layoutOf, type Schema } from "../arrow/types.js";
import type { PhysicalSortKey } from "../plan/physical.js";
import { wordsOf } from "./words.js";

/** Bytes that the kernel's counts take. */
const COUNTS_BYTES = 8192;
const PAIR_BYTES = 32;

export class RowOrder {
  readonly #workspace: Workspace;
  readonly #keys: readonly PhysicalSortKey[];
  /** Whether the word of the only key says where a row stands: of equal words none comes first, and none is the greatest. */
  readonly isOneWord: boolean;

  /** Keys are columns of `schema`. */
  constructor(workspace: Workspace, schema: Schema, keys: readonly PhysicalSortKey[]) {
    this.#workspace = workspace;
    this.#keys = keys;
    const [first] = keys;
    const field = first === undefined ? undefined : schema.fields[first.column];
    const layout = field === undefined ? "none" : layoutOf(field.type);
    const isExact = layout !== "utf8" && layout !== "i128" && field?.type.kind !== "int64";
    this.isOneWord = keys.length === 1 && field?.nullable === false && isExact;
  }

  /**
   * Sorts the `count` row numbers at `rows` (u32).
   * @param columns - those of the keys, in their order; they have all rows that are numbered
   */
  sort(columns: readonly Column[], rows: number, count: number): void {
    // The last key first: what is sorted by it stays so where the keys before it are equal.
    for (let index = this.#keys.length - 1; index >= 0; index--) {
      this.#sortBy(columns[index] as Column, this.#keys[index] as PhysicalSortKey, rows, count);
    }
  }

  /**
   * Words (i64, in the arena) that go up with the order: of two rows the one with the smaller word comes first, of equal ones
   * either. Without keys all are equal.
   */
  firstWords(columns: readonly Column[], count: number): number {
    const { account, kernels } = this.#workspace;
    const [key] = this.#keys;
    if (key === undefined) return account.arena.allocateZeroed(count * 8);
    const column = decodeDictionary(this.#workspace, columns[0] as Column);
    const { validity, length, layout } = column;
    const words = account.arena.allocate(length * 8);
    const float = layout === "f32" || layout === "f64" ? 1 : 0;
    kernels.orderWords(this.#wordsOf(column), validity, length, float, +key.descending, +key.nullsFirst, words);
    return words;
  }

  #sortBy(coded: Column, { descending, nullsFirst }: PhysicalSortKey, rows: number, count: number): void {
    const { account, kernels } = this.#workspace;
    const column = decodeDictionary(this.#workspace, coded);
    const { length, layout } = column;
    let from = rows;
    let valid = count;
    if (column.validity !== 0) {
      const scratch = account.arena.allocate(count * 4);
      valid = kernels.partNulls(column.validity, rows, count, +nullsFirst, scratch);
      if (nullsFirst) from += (count - valid) * 4;
    }
    const ordered = (words: number, float: number): number => {
      const out = account.arena.allocate(length * 8);
      kernels.orderWords(words, 0, length, float, +descending, 0, out);
      return out;
    };
    if (layout === "utf8") {
      const words = ordered(this.#wordsOf(column), 0);
      const scratch = account.arena.allocate(valid * 4 + 16);
      kernels.sortTexts(words, column.offsets, column.values, +descending, from, valid, scratch);
      return;
    }
    const scratch = account.arena.allocate(valid * PAIR_BYTES + COUNTS_BYTES);
    if (layout === "i128") {
      const high = account.arena.allocate(length * 8);
      const low = account.arena.allocate(length * 8);
      kernels.halveI128(column.values, length, high, low);
      kernels.sortWords(ordered(low, 0), from, valid, scratch);
      kernels.sortWords(ordered(high, 0), from, valid, scratch);
      return;
    }
    kernels.sortWords(
      ordered(this.#wordsOf(column), layout === "f32" || layout === "f64" ? 1 : 0),
      from,
      valid,
      scratch,
    );
  }

  /** One word a value, which decides unless it is equal. */
  #wordsOf(column: Column): number {
    const { account, kernels } = this.#workspace;
    const { layout, length } = column;
    if (layout !== "utf8" && layout !== "i128") return wordsOf(this.#workspace, column);
    const words = account.arena.allocate(length * 8);
    if (layout === "utf8") kernels.prefixWords(column.offsets, column.values, length, words);
    else kernels.halveI128(column.values, length, words, account.arena.allocate(length * 8));
    return words;
  }
}

/** The row numbers 0 … count, u32 in the arena. */
export function rowNumbers({ account }: Workspace, count: number): number {
  const rows = account.arena.allocate(count * 4 + 16);
  const { u32 } = account.memory;
  const at = rows >>> 2;
  for (let row = 0; row < count; row++) u32[at + row] = row;
  return rows;
}
