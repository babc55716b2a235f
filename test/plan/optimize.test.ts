// Each rule by example, then all of them by chance: a program and its optimized form give the same rows, refuse the same
// rows and fail alike, on the same tables.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSchema } from "../../src/arrow/types.js";
import { derive } from "../../src/plan/derive.js";
import { explainText } from "../../src/plan/explain.js";
import type { BoundValue, Expr } from "../../src/plan/expr.js";
import type { LogicalPlan } from "../../src/plan/logical.js";
import * as logical from "../../src/plan/logical.js";
import { lower } from "../../src/plan/lower.js";
import { optimize, RULES } from "../../src/plan/optimize.js";
import type { RowPolicy } from "../../src/plan/policy.js";
import { lateRows } from "../../src/plan/side-outputs.js";
import { nameNodes } from "../../src/plan/uid.js";
import { interpret, type Tables } from "./interpret.js";
import { aggregate, call, col, lit, named, scan, sink, watermark, window } from "./support.js";

const SCHEMA = { ts: "TIMESTAMP(3)", a: "INT", b: "INT", x: "DOUBLE", s: "STRING" };
const source = (rowPolicy: RowPolicy = "fail"): LogicalPlan => scan("t", SCHEMA, { rowPolicy });
const optimized = (...program: LogicalPlan[]): string => explainText(optimize(program));
/** Fails where b is 0. */
const divides = call("div", col("a"), col("b"));

describe("constants", () => {
  test("constant parts are computed, those that fail stay", () => {
    const plan = logical.project(
      source(),
      named({
        p: call("add", col("a"), call("mul", lit(2), lit(3))),
        q: call("div", lit(1), lit(0)),
      }),
    );
    expect(optimized(plan)).toContain("project p = a + 6, q = 1 / 0");
  });

  test("a filter that every row passes is dropped, one that no row passes is not", () => {
    expect(optimized(logical.filter(source(), call("gt", lit(2), lit(1))))).toMatchInlineSnapshot(`
      "scan memory t
        columns: ts, a, b, x, s"
    `);
    expect(optimized(logical.filter(source(), lit(false)))).toContain("filter FALSE");
  });
});

describe("rows", () => {
  const schema = { kind: "INT", bid: "ROW<price INT, bidder INT, url STRING>", other: "ROW<a INT>" };
  const table = (rowFields: boolean) => Object.freeze({ ...scan("t", schema), rowFields }) as LogicalPlan;
  const field = (row: string, name: string) => call("field", col(row), lit(name));

  test("of one whose fields alone are read the fields are, through filters and projections that pass it on", () => {
    const passed = logical.project(table(true), named({ kind: col("kind"), sold: col("bid") }));
    const large = logical.filter(passed, call("gt", field("sold", "price"), col("kind")));
    const plan = logical.project(large, named({ bidder: field("sold", "bidder") }));
    expect(optimized(plan)).toMatchInlineSnapshot(`
      "project bidder = \`bid.bidder\`
      └─ filter \`bid.price\` > kind
         └─ scan memory t
              columns: kind, \`bid.price\`, \`bid.bidder\` (3 of 3)
              skips by: \`bid.price\` > kind"
    `);
  });

  test("one that is read whole stays, and so does all that a source cannot read otherwise", () => {
    const columns = { price: field("bid", "price"), other: col("other"), a: field("other", "a") };
    expect(optimized(logical.project(table(true), named(columns)))).toMatchInlineSnapshot(`
      "project price = \`bid.price\`, other, a = other.a
      └─ scan memory t
           columns: \`bid.price\`, other (2 of 2)"
    `);
    const plain = optimized(logical.project(table(false), named({ price: field("bid", "price") })));
    expect(plain).toContain("columns: bid (1 of 3)");
  });

  test("what one reader takes whole is whole for all", () => {
    const shared = logical.filter(table(true), call("gt", field("bid", "price"), lit(1)));
    const program = [
      logical.project(shared, named({ p: field("bid", "price") })),
      logical.project(shared, named({ b: col("bid") })),
    ];
    expect(optimized(...program)).not.toContain("`");
  });

  test("bad records are not made good", () => {
    const lenient = Object.freeze({ ...table(true), rowPolicy: "skip" }) as LogicalPlan;
    expect(optimized(logical.project(lenient, named({ p: field("bid", "price") })))).not.toContain("`");
  });
});

