// JS values → batches: exact or refused, in rows and in whole columns. The oracle is the value itself, read back.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { batchFromColumns, RowBuilder } from "../../src/arrow/builder.js";
import type { ColumnData } from "../../src/arrow/columns.js";
import { readColumn, readRows } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import type { DataError } from "../../src/errors.js";
import { openTestWorkspace } from "../../src/testing/index.js";

describe.each([true, false])("shared memory: %s", async (shared) => {
  const { workspace, account } = await openTestWorkspace({ shared });

  /** One column built as rows and as a column; both ways must agree. Returns what is read back. */
  function build(type: string, values: readonly unknown[]): unknown[] {
    const schema = parseSchema({ x: type });
    const rows = new RowBuilder(workspace, schema);
    const fromRows = readColumn(rows.build(values.map((x) => ({ x }))), 0, { bigint: true });
    const fromArrays = readColumn(rows.build(values.map((x) => [x])), 0, { bigint: true });
    const fromColumn = readColumn(batchFromColumns(workspace, schema, { x: values }), 0, { bigint: true });
    rows.close();
    account.arena.reset();
    expect(fromArrays).toEqual(fromRows);
    expect(fromColumn).toEqual(fromRows);
    return fromRows;
  }

  /** Code, row and field of the error that every way of building gives. */
  function refusal(type: string, values: readonly unknown[]): string {
    const schema = parseSchema({ x: type });
    const ways = [
      () => new RowBuilder(workspace, schema).build(values.map((x) => ({ x }))),
      () => batchFromColumns(workspace, schema, { x: values }),
      () => batchFromColumns(workspace, schema, { x: values }, { lifetime: "region" }),
    ];
    const texts = ways.map((way) => {
      try {
        way();
      } catch (error) {
        const { code, at, hint } = error as DataError;
        expect(hint).toBeTruthy();
        return `${code} row ${at?.row} ${at?.field}`;
      }
      return "accepted";
    });
    expect(new Set(texts).size).toBe(1);
    return texts[0] as string;
  }

  test("each type takes its values and gives them back", () => {
    expect(build("BOOLEAN", [true, false, null, true])).toEqual([true, false, null, true]);
    expect(build("TINYINT", [-128, 127, 0n])).toEqual([-128, 127, 0]);
    expect(build("SMALLINT", [-32768, 32767])).toEqual([-32768, 32767]);
    expect(build("INT", [-(2 ** 31), 2 ** 31 - 1, -0, 5n])).toEqual([-(2 ** 31), 2 ** 31 - 1, 0, 5]);
    expect(build("BIGINT", [2 ** 53 - 1, -(2 ** 53) + 1, -1, 2n ** 63n - 1n, -(2n ** 63n)])).toEqual([
      ...[2n ** 53n - 1n, -(2n ** 53n) + 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
    ]);
    expect(build("FLOAT", [0.5, Number.NaN, -Infinity])).toEqual([0.5, Number.NaN, -Infinity]);
    expect(build("DOUBLE", [0.1, -0, Number.NaN, Infinity, 5e-324, 7n])).toEqual([
      0.1,
      -0,
      Number.NaN,
      Infinity,
      5e-324,
      7,
    ]);
    expect(build("STRING", ["", "a", "ü", "🦀", "\u0000", "\uFEFFbom", "x".repeat(100), "é".repeat(100)])).toEqual([
      ...["", "a", "ü", "🦀", "\u0000", "\uFEFFbom", "x".repeat(100), "é".repeat(100)],
    ]);
    expect(build("BYTES", [new Uint8Array([0, 255]), new Uint8Array()])).toEqual([
      new Uint8Array([0, 255]),
      new Uint8Array(),
    ]);
  });

  test("decimals come exactly from text, numbers and bigints", () => {
    expect(build("DECIMAL(12, 2)", ["-12.50", "1e3", ".5", "7.", 0.1, 5n, 1e-2, "-0.00", "9999999999.99"])).toEqual([
      ...["-12.50", "1000.00", "0.50", "7.00", "0.10", "5.00", "0.01", "0.00", "9999999999.99"],
    ]);
    const wide = "12345678901234567890123456789012345678";
    expect(build("DECIMAL(38, 0)", [wide, `-${wide}`, 2n ** 64n])).toEqual([wide, `-${wide}`, "18446744073709551616"]);
    expect(build("DECIMAL(38, 10)", ["-0.0000000001"])).toEqual(["-0.0000000001"]);
    for (const bad of ["1.005", 0.125, "", ".", "x", "1 ", "1e", Number.NaN, Infinity, true, new Date(0)]) {
      expect(refusal("DECIMAL(12, 2)", ["1", bad])).toBe("TYPE row 1 x");
    }
    expect(refusal("DECIMAL(4, 2)", ["99.99", "100"])).toBe("OVERFLOW row 1 x");
    expect(refusal("DECIMAL(4, 2)", ["1e99"])).toBe("OVERFLOW row 0 x");
  });

  test("times come from dates, milliseconds and ISO text", () => {
    const at = new Date("2021-03-04T05:06:07.089Z");
    expect(build("TIMESTAMP(3)", [at, at.getTime(), "2021-03-04T05:06:07.089", "2021-03-04 05:06:07.089Z"])).toEqual([
      ...[at, at, at, at],
    ]);
    expect(build("TIMESTAMP(3)", ["-9999-01-01", "9999-12-31T23:59:59.999", -1, "1969-12-31T23:59"])).toEqual([
      ...[new Date("-009999-01-01T00:00:00Z"), new Date("9999-12-31T23:59:59.999Z")],
      ...[new Date(-1), new Date(-60_000)],
    ]);
    expect(build("TIMESTAMP_LTZ(3)", ["1970-01-01T02:00:00+02:00", "1970-01-01T00:00:00-0030"])).toEqual([
      ...[new Date(0), new Date(1_800_000)],
    ]);
    expect(build("TIMESTAMP(6)", [at, "1969-12-31T23:59:59.999999", -1n, "9999-12-31T23:59:59.999999"])).toEqual([
      ...["2021-03-04T05:06:07.089000", "1969-12-31T23:59:59.999999", "1969-12-31T23:59:59.999999"],
      "9999-12-31T23:59:59.999999",
    ]);
    expect(build("TIMESTAMP_LTZ(4)", ["1970-01-01T00:00:00.0001Z"])).toEqual(["1970-01-01T00:00:00.0001Z"]);
    expect(build("DATE", ["2000-02-29", new Date(86_400_000), -1, "-0001-01-01"])).toEqual([
      ...["2000-02-29", "1970-01-02", "1969-12-31", "-0001-01-01"],
    ]);
    expect(build("TIME", ["00:00", "23:59:59.999", 86_399_999])).toEqual(["00:00:00", "23:59:59.999", "23:59:59.999"]);
    expect(build("INTERVAL", [-5, 2 ** 40])).toEqual([-5, 2 ** 40]);
  });

  test("what does not fit is refused with column and row", () => {
    const cases: [string, unknown[], string][] = [
      ["BOOLEAN", [1, "true"], "TYPE"],
      ["TINYINT", [1.5, "1", true, Number.NaN], "TYPE"],
      ["TINYINT", [128, -129, 2n ** 70n], "OVERFLOW"],
      ["SMALLINT", [32768, -32769], "OVERFLOW"],
      ["INT", [0.5, "7", {}, Infinity], "OVERFLOW TYPE"],
      ["INT", [2 ** 31, -(2 ** 31) - 1, 1e300], "OVERFLOW"],
      ["BIGINT", [0.1, "1", 2 ** 53, 1e300, Number.NaN], "TYPE"],
      ["BIGINT", [2n ** 63n, -(2n ** 63n) - 1n], "OVERFLOW"],
      ["FLOAT", ["1", true], "TYPE"],
      ["FLOAT", [1e300, -1e39], "OVERFLOW"],
      ["DOUBLE", ["1", new Date(0), 2n ** 53n + 1n], "TYPE"],
      ["STRING", [1, "\ud800", "a\udc00", `${"x".repeat(50)}\ud800`, new Date(0)], "TYPE"],
      ["BYTES", ["x", [1, 2], new Uint16Array(1)], "TYPE"],
      ["TIMESTAMP(3)", ["yesterday", "2021-02-29", "2021-01-01T24:00", "2021-01-01T00:00:60", 0.5, Number.NaN], "TYPE"],
      ["TIMESTAMP(3)", [new Date(Number.NaN), "2021-01-01T00:00:00.0001", "1970-01-01T00:00+02:00", true], "TYPE"],
      ["TIMESTAMP(3)", [253_402_300_800_000, -377_705_116_800_001, 2n ** 60n, new Date(8.64e15)], "TIME_RANGE"],
      ["TIMESTAMP(0)", [1, new Date(999), "1970-01-01T00:00:00.5", 1n], "TYPE"],
      ["TIMESTAMP(4)", [1n, "1970-01-01T00:00:00.00001"], "TYPE"],
      ["DATE", ["2021-2-3", new Date(1), 0.5, "10000-01-01"], "TYPE"],
      ["DATE", [3e6, -5e6], "TIME_RANGE"],
      ["TIME", ["24:00", "12", "12:00:00.0001", 0.5], "TYPE"],
      ["TIME", [-1, 86_400_000], "TIME_RANGE"],
      ["INTERVAL", [0.5, "1s"], "TYPE"],
    ];
    for (const [type, values, code] of cases) {
      for (const value of values) {
        const [refused, ...place] = refusal(type, [null, value]).split(" ");
        expect(`${type} ${String(value)}: ${place.join(" ")}`).toBe(`${type} ${String(value)}: row 1 x`);
        expect(code.split(" ")).toContain(refused);
      }
    }
  });

  test("NULL, undefined and missing fields are NULL; in NOT NULL columns they are TYPE", () => {
    for (const type of [
      "BOOLEAN",
      "INT",
      "BIGINT",
      "DOUBLE",
      "STRING",
      "BYTES",
      "TIMESTAMP(3)",
      "DECIMAL(5, 1)",
      "DATE",
    ]) {
      expect(build(type, [null, undefined, null])).toEqual([null, null, null]);
      expect(refusal(`${type} NOT NULL`, [null])).toBe("TYPE row 0 x");
    }
    const builder = new RowBuilder(
      workspace,
      parseSchema({ constructor: "STRING", __proto__x: "INT", toString: "DOUBLE" }),
    );
    expect(readRows(builder.build([{}, { toString: 1 }]))).toEqual([
      { constructor: null, __proto__x: null, toString: null },
      { constructor: null, __proto__x: null, toString: 1 },
    ]);
  });

  test("a column named __proto__ is plain data, in and out", () => {
    const schema = parseSchema(JSON.parse('{"__proto__": "INT", "constructor": "STRING"}'));
    const rows = JSON.parse('[{"__proto__": 7, "constructor": "c"}, {}]');
    const read = readRows(new RowBuilder(workspace, schema).build(rows));
    expect(JSON.stringify(read)).toBe('[{"__proto__":7,"constructor":"c"},{"__proto__":null,"constructor":null}]');
    expect(Object.getPrototypeOf(read[0])).toBe(Object.prototype);
  });

  test("rows handed in piece by piece keep their numbers in messages, in every kind of column", () => {
    for (const type of ["STRING", "INT", "BYTES", "DOUBLE"]) {
      const builder = new RowBuilder(workspace, parseSchema({ x: type }));
      expect(() => builder.build([{}, { x: null }, { x: true }], 1, 3, 1000)).toThrow(/row 1001: true is no/);
      builder.close();
    }
  });

  test("what is no row is refused with its number", () => {
    const builder = new RowBuilder(workspace, parseSchema({ x: "INT" }));
    for (const bad of [null, undefined, 5, "row"]) {
      expect(() => builder.build([{ x: 1 }, bad as never])).toThrow(/row 1: .* is neither an object nor an array/);
    }
  });

  test("rows of mixed columns, values and NULLs come back as they were", () => {
    const row = fc.record({
      n: fc.option(fc.integer()),
      big: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      x: fc.option(fc.double()),
      s: fc.option(fc.string({ unit: "binary", maxLength: 80 })),
      few: fc.option(fc.constantFrom("a", "b", "ö")),
      t: fc.option(fc.date({ noInvalidDate: true, min: new Date("0000-01-01"), max: new Date("9999-12-31") })),
    });
    const schema = parseSchema({ n: "INT", big: "BIGINT", x: "DOUBLE", s: "STRING", few: "STRING", t: "TIMESTAMP(3)" });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), fc.nat(), fc.nat(), (rows, a, b) => {
        const [start, end] = [a % (rows.length + 1), b % (rows.length + 1)].sort((x, y) => x - y) as [number, number];
        const builder = new RowBuilder(workspace, schema);
        expect(readRows(builder.build(rows, start, end), { bigint: true })).toEqual(rows.slice(start, end));
        builder.close();
        const columns = Object.fromEntries(schema.fields.map(({ name }) => [name, rows.map((r) => r[name as "n"])]));
        const batch = batchFromColumns(workspace, schema, columns, { start, end, lifetime: "region" });
        expect(readRows(batch, { bigint: true })).toEqual(rows.slice(start, end));
        batch.release();
        account.arena.reset();
      }),
      { numRuns: 200 },
    );
  });

  describe("whole columns", () => {
    const one = (type: string, data: ColumnData, options = {}): Batch => {
      return batchFromColumns(workspace, parseSchema({ x: type }), { x: data }, options);
    };
    const read = (type: string, data: ColumnData, options = {}) =>
      readColumn(one(type, data, options), 0, { bigint: true });

    test("typed arrays of the column's width, and of others", () => {
      expect(read("DOUBLE", new Float64Array([0.1, Number.NaN, -0]))).toEqual([0.1, Number.NaN, -0]);
      expect(read("FLOAT", new Float32Array([0.5]))).toEqual([0.5]);
      expect(read("INT", new Int32Array([1, -2]))).toEqual([1, -2]);
      expect(read("SMALLINT", new Int16Array([1, -2]))).toEqual([1, -2]);
      expect(read("TINYINT", new Int8Array([1, -2]))).toEqual([1, -2]);
      expect(read("BIGINT", new BigInt64Array([2n ** 63n - 1n]))).toEqual([2n ** 63n - 1n]);
      expect(read("BIGINT", new Float64Array([2 ** 53 - 1, -5]))).toEqual([2n ** 53n - 1n, -5n]);
      expect(read("BIGINT", new Uint32Array([2 ** 32 - 1]))).toEqual([2n ** 32n - 1n]);
      expect(read("DOUBLE", new Int32Array([-7]))).toEqual([-7]);
      expect(read("TIMESTAMP(3)", new BigInt64Array([-1n]))).toEqual([new Date(-1)]);
      expect(read("TIMESTAMP(3)", new Float64Array([1.7e12]))).toEqual([new Date(1.7e12)]);
      expect(read("TIMESTAMP(6)", new BigInt64Array([-1n]))).toEqual(["1969-12-31T23:59:59.999999"]);
      expect(read("TIMESTAMP(6)", new Float64Array([1]))).toEqual(["1970-01-01T00:00:00.001000"]);
      expect(read("DATE", new Int32Array([-1]))).toEqual(["1969-12-31"]);
      expect(read("DECIMAL(20, 0)", new BigUint64Array([2n ** 64n - 1n]))).toEqual(["18446744073709551615"]);
    });

    test("parts of them, also from views at odd offsets", () => {
      const buffer = new ArrayBuffer(64);
      const view = new Float64Array(buffer, 8, 5);
      view.set([1, 2, 3, 4, 5]);
      expect(read("DOUBLE", view, { start: 1, end: 4 })).toEqual([2, 3, 4]);
      expect(read("BIGINT", view, { start: 4, end: 5 })).toEqual([5n]);
      expect(read("DOUBLE", view, { start: 2, end: 2 })).toEqual([]);
    });

    test("misfits in typed arrays are refused", () => {
      const code = (type: string, data: ColumnData, options = {}) => {
        try {
          one(type, data, options);
          return "accepted";
        } catch (error) {
          return `${(error as DataError).code} ${(error as DataError).at?.row}`;
        }
      };
      expect(code("BIGINT", new Float64Array([1, 0.5]))).toBe("TYPE 1");
      expect(code("BIGINT", new Float64Array([1, 2 ** 53]))).toBe("TYPE 1");
      expect(code("BIGINT", new BigUint64Array([2n ** 63n]))).toBe("OVERFLOW 0");
      expect(code("TIMESTAMP(3)", new Float64Array([0, Number.NaN]))).toBe("TYPE 1");
      for (const ms of [253_402_300_800_000n, -377_705_116_800_001n, 2n ** 62n, -(2n ** 62n)]) {
        expect(code("TIMESTAMP(3)", new BigInt64Array([0n, 0n, ms]), { start: 1 })).toBe("TIME_RANGE 2");
        expect(code("TIMESTAMP(6)", new BigInt64Array([ms * (ms > 2n ** 60n || ms < -(2n ** 60n) ? 1n : 1000n)]))).toBe(
          "TIME_RANGE 0",
        );
      }
      expect(code("TIMESTAMP(3)", new BigInt64Array([253_402_300_799_999n, -377_705_116_800_000n]))).toBe("accepted");
      expect(code("INT", new Uint32Array([2 ** 31]))).toBe("OVERFLOW 0");
      expect(code("STRING", new Int32Array([1]))).toBe("TYPE 0");
    });

    test("validity bitmaps at every start; what lies under a 0 bit is not looked at", () => {
      const n = 70;
      const valid = Array.from({ length: n }, (_, row) => (row * 7) % 3 !== 0 || row > 40);
      const validity = new Uint8Array(Math.ceil(n / 8));
      valid.forEach((bit, row) => {
        if (bit) validity[row >> 3] = (validity[row >> 3] as number) | (1 << (row & 7));
      });
      const times = BigInt64Array.from(valid, (bit, row) => (bit ? BigInt(row) : 2n ** 62n));
      const numbers = Float64Array.from(valid, (bit, row) => (bit ? row : 0.5));
      const texts = valid.map((bit, row) => (bit ? `s${row}` : 17));
      for (const start of [0, 1, 7, 8, 9, 33]) {
        const expected = (of: (row: number) => unknown) => valid.map((bit, row) => (bit ? of(row) : null)).slice(start);
        expect(read("TIMESTAMP(3)", { values: times, validity }, { start })).toEqual(expected((row) => new Date(row)));
        expect(read("BIGINT", { values: numbers, validity }, { start })).toEqual(expected((row) => BigInt(row)));
        expect(read("STRING", { values: texts, validity }, { start })).toEqual(expected((row) => `s${row}`));
      }
      expect(() => one("BIGINT NOT NULL", { values: times, validity })).toThrow(/row 0: NULL in a NOT NULL column/);
    });

    test("codes into distinct values become a dictionary column", () => {
      const batch = one("STRING", { codes: new Int32Array([1, 0, -1, 1]), values: ["a", "ö"] }, { lifetime: "region" });
      expect(readColumn(batch, 0)).toEqual(["ö", "a", null, "ö"]);
      expect(readColumn(batch.slice(1, 3), 0)).toEqual(["a", null]);
      expect(batch.column(0).dictionary?.length).toBe(2);
      batch.release();
      for (const bad of [2, -2, 0.5, Number.NaN]) {
        expect(() => one("STRING", { codes: [0, bad], values: ["a", "b"] })).toThrow(/row 1: .* is no STRING/);
      }
      expect(() => one("STRING NOT NULL", { codes: [-1], values: ["a"] })).toThrow(/NULL in a NOT NULL/);
    });

    test("columns must be those of the schema and equally long", () => {
      const schema = parseSchema({ price: "DOUBLE", n: "INT" });
      const code = (columns: Record<string, ColumnData>) => {
        try {
          batchFromColumns(workspace, schema, columns);
        } catch (error) {
          return (error as DataError).code;
        }
        return "accepted";
      };
      expect(code({ price: [1], n: [1] })).toBe("accepted");
      expect(code({ price: [1] })).toBe("UNKNOWN_COLUMN");
      expect(code({ price: [1], n: [1], prise: [1] })).toBe("UNKNOWN_COLUMN");
      expect(code({ price: [1], n: [1, 2] })).toBe("TYPE");
      expect(code({ price: [1], n: "1" as never })).toBe("TYPE");
      expect(code({ price: null as never, n: [1] })).toBe("TYPE");
      expect(code({ price: { values: new Float64Array(9), validity: new Uint8Array(1) }, n: new Int32Array(9) })).toBe(
        "TYPE",
      );
    });
  });

  describe("dictionaries of repeated strings", () => {
    const schema = parseSchema({ k: "STRING" });
    const rowsOf = (texts: readonly (string | null)[]) => texts.map((k) => ({ k }));

    test("live from batch to batch under the same codes, and stay one column while nothing new comes", () => {
      account.arena.reset();
      const before = account.usedBytes;
      const builder = new RowBuilder(workspace, schema);
      const first = builder.build(rowsOf(["a", "b", null, "a"])).persist();
      const second = builder.build(rowsOf(["b", "a"])).persist();
      const third = builder.build(rowsOf(["c", "a"])).persist();
      expect(second.column(0).dictionary).toBe(first.column(0).dictionary);
      expect(third.column(0).dictionary?.length).toBe(3);
      expect([first, second, third].map((batch) => readColumn(batch, 0))).toEqual([
        ["a", "b", null, "a"],
        ["b", "a"],
        ["c", "a"],
      ]);
      builder.close();
      expect(readColumn(first, 0)).toEqual(["a", "b", null, "a"]);
      for (const batch of [first, second, third]) batch.release();
      account.arena.reset();
      expect(account.usedBytes).toBe(before);
    });

    test("outgrow their memory without disturbing batches of the same step", () => {
      const builder = new RowBuilder(workspace, schema);
      const batches: Batch[] = [];
      const texts: string[][] = [];
      for (let round = 0; round < 40; round++) {
        texts.push(Array.from({ length: 400 }, (_, i) => `value ${round * 50 + (i % 50)} of many`));
        batches.push(builder.build(rowsOf(texts[round] as string[])));
      }
      expect(batches.every((batch) => batch.column(0).dictionary !== null)).toBe(true);
      expect(batches.map((batch) => readColumn(batch, 0))).toEqual(texts);
      builder.close();
    });

    test("are given up for good when strings do not repeat", () => {
      const builder = new RowBuilder(workspace, schema);
      const texts = Array.from({ length: 1000 }, (_, i) => `user-${i}`);
      const batch = builder.build(rowsOf(texts));
      expect(batch.column(0).dictionary).toBe(null);
      expect(readColumn(batch, 0)).toEqual(texts);
      expect(builder.build(rowsOf(["a", "a"])).column(0).dictionary).toBe(null);
      builder.close();
    });

    test("are given up when they grow too long, and earlier batches stay readable", () => {
      const builder = new RowBuilder(workspace, schema);
      const few = builder.build(rowsOf(["a", "b", "a"]));
      const long = builder.build(rowsOf(["x".repeat(5_000_000), "y"]));
      expect(long.column(0).dictionary).toBe(null);
      expect(readColumn(long, 0).map((text) => (text as string).length)).toEqual([5_000_000, 1]);
      expect(readColumn(few, 0)).toEqual(["a", "b", "a"]);
      builder.close();
    });
  });

  test("a failed build gives back what it had reserved", () => {
    account.arena.reset();
    const before = account.usedBytes;
    const schema = parseSchema({ a: "STRING", b: "STRING", c: "INT" });
    const columns = { a: ["x", "y"], b: { codes: [0, 1], values: ["p", "q"] }, c: [1, "no"] };
    for (let round = 0; round < 50; round++) {
      expect(() => batchFromColumns(workspace, schema, columns, { lifetime: "region" })).toThrow(/row 1/);
      account.arena.reset();
    }
    expect(account.usedBytes).toBe(before);
  });
});
