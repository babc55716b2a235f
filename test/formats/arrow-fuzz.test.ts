// Random damage to Arrow IPC bytes: a code, or rows; never a crash, an endless loop, or memory that stays taken.
// `npm run fuzz -- arrow --execs N --seed S` runs more of it.
import * as arrow from "apache-arrow";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseSchema } from "../../src/arrow/types.js";
import { COLUMNS, codeOf, decode, kit, table } from "./arrow-support.js";

const EXECS = Number(process.env.FUZZ_EXECS ?? 2000);
const SEED = Number(process.env.FUZZ_SEED ?? 1);

/** What damaged bytes may be said to be. */
const CODES = [
  "none",
  "ARROW_INVALID",
  "COLUMN_DUP",
  "RECORD_TOO_LARGE",
  "SCHEMA_EMPTY",
  "TIME_RANGE",
  "TOO_MANY_COLUMNS",
  "TYPE",
  "UNKNOWN_COLUMN",
  "UNSUPPORTED",
  "UTF8",
];

const words = arrow.vectorFromArray(["a", "b", "a"], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()));
const inputs = [table(), new arrow.Table({ n: words })].flatMap((whole) => [
  arrow.tableToIPC(whole, "stream"),
  arrow.tableToIPC(whole, "file"),
]);

test(`${EXECS} damaged streams and files`, () => {
  const damage = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
  const damages = fc.array(damage, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom(...inputs), damages, fc.nat(), fc.boolean(), (bytes, flips, cut, given) => {
      const damaged = cut % 8 === 0 ? bytes.slice(0, cut % bytes.length) : bytes.slice();
      if (damaged.length > 0) for (const [at, value] of flips) damaged[at % damaged.length] = value;
      const options = given ? { schema: parseSchema(COLUMNS) } : {};
      expect(CODES).toContain(codeOf(() => decode(damaged, options)));
    }),
    { numRuns: EXECS, seed: SEED },
  );
  expect(kit.account.usedBytes).toBeLessThanOrEqual(2 ** 20);
}, 600_000);
