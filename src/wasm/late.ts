// Kernel modules that are in parts of the package of their own, fetched when they are needed.
import { loadPart } from "../platform/errors.js";
import type { Platform } from "../platform/platform.js";
import { type ModuleSource, moduleBytes } from "./module.js";

type Inflate = Platform["inflate"];

/** The kernels of formats. @throws MODULE_MISSING */
export async function lateFormats(shared: boolean, inflate?: Inflate): Promise<ModuleSource> {
  const { MODULE } = await loadPart("the kernels of formats", () => import("./formats.generated.js"));
  return moduleBytes(MODULE, shared, inflate);
}

/** The core's kernels, where only its base is there at once. @throws MODULE_MISSING */
export async function lateCore(shared: boolean, inflate?: Inflate): Promise<ModuleSource> {
  const { MODULE } = await loadPart("the kernels of operators", () => import("./kernels.generated.js"));
  return moduleBytes(MODULE, shared, inflate);
}
