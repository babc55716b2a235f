// The demo's file: three million flights from Parquet to hourly departures and average delay by origin.
import type { Bench, Checksum } from "./harness.js";
import { FLIGHTS_PATH, FLIGHTS_ROWS } from "./inputs/flights.js";
import { flightsContenders } from "./millrace.js";
import { rivalContenders } from "./versus/rivals.js";

/** Of flights-3m.parquet, computed once by DuckDB and once by a plain loop over hyparquet's rows: both say the same. */
const EXPECTED: Checksum = { groups: 434_211, count: FLIGHTS_ROWS, avg: 4_341_887.357887857 };

export const benches: readonly Bench[] = [
  {
    name: "parquet",
    title: "flights-3m.parquet (ZSTD, dictionary pages), 3 columns, hourly windows of actual departure by origin.",
    rows: FLIGHTS_ROWS,
    baseline: "millrace",
    expected: () => EXPECTED,
    contenders: () => [
      ...flightsContenders(FLIGHTS_PATH),
      ...rivalContenders((rival) => rival.flights?.(FLIGHTS_PATH)),
    ],
  },
];
