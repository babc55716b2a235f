// Columns as user functions of the batch form see them: typed arrays over linear memory, nothing copied. A view is good
// until the function returns; whoever keeps values copies them (`values.slice()`, `toArray()`).
import type { LinearMemory } from "../wasm/memory.js";
import type { Batch } from "./batch.js";
import { bitmapBytes, type Column } from "./column.js";
import { type ReadOptions, readableColumn, readValuesOf, type Value } from "./rows.js";
import type { DataType, Field } from "./types.js";

/** Values of a column view: a typed array in the column's own units, or JS values where the layout is none. */
export type ViewValues =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly Value[];

/**
 * One column of a batch. It can be given back as a column of the result.
 *
 * @example
 * (columns) => ({ key: columns.key, doubled: columns.value.values.map((value) => value * 2) })
 */
export class ColumnView {
  readonly type: DataType;
  readonly length: number;
  readonly #memory: LinearMemory;
  readonly #field: Field;
  readonly #column: Column;

  constructor(memory: LinearMemory, field: Field, column: Column) {
    this.type = field.type;
    this.length = column.length;
    this.#memory = memory;
    this.#field = field;
    this.#column = column;
  }

  /**
   * TINYINT to BIGINT, FLOAT, DOUBLE, DATE (days), TIME (ms of the day), TIMESTAMP (ms, beyond precision 3 µs) and INTERVAL
   * (ms): a typed array over the engine's memory; 64-bit integers are bigint. Other types: `toArray()`. Values under a
   * NULL are undefined.
   */
  get values(): ViewValues {
    const { layout, values, length } = this.#column;
    const memory = this.#memory;
    if (this.type.kind === "decimal") return this.toArray();
    const view = <T>(array: { subarray(start: number, end: number): T }, width: number): T =>
      array.subarray(values / width, values / width + length);
    switch (layout) {
      case "i8":
        return view(memory.i8, 1);
      case "i16":
        return view(memory.i16, 2);
      case "i32":
        return view(memory.i32, 4);
      case "i64":
        return view(memory.i64, 8);
      case "f32":
        return view(memory.f32, 4);
      case "f64":
        return view(memory.f64, 8);
      default:
        return this.toArray();
    }
  }

  /** Arrow's validity bitmap: bit i (LSB first) is 1 when row i is valid. null: no row is NULL. */
  get validity(): Uint8Array | null {
    const { validity, length } = this.#column;
    return validity === 0 ? null : this.#memory.u8.subarray(validity, validity + bitmapBytes(length));
  }

  /** A copy by the rules of the row edge: NULL is null, TIMESTAMP a Date, BIGINT a number (or bigint when asked). */
  toArray(options: ReadOptions = {}): Value[] {
    return readValuesOf(this.#memory, this.#column, this.#field, options);
  }
}

/** The columns of a batch by name. All are made readable first: a view taken must not lose its memory to the next one. */
export function viewColumns(batch: Batch): Record<string, ColumnView> {
  const { memory } = batch.workspace.account;
  const { fields } = batch.schema;
  const columns = fields.map((_, index) => readableColumn(batch, index));
  return Object.fromEntries(
    fields.map((field, index) => [field.name, new ColumnView(memory, field, columns[index] as Column)]),
  );
}
