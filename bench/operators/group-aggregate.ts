// Groups without a window, no job around them: a million distinct i64 keys, once as rows at the end and once with every change;
// rows that are taken away again; and Nexmark's q15, twelve aggregates of which eight are DISTINCT under conditions.
import { Batch } from "../../src/arrow/batch.js";
import { Column } from "../../src/arrow/column.js";
import { BOOLEAN, field, INT64, type Schema, schemaOf } from "../../src/arrow/types.js";
import { GroupAggregate } from "../../src/operators/group-aggregate.js";
import { newMetrics, type Operator, type OperatorContext, type Output } from "../../src/operators/operator.js";
import { Project } from "../../src/operators/project.js";
import { openWindowAggregate } from "../../src/operators/windows.js";
import { bindExpr } from "../../src/plan/bind-expr.js";
import { CHANGE_COLUMN, withChanges } from "../../src/plan/changes.js";
import type { Expr } from "../../src/plan/expr.js";
import type { PhysicalAggregate } from "../../src/plan/physical.js";
import { openTestWorkspace, type TestWorkspace } from "../../src/testing/index.js";
import type { Bench, Checksum, Contender } from "../harness.js";
import { queryContender } from "../versus/duckdb.js";

const ROWS = 2_000_000;
const KEYS = 1_000_000;
const BATCH_ROWS = 8192;
/** Keys far apart: what a table has to hash. */
const KEY_STEP = 2_654_435_761;

const keyOf = (row: number) => ((row * 7919) % KEYS) * KEY_STEP;
const amountOf = (row: number) => row % 1000;
/** Whole numbers below 2^32 that look random, the same in SQL. */
const mixed = (row: number, seed: number) => (row * seed) % 4_294_967_291;
const bidderOf = (row: number) => mixed(row, 1_299_709) % 50_000;
const auctionOf = (row: number) => mixed(row, 15_485_863) % 20_000;
const priceOf = (row: number) => mixed(row, 104_729) % 2_000_000;

const column = (name: string): Expr => ({ kind: "column", name });
const literal = (value: number): Expr => ({ kind: "literal", value });
const call = (fn: string, ...args: Expr[]): Expr => ({ kind: "call", fn, args });

