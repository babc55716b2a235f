// The deduplication by itself: stopped and restored anywhere, in pieces, and out of memory.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Batch } from "../../src/arrow/batch.js";
import { batchFromColumns } from "../../src/arrow/builder.js";
import { readRows } from "../../src/arrow/rows.js";
import { columnIndex, parseSchema, type Schema } from "../../src/arrow/types.js";
import { Deduplicate } from "../../src/operators/deduplicate.js";
import { readSnapshot, type Snapshot, SnapshotBuilder } from "../../src/state/snapshot.js";
import {
  collect,
  type Element,
  formatElements,
  openTestWorkspace,
  rebatch,
  testContext,
  watermark,
} from "../../src/testing/index.js";
import { seeded } from "../kernels/harness.js";
import { BATCH_SIZES } from "./window-support.js";

const { batch, workspace } = await openTestWorkspace();

interface How {
  readonly keys: readonly string[];
  readonly time?: string | null;
  readonly withinMs?: number | null;
  /** Columns of the input that go on, from the front. */
  readonly columns?: number;
}

function deduplicate(input: Schema, { keys, time = "t", withinMs = null, columns }: How): Deduplicate {
  return new Deduplicate(
    {
      kind: "deduplicate",
      uid: "once",
      name: "deduplicate",
      inputs: [{ node: 0, side: null }],
      schema: { fields: input.fields.slice(0, columns ?? input.fields.length) },
      rowPolicy: "fail",
      timeColumn: time === null ? -1 : columnIndex(input, time),
      keys: keys.map((key) => columnIndex(input, key)),
      withinMs,
    },
    input,
  );
}

/** Rows that came out, one a line, and those that were late. */
function outcome(elements: readonly Element[], late: readonly Batch[]) {
  const lines = (batches: readonly Batch[]) =>
    batches.flatMap((rows) => readRows(rows).map((row) => JSON.stringify(Object.values(row))));
  return {
    rows: lines(elements.filter((element): element is Batch => "rowCount" in element)),
    late: lines(late).sort(),
  };
}

/** In one go, or with a new operator from the snapshot of the one before for every element. */
function runIt(elements: readonly Element[], input: Schema, how: How, restart: boolean, yieldEvery = 0) {
  const out: Element[] = [];
  const late: Batch[] = [];
  let saved: Snapshot | undefined;
  let duplicates = 0;
  for (const part of restart ? elements.map((element) => [element]) : [elements]) {
    const context = testContext(workspace, { yieldEvery, batchRowsMax: 5 });
    const emitted = collect(deduplicate(input, how), part, {
      context,
      opened: (operator) => saved && operator.restore(readSnapshot(saved)),
      between: (operator) => {
        if (!restart) return;
        const builder = new SnapshotBuilder();
        operator.snapshot(builder);
        saved = structuredClone(builder.finish());
      },
    });
    duplicates += context.metrics.duplicateRows;
    out.push(...emitted.elements);
    late.push(...emitted.sides.late);
  }
  return { ...outcome(out, late), duplicates };
}

describe.each(BATCH_SIZES)("batches of %i rows", (size) => {
  test("S45 rows go on in the order of time when the watermark has reached them: t ≤ watermark", () => {
    const rows = batch`t:TIMESTAMP(3) k:INT | 5 1 | 3 2 | 4 1 | 9 3 | 3 2`;
    const elements = [
      ...rebatch([rows], size),
      watermark(4),
      watermark(8),
      batch`t:TIMESTAMP(3) k:INT | 8 4`,
      watermark(9),
    ];
    const emitted = collect(deduplicate(rows.schema, { keys: ["k"] }), elements, { workspace });
    expect(formatElements(emitted.elements).replaceAll("1970-01-01T00:00:00.00", "")).toBe(
      "t:TIMESTAMP(3) k:INT\n| 3 2\n| 4 1\nwatermark 4\nwatermark 8\n| 8 4\n| 9 3\nwatermark 9",
    );
  });

  test("columns that keys were computed to do not go on", () => {
    const rows = batch`t:TIMESTAMP(3) v:STRING $0:STRING | 1 A a | 2 a a | 3 B b`;
    const emitted = collect(
      deduplicate(rows.schema, { keys: ["$0"], columns: 2 }),
      [...rebatch([rows], size), watermark(10)],
      { workspace },
    );
    const batches = emitted.elements.filter((element): element is Batch => "rowCount" in element);
    expect(batches.map(({ schema }) => schema.fields.map(({ name }) => name))[0]).toEqual(["t", "v"]);
    expect(outcome(batches, []).rows).toHaveLength(2);
  });
});

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.array(fc.tuple(fc.integer({ min: -20, max: 60 }), fc.integer({ min: 0, max: 9 })), {
        maxLength: 12,
      }),
    },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 25 }) },
  ),
  { maxLength: 25 },
);

const SCHEMA = parseSchema({
  t: "TIMESTAMP(3)",
  k: "STRING",
  c: "STRING",
  n: "INT",
  tags: "ARRAY<STRING>",
  at: "ROW<ms INT, even BOOLEAN>",
});

