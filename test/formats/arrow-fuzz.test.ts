// Random damage to Arrow IPC bytes: a code, or rows; never a crash, an endless loop, or memory that stays taken.
// `npm run fuzz -- arrow --execs N --seed S` runs more of it.
import * as arrow from "apache-arrow";
import { parseSchema } from "../../src/arrow/types.js";
import type { ErrorCode } from "../../src/errors.js";
import { openArrow } from "../../src/formats/arrow-format.js";
import type { Chance } from "../fuzz/damage.js";
import { attempt, cutting, expectSame, openFuzzKit, outcomeOf } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";
import { COLUMNS, table } from "./arrow-support.js";

/** What damaged bytes may be said to be. */
const CODES: readonly ErrorCode[] = [
  ...(["ARROW_INVALID", "COLUMN_DUP", "RECORD_TOO_LARGE", "SCHEMA_EMPTY", "TIME_RANGE"] as const),
  ...(["TOO_MANY_COLUMNS", "TYPE", "UNKNOWN_COLUMN", "UNSUPPORTED", "UTF8"] as const),
];

const words = arrow.vectorFromArray(["a", "b", "a"], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()));
const seeds = [table(), new arrow.Table({ n: words })].flatMap((whole) => [
  arrow.tableToIPC(whole, "stream"),
  arrow.tableToIPC(whole, "file"),
]);

const kit = await openFuzzKit();
const format = openArrow({}, "fuzz");
const GIVEN = parseSchema(COLUMNS);

function run(bytes: Uint8Array, chance: Chance): void {
  const found =
    chance.below(2) === 0
      ? { value: GIVEN }
      : attempt(CODES, () => format.inferSchema({ bytes, complete: true, source: "fuzz" }));
  if (!("value" in found)) return;
  const schema = found.value;
  const decode = (cut = {}) =>
    outcomeOf(kit, (options) => format.createDecoder({ ...options, schema }), bytes, CODES, cut);
  const whole = decode();
  if (chance.below(4) === 0) expectSame(decode(cutting(chance, 500)), whole, "cut into chunks");
}

fuzz({ name: "arrow", seeds, run, end: kit.check });
