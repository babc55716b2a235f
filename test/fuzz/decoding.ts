// Decoders under the fuzzer: bytes in chunks, at last plain rows, codes and places, all in one value that can be compared. The
// steps that a decoder may take, the memory that it may have, and the codes that it may give are all bounded.
import { isDeepStrictEqual } from "node:util";
import { readRows, type Value } from "../../src/arrow/rows.js";
import { EngineError, type ErrorCode } from "../../src/errors.js";
import type { Decoder, DecoderOptions, FormatWorkspace } from "../../src/formats/format.js";
import type { BadRecord } from "../../src/operators/bad-records.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import type { LinearMemory } from "../../src/wasm/memory.js";
import { GuardedAccount } from "../formats/json-support.js";
import type { Chance } from "./damage.js";

/** What a few kilobytes of input may cost. */
const MEMORY_BYTES = 48 << 20;

export interface FuzzKit {
  readonly workspace: FormatWorkspace;
  readonly account: GuardedAccount;
  readonly memory: LinearMemory;
  /** Everything given back, and linear memory no larger than a few kilobytes of input may make it. */
  check(): void;
}

/** One workspace for all executions of a test, its blocks between guard bytes. */
export async function openFuzzKit(): Promise<FuzzKit> {
  const { memory, kernels } = await openTestWorkspace();
  const account = new GuardedAccount(memory, MEMORY_BYTES);
  return {
    workspace: { account, kernels },
    account,
    memory,
    check() {
      account.arena.reset();
      const { usedBytes } = account;
      // What comes next shall not be blamed for it.
      account.dispose();
      if (usedBytes !== 0) throw new Error(`${usedBytes} bytes were not given back`);
      if (memory.sizeBytes > 2 * MEMORY_BYTES) throw new Error(`memory grew to ${memory.sizeBytes} bytes`);
    },
  };
}

export interface Outcome {
  readonly rows: readonly Record<string, Value>[];
  readonly bad: readonly BadRecord[];
  /** Code of the error that ended it. */
  readonly thrown: string | null;
}

export interface Cutting {
  /** Sizes of the chunks, repeated; all in one chunk unless given. */
  readonly chunks?: readonly number[];
  readonly batchRowsMax?: number;
}

/** Sizes of chunks and batches by chance. */
export function cutting(chance: Chance, bytesMax = 60): Cutting {
  const chunks = Array.from({ length: 4 }, () => 1 + chance.below(bytesMax));
  return { chunks, batchRowsMax: 1 + chance.below(5) };
}

/**
 * Decodes everything.
 * @param codes - that the input may be refused with, as a whole or record by record; another one is a finding
 */
export function outcomeOf(
  kit: FuzzKit,
  open: (options: Pick<DecoderOptions, "workspace" | "source" | "split" | "batchRowsMax" | "bad">) => Decoder,
  bytes: Uint8Array,
  codes: readonly ErrorCode[],
  { chunks = [Math.max(1, bytes.length)], batchRowsMax = 8192 }: Cutting = {},
): Outcome {
  const rows: Record<string, Value>[] = [];
  const bad: BadRecord[] = [];
  let thrown: ErrorCode | null = null;
  let decoder: Decoder | null = null;
  try {
    decoder = open({
      workspace: kit.workspace,
      source: "fuzz",
      split: 0,
      batchRowsMax,
      bad: (record) => void bad.push(record),
    });
    decodeAll(kit, decoder, bytes, chunks, rows);
  } catch (error) {
    thrown = codeOf(error, codes);
  }
  decoder?.close();
  kit.check();
  for (const record of bad) {
    if (!codes.includes(record.code)) throw new Error(`refused with ${record.code}: ${record.message}`);
  }
  return { rows, bad, thrown };
}

function decodeAll(
  { workspace, account }: FuzzKit,
  decoder: Decoder,
  bytes: Uint8Array,
  chunks: readonly number[],
  rows: Record<string, Value>[],
): void {
  let at = 0;
  let turn = 0;
  let ended = false;
  // A batch that was all refused is empty, and a chunk may end in the midst of a record: but each step gets somewhere.
  for (let steps = 20 * (bytes.length + 100); ; steps--) {
    if (steps === 0) throw new Error(`no end after ${20 * (bytes.length + 100)} steps`);
    const batch = decoder.next();
    if (batch !== null) {
      if (batch.rowCount > 0) rows.push(...readRows(batch, { bigint: true }));
      account.arena.reset();
    } else if (ended) break;
    else if (at >= bytes.length) {
      decoder.finish();
      ended = true;
    } else {
      const size = chunks[turn++ % chunks.length] as number;
      decoder.feed(bytes.subarray(at, at + size));
      at += size;
    }
  }
  workspace.account.arena.reset();
}

/** The code of an error of ours. Anything else, or another code, is thrown on. */
export function codeOf(error: unknown, codes: readonly ErrorCode[]): ErrorCode {
  if (!(error instanceof EngineError) || !codes.includes(error.code)) throw error;
  if (error.hint === undefined || error.hint === "") throw new Error(`${error.code} without a hint`, { cause: error });
  return error.code;
}

/** What a call gives, or the code of the error that it throws. */
export function attempt<T>(codes: readonly ErrorCode[], call: () => T): { value: T } | { code: ErrorCode } {
  try {
    return { value: call() };
  } catch (error) {
    return { code: codeOf(error, codes) };
  }
}

/** Two outcomes are one, to the last place. */
export function expectSame(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  const shown = (value: unknown) =>
    JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner)).slice(0, 600);
  throw new Error(`${what}:\n  ${shown(actual)}\n  ${shown(expected)}`);
}
