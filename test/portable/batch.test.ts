// Batches: slices at any bit, selections of selections, persisting and releasing, dictionaries. The oracle is an array of rows.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Batch } from "../../src/arrow/batch.js";
import { batchFromColumns } from "../../src/arrow/builder.js";
import { bitmapBytes, Column } from "../../src/arrow/column.js";
import type { ColumnData } from "../../src/arrow/columns.js";
import { readColumn, readRows, type Value } from "../../src/arrow/rows.js";
import { decodeDictionary } from "../../src/arrow/take.js";
import { parseSchema } from "../../src/arrow/types.js";
import { formatBatch, openTestWorkspace } from "../../src/testing/index.js";
import { MemoryAccount } from "../../src/wasm/memory.js";

const SCHEMA = parseSchema({
  ...{
    flag: "BOOLEAN",
    always: "BOOLEAN NOT NULL",
    i1: "TINYINT",
    i2: "SMALLINT",
    i4: "INT",
    i8: "BIGINT",
    f4: "FLOAT",
  },
  ...{ f8: "DOUBLE", wide: "DECIMAL(38, 3)", s: "STRING", k: "STRING", b: "BYTES", at: "TIMESTAMP(6)" },
});

type Row = Record<string, Value>;

/** Rows of every layout; about every third cell is NULL, by column and row. */
function rowsOf(count: number): Row[] {
  return Array.from({ length: count }, (_, i) => {
    const cells: Row = {
      ...{
        flag: i % 3 === 0,
        always: i % 2 === 0,
        i1: (i % 256) - 128,
        i2: (i % 60_000) - 30_000,
        i4: i * 7,
        i8: BigInt(i) * 10n ** 14n,
      },
      ...{
        f4: i / 4,
        f8: i / 3,
        wide: `${i + 1}00000000000000000000.125`,
        s: `text ${"ü".repeat(i % 5)}${i}`,
        k: `key ${i % 4}`,
      },
      ...{ b: new Uint8Array([i, i >> 8]), at: `2020-01-01T00:00:00.${String(i).padStart(6, "0")}` },
    };
    return Object.fromEntries(
      Object.entries(cells).map(([name, value], index) => [
        name,
        name !== "always" && (i * 5 + index) % 3 === 0 ? null : value,
      ]),
    );
  });
}

/** More rows than 16 bits count, made once for both kinds of memory. */
const MANY = rowsOf(65_537);

