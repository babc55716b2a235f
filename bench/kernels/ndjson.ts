// The NDJSON decoder alone, beside JSON.parse a line and the engines that read NDJSON.
import { json } from "../../src/formats/json.js";
import type { Bench } from "../harness.js";
import { onFirstUse } from "../inputs/first-use.js";
import { orderLines } from "../inputs/lines.js";
import { rivalContenders } from "../versus/rivals.js";
import { orderDecoder } from "./orders.js";

const ROWS = 1_000_000;
const input = onFirstUse(() => orderLines(ROWS));

export const benches: readonly Bench[] = [
  {
    name: "kernel-ndjson",
    title: "1 million lines of about 144 bytes to 6 typed columns, the decoder without the engine.",
    rows: ROWS,
    baseline: "decoder",
    expected: () => input().expected,
    contenders: async () => [await orderDecoder(json, input), ...rivalContenders((rival) => rival.ndjson?.(input()))],
  },
];
