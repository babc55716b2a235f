// Millrace in Node: the portable API over Node's files, fetch and timers.
import { CONNECTORS } from "./connectors/all.js";
import { Engine, type EngineOptions, prepareEngine } from "./engine.js";
import { nodePlatform } from "./platform/node.js";

export * from "./index.js";

export class Millrace extends Engine {
  /**
   * Opens an engine: its memory and kernels. Close it, or let `await using` do it.
   *
   * @example const mill = await Millrace.open();
   * @throws MEMORY_LIMIT, KERNELS, OPTION
   */
  static async open(options?: EngineOptions): Promise<Millrace> {
    return new Millrace(await prepareEngine(nodePlatform(), CONNECTORS, options));
  }
}
