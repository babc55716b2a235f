// Three million flights of 2001 as Parquet (vega-datasets): date (µs), delay (minutes), distance, origin, destination; ZSTD.
// Event time is the actual departure, date + delay; a bound of two days makes none of them late.
import { join } from "node:path";

export const FLIGHTS_PATH = join(process.cwd(), "node_modules/vega-datasets/data/flights-3m.parquet");
export const FLIGHTS_ROWS = 3_000_000;
export const HOUR_MS = 3_600_000;
