// Skipping row groups by their statistics: what is skipped in a known file, and that a row which matches is never skipped.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BOOLEAN, type DataType, decimal, FLOAT64, INT32, INT64, STRING, timestamp } from "../../src/arrow/types.js";
import { type ChunkStatistics, type RowGroup, readFooter } from "../../src/formats/parquet-footer.js";
import { loadHyparquet } from "../../src/formats/parquet-library.js";
import { canMatch } from "../../src/formats/parquet-statistics.js";
import { planColumns } from "../../src/formats/parquet-tree.js";
import type { BoundExpr, BoundValue } from "../../src/plan/expr.js";
import { promised } from "../../src/platform/platform.js";
import { seeded } from "../kernels/harness.js";
import { drain, MemoryFile, open } from "../support/parquet.js";

const bytes = new Uint8Array(readFileSync(new URL("data/parquet/statistics.parquet", import.meta.url)));

const TYPES: Readonly<Record<string, DataType>> = {
  i: INT64,
  s: STRING,
  f: FLOAT64,
  t: timestamp(6),
  d: decimal(20, 1),
  nulls: INT32,
  b: BOOLEAN,
  u: INT64,
};
const col = (name: string): BoundExpr => ({
  kind: "column",
  index: Object.keys(TYPES).indexOf(name),
  name,
  type: TYPES[name] as DataType,
  nullable: true,
});
const lit = (value: BoundValue, type: DataType): BoundExpr => ({
  kind: "literal",
  value,
  type,
  nullable: value === null,
});
const call = (fn: string, ...args: BoundExpr[]): BoundExpr => ({
  kind: "call",
  fn,
  args,
  type: BOOLEAN,
  nullable: true,
});
const cast = (input: BoundExpr, type: DataType): BoundExpr => ({
  kind: "cast",
  input,
  try: false,
  type,
  nullable: true,
});
/** A column against a literal of its own type. */
const on = (fn: string, name: string, ...values: BoundValue[]): BoundExpr =>
  call(fn, col(name), ...values.map((value) => lit(value, TYPES[name] as DataType)));

/** Row groups that are read, found by the first value of `i` in their batches: row group g begins with row 100 g. */
async function groupsRead(predicate: BoundExpr): Promise<number[]> {
  const file = await open(new MemoryFile(bytes));
  const groups: number[] = [];
  await drain(file, { predicate }, (batch) => {
    const { values } = batch.column(0);
    groups.push(Number(batch.workspace.account.memory.i64[values >> 3]) / 100);
  });
  return groups;
}

const ALL = [0, 1, 2, 3, 4];

describe("a conjunct of column and literal skips what it cannot match", () => {
  test.each<[string, BoundExpr, number[]]>([
    ["i < 100", on("lt", "i", 100n), [0]],
    ["i <= 100", on("le", "i", 100n), [0, 1]],
    ["i > 399", on("gt", "i", 399n), [4]],
    ["i >= 399", on("ge", "i", 399n), [3, 4]],
    ["i = 250", on("eq", "i", 250n), [2]],
    ["i = 500", on("eq", "i", 500n), []],
    ["i <> 250", on("ne", "i", 250n), ALL],
    ["250 < i", call("lt", lit(250n, INT64), col("i")), [2, 3, 4]],
    ["i IN (5, 305)", on("in", "i", 5n, 305n), [0, 3]],
    ["i IN (5, NULL)", on("in", "i", 5n, null), [0]],
    ["i BETWEEN 150 AND 250", on("between", "i", 150n, 250n), [1, 2]],
    ["i > 350 AND i < 420", call("and", on("gt", "i", 350n), on("lt", "i", 420n)), [3, 4]],
    ["i < 50 OR i > 450", call("or", on("lt", "i", 50n), on("gt", "i", 450n)), [0, 4]],
    ["NOT i < 400", call("not", on("lt", "i", 400n)), ALL],
    ["(i < 100) IS TRUE", call("is_true", on("lt", "i", 100n)), [0]],
    ["i = NULL", on("eq", "i", null), []],
    ["TRUE", lit(true, BOOLEAN), ALL],
    ["FALSE", lit(false, BOOLEAN), []],
    ["NULL", lit(null, BOOLEAN), []],
    ["s = '2-5'", on("eq", "s", "2-5"), [2]],
    ["s < '1'", on("lt", "s", "1"), [0]],
    ["s > '3-9é'", on("gt", "s", "3-9é"), [4]],
    ["t >= 04:40", on("ge", "t", 280_000_000n), [2, 3, 4]],
    ["d < 9.9", on("lt", "d", 99n), [0]],
    ["d > 39.9", on("gt", "d", 399n), [4]],
    ["b = TRUE", on("eq", "b", true), [3, 4]],
    ["b = FALSE", on("eq", "b", false), [0, 1, 2]],
    ["u > 4294967000, unsigned", on("gt", "u", 4_294_967_000n), [1, 2]],
    ["u < 350", on("lt", "u", 350n), [3]],
    ["nulls IS NULL", call("is_null", col("nulls")), [0, 1]],
    ["nulls IS NOT NULL", call("is_not_null", col("nulls")), [2, 3, 4]],
    ["nulls > -5: only NULLs match nothing", on("gt", "nulls", -5), [2, 3, 4]],
    ["CAST(nulls AS BIGINT) = 250", call("eq", cast(col("nulls"), INT64), lit(250n, INT64)), [2]],
    ["CAST(i AS DOUBLE) > 399.5", call("gt", cast(col("i"), FLOAT64), lit(399.5, FLOAT64)), [4]],
    ["CAST(i AS STRING) = '1'", call("eq", cast(col("i"), STRING), lit("1", STRING)), ALL],
    ["i + 1 > 499", call("gt", call("add", col("i"), lit(1n, INT64)), lit(499n, INT64)), ALL],
    ["i = u", call("eq", col("i"), col("u")), ALL],
    ["a DOUBLE literal for a BIGINT column", call("lt", col("i"), lit(100, FLOAT64)), ALL],
  ])("%s", async (_, predicate, groups) => {
    expect(await groupsRead(predicate)).toEqual(groups);
  });
});

