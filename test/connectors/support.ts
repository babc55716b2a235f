// An engine on the simulator: files in memory, virtual time, and everything that hangs is reported.
import { CONNECTORS } from "../../src/connectors/all.js";
import { Engine, prepareEngine } from "../../src/engine.js";
import type { Pipeline } from "../../src/index.js";
import { SimPlatform } from "../../src/platform/sim.js";
import { inlineModules } from "../../src/wasm/inline.js";

export interface SimEngine {
  readonly sim: SimPlatform;
  readonly mill: Engine;
  /** Lets the simulation run until the promise settles. */
  wait<T>(promise: Promise<T>): Promise<T>;
  /** Runs a program to its end; gives the job. */
  run(pipeline: Pipeline): Promise<ReturnType<Pipeline["start"]>>;
  /** The text of a file; undefined without file. */
  text(path: string): string | undefined;
}

export async function openSim(seed = 1, memoryBytes?: number): Promise<SimEngine> {
  // Modules that load late (Parquet's) need turns of the real host.
  const sim = new SimPlatform(seed, { hostTurn: () => new Promise((resolve) => setTimeout(resolve, 1)) });
  const options = memoryBytes === undefined ? {} : { memoryBytes };
  const mill = new Engine(await prepareEngine(sim, CONNECTORS, inlineModules(), options));
  return {
    sim,
    mill,
    wait: (promise) => sim.drive(promise),
    run: async (pipeline) => {
      const job = pipeline.start();
      await sim.drive(job.done);
      return job;
    },
    text: (path) => {
      const bytes = sim.files.read(path);
      return bytes && new TextDecoder().decode(bytes);
    },
  };
}

/** NDJSON of some rows. */
export function lines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/** `count` rows with ascending times from `startMs`, one every `stepMs`. */
export function ticks(count: number, startMs = 0, stepMs = 1000, key = "a"): { ts: string; key: string; n: number }[] {
  return Array.from({ length: count }, (_, n) => ({ ts: new Date(startMs + n * stepMs).toISOString(), key, n }));
}

export const TICKS = { ts: "TIMESTAMP_LTZ(3)", key: "STRING", n: "BIGINT" } as const;
