// Binding of expressions: types, implicit casts, what is refused and how; constants computed without WASM; text.
import { describe, expect, test } from "vitest";
import { parseSchema, typeName } from "../../src/arrow/types.js";
import { EngineError } from "../../src/errors.js";
import { bindAggregate, bindExpr, bindPredicate, exprColumns, foldExpr, literalOf } from "../../src/plan/bind-expr.js";
import { evaluateConstant } from "../../src/plan/constant.js";
import type { BoundExpr, BoundValue, Expr } from "../../src/plan/expr.js";
import { boundText, formatBound, formatExpr } from "../../src/plan/format-expr.js";
import { Failure } from "../../src/plan/scalar/value.js";
import { CASES, caseName } from "../support/cases.js";
import { call, caseExpr, cast, col, lit, tryCast, typeOf, when } from "../support/expressions.js";

const SCHEMA = parseSchema({
  i: "INT NOT NULL",
  n: "BIGINT",
  f: "FLOAT",
  x: "DOUBLE",
  d: "DECIMAL(10, 2)",
  s: "STRING",
  b: "BOOLEAN",
  ts: "TIMESTAMP(3)",
  day: "DATE",
});
const NO_COLUMNS = { fields: [] };

/** What a call throws, as the command line prints it. */
function refusal(bind: () => unknown): string {
  try {
    bind();
  } catch (error) {
    if (error instanceof EngineError) return error.format();
    throw error;
  }
  throw new Error("nothing was thrown");
}

const typed = (type: string, value: BoundValue): Expr => literalOf(value, typeOf(type));

describe("constants", () => {
  test.each(CASES.map((entry) => [caseName(entry), entry] as const))("%s", (_, entry) => {
    const bound = bindExpr(
      caseExpr(
        entry,
        entry.args.map(([type, value]) => typed(type, value)),
      ),
      NO_COLUMNS,
    );
    expect(typeName(bound.type)).toBe(entry.type);
    const value = evaluateConstant(bound);
    if (entry.fails === undefined) {
      expect(bound).toMatchObject({ kind: "literal" });
      expect(value).toEqual(entry.result === 0 ? expect.closeTo(0) : entry.result);
    } else {
      expect(value).toBeInstanceOf(Failure);
      expect((value as Failure).code).toBe(entry.fails);
    }
  });

  test("a constant that fails stays in the plan, since a branch not taken never fails", () => {
    const risky = call("div", lit(1), lit(0));
    expect(formatBound(bindExpr(call("add", col("i"), risky), SCHEMA))).toBe("i + 1 / 0");
    expect(bindExpr(when([[lit(true), lit(7)]], risky), SCHEMA)).toMatchObject({ kind: "case" });
    const bound = bindExpr(when([[lit(true), lit(7)]], risky), SCHEMA);
    expect(evaluateConstant(bound)).toBe(7);
    expect(evaluateConstant(bindExpr(call("and", lit(false), call("eq", risky, lit(1))), SCHEMA))).toBe(false);
    expect(evaluateConstant(bindExpr(call("coalesce", lit(2), risky), SCHEMA))).toBe(2);
  });

  test("evaluateConstant of an expression with columns is undefined", () => {
    expect(evaluateConstant(bindExpr(call("add", col("i"), lit(1)), SCHEMA))).toBeUndefined();
  });

  test("foldExpr computes constant parts and leaves the rest", () => {
    const folded = foldExpr(call("and", call("gt", col("x"), call("mul", lit(2), lit(3))), call("lt", lit(1), lit(2))));
    expect(formatExpr(folded)).toBe("x > 6 AND TRUE");
    expect(foldExpr(call("div", lit(1), lit(0)))).toEqual(call("div", lit(1), lit(0)));
    const chosen = foldExpr(when([[call("eq", lit(1), lit(1)), cast(lit("5"), "INT")]], col("i")));
    expect(chosen).toMatchObject({ branches: [{ when: { value: true }, then: { value: 5 } }] });
  });

  test.each(CASES.filter(({ fails }) => fails === undefined).map((entry) => [entry.type, entry.result] as const))(
    "a folded %s %s binds to itself again",
    (type, result) => {
      const literal = bindExpr(typed(type, result), NO_COLUMNS);
      expect(literal).toEqual({ kind: "literal", value: result, type: typeOf(type), nullable: result === null });
    },
  );
});

