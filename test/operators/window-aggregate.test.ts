// Tumbling windows by SEMANTICS: S3, S13, S17–S20, S26–S28, S38, S40–S44, S47, S49, S50, S52–S54, S59, S93, S96, S101.
import { describe, expect, test } from "vitest";
import { Batch } from "../../src/arrow/batch.js";
import { batchFromColumns } from "../../src/arrow/builder.js";
import { Column } from "../../src/arrow/column.js";
import { readRows, type Value } from "../../src/arrow/rows.js";
import { type Field, parseSchema } from "../../src/arrow/types.js";
import type { Operator } from "../../src/operators/operator.js";
import type { WindowAggregateOptions } from "../../src/operators/window-aggregate.js";
import { SnapshotBuilder } from "../../src/state/snapshot.js";
import { collect, type Element, openTestWorkspace, rebatch, testContext, watermark } from "../../src/testing/index.js";
import { BATCH_SIZES, type WindowSpec, windowAggregate } from "./window-support.js";

const { batch, workspace } = await openTestWorkspace();
const END = watermark(Number.POSITIVE_INFINITY);

interface Options {
  readonly size: number;
  readonly context?: ReturnType<typeof testContext>;
  readonly between?: (operator: Operator, index: number) => void;
  readonly deaf?: readonly ("late" | "deadLetter")[];
  readonly layout?: WindowAggregateOptions;
}

const isBatch = (element: Element): element is Batch => element instanceof Batch;
const text = (value: Value | undefined) => {
  if (value instanceof Date) return String(value.getTime());
  return Object.is(value, -0) ? "-0" : String(value);
};

/**
 * What comes out, a line a row: `start…end` of the window in milliseconds, then the other columns; and `watermark ms`.
 * Late rows follow as `late: reason` and their own columns.
 */
function outcome(elements: readonly Element[], spec: WindowSpec, options: Options): string[] {
  const rows = elements.find(isBatch) as Batch;
  const cut = rebatch(elements, options.size);
  const { elements: out, sides } = collect(windowAggregate(rows.schema, spec, options.layout), cut, {
    context: options.context ?? testContext(workspace),
    ...options,
  });
  const lines = out.flatMap((element) => {
    if (!isBatch(element)) return "watermarkMs" in element ? [`watermark ${element.watermarkMs}`] : ["split"];
    return readRows(element, { bigint: true }).map(({ windowStart, windowEnd, windowTime, ...rest }) => {
      const cells = Object.values(rest).map(text).join(" ");
      if (!(windowStart instanceof Date)) return cells;
      expect((windowTime as Date).getTime()).toBe((windowEnd as Date).getTime() - 1);
      return `${windowStart.getTime()}…${(windowEnd as Date).getTime()} ${cells}`;
    });
  });
  for (const late of sides.late) {
    for (const { lateReason, lateWatermark, lateWindowStart, lateWindowEnd, lateOperator, ...row } of readRows(late)) {
      expect(lateOperator).toBe("test");
      lines.push(`late: ${lateReason} ${Object.values(row).map(text).join(" ")}`);
      // The window it missed was over by that watermark.
      if (lateReason === "NULL_TIME") expect([lateWindowStart, lateWindowEnd]).toEqual([null, null]);
      else expect(Number(lateWatermark)).toBeGreaterThanOrEqual(Number(lateWindowEnd) - 1);
    }
  }
  for (const dead of sides.deadLetter) {
    for (const { code, raw } of readRows(dead))
      lines.push(`dead: ${code} ${new TextDecoder().decode(raw as Uint8Array)}`);
  }
  for (const element of [...out, ...cut, ...sides.late, ...sides.deadLetter]) if (isBatch(element)) element.release();
  return lines;
}

/** Entries in an operator's state: one a window and group. */
function entriesOf(operator: Operator): number {
  const builder = new SnapshotBuilder();
  operator.snapshot(builder);
  return builder.finish().tables.entries?.rowCount ?? -1;
}

/** Numbers as timestamps. */
const times = (...ms: readonly number[]) =>
  batchFromColumns(workspace, parseSchema({ t: "TIMESTAMP(3)" }), { t: ms }).persist();
const COUNT = { aggregates: ["count_star"] };

