// Avro object container files: avsc's against what was written, ours against avsc, the suite of formats, and everything that a
// damaged file may be.
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildBatch } from "../../src/arrow/builder.js";
import { readRows } from "../../src/arrow/rows.js";
import { parseSchema, type Schema, schemaLiteral } from "../../src/arrow/types.js";
import { openAvro } from "../../src/formats/avro.js";
import type { BadRecord } from "../../src/operators/bad-records.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { MemoryAccount } from "../../src/wasm/memory.js";
import { describeFormat } from "../connectors/conformance.js";
import { openSim } from "../connectors/support.js";
import { block, header, long, readAvsc, text, writeAvsc } from "./avro-support.js";

const avro = openAvro({}, "test");
const kit = await openTestWorkspace();

function decode(bytes: Uint8Array, schema?: Schema, batchRowsMax = 8192, maxRecordBytes?: number) {
  const account = new MemoryAccount(kit.memory);
  const bad: BadRecord[] = [];
  const rows: Record<string, unknown>[] = [];
  const decoder = avro.createDecoder({
    workspace: { account, kernels: kit.kernels },
    schema: schema ?? avro.inferSchema({ bytes, complete: true, source: "test" }),
    source: "test",
    split: 0,
    batchRowsMax,
    ...(maxRecordBytes === undefined ? {} : { maxRecordBytes }),
    bad: (record) => void bad.push(record),
  });
  decoder.feed(bytes);
  decoder.finish();
  try {
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) {
      rows.push(...readRows(batch, { bigint: true }));
      account.arena.reset();
    }
  } finally {
    decoder.close();
    account.arena.release();
  }
  expect(account.usedBytes).toBe(0);
  return { rows, bad: bad.map(({ code, at, message }) => ({ code, byte: at.byte, message })) };
}

function encode(schema: Schema, rows: readonly object[], codec: "null" | "snappy", batchRows: number): Uint8Array {
  const account = new MemoryAccount(kit.memory);
  const workspace = { account, kernels: kit.kernels };
  const encoder = openAvro({ codec }, "test").createEncoder(schema);
  const parts: Uint8Array[] = [];
  for (let start = 0; start < rows.length; start += batchRows) {
    const some = rows.slice(start, start + batchRows) as Record<string, unknown>[];
    const cells = schema.fields.map(({ name }) => some.map((row) => row[name]));
    parts.push(encoder.encode(buildBatch(workspace, schema, cells, some.length)));
    account.arena.reset();
  }
  parts.push(encoder.finish());
  account.arena.release();
  return new Uint8Array(Buffer.concat(parts));
}

const PAIR = {
  type: "record",
  name: "pair",
  namespace: "test",
  fields: [
    { name: "n", type: "long" },
    { name: "s", type: ["null", "string"] },
  ],
};
const pair = (n: number | bigint, s: string | null) => [
  ...long(n),
  ...(s === null ? long(0) : [...long(1), ...text(s)]),
];
const HEAD = header(PAIR);
const ONE = block(2, [...pair(1, "é😀"), ...pair(-1, null)]);
const DAMAGED = block(1, pair(9, "lost"), new Array(16).fill(7));
const WRONG = block(3, [...pair(2n ** 62n, "x"), ...long(3), ...long(1), ...long(1), 0xff, ...pair(4, "")]);
const BROKEN = block(3, [...pair(5, "before"), ...long(6), ...long(2), ...pair(7, "behind")]);

describeFormat("avro", {
  schema: { s: "STRING", n: "BIGINT NOT NULL" },
  bytes: Uint8Array.from([...HEAD, ...ONE, ...DAMAGED, ...ONE, ...WRONG, ...BROKEN, ...block(0, []), ...ONE]),
  rows: [
    { s: "é😀", n: 1n },
    { s: null, n: -1n },
    // The block behind the damaged one goes with it: its marker is the next one.
    { s: "x", n: 2n ** 62n },
    { s: "", n: 4n },
    { s: "before", n: 5n },
    { s: "é😀", n: 1n },
    { s: null, n: -1n },
  ],
  bad: [
    { code: "AVRO_CORRUPT", at: { source: "subject", byte: HEAD.length + ONE.length } },
    { code: "UTF8", at: { byte: HEAD.length + 2 * ONE.length + DAMAGED.length } },
    { code: "AVRO_CORRUPT", at: { byte: HEAD.length + 2 * ONE.length + DAMAGED.length + WRONG.length } },
  ],
  decoder: (options) => avro.createDecoder(options),
  encoder: (schema) => avro.createEncoder(schema),
});