/** A batch of all rows in engine memory. */
function rowsOf(
  { account, memory, workspace }: TestWorkspace,
  schema: Schema,
  cells: ((row: number) => number)[],
): Batch {
  const columns = cells.map((cellOf, index) => {
    const { type } = schema.fields[index] as Schema["fields"][number];
    const isKind = type.kind === "int8";
    const ptr = account.allocate(ROWS * (isKind ? 1 : 8));
    for (let row = 0; row < ROWS; row++) {
      const value = cellOf(row);
      if (isKind) memory.u8[ptr + row] = value;
      else {
        memory.u32[(ptr >>> 2) + 2 * row] = value >>> 0;
        memory.i32[(ptr >>> 2) + 2 * row + 1] = Math.floor(value / 2 ** 32);
      }
    }
    return new Column({ type, length: ROWS, values: ptr });
  });
  return new Batch(workspace, schema, columns, ROWS);
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

interface Run {
  readonly name: string;
  readonly schema: Schema;
  readonly cells: ((row: number) => number)[];
  /** The operators, the first one first. */
  readonly open: () => readonly Operator[];
  /** Takes what comes out; `at` reads an integer. */
  readonly take: (batch: Batch, at: (column: number, row: number) => number, totals: Record<string, number>) => void;
}

function engine({ name, schema, cells, open, take }: Run): Contender {
  let test: TestWorkspace | undefined;
  let rows: Batch | undefined;
  return {
    name,
    async prepare() {
      test = await openTestWorkspace({ shared: true });
      rows = rowsOf(test, schema, cells);
    },
    run() {
      const { account, memory } = test as TestWorkspace;
      const totals: Record<string, number> = {};
      const nothing = {
        side: () => undefined,
        hasSide: () => false,
        split: () => undefined,
        watermark: () => undefined,
      };
      let out: Output = {
        ...nothing,
        emit: (batch) => {
          const at = (index: number, row: number) => {
            const place = (batch.column(index).values >>> 2) + 2 * row;
            return (memory.u32[place] as number) + (memory.i32[place + 1] as number) * 2 ** 32;
          };
          take(batch, at, totals);
        },
      };
      const operators = open();
      for (const operator of operators) operator.open(contextOf(test as TestWorkspace));
      for (const operator of operators.toReversed()) {
        const next = out;
        out = {
          ...nothing,
          emit: (batch) => operator.processBatch(batch, 0, next),
          watermark: (timeMs) => {
            operator.processWatermark(timeMs, next);
            while (operator.pending) operator.resume(next);
          },
        };
      }
      for (let row = 0; row < ROWS; row += BATCH_ROWS) {
        out.emit((rows as Batch).slice(row, Math.min(row + BATCH_ROWS, ROWS)));
        account.arena.reset();
      }
      out.watermark(Number.POSITIVE_INFINITY);
      for (const operator of operators) operator.close();
      account.arena.reset();
      return totals;
    },
    close: () => test?.account.dispose(),
  };
}

const NODE = { uid: "bench", name: "bench", inputs: [{ node: 0, side: null }], rowPolicy: "fail" } as const;

function resultSchema(keys: readonly string[], aggregates: readonly PhysicalAggregate[]): Schema {
  return schemaOf([...keys.map((key) => field(key, INT64)), ...aggregates.map(({ name, type }) => field(name, type))]);
}

function atEnd(
  input: Schema,
  keys: readonly number[],
  names: readonly string[],
  aggregates: readonly PhysicalAggregate[],
): Operator {
  const once = { window: null, timeColumn: -1, latenessMs: 0 };
  const schema = resultSchema(names, aggregates);
  return openWindowAggregate({ ...NODE, kind: "window-aggregate", ...once, schema, keys, aggregates }, input);
}

// A million keys.

const PAIRS = schemaOf([field("k", INT64, false), field("v", INT64, false)]);
const SUMS: readonly PhysicalAggregate[] = [
  { name: "n", fn: "count_star", column: -1, type: INT64 },
  { name: "total", fn: "sum", column: 1, type: INT64 },
];

const pairs: Omit<Run, "name" | "open"> = {
  schema: PAIRS,
  cells: [keyOf, amountOf],
  take: (batch, at, totals) => {
    // The last change of a group is its result: +I and +U are even.
    totals["rows"] ??= 0;
    totals["total"] ??= 0;
    const kinds = batch.schema.fields.at(-1)?.name === CHANGE_COLUMN ? batch.column(3) : null;
    const { u8 } = batch.workspace.account.memory;
    for (let row = 0; row < batch.rowCount; row++) {
      const kind = kinds === null ? 0 : (u8[kinds.values + row] as number);
      if (kind === 0) totals["rows"]++;
      totals["total"] += kind % 2 === 0 ? at(2, row) : -at(2, row);
    }
  },
};

function changing(before: boolean): Operator {
  const schema = withChanges(resultSchema(["k"], SUMS));
  return new GroupAggregate(
    { ...NODE, kind: "group-aggregate", schema, keys: [0], aggregates: SUMS, before, endless: false, ttlMs: null },
    PAIRS,
  );
}

function plainMap(): Contender {
  return {
    name: "plain Map loop",
    run() {
      const groups = new Map<number, { n: number; total: number }>();
      for (let row = 0; row < ROWS; row++) {
        const key = keyOf(row);
        const group = groups.get(key);
        if (group === undefined) groups.set(key, { n: 1, total: amountOf(row) });
        else {
          group.n++;
          group.total += amountOf(row);
        }
      }
      let total = 0;
      for (const group of groups.values()) total += group.total;
      return { rows: groups.size, total };
    },
  };
}

function sumOfValues(): Checksum {
  let total = 0;
  for (let row = 0; row < ROWS; row++) total += amountOf(row);
  return { rows: KEYS, total };
}

// Rows that are taken away again: each update takes the value of 100,000 rows before.

const UPDATED = 100_000;
const CHANGES = withChanges(PAIRS);
/** Rows come in pairs, −U and +U, once every key has a row. */
const updateOf = (row: number) => (row < UPDATED ? row : UPDATED + Math.floor((row - UPDATED) / 2));
const kindOf = (row: number) => (row < UPDATED ? 0 : 1 + ((row - UPDATED) % 2));
const updatedKey = (row: number) => (updateOf(row) % UPDATED) * KEY_STEP;
const updatedValue = (row: number) => amountOf(kindOf(row) === 1 ? updateOf(row) - UPDATED : updateOf(row));

function updating(extremes: boolean): Run {
  const aggregates: PhysicalAggregate[] = [...SUMS];
  if (extremes) aggregates.push({ name: "most", fn: "max", column: 1, type: INT64 });
  const schema = withChanges(resultSchema(["k"], aggregates));
  const node = {
    ...NODE,
    kind: "group-aggregate",
    schema,
    keys: [0],
    aggregates,
    before: false,
    endless: false,
    ttlMs: null,
  } as const;
  return {
    name: extremes ? "COUNT, SUM, MAX" : "COUNT, SUM",
    schema: CHANGES,
    cells: [updatedKey, updatedValue, kindOf],
    open: () => [new GroupAggregate(node, CHANGES)],
    take: (batch, _, totals) => {
      totals["changes"] = (totals["changes"] ?? 0) + batch.rowCount;
    },
  };
}

/** Changes of results: a batch of updates is one a key, and an update to the same value none. */
function changesOfUpdates(): Checksum {
  const values = new Map<number, number>();
  let changes = 0;
  for (let from = 0; from < ROWS; from += BATCH_ROWS) {
    const before = new Map<number, number | undefined>();
    for (let row = from; row < Math.min(from + BATCH_ROWS, ROWS); row++) {
      const key = updatedKey(row);
      if (!before.has(key)) before.set(key, values.get(key));
      const change = kindOf(row) === 1 ? -updatedValue(row) : updatedValue(row);
      values.set(key, (values.get(key) ?? 0) + change);
    }
    for (const [key, value] of before) if (value !== values.get(key)) changes++;
  }
  return { changes };
}

// Nexmark's q15.

const BIDS = schemaOf(["bidder", "auction", "price"].map((name) => field(name, INT64, false)));
const low = call("lt", column("price"), literal(10_000));
const high = call("ge", column("price"), literal(1_000_000));
const middle = call(
  "and",
  call("ge", column("price"), literal(10_000)),
  call("lt", column("price"), literal(1_000_000)),
);
const RANKED = schemaOf([...BIDS.fields, ...["low", "middle", "high"].map((name) => field(name, BOOLEAN, false))]);
const CONDITIONS = [undefined, 3, 4, 5];
const STATISTICS: readonly PhysicalAggregate[] = [-1, 0, 1].flatMap((index) =>
  CONDITIONS.map(
    (filter, i): PhysicalAggregate => ({
      name: `${index} ${i}`,
      fn: index < 0 ? "count_star" : "count",
      column: index,
      type: INT64,
      ...(index < 0 ? {} : { distinct: true }),
      ...(filter === undefined ? {} : { filter }),
    }),
  ),
);

const statistics: Run = {
  name: "Millrace",
  schema: BIDS,
  cells: [bidderOf, auctionOf, priceOf],
  open: () => {
    const exprs = [...["bidder", "auction", "price"].map(column), low, middle, high];
    const columns = exprs.map((expr) => bindExpr(expr, BIDS));
    return [new Project(columns, RANKED), atEnd(RANKED, [], [], STATISTICS)];
  },
  take: (_, at, totals) => {
    for (const [index, { name }] of STATISTICS.entries()) totals[name] = at(index, 0);
  },
};

function expectedStatistics(): Checksum {
  const conditions = [
    () => true,
    (p: number) => p < 10_000,
    (p: number) => p >= 10_000 && p < 1_000_000,
    (p: number) => p >= 1_000_000,
  ];
  const totals: Record<string, number> = {};
  conditions.forEach((passes, i) => {
    const bidders = new Set<number>();
    const auctions = new Set<number>();
    let n = 0;
    for (let row = 0; row < ROWS; row++) {
      if (!passes(priceOf(row))) continue;
      n++;
      bidders.add(bidderOf(row));
      auctions.add(auctionOf(row));
    }
    totals[`-1 ${i}`] = n;
    totals[`0 ${i}`] = bidders.size;
    totals[`1 ${i}`] = auctions.size;
  });
  return totals;
}

function statisticsInDuckdb(): Contender {
  const filters = ["", "price < 10000", "price >= 10000 AND price < 1000000", "price >= 1000000"];
  const counted = ["*", "DISTINCT bidder", "DISTINCT auction"].flatMap((what, index) =>
    filters.map((filter, i) => `count(${what})${filter === "" ? "" : ` FILTER (${filter})`} AS "${index - 1} ${i}"`),
  );
  const cell = (seed: number, size: number) => `(i::BIGINT * ${seed}) % 4294967291 % ${size}`;
  return queryContender(`SELECT ${counted.join(", ")} FROM bids`, [
    `CREATE TABLE bids AS SELECT ${cell(1_299_709, 50_000)} AS bidder, ${cell(15_485_863, 20_000)} AS auction,
     ${cell(104_729, 2_000_000)} AS price FROM range(${ROWS}) AS numbers(i)`,
  ]);
}

export const benches: readonly Bench[] = [
  {
    name: "group-aggregate/million",
    title: `COUNT and SUM of ${ROWS.toLocaleString("en")} rows by ${KEYS.toLocaleString("en")} distinct i64 keys.`,
    rows: ROWS,
    baseline: "at the end",
    expected: sumOfValues,
    contenders: () => [
      engine({ ...pairs, name: "at the end", open: () => [atEnd(PAIRS, [0], ["k"], SUMS)] }),
      engine({ ...pairs, name: "every change", open: () => [changing(true)] }),
      plainMap(),
      queryContender(
        "SELECT count(*) AS rows, sum(total)::DOUBLE AS total FROM (SELECT k, count(*), sum(v) AS total FROM events GROUP BY k)",
        [
          `CREATE TABLE events AS SELECT (i * 7919 % ${KEYS}) * ${KEY_STEP}::BIGINT AS k, i % 1000 AS v FROM range(${ROWS}) AS numbers(i)`,
        ],
      ),
    ],
  },
  {
    name: "group-aggregate/updates",
    title: `Updates of ${UPDATED.toLocaleString("en")} groups: each takes a row away and adds one.`,
    rows: ROWS,
    baseline: "COUNT, SUM",
    expected: changesOfUpdates,
    contenders: () => [engine(updating(false)), engine(updating(true))],
  },
  {
    name: "group-aggregate/distinct",
    title: "Nexmark's q15: four counts, and eight of what is distinct.",
    rows: ROWS,
    baseline: "Millrace",
    expected: expectedStatistics,
    contenders: () => [engine(statistics), statisticsInDuckdb()],
  },
];
