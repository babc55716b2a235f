// The kernels over one LinearMemory: those that every job needs, and those of formats, which join them when the first format
// is loaded.
import type { FormatExports } from "./formats.generated.js";
import type { KernelExports } from "./kernels.generated.js";
import type { LinearMemory } from "./memory.js";
import { instantiateOver, type ModuleSource } from "./module.js";

/** The kernels of the core, bound to one memory. Pointers come back as i32: use `>>> 0`. */
export type Kernels = KernelExports;

/** The kernels of the core and of formats. */
export type FormatKernels = KernelExports & FormatExports;

/** Where the two modules come from, each for a shared or a plain memory. */
export interface KernelModules {
  core(shared: boolean): Promise<ModuleSource>;
  /** @throws MODULE_MISSING when it does not load */
  formats(shared: boolean): Promise<ModuleSource>;
}

/** What kernels answer instead of a count when they could not finish; mirrors assembly/status.ts. */
export const Status = {
  /** The output region is too small: reserve a larger one and call again. */
  NEED_SPACE: -1,
  /** Bytes that are not UTF-8. */
  BAD_UTF8: -2,
  /** An integer result does not fit. */
  OVERFLOW: -3,
  /** Bytes that do not follow their format. */
  CORRUPT: -4,
  /** A record that does not follow its format or does not fit its columns. */
  BAD_RECORD: -5,
} as const;

/** Instantiates the core's kernels over `memory` and fills their tables. @throws KERNELS */
export async function loadKernels(
  memory: LinearMemory,
  source: ModuleSource | Promise<ModuleSource>,
): Promise<Kernels> {
  // A copy, since exports are frozen and the formats' are to join them.
  const kernels = { ...(await instantiateOver<KernelExports>(memory, source)) };
  kernels.initTables();
  return kernels;
}

/** Adds those of the core's kernels that are not in its base, which a page has at once. @throws KERNELS */
export async function completeKernels(
  kernels: Kernels,
  memory: LinearMemory,
  source: ModuleSource | Promise<ModuleSource>,
): Promise<Kernels> {
  return Object.assign(kernels, await instantiateOver<KernelExports>(memory, source));
}

/** Adds the kernels of formats to those of the core, over the same memory. @throws KERNELS */
export async function addFormatKernels(
  kernels: Kernels,
  memory: LinearMemory,
  source: ModuleSource | Promise<ModuleSource>,
): Promise<FormatKernels> {
  const all = Object.assign(kernels, await instantiateOver<FormatExports>(memory, source));
  all.initPowers();
  return all;
}

/** Whether the kernels of formats have joined. */
export function hasFormats(kernels: Kernels): kernels is FormatKernels {
  return "initPowers" in kernels;
}
