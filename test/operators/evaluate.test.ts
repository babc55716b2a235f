// Expressions on batches: the same hand-worked cases that constant folding passes, then random expressions against the
// row-by-row interpreter, with nulls, masks, dictionaries, slices and batches of 1, 7 and 8,192 rows.
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { Batch, bitmapBytes, type Column } from "../../src/arrow/batch.js";
import { batchFromColumns } from "../../src/arrow/builder.js";
import type { ColumnData } from "../../src/arrow/columns.js";
import { type DataType, field, type Schema, schemaOf, typeName } from "../../src/arrow/types.js";
import { formatDecimal, parseHex } from "../../src/arrow/values.js";
import { cellReader } from "../../src/operators/evaluate/constants.js";
import { Evaluation, RowFailures } from "../../src/operators/evaluate/evaluation.js";
import { Evaluator } from "../../src/operators/evaluate.js";
import { bindExpr, literalOf } from "../../src/plan/bind-expr.js";
import { evaluateRow } from "../../src/plan/constant.js";
import type { BoundExpr, BoundValue, Expr } from "../../src/plan/expr.js";
import { formatBound } from "../../src/plan/format-expr.js";
import { FUNCTIONS } from "../../src/plan/functions.js";
import { Failure } from "../../src/plan/scalar/value.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import {
  CASES,
  type Case,
  call,
  caseExpr,
  caseName,
  cast,
  col,
  lit,
  type Typed,
  tryCast,
  typeOf,
  when,
} from "../support/expressions.js";

const workspace = await openTestWorkspace();
const { account, kernels } = workspace;
afterAll(() => account.dispose());
beforeEach(() => account.arena.reset());

/** A bound value as the batch builder takes it. */
function cellOf(value: BoundValue, type: DataType): unknown {
  if (value === null) return null;
  if (type.kind === "decimal") return formatDecimal(value as bigint, type.scale);
  return type.kind === "binary" ? parseHex(value as string) : value;
}

type Row = readonly BoundValue[];

function batchOf(schema: Schema, rows: readonly Row[], coded = false): Batch {
  const columns = schema.fields.map(({ name, type }, index): [string, ColumnData] => {
    const cells = rows.map((row) => cellOf(row[index] as BoundValue, type));
    if (!coded || type.kind !== "string") return [name, cells];
    const values = [...new Set(["unused", ...cells.filter((cell) => cell !== null)])];
    return [name, { codes: cells.map((cell) => (cell === null ? -1 : values.indexOf(cell))), values }];
  });
  return batchFromColumns(workspace, schema, Object.fromEntries(columns));
}

/** Values of a result column, and the code of every row that failed. */
function outcome(batch: Batch, column: Column, failures: RowFailures): (BoundValue | string)[] {
  const run = new Evaluation(workspace, batch.rowCount, () => column);
  const result = new Batch(workspace, schemaOf([field("result", column.type)]), [column], batch.rowCount);
  const read = cellReader(run, run.vectorOf(result.plainColumn(0)));
  return Array.from({ length: batch.rowCount }, (_, row) => {
    const failure = failures.list.find(
      ({ rows }) => ((account.memory.u8[rows + (row >> 3)] as number) >> (row & 7)) & 1,
    );
    return failure === undefined ? read(row) : `fails ${failure.code}`;
  });
}

function evaluate(expr: BoundExpr, batch: Batch, rows = 0): (BoundValue | string)[] {
  const failures = new RowFailures(workspace, batch.rowCount);
  return outcome(batch, new Evaluator(expr).evaluate(batch, failures, rows), failures);
}

/** −0 and 0 are one value of SQL. */
const plain = (value: BoundValue | string): BoundValue | string => (value === 0 ? 0 : value);

