// Functions that a program brings: typed, called once for every row that asks for them, in SQL and by the API.
import { afterAll, expect, test } from "vitest";
import { col, type DataStream, Millrace } from "../../src/node.js";

const mill = await Millrace.open();
afterAll(() => mill.close());

const calls: unknown[][] = [];
const fee = mill.registerFunction(
  "fee",
  { args: ["BIGINT", "STRING"], returns: "DOUBLE", version: "2" },
  (price, kind) => {
    calls.push([price, kind]);
    if (kind === "bad") throw new RangeError(`no fee of ${price}`);
    return price === null ? null : Number(price) * 0.5;
  },
);

const SOURCE = [
  { price: 1, kind: "a" },
  { price: null, kind: "b" },
  { price: 9_007_199_254_740_993n, kind: null },
  { price: 4, kind: "bad" },
];
const rows = (source: readonly object[] = SOURCE) =>
  mill.rows(source as Record<string, number>[], {
    schema: { price: "BIGINT", kind: "STRING" } as Record<string, string>,
  });

async function query(sql: string): Promise<DataStream> {
  for await (const result of mill.script(sql)) return result as DataStream;
  throw new Error("no result");
}

test.each([1, 7, 8192])(
  "they get what rows have, and only rows that ask for them (batches of %d)",
  async (batchRows) => {
    calls.length = 0;
    const result = rows()
      .where(col("kind").isDistinctFrom("bad"))
      .select({ fee: fee(col("price"), col("kind")) });
    expect(await result.toArray({ batchRows })).toEqual([{ fee: 0.5 }, { fee: null }, { fee: 4_503_599_627_370_496 }]);
    expect(calls).toEqual([
      [1, "a"],
      [null, "b"],
      [9_007_199_254_740_993n, null],
    ]);
  },
);

test.each([1, 7, 8192])("in SQL, under their name in any case, masked by CASE (batches of %d)", async (batchRows) => {
  const result = await query(
    "SELECT CASE WHEN kind <> 'bad' THEN FEE(price, kind) ELSE -1 END AS f FROM (VALUES (1, 'a'), (4, 'bad')) AS t(price, kind)",
  );
  expect(await result.toArray({ batchRows })).toEqual([{ f: 0.5 }, { f: -1 }]);
});

test("a row for which it throws follows the row policy", async () => {
  await expect(
    rows()
      .select({ fee: fee(col("price"), col("kind")) })
      .toArray(),
  ).rejects.toMatchObject({
    code: "FUNCTION",
    message: expect.stringContaining("no fee of 4"),
  });
});

test("a value that its type does not hold is refused", async () => {
  const small = mill.registerFunction("small", { args: ["INT"], returns: "TINYINT" }, (x) => x);
  const source = mill.rows([{ x: 1 }, { x: 1000 }], { schema: { x: "INT" } });
  await expect(source.select({ y: small(col("x")) }).toArray()).rejects.toMatchObject({ code: "FUNCTION" });
  expect(
    await source
      .where(col("x").lt(5))
      .select({ y: small(col("x")) })
      .toArray(),
  ).toEqual([{ y: 1 }]);
});

test("arguments of other types, and names that nobody knows, are refused with the plan", async () => {
  await expect(query("SELECT FEE('x', 'y') AS f FROM (VALUES (1)) AS t(x)")).rejects.toMatchObject({ code: "TYPE" });
  await expect(query("SELECT FEES(1, 'y') AS f FROM (VALUES (1)) AS t(x)")).rejects.toMatchObject({
    code: "UNKNOWN_FUNCTION",
    hint: expect.stringContaining("FEE"),
  });
});

test("EXPLAIN names the version", async () => {
  const text = await rows()
    .select({ fee: fee(col("price"), col("kind")) })
    .explain({ stage: "physical" });
  expect(text).toContain("fee@2(price, kind)");
});
