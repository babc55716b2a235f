// How long state lives that nothing else bounds (S94): the time of each cell's last write, by the clock of the host. A cell has
// expired when its last write and the time to live lie at or before now. It is never read again then, and goes when state is
// swept, at the latest a quarter of its time later.
import type { CellBlock, CellBlocks } from "./cell-blocks.js";
import type { StateStore } from "./store.js";

/** Cells are looked through so many times while one of them lives. */
const SWEEPS = 4;
/** Infinity: a cell that was never written does not expire. */
const EMPTY_CELL = [0x7ff0000000000000n];

export class TimeToLive {
  readonly #store: StateStore;
  readonly #ttlMs: number;
  readonly #written: CellBlock;
  #sweepMs = Number.POSITIVE_INFINITY;

  /** `ttlMs`: how long a cell lives after its last write. */
  constructor(store: StateStore, blocks: CellBlocks, ttlMs: number) {
    this.#store = store;
    this.#ttlMs = ttlMs;
    this.#written = blocks.add(EMPTY_CELL);
  }

  /** The times of the last writes, f64 milliseconds. */
  get block(): CellBlock {
    return this.#written;
  }

  /** When cells are to be looked through next; +Infinity while none is known to be written. */
  get sweepMs(): number {
    return this.#sweepMs;
  }

  /** The listed cells are written at `nowMs`. */
  touch(cells: number, count: number, nowMs: number): void {
    if (count === 0) return;
    const { account, kernels } = this.#store.workspace;
    const times = account.arena.allocate(count * 8);
    account.memory.f64.fill(nowMs, times >>> 3, (times >>> 3) + count);
    kernels.scatterCells(this.#written.ptr, this.#written.width, cells, times, count);
    this.#sweepMs = Math.min(this.#sweepMs, nowMs + this.#ttlMs / SWEEPS);
  }

  /** Which of the listed cells have expired at `nowMs`: their positions in the list. */
  expired(cells: number, count: number, nowMs: number): number[] {
    const { f64, u32 } = this.#store.workspace.account.memory;
    const written = this.#written.ptr >>> 3;
    const positions: number[] = [];
    for (let at = 0; at < count; at++) {
      const cell = u32[(cells >>> 2) + at] as number;
      if ((f64[written + cell] as number) + this.#ttlMs <= nowMs) positions.push(at);
    }
    return positions;
  }

  /** Cells were read back: some may have expired meanwhile. */
  restored(): void {
    this.#sweepMs = Number.NEGATIVE_INFINITY;
  }

  /** All cells have been looked through at `nowMs`; `isLeft`: some are written still. */
  swept(nowMs: number, isLeft: boolean): void {
    this.#sweepMs = isLeft ? nowMs + this.#ttlMs / SWEEPS : Number.POSITIVE_INFINITY;
  }
}
