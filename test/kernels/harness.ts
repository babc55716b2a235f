// Runs one kernel test in every variant that ships or is debugged: release and debug builds, shared and plain memory.
import { readFileSync } from "node:fs";
import { describe } from "vitest";
import { addFormatKernels, type FormatKernels, loadKernels } from "../../src/wasm/kernels.js";
import { LinearMemory, MemoryAccount } from "../../src/wasm/memory.js";

/** What a kernel test works with: the kernels, their memory, and an arena that the test resets. */
export interface Bench {
  readonly kernels: FormatKernels;
  readonly memory: LinearMemory;
  readonly account: MemoryAccount;
  /** Copies the bytes of a typed array into fresh memory and returns its address. */
  put(values: ArrayBufferView): number;
  /** `bytes` of fresh memory filled with 0xAA, so that a kernel that forgets to write is seen. */
  room(bytes: number): number;
}

/** Sizes that hit every tail: 0…40 one by one, odd ones around batches, and one beyond 16 bits. */
export const SIZES = [
  ...Array.from({ length: 41 }, (_, n) => n),
  63,
  64,
  65,
  127,
  128,
  129,
  200,
  8191,
  8192,
  8193,
  65537,
];

/** One seeded stream of numbers in [0, 1), the same on every host (mulberry32, public domain). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const url = (name: string) => new URL(`../../build/${name}`, import.meta.url);

/** Declares `body` once a variant. */
export function forEachVariant(body: (bench: Bench) => void): void {
  for (const build of ["release", "debug"] as const) {
    for (const shared of [true, false]) {
      describe(`${build}, ${shared ? "shared" : "plain"} memory`, async () => {
        const memory = new LinearMemory({ shared });
        const bytesOf = (module: string) => {
          const bytes = new Uint8Array(readFileSync(url(`${module}${build === "release" ? "" : ".debug"}.wasm`)));
          bytes[flagOffset(bytes)] = shared ? 0x03 : 0x01;
          return bytes;
        };
        const kernels = await addFormatKernels(
          await loadKernels(memory, bytesOf("kernels")),
          memory,
          bytesOf("formats"),
        );
        const account = new MemoryAccount(memory);
        body({
          kernels,
          memory,
          account,
          put(values) {
            const ptr = account.arena.allocate(values.byteLength);
            memory.u8.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), ptr);
            return ptr;
          },
          room(size) {
            const ptr = account.arena.allocate(size);
            memory.u8.fill(0xaa, ptr, ptr + size + 16);
            return ptr;
          },
        });
      });
    }
  }
}

/** The offset of the release build is known from it; debug builds have other sections before it, so look for the name. */
function flagOffset(bytes: Uint8Array): number {
  const name = [3, 0x65, 0x6e, 0x76, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2];
  for (let at = 8; at + name.length < bytes.length; at++) {
    if (name.every((byte, i) => bytes[at + i] === byte)) return at + name.length;
  }
  throw new Error("the module imports no memory");
}
