// All rivals, and the contenders they put up for one piece of work. A rival that is not installed is named, not forgotten.
import type { Contender } from "../harness.js";
import { duckdb } from "./duckdb.js";
import { duckdbWasm } from "./duckdb-wasm.js";
import { hyparquet } from "./hyparquet.js";
import { papaparse } from "./papaparse.js";
import { plain } from "./plain.js";
import { polars } from "./polars.js";
import { isInstalled, type Rival } from "./rival.js";
import { rxjs } from "./rxjs.js";
import { udsv } from "./udsv.js";

const rivals: readonly Rival[] = [duckdb, duckdbWasm, polars, hyparquet, rxjs, udsv, papaparse, plain];
const missingNamed = new Set<string>();

/** What each installed rival answers to `ask`, which returns undefined where the rival does not do this work. */
export function rivalContenders(ask: (rival: Rival) => readonly Contender[] | undefined): Contender[] {
  return rivals.flatMap((rival) => {
    const contenders = ask(rival) ?? [];
    if (contenders.length === 0 || isInstalled(rival)) return contenders;
    if (rival.package !== null && !missingNamed.has(rival.package)) {
      missingNamed.add(rival.package);
      console.error(`without ${rival.package}: \`npm ci --prefix bench/versus --ignore-scripts\` installs the rivals`);
    }
    return [];
  });
}
