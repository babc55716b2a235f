// Nexmark's queries, which are in the .sql files here: each one over the 110 events that the RisingWave project publishes with the rows
// that should come of them, and over files of 100,000 events, where DuckDB says what is right. Its answers are recorded in
// answers.json (UPDATE_ANSWERS=1 writes it anew), so that the queries are checked where DuckDB is not installed too.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Millrace, Pipeline } from "../../src/node.js";
import { openDuckdb, QUERIES } from "./duckdb.js";
import expected from "./expected.json" with { type: "json" };
import { createTables, digestOf, linesOf, plainText, rowsOf, textOf } from "./support.js";

/** Queries that are not computed yet, and what they are refused with. */
const NOT_YET: Readonly<Record<string, string>> = {
  // PARTITIONED BY.
  ...codes("UNSUPPORTED", ["q10"]),
  // PROCTIME.
  ...codes("UNKNOWN_FUNCTION", ["q12"]),
};

function codes(code: string, queries: readonly string[]): Record<string, string> {
  return Object.fromEntries(queries.map((query) => [query, code]));
}
const directory = mkdtempSync(join(tmpdir(), "millrace-nexmark-"));
let mill: Millrace;
beforeAll(async () => {
  mill = await Millrace.open();
  const numbers = Array.from({ length: 10_000 }, (_, i) => `${i},${i}\n`);
  writeFileSync(join(directory, "side-input.csv"), `key,value\n${numbers.join("")}`);
});
afterAll(async () => {
  await mill.close();
  rmSync(directory, { recursive: true });
});

/** An engine whose tables are over this file. */
async function over(path: string, format: string): Promise<Millrace> {
  const own = await Millrace.open();
  await createTables(own, { connector: "filesystem", path, format });
  return own;
}

/** The query as it is in its file, but that the side input's file is where the tests are, and may have been declared before. */
function scriptOf(query: string): string {
  const side = join(directory, "side-input.csv");
  const text = textOf(`${query}.sql`).replace("CREATE TABLE side_input", "CREATE TABLE IF NOT EXISTS side_input");
  return text.replace("'side-input.csv'", `'${side}'`);
}

const runs = (query: string) => NOT_YET[query] === undefined;

describe("the published events", () => {
  /** Columns that the published rows have, where they are not all. */
  const COLUMNS: Readonly<Record<string, readonly string[]>> = {
    q0: ["auction", "bidder", "price", "dateTime"],
    q1: ["auction", "bidder", "price", "dateTime"],
    q7: ["auction", "price", "bidder", "dateTime"],
    q9: [
      ...["id", "itemName", "description", "initialBid", "reserve", "dateTime", "expires", "seller", "category"],
      ...["auction", "bidder", "price", "bid_dateTime"],
    ],
  };
  const NAMES: Readonly<Record<string, string>> = { email_address: "emailAddress", credit_card: "creditCard" };
  const camel = (name: string) => NAMES[name] ?? name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const path = join(directory, "published.ndjson");
  /** Cells with one blank between them, as the published lines have it. */
  const isTime = (text: string) => /^\d\d:\d\d:\d\d\.\d+$/.test(text);
  const cell = (text: string) => (isTime(text) ? text.replace(/\.?0+$/, "") : plainText(text));
  const spaced = (line: string) => line.split(/[| ]+/).map(cell).join(" ");

  beforeAll(() => {
    const events = Object.entries(expected.tables).flatMap(([kind, { columns, rows }], type) =>
      rows.map((values) => {
        const row = Object.fromEntries(columns.map((name, i) => [camel(name), values[i]]));
        return { event_type: type, person: null, auction: null, bid: null, [kind]: row, at: String(row["dateTime"]) };
      }),
    );
    events.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.event_type - b.event_type));
    writeFileSync(path, events.map(({ at: _, ...event }) => `${JSON.stringify(event)}\n`).join(""));
  });

  test.each(Object.entries(expected.queries).filter(([query]) => runs(query)))("%s", async (query, { expected }) => {
    await using own = await over(path, "ndjson");
    // The published data is in small letters.
    const script = scriptOf(query).replace("('OR', 'ID', 'CA')", "('or', 'id', 'ca')");
    for (const batchRows of [1, 7, 8192]) {
      const lines = linesOf(await rowsOf(own, script, batchRows), COLUMNS[query]);
      expect(lines.map(spaced).sort()).toEqual(expected.map(spaced).sort());
    }
  });
});

