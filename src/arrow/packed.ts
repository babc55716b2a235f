// Batches between memories: all buffers of a batch side by side in one ArrayBuffer, which is given away by message, and back
// into linear memory in one copy. Dictionaries are decoded before, selections applied.
//
//     buffer   column 0: validity │ offsets │ values │ its children │ column 1: …      each 16-byte aligned
import { Batch } from "./batch.js";
import { align16, bitmapBytes, Column, sliceColumn, valuesBytes, type Workspace } from "./column.js";
import { childFields, type DataType, isNested, type Schema } from "./types.js";

/** Where a column's buffers begin in the packed bytes; −1 for one that it does not have. */
interface PackedColumn {
  readonly length: number;
  readonly validity: number;
  readonly offsets: number;
  readonly values: number;
  readonly children: readonly PackedColumn[];
}

/** A batch as plain data: `bytes` can be transferred. */
export interface PackedBatch {
  readonly rowCount: number;
  readonly split: number;
  readonly bytes: ArrayBuffer;
  readonly columns: readonly PackedColumn[];
}

/** Copies a batch out of linear memory. The columns it makes on the way lie in the arena. */
export function packBatch(batch: Batch): PackedBatch {
  const { workspace, schema, rowCount, split } = batch;
  const pieces = new Pieces();
  const columns = schema.fields.map((_, index) => packColumn(workspace, batch.plainColumn(index), pieces));
  return { rowCount, split, bytes: pieces.copied(workspace), columns };
}

/** The batch in the arena of another memory. @throws MEMORY_LIMIT */
export function unpackBatch(workspace: Workspace, schema: Schema, packed: PackedBatch): Batch {
  const { account } = workspace;
  const base = account.arena.allocate(packed.bytes.byteLength);
  account.memory.u8.set(new Uint8Array(packed.bytes), base);
  const columns = schema.fields.map(({ type }, index) => {
    return unpackColumn(type, packed.columns[index] as PackedColumn, base);
  });
  return new Batch(workspace, schema, columns, packed.rowCount, packed.split);
}

/** Pieces of linear memory and where they go. They are copied last: making columns may grow the memory. */
class Pieces {
  readonly #pieces: { readonly from: number; readonly to: number; readonly bytes: number }[] = [];
  #size = 0;

  /** Where the bytes will be. */
  add(from: number, bytes: number): number {
    const to = this.#size;
    this.#pieces.push({ from, to, bytes });
    this.#size += align16(bytes);
    return to;
  }

  copied({ account }: Workspace): ArrayBuffer {
    const { u8 } = account.memory;
    const target = new Uint8Array(new ArrayBuffer(this.#size));
    for (const { from, to, bytes } of this.#pieces) target.set(u8.subarray(from, from + bytes), to);
    return target.buffer;
  }
}

function packColumn(workspace: Workspace, column: Column, pieces: Pieces): PackedColumn {
  const { account, kernels } = workspace;
  const { layout, length, children } = column;
  const validity = column.validity === 0 ? -1 : pieces.add(column.validity, bitmapBytes(length));
  let { values } = column;
  let offsets = -1;
  let [start, end] = [0, length];
  if (layout === "utf8" || layout === "list") {
    const { i32 } = account.memory;
    start = i32[column.offsets >>> 2] as number;
    end = i32[(column.offsets >>> 2) + length] as number;
    if (layout === "utf8") values += start;
    const rebased = account.arena.allocate((length + 1) * 4);
    kernels.rebaseOffsets(column.offsets, length, rebased);
    offsets = pieces.add(rebased, (length + 1) * 4);
  }
  return {
    length,
    validity,
    offsets,
    values: pieces.add(values, valuesBytes(workspace, column, 0, length)),
    children: children.map((child) => packColumn(workspace, sliceColumn(workspace, child, start, end - start), pieces)),
  };
}

function unpackColumn(type: DataType, packed: PackedColumn, base: number): Column {
  const at = (offset: number): number => (offset < 0 ? 0 : base + offset);
  const { length, validity, offsets, values } = packed;
  const fields = isNested(type) ? childFields(type) : [];
  const children = fields.map((field, index) => unpackColumn(field.type, packed.children[index] as PackedColumn, base));
  return new Column({ type, length, validity: at(validity), offsets: at(offsets), values: at(values), children });
}
