// Random damage to the first bytes of CSV, that dialect, names and types are found out from: it ends in a schema or a code, and what
// was found out fits: no value is then refused for its type. `npm run fuzz -- csv-dialect --execs N --seed S`.
import type { Schema } from "../../src/arrow/types.js";
import type { ErrorCode } from "../../src/errors.js";
import { openCsv } from "../../src/formats/csv.js";
import { CSV_PIECES, CSV_SEEDS } from "../fuzz/csv-inputs.js";
import type { Chance } from "../fuzz/damage.js";
import { attempt, expectSame, openFuzzKit, outcomeOf } from "../fuzz/decoding.js";
import { fuzz } from "../fuzz/harness.js";

const SCHEMA_CODES: readonly ErrorCode[] = ["COLUMN_DUP", "ENCODING", "SCHEMA_EMPTY", "TOO_MANY_COLUMNS"];
/** 1e400 is a number, and none that a DOUBLE holds. */
const RECORD_CODES: readonly ErrorCode[] = ["CSV_QUOTE", "CSV_WIDTH", "OVERFLOW", "UTF8"];

const formats = [{}, { duplicateNames: "suffix" }, { trim: true, pad: true }, { quote: "'" }].map((csv) =>
  openCsv(csv, "fuzz.csv"),
);
const kit = await openFuzzKit();

function run(bytes: Uint8Array, chance: Chance): void {
  const format = chance.pick(formats);
  const infer = (complete: boolean) =>
    attempt(SCHEMA_CODES, (): Schema => format.inferSchema({ bytes, complete, source: "fuzz.csv" }));
  const found = infer(true);
  if (chance.below(4) === 0) infer(false);
  if (!("value" in found) || chance.below(2) === 0) return;
  const schema = found.value;
  expectSame(new Set(schema.fields.map(({ name }) => name)).size, schema.fields.length, "names");
  const columns = schema.fields.map(({ name }) => name);
  outcomeOf(kit, (options) => format.createDecoder({ ...options, schema, columns }), bytes, RECORD_CODES);
}

fuzz({ name: "csv-dialect", seeds: CSV_SEEDS, pieces: CSV_PIECES, run, end: kit.check });
