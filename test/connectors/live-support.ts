// What the tests of live sources share: tables on a simulator or on this host, and what a job's trace says of connections.
import { loadFormat } from "../../src/connectors/formats.js";
import type { JobEvent } from "../../src/index.js";
import type { Platform } from "../../src/platform/platform.js";
import { SimPlatform } from "../../src/platform/sim.js";
import type { Connector, Table } from "../../src/runtime/connector.js";
import type { Subject } from "./conformance.js";

export const SCHEMA = { n: "BIGINT", key: "STRING" } as const;
export const ROWS = Array.from({ length: 11 }, (_, n) => ({ n, key: n % 3 === 0 ? null : `ключ ${n}` }));
/** Good, no JSON, of the wrong type, good: one a message. */
export const BAD_MESSAGES = ['{"n":0,"key":"a"}', "nonsense", '{"n":"x"}', '{"n":3,"key":"b"}'];
export const BAD_ROWS = [
  { n: 0, key: "a" },
  { n: 3, key: "b" },
];

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
export const ndjson = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

export function tableOf(
  connector: Connector,
  platform: Platform,
  live: unknown,
  options: Record<string, unknown> = {},
): Table {
  return { ref: { id: "t", connector: connector.name, name: "subject", options }, live, platform };
}

// Loaded here, so that nothing of the simulated runs waits for the real host, and what hangs is seen.
await loadFormat("ndjson", "tests");

/** A subject on a simulator of its own. */
export function simulated(make: (sim: SimPlatform) => Omit<Subject, "wait" | "openCount"> & Partial<Subject>): Subject {
  const sim = new SimPlatform(1);
  return { openCount: () => sim.net.openCount, ...make(sim), wait: (promise) => sim.drive(promise) };
}

/** Keeps what a job's trace says of connections. */
export function connections(events: AsyncIterable<JobEvent>): JobEvent[] {
  const kept: JobEvent[] = [];
  const read = async () => {
    for await (const event of events) if (event.kind === "connection") kept.push(event);
  };
  void read();
  return kept;
}
