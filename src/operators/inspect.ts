// Rows shown to a user function on their way; what passes is what came.
import type { Batch } from "../arrow/batch.js";
import { readRows, type Value } from "../arrow/rows.js";
import { functionFailed, type UserFunction } from "./map.js";
import { type Output, StatelessOperator } from "./operator.js";

export class Inspect extends StatelessOperator {
  readonly #name: string;
  readonly #fn: (row: Record<string, Value>) => unknown;
  #seen = 0;

  constructor(name: string, fn: UserFunction) {
    super();
    this.#name = name;
    this.#fn = fn as (row: Record<string, Value>) => unknown;
  }

  /** @throws FUNCTION when the function throws: it only looks, so there is no row to refuse */
  processBatch(batch: Batch, _input: number, out: Output): void {
    const rows = readRows(batch);
    rows.forEach((row, at) => {
      try {
        this.#fn(row);
      } catch (cause) {
        throw functionFailed(this.#name, cause, this.#seen + at);
      }
    });
    this.#seen += rows.length;
    out.emit(batch);
  }
}
