// Watermarks by SEMANTICS S1–S6, S11, S12, S15, S16: per split, row-exact, whatever the batches.
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import type { SplitEvent } from "../../src/operators/operator.js";
import { readSnapshot, SnapshotBuilder } from "../../src/state/snapshot.js";
import {
  type Element,
  lines,
  openTestWorkspace,
  rebatch,
  run,
  split,
  testContext,
  watermark,
} from "../../src/testing/index.js";
import { BATCH_SIZES, judge, type WatermarkSpec, watermarkOf } from "./window-support.js";

const { batch, workspace } = await openTestWorkspace();

/** The rows, from split `number`. */
const from = (number: number, rows: Batch) => rows.within(workspace, number);

/** What the operator emits, rows cut at `size`: each batch's times, each watermark. */
function trace(
  elements: readonly Element[],
  spec: WatermarkSpec,
  size: number,
  context = testContext(workspace),
): string {
  const rows = elements.find((element) => "rowCount" in element) as Batch;
  const text = run(watermarkOf(rows.schema, spec), rebatch(elements, size), { context });
  return text
    .split("\n")
    .filter((line) => !line.startsWith("t:"))
    .map((line) => line.replaceAll(/1970-01-01T00:00:0?([\d.]+)/g, (_, seconds) => String(Math.round(seconds * 1000))))
    .join(", ");
}

const judges = [judge(10)];

