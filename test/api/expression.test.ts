// Expressions, aggregates and functions of the API: the plan expressions that they make.
import { describe, expect, test } from "vitest";
import { count, max, min, sum } from "../../src/api/aggregates.js";
import { col, type Expression, interval, lit, when } from "../../src/api/expression.js";
import * as functions from "../../src/api/functions.js";
import { parseSchema, typeName } from "../../src/arrow/types.js";
import { bindExpr } from "../../src/plan/bind-expr.js";
import { FUNCTIONS } from "../../src/plan/functions.js";

const a = col("a");
const schema = parseSchema({
  a: "INT",
  b: "DOUBLE",
  t: "TIMESTAMP(3)",
  s: "STRING",
  d: "DECIMAL(8, 2)",
  f: "BOOLEAN",
  tags: "ARRAY<STRING>",
});
const text = (expression: Expression): string => expression.toString();

test.each<[Expression, string]>([
  [a.eq(1), "a = 1"],
  [a.ne(1), "a <> 1"],
  [a.lt(1), "a < 1"],
  [a.le(1), "a <= 1"],
  [a.gt(1), "a > 1"],
  [a.ge(col("b")), "a >= b"],
  [a.between(1, 5), "a BETWEEN 1 AND 5"],
  [a.in(1, 2, 3), "a IN (1, 2, 3)"],
  [col("s").like("S%"), "s LIKE 'S%'"],
  [a.isNull(), "a IS NULL"],
  [a.isNotNull(), "a IS NOT NULL"],
  [a.isDistinctFrom(null), "a IS DISTINCT FROM NULL"],
  [a.isNotDistinctFrom(1), "a IS NOT DISTINCT FROM 1"],
  [col("f").isTrue(), "f IS TRUE"],
  [col("f").isFalse(), "f IS FALSE"],
  [col("f").isNotTrue(), "f IS NOT TRUE"],
  [col("f").isNotFalse(), "f IS NOT FALSE"],
  [a.gt(1).and(a.lt(5)).or(col("f").not()), "a > 1 AND a < 5 OR NOT f"],
  [a.add(1).mul(2).sub(col("b").div(3)).mod(4), "((a + 1) * 2 - b / 3) % 4"],
  [a.neg(), "-a"],
  [a.cast("BIGINT"), "CAST(a AS BIGINT)"],
  [col("s").tryCast("DECIMAL(8, 2)"), "TRY_CAST(s AS DECIMAL(8, 2))"],
  [col("tags").at(1), "tags[1]"],
  [col("m").get("a b").add(1), "m['a b'] + 1"],
  [col("r").field("x y").field("z").at(a.add(1)), "r.`x y`.z[a + 1]"],
  [lit("it's"), "'it''s'"],
  [lit("1.50", "DECIMAL(8, 2)"), "CAST('1.50' AS DECIMAL(8, 2))"],
  [
    when(a.gt(60)).then("late").when(a.gt(0)).then("behind"),
    "CASE WHEN a > 60 THEN 'late' WHEN a > 0 THEN 'behind' END",
  ],
  [when(a.gt(60)).then(col("s")).otherwise("on time"), "CASE WHEN a > 60 THEN s ELSE 'on time' END"],
])("%# %s", (expression, expected) => {
  expect(text(expression)).toBe(expected);
});

test("a time moves by an interval", () => {
  expect(bindExpr(col("t").add(interval("5m")).plan, schema)).toMatchObject({
    fn: "time_add",
    type: { kind: "timestamp", precision: 3 },
    args: [{ name: "t" }, { kind: "literal", value: 300_000n, type: { kind: "interval" } }],
  });
});

test("expressions are not changed by their methods", () => {
  const base = when(a.gt(1)).then(1);
  const before = text(base);
  base.when(a.gt(2)).then(2);
  base.otherwise(3);
  expect(text(base)).toBe(before);
});

test("a branch that is awaited by mistake is refused instead of hanging", async () => {
  const mistake = async (): Promise<unknown> => await (when(a.gt(1)) as unknown as Promise<unknown>);
  await expect(mistake()).rejects.toMatchObject({ code: "TYPE", message: "a function is no value of an expression" });
});

describe("values", () => {
  test.each([undefined, Symbol("x"), () => 1, {}, []])("%s is none", (value) => {
    expect(() => lit(value as never)).toThrow(expect.objectContaining({ code: "TYPE" }));
  });

  test("an invalid Date is none", () => {
    expect(() => a.eq(new Date(Number.NaN))).toThrow(
      expect.objectContaining({ code: "TYPE", message: "an invalid Date is no value" }),
    );
  });
});

test("aggregates take names and expressions", () => {
  expect(count().call).toMatchObject({ fn: "count_star", args: [] });
  expect(count("a").call).toMatchObject({ fn: "count", args: [{ kind: "column", name: "a" }] });
  expect(sum(a.add(1)).call).toMatchObject({ fn: "sum", args: [a.add(1).plan] });
  expect([min("a").call.fn, max("a").call.fn]).toEqual(["min", "max"]);
});

