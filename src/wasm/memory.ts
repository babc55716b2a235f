// Linear memory of the kernels: one `LinearMemory` an engine, one `MemoryAccount` a job. Blocks are 64-byte aligned, and
// every block may be read and written up to 16 bytes past its length (SIMD tails). Two lifetimes and no third:
// the *arena* (everything of one step, dropped at its end) and *regions* (reference-counted; queued or kept columns).
//
//   page 0: null and kernel tables │ size classes ≤ 32 KiB, carved from 64 KiB runs │ runs of whole pages, first fit
import { ResourceError } from "../errors.js";

const PAGE = 65536;
/** Slack behind every block, so that 16-byte loads and stores may overrun its end. */
const SLACK = 16;
const SMALL_MAX = 32768;
const GROW_PAGES_MIN = 16;
/** Maxima to try, in pages: 4 GB, 1 GB, 512, 256, 128 MB (iOS refuses large shared maxima). */
const MAX_PAGES = [65536, 16384, 8192, 4096, 2048];

/** A run of free pages. */
interface Run {
  page: number;
  count: number;
}

/** The engine's linear memory: typed views and the allocator under all accounts. Views are renewed when it grows. */
export class LinearMemory {
  readonly wasm: WebAssembly.Memory;
  readonly shared: boolean;
  u8!: Uint8Array;
  i8!: Int8Array;
  u16!: Uint16Array;
  i16!: Int16Array;
  u32!: Uint32Array;
  i32!: Int32Array;
  f32!: Float32Array;
  f64!: Float64Array;
  i64!: BigInt64Array;
  u64!: BigUint64Array;

  readonly #freeSmall: number[][] = [];
  readonly #runs: Run[] = [];
  #topPage: number;
  #carveAt = 0;
  #carveEnd = 0;

  /** @throws MEMORY_LIMIT when the host grants no memory at all. */
  constructor(options: { shared: boolean; maxBytes?: number }) {
    this.shared = options.shared;
    const wanted = Math.ceil((options.maxBytes ?? 2 ** 32) / PAGE);
    this.wasm = reserve(options.shared, wanted);
    this.#topPage = 1;
    this.refresh();
  }

  /** Bytes that the memory spans now; it never shrinks. */
  get sizeBytes(): number {
    return this.wasm.buffer.byteLength;
  }

  /** Renews the views: `memory.grow` detaches or outdates the old ArrayBuffer (WebAssembly JS API, "refresh the buffer"). */
  refresh(): void {
    const { buffer } = this.wasm;
    this.u8 = new Uint8Array(buffer);
    this.i8 = new Int8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.i16 = new Int16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.u64 = new BigUint64Array(buffer);
  }

  /** Bytes that `allocate(bytes)` really takes: the size class or whole pages. */
  static sizeOf(bytes: number): number {
    const padded = bytes + SLACK;
    if (padded <= SMALL_MAX) return classBytes(classOf(padded));
    return Math.ceil(padded / PAGE) * PAGE;
  }

  /** A block of at least `bytes`, contents undefined. @throws MEMORY_LIMIT when the host grants no more. */
  allocate(bytes: number): number {
    const size = LinearMemory.sizeOf(bytes);
    if (size > SMALL_MAX) return this.#takePages(size / PAGE) * PAGE;
    const index = classOf(size);
    const free = this.#freeSmall[index];
    if (free !== undefined && free.length > 0) return free.pop() as number;
    if (this.#carveAt + size > this.#carveEnd) {
      this.#carveAt = this.#takePages(1) * PAGE;
      this.#carveEnd = this.#carveAt + PAGE;
    }
    const ptr = this.#carveAt;
    this.#carveAt += size;
    return ptr;
  }

  /** Gives back a block of `allocate(bytes)`, with the same `bytes`. */
  free(ptr: number, bytes: number): void {
    const size = LinearMemory.sizeOf(bytes);
    if (size > SMALL_MAX) {
      this.#givePages(ptr / PAGE, size / PAGE);
      return;
    }
    const index = classOf(size);
    let list = this.#freeSmall[index];
    if (list === undefined) {
      list = [];
      this.#freeSmall[index] = list;
    }
    list.push(ptr);
  }

