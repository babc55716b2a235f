// Kernels that unpack a page, under the fuzzer: blocks between guard bytes, allocated once for all executions.
import { Status } from "../../src/wasm/kernels.js";
import { openFuzzKit } from "../fuzz/decoding.js";

const INPUT_BYTES = 1 << 15;
const OUTPUT_BYTES = 1 << 17;
/** What every block may be overrun by (src/wasm/memory.ts). */
const SLACK = 16;
const GUARD = Buffer.alloc(64, 0x5a);

type Kernels = Awaited<ReturnType<typeof openFuzzKit>>["workspace"]["kernels"];

/** Unpacks `bytes` into `size` bytes: the plain bytes, or null when they are CORRUPT. */
export type Unpack = (bytes: Uint8Array, size: number) => Uint8Array | null;

/**
 * `close` gives the blocks back, and so looks at the bytes around them.
 * @param decode - the kernel, given addresses; the scratch memory is `scratchBytes` long
 */
export async function openUnpack(
  scratchBytes: number,
  decode: (kernels: Kernels, input: number, length: number, out: number, size: number, scratch: number) => number,
): Promise<{ unpack: Unpack; close(): void }> {
  const { workspace, account, memory } = await openFuzzKit();
  const { kernels } = workspace;
  const blocks = [INPUT_BYTES, OUTPUT_BYTES, scratchBytes].map((bytes) => ({ ptr: account.allocate(bytes), bytes }));
  const [input = 0, output = 0, scratch = 0] = blocks.map(({ ptr }) => ptr);
  const unpack: Unpack = (bytes, size) => {
    memory.u8.set(bytes, input);
    const behind = output + size + SLACK;
    memory.u8.set(GUARD, behind);
    const status = decode(kernels, input, bytes.length, output, size, scratch);
    if (GUARD.compare(memory.u8, behind, behind + GUARD.length) !== 0) throw new Error("written behind the output");
    if (status === Status.CORRUPT) return null;
    if (status !== size) throw new Error(`status ${status} for ${size} bytes`);
    return memory.u8.slice(output, output + size);
  };
  return {
    unpack,
    close() {
      for (const { ptr, bytes } of blocks.splice(0)) account.free(ptr, bytes);
    },
  };
}