describe.each([true, false])("shared memory: %s", async (shared) => {
  const { workspace, account, kernels, batch } = await openTestWorkspace({ shared });
  const { arena, memory } = account;

  function build(rows: readonly Row[]): Batch {
    const columns = SCHEMA.fields.map(({ name }): [string, ColumnData] => {
      const values = rows.map((row) => row[name] as Value);
      if (name !== "k") return [name, values];
      const distinct = [...new Set(values.filter((value) => value !== null))];
      return [name, { codes: values.map((value) => distinct.indexOf(value as string)), values: distinct }];
    });
    return batchFromColumns(workspace, SCHEMA, Object.fromEntries(columns), { lifetime: "region" });
  }

  const select = (rows: Batch, numbers: readonly number[]): Batch => {
    const ptr = arena.allocate(numbers.length * 4);
    memory.u32.set(numbers, ptr >>> 2);
    return rows.select(ptr, numbers.length);
  };

  const read = (rows: Batch) => readRows(rows, { bigint: true });

  test("S101 slices at any bit offset hold the rows of the oracle", () => {
    const rows = rowsOf(70);
    const whole = build(rows);
    for (let start = 0; start <= 33; start++) {
      for (const end of [start, start + 1, start + 8, 70])
        expect(read(whole.slice(start, end))).toEqual(rows.slice(start, end));
      arena.reset();
    }
    expect(read(whole.slice(3, 60).slice(5, 50).slice(1, 2))).toEqual(rows.slice(9, 10));
    whole.release();
  });

  test("any chain of slices, selections and copies holds the rows of the oracle", () => {
    const step = fc.record({
      kind: fc.constantFrom("slice", "select", "persist"),
      a: fc.nat(),
      b: fc.nat(),
      seed: fc.nat(),
    });
    const rows = rowsOf(100);
    const whole = build(rows);
    arena.reset();
    const usedBytes = account.usedBytes;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
        let current = whole;
        let expected: Row[] = rows;
        const kept: Batch[] = [];
        for (const { kind, a, b, seed } of steps) {
          const count = expected.length;
          if (kind === "slice") {
            const [start, end] = [a % (count + 1), b % (count + 1)].sort((x, y) => x - y) as [number, number];
            current = current.slice(start, end);
            expected = expected.slice(start, end);
          } else if (kind === "select") {
            const numbers = expected.map((_, i) => i).filter((i) => ((i + seed) * 2654435761) % 3 !== 0);
            current = select(current, numbers);
            expected = numbers.map((i) => expected[i] as Row);
          } else {
            current = current.persist();
            kept.push(current);
            arena.reset();
          }
        }
        expect(current.rowCount).toBe(expected.length);
        expect(read(current)).toEqual(expected);
        for (const one of kept) one.release();
        arena.reset();
        expect(account.usedBytes).toBe(usedBytes);
      }),
      { numRuns: 300 },
    );
    whole.release();
  });

  test("65,537 rows, one row and no row", () => {
    for (const rows of [MANY, rowsOf(1), []]) {
      const count = rows.length;
      const whole = build(rows);
      const kept = select(
        whole,
        Array.from({ length: Math.floor(count / 2) }, (_, i) => 2 * i + 1),
      ).persist();
      expect(kept.rowCount).toBe(Math.floor(count / 2));
      expect(readColumn(kept, 9)).toEqual(rows.filter((_, i) => i % 2 === 1).map((row) => row.s));
      expect(readColumn(kept, 0)).toEqual(rows.filter((_, i) => i % 2 === 1).map((row) => row.flag));
      kept.release();
      whole.release();
      arena.reset();
    }
  });

  test("a column picked, replaced or moved to another split keeps its rows", () => {
    const whole = batch`a:INT b:STRING c:DOUBLE | 1 x 0.5 | 2 y 1.5 | 3 z 2.5`;
    const picked = select(whole, [0, 2]).pick(parseSchema({ c: "DOUBLE", again: "STRING" }), [2, 1]);
    expect(formatBatch(picked)).toBe("c:DOUBLE again:STRING\n| 0.5 x\n| 2.5 z");
    const replaced = picked.withColumns(parseSchema({ only: "STRING" }), [picked.column(1)]);
    expect(formatBatch(replaced)).toBe("only:STRING\n| x\n| z");
    expect(picked.within(workspace, 7).split).toBe(7);
    expect(picked.within(workspace, 7).slice(0, 1).persist().split).toBe(7);
  });

  test("persisting shares regions, copies what lies in the arena, and the last release frees it", () => {
    arena.reset();
    const empty = account.usedBytes;
    const whole = build(rowsOf(40));
    const held = account.usedBytes;
    const again = whole.persist();
    expect(account.usedBytes).toBe(held);
    const tail = whole.slice(9, 40).persist();
    expect(account.usedBytes).toBeGreaterThan(held);
    whole.release();
    again.release();
    expect(read(tail)).toEqual(rowsOf(40).slice(9));
    tail.release();
    arena.reset();
    expect(account.usedBytes).toBe(empty);
  });

  test("codes in a region over a dictionary in the arena are copied together", () => {
    const plain = batch`k:STRING | b | a`;
    const codes = batch`c:INT | 1 | 0 | 1`;
    const inArena = select(batch`k:STRING | a | b | c`, [0, 1]).column(0);
    const mixed = new Column({ ...codes.column(0), type: plain.column(0).type, dictionary: inArena });
    const kept = new Batch(workspace, plain.schema, [mixed], 3).persist();
    memory.u8.fill(0xaa, inArena.values, inArena.values + 2);
    arena.reset();
    expect(readColumn(kept, 0)).toEqual(["b", "a", "b"]);
    kept.release();
  });

  test("codes under NULLs may be anything", () => {
    const rows = batch`k:STRING# | a | NULL | b | NULL`;
    const column = rows.column(0);
    memory.i32[(column.values >>> 2) + 1] = 0x7fffffff;
    memory.i32[(column.values >>> 2) + 3] = -5;
    const plain = decodeDictionary(workspace, column);
    expect(plain.dictionary).toBe(null);
    const decoded = new Batch(workspace, rows.schema, [plain], 4);
    expect(readColumn(decoded, 0)).toEqual(["a", null, "b", null]);
    expect(readColumn(rows, 0)).toEqual(["a", null, "b", null]);
    expect(readColumn(select(rows, [1, 2]), 0)).toEqual([null, "b"]);
  });

  test("bits past the end of a bitmap may be anything", () => {
    const rows = batch`a:INT flag:BOOLEAN | 1 true | NULL NULL | 3 false`;
    const [a, flag] = [rows.column(0), rows.column(1)];
    for (const ptr of [a.validity, flag.validity, flag.values]) {
      memory.u8[ptr] = (memory.u8[ptr] as number) | 0b11111000;
      memory.u8[ptr + bitmapBytes(3)] = 0xff;
    }
    expect(read(rows.slice(1, 3).persist())).toEqual([
      { a: null, flag: null },
      { a: 3, flag: false },
    ]);
  });

  test("sizes count what the rows span, not the memory they share", () => {
    const rows = batch`a:BIGINT s:STRING | 1 abc | NULL de`;
    // Bitmap 1 + 2 × 8; text 5 + 3 offsets × 4.
    expect(rows.sizeBytes).toBe(17 + 17);
    expect(rows.slice(1, 2).sizeBytes).toBe(9 + 10);
  });

  test("broken promises are caught: columns and rows out of range, releasing what was not persisted", () => {
    const rows = batch`a:INT | 1 | 2`;
    expect(() => rows.column(1)).toThrow(/column 1 of 1/);
    expect(() => rows.slice(1, 3)).toThrow(/slice 1…3 of 2 rows/);
    expect(() =>
      select(rows, [0])
        .slice(0, 1)
        .pick(rows.schema, [0])
        .withColumns(rows.schema, [select(rows, [0]).column(0)])
        .release(),
    ).toThrow(/not persisted/);
    expect(kernels.takeU32).toBeTypeOf("function");
  });
});

