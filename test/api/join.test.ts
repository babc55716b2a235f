// join() of streams: types of its rows, every type of join, and what it refuses.
import { afterAll, beforeAll, expect, expectTypeOf, test } from "vitest";
import { col, Millrace } from "../../src/node.js";

let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
});
afterAll(() => mill.close());

const orders = () =>
  mill.from(
    [
      { id: 1, item: "tea" },
      { id: 2, item: "milk" },
    ],
    { schema: { id: "INT NOT NULL", item: "STRING NOT NULL" } },
  );
const prices = () =>
  mill.from(
    [
      { name: "tea", price: 5 },
      { name: "salt", price: 1 },
    ],
    { schema: { name: "STRING NOT NULL", price: "INT NOT NULL" } },
  );

test("rows are typed by the type of the join", async () => {
  const inner = orders().join(prices(), { on: { item: "name" } });
  expectTypeOf(await inner.toArray()).toEqualTypeOf<{ id: number; item: string; name: string; price: number }[]>();
  const left = orders().join(prices(), { on: { item: "name" }, type: "left" });
  expectTypeOf(await left.toArray()).toEqualTypeOf<
    { id: number; item: string; name: string | null; price: number | null }[]
  >();
  expect(await inner.toArray()).toEqual([{ id: 1, item: "tea", name: "tea", price: 5 }]);
});

test.each([
  ["left", ["1 5", "2 null"]],
  ["right", ["1 5", "null 1"]],
  ["full", ["1 5", "2 null", "null 1"]],
  ["semi", ["1 undefined"]],
  ["anti", ["2 undefined"]],
] as const)("%s", async (type, wanted) => {
  const rows: readonly Readonly<Record<string, unknown>>[] = await orders()
    .join(prices(), { on: { item: "name" }, where: col("price").gt(0), type })
    .toArray();
  expect(rows.map((row) => `${row["id"]} ${row["price"]}`).sort()).toEqual(wanted);
});

test("a name on both sides is refused", () => {
  expect(() => orders().join(orders(), { on: { id: "id" } })).toThrow(expect.objectContaining({ code: "COLUMN_DUP" }));
});
