// The deduplication behind the watermark operator, no job around them, over i64 keys: all of them distinct, and every one
// twice; beside a Set in a loop, and DuckDB's GROUP BY over data that is complete.
import { Batch } from "../../src/arrow/batch.js";
import { Column } from "../../src/arrow/column.js";
import { type DataType, FLOAT64, field, INT64, schemaOf, TIMESTAMP } from "../../src/arrow/types.js";
import { Deduplicate } from "../../src/operators/deduplicate.js";
import { newMetrics, type Operator, type OperatorContext, type Output } from "../../src/operators/operator.js";
import { Watermark } from "../../src/operators/watermark.js";
import { openTestWorkspace, type TestWorkspace } from "../../src/testing/index.js";
import type { Bench, Checksum, Contender } from "../harness.js";
import { queryContender } from "../versus/duckdb.js";

const ROWS = 2_000_000;
const BATCH_ROWS = 8192;
const ROWS_PER_MS = 10;
const DISORDER_MS = 1000;
const START_MS = 1_700_000_000_000;
/** Keys far apart: what a table has to hash. */
const KEY_STEP = 2_654_435_761;
const SCHEMA = schemaOf([field("t", TIMESTAMP, false), field("k", INT64, false), field("v", FLOAT64, false)]);

/** Whether every key comes once, or each twice, so many rows apart. */
type Kind = "distinct" | "twice";
const APART = 601;

/** What a program has: times in milliseconds, each up to DISORDER_MS back, and keys. */
interface Events {
  readonly times: Float64Array;
  readonly keys: Float64Array;
}

function eventsOf(kind: Kind): Events {
  const times = new Float64Array(ROWS);
  const keys = new Float64Array(ROWS);
  for (let row = 0; row < ROWS; row++) {
    const back = Math.imul(row, 0x9e3779b1) >>> 22;
    times[row] = START_MS + DISORDER_MS + Math.floor(row / ROWS_PER_MS) - Math.min(back, DISORDER_MS);
    // Even rows have keys of their own; an odd one repeats the even one so far before it.
    const id = kind === "distinct" || row % 2 === 0 ? row : Math.max(row - APART, 0);
    keys[row] = id * KEY_STEP;
  }
  return { times, keys };
}

const cached = new Map<Kind, Events>();

function events(kind: Kind): Events {
  const known = cached.get(kind) ?? eventsOf(kind);
  cached.set(kind, known);
  return known;
}

/** How many keys there are, and their sum. */
function expected(kind: Kind): Checksum {
  const distinct = new Set(events(kind).keys);
  let sum = 0;
  for (const key of distinct) sum += key;
  return { firsts: distinct.size, sum };
}

/** All rows in engine memory. */
function rowsOf({ account, memory, workspace }: TestWorkspace, { times, keys }: Events): Batch {
  const column = (type: DataType, values: Float64Array) => {
    const ptr = account.allocate(ROWS * 8);
    for (let row = 0; row < ROWS; row++) {
      const value = values[row] as number;
      memory.u32[(ptr >>> 2) + 2 * row] = value >>> 0;
      memory.i32[(ptr >>> 2) + 2 * row + 1] = (value - (value >>> 0)) / 2 ** 32;
    }
    return new Column({ type, length: ROWS, values: ptr });
  };
  const values = account.allocate(ROWS * 8);
  const columns = [column(TIMESTAMP, times), column(INT64, keys), new Column({ type: FLOAT64, length: ROWS, values })];
  return new Batch(workspace, SCHEMA, columns, ROWS);
}

