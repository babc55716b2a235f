// Sorted rows: by every type, with limits, against a plain sort; and of streams that do not end.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { asc, col, desc, Millrace } from "../../src/node.js";
import { law, script, sec } from "../semantics/support.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

const SCHEMA = {
  i: "INT",
  l: "BIGINT",
  d: "DOUBLE",
  f: "FLOAT",
  s: "STRING",
  n: "DECIMAL(30, 2)",
  b: "BOOLEAN",
  at: "INT",
} as const;
type Name = keyof typeof SCHEMA;

const digits = fc.bigInt({ min: -(10n ** 27n), max: 10n ** 27n }).map((whole) => `${whole}.50`);
const row = fc.record({
  i: fc.option(fc.integer({ min: -3, max: 3 })),
  l: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  d: fc.option(fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY))),
  f: fc.option(fc.float({ noNaN: true })),
  s: fc.option(
    fc.oneof(fc.string({ unit: "binary", maxLength: 12 }), fc.constantFrom("a", "a\0", "abcdefgh", "abcdefghi", "")),
  ),
  n: fc.option(digits),
  b: fc.option(fc.boolean()),
});

function compare(a: unknown, b: unknown): number {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  const [x, y] = [a, b] as [number, number];
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
  return x < y ? -1 : x > y ? 1 : 0;
}

const hundredths = (text: string) => BigInt(text.replace(".", ""));

function comparing(name: Name, descending: boolean, nullsFirst: boolean) {
  return (left: Record<Name, unknown>, right: Record<Name, unknown>): number => {
    const [a, b] = [left[name], right[name]];
    if (a === null || b === null) return (Number(b === null) - Number(a === null)) * (nullsFirst ? 1 : -1);
    const order = name === "n" ? compare(hundredths(a as string), hundredths(b as string)) : compare(a, b);
    return descending ? -order : order;
  };
}

test.each([1, 7, 8192])(
  "S51 S52 S63 every type, up and down, as a stable sort has it, in batches of %i",
  async (batchRows) => {
    const key = fc.record({
      name: fc.constantFrom(...(["i", "l", "d", "f", "s", "n", "b"] as const)),
      descending: fc.boolean(),
      nulls: fc.option(fc.constantFrom("first" as const, "last" as const), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 80 }),
        fc.array(key, { minLength: 1, maxLength: 3 }),
        fc.option(fc.integer({ min: 0, max: 20 })),
        fc.integer({ min: 0, max: 5 }),
        async (given, keys, limit, offset) => {
          const rows = given.map((each, at) => ({ ...each, at }));
          const order = keys.map(({ name, descending, nulls }) => {
            const options = nulls === undefined ? {} : { nulls };
            return (descending ? desc : asc)(name, options);
          });
          const stream = mill.from(rows as never[], { schema: SCHEMA }).orderBy(...order);
          const cut = limit === null ? stream : stream.limit(limit, { offset });
          const comparisons = keys.map(({ name, descending, nulls }) =>
            comparing(name, descending, nulls === undefined ? !descending : nulls === "first"),
          );
          const wanted = rows
            .toSorted((a, b) => comparisons.reduce((order, by) => order || by(a as never, b as never), 0))
            .map(({ at }) => at);
          const found = (await cut.select("at").toArray({ batchRows })).map(({ at }) => at);
          expect(found).toEqual(limit === null ? wanted : wanted.slice(offset, offset + limit));
        },
      ),
      { numRuns: 60 },
    );
  },
);

test("many rows and a small limit: what is in no result is thrown away on the way", async () => {
  const numbers = Array.from({ length: 50_000 }, (_, at) => ({ x: (at * 7919) % 50_021, at }));
  const stream = mill
    .from(numbers, { schema: { x: "INT NOT NULL", at: "INT" } })
    .orderBy(desc("x"))
    .limit(3, { offset: 1 });
  const wanted = numbers.toSorted((a, b) => b.x - a.x).slice(1, 4);
  expect(await stream.toArray()).toEqual(wanted);
  const texts = mill
    .from(numbers, { schema: { x: "INT NOT NULL", at: "INT" } })
    .orderBy(col("x").cast("STRING"))
    .limit(2);
  const byText = numbers.toSorted((a, b) => (String(a.x) < String(b.x) ? -1 : 1)).slice(0, 2);
  expect(await texts.toArray()).toEqual(byText);
});

const ENDLESS = { schema: { ts: "TIMESTAMP(3)", v: "INT" }, time: "ts", outOfOrder: "2s", bounded: false } as const;
const rowsAt = (...seconds: number[]) => seconds.map((second, v) => ({ ts: sec(second), v }));

law("rows without end come in the order of event time, as the watermark passes them", async (batchRows) => {
  const source = () => mill.from(script(...rowsAt(3, 1, 2, 6, 5, 20)), ENDLESS);
  const found = await source().orderBy("ts").toArray({ batchRows });
  expect(found.map(({ v }) => v)).toEqual([1, 2, 0, 4, 3, 5]);
});

test("any other order of rows without end is refused, with what can be done", async () => {
  const stream = mill.from(script(...rowsAt(1)), ENDLESS).orderBy(desc("v"));
  await expect(stream.toArray()).rejects.toMatchObject({ code: "UNSUPPORTED", hint: /limit it.*order by "ts" alone/ });
});

law("the first rows of a stream without end are kept up to date", async (batchRows) => {
  const stream = mill
    .from(script(...rowsAt(3, 1, 2, 6)), ENDLESS)
    .orderBy(desc("v"))
    .limit(2)
    .select("v");
  const bag = new Set<number | null>();
  for (const { op, v } of await stream.changelog().toArray({ batchRows })) {
    if (op === "+I" || op === "+U") bag.add(v);
    else expect(bag.delete(v)).toBe(true);
  }
  expect([...bag].sort()).toEqual([2, 3]);
});
