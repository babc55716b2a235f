// Nested Parquet: files of pyarrow and DuckDB against the values that they hold, at every batch size, and parts of their columns; what
// is written, read back by ourselves and by hyparquet; older shapes of lists.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { RowBuilder } from "../../src/arrow/builder.js";
import { readRows, type Value } from "../../src/arrow/rows.js";
import { parseSchema, schemaLiteral } from "../../src/arrow/types.js";
import { openParquetWriter } from "../../src/formats/parquet-encoder.js";
import { type Rows, rowsArbitrary } from "../support/nested.js";
import { account, drain, MemoryFile, open, workspace } from "../support/parquet.js";

const folder = new URL("data/parquet/", import.meta.url);
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`${name}.parquet`, folder)));

// The arena keeps its first chunk: it is there before anything is counted.
account.arena.allocate(1);

type Row = Record<string, unknown>;
type Entry = readonly [key: unknown, value: unknown];

/** The rows of the fixtures, maps as Maps: pyarrow writes them as pairs. */
const ROWS: readonly Row[] = (JSON.parse(readFileSync(new URL("nested-all.json", folder), "utf8")) as Row[]).map(
  (row) => ({
    ...row,
    props: mapOf(row["props"]),
    deep: (row["deep"] as (Row | null)[] | null)?.map((one) => one && { ...one, by: mapOf(one["by"]) }) ?? null,
  }),
);

function mapOf(pairs: unknown): unknown {
  return pairs === null ? null : new Map(pairs as Entry[]);
}

async function rowsOf(bytes: Uint8Array, batchRowsMax: number, literal?: Record<string, string>): Promise<Row[]> {
  const file = await open(new MemoryFile(bytes, batchRowsMax === 7));
  const rows: Row[] = [];
  const schema = literal === undefined ? file.schema : parseSchema(literal);
  await drain(file, { schema, batchRowsMax }, (batch) => rows.push(...readRows(batch)));
  return rows;
}

describe.each(["nested-v1", "nested-v2", "nested-duckdb"])("%s", (name) => {
  test.each([1, 7, 8192])("gives the rows that were written (batches of %d)", async (batchRowsMax) => {
    const before = account.usedBytes;
    expect(await rowsOf(fixture(name), batchRowsMax)).toEqual(ROWS);
    expect(account.usedBytes).toBe(before);
  });

  test("parts of columns are read alone, in any order", async () => {
    const literal = {
      strict: "ROW<x INT>",
      deep: "ARRAY<ROW<by MAP<INT, ARRAY<BOOLEAN>>, name STRING>>",
      id: "BIGINT",
    };
    const expected = ROWS.map(({ strict, deep, id }) => ({
      strict: { x: (strict as Row)["x"] },
      deep: (deep as (Row | null)[] | null)?.map((one) => one && { by: one["by"], name: one["name"] }) ?? null,
      id,
    }));
    expect(await rowsOf(fixture(name), 50, literal)).toEqual(expected);
  });

  test("a split goes on where another one stopped", async () => {
    const file = await open(new MemoryFile(fixture(name)));
    for (const stop of [1, 99, 129, 130, 131, 200]) {
      const rows: Row[] = [];
      const first = file.split({ workspace, batchRowsMax: 1, wake: () => undefined });
      while (rows.length < stop) rows.push(...readRows(first.poll() as Batch));
      const state = first.snapshot();
      first.close();
      const second = file.split({ workspace, batchRowsMax: 11, wake: () => undefined });
      second.restore(state);
      for (let batch = second.poll(); batch !== "done"; batch = second.poll()) rows.push(...readRows(batch as Batch));
      second.close();
      account.arena.reset();
      expect(rows).toEqual(ROWS);
    }
  });
});

test("the schema says what is nested in what", async () => {
  const { schema } = await open(new MemoryFile(fixture("nested-v1")));
  expect(schemaLiteral(schema)).toEqual({
    id: "BIGINT NOT NULL",
    tags: "ARRAY<STRING>",
    place: "ROW<x INT, y DOUBLE>",
    props: "MAP<STRING, INT>",
    deep: "ARRAY<ROW<name STRING, lists ARRAY<ARRAY<SMALLINT>>, by MAP<INT, ARRAY<BOOLEAN>>>>",
    inner: "ROW<a ROW<b ROW<c BIGINT, d STRING>>, l ARRAY<INT>>",
    strict: "ROW<x INT NOT NULL, l ARRAY<INT NOT NULL> NOT NULL> NOT NULL",
  });
});

