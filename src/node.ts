// Millrace in Node: the portable API over Node's files, fetch and timers.
import { CONNECTORS } from "./connectors/all.js";
import { Engine, type EngineOptions, prepareEngine } from "./engine.js";
import { nodePlatform } from "./platform/node.js";
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
    const platform = nodePlatform();
    return new Millrace(await prepareEngine(platform, CONNECTORS, inlineModules(platform.inflate), options));
  }
}
