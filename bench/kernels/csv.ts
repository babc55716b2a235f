// The CSV decoder alone, beside the parsers and engines that read CSV.
import { openCsv } from "../../src/formats/csv.js";
import type { Bench } from "../harness.js";
import { onFirstUse } from "../inputs/first-use.js";
import { orderRecords } from "../inputs/lines.js";
import { rivalContenders } from "../versus/rivals.js";
import { orderDecoder } from "./orders.js";

const ROWS = 1_000_000;

function bench(name: string, title: string, quoted: boolean): Bench {
  const input = onFirstUse(() => orderRecords(ROWS, quoted));
  return {
    name,
    title: `1 million records of about 90 bytes to 6 typed columns, ${title}, the decoder without the engine.`,
    rows: ROWS,
    baseline: "decoder",
    expected: () => input().expected,
    contenders: async () => [
      await orderDecoder(openCsv({}, "orders.csv"), input),
      ...rivalContenders((rival) => rival.csv?.(input())),
    ],
  };
}

export const benches: readonly Bench[] = [
  bench("kernel-csv/plain", "one text in fifty in quotes", false),
  bench("kernel-csv/quoted", "every text in quotes, with delimiters", true),
];
