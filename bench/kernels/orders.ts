// What the decoders of orders have in common: their columns, every value of which is read back once, as the other engines read
// theirs; and a decoder driven by chunks of a file's size, no engine around it.
import type { Batch } from "../../src/arrow/batch.js";
import type { Workspace } from "../../src/arrow/column.js";
import { parseSchema } from "../../src/arrow/types.js";
import type { Format } from "../../src/formats/format.js";
import { loadAllKernels } from "../../src/wasm/inline.js";
import { LinearMemory, MemoryAccount } from "../../src/wasm/memory.js";
import type { Checksum, Contender } from "../harness.js";
import type { Lines } from "../inputs/lines.js";

const CHUNK_BYTES = 1 << 20;

export const ORDER_SCHEMA = parseSchema({
  time: "TIMESTAMP(3)",
  id: "BIGINT",
  item: "STRING",
  price: "DOUBLE",
  quantity: "INT",
  paid: "BOOLEAN",
});

/** Every value of every column of a batch, summed. */
function sums(batch: Batch): Checksum {
  const { memory } = batch.workspace.account;
  const at = (index: number) => batch.column(index).values;
  const [times, ids, prices, quantities, paids] = [at(0) >>> 2, at(1) >>> 2, at(3) >>> 3, at(4) >>> 2, at(5)];
  const { u32, i32, f64, u8 } = memory;
  let timeMs = 0;
  let id = 0;
  let price = 0;
  let quantity = 0;
  let paid = 0;
  for (let row = 0; row < batch.rowCount; row++) {
    const rowMs = (i32[times + 2 * row + 1] as number) * 4_294_967_296 + (u32[times + 2 * row] as number);
    if (rowMs > timeMs) timeMs = rowMs;
    id += (i32[ids + 2 * row + 1] as number) * 4_294_967_296 + (u32[ids + 2 * row] as number);
    price += f64[prices + row] as number;
    quantity += i32[quantities + row] as number;
    paid += ((u8[paids + (row >> 3)] as number) >> (row & 7)) & 1;
  }
  const offsets = batch.column(2).offsets >>> 2;
  const itemLength = (i32[offsets + batch.rowCount] as number) - (i32[offsets] as number);
  return { rows: batch.rowCount, timeMs, id, itemLength, price, quantity, paid };
}

function add(totals: Checksum, part: Checksum): Checksum {
  const added = Object.entries(totals).map(([name, total]) => [name, total + (part[name] ?? 0)]);
  return { ...Object.fromEntries(added), timeMs: Math.max(totals.timeMs ?? 0, part.timeMs ?? 0) };
}

async function openWorkspace(): Promise<Workspace> {
  const memory = new LinearMemory({ shared: true });
  return { account: new MemoryAccount(memory), kernels: await loadAllKernels(memory) };
}

/** The decoder and the batch of the turn before: the engine keeps the job that ended last for the same reason (src/runner.ts). */
const last: unknown[] = [];

/** Decodes everything, chunk by chunk; what `each` does not persist is gone when it returns. */
function decodeAll(workspace: Workspace, format: Format, bytes: Uint8Array, each: (batch: Batch) => void): void {
  const decoder = format.createDecoder({
    workspace,
    schema: ORDER_SCHEMA,
    source: "orders",
    split: 0,
    batchRowsMax: 8192,
    bad: ({ code, message }) => {
      throw new Error(`${code}: ${message}`);
    },
  });
  for (let at = 0, ended = false; ; ) {
    const batch = decoder.next();
    if (batch !== null) {
      last.splice(0, 2, decoder, batch);
      each(batch);
      workspace.account.arena.reset();
    } else if (ended) break;
    else if (at >= bytes.length) {
      decoder.finish();
      ended = true;
    } else {
      decoder.feed(bytes.subarray(at, at + CHUNK_BYTES));
      at += CHUNK_BYTES;
    }
  }
  decoder.close();
}

/** The decoder of a format, over what `input` gives. */
export async function orderDecoder(format: Format, input: () => Lines): Promise<Contender> {
  const workspace = await openWorkspace();
  const run = (): Checksum => {
    let totals: Checksum = { rows: 0, timeMs: 0, id: 0, itemLength: 0, price: 0, quantity: 0, paid: 0 };
    decodeAll(workspace, format, input().bytes, (batch) => {
      totals = add(totals, sums(batch));
    });
    return totals;
  };
  return { name: "decoder", run };
}

/** All orders as batches that stay. */
export async function orderBatches(
  format: Format,
  input: () => Lines,
): Promise<{ workspace: Workspace; batches: readonly Batch[] }> {
  const workspace = await openWorkspace();
  const batches: Batch[] = [];
  decodeAll(workspace, format, input().bytes, (batch) => batches.push(batch.persist()));
  return { workspace, batches };
}