describe("types", () => {
  const typeAndText = (expr: Expr): string => {
    const bound = bindExpr(expr, SCHEMA);
    return `${formatBound(bound)} : ${typeName(bound.type)}${bound.nullable ? "" : " NOT NULL"}`;
  };

  test.each<[Expr, string]>([
    [call("add", col("i"), lit(1)), "i + 1 : INT NOT NULL"],
    [call("add", col("i"), col("n")), "CAST(i AS BIGINT) + n : BIGINT"],
    [call("mul", col("f"), col("i")), "CAST(CAST(f AS DOUBLE) * CAST(i AS DOUBLE) AS FLOAT) : FLOAT"],
    [call("gt", col("x"), lit(15)), "x > 15 : BOOLEAN"],
    [call("eq", col("n"), lit(5)), "n = 5 : BOOLEAN"],
    [call("add", col("d"), col("i")), "CAST(d AS DECIMAL(12, 2)) + CAST(i AS DECIMAL(12, 2)) : DECIMAL(13, 2)"],
    [call("mul", col("d"), lit(2)), "d * 2 : DECIMAL(21, 2)"],
    [call("mul", col("d"), lit(1.5)), "CAST(d AS DOUBLE) * 1.5 : DOUBLE"],
    [call("ge", col("ts"), lit("2020-01-01")), "ts >= TIMESTAMP '2020-01-01 00:00:00.000' : BOOLEAN"],
    [call("lt", col("day"), col("ts")), "CAST(day AS TIMESTAMP(3)) < ts : BOOLEAN"],
    [call("coalesce", col("n"), lit(0)), "coalesce(n, 0) : BIGINT NOT NULL"],
    [call("is_null", col("n")), "n IS NULL : BOOLEAN NOT NULL"],
    [call("nullif", col("i"), lit(0)), "CASE WHEN i = 0 THEN NULL ELSE i END : INT"],
    [call("between", col("i"), lit(1), lit(9)), "i >= 1 AND i <= 9 : BOOLEAN NOT NULL"],
    [tryCast(col("i"), "SMALLINT"), "TRY_CAST(i AS SMALLINT) : SMALLINT"],
    [when([[col("b"), lit(1)]], col("x")), "CASE WHEN b THEN 1 ELSE x END : DOUBLE"],
    [when([[col("b"), col("i")]]), "CASE WHEN b THEN i END : INT"],
    [call("add", col("ts"), lit(60_000, "INTERVAL")), "ts + INTERVAL '+0 00:01:00.000' : TIMESTAMP(3)"],
    [call("sub", col("ts"), col("day")), "ts - CAST(day AS TIMESTAMP(3)) : INTERVAL"],
    [call("eq", col("s"), lit(null)), "s = NULL : BOOLEAN"],
    [call("mod", col("n"), col("i")), "CAST(n % CAST(i AS BIGINT) AS INT) : INT"],
    [call("div", col("i"), lit(2)), "i / 2 : INT NOT NULL"],
    [call("in", col("s"), lit("a"), lit("b")), "s IN ('a', 'b') : BOOLEAN"],
    [call("year", col("ts")), "year(ts) : BIGINT"],
  ])("%#: %s", (expr, expected) => {
    expect(typeAndText(expr)).toBe(expected);
  });

  test("literals by their value", () => {
    const types = ([1, 2 ** 31, 2 ** 53, 1.5, -0, 10n, 2n ** 63n, "a", true, null, new Date(0)] as const).map((value) =>
      typeName(bindExpr(lit(value), NO_COLUMNS).type),
    );
    expect(types).toEqual([
      "INT",
      "BIGINT",
      "DOUBLE",
      "DOUBLE",
      "DOUBLE",
      "BIGINT",
      "DECIMAL(19, 0)",
      "STRING",
      "BOOLEAN",
      "NULL",
      "TIMESTAMP(3)",
    ]);
  });

  test("aggregates: SUM of integers is BIGINT, of decimals DECIMAL(38, s), AVG a DOUBLE or DECIMAL(38, max(6, s)) (S54, S55)", () => {
    const result = (fn: string, ...args: Expr[]): string => {
      const { type, nullable } = bindAggregate({ name: "a", fn, args }, SCHEMA);
      return `${typeName(type)}${nullable ? "" : " NOT NULL"}`;
    };
    expect([
      result("count_star"),
      result("count", col("s")),
      result("sum", col("i")),
      result("sum", col("n")),
      result("sum", col("d")),
    ]).toEqual(["BIGINT NOT NULL", "BIGINT NOT NULL", "BIGINT NOT NULL", "BIGINT", "DECIMAL(38, 2)"]);
    expect([
      result("avg", col("i")),
      result("avg", col("x")),
      result("avg", col("d")),
      result("min", col("ts")),
      result("max", col("f")),
    ]).toEqual(["DOUBLE NOT NULL", "DOUBLE", "DECIMAL(38, 6)", "TIMESTAMP(3)", "FLOAT"]);
  });
});

