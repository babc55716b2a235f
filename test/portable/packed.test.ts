// Batches packed into one buffer and unpacked over another memory are the rows they were: every layout, slices, selections,
// dictionaries, nested columns, NULLs and none.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { RowBuilder } from "../../src/arrow/builder.js";
import { packBatch, unpackBatch } from "../../src/arrow/packed.js";
import { readRows } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import { openTestWorkspace, type TestWorkspace } from "../../src/testing/workspace.js";

const SCHEMA = parseSchema({
  flag: "BOOLEAN",
  small: "INT",
  big: "BIGINT NOT NULL",
  price: "DOUBLE",
  exact: "DECIMAL(30, 2)",
  ts: "TIMESTAMP(3)",
  name: "STRING",
  raw: "BYTES",
  tags: "ARRAY<STRING>",
  place: "ROW<city STRING, at ARRAY<INT>>",
});

const rowOf = (i: number) =>
  i % 5 === 4
    ? { big: i }
    : {
        flag: i % 2 === 0,
        small: i,
        big: -i,
        price: i / 3,
        exact: `${i}.25`,
        ts: new Date(i * 1000),
        name: "ü".repeat(i % 4),
        raw: new Uint8Array([i, 255]),
        tags: Array.from({ length: i % 3 }, (_, at) => (at === 1 ? null : `tag ${i}`)),
        place: i % 7 === 0 ? null : { city: `c${i}`, at: [i, null, i + 1].slice(0, i % 4) },
      };

let from: TestWorkspace;
let to: TestWorkspace;
beforeAll(async () => {
  [from, to] = await Promise.all([openTestWorkspace(), openTestWorkspace()]);
});
afterAll(() => {
  from.account.dispose();
  to.account.dispose();
});

function batchOf(count: number): Batch {
  return new RowBuilder(from.workspace, SCHEMA).build(Array.from({ length: count }, (_, i) => rowOf(i)));
}

function moved(batch: Batch): unknown {
  return readRows(unpackBatch(to.workspace, batch.schema, structuredClone(packBatch(batch))), { bigint: true });
}

test.each([0, 1, 7, 64, 1000])("%i rows", (count) => {
  const batch = batchOf(count);
  expect(moved(batch)).toEqual(readRows(batch, { bigint: true }));
});

test("slices at odd bits and of selections", () => {
  const batch = batchOf(100);
  const rows = readRows(batch, { bigint: true });
  expect(moved(batch.slice(3, 42))).toEqual(rows.slice(3, 42));
  const picked = [0, 5, 6, 31, 32, 33, 99];
  const ptr = from.account.arena.allocate(picked.length * 4);
  from.memory.u32.set(picked, ptr >>> 2);
  const selected = batch.select(ptr, picked.length);
  expect(moved(selected)).toEqual(picked.map((row) => rows[row]));
  expect(moved(selected.slice(2, 5))).toEqual([rows[6], rows[31], rows[32]]);
});
