// Rows kept by columns, against a Map from numbers to rows.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Row, RowBuilder } from "../../src/arrow/builder.js";
import { readRows } from "../../src/arrow/rows.js";
import { arrayOf, field, INT32, parseSchema, type Schema, schemaOf } from "../../src/arrow/types.js";
import { RowStore } from "../../src/state/row-store.js";
import { readSnapshot, SnapshotBuilder } from "../../src/state/snapshot.js";
import { StateStore } from "../../src/state/store.js";
import { openTestWorkspace } from "../../src/testing/index.js";

const { batch, workspace, account } = await openTestWorkspace();

/** Batches from rows; texts that repeat are dictionary codes in them. */
const batchOf = (schema: Schema, rows: readonly Row[]) => new RowBuilder(workspace, schema).build(rows);

const SCHEMA = parseSchema({
  flag: "BOOLEAN",
  tiny: "TINYINT",
  small: "SMALLINT",
  int: "INT",
  big: "BIGINT",
  real: "DOUBLE",
  money: "DECIMAL(30,2)",
  text: "STRING",
  place: "ROW<name STRING, floor INT>",
});

const nullable = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null, freq: 5 });
const aRow: fc.Arbitrary<Row> = fc.record({
  flag: nullable(fc.boolean()),
  tiny: nullable(fc.integer({ min: -128, max: 127 })),
  small: nullable(fc.integer({ min: -32768, max: 32767 })),
  int: nullable(fc.integer()),
  big: nullable(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  real: nullable(fc.double({ noNaN: true })),
  money: nullable(fc.bigInt({ min: 0n, max: 10n ** 20n }).map((whole) => `${whole}.25`)),
  text: nullable(fc.string({ maxLength: 70, unit: "grapheme" })),
  place: nullable(fc.record({ name: nullable(fc.string({ maxLength: 30 })), floor: nullable(fc.integer()) })),
});
/** Some rows come, or of those that are there some go, or all is saved and read back. */
const aStep = fc.oneof(
  { weight: 4, arbitrary: fc.array(aRow, { maxLength: 40 }) },
  { weight: 2, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant("restore" as const) },
);

function listOf(numbers: readonly number[]): number {
  const list = account.arena.allocate(numbers.length * 4);
  account.memory.u32.set(numbers, list >>> 2);
  return list;
}

function numbersAt(ptr: number, count: number): number[] {
  return [...account.memory.u32.subarray(ptr >>> 2, (ptr >>> 2) + count)];
}

/** The rows as the engine reads them: what a batch makes of their values. */
const asRead = (rows: readonly Row[]) => readRows(batchOf(SCHEMA, rows), { bigint: true });

describe("rows under numbers", () => {
  test("come, go, are read in any order and restored, as in a Map", () => {
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 12 }), (steps) => {
        const state = new StateStore(workspace);
        let rows = new RowStore(state, SCHEMA);
        let model = new Map<number, unknown>();
        for (const step of steps) {
          account.arena.reset();
          if (step === "restore") {
            const builder = new SnapshotBuilder();
            rows.snapshot(builder, "rows");
            rows.release();
            rows = new RowStore(state, SCHEMA);
            rows.restore(readSnapshot(builder.finish()), "rows", "test");
            model = new Map([...model.keys()].sort((a, b) => a - b).map((old, at) => [at, model.get(old)]));
          } else if (typeof step === "number") {
            const all = [...model.keys()];
            const gone = all.filter((_, at) => (at * 0.618) % 1 < step);
            rows.remove(listOf(gone), gone.length);
            for (const number of gone) model.delete(number);
          } else {
            const numbers = numbersAt(rows.append(batchOf(SCHEMA, step)), step.length);
            expect(numbers.some((number) => model.has(number))).toBe(false);
            for (const [at, row] of asRead(step).entries()) model.set(numbers[at] as number, row);
          }
          const wanted = [...model.keys()].sort((a, b) => b - a).flatMap((number) => [number, number]);
          expect(readRows(rows.rows(listOf(wanted), wanted.length), { bigint: true })).toEqual(
            wanted.map((number) => model.get(number)),
          );
          expect(rows.count).toBe(model.size);
          const { ptr, count } = rows.numbers();
          expect(numbersAt(ptr, count)).toEqual([...model.keys()].sort((a, b) => a - b));
          expect(Math.max(-1, ...model.keys())).toBeLessThan(rows.end || 1);
        }
        rows.release();
        expect(state.usedBytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test("texts that come and go take no more memory with time", () => {
    const state = new StateStore(workspace);
    const rows = new RowStore(state, parseSchema({ text: "STRING" }));
    const some = batchOf(
      rows.schema,
      Array.from({ length: 500 }, (_, i) => ({ text: `${i}`.padStart(100, "x") })),
    );
    const stays = rows.append(some.slice(0, 1));
    const first = numbersAt(stays, 1);
    let most = 0;
    for (let round = 0; round < 100; round++) {
      account.arena.reset();
      rows.remove(rows.append(some), 500);
      if (round === 20) most = rows.count > 0 ? state.usedBytes : 0;
    }
    expect(state.usedBytes).toBeLessThanOrEqual(most);
    expect(readRows(rows.rows(listOf(first), 1))).toEqual([{ text: "0".padStart(100, "x") }]);
    rows.release();
  });

  test("give all memory back when none is left", () => {
    const state = new StateStore(workspace);
    const some = batch`a:INT b:STRING | 1 x | 2 y`;
    const rows = new RowStore(state, some.schema);
    rows.remove(rows.append(some), 2);
    expect([rows.count, rows.end, state.usedBytes]).toEqual([0, 0, 0]);
    expect(numbersAt(rows.append(some), 2)).toEqual([0, 1]);
    rows.release();
  });
});

test("lists are refused by name", () => {
  const state = new StateStore(workspace);
  const schema = schemaOf([field("tags", arrayOf(INT32))]);
  expect(() => new RowStore(state, schema)).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
  expect(() => new RowStore(state, schema)).toThrow(/"tags"/);
});

test("rows of another query are no state of this one", () => {
  const state = new StateStore(workspace);
  const builder = new SnapshotBuilder();
  const saved = new RowStore(state, parseSchema({ a: "INT" }));
  saved.append(batch`a:INT | 1`);
  saved.snapshot(builder, "rows");
  const other = new RowStore(state, parseSchema({ a: "STRING" }));
  expect(() => other.restore(readSnapshot(builder.finish()), "rows", "join")).toThrow(/INT, the query's STRING/);
  expect(() => other.restore(readSnapshot(builder.finish()), "left", "join")).toThrow(/no left/);
  saved.release();
  other.release();
});
