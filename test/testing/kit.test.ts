// The test kit itself: batch text in and out, and a driver that catches what operators may not do.
import { expect, test } from "vitest";
import { Batch } from "../../src/arrow/batch.js";
import { type Output, StatelessOperator } from "../../src/operators/operator.js";
import {
  collect,
  formatBatch,
  lines,
  openTestWorkspace,
  rebatch,
  run,
  split,
  testContext,
  watermark,
} from "../../src/testing/index.js";

const { batch, workspace, account } = await openTestWorkspace();

class PassThrough extends StatelessOperator {
  processBatch(rows: Batch, _input: number, out: Output): void {
    out.emit(rows);
  }
}

test("a batch reads back as it was written", () => {
  const rows = batch`
    a:INT b:STRING! ts:TIMESTAMP(3) micros:TIMESTAMP(6) price:DECIMAL(12, 2) f:DOUBLE flag:BOOLEAN day:DATE at:TIME raw:BYTES
    1 x 2020-01-01T00:00:00 2020-01-01T00:00:00.000001 -12.50 -0 true 1969-12-31 23:59:59.999 0x00ff
    NULL "two words" -1 NULL NULL NaN false NULL NULL 0x | 2147483647 "NULL" 0 0 0 1e300 NULL 2000-02-29 00:00 NULL
  `;
  expect(formatBatch(rows)).toBe(lines`
    a:INT b:STRING! ts:TIMESTAMP(3) micros:TIMESTAMP(6) price:DECIMAL(12,2) f:DOUBLE flag:BOOLEAN day:DATE at:TIME raw:BYTES
    | 1 x 2020-01-01T00:00:00 2020-01-01T00:00:00.000001 -12.50 -0 true 1969-12-31 23:59:59.999 0x00ff
    | NULL "two words" 1969-12-31T23:59:59.999 NULL NULL NaN false NULL NULL 0x
    | 2147483647 "NULL" 1970-01-01T00:00:00 1970-01-01T00:00:00 0.00 1e+300 NULL 2000-02-29 00:00:00 NULL
  `);
  expect(formatBatch(batch`${formatBatch(rows)}`)).toBe(formatBatch(rows));
});

test("dictionary columns hold codes and print as plain ones", () => {
  const rows = batch`key:STRING# n:BIGINT | b 1 | NULL 2 | b 9007199254740993`;
  expect(rows.column(0).dictionary?.length).toBe(1);
  expect(formatBatch(rows)).toBe("key:STRING n:BIGINT\n| b 1\n| NULL 2\n| b 9007199254740993");
});

test("run prints batches, watermarks, events and side outputs", () => {
  class Odd extends PassThrough {
    override processBatch(rows: Batch, _input: number, out: Output): void {
      out.emit(rows.slice(0, 1));
      out.side("late", rows.slice(1, 2));
    }
  }
  const text = run(new Odd(), [batch`a:INT | 1 | 2`, watermark(10), split(0, "done"), batch`a:INT | 3 | 4`]);
  expect(text).toBe("a:INT\n| 1\nwatermark 10\nsplit 0 done\n| 3\nlate a:INT\n| 2\n| 4");
});

test("rebatch keeps rows, order and watermarks", () => {
  const whole = [batch`a:INT | 1 | 2 | 3`, watermark(5), batch`a:INT | 4`];
  expect(rebatch(whole, 2).length).toBe(4);
  expect(run(new PassThrough(), rebatch(whole, 1))).toBe(run(new PassThrough(), whole));
});

test("an operator that leaks memory is named", () => {
  class Leaky extends PassThrough {
    override processBatch(): void {
      this.context.workspace.account.allocate(100);
    }
  }
  expect(() => run(new Leaky(), [batch`a:INT | 1`])).toThrow(/left 128 bytes/);
});

test("an operator that keeps arena memory sees it overwritten", () => {
  class Keeper extends PassThrough {
    #kept: Batch | undefined;
    override processBatch(rows: Batch, _input: number, out: Output): void {
      if (this.#kept !== undefined) out.emit(this.#kept);
      this.#kept = new Batch(rows.workspace, rows.schema, [copyToArena(rows)], 1);
    }
  }
  const copyToArena = (rows: Batch) => {
    const selection = account.arena.allocate(4);
    account.memory.u32[selection / 4] = 1;
    return rows.select(selection, 1).column(0);
  };
  const text = run(new Keeper(), [batch`a:INT | 1 | 2`, batch`a:INT | 3 | 4`]);
  expect(text).not.toContain("| 2");
});

test("a context yields on demand and keeps warnings once a key", () => {
  const context = testContext(workspace, { yieldEvery: 2 });
  expect([context.shouldYield(), context.shouldYield(), context.shouldYield()]).toEqual([false, true, false]);
  context.warnOnce("a", "first");
  context.warnOnce("a", "second");
  expect(context.warnings).toEqual(["first"]);
});

test("collect gives batches that outlive the run", () => {
  const { elements } = collect(new PassThrough(), [batch`a:INT | 7`]);
  account.arena.reset();
  expect(formatBatch(elements[0] as Batch)).toBe("a:INT\n| 7");
});
