// Nexmark's queries beside DuckDB's answers to the same questions: the same events in each one's own memory before the clock
// starts, the rows of ours into a blackhole, of DuckDB's into a table in memory, since it has no other end that computes all of
// them. DuckDB answers complete data; ours is the stream's answer, in order, with watermarks.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataStream, EngineError, Millrace, Pipeline } from "../src/node.js";
import { QUERIES } from "../test/nexmark/duckdb.js";
import type { Bench, Checksum, Contender } from "./harness.js";
import { type Connection, connectDuckdb } from "./versus/duckdb.js";

/** $NEXMARK_EVENTS makes it fewer. */
const EVENTS = Number(process.env["NEXMARK_EVENTS"] ?? 5_000_000);
const RATE = 100_000;

const textOf = (file: string) => readFileSync(join(process.cwd(), "test/nexmark", file), "utf8");

async function run(mill: Millrace, script: string): Promise<void> {
  for await (const result of mill.script(script)) if (result instanceof Pipeline) await result.run();
}

/** An engine with the events and the side input in tables of its memory; all queries share it. */
const engine = once(async () => {
  const mill = await Millrace.open();
  const tables = textOf("tables.sql");
  const connector = "'connector' = 'nexmark'";
  const [declared = ""] = tables.split("CREATE VIEW");
  const options = `${connector}, 'events.num' = '${EVENTS}', 'first-event.rate' = '${RATE}'`;
  const numbers = Array.from({ length: 10_000 }, (_, i) => `(${i}, '${i}')`).join(",");
  await run(
    mill,
    `${declared.replace("TABLE nexmark", "TABLE made").replace(connector, options)}
     ${tables.replace(connector, "'connector' = 'memory'")}
     CREATE TABLE side_input (key BIGINT, \`value\` STRING) WITH ('connector' = 'memory');`,
  );
  await run(mill, "INSERT INTO nexmark SELECT event_type, person, auction, bid FROM made");
  await run(mill, `INSERT INTO side_input VALUES ${numbers}`);
  return mill;
});

/** DuckDB with the same events in its tables. */
const database = once(async (): Promise<Connection> => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const mill = await Millrace.open();
  const connection = await connectDuckdb();
  for (const only of ["person", "auction", "bid"] as const) {
    const path = join(folder, `${only}.parquet`);
    await mill.nexmark({ only, events: EVENTS, rate: RATE }).to(mill.file(path)).run();
    await connection.run(`CREATE TABLE ${only} AS FROM read_parquet('${path}')`);
  }
  await mill.close();
  rmSync(folder, { recursive: true });
  return connection;
});

/** `make`, called when its result is first asked for. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** What one of the two came to first, the other one has to come to as well. */
class Answer {
  rows: number | undefined;

  of(rows: number): Checksum {
    this.rows ??= rows;
    return { rows };
  }
}

async function contendersOf(query: string, answer: Answer): Promise<Contender[]> {
  const duckdb: Contender = {
    name: "DuckDB, 1 thread",
    prepare: async () => void (await database()),
    run: async () => {
      const connection = await database();
      await connection.run(`CREATE OR REPLACE TEMP TABLE result AS ${QUERIES[query]}`);
      const reader = await connection.runAndReadAll("SELECT count(*) AS n FROM result");
      return answer.of(Number(reader.getRowObjectsJS()[0]?.["n"]));
    },
  };
  const mill = await engine();
  const stream = await streamOf(mill, query);
  if (stream === null) return [duckdb];
  const millrace: Contender = {
    name: "millrace",
    run: async () => answer.of((await stream.to(mill.blackhole()).run()).rowsOut),
  };
  return [millrace, duckdb];
}

/** null for a query that is not computed yet. */
async function streamOf(mill: Millrace, query: string): Promise<DataStream | null> {
  const text = textOf(`${query}.sql`).replace(/CREATE TABLE side_input[^;]*;/, "");
  try {
    for await (const result of mill.script(text)) if (result instanceof DataStream) return result;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    console.error(`${query}: ${error.code}: ${error.message}`);
  }
  return null;
}

export const benches: readonly Bench[] = Object.keys(QUERIES).map((query) => {
  const answer = new Answer();
  return {
    name: `nexmark/${query}`,
    title: `Nexmark ${query}, ${EVENTS.toLocaleString("en-US")} events at ${RATE.toLocaleString("en-US")} a second of event time.`,
    rows: EVENTS,
    rounds: 3,
    baseline: "millrace",
    expected: () => ({ rows: answer.rows ?? Number.NaN }),
    contenders: () => contendersOf(query, answer),
  };
});
