// Cells in snapshots: a column for each 64-bit word of each block of accumulators, called as the block and where in its cells
// the word stands, and back.
import type { Batch } from "../arrow/batch.js";
import { Column, type Workspace } from "../arrow/column.js";
import { type Field, field, INT64 } from "../arrow/types.js";
import type { Accumulators } from "./accumulators.js";
import { stateMismatch } from "./saved-keys.js";

/** Blocks by the names that snapshots give them, as accumulators have them. */
export type SavedBlocks = Pick<Accumulators, "blocks" | "useBlock">;

/** The listed cells as columns, behind those that say whose they are. */
export function addCellColumns(
  { account, kernels }: Workspace,
  owner: SavedBlocks,
  cells: number,
  count: number,
  fields: Field[],
  columns: Column[],
): void {
  for (const { name, block } of owner.blocks()) {
    for (let place = 0; place < block.width; place += 8) {
      const values = account.arena.allocate(count * 8);
      kernels.gatherCells(block.ptr + place, block.width, cells, count, values);
      fields.push(field(`${name} ${place}`, INT64, false));
      columns.push(new Column({ type: INT64, length: count, values }));
    }
  }
}

/**
 * Writes the columns from `first` on to the listed cells, one a row.
 * @throws STATE_MISMATCH for accumulators that there are none of; `whose` says what the state should belong to
 */
export function restoreCells(owner: SavedBlocks, rows: Batch, first: number, cells: number, whose: string): void {
  const { schema, rowCount } = rows;
  for (let index = first; index < schema.fields.length; index++) {
    const { name } = schema.fields[index] as Field;
    const space = name.lastIndexOf(" ");
    const block = owner.useBlock(name.slice(0, space));
    if (block === undefined) throw stateMismatch(whose, `it has accumulators "${name}", which the query has not`);
    const ptr = block.ptr + Number(name.slice(space + 1));
    rows.workspace.kernels.scatterCells(ptr, block.width, cells, rows.column(index).values, rowCount);
  }
}
