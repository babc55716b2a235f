// Each query in DuckDB's words over the same Parquet file, as batch: what the stream has to come to. Written from the
// description of the queries, not from their text in SQL beside this file.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { plainText } from "./support.js";

/** Of bids within the time of their auction, the best. */
const WINNING = `
  SELECT a.*, b.auction, b.bidder, b.price, b.dateTime AS bid_dateTime, b.extra AS bid_extra
  FROM auction a JOIN bid b ON a.id = b.auction AND b.dateTime >= a.dateTime AND b.dateTime <= a.expires
  QUALIFY row_number() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.dateTime) = 1`;

const RANKS = `count(*) FILTER (price < 10000), count(*) FILTER (price >= 10000 AND price < 1000000), count(*) FILTER (price >= 1000000)`;
const distinct = (column: string) => `count(DISTINCT ${column}), count(DISTINCT ${column}) FILTER (price < 10000),
  count(DISTINCT ${column}) FILTER (price >= 10000 AND price < 1000000), count(DISTINCT ${column}) FILTER (price >= 1000000)`;

/** Start of a window of ten seconds. */
const tumble = (time: string) => `time_bucket(INTERVAL 10 SECONDS, ${time})`;

export const QUERIES: Readonly<Record<string, string>> = {
  q0: "SELECT auction, bidder, price, dateTime, extra FROM bid",
  q1: "SELECT auction, bidder, (0.908::DECIMAL(3, 3) * price::DECIMAL(19, 0))::DECIMAL(23, 3), dateTime, extra FROM bid",
  q2: "SELECT auction, price FROM bid WHERE auction % 123 = 0",
  q3: `SELECT name, city, state, a.id FROM person p, auction a WHERE a.seller = p.id AND category = 10
    AND (state = 'OR' OR state = 'ID' OR state = 'CA')`,
  q4: `SELECT category, avg(best) FROM (
      SELECT a.id, any_value(category) AS category, max(price) AS best FROM auction a JOIN bid b ON auction = a.id
      WHERE b.dateTime >= a.dateTime AND b.dateTime <= expires GROUP BY a.id)
    GROUP BY category`,
  q5: `WITH counted AS (
      SELECT auction, ${bucketStart("k")} AS w, count(*) AS n
      FROM bid, range(5) AS steps(k) GROUP BY ALL)
    SELECT auction, n FROM counted QUALIFY n = max(n) OVER (PARTITION BY w)`,
  q6: `SELECT seller, avg(price) OVER (PARTITION BY seller ORDER BY bid_dateTime ROWS BETWEEN 10 PRECEDING AND CURRENT ROW)
    FROM (${WINNING})`,
  q7: `WITH best AS (SELECT ${tumble("dateTime")} AS w, max(price) AS price FROM bid GROUP BY w)
    SELECT auction, b.price, bidder, dateTime, extra FROM bid b JOIN best ON b.price = best.price
    AND dateTime >= w AND dateTime <= w + INTERVAL 10 SECONDS`,
  q8: `SELECT DISTINCT p.id, name, ${tumble("p.dateTime")} FROM person p JOIN auction a ON seller = p.id
    AND ${tumble("p.dateTime")} = ${tumble("a.dateTime")}`,
  q9: `SELECT id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra,
    auction, bidder, price, bid_dateTime, bid_extra FROM (${WINNING})`,
  q11: `WITH gaps AS (
      SELECT *, coalesce(dateTime - lag(dateTime) OVER w > INTERVAL 10 SECONDS, true) AS opens
      FROM bid WINDOW w AS (PARTITION BY bidder ORDER BY dateTime)),
    numbered AS (SELECT *, count(*) FILTER (opens) OVER (PARTITION BY bidder ORDER BY dateTime) AS session FROM gaps)
    SELECT bidder, count(*), min(dateTime), max(dateTime) + INTERVAL 10 SECONDS FROM numbered GROUP BY bidder, session`,
  q13: "SELECT auction, bidder, price, dateTime, (auction % 10000)::VARCHAR FROM bid",
  q14: `SELECT auction, bidder, (0.908::DECIMAL(3, 3) * price::DECIMAL(19, 0))::DECIMAL(23, 3) AS euros,
      CASE WHEN hour(dateTime) BETWEEN 8 AND 18 THEN 'dayTime' WHEN hour(dateTime) IN (7, 19) THEN 'otherTime' ELSE 'nightTime' END,
      dateTime, extra, len(string_split(extra, 'c')) - 1
    FROM bid WHERE euros > 1000000 AND euros < 50000000`,
  q15: `SELECT strftime(dateTime, '%Y-%m-%d') AS day, count(*), ${RANKS}, ${distinct("bidder")}, ${distinct("auction")}
    FROM bid GROUP BY day`,
  q16: `SELECT channel, strftime(dateTime, '%Y-%m-%d') AS day, max(strftime(dateTime, '%H:%M')), count(*), ${RANKS},
    ${distinct("bidder")}, ${distinct("auction")} FROM bid GROUP BY channel, day`,
  q17: `SELECT auction, strftime(dateTime, '%Y-%m-%d') AS day, count(*), ${RANKS}, min(price), max(price), avg(price), sum(price)
    FROM bid GROUP BY auction, day`,
  q18: `SELECT auction, bidder, price, channel, url, dateTime, extra FROM bid
    QUALIFY row_number() OVER (PARTITION BY bidder, auction ORDER BY dateTime DESC, extra DESC) = 1`,
  q19: `SELECT auction, bidder, price, channel, url, dateTime, extra,
      row_number() OVER (PARTITION BY auction ORDER BY price DESC, dateTime, extra) AS place
    FROM bid QUALIFY place <= 10`,
  q20: `SELECT auction, bidder, price, channel, url, b.dateTime, b.extra, itemName, description, initialBid, reserve, a.dateTime,
    expires, seller, category, a.extra FROM bid b JOIN auction a ON auction = id WHERE category = 10`,
  q21: `SELECT auction, bidder, price, channel, CASE lower(channel) WHEN 'apple' THEN '0' WHEN 'google' THEN '1'
      WHEN 'facebook' THEN '2' WHEN 'baidu' THEN '3' ELSE split_part(url, 'channel_id=', 2) END
    FROM bid WHERE contains(url, '&channel_id=') OR lower(channel) IN ('apple', 'google', 'facebook', 'baidu')`,
  q22: `SELECT auction, bidder, price, channel, split_part(url, '/', 4), split_part(url, '/', 5), split_part(url, '/', 6) FROM bid`,
};

