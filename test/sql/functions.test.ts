// Every function that is loaded late: the example of its docs is what it gives, as a constant and over columns, through SQL and the
// API, at any batch size.
import { afterAll, describe, expect, test } from "vitest";
import { col, type DataStream, Expression, type FunctionName, fn, Millrace } from "../../src/node.js";
import type { Expr } from "../../src/plan/expr.js";
import { LIBRARY } from "../../src/plan/library/index.js";
import { type LateDoc, LIBRARY_DOCS } from "../../src/plan/library-docs.js";

const mill = await Millrace.open();
afterAll(() => mill.close());

/** More rows than the smaller batches have. */
const ROWS = 9;

async function query(sql: string): Promise<DataStream> {
  for await (const result of mill.script(sql)) return result as DataStream;
  throw new Error("no result");
}

/** Every literal of a call as a column, with its values: those that must stay literals are left where `keep` says so. */
function overColumns(expr: Expr, keep: (arg: number) => boolean): { expr: Expr; columns: Record<string, Expr> } {
  const columns: Record<string, Expr> = {};
  const visit = (node: Expr): Expr => {
    if (node.kind !== "call") return node;
    const args = node.args.map((arg, i) => {
      if (arg.kind === "call") return visit(arg);
      if (arg.kind !== "literal" || arg.value === null || keep(i)) return arg;
      const name = `c${Object.keys(columns).length}`;
      columns[name] = arg;
      return { kind: "column", name } as const;
    });
    return { ...node, args };
  };
  return { expr: visit(expr), columns };
}

/** The compiler sees to it that the names of the API are those of the docs. */
const docs: Readonly<Record<FunctionName, LateDoc>> = LIBRARY_DOCS;
const names = Object.keys(LIBRARY_DOCS) as (keyof typeof LIBRARY_DOCS)[] satisfies FunctionName[];

test("every function has its docs, and every doc its function", () => {
  expect([...names].sort()).toEqual(LIBRARY.map(({ name }) => name).sort());
});

test("the API calls them by name", async () => {
  const rows = mill.rows([{ url: "https://x/a?b=1" }, { url: null }], { schema: { url: "STRING" } });
  const result = rows.select({
    dir: fn("split_index", col("url"), "/", 3),
    b: fn("regexp_extract", col("url"), "b=(.)", 1),
  });
  expect(await result.toArray()).toEqual([
    { dir: "a?b=1", b: "1" },
    { dir: null, b: null },
  ]);
});

describe.each(names)("%s", (name) => {
  const { sql, result } = docs[name];

  test("its example as SQL", async () => {
    const rows = await (await query(`SELECT ${sql} AS r FROM (VALUES (1), (2)) AS t(x)`)).toArray({ bigint: true });
    expect(rows).toEqual([{ r: result }, { r: result }]);
  });

  test.each([1, 7, 8192])("over columns, batches of %d", async (batchRows) => {
    const { plan } = (await query(`SELECT ${sql} AS r FROM (VALUES (1)) AS t(x)`)) as unknown as {
      plan: { columns: { expr: Expr }[] };
    };
    const expected = Array.from({ length: ROWS }, () => ({ r: result }));
    const whole = plan.columns[0]?.expr as Expr;
    let tried = 0;
    for (const keep of [() => false, (arg: number) => arg > 0, (arg: number) => arg === 0, (arg: number) => arg < 2]) {
      const { expr, columns } = overColumns(whole, keep);
      const names = Object.keys(columns);
      if (names.length === 0) continue;
      const source = mill.rows(
        Array.from({ length: ROWS }, (_, x) => ({ x })),
        { schema: { x: "INT" } },
      );
      // No plan knows that x is never negative.
      const isRow: Expr = {
        kind: "call",
        fn: "ge",
        args: [
          { kind: "column", name: "x" },
          { kind: "literal", value: 0 },
        ],
      };
      const named: Record<string, Expression<"x">> = Object.fromEntries(
        names.map((column) => {
          const branches = [{ when: isRow, then: columns[column] as Expr }];
          return [column, new Expression({ kind: "case", branches, otherwise: null })];
        }),
      );
      try {
        const result = source.select(named).select({ r: new Expression<never>(expr) });
        expect(await result.toArray({ batchRows, bigint: true })).toEqual(expected);
        tried++;
      } catch (error) {
        // What a literal decides may not come out of a column.
        if ((error as { code?: string }).code !== "TYPE") throw error;
      }
    }
    expect(tried > 0 || !/'|\d/.test(sql)).toBe(true);
  });
});