describe("filters", () => {
  const positive = call("gt", col("a"), lit(0));
  const even = call("eq", col("b"), lit(2));

  test("two are one, in their order", () => {
    expect(optimized(logical.filter(logical.filter(source(), positive), even))).toMatchInlineSnapshot(`
      "filter a > 0 AND b = 2
      └─ scan memory t
           columns: ts, a, b, x, s
           skips by: a > 0 AND b = 2"
    `);
  });

  test("one that may fail does not join the filter that protects it from NULL", () => {
    const text = optimized(logical.filter(logical.filter(source(), positive), call("gt", divides, lit(1))));
    expect(text).toContain("filter a / b > 1\n└─ filter a > 0");
  });

  test("they go below a projection that renames, and through to the scan", () => {
    const renamed = logical.project(source(), named({ n: col("a"), m: col("b") }));
    expect(optimized(logical.filter(renamed, call("gt", col("n"), lit(0))))).toMatchInlineSnapshot(`
      "project n = a, m = b
      └─ filter a > 0
         └─ scan memory t
              columns: a, b (2 of 5)
              skips by: a > 0"
    `);
  });

  test("they stay above what is computed, and above what may fail", () => {
    const computed = logical.project(source(), named({ n: call("mul", col("x"), lit(2)), a: col("a") }));
    expect(optimized(logical.filter(computed, call("gt", col("n"), lit(0))))).toMatch(/^filter n > 0/);
    const failing = logical.project(source(), named({ n: divides, a: col("a") }));
    expect(optimized(logical.filter(failing, positive))).toMatch(/^filter a > 0/);
  });

  test("they go into every input of a union", () => {
    expect(optimized(logical.filter(logical.union([source(), source()]), positive))).toMatchInlineSnapshot(`
      "union
      ├─ filter a > 0
      │  └─ scan memory t
      │       columns: ts, a, b, x, s
      │       skips by: a > 0
      └─ filter a > 0
         └─ scan memory t
              columns: ts, a, b, x, s
              skips by: a > 0"
    `);
  });

  test("they stay above a watermark, which the rows they drop would have moved", () => {
    const text = optimized(logical.filter(watermark(source(), "ts"), positive));
    expect(text).toMatch(/^filter a > 0\n└─ watermark ts/);
    expect(text).not.toContain("skips by");
  });

  test("of one that may fail the scan gets the parts before, unless they may be NULL", () => {
    const known = scan("t", { a: "INT NOT NULL", b: "INT" });
    const rest = call("gt", divides, lit(1));
    expect(optimized(logical.filter(known, call("and", positive, rest, even)))).toMatch(/skips by: a > 0$/);
    expect(optimized(logical.filter(source(), call("and", positive, rest, even)))).not.toContain("skips by");
  });

  test("what several read is filtered for none of them", () => {
    const shared = source();
    const text = optimized(sink(logical.filter(shared, positive), "one"), sink(shared, "two"));
    expect(text).not.toContain("skips by");
  });
});

describe("projections", () => {
  const double = call("mul", col("x"), lit(2));

  test("two are one, and what nobody reads is not read", () => {
    const inner = logical.project(source(), named({ n: double, m: col("a"), s: col("s") }));
    expect(
      optimized(logical.project(inner, named({ p: call("add", col("n"), lit(1)), q: col("m") }))),
    ).toMatchInlineSnapshot(`
      "project p = x * 2 + 1, q = a
      └─ scan memory t
           columns: a, x (2 of 5)"
    `);
  });

  test("nothing is computed twice", () => {
    const inner = logical.project(source(), named({ n: double }));
    const text = optimized(logical.project(inner, named({ p: col("n"), q: call("neg", col("n")) })));
    expect(text).toContain("project p = n, q = -n\n└─ project n = x * 2");
  });

  test("what may fail is computed for every row still, though nobody reads it", () => {
    const inner = logical.project(source(), named({ n: divides, a: col("a") }));
    const text = optimized(logical.project(inner, named({ a: col("a") })));
    expect(text).toContain("project a\n└─ project n = a / b, a");
  });

  test("one that changes nothing is dropped, one that changes the order is not", () => {
    const same = logical.project(
      source(),
      named({ ts: col("ts"), a: col("a"), b: col("b"), x: col("x"), s: col("s") }),
    );
    expect(optimized(same)).toMatch(/^scan/);
    const turned = logical.project(
      source(),
      named({ a: col("a"), ts: col("ts"), b: col("b"), x: col("x"), s: col("s") }),
    );
    expect(optimized(turned)).toMatch(/^project a, ts, b, x, s/);
  });
});

