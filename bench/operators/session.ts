// Sessions behind the watermark operator, no job around them: rows of 1,000 keys with up to 5 s of disorder, by pauses that
// cut each key's rows many times and by one that hardly ever does; beside a Map of lists in a loop, and DuckDB's gaps and islands
// over data that is complete.
import type { Batch } from "../../src/arrow/batch.js";
import { FLOAT64, field, INT64, schemaOf, TIMESTAMP } from "../../src/arrow/types.js";
import { newMetrics, type Operator, type OperatorContext, type Output } from "../../src/operators/operator.js";
import { SessionAggregate } from "../../src/operators/session-aggregate.js";
import { Watermark } from "../../src/operators/watermark.js";
import type { PhysicalAggregate } from "../../src/plan/physical.js";
import type { Bench, Checksum, Contender } from "../harness.js";
import { DISORDER_MS, type WindowEvents, windowEvents } from "../inputs/events.js";
import { type WindowInput, windowInput } from "../inputs/window-batches.js";
import { eventTable, queryContender } from "../versus/duckdb.js";

const ROWS = 4_000_000;
const BATCH_ROWS = 8192;
/** A key has a row every 100 ms: the first gap ends a session at one pause in 150, the second at hardly any. */
const GAPS = { pauses: 500, long: 10_000 } as const;

const AGGREGATES: readonly PhysicalAggregate[] = [
  { name: "n", fn: "count_star", column: -1, type: INT64 },
  { name: "sum", fn: "sum", column: 2, type: FLOAT64 },
];

let cached: WindowEvents | undefined;

function events(): WindowEvents {
  cached ??= windowEvents(ROWS, "i64");
  return cached;
}

/** How many sessions there are, their rows, their values, and how long they last in all. */
class Totals {
  readonly checksum = { sessions: 0, count: 0, sum: 0, spanMs: 0 };

  add(count: number, sum: number, spanMs: number): void {
    this.checksum.sessions++;
    this.checksum.count += count;
    this.checksum.sum += sum;
    this.checksum.spanMs += spanMs;
  }
}

/** Each key's rows sorted, and cut at their pauses. */
function expected(gapMs: number): Checksum {
  const { times, values, keys } = events();
  const byKey = new Map<number, { times: number[]; value: number }>();
  for (let row = 0; row < ROWS; row++) {
    const key = keys[row] as number;
    const own = byKey.get(key) ?? { times: [], value: 0 };
    byKey.set(key, own);
    own.times.push(times[row] as number);
    own.value += values[row] as number;
  }
  const totals = new Totals();
  for (const { times: unordered, value } of byKey.values()) {
    const ordered = Float64Array.from(unordered).sort();
    let start = ordered[0] as number;
    let last = start;
    let sessions = 1;
    let spanMs = 0;
    for (const time of ordered) {
      if (time - last > gapMs) {
        spanMs += last + gapMs - start;
        sessions++;
        start = time;
      }
      last = time;
    }
    totals.add(ordered.length, value, spanMs + last + gapMs - start);
    totals.checksum.sessions += sessions - 1;
  }
  return totals.checksum;
}

function operators(kind: "i64" | "codes", gapMs: number): Contender {
  let input: WindowInput | undefined;
  return {
    name: `operators, ${kind}`,
    async prepare() {
      input = await windowInput(ROWS, kind);
    },
    run() {
      const { workspace, schema, rows } = input as WindowInput;
      const shared = { inputs: [{ node: 0, side: null }], rowPolicy: "fail" } as const;
      const window = { kind: "session", gapMs, maxMs: null } as const;
      const watermark: Operator = new Watermark({
        kind: "watermark",
        uid: "watermark",
        name: "watermark",
        schema,
        ...shared,
        ...{ column: 0, delayMs: DISORDER_MS, idleMs: null, quietMs: null, maxFutureDriftMs: null },
        judges: [{ window, latenessMs: 0, lateRead: false }],
      });
      const bounds = ["windowStart", "windowEnd", "windowTime"].map((name) => field(name, TIMESTAMP));
      const results = AGGREGATES.map(({ name, type }) => field(name, type));
      const sessions = new SessionAggregate(
        {
          kind: "window-aggregate",
          uid: "session",
          name: "session",
          schema: schemaOf([...bounds, schema.fields[1] as (typeof schema.fields)[number], ...results]),
          ...shared,
          window,
          timeColumn: 0,
          latenessMs: 0,
          keys: [1],
          aggregates: AGGREGATES,
        },
        window,
        schema,
      );
      const context: OperatorContext = {
        uid: "bench",
        name: "bench",
        workspace,
        clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
        metrics: newMetrics(),
        rowPolicy: "fail",
        batchRowsMax: BATCH_ROWS,
        shouldYield: () => false,
        warnOnce: (_, message) => {
          throw new Error(message);
        },
        wake: () => undefined,
        connection: () => undefined,
      };
      const totals = new Totals();
      const { memory, arena } = workspace.account;
      const timeAt = (ptr: number, row: number) => {
        const at = (ptr >>> 2) + 2 * row;
        return (memory.i32[at + 1] as number) * 2 ** 32 + (memory.u32[at] as number);
      };
      const sum = (batch: Batch) => {
        const [start, end, , , count, value] = schemaColumns(batch);
        for (let row = 0; row < batch.rowCount; row++) {
          const spanMs = timeAt(end as number, row) - timeAt(start as number, row);
          totals.add(timeAt(count as number, row), memory.f64[((value as number) >>> 3) + row] as number, spanMs);
        }
      };
      const nothing = { side: () => undefined, hasSide: () => false, split: () => undefined };
      const sink: Output = { ...nothing, emit: sum, watermark: () => undefined };
      const out: Output = {
        ...nothing,
        emit: (batch) => sessions.processBatch(batch, 0, sink),
        watermark: (timeMs) => sessions.processWatermark(timeMs, sink),
      };
      watermark.open(context);
      sessions.open(context);
      for (let row = 0; row < ROWS; row += BATCH_ROWS) {
        watermark.processBatch(rows.slice(row, Math.min(row + BATCH_ROWS, ROWS)), 0, out);
        arena.reset();
      }
      watermark.processWatermark(Number.POSITIVE_INFINITY, out);
      while (sessions.pending) sessions.resume(sink);
      watermark.close();
      sessions.close();
      arena.reset();
      return totals.checksum;
    },
  };
}