const ALL = {
  type: "record",
  name: "all",
  fields: [
    { name: "b", type: "boolean" },
    { name: "i", type: ["null", "int"] },
    { name: "nested", type: { type: "array", items: { type: "map", values: ["null", "string"] } } },
    { name: "l", type: ["long", "null"] },
    { name: "f", type: "float" },
    { name: "d", type: ["null", "double"] },
    { name: "s", type: ["null", "string"] },
    { name: "y", type: "bytes" },
    { name: "e", type: { type: "enum", name: "colour", symbols: ["RED", "GREEN"] } },
    { name: "again", type: ["null", "colour"] },
    { name: "x", type: { type: "fixed", name: "three", size: 3 } },
    { name: "self", type: ["null", "all"] },
    { name: "date", type: { type: "int", logicalType: "date" } },
    { name: "ms", type: { type: "long", logicalType: "timestamp-millis" } },
    { name: "us", type: { type: "long", logicalType: "local-timestamp-micros" } },
  ],
} as const;

const leaf = fc.record({
  b: fc.boolean(),
  i: fc.option(fc.integer()),
  nested: fc.array(fc.dictionary(fc.string(), fc.option(fc.string())), { maxLength: 3 }),
  l: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  f: fc.float({ noNaN: true }),
  d: fc.option(fc.double({ noNaN: true })),
  s: fc.option(fc.string({ unit: "binary" })),
  y: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
  e: fc.constantFrom("RED", "GREEN"),
  again: fc.option(fc.constantFrom("RED", "GREEN")),
  x: fc.uint8Array({ minLength: 3, maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
  self: fc.constant(null),
  date: fc.integer({ min: -10_000, max: 40_000 }),
  ms: fc.bigInt({ min: 0n, max: 4_000_000_000_000n }),
  us: fc.bigInt({ min: 0n, max: 4_000_000_000_000_000n }),
});
const record = fc.tuple(leaf, fc.option(leaf)).map(([outer, self]) => ({ ...outer, self }));
const FLAT = ["b", "i", "l", "f", "d", "s", "e", "again"] as const;

describe("files of avsc", () => {
  test.each([
    ["null", 1],
    ["null", 7],
    ["deflate", 8192],
  ])("with the codec %s, in batches of %d", async (codec, batchRowsMax) => {
    const property = fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 2000 }),
      async (rows, blockSize) => {
        const bytes = await writeAvsc(ALL as never, rows, { codec, blockSize });
        const inferred = avro.inferSchema({ bytes, complete: true, source: "test" });
        const schema = { fields: inferred.fields.filter(({ name }) => name !== "self") };
        const found = decode(bytes, schema, batchRowsMax);
        expect(found.bad).toEqual([]);
        expect(found.rows).toHaveLength(rows.length);
        rows.forEach((row, index) => {
          const cells = found.rows[index] as Record<string, unknown>;
          for (const name of FLAT) expect(cells[name], name).toEqual(row[name]);
          expect(cells["nested"]).toEqual(row.nested.map((map) => new Map(Object.entries(map))));
          expect(cells["y"]).toEqual(new Uint8Array(row.y));
          expect(cells["x"]).toEqual(new Uint8Array(row.x));
          expect(cells["ms"]).toEqual(new Date(Number(row.ms)));
        });
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });

  test.each([1, 7, 8192])("nested columns (batches of %d)", async (batchRowsMax) => {
    const word = fc.string({ unit: "grapheme", maxLength: 4 });
    const inner = fc.record({ x: fc.integer(), tags: fc.option(fc.array(fc.option(word), { maxLength: 3 })) });
    const outer = fc.record({
      user: fc.option(fc.record({ ok: fc.option(fc.boolean()), spots: fc.array(fc.option(inner), { maxLength: 9 }) })),
      maps: fc.array(fc.option(fc.array(fc.tuple(word, inner), { maxLength: 3 })), { maxLength: 3 }),
      deep: fc.array(fc.array(fc.array(fc.double({ noNaN: true }), { maxLength: 3 }), { maxLength: 3 })),
    });
    const spot = {
      type: "record",
      name: "spot",
      fields: [
        { name: "x", type: "int" },
        { name: "tags", type: ["null", { type: "array", items: ["string", "null"] }] },
      ],
    };
    const user = {
      type: "record",
      name: "user",
      fields: [
        { name: "ok", type: ["null", "boolean"] },
        { name: "spots", type: { type: "array", items: ["null", spot] } },
      ],
    };
    const listOf = (items: unknown) => ({ type: "array", items });
    const fields = [
      { name: "user", type: ["null", user] },
      { name: "maps", type: listOf(["null", { type: "map", values: "spot" }]) },
      { name: "deep", type: listOf(listOf(listOf("double"))) },
    ];
    const property = fc.asyncProperty(fc.array(outer, { minLength: 1, maxLength: 40 }), async (rows) => {
      const wanted = rows.map((row) => ({ ...row, maps: row.maps.map((map) => map && new Map(map)) }));
      const written = wanted.map((row) => ({ ...row, maps: row.maps.map((map) => map && Object.fromEntries(map)) }));
      const bytes = await writeAvsc({ type: "record", name: "outer", fields } as never, written, { blockSize: 500 });
      const found = decode(bytes, undefined, batchRowsMax);
      expect(found.bad).toEqual([]);
      expect(found.rows).toEqual(wanted);
      const schema = avro.inferSchema({ bytes, complete: true, source: "test" });
      expect(schemaLiteral(schema)).toMatchObject({
        deep: "ARRAY<ARRAY<ARRAY<DOUBLE NOT NULL> NOT NULL> NOT NULL> NOT NULL",
      });
      expect(decode(encode(schema, wanted, "null", 7))).toEqual(found);
    });
    await fc.assert(property, { numRuns: 60 });
  });

  test("have our types; what cannot be read is refused when it is asked for", async () => {
    const bytes = await writeAvsc(ALL as never, fc.sample(record, { numRuns: 1, seed: 1 }));
    const schema = avro.inferSchema({ bytes, complete: true, source: "test" });
    expect(schemaLiteral(schema)).toMatchObject({
      b: "BOOLEAN NOT NULL",
      i: "INT",
      l: "BIGINT",
      f: "FLOAT NOT NULL",
      e: "STRING NOT NULL",
      again: "STRING",
      x: "BYTES NOT NULL",
      date: "DATE NOT NULL",
      ms: "TIMESTAMP_LTZ(3) NOT NULL",
      us: "TIMESTAMP(6) NOT NULL",
      nested: "ARRAY<MAP<STRING, STRING> NOT NULL> NOT NULL",
    });
    expect(() => decode(bytes, schema)).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED", at: expect.objectContaining({ field: "self" }) }),
    );
    expect(() => decode(bytes, parseSchema({ k: "INT" }))).toThrow(expect.objectContaining({ code: "UNKNOWN_COLUMN" }));
    expect(() => decode(bytes, parseSchema({ i: "STRING" }))).toThrow(expect.objectContaining({ code: "TYPE" }));
    expect(decode(bytes, parseSchema({ us: "TIMESTAMP(4)" })).bad).toEqual([]);
  });
});