function expectSame(
  actual: readonly (BoundValue | string)[],
  expected: readonly (BoundValue | string)[],
  text: string,
): void {
  for (let row = 0; row < expected.length; row++) {
    const [got, wanted] = [plain(actual[row] as BoundValue), plain(expected[row] as BoundValue)];
    if (!Object.is(got, wanted)) expect({ text, row, value: got }).toEqual({ text, row, value: wanted });
  }
  expect(actual.length).toBe(expected.length);
}

/** Rows that are NULL wherever a case leaves room for it; their result is NULL for strict functions. */
const isStrict = ({ fn }: Case): boolean => fn === "CAST" || fn === "TRY_CAST" || strictFunction(fn);
const strictFunction = (fn: string): boolean => {
  const row = FUNCTIONS.get(fn);
  return row?.expand === undefined && row?.nulls === "strict";
};

describe("hand-worked cases", () => {
  const named = CASES.filter(({ args }) => args.every(([type]) => type !== "NULL")).map(
    (entry) => [caseName(entry), entry] as const,
  );

  /** The case on a batch of 13 rows, some of them NULL, with the arguments in `literals` as literals. */
  const runCase = (entry: Case, literals: readonly number[], coded: boolean): void => {
    const types = entry.args.map(([type]) => typeOf(type));
    const schema = schemaOf(types.map((type, i) => field(`c${i}`, type)));
    const args = entry.args.map(([, value], i) =>
      literals.includes(i) ? literalOf(value, types[i] as DataType) : col(`c${i}`),
    );
    const bound = bindExpr(caseExpr(entry, args), schema);
    expect(typeName(bound.type)).toBe(entry.type);
    const wanted = entry.fails === undefined ? entry.result : `fails ${entry.fails}`;
    const values = entry.args.map(([, value]) => value);
    const strict = isStrict(entry) && literals.length < entry.args.length;
    const isNull = (row: number): boolean => strict && row % 3 === 1;
    const rows = Array.from({ length: 13 }, (_, row) => (isNull(row) ? values.map(() => null) : values));
    const batch = batchOf(schema, rows, coded);
    expectSame(
      evaluate(bound, batch),
      rows.map((_, row) => (isNull(row) ? null : wanted)),
      formatBound(bound),
    );
    // Rows that do not count never fail.
    const mask = account.arena.allocateZeroed(bitmapBytes(13));
    account.memory.u8[mask] = 1;
    const failures = new RowFailures(workspace, 13);
    new Evaluator(bound).evaluate(batch, failures, mask);
    const failing = entry.fails === undefined ? 0 : 1;
    expect(failures.rows === 0 ? 0 : kernels.countBits(failures.rows, 13)).toBe(failing);
  };

  test.each(named)("%s", (_, entry) => {
    const fixed = entry.literals ?? [];
    for (const coded of [false, true]) runCase(entry, fixed, coded);
    if (entry.literals !== undefined || entry.args.length < 2) return;
    for (let i = 0; i < entry.args.length; i++) {
      // A literal NULL may have another type than a column, and text beside a number is read by binding.
      if (entry.args[i]?.[1] === null || entry.args[i]?.[0] === "STRING") continue;
      runCase(entry, [i], false);
    }
  });

  test("text functions with literal patterns, lengths and parts", () => {
    const onText = CASES.filter(
      ({ fn, args }) =>
        args.length > 1 && args[0]?.[0] === "STRING" && fn !== "coalesce" && fn !== "extract" && args[0][1] !== null,
    );
    expect(onText.length).toBeGreaterThan(30);
    for (const entry of onText) {
      if (entry.args.slice(1).some(([, value]) => value === null)) continue;
      const rest = entry.args.map((_, i) => i).slice(1);
      for (const coded of [false, true]) runCase(entry, rest, coded);
    }
  });
});

