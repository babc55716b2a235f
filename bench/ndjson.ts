// NDJSON to typed columns: 144-byte orders, six fields, every field checked.
import type { Bench } from "./harness.js";
import { type Lines, orderLines } from "./inputs/lines.js";
import { ndjsonContenders } from "./millrace.js";
import { rivalContenders } from "./versus/rivals.js";

const ROWS = 1_000_000;
let lines: Lines | undefined;

/** Written to a temporary file on first use, removed when the process ends. */
function input(): Lines {
  if (lines === undefined) {
    const made = orderLines(ROWS);
    process.once("exit", () => made.dispose());
    lines = made;
  }
  return lines;
}

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
