// Random queries over random rows: Millrace's answer is DuckDB's. What holds at the end of the input is compared, and what the
// changes on the way leave.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataStream, Millrace } from "../../src/node.js";
import { DuckDb } from "./duckdb.js";
import { QUERIES, type Query } from "./queries.js";

const RUNS = Number(process.env["DUCKDB_RUNS"] ?? 150);
const COLUMNS = "id BIGINT, k VARCHAR, g INT, x BIGINT, d DOUBLE, b BOOLEAN, ts TIMESTAMP(3)";
const folder = mkdtempSync(join(tmpdir(), "millrace-duckdb-"));
let duckdb: DuckDb;
beforeAll(async () => {
  duckdb = await DuckDb.open();
});
afterAll(() => {
  duckdb.close();
  rmSync(folder, { recursive: true });
});

const arbitraryRows = fc.array(
  fc.record({
    k: fc.constantFrom(null, "", "a", "b", "ab", "é"),
    g: fc.constantFrom(null, 0, 1, 2, -1),
    x: fc.oneof(fc.constant(null), fc.integer({ min: -3, max: 12 }), fc.constant(4_000_000_000)),
    d: fc.oneof(fc.constant(null), fc.constantFrom(0.5, -1.25, 3, 0)),
    b: fc.constantFrom(null, true, false),
    second: fc.integer({ min: 0, max: 40 }),
  }),
  { maxLength: 30 },
);

type InputRow = typeof arbitraryRows extends fc.Arbitrary<readonly (infer R)[]> ? R : never;

async function fill(table: string, values: readonly InputRow[]): Promise<string> {
  const path = join(folder, `${table}.ndjson`);
  const lines = values.map(({ second, ...row }, id) => {
    const ts = `2026-01-01 00:00:${String(second).padStart(2, "0")}.000`;
    return `${JSON.stringify({ id, ...row, ts })}\n`;
  });
  writeFileSync(path, lines.join(""));
  await duckdb.run(`CREATE OR REPLACE TABLE ${table} (${COLUMNS.replace("(3)", "")})`);
  for (const [id, { second, k, g, x, d, b }] of values.entries()) {
    const text = k === null ? "NULL" : `'${k}'`;
    await duckdb.run(
      `INSERT INTO ${table} VALUES (${id}, ${text}, ${g}, ${x}, ${d}, ${b}, TIMESTAMP '2026-01-01 00:00:${String(second).padStart(2, "0")}')`,
    );
  }
  return `CREATE TABLE ${table} (${COLUMNS}, WATERMARK FOR ts AS ts - INTERVAL '1' HOUR) WITH ('connector' = 'filesystem', 'format' = 'ndjson', 'path' = '${path}');`;
}

/** A value as both engines would write it: numbers to 12 digits, times without trailing zeros. */
function shown(value: unknown): string {
  if (value === null) return "NULL";
  if (value instanceof Date)
    return value
      .toISOString()
      .replace("T", " ")
      .replace(/\.?0*Z$/, "");
  const text = String(value);
  const number = typeof value === "string" && !/^-?\d+(\.\d+)?$/.test(text) ? Number.NaN : Number(value);
  if (typeof value === "boolean" || Number.isNaN(number)) return text;
  return Number.isSafeInteger(number) ? String(number) : typeof value === "number" ? number.toPrecision(12) : text;
}

const bagOf = (all: readonly (readonly unknown[])[]): string[] => all.map((row) => row.map(shown).join("|")).sort();

/** What changes leave, the kind of each in the last place. */
function applied(changes: readonly (readonly unknown[])[]): string[] {
  const bag = new Map<string, number>();
  for (const change of changes) {
    const text = change.slice(0, -1).map(shown).join("|");
    bag.set(text, (bag.get(text) ?? 0) + (/^\+/.test(String(change.at(-1))) ? 1 : -1));
  }
  return [...bag].flatMap(([text, count]) => {
    expect(count, text).toBeGreaterThanOrEqual(0);
    return Array.from({ length: count }, () => text);
  });
}

async function check({ millrace, duckdb: text, ordered }: Query, tables: string, batchRows: number): Promise<void> {
  const answer = await duckdb.rows(text);
  const wanted = bagOf(answer);
  const mill = await Millrace.open();
  try {
    let stream: unknown;
    for await (const result of mill.script(`${tables} ${millrace}`)) stream = result;
    if (!(stream instanceof DataStream)) throw new Error("no query");
    const ends = await stream.toArray({ batchRows, bigint: true });
    const values = ends.map((row) => Object.values(row));
    expect(bagOf(values)).toEqual(wanted);
    if (ordered) expect(values.map((row) => row.map(shown))).toEqual(answer.map((row) => row.map(shown)));
    const changes = await stream.changelog("change of it").toArray({ batchRows, bigint: true });
    expect(applied(changes.map((row) => Object.values(row))).sort()).toEqual(wanted);
  } finally {
    await mill.close();
  }
}

test.each(Object.keys(QUERIES))(
  "%s",
  async (kind) => {
    const property = fc.asyncProperty(
      arbitraryRows,
      arbitraryRows,
      QUERIES[kind] as fc.Arbitrary<Query>,
      fc.constantFrom(1, 7, 8192),
      async (t, u, query, batchRows) => {
        await check(query, `${await fill("t", t)} ${await fill("u", u)}`, batchRows);
      },
    );
    await fc.assert(property, { numRuns: RUNS, seed: Number(process.env["DUCKDB_SEED"] ?? 1) });
  },
  600_000,
);
