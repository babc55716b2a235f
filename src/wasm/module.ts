// A kernel module as it travels and as it is loaded: inside the package deflated and in base64, or given by the caller as
// bytes or compiled; instantiated over a LinearMemory, shared or plain.
import { instantiate } from "@assemblyscript/loader";
import { EngineError } from "../errors.js";
import { type Platform, promised } from "../platform/platform.js";
import type { LinearMemory } from "./memory.js";

/** A module inside the package. */
export interface ModuleBytes {
  /** Offset in the bytes of the memory import's limits flag: 0x03 is shared memory, 0x01 plain. */
  readonly flagOffset: number;
  /** Bytes of the module. */
  readonly bytes: number;
  /** The module, deflated (zlib, RFC 1950) and in base64. */
  readonly deflated: string;
}

/** What a module is instantiated from. A compiled one fits the kind of memory that it was compiled for. */
export type ModuleSource = Uint8Array<ArrayBuffer> | WebAssembly.Module;

/** The module's bytes for a shared or a plain memory: one binary, the import's limits flag is flipped (core spec 5.3.4). */
export async function moduleBytes(
  module: ModuleBytes,
  shared: boolean,
  inflate?: Platform["inflate"],
): Promise<Uint8Array<ArrayBuffer>> {
  const deflated = bytesOfBase64(module.deflated);
  const bytes = await (inflate
    ? promised<typeof deflated>((done) => inflate(deflated, done))
    : inflateStream(deflated, module.bytes));
  bytes[module.flagOffset] = shared ? 0x03 : 0x01;
  return bytes;
}

/** By the host in one call where it has one (ES2026): on a cold page the loop takes milliseconds. */
function bytesOfBase64(base64: string): Uint8Array<ArrayBuffer> {
  const host: typeof Uint8Array & { fromBase64?(text: string): Uint8Array<ArrayBuffer> } = Uint8Array;
  if (host.fromBase64 !== undefined) return host.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Inflates with what every host has. */
async function inflateStream(deflated: Uint8Array<ArrayBuffer>, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new DecompressionStream("deflate");
  const writer = writable.getWriter();
  const written = writer.write(deflated).then(() => writer.close());
  const bytes = new Uint8Array(size);
  const reader = readable.getReader();
  let at = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    bytes.set(next.value, at);
    at += next.value.length;
  }
  await written;
  return bytes;
}

/** Instantiates a module over `memory`; its exports, as the build wrote them. @throws KERNELS when the host refuses */
export async function instantiateOver<Exports>(
  memory: LinearMemory,
  source: ModuleSource | Promise<ModuleSource>,
): Promise<Exports> {
  try {
    const { exports } = await instantiate((await source) as never, { env: { memory: memory.wasm as never } });
    return exports as unknown as Exports;
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
