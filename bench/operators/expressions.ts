// Filter and project over columns in engine memory, no job around them, beside the loops that a program would write: over
// typed arrays, and over row objects. What an expression costs a row, and a batch of 100 rows.
import type { Batch } from "../../src/arrow/batch.js";
import { batchFromColumns } from "../../src/arrow/builder.js";
import { field, parseSchema, schemaOf } from "../../src/arrow/types.js";
import { Filter } from "../../src/operators/filter.js";
import { newMetrics, type Operator, type OperatorContext, type Output } from "../../src/operators/operator.js";
import { Project } from "../../src/operators/project.js";
import { bindExpr, bindPredicate } from "../../src/plan/bind-expr.js";
import type { Expr, LiteralValue } from "../../src/plan/expr.js";
import { openTestWorkspace, type TestWorkspace } from "../../src/testing/index.js";
import type { Bench, Checksum, Contender } from "../harness.js";

const ROWS = 5_000_000;
const BATCH_ROWS = 8192;

const SCHEMA = parseSchema({
  ts: "TIMESTAMP(3)",
  delay: "INT",
  n: "BIGINT",
  x: "DOUBLE",
  origin: "STRING",
  text: "STRING",
});
const ORIGINS = Array.from({ length: 300 }, (_, i) => `A${String(i).padStart(2, "0")}`);

const col = (name: string): Expr => ({ kind: "column", name });
const lit = (value: LiteralValue): Expr => ({ kind: "literal", value });
const call = (fn: string, ...args: Expr[]): Expr => ({ kind: "call", fn, args });

/** The data, as the loops read it. */
interface Data {
  readonly ts: Float64Array;
  readonly delay: Int32Array;
  readonly n: BigInt64Array;
  readonly x: Float64Array;
  readonly codes: Int32Array;
  readonly text: readonly string[];
}

let data: Data | undefined;

function dataOf(): Data {
  if (data !== undefined) return data;
  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  data = {
    ts: Float64Array.from({ length: ROWS }, (_, i) => 1_600_000_000_000 + i * 37),
    delay: Int32Array.from({ length: ROWS }, () => Math.floor(random() * 100) - 20),
    n: BigInt64Array.from({ length: ROWS }, () => BigInt(Math.floor(random() * 1e9))),
    x: Float64Array.from({ length: ROWS }, () => random() * 1000),
    codes: Int32Array.from({ length: ROWS }, () => Math.floor(random() * ORIGINS.length)),
    // One batch of texts, repeated: five million strings would measure the collector.
    text: Array.from(
      { length: BATCH_ROWS },
      (_, i) => `flight ${i} of ${ORIGINS[i % ORIGINS.length]} to ${ORIGINS[(i * 7) % ORIGINS.length]}`,
    ),
  };
  return data;
}

let opened: { test: TestWorkspace; batches: Batch[] } | undefined;

/** The same data as persisted batches. */
async function batches(): Promise<{ test: TestWorkspace; batches: Batch[] }> {
  if (opened !== undefined) return opened;
  const test = await openTestWorkspace({ shared: true });
  const { ts, delay, n, x, codes, text } = dataOf();
  const made: Batch[] = [];
  for (let row = 0; row < ROWS; row += BATCH_ROWS) {
    const end = Math.min(row + BATCH_ROWS, ROWS);
    const columns = {
      ts: ts.subarray(row, end),
      delay: delay.subarray(row, end),
      n: n.subarray(row, end),
      x: x.subarray(row, end),
      origin: { codes: codes.subarray(row, end), values: ORIGINS },
      text: text.slice(0, end - row),
    };
    made.push(batchFromColumns(test.workspace, SCHEMA, columns).persist());
    test.account.arena.reset();
  }
  opened = { test, batches: made };
  return opened;
}

/** Drives an operator over all batches; `sum` adds up what it emits. */
function operator(name: string, make: () => Operator, sum: (batch: Batch, totals: Totals) => void): Contender {
  let input: { test: TestWorkspace; batches: Batch[] } | undefined;
  return {
    name,
    async prepare() {
      input = await batches();
    },
    run() {
      const { test, batches: all } = input as { test: TestWorkspace; batches: Batch[] };
      const totals = new Totals();
      const out: Output = {
        emit: (batch) => sum(batch, totals),
        watermark: () => undefined,
        split: () => undefined,
        side: () => undefined,
        hasSide: () => false,
      };
      const driven = make();
      driven.open(contextOf(test));
      for (const batch of all) {
        driven.processBatch(batch, 0, out);
        test.account.arena.reset();
      }
      return totals.checksum;
    },
  };
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
    warnOnce: () => undefined,
    wake: () => undefined,
    connection: () => undefined,
  };
}

class Totals {
  #rows = 0;
  #sum = 0;

  add(rows: number, sum: number): void {
    this.#rows += rows;
    this.#sum += sum;
  }

