// The open sessions of an operator: the host's side of assembly/session.ts. The kernels find the session of every row; this
// lays out their memory and enlarges it when they stop for want of room. A session's number is the cell of its accumulators.
import type { Workspace } from "../arrow/column.js";
import { powerOfTwo, StateBlock, type StateStore } from "./store.js";

/** Fields of the kernels' Table struct: the first three in 64-bit words, then one f64, then 32-bit words. */
const BUCKET = 0;
const GAP = 1;
const SPAN = 2;
const CLOSED = 3;
const SESSIONS = 8;
const CAPACITY = 9;
const END = 10;
const FREE = 11;
const LIVE = 12;
const RECENT = 13;
const HOLDERS = 14;
const BUCKETS = 15;
const SHIFT = 16;
const REST = 17;
const PLACED = 18;
const ABSORBED = 19;
const STRUCT_BYTES = 88;

const NONE = 0xffffffff;
const SESSION_BYTES = 32;
const BUCKET_COUNT = 1024;
/** A gap is cut into so many buckets or up to twice as many: few sessions are looked at before they end. */
const BUCKETS_A_GAP = 256;
/** What the kernels take for a span without limit, and for the first bucket when there is none. */
const FOREVER = 2n ** 60n;
const SESSIONS_MIN = 16;
/** Memory is given back when less than one in so many places was used. */
const SHRINK_RATIO = 8;

/** Rows and the sessions they are in, u32 each; and the rows that are late. */
export interface PlacedRows {
  /** Where the cells of the rows stand that are in a session. */
  readonly cells: number;
  readonly rows: number;
  readonly count: number;
  readonly refused: number;
  readonly refusedCount: number;
  /** Sessions that rows have put an end to, in that order, and those that took them in. */
  readonly absorbed: number;
  readonly into: number;
  readonly absorbedCount: number;
}

/** Whose sessions they are: how many groups there are, and where the counts of their holders lie. */
interface Groups {
  readonly end: number;
  readonly holders: number;
}

export class SessionTable {
  readonly #workspace: Workspace;
  readonly #struct: number;
  readonly #sessions: StateBlock;
  readonly #recent: StateBlock;
  readonly #buckets: StateBlock;
  readonly #store: StateStore;
  /** Makes room for so many cells elsewhere, too. */
  readonly #resizeCells: (capacity: number) => void;

