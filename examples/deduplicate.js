// Payments that a sender repeats when it is in doubt: each counts once, and what came too late to tell is looked at by itself.
import { Millrace, sum, tumble } from "millrace";

const at = (second) => new Date(Date.UTC(2026, 0, 1, 12, 0, second));
const received = [
  { payment: "p1", at: at(1), euros: 20 },
  { payment: "p2", at: at(4), euros: 5 },
  { payment: "p1", at: at(1), euros: 20 },
  { payment: "p3", at: at(12), euros: 7 },
  { payment: "p2", at: at(4), euros: 5 },
  { payment: "p4", at: at(30), euros: 11 },
  { payment: "p5", at: at(2), euros: 100 },
];

const mill = await Millrace.open();
const once = mill.rows(received, { time: "at", outOfOrder: "10s" }).deduplicate("payment", { within: "1h" });
const perMinute = once.window(tumble("1m")).aggregate({ euros: sum("euros") });

const late = mill.memory();
const sums = mill.memory();
const { rowsIn, duplicateRows, lateRows } = await perMinute.to(sums).and(perMinute.late().to(late)).run();
console.log(`${rowsIn} received, ${duplicateRows} repeated, ${lateRows} late`);
for (const { windowStart, euros } of sums.toRows()) console.log(windowStart.toISOString().slice(11, 16), euros);
for (const { payment, euros } of late.toRows()) console.log("late:", payment, euros);
await mill.close();

// Prints:
//
//     7 received, 2 repeated, 1 late
//     12:00 43
//     late: p5 100