  #takePages(count: number): number {
    for (let i = 0; i < this.#runs.length; i++) {
      const run = this.#runs[i] as Run;
      if (run.count < count) continue;
      const page = run.page;
      run.page += count;
      run.count -= count;
      if (run.count === 0) this.#runs.splice(i, 1);
      return page;
    }
    const page = this.#topPage;
    const missing = page + count - this.wasm.buffer.byteLength / PAGE;
    if (missing > 0) this.#grow(missing);
    this.#topPage += count;
    return page;
  }

  #givePages(page: number, count: number): void {
    const runs = this.#runs;
    let at = runs.findIndex((run) => run.page > page);
    if (at < 0) at = runs.length;
    const before = runs[at - 1];
    const after = runs[at];
    if (before !== undefined && before.page + before.count === page) {
      before.count += count;
      if (after !== undefined && before.page + before.count === after.page) {
        before.count += after.count;
        runs.splice(at, 1);
      }
    } else if (after !== undefined && page + count === after.page) {
      after.page = page;
      after.count += count;
    } else {
      runs.splice(at, 0, { page, count });
    }
  }

  #grow(pages: number): void {
    const eighth = this.wasm.buffer.byteLength / PAGE / 8;
    for (const step of [Math.max(pages, GROW_PAGES_MIN, Math.floor(eighth)), pages]) {
      try {
        this.wasm.grow(step);
        this.refresh();
        return;
      } catch (cause) {
        if (step === pages) {
          throw new ResourceError("MEMORY_LIMIT", `the host grants no more than ${this.sizeBytes} bytes of memory`, {
            hint: "lower the number of keys, open windows or queued rows, or give the job a smaller memory budget",
            cause,
          });
        }
      }
    }
  }
}

/** A reference-counted block that outlives the step: queued, materialised or kept columns. */
export class Region {
  readonly ptr: number;
  readonly bytes: number;
  readonly #account: MemoryAccount;
  #references = 1;

  constructor(account: MemoryAccount, ptr: number, bytes: number) {
    this.#account = account;
    this.ptr = ptr;
    this.bytes = bytes;
  }

  retain(): this {
    this.#references++;
    return this;
  }

  /** Drops one reference; the last one frees the block. */
  release(): void {
    if (--this.#references === 0) this.#account.free(this.ptr, this.bytes);
  }
}

/** One job's share of the memory, with a byte budget; `dispose` returns all that is left, whatever went wrong before. */
export class MemoryAccount {
  readonly memory: LinearMemory;
  readonly limitBytes: number;
  readonly arena: Arena;
  readonly #live = new Map<number, number>();
  #usedBytes = 0;
  #peakBytes = 0;

