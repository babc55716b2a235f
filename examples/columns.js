// Typed arrays as columns: copied into the engine's memory once, read by any number of jobs. And what explain() shows of a
// program before it runs: which columns are read, and what became of the filter.
import { avg, col, count, Millrace, tumble } from "millrace";

const ROWS = 1_000_000;
const at = BigInt64Array.from({ length: ROWS }, (_, i) => BigInt(i));
const machine = Int32Array.from({ length: ROWS }, (_, i) => i % 3);
const load = Float64Array.from({ length: ROWS }, (_, i) => (i % 101) / 100);
const unused = new Float64Array(ROWS);

const mill = await Millrace.open();
const samples = mill.columns(
  { at, machine, load, unused },
  {
    schema: { at: "TIMESTAMP(3) NOT NULL", machine: "INT NOT NULL", load: "DOUBLE NOT NULL", unused: "DOUBLE" },
    name: "samples",
    time: "at",
  },
);
const busy = samples
  .window(tumble("10m"))
  .groupBy("machine")
  .aggregate({ samples: count(), load: avg("load") })
  .where(col("machine").lt(2));

console.log(await busy.explain({ stage: "physical" }));
for await (const row of busy) {
  console.log(row.windowStart.toISOString().slice(11, 16), row.machine, row.samples, row.load.toFixed(3));
}
mill.release(samples);
await mill.close();

// Prints:
//
//     filter machine < 2
//     └─ window-aggregate tumble 10m on at
//        │ keys: machine
//        │ aggregates: samples = count(*) BIGINT, load = avg(load) DOUBLE
//        │ state: one entry a key and window, freed at window end
//        │ columns: windowStart TIMESTAMP(3) NOT NULL, windowEnd TIMESTAMP(3) NOT NULL, windowTime TIMESTAMP(3) NOT NULL, machine INT NOT NULL, samples BIGINT NOT NULL, load DOUBLE NOT NULL
//        └─ watermark at
//           │ cut at the ends of: 10m
//           └─ source memory samples
//                columns: at TIMESTAMP(3) NOT NULL, machine INT NOT NULL, load DOUBLE NOT NULL
//     00:00 0 200000 0.500
//     00:00 1 200000 0.500
//     00:10 0 133334 0.500
//     00:10 1 133333 0.500