describe("NaN, greatest of all, may hide in any chunk of floats", () => {
  test.each<[string, BoundExpr, number[]]>([
    ["f > 49: NaN is greater", on("gt", "f", 49), ALL],
    ["f >= 49", on("ge", "f", 49), ALL],
    ["f <> 3", on("ne", "f", 3), ALL],
    ["f < 10", on("lt", "f", 10), [0]],
    ["f = 25.5: NaN is not", on("eq", "f", 25.5), [2]],
    ["f BETWEEN 21 AND 22: NaN is not", on("between", "f", 21, 22), [2]],
    ["f = NaN", on("eq", "f", Number.NaN), ALL],
    ["f BETWEEN 21 AND NaN", on("between", "f", 21, Number.NaN), ALL],
    ["f <= NaN", on("le", "f", Number.NaN), ALL],
  ])("%s", async (_, predicate, groups) => {
    expect(await groupsRead(predicate)).toEqual(groups);
  });
});

describe("statistics that cannot be trusted skip nothing", async () => {
  const library = await promised(loadHyparquet);
  const length = new DataView(bytes.buffer).getUint32(bytes.length - 8, true);
  const footerBytes = bytes.slice(bytes.length - 8 - length, bytes.length - 8);
  const footer = readFooter(footerBytes, bytes.length, "statistics.parquet", library);
  const columns = planColumns(footer.root);

  /** Row group 0 with other statistics for the named column. */
  const withStatistics = (name: string, change: Partial<ChunkStatistics>): RowGroup => {
    const group = footer.rowGroups[0] as RowGroup;
    const leaf = columns.findIndex((column) => column.field.name === name);
    return {
      ...group,
      columns: group.columns.map((chunk, index) =>
        index === leaf ? { ...chunk, statistics: { ...chunk.statistics, ...change } } : chunk,
      ),
    };
  };
  const f64 = (value: number): Uint8Array => new Uint8Array(new Float64Array([value]).buffer);
  const i64 = (value: bigint): Uint8Array => new Uint8Array(new BigInt64Array([value]).buffer);

  test.each<[string, BoundExpr, RowGroup]>([
    ["missing bounds", on("gt", "i", 1000n), withStatistics("i", { min: undefined, max: undefined })],
    ["one bound alone", on("gt", "i", 1000n), withStatistics("i", { min: undefined })],
    ["bounds the wrong way round", on("gt", "i", 1000n), withStatistics("i", { min: i64(9n), max: i64(5n) })],
    ["bounds of another width", on("gt", "i", 1000n), withStatistics("i", { max: new Uint8Array(4) })],
    ["NaN as a bound", on("lt", "f", -5), withStatistics("f", { min: f64(Number.NaN) })],
    ["NaN as the other bound", on("lt", "f", -5), withStatistics("f", { max: f64(Number.NaN) })],
    ["no count of NULLs", call("is_null", col("nulls")), withStatistics("nulls", { nullCount: undefined })],
    [
      "no count of NULLs, for values",
      call("is_not_null", col("nulls")),
      withStatistics("nulls", { nullCount: undefined }),
    ],
  ])("%s", (_, predicate, group) => {
    expect(canMatch(predicate, columns, group)).toBe(true);
  });

  test("the control: these predicates skip the row group as it is", () => {
    const group = footer.rowGroups[0] as RowGroup;
    expect(canMatch(on("gt", "i", 1000n), columns, group)).toBe(false);
    expect(canMatch(on("lt", "f", -5), columns, group)).toBe(false);
  });

  const footerHex = Buffer.from(footerBytes).toString("hex");
  /** Row group 0 of the footer with some of its bytes, as hex, replaced once. */
  const patched = (from: string, to: string): RowGroup => {
    expect(footerHex).toContain(from);
    const changed = new Uint8Array(Buffer.from(footerHex.replace(from, to), "hex"));
    return readFooter(changed, bytes.length, "patched", library).rowGroups[0] as RowGroup;
  };
  // Statistics of s, row group 0, as compact Thrift: field 3, no NULLs; 5, "0-9"; 6, "0-0"; 7 and 8, both exact.
  const exact = ["3600", "2803302d39", "1803302d30", "11", "11", "00"].join("");
  const above = on("gt", "s", "9");

  test("the control: exact bounds in a footer skip", () => {
    expect(canMatch(above, columns, patched(exact, exact))).toBe(false);
  });

  test("bounds that are not exact are ignored", () => {
    const longest = ["3600", "2803302d39", "1803302d30", "12", "11", "00"].join("");
    expect(canMatch(above, columns, patched(exact, longest))).toBe(true);
  });

  test("bounds in the legacy fields, whose order was never said, are ignored", () => {
    const legacy = ["1803302d39", "1803302d30", "1600", "00"].join("");
    expect(canMatch(above, columns, patched(exact, legacy))).toBe(true);
  });

  test("bounds without a column order are ignored", () => {
    // Field 7 of the file's metadata is the list of column orders: one empty struct each. Here the last column has none.
    const group = patched(`198c${"1c0000".repeat(8)}`, `197c${"1c0000".repeat(7)}`);
    expect(canMatch(on("lt", "i", -1n), columns, group)).toBe(false);
    expect(canMatch(on("gt", "u", 1n << 40n), columns, group)).toBe(true);
    expect(canMatch(on("gt", "u", 1n << 40n), columns, footer.rowGroups[0] as RowGroup)).toBe(false);
  });
});

