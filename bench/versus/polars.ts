// nodejs-polars with its own number of threads (all cores): the data frame library. Its frame is built before the clock starts.
import type { Contender } from "../harness.js";
import { WINDOW_MS, type WindowEvents } from "../inputs/events.js";
import { loadRival, type Rival } from "./rival.js";

interface Expr {
  sub(other: Expr): Expr;
  modulo(other: number): Expr;
  alias(name: string): Expr;
  sum(): Expr;
  min(): Expr;
  max(): Expr;
  mean(): Expr;
  count(): Expr;
}
interface Frame {
  withColumn(column: Expr): Frame;
  groupBy(keys: readonly string[]): { agg(...columns: Expr[]): Frame };
  select(...columns: Expr[]): Frame;
  lazy(): Frame;
  collectSync(): Frame;
  toRecords(): readonly Readonly<Record<string, number | bigint>>[];
}
interface Api {
  DataFrame(columns: Readonly<Record<string, unknown>>): Frame;
  Series(name: string, values: unknown, type?: unknown): unknown;
  col(name: string): Expr;
  readonly Int32: unknown;
  readonly Int64: unknown;
  readonly Utf8: unknown;
}

const PACKAGE = "nodejs-polars";

function windowContender(events: WindowEvents): Contender {
  let polars: Api | undefined;
  let frame: Frame | undefined;
  return {
    name: "nodejs-polars, all cores",
    prepare: async () => {
      polars = await loadRival<Api>(PACKAGE);
      frame = buildFrame(polars, events);
    },
    run: () => {
      if (polars === undefined || frame === undefined) throw new Error("not prepared");
      const { col } = polars;
      const [row] = frame
        .lazy()
        .withColumn(col("time").sub(col("time").modulo(WINDOW_MS)).alias("window"))
        .groupBy(["window", "key"])
        .agg(
          col("value").count().alias("n"),
          col("value").sum().alias("s"),
          col("value").min().alias("lo"),
          col("value").max().alias("hi"),
          col("value").mean().alias("mean"),
        )
        .select(
          col("n").count().alias("groups"),
          col("n").sum().alias("count"),
          col("s").sum().alias("sum"),
          col("lo").sum().alias("min"),
          col("hi").sum().alias("max"),
          col("mean").sum().alias("avg"),
        )
        .collectSync()
        .toRecords();
      return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]));
    },
    close: () => {
      frame = undefined;
    },
  };
}

function buildFrame(polars: Api, { times, values, keys, kind }: WindowEvents): Frame {
  const wide = (numbers: Float64Array) => polars.Series("", BigInt64Array.from(numbers, BigInt), polars.Int64);
  const key =
    kind === "i64"
      ? wide(keys as Float64Array)
      : polars.Series("", keys, kind === "codes" ? polars.Int32 : polars.Utf8);
  return polars.DataFrame({ time: wide(times), key, value: polars.Series("", values) });
}

export const polars: Rival = {
  package: PACKAGE,
  window: (events) => [windowContender(events)],
};
