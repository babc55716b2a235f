// End to end: a file of NDJSON through windows into a file of NDJSON, as programs run it at night.
import type { Bench } from "./harness.js";
import { expectedWindows } from "./inputs/events.js";
import { onFirstUse } from "./inputs/first-use.js";
import { readings } from "./inputs/readings.js";
import { pipelineContenders } from "./millrace.js";
import { rivalContenders } from "./versus/rivals.js";

const ROWS = 1_000_000;
const input = onFirstUse(() => readings(ROWS));

export const benches: readonly Bench[] = [
  {
    name: "pipeline",
    title:
      "1 million lines of NDJSON of about 70 bytes, 1,000 keys, 10 s tumbling windows, disorder up to 5 s, five aggregates, to a file of NDJSON.",
    rows: ROWS,
    baseline: "millrace",
    expected: expectedWindows,
    contenders: () => [...pipelineContenders(input()), ...rivalContenders((rival) => rival.pipeline?.(input()))],
  },
];
