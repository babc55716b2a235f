// The page of bench/browser.ts that is ours: windows of a CSV as it comes. `?worker=false` keeps the engine in the page.
import { count, Millrace, sum, tumble } from "millrace";

const inPage = new URLSearchParams(location.search).get("worker") === "false";
const mill = await Millrace.open(inPage ? { worker: false } : {});
const events = mill.fetch(new URL("/events.csv", location.href).href, {
  schema: { at: "TIMESTAMP(3)", key: "STRING", value: "DOUBLE" },
  time: "at",
  outOfOrder: "0ms",
});
let firstMs = null;
let [rows, total] = [0, 0];
const job = events
  .window(tumble("1m"))
  .groupBy("key")
  .aggregate({ n: count(), total: sum("value") })
  .to(
    mill.callback((windows) => {
      firstMs ??= performance.now();
      for (const window of windows) {
        rows += window.n;
        total += window.total;
      }
    }),
  )
  .start();
await job.done;
console.log(JSON.stringify({ firstMs, lastMs: performance.now(), rows, total, thread: job.mode.thread }));
