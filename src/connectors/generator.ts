// Made-up rows, the same for the same seed whatever the batch size: row i of a column depends on the seed, the column and i
// alone. Event time runs at a fixed rate, shaken by up to `disorderMs`.
import { Batch } from "../arrow/batch.js";
import { Column, type Workspace } from "../arrow/column.js";
import { type ColumnData, columnFromData } from "../arrow/columns.js";
import { type Field, INT32, isTimestamp, type Schema, typeName, unitsPerMs } from "../arrow/types.js";
import { SchemaError } from "../errors.js";
import type { Poll, Source, SourceContext } from "../operators/source.js";
import type { Completion } from "../platform/platform.js";
import type { Connector, Table } from "../runtime/connector.js";
import type { StateValue } from "../state/snapshot.js";

/** What `mill.generate(options)` keeps with the table. */
type GeneratorOptions = {
  /** null: rows without end. */
  readonly rows: number | null;
  readonly seed: number;
  /** Event time of row 0, and rows a second of event time. */
  readonly startMs: number;
  readonly rowsPerSecond: number;
  /** A row's event time lies up to so much behind its turn. */
  readonly disorderMs: number;
  /** Distinct values of every string and integer column. */
  readonly distinct: number;
  /** Share of NULLs in nullable columns, 0 to 1; event time is never NULL. */
  readonly nulls: number;
};

export const generator: Connector = {
  name: "generator",
  resolve: ({ ref }: Table<GeneratorOptions>, schema) =>
    Promise.resolve({ schema: schema as Schema, bounded: ref.options.rows !== null }),
  source: (table: Table<GeneratorOptions>, schema) => new GeneratorSource(table, schema),
};

class GeneratorSource implements Source {
  readonly schema: Schema;
  readonly mayIdle = false;
  readonly #options: GeneratorOptions;
  #context!: SourceContext;
  #columns: readonly GeneratedColumn[] = [];
  #row = 0;

  constructor({ ref }: Table<GeneratorOptions>, schema: Schema) {
    this.schema = schema;
    this.#options = ref.options;
  }

  open(context: SourceContext): void {
    this.#context = context;
    this.#columns = this.schema.fields.map((field) => new GeneratedColumn(context.workspace, field, this.#options));
    context.split({ split: 0, status: "active" });
  }

