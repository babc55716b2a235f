// Millrace in a page or a worker: the portable API over fetch and streams. No headers are needed; where the page is
// cross-origin isolated the engine's memory is shared.
import { CONNECTORS } from "./connectors/all.js";
import { Engine, type EngineOptions, prepareEngine } from "./engine.js";
import { browserPlatform } from "./platform/browser.js";
import { inlineModules } from "./wasm/inline.js";

export * from "./index.js";

export class Millrace extends Engine {
  /**
   * Opens an engine: its memory and kernels. Close it, or let `await using` do it.
   *
   * @example const mill = await Millrace.open();
   * @throws MEMORY_LIMIT, KERNELS, OPTION
   */
  static async open(options?: EngineOptions): Promise<Millrace> {
    const platform = browserPlatform();
    return new Millrace(await prepareEngine(platform, CONNECTORS, inlineModules(platform.inflate), options));
  }
}