function contextOf({ workspace }: TestWorkspace): OperatorContext {
  return {
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
}

/** The two operators; without `byTime` the deduplication alone, by arrival. */
function operators(kind: Kind, name: string, byTime: boolean, withinMs: number | null): Contender {
  let test: TestWorkspace | undefined;
  let rows: Batch | undefined;
  const node = {
    uid: "bench",
    name: "bench",
    inputs: [{ node: 0, side: null }],
    schema: SCHEMA,
    rowPolicy: "fail",
  } as const;
  const limits = { idleMs: null, quietMs: null, maxFutureDriftMs: null };
  return {
    name,
    async prepare() {
      test = await openTestWorkspace({ shared: true });
      rows = rowsOf(test, events(kind));
    },
    run() {
      const { account, memory } = test as TestWorkspace;
      const totals = { firsts: 0, sum: 0 };
      const nothing = { side: () => undefined, hasSide: () => false, split: () => undefined };
      const sink: Output = {
        ...nothing,
        watermark: () => undefined,
        emit: (batch) => {
          const at = batch.column(1).values >>> 2;
          totals.firsts += batch.rowCount;
          for (let row = 0; row < batch.rowCount; row++) {
            totals.sum += (memory.u32[at + 2 * row] as number) + (memory.i32[at + 2 * row + 1] as number) * 2 ** 32;
          }
        },
      };
      const timeColumn = byTime ? 0 : -1;
      const unique: Operator = new Deduplicate(
        { ...node, kind: "deduplicate", timeColumn, keys: [1], withinMs },
        SCHEMA,
      );
      const judges = [{ window: null, latenessMs: 0, lateRead: false }];
      const marks = new Watermark({ ...node, kind: "watermark", column: 0, delayMs: DISORDER_MS, ...limits, judges });
      const out: Output = {
        ...nothing,
        emit: (batch) => unique.processBatch(batch, 0, sink),
        watermark: (timeMs) => unique.processWatermark(timeMs, sink),
      };
      for (const operator of [marks, unique]) operator.open(contextOf(test as TestWorkspace));
      for (let row = 0; row < ROWS; row += BATCH_ROWS) {
        const batch = (rows as Batch).slice(row, Math.min(row + BATCH_ROWS, ROWS));
        if (byTime) marks.processBatch(batch, 0, out);
        else unique.processBatch(batch, 0, sink);
        account.arena.reset();
      }
      marks.processWatermark(Number.POSITIVE_INFINITY, out);
      unique.close();
      account.arena.reset();
      return totals;
    },
    close: () => test?.account.dispose(),
  };
}

/** What a program does by itself: by arrival, and it never forgets. */
function plainSet(kind: Kind): Contender {
  return {
    name: "plain Set loop, by arrival",
    run() {
      const { keys } = events(kind);
      const known = new Set<number>();
      const totals = { firsts: 0, sum: 0 };
      for (const key of keys) {
        if (known.has(key)) continue;
        known.add(key);
        totals.firsts++;
        totals.sum += key;
      }
      return totals;
    },
  };
}

function duckdb(kind: Kind): Contender {
  const id = kind === "distinct" ? "i" : `CASE WHEN i % 2 = 0 THEN i ELSE greatest(i - ${APART}, 0) END`;
  return queryContender(
    "SELECT count(*) AS firsts, sum(k)::DOUBLE AS sum FROM (SELECT k, arg_min(v, t) AS v FROM events GROUP BY k)",
    [
      `CREATE TABLE events AS SELECT ${START_MS} + i // ${ROWS_PER_MS} AS t, (${id})::BIGINT * ${KEY_STEP} AS k, 0.5::DOUBLE AS v
       FROM range(${ROWS}) AS numbers(i)`,
    ],
  );
}

const TITLES: Readonly<Record<Kind, string>> = {
  distinct: `${ROWS.toLocaleString("en")} distinct i64 keys, up to a second out of order.`,
  twice: `${ROWS.toLocaleString("en")} rows, every second one a repeated i64 key, up to a second out of order.`,
};

export const benches: readonly Bench[] = (["distinct", "twice"] as const).map((kind) => ({
  name: `deduplicate/${kind}`,
  title: TITLES[kind],
  rows: ROWS,
  baseline: "by event time",
  expected: () => expected(kind),
  contenders: () => [
    operators(kind, "by event time", true, null),
    operators(kind, "by event time, within 5 s", true, 5000),
    operators(kind, "by arrival", false, null),
    plainSet(kind),
    duckdb(kind),
  ],
}));
