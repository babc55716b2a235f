// Arrow IPC as a format of records: what apache-arrow writes is what comes in, what goes out is what it reads, and bytes that
// contradict themselves are refused before a kernel sees them. The expected values are apache-arrow's own.
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as arrow from "apache-arrow";
import { afterAll, describe, expect, test } from "vitest";
import { readRows } from "../../src/arrow/rows.js";
import { parseSchema, schemaLiteral } from "../../src/arrow/types.js";
import { openArrow } from "../../src/formats/arrow-format.js";
import type { Format } from "../../src/formats/format.js";
import { col, Millrace } from "../../src/node.js";
import { describeFormat } from "../connectors/conformance.js";
import { COLUMNS, codeOf, decode, format, kit, table } from "./arrow-support.js";

afterAll(() => expect(kit.account.usedBytes).toBeLessThanOrEqual(2 ** 20));

const stream = openArrow({ layout: "stream" }, "test");

const ROWS = [
  { n: 1n, s: "é€😀", ok: true, d: 0.5 },
  { n: null, s: "", ok: false, d: Number.NaN },
  { n: 9007199254740993n, s: null, ok: null, d: null },
  { n: -1n, s: "x", ok: true, d: -0 },
  { n: 4n, s: "the last", ok: false, d: Number.POSITIVE_INFINITY },
];

for (const layout of ["stream", "file"] as const) {
  describeFormat(`arrow ${layout}`, {
    schema: COLUMNS,
    bytes: arrow.tableToIPC(table(), layout),
    rows: ROWS,
    bad: [],
    startsOver: true,
    decoder: (options) => format.createDecoder(options),
    encoder: (schema) => openArrow({ layout }, "test").createEncoder(schema),
  });
}

test("a real file, whole and restored at rows inside record batches", () => {
  const bytes = readFileSync(new URL("../../node_modules/vega-datasets/data/flights-200k.arrow", import.meta.url));
  const theirs = arrow.tableFromIPC(bytes);
  const schema = format.inferSchema({ bytes: bytes.subarray(0, 65_536), complete: false, source: "flights" });
  expect(schemaLiteral(schema)).toEqual({ delay: "SMALLINT", distance: "SMALLINT", time: "FLOAT" });
  const { rows } = decode(bytes, { batchRowsMax: 1000 });
  expect(rows.length).toBe(200_000);
  expect(rows.map(({ distance }) => distance)).toEqual([...(theirs.getChild("distance") ?? [])]);
  const head = decode(bytes, { batchRowsMax: 1000, rowsMax: 123_000 });
  const tail = decode(bytes, { start: head.position, schema: parseSchema({ time: "FLOAT", delay: "SMALLINT" }) });
  expect(head.rows.length + tail.rows.length).toBe(200_000);
  const want = rows.slice(123_000).map(({ time, delay }) => ({ time, delay }));
  expect(tail.rows).toEqual(want);
});

test("dictionaries: shared by batches, added to, replaced", () => {
  const words = ["red", "green", "blue"];
  const column = arrow.vectorFromArray(
    Array.from({ length: 60 }, (_, row) => (row % 7 === 0 ? null : words[row % 3])),
    new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()),
  );
  const whole = new arrow.Table({ color: column });
  for (const layout of ["stream", "file"] as const) {
    expect(decode(arrow.tableToIPC(whole, layout)).rows.map(({ color }) => color)).toEqual([...column]);
  }
  // Two tables of one schema, one stream: apache-arrow writes the second dictionary as a replacement or an addition.
  const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), 7);
  const parts = [["a", "b", "a"], ["a", "b", "c", "c"], ["z"]].map(
    (texts) => new arrow.Table({ color: arrow.vectorFromArray(texts, type) }).batches,
  );
  const bytes = arrow.RecordBatchStreamWriter.writeAll(new arrow.Table(parts.flat())).toUint8Array(true);
  const want = [...(arrow.tableFromIPC(bytes).getChild("color") ?? [])];
  expect(want).toHaveLength(8);
  expect(decode(bytes).rows.map(({ color }) => color)).toEqual(want);
});

