// The engine in a page: a fetched body through windows, and what a page cannot do, by name.
import { count, Millrace, tumble } from "millrace";
import { expect, test } from "vitest";

test("a fetch of NDJSON gives windows", async () => {
  const lines = Array.from({ length: 5000 }, (_, i) => JSON.stringify({ ts: i * 1000, key: `k${i % 2}` }));
  const url = URL.createObjectURL(new Blob([lines.join("\n")]));
  await using mill = await Millrace.open();
  const ticks = mill.fetch(url, { schema: { ts: "BIGINT", key: "STRING" } });
  const total = await ticks.groupBy("key").aggregate({ n: count() }).toArray();
  expect(total).toEqual([
    { key: "k0", n: 2500 },
    { key: "k1", n: 2500 },
  ]);
});

test("columns of a page go through windows", async () => {
  await using mill = await Millrace.open();
  const ts = BigInt64Array.from({ length: 10_000 }, (_, i) => BigInt(i * 100));
  const rows = await mill
    .columns({ ts }, { schema: { ts: "TIMESTAMP(3)" }, time: "ts" })
    .window(tumble("100s"))
    .aggregate({ n: count() })
    .toArray();
  expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 10 }, () => 1000));
});

test("a path is refused by name, with what to use instead", async () => {
  await using mill = await Millrace.open();
  await expect(mill.file("x.ndjson").toArray()).rejects.toMatchObject({
    code: "UNSUPPORTED",
    hint: expect.stringContaining("mill.fetch"),
  });
});
