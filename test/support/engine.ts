// An engine whose log is kept: over shared or plain memory, with parts of its platform replaced.
import { CONNECTORS } from "../../src/connectors/all.js";
import { Engine, prepareEngine } from "../../src/engine.js";
import { nodePlatform } from "../../src/platform/node.js";
import type { Platform } from "../../src/platform/platform.js";
import { inlineModules } from "../../src/wasm/inline.js";
import type { LinearMemory } from "../../src/wasm/memory.js";

export interface TestEngine extends AsyncDisposable {
  readonly mill: Engine;
  readonly memory: LinearMemory;
  /** What was logged: a clean job says nothing. */
  readonly complaints: string[];
}

export async function openTestEngine(
  parts: Partial<Platform> = {},
  options: { memoryBytes?: number } = {},
): Promise<TestEngine> {
  const complaints: string[] = [];
  const host = nodePlatform({ log: (_level, message) => void complaints.push(message) });
  const prepared = await prepareEngine({ ...host, ...parts }, CONNECTORS, inlineModules(), options);
  const mill = new Engine(prepared);
  return { mill, memory: prepared.memory, complaints, [Symbol.asyncDispose]: () => mill.close() };
}