test("random predicates: a row group that is skipped holds no row for which they are TRUE", async () => {
  const rows = JSON.parse(readFileSync(new URL("data/parquet/statistics.json", import.meta.url), "utf8"));
  /** Numbers of all rows but strings; NULL stays. */
  const value = (name: string, row: number): number | string | boolean | null => {
    const cell = rows[name][row];
    return cell === null || name === "s" || name === "b" ? cell : Number(cell);
  };
  type Truth = boolean | null;
  /** The total order of S52: NaN equals itself and is above all others. */
  const order = (a: number | string | boolean, b: number | string | boolean): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return a < b ? -1 : a > b ? 1 : 0;
  };
  const truths: Record<string, (order: number) => boolean> = {
    eq: (o) => o === 0,
    ne: (o) => o !== 0,
    lt: (o) => o < 0,
    le: (o) => o <= 0,
    gt: (o) => o > 0,
    ge: (o) => o >= 0,
  };
  const random = seeded(7);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;

  /** A predicate and what it says of a row. */
  const make = (depth: number): { expr: BoundExpr; of: (row: number) => Truth } => {
    if (depth > 0 && random() < 0.6) {
      const a = make(depth - 1);
      const b = make(depth - 1);
      if (random() < 0.15) return { expr: call("not", a.expr), of: (row) => (a.of(row) === null ? null : !a.of(row)) };
      const isAnd = random() < 0.5;
      const combine = (x: Truth, y: Truth): Truth => {
        if (x === !isAnd || y === !isAnd) return !isAnd;
        return x === null || y === null ? null : isAnd;
      };
      return { expr: call(isAnd ? "and" : "or", a.expr, b.expr), of: (row) => combine(a.of(row), b.of(row)) };
    }
    const name = pick(["i", "s", "f", "t", "d", "nulls", "b", "u"]);
    if (random() < 0.15) {
      const isNull = random() < 0.5;
      return {
        expr: call(isNull ? "is_null" : "is_not_null", col(name)),
        of: (row) => (value(name, row) === null) === isNull,
      };
    }
    const near = value(name, Math.floor(random() * 500)) ?? 300;
    const moved = typeof near === "number" && random() < 0.5 ? near + Math.floor((random() - 0.5) * 3000) : near;
    const operand = name === "f" && random() < 0.1 ? Number.NaN : moved;
    const literal = typeof operand === "number" && name !== "f" && name !== "nulls" ? BigInt(operand) : operand;
    const fn = pick(Object.keys(truths));
    return {
      expr: on(fn, name, literal),
      of: (row) => {
        const cell = value(name, row);
        return cell === null ? null : (truths[fn] as (o: number) => boolean)(order(cell, operand));
      },
    };
  };

  let skippedGroups = 0;
  for (let round = 0; round < 400; round++) {
    const { expr, of } = make(3);
    const groups = await groupsRead(expr);
    skippedGroups += 5 - groups.length;
    const matching = new Set(
      Array.from({ length: 500 }, (_, row) => row)
        .filter((row) => of(row) === true)
        .map((row) => Math.floor(row / 100)),
    );
    for (const group of matching) expect(groups).toContain(group);
  }
  // The property would hold for a reader that never skips, too.
  expect(skippedGroups).toBeGreaterThan(400);
});
