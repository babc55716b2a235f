// Hash tables from keys to dense group numbers: the host's side of assembly/table.ts. The kernels intern a batch; this
// lays out their memory, enlarges it when they stop for want of room, and gives numbers back when nobody holds them.
import type { Kernels } from "../wasm/kernels.js";
import type { LinearMemory } from "../wasm/memory.js";
import { powerOfTwo, StateBlock, type StateStore } from "./store.js";

/** Fields of the kernels' Table struct, in 32-bit words. */
const SLOTS = 0;
const MASK = 1;
const KEYS = 2;
const HOLDERS = 3;
const FREE = 4;
const CAPACITY = 5;
const END = 6;
const FREE_COUNT = 7;
const ROOM = 8;
const FRESH_COUNT = 9;
const NULL_GROUP = 10;
const HEAP = 11;
const HEAP_CAPACITY = 12;
const HEAP_USED = 13;
const STRUCT_BYTES = 64;

const GROUPS_MIN = 16;
/** Memory is given back when less than one in so many places was used. */
const SHRINK_RATIO = 8;
/** Up to this many slots an index is kept at most a quarter full: nearly every key then sits in its home slot. */
const SPARSE_SLOTS_MAX = 65_536;

/** The groups that an interned batch has added: `count` numbers at `ptr`, in the arena. */
interface Fresh {
  readonly ptr: number;
  readonly count: number;
}

/** What tables of words and of strings share: the index, the numbers and their holders. */
abstract class Table {
  protected readonly kernels: Kernels;
  protected readonly memory: LinearMemory;
  protected readonly store: StateStore;
  readonly struct: number;
  readonly #slotBytes: number;
  readonly #slots: StateBlock;
  readonly #keys: StateBlock;
  readonly #holders: StateBlock;
  readonly #free: StateBlock;
  #fresh: Fresh = { ptr: 0, count: 0 };

  constructor(store: StateStore, slotBytes: number) {
    this.store = store;
    this.kernels = store.workspace.kernels;
    this.memory = store.workspace.account.memory;
    this.#slotBytes = slotBytes;
    this.struct = store.allocate(STRUCT_BYTES);
    this.memory.u32.fill(0, this.struct >>> 2, (this.struct + STRUCT_BYTES) >>> 2);
    this.#slots = new StateBlock(store);
    this.#keys = new StateBlock(store);
    this.#holders = new StateBlock(store);
    this.#free = new StateBlock(store);
    this.set(NULL_GROUP, 0xffffffff);
    this.#sizeGroups(GROUPS_MIN);
    this.#sizeIndex(4 * GROUPS_MIN);
  }

  protected get(field: number): number {
    return this.memory.u32[(this.struct >>> 2) + field] as number;
  }

  protected set(field: number, value: number): void {
    this.memory.u32[(this.struct >>> 2) + field] = value;
  }

  /** Group numbers are 0 … end (exclusive); some of them may be free. */
  get end(): number {
    return this.get(END);
  }

  /** Groups in use. */
  get live(): number {
    return this.get(END) - this.get(FREE_COUNT);
  }

  get capacity(): number {
    return this.get(CAPACITY);
  }

  /** Address of the keys: 8 bytes a group. */
  get keys(): number {
    return this.get(KEYS);
  }

  /** Address of the counts of holders: u32 a group. */
  get holders(): number {
    return this.get(HOLDERS);
  }

  /** The group of NULL in a table of words, −1 when there is none. */
  get nullGroup(): number {
    return this.get(NULL_GROUP) | 0;
  }

  /** What the last `intern` added. */
  get fresh(): Fresh {
    return this.#fresh;
  }

  /** One more holder for each of `count` groups at `list`. */
  hold(list: number, count: number): void {
    this.kernels.holdGroups(this.struct, list, count);
  }

  /** One holder less for each; those that nobody holds any more are written to `released` (room for `count`). */
  drop(list: number, count: number, released: number): number {
    return this.kernels.dropGroups(this.struct, list, count, released);
  }

  /** Takes groups that nobody holds out of the table. */
  abstract remove(list: number, count: number): void;

  /** When no group is left: numbers begin at 0 again, and memory that was hardly used is given back. */
  shrink(): void {
    if (this.live > 0) return;
    const used = Math.max(this.end, GROUPS_MIN);
    this.set(END, 0);
    this.set(FREE_COUNT, 0);
    if (this.capacity <= SHRINK_RATIO * used) return;
    this.#sizeGroups(powerOfTwo(used));
    this.#sizeIndex(4 * powerOfTwo(used));
  }

