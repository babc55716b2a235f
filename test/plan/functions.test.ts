// Every row of the function table: its example is right, its names are unique, its kernels and scalar functions exist.
import { expect, test } from "vitest";
import { bindExpr } from "../../src/plan/bind-expr.js";
import type { Expr, LiteralValue } from "../../src/plan/expr.js";
import { AGGREGATE_DOCS, FUNCTION_DOCS } from "../../src/plan/function-docs.js";
import { AGGREGATES, FUNCTIONS } from "../../src/plan/functions.js";
import { SCALAR_FUNCTIONS } from "../../src/plan/scalar/index.js";

const literal = (value: LiteralValue): Expr => ({ kind: "literal", value });
const NO_COLUMNS = { fields: [] };

/** Rows that decide themselves which arguments are evaluated. */
const LAZY = ["and", "or", "coalesce"];

/** Those over nested values are run over columns, in test/portable/nested-functions.test.ts. */
const examples = Object.entries(FUNCTION_DOCS).flatMap(([name, { example }]) =>
  example !== null && example.over === undefined ? [{ name, ...example }] : [],
);

test.each(examples)("$name: the example of its docs is what it gives", ({ name, args, result }) => {
  const bound = bindExpr({ kind: "call", fn: name, args: args.map(literal) }, NO_COLUMNS);
  expect(bound).toMatchObject({ kind: "literal", value: result });
});

test("every function and aggregate is documented; only rows that binding alone calls have no example", () => {
  expect(Object.keys(FUNCTION_DOCS).sort()).toEqual([...FUNCTIONS.keys()].sort());
  expect(Object.keys(AGGREGATE_DOCS).sort()).toEqual([...AGGREGATES.keys()].sort());
  const without = Object.keys(FUNCTION_DOCS).filter((name) => FUNCTION_DOCS[name]?.example === null);
  expect(without).toEqual(["time_add", "time_sub", "time_diff"]);
});

test("every function that is not written with others is computed on one row", () => {
  const missing = [...FUNCTIONS.values()].filter((row) => {
    return row.expand === undefined && !LAZY.includes(row.name) && SCALAR_FUNCTIONS[row.name] === undefined;
  });
  expect(missing.map(({ name }) => name)).toEqual([]);
  expect(Object.keys(SCALAR_FUNCTIONS).filter((name) => !FUNCTIONS.has(name))).toEqual([]);
});

test("rows say what they do: a signature with the name or operator, a sentence", () => {
  const rows = [...FUNCTIONS.values(), ...AGGREGATES.values()];
  expect(rows.filter(({ signature }) => signature.length === 0)).toEqual([]);
  const docs = [...Object.values(FUNCTION_DOCS).map(({ doc }) => doc), ...Object.values(AGGREGATE_DOCS)];
  expect(docs.filter((doc) => doc.length < 5 || !doc.endsWith("."))).toEqual([]);
});