describe("functions", () => {
  const { t, s, d, b, tags } = { tags: col("tags"), t: col("t"), s: col("s"), d: col("d"), b: col("b") };
  /** A call of every function, with its name in the table and the type of its result. */
  const calls: [name: string, call: Expression, type: string][] = [
    ["coalesce", functions.coalesce(a, 0), "INT"],
    ["coalesce", functions.ifNull(a, 0), "INT"],
    ["case", functions.nullif(a, 0), "INT"],
    ["greatest", functions.greatest(a, b), "DOUBLE"],
    ["least", functions.least(a, 1, 2), "INT"],
    ["abs", functions.abs(a), "INT"],
    ["sign", functions.sign(b), "DOUBLE"],
    ["ceil", functions.ceil(b), "DOUBLE"],
    ["floor", functions.floor(d), "DECIMAL(8, 0)"],
    ["round", functions.round(b), "DOUBLE"],
    ["round", functions.round(b, 2), "DOUBLE"],
    ["sqrt", functions.sqrt(a), "DOUBLE"],
    ["ln", functions.ln(b), "DOUBLE"],
    ["log10", functions.log10(b), "DOUBLE"],
    ["exp", functions.exp(b), "DOUBLE"],
    ["power", functions.power(b, 2), "DOUBLE"],
    ["char_length", functions.charLength(s), "INT"],
    ["upper", functions.upper(s), "STRING"],
    ["lower", functions.lower(s), "STRING"],
    ["trim", functions.trim(s), "STRING"],
    ["trim", functions.trim(s, "x"), "STRING"],
    ["ltrim", functions.ltrim(s), "STRING"],
    ["ltrim", functions.ltrim(s, "x"), "STRING"],
    ["rtrim", functions.rtrim(s), "STRING"],
    ["rtrim", functions.rtrim(s, "x"), "STRING"],
    ["substring", functions.substring(s, 2), "STRING"],
    ["substring", functions.substring(s, 2, a), "STRING"],
    ["concat", functions.concat(s, "-", s), "STRING"],
    ["position", functions.position("x", s), "INT"],
    ["starts_with", functions.startsWith(s, "x"), "BOOLEAN"],
    ["ends_with", functions.endsWith(s, "x"), "BOOLEAN"],
    ["contains", functions.contains(s, "x"), "BOOLEAN"],
    ["replace", functions.replace(s, "a", "b"), "STRING"],
    ["reverse", functions.reverse(s), "STRING"],
    ["lpad", functions.lpad(s, 5), "STRING"],
    ["lpad", functions.lpad(s, 5, "0"), "STRING"],
    ["rpad", functions.rpad(s, 5), "STRING"],
    ["rpad", functions.rpad(s, 5, "0"), "STRING"],
    ["extract", functions.extract("doy", t), "BIGINT"],
    ["year", functions.year(t), "BIGINT"],
    ["quarter", functions.quarter(t), "BIGINT"],
    ["month", functions.month(t), "BIGINT"],
    ["week", functions.week(t), "BIGINT"],
    ["day", functions.day(t), "BIGINT"],
    ["hour", functions.hour(t), "BIGINT"],
    ["minute", functions.minute(t), "BIGINT"],
    ["second", functions.second(t), "BIGINT"],
    ["date_floor", functions.dateFloor(t, "hour"), "TIMESTAMP(3)"],
    ["cast", functions.toTimestamp(s), "TIMESTAMP(3)"],
    ["cast", functions.toDate(s), "DATE"],
    ["to_epoch_ms", functions.toEpochMs(t), "BIGINT"],
    ["from_epoch_ms", functions.fromEpochMs(a), "TIMESTAMP_LTZ(3)"],
    ["cardinality", functions.cardinality(tags), "INT"],
    ["array_contains", functions.arrayContains(tags, "x"), "BOOLEAN"],
  ];

  test.each(calls)("%s: %s is %s", (name, call, type) => {
    const bound = bindExpr(call.plan, schema);
    expect(typeName(bound.type)).toBe(type);
    expect(bound.kind === "call" ? bound.fn : bound.kind).toBe(name);
  });

  test("there is one for every row of the table that is no operator", () => {
    const operators = [
      ...[
        "add",
        "sub",
        "mul",
        "div",
        "mod",
        "neg",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "in",
        "between",
        "and",
        "or",
        "not",
      ],
      ...["is_distinct_from", "is_not_distinct_from", "is_true", "is_not_true", "is_false", "is_not_false", "is_null"],
      ...["is_not_null", "like", "time_add", "time_sub", "time_diff", "field", "at", "get"],
    ];
    const inTable = [...FUNCTIONS.keys()].filter((name) => !operators.includes(name));
    const inApi = Object.keys(functions).map((name) =>
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    );
    expect(inApi.sort()).toEqual(inTable.sort());
  });

  test("every one is called above", () => {
    const called = new Set(calls.map(([, { plan }]) => (plan.kind === "call" ? plan.fn : plan.kind)));
    expect(called.size).toBe(Object.keys(functions).length);
  });
});
