// Rows of text by the kernel against rows written value by value, byte for byte, and against JavaScript's own texts of numbers.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { buildBatch } from "../../src/arrow/builder.js";
import { parseSchema } from "../../src/arrow/types.js";
import { openCsv } from "../../src/formats/csv.js";
import type { Encoder } from "../../src/formats/format.js";
import { json } from "../../src/formats/json.js";
import { guarded } from "./json-support.js";

const kit = guarded();

/** The text; null, when a value cannot be written, with the code instead. */
function textOf(encoder: Encoder, batch: Batch): string {
  try {
    return new TextDecoder().decode(encoder.encode(batch));
  } catch (error) {
    return `refused: ${(error as { code?: string }).code}`;
  }
}

/** The same batch where the kernels of formats are not loaded. */
function withoutFormats(batch: Batch): Batch {
  const { initPowers: _, ...core } = kit.workspace.kernels as unknown as Record<string, unknown>;
  return batch.within({ account: kit.account, kernels: core as unknown as typeof kit.workspace.kernels }, 0);
}

const SCHEMA = parseSchema({
  s: "STRING",
  b: "BOOLEAN",
  tiny: "TINYINT",
  small: "SMALLINT",
  i: "INT",
  l: "BIGINT",
  d: "DOUBLE",
  dec: "DECIMAL(18,4)",
  whole: "DECIMAL(9,0)",
  day: "DATE",
  second: "TIMESTAMP(0)",
  ts: "TIMESTAMP(3)",
  us: "TIMESTAMP(6)",
  tenth: "TIMESTAMP_LTZ(1)",
  ltz: "TIMESTAMP_LTZ(3)",
});

const text = fc.oneof(
  fc.constantFrom("", "NA", "#a", "\ufeffx", " a", "a\t", "=1", '"', '""', "a,b", "x\ry", "\\", "-", "0"),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 20 }).map((value) => value.replace(/[\ud800-\udfff]/g, "?")),
  fc
    .array(fc.constantFrom('"', "\\", "\n", "\u0001", "\u001f", ",", "a", "é", "x".repeat(17)), { maxLength: 60 })
    .map((parts) => parts.join("")),
);
const double = fc.oneof(
  fc.double(),
  fc.integer({ min: -1e9, max: 1e9 }).map((units) => units / 100),
  fc.tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 22 })).map(([units, digits]) => units / 10 ** digits),
  fc.constantFrom(
    0,
    -0,
    1,
    -1,
    0.001,
    0.0009,
    0.1,
    0.01,
    0.3,
    1e15,
    999_999_999_999_999,
    1e14,
    1e21,
    0.1 + 0.2,
    123_456_789.125,
  ),
);
const DAY_MS = 86_400_000;
const ms = fc.oneof(
  fc.integer({ min: -DAY_MS * 4, max: DAY_MS * 4 }),
  fc.integer({ min: -62_167_219_200_000 - DAY_MS, max: 253_402_300_799_999 }),
  fc.constantFrom(
    -62_167_219_200_000,
    -62_162_035_200_001,
    -62_162_035_200_000,
    -62_167_219_200_001,
    253_402_300_799_999,
    -1,
    0,
  ),
);
const row = fc.record({
  s: text,
  b: fc.boolean(),
  tiny: fc.integer({ min: -128, max: 127 }),
  small: fc.integer({ min: -32_768, max: 32_767 }),
  i: fc.integer(),
  l: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  d: double,
  dec: fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((units) => units / 10_000),
  whole: fc.integer({ min: -999_999_999, max: 999_999_999 }),
  day: fc.integer({ min: -719_528 - 3, max: 2_932_896 }).map((days) => new Date(days * DAY_MS)),
  second: ms.map((value) => new Date(Math.floor(value / 1000) * 1000)),
  ts: ms.map((value) => new Date(value)),
  us: ms.map((value) => new Date(value)),
  tenth: ms.map((value) => new Date(Math.floor(value / 100) * 100)),
  ltz: ms.map((value) => new Date(value)),
});
type Row = Record<string, unknown>;
const rows = fc.array(
  fc.tuple(row, fc.array(fc.constantFrom(...SCHEMA.fields.map(({ name }) => name)), { maxLength: 4 })),
  { maxLength: 12 },
);

function batchOf(given: readonly (readonly [Row, readonly string[]])[]): Batch {
  const columns = SCHEMA.fields.map(({ name }) =>
    given.map(([values, nulls]) => (nulls.includes(name) ? null : values[name])),
  );
  return buildBatch(kit.workspace, SCHEMA, columns, given.length);
}

describe("rows by the kernel are those written value by value", () => {
  const compare = (newEncoder: () => Encoder, given: readonly (readonly [Row, readonly string[]])[], from: number) => {
    const batch = batchOf(given);
    for (const part of [batch, batch.slice(Math.min(from, given.length), given.length)]) {
      expect(textOf(newEncoder(), part)).toBe(textOf(newEncoder(), withoutFormats(part)));
    }
    kit.account.arena.reset();
  };

  test("of JSON", () => {
    fc.assert(
      fc.property(rows, fc.nat(5), (given, from) => compare(() => json.createEncoder(SCHEMA), given, from)),
      { numRuns: 500 },
    );
  });

  test("of CSV, in its dialects", () => {
    const options = fc.record(
      {
        delimiter: fc.constantFrom(",", ";", "\t", "|", "-", ":", "~"),
        quote: fc.constantFrom('"', "'", ""),
        escape: fc.constantFrom('"', "\\"),
        comment: fc.constantFrom("#", "="),
        nulls: fc.constantFrom("", "NA", ["", "NA", "x".repeat(40)]),
        decimal: fc.constantFrom(".", ","),
        escapeFormulas: fc.boolean(),
        newline: fc.constantFrom("\n", "\r\n"),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(rows, fc.nat(5), options, (given, from, csv) => {
        compare(() => openCsv(csv, "x.csv").createEncoder(SCHEMA), given, from);
      }),
      { numRuns: 800 },
    );
  });
});

test("doubles are written as JavaScript writes them", () => {
  const schema = parseSchema({ d: "DOUBLE" });
  fc.assert(
    fc.property(fc.array(double.filter(Number.isFinite), { maxLength: 50 }), (values) => {
      const batch = buildBatch(kit.workspace, schema, [values], values.length);
      expect(textOf(json.createEncoder(schema), batch)).toBe(
        values.map((value) => `{"d":${String(value)}}\n`).join(""),
      );
      kit.account.arena.reset();
    }),
    { numRuns: 300 },
  );
});

test("texts that become six times as long find room, however many rows there are", () => {
  const schema = parseSchema({ s: "STRING", t: "STRING" });
  const values = Array.from({ length: 300 }, (_, index) => "\u0001".repeat(index));
  const batch = buildBatch(kit.workspace, schema, [values, values], values.length);
  expect(textOf(json.createEncoder(schema), batch)).toBe(
    values.map((s) => `${JSON.stringify({ s, t: s })}\n`).join(""),
  );
});
