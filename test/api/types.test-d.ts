// What the compiler knows of streams. Checked by tsc (`npm run check`) and by types.test.ts; nothing here runs.
import { avg, count, max, min, sum } from "../../src/api/aggregates.js";
import { col, interval, lit, when } from "../../src/api/expression.js";
import {
  arrayContains,
  cardinality,
  coalesce,
  concat,
  dateFloor,
  greatest,
  hour,
  upper,
} from "../../src/api/functions.js";
import type { AnyRow } from "../../src/api/runner.js";
import type { DataStream } from "../../src/api/stream.js";
import type { RowOf } from "../../src/api/types.js";
import { tumble } from "../../src/api/windows.js";
import type { Value } from "../../src/arrow/rows.js";
import { FakeRunner } from "./support.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only if the stream's rows are exactly of this type. */
function rowsAre<Row>() {
  return <Actual>(_stream: DataStream<Actual>, ..._same: Same<Actual, Row> extends true ? [] : [expected: Row]): void =>
    undefined;
}

type Is<A, B> = Same<A, B> extends true ? true : never;
export const literals: [
  Is<RowOf<{ a: "BIGINT" }>, { a: number | null }>,
  Is<RowOf<{ a: "INT NOT NULL"; b: "DOUBLE" }>, { a: number; b: number | null }>,
  Is<RowOf<{ a: "DECIMAL(10, 2) NOT NULL"; b: "DECIMAL" }>, { a: string; b: string | null }>,
  Is<
    RowOf<{ a: "TIMESTAMP(3) NOT NULL"; b: "TIMESTAMP NOT NULL"; c: "TIMESTAMP_LTZ(0) NOT NULL" }>,
    { a: Date; b: Date; c: Date }
  >,
  Is<RowOf<{ a: "TIMESTAMP(6) NOT NULL"; b: "TIMESTAMP_LTZ(4) NOT NULL" }>, { a: string; b: string }>,
  Is<
    RowOf<{ a: "BOOLEAN"; b: "BYTES"; c: "STRING"; d: "DATE" }>,
    { a: boolean | null; b: Uint8Array | null; c: string | null; d: string | null }
  >,
  Is<RowOf<{ a: "ARRAY<INT>"; b: "ARRAY<STRING NOT NULL> NOT NULL" }>, { a: (number | null)[] | null; b: string[] }>,
  Is<
    RowOf<{ a: "ROW<x INT NOT NULL, `y z` ARRAY<ROW<t TIMESTAMP(3)>>> NOT NULL" }>,
    { a: { x: number; "y z": ({ t: Date | null } | null)[] | null } }
  >,
  Is<RowOf<{ a: "MAP<STRING, DECIMAL(10, 2)> NOT NULL" }>, { a: ReadonlyMap<string, string | null> }>,
  Is<RowOf<Record<string, string>>, Record<string, Value>>,
] = [true, true, true, true, true, true, true, true, true, true];

const mill = new FakeRunner();
const flights = mill.file("flights.parquet", {
  schema: { ts: "TIMESTAMP(3) NOT NULL", delay: "INT", price: "DECIMAL(8, 2)", origin: "STRING NOT NULL" },
  time: "ts",
  outOfOrder: "5s",
});
type Flight = { ts: Date; delay: number | null; price: string | null; origin: string };
rowsAre<Flight>()(flights);

// Expressions know their columns.
rowsAre<Flight>()(flights.where(col("delay").gt(15).and(col("origin").ne("SFO"))));
rowsAre<Flight>()(flights.where(lit(true)));
// @ts-expect-error no column "dely"
flights.where(col("dely").gt(15));
// @ts-expect-error no column "dely", also beside a right one
flights.where(col("delay").gt(col("dely")));
// @ts-expect-error no column "dely" inside a function
flights.where(upper(col("dely")).eq("X"));
// @ts-expect-error a name is no predicate
flights.where("delay");

