// CSV to typed columns: orders of six fields as in the NDJSON bench, the text of one in fifty in quotes, or of all.
import type { Bench } from "./harness.js";
import { onFirstUse } from "./inputs/first-use.js";
import { orderRecords } from "./inputs/lines.js";
import { csvContenders } from "./millrace.js";
import { rivalContenders } from "./versus/rivals.js";

const ROWS = 1_000_000;

function bench(name: string, title: string, quoted: boolean): Bench {
  const input = onFirstUse(() => orderRecords(ROWS, quoted));
  return {
    name,
    title: `1 million records of about 90 bytes to 6 typed columns (timestamp, bigint, string, double, integer, boolean), ${title}.`,
    rows: ROWS,
    baseline: "millrace",
    expected: () => input().expected,
    contenders: () => [...csvContenders(input()), ...rivalContenders((rival) => rival.csv?.(input()))],
  };
}

export const benches: readonly Bench[] = [
  bench("csv/plain", "one text in fifty in quotes", false),
  bench("csv/quoted", "every text in quotes, with delimiters", true),
];
