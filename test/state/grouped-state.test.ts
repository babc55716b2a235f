// The state of grouped aggregations: keys that come and go, layouts, budgets, and what it refuses.
import { describe, expect, test } from "vitest";
import { Batch } from "../../src/arrow/batch.js";
import { readRows } from "../../src/arrow/rows.js";
import { parseSchema, type Schema } from "../../src/arrow/types.js";
import { GroupedState } from "../../src/state/grouped-state.js";
import { readSnapshot, SnapshotBuilder } from "../../src/state/snapshot.js";
import { openTestWorkspace } from "../../src/testing/index.js";
import { windowNode } from "../operators/window-support.js";

const { batch, workspace, account } = await openTestWorkspace();

function open(schema: Schema, keys: readonly string[], aggregates: readonly string[], denseBytesMax?: number) {
  const node = windowNode(schema, { sizeMs: null, keys, aggregates });
  return new GroupedState(workspace, schema, {
    keys: node.keys,
    aggregates: node.aggregates,
    slicing: { sizeMs: 10, offsetMs: 0, unitsPerMs: 1 },
    ...(denseBytesMax === undefined ? {} : { denseBytesMax }),
  });
}

/** Adds rows whose first column is the time. */
function add(state: GroupedState, rows: Batch): void {
  const ms = readRows(rows).map(({ t }) => (t as Date).getTime());
  state.add(rows, rows.column(0).values, Math.min(...ms), Math.max(...ms));
}

/** Drops the oldest slice. */
function dropOldest(state: GroupedState): void {
  const [slice] = state.slices.order;
  if (slice === undefined) throw new Error("no slice");
  const entries = state.reserve(state.slices.count(slice));
  state.read(slice, 0, entries.count, entries, 0);
  state.drop(entries);
  state.close(1);
  state.settle();
}

const numbered = (count: number, from: number, ms: number) =>
  batch`${`t:TIMESTAMP(3) k:STRING v:DOUBLE ${Array.from({ length: count }, (_, i) => `| ${ms} key${from + i} 1`).join(" ")}`}`;