// Parts of nested columns.
const people = mill.file("people.ndjson", {
  schema: {
    tags: "ARRAY<STRING NOT NULL> NOT NULL",
    prices: "MAP<STRING, DOUBLE NOT NULL>",
    user: "ROW<name STRING NOT NULL, ids ARRAY<BIGINT>>",
    spot: "ROW<x INT NOT NULL> NOT NULL",
  },
});
rowsAre<{
  a: string | null;
  b: number | null;
  c: string | null;
  d: number | null;
  e: number;
  f: number;
  g: boolean;
  h: string | null;
}>()(
  people.select({
    a: col("tags").at(1),
    b: col("prices").get("EUR"),
    c: col("user").field("name"),
    d: col("user").field("ids").at(2),
    e: col("spot").field("x"),
    f: cardinality(col("tags")),
    g: arrayContains(col("tags"), "new"),
    h: upper(col("tags").at(1)),
  }),
);
// @ts-expect-error no column "tag"
people.select({ a: col("tag").at(1) });
// @ts-expect-error no column "m" as an index
people.select({ a: col("tags").at(col("m")) });

// Projections.
rowsAre<{ origin: string; delay: number | null }>()(flights.select("origin", "delay"));
rowsAre<{ origin: string; late: boolean | null }>()(flights.select("origin", { late: col("delay").gt(15) }));
rowsAre<{ a: number | null; b: number; c: string; d: boolean; e: Date }>()(
  flights.select({
    a: col("delay").mul(2),
    b: coalesce(col("delay"), 0),
    c: upper(col("origin")),
    d: col("delay").isNull(),
    e: col("ts").add(interval("5m")),
  }),
);
rowsAre<{ a: string | null; b: number | null; c: Date; d: number; e: number | null; f: number }>()(
  flights.select({
    a: when(col("delay").gt(60)).then("late").when(col("delay").gt(0)).then("behind"),
    b: col("price").cast("DOUBLE"),
    c: dateFloor(col("ts"), "hour"),
    d: hour(col("ts")),
    e: col("origin").tryCast("INT"),
    f: 1,
  }),
);
rowsAre<{ a: number | null; b: string; c: boolean }>()(
  flights.select({
    a: greatest(col("delay"), 1, hour(col("ts"))),
    b: concat(col("origin"), "-", upper(col("origin"))),
    c: col("origin").in("SFO", "LAX", upper(col("origin"))),
  }),
);
rowsAre<{ a: string }>()(flights.select({ a: when(col("delay").gt(60)).then("late").otherwise("on time") }));
rowsAre<{ ts: Date; price: string | null; origin: string; delay: number; late: boolean }>()(
  flights.withColumns({ delay: coalesce(col("delay"), 0), late: lit(false) }),
);
rowsAre<{ ts: Date; delay: number | null; price: string | null; origin: string; hours: number | null }>()(
  flights.withColumn("hours", col("delay").div(60)),
);
rowsAre<{ ts: Date; price: string | null; origin: string; delay: number }>()(
  flights.withColumn("delay", coalesce(col("delay"), 0)),
);
// @ts-expect-error no column "orgin"
flights.select("orgin");
// @ts-expect-error no type "DUBLE"
col("price").cast("DUBLE");
// @ts-expect-error no column "tz"
flights.withWatermark("tz", "5s");

// Lists taken apart.
const orders = mill.file("orders.ndjson", {
  schema: { id: "INT NOT NULL", tags: "ARRAY<STRING NOT NULL>", prices: "MAP<STRING, DOUBLE>" },
});
type Prices = ReadonlyMap<string, number | null> | null;
rowsAre<{ id: number; tags: string; prices: Prices }>()(orders.unnest("tags"));
rowsAre<{ id: number; tag: string; position: number; prices: Prices }>()(
  orders.unnest("tags", { as: "tag", ordinality: "position" }),
);
rowsAre<{ id: number; tag: string | null; prices: Prices }>()(orders.unnest("tags", { as: "tag", outer: true }));
rowsAre<{ id: number; tags: string[] | null; key: string; value: number | null }>()(orders.unnest("prices"));
rowsAre<{ id: number; tags: string[] | null; k: string; v: number | null }>()(
  orders.unnest("prices", { as: ["k", "v"] }),
);
// @ts-expect-error no column "tag"
orders.unnest("tag");

