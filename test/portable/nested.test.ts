// ARRAY, MAP and ROW columns: rows in and out, slices at any bit, selections, persisting, Arrow. The oracle is the rows.
import * as arrow from "apache-arrow";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { batchFromColumns, RowBuilder } from "../../src/arrow/builder.js";
import { Column, copyColumn } from "../../src/arrow/column.js";
import { readColumn, readRows, type Value } from "../../src/arrow/rows.js";
import { BatchTable } from "../../src/arrow/table.js";
import { compactColumn } from "../../src/arrow/take.js";
import { arrayOf, field, INT32, mapOf, parseSchema, STRING, schemaLiteral, schemaOf } from "../../src/arrow/types.js";
import { fromArrow, readIpc, toArrow, toTable, writeIpc } from "../../src/arrow.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { MemoryAccount } from "../../src/wasm/memory.js";
import { type Rows, rowsArbitrary } from "../support/nested.js";

describe.each([true, false])("shared memory: %s", async (shared) => {
  const { workspace, account, kernels, memory } = await openTestWorkspace({ shared });
  const { arena } = account;
  // The arena keeps its first chunk: it is there before anything is counted.
  arena.allocate(1);
  const idleBytes = account.usedBytes;

  const build = ({ schema, rows }: Rows): Batch => {
    const builder = new RowBuilder(workspace, schema);
    try {
      return builder.build(rows).persist();
    } finally {
      builder.close();
    }
  };
  const read = (batch: Batch): Record<string, Value>[] => readRows(batch, { bigint: true });
  /** Builds the rows, gives them to `act`, and proves that nothing is left behind. */
  const using = (data: Rows, act: (batch: Batch) => void): void => {
    const before = account.usedBytes;
    const batch = build(data);
    try {
      act(batch);
    } finally {
      batch.release();
      arena.reset();
    }
    expect(account.usedBytes).toBe(before);
  };

  test("rows come out as they went in", () => {
    fc.assert(fc.property(rowsArbitrary(), (data) => using(data, (batch) => expect(read(batch)).toEqual(data.rows))));
  });

  test("whole columns, too", () => {
    fc.assert(
      fc.property(rowsArbitrary(), ({ schema, rows }) => {
        const columns = schema.fields.map(({ name }): [string, Value[]] => [
          name,
          rows.map((row) => row[name] as Value),
        ]);
        const batch = batchFromColumns(workspace, schema, Object.fromEntries(columns));
        expect(schema.fields.map((_, index) => readColumn(batch, index, { bigint: true }))).toEqual(
          columns.map(([, values]) => values),
        );
        arena.reset();
      }),
    );
  });

  test("slices of slices, selections and persisted parts", () => {
    const cut = fc.tuple(fc.nat(), fc.nat(), fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }));
    fc.assert(
      fc.property(rowsArbitrary(), cut, cut, (data, first, second) => {
        using(data, (batch) => {
          let part = batch;
          let rows: readonly Record<string, Value>[] = data.rows;
          for (const [a, b, flags] of [first, second]) {
            const start = a % (rows.length + 1);
            const end = start + (b % (rows.length - start + 1));
            part = part.slice(start, end);
            rows = rows.slice(start, end);
            expect(read(part)).toEqual(rows);
            const kept = rows.flatMap((_, row) => (flags[row] ? [row] : []));
            const selection = arena.allocate(kept.length * 4);
            memory.u32.set(kept, selection >>> 2);
            part = part.select(selection, kept.length);
            rows = kept.map((row) => rows[row] as Record<string, Value>);
            expect(read(part)).toEqual(rows);
            expect(part.sizeBytes).toBeGreaterThanOrEqual(0);
          }
          const own = part.persist();
          arena.reset();
          expect(read(own)).toEqual(rows);
          own.release();
        });
      }),
    );
  });

  test("a table keeps a copy in memory of its own", () => {
    fc.assert(
      fc.property(rowsArbitrary(), fc.nat(), ({ schema, rows }, at) => {
        const home = { account: new MemoryAccount(memory), kernels };
        const table = new BatchTable(home);
        const start = at % (rows.length + 1);
        using({ schema, rows }, (batch) => table.add(schema, [table.copy(batch.slice(start, rows.length))]));
        expect(table.rows({ bigint: true })).toEqual(rows.slice(start));
        table.release();
        home.account.arena.release();
        expect(home.account.usedBytes).toBe(0);
      }),
    );
  });

  test("apache-arrow reads what the rows hold, and its bytes come back as they were", () => {
    fc.assert(
      fc.property(rowsArbitrary(), fc.nat(), (data, at) => {
        using(data, (batch) => {
          const { length } = data.rows;
          const start = at % (length + 1);
          const part = batch.slice(start, length);
          const rows = data.rows.slice(start);
          const table = toTable(data.schema, [part]);
          expect(foreign(table, data)).toEqual(rows);
          expect(foreign(new arrow.Table([toArrow(part)]), data)).toEqual(rows);
          for (const format of ["stream", "file"] as const) {
            const back = fromArrow(workspace, readIpc(writeIpc(data.schema, [part], format)));
            expect(back.map(({ schema }) => schemaLiteral(schema))).toEqual([schemaLiteral(data.schema)]);
            expect(back.flatMap(read)).toEqual(rows);
            for (const one of back) one.release();
          }
          // Arrow's own slices begin anywhere.
          const middle = length >> 1;
          const sliced = fromArrow(workspace, toTable(data.schema, [batch]).slice(middle));
          expect(sliced.flatMap(read)).toEqual(data.rows.slice(middle));
          for (const one of sliced) one.release();
        });
      }),
      { numRuns: 60 },
    );
  });

  test("lists of other layouts: fixed-size, large, with elements under NULLs", () => {
    const item = new arrow.Field("item", new arrow.Int32(), true);
    const child = arrow.makeData({ type: new arrow.Int32(), data: new Int32Array([1, 2, 3, 4, 5, 6]) });
    const imported = (data: arrow.Data): Value[] => {
      const batches = fromArrow(workspace, new arrow.Table({ x: new arrow.Vector([data]) }));
      const values = batches.flatMap((batch) => readColumn(batch, 0));
      const own = batches.map((batch) => compactColumn(workspace, batch.column(0)).children[0]?.length);
      for (const batch of batches) batch.release();
      arena.reset();
      return [...values, ...own.map((length) => length ?? null)];
    };
    const fixed = arrow.makeData({ type: new arrow.FixedSizeList(2, item), length: 3, nullCount: 0, child });
    expect(imported(fixed)).toEqual([[1, 2], [3, 4], [5, 6], 6]);
    expect(imported(fixed.slice(1, 2))).toEqual([[3, 4], [5, 6], 4]);
    const valueOffsets = new Int32Array([0, 2, 5, 6]);
    const nullBitmap = new Uint8Array([0b101]);
    const hidden = arrow.makeData({
      type: new arrow.List(item),
      length: 3,
      nullCount: 1,
      nullBitmap,
      valueOffsets,
      child,
    });
    expect(imported(hidden)).toEqual([[1, 2], null, [6], 3]);
    expect(account.usedBytes).toBe(idleBytes);
  });

  test("lists that contradict themselves are ARROW_INVALID, and nothing is left behind", () => {
    const item = new arrow.Field("item", new arrow.Int32(), true);
    const child = arrow.makeData({ type: new arrow.Int32(), data: new Int32Array([1, 2]) });
    const list = (offsets: number[], length = offsets.length - 1) => {
      const valueOffsets = new Int32Array(offsets);
      return arrow.makeData({ type: new arrow.List(item), length, nullCount: 0, valueOffsets, child });
    };
    for (const data of [list([0, 3]), list([0, 2, 1]), list([-1, 1]), list([0, 1], 3)]) {
      expect(() => fromArrow(workspace, new arrow.Table({ x: new arrow.Vector([data]) }))).toThrow(/column "x"/);
      expect(account.usedBytes).toBe(idleBytes);
    }
  });

  test("what does not fit is refused by its path and row", () => {
    const schema = parseSchema({ tags: "ARRAY<INT>", at: "ROW<x INT NOT NULL, `y z` STRING>", m: "MAP<STRING, INT>" });
    const refused = (...rows: Record<string, unknown>[]): string => {
      const builder = new RowBuilder(workspace, schema);
      try {
        builder.build(rows);
      } catch (error) {
        return (error as Error).message;
      } finally {
        builder.close();
        arena.reset();
      }
      return "";
    };
    expect(refused({ tags: [1] }, { tags: [] }, { tags: [2, "x"] })).toBe('column "tags[]", row 2: "x" is no INT');
    expect(refused({ tags: "x" })).toBe('column "tags", row 0: "x" is no ARRAY<INT>');
    expect(refused({ at: null }, { at: { x: 1.5 } })).toBe('column "at.x", row 1: 1.5 is no INT');
    expect(refused({ at: {} })).toBe('column "at", row 0: an Object is no ROW<x INT NOT NULL, `y z` STRING>');
    expect(refused({ m: { a: 1 } }, { m: new Map([[1, 1]]) })).toBe('column "m.key", row 1: 1 is no STRING');
    expect(refused({ m: [1] })).toBe('column "m", row 0: an Array is no MAP<STRING, INT>');
    expect(refused({ m: { a: "1" } })).toBe('column "m.value", row 0: "1" is no INT');
    // What is taken: typed arrays, plain objects as maps, rows by position.
    expect(refused({ tags: new Int32Array([1]), m: { a: 1 }, at: [1, "y"] })).toBe("");
  });

  test("a dictionary of lists, whose codes may be NULL", () => {
    const schema = schemaOf([field("x", arrayOf(INT32)), field("m", mapOf(STRING, INT32))]);
    const lists = [[1, 2], [], [3]];
    const maps = [new Map([["a", 1]])];
    const codes = { x: { codes: [2, -1, 0, 1], values: lists }, m: { codes: [-1, 0, -1, 0], values: maps } };
    const batch = batchFromColumns(workspace, schema, codes);
    expect(readColumn(batch, 0)).toEqual([[3], null, [1, 2], []]);
    expect(readColumn(batch, 1)).toEqual([null, maps[0], null, maps[0]]);
    const none = batchFromColumns(workspace, schema, { x: { codes: [-1], values: [] }, m: [null] });
    expect(read(none)).toEqual([{ x: null, m: null }]);
    arena.reset();
  });

  test("a copy holds the elements of its rows and no others", () => {
    const schema = schemaOf([field("x", arrayOf(INT32))]);
    const rows = Array.from({ length: 1000 }, (_, i) => ({ x: [i, i, i] }));
    using({ schema, rows }, (batch) => {
      const copy = copyColumn(workspace, batch.slice(10, 12).column(0));
      expect(copy.children[0]).toBeInstanceOf(Column);
      expect(copy.children[0]?.length).toBe(6);
      copy.region?.release();
      copy.children[0]?.region?.release();
    });
  });
});