describe.each(BATCH_SIZES)("batches of %i rows", (size) => {
  test("S17 a row at end belongs to the next window; window time is end − 1 ms", () => {
    expect(outcome([times(0, 9999, 10_000), END], { sizeMs: 10_000, ...COUNT }, { size })).toEqual([
      "0…10000 2",
      "10000…20000 1",
      "watermark Infinity",
    ]);
  });

  test("S18 negative times floor", () => {
    const rows = times(-1, -10_000, -10_001);
    expect(outcome([rows, END], { sizeMs: 10_000, ...COUNT }, { size })).toEqual([
      "-20000…-10000 1",
      "-10000…0 2",
      "watermark Infinity",
    ]);
  });

  test("S19 offsets of +8 h and −8 h on day windows", () => {
    const hour = 3_600_000;
    const day = 24 * hour;
    for (const offsetMs of [8 * hour, -8 * hour]) {
      const at = (hours: number) => hours * hour + offsetMs;
      const rows = times(at(0), at(23), at(24), at(-1));
      expect(outcome([rows, END], { sizeMs: day, offsetMs, ...COUNT }, { size })).toEqual([
        `${offsetMs - day}…${offsetMs} 1`,
        `${offsetMs}…${offsetMs + day} 2`,
        `${offsetMs + day}…${offsetMs + 2 * day} 1`,
        "watermark Infinity",
      ]);
    }
  });

  test("S20 windows are aligned to the epoch, never to the first row; weeks by offset to Monday", () => {
    const day = 86_400_000;
    const wednesday = Date.UTC(2026, 0, 7);
    const [monday, thursday] = [Date.UTC(2026, 0, 5), Date.UTC(2026, 0, 1)];
    const rows = times(wednesday);
    const weeks = (offsetMs: number) => outcome([rows, END], { sizeMs: 7 * day, offsetMs, ...COUNT }, { size })[0];
    expect(weeks(4 * day)).toBe(`${monday}…${monday + 7 * day} 1`);
    expect(weeks(0)).toBe(`${thursday}…${thursday + 7 * day} 1`);
  });

  test("S26 no output for empty windows", () => {
    expect(outcome([times(5, 1_000_005), END], { sizeMs: 10, ...COUNT }, { size })).toEqual([
      "0…10 1",
      "1000000…1000010 1",
      "watermark Infinity",
    ]);
  });

  test("S27 years −9999 to 9999 survive, and sizes beyond 2^31 ms", () => {
    const years = [-9999, 1, 1582, 1969, 1970, 2262, 9999];
    const dates = years.map((year) => {
      const date = new Date(0);
      date.setUTCFullYear(year, 3, 12);
      return date.getTime();
    });
    const rows = times(...dates);
    const century = 100 * 365 * 86_400_000;
    expect(century).toBeGreaterThan(2 ** 31);
    for (const sizeMs of [1000, century]) {
      const starts = dates.map((ms) => Math.floor(ms / sizeMs) * sizeMs);
      const counts = new Map<number, number>();
      for (const start of starts) counts.set(start, (counts.get(start) ?? 0) + 1);
      const expected = [...counts].map(([start, count]) => `${start}…${start + sizeMs} ${count}`);
      for (const layout of [{}, { denseBytesMax: 0 }]) {
        expect(outcome([rows, END], { sizeMs, ...COUNT }, { size, layout })).toEqual([
          ...expected,
          "watermark Infinity",
        ]);
      }
    }
  });

  test("S28 event time compares at milliseconds, values keep their digits", () => {
    const rows = batch`t:TIMESTAMP(6) u:TIMESTAMP(6)
      | 1969-12-31T23:59:59.999999 1969-12-31T23:59:59.999999
      | 1970-01-01T00:00:00.009999 1970-01-01T00:00:00.009999
      | 1970-01-01T00:00:00.010000 1970-01-01T00:00:00.000001`;
    expect(outcome([rows, END], { sizeMs: 10, aggregates: ["count_star", "max u"] }, { size })).toEqual([
      "-10…0 1 1969-12-31T23:59:59.999999",
      "0…10 1 1970-01-01T00:00:00.009999",
      "10…20 1 1970-01-01T00:00:00.000001",
      "watermark Infinity",
    ]);
  });

  test("S38 days of plain timestamps have 24 hours, on the days clocks change too", () => {
    const day = 86_400_000;
    const hours = Array.from({ length: 72 }, (_, hour) => Date.UTC(2021, 2, 13, hour));
    const lines = outcome([times(...hours), END], { sizeMs: day, ...COUNT }, { size });
    expect(lines.slice(0, 3).map((line) => line.split(" ")[1])).toEqual(["24", "24", "24"]);
  });

  test("S3 S13 windows due fire first, then the watermark goes on; without rows it only goes on", () => {
    const rows = times(1, 2, 12);
    expect(
      outcome(
        [watermark(-5), rows, watermark(8), watermark(9), watermark(30), END],
        { sizeMs: 10, ...COUNT },
        { size },
      ),
    ).toEqual([
      "watermark -5",
      "watermark 8",
      "0…10 2",
      "watermark 9",
      "10…20 1",
      "watermark 30",
      "watermark Infinity",
    ]);
  });

  test("S2 a watermark that goes back is ignored", () => {
    const lines = outcome(
      [watermark(50), times(55, 49), watermark(20), times(44), END],
      { sizeMs: 10, ...COUNT },
      { size },
    );
    expect(lines).toEqual(["watermark 50", "50…60 1", "watermark Infinity", "late: LATE 49", "late: LATE 44"]);
  });

  test("S40 a row is late when its window's end − 1 + lateness has passed", () => {
    const rows = (...ms: number[]) => times(...ms);
    const elements = [rows(15), watermark(8), rows(5), watermark(9), rows(6, 10), END];
    expect(outcome(elements, { sizeMs: 10, ...COUNT }, { size })).toEqual([
      "watermark 8",
      "0…10 1",
      "watermark 9",
      "10…20 2",
      "watermark Infinity",
      "late: LATE 6",
    ]);
  });

  test("S41 S43 with lateness a window is kept, and fires again with the updated result, its changed groups only", () => {
    const rows = (cells: string) => batch`t:TIMESTAMP(3) k:STRING v:INT ${cells}`;
    const elements = [
      rows("| 1 a 1 | 2 b 2"),
      watermark(9),
      rows("| 3 a 10"),
      watermark(13),
      rows("| 4 c 5"),
      watermark(14),
      rows("| 4 a 7 | 11 a 9"),
      END,
    ];
    const spec = { sizeMs: 10, latenessMs: 5, keys: ["k"], aggregates: ["sum v"] };
    for (const layout of [{}, { denseBytesMax: 0 }]) {
      expect(outcome(elements, spec, { size, layout })).toEqual([
        "0…10 a 1",
        "0…10 b 2",
        "watermark 9",
        "0…10 a 11",
        "watermark 13",
        "0…10 c 5",
        "watermark 14",
        "10…20 a 9",
        "watermark Infinity",
        "late: LATE 4 a 7",
      ]);
    }
  });

  test("S42 late rows come with all their columns, reason, watermark and operator", () => {
    const rows = batch`t:TIMESTAMP(3) k:STRING v:DOUBLE | 25 x 1.5 | 3 y NULL | 26 NULL 2.5 | 4 z -1`;
    const lines = outcome([watermark(19), rows, END], { sizeMs: 10, keys: ["k"], aggregates: ["sum v"] }, { size });
    expect(lines).toEqual([
      "watermark 19",
      "20…30 x 1.5",
      "20…30 null 2.5",
      "watermark Infinity",
      "late: LATE 3 y null",
      "late: LATE 4 z -1",
    ]);
  });

  test("S44 without a late output: a counter and one warning", () => {
    const context = testContext(workspace);
    const elements = [watermark(99), times(1, 2, 150), times(3), END];
    const lines = outcome(elements, { sizeMs: 10, ...COUNT }, { size, context, deaf: ["late"] });
    expect(lines).toEqual(["watermark 99", "150…160 1", "watermark Infinity"]);
    expect(context.metrics.lateRows).toBe(3);
    expect(context.warnings).toHaveLength(1);
  });

  test("a NULL event time that reaches the window is late too", () => {
    const rows = batch`t:TIMESTAMP(3) | 1 | NULL | 2`;
    expect(outcome([rows, END], { sizeMs: 10, ...COUNT }, { size })).toEqual([
      "0…10 2",
      "watermark Infinity",
      "late: NULL_TIME null",
    ]);
  });

  test("S47 NULL keys are one group, apart from every value", () => {
    const rows = batch`t:TIMESTAMP(3) a:INT b:STRING c:DOUBLE#
      | 1 NULL NULL NULL | 1 0 "" 0 | 1 NULL NULL NULL | 1 NULL "" 0 | 1 0 NULL 0 | 1 0 "" NULL`;
    const count = (keys: string[]) => outcome([rows, END], { sizeMs: 10, keys, ...COUNT }, { size }).slice(0, -1);
    expect(count(["a"])).toEqual(["0…10 null 3", "0…10 0 3"]);
    expect(count(["b"])).toEqual(["0…10 null 3", "0…10  3"]);
    expect(count(["c"])).toEqual(["0…10 null 3", "0…10 0 3"]);
    expect(count(["a", "b", "c"])).toEqual([
      "0…10 null null null 2",
      "0…10 0  0 1",
      "0…10 null  0 1",
      "0…10 0 null 0 1",
      "0…10 0  null 1",
    ]);
  });

  test("S49 aggregates of only NULLs are NULL, COUNT is 0", () => {
    const rows = batch`t:TIMESTAMP(3) k:INT f:DOUBLE g:FLOAT i:INT l:BIGINT d:DECIMAL(10,2) s:STRING
      | 1 1 NULL NULL NULL NULL NULL NULL | 1 2 1 2 3 4 5.00 x | 1 1 NULL NULL NULL NULL NULL NULL`;
    for (const column of ["f", "g", "i", "l", "d"]) {
      const aggregates = ["count_star", ...["count", "sum", "min", "max", "avg"].map((fn) => `${fn} ${column}`)];
      const lines = outcome([rows, END], { sizeMs: 10, keys: ["k"], aggregates }, { size });
      expect(lines[0]).toBe("0…10 1 2 0 null null null null");
      expect(lines[1]).not.toContain("null");
    }
    const counts = { sizeMs: 10, keys: ["k"], aggregates: ["count s", "count f", "count_star"] };
    expect(outcome([rows, END], counts, { size }).slice(0, 2)).toEqual(["0…10 1 0 0 2", "0…10 2 1 1 1"]);
  });

  test("S50 without window and keys there is one row at the end, over no input too; with keys none", () => {
    const rows = batch`t:TIMESTAMP(3) k:INT v:DOUBLE | 1 1 2 | 5 1 3 | 900 2 4`;
    const aggregates = ["count_star", "count v", "sum v", "min v", "max v", "avg v"];
    const whole = (elements: Element[], keys: string[]) =>
      outcome([...elements, END], { sizeMs: null, keys, aggregates }, { size });
    expect(whole([rows, watermark(70)], [])).toEqual(["watermark 70", "3 3 9 2 4 3", "watermark Infinity"]);
    expect(whole([rows], ["k"])).toEqual(["1 2 2 5 2 3 2.5", "2 1 1 4 4 4 4", "watermark Infinity"]);
    expect(whole([rows.slice(0, 0).persist()], [])).toEqual(["0 0 null null null null", "watermark Infinity"]);
    expect(whole([rows.slice(0, 0).persist()], ["k"])).toEqual(["watermark Infinity"]);
  });

  test("S52 NaN is the greatest: MAX if there is one, MIN if there is nothing else; all NaN keys are one", () => {
    const rows = batch`t:TIMESTAMP(3) k:INT v:DOUBLE w:DOUBLE
      | 1 1 NaN NaN | 1 1 5 1 | 1 2 NaN NaN | 1 2 NaN NaN | 1 3 Infinity 0 | 1 3 -Infinity 0`;
    const lines = outcome(
      [rows, END],
      { sizeMs: 10, keys: ["k"], aggregates: ["min v", "max v", "sum v", "avg v", "count v"] },
      { size },
    );
    expect(lines.slice(0, 3)).toEqual([
      "0…10 1 5 NaN NaN NaN 2",
      "0…10 2 NaN NaN NaN NaN 2",
      "0…10 3 -Infinity Infinity NaN NaN 2",
    ]);
    const byFloat = outcome([rows, END], { sizeMs: 10, keys: ["w"], ...COUNT }, { size });
    expect(byFloat.slice(0, -1)).toEqual(["0…10 NaN 3", "0…10 1 1", "0…10 0 2"]);
  });

  test("S53 −0 and 0 are one group, and print 0", () => {
    const rows = batch`t:TIMESTAMP(3) v:DOUBLE f:FLOAT | 1 -0 -0 | 1 0 0 | 1 -0 -0`;
    const aggregates = ["count_star", "sum v", "min v", "max v", "avg v", "min f", "max f"];
    for (const key of ["v", "f"]) {
      expect(outcome([rows, END], { sizeMs: 10, keys: [key], aggregates }, { size })[0]).toBe("0…10 0 3 0 0 0 0 0 0");
    }
  });

  test("S54 sums of integers are 128 bits wide inside, and OVERFLOW when they do not fit", () => {
    const back = batch`t:TIMESTAMP(3) v:BIGINT
      | 1 9223372036854775807 | 1 9223372036854775807 | 1 -9223372036854775807 | 1 -9223372036854775806`;
    expect(outcome([back, END], { sizeMs: 10, aggregates: ["sum v", "avg v"] }, { size })[0]).toBe("0…10 1 0.25");
    const over = batch`t:TIMESTAMP(3) k:INT v:BIGINT | 1 1 5 | 1 7 9223372036854775807 | 1 7 1`;
    const spec = { sizeMs: 10, keys: ["k"], aggregates: ["sum v"] };
    expect(() => outcome([over, END], spec, { size })).toThrow(
      expect.objectContaining({ code: "OVERFLOW", message: expect.stringMatching(/SUM.*"k":7/) }),
    );
  });

  test("S54 sums of decimals are exact to 38 digits, averages rounded half up", () => {
    const rows = batch`t:TIMESTAMP(3) v:DECIMAL(18,2) w:DECIMAL(4,1)
      | 1 9999999999999999.99 0.1 | 1 9999999999999999.99 0.1 | 1 0.01 -0.1`;
    expect(outcome([rows, END], { sizeMs: 10, aggregates: ["sum v", "avg v", "max v", "avg w"] }, { size })[0]).toBe(
      "0…10 19999999999999999.99 6666666666666666.663333 9999999999999999.99 0.033333",
    );
  });

  test("S59 a result that overflows follows the row policy; the others come out", () => {
    const rows = batch`t:TIMESTAMP(3) k:INT v:BIGINT
      | 1 1 5 | 1 7 9223372036854775807 | 1 8 6 | 1 7 1 | 12 7 9`;
    const spec = { sizeMs: 10, keys: ["k"], aggregates: ["sum v", "count_star"] };
    const rest = ["0…10 1 5 1", "0…10 8 6 1", "10…20 7 9 1", "watermark Infinity"];
    const skip = testContext(workspace, { rowPolicy: "skip" });
    expect(outcome([rows, END], spec, { size, context: skip })).toEqual(rest);
    expect(skip.metrics.badRows).toBe(1);
    const keep = testContext(workspace, { rowPolicy: "deadLetter" });
    const [dead] = outcome([rows, END], spec, { size, context: keep }).slice(rest.length);
    expect(dead).toMatch(/^dead: OVERFLOW \{"windowStart":"1970-01-01.*"k":7\}$/);
    const deaf = testContext(workspace, { rowPolicy: "deadLetter" });
    expect(outcome([rows, END], spec, { size, context: deaf, deaf: ["deadLetter"] })).toEqual(rest);
    expect(deaf.warnings).toHaveLength(1);
  });

  test("S93 state of every key goes at end + lateness, of keys without later rows too", () => {
    const counts: number[] = [];
    const between = (operator: Operator) => counts.push(entriesOf(operator));
    const rows = batch`t:TIMESTAMP(3) k:STRING | 1 a | 2 b | 3 c | 15 a`;
    outcome(
      [rows, watermark(9), watermark(13), watermark(14), watermark(23), watermark(24), END],
      { sizeMs: 10, latenessMs: 5, keys: ["k"], ...COUNT },
      { size, between },
    );
    // After the rows, then after each watermark; end − 1 + 5 ends a window's state: at 14, then at 24.
    expect(counts.slice(-7)).toEqual([4, 4, 4, 1, 1, 0, 0]);
  });

  test("S101 sliced validity at any bit offset gives the same results", () => {
    const rows = batch`t:TIMESTAMP(3) k:STRING v:INT b:BOOLEAN
      | 1 a 1 true | 1 NULL 2 NULL | 1 a NULL false | 1 b 4 NULL | 1 NULL NULL true | 1 b 6 false | 1 a 7 NULL
      | 1 NULL 8 true | 1 b NULL NULL | 1 a 10 true | 1 a 11 true`;
    const spec = { sizeMs: 10, keys: ["k"], aggregates: ["count_star", "sum v", "count v", "count b"] };
    const oracle = (start: number) => {
      const groups = new Map<unknown, number[]>();
      for (const { k, v, b } of readRows(rows).slice(start)) {
        const group = groups.get(k) ?? [0, 0, 0, 0];
        groups.set(k, group);
        const add = [1, Number(v ?? 0), v === null ? 0 : 1, b === null ? 0 : 1];
        add.forEach((value, i) => {
          group[i] = (group[i] as number) + value;
        });
      }
      return [...groups].map(
        ([key, [n, sum, counted, bits]]) => `0…10 ${key} ${n} ${counted === 0 ? null : sum} ${counted} ${bits}`,
      );
    };
    for (let start = 0; start < 10; start++) {
      const part = rows.slice(start, rows.rowCount).persist();
      expect(outcome([part, END], spec, { size }).slice(0, -1)).toEqual(oracle(start));
    }
  });
});

test("no batch that comes out is larger than batchRowsMax, fired again or not", () => {
  const rows = batch`t:TIMESTAMP(3) k:INT | 1 1 | 2 2 | 3 3 | 4 4 | 5 5 | 12 6 | 23 7`;
  const operator = windowAggregate(rows.schema, { sizeMs: 10, latenessMs: 5, keys: ["k"], ...COUNT });
  const context = testContext(workspace, { batchRowsMax: 2 });
  const { elements } = collect(operator, [rows, watermark(9), rows, END], { context });
  const sizes = elements.filter(isBatch).map((element) => element.rowCount);
  expect(sizes).toEqual([2, 2, 1, 2, 2, 1, 2]);
  for (const element of elements) if (isBatch(element)) element.release();
});

test.each([
  ["dense", {}],
  ["sparse", { denseBytesMax: 0 }],
])("S96 two million distinct keys through 1-s windows: flat memory, %s cells", (_, layout) => {
  const rows = 8192;
  const batches = Math.ceil(2_000_000 / rows);
  const schema = parseSchema({ t: "TIMESTAMP(3)", k: "BIGINT", v: "DOUBLE" });
  const operator = windowAggregate(schema, { sizeMs: 1000, keys: ["k"], aggregates: ["sum v", "count_star"] }, layout);
  const context = testContext(workspace);
  const totals = { groups: 0, count: 0 };
  const out = {
    emit: (result: Batch) => {
      totals.groups += result.rowCount;
      const counts = result.column(5).values >>> 2;
      for (let row = 0; row < result.rowCount; row++) totals.count += memory.u32[counts + 2 * row] as number;
    },
    watermark: () => undefined,
    split: () => undefined,
    side: () => undefined,
    hasSide: () => false,
  };
  const { arena, memory } = workspace.account;
  const usedBytes: number[] = [];
  operator.open(context);
  for (let index = 0; index < batches; index++) {
    arena.reset();
    // 20,000 rows a second of event time, every key new.
    const first = index * rows;
    const [t, k, v] = [arena.allocate(rows * 8), arena.allocate(rows * 8), arena.allocate(rows * 8)] as const;
    for (let row = 0; row < rows; row++) {
      memory.u32[(t >>> 2) + 2 * row] = Math.floor((first + row) / 20);
      memory.u32[(t >>> 2) + 2 * row + 1] = 0;
      memory.u32[(k >>> 2) + 2 * row] = first + row;
      memory.u32[(k >>> 2) + 2 * row + 1] = (first + row) ^ 0x5a5a;
      memory.f64[(v >>> 3) + row] = 1;
    }
    const column = (name: number, values: number) =>
      new Column({ type: (schema.fields[name] as Field).type, length: rows, values });
    operator.processBatch(new Batch(workspace, schema, [column(0, t), column(1, k), column(2, v)], rows), 0, out);
    operator.processWatermark(Math.floor((first + rows) / 20) - 500, out);
    expect(context.metrics.stateBytes).toBeGreaterThan(0);
    usedBytes.push(context.metrics.stateBytes);
  }
  operator.processWatermark(Number.POSITIVE_INFINITY, out);
  operator.close();
  expect(totals).toEqual({ groups: batches * rows, count: batches * rows });
  // What a few windows take is reached early, and never passed.
  const early = Math.max(...usedBytes.slice(0, batches / 8));
  expect(Math.max(...usedBytes)).toBe(early);
  expect(early).toBeLessThan(16e6);
});
