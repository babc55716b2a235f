// `millrace bench`: the window engine on this machine, through the public API. Comparisons with other engines are made by
// the repository's own `npm run bench`.
import { avg, count, Millrace, max, min, sum, tumble } from "../node.js";
import { heading, integer, note, table } from "./output.js";
import { startProgress } from "./progress.js";

interface BenchFlags {
  readonly rows: number;
  readonly keys: number;
  readonly json?: boolean;
}

const ROUNDS = 5;
const ROWS_PER_SECOND_OF_EVENT_TIME = 10_000;

export async function bench(flags: BenchFlags): Promise<void> {
  const mill = await Millrace.open();
  const { rows, keys } = flags;
  const columns = makeColumns(rows, keys);
  const results: { bench: string; medianMs: number; minMs: number; rowsPerS: number }[] = [];
  const kinds = { "window, 32-bit keys": columns.codes, "window, 64-bit keys": columns.ids };
  const progress = startProgress("measuring", Object.keys(kinds).length * (ROUNDS + 1));
  let done = 0;
  for (const [name, key] of Object.entries(kinds)) {
    const table = mill.columns(
      { ts: columns.ts, key, value: columns.value },
      {
        schema: {
          ts: "TIMESTAMP(3) NOT NULL",
          key: key === columns.codes ? "INT NOT NULL" : "BIGINT NOT NULL",
          value: "DOUBLE NOT NULL",
        },
        time: "ts",
        outOfOrder: "5s",
      },
    );
    const windows = table
      .window(tumble("10s"))
      .groupBy("key")
      .aggregate({ n: count(), total: sum("value"), low: min("value"), high: max("value"), mean: avg("value") })
      .aggregate({ results: count(), rows: sum("n") });
    const times: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const startMs = performance.now();
      const [answer] = await windows.toArray();
      if (answer?.rows !== rows) throw new Error(`${name}: ${answer?.rows} rows came out of ${rows}`);
      if (round > 0) times.push(performance.now() - startMs);
      progress.update(++done, done);
    }
    times.sort((a, b) => a - b);
    const medianMs = times[ROUNDS >> 1] as number;
    results.push({ bench: name, medianMs, minMs: times[0] as number, rowsPerS: Math.round((rows / medianMs) * 1000) });
  }
  progress.stop();
  if (flags.json) {
    process.stdout.write(results.map((result) => `${JSON.stringify(result)}\n`).join(""));
    return;
  }
  const cells = results.map(({ bench: name, medianMs, minMs, rowsPerS }) => [name, medianMs, minMs, rowsPerS]);
  process.stdout.write(
    `${heading(`${integer(rows)} rows, ${integer(keys)} keys, 10 s tumbling windows, disorder up to 5 s`)}\n` +
      `${note("count, sum, min, max, avg; one thread; columns in memory before the clock starts")}\n` +
      `${table(["", "median ms", "min ms", "rows/s"], cells)}\n`,
  );
}

/** Event times up to 5 s out of order, keys and values at random, the same for every run (xorshift32, Marsaglia 2003). */
function makeColumns(rows: number, keys: number) {
  const ts = new Float64Array(rows);
  const codes = new Int32Array(rows);
  const ids = new BigInt64Array(rows);
  const value = new Float64Array(rows);
  const words = new Uint32Array(ids.buffer);
  let state = 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const startMs = Date.UTC(2026, 0, 1);
  for (let i = 0; i < rows; i++) {
    ts[i] = startMs + Math.floor((i / ROWS_PER_SECOND_OF_EVENT_TIME) * 1000) - (next() % 5000);
    const key = next() % keys;
    codes[i] = key;
    // Spread over 64 bits, so that nothing can take the key for an index.
    words[2 * i] = Math.imul(key, 0x9e3779b9);
    words[2 * i + 1] = key;
    value[i] = (next() % 10_000) / 100;
  }
  return { ts, codes, ids, value };
}
