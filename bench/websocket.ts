// Messages of a WebSocket into windows, as they come: 50,000 a second by a server in a process of its own. What counts is that
// all of them arrive, and how long after its end a window's result is there. A server's clock decides when a window ends: the
// message that carries event time past the end is sent at that very time, and both processes share this machine's clock.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { count, Millrace, sum, tumble } from "../src/node.js";
import type { Bench, Checksum } from "./harness.js";

const PER_SECOND = 50_000;
const SECONDS = 5;
const ROWS = PER_SECOND * SECONDS;
/** Short ones, so that the slowest hundredth of them is more than one. */
const WINDOW_MS = 20;

/** Starts the server; gives its port. */
async function startServer(): Promise<{ port: number; stop(): void }> {
  const child = fork(fileURLToPath(new URL("./inputs/socket-server.js", import.meta.url)), [
    String(PER_SECOND),
    String(ROWS),
  ]);
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message) => resolve(Number(message)));
    child.once("error", reject);
  });
  return { port, stop: () => void child.kill() };
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function run(mill: Millrace, port: number): Promise<Checksum> {
  const latenciesMs: number[] = [];
  let rows = 0;
  let total = 0;
  const trades = mill.webSocket(`ws://127.0.0.1:${port}`, {
    schema: { at: "TIMESTAMP(3)", key: "STRING", value: "DOUBLE" },
    time: "at",
    // Several rows have the last millisecond of a window, and the first of them would close it.
    outOfOrder: "1ms",
  });
  const windows = trades
    .window(tumble(WINDOW_MS))
    .groupBy("key")
    .aggregate({ n: count(), value: sum("value") });
  await windows
    .to(
      mill.callback<{ windowEnd: Date; n: number; value: number }>((results) => {
        const nowMs = performance.timeOrigin + performance.now();
        const last = results.at(-1);
        if (last !== undefined) latenciesMs.push(nowMs - last.windowEnd.getTime());
        for (const { n, value } of results) {
          rows += n;
          total += value;
        }
      }),
    )
    .run();
  latenciesMs.sort((left, right) => left - right);
  const [p50, p99, max] = [percentile(latenciesMs, 0.5), percentile(latenciesMs, 0.99), percentile(latenciesMs, 1)];
  const figures = `p50 ${p50?.toFixed(1)} ms, p99 ${p99?.toFixed(1)} ms, max ${max?.toFixed(1)} ms`;
  process.stderr.write(`  ${latenciesMs.length} windows, result after their end: ${figures}\n`);
  return { rows, total };
}

export const benches: readonly Bench[] = [
  {
    name: "websocket",
    title: `${PER_SECOND} WebSocket messages a second for ${SECONDS} s into ${WINDOW_MS} ms windows by key. They come in ${SECONDS} s, so nothing is faster.`,
    rows: ROWS,
    rounds: 3,
    baseline: "millrace",
    expected: (rows) => ({ rows, total: (rows / 100) * 4950 }),
    contenders: () => {
      let mill: Millrace;
      let server: { port: number; stop(): void };
      return [
        {
          name: "millrace",
          prepare: async () => {
            mill = await Millrace.open();
            server = await startServer();
          },
          run: () => run(mill, server.port),
          close: async () => {
            await mill.close();
            server.stop();
          },
        },
      ];
    },
  },
];