  get checksum(): Checksum {
    return { rows: this.#rows, sum: this.#sum };
  }
}

const f64 = (batch: Batch, index: number): Float64Array => {
  const { values } = batch.column(index);
  return batch.workspace.account.memory.f64.subarray(values >>> 3, (values >>> 3) + batch.rowCount);
};

/** Every 97th value: enough to see a wrong result, too little to be what is measured. */
function sampled(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 97) sum += values[i] as number;
  return sum;
}

function filterBench(
  name: string,
  title: string,
  predicate: Expr,
  passes: (row: number, data: Data) => boolean,
): Bench {
  /** The plain loop: which rows pass. */
  const loop = (): Checksum => {
    const given = dataOf();
    const selection = new Uint32Array(BATCH_ROWS);
    let rows = 0;
    for (let start = 0; start < ROWS; start += BATCH_ROWS) {
      const end = Math.min(start + BATCH_ROWS, ROWS);
      let count = 0;
      for (let row = start; row < end; row++) if (passes(row, given)) selection[count++] = row;
      rows += count;
    }
    return { rows, sum: 0 };
  };
  return {
    name: `expressions/${name}`,
    title,
    rows: ROWS,
    baseline: "filter operator",
    expected: loop,
    contenders: () => [
      operator(
        "filter operator",
        () => new Filter(bindPredicate(predicate, SCHEMA)),
        (batch, totals) => totals.add(batch.rowCount, 0),
      ),
      { name: "loop over typed arrays", prepare: () => void dataOf(), run: loop },
    ],
  };
}

function projectBench(name: string, title: string, expr: Expr, compute: (row: number, data: Data) => number): Bench {
  const loop = (): Checksum => {
    const given = dataOf();
    const out = new Float64Array(BATCH_ROWS);
    const totals = new Totals();
    for (let start = 0; start < ROWS; start += BATCH_ROWS) {
      const end = Math.min(start + BATCH_ROWS, ROWS);
      for (let row = start; row < end; row++) out[row - start] = compute(row, given);
      totals.add(end - start, sampled(out.subarray(0, end - start)));
    }
    return totals.checksum;
  };
  const bound = (): Project => {
    const double = bindExpr({ kind: "cast", input: expr, type: { kind: "float64" }, try: false }, SCHEMA);
    return new Project([double], schemaOf([field("r", double.type)]));
  };
  return {
    name: `expressions/${name}`,
    title,
    rows: ROWS,
    baseline: "project operator",
    expected: loop,
    contenders: () => [
      operator("project operator", bound, (batch, totals) => totals.add(batch.rowCount, sampled(f64(batch, 0)))),
      { name: "loop over typed arrays", prepare: () => void dataOf(), run: loop },
    ],
  };
}

export const benches: readonly Bench[] = [
  filterBench("filter", "x > 500, half pass", call("gt", col("x"), lit(500)), (row, { x }) => (x[row] as number) > 500),
  filterBench(
    "filter-and",
    "x > 900 AND delay < 15 AND n <> 7",
    call("and", call("gt", col("x"), lit(900)), call("lt", col("delay"), lit(15)), call("ne", col("n"), lit(7))),
    (row, { x, delay, n }) => (x[row] as number) > 900 && (delay[row] as number) < 15 && n[row] !== 7n,
  ),
  filterBench(
    "filter-text",
    "origin = 'A42', dictionary of 300",
    call("eq", col("origin"), lit("A42")),
    (row, { codes }) => ORIGINS[codes[row] as number] === "A42",
  ),
  filterBench("filter-like", "text LIKE '%of A1%'", call("like", col("text"), lit("%of A1%")), (row, { text }) =>
    (text[row % BATCH_ROWS] as string).includes("of A1"),
  ),
  projectBench(
    "project-double",
    "x * 1.08 + delay",
    call("add", call("mul", col("x"), lit(1.08)), col("delay")),
    (row, { x, delay }) => (x[row] as number) * 1.08 + (delay[row] as number),
  ),
  projectBench(
    "project-bigint",
    "n * 3 + delay, checked",
    call("add", call("mul", col("n"), lit(3)), col("delay")),
    (row, { n, delay }) => Number((n[row] as bigint) * 3n + BigInt(delay[row] as number)),
  ),
  projectBench(
    "project-case",
    "CASE WHEN delay > 15 THEN x ELSE 0 END",
    { kind: "case", branches: [{ when: call("gt", col("delay"), lit(15)), then: col("x") }], otherwise: lit(0) },
    (row, { delay, x }) => ((delay[row] as number) > 15 ? (x[row] as number) : 0),
  ),
  projectBench(
    "project-hour",
    "hour(ts)",
    call("hour", col("ts")),
    (row, { ts }) => Math.floor((ts[row] as number) / 3_600_000) % 24,
  ),
  projectBench(
    "project-length",
    "char_length(upper(text))",
    call("char_length", call("upper", col("text"))),
    (row, { text }) => (text[row % BATCH_ROWS] as string).toUpperCase().length,
  ),
];