describe("what we write", () => {
  const schema = parseSchema({
    b: "BOOLEAN",
    t: "TINYINT",
    i: "INT NOT NULL",
    l: "BIGINT",
    f: "FLOAT",
    d: "DOUBLE",
    s: "STRING",
    y: "BYTES",
  });
  const ours = fc.record({
    b: fc.option(fc.boolean()),
    t: fc.option(fc.integer({ min: -128, max: 127 })),
    i: fc.integer(),
    l: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    f: fc.option(fc.float({ noNaN: true })),
    d: fc.option(fc.double({ noNaN: true })),
    s: fc.option(fc.string({ unit: "binary" })),
    y: fc.option(fc.uint8Array({ maxLength: 30 })),
  });

  test.each([1, 7, 8192])("avsc reads, from batches of %d", async (batchRows) => {
    const rows = fc.sample(ours, { numRuns: 3000, seed: batchRows });
    const found = await readAvsc(encode(schema, rows, "null", batchRows));
    expect(
      found.map((row) => ({ ...row, y: row["y"] === null ? null : new Uint8Array(row["y"] as Uint8Array) })),
    ).toEqual(rows);
  });

  test.each([1, 7, 8192])("nested columns, which avsc reads (batches of %d)", async (batchRows) => {
    const nested = parseSchema({
      tags: "ARRAY<STRING> NOT NULL",
      user: "ROW<name STRING, spots ARRAY<ROW<x INT NOT NULL, y DOUBLE>>>",
      m: "MAP<STRING, ROW<x BOOLEAN>>",
    });
    const word = fc.string({ unit: "grapheme", maxLength: 4 });
    const spot = fc.record({ x: fc.integer(), y: fc.option(fc.double({ noNaN: true })) });
    const user = fc.record({ name: fc.option(word), spots: fc.option(fc.array(fc.option(spot), { maxLength: 3 })) });
    const row = fc.record({
      tags: fc.array(fc.option(word), { maxLength: 3 }),
      user: fc.option(user),
      m: fc.option(fc.dictionary(word, fc.option(fc.record({ x: fc.option(fc.boolean()) })), { maxKeys: 3 })),
    });
    const rows = fc.sample(row, { numRuns: 300, seed: batchRows });
    const found = await readAvsc(encode(nested, rows, "null", batchRows));
    expect(JSON.parse(JSON.stringify(found))).toEqual(JSON.parse(JSON.stringify(rows)));
  });

  test("nested columns are refused by the path of what Avro does not get", () => {
    const refused = (a: string) => () => avro.createEncoder(parseSchema({ a }));
    const error = (field: string) => expect.objectContaining({ code: "UNSUPPORTED", at: { field } });
    expect(refused("ARRAY<INTERVAL>")).toThrow(error("a[]"));
    expect(refused("ROW<b ARRAY<ROW<`x y` INT>>>")).toThrow(error("a.b[].x y"));
    expect(refused("MAP<STRING, MAP<INT, INT>>")).toThrow(error("a.value"));
  });

  test("comes back, times and decimals too, with both codecs", () => {
    const times = parseSchema({
      date: "DATE",
      time: "TIME",
      ms: "TIMESTAMP(3)",
      us: "TIMESTAMP(6)",
      at: "TIMESTAMP_LTZ(3)",
      small: "DECIMAL(9, 2)",
      wide: "DECIMAL(38, 4) NOT NULL",
    });
    const rows = [
      { date: -1, time: 86_399_999, ms: 5n, us: -7n, at: 9n, small: "-0.01", wide: "-1.2800" },
      { date: null, time: null, ms: null, us: null, at: null, small: null, wide: "0" },
      { date: 1, time: 0, ms: 0n, us: 1n, at: -1n, small: "9999999.99", wide: `${"9".repeat(34)}.9999` },
      { date: 1, time: 0, ms: 0n, us: 1n, at: -1n, small: "1.27", wide: `-${"9".repeat(34)}.9999` },
    ];
    const [wanted] = [decode(encode(times, rows, "null", 3), times)];
    expect(wanted.rows.map((row) => row["small"])).toEqual(["-0.01", null, "9999999.99", "1.27"]);
    expect(wanted.rows.map((row) => row["wide"])).toEqual([
      "-1.2800",
      "0.0000",
      `${"9".repeat(34)}.9999`,
      `-${"9".repeat(34)}.9999`,
    ]);
    expect(wanted.rows[0]?.["date"]).toBe("1969-12-31");
    for (const codec of ["null", "snappy"] as const) {
      const bytes = encode(times, rows, codec, 2);
      expect(schemaLiteral(avro.inferSchema({ bytes, complete: true, source: "test" }))).toEqual(schemaLiteral(times));
      expect(decode(bytes)).toEqual(wanted);
    }
  });

  test("has names and types that Avro knows, or is refused by name", () => {
    const refused = (literal: Record<string, string>) => () => avro.createEncoder(parseSchema(literal));
    for (const literal of [{ "a b": "INT" }, { a: "INTERVAL" }, { a: "MAP<INT, INT>" }] as Record<string, string>[]) {
      expect(refused(literal)).toThrow(
        expect.objectContaining({ code: "UNSUPPORTED", at: { field: Object.keys(literal)[0] } }),
      );
    }
    expect(() => openAvro({ codec: "deflate" }, "test")).toThrow(expect.objectContaining({ code: "OPTION" }));
  });
});

