// The NDJSON decoder alone, beside JSON.parse a line and the engines that read NDJSON.
import { json } from "../../src/formats/json.js";
import type { Bench } from "../harness.js";
import { type Lines, orderLines } from "../inputs/lines.js";
import { rivalContenders } from "../versus/rivals.js";
import { orderDecoder } from "./orders.js";

const ROWS = 1_000_000;

let lines: Lines | undefined;

/** Made on first use, its file removed when the process ends. */
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
    name: "kernel-ndjson",
    title: "1 million lines of about 144 bytes to 6 typed columns, the decoder without the engine.",
    rows: ROWS,
    baseline: "decoder",
    expected: () => input().expected,
    contenders: async () => [await orderDecoder(json, input), ...rivalContenders((rival) => rival.ndjson?.(input()))],
  },
];