describe("random expressions agree with the row-by-row interpreter", () => {
  const FIELDS = [
    "TINYINT",
    "INT",
    "BIGINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL(6, 2)",
    "DECIMAL(22, 3)",
    "STRING",
    "BOOLEAN",
    "TIMESTAMP(3)",
    "TIMESTAMP(6)",
    "DATE",
  ].map((name) => [name, typeOf(name)] as const);
  const schema = schemaOf(FIELDS.map(([name, type]) => field(name, type)));

  const edges: Record<string, readonly BoundValue[]> = {
    TINYINT: [0, 1, -1, 127, -128],
    INT: [0, 1, -1, 7, 2147483647, -2147483648],
    BIGINT: [0n, 1n, -1n, 3037000500n, 2n ** 63n - 1n, -(2n ** 63n)],
    FLOAT: [0, -0, 1.5, Number.NaN, Math.fround(0.1), Math.fround(3e38)],
    DOUBLE: [0, -0, 1.5, -2.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300, 2 ** 53, 0.1],
    "DECIMAL(6, 2)": [0n, 1n, -1n, 999999n, -999999n, 12345n],
    "DECIMAL(22, 3)": [0n, 1n, -(10n ** 20n), 10n ** 22n - 1n],
    STRING: ["", "a", "12", "-3.5", "true", "2024-02-29", "é€", "A long string of more than sixteen bytes", " x "],
    BOOLEAN: [true, false],
    "TIMESTAMP(3)": [0n, -1n, 1709211909250n, BigInt(Date.UTC(9999, 11, 31)), BigInt(Date.UTC(-1, 1, 1))],
    "TIMESTAMP(6)": [0n, -1n, 1709211909250007n],
    DATE: [0, -1, 19782, 2932896],
  };
  const cell = (name: string): fc.Arbitrary<BoundValue> =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constant(null) },
      { weight: 4, arbitrary: fc.constantFrom(...(edges[name] as BoundValue[])) },
    );
  const row = fc.tuple(...FIELDS.map(([name]) => cell(name)));
  const literal = (name: string): fc.Arbitrary<Expr> => cell(name).map((value) => literalOf(value, typeOf(name)));
  const leaf = (...names: string[]): fc.Arbitrary<Expr> =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...names).map(col) },
      { weight: 1, arbitrary: fc.constantFrom(...names).chain(literal) },
    );

  const NUMBERS = ["TINYINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(6, 2)", "DECIMAL(22, 3)"];
  const TIMES = ["TIMESTAMP(3)", "TIMESTAMP(6)", "DATE"];
  const { number, text, flag, time } = fc.letrec<{ number: Expr; text: Expr; flag: Expr; time: Expr }>((tie) => ({
    number: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf(...NUMBERS),
      fc
        .tuple(fc.constantFrom("add", "sub", "mul", "div", "mod"), tie("number"), tie("number"))
        .map(([fn, a, b]) => call(fn, a, b)),
      fc
        .tuple(fc.constantFrom("neg", "abs", "floor", "ceil", "sign", "round", "sqrt", "ln"), tie("number"))
        .map(([fn, a]) => call(fn, a)),
      fc.tuple(tie("flag"), tie("number"), tie("number")).map(([condition, a, b]) => when([[condition, a]], b)),
      fc
        .tuple(fc.constantFrom("coalesce", "greatest", "least"), tie("number"), tie("number"))
        .map(([fn, a, b]) => call(fn, a, b)),
      fc
        .tuple(tie("number"), fc.constantFrom(...NUMBERS), fc.boolean())
        .map(([a, type, attempt]) => (attempt ? tryCast(a, type) : cast(a, type))),
      fc.tuple(tie("text"), fc.constantFrom(...NUMBERS)).map(([a, type]) => tryCast(a, type)),
      tie("text").map((a) => call("char_length", a)),
      fc
        .tuple(fc.constantFrom("year", "quarter", "month", "week", "day", "hour"), tie("time"))
        .map(([fn, a]) => call(fn, a)),
    ),
    text: fc.oneof(
      { maxDepth: 3 },
      leaf("STRING"),
      fc.tuple(fc.constantFrom("upper", "lower", "trim", "reverse"), tie("text")).map(([fn, a]) => call(fn, a)),
      fc.tuple(tie("text"), tie("text")).map(([a, b]) => call("concat", a, b)),
      fc
        .tuple(tie("text"), fc.integer({ min: -3, max: 4 }), fc.nat(3))
        .map(([a, start, length]) => call("substring", a, lit(start), lit(length))),
      fc.tuple(tie("flag"), tie("text"), tie("text")).map(([condition, a, b]) => when([[condition, a]], b)),
      fc.oneof(tie("number"), tie("flag"), tie("time")).map((a) => cast(a, "STRING")),
    ),
    flag: fc.oneof(
      { maxDepth: 4 },
      leaf("BOOLEAN"),
      fc
        .tuple(
          fc.constantFrom("eq", "ne", "lt", "le", "gt", "ge", "is_distinct_from", "is_not_distinct_from"),
          fc.oneof(
            fc.tuple(tie("number"), tie("number")),
            fc.tuple(tie("text"), tie("text")),
            fc.tuple(tie("time"), tie("time")),
            fc.tuple(tie("flag"), tie("flag")),
          ),
        )
        .map(([fn, [a, b]]) => call(fn, a, b)),
      fc
        .tuple(fc.constantFrom("and", "or"), tie("flag"), tie("flag"), tie("flag"))
        .map(([fn, a, b, c]) => call(fn, a, b, c)),
      fc
        .tuple(fc.constantFrom("not", "is_true", "is_not_false", "is_null", "is_not_null"), tie("flag"))
        .map(([fn, a]) => call(fn, a)),
      fc.tuple(tie("text"), fc.constantFrom("%a%", "_", "1%", "")).map(([a, pattern]) => call("like", a, lit(pattern))),
      fc.tuple(tie("number"), tie("number"), tie("number")).map(([a, b, c]) => call("in", a, b, c)),
      fc.oneof(tie("number"), tie("text"), tie("time")).map((a) => call("is_null", a)),
    ),
    time: fc.oneof(
      { maxDepth: 2 },
      leaf(...TIMES),
      fc
        .tuple(tie("time"), fc.constantFrom("year", "month", "week", "day", "hour"))
        .map(([a, unit]) => call("date_floor", a, lit(unit))),
      fc.tuple(tie("time"), fc.constantFrom(60_000, -1, 2 ** 50)).map(([a, ms]) => call("add", a, lit(ms, "INTERVAL"))),
      fc.tuple(tie("time"), fc.constantFrom(...TIMES)).map(([a, type]) => tryCast(a, type)),
    ),
  }));

  /** What the interpreter gives for every row. */
  const oracle = (expr: BoundExpr, rows: readonly Row[]): (BoundValue | string)[] =>
    rows.map((cells) => {
      const value = evaluateRow(expr, (index) => cells[index] as BoundValue);
      return value instanceof Failure ? `fails ${value.code}` : value;
    });

  const check = (kind: fc.Arbitrary<Expr>, numRuns: number): void => {
    fc.assert(
      fc.property(kind, fc.array(row, { minLength: 1, maxLength: 20 }), fc.boolean(), (expr, rows, coded) => {
        account.arena.reset();
        const bound = bindExpr(expr, schema);
        const expected = oracle(bound, rows);
        expectSame(evaluate(bound, batchOf(schema, rows, coded)), expected, formatBound(bound));
        // One row at a time, and from the second row on: the same.
        const batch = batchOf(schema, rows, coded);
        expectSame(
          rows.flatMap((_, i) => evaluate(bound, batch.slice(i, i + 1))),
          expected,
          formatBound(bound),
        );
        if (rows.length > 1)
          expectSame(evaluate(bound, batch.slice(1, rows.length)), expected.slice(1), formatBound(bound));
      }),
      { numRuns },
    );
  };

  test("numbers", () => check(number, 1500));
  test("conditions", () => check(flag, 1500));
  test("text", () => check(text, 1000));
  test("times", () => check(time, 500));

  test("in batches of 8,192 rows", () => {
    const rows = Array.from({ length: 8192 }, (_, i) =>
      FIELDS.map(([name], k) =>
        (i + k) % 11 === 0
          ? null
          : ((edges[name] as BoundValue[])[(i * 7 + k) % (edges[name] as BoundValue[]).length] as BoundValue),
      ),
    );
    const exprs = fc.sample(fc.oneof(number, flag, text, time), { numRuns: 40, seed: 7 });
    const batch = batchOf(schema, rows).persist();
    for (const expr of exprs) {
      account.arena.reset();
      const bound = bindExpr(expr, schema);
      expectSame(evaluate(bound, batch), oracle(bound, rows), formatBound(bound));
    }
    batch.release();
  });
});