// Windows and groups.
const delays = flights
  .window(tumble("1h"))
  .groupBy("origin", { big: col("delay").gt(100) })
  .aggregate({
    flights: count(),
    known: count("delay"),
    mean: avg("delay"),
    total: sum("price"),
    first: min("ts"),
    last: max(col("ts")),
  });
rowsAre<{
  windowStart: Date;
  windowEnd: Date;
  windowTime: Date;
  origin: string;
  big: boolean | null;
  flights: number;
  known: number;
  mean: number | null;
  total: string | null;
  first: Date;
  last: Date;
}>()(delays);
rowsAre<{ windowStart: Date; windowEnd: Date; windowTime: Date; n: number }>()(
  flights.window(tumble("1h")).aggregate({ n: count() }),
);
rowsAre<{ origin: string; first: Date }>()(flights.groupBy("origin").aggregate({ first: min("ts") }));
// A global aggregate may be of no rows at all.
rowsAre<{ n: number; first: Date | null }>()(flights.aggregate({ n: count(), first: min("ts") }));
rowsAre<{ n: number; first: Date | null }>()(flights.groupBy().aggregate({ n: count(), first: min("ts") }));
// @ts-expect-error no column "dely"
flights.window(tumble("1h")).aggregate({ delay: avg("dely") });
// @ts-expect-error no column "orign"
flights.window(tumble("1h")).groupBy("orign");
// @ts-expect-error the result has no column "origins"
delays.where(col("origins").eq("SFO"));

// User functions.
rowsAre<{ id: number }>()(flights.map((row) => ({ id: row.origin.length }), { schema: { id: "INT NOT NULL" } }));
rowsAre<Flight>()(flights.map((row) => ({ ...row, delay: 0 })));
rowsAre<Flight>()(flights.filter((row) => row.delay !== null));
rowsAre<{ id: number }>()(flights.flatMap((row) => [{ id: row.origin.length }], { schema: { id: "INT NOT NULL" } }));
rowsAre<{ delay: number }>()(
  flights.mapBatch(({ delay }) => ({ delay: delay.values }), { schema: { delay: "INT NOT NULL" } }),
);
rowsAre<Flight>()(flights.mapBatch(({ ts, delay, price, origin }) => ({ ts, delay, price, origin })));
// @ts-expect-error no column "dely"
flights.mapBatch(({ dely }) => ({ dely }), { schema: { dely: "INT NOT NULL" } });
// @ts-expect-error the result lacks a column
flights.mapBatch(({ ts }) => ({ ts }));
// @ts-expect-error the function gives a text where the schema says INT
flights.map((row) => ({ id: row.origin }), { schema: { id: "INT NOT NULL" } });
// @ts-expect-error no field "dely"
flights.filter((row) => row.dely > 0);

// Unions take streams of the same rows.
rowsAre<Flight>()(flights.union(flights.where(col("delay").gt(0))));
// @ts-expect-error other columns
flights.union(delays);

// Without schema everything is a Value, and names are checked when the plan is bound.
const loose = mill.file("flights.parquet", { time: "date", outOfOrder: "5s" });
rowsAre<AnyRow>()(loose);
rowsAre<AnyRow>()(loose.where(col("anything").gt(1)));
rowsAre<{ windowStart: Date; windowEnd: Date; windowTime: Date; origin: Value; flights: number }>()(
  loose.window(tumble("1h")).groupBy("origin").aggregate({ flights: count() }),
);

// Schemas and options.
// @ts-expect-error no type "DUBLE"
mill.file("x", { schema: { a: "DUBLE" } });
// @ts-expect-error the event time is a column of the schema
mill.file("x", { schema: { a: "TIMESTAMP(3)" }, time: "b" });
// @ts-expect-error no option "outoforder"
mill.file("x", { schema: { a: "TIMESTAMP(3)" }, time: "a", outoforder: "5s" });
// @ts-expect-error no option "latness"
tumble("1h", { latness: "5m" });
