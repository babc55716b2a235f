// The kernel modules of a page: what every page needs at once in the code of whoever imports this, the rest in parts of their own.
import type { Platform } from "../platform/platform.js";
import { MODULE } from "./base.generated.js";
import type { KernelModules } from "./kernels.js";
import { lateCore, lateFormats } from "./late.js";
import { type ModuleSource, moduleBytes } from "./module.js";

/** `core` is the base alone; `whole` the core as every other host has it, for programs that run in the page and for workers. */
export interface PageModules extends KernelModules {
  whole(shared: boolean): Promise<ModuleSource>;
}

export function pageModules(inflate?: Platform["inflate"]): PageModules {
  return {
    core: (shared) => moduleBytes(MODULE, shared, inflate),
    whole: (shared) => lateCore(shared, inflate),
    formats: (shared) => lateFormats(shared, inflate),
  };
}
