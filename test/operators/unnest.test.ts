// Unnest: rows of elements, in batches of 1, 7 and 8,192 rows, against a plain loop over the rows.
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { Batch } from "../../src/arrow/batch.js";
import { batchFromColumns } from "../../src/arrow/builder.js";
import { readRows, type Value } from "../../src/arrow/rows.js";
import { parseSchema, type Schema, schemaLiteral } from "../../src/arrow/types.js";
import { EngineError } from "../../src/errors.js";
import { Unnest } from "../../src/operators/unnest.js";
import { derive } from "../../src/plan/derive.js";
import type { LogicalNode } from "../../src/plan/logical.js";
import * as logical from "../../src/plan/logical.js";
import { lower } from "../../src/plan/lower.js";
import type { PhysicalOf } from "../../src/plan/physical.js";
import { nameNodes } from "../../src/plan/uid.js";
import { collect, openTestWorkspace, rebatch, testContext, watermark } from "../../src/testing/index.js";

const { workspace, account } = await openTestWorkspace();
afterAll(() => account.dispose());

type Options = Omit<LogicalNode<"unnest">, "kind" | "input" | "uid">;
type Row = Record<string, Value>;
const options = (column: string, more: Partial<Options> = {}): Options => {
  return { column, names: null, ordinality: null, outer: false, ...more };
};

const SCHEMA = parseSchema({
  id: "INT NOT NULL",
  tags: "ARRAY<STRING>",
  lists: "ARRAY<ARRAY<INT>>",
  prices: "MAP<STRING, DOUBLE>",
  points: "ARRAY<ROW<x INT NOT NULL, y BOOLEAN>>",
});

function planOf(schema: Schema, unnested: Options): LogicalNode<"unnest"> {
  const table = { id: "t", connector: "memory", name: "t", options: {} };
  return logical.unnest(logical.scan(table, schema, { bounded: true }), unnested);
}

function operatorOf(schema: Schema, unnested: Options): Unnest {
  const { nodes } = lower(nameNodes([planOf(schema, unnested)]));
  return new Unnest(nodes.find((node): node is PhysicalOf<"unnest"> => node.kind === "unnest") as PhysicalOf<"unnest">);
}

function batchOf(schema: Schema, rows: readonly Row[]): Batch {
  const columns = schema.fields.map(({ name }) => [name, rows.map((row) => row[name] ?? null)] as const);
  return batchFromColumns(workspace, schema, Object.fromEntries(columns), { lifetime: "region" });
}

/** What the operator makes of the rows, its own batches of `size` rows at most. */
function unnested(schema: Schema, rows: readonly Row[], unnest: Options, size: number, yields = false): Row[] {
  const batch = batchOf(schema, rows);
  const context = testContext(workspace, { batchRowsMax: size, ...(yields ? { yieldEvery: 1 } : {}) });
  const { elements } = collect(operatorOf(schema, unnest), rebatch([batch], size), { context });
  const results = elements.flatMap((element) => {
    if (!(element instanceof Batch)) return [];
    expect(element.rowCount).toBeLessThanOrEqual(size);
    const read = readRows(element);
    element.release();
    return read;
  });
  batch.release();
  account.arena.reset();
  return results;
}

/** The same by a loop. */
function expected(rows: readonly Row[], { column, names, ordinality, outer }: Options): Row[] {
  return rows.flatMap((row): Row[] => {
    const value = row[column] as readonly Value[] | ReadonlyMap<Value, Value> | null;
    const isMap = SCHEMA.fields.find(({ name }) => name === column)?.type.kind === "map";
    const [first, second] = names ?? (isMap ? ["key", "value"] : [column]);
    const parts = value === null ? [] : [...value];
    const { [column]: _, ...others } = row;
    const made = parts.map((part, index): Row => {
      const [key, entry] = isMap ? (part as readonly [Value, Value]) : [null, null];
      const cells = isMap
        ? { [first as string]: key, [second as string]: entry }
        : { [first as string]: part as Value };
      return { ...others, ...cells, ...(ordinality === null ? {} : { [ordinality]: index + 1 }) };
    });
    if (made.length > 0 || !outer) return made;
    const nulls = [first, second, ordinality].filter((name) => typeof name === "string").map((name) => [name, null]);
    return [{ ...others, ...Object.fromEntries(nulls) }];
  });
}

const row = fc.record({
  id: fc.integer(),
  tags: fc.option(fc.array(fc.option(fc.string({ unit: "grapheme", maxLength: 3 })), { maxLength: 9 })),
  lists: fc.option(fc.array(fc.option(fc.array(fc.integer(), { maxLength: 3 })), { maxLength: 3 })),
  prices: fc.option(
    fc.dictionary(fc.string({ maxLength: 2 }), fc.option(fc.integer()), { maxKeys: 4 }).map((object) => {
      return new Map(Object.entries(object));
    }),
  ),
  points: fc.option(fc.array(fc.option(fc.record({ x: fc.integer(), y: fc.option(fc.boolean()) })), { maxLength: 3 })),
});
const anyOptions: fc.Arbitrary<Options> = fc.record({
  column: fc.constantFrom("tags", "lists", "prices", "points"),
  names: fc.constant(null),
  ordinality: fc.constantFrom(null, "position"),
  outer: fc.boolean(),
});

