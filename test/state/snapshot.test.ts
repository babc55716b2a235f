// Snapshots: columns out of linear memory and back, of every layout, sliced, selected and dictionary-coded.
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { attachBatch, detachBatch, readSnapshot, SnapshotBuilder, type StateValue } from "../../src/state/snapshot.js";
import { formatBatch, openTestWorkspace } from "../../src/testing/index.js";

const { batch, workspace } = await openTestWorkspace();
const rows = batch`b:BOOLEAN i8:TINYINT i16:SMALLINT i32:INT i64:BIGINT f32:FLOAT f64:DOUBLE d:DECIMAL(10,2) w:DECIMAL(38,1) s:STRING y:BYTES day:DATE time:TIME t:TIMESTAMP(6) c:STRING# n:DOUBLE!
  | true 1 2 3 4 1.5 2.5 1.25 123456789012345678901234567890.1 x 0x01ff 2020-01-01 10:00:00 2020-01-01T00:00:00.000001 p 1
  | NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NaN
  | false -1 -2 -3 9223372036854775807 -1.5 -0 -1.25 -0.1 "" 0x 1969-12-31 23:59:59.999 0001-01-01T00:00:00 q -0
  | true 5 6 7 8 9 10 11.00 12.0 "two words" 0x616263 0001-01-01 00:00:00 9999-12-31T23:59:59.999999 p 3`;

function roundTrip(any: Batch): string {
  const detached = structuredClone(detachBatch(any));
  expect(detached.rowCount).toBe(any.rowCount);
  return formatBatch(attachBatch(workspace, detached));
}

describe("detached and attached again", () => {
  test("every type, with NULLs", () => expect(roundTrip(rows)).toBe(formatBatch(rows)));

  test.each([0, 1, 2, 3, 4])("rows from %i on", (start) => {
    const part = rows.slice(start, rows.rowCount);
    expect(roundTrip(part)).toBe(formatBatch(part));
  });

  test("selected rows", () => {
    const list = workspace.account.arena.allocate(8);
    workspace.account.memory.u32.set([1, 3], list >>> 2);
    const part = rows.select(list, 2);
    expect(roundTrip(part)).toBe(formatBatch(part));
  });

  test("no view of linear memory is left", () => {
    for (const { values, validity, offsets } of detachBatch(rows).columns) {
      for (const buffer of [values, validity, offsets]) {
        expect(buffer?.buffer).not.toBe(workspace.account.memory.wasm.buffer);
        if (buffer !== null) expect(buffer.byteLength).toBe(buffer.buffer.byteLength);
      }
    }
  });
});

test("values and tables come back by name, what was not written is undefined", () => {
  const builder = new SnapshotBuilder();
  const value: StateValue = { watermarkMs: Number.NEGATIVE_INFINITY, splits: [1n, "two", null, { three: true }] };
  builder.value("value", value);
  builder.table("rows", rows);
  const reader = readSnapshot(structuredClone(builder.finish()));
  expect(reader.value("value")).toEqual(value);
  expect(reader.value("other")).toBeUndefined();
  expect(formatBatch(reader.table("rows", workspace) as Batch)).toBe(formatBatch(rows));
  expect(reader.table("other", workspace)).toBeUndefined();
});

test("a snapshot has the version of its layout", () => expect(new SnapshotBuilder().finish().version).toBe(1));