/** Start of the window of ten seconds, one in two, that holds a bid's time and begins `steps` steps before its last one. */
function bucketStart(steps: string): string {
  return `time_bucket(INTERVAL 2 SECONDS, dateTime) - INTERVAL 2 SECONDS * ${steps}`;
}

interface Connection {
  run(sql: string): Promise<unknown>;
  runAndReadAll(sql: string): Promise<{ getRows(): readonly (readonly (string | null)[])[] }>;
  closeSync(): void;
}
interface Api {
  readonly DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<Connection> }> };
}

/** DuckDB over the file's events; null where it is not installed (`npm ci --prefix bench/versus --ignore-scripts`). */
export async function openDuckdb(
  path: string,
): Promise<{ lines(query: string): Promise<string[]>; close(): void } | null> {
  const require = createRequire(new URL("../../bench/versus/package.json", import.meta.url));
  let resolved: string;
  try {
    resolved = require.resolve("@duckdb/node-api");
  } catch {
    // Not installed: the recorded answers have to do.
    return null;
  }
  const { DuckDBInstance } = (await import(pathToFileURL(resolved).href)) as Api;
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  for (const [number, kind] of ["person", "auction", "bid"].entries()) {
    await connection.run(
      `CREATE TABLE ${kind} AS SELECT ${kind}.* FROM read_parquet('${path}') WHERE event_type = ${number}`,
    );
  }
  return {
    lines: async (query) => {
      const reader = await connection.runAndReadAll(`SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (${query})`);
      const lines = reader
        .getRows()
        .map((row) => row.map((cell) => (cell === null ? "NULL" : plainText(cell))).join("|"));
      return lines.sort();
    },
    close: () => connection.closeSync(),
  };
}