  constructor(memory: LinearMemory, limitBytes: number = Number.POSITIVE_INFINITY) {
    this.memory = memory;
    this.limitBytes = limitBytes;
    this.arena = new Arena(this);
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** A block that its owner frees (operator state, hash tables). @throws MEMORY_LIMIT beyond the budget. */
  allocate(bytes: number): number {
    const size = LinearMemory.sizeOf(bytes);
    if (this.#usedBytes + size > this.limitBytes) {
      throw new ResourceError(
        "MEMORY_LIMIT",
        `the job needs ${this.#usedBytes + size} bytes, its budget is ${this.limitBytes}`,
        { hint: "raise `memoryBytes`, shorten windows or lateness, or group by fewer keys" },
      );
    }
    const ptr = this.memory.allocate(bytes);
    this.#live.set(ptr, bytes);
    this.#usedBytes += size;
    if (this.#usedBytes > this.#peakBytes) this.#peakBytes = this.#usedBytes;
    return ptr;
  }

  free(ptr: number, bytes: number): void {
    if (!this.#live.delete(ptr)) return; // the account was disposed: its blocks are back already
    this.memory.free(ptr, bytes);
    this.#usedBytes -= LinearMemory.sizeOf(bytes);
  }

  /** A new block of `bytes`, the first `keepBytes` copied from the old one, which is freed. */
  reallocate(ptr: number, oldBytes: number, bytes: number, keepBytes: number): number {
    const grown = this.allocate(bytes);
    this.memory.u8.copyWithin(grown, ptr, ptr + keepBytes);
    this.free(ptr, oldBytes);
    return grown;
  }

  /** A block with one reference. */
  region(bytes: number): Region {
    return new Region(this, this.allocate(bytes), bytes);
  }

  dispose(): void {
    for (const [ptr, bytes] of this.#live) this.memory.free(ptr, bytes);
    this.#live.clear();
    this.#usedBytes = 0;
  }
}

/** Bump memory of one step. Nothing in it is freed by hand; `reset` takes all of it back. */
export class Arena {
  readonly #account: MemoryAccount;
  readonly #chunks: { ptr: number; bytes: number }[] = [];
  readonly #retired: Region[] = [];
  #chunk = -1;
  #at = 0;
  #end = 0;

  constructor(account: MemoryAccount) {
    this.#account = account;
  }

  /** `bytes` bytes, 16-byte aligned, contents undefined, valid until `reset`. */
  allocate(bytes: number): number {
    const size = Math.ceil((bytes + SLACK) / 16) * 16;
    if (this.#at + size > this.#end) this.#nextChunk(size);
    const ptr = this.#at;
    this.#at += size;
    return ptr;
  }

  /** Like `allocate`, every byte zero. */
  allocateZeroed(bytes: number): number {
    const ptr = this.allocate(bytes);
    this.#account.memory.u8.fill(0, ptr, ptr + bytes);
    return ptr;
  }

  /** Drops a reference at the end of the step: until then batches that do not own it may use the region. */
  retire(region: Region): void {
    this.#retired.push(region);
  }

  /** Ends the step: all pointers handed out become invalid. Large chunks go back, one is kept. */
  reset(): void {
    for (const region of this.#retired) region.release();
    this.#retired.length = 0;
    while (this.#chunks.length > 1) {
      const chunk = this.#chunks.pop() as { ptr: number; bytes: number };
      this.#account.free(chunk.ptr, chunk.bytes);
    }
    this.#chunk = -1;
    this.#at = 0;
    this.#end = 0;
    if (this.#chunks.length === 1) this.#enter(0);
  }

  /** Gives back all memory, the chunk kept for the next step too. The arena can go on being used. */
  release(): void {
    for (const { ptr, bytes } of this.#chunks) this.#account.free(ptr, bytes);
    this.#chunks.length = 0;
    this.reset();
  }

  #enter(index: number): void {
    const chunk = this.#chunks[index] as { ptr: number; bytes: number };
    this.#chunk = index;
    this.#at = chunk.ptr;
    this.#end = chunk.ptr + chunk.bytes;
  }

  #nextChunk(size: number): void {
    const bytes = Math.max(ARENA_CHUNK, size);
    this.#chunks.push({ ptr: this.#account.allocate(bytes), bytes });
    this.#enter(this.#chunk + 1);
  }
}

/** Room for the columns of a usual step (8,192 rows × 16 columns × 8 bytes), in whole pages with the slack. */
const ARENA_CHUNK = 16 * PAGE - SLACK;

function reserve(shared: boolean, wantedPages: number): WebAssembly.Memory {
  let refusal: unknown;
  for (const maximum of MAX_PAGES) {
    try {
      return new WebAssembly.Memory({ initial: 2, maximum: Math.min(maximum, Math.max(wantedPages, 2)), shared });
    } catch (cause) {
      refusal = cause;
    }
  }
  throw new ResourceError("MEMORY_LIMIT", "the host grants no WebAssembly memory", {
    hint: "free other tabs or raise the process's memory limit",
    cause: refusal,
  });
}

/** Classes: multiples of 64 bytes up to 256, then four to every doubling, so that at most a fifth is wasted. */
function classOf(bytes: number): number {
  if (bytes <= 256) return (bytes + 63) >> 6;
  const exponent = 31 - Math.clz32(bytes - 1);
  return 4 + (exponent - 8) * 4 + (((bytes - 1) >> (exponent - 2)) & 3) + 1;
}

function classBytes(index: number): number {
  if (index <= 4) return index << 6;
  const exponent = 8 + ((index - 5) >> 2);
  return (5 + ((index - 5) & 3)) << (exponent - 2);
}
