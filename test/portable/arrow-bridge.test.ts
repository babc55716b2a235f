// apache-arrow on both ends of an engine: an Arrow table goes in, is windowed, and the results come out as an Arrow table,
// in Node and in pages, isolated and not.
import * as arrow from "apache-arrow";
import { col, count, fromEpochMs, Millrace, sum, tumble } from "millrace";
import { fromArrow, toArrow, toTable } from "millrace/arrow";
import { expect, test } from "vitest";

const SECOND = 1000;

test("an Arrow table goes through windows and comes out as an Arrow table", async () => {
  const mill = await Millrace.open();
  const trades = arrow.tableFromArrays({
    ts: BigInt64Array.from([0, 4, 11, 12, 3].map((seconds) => BigInt(seconds * SECOND))),
    symbol: ["A", "B", "A", null, "A"],
    price: Float64Array.of(1, 2, 3, 4, 5),
  });
  const table = mill.batches(fromArrow(mill.workspace, trades), { name: "trades" });
  expect(await table.schema()).toEqual({ ts: "BIGINT NOT NULL", symbol: "STRING", price: "DOUBLE NOT NULL" });

  const results = mill.memory();
  await table
    .withColumn("time", fromEpochMs(col("ts")))
    .withWatermark("time", "10s")
    .window(tumble("10s"))
    .groupBy("symbol")
    .aggregate({ trades: count(), total: sum("price") })
    .select("symbol", "trades", "total")
    .to(results)
    .run();
  const [first] = results.batches;
  if (first === undefined) throw new Error("no batch came out");
  const rows = [...toTable(first.schema, results.batches)].map((row) => ({ ...row?.toJSON() }));
  expect(rows).toEqual([
    { symbol: "A", trades: 2n, total: 6 },
    { symbol: "B", trades: 1n, total: 2 },
    { symbol: "A", trades: 1n, total: 3 },
    { symbol: null, trades: 1n, total: 4 },
  ]);
  // A view of the engine's memory: what is written there is seen in the vector.
  const total = toArrow(first).getChild("total")?.data[0]?.values as Float64Array;
  expect(total.buffer).toBe(mill.workspace.account.memory.wasm.buffer);
  mill.release(results);
  mill.release(table);
  await mill.close();
});

test("batches() without a batch says that it knows no columns", async () => {
  const mill = await Millrace.open();
  expect(() => mill.batches([])).toThrow(expect.objectContaining({ code: "OPTION" }));
  await mill.close();
});
