// The state of sessions: memory that goes back, keys of late rows that leave nothing, long lists of sessions, the order in which
// they end, and what it refuses.
import { expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { parseSchema } from "../../src/arrow/types.js";
import { SessionState } from "../../src/state/session-state.js";
import { readSnapshot, SnapshotBuilder } from "../../src/state/snapshot.js";
import { openTestWorkspace, type TestWorkspace } from "../../src/testing/index.js";
import { windowNode } from "../operators/window-support.js";

const usual = await openTestWorkspace();
const SCHEMA = parseSchema({ t: "TIMESTAMP(3)", k: "STRING", v: "DOUBLE" });

function open({ workspace }: TestWorkspace, gapMs: number, aggregates = ["sum v", "count"]): SessionState {
  const node = windowNode(SCHEMA, { sizeMs: null, keys: ["k"], aggregates });
  return new SessionState(workspace, SCHEMA, { ...node, gapMs, maxMs: Number.POSITIVE_INFINITY });
}

/** Adds rows of these times and keys; how many of them are late. */
function add(
  state: SessionState,
  test: TestWorkspace,
  rows: readonly (readonly [number, string])[],
  closedMs = Number.NEGATIVE_INFINITY,
) {
  const text = rows.map(([ms, key]) => `| ${ms} ${key} 1`).join(" ");
  const batch: Batch = test.batch`${`t:TIMESTAMP(3) k:STRING v:DOUBLE ${text}`}`;
  try {
    return state.add(batch, batch.column(0).values, 1, closedMs).rowCount;
  } finally {
    batch.release();
    test.account.arena.reset();
  }
}

/** Ends of the sessions that are over by `untilMs`, in order; they are forgotten. */
function close(state: SessionState, { account }: TestWorkspace, untilMs: number, room = 100): number[] {
  const ends: number[] = [];
  for (let count = room; count === room; ) {
    const due = state.due(untilMs, room);
    count = due.entries.count;
    for (let at = 0; at < count; at++) ends.push(Number(account.memory.i64[(due.ends >>> 3) + at]));
    state.drop(due.entries);
  }
  state.settle();
  account.arena.reset();
  return ends;
}

test("keys that only late rows have leave nothing", () => {
  const state = open(usual, 10);
  const late = (from: number) => Array.from({ length: 500 }, (_, i) => [5, `nobody-knows-${from + i}`] as const);
  expect(add(state, usual, late(0), 1000)).toBe(500);
  const before = state.usedBytes;
  for (let round = 1; round < 40; round++) expect(add(state, usual, late(round * 500), 1000)).toBe(500);
  // Twenty thousand keys of twenty bytes would be more.
  expect(state.usedBytes).toBeLessThan(before + 20_000);
  expect(state.sessionCount).toBe(0);
  state.release();
  expect(state.usedBytes).toBe(0);
});

test("sessions end in the order of time, however far apart and whatever the room", () => {
  for (const gapMs of [1, 10, 5000]) {
    const state = open(usual, gapMs);
    const times = Array.from({ length: 300 }, (_, i) => ((i * 7919) % 300) * (gapMs + 1) * 3);
    add(
      state,
      usual,
      times.map((ms, i) => [ms, `k${i % 5}`] as const),
    );
    const ends = times.map((ms) => ms + gapMs).sort((a, b) => a - b);
    const middle = ends[150] as number;
    expect(close(state, usual, middle, 7)).toEqual(ends.slice(0, 151));
    expect(close(state, usual, Number.POSITIVE_INFINITY, 7)).toEqual(ends.slice(151));
    state.release();
  }
});

test("a session that ends years later is found, and those before it come first", () => {
  const state = open(usual, 1000);
  const year = 365 * 86_400_000;
  add(state, usual, [
    [50 * year, "a"],
    [0, "a"],
    [-50 * year, "b"],
    [100, "b"],
  ] as const);
  expect(close(state, usual, 2000)).toEqual([1000 - 50 * year, 1000, 1100]);
  expect(close(state, usual, 50 * year)).toEqual([]);
  expect(close(state, usual, 50 * year + 1000)).toEqual([50 * year + 1000]);
  state.release();
});

test("a key may have any number of open sessions, and one row after another closes the gaps", () => {
  const state = open(usual, 10);
  const at = (ms: number) => [ms, "k"] as const;
  add(
    state,
    usual,
    Array.from({ length: 2000 }, (_, i) => at(i * 20)),
  );
  expect(state.sessionCount).toBe(2000);
  add(
    state,
    usual,
    Array.from({ length: 1999 }, (_, i) => at(((i * 7919) % 1999) * 20 + 10)),
  );
  expect(state.sessionCount).toBe(1);
  expect(close(state, usual, Number.POSITIVE_INFINITY)).toEqual([1999 * 20 + 10]);
  state.release();
});

test("wherever a budget ends, release gives back all of the state", async () => {
  for (let limitBytes = 150_000; limitBytes < 900_000; limitBytes += 40_009) {
    const small = await openTestWorkspace({ limitBytes });
    const state = open(small, 10);
    const fill = () => {
      for (let ms = 0; ; ms += 3) {
        add(
          state,
          small,
          Array.from({ length: 40 }, (_, i) => [ms, `key${ms + i}`] as const),
        );
      }
    };
    expect(fill).toThrow(expect.objectContaining({ code: "MEMORY_LIMIT" }));
    state.release();
    small.account.arena.release();
    expect([limitBytes, small.account.usedBytes]).toEqual([limitBytes, 0]);
    small.account.dispose();
  }
});

test("a snapshot of another aggregation is refused", () => {
  const saved = open(usual, 10, ["sum v"]);
  add(saved, usual, [[1, "a"]]);
  const builder = new SnapshotBuilder();
  saved.snapshot(builder);
  const mismatch = expect.objectContaining({ code: "STATE_MISMATCH" });
  const counted = open(usual, 10, ["count"]);
  expect(() => counted.restore(readSnapshot(builder.finish()))).toThrow(mismatch);
  expect(() => counted.restore(readSnapshot({ version: 1, values: {}, tables: {} }))).toThrow(mismatch);
  for (const state of [saved, counted]) state.release();
});
