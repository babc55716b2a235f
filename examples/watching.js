// Looking inside a running job: its events, its progress, its counters by operator, and the plan with what each step did.
import { col, count, Millrace, tumble } from "millrace";

const mill = await Millrace.open();
const job = mill
  .generate({
    schema: { at: "TIMESTAMP(3)", user: "STRING", amount: "DOUBLE" },
    rows: 200_000,
    rowsPerSecond: 1000,
    disorder: "4s",
    time: "at",
    outOfOrder: "3s",
  })
  .where(col("amount").lt(50))
  .window(tumble("1m"))
  .aggregate({ n: count() })
  .uid("per-minute")
  .to(mill.callback(() => undefined))
  .start({ name: "payments", memoryBytes: 64 << 20 });

// Events from now on; the loop ends with the job.
const states = [];
let lateRows = 0;
for await (const event of job.trace()) {
  if (event.kind === "state") states.push(event.state);
  if (event.kind === "late") lateRows += event.rows;
}
const result = await job.done;
console.log(states.join(" → "));
console.log(`${job.progress().rows} rows read, ${lateRows} late by the trace, ${result.lateRows} by the result`);

for (const { name, uid, rowsIn, rowsOut, lateRows } of job.metrics()) {
  console.log({ name, uid, rowsIn, rowsOut, lateRows });
}
// The same as a tree (EXPLAIN ANALYZE); times differ from run to run, bytes and batches from version to version.
console.log((await job.explain()).replaceAll(/[\d.]+ (ms|bytes|batches)/g, "… $1"));
await mill.close();

// Prints:
//
//     running → finishing → done
//     200000 rows read, 231 late by the trace, 231 by the result
//     {
//       name: 'source(generator)',
//       uid: '0/sink/window-aggregate/filter/watermark/scan',
//       rowsIn: 200000,
//       rowsOut: 200000,
//       lateRows: 0
//     }
//     {
//       name: 'watermark(at)',
//       uid: '0/sink/window-aggregate/filter/watermark',
//       rowsIn: 200000,
//       rowsOut: 200000,
//       lateRows: 0
//     }
//     {
//       name: 'filter',
//       uid: '0/sink/window-aggregate/filter',
//       rowsIn: 200000,
//       rowsOut: 99857,
//       lateRows: 0
//     }
//     {
//       name: 'window-aggregate(tumble 1m)',
//       uid: 'per-minute',
//       rowsIn: 99857,
//       rowsOut: 5,
//       lateRows: 231
//     }
//     {
//       name: 'sink(callback)',
//       uid: '0/sink',
//       rowsIn: 5,
//       rowsOut: 0,
//       lateRows: 0
//     }
//     sink callback
//     │ 5 rows, … ms
//     └─ window-aggregate tumble 1m on at
//        │ aggregates: n = count(*) BIGINT
//        │ state: one entry a window, freed at window end
//        │ columns: windowStart TIMESTAMP(3) NOT NULL, windowEnd TIMESTAMP(3) NOT NULL, windowTime TIMESTAMP(3) NOT NULL, n BIGINT NOT NULL
//        │ 99857 → 5 rows in … batches, 231 late, state … bytes, … ms
//        └─ filter amount < 50
//           │ 200000 → 99857 rows in … batches, … ms
//           └─ watermark at - 3s
//              │ cut at the ends of: 1m
//              │ 200000 → 200000 rows in … batches, … ms
//              └─ source generator
//                   columns: at TIMESTAMP(3), amount DOUBLE
//                   200000 rows in … batches, … ms