describe("refusals name what is wrong and what is near", () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      "an unknown column",
      () => bindExpr(col("dayy"), SCHEMA, "flights"),
      /^UNKNOWN_COLUMN: no column "dayy" in flights\n {2}hint: did you mean "day"/,
    ],
    [
      "an unknown function",
      () => bindExpr(call("uper", col("s")), SCHEMA),
      /^UNKNOWN_FUNCTION: no function "uper"\n {2}hint: did you mean "upper"\?/,
    ],
    [
      "an unknown aggregate",
      () => bindAggregate({ name: "a", fn: "suum", args: [] }, SCHEMA),
      /^UNKNOWN_FUNCTION: no aggregate "suum"\n {2}hint: did you mean "sum"\?/,
    ],
    [
      "types that do not meet",
      () => bindExpr(call("add", col("i"), col("s")), SCHEMA),
      /^TYPE: add does not take \(INT, STRING\): i \+ s\n {2}hint: forms: number \+ number/,
    ],
    [
      "comparison of number and text",
      () => bindExpr(call("eq", col("i"), col("s")), SCHEMA),
      /^TYPE: eq does not take \(INT, STRING\): i = s/,
    ],
    [
      "a literal that does not fit",
      () => bindExpr(call("eq", col("ts"), lit("soon")), SCHEMA),
      /^TYPE: soon is no TIMESTAMP\(3\): ts = 'soon'/,
    ],
    ["a condition that is none", () => bindPredicate(col("i"), SCHEMA), /^TYPE: a condition is BOOLEAN, not INT: i/],
    [
      "a cast that does not exist",
      () => bindExpr(cast(col("i"), "TIMESTAMP(3)"), SCHEMA),
      /^TYPE: INT cannot be cast to TIMESTAMP\(3\)[\s\S]*from_epoch_ms/,
    ],
    [
      "branches without common type",
      () => bindExpr(when([[col("b"), col("i")]], col("s")), SCHEMA),
      /^TYPE: the branches of CASE are INT and STRING/,
    ],
    [
      "a wrong number of arguments",
      () => bindExpr(call("upper"), SCHEMA),
      /^TYPE: upper does not take \(\): upper\(\)/,
    ],
    [
      "a wrong number for a written form",
      () => bindExpr(call("between", col("i")), SCHEMA),
      /^TYPE: between takes 3 arguments, not 1/,
    ],
    [
      "a unit that is none",
      () => bindExpr(call("date_floor", col("ts"), lit("hours")), SCHEMA),
      /^TYPE: date_floor\(\) needs a unit of time as a literal, not hours\n {2}hint: did you mean "hour"\?/,
    ],
    [
      "an escape that escapes nothing",
      () => bindExpr(call("like", col("s"), lit("a!b"), lit("!")), SCHEMA),
      /^TYPE: LIKE 'a!b' escapes a character that needs none/,
    ],
    [
      "digits that are not literal",
      () => bindExpr(call("round", col("d"), col("i")), SCHEMA),
      /^TYPE: round\(\) of a DECIMAL needs a literal number of digits/,
    ],
    [
      "aggregates of text",
      () => bindAggregate({ name: "a", fn: "sum", args: [col("s")] }, SCHEMA),
      /^TYPE: sum does not take STRING: sum\(s\)/,
    ],
    [
      "aggregates of long decimals",
      () => bindAggregate({ name: "a", fn: "sum", args: [cast(col("d"), "DECIMAL(20, 2)")] }, SCHEMA),
      /^UNSUPPORTED: sum\(CAST\(d AS DECIMAL\(20, 2\)\)\) of DECIMAL\(20, 2\)/,
    ],
  ])("%s", (_, bind, expected) => {
    expect(refusal(bind)).toMatch(expected);
  });
});

