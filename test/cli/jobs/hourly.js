// A job file as users write it: events by the minute, their late rows beside them.
import { count, sum, tumble } from "millrace";

const EVENTS = [
  { ts: new Date("2026-01-01T00:00:10Z"), key: "a", n: 1 },
  { ts: new Date("2026-01-01T00:00:50Z"), key: "b", n: 2 },
  { ts: new Date("2026-01-01T00:01:20Z"), key: "a", n: 9007199254740991 },
  { ts: new Date("2026-01-01T00:02:30Z"), key: "a", n: 4 },
  { ts: new Date("2026-01-01T00:00:20Z"), key: "a", n: 8 },
];

export default (mill) =>
  mill
    .rows(EVENTS, { schema: { ts: "TIMESTAMP(3)", key: "STRING", n: "BIGINT" }, time: "ts", outOfOrder: "30s" })
    .window(tumble("1m"))
    .groupBy("key")
    .aggregate({ events: count(), n: sum("n") });
