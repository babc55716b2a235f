// `millrace bench nexmark`: Nexmark's queries on this machine, over events that are in memory before the clock starts, into a target
// that keeps nothing. Each query is the text that the tests check.
import { DataStream, EngineError, Millrace, Pipeline, PlanError } from "../node.js";
import { interruptible } from "./interrupt.js";
import { heading, integer, note, table } from "./output.js";
import { startProgress } from "./progress.js";

interface NexmarkFlags {
  readonly events: number;
  readonly seed: number;
  readonly rate: number;
  readonly queries?: string;
  readonly json?: boolean;
}

interface QueryResult {
  readonly query: string;
  readonly medianMs: number | null;
  /** Time of the process on all cores, which other programs do not lengthen. */
  readonly cpuMs: number | null;
  /** Events a second of that time. */
  readonly eventsPerS: number | null;
  readonly rowsOut: number | null;
  /** Why it does not run. */
  readonly refused: string | null;
}

const ROUNDS = 3;
/** Writes files; reads the clock. */
const LEFT_OUT = ["q10", "q12"];

const TEXTS = Object.fromEntries(
  Object.entries(import.meta.glob("../../test/nexmark/*.sql", { query: "?raw", import: "default", eager: true })).map(
    ([path, text]) => [path.replace(/^.*\/(.*)\.sql$/, "$1"), text],
  ),
);
const QUERIES = Object.keys(TEXTS)
  .filter((name) => /^q\d+$/.test(name) && !LEFT_OUT.includes(name))
  .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));

export async function benchNexmark(flags: NexmarkFlags): Promise<void> {
  const queries = flags.queries?.split(",") ?? QUERIES;
  const unknown = queries.find((name) => !QUERIES.includes(name));
  if (unknown !== undefined) {
    throw new PlanError("OPTION", `no query "${unknown}" to measure`, { hint: `there are ${QUERIES.join(", ")}` });
  }
  await interruptible(async (signal) => {
    const mill = await Millrace.open();
    await load(mill, flags, signal);
    const progress = startProgress("measuring", queries.length);
    const results: QueryResult[] = [];
    for (const name of queries) {
      results.push(await measure(mill, name, flags.events, signal));
      progress.update(results.length, results.length * flags.events);
    }
    progress.stop();
    await mill.close();
    print(results, flags);
  });
}

/** The events in a table of the engine, and the views over it. */
async function load(mill: Millrace, { events, seed, rate }: NexmarkFlags, signal: AbortSignal): Promise<void> {
  const tables = TEXTS["tables"] as string;
  const connector = "'connector' = 'nexmark'";
  const options = `${connector}, 'events.num' = '${events}', 'seed' = '${seed}', 'first-event.rate' = '${rate}'`;
  const [declared = ""] = tables.split("CREATE VIEW");
  const made = declared.replace("TABLE nexmark", "TABLE made").replace(connector, options);
  const kept = tables.replace(connector, "'connector' = 'memory'");
  const side = "CREATE TABLE side_input (key BIGINT, `value` STRING) WITH ('connector' = 'memory');";
  const script = `${made}${kept}${side}INSERT INTO nexmark SELECT event_type, person, auction, bid FROM made;`;
  for await (const result of mill.script(script)) if (result instanceof Pipeline) await result.run({ signal });
  const numbers = Array.from({ length: 10_000 }, (_, i) => `(${i}, '${i}')`).join(",");
  for await (const result of mill.script(`INSERT INTO side_input VALUES ${numbers}`)) {
    if (result instanceof Pipeline) await result.run({ signal });
  }
}

async function measure(mill: Millrace, query: string, events: number, signal: AbortSignal): Promise<QueryResult> {
  // The side input of q13 is a table in memory here.
  const text = (TEXTS[query] as string).replace(/CREATE TABLE side_input[^;]*;/, "");
  try {
    let rowsOut = 0;
    const times: number[] = [];
    const cpuTimes: number[] = [];
    for await (const result of mill.script(text)) {
      if (!(result instanceof DataStream)) continue;
      // The first round is for the compiler of the host.
      for (let round = 0; round <= ROUNDS; round++) {
        const startMs = performance.now();
        const cpu = process.cpuUsage();
        ({ rowsOut } = await result.to(mill.blackhole()).run({ signal }));
        const { user, system } = process.cpuUsage(cpu);
        if (round === 0) continue;
        times.push(performance.now() - startMs);
        cpuTimes.push((user + system) / 1000);
      }
    }
    const [medianMs, cpuMs] = [median(times), median(cpuTimes)];
    return { query, medianMs, cpuMs, eventsPerS: Math.round((events / cpuMs) * 1000), rowsOut, refused: null };
  } catch (error) {
    if (!(error instanceof EngineError) || signal.aborted) throw error;
    const nothing = { medianMs: null, cpuMs: null, eventsPerS: null, rowsOut: null };
    return { query, ...nothing, refused: `${error.code}: ${error.message}` };
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

function print(results: readonly QueryResult[], { events, rate, json }: NexmarkFlags): void {
  if (json) {
    process.stdout.write(results.map((result) => `${JSON.stringify(result)}\n`).join(""));
    return;
  }
  const cells = results.map(({ query, medianMs, cpuMs, eventsPerS, rowsOut, refused }) => [
    query,
    medianMs,
    cpuMs,
    eventsPerS,
    rowsOut,
    refused ?? "",
  ]);
  process.stdout.write(
    `${heading(`Nexmark, ${integer(events)} events, ${integer(rate)} a second of event time`)}\n` +
      `${note(`one thread, columns in memory before the clock starts, rows into a blackhole; median of ${ROUNDS}`)}\n` +
      `${table(["query", "median ms", "CPU ms", "events/s/core", "rows", ""], cells)}\n`,
  );
}
