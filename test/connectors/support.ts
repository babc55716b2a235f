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

/** A Zstandard frame (RFC 8878 section 3.1.1) of raw blocks, and one of a byte repeated. */
export function zstdFrame(plain: Uint8Array, runBytes = 0): Buffer {
  const parts = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x70])];
  const header = (last: boolean, kind: number, size: number) => {
    const value = (size << 3) | (kind << 1) | (last ? 1 : 0);
    return Buffer.from([value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff]);
  };
  const pieces = Math.max(1, Math.ceil(plain.length / 65536));
  for (let index = 0; index < pieces; index++) {
    const piece = plain.subarray(index * 65536, (index + 1) * 65536);
    parts.push(header(index === pieces - 1 && runBytes === 0, 0, piece.length), Buffer.from(piece));
  }
  for (let left = runBytes; left > 0; left -= 65536) parts.push(header(left <= 65536, 1, 65536), Buffer.from([32]));
  return Buffer.concat(parts);
}
