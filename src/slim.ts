// Millrace for hosts that compile WebAssembly themselves and forbid it at run time (edge runtimes): the caller hands in the
// compiled modules of `millrace/kernels.wasm` and `millrace/formats.wasm`, and no copy of them is in the code.
import { checkOptions, wrongArgument } from "./api/options.js";
import * as compiler from "./compiler.js";
import { CONNECTORS } from "./connectors/all.js";
import { Engine, type EngineOptions, prepareEngine } from "./engine.js";
import { EngineError } from "./errors.js";
import { browserPlatform } from "./platform/browser.js";

export * from "./index.js";

/** How an engine is opened with modules of the caller's. */
export interface SlimOptions extends EngineOptions {
  /** `millrace/kernels.wasm`, compiled. */
  readonly kernels: WebAssembly.Module;
  /** `millrace/formats.wasm`, compiled; needed by whatever reads or writes bytes. */
  readonly formats?: WebAssembly.Module;
}

export class Millrace extends Engine {
  /**
   * Opens an engine over plain memory. Close it, or let `await using` do it.
   *
   * @example
   * import kernels from "millrace/kernels.wasm";
   * const mill = await Millrace.open({ kernels });
   * @throws MEMORY_LIMIT, KERNELS, OPTION
   */
  static async open(options: SlimOptions): Promise<Millrace> {
    const { kernels, formats, ...rest } = checkOptions(options, ["kernels", "formats", "memoryBytes"], "open()");
    const core = compiled(kernels, "kernels");
    const modules = {
      core: () => Promise.resolve(core),
      formats: () => {
        if (formats !== undefined) return Promise.resolve(compiled(formats, "formats"));
        return Promise.reject(
          new EngineError("KERNELS", "the program reads or writes bytes, and no module of formats was given", {
            hint: 'import formats from "millrace/formats.wasm" and open({ kernels, formats })',
          }),
        );
      },
    };
    const platform = { ...browserPlatform(), sharedMemory: false };
    return new Millrace(await prepareEngine(platform, CONNECTORS, modules, rest, async () => compiler));
  }
}

function compiled(module: unknown, name: string): WebAssembly.Module {
  if (module instanceof WebAssembly.Module) return module;
  throw wrongArgument(name, "a WebAssembly.Module", module, `import ${name} from "millrace/${name}.wasm"`);
}
