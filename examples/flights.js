// Real flights in a Parquet file, counted by hour and airport; departures that came too late go to a file of their own.
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { avg, col, count, interval, Millrace, tumble } from "millrace";

const flights = fileURLToPath(new URL("../node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url));
const latePath = join(mkdtempSync(join(tmpdir(), "millrace-")), "late.ndjson");

const mill = await Millrace.open();

// The file is in the order of scheduled departure. Event time is the actual one, so the rows are out of order.
const hourly = mill
  .file(flights)
  .where(col("origin").in("ORD", "SFO"))
  .withColumn("departed", col("date").add(interval("1m").mul(col("delay"))))
  .withWatermark("departed", "6h")
  .window(tumble("1h"))
  .groupBy("origin")
  .aggregate({ departures: count(), delay: avg("delay") });

// Two targets, one job: the file is read once.
const busiest = mill.memory();
const result = await hourly
  .where(col("departures").ge(88))
  .to(busiest)
  .and(hourly.late().to(mill.file(latePath)))
  .run();

for (const { windowStart, origin, departures, delay } of busiest.toRows()) {
  console.log(windowStart.toISOString(), origin, departures, `${delay.toFixed(1)} min`);
}
const [first] = readFileSync(latePath, "utf8").split("\n");
console.log(`${result.lateRows} of ${result.rowsIn} rows were late, the first one of them`);
console.log(first);
await mill.close();

// Prints:
//
//     2001-04-24T08:00:00.000Z ORD 88 -6.8 min
//     2001-05-11T19:00:00.000Z ORD 89 42.1 min
//     2001-05-15T08:00:00.000Z ORD 88 0.3 min
//     2001-06-12T13:00:00.000Z ORD 89 47.7 min
//     2001-06-26T08:00:00.000Z ORD 88 -5.3 min
//     2979 of 3000000 rows were late, the first one of them
//     {"date":"2001-01-03 15:10:00","delay":-29,"distance":1041,"origin":"ORD","destination":"SAT","departed":"2001-01-03 14:41:00","lateReason":"LATE","lateWatermark":"2001-01-03 15:19:00","lateWindowStart":"2001-01-03 14:00:00","lateWindowEnd":"2001-01-03 15:00:00","lateOperator":"0/sink/filter/window-aggregate"}
