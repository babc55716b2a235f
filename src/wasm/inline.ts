// The kernel modules inside the package: the core's in the code of whoever imports this, the formats' in a part of its own.
import type { Platform } from "../platform/platform.js";
import { MODULE } from "./kernels.generated.js";
import { addFormatKernels, type FormatKernels, type KernelModules, loadKernels } from "./kernels.js";
import { lateFormats } from "./late.js";
import type { LinearMemory } from "./memory.js";
import { moduleBytes } from "./module.js";

export function inlineModules(inflate?: Platform["inflate"]): KernelModules {
  return {
    core: (shared) => moduleBytes(MODULE, shared, inflate),
    formats: (shared) => lateFormats(shared, inflate),
  };
}

/** All kernels at once, for tests and benches. @throws KERNELS, MODULE_MISSING */
export async function loadAllKernels(memory: LinearMemory): Promise<FormatKernels> {
  const { core, formats } = inlineModules();
  return addFormatKernels(await loadKernels(memory, core(memory.shared)), memory, formats(memory.shared));
}
