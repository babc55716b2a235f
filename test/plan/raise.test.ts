// What the optimizer takes for infallible never fails: every function and cast, over columns of every type, on extreme rows.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type DataType, parseSchema, parseType, typeName } from "../../src/arrow/types.js";
import { EngineError } from "../../src/errors.js";
import { bindExpr } from "../../src/plan/bind-expr.js";
import { evaluateRow } from "../../src/plan/constant.js";
import type { BoundExpr, BoundValue, Expr } from "../../src/plan/expr.js";
import { FUNCTIONS } from "../../src/plan/functions.js";
import { mayRaise } from "../../src/plan/raise.js";
import { Failure } from "../../src/plan/scalar/value.js";
import { call, col, lit } from "./support.js";

const MIN64 = -(2n ** 63n);
const MAX64 = 2n ** 63n - 1n;
/** Ends of the years -9999 and 9999 in milliseconds. */
const [FIRST, LAST] = [-377_705_116_800_000n, 253_402_300_799_999n];

/** A column of each type with the values that hurt. */
const VALUES: Record<string, readonly BoundValue[]> = {
  BOOLEAN: [true, false],
  TINYINT: [-128, 0, 127],
  SMALLINT: [-32768, 0, 32767],
  INT: [-(2 ** 31), -1, 0, 1, 2 ** 31 - 1],
  BIGINT: [MIN64, -1n, 0n, 1n, MAX64],
  FLOAT: [0, -1.5, Number.NaN, Number.POSITIVE_INFINITY, 3.4e38],
  DOUBLE: [0, -0.5, Number.NaN, Number.NEGATIVE_INFINITY, 1.7e308, 5e-324],
  "DECIMAL(8, 2)": [-99_999_999n, 0n, 1n, 99_999_999n],
  "DECIMAL(38, 10)": [-(10n ** 38n - 1n), 0n, 10n ** 38n - 1n],
  STRING: ["", "a%_\\", "naïve 🙂", "12", "x".repeat(50)],
  BYTES: ["", "00ff"],
  DATE: [-4_371_587, 0, 2_932_896],
  TIME: [0, 86_399_999],
  "TIMESTAMP(3)": [FIRST, -1n, 0n, LAST],
  "TIMESTAMP(6)": [FIRST * 1000n, -1n, 0n, LAST * 1000n + 999n],
  "TIMESTAMP_LTZ(3)": [FIRST, 0n, LAST],
  INTERVAL: [MIN64, -1n, 0n, MAX64],
};
const TYPES = Object.keys(VALUES);
const schema = parseSchema(Object.fromEntries(TYPES.map((type) => [type, type])));
const row = fc.tuple(
  ...TYPES.map((type) => fc.option(fc.constantFrom(...(VALUES[type] as BoundValue[])), { freq: 8 })),
);
const argument = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TYPES).map(col) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<BoundValue>(null, 0, 1, -1, 2.5, "a", "%", "day", true).map(lit as () => Expr),
  },
);

/** The bound expression, or null where the arguments do not fit. */
function bound(expr: Expr): BoundExpr | null {
  try {
    return bindExpr(expr, schema);
  } catch (error) {
    if (error instanceof EngineError) return null;
    throw error;
  }
}

function failure(expr: BoundExpr, values: readonly BoundValue[]): string | null {
  const outcome = evaluateRow(expr, (index) => values[index] as BoundValue);
  return outcome instanceof Failure ? outcome.code : null;
}

test.each([...FUNCTIONS.keys()])("%s", (name) => {
  fc.assert(
    fc.property(
      fc.array(argument, { minLength: 1, maxLength: 3 }),
      fc.array(row, { minLength: 5, maxLength: 5 }),
      (args, rows) => {
        const expr = bound(call(name, ...args));
        if (expr === null || mayRaise(expr)) return;
        for (const values of rows) expect(failure(expr, values)).toBeNull();
      },
    ),
    { numRuns: 300 },
  );
});

test("casts", () => {
  const checked: string[] = [];
  for (const from of TYPES) {
    for (const to of TYPES) {
      const expr = bound({ kind: "cast", input: col(from), type: parseType(to).type as DataType, try: false });
      if (expr === null || expr.kind !== "cast" || mayRaise(expr)) continue;
      checked.push(`${from} → ${typeName(expr.type)}`);
      for (const value of VALUES[from] as readonly BoundValue[]) {
        const values = TYPES.map((type) => (type === from ? value : null));
        expect(failure(expr, values), `${from} ${value} → ${to}`).toBeNull();
      }
    }
  }
  // The ones that the planner adds by itself are among them.
  expect(checked).toEqual(
    expect.arrayContaining(["SMALLINT → INT", "INT → DOUBLE", "INT → BIGINT", "DATE → TIMESTAMP(3)", "FLOAT → DOUBLE"]),
  );
});

test("integer arithmetic, casts that narrow and branches with them may fail, TRY_CAST does not", () => {
  const raises = (expr: Expr): boolean => mayRaise(bindExpr(expr, schema));
  const narrow = (tolerant: boolean): Expr => ({
    kind: "cast",
    input: col("BIGINT"),
    type: { kind: "int32" },
    try: tolerant,
  });
  expect(raises(call("add", col("INT"), lit(1)))).toBe(true);
  expect(raises(call("add", col("DOUBLE"), lit(1)))).toBe(false);
  expect([raises(narrow(false)), raises(narrow(true))]).toEqual([true, false]);
  expect(
    raises({ kind: "case", branches: [{ when: call("is_null", col("INT")), then: narrow(false) }], otherwise: null }),
  ).toBe(true);
  expect(
    raises({ kind: "case", branches: [{ when: call("is_null", col("INT")), then: lit(1) }], otherwise: narrow(false) }),
  ).toBe(true);
});
