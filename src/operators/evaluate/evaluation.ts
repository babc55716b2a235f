// One evaluation of an expression over a batch: vectors in the arena, the rows that count, the rows that failed. Every
// family of functions (arithmetic.ts, compare.ts …) is written against this file.
import { bitmapBytes, CHILDLESS, Column, type Workspace } from "../../arrow/column.js";
import { decodeDictionary } from "../../arrow/take.js";
import { type DataType, type Layout, layoutOf, widthOf } from "../../arrow/types.js";
import type { ErrorCode } from "../../errors.js";
import type { BoundExpr } from "../../plan/expr.js";
import type { Kernels } from "../../wasm/kernels.js";
import type { Arena, LinearMemory } from "../../wasm/memory.js";

/**
 * The value of an expression for every row, in Arrow's layout and without dictionary. A constant has one value, repeated
 * to 16 bytes (strings: two offsets); bitmaps, its validity too, always have a bit a row.
 */
export class Vector {
  readonly type: DataType;
  readonly layout: Layout;
  readonly values: number;
  /** Bitmap of the rows that are not NULL; 0 when none is. */
  readonly validity: number;
  readonly offsets: number;
  readonly constant: boolean;
  /** Of nested types, as in a column. */
  readonly children: readonly Column[];

  constructor(
    type: DataType,
    values: number,
    validity = 0,
    offsets = 0,
    constant = false,
    children: readonly Column[] = CHILDLESS,
  ) {
    this.type = type;
    this.layout = layoutOf(type);
    this.values = values;
    this.validity = validity;
    this.offsets = offsets;
    this.constant = constant;
    this.children = children;
  }

  /** Bytes from one row to the next, for kernels: of values, or of the offsets of strings. */
  get step(): number {
    if (this.constant) return 0;
    return this.layout === "utf8" ? 4 : widthOf(this.layout);
  }

  /** The same values with other nulls. */
  withValidity(validity: number): Vector {
    return new Vector(this.type, this.values, validity, this.offsets, this.constant, this.children);
  }

  /** The same bytes read as another type of the same layout. */
  as(type: DataType): Vector {
    return new Vector(type, this.values, this.validity, this.offsets, this.constant, this.children);
  }
}

/** Evaluates one node; `rows` is the bitmap of rows that count, 0 for all. Other rows get any value and never fail. */
export type Compute = (run: Evaluation, rows: number) => Vector;

export type BoundCall = Extract<BoundExpr, { kind: "call" }>;

/** Compiles a call whose arguments are compiled. */
export type Family = (call: BoundCall, args: readonly Compute[]) => Compute;

/** Rows that failed for one reason. */
export interface RowFailure {
  readonly code: ErrorCode;
  /** The bitmap of the rows; a row stands in one failure only, its first. */
  readonly rows: number;
  /** The expression that failed. */
  readonly text: string;
}

/** All failures of one batch, over all its expressions. */
export class RowFailures {
  readonly #workspace: Workspace;
  readonly #n: number;
  readonly list: RowFailure[] = [];
  /** Bitmap of every failed row, 0 while there is none. */
  rows = 0;

  constructor(workspace: Workspace, n: number) {
    this.#workspace = workspace;
    this.#n = n;
  }

