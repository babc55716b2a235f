// Two sources as one stream. Its watermark is the lower one of the two, so neither makes the rows of the other late.
import { col, count, lit, Millrace, sum, tumble } from "millrace";

const at = (second) => new Date(Date.UTC(2026, 0, 1, 12, 0, second));
const mill = await Millrace.open();

const web = mill.rows(
  [
    { at: at(1), cents: 1200 },
    { at: at(25), cents: 300 },
    { at: at(58), cents: 990 },
  ],
  { time: "at", name: "web" },
);
const shop = mill.rows(
  [
    { at: at(4), price: 5 },
    { at: at(31), price: 7.5 },
  ],
  { time: "at", name: "shop" },
);

// Columns are matched by name and must be of the same types.
const sales = web
  .select("at", "cents", { channel: lit("web") })
  .union(shop.select("at", { cents: col("price").mul(100).cast("BIGINT"), channel: lit("shop") }));
const halfMinutes = sales
  .window(tumble("30s"))
  .groupBy("channel")
  .aggregate({ sales: count(), cents: sum("cents") });

for await (const { windowStart, channel, sales, cents } of halfMinutes) {
  console.log(windowStart.toISOString().slice(14, 19), channel, sales, cents);
}
await mill.close();

// Prints:
//
//     00:00 web 2 1500
//     00:00 shop 1 500
//     00:30 web 1 990
//     00:30 shop 1 750