const schemaColumns = (batch: Batch): number[] => batch.schema.fields.map((_, index) => batch.column(index).values);

interface Session {
  start: number;
  last: number;
  count: number;
  sum: number;
}

/** A Map of each key's open sessions, newest last; those that are over are looked for once a batch. */
function plainLoop(gapMs: number): Contender {
  return {
    name: "Map of lists in a loop",
    prepare: () => void events(),
    run() {
      const { times, values, keys } = events();
      const open = new Map<number, Session[]>();
      const totals = new Totals();
      const close = (watermark: number) => {
        for (const [key, list] of open) {
          const kept = list.filter(({ last }) => last + gapMs - 1 > watermark);
          if (kept.length === list.length) continue;
          for (const { start, last, count, sum } of list) {
            if (last + gapMs - 1 <= watermark) totals.add(count, sum, last + gapMs - start);
          }
          if (kept.length === 0) open.delete(key);
          else open.set(key, kept);
        }
      };
      let maxTime = Number.NEGATIVE_INFINITY;
      for (let row = 0; row < ROWS; row++) {
        const time = times[row] as number;
        const key = keys[row] as number;
        let list = open.get(key);
        if (list === undefined) {
          list = [];
          open.set(key, list);
        }
        let at = list.length - 1;
        while (at >= 0 && (list[at] as Session).start > time + gapMs) at--;
        const found = list[at];
        if (found === undefined || time - found.last > gapMs) {
          list.splice(at + 1, 0, { start: time, last: time, count: 1, sum: values[row] as number });
        } else {
          found.start = Math.min(found.start, time);
          found.last = Math.max(found.last, time);
          found.count++;
          found.sum += values[row] as number;
          const before = list[at - 1];
          if (before !== undefined && found.start - before.last <= gapMs) {
            before.last = found.last;
            before.count += found.count;
            before.sum += found.sum;
            list.splice(at, 1);
          }
        }
        if (time > maxTime) maxTime = time;
        if (row % BATCH_ROWS === BATCH_ROWS - 1) close(maxTime - DISORDER_MS);
      }
      close(Number.POSITIVE_INFINITY);
      return totals.checksum;
    },
  };
}

function gapsAndIslands(gapMs: number): Contender {
  return queryContender(
    `SELECT count(*) AS sessions, sum(n)::DOUBLE AS count, sum(s) AS sum, sum(last + ${gapMs} - start)::DOUBLE AS "spanMs" FROM (
       SELECT key, session, count(*) AS n, sum(value) AS s, min(time) AS start, max(time) AS last FROM (
         SELECT *, sum(coalesce(opens, 1)) OVER (PARTITION BY key ORDER BY time ROWS UNBOUNDED PRECEDING) AS session FROM (
           SELECT *, (time - lag(time) OVER (PARTITION BY key ORDER BY time) > ${gapMs})::INTEGER AS opens FROM events))
       GROUP BY key, session)`,
    eventTable(ROWS, "i64"),
  );
}

export const benches: readonly Bench[] = Object.entries(GAPS).map(([name, gapMs]) => ({
  name: `session/${name}`,
  title: `4 million rows in memory, 1,000 keys, sessions by a gap of ${gapMs} ms, disorder up to 5 s, batches of 8,192.`,
  rows: ROWS,
  baseline: "operators, i64",
  expected: () => expected(gapMs),
  contenders: () => [operators("i64", gapMs), operators("codes", gapMs), plainLoop(gapMs), gapsAndIslands(gapMs)],
}));
