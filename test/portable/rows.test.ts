// The row edge: what each type is in JavaScript, and what is refused there.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchFromColumns } from "../../src/arrow/builder.js";
import { readColumn, readRows } from "../../src/arrow/rows.js";
import { parseSchema } from "../../src/arrow/types.js";
import type { DataError } from "../../src/errors.js";
import { openTestWorkspace } from "../../src/testing/index.js";

describe.each([true, false])("shared memory: %s", async (shared) => {
  const { workspace, account, batch } = await openTestWorkspace({ shared });

  test("each type is read as the rules say", () => {
    const rows = readRows(batch`
      flag:BOOLEAN i4:INT i8:BIGINT f8:DOUBLE dec:DECIMAL(9,2) s:STRING d:STRING# b:BYTES day:DATE at:TIME span:INTERVAL t3:TIMESTAMP(3) t6:TIMESTAMP(6) z6:TIMESTAMP_LTZ(6)
      true 7 9007199254740991 -0 1.5 "a b" x 0x01 2020-02-29 01:02:03 1000 2020-01-01T00:00:00.5 2020-01-01T00:00:00.5 2020-01-01T00:00:00.5
      NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL`);
    expect(rows[0]).toEqual({
      ...{ flag: true, i4: 7, i8: 9007199254740991, f8: -0, dec: "1.50", s: "a b", d: "x", b: new Uint8Array([1]) },
      ...{ day: "2020-02-29", at: "01:02:03", span: 1000, t3: new Date("2020-01-01T00:00:00.500Z") },
      ...{ t6: "2020-01-01T00:00:00.500000", z6: "2020-01-01T00:00:00.500000Z" },
    });
    expect(Object.values(rows[1] as object)).toEqual(new Array(14).fill(null));
    expect(Object.keys(rows[1] as object)).toEqual(Object.keys(rows[0] as object));
  });

  test("S60 BIGINT beyond 2^53 is UNSAFE_INTEGER, or exact as bigint", () => {
    const rows = batch`n:BIGINT | 1 | NULL | 9007199254740992 | -9223372036854775808`;
    let caught: DataError | undefined;
    try {
      readRows(rows);
    } catch (error) {
      caught = error as DataError;
    }
    expect(caught?.code).toBe("UNSAFE_INTEGER");
    expect(caught?.message).toBe('column "n", row 2: 9007199254740992 is no safe JavaScript number');
    expect(caught?.hint).toContain("{ bigint: true }");
    expect(readRows(rows, { bigint: true }).map((row) => row.n)).toEqual([1n, null, 2n ** 53n, -(2n ** 63n)]);
    expect(readColumn(batch`n:BIGINT | 9007199254740991 | -9007199254740991`, 0)).toEqual([
      2 ** 53 - 1,
      -(2 ** 53) + 1,
    ]);
  });

  test("what lies under a NULL is never refused", () => {
    const rows = batch`n:BIGINT t:TIMESTAMP(3) | NULL NULL | 1 1`;
    for (const index of [0, 1]) account.memory.i64[rows.column(index).values >>> 3] = 2n ** 62n;
    expect(readRows(rows)).toEqual([
      { n: null, t: null },
      { n: 1, t: new Date(1) },
    ]);
  });

  test("a timestamp beyond what a Date holds is TIME_RANGE", () => {
    const rows = batch`t:TIMESTAMP(3) | 0`;
    account.memory.i64[rows.column(0).values >>> 3] = 8_640_000_000_000_001n;
    expect(() => readRows(rows)).toThrow(/beyond what a Date holds/);
  });

  test("strings of every kind, in groups and one by one", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom("", "\uFEFF", "\u0000", "a".repeat(5000), `${"é".repeat(3000)}`, "🦀"),
    );
    fc.assert(
      fc.property(fc.array(fc.option(text), { maxLength: 60 }), fc.nat(), (texts, cut) => {
        const rows = batchFromColumns(workspace, parseSchema({ s: "STRING" }), { s: texts });
        expect(readColumn(rows, 0)).toEqual(texts);
        const start = cut % (texts.length + 1);
        expect(readColumn(rows.slice(start, texts.length), 0)).toEqual(texts.slice(start));
        account.arena.reset();
      }),
      { numRuns: 200 },
    );
  });

  test("rows are independent of each other and of the batch", () => {
    const rows = batch`b:BYTES t:TIMESTAMP(3) n:INT | 0x0102 5 1 | 0x0102 5 2`;
    const [first, second] = readRows(rows) as [Record<string, unknown>, Record<string, unknown>];
    (first.b as Uint8Array)[0] = 9;
    (first.t as Date).setTime(0);
    first.n = "changed";
    expect(second).toEqual({ b: new Uint8Array([1, 2]), t: new Date(5), n: 2 });
    expect(readRows(rows)[0]).toEqual({ b: new Uint8Array([1, 2]), t: new Date(5), n: 1 });
  });
});
