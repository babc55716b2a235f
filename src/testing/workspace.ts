// A workspace for tests: memory, kernels and one job's account, without an engine around them.
import type { Batch } from "../arrow/batch.js";
import type { Workspace } from "../arrow/column.js";
import { loadAllKernels } from "../wasm/inline.js";
import type { FormatKernels } from "../wasm/kernels.js";
import { LinearMemory, MemoryAccount } from "../wasm/memory.js";
import { parseBatch } from "./text.js";

export interface TestWorkspace {
  readonly workspace: Workspace;
  readonly memory: LinearMemory;
  readonly kernels: FormatKernels;
  readonly account: MemoryAccount;
  /** A batch from its text (testing/text.ts), persisted: it lives until it is released or the account disposed. */
  batch(strings: TemplateStringsArray, ...values: readonly unknown[]): Batch;
}

/**
 * Opens memory and kernels. `shared` memory is a SharedArrayBuffer, `limitBytes` the job's budget.
 *
 * @example
 * const { batch, workspace } = await openTestWorkspace();
 * const rows = batch`a:INT b:STRING | 1 x | 2 "two words" | 3 NULL`;
 */
export async function openTestWorkspace(
  options: { shared?: boolean; limitBytes?: number } = {},
): Promise<TestWorkspace> {
  const memory = new LinearMemory({ shared: options.shared ?? false });
  const kernels = await loadAllKernels(memory);
  const account = new MemoryAccount(memory, options.limitBytes);
  const workspace = { account, kernels };
  return {
    workspace,
    memory,
    kernels,
    account,
    batch: (strings, ...values) => parseBatch(workspace, String.raw(strings, ...values)),
  };
}
