// Races contenders over the same work: one process, the order shuffled every round, garbage collected before each turn, one
// warm-up round that does not count. Every answer is compared with the expected one, so a fast wrong contender is an error.
import { Bench as Tinybench } from "tinybench";

/** What a contender's work came to: enough sums over its result that a wrong result shows. */
export type Checksum = Readonly<Record<string, number>>;

/** One engine (or one way to use it) at one piece of work. */
export interface Contender {
  readonly name: string;
  /** Rows it works on when they are fewer than the bench's; speed is compared by rows per second. */
  readonly rows?: number;
  /** Loads data and compiles; not timed. */
  prepare?(): Promise<void> | void;
  /** The timed work, results consumed; without a checksum where `outcome` tells it. */
  run(): Promise<Checksum | undefined> | Checksum | undefined;
  /** What the work came to, where to look it up takes time of its own; not timed. */
  outcome?(): Checksum;
  /** How long the last run took, where only the contender can tell: a page by its own clock. */
  lastMs?(): number;
  /** Bytes that the last run fetched. */
  lastBytes?(): number;
  close?(): Promise<void> | void;
}

/** One comparison. */
export interface Bench {
  readonly name: string;
  /** One sentence: the work, the data. */
  readonly title: string;
  readonly rows: number;
  /** Timed rounds; the median counts. Default 5. */
  readonly rounds?: number;
  /** Work of less than a millisecond: a turn is many calls, timed by tinybench, and its median counts. */
  readonly micro?: boolean;
  /** Name of the contender that the others are measured against: ours. */
  readonly baseline: string;
  /** What the work comes to over the first `rows` rows, computed by a plain loop. */
  expected(rows: number): Checksum;
  contenders(): Promise<readonly Contender[]> | readonly Contender[];
}

/** One line of the result. `ratio` is its time a row over the baseline's: above 1 the baseline is faster. */
export interface Row {
  readonly bench: string;
  readonly contender: string;
  readonly medianMs: number;
  readonly minMs: number;
  readonly rowsPerS: number;
  readonly ratio: number | null;
  /** What its last run fetched, if it fetches. */
  readonly bytes?: number;
}

/** Sums of floats may differ by the order of addition; anything more is another result. */
const TOLERANCE = 1e-9;

/** Runs the bench; `report` is told each contender's turn as it ends. */
export async function race(bench: Bench, rounds: number, report: (line: string) => void): Promise<Row[]> {
  const contenders = [...(await bench.contenders())];
  const times = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  try {
    for (const contender of contenders) await contender.prepare?.();
    for (let round = 0; round <= rounds; round++) {
      for (const contender of shuffled(contenders)) {
        collectGarbage();
        const ms = bench.micro ? await manyTurns(bench, contender) : await oneTurn(bench, contender);
        report(`${bench.name} round ${round}/${rounds} ${contender.name}: ${ms.toFixed(3)} ms`);
        if (round > 0) times.get(contender)?.push(ms);
      }
    }
  } finally {
    for (const contender of contenders) await contender.close?.();
  }
  return summarize(bench, contenders, times);
}

async function oneTurn(bench: Bench, contender: Contender): Promise<number> {
  const startMs = performance.now();
  const checksum = await contender.run();
  const ms = contender.lastMs?.() ?? performance.now() - startMs;
  compare(bench, contender, contender.outcome?.() ?? checksum);
  return ms;
}

async function manyTurns(bench: Bench, contender: Contender): Promise<number> {
  compare(bench, contender, await contender.run());
  const turns = new Tinybench({ time: 200, warmup: false, throws: true });
  turns.add(contender.name, async () => {
    await contender.run();
  });
  const [task] = await turns.run();
  if (task?.result.state !== "completed") throw new Error(`${contender.name} did not complete`);
  return task.result.latency.p50;
}

function compare(bench: Bench, contender: Contender, actual: Checksum | undefined): void {
  for (const [name, expected] of Object.entries(bench.expected(contender.rows ?? bench.rows))) {
    const value = actual?.[name] ?? Number.NaN;
    if (Math.abs(value - expected) <= TOLERANCE * Math.max(1, Math.abs(expected))) continue;
    throw new Error(`${bench.name}: ${contender.name} gives ${name} = ${value}, expected ${expected}`);
  }
}

function summarize(bench: Bench, contenders: Contender[], times: Map<Contender, number[]>): Row[] {
  const rows = contenders.map((contender) => {
    const sorted = (times.get(contender) ?? []).sort((left, right) => left - right);
    const medianMs = median(sorted);
    const rowsPerS = ((contender.rows ?? bench.rows) / medianMs) * 1000;
    const bytes = contender.lastBytes === undefined ? {} : { bytes: contender.lastBytes() };
    return {
      bench: bench.name,
      contender: contender.name,
      medianMs,
      minMs: sorted[0] ?? Number.NaN,
      rowsPerS,
      ...bytes,
    };
  });
  const baseline = rows.find((row) => row.contender === bench.baseline);
  return rows.map((row) => ({ ...row, ratio: baseline === undefined ? null : baseline.rowsPerS / row.rowsPerS }));
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function shuffled<T>(items: readonly T[]): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}

/** A contender must not pay for its predecessor's garbage. */
function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error("benches need node --expose-gc: run them by `npm run bench`");
  globalThis.gc();
}
