// DuckDB, native, one thread: the analytical database at its best. Data is in its own tables before the clock starts, and an
// outer aggregate reduces the result to one row, so that it pays for no transport.
import type { Checksum, Contender } from "../harness.js";
import {
  DISORDER_MS,
  KEY_BASE,
  KEY_COUNT,
  KEY_STEP,
  type KeyKind,
  ROWS_PER_MS,
  START_MS,
  WINDOW_MS,
} from "../inputs/events.js";
import { HOUR_MS } from "../inputs/flights.js";
import { takeResults } from "../inputs/readings.js";
import { loadRival, type Rival } from "./rival.js";

export interface Connection {
  run(sql: string): Promise<unknown>;
  runAndReadAll(sql: string): Promise<{ getRowObjectsJS(): readonly Readonly<Record<string, number | bigint>>[] }>;
  closeSync(): void;
}
interface Api {
  readonly DuckDBInstance: {
    create(path: string, options: Readonly<Record<string, string>>): Promise<{ connect(): Promise<Connection> }>;
  };
}

const PACKAGE = "@duckdb/node-api";

/** A database of its own in memory. */
export async function connectDuckdb(): Promise<Connection> {
  const { DuckDBInstance } = await loadRival<Api>(PACKAGE);
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  return instance.connect();
}

/** A contender that runs `query` in a database of its own, after `setup`. */
export function queryContender(query: string, setup: readonly string[] = []): Contender {
  let connection: Connection | undefined;
  return {
    name: "DuckDB, 1 thread",
    prepare: async () => {
      connection = await connectDuckdb();
      for (const statement of setup) await connection.run(statement);
    },
    run: async (): Promise<Checksum> => {
      const reader = await connection?.runAndReadAll(query);
      const [row] = reader?.getRowObjectsJS() ?? [];
      return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]));
    },
    close: () => connection?.closeSync(),
  };
}

/** inputs/events.ts's hash: 32-bit products in 64 unsigned bits. */
const HASH = [
  "CREATE MACRO mul32(a, b) AS (a::UBIGINT * b::UBIGINT) & 4294967295::UBIGINT",
  "CREATE MACRO fold(h, bits) AS xor(h, h >> bits)",
  "CREATE MACRO mix(number) AS fold(mul32(fold(mul32(fold(mul32(number, 2654435761), 15), 2246822519), 13), 3266489917), 16)",
];

const KEYS: Readonly<Record<KeyKind, string>> = {
  codes: "code::INTEGER",
  i64: `${KEY_BASE} + code * ${KEY_STEP}`,
  strings: "'sensor-' || lpad(code::VARCHAR, 4, '0')",
};

/** Statements that make the table `events` of inputs/events.ts: time, key, value. */
export function eventTable(rows: number, kind: KeyKind): string[] {
  return [
    ...HASH,
    `CREATE TABLE events AS SELECT time, ${KEYS[kind]} AS key, value FROM (
       SELECT ${START_MS + DISORDER_MS} + i // ${ROWS_PER_MS} - (mix(i * 3) % ${DISORDER_MS})::BIGINT AS time,
         (mix(i * 3 + 1) % ${KEY_COUNT})::BIGINT AS code,
         (mix(i * 3 + 2) % 10000)::DOUBLE / 100::DOUBLE AS value
       FROM range(${rows}) AS numbers(i))`,
  ];
}

export const duckdb: Rival = {
  package: PACKAGE,
  window: ({ rows, kind }) => [
    queryContender(
      `SELECT count(*) AS groups, sum(n) AS count, sum(s) AS sum, sum(lo) AS min, sum(hi) AS max, sum(mean) AS avg FROM (
         SELECT time // ${WINDOW_MS} AS w, key, count(*) n, sum(value) s, min(value) lo, max(value) hi, avg(value) mean
         FROM events GROUP BY w, key)`,
      eventTable(rows, kind),
    ),
  ],
  ndjson: ({ path }) => [
    queryContender(
      `SELECT count(*) AS rows, epoch_ms(max(time)) AS timeMs, sum(id)::DOUBLE AS id, sum(length(item)) AS itemLength,
         sum(price) AS price, sum(quantity) AS quantity, count(*) FILTER (paid) AS paid
       FROM read_json('${path}', format = 'newline_delimited', columns = {time: 'TIMESTAMP', id: 'BIGINT', item: 'VARCHAR',
         price: 'DOUBLE', quantity: 'INTEGER', paid: 'BOOLEAN'})`,
    ),
  ],
  csv: ({ path }) => [
    queryContender(
      `SELECT count(*) AS rows, epoch_ms(max(time)) AS timeMs, sum(id)::DOUBLE AS id, sum(length(item)) AS itemLength,
         sum(price) AS price, sum(quantity) AS quantity, count(*) FILTER (paid) AS paid
       FROM read_csv('${path}', header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', new_line = '\\n',
         timestampformat = '%Y-%m-%dT%H:%M:%S.%gZ',
         columns = {time: 'TIMESTAMP', id: 'BIGINT', item: 'VARCHAR', price: 'DOUBLE', quantity: 'INTEGER', paid: 'BOOLEAN'})`,
    ),
  ],
  pipeline: ({ path, output }) => {
    const results = output("duckdb");
    return [
      {
        ...queryContender(
          `COPY (SELECT time_bucket(INTERVAL ${WINDOW_MS} MILLISECONDS, time) AS windowStart,
               windowStart + INTERVAL ${WINDOW_MS} MILLISECONDS AS windowEnd, key, count(*) AS n, sum(value) AS total,
               min(value) AS low, max(value) AS high, avg(value) AS mean
             FROM read_json('${path}', format = 'newline_delimited',
               columns = {time: 'TIMESTAMP', key: 'VARCHAR', value: 'DOUBLE'}) GROUP BY ALL)
           TO '${results}' (FORMAT json)`,
        ),
        outcome: () => takeResults(results),
      },
    ];
  },
  flights: (path) => [
    queryContender(
      `SELECT count(*) AS groups, sum(n) AS count, sum(mean) AS avg FROM (
         SELECT (epoch_us(date) + delay * 60000000) // ${HOUR_MS * 1000} AS hour, origin, count(*) AS n, avg(delay) AS mean
         FROM read_parquet('${path}') GROUP BY hour, origin)`,
    ),
  ],
};
