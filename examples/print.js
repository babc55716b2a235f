// Results where they are looked at: a table on standard output while the job runs, and a live table that the program follows.
import { count, Millrace, max, tumble } from "millrace";

const mill = await Millrace.open();
const loads = mill.generate({
  rows: 3000,
  rowsPerSecond: 10,
  distinct: 3,
  schema: { ts: "TIMESTAMP(3)", host: "STRING", load: "INT" },
  time: "ts",
});
const perMinute = loads
  .window(tumble("1m"))
  .groupBy("host")
  .aggregate({ rows: count(), peak: max("load") });

const latest = mill.memory({ key: "host" });
let events = 0;
latest.subscribe(({ snapshot }) => {
  if (events++ === 0) console.log(`the table begins with ${snapshot?.length} rows`);
});

const shown = perMinute.select("windowStart", "host", "rows").to(mill.console({ rowsMax: 5 }));
await shown.and(perMinute.to(latest)).run();
console.log(`${latest.rowCount} hosts, followed by more than one event: ${events > 1}`);
await mill.close();

// Prints:
//
//     the table begins with 0 rows
//     windowStart          host    rows
//     ───────────────────  ──────  ────
//     2026-01-01 00:00:00  host-2   189
//     2026-01-01 00:00:00  host-1   221
//     2026-01-01 00:00:00  host-0   190
//     2026-01-01 00:01:00  host-1   190
//     2026-01-01 00:01:00  host-0   190
//     … 10 more rows
//     3 hosts, followed by more than one event: true