describe.each([true, false])("dictionaries without values, shared memory: %s", (shared) => {
  test.each(["STRING", "BYTES", "BIGINT", "DECIMAL(38, 2)", "BOOLEAN"])("%s: all rows are NULL", async (type) => {
    const { workspace, account, memory } = await openTestWorkspace({ shared });
    // What lies behind an empty dictionary is whatever was there before.
    const junk = Array.from({ length: 16 }, () => account.allocate(48));
    for (const ptr of junk) memory.u8.fill(0x7f, ptr, ptr + 64);
    for (const ptr of junk) account.free(ptr, 48);
    const data = { k: { codes: [-1, -1, -1], values: [] } };
    const batch = batchFromColumns(workspace, parseSchema({ k: type }), data, { lifetime: "region" });
    const plain = batch.withColumns(batch.schema, [batch.plainColumn(0)]).persist();
    expect(readRows(plain)).toEqual([{ k: null }, { k: null }, { k: null }]);
    plain.release();
    batch.release();
    account.arena.release();
    expect(account.usedBytes).toBe(0);
  });
});

test("a batch that there is no memory to persist leaves nothing behind", async () => {
  const { memory, kernels } = await openTestWorkspace();
  const data = { a: [1, 2, 3], k: { codes: [0, 1, 0], values: ["x", "y"] }, s: ["a", "b", "c"] };
  const schema = parseSchema({ a: "BIGINT", k: "STRING", s: "STRING" });
  const outcomes = new Set<string>();
  for (let spare = 128; spare < 1200; spare += 40) {
    // What the arena takes, what writing text borrows, and so many bytes more.
    const account = new MemoryAccount(memory, 2 ** 20 + spare);
    const batch = batchFromColumns({ account, kernels }, schema, data);
    const usedBytes = account.usedBytes;
    try {
      batch.persist().release();
      outcomes.add("kept");
    } catch (error) {
      outcomes.add((error as { code: string }).code);
    }
    expect(account.usedBytes).toBe(usedBytes);
    account.dispose();
  }
  expect([...outcomes]).toEqual(["MEMORY_LIMIT", "kept"]);
});
