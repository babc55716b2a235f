// Random expressions on batches against the row-by-row interpreter, with nulls, dictionaries, slices and batches of one, a
// few and 8,192 rows. The hand-worked cases are in test/portable/expressions.test.ts.
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { field, schemaOf } from "../../src/arrow/types.js";
import { Evaluator } from "../../src/operators/evaluate.js";
import { bindExpr, literalOf } from "../../src/plan/bind-expr.js";
import { evaluateRow } from "../../src/plan/constant.js";
import type { BoundExpr, BoundValue, Expr } from "../../src/plan/expr.js";
import { formatBound } from "../../src/plan/format-expr.js";
import { Failure } from "../../src/plan/scalar/value.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { CASES, type Typed } from "../support/cases.js";
import { batchOf, evaluate, expectSame, type Row, runCase } from "../support/evaluation.js";
import { call, cast, col, lit, tryCast, typeOf, when } from "../support/expressions.js";

const { workspace, account } = await openTestWorkspace();
afterAll(() => account.dispose());
beforeEach(() => account.arena.reset());

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
        expectSame(evaluate(bound, batchOf(workspace, schema, rows, coded)), expected, formatBound(bound));
        // One row at a time, and from the second row on: the same.
        const batch = batchOf(workspace, schema, rows, coded);
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
    const batch = batchOf(workspace, schema, rows).persist();
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
    const batch = batchOf(workspace, schema, rows("a", null, "b", "a", "b", "a"), true);
    const column = new Evaluator(bindExpr(call("upper", col("s")), schema)).evaluate(batch);
    expect(column.dictionary?.length).toBe(3);
    expect(evaluate(bindExpr(call("upper", col("s")), schema), batch)).toEqual(["A", null, "B", "A", "B", "A"]);
  });

  test("a value that no row has cannot fail", () => {
    const batch = batchOf(workspace, schema, rows("1", null, "2"), true);
    expect(evaluate(bindExpr(cast(col("s"), "INT"), schema), batch)).toEqual([1, null, 2]);
  });

  test("functions that do not give NULL for NULL are not computed on the values alone", () => {
    const batch = batchOf(workspace, schema, rows("a", null, "b"), true);
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
    workspace,
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
  for (const expr of exprs) expect(evaluate(bindExpr(expr, schema), batchOf(workspace, schema, []))).toEqual([]);
});

test("memory that grows at every reservation, which detaches all views, changes nothing", async () => {
  const own = await openTestWorkspace();
  const { arena, memory } = own.account;
  const allocate = arena.allocate.bind(arena);
  arena.allocate = (bytes) => {
    const ptr = allocate(bytes);
    // By no page: that too detaches the buffer, and costs nothing.
    memory.wasm.grow(0);
    memory.refresh();
    return ptr;
  };
  for (const entry of CASES) {
    arena.reset();
    runCase(own.workspace, entry, entry.literals, entry.args[0]?.[0] === "STRING");
  }
  own.account.dispose();
});