test("what goes out is what apache-arrow reads, in both layouts", () => {
  const given = parseSchema({ n: "BIGINT NOT NULL", s: "STRING", t: "TIMESTAMP(6)", p: "DECIMAL(10, 2)", b: "BYTES" });
  const batches = [
    kit.batch`n:BIGINT! s:STRING t:TIMESTAMP(6) p:DECIMAL(10,2) b:BYTES | 1 a 2020-02-29T01:02:03.000004 1.25 NULL | 2 NULL NULL -0.01 NULL`,
    kit.batch`n:BIGINT! s:STRING t:TIMESTAMP(6) p:DECIMAL(10,2) b:BYTES | 3 a NULL NULL NULL`,
  ];
  for (const [encoder, name] of [
    [format, "file"],
    [stream, "stream"],
  ] as readonly (readonly [Format, string])[]) {
    const writer = encoder.createEncoder(given);
    const bytes = Buffer.concat([...batches.map((batch) => writer.encode(batch)), writer.finish()]);
    const read = arrow.tableFromIPC(bytes);
    expect(read.numRows, name).toBe(3);
    expect([...(read.getChild("n") ?? [])]).toEqual([1n, 2n, 3n]);
    expect([...(read.getChild("s") ?? [])]).toEqual(["a", null, "a"]);
    expect(schemaLiteral(format.inferSchema({ bytes, complete: true, source: name }))).toEqual(schemaLiteral(given));
    expect(decode(bytes).rows).toEqual(batches.flatMap((batch) => readRows(batch, { bigint: true })));
  }
  const empty = format.createEncoder(given).finish();
  expect(arrow.tableFromIPC(empty).numRows).toBe(0);
  expect(decode(empty).rows).toEqual([]);
});

test("from file to file through the engine, by name alone", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-arrow-"));
  const path = (name: string) => join(folder, name);
  for (const layout of ["stream", "file"] as const)
    writeFileSync(path(`${layout}.arrow`), arrow.tableToIPC(table(), layout));
  const mill = await Millrace.open();
  const both = mill.file(path("*.arrow"));
  expect(await both.toArray({ batchRows: 2, bigint: true })).toEqual([...ROWS, ...ROWS]);
  await both
    .where(col("ok"))
    .to(mill.file(path("out.arrows"), { arrow: { layout: "stream" } }))
    .run();
  expect(arrow.tableFromIPC(readFileSync(path("out.arrows"))).numRows).toBe(4);
  expect(
    await mill.from(new Blob([readFileSync(path("out.arrows"))]).stream(), { format: "arrow" }).toArray(),
  ).toHaveLength(4);
  await mill.close();
});

describe("bytes that are refused", () => {
  const bytes = arrow.tableToIPC(table(), "stream");

  test("cut off anywhere but between messages", () => {
    let clean = 0;
    for (let length = 1; length < bytes.length; length++) {
      const code = codeOf(() => decode(bytes.subarray(0, length), { schema: parseSchema(COLUMNS) }));
      if (code === "none") clean++;
      else expect(code).toBe("ARROW_INVALID");
    }
    // Behind the schema and each of the three record batches: a stream need not have an end mark.
    expect(clean).toBe(4);
  });

  test("no Arrow, none at all, big-endian, something behind the end", () => {
    expect(codeOf(() => decode(new TextEncoder().encode('{"a":1}\n{"a":2}\n')))).toBe("ARROW_INVALID");
    expect(codeOf(() => decode(new Uint8Array(0)))).toBe("SCHEMA_EMPTY");
    const more = new Uint8Array(bytes.length + 8);
    more.set(bytes);
    more[bytes.length] = 7;
    expect(codeOf(() => decode(more))).toBe("ARROW_INVALID");
    const huge = new Uint8Array(16).fill(0xff, 0, 4);
    new DataView(huge.buffer).setInt32(4, 0x7fff_fff0, true);
    expect(codeOf(() => decode(huge, { schema: parseSchema(COLUMNS) }))).toBe("ARROW_INVALID");
  });

  test("columns that are not there, or of another type, or NULL where there may be none", () => {
    expect(codeOf(() => decode(bytes, { schema: parseSchema({ nn: "BIGINT" }) }))).toBe("UNKNOWN_COLUMN");
    expect(codeOf(() => decode(bytes, { schema: parseSchema({ n: "INT" }) }))).toBe("TYPE");
    expect(codeOf(() => decode(bytes, { schema: parseSchema({ n: "BIGINT NOT NULL" }) }))).toBe("TYPE");
    expect(codeOf(() => openArrow({ layuot: "file" }, "x.arrow"))).toBe("OPTION");
    expect(codeOf(() => openArrow({ layout: "tape" }, "x.arrow"))).toBe("OPTION");
  });
});