describe("damage", () => {
  const BIGINT = parseSchema({ n: "BIGINT" });
  const file = (...blocks: readonly number[][]) => Uint8Array.from([...HEAD, ...blocks.flat()]);
  const codes = (bytes: Uint8Array, maxRecordBytes?: number) =>
    decode(bytes, BIGINT, 8192, maxRecordBytes).bad.map(({ code }) => code);

  test.each([
    ["another format", [...text("hello, this is no Avro")]],
    ["no schema", [0x4f, 0x62, 0x6a, 1, ...long(0), ...new Array(16).fill(0)]],
    [
      "a schema that is no JSON",
      [0x4f, 0x62, 0x6a, 1, ...long(1), ...text("avro.schema"), ...text("{"), ...long(0), ...new Array(16).fill(0)],
    ],
    ["a schema of an unknown type", header({ type: "record", name: "r", fields: [{ name: "n", type: "lnog" }] })],
  ])("%s is refused as a whole", (_, bytes) => {
    expect(() => decode(Uint8Array.from(bytes), BIGINT)).toThrow(expect.objectContaining({ code: "AVRO_HEADER" }));
  });

  test("values that are no records, codecs that are not known", () => {
    expect(() => decode(Uint8Array.from(header("int")), BIGINT)).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED" }),
    );
    expect(() => decode(Uint8Array.from(header(PAIR, "bzip2")), BIGINT)).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED", hint: expect.stringContaining("deflate") }),
    );
  });

  test("a block longer than maxRecordBytes, before and after it is uncompressed", () => {
    expect(codes(file(block(2 ** 40, []), ONE), 10)).toEqual(["AVRO_CORRUPT", "RECORD_TOO_LARGE"]);
    expect(codes(Uint8Array.from([...HEAD, ...long(1), ...long(2 ** 50)]))).toEqual(["RECORD_TOO_LARGE"]);
    const zeros = [...deflateRawSync(Buffer.alloc(1 << 20))];
    const bomb = Uint8Array.from([...header(PAIR, "deflate"), ...block(9, zeros)]);
    expect(codes(bomb, 4096)).toEqual(["AVRO_CORRUPT"]);
  });

  test("counts beyond the records, and records without bytes, end", () => {
    expect(codes(file(block(2 ** 40, pair(1, null)), ONE))).toEqual(["AVRO_CORRUPT"]);
    expect(codes(file(block(1, [...pair(1, null), 0]), ONE))).toEqual(["AVRO_CORRUPT"]);
    const nothing = header({
      type: "record",
      name: "r",
      fields: [
        { name: "n", type: ["null", "long"] },
        { name: "list", type: { type: "array", items: "null" } },
      ],
    });
    const endless = Uint8Array.from([...nothing, ...block(1, [...long(0), ...long(2n ** 31n)])]);
    expect(codes(endless)).toEqual(["AVRO_CORRUPT"]);
  });

  const listed = (items: unknown) =>
    header({ type: "record", name: "r", fields: [{ name: "list", type: { type: "array", items } }] });

  test("lists in blocks that tell their bytes are read, others than they have refused", () => {
    const file = (bytes: number) =>
      Uint8Array.from([
        ...listed("int"),
        ...block(2, [...long(-2), ...long(bytes), ...long(5), ...long(-6), ...long(1), ...long(7), 0, ...long(0)]),
      ]);
    expect(decode(file(2))).toEqual({ rows: [{ list: [5, -6, 7] }, { list: [] }], bad: [] });
    for (const bytes of [0, 1, 3, 4, 2 ** 40])
      expect(decode(file(bytes)).bad).toMatchObject([{ code: "AVRO_CORRUPT" }]);
  });

  test("an item that is not the column's refuses its row, and no other", () => {
    const one = [...long(1), ...text("a"), 0];
    const wrong = [...long(2), ...text("b"), ...long(1), 0xff, 0];
    const { rows, bad } = decode(Uint8Array.from([...listed("string"), ...block(3, [...one, ...wrong, ...one])]));
    expect(rows).toEqual([{ list: ["a"] }, { list: ["a"] }]);
    expect(bad).toMatchObject([{ code: "UTF8", message: expect.stringContaining("record 2") }]);
  });

  test("lists that claim items without end or without bytes end", () => {
    for (const items of ["int", { type: "fixed", name: "f", size: 0 }]) {
      const bytes = Uint8Array.from([...listed(items), ...block(1, [...long(2n ** 62n), ...long(1)])]);
      expect(decode(bytes)).toMatchObject({ rows: [], bad: [{ code: "AVRO_CORRUPT" }] });
    }
  });

  test("nested types are refused by what they hold, however many a short schema makes of them", () => {
    const refused = (type: unknown) => {
      const bytes = Uint8Array.from(header({ type: "record", name: "r", fields: [{ name: "n", type }] }));
      return () => decode(bytes);
    };
    const error = (message: string) =>
      expect.objectContaining({ code: "UNSUPPORTED", message: expect.stringContaining(message) });
    const array = (items: unknown): unknown => ({ type: "array", items });
    expect(refused(array(["int", "string"]))).toThrow(error('has a part "items" that is a union of 2 types'));
    expect(refused(array("null"))).toThrow(error('has a part "items" that is always NULL'));
    expect(refused({ type: "record", name: "e", fields: [] })).toThrow(error("is a record without fields"));
    let deep: unknown = "int";
    for (let depth = 0; depth < 33; depth++) deep = array(deep);
    expect(refused(deep)).toThrow(error("is nested more than 32 deep"));
    let wide: unknown = "int";
    for (let level = 0; level < 20; level++) {
      const fields = [
        { name: "a", type: wide },
        { name: "b", type: level === 0 ? "int" : `level${level - 1}` },
      ];
      wide = { type: "record", name: `level${level}`, fields };
    }
    expect(refused(wide)).toThrow(error("has more than 4096 parts"));
  });

  test("NULL in a column that is declared NOT NULL is a bad record, the others are read", () => {
    const { rows, bad } = decode(file(ONE), parseSchema({ s: "STRING NOT NULL" }));
    expect(rows).toEqual([{ s: "é😀" }]);
    expect(bad).toMatchObject([{ code: "TYPE", byte: HEAD.length }]);
  });
});

test("files: written by a job, read by another", async () => {
  const { mill, run, wait, sim } = await openSim();
  const rows = Array.from({ length: 20_000 }, (_, n) => ({ n, s: n % 3 === 0 ? null : `row ${n}`, tags: [n, n + 1] }));
  const table = mill.rows(rows, { schema: { n: "BIGINT NOT NULL", s: "STRING", tags: "ARRAY<INT>" } });
  await run(table.to(mill.file("/out.avro", { avro: { codec: "snappy" } })));
  expect(sim.files.paths()).toEqual(["/out.avro"]);
  expect(await wait(mill.file("/out.avro").toArray())).toEqual(rows);
  expect(await wait(mill.file("/out.avro").select("s").toArray())).toEqual(rows.map(({ s }) => ({ s })));
  const tags = mill.file("/out.avro").unnest("tags", { as: "tag" }).select("n", "tag");
  expect(await wait(tags.toArray())).toEqual(rows.flatMap(({ n }) => [n, n + 1].map((tag) => ({ n, tag }))));
});