describe.each([1, 7, 8192])("batches of %i rows", (size) => {
  test("every element of every list, as a loop finds them", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), anyOptions, fc.boolean(), (rows, unnest, yields) => {
        const given = rows as readonly Row[];
        expect(unnested(SCHEMA, given, unnest, size, yields)).toEqual(expected(given, unnest));
      }),
      { numRuns: 60 },
    );
  });

  test("names, and lists longer than a batch", () => {
    const rows = [
      { id: 1, tags: Array.from({ length: 20 }, (_, i) => `t${i}`), prices: new Map([["EUR", 1.5]]) },
      { id: 2, tags: null, prices: null },
    ] as Row[];
    const tag = options("tags", { names: ["tag"], ordinality: "n" });
    const filled = rows.map((one) => ({ lists: null, points: null, ...one }));
    expect(unnested(SCHEMA, filled, tag, size)).toEqual(expected(filled, tag));
    const price = options("prices", { names: ["currency", "price"], outer: true });
    expect(unnested(SCHEMA, filled, price, size)).toEqual(expected(filled, price));
  });
});

test("a watermark follows the rows before it, and a long list yields between batches", () => {
  const schema = parseSchema({ list: "ARRAY<INT>" });
  const batch = batchOf(schema, [{ list: Array.from({ length: 10 }, (_, i) => i) }]);
  const context = testContext(workspace, { batchRowsMax: 4, yieldEvery: 1 });
  const { elements } = collect(operatorOf(schema, options("list")), [batch, watermark(5)], { context });
  expect(elements.map((element) => (element instanceof Batch ? element.rowCount : element))).toEqual([
    4,
    4,
    2,
    { watermarkMs: 5 },
  ]);
  expect(context.resumes).toBe(2);
  for (const element of elements) if (element instanceof Batch) element.release();
  batch.release();
});

describe("the plan", () => {
  const schemaAfter = (unnest: Options) => schemaLiteral(derive(planOf(SCHEMA, unnest)).schema);
  const refused = (unnest: Options): string => {
    try {
      schemaAfter(unnest);
    } catch (error) {
      if (error instanceof EngineError) return error.format();
    }
    return "accepted";
  };

  test("columns: the element in the list's place, nullable where it is or where outer makes it", () => {
    const strict = parseSchema({ a: "INT", list: "ARRAY<INT NOT NULL> NOT NULL", b: "INT" });
    const columnsOf = (unnest: Options) => Object.entries(schemaLiteral(derive(planOf(strict, unnest)).schema));
    expect(columnsOf(options("list", { ordinality: "n" }))).toEqual([
      ...[
        ["a", "INT"],
        ["list", "INT NOT NULL"],
        ["n", "INT NOT NULL"],
        ["b", "INT"],
      ],
    ]);
    expect(columnsOf(options("list", { names: ["x"], ordinality: "n", outer: true }))).toEqual([
      ...[
        ["a", "INT"],
        ["x", "INT"],
        ["n", "INT"],
        ["b", "INT"],
      ],
    ]);
    expect(schemaAfter(options("prices")).key).toBe("STRING NOT NULL");
    expect(schemaAfter(options("points")).points).toBe("ROW<x INT NOT NULL, y BOOLEAN>");
  });

  test("what cannot be taken apart is refused with what to do", () => {
    expect(refused(options("tag"))).toContain('did you mean "tags"?');
    expect(refused(options("id"))).toBe('TYPE: unnest("id"): the column is INT\n  hint: it takes an ARRAY or a MAP');
    expect(refused(options("tags", { names: ["id"] }))).toContain("COLUMN_DUP");
    expect(refused(options("prices", { names: ["price"] }))).toContain('name both: { as: ["key", "value"] }');
  });
});

test("nested columns are neither compared nor grouped by, and the error says what to do", () => {
  const table = { id: "t", connector: "memory", name: "t", options: {} };
  const input = logical.scan(table, SCHEMA, { bounded: true });
  const tags = { kind: "column", name: "tags" } as const;
  const refused = (plan: logical.LogicalPlan): EngineError | null => {
    try {
      derive(plan);
    } catch (error) {
      if (error instanceof EngineError) return error;
    }
    return null;
  };
  const compared = refused(logical.filter(input, { kind: "call", fn: "eq", args: [tags, tags] }));
  expect(compared?.message).toBe("eq does not take (ARRAY<STRING>, ARRAY<STRING>): tags = tags");
  expect(compared?.hint).toContain(".unnest()");
  const grouped = refused(logical.aggregate(input, [{ name: "tags", expr: tags }], []));
  expect(grouped?.message).toBe('groups by "tags", which is ARRAY<STRING>');
  // Whether one is NULL can be asked.
  expect(refused(logical.filter(input, { kind: "call", fn: "is_null", args: [tags] }))).toBeNull();
});
