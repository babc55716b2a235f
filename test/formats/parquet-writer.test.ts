// Writing Parquet: files that hyparquet reads to the same values, and our own reader exactly; pages, dictionaries, row groups
// and their bounds.
import fc from "fast-check";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import { buildBatch } from "../../src/arrow/builder.js";
import { parseSchema, type Schema } from "../../src/arrow/types.js";
import { openParquetWriter } from "../../src/formats/parquet-encoder.js";
import { col } from "../../src/node.js";
import { openSim } from "../connectors/support.js";
import { seeded } from "../kernels/harness.js";
import { account, type Cell, readAll, workspace } from "../support/parquet.js";

const SCHEMA = parseSchema({
  bool: "BOOLEAN",
  i8: "TINYINT",
  i16: "SMALLINT",
  i32: "INT NOT NULL",
  i64: "BIGINT",
  f32: "FLOAT",
  f64: "DOUBLE",
  small: "DECIMAL(12, 2)",
  wide: "DECIMAL(30, 5)",
  text: "STRING",
  few: "STRING NOT NULL",
  bytes: "BYTES",
  date: "DATE",
  time: "TIME",
  ms: "TIMESTAMP(3)",
  us: "TIMESTAMP(6)",
  instant: "TIMESTAMP_LTZ(3)",
  fine: "TIMESTAMP_LTZ(6)",
});

/** Cells as the reader's test support gives them: exact. */
type Row = Record<string, Cell>;

const maybe = (arbitrary: fc.Arbitrary<Cell>): fc.Arbitrary<Cell> => fc.option(arbitrary, { freq: 4, nil: null });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const TIME_MS = { min: -62_135_596_800_000n, max: 253_402_300_799_999n };
const ROW: fc.Arbitrary<Row> = fc.record({
  bool: maybe(fc.boolean()),
  i8: maybe(fc.integer({ min: -128, max: 127 })),
  i16: maybe(fc.integer({ min: -32_768, max: 32_767 })),
  i32: fc.integer(),
  i64: maybe(int64),
  f32: maybe(fc.float()),
  f64: maybe(fc.double()),
  small: maybe(fc.bigInt({ min: -(10n ** 12n) + 1n, max: 10n ** 12n - 1n })),
  wide: maybe(fc.bigInt({ min: -(10n ** 30n) + 1n, max: 10n ** 30n - 1n })),
  text: maybe(fc.string({ unit: "binary" })),
  few: fc.constantFrom("a", "bé", "", "😀"),
  bytes: maybe(fc.uint8Array({ maxLength: 40 })),
  date: maybe(fc.integer({ min: -700_000, max: 2_900_000 })),
  time: maybe(fc.integer({ min: 0, max: 86_399_999 })),
  ms: maybe(fc.bigInt(TIME_MS)),
  us: maybe(fc.bigInt({ min: TIME_MS.min * 1000n, max: TIME_MS.max * 1000n })),
  instant: maybe(fc.bigInt(TIME_MS)),
  fine: maybe(fc.bigInt({ min: TIME_MS.min * 1000n, max: TIME_MS.max * 1000n })),
});

const SCALES: Readonly<Record<string, number>> = { small: 2, wide: 5 };