describe("dictionary columns", () => {
  const schema = schemaOf([field("s", typeOf("STRING"))]);
  const rows = (...texts: (string | null)[]): Row[] => texts.map((text) => [text]);

  test("text of a dictionary stays coded, with as few values", () => {
    const batch = batchOf(schema, rows("a", null, "b", "a", "b", "a"), true);
    const column = new Evaluator(bindExpr(call("upper", col("s")), schema)).evaluate(batch);
    expect(column.dictionary?.length).toBe(3);
    expect(evaluate(bindExpr(call("upper", col("s")), schema), batch)).toEqual(["A", null, "B", "A", "B", "A"]);
  });

  test("a value that no row has cannot fail", () => {
    const batch = batchOf(schema, rows("1", null, "2"), true);
    expect(evaluate(bindExpr(cast(col("s"), "INT"), schema), batch)).toEqual([1, null, 2]);
  });

  test("functions that do not give NULL for NULL are not computed on the values alone", () => {
    const batch = batchOf(schema, rows("a", null, "b"), true);
    expect(evaluate(bindExpr(call("coalesce", col("s"), lit("?")), schema), batch)).toEqual(["a", "?", "b"]);
    expect(
      evaluate(bindExpr(call("or", call("eq", col("s"), lit("a")), call("is_null", col("s"))), schema), batch),
    ).toEqual([true, true, false]);
    expect(evaluate(bindExpr(call("in", col("s"), lit("a"), lit(null)), schema), batch)).toEqual([true, null, null]);
  });
});

