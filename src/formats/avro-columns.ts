// Values of Avro records → columns: unions with null, arrays, maps and records around the values of avro-values.ts. A nested
// value's parts are columns of their own:
//
//     array   offsets, and its items one behind the other        record   a column a field, a row each
//     map     the same of its entries, keys beside values
import { bitmapBytes, Column, type Workspace } from "../arrow/column.js";
import { listOf } from "../arrow/nested.js";
import { childFields, type Field, isNested, type NestedType } from "../arrow/types.js";
import type { AvroCursor } from "./avro-cursor.js";
import type { AvroColumn } from "./avro-schema.js";
import { type BadValue, type Buffers, flatValues, grownBytes, grownInts, Values } from "./avro-values.js";

/** Items that there is room for at first: most lists are short. */
const ITEMS_FIRST = 64;

/** Arrays, and maps: lists of keys and values. */
class Lists extends Values {
  readonly #type: NestedType;
  /** Of the items, or of keys and values. */
  readonly #parts: readonly ColumnReader[];
  #offsets = new Int32Array(1);
  #count = 0;
  #room = 0;

  constructor(type: NestedType, parts: readonly ColumnReader[]) {
    super();
    this.#type = type;
    this.#parts = parts;
  }

  begin(rows: number): void {
    this.#offsets = new Int32Array(rows + 1);
    this.#count = 0;
    this.#room = ITEMS_FIRST;
    for (const part of this.#parts) part.begin(ITEMS_FIRST);
  }

  grow(rows: number): void {
    this.#offsets = grownInts(this.#offsets, rows + 1);
  }

  /** Blocks of items up to one of none; a negative count is followed by the block's bytes. */
  read(cursor: AvroCursor, row: number): void {
    while (cursor.problem === null) {
      cursor.long();
      const { high, low } = cursor;
      if (high === 0 && low === 0) break;
      const count = Math.abs(high * 2 ** 32 + low);
      if (high >= 0) this.#readItems(cursor, count);
      else {
        const end = cursor.lengthBytes() + cursor.at;
        this.#readItems(cursor, count);
        if (cursor.at !== end) cursor.fail("the items of a list have other bytes than it claims");
      }
    }
    this.skip(row);
  }

  skip(row: number): void {
    this.#offsets[row + 1] = this.#count;
  }

  finish(workspace: Workspace, rows: number, bad: BadValue): Buffers {
    const { arena, memory } = workspace.account;
    const offsets = arena.allocate((rows + 1) * 4);
    memory.i32.set(this.#offsets.subarray(0, rows + 1), offsets >>> 2);
    const length = this.#offsets[rows] as number;
    const parts = this.#parts.map((part) => {
      return part.finish(workspace, length, (item, ...why) => bad(listOf(this.#offsets, 0, rows, item), ...why));
    });
    if (this.#type.kind === "array") return { values: 0, offsets, children: parts };
    const { type } = childFields(this.#type)[0] as Field;
    return { values: 0, offsets, children: [new Column({ type, length, values: 0, children: parts })] };
  }

  #readItems(cursor: AvroCursor, count: number): void {
    for (let i = 0; i < count && cursor.problem === null; i++) {
      if (this.#count === this.#room) {
        this.#room *= 2;
        for (const part of this.#parts) part.grow(this.#room);
      }
      const from = cursor.at;
      for (const part of this.#parts) if (cursor.problem === null) part.read(cursor, this.#count);
      // Items without bytes could be claimed without end.
      if (cursor.at === from) cursor.fail("an item of a list has no bytes");
      this.#count++;
    }
  }
}

/** Records within records. */
class Structs extends Values {
  readonly #parts: readonly ColumnReader[];

  constructor(parts: readonly ColumnReader[]) {
    super();
    this.#parts = parts;
  }

  begin(rows: number): void {
    for (const part of this.#parts) part.begin(rows);
  }

  grow(rows: number): void {
    for (const part of this.#parts) part.grow(rows);
  }

  read(cursor: AvroCursor, row: number): void {
    for (const part of this.#parts) if (cursor.problem === null) part.read(cursor, row);
  }

  skip(row: number): void {
    for (const part of this.#parts) part.skip(row);
  }

  finish(workspace: Workspace, rows: number, bad: BadValue): Buffers {
    return { values: 0, children: this.#parts.map((part) => part.finish(workspace, rows, bad)) };
  }
}

function valuesOf({ value, field, children }: AvroColumn): Values {
  const { type } = field;
  if (!isNested(type)) return flatValues(value, field);
  const parts = children.map((child) => new ColumnReader(child.field, child));
  return type.kind === "row" ? new Structs(parts) : new Lists(type, parts);
}

/** A field of a record as a column: of the table, or within another. */
export class ColumnReader {
  readonly #field: Field;
  readonly #column: AvroColumn;
  readonly #values: Values;
  #valid = new Uint8Array(0);
  #nulls = 0;

  /** @param field - the table's, of the column's type */
  constructor(field: Field, column: AvroColumn) {
    this.#field = field;
    this.#column = column;
    this.#values = valuesOf(column);
  }

  begin(rows: number): void {
    this.#values.begin(rows);
    this.#valid = new Uint8Array(bitmapBytes(rows)).fill(0xff);
    this.#nulls = 0;
  }

  grow(rows: number): void {
    this.#values.grow(rows);
    const before = this.#valid.length;
    this.#valid = grownBytes(this.#valid, bitmapBytes(rows)).fill(0xff, before);
  }

  read(cursor: AvroCursor, row: number): void {
    const { branches, nullBranch } = this.#column;
    if (branches > 0) {
      const branch = cursor.int();
      if (branch < 0 || branch >= branches) {
        cursor.fail("a union has no such branch");
        return;
      }
      if (branch === nullBranch) {
        this.#values.skip(row);
        this.#valid[row >>> 3] = (this.#valid[row >>> 3] as number) & ~(1 << (row & 7));
        this.#nulls++;
        return;
      }
    }
    this.#values.read(cursor, row);
  }

  /** What lies under a NULL of the record that it is a field of. */
  skip(row: number): void {
    this.#values.skip(row);
  }

  /** The first rows as a column in the arena. `bad` is told of rows that are not the field's. */
  finish(workspace: Workspace, rows: number, bad: BadValue): Column {
    const { account, kernels } = workspace;
    const { type, nullable, name } = this.#field;
    const { values, offsets = 0, children = [] } = this.#values.finish(workspace, rows, bad);
    let validity = 0;
    if (this.#nulls > 0) {
      validity = account.arena.allocate(bitmapBytes(rows));
      account.memory.u8.set(this.#valid.subarray(0, bitmapBytes(rows)), validity);
    }
    if (type.kind === "string" && kernels.checkUtf8(offsets, values, rows) < 0) {
      for (let row = 0; row < rows; row++) {
        if (kernels.checkUtf8(offsets + row * 4, values, 1) < 0) bad(row, "UTF8", `"${name}" is not UTF-8`);
      }
    }
    if (!nullable && validity !== 0) {
      for (let row = 0; row < rows; row++) {
        const isNull = (((this.#valid[row >>> 3] as number) >> (row & 7)) & 1) === 0;
        if (isNull) bad(row, "TYPE", `"${name}" is NULL in a NOT NULL column`);
      }
    }
    return new Column({ type, length: rows, values, offsets, validity, children });
  }
}