/** The value that builds a cell: decimals are built from text. */
function given(name: string, cell: Cell): unknown {
  const scale = SCALES[name];
  if (scale === undefined || cell === null) return cell;
  const digits = String(cell)
    .replace("-", "")
    .padStart(scale + 1, "0");
  return `${(cell as bigint) < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function write(schema: Schema, rows: readonly Row[], batchRows: number, options: object = {}): Uint8Array {
  const encoder = openParquetWriter(options, "test").createEncoder(schema);
  const parts: Uint8Array[] = [];
  for (let start = 0; start < rows.length; start += batchRows) {
    const some = rows.slice(start, start + batchRows);
    const cells = schema.fields.map(({ name }) => some.map((row) => given(name, row[name] as Cell)));
    parts.push(encoder.encode(buildBatch(workspace, schema, cells, some.length)));
    account.arena.reset();
  }
  parts.push(encoder.finish());
  return Buffer.concat(parts);
}

const columnsOf = (schema: Schema, rows: readonly Row[]) =>
  Object.fromEntries(schema.fields.map(({ name }) => [name, rows.map((row) => row[name])]));

const footerOf = (file: Uint8Array) => parquetMetadata(new Uint8Array(file).buffer);
const objectsOf = (file: Uint8Array) => parquetReadObjects({ file: new Uint8Array(file).buffer, utf8: false });

/** A cell as hyparquet gives it. */
function asHyparquet(name: string, cell: Cell): unknown {
  if (cell === null) return null;
  const scale = SCALES[name];
  if (scale !== undefined) return Number(cell) / 10 ** scale;
  if (name === "date") return new Date((cell as number) * 86_400_000);
  if (name === "ms" || name === "instant") return new Date(Number(cell));
  if (name === "us" || name === "fine") return new Date(Math.floor(Number((cell as bigint) / 1000n)));
  return cell;
}

const ROWS = fc.sample(ROW, { numRuns: 700, seed: 7 });

describe("every type", () => {
  test.each([
    [1, "snappy"],
    [7, "none"],
    [8192, "snappy"],
    [8192, "none"],
  ] as const)("comes back through our reader, in batches of %d, %s", async (batchRows, compression) => {
    const file = write(SCHEMA, ROWS, batchRows, { compression, rowGroupRows: 300 });
    expect(await readAll(file)).toEqual(columnsOf(SCHEMA, ROWS));
    expect(footerOf(file).row_groups.map((group) => Number(group.num_rows))).toEqual([300, 300, 100]);
  });

  test.each(["snappy", "none"])("comes back through hyparquet (%s)", async (compression) => {
    const found = await objectsOf(write(SCHEMA, ROWS, 100, { compression }));
    for (const { name } of SCHEMA.fields) {
      const wanted = ROWS.map((row) => asHyparquet(name, row[name] as Cell));
      const cells = found.map((row) => row[name]);
      if (name === "wide" || name === "small") {
        cells.forEach((cell, row) => {
          const value = wanted[row];
          if (value === null) expect(cell).toBeNull();
          else expect(cell).toBeCloseTo(value as number, -Math.log10(Math.abs(value as number) + 1) + 12);
        });
      } else if (name === "us" || name === "fine") {
        cells.forEach((cell, row) => {
          const value = wanted[row] as Date | null;
          if (value === null) expect(cell).toBeNull();
          else expect(Math.abs((cell as Date).getTime() - value.getTime())).toBeLessThanOrEqual(1);
        });
      } else expect(cells, name).toEqual(wanted);
    }
  });

  test("of random rows, batches and row groups", async () => {
    const property = fc.asyncProperty(
      fc.array(ROW, { maxLength: 40 }),
      fc.constantFrom(1, 7, 8192),
      fc.integer({ min: 1, max: 50 }),
      async (rows, batchRows, rowGroupRows) => {
        const file = write(SCHEMA, rows, batchRows, { rowGroupRows });
        expect(await readAll(file)).toEqual(columnsOf(SCHEMA, rows));
        expect(await objectsOf(file)).toHaveLength(rows.length);
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });
});

describe("strings", () => {
  const schema = parseSchema({ s: "STRING" });
  const random = seeded(3);

  test.each([
    ["few that repeat", (row: number) => `value ${row % 100}`],
    ["all different", (row: number) => `value ${row} ${random()}`],
    ["repeating at first, then all different", (row: number) => (row < 20_000 ? "same" : `value ${row}`)],
    ["one only", () => "one"],
    ["long", (row: number) => `${row % 10}`.repeat(400)],
    ["NULL only", () => null],
    ["NULL and others", (row: number) => (row % 3 === 0 ? null : `v${row % 7}`)],
  ])("%s", async (_, value) => {
    const rows = Array.from({ length: 50_000 }, (_, row) => ({ s: value(row) }));
    const file = write(schema, rows, 8192);
    expect(await readAll(file)).toEqual(columnsOf(schema, rows));
    expect(await objectsOf(file)).toEqual(rows);
  });

  test("that repeat are a dictionary, others are not", () => {
    const encodings = (value: (row: number) => string) => {
      const rows = Array.from({ length: 20_000 }, (_, row) => ({ s: value(row) }));
      return footerOf(write(schema, rows, 8192)).row_groups[0]?.columns[0]?.meta_data?.encodings;
    };
    expect(encodings((row) => `v${row % 9}`)).toContain("RLE_DICTIONARY");
    expect(encodings((row) => `v${row}`)).not.toContain("RLE_DICTIONARY");
  });
});

describe("row groups", () => {
  test("have the bounds of their values; NaN is in none, zeros have the wider sign", () => {
    const schema = parseSchema({
      n: "BIGINT",
      x: "DOUBLE",
      s: "STRING",
      d: "DECIMAL(30, 0)",
      b: "BOOLEAN",
      nan: "FLOAT",
    });
    const rows: Row[] = [
      { n: -5n, x: Number.NaN, s: "é", d: -1n, b: true, nan: Number.NaN },
      { n: 2n ** 40n, x: 0, s: "a", d: 10n ** 20n, b: true, nan: Number.NaN },
      { n: null, x: -3.5, s: null, d: null, b: null, nan: null },
      { n: 7n, x: -0, s: "z", d: 0n, b: true, nan: Number.NaN },
    ];
    const columns = footerOf(write(schema, rows, 2)).row_groups[0]?.columns ?? [];
    const bounds = Object.fromEntries(
      columns.map(({ meta_data }) => {
        const { min_value, max_value, null_count } = meta_data?.statistics ?? {};
        return [meta_data?.path_in_schema[0], [min_value, max_value, Number(null_count)]];
      }),
    );
    expect(bounds).toMatchObject({
      n: [-5n, 2n ** 40n, 1],
      x: [-3.5, 0, 0],
      s: ["a", "é", 1],
      d: [-1, 1e20, 1],
      b: [true, true, 1],
      nan: [undefined, undefined, 1],
    });
    expect(Object.is(bounds.x?.[1], 0)).toBe(true);
  });

  test("that cannot match are not read", async () => {
    const { mill, run, wait, sim } = await openSim();
    const rows = Array.from({ length: 10_000 }, (_, n) => ({ n, text: `row ${n}` }));
    await run(mill.rows(rows).to(mill.file("/out.parquet", { parquet: { rowGroupRows: 1000 } })));
    expect(sim.files.paths()).toEqual(["/out.parquet"]);
    const table = mill.file("/out.parquet");
    expect(await wait(table.toArray())).toEqual(rows);
    const job = table
      .where(col("n").between(4200, 4300))
      .to(mill.callback(() => undefined))
      .start();
    await wait(job.done);
    // Only the fifth row group's 1,000 rows come out of the source.
    expect(job.metrics()[0]?.rowsOut).toBe(1000);
  });
});

describe("bounded memory", () => {
  test("a row group ends at 64 MiB, and large batches are cut", async () => {
    const schema = parseSchema({ s: "STRING NOT NULL" });
    const random = seeded(5);
    // Long, and all different by their ends: cut out of one text, since 80 million characters by chance take seconds.
    const noise = Array.from({ length: 40_000 }, () => String.fromCharCode(33 + Math.floor(random() * 90))).join("");
    const rows = Array.from({ length: 20_000 }, (_, n) => {
      const at = Math.floor(random() * 36_000);
      return { s: noise.slice(at, at + 4000) + n };
    });
    const file = write(schema, rows, 8192, { compression: "none" });
    const groups = footerOf(file).row_groups;
    expect(groups.length).toBeGreaterThan(1);
    for (const group of groups) expect(Number(group.total_byte_size)).toBeLessThan(80 << 20);
    expect((await readAll(file)).s).toEqual(rows.map(({ s }) => s));
  });
});

describe("what is refused", () => {
  test.each([
    [{ spans: "ARRAY<ROW<span INTERVAL>>" }, 'column "spans.list.element.span" of type INTERVAL'],
    [{ span: "INTERVAL" }, 'column "span" of type INTERVAL'],
  ])("%j", (literal, message) => {
    expect(() =>
      openParquetWriter({}, "out.parquet").createEncoder(parseSchema(literal as Record<string, string>)),
    ).toThrow(expect.objectContaining({ code: "UNSUPPORTED", message: expect.stringContaining(message) }));
  });

  test("options that there are not", () => {
    const open = (options: object) => () => openParquetWriter(options, "out.parquet").createEncoder(SCHEMA);
    expect(open({ compresion: "snappy" })).toThrow(
      expect.objectContaining({ code: "OPTION", hint: expect.stringContaining('"compression"') }),
    );
    expect(open({ compression: "lzo" })).toThrow(expect.objectContaining({ code: "OPTION" }));
    expect(open({ rowGroupRows: 0 })).toThrow(expect.objectContaining({ code: "OPTION" }));
    expect(() => openParquetWriter({}, "out.parquet").createEncoder({ fields: [] })).toThrow(
      expect.objectContaining({ code: "SCHEMA_EMPTY" }),
    );
  });
});

test("a file of no rows has its columns", async () => {
  expect(await readAll(write(SCHEMA, [], 1))).toEqual(columnsOf(SCHEMA, []));
  expect(await objectsOf(write(SCHEMA, [], 1))).toEqual([]);
});