  poll(): Poll {
    const { rows } = this.#options;
    const { workspace, batchRowsMax } = this.#context;
    const count = Math.min(batchRowsMax, (rows ?? Number.POSITIVE_INFINITY) - this.#row);
    if (count === 0) return "done";
    const columns = this.#columns.map((column) => column.make(this.#row, count));
    this.#row += count;
    return new Batch(workspace, this.schema, columns, count);
  }

  snapshot(): StateValue {
    return this.#row;
  }

  restore(state: StateValue): void {
    this.#row = state as number;
  }

  progress(): { doneBytes: number; totalBytes: null } {
    return { doneBytes: 0, totalBytes: null };
  }

  close(done: Completion<void>): void {
    for (const column of this.#columns) column.close();
    done(null);
  }
}

/** Distances between the seeds of columns, and of a column's values and its NULLs: any large odd numbers. */
const COLUMN_STEP = 0x9e3779b1;
const NULLS_STEP = 0x85ebca6b;

class GeneratedColumn {
  readonly #workspace: Workspace;
  readonly #field: Field;
  readonly #options: GeneratorOptions;
  readonly #seed: number;
  /** The strings of a string column, made once: their codes are drawn. */
  readonly #dictionary: Column | null;

  /** @throws UNSUPPORTED for types that have no made-up values */
  constructor(workspace: Workspace, field: Field, options: GeneratorOptions) {
    this.#workspace = workspace;
    this.#field = field;
    this.#options = options;
    this.#seed = Math.imul(options.seed ^ hashOf(field.name), COLUMN_STEP);
    const { distinct } = options;
    const text = (_: unknown, i: number) => `${field.name}-${i}`;
    this.#dictionary =
      field.type.kind === "string"
        ? columnFromData(workspace, field, Array.from({ length: distinct }, text), 0, distinct, "region")
        : null;
  }

  make(firstRow: number, count: number): Column {
    const field = this.#dictionary === null ? this.#field : { ...this.#field, type: INT32 };
    const values = this.#values(firstRow, count);
    const validity = this.#validity(firstRow, count);
    const data: ColumnData = validity === null ? values : { values, validity };
    const column = columnFromData(this.#workspace, field, data, 0, count, "arena");
    if (this.#dictionary === null) return column;
    return new Column({ ...column, type: this.#field.type, dictionary: this.#dictionary });
  }

  close(): void {
    this.#dictionary?.region?.release();
  }

  #values(firstRow: number, count: number): ArrayLike<unknown> {
    const { type } = this.#field;
    const { distinct, startMs, rowsPerSecond, disorderMs } = this.#options;
    const chance = (i: number) => unit(this.#seed, firstRow + i);
    const each = <T extends { [i: number]: number }>(array: T, value: (i: number) => number): T => {
      for (let i = 0; i < count; i++) array[i] = value(i);
      return array;
    };
    if (isTimestamp(type)) {
      const scale = unitsPerMs(type);
      return longs(count, (i) => {
        const turnMs = startMs + Math.floor(((firstRow + i) * 1000) / rowsPerSecond);
        return (turnMs - Math.floor(chance(i) * (disorderMs + 1))) * scale;
      });
    }
    const drawn = (i: number) => Math.floor(chance(i) * distinct);
    switch (type.kind) {
      case "string":
      case "int32":
        return each(new Int32Array(count), drawn);
      case "int8":
        return each(new Int8Array(count), (i) => drawn(i) % 128);
      case "int16":
        return each(new Int16Array(count), (i) => drawn(i) % 32768);
      case "int64":
        return longs(count, drawn);
      case "float32":
        return each(new Float32Array(count), (i) => chance(i) * 100);
      case "float64":
        return each(new Float64Array(count), (i) => chance(i) * 100);
      case "boolean":
        return Array.from({ length: count }, (_, i) => chance(i) < 0.5);
      case "date":
        return each(new Int32Array(count), (i) => Math.floor(startMs / 86_400_000) + (drawn(i) % 365));
      case "time":
        return each(new Int32Array(count), (i) => Math.floor(chance(i) * 86_400_000));
      default:
        throw new SchemaError("UNSUPPORTED", `no made-up values for ${this.#field.name} ${typeName(type)}`, {
          hint: "BOOLEAN, integers, FLOAT, DOUBLE, STRING, DATE, TIME, TIMESTAMP",
        });
    }
  }

  #validity(firstRow: number, count: number): Uint8Array | null {
    const { nulls } = this.#options;
    if (nulls === 0 || !this.#field.nullable || isTimestamp(this.#field.type)) return null;
    const validity = new Uint8Array((count + 7) >> 3);
    const seed = Math.imul(this.#seed, NULLS_STEP) ^ 1;
    for (let i = 0; i < count; i++) {
      if (unit(seed, firstRow + i) >= nulls) validity[i >> 3] = (validity[i >> 3] as number) | (1 << (i & 7));
    }
    return validity;
  }
}

/** 64-bit integers from numbers below 2^53, without a BigInt a value. */
function longs(count: number, value: (i: number) => number): BigInt64Array {
  const array = new BigInt64Array(count);
  const words = new Int32Array(array.buffer);
  for (let i = 0; i < count; i++) {
    const whole = value(i);
    const low = whole >>> 0;
    words[2 * i] = low;
    words[2 * i + 1] = (whole - low) / 4_294_967_296;
  }
  return array;
}

/** Number `index` of the sequence of `seed`, in [0, 1): mulberry32 (public domain), which needs no earlier numbers. */
function unit(seed: number, index: number): number {
  const state = (seed + Math.imul(index + 1, 0x6d2b79f5)) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

/** FNV-1a of a name, so that columns do not depend on their order or on which of them are read. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash;
}
