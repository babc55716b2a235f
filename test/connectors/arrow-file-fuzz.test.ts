// Random damage to Arrow files that are read by ranges: a code, or rows; never a crash, an endless loop, or an open request.
// `npm run fuzz -- arrow-file --execs N --seed S` runs more of it.
import * as arrow from "apache-arrow";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ROWS, ranged, recordBatches, SCHEMA } from "./range-support.js";
import { openSim } from "./support.js";

/** Whole jobs on a simulator: what a run of them leaves on the heap lets one process do so many at the most. */
const EXECS = Math.min(Number(process.env.FUZZ_EXECS ?? 300), 50_000);
const SEED = Number(process.env.FUZZ_SEED ?? 1);

/** What a damaged file may be said to be. */
const CODES = [
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

const inputs = [false, true].map((dictionary) => arrow.tableToIPC(recordBatches(ROWS, 4, dictionary), "file"));

/** Reads files on a simulated server. */
async function reader() {
  const { mill, sim, wait } = await openSim();
  const url = "https://host/x.arrow";
  return async (bytes: Uint8Array, withSchema: boolean) => {
    sim.net.respond(url, ({ headers }) => {
      const { status, headers: answered, body } = ranged(bytes, headers["range"]);
      return { status, headers: answered, chunks: [body] };
    });
    const outcome = await wait(
      mill
        .fetch(url, withSchema ? { schema: SCHEMA } : {})
        .toArray()
        .then(
          (rows) => rows.length,
          (error: { code?: string; stack?: string }) => error.code ?? `no code: ${error.stack}`,
        ),
    );
    if (typeof outcome === "string") expect(CODES).toContain(outcome);
    expect(sim.net.openCount).toBe(0);
  };
}

/** Files of one simulation: it remembers what happened in it. */
const FILES_AT_ONCE = 5000;

test(`${EXECS} damaged files`, async () => {
  let read = await reader();
  let files = 0;
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
  const property = fc.asyncProperty(fc.constantFrom(...inputs), damage, fc.nat(), async (bytes, flips, cut) => {
    const damaged = cut % 8 === 0 ? bytes.slice(0, 1 + (cut % bytes.length)) : bytes.slice();
    for (const [at, value] of flips) damaged[at % damaged.length] = value;
    if (++files % FILES_AT_ONCE === 0) read = await reader();
    await read(damaged, cut % 2 === 0);
  });
  await fc.assert(property, { numRuns: EXECS, seed: SEED });
}, 600_000);

test("any byte of the footer missing: a column without a name is one of an empty name", async () => {
  const read = await reader();
  const [file] = inputs as [Uint8Array];
  const footer = new DataView(file.buffer, file.byteOffset).getUint32(file.length - 10, true);
  for (let at = file.length - 10 - footer; at < file.length; at++) {
    if (file[at] === 0) continue;
    const damaged = file.slice();
    damaged[at] = 0;
    await read(damaged, true);
  }
});
