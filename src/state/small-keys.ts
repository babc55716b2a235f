// Shortcuts for 32-bit keys of a small range, in front of the table that knows all of them: a range that is mostly used is
// numbered as it stands, so that the keys are their own groups; else a map gives each key its group without hashing.
import type { Workspace } from "../arrow/column.js";
import { StateBlock, type StateStore } from "./store.js";
import type { WordTable } from "./table.js";

/** A range that is numbered as it stands has at most so many keys: their cells are laid out whether they occur or not. */
const DENSE_SPAN_MAX = 8192;
/** The map spans at most so many keys: 256 KiB, which stay in the L2 cache. */
const MAP_SPAN_MAX = 65_536;

/** Keys min … min + span, whose groups are key − min. Their groups are held as long as the range is used. */
export class DenseRange {
  readonly span: number;
  readonly #workspace: Workspace;
  readonly #min: number;

  private constructor(workspace: Workspace, min: number, span: number) {
    this.#workspace = workspace;
    this.#min = min;
    this.span = span;
  }

  /** The range of the first keys of an empty table, when at least half of its keys are among them; else null. */
  static open(workspace: Workspace, table: WordTable, keys: number, count: number): DenseRange | null {
    if (table.end > 0) return null;
    const { min, max } = rangeOf(workspace, keys, count);
    const span = max - min + 1;
    const { arena, memory } = workspace.account;
    if (span > DENSE_SPAN_MAX) return null;
    const distinct = new Set(memory.i32.subarray(keys >>> 2, (keys >>> 2) + count));
    if (2 * distinct.size < span) return null;
    const range = new DenseRange(workspace, min, span);
    const words = arena.allocate(span * 8);
    workspace.kernels.wordsI32(range.#sequence(min), span, words);
    table.hold(table.intern(words, 0, span), span);
    return range;
  }

  /** Groups of `count` keys; 0 when one of them lies outside. */
  intern(keys: number, count: number): number {
    const { min, max } = rangeOf(this.#workspace, keys, count);
    if (min < this.#min || max >= this.#min + this.span) return 0;
    if (this.#min === 0) return keys;
    const { account, kernels } = this.#workspace;
    // A constant operand fills a whole vector.
    const offset = account.arena.allocate(16);
    account.memory.i32.fill(this.#min, offset >>> 2, (offset >>> 2) + 4);
    const groups = account.arena.allocate(count * 4);
    kernels.subI32(keys, 4, offset, 0, count, groups);
    return groups;
  }

  /** All groups of the range. */
  groups(): number {
    return this.#sequence(0);
  }

  #sequence(first: number): number {
    const { arena, memory } = this.#workspace.account;
    const list = arena.allocate(this.span * 4);
    for (let i = 0; i < this.span; i++) memory.i32[(list >>> 2) + i] = first + i;
    return list;
  }
}

/** i32 keys of a small range → groups, without hashing. In front of a table, which knows all of them too. */
export class DirectMap {
  readonly #workspace: Workspace;
  readonly #table: WordTable;
  readonly #map: StateBlock;
  #min = 0;
  #span = 0;

  constructor(store: StateStore, table: WordTable) {
    this.#workspace = store.workspace;
    this.#table = table;
    this.#map = new StateBlock(store);
  }

  /** Groups of `n` keys, or 0 when they range too far. */
  intern(keys: number, n: number): number {
    const { account, kernels } = this.#workspace;
    const { arena } = account;
    if (this.#span === 0 && !this.#widen(keys, n)) return 0;
    const groups = arena.allocate(n * 4);
    const misses = arena.allocate(n * 4);
    const count = kernels.mapWords(keys, n, this.#map.ptr, this.#min, this.#span, groups, misses);
    if (count === 0) return groups;
    const missed = arena.allocate(count * 4);
    kernels.takeU32(keys, misses, count, missed);
    const words = arena.allocate(count * 8);
    kernels.wordsI32(missed, count, words);
    const found = this.#table.intern(words, 0, count);
    kernels.scatterU32(found, misses, count, groups);
    // Most of them known to the table: keys outside the map, which is widened for the next batch.
    if (count > n / 8 && this.#table.fresh.count < count / 2) this.#widen(missed, count);
    kernels.learnWords(this.#table.struct, found, count, 0, this.#map.ptr, this.#min, this.#span);
    return groups;
  }

  /** The groups' keys are about to leave the table. */
  forget(list: number, count: number): void {
    const { kernels } = this.#workspace;
    kernels.learnWords(this.#table.struct, list, count, 1, this.#map.ptr, this.#min, this.#span);
  }

  release(): void {
    this.#map.release();
  }

  /** Lets the map span these keys too, all of its entries empty. False when that is too far. */
  #widen(keys: number, n: number): boolean {
    const { account } = this.#workspace;
    let { min, max } = rangeOf(this.#workspace, keys, n);
    if (this.#span > 0) {
      min = Math.min(min, this.#min);
      max = Math.max(max, this.#min + this.#span - 1);
    }
    const span = max - min + 1;
    if (span > MAP_SPAN_MAX) return false;
    if (min === this.#min && span === this.#span) return true;
    this.#map.resize((span + 1) * 4, 0);
    account.memory.u8.fill(0xff, this.#map.ptr, this.#map.ptr + this.#map.bytes);
    this.#min = min;
    this.#span = span;
    return true;
  }
}

function rangeOf({ account, kernels }: Workspace, keys: number, count: number): { min: number; max: number } {
  const range = account.arena.allocate(8);
  kernels.rangeI32(keys, count, range);
  const { i32 } = account.memory;
  return { min: i32[range >>> 2] as number, max: i32[(range >>> 2) + 1] as number };
}
