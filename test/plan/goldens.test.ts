// Whole programs as EXPLAIN shows them at every stage: one golden a program in test/plans/, rewritten with `--update`.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { avg, count, max, min, sum } from "../../src/api/aggregates.js";
import { col, interval, when } from "../../src/api/expression.js";
import { coalesce, dateFloor, upper } from "../../src/api/functions.js";
import type { Pipeline } from "../../src/api/pipeline.js";
import type { DataStream } from "../../src/api/stream.js";
import { tumble } from "../../src/api/windows.js";
import { FakeRunner } from "../api/support.js";

const mill = new FakeRunner();
const FLIGHTS = {
  date: "TIMESTAMP(6)",
  delay: "SMALLINT",
  distance: "SMALLINT",
  origin: "STRING",
  destination: "STRING",
};
mill.define("flights.parquet", FLIGHTS);
mill.define("other.parquet", {
  destination: "STRING",
  origin: "STRING",
  distance: "SMALLINT",
  delay: "SMALLINT",
  date: "TIMESTAMP(6)",
});
mill.define("clicks", { at: "TIMESTAMP_LTZ(3) NOT NULL", user: "BIGINT NOT NULL", price: "DECIMAL(10, 2)" }, false);

mill.define("orders", {
  at: "TIMESTAMP(3)",
  note: "STRING",
  lines: "ARRAY<ROW<item STRING, n INT>>",
  prices: "MAP<STRING, DOUBLE>",
});

const flights = mill.file("flights.parquet", { time: "date", outOfOrder: "5s" });
const out = mill.file("out.ndjson");

/** Hourly departures and delays by origin; event time is the actual departure. */
const departures = mill
  .file("flights.parquet")
  .withColumn("departed", col("date").add(col("delay").mul(interval("1m"))))
  .withWatermark("departed", "2h")
  .window(tumble("1h"))
  .groupBy("origin")
  .aggregate({ flights: count(), delay: avg("delay") });

const mapped = flights.map((row) => ({ day: String(row.date), code: 1 }), {
  name: "shorten",
  schema: { day: "DATE", code: "INT NOT NULL" },
});

const delays = flights
  .where(col("delay").gt(15))
  .window(tumble("1h", { lateness: "10m" }))
  .groupBy("origin")
  .aggregate({ flights: count(), delay: avg("delay") });

const tolerant = mill
  .file("flights.parquet", {
    rowPolicy: "deadLetter",
    time: "date",
    outOfOrder: "1m",
    idle: "30s",
    maxFutureDrift: "1 day",
  })
  .withColumn("speed", col("distance").div(col("delay")));

const programs: Record<string, DataStream<never> | Pipeline> = {
  "window-by-key": delays as DataStream<never>,
  "demo-departures": departures as DataStream<never>,
  "scan-filter-project": mill
    .file("flights.parquet")
    .where(col("delay").gt(15).and(col("origin").in("SFO", "LAX")))
    .select("origin", {
      miles: col("distance").mul(2),
      late: when(col("delay").gt(60)).then("very").otherwise("a bit"),
    })
    .where(col("origin").ne("LAX")) as DataStream<never>,
  "computed-keys": flights
    .window(tumble("1 week", { offset: "6h" }))
    .groupBy({ day: dateFloor(col("date"), "day"), airport: upper(col("origin")) })
    .aggregate({
      near: sum(when(col("distance").lt(500)).then(1).otherwise(0)),
      least: min(col("delay")),
      most: max(col("delay")),
      known: count("delay"),
      delay: avg(coalesce(col("delay"), 0)),
    }) as DataStream<never>,
  "batch-aggregate": mill
    .file("flights.parquet")
    .groupBy("origin")
    .aggregate({ n: count(), farthest: max("distance") }) as DataStream<never>,
  "global-count": mill.file("flights.parquet").aggregate({ n: count() }) as DataStream<never>,
  "late-rows": delays.to(out).and(delays.late().to(mill.file("late.ndjson"))),
  "dead-letters": tolerant.to(out).and(tolerant.deadLetters().to(mill.file("dead.ndjson"))),
  "union-by-name": flights
    .union(mill.file("other.parquet", { time: "date", outOfOrder: "1h" }))
    .select("origin", "delay") as DataStream<never>,
  "user-functions": mapped
    .inspect(() => undefined, { name: "watch" })
    .filter(() => true, { name: "keep" }) as DataStream<never>,
  unnest: mill
    .file("orders", { time: "at", outOfOrder: "5s" })
    .unnest("lines", { as: "line", ordinality: "position", outer: true })
    .unnest("prices")
    .select("at", "line", "value")
    .where(col("value").gt(1)) as DataStream<never>,
  "endless-decimals": mill
    .file("clicks", { time: "at", outOfOrder: 250 })
    .window(tumble("10s"))
    .aggregate({ spent: sum("price"), mean: avg("price") })
    .uid("spending") as DataStream<never>,
};

test.each(Object.keys(programs))("%s", async (name) => {
  const text = await (programs[name] as Pipeline).explain();
  await expect(`${text}\n`).toMatchFileSnapshot(fileURLToPath(new URL(`../plans/${name}.plan`, import.meta.url)));
});