describe.each(BATCH_SIZES)("batches of %i rows", (size) => {
  test("S1 the watermark is max − delay, and passes a window's end right behind the row that brings it there", () => {
    const rows = batch`t:TIMESTAMP(3) | 1 | 9 | 12 | 3 | 14 | 27 | 5 | 26 | 8`;
    const text = trace([rows], { delayMs: 5, judges }, size);
    // 14 brings 9, the last millisecond of [0, 10); 27 brings 22, beyond [10, 20); the rows behind them are judged by it.
    expect(text).toMatch(/\| 14, watermark 9, /);
    expect(text).toMatch(/\| 27, watermark 22, \| 5/);
    expect(text.replaceAll(/watermark \S+, /g, "")).toBe("| 1, | 9, | 12, | 3, | 14, | 27, | 5, | 26, | 8");
  });

  test("S1 a row is not judged by the watermark that it makes itself", () => {
    const rows = batch`t:TIMESTAMP(3) | 5 | 100 | 5`;
    expect(trace([rows], { judges }, size)).toMatch(/\| 5, .*\| 100, watermark 100, \| 5$/);
  });

  test("S2 a watermark never goes back", () => {
    const rows = batch`t:TIMESTAMP(3) | 50 | 20 | 10 | 60 | 55`;
    const marks = [...trace([rows], {}, size).matchAll(/watermark (\S+?)(,|$)/g)].map(([, mark]) => Number(mark));
    expect(marks).toEqual([...new Set(marks)].sort((a, b) => a - b));
    expect(marks.at(-1)).toBe(60);
  });

  test("S4 S6 the minimum over the splits, which start at −∞", () => {
    const text = trace(
      [
        split(0, "active"),
        split(1, "active"),
        from(0, batch`t:TIMESTAMP(3) | 100`),
        from(1, batch`t:TIMESTAMP(3) | 30`),
        from(1, batch`t:TIMESTAMP(3) | 70`),
        from(0, batch`t:TIMESTAMP(3) | 200`),
      ],
      {},
      size,
    );
    expect(text).toBe("split 0 active, split 1 active, | 100, | 30, watermark 30, | 70, watermark 70, | 200");
  });

  test("S4 an idle split leaves the minimum; when it resumes it re-enters at once and holds it", () => {
    const text = trace(
      [
        split(0, "active"),
        split(1, "active"),
        from(0, batch`t:TIMESTAMP(3) | 100`),
        from(1, batch`t:TIMESTAMP(3) | 30`),
        split(1, "idle"),
        from(0, batch`t:TIMESTAMP(3) | 110`),
        from(1, batch`t:TIMESTAMP(3) | 40`),
        from(0, batch`t:TIMESTAMP(3) | 120`),
        from(1, batch`t:TIMESTAMP(3) | 115`),
      ],
      {},
      size,
    );
    expect(text).toBe(
      "split 0 active, split 1 active, | 100, | 30, watermark 30, split 1 idle, watermark 100, | 110, watermark 110, " +
        "split 1 active, | 40, | 120, | 115, watermark 115",
    );
  });

  test("S5 all splits idle: the watermark stays, nothing is flushed", () => {
    const text = trace([split(0, "active"), from(0, batch`t:TIMESTAMP(3) | 7`), split(0, "idle")], {}, size);
    expect(text).toBe("split 0 active, | 7, watermark 7, split 0 idle");
  });

  test("S15 S16 a split that ends neither holds the others nor pushes them", () => {
    const text = trace(
      [
        split(0, "active"),
        split(1, "active"),
        from(0, batch`t:TIMESTAMP(3) | 10`),
        from(1, batch`t:TIMESTAMP(3) | 50`),
        split(0, "done"),
        from(1, batch`t:TIMESTAMP(3) | 60`),
        split(1, "done"),
        watermark(Number.POSITIVE_INFINITY),
      ],
      {},
      size,
    );
    expect(text).toBe(
      "split 0 active, split 1 active, | 10, | 50, watermark 10, split 0 done, watermark 50, | 60, watermark 60, " +
        "split 1 done, watermark Infinity",
    );
  });

  test("S15 finite watermarks from above say nothing that the rows do not", () => {
    const text = trace([watermark(1000), batch`t:TIMESTAMP(3) | 7`, watermark(2000)], {}, size);
    expect(text).toBe("| 7, watermark 7");
  });

  test("S11 a NULL event time goes to the late output, reason NULL_TIME, and moves nothing", () => {
    const rows = batch`t:TIMESTAMP(3) a:INT | NULL 1 | 20 2 | NULL 3`;
    const text = run(watermarkOf(rows.schema), rebatch([rows], size));
    // The watermark beside a late row is the operator's when the batch came, so it is left out here.
    expect(text.replaceAll(/NULL_TIME \S+ (.*) test/g, "NULL_TIME … $1 test")).toBe(lines`
      t:TIMESTAMP(3) a:INT
      | 1970-01-01T00:00:00.020 2
      watermark 20
      late t:TIMESTAMP(3) a:INT lateReason:STRING! lateWatermark:TIMESTAMP(3) lateWindowStart:TIMESTAMP(3) lateWindowEnd:TIMESTAMP(3) lateOperator:STRING!
      | NULL 1 NULL_TIME … NULL NULL test
      | NULL 3 NULL_TIME … NULL NULL test
    `);
  });

  test("S12 an event too far ahead of the clock goes there too and moves nothing", () => {
    const context = testContext(workspace, { nowMs: 1_000_000 });
    const rows = batch`t:TIMESTAMP(3) | 999000 | 4102444800000 | 1000500 | 1000501 | 999500`;
    const operator = watermarkOf(rows.schema, { maxFutureDriftMs: 500 });
    const emitted = run(operator, rebatch([rows], size), { context });
    const late = emitted.slice(emitted.indexOf("late "));
    expect(late.match(/FUTURE/g)).toHaveLength(2);
    expect(late).toContain("2100-01-01T00:00:00 FUTURE");
    expect(late).toContain("1970-01-01T00:16:40.501 FUTURE");
    expect(emitted.match(/watermark \d+/g)?.at(-1)).toBe("watermark 1000500");
    expect(context.metrics.lateRows).toBe(2);
  });

  test("a time beyond the years −9999 to 9999 is late with reason TIME_RANGE", () => {
    const rows = batch`t:TIMESTAMP(6) | 0001-01-01T00:00:00 | 9999-12-31T23:59:59.999999`;
    const { memory } = workspace.account;
    // As a file could have it: the builder refuses such times.
    memory.i64[rows.column(0).values >>> 3] = -(2n ** 62n);
    const text = run(watermarkOf(rows.schema), rebatch([rows], size));
    expect(text).toContain("watermark 253402300799999");
    expect(text.match(/TIME_RANGE/g)).toHaveLength(1);
  });

  test("S44 without a late output the rows are counted, with one warning", () => {
    const context = testContext(workspace);
    const rows = batch`t:TIMESTAMP(3) | NULL | 20 | NULL`;
    run(watermarkOf(rows.schema), rebatch([rows], size), { context, deaf: ["late"] });
    expect(context.metrics.lateRows).toBe(2);
    expect(context.warnings).toHaveLength(1);
    expect(context.warnings[0]).toMatch(/late/);
  });

  test("S101 an empty batch passes nothing and breaks nothing; sliced validity at any bit is respected", () => {
    const rows = batch`t:TIMESTAMP(3) | 1 | NULL | 3 | NULL | 5 | 6 | NULL | 8 | NULL | 10 | NULL`;
    const whole = trace([rows.slice(0, 0), rows, rows.slice(3, 3)], {}, size).match(/\| \d+/g);
    for (let start = 0; start < 9; start++) {
      const part = trace([rows.slice(start, 11)], {}, size).match(/\| \d+/g);
      expect(part).toEqual(whole?.filter((row) => Number(row.slice(2)) > start));
    }
  });
});