describe("keys", () => {
  test("a key lives as long as one window holds it", () => {
    const rows = batch`t:TIMESTAMP(3) k:STRING v:INT | 1 a 1 | 2 b 1 | 11 b 1 | 12 c 1`;
    const state = open(rows.schema, ["k"], ["sum v"]);
    add(state, rows);
    expect(state.groupCount).toBe(3);
    dropOldest(state);
    expect(state.groupCount).toBe(2);
    dropOldest(state);
    expect(state.groupCount).toBe(0);
    state.release();
  });

  test("pairs let go of their halves", () => {
    const rows = batch`t:TIMESTAMP(3) a:INT b:STRING c:DOUBLE v:INT | 1 1 x 1 1 | 2 1 y 1 1 | 11 1 y 1 1`;
    const state = open(rows.schema, ["a", "b", "c"], ["sum v"]);
    add(state, rows);
    expect(state.groupCount).toBe(2);
    dropOldest(state);
    expect(state.groupCount).toBe(1);
    dropOldest(state);
    expect(state.groupCount).toBe(0);
    const usedBytes = state.usedBytes;
    // The same again takes no more memory.
    for (let round = 0; round < 50; round++) {
      add(state, rows);
      dropOldest(state);
      dropOldest(state);
    }
    expect(state.usedBytes).toBeLessThanOrEqual(usedBytes + 2048);
    state.release();
  });

  test("a dictionary keeps its groups until another one comes", () => {
    const first = batch`t:TIMESTAMP(3) k:STRING# v:INT | 1 a 1 | 2 b 1 | 2 NULL 1`;
    const second = batch`t:TIMESTAMP(3) k:STRING# v:INT | 11 b 1 | 12 c 1`;
    const state = open(first.schema, ["k"], ["sum v"]);
    add(state, first);
    dropOldest(state);
    expect(state.groupCount).toBe(3);
    add(state, second);
    expect(state.groupCount).toBe(2);
    dropOldest(state);
    add(state, second);
    expect(state.groupCount).toBe(2);
    state.release();
  });

  test("a dictionary much longer than its batch is not interned whole", () => {
    const long = batch`${`t:TIMESTAMP(3) k:STRING# v:INT ${Array.from({ length: 100 }, (_, i) => `| 1 w${i} 1`).join(" ")}`}`;
    const state = open(long.schema, ["k"], ["sum v"]);
    add(state, long.slice(98, 100));
    expect(state.groupCount).toBe(2);
    add(state, long);
    expect(state.groupCount).toBe(100);
    state.release();
  });

  test("a range of INT keys is numbered as it stands until a key leaves it, NULLs apart", () => {
    const rows = (ms: number, ...keys: (number | null)[]) =>
      batch`${`t:TIMESTAMP(3) k:INT ${keys.map((key) => `| ${ms} ${key ?? "NULL"}`).join(" ")}`}`;
    const first = rows(1, 7, 5, 8, 5);
    const state = open(first.schema, ["k"], ["count_star"]);
    add(state, first);
    // 6 is in the range, although no row had it.
    expect(state.groupCount).toBe(4);
    add(state, rows(2, 6, 7, null));
    expect(state.groupCount).toBe(5);
    add(state, rows(3, 8, 9, -2_147_483_648));
    expect(state.groupCount).toBe(7);
    const [slice] = state.slices.order;
    const entries = state.reserve(7);
    state.read(slice as NonNullable<typeof slice>, 0, 7, entries, 0);
    const columns = [...state.keyColumns(entries), ...state.resultColumns(entries)];
    const results = new Batch(workspace, parseSchema({ k: "INT", n: "BIGINT" }), columns, 7);
    expect(readRows(results).map(({ k, n }) => [k, n])).toEqual([
      [7, 2],
      [5, 2],
      [8, 2],
      [6, 1],
      [null, 1],
      [9, 1],
      [-2_147_483_648, 1],
    ]);
    dropOldest(state);
    expect(state.groupCount).toBe(0);
    state.release();
  });

  test("keys outside of the direct map are found all the same, and widen it", () => {
    const state = open(parseSchema({ t: "TIMESTAMP(3)", k: "INT", v: "INT" }), ["k"], ["count_star"]);
    const keys = [1, 2, 3, -40, 70_000_000, 2, 65_000, -40, 1, 2_147_483_647, -2_147_483_648, 70_000_000];
    for (const part of [keys.slice(0, 3), keys.slice(3), keys, keys]) {
      add(state, batch`${`t:TIMESTAMP(3) k:INT v:INT ${part.map((key) => `| 1 ${key} 1`).join(" ")}`}`);
    }
    expect(state.groupCount).toBe(8);
    const [slice] = state.slices.order;
    const entries = state.reserve(8);
    state.read(slice as NonNullable<typeof slice>, 0, 8, entries, 0);
    const { memory } = account;
    const column = state.keyColumns(entries)[0] as { values: number };
    const counts = state.resultColumns(entries)[0] as { values: number };
    const found = Array.from({ length: 8 }, (_, i) => [
      memory.i32[(column.values >>> 2) + i],
      memory.u32[(counts.values >>> 2) + 2 * i],
    ]);
    const expected = new Map<number, number>();
    for (const key of [...keys, ...keys, ...keys]) expected.set(key, (expected.get(key) ?? 0) + 1);
    expect(found).toEqual([...expected]);
    state.release();
  });
});

