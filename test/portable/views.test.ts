// Column views, what batch functions of users get: nothing copied, and no view loses its memory to the next one.
import { describe, expect, test } from "vitest";
import { batchFromColumns } from "../../src/arrow/builder.js";
import { readColumn, readRows } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import { type ColumnView, viewColumns } from "../../src/arrow/views.js";
import { openTestWorkspace } from "../../src/testing/index.js";

describe.each([true, false])("shared memory: %s", (shared) => {
  test("each type is seen in its column's units, or as JS values", async () => {
    const { batch } = await openTestWorkspace({ shared });
    const views = viewColumns(batch`
      i1:TINYINT i2:SMALLINT i4:INT i8:BIGINT f4:FLOAT f8:DOUBLE day:DATE at:TIME t:TIMESTAMP(6) span:INTERVAL flag:BOOLEAN s:STRING k:STRING# d:DECIMAL(9,2) b:BYTES
      1 2 3 4 0.5 1.5 1970-01-02 00:00:01 1970-01-01T00:00:00.000007 8 true x y 1 0x09
      -1 -2 -3 -4 -0.5 -1.5 1969-12-31 00:00 1969-12-31T23:59:59.999999 -8 NULL NULL NULL NULL NULL`);
    const values = Object.fromEntries(Object.entries(views).map(([name, view]) => [name, view.values]));
    expect(values).toEqual({
      ...{ i1: new Int8Array([1, -1]), i2: new Int16Array([2, -2]), i4: new Int32Array([3, -3]) },
      ...{ i8: new BigInt64Array([4n, -4n]), f4: new Float32Array([0.5, -0.5]), f8: new Float64Array([1.5, -1.5]) },
      ...{ day: new Int32Array([1, -1]), at: new Int32Array([1000, 0]), t: new BigInt64Array([7n, -1n]) },
      ...{ span: new BigInt64Array([8n, -8n]), flag: [true, null], s: ["x", null], k: ["y", null] },
      ...{ d: ["1.00", null], b: [new Uint8Array([9]), null] },
    });
    expect(views.t?.toArray()).toEqual(["1970-01-01T00:00:00.000007", "1969-12-31T23:59:59.999999"]);
    expect(views.i8?.toArray({ bigint: true })).toEqual([4n, -4n]);
    expect([views.i4?.validity, (views.s?.validity?.[0] as number) & 3, views.s?.length]).toEqual([null, 1, 2]);
  });

  test("they are views: what is written to memory is seen", async () => {
    const { batch, memory } = await openTestWorkspace({ shared });
    const rows = batch`n:INT | 1 | 2`;
    const view = viewColumns(rows).n?.values as Int32Array;
    memory.i32[rows.column(0).values >>> 2] = 7;
    expect([...view]).toEqual([7, 2]);
  });

  test("to look at one column takes no view of another away, also where rows are selected", async () => {
    const { workspace, account, memory } = await openTestWorkspace({ shared });
    const n = 60_000;
    const names = ["a", "b", "c", "d", "e", "f"];
    const schema = parseSchema(Object.fromEntries(names.map((name) => [name, "DOUBLE"])));
    const ones = new Float64Array(n).fill(1);
    const whole = batchFromColumns(workspace, schema, Object.fromEntries(names.map((name) => [name, ones])), {
      lifetime: "region",
    });
    const selection = account.arena.allocate(n * 4);
    for (let i = 0; i < n - 1; i++) memory.u32[(selection >>> 2) + i] = i;
    const before = memory.sizeBytes;
    const views = viewColumns(whole.select(selection, n - 1));
    const looked = names.map((name) => (views[name] as ColumnView).values as Float64Array);
    expect(memory.sizeBytes).toBeGreaterThan(before);
    expect(looked.map((values) => values.length)).toEqual(names.map(() => n - 1));
    expect(looked.every((values) => values.every((value) => value === 1))).toBe(true);
  });

  test("views and typed arrays from them go back in as columns, also when memory grows meanwhile", async () => {
    const { workspace, memory, batch } = await openTestWorkspace({ shared });
    const rows = batch`
      a:BIGINT b:DOUBLE s:STRING d:DECIMAL(9,2) flag:BOOLEAN t:TIMESTAMP(6)
      1 1.5 x 0.10 true 0 | NULL NULL NULL NULL NULL NULL | 3 2.5 z -7 false -1`;
    expect(readRows(batchFromColumns(workspace, rows.schema, { ...viewColumns(rows) }))).toEqual(readRows(rows));
    // The text before it takes more than the memory has left, so that it grows before the view is copied.
    const numbers = Float64Array.from({ length: 40_000 }, (_, i) => i);
    const made = batchFromColumns(workspace, parseSchema({ b: "DOUBLE" }), { b: numbers });
    const filler = new Array(40_000).fill("y".repeat(200));
    const before = memory.sizeBytes;
    const schema = parseSchema({ filler: "STRING", b: "DOUBLE" });
    const view = viewColumns(made).b?.values as Float64Array;
    const copied = batchFromColumns(workspace, schema, { filler, b: view });
    expect(memory.sizeBytes).toBeGreaterThan(before);
    expect(readColumn(copied, 1)).toEqual([...numbers]);
  });
});
