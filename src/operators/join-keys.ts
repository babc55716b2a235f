// Keys of the rows of a join: the columns of either side under one schema, and which rows have a NULL that equals nothing.
import type { Batch } from "../arrow/batch.js";
import { bitmapBytes } from "../arrow/column.js";
import { type Field, field, type Schema } from "../arrow/types.js";
import type { PhysicalOf, PhysicalSide } from "../plan/physical.js";

/** The key columns, by number. */
export function joinKeySchema({ left }: PhysicalOf<"join">, inputs: readonly Schema[]): Schema {
  return {
    fields: left.keys.map((column, index) => field(`${index}`, ((inputs[0] as Schema).fields[column] as Field).type)),
  };
}

/** Bitmap of the rows that may have a partner; 0: all may. */
export function joinableRows({ nullsEqual }: PhysicalOf<"join">, { keys }: PhysicalSide, batch: Batch): number {
  const { account, kernels } = batch.workspace;
  let joinable = 0;
  keys.forEach((column, index) => {
    const { validity } = batch.column(column);
    if (nullsEqual[index] === true || validity === 0) return;
    if (joinable === 0) joinable = validity;
    else {
      const both = account.arena.allocate(bitmapBytes(batch.rowCount) + 16);
      kernels.andBitmaps(joinable, validity, batch.rowCount, both);
      joinable = both;
    }
  });
  return joinable === 0 || kernels.countBits(joinable, batch.rowCount) === batch.rowCount ? 0 : joinable;
}
