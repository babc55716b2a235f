// The allocator, accounts, arenas and regions: no block overlaps another, nothing is lost, limits are errors with numbers.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EngineError } from "../../src/errors.js";
import { LinearMemory, MemoryAccount, type Region } from "../../src/wasm/memory.js";

const PAGE = 65_536;
const SLACK = 16;

function errorOf(act: () => unknown): EngineError {
  try {
    act();
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Sizes that hit every class, their borders and runs of pages. */
const size = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: 40_000 }),
  fc.constantFrom(48, 49, 112, 240, 241, 32_752, 32_753, 65_520, 65_521),
  fc.integer({ min: 32_000, max: 5 * PAGE }),
);

describe.each([true, false])("shared: %s", (shared) => {
  test("blocks are aligned, keep their contents and 16 bytes of slack, and never overlap", () => {
    const memory = new LinearMemory({ shared });
    const step = fc.record({ allocate: fc.boolean(), size, pick: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const account = new MemoryAccount(memory);
        const live: { ptr: number; bytes: number; mark: number }[] = [];
        let marks = 0;
        const check = ({ ptr, bytes, mark }: { ptr: number; bytes: number; mark: number }) => {
          const own = memory.u8.subarray(ptr, ptr + bytes + SLACK);
          expect(own.length).toBe(bytes + SLACK);
          expect(own.every((byte) => byte === mark)).toBe(true);
        };
        for (const { allocate, size: bytes, pick } of steps) {
          if (allocate || live.length === 0) {
            const ptr = account.allocate(bytes);
            expect(ptr % 64).toBe(0);
            expect(ptr).toBeGreaterThanOrEqual(PAGE);
            marks = (marks % 255) + 1;
            memory.u8.fill(marks, ptr, ptr + bytes + SLACK);
            live.push({ ptr, bytes, mark: marks });
          } else {
            const [block] = live.splice(pick % live.length, 1);
            if (block === undefined) continue;
            check(block);
            account.free(block.ptr, block.bytes);
          }
        }
        for (const block of live) check(block);
        expect(account.usedBytes).toBe(live.reduce((sum, { bytes }) => sum + LinearMemory.sizeOf(bytes), 0));
        account.dispose();
        expect(account.usedBytes).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  test("sizes hold the bytes and the slack and waste at most a fifth beyond 256 bytes", () => {
    const wrong: number[] = [];
    for (let bytes = 0; bytes <= 40_000; bytes++) {
      const taken = LinearMemory.sizeOf(bytes);
      const spare = taken - bytes - SLACK;
      if (spare < 0 || taken % 64 !== 0 || (bytes > 256 && taken <= 32_768 && spare > taken / 5)) wrong.push(bytes);
    }
    expect(wrong).toEqual([]);
    expect(LinearMemory.sizeOf(3 * PAGE - SLACK)).toBe(3 * PAGE);
    expect(LinearMemory.sizeOf(3 * PAGE)).toBe(4 * PAGE);
  });

  test("neighbouring runs of pages grow together again, in whatever order they are freed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 12 }),
        fc.nat(),
        (pages, seed) => {
          const memory = new LinearMemory({ shared });
          const bytes = pages.map((count) => count * PAGE - SLACK);
          const blocks = bytes.map((count) => memory.allocate(count));
          const sizeBytes = memory.sizeBytes;
          const order = blocks
            .map((_, i) => i)
            .sort((a, b) => (((a + 1) * (seed + 7)) % 13) - (((b + 1) * (seed + 7)) % 13));
          for (const i of order) memory.free(blocks[i] as number, bytes[i] as number);
          const total = pages.reduce((sum, count) => sum + count, 0);
          expect(memory.allocate(total * PAGE - SLACK)).toBe(Math.min(...blocks));
          expect(memory.sizeBytes).toBe(sizeBytes);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("a freed block of a class is the next one given out", () => {
    const memory = new LinearMemory({ shared });
    for (const bytes of [1, 100, 1000, 10_000, 32_752]) {
      const ptr = memory.allocate(bytes);
      memory.free(ptr, bytes);
      expect(memory.allocate(bytes - 1)).toBe(ptr);
    }
  });

  test("views are renewed when memory grows, and contents stay", () => {
    const memory = new LinearMemory({ shared });
    const ptr = memory.allocate(8);
    memory.f64[ptr / 8] = 1.5;
    const old = memory.f64;
    const sizeBytes = memory.sizeBytes;
    memory.allocate(64 * PAGE);
    expect(memory.sizeBytes).toBeGreaterThanOrEqual(sizeBytes + 48 * PAGE);
    expect(memory.f64 === old).toBe(false);
    expect(memory.f64[ptr / 8]).toBe(1.5);
    // The old view: outdated on shared memory, detached on plain memory.
    expect(old.length).toBe(shared ? sizeBytes / 8 : 0);
    const views = [
      memory.u8,
      memory.i8,
      memory.u16,
      memory.i16,
      memory.u32,
      memory.i32,
      memory.f32,
      memory.f64,
      memory.i64,
      memory.u64,
    ];
    for (const view of views) expect(view.buffer).toBe(memory.wasm.buffer);
  });

  test("the host's maximum is MEMORY_LIMIT, and what is smaller still fits afterwards", () => {
    const memory = new LinearMemory({ shared, maxBytes: 20 * PAGE });
    const account = new MemoryAccount(memory);
    const ptr = account.allocate(10 * PAGE);
    const error = errorOf(() => account.allocate(12 * PAGE));
    expect([error.code, error.message]).toEqual([
      ...["MEMORY_LIMIT", `the host grants no more than ${memory.sizeBytes} bytes of memory`],
    ]);
    expect(account.usedBytes).toBe(11 * PAGE);
    account.free(ptr, 10 * PAGE);
    expect(account.allocate(10 * PAGE)).toBe(ptr);
    account.allocate(5 * PAGE);
    account.dispose();
    expect(account.usedBytes).toBe(0);
  });

  test("a step beyond the maximum is taken in a smaller one", () => {
    // 2 pages at first; the usual step of 16 would end at 18, one more than the maximum.
    const memory = new LinearMemory({ shared, maxBytes: 17 * PAGE });
    expect(memory.allocate(2 * PAGE - SLACK)).toBe(PAGE);
    expect(memory.sizeBytes).toBe(3 * PAGE);
  });

  test("the budget is MEMORY_LIMIT with both numbers, and nothing is taken", () => {
    const memory = new LinearMemory({ shared });
    const account = new MemoryAccount(memory, 1000);
    account.allocate(300);
    const error = errorOf(() => account.allocate(900));
    expect(error.code).toBe("MEMORY_LIMIT");
    expect(error.message).toBe("the job needs 1344 bytes, its budget is 1000");
    expect(error.hint).toContain("memoryBytes");
    expect(account.usedBytes).toBe(320);
    expect(errorOf(() => account.arena.allocate(1)).code).toBe("MEMORY_LIMIT");
    expect(account.usedBytes).toBe(320);
  });

  test("accounts of one memory count for themselves and remember their peak", () => {
    const memory = new LinearMemory({ shared });
    const [first, second] = [new MemoryAccount(memory), new MemoryAccount(memory)];
    const ptr = first.allocate(1000);
    second.allocate(100);
    first.free(ptr, 1000);
    expect([first.usedBytes, first.peakBytes]).toEqual([0, LinearMemory.sizeOf(1000)]);
    expect([second.usedBytes, second.peakBytes]).toEqual([128, 128]);
  });

  test("dispose gives everything back once; what is freed or released later is ignored", () => {
    const memory = new LinearMemory({ shared });
    const account = new MemoryAccount(memory);
    const ptr = account.allocate(5000);
    const region = account.region(100);
    account.arena.allocate(10);
    account.dispose();
    const other = new MemoryAccount(memory);
    const again = other.allocate(5000);
    expect(again).toBe(ptr);
    account.free(ptr, 5000);
    region.release();
    account.dispose();
    expect(other.allocate(5000)).not.toBe(again);
    expect(account.usedBytes).toBe(0);
  });

  test("reallocate keeps what it is told to keep and frees the rest", () => {
    const account = new MemoryAccount(new LinearMemory({ shared }));
    const { memory } = account;
    const ptr = account.allocate(100);
    for (let i = 0; i < 100; i++) memory.u8[ptr + i] = i;
    // Larger than memory is now: it grows between the allocation and the copy.
    const grown = account.reallocate(ptr, 100, 40 * PAGE, 50);
    expect([...memory.u8.subarray(grown, grown + 50)]).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(account.usedBytes).toBe(LinearMemory.sizeOf(40 * PAGE));
  });

  test("regions live until the last reference goes", () => {
    const account = new MemoryAccount(new LinearMemory({ shared }));
    const region: Region = account.region(100);
    expect(region.retain()).toBe(region);
    region.release();
    expect(account.usedBytes).toBe(128);
    region.release();
    expect(account.usedBytes).toBe(0);
  });

  describe("arena", () => {
    test("blocks are 16-byte aligned, with slack, apart from each other, and reused after reset", () => {
      const account = new MemoryAccount(new LinearMemory({ shared }));
      const { arena, memory } = account;
      const sizes = [0, 1, 15, 16, 17, 1000, 300_000, 900_000, 2_000_000, 5];
      const blocks = sizes.map((bytes) => {
        const ptr = arena.allocate(bytes);
        expect(ptr % 16).toBe(0);
        memory.u8.fill(bytes % 251, ptr, ptr + bytes + SLACK);
        return { ptr, bytes };
      });
      // Each one wrote its slack too: had blocks overlapped, a later one would have written into an earlier.
      for (const { ptr, bytes } of blocks) {
        expect(memory.u8.subarray(ptr, ptr + bytes + SLACK).every((byte) => byte === bytes % 251)).toBe(true);
      }
      const used = account.usedBytes;
      arena.reset();
      expect(account.usedBytes).toBeLessThan(used);
      expect(arena.allocate(10)).toBe(blocks[0]?.ptr);
    });

    test("allocateZeroed is zero whatever stood there", () => {
      const { arena, memory } = new MemoryAccount(new LinearMemory({ shared }));
      const ptr = arena.allocate(1000);
      memory.u8.fill(0xff, ptr, ptr + 1000);
      arena.reset();
      expect(arena.allocateZeroed(1000)).toBe(ptr);
      expect(memory.u8.subarray(ptr, ptr + 1000).every((byte) => byte === 0)).toBe(true);
    });

    test("keeps one chunk between steps and gives the others back; release gives back all", () => {
      const account = new MemoryAccount(new LinearMemory({ shared }));
      for (let step = 0; step < 1000; step++) {
        for (let i = 0; i < 20; i++) account.arena.allocate(100_000);
        account.arena.reset();
      }
      expect(account.usedBytes).toBe(16 * PAGE);
      expect(account.memory.sizeBytes).toBeLessThan(60 * PAGE);
      account.arena.release();
      expect(account.usedBytes).toBe(0);
      expect(account.arena.allocate(1)).toBeGreaterThan(0);
    });

    test("retired regions go at the end of the step", () => {
      const account = new MemoryAccount(new LinearMemory({ shared }));
      account.arena.retire(account.region(100));
      expect(account.usedBytes).toBe(128);
      account.arena.reset();
      expect(account.usedBytes).toBe(0);
    });

    test("a step that fails at the limit can be reset", () => {
      const account = new MemoryAccount(new LinearMemory({ shared }), 20 * PAGE);
      account.arena.allocate(100);
      expect(errorOf(() => account.arena.allocate(30 * PAGE)).code).toBe("MEMORY_LIMIT");
      account.arena.reset();
      expect(account.usedBytes).toBe(16 * PAGE);
      expect(account.arena.allocate(100)).toBeGreaterThan(0);
    });
  });

  test("memory is flat over 1,000 jobs of odd sizes", () => {
    const memory = new LinearMemory({ shared });
    let random = 1;
    const next = (max: number) => {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
      return random % max;
    };
    const job = () => {
      random = 42;
      const account = new MemoryAccount(memory);
      for (let i = 0; i < 200; i++) {
        const bytes = next(i % 10 === 0 ? 500_000 : 5000);
        const region = account.region(bytes);
        if (i % 2 === 0) region.release();
        if (i % 50 === 0) account.arena.allocate(next(3_000_000));
      }
      account.arena.reset();
      account.dispose();
    };
    job();
    job();
    const sizeBytes = memory.sizeBytes;
    for (let round = 0; round < 1000; round++) job();
    expect(memory.sizeBytes).toBe(sizeBytes);
  });
});