interface EventFile {
  readonly events: number;
  /** Events a second of event time. */
  readonly rate: number;
  readonly batchRows: readonly number[];
}

/** Many windows, and hours of two days; and fewer events, with more of them a window, in small batches too. */
const FILES: readonly EventFile[] = [
  { events: 100_000, rate: 5, batchRows: [8192] },
  { events: 3000, rate: 50, batchRows: [1, 7, 8192] },
];

const ANSWERS = new URL("answers.json", import.meta.url);
const update = process.env["UPDATE_ANSWERS"] !== undefined;
const answers: Record<string, Record<string, string>> = JSON.parse(readFileSync(ANSWERS, "utf8"));

const START = "2026-01-01 18:30:00";

describe.each(FILES)("$events events, $rate a second", ({ events, rate, batchRows }) => {
  const path = join(directory, `${events}.parquet`);
  let duckdb: Awaited<ReturnType<typeof openDuckdb>> = null;
  let own: Millrace;

  beforeAll(async () => {
    const start = new Date(`${START}Z`);
    const stream = mill.nexmark({ events, rate, start, seed: 11 }).select("event_type", "person", "auction", "bid");
    await stream.to(mill.file(path)).run();
    duckdb = await openDuckdb(path);
    own = await over(path, "parquet");
  });
  afterAll(async () => {
    duckdb?.close();
    await own.close();
  });

  const queries = Object.entries(QUERIES).filter(([query]) => runs(query) || update);
  test.each(queries)("%s", async (query, inDuckdb) => {
    if (update) answers[query] = { ...answers[query], [events]: digestOf((await duckdb?.lines(inDuckdb)) ?? []) };
    if (!runs(query)) return;
    for (const size of batchRows) {
      const lines = linesOf(await rowsOf(own, scriptOf(query), size));
      if (digestOf(lines) === answers[query]?.[events]) continue;
      expect(lines).toEqual(await duckdb?.lines(inDuckdb));
      expect(digestOf(lines)).toBe(answers[query]?.[events]);
    }
  });
});

describe("the generator, and a table in memory, are read as the file is", () => {
  const runnable = Object.keys(QUERIES).filter(runs);
  const options = { connector: "nexmark", "events.num": "3000", "first-event.rate": "50", seed: "11", start: START };

  test.each([1, 7, 8192])("in batches of %i", async (batchRows) => {
    await using made = await Millrace.open();
    await using kept = await Millrace.open();
    await createTables(made, options);
    await createTables(kept, { connector: "memory" });
    const declared = textOf("tables.sql").split("CREATE VIEW")[0] as string;
    const source = Object.entries(options).map(([name, value]) => `'${name}' = '${value}'`);
    const script = declared
      .replace("TABLE nexmark", "TABLE made")
      .replace("'connector' = 'nexmark'", source.join(", "));
    for await (const result of kept.script(
      `${script}INSERT INTO nexmark SELECT event_type, person, auction, bid FROM made`,
    )) {
      if (result instanceof Pipeline) await result.run({ batchRows });
    }
    for (const query of runnable) {
      const answer = [query, answers[query]?.[3000]];
      expect([query, digestOf(linesOf(await rowsOf(made, scriptOf(query), batchRows)))]).toEqual(answer);
      expect([query, digestOf(linesOf(await rowsOf(kept, scriptOf(query), batchRows)))]).toEqual(answer);
    }
  });
});

afterAll(() => {
  if (update) writeFileSync(ANSWERS, `${JSON.stringify(answers, null, 2)}\n`);
});

test.each(Object.entries(NOT_YET))("%s is refused with %s", async (query, code) => {
  await using own = await Millrace.open();
  await createTables(own, { connector: "nexmark", "events.num": "100" });
  await expect(rowsOf(own, scriptOf(query), 8192)).rejects.toMatchObject({ code });
});
