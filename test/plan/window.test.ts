// The windows that judge by a watermark, and windows and spans as text.
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDurationMs } from "../../src/api/duration.js";
import { field, schemaOf, TIMESTAMP } from "../../src/arrow/types.js";
import type { LogicalPlan } from "../../src/plan/logical.js";
import * as logical from "../../src/plan/logical.js";
import { durationText, judgesOf, judgesText, windowText } from "../../src/plan/window.js";

const tumbling = (sizeMs: number, offsetMs = 0) => ({ kind: "tumble", sizeMs, offsetMs }) as const;

test("a watermark node learns the windows that it reaches, through unions and other windows, not through side outputs", () => {
  const schema = schemaOf([field("ts", TIMESTAMP)]);
  const table = { id: "t", connector: "memory", name: "t", options: {} };
  const spec = { column: "ts", delayMs: 0, idleMs: null, quietMs: null, maxFutureDriftMs: null };
  const marked = (): LogicalPlan => logical.watermark(logical.scan(table, schema, { bounded: true }), spec);
  const window = (input: LogicalPlan, sizeMs: number): LogicalPlan =>
    logical.windowAggregate(input, {
      window: tumbling(sizeMs),
      latenessMs: 0,
      windowColumns: { start: "s", end: "e", time: "t" },
      keys: [],
      aggregates: [],
    });
  const [a, b, c] = [marked(), marked(), marked()] as [LogicalPlan, LogicalPlan, LogicalPlan];
  const first = window(logical.union([a, b]), 6);
  const again = window(first, 10);
  const late = window(logical.watermark(logical.sideOutput(first, "late"), spec), 7);
  const sameAgain = window(a, 10);
  const roots = [again, window(b, 9), c, sameAgain].map((input) => logical.sink(input, table));
  const judges = judgesOf([...roots, late]);
  const judge = (sizeMs: number, lateRead = false) => ({ window: tumbling(sizeMs), latenessMs: 0, lateRead });
  expect(judges.get(a)).toEqual([judge(6, true), judge(10)]);
  expect(judges.get(b)).toEqual([judge(6, true), judge(10), judge(9)]);
  expect(judges.get(c)).toEqual([]);
  expect([...judges.values()].map((list) => list.length).sort()).toEqual([0, 1, 2, 3]);
});

test("windows and spans as text", () => {
  const hour = { window: tumbling(3_600_000), latenessMs: 0, lateRead: false };
  const day = { window: tumbling(86_400_000, 28_800_000), latenessMs: 300_000, lateRead: true };
  expect(judgesText([hour, { ...hour, lateRead: true }, day])).toBe("1h, 1d offset 8h + 5m");
  expect(windowText(day.window)).toBe("tumble 1d offset 8h");
  expect(windowText({ kind: "session", gapMs: 90_000, maxMs: null })).toBe("session 1m 30s");
  expect(windowText({ kind: "session", gapMs: 1000, maxMs: 3_600_000 })).toBe("session 1s at most 1h");
  expect(windowText({ kind: "hop", sizeMs: 60_000, slideMs: 1500, offsetMs: 0 })).toBe("hop 1m every 1s 500ms");
  expect(windowText({ kind: "cumulate", sizeMs: 60_000, stepMs: 1000, offsetMs: 5 })).toBe(
    "cumulate 1m by 1s offset 5ms",
  );
  const spans = [0, 1, 1500, 90_000, 3_600_000, 691_200_000].map(durationText);
  expect(spans).toEqual(["0ms", "1ms", "1s 500ms", "1m 30s", "1h", "1w 1d"]);
});

test("a span's text reads back as the span", () => {
  fc.assert(
    fc.property(fc.nat({ max: 10 ** 12 }), (ms) => {
      expect(parseDurationMs(durationText(ms))).toBe(ms);
    }),
  );
});