test("S1 the first batch stays whole when none of its rows could be late by the first watermark", () => {
  const rows = batch`t:TIMESTAMP(3) | 112 | 118 | 114 | 119 | 113`;
  expect(trace([rows], { delayMs: 5, judges }, 8192)).toBe("| 112, | 118, | 114, | 119, | 113, watermark 114");
});

test("S4 a split without rows for idleMs of waiting is idle; the task is told when to ask", () => {
  const rows = batch`t:TIMESTAMP(3) | 100`;
  const context = testContext(workspace);
  const operator = watermarkOf(rows.schema, { idleMs: 1000 });
  const text = run(
    operator,
    [split(0, "active"), split(1, "active"), from(1, batch`t:TIMESTAMP(3) | 30`), from(0, rows), from(0, rows)],
    {
      context,
      between: (_, index) => {
        if (index === 2) expect(operator.dueMs).toBe(1000);
        if (index === 3) context.clock.advance(1000);
      },
    },
  );
  // Before the last batch split 1 has been silent for a second: it no longer holds the watermark.
  const told = text.split("\n").filter((line) => /^(watermark|split)/.test(line));
  expect(told).toEqual(["split 0 active", "split 1 active", "watermark 30", "split 1 idle", "watermark 100"]);
});

test("S4 processTime alone moves the watermark when a split has become idle", () => {
  const rows = batch`t:TIMESTAMP(3) | 100`;
  const context = testContext(workspace);
  const operator = watermarkOf(rows.schema, { idleMs: 500 });
  const marks: number[] = [];
  const events: SplitEvent[] = [];
  const out = {
    emit: () => undefined,
    watermark: (timeMs: number) => marks.push(timeMs),
    split: (event: SplitEvent) => events.push(event),
    side: () => undefined,
    hasSide: () => false,
  };
  operator.open(context);
  operator.processSplit({ split: 0, status: "active" }, out);
  operator.processSplit({ split: 1, status: "active" }, out);
  context.clock.advance(400);
  operator.processBatch(from(0, rows), 0, out);
  expect(marks).toEqual([]);
  expect(operator.dueMs).toBe(500);
  context.clock.advance(100);
  operator.processTime(out);
  expect(marks).toEqual([100]);
  expect(events.at(-1)).toEqual({ split: 1, status: "idle" });
  expect(operator.dueMs).toBe(900);
  operator.processBatch(from(1, rows), 0, out);
  expect(events.at(-1)).toEqual({ split: 1, status: "active" });
  operator.close();
});

test("progress of each split is its largest usable event time", () => {
  const rows = batch`t:TIMESTAMP(3) | 40 | 20 | NULL`;
  const operator = watermarkOf(rows.schema);
  run(operator, [split(2, "active"), from(3, rows)]);
  expect([2, 3, 4].map((number) => operator.progressMs(number))).toEqual([
    Number.NEGATIVE_INFINITY,
    40,
    Number.NEGATIVE_INFINITY,
  ]);
});

test("S85 a restored operator goes on with each split's watermark", () => {
  const first = [
    split(0, "active"),
    split(1, "active"),
    split(2, "active"),
    from(0, batch`t:TIMESTAMP(3) | 100`),
    from(1, batch`t:TIMESTAMP(3) | 40`),
    split(2, "done"),
  ];
  const second = [from(1, batch`t:TIMESTAMP(3) | 60`), from(0, batch`t:TIMESTAMP(3) | 61`), split(1, "done")];
  const schema = (first[3] as Batch).schema;
  const straight = run(watermarkOf(schema), [...first, ...second]);
  const builder = new SnapshotBuilder();
  const before = run(watermarkOf(schema), first, {
    between: (operator, index) => {
      if (index === first.length - 1) operator.snapshot(builder);
    },
  });
  const after = run(watermarkOf(schema), second, {
    opened: (operator) => operator.restore(readSnapshot(structuredClone(builder.finish()))),
  });
  const marks = (text: string) => text.split("\n").filter((line) => line.startsWith("watermark"));
  expect([...marks(before), ...marks(after)]).toEqual(marks(straight));
});