/** The rows of an Arrow table as apache-arrow itself reads them, in the types that our rows have. */
function foreign(table: arrow.Table, { schema }: Rows): Record<string, Value>[] {
  return Array.from({ length: table.numRows }, (_, row) => {
    return record(schema.fields.map(({ name, type }, index) => [name, plain(table.getChildAt(index)?.get(row), type)]));
  });
}

function record(entries: readonly (readonly [string, Value])[]): Record<string, Value> {
  const result: Record<string, Value> = {};
  for (const [name, value] of entries) {
    Object.defineProperty(result, name, { value, writable: true, enumerable: true, configurable: true });
  }
  return result;
}

function plain(value: unknown, type: Rows["schema"]["fields"][number]["type"]): Value {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case "timestamp":
      return new Date(Number(value));
    case "decimal": {
      const [a = 0, b = 0, c = 0, d = 0] = value as Uint32Array;
      const units = (BigInt(d | 0) << 96n) | (BigInt(c) << 64n) | (BigInt(b) << 32n) | BigInt(a);
      const digits = String(units);
      return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
    }
    case "array": {
      const vector = value as arrow.Vector;
      return Array.from({ length: vector.length }, (_, i) => plain(vector.get(i), type.element.type));
    }
    case "map": {
      const entries = [...(value as arrow.MapRow)] as [unknown, unknown][];
      return new Map(entries.map(([key, inner]) => [plain(key, type.key.type), plain(inner, type.value.type)]));
    }
    case "row": {
      const values = [...(value as arrow.StructRow)].map((entry) => (entry as [unknown, unknown])[1]);
      return record(type.fields.map((inner, index) => [inner.name, plain(values[index], inner.type)]));
    }
    default:
      return value as Value;
  }
}