describe("columns", () => {
  test("a window needs its keys, its arguments and its time", () => {
    const plan = window(watermark(source(), "ts"), { s: col("s") }, { n: ["count_star"], x: ["sum", col("x")] });
    expect(optimized(plan)).toContain("columns: ts, x, s (3 of 5)");
  });

  test("a listener to late rows needs all of their columns", () => {
    const windows = window(watermark(source(), "ts"), {}, { n: ["count_star"] });
    expect(optimized(sink(windows), sink(lateRows(windows), "late"))).toContain("columns: ts, a, b, x, s\n");
  });

  test("late rows that were projected need what the projection reads", () => {
    const narrow = logical.project(watermark(source(), "ts"), named({ ts: col("ts"), a: col("a") }));
    const windows = window(narrow, {}, { n: ["count_star"] });
    expect(optimized(sink(windows), sink(lateRows(windows), "late"))).toContain("columns: ts, a (2 of 5)");
  });

  test("user functions and inspections see every column", () => {
    const fn = { id: "f", version: "1", name: "f" };
    const cut = named({ a: col("a") });
    expect(optimized(logical.project(logical.inspect(source(), fn), cut))).toContain("columns: ts, a, b, x, s");
    expect(optimized(logical.project(logical.map(source(), fn, "filter", null), cut))).toContain(
      "columns: ts, a, b, x, s",
    );
  });

  test("rows that are only counted are counted by a narrow column", () => {
    expect(optimized(aggregate(source(), {}, { n: ["count_star"] }))).toContain("columns: a (1 of 5)");
    expect(optimized(aggregate(scan("t", { s: "STRING", d: "BYTES" }), {}, { n: ["count_star"] }))).toContain(
      "columns: s (1 of 2)",
    );
  });

  test("a source that keeps or skips bad records reads every column, so that a bad record stays one", () => {
    for (const policy of ["deadLetter", "skip"] as const) {
      expect(optimized(logical.project(source(policy), named({ a: col("a") })))).toContain("columns: ts, a, b, x, s\n");
    }
  });

  test("inputs of a union stay alike", () => {
    const shared = source();
    const filtered = logical.filter(source(), call("eq", col("s"), lit("y")));
    const plan = logical.project(logical.union([shared, filtered]), named({ a: col("a") }));
    const program = optimize([sink(plan, "one"), sink(shared, "two")]);
    expect(explainText(program)).toMatchInlineSnapshot(`
      "sink memory one
      └─ union
         ├─ project a
         │  └─ scan memory t #0
         │       columns: ts, a, b, x, s
         └─ project a
            └─ filter s = 'y'
               └─ scan memory t
                    columns: a, s (2 of 5)
                    skips by: s = 'y'

      sink memory two
      └─ scan memory t #0, see above"
    `);
    expect(() => derive(program[0] as LogicalPlan)).not.toThrow();
  });
});

test("optimizing what is optimized changes nothing", () => {
  const plan = logical.filter(
    logical.project(watermark(source(), "ts"), named({ a: col("a") })),
    call("gt", col("a"), lit(1)),
  );
  const once = optimize([plan]);
  expect(explainText(optimize(once))).toBe(explainText(once));
});