test("constants fill a column of every type", () => {
  const typed: Typed[] = [
    ["TINYINT", -5],
    ["SMALLINT", 300],
    ["INT", 7],
    ["BIGINT", -(2n ** 63n)],
    ["FLOAT", 1.5],
    ["DOUBLE", 0.1],
    ["DECIMAL(5, 2)", 125n],
    ["DECIMAL(30, 2)", -(10n ** 25n)],
    ["STRING", "é€"],
    ["BYTES", "00ff"],
    ["BOOLEAN", true],
    ["DATE", -1],
    ["TIMESTAMP(6)", 1n],
    ["INTERVAL", 5n],
  ];
  const batch = batchOf(
    schemaOf([field("i", typeOf("INT"))]),
    Array.from({ length: 9 }, () => [1]),
  );
  for (const [type, value] of typed) {
    for (const each of [value, null]) {
      const bound = bindExpr(literalOf(each, typeOf(type)), { fields: [] });
      expect(evaluate(bound, batch)).toEqual(Array.from({ length: 9 }, () => each));
    }
  }
});

test("an empty batch evaluates to no rows", () => {
  const schema = schemaOf([field("i", typeOf("INT")), field("s", typeOf("STRING"))]);
  const exprs = [
    call("div", col("i"), lit(0)),
    call("upper", col("s")),
    cast(col("s"), "INT"),
    call("like", col("s"), lit("%a")),
  ];
  for (const expr of exprs) expect(evaluate(bindExpr(expr, schema), batchOf(schema, []))).toEqual([]);
});
