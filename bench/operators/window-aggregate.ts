// The window operator behind the watermark operator, no job around them, beside the bare kernels: what the engine adds to
// them, what kinds of keys, NULLs and NaNs cost, and what a batch of 100 rows takes.
import type { Batch } from "../../src/arrow/batch.js";
import { FLOAT64, field, INT64, schemaOf, TIMESTAMP } from "../../src/arrow/types.js";
import { newMetrics, type Operator, type OperatorContext, type Output } from "../../src/operators/operator.js";
import { Watermark } from "../../src/operators/watermark.js";
import { WindowAggregate } from "../../src/operators/window-aggregate.js";
import type { PhysicalAggregate } from "../../src/plan/physical.js";
import type { Bench, Checksum, Contender } from "../harness.js";
import { DISORDER_MS, expectedWindows, START_MS, WINDOW_MS } from "../inputs/events.js";
import { ODD_EVERY, Totals, type Variant, type WindowInput, windowInput } from "../inputs/window-batches.js";

const ROWS = 10_000_000;
const BATCH_ROWS = 8192;

const AGGREGATES: readonly PhysicalAggregate[] = [
  { name: "n", fn: "count_star", column: -1, type: INT64 },
  { name: "sum", fn: "sum", column: 2, type: FLOAT64 },
  { name: "min", fn: "min", column: 2, type: FLOAT64 },
  { name: "max", fn: "max", column: 2, type: FLOAT64 },
  { name: "avg", fn: "avg", column: 2, type: FLOAT64 },
];

/** The two operators in a row, and the sums of what comes out. */
class Chain {
  readonly #input: WindowInput;
  readonly #watermark: Operator;
  readonly #window: Operator;
  readonly #totals = new Totals();
  readonly #out: Output;

  constructor(input: WindowInput) {
    this.#input = input;
    const { schema, workspace } = input;
    const inputs = [{ node: 0, side: null }];
    const shared = { inputs, rowPolicy: "fail" } as const;
    const window = { kind: "tumble", sizeMs: WINDOW_MS, offsetMs: 0 } as const;
    const times = { column: 0, delayMs: DISORDER_MS, idleMs: null, quietMs: null, maxFutureDriftMs: null };
    this.#watermark = new Watermark({
      kind: "watermark",
      uid: "watermark",
      name: "watermark",
      schema,
      ...shared,
      ...times,
      judges: [{ window, latenessMs: 0, lateRead: false }],
    });
    const starts = ["windowStart", "windowEnd", "windowTime"].map((name) => field(name, TIMESTAMP));
    const results = AGGREGATES.map(({ name, type }) => field(name, type));
    const key = schema.fields[1] as (typeof schema.fields)[number];
    this.#window = new WindowAggregate(
      {
        kind: "window-aggregate",
        uid: "window",
        name: "window",
        schema: schemaOf([...starts, key, ...results]),
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
    const nothing = { side: () => undefined, hasSide: () => false, split: () => undefined };
    const sink: Output = { ...nothing, emit: (batch) => this.#sum(batch), watermark: () => undefined };
    this.#out = {
      ...nothing,
      emit: (batch) => this.#window.processBatch(batch, 0, sink),
      watermark: (timeMs) => this.#window.processWatermark(timeMs, sink),
    };
    this.#watermark.open(context);
    this.#window.open(context);
  }

  /** One step: rows `start` to `end`. */
  step(start: number, end: number): void {
    this.#watermark.processBatch(this.#input.rows.slice(start, end), 0, this.#out);
    this.#input.workspace.account.arena.reset();
  }

  finish(): Checksum {
    this.#watermark.processWatermark(Number.POSITIVE_INFINITY, this.#out);
    this.#watermark.close();
    this.#window.close();
    return this.#totals.checksum;
  }

  #sum(batch: Batch): void {
    const at = (index: number) => batch.column(index).values;
    this.#totals.add(this.#input.workspace.account.memory, batch.rowCount, [at(4), at(5), at(6), at(7), at(8)]);
  }
}

function throughOperators(variant: Variant): Contender {
  let input: WindowInput | undefined;
  // Kept from one turn to the next, as an engine keeps its last job: else the garbage collection between them takes the
  // compiled code away with the objects.
  let chain: Chain;
  return {
    name: `operators, ${variant}`,
    async prepare() {
      input = await windowInput(ROWS, variant);
    },
    run() {
      chain = new Chain(input as WindowInput);
      for (let row = 0; row < ROWS; row += BATCH_ROWS) chain.step(row, Math.min(row + BATCH_ROWS, ROWS));
      return chain.finish();
    },
  };
}

/**
 * The kernels that the operator calls, with as little around them as the same work allows: all keys are known, two windows
 * are open at a time and nothing is checked. What is emitted is read from the cells as the operator reads it.
 */
