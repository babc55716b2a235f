// Fields, elements and values of nested columns in expressions, over batches of any size. The oracle is plain JavaScript over
// the rows.
import fc from "fast-check";
import { arrayContains, cardinality, col, Expression, lit, Millrace, upper } from "millrace";
import { afterAll, describe, expect, test } from "vitest";
import type { Value } from "../../src/arrow/rows.js";
import { typeName } from "../../src/arrow/types.js";
import { FUNCTION_DOCS } from "../../src/plan/function-docs.js";
import { presentArbitrary, typeArbitrary } from "../support/nested.js";

const mill = await Millrace.open();
afterAll(() => mill.close());

const examples = Object.entries(FUNCTION_DOCS).flatMap(([fn, { example }]) =>
  example?.over === undefined ? [] : [{ fn, ...example, over: example.over }],
);

test.each(examples)("$fn: the example of its docs is what it gives", async ({ fn, over, args, result }) => {
  const literals = args.map((value) => ({ kind: "literal", value }) as const);
  const x = new Expression({ kind: "call", fn, args: [{ kind: "column", name: "x" }, ...literals] });
  const schema: Record<string, string> = { x: over.type };
  const rows = mill.rows([{ x: over.value as Value }], { schema });
  expect(await rows.select({ x }).toArray()).toEqual([{ x: result }]);
});

describe.each([1, 7, 8192])("batches of %d", (batchRows) => {
  const schema = {
    tags: "ARRAY<STRING>",
    n: "ARRAY<SMALLINT>",
    prices: "MAP<STRING, DECIMAL(20, 2)>",
    byDay: "MAP<DATE, ARRAY<INT>>",
    user: "ROW<name STRING, at ROW<x DOUBLE, ids ARRAY<BIGINT>>>",
    i: "INT",
    s: "STRING",
  } as const;
  type Source = {
    tags: (string | null)[] | null;
    n: (number | null)[] | null;
    prices: ReadonlyMap<string, string | null> | null;
    byDay: ReadonlyMap<string, (number | null)[] | null> | null;
    user: { name: string | null; at: { x: number | null; ids: (number | null)[] | null } | null } | null;
    i: number | null;
    s: string | null;
  };
  const words = ["", "a", "b", "Ω", "a long text beyond one vector"];
  const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 4 });
  const word = fc.constantFrom(...words);
  const list = <T>(value: fc.Arbitrary<T>) => nullable(fc.array(nullable(value), { maxLength: 4 }));
  const mapOf = <K, V>(key: fc.Arbitrary<K>, value: fc.Arbitrary<V>) =>
    nullable(fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) => new Map(entries)));
  const rows: fc.Arbitrary<Source[]> = fc.array(
    fc.record({
      tags: list(word),
      n: list(fc.integer({ min: -3, max: 3 })),
      prices: mapOf(word, nullable(fc.constantFrom("1.00", "-2.50"))),
      byDay: mapOf(fc.constantFrom("1970-01-01", "2024-02-29"), list(fc.nat(3))),
      user: nullable(
        fc.record({
          name: nullable(word),
          at: nullable(fc.record({ x: nullable(fc.constantFrom(0, 1.5)), ids: list(fc.nat(9)) })),
        }),
      ),
      i: nullable(fc.integer({ min: -2, max: 5 })),
      s: nullable(word),
    }),
    { maxLength: 30 },
  );

  const expected = ({ tags, n, prices, byDay, user, i, s }: Source) => ({
    second: tags?.[1] ?? null,
    atI: i === null || tags === null ? null : (tags[i - 1] ?? null),
    price: prices?.get("a") ?? null,
    priceOf: s === null ? null : (prices?.get(s) ?? null),
    days: byDay?.get("2024-02-29") ?? null,
    day: byDay?.get("2024-02-29")?.[0] ?? null,
    name: user?.name ?? null,
    loud: user?.name?.toUpperCase() ?? null,
    inner: user?.at ?? null,
    id: user?.at?.ids?.[0] ?? null,
    size: tags?.length ?? null,
    entries: prices?.size ?? null,
    has: tags === null ? null : tags.includes("a"),
    hasS: tags === null ? null : tags.includes(s),
    hasNull: n === null ? null : n.includes(null),
    hasI: n === null ? null : n.includes(i),
    hasDouble: n === null ? null : n.some((value) => value === 2),
  });

  test("every function gives what JavaScript gives", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (source) => {
        const result = await mill
          .rows(source, { schema })
          .select({
            second: col("tags").at(2),
            atI: col("tags").at(col("i")),
            price: col("prices").get("a"),
            priceOf: col("prices").get(col("s")),
            days: col("byDay").get("2024-02-29"),
            day: col("byDay").get("2024-02-29").at(1),
            name: col("user").field("name"),
            loud: upper(col("user").field("name")),
            inner: col("user").field("at"),
            id: col("user").field("at").field("ids").at(1),
            size: cardinality(col("tags")),
            entries: cardinality(col("prices")),
            has: arrayContains(col("tags"), "a"),
            hasS: arrayContains(col("tags"), col("s")),
            hasNull: arrayContains(col("n"), null),
            hasI: arrayContains(col("n"), col("i")),
            hasDouble: arrayContains(col("n"), 2.0),
          })
          .toArray({ batchRows });
        expect(result).toEqual(source.map(expected));
      }),
      { numRuns: 60 },
    );
  });

  test("they filter, and are found behind a filter", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (source) => {
        const result = await mill
          .rows(source, { schema })
          .where(
            cardinality(col("tags"))
              .gt(0)
              .and(arrayContains(col("tags"), "b").not()),
          )
          .where(col("user").field("at").field("x").isNotNull())
          .select({ first: col("tags").at(1), last: col("tags").at(cardinality(col("tags"))) })
          .toArray({ batchRows });
        const kept = source.filter(
          ({ tags, user }) => tags !== null && tags.length > 0 && !tags.includes("b") && (user?.at?.x ?? null) !== null,
        );
        expect(result).toEqual(kept.map(({ tags }) => ({ first: tags?.at(0) ?? null, last: tags?.at(-1) ?? null })));
      }),
      { numRuns: 30 },
    );
  });

  test("elements of any type", async () => {
    const column = typeArbitrary(2).chain((type) =>
      fc.tuple(
        fc.constant(typeName(type)),
        fc.array(fc.array(presentArbitrary(type), { maxLength: 3 }), { maxLength: 9 }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(column, async ([type, lists]) => {
        const source = lists.map((x) => ({ x }));
        const rows = mill.rows(source, { schema: { x: `ARRAY<${type}>` } });
        const result = await rows.select({ y: col("x").at(2) }).toArray({ batchRows, bigint: true });
        expect(result).toEqual(lists.map((list) => ({ y: list[1] ?? null })));
      }),
      { numRuns: 60 },
    );
  });
});