  release(): void {
    for (const block of [this.#slots, this.#keys, this.#holders, this.#free]) block.release();
    this.store.free(this.struct, STRUCT_BYTES);
  }

  /** Interns the rows that the subclass has taken, making room where it stops. Returns their groups. */
  protected internRows(n: number): number {
    const { arena } = this.store.workspace.account;
    const groups = arena.allocate(n * 4);
    const misses = arena.allocate(n * 4);
    const fresh = arena.allocate(n * 4);
    this.set(FRESH_COUNT, 0);
    let row = this.internFrom(0, n, groups, misses, fresh);
    while (row < n) {
      this.#makeRoom(n - row);
      this.makeHeapRoom(row);
      row = this.internFrom(row, n, groups, misses, fresh);
    }
    this.#fresh = { ptr: fresh, count: this.get(FRESH_COUNT) };
    return groups;
  }

  /** Interns rows `from` … n; returns n, or the row that found no room. */
  protected abstract internFrom(from: number, n: number, groups: number, misses: number, fresh: number): number;

  /** Makes room for the bytes of the row that stopped, where keys have any. */
  protected abstract makeHeapRoom(row: number): void;

  /** Fills the cleared index. */
  protected abstract rebuild(): void;

  /** Called when the last rows stopped: doubles what is full, by more when many rows are to come. */
  #makeRoom(rows: number): void {
    const capacity = this.get(CAPACITY);
    if (this.get(FREE_COUNT) === 0 && this.get(END) === capacity) {
      this.#sizeGroups(Math.max(2 * capacity, Math.min(powerOfTwo(rows), 8 * capacity)));
    }
    if (this.get(ROOM) === 0) this.#sizeIndex(2 * (this.get(MASK) + 1));
  }

  #sizeGroups(capacity: number): void {
    const used = this.get(END);
    this.#keys.resize(capacity * 8, used * 8);
    this.#holders.resize(capacity * 4, used * 4);
    this.#free.resize(capacity * 4, this.get(FREE_COUNT) * 4);
    this.set(KEYS, this.#keys.ptr);
    this.set(HOLDERS, this.#holders.ptr);
    this.set(FREE, this.#free.ptr);
    this.set(CAPACITY, capacity);
  }

  #sizeIndex(slots: number): void {
    this.#slots.resize(slots * this.#slotBytes, 0);
    // Empty slots have group −1.
    this.memory.u8.fill(0xff, this.#slots.ptr, this.#slots.ptr + this.#slots.bytes);
    this.set(SLOTS, this.#slots.ptr);
    this.set(MASK, slots - 1);
    this.set(ROOM, slots / (slots <= SPARSE_SLOTS_MAX ? 4 : 2));
    this.rebuild();
  }
}

/** 64-bit words (numbers, dates, booleans as assembly/hash.ts writes them; pairs of groups) → group numbers. */
export class WordTable extends Table {
  #words = 0;
  #validity = 0;

  constructor(store: StateStore) {
    super(store, 16);
  }

  /** Groups of `n` words, u32 in the arena. `validity` 0: no NULLs. @throws MEMORY_LIMIT */
  intern(words: number, validity: number, n: number): number {
    this.#words = words;
    this.#validity = validity;
    return this.internRows(n);
  }

  /** Groups of `n` words, −1 where there is none, u32 in the arena. */
  find(words: number, validity: number, n: number): number {
    const groups = this.store.workspace.account.arena.allocate(n * 4);
    this.kernels.findWords(this.struct, words, validity, n, groups);
    return groups;
  }

  override remove(list: number, count: number): void {
    this.kernels.removeWords(this.struct, list, count);
  }

  /** The two numbers in each listed group's word, for pairs: high and low half, u32 at `left` and `right`. */
  split(list: number, count: number, left: number, right: number): void {
    this.kernels.splitWords(this.struct, list, count, left, right);
  }

  protected override internFrom(from: number, n: number, groups: number, misses: number, fresh: number): number {
    return this.kernels.internWords(this.struct, this.#words, this.#validity, from, n, groups, misses, fresh);
  }

  protected override makeHeapRoom(): void {
    // Words lie in the keys.
  }

  protected override rebuild(): void {
    this.kernels.rebuildWords(this.struct);
  }
}

const HEAP_BYTES_MIN = 1024;

/** Strings and bytes → group numbers. */
export class Utf8Table extends Table {
  #heap: StateBlock;
  /** Bytes of the heap that removed strings have left behind. */
  #garbageBytes = 0;
  #offsets = 0;
  #bytes = 0;
  #validity = 0;

  constructor(store: StateStore) {
    super(store, 64);
    this.#heap = new StateBlock(store);
    this.#moveHeap(HEAP_BYTES_MIN);
  }

  /** Groups of `n` strings, u32 in the arena. `validity` 0: no NULLs. @throws MEMORY_LIMIT */
  intern(offsets: number, bytes: number, validity: number, n: number): number {
    this.#offsets = offsets;
    this.#bytes = bytes;
    this.#validity = validity;
    return this.internRows(n);
  }

  /** Groups of `n` strings, −1 where there is none, u32 in the arena. */
  find(offsets: number, bytes: number, validity: number, n: number): number {
    const groups = this.store.workspace.account.arena.allocate(n * 4);
    this.kernels.findUtf8(this.struct, offsets, bytes, validity, n, groups);
    return groups;
  }

  override remove(list: number, count: number): void {
    this.#garbageBytes += this.kernels.removeUtf8(this.struct, list, count) >>> 0;
  }

  override release(): void {
    this.#heap.release();
    super.release();
  }

  protected override internFrom(from: number, n: number, groups: number, misses: number, fresh: number): number {
    const { struct } = this;
    return this.kernels.internUtf8(struct, this.#offsets, this.#bytes, this.#validity, from, n, groups, misses, fresh);
  }

  protected override makeHeapRoom(row: number): void {
    const { i32 } = this.memory;
    const at = (this.#offsets >>> 2) + row;
    const length = (i32[at + 1] as number) - (i32[at] as number);
    const usedBytes = this.get(HEAP_USED);
    if (usedBytes + length <= this.get(HEAP_CAPACITY)) return;
    // Twice what is needed once the garbage is gone: the heap grows by doubling, or is only packed.
    this.#moveHeap(2 * (usedBytes - this.#garbageBytes + length));
  }

  protected override rebuild(): void {
    this.kernels.rebuildUtf8(this.struct);
  }

  /** Packs the strings into a new heap. */
  #moveHeap(bytes: number): void {
    const heap = new StateBlock(this.store, bytes);
    this.set(HEAP_USED, this.kernels.compactUtf8(this.struct, heap.ptr) >>> 0);
    this.set(HEAP, heap.ptr);
    this.set(HEAP_CAPACITY, bytes);
    this.#garbageBytes = 0;
    this.#heap.release();
    this.#heap = heap;
  }
}
