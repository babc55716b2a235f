// What only operators show: the watermarks themselves while splits go idle and resume (S4, S5), and that a window emits all its results before it passes the watermark on (S13), also when it has to yield in between.
import { expect } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import {
  collect,
  type Element,
  openTestWorkspace,
  rebatch,
  run,
  split,
  testContext,
  watermark,
} from "../../src/testing/index.js";
import { judge, watermarkOf, windowAggregate } from "../operators/window-support.js";
import { law } from "./support.js";

const { batch, workspace } = await openTestWorkspace();

const from = (number: number, rows: Batch) => rows.within(workspace, number);

/** The watermarks that come out, in order. */
function marks(elements: readonly Element[], batchRows: number, delayMs = 0): number[] {
  const rows = elements.find((element) => "rowCount" in element) as Batch;
  const emitted = collect(watermarkOf(rows.schema, { delayMs, judges: [judge(10)] }), rebatch(elements, batchRows));
  return emitted.elements.flatMap((element) => ("watermarkMs" in element ? [element.watermarkMs] : []));
}

law("S4 an idle split leaves the least; resumed, it is in again at once and holds it", (batchRows) => {
  const elements = [
    split(0, "active"),
    split(1, "active"),
    from(0, batch`t:TIMESTAMP(3) | 0 | 12 | 25`),
    split(1, "idle"),
    from(1, batch`t:TIMESTAMP(3) | 5 | 22`),
    from(0, batch`t:TIMESTAMP(3) | 40 | 50`),
    from(1, batch`t:TIMESTAMP(3) | 26`),
    from(1, batch`t:TIMESTAMP(3) | 51`),
    split(0, "done"),
    split(1, "done"),
    watermark(Number.POSITIVE_INFINITY),
  ];
  // −∞ until split 1 is idle. Resumed at 5 it holds 25 against 40 and 50.
  expect(marks(elements, batchRows)).toEqual([25, 26, 50, 51, Number.POSITIVE_INFINITY]);
  return Promise.resolve();
});

law("S5 all splits idle, or done and idle: the watermark stays", (batchRows) => {
  const elements = [
    split(0, "active"),
    split(1, "active"),
    from(0, batch`t:TIMESTAMP(3) | 8`),
    from(1, batch`t:TIMESTAMP(3) | 9`),
    split(1, "idle"),
    split(0, "idle"),
    from(0, batch`t:TIMESTAMP(3) | 3`),
    split(0, "done"),
    from(1, batch`t:TIMESTAMP(3) | 7 | 30`),
    split(1, "done"),
  ];
  // Split 1 was at 9 already when it comes back with 7.
  expect(marks(elements, batchRows)).toEqual([8, 9, 30]);
  return Promise.resolve();
});

law("S13 results come before the watermark that fired them, also when they come in pieces", (batchRows) => {
  const rows = batch`t:TIMESTAMP(3) k:INT | 1 1 | 2 2 | 12 1 | 3 3 | 25 1`;
  const ms = (line: string) =>
    line.replaceAll(/1970-01-01T00:00:([\d.]+)/g, (_, second) => String(Math.round(Number(second) * 1000)));
  for (const yieldEvery of [0, 1, 2]) {
    const operator = windowAggregate(rows.schema, { sizeMs: 10, keys: ["k"], aggregates: ["count"] });
    const context = testContext(workspace, { yieldEvery, batchRowsMax: 2 });
    const elements = [...rebatch([rows], batchRows), watermark(8), watermark(19), watermark(30)];
    const order = run(operator, elements, { context })
      .split("\n")
      .filter((line) => !line.startsWith("windowStart"));
    expect(order.map(ms)).toEqual([
      "watermark 8",
      "| 0 10 9 1 1",
      "| 0 10 9 2 1",
      "| 0 10 9 3 1",
      "| 10 20 19 1 1",
      "watermark 19",
      "| 20 30 29 1 1",
      "watermark 30",
    ]);
  }
  return Promise.resolve();
});
