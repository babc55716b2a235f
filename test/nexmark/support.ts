// Nexmark's queries as the tests run them: over which table, what rows come of it as lines of text, and what DuckDB says of the
// same file.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { AnyRow } from "../../src/api/runner.js";
import { DataStream } from "../../src/api/stream.js";
import type { Millrace } from "../../src/node.js";

/** The text of one of the files beside this one. */
export function textOf(file: string): string {
  return readFileSync(new URL(file, import.meta.url), "utf8");
}

/** Creates the table and the views over what `options` name instead of the generator. */
export async function createTables(mill: Millrace, options: Readonly<Record<string, string>>): Promise<void> {
  const given = Object.entries(options).map(([name, value]) => `'${name}' = '${value}'`);
  for await (const _ of mill.script(textOf("tables.sql").replace("'connector' = 'nexmark'", given.join(", "))));
}

/** The rows of the SELECT at the end of a script. */
export async function rowsOf(mill: Millrace, script: string, batchRows: number): Promise<readonly AnyRow[]> {
  let rows: readonly AnyRow[] = [];
  for await (const result of mill.script(script)) {
    if (result instanceof DataStream) rows = await result.toArray({ batchRows });
  }
  return rows;
}

/** Rows as sorted lines, so that they can be compared as multisets. */
export function linesOf(rows: readonly AnyRow[], columns?: readonly string[]): string[] {
  return rows.map((row) => (columns ?? Object.keys(row)).map((name) => cellText(row[name])).join("|")).sort();
}

/** A value as DuckDB casts it to text, but numbers to 12 digits: doubles are sums, whose order is nobody's. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (value instanceof Date) return plainText(value.toISOString().replace("T", " ").replace("Z", ""));
  return plainText(String(value));
}

/** Fractions without zeros at their end, long numbers rounded. */
export function plainText(text: string): string {
  if (/^-?\d+\.\d+(e[+-]?\d+)?$/.test(text)) return String(Number(Number(text).toPrecision(12)));
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+$/.test(text) ? text.replace(/\.?0+$/, "") : text;
}

/** What many lines come to. */
export function digestOf(lines: readonly string[]): string {
  return `${lines.length} rows, ${createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16)}`;
}
