// Page values of one width side by side, and their conversions to the column's type, a batch at a time.
import { Column, type Workspace } from "../arrow/column.js";
import { takeColumn } from "../arrow/take.js";
import { type ColumnContext, check, copyToArena, type Rows, targetBytes, type Values } from "./parquet-context.js";

/** Converts `count` values of fixed width from any address; `out` has room for `targetBytes`. */
export function convertFixed(context: ColumnContext, from: number, count: number, out: number): void {
  const { workspace, plan } = context;
  const { kernels, account } = workspace;
  const { conversion } = plan;
  switch (conversion.kind) {
    case "copy":
      account.memory.u8.copyWithin(out, from, from + count * plan.width);
      return;
    case "narrow": {
      const { low, high } = conversion;
      check(context, kernels.narrowI32(from, count, low, high, targetBytes(context, 1), out));
      return;
    }
    case "widen":
      kernels.widenI32(from, count, conversion.signed ? 1 : 0, out);
      return;
    case "widen64":
      kernels.widenU64(from, count, out);
      return;
    case "divide": {
      const exact = context.truncateTimes ? 0 : 1;
      check(context, kernels.divideTimes(from, count, conversion.divisor, exact, conversion.narrow ? 1 : 0, out));
      return;
    }
    case "int96":
      check(context, kernels.convertInt96(from, count, context.truncateTimes ? 0 : 1, out));
      return;
    case "decimal":
      check(context, kernels.convertDecimals(0, from, plan.width, count, conversion.wide ? 1 : 0, out));
      return;
    case "boolean":
    case "bytes":
      throw context.fail(`${conversion.kind} values have no fixed width`);
  }
}

/** Puts values without nulls, in the arena, at the rows that they belong to. */
export function spread(workspace: Workspace, values: Column, rows: Rows): Column {
  if (rows.validity === 0) return values;
  return new Column({ ...takeColumn(workspace, values, rows.ranks, rows.count), validity: rows.validity });
}

/** Values that still have to be converted. */
export class FixedValues implements Values {
  readonly #context: ColumnContext;
  #from: number;

  constructor(context: ColumnContext, ptr: number) {
    this.#context = context;
    this.#from = ptr;
  }

  take(rows: Rows): Column {
    const { workspace, plan } = this.#context;
    const length = rows.validCount;
    const values = workspace.account.arena.allocate(targetBytes(this.#context, length));
    convertFixed(this.#context, this.#from, length, values);
    this.skip(length);
    return spread(workspace, new Column({ type: plan.field.type, length, values }), rows);
  }

  skip(count: number): void {
    this.#from += count * this.#context.plan.width;
  }
}

/** Values that were converted, at an aligned address, when the page was opened. */
export class ConvertedValues implements Values {
  readonly #context: ColumnContext;
  #from: number;

  constructor(context: ColumnContext, ptr: number) {
    this.#context = context;
    this.#from = ptr;
  }

  take(rows: Rows): Column {
    const { workspace, plan } = this.#context;
    const length = rows.validCount;
    const values = copyToArena(workspace, this.#from, targetBytes(this.#context, length));
    this.skip(length);
    return spread(workspace, new Column({ type: plan.field.type, length, values }), rows);
  }

  skip(count: number): void {
    this.#from += targetBytes(this.#context, count);
  }
}
