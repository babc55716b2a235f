// Rows that are taken back, and which of the kept ones they are: one that is equal in every column.
import type { Batch } from "../arrow/batch.js";
import type { Column } from "../arrow/column.js";
import type { Schema } from "../arrow/types.js";
import { DELETE, UPDATE_BEFORE } from "../plan/changes.js";
import { hashColumns } from "../state/hash.js";
import { rowNumbers } from "../state/row-order.js";
import { sameRow } from "./change-rows.js";
import type { OperatorContext } from "./operator.js";

export class Withdrawals {
  readonly #columnCount: number;

  /** `schema`: of the rows; behind its columns the kind of change stands. */
  constructor({ fields }: Schema) {
    this.#columnCount = fields.length;
  }

  /**
   * Marks rows that are gone with 1: those that were taken back, and those that take them back, which are no rows themselves.
   * @param both - a column of the kept rows, and behind them those that came
   * @param came - the rows that came, with their kinds of change
   */
  match(context: OperatorContext, both: (index: number) => Column, came: Batch, keptCount: number): Uint8Array {
    const { workspace } = context;
    const total = keptCount + came.rowCount;
    const dead = new Uint8Array(total);
    const { values: kinds } = came.plainColumn(this.#columnCount);
    const { u8 } = workspace.account.memory;
    const takesBack = new Uint8Array(total);
    let found = false;
    for (let row = 0; row < came.rowCount; row++) {
      const kind = u8[kinds + row];
      if (kind !== UPDATE_BEFORE && kind !== DELETE) continue;
      takesBack[keptCount + row] = 1;
      found = true;
    }
    if (!found) return dead;
    const columns = Array.from({ length: this.#columnCount }, (_, index) => both(index));
    const hashes = hashColumns(workspace, columns, total);
    const rows = byWords(context, hashes, total);
    const { u32 } = workspace.account.memory;
    const sameBucket = (a: number, b: number): boolean =>
      u32[(hashes >>> 2) + 2 * a] === u32[(hashes >>> 2) + 2 * b] &&
      u32[(hashes >>> 2) + 2 * a + 1] === u32[(hashes >>> 2) + 2 * b + 1];
    let unknown = false;
    for (let start = 0, end = 0; start < total; start = end) {
      const first = u32[(rows >>> 2) + start] as number;
      const alive: number[] = [];
      const taking: number[] = [];
      for (end = start; end < total; end++) {
        const row = u32[(rows >>> 2) + end] as number;
        if (!sameBucket(first, row)) break;
        (takesBack[row] === 1 ? taking : alive).push(row);
      }
      for (const row of taking) {
        dead[row] = 1;
        // The last one that came goes first: its place in a ranking is the weakest.
        const at = alive.findLastIndex((other) => sameRow(workspace, columns, other, columns, row));
        if (at < 0) unknown = true;
        else dead[alive.splice(at, 1)[0] as number] = 1;
      }
    }
    if (unknown) {
      const message = `${context.name}: rows were taken back that are not there; they are passed over`;
      context.warnOnce(`unknown ${context.uid}`, message);
    }
    return dead;
  }
}

/** Row numbers with equal hashes side by side, each kind in the order it came: u32 in the arena. */
function byWords({ workspace }: OperatorContext, hashes: number, count: number): number {
  const rows = rowNumbers(workspace, count);
  workspace.kernels.sortWords(hashes, rows, count, workspace.account.arena.allocate(count * 32 + 8192));
  return rows;
}