describe("text", () => {
  test.each<[Expr, string]>([
    [call("mul", call("add", col("a"), lit(1)), lit(2)), "(a + 1) * 2"],
    [call("sub", col("a"), call("sub", col("b"), col("c"))), "a - (b - c)"],
    [call("sub", call("sub", col("a"), col("b")), col("c")), "a - b - c"],
    [call("or", call("and", col("a"), col("b")), call("not", col("c"))), "a AND b OR NOT c"],
    [call("and", call("or", col("a"), col("b")), col("c")), "(a OR b) AND c"],
    [call("not", call("and", col("a"), col("b"))), "NOT (a AND b)"],
    [call("not", call("eq", col("a"), lit(1))), "NOT a = 1"],
    [call("eq", call("eq", col("a"), col("b")), col("c")), "(a = b) = c"],
    [call("neg", call("neg", col("a"))), "-(-a)"],
    [call("neg", lit(-1)), "-(-1)"],
    [call("like", col("a"), lit("50!%"), lit("!")), "a LIKE '50!%' ESCAPE '!'"],
    [call("between", col("a"), lit(1), lit(2)), "a BETWEEN 1 AND 2"],
    [call("is_null", call("add", col("a"), col("b"))), "a + b IS NULL"],
    [call("in", col("a"), lit("it's"), lit(null)), "a IN ('it''s', NULL)"],
    [call("upper", col("odd name")), "upper(`odd name`)"],
    [cast(lit(new Date(0)), "DATE"), "CAST(TIMESTAMP '1970-01-01 00:00:00.000' AS DATE)"],
    [when([[col("a"), lit(true)]], lit(1.5)), "CASE WHEN a THEN TRUE ELSE 1.5 END"],
  ])("%#: %s", (expr, expected) => {
    expect(formatExpr(expr)).toBe(expected);
  });

  test("bound literals carry what their text needs", () => {
    expect(boundText(-1n, typeOf("TIMESTAMP(6)"))).toBe("TIMESTAMP '1969-12-31 23:59:59.999999'");
    expect(boundText(1250n, typeOf("DECIMAL(5, 2)"))).toBe("12.50");
    expect(boundText("00ff", typeOf("BYTES"))).toBe("X'00ff'");
    expect(boundText(Number.NaN, typeOf("DOUBLE"))).toBe("'NaN'");
    expect(boundText(0, typeOf("DATE"))).toBe("DATE '1970-01-01'");
  });

  test("exprColumns names each column once", () => {
    const expr = when([[call("gt", col("a"), col("b")), cast(col("a"), "INT")]], call("coalesce", col("c"), lit(1)));
    expect(exprColumns(expr)).toEqual(["a", "b", "c"]);
  });
});

test("a chain of a thousand operators binds", () => {
  let sum: Expr = col("n");
  for (let i = 0; i < 1000; i++) sum = call("add", sum, lit(1));
  let bound: BoundExpr = bindExpr(sum, SCHEMA);
  let depth = 0;
  for (; bound.kind === "call"; bound = bound.args[0] as BoundExpr) depth++;
  expect(depth).toBe(1000);
});
