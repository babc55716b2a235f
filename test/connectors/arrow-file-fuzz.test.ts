// Random damage to Arrow files that are read by ranges: rows, or a documented code; never a crash, an endless loop, or an open
// request. `npm run fuzz -- arrow-file --execs N --seed S`.
import * as arrow from "apache-arrow";
import { expect, test } from "vitest";
import type { ErrorCode } from "../../src/errors.js";
import type { Chance } from "../fuzz/damage.js";
import { codeOf } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";
import { ROWS, ranged, recordBatches, SCHEMA } from "./range-support.js";
import { openSim } from "./support.js";

/** What a damaged file may be said to be. */
const CODES: readonly ErrorCode[] = [
  "ARROW_INVALID",
  "COLUMN_DUP",
  "FETCH",
  "RECORD_TOO_LARGE",
  "SCHEMA_EMPTY",
  "TOO_MANY_COLUMNS",
  "TYPE",
  "UNKNOWN_COLUMN",
  "UNSAFE_INTEGER",
  "UNSUPPORTED",
  "UTF8",
];
const URL = "https://host/x.arrow";

const seeds = [false, true].map((dictionary) => arrow.tableToIPC(recordBatches(ROWS, 4, dictionary), "file"));
const { mill, sim, wait } = await openSim();

/** Reads a file on the simulated server, with the schema that it should have or with its own. */
async function read(bytes: Uint8Array, withSchema: boolean): Promise<void> {
  sim.net.respond(URL, ({ headers }) => {
    const { status, headers: answered, body } = ranged(bytes, headers["range"]);
    return { status, headers: answered, chunks: [body] };
  });
  try {
    await wait(mill.fetch(URL, withSchema ? { schema: SCHEMA } : {}).toArray());
  } catch (error) {
    codeOf(error, CODES);
  }
  if (sim.net.openCount !== 0) throw new Error(`${sim.net.openCount} requests are still open`);
}

fuzz({
  name: "arrow-file",
  seeds,
  run: (bytes: Uint8Array, chance: Chance) => read(bytes, chance.below(2) === 0),
});

test("any byte of the footer missing: a column without a name is one of an empty name", async () => {
  const [file] = seeds as [Uint8Array];
  const footer = new DataView(file.buffer, file.byteOffset).getUint32(file.length - 10, true);
  for (let at = file.length - 10 - footer; at < file.length; at++) {
    if (file[at] === 0) continue;
    const damaged = file.slice();
    damaged[at] = 0;
    await read(damaged, true);
  }
  expect(sim.net.openCount).toBe(0);
});