function bareKernels(): Contender {
  const KEYS = 1024;
  let input: WindowInput | undefined;
  let cells = 0;
  let groups = 0;
  let map = 0;
  let states = 0;
  let scratch = 0;
  return {
    name: "bare kernels, codes",
    async prepare() {
      input = await windowInput(ROWS, "codes");
      const { account } = input.workspace;
      cells = account.allocate(BATCH_ROWS * 4);
      groups = account.allocate(BATCH_ROWS * 4);
      map = account.allocate(KEYS * 4);
      for (let key = 0; key < KEYS; key++) account.memory.u32[(map >>> 2) + key] = key;
      states = account.allocate(2 * KEYS * 32);
      scratch = account.allocate(KEYS * 8 * 8);
    },
    run() {
      const { rows, workspace } = input as WindowInput;
      const { account, kernels } = workspace;
      const { memory } = account;
      const [times, keys, values] = [0, 1, 2].map((index) => rows.column(index).values) as [number, number, number];
      const totals = new Totals();
      const emptyCells = (from: number) => {
        for (let cell = from; cell < from + KEYS; cell++) {
          memory.f64.set([0, 0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], (states >>> 3) + cell * 4);
        }
      };
      emptyCells(0);
      emptyCells(KEYS);
      const list = (slot: number) => {
        let count = 0;
        for (let cell = slot * KEYS; cell < (slot + 1) * KEYS; cell++) {
          if (memory.f64[(states >>> 3) + cell * 4 + 1] === 0) continue;
          memory.u32[(scratch >>> 2) + count++] = cell;
        }
        return count;
      };
      const emit = (slot: number) => {
        const count = list(slot);
        const out = [1, 2, 3, 4, 5].map((at) => scratch + at * KEYS * 8) as [number, number, number, number, number];
        kernels.gatherCells(states + 8, 32, scratch, count, out[0]);
        kernels.integersOfF64(out[0], count, out[0]);
        kernels.sumF64(states, scratch, count, out[1]);
        kernels.minF64(states, 0, scratch, count, out[2]);
        kernels.maxF64(states, 0, scratch, count, out[3]);
        kernels.averageF64(states, scratch, count, out[4]);
        totals.add(memory, count, out);
        emptyCells(slot * KEYS);
      };
      let oldest = 0;
      let highMs = 0;
      const slotOf = (window: number) => (window & 1) * KEYS;
      for (let row = 0; row < ROWS; row += BATCH_ROWS) {
        const n = Math.min(BATCH_ROWS, ROWS - row);
        kernels.rangeTimes(times + row * 8, n, 1, scratch);
        highMs = Math.max(highMs, memory.f64[(scratch >>> 3) + 1] as number);
        const first = Math.floor(((memory.f64[scratch >>> 3] as number) - START_MS) / WINDOW_MS);
        const cutMs = START_MS + (first + 1) * WINDOW_MS;
        kernels.mapWords(keys + row * 4, n, map, 0, KEYS - 1, groups, 0);
        kernels.cellsOfTwo(times + row * 8, groups, n, cutMs, 1, slotOf(first), slotOf(first + 1), cells);
        kernels.updateF64(states, cells, values + row * 8, n);
        const done = Math.floor((highMs - DISORDER_MS + 1 - START_MS) / WINDOW_MS);
        for (; oldest < done; oldest++) emit(oldest & 1);
      }
      for (const last = oldest + 2; oldest < last; oldest++) emit(oldest & 1);
      return totals.checksum;
    },
  };
}

/** A batch of 100 rows through both operators, windows open and keys known. */
function microBatch(): Contender {
  const rows = 100;
  let input: WindowInput | undefined;
  let chain: Chain | undefined;
  return {
    name: "operators, 100 rows",
    rows,
    async prepare() {
      input = await windowInput(BATCH_ROWS, "i64");
      chain = new Chain(input);
      chain.step(0, BATCH_ROWS);
    },
    run() {
      chain?.step(0, rows);
      return { rows };
    },
  };
}

const wholeExpected = new Map<number, Checksum>();

function expected(rows: number): Checksum {
  let checksum = wholeExpected.get(rows);
  if (checksum === undefined) {
    checksum = expectedWindows(rows);
    wholeExpected.set(rows, checksum);
  }
  return checksum;
}

export const benches: readonly Bench[] = [
  {
    name: "window-aggregate/keys",
    title: "10 million rows in memory, 1,000 keys, 10 s tumbling windows, disorder up to 5 s, batches of 8,192.",
    rows: ROWS,
    baseline: "operators, codes",
    expected,
    contenders: () => [bareKernels(), ...(["codes", "dictionary", "i64", "strings"] as const).map(throughOperators)],
  },
  {
    name: "window-aggregate/odd",
    title: `The same with small codes, where one value in ${ODD_EVERY} is NULL or NaN.`,
    rows: ROWS,
    baseline: "operators, codes",
    expected: (rows) => ({ groups: expected(rows).groups as number, count: expected(rows).count as number }),
    contenders: () => (["codes", "nulls", "nans"] as const).map(throughOperators),
  },
  {
    name: "window-aggregate/micro",
    title: "One batch of 100 rows, 1,000 keys known, two windows open.",
    rows: 100,
    micro: true,
    baseline: "operators, 100 rows",
    expected: () => ({ rows: 100 }),
    contenders: () => [microBatch()],
  },
];
