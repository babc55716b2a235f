// Drives the NDJSON decoder by hand in tests: text in, rows and bad records out.

import { afterEach, beforeAll, expect } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import type { Workspace } from "../../src/arrow/column.js";
import { readRows, type Value } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import type { Decoder, DecoderPosition } from "../../src/formats/format.js";
import { json } from "../../src/formats/json.js";
import type { BadRecord } from "../../src/operators/bad-records.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { type Arena, MemoryAccount, type Region } from "../../src/wasm/memory.js";

/** Text and single bytes in a row. */
export function bytesFrom(...parts: (string | number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...bytesOf(part)] : part)));
}

/** A workspace whose blocks are watched; after each test all of them must have been given back. */
export function guarded(): { readonly workspace: Workspace; readonly account: GuardedAccount } {
  const kit = {} as { workspace: Workspace; account: GuardedAccount };
  beforeAll(async () => {
    const { memory, kernels } = await openTestWorkspace({ shared: true });
    kit.account = new GuardedAccount(memory);
    kit.workspace = { account: kit.account, kernels };
  });
  afterEach(() => {
    kit.account.arena.reset();
    const { usedBytes } = kit.account;
    kit.account.dispose();
    expect(usedBytes).toBe(0);
  });
  return kit;
}

export interface DecodeOptions {
  /** Sizes of the chunks, repeated; all in one chunk unless given. */
  readonly chunks?: readonly number[];
  readonly batchRowsMax?: number;
  readonly maxRecordBytes?: number;
  readonly start?: DecoderPosition;
  /** Called with every batch before the arena is reset. */
  onBatch?(batch: Batch, position: DecoderPosition): void;
  /** Takes bad records instead of keeping them; what it throws ends the decoding. */
  bad?(record: BadRecord): void;
}

export interface Decoded {
  readonly rows: Record<string, Value>[];
  readonly bad: BadRecord[];
  readonly batchRows: number[];
  readonly position: DecoderPosition;
}

export function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? new TextEncoder().encode(text) : text;
}

/** Decodes everything; the text begins at `options.start`. */
export function decode(
  workspace: Workspace,
  schema: Readonly<Record<string, string>>,
  text: string | Uint8Array,
  options: DecodeOptions = {},
): Decoded {
  const bytes = bytesOf(text);
  const bad: BadRecord[] = [];
  const decoder = json.createDecoder({
    workspace,
    schema: parseSchema(schema),
    source: "lines.ndjson",
    split: 0,
    batchRowsMax: options.batchRowsMax ?? 8192,
    maxRecordBytes: options.maxRecordBytes,
    start: options.start,
    bad: options.bad ?? ((record) => bad.push(record)),
  });
  return drive(decoder, workspace, bytes, bad, options);
}

/** Feeds a decoder all bytes, in chunks as the options say; what it refuses comes to stand in `bad` meanwhile. */
export function drive(
  decoder: Decoder,
  workspace: Workspace,
  bytes: Uint8Array,
  bad: BadRecord[],
  options: Pick<DecodeOptions, "chunks" | "onBatch">,
): Decoded {
  const rows: Record<string, Value>[] = [];
  const batchRows: number[] = [];
  const chunks = options.chunks ?? [Math.max(1, bytes.length)];
  let at = 0;
  let turn = 0;
  let ended = false;
  let fed = new Uint8Array(0);
  try {
    for (;;) {
      const batch = decoder.next();
      if (batch !== null) {
        rows.push(...readRows(batch, { bigint: true }));
        batchRows.push(batch.rowCount);
        options.onBatch?.(batch, decoder.position);
        workspace.account.arena.reset();
      } else if (ended) return { rows, bad, batchRows, position: decoder.position };
      else if (at >= bytes.length) {
        decoder.finish();
        ended = true;
      } else {
        const size = chunks[turn++ % chunks.length] as number;
        const chunk = bytes.slice(at, at + size);
        decoder.feed(chunk);
        // Readers read into memory that a decoder had before.
        fed.fill(0x23);
        fed = chunk;
        at += size;
      }
    }
  } finally {
    decoder.close();
    workspace.account.arena.reset();
  }
}

/** One value of one column, through a record `{"v": text}`: the value, or the code it is refused with. */
export function decodeValue(workspace: Workspace, type: string, text: string): Value | { code: string } {
  const { rows, bad } = decode(workspace, { v: type }, `{"v":${text}}\n`);
  const refused = bad[0];
  if (refused !== undefined) return { code: refused.code };
  return (rows[0] as Record<string, Value>).v as Value;
}

/** Bytes watched on either side of a block. */
const GUARD = 256;
/** What every block may be overrun by (src/wasm/memory.ts). */
const SLACK = 16;
const PATTERN = 0x5a;
const UNTOUCHED = Buffer.alloc(GUARD, PATTERN);

/** An account whose blocks stand alone between guard bytes, the arena's too; a byte written outside them is an error. */
export class GuardedAccount extends MemoryAccount {
  override readonly arena = this.#guardedArena();

  override allocate(bytes: number): number {
    const ptr = super.allocate(GUARD + bytes + SLACK + GUARD) + GUARD;
    this.memory.u8.fill(PATTERN, ptr - GUARD, ptr);
    this.memory.u8.fill(PATTERN, ptr + bytes + SLACK, ptr + bytes + SLACK + GUARD);
    return ptr;
  }

  override free(ptr: number, bytes: number): void {
    const { u8 } = this.memory;
    for (const at of [ptr - GUARD, ptr + bytes + SLACK]) {
      // By the host's own comparison: a look at each byte was most of what a fuzz test did.
      if (UNTOUCHED.compare(u8, at, at + GUARD) === 0) continue;
      const touched = u8.subarray(at, at + GUARD).findIndex((byte) => byte !== PATTERN);
      throw new Error(`a byte ${at + touched - ptr} from a block of ${bytes} was written`);
    }
    super.free(ptr - GUARD, GUARD + bytes + SLACK + GUARD);
  }

  #guardedArena(): Arena {
    const blocks: { ptr: number; bytes: number }[] = [];
    const retired: Region[] = [];
    const allocate = (bytes: number): number => {
      const ptr = this.allocate(bytes);
      blocks.push({ ptr, bytes });
      return ptr;
    };
    return {
      allocate,
      allocateZeroed: (bytes: number) => {
        const ptr = allocate(bytes);
        this.memory.u8.fill(0, ptr, ptr + bytes);
        return ptr;
      },
      retire: (region: Region) => void retired.push(region),
      reset: () => {
        for (const region of retired.splice(0)) region.release();
        for (const { ptr, bytes } of blocks.splice(0)) this.free(ptr, bytes);
      },
    } as unknown as Arena;
  }
}