  add(code: ErrorCode, rows: number, text: string): void {
    const { kernels } = this.#workspace;
    const { arena } = this.#workspace.account;
    if (this.rows === 0) {
      this.rows = rows;
      this.list.push({ code, rows, text });
      return;
    }
    const fresh = arena.allocate(bitmapBytes(this.#n));
    kernels.andNotBitmaps(rows, this.rows, this.#n, fresh);
    if (kernels.countBits(fresh, this.#n) === 0) return;
    const all = arena.allocate(bitmapBytes(this.#n));
    kernels.orBitmaps(rows, this.rows, this.#n, all);
    this.rows = all;
    this.list.push({ code, rows: fresh, text });
  }
}

export class Evaluation {
  readonly workspace: Workspace;
  readonly kernels: Kernels;
  readonly arena: Arena;
  readonly memory: LinearMemory;
  readonly n: number;
  readonly failures: RowFailures;
  readonly #column: (index: number) => Column;
  #ones = 0;
  #zeros = 0;

  /** `column` gives the inputs, dictionaries not decoded. */
  constructor(
    workspace: Workspace,
    n: number,
    column: (index: number) => Column,
    failures = new RowFailures(workspace, n),
  ) {
    this.workspace = workspace;
    this.kernels = workspace.kernels;
    this.arena = workspace.account.arena;
    this.memory = workspace.account.memory;
    this.n = n;
    this.failures = failures;
    this.#column = column;
  }

  input(index: number): Column {
    return this.#column(index);
  }

  /** Room for n values of a type that is not a string. */
  room(type: DataType): number {
    const layout = layoutOf(type);
    return layout === "bool" ? this.bitmap() : this.arena.allocate(this.n * widthOf(layout));
  }

  /** Room for a bit a row. */
  bitmap(): number {
    return this.arena.allocate(bitmapBytes(this.n));
  }

  /** A bitmap of ones, to be read only. */
  get ones(): number {
    if (this.#ones === 0) this.#ones = this.#filled(0xff);
    return this.#ones;
  }

  /** A bitmap of zeros, to be read only. */
  get zeros(): number {
    if (this.#zeros === 0) this.#zeros = this.#filled(0);
    return this.#zeros;
  }

  #filled(byte: number): number {
    const ptr = this.bitmap();
    this.memory.u8.fill(byte, ptr, ptr + bitmapBytes(this.n));
    return ptr;
  }

  count(bits: number): number {
    return bits === 0 ? this.n : this.kernels.countBits(bits, this.n);
  }

  /** Rows of both; 0 stands for all rows. */
  and(a: number, b: number): number {
    if (a === 0 || b === 0 || a === b) return a === 0 ? b : a;
    const out = this.bitmap();
    this.kernels.andBitmaps(a, b, this.n, out);
    return out;
  }

  /** Rows of a that are not in b; a = 0 stands for all rows. */
  andNot(a: number, b: number): number {
    const out = this.bitmap();
    this.kernels.andNotBitmaps(a === 0 ? this.ones : a, b, this.n, out);
    return out;
  }

  or(a: number, b: number): number {
    const out = this.bitmap();
    this.kernels.orBitmaps(a, b, this.n, out);
    return out;
  }

  not(a: number): number {
    const out = this.bitmap();
    this.kernels.notBitmap(a, this.n, out);
    return out;
  }

  /** Rows where a BOOLEAN is TRUE. */
  truth(vector: Vector): number {
    return this.and(vector.values, vector.validity);
  }

  /**
   * Notes that `failing` rows have no value, as far as they count, and makes them NULL, so that nothing above them fails
   * again. `code` null: not an error but a NULL (TRY_CAST).
   */
  fail(vector: Vector, code: ErrorCode | null, failing: number, rows: number, text: string): Vector {
    const counted = this.and(this.and(failing, rows), vector.validity);
    if (this.count(counted) === 0) return vector;
    if (code !== null) this.failures.add(code, counted, text);
    return vector.withValidity(this.andNot(vector.validity, counted));
  }

  /** A column of another layout than dictionary codes, as a vector. */
  vectorOf(column: Column): Vector {
    return new Vector(column.type, column.values, column.validity, column.offsets, false, column.children);
  }

  /** The vector as a column: constants are repeated, strings as a dictionary of one. */
  columnOf(vector: Vector): Column {
    const { type, validity } = vector;
    const length = this.n;
    const parts = { type, length, validity };
    if (vector.layout === "none") return new Column({ ...parts, values: 0, validity: this.zeros });
    if (!vector.constant || vector.layout === "bool") {
      return new Column({ ...parts, values: vector.values, offsets: vector.offsets, children: vector.children });
    }
    if (vector.layout === "utf8") {
      const dictionary = new Column({ type, length: 1, values: vector.values, offsets: vector.offsets });
      const coded = new Column({ ...parts, values: this.arena.allocateZeroed(length * 4), dictionary });
      // Only texts are read through a dictionary.
      return type.kind === "string" ? coded : decodeDictionary(this.workspace, coded);
    }
    const width = widthOf(vector.layout);
    const values = this.room(type);
    const { u8 } = this.memory;
    u8.copyWithin(values, vector.values, vector.values + width);
    // Doubles what is there until it fills the column.
    for (let done = width; done < length * width; done *= 2) {
      u8.copyWithin(values + done, values, values + Math.min(done, length * width - done));
    }
    return new Column({ ...parts, values });
  }
}
