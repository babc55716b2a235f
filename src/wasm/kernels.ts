// Loads the kernel module over a LinearMemory: shared or plain, from the bytes inside the package or from a given module.
import { instantiate } from "@assemblyscript/loader";
import { EngineError } from "../errors.js";
import { type Platform, promised } from "../platform/platform.js";
import { KERNELS_BYTES, KERNELS_DEFLATED, type KernelExports, MEMORY_FLAG_OFFSET } from "./kernels.generated.js";
import type { LinearMemory } from "./memory.js";

/** The kernels, bound to one memory. Pointers come back as i32: use `>>> 0`. */
export type Kernels = KernelExports;

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

/** The module's bytes for a shared or a plain memory: one binary, the import's limits flag is flipped (core spec 5.3.4). */
export async function kernelBytes(shared: boolean, inflate?: Platform["inflate"]): Promise<Uint8Array<ArrayBuffer>> {
  const text = atob(KERNELS_DEFLATED);
  const deflated = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) deflated[i] = text.charCodeAt(i);
  const bytes = await (inflate
    ? promised<typeof deflated>((done) => inflate(deflated, done))
    : inflateStream(deflated));
  bytes[MEMORY_FLAG_OFFSET] = shared ? 0x03 : 0x01;
  return bytes;
}

/** Inflates the module with what every host has. */
async function inflateStream(deflated: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new DecompressionStream("deflate");
  const writer = writable.getWriter();
  const written = writer.write(deflated).then(() => writer.close());
  const bytes = new Uint8Array(KERNELS_BYTES);
  const reader = readable.getReader();
  let at = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    bytes.set(next.value, at);
    at += next.value.length;
  }
  await written;
  return bytes;
}

/** Instantiates the kernels over `memory` and fills their tables. @throws KERNELS when the host refuses WebAssembly. */
export async function loadKernels(
  memory: LinearMemory,
  bytes: Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> = kernelBytes(memory.shared),
): Promise<Kernels> {
  try {
    const instance = await instantiate(await bytes, { env: { memory: memory.wasm as never } });
    const kernels = instance.exports as unknown as Kernels;
    kernels.initTables();
    return kernels;
  } catch (cause) {
    throw new EngineError(
      "KERNELS",
      `the kernels do not load: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        hint: "Millrace needs WebAssembly with SIMD; under a CSP allow 'wasm-unsafe-eval'",
        cause,
      },
    );
  }
}
