// Every row of the function table: its example is right, its names are unique, its kernels and scalar functions exist.
import { expect, test } from "vitest";
import { bindExpr } from "../../src/plan/bind-expr.js";
import type { Expr, LiteralValue } from "../../src/plan/expr.js";
import { AGGREGATES, FUNCTIONS } from "../../src/plan/functions.js";
import { SCALAR_FUNCTIONS } from "../../src/plan/scalar/index.js";

const literal = (value: LiteralValue): Expr => ({ kind: "literal", value });
const NO_COLUMNS = { fields: [] };

/** Rows that only binding calls, and those that decide themselves which arguments are evaluated. */
const WITHOUT_EXAMPLE = ["time_add", "time_sub", "time_diff"];
const LAZY = ["and", "or", "coalesce"];

test.each([...FUNCTIONS.values()].filter(({ name }) => !WITHOUT_EXAMPLE.includes(name)))(
  "$name: the example of the table is what it gives",
  ({ name, example }) => {
    const bound = bindExpr({ kind: "call", fn: name, args: example.args.map(literal) }, NO_COLUMNS);
    expect(bound).toMatchObject({ kind: "literal", value: example.result });
  },
);

test("every function that is not written with others is computed on one row", () => {
  const missing = [...FUNCTIONS.values()].filter((row) => {
    return row.expand === undefined && !LAZY.includes(row.name) && SCALAR_FUNCTIONS[row.name] === undefined;
  });
  expect(missing.map(({ name }) => name)).toEqual([]);
  expect(Object.keys(SCALAR_FUNCTIONS).filter((name) => !FUNCTIONS.has(name))).toEqual([]);
});

test("rows say what they do: a signature with the name or operator, a sentence", () => {
  const silent = [...FUNCTIONS.values(), ...AGGREGATES.values()].filter(({ signature, doc }) => {
    return signature.length === 0 || doc.length < 5 || !doc.endsWith(".");
  });
  expect(silent.map(({ name }) => name)).toEqual([]);
});
