// Millrace in a page or a worker: the portable API over fetch and streams. No headers are needed; where the page is
// cross-origin isolated the engine's memory is shared. Programs that need nothing of the page run in a worker of the engine.
import { checkOptions } from "./api/options.js";
import { CONNECTORS } from "./connectors/all.js";
import { mayBeDataFile } from "./connectors/file-formats.js";
import { PORTABLE } from "./connectors/portable.js";
import { Engine, type EngineOptions, loadCompiler, prepareEngine } from "./engine.js";
import { browserPlatform } from "./platform/browser.js";
import { compiledModules } from "./platform/engine-worker.browser.js";
import { loadStreamWorker, PageOffload } from "./platform/offload.browser.js";
import type { EngineParts } from "./runner.js";
import { pageModules } from "./wasm/inline.browser.js";
import { completeKernels, type KernelModules } from "./wasm/kernels.js";

export * from "./index.js";

/** How an engine is opened in a page; all optional. */
export interface BrowserOptions extends EngineOptions {
  /**
   * Where programs run: in a worker when they can, unless this is false. The address of `millrace/worker.js`, served by
   * the page's own origin, where its content security policy has `worker-src 'self'`.
   */
  readonly worker?: boolean | string | URL;
}

export class Millrace extends Engine {
  /**
   * Opens an engine: its memory and kernels. Close it, or let `await using` do it.
   *
   * @example const mill = await Millrace.open();
   * @throws MEMORY_LIMIT, KERNELS, OPTION
   */
  static async open(options?: BrowserOptions): Promise<Millrace> {
    const { worker = true, ...rest } = checkOptions(options, ["memoryBytes", "worker"], "open()");
    const platform = browserPlatform();
    const { core, whole, formats } = pageModules(platform.inflate);
    const modules = compiledModules({ core: whole, formats });
    const alone = worker === false || typeof Worker === "undefined";
    // What the first program will need comes while the kernels are made. What does not load is asked for again then.
    modules.core(platform.sharedMemory).catch(() => undefined);
    if (alone) loadCompiler().catch(() => undefined);
    else if (worker === true) loadStreamWorker().catch(() => undefined);
    const prepared = await prepareEngine(platform, CONNECTORS, { core, formats: modules.formats }, rest);
    const parts = { ...prepared, compiler: withKernels(prepared, modules.core) };
    if (alone) return new Millrace(parts);
    const offload = new PageOffload({
      portable: PORTABLE,
      mayBeDataFile,
      modules,
      shared: platform.sharedMemory,
      memoryBytes: parts.memoryBytes,
      url: worker === true ? undefined : worker,
    });
    return new Millrace({ ...parts, offload });
  }
}

/** Loads the compiler together with the kernels that operators use. */
function withKernels({ compiler, kernels, memory }: EngineParts, core: KernelModules["core"]): EngineParts["compiler"] {
  let completed: Promise<unknown> | undefined;
  return async () => {
    completed ??= completeKernels(kernels, memory, core(memory.shared)).catch((error: unknown) => {
      completed = undefined;
      throw error;
    });
    const [loaded] = await Promise.all([compiler(), completed]);
    return loaded;
  };
}
