// Panes of watermark nodes, and windows and spans as text.
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDurationMs } from "../../src/api/duration.js";
import { field, schemaOf, TIMESTAMP } from "../../src/arrow/types.js";
import type { LogicalPlan } from "../../src/plan/logical.js";
import * as logical from "../../src/plan/logical.js";
import { durationText, paneOf, panesOf, windowText } from "../../src/plan/window.js";

const tumble = (sizeMs: number, offsetMs = 0, latenessMs = 0) => ({
  window: { kind: "tumble", sizeMs, offsetMs } as const,
  latenessMs,
});

test("the pane of one window is the window", () => {
  expect(paneOf([tumble(3_600_000)])).toEqual({ sizeMs: 3_600_000, offsetMs: 0 });
  expect(paneOf([tumble(10, 3)])).toEqual({ sizeMs: 10, offsetMs: 3 });
  expect(paneOf([])).toBeNull();
});

test("several windows share the pane that all their ends lie on", () => {
  expect(paneOf([tumble(6), tumble(10)])).toEqual({ sizeMs: 2, offsetMs: 0 });
  expect(paneOf([tumble(10, 0), tumble(10, 4)])).toEqual({ sizeMs: 2, offsetMs: 0 });
  expect(paneOf([tumble(10, 3), tumble(20, 13)])).toEqual({ sizeMs: 10, offsetMs: 3 });
});

test("lateness that is no multiple of the size makes panes smaller", () => {
  expect(paneOf([tumble(60, 0, 120)])).toEqual({ sizeMs: 60, offsetMs: 0 });
  expect(paneOf([tumble(60, 0, 25)])).toEqual({ sizeMs: 5, offsetMs: 0 });
});

test("every moment at which a window ends or stops taking rows is a line of the pane's grid", () => {
  const part = fc.record({
    sizeMs: fc.integer({ min: 1, max: 10_000 }),
    shift: fc.nat(9999),
    latenessMs: fc.nat(20_000),
    k: fc.integer({ min: -50, max: 50 }),
  });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      const pane = paneOf(parts.map(({ sizeMs, shift, latenessMs }) => tumble(sizeMs, shift % sizeMs, latenessMs)));
      for (const { sizeMs, shift, latenessMs, k } of parts) {
        const end = k * sizeMs + (shift % sizeMs);
        for (const line of [end, end + latenessMs]) {
          expect(Math.abs((line - (pane?.offsetMs ?? 0)) % (pane?.sizeMs ?? 0))).toBe(0);
        }
      }
    }),
  );
});

test("a watermark node learns the windows that it reaches, through unions and other windows, not through side outputs", () => {
  const schema = schemaOf([field("ts", TIMESTAMP)]);
  const table = { id: "t", connector: "memory", name: "t", options: {} };
  const spec = { column: "ts", delayMs: 0, idleMs: null, maxFutureDriftMs: null };
  const marked = (): LogicalPlan => logical.watermark(logical.scan(table, schema, { bounded: true }), spec);
  const window = (input: LogicalPlan, sizeMs: number): LogicalPlan =>
    logical.windowAggregate(input, {
      ...tumble(sizeMs),
      windowColumns: { start: "s", end: "e", time: "t" },
      keys: [],
      aggregates: [],
    });
  const [a, b, c] = [marked(), marked(), marked()] as [LogicalPlan, LogicalPlan, LogicalPlan];
  const first = window(logical.union([a, b]), 6);
  const again = window(first, 10);
  const late = window(logical.watermark(logical.sideOutput(first, "late"), spec), 7);
  const panes = panesOf([logical.sink(again, table), logical.sink(window(b, 9), table), logical.sink(c, table), late]);
  expect(panes.get(a)).toEqual({ sizeMs: 2, offsetMs: 0 });
  expect(panes.get(b)).toEqual({ sizeMs: 1, offsetMs: 0 });
  expect(panes.get(c)).toBeNull();
  expect([...panes.values()].map((pane) => pane?.sizeMs ?? null).sort()).toEqual([1, 2, 7, null]);
});

test("windows and spans as text", () => {
  expect(windowText({ kind: "tumble", sizeMs: 86_400_000, offsetMs: 28_800_000 })).toBe("tumble 1d offset 8h");
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
