// The cases of test/fixtures/csv: read with an inferred schema, in one piece and byte by byte.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Value } from "../../src/arrow/rows.js";
import { schemaLiteral } from "../../src/arrow/types.js";
import { openCsv } from "../../src/formats/csv.js";
import { decodeCsv } from "./csv-support.js";
import { bytesOf, guarded } from "./json-support.js";

interface Case {
  readonly name: string;
  readonly text: string;
  readonly csv?: object;
  readonly rows: readonly Record<string, unknown>[];
  readonly bad?: readonly string[];
}

const cases = JSON.parse(
  readFileSync(new URL("../fixtures/csv/cases.json", import.meta.url), "utf8"),
) as readonly Case[];
const kit = guarded();

/** A row as JSON has it, its names sorted: `__proto__` stands elsewhere in an object. */
const plain = (row: Readonly<Record<string, unknown>>) =>
  Object.entries(row)
    .map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : (value as Value)])
    .toSorted();

test.each(cases.map((one) => [one.name, one] as const))("%s", (_, { text, csv = {}, rows, bad = [] }) => {
  const bytes = bytesOf(text);
  const schema = schemaLiteral(openCsv(csv, "x.csv").inferSchema({ bytes, complete: true, source: "x.csv" }));
  for (const chunks of [[bytes.length + 1], [1], [3, 5]]) {
    const read = decodeCsv(kit.workspace, schema, bytes, { csv, chunks, columns: Object.keys(schema) });
    expect(read.rows.map(plain)).toEqual(rows.map(plain));
    expect(read.bad.map(({ code }) => code)).toEqual(bad);
  }
});