describe("memory", () => {
  test("all of it goes back, whatever was added", () => {
    const before = account.usedBytes;
    for (const denseBytesMax of [undefined, 0, 5000]) {
      const state = open(numbered(1, 0, 0).schema, ["k"], ["sum v", "count_star"], denseBytesMax);
      for (let ms = 0; ms < 100; ms += 7) add(state, numbered(300, ms * 10, ms));
      expect(state.usedBytes).toBeGreaterThan(10_000);
      state.release();
      expect(state.usedBytes).toBe(0);
    }
    // The batches stay: they are persisted.
    expect(account.usedBytes).toBeGreaterThan(before);
  });

  test("dense cells give way to sparse ones beyond their share, and come back when there is less", () => {
    const state = open(numbered(1, 0, 0).schema, ["k"], ["sum v"], 40_000);
    for (let ms = 0; ms < 200; ms += 10) add(state, numbered(100, 0, ms));
    // 20 windows of 100 keys: dense cells would be 32 × 128 × 33 bytes.
    expect(state.usedBytes).toBeLessThan(400_000);
    for (let left = 20; left > 0; left--) {
      expect(state.slices.order).toHaveLength(left);
      dropOldest(state);
    }
    expect(state.groupCount).toBe(0);
    state.release();
  });

  test("wherever a budget ends, in the middle of a move too, release gives back all of the state", async () => {
    for (let limitBytes = 100_000; limitBytes < 1_500_000; limitBytes += 20_011) {
      const small = await openTestWorkspace({ limitBytes });
      const { schema } = small.batch`t:TIMESTAMP(3) k:STRING v:DOUBLE | 1 a 1`;
      small.account.arena.release();
      const before = small.account.usedBytes;
      const { keys, aggregates } = windowNode(schema, { sizeMs: null, keys: ["k"], aggregates: ["sum v"] });
      // Small dense cells give way to sparse ones early, and both are laid out anew time and again.
      const slicing = { sizeMs: 10, offsetMs: 0, unitsPerMs: 1 };
      const state = new GroupedState(small.workspace, schema, {
        keys,
        aggregates,
        slicing,
        denseBytesMax: limitBytes / 3,
      });
      const held: Batch[] = [];
      const fill = () => {
        for (let ms = 0; ; ms += 3) {
          const rows = Array.from({ length: 40 }, (_, i) => `| ${ms} key${ms + i} 1`);
          held.push(small.batch`${`t:TIMESTAMP(3) k:STRING v:DOUBLE ${rows.join(" ")}`}`);
          state.add(held[0] as Batch, (held[0] as Batch).column(0).values, ms, ms);
          held.pop()?.release();
          small.account.arena.reset();
        }
      };
      expect(fill).toThrow(expect.objectContaining({ code: "MEMORY_LIMIT" }));
      state.release();
      for (const rows of held) rows.release();
      small.account.arena.release();
      expect([limitBytes, small.account.usedBytes]).toEqual([limitBytes, before]);
      small.account.dispose();
    }
  });

  test("a budget that is used up is MEMORY_LIMIT, and disposing of the account frees everything", async () => {
    const small = await openTestWorkspace({ limitBytes: 3_000_000 });
    const rows = small.batch`t:TIMESTAMP(3) k:BIGINT v:DOUBLE | 1 1 1`;
    const node = windowNode(rows.schema, { sizeMs: null, keys: ["k"], aggregates: ["sum v"] });
    const state = new GroupedState(small.workspace, rows.schema, {
      keys: node.keys,
      aggregates: node.aggregates,
      slicing: { sizeMs: 1, offsetMs: 0, unitsPerMs: 1 },
    });
    const { memory } = small;
    const fill = () => {
      for (let round = 0; ; round++) {
        memory.u32[rows.column(0).values >>> 2] = round;
        memory.u32[rows.column(1).values >>> 2] = round;
        state.add(rows, rows.column(0).values, round, round);
        small.account.arena.reset();
      }
    };
    expect(fill).toThrow(expect.objectContaining({ code: "MEMORY_LIMIT" }));
    small.account.dispose();
    expect(small.account.usedBytes).toBe(0);
  });
});

describe("snapshots", () => {
  const rows = batch`t:TIMESTAMP(3) k:STRING i:INT v:DOUBLE | 1 a 1 1.5 | 2 b 2 NaN | 11 a 3 NULL`;

  function saved(keys: readonly string[], aggregates: readonly string[]) {
    const state = open(rows.schema, keys, aggregates);
    add(state, rows);
    const builder = new SnapshotBuilder();
    state.snapshot(builder);
    state.release();
    return builder.finish();
  }

  test("state is columns: start, keys, words of the accumulators", () => {
    const { entries } = saved(["k"], ["sum v", "count_star"]).tables;
    expect(entries?.rowCount).toBe(3);
    expect(entries?.schema.fields.map(({ name }) => name)).toEqual([
      "start",
      "key 0",
      ...[0, 8, 16, 24].map((place) => `float 3 ${place}`),
      ...[0, 8].map((place) => `odd 3 ${place}`),
    ]);
  });

  test.each([
    [["i"], ["sum v"], "its keys are STRING, the query's INT"],
    [["k", "i"], ["sum v"], "its keys are STRING, the query's STRING, INT"],
    [[], ["sum v"], "its keys are STRING, the query's none"],
    [["k"], ["sum i"], 'it has accumulators "float 3 0", which the query has not'],
  ])("state of other keys or aggregates is refused: %j %j", (keys, aggregates, message) => {
    const state = open(rows.schema, keys, aggregates);
    const restore = () => state.restore(readSnapshot(saved(["k"], ["sum v"])));
    expect(restore).toThrow(
      expect.objectContaining({ code: "STATE_MISMATCH", message: expect.stringContaining(message) }),
    );
    state.release();
  });

  test("state without its table is refused", () => {
    const state = open(rows.schema, ["k"], ["sum v"]);
    expect(() => state.restore(readSnapshot({ version: 1, values: {}, tables: {} }))).toThrow(
      expect.objectContaining({ code: "STATE_MISMATCH" }),
    );
    state.release();
  });
});

test.each([
  ["DECIMAL(30,2)", "sum"],
  ["BOOLEAN", "min"],
])("%s: %s is UNSUPPORTED by name, COUNT is not", (type, fn) => {
  const schema = parseSchema({ t: "TIMESTAMP(3)", x: type });
  expect(() => open(schema, [], [`${fn} x`])).toThrow(
    expect.objectContaining({ code: "UNSUPPORTED", message: expect.stringContaining('"x"') }),
  );
  open(schema, [], ["count x"]).release();
});