/** Batches of rows around the watermark, and watermarks that go up; texts and lists go along with the rows. */
function elementsOf(some: readonly (number | readonly (readonly [number, number])[])[]): Element[] {
  let [now, count] = [0, 0];
  return some.flatMap((step): Element[] => {
    if (typeof step === "number") {
      now += step;
      return [watermark(now)];
    }
    if (step.length === 0) return [];
    const first = count;
    count += step.length;
    const columns = {
      t: step.map(([ms]) => new Date(now + ms)),
      k: step.map(([, key]) => (key === 0 ? null : `key-of-some-length-${key}`)),
      c: { codes: step.map((_, i) => (first + i) % 4), values: ["p", "q", "r", "s"] },
      n: step.map((_, i) => first + i),
      tags: step.map((_, i) => ((first + i) % 3 === 0 ? null : [`x${first + i}`, null])),
      at: step.map(([ms]) => ({ ms, even: ms % 2 === 0 })),
    };
    return [batchFromColumns(workspace, SCHEMA, columns, { lifetime: "region" })];
  });
}

test.each([
  ["by event time", { keys: ["k"] }],
  ["by event time, within 30 ms", { keys: ["k", "c"], withinMs: 30 }],
  ["by arrival", { keys: ["k"], time: null }],
] as const)("stopped and restored after every element, in pieces, %s: the same rows, in the same order", (_, how) => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 3 }), (some, yieldEvery) => {
      const elements = [...elementsOf(some), watermark(Number.POSITIVE_INFINITY)];
      const straight = runIt(elements, SCHEMA, how, false);
      expect(runIt(elements, SCHEMA, how, true)).toEqual(straight);
      expect(runIt(elements, SCHEMA, how, false, yieldEvery)).toEqual(straight);
    }),
    { numRuns: 150 },
  );
});

test("more rows at once than a batch has go on in the order of time, each key once", () => {
  const chance = seeded(7);
  const ms = Array.from({ length: 30_000 }, () => Math.floor(chance() * 5000));
  const parts = [ms.slice(0, 9000), ms.slice(9000, 17_000), ms.slice(17_000)].map((some) =>
    batchFromColumns(
      workspace,
      parseSchema({ t: "TIMESTAMP(3)", k: "INT" }),
      { t: some.map((each) => new Date(each)), k: some.map((each) => each % 4999) },
      { lifetime: "region" },
    ),
  );
  const input = (parts[0] as Batch).schema;
  const emitted = collect(deduplicate(input, { keys: ["k"] }), [...parts, watermark(Number.POSITIVE_INFINITY)], {
    workspace,
  });
  const rows = emitted.elements.flatMap((element) => ("rowCount" in element ? readRows(element) : []));
  const wanted = [...new Set(ms)].sort((a, b) => a - b).filter((each) => each < 4999 || !ms.includes(each - 4999));
  expect(rows.map(({ t }) => Number(t))).toEqual(wanted);
});

test("a snapshot of other keys is STATE_MISMATCH", () => {
  const rows = batch`t:TIMESTAMP(3) k:INT s:STRING | 5 1 a`;
  const builder = new SnapshotBuilder();
  collect(deduplicate(rows.schema, { keys: ["k"] }), [rows], {
    workspace,
    between: (operator) => operator.snapshot(builder),
  });
  const other = deduplicate(rows.schema, { keys: ["s"] });
  other.open(testContext(workspace));
  expect(() => other.restore(readSnapshot(builder.finish()))).toThrow(
    expect.objectContaining({ code: "STATE_MISMATCH", message: expect.stringContaining("deduplication") }),
  );
  other.close();
});

test.each([null, "t"])("out of memory anywhere, everything is given back (time %s)", async (time) => {
  for (let limitBytes = 200_000; limitBytes < 900_000; limitBytes += 33_333) {
    const small = await openTestWorkspace({ limitBytes });
    const { schema } = small.batch`t:TIMESTAMP(3) k:STRING n:INT | 1 a 1`;
    small.account.arena.release();
    const before = small.account.usedBytes;
    const operator = deduplicate(schema, { keys: ["k", "n"], time });
    const nothing = { emit: () => undefined, watermark: () => undefined, split: () => undefined };
    const out = { ...nothing, side: () => undefined, hasSide: () => false };
    const held: Batch[] = [];
    const fill = () => {
      operator.open(testContext(small.workspace));
      for (let i = 0; ; i++) {
        const rows = Array.from({ length: 100 }, (_, row) => `| ${i} key-${i}-${row} ${row}`);
        held.push(small.batch`${`t:TIMESTAMP(3) k:STRING n:INT ${rows.join(" ")}`}`);
        operator.processBatch(held[0] as Batch, 0, out);
        held.pop()?.release();
        if (i % 7 === 0) operator.processWatermark(i - 3, out);
        small.account.arena.reset();
      }
    };
    expect(fill).toThrow(expect.objectContaining({ code: "MEMORY_LIMIT" }));
    operator.close();
    small.account.arena.release();
    for (const rows of held) rows.release();
    expect(small.account.usedBytes).toBe(before);
    small.account.dispose();
  }
});