  /**
   * @param gapMs - rows no further apart are of one session
   * @param maxMs - no row of a session lies so far behind its first; +Infinity: as far as it likes
   */
  constructor(store: StateStore, gapMs: number, maxMs: number, resizeCells: (capacity: number) => void) {
    this.#store = store;
    this.#workspace = store.workspace;
    this.#resizeCells = resizeCells;
    this.#struct = store.allocate(STRUCT_BYTES);
    this.#sessions = new StateBlock(store);
    this.#recent = new StateBlock(store);
    this.#buckets = new StateBlock(store, BUCKET_COUNT * 4);
    const { memory } = this.#workspace.account;
    memory.u8.fill(0, this.#struct, this.#struct + STRUCT_BYTES);
    this.#setWord(GAP, BigInt(gapMs));
    this.#setWord(SPAN, Number.isFinite(maxMs) ? BigInt(maxMs) : FOREVER);
    this.#set(SHIFT, Math.max(0, Math.floor(Math.log2(gapMs / BUCKETS_A_GAP))));
    this.#clear();
  }

  /** Sessions that are open. */
  get live(): number {
    return this.#get(LIVE);
  }

  /** Rows whose own sessions would end at or before `closedMs` are late. */
  close(closedMs: number): void {
    this.#workspace.account.memory.f64[(this.#struct >>> 3) + CLOSED] = closedMs;
  }

  /** Sessions of `n` rows: `times` in units, i64; `groups` u32. @throws MEMORY_LIMIT */
  place(times: number, unitsPerMs: number, groups: number, n: number, of: Groups): PlacedRows {
    const { account, kernels } = this.#workspace;
    const room = () => account.arena.allocate(n * 4);
    const [cells, rows, refused, absorbed, into] = [room(), room(), room(), room(), room()];
    this.#knowGroups(of);
    this.#set(PLACED, 0);
    this.#set(ABSORBED, 0);
    const from = (row: number): number =>
      kernels.placeSessions(this.#struct, times, groups, row, n, unitsPerMs, cells, rows, refused, absorbed, into);
    for (let row = from(0); row < n; row = from(row)) this.#resize(Math.max(SESSIONS_MIN, 2 * this.#get(CAPACITY)));
    const count = this.#get(PLACED);
    const absorbedCount = this.#get(ABSORBED);
    return { cells, rows, count, refused, refusedCount: n - count, absorbed, into, absorbedCount };
  }

  /** Puts `n` sessions back; their cells, u32 in the arena. @throws MEMORY_LIMIT */
  restore(groups: number, starts: number, lasts: number, n: number, of: Groups): number {
    const { account, kernels } = this.#workspace;
    this.#knowGroups(of);
    const needed = this.#get(END) + n;
    if (needed > this.#get(CAPACITY)) this.#resize(powerOfTwo(needed));
    const cells = account.arena.allocate(n * 4);
    kernels.restoreSessions(this.#struct, groups, starts, lasts, n, cells);
    return cells;
  }

  /** Lists sessions that end at or before `untilMs`, u32 at `list`; fewer than `room` when there are no more. */
  due(untilMs: number, room: number, list: number): number {
    return this.#workspace.kernels.dueSessions(this.#struct, untilMs, room, list);
  }

  /** All open sessions, u32 in the arena. */
  list(): number {
    const list = this.#workspace.account.arena.allocate((this.live + 1) * 4);
    this.#workspace.kernels.listSessions(this.#struct, list);
    return list;
  }

  /** Writes groups (u32), starts and ends (i64 ms) of the listed sessions. */
  read(list: number, count: number, groups: number, starts: number, ends: number): void {
    this.#workspace.kernels.readSessions(this.#struct, list, count, groups, starts, ends);
  }

  /** Times of the last rows of the listed sessions, i64 ms in the arena. */
  lasts(list: number, count: number): number {
    const out = this.#workspace.account.arena.allocate(count * 8);
    this.#workspace.kernels.gatherCells(this.#sessions.ptr + 8, SESSION_BYTES, list, count, out);
    return out;
  }

  /** Forgets sessions that were due. */
  drop(list: number, count: number): void {
    this.#workspace.kernels.closeSessions(this.#struct, list, count);
  }

  /** When none is open: numbers begin at 0 again, and memory that was hardly used is given back. */
  shrink(): void {
    const used = Math.max(this.#get(END), SESSIONS_MIN);
    this.#clear();
    if (this.#get(CAPACITY) > SHRINK_RATIO * used) this.#resize(0);
  }

  release(): void {
    for (const block of [this.#sessions, this.#recent, this.#buckets]) block.release();
    this.#store.free(this.#struct, STRUCT_BYTES);
  }

  #get(field: number): number {
    return this.#workspace.account.memory.u32[(this.#struct >>> 2) + field] as number;
  }

  #set(field: number, value: number): void {
    this.#workspace.account.memory.u32[(this.#struct >>> 2) + field] = value;
  }

  #setWord(field: number, value: bigint): void {
    this.#workspace.account.memory.u64[(this.#struct >>> 3) + field] = BigInt.asUintN(64, value);
  }

  /** No session, and nothing left of earlier ones in the buckets. */
  #clear(): void {
    const { ptr, bytes } = this.#buckets;
    this.#workspace.account.memory.u8.fill(0xff, ptr, ptr + bytes);
    this.#setWord(BUCKET, FOREVER);
    this.#set(BUCKETS, ptr);
    this.#set(END, 0);
    this.#set(FREE, NONE);
    this.#set(REST, NONE);
  }

  #resize(capacity: number): void {
    this.#sessions.resize(capacity * SESSION_BYTES, this.#get(END) * SESSION_BYTES);
    this.#set(SESSIONS, this.#sessions.ptr);
    this.#resizeCells(capacity);
    this.#set(CAPACITY, capacity);
  }

  /** Every group has a place in `recent`; those without a session have none there. */
  #knowGroups({ end, holders }: Groups): void {
    const { bytes } = this.#recent;
    if (end * 4 > bytes) {
      this.#recent.resize(powerOfTwo(end) * 4, bytes);
      this.#workspace.account.memory.u8.fill(0xff, this.#recent.ptr + bytes, this.#recent.ptr + this.#recent.bytes);
      this.#set(RECENT, this.#recent.ptr);
    }
    this.#set(HOLDERS, holders);
  }
}
