// Nested columns as NDJSON: what is written is what JSON.stringify makes of the rows.
import fc from "fast-check";
import { expect, test } from "vitest";
import { RowBuilder } from "../../src/arrow/builder.js";
import type { Value } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import { JsonEncoder } from "../../src/formats/json-encoder.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { rowsArbitrary } from "../support/nested.js";

const { workspace, account } = await openTestWorkspace();

/** A value as JSON has it, numbers as far as a double holds them. */
function jsonOf(value: Value): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date)
    return value
      .toISOString()
      .replace("T", " ")
      .replace(/(\.000)?Z$/, "");
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(jsonOf);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const object: Record<string, unknown> = {};
  for (const [key, inner] of entries) {
    Object.defineProperty(object, String(key), {
      value: jsonOf(inner),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

/** Numbers stand in for the text of decimals. */
function decimalsAsNumbers(value: unknown): unknown {
  if (typeof value === "string" && /^\d{19,}\.25$/.test(value)) return Number(value);
  if (Array.isArray(value)) return value.map(decimalsAsNumbers);
  if (typeof value !== "object" || value === null) return value;
  return JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
    typeof inner === "string" ? decimalsAsNumbers(inner) : inner,
  );
}

test("lines are the rows as JSON", () => {
  fc.assert(
    fc.property(rowsArbitrary(), ({ schema, rows }) => {
      const builder = new RowBuilder(workspace, schema);
      const text = new TextDecoder().decode(new JsonEncoder(schema).encode(builder.build(rows)));
      builder.close();
      account.arena.reset();
      const lines = text.split("\n").slice(0, -1);
      expect(lines.map((line) => JSON.parse(line))).toEqual(rows.map((row) => decimalsAsNumbers(jsonOf(row))));
    }),
  );
});

test("keys that are no strings stand in quotes, and exact numbers keep their digits", () => {
  const schema = parseSchema({
    m: "MAP<BIGINT, DECIMAL(20, 2)>",
    d: "MAP<DATE, ARRAY<BOOLEAN>>",
    b: "MAP<BOOLEAN, INT>",
  });
  const builder = new RowBuilder(workspace, schema);
  const row = {
    m: new Map([[9007199254740993n, "123456789012345678.90"]]),
    d: new Map([["2026-01-31", [true, null]]]),
    b: new Map([[false, null]]),
  };
  const text = new TextDecoder().decode(new JsonEncoder(schema).encode(builder.build([row, {}])));
  builder.close();
  account.arena.reset();
  expect(text).toBe(
    '{"m":{"9007199254740993":123456789012345678.90},"d":{"2026-01-31":[true,null]},"b":{"false":null}}\n' +
      '{"m":null,"d":null,"b":null}\n',
  );
});
