// Rows by key, or in the order they came: what a monitor remembers of the results, and its pages alike.
import type { Cell, FrameColumn } from "./frames.js";

export type Cells = readonly Cell[];

export class RowStore {
  readonly #positions: readonly number[];
  readonly #rowsMax: number;
  #rows = new Map<string | number, Cells>();
  #count = 0;

  constructor(columns: readonly FrameColumn[], key: readonly string[], rowsMax: number) {
    this.#positions = key.map((name) => columns.findIndex((column) => column.name === name));
    this.#rowsMax = rowsMax;
  }

  /** Oldest first. */
  get rows(): Cells[] {
    return [...this.#rows.values()];
  }

  replace(rows: readonly Cells[]): void {
    this.#rows = new Map();
    this.add(rows);
  }

  /** A row with a key that is there takes its place; beyond the limit the oldest go. */
  add(rows: readonly Cells[]): void {
    for (const row of rows) {
      const key = this.#positions.length === 0 ? this.#count++ : JSON.stringify(this.#positions.map((at) => row[at]));
      this.#rows.set(key, row);
    }
    const oldest = this.#rows.keys();
    for (let over = this.#rows.size - this.#rowsMax; over > 0; over--) this.#rows.delete(oldest.next().value ?? 0);
  }
}