describe("by chance", () => {
  const integer = fc.letrec<{ expr: Expr }>((tie) => ({
    expr: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom(col("a"), col("b"), lit(0), lit(1), lit(3)),
      fc
        .tuple(fc.constantFrom("add", "sub", "mul", "div", "mod"), tie("expr"), tie("expr"))
        .map(([fn, l, r]) => call(fn, l, r)),
    ),
  })).expr;
  const double = fc.oneof(
    fc.constantFrom(col("x"), lit(0.5), call("mul", col("x"), lit(2)), call("div", col("x"), col("x"))),
    integer.map((input): Expr => ({ kind: "cast", input, type: { kind: "float64" }, try: false })),
  );
  const predicate = fc.letrec<{ expr: Expr }>((tie) => ({
    expr: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.tuple(fc.constantFrom("eq", "lt", "ge"), integer, integer).map(([fn, l, r]) => call(fn, l, r)),
      fc.tuple(fc.constantFrom("gt", "ne"), double, double).map(([fn, l, r]) => call(fn, l, r)),
      fc.constantFrom(lit(true), lit(null), lit(false), call("is_null", col("a")), call("is_not_null", col("ts"))),
      fc.tuple(fc.constantFrom("and", "or"), tie("expr"), tie("expr")).map(([fn, l, r]) => call(fn, l, r)),
      tie("expr").map((arg) => call("not", arg)),
    ),
  })).expr;

  /** A step that keeps the columns' names and types. */
  const step = fc.oneof(
    predicate.map((expr) => (input: LogicalPlan) => logical.filter(input, expr)),
    fc
      .record({ ts: fc.constant(col("ts")), b: integer, a: integer, x: double, s: fc.constantFrom(col("s"), lit("c")) })
      .map((columns) => (input: LogicalPlan) => logical.project(input, named(columns))),
    fc.constant((input: LogicalPlan) =>
      logical.project(input, named({ x: col("x"), b: col("a"), a: col("b"), ts: col("ts"), s: col("s") })),
    ),
    fc.constant((input: LogicalPlan) => watermark(input, "ts", { delayMs: 5 })),
    fc.constant((input: LogicalPlan) => logical.union([input, source()])),
    fc.constant((input: LogicalPlan) => logical.union([input, input])),
  );
  const end = fc.constantFrom<(input: LogicalPlan) => LogicalPlan[]>(
    (input) => [sink(input)],
    (input) => [sink(logical.project(input, named({ a: col("a") })))],
    (input) => [sink(aggregate(input, { b: col("b") }, { n: ["count_star"], x: ["max", col("x")] }))],
    (input) => [sink(aggregate(input, {}, { n: ["count", col("a")] }))],
    (input) => [sink(window(watermark(input, "ts"), { k: call("add", col("a"), lit(1)) }, { n: ["count_star"] }))],
    (input) => {
      const windows = window(watermark(input, "ts", { delayMs: 3 }), {}, { x: ["min", col("x")] }, { latenessMs: 4 });
      return [sink(windows), sink(lateRows(windows), "late")];
    },
    (input) => [sink(input), sink(logical.project(input, named({ x: col("x") })), "again")],
  );
  const row = fc.tuple(
    fc.option(fc.integer({ min: 0, max: 60 }).map(BigInt)),
    fc.option(fc.constantFrom(0, 1, -1, 2, 2 ** 31 - 1)),
    fc.option(fc.constantFrom(0, 1, 2, -(2 ** 31))),
    fc.option(fc.constantFrom(0, 0.5, -1, Number.NaN, Number.POSITIVE_INFINITY)),
    fc.option(fc.constantFrom("c", "d")),
  );
  const withPolicy = (node: LogicalPlan, rowPolicy: RowPolicy): LogicalPlan => {
    if (node.kind === "scan") return Object.freeze({ ...node, rowPolicy });
    return node;
  };

  test.each(["fail", "deadLetter", "skip"] as const)(
    "results, refusals and failures are the same (%s)",
    (rowPolicy) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 6 }), end, fc.array(row, { maxLength: 12 }), (steps, finish, rows) => {
          const base = withPolicy(source(), rowPolicy);
          const plan = steps.reduce((input, next) => next(input), base);
          const sinks = finish(plan);
          const dead = rowPolicy === "deadLetter" && derive(plan).rowPolicy === rowPolicy;
          const program = nameNodes(dead ? [...sinks, sink(logical.sideOutput(plan, "deadLetter"), "dead")] : sinks);
          const tables: Tables = { t: { schema: parseSchema(SCHEMA), rows: rows as BoundValue[][] } };
          expect(interpret(lower(optimize(program)), tables), explainText(program)).toEqual(
            interpret(lower(program), tables),
          );
        }),
        { numRuns: 600 },
      );
    },
  );

  test.each(RULES)("$name alone changes no result", ({ apply }) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 4 }), end, fc.array(row, { maxLength: 8 }), (steps, finish, rows) => {
        const program = nameNodes(finish(steps.reduce((input, next) => next(input), source())));
        const tables: Tables = { t: { schema: parseSchema(SCHEMA), rows: rows as BoundValue[][] } };
        expect(interpret(lower(apply(program)), tables), explainText(program)).toEqual(
          interpret(lower(program), tables),
        );
      }),
      { numRuns: 150 },
    );
  });
});
