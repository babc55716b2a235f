// Our side of the benches: the public API as a user would write it. Every answer is reduced to one row by the engine itself,
// as the databases reduce theirs in SQL, so that nobody pays for handing out a hundred thousand rows.
import {
  avg,
  charLength,
  col,
  count,
  type DataStream,
  interval,
  Millrace,
  max,
  min,
  type RowOf,
  sum,
  type Table,
  tumble,
  when,
} from "../src/node.js";
import type { Checksum, Contender } from "./harness.js";
import { DISORDER_MS, type EventObject, type KeyKind, WINDOW_MS, type WindowEvents } from "./inputs/events.js";
import type { Lines } from "./inputs/lines.js";
import { type Readings, takeResults } from "./inputs/readings.js";

const KEY_TYPES = { codes: "INT NOT NULL", i64: "BIGINT NOT NULL", strings: "STRING NOT NULL" } as const;

const eventSchema = (kind: KeyKind, nullable = false) => ({
  time: "TIMESTAMP(3) NOT NULL",
  key: KEY_TYPES[kind],
  value: nullable ? "DOUBLE" : "DOUBLE NOT NULL",
});

/** COUNT, SUM, MIN, MAX and AVG by window and key, and the sums of those columns over all groups. */
function windowTotals(events: DataStream): DataStream {
  return events
    .window(tumble(WINDOW_MS))
    .groupBy("key")
    .aggregate({ n: count(), total: sum("value"), low: min("value"), high: max("value"), mean: avg("value") })
    .aggregate({
      groups: count(),
      count: sum("n"),
      sum: sum("total"),
      min: sum("low"),
      max: sum("high"),
      avg: sum("mean"),
    });
}

async function answer(stream: DataStream): Promise<Checksum> {
  const [row] = await stream.toArray();
  return row as unknown as Checksum;
}

/** A contender whose engine is opened before the clock starts. `work` gets it with what `load` put into its memory. */
function contender<Loaded>(
  name: string,
  load: (mill: Millrace) => Loaded,
  work: (mill: Millrace, loaded: Loaded) => Promise<Checksum | undefined>,
): Contender {
  let mill: Millrace;
  let loaded: Loaded;
  return {
    name,
    prepare: async () => {
      mill = await Millrace.open();
      loaded = load(mill);
    },
    run: () => work(mill, loaded),
    close: () => mill.close(),
  };
}

interface Keys {
  readonly kind: KeyKind;
  readonly keys: unknown;
}

function columnsTable(mill: Millrace, { times, values }: WindowEvents, { kind, keys }: Keys): DataStream {
  const columns = { time: times, key: keys, value: values } as never;
  return mill.columns(columns, { schema: eventSchema(kind), time: "time", outOfOrder: DISORDER_MS }) as never;
}

/** Over columns that lie in the engine's memory; then with the copy into it; for strings, also as a dictionary. */
export function windowContenders(events: WindowEvents): Contender[] {
  const keys = events.kind === "i64" ? BigInt64Array.from(events.keys as Float64Array, BigInt) : events.keys;
  const given: Keys = { kind: events.kind, keys };
  const contenders = [
    contender(
      "millrace",
      (mill) => windowTotals(columnsTable(mill, events, given)),
      (_, totals) => answer(totals),
    ),
    contender(
      "millrace, copied in",
      () => null,
      async (mill) => {
        const table = columnsTable(mill, events, given);
        const totals = await answer(windowTotals(table));
        mill.release(table as never);
        return totals;
      },
    ),
  ];
  if (events.kind === "strings") {
    contenders.push(
      contender(
        "millrace, dictionary",
        (mill) =>
          windowTotals(columnsTable(mill, events, { kind: "strings", keys: dictionaryOf(events.keys as string[]) })),
        (_, totals) => answer(totals),
      ),
    );
  }
  return contenders;
}

function dictionaryOf(keys: readonly string[]): { codes: Int32Array; values: string[] } {
  const codeOf = new Map<string, number>();
  const codes = Int32Array.from(keys, (key) => {
    const code = codeOf.get(key) ?? codeOf.size;
    codeOf.set(key, code);
    return code;
  });
  return { codes, values: [...codeOf.keys()] };
}

/** From one object a row. */
export function objectContenders(objects: readonly EventObject[], kind: KeyKind): Contender[] {
  return [
    contender(
      "millrace",
      () => null,
      (mill) => {
        const options = { schema: eventSchema(kind), time: "time", outOfOrder: DISORDER_MS };
        return answer(windowTotals(mill.rows(objects as never, options as never)));
      },
    ),
  ];
}

const ORDERS = {
  time: "TIMESTAMP(3)",
  id: "BIGINT",
  item: "STRING",
  price: "DOUBLE",
  quantity: "INT",
  paid: "BOOLEAN",
} as const;

/** NDJSON to typed columns, every one of which is touched. */
export function ndjsonContenders({ path }: Lines): Contender[] {
  return [
    contender(
      "millrace",
      () => null,
      (mill) => totals(mill.file(path, { schema: ORDERS, format: "ndjson" })),
    ),
  ];
}

/** CSV to typed columns, every one of which is touched. */
export function csvContenders({ path }: Lines): Contender[] {
  return [
    contender(
      "millrace",
      () => null,
      (mill) => totals(mill.file(path, { schema: ORDERS })),
    ),
  ];
}

async function totals(table: Table<RowOf<typeof ORDERS>>): Promise<Checksum> {
  const [row] = await table
    .withColumns({ itemLength: charLength(col("item")), paidOnes: when(col("paid")).then(1).otherwise(0) })
    .aggregate({
      rows: count(),
      time: max("time"),
      id: sum("id"),
      itemLength: sum("itemLength"),
      price: sum("price"),
      quantity: sum("quantity"),
      paid: sum("paidOnes"),
    })
    .toArray({ bigint: true });
  const { time, ...sums } = row as unknown as Record<string, number | bigint> & { time: Date };
  const numbers = Object.fromEntries(Object.entries(sums).map(([name, value]) => [name, Number(value)]));
  return { ...numbers, timeMs: time.getTime() };
}

/** From file to file. */
export function pipelineContenders({ path, output }: Readings): Contender[] {
  const results = output("millrace");
  const ours = contender(
    "millrace",
    () => null,
    async (mill) => {
      await mill
        .file(path, { schema: eventSchema("strings"), time: "time", outOfOrder: DISORDER_MS })
        .window(tumble(WINDOW_MS))
        .groupBy("key")
        .aggregate({ n: count(), total: sum("value"), low: min("value"), high: max("value"), mean: avg("value") })
        .to(mill.file(results))
        .run();
      return undefined;
    },
  );
  return [{ ...ours, outcome: () => takeResults(results) }];
}

/** The demo's query over the demo's file, with a bound that lets nobody be late. */
export function flightsContenders(path: string): Contender[] {
  return [
    contender(
      "millrace",
      () => null,
      (mill) =>
        answer(
          mill
            .file(path)
            .withColumn("departed", col("date").add(interval("1m").mul(col("delay"))))
            .withWatermark("departed", "2 days")
            .window(tumble("1h"))
            .groupBy("origin")
            .aggregate({ n: count(), mean: avg("delay") })
            .aggregate({ groups: count(), count: sum("n"), avg: sum("mean") }) as never,
        ),
    ),
  ];
}