describe("what is refused", () => {
  const codeOf = async (literal: Record<string, string>): Promise<string> => {
    try {
      await rowsOf(fixture("nested-v1"), 8192, literal);
      return "";
    } catch (error) {
      const { code, message } = error as Error & { code: string };
      return `${code} ${message}`;
    }
  };

  test("fields and types that the file does not have", async () => {
    expect(await codeOf({ place: "ROW<z INT>" })).toContain('UNKNOWN_COLUMN "place" has no column "z"');
    expect(await codeOf({ place: "ROW<x BIGINT>" })).toContain('TYPE column "place.x" is INT in the file, not BIGINT');
    expect(await codeOf({ tags: "ROW<x INT>" })).toContain('TYPE column "tags" is ARRAY<STRING> in the file');
    expect(await codeOf({ id: "ARRAY<BIGINT>" })).toContain("TYPE");
    expect(await codeOf({ tags: "STRING" })).toContain("TYPE");
  });

  test("NULL in what is declared NOT NULL, but not in rows that are NULL themselves", async () => {
    expect(await codeOf({ tags: "ARRAY<STRING NOT NULL>" })).toContain("TYPE test.parquet");
    expect(await codeOf({ place: "ROW<x INT, y DOUBLE> NOT NULL" })).toContain("NOT NULL");
    expect(await codeOf({ strict: "ROW<x INT NOT NULL> NOT NULL" })).toBe("");
    expect(await codeOf({ inner: "ROW<a ROW<b ROW<c BIGINT> NOT NULL>>" })).toContain("NOT NULL");
  });
});

function write({ schema, rows }: Rows, batchRows: number, options: object = {}): Uint8Array {
  const encoder = openParquetWriter(options, "test").createEncoder(schema);
  const builder = new RowBuilder(workspace, schema);
  const parts: Uint8Array[] = [];
  for (let start = 0; start < rows.length; start += batchRows) {
    parts.push(encoder.encode(builder.build(rows.slice(start, start + batchRows))));
    account.arena.reset();
  }
  builder.close();
  parts.push(encoder.finish());
  return Buffer.concat(parts);
}

async function readBack(bytes: Uint8Array, batchRowsMax: number): Promise<{ literal: object; rows: Row[] }> {
  const file = await open(new MemoryFile(bytes));
  const rows: Row[] = [];
  await drain(file, { batchRowsMax }, (batch) => rows.push(...readRows(batch, { bigint: true })));
  return { literal: schemaLiteral(file.schema), rows };
}

describe("what is written", () => {
  test.each([1, 7, 8192])("comes back as it was, types too (batches of %d)", async (batchRows) => {
    await fc.assert(
      fc.asyncProperty(rowsArbitrary(), fc.integer({ min: 1, max: 9 }), async (data, rowGroupRows) => {
        const bytes = write(data, batchRows, { rowGroupRows, compression: rowGroupRows % 2 === 0 ? "none" : "snappy" });
        expect(await readBack(bytes, batchRows)).toEqual({ literal: schemaLiteral(data.schema), rows: data.rows });
      }),
      { numRuns: 60 },
    );
  });

  test("is what hyparquet reads", async () => {
    const schema = parseSchema({
      tags: "ARRAY<STRING>",
      place: "ROW<x INT NOT NULL, y DOUBLE>",
      deep: "ARRAY<ROW<name STRING, lists ARRAY<ARRAY<INT>>>>",
      props: "MAP<STRING, INT>",
    });
    const rows = ROWS.map(({ tags, place, deep, props, id }) => ({
      tags,
      place: place === null ? null : { x: id, y: (place as Row)["y"] },
      deep: (deep as (Row | null)[] | null)?.map((one) => one && { name: one["name"], lists: one["lists"] }) ?? null,
      props,
    })) as unknown as Rows["rows"];
    const bytes = new Uint8Array(write({ schema, rows }, 50, { rowGroupRows: 90 }));
    const objects = await parquetReadObjects({ file: bytes.buffer });
    // hyparquet makes plain objects of maps, and leaves undefined where nested columns are NULL.
    const plain = rows.map((row) => ({ ...row, props: objectOf(row["props"] as ReadonlyMap<string, Value> | null) }));
    const asNull = (_: string, value: unknown): unknown => (value === undefined ? null : value);
    expect(JSON.parse(JSON.stringify(objects, asNull))).toEqual(plain);
  });

  test("pages end with rows, however many entries they have", async () => {
    const schema = parseSchema({ x: "ARRAY<ARRAY<INT>>" });
    const rows = Array.from({ length: 5 }, (_, i) => ({
      x: [Array.from({ length: 40_000 }, (_, k) => k * i), [], [i]],
    }));
    const { rows: back } = await readBack(write({ schema, rows }, 2), 3);
    expect(back).toEqual(rows);
  });
});

function objectOf(map: ReadonlyMap<string, Value> | null): object | null {
  return map === null ? null : Object.fromEntries(map);
}
