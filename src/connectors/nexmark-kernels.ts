// The kernels that make Nexmark's events: a module of their own, compiled when a program first names such a table, and
// instantiated over the memory of the engine that runs it.
import { assert } from "../errors.js";
import type { Platform } from "../platform/platform.js";
import type { LinearMemory, MemoryAccount } from "../wasm/memory.js";
import { moduleBytes } from "../wasm/module.js";
import { MODULE, type NexmarkExports } from "../wasm/nexmark.generated.js";
import { KINDS } from "./nexmark-columns.js";
import type { NexmarkSettings } from "./nexmark-options.js";

export type { NexmarkExports } from "../wasm/nexmark.generated.js";

/** Compiled, for a shared and for a plain memory. */
const modules = new Map<boolean, WebAssembly.Module>();
const instances = new WeakMap<LinearMemory, NexmarkExports>();

/** Compiles what `nexmarkKernels` takes. */
export async function loadNexmark({ sharedMemory, inflate }: Platform): Promise<void> {
  if (modules.has(sharedMemory)) return;
  modules.set(sharedMemory, await WebAssembly.compile(await moduleBytes(MODULE, sharedMemory, inflate)));
}

/** The kernels over this memory. */
export function nexmarkKernels(memory: LinearMemory): NexmarkExports {
  const known = instances.get(memory);
  if (known !== undefined) return known;
  const module = modules.get(memory.shared);
  assert(module !== undefined, "the kernels of nexmark were not loaded");
  const { exports } = new WebAssembly.Instance(module, { env: { memory: memory.wasm } });
  const kernels = exports as unknown as NexmarkExports;
  instances.set(memory, kernels);
  return kernels;
}

export const CONTEXT_BYTES = 64;

/** Writes the settings as the kernels have them; mirrors NexmarkContext in assembly/nexmark.ts. Returns their address. */
export function writeContext(account: MemoryAccount, settings: NexmarkSettings): number {
  const ptr = account.allocate(CONTEXT_BYTES);
  const { u64, i64, u32 } = account.memory;
  const at = ptr / 8;
  u64[at] = BigInt(settings.seed);
  i64[at + 1] = BigInt(settings.startMs);
  u64[at + 2] = BigInt(settings.rate);
  const { persons, auctions, bids, hotSellers, hotAuctions, hotBidders } = settings;
  const { personBytes, auctionBytes, bidBytes, only } = settings;
  const kind = only === null ? KINDS.length : KINDS.indexOf(only);
  const words = [
    persons,
    auctions,
    bids,
    hotSellers,
    hotAuctions,
    hotBidders,
    personBytes,
    auctionBytes,
    bidBytes,
    kind,
  ];
  u32.set(words, ptr / 4 + 6);
  return ptr;
}