/** Bytes as they come over a network, in two pieces. */
function inTwo(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of [bytes.slice(0, 99), bytes.slice(99)]) controller.enqueue(part);
      controller.close();
    },
  });
}

test.each([1, 7, 8192])("nested NDJSON without schema (batches of %d)", async (batchRows) => {
  const lines = Array.from({ length: 40 }, (_, i) => ({
    user: i % 3 === 0 ? null : { name: `n${i}`, spots: [{ x: i }, { x: 0.5 }] },
    tags: i % 2 === 0 ? [] : ["a"],
  }));
  const text = new TextEncoder().encode(lines.map((line) => JSON.stringify(line)).join("\n"));
  const parts = mill.from(inTwo(text), { format: "ndjson" }).select({
    name: col("user").field("name"),
    x: col("user").field("spots").at(1).field("x"),
    tagged: arrayContains(col("tags"), "a"),
  });
  const expected = lines.map(({ user, tags }) => {
    return { name: user?.name ?? null, x: user?.spots[0]?.x ?? null, tagged: tags.length > 0 };
  });
  expect(await parts.toArray({ batchRows })).toEqual(expected);
});

describe("what is refused", () => {
  const SCHEMA: Record<string, string> = {
    tags: "ARRAY<INT>",
    m: "MAP<STRING, INT>",
    user: "ROW<name STRING, mail STRING>",
    i: "INT",
  };

  const refused = async (x: Expression): Promise<string> => {
    try {
      await mill.rows([], { schema: SCHEMA }).select({ x }).toArray();
      return "";
    } catch (error) {
      const { code, message, hint } = error as Error & { code: string; hint: string };
      return `${code} ${message} (${hint})`;
    }
  };

  test("a field that is not there, by the nearest name", async () => {
    expect(await refused(col("user").field("nam"))).toMatch(/UNKNOWN_COLUMN no field "nam" in ROW<.*name/);
    expect(await refused(col("user.name"))).toContain('col("user").field("name")');
  });

  test("elements below 1, keys and elements of another type, and what is not nested", async () => {
    expect(await refused(col("tags").at(0))).toContain("counted from 1");
    expect(await refused(col("m").get(1))).toContain("get does not take (MAP<STRING, INT>, INT): m[1]");
    expect(await refused(arrayContains(col("tags"), "x"))).toContain("TYPE");
    expect(await refused(arrayContains(col("tags"), col("tags")))).toContain("TYPE");
    expect(await refused(cardinality(col("i")))).toContain("cardinality(ARRAY | MAP)");
    expect(await refused(col("i").field("x"))).toContain("field does not take (INT, STRING): i.x");
    expect(await refused(col("m").at(1))).toContain("at does not take");
  });

  test("of a NULL of a nested type everything is NULL", async () => {
    const none = lit(null).cast("ARRAY<INT>");
    const rows = mill.rows([{ i: 1 }]);
    const result = rows.select({ a: none.at(1), b: cardinality(none), c: arrayContains(none, 1), d: none });
    expect(await result.toArray()).toEqual([{ a: null, b: null, c: null, d: null }]);
  });
});
