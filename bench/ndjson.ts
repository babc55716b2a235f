// NDJSON to typed columns: 144-byte orders, six fields, every field checked.
import type { Bench } from "./harness.js";
import { onFirstUse } from "./inputs/first-use.js";
import { orderLines } from "./inputs/lines.js";
import { ndjsonContenders } from "./millrace.js";
import { rivalContenders } from "./versus/rivals.js";

const ROWS = 1_000_000;
const input = onFirstUse(() => orderLines(ROWS));

export const benches: readonly Bench[] = [
  {
    name: "ndjson",
    title:
      "1 million lines of about 144 bytes to 6 typed columns (timestamp, bigint, string, double, integer, boolean).",
    rows: ROWS,
    baseline: "millrace",
    expected: () => input().expected,
    contenders: () => [...ndjsonContenders(input()), ...rivalContenders((rival) => rival.ndjson?.(input()))],
  },
];
