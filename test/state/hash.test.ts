// Hashes of rows over columns: what must hash alike, whatever its type or encoding, and what must not.
import { expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { HASH_VERSION, hashColumns } from "../../src/state/hash.js";
import { openTestWorkspace } from "../../src/testing/index.js";

const { batch, workspace } = await openTestWorkspace();

function hashes(rows: Batch, ...indexes: number[]): bigint[] {
  const columns = indexes.map((index) => rows.column(index));
  const at = hashColumns(workspace, columns, rows.rowCount) >>> 3;
  return [...workspace.account.memory.u64.slice(at, at + rows.rowCount)];
}

test("the same integer hashes alike in every width, a date as its days", () => {
  const rows = batch`a:TINYINT b:SMALLINT c:INT d:BIGINT e:DATE
    | 0 0 0 0 1970-01-01 | -1 -1 -1 -1 1969-12-31 | 100 100 100 100 1970-04-11 | NULL NULL NULL NULL NULL`;
  const [first, ...others] = [0, 1, 2, 3, 4].map((index) => hashes(rows, index));
  for (const other of others) expect(other).toEqual(first);
});

test("S47 S52 S53 NULL, NaN and zeros hash as the one key they are", () => {
  const rows = batch`a:DOUBLE b:FLOAT | 0 0 | -0 -0 | NaN NaN | 1.5 1.5 | NULL NULL`;
  const [zero, negativeZero, nan, , none] = hashes(rows, 0);
  expect(negativeZero).toBe(zero);
  expect(new Set([zero, nan, none]).size).toBe(3);
  expect(hashes(rows, 1)).toEqual(hashes(rows, 0));
});

test("dictionary codes hash as their strings", () => {
  const rows = batch`a:STRING b:STRING# | x x | "" "" | NULL NULL | "a long string, longer than thirty-two bytes" "a long string, longer than thirty-two bytes"`;
  expect(hashes(rows, 1)).toEqual(hashes(rows, 0));
  expect(new Set(hashes(rows, 0)).size).toBe(4);
});

test("columns combine in their order, selections and slices change nothing", () => {
  const rows = batch`a:INT b:STRING c:DECIMAL(38,0) | 1 2 3 | 2 1 3 | NULL 1 3 | 1 NULL 3 | 1 2 NULL`;
  const whole = hashes(rows, 0, 1, 2);
  expect(new Set(whole).size).toBe(5);
  expect(hashes(rows, 1, 0, 2)).not.toEqual(whole);
  expect(hashes(rows.slice(1, 4), 0, 1, 2)).toEqual(whole.slice(1, 4));
});

test("the version is part of the checkpoint format", () => expect(HASH_VERSION).toBe(1));
