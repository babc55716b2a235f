// The program that every bundler and host runs: a window in the page itself, and one that may run in the worker.
import { count, Millrace, tumble } from "millrace";

/** Results of both, and which thread did the second. */
export async function runWindows(options) {
  const mill = await Millrace.open(options);
  const rows = Array.from({ length: 30 }, (_, i) => ({ ts: new Date(i * 1000), key: i % 2 ? "odd" : "even" }));
  const windows = (stream) => stream.window(tumble("10s")).groupBy("key").aggregate({ n: count() });
  const here = await windows(mill.rows(rows, { time: "ts" })).toArray();
  const made = { schema: { ts: "TIMESTAMP(3)", key: "STRING" }, time: "ts", rows: 10_000, distinct: 2, nulls: 0 };
  const counted = mill.memory();
  const job = windows(mill.generate(made)).to(counted).start();
  await job.done;
  const { mode } = job;
  const result = {
    here: here.map(({ key, n }) => `${key} ${n}`).sort(),
    made: counted.toRows().reduce((sum, { n }) => sum + n, 0),
    thread: mode.thread,
    why: mode.why,
  };
  await mill.close();
  return result;
}
